//! The causes of a change, and what each means.

use crate::causes;

/// Why revenue or cost changed. In the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Options, price lists or the program differ.
    Method,
    /// An id belongs to another customer than before.
    Mapping,
    /// The same days, other files: rows that came later, or were corrected.
    LateData,
    /// Other exchange rates of the same currencies.
    Currency,
    /// A customer who was not there, or paid nothing, before.
    New,
    /// A customer who is gone, or pays nothing any more.
    Churn,
    /// The plan's list price.
    Price,
    /// Revenue in proportion to the list price, where it was not above it.
    Discount,
    /// Requests; of revenue the part of the period that was paid for, and quantities of a plan.
    Volume,
    /// Shares of models in the requests; of revenue the customer's plans.
    Mix,
    /// Tokens per request.
    TokensPerRequest,
    /// Cached tokens in the input.
    CacheRate,
    /// Cost of failed requests.
    Retries,
    /// List prices of models.
    UnitPrice,
    /// Billed cost in proportion to list prices.
    ProviderDiscount,
    /// Revenue without a plan or a known list price, and one-off amounts.
    OtherRevenue,
    /// Cost that no usage carries.
    OtherCost,
}

impl Cause {
    /// Every cause, in order.
    pub const ALL: [Cause; 17] = [
        Cause::Method,
        Cause::Mapping,
        Cause::LateData,
        Cause::Currency,
        Cause::New,
        Cause::Churn,
        Cause::Price,
        Cause::Discount,
        Cause::Volume,
        Cause::Mix,
        Cause::TokensPerRequest,
        Cause::CacheRate,
        Cause::Retries,
        Cause::UnitPrice,
        Cause::ProviderDiscount,
        Cause::OtherRevenue,
        Cause::OtherCost,
    ];

    /// The key in CSV and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Cause::Method => "method",
            Cause::Mapping => "mapping",
            Cause::LateData => "late_data",
            Cause::Currency => "currency",
            Cause::New => "new",
            Cause::Churn => "churn",
            Cause::Price => "price",
            Cause::Discount => "discount",
            Cause::Volume => "volume",
            Cause::Mix => "mix",
            Cause::TokensPerRequest => "tokens_per_request",
            Cause::CacheRate => "cache_rate",
            Cause::Retries => "retries",
            Cause::UnitPrice => "unit_price",
            Cause::ProviderDiscount => "provider_discount",
            Cause::OtherRevenue => "other_revenue",
            Cause::OtherCost => "other_cost",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Cause::Method => "method",
            Cause::Mapping => "mapping",
            Cause::LateData => "late data",
            Cause::Currency => "exchange rates",
            Cause::New => "new customers",
            Cause::Churn => "churn",
            Cause::Price => "price",
            Cause::Discount => "discount",
            Cause::Volume => "volume",
            Cause::Mix => "mix",
            Cause::TokensPerRequest => "tokens per request",
            Cause::CacheRate => "cache rate",
            Cause::Retries => "failed requests",
            Cause::UnitPrice => "unit price",
            Cause::ProviderDiscount => "provider's discount",
            Cause::OtherRevenue => "other revenue",
            Cause::OtherCost => "cost without usage",
        }
    }
}

impl From<causes::Cause> for Cause {
    fn from(cause: causes::Cause) -> Cause {
        match cause {
            causes::Cause::Volume => Cause::Volume,
            causes::Cause::Retries => Cause::Retries,
            causes::Cause::FeatureMix | causes::Cause::ModelMix => Cause::Mix,
            causes::Cause::TokensPerRequest => Cause::TokensPerRequest,
            causes::Cause::CacheRate => Cause::CacheRate,
            causes::Cause::UnitPrice => Cause::UnitPrice,
            causes::Cause::Discount => Cause::ProviderDiscount,
            causes::Cause::OtherCost => Cause::OtherCost,
        }
    }
}
