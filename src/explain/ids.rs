//! The ids that brought cost and revenue to a customer, and what joined each.

use std::collections::BTreeSet;

use crate::attribution::CostFact;
use crate::identity::{Identity, JoinKey};
use crate::margin::ids::{id_of, id_of_cell};
use crate::model::{Day, UsageCell};
use crate::revenue::Obligation;

/// One id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdUsed {
    /// Its namespace.
    pub namespace: String,
    /// The id.
    pub id: String,
    /// What joined it: words, if it was not a line of the mapping.
    pub key: Option<String>,
    /// The line of the mapping file.
    pub line: Option<u64>,
    /// The days on which that line holds.
    pub holds: (Option<Day>, Option<Day>),
}

/// Collects ids.
pub struct Collecting<'i> {
    identity: &'i Identity,
    found: BTreeSet<IdUsed>,
}

impl<'i> Collecting<'i> {
    /// Starts empty.
    pub fn new(identity: &'i Identity) -> Collecting<'i> {
        Collecting {
            identity,
            found: BTreeSet::new(),
        }
    }

    /// The id that carries a cost.
    pub fn cost(&mut self, fact: &CostFact<'_>) {
        if let Some((namespace, id)) = id_of(self.identity, fact) {
            self.add(namespace, id, fact.day, None);
        }
    }

    /// The id of usage, whether or not it cost anything.
    pub fn usage(&mut self, cell: &UsageCell) {
        if let Some((namespace, id)) = id_of_cell(self.identity, cell) {
            self.add(namespace, id, cell.day, None);
        }
    }

    /// The id that pays.
    pub fn revenue(&mut self, obligation: &Obligation, day: Day) {
        if obligation.payer.is_empty() {
            return;
        }
        let namespace = obligation.source.namespace();
        self.add(namespace, &obligation.payer, day, Some(obligation));
    }

    fn add(&mut self, namespace: &str, id: &str, day: Day, paid: Option<&Obligation>) {
        let mapping = self.identity.mapping();
        let row = mapping.and_then(|mapping| mapping.row(namespace, id, day));
        let key = match (row, paid.and_then(|one| one.key.as_ref())) {
            (Some(_), _) => None,
            (None, Some(key)) => Some(key.title()),
            (None, None) if paid.is_some() => None,
            (None, None) => {
                let own = mapping.is_none_or(|mapping| mapping.has_customer(id));
                own.then(|| JoinKey::SameId.title())
            }
        };
        self.found.insert(IdUsed {
            namespace: namespace.to_string(),
            id: id.to_string(),
            key,
            line: row.map(|row| row.line),
            holds: row.map_or((None, None), |row| (row.from, row.to)),
        });
    }

    /// The ids, in order.
    pub fn finish(self) -> Vec<IdUsed> {
        self.found.into_iter().collect()
    }
}
