//! Billing records of any currency in the currency of the report.
//!
//! An invoice goes by the rate of its payment, else by the last rate on or before the day it became
//! final; a payment by its own rate, else its invoice's; what is given back by the rate of what it
//! gives back. Total and tax are rounded to the minor unit, the net is their difference, and lines
//! sum to it. The rule that must hold: a row without a rate stops the report, unless it is no
//! revenue anyway; then it counts as nothing and is told in its own currency.

use std::collections::BTreeMap;

use super::stripe::Implied;
use super::{Conversion, Rate, RateBook};
use crate::model::records::{
    Invoice, InvoiceLine, InvoiceStatus, Origin, PaymentStatus, RevenueRecords,
};
use crate::model::{Currency, Day, Exact, Instant};

/// Converts every record that carries money of a period.
pub fn convert(
    records: &mut RevenueRecords,
    rates: &RateBook<'_>,
    period: (Instant, Instant),
    told: &mut Conversion,
) {
    let mut work = Work {
        to: told.to,
        places: told.to.decimals(),
        rates,
        implied: Implied::of(records, told.to),
        invoices: BTreeMap::new(),
        payments: BTreeMap::new(),
        back: BTreeMap::new(),
        told,
    };
    work.invoices(records);
    work.lines(records);
    work.payments(records, period);
    work.given_back(records);
    work.balance(records);
    work.recognized(records);
}

/// An invoice that was converted, for what hangs on it.
struct Booked {
    /// `None` if it counts as nothing.
    rate: Option<Rate>,
    /// Net and tax, each in its own currency and in that of the report.
    net: (Exact, Exact),
    tax: (Exact, Exact),
}

/// One amount to convert.
struct Amount<'r> {
    export: &'r str,
    from: Currency,
    amount: Exact,
    day: Day,
    /// Why it is no revenue, if it is none.
    idle: Option<&'static str>,
    origin: &'r Origin,
}

struct Work<'a, 'b> {
    to: Currency,
    places: u8,
    rates: &'a RateBook<'b>,
    implied: Implied,
    /// By namespace and id.
    invoices: BTreeMap<(&'static str, String), Booked>,
    /// Rates of payments by their own currency; `None` if one counts as nothing.
    payments: BTreeMap<(String, Currency), Option<Rate>>,
    /// What went back so far of each invoice or payment at each rate.
    back: BTreeMap<back::Of, back::Running>,
    told: &'a mut Conversion,
}

impl Work<'_, '_> {
    /// The rate of an amount, and what it becomes: `own` if there is one, else the last of a rate
    /// file. `None` and nothing where there is neither, which is told.
    fn turn(&mut self, of: &Amount<'_>, own: Option<Rate>) -> (Option<Rate>, Exact) {
        let rate = own.map_or_else(|| self.rates.find(of.from, self.to, of.day), Ok);
        let at = (of.export, of.from);
        match (rate, of.idle) {
            (Ok(rate), _) => {
                let converted = rate.convert(of.amount, self.places);
                self.told.enter(at, &rate, of.amount, converted);
                return (Some(rate), converted);
            }
            (Err(_), Some(reason)) => self.told.leave_out(at, reason, of.amount),
            (Err(_), None) if of.amount.is_zero() => {}
            (Err(stale), None) => {
                let days = (of.day, stale);
                self.told
                    .miss(of.from, of.amount, days.0, days.1, of.origin);
            }
        }
        (None, Exact::ZERO)
    }

    /// An amount at a rate; nothing without one.
    fn at(&self, rate: Option<&Rate>, amount: Exact) -> Exact {
        rate.map_or(Exact::ZERO, |rate| rate.convert(amount, self.places))
    }

    /// The rate of an invoice of Stripe or another system.
    fn of_invoice(&self, namespace: &'static str, id: &str, from: Currency) -> Option<Rate> {
        let booked = self.invoices.get(&(namespace, id.to_string()));
        let booked = booked.and_then(|booked| booked.rate.clone());
        booked.or_else(|| self.implied.invoice(id, from).cloned())
    }

    /// The rate of a payment in its own currency.
    fn of_payment(&self, id: &str, from: Currency) -> Option<Rate> {
        match self.payments.get(&(id.to_string(), from)) {
            Some(rate) => rate.clone(),
            None => self.implied.payment(id, from).cloned(),
        }
    }

    fn invoices(&mut self, records: &mut RevenueRecords) {
        for invoice in &mut records.invoices {
            let from = invoice.currency;
            if from == self.to {
                continue;
            }
            let own = self.implied.invoice(&invoice.id, from).cloned();
            let export = export_of(invoice);
            let of = Amount {
                export: &export,
                from,
                amount: invoice.total,
                day: invoice.finalized.unwrap_or(invoice.date).utc_day(),
                idle: no_revenue(invoice),
                origin: &invoice.origin,
            };
            let own = own.filter(|_| invoice.namespace == "stripe");
            let (rate, total) = self.turn(&of, own);
            let tax = self.at(rate.as_ref(), invoice.tax);
            let booked = Booked {
                net: (invoice.total - invoice.tax, total - tax),
                tax: (invoice.tax, tax),
                rate,
            };
            let (net, converted) = booked.net;
            self.told.rows.enter(&invoice.origin, from, net, converted);
            self.invoices
                .insert((invoice.namespace, invoice.id.clone()), booked);
            invoice.total = total;
            invoice.tax = tax;
            invoice.currency = self.to;
        }
    }

    fn lines(&mut self, records: &mut RevenueRecords) {
        let mut of_invoices: BTreeMap<(&'static str, String), Vec<&mut InvoiceLine>> =
            BTreeMap::new();
        let foreign = records
            .lines
            .iter_mut()
            .filter(|line| line.currency != self.to);
        for line in foreign {
            let key = (line.namespace, line.invoice.clone());
            of_invoices.entry(key).or_default().push(line);
        }
        for (key, mut lines) in of_invoices {
            // In an order that depends on their content alone.
            lines.sort_by(|a, b| a.id.cmp(&b.id));
            let Some(booked) = self.invoices.get(&key) else {
                lines.into_iter().for_each(|line| self.lone_line(line));
                continue;
            };
            let nets: Vec<Exact> = lines.iter().map(|line| line.net).collect();
            let taxes: Vec<Exact> = lines.iter().map(|line| line.tax).collect();
            let nets = shares(&nets, booked.net, booked.rate.as_ref(), self.places);
            let taxes = shares(&taxes, booked.tax, booked.rate.as_ref(), self.places);
            for (line, (net, tax)) in lines.into_iter().zip(nets.into_iter().zip(taxes)) {
                let rows = &mut self.told.rows;
                rows.enter(&line.origin, line.currency, line.net, net);
                (line.net, line.tax, line.currency) = (net, tax, self.to);
            }
        }
    }

    /// A line whose invoice is in no file.
    fn lone_line(&mut self, line: &mut InvoiceLine) {
        let own = self.implied.invoice(&line.invoice, line.currency).cloned();
        let export = format!("{} invoice lines", line.namespace);
        let day = line.service.map_or(Day(0), |(start, _)| start.utc_day());
        let of = Amount {
            export: &export,
            from: line.currency,
            amount: line.net + line.tax,
            day,
            idle: None,
            origin: &line.origin,
        };
        let (rate, total) = self.turn(&of, own);
        let (from, net) = (line.currency, line.net);
        line.tax = self.at(rate.as_ref(), line.tax);
        line.net = total - line.tax;
        self.told.rows.enter(&line.origin, from, net, line.net);
        line.currency = self.to;
    }

    fn payments(&mut self, records: &mut RevenueRecords, period: (Instant, Instant)) {
        for payment in &mut records.payments {
            let from = payment.currency;
            if from == self.to {
                continue;
            }
            let own = self.implied.payment(&payment.id, from).cloned();
            let invoice = payment.invoice.as_deref();
            let own = own.or_else(|| invoice.and_then(|id| self.of_invoice("stripe", id, from)));
            let of = Amount {
                export: "stripe payments",
                from,
                amount: payment.amount,
                day: payment.created.utc_day(),
                idle: match payment.status {
                    PaymentStatus::Succeeded => None,
                    PaymentStatus::NotSucceeded(why) => Some(why),
                    PaymentStatus::Test => Some("test mode"),
                },
                origin: &payment.origin,
            };
            let (rate, amount) = self.turn(&of, own);
            let refunded = self.at(rate.as_ref(), payment.refunded);
            let at = payment.refunded_at.unwrap_or(payment.created);
            let settled = payment.settled.filter(|of| of.currency == self.to);
            if let Some(given_back) = settled.and_then(|of| of.refunded)
                && payment.status == PaymentStatus::Succeeded
                && payment.refunded.is_positive()
                && period.0 <= at
                && at < period.1
            {
                self.told.gain_on_refunds += refunded - given_back;
            }
            let rows = &mut self.told.rows;
            rows.enter(&payment.origin, from, payment.amount, amount);
            payment.amount = amount;
            payment.refunded = refunded;
            if let Some(dispute) = &mut payment.dispute {
                dispute.amount = self.at(rate.as_ref(), dispute.amount);
            }
            payment.currency = self.to;
            self.payments.insert((payment.id.clone(), from), rate);
        }
    }

    fn recognized(&mut self, records: &mut RevenueRecords) {
        for entry in &mut records.recognized {
            if entry.currency == self.to {
                continue;
            }
            let of = Amount {
                export: "stripe revenue recognition",
                from: entry.currency,
                amount: entry.amount,
                day: entry.period.0.utc_day(),
                idle: None,
                origin: &entry.origin,
            };
            let converted = self.turn(&of, None).1;
            let rows = &mut self.told.rows;
            rows.enter(&entry.origin, entry.currency, entry.amount, converted);
            entry.amount = converted;
            entry.currency = self.to;
        }
    }
}

/// What an invoice's export is called.
fn export_of(invoice: &Invoice) -> String {
    match invoice.namespace {
        "revenue" => "revenue file".to_string(),
        namespace => format!("{namespace} invoices"),
    }
}

/// Why an invoice is no revenue, if it is none.
fn no_revenue(invoice: &Invoice) -> Option<&'static str> {
    match invoice.status {
        InvoiceStatus::Draft => Some("draft"),
        InvoiceStatus::Void if invoice.voided.is_none() => Some("void"),
        InvoiceStatus::Uncollectible if invoice.uncollectible.is_none() => Some("uncollectible"),
        _ => None,
    }
}

/// Converts parts of a whole: the cumulated amount is rounded, so that parts that sum to the whole
/// still do.
fn shares(parts: &[Exact], whole: (Exact, Exact), rate: Option<&Rate>, places: u8) -> Vec<Exact> {
    let Some(rate) = rate else {
        return vec![Exact::ZERO; parts.len()];
    };
    let (mut sum, mut given) = (Exact::ZERO, Exact::ZERO);
    let complete = parts.iter().sum::<Exact>() == whole.0;
    let mut shares = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        sum += *part;
        let until = match complete && at + 1 == parts.len() {
            true => whole.1,
            false => rate.convert(sum, places),
        };
        shares.push(until - given);
        given = until;
    }
    shares
}

mod back;
mod balance;
#[cfg(test)]
mod tests;
