//! What usage is worth at book prices, discounts applied; never zero for want of a price.

use std::collections::BTreeMap;

use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, UsageCell};
use crate::prices::{Found, Prices, Use};

/// The prices of a run.
#[derive(Debug)]
pub struct Pricing {
    /// Lists, stated prices and discounts.
    pub prices: Prices,
    /// Whether the report is in US dollars, the currency of all prices.
    pub in_dollars: bool,
    /// In a report in another currency: what a dollar is worth on the days of which a rate is
    /// known (UTC).
    pub per_dollar: BTreeMap<Day, Exact>,
}

impl Pricing {
    /// By how much the dollars of a day's prices are multiplied; `None` where nobody knows.
    pub fn factor(&self, day: Day) -> Option<Exact> {
        match self.in_dollars {
            true => Some(Exact::ONE),
            false => self.per_dollar.get(&day).copied(),
        }
    }
}

/// The rates that hold for one cell of usage.
#[derive(Clone, Debug)]
pub enum Rates {
    /// The model has prices.
    Known(Known),
    /// The model is declared free.
    Free,
    /// The model has no price.
    Unknown,
}

/// The rates of a model that has prices.
#[derive(Clone, Debug)]
pub struct Known {
    /// Price per unit of each meter the cell has a quantity of; `None` for a meter without price.
    rates: Vec<(Meter, Option<Exact>)>,
    /// Price per request, where there is one.
    requests: Option<Exact>,
    /// Whether long requests have prices of their own.
    pub thresholds: bool,
    /// The word for a service tier that nobody knows: the rates are the standard ones.
    pub unknown_tier: Option<String>,
}

impl Rates {
    /// The rates in force on the cell's own day.
    pub fn of(cell: &UsageCell, pricing: &Pricing) -> Rates {
        Rates::on(cell, pricing, cell.utc_day)
    }

    /// The rates in force on a day (UTC).
    pub fn on(cell: &UsageCell, pricing: &Pricing, day: Day) -> Rates {
        // Prices are in US dollars; in another currency without a rate none is known.
        match pricing.factor(cell.utc_day) {
            Some(factor) => Rates::times(cell, pricing, day, factor),
            None => Rates::Unknown,
        }
    }

    /// The rates in force on the cell's own day, in US dollars whatever the report is in.
    pub fn in_dollars(cell: &UsageCell, pricing: &Pricing) -> Rates {
        Rates::times(cell, pricing, cell.utc_day, Exact::ONE)
    }

    fn times(cell: &UsageCell, pricing: &Pricing, day: Day, factor: Exact) -> Rates {
        let Some(model) = cell.model.as_deref() else {
            return Rates::Unknown;
        };
        let found = pricing.prices.find(&Use {
            provider: cell.provider.as_deref(),
            model,
            tier: cell.tier.as_deref(),
            band: cell.band,
            day,
        });
        let offer = match found {
            Found::Unpriced => return Rates::Unknown,
            Found::Free(_) => return Rates::Free,
            Found::Priced(offer) => offer,
        };
        let rate = |meter: &Meter| offer.meter(meter).map(|price| price.price() * factor);
        let meters = cell.quantities.iter().map(|(meter, _)| meter);
        Rates::Known(Known {
            rates: meters.map(|meter| (meter.clone(), rate(meter))).collect(),
            requests: rate(&Meter::Requests),
            thresholds: offer.has_thresholds(),
            unknown_tier: offer.unknown_tier,
        })
    }

    /// Whether prices are known and all of them are 0. That is not the same as free: a list may
    /// write 0 where it does not know.
    pub fn are_zero(&self) -> bool {
        let Rates::Known(known) = self else {
            return false;
        };
        let mut rates = known.rates.iter().map(|(_, rate)| *rate);
        rates.all(|rate| rate.is_some_and(|rate| rate.is_zero()))
            && known.requests.unwrap_or_default().is_zero()
    }

    /// Whether these are the rates of every cell of the model, day and band that has the meters of
    /// this one.
    pub fn are_for(&self, cell: &UsageCell) -> bool {
        match self {
            Rates::Unknown | Rates::Free => true,
            Rates::Known(Known { rates, .. }) => {
                let rated = rates.iter().map(|(meter, _)| meter);
                rates.len() == cell.quantities.len()
                    && rated
                        .zip(&cell.quantities)
                        .all(|(rated, (meter, _))| rated == meter)
            }
        }
    }

    /// The price of one unit of a meter.
    pub fn rate(&self, meter: &Meter) -> Option<Exact> {
        match self {
            Rates::Free => Some(Exact::ZERO),
            // Most models have no price per request; that is no gap.
            Rates::Known(known) if *meter == Meter::Requests => {
                Some(known.requests.unwrap_or_default())
            }
            Rates::Known(known) => known
                .rates
                .iter()
                .find(|(found, _)| found == meter)
                .and_then(|(_, rate)| *rate),
            Rates::Unknown => None,
        }
    }

    /// What a cell costs at these rates, its own cost left aside; `None` if some of it has no price,
    /// or if nothing says how much was used.
    pub fn book_value(&self, cell: &UsageCell) -> Option<Exact> {
        let (sum, missing) = self.priced_part(cell)?;
        missing.is_empty().then_some(sum)
    }

    /// What the priced meters of a cell cost, and its meters without a price. `None` if nothing of
    /// it has one, or if nothing says how much was used.
    pub fn priced_part<'c>(&self, cell: &'c UsageCell) -> Option<(Exact, Vec<&'c Meter>)> {
        let requests = cell.requests.exact();
        let used = cell
            .quantities
            .iter()
            .filter(|(_, quantity)| !quantity.is_zero());
        let used: Vec<_> = used.collect();
        // Failed requests use nothing, whatever the price is.
        if used.is_empty() && requests.is_zero() {
            return Some((Exact::ZERO, Vec::new()));
        }
        let mut sum = match self {
            Rates::Unknown => return None,
            Rates::Free => Exact::ZERO,
            Rates::Known(known) if cell.quantities.is_empty() => known.requests? * requests,
            // Most models have no price per request; that is no gap.
            Rates::Known(known) => known.requests.unwrap_or_default() * requests,
        };
        let mut missing = Vec::new();
        for (meter, quantity) in used.iter().map(|(meter, quantity)| (*meter, quantity)) {
            match self.rate(meter) {
                Some(rate) => sum += rate * quantity.exact(),
                None => missing.push(meter),
            }
        }
        let nothing = !used.is_empty() && missing.len() == used.len();
        (!nothing).then_some((sum, missing))
    }

    /// The book value of a cell's quantity of the meters that a charge covers. Where some of them
    /// have no price, the cell's own cost, else the value of those that have one; `None` if there is
    /// neither.
    pub fn value(&self, cell: &UsageCell, meter: &ChargeMeter) -> Option<Exact> {
        let of = |meter: &Meter, quantity: Exact| {
            if quantity.is_zero() {
                return Some(Exact::ZERO);
            }
            self.rate(meter).map(|rate| rate * quantity)
        };
        match meter {
            ChargeMeter::Is(meter) => of(meter, cell.quantity(meter)),
            ChargeMeter::All | ChargeMeter::Item(_) => {
                let in_part = || self.priced_part(cell).map(|(sum, _)| sum);
                let own = self.book_value(cell).or_else(|| reported(cell));
                own.or_else(in_part)
            }
        }
    }
}

/// The log's own cost of a cell.
pub fn reported(cell: &UsageCell) -> Option<Exact> {
    cell.reported().map(|(amount, _)| amount)
}
