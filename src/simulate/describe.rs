//! Scenarios in words, for the title of every output.

use super::lever::{
    Measure, Metered, ModelSwap, NewPrice, PlanChange, Rate, Scenario, Selector, UsageTerms,
};
use super::scenario::Prices;
use crate::model::Exact;

impl Scenario {
    /// The levers that are not plan prices, in words, in the order in which they are applied. Plan
    /// prices stand first, and are described with what the plan costs now.
    pub fn describe(&self, prices: &Prices) -> Vec<String> {
        let apply = self.apply.word();
        let mut words: Vec<String> = Vec::new();
        for plan in &self.plans {
            words.extend(plan.describe(prices, apply));
        }
        words.extend(self.discounts.iter().map(|discount| {
            let percent = discount.ratio.shift(2);
            format!("discount{}: {percent}%, {apply}", discount.of.words())
        }));
        words.extend(
            self.growth
                .iter()
                .map(|growth| format!("usage{}: {}", growth.of.words(), signed(growth.factor))),
        );
        words.extend(self.swaps.iter().map(ModelSwap::describe));
        words.extend(
            self.provider_prices
                .iter()
                .map(|price| format!("provider price {}: {}", price.text, signed(price.factor))),
        );
        words
    }
}

impl Selector {
    /// The selector behind a description: ` of plan=pro`.
    fn words(&self) -> String {
        match self.text.is_empty() {
            true => String::new(),
            false => format!(" of {}", self.text),
        }
    }
}

/// A factor as a change in per cent: `+10%`.
pub fn signed(factor: Exact) -> String {
    let percent = (factor - Exact::ONE).shift(2);
    let sign = if percent.is_negative() { "" } else { "+" };
    format!("{sign}{percent}%")
}

impl ModelSwap {
    fn describe(&self) -> String {
        let provider = self.provider.as_ref().map(|name| format!("{name}/"));
        let mut text = format!(
            "model {} → {}{}{}",
            self.from,
            provider.unwrap_or_default(),
            self.to,
            self.of.words()
        );
        match (self.input == self.output, self.input == Exact::ONE) {
            (true, true) => {}
            (true, false) => text.push_str(&format!(", {} times the tokens", self.input)),
            (false, _) => text.push_str(&format!(
                ", {} times the input and {} times the output tokens",
                self.input, self.output
            )),
        }
        if let Some(cached) = self.cached {
            text.push_str(&format!(", {}% of the input cached", cached.shift(2)));
        }
        text
    }
}

impl PlanChange {
    /// `plan pro: 99/month → 149/month, now`, and one line for each term.
    fn describe(&self, prices: &Prices, apply: &str) -> Vec<String> {
        let known = prices.get(&self.plan).copied().unwrap_or_default();
        let yearly = known
            .year
            .or(known.month.map(|month| month * Exact::from(12u64)));
        let change = |price: &NewPrice| {
            let (old, new) = match price {
                NewPrice::Month(price) => (
                    known.month.map(|old| format!("{old}/month")),
                    format!("{price}/month"),
                ),
                NewPrice::Year(price) => (
                    yearly.map(|old| format!("{old}/year")),
                    format!("{price}/year"),
                ),
                NewPrice::Factor(factor) => (None, signed(*factor)),
            };
            match old {
                Some(old) => format!("{old} → {new}"),
                None => new,
            }
        };
        let mut words: Vec<String> = self.prices.iter().map(change).collect();
        if let Some(seat) = self.per_seat {
            words.push(format!("{seat}/month per seat"));
        }
        words.extend(self.usage.iter().map(UsageTerms::describe));
        words.extend(self.metered.map(|metered| {
            match metered {
                Metered::Keep => "beside what usage is billed now",
                Metered::Replace => "instead of what usage is billed now",
            }
            .to_string()
        }));
        if let Some((cap, measure)) = &self.cap {
            words.push(format!("capped at {cap} {} a month", measure.name()));
        }
        if let Some(minimum) = self.minimum {
            words.push(format!("at least {minimum} a month"));
        }
        let line = |text: String| format!("plan {}: {text}, {apply}", self.plan);
        words.into_iter().map(line).collect()
    }
}

impl UsageTerms {
    fn describe(&self) -> String {
        let plain = matches!(self.counted.as_slice(), [(_, weight)] if *weight == Exact::ONE);
        let counted: Vec<String> = match plain {
            true => vec![self.counted[0].0.name().to_string()],
            false => {
                let each = |(measure, weight): &(Measure, Exact)| {
                    format!("{weight} per {}", measure.name())
                };
                vec![format!(
                    "credits ({})",
                    self.counted.iter().map(each).collect::<Vec<_>>().join(", ")
                )]
            }
        };
        let rate = match &self.rate {
            Rate::Flat(price) => format!("{price} each"),
            Rate::Graduated(tiers) => format!("{} graduated tiers", tiers.len()),
            Rate::Volume(tiers) => format!("{} volume tiers", tiers.len()),
        };
        format!(
            "{} {} included a month, then {rate}",
            self.included, counted[0]
        )
    }
}
