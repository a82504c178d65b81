//! An interface's answer as rows: the objects of one array inside each of a file's rows.
//!
//! `{"data": [{"usage": 1}, {"usage": 2}]}` is one row with one cell of raw text; here it becomes two
//! rows with the column `usage`, each with its own lines. Rows without the array, and elements that
//! are no objects, are problems. One answer is held in memory at a time.

use std::ops::Range;
use std::sync::Arc;

use super::flatten::Columns;
use super::json;
use super::row::{Header, Row, RowSource};
use crate::problem::{Place, Problem, Problems, catalogue};

/// The elements of an array of each row of another source.
pub struct Elements<'s> {
    source: &'s mut dyn RowSource,
    list: &'static str,
    columns: Columns,
    /// The array of the present row, and where it begins in the file.
    text: String,
    line: u64,
    byte: u64,
    parts: Vec<Range<usize>>,
    next: usize,
    /// What was found wrong while looking for the columns.
    early: Problems,
}

impl<'s> Elements<'s> {
    /// Takes the rows of `source` apart, whose arrays stand in the column `list`. The columns of
    /// the first answer are known at once; later ones may add to them.
    pub fn new(source: &'s mut dyn RowSource, list: &'static str) -> Elements<'s> {
        let mut elements = Elements {
            source,
            list,
            columns: Columns::default(),
            text: String::new(),
            line: 1,
            byte: 0,
            parts: Vec::new(),
            next: 0,
            early: Problems::default(),
        };
        let mut early = Problems::default();
        elements.answer(&mut early);
        elements.early = early;
        let mut row = Row::default();
        for part in elements.parts.clone() {
            row.clear(1, 0);
            // What is wrong with it is told when its turn comes.
            let _ = elements.columns.row(&elements.text[part], &mut row);
        }
        elements
    }

    /// Reads the next row of the source; false at its end.
    fn answer(&mut self, problems: &mut Problems) -> bool {
        let mut row = Row::default();
        if !self.source.next_row(&mut row, problems) {
            return false;
        }
        (self.next, self.parts) = (0, Vec::new());
        let file = self.source.file().clone();
        let column = self.source.header().find(self.list).and_then(Result::ok);
        let Some((column, text)) = column.and_then(|c| Some((c, row.get(c)?))) else {
            let message = format!("{} is missing", self.list);
            let place = Place::line(&file, row.line());
            let problem = Problem::new(&catalogue::BAD_JSON, message).at(place);
            problems.push(problem.help("save the answer as it is"));
            return true;
        };
        self.text = text.to_string();
        let place = row.place(&file, column);
        self.line = place.line.unwrap_or(row.line());
        self.byte = place.byte.unwrap_or(row.byte());
        let start = |part: &str| part.as_ptr() as usize - self.text.as_ptr() as usize;
        let parts = match json::elements(&self.text) {
            Ok(parts) => parts
                .iter()
                .map(|part| start(part)..start(part) + part.len())
                .collect(),
            Err(_) => {
                let message = format!("{} is no list", self.list);
                let problem = Problem::new(&catalogue::BAD_JSON, message).at(place);
                problems.push(problem.help("save the answer as it is"));
                Vec::new()
            }
        };
        self.parts = parts;
        true
    }

    fn line_of(&self, at: usize) -> u64 {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        self.line + memchr::memchr_iter(b'\n', before).count() as u64
    }

    /// Fills the row with an element.
    fn element(&mut self, part: Range<usize>, row: &mut Row) -> Result<(), Problem> {
        let line = self.line_of(part.start);
        row.clear(line, self.byte + part.start as u64);
        let value = &self.text[part.clone()];
        let fault = match value.starts_with('{') {
            true => match self.columns.row(value, row) {
                Ok(()) => {
                    let at = |byte: &u64| self.line_of((byte - self.byte) as usize);
                    row.cell_lines = row.cell_bytes.iter().map(at).collect();
                    return Ok(());
                }
                Err(fault) => fault.message,
            },
            false => "this element is not a JSON object".to_string(),
        };
        let place = Place {
            file: self.source.file().clone(),
            line: Some(line),
            column: None,
            byte: Some(self.byte + part.start as u64),
        };
        Err(Problem::new(&catalogue::BAD_JSON, fault)
            .at(place)
            .help("save the answer as it is"))
    }
}

impl RowSource for Elements<'_> {
    fn file(&self) -> &Arc<str> {
        self.source.file()
    }

    fn header(&self) -> &Header {
        self.columns.header()
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        problems.extend(std::mem::take(&mut self.early));
        loop {
            while let Some(part) = self.parts.get(self.next).cloned() {
                self.next += 1;
                match self.element(part, row) {
                    Ok(()) => return true,
                    Err(problem) => problems.push(problem),
                }
            }
            if !self.answer(problems) {
                return false;
            }
        }
    }

    fn blank_lines(&self) -> u64 {
        self.source.blank_lines()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Body, How, open_reader};

    /// Line and cells of every row, and code and line of every problem.
    type Found = (
        Vec<String>,
        Vec<(u64, Vec<String>)>,
        Vec<(&'static str, Option<u64>)>,
    );

    fn elements(text: &str) -> Found {
        let bytes = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let mut opened = open_reader(bytes, "a.json", &How::default()).unwrap();
        let Body::Table(mut source) = opened.remove(0).body else {
            panic!("rows");
        };
        let mut elements = Elements::new(source.as_mut(), "data");
        let known = elements.header().names().to_vec();
        let (mut rows, mut problems) = (Vec::new(), Problems::default());
        let mut row = Row::default();
        while elements.next_row(&mut row, &mut problems) {
            let cells = (0..row.len()).map(|c| row.get(c).unwrap_or("-").to_string());
            rows.push((row.line(), cells.collect()));
        }
        let problems = problems.kept().iter();
        let place = |problem: &Problem| problem.place.as_ref().and_then(|place| place.line);
        let problems = problems.map(|p| (p.entry.code, place(p))).collect();
        (known, rows, problems)
    }

    #[test]
    fn every_element_is_a_row_with_its_line() {
        let text = "{\"x\": 1, \"data\": [\n {\"a\": 1},\n {\"b\": {\"c\": \"2\"}}]}\n{\"data\": [{\"a\": 3}]}\n";
        let (known, rows, problems) = elements(text);
        assert_eq!(known, ["a", "b.c"]);
        let cells = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            rows,
            [
                (2, cells(&["1", "-"])),
                (3, cells(&["-", "2"])),
                (4, cells(&["3", "-"])),
            ]
        );
        assert!(problems.is_empty());
    }

    #[test]
    fn what_is_no_list_of_objects_is_told() {
        let (_, rows, problems) = elements("{\"data\": [{\"a\": 1},\n 5,\n {\"a\": 2}]}\n");
        assert_eq!(rows.len(), 2);
        assert_eq!(problems, [("T3018", Some(2))]);
        let (_, rows, problems) = elements("{\"data\": 7}\n{\"more\": 1}\n");
        assert!(rows.is_empty());
        assert_eq!(problems, [("T3018", Some(1)), ("T3018", Some(2))]);
        assert!(elements("{\"data\": []}\n").1.is_empty());
    }
}
