//! Topics: what a pool is about, and which usage it covers.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::Line;
use super::offers::{Sold, is_cache};
use super::shelf::{Lacks, Shelf, same_provider};
use crate::identity::PartyId;
pub use crate::model::names::service_tier as fold_tier;
use crate::model::names::{self, ModelName};
use crate::model::records::ChargeMeter;
use crate::model::{Day, Meter};

/// What a pool is about, without its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Provider; `None` where the bill does not say, and then it meets every log.
    pub provider: Option<String>,
    /// `None` matches every model. A name without snapshot matches every snapshot.
    pub model: Option<ModelName>,
    /// What is metered.
    pub meter: ChargeMeter,
    /// Service tier; `None` matches every tier.
    pub tier: Option<String>,
}

/// Which names of models are one model.
#[derive(Debug)]
pub struct Folding {
    /// Families told apart by snapshot.
    dated: BTreeSet<String>,
}

impl Folding {
    /// A family is told apart by snapshot only where log and bill both date every name.
    pub fn of(shelf: &Shelf<'_>, lines: &[Line<'_>]) -> Folding {
        let families = shelf.dated_families().into_iter();
        let mut dated: BTreeSet<String> = families.map(str::to_string).collect();
        for line in lines {
            if let Some(model) = &line.model
                && model.snapshot.is_none()
            {
                dated.remove(&model.family);
            }
        }
        Folding { dated }
    }

    /// The model of a name: two names with the same are one.
    pub fn fold(&self, name: &str) -> ModelName {
        let mut model = ModelName::parse(name);
        if !self.dated.contains(&model.family) {
            model.snapshot = None;
        }
        model
    }
}

/// Decides what a line is about, merging over what the log lacks.
pub struct Topics<'s> {
    shelf: &'s Shelf<'s>,
    folding: Folding,
    lacks: BTreeMap<Option<String>, Lacks>,
    tiered: BTreeSet<Option<String>>,
    /// The log names no provider, so that the bills of all are one.
    merged: bool,
}

impl<'s> Topics<'s> {
    /// Looks at the log and the bill.
    pub fn new(shelf: &'s Shelf<'_>, lines: &[Line<'_>]) -> Topics<'s> {
        let mut lacks = BTreeMap::new();
        let mut tiered = BTreeSet::new();
        for line in lines {
            let provider = &line.charge.provider;
            if line.charge.tier.is_some() {
                tiered.insert(provider.clone());
            }
            lacks
                .entry(provider.clone())
                .or_insert_with(|| shelf.lacks(provider.as_deref()));
        }
        Topics {
            shelf,
            folding: Folding::of(shelf, lines),
            lacks,
            tiered,
            merged: shelf.names_no_provider(),
        }
    }

    /// The topic of a line.
    pub fn of(&self, line: &Line<'_>) -> Topic {
        let charge = line.charge;
        let lacks = self.lacks.get(&charge.provider).copied();
        let lacks = lacks.unwrap_or_else(|| self.shelf.lacks(charge.provider.as_deref()));
        let model = charge
            .model
            .as_deref()
            .filter(|_| !lacks.model)
            .map(|name| self.model(name));
        let meter = match &charge.meter {
            ChargeMeter::Is(meter) if lacks.cache && is_cache(meter) => {
                ChargeMeter::Is(Meter::Input)
            }
            other => other.clone(),
        };
        let tier = match charge.tier.as_deref() {
            _ if lacks.tier => None,
            Some(tier) => Some(fold_tier(tier)),
            // In a bill that names tiers, a line without one is the standard tier.
            None if self.tiered.contains(&charge.provider) => Some(names::STANDARD.to_string()),
            None => None,
        };
        Topic {
            provider: charge.provider.clone().filter(|_| !self.merged),
            model,
            meter,
            tier,
        }
    }

    /// The model of a name, as [`Folding::fold`].
    pub fn model(&self, name: &str) -> ModelName {
        self.folding.fold(name)
    }
}

/// The folded word for a service tier; no tier is the standard one.
pub fn tier_word(tier: Option<&str>) -> String {
    fold_tier(tier.unwrap_or_default())
}

impl Topic {
    /// Indices of the cells that the topic covers on UTC days `[first, end)`, in order.
    pub fn cells(&self, shelf: &Shelf<'_>, first: Day, end: Day) -> Vec<usize> {
        let sold = self.sold(shelf);
        if sold.len() == shelf.sold.len() {
            return shelf.between(first, end).collect();
        }
        shelf.of_sold(first, end, &sold)
    }

    /// Which of the things sold the topic covers.
    pub fn sold(&self, shelf: &Shelf<'_>) -> Vec<u32> {
        let all = (0u32..).zip(&shelf.sold);
        let covered = all.filter(|(_, sold)| self.covers(sold));
        covered.map(|(at, _)| at).collect()
    }

    /// Those of one party's: asked for every charge that names a customer.
    pub fn cells_of(&self, shelf: &Shelf<'_>, party: PartyId, first: Day, end: Day) -> Vec<usize> {
        let own = shelf.of_party(party, first, end);
        own.filter(|at| self.covers(shelf.sold(&shelf.held[*at])))
            .collect()
    }

    fn covers(&self, sold: &Sold<'_>) -> bool {
        self.has_model(sold.model.as_ref()) && self.has(sold.provider, sold.tier)
    }

    fn has_model(&self, logged: Option<&ModelName>) -> bool {
        self.model.as_ref().is_none_or(|billed| {
            logged.is_some_and(|logged| {
                billed.family == logged.family
                    && (billed.snapshot.is_none() || billed.snapshot == logged.snapshot)
            })
        })
    }

    fn has(&self, provider: Option<&str>, tier: Option<&str>) -> bool {
        let tier = || fold_tier(tier.unwrap_or(""));
        same_provider(provider, self.provider.as_deref())
            && self.tier.as_deref().is_none_or(|billed| tier() == billed)
    }
}
