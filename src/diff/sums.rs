//! The sums of a receipt while it is collected, and how they become its lines.

use std::collections::{BTreeMap, BTreeSet};

use super::receipt::{CostLine, Entry, Original, RevenueLine, UsageLine};
use crate::attribution::split::split;
use crate::model::{Currency, Day, Exact, Meter};

/// Places of amounts in other currencies.
const PLACES: u8 = 12;

/// What is summed for an entry.
#[derive(Default)]
pub struct Sums {
    /// By plan.
    pub revenue: BTreeMap<Option<String>, Paid>,
    /// Served requests by number of the model.
    pub served: BTreeMap<u32, Exact>,
    /// By model, outcome and meter.
    pub cost: BTreeMap<Place, Cost>,
    /// Cost that no usage carries.
    pub other: Exact,
    /// What of it was converted.
    pub other_from: Converted,
}

/// Revenue of a plan.
#[derive(Default)]
pub struct Paid {
    /// Revenue.
    pub amount: Exact,
    /// Days of the period in a service period.
    pub days: BTreeSet<Day>,
    /// What of it was converted.
    pub from: Converted,
}

/// Number of the model, whether requests failed, and meter.
pub type Place = (u32, bool, Option<Meter>);

/// Cost and quantity of a meter.
#[derive(Default)]
pub struct Cost {
    /// Quantity.
    pub quantity: Exact,
    /// It at list prices.
    pub list: Exact,
    /// The same in dollars, in reports in another currency.
    pub list_usd: Exact,
    /// Whether some of it has no list price.
    pub unlisted: bool,
    /// Cost.
    pub cost: Exact,
    /// What of it was converted.
    pub from: Converted,
}

/// Amounts in other currencies, and what they became.
#[derive(Default)]
pub struct Converted(Vec<(Currency, Exact, Exact)>);

impl Converted {
    /// Adds a part: currency, amount in it, and what it became.
    pub fn add(&mut self, one: Option<(Currency, Exact, Exact)>) {
        let Some((currency, amount, converted)) = one else {
            return;
        };
        match self.0.iter_mut().find(|known| known.0 == currency) {
            Some(known) => {
                known.1 += amount;
                known.2 += converted;
            }
            None => self.0.push((currency, amount, converted)),
        }
    }

    fn finish(mut self) -> Vec<Original> {
        self.0.sort_by_key(|one| one.0);
        let all = self.0.into_iter();
        let known = all.filter(|(_, amount, converted)| !amount.is_zero() || !converted.is_zero());
        known
            .map(|(currency, amount, converted)| Original {
                currency: currency.to_string(),
                amount: amount.round(PLACES),
                converted,
            })
            .collect()
    }
}

/// Customer, namespace and id.
pub type Key = (String, String, String);

impl Entry {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.revenue.is_empty()
            && self.usage.is_empty()
            && self.cost.is_empty()
            && self.other.is_zero()
    }
}

/// The sums as an entry. `plans` are list prices, `models` the names by number.
pub fn finish(
    plans: &BTreeMap<String, Exact>,
    models: &[&str],
    (customer, source, id): Key,
    mut sums: Sums,
) -> Entry {
    by_list_prices(&mut sums.cost);
    let revenue = sums.revenue.into_iter().map(|(plan, paid)| {
        let list = plan.as_ref().and_then(|plan| plans.get(plan));
        RevenueLine {
            list_price: list.copied(),
            plan,
            amount: paid.amount,
            days: paid.days.len() as u32,
            from: paid.from.finish(),
        }
    });
    let name = |model: u32| models[model as usize].to_string();
    let mut usage: Vec<UsageLine> = (sums.served.into_iter())
        .map(|(model, served)| UsageLine {
            model: name(model),
            served,
        })
        .collect();
    usage.sort_by(|a, b| a.model.cmp(&b.model));
    let line = |((model, failed, meter), cost): (Place, Cost)| CostLine {
        model: name(model),
        meter: meter.map(|meter| meter.name().to_string()),
        failed,
        quantity: cost.quantity,
        list: (!cost.unlisted).then_some(cost.list),
        list_usd: (!cost.unlisted && !cost.list_usd.is_zero()).then_some(cost.list_usd),
        cost: cost.cost,
        from: cost.from.finish(),
    };
    let mut cost: Vec<CostLine> = sums.cost.into_iter().map(line).collect();
    cost.sort_by(|a, b| (&a.model, a.failed, &a.meter).cmp(&(&b.model, b.failed, &b.meter)));
    Entry {
        customer,
        source,
        id,
        revenue: revenue.collect(),
        usage,
        cost,
        other: sums.other,
        other_from: sums.other_from.finish(),
    }
}

/// Divides the cost of all meters of a model as list prices divide it, where all have one.
fn by_list_prices(costs: &mut BTreeMap<Place, Cost>) {
    let whole: Vec<Place> = costs.keys().filter(|of| of.2.is_none()).cloned().collect();
    for place in whole {
        let same = |of: &Place| of.2.is_some() && (of.0, of.1) == (place.0, place.1);
        let used = costs
            .iter()
            .filter(|(of, cost)| same(of) && !cost.quantity.is_zero());
        let weights: Option<Vec<(Place, Exact)>> = used
            .map(|(of, cost)| {
                let listed = !cost.unlisted && !cost.list.is_negative();
                listed.then(|| (of.clone(), cost.list))
            })
            .collect();
        let (places, weights): (Vec<Place>, Vec<Exact>) =
            weights.unwrap_or_default().into_iter().unzip();
        let Some(parts) = costs
            .get(&place)
            .and_then(|cost| split(cost.cost, &weights))
        else {
            continue;
        };
        let Some(cost) = costs.remove(&place) else {
            continue;
        };
        let mut parts: Vec<(Exact, Converted)> = (parts.into_iter())
            .map(|part| (part, Converted::default()))
            .collect();
        for (currency, amount, converted) in cost.from.0 {
            let (Some(amounts), Some(all)) = (split(amount, &weights), split(converted, &weights))
            else {
                continue;
            };
            for (part, one) in parts.iter_mut().zip(amounts.into_iter().zip(all)) {
                part.1.add(Some((currency, one.0, one.1)));
            }
        }
        for (place, (part, from)) in places.into_iter().zip(parts) {
            let cost = costs.entry(place).or_default();
            cost.cost += part;
            from.0.into_iter().for_each(|one| cost.from.add(Some(one)));
        }
    }
}
