//! One entry: the usage logs of a run, what is said about them, and their cells.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use xxhash_rust::xxh3::xxh3_128;

use super::bytes::{In, Out};
use super::cells;
use crate::formats::{self, Kind};
use crate::load::FileRead;
use crate::model::receipt::{InputReceipt, RowCounts};
use crate::model::{Currency, Day, Instant, UsageCell};
use crate::problem::{Note, catalogue};

/// Begins every entry. Another layout has another word here.
pub const LAYOUT: &[u8] = b"tanso fold 1\n";

/// Remarks of a run: code and text → whether it is a warning, rows.
pub type Remarks = BTreeMap<(&'static str, String), (bool, u64)>;
/// Currencies of costs that logs state, each with its first place.
pub type Currencies = BTreeMap<Currency, (Arc<str>, u64)>;

/// A log of an entry.
#[derive(Clone, Debug)]
pub struct KeptFile {
    /// The file as the user named it.
    pub name: Arc<str>,
    /// What became of it.
    pub read: FileRead,
    /// The hash of its content, by which a file that is given twice is known.
    pub content: u128,
    /// What is remarked about it.
    pub remarks: Remarks,
}

/// What an entry holds, to be used.
#[derive(Debug)]
pub struct Kept {
    /// The logs, in the order given.
    pub files: Vec<KeptFile>,
    /// Notes about all of them.
    pub notes: Vec<Note>,
    /// Currencies of their costs.
    pub currencies: Currencies,
    /// The folded logs.
    pub usage: KeptCells,
}

/// The cells of an entry. There are many of them, so another thread reads them, if there may be one,
/// while the other files of the run are read.
#[derive(Debug)]
pub enum KeptCells {
    /// They are yet to be read, from this place on.
    Bytes(Vec<u8>, usize),
    /// They are being read.
    Coming(JoinHandle<Option<Vec<UsageCell>>>),
}

impl KeptCells {
    fn begin(bytes: Vec<u8>, at: usize, threads: usize) -> KeptCells {
        match threads {
            0 | 1 => KeptCells::Bytes(bytes, at),
            _ => KeptCells::Coming(std::thread::spawn(move || all_cells(&bytes[at..]))),
        }
    }

    /// The cells; `None` if they are not as they were written.
    pub fn read(self) -> Option<Vec<UsageCell>> {
        match self {
            KeptCells::Bytes(bytes, at) => all_cells(&bytes[at..]),
            KeptCells::Coming(cells) => cells.join().ok()?,
        }
    }
}

/// The cells of which these bytes are all.
fn all_cells(bytes: &[u8]) -> Option<Vec<UsageCell>> {
    let mut bytes = In(bytes);
    let cells = cells::read(&mut bytes)?;
    bytes.0.is_empty().then_some(cells)
}

/// What an entry holds, to be written.
#[derive(Debug)]
pub struct Entry<'e> {
    /// The logs, in the order given.
    pub files: &'e [KeptFile],
    /// Notes about all of them.
    pub notes: &'e [Note],
    /// Currencies of their costs.
    pub currencies: &'e Currencies,
    /// The folded logs.
    pub usage: &'e [UsageCell],
}

impl<'e> Entry<'e> {
    /// What is to be known of the files.
    pub fn files(&self) -> Vec<&'e InputReceipt> {
        self.files.iter().map(|file| &file.read.receipt).collect()
    }

    /// The entry as bytes; `None` if it would hold a text that must not be kept.
    pub fn encode(&self, is_private: fn(&str) -> bool) -> Option<Vec<u8>> {
        let files = self.files.iter();
        let said = files.flat_map(|file| {
            let remarks = file.remarks.keys().map(|(_, text)| text.as_str());
            remarks.chain([&*file.name])
        });
        let notes = self.notes.iter().map(|note| note.text.as_str());
        if said.chain(notes).any(is_private) {
            return None;
        }
        let mut out = Out::default();
        out.number(self.files.len() as u64);
        self.files
            .iter()
            .for_each(|file| write_file(file, &mut out));
        out.number(self.notes.len() as u64);
        for note in self.notes {
            out.text(note.code);
            out.text(&note.text);
            out.flag(note.warning);
        }
        out.number(self.currencies.len() as u64);
        for (currency, (file, line)) in self.currencies {
            out.text(currency.code());
            out.text(file);
            out.number(*line);
        }
        if cells::write(self.usage, &mut out)
            .into_iter()
            .any(is_private)
        {
            return None;
        }
        let mut bytes = LAYOUT.to_vec();
        bytes.extend(xxh3_128(&out.0).to_le_bytes());
        bytes.extend(out.0);
        Some(bytes)
    }
}

impl Kept {
    /// Reads an entry, its cells with another thread if there may be several; `None` if it is not
    /// whole.
    pub fn decode(whole: Vec<u8>, threads: usize) -> Option<Kept> {
        let rest = whole.strip_prefix(LAYOUT)?;
        let (hash, rest) = rest.split_first_chunk::<16>()?;
        if xxh3_128(rest) != u128::from_le_bytes(*hash) {
            return None;
        }
        let mut bytes = In(rest);
        let bytes = &mut bytes;
        let count = bytes.place()?;
        let files: Option<Vec<KeptFile>> = (0..count).map(|_| read_file(bytes)).collect();
        let count = bytes.place()?;
        let notes: Option<Vec<Note>> = (0..count)
            .map(|_| {
                Some(Note {
                    code: code(bytes)?,
                    text: bytes.text()?.to_string(),
                    warning: bytes.flag()?,
                })
            })
            .collect();
        let mut currencies = Currencies::new();
        for _ in 0..bytes.place()? {
            let currency = Currency::parse(bytes.text()?)?;
            let place = (bytes.text()?.into(), bytes.number()?);
            currencies.insert(currency, place);
        }
        let at = whole.len() - bytes.0.len();
        Some(Kept {
            files: files?,
            notes: notes?,
            currencies,
            usage: KeptCells::begin(whole, at, threads),
        })
    }
}

/// A message code that this program has.
fn code(bytes: &mut In<'_>) -> Option<&'static str> {
    let code = bytes.text()?;
    let mut known = catalogue::ALL.iter();
    known
        .find(|entry| entry.code == code)
        .map(|entry| entry.code)
}

fn write_file(file: &KeptFile, out: &mut Out) {
    let FileRead {
        format,
        kind: _,
        receipt,
        days,
        covers,
    } = &file.read;
    out.text(&file.name);
    out.text(format);
    out.0.extend(file.content.to_le_bytes());
    out.text(&receipt.sha256);
    let rows = &receipt.rows;
    for count in [
        receipt.bytes,
        rows.read,
        rows.used,
        rows.duplicate,
        rows.out_of_period,
        rows.rejected,
    ] {
        out.number(count);
    }
    out.number(rows.skipped.len() as u64);
    for (reason, count) in &rows.skipped {
        out.text(reason);
        out.number(*count);
    }
    out.number(days.len() as u64);
    for (day, count) in days {
        out.signed(i64::from(day.0));
        out.number(*count);
    }
    out.flag(covers.is_some());
    if let Some((start, end)) = covers {
        out.signed(start.0);
        out.signed(end.0);
    }
    out.number(file.remarks.len() as u64);
    for ((code, text), (warning, rows)) in &file.remarks {
        out.text(code);
        out.text(text);
        out.flag(*warning);
        out.number(*rows);
    }
}

fn read_file(bytes: &mut In<'_>) -> Option<KeptFile> {
    let name = bytes.text()?;
    let format = formats::named(bytes.text()?)?;
    let (content, rest) = bytes.0.split_first_chunk::<16>()?;
    bytes.0 = rest;
    let sha256 = bytes.text()?.to_string();
    let mut counts = [0; 6];
    for count in &mut counts {
        *count = bytes.number()?;
    }
    let [size, read, used, duplicate, out_of_period, rejected] = counts;
    let mut skipped = BTreeMap::new();
    for _ in 0..bytes.place()? {
        skipped.insert(bytes.text()?.to_string(), bytes.number()?);
    }
    let mut days = BTreeMap::new();
    for _ in 0..bytes.place()? {
        days.insert(Day(bytes.short()?), bytes.number()?);
    }
    let covers = match bytes.flag()? {
        true => Some((Instant(bytes.signed()?), Instant(bytes.signed()?))),
        false => None,
    };
    let mut remarks = Remarks::new();
    for _ in 0..bytes.place()? {
        let key = (code(bytes)?, bytes.text()?.to_string());
        remarks.insert(key, (bytes.flag()?, bytes.number()?));
    }
    Some(KeptFile {
        name: name.into(),
        content: u128::from_le_bytes(*content),
        remarks,
        read: FileRead {
            format: format.name,
            kind: Some(Kind::Usage),
            receipt: InputReceipt {
                path: name.to_string(),
                format: format.name.to_string(),
                sha256,
                bytes: size,
                rows: RowCounts {
                    read,
                    used,
                    duplicate,
                    out_of_period,
                    rejected,
                    skipped,
                },
                covers_from: None,
                covers_to: None,
            },
            days,
            covers,
        },
    })
}
