//! What each lever alone would have to be to reach one goal for a plan.

use std::collections::BTreeMap;

use super::lever::{Measure, ModelSwap, ProviderPrice, Scenario, Selector};
use super::outcome::Outcome;
use super::plan::Unresolved;
use super::scenario::{World, simulate};
use super::solve::{Answer, By, Found, Goal, Question, plan_place, solve};
use crate::identity::PartyId;
use crate::model::{Exact, Meter};

/// A lever, and what it can do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// `price`, `cap`, `model` or `provider discount`.
    pub lever: &'static str,
    /// What is changed: the plan, the meter, the present model, the provider.
    pub what: String,
    /// What was found.
    pub reach: Reach,
}

/// What a lever can do by itself. With it come revenue and cost of the plan's customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This value reaches the goal.
    Value(String, (Exact, Exact)),
    /// The goal is reached without it.
    NotNeeded((Exact, Exact)),
    /// What was tried, none of which reaches the goal.
    None(String),
    /// Why it was not tried.
    NotTried(String),
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

    fn way(&self, lever: &'static str, what: &str, reach: Reach) -> Way {
        Way {
            lever,
            what: what.to_string(),
            reach,
        }
    }

    fn solved(&self, by: By) -> Result<(Answer, Option<(Exact, Exact)>), Unresolved> {
        let question = Question {
            text: String::new(),
            plan: self.plan.to_string(),
            goal: self.goal,
            by,
        };
        let (answer, scenario) = solve(self.world, self.base, &question)?;
        let then = match answer.found {
            Found::Value(_) => Some(self.with(&scenario)?),
            Found::NotNeeded | Found::NoneUpTo(_) => None,
        };
        Ok((answer, then))
    }

    /// What was found, in the words of one value; `tried` says what was tried if nothing was.
    fn reach(
        &self,
        (answer, then): (Answer, Option<(Exact, Exact)>),
        words: impl Fn(Exact) -> String,
        tried: impl Fn(Exact) -> String,
    ) -> Result<Reach, Unresolved> {
        Ok(match (answer.found, then, self.reached) {
            (Found::Value(value), Some(then), _) => Reach::Value(words(value), then),
            (_, _, Some(reached)) => Reach::NotNeeded(reached),
            (Found::NoneUpTo(limit), ..) => Reach::None(tried(limit)),
            (Found::Value(_) | Found::NotNeeded, ..) => Reach::NotNeeded(self.with(self.base)?),
        })
    }

    fn price(&self) -> Result<Way, Unresolved> {
        let words = |price| format!("{price}/month");
        let tried = |limit| format!("0 to {limit}/month");
        let reach = self.reach(self.solved(By::Price)?, words, tried)?;
        Ok(self.way("price", self.plan, reach))
    }

    fn cap(&self) -> Result<Way, Unresolved> {
        let usage = self.world.usage;
        let measure = match usage.iter().any(|cell| !cell.requests.is_zero()) {
            true => Measure::Of(Meter::Requests),
            false => Measure::Tokens,
        };
        let what = measure.name().to_string();
        let charged = self.base.plans.iter().any(|plan| !plan.usage.is_empty());
        let reach = match self.reached {
            Some(reached) => Reach::NotNeeded(reached),
            None if usage.is_empty() => Reach::NotTried("no usage log was read".into()),
            None if charged => {
                Reach::NotTried("usage is charged, so a cap cuts revenue too".into())
            }
            None => {
                let words = |cap| format!("{cap} {what} a month");
                let tried = |_| format!("every cap down to 1 {what} a month");
                match self.solved(By::Cap(measure))? {
                    // No usage at all is no cap.
                    (answer, _) if answer.found.value().is_some_and(|cap| cap.is_zero()) => {
                        Reach::None(tried(Exact::ZERO))
                    }
                    solved => self.reach(solved, words, tried)?,
                }
            }
        };
        Ok(self.way("cap", &what, reach))
    }

    /// The model of the logs that reaches the goal in the place of the one that costs most, and
    /// saves least: the least change. Models without a price for that usage are no answer.
    fn model(&self, costs: &Costs) -> Result<Way, Unresolved> {
        let Some(from) = Costs::largest(&costs.models) else {
            let why = "no cost of these customers names a model";
            return Ok(self.way("model", "", self.not_tried(why)));
        };
        if let Some(reached) = self.reached {
            return Ok(self.way("model", from, Reach::NotNeeded(reached)));
        }
        let cells = self.world.usage.iter();
        let mut names: Vec<&str> = cells.filter_map(|cell| cell.model.as_deref()).collect();
        names.sort();
        names.dedup();
        let mut best: Option<(&str, (Exact, Exact))> = None;
        let mut tried_models: Vec<&str> = Vec::new();
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
            tried_models.push(to);
            let dearer = best.is_none_or(|(_, (_, cost))| then.1 > cost);
            if self.met(then) && dearer {
                best = Some((to, then));
            }
        }
        let reach = match best {
            Some((to, then)) => Reach::Value(to.to_string(), then),
            None if tried_models.is_empty() => {
                Reach::NotTried("the logs have no other model with a price for its usage".into())
            }
            None => Reach::None(tried_models.join(", ")),
        };
        Ok(self.way("model", from, reach))
    }

    /// The least discount of the provider that costs most.
    fn discount(&self, costs: &Costs) -> Result<Way, Unresolved> {
        let Some(provider) = Costs::largest(&costs.providers) else {
            let why = "no cost of these customers names a provider";
            return Ok(self.way("provider discount", "", self.not_tried(why)));
        };
        let way = |reach| Ok(self.way("provider discount", provider, reach));
        if let Some(reached) = self.reached {
            return way(Reach::NotNeeded(reached));
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
            return way(Reach::None("every discount up to 100%".into()));
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
        let value = format!("{}%", Exact::new(i128::from(good), 2));
        way(Reach::Value(value, with(good)?))
    }

    fn not_tried(&self, why: &str) -> Reach {
        match self.reached {
            Some(reached) => Reach::NotNeeded(reached),
            None => Reach::NotTried(why.to_string()),
        }
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
