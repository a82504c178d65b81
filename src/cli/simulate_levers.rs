//! From the entries of a scenario file to levers: numbers read, terms put together, contradictions
//! refused. Nothing here knows the data; names are checked by `simulate_resolve`.

use std::collections::BTreeMap;

use super::project::percent;
use super::simulate_file::{
    DiscountEntry, ModelEntry, ProviderPriceEntry, ScenarioFile, UsageEntry,
};
use super::simulate_flags::nearest;
use crate::model::names::{self, ModelName};
use crate::model::{Currency, Exact, Meter};
use crate::problem::{Problem, Problems};
use crate::simulate::{Apply, Discount, ModelSwap, ProviderPrice, Scenario, Selector, UsageGrowth};

/// A scenario, and the currencies that its prices name, each with the text.
#[derive(Debug)]
pub struct Levers {
    /// The scenario.
    pub scenario: Scenario,
    /// Currencies with the text that names them.
    pub currencies: Vec<(Currency, String)>,
}

/// Reads the entries of a file.
///
/// # Errors
/// Every entry that is not understood or contradicts another.
pub fn levers(file: &ScenarioFile) -> Result<Levers, Problems> {
    let mut reader = Reader {
        file,
        problems: Problems::default(),
        currencies: Vec::new(),
    };
    let mut scenario = Scenario {
        name: file.name.clone().unwrap_or_default(),
        ..Scenario::default()
    };
    scenario.apply = match file.apply.as_deref() {
        None | Some("now") => Apply::Now,
        Some("renewal") => Apply::Renewal,
        Some("new") => Apply::New,
        Some(other) => {
            reader.fault(
                other,
                "apply is not understood",
                "write now, renewal or new",
            );
            Apply::Now
        }
    };
    for entry in &file.plan {
        reader.plan(entry, &mut scenario.plans);
    }
    for plan in &scenario.plans {
        reader.whole(plan);
    }
    for entry in &file.discount {
        scenario.discounts.extend(reader.discount(entry));
    }
    for entry in &file.usage {
        scenario.growth.extend(reader.usage(entry));
    }
    for entry in &file.model {
        scenario.swaps.extend(reader.model(entry));
    }
    for entry in &file.provider_price {
        scenario
            .provider_prices
            .extend(reader.provider_price(entry));
    }
    let discounts = scenario.discounts.iter();
    reader.repeated("discount", discounts.map(|d| (&d.of.text, same(&d.of))));
    let growth = scenario.growth.iter();
    reader.repeated("usage", growth.map(|g| (&g.of.text, same(&g.of))));
    let prices = scenario.provider_prices.iter();
    let prices = prices.map(|price| {
        let models = price.models.iter().flatten();
        let models: Vec<ModelName> = models.map(|model| ModelName::parse(model)).collect();
        (&price.text, (&price.provider, models, &price.meter))
    });
    reader.repeated("provider price", prices);
    match reader.problems.is_empty() {
        true => Ok(Levers {
            scenario,
            currencies: reader.currencies,
        }),
        false => Err(reader.problems),
    }
}

/// What a selector selects, whatever the words.
fn same(of: &Selector) -> Selector {
    Selector {
        text: String::new(),
        ..of.clone()
    }
}

/// Reads entries and keeps what is wrong with them.
pub struct Reader<'a> {
    file: &'a ScenarioFile,
    problems: Problems,
    /// Currencies that prices name.
    pub currencies: Vec<(Currency, String)>,
}

impl Reader<'_> {
    /// Notes a problem with a value.
    pub fn fault(&mut self, value: &str, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.file.fault(value, message.into());
        self.problems.push(problem.help(help.into()));
    }

    /// `+10%` as a factor. The sign is asked for: without it, nobody knows whether 10% is a change
    /// or a new value.
    pub fn change(&mut self, key: &str, text: &str) -> Option<Exact> {
        let text = text.trim();
        let signed = text.starts_with(['+', '-']);
        let ratio = percent(text).filter(|_| text.ends_with('%'));
        let (why, help) = match ratio {
            Some(ratio) if signed && ratio >= -Exact::ONE => return Some(Exact::ONE + ratio),
            Some(_) if signed => (
                format!("{key} cannot fall by more than 100 %"),
                "write -100% or less of a fall".to_string(),
            ),
            Some(_) => (
                format!("{key} has a percentage without a sign: {text:?}"),
                format!("write +{text} to raise it or -{text} to lower it"),
            ),
            None => (
                format!("{key} is no percentage: {text:?}"),
                "write +10% or -10%".to_string(),
            ),
        };
        self.fault(text, why, help);
        None
    }

    fn discount(&mut self, entry: &DiscountEntry) -> Option<Discount> {
        let of = self.selector(&entry.of)?;
        if !of.is_of_party() {
            let message = "a discount is for customers, not for features or models";
            let help = "select by customer, plan, segment or another attribute of the mapping";
            self.fault(&entry.discount, message, help);
            return None;
        }
        let text = entry.discount.trim();
        let ratio = percent(text).filter(|_| text.ends_with('%'));
        let ratio = ratio.filter(|ratio| !ratio.is_negative() && *ratio <= Exact::ONE);
        if ratio.is_none() {
            let message = format!("discount is no percentage from 0 to 100: {text:?}");
            self.fault(&entry.discount, message, "write 30% for 30 % off");
        }
        Some(Discount { of, ratio: ratio? })
    }

    fn usage(&mut self, entry: &UsageEntry) -> Option<UsageGrowth> {
        let of = self.selector(&entry.of)?;
        let factor = self.change("usage", &entry.change)?;
        Some(UsageGrowth { of, factor })
    }

    fn model(&mut self, entry: &ModelEntry) -> Option<ModelSwap> {
        let mut of = self.selector(&entry.of)?;
        if of.model.is_some() {
            let message = format!("the model {:?} is selected by another model", entry.from);
            self.fault(
                &entry.from,
                message,
                "name the present model before the equals sign only",
            );
            return None;
        }
        of.model = Some(vec![entry.from.clone()]);
        let both = match &entry.tokens {
            Some(text) => Some(self.number("tokens", text, text.trim())?),
            None => None,
        };
        let mut one = |key: &str, text: &Option<String>| match text {
            Some(text) => self.number(key, text, text.trim()),
            None => Some(both.unwrap_or(Exact::ONE)),
        };
        let input = one("input_tokens", &entry.input_tokens)?;
        let output = one("output_tokens", &entry.output_tokens)?;
        let cached = match entry.cached.as_deref() {
            None => None,
            Some(text) => {
                let share =
                    percent(text).filter(|share| !share.is_negative() && *share <= Exact::ONE);
                if share.is_none() {
                    let message = format!("cached is no share from 0 to 100 %: {text:?}");
                    self.fault(text, message, "write cached=50%");
                }
                Some(share?)
            }
        };
        // A name of a provider before the slash; other names with a slash are whole.
        let (provider, to) = match entry.to.split_once('/') {
            Some((provider, model)) => (Some(names::provider(provider)), model.to_string()),
            None => (None, entry.to.clone()),
        };
        Some(ModelSwap {
            from: entry.from.clone(),
            of,
            provider,
            to,
            input,
            output,
            cached,
        })
    }

    fn provider_price(&mut self, entry: &ProviderPriceEntry) -> Option<ProviderPrice> {
        let factor = self.change("provider price", &entry.change)?;
        let model = entry.model.as_ref().map(|model| format!("/{model}"));
        let meter = entry.meter.as_ref().map(|meter| format!(".{meter}"));
        if let Some(meter) = &entry.meter
            && !Meter::known().any(|known| known == meter)
        {
            let message = format!("{meter:?} is no meter that providers price");
            let help = format!("the nearest is {:?}", nearest(meter, Meter::known()));
            self.fault(meter, message, help);
            return None;
        }
        Some(ProviderPrice {
            text: format!(
                "{}{}{}",
                entry.provider,
                model.unwrap_or_default(),
                meter.unwrap_or_default()
            ),
            provider: names::provider(&entry.provider),
            models: entry.model.clone().map(|model| vec![model]),
            meter: entry.meter.as_deref().map(Meter::named),
            factor,
        })
    }

    /// Conditions as a selector.
    fn selector(&mut self, of: &BTreeMap<String, String>) -> Option<Selector> {
        let words = of.iter().map(|(name, value)| format!("{name}={value}"));
        let mut selector = Selector {
            text: words.collect::<Vec<_>>().join(","),
            ..Selector::default()
        };
        for (name, value) in of {
            let values = vec![value.clone()];
            match name.as_str() {
                "feature" => selector.feature = Some(values),
                "model" => selector.model = Some(values),
                "provider" => selector.provider = Some(vec![names::provider(value)]),
                "month" | "week" | "day" | "basis" | "tier" => {
                    let message = format!("a scenario cannot select by {name}");
                    let help = "select by customer, plan, segment or another attribute of the mapping, feature, model or provider";
                    self.fault(value, message, help);
                    return None;
                }
                _ => selector.party.push((name.clone(), values)),
            }
        }
        Some(selector)
    }

    /// Refuses what is given twice, however it is spelled: each with its text and what it means.
    fn repeated<'t, M: PartialEq>(
        &mut self,
        what: &str,
        levers: impl Iterator<Item = (&'t String, M)>,
    ) {
        let mut seen: Vec<M> = Vec::new();
        let mut twice = Vec::new();
        for (text, meaning) in levers {
            match seen.contains(&meaning) {
                true => twice.push(text.clone()),
                false => seen.push(meaning),
            }
        }
        for text in twice {
            let of = if text.is_empty() {
                "everything"
            } else {
                text.as_str()
            };
            let message = format!("{what} of {of} is given twice");
            self.fault(
                &text,
                message,
                "write it once; compare two values with a range or with two --scenario files",
            );
        }
    }
}

/// A problem of a price in another currency than the report's.
pub fn other_currency(file: &ScenarioFile, text: &str, own: Currency, other: Currency) -> Problem {
    file.fault(
        text,
        format!("a price is in {other}, and the report is in {own}"),
    )
    .help(format!(
        "write the price in {own}: nothing is converted here"
    ))
}
