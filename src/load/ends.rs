//! What can be said once a file is read to its end, and once all are.

use std::sync::Arc;

use super::fold::FileFold;
use super::{Books, FileRead, Reading, overlap};
use crate::formats::{Format, Kind, Tally};
use crate::model::receipt::{InputReceipt, RowCounts};
use crate::problem::{Note, Place, Problem, Problems, catalogue};
use crate::scan::Receipt;

impl Reading<'_> {
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
            let warning = remark.entry.class == crate::problem::Class::Warning;
            self.remarks.entry(key).or_insert((warning, 0)).1 += remark.rows;
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

    pub(super) fn finish(mut self) -> Books {
        self.books.log_currencies = self.fold.currencies();
        self.books.usage = self.fold.finish();
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
        self.books
    }
}
