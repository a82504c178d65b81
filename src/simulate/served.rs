//! The usage of customers on plans with terms: grown, capped, and counted month by month.

use std::collections::BTreeMap;

use super::costs::{About, divided, growth};
use super::lever::{Charge, Measure, PlanChange, Scenario};
use super::membership::Membership;
use super::scenario::World;
use crate::identity::{Identity, PartyId, UsageOwners};
use crate::model::{Day, Exact, Month, Period, UsageCell};

/// What is known about the usage of plans with terms.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// By place of the plan in the scenario, customer and month: the sums of the plan's measures,
    /// the cap's first, after growth and before the cap.
    sums: BTreeMap<(usize, PartyId, Month), Vec<Exact>>,
    /// The days on which capped customers are on capped plans, and what is served of what is used.
    capped: BTreeMap<(PartyId, Month), Vec<Capped>>,
}

/// What is served of a customer's use in a month, on some days.
#[derive(Clone, Debug)]
struct Capped {
    days: Vec<Period>,
    served: Exact,
    used: Exact,
}

/// The measures of a plan: the cap's, then those of each term.
fn measures(plan: &PlanChange) -> Vec<&Measure> {
    let cap = plan.cap.iter().map(|(_, measure)| measure);
    let terms = plan.usage.iter().flat_map(|terms| &terms.counted);
    cap.chain(terms.map(|(measure, _)| measure)).collect()
}

/// A measure that no usage of the log has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchMeter {
    /// The plan whose terms ask for it.
    pub plan: String,
    /// Its name.
    pub measure: String,
    /// The meters that the log has.
    pub known: Vec<String>,
}

/// Refuses terms on meters that no usage has.
///
/// # Errors
/// The first such meter.
pub fn check(scenario: &Scenario, usage: &[UsageCell]) -> Result<(), NoSuchMeter> {
    let wanted = scenario.plans.iter().flat_map(|plan| {
        let measures = measures(plan).into_iter();
        measures.map(move |measure| (plan, measure))
    });
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut known = std::collections::BTreeSet::new();
    for cell in usage {
        if !cell.requests.is_zero() {
            known.insert(crate::model::Meter::Requests);
        }
        for (meter, quantity) in &cell.quantities {
            if !quantity.is_zero() && !known.contains(meter) {
                known.insert(meter.clone());
            }
        }
    }
    for (plan, measure) in wanted {
        if !known.iter().any(|meter| measure.counts(meter)) {
            return Err(NoSuchMeter {
                plan: plan.plan.clone(),
                measure: measure.name().to_string(),
                known: known.iter().map(|meter| meter.name().to_string()).collect(),
            });
        }
    }
    Ok(())
}

impl Served {
    /// Counts it. A cap holds only where the terms of its plan do.
    pub fn of(world: World<'_>, membership: &Membership<'_>, scenario: &Scenario) -> Served {
        let (identity, period) = (world.identity, world.statement.period);
        let mut served = Served::default();
        let wanted: Vec<Vec<&Measure>> = scenario.plans.iter().map(measures).collect();
        if wanted.iter().all(Vec::is_empty) {
            return served;
        }
        let mut owners = UsageOwners::new(identity);
        for cell in world.usage.iter().filter(|cell| period.contains(cell.day)) {
            let Some(party) = owners.owner(cell) else {
                continue;
            };
            let Some(plan) = identity.party(party).attribute_on("plan", cell.day) else {
                continue;
            };
            let about = About {
                party: Some(party),
                day: cell.day,
                feature: cell.feature.as_deref(),
                provider: cell.provider.as_deref(),
                model: cell.model.as_deref(),
            };
            for (at, change) in scenario.plans.iter().enumerate() {
                if change.plan != plan || wanted[at].is_empty() {
                    continue;
                }
                let factor = growth(identity, scenario, about).fold(Exact::ONE, |a, b| a * b);
                let key = (at, party, cell.day.month());
                let none = || vec![Exact::ZERO; wanted[at].len()];
                let sums = served.sums.entry(key).or_insert_with(none);
                for (sum, measure) in sums.iter_mut().zip(&wanted[at]) {
                    *sum += quantity(cell, measure) * factor;
                }
            }
        }
        for ((at, party, month), sums) in &served.sums {
            let change = &scenario.plans[*at];
            let Some((cap, _)) = change.cap.as_ref().filter(|(cap, _)| *cap < sums[0]) else {
                continue;
            };
            if membership.reaches_month(scenario.apply, *party, month.first_day()) {
                let own = served.capped.entry((*party, *month)).or_default();
                own.push(Capped {
                    days: days_on(identity, *party, &change.plan, *month),
                    served: *cap,
                    used: sums[0],
                });
            }
        }
        served
    }

    /// What is served of what a customer uses on a day, if a cap cuts it.
    pub fn share(&self, party: PartyId, day: Day) -> Option<(Exact, Exact)> {
        let all = self.capped.get(&(party, day.month()))?;
        let on = |capped: &&Capped| capped.days.iter().any(|days| days.contains(day));
        all.iter()
            .find(on)
            .map(|capped| (capped.served, capped.used))
    }

    /// The units of each usage term of a plan, by customer and month in which the terms hold.
    pub fn units(
        &self,
        world: World<'_>,
        membership: &Membership<'_>,
        scenario: &Scenario,
        at: usize,
    ) -> Vec<(PartyId, Month, Vec<Exact>)> {
        let change = &scenario.plans[at];
        let holds = |(party, month): &(PartyId, Month)| {
            membership.reaches_month(scenario.apply, *party, month.first_day())
        };
        let held = on_plan(world.identity, &change.plan, world.statement.period).filter(holds);
        held.map(|(party, month)| {
            let sums = self.sums.get(&(at, party, month));
            let sums = sums.map(Vec::as_slice).unwrap_or_default();
            (party, month, units(change, sums))
        })
        .collect()
    }

    /// What the usage terms of the scenario charge, by place of the plan.
    pub fn charges(
        &self,
        world: World<'_>,
        membership: &Membership<'_>,
        scenario: &Scenario,
    ) -> Vec<(usize, Charge)> {
        let mut charges = Vec::new();
        for (at, change) in scenario.plans.iter().enumerate() {
            if change.usage.is_empty() {
                continue;
            }
            for (party, month, units) in self.units(world, membership, scenario, at) {
                let each = change.usage.iter().zip(units);
                let each = each.map(|(terms, units)| terms.charge(units, world.places));
                let amount: Exact = each.sum();
                if !amount.is_zero() {
                    charges.push((at, (party, month, amount)));
                }
            }
        }
        charges
    }
}

/// The units of each usage term of one customer and month.
fn units(change: &PlanChange, sums: &[Exact]) -> Vec<Exact> {
    let sum = |at: usize| sums.get(at).copied().unwrap_or_default();
    let cap = change.cap.as_ref().filter(|(cap, _)| *cap < sum(0));
    let mut at = usize::from(change.cap.is_some());
    let mut all = Vec::with_capacity(change.usage.len());
    for terms in &change.usage {
        let mut units = Exact::ZERO;
        for (measure, weight) in &terms.counted {
            let mut quantity = sum(at);
            if let Some((cap, own)) = cap {
                quantity = match own == measure {
                    true => *cap,
                    false => divided(quantity, *cap, sum(0)),
                };
            }
            units += quantity * *weight;
            at += 1;
        }
        all.push(units);
    }
    all
}

/// A cell's quantity of what is counted.
fn quantity(cell: &UsageCell, measure: &Measure) -> Exact {
    match measure {
        Measure::Of(meter) => cell.quantity(meter),
        Measure::Tokens => {
            let tokens = cell.quantities.iter().filter(|(meter, _)| meter.is_token());
            tokens.map(|(_, quantity)| quantity.exact()).sum()
        }
    }
}

/// The stretches of a month in which a customer is on a plan.
fn days_on(identity: &Identity, id: PartyId, plan: &str, month: Month) -> Vec<Period> {
    let party = identity.party(id);
    let whole = Period::month(month);
    let mut borders = vec![whole.start];
    borders.extend(party.changes("plan", whole));
    borders.push(whole.end);
    let stretches = borders.windows(2).map(|pair| Period {
        start: pair[0],
        end: pair[1],
    });
    stretches
        .filter(|days| party.attribute_on("plan", days.start) == Some(plan))
        .collect()
}

/// The customers on a plan in each month of a period, for at least a day.
pub fn on_plan<'a>(
    identity: &'a Identity,
    plan: &'a str,
    period: Period,
) -> impl Iterator<Item = (PartyId, Month)> + 'a {
    let parties = (0u32..).zip(identity.parties());
    let some = parties.filter(move |(_, party)| {
        let values = party.attributes.get("plan");
        values.is_some_and(|values| values.iter().any(|dated| dated.value == plan))
    });
    some.flat_map(move |(at, _)| {
        let months = period.months();
        let on = move |month: &Month| !days_on(identity, PartyId(at), plan, *month).is_empty();
        months.filter(on).map(move |month| (PartyId(at), month))
    })
}
