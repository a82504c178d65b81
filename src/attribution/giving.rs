//! Giving cost away: every gift is entered in the ledger and handed on as a fact.

use super::ledger::Ledger;
use super::lines::Line;
use super::share::Share;
use super::shelf::Shelf;
use super::split::split;
use super::{CostFact, Holder};
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
    let logged = held.and_then(|held| shelf.models[held.model].as_ref());
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
