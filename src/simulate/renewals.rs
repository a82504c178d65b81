//! When subscriptions renew, as far as the export tells: its current period, stepped by its
//! interval.

use std::collections::BTreeMap;

use crate::model::records::Subscription;
use crate::model::{Cycle, Instant};

/// The first renewal of each subscription at or after `start`. Subscriptions without a current
/// period or with an interval of no known length are left out.
pub fn renewals(subscriptions: &[Subscription], start: Instant) -> BTreeMap<String, Instant> {
    let of = |subscription: &Subscription| {
        let (_, end) = subscription.current_period?;
        let count = subscription.interval_count.unwrap_or(1);
        let cycle = Cycle::of(end, &subscription.interval, count)?;
        Some((subscription.id.clone(), cycle.at_or_after(start)))
    };
    subscriptions.iter().filter_map(of).collect()
}
