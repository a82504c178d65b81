//! Suggestions: to which customer an id without one may belong, and why.
//!
//! Nothing here joins. The identity stage knows equality only; what is found here is written down
//! for a person to read. Pure: values in, values out, and the same values in any order of files.

mod gather;
mod judge;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use gather::{World, gather};
pub use judge::suggest;

use crate::model::{Exact, Month};

/// How sure a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A hint.
    Low,
    /// One good reason.
    Medium,
    /// An exact value, or two good reasons that do not depend on each other.
    High,
}

impl Confidence {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// Why an id may belong to a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A metadata value, reference or the id itself equals an id or the name; with what it is.
    SameValue(String),
    /// The names are equal but for case, blanks, punctuation and legal forms.
    SameName,
    /// The domain of an e-mail address is the customer's.
    Domain(String),
    /// The domain without its ending is the customer's id or name.
    DomainName(String),
    /// The first month of usage is the first month of invoices.
    SameStart(Month),
    /// Usage and invoices change by the same factor in this month.
    EqualStep(Month),
}

impl Reason {
    /// The words in every output. Never holds an e-mail address.
    pub fn words(&self) -> String {
        match self {
            Reason::SameValue(what) => format!("same value: {what}"),
            Reason::SameName => "same name".into(),
            Reason::Domain(domain) => format!("same e-mail domain: {domain}"),
            Reason::DomainName(domain) => format!("e-mail domain like the id: {domain}"),
            Reason::SameStart(month) => format!("same first month: {month}"),
            Reason::EqualStep(month) => format!("equal step: {month}"),
        }
    }
}

/// One customer that an id may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The customer.
    pub customer: String,
    /// How sure.
    pub confidence: Confidence,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

/// What may be done with one id that has no customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Namespace.
    pub source: String,
    /// The id.
    pub id: String,
    /// One customer; or several that fit equally well, each with low confidence.
    pub candidates: Vec<Candidate>,
}

impl Suggestion {
    /// The customer to write into a mapping: none where several fit equally well.
    pub fn only(&self) -> Option<&Candidate> {
        match self.candidates.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// What is known of an id, or of a customer by all its ids.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Ids, with the namespace or the column they come from. Compared letter by letter.
    pub ids: BTreeSet<(String, String)>,
    /// Metadata and references of its billing ids: what it is, and the value.
    pub values: BTreeSet<(String, String)>,
    /// Names as written.
    pub names: BTreeSet<String>,
    /// Domains of e-mail addresses.
    pub domains: BTreeSet<String>,
    /// Requests, or billed cost where a provider's id is all there is, by month.
    pub used: BTreeMap<Month, Exact>,
    /// Invoices and payments by month.
    pub invoiced: BTreeMap<Month, Exact>,
}

/// Everything that suggestions are made of.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Customers by their id.
    pub customers: BTreeMap<String, Profile>,
    /// Ids without a customer by namespace and id.
    pub unmatched: BTreeMap<(String, String), Profile>,
    /// First months of the files: of usage and of invoices. Who begins there may have begun before.
    pub begins: (Option<Month>, Option<Month>),
}

#[cfg(test)]
mod tests;
