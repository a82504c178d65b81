//! `Packed`: an exact number that is kept by the million.
//!
//! Sixteen bytes instead of the forty-eight of [`Exact`], which does all arithmetic. Nothing is
//! ever rounded: what does not fit the short form is kept as it is.

use super::Exact;
use super::exact::small;

/// An exact number in little room.
#[derive(Clone, Debug)]
pub struct Packed(Form);

#[derive(Clone, Debug)]
enum Form {
    Short { mantissa: i64, scale: u8 },
    Long(Box<Exact>),
}

impl Packed {
    /// Zero.
    pub const ZERO: Packed = Packed(Form::Short {
        mantissa: 0,
        scale: 0,
    });

    /// The number.
    pub fn exact(&self) -> Exact {
        match &self.0 {
            Form::Short { mantissa, scale } => Exact::new(i128::from(*mantissa), *scale),
            Form::Long(value) => **value,
        }
    }

    /// The number, if it is a whole one written without places and fits 64 bits.
    pub fn whole(&self) -> Option<i64> {
        match &self.0 {
            Form::Short { mantissa, scale: 0 } => Some(*mantissa),
            _ => None,
        }
    }

    /// Adds a number.
    pub fn add(&mut self, more: Exact) {
        // Nearly all sums are of whole numbers.
        if let (Form::Short { mantissa, scale: 0 }, Some(more)) = (&mut self.0, more.whole())
            && let Some(sum) = mantissa.checked_add(more)
        {
            *mantissa = sum;
        } else if !more.is_zero() {
            *self = Packed::from(self.exact() + more);
        }
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.exact().is_zero()
    }
}

/// Short forms of a number.
impl Exact {
    /// The value, if it is a whole number written without places and fits 64 bits.
    #[inline]
    pub fn whole(&self) -> Option<i64> {
        if self.scale != 0 {
            return None;
        }
        small(self.mantissa).and_then(|m| i64::try_from(m).ok())
    }

    /// The value, if it is a whole number, however it is written, and fits 64 bits.
    #[inline]
    pub fn to_whole(&self) -> Option<i64> {
        match self.scale {
            0 => self.whole(),
            _ => self.normalized().whole(),
        }
    }

    /// Writes bytes that are equal for equal values and for no others.
    pub fn write_bytes(&self, bytes: &mut Vec<u8>) {
        let value = self.normalized();
        match value.short() {
            Some((mantissa, scale)) => {
                bytes.push(scale);
                bytes.extend(mantissa.to_le_bytes());
            }
            // No short value has this scale.
            None => {
                bytes.extend([u8::MAX, value.scale]);
                bytes.extend(value.mantissa.to_le_bytes());
            }
        }
    }
}

impl From<Exact> for Packed {
    fn from(value: Exact) -> Packed {
        Packed(match value.short() {
            Some((mantissa, scale)) => Form::Short { mantissa, scale },
            None => Form::Long(Box::new(value)),
        })
    }
}

impl Default for Packed {
    fn default() -> Packed {
        Packed::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_numbers_come_back() {
        for text in [
            "0",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "0.000000000000000000000000000000000001",
            "12345678901234567890123456789012345678",
        ] {
            let value = Exact::parse(text).unwrap();
            let packed = Packed::from(value);
            assert_eq!(packed.exact().to_string(), text);
            assert_eq!(packed.whole(), text.parse().ok());
            let mut sum = packed.clone();
            sum.add(Exact::ONE);
            assert_eq!(sum.exact(), value + Exact::ONE);
        }
    }

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Packed>(), 16);
    }
}
