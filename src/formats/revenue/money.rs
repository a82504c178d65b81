//! Money cells of one file: whether its decimals are points or commas, and how fine a currency is.
//!
//! The decimal mark is a property of a column, never of a cell: a Stripe export for a European
//! account writes `"106,80"` throughout, a spreadsheet may have rewritten one column of it, and a
//! single such cell among points is damage. So cells are read as they come, what was seen is
//! remembered, and [`Money::finish`] refuses the file if the marks of a column disagree, or if
//! neither the column nor the rest of the file says what a cell means. Nothing here knows which
//! columns hold money.

use std::collections::BTreeMap;

use crate::formats::Settings;
use crate::formats::fields::Columns;
use crate::model::{Currency, Exact};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::Row;

/// Reads the money cells of one file.
#[derive(Debug)]
pub struct Money {
    /// What the user said; `None` lets the file decide.
    declared: Option<bool>,
    columns: BTreeMap<usize, Marks>,
}

/// The marks of one column.
#[derive(Debug, Default)]
struct Marks {
    points: Seen,
    commas: Seen,
    /// `1,234`
    ambiguous: Seen,
    /// Of the points, those that could stand between thousands: `1.234`.
    groups: Seen,
}

/// How many cells of one style there were, and the first of them, as the problem it would be.
#[derive(Debug, Default)]
struct Seen {
    cells: u64,
    first: Option<Problem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// No mark at all, or no number: the same under both conventions.
    Plain,
    /// `106.80`
    Point,
    /// `106,80`, `0,125`, `1234,567`: no thousands separator stands like this.
    Comma,
    /// `1,234`: a thousand or a bit more than one.
    Ambiguous,
}

const HELP: &str =
    "say decimal = \",\" or \".\" in its [[input]] entry of tanso.toml, or export the file again";
const MIXED: &str = "a column has decimal points or decimal commas, not both; export it again";

impl Money {
    /// Starts with what the user said about the file.
    pub fn of(settings: &Settings) -> Money {
        Money {
            declared: settings.decimal_comma,
            columns: BTreeMap::new(),
        }
    }

    /// The cell as an amount of a currency, in major units. Blank cells are problems, and so are
    /// more decimals than the currency has: Stripe charges whole minor units, so a third decimal of
    /// a dollar is damage.
    pub fn amount(
        &mut self,
        columns: &Columns,
        row: &Row,
        column: usize,
        currency: Currency,
    ) -> Result<Exact, Problem> {
        match self.optional_amount(columns, row, Some(column), currency)? {
            Some(amount) => Ok(amount),
            None => columns.number(row, column),
        }
    }

    /// As [`Money::amount`], but `None` where the cell is blank or the column is missing.
    pub fn optional_amount(
        &mut self,
        columns: &Columns,
        row: &Row,
        column: Option<usize>,
        currency: Currency,
    ) -> Result<Option<Exact>, Problem> {
        let Some((column, text)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
            return Ok(None);
        };
        if self.declared.is_none() && currency.decimals() < 3 && style(text) == Style::Ambiguous {
            // Refused under every convention: too many decimals, or a separator.
            return columns.optional_number(row, column);
        }
        let amount = self.unit_price(columns, row, Some(column))?;
        match amount {
            Some(amount) if amount.places() > currency.decimals() => {
                Err(too_fine(columns, row, column, currency, amount))
            }
            amount => Ok(amount),
        }
    }

    /// The cell as an amount that need not be charged by itself, so that it may be finer than the
    /// minor unit (usage for 0.0042 dollars); but a currency without a minor unit has no fractions.
    /// `None` where the cell is blank or the column is missing.
    pub fn fine_amount(
        &mut self,
        columns: &Columns,
        row: &Row,
        column: Option<usize>,
        currency: Currency,
    ) -> Result<Option<Exact>, Problem> {
        let amount = self.unit_price(columns, row, column)?;
        match (column, amount) {
            (Some(column), Some(amount)) if currency.decimals() == 0 && amount.places() > 0 => {
                Err(too_fine(columns, row, column, currency, amount))
            }
            (_, amount) => Ok(amount),
        }
    }

    /// The cell as a price per unit, which may be finer than the currency (`0.002` a request);
    /// `None` where the cell is blank or the column is missing.
    pub fn unit_price(
        &mut self,
        columns: &Columns,
        row: &Row,
        column: Option<usize>,
    ) -> Result<Option<Exact>, Problem> {
        let Some((column, text)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
            return Ok(None);
        };
        let name = columns.header.name(column);
        let ungrouped = without_spaces(text);
        let number = |text: &str| {
            Exact::parse(text).map(Some).map_err(|why| {
                let message = format!("{name} is not a number: {}", why.reason());
                columns.problem(&catalogue::NOT_A_NUMBER, row, column, message)
            })
        };
        let grouped = ungrouped.is_some();
        let text = ungrouped.as_deref().unwrap_or(text);
        if let Some(comma) = self.declared {
            if comma && let Some(text) = without_points(text) {
                return number(&text.replacen(',', ".", 1));
            }
            if comma && text.contains('.') {
                let message =
                    format!("{name} has a point, but the decimals of the file are commas");
                return Err(columns
                    .problem(&catalogue::NOT_A_NUMBER, row, column, message)
                    .help(HELP));
            }
            return match grouped {
                true if comma => number(&text.replacen(',', ".", 1)),
                true => number(text),
                false => columns.optional_number(row, column),
            };
        }
        let style = style(text);
        let value = match style {
            Style::Plain | Style::Point if grouped => number(text)?,
            Style::Plain | Style::Point => columns.optional_number(row, column)?,
            Style::Comma | Style::Ambiguous => number(&text.replacen(',', ".", 1))?,
        };
        let marks = self.columns.entry(column).or_default();
        let problem = |what: &str| {
            let message = format!("{name} {what}");
            columns.problem(&catalogue::NOT_A_NUMBER, row, column, message)
        };
        match style {
            Style::Plain => {}
            Style::Point => {
                marks.points.see(|| problem("has a decimal point"));
                if could_be_groups(text, '.') {
                    let what = "has a point that could be a decimal point or a thousands separator";
                    marks.groups.see(|| problem(what));
                }
            }
            Style::Comma => marks.commas.see(|| problem("has a decimal comma")),
            Style::Ambiguous => {
                let what = "has a comma that could be a decimal comma or a thousands separator";
                marks.ambiguous.see(|| problem(what));
            }
        }
        Ok(value)
    }

    /// Decides at the end of the file. Points and commas in one column are a problem, placed at the
    /// first cell of the rarer kind. So is a mark that could stand between thousands if nothing else
    /// in its column says what it is and the other columns do not agree.
    pub fn finish(self, problems: &mut Problems) {
        let points: u64 = self.columns.values().map(|marks| marks.points.cells).sum();
        let commas: u64 = self.columns.values().map(|marks| marks.commas.cells).sum();
        for marks in self.columns.into_values() {
            let with_comma = marks.commas.cells + marks.ambiguous.cells;
            if marks.points.cells > 0 && with_comma > 0 {
                let (odd, others, mark) = if marks.points.cells < with_comma {
                    (marks.points.first, with_comma, "comma")
                } else {
                    let odd = earlier(marks.commas.first, marks.ambiguous.first);
                    (odd, marks.points.cells, "point")
                };
                if let Some(mut odd) = odd {
                    odd.message += &format!(", but {others} amounts of the column have a {mark}");
                    problems.push(odd.help(MIXED));
                }
                continue;
            }
            // One cell is no column: what the other columns have decides.
            let (own, others, mark) = match with_comma > 0 {
                true => (marks.commas.cells, points, "point"),
                false => (marks.points.cells, commas, "comma"),
            };
            let same = if with_comma > 0 { commas } else { points };
            if own == 1 && others > same - own {
                if let Some(mut odd) = earlier(marks.commas.first, marks.points.first) {
                    odd.message += &format!(", but {others} amounts of the file have a {mark}");
                    problems.push(odd.help(MIXED));
                }
                continue;
            }
            let told_commas = marks.commas.cells > 0 || (commas > 0 && points == 0);
            if let (false, Some(odd)) = (told_commas, marks.ambiguous.first) {
                problems.push(odd.help(HELP));
            }
            // Points are points, unless other columns have commas and this one has nothing plain.
            let told_points = commas == 0 || marks.points.cells > marks.groups.cells;
            if let (false, Some(odd)) = (told_points, marks.groups.first) {
                problems.push(odd.help(HELP));
            }
        }
    }
}

impl Seen {
    fn see(&mut self, problem: impl FnOnce() -> Problem) {
        self.cells += 1;
        if self.first.is_none() {
            self.first = Some(problem());
        }
    }
}

/// More decimals than the currency has.
fn too_fine(
    columns: &Columns,
    row: &Row,
    column: usize,
    currency: Currency,
    amount: Exact,
) -> Problem {
    let name = columns.header.name(column);
    let message = match currency.decimals() {
        0 => format!("{name} has decimals, but {currency} has none"),
        few => format!(
            "{name} has {} decimals, but {currency} has {few}",
            amount.places()
        ),
    };
    let problem = columns.problem(&catalogue::BAD_VALUE, row, column, message);
    problem.help("correct the amount or its currency; amounts are in major units")
}

fn earlier(a: Option<Problem>, b: Option<Problem>) -> Option<Problem> {
    let line = |p: &Problem| p.place.as_ref().and_then(|place| place.line);
    match (a, b) {
        (Some(a), Some(b)) => Some(if line(&b) < line(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The spaces that spreadsheets put between groups of three digits: no-break, thin, narrow no-break.
const GROUP_SPACES: [char; 3] = ['\u{a0}', '\u{2009}', '\u{202f}'];

/// `1 234,56` with such spaces as `1234,56`; `None` if it has none, or others.
fn without_spaces(text: &str) -> Option<String> {
    if !text.contains(GROUP_SPACES) {
        return None;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = unsigned.split(['.', ',']).next().unwrap_or(unsigned);
    let mut groups = whole.split(GROUP_SPACES);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or("");
    let fraction = &unsigned[whole.len()..];
    let right = (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
        && !fraction.contains(GROUP_SPACES);
    right.then(|| text.replace(GROUP_SPACES, ""))
}

/// `1.234,56` as `1234,56`: a decimal comma, and points between all groups of three digits; `None`
/// for anything else.
fn without_points(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once(',')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split('.');
    let first = groups.next().unwrap_or("");
    let right = whole.contains('.')
        && first.len() <= 3
        && digits(first)
        && digits(fraction)
        && groups.all(|group| group.len() == 3 && digits(group));
    right.then(|| text.replace('.', ""))
}

/// Whether a number with one mark could also be one with a thousands separator: three digits behind
/// the mark, one to three before it, the first of them not 0.
fn could_be_groups(text: &str, mark: char) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned.split_once(mark).is_some_and(|(whole, fraction)| {
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let three = fraction.len() == 3 && digits(fraction);
        three && (1..=3).contains(&whole.len()) && digits(whole) && !whole.starts_with('0')
    })
}

fn style(text: &str) -> Style {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match unsigned.split_once(',') {
        Some((whole, fraction)) if digits(whole) && digits(fraction) => {
            if could_be_groups(text, ',') {
                Style::Ambiguous
            } else {
                Style::Comma
            }
        }
        // Whatever else has a comma is no number; reading it says so.
        Some(_) => Style::Plain,
        None if unsigned.contains('.') => Style::Point,
        None => Style::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::columns_of;

    /// Reads one column of amounts in one currency.
    fn read(declared: Option<bool>, currency: &str, cells: &[&str]) -> Result<Vec<String>, String> {
        let mut columns = columns_of(&["Total"]);
        columns.decimal_comma = declared.unwrap_or(false);
        let mut money = Money::of(&Settings {
            decimal_comma: declared,
            ..Settings::default()
        });
        let currency = Currency::parse(currency).unwrap();
        let mut problems = Problems::default();
        let mut amounts = Vec::new();
        for (index, cell) in cells.iter().enumerate() {
            let row = Row::of_cells(index as u64 + 2, &[cell]);
            match money.amount(&columns, &row, 0, currency) {
                Ok(amount) => amounts.push(amount.to_string()),
                Err(problem) => problems.push(problem),
            }
        }
        money.finish(&mut problems);
        match problems.kept() {
            [] => Ok(amounts),
            [first, ..] => {
                let line = first.place.as_ref().and_then(|place| place.line);
                Err(format!("{}@{}", first.entry.code, line.unwrap()))
            }
        }
    }

    fn numbers(texts: &[&str]) -> Result<Vec<String>, String> {
        Ok(texts.iter().map(|text| text.to_string()).collect())
    }

    #[test]
    fn one_mark_in_a_whole_file_is_read() {
        let commas = read(None, "eur", &["106,80", "-30,00", "24000", "0,5"]);
        assert_eq!(commas, numbers(&["106.8", "-30", "24000", "0.5"]));
        let points = read(None, "usd", &["106.80", "-30", "1.2345E+02", "0.00"]);
        assert_eq!(points, numbers(&["106.8", "-30", "123.45", "0"]));
    }

    #[test]
    fn a_cell_that_differs_from_the_file_is_found() {
        let rare_comma = read(None, "usd", &["12.00", "3.10", "0,00", "7.25"]);
        assert_eq!(rare_comma, Err("T3021@4".into()));
        let rare_point = read(None, "usd", &["12,00", "3.10", "0,00", "7,25"]);
        assert_eq!(rare_point, Err("T3021@3".into()));
        let both_in_one = read(None, "usd", &["12.00", "1,234.56"]);
        assert_eq!(both_in_one, Err("T3021@3".into()));
    }

    /// Reads two columns of amounts in dollars, row by row.
    fn read_two(rows: &[[&str; 2]]) -> Vec<String> {
        let columns = columns_of(&["Total", "Tax"]);
        let mut money = Money::of(&Settings::default());
        let mut problems = Problems::default();
        let mut amounts = Vec::new();
        for (index, cells) in rows.iter().enumerate() {
            let row = Row::of_cells(index as u64 + 2, cells);
            for column in 0..2 {
                match money.amount(&columns, &row, column, Currency::USD) {
                    Ok(amount) => amounts.push(amount.to_string()),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        money.finish(&mut problems);
        let fault = |problem: &Problem| {
            let place = problem.place.as_ref().unwrap();
            let (line, column) = (place.line.unwrap(), place.column.unwrap());
            assert!(problem.help.is_some(), "{}", problem.message);
            format!("{}@{line}:{column}", problem.entry.code)
        };
        match problems.kept() {
            [] => amounts,
            kept => kept.iter().map(fault).collect(),
        }
    }

    #[test]
    fn a_spreadsheet_may_have_rewritten_one_column() {
        let both = read_two(&[["106,80", "12.5"], ["-30", "1.500"], ["0,5", "0"]]);
        assert_eq!(both, ["106.8", "12.5", "-30", "1.5", "0.5", "0"]);
        // A cell that differs from its own column.
        let damaged = read_two(&[["106,80", "12.5"], ["30.10", "1.25"], ["0,5", "0"]]);
        assert_eq!(damaged, ["T3021@3:1"]);
        // 1.500 could be 1500 as well: the other column has commas, and nothing here is plain.
        let unclear = read_two(&[["106,80", "1.500"], ["1,25", "2.000"]]);
        assert_eq!(unclear, ["T3021@2:2"]);
        // One cell does not make a column: the other ones decide.
        let lonely = read_two(&[["106.80", "12,34"], ["1.25", "0"], ["7.50", ""]]);
        assert!(lonely.contains(&"T3021@2:2".to_string()), "{lonely:?}");
        let lonely = read_two(&[["106,80", "12.34"], ["1,25", "0"]]);
        assert_eq!(lonely, ["T3021@2:2"]);
        // Without commas anywhere it is a number like any other.
        assert_eq!(read_two(&[["106.80", "1.500"]]), ["106.8", "1.5"]);
    }

    #[test]
    fn a_declared_comma_allows_points_between_thousands() {
        let groups = read(Some(true), "eur", &["1.234,56", "-12.345.678,9", "7,5"]);
        assert_eq!(groups, numbers(&["1234.56", "-12345678.9", "7.5"]));
        for cell in [
            "1.23,4",
            "1234.567,8",
            ".234,5",
            "1.234,",
            "1.234.56",
            "1.2345,6",
        ] {
            assert_eq!(
                read(Some(true), "eur", &[cell]),
                Err("T3021@2".into()),
                "{cell}"
            );
        }
        assert_eq!(read(None, "eur", &["1.234,56"]), Err("T3021@2".into()));
    }

    #[test]
    fn a_separator_is_never_taken_for_a_decimal_mark() {
        assert_eq!(read(None, "usd", &["1,234", "5"]), Err("T3021@2".into()));
        assert_eq!(read(None, "usd", &["1,234,567"]), Err("T3021@2".into()));
        // A dinar has three decimals, so nothing but a declaration helps.
        assert_eq!(read(None, "kwd", &["1,234"]), Err("T3021@2".into()));
        assert_eq!(read(Some(true), "kwd", &["1,234"]), numbers(&["1.234"]));
        // Another cell of the file tells.
        let told = read(None, "kwd", &["1,234", "0,500"]);
        assert_eq!(told, numbers(&["1.234", "0.5"]));
    }

    #[test]
    fn spaces_between_groups_of_digits_are_a_spreadsheets() {
        let read_groups = read(
            None,
            "eur",
            &["1\u{a0}234,50", "-12\u{202f}000\u{202f}000,00", "0,5"],
        );
        assert_eq!(read_groups, numbers(&["1234.5", "-12000000", "0.5"]));
        let points = read(None, "usd", &["1\u{2009}234.50", "1\u{a0}000"]);
        assert_eq!(points, numbers(&["1234.5", "1000"]));
        let declared = read(Some(true), "eur", &["1\u{a0}234,50", "1\u{a0}234"]);
        assert_eq!(declared, numbers(&["1234.5", "1234"]));
        for cell in [
            "1\u{a0}23",
            "1\u{a0}234,5\u{a0}0",
            "\u{a0}",
            "1 234,50",
            "12\u{a0}34,00",
        ] {
            assert_eq!(read(None, "eur", &[cell]), Err("T3021@2".into()), "{cell}");
        }
        assert_eq!(
            read(Some(false), "usd", &["1\u{a0}234,50"]),
            Err("T3021@2".into())
        );
    }

    #[test]
    fn a_declared_mark_holds_for_every_cell() {
        assert_eq!(
            read(Some(true), "eur", &["1,50", "2"]),
            numbers(&["1.5", "2"])
        );
        assert_eq!(
            read(Some(true), "eur", &["1,50", "1.234"]),
            Err("T3021@3".into())
        );
        assert_eq!(
            read(Some(false), "eur", &["1.50", "1,50"]),
            Err("T3021@3".into())
        );
    }

    #[test]
    fn amounts_are_whole_minor_units_and_never_blank() {
        assert_eq!(read(None, "usd", &["1.005"]), Err("T3029@2".into()));
        assert_eq!(read(None, "usd", &["1.500"]), numbers(&["1.5"]));
        assert_eq!(
            read(None, "jpy", &["5000.00", "5000"]),
            numbers(&["5000", "5000"])
        );
        assert_eq!(read(None, "jpy", &["5000.50"]), Err("T3029@2".into()));
        assert_eq!(read(None, "kwd", &["1.234"]), numbers(&["1.234"]));
        for text in ["", "  ", "NaN", "n/a", "$5.00", "(5.00)", "5.00-"] {
            assert_eq!(
                read(None, "usd", &[text]),
                Err("T3021@2".into()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_amount_of_usage_may_be_finer_but_a_yen_has_no_fraction() {
        let columns = columns_of(&["Amount"]);
        let read = |cell: &str, currency: &str| {
            let mut money = Money::of(&Settings::default());
            let row = Row::of_cells(2, &[cell]);
            let currency = Currency::parse(currency).unwrap();
            let amount = money.fine_amount(&columns, &row, Some(0), currency);
            amount.map(|amount| amount.unwrap().to_string())
        };
        for (cell, currency, amount) in [
            ("0.0042", "usd", "0.0042"),
            ("1.234", "kwd", "1.234"),
            ("1000", "jpy", "1000"),
            ("1000.00", "jpy", "1000"),
            ("-1000", "krw", "-1000"),
        ] {
            assert_eq!(read(cell, currency).unwrap(), amount, "{cell} {currency}");
        }
        for (cell, currency) in [("1000.50", "jpy"), ("-0.01", "krw"), ("0.5", "clp")] {
            let problem = read(cell, currency).unwrap_err();
            assert_eq!(problem.entry.code, "T3029", "{cell} {currency}");
            let place = problem.place.unwrap();
            assert_eq!((place.line, place.column), (Some(2), Some(1)));
        }
    }

    #[test]
    fn unit_prices_may_be_finer_than_the_currency() {
        let columns = columns_of(&["Amount"]);
        let mut money = Money::of(&Settings::default());
        let price = money.unit_price(&columns, &Row::of_cells(2, &["0.002"]), Some(0));
        assert_eq!(price.unwrap().unwrap().to_string(), "0.002");
        assert_eq!(
            money
                .unit_price(&columns, &Row::of_cells(3, &[""]), Some(0))
                .unwrap(),
            None
        );
    }
}
