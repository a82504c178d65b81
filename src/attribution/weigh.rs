//! Weighing the usage of a pool: by quantity, by book value, or by tokens.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::Line;
use super::shelf::Shelf;
use super::split::split;
use super::topics::{Topic, Topics};
use crate::identity::PartyId;
use crate::model::records::{ChargeKind, ChargeMeter};
use crate::model::{Day, Exact, Meter};

/// How the usage of a pool is compared with its charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Logged quantity against billed quantity.
    Quantity,
    /// Book value against billed money.
    Money,
    /// Tokens, since some usage has no price: nothing can be compared, only shared.
    Tokens,
}

/// Usage in a pool, weighed.
#[derive(Debug, Default)]
pub struct Weighed {
    /// Sum of the owners' weights.
    pub sum: Exact,
    /// Customers in order, nobody last.
    pub owners: Vec<Owner>,
    /// Whether usage without a price was met while weighing by money; it is left out.
    pub unpriced: bool,
}

/// One owner's usage in a pool.
#[derive(Debug, Default)]
pub struct Owner {
    /// Who; `None` where the log names nobody.
    pub party: Option<PartyId>,
    /// What is left to share in.
    pub weight: Exact,
    /// (cell, weight), in the shelf's order.
    pub cells: Vec<(usize, Exact)>,
}

/// Quantities that charges naming their customer have billed already, by cell and meter.
#[derive(Debug, Default)]
pub struct Covered {
    quantities: BTreeMap<(usize, Meter), Exact>,
}

impl Covered {
    /// Lets every charge that names its customer and states a quantity cover the customer's usage
    /// of the same provider, model, meter and days, as far as there is some.
    pub fn by(shelf: &Shelf<'_>, lines: &[Line<'_>], topics: &Topics<'_>) -> Covered {
        let mut covered = Covered::default();
        for line in lines {
            let topic = topics.of(line);
            let (Some(party), Some(quantity), ChargeMeter::Is(meter), ChargeKind::Usage) =
                (line.direct, line.quantity, &topic.meter, line.charge.kind)
            else {
                continue;
            };
            let own: Vec<(usize, Exact)> = topic
                .cells(shelf, line.first, line.end)
                .filter(|at| shelf.held[*at].party == Some(party))
                .map(|at| (at, covered.left(shelf, at, meter)))
                .collect();
            let lefts: Vec<Exact> = own.iter().map(|(_, left)| *left).collect();
            let taken = quantity.max(Exact::ZERO).min(lefts.iter().sum());
            for ((at, _), part) in own.iter().zip(split(taken, &lefts).unwrap_or_default()) {
                *covered.quantities.entry((*at, meter.clone())).or_default() += part;
            }
        }
        covered
    }

    /// What is left of a cell's quantity.
    pub fn left(&self, shelf: &Shelf<'_>, at: usize, meter: &Meter) -> Exact {
        let whole = shelf.held[at].cell.quantity(meter);
        match self.quantities.get(&(at, meter.clone())) {
            Some(covered) => whole - *covered,
            None => whole,
        }
    }

    fn value(&self, shelf: &Shelf<'_>, at: usize, meter: &ChargeMeter) -> Option<Exact> {
        let held = &shelf.held[at];
        let whole = held.rates.value(held.cell, meter)?;
        if self.quantities.is_empty() {
            return Some(whole);
        }
        let meters: Vec<Meter> = match meter {
            ChargeMeter::Is(meter) => vec![meter.clone()],
            _ => held
                .cell
                .quantities
                .iter()
                .map(|(meter, _)| meter.clone())
                .collect(),
        };
        let covered = meters.into_iter().filter_map(|meter| {
            let quantity = self.quantities.get(&(at, meter.clone()))?;
            held.rates.rate(&meter).map(|rate| rate * *quantity)
        });
        Some((whole - covered.sum()).max(Exact::ZERO))
    }
}

/// Weighs what a topic covers on UTC days `[first, end)`. `direct` are charges without quantity
/// that name their customer: in money they cover its usage up to their amount.
pub fn weigh(
    shelf: &Shelf<'_>,
    covered: &Covered,
    topic: &Topic,
    (first, end): (Day, Day),
    measure: Measure,
    direct: &[&Line<'_>],
) -> Weighed {
    let mut owners: BTreeMap<(bool, Option<PartyId>), Owner> = BTreeMap::new();
    let mut unpriced = false;
    for at in topic.cells(shelf, first, end) {
        let weight = match (&topic.meter, measure) {
            (ChargeMeter::Is(meter), Measure::Quantity | Measure::Tokens) => {
                Some(covered.left(shelf, at, meter))
            }
            (meter, _) => covered.value(shelf, at, meter),
        };
        let Some(weight) = weight else {
            unpriced = true;
            continue;
        };
        if weight.is_zero() {
            continue;
        }
        let party = shelf.held[at].party;
        let owner = owners.entry((party.is_none(), party)).or_default();
        owner.party = party;
        owner.weight += weight;
        owner.cells.push((at, weight));
    }
    if measure == Measure::Money {
        for line in direct.iter().filter(|line| line.quantity.is_none()) {
            if let Some(owner) = owners.get_mut(&(false, line.direct)) {
                owner.weight = (owner.weight - line.amount.max(Exact::ZERO)).max(Exact::ZERO);
            }
        }
    }
    let owners: Vec<Owner> = owners
        .into_values()
        .filter(|owner| !owner.weight.is_zero())
        .collect();
    Weighed {
        sum: owners.iter().map(|owner| owner.weight).sum(),
        owners,
        unpriced,
    }
}

/// Everyone who has usage of what a topic covers.
pub fn users(shelf: &Shelf<'_>, topic: &Topic, (first, end): (Day, Day)) -> Vec<PartyId> {
    let users: BTreeSet<PartyId> = topic
        .cells(shelf, first, end)
        .filter_map(|at| shelf.held[at].party)
        .collect();
    users.into_iter().collect()
}
