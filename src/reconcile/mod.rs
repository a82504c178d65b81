//! Computed cost against billed cost: the gap of every provider, model, meter and day, split into
//! named causes that add up to it exactly.
//!
//! Computed is logged quantity × list price. Where a bill states quantities, the gap has two sides:
//! quantities that differ (events missing from the log, logged too often, counted in another token
//! class, or on the other side of midnight) are valued at the list price, and prices that differ
//! (service tier, context tier, discount, rounding, another rate) on the billed quantity. Where it
//! does not, only money can be compared, and what is neither discount nor rounding stays
//! unexplained. Pure. The rule that must hold: for every entry, the causes sum to billed − computed.

mod cause;
mod entry;
mod money;
mod quantity;
mod rates;
#[cfg(test)]
mod tests;

pub use cause::Cause;
pub use entry::{Entry, Evidence, Group, grouped};
pub use rates::{Calibrated, calibrated};

use crate::attribution::matching::Comparison;
use crate::model::records::{ChargeKind, ChargeMeter};
use crate::model::{ContextBand, Day, Exact, Meter};

/// What a list price is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Provider as the bill or the log names it, folded.
    pub provider: Option<&'a str>,
    /// Model as written.
    pub model: &'a str,
    /// What is metered.
    pub meter: &'a Meter,
    /// Service tier, folded.
    pub tier: &'a str,
    /// Context tier.
    pub band: ContextBand,
    /// UTC day.
    pub day: Day,
}

/// A list price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// One unit in the report's currency, before any discount.
    pub price: Exact,
    /// The negotiated discount on it, as a ratio.
    pub discount: Exact,
}

/// Where list prices come from.
pub trait PriceList {
    /// The list price; `None` if the list has none.
    fn price(&self, asked: Asked<'_>) -> Option<Listed>;
}

/// The outcome.
#[derive(Debug, Default)]
pub struct Reconciliation {
    /// One entry per topic and day, in order.
    pub entries: Vec<Entry>,
    /// The rates that the bills imply, where they state quantities.
    pub rates: Vec<Calibrated>,
    /// Whether some usage lies on days that no bill covers; it is not part of the comparison.
    pub beyond_bills: bool,
}

/// Compares.
pub fn reconcile(comparison: &Comparison<'_>, list: &dyn PriceList) -> Reconciliation {
    let finest = money::Finest::of(comparison);
    let mut entries = Vec::new();
    for line in &comparison.others {
        entries.push(entry::other(line));
    }
    let mut metered = Vec::new();
    for matched in &comparison.matched {
        match &matched.topic.meter {
            ChargeMeter::Item(_) => entries.extend(matched.lines.iter().map(entry::item)),
            ChargeMeter::Is(meter) if matched.lines.iter().all(|line| line.quantity.is_some()) => {
                metered.push((matched, meter));
            }
            _ => entries.extend(money::compare(matched, list, &finest)),
        }
    }
    entries.extend(quantity::compare(&metered, list, &finest));
    for entry in &entries {
        let causes: Exact = entry.causes.values().copied().sum();
        assert!(
            causes == entry.gap(),
            "the causes of a gap add up to it: {causes} and {}",
            entry.gap()
        );
    }
    entries.sort_by(|a, b| a.key().cmp(&b.key()));
    Reconciliation {
        rates: calibrated(&metered, list),
        entries,
        beyond_bills: comparison.beyond_bills,
    }
}

/// The cause that a charge which is no usage stands for.
fn cause_of(kind: ChargeKind, item: &str) -> Cause {
    match kind {
        ChargeKind::Tax => Cause::Tax,
        ChargeKind::Rounding => Cause::Rounding,
        ChargeKind::IdleCommitment | ChargeKind::Usage => Cause::Item,
        ChargeKind::Credit if item.to_lowercase().contains("discount") => Cause::Discount,
        ChargeKind::Credit => Cause::Credit,
    }
}
