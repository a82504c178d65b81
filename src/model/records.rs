//! The records that readers make: usage, charges, revenue. One shape each, whatever the export.
//!
//! Signs: a charge is positive when the provider bills it and negative when it gives money back.
//! Revenue amounts are positive when the customer owes or pays; refunds are positive amounts in
//! fields named for them. Times are UTC; ranges are half-open.

use std::sync::Arc;

use super::{Currency, Exact, Instant, Meter};

/// Where a record came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Physical line, 1-based; the row's number in files without lines.
    pub line: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was served; it counts as a request.
    Served,
    /// It failed or was canceled; it is not part of `requests`.
    Failed,
    /// The gateway answered from its own cache; it is not part of `requests`.
    GatewayCached,
}

/// One usage record, borrowed from the row it was read from.
#[derive(Clone, Debug)]
pub struct UsageRecord<'a> {
    /// When it happened.
    pub instant: Instant,
    /// The customer's id in the log, or `None` if the row names nobody.
    pub source: Option<&'a str>,
    /// Product feature.
    pub feature: Option<&'a str>,
    /// Provider, as written.
    pub provider: Option<&'a str>,
    /// Model, as written.
    pub model: Option<&'a str>,
    /// Service tier, as written.
    pub tier: Option<&'a str>,
    /// Disjoint quantities, without `requests`. None of them negative.
    pub quantities: &'a [(Meter, Exact)],
    /// How many requests the record stands for: 1, or the count an aggregated log states.
    pub requests: Exact,
    /// Whether the record is one request, so that its own size decides the context tier.
    pub single_request: bool,
    /// The log's own idea of the cost.
    pub reported_cost: Option<(Exact, Currency)>,
    /// The id that makes repeats recognizable.
    pub request_id: Option<&'a str>,
    /// What became of it.
    pub outcome: Outcome,
    /// Values of the extra dimensions that were asked for, in the order asked.
    pub dimensions: &'a [Option<&'a str>],
    /// Whether it is not known yet if the `input` quantity includes the cached tokens: the reader
    /// settles it at the end of the file.
    pub cached_open: bool,
    /// Physical line, 1-based.
    pub line: u64,
}

/// What kind of money a bill line is. Known by the format's category or item, not by sign alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargeKind {
    /// Use of a service.
    Usage,
    /// A credit, refund or discount line.
    Credit,
    /// Tax.
    Tax,
    /// A rounding line.
    Rounding,
    /// The part of a commitment (reserved or provisioned capacity, savings plan) that nobody used.
    /// Never a purchase row: that and the usage it covers would count twice.
    IdleCommitment,
}

/// Which cost of a bill counts, where it states several. Purchases of commitments and the usage
/// they cover never both count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CostBasis {
    /// Commitments count where they are used, spread over their term. Bills that state one cost
    /// mean this one.
    #[default]
    Effective,
    /// What the invoice says, prepayments in the month of their invoice.
    Billed,
    /// Public prices, before every discount.
    List,
}

impl CostBasis {
    /// The word in options and in every output.
    pub fn word(self) -> &'static str {
        match self {
            CostBasis::Effective => "effective",
            CostBasis::Billed => "billed",
            CostBasis::List => "list",
        }
    }

    /// The basis of a word.
    pub fn parse(word: &str) -> Option<CostBasis> {
        [CostBasis::Effective, CostBasis::Billed, CostBasis::List]
            .into_iter()
            .find(|basis| basis.word() == word)
    }
}

/// What a charge says about the thing metered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargeMeter {
    /// The bill does not break down by meter: it covers all of them.
    All,
    /// One meter.
    Is(Meter),
    /// A named item that is no known meter (`vector storage`): cost without quantities.
    Item(String),
}

/// One line of a provider's bill.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Provider, folded by [`super::names::provider`]; `None` if the bill does not say.
    pub provider: Option<String>,
    /// Start of the time it covers.
    pub start: Instant,
    /// End of the time it covers, exclusive.
    pub end: Instant,
    /// Amount in major units on the basis asked for ([`CostBasis`]); negative gives money back.
    pub amount: Exact,
    /// Decimal places as written, trailing zeros included: half of the last one that the bill writes
    /// anywhere is its own rounding.
    pub written_places: u8,
    /// Its currency.
    pub currency: Currency,
    /// Ids that may name a customer, most specific first: (namespace, id, name of the dimension).
    /// The namespace is the provider's name for projects, keys and workspaces, `tag:<key>` for tags.
    pub scopes: Vec<Scope>,
    /// Model as written; `None` if the bill does not say.
    pub model: Option<String>,
    /// What is metered.
    pub meter: ChargeMeter,
    /// Service tier as written (`batch`, `priority`); `None` if the bill does not say.
    pub tier: Option<String>,
    /// Usage, credit, tax, rounding or idle commitment.
    pub kind: ChargeKind,
    /// Billed quantity of the meter, if given.
    pub quantity: Option<Exact>,
    /// The line's own words, for messages and `explain`.
    pub item: String,
    /// Where it stands.
    pub origin: Origin,
}

/// An id on a charge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// `openai`, `tag:team`, or `usage` for a column that names the customer outright.
    pub namespace: String,
    /// The id.
    pub id: String,
    /// What it is: `project`, `api key`, `workspace`, `user`, `customer`.
    pub dimension: &'static str,
}

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

/// One invoice, or one line of a revenue file. Amounts are in major units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Invoice id (`in_…`), unique; for generic files file and line where none is given.
    pub id: String,
    /// Namespace of `customer`: `stripe` or `revenue`.
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
    /// Subscription id.
    pub subscription: Option<String>,
    /// Plan, where the file itself names one.
    pub plan: Option<String>,
    /// Whether a price change of the plan touches it: `None` if the file does not say.
    pub recurring: Option<bool>,
    /// Where it stands.
    pub origin: Origin,
}

/// What became of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Money arrived (it may have been refunded since).
    Succeeded,
    /// It did not arrive; the word says why (`failed`, `uncaptured`, `canceled`).
    NotSucceeded(&'static str),
    /// A test-mode row.
    Test,
}

/// One payment attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Charge id (`ch_…`, `py_…`).
    pub id: String,
    /// Stripe customer id.
    pub customer: Option<String>,
    /// E-mail, for the join only; never printed.
    pub email: Option<String>,
    /// Other ids of the payer that may equal a customer's id: (what it is, value).
    pub keys: Vec<(String, String)>,
    /// When it was made.
    pub created: Instant,
    /// Gross amount in major units.
    pub amount: Exact,
    /// Amount given back so far.
    pub refunded: Exact,
    /// When it was given back, if the export says.
    pub refunded_at: Option<Instant>,
    /// Amount lost in a dispute, with its date if known; `None` unless the dispute is lost.
    pub dispute_lost: Option<(Exact, Option<Instant>)>,
    /// Currency.
    pub currency: Currency,
    /// State.
    pub status: PaymentStatus,
    /// Invoice it pays (`in_…`).
    pub invoice: Option<String>,
    /// `Subscription creation` and the like: decides whether it recurs.
    pub description: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// One subscription as of the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Subscription id (`sub_…`).
    pub id: String,
    /// Stripe customer id.
    pub customer: String,
    /// E-mail, for the join only.
    pub email: Option<String>,
    /// Other ids that may equal a customer's id: (what it is, value).
    pub keys: Vec<(String, String)>,
    /// Customer name.
    pub name: Option<String>,
    /// Price or plan id (`price_…`).
    pub price: String,
    /// Quantity; 1 if the file has none.
    pub quantity: Exact,
    /// Currency.
    pub currency: Currency,
    /// `month`, `year`, `week`, `day`.
    pub interval: String,
    /// Amount in major units; blank for metered prices.
    pub amount: Option<Exact>,
    /// `active`, `trialing`, `canceled`, …
    pub status: String,
    /// When it began, if the file says.
    pub started: Option<Instant>,
    /// When it ended, if it has.
    pub ended: Option<Instant>,
    /// Current period, half-open.
    pub current_period: Option<(Instant, Instant)>,
    /// Where it stands.
    pub origin: Origin,
}

/// One row of a price list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPrice {
    /// Price id (`price_…`).
    pub id: String,
    /// Product id (`prod_…`).
    pub product: String,
    /// Product name (`Pro`).
    pub product_name: String,
    /// Nickname (`pro-monthly`).
    pub nickname: String,
    /// Amount per interval in major units; `None` for tiered prices.
    pub amount: Option<Exact>,
    /// Currency.
    pub currency: Currency,
    /// `month`, `year`, `week`, `day`, or blank for one-off prices.
    pub interval: String,
    /// How many intervals one charge covers.
    pub interval_count: u32,
    /// Whether it is metered rather than licensed.
    pub metered: bool,
    /// Where it stands.
    pub origin: Origin,
}

/// One customer of the billing system: joins ids, carries no revenue.
#[derive(Clone, Debug)]
pub struct BillingCustomer {
    /// Stripe customer id (`cus_…`).
    pub id: String,
    /// E-mail, for the join only.
    pub email: Option<String>,
    /// Name, for display.
    pub name: Option<String>,
    /// Other ids that may equal a customer's id: (what it is, value): metadata first, then
    /// description and client reference id.
    pub keys: Vec<(String, String)>,
    /// When it was created.
    pub created: Option<Instant>,
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
}
