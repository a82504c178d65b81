//! Which payment a movement of the Stripe balance belongs to. Ids decide: of the payment, of a refund
//! or dispute whose payment another file names, of the invoice. What is left gives back a payment
//! that it describes, if only one fits.
//!
//! The rule that must hold: nothing is taken back of a payment that a file contradicts.

use std::collections::{BTreeMap, BTreeSet};

use super::links::{Links, Paid, facing};
use crate::model::Exact;
use crate::model::records::{BalanceEntry, BalanceKind, RevenueRecords};

/// What finds the payment of a movement.
struct Finder<'a> {
    /// The payment of each refund and dispute.
    of_object: BTreeMap<&'a str, &'a str>,
    /// Payments that are in the files.
    known: BTreeSet<&'a str>,
}

impl<'a> Links<'a> {
    /// Joins the movements of the balance to payments, and payments that are only there to their
    /// invoices. Comes after payments, refunds and disputes.
    pub(super) fn add_balance(&mut self, records: &'a RevenueRecords) {
        let arrived = records.balance.iter();
        let arrived = arrived.filter(|entry| entry.kind == BalanceKind::Payment);
        for entry in arrived.clone() {
            if self.payments.contains_key(entry.payment_id()) {
                continue;
            }
            if let Some(invoice) = self.invoice_of(entry) {
                let paid = self.paid.entry(&invoice.id).or_default();
                paid.push(Paid::moved(entry));
            }
        }
        let refunds = records.refunds.iter();
        let refunds = refunds.map(|refund| (refund.id.as_str(), refund.payment.as_str()));
        let disputes = records.disputes.iter();
        let disputes = disputes.map(|dispute| (dispute.id.as_str(), dispute.payment.as_str()));
        let ids = arrived.clone().map(|entry| entry.payment_id());
        let mut finder = Finder {
            of_object: refunds.chain(disputes).collect(),
            known: ids.chain(self.payments.keys().copied()).collect(),
        };
        let mut left: Vec<&BalanceEntry> = Vec::new();
        for entry in &records.balance {
            match self.named(entry, &finder) {
                Some(payment) => self.join(entry, payment, &mut finder),
                None => left.push(entry),
            }
        }
        left.retain(|entry| entry.kind.is_customers());
        left.sort_by_key(|entry| (entry.at, &entry.id));
        let mut by_words: BTreeMap<&str, Vec<&BalanceEntry>> = BTreeMap::new();
        for entry in arrived.filter(|entry| self.left_to_refund(entry).is_positive()) {
            let words = entry.description.as_deref().unwrap_or("");
            by_words.entry(words).or_default().push(entry);
        }
        for entry in left {
            // A refund that failed is the one that an earlier row named otherwise.
            let object = entry.object.as_deref();
            let before = object.and_then(|object| finder.of_object.get(object).copied());
            let words = entry.gives_back.as_deref();
            let payments = words.and_then(|words| by_words.get(words));
            let described = || self.described(entry, payments?);
            if let Some(payment) = before {
                self.join(entry, payment, &mut finder);
            } else if let Some(payment) = described() {
                if entry.invoice_number.is_none() {
                    self.by_words.push(entry);
                }
                self.join(entry, payment, &mut finder);
            }
        }
    }

    fn join(&mut self, entry: &'a BalanceEntry, payment: &'a str, finder: &mut Finder<'a>) {
        self.balance.entry(payment).or_default().push(entry);
        self.moved_for.insert(&entry.id, payment);
        if let Some(object) = entry.object.as_deref().filter(|object| *object != payment) {
            finder.of_object.entry(object).or_insert(payment);
        }
    }

    /// The payment that ids name.
    fn named(&self, entry: &'a BalanceEntry, finder: &Finder<'a>) -> Option<&'a str> {
        if entry.kind == BalanceKind::Payment {
            return Some(entry.payment_id());
        }
        let object = entry.object.as_deref();
        let through = object.and_then(|object| finder.of_object.get(object).copied());
        let itself = object.filter(|object| finder.known.contains(object));
        let payment = entry.payment.as_deref().or(through).or(itself);
        payment.or_else(|| self.of_its_invoice(entry))
    }

    /// The payment of the invoice that a movement names. Of several that only the balance knows it
    /// does not matter which: they pay the same invoice.
    fn of_its_invoice(&self, entry: &BalanceEntry) -> Option<&'a str> {
        let paid = self.paid.get(self.invoice_of(entry)?.id.as_str())?;
        let told = paid.iter().any(|paid| self.payments.contains_key(paid.id));
        let first = paid.iter().min_by_key(|paid| (paid.created, paid.id))?;
        (paid.len() == 1 || !told).then_some(first.id)
    }

    /// The only one of the payments with its words that a refund may give back: it came before, and as
    /// much of it is yet to go back, by the payment itself where that says.
    fn described(&self, entry: &BalanceEntry, payments: &[&'a BalanceEntry]) -> Option<&'a str> {
        let fits = |payment: &&&BalanceEntry| {
            payment.at <= entry.at && self.left_to_refund(payment) >= -facing(entry)
        };
        let mut payments = payments.iter().filter(fits);
        let payment = payments.next()?;
        let only = entry.kind == BalanceKind::Refund && payments.next().is_none();
        only.then(|| payment.payment_id())
    }

    /// How much of a payment may still go back without a file that says otherwise.
    fn left_to_refund(&self, payment: &BalanceEntry) -> Exact {
        let id = payment.payment_id();
        let told = self.payments.get(id);
        let most = told.map_or(facing(payment), |payment| payment.refunded);
        let moves = self.balance.get(id).map_or(&[][..], Vec::as_slice);
        let given = moves.iter().filter(|entry| {
            let kind = &entry.kind;
            matches!(kind, BalanceKind::Refund | BalanceKind::RefundFailure)
        });
        most + given.map(|entry| facing(entry)).sum()
    }
}
