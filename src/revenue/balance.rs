//! Movements of the Stripe balance: the last source. They are revenue only where neither payments
//! nor invoices tell the same money; their refunds and disputes give dates to those that do. What is
//! left out because nobody can tell is a warning.

use std::collections::{BTreeMap, BTreeSet};

use super::invoices::{Payer, push};
use super::lines::Part;
use super::links::{Links, facing};
use super::parts::NetParts;
use super::payments::recurs;
use super::tie::Source;
use super::{Basis, Inputs, RevenueBook, Schedule};
use crate::identity::payer_of;
use crate::model::records::{BalanceEntry, BalanceKind, Payment, PaymentStatus};

/// Adds the movements. Comes after invoices and payments.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>) {
    for entry in &links.by_words {
        book.remark(
            "refunds in the balance that name no payment; they are taken back of the only one with their words",
            -entry.gross,
        );
    }
    let invoiced = book.obligations.iter();
    let invoiced = invoiced.filter(|line| line.source.is_invoiced());
    let paid = |payment: &Payment| payment.status == PaymentStatus::Succeeded;
    let better = Better {
        payers: invoiced.clone().map(|line| line.payer.clone()).collect(),
        invoices: invoiced.count() > 0 && inputs.basis != Basis::Cash,
        payments: inputs.records.payments.iter().any(paid),
    };
    let mut nets = Nets::default();
    // In the order of time, for what goes back is rounded as a running sum.
    let mut entries: Vec<&BalanceEntry> = inputs.records.balance.iter().collect();
    entries.sort_by_key(|entry| (entry.at, &entry.id));
    for entry in entries {
        let reason = left_out(entry, inputs, links, &better);
        let sheet = book.sheets.entry(Source::StripeBalance).or_default();
        sheet.export += entry.gross;
        match reason {
            Some(reason) => sheet.exclude(reason, entry.gross),
            None => moved(book, inputs, links, entry, &mut nets),
        }
        match reason {
            Some(UNNAMED) if entry.kind == BalanceKind::Payment => book.doubt(
                "payments in the balance that name no invoice, left out beside invoices; add the payments with their Invoice ID",
                entry.gross,
            ),
            Some(UNNAMED | UNKNOWN) => book.doubt(
                "movements of the balance that give back a payment no file names, left out; add the refunds and disputes with their payments",
                -entry.gross,
            ),
            _ => {}
        }
    }
}

/// Movements that may be of an invoice.
const UNNAMED: &str = "no invoice named, so maybe the money of one";
/// Movements that give back nobody knows what.
const UNKNOWN: &str = "given back, payment not in the files";

/// What better sources hold.
struct Better {
    /// Customers with invoices.
    payers: BTreeSet<String>,
    /// Whether invoices count at all.
    invoices: bool,
    /// Whether an export of payments says what was given back of each.
    payments: bool,
}

/// Why a movement is no revenue by itself.
fn left_out(
    entry: &BalanceEntry,
    inputs: Inputs<'_>,
    links: &Links<'_>,
    better: &Better,
) -> Option<&'static str> {
    match &entry.kind {
        BalanceKind::Fee => return Some("stripe fees"),
        BalanceKind::Payout => return Some("payouts"),
        BalanceKind::Other(_) => return Some("other movements"),
        _ => {}
    }
    let of = links.moved_for.get(entry.id.as_str()).copied();
    if of.is_some_and(|payment| links.payments.contains_key(payment)) {
        return Some(Source::StripePayments.same_money());
    }
    // What gives a payment back is judged as the payment is.
    let judged = payment_of(entry, links).unwrap_or(entry);
    if inputs.basis != Basis::Cash {
        if links.invoice_of(judged).is_some() {
            return Some(Source::StripeInvoices.same_money());
        }
        let lines = |id: &str| links.lines.contains_key(&("stripe", id));
        if judged.invoice.as_deref().is_some_and(lines) {
            return Some(Source::StripeLines.same_money());
        }
        let known = |id: &String| better.payers.contains(id);
        if better.invoices && judged.customer.as_ref().is_none_or(known) {
            return Some(UNNAMED);
        }
    }
    // Payments say themselves what was given back of them; alone, the balance has to.
    let gives_back = of.is_none() && entry.kind != BalanceKind::Payment;
    (gives_back && better.payments).then_some(UNKNOWN)
}

/// The movement that is the payment of another movement.
fn payment_of<'a>(entry: &'a BalanceEntry, links: &Links<'a>) -> Option<&'a BalanceEntry> {
    let payment = links.moved_for.get(entry.id.as_str())?;
    let moves = links.balance.get(payment)?;
    let payment = moves.iter().find(|one| one.kind == BalanceKind::Payment);
    payment.copied()
}

/// What movements of each invoice come to without tax, as running sums.
type Nets = BTreeMap<String, NetParts>;

/// A movement that is revenue, or takes it back, when it happens. What gives back counts as the
/// customer saw it; the rest of what Stripe took is a matter of currency. Of an invoice that is known
/// the tax is no revenue.
fn moved(
    book: &mut RevenueBook,
    inputs: Inputs<'_>,
    links: &Links<'_>,
    entry: &BalanceEntry,
    nets: &mut Nets,
) {
    let places = inputs.currency.decimals();
    let of = payment_of(entry, links).unwrap_or(entry);
    let invoice = links.invoice_of(of).or_else(|| links.invoice_of(entry));
    let gross = match entry.kind {
        BalanceKind::Payment => entry.gross,
        _ => facing(entry),
    };
    let net = match invoice.filter(|invoice| !invoice.total.is_zero()) {
        Some(invoice) => {
            let whole = (invoice.total - invoice.tax, invoice.total);
            let parts = || NetParts::of(whole.0, whole.1, places);
            let parts = nets.entry(invoice.id.clone()).or_insert_with(parts);
            parts.take(gross)
        }
        None => gross,
    };
    let sheet = book.sheets.entry(Source::StripeBalance).or_default();
    sheet.tax += gross - net;
    if gross != entry.gross {
        sheet.exclude("gain or loss on currency", entry.gross - gross);
    }
    if invoice.is_none() {
        book.remark(
            "movements of the balance without a known invoice, which show no tax: they count with the tax in them",
            gross,
        );
    }
    let customer = invoice.and_then(|invoice| invoice.customer.clone());
    let id = customer.filter(|_| of.customer.is_none());
    let id = id.unwrap_or_else(|| payer_of(of));
    let payer = Payer {
        namespace: "stripe",
        id: &id,
        day: of.at,
        invoiced: entry.at,
    };
    let part = Part {
        id: None,
        net,
        tax: gross - net,
        service: (entry.at, entry.at),
        plan: None,
        price: None,
        recurring: of.description.as_deref().and_then(recurs),
        metered: false,
        subscription: of
            .subscription
            .clone()
            .or_else(|| invoice?.subscription.clone()),
        origin: entry.origin.clone(),
    };
    let schedule = Schedule::straight(net, entry.at, entry.at, places);
    push(book, inputs, payer, Source::StripeBalance, part, schedule);
}
