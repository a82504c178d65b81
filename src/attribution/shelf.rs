//! The period's usage laid out for matching: by UTC day, with owners, models and rates resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

use super::value::{Pricing, Rates};
use super::{BillCover, Inputs, Options};
use crate::identity::{PartyId, UsageOwners};
use crate::model::names::ModelName;
use crate::model::records::ChargeMeter;
use crate::model::usage::CellKind;
use crate::model::{ContextBand, Day, Exact, Meter, Month, Period, UsageCell, Zone};

/// A cell of usage with what matching needs to know about it.
#[derive(Debug)]
pub struct Held<'a> {
    /// The cell.
    pub cell: &'a UsageCell,
    /// Its owner; `None` where the log names nobody.
    pub party: Option<PartyId>,
    /// Index of what was used in [`Shelf::sold`].
    pub sold: u32,
    /// Index of its rates.
    rates: u32,
}

/// What is sold, as far as charges tell it apart: a model of a provider in a tier, as the log writes
/// them.
#[derive(Debug)]
pub struct Sold<'a> {
    /// Provider.
    pub provider: Option<&'a str>,
    /// Model.
    pub model: Option<ModelName>,
    /// Service tier.
    pub tier: Option<&'a str>,
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
    /// What was used, each once.
    pub sold: Vec<Sold<'a>>,
    /// The distinct rates: those of a model are the same all day.
    rates: Vec<Rates>,
    /// Where the cells of a UTC day stand in `held`.
    days: BTreeMap<Day, (usize, usize)>,
    /// Where the cells of one thing sold on one UTC day stand in `by_sold`.
    blocks: BTreeMap<(u32, Day), Range<usize>>,
    /// Indices of the cells, block after block, in order inside each.
    by_sold: Vec<u32>,
    /// What is seen in the log, by provider.
    seen: BTreeMap<Option<&'a str>, Seen>,
    /// The time the bills cover.
    covers: &'a [BillCover],
    /// The report period.
    period: Period,
    /// The report's zone.
    zone: Zone,
}

type Table<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

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
        let cells = inputs.usage.iter().filter(|cell| overlaps(cell.utc_day));
        let mut held: Vec<Held<'a>> = Vec::with_capacity(inputs.usage.len());
        let mut owners = UsageOwners::new(inputs.identity);
        let mut kinds = Kinds::default();
        for cell in cells {
            let party = owners.owner(cell);
            let (sold, rates) = kinds.place(cell, inputs.pricing);
            held.push(Held {
                cell,
                party,
                sold,
                rates,
            });
        }
        // Nobody comes after every customer, so that ties go to customers. Cells stand in the order
        // of the fold, so their address says which comes first.
        held.sort_unstable_by_key(|held| {
            let address = std::ptr::from_ref(held.cell).addr();
            (held.cell.utc_day, held.party.is_none(), held.party, address)
        });
        let mut days = BTreeMap::new();
        let mut at = 0;
        for day in held.chunk_by(|a, b| a.cell.utc_day == b.cell.utc_day) {
            days.insert(day[0].cell.utc_day, (at, at + day.len()));
            at += day.len();
        }
        let (blocks, by_sold) = blocks(&held, &days, kinds.sold.len());
        Shelf {
            held,
            seen: kinds.seen(),
            sold: kinds.sold,
            rates: kinds.rates,
            days,
            blocks,
            by_sold,
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

    /// The blocks of cells of UTC days `[first, end)` that are of one of some things sold.
    pub fn blocks_of(
        &self,
        first: Day,
        end: Day,
        sold: &[u32],
    ) -> impl Iterator<Item = Range<usize>> + '_ {
        let of = |sold: &u32| self.blocks.range((*sold, first)..(*sold, end));
        let found: Vec<_> = sold.iter().flat_map(of).collect();
        found.into_iter().map(|(_, block)| block.clone())
    }

    /// The cells in the order of their blocks.
    pub fn in_blocks(&self) -> impl Iterator<Item = &Held<'a>> {
        self.by_sold.iter().map(|at| &self.held[*at as usize])
    }

    /// Indices of the cells of some of the things sold on UTC days `[first, end)`, in order.
    pub fn of_sold(&self, first: Day, end: Day, sold: &[u32]) -> Vec<usize> {
        let blocks: Vec<Range<usize>> = self.blocks_of(first, end, sold).collect();
        let several = blocks.len() > 1;
        let cells = blocks.into_iter().flat_map(|block| &self.by_sold[block]);
        let mut found: Vec<usize> = cells.map(|at| *at as usize).collect();
        if several {
            // One block after the other is in order already.
            found.sort();
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
        for model in self.sold.iter().filter_map(|sold| sold.model.as_ref()) {
            *dated.entry(&model.family).or_insert(true) &= model.snapshot.is_some();
        }
        dated
            .into_iter()
            .filter(|(_, all)| *all)
            .map(|(family, _)| family)
            .collect()
    }
}

/// Finds the blocks: where the cells of one thing sold on one UTC day stand, and their indices.
fn blocks(
    held: &[Held<'_>],
    days: &BTreeMap<Day, (usize, usize)>,
    sold: usize,
) -> (BTreeMap<(u32, Day), Range<usize>>, Vec<u32>) {
    let mut blocks: BTreeMap<(u32, Day), Range<usize>> = BTreeMap::new();
    for (day, (from, to)) in days {
        let mut counts = vec![0; sold];
        for held in &held[*from..*to] {
            counts[held.sold as usize] += 1;
        }
        let counted = (0u32..).zip(counts).filter(|(_, count)| *count > 0);
        blocks.extend(counted.map(|(sold, count)| ((sold, *day), 0..count)));
    }
    let mut start = 0;
    for block in blocks.values_mut() {
        *block = start..start + block.len();
        start = block.end;
    }
    let mut by_sold = vec![0; held.len()];
    for (day, (from, to)) in days {
        let start = |sold| blocks.get(&(sold, *day)).map_or(0, |block| block.start);
        let mut next: Vec<usize> = (0..sold as u32).map(start).collect();
        for (at, held) in (*from as u32..).zip(&held[*from..*to]) {
            let next = &mut next[held.sold as usize];
            by_sold[*next] = at;
            *next += 1;
        }
    }
    (blocks, by_sold)
}

/// Kinds of cells, by the address of what they have in common.
#[derive(Default)]
struct Kinds<'a> {
    numbers: Table<usize, usize>,
    list: Vec<Kind<'a>>,
    /// What is sold, by provider, model and tier.
    names: Table<[Option<&'a str>; 3], u32>,
    sold: Vec<Sold<'a>>,
    /// Rates by what is sold, band and day; several where cells have different meters.
    known: Table<(u32, ContextBand, Day), Vec<u32>>,
    rates: Vec<Rates>,
}

/// One kind of cells.
struct Kind<'a> {
    of: &'a CellKind,
    sold: u32,
    /// Whether one of its cells has tokens of a prompt cache.
    cache: bool,
}

impl<'a> Kinds<'a> {
    /// What the cell is usage of, and its rates.
    fn place(&mut self, cell: &'a UsageCell, pricing: &Pricing) -> (u32, u32) {
        let address = Arc::as_ptr(&cell.kind).addr();
        let number = match self.numbers.get(&address) {
            Some(number) => *number,
            None => self.add(address, &cell.kind),
        };
        let kind = &mut self.list[number];
        kind.cache = kind.cache
            || cell
                .quantities
                .iter()
                .any(|(meter, quantity)| is_cache(meter) && !quantity.is_zero());
        let sold = kind.sold;
        let same = self.known.entry((sold, cell.band, cell.utc_day));
        let same = same.or_default();
        if let Some(at) = same
            .iter()
            .find(|at| self.rates[**at as usize].are_for(cell))
        {
            return (sold, *at);
        }
        let at = self.rates.len() as u32;
        self.rates.push(Rates::of(cell, pricing));
        same.push(at);
        (sold, at)
    }

    fn add(&mut self, address: usize, of: &'a CellKind) -> usize {
        let (provider, tier) = (of.provider.as_deref(), of.tier.as_deref());
        let next = self.sold.len() as u32;
        let names = [provider, of.model.as_deref(), tier];
        let sold = *self.names.entry(names).or_insert(next);
        if sold == next {
            self.sold.push(Sold {
                provider,
                model: of.model.as_deref().map(ModelName::parse),
                tier,
            });
        }
        let number = self.list.len();
        self.numbers.insert(address, number);
        let cache = false;
        self.list.push(Kind { of, sold, cache });
        number
    }

    fn seen(&self) -> BTreeMap<Option<&'a str>, Seen> {
        let mut seen: BTreeMap<Option<&str>, Seen> = BTreeMap::new();
        for Kind { of, cache, .. } in &self.list {
            let seen = seen.entry(of.provider.as_deref()).or_default();
            seen.model |= of.model.is_some();
            seen.tier |= of.tier.is_some();
            seen.cache |= cache;
        }
        seen
    }
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
