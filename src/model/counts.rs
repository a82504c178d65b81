//! What providers count themselves: quantities by day, model and project, without customers and
//! without money. One record per row of such an export, and the cells they are folded to.

use std::sync::Arc;

use super::records::Scope;
use super::{ContextBand, Day, Exact, Instant, Meter};

/// One group of a provider's usage export, borrowed from the row it was read from.
#[derive(Clone, Debug)]
pub struct ProviderCount<'a> {
    /// Provider, folded by [`super::names::provider`].
    pub provider: &'a str,
    /// Which of the provider's exports it stands in (`completions`): two exports of one kind that
    /// count the same day would count it twice, two of different kinds do not.
    pub report: &'static str,
    /// Start of the time it counts. The whole record belongs to the UTC day of this instant.
    pub start: Instant,
    /// The time it speaks for, the end exclusive: two exports of one kind must not both have it.
    pub spans: (Instant, Instant),
    /// Ids that may name a customer, most specific first: (id, name of the dimension). Their
    /// namespace is the provider.
    pub scopes: &'a [(&'a str, &'static str)],
    /// Model, as written; `None` if the export does not say.
    pub model: Option<&'a str>,
    /// Service tier, as written; `None` if the export does not say.
    pub tier: Option<&'a str>,
    /// Context tier of the requests; `None` if the export does not tell them apart.
    pub band: Option<ContextBand>,
    /// Disjoint quantities, without `requests`. None of them negative.
    pub quantities: &'a [(Meter, Exact)],
    /// How many requests; `None` if the export does not count them.
    pub requests: Option<Exact>,
    /// Physical line, 1-based.
    pub line: u64,
}

/// Provider counts of one UTC day, model, tier and set of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountCell {
    /// What is counted.
    pub key: CountKey,
    /// Disjoint quantities in the order of the meters, `requests` included where they are counted.
    pub quantities: Vec<(Meter, Exact)>,
}

/// What tells one cell of provider counts from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountKey {
    /// Provider, folded.
    pub provider: Arc<str>,
    /// UTC day.
    pub utc_day: Day,
    /// Which of the provider's exports.
    pub report: &'static str,
    /// Model as written.
    pub model: Option<Arc<str>>,
    /// Service tier as written.
    pub tier: Option<Arc<str>>,
    /// Context tier; `None` where it cannot be told.
    pub band: Option<ContextBand>,
    /// Ids that may name a customer, most specific first.
    pub scopes: Arc<[Scope]>,
}

impl CountCell {
    /// The quantity of one meter; zero where there is none.
    pub fn quantity(&self, meter: &Meter) -> Exact {
        self.quantities
            .iter()
            .find(|(found, _)| found == meter)
            .map_or(Exact::ZERO, |(_, quantity)| *quantity)
    }
}
