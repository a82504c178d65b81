//! TOML files of the user: places in them, and their errors as problems.

use std::sync::Arc;

use crate::problem::catalogue::Entry;
use crate::problem::{Place, Problem};

/// A project file that places can be told in.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    /// The file as shown in messages.
    pub shown: &'a Arc<str>,
    /// Its text.
    pub text: &'a str,
}

impl Located<'_> {
    /// The place of a byte of the text.
    pub fn place(&self, byte: usize) -> Place {
        let start = byte.min(self.text.len());
        let before = &self.text[..self.text.floor_char_boundary(start)];
        let line = before.matches('\n').count() as u64 + 1;
        let last = before.rsplit('\n').next();
        Place {
            column: Some(last.map_or(0, |last| last.chars().count()) + 1),
            byte: Some(start as u64),
            ..Place::line(self.shown, line)
        }
    }
}

/// A TOML error as a problem: line and column, the nearest key, and what to write.
pub fn toml_fault(
    entry: &'static Entry,
    shown: &Arc<str>,
    text: &str,
    error: &toml::de::Error,
) -> Problem {
    let message = error.message().to_string();
    let place = Located { shown, text }.place(error.span().map_or(0, |span| span.start));
    let problem = Problem::new(entry, message.clone()).at(place);
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let unknown = rest.split('`').next().unwrap_or("");
        let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
        let distance = |name: &&&str| {
            let length = name.len().abs_diff(unknown.len());
            (strsim::damerau_levenshtein(unknown, name), length)
        };
        if let Some(nearest) = known.iter().min_by_key(distance) {
            return problem.help(format!("the nearest key is {nearest:?}"));
        }
    }
    if message.contains("floating point") || message.contains("integer") {
        return problem
            .help("quote it: money and ratios are strings, since a bare number is a binary float");
    }
    if message.contains("datetime") {
        return problem.help("quote it: days are text, such as \"2026-10-01\"");
    }
    problem
}
