//! Giving cost away: every gift is entered in the ledger and handed on as a fact.

use super::ledger::Ledger;
use super::lines::Line;
use super::share::Share;
use super::shelf::Shelf;
use super::split::split;
use super::{Basis, CostFact, Holder, Reason};
use crate::identity::PartyId;
use crate::model::Exact;

/// Who gets of what, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct Gift<'g, 'a> {
    /// The charge.
    pub line: &'g Line<'a>,
    /// Who gets it.
    pub holder: Holder,
    /// The holder's share of it; `None` for all of it.
    pub share: Option<&'g Share<'g>>,
}

impl<'g, 'a> Gift<'g, 'a> {
    /// The whole of a charge.
    pub fn whole(line: &'g Line<'a>, holder: Holder) -> Gift<'g, 'a> {
        Gift {
            line,
            holder,
            share: None,
        }
    }
}

/// Who gets the part of an owner of usage.
pub fn holder(owner: Option<PartyId>, basis: Basis) -> Holder {
    match owner {
        Some(party) => Holder::Party(party, basis),
        None => Holder::Nobody(Reason::NoCustomerId),
    }
}

/// Parts that are given away without the usage that carries them: what a customer gets of one
/// provider, on one basis and in one month, is one gift. Whoever fills a pile gives it in the end.
#[derive(Default)]
pub struct Pile<'l, 'a> {
    of: Option<About<'l, 'a>>,
    /// By the number of the party.
    sums: Vec<Option<Exact>>,
    /// The same in units.
    units: Vec<Option<i128>>,
    /// Whose sums are there, in the order in which they came.
    order: Vec<PartyId>,
}

/// What the parts of a pile have in common.
#[derive(Clone, Copy)]
struct About<'l, 'a> {
    /// The first line, whose provider and month are those of all.
    line: &'l Line<'a>,
    basis: Basis,
    /// The places of the units, where the parts are counted in units.
    places: Option<u8>,
}

impl<'l, 'a> Pile<'l, 'a> {
    /// Adds the parts of a line.
    pub fn add(
        &mut self,
        line: &'l Line<'a>,
        basis: Basis,
        parts: impl Iterator<Item = (Option<PartyId>, Exact)>,
        ledger: &mut Ledger,
        sink: &mut dyn FnMut(&CostFact<'_>),
    ) {
        let places = None;
        let about = About {
            line,
            basis,
            places,
        };
        self.begin(about, ledger, sink);
        for (owner, part) in parts {
            match owner {
                None => give((line, holder(None, basis)), part, ledger, sink),
                Some(party) => match at(&mut self.sums, party) {
                    Some(sum) => *sum += part,
                    none => {
                        *none = Some(part);
                        self.order.push(party);
                    }
                },
            }
        }
    }

    /// Adds the parts of a line, in units of 10^-`places`.
    pub fn add_short(
        &mut self,
        (line, basis, places): (&'l Line<'a>, Basis, u8),
        parts: impl Iterator<Item = (Option<PartyId>, i64)>,
        ledger: &mut Ledger,
        sink: &mut dyn FnMut(&CostFact<'_>),
    ) {
        let about = About {
            line,
            basis,
            places: Some(places),
        };
        self.begin(about, ledger, sink);
        for (owner, part) in parts {
            let part = i128::from(part);
            match owner {
                None => {
                    let part = Exact::new(part, places);
                    give((line, holder(None, basis)), part, ledger, sink);
                }
                Some(party) => match at(&mut self.units, party) {
                    // Parts of 64 bits do not sum to more than 128.
                    Some(sum) => *sum += part,
                    none => {
                        *none = Some(part);
                        self.order.push(party);
                    }
                },
            }
        }
    }

    /// Gives away what was piled of another provider, month or basis, or in other units.
    fn begin(
        &mut self,
        about: About<'l, 'a>,
        ledger: &mut Ledger,
        sink: &mut dyn FnMut(&CostFact<'_>),
    ) {
        let same = self.of.is_some_and(|of| {
            of.line.charge.provider == about.line.charge.provider
                && of.line.day.month() == about.line.day.month()
                && (of.basis, of.places) == (about.basis, about.places)
        });
        if !same {
            self.give(ledger, sink);
            self.of = Some(about);
        }
    }

    /// Gives everything away.
    pub fn give(&mut self, ledger: &mut Ledger, sink: &mut dyn FnMut(&CostFact<'_>)) {
        let Some(About {
            line,
            basis,
            places,
        }) = self.of.take()
        else {
            return;
        };
        for party in self.order.drain(..) {
            let sum = match places {
                Some(places) => {
                    let units = at(&mut self.units, party).take();
                    Exact::new(units.unwrap_or(0), places)
                }
                None => at(&mut self.sums, party).take().unwrap_or_default(),
            };
            give((line, Holder::Party(party, basis)), sum, ledger, sink);
        }
    }
}

/// The place of a party in a list by its number.
fn at<T: Clone>(list: &mut Vec<Option<T>>, party: PartyId) -> &mut Option<T> {
    let at = party.0 as usize;
    if at >= list.len() {
        list.resize(at + 1, None);
    }
    &mut list[at]
}

/// Enters what a holder gets of lines of one provider and month, and hands it on.
fn give(
    (line, holder): (&Line<'_>, Holder),
    amount: Exact,
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    if amount.is_zero() {
        return;
    }
    ledger.give(line, holder, None, amount);
    sink(&CostFact {
        holder,
        day: line.day,
        provider: line.charge.provider.as_deref(),
        model: None,
        cell: None,
        charge: None,
        share: None,
        amount,
    });
}

/// Gives a part away, over cells where there are some.
pub fn emit_cells(
    shelf: &Shelf<'_>,
    gift: Gift<'_, '_>,
    part: Exact,
    cells: &[(usize, Exact)],
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    if part.is_zero() {
        return;
    }
    let weights: Vec<Exact> = cells.iter().map(|(_, weight)| *weight).collect();
    match split(part, &weights) {
        Some(parts) => {
            for ((cell, _), part) in cells.iter().zip(parts) {
                if !part.is_zero() {
                    emit(shelf, gift, Some(*cell), part, ledger, sink);
                }
            }
        }
        None => emit(shelf, gift, None, part, ledger, sink),
    }
}

/// Enters one fact in the ledger and hands it on.
pub fn emit(
    shelf: &Shelf<'_>,
    gift: Gift<'_, '_>,
    cell: Option<usize>,
    amount: Exact,
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let Gift {
        line,
        holder,
        share,
    } = gift;
    ledger.give(line, holder, cell, amount);
    let held = cell.map(|at| &shelf.held[at]);
    let cell = held.map(|held| held.cell);
    let billed = line.charge.model.as_deref();
    // What a coarser match brings to the usage of another model is still what the bill says it is.
    let logged = held.and_then(|held| shelf.sold(held).model.as_ref());
    let other = match (&line.model, logged) {
        (Some(billed), Some(logged)) => billed.family != logged.family,
        _ => false,
    };
    let model = match cell.and_then(|cell| cell.model.as_deref()) {
        Some(logged) if !other => Some(logged),
        _ => billed,
    };
    // A longer charge counts on the days of the usage that carries it.
    let day = match cell {
        Some(cell) if line.end.0 - line.first.0 > 1 => cell.utc_day,
        _ => line.day,
    };
    sink(&CostFact {
        holder,
        day,
        provider: line.charge.provider.as_deref(),
        model,
        cell,
        charge: Some(line.charge),
        share,
        amount,
    });
}
