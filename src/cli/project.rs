//! The project file `tanso.toml`: inputs, mapping, columns, plan prices, discounts.
//!
//! Money and ratios are quoted strings: a bare TOML number is a binary float. Unknown keys are
//! errors with the nearest key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::check_limits::GateEntry;
use super::journal::JournalEntry;
use super::leaks_acks::LeaksEntry;
pub use super::percent::percent;
use super::price_rules::{self, PriceEntry};
use super::shared::SharedEntry;
use super::toml_places::{Located, toml_fault};
use crate::formats::{CachedTokens, Settings};
use crate::model::records::CostBasis;
use crate::model::{Currency, DateOrder, Exact, Zone, names};
use crate::prices::Rule;
use crate::problem::{Place, Problem, catalogue};

/// The name that is looked for upward from the current directory.
pub const FILE_NAME: &str = "tanso.toml";

/// The file as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Globs of the files to read, relative to the project file.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// The mapping file.
    pub mapping: Option<String>,
    /// Report currency.
    pub currency: Option<String>,
    /// Files of dated exchange rates, relative to the project file.
    #[serde(default)]
    pub fx: Vec<String>,
    /// Report zone.
    pub tz: Option<String>,
    /// Tolerance between log and bill, such as `"1%"`.
    pub tolerance: Option<String>,
    /// Which cost of bills counts: `"effective"`, `"billed"` or `"list"`.
    pub cost_basis: Option<String>,
    /// Files with something to say about them.
    #[serde(default)]
    pub input: Vec<InputEntry>,
    /// Plans by name.
    #[serde(default)]
    pub plan: BTreeMap<String, PlanEntry>,
    /// A price list that goes before the built-in one, relative to the project file.
    pub prices: Option<String>,
    /// Prices that go before every list.
    #[serde(default)]
    price: Vec<PriceEntry>,
    /// The same, understood.
    #[serde(skip)]
    pub rules: Vec<Rule>,
    /// Providers by name.
    #[serde(default)]
    pub provider: BTreeMap<String, ProviderEntry>,
    /// Shared costs.
    #[serde(default)]
    pub shared: Vec<toml::Spanned<SharedEntry>>,
    /// Accounts of journals.
    #[serde(default)]
    pub journal: JournalEntry,
    /// Limits that `tanso check` holds the month to.
    #[serde(default)]
    pub gate: GateEntry,
    /// What `tanso leaks` is told.
    #[serde(default)]
    pub leaks: LeaksEntry,
    /// The folder of the project file.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The project file as shown in messages.
    #[serde(skip)]
    pub shown: String,
    /// Its text.
    #[serde(skip)]
    text: String,
}

/// One `[[input]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputEntry {
    /// File or glob, relative to the project file.
    pub path: String,
    /// Format name.
    pub format: Option<String>,
    /// Our field name → the file's column.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// `"inside input"` or `"beside input"`.
    pub cached_tokens: Option<String>,
    /// Zone of stamps without offset.
    pub tz: Option<String>,
    /// Provider of a file that names none.
    pub provider: Option<String>,
    /// Who bills the calls of a log, whatever its rows name.
    pub billed_by: Option<String>,
    /// Currency of a file that names none.
    pub currency: Option<String>,
    /// `"."` or `","`.
    pub decimal: Option<String>,
    /// `"m/d/y"` or `"d/m/y"`.
    pub date_format: Option<String>,
    /// One character.
    pub delimiter: Option<String>,
    /// `"utf8"` or `"latin1"`.
    pub encoding: Option<String>,
    /// Lines above the header.
    #[serde(default)]
    pub skip_lines: u32,
}

/// One `[plan.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanEntry {
    /// Price per month, or with `/year`.
    pub price: Option<String>,
    /// Price per year, if it is not twelve times the month's.
    pub yearly_price: Option<String>,
}

/// One `[provider.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderEntry {
    /// Negotiated discount on list prices, such as `"15%"`.
    pub discount: Option<String>,
    /// Service tier → what its tokens cost in proportion to the standard tier: `"0.5"`, `"50%"`.
    #[serde(default)]
    pub tier: BTreeMap<String, String>,
}

impl Project {
    /// Finds and reads the project file: the one named, else the nearest upward of `from`.
    ///
    /// # Errors
    /// If the named file cannot be read or a file is not understood.
    pub fn find(named: Option<&Path>, from: &Path) -> Result<Option<Project>, Problem> {
        if let Some(path) = named {
            return Project::read(path).map(Some);
        }
        let found = from
            .ancestors()
            .map(|folder| folder.join(FILE_NAME))
            .find(|path| path.is_file());
        match found {
            None => Ok(None),
            Some(path) => {
                let shown = path.strip_prefix(from).unwrap_or(&path);
                Project::parse(&path, shown).map(Some)
            }
        }
    }

    fn read(path: &Path) -> Result<Project, Problem> {
        Project::parse(path, path)
    }

    fn parse(path: &Path, shown: &Path) -> Result<Project, Problem> {
        let shown: Arc<str> = shown.display().to_string().into();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_READ,
                format!("cannot read the project file: {error}"),
            )
            .at(Place::file(&shown))
        })?;
        let mut project: Project = toml::from_str(&text)
            .map_err(|error| toml_fault(&catalogue::PROJECT_FILE, &shown, &text, &error))?;
        project.folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        project.shown = shown.to_string();
        let located = Located {
            shown: &shown,
            text: &text,
        };
        project.rules = price_rules::rules(&project.price, &located)?;
        project.text = text;
        Ok(project)
    }

    /// The place of a byte of the file.
    pub fn place(&self, byte: usize) -> Place {
        let shown: Arc<str> = self.shown.as_str().into();
        Located {
            shown: &shown,
            text: &self.text,
        }
        .place(byte)
    }

    /// A problem with a value of the file.
    pub fn problem(&self, message: String) -> Problem {
        Problem::new(&catalogue::PROJECT_FILE, message).at(Place::file(&self.shown.as_str().into()))
    }

    /// A problem with the value of a key, at its line where the key stands on a line of its own
    /// below its header. The header of keys above all tables is empty.
    pub fn fault(&self, header: &str, key: &str, value: &str, message: String) -> Problem {
        let problem = self.problem(message);
        let shown: Arc<str> = self.shown.as_str().into();
        match line_of(&self.text, header, key, value) {
            Some(line) => problem.at(Place::line(&shown, line)),
            None => problem,
        }
    }

    /// Which cost counts in bills that state several.
    ///
    /// # Errors
    /// A word that is no basis.
    pub fn cost_basis(&self) -> Result<CostBasis, Problem> {
        let Some(word) = &self.cost_basis else {
            return Ok(CostBasis::default());
        };
        CostBasis::parse(word).ok_or_else(|| {
            let message = format!("cost_basis is not understood: {word:?}");
            self.fault("", "cost_basis", word, message)
                .help("write \"effective\", \"billed\" or \"list\"")
        })
    }

    /// Negotiated discounts by provider.
    ///
    /// # Errors
    /// A discount that is no percentage between 0 and 100.
    pub fn discounts(&self) -> Result<BTreeMap<String, Exact>, Problem> {
        let mut discounts = BTreeMap::new();
        for (name, entry) in &self.provider {
            let Some(text) = &entry.discount else {
                continue;
            };
            let discount = percent(text).filter(|d| !d.is_negative() && *d <= Exact::ONE);
            let discount = discount.ok_or_else(|| {
                let message = format!("provider.{name}.discount is not a percentage: {text:?}");
                self.fault(&format!("[provider.{name}]"), "discount", text, message)
                    .help("write discount = \"15%\"")
            })?;
            discounts.insert(names::provider(name), discount);
        }
        Ok(discounts)
    }
}

impl Project {
    /// Factors of service tiers, by provider and tier.
    ///
    /// # Errors
    /// A factor that is no number from 0 up.
    pub fn tier_factors(&self) -> Result<BTreeMap<(String, String), Exact>, Problem> {
        let mut factors = BTreeMap::new();
        for (name, entry) in &self.provider {
            for (tier, text) in &entry.tier {
                let factor = percent(text).filter(|factor| !factor.is_negative());
                let factor = factor.ok_or_else(|| {
                    self.problem(format!(
                        "provider.{name}.tier.{tier} is no factor: {text:?}"
                    ))
                    .help("write tier = { batch = \"0.5\" } for half of the standard price")
                })?;
                let key = (names::provider(name), names::service_tier(tier));
                factors.insert(key, factor);
            }
        }
        Ok(factors)
    }
}

impl InputEntry {
    /// What the entry says about the content of its files.
    ///
    /// # Errors
    /// A value that is not understood.
    pub fn settings(&self, project: &Project) -> Result<Settings, Problem> {
        let fault = |key: &str, value: &str, help: &str| {
            let message = format!(
                "{key} of the input {:?} is not understood: {value:?}",
                self.path
            );
            project
                .fault("[[input]]", key, value, message)
                .help(help.to_string())
        };
        let cached_tokens = match self.cached_tokens.as_deref() {
            None => None,
            Some("inside input" | "inside") => Some(CachedTokens::Inside),
            Some("beside input" | "beside") => Some(CachedTokens::Beside),
            Some(other) => {
                let help = "write \"inside input\" or \"beside input\"";
                return Err(fault("cached_tokens", other, help));
            }
        };
        let zone = match self.tz.as_deref() {
            None => None,
            Some(name) => Some(Zone::parse(name).ok_or_else(|| {
                fault("tz", name, "write UTC or an IANA name such as Europe/Paris")
            })?),
        };
        let currency =
            match self.currency.as_deref() {
                None => None,
                Some(code) => Some(Currency::parse(code).ok_or_else(|| {
                    fault("currency", code, "write a code of ISO 4217 such as USD")
                })?),
            };
        let decimal_comma = match self.decimal.as_deref() {
            None => None,
            Some(".") => Some(false),
            Some(",") => Some(true),
            Some(other) => return Err(fault("decimal", other, "write \".\" or \",\"")),
        };
        let date_order = self.date_format.as_deref().map(|order| {
            let help = "write \"m/d/y\" or \"d/m/y\"";
            DateOrder::parse(order).ok_or_else(|| fault("date_format", order, help))
        });
        Ok(Settings {
            columns: self.columns.clone(),
            cached_tokens,
            zone,
            provider: self.provider.as_deref().map(names::provider),
            billed_by: self.billed_by.as_deref().map(names::provider),
            currency,
            decimal_comma,
            date_order: date_order.transpose()?,
            ..Settings::default()
        })
    }
}

/// The line, from 1, on which a key below a header has a value that holds this text.
fn line_of(text: &str, header: &str, key: &str, value: &str) -> Option<u64> {
    let mut below = "";
    (1..).zip(text.lines()).find_map(|(number, line)| {
        let line = line.trim();
        if line.starts_with('[') {
            below = line.split('#').next().unwrap_or(line).trim();
        }
        let (name, rest) = line.split_once('=')?;
        (below == header && name.trim() == key && rest.contains(value)).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Project, Problem> {
        toml::from_str(text).map_err(|error| {
            toml_fault(&catalogue::PROJECT_FILE, &"tanso.toml".into(), text, &error)
        })
    }

    #[test]
    fn the_order_of_dates_is_stated_in_two_ways() {
        let order = |text: &str| {
            let text = format!("[[input]]\npath = \"a.csv\"\ndate_format = {text:?}\n");
            let project = parse(&text).unwrap();
            project.input[0].settings(&project).map(|s| s.date_order)
        };
        assert_eq!(order("m/d/y").unwrap(), Some(DateOrder::MonthFirst));
        assert_eq!(order("d/m/y").unwrap(), Some(DateOrder::DayFirst));
        let problem = order("y/m/d").unwrap_err();
        assert_eq!(
            problem.help.as_deref(),
            Some("write \"m/d/y\" or \"d/m/y\"")
        );
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let problem = parse("currency = \"USD\"\ninputz = []\n").unwrap_err();
        assert_eq!(problem.place.unwrap().line, Some(2));
        assert_eq!(problem.help.unwrap(), "the nearest key is \"inputs\"");
    }

    #[test]
    fn money_must_be_quoted() {
        let problem = parse("[plan.pro]\nprice = 0.15\n").unwrap_err();
        assert_eq!(problem.entry.code, "T1010");
        assert!(problem.help.unwrap().starts_with("quote it"));
        assert!(parse("[plan.pro]\nprice = 99\n").is_err());
        assert!(parse("currency = \"USD\"\ncurrency = \"EUR\"\n").is_err());
    }

    #[test]
    fn the_cost_basis_is_one_of_three_words() {
        let of = |text| parse(text).unwrap().cost_basis();
        assert_eq!(of("").unwrap(), CostBasis::Effective);
        assert_eq!(of("cost_basis = \"list\"").unwrap(), CostBasis::List);
        let problem = of("cost_basis = \"amortized\"").unwrap_err();
        assert_eq!(problem.entry.code, "T1010");
    }

    #[test]
    fn a_wrong_value_has_its_line() {
        let text = "tz = \"UTC\"\n[[input]]\npath = \"a\"\ntz = \"Mars\"\n[plan.pro] # new\nprice = \"99 USD\"\n";
        assert_eq!(line_of(text, "", "tz", "UTC"), Some(1));
        assert_eq!(line_of(text, "", "tz", "Mars"), None);
        assert_eq!(line_of(text, "[[input]]", "tz", "Mars"), Some(4));
        assert_eq!(line_of(text, "[plan.pro]", "price", "99 USD"), Some(6));
    }

    #[test]
    fn percentages() {
        assert_eq!(percent("15%").unwrap().to_string(), "0.15");
        assert_eq!(percent("0.15").unwrap().to_string(), "0.15");
        assert_eq!(percent("x"), None);
    }
}
