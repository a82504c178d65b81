//! Weighing the usage of a pool: by quantity, by book value, or by tokens.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Options;
use super::columns::{Columns, Counted};
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
    /// Customers in order, nobody last; empty where they are counted.
    owners: Vec<Owner>,
    /// (cell, weight) of all owners, each owner's in the shelf's order.
    cells: Vec<(usize, Exact)>,
    /// Whether usage without a price was met while weighing by money; it is left out.
    pub unpriced: bool,
    /// The owners' weights in short form, where nothing else was weighed.
    pub counted: Option<Counted>,
}

/// One owner's usage in a pool.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Who; `None` where the log names nobody.
    pub party: Option<PartyId>,
    /// What is left to share in.
    pub weight: Exact,
    /// Its part of the cells.
    cells: Range<usize>,
}

/// What weighs the usage of pools.
pub struct Scales<'s, 'a> {
    /// The usage.
    pub shelf: &'s Shelf<'a>,
    /// What is billed already.
    covered: Covered,
    /// Quantities, where they suffice: nothing is covered and nobody asks for cells.
    columns: Option<Columns>,
}

impl<'s, 'a> Scales<'s, 'a> {
    /// Makes them ready for the lines of a bill.
    pub fn new(
        shelf: &'s Shelf<'a>,
        lines: &[Line<'a>],
        topics: &Topics<'_>,
        options: &Options,
    ) -> Scales<'s, 'a> {
        let covered = Covered::by(shelf, lines, topics);
        let counted = lines.iter().filter(|line| line.quantity.is_some());
        let topics = counted.map(|line| topics.of(line).meter);
        let meters: BTreeSet<Meter> = topics
            .filter_map(|meter| match meter {
                ChargeMeter::Is(meter) => Some(meter),
                _ => None,
            })
            .collect();
        let plain = covered.quantities.is_empty() && !options.detail;
        Scales {
            shelf,
            covered,
            columns: plain.then(|| Columns::of(shelf, meters.iter())),
        }
    }

    /// Weighs what a topic covers on UTC days, as [`weigh`].
    pub fn weigh(
        &self,
        topic: &Topic,
        days: (Day, Day),
        measure: Measure,
        direct: &[&Line<'_>],
    ) -> Weighed {
        let columns = self.columns.as_ref().filter(|_| measure != Measure::Money);
        match columns.and_then(|columns| columns.counted(self.shelf, topic, days)) {
            Some(counted) => Weighed::of_counted(counted),
            None => weigh(self.shelf, &self.covered, topic, days, measure, direct),
        }
    }

    /// The sum of what [`Scales::weigh`] finds.
    pub fn sum(
        &self,
        topic: &Topic,
        days: (Day, Day),
        measure: Measure,
        direct: &[&Line<'_>],
    ) -> Exact {
        let columns = self.columns.as_ref().filter(|_| measure != Measure::Money);
        let sum = columns.and_then(|columns| columns.sum(self.shelf, topic, days));
        sum.unwrap_or_else(|| self.weigh(topic, days, measure, direct).sum)
    }
}

impl Weighed {
    fn of_counted(counted: Counted) -> Weighed {
        Weighed {
            sum: counted.sum(),
            counted: Some(counted),
            ..Weighed::default()
        }
    }

    /// The owners, customers in order and nobody last.
    pub fn owners(&self) -> Cow<'_, [Owner]> {
        let owner = |(party, weight)| Owner {
            party,
            weight,
            cells: 0..0,
        };
        match &self.counted {
            Some(counted) => counted.owners().map(owner).collect(),
            None => Cow::Borrowed(&self.owners),
        }
    }

    /// A customer's usage.
    pub fn of(&self, party: PartyId) -> Option<&Owner> {
        position(&self.owners, party).map(|at| &self.owners[at])
    }

    /// The cells over which a part of the owner's is spread.
    pub fn cells_of(&self, owner: &Owner) -> &[(usize, Exact)] {
        &self.cells[owner.cells.clone()]
    }
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
                .cells_of(shelf, party, line.first, line.end)
                .into_iter()
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
        if self.quantities.is_empty() {
            return whole;
        }
        match self.quantities.get(&(at, meter.clone())) {
            Some(covered) => whole - *covered,
            None => whole,
        }
    }

    fn value(&self, shelf: &Shelf<'_>, at: usize, meter: &ChargeMeter) -> Option<Exact> {
        let held = &shelf.held[at];
        let whole = shelf.value(held, meter)?;
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
            shelf.rate(held, &meter).map(|rate| rate * *quantity)
        });
        Some((whole - covered.sum()).max(Exact::ZERO))
    }
}

/// Where a customer stands among owners, which are in order.
fn position(owners: &[Owner], party: PartyId) -> Option<usize> {
    let key = |owner: &Owner| (owner.party.is_none(), owner.party);
    owners.binary_search_by_key(&(false, Some(party)), key).ok()
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
    let mut cells = Vec::new();
    let (mut unpriced, mut uncounted) = (false, false);
    for at in topic.cells(shelf, first, end) {
        let weight = match (&topic.meter, measure) {
            (ChargeMeter::Is(meter), Measure::Quantity | Measure::Tokens) => {
                Some(covered.left(shelf, at, meter))
            }
            (meter, _) => covered.value(shelf, at, meter),
        };
        match weight {
            // A call that states no quantities among others that do weighs nothing.
            None if shelf.held[at].cell.quantities.is_empty() => uncounted = true,
            None => unpriced = true,
            Some(weight) if weight.is_zero() => {}
            Some(weight) => cells.push((at, weight)),
        }
    }
    unpriced |= uncounted && cells.is_empty();
    let party = |cell: &(usize, Exact)| shelf.held[cell.0].party();
    // The cells of one day are in this order already.
    cells.sort_by_key(|cell| (party(cell).is_none(), party(cell)));
    let mut owners = Vec::new();
    let mut start = 0;
    for own in cells.chunk_by(|a, b| party(a) == party(b)) {
        owners.push(Owner {
            party: party(&own[0]),
            weight: own.iter().map(|(_, weight)| *weight).sum(),
            cells: start..start + own.len(),
        });
        start += own.len();
    }
    if measure == Measure::Money {
        for line in direct.iter().filter(|line| line.quantity.is_none()) {
            let own = line.direct.and_then(|party| position(&owners, party));
            if let Some(owner) = own.map(|at| &mut owners[at]) {
                owner.weight = (owner.weight - line.amount.max(Exact::ZERO)).max(Exact::ZERO);
            }
        }
    }
    owners.retain(|owner| !owner.weight.is_zero());
    Weighed {
        sum: owners.iter().map(|owner| owner.weight).sum(),
        owners,
        cells,
        unpriced,
        counted: None,
    }
}

/// Everyone who has usage of what a topic covers.
pub fn users(shelf: &Shelf<'_>, topic: &Topic, (first, end): (Day, Day)) -> Vec<PartyId> {
    let users: BTreeSet<PartyId> = topic
        .cells(shelf, first, end)
        .into_iter()
        .filter_map(|at| shelf.held[at].party())
        .collect();
    users.into_iter().collect()
}
