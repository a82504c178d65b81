//! Look-alikes: their months, their growth, and the level of each.

use super::{Choices, LEAST_MONTHS_FOR_GROWTH, float};

/// One whole month of a look-alike, per seat (or per customer).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthOf {
    /// How many months before the last month of the period: 0 is the last.
    pub back: u32,
    /// Its cost, not below zero.
    pub cost: f64,
    /// How much of what a cap counts; 0 where nothing was counted.
    pub quantity: f64,
}

/// A customer like the one that is quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct LookAlike {
    /// The customer.
    pub customer: String,
    /// Its months; at least one.
    pub months: Vec<MonthOf>,
}

/// Growth per month, as a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The rate.
    pub rate: f64,
    /// Whether it was worked out from the look-alikes.
    pub estimated: bool,
}

impl LookAlike {
    fn mean(&self) -> f64 {
        let sum: f64 = self.months.iter().map(|month| month.cost).sum();
        sum / self.months.len() as f64
    }

    /// Numerator and denominator of the slope of its cost over time, relative to its mean.
    pub(super) fn slope(&self) -> (f64, f64) {
        let mean = self.mean();
        if mean <= 0.0 || self.months.len() < 2 {
            return (0.0, 0.0);
        }
        let count = self.months.len() as f64;
        let backs = self.months.iter().map(|month| f64::from(month.back));
        let centre = backs.sum::<f64>() / count;
        self.months.iter().fold((0.0, 0.0), |(over, under), month| {
            let time = centre - f64::from(month.back);
            (over + time * month.cost / mean, under + time * time)
        })
    }

    /// What a month costs at the level of the last month of the period.
    pub(super) fn level(&self, growth: &Powers) -> f64 {
        let now = |month: &MonthOf| month.cost * growth.of(month.back);
        self.months.iter().map(now).sum::<f64>() / self.months.len() as f64
    }
}

/// The growth that slopes have together: each look-alike counts with its relative slope, so that a
/// heavy one counts no more than a light one.
pub fn together(slopes: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (over, under) = slopes.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    match under > 0.0 {
        // Less than nothing cannot be left.
        true => (over / under).max(-0.99),
        false => 0.0,
    }
}

/// The growth of a quote: as stated, else that of the look-alikes if they have enough months.
pub fn growth(look_alikes: &[LookAlike], choices: &Choices) -> Growth {
    if let Some(stated) = choices.growth {
        return Growth {
            rate: float(stated),
            estimated: false,
        };
    }
    let longest = look_alikes.iter().map(|one| one.months.len()).max();
    let estimated = longest.is_some_and(|months| months >= LEAST_MONTHS_FOR_GROWTH);
    Growth {
        rate: match estimated {
            true => together(look_alikes.iter().map(LookAlike::slope)),
            false => 0.0,
        },
        estimated,
    }
}

/// `(1 + growth)` to the powers 0, 1, 2 …, by multiplication.
#[derive(Clone, Debug)]
pub struct Powers(Vec<f64>);

impl Powers {
    /// The powers up to `last`.
    pub fn new(growth: f64, last: u32) -> Powers {
        let mut powers = vec![1.0];
        for _ in 0..last {
            powers.push(powers[powers.len() - 1] * (1.0 + growth));
        }
        Powers(powers)
    }

    /// One of them.
    pub fn of(&self, exponent: u32) -> f64 {
        self.0[exponent as usize]
    }

    /// The sum of the powers 1 to `last`: what a contract costs whose first month follows the period,
    /// in months of the period's end.
    pub fn sum(&self, last: u32) -> f64 {
        self.0[1..=last as usize].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(costs: &[f64]) -> LookAlike {
        let last = costs.len() as u32 - 1;
        let month = |(at, cost): (u32, &f64)| MonthOf {
            back: last - at,
            cost: *cost,
            quantity: 0.0,
        };
        LookAlike {
            customer: "acme".into(),
            months: (0..).zip(costs).map(month).collect(),
        }
    }

    #[test]
    fn slopes_are_relative_and_signed() {
        // 90, 100, 110: 10 a month on 100. Its slope is (−1 × 0.9 + 1 × 1.1) ∕ 2 = 0.1.
        let (over, under) = of(&[90.0, 100.0, 110.0]).slope();
        assert!((over - 0.2).abs() < 1e-12 && under == 2.0);
        let (over, _) = of(&[9.0, 10.0, 11.0]).slope();
        assert!((over - 0.2).abs() < 1e-12, "size does not matter");
        assert!(of(&[11.0, 10.0, 9.0]).slope().0 < 0.0);
        assert_eq!(of(&[0.0, 0.0]).slope(), (0.0, 0.0));
        assert_eq!(together([(0.2, 2.0), (0.0, 2.0)].into_iter()), 0.05);
        assert_eq!(together(std::iter::empty()), 0.0);
    }

    #[test]
    fn levels_are_brought_to_the_last_month() {
        // 100 and 110 at 10 % a month are both 110 at the end.
        let powers = Powers::new(0.1, 12);
        assert!((of(&[100.0, 110.0]).level(&powers) - 110.0).abs() < 1e-9);
        // 1.1 + 1.21.
        assert!((powers.sum(2) - 2.31).abs() < 1e-12);
    }
}
