//! Billing records that stand twice: concatenated or overlapping exports.
//!
//! The same id with the same content is dropped and counted. Two exports of one record lend each
//! other what they lack. With different content the more final state wins, where one is; otherwise
//! it is an error that names both lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::merge::Merge;
use crate::formats::RevenueRecords;
use crate::model::records::{DisputeStatus, Invoice, InvoiceStatus, Origin, Payment, Subscription};
use crate::problem::{Place, Problem, Problems, catalogue};

/// Drops repeats; returns how many rows of each file were dropped.
pub fn settle(records: &mut RevenueRecords, problems: &mut Problems) -> BTreeMap<Arc<str>, u64> {
    let mut dropped = Dropped::default();
    let invoices = std::mem::take(&mut records.invoices);
    let (with_ids, lines): (Vec<_>, Vec<_>) =
        invoices.into_iter().partition(|i| i.namespace != "revenue");
    // Lines of a generic revenue file may share an invoice id; each is money of its own.
    records.invoices = dropped.settle(
        with_ids,
        problems,
        |i| &i.id,
        |i| &i.origin,
        |i| &mut i.origin,
        (finality, Merge::merged),
    );
    records.invoices.extend(lines);
    let payments = std::mem::take(&mut records.payments);
    records.payments = dropped.settle(
        payments,
        problems,
        |p| &p.id,
        |p| &p.origin,
        |p| &mut p.origin,
        (settlement, Merge::merged),
    );
    let subscriptions = std::mem::take(&mut records.subscriptions);
    records.subscriptions = dropped.settle(
        subscriptions,
        problems,
        |s| &s.id,
        |s| &s.origin,
        |s| &mut s.origin,
        (started, Merge::merged),
    );
    let prices = std::mem::take(&mut records.prices);
    records.prices = dropped.settle(
        prices,
        problems,
        |p| &p.id,
        |p| &p.origin,
        |p| &mut p.origin,
        (|_| 0, Merge::merged),
    );
    settle_details(&mut dropped, records, problems);
    dropped.counts
}

/// The same for what is given back one by one, and for items and names.
fn settle_details(dropped: &mut Dropped, records: &mut RevenueRecords, problems: &mut Problems) {
    macro_rules! settle {
        ($list:ident, $rank:expr) => {
            settle!($list, $rank, |_, _| None)
        };
        ($list:ident, $rank:expr, $merge:expr) => {
            let list = std::mem::take(&mut records.$list);
            records.$list = dropped.settle(
                list,
                problems,
                |record| &record.id,
                |record| &record.origin,
                |record| &mut record.origin,
                ($rank, $merge),
            );
        };
    }
    settle!(lines, |_| 0);
    settle!(balance, |_| 0, Merge::merged);
    settle!(credit_notes, |note| i64::from(note.void));
    settle!(refunds, |refund| i64::from(refund.succeeded));
    settle!(disputes, |dispute| i64::from(
        dispute.status != DisputeStatus::Open
    ));
    settle!(items, |item| item
        .current_period
        .map_or(0, |period| period.0.0));
    settle!(products, |_| 0);
    settle_changes(dropped, records);
}

/// Changes of recurring revenue have no id: a row alike of another file is the same change, while
/// one file may have two.
fn settle_changes(dropped: &mut Dropped, records: &mut RevenueRecords) {
    let mut first: BTreeMap<_, Arc<str>> = BTreeMap::new();
    records.mrr_changes.retain(|change| {
        let key = (
            change.at,
            change.customer.clone(),
            change.subscription.clone(),
            change.price.clone(),
            change.change,
            change.currency,
        );
        let file = &change.origin.file;
        let is_first = first.entry(key).or_insert_with(|| file.clone()) == file;
        if !is_first {
            *dropped.counts.entry(file.clone()).or_default() += 1;
        }
        is_first
    });
}

/// How final an invoice's state is.
fn finality(invoice: &Invoice) -> i64 {
    match invoice.status {
        InvoiceStatus::Draft => 0,
        InvoiceStatus::Open | InvoiceStatus::NotStated => 1,
        InvoiceStatus::Uncollectible => 2,
        InvoiceStatus::Void | InvoiceStatus::Paid => 3,
    }
}

/// The minute in which a subscription's current period began: some exports cut the seconds.
fn started(subscription: &Subscription) -> i64 {
    let period = subscription.current_period;
    period.map_or(0, |(start, _)| start.0.div_euclid(60_000_000))
}

/// How far a payment has come: refunds only grow, disputes are opened and then decided.
fn settlement(payment: &Payment) -> i64 {
    let refunded = payment.refunded.shift(6).to_u64().unwrap_or(u64::MAX);
    i64::try_from(refunded).unwrap_or(i64::MAX).saturating_add(
        match payment.dispute.map(|dispute| dispute.status) {
            None => 0,
            Some(DisputeStatus::Open) => 1,
            Some(DisputeStatus::Won | DisputeStatus::Lost) => 2,
        },
    )
}

#[derive(Default)]
struct Dropped {
    counts: BTreeMap<Arc<str>, u64>,
}

impl Dropped {
    fn settle<T: Clone + PartialEq>(
        &mut self,
        records: Vec<T>,
        problems: &mut Problems,
        id: impl Fn(&T) -> &String,
        origin: impl Fn(&T) -> &Origin,
        origin_mut: impl Fn(&mut T) -> &mut Origin,
        (rank, merge): (impl Fn(&T) -> i64, impl Fn(&T, &T) -> Option<T>),
    ) -> Vec<T> {
        // Alike in everything but where they stand.
        let alike = |a: &T, b: &T| {
            let mut moved = a.clone();
            *origin_mut(&mut moved) = origin(b).clone();
            moved == *b
        };
        let mut kept: BTreeMap<String, T> = BTreeMap::new();
        for record in records {
            let Some(other) = kept.get(id(&record)) else {
                kept.insert(id(&record).clone(), record);
                continue;
            };
            // Rows of one file are of one export; two exports may each know a part.
            let two_files = origin(&record).file != origin(other).file;
            let (winner, loser) = match rank(&record) > rank(other) {
                true => (&record, other),
                false => (other, &record),
            };
            let joined = merge(winner, loser).filter(|_| two_files);
            if joined.is_none() && rank(winner) == rank(loser) && !alike(winner, loser) {
                let (one, other) = (origin(&record), origin(other));
                problems.push(conflict(id(&record), one, other));
            }
            let file = origin(loser).file.clone();
            let winner = joined.unwrap_or_else(|| winner.clone());
            *self.counts.entry(file).or_default() += 1;
            kept.insert(id(&winner).clone(), winner);
        }
        kept.into_values().collect()
    }
}

fn conflict(id: &str, origin: &Origin, other: &Origin) -> Problem {
    Problem::new(
        &catalogue::DUPLICATE_RECORD,
        format!(
            "the id stands at {}:{} too, with different content",
            other.file, other.line
        ),
    )
    .at(Place::line(&origin.file, origin.line))
    .excerpt(id)
    .help("export the file again; the two rows contradict each other")
}
