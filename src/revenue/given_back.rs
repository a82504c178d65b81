//! What goes back of a payment: refunds, lost disputes, parts never captured, payments that failed
//! afterwards. Each once, from the file that says it best, with its own date.
//!
//! Refunds one by one come first, movements of the balance second, the payment's own column last;
//! of that only what the better ones do not hold counts.

use super::RevenueBook;
use super::links::{Links, Paid, facing};
use super::taken::Event;
use crate::model::records::{BalanceEntry, BalanceKind, DisputeStatus};
use crate::model::{Exact, Instant};

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// What it is, as the tie names it.
    pub reason: &'static str,
    /// When; `None` if no file says.
    pub at: Option<Instant>,
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

/// What goes back of a payment that succeeded.
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
    let gone: Exact = back.iter().map(|back| back.gross).sum();
    let lost = lost(book, links, payment, moves);
    if let Some((amount, at)) = lost {
        // What was refunded already cannot be lost again.
        let gross = amount.min(payment.amount - gone);
        if gross.is_positive() {
            back.push(Back {
                reason: "lost disputes",
                at,
                gross,
                refund: None,
            });
        }
    }
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

const AT_RISK: &str = "open disputes, at risk: revenue stays until they are lost";

/// The amount lost in disputes, with its date.
fn lost(
    book: &mut RevenueBook,
    links: &Links<'_>,
    payment: Paid<'_>,
    moves: &[&BalanceEntry],
) -> Option<(Exact, Option<Instant>)> {
    if let Some(disputes) = links.disputes.get(payment.id) {
        for open in disputes.iter().filter(|d| d.status == DisputeStatus::Open) {
            book.remark(AT_RISK, open.amount);
        }
        let lost = disputes.iter().filter(|d| d.status == DisputeStatus::Lost);
        let amount: Exact = lost.clone().map(|dispute| dispute.amount).sum();
        return lost.map(|d| Some(d.at)).max().map(|at| (amount, at));
    }
    if payment.dispute_lost.is_some() {
        return payment.dispute_lost;
    }
    // What the payment says of its dispute decides what the balance only withdrew.
    if let Some((amount, status)) = payment.dispute_kept {
        if status == DisputeStatus::Open {
            book.remark(AT_RISK, amount);
        }
        return None;
    }
    let of = |entry: &&&BalanceEntry| {
        let kind = &entry.kind;
        matches!(kind, BalanceKind::Dispute | BalanceKind::DisputeReversal)
    };
    let net: Exact = moves.iter().filter(of).map(|entry| facing(entry)).sum();
    let first = moves.iter().filter(of).map(|entry| entry.at).min();
    if !net.is_negative() {
        return None;
    }
    book.remark(
        "disputes that the balance has withdrawn and no file decides, taken as lost",
        -net,
    );
    Some((-net, first))
}
