//! The road all commands take: files → books → identity → revenue and cost → statement.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::args::{ConflictArg, MatchArg, OverlapArg, ResidualArg, RevenueArg, Shared};
use super::inputs;
use super::notes;
use super::progress::Bar;
use super::project::{Project, percent};
use crate::attribution::{self, Pricing};
use crate::formats::Kind;
use crate::identity::Identity;
use crate::load::{self, Books, Choices, InputSpec, OnConflict, OnOverlap};
use crate::margin::{self, Dimension, Filter, Statement};
use crate::model::{Currency, Day, Exact, Month, Period, Zone};
use crate::prices::PriceBook;
use crate::problem::{Note, Place, Problem, Problems, catalogue};
use crate::report::margin::Header;
use crate::revenue::{self, Basis, Coverage, RevenueBook};

/// The default of `--tolerance`: one percent.
const TOLERANCE: (i128, u8) = (1, 2);

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
    options: attribution::Options,
    pricing: Pricing<'static>,
    dimensions: Vec<String>,
}

fn one(problem: Problem) -> Problems {
    let mut problems = Problems::default();
    problems.push(problem);
    problems
}

impl Run {
    /// Reads everything. `by` are the dimensions that the command was asked for.
    ///
    /// # Errors
    /// Every problem found.
    pub fn prepare(shared: &Shared, by: &[String]) -> Result<Run, Problems> {
        let project = project(shared).map_err(one)?;
        let specs = inputs::resolve(shared, project.as_ref()).map_err(one)?;
        let zone = zone(shared, project.as_ref()).map_err(one)?;
        let dimensions = usage_dimensions(shared, by);
        let choices = Choices {
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
            dimensions: dimensions.clone(),
        };
        let bar = Bar::new(shared.quiet);
        let mut books = load::read(&specs, &choices, &bar)?;
        let period = period(shared, &books, zone).map_err(one)?;
        let currency = currency(shared, project.as_ref(), &books).map_err(one)?;
        let basis = basis(shared, &books).map_err(one)?;
        let mut identity = identity(&mut books);
        let revenue = RevenueBook::build(revenue::Inputs {
            records: &books.records,
            identity: &identity,
            basis,
            zone,
            currency,
        });
        revenue::plans::assign(&mut identity, &revenue, &books.records, zone);
        let coverage = Coverage::check(&revenue, &books.records, &identity, period, zone);
        let discounts = match &project {
            Some(project) => project.discounts().map_err(one)?,
            None => BTreeMap::new(),
        };
        let tolerance = tolerance(shared, project.as_ref()).map_err(one)?;
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
                book: PriceBook::embedded(),
                discounts,
            },
            project,
            specs,
            books,
            identity,
            revenue,
            coverage,
            period,
            zone,
            currency,
            dimensions,
        })
    }

    /// The dimensions of a list of names.
    ///
    /// # Errors
    /// A name that is no dimension.
    pub fn dimensions(&self, names: &[String]) -> Result<Vec<Dimension>, Problem> {
        if names.len() > 8 {
            return Err(Problem::new(
                &catalogue::BAD_OPTION,
                "--by takes at most 8 dimensions",
            ));
        }
        let mut dimensions = Vec::new();
        for name in names {
            let dimension = self.dimension(name)?;
            if !dimensions.contains(&dimension) {
                dimensions.push(dimension);
            }
        }
        Ok(dimensions)
    }

    fn dimension(&self, name: &str) -> Result<Dimension, Problem> {
        let known = match name.trim() {
            "customer" => Dimension::Customer,
            "month" => Dimension::Month,
            "week" => Dimension::Week,
            "day" => Dimension::Day,
            "feature" => Dimension::Feature,
            "provider" => Dimension::Provider,
            "model" => Dimension::Model,
            "basis" => Dimension::Basis,
            "tier" => Dimension::Tier,
            name @ ("plan" | "segment" | "kind") => Dimension::Attribute(name.into()),
            other => {
                let attributes = self
                    .identity
                    .mapping()
                    .map(|m| m.attribute_names())
                    .unwrap_or_default();
                let folded = other.to_lowercase();
                if attributes.contains(folded.as_str()) {
                    return Ok(Dimension::Attribute(folded));
                }
                let at = self.dimensions.iter().position(|name| name == other);
                let seen = |at: usize| {
                    self.books
                        .usage
                        .iter()
                        .any(|cell| cell.dimensions[at].is_some())
                };
                return match at.filter(|at| seen(*at)) {
                    Some(at) => Ok(Dimension::Usage(other.into(), at)),
                    None => Err(self.no_dimension(other, &attributes)),
                };
            }
        };
        Ok(known)
    }

    fn no_dimension(&self, name: &str, attributes: &BTreeSet<&str>) -> Problem {
        let mut known = vec![
            "customer", "month", "week", "day", "plan", "segment", "kind", "feature", "provider",
            "model", "basis", "tier",
        ];
        known.extend(attributes.iter().copied());
        Problem::new(
            &catalogue::BAD_OPTION,
            format!(
                "{name:?} is no dimension: no attribute of the mapping and no column of the log"
            ),
        )
        .help(format!(
            "dimensions: {}, or any column of the usage log",
            known.join(", ")
        ))
    }

    /// The filters of `--where`.
    ///
    /// # Errors
    /// A filter that is not understood.
    pub fn filters(&self, texts: &[String]) -> Result<Vec<Filter>, Problem> {
        let parse = |text: &String| {
            let (name, values, negated) = split_filter(text)?;
            Ok(Filter {
                dimension: self.dimension(name)?,
                values: values
                    .split(',')
                    .map(|value| value.trim().to_string())
                    .collect(),
                negated,
            })
        };
        texts.iter().map(parse).collect()
    }

    /// The statement.
    pub fn statement(&self, by: &[Dimension], filters: &[Filter]) -> Statement {
        let inputs = margin::Inputs {
            identity: &self.identity,
            usage: &self.books.usage,
            revenue: &self.revenue,
            coverage: &self.coverage,
            period: self.period,
            by,
            filters,
        };
        let options = attribution::Options {
            detail: margin::needs_detail(by, filters),
            ..self.options.clone()
        };
        margin::state(&inputs, |sink| {
            let inputs = attribution::Inputs {
                usage: &self.books.usage,
                charges: &self.books.charges,
                covers: &self.books.covers,
                identity: &self.identity,
                pricing: &self.pricing,
                currency: self.currency,
            };
            attribution::attribute(inputs, &options, sink)
        })
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
        if self.options.tolerance != Exact::new(TOLERANCE.0, TOLERANCE.1) {
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
        for (provider, discount) in &self.pricing.discounts {
            say(&format!("discount.{provider}"), discount.to_string());
        }
        let inputs = self.books.receipts(self.period, self.zone);
        Header {
            period: self.period,
            zone: self.zone,
            currency: self.currency,
            revenue_basis: self.revenue.basis.word(),
            options,
            notes: notes::collect(self, statement, &inputs),
            inputs,
            filtered: !shared.filters.is_empty(),
        }
    }

    /// Checks the control totals.
    ///
    /// # Errors
    /// Every total that does not match.
    pub fn expectations(&self, shared: &Shared, statement: &Statement) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for text in &shared.expect_bill {
            match expected_bill(text, statement) {
                Ok(None) => {}
                Ok(Some(problem)) | Err(problem) => problems.push(problem),
            }
        }
        if let Some(text) = &shared.expect_revenue {
            match Exact::parse(text.trim()) {
                Err(why) => problems.push(Problem::new(
                    &catalogue::BAD_OPTION,
                    format!("--expect-revenue is not a number: {}", why.reason()),
                )),
                Ok(expected) => problems_push(
                    &mut problems,
                    mismatch("revenue", expected, statement.totals.revenue),
                ),
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// The names of the price book that are nearest to a model's.
    pub fn nearest_models(&self, model: &str) -> Vec<String> {
        self.pricing.book.nearest(model, 3)
    }

    /// Notes that are warnings.
    pub fn warnings(header: &Header) -> impl Iterator<Item = &Note> {
        header.notes.iter().filter(|note| note.warning)
    }
}

fn problems_push(problems: &mut Problems, problem: Option<Problem>) {
    if let Some(problem) = problem {
        problems.push(problem);
    }
}

fn expected_bill(text: &str, statement: &Statement) -> Result<Option<Problem>, Problem> {
    let bad = |why: &str| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("--expect-bill is not understood: {why}"),
        )
        .excerpt(text)
        .help("write --expect-bill openai=12345.67")
    };
    let (provider, amount) = text.split_once('=').ok_or_else(|| bad("no equals sign"))?;
    let expected = Exact::parse(amount.trim()).map_err(|why| bad(&why.reason()))?;
    let provider = crate::model::names::provider(provider);
    let ties = statement.attribution.ties.iter();
    let billed: Exact = ties
        .filter(|tie| tie.provider.as_deref().unwrap_or("unstated") == provider)
        .map(|tie| tie.billed)
        .sum();
    Ok(mismatch(&format!("bill of {provider}"), expected, billed))
}

/// The difference is told in full: never `0.00` for what is not zero.
fn mismatch(what: &str, expected: Exact, found: Exact) -> Option<Problem> {
    if expected == found {
        return None;
    }
    Some(
        Problem::new(
            &catalogue::CONTROL_TOTAL,
            format!("the {what} does not match the control total"),
        )
        .help(format!(
            "expected {expected}   found {found}   difference {}",
            found - expected
        )),
    )
}

fn split_filter(text: &str) -> Result<(&str, &str, bool), Problem> {
    if let Some((name, values)) = text.split_once("!=") {
        return Ok((name.trim(), values, true));
    }
    if let Some((name, values)) = text.split_once('=') {
        return Ok((name.trim(), values, false));
    }
    Err(Problem::new(
        &catalogue::BAD_OPTION,
        "--where needs DIM=VALUE or DIM!=VALUE",
    )
    .excerpt(text)
    .help("write --where customer=acme, or --where plan!=free,trial"))
}

/// Names in `--by` and `--where` that may be columns of the log.
fn usage_dimensions(shared: &Shared, by: &[String]) -> Vec<String> {
    const OURS: &[&str] = &[
        "customer", "month", "week", "day", "plan", "segment", "kind", "feature", "provider",
        "model", "basis", "tier",
    ];
    let filters = shared
        .filters
        .iter()
        .filter_map(|text| split_filter(text).ok());
    let names: BTreeSet<String> = by
        .iter()
        .map(|name| name.trim().to_string())
        .chain(filters.map(|(name, _, _)| name.to_string()))
        .filter(|name| !OURS.contains(&name.as_str()))
        .collect();
    names.into_iter().collect()
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
    Project::find(shared.config.as_deref(), Path::new(&here))
}

fn zone(shared: &Shared, project: Option<&Project>) -> Result<Zone, Problem> {
    let name = shared
        .tz
        .as_deref()
        .or(project.and_then(|project| project.tz.as_deref()));
    match name {
        None => Ok(Zone::Utc),
        Some(name) => Zone::parse(name).ok_or_else(|| inputs::bad_zone("--tz", name)),
    }
}

fn tolerance(shared: &Shared, project: Option<&Project>) -> Result<Exact, Problem> {
    let text = shared
        .tolerance
        .as_deref()
        .or(project.and_then(|project| project.tolerance.as_deref()));
    let Some(text) = text else {
        return Ok(Exact::new(TOLERANCE.0, TOLERANCE.1));
    };
    percent(text)
        .filter(|ratio| !ratio.is_negative() && *ratio < Exact::ONE)
        .ok_or_else(|| {
            Problem::new(
                &catalogue::BAD_OPTION,
                "the tolerance is no percentage from 0 to 100",
            )
            .excerpt(text)
            .help("write --tolerance 1%")
        })
}

fn period(shared: &Shared, books: &Books, zone: Zone) -> Result<Period, Problem> {
    let bad = |option: &str, text: &str, help: &str| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("{option} is not understood"),
        )
        .excerpt(text)
        .help(help.to_string())
    };
    if let Some(text) = &shared.month {
        let month =
            Month::parse(text).ok_or_else(|| bad("--month", text, "write --month 2026-10"))?;
        return Ok(Period::month(month));
    }
    let day = |option: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => Day::parse(text)
            .map(Some)
            .ok_or_else(|| bad(option, text, "write a day such as 2026-10-01")),
    };
    let (from, to) = (day("--from", &shared.from)?, day("--to", &shared.to)?);
    let known = books.default_period(zone);
    let start = from.or(known.map(|known| known.start));
    let end = to.or(known.map(|known| known.end));
    match (start, end) {
        (Some(start), Some(end)) if start < end => Ok(Period { start, end }),
        (Some(start), Some(end)) => Err(Problem::new(
            &catalogue::BAD_OPTION,
            format!("the period ends ({end}) before it begins ({start})"),
        )
        .help("--to is the first day after the period")),
        _ => Err(Problem::new(
            &catalogue::NOTHING_IN_PERIOD,
            "the files hold no usage, bill or revenue that says which period to report",
        )
        .help("say --month 2026-10, or pass a file with rows")),
    }
}

/// The one currency of the files.
fn currency(
    shared: &Shared,
    project: Option<&Project>,
    books: &Books,
) -> Result<Currency, Problem> {
    let wanted = shared
        .currency
        .as_deref()
        .or(project.and_then(|project| project.currency.as_deref()));
    let wanted = match wanted {
        None => None,
        Some(text) => Some(Currency::parse(text).ok_or_else(|| {
            Problem::new(
                &catalogue::BAD_OPTION,
                "the currency is no three-letter code",
            )
            .excerpt(text)
        })?),
    };
    let mut seen: BTreeMap<Currency, (String, u64)> = BTreeMap::new();
    let mut see = |currency: Currency, file: &str, line: u64| {
        let place = (file.to_string(), line);
        let first = seen.entry(currency).or_insert_with(|| place.clone());
        if place < *first {
            *first = place;
        }
    };
    for charge in &books.charges {
        see(charge.currency, &charge.origin.file, charge.origin.line);
    }
    for invoice in &books.records.invoices {
        see(invoice.currency, &invoice.origin.file, invoice.origin.line);
    }
    for payment in &books.records.payments {
        see(payment.currency, &payment.origin.file, payment.origin.line);
    }
    for (currency, (file, line)) in &books.log_currencies {
        see(*currency, file, *line);
    }
    let all: BTreeSet<Currency> = seen.keys().copied().chain(wanted).collect();
    if all.len() < 2 {
        return Ok(all.into_iter().next().unwrap_or(Currency::USD));
    }
    let places: Vec<String> = seen
        .iter()
        .map(|(currency, (file, line))| format!("{currency} at {file}:{line}"))
        .collect();
    let asked = wanted
        .map(|currency| format!("; the report is asked for in {currency}"))
        .unwrap_or_default();
    let place = seen
        .values()
        .next_back()
        .map(|(file, line)| Place::line(&file.as_str().into(), *line));
    Err(Problem::new(
        &catalogue::CURRENCIES,
        format!("amounts of different currencies would be added: {}{asked}", places.join(", ")),
    )
    .at(place.unwrap_or_default())
    .help("report each currency by itself; conversion needs dated rates, which this version does not read"))
}

/// The revenue basis: payments alone are cash.
fn basis(shared: &Shared, books: &Books) -> Result<Basis, Problem> {
    let payments_only = books.records.invoices.is_empty() && !books.records.payments.is_empty();
    match shared.revenue {
        Some(RevenueArg::Cash) if books.records.payments.is_empty() && books.has(Kind::Revenue) => {
            let lines = books
                .records
                .invoices
                .iter()
                .any(|invoice| invoice.namespace != "stripe");
            if lines {
                return Ok(Basis::Cash);
            }
            Err(Problem::new(
                &catalogue::WRONG_KIND,
                "cash revenue needs a payments export, and there is none",
            )
            .help("pass Stripe's unified_payments.csv too, or leave --revenue out"))
        }
        Some(RevenueArg::Cash) => Ok(Basis::Cash),
        Some(RevenueArg::Billed) if payments_only => Err(Problem::new(
            &catalogue::WRONG_KIND,
            "billed revenue needs an invoices export, and there are only payments",
        )
        .help("pass Stripe's invoices.csv, or leave --revenue out for cash")),
        Some(RevenueArg::Recognized) if payments_only => Err(Problem::new(
            &catalogue::WRONG_KIND,
            "recognized revenue needs an invoices export, and there are only payments",
        )
        .help("pass Stripe's invoices.csv, or leave --revenue out for cash")),
        Some(RevenueArg::Billed) => Ok(Basis::Billed),
        Some(RevenueArg::Recognized) => Ok(Basis::Recognized),
        None if payments_only => Ok(Basis::Cash),
        None => Ok(Basis::Recognized),
    }
}

fn identity(books: &mut Books) -> Identity {
    let mapping = books.mapping.take();
    let usage: BTreeSet<&str> = books
        .usage
        .iter()
        .filter_map(|cell| cell.source.as_deref())
        .collect();
    let customers = books.charges.iter().flat_map(|charge| &charge.scopes);
    let bills: BTreeSet<&str> = customers
        .filter(|scope| scope.dimension == "customer")
        .map(|scope| scope.id.as_str())
        .collect();
    Identity::build(mapping, &usage, &bills, &books.records)
}
