//! Traces that go on in another file: a span above others repeats their usage, wherever they stand.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::formats::SpanEnds;
use crate::problem::{Place, Problem, catalogue};

type ByKey<T> = HashMap<u128, T, foldhash::fast::FixedState>;

/// The loose ends of the files of spans read so far: 32 bytes for each call of a model.
#[derive(Debug, Default)]
pub struct Traces {
    files: Vec<Arc<str>>,
    /// File and line of usage that counts at a span or above it.
    under_usage: ByKey<(u32, u64)>,
    /// Files that have usage below a span of another file.
    missing: ByKey<u32>,
}

impl Traces {
    /// Takes a file; returns a problem for each other file that has a part of one of its traces.
    pub fn end(&mut self, file: &Arc<str>, ends: SpanEnds) -> Vec<Problem> {
        let this = self.files.len() as u32;
        self.files.push(file.clone());
        let mut split: std::collections::BTreeMap<u32, (u32, u64, u64)> = Default::default();
        let mut tell = |other: u32, upper: u32, line: u64| {
            let found = split.entry(other).or_insert((upper, line, 0));
            if (line, upper) < (found.1, found.0) {
                (found.0, found.1) = (upper, line);
            }
            found.2 += 1;
        };
        for key in &ends.missing {
            if let Some((upper, line)) = self.under_usage.get(key) {
                tell(*upper, *upper, *line);
            }
        }
        for (key, line) in &ends.under_usage {
            if let Some(lower) = self.missing.get(key) {
                tell(*lower, this, *line);
            }
        }
        let under = ends.under_usage.into_iter();
        self.under_usage
            .extend(under.map(|(key, line)| (key, (this, line))));
        self.missing
            .extend(ends.missing.into_iter().map(|key| (key, this)));
        let told = split.into_iter().map(|(other, (upper, line, spans))| {
            let lower = match upper == this {
                true => other,
                false => this,
            };
            let (upper, lower) = (&self.files[upper as usize], &self.files[lower as usize]);
            let message = format!(
                "spans with usage stand above spans with usage of {lower}, so it may count twice: a trace is split over the two files, spans: {spans}"
            );
            let place = match line {
                0 => Place::file(upper),
                line => Place::line(upper, line),
            };
            Problem::new(&catalogue::OVERLAP, message).at(place).help(
                "put the two files together, such as cat a.jsonl b.jsonl > all.jsonl, and pass that file, so that each span is known by those below it",
            )
        });
        told.collect()
    }
}
