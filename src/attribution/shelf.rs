//! The period's usage laid out for matching: by UTC day, with owners, models and rates resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::offers::{Kinds, Offer, Seen, Sold};
use super::value::Rates;
use super::{BillCover, Inputs, Options};
use crate::identity::{PartyId, UsageOwners};
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, Month, Period, UsageCell, Zone};

/// A cell of usage with what matching needs to know about it.
#[derive(Debug)]
pub struct Held<'a> {
    /// The cell.
    pub cell: &'a UsageCell,
    /// Number of its owner, or [`NOBODY`]: sixteen bytes in all, of which there are millions.
    pub owner: u32,
    /// Index of its offer.
    offer: u32,
}

/// Stands for no owner; nobody comes after every customer.
pub const NOBODY: u32 = u32::MAX;

impl Held<'_> {
    /// Its owner; `None` where the log names nobody.
    pub fn party(&self) -> Option<PartyId> {
        (self.owner != NOBODY).then_some(PartyId(self.owner))
    }
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
    /// The distinct offers: the rates of a model are the same all day.
    offers: Vec<Offer>,
    /// Where the cells of a UTC day stand in `held`.
    days: BTreeMap<Day, (usize, usize)>,
    /// Where the cells of one thing sold on one UTC day stand in `by_sold`.
    blocks: Blocks,
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
            held.push(Held {
                cell,
                owner: owners.owner(cell).map_or(NOBODY, |party| party.0),
                offer: kinds.offer(cell, inputs.pricing),
            });
        }
        // Nobody comes last, so that ties go to customers. Cells stand in the order
        // of the fold, so their address says which comes first.
        held.sort_unstable_by_key(|held| {
            let address = std::ptr::from_ref(held.cell).addr();
            (held.cell.utc_day, held.owner, address)
        });
        let mut days = BTreeMap::new();
        let mut at = 0;
        for day in held.chunk_by(|a, b| a.cell.utc_day == b.cell.utc_day) {
            days.insert(day[0].cell.utc_day, (at, at + day.len()));
            at += day.len();
        }
        let (blocks, by_sold) = blocks(&held, &days, &kinds);
        Shelf {
            held,
            seen: kinds.seen(),
            sold: kinds.sold,
            offers: kinds.offers,
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
        &self.offers[held.offer as usize].rates
    }

    /// Index of what a cell is usage of in [`Shelf::sold`].
    pub fn sold_at(&self, held: &Held<'_>) -> u32 {
        self.offers[held.offer as usize].sold
    }

    /// What a cell is usage of.
    pub fn sold(&self, held: &Held<'_>) -> &Sold<'a> {
        &self.sold[self.sold_at(held) as usize]
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

    /// The cells in order, each with its place among the blocks.
    pub fn places(&self) -> impl Iterator<Item = (usize, &Held<'a>)> {
        let sold = |held: &Held<'_>| self.sold_at(held);
        places(&self.held, &self.days, &self.blocks, sold)
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
        self.days
            .range(first..end)
            .flat_map(move |(_, (from, to))| {
                let day = &self.held[*from..*to];
                let start = day.partition_point(|held| held.owner < party.0);
                let count = day[start..].partition_point(|held| held.owner == party.0);
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

/// Where the cells of one thing sold on one UTC day stand among the blocks.
type Blocks = BTreeMap<(u32, Day), Range<usize>>;

/// Finds the blocks: where the cells of one thing sold on one UTC day stand, and their indices.
fn blocks(
    held: &[Held<'_>],
    days: &BTreeMap<Day, (usize, usize)>,
    kinds: &Kinds<'_>,
) -> (Blocks, Vec<u32>) {
    let sold = kinds.sold.len();
    let of = |held: &Held<'_>| kinds.offers[held.offer as usize].sold as usize;
    let mut blocks: Blocks = BTreeMap::new();
    for (day, (from, to)) in days {
        let mut counts = vec![0; sold];
        for held in &held[*from..*to] {
            counts[of(held)] += 1;
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
    let sold = |held: &Held<'_>| of(held) as u32;
    for (at, (place, _)) in (0u32..).zip(places(held, days, &blocks, sold)) {
        by_sold[place] = at;
    }
    (blocks, by_sold)
}

/// The cells in order, each with its place among the blocks.
fn places<'h, 'a>(
    held: &'h [Held<'a>],
    days: &'h BTreeMap<Day, (usize, usize)>,
    blocks: &'h Blocks,
    sold: impl Fn(&Held<'_>) -> u32 + 'h,
) -> impl Iterator<Item = (usize, &'h Held<'a>)> {
    let mut next: Vec<usize> = Vec::new();
    let all = days
        .iter()
        .flat_map(|(day, (from, to))| held[*from..*to].iter().map(move |held| (*day, held)));
    let mut last = None;
    all.map(move |(day, held)| {
        if last.replace(day) != Some(day) {
            next.clear();
        }
        let sold = sold(held);
        let slot = sold as usize;
        if slot >= next.len() {
            next.resize(slot + 1, usize::MAX);
        }
        if next[slot] == usize::MAX {
            next[slot] = blocks.get(&(sold, day)).map_or(0, |block| block.start);
        }
        let place = next[slot];
        next[slot] += 1;
        (place, held)
    })
}

/// Whether logged usage can be usage of a provider: a log that names none meets every bill.
pub fn same_provider(logged: Option<&str>, provider: Option<&str>) -> bool {
    match (logged, provider) {
        (Some(logged), Some(billed)) => logged == billed,
        _ => true,
    }
}
