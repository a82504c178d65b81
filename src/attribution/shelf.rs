//! The period's usage laid out for matching: by UTC day, with owners, models and rates resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use super::value::{Pricing, Rates};
use super::{BillCover, Inputs, Options};
use crate::identity::{PartyId, UsageOwners};
use crate::model::names::ModelName;
use crate::model::records::ChargeMeter;
use crate::model::{ContextBand, Day, Exact, Meter, Month, Period, UsageCell, Zone};

/// A cell of usage with what matching needs to know about it.
#[derive(Debug)]
pub struct Held<'a> {
    /// The cell.
    pub cell: &'a UsageCell,
    /// Its owner; `None` where the log names nobody.
    pub party: Option<PartyId>,
    /// Index of its model in [`Shelf::models`].
    pub model: usize,
    /// Index of its provider and tier in [`Shelf::sold_by`].
    pub sold_by: u32,
    /// Index of its rates.
    rates: u32,
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
    /// Providers and tiers, as written; a pair may stand twice.
    pub sold_by: Vec<(Option<&'a str>, Option<&'a str>)>,
    /// The distinct rates: those of a model are the same all day.
    rates: Vec<Rates>,
    /// Where the cells of a UTC day stand in `held`.
    days: BTreeMap<Day, (usize, usize)>,
    /// The cells of a UTC day by model, in order.
    by_model: BTreeMap<(Day, usize), Vec<u32>>,
    /// What is seen in the log, by provider.
    seen: BTreeMap<Option<&'a str>, Seen>,
    /// The time the bills cover.
    covers: &'a [BillCover],
    /// The report period.
    period: Period,
    /// The report's zone.
    zone: Zone,
}

/// Rates by provider, model, tier, day and band; several where cells have different meters.
type RatesOf<'a> = HashMap<RateKey<'a>, Vec<u32>, foldhash::fast::FixedState>;

type RateKey<'a> = (
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Day,
    ContextBand,
);

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    model: bool,
    tier: bool,
    cache: bool,
}

impl<'a> Shelf<'a> {
    /// Lays out the usage whose UTC day overlaps the report period: in another zone a charge of a
    /// UTC day at the border belongs to the period although some usage of that day does not.
    pub fn build(inputs: Inputs<'a>, options: &Options) -> Shelf<'a> {
        let (period, zone) = (options.period, options.zone);
        let (from, to) = (zone.start_of(period.start), zone.start_of(period.end));
        let overlaps =
            |day: Day| Zone::Utc.start_of(day) < to && from < Zone::Utc.start_of(day.plus(1));
        let mut models: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        let cells = inputs.usage.iter().filter(|cell| overlaps(cell.utc_day));
        let mut held: Vec<Held<'a>> = Vec::new();
        let mut seen: BTreeMap<Option<&str>, Seen> = BTreeMap::new();
        let mut owners = UsageOwners::new(inputs.identity);
        let mut sellers = Sellers::default();
        let mut rates = Vec::new();
        let mut known = RatesOf::default();
        for cell in cells {
            let next = models.len();
            let model = *models.entry(cell.model.as_deref()).or_insert(next);
            let party = owners.owner(cell);
            let seen = seen.entry(cell.provider.as_deref()).or_default();
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
                sold_by: sellers.number(cell),
                rates: rates_of(cell, inputs.pricing, &mut known, &mut rates),
            });
        }
        // Nobody comes after every customer, so that ties go to customers. Cells stand in the order
        // of the fold, so their address says which comes first.
        held.sort_unstable_by_key(|held| {
            let address = std::ptr::from_ref(held.cell).addr();
            (held.cell.utc_day, held.party.is_none(), held.party, address)
        });
        let mut names = vec![None; models.len()];
        for (name, at) in models {
            names[at] = name.map(ModelName::parse);
        }
        let mut days = BTreeMap::new();
        let mut by_model: BTreeMap<(Day, usize), Vec<u32>> = BTreeMap::new();
        for (at, held) in held.iter().enumerate() {
            let day = held.cell.utc_day;
            days.entry(day).or_insert((at, at)).1 = at + 1;
            by_model
                .entry((day, held.model))
                .or_default()
                .push(at as u32);
        }
        Shelf {
            held,
            models: names,
            sold_by: sellers.list,
            rates,
            days,
            by_model,
            seen,
            covers: inputs.covers,
            period,
            zone,
        }
    }

    /// The book value of a cell's quantity of the meters that a charge covers; `None` if some of
    /// it has no price.
    pub fn value(&self, held: &Held<'_>, meter: &ChargeMeter) -> Option<Exact> {
        self.rates(held).value(held.cell, meter)
    }

    /// The rates of a cell.
    pub fn rates(&self, held: &Held<'_>) -> &Rates {
        &self.rates[held.rates as usize]
    }

    /// The book's price of one unit of a meter for a cell.
    pub fn rate(&self, held: &Held<'_>, meter: &Meter) -> Option<Exact> {
        self.rates(held).rate(meter)
    }

    /// Indices of the cells of some models of UTC days `[first, end)`, in order.
    pub fn of_models(&self, first: Day, end: Day, models: &[usize]) -> Vec<usize> {
        let mut found = Vec::new();
        for (day, _) in self.days.range(first..end) {
            let start = found.len();
            for model in models {
                let cells = self.by_model.get(&(*day, *model)).into_iter().flatten();
                found.extend(cells.map(|at| *at as usize));
            }
            if models.len() > 1 {
                found[start..].sort_unstable();
            }
        }
        found
    }

    /// Indices of the cells of UTC days `[first, end)`, in order.
    pub fn between(&self, first: Day, end: Day) -> impl Iterator<Item = usize> + '_ {
        self.days
            .range(first..end)
            .flat_map(|(_, (from, to))| *from..*to)
    }

    /// Indices of one party's cells of UTC days `[first, end)`, in order.
    pub fn of_party(
        &self,
        party: PartyId,
        first: Day,
        end: Day,
    ) -> impl Iterator<Item = usize> + '_ {
        let key = |held: &Held<'_>| (held.party.is_none(), held.party);
        let wanted = (false, Some(party));
        self.days
            .range(first..end)
            .flat_map(move |(_, (from, to))| {
                let day = &self.held[*from..*to];
                let start = day.partition_point(|held| key(held) < wanted);
                let count = day[start..].partition_point(|held| key(held) == wanted);
                from + start..from + start + count
            })
    }

    /// The day of the report on which a charge of a UTC day counts.
    pub fn charged_on(&self, day: Day) -> Day {
        self.zone.day(Zone::Utc.start_of(day))
    }

    /// Whether a day of the report is in the report period.
    pub fn is_in_period(&self, day: Day) -> bool {
        self.period.contains(day)
    }

    /// Indices of the cells of a month of the report that are in the report period, by their own
    /// day or by the one on which a charge of their UTC day counts.
    pub fn of_month(&self, month: Month) -> impl Iterator<Item = usize> + '_ {
        let (first, end) = (
            month.first_day().plus(-1),
            month.plus(1).first_day().plus(1),
        );
        self.between(first, end).filter(move |at| {
            let cell = self.held[*at].cell;
            let charged = || self.charged_on(cell.utc_day);
            cell.day.month() == month
                && (self.is_in_period(cell.day) || self.is_in_period(charged()))
        })
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

    /// Whether there is a log, and none of its rows names a provider or a model that tells it.
    pub fn names_no_provider(&self) -> bool {
        !self.seen.is_empty() && self.seen.keys().all(Option::is_none)
    }

    /// What the log of a provider lacks. A bill that names no provider meets every log.
    pub fn lacks(&self, provider: Option<&str>) -> Lacks {
        let mut any = Seen::default();
        for (of, seen) in &self.seen {
            if provider.is_none() || of.is_none() || *of == provider {
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

/// The pairs of provider and tier, by the addresses of the texts, which cells share.
#[derive(Default)]
struct Sellers<'a> {
    numbers: HashMap<(usize, usize), u32, foldhash::fast::FixedState>,
    list: Vec<(Option<&'a str>, Option<&'a str>)>,
}

impl<'a> Sellers<'a> {
    fn number(&mut self, cell: &'a UsageCell) -> u32 {
        let address = |text: &Option<Arc<str>>| {
            let text = text.as_ref();
            text.map_or(0, |text| Arc::as_ptr(text).cast::<u8>().addr())
        };
        let next = self.list.len() as u32;
        let known = self
            .numbers
            .entry((address(&cell.provider), address(&cell.tier)));
        let number = *known.or_insert(next);
        if number == next {
            let pair = (cell.provider.as_deref(), cell.tier.as_deref());
            self.list.push(pair);
        }
        number
    }
}

/// The index of a cell's rates.
fn rates_of<'a>(
    cell: &'a UsageCell,
    pricing: &Pricing,
    known: &mut RatesOf<'a>,
    all: &mut Vec<Rates>,
) -> u32 {
    let (provider, model) = (cell.provider.as_deref(), cell.model.as_deref());
    let tier = cell.tier.as_deref();
    let same = known
        .entry((provider, model, tier, cell.utc_day, cell.band))
        .or_default();
    if let Some(at) = same.iter().find(|at| all[**at as usize].are_for(cell)) {
        return *at;
    }
    let at = all.len() as u32;
    all.push(Rates::of(cell, pricing));
    same.push(at);
    at
}

/// Whether logged usage can be usage of a provider: a log that names none meets every bill.
pub fn same_provider(logged: Option<&str>, provider: Option<&str>) -> bool {
    match (logged, provider) {
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
