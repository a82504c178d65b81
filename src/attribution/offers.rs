//! What cells of usage are usage of, as far as charges tell it apart, and at which rates: a few things,
//! each found once for the many cells that share it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::value::{Pricing, Rates};
use crate::model::names::ModelName;
use crate::model::usage::CellKind;
use crate::model::{ContextBand, Day, Meter, UsageCell};

/// What is sold, as far as charges tell it apart: a model of a provider in a tier, as the log writes
/// them.
#[derive(Debug)]
pub struct Sold<'a> {
    /// Provider.
    pub provider: Option<&'a str>,
    /// Model.
    pub model: Option<ModelName>,
    /// Service tier.
    pub tier: Option<&'a str>,
}

/// What cells are usage of, and at which rates.
#[derive(Debug)]
pub struct Offer {
    /// Index of what was used in [`Kinds::sold`].
    pub sold: u32,
    /// The rates.
    pub rates: Rates,
}

/// What the log of a provider tells apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Some row names a model.
    pub model: bool,
    /// Some row names a tier.
    pub tier: bool,
    /// Some row has tokens of a prompt cache.
    pub cache: bool,
}

type Table<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Kinds of cells, by the address of what they have in common.
#[derive(Default)]
pub struct Kinds<'a> {
    numbers: Table<usize, usize>,
    list: Vec<Kind<'a>>,
    /// What is sold, by provider, model and tier.
    names: Table<[Option<&'a str>; 3], u32>,
    /// What is sold, each once.
    pub sold: Vec<Sold<'a>>,
    /// Offers by what is sold, band and day; several where cells have different meters.
    known: Table<(u32, ContextBand, Day), Vec<u32>>,
    /// The offers.
    pub offers: Vec<Offer>,
}

/// One kind of cells.
struct Kind<'a> {
    of: &'a CellKind,
    sold: u32,
    /// Whether one of its cells has tokens of a prompt cache.
    cache: bool,
}

impl<'a> Kinds<'a> {
    /// The index of a cell's offer.
    pub fn offer(&mut self, cell: &'a UsageCell, pricing: &Pricing) -> u32 {
        let address = Arc::as_ptr(&cell.kind).addr();
        let number = match self.numbers.get(&address) {
            Some(number) => *number,
            None => self.add(address, &cell.kind),
        };
        let kind = &mut self.list[number];
        kind.cache = kind.cache
            || cell
                .quantities
                .iter()
                .any(|(meter, quantity)| is_cache(meter) && !quantity.is_zero());
        let sold = kind.sold;
        let same = self.known.entry((sold, cell.band, cell.utc_day));
        let same = same.or_default();
        let fits = |at: &&u32| self.offers[**at as usize].rates.are_for(cell);
        if let Some(at) = same.iter().find(fits) {
            return *at;
        }
        let at = self.offers.len() as u32;
        let rates = Rates::of(cell, pricing);
        self.offers.push(Offer { sold, rates });
        same.push(at);
        at
    }

    fn add(&mut self, address: usize, of: &'a CellKind) -> usize {
        let (provider, tier) = (of.provider.as_deref(), of.tier.as_deref());
        let next = self.sold.len() as u32;
        let names = [provider, of.model.as_deref(), tier];
        let sold = *self.names.entry(names).or_insert(next);
        if sold == next {
            self.sold.push(Sold {
                provider,
                model: of.model.as_deref().map(ModelName::parse),
                tier,
            });
        }
        let number = self.list.len();
        self.numbers.insert(address, number);
        let cache = false;
        self.list.push(Kind { of, sold, cache });
        number
    }

    /// What the logs of providers tell apart.
    pub fn seen(&self) -> BTreeMap<Option<&'a str>, Seen> {
        let mut seen: BTreeMap<Option<&str>, Seen> = BTreeMap::new();
        for Kind { of, cache, .. } in &self.list {
            let seen = seen.entry(of.provider.as_deref()).or_default();
            seen.model |= of.model.is_some();
            seen.tier |= of.tier.is_some();
            seen.cache |= cache;
        }
        seen
    }
}

/// Whether the meter counts tokens of a prompt cache.
pub fn is_cache(meter: &Meter) -> bool {
    matches!(
        meter,
        Meter::CacheRead | Meter::CacheWrite5m | Meter::CacheWrite1h
    )
}
