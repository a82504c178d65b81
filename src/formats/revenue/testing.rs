//! For the tests of this folder: rows in memory, and CSV text cut into them.
//!
//! The cutter knows quotes and nothing else; damage is the scanner's business. A column written
//! `+tax` is not known before a row has a cell for it, as in JSON lines.

use std::sync::Arc;

use crate::formats::fields::Columns;
use crate::formats::{Format, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::problem::Problems;
use crate::scan::{Header, Row, RowSource};

pub struct Rows {
    file: Arc<str>,
    header: Header,
    late: Vec<String>,
    rows: std::vec::IntoIter<Row>,
}

impl Rows {
    pub fn of(csv: &str) -> Rows {
        let mut records = cut(csv).into_iter();
        let (_, header) = records.next().unwrap_or_default();
        let (late, known): (Vec<_>, Vec<_>) = header.into_iter().partition(|n| n.starts_with('+'));
        let header = Header::new(known);
        let rows: Vec<Row> = records
            .map(|(line, cells)| {
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                Row::of_cells(line, &cells)
            })
            .collect();
        Rows {
            file: "test.csv".into(),
            header,
            late,
            rows: rows.into_iter(),
        }
    }

    pub fn sample(&self) -> Sample<'_> {
        Sample {
            header: &self.header,
            rows: self.rows.as_slice(),
            text: "",
            file_name: "test.csv",
        }
    }
}

/// The records with the physical line at which each begins.
fn cut(csv: &str) -> Vec<(u64, Vec<String>)> {
    let mut records = Vec::new();
    let mut record = vec![String::new()];
    let (mut quoted, mut line, mut begin) = (false, 1, 1);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        line += u64::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                if let Some(cell) = record.last_mut() {
                    cell.push('"');
                }
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\n' if !quoted => {
                records.push((begin, std::mem::replace(&mut record, vec![String::new()])));
                begin = line;
            }
            '\r' => {}
            c => record.last_mut().unwrap().push(c),
        }
    }
    records
}

impl RowSource for Rows {
    fn file(&self) -> &Arc<str> {
        &self.file
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_row(&mut self, row: &mut Row, _: &mut Problems) -> bool {
        let Some(next) = self.rows.next() else {
            return false;
        };
        while self.header.len() < next.len() && !self.late.is_empty() {
            self.header
                .push(self.late.remove(0).trim_start_matches('+'));
        }
        *row = next;
        true
    }

    fn blank_lines(&self) -> u64 {
        0
    }
}

pub fn columns_of(names: &[&str]) -> Columns {
    let source = Rows::of(&format!("{}\n", names.join(",")));
    Columns::of(&source, &Settings::default(), None)
}

pub struct Outcome {
    pub records: RevenueRecords,
    pub tally: Tally,
    pub problems: Problems,
}

impl Outcome {
    /// `code@line:column` of each problem.
    pub fn faults(&self) -> Vec<String> {
        let fault = |problem: &crate::problem::Problem| {
            let place = problem.place.clone().unwrap_or_default();
            let column = place.column.map(|c| format!(":{c}")).unwrap_or_default();
            format!("{}@{}{column}", problem.entry.code, place.line.unwrap_or(0))
        };
        self.problems.kept().iter().map(fault).collect()
    }

    /// `code×rows` of each remark.
    pub fn remarks(&self) -> Vec<String> {
        let remark = |r: &crate::formats::Remark| format!("{}×{}", r.entry.code, r.rows);
        self.tally.remarks.iter().map(remark).collect()
    }
}

pub fn read_with(format: &Format, csv: &str, settings: &Settings) -> Outcome {
    let Reader::Revenue(read) = format.read else {
        panic!("{} is no revenue format", format.name)
    };
    let mut records = RevenueRecords::default();
    let mut problems = Problems::default();
    let tally = read(&mut Rows::of(csv), settings, &mut records, &mut problems);
    let skipped: u64 = tally.skipped.values().sum();
    assert_eq!(
        tally.read,
        tally.used + skipped,
        "every row is counted once"
    );
    Outcome {
        records,
        tally,
        problems,
    }
}

pub fn read(format: &Format, csv: &str) -> Outcome {
    read_with(format, csv, &Settings::default())
}
