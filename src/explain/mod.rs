//! One number walked back: the lines of revenue with their schedules, the charges with the share
//! that each gave, the ids that brought them here, and the prices that weighed them.
//!
//! Pure. The rule that must hold: the parts sum to the report's revenue and cost, to the last digit;
//! `Explanation::collect` is given the same facts as the report and leaves none out.

mod cost;
mod ids;
mod prices;

use std::collections::{BTreeMap, BTreeSet};

pub use cost::{CostPart, PartShare, Shared};
pub use ids::IdUsed;
pub use prices::PriceUsed;

use crate::attribution::{Attribution, CostFact, Pricing};
use crate::identity::{Identity, PartyId, UsageOwners};
use crate::margin::{Filter, Sieve, party};
use crate::model::{Exact, Period, UsageCell, Zone};
use crate::revenue::{Obligation, RevenueBook};

/// What an explanation is made of.
pub struct Inputs<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// Revenue.
    pub revenue: &'a RevenueBook,
    /// The folded log.
    pub usage: &'a [UsageCell],
    /// Prices of the run.
    pub pricing: &'a Pricing,
    /// Period.
    pub period: Period,
    /// The report's zone.
    pub zone: Zone,
    /// What is explained.
    pub filters: &'a [Filter],
}

/// One line of revenue.
#[derive(Clone, Debug)]
pub struct RevenuePart<'a> {
    /// The line.
    pub obligation: &'a Obligation,
    /// Revenue of it before the period.
    pub earlier: Exact,
    /// Revenue of it that counts here: in the period, as far as the filters take it.
    pub amount: Exact,
    /// Revenue of it after the period, and in the period where the filters leave it out.
    pub later: Exact,
}

/// A number with everything that it is made of.
#[derive(Debug, Default)]
pub struct Explanation<'a> {
    /// Lines of revenue, in order of their places; none where the filters ask for what revenue does
    /// not have.
    pub revenue: Vec<RevenuePart<'a>>,
    /// Charges, estimates and shared costs.
    pub cost: Vec<CostPart>,
    /// The ids that brought them here.
    pub ids: Vec<IdUsed>,
    /// The prices of the usage behind them.
    pub prices: Vec<PriceUsed>,
    /// Whose they are.
    pub parties: BTreeSet<PartyId>,
}

impl<'a> Explanation<'a> {
    /// Collects the parts. `attribute` must hand every cost fact, with its usage cell, to the
    /// function it is given.
    pub fn collect(
        inputs: &Inputs<'a>,
        attribute: impl FnOnce(&mut dyn FnMut(&CostFact<'_>)) -> Attribution,
    ) -> Explanation<'a> {
        let sieve = Sieve {
            filters: inputs.filters,
            identity: inputs.identity,
        };
        let mut costs = cost::Collecting::default();
        let mut prices = prices::Collecting::new(inputs.pricing);
        let mut used = ids::Collecting::new(inputs.identity);
        let mut explanation = Explanation::default();
        attribute(&mut |fact| {
            let passes = sieve.cost(fact);
            costs.take(fact, passes);
            if passes {
                prices.take(fact);
                used.cost(fact);
            }
        });
        explanation.cost = costs.finish();
        explanation.prices = prices.finish();
        if inputs.filters.iter().all(|f| f.dimension.has_revenue()) {
            explanation.revenue = revenue(inputs, sieve);
        }
        for part in &explanation.revenue {
            used.revenue(part.obligation, inputs.zone.day(part.obligation.invoiced));
            explanation.parties.insert(part.obligation.party);
        }
        let mut owners = UsageOwners::new(inputs.identity);
        for cell in inputs
            .usage
            .iter()
            .filter(|c| inputs.period.contains(c.day))
        {
            let party = owners.owner(cell);
            if sieve.usage(cell, party) {
                explanation.parties.extend(party);
                used.usage(cell);
            }
        }
        let holders = explanation.cost.iter().filter_map(|part| part.party);
        explanation.parties.extend(holders.collect::<Vec<_>>());
        explanation.ids = used.finish();
        explanation
    }

    /// Revenue of all parts.
    pub fn earned(&self) -> Exact {
        self.revenue.iter().map(|part| part.amount).sum()
    }

    /// Cost of all parts.
    pub fn spent(&self) -> Exact {
        self.cost.iter().map(|part| part.amount).sum()
    }
}

/// The lines of revenue that pass, each with what lies before and after.
fn revenue<'a>(inputs: &Inputs<'a>, sieve: Sieve<'_>) -> Vec<RevenuePart<'a>> {
    let asked: Vec<_> = inputs.filters.iter().map(|f| f.dimension.clone()).collect();
    let cuts = party::all_cuts(inputs.identity, &asked, inputs.period);
    let mut parts: Vec<RevenuePart<'a>> = Vec::new();
    let address = |one: &Obligation| std::ptr::from_ref(one).addr();
    let lines = inputs.revenue.obligations.iter();
    let known: BTreeMap<usize, &'a Obligation> = lines.map(|one| (address(one), one)).collect();
    let start = inputs.zone.start_of(inputs.period.start);
    // Facts of one line come one after the other.
    inputs.revenue.facts(inputs.period, &cuts, &mut |fact| {
        if !sieve.revenue(fact) {
            return;
        }
        let place = &fact.obligation.origin;
        if let Some(part) = parts.last_mut()
            && std::ptr::eq(part.obligation, fact.obligation)
        {
            part.amount += fact.amount;
            part.later -= fact.amount;
            return;
        }
        let Some(obligation) = known.get(&address(fact.obligation)).copied() else {
            unreachable!("revenue of {}:{} is in its book", place.file, place.line)
        };
        let earlier = obligation.schedule.recognized_until(start);
        parts.push(RevenuePart {
            obligation,
            earlier,
            amount: fact.amount,
            later: obligation.schedule.total() - earlier - fact.amount,
        });
    });
    parts.sort_by_key(|part| {
        let one = part.obligation;
        (one.origin.file.clone(), one.origin.line, one.service)
    });
    parts
}
