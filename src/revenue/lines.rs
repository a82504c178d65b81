//! Lines of invoices: each an obligation with its own period and sign, in place of its invoice.
//!
//! The rule that must hold: what an invoice is more or less than its lines is named in its tie.

use super::credits;
use super::given_back;
use super::invoices::{Payer, push, schedules};
use super::links::Links;
use super::parts::shares;
use super::taken::{Event, Taken};
use super::tie::Source;
use super::{Basis, Inputs, RevenueBook};
use crate::model::records::{Invoice, InvoiceLine, Origin};
use crate::model::{Exact, Instant};

/// One part of an invoice: a line of it, or all of it.
#[derive(Clone, Debug)]
pub struct Part {
    /// Line id.
    pub id: Option<String>,
    /// Net of discount and tax, of either sign.
    pub net: Exact,
    /// Tax.
    pub tax: Exact,
    /// Service period; equal ends for one-off amounts.
    pub service: (Instant, Instant),
    /// Plan that the file itself names.
    pub plan: Option<String>,
    /// Price id.
    pub price: Option<String>,
    /// Whether a change of the plan's price touches it.
    pub recurring: Option<bool>,
    /// Whether it bills what was used.
    pub metered: bool,
    /// Subscription.
    pub subscription: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

impl Part {
    /// An invoice without lines. `known` says that its service period is.
    pub fn whole(invoice: &Invoice, service: (Instant, Instant), known: bool) -> Part {
        Part {
            id: None,
            net: invoice.total - invoice.tax,
            tax: invoice.tax,
            service,
            plan: invoice.plan.clone(),
            price: None,
            recurring: invoice.recurring.or_else(|| {
                // A period of no length is a one-off; a period that is not known says nothing.
                (known && service.0 == service.1).then_some(false)
            }),
            metered: invoice.metered,
            subscription: invoice.subscription.clone(),
            origin: invoice.origin.clone(),
        }
    }

    /// A line. `otherwise` is when it is earned if it has no period, and before which a one-off is
    /// not; `of` is the subscription of its invoice.
    fn line(
        line: &InvoiceLine,
        otherwise: Instant,
        of: Option<&String>,
        links: &Links<'_>,
    ) -> Part {
        let listed = line.price.as_deref();
        let listed = listed.and_then(|price| links.prices.get(price));
        let once = line.service.is_some_and(|(start, end)| start == end)
            || listed.is_some_and(|price| price.interval.is_empty());
        let metered = line.metered.or(listed.map(|price| price.metered));
        let subscription = line.subscription.as_ref().or(of);
        Part {
            id: Some(line.id.clone()),
            net: line.net,
            tax: line.tax,
            service: match line.service {
                None => (otherwise, otherwise),
                Some(service) if line.namespace == "stripe" => not_before(service, otherwise),
                Some(service) => service,
            },
            plan: line.plan.clone(),
            price: line.price.clone(),
            recurring: match metered {
                // What bills use follows no price per month.
                _ if once => Some(false),
                Some(true) => Some(false),
                Some(false) => Some(true),
                None => None,
            },
            metered: metered == Some(true) && !once,
            subscription: subscription.cloned(),
            origin: line.origin.clone(),
        }
    }
}

/// A one-off of Stripe is earned when its invoice becomes final, though it may be dated before; what lasts is
/// earned while it lasts.
pub fn not_before(service: (Instant, Instant), final_at: Instant) -> (Instant, Instant) {
    match service.0 == service.1 && service.0 < final_at {
        true => (final_at, final_at),
        false => service,
    }
}

/// The source that the lines of a namespace are.
pub fn source(namespace: &str) -> Source {
    match namespace {
        "lago" => Source::LagoLines,
        _ => Source::StripeLines,
    }
}

/// The lines of an invoice that counts, as its parts. Checks them against the invoice: what it is
/// more than they are is left out by name in its own tie, as their sum is.
pub fn of(
    book: &mut RevenueBook,
    links: &Links<'_>,
    invoice: &Invoice,
    own: Source,
    places: u8,
) -> Vec<Part> {
    let id = (invoice.namespace, invoice.id.as_str());
    let lines = links.lines.get(&id).map_or(&[][..], Vec::as_slice);
    let final_at = invoice.finalized.unwrap_or(invoice.date);
    let subscription = invoice.subscription.as_ref();
    let parts = lines.iter();
    let parts = parts.map(|line| Part::line(line, final_at, subscription, links));
    let mut parts: Vec<Part> = parts.collect();
    let net: Exact = parts.iter().map(|part| part.net).sum();
    let tax: Exact = parts.iter().map(|part| part.tax).sum();
    let source = source(invoice.namespace);
    // Tables of lines may lack their tax. If it was inside the prices they sum to the total.
    if tax.is_zero() && !invoice.tax.is_zero() && net == invoice.total {
        let weights: Vec<Exact> = parts.iter().map(|part| part.net).collect();
        let nets = shares(invoice.total - invoice.tax, &weights, places);
        for (part, net) in parts.iter_mut().zip(nets) {
            part.tax = part.net - net;
            part.net = net;
        }
        book.remark(
            "invoices whose lines include tax; they are taken less the invoice's tax",
            invoice.tax,
        );
    }
    let told: Exact = parts.iter().map(|part| part.net + part.tax).sum();
    let without_period = lines.iter().filter(|line| line.service.is_none());
    book.without_period += without_period.count() as u64;
    let sheet = book.sheets.entry(source).or_default();
    sheet.export += told;
    sheet.tax += parts.iter().map(|part| part.tax).sum();
    let sheet = book.sheets.entry(own).or_default();
    sheet.exclude(source.same_money(), told);
    let has_tax = parts.iter().any(|part| !part.tax.is_zero());
    // Tax that stands on the invoice alone is its own.
    let own_tax = if has_tax { Exact::ZERO } else { invoice.tax };
    sheet.tax += own_tax;
    let more = invoice.total - told - own_tax;
    if !more.is_zero() {
        sheet.exclude("difference to its lines", more);
        book.left_out.push((final_at, more));
        book.remark(
            "invoices that differ from the sum of their lines; the lines count",
            more,
        );
    }
    if !own_tax.is_zero() {
        book.other_tax.push((final_at, own_tax));
    }
    parts
}

/// Lines whose invoice is in no file: they count from their own period.
pub fn without_invoice(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>) {
    for (of, lines) in &links.lines {
        if !links.invoices.contains_key(of) {
            alone(book, inputs, links, *of, lines);
        }
    }
}

fn alone(
    book: &mut RevenueBook,
    inputs: Inputs<'_>,
    links: &Links<'_>,
    (namespace, invoice): (&'static str, &str),
    lines: &[&InvoiceLine],
) {
    let source = source(namespace);
    let starts = lines.iter().filter_map(|line| line.service);
    let Some(start) = starts.map(|(start, _)| start).min() else {
        for line in lines {
            let sheet = book.sheets.entry(source).or_default();
            sheet.leave_out("no invoice and no period", line.net + line.tax);
        }
        return;
    };
    let parts = lines.iter();
    let parts = parts.map(|line| Part::line(line, start, None, links));
    let parts: Vec<Part> = parts.collect();
    let net: Exact = parts.iter().map(|part| part.net).sum();
    let tax: Exact = parts.iter().map(|part| part.tax).sum();
    book.remark(
        "invoices of which only the lines are in the files, taken as final when their period starts",
        net + tax,
    );
    let made = schedules(&parts, start, inputs);
    let mut taken = Taken::of(net + tax, &parts, made, inputs);
    let payments = links.paid.get(invoice).filter(|_| namespace == "stripe");
    let payments = payments.map_or(&[][..], Vec::as_slice);
    let notes = links.notes.get(&(namespace, invoice));
    let notes = notes.map_or(&[][..], Vec::as_slice);
    let mut events = Vec::new();
    if inputs.basis == Basis::Recognized {
        for payment in payments {
            let backs = given_back::of_payment(book, links, *payment);
            for back in credits::less_notes(book, backs, notes) {
                book.undated_refunds += u64::from(back.at.is_none());
                events.push(back.event(payment.created));
            }
        }
    }
    if inputs.basis != Basis::Cash {
        events.extend(notes.iter().map(|note| Event::of(note)));
    }
    taken.take(events);
    let sheet = book.sheets.entry(source).or_default();
    sheet.export += net + tax;
    sheet.tax += tax;
    let made = taken.book(book, source);
    let customer = lines.iter().find_map(|line| line.customer.as_deref());
    let payer = Payer {
        namespace,
        id: customer.unwrap_or(""),
        day: start,
        invoiced: start,
    };
    for (part, schedule) in parts.into_iter().zip(made) {
        push(book, inputs, payer, source, part, schedule);
    }
}
