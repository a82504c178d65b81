//! One CSV row to cells, by RFC 4180 to the letter.
//!
//! A pure function of the text: it reads nothing and keeps nothing, so blocks can be split one
//! after the other or side by side. It never repairs: a quotation mark where none may stand ends
//! the splitting.

use memchr::{memchr, memchr_iter, memchr3};

use crate::scan::window::after_line_end;

/// One cell, as positions in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// First byte of the content.
    pub(super) start: usize,
    /// Behind the last byte of the content.
    pub(super) end: usize,
    /// Whether the cell is quoted; the content excludes the outer quotation marks.
    pub(super) quoted: bool,
    /// Whether the content has doubled quotation marks, each of which stands for one.
    pub(super) doubled: bool,
}

impl Cell {
    /// The first byte of the cell, its opening quotation mark included.
    pub(super) fn first(&self) -> usize {
        self.start - usize::from(self.quoted)
    }
}

/// What stands at the beginning of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// A whole row.
    Row {
        /// Behind its last byte, the line end excluded.
        end: usize,
        /// Where the next row begins; equal to `end` if the text ends without a line end.
        next: usize,
    },
    /// The beginning of a row; if a quoted cell is open, its number and opening quotation mark.
    More { open: Option<(usize, usize)> },
    /// A quotation mark inside the unquoted cell of that number.
    Bare { cell: usize, at: usize },
    /// Text behind the closing quotation mark of the cell of that number.
    AfterClose { cell: usize, open: usize, at: usize },
    /// The text ended inside a quoted cell.
    Unclosed { cell: usize, open: usize },
}

/// Splits the row at the beginning of `text` and fills `cells`. `last` says that the file ends
/// with the text.
pub(super) fn split(text: &[u8], delimiter: u8, last: bool, cells: &mut Vec<Cell>) -> Split {
    cells.clear();
    let end = match memchr3(b'\n', b'\r', b'"', text) {
        Some(at) if text[at] == b'"' => return split_quoted(text, delimiter, last, cells),
        Some(at) => at,
        None if last => text.len(),
        None => return Split::More { open: None },
    };
    let next = match row_end(text, end, last) {
        Some(next) => next,
        None => return Split::More { open: None },
    };
    let mut start = 0;
    for at in memchr_iter(delimiter, &text[..end]) {
        cells.push(plain(start, at));
        start = at + 1;
    }
    cells.push(plain(start, end));
    Split::Row { end, next }
}

fn plain(start: usize, end: usize) -> Cell {
    Cell {
        start,
        end,
        quoted: false,
        doubled: false,
    }
}

fn row_end(text: &[u8], end: usize, last: bool) -> Option<usize> {
    if end == text.len() {
        return last.then_some(end);
    }
    after_line_end(text, end, last)
}

/// The same for a row with a quotation mark somewhere.
fn split_quoted(text: &[u8], delimiter: u8, last: bool, cells: &mut Vec<Cell>) -> Split {
    let mut at = 0;
    loop {
        let quoted = text.get(at) == Some(&b'"');
        let cell = match quoted {
            true => quoted_cell(text, at, cells.len(), last),
            false => bare_cell(text, at, delimiter, cells.len(), last),
        };
        let cell = match cell {
            Ok(cell) => cell,
            Err(stop) => return stop,
        };
        cells.push(cell);
        let behind = cell.end + usize::from(quoted);
        match text.get(behind) {
            Some(byte) if *byte == delimiter => at = behind + 1,
            None if !last => return Split::More { open: None },
            Some(b'\n' | b'\r') | None => {
                return match row_end(text, behind, last) {
                    Some(next) => Split::Row { end: behind, next },
                    None => Split::More { open: None },
                };
            }
            Some(_) => {
                return Split::AfterClose {
                    cell: cells.len() - 1,
                    open: at,
                    at: behind,
                };
            }
        }
    }
}

fn quoted_cell(text: &[u8], open: usize, cell: usize, last: bool) -> Result<Cell, Split> {
    let mut from = open + 1;
    let mut doubled = false;
    loop {
        let close = match memchr(b'"', &text[from..]) {
            Some(at) => from + at,
            None if last => return Err(Split::Unclosed { cell, open }),
            None => {
                let open = Some((cell, open));
                return Err(Split::More { open });
            }
        };
        match text.get(close + 1) {
            Some(b'"') => {
                doubled = true;
                from = close + 2;
            }
            // Whether this quotation mark closes the cell shows only in the next block.
            None if !last => {
                let open = Some((cell, open));
                return Err(Split::More { open });
            }
            _ => {
                return Ok(Cell {
                    start: open + 1,
                    end: close,
                    quoted: true,
                    doubled,
                });
            }
        }
    }
}

fn bare_cell(
    text: &[u8],
    start: usize,
    delimiter: u8,
    cell: usize,
    last: bool,
) -> Result<Cell, Split> {
    let stop = memchr3(delimiter, b'\n', b'\r', &text[start..]).map(|at| start + at);
    let end = stop.unwrap_or(text.len());
    if let Some(at) = memchr(b'"', &text[start..end]) {
        return Err(Split::Bare {
            cell,
            at: start + at,
        });
    }
    if stop.is_none() && !last {
        return Err(Split::More { open: None });
    }
    Ok(plain(start, end))
}
