//! Plans: which plan a customer is on, and what the plan costs now.
//!
//! A customer's plan comes from the mapping file, else from a line of a revenue file, else from the
//! price of an invoice line, else from a subscription's price. Without a word of the mapping each invoice counts on its own plan, and the
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
    // The newest subscription that is not over wins; equal ones by name, so that the order of rows
    // does not matter. A line of a revenue file that names a plan wins over subscriptions.
    let names = of_subscriptions(records);
    let mut found: BTreeMap<PartyId, Rank> = BTreeMap::new();
    for subscription in &records.subscriptions {
        if NOT_ON_PLAN.contains(&subscription.status.as_str()) {
            continue;
        }
        let plan = names.get(&subscription.id).and_then(|names| names.first());
        let Some(plan) = plan else {
            continue;
        };
        let at = subscription
            .started
            .or(subscription.current_period.map(|period| period.0));
        let day = at.map(|at| zone.day(at));
        let (party, _) = identity.billing("stripe", &subscription.customer, day.unwrap_or(Day(0)));
        let rank = (false, subscription.ended.is_none(), day, plan.clone());
        better(&mut found, party, rank);
    }
    for obligation in &book.obligations {
        if let Some(plan) = &obligation.plan {
            let day = Some(zone.day(obligation.service.0));
            better(
                &mut found,
                obligation.party,
                (true, true, day, plan.clone()),
            );
        } else if let Some(plan) = of_price(&names, obligation)
            && obligation.net.is_positive()
            && obligation.recurring != Some(false)
        {
            let day = Some(zone.day(obligation.service.0));
            better(
                &mut found,
                obligation.party,
                (true, false, day, plan.clone()),
            );
        }
    }
    let found: BTreeMap<PartyId, String> = found
        .into_iter()
        .map(|(party, (_, _, _, plan))| (party, plan))
        .collect();
    for line in &mut book.obligations {
        if !identity.party(line.party).attributes.contains_key("plan") {
            let id = line.subscription.as_deref();
            let of_subscription = || names.get(id?)?.first().cloned();
            let own = line
                .plan
                .clone()
                .or_else(|| of_price(&names, line).cloned());
            line.counted_on = own.or_else(of_subscription);
        }
    }
    let mut spans = spans(book, zone);
    for (at, party) in (0u32..).zip(identity.parties_mut()) {
        if !party.attributes.contains_key("plan")
            && let Some(plan) = found.get(&PartyId(at))
        {
            let spans = spans.remove(&PartyId(at)).unwrap_or_default();
            let (plans, several) = by_day(spans, plan);
            std::sync::Arc::make_mut(&mut party.attributes).insert("plan".into(), plans);
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
        if to <= from || total.is_zero() || line.recurring == Some(false) {
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
        // A line that takes the rest of a plan back ends it there.
        rates.retain(|_, rate| rate.is_positive());
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

/// Product names by id, where the files have products.
pub fn named_by(records: &RevenueRecords) -> BTreeMap<&str, &str> {
    let products = records.products.iter();
    products.map(|p| (p.id.as_str(), p.name.as_str())).collect()
}

/// The names of a price's plan, the one by which people call it first: the product's name, as the
/// price list or else the list of products has it, the nickname, the id.
pub fn names(price: &ListPrice, products: &BTreeMap<&str, &str>) -> Vec<String> {
    let product = match price.product_name.is_empty() {
        true => products.get(price.product.as_str()).copied().unwrap_or(""),
        false => price.product_name.as_str(),
    };
    let names = [product, &price.nickname, &price.id];
    let names = names.into_iter().filter(|name| !name.is_empty());
    names.map(str::to_string).collect()
}

/// The names of the plan of each price in the price list, and of each subscription whose price is
/// there: its own, else that of its only licensed item.
pub fn of_subscriptions(records: &RevenueRecords) -> BTreeMap<String, Vec<String>> {
    let products = named_by(records);
    let listed = records.prices.iter();
    let mut named: BTreeMap<String, Vec<String>> = listed
        .map(|price| (price.id.clone(), names(price, &products)))
        .collect();
    // What an item says of its own price stands in for a list without it.
    for terms in records.items.iter().filter_map(|item| item.terms.as_ref()) {
        let of_item = || names(terms, &products);
        named.entry(terms.id.clone()).or_insert_with(of_item);
    }
    let metered = records.prices.iter().filter(|price| price.metered);
    let metered: BTreeSet<&str> = metered.map(|price| price.id.as_str()).collect();
    let mut items: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for item in &records.items {
        if !metered.contains(item.price.as_str()) {
            items
                .entry(&item.subscription)
                .or_default()
                .insert(&item.price);
        }
    }
    for subscription in &records.subscriptions {
        let of_item = items.get(subscription.id.as_str());
        let of_item = of_item.filter(|prices| prices.len() == 1);
        let of_item = || named.get(*of_item?.first()?);
        let found = named.get(&subscription.price).or_else(of_item).cloned();
        if let Some(found) = found {
            named.insert(subscription.id.clone(), found);
        }
    }
    named
}

/// The plan of a line whose price is in the price list.
fn of_price<'n>(names: &'n BTreeMap<String, Vec<String>>, line: &Obligation) -> Option<&'n String> {
    names.get(line.price.as_ref()?)?.first()
}

type Rank = (bool, bool, Option<Day>, String);

fn better(found: &mut BTreeMap<PartyId, Rank>, party: PartyId, rank: Rank) {
    match found.get_mut(&party) {
        Some(best) if *best >= rank => {}
        _ => {
            found.insert(party, rank);
        }
    }
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
    let products = named_by(records);
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
        for name in names(price, &products) {
            let amounts = seen.entry((name, yearly)).or_default();
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
