//! `tanso rollup`: the fold of usage logs as a file that is read like any other usage log.

use super::args::{MessageFormat, OutputFormat, RollupArgs, Shared};
use super::progress::Bar;
use super::render::outputs;
use super::run::{project, reading};
use super::{Console, Ended, choices, currency, dimensions, inputs, output, rollup_query};
use crate::formats::Kind;
use crate::load::{self, Books};
use crate::model::{Day, Period, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::rollup;

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &RollupArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    if !shared.filters.is_empty() {
        let message = "a rollup holds all usage, without --where";
        let problem = Problem::new(&catalogue::BAD_OPTION, message);
        return Err(problem
            .help("leave --where out; report the rollup with it")
            .into());
    }
    dimensions::names_to_keep(&args.keep)?;
    match args.sql {
        Some(dialect) => rollup_query::run(args, dialect, console),
        None => fold(args, console),
    }
}

/// Folds files.
fn fold(args: &RollupArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    let project = project(shared)?;
    let specs = inputs::resolve(shared, project.as_ref())?;
    let zone = choices::zone(shared, project.as_ref())?;
    let mut by = args.keep.clone();
    by.push("feature".into());
    let choices = reading(shared, zone, &by, true);
    let books = load::read(&specs, &choices, &Bar::new(shared.quiet))?;
    check(&books, &choices.dimensions)?;
    let period = match (&shared.month, &shared.from, &shared.to) {
        (None, None, None) => None,
        _ => Some(choices::period(shared, &books, zone)?),
    };
    let cells = || {
        let logged = books.usage.iter().filter(|cell| cell.scopes.is_none());
        logged.filter(move |cell| period.is_none_or(|period| period.contains(cell.day)))
    };
    if cells().next().is_none() && !shared.allow_empty {
        let message = "the logs hold no usage of the period";
        let problem = Problem::new(&catalogue::NOTHING_IN_PERIOD, message);
        return Err(problem
            .help("say another period, or none for all usage")
            .into());
    }
    let mut rows = 0;
    let mut render = |format: OutputFormat, _: bool| -> Result<Vec<u8>, Problem> {
        if format != OutputFormat::Csv {
            let problem = Problem::new(&catalogue::BAD_OPTION, "a rollup is written as CSV");
            return Err(problem.help("name the output .csv, or leave --format out"));
        }
        let mut bytes = Vec::new();
        rows = rollup::write(cells(), &choices.dimensions, zone, &mut bytes)
            .map_err(|error| cannot_write(&error))?;
        Ok(bytes)
    };
    let csv = Shared {
        format: match shared.output.is_empty() {
            true => shared.format.or(Some(OutputFormat::Csv)),
            false => shared.format,
        },
        ..shared.clone()
    };
    let made = outputs(&csv, &mut render)?;
    let read: Vec<_> = specs.iter().map(|spec| spec.path.clone()).collect();
    output::write_all(&made.files, &read)?;
    if let Some((_, bytes)) = made.stdout {
        console.out.extend(bytes);
    }
    if !shared.quiet {
        say(shared, &books, (period, zone), rows, console);
    }
    let warned = books.notes.iter().any(|note| note.warning);
    Ok(match shared.strict && warned {
        true => Ended::Finding,
        false => Ended::Fine,
    })
}

fn cannot_write(error: &std::io::Error) -> Problem {
    let message = format!("cannot write the rollup: {error}");
    Problem::new(&catalogue::CANNOT_WRITE, message)
}

/// Refuses what cannot be folded.
fn check(books: &Books, kept: &[String]) -> Result<(), Problem> {
    if !books.has(Kind::Usage) {
        let message = "usage logs are rolled up, and there is none";
        return Err(Problem::new(&catalogue::WRONG_KIND, message)
            .help("pass a usage log; tanso formats FILE tells what a file is"));
    }
    if books.log_currencies.len() > 1 {
        return Err(currency::mixed_logs(books));
    }
    for (at, name) in kept.iter().enumerate() {
        if !books.usage.iter().any(|cell| cell.dimensions[at].is_some()) {
            let message = format!("--keep names no column of the logs: {name:?}");
            return Err(Problem::new(&catalogue::BAD_OPTION, message)
                .help("tanso formats FILE shows the columns of a file"));
        }
    }
    Ok(())
}

/// Says what was folded, and what was not.
fn say(
    shared: &Shared,
    books: &Books,
    (period, zone): (Option<Period>, Zone),
    rows: u64,
    console: &mut Console,
) {
    let json = shared.message_format == MessageFormat::Json;
    for note in &books.notes {
        console.say(&super::messages::note(note, json));
    }
    if json {
        return;
    }
    for file in &books.files {
        if let Some(kind) = file.kind.filter(|kind| *kind != Kind::Usage) {
            let (path, word) = (file.path(), kind.word());
            console.say(&format!(
                "tanso: {path} ({word}) is no usage log and not in the rollup"
            ));
        }
    }
    let all = Period {
        start: Day(i32::MIN),
        end: Day(i32::MAX),
    };
    let receipts = books.receipts(period.unwrap_or(all), zone);
    let logs = books.files.iter().zip(&receipts);
    let logs = logs.filter(|(file, _)| file.kind == Some(Kind::Usage));
    let (mut files, mut read, mut used, mut repeated) = (0u64, 0, 0, 0);
    for (_, receipt) in logs {
        files += 1;
        read += receipt.rows.read;
        used += receipt.rows.used;
        repeated += receipt.rows.duplicate;
    }
    console.say(&format!(
        "tanso: {files} logs, {read} rows read, {used} used, {repeated} repeated; rows of the rollup: {rows}"
    ));
}
