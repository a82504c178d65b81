//! `tanso prices`: which prices are known, what they are called, what changed, and what usage would
//! cost at other prices.

mod diff;
mod list;
mod reprice;

use std::path::PathBuf;

use super::args::{OutputFormat, PricesAction, PricesArgs, PricesView, Shared};
use super::render::{outputs, render_table};
use super::run::project;
use super::{Console, Ended, output, price_book};
use crate::model::Day;
use crate::prices::Prices;
use crate::problem::{Note, Problem, Problems, catalogue};
use crate::report::plain::{self, Document};
use crate::report::{Table, json, jsonl};

/// Units of all price columns, for the lines below the tables.
const UNITS: &str = "US dollars per million tokens, per thousand of anything else.";

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &PricesArgs, console: &mut Console) -> Result<Ended, Problems> {
    match &args.action {
        None => list::run(args.model.as_deref(), &args.view, console),
        Some(PricesAction::Find { name, view }) => list::find(name, view, console),
        Some(PricesAction::Diff { old, new, view }) => diff::run(old, new, view, console),
        Some(PricesAction::Reprice(args)) => reprice::run(args, console),
    }
}

/// The prices that a view asks for, and what is said about an imported list.
fn prices(view: &PricesView) -> Result<(Prices, Vec<Note>), Problems> {
    let shared = shared(view);
    let project = project(&shared)?;
    let (prices, notes, _) = price_book::prices(&shared, project.as_ref())?;
    Ok((prices, notes))
}

/// The options of a view as those that all commands have.
fn shared(view: &PricesView) -> Shared {
    Shared {
        config: view.config.clone(),
        no_config: view.no_config,
        prices: view.prices.clone(),
        format: view.format,
        output: view.output.clone(),
        quiet: view.quiet,
        ..Shared::default()
    }
}

/// A day that an option states.
fn day(option: &str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    Day::parse(text).map(Some).ok_or_else(|| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("{option} is not understood"),
        )
        .excerpt(text)
        .help("write a day such as 2026-10-01")
    })
}

/// A day after every price: whatever is in force then is the newest.
fn newest() -> Day {
    Day(i32::MAX)
}

/// Prints a table in the format asked for, or writes it to files. What is said about it stands below
/// the table, in the document, or on standard error.
fn emit(
    schema: &'static str,
    table: &dyn Fn(OutputFormat) -> Result<Table, Problem>,
    notes: &[Note],
    shared: &Shared,
    inputs: &[PathBuf],
    console: &mut Console,
) -> Result<(), Problems> {
    let mut said = false;
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let mut table = table(format)?;
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => {
                let document = Document {
                    schema,
                    table: &table,
                    notes,
                };
                json::write(&document, &mut bytes)
            }
            OutputFormat::Jsonl => jsonl::write(plain::rows(&table), &mut bytes),
            other => {
                if matches!(other, OutputFormat::Table | OutputFormat::Md) {
                    said |= to_terminal;
                    table.footer.extend(notes.iter().map(line));
                }
                return render_table(&table, other, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the prices: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let made = outputs(shared, &mut render)?;
    output::write_all(&made.files, inputs)?;
    if let Some((_, bytes)) = made.stdout {
        console.out.extend(bytes);
    }
    if !said && !shared.quiet {
        for note in notes {
            console.say(&line(note));
        }
    }
    Ok(())
}

fn line(note: &Note) -> String {
    let word = if note.warning { "warning" } else { "note" };
    format!("{word} {}: {}", note.code, note.text)
}
