//! The rates that Stripe's own conversions imply: what was paid out for a payment, by what was
//! paid.

use std::collections::BTreeMap;

use super::{Rate, RateSource};
use crate::model::records::{BalanceKind, PaymentStatus, RevenueRecords};
use crate::model::{Currency, Day, Exact};

/// Rates by the id of what they belong to, and the currency that was paid.
#[derive(Debug, Default)]
pub struct Implied {
    payments: BTreeMap<(String, Currency), Rate>,
    invoices: BTreeMap<(String, Currency), Rate>,
}

/// What was paid and what was paid out for it, and the first day.
type Sums = BTreeMap<(String, Currency), (Exact, Exact, Day)>;

impl Implied {
    /// Collects them from payments, and from movements of the balance where payments say nothing.
    /// Several payments of an invoice count together.
    pub fn of(records: &RevenueRecords, to: Currency) -> Implied {
        let (mut payments, mut invoices) = (Sums::new(), Sums::new());
        let mut paid_invoices = BTreeMap::new();
        for payment in &records.payments {
            if let Some(invoice) = &payment.invoice {
                paid_invoices.insert(payment.id.as_str(), invoice.as_str());
            }
            let settled = payment.settled.filter(|settled| settled.currency == to);
            let Some(settled) = settled.filter(|_| payment.status == PaymentStatus::Succeeded)
            else {
                continue;
            };
            let paid = (payment.currency, payment.amount, settled.amount);
            let day = payment.created.utc_day();
            add(&mut payments, Some(&payment.id), paid, day);
            add(&mut invoices, payment.invoice.as_deref(), paid, day);
        }
        let numbers = by_number(records);
        let (mut moved, mut moved_invoices) = (Sums::new(), Sums::new());
        for entry in &records.balance {
            let Some((facing, currency)) = entry.facing else {
                continue;
            };
            if entry.kind != BalanceKind::Payment || entry.currency != to {
                continue;
            }
            let paid = (currency, facing.abs(), entry.gross);
            let day = entry.at.utc_day();
            let payment = entry.payment.as_deref().or(entry.object.as_deref());
            let known = payment.and_then(|id| paid_invoices.get(id).copied());
            let number = entry.invoice_number.as_ref();
            let named = number.and_then(|number| numbers.get(number));
            let invoice = entry.invoice.as_deref().or(known);
            let invoice = invoice.or(named.map(String::as_str));
            add(&mut moved, payment, paid, day);
            add(&mut moved_invoices, invoice, paid, day);
        }
        for (sums, more) in [(&mut payments, moved), (&mut invoices, moved_invoices)] {
            for (key, sum) in more {
                sums.entry(key).or_insert(sum);
            }
        }
        Implied {
            payments: rates(payments, to),
            invoices: rates(invoices, to),
        }
    }

    /// The rate of a payment.
    pub fn payment(&self, id: &str, from: Currency) -> Option<&Rate> {
        self.payments.get(&(id.to_string(), from))
    }

    /// The rate of an invoice.
    pub fn invoice(&self, id: &str, from: Currency) -> Option<&Rate> {
        self.invoices.get(&(id.to_string(), from))
    }
}

/// The ids of Stripe's invoices by the number printed on them.
pub fn by_number(records: &RevenueRecords) -> BTreeMap<String, String> {
    let invoices = records.invoices.iter();
    let invoices = invoices.filter(|invoice| invoice.namespace == "stripe");
    let numbered = invoices.filter_map(|one| Some((one.number.clone()?, one.id.clone())));
    numbered.collect()
}

fn add(sums: &mut Sums, id: Option<&str>, paid: (Currency, Exact, Exact), day: Day) {
    let (currency, amount, converted) = paid;
    let Some(id) = id.filter(|_| amount.is_positive() && converted.is_positive()) else {
        return;
    };
    let zero = (Exact::ZERO, Exact::ZERO, day);
    let sum = sums.entry((id.to_string(), currency)).or_insert(zero);
    sum.0 += amount;
    sum.1 += converted;
    sum.2 = sum.2.min(day);
}

fn rates(sums: Sums, to: Currency) -> BTreeMap<(String, Currency), Rate> {
    let foreign = sums.into_iter().filter(|((_, from), _)| *from != to);
    foreign
        .map(|(key, (amount, converted, day))| {
            let rate = Rate {
                numerator: converted,
                denominator: amount,
                day,
                source: RateSource::Stripe,
            };
            (key, rate)
        })
        .collect()
}
