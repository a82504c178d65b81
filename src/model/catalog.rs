//! What billing systems say of their customers: subscriptions, prices, products. It names and joins
//! things and carries no revenue.
//!
//! Amounts are in major units of their currency. Times are UTC; ranges are half-open.

use super::records::Origin;
use super::{Currency, Exact, Instant};

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
    /// Currency; `None` if the file leaves it to the price.
    pub currency: Option<Currency>,
    /// `month`, `year`, `week`, `day`; blank if the file leaves it to the price.
    pub interval: String,
    /// Amount in major units; `None` for metered prices and if the file leaves it to the price.
    pub amount: Option<Exact>,
    /// `active`, `trialing`, `canceled`, …
    pub status: String,
    /// When it began, if the file says.
    pub started: Option<Instant>,
    /// When it ended, if it has.
    pub ended: Option<Instant>,
    /// Current period, half-open.
    pub current_period: Option<(Instant, Instant)>,
    /// How many intervals one charge covers, if the file says.
    pub interval_count: Option<u32>,
    /// When it is going to end, if that is decided.
    pub cancels_at: Option<Instant>,
    /// Trial, half-open, if it had one.
    pub trial: Option<(Instant, Instant)>,
    /// The coupon that holds for it, if the file names one.
    pub coupon: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// One item of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionItem {
    /// Item id (`si_…`).
    pub id: String,
    /// Subscription id (`sub_…`).
    pub subscription: String,
    /// Price or plan id.
    pub price: String,
    /// Quantity; `None` for metered prices.
    pub quantity: Option<Exact>,
    /// Current period, half-open.
    pub current_period: Option<(Instant, Instant)>,
    /// The price as the item's own columns state it, if they do; a price list states it better.
    pub terms: Option<ListPrice>,
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
    /// Product name (`Pro`); blank if the file leaves it to the product.
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

/// One product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Product id (`prod_…`).
    pub id: String,
    /// Name (`Pro`).
    pub name: String,
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

/// What metadata belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetadataOf {
    /// A customer.
    Customer,
    /// A subscription.
    Subscription,
    /// An invoice.
    Invoice,
    /// A payment.
    Payment,
}

/// One pair of metadata, until it is joined to its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What the object is.
    pub of: MetadataOf,
    /// The object's id.
    pub id: String,
    /// Key (`tenant_id`).
    pub key: String,
    /// Value, never blank.
    pub value: String,
    /// Where it stands.
    pub origin: Origin,
}

/// One change of monthly recurring revenue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MrrChange {
    /// When.
    pub at: Instant,
    /// Stripe customer id.
    pub customer: String,
    /// Price id.
    pub price: Option<String>,
    /// Subscription id.
    pub subscription: Option<String>,
    /// By how much it changed, of either sign.
    pub change: Exact,
    /// Currency.
    pub currency: Currency,
    /// Where it stands.
    pub origin: Origin,
}
