//! Grouping facts by dimensions: labels as small numbers, one accumulator per row.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::about::About;
use super::dimension::{Dimension, Filter, NONE, UNATTRIBUTED};
use super::party;
use crate::attribution::{Basis, CostFact};
use crate::identity::{Identity, PartyId, UsageOwners};
use crate::model::{Day, Exact, Meter, Period, Quantities, UsageCell};
use crate::revenue::RevenueFact;

/// More dimensions than this cannot be combined.
pub const MAX_DIMENSIONS: usize = 8;

/// The labels of a row, as symbols, and whether the row is cost without a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    labels: [u32; MAX_DIMENSIONS],
    nobody: bool,
}

/// One row: its labels, whether it is cost without a customer, and its sums.
pub type GroupRow = (Vec<Arc<str>>, bool, Sums);

/// What is summed in a row.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Revenue; meaningful only where every dimension has revenue.
    pub revenue: Exact,
    /// Cost by basis: direct, metered, allocated, estimated.
    pub cost: [Exact; 4],
    /// Cost without a customer.
    pub unattributed: Exact,
    /// Rest of the pools used by the row's customers.
    pub residual: Exact,
    /// Served requests.
    pub requests: Exact,
    /// Quantities by meter.
    pub meters: Quantities,
}

/// Turns facts into keys, and sums.
pub struct Grouping<'a> {
    dimensions: &'a [Dimension],
    filters: &'a [Filter],
    identity: &'a Identity,
    symbols: HashMap<Arc<str>, u32, foldhash::fast::FixedState>,
    labels: Vec<Arc<str>>,
    rows: Vec<Row>,
    /// Requests and quantities of each row as far as they are short: apart, since every cell of usage
    /// is added to them.
    counts: Vec<Counts>,
    row_of: HashMap<Key, u32, foldhash::fast::FixedState>,
    /// Label of each party for each dimension that is an attribute or the customer itself, where it
    /// is the same on every day of the period: one after the other for each party.
    parties: Vec<Option<u32>>,
    /// The row of each party, once it has one, where no dimension depends on anything else.
    row_of_party: Option<Vec<Option<u32>>>,
    /// The labels of days, by position of the dimension.
    days: BTreeMap<(usize, Day), u32>,
    owners: UsageOwners<'a>,
    /// How many residuals were added.
    residuals: u32,
}

/// One row.
#[derive(Debug, Default)]
struct Row {
    sums: Sums,
    /// Quantities that are not short.
    others: BTreeMap<Meter, Exact>,
    /// The last residual that it has a part in.
    residual: u32,
}

/// Whole numbers of requests and of the commonest meters, which are most of all usage.
#[derive(Debug, Default)]
struct Counts {
    requests: i64,
    meters: [i64; Meter::COMMON.len()],
    /// A bit for each meter that is there.
    present: u8,
}

impl Counts {
    /// Adds a cell; false, and nothing is changed, if it has other quantities or a sum would not fit.
    fn add(&mut self, cell: &UsageCell) -> bool {
        let (Some((present, meters)), Some(requests)) =
            (cell.quantities.in_short(), cell.requests.whole())
        else {
            return false;
        };
        let mut sums = self.meters;
        for (sum, count) in sums.iter_mut().zip(meters) {
            match sum.checked_add(count) {
                Some(added) => *sum = added,
                None => return false,
            }
        }
        let Some(requests) = self.requests.checked_add(requests) else {
            return false;
        };
        (self.requests, self.meters) = (requests, sums);
        self.present |= present;
        true
    }

    fn quantities(&self) -> Quantities {
        Quantities::common(self.present, self.meters)
    }
}

impl Row {
    /// Adds requests and quantities.
    fn add(&mut self, requests: Exact, quantities: &Quantities) {
        self.sums.requests += requests;
        for (meter, quantity) in quantities {
            match self.others.get_mut(meter) {
                Some(sum) => *sum += quantity.exact(),
                None => {
                    self.others.insert(meter.clone(), quantity.exact());
                }
            }
        }
    }

    fn finish(mut self, counts: &Counts) -> Sums {
        if self.others.is_empty() {
            self.sums.requests += Exact::from(counts.requests);
            self.sums.meters = counts.quantities();
        } else {
            self.add(Exact::from(counts.requests), &counts.quantities());
            let all = self.others.into_iter();
            self.sums.meters = all.map(|(meter, sum)| (meter, sum.into())).collect();
        }
        self.sums
    }
}

impl<'a> Grouping<'a> {
    /// Starts empty.
    pub fn new(
        dimensions: &'a [Dimension],
        filters: &'a [Filter],
        identity: &'a Identity,
        period: Period,
    ) -> Grouping<'a> {
        let mut grouping = Grouping {
            dimensions,
            filters,
            identity,
            symbols: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            labels: Vec::new(),
            rows: Vec::new(),
            counts: Vec::new(),
            row_of: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            parties: Vec::new(),
            row_of_party: None,
            days: BTreeMap::new(),
            owners: UsageOwners::new(identity),
            residuals: 0,
        };
        let count = identity.parties().len();
        grouping.parties.reserve_exact(count * dimensions.len());
        for (at, _) in (0u32..).zip(identity.parties()) {
            for dimension in dimensions {
                let label = party::fixed_label(identity, PartyId(at), dimension, period);
                let symbol = label.map(|label| grouping.symbol(&label));
                grouping.parties.push(symbol);
            }
        }
        if dimensions.iter().all(Dimension::is_of_party) {
            grouping.row_of_party = Some(vec![None; count]);
        }
        grouping
    }

    fn symbol(&mut self, label: &str) -> u32 {
        if let Some(symbol) = self.symbols.get(label) {
            return *symbol;
        }
        let symbol = self.labels.len() as u32;
        let label: Arc<str> = label.into();
        self.labels.push(label.clone());
        self.symbols.insert(label, symbol);
        symbol
    }

    /// Adds a cost.
    pub fn cost(&mut self, fact: &CostFact<'_>) {
        let about = About::cost(fact);
        let basis = about.basis;
        let Some(sums) = self.sums(&about) else {
            return;
        };
        match basis {
            Some(basis) => sums.cost[slot(basis)] += fact.amount,
            None => sums.unattributed += fact.amount,
        }
    }

    /// Adds revenue. Must not be called where a dimension has no revenue.
    pub fn revenue(&mut self, fact: &RevenueFact<'_>) {
        let about = About::revenue(fact);
        if let Some(sums) = self.sums(&about) {
            sums.revenue += fact.amount;
        }
    }

    /// Adds the quantities of a cell.
    pub fn usage(&mut self, cell: &'a UsageCell) {
        let party = self.owners.owner(cell);
        let about = About::usage(cell, party);
        if let Some(at) = self.row_at(&about)
            && !self.counts[at].add(cell)
        {
            self.rows[at].add(cell.requests.exact(), &cell.quantities);
        }
    }

    /// Adds the rest of a pool to every row that one of its users belongs to, once each.
    pub fn residual(&mut self, day: Day, amount: Exact, users: &[PartyId]) {
        self.residuals += 1;
        let this = self.residuals;
        for party in users {
            let about = About::party(*party, day);
            let Some(row) = self.row(&about) else {
                continue;
            };
            if row.residual != this {
                row.residual = this;
                row.sums.residual += amount;
            }
        }
    }

    /// The rows, in order of their labels.
    pub fn finish(self) -> Vec<GroupRow> {
        let count = self.dimensions.len();
        let labels = self.labels;
        let empty = Key {
            labels: [0; MAX_DIMENSIONS],
            nobody: false,
        };
        let mut keys = vec![empty; self.rows.len()];
        for (key, at) in self.row_of {
            keys[at as usize] = key;
        }
        let mut rows: Vec<GroupRow> = keys
            .into_iter()
            .zip(self.rows.into_iter().zip(&self.counts))
            .map(|(key, (row, counts))| {
                let names = key.labels[..count]
                    .iter()
                    .map(|symbol| labels[*symbol as usize].clone());
                (names.collect(), key.nobody, row.finish(counts))
            })
            .collect();
        rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        rows
    }

    fn sums(&mut self, about: &About<'_>) -> Option<&mut Sums> {
        self.row(about).map(|row| &mut row.sums)
    }

    fn row(&mut self, about: &About<'_>) -> Option<&mut Row> {
        let at = self.row_at(about)?;
        self.rows.get_mut(at)
    }

    fn row_at(&mut self, about: &About<'_>) -> Option<usize> {
        if !about.passes(self.filters, self.identity) {
            return None;
        }
        let plain = about.plan.is_none() || !self.dimensions.iter().any(|d| about.own(d).is_some());
        let party = about.party.filter(|_| plain);
        let party = party.map(|party| party.0 as usize);
        let known = |rows: &Vec<Option<u32>>| rows[party?];
        if let Some(at) = self.row_of_party.as_ref().and_then(known) {
            return Some(at as usize);
        }
        let key = self.key(about);
        let next = self.rows.len() as u32;
        let at = *self.row_of.entry(key).or_insert(next);
        if at == next {
            self.rows.push(Row::default());
            self.counts.push(Counts::default());
        }
        let lasting = party.filter(|party| self.labels_of(*party).iter().all(Option::is_some));
        if let (Some(rows), Some(party)) = (&mut self.row_of_party, lasting) {
            rows[party] = Some(at);
        }
        Some(at as usize)
    }

    /// The labels of a party that are the same all the time, by dimension.
    fn labels_of(&self, party: usize) -> &[Option<u32>] {
        let count = self.dimensions.len();
        &self.parties[party * count..][..count]
    }

    fn key(&mut self, about: &About<'_>) -> Key {
        let mut labels = [0; MAX_DIMENSIONS];
        // Cost without a customer carries its label in the first dimension that it does not have
        // itself; where there is none, before its provider or its time.
        let place = |of: &dyn Fn(&Dimension) -> bool| self.dimensions.iter().position(of);
        let provider = |d: &Dimension| *d == Dimension::Provider;
        let home = place(&|d| !d.is_time() && !provider(d))
            .or_else(|| place(&provider))
            .unwrap_or(0);
        for (at, slot) in labels.iter_mut().enumerate().take(self.dimensions.len()) {
            let dimension = &self.dimensions[at];
            if let Some(plan) = about.own(dimension) {
                *slot = self.symbol(plan);
                continue;
            }
            let own = about
                .party
                .and_then(|party| self.labels_of(party.0 as usize)[at]);
            *slot = match (about.party, own) {
                (Some(_), Some(own)) => own,
                (None, _) if at == home && (dimension.is_time() || provider(dimension)) => {
                    let own = about.label(dimension).unwrap_or_default();
                    self.symbol(format!("{UNATTRIBUTED} {own}").trim_end())
                }
                (None, _) if at == home => self.symbol(UNATTRIBUTED),
                _ if self.dimensions[at].is_time() => self.day(at, about.day),
                _ => {
                    let changing = about.party.filter(|_| dimension.is_of_party());
                    let label = match changing {
                        Some(party) => {
                            party::label(self.identity, party, dimension, about.day).map(Cow::Owned)
                        }
                        None => about.label(dimension),
                    };
                    self.symbol(label.as_deref().unwrap_or(NONE))
                }
            };
        }
        Key {
            labels,
            nobody: about.party.is_none(),
        }
    }
}

impl Grouping<'_> {
    /// The symbol of a day's label in a dimension of time.
    fn day(&mut self, at: usize, day: Day) -> u32 {
        if let Some(symbol) = self.days.get(&(at, day)) {
            return *symbol;
        }
        let label = self.dimensions[at].of_day(day);
        let symbol = self.symbol(label.as_deref().unwrap_or(NONE));
        self.days.insert((at, day), symbol);
        symbol
    }
}

/// Position of a basis in [`Sums::cost`].
pub fn slot(basis: Basis) -> usize {
    match basis {
        Basis::Direct => 0,
        Basis::Metered => 1,
        Basis::Allocated => 2,
        Basis::Estimated => 3,
    }
}
