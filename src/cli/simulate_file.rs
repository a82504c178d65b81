//! Scenario files: TOML in, TOML out. Options of the command line become the same entries.
//!
//! Money, quantities and ratios are quoted strings. Unknown keys are errors with the nearest key.
//! Only the shape is known here; what the values mean is `simulate_levers`'.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::toml_places::toml_fault;
use crate::problem::{Place, Problem, catalogue};

/// A scenario as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Its name; the file's name if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `now`, `renewal` or `new`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply: Option<String>,
    /// Prices and terms of plans. Several entries of one plan are one change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlanEntry>,
    /// Discounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discount: Vec<DiscountEntry>,
    /// More or less usage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageEntry>,
    /// Other models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model: Vec<ModelEntry>,
    /// Other prices of providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provider_price: Vec<ProviderPriceEntry>,
    /// The file and its text, for messages; `None` for options.
    #[serde(skip)]
    pub source: Option<(Arc<str>, Arc<str>)>,
}

/// One `[[plan]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanEntry {
    /// Plan.
    pub plan: String,
    /// `149`, `149/month`, `1490/year`, `+10%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Price per year beside a price per month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yearly_price: Option<String>,
    /// Price of a seat per month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_seat: Option<String>,
    /// `5000 requests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included: Option<String>,
    /// Price of a unit above what is included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overage: Option<String>,
    /// `20000 requests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<String>,
    /// The least that a month brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<String>,
    /// Credits that a month includes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<String>,
    /// Price of a credit beyond them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_price: Option<String>,
    /// What becomes of lines that bill usage now: `replace` or `keep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metered: Option<String>,
    /// `graduated` or `volume`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers_mode: Option<String>,
    /// Meter → credits for one unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, String>,
    /// Tiers above what is included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<TierEntry>,
}

/// One tier, in Stripe's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierEntry {
    /// Last unit of the tier; the last tier has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to: Option<String>,
    /// Price of a unit.
    pub unit_amount: String,
    /// Amount for being in the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flat_amount: Option<String>,
}

/// One `[[discount]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscountEntry {
    /// `30%`.
    pub discount: String,
    /// Whose.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub of: BTreeMap<String, String>,
}

/// One `[[usage]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageEntry {
    /// `+15%`.
    pub change: String,
    /// Whose and which.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub of: BTreeMap<String, String>,
}

/// One `[[model]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Present model.
    pub from: String,
    /// New model, with its provider before a slash if that must be said.
    pub to: String,
    /// Tokens of the new model per token of the present one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    /// The same for input alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<String>,
    /// The same for output alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<String>,
    /// Share of the input that the new model reads from its cache: `50%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<String>,
    /// Whose and which.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub of: BTreeMap<String, String>,
}

/// One `[[provider_price]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderPriceEntry {
    /// Provider.
    pub provider: String,
    /// Model; all if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Meter; all if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<String>,
    /// `+20%`.
    pub change: String,
}

impl ScenarioFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is not understood.
    pub fn read(path: &Path) -> Result<ScenarioFile, Problem> {
        let shown: Arc<str> = path.display().to_string().into();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_READ,
                format!("cannot read the scenario: {error}"),
            )
            .at(Place::file(&shown))
        })?;
        let mut file: ScenarioFile = toml::from_str(&text)
            .map_err(|error| toml_fault(&catalogue::SCENARIO, &shown, &text, &error))?;
        if file.name.is_none() {
            let stem = path.file_stem().unwrap_or_default();
            file.name = Some(stem.to_string_lossy().into_owned());
        }
        file.source = Some((shown, text.into()));
        Ok(file)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never for what options or files can hold.
    pub fn to_toml(&self) -> Result<String, Problem> {
        toml::to_string(self).map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_WRITE,
                format!("cannot write the scenario: {error}"),
            )
        })
    }

    /// A problem with a value: in a file at the first line that has it, else with the option's text.
    pub fn fault(&self, value: &str, message: String) -> Problem {
        let problem = Problem::new(&catalogue::SCENARIO, message);
        let Some((shown, text)) = &self.source else {
            // What the message says already is not said twice.
            return match problem.message.contains(value) {
                true => problem,
                false => problem.excerpt(value),
            };
        };
        let line = text
            .lines()
            .position(|line| line.contains(&format!("\"{value}\"")));
        match line {
            Some(at) => problem.at(Place::line(shown, at as u64 + 1)),
            None => problem.at(Place::file(shown)),
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
            && self.discount.is_empty()
            && self.usage.is_empty()
            && self.model.is_empty()
            && self.provider_price.is_empty()
    }

    /// Every value that may be a range.
    pub fn values_mut(&mut self) -> Vec<&mut String> {
        let mut values = Vec::new();
        for plan in &mut self.plan {
            let options = [
                &mut plan.price,
                &mut plan.yearly_price,
                &mut plan.per_seat,
                &mut plan.included,
                &mut plan.overage,
                &mut plan.cap,
                &mut plan.minimum,
                &mut plan.credits,
                &mut plan.credit_price,
            ];
            values.extend(options.into_iter().flatten());
            values.extend(plan.weights.values_mut());
            for tier in &mut plan.tiers {
                values.extend(&mut tier.up_to);
                values.push(&mut tier.unit_amount);
                values.extend(&mut tier.flat_amount);
            }
        }
        values.extend(self.discount.iter_mut().map(|entry| &mut entry.discount));
        values.extend(self.usage.iter_mut().map(|entry| &mut entry.change));
        for model in &mut self.model {
            let options = [
                &mut model.tokens,
                &mut model.input_tokens,
                &mut model.output_tokens,
                &mut model.cached,
            ];
            values.extend(options.into_iter().flatten());
        }
        values.extend(
            self.provider_price
                .iter_mut()
                .map(|entry| &mut entry.change),
        );
        values
    }
}
