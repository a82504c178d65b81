//! What a scenario asks for that cannot be worked out, whatever the numbers.

use super::lever::{ModelSwap, Scenario};
use super::plan::Unresolved;
use super::scenario::World;
use super::served;
use crate::revenue::{Basis, Obligation};

/// Refuses what cannot be worked out for this period and log.
///
/// # Errors
/// A part of a month, a meter that no log has, two models for the same usage.
pub fn check(world: World<'_>, scenario: &Scenario) -> Result<(), Unresolved> {
    let period = world.statement.period;
    let whole = period.start == period.start.month().first_day()
        && period.end == period.end.month().first_day();
    if scenario.rates_months() && !whole {
        return Err(Unresolved::PartOfMonth);
    }
    // Whole amounts at once say nothing of the months that they are for.
    let without_period =
        |line: &Obligation| line.recurring != Some(false) && line.service.0 == line.service.1;
    if let Basis::Billed | Basis::Cash = world.book.basis
        && let Some(plan) = scenario.plans.iter().find(|plan| plan.minimum.is_some())
        && world.book.obligations.iter().any(without_period)
    {
        return Err(Unresolved::MinimumNotByMonth(plan.plan.clone()));
    }
    served::check(scenario, world.usage).map_err(Unresolved::NoSuchMeter)?;
    for (at, swap) in scenario.swaps.iter().enumerate() {
        // Which of two models takes the place of one is not for us to choose.
        let overlaps = |other: &&ModelSwap| {
            let both = |a: &Option<Vec<String>>, b: &Option<Vec<String>>| match (a, b) {
                (Some(a), Some(b)) => a.iter().any(|value| b.contains(value)),
                _ => true,
            };
            let party = |(name, values): &(String, Vec<String>)| {
                let same = other.of.party.iter().filter(|(other, _)| other == name);
                let mut apart = same.map(|(_, other)| !values.iter().any(|v| other.contains(v)));
                !apart.any(|apart| apart)
            };
            both(&swap.of.model, &other.of.model)
                && both(&swap.of.feature, &other.of.feature)
                && both(&swap.of.provider, &other.of.provider)
                && swap.of.party.iter().all(party)
        };
        if let Some(other) = scenario.swaps[at + 1..].iter().find(overlaps) {
            let words = |swap: &ModelSwap| format!("{}={}", swap.from, swap.to);
            return Err(Unresolved::TwoModels(words(swap), words(other)));
        }
    }
    Ok(())
}
