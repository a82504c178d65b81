//! `+`, `-` and `×` on exact numbers. They never round; leaving 256 bits is loud.

use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use ethnum::I256;

use super::exact::{Exact, OutOfRange, checked, common, small};

impl Add for Exact {
    type Output = Exact;
    #[inline]
    fn add(self, other: Exact) -> Exact {
        // The hot case: the same places, and far from the limits.
        if self.scale == other.scale
            && let (Some(a), Some(b)) = (small(self.mantissa), small(other.mantissa))
            && let Some(sum) = a.checked_add(b)
        {
            return Exact {
                mantissa: I256::new(sum),
                scale: self.scale,
            };
        }
        add(self, other)
    }
}

fn add(a: Exact, b: Exact) -> Exact {
    let scale = a.scale.max(b.scale);
    let (a, b) = common(a, b);
    let fast = match (small(a), small(b)) {
        (Some(a), Some(b)) => a.checked_add(b),
        _ => None,
    };
    Exact {
        mantissa: match fast {
            Some(sum) => I256::new(sum),
            None => checked(a.checked_add(b)),
        },
        scale,
    }
}

impl Sub for Exact {
    type Output = Exact;
    fn sub(self, other: Exact) -> Exact {
        self + -other
    }
}

impl Neg for Exact {
    type Output = Exact;
    fn neg(self) -> Exact {
        Exact {
            mantissa: checked(I256::ZERO.checked_sub(self.mantissa)),
            scale: self.scale,
        }
    }
}

impl Mul for Exact {
    type Output = Exact;
    fn mul(self, other: Exact) -> Exact {
        let (a, b) = (self.normalized(), other.normalized());
        let scale = a
            .scale
            .checked_add(b.scale)
            .unwrap_or_else(|| std::panic::panic_any(OutOfRange));
        let fast = match (small(a.mantissa), small(b.mantissa)) {
            (Some(a), Some(b)) => a.checked_mul(b),
            _ => None,
        };
        Exact {
            mantissa: match fast {
                Some(product) => I256::new(product),
                None => checked(a.mantissa.checked_mul(b.mantissa)),
            },
            scale,
        }
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Exact) {
        *self = *self + other;
    }
}

impl SubAssign for Exact {
    fn sub_assign(&mut self, other: Exact) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(values: I) -> Exact {
        values.fold(Exact::ZERO, Add::add)
    }
}

impl<'a> std::iter::Sum<&'a Exact> for Exact {
    fn sum<I: Iterator<Item = &'a Exact>>(values: I) -> Exact {
        values.copied().sum()
    }
}
