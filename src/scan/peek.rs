//! The beginning of a file, read leniently, for recognizing its format.
//!
//! Problems found here are dropped: the body is read again from its beginning and tells them.

use std::io::Cursor;
use std::sync::Arc;

use super::csv::CsvSource;
use super::decode::{BLOCK, Decoder};
use super::documents::Documents;
use super::jsonl::JsonLines;
use super::row::{Header, Row, RowSource};
use super::unpack::{Packing, Unpacked};
use super::window::Window;
use super::{How, Receipt};
use crate::problem::Problems;

/// Most bytes of text looked at.
pub(super) const TEXT: usize = 64 << 10;
/// Most rows looked at.
pub(super) const ROWS: usize = 50;

/// The beginning of a file.
#[derive(Debug, Default)]
pub struct Peek {
    /// The columns; of JSON, those of the first rows, and the names of objects that are empty in all
    /// of them.
    pub header: Header,
    /// The first rows that are whole, at most 50.
    pub rows: Vec<Row>,
    /// The first 64 KiB of the text at most; empty for a columnar file.
    pub text: String,
    /// The columns that the file itself stores as binary floats.
    pub float_columns: Vec<String>,
    /// Columns of a columnar file whose types have no text form; they are left out.
    pub skipped_columns: Vec<String>,
}

/// The first text of a window, cut at a character.
pub(super) fn text(window: &Window) -> String {
    let rest = window.rest();
    let mut end = rest.len().min(TEXT);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    rest[..end].to_string()
}

/// The first rows of a CSV file whose header is known.
pub(super) fn csv(name: &Arc<str>, text: String, whole: bool, how: &How, header: &Header) -> Peek {
    let mut rows = Vec::new();
    if let Ok(window) = window(name, &text, whole, how)
        && let Ok(mut source) = CsvSource::new(window, how)
    {
        rows = first_rows(&mut source);
    }
    Peek {
        header: header.clone(),
        rows,
        text,
        ..Peek::default()
    }
}

/// The first rows of a file of JSON lines, and its columns so far.
pub(super) fn json_lines(name: &Arc<str>, text: String, whole: bool, how: &How) -> (Peek, Header) {
    let mut header = Header::default();
    let mut names = Header::default();
    let mut rows = Vec::new();
    if let Ok(window) = window(name, &text, whole, how) {
        let mut source = JsonLines::new(window, how, &header);
        rows = first_rows(&mut source);
        header = source.header().clone();
        names = source.known_names();
    }
    let peek = Peek {
        header: names,
        rows,
        text,
        ..Peek::default()
    };
    (peek, header)
}

/// The columns and the first rows of a JSON document, of which long rows are left out.
pub(super) fn documents(source: &mut Documents, text: String) -> Peek {
    let mut rows = first_rows(source);
    rows.retain(|row| row.text.len() <= TEXT);
    Peek {
        header: source.known_names(),
        rows,
        text,
        ..Peek::default()
    }
}

fn first_rows(source: &mut dyn RowSource) -> Vec<Row> {
    let mut problems = Problems::default();
    let mut rows = Vec::new();
    let mut row = Row::default();
    while rows.len() < ROWS && source.next_row(&mut row, &mut problems) {
        rows.push(row.clone());
    }
    rows
}

/// The text as a file of its own, without the row that it may cut.
fn window(
    name: &Arc<str>,
    text: &str,
    whole: bool,
    how: &How,
) -> Result<Window, crate::problem::Problem> {
    let end = match whole {
        true => text.len(),
        false => text.rfind(['\n', '\r']).map_or(0, |at| at + 1),
    };
    let bytes = Cursor::new(text.as_bytes()[..end].to_vec());
    let receipt = Receipt::default();
    let stream = Unpacked::new(name, Box::new(bytes), Packing::Plain, &receipt, &how.limits)?;
    let mut window = Window::new(name, Decoder::new(stream, Vec::new(), false, BLOCK));
    window.ensure(text.len() + 1)?;
    Ok(window)
}
