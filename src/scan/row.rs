//! Rows as the format readers see them: a header with names, and cells that are text or absent.
//!
//! The same shape serves CSV, JSON lines and columnar files. No meaning is given to any cell here.

use std::sync::Arc;

use super::Pieces;
use crate::problem::{Entry, Place, Problem, Problems};

/// The column names of a file. JSON lines may add names as they go; the positions of the names
/// already there never change.
#[derive(Clone, Debug, Default)]
pub struct Header {
    names: Vec<String>,
    folded: Vec<String>,
}

impl Header {
    /// Makes a header of names as written; blanks around them are dropped.
    pub fn new<I: IntoIterator<Item = String>>(names: I) -> Header {
        let mut header = Header::default();
        for name in names {
            header.push(&name);
        }
        header
    }

    /// Adds a name at the end and returns its position.
    pub fn push(&mut self, name: &str) -> usize {
        let name = name.trim().to_string();
        self.folded.push(name.to_lowercase());
        self.names.push(name);
        self.names.len() - 1
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of a column as written.
    pub fn name(&self, column: usize) -> &str {
        &self.names[column]
    }

    /// All names as written.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a column of that name is there, in any case.
    pub fn has(&self, name: &str) -> bool {
        let folded = name.to_lowercase();
        self.folded.contains(&folded)
    }

    /// The position of the column of that name, in any case; an exact spelling wins over a folded
    /// one. `None` if it is missing, and `Some(Err)` with the positions if it stands twice and
    /// neither is spelled exactly so, or both are.
    pub fn find(&self, name: &str) -> Option<Result<usize, (usize, usize)>> {
        let pick = |hits: Vec<usize>| match hits.as_slice() {
            [] => None,
            [one] => Some(Ok(*one)),
            [first, second, ..] => Some(Err((*first, *second))),
        };
        let exact = self.names.iter().enumerate().filter(|(_, n)| *n == name);
        if let found @ Some(_) = pick(exact.map(|(i, _)| i).collect()) {
            return found;
        }
        let folded = name.to_lowercase();
        let hits = self
            .folded
            .iter()
            .enumerate()
            .filter(|(_, n)| **n == folded);
        pick(hits.map(|(i, _)| i).collect())
    }
}

/// One row. Reused between rows: nothing is allocated per row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The text of all cells, end to end, unquoted.
    pub(super) text: String,
    /// Where each cell ends in `text`; `None` for a cell that is absent (JSON null or no such
    /// key), which is not the same as empty.
    pub(super) cells: Vec<Option<(usize, usize)>>,
    /// Physical line at which the row starts, 1-based.
    pub(super) line: u64,
    /// Byte offset of the row in the decoded text.
    pub(super) byte: u64,
    /// Byte offset of each cell in the decoded text, if known.
    pub(super) cell_bytes: Vec<u64>,
    /// Whether `text` is the row as it stands in the file, so that places in it tell the offsets.
    windows: bool,
    /// Physical line of each cell, where a row may span several; otherwise empty.
    pub(super) cell_lines: Vec<u64>,
}

impl Row {
    /// The text of a cell, as it stands; `None` if it is absent.
    #[inline]
    pub fn get(&self, column: usize) -> Option<&str> {
        let (start, end) = (*self.cells.get(column)?)?;
        Some(&self.text[start..end])
    }

    /// The text of a cell, trimmed; `None` if it is absent or blank.
    #[inline]
    pub fn filled(&self, column: usize) -> Option<&str> {
        let text = self.get(column)?;
        // Nearly every cell begins and ends with a visible character of ASCII.
        if let [first, .., last] | [first @ last] = text.as_bytes()
            && first.is_ascii_graphic()
            && last.is_ascii_graphic()
        {
            return Some(text);
        }
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// The bytes of a cell, as it stands; `None` if it is absent.
    #[inline]
    pub fn bytes(&self, column: usize) -> Option<&[u8]> {
        let (start, end) = (*self.cells.get(column)?)?;
        Some(&self.text.as_bytes()[start..end])
    }

    /// Whether a cell is neither absent nor blank.
    #[inline]
    pub fn is_filled(&self, column: usize) -> bool {
        match self.bytes(column) {
            None | Some([]) => false,
            Some([first, ..]) => first.is_ascii_graphic() || self.filled(column).is_some(),
        }
    }

    /// How many cells the row has.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has no cell.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Physical line at which the row starts, 1-based.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Byte offset of the row in the decoded text.
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// Whether every cell is absent or blank.
    pub fn is_blank(&self) -> bool {
        (0..self.len()).all(|column| !self.is_filled(column))
    }

    /// The place of one cell.
    pub fn place(&self, file: &Arc<str>, column: usize) -> Place {
        let byte = match self.cells.get(column) {
            Some(Some((start, _))) if self.windows => Some(self.byte + *start as u64),
            _ => self.cell_bytes.get(column).copied(),
        };
        Place {
            file: file.clone(),
            line: Some(self.cell_lines.get(column).copied().unwrap_or(self.line)),
            column: Some(column + 1),
            byte: Some(byte.unwrap_or(self.byte)),
        }
    }

    /// A problem with one cell: place, excerpt and field are filled in.
    pub fn problem(
        &self,
        entry: &'static Entry,
        file: &Arc<str>,
        header: &Header,
        column: usize,
        message: impl Into<String>,
    ) -> Problem {
        Problem::new(entry, message)
            .at(self.place(file, column))
            .excerpt(self.get(column).unwrap_or(""))
            .field(header.name(column), header.len())
    }

    /// A row of these cells, for the tests of the readers.
    #[cfg(test)]
    pub(crate) fn of_cells(line: u64, cells: &[&str]) -> Row {
        let mut row = Row::default();
        row.clear(line, 0);
        for cell in cells {
            row.push(cell, 0);
        }
        row
    }

    /// Empties the row for the next one.
    pub(super) fn clear(&mut self, line: u64, byte: u64) {
        self.text.clear();
        self.cells.clear();
        self.cell_bytes.clear();
        self.cell_lines.clear();
        self.windows = false;
        self.line = line;
        self.byte = byte;
    }

    /// Empties the row for one whose cells are windows into its text.
    pub(super) fn begin_windows(&mut self, line: u64, byte: u64, text: &str) {
        self.clear(line, byte);
        self.windows = true;
        self.text.push_str(text);
    }

    /// Adds a cell: a window into the row's text.
    #[inline]
    pub(super) fn window(&mut self, start: usize, end: usize) {
        self.cells.push(Some((start, end)));
    }

    /// Adds a cell that is there.
    pub(super) fn push(&mut self, text: &str, byte: u64) {
        let start = self.text.len();
        self.text.push_str(text);
        self.cells.push(Some((start, self.text.len())));
        self.cell_bytes.push(byte);
    }
}

/// A stream of rows: CSV, JSON lines or a columnar file.
pub trait RowSource {
    /// The file as the user named it.
    fn file(&self) -> &Arc<str>;

    /// The columns known so far. Only JSON lines add to them between rows.
    fn header(&self) -> &Header;

    /// Names and values that an export states in lines above its header; only CSV has them.
    fn above(&self) -> &[(String, String)] {
        &[]
    }

    /// Reads the next row into `row`. Rows that are structurally broken are pushed to `problems`
    /// and passed over; after damage that makes the rest unreadable the stream ends. Returns
    /// false at the end.
    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool;

    /// Blank lines passed over so far.
    fn blank_lines(&self) -> u64;

    /// What was not read yet, in pieces of about `size` bytes that can be read side by side; this
    /// source is at its end then. `None`, and nothing changes, where the file has no such pieces.
    fn pieces(&mut self, size: usize) -> Option<Pieces> {
        let _ = size;
        None
    }
}
