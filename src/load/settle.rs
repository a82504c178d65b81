//! What can only be told once all files are read: repeats and overlaps between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fold::Fold;
use super::overlap::OnOverlap;
use super::{
    Books, FileRead, InputSpec, Reading, again, counts, discounts, logs, overlap, prepaid,
    recognized, same,
};
use crate::formats::revenue::sigma_join;
use crate::model::Day;
use crate::problem::{Note, Problems, catalogue};
use crate::scan::Unfit;

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
            self.supersede_usage(
                &lost.file,
                &lost.days,
                "rows of a usage export that another file counts too",
            );
        }
        self.books.counts = counts.cells;
        self.books.count_covers = counts.covers;
        for lost in again::settle(&mut self.books.records, self.choices.on_overlap, problems) {
            self.supersede(&lost);
        }
        let before = self.books.notes.len();
        match &mut self.found {
            Some(found) => self.books.notes.append(&mut found.entry.notes),
            None => self.settle_logs(problems),
        }
        self.log_notes = before..self.books.notes.len();
        let same = same::settle(&mut self.books.records, problems);
        let recognized = recognized::settle(&mut self.books.records, problems);
        for (file, count) in same.into_iter().chain(recognized) {
            if let Some(read) = self.read(&file) {
                read.receipt.rows.used -= count;
                read.receipt.rows.duplicate += count;
            }
        }
        let joined = sigma_join::join(&mut self.books.records, problems);
        self.books.notes.extend(joined);
        discounts::settle(&mut self.books.records);
        let unsold = prepaid::settle(&mut self.books.records);
        self.books.notes.extend(unsold);
    }

    /// Calls that two logs have.
    fn settle_logs(&mut self, problems: &mut Problems) {
        self.fold
            .shared()
            .into_iter()
            .for_each(|problem| problems.push(problem));
        let logs = std::mem::take(&mut self.logs);
        self.books
            .notes
            .extend(logs.iter().filter_map(|log| log.pasted()));
        let mut out: BTreeMap<usize, BTreeSet<_>> = BTreeMap::new();
        for common in logs::common(&logs) {
            match (common.certain, self.choices.on_overlap) {
                (false, _) => self.books.notes.push(common.warn(&logs)),
                (true, OnOverlap::Error) => problems.push(common.refuse(&logs)),
                (true, OnOverlap::Latest) => {
                    out.entry(common.lost).or_default().extend(common.twice)
                }
            }
        }
        for (at, twice) in out {
            let rows = logs[at].rows(&twice);
            self.fold.take_out(at, twice);
            self.supersede_usage(&logs[at].name, &rows, "calls that another log has too");
        }
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

    /// The same for rows of usage, by day.
    fn supersede_usage(&mut self, file: &Arc<str>, days: &BTreeMap<Day, u64>, what: &str) {
        let records: u64 = days.values().sum();
        if let Some(read) = self.read(file) {
            let rows = &mut read.receipt.rows;
            rows.used -= records;
            *rows.skipped.entry("superseded".to_string()).or_default() += records;
            for (day, count) in days {
                if let Some(left) = read.days.get_mut(day) {
                    *left -= count;
                }
            }
        }
        let text = format!("{file}: {what}, left out: {records}");
        self.books
            .notes
            .push(Note::new(&catalogue::SUPERSEDED, text));
    }

    fn read(&mut self, file: &Arc<str>) -> Option<&mut FileRead> {
        let mut files = self.books.files.iter_mut();
        files.find(|read| *read.receipt.path == **file)
    }

    /// The books, once everything is settled.
    ///
    /// # Errors
    /// [`Unfit`], if the fold that was found is not whole.
    pub(super) fn finish(mut self, specs: &[InputSpec]) -> Result<Books, Unfit> {
        match self.found.take() {
            Some(found) => {
                self.books.log_currencies = found.entry.currencies;
                self.books.usage = found.entry.usage.read().ok_or(Unfit)?;
            }
            None => {
                self.books.log_currencies = self.fold.currencies();
                let fold = std::mem::replace(&mut self.fold, Fold::new(self.choices, true));
                self.books.usage = fold.finish(self.choices.threads);
                self.keep(specs);
            }
        }
        self.books.count_as_usage(self.choices);
        for ((code, text), (warning, rows)) in self.remarks {
            self.books.notes.push(Note {
                code,
                text: text.replace("{n}", &rows.to_string()),
                warning,
            });
        }
        // Charges in an order that depends on their content alone.
        self.books
            .charges
            .sort_by(|a, b| overlap::order(a).cmp(&overlap::order(b)));
        Ok(self.books)
    }
}
