//! The groups of the fold and what is summed in each.
//!
//! Tables of millions: texts are numbers, numbers are packed, and every group stands once.

use hashbrown::HashTable;

use std::hash::BuildHasher;

use crate::model::records::{Outcome, UsageRecord};
use crate::model::{ContextBand, Currency, Day, Exact, Meter, Packed};

/// The group of a record; texts as symbols, 0 for none. Where symbols are ranks, groups are in the
/// order of the fold's cells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The file's number, where files are told apart; else 0.
    pub file: u32,
    pub utc_day: Day,
    pub day: Day,
    pub source: u32,
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

/// Every group with its sums.
#[derive(Debug, Default)]
pub struct Groups {
    hasher: foldhash::fast::FixedState,
    index: HashTable<u32>,
    list: Vec<(Group, Sums)>,
}

impl Group {
    /// A group of nothing, to be filled.
    pub fn blank() -> Group {
        Group {
            file: 0,
            utc_day: Day(0),
            day: Day(0),
            source: 0,
            feature: 0,
            provider: 0,
            model: 0,
            tier: 0,
            band: ContextBand::BASE,
            dimensions: Vec::new(),
            reported: false,
            other_band: ContextBand::BASE,
            open: false,
        }
    }

    /// Changes every symbol.
    pub fn rename(&mut self, new: impl Fn(u32) -> u32) {
        for symbol in [
            &mut self.source,
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

    /// Settles an open group: where cached tokens are inside the input, takes them out.
    pub fn settle(&mut self, sums: &mut Sums, inside: bool) {
        self.open = false;
        if !inside {
            self.band = self.other_band;
            return;
        }
        self.other_band = self.band;
        let cached: Exact = sums
            .quantities
            .iter()
            .filter(|(meter, _)| meter.is_cached_text())
            .map(|(_, quantity)| quantity.exact())
            .sum();
        if let Some((_, input)) = sums
            .quantities
            .iter_mut()
            .find(|(meter, _)| *meter == Meter::Input)
        {
            let left = input.exact() - cached;
            assert!(
                !left.is_negative(),
                "a reader let cached tokens exceed the input that includes them"
            );
            *input = left.into();
        }
    }
}

impl Sums {
    /// The sums of one record.
    pub fn of(record: &UsageRecord<'_>) -> Sums {
        let mut sums = Sums::default();
        sums.add_record(record);
        sums
    }

    /// Adds one record.
    pub fn add_record(&mut self, record: &UsageRecord<'_>) {
        if self.quantities.is_empty() {
            self.quantities.reserve_exact(record.quantities.len());
        }
        for (meter, quantity) in record.quantities {
            self.add_quantity(meter, *quantity);
        }
        match record.outcome {
            Outcome::Served => self.requests.add(record.requests),
            Outcome::Failed => self.failed.add(record.requests),
            Outcome::GatewayCached => self.gateway_cached.add(record.requests),
        }
        if let Some((amount, currency)) = record.reported_cost {
            self.reported.add(amount);
            self.currency = self.currency.or(Some(currency));
        }
        self.aggregated |= !record.single_request;
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
        self.currency = self.currency.or(more.currency);
        self.aggregated |= more.aggregated;
    }

    fn add_quantity(&mut self, meter: &Meter, quantity: Exact) {
        match self.quantities.iter_mut().find(|(found, _)| found == meter) {
            Some((_, sum)) => sum.add(quantity),
            None => self.quantities.push((meter.clone(), quantity.into())),
        }
    }
}

impl Groups {
    /// The sums of a group.
    pub fn sums(&mut self, group: &Group) -> &mut Sums {
        let Groups {
            hasher,
            index,
            list,
        } = self;
        let found = index.entry(
            hasher.hash_one(group),
            |at| list[*at as usize].0 == *group,
            |at| hasher.hash_one(&list[*at as usize].0),
        );
        let at = match found {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get() as usize,
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let at = list.len();
                entry.insert(at as u32);
                list.push((group.clone(), Sums::default()));
                at
            }
        };
        &mut list[at].1
    }

    /// Adds sums to a group.
    pub fn add(&mut self, group: &Group, more: &Sums) {
        self.sums(group).add(more);
    }

    /// Settles all open groups.
    pub fn settle(&mut self, inside: bool) {
        if !self.list.iter().any(|(group, _)| group.open) {
            return;
        }
        for (mut group, mut sums) in std::mem::take(self).list {
            if group.open {
                group.settle(&mut sums, inside);
            }
            self.add(&group, &sums);
        }
    }

    /// Keeps the groups that pass.
    pub fn retain(&mut self, passes: impl Fn(&Group) -> bool) {
        for (group, sums) in std::mem::take(self).list {
            if passes(&group) {
                self.add(&group, &sums);
            }
        }
    }

    /// Puts the groups of all files together.
    pub fn join_files(&mut self) {
        for (mut group, sums) in std::mem::take(self).list {
            group.file = 0;
            self.add(&group, &sums);
        }
    }

    /// All groups, in the order in which they came.
    pub fn into_list(self) -> Vec<(Group, Sums)> {
        self.list
    }
}
