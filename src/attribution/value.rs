//! What usage is worth at book prices, discounts applied; never zero for want of a price.

use std::collections::BTreeMap;

use crate::model::records::ChargeMeter;
use crate::model::{Exact, Meter, UsageCell};
use crate::prices::{PriceBook, Quote};

/// The price book with the negotiated discounts.
#[derive(Debug)]
pub struct Pricing<'a> {
    /// The book.
    pub book: &'a PriceBook,
    /// Whether the report is in US dollars, the book's currency.
    pub in_dollars: bool,
    /// Provider → discount as a ratio (`0.15`), from the project file.
    pub discounts: BTreeMap<String, Exact>,
}

/// The rates that hold for one cell of usage.
#[derive(Clone, Debug)]
pub enum Rates {
    /// Price per unit of each meter the cell has a quantity of; `None` for a meter without price.
    Known(Vec<(Meter, Option<Exact>)>),
    /// The model has no price.
    Unknown,
}

impl Rates {
    /// Looks the cell's model up.
    pub fn of(cell: &UsageCell, pricing: &Pricing<'_>) -> Rates {
        // The book is in US dollars; in another currency it knows no price.
        let (Some(model), true) = (cell.model.as_deref(), pricing.in_dollars) else {
            return Rates::Unknown;
        };
        let provider = cell.provider.as_deref();
        let quote = pricing.book.price(provider, model, cell.utc_day, cell.band);
        let factor = provider
            .and_then(|provider| pricing.discounts.get(provider))
            .map_or(Exact::ONE, |discount| Exact::ONE - *discount);
        let meters = cell.quantities.iter().map(|(meter, _)| meter);
        match quote {
            Quote::Unpriced => Rates::Unknown,
            Quote::Free => Rates::Known(
                meters
                    .map(|meter| (meter.clone(), Some(Exact::ZERO)))
                    .collect(),
            ),
            Quote::Priced(row) => {
                let rate =
                    |meter: &Meter| (meter.clone(), row.meter(meter).map(|price| price * factor));
                // Most models have no price per request; that is no gap.
                let requests = row.meter(&Meter::Requests).unwrap_or_default() * factor;
                let mut rates: Vec<_> = meters.map(rate).collect();
                rates.push((Meter::Requests, Some(requests)));
                Rates::Known(rates)
            }
        }
    }

    /// Whether these are the rates of every cell of the model, day and band that has the meters of
    /// this one.
    pub fn are_for(&self, cell: &UsageCell) -> bool {
        match self {
            Rates::Unknown => true,
            Rates::Known(rates) => {
                let rated = rates.iter().map(|(meter, _)| meter);
                let more = rates.len().checked_sub(cell.quantities.len());
                // The rate per request follows those of the cell's meters.
                matches!(more, Some(0 | 1))
                    && rated
                        .zip(&cell.quantities)
                        .all(|(rated, (meter, _))| rated == meter)
            }
        }
    }

    /// The price of one unit of a meter.
    pub fn rate(&self, meter: &Meter) -> Option<Exact> {
        match self {
            Rates::Known(rates) => rates
                .iter()
                .find(|(found, _)| found == meter)
                .and_then(|(_, rate)| *rate),
            Rates::Unknown => None,
        }
    }

    /// The book value of a cell's quantity of the meters that a charge covers; `None` if some of
    /// it has no price.
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
                let mut sum = Exact::ZERO;
                for (meter, quantity) in &cell.quantities {
                    match of(meter, quantity.exact()) {
                        Some(value) => sum += value,
                        None => return reported(cell),
                    }
                }
                if matches!(self, Rates::Unknown) && cell.quantities.is_empty() {
                    // Rows that state only a cost or only requests: their own figure, or nothing.
                    return reported(cell);
                }
                Some(sum + self.rate(&Meter::Requests).unwrap_or_default() * cell.requests.exact())
            }
        }
    }
}

/// The log's own cost of a cell.
pub fn reported(cell: &UsageCell) -> Option<Exact> {
    cell.reported.as_ref().map(|(amount, _)| amount.exact())
}
