//! The period's usage laid out for matching: by UTC day, with owners, models and rates resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::value::Rates;
use super::{BillCover, Inputs, Options};
use crate::identity::PartyId;
use crate::model::names::ModelName;
use crate::model::{Day, Meter, Month, UsageCell, Zone};

/// A cell of usage with what matching needs to know about it.
#[derive(Debug)]
pub struct Held<'a> {
    /// The cell.
    pub cell: &'a UsageCell,
    /// Its owner; `None` where the log names nobody.
    pub party: Option<PartyId>,
    /// Index of its model in [`Shelf::models`].
    pub model: usize,
    /// Its rates.
    pub rates: Rates,
}

/// What the log of one provider lacks: pools are merged over it before anything is compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lacks {
    /// No row names a model.
    pub model: bool,
    /// No row names a service tier.
    pub tier: bool,
    /// No row separates cached tokens, so its input contains them.
    pub cache: bool,
}

/// The usage of the period.
#[derive(Debug)]
pub struct Shelf<'a> {
    /// Cells in order of UTC day, then owner, then the fold's order.
    pub held: Vec<Held<'a>>,
    /// The distinct models.
    pub models: Vec<Option<ModelName>>,
    /// Where the cells of a UTC day stand in `held`.
    days: BTreeMap<Day, (usize, usize)>,
    /// What is seen in the log, by provider.
    seen: BTreeMap<Option<String>, Seen>,
    /// The time the bills cover.
    covers: &'a [BillCover],
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    model: bool,
    tier: bool,
    cache: bool,
}

impl<'a> Shelf<'a> {
    /// Lays out the usage. Cells outside the report period are kept only where a charge of the
    /// period could cover their UTC day.
    pub fn build(inputs: Inputs<'a>, options: &Options) -> Shelf<'a> {
        let margin = 1;
        let (from, to) = (
            options.period.start.plus(-margin),
            options.period.end.plus(margin),
        );
        let mut models: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        let cells = inputs
            .usage
            .iter()
            .filter(|cell| from <= cell.utc_day && cell.utc_day < to);
        let mut held: Vec<Held<'a>> = Vec::new();
        let mut seen: BTreeMap<Option<String>, Seen> = BTreeMap::new();
        for cell in cells {
            let next = models.len();
            let model = *models.entry(cell.model.as_deref()).or_insert(next);
            let party = cell
                .source
                .as_deref()
                .map(|id| inputs.identity.usage(id, cell.day));
            let rates = Rates::of(cell, inputs.pricing);
            let provider = cell.provider.as_deref().map(str::to_string);
            let seen = seen.entry(provider).or_default();
            seen.model |= cell.model.is_some();
            seen.tier |= cell.tier.is_some();
            seen.cache |= cell
                .quantities
                .iter()
                .any(|(meter, quantity)| is_cache(meter) && !quantity.is_zero());
            held.push(Held {
                cell,
                party,
                model,
                rates,
            });
        }
        // Nobody comes after every customer, so that ties go to customers.
        held.sort_by_key(|held| (held.cell.utc_day, held.party.is_none(), held.party));
        let mut names = vec![None; models.len()];
        for (name, at) in models {
            names[at] = name.map(ModelName::parse);
        }
        let mut days = BTreeMap::new();
        for (at, held) in held.iter().enumerate() {
            days.entry(held.cell.utc_day).or_insert((at, at)).1 = at + 1;
        }
        Shelf {
            held,
            models: names,
            days,
            seen,
            covers: inputs.covers,
        }
    }

    /// Indices of the cells of UTC days `[first, end)`, in order.
    pub fn between(&self, first: Day, end: Day) -> impl Iterator<Item = usize> + '_ {
        self.days
            .range(first..end)
            .flat_map(|(_, (from, to))| *from..*to)
    }

    /// Indices of the cells of a month of the report.
    pub fn of_month(&self, month: Month) -> impl Iterator<Item = usize> + '_ {
        let (first, end) = (
            month.first_day().plus(-1),
            month.plus(1).first_day().plus(1),
        );
        self.between(first, end)
            .filter(move |at| self.held[*at].cell.day.month() == month)
    }

    /// Whether a bill covers a provider on a UTC day. A bill or a log that names no provider could
    /// mean any, so it counts as covering: the other reading would count cost twice.
    pub fn is_billed(&self, provider: Option<&str>, day: Day) -> bool {
        let (start, end) = (Zone::Utc.start_of(day), Zone::Utc.start_of(day.plus(1)));
        self.covers.iter().any(|cover| {
            let same = match (cover.provider.as_deref(), provider) {
                (Some(billed), Some(logged)) => billed == logged,
                _ => true,
            };
            same && cover.start < end && start < cover.end
        })
    }

    /// What the log of a provider lacks. A bill that names no provider meets every log.
    pub fn lacks(&self, provider: Option<&str>) -> Lacks {
        let mut any = Seen::default();
        for (of, seen) in &self.seen {
            if provider.is_none() || of.is_none() || of.as_deref() == provider {
                any.model |= seen.model;
                any.tier |= seen.tier;
                any.cache |= seen.cache;
            }
        }
        Lacks {
            model: !any.model,
            tier: !any.tier,
            cache: !any.cache,
        }
    }

    /// Families of which every logged row carries a dated snapshot.
    pub fn dated_families(&self) -> BTreeSet<&str> {
        let mut dated: BTreeMap<&str, bool> = BTreeMap::new();
        for model in self.models.iter().flatten() {
            *dated.entry(&model.family).or_insert(true) &= model.snapshot.is_some();
        }
        dated
            .into_iter()
            .filter(|(_, all)| *all)
            .map(|(family, _)| family)
            .collect()
    }
}

/// Whether a cell can be usage of a provider: a log that names none meets every bill.
pub fn same_provider(cell: &UsageCell, provider: Option<&str>) -> bool {
    match (cell.provider.as_deref(), provider) {
        (Some(logged), Some(billed)) => logged == billed,
        _ => true,
    }
}

/// Whether the meter counts tokens of a prompt cache.
pub fn is_cache(meter: &Meter) -> bool {
    matches!(
        meter,
        Meter::CacheRead | Meter::CacheWrite5m | Meter::CacheWrite1h
    )
}
