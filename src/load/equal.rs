//! Rows of one bill that are alike in every cell.
//!
//! They all count: a bill may have equal lines. But rows that were pasted twice look the same, so
//! how many there are is told, with their money.

use std::collections::BTreeSet;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::model::Exact;
use crate::model::records::Charge;
use crate::problem::{Note, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// Hands rows on and remembers a hash of each.
pub struct Watched<'s> {
    source: &'s mut (dyn RowSource + Send),
    seen: hashbrown::HashSet<u128, foldhash::fast::FixedState>,
    /// Lines of the rows that stood there before.
    again: BTreeSet<u64>,
    /// The line of the last row; rows that share a line cannot be told apart by it.
    last: u64,
    share_lines: bool,
}

impl<'s> Watched<'s> {
    /// Watches a source.
    pub fn new(source: &'s mut (dyn RowSource + Send)) -> Watched<'s> {
        Watched {
            source,
            seen: hashbrown::HashSet::with_hasher(foldhash::fast::FixedState::default()),
            again: BTreeSet::new(),
            last: 0,
            share_lines: false,
        }
    }

    /// What is to be said about equal rows that became charges.
    pub fn note(&self, file: &str, charges: &[Charge]) -> Option<Note> {
        if self.share_lines {
            return None;
        }
        let mut lines = BTreeSet::new();
        let mut amount = Exact::ZERO;
        for charge in charges {
            if self.again.contains(&charge.origin.line) {
                lines.insert(charge.origin.line);
                amount += charge.amount;
            }
        }
        let first = lines.first()?;
        let text = format!(
            "{file}: rows that are alike in every cell with a row above them: {}, together {amount}, the first in line {first}; they count, but it may be that rows were pasted twice",
            lines.len()
        );
        (!amount.is_zero()).then(|| Note::new(&catalogue::REPEATED_LINES, text))
    }
}

impl RowSource for Watched<'_> {
    fn file(&self) -> &Arc<str> {
        self.source.file()
    }

    fn header(&self) -> &Header {
        self.source.header()
    }

    fn above(&self) -> &[(String, String)] {
        self.source.above()
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        let more = self.source.next_row(row, problems);
        if more && !row.is_blank() {
            self.share_lines |= row.line() <= self.last;
            self.last = row.line();
            let mut hash = Xxh3::new();
            for column in 0..row.len() {
                match row.get(column) {
                    None => hash.update(&[0]),
                    Some(text) => {
                        hash.update(&(text.len() as u64 + 1).to_le_bytes());
                        hash.update(text.as_bytes());
                    }
                }
            }
            if !self.seen.insert(hash.digest128()) {
                self.again.insert(row.line());
            }
        }
        more
    }

    fn blank_lines(&self) -> u64 {
        self.source.blank_lines()
    }
}
