//! Hand-made cases, and the law that the block size never shows.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::scan::decode::{BLOCK, Decoder};
use crate::scan::unpack::{Packing, Unpacked};
use crate::scan::{How, Receipt};

/// Everything that came of a file.
#[derive(Debug, PartialEq)]
struct Outcome {
    header: Vec<String>,
    /// Line of each row, and its cells.
    rows: Vec<(u64, Vec<String>)>,
    /// Code, line, field and byte.
    problems: Vec<(&'static str, u64, usize, u64)>,
    blank: u64,
}

fn window(text: &[u8], block: usize) -> Window {
    let name: Arc<str> = "test.csv".into();
    let limits = Limits::default();
    let stream = Unpacked::new(
        &name,
        Box::new(Cursor::new(text.to_vec())),
        Packing::Plain,
        &Receipt::default(),
        &limits,
    )
    .unwrap();
    Window::new(&name, Decoder::new(stream, Vec::new(), false, block))
}

fn place(problem: &Problem) -> (&'static str, u64, usize, u64) {
    let place = problem.place.as_ref().unwrap();
    (
        problem.entry.code,
        place.line.unwrap_or(0),
        place.column.unwrap_or(0),
        place.byte.unwrap_or(0),
    )
}

fn scan_with(text: &[u8], how: &How, block: usize) -> Result<Outcome, Problem> {
    let mut source = CsvSource::new(window(text, block), how)?;
    let mut problems = Problems::default();
    let mut row = Row::default();
    let mut rows = Vec::new();
    while source.next_row(&mut row, &mut problems) {
        let cells = (0..row.len()).map(|at| row.get(at).unwrap().to_string());
        rows.push((row.line(), cells.collect()));
    }
    assert!(
        !source.next_row(&mut row, &mut problems),
        "the end stays the end"
    );
    Ok(Outcome {
        header: source.header().names().to_vec(),
        rows,
        problems: problems.kept().iter().map(place).collect(),
        blank: source.blank_lines(),
    })
}

fn scan(text: &str) -> Outcome {
    scan_with(text.as_bytes(), &How::default(), BLOCK).unwrap()
}

fn refused(text: &str) -> Problem {
    scan_with(text.as_bytes(), &How::default(), BLOCK).unwrap_err()
}

fn rows(outcome: &Outcome) -> Vec<Vec<&str>> {
    outcome
        .rows
        .iter()
        .map(|(_, cells)| cells.iter().map(String::as_str).collect())
        .collect()
}

/// The rows of a file that has no problem.
fn good(text: &str) -> Vec<Vec<String>> {
    let outcome = scan(text);
    assert_eq!(outcome.problems, []);
    outcome.rows.into_iter().map(|(_, cells)| cells).collect()
}

/// The only problem of a file, with its help.
fn one_problem(text: &str) -> (Outcome, String) {
    let outcome = scan(text);
    assert_eq!(outcome.problems.len(), 1, "{outcome:?}");
    let mut source = CsvSource::new(window(text.as_bytes(), BLOCK), &How::default()).unwrap();
    let mut problems = Problems::default();
    while source.next_row(&mut Row::default(), &mut problems) {}
    let problem = &problems.kept()[0];
    let words = format!("{} | {}", problem.message, problem.help.clone().unwrap());
    (outcome, words)
}

#[test]
fn plain_quoted_and_doubled() {
    let found = good("a,b,c\n1,\"x, y\",\"5\"\" disk\"\n\"\",\"\"\"\",\n");
    assert_eq!(found, [["1", "x, y", "5\" disk"], ["", "\"", ""]]);
    assert_eq!(good("\"a\",\"b\"\n\"\"\"q\"\"\",z\n"), [["\"q\"", "z"]]);
}

#[test]
fn cells_that_trip_other_readers() {
    assert_eq!(
        good("key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [102.0, 0.5]}\"\n"),
        [["1", "{\"type\": \"Point\", \"at\": [102.0, 0.5]}"]]
    );
    assert_eq!(
        good("a,b,c\r\n1,\"\",\"\"\r\n2,3,4\r\n"),
        [["1", "", ""], ["2", "3", "4"]]
    );
    assert_eq!(
        good("a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n"),
        [["1", "ha \n\"ha\" \nha"], ["3", "4"]]
    );
    assert_eq!(good("a,b\n1,ʤ\n2,漢😀\n"), [["1", "ʤ"], ["2", "漢😀"]]);
    // Ids stay text.
    assert_eq!(
        good("id,b\n00123,1E5\nNA,null\nTRUE,12345678901234567890\n"),
        [
            ["00123", "1E5"],
            ["NA", "null"],
            ["TRUE", "12345678901234567890"]
        ]
    );
}

#[test]
fn every_line_end_gives_the_same_rows() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,2", "3,4", ""].join(end);
        let outcome = scan(&text);
        assert_eq!(rows(&outcome), [["1", "2"], ["3", "4"]]);
        assert_eq!(outcome.rows[1].0, 3, "physical line with {end:?}");
    }
    let mixed = scan("a,b\r\n1,2\n3,4\r5,6\r\n");
    assert_eq!(rows(&mixed), [["1", "2"], ["3", "4"], ["5", "6"]]);
    assert_eq!(mixed.rows[2].0, 4);
}

#[test]
fn line_ends_inside_quotes_count_as_physical_lines() {
    let outcome = scan("a,b\n\"x\ny\r\nz\",1\n2,3\n");
    assert_eq!(rows(&outcome), [["x\ny\r\nz", "1"], ["2", "3"]]);
    assert_eq!(outcome.rows[0].0, 2);
    assert_eq!(outcome.rows[1].0, 5);
}

#[test]
fn last_row_needs_no_line_end() {
    assert_eq!(good("a,b\n1,2"), [["1", "2"]]);
    assert_eq!(good("a,b\n1,\"2\""), [["1", "2"]]);
    assert_eq!(good("a\n1"), [["1"]]);
}

#[test]
fn missing_line_end_is_noted() {
    for (text, expected) in [
        ("a,b\n1,2", true),
        ("a,b\n1,2\n", false),
        ("a,b\n1,\"2\"", false),
    ] {
        let mut source = CsvSource::new(window(text.as_bytes(), 3), &How::default()).unwrap();
        let receipt = source.window.receipt().clone();
        while source.next_row(&mut Row::default(), &mut Problems::default()) {}
        assert_eq!(receipt.unterminated(), expected);
    }
}

#[test]
fn blank_lines_are_passed_over_and_counted() {
    let outcome = scan("\n  \na,b\n\n1,2\n \t \n3,4\n\n");
    assert_eq!(rows(&outcome), [["1", "2"], ["3", "4"]]);
    assert_eq!((outcome.blank, outcome.rows[0].0), (5, 5));
    // Blank cells are no blank line.
    assert_eq!(good("a,b\n,\n"), [["", ""]]);
    assert_eq!(good("a\tb\n\t\n"), [["", ""]]);
}

#[test]
fn header_is_trimmed_and_tabs_are_accepted() {
    assert_eq!(scan(" a , cost\n1,2\n").header, ["a", "cost"]);
    let pasted = scan("a\tb\n1,5\t2\n");
    assert_eq!(pasted.header, ["a", "b"]);
    assert_eq!(rows(&pasted), [["1,5", "2"]]);
    assert_eq!(scan("id\n7\n").header, ["id"]);
}

#[test]
fn other_delimiters_are_proposed_not_assumed() {
    for (text, help) in [
        ("a;b;c\n1;2;3\n", "delimiter = \";\""),
        ("a|b\n1|2\n", "delimiter = \"|\""),
        ("day;net, EUR;who\n1;2,5;x\n", "delimiter = \";\""),
    ] {
        let problem = refused(text);
        assert_eq!(place(&problem), ("T3017", 1, 1, 0));
        assert!(problem.help.unwrap().contains(help));
    }
    let how = How {
        delimiter: Some(b';'),
        ..How::default()
    };
    let outcome = scan_with(b"a;b\n\"1;x\";2,5\n", &how, BLOCK).unwrap();
    assert_eq!(rows(&outcome), [["1;x", "2,5"]]);
}

#[test]
fn spreadsheet_separator_line() {
    let outcome = scan("sep=;\r\na;b\r\n1;2\r\n");
    assert_eq!(outcome.header, ["a", "b"]);
    assert_eq!(outcome.rows, [(3, vec!["1".into(), "2".into()])]);
}

#[test]
fn declared_lines_above_the_header() {
    let how = How {
        skip_lines: 2,
        ..How::default()
    };
    let outcome = scan_with(b"Report \"x\nPeriod: 1, 2\na,b\n1,2\n", &how, BLOCK).unwrap();
    assert_eq!(outcome.header, ["a", "b"]);
    assert_eq!(outcome.rows[0].0, 4);
    let (outcome, words) = one_problem("Costs of September\na,b\n");
    assert_eq!(outcome.problems, [("T3014", 2, 2, 21)]);
    assert!(words.contains("skip_lines = 1"), "{words}");
}

#[test]
fn empty_trailing_column_of_every_row() {
    let outcome = scan("a,b,\n1,2,\n");
    assert_eq!(outcome.header, ["a", "b", ""]);
    assert_eq!(rows(&outcome), [["1", "2", ""]]);
    let (outcome, words) = one_problem("a,b\n1,2,\n");
    assert_eq!(outcome.problems, [("T3014", 2, 3, 8)]);
    assert!(words.contains("ends with a delimiter"), "{words}");
}

#[test]
fn rows_of_another_width_are_told_and_passed_over() {
    let outcome = scan("a,b,c\n1,2\n3,4,5\n6,7,8,9\n10,11,12\n");
    assert_eq!(rows(&outcome), [["3", "4", "5"], ["10", "11", "12"]]);
    assert_eq!(outcome.problems, [("T3014", 2, 2, 8), ("T3014", 4, 4, 22)]);
    let (_, words) = one_problem("a,b,c\n1,2\n3,4,5\n");
    assert!(
        words.starts_with("the row has 2 cells, the header has 3"),
        "{words}"
    );
    let (_, words) = one_problem("a,b,c\n1;2;3\n3,4,5\n");
    assert!(
        words.contains("use ';' where the others use ','"),
        "{words}"
    );
}

#[test]
fn file_cut_inside_a_row() {
    let outcome = scan("a,b,c\n1,2,3\n4,5");
    assert_eq!(rows(&outcome), [["1", "2", "3"]]);
    assert_eq!(outcome.problems, [("T3015", 3, 2, 14)]);
    // Too wide is not cut off.
    assert_eq!(scan("a,b\n1,2,3").problems, [("T3014", 2, 3, 8)]);
}

#[test]
fn stray_quotes_end_the_file() {
    // Before, inside and behind a cell; the rows above are still given.
    let outcome = scan("a,b\n1,2\n3,x\"y\n4,5\n");
    assert_eq!(rows(&outcome), [["1", "2"]]);
    assert_eq!(outcome.problems, [("T3012", 3, 2, 11)]);
    assert_eq!(scan("a,b\n1,\"x\"y\n").problems, [("T3012", 2, 2, 6)]);
    assert_eq!(scan("a,b\n1,x\"\n").problems, [("T3012", 2, 2, 7)]);
    assert_eq!(scan("a,b\n1, \"x\"\n").problems, [("T3012", 2, 2, 7)]);
    // The quotation mark opened on line 2 swallows up to line 3, whose mark then seems to close.
    assert_eq!(scan("a,b\n1,\"x\n2,\"y\"\n").problems, [("T3012", 2, 2, 6)]);
    let (_, words) = one_problem("a,b\n1,\"x \\\"y\\\" z\"\n");
    assert!(words.contains("backslash"), "{words}");
}

#[test]
fn quote_never_closed() {
    let outcome = scan("a,b\n1,2\n\"3,4\n5,6\n");
    assert_eq!(rows(&outcome), [["1", "2"]]);
    assert_eq!(outcome.problems, [("T3013", 3, 1, 8)]);
    assert_eq!(scan("a,b\n1,\"").problems, [("T3013", 2, 2, 6)]);
    assert_eq!(place(&refused("a,\"b\n1,2\n")), ("T3013", 1, 2, 2));
}

#[test]
fn control_characters() {
    let outcome = scan("a,b\n1,c\0s\n3,4\n5,\"x\u{1b}[2J\"\n6,7\n");
    assert_eq!(rows(&outcome), [["3", "4"], ["6", "7"]]);
    assert_eq!(outcome.problems, [("T3011", 2, 2, 7), ("T3011", 4, 2, 18)]);
    let (outcome, words) = one_problem("a,b\n1,2\n\u{1a}");
    assert_eq!(outcome.problems, [("T3011", 3, 1, 8)]);
    assert!(words.contains("Ctrl-Z"), "{words}");
    assert_eq!(place(&refused("a\0,b\n")), ("T3011", 1, 1, 1));
    // Tabs are text.
    assert_eq!(good("a,b\nx\ty,\"p\tq\n\"\n"), [["x\ty", "p\tq\n"]]);
}

#[test]
fn repeated_header() {
    let outcome = scan("a,b\n1,2\na,b\n3,4\n\u{feff}a,b\n5,6\n");
    assert_eq!(rows(&outcome), [["1", "2"], ["3", "4"], ["5", "6"]]);
    assert_eq!(outcome.problems, [("T3031", 3, 1, 8), ("T3031", 5, 1, 16)]);
}

#[test]
fn files_without_rows() {
    assert_eq!(refused("").entry.code, "T3001");
    assert_eq!(refused("\n \r\n\n").entry.code, "T3001");
    assert_eq!(refused("sep=;\n").entry.code, "T3001");
    assert!(good("a,b\n").is_empty());
}

#[test]
fn limits() {
    let how = How {
        limits: Limits {
            max_line: 10,
            max_columns: 3,
            ..Limits::default()
        },
        ..How::default()
    };
    let scan = |text: &str, block| scan_with(text.as_bytes(), &how, block);
    for block in [1, 7, BLOCK] {
        let ten = scan("a,b\r\n1,90123456\r\n2,9012345\n", block).unwrap();
        assert_eq!(ten.problems, [], "ten bytes are no more than ten");
        assert_eq!(ten.rows.len(), 2);
        let eleven = scan("a,b\n1,2\n1,901234567\n3,4\n", block).unwrap();
        assert_eq!(eleven.problems, [("T5001", 3, 1, 8)]);
        let open = scan("a,b\n1,2\n1,\"0123456789\",\"\n", block).unwrap();
        assert_eq!(open.problems, [("T3013", 3, 2, 10)]);
        let header = scan("a,b,c,d\n", block).unwrap_err();
        assert_eq!(place(&header), ("T5002", 1, 4, 6));
        let header = scan("aaaaaaaaaaa,b\n", block).unwrap_err();
        assert_eq!(place(&header), ("T5001", 1, 1, 0));
    }
}

#[test]
fn zeros_without_end_are_a_line_too_long() {
    let problem = scan_with(&vec![0; 3 << 20], &How::default(), BLOCK).unwrap_err();
    assert_eq!(problem.entry.code, "T5001");
}

#[test]
fn text_that_is_not_utf8() {
    for block in [1, 2, 5, BLOCK] {
        let bytes = b"a,b\n1,2\n3,caf\xE9\n4,5\n";
        let outcome = scan_with(bytes, &How::default(), block).unwrap();
        assert_eq!(rows(&outcome), [["1", "2"]], "rows above are read");
        assert_eq!(outcome.problems, [("T3010", 3, 2, 13)]);
        // A character cut by the end of the file.
        let outcome = scan_with(b"a,b\n1,\xC3", &How::default(), block).unwrap();
        assert_eq!(outcome.problems, [("T3010", 2, 2, 6)]);
    }
}

/// A slow, obvious splitter: one character after the other over the whole text.
fn reference(text: &str) -> Outcome {
    let header = vec!["h".to_string(), "k".to_string()];
    let mut outcome = Outcome {
        header: header.clone(),
        rows: Vec::new(),
        problems: Vec::new(),
        blank: 0,
    };
    let bytes = text.as_bytes();
    let (mut at, mut line, mut first) = (0, 1, true);
    while at < bytes.len() {
        let (row_at, row_line) = (at, line);
        // Each cell: text, first byte, whether it was quoted.
        let mut cells: Vec<(String, usize, bool)> = Vec::new();
        let mut ended = false;
        'row: loop {
            let (start, start_line) = (at, line);
            let mut cell = String::new();
            let quoted = bytes.get(at) == Some(&b'"');
            if quoted {
                at += 1;
                loop {
                    match bytes.get(at) {
                        None => {
                            let place = ("T3013", start_line, cells.len() + 1, start as u64);
                            outcome.problems.push(place);
                            return outcome;
                        }
                        Some(b'"') if bytes.get(at + 1) == Some(&b'"') => {
                            cell.push('"');
                            at += 2;
                        }
                        Some(b'"') => {
                            at += 1;
                            break;
                        }
                        Some(byte) => {
                            let pair = *byte == b'\r' && bytes.get(at + 1) == Some(&b'\n');
                            line += u64::from(matches!(byte, b'\n' | b'\r') && !pair);
                            cell.push(char::from(*byte));
                            at += 1;
                        }
                    }
                }
            }
            loop {
                match bytes.get(at) {
                    Some(b',') => {
                        cells.push((cell, start, quoted));
                        at += 1;
                        continue 'row;
                    }
                    Some(b'\n' | b'\r') => {
                        let pair = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
                        at += 1 + usize::from(pair);
                        line += 1;
                        ended = true;
                    }
                    None => {}
                    Some(byte) if quoted || *byte == b'"' => {
                        let byte = if quoted { start } else { at };
                        let place = ("T3012", start_line, cells.len() + 1, byte as u64);
                        outcome.problems.push(place);
                        return outcome;
                    }
                    Some(byte) => {
                        cell.push(char::from(*byte));
                        at += 1;
                        continue;
                    }
                }
                cells.push((cell, start, quoted));
                break 'row;
            }
        }
        let only = cells.len() == 1 && !cells[0].2;
        if only && cells[0].0.chars().all(|c| c == ' ' || c == '\t') {
            outcome.blank += 1;
            continue;
        }
        let row: Vec<String> = cells.iter().map(|cell| cell.0.clone()).collect();
        let raw = &bytes[row_at..at];
        if let Some(bad) = raw.iter().position(|byte| *byte == 0) {
            let cell = cells.iter().filter(|cell| cell.1 <= row_at + bad).count();
            let before = &raw[..bad];
            let ends = before.iter().filter(|byte| **byte == b'\n').count()
                + (0..bad)
                    .filter(|i| raw[*i] == b'\r' && raw.get(i + 1) != Some(&b'\n'))
                    .count();
            let place = ("T3011", row_line + ends as u64, cell, (row_at + bad) as u64);
            outcome.problems.push(place);
        } else if row.len() != 2 {
            let column = row.len().min(3);
            let byte = cells[column - 1].1;
            let ends = raw[..byte - row_at].iter().filter(|b| **b == b'\n').count()
                + (row_at..byte)
                    .filter(|i| bytes[*i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'))
                    .count();
            let code = if row.len() < 2 && !ended {
                "T3015"
            } else {
                "T3014"
            };
            let place = (code, row_line + ends as u64, column, byte as u64);
            outcome.problems.push(place);
        } else if first {
            first = false;
        } else if row.iter().map(|cell| cell.trim()).eq(header.iter()) {
            outcome.problems.push(("T3031", row_line, 1, row_at as u64));
        } else {
            outcome.rows.push((row_line, row));
        }
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..Default::default() })]

    /// Whatever the file, the cells, places and counts are those of the reference, in blocks of
    /// any size.
    #[test]
    fn block_size_never_shows(body in "([a,;\"\n]|\r\n|\r|\"\"|\"[,\n]|,\"|h,k\n|\0| ){0,40}", block in 1..20usize) {
        let text = format!("h,k\n{body}");
        let mut expected = reference(&text);
        expected.problems.truncate(Problems::KEPT);
        let how = How { delimiter: Some(b','), ..How::default() };
        prop_assert_eq!(&scan_with(text.as_bytes(), &how, block).unwrap(), &expected);
        prop_assert_eq!(&scan_with(text.as_bytes(), &how, BLOCK).unwrap(), &expected);
    }

    /// The same where rows reach the limit of length.
    #[test]
    fn block_size_never_shows_at_the_limit(body in "[a,\"\r\n]{0,60}", block in 1..20usize, max_line in 3..12usize) {
        let text = format!("h,k\n{body}");
        let limits = Limits { max_line, ..Limits::default() };
        let how = How { delimiter: Some(b','), limits, ..How::default() };
        let small = scan_with(text.as_bytes(), &how, block).unwrap();
        let large = scan_with(text.as_bytes(), &how, BLOCK).unwrap();
        prop_assert_eq!(small, large);
    }

    /// Cells written by the rules come back as they were.
    #[test]
    fn written_cells_come_back(table in proptest::collection::vec(proptest::collection::vec("[a-c \",\r\né\t]{0,6}", 3), 0..6), block in 1..9usize) {
        let mut text = String::from("x,y,z\n");
        for row in &table {
            let quoted: Vec<String> =
                row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            text += &quoted.join(",");
            text.push('\n');
        }
        let outcome = scan_with(text.as_bytes(), &How::default(), block).unwrap();
        prop_assert_eq!(outcome.problems, []);
        let cells: Vec<Vec<String>> = outcome.rows.into_iter().map(|row| row.1).collect();
        prop_assert_eq!(cells, table);
    }
}
