//! What each lever alone would have to be to reach one goal for a plan.

use std::collections::BTreeMap;

use super::lever::{Measure, ModelSwap, PlanChange, ProviderPrice, Scenario, Selector};
use super::plan::Unresolved;
use super::scenario::{Outcome, World, simulate};
use super::solve::{By, Goal, Question, own, solve};
use crate::identity::PartyId;
use crate::margin::RowKind;
use crate::model::{Exact, Meter};

/// A lever that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// `price`, `cap`, `model` or `provider discount`.
    pub lever: &'static str,
    /// What is changed: the plan, the meter, the present model, the provider.
    pub what: String,
    /// The value that reaches the goal; `None` if none does.
    pub value: Option<String>,
    /// Revenue and cost of the plan's customers with it.
    pub then: Option<(Exact, Exact)>,
}

/// Discounts are tried in steps of a hundredth of a per cent.
const STEPS: u64 = 10_000;

/// Tries the price, a cap, another model that the logs already have, and a discount of the provider
/// that costs most, each by itself on top of a scenario.
///
/// # Errors
/// As [`simulate`].
pub fn cheapest(
    world: World<'_>,
    scenario: &Scenario,
    plan: &str,
    goal: Goal,
) -> Result<Vec<Way>, Unresolved> {
    // Totals by plan and segment are not asked for.
    let world = World {
        views: &[],
        ..world
    };
    let mut base = scenario.clone();
    if !base.plans.iter().any(|change| change.plan == plan) {
        base.plans.push(PlanChange::of(plan));
    }
    let outcome = simulate(world, &base)?;
    let mut ways = vec![price(world, &base, plan, goal)?];
    ways.push(cap(world, &base, plan, goal)?);
    let costs = Costs::of(world, &outcome);
    ways.push(model(world, &base, plan, goal, &costs)?);
    ways.push(discount(world, &base, goal, &costs)?);
    Ok(ways)
}

fn question(plan: &str, goal: Goal, by: By) -> Question {
    Question {
        text: String::new(),
        plan: plan.to_string(),
        goal,
        by,
    }
}

fn price(world: World<'_>, base: &Scenario, plan: &str, goal: Goal) -> Result<Way, Unresolved> {
    let (answer, scenario) = solve(world, base, &question(plan, goal, By::Price))?;
    let then = match answer.value {
        Some(_) => Some(own(&simulate(world, &scenario)?)),
        None => None,
    };
    Ok(Way {
        lever: "price",
        what: plan.to_string(),
        value: answer.value.map(|price| format!("{price}/month")),
        then,
    })
}

fn cap(world: World<'_>, base: &Scenario, plan: &str, goal: Goal) -> Result<Way, Unresolved> {
    let requests = world.usage.iter().any(|cell| !cell.requests.is_zero());
    let measure = match requests {
        true => Measure::Of(Meter::Requests),
        false => Measure::Tokens,
    };
    let mut way = Way {
        lever: "cap",
        what: measure.name().to_string(),
        value: None,
        then: None,
    };
    let charged = base.plans.iter().any(|plan| !plan.usage.is_empty());
    if charged || world.usage.is_empty() {
        return Ok(way);
    }
    let (answer, scenario) = solve(world, base, &question(plan, goal, By::Cap(measure)))?;
    if let Some(cap) = answer.value {
        way.value = Some(format!("{cap} {} a month", way.what));
        way.then = Some(own(&simulate(world, &scenario)?));
    }
    Ok(way)
}

/// Cost of the plan's customers, by model and by provider.
struct Costs {
    models: BTreeMap<String, Exact>,
    providers: BTreeMap<String, Exact>,
}

impl Costs {
    fn of(world: World<'_>, outcome: &Outcome) -> Costs {
        let rows = outcome.rows.iter();
        let members = rows.filter(|row| row.repriced && row.now.kind == RowKind::Customer);
        let mut members: Vec<PartyId> = members.filter_map(|row| row.now.party).collect();
        members.sort();
        let mut costs = Costs {
            models: BTreeMap::new(),
            providers: BTreeMap::new(),
        };
        for entry in &world.costs.entries {
            let is_member = |party| members.binary_search(&party).is_ok();
            if entry.party.is_none_or(|party| !is_member(party)) {
                continue;
            }
            let amount: Exact = entry.parts.iter().map(|part| part.amount).sum();
            if let Some(model) = &entry.model {
                *costs.models.entry(model.clone()).or_default() += amount;
            }
            if let Some(provider) = &entry.provider {
                *costs.providers.entry(provider.clone()).or_default() += amount;
            }
        }
        costs
    }

    /// The name with the largest cost; of equal ones the first.
    fn largest(of: &BTreeMap<String, Exact>) -> Option<&String> {
        let largest = of.iter().rev().max_by_key(|(_, cost)| **cost)?;
        Some(largest.0)
    }
}

/// The model of the logs that reaches the goal in the place of the one that costs most, and saves
/// least: the least change. Models without a price for that usage are no answer.
fn model(
    world: World<'_>,
    base: &Scenario,
    plan: &str,
    goal: Goal,
    costs: &Costs,
) -> Result<Way, Unresolved> {
    let Some(from) = Costs::largest(&costs.models) else {
        return Ok(nothing("model", ""));
    };
    let mut way = nothing("model", from);
    let mut names: Vec<&str> = world
        .usage
        .iter()
        .filter_map(|cell| cell.model.as_deref())
        .collect();
    names.sort();
    names.dedup();
    let mut best: Option<(Exact, String, (Exact, Exact))> = None;
    for to in names.into_iter().filter(|to| to != from) {
        let mut tried = base.clone();
        let mut of = Selector {
            model: Some(vec![from.clone()]),
            ..Selector::default()
        };
        of.party.push(("plan".into(), vec![plan.to_string()]));
        tried.swaps.push(ModelSwap {
            from: from.clone(),
            of,
            provider: None,
            to: to.to_string(),
            input: Exact::ONE,
            output: Exact::ONE,
            cached: None,
        });
        let outcome = match simulate(world, &tried) {
            Ok(outcome) => outcome,
            Err(Unresolved::Unvalued(_) | Unresolved::TwoModels(..)) => continue,
            Err(other) => return Err(other),
        };
        let (revenue, cost) = own(&outcome);
        let dearer = best.as_ref().is_none_or(|(known, _, _)| cost > *known);
        if goal.met(revenue, cost) && dearer {
            best = Some((cost, to.to_string(), (revenue, cost)));
        }
    }
    if let Some((_, to, then)) = best {
        way.value = Some(to);
        way.then = Some(then);
    }
    Ok(way)
}

fn nothing(lever: &'static str, what: &str) -> Way {
    Way {
        lever,
        what: what.to_string(),
        value: None,
        then: None,
    }
}

/// The least discount of the provider that costs most.
fn discount(
    world: World<'_>,
    base: &Scenario,
    goal: Goal,
    costs: &Costs,
) -> Result<Way, Unresolved> {
    let Some(provider) = Costs::largest(&costs.providers) else {
        return Ok(nothing("provider discount", ""));
    };
    let mut way = nothing("provider discount", provider);
    let with = |steps: u64| {
        let mut tried = base.clone();
        tried.provider_prices.push(ProviderPrice {
            text: provider.clone(),
            provider: provider.clone(),
            models: None,
            meter: None,
            factor: Exact::ONE - Exact::new(i128::from(steps), 4),
        });
        simulate(world, &tried).map(|outcome| own(&outcome))
    };
    let met = |steps: u64| with(steps).map(|(revenue, cost)| goal.met(revenue, cost));
    if !met(STEPS)? {
        return Ok(way);
    }
    // Every cost of the provider falls in proportion, so the goal once reached stays reached.
    let (mut bad, mut good) = (None, STEPS);
    while bad.map_or(good, |bad: u64| good - bad - 1) > 0 {
        let low = bad.map_or(0, |bad| bad + 1);
        let middle = low + (good - low) / 2;
        match met(middle)? {
            true => good = middle,
            false => bad = Some(middle),
        }
    }
    way.value = Some(format!("{}%", Exact::new(i128::from(good), 2)));
    way.then = Some(with(good)?);
    Ok(way)
}
