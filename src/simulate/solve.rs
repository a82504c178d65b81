//! The value of one lever that reaches a goal, to the last unit.
//!
//! Every value is tried on the scenario itself, with all its rounding: the answer reaches the goal,
//! and one unit less does not.

use super::curve::Curve;
use super::knob::Knob;
use super::lever::{Measure, NewPrice, Rate, Scenario};
use super::plan::Unresolved;
use super::scenario::{World, simulate};
use super::sheet::Sheet;
use crate::model::Exact;

/// What is to be reached, by the plan's customers whom its new price and terms reach, everything they
/// pay and cost included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A gross margin, as a ratio below 1.
    Margin(Exact),
    /// A gross profit.
    Profit(Exact),
}

impl Goal {
    /// Whether revenue and cost reach it.
    pub fn met(self, revenue: Exact, cost: Exact) -> bool {
        match self {
            Goal::Margin(margin) => revenue.is_positive() && revenue - cost >= margin * revenue,
            Goal::Profit(profit) => revenue - cost >= profit,
        }
    }
}

/// The lever that is to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The price: the least one.
    Price,
    /// The price of a unit above what is included: the least one.
    Overage,
    /// The cap: the largest one.
    Cap(Measure),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// As the user wrote it.
    pub text: String,
    /// The plan.
    pub plan: String,
    /// The goal.
    pub goal: Goal,
    /// The lever.
    pub by: By,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The value that reaches the goal.
    Value(Exact),
    /// The goal is reached without it.
    NotNeeded,
    /// No value up to this one reaches the goal; of caps, no value at all.
    NoneUpTo(Exact),
}

impl Found {
    /// The value, if there is one.
    pub fn value(self) -> Option<Exact> {
        match self {
            Found::Value(value) => Some(value),
            Found::NotNeeded | Found::NoneUpTo(_) => None,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// The value, or why there is none.
    pub found: Found,
    /// The smallest step of the value.
    pub step: Exact,
}

/// Overage prices have this many decimals more than the currency.
const FINER: u8 = 4;
/// No value has more steps than this.
const MOST: u64 = 1 << 50;

/// Solves a question in a scenario, whose other levers stay. Returns the answer and the scenario
/// with it; where there is no value, the scenario as it was.
///
/// # Errors
/// As [`simulate`]; and if the scenario has no overage price to solve for, or charges for usage that
/// a cap would cut too.
pub fn solve(
    world: World<'_>,
    given: &Scenario,
    question: &Question,
) -> Result<(Answer, Scenario), Unresolved> {
    let world = world.without_views();
    let mut scenario = given.clone();
    let at = plan_place(&mut scenario, &question.plan);
    let meets = |tried: &Scenario| meets(world, tried, at, question.goal);
    let (step, found, with): (Exact, Found, Box<dyn Fn(Exact) -> Scenario>) = match &question.by {
        By::Price => {
            let step = Exact::new(1, world.places);
            let place = price_place(&mut scenario, at);
            let knob = Knob::Price(at, place);
            let curve = Curve::of(world, &scenario, knob, &simulate(world, &scenario)?)?;
            let with = move |price| knob.with(&scenario, price);
            let least = least(step, |price| match &curve {
                Some(curve) => {
                    let point = curve.at(price);
                    Ok(question.goal.met(point.own_revenue, point.own_cost))
                }
                None => meets(&with(price)),
            })?;
            (step, up_to(least, step), Box::new(with))
        }
        By::Overage => {
            let step = Exact::new(1, world.places + FINER);
            let flat = |rate: &Rate| matches!(rate, Rate::Flat(_));
            let terms = &scenario.plans[at].usage;
            let Some(term) = terms.iter().position(|terms| flat(&terms.rate)) else {
                return Err(Unresolved::NoOverage(question.plan.clone()));
            };
            let knob = Knob::Overage(at, term);
            let base = simulate(world, &scenario)?;
            let sheet = Sheet::of(world, &scenario, knob, &base, step.places())?;
            let with = move |price| knob.with(&scenario, price);
            let least = least(step, |price| match on(sheet.as_ref(), price) {
                Some((revenue, cost)) => Ok(question.goal.met(revenue, cost)),
                None => meets(&with(price)),
            })?;
            (step, up_to(least, step), Box::new(with))
        }
        By::Cap(measure) => {
            if scenario.plans.iter().any(|plan| !plan.usage.is_empty()) {
                return Err(Unresolved::CapWithCharges(question.plan.clone()));
            }
            scenario.plans[at].cap = Some((Exact::ZERO, measure.clone()));
            let knob = Knob::Cap(at);
            let base = simulate(world, &scenario)?;
            let sheet = Sheet::of(world, &scenario, knob, &base, 0)?;
            let with = move |cap| knob.with(&scenario, cap);
            let largest = largest(|cap| match on(sheet.as_ref(), cap) {
                Some((revenue, cost)) => Ok(question.goal.met(revenue, cost)),
                None => meets(&with(cap)),
            })?;
            (Exact::ONE, largest, Box::new(with))
        }
    };
    let answer = Answer {
        question: question.clone(),
        found,
        step,
    };
    let scenario = found.value().map_or_else(|| given.clone(), with);
    Ok((answer, scenario))
}

/// Revenue and cost of the plan's own customers at a value, where a sheet tells.
fn on(sheet: Option<&Sheet>, value: Exact) -> Option<(Exact, Exact)> {
    let points = sheet?.points(&[value])?;
    points
        .first()
        .map(|point| (point.own_revenue, point.own_cost))
}

/// Where the change of a plan stands in a scenario; it is added if there is none.
pub fn plan_place(scenario: &mut Scenario, plan: &str) -> usize {
    let at = scenario.plans.iter().position(|change| change.plan == plan);
    at.unwrap_or_else(|| {
        scenario.plans.push(super::PlanChange::of(plan));
        scenario.plans.len() - 1
    })
}

/// Where the price of a plan stands in a scenario: the first one that is not per year; the present
/// price times one if there is none.
fn price_place(scenario: &mut Scenario, plan: usize) -> usize {
    let prices = &mut scenario.plans[plan].prices;
    let found = prices
        .iter()
        .position(|price| !matches!(price, NewPrice::Year(_)));
    let place = found.unwrap_or_else(|| {
        prices.push(NewPrice::Month(Exact::ZERO));
        prices.len() - 1
    });
    // A percentage is solved as an amount.
    if matches!(prices[place], NewPrice::Factor(_)) {
        prices[place] = NewPrice::Month(Exact::ZERO);
    }
    place
}

/// Whether the customers of a plan whom a scenario reaches reach a goal.
fn meets(
    world: World<'_>,
    scenario: &Scenario,
    plan: usize,
    goal: Goal,
) -> Result<bool, Unresolved> {
    let world = world.without_views();
    let (revenue, cost) = simulate(world, scenario)?.of_plan(plan);
    Ok(goal.met(revenue, cost))
}

/// The least value, or that there is none within reach.
fn up_to(least: Option<Exact>, step: Exact) -> Found {
    least.map_or(Found::NoneUpTo(step * Exact::from(MOST)), Found::Value)
}

/// The least multiple of a step, from 0 up, that is good enough, where everything above it is too.
pub fn least<E>(
    step: Exact,
    mut good: impl FnMut(Exact) -> Result<bool, E>,
) -> Result<Option<Exact>, E> {
    if good(Exact::ZERO)? {
        return Ok(Some(Exact::ZERO));
    }
    let mut high = 1u64;
    while !good(step * Exact::from(high))? {
        high *= 2;
        if high > MOST {
            return Ok(None);
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match good(step * Exact::from(middle))? {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(Some(step * Exact::from(high)))
}

/// The largest whole number that is good enough, where everything below it is too. It is not needed
/// if every number is.
fn largest<E>(mut good: impl FnMut(Exact) -> Result<bool, E>) -> Result<Found, E> {
    if !good(Exact::ZERO)? {
        return Ok(Found::NoneUpTo(Exact::ZERO));
    }
    let first_bad = least(Exact::ONE, |value| good(value).map(|good| !good))?;
    Ok(first_bad.map_or(Found::NotNeeded, |bad| Found::Value(bad - Exact::ONE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_found_to_the_last_step() {
        let cent = Exact::new(1, 2);
        for threshold in [0u64, 1, 2, 3, 99, 100, 12_943, 1_000_000] {
            let wanted = cent * Exact::from(threshold);
            let found = least::<()>(cent, |value| Ok(value >= wanted)).unwrap();
            assert_eq!(found, Some(wanted));
            let most = largest::<()>(|value| Ok(value <= Exact::from(threshold))).unwrap();
            assert_eq!(most, Found::Value(Exact::from(threshold)));
        }
        assert_eq!(least::<()>(cent, |_| Ok(false)).unwrap(), None);
        assert_eq!(largest::<()>(|_| Ok(true)).unwrap(), Found::NotNeeded);
        let none = largest::<()>(|_| Ok(false)).unwrap();
        assert_eq!(none, Found::NoneUpTo(Exact::ZERO));
    }

    #[test]
    fn goals() {
        let exact = |text| Exact::parse(text).unwrap();
        let half = Goal::Margin(exact("0.5"));
        assert!(half.met(exact("200"), exact("100")));
        assert!(!half.met(exact("199.99"), exact("100")));
        // Without revenue there is no margin.
        assert!(!half.met(Exact::ZERO, Exact::ZERO));
        assert!(Goal::Profit(exact("-5")).met(exact("5"), exact("10")));
    }
}
