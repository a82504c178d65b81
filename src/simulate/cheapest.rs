//! What each lever alone would have to be to reach one goal for a plan.

use std::collections::BTreeMap;

use super::lever::{Measure, ModelSwap, ProviderPrice, Scenario, Selector};
use super::outcome::Outcome;
use super::plan::Unresolved;
use super::scenario::{World, simulate};
use super::solve::{By, Found, Goal, Question, plan_place, solve};
use crate::identity::PartyId;
use crate::model::{Exact, Meter};

/// A lever that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// `price`, `cap`, `model` or `provider discount`.
    pub lever: &'static str,
    /// What is changed: the plan, the meter, the present model, the provider.
    pub what: String,
    /// The value that reaches the goal; `None` if none does, or if none is needed.
    pub value: Option<String>,
    /// Revenue and cost of the plan's customers with it, or without it if none is needed; `None` if
    /// none reaches the goal.
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
    let world = world.without_views();
    let mut base = scenario.clone();
    let at = plan_place(&mut base, plan);
    let outcome = simulate(world, &base)?;
    let now = outcome.of_plan(at);
    let task = Task {
        world,
        base: &base,
        plan,
        at,
        goal,
        reached: goal.met(now.0, now.1).then_some(now),
    };
    let costs = Costs::of(world, &outcome, at);
    Ok(vec![
        task.price()?,
        task.cap()?,
        task.model(&costs)?,
        task.discount(&costs)?,
    ])
}

/// What is to be reached, and from where.
struct Task<'a> {
    world: World<'a>,
    base: &'a Scenario,
    plan: &'a str,
    /// The place of the plan in the scenario.
    at: usize,
    goal: Goal,
    /// Revenue and cost of the plan's customers as they are, if that reaches the goal already.
    reached: Option<(Exact, Exact)>,
}

impl Task<'_> {
    /// Revenue and cost of the plan's customers with a scenario.
    fn with(&self, scenario: &Scenario) -> Result<(Exact, Exact), Unresolved> {
        Ok(simulate(self.world, scenario)?.of_plan(self.at))
    }

    fn met(&self, (revenue, cost): (Exact, Exact)) -> bool {
        self.goal.met(revenue, cost)
    }

    /// A lever without a value: not needed, or not enough.
    fn nothing(&self, lever: &'static str, what: &str) -> Way {
        Way {
            lever,
            what: what.to_string(),
            value: None,
            then: self.reached,
        }
    }

    fn solved(&self, by: By) -> Result<(Found, Option<(Exact, Exact)>), Unresolved> {
        let question = Question {
            text: String::new(),
            plan: self.plan.to_string(),
            goal: self.goal,
            by,
        };
        let (answer, scenario) = solve(self.world, self.base, &question)?;
        let then = match answer.found {
            Found::Value(_) => Some(self.with(&scenario)?),
            Found::NotNeeded => self.reached,
            Found::NoneUpTo(_) => None,
        };
        Ok((answer.found, then))
    }

    fn price(&self) -> Result<Way, Unresolved> {
        let (found, then) = self.solved(By::Price)?;
        Ok(Way {
            lever: "price",
            what: self.plan.to_string(),
            value: found.value().map(|price| format!("{price}/month")),
            then,
        })
    }

    fn cap(&self) -> Result<Way, Unresolved> {
        let usage = self.world.usage;
        let measure = match usage.iter().any(|cell| !cell.requests.is_zero()) {
            true => Measure::Of(Meter::Requests),
            false => Measure::Tokens,
        };
        let mut way = self.nothing("cap", measure.name());
        let charged = self.base.plans.iter().any(|plan| !plan.usage.is_empty());
        if charged || usage.is_empty() || self.reached.is_some() {
            return Ok(way);
        }
        let (found, then) = self.solved(By::Cap(measure))?;
        way.value = found
            .value()
            .map(|cap| format!("{cap} {} a month", way.what));
        way.then = then;
        Ok(way)
    }

    /// The model of the logs that reaches the goal in the place of the one that costs most, and
    /// saves least: the least change. Models without a price for that usage are no answer.
    fn model(&self, costs: &Costs) -> Result<Way, Unresolved> {
        let Some(from) = Costs::largest(&costs.models) else {
            return Ok(self.nothing("model", ""));
        };
        let mut way = self.nothing("model", from);
        if self.reached.is_some() {
            return Ok(way);
        }
        let cells = self.world.usage.iter();
        let mut names: Vec<&str> = cells.filter_map(|cell| cell.model.as_deref()).collect();
        names.sort();
        names.dedup();
        let mut best: Option<(&str, (Exact, Exact))> = None;
        for to in names.into_iter().filter(|to| to != from) {
            let mut tried = self.base.clone();
            let mut of = Selector {
                model: Some(vec![from.clone()]),
                ..Selector::default()
            };
            of.party.push(("plan".into(), vec![self.plan.to_string()]));
            tried.swaps.push(ModelSwap {
                from: from.clone(),
                of,
                provider: None,
                to: to.to_string(),
                input: Exact::ONE,
                output: Exact::ONE,
                cached: None,
            });
            let then = match self.with(&tried) {
                Ok(then) => then,
                Err(Unresolved::Unvalued(_) | Unresolved::TwoModels(..)) => continue,
                Err(other) => return Err(other),
            };
            let dearer = best.is_none_or(|(_, (_, cost))| then.1 > cost);
            if self.met(then) && dearer {
                best = Some((to, then));
            }
        }
        if let Some((to, then)) = best {
            way.value = Some(to.to_string());
            way.then = Some(then);
        }
        Ok(way)
    }

    /// The least discount of the provider that costs most.
    fn discount(&self, costs: &Costs) -> Result<Way, Unresolved> {
        let Some(provider) = Costs::largest(&costs.providers) else {
            return Ok(self.nothing("provider discount", ""));
        };
        let mut way = self.nothing("provider discount", provider);
        if self.reached.is_some() {
            return Ok(way);
        }
        let with = |steps: u64| {
            let mut tried = self.base.clone();
            tried.provider_prices.push(ProviderPrice {
                text: provider.clone(),
                provider: provider.clone(),
                models: None,
                meter: None,
                factor: Exact::ONE - Exact::new(i128::from(steps), 4),
            });
            self.with(&tried)
        };
        if !self.met(with(STEPS)?) {
            return Ok(way);
        }
        // Every cost of the provider falls in proportion, so the goal once reached stays reached.
        let (mut bad, mut good) = (0, STEPS);
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            match self.met(with(middle)?) {
                true => good = middle,
                false => bad = middle,
            }
        }
        way.value = Some(format!("{}%", Exact::new(i128::from(good), 2)));
        way.then = Some(with(good)?);
        Ok(way)
    }
}

/// Cost of the plan's customers, by model and by provider.
struct Costs {
    models: BTreeMap<String, Exact>,
    providers: BTreeMap<String, Exact>,
}

impl Costs {
    fn of(world: World<'_>, outcome: &Outcome, plan: usize) -> Costs {
        let rows = outcome.rows.iter();
        let members = rows.filter(|row| outcome.is_of_plan(plan, row));
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
