//! Usage that no bill covers: estimated from the log's own cost, else from the price book.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::Line;
use super::offers::Sold;
use super::shelf::Shelf;
use super::value::{Rates, reported};
use super::{Attribution, Basis, CostFact, Holder, Options, Reason, Unpriced};
use crate::model::names::ModelName;
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, Month, UsageCell};

/// Emits an estimate for every cell of the period that no bill covers, and collects what has no
/// price either.
pub fn estimate(
    shelf: &Shelf<'_>,
    lines: &[Line<'_>],
    options: &Options,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let mut unpriced = Quantities::new();
    let mut unbilled = Quantities::new();
    let billed = Billed::of(lines);
    // What bills say of one thing on one day, they say of all its cells.
    let mut asked: BTreeMap<(Day, u32), Bills> = BTreeMap::new();
    let mut last = None;
    let mut known = AtBook::default();
    let mut estimated: BTreeMap<(Option<&str>, Option<&str>), Exact> = BTreeMap::new();
    for held in &shelf.held {
        let cell = held.cell;
        if !options.period.contains(cell.day) {
            continue;
        }
        let question = (cell.utc_day, shelf.sold_at(held));
        let bills = match last {
            Some((same, bills)) if same == question => bills,
            _ => *asked
                .entry(question)
                .or_insert_with(|| billed.say(shelf, shelf.sold(held), cell.utc_day)),
        };
        last = Some((question, bills));
        if bills != Bills::Silent {
            if bills == Bills::OfOthers {
                let key = (cell.provider.as_deref(), cell.model.as_deref());
                add_unpriced(unbilled.entry(key).or_insert_with(|| empty(cell)), cell);
                let known = reported(cell).or_else(|| shelf.value(held, &ChargeMeter::All));
                if known.is_none() {
                    add_unpriced(unpriced.entry(key).or_insert_with(|| empty(cell)), cell);
                }
            }
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
            if let Some((_, missing)) = shelf.rates(held).priced_part(cell)
                && !missing.is_empty()
            {
                let key = (cell.provider.as_deref(), cell.model.as_deref());
                let entry = unpriced.entry(key).or_insert_with(|| empty(cell));
                for meter in missing {
                    *entry.meters.entry(meter.clone()).or_default() += cell.quantity(meter);
                }
            }
            result.estimated_by_book += amount;
            known.see(cell, shelf.rates(held), result);
        }
        *estimated
            .entry((cell.provider.as_deref(), cell.model.as_deref()))
            .or_default() += amount;
        if amount.is_zero() {
            continue;
        }
        let holder = match held.party() {
            Some(party) => Holder::Party(party, Basis::Estimated),
            None => Holder::Nobody(Reason::NoCustomerId),
        };
        sink(&CostFact {
            holder,
            day: cell.day,
            provider: cell.provider.as_deref(),
            model: cell.model.as_deref(),
            cell: Some(cell),
            charge: None,
            share: None,
            amount,
        });
    }
    let owned = |name: Option<&str>| name.map(str::to_string);
    let estimated = estimated.into_iter();
    result.estimated = estimated
        .map(|((provider, model), amount)| ((owned(provider), owned(model)), amount))
        .collect();
    result.free = known.free.into_values().collect();
    result.at_zero = known.at_zero.into_values().collect();
    result.unpriced = unpriced.into_values().collect();
    result.unbilled = unbilled.into_values().collect();
}

/// What is worth saying about usage that was priced from the lists.
#[derive(Default)]
struct AtBook<'a> {
    free: Quantities<'a>,
    at_zero: Quantities<'a>,
}

/// Usage by provider and model.
type Quantities<'a> = BTreeMap<(Option<&'a str>, Option<&'a str>), Unpriced>;

impl<'a> AtBook<'a> {
    fn see(&mut self, cell: &'a UsageCell, rates: &Rates, result: &mut Attribution) {
        let to = match rates {
            Rates::Free => Some(&mut self.free),
            known if known.are_zero() => Some(&mut self.at_zero),
            _ => None,
        };
        if let Some(to) = to {
            let key = (cell.provider.as_deref(), cell.model.as_deref());
            add_unpriced(to.entry(key).or_insert_with(|| empty(cell)), cell);
        }
        if let Rates::Known(known) = rates {
            result.context_unknown |= cell.aggregated && known.thresholds;
            if let Some(tier) = &known.unknown_tier {
                *result.unknown_tiers.entry(tier.clone()).or_default() += cell.requests.exact();
            }
        }
    }
}

/// What bills say of something sold on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bills {
    /// None covers the day.
    Silent,
    /// They have the model.
    OfIt,
    /// They have other models only.
    OfOthers,
}

/// Which models the bills of each month have.
struct Billed {
    /// Month, provider and model family; a bill without one of the two has all of them.
    models: BTreeSet<(Month, Option<String>, Option<String>)>,
}

impl Billed {
    fn of(lines: &[Line<'_>]) -> Billed {
        let usage = lines
            .iter()
            .filter(|line| line.is_usage() || line.shared.is_some());
        let models = usage.map(|line| {
            let model = line.charge.model.as_deref();
            let family = model.map(|name| ModelName::parse(name).family);
            (line.day.month(), line.charge.provider.clone(), family)
        });
        Billed {
            models: models.collect(),
        }
    }

    /// What the bills say of something sold on a UTC day.
    fn say(&self, shelf: &Shelf<'_>, sold: &Sold<'_>, day: Day) -> Bills {
        match shelf.is_billed(sold.provider, day) {
            false => Bills::Silent,
            true if self.has(sold, day.month()) => Bills::OfIt,
            true => Bills::OfOthers,
        }
    }

    fn has(&self, sold: &Sold<'_>, month: Month) -> bool {
        let family = sold.model.as_ref().map(|model| model.family.as_str());
        let fits = |billed: &Option<String>, logged: Option<&str>| {
            billed.is_none() || logged.is_none() || billed.as_deref() == logged
        };
        let start = (month, None, None);
        let mut months = self.models.range(start..);
        let mut same_month = months
            .by_ref()
            .take_while(|(of, _, _)| *of == month)
            .peekable();
        // A month without any charge of this provider is a bill of nothing, which is one.
        if same_month.peek().is_none() {
            return true;
        }
        let mut provider_billed = false;
        for (_, provider, model) in same_month {
            if fits(provider, sold.provider) {
                provider_billed = true;
                if fits(model, family) {
                    return true;
                }
            }
        }
        !provider_billed
    }
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
