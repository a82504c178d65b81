//! The road all commands take: files → books → identity → revenue and cost → statement.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use hashbrown::HashSet;

use super::again::again;
use super::args::{ConflictArg, MatchArg, OverlapArg, ResidualArg, Shared};
use super::cache;
use super::choices;
use super::currency;
use super::inputs;
use super::notes;
use super::price_book;
use super::progress::Bar;
use super::project::Project;
use crate::attribution::matching::{Comparison, compare};
use crate::attribution::{self, Attribution, Caused, CostFact, Pricing, SharedCost};
use crate::formats::Kind;
use crate::fx::Conversion;
use crate::identity::Identity;
use crate::load::{self, Books, Choices, InputSpec, OnConflict, OnOverlap};
use crate::margin::{self, Dimension, Filter, Statement};
use crate::model::rates::Exchanges;
use crate::model::receipt::InputReceipt;
use crate::model::records::CostBasis;
use crate::model::{Currency, Period, Zone};
use crate::problem::{Note, Problem, Problems};
use crate::report::margin::Header;
use crate::revenue::contracts::{Contract, contracts};
use crate::revenue::{self, Coverage, RevenueBook};

/// Everything a command works on.
pub struct Run {
    /// The project file.
    pub project: Option<Project>,
    /// The files.
    pub specs: Vec<InputSpec>,
    /// What they hold.
    pub books: Books,
    /// Who is who.
    pub identity: Identity,
    /// Revenue over time.
    pub revenue: RevenueBook,
    /// What the revenue export covers.
    pub coverage: Coverage,
    /// Report period.
    pub period: Period,
    /// Report zone.
    pub zone: Zone,
    /// Report currency.
    pub currency: Currency,
    /// What was converted to it.
    pub conversion: Conversion,
    /// The same row by row.
    pub exchanges: Exchanges,
    cost_basis: CostBasis,
    options: attribution::Options,
    /// Prices of the run.
    pub pricing: Pricing,
    /// What is said about the imported price list.
    pub price_notes: Vec<Note>,
    /// The imported price list as an input.
    pub price_file: Option<InputReceipt>,
    /// Shared costs.
    pub shared: Vec<SharedCost>,
    /// Revenue by month, where there are shared costs.
    revenue_by_month: Caused,
    /// Names in `--by` and `--where` that may be columns of the log, as the cells hold them.
    pub columns: Vec<String>,
}

impl Run {
    /// Reads everything. `by` are the dimensions that the command was asked for.
    ///
    /// # Errors
    /// Every problem found.
    pub fn prepare(shared: &Shared, by: &[String]) -> Result<Run, Problems> {
        Run::prepare_apart(shared, by, false)
    }

    /// The same; `outcomes` says whether failed requests are told apart from served ones.
    ///
    /// # Errors
    /// Every problem found.
    pub fn prepare_apart(shared: &Shared, by: &[String], outcomes: bool) -> Result<Run, Problems> {
        let project = project(shared)?;
        let (prices, price_notes, price_file) = price_book::prices(shared, project.as_ref())?;
        let specs = inputs::resolve(shared, project.as_ref())?;
        let zone = choices::zone(shared, project.as_ref())?;
        let choices = reading(shared, zone, by, outcomes);
        let bar = Bar::new(shared.quiet);
        let mut books = load::read(&specs, &choices, &bar)?;
        let period = choices::period(shared, &books, zone)?;
        let basis = choices::basis(shared, &books)?;
        let currency = currency::currency(shared, project.as_ref(), basis, &books)?;
        let days = (period, zone);
        let (conversion, exchanges, per_dollar) =
            currency::convert(&mut books, currency, basis, days)?;
        let mut identity = identity(&mut books);
        let mut revenue = RevenueBook::build(revenue::Inputs {
            records: &books.records,
            identity: &identity,
            basis,
            zone,
            currency,
            period,
        });
        revenue::plans::assign(&mut identity, &mut revenue, &books.records, zone);
        let coverage = Coverage::check(&revenue, &books.records, &identity, period, zone);
        let tolerance = choices::tolerance(shared, project.as_ref())?;
        let costs = match &project {
            Some(project) => super::shared::costs(project, &identity)?,
            None => Vec::new(),
        };
        let revenue_by_month = match costs.is_empty() {
            true => Caused::new(),
            false => by_month(&revenue, period),
        };
        Ok(Run {
            options: attribution::Options {
                period,
                zone,
                tolerance,
                spread_residual: shared.residual == ResidualArg::Spread,
                exact_match: shared.matching == MatchArg::Exact,
                detail: false,
            },
            pricing: Pricing {
                prices,
                in_dollars: currency == Currency::USD,
                per_dollar,
            },
            shared: costs,
            revenue_by_month,
            price_notes,
            price_file,
            cost_basis: choices::cost_basis(shared, project.as_ref())?,
            project,
            specs,
            books,
            identity,
            revenue,
            coverage,
            period,
            zone,
            currency,
            conversion,
            exchanges,
            columns: choices.dimensions,
        })
    }

    /// What the subscriptions agree on.
    pub fn contracts(&self) -> Vec<Contract> {
        contracts(
            &self.books.records,
            &self.revenue,
            &self.identity,
            self.zone,
        )
    }

    /// The statement.
    pub fn statement(&self, by: &[Dimension], filters: &[Filter]) -> Statement {
        let detail = margin::needs_detail(&self.identity, self.period, by, filters);
        self.state((by, filters), detail, &mut |_| {})
    }

    /// The statement, and every cost to a function besides; with the usage that carries it, if
    /// `detail` is said.
    pub fn state(
        &self,
        (by, filters): (&[Dimension], &[Filter]),
        detail: bool,
        also: &mut dyn FnMut(&CostFact<'_>),
    ) -> Statement {
        let options = attribution::Options {
            detail,
            ..self.options.clone()
        };
        let inputs = margin::Inputs {
            identity: &self.identity,
            usage: &self.books.usage,
            revenue: &self.revenue,
            coverage: &self.coverage,
            period: self.period,
            by,
            filters,
        };
        margin::state(&inputs, |sink| {
            attribution::attribute(self.costs(), &options, &mut |fact| {
                also(fact);
                sink(fact);
            })
        })
    }

    /// Hands every cost, with the usage that carries it, to a function.
    pub fn costs_in_detail(&self, sink: &mut dyn FnMut(&CostFact<'_>)) -> Attribution {
        let options = attribution::Options {
            detail: true,
            ..self.options.clone()
        };
        attribution::attribute(self.costs(), &options, sink)
    }

    /// Bill and log side by side.
    pub fn comparison(&self) -> Comparison<'_> {
        compare(self.costs(), &self.options)
    }

    /// What attribution works on.
    fn costs(&self) -> attribution::Inputs<'_> {
        attribution::Inputs {
            usage: &self.books.usage,
            charges: &self.books.charges,
            covers: &self.books.covers,
            counts: &self.books.counts,
            count_covers: &self.books.count_covers,
            identity: &self.identity,
            pricing: &self.pricing,
            currency: self.currency,
            shared: &self.shared,
            revenue: &self.revenue_by_month,
        }
    }

    /// These names of models, and every other name in log and bill that attribution takes for one
    /// of them, so that a filter by model loses nothing that was attributed under another name.
    pub fn same_models(&self, names: Vec<String>) -> Vec<String> {
        let folding = attribution::folding(self.costs(), &self.options);
        let wanted: Vec<_> = names.iter().map(|name| folding.fold(name)).collect();
        let logged = self.books.usage.iter().filter_map(|c| c.model.as_deref());
        let billed = self.books.charges.iter();
        let billed = billed.filter_map(|charge| charge.model.as_deref());
        let known: BTreeSet<&str> = logged.chain(billed).collect();
        let same = known.into_iter().filter(|name| {
            let model = folding.fold(name);
            // A name without a date is every version of it.
            wanted.iter().any(|wanted| {
                wanted.family == model.family
                    && (wanted.snapshot.is_none() || wanted.snapshot == model.snapshot)
            })
        });
        let mut all: BTreeSet<String> = same.map(str::to_string).collect();
        all.extend(names);
        all.into_iter().collect()
    }

    /// What every output says about the run.
    pub fn header(&self, shared: &Shared, statement: &Statement) -> Header {
        let mut options = BTreeMap::new();
        let mut say = |name: &str, value: String| options.insert(name.to_string(), value);
        if shared.residual == ResidualArg::Spread {
            say("residual", "spread".into());
        }
        if shared.matching == MatchArg::Exact {
            say("match", "exact".into());
        }
        if self.options.tolerance != choices::default_tolerance() {
            say("tolerance", self.options.tolerance.to_string());
        }
        for (name, value) in [
            ("on_conflict", format!("{:?}", shared.on_conflict)),
            ("on_overlap", format!("{:?}", shared.on_overlap)),
        ] {
            if value != "Error" {
                say(name, value.to_lowercase());
            }
        }
        if !shared.filters.is_empty() {
            say("where", shared.filters.join(" "));
        }
        let prices = &self.pricing.prices;
        if let Some((name, _)) = &prices.file {
            say("prices", name.to_string());
        }
        if !prices.rules.is_empty() {
            say("stated_prices", prices.rules.len().to_string());
        }
        for (provider, discount) in &prices.discounts {
            say(&format!("discount.{provider}"), discount.to_string());
        }
        for ((provider, tier), factor) in &prices.factors {
            say(&format!("tier.{provider}.{tier}"), factor.to_string());
        }
        let mut inputs = self.books.receipts(self.period, self.zone);
        inputs.extend(self.price_file.clone());
        Header {
            period: self.period,
            zone: self.zone,
            currency: self.currency,
            revenue_basis: self.revenue.basis.word(),
            cost_basis: self.cost_basis.word(),
            fx: Some(self.conversion.clone()).filter(|fx| !fx.is_empty()),
            again: again(shared),
            options,
            notes: notes::collect(self, statement, &inputs),
            inputs,
        }
    }

    /// The names of the price book that are nearest to a model's.
    pub fn nearest_models(&self, model: &str) -> Vec<String> {
        self.pricing.prices.nearest(model, 3)
    }

    /// Notes that are warnings.
    pub fn warnings(header: &Header) -> impl Iterator<Item = &Note> {
        header.notes.iter().filter(|note| note.warning)
    }
}

/// How the files of a run are read. `by` are the dimensions that the command was asked for,
/// `outcomes` says whether failed requests are told apart from served ones.
pub fn reading(shared: &Shared, zone: Zone, by: &[String], outcomes: bool) -> Choices {
    Choices {
        zone,
        on_conflict: match shared.on_conflict {
            ConflictArg::Error => OnConflict::Error,
            ConflictArg::Last => OnConflict::Last,
            ConflictArg::Max => OnConflict::Max,
        },
        on_overlap: match shared.on_overlap {
            OverlapArg::Error => OnOverlap::Error,
            OverlapArg::Latest => OnOverlap::Latest,
        },
        allow_empty: shared.allow_empty,
        features: super::dimensions::needs_features(shared, by),
        outcomes,
        dimensions: super::dimensions::usage_dimensions(shared, by),
        threads: choices::threads(shared),
        piece: load::PIECE,
        memory: shared.memory.unwrap_or(load::MEMORY),
        cache: cache::of(shared),
    }
}

/// Revenue by month and party.
fn by_month(revenue: &RevenueBook, period: Period) -> Caused {
    let mut sums = Caused::new();
    let cuts = revenue::Cuts {
        common: margin::dimension::cuts(&[Dimension::Month], period),
        ..revenue::Cuts::default()
    };
    revenue.facts(period, &cuts, &mut |fact| {
        *sums.entry((fact.day.month(), fact.party)).or_default() += fact.amount;
    });
    sums
}

/// The project file of a run.
///
/// # Errors
/// If it cannot be read or understood.
pub fn project(shared: &Shared) -> Result<Option<Project>, Problem> {
    if shared.no_config {
        return Ok(None);
    }
    let here = std::env::current_dir().unwrap_or_default();
    let project = Project::find(shared.config.as_deref(), Path::new(&here))?;
    if let Some(project) = &project {
        super::simulate::check_prices(project)?;
    }
    Ok(project)
}

fn identity(books: &mut Books) -> Identity {
    let mapping = books.mapping.take();
    let has_log = books.has(Kind::Usage);
    // Cells of one id share its text, so most need no comparison of texts; those of a day stand
    // together.
    let mut met: HashSet<usize, foldhash::fast::FixedState> = HashSet::default();
    let address = |source: &Arc<str>| Arc::as_ptr(source).cast::<u8>().addr();
    let cells = books.usage.chunk_by(|a, b| {
        let (a, b) = (a.source.as_ref(), b.source.as_ref());
        a.map(address) == b.map(address)
    });
    let usage: BTreeSet<&str> = cells
        .filter_map(|cells| cells[0].source.as_ref())
        .filter(|source| met.insert(address(source)))
        .map(|source| &**source)
        .collect();
    let customers = books.charges.iter().flat_map(|charge| &charge.scopes);
    let bills: BTreeSet<&str> = customers
        .filter(|scope| scope.dimension == "customer")
        .map(|scope| scope.id.as_str())
        .collect();
    let scopes = books.usage.iter().filter_map(|cell| cell.scopes.as_deref());
    let counted: BTreeSet<(&str, &str)> = scopes
        .filter_map(|scopes| scopes.last())
        .map(|scope| (scope.namespace.as_str(), scope.id.as_str()))
        .collect();
    Identity::build(mapping, has_log, &usage, &bills, &counted, &books.records)
}
