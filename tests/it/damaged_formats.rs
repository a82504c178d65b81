//! Every fixture of every registered format, damaged in every way that a download, an editor or a
//! spreadsheet damages a file: none may give other records without a word.
//!
//! The fixtures of `golden` are found by themselves, so a new format is damaged as soon as it has
//! one. Parquet files are left out: they have no cells in their text and carry their own checks.
//! Each damaged file is recognized and read as by a run, and one of these comes of it:
//!
//! - refused: there is a problem, and where the damage is in one row, a problem names its line (of a
//!   table also the cell);
//! - same: the records are those of the undamaged file;
//! - told: other records, only in the damaged row, and a count, a remark or the record itself shows
//!   the damage;
//! - silently wrong: anything else.
//!
//! The table of `docs/reliability.md` is written here with `TANSO_UPDATE=1` and checked otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use serde_json::Value;
use tanso::formats::{FORMATS, Format, Tally};
use tanso::load::{Recognized, recognize};
use tanso::model::Exact;
use tanso::problem::Problems;
use tanso::scan::{self, How};

use crate::golden::{Case, cases, content};
use crate::support::{Draw, check_table, file_name};

/// What a damaged number becomes.
const NO_NUMBERS: [&str; 7] = ["much", "12,34", "1.2.3", "-", "1e999", "NaN", "0x10"];
/// A word that no export knows.
const WORD: &str = "zyzzy";

/// Columns and keys whose ids tie rows to each other: another id there is another tie, in any file.
const TIES: [&str; 7] = [
    "trace_id",
    "traceid",
    "span_id",
    "spanid",
    "parent_span_id",
    "parentspanid",
    "generation_id",
];
/// Columns that few exports have and whose absence has a documented meaning.
const MAY_BE_ABSENT: [(&str, &str); 21] = [
    // Credits are then negative usage.
    ("gcp-cost-table", "Credit type"),
    // FOCUS 1.0 has neither: unused commitments are usage without a customer.
    ("focus", "CommitmentDiscountStatus"),
    ("focus", "CapacityReservationStatus"),
    // Costs of whole days; the sum of a day that is not grouped.
    ("gcp-billing-export", "usage_end_time"),
    ("openai-cost-csv", "line_item"),
    // Live payments; the default export has no such column.
    ("stripe-payments", "Mode"),
    // One unit and one interval.
    ("stripe-subscriptions", "Quantity"),
    ("stripe-prices", "Interval Count"),
    ("stripe-prices", "Usage Type"),
    // Served requests, where an export does not tell.
    ("otel-genai-spans", "status_code"),
    ("helicone-requests", "response_status"),
    ("helicone-requests", "cache_reference_id"),
    ("litellm-spend-logs", "status"),
    ("litellm-spend-logs", "cache_hit"),
    ("litellm-daily-spend", "failed_requests"),
    ("langfuse-export", "level"),
    ("langfuse-observations", "level"),
    // The quantity without its fraction, the day of the note itself.
    ("sigma-invoice-line-items", "quantity_decimal"),
    ("sigma-credit-notes", "effective_at"),
    // The day of creation.
    ("sigma-subscriptions", "start_date"),
    // The loss on currency is then not known.
    ("stripe-payments", "Converted Amount Refunded"),
];
/// The damages in the order of the table, and what is wrong.
const DAMAGES: [(&str, &str); 14] = [
    ("cut", "cut off inside a row or document"),
    ("cut_cell", "cut off inside the last cell of a table"),
    (
        "number",
        "a number is a word, `12,34`, `1.2.3`, `-`, `1e999`, `NaN` or `0x10`",
    ),
    ("blank", "a number is blank"),
    ("currency", "a currency is another one"),
    ("word", "a text is an unknown word"),
    ("less", "a row has one cell too few"),
    ("more", "a row has one cell too many"),
    ("required", "a required column has another name"),
    ("optional", "any other column has another name"),
    ("repeat", "a row stands twice"),
    ("total", "a total row at the end"),
    ("header", "the header again at the end"),
    ("zip", "a zip of the file is cut off"),
];

/// What came of a damage.
#[derive(Debug)]
enum Outcome {
    Refused,
    Same,
    Told,
    Wrong(String),
}

/// How often each came of one kind of damage.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    refused: u64,
    same: u64,
    told: u64,
    wrong: u64,
}

#[derive(Debug, Default)]
struct Scores {
    by: BTreeMap<&'static str, Score>,
    faults: Vec<String>,
}

impl Scores {
    fn add(&mut self, damage: &'static str, what: &str, outcome: Outcome) {
        let score = self.by.entry(damage).or_default();
        match outcome {
            Outcome::Refused => score.refused += 1,
            Outcome::Same => score.same += 1,
            Outcome::Told => score.told += 1,
            Outcome::Wrong(why) => {
                score.wrong += 1;
                self.faults.push(format!("{damage}: {what}: {why}"));
            }
        }
    }
}

/// What a run makes of one file.
struct Reading {
    taken_for: Option<&'static str>,
    /// The records of all kinds, each in golden shape.
    records: Vec<Value>,
    settled: Option<Value>,
    tally: Tally,
    /// Line and column of each problem.
    problems: Vec<(&'static str, Option<u64>, Option<usize>)>,
    unterminated: bool,
}

impl Reading {
    fn of(bytes: &[u8], format: &'static Format, case: &Case) -> Reading {
        let mut reading = Reading {
            taken_for: None,
            records: Vec::new(),
            settled: None,
            tally: Tally::default(),
            problems: Vec::new(),
            unterminated: false,
        };
        let mut problems = Problems::default();
        let reader = Box::new(Cursor::new(bytes.to_vec()));
        match scan::open_reader(reader, &file_name(&case.path), &How::default()) {
            Err(problem) => problems.push(problem),
            Ok(opened) => {
                for one in opened {
                    reading.table(one, format, case, &mut problems);
                }
            }
        }
        let places = problems.kept().iter().map(|problem| {
            let place = problem.place.as_ref();
            (
                problem.entry.code,
                place.and_then(|place| place.line),
                place.and_then(|place| place.column),
            )
        });
        reading.problems = places.collect();
        reading
    }

    fn table(
        &mut self,
        opened: scan::Opened,
        format: &'static Format,
        case: &Case,
        problems: &mut Problems,
    ) {
        let forced = case.forced.then_some(format.name);
        let format = match recognize(forced, &opened) {
            Recognized::Format(found) => found,
            Recognized::Nothing(problem) => return problems.push(problem),
            Recognized::Mapping | Recognized::Rates => {
                panic!("{}: taken for a mapping or rates", case.name)
            }
        };
        self.taken_for = Some(format.name);
        let receipt = opened.receipt.clone();
        let (found, tally) = content(format, opened.body, &case.settings, problems);
        let Value::Object(found) = found else {
            panic!("{}: an expectation is an object", case.name);
        };
        for (key, value) in found {
            match value {
                Value::Array(records) => self.records.extend(records),
                value if key == "settled_inside" => self.settled = Some(value),
                _ => {}
            }
        }
        // As `load` does: a file without rows is refused.
        let blank = tally.skipped.get("blank").copied().unwrap_or(0);
        if tally.read == blank && tally.covers.is_none() && problems.is_empty() {
            let entry = &tanso::problem::catalogue::EMPTY_FILE;
            problems.push(tanso::problem::Problem::new(entry, "no rows"));
        }
        self.unterminated = receipt.unterminated();
        self.tally = tally;
    }

    fn refused(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The records of lines for which this holds; a record without a line is of the first.
    fn of_lines(&self, holds: impl Fn(u64) -> bool) -> Vec<&Value> {
        let records = self.records.iter();
        records.filter(|record| holds(line_of(record))).collect()
    }

    fn same(&self, other: &Reading) -> bool {
        self.records == other.records && self.settled == other.settled
    }

    /// Whether counts or remarks differ: then the report says something else too.
    fn tells(&self, clean: &Reading) -> bool {
        let remarks = |reading: &Reading| -> BTreeSet<(&str, String, u64)> {
            let remarks = reading.tally.remarks.iter();
            remarks
                .map(|remark| (remark.entry.code, remark.text.clone(), remark.rows))
                .collect()
        };
        self.tally.skipped != clean.tally.skipped || remarks(self) != remarks(clean)
    }
}

fn line_of(record: &Value) -> u64 {
    record["line"].as_u64().unwrap_or(1)
}

/// The leaves of a record that differ: name, before, after.
fn changes(before: &Value, after: &Value, name: &str, found: &mut Vec<(String, Value, Value)>) {
    if let (Value::Object(a), Value::Object(b)) = (before, after) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (a, b) = (a.get(key), b.get(key));
            let name = match name {
                "" => key.clone(),
                name => format!("{name}.{key}"),
            };
            changes(
                a.unwrap_or(&Value::Null),
                b.unwrap_or(&Value::Null),
                &name,
                found,
            );
        }
    } else if before != after {
        found.push((name.to_string(), before.clone(), after.clone()));
    }
}

/// Every number of money and of quantities in these records, sorted.
fn numbers(records: &[Value]) -> Vec<String> {
    const NUMBERS: [&str; 6] = ["amount", "cost", "total", "tax", "refunded", "requests"];
    let mut found = Vec::new();
    for record in records {
        let quantities = record["quantities"].as_object().into_iter().flatten();
        let single = NUMBERS.iter().map(|name| &record[*name]);
        for value in quantities.map(|(_, value)| value).chain(single) {
            if !value.is_null() {
                found.push(value.to_string());
            }
        }
    }
    found.sort();
    found
}

/// What an edit of a value in one row must come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit<'a> {
    /// The value is no number; this text stands there.
    Number(&'a str),
    /// The value is blank.
    Blank,
    /// The value is this other currency.
    Currency(&'a str),
    /// The value is this unknown word.
    Word(&'a str),
}

/// Judges an edit of a value `before` in the row that begins and ends at these lines, of a table
/// also at a column.
fn judge(
    clean: &Reading,
    found: &Reading,
    (first, last): (u64, u64),
    column: Option<usize>,
    before: &str,
    edit: Edit<'_>,
    is_document: bool,
) -> Outcome {
    if found.refused() {
        // A file that fits no format any more is refused as a whole. A row whose twin now differs
        // is refused as the conflict that it is.
        let whole = found.taken_for.is_none();
        let conflict = &tanso::problem::catalogue::DUPLICATE_RECORD.code;
        let there = found.problems.iter().any(|(code, line, cell)| {
            // A document names the line of the element, which may begin above its records.
            let from = if is_document { 1 } else { first };
            let at_row = line.is_some_and(|line| from <= line && line <= last);
            code == conflict || at_row && (column.is_none() || cell.is_none() || *cell == column)
        });
        return match matches!(edit, Edit::Number(_)) && !whole && !there {
            true => Outcome::Wrong(format!("refused elsewhere: {:?}", found.problems)),
            false => Outcome::Refused,
        };
    }
    if clean.same(found) {
        return Outcome::Same;
    }
    let same_numbers = numbers(&clean.records) == numbers(&found.records);
    if matches!(edit, Edit::Word(_)) && same_numbers {
        return Outcome::Told;
    }
    let elsewhere = |at: u64| at != first;
    if clean.of_lines(elsewhere) != found.of_lines(elsewhere) || clean.settled != found.settled {
        return Outcome::Wrong("another row has other records".to_string());
    }
    if found.tells(clean) {
        return Outcome::Told;
    }
    let of_row = |reading: &Reading| -> Vec<Value> {
        let records = reading.of_lines(|at| at == first);
        records.into_iter().cloned().collect()
    };
    let (old, new) = (of_row(clean), of_row(found));
    if old.len() != new.len() {
        return Outcome::Wrong(format!("{} records, not {}", new.len(), old.len()));
    }
    let mut changed = Vec::new();
    for (old, new) in old.iter().zip(&new) {
        changes(old, new, "", &mut changed);
    }
    let shows = |text: &str| {
        let text = text.to_lowercase();
        changed
            .iter()
            .all(|(_, _, new)| new.to_string().to_lowercase().contains(&text))
    };
    let ids_only = || {
        changed
            .iter()
            .all(|(name, _, _)| ["scopes", "request_id"].contains(&name.as_str()))
    };
    let right = match edit {
        // Several vendors write NaN for an id that is not there.
        Edit::Number("NaN") => shows("NaN") || ids_only(),
        Edit::Currency(text) => shows(text) || shows_other_units(&changed, text),
        Edit::Number(text) | Edit::Word(text) => shows(text),
        Edit::Blank => changed.iter().all(|(name, old, new)| {
            let ids = ["scopes", "keys", "terms.metered"].contains(&name.as_str());
            let outcome = name == "outcome" && same_numbers;
            ids || outcome || new.is_null() || moved_by(old, new, before)
        }),
    };
    match right {
        true => Outcome::Told,
        false => Outcome::Wrong(format!("{changed:?}")),
    }
}

/// Whether the records show another currency, and the same minor units in it: a hundredth of as many
/// yen.
fn shows_other_units(changed: &[(String, Value, Value)], currency: &str) -> bool {
    let digits = |value: &Value| {
        let text = value.to_string();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.trim_matches('0').to_string()
    };
    changed.iter().all(|(name, old, new)| match name.as_str() {
        // What is paid out in another currency than it now is.
        "settled" => old.is_null(),
        "currency" => new
            .to_string()
            .eq_ignore_ascii_case(&format!("{currency:?}")),
        _ => digits(old) == digits(new),
    })
}

/// Whether the records differ only in what they no longer say: money, outcomes and kinds are the
/// same, or absent. Cached tokens that are no longer told apart are input.
fn lost_only(clean: &Reading, found: &Reading) -> bool {
    const SAID: [&str; 14] = [
        "scopes",
        "keys",
        "dimensions",
        "item",
        "model",
        "provider",
        "request_id",
        "feature",
        "tier",
        "end",
        "meter",
        "meter.item",
        "source",
        "customer",
    ];
    let mut changed = Vec::new();
    for (old, new) in clean.records.iter().zip(&found.records) {
        changes(old, new, "", &mut changed);
    }
    let total = |reading: &Reading| -> Exact {
        let quantities = reading
            .records
            .iter()
            .filter_map(|record| record["quantities"].as_object());
        let values = quantities.flatten().filter_map(|(_, value)| value.as_str());
        values.fold(Exact::ZERO, |sum, text| {
            sum + Exact::parse(text).expect("a number")
        })
    };
    clean.records.len() == found.records.len()
        && changed.iter().all(|(name, _, new)| {
            new.is_null() && name != "kind" && name != "outcome"
                || SAID.contains(&name.as_str())
                || name.starts_with("quantities.") && total(clean) >= total(found)
        })
}

/// Whether a number has changed by no more than the number that is now blank: a sum without one of
/// its parts, or input tokens among which the cached ones now are. Any other rest is open tokens.
fn moved_by(old: &Value, new: &Value, blank: &str) -> bool {
    let number = |value: &Value| match value {
        Value::Null => Some(Exact::ZERO),
        value => value.as_str().and_then(|text| Exact::parse(text).ok()),
    };
    let (Some(old), Some(new), Ok(blank)) = (number(old), number(new), Exact::parse(blank)) else {
        return false;
    };
    let difference = new - old;
    !difference.is_zero() && difference.abs() <= blank.abs()
}

/// A delimited file taken apart, so that it can be put together with one thing changed. Cells keep
/// their quotation marks.
#[derive(Clone)]
struct Table {
    above: Vec<Vec<String>>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    delimiter: char,
    end: &'static str,
    ended: bool,
}

impl Table {
    fn of(text: &str) -> Table {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let ended = text.ends_with(end);
        let body = text.strip_suffix(end).unwrap_or(text);
        let mut lines: Vec<String> = Vec::new();
        let mut open = false;
        for line in body.split(end) {
            match open {
                true => {
                    let last = lines.last_mut().expect("a quote opened in a line");
                    last.push_str(end);
                    last.push_str(line);
                }
                false => lines.push(line.to_string()),
            }
            open ^= line.matches('"').count() % 2 == 1;
        }
        let last = lines
            .iter()
            .rfind(|line| !line.trim().is_empty())
            .expect("a row");
        let delimiter = [',', '\t', ';', '|']
            .into_iter()
            .max_by_key(|delimiter| cells(last, *delimiter).len())
            .expect("delimiters");
        let width = cells(last, delimiter).len();
        let mut rows = lines
            .iter()
            .map(|line| cells(line, delimiter))
            .collect::<Vec<_>>();
        let header = rows
            .iter()
            .position(|row| row.len() == width)
            .expect("a header");
        let data = rows.split_off(header + 1);
        let header = rows.pop().expect("a header");
        let table = Table {
            above: rows,
            header,
            rows: data,
            delimiter,
            end,
            ended,
        };
        assert_eq!(table.text(), text, "taken apart and put together");
        table
    }

    fn lines(&self) -> Vec<String> {
        let delimiter = self.delimiter.to_string();
        let above = self.above.iter().chain([&self.header]);
        let rows = above.chain(&self.rows);
        rows.map(|row| row.join(&delimiter)).collect()
    }

    fn text(&self) -> String {
        let mut text = self.lines().join(self.end);
        if self.ended {
            text.push_str(self.end);
        }
        text
    }

    /// The physical line at which a data row begins.
    fn line(&self, row: usize) -> u64 {
        let before = &self.lines()[..self.above.len() + 1 + row];
        let line_ends = |line: &String| 1 + line.matches(self.end).count() as u64;
        1 + before.iter().map(line_ends).sum::<u64>()
    }

    /// Byte offsets of the beginning and of the end of every data row.
    fn extents(&self) -> Vec<(usize, usize)> {
        let mut at = 0;
        let mut extents = Vec::new();
        for line in self.lines() {
            extents.push((at, at + line.len()));
            at += line.len() + self.end.len();
        }
        extents.split_off(self.above.len() + 1)
    }

    fn with(&self, row: usize, column: usize, cell: &str) -> String {
        let mut table = self.clone();
        table.rows[row][column] = match cell.contains([',', ';', '"']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_string(),
        };
        table.text()
    }

    /// Rows that have a cell for every column.
    fn whole_rows(&self) -> Vec<usize> {
        let whole = |row: &usize| {
            let row = &self.rows[*row];
            row.len() == self.header.len() && row.iter().any(|cell| !cell.trim().is_empty())
        };
        (0..self.rows.len()).filter(whole).collect()
    }
}

fn cells(line: &str, delimiter: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut open = false;
    for char in line.chars() {
        open ^= char == '"';
        match char == delimiter && !open {
            true => cells.push(String::new()),
            false => cells.last_mut().expect("a cell").push(char),
        }
    }
    cells
}

fn bare(cell: &str) -> String {
    let inner = cell
        .strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'));
    inner
        .unwrap_or(cell)
        .replace("\"\"", "\"")
        .trim()
        .to_string()
}

fn is_number(text: &str) -> bool {
    Exact::parse(&text.replace(',', "")).is_ok()
}

/// Whether the text is a time in seconds or milliseconds.
fn is_moment(text: &str) -> bool {
    [10, 13].contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Another currency, if this is one.
fn other_currency(text: &str) -> Option<&'static str> {
    let known = [
        "usd", "eur", "gbp", "cny", "jpy", "inr", "cad", "aud", "chf",
    ];
    let folded = text.to_lowercase();
    let other = if folded == "sek" { "nok" } else { "sek" };
    known
        .contains(&folded.as_str())
        .then_some(match text == folded {
            true => other,
            false => "SEK",
        })
}

/// A value of a JSON text: where it stands, with its quotation marks if it is a string.
struct Scalar {
    start: usize,
    end: usize,
    line: u64,
    /// The key it stands under, or that of the array it stands in.
    key: String,
    text: String,
}

/// Every number and string of a JSON text that is a value.
fn scalars(text: &str) -> Vec<Scalar> {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    let mut key = String::new();
    let mut found = Vec::new();
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                let inner = text[start + 1..at - 1].to_string();
                if text[at..].trim_start().starts_with(':') {
                    key = inner;
                    continue;
                }
                found.push(Scalar {
                    start,
                    end: at,
                    line,
                    key: key.clone(),
                    text: inner,
                });
            }
            b'-' | b'0'..=b'9' => {
                while at < bytes.len() && b"+-.eE0123456789".contains(&bytes[at]) {
                    at += 1;
                }
                let inner = text[start..at].to_string();
                found.push(Scalar {
                    start,
                    end: at,
                    line,
                    key: key.clone(),
                    text: inner,
                });
            }
            byte => {
                line += u64::from(byte == b'\n');
                at += 1;
            }
        }
    }
    found
}

/// One fixture under damage.
struct Bench<'a> {
    format: &'static Format,
    case: &'a Case,
    text: String,
    clean: Reading,
    draw: Draw,
    /// Whether a record is a line, or of a table a row.
    lines: bool,
    scores: &'a mut Scores,
}

impl Bench<'_> {
    fn read(&self, text: impl AsRef<[u8]>) -> Reading {
        Reading::of(text.as_ref(), self.format, self.case)
    }

    fn add(&mut self, damage: &'static str, what: &str, outcome: Outcome) {
        let what = format!("{}: {what}", self.case.name);
        self.scores.add(damage, &what, outcome);
    }

    fn edit(
        &mut self,
        text: &str,
        lines: (u64, u64),
        column: Option<usize>,
        before: &str,
        what: &str,
        edit: Edit<'_>,
    ) {
        let found = self.read(text);
        let damage = match edit {
            Edit::Number(_) => "number",
            Edit::Blank => "blank",
            Edit::Currency(_) => "currency",
            Edit::Word(_) => "word",
        };
        let outcome = match found.taken_for {
            Some(other) if other != self.format.name => {
                Outcome::Wrong(format!("taken for {other}"))
            }
            _ => judge(
                &self.clean,
                &found,
                lines,
                column,
                before,
                edit,
                !self.lines,
            ),
        };
        self.add(damage, &format!("line {}, {what}", lines.0), outcome);
    }

    /// Cuts the file at some places, and at every place of the last row. `extents` are the rows.
    fn cut(
        &mut self,
        extents: &[(usize, usize)],
        first_line_of: &dyn Fn(usize) -> u64,
        is_table: bool,
    ) {
        let length = self.text.len();
        let last = extents.last().map_or(length, |(start, _)| *start);
        let mut places: BTreeSet<usize> = (last.max(length.saturating_sub(400))..length).collect();
        for _ in 0..40 {
            places.insert(self.draw.between(1, length as u64 - 1) as usize);
        }
        let bytes = self.text.clone().into_bytes();
        for at in places {
            let found = self.read(&bytes[..at]);
            let what = format!("at byte {at} of {length}");
            let whole = extents.iter().filter(|(_, end)| *end <= at).count();
            let between = extents.get(whole).is_none_or(|(start, _)| at <= *start);
            let before = |line: u64| whole > 0 && line <= first_line_of(whole - 1);
            let kept = self.clean.of_lines(before);
            if found.refused() {
                self.add("cut", &what, Outcome::Refused);
            } else if between {
                // Nothing in a file tells that whole rows are gone from its end.
                let all = found.records.iter().collect::<Vec<_>>();
                if all != kept {
                    let why = format!("{} records of {}", all.len(), kept.len());
                    self.add("cut", &what, Outcome::Wrong(why));
                }
            } else if !is_table || !found.unterminated {
                self.add("cut", &what, Outcome::Wrong("not seen".to_string()));
            } else {
                let outcome = match found.of_lines(before) == kept {
                    true => Outcome::Told,
                    false => Outcome::Wrong("an earlier row has other records".to_string()),
                };
                self.add("cut_cell", &what, outcome);
            }
        }
    }

    fn table(&mut self) {
        let table = Table::of(&self.text);
        let lines: Vec<u64> = (0..table.rows.len()).map(|row| table.line(row)).collect();
        self.cut(&table.extents(), &|row| lines[row], true);
        let rows = table.whole_rows();
        for column in 0..table.header.len() {
            self.column(&table, &rows, column);
        }
        for row in &rows {
            self.widths(&table, *row);
            self.repeat(&table, *row);
        }
        self.ends(&table, &rows);
    }

    /// Edits of up to three cells of a column, and of its name.
    fn column(&mut self, table: &Table, rows: &[usize], column: usize) {
        let name = bare(&table.header[column]);
        let mut filled: Vec<usize> = rows.to_vec();
        filled.retain(|row| {
            // A cell of several lines would move the lines below.
            let cell = bare(&table.rows[*row][column]);
            !cell.is_empty() && !cell.contains('\n')
        });
        let ties = TIES.contains(&name.to_lowercase().as_str());
        self.draw.shuffle(&mut filled);
        for row in filled.iter().take(3) {
            let line = table.line(*row);
            let cell = bare(&table.rows[*row][column]);
            let what = |text: &str| format!("{name}: {cell:?} is {text:?}");
            // There a comma may be the decimal sign or stand between groups.
            let comma = self.case.settings.decimal_comma == Some(true)
                || cell.contains(',')
                || self.format.name.starts_with("stripe-");
            let edits: Vec<Edit<'_>> = if let Some(other) = other_currency(&cell) {
                vec![Edit::Currency(other), Edit::Word(WORD), Edit::Word("")]
            } else if is_number(&cell) {
                let texts = NO_NUMBERS
                    .iter()
                    .filter(|text| !comma || !text.contains(','));
                texts
                    .map(|text| Edit::Number(text))
                    .chain([Edit::Blank])
                    .collect()
            } else if ties {
                Vec::new()
            } else {
                vec![Edit::Word(WORD)]
            };
            for edit in edits {
                let text = match edit {
                    Edit::Number(text) | Edit::Currency(text) | Edit::Word(text) => text,
                    Edit::Blank => "",
                };
                let damaged = table.with(*row, column, text);
                self.edit(
                    &damaged,
                    (line, line),
                    Some(column + 1),
                    &cell,
                    &what(text),
                    edit,
                );
            }
        }
        let mut renamed = table.clone();
        renamed.header[column] = format!("{WORD}{column}");
        let required = self
            .format
            .required
            .iter()
            .any(|of| of.eq_ignore_ascii_case(&name));
        self.renamed(&renamed.text(), &name, required);
    }

    fn renamed(&mut self, text: &str, name: &str, required: bool) {
        let found = self.read(text);
        let damage = if required { "required" } else { "optional" };
        let told = found
            .tally
            .remarks
            .iter()
            .any(|remark| remark.text.contains(WORD));
        let outcome = match found.taken_for {
            _ if found.refused() => Outcome::Refused,
            Some(other) if other != self.format.name => {
                Outcome::Wrong(format!("taken for {other}"))
            }
            _ if self.clean.same(&found) => Outcome::Same,
            _ if told || found.tells(&self.clean) => Outcome::Told,
            _ if required => Outcome::Wrong("not missed".to_string()),
            _ if MAY_BE_ABSENT.contains(&(self.format.name, name)) => Outcome::Told,
            _ if lost_only(&self.clean, &found) => Outcome::Told,
            _ => {
                let mut changed = Vec::new();
                for (before, after) in self.clean.records.iter().zip(&found.records) {
                    changes(before, after, "", &mut changed);
                }
                changed.retain(|(name, ..)| name != "scopes");
                changed.truncate(30);
                Outcome::Wrong(format!("other records: {changed:?}"))
            }
        };
        self.add(damage, name, outcome);
    }

    /// A cell too few and a cell too many in a row.
    fn widths(&mut self, table: &Table, row: usize) {
        let line = table.line(row);
        let last = line + table.rows[row].concat().matches(table.end).count() as u64;
        let at = self.draw.between(0, table.header.len() as u64 - 1) as usize;
        let mut less = table.clone();
        less.rows[row].remove(at);
        let mut more = table.clone();
        more.rows[row].insert(at, String::new());
        for (damage, table) in [("less", less), ("more", more)] {
            let found = self.read(table.text());
            let there = |at: u64| line <= at && at <= last;
            let located = found
                .problems
                .iter()
                .any(|(_, at, _)| at.is_some_and(there));
            // The only row may be what tells the header from the lines above it.
            let outcome = match located || found.taken_for.is_none() {
                true => Outcome::Refused,
                false => Outcome::Wrong(format!("not refused there: {:?}", found.problems)),
            };
            self.add(damage, &format!("line {line}"), outcome);
        }
    }

    /// The same row again: one more record, which is right where rows have no id, or a count, or a
    /// problem.
    fn repeat(&mut self, table: &Table, row: usize) {
        let mut twice = table.clone();
        twice.rows.insert(row, table.rows[row].clone());
        let line = table.line(row);
        let found = self.read(twice.text());
        let sorted = |records: Vec<&Value>, more: Vec<&Value>| {
            let without_line = |record: &Value| {
                let mut record = record.clone();
                record.as_object_mut().expect("a record").remove("line");
                if let Some(terms) = record.get_mut("terms").and_then(Value::as_object_mut) {
                    terms.remove("line");
                }
                record.to_string()
            };
            let mut all: Vec<String> = records.into_iter().chain(more).map(without_line).collect();
            all.sort();
            all
        };
        let of_row = self.clean.of_lines(|at| at == line);
        let added = sorted(self.clean.of_lines(|_| true), of_row);
        let outcome = if found.refused() {
            Outcome::Refused
        } else if sorted(found.of_lines(|_| true), Vec::new()) == added || found.tells(&self.clean)
        {
            Outcome::Told
        } else {
            Outcome::Wrong(format!(
                "{} records of {}",
                found.records.len(),
                added.len()
            ))
        };
        self.add("repeat", &format!("line {line}"), outcome);
    }

    /// A total and the header at the end.
    fn ends(&mut self, table: &Table, rows: &[usize]) {
        let Some(last) = rows.last() else { return };
        let is_text = |column: &usize| {
            let cell = bare(&table.rows[*last][*column]);
            !cell.is_empty() && !is_number(&cell)
        };
        let label = (0..table.header.len()).find(is_text).unwrap_or(0);
        let mut labels = vec![0, label];
        labels.dedup();
        for label in labels {
            let mut total = table.clone();
            let mut row: Vec<String> = table.rows[*last].clone();
            for (column, cell) in row.iter_mut().enumerate() {
                if column == label {
                    *cell = "Total".to_string();
                } else if !is_number(&bare(cell)) || is_moment(&bare(cell)) {
                    cell.clear();
                }
            }
            total.rows.push(row);
            self.appended("total", &total);
        }
        let mut header = table.clone();
        header.rows.push(table.header.clone());
        self.appended("header", &header);
    }

    fn appended(&mut self, damage: &'static str, table: &Table) {
        let found = self.read(table.text());
        let line = table.line(table.rows.len() - 1);
        let outcome = if found.refused() {
            match found.problems.iter().any(|(_, at, _)| *at == Some(line)) {
                true => Outcome::Refused,
                false => Outcome::Wrong(format!("refused elsewhere: {:?}", found.problems)),
            }
        } else if !self.clean.same(&found) {
            let more = found.of_lines(|at| at == line);
            Outcome::Wrong(format!("read as {more:?}"))
        } else if found.tells(&self.clean) {
            Outcome::Told
        } else {
            Outcome::Wrong("left out without a word".to_string())
        };
        self.add(damage, &format!("line {line}"), outcome);
    }

    fn json(&mut self, lines: bool) {
        let mut extents = Vec::new();
        if lines {
            let mut at = 0;
            for line in self.text.split_inclusive('\n') {
                extents.push((at, at + line.trim_end().len()));
                at += line.len();
            }
        } else {
            extents.push((0, self.text.trim_end().len()));
        }
        let all = |_: usize| u64::MAX;
        let of_line = |row: usize| row as u64 + 1;
        let line_of: &dyn Fn(usize) -> u64 = if lines { &of_line } else { &all };
        self.cut(&extents, line_of, false);
        let text = self.text.clone();
        let mut values = scalars(&text);
        self.draw.shuffle(&mut values);
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for value in &values {
            let times = seen.entry(value.key.clone()).or_default();
            *times += 1;
            let ties = TIES.contains(&value.key.to_lowercase().as_str());
            // The text under `key` is the name of an attribute.
            if *times <= 3 && !ties && value.key != "key" {
                self.value(&text, value);
            }
        }
        for key in seen.keys() {
            let required = self.format.required.contains(&key.as_str());
            let renamed = text.replace(&format!("\"{key}\":"), &format!("\"{WORD}\":"));
            let renamed = renamed.replace(&format!("\"{key}\" :"), &format!("\"{WORD}\" :"));
            if required {
                self.renamed(&renamed, key, required);
            }
        }
    }

    fn value(&mut self, text: &str, value: &Scalar) {
        let edits: Vec<Edit<'_>> = if let Some(other) = other_currency(&value.text) {
            vec![Edit::Currency(other), Edit::Word(WORD)]
        } else if is_number(&value.text) {
            let texts = NO_NUMBERS.iter().map(|text| Edit::Number(text));
            texts.chain([Edit::Blank]).collect()
        } else {
            vec![Edit::Word(WORD)]
        };
        // In a document a record begins at the line of its element.
        let starts = self.clean.records.iter().map(line_of);
        let first = match self.lines {
            true => value.line,
            false => starts
                .filter(|line| *line <= value.line)
                .max()
                .unwrap_or(value.line),
        };
        let lines = (first, value.line);
        for edit in edits {
            let with = match edit {
                Edit::Number(text) | Edit::Currency(text) | Edit::Word(text) => {
                    format!("\"{text}\"")
                }
                Edit::Blank => "null".to_string(),
            };
            let damaged = format!("{}{with}{}", &text[..value.start], &text[value.end..]);
            let what = format!("{}: {:?} is {with}", value.key, value.text);
            self.edit(&damaged, lines, None, &value.text, &what, edit);
        }
    }

    fn zip(&mut self) {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(
            file_name(&self.case.path),
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        zip.write_all(self.text.as_bytes()).unwrap();
        let whole = zip.finish().unwrap().into_inner();
        assert!(
            self.clean.same(&self.read(&whole)),
            "{}: in a zip",
            self.case.name
        );
        for _ in 0..8 {
            let at = self.draw.between(1, whole.len() as u64 - 1) as usize;
            let found = self.read(&whole[..at]);
            let outcome = match found.refused() {
                true => Outcome::Refused,
                false => Outcome::Wrong("not refused".to_string()),
            };
            self.add("zip", &format!("at byte {at} of {}", whole.len()), outcome);
        }
    }
}

/// Damages every fixture; returns how many there are.
fn damage_all(scores: &mut Scores) -> u64 {
    let mut files = 0;
    for format in FORMATS.iter().copied() {
        for case in cases(format) {
            let bytes = std::fs::read(&case.path).expect("the fixture can be read");
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let clean = Reading::of(text.as_bytes(), format, &case);
            // A fixture that is refused as it is shows nothing under damage.
            if clean.refused() {
                continue;
            }
            files += 1;
            let ending = file_name(&case.path);
            let seed = case.name.bytes().fold(7, |seed: u64, byte| {
                seed.wrapping_mul(31).wrapping_add(u64::from(byte))
            });
            let mut bench = Bench {
                format,
                case: &case,
                text,
                clean,
                draw: Draw::new(seed),
                lines: !ending.ends_with(".json"),
                scores,
            };
            if ending.ends_with(".json") {
                bench.json(false);
            } else if ending.ends_with(".jsonl") {
                bench.json(true);
            } else {
                bench.table();
            }
            bench.zip();
        }
    }
    files
}

#[test]
fn no_damaged_fixture_is_read_silently_wrong() {
    let mut scores = Scores::default();
    let files = damage_all(&mut scores);
    let wrong: u64 = scores.by.values().map(|score| score.wrong).sum();
    assert_eq!(
        wrong,
        0,
        "silently wrong of {files} files:\n{}",
        scores.faults.join("\n")
    );
    check_table("tests/it/damaged_formats.rs", &table(files, &scores));
}

fn table(files: u64, scores: &Scores) -> String {
    let mut text = "| damage | copies | refused | same | told | silently wrong |\n".to_string();
    text.push_str("|---|--:|--:|--:|--:|--:|\n");
    let mut line = |title: &str, score: Score| {
        let Score {
            refused,
            same,
            told,
            wrong,
        } = score;
        let all = refused + same + told + wrong;
        writeln!(
            text,
            "| {title} | {all} | {refused} | {same} | {told} | {wrong} |"
        )
        .unwrap();
    };
    let mut all = Score::default();
    for (damage, title) in DAMAGES {
        let score = scores.by.get(damage).copied().unwrap_or_default();
        assert!(
            score.refused + score.same + score.told > 0,
            "{damage} is never done"
        );
        line(title, score);
        all.refused += score.refused;
        all.same += score.same;
        all.told += score.told;
        all.wrong += score.wrong;
    }
    line(&format!("**all, of {files} files**"), all);
    text.trim_end().to_string()
}

/// Faults that this test has found, each by itself: what is damaged, and where it is refused.
#[test]
fn damage_that_was_once_read_is_refused() {
    for (format, file, from, to, code, line) in [
        // A column of an export under another name: the general reader took what was left.
        (
            "openai-cost-csv",
            "2026-08-ungrouped",
            "amount_value",
            "amount",
            "T3002",
            None,
        ),
        (
            "openai-usage-csv",
            "2026-08",
            ",input_tokens",
            ",tokens_in",
            "T3002",
            None,
        ),
        (
            "litellm-spend-logs",
            "table",
            ",True,",
            ",Hit,",
            "T3029",
            Some(4),
        ),
        (
            "litellm-daily-spend",
            "table",
            "0,3\n",
            "0,\n",
            "T3027",
            Some(4),
        ),
        (
            "helicone-requests",
            "lines",
            "00000000-0000-0000-0000-000000000000",
            "none-0",
            "T3029",
            Some(1),
        ),
        (
            "otel-genai-spans",
            "otlp",
            "\"code\": 2",
            "\"code\": 7",
            "T3029",
            Some(38),
        ),
        (
            "otel-genai-spans",
            "table",
            ",20,",
            ",NaN,",
            "T3021",
            Some(2),
        ),
        (
            "stripe-prices",
            "default",
            "month,3",
            "month,",
            "T3027",
            Some(3),
        ),
        ("focus", "1.2-aws", ",80000,", ",NaN,", "T3021", Some(4)),
    ] {
        let format = tanso::formats::named(format).expect("a format");
        let name = format!("{}/{file}", format.name);
        let mut cases = cases(format).into_iter();
        let case = cases.find(|case| case.name == name).expect("a case");
        let text = std::fs::read_to_string(&case.path).expect("a fixture");
        let damaged = text.replacen(from, to, 1);
        assert_ne!(text, damaged, "{name}: {from:?}");
        let found = Reading::of(damaged.as_bytes(), format, &case).problems;
        let found: Vec<_> = found.iter().map(|(code, line, _)| (*code, *line)).collect();
        assert_eq!(found.first(), Some(&(code, line)), "{name}: {to:?}");
    }
}

#[test]
fn payments_without_a_status_are_told() {
    let format = tanso::formats::named("stripe-payments").expect("a format");
    let case = &cases(format)[0];
    let csv = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured\n\
        ch_1,2026-09-01 10:00,5.00,0.00,usd,true\n";
    let found = Reading::of(csv.as_bytes(), format, case);
    assert_eq!((found.records.len(), found.refused()), (1, false));
    let codes = found.tally.remarks.iter().map(|remark| remark.entry.code);
    assert_eq!(codes.collect::<Vec<_>>(), ["N2108"]);
}
