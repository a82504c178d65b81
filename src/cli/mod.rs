//! The command line: the only part that prints, opens outputs and asks the environment.

mod again;
pub mod args;
mod bad_option;
mod cache;
mod check;
mod check_args;
mod check_limits;
mod choices;
mod ci;
mod controls;
mod currency;
mod diff;
mod diff_args;
mod dimensions;
mod explain;
mod explain_args;
mod file_args;
mod formats;
mod init;
mod inputs;
mod journal;
mod leaks;
mod leaks_acks;
mod leaks_args;
mod leaks_bench;
mod map;
mod map_args;
pub mod messages;
mod notes;
pub mod output;
mod output_args;
mod percent;
mod price_args;
mod price_book;
mod price_rules;
mod prices;
mod progress;
pub mod project;
mod quote;
mod quote_args;
mod quote_deal;
mod quote_notes;
mod reconcile;
mod reconcile_args;
mod render;
mod report;
mod report_args;
mod report_extras;
mod rollup;
mod rollup_args;
mod rollup_query;
mod run;
mod shared;
mod simulate;
mod simulate_args;
mod simulate_file;
mod simulate_flags;
mod simulate_ground;
mod simulate_levers;
mod simulate_output;
mod simulate_prices;
mod simulate_problems;
mod simulate_questions;
mod simulate_ranges;
mod simulate_resolve;
mod simulate_save;
mod simulate_terms;
pub mod terminal;
mod toml_places;

use std::ffi::OsString;
use std::io::Write;

use anyhow::Context;
use clap::{CommandFactory, Parser};

use args::{Cli, Command, MessageFormat, Shared};
use messages::{EXIT_BUG, EXIT_FINDING, MessageOptions};

use crate::model::exact::OutOfRange;
use crate::problem::{Problem, Problems, catalogue};

/// Where a run writes to. The program flushes it to the real streams; tests read it.
#[derive(Debug, Default)]
pub struct Console {
    /// Standard output: nothing but the report.
    pub out: Vec<u8>,
    /// Standard error: messages.
    pub err: Vec<u8>,
    /// Whether the streams end at the terminal of the process, whose width and color count.
    pub real: bool,
}

impl Console {
    /// A line on standard error.
    pub fn say(&mut self, line: &str) {
        self.err.extend_from_slice(line.as_bytes());
        self.err.push(b'\n');
    }

    /// The width a table may take.
    pub fn width(&self) -> Option<usize> {
        if self.real { terminal::width() } else { None }
    }
}

/// How a run that succeeded ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing to add.
    Fine,
    /// The numbers are right, and a check that was asked for failed.
    Finding,
    /// Some of several answers could not be given; the messages are said already.
    Failed(u8),
}

/// Runs one command line, the program's name not included, and returns the exit code. Never
/// exits the process; a panic of ours becomes exit code 70.
pub fn run<I, S>(args: I, console: &mut Console) -> u8
where
    I: IntoIterator<Item = S>,
    S: Into<OsString>,
{
    let args: Vec<OsString> = std::iter::once("tanso".into())
        .chain(args.into_iter().map(Into::into))
        .collect();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return clap_says(&error, console),
    };
    let messages = message_options(&cli, console.real);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| dispatch(&cli, console)));
    let problems = match caught {
        Ok(Ok(Ended::Fine)) => return 0,
        Ok(Ok(Ended::Finding)) => return EXIT_FINDING,
        Ok(Ok(Ended::Failed(code))) => return code,
        Ok(Err(problems)) => problems,
        Err(payload) if payload.is::<OutOfRange>() => {
            let mut problems = Problems::default();
            problems.push(
                Problem::new(
                    &catalogue::OUT_OF_RANGE,
                    "a sum or product has more than 76 digits",
                )
                .help("look for a damaged amount; the files hold numbers that no bill has"),
            );
            problems
        }
        Err(payload) => return bug(payload.as_ref(), console),
    };
    console.out.clear();
    // Writing to memory cannot fail.
    let _ = messages::print(&problems, messages, &mut console.err);
    messages::exit_code(&problems)
}

fn dispatch(cli: &Cli, console: &mut Console) -> Result<Ended, Problems> {
    if let Some(code) = &cli.explain {
        return explain_code(code, console);
    }
    match &cli.command {
        Some(Command::Report(args)) => report::run(args, console),
        Some(Command::Check(args)) => check::run(args, console),
        Some(Command::Explain(args)) => explain::run(args, console),
        Some(Command::Diff(args)) => diff::run(args, console),
        Some(Command::Simulate(args)) => simulate::run(args, console),
        Some(Command::Leaks(args)) => leaks::run(args, console),
        Some(Command::Quote(args)) => quote::run(args, console),
        Some(Command::Map(args)) => map::run(args, console),
        Some(Command::Reconcile(args)) => reconcile::run(args, console),
        Some(Command::Prices(args)) => prices::run(args, console),
        Some(Command::Rollup(args)) => rollup::run(args, console),
        Some(Command::Formats(args)) => formats::run(args, console),
        Some(Command::Init(args)) => init::run(args, console),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(*shell, &mut Cli::command(), "tanso", &mut console.out);
            Ok(Ended::Fine)
        }
        Some(Command::Man) => man(console),
        None => {
            let help = Cli::command().render_long_help().to_string();
            console.out.extend(help.into_bytes());
            Ok(Ended::Fine)
        }
    }
}

fn man(console: &mut Console) -> Result<Ended, Problems> {
    let man = clap_mangen::Man::new(Cli::command());
    // Writing to memory cannot fail.
    let _ = man.render(&mut console.out);
    Ok(Ended::Fine)
}

/// `tanso --explain T3021`.
fn explain_code(code: &str, console: &mut Console) -> Result<Ended, Problems> {
    let Some(entry) = catalogue::ALL
        .iter()
        .find(|entry| entry.code.eq_ignore_ascii_case(code))
    else {
        let codes: Vec<&str> = catalogue::ALL.iter().map(|entry| entry.code).collect();
        let mut problems = Problems::default();
        problems.push(
            Problem::new(
                &catalogue::BAD_OPTION,
                format!("there is no message {code:?}"),
            )
            .help(format!("codes: {}", codes.join(" "))),
        );
        return Err(problems);
    };
    let word = messages::severity(entry.class);
    let exit = messages::exit_of(entry.class);
    let mut text = format!("{} ({word}", entry.code);
    if exit != 0 {
        text.push_str(&format!(", exit {exit}"));
    }
    text.push_str(&format!("): {}\n\n{}\n", entry.title, entry.explanation));
    console.out.extend(text.into_bytes());
    Ok(Ended::Fine)
}

/// Help and version go to standard output; a fault in the options is exit 2.
fn clap_says(error: &clap::Error, console: &mut Console) -> u8 {
    let text = error.render();
    let styled = console.real && terminal::color_stderr(terminal::Color::Auto);
    let text = if styled {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    if error.use_stderr() {
        console.err.extend(text.into_bytes());
        2
    } else {
        console.out.extend(text.into_bytes());
        0
    }
}

fn message_options(cli: &Cli, real: bool) -> MessageOptions {
    let shared: Option<&Shared> = match &cli.command {
        Some(Command::Report(args)) => Some(&args.shared),
        Some(Command::Check(args)) => Some(&args.shared),
        Some(Command::Explain(args)) => Some(&args.shared),
        Some(Command::Simulate(args)) => Some(&args.shared),
        Some(Command::Leaks(args)) => Some(&args.shared),
        Some(Command::Map(args)) => Some(map::shared(args)),
        Some(Command::Reconcile(args)) => Some(&args.shared),
        Some(Command::Rollup(args)) => Some(&args.shared),
        Some(Command::Prices(args)) => match &args.action {
            Some(args::PricesAction::Reprice(args)) => Some(&args.shared),
            _ => None,
        },
        _ => None,
    };
    let color = shared.map_or(terminal::Color::Auto, |shared| shared.color);
    MessageOptions {
        json: shared.is_some_and(|shared| shared.message_format == MessageFormat::Json),
        color: real && terminal::color_stderr(color),
    }
}

/// What a broken invariant of ours says.
fn bug(payload: &(dyn std::any::Any + Send), console: &mut Console) -> u8 {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    console.out.clear();
    console.say(&format!("tanso: internal error: {text}"));
    console.say(
        "Nothing was written. This is a bug; please report it with the command and the version.",
    );
    EXIT_BUG
}

/// The whole program: runs, then hands both streams over. The report comes first, so that a full
/// disk is told on standard error.
pub fn main() -> u8 {
    // Panics are reported once, by us, without a trace.
    std::panic::set_hook(Box::new(|_| {}));
    let mut console = Console {
        real: true,
        ..Console::default()
    };
    let code = run(std::env::args_os().skip(1), &mut console);
    // If even standard error is gone there is nobody left to tell.
    hand_over(&mut console, code).unwrap_or(EXIT_BUG)
}

/// Writes both streams; returns the exit code that results.
fn hand_over(console: &mut Console, code: u8) -> anyhow::Result<u8> {
    let code = match output::write_stdout(&console.out) {
        Ok(output::Wrote::All) => code,
        Ok(output::Wrote::PipeClosed) => return Ok(code),
        Err(problem) => {
            let code = messages::exit_of(problem.entry.class);
            let mut problems = Problems::default();
            problems.push(problem);
            messages::print(&problems, MessageOptions::default(), &mut console.err)?;
            code
        }
    };
    std::io::stderr()
        .write_all(&console.err)
        .context("cannot write to standard error")?;
    Ok(code)
}
