//! Stripe's revenue-recognition report: double-entry rows per customer and accounting period. What
//! it says of a customer and month is that month's revenue; every other source only checks it.
//!
//! Revenue and its contra accounts are credited by what is earned and debited by what is not:
//! an entry from `DeferredRevenue` to `Revenue` earns, one from `Refunds` to `Cash` takes back, and
//! one between two accounts that are neither is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::invoices::{Payer, push};
use super::lines::Part;
use super::tie::Source;
use super::{Basis, Inputs, RevenueBook, Schedule};
use crate::model::records::RecognizedEntry;
use crate::model::{Exact, Instant, Zone};

/// Accounts that make up net revenue, letters and digits only, in lower case.
const REVENUE: &[&str] = &[
    "revenue",
    "refunds",
    "disputes",
    "creditnotes",
    "voids",
    "baddebt",
];

/// Stretches of time by the Stripe customer that the report tells of.
pub type Told = BTreeMap<String, BTreeSet<(Instant, Instant)>>;

/// Adds the entries and returns what they tell.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>) -> Told {
    let mut told = Told::new();
    for entry in &inputs.records.recognized {
        let sheet = book.sheets.entry(Source::RecognitionReport).or_default();
        sheet.export += entry.amount;
        if inputs.basis != Basis::Recognized {
            sheet.exclude("not on this basis", entry.amount);
            continue;
        }
        // The report by price, product or invoice may name nobody: it is then nobody's.
        let customer = entry.customer.as_deref().unwrap_or("");
        let period = entry.period;
        if !customer.is_empty() {
            let stretch = told_by(period, inputs.zone);
            told.entry(customer.to_string())
                .or_default()
                .insert(stretch);
        }
        let amount = effect(entry);
        if amount != entry.amount {
            let reason = match amount.is_zero() {
                true => "between accounts that are not revenue",
                false => "debits of revenue, which count with the opposite sign",
            };
            sheet.exclude(reason, entry.amount - amount);
        }
        if entry.open {
            book.remark(
                "entries of an open accounting period, which may change",
                amount,
            );
        }
        if amount.is_zero() {
            continue;
        }
        let payer = Payer {
            namespace: "stripe",
            id: customer,
            day: period.0,
            invoiced: period.0,
        };
        let part = Part {
            id: None,
            net: amount,
            tax: Exact::ZERO,
            service: period,
            plan: None,
            price: entry.price.clone(),
            recurring: None,
            metered: false,
            subscription: None,
            origin: entry.origin.clone(),
        };
        let places = inputs.currency.decimals();
        let schedule = Schedule::straight(amount, period.0, period.1, places);
        push(
            book,
            inputs,
            payer,
            Source::RecognitionReport,
            part,
            schedule,
        );
    }
    told.into_iter()
        .map(|(customer, stretches)| (customer, apart(stretches)))
        .collect()
}

/// The time of which a month of the report tells: the month, and the same month in UTC, by which
/// Stripe dates invoices. Hours between the two would else count once more.
fn told_by((start, end): (Instant, Instant), zone: Zone) -> (Instant, Instant) {
    let (first, last) = (zone.day(start), zone.day(end));
    let utc = (Zone::Utc.start_of(first), Zone::Utc.start_of(last));
    (start.min(utc.0), end.max(utc.1))
}

/// Stretches that overlap a little, cut where the next one begins.
fn apart(stretches: BTreeSet<(Instant, Instant)>) -> BTreeSet<(Instant, Instant)> {
    let starts: Vec<Instant> = stretches.iter().skip(1).map(|(start, _)| *start).collect();
    let next = starts.into_iter().map(Some).chain([None]);
    let cut = stretches.into_iter().zip(next);
    let cut = cut.map(|((start, end), next)| (start, next.map_or(end, |next| end.min(next))));
    cut.filter(|(start, end)| start < end).collect()
}

/// What an entry adds to net revenue.
fn effect(entry: &RecognizedEntry) -> Exact {
    let is_revenue = |account: &str| {
        let letters = account.chars().filter(char::is_ascii_alphanumeric);
        let name: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        REVENUE.contains(&name.as_str())
    };
    match (is_revenue(&entry.debit), is_revenue(&entry.credit)) {
        (false, true) => entry.amount,
        (true, false) => -entry.amount,
        // From one of them to another, or between accounts that are none.
        (true, true) | (false, false) => Exact::ZERO,
    }
}
