//! What the usage and bill readers share: the loop over rows, time stamps that tell a total or a
//! repeated header from data, and remarks.
//!
//! No vendor's column is named here. The rule that must hold: every row is counted once, as used
//! or as skipped for a named reason.

use std::sync::Arc;

use crate::formats::fields::Columns;
use crate::formats::{Remark, Settings, Tally};
use crate::model::records::Origin;
use crate::model::{Exact, Instant, Zone};
use crate::problem::{Entry, Place, Problem, Problems, catalogue};
use crate::scan::{Elements, Header, Row, RowSource};

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It became a record.
    Used,
    /// It was left out, for this reason.
    Skipped(&'static str),
}

/// Labels of rows that add up others.
const TOTALS: &[&str] = &[
    "total",
    "totals",
    "sum",
    "subtotal",
    "sub-total",
    "sub total",
    "grand total",
];

/// Reads all rows with `take`, which sees the columns known when the row was read. Blank rows are
/// skipped; a row that `take` refuses becomes a problem and counts as skipped for the reason
/// `refused`, so that read = used + skipped whatever happens.
pub fn each(
    source: &mut dyn RowSource,
    problems: &mut Problems,
    mut take: impl FnMut(&Header, &Row, &mut Tally) -> Result<Fate, Problem>,
) -> Tally {
    let mut tally = Tally::default();
    let mut row = Row::default();
    while source.next_row(&mut row, problems) {
        tally.read += 1;
        if row.is_blank() {
            tally.skip("blank");
            continue;
        }
        match take(source.header(), &row, &mut tally) {
            Ok(Fate::Used) => tally.used += 1,
            Ok(Fate::Skipped(reason)) => tally.skip(reason),
            Err(problem) => {
                tally.skip("refused");
                problems.push(problem);
            }
        }
    }
    tally.skip_blank(source.blank_lines());
    tally
}

/// Reads all rows of a file whose columns may grow, as those of JSON do: `find` looks the columns
/// up again whenever there are new ones. A row that comes before all required columns are known is
/// a problem, and so are those that are still missing at the end.
pub fn each_growing<P>(
    source: &mut dyn RowSource,
    columns: &mut Columns,
    problems: &mut Problems,
    find: impl Fn(&Columns, &mut Problems) -> Option<P>,
    mut take: impl FnMut(&Columns, &P, &Row, &mut Tally) -> Result<Fate, Problem>,
) -> Tally {
    let mut missing = Problems::default();
    let mut found = find(columns, &mut missing);
    let mut too_early = None;
    let tally = each(source, problems, |header, row, tally| {
        if header.len() != columns.header.len() {
            columns.header = header.clone();
            missing = Problems::default();
            found = find(columns, &mut missing);
        }
        match &found {
            Some(at) => take(columns, at, row, tally),
            None => {
                too_early.get_or_insert(row.line());
                Ok(Fate::Skipped("refused"))
            }
        }
    });
    if let (Some(line), Some(_)) = (too_early, &found) {
        let message = "the row lacks a column that later rows have";
        let place = Place::line(&columns.file, line);
        problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
    }
    problems.extend(missing);
    tally
}

/// Reads the objects of the list that an interface answers with, or the rows themselves where they
/// were saved without the answer around them.
pub fn of_list(
    source: &mut dyn RowSource,
    list: &'static str,
    read: impl FnOnce(&mut dyn RowSource) -> Tally,
) -> Tally {
    match source.header().has(list) {
        true => read(&mut Elements::new(source, list)),
        false => read(source),
    }
}

/// Where a row stands.
pub fn origin(columns: &Columns, row: &Row) -> Origin {
    Origin {
        file: columns.file.clone(),
        line: row.line(),
    }
}

/// The row's own time stamp. Where it cannot be read because the row is a total of others or
/// repeats the header, the problem says that instead.
pub fn stamp(columns: &Columns, row: &Row, column: usize) -> Result<Instant, Problem> {
    columns
        .instant(row, column)
        .map_err(|why| not_data(columns, row, column).unwrap_or(why))
}

/// The problem of a row that is no data, told by a time cell that cannot be read.
fn not_data(columns: &Columns, row: &Row, time: usize) -> Option<Problem> {
    let text = row.filled(time).unwrap_or("");
    if text.eq_ignore_ascii_case(columns.header.name(time)) {
        let message = "the header is repeated here";
        let problem = columns.problem(&catalogue::REPEATED_HEADER, row, time, message);
        return Some(problem.help("pass the exports as separate files"));
    }
    if !text.is_empty() && !is_total(text) {
        return None;
    }
    let label = (0..row.len()).find(|column| row.filled(*column).is_some_and(is_total))?;
    Some(total_row(columns, row, label))
}

/// The problem of a row that adds up others, as the cell at `label` says.
pub fn total_row(columns: &Columns, row: &Row, label: usize) -> Problem {
    let message = "this row looks like a total of the others";
    let problem = columns.problem(&catalogue::TOTAL_ROW, row, label, message);
    problem.help("remove the row: counting it would double the file")
}

/// Whether a cell says that its row adds up others (`Total`, `Sub-total:`).
pub fn is_total(text: &str) -> bool {
    let label = text.trim_end_matches(':').trim();
    TOTALS.iter().any(|total| label.eq_ignore_ascii_case(total))
}

/// Widens the covered time by a row: a moment, or the whole day where only the date is stated.
pub fn cover(columns: &Columns, row: &Row, time: usize, instant: Instant, tally: &mut Tally) {
    let end = if is_date(row.filled(time).unwrap_or("")) {
        let zone = columns.zone.unwrap_or(Zone::Utc);
        zone.start_of(zone.day(instant).plus(1))
    } else {
        Instant(instant.0 + 1)
    };
    tally.cover(instant, end);
}

/// Whether the stamp is a calendar date without a time of day.
pub fn is_date(stamp: &str) -> bool {
    stamp.len() == 10 && stamp.as_bytes()[4] == b'-'
}

/// A half-open range whose end must lie after its start.
pub fn range(
    columns: &Columns,
    row: &Row,
    start: Instant,
    end_column: usize,
) -> Result<(Instant, Instant), Problem> {
    let end = columns.instant(row, end_column)?;
    if end <= start {
        let name = columns.header.name(end_column);
        let message = format!("{name} is not after the start; it is the first moment outside");
        return Err(columns.problem(&catalogue::BAD_VALUE, row, end_column, message));
    }
    Ok((start, end))
}

/// The whole day of the file's zone, UTC where none is stated, in which an instant lies.
pub fn day_of(columns: &Columns, instant: Instant) -> (Instant, Instant) {
    let zone = columns.zone.unwrap_or(Zone::Utc);
    let day = zone.day(instant);
    (zone.start_of(day), zone.start_of(day.plus(1)))
}

/// The billed quantity of a cell, `None` where it is blank or the column is missing. Only a line
/// that gives money back may have a negative one.
pub fn quantity(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    amount: Exact,
) -> Result<Option<Exact>, Problem> {
    let Some(column) = column else {
        return Ok(None);
    };
    let quantity = columns.optional_number(row, column)?;
    if quantity.is_some_and(|q| q.is_negative()) && !amount.is_negative() {
        let message = format!("{} is negative", columns.header.name(column));
        return Err(columns.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
    }
    Ok(quantity)
}

/// Adds a remark unless it concerns no row.
pub fn remark(tally: &mut Tally, entry: &'static Entry, rows: u64, text: impl Into<String>) {
    if rows > 0 {
        tally.remarks.push(Remark {
            entry,
            text: text.into(),
            rows,
        });
    }
}

/// Warns that a column is missing without which the numbers mean something else.
pub fn without(tally: &mut Tally, name: &str, column: Option<usize>, means: &str) {
    if column.is_none() {
        let text = format!("the column {name} is missing: {means}");
        let rows = tally.used;
        remark(tally, &catalogue::MISSING_COLUMN, rows, text);
    }
}

/// Tells which columns are not used, so that a misspelled one is noticed.
pub fn ignored(tally: &mut Tally, header: &Header, is_used: impl Fn(usize) -> bool) {
    const SHOWN: usize = 10;
    let unused: Vec<&str> = (0..header.len())
        .filter(|column| !is_used(*column) && !header.name(*column).is_empty())
        .map(|column| header.name(column))
        .collect();
    if unused.is_empty() {
        return;
    }
    let mut text = format!("not used: {}", unused[..unused.len().min(SHOWN)].join(", "));
    if unused.len() > SHOWN {
        text.push_str(&format!(" and {} more", unused.len() - SHOWN));
    }
    let rows = tally.used;
    remark(tally, &catalogue::IGNORED_COLUMNS, rows, text);
}

/// Refuses `columns` settings for fields that a format does not have.
pub fn known_fields(file: &Arc<str>, settings: &Settings, known: &[&str], problems: &mut Problems) {
    for field in settings.columns.keys() {
        if known.contains(&field.as_str()) {
            continue;
        }
        let message = format!("columns names the field {field:?}, which this format does not have");
        let help = if known.is_empty() {
            "this format reads its own columns; remove the setting".to_string()
        } else {
            format!("its fields are {}", known.join(", "))
        };
        problems.push(
            Problem::new(&catalogue::PROJECT_FILE, message)
                .at(Place::file(file))
                .help(help),
        );
    }
}

/// The problem of a `columns` setting that names a column the file does not have.
pub fn no_such_column(columns: &Columns, field: &str, name: &str) -> Problem {
    Problem::new(
        &catalogue::HEADER,
        format!("columns says {field} = {name:?}, but the file has no such column"),
    )
    .at(Place::line(&columns.file, 1))
    .help(format!(
        "columns found: {}",
        columns.header.names().join(", ")
    ))
}
