//! `tanso reconcile`: computed against billed cost, the gap by named causes.

use std::collections::BTreeSet;

use super::args::{OutputFormat, ReconcileArgs, ReconcileBy};
use super::controls;
use super::render::{finish, outputs, places, render_table};
use super::run::Run;
use super::{Console, Ended};
use crate::attribution::Pricing;
use crate::formats::Kind;
use crate::margin::{Dimension, Filter};
use crate::model::Exact;
use crate::model::names::ModelName;
use crate::prices::{Found, Use};
use crate::problem::{Problem, Problems, catalogue};
use crate::reconcile::{Asked, Entry, Listed, PriceList, grouped, reconcile};
use crate::report::margin::footer::{bill_line, revenue_lines};
use crate::report::reconciliation::{By, document, table, worst_first};
use crate::report::{figures, json, jsonl};

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &ReconcileArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    let run = Run::prepare(shared, &[])?;
    needs_both(&run)?;
    let filters = filters(&run, &shared.filters)?;
    let statement = run.statement(&[Dimension::Provider], &[]);
    controls::expectations(shared, &statement)?;
    let mut found = reconcile(&run.comparison(), &run.pricing);
    let billed: Exact = found.entries.iter().map(|entry| entry.billed).sum();
    let tied: Exact = statement
        .attribution
        .ties
        .iter()
        .map(|tie| tie.billed)
        .sum();
    assert!(
        billed == tied,
        "the reconciliation covers the bills: {billed} and {tied}"
    );
    let models = names(&found.entries);
    found
        .entries
        .retain(|entry| filters.iter().all(|filter| passes(filter, entry)));
    if found.entries.is_empty() && !filters.is_empty() {
        let message = format!(
            "no charge and no usage passes --where {}",
            shared.filters.join(" ")
        );
        let problem = Problem::new(&catalogue::NOTHING_IN_PERIOD, message);
        return Err(problem
            .help(format!("providers and models: {}", models.join(", ")))
            .into());
    }
    let by: Vec<By> = args.by.iter().map(|by| dimension(*by)).collect();
    let label = |entry: &Entry| by.iter().map(|by| by.of(entry)).collect();
    let groups = worst_first(grouped(&found.entries, label));
    let header = run.header(shared, &statement);
    let mut below = Vec::new();
    if found.beyond_bills {
        below.push("Usage on days that no bill covers is not part of this.".to_string());
    }
    let money = |amount: Exact| figures::grouped(&amount.to_fixed(run.currency.decimals()));
    below.extend(bill_line(&statement, run.currency.decimals()));
    below.extend(revenue_lines(&statement, &money));
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(
                &document::document(&groups, &found.rates, &by, &statement, &header),
                &mut bytes,
            ),
            OutputFormat::Jsonl => jsonl::write(document::rows(&groups, &by), &mut bytes),
            table_like => {
                let places = places(shared, format, run.currency.decimals())?;
                let table = table::table(&groups, &by, &header, places, below.clone());
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the reconciliation: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let outputs = outputs(shared, &mut render)?;
    finish(shared, &run, &header, outputs, console)
}

fn needs_both(run: &Run) -> Result<(), Problem> {
    let log = run.books.has(Kind::Usage) || run.books.has(Kind::ProviderUsage);
    let (message, help) = match (run.books.has(Kind::Bill), log) {
        (true, true) => return Ok(()),
        (false, _) => (
            "billed cost is compared with computed cost, and there is no bill",
            "pass a provider's bill; tanso formats FILE tells what a file is",
        ),
        (true, false) => (
            "billed cost is compared with computed cost, and nothing was read to compute it from",
            "pass a usage log or the provider's usage export; tanso formats FILE tells what a file is",
        ),
    };
    Err(Problem::new(&catalogue::WRONG_KIND, message).help(help))
}

/// The providers and models of the entries.
fn names(entries: &[Entry]) -> Vec<String> {
    let names = entries
        .iter()
        .flat_map(|entry| [&entry.provider, &entry.model]);
    let names: BTreeSet<&String> = names.flatten().collect();
    names.into_iter().cloned().collect()
}

fn dimension(by: ReconcileBy) -> By {
    match by {
        ReconcileBy::Provider => By::Provider,
        ReconcileBy::Model => By::Model,
        ReconcileBy::Meter => By::Meter,
        ReconcileBy::Tier => By::Tier,
        ReconcileBy::Month => By::Month,
        ReconcileBy::Day => By::Day,
    }
}

/// The filters, of which only those that a bill can answer are taken.
fn filters(run: &Run, texts: &[String]) -> Result<Vec<Filter>, Problem> {
    let filters = run.filters(texts)?;
    let answerable =
        |filter: &&Filter| matches!(filter.dimension, Dimension::Provider | Dimension::Model);
    match filters.iter().find(|filter| !answerable(filter)) {
        None => Ok(filters),
        Some(filter) => {
            let name = filter.dimension.name();
            let message = format!("a reconciliation cannot be limited by {name}");
            Err(Problem::new(&catalogue::BAD_OPTION, message)
                .help("limit it by provider or model: bills have nothing else in common with logs"))
        }
    }
}

fn passes(filter: &Filter, entry: &Entry) -> bool {
    let (value, is_model) = match filter.dimension {
        Dimension::Model => (entry.model.as_deref(), true),
        _ => (entry.provider.as_deref(), false),
    };
    let same = |wanted: &String| match (value, is_model) {
        (Some(value), true) => ModelName::parse(wanted).family == ModelName::parse(value).family,
        (value, _) => value.unwrap_or_default() == wanted,
    };
    filter.values.iter().any(same) != filter.negated
}

impl PriceList for Pricing {
    fn price(&self, asked: Asked<'_>) -> Option<Listed> {
        let factor = self.factor(asked.day)?;
        let found = self.prices.find(&Use {
            provider: asked.provider,
            model: asked.model,
            tier: Some(asked.tier),
            band: asked.band,
            day: asked.day,
        });
        match found {
            Found::Unpriced => None,
            Found::Free(_) => Some(Listed {
                price: Exact::ZERO,
                discount: Exact::ZERO,
            }),
            Found::Priced(offer) => offer.meter(asked.meter).map(|price| Listed {
                price: price.list * price.factor * factor,
                discount: price.discount,
            }),
        }
    }
}
