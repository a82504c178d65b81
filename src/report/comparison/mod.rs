//! Differences of two reports as reports: the table, and the document.

pub mod document;
pub mod table;

use crate::diff::Diff;
use crate::report::saved::SavedReport;

/// Two saved reports and what changed.
pub struct Compared<'a> {
    /// The earlier one, as the user named it.
    pub old: (&'a str, &'a SavedReport),
    /// The later one.
    pub new: (&'a str, &'a SavedReport),
    /// Their periods, in words.
    pub titles: [String; 2],
    /// What changed.
    pub diff: &'a Diff,
    /// What the user must know besides.
    pub remarks: &'a [String],
}
