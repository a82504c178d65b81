//! What usage would cost at other prices, in proportion to what it costs now.
//!
//! The rule: billed cost × value at the price book with the new model ∕ value at the price book with
//! the present one, for each cell of the folded log. So whatever the bill says beside the list (a
//! negotiated price, a rounding) stays. What has no price is an error that names it.

use std::sync::Arc;

use super::costs::{Entry, Step};
use super::lever::{ModelSwap, ProviderPrice};
use crate::attribution::{Pricing, Rates};
use crate::model::CellKind;
use crate::model::records::ChargeMeter;
use crate::model::{ContextBand, Day, Exact, Meter, Packed, UsageCell, names};
use crate::prices::{Found, Use};

/// Why some usage cannot be re-priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unvalued {
    /// A model, or one of its meters, has no price on a day.
    NoPrice {
        /// The model.
        model: String,
        /// The provider whose price was looked for.
        provider: Option<String>,
        /// The day.
        day: Day,
        /// Meters without a price; empty if the model has none at all.
        meters: Vec<String>,
    },
    /// The present model costs nothing by its price, so that nothing can be in proportion to it.
    Worthless(String),
    /// The bill names no meter and no log says what was used.
    NoMeter(Option<String>),
    /// Prices are in US dollars and the report is not.
    NotInDollars,
}

/// Looks values up.
#[derive(Debug)]
pub struct Values<'a> {
    pricing: &'a Pricing,
    /// The cell that was valued last, and its values: new and old.
    last: Option<(usize, (Exact, Exact))>,
}

impl<'a> Values<'a> {
    /// Starts.
    pub fn new(pricing: &'a Pricing) -> Values<'a> {
        Values {
            pricing,
            last: None,
        }
    }

    /// Who sells the new model: who the user says, else the present provider if it lists the model,
    /// else the model's own vendor.
    pub fn seller(&self, swap: &ModelSwap, present: Option<&str>, day: Day) -> Option<String> {
        if swap.provider.is_some() {
            return swap.provider.clone();
        }
        let listed = |provider: &str| {
            let found = self.pricing.prices.find(&Use {
                provider: Some(provider),
                model: &swap.to,
                tier: None,
                band: ContextBand::BASE,
                day,
            });
            !matches!(found, Found::Unpriced)
        };
        let present = present.filter(|provider| listed(provider));
        let seller = present.or_else(|| names::vendor_of(&swap.to));
        seller.map(str::to_string)
    }

    /// The value of an entry with the new model and with the present one.
    pub fn swapped(
        &mut self,
        entry: &Entry,
        cell: Option<&UsageCell>,
        meter: &ChargeMeter,
        swap: &ModelSwap,
    ) -> Result<(Exact, Exact), Unvalued> {
        if !self.pricing.in_dollars {
            return Err(Unvalued::NotInDollars);
        }
        let (Some(cell), Some(at)) = (cell, entry.cell) else {
            return self.swapped_charge(entry, meter, swap);
        };
        if let Some((last, values)) = self.last
            && last == at
        {
            return Ok(values);
        }
        let present = of_model(cell);
        let old = self.value(&present)?;
        if old.is_zero() {
            return Err(Unvalued::Worthless(swap.from.clone()));
        }
        let new = self.value(&self.with_other_model(&present, swap))?;
        self.last = Some((at, (new, old)));
        Ok((new, old))
    }

    /// The same for a charge that no usage carries: by the price of its meter.
    fn swapped_charge(
        &self,
        entry: &Entry,
        meter: &ChargeMeter,
        swap: &ModelSwap,
    ) -> Result<(Exact, Exact), Unvalued> {
        let (ChargeMeter::Is(meter), Some(model)) = (meter, entry.model.as_deref()) else {
            return Err(Unvalued::NoMeter(entry.provider.clone()));
        };
        let old = self.rate(entry, entry.provider.clone(), model, meter)?;
        if old.is_zero() {
            return Err(Unvalued::Worthless(swap.from.clone()));
        }
        let seller = self.seller(swap, entry.provider.as_deref(), entry.day);
        let rate = |meter: &Meter| self.rate(entry, seller.clone(), &swap.to, meter);
        let new = match swap.cached {
            Some(cached) if is_prompt(meter) => {
                let fresh = rate(&Meter::Input)? * (Exact::ONE - cached);
                fresh + rate(&Meter::CacheRead)? * cached
            }
            _ => rate(meter)?,
        };
        Ok((new * ratio(swap, meter), old))
    }

    /// What a provider's price change makes of an amount, if anything; `empty` says that there is
    /// nothing to part by the meters of its usage.
    pub fn repriced(
        &self,
        empty: bool,
        entry: &Entry,
        cell: Option<&UsageCell>,
        meter: &ChargeMeter,
        swap: Option<&ModelSwap>,
        price: &ProviderPrice,
    ) -> Result<Option<Step>, Unvalued> {
        let Some(wanted) = &price.meter else {
            return Ok(Some(Step::Times(price.factor)));
        };
        match meter {
            ChargeMeter::Item(_) => return Ok(None),
            // With another model the parts of an amount are those of its new meters.
            ChargeMeter::Is(meter) if swap.is_none() => {
                return Ok((meter == wanted).then_some(Step::Times(price.factor)));
            }
            _ => {}
        }
        if empty {
            return Ok(None);
        }
        let Some(cell) = cell else {
            return Err(Unvalued::NoMeter(entry.provider.clone()));
        };
        let cell = match swap {
            Some(swap) => self.with_other_model(&of_model(cell), swap),
            None => cell.clone(),
        };
        let whole = self.value(&cell)?;
        if whole.is_zero() {
            return Err(Unvalued::Worthless(
                cell.model.as_deref().unwrap_or("").into(),
            ));
        }
        let rates = Rates::of(&cell, self.pricing);
        let of_meter = rates.rate(wanted).unwrap_or_default() * cell.quantity(wanted);
        let then = whole + of_meter * (price.factor - Exact::ONE);
        Ok(Some(Step::Divided(then, whole)))
    }

    /// What a cell is worth at the prices of its day.
    fn value(&self, cell: &UsageCell) -> Result<Exact, Unvalued> {
        if !self.pricing.in_dollars {
            return Err(Unvalued::NotInDollars);
        }
        let rates = Rates::of(cell, self.pricing);
        let missing = match rates.priced_part(cell) {
            Some((value, missing)) if missing.is_empty() => return Ok(value),
            Some((_, missing)) => missing
                .iter()
                .map(|meter| meter.name().to_string())
                .collect(),
            None => Vec::new(),
        };
        Err(Unvalued::NoPrice {
            model: cell.model.as_deref().unwrap_or("(none)").to_string(),
            provider: cell.provider.as_deref().map(str::to_string),
            day: cell.utc_day,
            meters: missing,
        })
    }

    /// The price of one unit of a meter on the day of an entry.
    fn rate(
        &self,
        entry: &Entry,
        provider: Option<String>,
        model: &str,
        meter: &Meter,
    ) -> Result<Exact, Unvalued> {
        let found = self.pricing.prices.find(&Use {
            provider: provider.as_deref(),
            model,
            tier: entry.tier.as_deref(),
            band: ContextBand::BASE,
            day: entry.day,
        });
        let (known, price) = match found {
            Found::Priced(offer) => (true, offer.meter(meter).map(|price| price.price())),
            Found::Free(_) => (true, Some(Exact::ZERO)),
            Found::Unpriced => (false, None),
        };
        price.ok_or_else(|| Unvalued::NoPrice {
            model: model.to_string(),
            provider,
            day: entry.day,
            meters: known
                .then(|| meter.name().to_string())
                .into_iter()
                .collect(),
        })
    }

    /// The usage of a cell as the new model would have it.
    fn with_other_model(&self, cell: &UsageCell, swap: &ModelSwap) -> UsageCell {
        let mut quantities: Vec<(Meter, Exact)> = Vec::new();
        let mut prompt = Exact::ZERO;
        for (meter, quantity) in &cell.quantities {
            let quantity = quantity.exact() * ratio(swap, meter);
            if swap.cached.is_some() && is_prompt(meter) {
                prompt += quantity;
            } else {
                quantities.push((meter.clone(), quantity));
            }
        }
        if let Some(cached) = swap.cached {
            quantities.push((Meter::Input, prompt * (Exact::ONE - cached)));
            quantities.push((Meter::CacheRead, prompt * cached));
        }
        quantities.sort_by(|a, b| a.0.cmp(&b.0));
        let seller = self.seller(swap, cell.provider.as_deref(), cell.utc_day);
        let kind = CellKind {
            provider: seller.map(Into::into),
            model: Some(swap.to.as_str().into()),
            ..CellKind::clone(cell)
        };
        UsageCell {
            kind: Arc::new(kind),
            quantities: quantities
                .into_iter()
                .map(|(meter, quantity)| (meter, Packed::from(quantity)))
                .collect(),
            ..cell.clone()
        }
    }
}

/// A cell without what is billed beside the model: a search costs the same whichever model asks.
fn of_model(cell: &UsageCell) -> UsageCell {
    let own = |(meter, _): &(&Meter, _)| !matches!(meter, Meter::WebSearches | Meter::Other(_));
    let own = cell.quantities.iter().filter(own);
    UsageCell {
        quantities: own
            .map(|(meter, quantity)| (meter.clone(), quantity))
            .collect(),
        ..cell.clone()
    }
}

/// Whether a meter is a part of the text prompt, cached or not.
fn is_prompt(meter: &Meter) -> bool {
    matches!(
        meter,
        Meter::Input | Meter::CacheRead | Meter::CacheWrite5m | Meter::CacheWrite1h
    )
}

/// Tokens of the new model per token of the present one.
fn ratio(swap: &ModelSwap, meter: &Meter) -> Exact {
    match meter {
        meter if meter.is_input_token() => swap.input,
        meter if meter.is_token() => swap.output,
        _ => Exact::ONE,
    }
}
