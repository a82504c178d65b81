//! Providers' own usage exports: quantities by day, model, project and key, without customers and
//! without money. They give quantities to bills that state none, and stand for the log of a
//! provider that no log covers. A reader hands counts on one by one; it never keeps them.

pub mod anthropic_report;
pub mod anthropic_tokens;
pub mod fireworks_metrics;
pub mod openai_report;
pub mod openai_tokens;
pub mod openai_usage;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::formats::Sample;
use crate::formats::fields::Columns;
use crate::formats::pages::Part;
use crate::model::{ContextBand, Exact, Instant, Meter};
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

/// The text of an id or word in a JSON answer; `None` where it is null or blank.
pub fn filled<'a>(text: &'a Option<Cow<'_, str>>) -> Option<&'a str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// A quantity of a result: not negative.
///
/// # Errors
/// It is no number, or below zero.
pub fn part_quantity(
    part: &Part<'_>,
    name: &str,
    raw: Option<&RawValue>,
) -> Result<Option<Exact>, Problem> {
    let Some(text) = raw.map(|raw| raw.get().trim_matches('"')) else {
        return Ok(None);
    };
    let number = Exact::parse(text).map_err(|why| {
        let message = format!("{name} is not a number: {}", why.reason());
        part.problem(&catalogue::NOT_A_NUMBER, message, text)
    })?;
    if number.is_negative() {
        let message = format!("{name} is negative");
        return Err(part.problem(&catalogue::NEGATIVE_QUANTITY, message, text));
    }
    Ok(Some(number))
}

/// A count of a result: whole and not negative.
///
/// # Errors
/// As [`part_quantity`], or it has a fraction.
pub fn part_count(
    part: &Part<'_>,
    name: &str,
    raw: Option<&RawValue>,
) -> Result<Option<Exact>, Problem> {
    let count = part_quantity(part, name, raw)?;
    if count.is_some_and(|count| !count.is_integer()) {
        let message = format!("{name} is not a whole number");
        let text = raw.map_or("", RawValue::get);
        return Err(part.problem(&catalogue::FRACTION, message, text));
    }
    Ok(count)
}

/// A count that must be there.
///
/// # Errors
/// It is absent or null.
pub fn stated(part: &Part<'_>, name: &str, count: Option<Exact>) -> Result<Exact, Problem> {
    count.ok_or_else(|| {
        let message = format!("{name} is missing");
        part.problem(&catalogue::MISSING_VALUE, message, "")
            .help("an absent count is not zero; fetch the answer again")
    })
}

/// Checks that a bucket lies in one UTC day.
///
/// # Errors
/// It does not.
pub fn one_day(part: &Part<'_>) -> Result<(), Problem> {
    if Instant(part.end.0 - 1).utc_day() == part.start.utc_day() {
        return Ok(());
    }
    let message = "its bucket counts more than one UTC day".to_string();
    let problem = part.problem(&catalogue::BAD_VALUE, message, "");
    Err(problem.help("fetch it with bucket_width=1d, 1h or 1m"))
}
