//! Who is who: source ids of every file to the customers of the report.
//!
//! Ids join by the mapping file and by exact equality only; nothing is ever joined by likeness.
//! What no rule maps stays a party of its own, `(unmapped) <namespace>:<id>`.

mod alike;
pub mod join;
mod key;
pub mod mapping;
mod owners;

pub use alike::alike;
pub use join::Identity;
pub use key::JoinKey;
pub use mapping::{Assignment, Mapping};
pub use owners::UsageOwners;

use std::collections::BTreeMap;

use crate::model::records::BalanceEntry;

/// Index of a party in [`Identity::parties`]. Customers are ordered by id, byte for byte, and come
/// before ids that nothing maps; so comparing indices breaks ties of a split as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId(pub u32);

/// Whether a party is a customer, one of our own accounts, or an id that nothing maps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyKind {
    /// A customer.
    Customer,
    /// An internal or test account: in the totals and ties, never in shared costs.
    Internal,
    /// An id of a file that belongs to no customer.
    Unmapped {
        /// Namespace of the id.
        namespace: String,
        /// The id.
        id: String,
    },
}

/// A row owner of the report.
#[derive(Clone, Debug)]
pub struct Party {
    /// The customer's id, or `(unmapped) <namespace>:<id>`.
    pub key: String,
    /// What it is.
    pub kind: PartyKind,
    /// Name for display, where a file gives one.
    pub name: Option<String>,
    /// Attributes by name (`plan`, `segment`, …), each with the days it holds.
    pub attributes: BTreeMap<String, Vec<mapping::Dated>>,
}

impl Party {
    /// The attribute's value on the last day of a period on which it has one.
    pub fn attribute(&self, name: &str, period: crate::model::Period) -> Option<&str> {
        let values = self.attributes.get(name)?;
        let last = period.end.plus(-1);
        values
            .iter()
            .filter(|dated| dated.from.is_none_or(|from| from <= last))
            .filter(|dated| dated.to.is_none_or(|to| to > period.start))
            .max_by_key(|dated| (dated.from, dated.to.is_none()))
            .map(|dated| dated.value.as_str())
    }

    /// The attribute's value on one day.
    pub fn attribute_on(&self, name: &str, day: crate::model::Day) -> Option<&str> {
        let values = self.attributes.get(name)?;
        values
            .iter()
            .find(|dated| dated.holds(day))
            .map(|dated| dated.value.as_str())
    }

    /// Whether the mapping file itself gives the attribute.
    pub fn is_stated(&self, name: &str) -> bool {
        let values = self.attributes.get(name);
        values.is_some_and(|values| values.iter().any(|dated| dated.line > 0))
    }

    /// The days inside a period on which the attribute's value differs from that of the day before.
    pub fn changes(&self, name: &str, period: crate::model::Period) -> Vec<crate::model::Day> {
        let Some(values) = self.attributes.get(name) else {
            return Vec::new();
        };
        let borders = values.iter().flat_map(|dated| [dated.from, dated.to]);
        let mut days: Vec<_> = borders
            .flatten()
            .filter(|day| period.start < *day && *day < period.end)
            .filter(|day| self.attribute_on(name, day.plus(-1)) != self.attribute_on(name, *day))
            .collect();
        days.sort();
        days.dedup();
        days
    }

    /// Whether it is an id without a customer.
    pub fn is_unmapped(&self) -> bool {
        matches!(self.kind, PartyKind::Unmapped { .. })
    }
}

/// The id under which the payer of a movement of the balance is known.
pub fn payer_of(entry: &BalanceEntry) -> String {
    match &entry.customer {
        Some(id) => id.clone(),
        None => guest_id(entry.email.as_deref(), entry.payment_id()),
    }
}

/// The id under which a payer without a Stripe customer id is known: the e-mail, else the payment.
pub fn guest_id(email: Option<&str>, payment: &str) -> String {
    email.unwrap_or(payment).to_string()
}
