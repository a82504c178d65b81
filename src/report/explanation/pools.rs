//! Parts that a person reads as one: those of the same pool on other days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::explain::{CostPart, Shared};
use crate::model::{Day, Exact};

/// Parts of one pool.
#[derive(Clone, Debug, Default)]
pub struct Pool<'p> {
    /// One of them.
    pub first: Option<&'p CostPart>,
    /// First and last day.
    pub days: Option<(Day, Day)>,
    /// Numerators, each of a holder.
    pub weight: Exact,
    /// Denominators, each of an amount that was shared.
    pub whole: Exact,
    /// The amounts that were shared.
    pub of: Exact,
    /// What the holders got of them.
    pub given: Exact,
    /// What counts here.
    pub amount: Exact,
    /// File → lines.
    pub places: BTreeMap<Arc<str>, BTreeSet<u64>>,
    /// Billed money and quantity of the charges, the latter where all state one.
    pub billed: Exact,
    pub quantity: Option<Exact>,
}

/// What pools are told apart by.
type Key<'p> = (
    (bool, Option<&'static str>),
    [Option<&'p str>; 4],
    Option<&'p Shared>,
    bool,
);

fn key(part: &CostPart) -> Key<'_> {
    let basis = part.basis.map(|basis| basis.word());
    let reason = part.reason.map(|reason| reason.words());
    let texts = [&part.provider, &part.model, &part.meter, &part.tier];
    (
        (part.basis.is_none(), basis.or(reason)),
        texts.map(Option::as_deref),
        part.share.as_ref().map(|share| &share.by),
        part.reported,
    )
}

/// Pools, the dearest first.
pub fn pools(parts: &[CostPart]) -> Vec<Pool<'_>> {
    let mut pools: BTreeMap<Key<'_>, Pool<'_>> = BTreeMap::new();
    let mut met = BTreeSet::new();
    let mut charged = BTreeSet::new();
    for part in parts {
        let pool = pools.entry(key(part)).or_default();
        let is_first = pool.first.is_none();
        pool.first.get_or_insert(part);
        let days = pool.days.get_or_insert(part.days);
        *days = (days.0.min(part.days.0), days.1.max(part.days.1));
        pool.amount += part.amount;
        let place = part.origin.as_ref().map(|o| (&o.file, o.line));
        if let Some((file, line)) = place {
            pool.places.entry(file.clone()).or_default().insert(line);
        }
        match &part.share {
            Some(share) => {
                pool.weight += share.weight;
                pool.given += share.given;
                // Several holders of one charge share the same amount.
                if met.insert((
                    key(part),
                    place,
                    part.time,
                    share.of,
                    share.whole,
                    part.days,
                )) {
                    pool.whole += share.whole;
                    pool.of += share.of;
                }
            }
            None => pool.given += part.amount,
        }
        if let Some((billed, quantity)) = part.billed
            && charged.insert((key(part), place, part.time, &part.item))
        {
            pool.billed += billed;
            pool.quantity = match (quantity, is_first) {
                (Some(quantity), true) => Some(quantity),
                (Some(quantity), false) => pool.quantity.map(|sum| sum + quantity),
                (None, _) => None,
            };
        }
    }
    let mut pools: Vec<Pool<'_>> = pools.into_values().collect();
    pools.sort_by_key(|pool| std::cmp::Reverse(pool.amount));
    pools
}
