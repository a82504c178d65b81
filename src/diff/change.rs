//! Changes of money with their causes, which add up.

use std::collections::BTreeMap;

use super::cause::Cause;
use crate::model::Exact;

/// Revenue and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Revenue.
    pub revenue: Exact,
    /// Cost.
    pub cost: Exact,
}

impl Money {
    /// Revenue − cost.
    pub fn gross_profit(&self) -> Exact {
        self.revenue - self.cost
    }

    /// Whether it is no more than rounding of steps leaves.
    pub fn is_dust(&self) -> bool {
        let most = Exact::new(1, DUST);
        self.revenue.abs() <= most && self.cost.abs() <= most
    }

    /// Adds another.
    pub fn add(&mut self, other: Money) {
        self.revenue += other.revenue;
        self.cost += other.cost;
    }

    /// This less another.
    pub fn less(self, other: Money) -> Money {
        Money {
            revenue: self.revenue - other.revenue,
            cost: self.cost - other.cost,
        }
    }

    /// Whether both are 0.
    pub fn is_zero(&self) -> bool {
        self.revenue.is_zero() && self.cost.is_zero()
    }
}

/// Decimals of what rounding of steps leaves: no more is no cause, and counts with the largest one.
const DUST: u8 = 9;

/// The change of one customer, or of the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Before.
    pub before: Money,
    /// After.
    pub after: Money,
    /// What changed it, by cause.
    pub causes: BTreeMap<Cause, Money>,
}

impl Change {
    /// After less before.
    pub fn difference(&self) -> Money {
        self.after.less(self.before)
    }
}

/// One customer's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The customer as the report names it.
    pub customer: String,
    /// The change.
    pub change: Change,
}

/// Adds to a cause.
pub fn add(causes: &mut BTreeMap<Cause, Money>, cause: Cause, amount: Money) {
    if !amount.is_zero() {
        causes.entry(cause).or_default().add(amount);
    }
}

/// Refuses causes that do not add up.
///
/// # Panics
/// If they do not: a bug of ours that must never print.
pub fn check(change: &Change, whose: &str) {
    let mut sum = Money::default();
    change.causes.values().for_each(|amount| sum.add(*amount));
    assert!(
        sum == change.difference(),
        "the causes of {whose} sum to {sum:?}, the change is {:?}",
        change.difference()
    );
}

/// Gives what is too small to be a cause to the largest one; keeps it where there is no other.
pub fn without_dust(causes: &mut BTreeMap<Cause, Money>) {
    let size = |money: &Money| money.revenue.abs() + money.cost.abs();
    causes.retain(|_, amount| !amount.is_zero());
    let largest = causes.iter().max_by_key(|(_, amount)| size(amount));
    let Some((largest, _)) = largest.map(|(cause, amount)| (*cause, *amount)) else {
        return;
    };
    let mut dust = Money::default();
    causes.retain(|cause, amount| {
        let keep = *cause == largest || !amount.is_dust();
        if !keep {
            dust.add(*amount);
        }
        keep
    });
    add(causes, largest, dust);
    causes.retain(|_, amount| !amount.is_zero());
}
