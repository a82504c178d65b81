//! Explanations as reports: the table with one row per pool, the CSV with one row per part, and the
//! document with everything.

pub mod document;
mod lines;
mod parts;
mod pools;
pub mod table;

use crate::explain::{Explanation, Shared};
use crate::margin::Statement;
use crate::model::Exact;
use crate::model::receipt::RowsOf;

pub use parts::parts;

/// A number and what it is made of.
pub struct Explained<'a> {
    /// What was asked for, as `report` would filter it: `customer=acme`.
    pub asked: String,
    /// The report that prints the same number, as a command.
    pub report: String,
    /// Its name for people.
    pub title: String,
    /// The report's numbers.
    pub statement: &'a Statement,
    /// Their parts.
    pub explanation: &'a Explanation<'a>,
    /// Where the usage stands.
    pub rows: &'a [RowsOf],
    /// The mapping file, as the user named it.
    pub mapping: Option<&'a str>,
    /// Shared cost → its rules, tier by tier, in words.
    pub rules: &'a [(String, Vec<String>)],
}

impl Explained<'_> {
    /// A rule in words.
    fn rule(&self, name: &str, tier: usize) -> String {
        let rules = self.rules.iter().find(|(known, _)| known == name);
        let rule = rules.and_then(|(_, tiers)| tiers.get(tier));
        rule.cloned().unwrap_or_default()
    }

    /// What weighed, in words.
    fn weighed_by(&self, shared: &Shared) -> String {
        match shared {
            Shared::Quantity => "logged quantity".into(),
            Shared::Value => "usage at list prices".into(),
            Shared::Tokens => "logged quantity, for want of a price".into(),
            Shared::Requests => "requests".into(),
            Shared::Cost => "cost of the provider and month".into(),
            Shared::Rule(name, tier) => format!("rule {}", self.rule(name, *tier)),
        }
    }

    /// Revenue − cost; `None` where revenue does not have what was asked for.
    fn gross_profit(&self) -> Option<Exact> {
        Some(self.statement.totals.revenue? - self.statement.totals.cost)
    }
}

/// The key of what weighed, in CSV and JSON.
fn key(shared: &Shared) -> &'static str {
    match shared {
        Shared::Quantity => "quantity",
        Shared::Value => "list_price",
        Shared::Tokens => "quantity_without_price",
        Shared::Requests => "requests",
        Shared::Cost => "cost",
        Shared::Rule(..) => "rule",
    }
}
