//! Which amounts a knob moves, each by a formula of its own: charges, what minimums fill up, and costs
//! that are divided.

use super::costs::{self, Step};
use super::formula::Formula;
use super::groups::brought;
use super::knob::Knob;
use super::lever::{Rate, Scenario};
use super::membership::Membership;
use super::plan::{Unresolved, reprice};
use super::scenario::{World, is_shown};
use super::served::Served;
use crate::identity::PartyId;
use crate::model::Exact;

/// An amount that moves.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Whose; `None` for cost without a customer.
    pub party: Option<PartyId>,
    /// Whether it is a cost, and not revenue.
    pub cost: bool,
    /// What it is.
    pub formula: Formula,
}

/// The amounts that a knob moves; `None` where more depends on it than single amounts.
///
/// # Errors
/// If the scenario cannot be worked out.
pub fn moving(
    world: World<'_>,
    scenario: &Scenario,
    knob: Knob,
) -> Result<Option<Vec<Amount>>, Unresolved> {
    let plan = |at: usize| &scenario.plans[at];
    match knob {
        Knob::Overage(at, place)
        | Knob::Included(at, place)
        | Knob::TierPrice(at, place, _)
        | Knob::TierFlat(at, place, _) => {
            // A minimum makes up for what a charge does not bring.
            if scenario.plans.iter().any(|plan| plan.minimum.is_some()) {
                return Ok(None);
            }
            if matches!(knob, Knob::Included(..)) && !plan(at).usage[place].tiers().is_empty() {
                return Ok(None);
            }
            charged(world, scenario, knob, at, place).map(Some)
        }
        Knob::Minimum(at) => filled(world, scenario, at).map(Some),
        Knob::Cap(at) => {
            let capped = scenario.plans.iter().filter(|plan| plan.cap.is_some());
            let mut prices = scenario.provider_prices.iter();
            let by_meter = prices.any(|price| price.meter.is_some());
            let more = by_meter || !scenario.swaps.is_empty() || !plan(at).usage.is_empty();
            if more || capped.count() > 1 {
                return Ok(None);
            }
            capped_costs(world, scenario, knob)
        }
        Knob::ProviderPrice(_) => divided_costs(world, scenario, knob, ["1", "2", "3"]),
        Knob::Tokens(_) | Knob::InputTokens(_) | Knob::OutputTokens(_) => {
            divided_costs(world, scenario, knob, ["1", "2", "3"])
        }
        Knob::Cached(_) => divided_costs(world, scenario, knob, ["0.25", "0.5", "0.75"]),
        Knob::Price(..) | Knob::PerSeat(_) | Knob::Discount(_) | Knob::Growth(_) => Ok(None),
    }
}

/// Charges of one usage term: straight in its prices, and above what is included.
fn charged(
    world: World<'_>,
    scenario: &Scenario,
    knob: Knob,
    at: usize,
    place: usize,
) -> Result<Vec<Amount>, Unresolved> {
    let membership = Membership::of(world);
    let served = Served::of(world, &membership, scenario);
    let terms = |value: Exact| knob.with(scenario, value).plans[at].usage[place].clone();
    let (zero, one) = (terms(Exact::ZERO), terms(Exact::ONE));
    let mut amounts = Vec::new();
    for (party, month, units) in served.units(world, &membership, scenario, at) {
        let charge = (party, month, Exact::ZERO);
        if !is_shown(world, &scenario.plans[at].plan, &charge) {
            continue;
        }
        let units = units[place];
        let formula = match (knob, &zero.rate) {
            (Knob::Included(..), Rate::Flat(price)) => Formula {
                factor: *price,
                floor: true,
                ..Formula::line(units, -Exact::ONE, world.places)
            },
            _ => {
                let fixed = zero.amount(units);
                Formula::line(fixed, one.amount(units) - fixed, world.places)
            }
        };
        if !(formula.slope.is_zero() || formula.factor.is_zero()) {
            amounts.push(Amount {
                party: Some(party),
                cost: false,
                formula,
            });
        }
    }
    Ok(amounts)
}

/// What a minimum fills up.
fn filled(world: World<'_>, scenario: &Scenario, at: usize) -> Result<Vec<Amount>, Unresolved> {
    let membership = Membership::of(world);
    let after = reprice(world, &membership, scenario)?.book;
    let served = Served::of(world, &membership, scenario);
    let usage = served.charges(world, &membership, scenario);
    let mut amounts = Vec::new();
    for (party, month, brings) in brought(world, &membership, scenario, &after, &usage, at) {
        let charge = (party, month, Exact::ZERO);
        if is_shown(world, &scenario.plans[at].plan, &charge) {
            amounts.push(Amount {
                party: Some(party),
                cost: false,
                formula: Formula {
                    floor: true,
                    ..Formula::line(-brings, Exact::ONE, world.places)
                },
            });
        }
    }
    Ok(amounts)
}

/// An amount of cost in the making: whose, the amount now, and its steps.
type Made = (Option<PartyId>, Exact, Vec<Step>);

/// Every cost that a scenario touches; `None` where one has no price.
fn made(world: World<'_>, scenario: &Scenario) -> Option<Vec<Made>> {
    let membership = Membership::of(world);
    let served = Served::of(world, &membership, scenario);
    let mut all = Vec::new();
    let walked = costs::walk(world, scenario, &served, &mut |entry, part, _, steps| {
        all.push((entry.party, part.amount, steps.to_vec()));
    });
    // At the values that are asked for, the price may not be needed.
    walked.is_ok().then_some(all)
}

/// Costs that a cap cuts: with a cap of zero, those of everybody who uses anything.
fn capped_costs(
    world: World<'_>,
    scenario: &Scenario,
    knob: Knob,
) -> Result<Option<Vec<Amount>>, Unresolved> {
    let Some(all) = made(world, &knob.with(scenario, Exact::ZERO)) else {
        return Ok(None);
    };
    let mut amounts = Vec::new();
    for (party, amount, steps) in all {
        let cap = steps.iter().enumerate().find_map(|(at, step)| match step {
            Step::Divided(_, used) => Some((at, *used)),
            Step::Times(_) => None,
        });
        let Some((at, used)) = cap else {
            continue;
        };
        let formula = Formula {
            most: Some(used),
            ..Formula::line(Exact::ZERO, Exact::ONE, 0)
        };
        let Some(formula) = complete(formula, amount, &steps, at, Some(used)) else {
            return Ok(None);
        };
        amounts.push(Amount {
            party,
            cost: true,
            formula,
        });
    }
    Ok(Some(amounts))
}

/// Costs in which one factor, or the numerator of one fraction, is a straight line in the value: told
/// from three values.
fn divided_costs(
    world: World<'_>,
    scenario: &Scenario,
    knob: Knob,
    at: [&str; 3],
) -> Result<Option<Vec<Amount>>, Unresolved> {
    let mut values = [Exact::ZERO; 3];
    let mut all = Vec::new();
    for (value, text) in values.iter_mut().zip(at) {
        *value = Exact::parse(text).unwrap_or_default();
        match made(world, &knob.with(scenario, *value)) {
            Some(made) => all.push(made),
            None => return Ok(None),
        }
    }
    let [one, two, three] = all.as_slice() else {
        return Ok(None);
    };
    if one.len() != two.len() || one.len() != three.len() {
        return Ok(None);
    }
    let mut amounts = Vec::new();
    for ((one, two), three) in one.iter().zip(two).zip(three) {
        let Some(formula) = straight(values, [one, two, three]) else {
            return Ok(None);
        };
        if !formula.slope.is_zero() {
            amounts.push(Amount {
                party: one.0,
                cost: true,
                formula,
            });
        }
    }
    Ok(Some(amounts))
}

/// How a value moves an amount in the making; a formula without slope where it does not. `None` where
/// that is no straight line.
fn straight(values: [Exact; 3], of: [&Made; 3]) -> Option<Formula> {
    let [one, two, three] = of.map(|made| made.2.as_slice());
    let same = (of[0].0, of[0].1) == (of[1].0, of[1].1) && one.len() == two.len();
    if !same || one.len() != three.len() {
        return None;
    }
    let Some(at) = (0..one.len()).find(|at| one[*at] != two[*at]) else {
        return (one == three).then_some(Formula::line(Exact::ZERO, Exact::ZERO, 0));
    };
    let (n, denominator) = match [one[at], two[at], three[at]] {
        [Step::Times(a), Step::Times(b), Step::Times(c)] => ([a, b, c], None),
        [
            Step::Divided(a, d),
            Step::Divided(b, e),
            Step::Divided(c, f),
        ] if d == e && d == f => ([a, b, c], Some(d)),
        _ => return None,
    };
    let (more, step) = (n[1] - n[0], values[1] - values[0]);
    let slope = Exact::ratio(more, step, more.places() + 2)?;
    let fixed = n[0] - slope * values[0];
    let line = |value: Exact| fixed + slope * value;
    let rest = one[at + 1..] == two[at + 1..] && one[at + 1..] == three[at + 1..];
    if !rest || line(values[1]) != n[1] || line(values[2]) != n[2] {
        return None;
    }
    let formula = Formula::line(fixed, slope, 0);
    complete(formula, of[0].1, one, at, denominator)
}

/// A formula with what comes before and behind the step that moves; `None` where something is divided
/// behind it.
fn complete(
    formula: Formula,
    amount: Exact,
    steps: &[Step],
    at: usize,
    denominator: Option<Exact>,
) -> Option<Formula> {
    let factor = steps[..at]
        .iter()
        .fold(amount, |amount, step| step.on(amount));
    let mut after = Exact::ONE;
    for step in &steps[at + 1..] {
        match step {
            Step::Times(factor) => after = after * *factor,
            Step::Divided(..) => return None,
        }
    }
    Some(Formula {
        factor,
        denominator: denominator.unwrap_or(Exact::ONE),
        places: denominator.map(|_| costs::places_of(factor)),
        after,
        ..formula
    })
}
