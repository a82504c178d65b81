//! When subscriptions renew, as far as the export tells: its current period, stepped by its
//! interval.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::records::{RevenueRecords, Subscription};
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

/// When each customer of the billing system began, by its id there: the earliest start of its
/// subscriptions and the earliest change of its recurring revenue. Subscriptions that never came to
/// be do not count.
pub fn starts(records: &RevenueRecords) -> BTreeMap<String, Instant> {
    let began = |s: &&Subscription| !s.status.starts_with("incomplete");
    let subscriptions = records.subscriptions.iter().filter(began);
    let subscriptions = subscriptions.filter_map(|s| Some((&s.customer, s.started?)));
    let changes = records.mrr_changes.iter();
    let changes = changes.map(|change| (&change.customer, change.at));
    let mut starts: BTreeMap<String, Instant> = BTreeMap::new();
    for (customer, at) in subscriptions.chain(changes) {
        let start = starts.entry(customer.clone()).or_insert(at);
        *start = (*start).min(at);
    }
    starts
}

/// The prices and subscriptions that are billed once a year, by their ids.
pub fn yearly(records: &RevenueRecords) -> BTreeSet<String> {
    let is_year =
        |interval: &str, count: u32| matches!((interval, count), ("year", 1) | ("month", 12));
    let listed = records.prices.iter();
    let listed = listed.filter(|price| is_year(&price.interval, price.interval_count));
    let mut found: BTreeSet<String> = listed.map(|price| price.id.clone()).collect();
    for one in &records.subscriptions {
        let own = is_year(&one.interval, one.interval_count.unwrap_or(1));
        if own || found.contains(&one.price) {
            found.insert(one.id.clone());
        }
    }
    found
}
