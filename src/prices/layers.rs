//! What usage costs: the prices of the project file, then the file of `--prices`, then the built-in
//! list; service tiers and discounts laid over them.
//!
//! Each layer is asked in its turn for a meter's price in the tier of the usage: the price it lists
//! for that tier, else its standard price times the tier's factor. The first layer that has an
//! answer gives it. Lists are asked as wholes: where the imported file lists a model, the built-in
//! list is not asked about it. Discounts are on list prices, never on prices of the project file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{ContextBand, Day, Exact, Meter, names};

use super::book::PriceBook;
use super::lookup::{ListPrice, PriceRow, Quote};
use super::names::Stem;
use super::rules::{Rule, Stated};

/// Tiers that cost something else than the standard one wherever they are offered. Without a price
/// or a factor their usage is unpriced.
const PRICED_TIERS: [&str; 3] = ["batch", "flex", "priority"];

/// What a tier's tokens cost where no price is listed: the providers' published rule. OpenAI bills
/// flex at the rates of its batch interface; priority has a price of its own for each model.
const FACTORS: [(&str, &str, (i128, u8)); 6] = [
    ("anthropic", "batch", (5, 1)),
    ("aws", "batch", (5, 1)),
    ("azure", "batch", (5, 1)),
    ("google", "batch", (5, 1)),
    ("openai", "batch", (5, 1)),
    ("openai", "flex", (5, 1)),
];

/// All prices of a run.
#[derive(Clone, Debug)]
pub struct Prices {
    /// Prices of the project file.
    pub rules: Vec<Rule>,
    /// The imported list, with its name.
    pub file: Option<(Arc<str>, Arc<PriceBook>)>,
    /// The built-in list.
    pub built_in: &'static PriceBook,
    /// Provider and tier → factor on the standard price of tokens, from the project file.
    pub factors: BTreeMap<(String, String), Exact>,
    /// Provider → discount on list prices as a ratio (`0.15`), from the project file.
    pub discounts: BTreeMap<String, Exact>,
}

/// What decides a price.
#[derive(Clone, Copy, Debug)]
pub struct Use<'u> {
    /// Provider, as written in the log or bill.
    pub provider: Option<&'u str>,
    /// Model, as written.
    pub model: &'u str,
    /// Service tier, as written.
    pub tier: Option<&'u str>,
    /// Context band of the requests; [`ContextBand::BASE`] where they cannot be told apart.
    pub band: ContextBand,
    /// Day, UTC.
    pub day: Day,
}

/// Which layer a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// The project file; the line.
    Project(&'a str),
    /// The imported list; its name.
    File(&'a str),
    /// The built-in list.
    BuiltIn,
}

impl Source<'_> {
    /// The words in every output.
    pub fn words(&self) -> String {
        match self {
            Source::Project(place) | Source::File(place) => place.to_string(),
            Source::BuiltIn => "built-in".to_string(),
        }
    }
}

/// What is known about the price of usage.
// One is made per model and day and soon dropped; its size is of no importance.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
pub enum Found<'a> {
    /// It has prices.
    Priced(Offer<'a>),
    /// It is declared free.
    Free(Source<'a>),
    /// No layer knows the model on that day. That is not 0.
    Unpriced,
}

/// The prices that hold for some usage.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    rules: Vec<&'a Rule>,
    list: Option<(Source<'a>, PriceRow<'a>)>,
    band: ContextBand,
    /// The tier with prices of its own; `None` is the standard one.
    tier: Option<String>,
    factor: Option<Exact>,
    discount: Exact,
    /// A word for the tier that nobody knows; the standard price is given.
    pub unknown_tier: Option<String>,
}

/// The price of a meter, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterPrice<'a> {
    /// USD for one unit, as listed.
    pub list: Exact,
    /// Factor of the service tier; 1 where the listed price is already that of the tier.
    pub factor: Exact,
    /// Negotiated discount as a ratio; 0 on a price of the project file.
    pub discount: Exact,
    /// Who says so.
    pub source: Source<'a>,
    /// Whose list the row is on; `None` for a price of the project file that holds everywhere.
    pub provider: Option<&'a str>,
    /// The model's name in that row.
    pub model: &'a str,
    /// First day of the price, UTC; `None` if it is not dated.
    pub from: Option<Day>,
    /// The meter the price is written for: cached tokens without a price of their own cost what
    /// input costs.
    pub meter: Meter,
    /// The tier the price is written for; `None` is the standard one.
    pub tier: Option<&'a str>,
    /// The price holds for requests whose whole input is above this many tokens.
    pub context_over: Option<u64>,
}

impl MeterPrice<'_> {
    /// USD for one unit, factor and discount applied.
    pub fn price(&self) -> Exact {
        self.list * self.factor * (Exact::ONE - self.discount)
    }
}

impl Default for Prices {
    /// The built-in list alone.
    fn default() -> Prices {
        Prices {
            rules: Vec::new(),
            file: None,
            built_in: PriceBook::embedded(),
            factors: BTreeMap::new(),
            discounts: BTreeMap::new(),
        }
    }
}

impl Prices {
    /// The prices in force for some usage.
    pub fn find(&self, of: &Use<'_>) -> Found<'_> {
        let provider = of.provider.map(names::provider);
        let stem = Stem::of(of.model);
        let rules: Vec<&Rule> = self
            .rules
            .iter()
            .filter(|rule| rule.holds(provider.as_deref(), &stem, of.day))
            .collect();
        if let Some(free) = rules.iter().find(|rule| rule.states == Stated::Free) {
            return Found::Free(Source::Project(&free.place));
        }
        let (source, quote) = self.listed(of);
        let list = match quote {
            Quote::Free(_) if rules.is_empty() => return Found::Free(source),
            Quote::Unpriced if rules.is_empty() => return Found::Unpriced,
            Quote::Unpriced => None,
            Quote::Free(row) | Quote::Priced(row) => Some((source, row)),
        };
        let billed_by = provider.or_else(|| list.map(|(_, row)| row.provider.to_string()));
        let billed_by = billed_by.unwrap_or_default();
        let word = names::service_tier(of.tier.unwrap_or_default());
        let factor = self.factor(&billed_by, &word);
        let known = PRICED_TIERS.contains(&word.as_str())
            || factor.is_some()
            || rules.iter().any(|rule| rule.tier() == Some(word.as_str()))
            || list.iter().any(|(_, row)| row.has_tier(&word));
        let (tier, unknown_tier) = match word.as_str() {
            names::STANDARD => (None, None),
            _ if known => (Some(word), None),
            _ => (None, Some(word)),
        };
        let discount = self.discounts.get(&billed_by).copied();
        Found::Priced(Offer {
            rules,
            list,
            band: of.band,
            tier,
            factor,
            discount: discount.unwrap_or_default(),
            unknown_tier,
        })
    }

    /// Up to `n` names of any layer that look most like a model's, the likest first.
    pub fn nearest(&self, model: &str, n: usize) -> Vec<String> {
        let rules = self.rules.iter().map(|rule| rule.model.to_lowercase());
        super::lookup::nearest(model, n, &self.books(), rules.collect())
    }

    /// The lists, in their order.
    pub fn books(&self) -> Vec<&PriceBook> {
        let file = self.file.as_ref().map(|(_, book)| book.as_ref());
        file.into_iter().chain([self.built_in]).collect()
    }

    /// The first list that knows the model on that day, and what it says.
    fn listed(&self, of: &Use<'_>) -> (Source<'_>, Quote<'_>) {
        if let Some((name, book)) = &self.file {
            let quote = book.price(of.provider, of.model, of.day);
            if !matches!(quote, Quote::Unpriced) {
                return (Source::File(name), quote);
            }
        }
        let quote = self.built_in.price(of.provider, of.model, of.day);
        (Source::BuiltIn, quote)
    }

    fn factor(&self, provider: &str, tier: &str) -> Option<Exact> {
        let stated = self.factors.get(&(provider.to_string(), tier.to_string()));
        stated.copied().or_else(|| {
            let known = |(of, name, _): &&(&str, &str, _)| *of == provider && *name == tier;
            FACTORS
                .iter()
                .find(known)
                .map(|(_, _, (mantissa, scale))| Exact::new(*mantissa, *scale))
        })
    }
}

impl<'a> Offer<'a> {
    /// The price of one unit of a meter (one token, one request, one search), or `None` if there
    /// is none. Vendors that list no price for cached tokens bill them as input: cache reads and
    /// writes fall back to it, one-hour writes first to five-minute ones.
    pub fn meter(&self, meter: &Meter) -> Option<MeterPrice<'a>> {
        self.own(meter).or_else(|| match meter {
            Meter::CacheRead | Meter::CacheWrite5m => self.own(&Meter::Input),
            Meter::CacheWrite1h => self.meter(&Meter::CacheWrite5m),
            _ => None,
        })
    }

    /// Whether long requests have prices of their own.
    pub fn has_thresholds(&self) -> bool {
        let list = self.list.iter().any(|(_, row)| row.has_thresholds());
        list || self
            .rules
            .iter()
            .any(|rule| rule.band() != ContextBand::BASE)
    }

    fn own(&self, meter: &Meter) -> Option<MeterPrice<'a>> {
        self.stated(meter).or_else(|| self.listed(meter))
    }

    /// The price of the project file.
    fn stated(&self, meter: &Meter) -> Option<MeterPrice<'a>> {
        let find = |tier: Option<&str>| {
            let rules = self.rules.iter();
            let fits = rules.filter_map(|rule| match &rule.states {
                Stated::Price {
                    meter: of,
                    price,
                    tier: own,
                    band,
                } if of == meter && own.as_deref() == tier && *band <= self.band => {
                    Some((*rule, price))
                }
                _ => None,
            });
            fits.max_by_key(|(rule, _)| rule.rank())
        };
        let ((rule, price), factor) = self.in_tier(meter, find)?;
        Some(MeterPrice {
            list: *price,
            factor,
            discount: Exact::ZERO,
            source: Source::Project(&rule.place),
            provider: rule.provider.as_deref(),
            model: &rule.model,
            from: rule.from,
            meter: meter.clone(),
            tier: rule.tier(),
            context_over: rule.band().threshold(),
        })
    }

    /// The price of the list.
    fn listed(&self, meter: &Meter) -> Option<MeterPrice<'a>> {
        let (source, row) = self.list?;
        let find =
            |tier: Option<&str>| -> Option<ListPrice<'a>> { row.listed(meter, tier, self.band) };
        let (listed, factor) = self.in_tier(meter, find)?;
        Some(MeterPrice {
            list: listed.price,
            factor,
            discount: self.discount,
            source,
            provider: Some(row.provider),
            model: row.model,
            from: row.from,
            meter: meter.clone(),
            tier: listed.tier,
            context_over: listed.band.threshold(),
        })
    }

    /// The price that a layer has for the tier, with the factor that lies on it. Factors are for
    /// tokens; what is billed by the request or the search costs the same in every tier.
    fn in_tier<P>(
        &self,
        meter: &Meter,
        find: impl Fn(Option<&str>) -> Option<P>,
    ) -> Option<(P, Exact)> {
        let Some(tier) = self.tier.as_deref() else {
            return Some((find(None)?, Exact::ONE));
        };
        if let Some(own) = find(Some(tier)) {
            return Some((own, Exact::ONE));
        }
        let factor = if meter.is_token() {
            self.factor?
        } else {
            Exact::ONE
        };
        Some((find(None)?, factor))
    }
}
