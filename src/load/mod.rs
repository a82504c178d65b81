//! Files to books: recognizes each file, reads it, folds usage as it arrives, drops repeats, and
//! refuses what would be counted twice.
//!
//! All that can be wrong with the data is found here, and all of a run's errors at once. What
//! leaves this module is whole.

mod again;
mod books;
mod counts;
mod discounts;
mod equal;
mod finer;
mod fold;
mod logs;
mod mapping_file;
mod overlap;
pub mod price_list;
mod progress;
pub mod rate_file;
mod recognize;
mod repeats;
mod same;
mod settle;
mod spans;
mod sums;
mod traces;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use books::{Books, FileRead};
use fold::{FileFold, Fold};
pub use overlap::OnOverlap;
pub use progress::Progress;
pub use recognize::{Recognized, nearest, recognize};
pub use repeats::OnConflict;

use crate::formats::{self, Format, Kind, Reader, Settings, Tally};
use crate::model::Zone;
use crate::model::receipt::{InputReceipt, RowCounts};
use crate::model::records::Charge;
use crate::problem::{Note, Place, Problem, Problems, catalogue};
use crate::scan::{self, Body, How, Opened, Receipt};

/// What stands for the format of a file without content.
const EMPTY: &str = "empty";

/// One file to read.
#[derive(Clone, Debug)]
pub struct InputSpec {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// As the user named it.
    pub name: String,
    /// The format, if the user forces one.
    pub format: Option<String>,
    /// What the user said about its content.
    pub settings: Settings,
    /// What the user said about its form.
    pub how: How,
}

/// Choices of a run that concern reading.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Zone of the report.
    pub zone: Zone,
    /// Same request id, different content.
    pub on_conflict: OnConflict,
    /// Two bills for the same days, or two revenue files with the same rows.
    pub on_overlap: OnOverlap,
    /// Whether files without rows are fine.
    pub allow_empty: bool,
    /// Whether usage must be told apart by feature. It makes a table of it several times larger.
    pub features: bool,
    /// Extra usage columns to keep.
    pub dimensions: Vec<String>,
}

/// What is being collected while reading.
struct Reading<'c> {
    choices: &'c Choices,
    books: Books,
    fold: Fold,
    contents: BTreeMap<u128, Arc<str>>,
    bills: Vec<overlap::Bill>,
    counts: Vec<counts::CountFile>,
    logs: Vec<logs::Log>,
    traces: traces::Traces,
    remarks: BTreeMap<(&'static str, String), (bool, u64)>,
}

/// Reads all files.
///
/// # Errors
/// Every problem of every file; the books are then incomplete and not returned.
pub fn read(
    specs: &[InputSpec],
    choices: &Choices,
    progress: &dyn Progress,
) -> Result<Books, Problems> {
    let mut problems = Problems::default();
    let mut reading = Reading {
        choices,
        books: Books::default(),
        fold: Fold::new(choices),
        contents: BTreeMap::new(),
        bills: Vec::new(),
        counts: Vec::new(),
        logs: Vec::new(),
        traces: traces::Traces::default(),
        remarks: BTreeMap::new(),
    };
    for spec in specs {
        match scan::open(&spec.path, &spec.name, &spec.how) {
            Err(problem) => problems.push(problem),
            Ok(opened) => {
                for one in opened {
                    progress.begin(&one.name, &one.receipt);
                    let mut found = Problems::default();
                    reading.file(spec, one, &mut found);
                    problems.extend(found);
                    progress.end();
                }
            }
        }
    }
    if problems.is_empty() {
        reading.settle(&mut problems);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(reading.finish())
}

impl Reading<'_> {
    fn file(&mut self, spec: &InputSpec, opened: Opened, problems: &mut Problems) {
        let name = opened.name.clone();
        // Rows are counted by the name of their file; an archive may hold one name twice.
        if self.books.files.iter().any(|file| *file.path() == *name) {
            return problems.push(
                Problem::new(&catalogue::DUPLICATE_FILE, "a second file of this name")
                    .at(Place::file(&name))
                    .help("leave one of them out, or give them different names"),
            );
        }
        if matches!(&opened.body, Body::Empty) {
            return self.nothing(spec, &opened);
        }
        let format = match recognize(spec.format.as_deref(), &opened) {
            Recognized::Mapping => return self.mapping(&name, opened, problems),
            Recognized::Rates => return self.rates(&name, opened, problems),
            Recognized::Format(format) => format,
            Recognized::Nothing(problem) => return problems.push(problem),
        };
        let receipt = opened.receipt.clone();
        let before = problems.total();
        let (tally, folded) = self.content(format, spec, opened, problems);
        if problems.total() > before {
            return;
        }
        self.check_file(&name, format, &tally, &receipt, problems);
        self.enter(
            &name,
            format.name,
            Some(format.kind),
            tally,
            &receipt,
            folded,
        );
    }

    /// A file without any content, where the user allows it: an input of no rows.
    fn nothing(&mut self, spec: &InputSpec, opened: &Opened) {
        let forced = spec.format.as_deref().and_then(formats::named);
        let (format, kind) = forced.map_or((EMPTY, None), |f| (f.name, Some(f.kind)));
        let (tally, folded) = (Tally::default(), FileFold::default());
        self.enter(&opened.name, format, kind, tally, &opened.receipt, folded);
    }

    fn mapping(&mut self, name: &Arc<str>, opened: Opened, problems: &mut Problems) {
        let receipt = opened.receipt.clone();
        let (mapping, read) = mapping_file::read(opened, problems);
        if self.books.mapping.is_some() {
            problems.push(
                Problem::new(&catalogue::MAPPING, "a second mapping file")
                    .at(Place::file(name))
                    .help("put all rows into one mapping file"),
            );
        }
        self.books.mapping = Some(mapping);
        let tally = Tally {
            read,
            used: read,
            ..Tally::default()
        };
        self.enter(name, "mapping", None, tally, &receipt, FileFold::default());
    }

    fn content(
        &mut self,
        format: &'static Format,
        spec: &InputSpec,
        opened: Opened,
        problems: &mut Problems,
    ) -> (Tally, FileFold) {
        let mut settings = spec.settings.clone();
        settings.dimensions = self.choices.dimensions.clone();
        let name = opened.name.clone();
        let floats = opened.peek.float_columns.clone();
        let left_out = opened.peek.skipped_columns.clone();
        let mut folded = FileFold::default();
        // A file without content does not come here.
        let Body::Table(mut rows) = opened.body else {
            return (Tally::default(), folded);
        };
        let tally = match format.read {
            Reader::Usage(read) => {
                self.fold.begin(&name, format.name);
                let mut watched = logs::Watched {
                    fold: &mut self.fold,
                    log: logs::Log::new(&name, format.name),
                    traces: &mut self.traces,
                    billed_by: settings.billed_by.as_deref(),
                };
                let tally = read(rows.as_mut(), &settings, &mut watched, problems);
                self.logs.push(watched.log);
                folded = self.fold.end();
                tally
            }
            Reader::Bill(read) => {
                let mut charges = Vec::new();
                let mut rows = equal::Watched::new(rows.as_mut());
                let tally = read(&mut rows, &settings, &mut charges, problems);
                self.books.notes.extend(rows.note(&name, &charges));
                self.bill(&name, format, charges, &tally);
                tally
            }
            Reader::ProviderUsage(read) => {
                let zone = self.choices.zone;
                let mut counts = counts::CountFile::new(&name, format.provider, zone);
                let tally = read(rows.as_mut(), &settings, &mut counts, problems);
                counts.covers = tally.covers;
                folded = counts.folded();
                self.counts.push(counts);
                tally
            }
            Reader::Revenue(read) => {
                read(rows.as_mut(), &settings, &mut self.books.records, problems)
            }
        };
        for (entry, what, columns) in [
            (&catalogue::FLOAT_COLUMN, "stored as binary floats", floats),
            (
                &catalogue::IGNORED_COLUMNS,
                "lists and maps, not read",
                left_out,
            ),
        ] {
            if !columns.is_empty() {
                let text = format!("{name}: {what}: {}", columns.join(", "));
                self.remarks.insert((entry.code, text), (false, 0));
            }
        }
        (tally, folded)
    }

    fn bill(&mut self, name: &Arc<str>, format: &Format, charges: Vec<Charge>, tally: &Tally) {
        self.bills.push(overlap::Bill {
            file: name.clone(),
            provider: format.provider,
            export: format.name,
            charges,
            covers: tally.covers,
        });
    }

    /// What can only be said once a file is read to its end.
    fn check_file(
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

    fn enter(
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

    fn finish(mut self) -> Books {
        self.books.log_currencies = self.fold.currencies().clone();
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
