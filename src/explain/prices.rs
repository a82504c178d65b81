//! The prices in force for the usage behind a cost.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribution::{CostFact, Pricing};
use crate::model::records::ChargeMeter;
use crate::model::{ContextBand, Day, Exact, Meter};
use crate::prices::{Found, Use};

/// A row of a price list, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceUsed {
    /// Provider of the usage.
    pub provider: Option<String>,
    /// Model of the usage, as logged.
    pub model: String,
    /// Meter.
    pub meter: String,
    /// Service tier of the usage.
    pub tier: Option<String>,
    /// The row; `None` if the model or meter has no price on these days.
    pub row: Option<Row>,
    /// First and last day of the usage to which it applies (UTC).
    pub days: (Day, Day),
}

/// A price with its origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// US dollars for one unit as listed.
    pub list: Exact,
    /// Factor of the service tier.
    pub factor: Exact,
    /// Negotiated discount, a ratio.
    pub discount: Exact,
    /// The list: `built-in`, a file, or a line of the project file.
    pub source: String,
    /// The model's name in that list.
    pub model: String,
    /// First day of the price, if it is dated.
    pub from: Option<Day>,
    /// The price is for requests with more input tokens than this.
    pub context_over: Option<u64>,
}

impl Row {
    /// US dollars for one unit, factor and discount applied.
    pub fn price(&self) -> Exact {
        self.list * self.factor * (Exact::ONE - self.discount)
    }
}

/// Provider, model, tier and band of usage with its UTC day and a meter.
type Asked = (
    Option<String>,
    String,
    Option<String>,
    ContextBand,
    Day,
    Meter,
);

/// Collects prices, each asked for once.
pub struct Collecting<'p> {
    pricing: &'p Pricing,
    asked: BTreeSet<Asked>,
}

impl<'p> Collecting<'p> {
    /// Starts empty.
    pub fn new(pricing: &'p Pricing) -> Collecting<'p> {
        Collecting {
            pricing,
            asked: BTreeSet::new(),
        }
    }

    /// Notes the usage of a cost.
    pub fn take(&mut self, fact: &CostFact<'_>) {
        let Some(cell) = fact.cell else {
            return;
        };
        let Some(model) = cell.model.as_deref() else {
            return;
        };
        let meters: Vec<Meter> = match fact.charge.map(|charge| &charge.meter) {
            Some(ChargeMeter::Is(meter)) => vec![meter.clone()],
            _ => {
                let used = cell.quantities.iter();
                let used = used.filter(|(_, quantity)| !quantity.is_zero());
                used.map(|(meter, _)| meter.clone()).collect()
            }
        };
        for meter in meters {
            self.asked.insert((
                cell.provider.as_deref().map(str::to_string),
                model.to_string(),
                cell.tier.as_deref().map(str::to_string),
                cell.band,
                cell.utc_day,
                meter,
            ));
        }
    }

    /// The rows, in order.
    pub fn finish(self) -> Vec<PriceUsed> {
        let mut rows: BTreeMap<PriceUsed, (Day, Day)> = BTreeMap::new();
        for (provider, model, tier, band, day, meter) in self.asked {
            let found = self.pricing.prices.find(&Use {
                provider: provider.as_deref(),
                model: &model,
                tier: tier.as_deref(),
                band,
                day,
            });
            let row = match found {
                Found::Unpriced => None,
                Found::Free(source) => Some(Row {
                    list: Exact::ZERO,
                    factor: Exact::ONE,
                    discount: Exact::ZERO,
                    source: format!("{}, declared free", source.words()),
                    model: model.clone(),
                    from: None,
                    context_over: None,
                }),
                Found::Priced(offer) => offer.meter(&meter).map(|price| Row {
                    list: price.list,
                    factor: price.factor,
                    discount: price.discount,
                    source: price.source.words(),
                    model: price.model.to_string(),
                    from: price.from,
                    context_over: price.context_over,
                }),
            };
            let key = PriceUsed {
                provider,
                model,
                meter: meter.name().to_string(),
                tier,
                row,
                // Set below: rows that differ in their days alone are one.
                days: (Day(0), Day(0)),
            };
            let days = rows.entry(key).or_insert((day, day));
            *days = (days.0.min(day), days.1.max(day));
        }
        let rows = rows.into_iter();
        rows.map(|(price, days)| PriceUsed { days, ..price })
            .collect()
    }
}
