//! The records that readers make: usage and charges here, revenue in [`super::billing`],
//! [`super::payments`] and [`super::catalog`]. One shape each, whatever the export.
//!
//! Signs: a charge is positive when the provider bills it and negative when it gives money back.
//! Revenue amounts are positive when the customer owes or pays; refunds are positive amounts in
//! fields named for them. Times are UTC; ranges are half-open.

use std::sync::Arc;

pub use super::billing::{
    CreditNote, CreditNoteLine, Invoice, InvoiceLine, InvoiceStatus, LineTax, Prepaid,
    RecognizedEntry, RevenueRecords,
};
pub use super::catalog::{
    BillingCustomer, ListPrice, Metadata, MetadataOf, MrrChange, Product, Subscription,
    SubscriptionItem,
};
pub use super::payments::{
    BalanceEntry, BalanceKind, Dispute, DisputeStatus, Payment, PaymentDispute, PaymentStatus,
    Refund, RefundStatus, Settled,
};
use super::{ContextBand, Currency, Exact, Instant, Meter};

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

/// The sum of many usage records that were folded before: a row of a rollup.
#[derive(Clone, Debug)]
pub struct UsageSum<'a> {
    /// What they have in common, with the sums of quantities and of served requests. The outcome is
    /// [`Outcome::Failed`] if all of them failed. There is no request id.
    pub record: UsageRecord<'a>,
    /// The context tier of each of them.
    pub band: ContextBand,
    /// Failed requests among them.
    pub failed: Exact,
    /// Requests among them that the gateway answered from its own cache.
    pub gateway_cached: Exact,
}

impl<'a> UsageSum<'a> {
    /// The same, of another provider.
    pub fn of_provider(&self, provider: &'a str) -> UsageSum<'a> {
        let mut sum = self.clone();
        sum.record.provider = Some(provider);
        sum
    }
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
