//! Comparing prices: each billed quantity at the price of the list, step by step from the price
//! that the whole topic is measured at to the one that was billed.

use std::collections::BTreeMap;

use super::money::{Bucket, Finest, listed};
use super::{Asked, Cause, Entry, Listed, PriceList};
use crate::attribution::matching::Matched;
use crate::attribution::{Line, tier_word};
use crate::model::band::THRESHOLDS;
use crate::model::records::ChargeMeter;
use crate::model::{ContextBand, Day, Exact, Meter};

const STANDARD: &str = "standard";

/// The one price at which the quantities of a bucket are compared.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Price of one unit.
    pub price: Exact,
    listed: Listed,
    meter: Meter,
    tier: String,
}

impl Reference {
    /// The list price of the topic's meter and tier, of the billed model if there is one, else of
    /// the logged one, for requests of base length.
    pub fn of(
        matched: &Matched<'_>,
        meter: &Meter,
        bucket: &Bucket<'_, '_>,
        list: &dyn PriceList,
    ) -> Option<Reference> {
        let tier = matched
            .topic
            .tier
            .clone()
            .unwrap_or_else(|| STANDARD.to_string());
        let billed = bucket.lines.first().map(|line| {
            (
                line.charge.provider.as_deref(),
                line.charge.model.as_deref(),
            )
        });
        let logged = bucket.logged.first().map(|logged| {
            (
                logged.cell.provider.as_deref(),
                logged.cell.model.as_deref(),
            )
        });
        // A bill may spell a model in a way that the list does not know, and the log in another. A
        // topic of all models is measured by the one that the log names.
        let billed = billed.filter(|_| matched.topic.model.is_some());
        let listed = [billed, logged]
            .into_iter()
            .flatten()
            .find_map(|(provider, model)| {
                list.price(Asked {
                    provider,
                    model: model?,
                    meter,
                    tier: &tier,
                    band: ContextBand::BASE,
                    day: bucket.first,
                })
            })?;
        Some(Reference {
            price: listed.price,
            listed,
            meter: meter.clone(),
            tier,
        })
    }
}

/// Adds what explains the difference between a charge and its quantity at the reference price.
pub fn line_causes(
    entry: &mut Entry,
    line: &Line<'_>,
    reference: &Reference,
    list: &dyn PriceList,
    finest: &Finest,
) {
    let quantity = line.quantity.unwrap_or_default();
    let own_meter = match &line.charge.meter {
        ChargeMeter::Is(meter) => meter,
        _ => &reference.meter,
    };
    let own_tier = match line.charge.tier.as_deref() {
        Some(tier) => tier_word(Some(tier)),
        None => reference.tier.clone(),
    };
    let price = |meter: &Meter, tier: &str, band: ContextBand| {
        list.price(Asked {
            provider: line.charge.provider.as_deref(),
            model: line.charge.model.as_deref()?,
            meter,
            tier,
            band,
            day: line.first,
        })
    };
    // The log of a provider that separates no cached tokens meets them as input.
    let classed = match *own_meter == reference.meter {
        true => reference.listed,
        false => price(own_meter, &reference.tier, ContextBand::BASE).unwrap_or(reference.listed),
    };
    let tiered = match own_tier == reference.tier {
        true => classed,
        false => price(own_meter, &own_tier, ContextBand::BASE).unwrap_or(classed),
    };
    entry.add(
        Cause::TokenClass,
        (classed.price - reference.price) * quantity,
    );
    entry.add(
        Cause::ServiceTier,
        (tiered.price - classed.price) * quantity,
    );
    let half_unit = finest.half_unit(line);
    let net = |at: Listed| at.price * quantity - at.price * quantity * at.discount;
    let fits = |at: Listed| (line.amount - net(at)).abs() <= half_unit;
    // A line at exactly the undiscounted price was granted no discount.
    let granted = |at: Listed| match fits(at) || !fits(undiscounted(at)) {
        true => at,
        false => undiscounted(at),
    };
    let mut at = granted(tiered);
    if !fits(at) && !quantity.is_zero() {
        // A rate that is exactly another known price of the model is that price.
        for (tier, band) in known_prices(&own_tier) {
            let found = price(own_meter, &tier, band).map(granted);
            let Some(found) = found.filter(|found| fits(*found)) else {
                continue;
            };
            let in_tier = price(own_meter, &tier, ContextBand::BASE).unwrap_or(tiered);
            entry.add(
                Cause::ServiceTier,
                (in_tier.price - tiered.price) * quantity,
            );
            entry.add(Cause::ContextTier, (found.price - in_tier.price) * quantity);
            at = found;
            break;
        }
    }
    entry.add(Cause::Discount, net(at) - at.price * quantity);
    let rest = line.amount - net(at);
    let cause = match rest.abs() <= half_unit {
        true => Cause::Rounding,
        false => Cause::Rate,
    };
    entry.add(cause, rest);
}

fn undiscounted(listed: Listed) -> Listed {
    Listed {
        discount: Exact::ZERO,
        ..listed
    }
}

/// Tiers and context bands whose prices a billed rate may be, the likeliest first.
fn known_prices(own_tier: &str) -> Vec<(String, ContextBand)> {
    let bands = THRESHOLDS
        .iter()
        .filter_map(|start| ContextBand::beyond(*start));
    let bands: Vec<ContextBand> = bands.collect();
    let tiers = ["batch", "flex", "priority", STANDARD];
    let others = tiers.iter().filter(|tier| **tier != own_tier);
    let mut known: Vec<(String, ContextBand)> = bands
        .iter()
        .map(|band| (own_tier.to_string(), *band))
        .collect();
    known.extend(
        others
            .clone()
            .map(|tier| (tier.to_string(), ContextBand::BASE)),
    );
    for tier in others {
        known.extend(bands.iter().map(|band| (tier.to_string(), *band)));
    }
    known
}

/// Sums what was logged at list prices into the entry, and adds what explains the difference
/// between that and the logged quantity at the reference price.
pub fn logged_causes(
    entry: &mut Entry,
    bucket: &Bucket<'_, '_>,
    reference: &Reference,
    list: &dyn PriceList,
) {
    let mut computed = None;
    for logged in &bucket.logged {
        let quantity = logged.quantity;
        let Some(own) = listed(logged, list) else {
            entry.add(Cause::Unpriced, reference.price * quantity);
            continue;
        };
        *computed.get_or_insert(Exact::ZERO) += own.price * quantity;
        let cell = logged.cell;
        let tier = tier_word(cell.tier.as_deref());
        let at = |tier: &str| {
            list.price(Asked {
                provider: cell.provider.as_deref(),
                model: cell.model.as_deref()?,
                meter: &logged.meter,
                tier,
                band: ContextBand::BASE,
                day: cell.utc_day,
            })
        };
        let in_tier = at(&tier).unwrap_or(own);
        let base = at(&reference.tier).unwrap_or(in_tier);
        entry.add(Cause::ContextTier, (in_tier.price - own.price) * quantity);
        entry.add(Cause::ServiceTier, (base.price - in_tier.price) * quantity);
        entry.add(Cause::Rate, (reference.price - base.price) * quantity);
    }
    entry.computed = match bucket.logged.is_empty() {
        true => Some(Exact::ZERO),
        false => computed,
    };
}

/// The rate that a bill implies for one model and meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibrated {
    /// Provider.
    pub provider: Option<String>,
    /// Model family.
    pub model: Option<String>,
    /// Meter.
    pub meter: Meter,
    /// Service tier, where bill and log both tell it.
    pub tier: Option<String>,
    /// Billed money.
    pub billed: Exact,
    /// Billed quantity, more than zero.
    pub quantity: Exact,
    /// Billed money ∕ billed quantity, 18 places.
    pub rate: Exact,
    /// The list price on the first day; `None` if the list has none.
    pub list: Option<Exact>,
}

/// The rates of all topics with billed quantities, in order.
pub fn calibrated(topics: &[(&Matched<'_>, &Meter)], list: &dyn PriceList) -> Vec<Calibrated> {
    let mut rates = BTreeMap::new();
    for (matched, meter) in topics {
        let billed: Exact = matched.lines.iter().map(|line| line.amount).sum();
        let quantities = matched.lines.iter().filter_map(|line| line.quantity);
        let quantity: Exact = quantities.sum();
        let Some(rate) = Exact::ratio(billed, quantity, 18).filter(|_| quantity.is_positive())
        else {
            continue;
        };
        let first = super::money::buckets(matched).into_iter().next();
        let reference = first.and_then(|bucket| Reference::of(matched, meter, &bucket, list));
        let entry = Entry::of(&matched.topic, (Day(0), Day(1)));
        let key = (
            entry.provider.clone(),
            entry.model.clone(),
            (*meter).clone(),
            entry.tier.clone(),
        );
        rates.insert(
            key,
            Calibrated {
                provider: entry.provider,
                model: entry.model,
                meter: (*meter).clone(),
                tier: entry.tier,
                billed,
                quantity,
                rate,
                list: reference.map(|reference| reference.price),
            },
        );
    }
    rates.into_values().collect()
}
