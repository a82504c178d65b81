//! `Exact`: the one number type for money and quantities.
//!
//! A decimal of up to 76 digits: parsed from text without rounding, added, subtracted and
//! multiplied without rounding. There is no division that returns an `Exact`, except
//! [`Exact::ratio`], which states its places and rounds half to even. No binary float comes near.

use std::cmp::Ordering;
use std::fmt;

pub use super::digits::{NotANumber, div_half_even};
use super::digits::{fixed, fixed_short, parse_general};
use ethnum::I256;
use num_bigint::BigInt;

/// More significant digits than this are refused, so that sums keep headroom in 256 bits.
pub const MAX_DIGITS: usize = 38;
/// More decimal places than this are refused. OpenAI prints 36.
pub const MAX_PLACES: usize = 40;

/// An exact decimal: `mantissa / 10^scale`. Compares and hashes by value, prints in plain
/// notation without trailing zeros.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    pub(super) mantissa: I256,
    pub(super) scale: u8,
}

/// Raised (as a panic payload) when a sum or product leaves 256 bits: exit code 5, never a wrong number.
#[derive(Debug)]
pub struct OutOfRange;

/// The powers of ten that fit 128 bits.
pub(super) const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

pub(super) fn pow10(exponent: u32) -> I256 {
    let last = POWERS.len() - 1;
    let exponent = exponent as usize;
    match POWERS.get(exponent) {
        Some(power) => I256::new(*power),
        None => match POWERS.get(exponent - last) {
            Some(power) => checked(I256::new(POWERS[last]).checked_mul(I256::new(*power))),
            None => std::panic::panic_any(OutOfRange),
        },
    }
}

/// The value, if it fits 128 bits: nearly all do, and there arithmetic is several times faster.
#[inline]
pub(super) fn small(value: I256) -> Option<i128> {
    let (high, low) = value.into_words();
    (high == low >> 127).then_some(low)
}

pub(super) fn checked(value: Option<I256>) -> I256 {
    value.unwrap_or_else(|| std::panic::panic_any(OutOfRange))
}

impl Exact {
    /// Zero.
    pub const ZERO: Exact = Exact {
        mantissa: I256::ZERO,
        scale: 0,
    };
    /// One.
    pub const ONE: Exact = Exact {
        mantissa: I256::ONE,
        scale: 0,
    };

    /// `mantissa / 10^scale`.
    pub fn new(mantissa: i128, scale: u8) -> Exact {
        Exact {
            mantissa: I256::from(mantissa),
            scale,
        }
    }

    /// Parses plain or E-notation: `12`, `-0.5`, `.5`, `5.`, `+5`, `1.05e-05`. No blanks inside, no
    /// separators, no symbols. Exact or refused.
    ///
    /// # Errors
    /// [`NotANumber`], which says why.
    pub fn parse(text: &str) -> Result<Exact, NotANumber> {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes.first() {
            None => return Err(NotANumber::Empty),
            Some(b'-') => (true, &bytes[1..]),
            Some(b'+') => (false, &bytes[1..]),
            Some(_) => (false, bytes),
        };
        // The common case, and the hot one: a short run of digits.
        if !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) {
            let value = digits
                .iter()
                .fold(0i64, |sum, d| sum * 10 + i64::from(d - b'0'));
            let value = if negative { -value } else { value };
            return Ok(Exact {
                mantissa: I256::from(value),
                scale: 0,
            });
        }
        parse_general(text, negative, digits)
    }

    /// Whether the value is zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.mantissa == I256::ZERO
    }

    /// Whether the value is below zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa < I256::ZERO
    }

    /// Whether the value is above zero.
    pub fn is_positive(&self) -> bool {
        self.mantissa > I256::ZERO
    }

    /// Whether the value has no fraction.
    pub fn is_integer(&self) -> bool {
        self.scale == 0 || self.normalized().scale == 0
    }

    /// The value without sign.
    pub fn abs(&self) -> Exact {
        if self.is_negative() { -*self } else { *self }
    }

    /// The number of decimal places that are not trailing zeros.
    pub fn places(&self) -> u8 {
        self.normalized().scale
    }

    /// The value × 10^`power`, exactly. Negative powers divide.
    pub fn shift(&self, power: i32) -> Exact {
        let scale = i32::from(self.scale) - power;
        if scale >= 0 {
            let scale = u8::try_from(scale).unwrap_or_else(|_| std::panic::panic_any(OutOfRange));
            Exact {
                mantissa: self.mantissa,
                scale,
            }
        } else {
            Exact {
                mantissa: checked(self.mantissa.checked_mul(pow10((-scale) as u32))),
                scale: 0,
            }
        }
    }

    /// The value in units of 10^-`scale`, as a big integer. The value must not be finer.
    ///
    /// # Panics
    /// If the value has more than `scale` places: a caller's bug.
    pub fn units(&self, scale: u8) -> BigInt {
        let value = self.normalized();
        assert!(
            value.scale <= scale,
            "units() would round {self} at {scale}"
        );
        big(value.mantissa) * BigInt::from(10).pow(u32::from(scale - value.scale))
    }

    /// The value in units of 10^-`scale` if it is not finer and fits, for fast paths.
    pub fn units_i128(&self, scale: u8) -> Option<i128> {
        if self.scale > scale {
            let value = self.normalized();
            if value.scale > scale {
                return None;
            }
            return value.units_i128(scale);
        }
        let mantissa = i128::try_from(self.mantissa).ok()?;
        10i128
            .checked_pow(u32::from(scale - self.scale))
            .and_then(|power| mantissa.checked_mul(power))
    }

    /// Builds a value from big-integer units of 10^-`scale`.
    pub fn from_big(units: &BigInt, scale: u8) -> Exact {
        let (sign, digits) = units.to_u64_digits();
        if digits.len() > 4 || (digits.len() == 4 && digits[3] >> 63 != 0) {
            std::panic::panic_any(OutOfRange);
        }
        let word = |i: usize| u128::from(digits.get(i).copied().unwrap_or(0));
        let low = word(0) | word(1) << 64;
        let high = word(2) | word(3) << 64;
        let mantissa = I256::from_words(high as i128, low as i128);
        Exact {
            mantissa: if sign == num_bigint::Sign::Minus {
                -mantissa
            } else {
                mantissa
            },
            scale,
        }
    }

    /// The value as `u64` if it is a whole number in range.
    pub fn to_u64(&self) -> Option<u64> {
        let value = self.normalized();
        if value.scale != 0 {
            return None;
        }
        u64::try_from(value.mantissa).ok()
    }

    /// Mantissa and scale, if the mantissa fits 64 bits.
    pub(super) fn short(&self) -> Option<(i64, u8)> {
        let mantissa = small(self.mantissa).and_then(|m| i64::try_from(m).ok())?;
        Some((mantissa, self.scale))
    }

    /// The smaller of two values.
    pub fn min(self, other: Exact) -> Exact {
        if other < self { other } else { self }
    }

    /// The larger of two values.
    pub fn max(self, other: Exact) -> Exact {
        if other > self { other } else { self }
    }

    pub(super) fn normalized(&self) -> Exact {
        if self.scale == 0 {
            return *self;
        }
        if let Some(mut mantissa) = small(self.mantissa).and_then(|m| i64::try_from(m).ok()) {
            let mut scale = if mantissa == 0 { 0 } else { self.scale };
            while scale > 0 && mantissa % 10 == 0 {
                mantissa /= 10;
                scale -= 1;
            }
            return Exact::new(i128::from(mantissa), scale);
        }
        let ten = I256::from(10);
        let mut value = *self;
        if value.mantissa == I256::ZERO {
            value.scale = 0;
        }
        while value.scale > 0 && value.mantissa % ten == I256::ZERO {
            value.mantissa /= ten;
            value.scale -= 1;
        }
        value
    }
}

pub(super) fn big(value: I256) -> BigInt {
    BigInt::from_signed_bytes_le(&value.to_le_bytes())
}

pub(super) fn common(a: Exact, b: Exact) -> (I256, I256) {
    match a.scale.cmp(&b.scale) {
        Ordering::Equal => (a.mantissa, b.mantissa),
        Ordering::Less => (finer(a.mantissa, b.scale - a.scale), b.mantissa),
        Ordering::Greater => (a.mantissa, finer(b.mantissa, a.scale - b.scale)),
    }
}

/// The mantissa of the same value with so many more places.
fn finer(mantissa: I256, places: u8) -> I256 {
    let fast = match (small(mantissa), POWERS.get(usize::from(places))) {
        (Some(mantissa), Some(power)) => mantissa.checked_mul(*power),
        _ => None,
    };
    match fast {
        Some(product) => I256::new(product),
        None => checked(mantissa.checked_mul(pow10(u32::from(places)))),
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        if self.scale == other.scale {
            return self.mantissa == other.mantissa;
        }
        let (a, b) = (self.normalized(), other.normalized());
        a.mantissa == b.mantissa && a.scale == b.scale
    }
}

impl Eq for Exact {}

impl std::hash::Hash for Exact {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let value = self.normalized();
        value.mantissa.to_le_bytes().hash(state);
        value.scale.hash(state);
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Exact) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Exact) -> Ordering {
        let sign = self.mantissa.signum().cmp(&other.mantissa.signum());
        if sign != Ordering::Equal {
            return sign;
        }
        let (a, b) = common(*self, *other);
        a.cmp(&b)
    }
}

impl Default for Exact {
    fn default() -> Exact {
        Exact::ZERO
    }
}

impl From<u64> for Exact {
    fn from(value: u64) -> Exact {
        Exact::new(i128::from(value), 0)
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Exact {
        Exact::new(i128::from(value), 0)
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.normalized();
        if let Some(mantissa) = small(value.mantissa) {
            return match value.scale {
                0 => write!(f, "{mantissa}"),
                places => f.write_str(&fixed_short(mantissa, places)),
            };
        }
        f.write_str(&fixed(&big(value.mantissa), value.scale))
    }
}

impl serde::Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn parses_what_providers_write() {
        for (text, printed) in [
            ("0.003400000000000000000000000000000000", "0.0034"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+5", "5"),
            ("-0", "0"),
            ("007.50", "7.5"),
            ("1.0500000000000001e-05", "0.000010500000000000001"),
            ("1.200000E-03", "0.0012"),
            ("31422.0", "31422"),
            ("15e-1", "1.5"),
            ("12E3", "12000"),
            (
                "99999999999999999999999999999999999999",
                "99999999999999999999999999999999999999",
            ),
        ] {
            assert_eq!(exact(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_plain_decimal() {
        use NotANumber::*;
        for (text, why) in [
            ("", Empty),
            ("NaN", Word),
            ("n/a", Word),
            ("inf", Word),
            ("0,00123", Comma),
            ("1,234", Comma),
            ("$5.00", Character('$')),
            ("(5.00)", Character('(')),
            ("5.00-", Form),
            ("1.2.3", Form),
            ("1_000", Character('_')),
            ("0x10", Character('x')),
            ("\u{2212}5", Character('\u{2212}')),
            ("1 000", Character(' ')),
            ("1e400", TooLong),
            ("1e-400", TooLong),
            ("1e", Form),
            ("-", Form),
            (".", Form),
            ("1234567890123456789012345678901234567890", TooLong),
        ] {
            assert_eq!(Exact::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn rounds_half_to_even_both_sides_of_zero() {
        for (text, printed) in [
            ("0.125", "0.12"),
            ("0.135", "0.14"),
            ("-0.125", "-0.12"),
            ("-0.135", "-0.14"),
            ("-0.1251", "-0.13"),
            ("2.5", "2.5"),
        ] {
            assert_eq!(exact(text).round(2).to_string(), printed, "{text}");
        }
        assert_eq!(exact("0.004").to_fixed(2), "0.00");
        assert_eq!(exact("-0.004").to_fixed(2), "0.00");
        assert_eq!(exact("-313.351234").to_fixed(2), "-313.35");
    }

    #[test]
    fn ratio_rounds_half_to_even() {
        let ratio = |n: &str, d: &str, p| Exact::ratio(exact(n), exact(d), p).unwrap().to_string();
        assert_eq!(ratio("1", "3", 4), "0.3333");
        assert_eq!(ratio("-2", "3", 4), "-0.6667");
        assert_eq!(ratio("1", "8", 2), "0.12");
        assert_eq!(ratio("3", "-8", 2), "-0.38");
        assert_eq!(Exact::ratio(Exact::ONE, Exact::ZERO, 2), None);
    }

    #[test]
    fn leaves_256_bits_loudly() {
        let huge = exact("99999999999999999999999999999999999999");
        let caught = std::panic::catch_unwind(|| huge * huge * huge);
        assert!(caught.unwrap_err().is::<OutOfRange>());
    }

    #[test]
    fn orders_by_value_not_by_writing() {
        assert_eq!(exact("1.50"), exact("15e-1"));
        assert!(exact("-2") < exact("-1.5"));
        assert!(exact("0.1") < exact("0.11"));
    }
}
