//! Credits, tax and rounding lines follow the cost of their provider and month, the unattributed
//! part included.

use std::collections::BTreeMap;

use super::giving::{Gift, emit, emit_cells};
use super::ledger::{Given, Ledger, PartyOrNobody};
use super::lines::Line;
use super::share::{By, Share};
use super::shelf::Shelf;
use super::split::split;
use super::{Basis, CostFact, Holder, Reason};
use crate::model::{Exact, Month};

/// Shares every line that follows others and names no customer itself.
pub fn share(
    shelf: &Shelf<'_>,
    lines: &[Line<'_>],
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    // Lines that follow are not followed themselves, so what they follow stays the same.
    let mut known: BTreeMap<(&Option<String>, Month), ByOwner> = BTreeMap::new();
    for line in lines
        .iter()
        .filter(|line| line.follows() && line.direct.is_none())
    {
        let (provider, month) = (&line.charge.provider, line.day.month());
        let owners = known
            .entry((provider, month))
            .or_insert_with(|| by_owner(ledger.given(provider, month)));
        let sums: Vec<Exact> = owners
            .values()
            // Money given back earlier cannot attract more: it weighs nothing.
            .map(|cells| {
                cells
                    .iter()
                    .map(|(_, cost)| *cost)
                    .sum::<Exact>()
                    .max(Exact::ZERO)
            })
            .collect();
        let Some(parts) = split(line.amount, &sums) else {
            let gift = Gift::whole(line, Holder::Nobody(Reason::NoUsage));
            emit(shelf, gift, None, line.amount, ledger, sink);
            continue;
        };
        let whole = sums.iter().sum();
        for (((owner, cells), weight), part) in owners.iter().zip(&sums).zip(parts) {
            let holder = match owner {
                PartyOrNobody::Party(party) => Holder::Party(*party, Basis::Allocated),
                PartyOrNobody::Nobody => Holder::Nobody(Reason::FollowsUnattributed),
            };
            let weights: Vec<(usize, Exact)> = cells
                .iter()
                .filter_map(|(cell, cost)| cell.map(|cell| (cell, (*cost).max(Exact::ZERO))))
                .filter(|_| *owner != PartyOrNobody::Nobody)
                .collect();
            let gift = Gift {
                line,
                holder,
                share: Some(&Share {
                    by: By::Cost,
                    weight: *weight,
                    whole,
                    of: line.amount,
                }),
            };
            emit_cells(shelf, gift, part, &weights, ledger, sink);
        }
    }
}

type ByOwner = BTreeMap<PartyOrNobody, Vec<(Option<usize>, Exact)>>;

fn by_owner(given: Option<&Given>) -> ByOwner {
    let mut owners = ByOwner::new();
    for (holding, cost) in given.into_iter().flatten() {
        owners
            .entry(holding.party)
            .or_default()
            .push((holding.cell, *cost));
    }
    owners
}
