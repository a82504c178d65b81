//! Plans: which plan a customer is on, and what the plan costs now.
//!
//! A customer's plan comes from the mapping file, else from a line of a revenue file, else from a
//! subscription's price. Plan names are compared byte for byte, as ids are.

use std::collections::BTreeMap;

use super::RevenueBook;
use crate::identity::mapping::Dated;
use crate::identity::{Identity, PartyId};
use crate::model::records::{ListPrice, RevenueRecords};
use crate::model::{Day, Exact, Zone};

/// Statuses of subscriptions that do not make a plan.
const NOT_ON_PLAN: &[&str] = &["incomplete", "incomplete_expired"];

/// Gives every customer without a `plan` attribute the plan that its revenue lines or
/// subscriptions name.
pub fn assign(identity: &mut Identity, book: &RevenueBook, records: &RevenueRecords, zone: Zone) {
    let prices: BTreeMap<&str, &ListPrice> =
        records.prices.iter().map(|p| (p.id.as_str(), p)).collect();
    // The newest subscription that is not over wins; equal ones by name, so that the order of rows
    // does not matter. A line of a revenue file that names a plan wins over subscriptions.
    let mut found: BTreeMap<PartyId, (bool, bool, Option<Day>, &str)> = BTreeMap::new();
    for subscription in &records.subscriptions {
        if NOT_ON_PLAN.contains(&subscription.status.as_str()) {
            continue;
        }
        let Some(price) = prices.get(subscription.price.as_str()) else {
            continue;
        };
        let at = subscription
            .started
            .or(subscription.current_period.map(|period| period.0));
        let day = at.map(|at| zone.day(at));
        let (party, _) = identity.billing("stripe", &subscription.customer, day.unwrap_or(Day(0)));
        let rank = (false, subscription.ended.is_none(), day, plan_name(price));
        let best = found.entry(party).or_insert(rank);
        *best = (*best).max(rank);
    }
    for obligation in &book.obligations {
        if let Some(plan) = &obligation.plan {
            let rank = (
                true,
                true,
                Some(zone.day(obligation.service.0)),
                plan.as_str(),
            );
            let best = found.entry(obligation.party).or_insert(rank);
            *best = (*best).max(rank);
        }
    }
    let found: BTreeMap<PartyId, String> = found
        .into_iter()
        .map(|(party, (_, _, _, plan))| (party, plan.to_string()))
        .collect();
    for (at, party) in (0u32..).zip(identity.parties_mut()) {
        if !party.attributes.contains_key("plan")
            && let Some(plan) = found.get(&PartyId(at))
        {
            let plan = Dated {
                from: None,
                to: None,
                value: plan.clone(),
                line: 0,
            };
            party.attributes.insert("plan".into(), vec![plan]);
        }
    }
}

/// The names of a price's plan, the one by which people call it first: the product's name, the
/// nickname, the id.
fn names(price: &ListPrice) -> impl Iterator<Item = &String> {
    let names = [&price.product_name, &price.nickname, &price.id];
    names.into_iter().filter(|name| !name.is_empty())
}

fn plan_name(price: &ListPrice) -> &str {
    names(price).next().map_or("", String::as_str)
}

/// The names of the plan of each subscription whose price is in the price list.
pub fn of_subscriptions(records: &RevenueRecords) -> BTreeMap<String, Vec<String>> {
    let prices: BTreeMap<&str, &ListPrice> =
        records.prices.iter().map(|p| (p.id.as_str(), p)).collect();
    let subscriptions = records.subscriptions.iter();
    let named = subscriptions.filter_map(|subscription| {
        let price = prices.get(subscription.price.as_str())?;
        Some((subscription.id.clone(), names(price).cloned().collect()))
    });
    named.collect()
}

/// What a plan costs now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanPrice {
    /// Per month.
    pub month: Option<Exact>,
    /// Per year, where a yearly price is listed.
    pub year: Option<Exact>,
}

/// List prices by plan name, from a price list. A plan with two different licensed
/// prices for the same interval has no list price for it.
pub fn listed(records: &RevenueRecords) -> BTreeMap<String, PlanPrice> {
    let mut seen: BTreeMap<(String, bool), Vec<Exact>> = BTreeMap::new();
    for price in &records.prices {
        let (Some(amount), false) = (price.amount, price.metered) else {
            continue;
        };
        let yearly = match (price.interval.as_str(), price.interval_count) {
            ("month", 1) => false,
            ("year", 1) | ("month", 12) => true,
            _ => continue,
        };
        for name in names(price) {
            let amounts = seen.entry((name.clone(), yearly)).or_default();
            amounts.push(amount);
        }
    }
    let mut plans: BTreeMap<String, PlanPrice> = BTreeMap::new();
    for ((name, yearly), amounts) in seen {
        if amounts.iter().any(|amount| *amount != amounts[0]) {
            continue;
        }
        let plan = plans.entry(name).or_default();
        if yearly {
            plan.year = Some(amounts[0]);
        } else {
            plan.month = Some(amounts[0]);
        }
    }
    plans
}
