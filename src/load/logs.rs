//! The same calls in two logs: in those of two tools, or in one log exported twice without ids.
//!
//! Calls with a common request id are found by [`super::repeats`]. Without one, the sums tell: two
//! logs that have exactly the same input and output tokens of a model on a day have the same calls,
//! if it happens often enough. Beside the fold this keeps one sum per file, day and model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use super::common::Common;
use super::hand::Hand;
use crate::formats;
use crate::model::names::ModelName;
use crate::model::records::UsageRecord;
use crate::model::{Day, Exact, Meter, Packed};
use crate::problem::{Note, catalogue};

/// So many different sums of a day and a model, equal in input and output, are no coincidence.
const PROOF: usize = 3;
/// Smaller sums agree by chance.
const LEAST_INPUT: u64 = 1_000;
const LEAST_OUTPUT: u64 = 100;
/// Fewer rows may be alike by chance.
const LEAST_ROWS: u64 = 4;

/// How many models are found without a look into a table.
const RECENT: usize = 16;

/// What a log has of one model on one day.
#[derive(Clone, Debug, Default)]
struct DaySum {
    input: Packed,
    output: Packed,
    /// Cached tokens that may turn out to be inside the input.
    open: Packed,
    /// Rows by day of the report's zone: one or two, since a UTC day is in no more.
    rows: Vec<(Day, u64)>,
    /// The first row.
    line: u64,
}

impl DaySum {
    /// Adds quantities, or takes them away.
    fn add(&mut self, meter: &Meter, quantity: Exact, open: bool) {
        match (meter.is_token(), meter.is_input_token()) {
            (true, true) => self.input.add(quantity),
            (true, false) => self.output.add(quantity),
            (false, _) => {}
        }
        if open && meter.is_cached_text() {
            self.open.add(quantity);
        }
    }

    /// The number of rows of a day.
    fn rows_of(&mut self, day: Day) -> &mut u64 {
        let at = match self.rows.iter().position(|(known, _)| *known == day) {
            Some(at) => at,
            None => {
                self.rows.push((day, 0));
                self.rows.len() - 1
            }
        };
        &mut self.rows[at].1
    }
}

/// One usage log, or a part of one.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The file.
    pub name: Arc<str>,
    /// Its format.
    pub format: &'static str,
    /// UTC day and model as written → its place in `sums`.
    days: HashMap<(Day, Box<str>), usize, foldhash::fast::FixedState>,
    sums: Vec<DaySum>,
    /// Models, by their symbols, and days met lately, with their places in `sums`.
    recent: Vec<Option<(u32, Day, usize)>>,
    /// Rows without a request id, and their contents put together so that pairs of equal ones are
    /// nothing.
    without_id: (u64, u128),
}

impl Log {
    /// Starts empty.
    pub fn new(name: &Arc<str>, format: &'static str) -> Log {
        Log {
            name: name.clone(),
            format,
            ..Log::default()
        }
    }

    /// Sees a record that was handed on.
    pub(super) fn see(&mut self, record: &UsageRecord<'_>, hand: &Hand<'_>) {
        if record.request_id.is_none() {
            self.without_id.0 += 1;
            self.without_id.1 ^= hand.fingerprint();
        }
        let (model, (utc_day, day)) = (hand.model(), hand.days);
        self.recent.resize(RECENT, None);
        let recent = model as usize % RECENT;
        let at = match self.recent[recent] {
            Some((known, of, at)) if (known, of) == (model, utc_day) => at,
            _ => {
                let text = record.model.unwrap_or_default().trim();
                let at = self.place(utc_day, text, record.line);
                self.recent[recent] = Some((model, utc_day, at));
                at
            }
        };
        let sum = &mut self.sums[at];
        sum.line = sum.line.min(record.line);
        for (meter, quantity) in record.quantities {
            sum.add(meter, *quantity, record.cached_open);
        }
        *sum.rows_of(day) += 1;
    }

    /// Takes a row away that turned out to be a repeat.
    pub(super) fn unsee(&mut self, row: &Repeat<'_>) {
        let at = self.place(row.utc_day, row.model, u64::MAX);
        let sum = &mut self.sums[at];
        for (meter, quantity) in row.quantities {
            sum.add(meter, -quantity.exact(), row.open);
        }
        *sum.rows_of(row.day) -= 1;
    }

    /// The place of the sums of a day and a model, which a row of this line has.
    fn place(&mut self, day: Day, model: &str, line: u64) -> usize {
        if let Some(at) = self.days.get(&Key(day, model)) {
            return *at;
        }
        self.sums.push(DaySum {
            line,
            ..DaySum::default()
        });
        self.days.insert((day, model.into()), self.sums.len() - 1);
        self.sums.len() - 1
    }

    /// Adds another part of the same log.
    pub fn add(&mut self, part: &Log) {
        self.without_id.0 += part.without_id.0;
        self.without_id.1 ^= part.without_id.1;
        for ((day, model), more) in part.all() {
            let at = self.place(*day, model, more.line);
            let sum = &mut self.sums[at];
            sum.line = sum.line.min(more.line);
            sum.input.add(more.input.exact());
            sum.output.add(more.output.exact());
            for (day, rows) in &more.rows {
                *sum.rows_of(*day) += rows;
            }
        }
    }

    /// Every day and model with its sums.
    fn all(&self) -> impl Iterator<Item = (&(Day, Box<str>), &DaySum)> {
        let days = self.days.iter();
        days.map(|(key, at)| (key, &self.sums[*at]))
    }

    /// Says of all rows so far whether their input includes cached tokens.
    pub(super) fn settle(&mut self, inside: bool) {
        for sum in &mut self.sums {
            let open = std::mem::take(&mut sum.open).exact();
            if inside {
                sum.input.add(-open);
            }
        }
    }

    /// Whether the log may be one that was pasted below itself.
    pub fn pasted(&self) -> Option<Note> {
        let (rows, left) = self.without_id;
        (rows >= LEAST_ROWS && left == 0).then(|| {
            let text = format!(
                "{}: every row without a request id stands there twice ({rows} rows); the file may be pasted below itself, and would count double",
                self.name
            );
            Note::new(&catalogue::PASTED_TWICE, text)
        })
    }

    /// Rows of these UTC days and models, by day of the report's zone.
    pub fn rows(&self, twice: &BTreeSet<(Day, Box<str>)>) -> BTreeMap<Day, u64> {
        let mut rows = BTreeMap::new();
        for at in twice.iter().filter_map(|key| self.days.get(key)) {
            for (day, count) in &self.sums[*at].rows {
                *rows.entry(*day).or_default() += count;
            }
        }
        rows
    }

    fn last_day(&self) -> Option<Day> {
        self.days.keys().map(|(day, _)| *day).max()
    }
}

/// A key of the days of a log, borrowed.
#[derive(Hash)]
struct Key<'a>(Day, &'a str);

impl hashbrown::Equivalent<(Day, Box<str>)> for Key<'_> {
    fn equivalent(&self, key: &(Day, Box<str>)) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// A row of a log that repeats another.
pub struct Repeat<'r> {
    /// Its day in UTC.
    pub utc_day: Day,
    /// Its day in the report's zone.
    pub day: Day,
    /// Its model.
    pub model: &'r str,
    /// What it says was used.
    pub quantities: &'r [(Meter, Packed)],
    /// Whether its cached tokens may turn out to be inside the input.
    pub open: bool,
}

/// A UTC day and a model family.
type Topic = (Day, String);
/// Input and output tokens of a topic, by log.
type ByTopic = BTreeMap<Topic, BTreeMap<usize, (Exact, Exact)>>;
/// A topic that two logs have with the same input and output.
type Equal<'t> = (&'t Topic, Exact, Exact);

/// A log's sums of a day and a model family.
struct Part {
    log: usize,
    input: Exact,
    output: Exact,
}

/// Finds the pairs of logs that have the same calls, certainly or perhaps.
pub fn common(logs: &[Log]) -> Vec<Common> {
    let mut families: HashMap<&str, String> = HashMap::new();
    let mut sums = ByTopic::new();
    for (at, log) in logs.iter().enumerate() {
        for ((day, model), sum) in log.all() {
            let family = families
                .entry(model)
                .or_insert_with(|| ModelName::parse(model).family);
            let by_log = sums.entry((*day, family.clone())).or_default();
            let (input, output) = by_log.entry(at).or_default();
            *input += sum.input.exact();
            *output += sum.output.exact();
        }
    }
    // Pairs, the log of the lower number first → what they have in common.
    let mut equal: BTreeMap<(usize, usize), Vec<Equal<'_>>> = BTreeMap::new();
    for (key, by_log) in &sums {
        let mut parts: Vec<Part> = by_log
            .iter()
            .filter(|(_, (input, output))| {
                *input >= Exact::from(LEAST_INPUT) && *output >= Exact::from(LEAST_OUTPUT)
            })
            .map(|(log, (input, output))| Part {
                log: *log,
                input: *input,
                output: *output,
            })
            .collect();
        parts.sort_by_key(|part| (part.input, part.output, part.log));
        for same in parts.chunk_by(|a, b| a.input == b.input && a.output == b.output) {
            for (at, one) in same.iter().enumerate() {
                for other in &same[at + 1..] {
                    let pair = equal.entry((one.log, other.log)).or_default();
                    pair.push((key, one.input, one.output));
                }
            }
        }
    }
    let mut pairs: BTreeSet<(usize, usize)> = equal.keys().copied().collect();
    for (a, one) in logs.iter().enumerate() {
        for (b, other) in logs.iter().enumerate().skip(a + 1) {
            if formats::tell_same_calls(one.format, other.format) {
                pairs.insert((a, b));
            }
        }
    }
    let found = pairs.into_iter().filter_map(|(a, b)| {
        let equal = equal.remove(&(a, b)).unwrap_or_default();
        pair(logs, &sums, (a, b), &equal)
    });
    found.collect()
}

/// Judges a pair.
fn pair(
    logs: &[Log],
    sums: &ByTopic,
    (a, b): (usize, usize),
    equal: &[Equal<'_>],
) -> Option<Common> {
    // The log that reaches further counts.
    let rank = |at: usize| {
        (
            logs[at].last_day(),
            std::cmp::Reverse(logs[at].name.clone()),
        )
    };
    let (kept, lost) = match rank(a) >= rank(b) {
        true => (a, b),
        false => (b, a),
    };
    let same_table = formats::tell_same_calls(logs[a].format, logs[b].format);
    let different: BTreeSet<(Exact, Exact)> = equal.iter().map(|(_, i, o)| (*i, *o)).collect();
    let certain = same_table || different.len() >= PROOF;
    let has = |key: &(Day, String), log: usize| sums[key].contains_key(&log);
    let days_kept: BTreeSet<Day> = logs[kept].days.keys().map(|(day, _)| *day).collect();
    let is_twice = |day: Day, model: &str| {
        let key = (day, ModelName::parse(model).family);
        match (same_table, certain) {
            (true, _) => days_kept.contains(&day),
            (_, true) => has(&key, kept),
            _ => equal.iter().any(|(of, _, _)| **of == key),
        }
    };
    let mut twice = BTreeSet::new();
    let (mut tokens, mut line) = (Exact::ZERO, u64::MAX);
    for ((day, model), sum) in logs[lost].all() {
        if is_twice(*day, model) {
            twice.insert((*day, model.clone()));
            tokens += sum.input.exact() + sum.output.exact();
            line = line.min(sum.line);
        }
    }
    let first = twice.first().map(|(day, _)| *day)?;
    let last = twice.last().map(|(day, _)| *day)?;
    let why = match equal.len() {
        0 => "both tables are made of the same calls".to_string(),
        1 => "input and output tokens of one model and day are exactly the same".to_string(),
        n => format!("input and output tokens of {n} models and days are exactly the same"),
    };
    Some(Common {
        kept,
        lost,
        certain,
        twice,
        why,
        line,
        tokens,
        span: (first, last),
    })
}
