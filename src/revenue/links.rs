//! What belongs to what: lines, payments and credit notes to their invoice, refunds, disputes and
//! movements of the balance to their payment. Only looks up; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::records::{
    BalanceEntry, CreditNote, Dispute, Invoice, InvoiceLine, InvoiceStatus, ListPrice, Payment,
    PaymentDispute, PaymentStatus, Refund, RevenueRecords, Subscription, SubscriptionItem,
};
use crate::model::{Exact, Instant};

type By<'a, T> = BTreeMap<&'a str, Vec<&'a T>>;
/// By namespace and id.
type ByName<'a, T> = BTreeMap<(&'static str, &'a str), Vec<&'a T>>;

/// A payment that succeeded, as any file tells it.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    /// Charge id; that of the movement of the balance where no file has it.
    pub id: &'a str,
    /// When it was made.
    pub created: Instant,
    /// Gross amount.
    pub amount: Exact,
    /// Given back so far, as the payment itself says.
    pub refunded: Exact,
    /// When, if it says.
    pub refunded_at: Option<Instant>,
    /// Its dispute, as it says.
    pub dispute: Option<PaymentDispute>,
}

impl<'a> Paid<'a> {
    /// A row of the payments export.
    pub fn of(payment: &'a Payment) -> Paid<'a> {
        Paid {
            id: &payment.id,
            created: payment.created,
            amount: payment.amount,
            refunded: payment.refunded,
            refunded_at: payment.refunded_at,
            dispute: payment.dispute,
        }
    }

    /// A movement of the balance that is a payment.
    pub(super) fn moved(entry: &'a BalanceEntry) -> Paid<'a> {
        Paid {
            id: entry.payment_id(),
            created: entry.at,
            amount: facing(entry),
            refunded: Exact::ZERO,
            refunded_at: None,
            dispute: None,
        }
    }
}

/// The amount that the customer saw, if that is in the same currency, else that of the balance;
/// signed as the balance moves.
pub fn facing(entry: &BalanceEntry) -> Exact {
    match entry.facing {
        Some((_, currency)) if currency != entry.currency => entry.gross,
        // Exports differ in whether the facing amount carries a sign; the balance always does.
        Some((facing, _)) if entry.gross.is_negative() => -facing.abs(),
        Some((facing, _)) => facing.abs(),
        None => entry.gross,
    }
}

/// The records of one run by the ids that join them.
#[derive(Debug, Default)]
pub struct Links<'a> {
    /// Stripe and Lago invoices by namespace and id. Rows of revenue files may share an id and are
    /// not here.
    pub invoices: BTreeMap<(&'static str, &'a str), &'a Invoice>,
    /// Stripe invoices by the number printed on them.
    pub by_number: BTreeMap<&'a str, &'a Invoice>,
    /// Lines by namespace and invoice.
    pub lines: ByName<'a, InvoiceLine>,
    /// What arrived for each Stripe invoice.
    pub paid: BTreeMap<&'a str, Vec<Paid<'a>>>,
    /// Every payment by its id.
    pub payments: BTreeMap<&'a str, &'a Payment>,
    /// Credit notes that are not void, by namespace and invoice.
    pub notes: ByName<'a, CreditNote>,
    /// Refunds that succeeded, by payment.
    pub refunds: By<'a, Refund>,
    /// Disputes by payment.
    pub disputes: By<'a, Dispute>,
    /// Movements of the balance by payment.
    pub balance: By<'a, BalanceEntry>,
    /// The payment of each movement of the balance; those that give back and have none here name
    /// nothing that is known.
    pub moved_for: BTreeMap<&'a str, &'a str>,
    /// Refunds in the balance that name their payment by its words alone.
    pub by_words: Vec<&'a BalanceEntry>,
    /// Subscriptions by id.
    pub subscriptions: BTreeMap<&'a str, &'a Subscription>,
    /// When invoices of each subscription are dated.
    pub billed_on: BTreeMap<&'a str, BTreeSet<Instant>>,
    /// Items by subscription.
    pub items: By<'a, SubscriptionItem>,
    /// The price list by id.
    pub prices: BTreeMap<&'a str, &'a ListPrice>,
}

impl<'a> Links<'a> {
    /// Looks through the records once.
    pub fn of(records: &'a RevenueRecords) -> Links<'a> {
        let mut links = Links::default();
        for invoice in &records.invoices {
            if invoice.namespace == "revenue" {
                continue;
            }
            let id = (invoice.namespace, invoice.id.as_str());
            links.invoices.insert(id, invoice);
            let of = invoice.subscription.as_deref();
            if let Some(of) = of.filter(|_| invoice.status != InvoiceStatus::Draft) {
                links.billed_on.entry(of).or_default().insert(invoice.date);
            }
            if let (Some(number), "stripe") = (invoice.number.as_deref(), invoice.namespace) {
                links.by_number.insert(number, invoice);
            }
        }
        for line in &records.lines {
            let of = (line.namespace, line.invoice.as_str());
            links.lines.entry(of).or_default().push(line);
        }
        for payment in &records.payments {
            links.payments.insert(&payment.id, payment);
            if let (Some(invoice), PaymentStatus::Succeeded) = (&payment.invoice, &payment.status) {
                let paid = links.paid.entry(invoice).or_default();
                paid.push(Paid::of(payment));
            }
        }
        for note in records.credit_notes.iter().filter(|note| !note.void) {
            let of = (note.namespace, note.invoice.as_str());
            links.notes.entry(of).or_default().push(note);
        }
        for refund in records.refunds.iter().filter(|refund| refund.succeeded()) {
            let list = links.refunds.entry(&refund.payment).or_default();
            list.push(refund);
        }
        for dispute in &records.disputes {
            let list = links.disputes.entry(&dispute.payment).or_default();
            list.push(dispute);
        }
        links.add_balance(records);
        for subscription in &records.subscriptions {
            links.subscriptions.insert(&subscription.id, subscription);
        }
        for item in &records.items {
            let list = links.items.entry(&item.subscription).or_default();
            list.push(item);
        }
        links.prices = records.prices.iter().map(|p| (p.id.as_str(), p)).collect();
        links
    }

    /// The invoice that a movement of the balance pays.
    pub fn invoice_of(&self, entry: &BalanceEntry) -> Option<&'a Invoice> {
        let by_id = entry.invoice.as_deref();
        let by_id = by_id.and_then(|id| self.invoices.get(&("stripe", id)).copied());
        let by_number = || {
            self.by_number
                .get(entry.invoice_number.as_deref()?)
                .copied()
        };
        by_id.or_else(by_number)
    }
}
