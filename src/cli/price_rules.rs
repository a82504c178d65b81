//! `[[price]]` of the project file: stated prices, each with its place in messages.

use serde::Deserialize;
use toml::Spanned;

use super::toml_places::Located;
use crate::model::band::THRESHOLDS;
use crate::model::{ContextBand, Day, Exact, Meter, names};
use crate::prices::Rule;
use crate::prices::rules::Stated;
use crate::problem::{Problem, catalogue};

/// One `[[price]]` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    /// Provider; without one the price holds for all.
    provider: Option<String>,
    /// Model.
    model: Spanned<String>,
    /// Meter.
    meter: Option<Spanned<String>>,
    /// USD per million units.
    per_million: Option<Spanned<String>>,
    /// USD per thousand units.
    per_thousand: Option<Spanned<String>>,
    /// USD per unit.
    per_unit: Option<Spanned<String>>,
    /// Service tier.
    tier: Option<Spanned<String>>,
    /// Threshold of a request's whole input, in tokens.
    context_over: Option<Spanned<u64>>,
    /// First day.
    from: Option<Spanned<String>>,
    /// First day on which it does not hold any more.
    to: Option<Spanned<String>>,
    /// Whether the model is free.
    #[serde(default)]
    free: Option<Spanned<bool>>,
}

/// The stated prices of a project file.
///
/// # Errors
/// The first entry that is not understood, or that states what another one states.
pub fn rules(entries: &[PriceEntry], file: &Located<'_>) -> Result<Vec<Rule>, Problem> {
    let mut rules: Vec<Rule> = Vec::new();
    for entry in entries {
        let rule = entry.rule(file)?;
        if let Some(other) = rules.iter().find(|other| other.clashes_with(&rule)) {
            let message = format!("this price is already stated at {}", other.place);
            let help = "remove one, or give them different days with from";
            return Err(at(file, &entry.model, message).help(help));
        }
        rules.push(rule);
    }
    Ok(rules)
}

impl PriceEntry {
    fn rule(&self, file: &Located<'_>) -> Result<Rule, Problem> {
        if self.model.get_ref().trim().is_empty() {
            let help = "write model = \"gpt-4o-mini\"";
            return Err(at(file, &self.model, "the price names no model").help(help));
        }
        let states = match &self.free {
            Some(free) if *free.get_ref() => self.free(file)?,
            _ => self.price(file)?,
        };
        let line = file.place(self.model.span().start).line.unwrap_or(0);
        let place = format!("{}:{line}", file.shown);
        let mut rule = Rule::new(
            self.provider.as_deref(),
            self.model.get_ref(),
            states,
            place,
        );
        rule.from = day(file, &self.from)?;
        rule.to = day(file, &self.to)?;
        if let (Some(from), Some(to), Some(written)) = (rule.from, rule.to, &self.to)
            && to <= from
        {
            let help = "to is the first day on which the price does not hold any more";
            return Err(at(file, written, "to is not after from").help(help));
        }
        Ok(rule)
    }

    fn free(&self, file: &Located<'_>) -> Result<Stated, Problem> {
        let amounts = [&self.per_million, &self.per_thousand, &self.per_unit];
        let text = amounts
            .into_iter()
            .flatten()
            .chain(&self.meter)
            .chain(&self.tier);
        match text.into_iter().next() {
            None => Ok(Stated::Free),
            Some(more) => Err(
                at(file, more, "a free model has no prices, meters or tiers")
                    .help("leave out either free = true or the price"),
            ),
        }
    }

    fn price(&self, file: &Located<'_>) -> Result<Stated, Problem> {
        let known = || Meter::known().collect::<Vec<_>>().join(", ");
        let Some(written) = &self.meter else {
            let message = "the price names no meter";
            let help = format!(
                "write meter = \"input\", or free = true; meters: {}",
                known()
            );
            return Err(at(file, &self.model, message).help(help));
        };
        let name = written.get_ref().trim();
        let meter = Meter::named(name);
        // A meter of the user's own is fine; a misspelled one would never be found in a log.
        let near = |known: &&str| strsim::damerau_levenshtein(name, known) < 3;
        if let (Meter::Other(_), Some(nearest)) = (&meter, Meter::known().find(near)) {
            let message = "no such meter";
            let help = format!("the nearest meter is {nearest:?}; meters: {}", known());
            return Err(at(file, written, message).help(help));
        }
        let amounts = [
            (&self.per_million, 6),
            (&self.per_thousand, 3),
            (&self.per_unit, 0),
        ];
        let mut stated = amounts
            .iter()
            .filter_map(|(text, power)| Some((text.as_ref()?, power)));
        let (Some((text, power)), None) = (stated.next(), stated.next()) else {
            let message = "the price has not exactly one amount";
            let help = "write one of per_million (tokens), per_thousand or per_unit = \"1.10\"";
            return Err(at(file, &self.model, message).help(help));
        };
        let amount = Exact::parse(text.get_ref().trim());
        let amount = amount.map_err(|why| at(file, text, format!("not a price: {}", why.reason())));
        let amount =
            amount.map_err(|problem| problem.help("write US dollars, such as \"1.10\""))?;
        if amount.is_negative() {
            let help = "state the price that you pay, from 0 up";
            return Err(at(file, text, "the price is negative").help(help));
        }
        let tier = self
            .tier
            .as_ref()
            .map(|tier| names::service_tier(tier.get_ref()));
        Ok(Stated::Price {
            meter,
            price: amount.shift(-power),
            tier: tier.filter(|tier| tier != names::STANDARD),
            band: self.band(file)?,
        })
    }

    fn band(&self, file: &Located<'_>) -> Result<ContextBand, Problem> {
        let Some(over) = &self.context_over else {
            return Ok(ContextBand::BASE);
        };
        ContextBand::beyond(*over.get_ref()).ok_or_else(|| {
            let known: Vec<String> = THRESHOLDS.iter().map(u64::to_string).collect();
            at(file, over, "not a context threshold that is told apart")
                .help(format!("thresholds: {}", known.join(", ")))
        })
    }
}

fn day(file: &Located<'_>, text: &Option<Spanned<String>>) -> Result<Option<Day>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    let day = Day::parse(text.get_ref().trim());
    let bad = || at(file, text, "not a day").help("write a day such as \"2026-10-01\"");
    day.map(Some).ok_or_else(bad)
}

/// A problem with a value of the file.
fn at<T>(file: &Located<'_>, value: &Spanned<T>, message: impl Into<String>) -> Problem {
    let span = value.span();
    let written = file.text.get(span.clone()).unwrap_or("");
    Problem::new(&catalogue::PROJECT_FILE, message)
        .at(file.place(span.start))
        .excerpt(written.trim_matches('"'))
}
