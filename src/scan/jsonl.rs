//! JSON lines: one object per line, nested objects flattened to dotted columns.
//!
//! `{"usage": {"input_tokens": 5}}` gives the column `usage.input_tokens`. Strings are unescaped,
//! numbers and arrays keep their text, booleans are `true` and `false`, and null is an absent cell.
//! A line that is not an object is a problem; the lines after it are read.

use std::sync::Arc;

use super::csv::{cut, line_too_long};
use super::json::{self, Fault};
use super::row::{Header, Row, RowSource};
use super::window::Window;
use super::{How, Limits};
use crate::problem::{Place, Problem, Problems, catalogue};

/// Objects nested deeper are refused.
const MAX_DEPTH: usize = 32;

/// A file of JSON lines as a stream of rows.
pub(super) struct JsonLines {
    window: Window,
    limits: Limits,
    columns: Columns,
    blank_lines: u64,
    done: bool,
}

/// The dotted paths seen so far. A path keeps its number; only paths with values have columns.
#[derive(Default)]
struct Columns {
    header: Header,
    paths: Vec<Path>,
    numbers: std::collections::BTreeMap<Arc<str>, usize>,
    /// The paths of the last row in their order, which the next row most likely repeats.
    order: Vec<usize>,
    /// How many paths of the present row were seen.
    seen: usize,
    rows: u64,
    scratch: String,
}

struct Path {
    name: Arc<str>,
    column: Option<usize>,
    /// The row that had this path last.
    row: u64,
}

impl JsonLines {
    /// Begins with columns that are known from a look at the beginning.
    pub(super) fn new(window: Window, how: &How, known: &Header) -> JsonLines {
        let mut columns = Columns::default();
        for name in known.names() {
            columns.scratch.clone_from(name);
            let path = columns.path();
            columns.column(path);
        }
        columns.seen = 0;
        columns.order.clear();
        JsonLines {
            window,
            limits: how.limits.clone(),
            columns,
            blank_lines: 0,
            done: false,
        }
    }

    /// Reads the next line that is not blank. `Ok(false)` at the end; an error ends the file if
    /// `self.done` is set.
    fn line(&mut self, row: &mut Row) -> Result<bool, Box<Problem>> {
        loop {
            let extent = match self.window.line_extent(self.limits.max_line) {
                Ok(extent) => extent,
                Err(problem) => return Err(self.stop(problem)),
            };
            let Some((end, next)) = extent else {
                let problem = line_too_long(&self.window, &self.limits);
                return Err(self.stop(problem));
            };
            if next == 0 {
                self.done = true;
                return Ok(false);
            }
            let blank = self.window.rest()[..end].trim_ascii().is_empty();
            let result = match blank {
                true => Ok(()),
                false => self.object(row, end, next > end),
            };
            self.window.advance(next, u64::from(next > end));
            match (blank, result) {
                (true, _) => self.blank_lines += 1,
                (false, result) => return result.map(|()| true),
            }
        }
    }

    fn stop(&mut self, problem: Problem) -> Box<Problem> {
        self.done = true;
        Box::new(problem)
    }

    fn object(&mut self, row: &mut Row, end: usize, terminated: bool) -> Result<(), Box<Problem>> {
        let line = &self.window.rest()[..end];
        row.clear(self.window.line(), self.window.byte());
        self.columns.begin(row);
        if let Err(fault) = self.columns.take(line, line, row, 0) {
            return Err(Box::new(self.bad_line(fault, end, terminated)));
        }
        self.columns.finish();
        if self.columns.header.len() > self.limits.max_columns {
            let message = format!(
                "the lines up to here have more than {} different keys",
                self.limits.max_columns
            );
            let place = row.place(self.window.name(), self.limits.max_columns);
            return Err(self.stop(Problem::new(&catalogue::TOO_MANY_COLUMNS, message).at(place)));
        }
        if !terminated {
            self.window.receipt().set_unterminated();
        }
        Ok(())
    }

    fn bad_line(&self, fault: Fault, end: usize, terminated: bool) -> Problem {
        let line = &self.window.rest()[..end];
        let at = fault.column.saturating_sub(1).min(end);
        let place = Place {
            file: self.window.name().clone(),
            line: Some(self.window.line()),
            column: None,
            byte: Some(self.window.byte() + at as u64),
        };
        let cut_off = fault.cut_off && !terminated;
        let (entry, message, help) = match cut_off {
            true => (
                &catalogue::CUT_OFF,
                "the file ends inside this line".to_string(),
                "download or export the file again",
            ),
            false => (
                &catalogue::BAD_JSON,
                format!(
                    "not a JSON object at byte {} of the line: {}",
                    at + 1,
                    fault.message
                ),
                "each line must be one whole JSON object; `jq -c .` writes them so",
            ),
        };
        Problem::new(entry, message)
            .at(place)
            .excerpt(cut(line))
            .help(help)
    }
}

impl Columns {
    fn begin(&mut self, row: &mut Row) {
        self.rows += 1;
        self.seen = 0;
        self.scratch.clear();
        row.cells.resize(self.header.len(), None);
        row.cell_bytes.resize(self.header.len(), row.byte);
    }

    fn finish(&mut self) {
        self.order.truncate(self.seen);
    }

    /// Takes an object, whose keys stand below the path in `scratch`.
    fn take(&mut self, line: &str, object: &str, row: &mut Row, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(at(line, object, "objects are nested too deep".to_string()));
        }
        let parent = self.scratch.len();
        let mut inner = None;
        let taken = json::for_each(object, &mut |key, value| {
            self.scratch.truncate(parent);
            if parent > 0 {
                self.scratch.push('.');
            }
            // Header names are trimmed too; keys that differ only so are one key twice.
            self.scratch.push_str(key.trim());
            let path = self.path();
            if self.paths[path].row == self.rows {
                return Err(json::twice(&self.scratch));
            }
            self.paths[path].row = self.rows;
            let result = match value.as_bytes()[0] {
                b'{' => self.take(line, value, row, depth + 1),
                _ => self.value(line, path, value, row),
            };
            result.map_err(|fault| {
                let message = fault.message.clone();
                inner = Some(fault);
                message
            })
        });
        self.scratch.truncate(parent);
        match (inner, taken) {
            (Some(fault), _) => Err(fault),
            (None, Ok(())) => Ok(()),
            (None, Err(fault)) => Err(Fault {
                column: fault.column + offset(line, object),
                ..fault
            }),
        }
    }

    fn value(&mut self, line: &str, path: usize, raw: &str, row: &mut Row) -> Result<(), Fault> {
        let column = self.column(path);
        if row.cells.len() <= column {
            row.cells.resize(column + 1, None);
            row.cell_bytes.resize(column + 1, row.byte);
        }
        row.cell_bytes[column] = row.byte + offset(line, raw) as u64;
        let start = row.text.len();
        match raw.as_bytes()[0] {
            b'n' => return Ok(()),
            b'"' => match json::unescape(raw) {
                Ok(text) => row.text.push_str(&text),
                Err(fault) => return Err(at(line, raw, fault.message)),
            },
            b'[' => match json::check(raw) {
                Ok(()) => row.text.push_str(raw),
                Err(fault) => return Err(at(line, raw, fault.message)),
            },
            _ => row.text.push_str(raw),
        }
        row.cells[column] = Some((start, row.text.len()));
        Ok(())
    }

    /// The number of the path in `scratch`.
    fn path(&mut self) -> usize {
        let place = self.seen;
        self.seen += 1;
        if let Some(&path) = self.order.get(place)
            && *self.paths[path].name == *self.scratch
        {
            return path;
        }
        let path = match self.numbers.get(self.scratch.as_str()) {
            Some(path) => *path,
            None => {
                let name: Arc<str> = self.scratch.as_str().into();
                self.numbers.insert(name.clone(), self.paths.len());
                self.paths.push(Path {
                    name,
                    column: None,
                    row: 0,
                });
                self.paths.len() - 1
            }
        };
        match self.order.get_mut(place) {
            Some(entry) => *entry = path,
            None => self.order.push(path),
        }
        path
    }

    fn column(&mut self, path: usize) -> usize {
        let entry = &mut self.paths[path];
        *entry
            .column
            .get_or_insert_with(|| self.header.push(&entry.name))
    }
}

/// Where `part` begins in `line`, of which it is a part.
fn offset(line: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

fn at(line: &str, part: &str, message: String) -> Fault {
    Fault {
        message,
        line: 1,
        column: offset(line, part) + 1,
        cut_off: false,
    }
}

impl RowSource for JsonLines {
    fn file(&self) -> &Arc<str> {
        self.window.name()
    }

    fn header(&self) -> &Header {
        &self.columns.header
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        while !self.done {
            match self.line(row) {
                Ok(read) => return read,
                Err(problem) => problems.push(*problem),
            }
        }
        false
    }

    fn blank_lines(&self) -> u64 {
        self.blank_lines
    }
}
