//! Token counts of one row, made disjoint: whether the input includes cached tokens is known from
//! the settings, from the columns' names, or from the rows themselves, and never guessed.

use crate::formats::fields::Columns;
use crate::formats::usage::columns::Found;
use crate::formats::usage::names::Field;
use crate::formats::{CachedTokens, Settings};
use crate::model::{Exact, Meter};
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// How the input count of a file relates to its cached counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// The input count includes them.
    Inside,
    /// It leaves them out.
    Beside,
    /// Nothing says so yet.
    Open,
}

/// Token counts of one row, as written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokens {
    /// Input, in the file's convention.
    pub input: Option<Exact>,
    /// Read from the cache.
    pub read: Option<Exact>,
    /// Written to the cache, life not stated.
    pub write: Option<Exact>,
    /// Written to the five-minute cache.
    pub write_5m: Option<Exact>,
    /// Written to the one-hour cache.
    pub write_1h: Option<Exact>,
    /// Output.
    pub output: Option<Exact>,
}

impl Convention {
    /// The convention of a file, as far as settings and names tell.
    ///
    /// `cache_read_input_tokens` and `cache_creation_input_tokens` beside `input_tokens` are the
    /// names of Anthropic's API, whose input leaves cached tokens out. `prompt_tokens` with
    /// `cached_tokens`, and `…_tokens_details.cached_tokens`, are those of OpenAI's, whose input
    /// includes them.
    pub fn of(columns: &Columns, found: &Found, settings: &Settings) -> Convention {
        match settings.cached_tokens {
            Some(CachedTokens::Inside) => return Convention::Inside,
            Some(CachedTokens::Beside) => return Convention::Beside,
            None => {}
        }
        let name = |field| {
            let column: Option<usize> = found.at(field);
            column.map(|column| columns.header.name(column).to_lowercase())
        };
        let input = name(Field::Input).unwrap_or_default();
        let input = input.strip_prefix("usage.").unwrap_or(&input);
        if input == "uncached_input_tokens" {
            return Convention::Beside;
        }
        let (mut inside, mut beside) = (false, false);
        for field in [
            Field::CacheRead,
            Field::CacheWrite,
            Field::CacheWrite5m,
            Field::CacheWrite1h,
        ] {
            let name = name(field).unwrap_or_default();
            let name = name.strip_prefix("usage.").unwrap_or(&name);
            let anthropic = matches!(
                name,
                "cache_read_input_tokens" | "cache_creation_input_tokens"
            ) || name.starts_with("cache_creation.ephemeral");
            beside |= anthropic && matches!(input, "input_tokens" | "");
            inside |= name.contains("_tokens_details.")
                || (input == "prompt_tokens" && name == "cached_tokens");
        }
        match (inside, beside) {
            (true, false) => Convention::Inside,
            (false, true) => Convention::Beside,
            _ => Convention::Open,
        }
    }
}

impl Tokens {
    /// Reads the counts of a row.
    pub fn read(columns: &Columns, found: &Found, row: &Row) -> Result<Tokens, Problem> {
        let count = |field| match found.at(field) {
            Some(column) => columns.count(row, column),
            None => Ok(None),
        };
        let mut tokens = Tokens {
            input: count(Field::Input)?,
            read: count(Field::CacheRead)?,
            write: count(Field::CacheWrite)?,
            write_5m: count(Field::CacheWrite5m)?,
            write_1h: count(Field::CacheWrite1h)?,
            output: count(Field::Output)?,
        };
        match tokens.split_writes() {
            true => Ok(tokens),
            false => Err(writes_differ(columns, found, row)),
        }
    }

    /// Brings the cache writes down to the two lives: a total beside them is their sum, not more
    /// of them. A total alone counts as the short life, which is the default of the API.
    ///
    /// False if the total is not the sum of the two.
    #[must_use]
    pub(crate) fn split_writes(&mut self) -> bool {
        let Some(total) = self.write.take() else {
            return true;
        };
        let (short, long) = match (self.write_5m, self.write_1h) {
            (None, None) => (total, Exact::ZERO),
            (Some(short), None) => (short, total - short),
            (None, Some(long)) => (total - long, long),
            (Some(short), Some(long)) if short + long == total => (short, long),
            // Answers from before the split existed carry zeros beside a total.
            (Some(short), Some(long)) if (short + long).is_zero() => (total, Exact::ZERO),
            _ => return false,
        };
        if short.is_negative() || long.is_negative() {
            return false;
        }
        (self.write_5m, self.write_1h) = (Some(short), Some(long));
        true
    }

    /// All cached tokens, read or written.
    pub fn cached(&self) -> Exact {
        [self.read, self.write_5m, self.write_1h]
            .into_iter()
            .flatten()
            .sum()
    }

    /// Whether the cached tokens do not fit into the input, so that it must leave them out.
    pub fn exceed_input(&self) -> bool {
        self.cached() > self.input.unwrap_or_default()
    }

    /// Adds the counts above zero to `quantities`, disjoint. Where the convention is open the
    /// input is added as written. `None` if cached tokens exceed an input that is said to include
    /// them.
    #[must_use]
    pub fn disjoint(
        &self,
        convention: Convention,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Option<()> {
        let mut input = self.input.unwrap_or_default();
        if convention == Convention::Inside {
            input -= self.cached();
            if input.is_negative() {
                return None;
            }
        }
        let mut put = |meter: Meter, count: Exact| {
            if count.is_positive() {
                quantities.push((meter, count));
            }
        };
        put(Meter::Input, input);
        if let Some(count) = self.read {
            put(Meter::CacheRead, count);
        }
        if let Some(count) = self.write_5m {
            put(Meter::CacheWrite5m, count);
        }
        if let Some(count) = self.write_1h {
            put(Meter::CacheWrite1h, count);
        }
        if let Some(count) = self.output {
            put(Meter::Output, count);
        }
        Some(())
    }
}

fn writes_differ(columns: &Columns, found: &Found, row: &Row) -> Problem {
    let column = found.at(Field::CacheWrite).unwrap_or(0);
    let name = columns.header.name(column);
    let message = format!("{name} is not the sum of the five-minute and the one-hour cache writes");
    columns
        .problem(&catalogue::BAD_VALUE, row, column, message)
        .help("the total and its two parts count the same tokens; name one of them in columns")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(value: u64) -> Option<Exact> {
        Some(Exact::from(value))
    }

    fn quantities(tokens: Tokens, convention: Convention) -> Option<Vec<(Meter, Exact)>> {
        let mut quantities = Vec::new();
        tokens.disjoint(convention, &mut quantities)?;
        Some(quantities)
    }

    #[test]
    fn cached_tokens_leave_an_input_that_includes_them() {
        let tokens = Tokens {
            input: n(100),
            read: n(30),
            write_5m: n(20),
            output: n(7),
            ..Tokens::default()
        };
        let all = |input: u64| {
            vec![
                (Meter::Input, Exact::from(input)),
                (Meter::CacheRead, Exact::from(30u64)),
                (Meter::CacheWrite5m, Exact::from(20u64)),
                (Meter::Output, Exact::from(7u64)),
            ]
        };
        assert_eq!(quantities(tokens, Convention::Inside), Some(all(50)));
        assert_eq!(quantities(tokens, Convention::Beside), Some(all(100)));
        assert_eq!(quantities(tokens, Convention::Open), Some(all(100)));
        let over = Tokens {
            input: n(49),
            ..tokens
        };
        assert!(over.exceed_input());
        assert_eq!(quantities(over, Convention::Inside), None);
    }

    #[test]
    fn a_total_of_cache_writes_is_not_counted_beside_its_parts() {
        let split = |write, write_5m, write_1h| {
            let mut tokens = Tokens {
                write,
                write_5m,
                write_1h,
                ..Tokens::default()
            };
            let fits = tokens.split_writes();
            fits.then_some((tokens.write_5m, tokens.write_1h))
        };
        assert_eq!(split(n(10), None, None), Some((n(10), n(0))));
        assert_eq!(split(n(10), n(4), n(6)), Some((n(4), n(6))));
        assert_eq!(split(n(10), None, n(6)), Some((n(4), n(6))));
        assert_eq!(split(n(10), n(4), None), Some((n(4), n(6))));
        assert_eq!(split(n(10), n(0), n(0)), Some((n(10), n(0))));
        assert_eq!(split(n(10), n(4), n(5)), None);
        assert_eq!(split(n(10), None, n(11)), None);
        assert_eq!(split(None, n(4), n(6)), Some((n(4), n(6))));
    }
}
