//! CSV rows: the header, the dialect, and every structural check, each with its place.
//!
//! Strict RFC 4180. Nothing is sampled and nothing repaired: a row is exactly right or it is a
//! problem. Rows of another width and control characters concern one row, so the stream goes on;
//! a quotation mark out of place makes the rest unreadable, so it ends there. How a row falls into
//! cells is in `split`.

mod dialect;
mod faults;
mod plain;
mod preamble;
mod shapes;
mod split;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use memchr::memmem;

pub(super) use self::dialect::line_too_long;
use self::dialect::{find_delimiter, separator_line, skip_blank_lines, skip_lines};
pub(super) use self::faults::cut;
use self::shapes::Shapes;
use self::split::{Cell, Split, split};
use super::pieces::{Form, Pieces};
use super::row::{Header, Row, RowSource};
use super::window::{Window, line_ends};
use super::{How, Limits};
use crate::problem::{Place, Problem, Problems, catalogue};

/// The delimiters that a file may turn out to use.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// A CSV file as a stream of rows.
pub(in crate::scan) struct CsvSource {
    window: Window,
    delimiter: u8,
    limits: Limits,
    header: Header,
    cells: Vec<Cell>,
    blank_lines: u64,
    /// Names and values above the header.
    above: preamble::Pairs,
    /// What the columns look like, for the messages about rows of another width.
    shapes: Shapes,
    done: bool,
}

/// What one row turned out to be.
enum Step {
    Row,
    Blank,
    Skip(Problem),
    Stop(Problem),
    End,
}

impl CsvSource {
    /// Reads the header, passing over blank lines, the declared number of lines above it or a
    /// preamble, and a spreadsheet's `sep=;` line.
    ///
    /// # Errors
    /// The file has no row, the header uses another delimiter, or it is damaged.
    pub(in crate::scan) fn new(mut window: Window, how: &How) -> Result<CsvSource, Problem> {
        let limits = how.limits.clone();
        skip_lines(&mut window, how.skip_lines, &limits)?;
        let mut blank_lines = skip_blank_lines(&mut window, &limits)?;
        let mut declared = how.delimiter;
        if let Some(delimiter) = separator_line(&mut window, &limits)? {
            declared = declared.or(Some(delimiter));
            blank_lines += skip_blank_lines(&mut window, &limits)?;
        }
        let delimiter = match declared {
            Some(delimiter) => delimiter,
            None => find_delimiter(&mut window, &limits)?,
        };
        // Who says where the header stands is believed.
        let above = match how.skip_lines {
            0 => preamble::take(&mut window, delimiter),
            _ => preamble::Pairs::new(),
        };
        let mut source = CsvSource {
            window,
            delimiter,
            limits,
            header: Header::default(),
            cells: Vec::new(),
            blank_lines,
            above,
            shapes: Shapes::default(),
            done: false,
        };
        source.read_header()?;
        Ok(source)
    }

    /// Takes the first rows as examples of what is right, for the messages about rows that are not.
    pub(in crate::scan) fn learn(&mut self, rows: &[Row]) {
        self.shapes = Shapes::of(rows);
    }

    fn read_header(&mut self) -> Result<(), Problem> {
        let mut row = Row::default();
        match self.step(&mut row) {
            Step::Row => {}
            Step::Skip(problem) | Step::Stop(problem) => return Err(problem),
            Step::Blank | Step::End => return Err(empty(self.window.name())),
        }
        if row.len() > self.limits.max_columns {
            let message = format!("the header has {} columns", row.len());
            let place = row.place(self.window.name(), self.limits.max_columns);
            let problem = Problem::new(&catalogue::TOO_MANY_COLUMNS, message);
            return Err(problem.at(place).help(super::MORE_COLUMNS));
        }
        let names = (0..row.len()).map(|column| row.get(column).unwrap_or("").to_string());
        self.header = Header::new(names);
        Ok(())
    }

    /// Reads one row. The header itself comes through here too, when there is no header yet.
    fn step(&mut self, row: &mut Row) -> Step {
        let (end, next) = loop {
            let rest = self.window.rest().as_bytes();
            // Splitting sees no more of a row than it may have, so that what is found does not
            // depend on how much happens to be read.
            let seen = rest.len().min(self.limits.max_line + 2);
            let last = self.window.at_end() && seen == rest.len();
            if last && seen == 0 {
                return Step::End;
            }
            let found = split(&rest[..seen], self.delimiter, last, &mut self.cells);
            match found {
                Split::Row { end, .. } if end > self.limits.max_line => {
                    return Step::Stop(self.too_long(None));
                }
                Split::Row { end, next } => break (end, next),
                Split::More { open } if seen < rest.len() || seen > self.limits.max_line + 1 => {
                    return Step::Stop(self.too_long(open));
                }
                Split::More { .. } => {
                    if let Err(problem) = self.window.more() {
                        return Step::Stop(problem);
                    }
                }
                Split::Bare { cell, at } => return Step::Stop(self.bare_quote(cell, at)),
                Split::AfterClose { cell, open, at } => {
                    return Step::Stop(self.after_close(cell, open, at));
                }
                Split::Unclosed { cell, open } => return Step::Stop(self.unclosed(cell, open)),
            }
        };
        let step = self.judge(row, end, next);
        let lines = match self.cells.iter().any(|cell| cell.quoted) {
            true => line_ends(&self.window.rest().as_bytes()[..next]),
            false => u64::from(next > end),
        };
        self.window.advance(next, lines);
        step
    }

    /// Decides about a row that is split, and fills `row` if it is right.
    fn judge(&mut self, row: &mut Row, end: usize, next: usize) -> Step {
        let text = self.window.rest();
        if self.cells.len() == 1 && !self.cells[0].quoted && text[..end].trim().is_empty() {
            let control = text[..end].bytes().find(|byte| is_control(*byte));
            if control.is_none() {
                return Step::Blank;
            }
        }
        // Without early exit, so that the compiler can look at many bytes at once.
        if text.as_bytes()[..end]
            .iter()
            .fold(false, |found, byte| found | is_control(*byte))
        {
            return Step::Skip(self.control_character(end));
        }
        let width = self.header.len();
        if width > 0 && self.cells.len() != width {
            return Step::Skip(self.other_width(end, next));
        }
        self.fill(row, end);
        if width > 0 && self.repeats_header(row) {
            return Step::Skip(self.repeated_header(end));
        }
        // A closing quotation mark shows that the cell is whole.
        if next == end && self.cells.last().is_some_and(|cell| !cell.quoted) {
            self.window.receipt().set_unterminated();
        }
        Step::Row
    }

    fn fill(&self, row: &mut Row, end: usize) {
        let text = self.window.rest();
        let byte = self.window.byte();
        row.clear(self.window.line(), byte);
        row.cell_bytes
            .extend(self.cells.iter().map(|cell| byte + cell.first() as u64));
        if !self.cells.iter().any(|cell| cell.doubled) {
            // The whole row in one copy; the cells are windows into it.
            row.text.push_str(&text[..end]);
            row.cells
                .extend(self.cells.iter().map(|cell| Some((cell.start, cell.end))));
            return;
        }
        for cell in &self.cells {
            let start = row.text.len();
            let mut content = &text[cell.start..cell.end];
            while cell.doubled
                && let Some(at) = memmem::find(content.as_bytes(), b"\"\"")
            {
                row.text.push_str(&content[..=at]);
                content = &content[at + 2..];
            }
            row.text.push_str(content);
            row.cells.push(Some((start, row.text.len())));
        }
    }

    fn repeats_header(&self, row: &Row) -> bool {
        let same = |column: usize| row.filled(column).unwrap_or("") == self.header.name(column);
        // A byte order mark stands before the second header of files put together.
        let first = match row.get(0) {
            Some(text) if text.starts_with('\u{feff}') => {
                text.trim_start_matches('\u{feff}').trim() == self.header.name(0)
            }
            _ => same(0),
        };
        first && (1..row.len()).all(same)
    }
}

impl RowSource for CsvSource {
    fn file(&self) -> &Arc<str> {
        self.window.name()
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn above(&self) -> &[(String, String)] {
        &self.above
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        while !self.done {
            if self.plain_row(row) {
                return true;
            }
            match self.step(row) {
                Step::Row => return true,
                Step::Blank => self.blank_lines += 1,
                Step::Skip(problem) => problems.push(problem),
                Step::Stop(problem) => {
                    problems.push(problem);
                    self.done = true;
                }
                Step::End => self.done = true,
            }
        }
        false
    }

    fn blank_lines(&self) -> u64 {
        self.blank_lines
    }

    fn pieces(&mut self, size: usize) -> Option<Pieces> {
        let start = (self.window.line(), self.window.byte());
        let (bytes, stream) = self.window.take_bytes()?;
        self.done = true;
        let form = Form::Csv(Table {
            delimiter: self.delimiter,
            limits: self.limits.clone(),
            header: self.header.clone(),
            above: self.above.clone(),
        });
        Some(Pieces::new(form, stream, bytes, start, size))
    }
}

/// What all pieces of a file have in common.
pub(in crate::scan) struct Table {
    delimiter: u8,
    pub(in crate::scan) limits: Limits,
    pub(in crate::scan) header: Header,
    above: preamble::Pairs,
}

impl Table {
    /// The rows of one piece.
    pub(in crate::scan) fn rows(&self, window: Window) -> CsvSource {
        CsvSource {
            window,
            delimiter: self.delimiter,
            limits: self.limits.clone(),
            header: self.header.clone(),
            cells: Vec::new(),
            blank_lines: 0,
            above: self.above.clone(),
            shapes: Shapes::default(),
            done: false,
        }
    }
}

/// A C0 control character other than tab and line ends.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r'
}

/// A file without a row.
pub(in crate::scan) fn empty(name: &Arc<str>) -> Problem {
    Problem::new(&catalogue::EMPTY_FILE, "the file is empty")
        .at(Place::file(name))
        .help("export it again, or pass --allow-empty if it is meant")
}
