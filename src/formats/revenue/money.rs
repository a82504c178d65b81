//! Money cells of one file: whether its decimals are points or commas, and how fine a currency is.
//!
//! The decimal mark is a property of the file, never of a cell: a Stripe export for a European
//! account writes `"106,80"` throughout, and a single such cell among points is damage. So cells
//! are read as they come, what was seen is remembered, and [`Money::finish`] refuses the file if
//! the marks disagree. Nothing here knows which columns hold money.

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
    points: Seen,
    commas: Seen,
    ambiguous: Seen,
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
const MIXED: &str = "a file has decimal points or decimal commas, not both; export it again";

impl Money {
    /// Starts with what the user said about the file.
    pub fn of(settings: &Settings) -> Money {
        Money {
            declared: settings.decimal_comma,
            points: Seen::default(),
            commas: Seen::default(),
            ambiguous: Seen::default(),
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
        let (seen, message) = match style {
            Style::Plain => return Ok(value),
            Style::Point => (&mut self.points, "has a decimal point"),
            Style::Comma => (&mut self.commas, "has a decimal comma"),
            Style::Ambiguous => (
                &mut self.ambiguous,
                "has a comma that could be a decimal comma or a thousands separator",
            ),
        };
        seen.cells += 1;
        if seen.first.is_none() {
            let message = format!("{name} {message}");
            seen.first = Some(columns.problem(&catalogue::NOT_A_NUMBER, row, column, message));
        }
        Ok(value)
    }

    /// Decides at the end of the file. Points and commas in one file are a problem, placed at the
    /// first cell of the rarer kind; so is a comma that nothing else in the file explains.
    pub fn finish(self, problems: &mut Problems) {
        let with_comma = self.commas.cells + self.ambiguous.cells;
        if self.points.cells > 0 && with_comma > 0 {
            let (odd, others, mark) = if self.points.cells < with_comma {
                (self.points.first, with_comma, "comma")
            } else {
                let odd = earlier(self.commas.first, self.ambiguous.first);
                (odd, self.points.cells, "point")
            };
            if let Some(mut odd) = odd {
                odd.message += &format!(", but {others} amounts of the file have a {mark}");
                problems.push(odd.help(MIXED));
            }
        } else if let (0, Some(odd)) = (self.commas.cells, self.ambiguous.first) {
            problems.push(odd.help(HELP));
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

fn style(text: &str) -> Style {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match unsigned.split_once(',') {
        Some((whole, fraction)) if digits(whole) && digits(fraction) => {
            let groups = fraction.len() == 3 && whole.len() <= 3 && !whole.starts_with('0');
            if groups {
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
