//! Usage that no bill covers: estimated from the log's own cost, else from the price book.

use std::collections::BTreeMap;

use super::shelf::Shelf;
use super::value::reported;
use super::{Attribution, Basis, CostFact, Holder, Options, Reason, Unpriced};
use crate::model::records::ChargeMeter;
use crate::model::{Exact, Meter, UsageCell};

/// Emits an estimate for every cell of the period that no bill covers, and collects what has no
/// price either.
pub fn estimate(
    shelf: &Shelf<'_>,
    options: &Options,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let mut unpriced: BTreeMap<(Option<&str>, Option<&str>), Unpriced> = BTreeMap::new();
    for held in &shelf.held {
        let cell = held.cell;
        if !options.period.contains(cell.day)
            || shelf.is_billed(cell.provider.as_deref(), cell.utc_day)
        {
            continue;
        }
        let own = reported(cell);
        let Some(amount) = own.or_else(|| shelf.value(held, &ChargeMeter::All)) else {
            let key = (cell.provider.as_deref(), cell.model.as_deref());
            add_unpriced(unpriced.entry(key).or_insert_with(|| empty(cell)), cell);
            continue;
        };
        if own.is_some() {
            result.estimated_by_log += amount;
        } else {
            result.estimated_by_book += amount;
            result.context_unknown |= cell.aggregated;
        }
        if amount.is_zero() {
            continue;
        }
        let holder = match held.party {
            Some(party) => Holder::Party(party, Basis::Estimated),
            None => Holder::Nobody(Reason::NoCustomerId),
        };
        sink(&CostFact {
            holder,
            day: cell.day,
            provider: cell.provider.as_deref(),
            model: cell.model.as_deref(),
            cell: Some(cell),
            amount,
        });
    }
    result.unpriced = unpriced.into_values().collect();
}

fn empty(cell: &UsageCell) -> Unpriced {
    Unpriced {
        provider: cell.provider.as_deref().map(str::to_string),
        model: cell.model.as_deref().map(str::to_string),
        requests: Exact::ZERO,
        meters: BTreeMap::<Meter, Exact>::new(),
    }
}

fn add_unpriced(unpriced: &mut Unpriced, cell: &UsageCell) {
    unpriced.requests += cell.requests.exact();
    for (meter, quantity) in &cell.quantities {
        *unpriced.meters.entry(meter.clone()).or_default() += quantity.exact();
    }
}
