//! Invoices and lines of revenue files as obligations.

use std::collections::BTreeMap;

use super::{Basis, Inputs, Obligation, RevenueBook, Schedule, Source};
use crate::model::records::{Invoice, InvoiceStatus, Payment, PaymentStatus, Subscription};
use crate::model::{Exact, Instant};

/// Adds every invoice, with the refunds and lost disputes of its payments.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>) {
    let mut paid_back: BTreeMap<&str, Vec<&Payment>> = BTreeMap::new();
    for payment in &inputs.records.payments {
        if let Some(invoice) = payment.invoice.as_deref()
            && payment.status == PaymentStatus::Succeeded
        {
            paid_back.entry(invoice).or_default().push(payment);
        }
    }
    let subscriptions: BTreeMap<&str, &Subscription> = inputs
        .records
        .subscriptions
        .iter()
        .map(|s| (s.id.as_str(), s))
        .collect();
    for invoice in &inputs.records.invoices {
        let payments = paid_back
            .get(invoice.id.as_str())
            .filter(|_| invoice.namespace == "stripe");
        let payments = payments.map_or(&[][..], Vec::as_slice);
        let subscription = invoice
            .subscription
            .as_deref()
            .and_then(|id| subscriptions.get(id).copied());
        add_one(book, inputs, invoice, payments, subscription);
    }
}

/// On a cash basis only revenue files count here: their paid lines, on their date. Lines that do
/// not say are taken as paid, and counted.
pub fn add_lines_only(book: &mut RevenueBook, inputs: Inputs<'_>) {
    for invoice in &inputs.records.invoices {
        if invoice.namespace == "stripe" {
            continue;
        }
        match invoice.status {
            InvoiceStatus::Open => {
                let sheet = book.sheets.entry(Source::RevenueFile).or_default();
                sheet.export += invoice.total;
                sheet.exclude("open", invoice.total);
            }
            status => {
                book.taken_as_paid += u64::from(status == InvoiceStatus::NotStated);
                add_one(book, inputs, invoice, &[], None);
            }
        }
    }
}

fn add_one(
    book: &mut RevenueBook,
    inputs: Inputs<'_>,
    invoice: &Invoice,
    payments: &[&Payment],
    subscription: Option<&Subscription>,
) {
    let source = match invoice.namespace {
        "stripe" => Source::StripeInvoices,
        _ => Source::RevenueFile,
    };
    let places = inputs.currency.decimals();
    let net = invoice.total - invoice.tax;
    let final_at = invoice.finalized.unwrap_or(invoice.date);
    let sheet = book.sheets.entry(source).or_default();
    sheet.export += invoice.total;
    if invoice.status == InvoiceStatus::Draft {
        return sheet.exclude("draft", invoice.total);
    }
    if invoice.status == InvoiceStatus::Void && invoice.voided.is_none() {
        return sheet.exclude("void", invoice.total);
    }
    if invoice.status == InvoiceStatus::Uncollectible && invoice.uncollectible.is_none() {
        return sheet.exclude("uncollectible", invoice.total);
    }
    sheet.tax += invoice.tax;
    let (service, known) = service(invoice, subscription, final_at);
    let recognized = inputs.basis == Basis::Recognized;
    let (start, end) = if recognized {
        service
    } else {
        (final_at, final_at)
    };
    let mut schedule = Schedule::straight(net, start, end, places);
    let mut left = net;
    let written_off = [
        (
            "void",
            invoice
                .voided
                .filter(|_| invoice.status == InvoiceStatus::Void),
        ),
        (
            "uncollectible",
            invoice
                .uncollectible
                .filter(|_| invoice.status == InvoiceStatus::Uncollectible),
        ),
    ];
    if recognized {
        for (reason, at, gross) in payments.iter().flat_map(|payment| given_back(payment)) {
            book.undated_refunds += u64::from(at.is_none());
            let back = net_part(gross, invoice, places);
            schedule.contra(at.unwrap_or_else(|| paid_at(payments, final_at)), back);
            left -= back;
            sheet.exclude(reason, back);
        }
    }
    for (reason, at) in written_off {
        if let Some(at) = at {
            schedule.contra(at, left);
            sheet.exclude(reason, left);
        }
    }
    book.without_period += u64::from(recognized && !known);
    let customer = invoice.customer.as_deref().unwrap_or("");
    let day = inputs.zone.day(invoice.date);
    let (party, key) = inputs.identity.billing(invoice.namespace, customer, day);
    book.obligations.push(Obligation {
        party,
        key,
        source,
        schedule,
        net,
        service,
        plan: invoice.plan.clone(),
        counted_on: None,
        recurring: invoice.recurring.or_else(|| {
            // A period of no length is a one-off; a period that is not known says nothing.
            (known && service.0 == service.1).then_some(false)
        }),
        payer: customer.to_string(),
        subscription: invoice.subscription.clone(),
        origin: invoice.origin.clone(),
    });
}

fn paid_at(payments: &[&Payment], otherwise: Instant) -> Instant {
    payments
        .iter()
        .map(|payment| payment.created)
        .min()
        .unwrap_or(otherwise)
}

/// Refunds and lost disputes of a payment: name, time if known, gross amount.
pub fn given_back(payment: &Payment) -> Vec<(&'static str, Option<Instant>, Exact)> {
    let mut back = Vec::new();
    if !payment.refunded.is_zero() {
        back.push(("refunds", payment.refunded_at, payment.refunded));
    }
    if let Some((amount, at)) = payment.dispute_lost {
        // What was refunded already cannot be lost again.
        let amount = amount.min(payment.amount - payment.refunded);
        if amount.is_zero() {
            return back;
        }
        back.push(("lost disputes", at, amount));
    }
    back
}

/// The net part of a gross refund: in proportion to net ∕ total of its invoice.
pub fn net_part(gross: Exact, invoice: &Invoice, places: u8) -> Exact {
    let net = invoice.total - invoice.tax;
    if invoice.tax.is_zero() || invoice.total.is_zero() {
        return gross;
    }
    Exact::ratio(gross * net, invoice.total, places).unwrap_or(gross)
}

/// The service period, and whether it is known: the invoice's own lines, else the subscription's
/// current period moved to the invoice's date, else at once.
fn service(
    invoice: &Invoice,
    subscription: Option<&Subscription>,
    final_at: Instant,
) -> ((Instant, Instant), bool) {
    if let Some(service) = invoice.service {
        return (service, true);
    }
    if let Some((start, end)) = subscription.and_then(|s| s.current_period) {
        let length = end.0 - start.0;
        if length > 0 {
            return ((invoice.date, Instant(invoice.date.0 + length)), true);
        }
    }
    ((final_at, final_at), invoice.namespace != "stripe")
}
