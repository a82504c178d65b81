//! What a job of GitHub Actions shows beside the log: annotations and the summary of the step.
//!
//! Only the program itself looks at the environment; a run inside a test has none.

use std::fs::OpenOptions;
use std::io::Write;

use super::Console;
use crate::gate::Outcome;
use crate::problem::{Problem, catalogue};
use crate::report::check::line;
use crate::report::table::Table;
use crate::report::{markdown, visible};

/// Says what tripped, where the run is a step of a job.
///
/// # Errors
/// If the summary cannot be written.
pub fn tell(outcomes: &[Outcome], table: &Table, console: &mut Console) -> Result<(), Problem> {
    if !console.real {
        return Ok(());
    }
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        for outcome in outcomes.iter().filter(|outcome| outcome.tripped()) {
            console.say(&annotation(outcome, table.places));
        }
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    // Steps share the file: what others wrote stays.
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(markdown::render(table).as_bytes()));
    written.map_err(|error| {
        let message = format!("cannot write the summary of the step: {error}");
        Problem::new(&catalogue::CANNOT_WRITE, message)
            .help("GITHUB_STEP_SUMMARY names the file; unset it to do without the summary")
    })
}

/// A workflow command that annotates the run.
fn annotation(outcome: &Outcome, places: Option<u8>) -> String {
    let text = visible(&line(outcome, places)).into_owned();
    format!(
        "::error title=tanso check {}::{}",
        outcome.gate,
        text.replace('%', "%25")
    )
}
