//! Reading a price book: the embedded file, or rows of any source.
//!
//! One row is provider × model × first day × service tier × context threshold, one column a meter;
//! [`super::layout`] documents the columns. Looking a price up is [`super::lookup`]'s business.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::OnceLock;

use crate::model::{ContextBand, Day, Exact, Meter, names};

use super::layout::Layout;
use super::names::Stem;

const EMBEDDED: &str = include_str!("../../data/price-book/prices.csv");

/// List prices of many providers, in USD.
#[derive(Debug, Default)]
pub struct PriceBook {
    pub(super) catalogs: BTreeMap<String, Catalog>,
}

/// The models of one provider.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) models: Vec<Model>,
    /// Lower-case names as written; the first model that has a name keeps it.
    pub(super) by_name: BTreeMap<String, usize>,
    /// Built when a name is first not found as written: most runs touch few providers.
    by_stem: OnceLock<BTreeMap<String, Vec<Candidate>>>,
}

/// A name of a model, folded.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) vendor: Option<String>,
    pub(super) snapshot: Option<String>,
    pub(super) model: usize,
}

/// One model and its price lists, by rising first day.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) lists: Vec<PriceList>,
}

/// The prices that hold from a day on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PriceList {
    /// First day, UTC; `None` means always.
    pub(super) from: Option<Day>,
    /// Whether the book declares the model free.
    pub(super) free: bool,
    pub(super) rates: Vec<Rate>,
}

/// USD for one unit of a meter, in a service tier, in a context band and those above it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) meter: Meter,
    pub(super) band: ContextBand,
    /// `batch`, `flex`, …; `None` is the standard tier.
    pub(super) tier: Option<Box<str>>,
    pub(super) price: Exact,
}

/// One row of a price book: what some units cost.
#[derive(Clone, Debug)]
pub struct BookRow<'a> {
    /// Provider, as written.
    pub provider: &'a str,
    /// All names of the model, the one to print first.
    pub names: Vec<&'a str>,
    /// First day of the price, UTC; `None` means always.
    pub from: Option<Day>,
    /// Service tier, as written; `None` is the standard one.
    pub tier: Option<&'a str>,
    /// The price holds for requests whose whole input is above this many tokens.
    pub context_over: Option<u64>,
    /// Whether the row declares the model free.
    pub free: bool,
    /// USD for **one** unit of each meter that has a price.
    pub prices: Vec<(Meter, Exact)>,
}

/// Why a text is not a price book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBook {
    /// Physical line, 1-based.
    pub line: usize,
    /// What is wrong, one sentence without a full stop.
    pub reason: String,
}

impl fmt::Display for BadBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for BadBook {}

impl PriceBook {
    /// The book compiled into the program, read at first use.
    ///
    /// # Panics
    /// If the embedded file is broken: a bug of ours that a test finds.
    pub fn embedded() -> &'static PriceBook {
        static BOOK: OnceLock<PriceBook> = OnceLock::new();
        BOOK.get_or_init(|| match PriceBook::parse(EMBEDDED) {
            Ok(book) => book,
            Err(bad) => panic!("the embedded price book can be read: {bad}"),
        })
    }

    /// Reads a book in the layout of the embedded one: comment lines that begin with `#`, a
    /// header, rows without quotes. A user's file, which may have quotes and several faults, is
    /// read by `load`.
    ///
    /// # Errors
    /// [`BadBook`] at the first line that cannot be read.
    pub fn parse(text: &str) -> Result<PriceBook, BadBook> {
        let mut book = PriceBook::default();
        let mut layout: Option<(Layout, usize)> = None;
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let bad = |reason: String| BadBook {
                line: index + 1,
                reason,
            };
            let cells: Vec<&str> = line.split(',').collect();
            match &layout {
                None => {
                    let found = Layout::of(&cells).map_err(|cell| bad(cell.reason))?;
                    layout = Some((found, cells.len()));
                }
                Some((_, width)) if cells.len() != *width => {
                    let found = cells.len();
                    return Err(bad(format!(
                        "the row has {found} cells, the header {width}"
                    )));
                }
                Some((layout, _)) => {
                    let row = layout.row(|column| cells.get(column).copied());
                    let row = row.map_err(|cell| bad(cell.reason))?;
                    book.insert(&row).map_err(bad)?;
                }
            }
        }
        Ok(book)
    }

    /// Adds one row. Rows of a model come in a run: days rise, and the row of a tier or threshold
    /// follows the row without one.
    ///
    /// # Errors
    /// A sentence, if the row has no name, an unknown threshold, or is out of order.
    pub fn insert(&mut self, row: &BookRow) -> Result<(), String> {
        let first = row
            .names
            .first()
            .ok_or("the model has no name")?
            .to_lowercase();
        let band = match row.context_over {
            None => ContextBand::BASE,
            Some(start) => ContextBand::beyond(start)
                .ok_or_else(|| format!("{start} is not a known context threshold"))?,
        };
        let tier = row.tier.map(names::service_tier);
        let tier = tier.filter(|tier| tier != names::STANDARD);
        let provider = names::provider(row.provider);
        let catalog = self.catalogs.entry(provider).or_default();
        let model = match catalog.models.last() {
            Some(last) if last.name == first => catalog.models.len() - 1,
            _ => catalog.add_model(first, &row.names)?,
        };
        let lists = &mut catalog.models[model].lists;
        let is_base = band == ContextBand::BASE && tier.is_none();
        match lists.last_mut() {
            Some(last) if last.from == row.from => {
                let same =
                    |rate: &Rate| rate.band == band && rate.tier.as_deref() == tier.as_deref();
                if last.rates.iter().any(same) || is_base {
                    return Err("the model already has a price for that day".to_string());
                }
                last.free &= row.free;
            }
            Some(last) if last.from > row.from => {
                return Err("the first days of a model's prices must rise".to_string());
            }
            _ if band != ContextBand::BASE => {
                return Err("the price beyond a threshold has no price below it".to_string());
            }
            _ if !is_base => {
                return Err(
                    "the price of a service tier has no standard price above it".to_string()
                );
            }
            _ => lists.push(PriceList {
                from: row.from,
                free: row.free,
                rates: Vec::new(),
            }),
        }
        if let Some(list) = lists.last_mut() {
            list.rates
                .extend(row.prices.iter().map(|(meter, price)| Rate {
                    meter: meter.clone(),
                    band,
                    tier: tier.as_deref().map(Box::from),
                    price: *price,
                }));
        }
        Ok(())
    }

    /// How many models the book has.
    pub fn models(&self) -> usize {
        let models = self.catalogs.values().map(|catalog| catalog.models.len());
        models.sum()
    }

    /// Whether a provider's list has a model of this very name.
    pub fn has_name(&self, provider: &str, name: &str) -> bool {
        let catalog = self.catalogs.get(provider);
        catalog.is_some_and(|catalog| catalog.by_name.contains_key(&name.to_lowercase()))
    }
}

impl Catalog {
    fn add_model(&mut self, first: String, names: &[&str]) -> Result<usize, String> {
        let model = self.models.len();
        if self.by_name.contains_key(&first) {
            return Err(format!("{first} stands in two places"));
        }
        for name in names {
            if let Entry::Vacant(free) = self.by_name.entry(name.to_lowercase()) {
                free.insert(model);
            }
        }
        self.models.push(Model {
            name: first,
            lists: Vec::new(),
        });
        self.by_stem = OnceLock::new();
        Ok(model)
    }

    /// Names by their folded form.
    pub(super) fn stems(&self) -> &BTreeMap<String, Vec<Candidate>> {
        self.by_stem.get_or_init(|| {
            let mut stems: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
            for (name, model) in &self.by_name {
                // OpenRouter's `~vendor/model-latest` follows whatever is newest: no fixed model.
                if name.starts_with('~') {
                    continue;
                }
                let stem = Stem::of(name);
                stems.entry(stem.text).or_default().push(Candidate {
                    vendor: stem.vendor,
                    snapshot: stem.snapshot,
                    model: *model,
                });
            }
            stems
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rows: &str) -> BadBook {
        let text = format!("# a comment\nprovider,names,from,context_over,input,requests\n{rows}");
        PriceBook::parse(&text).unwrap_err()
    }

    #[test]
    fn the_embedded_book_is_whole() {
        let book = PriceBook::embedded();
        assert_eq!(book.catalogs.len(), 36);
        let models: usize = book
            .catalogs
            .values()
            .map(|catalog| catalog.models.len())
            .sum();
        assert_eq!(models, 1309);
        for provider in book.catalogs.keys() {
            assert_eq!(&crate::model::names::provider(provider), provider);
        }
    }

    #[test]
    fn the_embedded_book_names_its_source_and_license() {
        let head: Vec<&str> = EMBEDDED
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        let head = head.join("\n");
        for word in [
            "pydantic/genai-prices",
            "commit 47df840a",
            "MIT License",
            "sha256: ac1aba22",
        ] {
            assert!(head.contains(word), "{word}");
        }
        assert!(EMBEDDED.len() < 200_000);
    }

    #[test]
    fn prices_are_per_single_unit() {
        let text = "provider,names,from,context_over,input,requests\nacme,tern,,,2.5,5\n";
        let book = PriceBook::parse(text).unwrap();
        let rates = &book.catalogs["acme"].models[0].lists[0].rates;
        assert_eq!(rates[0].price.to_string(), "0.0000025");
        assert_eq!(rates[1].price.to_string(), "0.005");
    }

    #[test]
    fn a_broken_row_is_refused_with_its_line() {
        for (rows, line, reason) in [
            ("acme,tern,,,1\n", 3, "the row has 5 cells, the header 6"),
            ("acme,tern,,,x,\n", 3, "not a price: it is a word"),
            ("acme,,,,1,\n", 3, "the model has no name"),
            ("acme,tern,2026-02-30,,1,\n", 3, "2026-02-30 is not a day"),
            (
                "acme,tern,,1000,1,\n",
                3,
                "1000 is not a known context threshold",
            ),
            (
                "acme,tern,,200000,1,\n",
                3,
                "the price beyond a threshold has no price below it",
            ),
            ("acme,tern,,,-1,\n", 3, "the price -1 is negative"),
            (
                "acme,tern,,,1,\nacme,tern,,,2,\n",
                4,
                "the model already has a price for that day",
            ),
            (
                "acme,tern,2026-02-01,,1,\nacme,tern,2026-01-01,,2,\n",
                4,
                "the first days of a model's prices must rise",
            ),
            (
                "acme,tern,,,1,\nacme,gull,,,1,\nacme,tern,,,1,\n",
                5,
                "tern stands in two places",
            ),
        ] {
            let bad = refused(rows);
            assert_eq!((bad.line, bad.reason.as_str()), (line, reason), "{rows}");
        }
        assert_eq!(PriceBook::parse("a,b\n").unwrap_err().line, 1);
    }
}
