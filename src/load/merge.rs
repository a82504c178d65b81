//! One record of Stripe in two exports: the Dashboard's and a table's, which know different things of
//! it. Each lends the other what it lacks.
//!
//! The rule that must hold: only records of the same money are joined; where two exports contradict
//! each other nothing is.

use crate::model::Instant;
use crate::model::records::{BalanceEntry, Invoice, ListPrice, Payment, Subscription};

/// Two exports of one record as one, which has everything of `kept` and what only `other` says;
/// `None` where they contradict each other.
pub trait Merge: Sized {
    /// Joins them.
    fn merged(&self, other: &Self) -> Option<Self>;
}

const MINUTE: i64 = 60_000_000;

/// One of two values, of which both must be the same if both are there.
fn same<T: Clone + PartialEq>(a: &Option<T>, b: &Option<T>) -> Option<Option<T>> {
    match (a, b) {
        (Some(one), Some(other)) if one != other => None,
        _ => Some(a.clone().or_else(|| b.clone())),
    }
}

/// A moment that one export may have cut to the minute: the finer one.
fn moment(a: Instant, b: Instant) -> Option<Instant> {
    (a.0.div_euclid(MINUTE) == b.0.div_euclid(MINUTE)).then(|| a.max(b))
}

fn moments(a: Option<Instant>, b: Option<Instant>) -> Option<Option<Instant>> {
    match (a, b) {
        (Some(a), Some(b)) => moment(a, b).map(Some),
        _ => Some(a.or(b)),
    }
}

type Span = Option<(Instant, Instant)>;

fn spans(a: Span, b: Span) -> Option<Span> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Some((moment(a.0, b.0)?, moment(a.1, b.1)?))),
        _ => Some(a.or(b)),
    }
}

/// A text that is blank where the export lacks it.
fn text(a: &str, b: &str) -> Option<String> {
    match (a, b) {
        ("", b) => Some(b.to_string()),
        (a, "") => Some(a.to_string()),
        (a, b) => (a == b).then(|| a.to_string()),
    }
}

/// All ids of both, those of the first before.
fn keys(a: &[(String, String)], b: &[(String, String)]) -> Vec<(String, String)> {
    let mut keys = a.to_vec();
    keys.extend(b.iter().filter(|key| !a.contains(key)).cloned());
    keys
}

impl Merge for Invoice {
    fn merged(&self, other: &Invoice) -> Option<Invoice> {
        let money = |one: &Invoice| (one.namespace, one.total, one.tax, one.currency);
        if money(self) != money(other) || self.prepaid != other.prepaid {
            return None;
        }
        Some(Invoice {
            number: same(&self.number, &other.number)?,
            customer: same(&self.customer, &other.customer)?,
            name: self.name.clone().or_else(|| other.name.clone()),
            email: self.email.clone().or_else(|| other.email.clone()),
            keys: keys(&self.keys, &other.keys),
            date: moment(self.date, other.date)?,
            finalized: moments(self.finalized, other.finalized)?,
            service: spans(self.service, other.service)?,
            voided: moments(self.voided, other.voided)?,
            uncollectible: moments(self.uncollectible, other.uncollectible)?,
            paid: moments(self.paid, other.paid)?,
            subscription: same(&self.subscription, &other.subscription)?,
            plan: same(&self.plan, &other.plan)?,
            recurring: same(&self.recurring, &other.recurring)?,
            ..self.clone()
        })
    }
}

impl Merge for Payment {
    fn merged(&self, other: &Payment) -> Option<Payment> {
        if (self.amount, self.currency) != (other.amount, other.currency)
            || self.status != other.status
        {
            return None;
        }
        Some(Payment {
            customer: same(&self.customer, &other.customer)?,
            email: self.email.clone().or_else(|| other.email.clone()),
            keys: keys(&self.keys, &other.keys),
            created: moment(self.created, other.created)?,
            refunded_at: moments(self.refunded_at, other.refunded_at)?,
            dispute: same(&self.dispute, &other.dispute)?,
            tells_invoice: self.tells_invoice || other.tells_invoice,
            settled: same(&self.settled, &other.settled)?,
            invoice: same(&self.invoice, &other.invoice)?,
            description: self
                .description
                .clone()
                .or_else(|| other.description.clone()),
            ..self.clone()
        })
    }
}

impl Merge for Subscription {
    fn merged(&self, other: &Subscription) -> Option<Subscription> {
        let said = |one: &Subscription| (one.customer.clone(), one.quantity, one.status.clone());
        if said(self) != said(other) {
            return None;
        }
        Some(Subscription {
            email: self.email.clone().or_else(|| other.email.clone()),
            keys: keys(&self.keys, &other.keys),
            name: self.name.clone().or_else(|| other.name.clone()),
            price: text(&self.price, &other.price)?,
            currency: same(&self.currency, &other.currency)?,
            interval: text(&self.interval, &other.interval)?,
            amount: same(&self.amount, &other.amount)?,
            started: moments(self.started, other.started)?,
            ended: moments(self.ended, other.ended)?,
            current_period: spans(self.current_period, other.current_period)?,
            interval_count: same(&self.interval_count, &other.interval_count)?,
            cancels_at: moments(self.cancels_at, other.cancels_at)?,
            trial: spans(self.trial, other.trial)?,
            coupon: self.coupon.clone().or_else(|| other.coupon.clone()),
            ..self.clone()
        })
    }
}

impl Merge for ListPrice {
    fn merged(&self, other: &ListPrice) -> Option<ListPrice> {
        let terms = |one: &ListPrice| {
            let interval = (one.interval.clone(), one.interval_count);
            (one.currency, interval, one.metered)
        };
        if terms(self) != terms(other) {
            return None;
        }
        Some(ListPrice {
            product: text(&self.product, &other.product)?,
            product_name: text(&self.product_name, &other.product_name)?,
            nickname: text(&self.nickname, &other.nickname)?,
            amount: same(&self.amount, &other.amount)?,
            ..self.clone()
        })
    }
}

impl Merge for BalanceEntry {
    fn merged(&self, other: &BalanceEntry) -> Option<BalanceEntry> {
        let moved = |one: &BalanceEntry| (one.kind.clone(), one.gross, one.fee, one.currency);
        if moved(self) != moved(other) {
            return None;
        }
        Some(BalanceEntry {
            object: same(&self.object, &other.object)?,
            payment: same(&self.payment, &other.payment)?,
            facing: same(&self.facing, &other.facing)?,
            at: moment(self.at, other.at)?,
            customer: same(&self.customer, &other.customer)?,
            email: self.email.clone().or_else(|| other.email.clone()),
            name: self.name.clone().or_else(|| other.name.clone()),
            keys: keys(&self.keys, &other.keys),
            invoice: same(&self.invoice, &other.invoice)?,
            invoice_number: same(&self.invoice_number, &other.invoice_number)?,
            subscription: same(&self.subscription, &other.subscription)?,
            description: self
                .description
                .clone()
                .or_else(|| other.description.clone()),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text, Some(crate::model::Zone::Utc)).unwrap()
    }

    #[test]
    fn a_moment_cut_to_the_minute_is_the_same_and_the_finer_one_counts() {
        let (fine, cut) = (at("2026-02-03 09:15:30"), at("2026-02-03 09:15"));
        assert_eq!(moment(fine, cut), Some(fine));
        assert_eq!(moment(cut, fine), Some(fine));
        assert_eq!(moment(at("2026-02-03 09:16"), cut), None);
        assert_eq!(spans(Some((fine, fine)), None), Some(Some((fine, fine))));
        assert_eq!(
            spans(Some((fine, fine)), Some((cut, cut))),
            Some(Some((fine, fine)))
        );
        assert_eq!(
            spans(Some((fine, fine)), Some((cut, at("2026-03-01")))),
            None
        );
    }

    #[test]
    fn what_is_blank_is_lent_and_what_differs_is_no_match() {
        assert_eq!(same(&Some(1), &None), Some(Some(1)));
        assert_eq!(same(&None, &Some(1)), Some(Some(1)));
        assert_eq!(same(&Some(1), &Some(2)), None);
        assert_eq!(text("", "month").as_deref(), Some("month"));
        assert_eq!(text("year", "month"), None);
        let key = |value: &str| ("tenant".to_string(), value.to_string());
        let both = keys(&[key("a")], &[key("a"), key("b")]);
        assert_eq!(both, [key("a"), key("b")]);
    }
}
