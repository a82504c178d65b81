//! Rows from text, for the unit tests of the readers: a plain CSV or JSON-lines source without any
//! of the strictness of `scan`.

use std::sync::Arc;

use crate::formats::golden::UsageRecords;
use crate::formats::{Reader, Sample, Settings, Tally};
use crate::problem::{Problem, Problems};
use crate::scan::{self, Body, Header, How, Opened, Row, RowSource};

/// A table held in memory. Its columns may be revealed one row at a time, as JSON lines do.
pub(crate) struct Table {
    file: Arc<str>,
    header: Header,
    rows: Vec<(u64, Vec<String>)>,
    next: usize,
    grows: bool,
}

/// A CSV file; cells may be quoted, no cell spans lines.
pub(crate) fn table(file: &str, text: &str) -> Table {
    let mut lines = text.lines().map(cells).enumerate();
    let (_, header) = lines.next().unwrap_or_default();
    Table {
        file: file.into(),
        header: Header::new(header),
        rows: lines.map(|(at, row)| (at as u64 + 1, row)).collect(),
        next: 0,
        grows: false,
    }
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

/// JSON lines: nested keys are joined by dots, columns appear as the rows are read.
pub(crate) fn json_lines(file: &str, text: &str) -> Table {
    let mut header = Header::default();
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).expect("test data is JSON");
        let mut flat = Vec::new();
        flatten("", &value, &mut flat);
        let mut row = vec![String::new(); header.len()];
        for (name, cell) in flat {
            let column = match header.find(&name) {
                Some(Ok(column)) => column,
                _ => header.push(&name),
            };
            row.resize(header.len(), String::new());
            row[column] = cell;
        }
        rows.push((at as u64 + 1, row));
    }
    Table {
        file: file.into(),
        header,
        rows,
        next: 0,
        grows: true,
    }
}

fn flatten(path: &str, value: &serde_json::Value, into: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(&path, value, into);
            }
        }
        serde_json::Value::Null => {}
        serde_json::Value::String(text) => into.push((path.to_string(), text.clone())),
        other => into.push((path.to_string(), other.to_string())),
    }
}

impl Table {
    fn visible(&self) -> usize {
        match self.rows.get(self.next.saturating_sub(1)) {
            Some((_, row)) if self.grows => row.len(),
            _ => self.header.len(),
        }
    }
}

/// A source whose header shows only the columns seen so far.
pub(crate) struct Growing {
    table: Table,
    seen: Header,
}

/// JSON lines whose header grows from row to row.
pub(crate) fn growing(file: &str, text: &str) -> Growing {
    Growing {
        table: json_lines(file, text),
        seen: Header::default(),
    }
}

impl RowSource for Growing {
    fn file(&self) -> &Arc<str> {
        &self.table.file
    }

    fn header(&self) -> &Header {
        &self.seen
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        let more = self.table.next_row(row, problems);
        for column in self.seen.len()..self.table.visible().max(self.seen.len()) {
            self.seen.push(self.table.header.name(column));
        }
        more
    }

    fn blank_lines(&self) -> u64 {
        0
    }
}

impl RowSource for Table {
    fn file(&self) -> &Arc<str> {
        &self.file
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_row(&mut self, row: &mut Row, _: &mut Problems) -> bool {
        let Some((line, cells)) = self.rows.get(self.next) else {
            return false;
        };
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        *row = Row::of_cells(*line, &cells);
        self.next += 1;
        true
    }

    fn blank_lines(&self) -> u64 {
        0
    }
}

/// Calls `check` with the sample that detection would see.
pub(crate) fn sample(file_name: &str, text: &str, check: impl FnOnce(&Sample<'_>)) {
    if text.starts_with(['{', '[']) {
        let peek = opened(file_name, text).expect("test data is JSON").peek;
        return check(&Sample {
            header: &peek.header,
            rows: &peek.rows,
            text: &peek.text,
            file_name,
        });
    }
    let first = text.lines().next().unwrap_or("");
    check(&Sample {
        header: &table(file_name, first).header,
        rows: &[],
        text,
        file_name,
    });
}

/// Reads the objects of a JSON text as they come out of a file.
pub(crate) fn read_json(
    file_name: &str,
    text: &str,
    read: impl FnOnce(&mut dyn RowSource, &mut Problems) -> Tally,
) -> (Tally, Problems) {
    let mut problems = Problems::default();
    match opened(file_name, text).map(|opened| opened.body) {
        Ok(Body::Table(mut source)) => (read(source.as_mut(), &mut problems), problems),
        Ok(Body::Empty) => (Tally::default(), problems),
        Err(problem) => {
            problems.push(problem);
            (Tally::default(), problems)
        }
    }
}

fn opened(file_name: &str, text: &str) -> Result<Opened, Problem> {
    let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
    let mut opened = scan::open_reader(Box::new(bytes), file_name, &How::default())?;
    Ok(opened.remove(0))
}

/// Reads a log as the format of that name: its records in golden shape, what became of the rows,
/// and the problems.
pub(crate) fn read_log(
    format: &str,
    mut source: impl RowSource,
    settings: &Settings,
) -> (Vec<serde_json::Value>, Tally, Problems) {
    let (mut kept, mut problems) = (UsageRecords::default(), Problems::default());
    let Some(Reader::Usage(read)) = crate::formats::named(format).map(|format| format.read) else {
        panic!("{format} is no log");
    };
    let tally = read(&mut source, settings, &mut kept, &mut problems);
    (kept.records, tally, problems)
}

/// Settings that name the columns of fields.
pub(crate) fn columns(said: &[(&str, &str)]) -> Settings {
    let said = said.iter();
    Settings {
        columns: said
            .map(|(field, name)| (field.to_string(), name.to_string()))
            .collect(),
        ..Settings::default()
    }
}
