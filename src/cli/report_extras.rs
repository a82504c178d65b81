//! What a report carries besides its rows: the receipt of a saved one, and the spread over customers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Console;
use super::args::{OutputFormat, ReportArgs, Shared};
use super::render::{format_of, places, render_table};
use super::run::Run;
use crate::diff::{self, Collector, Receipt};
use crate::margin::distribution::Distribution;
use crate::margin::{Dimension, Statement};
use crate::model::{Currency, Exact};
use crate::problem::{Problem, catalogue};
use crate::report::margin::{Header, distribution};
use crate::report::{jsonl, plain};
use crate::revenue::plans::listed;

/// Whether a report may keep what a later one is compared with, as far as its options tell: JSON of
/// all customers.
pub fn may_keep_receipt(args: &ReportArgs) -> bool {
    let shared = &args.shared;
    let of_file = |path: &PathBuf| format_of(path).is_ok_and(|f| f == OutputFormat::Json);
    let is_json = match shared.format {
        Some(format) => format == OutputFormat::Json,
        None => shared.output.iter().any(of_file),
    };
    is_json && args.by.len() == 1 && args.top.is_none() && !args.losses && shared.filters.is_empty()
}

/// Whether it does: its rows are customers.
pub fn keeps_receipt(args: &ReportArgs, by: &[Dimension]) -> bool {
    may_keep_receipt(args) && by == [Dimension::Customer]
}

/// The statement, with the receipt that is made of the same costs.
///
/// # Errors
/// A price of a plan that is not understood.
pub fn with_receipt(run: &Run, by: &[Dimension]) -> Result<(Statement, Receipt), Problem> {
    let plans = plan_prices(run)?;
    let mut collector = Collector::new(diff::Inputs {
        identity: &run.identity,
        revenue: &run.revenue,
        usage: &run.books.usage,
        pricing: &run.pricing,
        exchanges: &run.exchanges,
        period: run.period,
        zone: run.zone,
    });
    let statement = run.state((by, &[]), true, &mut |fact| collector.cost(fact));
    Ok((statement, collector.finish(&plans)))
}

/// The spread over customers, if it is asked for.
///
/// # Errors
/// Rows that are not customers, or a price of a plan that is not understood.
pub fn spread(
    args: &ReportArgs,
    by: &[Dimension],
    run: &Run,
    statement: &Statement,
) -> Result<Option<Distribution>, Problem> {
    if !args.distribution {
        return Ok(None);
    }
    if by != [Dimension::Customer] || !statement.with_revenue {
        return Err(no_spread(
            "--distribution is of customers, with their revenue",
        ));
    }
    let prices = plan_prices(run)?;
    Ok(Some(Distribution::of(
        &statement.rows,
        &run.identity,
        &prices,
    )))
}

/// The spread in any format but JSON, where it is a part of the report.
///
/// # Errors
/// Journals, which have no place for it, or a format that cannot be written.
pub fn render_spread(
    spread: &Distribution,
    statement: &Statement,
    header: &Header,
    shared: &Shared,
    (format, to_terminal): (OutputFormat, bool),
    console: &mut Console,
) -> Result<Vec<u8>, Problem> {
    if format.is_journal() {
        return Err(no_spread("a journal has no distribution"));
    }
    let places = places(shared, format, header.currency.decimals())?;
    let blocks = to_terminal && console.width().is_some();
    let table = distribution::table(spread, statement, header, places, blocks);
    if format != OutputFormat::Jsonl {
        return render_table(&table, format, shared, to_terminal, console);
    }
    let mut bytes = Vec::new();
    jsonl::write(plain::rows(&table), &mut bytes).map_err(|error| {
        let message = format!("cannot write the distribution: {error}");
        Problem::new(&catalogue::CANNOT_WRITE, message)
    })?;
    Ok(bytes)
}

/// A choice that does not go with `--distribution`.
fn no_spread(message: &str) -> Problem {
    Problem::new(&catalogue::BAD_OPTION, message)
        .help("leave out --by, a --where that revenue does not have, and journals")
}

/// List prices of plans: per month, else per year.
fn plan_prices(run: &Run) -> Result<BTreeMap<String, Exact>, Problem> {
    // Prices of the project file are in its currency, and nobody says what they are in another.
    let stated = run
        .project
        .as_ref()
        .and_then(|project| project.currency.as_deref());
    let other = stated.is_some_and(|code| Currency::parse(code) != Some(run.currency));
    let prices = match other {
        true => listed(&run.books.records),
        false => super::simulate_prices::prices(run)?,
    };
    let prices = prices.into_iter();
    let one = prices.filter_map(|(plan, price)| Some((plan, price.month.or(price.year)?)));
    Ok(one.collect())
}
