//! Percentages as people write them.

use rust_decimal::Decimal;

use crate::model::Exact;

/// `15%` or `0.15` as a ratio; `None` if it is neither, or has more than 28 digits.
pub fn percent(text: &str) -> Option<Exact> {
    let text = text.trim();
    let (number, places) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), 2),
        None => (text, 0),
    };
    // from_str_exact refuses what it cannot hold; from_str would round it without a word.
    let number = Decimal::from_str_exact(number).ok()?;
    let scale = u8::try_from(number.scale()).ok()?;
    Some(Exact::new(number.mantissa(), scale).shift(-places))
}
