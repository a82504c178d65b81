//! JSON lines: one object per line, nested objects flattened to dotted columns.
//!
//! A line that is not an object is a problem; the lines after it are read.

use std::sync::Arc;

use super::csv::line_too_long;
use super::flatten::Columns;
use super::json::Fault;
use super::pieces::{Form, Pieces};
use super::row::{Header, Row, RowSource};
use super::window::Window;
use super::{How, Limits};
use crate::problem::{Place, Problem, Problems, catalogue};

/// A file of JSON lines as a stream of rows.
pub(super) struct JsonLines {
    window: Window,
    limits: Limits,
    columns: Columns,
    blank_lines: u64,
    done: bool,
}

impl JsonLines {
    /// Begins with columns that are known from a look at the beginning.
    pub(super) fn new(window: Window, how: &How, known: &Header) -> JsonLines {
        JsonLines::with(window, &how.limits, known)
    }

    /// The same for a piece of a file.
    pub(super) fn with(window: Window, limits: &Limits, known: &Header) -> JsonLines {
        JsonLines {
            window,
            limits: limits.clone(),
            columns: Columns::knowing(known),
            blank_lines: 0,
            done: false,
        }
    }

    /// What the file is recognized by: its columns, and the names of objects that were empty so far.
    pub(super) fn known_names(&self) -> Header {
        self.columns.known_names()
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
        if let Err(fault) = self.columns.row(line, row) {
            return Err(Box::new(self.bad_line(fault, end, terminated)));
        }
        if let Some(problem) = self.columns.too_many(&self.limits, row, self.window.name()) {
            return Err(self.stop(problem));
        }
        Ok(())
    }

    /// The problem of a line. It shows nothing of the line: logs hold what people wrote to models.
    fn bad_line(&self, fault: Fault, end: usize, terminated: bool) -> Problem {
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
        Problem::new(entry, message).at(place).help(help)
    }
}

impl RowSource for JsonLines {
    fn file(&self) -> &Arc<str> {
        self.window.name()
    }

    fn header(&self) -> &Header {
        self.columns.header()
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

    fn pieces(&mut self, size: usize) -> Option<Pieces> {
        let start = (self.window.line(), self.window.byte());
        let (bytes, stream) = self.window.take_bytes()?;
        self.done = true;
        let form = Form::Lines {
            limits: self.limits.clone(),
            header: self.columns.header().clone(),
        };
        Some(Pieces::new(form, stream, bytes, start, size))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::scan::decode::Decoder;
    use crate::scan::unpack::{Packing, Unpacked};
    use crate::scan::{How, Receipt};

    /// Header, rows (`~` for an absent cell) and problems (code, line, byte), in blocks of a size.
    type Outcome = (Vec<String>, Vec<String>, Vec<(&'static str, u64, u64)>, u64);

    fn scan_with(text: &str, how: &How, block: usize) -> Outcome {
        let name: Arc<str> = "log.jsonl".into();
        let stream = Unpacked::new(
            &name,
            Box::new(Cursor::new(text.as_bytes().to_vec())),
            Packing::Plain,
            &Receipt::default(),
            &how.limits,
        )
        .unwrap();
        let window = Window::new(&name, Decoder::new(stream, Vec::new(), false, block));
        let mut source = JsonLines::new(window, how, &Header::default());
        let mut problems = Problems::default();
        let mut row = Row::default();
        let mut rows = Vec::new();
        while source.next_row(&mut row, &mut problems) {
            assert_eq!(row.len(), source.header().len());
            let cells: Vec<&str> = (0..row.len())
                .map(|at| row.get(at).unwrap_or("~"))
                .collect();
            rows.push(cells.join("|"));
        }
        let places = problems.kept().iter().map(|problem| {
            let place = problem.place.as_ref().unwrap();
            (problem.entry.code, place.line.unwrap(), place.byte.unwrap())
        });
        (
            source.header().names().to_vec(),
            rows,
            places.collect(),
            source.blank_lines(),
        )
    }

    fn scan(text: &str) -> Outcome {
        let whole = scan_with(text, &How::default(), 1 << 20);
        for block in [1, 3, 10] {
            assert_eq!(scan_with(text, &How::default(), block), whole);
        }
        whole
    }

    #[test]
    fn values_keep_their_text() {
        let (header, rows, problems, _) = scan(concat!(
            r#"{"id":"a\n\u00e9","n":0.10,"big":12345678901234567890,"e":1E-7,"t":true,"x":null,"l":[1, {"k":2}]}"#,
            "\n"
        ));
        assert_eq!(header, ["id", "n", "big", "e", "t", "x", "l"]);
        assert_eq!(
            rows,
            ["a\né|0.10|12345678901234567890|1E-7|true|~|[1, {\"k\":2}]"]
        );
        assert_eq!(problems, []);
    }

    #[test]
    fn nested_objects_become_dotted_columns() {
        let (header, rows, problems, blank) = scan(
            "{\"who\":\"acme\",\"usage\":{\"in\":5,\"more\":{\"out\":6}}}\r\n\r\n{\"usage\":{\"more\":{},\"in\":7},\"who\":\"umbra\",\"new\":1}",
        );
        assert_eq!(header, ["who", "usage.in", "usage.more.out", "new"]);
        // The first row is read when the last column is not known yet.
        assert_eq!(rows, ["acme|5|6", "umbra|7|~|1"]);
        assert_eq!((problems, blank), (vec![], 1));
    }

    #[test]
    fn lines_that_are_no_objects_are_told_and_passed_over() {
        let (_, rows, problems, _) =
            scan("{\"a\":1}\n{\"a\":2,}\n[3]\n{\"a\":4} x\n{\"a\":05}\n{\"a\":6}\n");
        assert_eq!(rows, ["1", "6"]);
        let lines: Vec<_> = problems
            .iter()
            .map(|(code, line, _)| (*code, *line))
            .collect();
        assert_eq!(
            lines,
            [("T3018", 2), ("T3018", 3), ("T3018", 4), ("T3018", 5)]
        );
        // Nothing follows the comma at byte 14; the brace behind it is told.
        assert_eq!(problems[0].2, 15);
    }

    #[test]
    fn repeated_keys_are_refused() {
        for text in [
            "{\"a\":1,\"a\":1}\n",
            "{\"a\":null,\"a\":1}\n",
            "{\"a\":{},\"a\":1}\n",
            "{\"a\":{\"b\":1,\"b\":2}}\n",
            "{\"a.b\":1,\"a\":{\"b\":2}}\n",
            "{\"a\":[{\"b\":1,\"b\":2}]}\n",
            "{\"a\":1,\"\\u0061\":2}\n",
            "{\"a\":1,\" a\":2}\n",
        ] {
            let (_, rows, problems, _) = scan(&format!("{text}{{\"z\":1}}\n"));
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!((problems[0].0, problems[0].1), ("T3018", 1), "{text}");
        }
        // The same key in another row, or in another object, is no repetition.
        let (_, rows, problems, _) = scan("{\"a\":{\"b\":1},\"b\":2}\n{\"b\":3}\n");
        assert_eq!((rows.len(), problems.len()), (2, 0));
    }

    #[test]
    fn a_bad_row_leaves_no_trace_in_the_next() {
        let (_, rows, problems, _) =
            scan("{\"a\":1,\"b\":2}\n{\"b\":3,\"a\":4,\"b\":5}\n{\"b\":6,\"a\":7}\n");
        assert_eq!(rows, ["1|2", "7|6"]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn cut_off_long_and_broad() {
        let (_, rows, problems, _) = scan("{\"a\":1}\n{\"a\":2,\"b");
        assert_eq!((rows.len(), problems[0].0, problems[0].1), (1, "T3015", 2));
        // In the middle of a file it is another line that is wrong, not the download.
        let (_, _, problems, _) = scan("{\"a\":1,\n{\"a\":2}\n");
        assert_eq!((problems[0].0, problems[0].1), ("T3018", 1));
        let how = How {
            limits: Limits {
                max_line: 12,
                max_columns: 2,
                ..Limits::default()
            },
            ..How::default()
        };
        for block in [1, 5, 1 << 20] {
            let (_, rows, problems, _) =
                scan_with("{\"a\":1}\n{\"a\":12345678}\n{\"a\":1}\n", &how, block);
            assert_eq!((rows.len(), problems), (1, vec![("T5001", 2, 8)]));
            let (_, rows, problems, _) =
                scan_with("{\"a\":1}\n{\"b\":1}\n{\"c\":1}\n{\"a\":1}\n", &how, block);
            assert_eq!((rows.len(), problems), (2, vec![("T5002", 3, 21)]));
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
        assert_eq!(scan(&deep).2[0].0, "T3018");
    }

    #[test]
    fn cells_know_their_place() {
        let name: Arc<str> = "log.jsonl".into();
        let text = "{}\n{\"a\": \"x\", \"u\": {\"in\": 5}}\n";
        let stream = Unpacked::new(
            &name,
            Box::new(Cursor::new(text.as_bytes().to_vec())),
            Packing::Plain,
            &Receipt::default(),
            &Limits::default(),
        )
        .unwrap();
        let window = Window::new(&name, Decoder::new(stream, Vec::new(), false, 9));
        let mut source = JsonLines::new(window, &How::default(), &Header::default());
        let (mut row, mut problems) = (Row::default(), Problems::default());
        assert!(source.next_row(&mut row, &mut problems) && row.is_empty());
        assert!(source.next_row(&mut row, &mut problems));
        let place = row.place(&name, 1);
        assert_eq!((place.line, place.byte), (Some(2), Some(26)));
        assert_eq!(&text[26..27], "5");
    }
    fn flatten(value: &serde_json::Value, path: &str, found: &mut Vec<(String, String)>) {
        for (key, value) in value.as_object().unwrap() {
            let path = match path {
                "" => key.clone(),
                _ => format!("{path}.{key}"),
            };
            match value {
                serde_json::Value::Object(_) => flatten(value, &path, found),
                serde_json::Value::String(text) => found.push((path, text.clone())),
                serde_json::Value::Null => found.push((path, "~".to_string())),
                other => found.push((path, other.to_string())),
            }
        }
    }

    fn object() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            "[a\"\\\\\né漢😀\u{1}]{0,4}".prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
            prop::collection::vec(any::<u8>(), 0..3).prop_map(serde_json::Value::from),
        ];
        let map = |value| prop::collection::btree_map("[a-d\"é]{1,2}", value, 0..5);
        let object = |pairs: std::collections::BTreeMap<String, serde_json::Value>| {
            serde_json::Value::from_iter(pairs)
        };
        let nested = leaf.prop_recursive(3, 20, 4, move |inner| map(inner).prop_map(object));
        map(nested.boxed()).prop_map(object)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Every value arrives under its path, whatever rows came before.
        #[test]
        fn flattening_keeps_every_value(
            objects in prop::collection::vec(object(), 0..6),
            block in 1..30usize,
        ) {
            let text: String = objects.iter().map(|object| format!("{object}\n")).collect();
            let (header, rows, problems, _) = scan_with(&text, &How::default(), block);
            prop_assert_eq!(problems, vec![]);
            prop_assert_eq!(rows.len(), objects.len());
            for (row, object) in rows.iter().zip(&objects) {
                let mut expected = Vec::new();
                flatten(object, "", &mut expected);
                let cells: Vec<&str> = match row.as_str() {
                    "" if expected.is_empty() => vec![],
                    row => row.split('|').collect(),
                };
                for (path, value) in &expected {
                    let column = header.iter().position(|name| name == path).unwrap();
                    prop_assert_eq!(cells[column], value);
                }
                let filled = cells.iter().filter(|cell| **cell != "~").count();
                let values = expected.iter().filter(|(_, value)| value != "~").count();
                prop_assert_eq!(filled, values);
            }
        }
    }
}
