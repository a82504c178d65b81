//! What a saved report keeps so that a later one can be compared with it: the form of a receipt.

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::Exact;

/// The version that is written. Version 1, which says none, has neither failed requests nor
/// amounts in other currencies.
pub const VERSION: u32 = 2;

/// One entry per customer and id, in order.
pub type Receipt = Vec<Entry>;

/// What an id brought to a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The customer, an unmapped id as the report names it, or `(unattributed)`.
    pub customer: String,
    /// Namespace of the id; blank where there is none.
    pub source: String,
    /// The id; blank where there is none.
    pub id: String,
    /// Revenue.
    pub revenue: Vec<RevenueLine>,
    /// Served requests.
    pub usage: Vec<UsageLine>,
    /// Cost and quantities.
    pub cost: Vec<CostLine>,
    /// Cost that no usage carries.
    #[serde(deserialize_with = "exact")]
    pub other: Exact,
    /// What of it was in other currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_from: Vec<Original>,
}

/// Revenue of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenueLine {
    /// The plan; `None` for one-off amounts and where there is none.
    pub plan: Option<String>,
    /// Revenue of the period.
    #[serde(deserialize_with = "exact")]
    pub amount: Exact,
    /// Days of the period in a service period.
    pub days: u32,
    /// The plan's list price, if one is known.
    #[serde(deserialize_with = "maybe_exact")]
    pub list_price: Option<Exact>,
    /// What of the amount was in other currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Original>,
}

/// Requests of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageLine {
    /// Provider, model and tier.
    pub model: String,
    /// Served requests.
    #[serde(deserialize_with = "exact")]
    pub served: Exact,
}

/// Cost and quantity of a model's meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLine {
    /// Provider, model and tier.
    pub model: String,
    /// Meter; `None` for cost of all meters.
    pub meter: Option<String>,
    /// Whether the requests failed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed: bool,
    /// Quantity.
    #[serde(deserialize_with = "exact")]
    pub quantity: Exact,
    /// The quantity at list prices; `None` where some of it has no price.
    #[serde(deserialize_with = "maybe_exact")]
    pub list: Option<Exact>,
    /// The same in US dollars, which list prices are in; only where the report is in another
    /// currency.
    #[serde(
        default,
        deserialize_with = "maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub list_usd: Option<Exact>,
    /// Cost.
    #[serde(deserialize_with = "exact")]
    pub cost: Exact,
    /// What of the cost was in other currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Original>,
}

/// A part of an amount that was in another currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The other currency.
    pub currency: String,
    /// The part in the other currency, 12 places.
    #[serde(deserialize_with = "exact")]
    pub amount: Exact,
    /// The part in the currency of the report.
    #[serde(deserialize_with = "exact")]
    pub converted: Exact,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn exact<'de, D: Deserializer<'de>>(from: D) -> Result<Exact, D::Error> {
    let text = String::deserialize(from)?;
    Exact::parse(&text).map_err(|why| serde::de::Error::custom(why.reason()))
}

fn maybe_exact<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Exact>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else {
        return Ok(None);
    };
    let amount = Exact::parse(&text);
    amount
        .map(Some)
        .map_err(|why| serde::de::Error::custom(why.reason()))
}
