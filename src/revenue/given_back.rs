//! What goes back of a payment: refunds, lost disputes, parts never captured, payments that failed
//! afterwards. Each once, from the file that says it best, with its own date.
//!
//! Refunds one by one come first, movements of the balance second, the payment's own column last;
//! of that only what the better ones do not hold counts.

use std::collections::BTreeMap;

use super::RevenueBook;
use super::links::{Links, Paid, facing};
use super::taken::Event;
use crate::model::records::{BalanceEntry, BalanceKind, DisputeStatus};
use crate::model::{Exact, Instant};

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Back {
    /// When; `None` if no file says.
    pub at: Option<Instant>,
    /// What it is, as the tie names it.
    pub reason: &'static str,
    /// Amount including tax.
    pub gross: Exact,
    /// The refund's id, where a file has it.
    pub refund: Option<String>,
}

impl Back {
    /// The same as an amount taken back of an invoice; `otherwise` is when, if no file says.
    pub(super) fn event(&self, otherwise: Instant) -> Event<'static> {
        Event {
            at: self.at.unwrap_or(otherwise),
            gross: self.gross,
            reason: self.reason,
            lines: &[],
        }
    }
}

/// What goes back of a payment that succeeded, in order of time.
pub fn of_payment(book: &mut RevenueBook, links: &Links<'_>, payment: Paid<'_>) -> Vec<Back> {
    let id = payment.id;
    let moves = links.balance.get(id).map_or(&[][..], Vec::as_slice);
    let mut back = not_paid(moves);
    let not_captured: Exact = back.iter().map(|back| back.gross).sum();
    let refunds = refunds(links, id, moves);
    let dated: Exact = refunds.iter().map(|back| back.gross).sum();
    back.extend(refunds);
    let rest = payment.refunded - dated - not_captured;
    if rest.is_positive() {
        back.push(Back {
            reason: "refunds",
            at: payment.refunded_at,
            gross: rest,
            refund: None,
        });
    } else if rest.is_negative() && payment.refunded.is_positive() {
        book.remark(
            "payments whose refunds one by one are more than their refunded amount; the refunds count",
            -rest,
        );
    }
    let mut left = payment.amount - back.iter().map(|back| back.gross).sum();
    for (at, amount) in lost(book, links, payment, moves) {
        // What was refunded already cannot be lost again.
        let gross = amount.min(left);
        if gross.is_positive() {
            left -= gross;
            back.push(Back {
                reason: "lost disputes",
                at,
                gross,
                refund: None,
            });
        }
    }
    back.sort();
    back
}

/// Parts that never were money: not captured, or failed afterwards.
fn not_paid(moves: &[&BalanceEntry]) -> Vec<Back> {
    let reason = |kind: &BalanceKind| match kind {
        BalanceKind::PartialCapture => Some("not captured"),
        BalanceKind::PaymentFailure => Some("payments that failed afterwards"),
        _ => None,
    };
    let backs = moves.iter().filter_map(|entry| {
        Some(Back {
            reason: reason(&entry.kind)?,
            at: Some(entry.at),
            gross: -facing(entry),
            refund: None,
        })
    });
    backs.collect()
}

fn refunds(links: &Links<'_>, payment: &str, moves: &[&BalanceEntry]) -> Vec<Back> {
    if let Some(refunds) = links.refunds.get(payment) {
        let backs = refunds.iter().map(|refund| Back {
            reason: "refunds",
            at: Some(refund.at),
            gross: refund.amount,
            refund: Some(refund.id.clone()),
        });
        return backs.collect();
    }
    let of = |kind: BalanceKind| moves.iter().filter(move |entry| entry.kind == kind);
    // A refund that failed came back in full: neither it nor its return counts.
    let mut failed: Vec<(Option<&str>, Exact)> = of(BalanceKind::RefundFailure)
        .map(|entry| (entry.object.as_deref(), facing(entry)))
        .collect();
    let mut backs = Vec::new();
    for entry in of(BalanceKind::Refund) {
        let gross = -facing(entry);
        let same = |(object, back): &(Option<&str>, Exact)| {
            *back == gross && (object.is_none() || *object == entry.object.as_deref())
        };
        if let Some(at) = failed.iter().position(same) {
            failed.swap_remove(at);
            continue;
        }
        backs.push(Back {
            reason: "refunds",
            at: Some(entry.at),
            gross,
            refund: entry.object.clone().filter(|id| id != payment),
        });
    }
    backs
}

/// The amounts lost in disputes, each with its date, in order of time. Refunds came first of what
/// can be lost.
fn lost(
    book: &mut RevenueBook,
    links: &Links<'_>,
    payment: Paid<'_>,
    moves: &[&BalanceEntry],
) -> Vec<(Option<Instant>, Exact)> {
    let mut told: Vec<_> = match (links.disputes.get(payment.id), payment.dispute) {
        (Some(disputes), _) => {
            let disputes = disputes.iter();
            disputes.map(|d| (Some(d.at), d.status, d.amount)).collect()
        }
        (None, Some(dispute)) => {
            let withdrawn = moves.iter().filter(|m| m.kind == BalanceKind::Dispute);
            let at = dispute.at.or(withdrawn.map(|m| m.at).min());
            vec![(at, dispute.status, dispute.amount)]
        }
        (None, None) => return withdrawn(book, moves),
    };
    told.sort();
    for (_, status, amount) in &told {
        if *status == DisputeStatus::Open {
            book.remark(
                "open disputes, at risk: revenue stays until they are lost",
                *amount,
            );
        }
    }
    let lost = told.into_iter();
    let lost = lost.filter(|(_, status, _)| *status == DisputeStatus::Lost);
    lost.map(|(at, _, amount)| (at, amount)).collect()
}

/// What the balance has withdrawn for disputes that no file decides: each with its first day.
fn withdrawn(book: &mut RevenueBook, moves: &[&BalanceEntry]) -> Vec<(Option<Instant>, Exact)> {
    let disputes = moves.iter().filter(|entry| {
        let kind = &entry.kind;
        matches!(kind, BalanceKind::Dispute | BalanceKind::DisputeReversal)
    });
    // Where a movement does not say of which dispute it is, all of them are one.
    let apart = disputes.clone().all(|entry| entry.object.is_some());
    let mut sums: BTreeMap<Option<&str>, (Instant, Exact)> = BTreeMap::new();
    for entry in disputes {
        let of = entry.object.as_deref().filter(|_| apart);
        let (first, sum) = sums.entry(of).or_insert((entry.at, Exact::ZERO));
        *first = entry.at.min(*first);
        *sum += facing(entry);
    }
    let mut lost = Vec::new();
    for (first, sum) in sums.into_values().filter(|(_, sum)| sum.is_negative()) {
        book.remark(
            "disputes that the balance has withdrawn and no file decides, taken as lost",
            -sum,
        );
        lost.push((Some(first), -sum));
    }
    lost.sort();
    lost
}
