//! What can only be told once all files are read: repeats and overlaps between them.

use std::sync::Arc;

use super::{FileRead, Reading, again, counts, discounts, overlap, same};
use crate::formats::revenue::sigma_join;
use crate::problem::{Note, Problems, catalogue};

impl Reading<'_> {
    /// Repeats and overlaps between files.
    pub(super) fn settle(&mut self, problems: &mut Problems) {
        let bills = std::mem::take(&mut self.bills);
        let (bills, superseded) = overlap::settle(bills, self.choices.on_overlap, problems);
        for lost in superseded {
            self.supersede(&lost);
        }
        for bill in bills {
            self.books.covers.extend(bill.cover());
            self.books.charges.extend(bill.charges);
        }
        let counts = std::mem::take(&mut self.counts);
        let counts = counts::settle(counts, self.choices.on_overlap, problems);
        for lost in &counts.superseded {
            self.supersede_counts(lost);
        }
        self.books.counts = counts.cells;
        self.books.count_covers = counts.covers;
        for lost in again::settle(&mut self.books.records, self.choices.on_overlap, problems) {
            self.supersede(&lost);
        }
        let dropped = same::settle(&mut self.books.records, problems);
        for (file, count) in dropped {
            if let Some(read) = self.read(&file) {
                read.receipt.rows.used -= count;
                read.receipt.rows.duplicate += count;
            }
        }
        let joined = sigma_join::join(&mut self.books.records, problems);
        self.books.notes.extend(joined);
        discounts::settle(&mut self.books.records);
    }

    /// Rows that another file has too are counted apart and told.
    fn supersede(&mut self, lost: &overlap::Superseded) {
        if let Some(read) = self.read(&lost.file) {
            let rows = &mut read.receipt.rows;
            rows.used -= lost.rows;
            *rows.skipped.entry("superseded".to_string()).or_default() += lost.rows;
        }
        self.books.notes.push(lost.note());
    }

    /// The same for rows of a provider's usage export.
    fn supersede_counts(&mut self, lost: &counts::Superseded) {
        let records: u64 = lost.days.values().sum();
        if let Some(read) = self.read(&lost.file) {
            let rows = &mut read.receipt.rows;
            rows.used -= records;
            *rows.skipped.entry("superseded".to_string()).or_default() += records;
            for (day, count) in &lost.days {
                if let Some(left) = read.days.get_mut(day) {
                    *left -= count;
                }
            }
        }
        let text = format!(
            "{}: rows of a usage export that another file counts too, left out: {records}",
            lost.file
        );
        self.books
            .notes
            .push(Note::new(&catalogue::SUPERSEDED, text));
    }

    fn read(&mut self, file: &Arc<str>) -> Option<&mut FileRead> {
        let mut files = self.books.files.iter_mut();
        files.find(|read| *read.receipt.path == **file)
    }
}
