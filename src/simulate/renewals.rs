//! When subscriptions renew, as far as the export tells: its current period, stepped by its
//! interval.

use std::collections::BTreeMap;

use crate::model::records::{RevenueRecords, Subscription};
use crate::model::{Instant, Zone};

const DAY: i64 = 86_400_000_000;

/// The first renewal of each subscription at or after `start`. Subscriptions without a current
/// period or with an interval of no known length are left out.
pub fn renewals(subscriptions: &[Subscription], start: Instant) -> BTreeMap<String, Instant> {
    let of = |subscription: &Subscription| {
        let (_, end) = subscription.current_period?;
        let count = i32::try_from(subscription.interval_count.unwrap_or(1).max(1)).ok()?;
        let renewal = match subscription.interval.as_str() {
            "year" => by_months(end, count.checked_mul(12)?, start),
            "month" => by_months(end, count, start),
            "week" => by_time(end, DAY * 7 * i64::from(count), start),
            "day" => by_time(end, DAY * i64::from(count), start),
            _ => return None,
        };
        Some((subscription.id.clone(), renewal))
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

fn by_time(anchor: Instant, step: i64, start: Instant) -> Instant {
    // The smallest number of steps, of either sign, that reaches the start.
    let steps = (start.0 - anchor.0 + step - 1).div_euclid(step);
    Instant(anchor.0 + steps * step)
}

/// The same in months: the day of the month stays, and the 31st is the last day of short months.
fn by_months(anchor: Instant, step: i32, start: Instant) -> Instant {
    let day = Zone::Utc.day(anchor);
    let time = anchor.0 - Zone::Utc.start_of(day).0;
    let month = day.month();
    let in_month = day.0 - month.first_day().0;
    let after = |steps: i32| {
        let month = month.plus(steps * step);
        let last = month.plus(1).first_day().0 - month.first_day().0 - 1;
        let day = month.first_day().plus(in_month.min(last));
        Instant(Zone::Utc.start_of(day).0 + time)
    };
    let months = Zone::Utc.day(start).month().0 - month.0;
    let mut steps = months.div_euclid(step) - 1;
    while after(steps) < start {
        steps += 1;
    }
    after(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text, Some(Zone::Utc)).unwrap()
    }

    #[test]
    fn renewals_keep_their_day() {
        let month = |anchor, start| by_months(at(anchor), 1, at(start));
        assert_eq!(month("2026-11-15", "2026-10-01"), at("2026-10-15"));
        assert_eq!(month("2026-11-15", "2026-10-15"), at("2026-10-15"));
        assert_eq!(month("2026-11-15", "2026-10-16"), at("2026-11-15"));
        assert_eq!(
            month("2026-11-15 12:00", "2026-12-20"),
            at("2027-01-15 12:00")
        );
        // The 31st of a month with thirty days is the 30th.
        assert_eq!(month("2026-10-31", "2026-11-01"), at("2026-11-30"));
        assert_eq!(month("2026-10-31", "2026-12-01"), at("2026-12-31"));
        let year = |anchor, start| by_months(at(anchor), 12, at(start));
        assert_eq!(year("2027-03-10", "2026-10-01"), at("2027-03-10"));
        assert_eq!(year("2027-03-10", "2026-03-01"), at("2026-03-10"));
        assert_eq!(year("2027-03-10", "2027-03-11"), at("2028-03-10"));
        assert_eq!(
            by_time(at("2026-10-20"), 7 * DAY, at("2026-10-01")),
            at("2026-10-06")
        );
    }
}
