//! When subscriptions renew, as far as their contracts tell: the current period, stepped by its
//! interval.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::records::{RevenueRecords, Subscription};
use crate::model::{Cycle, Instant};
use crate::revenue::contracts::Contract;

/// The first renewal of each subscription at or after `start`, the earliest of its items. That it begins
/// is no renewal. Left out are
/// those without a current period, with an interval of no known length, and those that end by then.
pub fn renewals(contracts: &[Contract], start: Instant) -> BTreeMap<String, Instant> {
    let mut renewals: BTreeMap<String, Instant> = BTreeMap::new();
    for contract in contracts {
        let next = || {
            let (_, end) = contract.current?;
            let cycle = Cycle::of(end, &contract.interval, contract.interval_count)?;
            let begun = contract.started.map(|began| Instant(began.0 + 1));
            Some(cycle.at_or_after(begun.map_or(start, |begun| begun.max(start))))
        };
        let goes_on = |next: &Instant| contract.ends.is_none_or(|ends| *next < ends);
        if let Some(next) = next().filter(goes_on) {
            let first = renewals
                .entry(contract.subscription.clone())
                .or_insert(next);
            *first = next.min(*first);
        }
    }
    renewals
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::PartyId;
    use crate::model::{Exact, Zone};

    fn at(text: &str) -> Instant {
        Instant::parse(text, Some(Zone::Utc)).unwrap()
    }

    fn contract(id: &str, count: u32, current: (&str, &str)) -> Contract {
        Contract {
            party: PartyId(0),
            payer: "cus_1".into(),
            subscription: id.into(),
            price: "price_1".into(),
            plan: "pro".into(),
            quantity: Exact::ONE,
            interval: "month".into(),
            interval_count: count,
            list_price: None,
            metered: false,
            discount: None,
            started: None,
            current: Some((at(current.0), at(current.1))),
            renews: None,
            ends: None,
            trial: None,
            status: "active".into(),
            assumed_unit: false,
        }
    }

    #[test]
    fn a_contract_renews_by_its_own_interval_until_it_ends() {
        let quarter = contract("sub_q", 3, ("2026-09-15", "2026-12-15"));
        let mut ends = contract("sub_e", 1, ("2026-11-05", "2026-12-05"));
        ends.ends = Some(at("2026-12-05"));
        let items = [
            contract("sub_i", 1, ("2026-11-20", "2026-12-20")),
            contract("sub_i", 12, ("2026-11-10", "2027-11-10")),
        ];
        let all = [vec![quarter, ends], items.to_vec()].concat();
        let of = |start: &str| {
            let renewals = renewals(&all, at(start));
            let renewals = renewals.iter().map(|(id, at)| format!("{id} {at}"));
            renewals.collect::<Vec<_>>()
        };
        let day = |id: &str, day: &str| format!("{id} {day}T00:00:00Z");
        // October has no renewal of the quarter: it is billed in September and December.
        assert_eq!(
            of("2026-10-01"),
            [
                day("sub_e", "2026-10-05"),
                day("sub_i", "2026-10-20"),
                day("sub_q", "2026-12-15")
            ]
        );
        // On 5 December the monthly contract ends instead of renewing.
        assert_eq!(
            of("2026-12-01"),
            [day("sub_i", "2026-12-20"), day("sub_q", "2026-12-15")]
        );
    }
}
