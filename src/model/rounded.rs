//! Rounding of exact numbers, half to even, with stated places.
//!
//! What fits 128 bits, as nearly everything does, goes a short way; both ways say the same.

use std::cmp::Ordering;

use ethnum::I256;
use num_bigint::BigInt;

use super::digits::{div_half_even, fixed, fixed_short};
use super::exact::{Exact, POWERS, big, common, pow10, small};

impl Exact {
    /// Rounds to `places` decimals, half to even.
    pub fn round(&self, places: u8) -> Exact {
        if self.scale <= places {
            return *self;
        }
        if let Some(mantissa) = small(self.mantissa)
            && let Some(power) = POWERS.get(usize::from(self.scale - places))
        {
            return Exact::new(half_even(mantissa, *power), places);
        }
        let divisor = pow10(u32::from(self.scale - places));
        let quotient = self.mantissa.div_euclid(divisor);
        let rest = self.mantissa.rem_euclid(divisor);
        let up = match (rest * I256::from(2)).cmp(&divisor) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => quotient % I256::from(2) != I256::ZERO,
        };
        Exact {
            mantissa: if up { quotient + I256::ONE } else { quotient },
            scale: places,
        }
    }

    /// `numerator / denominator` rounded half to even at `places`, or `None` if the denominator
    /// is zero.
    pub fn ratio(numerator: Exact, denominator: Exact, places: u8) -> Option<Exact> {
        if denominator.is_zero() {
            return None;
        }
        let (n, d) = common(numerator, denominator);
        if let (Some(n), Some(d)) = (small(n), small(d))
            && let Some(n) = POWERS
                .get(usize::from(places))
                .and_then(|power| n.checked_mul(*power))
            && let (Some(n), Some(d)) = (n.checked_mul(d.signum()), d.checked_abs())
        {
            return Some(Exact::new(half_even(n, d), places));
        }
        let n = big(n) * BigInt::from(10).pow(u32::from(places));
        let d = big(d);
        Some(Exact::from_big(&div_half_even(&n, &d), places))
    }

    /// Prints with exactly `places` decimals; the value must already be rounded to them.
    pub fn to_fixed(&self, places: u8) -> String {
        let rounded = self.round(places);
        match rounded.units_i128(places) {
            Some(units) => fixed_short(units, places),
            None => fixed(&rounded.units(places), places),
        }
    }
}

/// `n / d` rounded half to even, where `d` is positive.
fn half_even(n: i128, d: i128) -> i128 {
    let (quotient, rest) = (n.div_euclid(d), n.rem_euclid(d));
    // `rest` and `d - rest` fit, `2 × rest` might not.
    let up = match rest.cmp(&(d - rest)) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => quotient % 2 != 0,
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn short_and_long_ways_round_alike() {
        let texts = [
            "0",
            "1",
            "-1",
            "0.5",
            "-0.5",
            "1.5",
            "-1.5",
            "2.5",
            "-2.5",
            "0.0049",
            "-0.005",
            "7",
            "-12.345678901234567890123456789",
            "99999999999999999999999999999999999999",
            "0.00000000000000000005",
            "-3",
            "0.3333333333333333333333333333333333",
        ];
        for n in texts.map(exact) {
            for places in [0u8, 2, 7, 16, 30] {
                let (units, scale) = (big(n.mantissa), u32::from(n.scale));
                let power = BigInt::from(10).pow(scale);
                let wanted =
                    div_half_even(&(units * BigInt::from(10).pow(u32::from(places))), &power);
                assert_eq!(
                    n.round(places),
                    Exact::from_big(&wanted, places),
                    "{n} {places}"
                );
                assert_eq!(n.to_fixed(places), fixed(&wanted, places), "{n} {places}");
            }
            for d in texts.map(exact).into_iter().filter(|d| !d.is_zero()) {
                let (n_units, d_units) = (n.units(40), d.units(40));
                let wanted = div_half_even(&(n_units * BigInt::from(10).pow(16)), &d_units);
                let found = Exact::ratio(n, d, 16).unwrap();
                assert_eq!(found, Exact::from_big(&wanted, 16), "{n} / {d}");
            }
        }
    }
}
