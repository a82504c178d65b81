//! Reading a price list: our own CSV, LiteLLM's JSON or that of genai-prices, told apart by content.
//!
//! Numbers are taken from the text as they are written. What a list has and the price book cannot
//! hold is counted by its reason; a cell that cannot be read is a located problem.

mod genai;
mod litellm;
mod table;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::receipt::{InputReceipt, RowCounts};
use crate::model::{ContextBand, Exact, Meter};
use crate::prices::{BookRow, PriceBook};
use crate::problem::{Entry, Place, Problem, Problems, catalogue};
use crate::scan::{self, Body, How, RowSource};

/// A price list that was read.
#[derive(Debug)]
pub struct PriceList {
    /// The file as the user named it.
    pub name: Arc<str>,
    /// What kind of list it is.
    pub format: &'static str,
    /// Its prices.
    pub book: PriceBook,
    /// What is not used, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// SHA-256 of the file as stored.
    pub sha256: String,
    /// Size of the file as stored.
    pub bytes: u64,
}

impl PriceList {
    /// The list as an input of a report; a row is one price of a model.
    pub fn receipt(&self) -> InputReceipt {
        let rows = self.book.rows().len() as u64;
        InputReceipt {
            path: self.name.to_string(),
            format: format!("price list ({})", self.format),
            sha256: self.sha256.clone(),
            bytes: self.bytes,
            rows: RowCounts {
                read: rows,
                used: rows,
                ..RowCounts::default()
            },
            covers_from: None,
            covers_to: None,
        }
    }
}

/// SHA-256 and size of a file.
fn checksum(path: &Path, name: &Arc<str>) -> Result<(String, u64), Problem> {
    let failed = |why: std::io::Error| {
        let message = format!("cannot read the price list: {why}");
        Problem::new(&catalogue::CANNOT_READ, message).at(Place::file(name))
    };
    let mut hash = Sha256::new();
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = 0;
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => break,
            read => {
                hash.update(&piece[..read]);
                bytes += read as u64;
            }
        }
    }
    let digits = hash.finalize();
    let hex: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, bytes))
}

/// Service tier and context threshold of a price; `None` is the standard tier, and no threshold.
type At<'a> = (Option<&'a str>, Option<u64>);

/// Prices of units that are no meter of ours.
const OTHER_UNITS: &str = "prices of other units";
/// Prices above a context threshold that the fold does not tell apart.
const OTHER_THRESHOLDS: &str = "prices above other context thresholds";

/// Reads a list.
///
/// # Errors
/// Every problem found.
pub fn read(path: &Path, name: &str) -> Result<PriceList, Problems> {
    let file: Arc<str> = name.into();
    let mut list = PriceList {
        name: file.clone(),
        format: "price list",
        book: PriceBook::default(),
        left_out: BTreeMap::new(),
        sha256: String::new(),
        bytes: 0,
    };
    let mut problems = Problems::default();
    match scan::whole(path, name)? {
        Some(text) => {
            let document = Document {
                file: &file,
                text: &text,
            };
            if text.trim_start().starts_with('[') {
                list.format = "genai-prices";
                genai::read(&document, &mut list, &mut problems);
            } else {
                list.format = "LiteLLM";
                litellm::read(&document, &mut list, &mut problems);
            }
        }
        None => {
            let rows = open_table(path, name)?;
            table::read(&file, rows, &mut list, &mut problems);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    (list.sha256, list.bytes) = checksum(path, &file)?;
    if list.book.models() == 0 {
        return Err(Problems::from(unknown(&file)));
    }
    Ok(list)
}

/// The one table of a file; lines that begin with `#` above the header are comments.
fn open_table(path: &Path, name: &str) -> Result<Box<dyn RowSource + Send>, Problem> {
    let how = How {
        skip_lines: comments(path),
        ..How::default()
    };
    let opened = open_one(path, name, &how)?;
    match opened.body {
        Body::Table(rows) => Ok(rows),
        Body::Empty => Err(unknown(&name.into())),
    }
}

/// How many comment lines a file begins with. They may hold anything, so they are passed over
/// before the text is taken for a table.
fn comments(path: &Path) -> u32 {
    const LOOK: u64 = 1 << 16;
    let mut first = Vec::new();
    // A file that cannot be read is told by whoever opens it next.
    let _ = File::open(path).map(|file| file.take(LOOK).read_to_end(&mut first));
    let lines = first.split(|byte| *byte == b'\n');
    lines.take_while(|line| line.starts_with(b"#")).count() as u32
}

fn open_one(path: &Path, name: &str, how: &How) -> Result<scan::Opened, Problem> {
    let mut opened = scan::open(path, name, how)?;
    match (opened.pop(), opened.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(unknown(&name.into())),
    }
}

fn unknown(file: &Arc<str>) -> Problem {
    Problem::new(&catalogue::UNKNOWN_FORMAT, "this is no price list that can be read")
        .at(Place::file(file))
        .help("price lists are a CSV that begins provider,names,from,context_over, LiteLLM's model_prices_and_context_window.json, or data_slim.json of genai-prices")
}

impl PriceList {
    fn leave_out(&mut self, reason: &'static str) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    /// Adds the prices of one model and day, each with its tier and threshold: the standard row
    /// first, then the others.
    fn insert(
        &mut self,
        row: &BookRow<'_>,
        prices: &BTreeMap<At<'_>, Vec<(Meter, Exact)>>,
    ) -> Result<(), String> {
        let base = prices.get(&(None, None)).cloned().unwrap_or_default();
        self.book.insert(&BookRow {
            prices: base,
            ..row.clone()
        })?;
        for ((tier, over), prices) in prices {
            if over.is_some_and(|over| ContextBand::beyond(over).is_none()) {
                *self.left_out.entry(OTHER_THRESHOLDS).or_default() += prices.len() as u64;
            } else if tier.is_some() || over.is_some() {
                self.book.insert(&BookRow {
                    tier: *tier,
                    context_over: *over,
                    prices: prices.clone(),
                    ..row.clone()
                })?;
            }
        }
        Ok(())
    }
}

/// A JSON document, for telling places in it.
struct Document<'a> {
    file: &'a Arc<str>,
    text: &'a str,
}

impl<'a> Document<'a> {
    /// A problem at a part of the text.
    fn problem(&self, entry: &'static Entry, part: &'a str, message: impl Into<String>) -> Problem {
        let byte = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..byte).unwrap_or("");
        let line = before.matches('\n').count() as u64 + 1;
        let last = before.rsplit('\n').next().unwrap_or("");
        let place = Place {
            column: Some(last.chars().count() + 1),
            byte: Some(byte as u64),
            ..Place::line(self.file, line)
        };
        Problem::new(entry, message).at(place).excerpt(part)
    }

    /// A price as written; `None` for null.
    fn price(&self, raw: &'a str) -> Result<Option<Exact>, Problem> {
        const HELP: &str =
            "a price is a plain number of US dollars; remove the entry, or correct it";
        if raw == "null" {
            return Ok(None);
        }
        let fault = |why: String| self.problem(&catalogue::NOT_A_NUMBER, raw, why).help(HELP);
        if raw.starts_with(['"', '{', '[']) {
            return Err(fault("the price is not a number".into()));
        }
        let price = Exact::parse(raw);
        let price = price.map_err(|why| fault(format!("not a price: {}", why.reason())))?;
        if price.is_negative() {
            let message = "the price is negative";
            return Err(self.problem(&catalogue::BAD_VALUE, raw, message).help(HELP));
        }
        Ok(Some(price))
    }
}

#[cfg(test)]
mod tests;
