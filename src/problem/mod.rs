//! Located errors, warnings and notes: what is wrong, where, what was expected, what to do.
//!
//! A [`Problem`] is made where the fault is seen and printed only by the command line. Every
//! problem refers to an entry of the [`catalogue`], which fixes its code and exit code.

pub mod catalogue;

use std::sync::Arc;

pub use catalogue::{Class, Entry};

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Physical line, 1-based.
    pub line: Option<u64>,
    /// Field of the row, 1-based.
    pub column: Option<usize>,
    /// Byte offset in the decoded text, 0-based.
    pub byte: Option<u64>,
}

/// One located error, warning or note.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Code, title and class.
    pub entry: &'static Entry,
    /// Where, if it has a place.
    pub place: Option<Place>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// The offending text, raw; it is cut, escaped and masked when printed.
    pub excerpt: Option<String>,
    /// The column's name and the number of columns, if one cell is at fault.
    pub field: Option<(String, usize)>,
    /// What to do.
    pub help: Option<String>,
}

impl Place {
    /// A place that is a whole file.
    pub fn file(file: &Arc<str>) -> Place {
        Place {
            file: file.clone(),
            ..Place::default()
        }
    }

    /// A line of a file.
    pub fn line(file: &Arc<str>, line: u64) -> Place {
        Place {
            file: file.clone(),
            line: Some(line),
            ..Place::default()
        }
    }
}

impl Problem {
    /// A problem without a place.
    pub fn new(entry: &'static Entry, message: impl Into<String>) -> Problem {
        Problem {
            entry,
            place: None,
            message: message.into(),
            excerpt: None,
            field: None,
            help: None,
        }
    }

    /// Adds the place.
    pub fn at(mut self, place: Place) -> Problem {
        self.place = Some(place);
        self
    }

    /// Adds the offending text.
    pub fn excerpt(mut self, text: impl Into<String>) -> Problem {
        self.excerpt = Some(text.into());
        self
    }

    /// Adds the column's name and how many columns there are.
    pub fn field(mut self, name: &str, of: usize) -> Problem {
        self.field = Some((name.to_string(), of));
        self
    }

    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> Problem {
        self.help = Some(text.into());
        self
    }
}

/// The errors of a run. Keeps all counts and the first [`Problems::KEPT`] details of each file, so
/// that a file of broken rows does not fill the memory.
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    counts: std::collections::BTreeMap<&'static str, u64>,
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        let mut problems = Problems::default();
        problems.push(problem);
        problems
    }
}

impl Problems {
    /// How many details are kept.
    pub const KEPT: usize = 20;

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        *self.counts.entry(problem.entry.code).or_default() += 1;
        if self.kept.len() < Self::KEPT {
            self.kept.push(problem);
        }
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, other: Problems) {
        for (code, count) in other.counts {
            *self.counts.entry(code).or_default() += count;
        }
        let room = Self::KEPT.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many there are, kept or not.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The kept details, in the order found.
    pub fn kept(&self) -> &[Problem] {
        &self.kept
    }

    /// How often each code occurred.
    pub fn counts(&self) -> &std::collections::BTreeMap<&'static str, u64> {
        &self.counts
    }
}

/// A note or warning of a run that went well: carried by every output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Stable code.
    pub code: &'static str,
    /// What it says.
    pub text: String,
    /// Whether `--strict` fails the run for it.
    pub warning: bool,
}

impl Note {
    /// A note of a catalogue entry.
    pub fn new(entry: &'static Entry, text: impl Into<String>) -> Note {
        Note {
            code: entry.code,
            text: text.into(),
            warning: entry.class == Class::Warning,
        }
    }
}
