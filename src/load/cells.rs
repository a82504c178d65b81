//! The fold's groups as cells of usage, in their final order.
//!
//! A day's groups are given up as soon as they are cells: all of both together would be the most
//! memory of a run. The order depends on the content alone, however many threads there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::repeats::locked;
use super::sums::{Entry, Group, Groups, Kind, Sums};
use crate::model::usage::{Aside, CellKind};
use crate::model::{Day, UsageCell};

/// Makes the cells. `rename` puts ranks in the place of a group's symbols; by rank stand the kinds,
/// whose symbols are ranks too, and the texts.
pub fn make(
    groups: Vec<Groups>,
    rename: impl Fn(&mut Group),
    (kinds, texts): (&[Kind], &[Arc<str>]),
    threads: usize,
) -> Vec<UsageCell> {
    let mut days = by_day(groups, rename);
    sort(&mut days, threads);
    let count = days.iter().map(|(_, list, _)| list.len()).sum();
    let mut cells = Vec::with_capacity(count);
    let mut kinds = CellKinds::new(kinds, texts);
    for (_, list, more) in days {
        cells.extend(list.into_iter().map(|entry| kinds.cell(&entry, &more)));
    }
    cells
}

/// The groups of a UTC day, and what stands beside them.
type DayGroups = (Day, Vec<Entry>, Vec<Sums>);

/// Puts the groups of each UTC day together, in the order of the days.
fn by_day(groups: Vec<Groups>, rename: impl Fn(&mut Group)) -> Vec<DayGroups> {
    let mut counts: BTreeMap<Day, usize> = BTreeMap::new();
    for run in groups.iter().flat_map(|groups| {
        let same = |a: &Entry, b: &Entry| a.group.utc_day == b.group.utc_day;
        groups.entries().chunk_by(same)
    }) {
        *counts.entry(run[0].group.utc_day).or_default() += run.len();
    }
    let room = |(day, count)| (day, Vec::with_capacity(count), Vec::new());
    let mut days: Vec<DayGroups> = counts.into_iter().map(room).collect();
    let mut at = 0;
    for groups in groups {
        let (list, more) = groups.into_parts();
        for entry in list {
            let day = entry.group.utc_day;
            if days[at].0 != day {
                at = days.partition_point(|(known, ..)| *known < day);
            }
            let (_, list, beside) = &mut days[at];
            let mut entry = entry.moved(&more, beside);
            rename(&mut entry.group);
            list.push(entry);
        }
    }
    days
}

/// Sorts the groups of each day, several days side by side.
fn sort(days: &mut [DayGroups], threads: usize) {
    let threads = threads.clamp(1, days.len().max(1));
    let left = Mutex::new(days.iter_mut());
    let work = || {
        loop {
            let Some((_, list, _)) = locked(&left).next() else {
                return;
            };
            list.sort_unstable_by_key(|entry| {
                let group = &entry.group;
                (group.day, group.source, group.kind)
            });
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

/// Makes cells of groups whose symbols are places in `texts`.
struct CellKinds<'k> {
    kinds: &'k [Kind],
    texts: &'k [Arc<str>],
    /// What the cells of each kind have in common, without and with aggregates among their rows.
    made: Vec<[Option<Arc<CellKind>>; 2]>,
}

impl<'k> CellKinds<'k> {
    fn new(kinds: &'k [Kind], texts: &'k [Arc<str>]) -> CellKinds<'k> {
        CellKinds {
            kinds,
            texts,
            made: vec![[const { None }; 2]; kinds.len()],
        }
    }

    fn text(&self, symbol: u32) -> Option<Arc<str>> {
        (symbol != 0).then(|| self.texts[symbol as usize].clone())
    }

    fn kind(&mut self, number: u32, aggregated: bool) -> Arc<CellKind> {
        let (number, which) = (number as usize, usize::from(aggregated));
        if let Some(kind) = &self.made[number][which] {
            return kind.clone();
        }
        let kind = &self.kinds[number];
        assert!(!kind.open, "a file's token convention was never settled");
        let made = Arc::new(CellKind {
            scopes: None,
            feature: self.text(kind.feature),
            provider: self.text(kind.provider),
            model: self.text(kind.model),
            tier: self.text(kind.tier),
            band: kind.band,
            dimensions: kind.dimensions.iter().map(|at| self.text(*at)).collect(),
            aggregated,
        });
        self.made[number][which] = Some(made.clone());
        made
    }

    fn cell(&mut self, entry: &Entry, more: &[Sums]) -> UsageCell {
        let group = &entry.group;
        let source = self.text(group.source);
        if let Some((quantities, requests, aggregated)) = entry.short_form() {
            return UsageCell {
                utc_day: group.utc_day,
                day: group.day,
                source,
                kind: self.kind(group.kind, aggregated),
                quantities,
                requests,
                aside: None,
            };
        }
        let sums = entry.sums(more);
        let reported = self.kinds[group.kind as usize].reported;
        let mut quantities = sums.quantities;
        quantities.sort_by(|a, b| a.0.cmp(&b.0));
        let aside = Aside {
            failed: sums.failed,
            gateway_cached: sums.gateway_cached,
            reported: sums
                .currency
                .filter(|_| reported)
                .map(|currency| (sums.reported, currency)),
        };
        UsageCell {
            utc_day: group.utc_day,
            day: group.day,
            source,
            kind: self.kind(group.kind, sums.aggregated),
            quantities: quantities.into_iter().collect(),
            requests: sums.requests,
            aside: (!aside.is_empty()).then(|| Box::new(aside)),
        }
    }
}
