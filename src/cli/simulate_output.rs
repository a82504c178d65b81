//! What `tanso simulate` prints: scenarios with all customers, grids, cheapest levers, backtests.

use super::Console;
use super::args::{OutputFormat, Shared};
use super::render::{Outputs, outputs, places, render_table};
use super::run::Run;
use crate::model::Exact;
use crate::problem::{Problem, catalogue};
use crate::report::margin::Header;
use crate::report::simulation::document::Extras;
use crate::report::simulation::grid::Grid;
use crate::report::simulation::{backtest, document, grid, table, words};
use crate::report::table::Table;
use crate::report::{figures, json, jsonl};
use crate::simulate::{Backtest, Outcome, Summary, Way};

/// What a run prints.
pub enum Answered {
    /// Scenarios with all their customers, and the present.
    Scenarios(Vec<Outcome>, Summary),
    /// Scenarios in one line each.
    Grid(Grid),
    /// Levers that each reach a goal: the goal as written, and the levers.
    Cheapest(String, Vec<Way>),
    /// A prediction against what came: the month before, the changes, the comparison.
    Backtest(String, Vec<String>, Backtest),
}

/// Renders the result in every format that was asked for.
///
/// # Errors
/// A rendering that fails.
pub fn print(
    result: &Answered,
    shared: &Shared,
    run: &Run,
    header: &Header,
    console: &mut Console,
) -> Result<Outputs, Problem> {
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => {
                let (outcomes, extras) = as_extras(result, places);
                let document = document::document(outcomes, &run.identity, header, places, extras);
                json::write(&document, &mut bytes)
            }
            OutputFormat::Jsonl => match result {
                Answered::Scenarios(outcomes, _) => {
                    let rows = document::rows(outcomes, &run.identity, header, places);
                    jsonl::write(rows, &mut bytes)
                }
                Answered::Grid(lines) => jsonl::write(grid::grid_list(lines, places), &mut bytes),
                Answered::Cheapest(_, ways) => {
                    jsonl::write(grid::way_list(ways, places), &mut bytes)
                }
                Answered::Backtest(_, _, test) => {
                    jsonl::write(backtest::backtest_rows(test, places), &mut bytes)
                }
            },
            table_like => {
                let fold = matches!(table_like, OutputFormat::Table | OutputFormat::Md);
                let blocks = to_terminal && console.width().is_some();
                let table = as_table(result, run, header, places, fold, blocks);
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_WRITE,
                format!("cannot write the simulation: {error}"),
            )
        })?;
        Ok(bytes)
    };
    outputs(shared, &mut render)
}

/// The scenarios of a document, and what stands in their place.
fn as_extras(result: &Answered, places: Option<u8>) -> (&[Outcome], Extras) {
    let mut extras = Extras::default();
    let outcomes: &[Outcome] = match result {
        Answered::Scenarios(outcomes, _) => outcomes,
        _ => &[],
    };
    match result {
        Answered::Scenarios(..) => {}
        Answered::Grid(lines) => extras.grid = Some(grid::grid_list(lines, places)),
        Answered::Cheapest(_, ways) => extras.cheapest = Some(grid::way_list(ways, places)),
        Answered::Backtest(from, _, test) => {
            extras.backtest = Some(backtest::backtest_out(test, from, places));
        }
    }
    (outcomes, extras)
}

fn as_table(
    result: &Answered,
    run: &Run,
    header: &Header,
    places: Option<u8>,
    fold: bool,
    blocks: bool,
) -> Table {
    match result {
        Answered::Scenarios(outcomes, now) => match outcomes.as_slice() {
            [_, _, ..] if fold => {
                let decimals = header.currency.decimals();
                let money = |amount: Exact| figures::grouped(&amount.to_fixed(decimals));
                let words = outcomes.iter().map(|outcome| {
                    let leaving = words::leaving(outcome, &money);
                    let leaving = leaving.map_or(String::new(), |text| format!(" {text}"));
                    let verdict = words::verdict(outcome, &money);
                    format!("{}: {verdict}{leaving}", outcome.name)
                });
                let lines = Grid {
                    now: now.clone(),
                    lines: outcomes.iter().map(Summary::then).collect(),
                    values: Vec::new(),
                    words: words.collect(),
                };
                grid::grid_table(&lines, header, places, blocks)
            }
            _ => table::tables(outcomes, &run.identity, header, places, fold),
        },
        Answered::Grid(lines) => grid::grid_table(lines, header, places, blocks),
        Answered::Cheapest(goal, ways) => grid::way_table(goal, ways, header, places),
        Answered::Backtest(from, changes, test) => {
            backtest::backtest_table(test, from, changes, header, places)
        }
    }
}
