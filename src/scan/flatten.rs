//! A JSON object as a row: nested objects are flattened to dotted columns.
//!
//! `{"usage": {"input_tokens": 5}}` gives the column `usage.input_tokens`. Strings are unescaped,
//! numbers and arrays keep their text, booleans are `true` and `false`, and null is an absent cell.

use std::sync::Arc;

use super::Limits;
use super::json::{self, Fault};
use super::row::{Header, Row};
use crate::problem::{Problem, catalogue};

/// Objects nested deeper are refused.
const MAX_DEPTH: usize = 32;

/// The dotted paths seen so far. A path keeps its number; only paths with values have columns.
#[derive(Default)]
pub(super) struct Columns {
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

impl Columns {
    /// Begins with columns that are known from a look at the beginning.
    pub(super) fn knowing(known: &Header) -> Columns {
        let mut columns = Columns::default();
        for name in known.names() {
            columns.scratch.clone_from(name);
            let path = columns.path();
            columns.column(path);
        }
        columns.seen = 0;
        columns.order.clear();
        columns
    }

    /// The columns seen so far.
    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The columns and, behind them, the names of objects that were empty wherever they stood.
    pub(super) fn known_names(&self) -> Header {
        let mut names = self.header.clone();
        for name in self.empty_objects() {
            names.push(name);
        }
        names
    }

    /// The paths of objects that were empty wherever they stood. They have no columns.
    fn empty_objects(&self) -> impl Iterator<Item = &str> {
        let is_parent = |name: &str| {
            let below = |path: &Path| {
                path.name
                    .strip_prefix(name)
                    .map(|rest| rest.starts_with('.'))
            };
            self.paths.iter().any(|path| below(path) == Some(true))
        };
        let without = self.paths.iter().filter(|path| path.column.is_none());
        without
            .map(|path| &*path.name)
            .filter(move |name| !is_parent(name))
    }

    /// Fills the row, whose line and byte are set, with the values of the object. Faults are
    /// placed by their byte in `object`.
    pub(super) fn row(&mut self, object: &str, row: &mut Row) -> Result<(), Fault> {
        self.begin(row);
        self.take(object, object, row, 0)?;
        self.finish();
        Ok(())
    }

    /// The problem of objects with more keys than a file may have columns.
    pub(super) fn too_many(&self, limits: &Limits, row: &Row, file: &Arc<str>) -> Option<Problem> {
        let most = limits.max_columns;
        (self.header.len() > most).then(|| {
            let message = format!("the lines up to here have more than {most} different keys");
            Problem::new(&catalogue::TOO_MANY_COLUMNS, message)
                .at(row.place(file, most))
                .help(super::MORE_COLUMNS)
        })
    }

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
            // Header names are trimmed too; keys that differ only so are one key twice.
            let key = trimmed(&key);
            self.scratch.truncate(parent);
            let nested = value.as_bytes()[0] == b'{';
            let expected = match nested {
                true => None,
                false => self.expected(parent, key),
            };
            let path = match expected {
                Some(path) => path,
                None => {
                    if parent > 0 {
                        self.scratch.push('.');
                    }
                    self.scratch.push_str(key);
                    self.path()
                }
            };
            if self.paths[path].row == self.rows {
                return Err(json::twice(&self.paths[path].name));
            }
            self.paths[path].row = self.rows;
            let result = match nested {
                true => self.take(line, value, row, depth + 1),
                false => self.value(line, path, value, row),
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

    /// The number of the path of a key in the object at hand, if the row before had it in the same
    /// place; then it is taken as seen. Only where the object is the row itself, whose paths are
    /// its keys.
    fn expected(&mut self, parent: usize, key: &str) -> Option<usize> {
        let path = *self.order.get(self.seen)?;
        let same = parent == 0 && *self.paths[path].name == *key;
        self.seen += usize::from(same);
        same.then_some(path)
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

/// A key without blanks around it, which nearly none has.
fn trimmed(key: &str) -> &str {
    match key.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => key,
        _ => key.trim(),
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
