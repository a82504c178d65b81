//! What changed exchange rates did: later amounts at the earlier rates.
//!
//! The rate of a currency is what the earlier report made of all amounts in it: of the same
//! customer's revenue, or cost, if there was some, else of everybody's. The rule that must hold: only
//! what both reports converted changes here.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Money;
use super::receipt::{Entry, Original};
use crate::model::Exact;

/// Places of amounts at earlier rates.
const PLACES: u8 = 12;

/// Revenue or cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Revenue,
    Cost,
}

/// What amounts in other currencies were, and what they became.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    sums: BTreeMap<(Side, String), (Exact, Exact)>,
}

impl Rates {
    /// The rates of some entries.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Rates {
        let mut rates = Rates::default();
        for entry in entries {
            for line in &entry.revenue {
                rates.add(Side::Revenue, &line.from);
            }
            for line in &entry.cost {
                rates.add(Side::Cost, &line.from);
            }
            rates.add(Side::Cost, &entry.other_from);
        }
        rates
    }

    fn add(&mut self, side: Side, all: &[Original]) {
        for one in all {
            let sum = self.sums.entry((side, one.currency.clone())).or_default();
            sum.0 += one.amount.abs();
            sum.1 += one.converted.abs();
        }
    }

    /// Amount and what it became, neither of them 0.
    fn get(&self, side: Side, currency: &str) -> Option<(Exact, Exact)> {
        let sum = self.sums.get(&(side, currency.to_string())).copied()?;
        (!sum.0.is_zero() && !sum.1.is_zero()).then_some(sum)
    }
}

/// A customer's later entries at earlier rates.
#[derive(Clone, Debug, Default)]
pub struct Restated {
    /// The entries; empty where nothing was converted.
    pub entries: Vec<Entry>,
    /// What other rates changed: as it is less as it would be.
    pub change: Money,
    /// Currencies of which the earlier report knows no rate.
    pub unrated: BTreeSet<String>,
}

/// Restates a customer's later entries: revenue if `of.0`, cost if `of.1`. `own` are the customer's
/// earlier rates, `all` everybody's.
pub fn restate(entries: &[&Entry], own: &Rates, all: &Rates, of: (bool, bool)) -> Restated {
    let is_converted = |entry: &&Entry| {
        let revenue = entry.revenue.iter().any(|line| !line.from.is_empty());
        let cost = entry.cost.iter().any(|line| !line.from.is_empty());
        revenue || cost || !entry.other_from.is_empty()
    };
    let mut restated = Restated::default();
    if !entries.iter().any(is_converted) {
        return restated;
    }
    let mut unrated = BTreeSet::new();
    let mut change = |side: Side, from: &[Original]| -> Exact {
        let mut sum = Exact::ZERO;
        for one in from {
            let other = match side {
                Side::Revenue => Side::Cost,
                Side::Cost => Side::Revenue,
            };
            let rate = own.get(side, &one.currency);
            let rate = rate.or_else(|| all.get(side, &one.currency));
            let rate = rate.or_else(|| all.get(other, &one.currency));
            let then = rate.and_then(|(amount, converted)| {
                Exact::ratio(one.amount * converted, amount, PLACES)
            });
            match then {
                Some(then) => sum += one.converted - then,
                None => {
                    unrated.insert(one.currency.clone());
                }
            }
        }
        sum
    };
    for entry in entries {
        let mut entry = Entry::clone(entry);
        for line in entry.revenue.iter_mut().filter(|_| of.0) {
            let effect = change(Side::Revenue, &line.from);
            line.amount -= effect;
            restated.change.revenue += effect;
        }
        for line in entry.cost.iter_mut().filter(|_| of.1) {
            let effect = change(Side::Cost, &line.from);
            line.cost -= effect;
            restated.change.cost += effect;
        }
        if of.1 {
            let effect = change(Side::Cost, &entry.other_from);
            entry.other -= effect;
            restated.change.cost += effect;
        }
        restated.entries.push(entry);
    }
    restated.unrated = unrated;
    restated
}
