//! What two logs have in common, and how it is told.

use std::collections::BTreeSet;

use super::logs::Log;
use crate::model::{Day, Exact};
use crate::problem::{Note, Place, Problem, catalogue};

/// What two logs have in common.
#[derive(Debug)]
pub struct Common {
    /// The log that reaches further, by its number.
    pub kept: usize,
    /// The other.
    pub lost: usize,
    /// Whether it is certain that these are the same calls.
    pub certain: bool,
    /// UTC days and models of the other log that the first has too.
    pub twice: BTreeSet<(Day, Box<str>)>,
    /// What they have in common, in words.
    pub(super) why: String,
    /// The first line of the other log.
    pub(super) line: u64,
    /// Tokens that would count twice.
    pub(super) tokens: Exact,
    /// First and last day.
    pub(super) span: (Day, Day),
}

impl Common {
    fn days(&self) -> String {
        match self.span {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first} to {last}"),
        }
    }

    /// The refusal.
    pub fn refuse(&self, logs: &[Log]) -> Problem {
        let message = format!(
            "logs calls of {} that {} logs too: {}; {} tokens would count twice",
            self.days(),
            logs[self.kept].name,
            self.why,
            self.tokens
        );
        Problem::new(&catalogue::OVERLAP, message)
            .at(Place::line(&logs[self.lost].name, self.line))
            .help("leave one of them out, or say --on-overlap latest to keep the log that reaches further")
    }

    /// The warning, where it is not certain.
    pub fn warn(&self, logs: &[Log]) -> Note {
        let text = format!(
            "{} and {} may log the same calls of {}: {}; {} tokens would count twice; if they are the same calls, leave one of them out",
            logs[self.lost].name,
            logs[self.kept].name,
            self.days(),
            self.why,
            self.tokens
        );
        Note::new(&catalogue::SAME_SUMS, text)
    }
}
