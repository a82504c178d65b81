//! The single values of a scenario that a grid may vary, so that what does not depend on them is worked
//! out once.

use super::lever::{NewPrice, Rate, Scenario};
use crate::model::Exact;

/// One value of a scenario, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knob {
    /// A price of a plan: the plan's place and the price's.
    Price(usize, usize),
    /// The price of a seat of a plan.
    PerSeat(usize),
    /// The ratio of a discount.
    Discount(usize),
    /// The factor of a growth of usage.
    Growth(usize),
    /// The factor of a provider's price.
    ProviderPrice(usize),
    /// The price of a unit above what is included: the plan's place and that of its usage terms.
    Overage(usize, usize),
    /// What is included of them.
    Included(usize, usize),
    /// The price of a unit in a tier: the places of the plan, of its usage terms and of the tier.
    TierPrice(usize, usize, usize),
    /// The flat amount of a tier.
    TierFlat(usize, usize, usize),
    /// The cap of a plan.
    Cap(usize),
    /// The minimum of a plan.
    Minimum(usize),
    /// The tokens of another model per token of the present one, input and output alike.
    Tokens(usize),
    /// The same of input tokens.
    InputTokens(usize),
    /// The same of output tokens.
    OutputTokens(usize),
    /// The share of another model's input that is read from its cache.
    Cached(usize),
}

impl Knob {
    /// Every knob of a scenario.
    pub fn all(scenario: &Scenario) -> Vec<Knob> {
        let mut knobs = Vec::new();
        for (at, plan) in scenario.plans.iter().enumerate() {
            knobs.extend((0..plan.prices.len()).map(|place| Knob::Price(at, place)));
            knobs.push(Knob::PerSeat(at));
            for terms in 0..plan.usage.len() {
                knobs.push(Knob::Overage(at, terms));
                knobs.push(Knob::Included(at, terms));
                for tier in 0..plan.usage[terms].tiers().len() {
                    knobs.push(Knob::TierPrice(at, terms, tier));
                    knobs.push(Knob::TierFlat(at, terms, tier));
                }
            }
            knobs.push(Knob::Cap(at));
            knobs.push(Knob::Minimum(at));
        }
        knobs.extend((0..scenario.discounts.len()).map(Knob::Discount));
        knobs.extend((0..scenario.growth.len()).map(Knob::Growth));
        knobs.extend((0..scenario.provider_prices.len()).map(Knob::ProviderPrice));
        for at in 0..scenario.swaps.len() {
            knobs.extend([Knob::InputTokens(at), Knob::OutputTokens(at)]);
            knobs.extend([Knob::Tokens(at), Knob::Cached(at)]);
        }
        knobs
    }

    /// The place of the plan that it is a value of.
    pub fn plan(self) -> Option<usize> {
        match self {
            Knob::Price(plan, _)
            | Knob::PerSeat(plan)
            | Knob::Overage(plan, _)
            | Knob::Included(plan, _)
            | Knob::TierPrice(plan, ..)
            | Knob::TierFlat(plan, ..)
            | Knob::Cap(plan)
            | Knob::Minimum(plan) => Some(plan),
            _ => None,
        }
    }

    /// Its value in a scenario; `None` where the scenario has no such place.
    pub fn value(self, scenario: &Scenario) -> Option<Exact> {
        let mut scenario = scenario.clone();
        if let Knob::Tokens(at) = self {
            let swap = scenario.swaps.get(at)?;
            return Some(swap.input).filter(|input| *input == swap.output);
        }
        self.place(&mut scenario).map(|place| *place)
    }

    /// The scenario with another value.
    pub fn with(self, scenario: &Scenario, value: Exact) -> Scenario {
        let mut scenario = scenario.clone();
        if let Some(place) = self.place(&mut scenario) {
            *place = value;
        }
        if let Knob::Tokens(at) = self
            && let Some(swap) = scenario.swaps.get_mut(at)
        {
            swap.output = value;
        }
        scenario
    }

    fn place(self, scenario: &mut Scenario) -> Option<&mut Exact> {
        match self {
            Knob::Price(plan, price) => {
                let price = scenario.plans.get_mut(plan)?.prices.get_mut(price)?;
                Some(match price {
                    NewPrice::Month(value) | NewPrice::Year(value) | NewPrice::Factor(value) => {
                        value
                    }
                })
            }
            Knob::PerSeat(plan) => scenario.plans.get_mut(plan)?.per_seat.as_mut(),
            Knob::Discount(at) => Some(&mut scenario.discounts.get_mut(at)?.ratio),
            Knob::Growth(at) => Some(&mut scenario.growth.get_mut(at)?.factor),
            Knob::ProviderPrice(at) => Some(&mut scenario.provider_prices.get_mut(at)?.factor),
            Knob::Overage(plan, terms) => {
                let terms = scenario.plans.get_mut(plan)?.usage.get_mut(terms)?;
                match &mut terms.rate {
                    Rate::Flat(price) => Some(price),
                    Rate::Graduated(_) | Rate::Volume(_) => None,
                }
            }
            Knob::Included(plan, terms) => {
                let terms = scenario.plans.get_mut(plan)?.usage.get_mut(terms)?;
                Some(&mut terms.included)
            }
            Knob::TierPrice(plan, terms, tier) | Knob::TierFlat(plan, terms, tier) => {
                let terms = scenario.plans.get_mut(plan)?.usage.get_mut(terms)?;
                let (Rate::Graduated(tiers) | Rate::Volume(tiers)) = &mut terms.rate else {
                    return None;
                };
                let tier = tiers.get_mut(tier)?;
                Some(match self {
                    Knob::TierPrice(..) => &mut tier.unit_amount,
                    _ => &mut tier.flat_amount,
                })
            }
            Knob::Cap(plan) => Some(&mut scenario.plans.get_mut(plan)?.cap.as_mut()?.0),
            Knob::Minimum(plan) => scenario.plans.get_mut(plan)?.minimum.as_mut(),
            Knob::Tokens(at) | Knob::InputTokens(at) => {
                Some(&mut scenario.swaps.get_mut(at)?.input)
            }
            Knob::OutputTokens(at) => Some(&mut scenario.swaps.get_mut(at)?.output),
            Knob::Cached(at) => scenario.swaps.get_mut(at)?.cached.as_mut(),
        }
    }
}

/// Scenarios that differ in one knob alone.
#[derive(Debug)]
pub struct Family {
    /// Their places, in order.
    pub members: Vec<usize>,
}

/// The knob by which scenarios fall into the fewest families, and the families; `None` where no knob
/// brings any two together.
pub fn families(scenarios: &[Scenario]) -> Option<(Knob, Vec<Family>)> {
    let mut best: Option<(Knob, Vec<Family>)> = None;
    for knob in Knob::all(scenarios.first()?) {
        let first = knob.value(&scenarios[0]);
        let varies = |one: &Scenario| knob.value(one) != first;
        if first.is_none() || !scenarios.iter().any(varies) {
            continue;
        }
        let mut found: Vec<(Scenario, Family)> = Vec::new();
        // Families of one bring nothing.
        let most = scenarios.len() / 2;
        for (at, scenario) in scenarios.iter().enumerate() {
            let mut rest = knob.with(scenario, Exact::ZERO);
            rest.name.clear();
            // Scenarios of one family mostly follow each other.
            match found.iter_mut().rev().find(|(known, _)| *known == rest) {
                Some((_, family)) => family.members.push(at),
                None => found.push((rest, Family { members: vec![at] })),
            }
            if found.len() > most {
                break;
            }
        }
        if found.len() > most {
            continue;
        }
        if best
            .as_ref()
            .is_none_or(|(_, best)| found.len() < best.len())
        {
            let found = found.into_iter().map(|(_, family)| family).collect();
            best = Some((knob, found));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{PlanChange, Selector, UsageGrowth};

    fn scenario(price: u64, growth: u64) -> Scenario {
        let mut plan = PlanChange::of("pro");
        plan.prices.push(NewPrice::Month(Exact::from(price)));
        Scenario {
            name: format!("{price} {growth}"),
            plans: vec![plan],
            growth: vec![UsageGrowth {
                of: Selector::default(),
                factor: Exact::from(growth),
            }],
            ..Scenario::default()
        }
    }

    #[test]
    fn the_knob_with_the_fewest_families_is_chosen() {
        // Three prices, two growths: two families of three.
        let all: Vec<Scenario> = [(10, 1), (10, 2), (20, 1), (20, 2), (30, 1), (30, 2)]
            .map(|(price, growth)| scenario(price, growth))
            .into();
        let (knob, families) = families(&all).unwrap();
        assert_eq!(knob, Knob::Price(0, 0));
        let members: Vec<_> = families.into_iter().map(|family| family.members).collect();
        assert_eq!(members, [[0, 2, 4], [1, 3, 5]]);
    }

    #[test]
    fn what_differs_in_everything_has_no_family() {
        assert!(families(&[scenario(10, 1), scenario(20, 2)]).is_none());
        assert!(families(&[scenario(10, 1)]).is_none());
        let other = Scenario {
            name: "yearly".into(),
            ..Scenario::default()
        };
        assert!(families(&[scenario(10, 1), other]).is_none());
    }
}
