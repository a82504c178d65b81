//! Finding the price of a model on a day.
//!
//! Names are tried from the most exact spelling to the least: as written, without vendor segments,
//! family with snapshot, family. Nothing is matched by its beginning, so a model never gets its
//! parent's price. Whatever is not found is [`Quote::Unpriced`].

use crate::model::{ContextBand, Day, Exact, Meter, names};

use super::book::{Candidate, Catalog, Model, PriceBook, PriceList, Rate};
use super::names::{Stem, spelled_provider};

/// Providers that sell other vendors' models under their names and list only some of them: the
/// vendor's own list price holds for the rest. From the source's `fallback_model_providers`.
const RESELLERS: [(&str, &[&str]); 2] = [
    ("azure", &["openai", "anthropic"]),
    ("google", &["anthropic"]),
];

/// Gateways that pass requests on: the first-party vendor's list price holds where the gateway
/// has none of its own.
const GATEWAYS: [&str; 4] = ["openrouter", "litellm", "portkey", "helicone"];

/// How OpenRouter names the variant of a model that it declares free.
const FREE_VARIANT: &str = ":free";

/// Names less like the one asked for than this are not worth a hint.
const NEAR: f64 = 0.8;

/// What a book knows about a model on a day.
#[derive(Clone, Copy, Debug)]
pub enum Quote<'a> {
    /// It has prices. They may all be 0: a list that says so may mean that it does not know.
    Priced(PriceRow<'a>),
    /// It is declared free.
    Free(PriceRow<'a>),
    /// It is not listed, or not yet on that day. That is not 0.
    Unpriced,
}

/// The prices of one model in force on a day.
#[derive(Clone, Copy, Debug)]
pub struct PriceRow<'a> {
    /// The provider whose list it is: the vendor's, where a gateway has none.
    pub provider: &'a str,
    /// The model's first name in the book.
    pub model: &'a str,
    /// First day of these prices, UTC; `None` if they are not dated.
    pub from: Option<Day>,
    rates: &'a [Rate],
}

/// A price as it stands in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPrice<'a> {
    /// USD for one unit.
    pub price: Exact,
    /// The service tier it is written for; `None` is the standard one.
    pub tier: Option<&'a str>,
    /// The context threshold it is written for.
    pub band: ContextBand,
}

impl PriceBook {
    /// The prices in force on `day` (UTC).
    ///
    /// `provider` and `model` are as written in the log or bill. Without a provider the spelling
    /// of the name (`us.anthropic.…`, `azure/gpt-4o`) or the model's first-party vendor decides; a
    /// stated provider that the book does not know leaves the model unpriced, gateways excepted.
    pub fn price(&self, provider: Option<&str>, model: &str, day: Day) -> Quote<'_> {
        for provider in self.sellers(provider, model) {
            let Some((provider, catalog)) = self.catalogs.get_key_value(&provider) else {
                continue;
            };
            let Some(found) = catalog.find(model) else {
                continue;
            };
            let Some(list) = found.list_on(day) else {
                return Quote::Unpriced;
            };
            let row = PriceRow {
                provider,
                model: &found.name,
                from: list.from,
                rates: &list.rates,
            };
            let at_zero = list.rates.iter().all(|rate| rate.price.is_zero());
            let free = at_zero && (list.free || found.name.ends_with(FREE_VARIANT));
            return if free {
                Quote::Free(row)
            } else {
                Quote::Priced(row)
            };
        }
        Quote::Unpriced
    }

    /// The providers whose lists may hold the price, in order.
    fn sellers(&self, stated: Option<&str>, model: &str) -> Vec<String> {
        let vendor = names::vendor_of(model).map(str::to_string);
        let stated = stated.map(names::provider).filter(|name| !name.is_empty());
        let Some(stated) = stated else {
            let spelled = spelled_provider(model).filter(|name| self.catalogs.contains_key(name));
            return spelled.or(vendor).into_iter().collect();
        };
        let mut order = Vec::new();
        if let Some((_, vendors)) = RESELLERS.iter().find(|(reseller, _)| *reseller == stated) {
            order.extend(vendors.iter().map(|vendor| vendor.to_string()));
        }
        if GATEWAYS.contains(&stated.as_str()) {
            order.extend(spelled_provider(model));
            order.extend(vendor);
        }
        order.insert(0, stated);
        order
    }
}

/// Up to `n` names of some books, and of `more` names, that look most like `model`, the likest
/// first, for messages.
pub fn nearest(model: &str, n: usize, books: &[&PriceBook], more: Vec<String>) -> Vec<String> {
    let asked = model.trim().to_lowercase();
    let asked = bare(&asked);
    let known: std::collections::BTreeSet<&str> = books
        .iter()
        .flat_map(|book| book.catalogs.values())
        .flat_map(|catalog| catalog.by_name.keys())
        .chain(&more)
        .map(|name| bare(name))
        .collect();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(asked, name), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter()
        .take(n)
        .map(|(_, name)| name.to_string())
        .collect()
}

fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Catalog {
    fn find(&self, name: &str) -> Option<&Model> {
        let written = name.trim().to_lowercase();
        let mut rest = written.as_str();
        loop {
            if let Some(model) = self.by_name.get(rest) {
                return self.models.get(*model);
            }
            match rest.split_once('/') {
                Some((_, after)) => rest = after,
                None => break,
            }
        }
        let stem = Stem::of(&written);
        let candidates = self.stems().get(&stem.text)?;
        let with = |snapshot: &Option<String>| -> Vec<&Candidate> {
            candidates
                .iter()
                .filter(|candidate| candidate.snapshot == *snapshot)
                .collect()
        };
        let same_snapshot = with(&stem.snapshot);
        let undated = with(&None);
        let chosen = if !same_snapshot.is_empty() {
            same_snapshot
        } else if !undated.is_empty() {
            undated
        } else {
            candidates.iter().collect()
        };
        self.agreed(chosen, &stem.vendor)
    }

    /// The model of the candidates, if they have one price: those of the same vendor if there are
    /// any, else those written without a vendor, else all. Where prices differ nothing is guessed.
    fn agreed(&self, candidates: Vec<&Candidate>, vendor: &Option<String>) -> Option<&Model> {
        let written = |by: &Option<String>| -> Vec<&Candidate> {
            candidates
                .iter()
                .filter(|candidate| candidate.vendor == *by)
                .copied()
                .collect()
        };
        let chosen = [written(vendor), written(&None), candidates.clone()]
            .into_iter()
            .find(|group| !group.is_empty())?;
        let first = self.models.get(chosen.first()?.model)?;
        chosen
            .iter()
            .all(|other| self.models[other.model].lists == first.lists)
            .then_some(first)
    }
}

impl Model {
    fn list_on(&self, day: Day) -> Option<&PriceList> {
        self.lists
            .iter()
            .rev()
            .find(|list| list.from.is_none_or(|from| from <= day))
    }
}

impl<'a> PriceRow<'a> {
    /// The price listed for a meter and a tier (`None` is the standard one), for requests of a
    /// context band: that of the highest threshold passed. `None` if the list has no such price.
    pub fn listed(
        &self,
        meter: &Meter,
        tier: Option<&str>,
        band: ContextBand,
    ) -> Option<ListPrice<'a>> {
        self.rates
            .iter()
            .filter(|rate| {
                rate.meter == *meter && rate.tier.as_deref() == tier && rate.band <= band
            })
            .max_by_key(|rate| rate.band)
            .map(|rate| ListPrice {
                price: rate.price,
                tier: rate.tier.as_deref(),
                band: rate.band,
            })
    }

    /// Whether the list has prices of its own for a service tier.
    pub fn has_tier(&self, tier: &str) -> bool {
        self.rates
            .iter()
            .any(|rate| rate.tier.as_deref() == Some(tier))
    }

    /// Whether long requests have prices of their own.
    pub fn has_thresholds(&self) -> bool {
        self.rates.iter().any(|rate| rate.band != ContextBand::BASE)
    }
}
