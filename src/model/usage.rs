//! The folded log: usage summed by day, customer, feature, provider, model and tier.

use std::sync::Arc;

use super::records::Scope;
use super::{Currency, Day, Exact, Meter, Packed};
use crate::model::band::ContextBand;

/// One group of the fold. Everything after reading works on these; no row is kept.
#[derive(Clone, Debug)]
pub struct UsageCell {
    /// UTC day, by which provider bills are matched.
    pub utc_day: Day,
    /// Day in the report's zone, by which usage is counted.
    pub day: Day,
    /// The customer's id in the log; `None` where rows name nobody.
    pub source: Option<Arc<str>>,
    /// Ids of a provider's usage export, most specific first, which tell the owner in place of
    /// `source`; `None` in usage of a log.
    pub scopes: Option<Arc<[Scope]>>,
    /// Product feature, where the report asks for it.
    pub feature: Option<Arc<str>>,
    /// Provider, folded; the model's first-party vendor where the log names none.
    pub provider: Option<Arc<str>>,
    /// Model as written.
    pub model: Option<Arc<str>>,
    /// Service tier, folded to `standard`, `batch`, …; `None` where the log has none.
    pub tier: Option<Arc<str>>,
    /// Context tier of the requests.
    pub band: ContextBand,
    /// Values of the extra dimensions asked for.
    pub dimensions: Vec<Option<Arc<str>>>,
    /// Disjoint quantities by meter, in the order of the meters, without requests.
    pub quantities: Vec<(Meter, Packed)>,
    /// Served requests.
    pub requests: Packed,
    /// Failed or canceled requests.
    pub failed: Packed,
    /// Requests answered by the gateway's own cache.
    pub gateway_cached: Packed,
    /// The log's own cost. Rows with and without one are in groups of their own.
    pub reported: Option<(Packed, Currency)>,
    /// Whether some rows stand for several requests, so that context tiers cannot be told.
    pub aggregated: bool,
}

impl UsageCell {
    /// The quantity of one meter; zero where there is none.
    pub fn quantity(&self, meter: &Meter) -> Exact {
        if *meter == Meter::Requests {
            return self.requests.exact();
        }
        self.quantities
            .iter()
            .find(|(found, _)| found == meter)
            .map_or(Exact::ZERO, |(_, quantity)| quantity.exact())
    }
}
