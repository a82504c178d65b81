//! A book as rows, for showing and comparing; and the models of an exact name.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{Catalog, PriceBook, Rate};
use super::lookup::Quote;
use crate::model::{ContextBand, Day, Exact, Meter, names};

/// Prices of one model, first day, service tier and context threshold.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// Provider.
    pub provider: &'a str,
    /// All names of the model, the first name first.
    pub names: Vec<&'a str>,
    /// First day, UTC; `None` if the prices are not dated.
    pub from: Option<Day>,
    /// The first day of the model's next prices.
    pub until: Option<Day>,
    /// Service tier; `None` is the standard one.
    pub tier: Option<&'a str>,
    /// The prices hold for requests whose whole input is above this many tokens.
    pub context_over: Option<u64>,
    /// Whether the book declares the model free.
    pub free: bool,
    /// USD for one unit of each meter that has a price.
    pub prices: BTreeMap<&'a Meter, Exact>,
}

impl Listed<'_> {
    /// Whether the prices are in force on a day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// What changed in one price from one book to another.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Provider.
    pub provider: &'a str,
    /// The model's first name, in the newer book where it is there.
    pub model: &'a str,
    /// Service tier; `None` is the standard one.
    pub tier: Option<&'a str>,
    /// Context threshold.
    pub context_over: Option<u64>,
    /// Meter.
    pub meter: &'a Meter,
    /// USD for one unit in the older book; `None` if it has no such price.
    pub old: Option<Exact>,
    /// The same in the newer book.
    pub new: Option<Exact>,
}

/// The differences of two books.
#[derive(Clone, Debug, Default)]
pub struct Changes<'a> {
    /// Each price that differs, by provider, model, tier, threshold and meter.
    pub changes: Vec<Change<'a>>,
    /// Models of both books with the same prices.
    pub same: u64,
    /// Models of both books with other prices.
    pub changed: u64,
    /// Models of the newer book alone.
    pub added: u64,
    /// Models of the older book alone.
    pub removed: u64,
}

impl PriceBook {
    /// Every row, by provider and in the order of the book.
    pub fn rows(&self) -> Vec<Listed<'_>> {
        let mut rows = Vec::new();
        for (provider, catalog) in &self.catalogs {
            let names = catalog.names();
            for (model, names) in catalog.models.iter().zip(names) {
                for (at, list) in model.lists.iter().enumerate() {
                    let until = model.lists.get(at + 1).and_then(|next| next.from);
                    for ((tier, band), prices) in grouped(&list.rates) {
                        rows.push(Listed {
                            provider,
                            names: names.clone(),
                            from: list.from,
                            until,
                            tier,
                            context_over: band.threshold(),
                            free: list.free,
                            prices,
                        });
                    }
                }
            }
        }
        rows
    }

    /// The models that a name means, by exact folding: provider and first name. With a provider
    /// those that its usage is priced by, else those of every provider.
    pub fn named(&self, provider: Option<&str>, name: &str, day: Day) -> BTreeSet<(&str, &str)> {
        let all = self.catalogs.keys().map(String::as_str);
        let providers: Vec<String> = match provider {
            Some(one) => vec![names::provider(one)],
            None => all.map(str::to_string).collect(),
        };
        let mut found = BTreeSet::new();
        for provider in &providers {
            if let Quote::Priced(row) | Quote::Free(row) = self.price(Some(provider), name, day) {
                found.insert((row.provider, row.model));
            }
        }
        found
    }

    /// What changed from this book to a newer one, in the prices in force on a day. Models are the
    /// same if they have a name in common.
    pub fn changes<'a>(&'a self, newer: &'a PriceBook, day: Day) -> Changes<'a> {
        let mut found = Changes::default();
        let (old, new) = (self.on(day), newer.on(day));
        let mut met = BTreeSet::new();
        for ((provider, model), prices) in &new {
            let before = newer
                .names_of(provider, model)
                .into_iter()
                .find_map(|name| {
                    let first = self.first_name(provider, name)?;
                    let prices = old.get(&(*provider, first))?;
                    Some((first, prices))
                });
            let Some((first, before)) = before else {
                found.added += 1;
                found.add(provider, model, &BTreeMap::new(), prices);
                continue;
            };
            met.insert((*provider, first));
            match before == prices {
                true => found.same += 1,
                false => found.changed += 1,
            }
            found.add(provider, model, before, prices);
        }
        for ((provider, model), prices) in &old {
            if !met.contains(&(*provider, *model)) {
                found.removed += 1;
                found.add(provider, model, prices, &BTreeMap::new());
            }
        }
        found.changes.sort_by(|a, b| key(a).cmp(&key(b)));
        found
    }

    /// The prices in force on a day, by model.
    fn on(&self, day: Day) -> BTreeMap<(&str, &str), Priced<'_>> {
        let mut models: BTreeMap<(&str, &str), Priced<'_>> = BTreeMap::new();
        for row in self.rows().into_iter().filter(|row| row.holds_on(day)) {
            let model = row.names.first().copied().unwrap_or_default();
            let prices = models.entry((row.provider, model)).or_default();
            for (meter, price) in row.prices {
                prices.insert((row.tier, row.context_over, meter), price);
            }
        }
        models
    }

    fn names_of(&self, provider: &str, first: &str) -> Vec<&str> {
        let Some(catalog) = self.catalogs.get(provider) else {
            return Vec::new();
        };
        let at = catalog.models.iter().position(|model| model.name == first);
        at.map(|at| catalog.names_at(at)).unwrap_or_default()
    }

    fn first_name(&self, provider: &str, name: &str) -> Option<&str> {
        let catalog = self.catalogs.get(provider)?;
        let model = catalog.models.get(*catalog.by_name.get(name)?)?;
        Some(&model.name)
    }
}

/// Prices of a model by tier, threshold and meter.
type Priced<'a> = BTreeMap<(Option<&'a str>, Option<u64>, &'a Meter), Exact>;

impl<'a> Changes<'a> {
    fn add(&mut self, provider: &'a str, model: &'a str, old: &Priced<'a>, new: &Priced<'a>) {
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        for key in keys {
            let (before, after) = (old.get(&key).copied(), new.get(&key).copied());
            if before != after {
                let (tier, context_over, meter) = key;
                self.changes.push(Change {
                    provider,
                    model,
                    tier,
                    context_over,
                    meter,
                    old: before,
                    new: after,
                });
            }
        }
    }
}

fn key<'c>(change: &'c Change<'_>) -> impl Ord + use<'c> {
    (
        change.provider,
        change.model,
        change.tier,
        change.context_over,
        change.meter,
    )
}

impl Catalog {
    /// All names of each model, the first name first.
    fn names(&self) -> Vec<Vec<&str>> {
        let mut names: Vec<Vec<&str>> = self
            .models
            .iter()
            .map(|model| vec![model.name.as_str()])
            .collect();
        for (name, at) in &self.by_name {
            if *name != self.models[*at].name {
                names[*at].push(name);
            }
        }
        names
    }

    fn names_at(&self, at: usize) -> Vec<&str> {
        let first = self.models.get(at).map(|model| model.name.as_str());
        let others = self.by_name.iter().filter(|(_, model)| **model == at);
        let others = others.map(|(name, _)| name.as_str());
        first.into_iter().chain(others).collect()
    }
}

/// The rates of a list by tier and threshold; the standard row is always there.
fn grouped(rates: &[Rate]) -> BTreeMap<(Option<&str>, ContextBand), BTreeMap<&Meter, Exact>> {
    let mut rows: BTreeMap<_, BTreeMap<&Meter, Exact>> = BTreeMap::new();
    rows.entry((None, ContextBand::BASE)).or_default();
    for rate in rates {
        let row = rows.entry((rate.tier.as_deref(), rate.band)).or_default();
        row.insert(&rate.meter, rate.price);
    }
    rows
}
