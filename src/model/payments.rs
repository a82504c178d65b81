//! What is paid and given back: payments, refunds, disputes, movements of the Stripe balance.
//!
//! Amounts are in major units of their currency; what is given back is positive, except where a
//! movement of the balance is signed as the balance moves. Times are UTC.

use super::records::Origin;
use super::{Currency, Exact, Instant};

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

/// What a payment became in the currency that Stripe pays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The amount.
    pub amount: Exact,
    /// What was given back, at the rate of that day: it may be more than `amount`. `None` if the
    /// export does not say.
    pub refunded: Option<Exact>,
    /// The settlement currency.
    pub currency: Currency,
}

/// A dispute as the payment itself tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentDispute {
    /// How it stands.
    pub status: DisputeStatus,
    /// Disputed amount including tax.
    pub amount: Exact,
    /// When it was opened, if the export says.
    pub at: Option<Instant>,
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
    /// The dispute of it, if the export tells of one.
    pub dispute: Option<PaymentDispute>,
    /// Currency.
    pub currency: Currency,
    /// The same in the settlement currency, if the export says.
    pub settled: Option<Settled>,
    /// State.
    pub status: PaymentStatus,
    /// Invoice it pays (`in_…`).
    pub invoice: Option<String>,
    /// Whether the export says which invoice a payment pays: then one that names none pays none.
    pub tells_invoice: bool,
    /// `Subscription creation` and the like: decides whether it recurs.
    pub description: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// What became of a refund, in the order in which it may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// Not decided: nothing went back yet.
    Pending,
    /// Money went back.
    Succeeded,
    /// Nothing went back, or it came back again.
    Failed,
}

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Refund id (`re_…`).
    pub id: String,
    /// The payment it gives back (`ch_…`).
    pub payment: String,
    /// Amount including tax.
    pub amount: Exact,
    /// Currency.
    pub currency: Currency,
    /// When it was made.
    pub at: Instant,
    /// State.
    pub status: RefundStatus,
    /// Where it stands.
    pub origin: Origin,
}

impl Refund {
    /// Whether money went back.
    pub fn succeeded(&self) -> bool {
        self.status == RefundStatus::Succeeded
    }
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DisputeStatus {
    /// Not decided.
    Open,
    /// The money stays.
    Won,
    /// The money is gone.
    Lost,
}

/// One dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Dispute id (`dp_…`).
    pub id: String,
    /// The payment that is disputed (`ch_…`).
    pub payment: String,
    /// Disputed amount including tax.
    pub amount: Exact,
    /// Currency.
    pub currency: Currency,
    /// When it was opened, which is when the money was withdrawn.
    pub at: Instant,
    /// How it stands.
    pub status: DisputeStatus,
    /// Where it stands.
    pub origin: Origin,
}

/// What moved the Stripe balance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalanceKind {
    /// A payment came in.
    Payment,
    /// A payment failed afterwards and went back.
    PaymentFailure,
    /// A part that was authorized but never captured; reduces its payment.
    PartialCapture,
    /// A refund, as a negative amount.
    Refund,
    /// A refund that failed and came back.
    RefundFailure,
    /// Money withdrawn for a dispute, as a negative amount.
    Dispute,
    /// A dispute was won and its money came back.
    DisputeReversal,
    /// Stripe's own fees.
    Fee,
    /// A transfer to or from the bank: never revenue.
    Payout,
    /// Anything else, by its own word: no revenue, counted by name.
    Other(String),
}

impl BalanceKind {
    /// Whether it moves money of a customer, not only between Stripe and the seller.
    pub fn is_customers(&self) -> bool {
        use BalanceKind::{Fee, Other, Payout};
        !matches!(self, Fee | Payout | Other(_))
    }
}

/// One movement of the Stripe balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceEntry {
    /// Balance transaction id (`txn_…`).
    pub id: String,
    /// What it is.
    pub kind: BalanceKind,
    /// The object behind it (`ch_…`, `py_…`, `re_…`, `dp_…`).
    pub object: Option<String>,
    /// The payment it belongs to, where the file says.
    pub payment: Option<String>,
    /// Gross amount in the settlement currency, signed as the balance moves.
    pub gross: Exact,
    /// Stripe's fee, positive when it costs.
    pub fee: Exact,
    /// Settlement currency.
    pub currency: Currency,
    /// The same amount in the currency that the customer saw, if the file says.
    pub facing: Option<(Exact, Currency)>,
    /// When it happened.
    pub at: Instant,
    /// Stripe customer id.
    pub customer: Option<String>,
    /// E-mail, for the join only; never printed.
    pub email: Option<String>,
    /// Customer name, for display.
    pub name: Option<String>,
    /// Other ids that may equal a customer's id: (what it is, value).
    pub keys: Vec<(String, String)>,
    /// Invoice id (`in_…`).
    pub invoice: Option<String>,
    /// Number of the invoice, as printed on it.
    pub invoice_number: Option<String>,
    /// Subscription id.
    pub subscription: Option<String>,
    /// Its own words.
    pub description: Option<String>,
    /// The words of the payment that it gives back, where its own words have them.
    pub gives_back: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

impl BalanceEntry {
    /// The id of the payment as the row says it: that of the payment, else of the object behind the
    /// movement, else its own.
    pub fn payment_id(&self) -> &str {
        let named = self.payment.as_deref().or(self.object.as_deref());
        named.unwrap_or(&self.id)
    }
}
