//! Payments as obligations: all of them on a cash basis, else only those that no invoice holds.

use std::collections::BTreeSet;

use super::given_back::{self, Back};
use super::invoices::{Payer, net_part, push};
use super::lines::Part;
use super::links::{Links, Paid};
use super::parts::NetParts;
use super::tie::Source;
use super::{Basis, Inputs, RevenueBook, Schedule};
use crate::identity::guest_id;
use crate::model::records::{Payment, PaymentStatus};

/// Adds the payments.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>) {
    let invoiced = book.obligations.iter().filter(|line| {
        let stripe = line.source.namespace() == "stripe";
        stripe && line.source.is_invoiced()
    });
    let better = Better {
        payers: invoiced.map(|line| line.payer.clone()).collect(),
        invoices: links.invoices.keys().any(|(of, _)| *of == "stripe"),
    };
    for payment in &inputs.records.payments {
        add_one(book, inputs, links, payment, &better);
    }
}

/// What Stripe's invoices and lines hold.
struct Better {
    /// Customers with invoices that count.
    payers: BTreeSet<String>,
    /// Whether there are invoices.
    invoices: bool,
}

impl Better {
    /// Whether a payment that names no invoice may be the money of one: the export does not say, or
    /// Stripe calls it the payment of one, and its customer has invoices or is not known.
    fn may_hold(&self, payment: &Payment) -> bool {
        let billing = payment.description.as_deref().and_then(recurs);
        let unnamed = payment.invoice.is_none() && (!payment.tells_invoice || billing.is_some());
        let known = |id: &String| self.payers.contains(id);
        unnamed && !self.payers.is_empty() && payment.customer.as_ref().is_none_or(known)
    }
}

fn add_one(
    book: &mut RevenueBook,
    inputs: Inputs<'_>,
    links: &Links<'_>,
    payment: &Payment,
    better: &Better,
) {
    let sheet = book.sheets.entry(Source::StripePayments).or_default();
    sheet.export += payment.amount;
    match payment.status {
        PaymentStatus::Test => return sheet.exclude("test mode", payment.amount),
        PaymentStatus::NotSucceeded(why) => return sheet.exclude(why, payment.amount),
        PaymentStatus::Succeeded => {}
    }
    let cash = inputs.basis == Basis::Cash;
    let paid = payment.invoice.as_deref().map(|id| ("stripe", id));
    let invoice = paid.and_then(|paid| links.invoices.get(&paid).copied());
    if !cash && invoice.is_some() {
        let mut kept = payment.amount;
        if inputs.basis == Basis::Billed {
            for back in given_back::of_payment(book, links, Paid::of(payment)) {
                // Giving money back changes no invoice; only a credit note does.
                let sheet = book.sheets.entry(Source::StripePayments).or_default();
                sheet.exclude(of_billed(back.reason), back.gross);
                book.refunds_of_billed.0 += back.gross;
                book.refunds_of_billed.1 += 1;
                kept -= back.gross;
            }
        }
        let sheet = book.sheets.entry(Source::StripePayments).or_default();
        return sheet.exclude("paid invoices", kept);
    }
    if !cash && paid.is_some_and(|paid| links.lines.contains_key(&paid)) {
        return sheet.exclude(Source::StripeLines.same_money(), payment.amount);
    }
    if !cash && better.may_hold(payment) {
        sheet.exclude(
            "no invoice named, so maybe the money of one",
            payment.amount,
        );
        book.doubt(
            "payments that name no invoice, of customers with invoices, left out beside these; export the payments with Invoice ID",
            payment.amount,
        );
        for back in given_back::of_payment(book, links, Paid::of(payment)) {
            book.doubt(
                "refunds and lost disputes of payments that name no invoice, not taken back of any; export the payments with Invoice ID",
                back.gross,
            );
        }
        return;
    }
    let places = inputs.currency.decimals();
    let net = invoice.map_or(payment.amount, |invoice| {
        net_part(payment.amount, invoice, places)
    });
    let mut nets = NetParts::of(net, payment.amount, places);
    sheet.tax += payment.amount - net;
    let mut schedule = Schedule::straight(net, payment.created, payment.created, places);
    let mut backs = given_back::of_payment(book, links, Paid::of(payment));
    // Money cannot go back before it came; a refund without a date counts with the payment.
    let when = |back: &Back| back.at.unwrap_or(payment.created).max(payment.created);
    backs.sort_by_key(|back| (when(back), back.gross));
    for back in backs {
        book.undated_refunds += u64::from(back.at.is_none());
        let gone = nets.take(back.gross);
        schedule.contra(when(&back), gone);
        let sheet = book.sheets.entry(Source::StripePayments).or_default();
        sheet.exclude(back.reason, gone);
    }
    if invoice.is_none() && better.invoices {
        book.remark(
            "payments without an invoice, which show no tax: they count with the tax in them",
            payment.amount,
        );
    }
    book.orphan_payments += u64::from(better.invoices && payment.invoice.is_some() && !cash);
    let id = match &payment.customer {
        Some(id) => id.clone(),
        None => guest_id(payment.email.as_deref(), &payment.id),
    };
    let payer = Payer {
        namespace: "stripe",
        id: &id,
        day: payment.created,
        invoiced: payment.created,
    };
    let part = Part {
        id: None,
        net,
        tax: payment.amount - net,
        service: (payment.created, payment.created),
        plan: None,
        price: None,
        recurring: payment.description.as_deref().and_then(recurs),
        metered: false,
        subscription: invoice.and_then(|invoice| invoice.subscription.clone()),
        origin: payment.origin.clone(),
    };
    push(book, inputs, payer, Source::StripePayments, part, schedule);
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
pub fn recurs(description: &str) -> Option<bool> {
    let text = description.trim().to_lowercase();
    (text.starts_with("subscription ") || text == "payment for invoice").then_some(true)
}
