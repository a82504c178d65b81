//! Reading a usage log into the fold, and entering a file that was read into the books.

use std::sync::Arc;

use super::cache::{Entry, KeptFile, Remarks};
use super::fold::FileFold;
use super::logs::Log;
use super::watched::Watched;
use super::{FileRead, InputSpec, Reading, side};
use crate::formats::{self, Format, Kind, ReadUsage, Settings, Tally};
use crate::model::receipt::{InputReceipt, RowCounts};
use crate::problem::{Class, Place, Problem, Problems, catalogue};
use crate::scan::{Receipt, RowSource, Unfit};

impl Reading<'_> {
    /// Reads a usage log: a long one side by side, if its rows can be read without each other.
    ///
    /// # Errors
    /// [`Unfit`], if there is anything to say against a log that is read side by side.
    pub(super) fn usage(
        &mut self,
        format: &'static Format,
        read: ReadUsage,
        settings: &Settings,
        rows: &mut (dyn RowSource + Send),
        (receipt, problems): (&Receipt, &mut Problems),
    ) -> Result<(Tally, FileFold), Unfit> {
        self.fold.begin(rows.file(), format.name);
        let mut log = Log::new(rows.file(), format.name);
        let size = self.choices.piece;
        let long = self.side_by_side && receipt.bytes() > size as u64;
        let blank = rows.blank_lines();
        let pieces = match long && formats::is_read_row_by_row(format) {
            true => rows.pieces(size),
            false => None,
        };
        if let Some(pieces) = pieces {
            let threads = self.choices.threads;
            let (mut tally, folded) = side::read(
                &self.fold,
                read,
                settings,
                (&mut log, pieces, receipt),
                threads,
            )?;
            tally.skip_blank(blank);
            self.logs.push(log);
            return Ok((tally, folded));
        }
        let mut watched = Watched {
            hand: self.fold.hand(true),
            log,
            traces: Some(&mut self.traces),
            counted: Some(receipt),
            billed_by: settings.billed_by.as_deref(),
        };
        let tally = read(rows, settings, &mut watched, problems);
        self.logs.push(watched.log);
        Ok((tally, watched.hand.finish()))
    }

    /// Enters a log whose fold is known; false if it is not.
    ///
    /// # Errors
    /// [`Unfit`], if the file is there twice: reading it tells what is wrong.
    pub(super) fn was_found(&mut self, spec: usize) -> Result<bool, Unfit> {
        let Some(found) = self.found.as_mut().filter(|found| found.covers(spec)) else {
            return Ok(false);
        };
        let file = found.next_file().ok_or(Unfit)?;
        let known = self
            .books
            .files
            .iter()
            .any(|other| other.path() == file.read.path());
        let again = self.contents.insert(file.content, file.name.clone());
        if known || again.is_some() {
            return Err(Unfit);
        }
        self.remark(file.remarks);
        self.books.files.push(file.read);
        Ok(true)
    }

    /// Adds remarks about one file to those about the others.
    fn remark(&mut self, remarks: Remarks) {
        for (key, (warning, rows)) in remarks {
            self.remarks.entry(key).or_insert((warning, 0)).1 += rows;
        }
    }

    /// Remembers the log that was entered last, about which all remarks are, to keep it.
    pub(super) fn keep_log(&mut self, receipt: &Receipt, others: Remarks) {
        let own = std::mem::replace(&mut self.remarks, others);
        let last = self.books.files.last();
        if let (Some(content), Some(read)) = (receipt.content(), last) {
            self.kept.push(KeptFile {
                name: read.path().into(),
                content,
                remarks: own.clone(),
                read: read.clone(),
            });
        }
        self.remark(own);
    }

    /// Keeps the fold of the logs that were read.
    pub(super) fn keep(&mut self, specs: &[InputSpec]) {
        let Some(cache) = &self.choices.cache else {
            return;
        };
        let logs = self.books.files.iter();
        let logs = logs.filter(|file| file.kind == Some(Kind::Usage)).count();
        if self.kept.len() != logs {
            return;
        }
        // What was settled between the logs has changed how many rows count.
        for kept in &mut self.kept {
            let mut files = self.books.files.iter();
            if let Some(read) = files.find(|file| file.path() == &*kept.name) {
                kept.read = read.clone();
            }
        }
        let entry = Entry {
            files: &self.kept,
            notes: &self.books.notes[self.log_notes.clone()],
            currencies: &self.books.log_currencies,
            usage: &self.books.usage,
        };
        cache.keep(specs, self.choices, &entry);
    }

    /// What can only be said once a file is read to its end.
    pub(super) fn check_file(
        &mut self,
        name: &Arc<str>,
        format: &Format,
        tally: &Tally,
        receipt: &Receipt,
        problems: &mut Problems,
    ) {
        let blank = tally.skipped.get("blank").copied().unwrap_or(0);
        let empty = tally.read == blank && tally.covers.is_none();
        if empty && !self.choices.allow_empty {
            problems.push(
                Problem::new(
                    &catalogue::EMPTY_FILE,
                    format!("{} has no rows", format.title),
                )
                .at(Place::file(name))
                .help("export it again, or pass --allow-empty if it is meant to be empty"),
            );
        }
        if receipt.changed() {
            problems.push(
                Problem::new(
                    &catalogue::CHANGED_WHILE_READ,
                    "the file changed while it was read",
                )
                .at(Place::file(name))
                .help("run again when nothing writes to it"),
            );
        }
        // Two files without rows count nothing twice.
        let Some(content) = receipt.content().filter(|_| !empty) else {
            return;
        };
        if let Some(other) = self.contents.insert(content, name.clone()) {
            problems.push(
                Problem::new(
                    &catalogue::DUPLICATE_FILE,
                    format!("has the same content as {other}"),
                )
                .at(Place::file(name))
                .help("leave one of them out"),
            );
        }
    }

    /// Enters a file into the books, with what became of its rows.
    pub(super) fn enter(
        &mut self,
        name: &Arc<str>,
        format: &'static str,
        kind: Option<Kind>,
        tally: Tally,
        receipt: &Receipt,
        folded: FileFold,
    ) {
        let skipped = tally
            .skipped
            .iter()
            .map(|(reason, n)| (reason.to_string(), *n))
            .collect();
        let rows = RowCounts {
            read: tally.read,
            used: tally.used - folded.duplicates,
            duplicate: folded.duplicates,
            skipped,
            ..RowCounts::default()
        };
        for remark in &tally.remarks {
            let key = (remark.entry.code, remark.text.clone());
            let warning = remark.entry.class == Class::Warning;
            self.remarks.entry(key).or_insert((warning, 0)).1 += remark.rows;
        }
        for (key, count) in &tally.not_final {
            *self.books.not_final.entry(*key).or_default() += count;
        }
        if folded.without_id > 0 {
            let text = "{n} usage rows have no request id, so repeats among them cannot be told";
            let key = (catalogue::NO_REQUEST_ID.code, text.to_string());
            self.remarks.entry(key).or_insert((false, 0)).1 += folded.without_id;
        }
        if receipt.unterminated() {
            let text = format!(
                "{name}: the last row has no line end, so a cut inside its last cell could not be seen"
            );
            self.remarks
                .insert((catalogue::NO_LINE_END.code, text), (false, 0));
        }
        self.books.files.push(FileRead {
            format,
            kind,
            receipt: InputReceipt {
                path: name.to_string(),
                format: format.to_string(),
                sha256: receipt.sha256().unwrap_or_default(),
                bytes: receipt.bytes(),
                rows,
                covers_from: None,
                covers_to: None,
            },
            days: folded.days,
            covers: tally.covers,
        });
    }
}
