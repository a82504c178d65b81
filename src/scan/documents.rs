//! JSON documents: one object, an array of objects, or several of either one after another.
//!
//! Each object is one row, flattened like a line of JSON lines, and each cell knows its own line. A
//! document is held in memory as a whole and checked before its first row, so that a row is never
//! taken from a text that turns out to be cut off.

use std::ops::Range;
use std::sync::Arc;

use super::flatten::Columns;
use super::json::{self, Fault};
use super::row::{Header, Row, RowSource};
use super::window::line_starts;
use super::{How, Limits};
use crate::problem::{Place, Problem, Problems, catalogue};

/// A JSON document as a stream of rows.
pub(super) struct Documents {
    name: Arc<str>,
    text: String,
    limits: Limits,
    columns: Columns,
    /// Where each line begins in `text`.
    lines: Vec<usize>,
    /// The objects in `text`, and whatever stands in their place.
    values: Vec<Range<usize>>,
    next: usize,
}

impl Documents {
    /// Takes the text apart.
    ///
    /// # Errors
    /// It is no JSON, ends too early, or names a key twice.
    pub(super) fn new(name: &Arc<str>, text: String, how: &How) -> Result<Documents, Problem> {
        let values = values(&text).map_err(|fault| bad(name, &text, fault))?;
        Ok(Documents {
            name: name.clone(),
            lines: line_starts(&text),
            text,
            limits: how.limits.clone(),
            columns: Columns::default(),
            values,
            next: 0,
        })
    }

    /// The text of the document.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What the file is recognized by: its columns, and the names of objects that were empty so far.
    pub(super) fn known_names(&self) -> Header {
        self.columns.known_names()
    }

    /// Begins again with the first row; the columns seen stay.
    pub(super) fn rewind(&mut self) {
        self.next = 0;
    }

    fn line_of(&self, byte: usize) -> u64 {
        self.lines.partition_point(|start| *start <= byte) as u64
    }

    fn object(&mut self, range: Range<usize>, row: &mut Row) -> Result<(), Problem> {
        let value = &self.text[range.clone()];
        row.clear(self.line_of(range.start), range.start as u64);
        if !value.starts_with('{') {
            let message = "this element is not a JSON object";
            return Err(self.problem(range.start, message.to_string()));
        }
        if let Err(fault) = self.columns.row(value, row) {
            // The text is valid JSON, so the fault is one of the keys, on the fault's own line.
            let byte = range.start + fault.column.saturating_sub(1);
            return Err(self.problem(byte, fault.message));
        }
        let place = |byte: &u64| self.line_of(*byte as usize);
        row.cell_lines = row.cell_bytes.iter().map(place).collect();
        let too_many = self.columns.too_many(&self.limits, row, &self.name);
        if too_many.is_some() {
            self.next = self.values.len();
        }
        too_many.map_or(Ok(()), Err)
    }

    fn problem(&self, byte: usize, message: String) -> Problem {
        let place = Place {
            file: self.name.clone(),
            line: Some(self.line_of(byte)),
            column: None,
            byte: Some(byte as u64),
        };
        Problem::new(&catalogue::BAD_JSON, message)
            .at(place)
            .help("an export is one JSON object or an array of them; `jq -c .` shows its shape")
    }
}

/// The objects of the text: its root values, and of an array its elements.
fn values(text: &str) -> Result<Vec<Range<usize>>, Fault> {
    let mut all = Vec::new();
    for value in json::values(text)? {
        match value.starts_with('[') {
            true => all.extend(json::elements(value)?),
            false => all.push(value),
        }
    }
    let start = |part: &str| (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let range = |part: &&str| start(part)..start(part) + part.len();
    Ok(all.iter().map(range).collect())
}

/// A text that is no JSON, as a problem.
pub(super) fn bad(name: &Arc<str>, text: &str, fault: Fault) -> Problem {
    let lines_before = fault.line.saturating_sub(1);
    let start: usize = text
        .split_inclusive('\n')
        .take(lines_before)
        .map(str::len)
        .sum();
    let byte = (start + fault.column.saturating_sub(1)).min(text.len());
    let place = Place {
        file: name.clone(),
        line: Some(fault.line as u64),
        column: None,
        byte: Some(byte as u64),
    };
    let (entry, message, help) = match fault.cut_off {
        true => (
            &catalogue::CUT_OFF,
            "the JSON document ends too early".to_string(),
            "download or export the file again",
        ),
        false => (
            &catalogue::BAD_JSON,
            format!("not valid JSON: {}", fault.message),
            "a file holds JSON documents, or one object per line; `jq -c .` writes them so",
        ),
    };
    Problem::new(entry, message).at(place).help(help)
}

impl RowSource for Documents {
    fn file(&self) -> &Arc<str> {
        &self.name
    }

    fn header(&self) -> &Header {
        self.columns.header()
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        while let Some(range) = self.values.get(self.next).cloned() {
            self.next += 1;
            match self.object(range, row) {
                Ok(()) => return true,
                Err(problem) => problems.push(problem),
            }
        }
        false
    }

    fn blank_lines(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header, rows (`~` for an absent cell) with the line of each, and problems (code, line).
    type Outcome = (Vec<String>, Vec<String>, Vec<(&'static str, u64)>);

    fn read(text: &str) -> Outcome {
        let name: Arc<str> = "page.json".into();
        let mut problems = Problems::default();
        let mut rows = Vec::new();
        let mut header = Vec::new();
        match Documents::new(&name, text.to_string(), &How::default()) {
            Err(problem) => problems.push(problem),
            Ok(mut source) => {
                let mut row = Row::default();
                while source.next_row(&mut row, &mut problems) {
                    let cells = (0..row.len()).map(|at| row.get(at).unwrap_or("~"));
                    let cells: Vec<&str> = cells.collect();
                    rows.push(format!("{}:{}", row.line(), cells.join("|")));
                }
                header = source.header().names().to_vec();
            }
        }
        let place = |p: &Problem| (p.entry.code, p.place.as_ref().unwrap().line.unwrap());
        (header, rows, problems.kept().iter().map(place).collect())
    }

    #[test]
    fn one_object_is_one_row_and_arrays_keep_their_text() {
        let (header, rows, problems) =
            read("\n{\n \"data\": [1,\n 2], \"next\": {\"page\": 3}\n}\n");
        assert_eq!(header, ["data", "next.page"]);
        assert_eq!(rows, ["2:[1,\n 2]|3"]);
        assert_eq!(problems, []);
    }

    #[test]
    fn elements_and_documents_one_after_another_are_rows() {
        let (_, rows, problems) = read("[{\"a\":1},\n {\"a\":2}]\n{\"a\":3} {\n\"b\":4}");
        assert_eq!(rows, ["1:1", "2:2", "3:3", "3:~|4"]);
        assert_eq!(problems, []);
    }

    #[test]
    fn cells_know_their_lines() {
        let name: Arc<str> = "page.json".into();
        let text = "{\n\"a\": 1,\n\"b\":\n {\"c\": 2}}";
        let mut source = Documents::new(&name, text.to_string(), &How::default()).unwrap();
        let mut row = Row::default();
        assert!(source.next_row(&mut row, &mut Problems::default()));
        let places: Vec<_> = (0..2).map(|at| row.place(&name, at)).collect();
        assert_eq!((places[0].line, places[0].byte), (Some(2), Some(7)));
        assert_eq!((places[1].line, places[1].byte), (Some(4), Some(22)));
    }

    #[test]
    fn what_is_no_document_is_refused_at_its_line() {
        for (text, code, line) in [
            ("{\"a\": [1,\n", "T3015", 2),
            ("[{\"a\": 1},\n{\"b\": ", "T3015", 2),
            ("[{\"a\": 1}]\n{\"a\": 01}", "T3018", 2),
            ("{\"a\": 1},\n{\"a\": 2}", "T3018", 1),
            ("{\n\"a\": 1,\n\"a\": 2}", "T3018", 3),
            ("{\n\"a\": [{\"b\": 1,\n\"b\": 1}]}", "T3018", 3),
        ] {
            let (_, rows, problems) = read(text);
            assert_eq!((rows.len(), problems), (0, vec![(code, line)]), "{text}");
        }
    }

    #[test]
    fn an_element_that_is_no_object_is_passed_over() {
        let (_, rows, problems) =
            read("[{\"a\":1},\n3,\n{\"a.b\":1,\n\"a\":{\"b\":2}},\n{\"a\":4}]");
        assert_eq!(rows, ["1:1", "5:4|~"]);
        assert_eq!(problems, [("T3018", 2), ("T3018", 4)]);
    }
}
