//! What stands between a reader of a log and the fold: it sums up on the way what [`Log`] knows.

use super::hand::Hand;
use super::logs::Log;
use super::traces::Traces;
use crate::formats::{SpanEnds, UsageSink};
use crate::model::records::{UsageRecord, UsageSum};
use crate::problem::Problem;
use crate::scan::Receipt;

/// Hands records on to the fold and sums up what it counts.
pub struct Watched<'f> {
    /// What hands them to the fold.
    pub hand: Hand<'f>,
    /// What is summed up.
    pub log: Log,
    /// The loose ends of traces, where the log is read in one go.
    pub traces: Option<&'f mut Traces>,
    /// Where its rows are counted on the way, unless whoever reads does so.
    pub counted: Option<&'f Receipt>,
    /// The provider who bills the file's calls, whatever its rows say.
    pub billed_by: Option<&'f str>,
}

impl Watched<'_> {
    /// Folds the records that wait; see [`Hand::fold`].
    pub fn fold(&mut self) -> bool {
        self.hand.fold(|repeat| self.log.unsee(repeat))
    }
}

impl UsageSink for Watched<'_> {
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem> {
        if let Some(receipt) = self.counted {
            receipt.add_rows(1);
        }
        let before = self.hand.dropped();
        match self.billed_by {
            None => self.hand.take(record)?,
            Some(provider) => self.hand.take(&UsageRecord {
                provider: Some(provider),
                ..record.clone()
            })?,
        }
        // A repeat is not counted a second time.
        if self.hand.dropped() == before {
            self.log.see(record, &self.hand);
        }
        Ok(())
    }

    fn take_sum(&mut self, sum: &UsageSum<'_>) -> Result<(), Problem> {
        match self.billed_by {
            None => self.hand.take_sum(sum)?,
            Some(provider) => self.hand.take_sum(&sum.of_provider(provider))?,
        }
        self.log.see(&sum.record, &self.hand);
        Ok(())
    }

    fn settle_cached_inside(&mut self, inside: bool) {
        self.log.settle(inside);
        self.hand.settle_cached_inside(inside);
    }

    fn end_of_spans(&mut self, ends: SpanEnds) -> Vec<Problem> {
        let traces = self.traces.as_mut();
        traces.map_or_else(Vec::new, |traces| traces.end(&self.log.name, ends))
    }
}
