//! Revenue formats: Stripe's Dashboard exports and the generic revenue layout.
//!
//! `rows` and `money` are what they share; `useless` holds the exports that describe the same money
//! once more. No reader drops repeated rows or chooses between sources: all rows come out.

// A problem is made at most once per row that is wrong; its size is of no importance.
#![allow(clippy::result_large_err)]

pub mod generic;
pub mod golden;
pub mod minor;
mod money;
mod rows;
pub mod stripe_customers;
pub mod stripe_invoices;
pub mod stripe_payments;
pub mod stripe_prices;
pub mod stripe_subscriptions;
#[cfg(test)]
mod testing;
pub mod useless;

use crate::model::records::InvoiceStatus;

/// The states of an invoice, by Stripe's words, which the generic layout shares. Lower case.
const INVOICE_STATUSES: &[(&str, InvoiceStatus)] = &[
    ("draft", InvoiceStatus::Draft),
    ("open", InvoiceStatus::Open),
    ("paid", InvoiceStatus::Paid),
    ("void", InvoiceStatus::Void),
    ("uncollectible", InvoiceStatus::Uncollectible),
];

fn invoice_status(word: &str) -> Option<InvoiceStatus> {
    let known = INVOICE_STATUSES.iter().find(|(known, _)| *known == word);
    known.map(|(_, status)| *status)
}

/// Stripe's word, or nothing where the file has none.
fn invoice_status_word(status: InvoiceStatus) -> &'static str {
    let known = INVOICE_STATUSES.iter().find(|(_, known)| *known == status);
    known.map_or("", |(word, _)| word)
}
