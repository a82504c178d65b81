//! The groups of the fold and what is summed in each.
//!
//! Tables of millions: texts are numbers, what groups of a kind share stands once, and the sums of
//! a group are a line of the processor's cache. Whatever does not fit that form is kept in full
//! beside it; nothing is rounded and nothing overflows.

use hashbrown::HashTable;

use std::hash::BuildHasher;

use crate::model::records::{Outcome, UsageRecord, UsageSum};
use crate::model::{ContextBand, Currency, Day, Exact, Meter, Packed, Quantities};

/// What many groups have in common: everything but their days and their customer. Texts as
/// symbols, 0 for none. Where symbols are ranks, kinds are in the order of the fold's cells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    pub feature: u32,
    pub provider: u32,
    pub model: u32,
    pub tier: u32,
    pub band: ContextBand,
    pub dimensions: Vec<u32>,
    /// Whether the records state a cost of their own. Those that do and those that do not are
    /// apart, so that no total depends on what else the log is grouped by.
    pub reported: bool,
    /// The band if cached tokens turn out to stand beside the input.
    pub other_band: ContextBand,
    /// Whether the file has yet to tell if its input includes cached tokens.
    pub open: bool,
    /// Whether they failed, where failed requests are told apart.
    pub failed: bool,
    /// The file's number, where files are told apart; else 0.
    pub file: u32,
}

/// The group of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    pub utc_day: Day,
    pub day: Day,
    pub source: u32,
    /// The number of its [`Kind`].
    pub kind: u32,
}

/// What is summed in a group.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub quantities: Vec<(Meter, Packed)>,
    pub requests: Packed,
    pub failed: Packed,
    pub gateway_cached: Packed,
    pub reported: Packed,
    pub currency: Option<Currency>,
    pub aggregated: bool,
}

/// A group, or one record of it, in the short form: whole numbers of the commonest meters, served
/// requests. Anything else is in the [`Sums`] of this number less one, in a list beside.
#[derive(Clone, Debug)]
pub struct Entry {
    pub group: Group,
    counts: [i64; Meter::COMMON.len()],
    requests: i64,
    more: u32,
    /// Which of the counts are there: a count of 0 is not the same as none.
    present: u8,
    aggregated: bool,
}

/// Groups with their sums, each once.
#[derive(Debug, Default)]
pub struct Groups {
    hasher: foldhash::fast::FixedState,
    index: HashTable<u32>,
    list: Vec<Entry>,
    more: Vec<Sums>,
}

impl Kind {
    /// Changes every symbol.
    pub fn rename(&mut self, new: impl Fn(u32) -> u32) {
        for symbol in [
            &mut self.feature,
            &mut self.provider,
            &mut self.model,
            &mut self.tier,
        ]
        .into_iter()
        .chain(&mut self.dimensions)
        {
            *symbol = new(*symbol);
        }
    }

    /// The kind once it is known whether cached tokens are inside the input.
    pub fn settled(&self, inside: bool) -> Kind {
        let band = match inside {
            true => self.band,
            false => self.other_band,
        };
        Kind {
            band,
            other_band: band,
            open: false,
            ..self.clone()
        }
    }
}

impl Group {
    /// A hash of the group, of which all bits are good.
    pub fn hash(&self, hasher: &foldhash::fast::FixedState) -> u64 {
        let days = (self.utc_day.0 as u32 as u64) << 32 | self.day.0 as u32 as u64;
        let rest = u64::from(self.source) << 32 | u64::from(self.kind);
        hasher.hash_one((days, rest))
    }
}

impl Sums {
    /// The sums of one record.
    pub fn of(record: &UsageRecord<'_>) -> Sums {
        let mut sums = Sums::default();
        sums.quantities.reserve_exact(record.quantities.len());
        for (meter, quantity) in record.quantities {
            sums.add_quantity(meter, *quantity);
        }
        match record.outcome {
            Outcome::Served => sums.requests.add(record.requests),
            Outcome::Failed => sums.failed.add(record.requests),
            Outcome::GatewayCached => sums.gateway_cached.add(record.requests),
        }
        if let Some((amount, currency)) = record.reported_cost {
            sums.reported.add(amount);
            sums.currency = Some(currency);
        }
        sums.aggregated = !record.single_request;
        sums
    }

    /// The sums of records that were folded before.
    pub fn of_sum(sum: &UsageSum<'_>) -> Sums {
        let mut sums = Sums::of(&sum.record);
        sums.failed.add(sum.failed);
        sums.gateway_cached.add(sum.gateway_cached);
        sums
    }

    /// Adds the sums of another group.
    fn add(&mut self, more: &Sums) {
        for (meter, quantity) in &more.quantities {
            self.add_quantity(meter, quantity.exact());
        }
        self.requests.add(more.requests.exact());
        self.failed.add(more.failed.exact());
        self.gateway_cached.add(more.gateway_cached.exact());
        self.reported.add(more.reported.exact());
        // The smaller, so that nothing depends on the order of the records.
        self.currency = match (self.currency, more.currency) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.aggregated |= more.aggregated;
    }

    fn add_quantity(&mut self, meter: &Meter, quantity: Exact) {
        match self.quantities.iter_mut().find(|(found, _)| found == meter) {
            Some((_, sum)) => sum.add(quantity),
            None => self.quantities.push((meter.clone(), quantity.into())),
        }
    }

    /// Where cached tokens are inside the input, takes them out.
    pub fn settle(&mut self, inside: bool) {
        if !inside {
            return;
        }
        let cached: Exact = self
            .quantities
            .iter()
            .filter(|(meter, _)| meter.is_cached_text())
            .map(|(_, quantity)| quantity.exact())
            .sum();
        let mut quantities = self.quantities.iter_mut();
        if let Some((_, input)) = quantities.find(|(meter, _)| *meter == Meter::Input) {
            let left = input.exact() - cached;
            assert!(
                !left.is_negative(),
                "a reader let cached tokens exceed the input that includes them"
            );
            *input = left.into();
        }
    }
}

impl Entry {
    fn empty(group: Group) -> Entry {
        Entry {
            group,
            counts: [0; Meter::COMMON.len()],
            requests: 0,
            more: 0,
            present: 0,
            aggregated: false,
        }
    }

    /// One record; what does not fit the short form is added to the list.
    pub fn of(group: Group, record: &UsageRecord<'_>, more: &mut Vec<Sums>) -> Entry {
        if let Some(entry) = Entry::short(group, record) {
            return entry;
        }
        Entry::long(group, Sums::of(record), more)
    }

    /// Sums in full, which go to the list.
    pub fn long(group: Group, sums: Sums, more: &mut Vec<Sums>) -> Entry {
        more.push(sums);
        Entry {
            more: more.len() as u32,
            ..Entry::empty(group)
        }
    }

    fn short(group: Group, record: &UsageRecord<'_>) -> Option<Entry> {
        if record.outcome != Outcome::Served || record.reported_cost.is_some() {
            return None;
        }
        let mut entry = Entry {
            requests: record.requests.to_whole()?,
            aggregated: !record.single_request,
            ..Entry::empty(group)
        };
        for (meter, quantity) in record.quantities {
            let slot = meter.common()?;
            if entry.present >> slot & 1 == 1 {
                return None;
            }
            entry.present |= 1 << slot;
            entry.counts[slot] = quantity.to_whole()?;
        }
        Some(entry)
    }

    /// Adds the short form of another; false, and nothing is changed, if a sum would not fit.
    fn add(&mut self, more: &Entry) -> bool {
        let mut counts = self.counts;
        for (sum, count) in counts.iter_mut().zip(&more.counts) {
            match sum.checked_add(*count) {
                Some(added) => *sum = added,
                None => return false,
            }
        }
        let Some(requests) = self.requests.checked_add(more.requests) else {
            return false;
        };
        (self.counts, self.requests) = (counts, requests);
        self.present |= more.present;
        self.aggregated |= more.aggregated;
        true
    }

    /// The short form as sums.
    fn in_full(&self) -> Sums {
        let mut quantities = Vec::with_capacity(self.present.count_ones() as usize);
        for (slot, (meter, count)) in Meter::COMMON.iter().zip(&self.counts).enumerate() {
            if self.present >> slot & 1 == 1 {
                quantities.push((meter.clone(), Exact::from(*count).into()));
            }
        }
        Sums {
            quantities,
            requests: Exact::from(self.requests).into(),
            aggregated: self.aggregated,
            ..Sums::default()
        }
    }

    /// Quantities, requests and whether some rows are aggregates, if nothing stands beside it.
    pub fn short_form(&self) -> Option<(Quantities, Packed, bool)> {
        let quantities = Quantities::common(self.present, self.counts);
        let requests = Exact::from(self.requests).into();
        (self.more == 0).then_some((quantities, requests, self.aggregated))
    }

    /// The counts of the commonest meters and the requests, if nothing stands beside it.
    pub fn short_counts(&self) -> Option<([i64; Meter::COMMON.len()], i64)> {
        (self.more == 0).then_some((self.counts, self.requests))
    }

    /// The same entry, with what stands beside it moved to another list.
    pub fn moved(&self, from: &[Sums], to: &mut Vec<Sums>) -> Entry {
        let mut entry = self.clone();
        if let Some(sums) = beside(self.more, from) {
            to.push(sums.clone());
            entry.more = to.len() as u32;
        }
        entry
    }

    /// Everything that is summed.
    pub fn sums(&self, more: &[Sums]) -> Sums {
        let mut sums = self.in_full();
        if let Some(more) = beside(self.more, more) {
            sums.add(more);
        }
        sums
    }
}

/// What stands beside an entry.
fn beside(at: u32, more: &[Sums]) -> Option<&Sums> {
    more.get((at as usize).checked_sub(1)?)
}

impl Groups {
    /// Adds an entry, with the list in which the rest of it stands.
    pub fn add(&mut self, entry: &Entry, more: &[Sums]) {
        let hash = entry.group.hash(&self.hasher);
        self.add_hashed(hash, entry, more);
    }

    /// The place of a group of this hash, if it is there.
    pub fn place(&self, hash: u64, group: &Group) -> Option<u32> {
        let is_it = |at: &u32| self.list[*at as usize].group == *group;
        self.index.find(hash, is_it).copied()
    }

    /// The same as [`Groups::add`], where the hash of its group is known.
    pub fn add_hashed(&mut self, hash: u64, entry: &Entry, more: &[Sums]) {
        let Groups {
            hasher,
            index,
            list,
            ..
        } = self;
        let found = index.entry(
            hash,
            |at| list[*at as usize].group == entry.group,
            |at| list[*at as usize].group.hash(hasher),
        );
        let at = match found {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let at = list.len() as u32;
                vacant.insert(at);
                list.push(Entry::empty(entry.group));
                at
            }
        };
        self.add_at(at, entry, more);
    }

    /// Adds an entry to the group in this place, which is its own.
    pub fn add_at(&mut self, at: u32, entry: &Entry, more: &[Sums]) {
        let Groups {
            list, more: own, ..
        } = self;
        let to = &mut list[at as usize];
        let mut beside_it = |to: &mut Entry, sums: &Sums| {
            if to.more == 0 {
                own.push(Sums::default());
                to.more = own.len() as u32;
            }
            own[to.more as usize - 1].add(sums);
        };
        if !to.add(entry) {
            beside_it(to, &entry.in_full());
        }
        if let Some(sums) = beside(entry.more, more) {
            beside_it(to, sums);
        }
    }

    /// Takes the groups of open kinds out, with the list beside them; `None` if there is none.
    pub fn take_open(&mut self, is_open: impl Fn(u32) -> bool) -> Option<(Vec<Entry>, Vec<Sums>)> {
        if !self.list.iter().any(|entry| is_open(entry.group.kind)) {
            return None;
        }
        let Groups { list, more, .. } = std::mem::take(self);
        let (open, others): (Vec<Entry>, Vec<Entry>) = list
            .into_iter()
            .partition(|entry| is_open(entry.group.kind));
        for entry in others {
            self.add(&entry, &more);
        }
        Some((open, more))
    }

    /// All groups, in the order in which they came.
    pub fn entries(&self) -> &[Entry] {
        &self.list
    }

    /// All groups, in the order in which they came, with the list beside them.
    pub fn into_parts(self) -> (Vec<Entry>, Vec<Sums>) {
        (self.list, self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(source: u32) -> Group {
        Group {
            utc_day: Day(1),
            day: Day(1),
            source,
            kind: 0,
        }
    }

    fn entry(input: i64) -> Entry {
        Entry {
            counts: [input, 0, 0, 7],
            requests: 1,
            present: 0b1001,
            ..Entry::empty(group(1))
        }
    }

    #[test]
    fn an_entry_is_one_line_of_cache() {
        assert_eq!(size_of::<Entry>(), 64);
    }

    #[test]
    fn sums_beyond_the_short_form_stay_exact() {
        let mut groups = Groups::default();
        for _ in 0..3 {
            groups.add(&entry(i64::MAX), &[]);
        }
        let (list, more) = groups.into_parts();
        assert_eq!(list.len(), 1);
        let sums = list[0].sums(&more);
        // 3 × (2^63 - 1).
        let sum = Exact::parse("27670116110564327421").unwrap();
        let found: Vec<_> = sums
            .quantities
            .iter()
            .map(|(m, n)| (m, n.exact()))
            .collect();
        let output = Exact::from(21u64);
        assert_eq!(found, [(&Meter::Input, sum), (&Meter::Output, output)]);
        assert_eq!(sums.requests.exact(), Exact::from(3u64));
    }

    #[test]
    fn settled_groups_meet_the_ones_that_never_were_open() {
        for (inside, input) in [(true, 90u64), (false, 100)] {
            let mut groups = Groups::default();
            let mut open = Entry {
                counts: [100, 10, 0, 0],
                requests: 1,
                present: 0b0011,
                ..Entry::empty(group(1))
            };
            groups.add(&open, &[]);
            open.group.kind = 1;
            open.counts = [5, 0, 0, 0];
            open.present = 1;
            groups.add(&open, &[]);
            let (open, beside) = groups.take_open(|kind| kind == 0).unwrap();
            let mut kind = |kind: u32| (kind == 0).then_some(1);
            for entry in open {
                crate::load::winner::settle(entry, inside, &mut kind, &beside, |entry, more| {
                    groups.add(entry, more);
                });
            }
            let (list, more) = groups.into_parts();
            assert_eq!(list.len(), 1);
            let sums = list[0].sums(&more);
            assert_eq!(sums.quantities[0].1.exact(), Exact::from(input + 5));
            assert_eq!(sums.quantities[1].1.exact(), Exact::from(10u64));
        }
    }
}
