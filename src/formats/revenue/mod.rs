//! Revenue formats: exports of Stripe and Lago, and the generic revenue layout.
//!
//! `rows` and `money` are what they share; `useless` holds the exports that describe the same money
//! once more. No reader drops repeated rows or chooses between sources: all rows come out.

// A problem is made at most once per row that is wrong; its size is of no importance.
#![allow(clippy::result_large_err)]

mod balance;
pub mod generic;
pub mod golden;
pub mod lago_fees;
pub mod lago_invoices;
pub mod minor;
mod money;
mod rows;
mod sigma;
pub mod sigma_balance;
pub mod sigma_change_events;
pub mod sigma_charges;
pub mod sigma_credit_note_lines;
pub mod sigma_credit_notes;
pub mod sigma_customers;
pub mod sigma_disputes;
pub mod sigma_invoices;
pub mod sigma_join;
pub mod sigma_lines;
pub mod sigma_metadata;
pub mod sigma_plans;
pub mod sigma_prices;
pub mod sigma_products;
pub mod sigma_refunds;
pub mod sigma_subscription_items;
pub mod sigma_subscriptions;
pub mod sigma_taxes;
#[cfg(test)]
mod sigma_tests;
pub mod sigma_unread;
pub mod stripe_balance_change;
pub mod stripe_balance_history;
pub mod stripe_customers;
pub mod stripe_invoices;
pub mod stripe_payments;
pub mod stripe_prices;
pub mod stripe_recognition;
pub mod stripe_subscriptions;
#[cfg(test)]
mod testing;
pub mod useless;

use crate::formats::fields::Columns;
use crate::model::records::{DisputeStatus, InvoiceStatus};
use crate::problem::Problem;
use crate::scan::Row;

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

/// The state of an invoice in a cell; a word that is not known, or none, is a problem.
fn invoice_status_of(
    columns: &Columns,
    row: &Row,
    column: usize,
) -> Result<InvoiceStatus, Problem> {
    let word = row.filled(column).unwrap_or("").to_lowercase();
    let expected = "paid, open, void, draft or uncollectible";
    invoice_status(&word).ok_or_else(|| rows::unknown_word(columns, row, column, expected))
}

/// How a dispute stands, by Stripe's words in any case; `None` for a word that is not known.
fn dispute_status(word: &str) -> Option<DisputeStatus> {
    match word.to_lowercase().as_str() {
        "needs_response" | "under_review" | "warning_needs_response" | "warning_under_review" => {
            Some(DisputeStatus::Open)
        }
        "won" | "warning_closed" | "prevented" => Some(DisputeStatus::Won),
        "lost" => Some(DisputeStatus::Lost),
        _ => None,
    }
}

/// Stripe's word, or nothing where the file has none.
fn invoice_status_word(status: InvoiceStatus) -> &'static str {
    let known = INVOICE_STATUSES.iter().find(|(_, known)| *known == status);
    known.map_or("", |(word, _)| word)
}
