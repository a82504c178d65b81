//! Decimal numbers as text: what is one, and why a text is none.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, Zero};

use super::exact::{Exact, MAX_DIGITS, MAX_PLACES};

/// Why a text is not an exact number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// Nothing but blanks.
    Empty,
    /// A character that no plain decimal has.
    Character(char),
    /// `NaN`, `inf`, `n/a` and other words.
    Word,
    /// A comma: a decimal comma or a thousands separator, which cannot be told apart.
    Comma,
    /// More digits or places than [`MAX_DIGITS`] and [`MAX_PLACES`], or a huge exponent.
    TooLong,
    /// Digits are there, but not in the form of a number (`1.2.3`, `5-`, `e5`).
    Form,
}

impl NotANumber {
    /// What is wrong with it, as the end of "… is not a number: ".
    pub fn reason(self) -> String {
        match self {
            NotANumber::Empty => "it is empty".into(),
            NotANumber::Character(c) => {
                format!("it has the character {:?} (U+{:04X})", c, c as u32)
            }
            NotANumber::Word => "it is a word".into(),
            NotANumber::Comma => {
                "it has a comma, which could be a decimal comma or a thousands separator".into()
            }
            NotANumber::TooLong => {
                format!("it has more than {MAX_DIGITS} significant digits or {MAX_PLACES} places")
            }
            NotANumber::Form => "its digits do not form one decimal number".into(),
        }
    }
}

/// Parses what is not just a short run of digits. `unsigned` is the text without its sign.
pub(super) fn parse_general(
    text: &str,
    negative: bool,
    unsigned: &[u8],
) -> Result<Exact, NotANumber> {
    let mut digits: Vec<u8> = Vec::with_capacity(unsigned.len());
    let mut places: i64 = 0;
    let mut seen_point = false;
    let mut at = 0;
    while at < unsigned.len() {
        match unsigned[at] {
            d @ b'0'..=b'9' => {
                digits.push(d - b'0');
                places += i64::from(seen_point);
            }
            b'.' if !seen_point => seen_point = true,
            b'e' | b'E' if !digits.is_empty() => break,
            _ => return Err(why_not(text)),
        }
        at += 1;
    }
    if digits.is_empty() {
        return Err(why_not(text));
    }
    if at < unsigned.len() {
        let exponent = &unsigned[at + 1..];
        let (minus, exponent) = match exponent.first() {
            Some(b'-') => (true, &exponent[1..]),
            Some(b'+') => (false, &exponent[1..]),
            _ => (false, exponent),
        };
        if exponent.is_empty() || !exponent.iter().all(u8::is_ascii_digit) {
            return Err(why_not(text));
        }
        if exponent.len() > 4 {
            return Err(NotANumber::TooLong);
        }
        let value = exponent
            .iter()
            .fold(0i64, |sum, d| sum * 10 + i64::from(d - b'0'));
        places += if minus { value } else { -value };
    }
    let lead = digits.iter().take_while(|d| **d == 0).count();
    digits.drain(..lead);
    while places > 0 && digits.last() == Some(&0) {
        digits.pop();
        places -= 1;
    }
    if digits.is_empty() {
        return Ok(Exact::ZERO);
    }
    if places < 0 {
        let zeros = usize::try_from(-places).unwrap_or(usize::MAX);
        if digits.len().saturating_add(zeros) > MAX_DIGITS {
            return Err(NotANumber::TooLong);
        }
        digits.resize(digits.len() + zeros, 0);
        places = 0;
    }
    if digits.len() > MAX_DIGITS || places > MAX_PLACES as i64 {
        return Err(NotANumber::TooLong);
    }
    let mantissa = digits
        .iter()
        .fold(0i128, |sum, d| sum * 10 + i128::from(*d));
    Ok(Exact::new(
        if negative { -mantissa } else { mantissa },
        places as u8,
    ))
}

fn why_not(text: &str) -> NotANumber {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return NotANumber::Empty;
    }
    if trimmed.contains(',') && trimmed.chars().any(|c| c.is_ascii_digit()) {
        return NotANumber::Comma;
    }
    let number_like = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E');
    match text.chars().find(|c| !number_like(*c)) {
        Some(c) if c.is_alphabetic() && !trimmed.chars().any(|c| c.is_ascii_digit()) => {
            let _ = c;
            NotANumber::Word
        }
        Some(c) => NotANumber::Character(c),
        None => NotANumber::Form,
    }
}

/// `n / d` rounded half to even. `d` must not be zero.
pub fn div_half_even(n: &BigInt, d: &BigInt) -> BigInt {
    let (quotient, rest) = n.div_mod_floor(d);
    let twice = (&rest + &rest).abs();
    match twice.cmp(&d.abs()) {
        Ordering::Less => quotient,
        Ordering::Greater => quotient + 1,
        Ordering::Equal if quotient.is_even() => quotient,
        Ordering::Equal => quotient + 1,
    }
}

/// As [`fixed`], for units that fit 128 bits.
pub(super) fn fixed_short(units: i128, places: u8) -> String {
    // 39 digits and a sign, a point and as many zeros as there are places.
    let mut text = Vec::with_capacity(42 + usize::from(places));
    let mut left = units.unsigned_abs();
    let mut count = 0;
    while left > 0 || count <= usize::from(places) {
        if count == usize::from(places) && count > 0 {
            text.push(b'.');
        }
        // Division of 64 bits is several times faster.
        let digit = match u64::try_from(left) {
            Ok(short) => {
                left = u128::from(short / 10);
                short % 10
            }
            Err(_) => {
                let digit = (left % 10) as u64;
                left /= 10;
                digit
            }
        };
        text.push(b'0' + digit as u8);
        count += 1;
    }
    if units < 0 {
        text.push(b'-');
    }
    text.reverse();
    text.into_iter().map(char::from).collect()
}

/// Units of 10^-`places` in plain notation.
pub(super) fn fixed(units: &BigInt, places: u8) -> String {
    let digits = units.abs().to_string();
    let places = usize::from(places);
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let sign = if units.is_negative() && !units.is_zero() {
        "-"
    } else {
        ""
    };
    if places == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}
