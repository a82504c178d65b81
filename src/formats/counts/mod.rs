//! Providers' own usage exports: quantities by day, model, project and key, without customers and
//! without money. They give quantities to bills that state none, and stand for the log of a
//! provider that no log covers. A reader hands counts on one by one; it never keeps them.

pub mod anthropic_tokens;
pub mod fireworks_metrics;
pub mod openai_tokens;
pub mod openai_usage;

use crate::formats::Sample;
use crate::formats::fields::Columns;
use crate::model::{ContextBand, Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::Row;

/// The ids of a row that may name a customer, most specific first.
#[derive(Debug, Default)]
pub struct Scopes(Vec<(usize, &'static str)>);

impl Scopes {
    /// The columns that are there, of (column, name of the dimension).
    pub fn find(
        columns: &Columns,
        names: &[(&str, &'static str)],
        problems: &mut Problems,
    ) -> Scopes {
        let there = names
            .iter()
            .filter_map(|(name, what)| Some((columns.optional(&[name], problems)?, *what)));
        Scopes(there.collect())
    }

    /// The ids that a row fills. An id that a spreadsheet has rewritten is a problem.
    pub fn of<'r>(
        &self,
        columns: &Columns,
        row: &'r Row,
    ) -> Result<Vec<(&'r str, &'static str)>, Problem> {
        let mut scopes = Vec::with_capacity(self.0.len());
        for (column, dimension) in &self.0 {
            if let Some(id) = columns.id(row, *column)?.filter(|id| *id != "--") {
                scopes.push((id, *dimension));
            }
        }
        Ok(scopes)
    }

    /// Whether a row fills none of them.
    pub fn are_blank(&self, row: &Row) -> bool {
        self.0
            .iter()
            .all(|(column, _)| row.filled(*column).is_none())
    }
}

/// Whether the sample is OpenAI's usage export. An empty one has the bytes of an empty cost
/// export; its file name tells.
pub fn is_openai_usage(sample: &Sample<'_>) -> bool {
    let times = ["start_time", "end_time", "start_time_iso", "end_time_iso"];
    let empty = sample.has_all(&times)
        && sample.header.len() == times.len()
        && sample.file_name.starts_with("completions_usage");
    let counts = ["start_time", "end_time", "num_model_requests"];
    empty || (sample.has_all(&counts) && sample.has_all(&["input_tokens", "output_tokens"]))
}

/// The context tier that a word names, or `None` if it names none that is known.
pub fn band_named(word: &str) -> Option<ContextBand> {
    let folded: String = word.to_lowercase().chars().filter(|c| *c != ' ').collect();
    match folded.as_str() {
        "≤200k" | "<=200k" | "0-200k" => Some(ContextBand::BASE),
        "200k-1m" => ContextBand::beyond(200_000),
        _ => None,
    }
}

/// Adds a quantity unless there is none of it.
pub fn push(quantities: &mut Vec<(Meter, Exact)>, meter: Meter, quantity: Option<Exact>) {
    if let Some(quantity) = quantity.filter(|quantity| !quantity.is_zero()) {
        quantities.push((meter, quantity));
    }
}

/// The problem of a cell that must be filled in a row that counts something.
pub fn missing(columns: &Columns, row: &Row, column: usize) -> Problem {
    let message = format!(
        "{} is empty, but the row counts usage",
        columns.header.name(column)
    );
    columns
        .problem(&catalogue::MISSING_VALUE, row, column, message)
        .help("an empty count is not zero; export the file again")
}
