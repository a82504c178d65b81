//! The answers of providers' admin interfaces: pages with `data`, a list of time buckets, each with
//! `results`.
//!
//! A row is one page, whichever way the pages were saved. Bucket times are RFC 3339 text or Unix
//! seconds, in UTC. The rule that must hold: every result is counted once, as used or as skipped
//! for a named reason, and so is every bucket without results.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::formats::Tally;
use crate::formats::nested::Nested;
use crate::formats::rows::{self, Fate};
use crate::model::{Instant, Zone};
use crate::problem::{Entry, Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// One result of a bucket.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Start of its bucket.
    pub start: Instant,
    /// End of its bucket, exclusive.
    pub end: Instant,
    nested: Nested<'a>,
    text: &'a str,
    path: String,
}

impl<'a> Part<'a> {
    /// Reads the result as `T`.
    ///
    /// # Errors
    /// It has another shape.
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T, Problem> {
        self.nested.parse(self.text, &self.path)
    }

    /// The physical line on which it begins, 1-based.
    pub fn line(&self) -> u64 {
        self.nested.line(self.text)
    }

    /// A problem with it: `message` goes on after its path (`amount is not a number`).
    pub fn problem(&self, entry: &'static Entry, message: String, found: &str) -> Problem {
        Problem::new(entry, format!("{}.{message}", self.path))
            .at(self.nested.place(self.text))
            .excerpt(found)
    }
}

/// Reads every result with `take`. `times` are the names of a bucket's start and end. A result
/// that `take` refuses is a problem and counts as skipped for the reason `refused`.
pub fn each(
    source: &mut dyn RowSource,
    times: (&str, &str),
    problems: &mut Problems,
    mut take: impl FnMut(&Part<'_>, &mut Tally) -> Result<Fate, Problem>,
) -> Tally {
    let mut tally = Tally::default();
    let mut row = Row::default();
    let file = source.file().clone();
    let (mut page, mut has_more) = (0, false);
    while source.next_row(&mut row, problems) {
        page += 1;
        let path = match page {
            1 => "$.data".to_string(),
            n => format!("page {n}: $.data"),
        };
        let header = source.header();
        let cell = |name: &str| row.get(header.find(name)?.ok()?);
        has_more = cell("has_more") == Some("true");
        let Some(nested) = Nested::named(&file, header, &row, "data") else {
            let message = format!("{path} is missing");
            let problem = Problem::new(&catalogue::BAD_JSON, message);
            let place = Place::line(&file, row.line());
            problems.push(
                problem
                    .at(place)
                    .help("save the answer as it is, page by page"),
            );
            continue;
        };
        match nested.elements(nested.text(), &path) {
            Err(problem) => problems.push(problem),
            Ok(buckets) => {
                for (at, bucket) in buckets.into_iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    read_bucket(
                        nested, bucket, &path, times, &mut tally, problems, &mut take,
                    );
                }
            }
        }
    }
    rows::remark(
        &mut tally,
        &catalogue::MORE_PAGES,
        u64::from(has_more),
        "the last page says has_more: what comes after it is missing",
    );
    tally
}

fn read_bucket<'a>(
    nested: Nested<'a>,
    text: &'a str,
    path: &str,
    times: (&str, &str),
    tally: &mut Tally,
    problems: &mut Problems,
    take: &mut impl FnMut(&Part<'_>, &mut Tally) -> Result<Fate, Problem>,
) {
    let bucket = match Bucket::of(nested, text, path, times) {
        Ok(bucket) => bucket,
        Err(problem) => {
            tally.read += 1;
            tally.skip("refused");
            problems.push(problem);
            return;
        }
    };
    tally.cover(bucket.start, bucket.end);
    if bucket.results.is_empty() {
        tally.read += 1;
        tally.skip("empty day");
    }
    for (at, text) in bucket.results.into_iter().enumerate() {
        tally.read += 1;
        let part = Part {
            start: bucket.start,
            end: bucket.end,
            nested,
            text,
            path: format!("{path}.results[{at}]"),
        };
        match take(&part, tally) {
            Ok(Fate::Used) => tally.used += 1,
            Ok(Fate::Skipped(reason)) => tally.skip(reason),
            Err(problem) => {
                tally.skip("refused");
                problems.push(problem);
            }
        }
    }
}

struct Bucket<'a> {
    start: Instant,
    end: Instant,
    results: Vec<&'a str>,
}

impl<'a> Bucket<'a> {
    fn of(
        nested: Nested<'a>,
        text: &'a str,
        path: &str,
        (start_key, end_key): (&str, &str),
    ) -> Result<Bucket<'a>, Problem> {
        let keys: std::collections::BTreeMap<String, &RawValue> = nested.parse(text, path)?;
        let key = |name: &str| {
            keys.get(name).map(|raw| raw.get()).ok_or_else(|| {
                let message = format!("{path} has no {name}");
                Problem::new(&catalogue::BAD_JSON, message)
                    .at(nested.place(text))
                    .help("save the answer as it is, page by page")
            })
        };
        let instant = |name: &str| {
            let raw = key(name)?;
            Instant::parse(raw.trim_matches('"'), Some(Zone::Utc)).map_err(|why| {
                let message = format!("{path}.{name} is not a time: {}", why.reason());
                Problem::new(&catalogue::NOT_A_TIME, message)
                    .at(nested.place(raw))
                    .excerpt(raw)
            })
        };
        let (start, end) = (instant(start_key)?, instant(end_key)?);
        if end <= start {
            let message = format!("{path}.{end_key} is not after {start_key}");
            let raw = key(end_key)?;
            let problem = Problem::new(&catalogue::BAD_VALUE, message).at(nested.place(raw));
            return Err(problem.excerpt(raw.trim_matches('"')));
        }
        let results = nested.elements(key("results")?, &format!("{path}.results"))?;
        Ok(Bucket {
            start,
            end,
            results,
        })
    }
}
