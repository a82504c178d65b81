//! The states through which a billing record goes, so that of two exports of it the later one
//! counts.
//!
//! The rule that must hold: only what the billing system itself changes may differ between two
//! states of a record. A draft may still become anything; a final invoice keeps its amounts.

use super::merge::Merge;
use crate::model::records::{
    BalanceEntry, CreditNote, Dispute, DisputeStatus, Invoice, InvoiceLine, InvoiceStatus,
    ListPrice, Payment, PaymentStatus, Product, Refund, Subscription, SubscriptionItem,
};

/// How far a record has come: first what decides, then what only grows.
pub type State = (i64, i64);

/// A record that exports of different days tell in different states.
pub trait States: Sized {
    /// How far it has come; the larger one is later. Equal states contradict each other if they
    /// differ.
    fn state(&self) -> State {
        (0, 0)
    }

    /// Two exports of the record as one; `None` where they contradict each other.
    fn joined(&self, _other: &Self) -> Option<Self> {
        None
    }

    /// Whether this record can have become a later one of which it differs.
    fn may_become(&self, _later: &Self) -> bool {
        false
    }
}

/// Whether two values are the same, or one is not known.
fn fits<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
    a.is_none() || b.is_none() || a == b
}

impl States for Invoice {
    fn state(&self) -> State {
        let final_state = match self.status {
            InvoiceStatus::Draft => 0,
            InvoiceStatus::Open | InvoiceStatus::NotStated => 1,
            InvoiceStatus::Uncollectible => 2,
            InvoiceStatus::Void | InvoiceStatus::Paid => 3,
        };
        (final_state, 0)
    }

    fn joined(&self, other: &Invoice) -> Option<Invoice> {
        let stated = |one: &Invoice| one.status != InvoiceStatus::NotStated;
        let apart = self.status != other.status && stated(self) && stated(other);
        let contradicts = apart && self.state() == other.state();
        self.merged(other).filter(|_| !contradicts)
    }

    fn may_become(&self, later: &Invoice) -> bool {
        let same = (self.namespace, self.currency) == (later.namespace, later.currency);
        self.status == InvoiceStatus::Draft && same && fits(&self.customer, &later.customer)
    }
}

impl States for Payment {
    /// Whether it is decided, then how much was given back: refunds only grow, disputes are opened
    /// and then decided.
    fn state(&self) -> State {
        let refunded = self.refunded.shift(6).to_u64().unwrap_or(u64::MAX);
        let refunded = i64::try_from(refunded).unwrap_or(i64::MAX);
        let dispute = match self.dispute.map(|dispute| dispute.status) {
            None => 0,
            Some(DisputeStatus::Open) => 1,
            Some(DisputeStatus::Won | DisputeStatus::Lost) => 2,
        };
        (
            i64::from(!is_pending(&self.status)),
            refunded.saturating_add(dispute),
        )
    }

    fn joined(&self, other: &Payment) -> Option<Payment> {
        self.merged(other)
    }

    fn may_become(&self, later: &Payment) -> bool {
        let of = |one: &Payment| (one.amount, one.currency);
        let settled = is_pending(&self.status) || self.status == later.status;
        settled
            && of(self) == of(later)
            && fits(&self.customer, &later.customer)
            && fits(&self.invoice, &later.invoice)
    }
}

/// Whether a payment is not decided yet.
fn is_pending(status: &PaymentStatus) -> bool {
    match status {
        PaymentStatus::Succeeded | PaymentStatus::Test => false,
        PaymentStatus::NotSucceeded(why) => !matches!(*why, "failed" | "canceled"),
    }
}

impl States for Subscription {
    /// The minute in which its current period began (some exports cut the seconds), then whether it
    /// is over.
    fn state(&self) -> State {
        let period = self.current_period;
        let minute = period.map_or(0, |(start, _)| start.0.div_euclid(60_000_000));
        let over = matches!(&*self.status, "canceled" | "incomplete_expired");
        (minute, i64::from(over))
    }

    fn joined(&self, other: &Subscription) -> Option<Subscription> {
        self.merged(other)
    }

    fn may_become(&self, later: &Subscription) -> bool {
        self.customer == later.customer
    }
}

impl States for SubscriptionItem {
    fn state(&self) -> State {
        (self.current_period.map_or(0, |(start, _)| start.0), 0)
    }

    fn may_become(&self, later: &SubscriptionItem) -> bool {
        self.subscription == later.subscription
    }
}

impl States for CreditNote {
    fn state(&self) -> State {
        (i64::from(self.void), 0)
    }

    fn may_become(&self, later: &CreditNote) -> bool {
        let of = |one: &CreditNote| (one.invoice.clone(), one.amount, one.currency);
        of(self) == of(later)
    }
}

impl States for Refund {
    /// Pending, succeeded, failed: one that failed never succeeds after all.
    fn state(&self) -> State {
        (self.status as i64, 0)
    }

    fn may_become(&self, later: &Refund) -> bool {
        let of = |one: &Refund| (one.payment.clone(), one.amount, one.currency);
        of(self) == of(later)
    }
}

impl States for Dispute {
    fn state(&self) -> State {
        (i64::from(self.status != DisputeStatus::Open), 0)
    }

    fn may_become(&self, later: &Dispute) -> bool {
        let of = |one: &Dispute| (one.payment.clone(), one.amount, one.currency);
        of(self) == of(later)
    }
}

impl States for ListPrice {
    fn joined(&self, other: &ListPrice) -> Option<ListPrice> {
        self.merged(other)
    }
}

impl States for BalanceEntry {
    fn joined(&self, other: &BalanceEntry) -> Option<BalanceEntry> {
        self.merged(other)
    }
}

impl States for InvoiceLine {}

impl States for Product {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::records::RefundStatus;

    #[test]
    fn a_refund_that_failed_is_later_than_one_that_succeeded() {
        let states = [
            RefundStatus::Pending,
            RefundStatus::Succeeded,
            RefundStatus::Failed,
        ];
        let states = states.map(|status| status as i64);
        assert_eq!(states, [0, 1, 2]);
    }

    #[test]
    fn a_payment_is_decided_once() {
        for (why, pending) in [
            ("pending", true),
            ("uncaptured", true),
            ("requires_action", true),
            ("failed", false),
            ("canceled", false),
        ] {
            assert_eq!(
                is_pending(&PaymentStatus::NotSucceeded(why)),
                pending,
                "{why}"
            );
        }
        assert!(!is_pending(&PaymentStatus::Succeeded));
    }
}
