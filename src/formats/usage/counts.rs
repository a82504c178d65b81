//! Token counts of a vendor's log that stand one by one, and what a status says.
//!
//! The format's convention is stated by its reader; the user may say otherwise. The rule that must
//! hold: a served row with output has an input, and one without any count is told.

use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::formats::usage::cells::{Cells, Origin, Shape};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{CachedTokens, Settings, Tally};
use crate::model::records::Outcome;
use crate::model::{Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};

/// What a format calls its counts; blank where it has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountNames {
    /// Input, in the format's convention.
    pub input: &'static [&'static str],
    /// Read from the cache.
    pub read: &'static [&'static str],
    /// Written to the cache: of unstated life, or all of them.
    pub write: &'static [&'static str],
    /// Written to the five-minute cache.
    pub write_5m: &'static [&'static str],
    /// Written to the one-hour cache.
    pub write_1h: &'static [&'static str],
    /// Output.
    pub output: &'static [&'static str],
}

/// Where the counts of a file stand.
#[derive(Debug, Default)]
pub struct Counts {
    said: Option<CachedTokens>,
    input: Option<Origin>,
    read: Option<Origin>,
    write: Option<Origin>,
    write_5m: Option<Origin>,
    write_1h: Option<Origin>,
    output: Option<Origin>,
    /// Served rows without any count.
    blank: u64,
}

impl Counts {
    /// Counts under what the user said about cached tokens.
    pub fn new(settings: &Settings) -> Counts {
        Counts {
            said: settings.cached_tokens,
            ..Counts::default()
        }
    }

    /// Finds the columns.
    pub fn find(
        &mut self,
        names: &CountNames,
        shape: &Shape,
        columns: &Columns,
        problems: &mut Problems,
    ) {
        let mut first = |names| {
            let found = shape.first(columns, names, problems);
            found.map(|(_, origin)| origin)
        };
        self.input = first(names.input);
        self.read = first(names.read);
        self.write = first(names.write);
        self.write_5m = first(names.write_5m);
        self.write_1h = first(names.write_1h);
        self.output = first(names.output);
    }

    /// Reads the counts of a row.
    ///
    /// # Errors
    /// A cell that is no count, or cache writes whose total is not the sum of its parts.
    pub fn read(&mut self, cells: &mut Cells<'_>, outcome: Outcome) -> Result<Tokens, Problem> {
        let mut tokens = Tokens {
            input: cells.count(self.input.as_ref())?,
            read: cells.count(self.read.as_ref())?,
            write: cells.count(self.write.as_ref())?,
            write_5m: cells.count(self.write_5m.as_ref())?,
            write_1h: cells.count(self.write_1h.as_ref())?,
            output: cells.count(self.output.as_ref())?,
        };
        if !tokens.split_writes() {
            let column = self.write.as_ref().map_or(0, |at| cells.column(at));
            let message =
                "the cache writes are not the sum of the five-minute and the one-hour ones";
            let problem = cells.problem(&catalogue::BAD_VALUE, column, "", message);
            return Err(problem.help("correct the program that logged the row"));
        }
        if outcome != Outcome::Served {
            return Ok(tokens);
        }
        if tokens.input.is_none() && tokens.output.is_none() {
            self.blank += 1;
        } else if tokens.input.is_none() && tokens.output.is_some_and(|n| n.is_positive()) {
            let at = self.input.as_ref().or(self.output.as_ref());
            let column = at.map_or(0, |origin| cells.column(origin));
            let message = "the input count is empty, but the row has output";
            let problem = cells.problem(&catalogue::MISSING_VALUE, column, "", message);
            return Err(problem.help("absent is not zero; write 0 if no input was used"));
        }
        Ok(tokens)
    }

    /// Adds the counts to the quantities, disjoint: in the format's convention, or in the one that
    /// the user said.
    ///
    /// # Errors
    /// There are more cached tokens than an input that should include them.
    pub fn add(
        &self,
        cells: &Cells<'_>,
        tokens: &Tokens,
        convention: Convention,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<(), Problem> {
        let convention = match self.said {
            Some(CachedTokens::Inside) => Convention::Inside,
            Some(CachedTokens::Beside) => Convention::Beside,
            None => convention,
        };
        if tokens.disjoint(convention, quantities).is_some() {
            return Ok(());
        }
        let column = self.input.as_ref().map_or(0, |input| cells.column(input));
        let input = tokens.input.unwrap_or_default().to_string();
        let message = "there are more cached tokens than input tokens, which should include them";
        let problem = cells.problem(&catalogue::TOKEN_CONVENTION, column, &input, message);
        Err(problem.help("say cached_tokens = \"beside input\" in its [[input]] entry of tanso.toml if this log leaves cached tokens out of the input"))
    }

    /// Tells how many served rows state no tokens.
    pub fn finish(&self, tally: &mut Tally) {
        let text = "{n} served requests state no tokens";
        rows::remark(tally, &catalogue::BLANK_METER, self.blank, text);
    }
}

/// What an HTTP status says: 200 to 399 was served, another number was not. A blank one says
/// nothing, and the request counts as served.
///
/// # Errors
/// A status that is no number.
pub fn http_outcome(cells: &mut Cells<'_>, origin: Option<&Origin>) -> Result<Outcome, Problem> {
    let Some(status) = cells.number(origin)? else {
        return Ok(Outcome::Served);
    };
    let served = status >= Exact::from(200u64) && status < Exact::from(400u64);
    Ok(match served {
        true => Outcome::Served,
        false => Outcome::Failed,
    })
}
