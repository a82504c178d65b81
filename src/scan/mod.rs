//! Bytes to rows: opening, unpacking, decoding, and splitting into cells.
//!
//! Everything structural is checked here, strictly and with a place; meaning is given by
//! `formats`. No row is kept: the caller's [`Row`] is filled again and again.
//!
//! The path of a file: `open` (which kind it is) → `unpack` (gz, zst) or `archive` (zip) → `decode`
//! (text encoding) → `window` (blocks) → `csv`, or `jsonl` with `json`; `columnar` reads
//! Parquet. `pieces` cuts long text at row ends, to be read side by side. A [`Receipt`] tells
//! afterwards which bytes were read.

// A problem is made at most once per row that is wrong; its size is of no importance.
#![allow(clippy::result_large_err)]

mod archive;
mod columnar;
mod csv;
mod decode;
mod documents;
mod elements;
mod flatten;
mod json;
mod jsonl;
mod open;
mod peek;
mod pieces;
mod plain;
mod receipt;
pub mod row;
mod spool;
#[cfg(test)]
mod tests;
mod unpack;
mod whole;
mod window;

use std::sync::Arc;

pub use elements::Elements;
pub use json::{items, members, string};
pub use open::{open, open_reader};
pub use peek::Peek;
pub use pieces::{Piece, Pieces, Unfit};
pub use receipt::Receipt;
pub use row::{Header, Row, RowSource};
pub use whole::whole;

/// Bounds that keep damaged or hostile files from filling the memory or the disk.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest row in bytes of decoded text; a JSON document may be longer.
    pub max_line: usize,
    /// Most columns of a file.
    pub max_columns: usize,
    /// Most bytes that one compressed file, or one member of a zip, may unpack to.
    pub max_unpacked: u64,
}

/// What to do about a file with more columns than may be.
const MORE_COLUMNS: &str = "if the file is right, raise --max-columns";

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_line: 2 << 20,
            max_columns: 4096,
            max_unpacked: 64 << 30,
        }
    }
}

/// What the user said about reading a file.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// The delimiter, if it is declared; otherwise a comma, or a tab for text pasted from a sheet.
    pub delimiter: Option<u8>,
    /// Whether text without a byte order mark is Windows-1252, the superset of Latin-1.
    pub latin1: bool,
    /// How many physical lines stand above the header.
    pub skip_lines: u32,
    /// Whether a file without any content is fine: it is then an empty document.
    pub allow_empty: bool,
    /// The bounds.
    pub limits: Limits,
}

/// One table, ready to be read.
pub struct Opened {
    /// The file as the user named it; a member of a zip is `bill.zip!cost.csv`.
    pub name: Arc<str>,
    /// The content.
    pub body: Body,
    /// Its beginning, for recognizing it.
    pub peek: Peek,
    /// What was read; complete once the body was read to its end.
    pub receipt: Receipt,
}

/// The content of a file.
pub enum Body {
    /// Rows under a header: CSV, the objects of JSON, or a columnar file.
    Table(Box<dyn RowSource + Send>),
    /// A file without content, where [`How::allow_empty`] lets it pass.
    Empty,
}
