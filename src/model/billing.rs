//! What is billed and recognized: invoices, their lines, credit notes. One shape each, whatever the
//! export.
//!
//! Amounts are in major units of their currency: readers of minor units divide. Revenue amounts
//! are positive when the customer owes or pays; amounts in fields and records named for what is
//! given back are positive. Times are UTC; ranges are half-open.

use super::catalog::{
    BillingCustomer, ListPrice, Metadata, MrrChange, Product, Subscription, SubscriptionItem,
};
use super::payments::{BalanceEntry, Dispute, Payment, Refund};
use super::records::Origin;
use super::{Currency, Exact, Instant};

/// The state of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InvoiceStatus {
    /// Not finalized; never revenue.
    Draft,
    /// Finalized, not paid.
    Open,
    /// Paid.
    Paid,
    /// Final; the file does not say whether it was paid.
    NotStated,
    /// Voided.
    Void,
    /// Written off.
    Uncollectible,
}

/// What an invoice has to do with credits that are paid for before they are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Prepaid {
    /// Nothing.
    #[default]
    No,
    /// It sells credits. What it sells is earned when it is used: (when, amount), the amounts by
    /// the time, including tax, summing to the invoice as read; empty until the uses are known.
    Bought(Vec<(Instant, Exact)>),
    /// It is paid in part with credits of this amount, and its total is less them.
    Used(Exact),
}

/// One invoice, or one line of a revenue file. Amounts are in major units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Invoice id (`in_…`), unique; for generic files file and line where none is given.
    pub id: String,
    /// Number as printed on the invoice, where the file has it.
    pub number: Option<String>,
    /// Namespace of `customer`: `stripe`, `lago` or `revenue`.
    pub namespace: &'static str,
    /// The billing system's customer id.
    pub customer: Option<String>,
    /// Customer name, for display.
    pub name: Option<String>,
    /// E-mail, for the join only; never printed.
    pub email: Option<String>,
    /// Other ids that may equal a customer's id: (what it is, value).
    pub keys: Vec<(String, String)>,
    /// Total including tax.
    pub total: Exact,
    /// Tax inside the total.
    pub tax: Exact,
    /// What it takes off all of its lines together, without tax, where the lines are stated before
    /// it; what makes the invoice cheaper than its lines is positive. Zero once it is taken off them.
    pub off_lines: Exact,
    /// Credits that it sells or uses up.
    pub prepaid: Prepaid,
    /// Currency.
    pub currency: Currency,
    /// Invoice date.
    pub date: Instant,
    /// When it became final; `None` if the export does not say.
    pub finalized: Option<Instant>,
    /// Service period, half-open; `None` if unknown, zero length if one-off.
    pub service: Option<(Instant, Instant)>,
    /// State.
    pub status: InvoiceStatus,
    /// When it was voided.
    pub voided: Option<Instant>,
    /// When it was marked uncollectible.
    pub uncollectible: Option<Instant>,
    /// When it was paid, if the export says.
    pub paid: Option<Instant>,
    /// Subscription id.
    pub subscription: Option<String>,
    /// Plan, where the file itself names one.
    pub plan: Option<String>,
    /// Whether a price change of the plan touches it: `None` if the file does not say.
    pub recurring: Option<bool>,
    /// Whether it bills what was used.
    pub metered: bool,
    /// Where it stands.
    pub origin: Origin,
}

/// One line of an invoice. The invoice itself may be in another file, or in none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    /// Line id (`il_…`), unique.
    pub id: String,
    /// The invoice it stands on.
    pub invoice: String,
    /// `stripe` or `lago`.
    pub namespace: &'static str,
    /// The billing system's customer id, where the line's own file has it.
    pub customer: Option<String>,
    /// Amount net of discounts and without any tax, of either sign.
    pub net: Exact,
    /// Tax of the line, inclusive or exclusive, where the file has it; zero if not.
    pub tax: Exact,
    /// Currency.
    pub currency: Currency,
    /// Service period, half-open; `None` if unknown, zero length if one-off.
    pub service: Option<(Instant, Instant)>,
    /// Price or plan id (`price_…`).
    pub price: Option<String>,
    /// Plan, where the file itself names one.
    pub plan: Option<String>,
    /// How many of the price.
    pub quantity: Option<Exact>,
    /// Whether it corrects a line of a period under way.
    pub proration: bool,
    /// Whether it bills usage, if the file says.
    pub metered: Option<bool>,
    /// Subscription id.
    pub subscription: Option<String>,
    /// Item of the subscription.
    pub item: Option<String>,
    /// Its own words.
    pub description: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// One credit note: takes back a part of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNote {
    /// Credit note id (`cn_…`).
    pub id: String,
    /// `stripe` or `lago`.
    pub namespace: &'static str,
    /// The invoice it reduces.
    pub invoice: String,
    /// The billing system's customer id.
    pub customer: Option<String>,
    /// Amount including tax.
    pub amount: Exact,
    /// Currency.
    pub currency: Currency,
    /// When it takes effect.
    pub at: Instant,
    /// Whether it is void: then it takes nothing back.
    pub void: bool,
    /// The refund that pays it out, which then must not count again.
    pub refund: Option<String>,
    /// What it takes back of single invoice lines, net of discount: (line, amount). Empty where it
    /// names none.
    pub lines: Vec<(String, Exact)>,
    /// Where it stands.
    pub origin: Origin,
}

/// One tax on an invoice line, in a table of its own. Its table names no currency, so that the
/// amount waits in minor units for the line that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTax {
    /// The line it taxes (`il_…`).
    pub line: String,
    /// The invoice of that line, where the file has it.
    pub invoice: Option<String>,
    /// Which of the line's taxes it is (a tax rate), where the file has it.
    pub rate: Option<String>,
    /// Amount in minor units of the line's currency, of the line's sign.
    pub minor_units: Exact,
    /// Whether the line's amount includes it.
    pub inclusive: bool,
    /// Where it stands.
    pub origin: Origin,
}

/// One line of a credit note, in a table of its own. Its table names no currency, so that the
/// amount waits in minor units for the credit note that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNoteLine {
    /// Its own id (`cnli_…`), unique.
    pub id: String,
    /// The credit note it stands on.
    pub credit_note: String,
    /// The invoice line it takes back; `None` for a line of the credit note's own.
    pub line: Option<String>,
    /// Amount net of discount in minor units of the credit note's currency.
    pub minor_units: Exact,
    /// Where it stands.
    pub origin: Origin,
}

/// One journal entry of Stripe's revenue-recognition report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecognizedEntry {
    /// Accounting period, half-open.
    pub period: (Instant, Instant),
    /// Whether the period is still open, so that the entry may change.
    pub open: bool,
    /// Account debited (`Refunds`).
    pub debit: String,
    /// Account credited (`Revenue`).
    pub credit: String,
    /// Amount, of either sign.
    pub amount: Exact,
    /// Settlement currency.
    pub currency: Currency,
    /// Stripe customer id, in the report by customer.
    pub customer: Option<String>,
    /// Price id, where the report has it.
    pub price: Option<String>,
    /// Invoice id, where the report has it.
    pub invoice: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// What revenue readers fill.
#[derive(Clone, Debug, Default)]
pub struct RevenueRecords {
    /// Invoices, and lines of generic revenue files.
    pub invoices: Vec<Invoice>,
    /// Payments.
    pub payments: Vec<Payment>,
    /// Subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Price list.
    pub prices: Vec<ListPrice>,
    /// Customers of the billing system.
    pub customers: Vec<BillingCustomer>,
    /// Lines of invoices.
    pub lines: Vec<InvoiceLine>,
    /// Taxes on lines, until they are joined to them.
    pub line_taxes: Vec<LineTax>,
    /// Credit notes.
    pub credit_notes: Vec<CreditNote>,
    /// Lines of credit notes, until they are joined to them.
    pub credit_note_lines: Vec<CreditNoteLine>,
    /// Refunds one by one.
    pub refunds: Vec<Refund>,
    /// Disputes one by one.
    pub disputes: Vec<Dispute>,
    /// Movements of the Stripe balance.
    pub balance: Vec<BalanceEntry>,
    /// Entries of a revenue-recognition report.
    pub recognized: Vec<RecognizedEntry>,
    /// Items of subscriptions.
    pub items: Vec<SubscriptionItem>,
    /// Products, which name prices.
    pub products: Vec<Product>,
    /// Metadata in tables of their own, until they are joined to their objects.
    pub metadata: Vec<Metadata>,
    /// Changes of monthly recurring revenue, as the billing system computed them.
    pub mrr_changes: Vec<MrrChange>,
}
