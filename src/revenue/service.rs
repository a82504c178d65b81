//! When an invoice without lines is earned: the service period that it states, else one cycle of
//! its subscription, else all at once.
//!
//! Exports of subscriptions tell the present only. An invoice on the subscription's cycle is taken
//! for one cycle of it. An invoice off the cycle (a change within the month, another interval in
//! the past) lasts until the subscription's next invoice or the next start of a cycle, whichever
//! comes first.

use super::contracts;
use super::lines::not_before;
use super::links::Links;
use super::{Basis, RevenueBook};
use crate::model::records::Invoice;
use crate::model::{Cycle, Instant};

/// How far an invoice's date may lie from the start of its cycle.
const NEAR: i64 = 86_400_000_000;

/// The service period, half-open, and whether it is known. Remarks what was inferred.
pub fn of(
    book: &mut RevenueBook,
    links: &Links<'_>,
    basis: Basis,
    invoice: &Invoice,
) -> ((Instant, Instant), bool) {
    let final_at = invoice.finalized.unwrap_or(invoice.date);
    if let Some(service) = invoice.service {
        return match invoice.namespace {
            "stripe" => (not_before(service, final_at), true),
            _ => (service, true),
        };
    }
    let mut infer = |words| {
        if basis == Basis::Recognized {
            book.remark(words, invoice.total - invoice.tax);
        }
    };
    let of_subscription = invoice.subscription.as_deref();
    if let Some(cycle) = of_subscription.and_then(|id| cycle(links, id)) {
        let date = invoice.date;
        let (before, after) = (cycle.at_or_before(date), cycle.at_or_after(date));
        let start = match (date.0 - before.0 <= NEAR, after.0 - date.0 <= NEAR) {
            (true, _) => before,
            (_, true) => after,
            _ => {
                infer(
                    "invoices without a service period, dated off their subscription's cycle: taken to last until its next invoice or cycle",
                );
                return ((date, next_invoice(links, invoice, after)), true);
            }
        };
        infer("invoices without a service period, taken for one cycle of their subscription");
        let end = cycle.at_or_after(Instant(start.0 + 1));
        return ((start, end), true);
    }
    ((final_at, final_at), invoice.namespace == "revenue")
}

/// The cycle of a subscription with a current period. Where no file says the interval the length
/// of that period is it.
fn cycle(links: &Links<'_>, id: &str) -> Option<Cycle> {
    let subscription = links.subscriptions.get(id)?;
    let (start, end) = subscription.current_period?;
    let listed = links.prices.get(subscription.price.as_str());
    let (interval, count) = contracts::interval(subscription, listed.copied(), Some((start, end)));
    // A cycle begun on the 31st starts on the last day of short months; the later day is the true one.
    let in_month = |at: Instant| at.utc_day().0 - at.utc_day().month().first_day().0;
    let anchor = if in_month(end) > in_month(start) {
        end
    } else {
        start
    };
    Cycle::of(anchor, &interval, count)
}

/// The date of the next invoice of the same subscription, if it is earlier than `otherwise`.
fn next_invoice(links: &Links<'_>, invoice: &Invoice, otherwise: Instant) -> Instant {
    let of_same = invoice.subscription.as_deref();
    let dates = of_same.and_then(|id| links.billed_on.get(id));
    let mut later = dates.into_iter().flatten();
    let next = later.find(|date| **date > invoice.date);
    next.map_or(otherwise, |next| otherwise.min(*next))
}
