//! Plans: which plan a customer is on, and what the plan costs now.
//!
//! A customer's plan comes from the mapping file, else from a line of a revenue file, else from a
//! subscription's price. Without a word of the mapping each invoice counts on its own plan, and the
//! customer is on the plans of its invoices, each in its service period. Plan names are compared byte for byte, as ids are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Obligation, RevenueBook};
use crate::identity::mapping::Dated;
use crate::identity::{Identity, PartyId};
use crate::model::records::{ListPrice, RevenueRecords};
use crate::model::{Day, Exact, Period, Zone};

/// Statuses of subscriptions that do not make a plan.
const NOT_ON_PLAN: &[&str] = &["incomplete", "incomplete_expired"];

/// Gives every customer without a `plan` attribute the plans that its revenue lines or
/// subscriptions name, and each of its revenue lines the plan on which it counts.
pub fn assign(
    identity: &mut Identity,
    book: &mut RevenueBook,
    records: &RevenueRecords,
    zone: Zone,
) {
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
    let names = of_subscriptions(records);
    for line in &mut book.obligations {
        if !identity.party(line.party).attributes.contains_key("plan") {
            let id = line.subscription.as_deref();
            let of_price = || names.get(id?)?.first().cloned();
            line.counted_on = line.plan.clone().or_else(of_price);
        }
    }
    let mut spans = spans(book, zone);
    for (at, party) in (0u32..).zip(identity.parties_mut()) {
        if !party.attributes.contains_key("plan")
            && let Some(plan) = found.get(&PartyId(at))
        {
            let spans = spans.remove(&PartyId(at)).unwrap_or_default();
            let (plans, several) = by_day(spans, plan);
            party.attributes.insert("plan".into(), plans);
            let several = several.into_iter().map(|days| (PartyId(at), days));
            book.several_plans.extend(several);
        }
    }
}

/// The days of one revenue line that is on a plan.
struct Span {
    days: Period,
    plan: String,
    /// Revenue per day.
    rate: Exact,
}

/// The lines of each party that earn something on a plan over some time.
fn spans(book: &RevenueBook, zone: Zone) -> BTreeMap<PartyId, Vec<Span>> {
    const DAY: u64 = 86_400_000_000;
    /// Enough to compare revenue per day.
    const PLACES: u8 = 12;
    let mut spans: BTreeMap<PartyId, Vec<Span>> = BTreeMap::new();
    let span = |line: &Obligation| {
        let (from, to) = line.service;
        let plan = line.counted_on.clone()?;
        let total = line.schedule.total();
        if to <= from || !total.is_positive() || line.recurring == Some(false) {
            return None;
        }
        // The day on which one plan ends and another begins is the new one's.
        let start = zone.day(from);
        let end = zone.day(to).max(start.plus(1));
        let length = Exact::from((to.0 - from.0).unsigned_abs());
        let rate = Exact::ratio(total * Exact::from(DAY), length, PLACES)?;
        let days = Period { start, end };
        Some(Span { days, plan, rate })
    };
    for line in &book.obligations {
        if let Some(span) = span(line) {
            spans.entry(line.party).or_default().push(span);
        }
    }
    spans
}

/// The plans of a customer with their days, and the days on which it has several. Of several the
/// one with the most revenue on the day holds. Days before the first line are on its plan, days
/// between lines on the plan before, and days after the last on the customer's newest plan.
fn by_day(spans: Vec<Span>, newest: &str) -> (Vec<Dated>, Vec<Period>) {
    let dated = |from: Option<Day>, value: &str| Dated {
        from,
        to: None,
        value: value.to_string(),
        line: 0,
    };
    let same = |span: &Span| span.plan == newest;
    if spans.iter().all(same) {
        return (vec![dated(None, newest)], Vec::new());
    }
    let borders = spans
        .iter()
        .flat_map(|span| [span.days.start, span.days.end]);
    let borders: BTreeSet<Day> = borders.collect();
    let borders: Vec<Day> = borders.into_iter().collect();
    let mut plans: Vec<Dated> = Vec::new();
    let mut several = Vec::new();
    let mut begin = |from: Day, plan: &str| match plans.last_mut() {
        None => plans.push(dated(None, plan)),
        Some(last) if last.value == plan => {}
        Some(last) => {
            last.to = Some(from);
            plans.push(dated(Some(from), plan));
        }
    };
    for pair in borders.windows(2) {
        let mut rates: BTreeMap<&str, Exact> = BTreeMap::new();
        for span in spans.iter().filter(|span| span.days.contains(pair[0])) {
            *rates.entry(&span.plan).or_default() += span.rate;
        }
        if rates.len() > 1 {
            several.push(Period {
                start: pair[0],
                end: pair[1],
            });
        }
        let largest = rates.into_iter().max_by_key(|(plan, rate)| (*rate, *plan));
        if let Some((plan, _)) = largest {
            begin(pair[0], plan);
        }
    }
    if let Some(last) = borders.last() {
        begin(*last, newest);
    }
    (plans, several)
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
