//! Invoices, their lines and rows of revenue files as obligations.
//!
//! Where the files have the lines of an invoice they take its place, each with its own period and
//! sign; the invoice then only dates and checks them. An invoice without lines counts by itself.

use super::credits;
use super::given_back::{self, Back};
use super::lines::{self, Part};
use super::links::{Links, Paid};
use super::prepaid;
use super::service;
use super::taken::{Event, Taken};
use super::tie::Source;
use super::{Basis, Inputs, Obligation, RevenueBook, Schedule};
use crate::model::records::{Invoice, InvoiceStatus, Prepaid};
use crate::model::{Exact, Instant};

/// Adds every invoice, with what its payments and credit notes take back.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>) {
    for invoice in &inputs.records.invoices {
        add_one(book, inputs, links, invoice);
    }
    lines::without_invoice(book, inputs, links);
}

/// On a cash basis only revenue files count here: their paid lines, on their date. Lines that do
/// not say are taken as paid, and counted.
pub fn add_lines_only(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>) {
    for invoice in &inputs.records.invoices {
        if invoice.namespace == "stripe" {
            continue;
        }
        match invoice.status {
            InvoiceStatus::Open => {
                let sheet = book.sheets.entry(source(invoice)).or_default();
                sheet.leave_out("open", invoice.total);
            }
            status => {
                book.taken_as_paid += u64::from(status == InvoiceStatus::NotStated);
                add_one(book, inputs, links, invoice);
            }
        }
    }
}

fn source(invoice: &Invoice) -> Source {
    match invoice.namespace {
        "stripe" => Source::StripeInvoices,
        "lago" => Source::LagoInvoices,
        _ => Source::RevenueFile,
    }
}

/// Why an invoice is no revenue at any time.
pub fn never(invoice: &Invoice) -> Option<&'static str> {
    match invoice.status {
        InvoiceStatus::Draft => Some("draft"),
        InvoiceStatus::Void if invoice.voided.is_none() => Some("void"),
        InvoiceStatus::Uncollectible if invoice.uncollectible.is_none() => Some("uncollectible"),
        _ => None,
    }
}

fn add_one(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>, invoice: &Invoice) {
    let own = source(invoice);
    let id = (invoice.namespace, invoice.id.as_str());
    let lines = links.lines.get(&id).map_or(&[][..], Vec::as_slice);
    let final_at = invoice.finalized.unwrap_or(invoice.date);
    let sheet = book.sheets.entry(own).or_default();
    sheet.export += invoice.total;
    if let Some(reason) = never(invoice) {
        sheet.exclude(reason, invoice.total);
        if reason != "draft" && inputs.basis != Basis::Cash {
            book.remark(
                "invoices that are void or uncollectible since a day that no file says; they are no revenue in any month, whatever they were before",
                invoice.total - invoice.tax,
            );
        }
        book.left_out.push((final_at, invoice.total));
        let source = lines::source(invoice.namespace);
        for line in lines {
            let sheet = book.sheets.entry(source).or_default();
            sheet.leave_out(reason, line.net + line.tax);
        }
        return;
    }
    let (whole, known) = match lines.is_empty() {
        true => service::of(book, links, inputs.basis, invoice),
        false => ((final_at, final_at), true),
    };
    let (source, parts) = match lines.is_empty() {
        true => {
            let sheet = book.sheets.entry(own).or_default();
            sheet.tax += invoice.tax;
            let unknown = inputs.basis == Basis::Recognized && !known;
            book.without_period += u64::from(unknown);
            (own, vec![Part::whole(invoice, whole, known)])
        }
        false => (
            lines::source(invoice.namespace),
            lines::of(book, links, invoice, own, inputs.currency.decimals()),
        ),
    };
    let parts = match &invoice.prepaid {
        Prepaid::Bought(uses) => prepaid::earned(parts, uses, inputs.currency.decimals()),
        _ => parts,
    };
    let customer = invoice.customer.as_deref();
    let customer = customer.or_else(|| lines.iter().find_map(|line| line.customer.as_deref()));
    let payer = Payer {
        namespace: invoice.namespace,
        id: customer.unwrap_or(""),
        day: invoice.date,
        invoiced: final_at,
    };
    let payments = links.paid.get(invoice.id.as_str());
    let payments = payments.filter(|_| invoice.namespace == "stripe");
    let payments = payments.map_or(&[][..], Vec::as_slice);
    let notes = links.notes.get(&id).map_or(&[][..], Vec::as_slice);
    let schedules = schedules(&parts, final_at, inputs);
    let mut taken = Taken::of(invoice.total, &parts, schedules, inputs);
    let mut events: Vec<Event<'_>> = Vec::new();
    if inputs.basis == Basis::Recognized {
        let backs: Vec<Back> = payments
            .iter()
            .flat_map(|payment| given_back::of_payment(book, links, *payment))
            .collect();
        let first = paid_at(payments, final_at);
        for back in credits::less_notes(book, backs, notes) {
            book.undated_refunds += u64::from(back.at.is_none());
            events.push(back.event(first));
        }
    }
    if inputs.basis != Basis::Cash {
        events.extend(notes.iter().map(|note| Event::of(note)));
    }
    taken.take(events);
    write_off(book, &mut taken, invoice, final_at, payments);
    let schedules = taken.book(book, source);
    for (part, schedule) in parts.into_iter().zip(schedules) {
        if invoice.status == InvoiceStatus::Void {
            book.voided.insert(book.obligations.len());
        }
        push(book, inputs, payer, source, part, schedule);
    }
}

/// Who pays an invoice or a line, and when it was billed.
#[derive(Clone, Copy)]
pub struct Payer<'a> {
    pub namespace: &'static str,
    pub id: &'a str,
    /// The day on which the holder of the id owes it.
    pub day: Instant,
    pub invoiced: Instant,
}

/// One part with its schedule becomes an obligation.
pub fn push(
    book: &mut RevenueBook,
    inputs: Inputs<'_>,
    payer: Payer<'_>,
    source: Source,
    part: Part,
    schedule: Schedule,
) {
    let day = inputs.zone.day(payer.day);
    let (party, key) = inputs.identity.billing(payer.namespace, payer.id, day);
    book.obligations.push(Obligation {
        party,
        key,
        source,
        schedule,
        net: part.net,
        tax: part.tax,
        invoiced: payer.invoiced,
        service: part.service,
        plan: part.plan,
        price: part.price,
        counted_on: None,
        recurring: part.recurring,
        metered: part.metered,
        payer: payer.id.to_string(),
        subscription: part.subscription,
        origin: part.origin,
    });
}

/// The parts over time: over their service where revenue is recognized, else at once.
pub fn schedules(parts: &[Part], final_at: Instant, inputs: Inputs<'_>) -> Vec<Schedule> {
    let places = inputs.currency.decimals();
    let one = |part: &Part| {
        let (start, end) = match inputs.basis {
            Basis::Recognized => part.service,
            _ => (final_at, final_at),
        };
        Schedule::straight(part.net, start, end, places)
    };
    parts.iter().map(one).collect()
}

/// Voids and write-offs take back what is left, in their own month. A write-off that was paid
/// later comes back when it is paid; one that was voided later stays where it is.
fn write_off(
    book: &mut RevenueBook,
    taken: &mut Taken<'_>,
    invoice: &Invoice,
    final_at: Instant,
    payments: &[Paid<'_>],
) {
    match (invoice.status, invoice.voided, invoice.uncollectible) {
        (InvoiceStatus::Void, Some(void), written_off) => {
            match written_off.filter(|at| *at < void) {
                Some(at) => taken.rest("uncollectible", at.max(final_at)),
                None => taken.rest("void", void.max(final_at)),
            }
        }
        (InvoiceStatus::Uncollectible, _, Some(at)) => {
            taken.rest("uncollectible", at.max(final_at));
        }
        (InvoiceStatus::Paid, _, Some(at)) => {
            let later = payments.iter().map(|payment| payment.created);
            let later = later.filter(|paid| *paid >= at).min();
            match later.or(invoice.paid.filter(|paid| *paid >= at)) {
                Some(paid) => taken.pause("uncollectible", at, paid),
                None => book.remark(
                    "invoices written off and paid later on a day that no file says; revenue stays",
                    invoice.total - invoice.tax,
                ),
            }
        }
        _ => {}
    }
}

/// When an invoice was paid first.
pub fn paid_at(payments: &[Paid<'_>], otherwise: Instant) -> Instant {
    let paid = payments.iter().map(|payment| payment.created);
    paid.min().unwrap_or(otherwise)
}

/// The net part of a gross refund: in proportion to net ∕ total of its invoice.
pub fn net_part(gross: Exact, invoice: &Invoice, places: u8) -> Exact {
    let net = invoice.total - invoice.tax;
    if invoice.tax.is_zero() || invoice.total.is_zero() {
        return gross;
    }
    Exact::ratio(gross * net, invoice.total, places).unwrap_or(gross)
}
