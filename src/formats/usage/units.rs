//! What a generic log states besides tokens: units of a named meter, its own cost, and what became
//! of the request.

use std::collections::BTreeMap;

use crate::formats::fields::{Columns, word};
use crate::formats::usage::columns::Found;
use crate::formats::usage::names::Field;
use crate::formats::{CachedTokens, Settings};
use crate::model::records::Outcome;
use crate::model::{Currency, Exact, Meter};
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// Words for a request that failed, in lower case.
pub const FAILED: &[&str] = &[
    "failed",
    "failure",
    "fail",
    "error",
    "errored",
    "cancelled",
    "canceled",
    "timeout",
    "timed_out",
    "aborted",
    "rejected",
    "blocked",
];

/// What logs call token meters, in lower case, besides our own names.
pub const METER_NAMES: &[(&str, Meter)] = &[
    ("input_tokens", Meter::Input),
    ("prompt_tokens", Meter::Input),
    ("uncached_input_tokens", Meter::Input),
    ("output_tokens", Meter::Output),
    ("completion_tokens", Meter::Output),
    ("cache_read_input_tokens", Meter::CacheRead),
    ("cache_creation_input_tokens", Meter::CacheWrite5m),
];

/// The same for cached tokens that the input of another row may include.
pub const CACHED_METERS: &[&str] = &["cached_input_tokens", "cached_tokens", "cache_read_tokens"];

/// Units of named meters.
#[derive(Default)]
pub struct Units {
    meters: Meters,
}

impl Units {
    /// Adds the units to the quantities and returns the requests of an aggregate.
    pub fn add(
        &mut self,
        columns: &Columns,
        found: &Found,
        settings: &Settings,
        row: &Row,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Option<Exact>, Problem> {
        let mut requests = match found.at(Field::Requests) {
            Some(column) => Some(columns.count(row, column)?.unwrap_or_default()),
            None => None,
        };
        let Some(column) = found.at(Field::Units) else {
            return Ok(requests);
        };
        let Some(units) = columns.optional_number(row, column)? else {
            return Ok(requests);
        };
        if units.is_negative() {
            let message = format!("{} is negative", columns.header.name(column));
            return Err(columns.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
        }
        let stated = found.at(Field::Meter);
        let name = word(row, stated).unwrap_or("units");
        let meter = self
            .meters
            .named(name, columns, settings, row, stated.unwrap_or(0))?;
        if meter.is_token() || meter == Meter::Requests {
            columns.count(row, column)?;
        }
        if meter == Meter::Requests {
            requests = Some(requests.unwrap_or_default() + units);
        } else if quantities.iter().any(|(stated, _)| *stated == meter) {
            let message = format!("the row states {meter} twice: in its own column and here");
            let problem = columns.problem(&catalogue::BAD_VALUE, row, column, message);
            return Err(
                problem.help("name only one of the two in columns, so that nothing counts double")
            );
        } else if units.is_positive() {
            quantities.push((meter, units));
        }
        Ok(requests)
    }
}

/// The meters seen so far, so that a name is not made anew for every row.
#[derive(Default)]
pub struct Meters {
    known: BTreeMap<String, Meter>,
}

impl Meters {
    /// The meter that a log calls by this name, which stands in `column`.
    ///
    /// # Errors
    /// Cached tokens in a row of their own, unless the settings say that the input leaves them out.
    pub fn named(
        &mut self,
        name: &str,
        columns: &Columns,
        settings: &Settings,
        row: &Row,
        column: usize,
    ) -> Result<Meter, Problem> {
        if let Some(meter) = self.known.get(name) {
            return Ok(meter.clone());
        }
        let folded = name.to_lowercase();
        let listed = METER_NAMES.iter().find(|(written, _)| *written == folded);
        let meter = match listed {
            Some((_, meter)) => meter.clone(),
            None if CACHED_METERS.contains(&folded.as_str()) => {
                if settings.cached_tokens != Some(CachedTokens::Beside) {
                    return Err(cached_row(columns, row, column));
                }
                Meter::CacheRead
            }
            None => match Meter::named(&folded) {
                Meter::Other(_) => Meter::Other(name.into()),
                known => known,
            },
        };
        self.known.insert(name.to_string(), meter.clone());
        Ok(meter)
    }
}

/// Cached tokens in a row of their own: what they would have to leave is in another row.
fn cached_row(columns: &Columns, row: &Row, column: usize) -> Problem {
    let message = "cached tokens stand in a row of their own, and nothing says whether the input rows include them";
    columns
            .problem(&catalogue::TOKEN_CONVENTION, row, column, message)
            .help("log the uncached input as meter input and the cached one as cache_read, or say cached_tokens = \"beside input\"")
}

/// What the log says the row cost. A log that states costs states one for every served request: an
/// empty cell there is not zero.
pub fn cost(
    columns: &Columns,
    found: &Found,
    settings: &Settings,
    row: &Row,
    outcome: Outcome,
) -> Result<Option<(Exact, Currency)>, Problem> {
    let Some(column) = found.at(Field::Cost) else {
        return Ok(None);
    };
    let Some(cost) = columns.optional_number(row, column)? else {
        if row.get(column).is_none() || outcome != Outcome::Served {
            return Ok(None);
        }
        let message = format!("{} is empty", columns.header.name(column));
        return Err(columns
            .problem(&catalogue::MISSING_VALUE, row, column, message)
            .help("an empty cost is not zero; write 0 if the request cost nothing"));
    };
    if cost.is_negative() {
        let message = format!("{} is negative", columns.header.name(column));
        return Err(columns.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
    }
    let currency = currency(columns, settings, row, column, found.at(Field::Currency))?;
    Ok(Some((cost, currency)))
}

/// The currency of a cost in the column `cost`: the row's own, the one in the column's name, the
/// one of the settings, or dollars.
pub fn currency(
    columns: &Columns,
    settings: &Settings,
    row: &Row,
    cost: usize,
    stated: Option<usize>,
) -> Result<Currency, Problem> {
    match stated.filter(|column| row.filled(*column).is_some()) {
        Some(column) => columns.currency(row, column),
        None if columns.header.name(cost).to_lowercase().contains("usd") => Ok(Currency::USD),
        None => Ok(settings.currency.unwrap_or(Currency::USD)),
    }
}

/// What status words say, as far as they were met.
#[derive(Default)]
pub struct Outcomes {
    known: Vec<(String, Outcome)>,
}

/// More words than this are read anew each time.
const WORDS: usize = 8;

impl Outcomes {
    /// As [`outcome`].
    pub fn of(&mut self, word: &str) -> Outcome {
        if let Some((_, outcome)) = self.known.iter().find(|(known, _)| known == word) {
            return *outcome;
        }
        let outcome = outcome(word);
        if self.known.len() < WORDS {
            self.known.push((word.to_string(), outcome));
        }
        outcome
    }
}

/// What a status word or HTTP code says became of the request.
pub fn outcome(word: &str) -> Outcome {
    let folded = word.to_lowercase();
    let code = folded
        .parse::<u16>()
        .is_ok_and(|code| (400..600).contains(&code));
    if code || FAILED.contains(&folded.as_str()) {
        Outcome::Failed
    } else {
        Outcome::Served
    }
}
