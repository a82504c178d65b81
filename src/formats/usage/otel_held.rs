//! What a span with usage says, kept until it is known whether it counts and who its user is.

use super::otel_people::Trace;
use crate::formats::UsageSink;
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Exact, Instant, Meter};
use crate::problem::Problem;

/// A record kept until it is known whether it is a sum of others.
pub struct Held {
    /// Its start.
    pub instant: Instant,
    /// The customer that it names.
    pub source: Option<String>,
    /// The feature.
    pub feature: Option<String>,
    /// The provider as written.
    pub provider: Option<String>,
    /// The model as written.
    pub model: Option<String>,
    /// Disjoint quantities.
    pub quantities: Vec<(Meter, Exact)>,
    /// The id that tells repeats.
    pub request_id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Values of the extra columns.
    pub dimensions: Vec<Option<String>>,
    /// Physical line.
    pub line: u64,
    /// Its trace, if it has an id.
    pub trace: Option<Trace>,
}

impl Held {
    /// Hands it on.
    ///
    /// # Errors
    /// What the sink cannot take.
    pub fn hand_on(&self, sink: &mut dyn UsageSink) -> Result<(), Problem> {
        let dimensions: Vec<Option<&str>> = self.dimensions.iter().map(Option::as_deref).collect();
        sink.take(&UsageRecord {
            instant: self.instant,
            source: self.source.as_deref(),
            feature: self.feature.as_deref(),
            provider: self.provider.as_deref(),
            model: self.model.as_deref(),
            tier: None,
            quantities: &self.quantities,
            requests: Exact::ONE,
            single_request: true,
            reported_cost: None,
            request_id: self.request_id.as_deref(),
            outcome: self.outcome,
            dimensions: &dimensions,
            cached_open: false,
            line: self.line,
        })
    }
}
