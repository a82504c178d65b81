//! Damaged exports with a known right answer: three clean sources of forty rows and eight columns,
//! and 2,000 copies of each with exactly one thing wrong.
//!
//! The sources share customers, requests and month, so that one damaged file can be reported with
//! the two other clean ones. Columns that the program does not read are damaged too. Everything
//! depends on the seed alone.

use crate::support::Draw;

/// Rows of every source.
const ROWS: usize = 40;
/// Customers of every source: `cus_0` to `cus_5`.
pub const CUSTOMERS: usize = 6;

/// A clean file: its rows as text, and which columns the damage aims at.
pub struct Source {
    pub name: &'static str,
    pub header: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    /// The column that names the customer.
    customer: usize,
    /// The column whose number is damaged.
    amount: usize,
}

/// One damaged copy.
pub struct Damaged {
    pub category: &'static str,
    /// Physical line of the damage, 1-based.
    pub line: u64,
    /// The damaged cell, 1-based, where the damage leaves the row's other cells in their places.
    pub cell: Option<u64>,
    pub text: String,
}

/// The categories in the order of the table, each with the number of copies per source and what
/// is wrong.
pub const CATEGORIES: [(&str, u64, &str); 16] = [
    (
        "row_less",
        280,
        "a delimiter is missing: two cells run together",
    ),
    (
        "row_more",
        320,
        "a delimiter too many: an empty cell appears",
    ),
    ("quote_start", 320, "a stray `\"` before a cell"),
    ("quote_end", 320, "a stray `\"` after a cell"),
    ("quote_mid", 320, "a stray `\"` inside a cell"),
    ("row_delimiter", 40, "one row uses `;`"),
    ("row_nul", 40, "a NUL byte in a customer id"),
    ("truncated", 40, "the file ends in the middle of a row"),
    ("number_paren", 40, "the amount is `(x)`"),
    ("number_comma", 40, "the amount has a comma, not quoted"),
    ("number_nan", 40, "the amount is `NaN`"),
    ("number_empty", 40, "the amount is empty"),
    (
        "number_exponent",
        40,
        "the amount is written `1.200000E-03`, which is the same number",
    ),
    ("number_currency", 40, "the amount is `$x`"),
    ("number_minus", 40, "the amount is `x-`"),
    ("number_word", 40, "the amount is `n/a`"),
];

/// What a provider charges: one row per request.
pub fn bill(seed: u64) -> Source {
    let mut draw = Draw::new(seed);
    let models = ["gpt-4o-mini", "claude-haiku-4-5", "gpt-4.1"];
    let rows = (0..ROWS).map(|at| {
        let cost = format!("0.{:09}", draw.between(1, 10_000_000));
        vec![
            format!("2026-09-{:02}", 1 + at % 30),
            format!("req_{at:05}"),
            format!("cus_{}", at % CUSTOMERS),
            draw.one(&models).to_string(),
            draw.between(10, 9999).to_string(),
            draw.between(1, 999).to_string(),
            cost.trim_end_matches('0').to_string(),
            draw.one(&["prod", "batch", "eval"]).to_string(),
        ]
    });
    Source {
        name: "provider bill",
        rows: rows.collect(),
        header: vec![
            "date",
            "request_id",
            "customer",
            "model",
            "input_tokens",
            "output_tokens",
            "cost",
            "project",
        ],
        customer: 2,
        amount: 6,
    }
}

/// What the product logged for the same requests.
pub fn usage(seed: u64) -> Source {
    let mut draw = Draw::new(seed ^ 0x75_7361_6765);
    let rows = bill(seed).rows.into_iter().map(|row| {
        let (hour, minute) = (draw.between(0, 23), draw.between(0, 59));
        vec![
            format!(
                "{}T{hour:02}:{minute:02}:{:02}Z",
                row[0],
                draw.between(0, 59)
            ),
            row[1].clone(),
            row[2].clone(),
            draw.one(&["chat", "search", "summary"]).to_string(),
            row[3].clone(),
            row[4].clone(),
            row[5].clone(),
            draw.one(&["eu-west", "us-east"]).to_string(),
        ]
    });
    Source {
        name: "usage log",
        rows: rows.collect(),
        header: vec![
            "timestamp",
            "request_id",
            "customer",
            "feature",
            "model",
            "input_tokens",
            "output_tokens",
            "region",
        ],
        customer: 2,
        amount: 5,
    }
}

/// What the customers paid, under Stripe's column names.
pub fn payments(seed: u64) -> Source {
    let mut draw = Draw::new(seed ^ 0x7374_7269_7065);
    let money = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
    let rows = (0..ROWS).map(|at| {
        let cents = draw.between(100, 9_999_999);
        let refund = match draw.between(0, 7) {
            0 => draw.between(1, cents - 1),
            1 => cents,
            _ => 0,
        };
        let (hour, minute) = (draw.between(0, 23), draw.between(0, 59));
        vec![
            format!("ch_{at:05}"),
            format!("2026-09-{:02} {hour:02}:{minute:02}:00", 1 + at % 30),
            money(cents),
            money(refund),
            "usd".to_string(),
            "true".to_string(),
            if refund == cents { "Refunded" } else { "Paid" }.to_string(),
            format!("cus_{}", at % CUSTOMERS),
        ]
    });
    Source {
        name: "Stripe payments",
        rows: rows.collect(),
        header: vec![
            "id",
            "Created date (UTC)",
            "Amount",
            "Amount Refunded",
            "Currency",
            "Captured",
            "Status",
            "Customer ID",
        ],
        customer: 7,
        amount: 2,
    }
}

impl Source {
    /// The lines of the clean file.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.header.join(",")];
        lines.extend(self.rows.iter().map(|row| row.join(",")));
        lines
    }

    /// The clean file.
    pub fn text(&self) -> String {
        whole(&self.lines())
    }

    /// The 2,000 damaged copies.
    pub fn damaged(&self) -> Vec<Damaged> {
        let lines = self.lines();
        let mut copies = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let line = at + 1;
            let mut copy = |category, cell: Option<usize>, text: String| {
                let mut lines = lines.clone();
                lines[line] = text;
                copies.push(Damaged {
                    category,
                    line: line as u64 + 1,
                    cell: cell.map(|cell| cell as u64 + 1),
                    text: whole(&lines),
                });
            };
            let with = |cell: usize, text: String| {
                let mut row = row.clone();
                row[cell] = text;
                row.join(",")
            };
            for cell in 0..row.len() {
                let text = &row[cell];
                if cell > 0 {
                    let mut run_together = row.clone();
                    let removed = run_together.remove(cell);
                    run_together[cell - 1] += &removed;
                    copy("row_less", None, run_together.join(","));
                }
                let mut wider = row.clone();
                wider.insert(cell, String::new());
                copy("row_more", None, wider.join(","));
                copy("quote_start", Some(cell), with(cell, format!("\"{text}")));
                copy("quote_end", Some(cell), with(cell, format!("{text}\"")));
                let (front, back) = text.split_at(text.len().min(2));
                copy(
                    "quote_mid",
                    Some(cell),
                    with(cell, format!("{front}\"{back}")),
                );
            }
            copy("row_delimiter", None, row.join(";"));
            let id = &row[self.customer];
            let with_nul = format!("{}\0{}", &id[..1], &id[2..]);
            copy(
                "row_nul",
                Some(self.customer),
                with(self.customer, with_nul),
            );
            let number = &row[self.amount];
            let comma = match number.contains('.') {
                true => number.replace('.', ","),
                false if number.len() > 3 => {
                    let (front, back) = number.split_at(number.len() - 3);
                    format!("{front},{back}")
                }
                false => format!("{number},0"),
            };
            copy("number_comma", None, with(self.amount, comma));
            for (category, text) in [
                ("number_paren", format!("({number})")),
                ("number_nan", "NaN".to_string()),
                ("number_empty", String::new()),
                ("number_exponent", exponent(number)),
                ("number_currency", format!("${number}")),
                ("number_minus", format!("{number}-")),
                ("number_word", "n/a".to_string()),
            ] {
                copy(category, Some(self.amount), with(self.amount, text));
            }
            let half = &lines[line][..lines[line].len() / 2];
            copies.push(Damaged {
                category: "truncated",
                line: line as u64 + 1,
                cell: None,
                text: whole(&lines[..line]) + half,
            });
        }
        copies
    }
}

fn whole(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// The same number as `d.ddddddE±dd`.
fn exponent(number: &str) -> String {
    let (front, back) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{front}{back}");
    let significant = digits.trim_start_matches('0');
    let zeros = digits.len() - significant.len();
    let power = front.len() as i64 - zeros as i64 - 1;
    let (first, rest) = significant.split_at(1);
    let sign = if power < 0 { '-' } else { '+' };
    format!("{first}.{rest:0<6}E{sign}{:02}", power.abs())
}

#[test]
fn every_copy_is_damaged_in_the_line_it_names() {
    for source in [bill(1), usage(1), payments(1)] {
        let clean = source.text();
        let copies = source.damaged();
        for (category, count, _) in CATEGORIES {
            let found = copies
                .iter()
                .filter(|copy| copy.category == category)
                .count();
            assert_eq!(found as u64, count, "{}: {category}", source.name);
        }
        assert_eq!(copies.len(), 2000);
        for copy in &copies {
            let same = clean
                .bytes()
                .zip(copy.text.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            let before = &clean.as_bytes()[..same];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(line, copy.line, "{}: {}", source.name, copy.category);
        }
    }
}

#[test]
fn an_exponent_changes_no_number() {
    for (number, expected) in [
        ("0.00123", "1.230000E-03"),
        ("2481", "2.481000E+03"),
        ("405", "4.050000E+02"),
        ("99999.99", "9.999999E+04"),
        ("0.000000001", "1.000000E-09"),
        ("7", "7.000000E+00"),
    ] {
        assert_eq!(exponent(number), expected);
    }
}
