//! `tanso report`: margins by any dimensions, in every output format.

use super::args::{OutputFormat, ReportArgs, Shared};
use super::controls;
use super::journal::Made;
use super::render::{finish, formats, outputs, places, render_csv, render_table};
use super::report_extras::{keeps_receipt, may_keep_receipt, render_spread, spread, with_receipt};
use super::run::Run;
use super::{Console, Ended};
use crate::margin::Dimension;
use crate::problem::{Problem, Problems, catalogue};
use crate::report::margin::{View, distribution, document, table};
use crate::report::{json, jsonl};

/// Columns that rows can be ordered by.
const SORTS: &[&str] = &[
    "gross_profit",
    "revenue",
    "cost",
    "gross_margin",
    "markup",
    "requests",
    "input_tokens",
    "output_tokens",
];

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &ReportArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    // Receipts tell failed requests apart from served ones.
    let mut run = Run::prepare_apart(shared, &args.by, may_keep_receipt(args))?;
    let by = run.dimensions(&args.by)?;
    let filters = run.filters(&shared.filters)?;
    let (mut statement, receipt) = match keeps_receipt(args, &by) {
        true => {
            let (statement, receipt) = with_receipt(&run, &by)?;
            (statement, Some(receipt))
        }
        false => (run.statement(&by, &filters), None),
    };
    statement.contracts = run.contracts();
    run.some_fact(&filters, &statement)?;
    run.some_row(&filters, &statement)?;
    controls::expectations(shared, &statement)?;
    let mut header = run.header(shared, &statement);
    if let Some(top) = args.top {
        header.options.insert("top".into(), top.to_string());
    }
    if args.losses {
        header.options.insert("losses".into(), "true".into());
    }
    let view = view(args, &by, shared, run.currency.decimals())?;
    let spread = spread(args, &by, &run, &statement)?;
    let again = |format: OutputFormat| format == OutputFormat::Json || format.is_journal();
    if !formats(shared)?.into_iter().any(again) {
        // Nothing asks for usage again, which may be most of the memory.
        run.books.usage = Vec::new();
    }
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let view = View {
            places,
            fold_unmapped: matches!(format, OutputFormat::Table | OutputFormat::Md),
            ..view.clone()
        };
        if let (Some(spread), true) = (&spread, format != OutputFormat::Json) {
            let format = (format, to_terminal);
            return render_spread(spread, &statement, &header, shared, format, console);
        }
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => {
                let document = {
                    let spread = spread.as_ref().map(distribution::document);
                    document::document(
                        &statement,
                        &run.identity,
                        &header,
                        &view,
                        receipt.as_ref(),
                        spread,
                    )
                };
                json::write(&document, &mut bytes)
            }
            OutputFormat::Jsonl => {
                let rows = document::rows(&statement, &run.identity, &view);
                jsonl::write(rows, &mut bytes)
            }
            journal if journal.is_journal() => {
                return match super::journal::make(args, &run, journal)? {
                    Made::Text(text) => Ok(text.into_bytes()),
                    Made::Table(table) => {
                        render_table(&table, OutputFormat::Csv, shared, to_terminal, console)
                    }
                };
            }
            OutputFormat::Csv => {
                let laid_out = table::laid_out(&statement, &run.identity, &header, &view);
                let (table, rows) = laid_out;
                return render_csv(&table, rows, shared, console);
            }
            table_like => {
                let table = table::table(&statement, &run.identity, &header, &view);
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_WRITE,
                format!("cannot write the report: {error}"),
            )
        })?;
        Ok(bytes)
    };
    let outputs = outputs(shared, &mut render)?;
    let ended = finish(shared, &run, &header, outputs, console);
    // The process ends; to give back all that a run holds, piece by piece, would take as long as a
    // good part of it.
    std::mem::forget((run, statement));
    ended
}

fn view(
    args: &ReportArgs,
    by: &[Dimension],
    shared: &Shared,
    decimals: u8,
) -> Result<View, Problem> {
    let with_revenue = crate::report::margin::with_revenue(by);
    if args.losses && !with_revenue {
        return Err(Problem::new(&catalogue::BAD_OPTION, "--losses needs rows with revenue")
            .help("revenue belongs to customers, plans and months, not to features or models; leave those out of --by"));
    }
    let sort = match &args.sort {
        None if with_revenue => None,
        None => Some(("cost".to_string(), true)),
        Some(text) => {
            let (descending, column) = match text.strip_prefix('-') {
                Some(column) => (true, column),
                None => (false, text.as_str()),
            };
            let folded = column.to_lowercase().replace([' ', '-'], "_");
            let column = match folded.as_str() {
                "margin" => "gross_margin",
                "mark_up" => "markup",
                other => other,
            };
            if !SORTS.contains(&column) {
                return Err(
                    Problem::new(&catalogue::BAD_OPTION, "--sort names no column")
                        .excerpt(text.clone())
                        .help(format!(
                            "columns: {}; with - before it the largest first",
                            SORTS.join(", ")
                        )),
                );
            }
            Some((column.to_string(), descending))
        }
    };
    Ok(View {
        sort,
        top: args.top,
        losses: args.losses,
        places: places(shared, OutputFormat::Table, decimals)?,
        fold_unmapped: false,
    })
}
