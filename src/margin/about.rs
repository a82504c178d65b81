//! What a fact is about, as far as any dimension asks, and whether it passes filters.

use std::borrow::Cow;

use super::dimension::{Dimension, Filter, UNATTRIBUTED};
use super::party;
use crate::attribution::{Basis, CostFact, Holder};
use crate::identity::{Identity, PartyId};
use crate::model::{Day, UsageCell};
use crate::revenue::RevenueFact;

/// What a fact is about.
pub(super) struct About<'f> {
    pub party: Option<PartyId>,
    /// Its own plan, where it is not the party's of the day.
    pub plan: Option<&'f str>,
    pub day: Day,
    pub provider: Option<&'f str>,
    pub model: Option<&'f str>,
    pub cell: Option<&'f UsageCell>,
    pub basis: Option<Basis>,
}

impl<'f> About<'f> {
    pub fn cost(fact: &CostFact<'f>) -> About<'f> {
        let (party, basis) = match fact.holder {
            Holder::Party(party, basis) => (Some(party), Some(basis)),
            Holder::Nobody(_) => (None, None),
        };
        About {
            party,
            plan: None,
            day: fact.day,
            provider: fact
                .provider
                .or(fact.cell.and_then(|cell| cell.provider.as_deref())),
            model: fact.model,
            cell: fact.cell,
            basis,
        }
    }

    pub fn revenue(fact: &RevenueFact<'f>) -> About<'f> {
        About {
            plan: fact.obligation.counted_on.as_deref(),
            ..About::party(fact.party, fact.day)
        }
    }

    pub fn usage(cell: &'f UsageCell, party: Option<PartyId>) -> About<'f> {
        About {
            party,
            plan: None,
            day: cell.day,
            provider: cell.provider.as_deref(),
            model: cell.model.as_deref(),
            cell: Some(cell),
            basis: None,
        }
    }

    pub fn party(party: PartyId, day: Day) -> About<'f> {
        About {
            party: Some(party),
            plan: None,
            day,
            provider: None,
            model: None,
            cell: None,
            basis: None,
        }
    }

    /// The value of a dimension that the fact does not share with its party.
    pub fn own(&self, dimension: &Dimension) -> Option<&'f str> {
        let is_plan = matches!(dimension, Dimension::Attribute(name) if name == "plan");
        self.plan.filter(|_| is_plan)
    }

    pub fn label(&self, dimension: &Dimension) -> Option<Cow<'f, str>> {
        let text = match dimension {
            Dimension::Feature => self.cell?.feature.as_deref(),
            Dimension::Provider => self.provider,
            Dimension::Model => self.model,
            Dimension::Basis => self.basis.map(Basis::word),
            Dimension::Tier => self.cell?.tier.as_deref(),
            Dimension::Usage(_, at) => self.cell?.dimensions.get(*at)?.as_deref(),
            Dimension::Customer | Dimension::Attribute(_) => None,
            time => return time.of_day(self.day).map(Cow::Owned),
        };
        text.map(Cow::Borrowed)
    }

    /// Whether all filters let it pass.
    pub fn passes(&self, filters: &[Filter], identity: &Identity) -> bool {
        filters.iter().all(|filter| {
            let label = self.value(identity, &filter.dimension);
            filter.passes(label.as_deref())
        })
    }

    /// The value of any dimension, for filters.
    fn value(&self, identity: &Identity, dimension: &Dimension) -> Option<String> {
        if let Some(own) = self.own(dimension) {
            return Some(own.to_string());
        }
        match (self.party, dimension) {
            (Some(party), of_party) if of_party.is_of_party() => {
                party::label(identity, party, of_party, self.day)
            }
            (None, Dimension::Customer) => Some(UNATTRIBUTED.to_string()),
            _ => self.label(dimension).map(Cow::into_owned),
        }
    }
}

/// Tells which facts pass filters, as rows do.
#[derive(Clone, Copy, Debug)]
pub struct Sieve<'a> {
    /// All must pass.
    pub filters: &'a [Filter],
    /// Who is who.
    pub identity: &'a Identity,
}

impl Sieve<'_> {
    /// Whether a cost passes.
    pub fn cost(&self, fact: &CostFact<'_>) -> bool {
        About::cost(fact).passes(self.filters, self.identity)
    }

    /// Whether revenue passes. Revenue must be cut where the filters ask.
    pub fn revenue(&self, fact: &RevenueFact<'_>) -> bool {
        About::revenue(fact).passes(self.filters, self.identity)
    }

    /// Whether usage passes, with its owner.
    pub fn usage(&self, cell: &UsageCell, party: Option<PartyId>) -> bool {
        About::usage(cell, party).passes(self.filters, self.identity)
    }
}
