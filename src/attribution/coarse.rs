//! The coarser match: charges whose pool has no usage go to the usage of the model and month, then
//! of the provider and month.

use std::collections::{BTreeMap, BTreeSet};

use super::giving::{Gift, emit, emit_cells};
use super::ledger::Ledger;
use super::lines::Line;
use super::share::{self, Share};
use super::shelf::{Shelf, same_provider};
use super::split::split;
use super::{Attribution, Basis, CostFact, Holder, Options, Reason, Residual};
use crate::identity::PartyId;
use crate::model::records::ChargeMeter;
use crate::model::{Exact, Meter, Month};

/// What weighs the usage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// Book value of everything.
    Value,
    /// Served requests, for charges per request.
    Requests,
    /// One meter's quantity, where some usage has no price.
    Meter(Meter),
}

impl By {
    fn shared(&self) -> share::By<'static> {
        match self {
            By::Value => share::By::Value,
            By::Requests => share::By::Requests,
            By::Meter(_) => share::By::Tokens,
        }
    }
}

/// Provider, model family (or all) and month.
type Reach = (Option<String>, Option<String>, Month);

/// An owner, customers in order and nobody last.
type Owner = (bool, Option<PartyId>);

/// Usage within reach, weighed.
#[derive(Clone, Debug, Default)]
struct Within {
    /// Owner → (cell, weight).
    owners: BTreeMap<Owner, Vec<(usize, Exact)>>,
    /// Some of it has no price.
    unpriced: bool,
    /// Everyone with usage there.
    users: BTreeSet<PartyId>,
}

/// Shares the lines that found no usage in their pool.
pub fn share(
    shelf: &Shelf<'_>,
    lines: &[&Line<'_>],
    options: &Options,
    ledger: &mut Ledger,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let mut cache: BTreeMap<(Reach, By), Within> = BTreeMap::new();
    for line in lines {
        if options.exact_match {
            let gift = Gift::whole(line, Holder::Nobody(Reason::NoUsage));
            emit(shelf, gift, None, line.amount, ledger, sink);
            continue;
        }
        match reach(shelf, line, &mut cache) {
            Found::Usage(key) => give(shelf, line, (&key.1, &cache[&key]), options, ledger, sink),
            Found::Unpriced(key) => {
                let users = cache[&key].users.iter().copied().collect();
                let gift = Gift::whole(line, Holder::Nobody(Reason::UnpricedUsage));
                emit(shelf, gift, None, line.amount, ledger, sink);
                result.residuals.push(Residual {
                    day: line.day,
                    amount: line.amount,
                    users,
                });
            }
            Found::Nothing => {
                let gift = Gift::whole(line, Holder::Nobody(Reason::NoUsage));
                emit(shelf, gift, None, line.amount, ledger, sink);
            }
        }
    }
}

enum Found {
    Usage((Reach, By)),
    Unpriced((Reach, By)),
    Nothing,
}

/// The first of provider + model + month and provider + month that has usage to weigh.
fn reach(shelf: &Shelf<'_>, line: &Line<'_>, cache: &mut BTreeMap<(Reach, By), Within>) -> Found {
    let provider = line.charge.provider.clone();
    let month = line.day.month();
    let model = line.model.as_ref().map(|model| model.family.clone());
    let by = match &line.charge.meter {
        ChargeMeter::Is(Meter::Requests | Meter::WebSearches) => By::Requests,
        _ => By::Value,
    };
    let with_model = model.map(|model| (provider.clone(), Some(model), month));
    for at in [with_model, Some((provider, None, month))]
        .into_iter()
        .flatten()
    {
        let key = (at.clone(), by.clone());
        let within = cache
            .entry(key.clone())
            .or_insert_with(|| weigh(shelf, &at, &by));
        if within.unpriced {
            // Nothing weighs zero for want of a price: by the charge's own meter, or not at all.
            let ChargeMeter::Is(meter) = &line.charge.meter else {
                return Found::Unpriced(key);
            };
            let by_meter = (at.clone(), By::Meter(meter.clone()));
            let within = cache
                .entry(by_meter.clone())
                .or_insert_with(|| weigh(shelf, &at, &by_meter.1));
            if within.owners.is_empty() {
                return Found::Unpriced(key);
            }
            return Found::Usage(by_meter);
        }
        if !within.owners.is_empty() {
            return Found::Usage(key);
        }
    }
    Found::Nothing
}

fn weigh(shelf: &Shelf<'_>, (provider, model, month): &Reach, by: &By) -> Within {
    let mut within = Within::default();
    let mut uncounted = false;
    for at in shelf.of_month(*month) {
        let held = &shelf.held[at];
        let sold = shelf.sold(held);
        let family = sold.model.as_ref().map(|name| &name.family);
        let right_model = model.is_none() || family.is_none() || family == model.as_ref();
        if !right_model || !same_provider(sold.provider, provider.as_deref()) {
            continue;
        }
        within.users.extend(held.party());
        let weight = match by {
            By::Requests => Some(held.cell.requests.exact()),
            By::Meter(meter) => Some(held.cell.quantity(meter)),
            By::Value => shelf.value(held, &ChargeMeter::All),
        };
        match weight {
            // A call that states no quantities among others that do weighs nothing.
            None if held.cell.quantities.is_empty() => uncounted = true,
            None => within.unpriced = true,
            Some(weight) if weight.is_zero() => {}
            Some(weight) => {
                let owner = (held.party().is_none(), held.party());
                within.owners.entry(owner).or_default().push((at, weight));
            }
        }
    }
    within.unpriced |= uncounted && within.owners.is_empty();
    within
}

fn give(
    shelf: &Shelf<'_>,
    line: &Line<'_>,
    (by, within): (&By, &Within),
    options: &Options,
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let sums: Vec<Exact> = within
        .owners
        .values()
        .map(|cells| cells.iter().map(|(_, weight)| *weight).sum())
        .collect();
    let Some(parts) = split(line.amount, &sums) else {
        return;
    };
    let whole = sums.iter().sum();
    let owners = within.owners.iter().zip(&sums);
    for ((((_, party), cells), weight), part) in owners.zip(parts) {
        let holder = match party {
            Some(party) => Holder::Party(*party, Basis::Allocated),
            None => Holder::Nobody(Reason::NoCustomerId),
        };
        let cells = if options.detail {
            cells.as_slice()
        } else {
            &[]
        };
        let gift = Gift {
            line,
            holder,
            share: Some(&Share {
                by: by.shared(),
                weight: *weight,
                whole,
                of: line.amount,
            }),
        };
        emit_cells(shelf, gift, part, cells, ledger, sink);
    }
}
