//! Names in a scenario against the data of the run: customers, attributes, features, models and
//! providers must be there; models stand for every spelling of theirs.

use std::collections::BTreeSet;

use super::run::Run;
use super::simulate_file::ScenarioFile;
use super::simulate_flags::nearest;
use super::simulate_levers::{Levers, other_currency};
use crate::model::names::vendor_of;
use crate::problem::{Problem, Problems};
use crate::simulate::{ModelSwap, Scenario, Selector};

/// Checks every name and completes the scenario.
///
/// # Errors
/// Every name that is not in the data, and prices in another currency.
pub fn resolve(file: &ScenarioFile, levers: &Levers, run: &Run) -> Result<Scenario, Problems> {
    let mut problems = Problems::default();
    for (currency, text) in &levers.currencies {
        if *currency != run.currency {
            problems.push(other_currency(file, text, run.currency, *currency));
        }
    }
    let names = Names::of(run);
    let mut scenario = levers.scenario.clone();
    let mut take = |selector: &mut Selector, of_usage: bool| {
        if let Err(found) = names.check(file, selector, of_usage, run) {
            found.into_iter().for_each(|problem| problems.push(problem));
        }
    };
    scenario
        .growth
        .iter_mut()
        .for_each(|growth| take(&mut growth.of, true));
    scenario
        .swaps
        .iter_mut()
        .for_each(|swap| take(&mut swap.of, true));
    scenario
        .discounts
        .iter_mut()
        .for_each(|discount| take(&mut discount.of, false));
    for price in &mut scenario.provider_prices {
        // It may be the price of a seller whom the scenario itself brings in.
        let sells = |swap: &ModelSwap| match &swap.provider {
            Some(provider) => *provider == price.provider,
            None => vendor_of(&swap.to) == Some(price.provider.as_str()),
        };
        let known = names.providers.contains(&price.provider);
        if !known && !scenario.swaps.iter().any(sells) {
            problems.push(names.missing(file, "provider", &price.provider, &names.providers));
        }
        if let Some(models) = &mut price.models {
            // It may be the price of a model that the scenario itself puts in place.
            let new = scenario.swaps.iter().any(|swap| models.contains(&swap.to));
            let known = run.same_models(models.clone());
            match new || names.models.iter().any(|model| known.contains(model)) {
                true => *models = known,
                false => problems.push(names.missing(file, "model", &models[0], &names.models)),
            }
        }
    }
    match problems.is_empty() {
        true => Ok(scenario),
        false => Err(problems),
    }
}

/// The selectors of a scenario that is complete, put into one that differs in values only.
pub fn same_names(resolved: &Scenario, mut scenario: Scenario) -> Scenario {
    for (to, from) in scenario.growth.iter_mut().zip(&resolved.growth) {
        to.of.clone_from(&from.of);
    }
    for (to, from) in scenario.swaps.iter_mut().zip(&resolved.swaps) {
        to.of.clone_from(&from.of);
    }
    for (to, from) in scenario.discounts.iter_mut().zip(&resolved.discounts) {
        to.of.clone_from(&from.of);
    }
    let prices = scenario.provider_prices.iter_mut();
    for (to, from) in prices.zip(&resolved.provider_prices) {
        to.models.clone_from(&from.models);
    }
    scenario
}

/// What the data knows.
struct Names {
    features: BTreeSet<String>,
    models: BTreeSet<String>,
    providers: BTreeSet<String>,
}

impl Names {
    fn of(run: &Run) -> Names {
        let usage = &run.books.usage;
        let charges = &run.books.charges;
        let mut features = BTreeSet::new();
        let mut models = BTreeSet::new();
        let mut providers = BTreeSet::new();
        let add = |set: &mut BTreeSet<String>, name: Option<&str>| {
            if let Some(name) = name
                && !set.contains(name)
            {
                set.insert(name.to_string());
            }
        };
        for cell in usage {
            add(&mut features, cell.feature.as_deref());
            add(&mut models, cell.model.as_deref());
            add(&mut providers, cell.provider.as_deref());
        }
        for charge in charges {
            add(&mut models, charge.model.as_deref());
            add(&mut providers, charge.provider.as_deref());
        }
        Names {
            features,
            models,
            providers,
        }
    }

    fn check(
        &self,
        file: &ScenarioFile,
        selector: &mut Selector,
        of_usage: bool,
        run: &Run,
    ) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for (name, values) in &selector.party {
            let known: BTreeSet<String> = match name.as_str() {
                "customer" => run.customers(),
                // Usage is of its customer's plan, whatever other subscriptions the customer has.
                "plan" if of_usage => stated_values(run, name),
                name => values_of(run, name),
            };
            for value in values.iter().filter(|value| !known.contains(*value)) {
                problems.push(self.missing(file, name, value, &known));
            }
        }
        let sets = [
            ("feature", &selector.feature, &self.features),
            ("provider", &selector.provider, &self.providers),
        ];
        for (name, values, known) in sets {
            for value in values
                .iter()
                .flatten()
                .filter(|value| !known.contains(*value))
            {
                problems.push(self.missing(file, name, value, known));
            }
        }
        if let Some(models) = &mut selector.model {
            let known = run.same_models(models.clone());
            match self.models.iter().any(|model| known.contains(model)) {
                true => *models = known,
                false => problems.push(self.missing(file, "model", &models[0], &self.models)),
            }
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems),
        }
    }

    /// A name that is not in the data.
    fn missing(
        &self,
        file: &ScenarioFile,
        what: &str,
        name: &str,
        known: &BTreeSet<String>,
    ) -> Problem {
        let message = format!("no {what} of the files is {name:?}");
        let source = match what {
            "customer" => "customers are named by their id; tanso report lists them".to_string(),
            "plan" => PLANS_COME_FROM.to_string(),
            "feature" | "model" | "provider" => {
                format!("tanso report --by {what} lists them")
            }
            other => format!("the values come from the column {other} of the mapping file"),
        };
        let help = match known.is_empty() {
            true => format!("the files have none; {source}"),
            false => {
                let near = nearest(name, known.iter().map(String::as_str));
                format!("the nearest is {near:?}; names are compared letter by letter; {source}")
            }
        };
        file.fault(name, message).help(help)
    }
}

/// Where plans come from, for messages.
pub const PLANS_COME_FROM: &str = "plans come from the plan column of the mapping or revenue file, or from Stripe's subscriptions.csv with prices.csv";

impl Run {
    /// The ids of all customers.
    pub fn customers(&self) -> BTreeSet<String> {
        let parties = self.identity.parties().iter();
        parties.map(|party| party.key.clone()).collect()
    }
}

/// The values of an attribute that customers have themselves.
fn stated_values(run: &Run, name: &str) -> BTreeSet<String> {
    let parties = run.identity.parties().iter();
    let dated = parties
        .filter_map(|party| party.attributes.get(name))
        .flatten();
    dated.map(|dated| dated.value.clone()).collect()
}

/// The values of an attribute, of customers or of what they pay for.
pub fn values_of(run: &Run, name: &str) -> BTreeSet<String> {
    if name == "kind" {
        return ["customer", "internal", "unmapped"]
            .map(str::to_string)
            .into();
    }
    let mut values = stated_values(run, name);
    if name == "plan" {
        let lines = run.revenue.obligations.iter();
        values.extend(lines.filter_map(|line| line.plan.clone()));
        let subscriptions = crate::revenue::plans::of_subscriptions(&run.books.records);
        values.extend(subscriptions.into_values().flatten());
    }
    values
}
