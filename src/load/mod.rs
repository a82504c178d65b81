//! Files to books: recognizes each file, reads it, folds usage as it arrives, drops repeats, and
//! refuses what would be counted twice.
//!
//! All that can be wrong with the data is found here, and all of a run's errors at once. What
//! leaves this module is whole.

mod again;
mod bands;
mod books;
mod cache;
mod cells;
mod common;
mod content;
mod counts;
mod discounts;
mod enter;
mod equal;
mod finer;
mod fold;
mod hand;
mod logs;
mod mapping_file;
mod merge;
mod older;
mod ordered;
mod overlap;
mod prepaid;
pub mod price_list;
mod progress;
pub mod rate_file;
mod recognize;
mod recognized;
mod repeats;
mod rows_of;
mod same;
mod seen;
mod settle;
mod side;
mod spans;
mod states;
mod sums;
mod traces;
mod watched;
mod winner;
mod words;
mod zone_days;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use books::{Books, FileRead};
pub use cache::Cache;
use fold::{FileFold, Fold};
pub use overlap::OnOverlap;
pub use progress::Progress;
pub use recognize::{Recognized, because, nearest, recognize};
pub use repeats::OnConflict;
pub use rows_of::rows_of;

use crate::formats::{self, Format, Reader, Settings, Tally};
use crate::model::Zone;
use crate::model::records::Charge;
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{self, Body, How, Opened, Unfit};

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
    /// Whether failed requests are folded apart from served ones.
    pub outcomes: bool,
    /// Extra usage columns to keep.
    pub dimensions: Vec<String>,
    /// With how many threads long usage logs are read.
    pub threads: usize,
    /// In pieces of how many bytes they are read; a shorter one is read in one go.
    pub piece: usize,
    /// How many bytes the request ids may take in memory; what is beyond goes to a temporary file.
    pub memory: u64,
    /// Where folds of usage logs are kept from run to run.
    pub cache: Option<Cache>,
}

/// Bytes of memory that request ids may take, unless told otherwise.
pub const MEMORY: u64 = 2_000_000_000;

/// A good size of pieces: small enough for the cache of a processor, large enough that the locks
/// do not count.
pub const PIECE: usize = 2 << 20;

/// What is being collected while reading.
struct Reading<'c> {
    choices: &'c Choices,
    /// Whether long usage logs are read by several threads.
    side_by_side: bool,
    books: Books,
    fold: Fold,
    contents: BTreeMap<u128, Arc<str>>,
    bills: Vec<overlap::Bill>,
    counts: Vec<counts::CountFile>,
    logs: Vec<logs::Log>,
    traces: traces::Traces,
    remarks: cache::Remarks,
    /// The usage logs, if their fold is known.
    found: Option<cache::Found>,
    /// The usage logs that were read, to be kept.
    kept: Vec<cache::KeptFile>,
    /// How many notes there were before and after the logs were settled.
    log_notes: std::ops::Range<usize>,
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
    if let Some(found) = choices
        .cache
        .as_ref()
        .and_then(|cache| cache.find(specs, choices))
        && let Ok(result) = read_once(specs, choices, progress, (false, Some(found)))
    {
        return result;
    }
    // What is found wrong with a file side by side is told by reading all again in one go.
    let can_repeat = |spec: &InputSpec| spec.path.as_os_str() != "-" && spec.path.is_file();
    if choices.on_conflict == OnConflict::Error
        && choices.on_overlap == OnOverlap::Error
        && specs.iter().all(can_repeat)
        && let Ok(result) = read_once(specs, choices, progress, (true, None))
    {
        return result;
    }
    read_once(specs, choices, progress, (false, None)).unwrap_or_else(|Unfit| {
        unreachable!("only files that are read side by side can be unfit for it")
    })
}

/// Reads all files, long usage logs side by side if wanted, or none of them if what they came to was
/// found.
fn read_once(
    specs: &[InputSpec],
    choices: &Choices,
    progress: &dyn Progress,
    (side_by_side, found): (bool, Option<cache::Found>),
) -> Result<Result<Books, Problems>, Unfit> {
    let mut problems = Problems::default();
    let mut reading = Reading {
        choices,
        side_by_side,
        books: Books::default(),
        fold: Fold::new(choices, !side_by_side),
        contents: BTreeMap::new(),
        bills: Vec::new(),
        counts: Vec::new(),
        logs: Vec::new(),
        traces: traces::Traces::default(),
        remarks: BTreeMap::new(),
        found,
        kept: Vec::new(),
        log_notes: 0..0,
    };
    for (at, spec) in specs.iter().enumerate() {
        if reading.was_found(at)? {
            continue;
        }
        match scan::open(&spec.path, &spec.name, &spec.how) {
            Err(problem) => problems.push(problem),
            Ok(opened) => {
                for one in opened {
                    progress.begin(&one.name, &one.receipt);
                    let mut found = Problems::default();
                    let read = reading.file(spec, one, &mut found);
                    problems.extend(found);
                    progress.end();
                    read?;
                }
            }
        }
    }
    // Repeats are not known row by row there, and they make two logs look alike. Neither is known
    // where the first record of a conflict stands.
    let unsure = || reading.fold.repeats.met_conflict() || !logs::common(&reading.logs).is_empty();
    if side_by_side && unsure() {
        return Err(Unfit);
    }
    if problems.is_empty() {
        reading.settle(&mut problems);
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    Ok(Ok(reading.finish(specs)?))
}

impl Reading<'_> {
    fn file(
        &mut self,
        spec: &InputSpec,
        opened: Opened,
        problems: &mut Problems,
    ) -> Result<(), Unfit> {
        let name = opened.name.clone();
        // Rows are counted by the name of their file; an archive may hold one name twice.
        if self.books.files.iter().any(|file| *file.path() == *name) {
            problems.push(
                Problem::new(&catalogue::DUPLICATE_FILE, "a second file of this name")
                    .at(Place::file(&name))
                    .help("leave one of them out, or give them different names"),
            );
            return Ok(());
        }
        if matches!(&opened.body, Body::Empty) {
            self.nothing(spec, &opened);
            return Ok(());
        }
        let format = match recognize(spec.format.as_deref(), &opened) {
            Recognized::Rates => {
                self.rates(&name, opened, problems);
                return Ok(());
            }
            Recognized::Format(format) => format,
            Recognized::Mapping => {
                self.mapping(&name, opened, problems);
                return Ok(());
            }
            Recognized::Nothing(problem) => {
                problems.push(problem);
                return Ok(());
            }
        };
        let receipt = opened.receipt.clone();
        let before = problems.total();
        let is_log = matches!(format.read, Reader::Usage(_));
        if is_log && self.found.is_some() {
            // One more log than those whose fold is known.
            return Err(Unfit);
        }
        let others = match is_log {
            true => std::mem::take(&mut self.remarks),
            false => cache::Remarks::new(),
        };
        let (tally, folded) = self.content(format, spec, opened, problems)?;
        if problems.total() > before {
            return Ok(());
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
        if is_log {
            self.keep_log(&receipt, others);
        }
        Ok(())
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
    ) -> Result<(Tally, FileFold), Unfit> {
        let mut settings = spec.settings.clone();
        settings.dimensions = self.choices.dimensions.clone();
        let name = opened.name.clone();
        let floats = opened.peek.float_columns.clone();
        let left_out = opened.peek.skipped_columns.clone();
        let mut folded = FileFold::default();
        // A file without content does not come here.
        let Body::Table(mut rows) = opened.body else {
            return Ok((Tally::default(), folded));
        };
        let receipt = opened.receipt;
        let tally = match format.read {
            Reader::Usage(read) => {
                let tally;
                (tally, folded) =
                    self.usage(format, read, &settings, rows.as_mut(), (&receipt, problems))?;
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
                "of types without a text form, not read",
                left_out,
            ),
        ] {
            if !columns.is_empty() {
                let text = format!("{name}: {what}: {}", columns.join(", "));
                self.remarks.insert((entry.code, text), (false, 0));
            }
        }
        Ok((tally, folded))
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
}
