//! What a report carries besides its rows: the receipt of a saved one, and the spread over customers.

use std::collections::BTreeMap;

use super::Console;
use super::args::{OutputFormat, ReportArgs, Shared};
use super::report::{places, render_table};
use super::run::Run;
use crate::diff::{self, Receipt};
use crate::margin::distribution::Distribution;
use crate::margin::{Dimension, Statement};
use crate::model::Exact;
use crate::problem::{Problem, catalogue};
use crate::report::margin::{Header, distribution};
use crate::report::{jsonl, plain};

/// What a later report is compared with: only of all customers, one row each.
///
/// # Errors
/// A price of a plan that is not understood.
pub fn receipt(args: &ReportArgs, by: &[Dimension], run: &Run) -> Result<Option<Receipt>, Problem> {
    let whole = args.top.is_none() && !args.losses && args.shared.filters.is_empty();
    if !whole || by != [Dimension::Customer] {
        return Ok(None);
    }
    let plans = plan_prices(run)?;
    let inputs = diff::Inputs {
        identity: &run.identity,
        revenue: &run.revenue,
        usage: &run.books.usage,
        pricing: &run.pricing,
        period: run.period,
        zone: run.zone,
        plans: &plans,
    };
    Ok(Some(diff::collect(&inputs, |sink| {
        run.costs_in_detail(sink);
    })))
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
    let prices = super::simulate_prices::prices(run)?.into_iter();
    let one = prices.filter_map(|(plan, price)| Some((plan, price.month.or(price.year)?)));
    Ok(one.collect())
}
