//! What the revenue readers share: the loop over rows, ids, yes and no, metadata columns.
//!
//! No column of any one export is named here, except the way Stripe marks metadata. The rule that
//! must hold: every row is counted once, as used or as skipped for a named reason.

use std::sync::Arc;

use crate::formats::fields::Columns;
use crate::formats::rows::{Fate, each as each_row, is_total, total_row};
use crate::formats::{Remark, Tally};
use crate::model::records::Origin;
use crate::model::{Exact, Instant};
use crate::problem::{Entry, Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// Stripe appends this to the key of a metadata column: `tenant_id (metadata)`.
const METADATA: &str = " (metadata)";

/// What a reader does with one row.
pub type ReadRow<'a> = dyn FnMut(&Row, &mut Tally) -> Result<(), Problem> + 'a;
/// The same for files whose columns may grow: it sees those known when the row was read.
pub type ReadGrowingRow<'a> = dyn FnMut(&Header, &Row, &mut Tally) -> Result<(), Problem> + 'a;

/// Reads all rows with `read`. Blank rows are skipped; a row that `read` refuses becomes a problem
/// and is counted as skipped too, so that read = used + skipped whatever happens. A row that brings
/// a new column (only JSON lines can) is refused: its columns were looked up already.
pub fn each(
    source: &mut dyn RowSource,
    problems: &mut Problems,
    tally: &mut Tally,
    read: &mut ReadRow<'_>,
) {
    let width = source.header().len();
    let file = source.file().clone();
    each_growing(source, problems, tally, &mut |header, row, tally| {
        no_new_column(&file, header, row, width)?;
        read(row, tally)
    });
}

/// Refuses a row that brings a column beyond the first `width`.
pub fn no_new_column(
    file: &Arc<str>,
    header: &Header,
    row: &Row,
    width: usize,
) -> Result<(), Problem> {
    if header.len() == width {
        return Ok(());
    }
    let message = format!("the column {:?} is new here", header.name(width));
    let problem = row.problem(&catalogue::HEADER, file, header, width, message);
    Err(problem.help("give every row all columns, or pass the CSV as it was exported"))
}

/// As [`each`], for readers that can take new columns.
pub fn each_growing(
    source: &mut dyn RowSource,
    problems: &mut Problems,
    tally: &mut Tally,
    read: &mut ReadGrowingRow<'_>,
) {
    let read = each_row(source, problems, |header, row, tally| {
        read(header, row, tally).map(|()| Fate::Used)
    });
    tally.add(read);
}

/// Where a row stands.
pub fn origin(columns: &Columns, row: &Row) -> Origin {
    Origin {
        file: columns.file.clone(),
        line: row.line(),
    }
}

/// The row's own id. A blank one is a problem, and so are a repeated header and a total row,
/// which show themselves in this cell.
pub fn own_id(columns: &Columns, row: &Row, column: usize) -> Result<String, Problem> {
    let name = columns.header.name(column);
    let problem = |entry, message| Err(columns.problem(entry, row, column, message));
    match columns.id(row, column)? {
        None => problem(&catalogue::MISSING_VALUE, format!("{name} is empty")),
        Some(text) if text.eq_ignore_ascii_case(name) => problem(
            &catalogue::REPEATED_HEADER,
            "the header is repeated here".to_string(),
        ),
        Some(text) if is_total(text) => Err(total_row(columns, row, column)),
        Some(text) => Ok(text.to_string()),
    }
}

/// Another record's id; `None` where the cell is blank or the column is missing.
pub fn other_id(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
) -> Result<Option<String>, Problem> {
    match column {
        None => Ok(None),
        Some(column) => Ok(columns.id(row, column)?.map(str::to_string)),
    }
}

/// The text of a cell that must hold some.
pub fn filled<'r>(columns: &Columns, row: &'r Row, column: usize) -> Result<&'r str, Problem> {
    row.filled(column).ok_or_else(|| {
        let message = format!("{} is empty", columns.header.name(column));
        columns.problem(&catalogue::MISSING_VALUE, row, column, message)
    })
}

/// Free text; `None` where the cell is blank or the column is missing.
pub fn text(row: &Row, column: Option<usize>) -> Option<String> {
    row.filled(column?).map(str::to_string)
}

/// `true` or `false` in any case (a spreadsheet makes capitals of them); `None` where the cell is
/// blank or the column is missing.
pub fn yes_or_no(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
) -> Result<Option<bool>, Problem> {
    let Some((column, text)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(None);
    };
    if text.eq_ignore_ascii_case("true") {
        return Ok(Some(true));
    }
    if text.eq_ignore_ascii_case("false") {
        return Ok(Some(false));
    }
    Err(unknown_word(columns, row, column, "true or false"))
}

/// The problem of a word the format does not have.
pub fn unknown_word(columns: &Columns, row: &Row, column: usize, expected: &str) -> Problem {
    let name = columns.header.name(column);
    let message = format!("{name} is not {expected}");
    columns.problem(&catalogue::BAD_VALUE, row, column, message)
}

/// A half-open period of two cells. `None` if either is blank; an end before the start is a
/// problem.
pub fn period(
    columns: &Columns,
    row: &Row,
    (start, end): (Option<usize>, Option<usize>),
) -> Result<Option<(Instant, Instant)>, Problem> {
    let first = columns.optional_instant(row, start)?;
    let last = columns.optional_instant(row, end)?;
    let (Some(first), Some(last), Some(start), Some(end)) = (first, last, start, end) else {
        return Ok(None);
    };
    if last < first {
        let (start, name) = (columns.header.name(start), columns.header.name(end));
        let message = format!("{name} is before {start}");
        return Err(columns.problem(&catalogue::BAD_VALUE, row, end, message));
    }
    Ok(Some((first, last)))
}

/// A billing interval; blank where the price is charged once or several prices share the row.
pub fn interval(columns: &Columns, row: &Row, column: usize) -> Result<String, Problem> {
    let word = row.filled(column).unwrap_or("").to_lowercase();
    match word.as_str() {
        "" | "day" | "week" | "month" | "year" => Ok(word),
        _ => Err(unknown_word(
            columns,
            row,
            column,
            "day, week, month or year",
        )),
    }
}

/// Where a file contradicts itself: on how many rows, and what the first of them say.
#[derive(Debug, Default)]
pub struct Contradictions {
    rows: u64,
    first: Vec<String>,
}

impl Contradictions {
    /// How many rows are named.
    const NAMED: usize = 5;

    /// Enters a row that does not add up: its line, and in words how it does not.
    pub fn see(&mut self, line: u64, words: &str) {
        self.rows += 1;
        if self.first.len() < Contradictions::NAMED {
            self.first.push(format!("line {line}: {words}"));
        }
    }

    /// Tells them, unless there are none. `text` has `{n}` for the number of rows.
    pub fn remark(self, tally: &mut Tally, text: &str) {
        let more = match self.rows.saturating_sub(self.first.len() as u64) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let text = format!("{text} ({}{more})", self.first.join("; "));
        remark(tally, &catalogue::BALANCES, self.rows, &text);
    }
}

/// How ending balance = starting balance + total − amount due, Stripe's own arithmetic, does not
/// hold; `None` where it does and where one of them is not stated.
pub fn balance_fault(
    due: Option<Exact>,
    starting: Option<Exact>,
    ending: Option<Exact>,
    total: Exact,
) -> Option<String> {
    let (due, starting, ending) = (due?, starting?, ending?);
    let should = starting + total - due;
    (ending != should).then(|| {
        format!("{starting} + {total} - {due} is {should}, the ending balance is {ending}")
    })
}

/// The state of a subscription, by Stripe's word.
pub fn subscription_status(columns: &Columns, row: &Row, column: usize) -> Result<String, Problem> {
    const STATUSES: &[&str] = &[
        "active",
        "trialing",
        "past_due",
        "unpaid",
        "canceled",
        "incomplete",
        "incomplete_expired",
        "paused",
    ];
    let status = row.filled(column).unwrap_or("").to_lowercase();
    if STATUSES.contains(&status.as_str()) {
        return Ok(status);
    }
    let problem = unknown_word(columns, row, column, "a known status");
    Err(problem.help(format!("known: {}", STATUSES.join(", "))))
}

/// How many intervals one charge covers; a missing column and the blank of a one-off price count
/// as one.
pub fn interval_count(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    interval: &str,
) -> Result<u32, Problem> {
    let Some(column) = column else {
        return Ok(1);
    };
    let name = columns.header.name(column);
    let Some(count) = columns.count(row, column)? else {
        if !interval.is_empty() {
            let message = format!("{name} is empty, but the price has an interval");
            return Err(columns.problem(&catalogue::MISSING_VALUE, row, column, message));
        }
        return Ok(1);
    };
    let count = count.to_u64().and_then(|count| u32::try_from(count).ok());
    count.filter(|count| *count > 0).ok_or_else(|| {
        let message = format!("{name} is not a positive number of intervals");
        columns.problem(&catalogue::BAD_VALUE, row, column, message)
    })
}

/// Whether a price is metered rather than licensed; a blank cell and a missing column are licensed.
pub fn metered(columns: &Columns, row: &Row, column: Option<usize>) -> Result<bool, Problem> {
    let Some((column, word)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(false);
    };
    match word.to_lowercase().as_str() {
        "metered" => Ok(true),
        "licensed" => Ok(false),
        _ => {
            let expected = "licensed or metered";
            Err(unknown_word(columns, row, column, expected))
        }
    }
}

/// The metadata columns in the file's order, with their keys as written: two keys that differ only
/// in case are two keys.
pub fn metadata(header: &Header) -> Vec<(usize, String)> {
    let names = header.names().iter().enumerate();
    names
        .filter_map(|(column, name)| Some((column, name.strip_suffix(METADATA)?.to_string())))
        .collect()
}

/// The values of a row that may equal a customer's id: metadata first, then the named columns.
pub fn keys(
    row: &Row,
    metadata: &[(usize, String)],
    others: &[(&str, Option<usize>)],
) -> Vec<(String, String)> {
    let from_metadata = metadata
        .iter()
        .map(|(column, key)| (key.as_str(), Some(*column)));
    from_metadata
        .chain(others.iter().copied())
        .filter_map(|(what, column)| Some((what.to_string(), text(row, column)?)))
        .collect()
}

/// Adds a remark unless it concerns no row.
pub fn remark(tally: &mut Tally, entry: &'static Entry, rows: u64, text: &str) {
    if rows > 0 {
        tally.remarks.push(Remark {
            entry,
            text: text.to_string(),
            rows,
        });
    }
}
