//! Payments as obligations: all of them on a cash basis, else only those that no invoice holds.

use std::collections::BTreeMap;

use super::invoices::{given_back, net_part};
use super::{Basis, Inputs, Obligation, RevenueBook, Schedule, Source};
use crate::identity::guest_id;
use crate::model::Exact;
use crate::model::records::{Invoice, Payment, PaymentStatus};

/// Adds the payments.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>) {
    let invoices: BTreeMap<&str, &Invoice> = inputs
        .records
        .invoices
        .iter()
        .filter(|invoice| invoice.namespace == "stripe")
        .map(|invoice| (invoice.id.as_str(), invoice))
        .collect();
    for payment in &inputs.records.payments {
        let invoice = payment
            .invoice
            .as_deref()
            .and_then(|id| invoices.get(id).copied());
        add_one(book, inputs, payment, invoice, !invoices.is_empty());
    }
}

fn add_one(
    book: &mut RevenueBook,
    inputs: Inputs<'_>,
    payment: &Payment,
    invoice: Option<&Invoice>,
    have_invoices: bool,
) {
    let sheet = book.sheets.entry(Source::StripePayments).or_default();
    sheet.export += payment.amount;
    match payment.status {
        PaymentStatus::Test => return sheet.exclude("test mode", payment.amount),
        PaymentStatus::NotSucceeded(why) => return sheet.exclude(why, payment.amount),
        PaymentStatus::Succeeded => {}
    }
    let cash = inputs.basis == Basis::Cash;
    if !cash && invoice.is_some() {
        let mut kept = payment.amount;
        if inputs.basis == Basis::Billed {
            for (reason, _, gross) in given_back(payment) {
                // Giving money back changes no invoice; only a credit note does.
                sheet.exclude(of_billed(reason), gross);
                book.refunds_of_billed.0 += gross;
                book.refunds_of_billed.1 += 1;
                kept -= gross;
            }
        }
        return sheet.exclude("paid invoices", kept);
    }
    let places = inputs.currency.decimals();
    let net_of = |gross: Exact| invoice.map_or(gross, |invoice| net_part(gross, invoice, places));
    let net = net_of(payment.amount);
    sheet.tax += payment.amount - net;
    let mut schedule = Schedule::straight(net, payment.created, payment.created, places);
    for (reason, at, gross) in given_back(payment) {
        book.undated_refunds += u64::from(at.is_none());
        let back = net_of(gross);
        // Money cannot go back before it came; a refund without a date counts with the payment.
        let at = at.unwrap_or(payment.created).max(payment.created);
        schedule.contra(at, back);
        sheet.exclude(reason, back);
    }
    book.orphan_payments += u64::from(have_invoices && payment.invoice.is_some() && !cash);
    let id = match &payment.customer {
        Some(id) => id.clone(),
        None => guest_id(payment.email.as_deref(), &payment.id),
    };
    let (party, key) = inputs
        .identity
        .billing("stripe", &id, inputs.zone.day(payment.created));
    book.obligations.push(Obligation {
        party,
        key,
        source: Source::StripePayments,
        schedule,
        net,
        service: (payment.created, payment.created),
        plan: None,
        counted_on: None,
        recurring: payment.description.as_deref().and_then(recurs),
        subscription: invoice.and_then(|invoice| invoice.subscription.clone()),
        payer: id.clone(),
        origin: payment.origin.clone(),
    });
}

/// What money given back is called where it leaves the invoice as it was billed.
fn of_billed(reason: &str) -> &'static str {
    match reason {
        "lost disputes" => "lost disputes of billed invoices",
        _ => "refunds of billed invoices",
    }
}

/// Stripe Billing describes its own payments as `Subscription creation`, `Subscription update` or
/// `Payment for Invoice`; any other text is the seller's and says nothing.
fn recurs(description: &str) -> Option<bool> {
    let text = description.trim().to_lowercase();
    (text.starts_with("subscription ") || text == "payment for invoice").then_some(true)
}
