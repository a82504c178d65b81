//! How cells are written: for people (`12,480.00`, `−3.10`, `33%`) and for programs (`12480.00`,
//! `-3.10`, `0.3317`).
//!
//! Money is printed with the table's places, which it must already be rounded to: rounding single
//! cells here would break the sums that [`super::rounding`] keeps.

use std::borrow::Cow;

use super::table::{Align, Cell};
use super::visible::visible;
use crate::model::Exact;

/// U+2212: as wide as a plus, and not the hyphen that a line may break at.
const MINUS: char = '−';
/// Printed for people where a figure is absent or does not apply.
const NOTHING: &str = "–";
/// Decimals of ratios in CSV.
const RATIO_PLACES: u8 = 4;

/// The cell as a person reads it: thousands separators, a true minus sign, whole percents, visible
/// control characters. An absent figure is a dash; an absent word is blank.
pub fn for_people(cell: &Cell, places: Option<u8>, align: Align) -> Cow<'_, str> {
    match cell {
        Cell::Text(text) => visible(text),
        Cell::Money(amount) => grouped(&decimal(amount, places)).into(),
        Cell::Quantity(quantity) => grouped(&quantity.to_string()).into(),
        Cell::Ratio(Some(ratio)) => percent(ratio).into(),
        Cell::Ratio(None) => NOTHING.into(),
        Cell::Date(day) => day.to_string().into(),
        Cell::Empty if align == Align::Right => NOTHING.into(),
        Cell::Empty => "".into(),
    }
}

/// The cell as a program reads it: a plain decimal with ASCII minus, an ISO date, a ratio with
/// four decimals (half to even), nothing where it is absent. Text is returned as it stands.
pub fn for_programs(cell: &Cell, places: Option<u8>) -> Cow<'_, str> {
    match cell {
        Cell::Text(text) => text.into(),
        Cell::Money(amount) => decimal(amount, places).into(),
        Cell::Quantity(quantity) => quantity.to_string().into(),
        Cell::Ratio(Some(ratio)) => ratio.to_fixed(RATIO_PLACES).into(),
        Cell::Date(day) => day.to_string().into(),
        Cell::Ratio(None) | Cell::Empty => "".into(),
    }
}

/// A ratio in whole percents, rounded half to even: 0.3317 is `33%`.
pub fn percent(ratio: &Exact) -> String {
    format!("{}%", grouped(&ratio.shift(2).to_fixed(0)))
}

/// A plain decimal with thousands separators and a true minus sign.
pub fn grouped(plain: &str) -> String {
    let (negative, unsigned) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let mut out = String::with_capacity(plain.len() + plain.len() / 3 + 3);
    if negative {
        out.push(MINUS);
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn decimal(amount: &Exact, places: Option<u8>) -> String {
    match places {
        Some(places) => amount.to_fixed(places),
        None => amount.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Day;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn person(cell: Cell, places: Option<u8>) -> String {
        for_people(&cell, places, Align::Right).into_owned()
    }

    fn program(cell: Cell, places: Option<u8>) -> String {
        for_programs(&cell, places).into_owned()
    }

    #[test]
    fn money_for_people() {
        let money = |text| person(Cell::Money(exact(text)), Some(2));
        assert_eq!(money("12480"), "12,480.00");
        assert_eq!(money("-313.35"), "−313.35");
        assert_eq!(money("-1234567.8"), "−1,234,567.80");
        assert_eq!(money("999"), "999.00");
        assert_eq!(money("0"), "0.00");
        assert_eq!(
            person(Cell::Money(exact("1234.000001")), None),
            "1,234.000001"
        );
        assert_eq!(person(Cell::Money(exact("1234567")), Some(0)), "1,234,567");
    }

    #[test]
    fn ratios_for_people_are_whole_percents() {
        let ratio = |text| person(Cell::Ratio(Some(exact(text))), Some(2));
        assert_eq!(ratio("0.3317"), "33%");
        assert_eq!(ratio("-3.1651639"), "−317%");
        assert_eq!(ratio("1"), "100%");
        assert_eq!(ratio("-21"), "−2,100%");
        assert_eq!(ratio("0.125"), "12%");
        assert_eq!(ratio("-0.004"), "0%");
        assert_eq!(person(Cell::Ratio(None), Some(2)), "–");
    }

    #[test]
    fn absent_is_never_zero() {
        assert_eq!(for_people(&Cell::Empty, Some(2), Align::Right), "–");
        assert_eq!(for_people(&Cell::Empty, Some(2), Align::Left), "");
        assert_eq!(program(Cell::Empty, Some(2)), "");
        assert_eq!(program(Cell::Ratio(None), Some(2)), "");
    }

    #[test]
    fn figures_for_programs_are_plain() {
        assert_eq!(
            program(Cell::Money(exact("-12480.5")), Some(2)),
            "-12480.50"
        );
        assert_eq!(program(Cell::Money(exact("0.000001")), None), "0.000001");
        assert_eq!(program(Cell::Money(exact("-0.001")), Some(2)), "0.00");
        assert_eq!(
            program(Cell::Quantity(exact("1234567")), Some(2)),
            "1234567"
        );
        assert_eq!(program(Cell::Ratio(Some(exact("0.42305"))), None), "0.4230");
        assert_eq!(program(Cell::Ratio(Some(exact("0.42315"))), None), "0.4232");
        assert_eq!(program(Cell::Ratio(Some(exact("-3"))), None), "-3.0000");
        let day = Day::parse("2026-10-01").unwrap();
        assert_eq!(program(Cell::Date(day), None), "2026-10-01");
    }
}
