//! Monthly recurring revenue after Stripe's published definition, as of the end of each month:
//! subscriptions that are active or past due, at list price, without trials, metered prices, free
//! plans, one-off amounts and tax; yearly prices count a twelfth.
//!
//! Where Stripe's own changes of it are in the files, their sum until the end of the month counts
//! and subscriptions are left out. Coupons are in no export of subscriptions, so only the changes
//! know them. It is a rate, not money earned: each month is spread over its days.

use std::collections::{BTreeMap, BTreeSet};

use super::contracts::{Contract, contracts};
use super::invoices::{Payer, push};
use super::lines::Part;
use super::tie::Source;
use super::{Inputs, RevenueBook, Schedule};
use crate::model::records::Origin;
use crate::model::{Exact, Instant, Period};

/// Adds the months of a period. The tie's export is the monthly value of every row, month by month.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>, period: Period) {
    let all = contracts(inputs.records, book, inputs.identity, inputs.zone);
    let origins = inputs.records.subscriptions.iter();
    let origins: BTreeMap<&str, &Origin> = origins.map(|s| (s.id.as_str(), &s.origin)).collect();
    let changed = !inputs.records.mrr_changes.is_empty();
    let assumed = all.iter().filter(|contract| contract.assumed_unit);
    for contract in assumed {
        let amount = contract.list_price.unwrap_or_default();
        book.remark(
            "subscriptions of several units whose price is in no price list: their amount is taken as that of one",
            amount,
        );
    }
    // Each once, if it counts at the end of the period.
    let coupons = inputs.records.subscriptions.iter();
    let coupons = coupons.filter(|subscription| subscription.coupon.is_some());
    let coupons: BTreeSet<&str> = coupons.map(|one| one.id.as_str()).collect();
    for contract in all.iter().filter(|_| !changed) {
        let end = inputs.zone.start_of(period.end);
        let amount = contract.monthly(inputs.currency.decimals());
        let amount = amount.filter(|amount| !amount.is_zero());
        if let (true, Some(None), Some(amount)) = (
            coupons.contains(contract.subscription.as_str()),
            left_out(contract, end),
            amount,
        ) {
            book.remark(
                "prices of subscriptions with a coupon, which list prices do not show; give Stripe's subscription_item_change_events, which know it",
                amount,
            );
        }
    }
    let unknown = |contract: &&Contract| {
        let counts = left_out(contract, inputs.zone.start_of(period.end)) == Some(None);
        counts && !contract.metered && contract.monthly(inputs.currency.decimals()).is_none()
    };
    for _ in all.iter().filter(unknown).filter(|_| !changed) {
        book.remark(
            "subscriptions whose price no file says (tiers, or a price that is in no list), not in the recurring revenue",
            Exact::ZERO,
        );
    }
    for month in period.months() {
        let days = Period::month(month);
        let start = inputs.zone.start_of(days.start);
        let end = inputs.zone.start_of(days.end);
        if changed {
            changes(book, inputs, (start, end));
        }
        for contract in &all {
            let places = inputs.currency.decimals();
            let Some(amount) = contract.monthly(places).filter(|a| !a.is_zero()) else {
                continue;
            };
            let reason = match left_out(contract, end) {
                None => continue,
                Some(None) if changed => Some(Source::MrrChanges.same_money()),
                Some(reason) => reason,
            };
            let sheet = book.sheets.entry(Source::Subscriptions).or_default();
            sheet.export += amount;
            if let Some(reason) = reason {
                sheet.exclude(reason, amount);
                continue;
            }
            let Some(origin) = origins.get(contract.subscription.as_str()) else {
                continue;
            };
            let mut part = part(amount, (start, end), (*origin).clone());
            part.price = Some(contract.price.clone());
            part.subscription = Some(contract.subscription.clone());
            put(book, inputs, &contract.payer, Source::Subscriptions, part);
        }
    }
}

/// Whether a contract exists at the end of a month, and why it does not count there.
fn left_out(contract: &Contract, end: Instant) -> Option<Option<&'static str>> {
    let begun = contract.started.is_none_or(|started| started < end);
    let over = contract.ends.is_some_and(|ends| ends < end);
    if !begun || over {
        return None;
    }
    let last = Instant(end.0 - 1);
    let on_trial = contract.trial;
    let on_trial = on_trial.is_some_and(|(from, to)| from <= last && last < to);
    Some(match contract.status.as_str() {
        _ if on_trial => Some("trial"),
        "trialing" if contract.trial.is_none() => Some("trial"),
        "active" | "past_due" | "trialing" => None,
        // It is over by now and was not at the end of the month.
        "canceled" if contract.ends.is_some() => None,
        "canceled" => Some("canceled on a day that no file says"),
        _ => Some("neither active nor past due"),
    })
}

fn part(amount: Exact, service: (Instant, Instant), origin: Origin) -> Part {
    Part {
        id: None,
        net: amount,
        tax: Exact::ZERO,
        service,
        plan: None,
        price: None,
        recurring: Some(true),
        metered: false,
        subscription: None,
        origin,
    }
}

fn put(book: &mut RevenueBook, inputs: Inputs<'_>, payer: &str, source: Source, part: Part) {
    let (start, end) = part.service;
    let schedule = Schedule::straight(part.net, start, end, inputs.currency.decimals());
    let payer = Payer {
        namespace: "stripe",
        id: payer,
        day: Instant(end.0 - 1),
        invoiced: start,
    };
    push(book, inputs, payer, source, part, schedule);
}

/// The sum of the changes before the end of a month, by customer and subscription.
fn changes(book: &mut RevenueBook, inputs: Inputs<'_>, month: (Instant, Instant)) {
    let mut sums: BTreeMap<(&str, Option<&str>), (Exact, &Origin)> = BTreeMap::new();
    for change in inputs.records.mrr_changes.iter().filter(|c| c.at < month.1) {
        let of = (change.customer.as_str(), change.subscription.as_deref());
        let sum = sums.entry(of).or_insert((Exact::ZERO, &change.origin));
        sum.0 += change.change;
    }
    for ((customer, subscription), (amount, origin)) in sums {
        let sheet = book.sheets.entry(Source::MrrChanges).or_default();
        sheet.export += amount;
        let mut part = part(amount, month, origin.clone());
        part.subscription = subscription.map(str::to_string);
        put(book, inputs, customer, Source::MrrChanges, part);
    }
}
