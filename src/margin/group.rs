//! Grouping facts by dimensions: labels as small numbers, one accumulator per row.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::dimension::{Dimension, Filter, NONE, UNATTRIBUTED};
use crate::attribution::{Basis, CostFact, Holder};
use crate::identity::{Identity, PartyId, PartyKind};
use crate::model::{Day, Exact, Meter, Period, UsageCell};

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
    pub meters: BTreeMap<Meter, Exact>,
}

/// Turns facts into keys, and sums.
pub struct Grouping<'a> {
    dimensions: &'a [Dimension],
    filters: &'a [Filter],
    identity: &'a Identity,
    period: Period,
    symbols: HashMap<Arc<str>, u32, foldhash::fast::FixedState>,
    labels: Vec<Arc<str>>,
    rows: HashMap<Key, Sums, foldhash::fast::FixedState>,
    /// Label of each party for each dimension that is an attribute or the customer itself.
    parties: Vec<Vec<Option<u32>>>,
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
            period,
            symbols: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            labels: Vec::new(),
            rows: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            parties: Vec::new(),
        };
        grouping.parties = (0u32..)
            .zip(identity.parties())
            .map(|(at, _)| {
                dimensions
                    .iter()
                    .map(|dimension| {
                        let label = party_label(identity, PartyId(at), dimension, period)?;
                        Some(grouping.symbol(&label))
                    })
                    .collect()
            })
            .collect();
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
        let (party, basis) = match fact.holder {
            Holder::Party(party, basis) => (Some(party), Some(basis)),
            Holder::Nobody(_) => (None, None),
        };
        let about = About {
            party,
            day: fact.day,
            provider: fact
                .provider
                .or(fact.cell.and_then(|cell| cell.provider.as_deref())),
            model: fact.model,
            cell: fact.cell,
            basis,
        };
        let Some(sums) = self.sums(&about) else {
            return;
        };
        match basis {
            Some(basis) => sums.cost[slot(basis)] += fact.amount,
            None => sums.unattributed += fact.amount,
        }
    }

    /// Adds revenue. Must not be called where a dimension has no revenue.
    pub fn revenue(&mut self, party: PartyId, day: Day, amount: Exact) {
        let about = About {
            party: Some(party),
            day,
            provider: None,
            model: None,
            cell: None,
            basis: None,
        };
        if let Some(sums) = self.sums(&about) {
            sums.revenue += amount;
        }
    }

    /// Adds the quantities of a cell.
    pub fn usage(&mut self, cell: &UsageCell) {
        let party = cell
            .source
            .as_deref()
            .map(|id| self.identity.usage(id, cell.day));
        let about = About {
            party,
            day: cell.day,
            provider: cell.provider.as_deref(),
            model: cell.model.as_deref(),
            cell: Some(cell),
            basis: None,
        };
        // Quantities have no basis: one use may be billed on several.
        if self.dimensions.contains(&Dimension::Basis) {
            return;
        }
        let Some(sums) = self.sums(&about) else {
            return;
        };
        sums.requests += cell.requests;
        for (meter, quantity) in &cell.quantities {
            match sums.meters.get_mut(meter) {
                Some(sum) => *sum += *quantity,
                None => {
                    sums.meters.insert(meter.clone(), *quantity);
                }
            }
        }
    }

    /// Adds the rest of a pool to every row that one of its users belongs to, once each.
    pub fn residual(&mut self, day: Day, amount: Exact, users: &[PartyId]) {
        let mut keys: Vec<Key> = Vec::new();
        for party in users {
            let about = About {
                party: Some(*party),
                day,
                provider: None,
                model: None,
                cell: None,
                basis: None,
            };
            if self.passes(&about) {
                keys.push(self.key(&about));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.rows.entry(key).or_default().residual += amount;
        }
    }

    /// The rows, in order of their labels.
    pub fn finish(self) -> Vec<GroupRow> {
        let count = self.dimensions.len();
        let labels = self.labels;
        let mut rows: Vec<GroupRow> = self
            .rows
            .into_iter()
            .map(|(key, sums)| {
                let names = key.labels[..count]
                    .iter()
                    .map(|symbol| labels[*symbol as usize].clone());
                (names.collect(), key.nobody, sums)
            })
            .collect();
        rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        rows
    }

    fn sums(&mut self, about: &About<'_>) -> Option<&mut Sums> {
        if !self.passes(about) {
            return None;
        }
        let key = self.key(about);
        Some(self.rows.entry(key).or_default())
    }

    fn passes(&self, about: &About<'_>) -> bool {
        self.filters.iter().all(|filter| {
            let label = self.value(about, &filter.dimension);
            filter.passes(label.as_deref())
        })
    }

    /// The value of any dimension, for filters.
    fn value(&self, about: &About<'_>, dimension: &Dimension) -> Option<String> {
        if let Some(party) = about.party
            && matches!(dimension, Dimension::Customer | Dimension::Attribute(_))
        {
            return party_label(self.identity, party, dimension, self.period);
        }
        match dimension {
            Dimension::Customer => Some(UNATTRIBUTED.to_string()),
            _ => about.label(dimension),
        }
    }

    fn key(&mut self, about: &About<'_>) -> Key {
        let mut labels = [0; MAX_DIMENSIONS];
        // Cost without a customer carries its label in the first dimension that is no time, or
        // before the time where there is no other.
        let home = self.dimensions.iter().position(|d| !d.is_time());
        for (at, slot) in labels.iter_mut().enumerate().take(self.dimensions.len()) {
            let dimension = &self.dimensions[at];
            let own = about
                .party
                .and_then(|party| self.parties[party.0 as usize][at]);
            *slot = match (about.party, own) {
                (Some(_), Some(own)) => own,
                (None, _) if Some(at) == home => self.symbol(UNATTRIBUTED),
                (None, _) if home.is_none() && at == 0 => {
                    let time = about.label(dimension).unwrap_or_default();
                    self.symbol(&format!("{UNATTRIBUTED} {time}"))
                }
                _ => {
                    let label = about.label(dimension);
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

/// What a fact is about, as far as any dimension asks.
struct About<'f> {
    party: Option<PartyId>,
    day: Day,
    provider: Option<&'f str>,
    model: Option<&'f str>,
    cell: Option<&'f UsageCell>,
    basis: Option<Basis>,
}

impl About<'_> {
    fn label(&self, dimension: &Dimension) -> Option<String> {
        match dimension {
            Dimension::Feature => self.cell?.feature.as_deref().map(str::to_string),
            Dimension::Provider => self.provider.map(str::to_string),
            Dimension::Model => self.model.map(str::to_string),
            Dimension::Basis => self.basis.map(|basis| basis.word().to_string()),
            Dimension::Tier => self.cell?.tier.as_deref().map(str::to_string),
            Dimension::Usage(_, at) => self
                .cell?
                .dimensions
                .get(*at)?
                .as_deref()
                .map(str::to_string),
            Dimension::Customer | Dimension::Attribute(_) => None,
            time => time.of_day(self.day),
        }
    }
}

/// The label of a party for the customer dimension and for attributes.
fn party_label(
    identity: &Identity,
    party: PartyId,
    dimension: &Dimension,
    period: Period,
) -> Option<String> {
    let party = identity.party(party);
    match dimension {
        Dimension::Customer => Some(party.key.clone()),
        Dimension::Attribute(name) if name == "kind" => Some(
            match party.kind {
                PartyKind::Customer => party.attribute("kind", period).unwrap_or("customer"),
                PartyKind::Internal => "internal",
                PartyKind::Unmapped { .. } => "unmapped",
            }
            .to_string(),
        ),
        Dimension::Attribute(name) => {
            Some(party.attribute(name, period).unwrap_or(NONE).to_string())
        }
        _ => None,
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
