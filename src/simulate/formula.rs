//! One amount as a function of the value of a knob, exactly and in whole numbers.
//!
//! Every charge and every cost that a knob moves by itself is a product that is divided and rounded once.
//! In whole numbers that takes a few machine words; what does not fit is told, never cut. The rule
//! that must hold: both ways give the same amount.

use crate::model::Exact;

/// `factor × n ∕ denominator`, rounded, × `after`, where `n` is `fixed + slope × value`.
#[derive(Clone, Copy, Debug)]
pub struct Formula {
    /// What is divided.
    pub factor: Exact,
    /// `n` at the value 0.
    pub fixed: Exact,
    /// What `n` gains from one to the next.
    pub slope: Exact,
    /// Larger values count as this one.
    pub most: Option<Exact>,
    /// Whether an `n` below zero counts as zero.
    pub floor: bool,
    /// Above zero.
    pub denominator: Exact,
    /// Decimals at which the quotient is rounded half to even; `None` if nothing is divided.
    pub places: Option<u8>,
    /// By what the quotient is multiplied.
    pub after: Exact,
}

impl Formula {
    /// An amount that is rounded at `places` and neither divided nor multiplied.
    pub fn line(fixed: Exact, slope: Exact, places: u8) -> Formula {
        Formula {
            factor: Exact::ONE,
            fixed,
            slope,
            most: None,
            floor: false,
            denominator: Exact::ONE,
            places: Some(places),
            after: Exact::ONE,
        }
    }

    /// Decimals of `n`, where the value has `value_places`.
    fn places_of_n(&self, value_places: u8) -> u8 {
        let moving = self.slope.places() + value_places;
        self.fixed.places().max(moving)
    }

    /// Decimals of the amount.
    pub fn scale(&self, value_places: u8) -> u8 {
        let unrounded = self.factor.places() + self.places_of_n(value_places);
        self.places.unwrap_or(unrounded) + self.after.places()
    }
}

/// A formula for values in whole units; the amount is in units too.
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    fixed: i128,
    slope: i128,
    most: i64,
    floor: bool,
    factor: i128,
    divisor: i128,
    after: i128,
    /// The same in single words, where they fit.
    short: Option<Short>,
}

#[derive(Clone, Copy, Debug)]
struct Short {
    fixed: i64,
    slope: i64,
    factor: i64,
    divisor: i64,
    after: i64,
}

impl Whole {
    /// For values in units of 10^-`value_places` and amounts in units of 10^-`scale`; `None` where
    /// something does not fit.
    pub fn of(formula: &Formula, value_places: u8, scale: u8) -> Option<Whole> {
        let places_of_n = formula.places_of_n(value_places);
        let (factor, divisor) = (formula.factor.places(), formula.denominator.places());
        let unrounded = factor + places_of_n;
        let mut whole = Whole {
            fixed: formula.fixed.units_i128(places_of_n)?,
            slope: formula.slope.units_i128(places_of_n - value_places)?,
            most: match formula.most {
                Some(most) => i64::try_from(most.units_i128(value_places)?).ok()?,
                None => i64::MAX,
            },
            floor: formula.floor,
            factor: formula.factor.units_i128(factor)?,
            divisor: formula.denominator.units_i128(divisor)?,
            after: 1,
            short: None,
        };
        let power = |exponent: u8| 10i128.checked_pow(u32::from(exponent));
        let mut found = unrounded;
        match formula.places {
            Some(places) => {
                found = places;
                let (up, down) = (places + divisor, unrounded);
                match up >= down {
                    true => whole.factor = whole.factor.checked_mul(power(up - down)?)?,
                    false => whole.divisor = whole.divisor.checked_mul(power(down - up)?)?,
                }
            }
            None if formula.denominator != Exact::ONE => return None,
            None => {}
        }
        let after = formula.after.places();
        let rest = scale.checked_sub(found)?.checked_sub(after)?;
        whole.after = formula.after.units_i128(after)?.checked_mul(power(rest)?)?;
        if whole.divisor <= 0 {
            return None;
        }
        whole.short = Short::of(&whole);
        Some(whole)
    }

    /// The amount at a value; `None` where it does not fit.
    #[inline]
    pub fn at(&self, value: i64) -> Option<i128> {
        let value = value.min(self.most);
        if let Some(amount) = self.short.and_then(|short| short.at(value, self.floor)) {
            return Some(amount);
        }
        let moved = self.slope.checked_mul(i128::from(value))?;
        let mut n = self.fixed.checked_add(moved)?;
        if self.floor {
            n = n.max(0);
        }
        let product = n.checked_mul(self.factor)?;
        let (down, rest) = (
            product.div_euclid(self.divisor),
            product.rem_euclid(self.divisor),
        );
        // Half to even; the rest is never below zero.
        let up = match rest.cmp(&(self.divisor - rest)) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => down & 1,
        };
        down.checked_add(up)?.checked_mul(self.after)
    }
}

impl Short {
    fn of(whole: &Whole) -> Option<Short> {
        let short = |value: i128| i64::try_from(value).ok();
        Some(Short {
            fixed: short(whole.fixed)?,
            slope: short(whole.slope)?,
            factor: short(whole.factor)?,
            divisor: short(whole.divisor)?,
            after: short(whole.after)?,
        })
    }

    #[inline]
    fn at(&self, value: i64, floor: bool) -> Option<i128> {
        let mut n = self.slope.checked_mul(value)?.checked_add(self.fixed)?;
        if floor {
            n = n.max(0);
        }
        let product = n.checked_mul(self.factor)?;
        let rounded = match self.divisor {
            1 => product,
            divisor => {
                let (down, rest) = (product.div_euclid(divisor), product.rem_euclid(divisor));
                let up = match rest.cmp(&(divisor - rest)) {
                    std::cmp::Ordering::Less => 0,
                    std::cmp::Ordering::Greater => 1,
                    std::cmp::Ordering::Equal => down & 1,
                };
                down + up
            }
        };
        Some(i128::from(rounded) * i128::from(self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    /// What the words of [`Formula`] say, with exact numbers.
    fn plainly(formula: &Formula, value: Exact) -> Exact {
        let value = formula.most.map_or(value, |most| value.min(most));
        let mut n = formula.fixed + formula.slope * value;
        if formula.floor {
            n = n.max(Exact::ZERO);
        }
        let product = formula.factor * n;
        let quotient = match formula.places {
            Some(places) => Exact::ratio(product, formula.denominator, places).unwrap(),
            None => product,
        };
        quotient * formula.after
    }

    #[test]
    fn whole_numbers_say_the_same() {
        let numbers = [
            "0",
            "1",
            "-1",
            "0.5",
            "-2.25",
            "12345.678",
            "0.000000000003",
        ];
        let denominators = ["1", "3", "0.25", "1000.1"];
        let mut seen = 0;
        for factor in numbers.map(exact) {
            for fixed in numbers.map(exact) {
                for slope in ["0", "1", "-1", "0.125", "70000000000"].map(exact) {
                    for (at, denominator) in denominators.map(exact).into_iter().enumerate() {
                        let formula = Formula {
                            factor,
                            fixed,
                            slope,
                            most: (at == 2).then(|| exact("7.5")),
                            floor: at % 2 == 1,
                            denominator,
                            places: Some([2, 12][at % 2]),
                            after: exact(["1", "0.9"][at / 2]),
                        };
                        let scale = formula.scale(3) + 1;
                        let whole = Whole::of(&formula, 3, scale).unwrap();
                        for value in [0, 1, 5, 500, 1000, 7777, 123_456_789] {
                            let found = whole.at(value).unwrap();
                            let value = Exact::new(value.into(), 3);
                            let wanted = plainly(&formula, value);
                            assert_eq!(Exact::new(found, scale), wanted, "{formula:?} {value}");
                            seen += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(seen, 7 * 7 * 5 * 4 * 7);
    }

    #[test]
    fn ties_go_to_the_even_unit() {
        // Half a cent each: 1 is 0.5 cents, to 0; 3 are 1.5, to 2; −1 to 0; 5 to 2.
        let formula = Formula::line(Exact::ZERO, exact("0.005"), 2);
        let whole = Whole::of(&formula, 0, 2).unwrap();
        let found = [1, 3, -1, 5, -3].map(|value| whole.at(value).unwrap());
        assert_eq!(found, [0, 2, 0, 2, -2]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let huge = exact("99999999999999999999999999999999999999");
        let formula = Formula::line(huge, Exact::ONE, 2);
        // In hundredths the amount leaves 128 bits, and so does the number itself in hundredths.
        assert_eq!(Whole::of(&formula, 0, 2).unwrap().at(1), None);
        let finer = Formula::line(huge, exact("0.01"), 2);
        assert!(Whole::of(&finer, 0, 2).is_none());
        let formula = Formula::line(Exact::ONE, exact("1e30"), 2);
        let whole = Whole::of(&formula, 0, 2).unwrap();
        assert_eq!(whole.at(2), Some(2 * 10i128.pow(32) + 100));
        assert_eq!(whole.at(i64::MAX), None);
    }
}
