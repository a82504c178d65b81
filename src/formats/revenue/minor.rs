//! Amounts in minor units (cents), as interfaces, tables and some exports of billing systems have
//! them: how many of them make one unit of a currency, and cells that hold them.
//!
//! Stripe counts by a table of its own, which is not that of ISO 4217: shillings of Uganda and
//! crowns of Iceland have no minor unit and are counted in hundredths all the same. Amounts that an
//! export states in major units never come here. The rule that must hold: a record never sees a
//! minor unit.

use crate::formats::fields::Columns;
use crate::model::{Currency, Exact};
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// Currencies without a minor unit that Stripe counts in hundredths.
const IN_HUNDREDTHS: &[&str] = &["UGX", "ISK"];

/// Decimals of the unit in which Stripe's interface and its tables count a currency: 2 for USD (and
/// for UGX and ISK), 0 for JPY, 3 for KWD.
pub fn stripe_decimals(currency: Currency) -> u8 {
    if IN_HUNDREDTHS.contains(&currency.code()) {
        2
    } else {
        currency.decimals()
    }
}

/// An amount of minor units in major units: 1250 with two decimals is 12.50.
pub fn to_major(units: Exact, decimals: u8) -> Exact {
    units.shift(-i32::from(decimals))
}

/// The cell, which counts whole minor units of so many decimals, in major units. Blank and absent
/// cells are problems, and so is a fraction of a minor unit: it shows an amount in major units.
pub fn amount(columns: &Columns, row: &Row, column: usize, decimals: u8) -> Result<Exact, Problem> {
    match optional_amount(columns, row, Some(column), decimals)? {
        Some(amount) => Ok(amount),
        None => columns.number(row, column),
    }
}

/// As [`amount`], but `None` where the cell is blank or the column is missing.
pub fn optional_amount(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    decimals: u8,
) -> Result<Option<Exact>, Problem> {
    let Some(column) = column else {
        return Ok(None);
    };
    match columns.optional_number(row, column)? {
        Some(units) if !units.is_integer() => {
            let name = columns.header.name(column);
            let message = format!("{name} is not a whole number of minor units");
            let problem = columns.problem(&catalogue::FRACTION, row, column, message);
            Err(problem.help("this export counts cents (1250 is 12.50); export it again"))
        }
        units => Ok(units.map(|units| to_major(units, decimals))),
    }
}

/// As [`optional_amount`], for prices per unit, which may be finer than a minor unit (0.42 cents
/// a call).
pub fn optional_unit_price(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    decimals: u8,
) -> Result<Option<Exact>, Problem> {
    let Some(column) = column else {
        return Ok(None);
    };
    let units = columns.optional_number(row, column)?;
    Ok(units.map(|units| to_major(units, decimals)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::columns_of;

    fn read(cell: &str, currency: &str) -> Result<String, String> {
        let row = Row::of_cells(2, &[cell]);
        let decimals = stripe_decimals(Currency::parse(currency).unwrap());
        match amount(&columns_of(&["amount"]), &row, 0, decimals) {
            Ok(amount) => Ok(amount.to_string()),
            Err(problem) => Err(problem.entry.code.to_string()),
        }
    }

    #[test]
    fn minor_units_are_stripes() {
        for (cell, currency, amount) in [
            ("1250", "usd", "12.5"),
            ("-1", "eur", "-0.01"),
            ("5000", "jpy", "5000"),
            ("5000", "mga", "5000"),
            ("1230", "kwd", "1.23"),
            ("500000", "ugx", "5000"),
            ("129900", "isk", "1299"),
            ("250000", "huf", "2500"),
            // Some tools write whole numbers with a point.
            ("9900.0", "usd", "99"),
        ] {
            assert_eq!(read(cell, currency).as_deref(), Ok(amount), "{cell}");
        }
    }

    #[test]
    fn major_units_do_not_pass_for_minor_ones() {
        assert_eq!(read("12.50", "usd"), Err("T3023".into()));
        assert_eq!(read("", "usd"), Err("T3021".into()));
        assert_eq!(read("1,250", "usd"), Err("T3021".into()));
    }

    #[test]
    fn a_price_may_be_finer_than_a_minor_unit() {
        let columns = columns_of(&["unit_amount_decimal"]);
        let row = Row::of_cells(2, &["0.42"]);
        let price = optional_unit_price(&columns, &row, Some(0), 2).unwrap();
        assert_eq!(price, Some(Exact::parse("0.0042").unwrap()));
    }
}
