//! What a saved report keeps so that a later one can be compared with it.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use serde::{Deserialize, Deserializer, Serialize};

use crate::attribution::{CostFact, Holder, Pricing, Rates};
use crate::identity::{Identity, UsageOwners};
use crate::margin::dimension::UNATTRIBUTED;
use crate::margin::ids::{id_of, id_of_cell};
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, Period, UsageCell, Zone};
use crate::revenue::{Obligation, RevenueBook};

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
    /// Served and failed requests.
    pub usage: Vec<UsageLine>,
    /// Cost and quantities.
    pub cost: Vec<CostLine>,
    /// Cost that no usage carries.
    #[serde(deserialize_with = "exact")]
    pub other: Exact,
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
    /// Quantity.
    #[serde(deserialize_with = "exact")]
    pub quantity: Exact,
    /// The quantity at list prices; `None` where some of it has no price.
    #[serde(deserialize_with = "maybe_exact")]
    pub list: Option<Exact>,
    /// Cost.
    #[serde(deserialize_with = "exact")]
    pub cost: Exact,
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

/// What a receipt is made of.
pub struct Inputs<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// Revenue.
    pub revenue: &'a RevenueBook,
    /// The folded log.
    pub usage: &'a [UsageCell],
    /// Prices of models.
    pub pricing: &'a Pricing,
    /// Period.
    pub period: Period,
    /// The report's zone.
    pub zone: Zone,
    /// List prices of plans.
    pub plans: &'a BTreeMap<String, Exact>,
}

/// What is summed for an entry.
#[derive(Default)]
struct Sums {
    revenue: BTreeMap<Option<String>, (Exact, BTreeSet<Day>)>,
    served: BTreeMap<String, Exact>,
    cost: BTreeMap<(String, Option<String>), Cost>,
    other: Exact,
}

#[derive(Default)]
struct Cost {
    quantity: Exact,
    list: Exact,
    unlisted: bool,
    cost: Exact,
}

type Key = (String, String, String);

/// Collects a receipt from every cost fact, which it takes with its usage cell, and from usage and
/// revenue of the period.
pub fn collect(
    inputs: &Inputs<'_>,
    attribute: impl FnOnce(&mut dyn FnMut(&CostFact<'_>)),
) -> Receipt {
    let identity = inputs.identity;
    let mut entries: BTreeMap<Key, Sums> = BTreeMap::new();
    attribute(&mut |fact| {
        let customer = match fact.holder {
            Holder::Party(party, _) => identity.party(party).key.as_str(),
            Holder::Nobody(_) => UNATTRIBUTED,
        };
        let sums = entry(&mut entries, customer, id_of(identity, fact));
        match (fact.cell, fact.holder) {
            (Some(cell), Holder::Party(..)) => {
                let meter = fact.charge.and_then(|charge| match &charge.meter {
                    ChargeMeter::Is(meter) if has(cell, meter) => Some(meter.name().to_string()),
                    _ => None,
                });
                let cost = sums.cost.entry((model_of(cell), meter)).or_default();
                cost.cost += fact.amount;
            }
            _ => sums.other += fact.amount,
        }
    });
    let mut owners = UsageOwners::new(identity);
    let mut rates: HashMap<(usize, Day), Rates, foldhash::fast::FixedState> = HashMap::default();
    for cell in inputs
        .usage
        .iter()
        .filter(|c| inputs.period.contains(c.day))
    {
        let Some(party) = owners.owner(cell) else {
            continue;
        };
        let customer = identity.party(party).key.as_str();
        let sums = entry(&mut entries, customer, id_of_cell(identity, cell));
        let model = model_of(cell);
        *sums.served.entry(model.clone()).or_default() += cell.requests.exact();
        let key = (std::sync::Arc::as_ptr(&cell.kind).addr(), cell.utc_day);
        let known = rates
            .entry(key)
            .or_insert_with(|| Rates::of(cell, inputs.pricing));
        if !known.are_for(cell) {
            *known = Rates::of(cell, inputs.pricing);
        }
        for (meter, quantity) in &cell.quantities {
            let quantity = quantity.exact();
            let key = (model.clone(), Some(meter.name().to_string()));
            let cost = sums.cost.entry(key).or_default();
            cost.quantity += quantity;
            match known.rate(meter) {
                Some(rate) => cost.list += rate * quantity,
                None => cost.unlisted |= !quantity.is_zero(),
            }
        }
    }
    revenue(inputs, &mut entries);
    let finished = entries
        .into_iter()
        .map(|(key, sums)| finish(inputs, key, sums));
    finished.filter(|entry| !entry.is_empty()).collect()
}

impl Entry {
    fn is_empty(&self) -> bool {
        self.revenue.is_empty()
            && self.usage.is_empty()
            && self.cost.is_empty()
            && self.other.is_zero()
    }
}

fn has(cell: &UsageCell, meter: &Meter) -> bool {
    cell.quantities.of(meter).is_some()
}

/// Provider, model and tier in one text: what has prices of its own.
fn model_of(cell: &UsageCell) -> String {
    let parts = [&cell.provider, &cell.model, &cell.tier];
    let parts: Vec<&str> = parts
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    parts.join(" ")
}

fn entry<'e>(
    entries: &'e mut BTreeMap<Key, Sums>,
    customer: &str,
    id: Option<(&str, &str)>,
) -> &'e mut Sums {
    let (source, id) = id.unwrap_or(("", ""));
    let key = (customer.to_string(), source.to_string(), id.to_string());
    entries.entry(key).or_default()
}

fn revenue(inputs: &Inputs<'_>, entries: &mut BTreeMap<Key, Sums>) {
    let (start, end) = (
        inputs.zone.start_of(inputs.period.start),
        inputs.zone.start_of(inputs.period.end),
    );
    for one in &inputs.revenue.obligations {
        let amount = one.schedule.between(start, end);
        if amount.is_zero() {
            continue;
        }
        let party = inputs.identity.party(one.party);
        let payer = (!one.payer.is_empty()).then(|| (one.source.namespace(), one.payer.as_str()));
        let sums = entry(entries, &party.key, payer);
        let mapped = party.attribute("plan", inputs.period);
        let plan = one.counted_on.as_deref().or(mapped);
        let plan = plan.filter(|_| is_recurring(one)).map(str::to_string);
        let (sum, days) = sums.revenue.entry(plan).or_default();
        *sum += amount;
        let mut day = inputs.zone.day(one.service.0.max(start));
        let last = inputs.zone.start_of(inputs.period.end).min(one.service.1);
        while inputs.zone.start_of(day) < last {
            days.insert(day);
            day = day.plus(1);
        }
    }
}

/// Whether it pays for a time; a row that does not say does if it has a service period.
fn is_recurring(one: &Obligation) -> bool {
    one.recurring.unwrap_or(true) && one.service.0 < one.service.1
}

fn finish(inputs: &Inputs<'_>, (customer, source, id): Key, sums: Sums) -> Entry {
    let revenue = sums.revenue.into_iter().map(|(plan, (amount, days))| {
        let list = plan.as_ref().and_then(|plan| inputs.plans.get(plan));
        RevenueLine {
            list_price: list.copied(),
            plan,
            amount,
            days: days.len() as u32,
        }
    });
    let usage = sums.served.into_iter();
    let usage = usage.map(|(model, served)| UsageLine { model, served });
    let cost = sums
        .cost
        .into_iter()
        .map(|((model, meter), cost)| CostLine {
            model,
            meter,
            quantity: cost.quantity,
            list: (!cost.unlisted).then_some(cost.list),
            cost: cost.cost,
        });
    Entry {
        customer,
        source,
        id,
        revenue: revenue.collect(),
        usage: usage.collect(),
        cost: cost.collect(),
        other: sums.other,
    }
}
