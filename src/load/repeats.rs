//! Repeated usage records: the same request id is one record.
//!
//! Ids are compared by 128-bit hashes, contents by 64-bit ones beside them: 32 bytes per id under
//! `--on-conflict error`. The other two choices keep the winning record of every id until the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::overlap::OnOverlap;
use crate::model::records::UsageRecord;
use crate::model::{Exact, Instant};
use crate::problem::{Place, Problem, catalogue};

/// What to do when one id comes with different content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Refuse the log.
    #[default]
    Error,
    /// The latest instant wins, ties by the larger token sum.
    Last,
    /// The larger token sum wins, ties by the latest instant.
    Max,
}

/// What a record is among those seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// The first of its id; count it now.
    New,
    /// An exact repeat; drop it.
    Repeat,
    /// A call that the log of another tool has too. See [`Repeats::shared`].
    Shared,
    /// The first of its id; hold it in this slot until the end.
    Held(usize),
    /// Loses against the one held.
    Beaten,
    /// Wins against the one in this slot.
    Beats(usize),
}

/// Orders the records of one id.
type Rank = (Exact, Exact, u64);

/// A log, as far as repeats concern it.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// The file.
    pub name: Arc<str>,
    /// Its format: two formats are two tools.
    pub format: &'static str,
}

/// The first of the calls that two logs share.
#[derive(Clone, Debug)]
struct SharedCalls {
    id: String,
    line: u64,
    before: u32,
    calls: u64,
}

/// Every request id seen. `T` is what is held for the winners.
pub struct Repeats<T> {
    on_conflict: OnConflict,
    /// Whether the later of two tools' rows of one call counts.
    across: bool,
    first: HashMap<u128, (u64, u32, u32), foldhash::fast::FixedState>,
    slots: HashMap<u128, Slot, foldhash::fast::FixedState>,
    /// Calls that two tools' logs share: later and earlier file.
    shared: BTreeMap<(u32, u32), SharedCalls>,
    held: Vec<(Rank, Option<T>)>,
    /// Room for one record's content.
    bytes: Vec<u8>,
}

impl<T> Repeats<T> {
    /// Starts empty.
    pub fn new(on_conflict: OnConflict, on_overlap: OnOverlap) -> Repeats<T> {
        Repeats {
            on_conflict,
            across: on_overlap == OnOverlap::Latest,
            shared: BTreeMap::new(),
            first: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            slots: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            held: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Looks a record up and remembers it. `place` is file and line.
    ///
    /// # Errors
    /// A conflict, under [`OnConflict::Error`].
    pub fn see(
        &mut self,
        id: &str,
        record: &UsageRecord<'_>,
        place: (u32, u64),
        files: &[LogFile],
    ) -> Result<Seen, Problem> {
        let key = xxh3_128(id.as_bytes());
        let content = content(record, &mut self.bytes);
        let line = u32::try_from(place.1).unwrap_or(u32::MAX);
        let another_tool =
            |file: u32| files[file as usize].format != files[place.0 as usize].format;
        if self.on_conflict == OnConflict::Error && !self.across {
            let Some((before, file, at)) = self.first.get(&key) else {
                self.first.insert(key, (content, place.0, line));
                return Ok(Seen::New);
            };
            if *before == content {
                return Ok(Seen::Repeat);
            }
            if another_tool(*file) {
                let shared = self.shared.entry((place.0, *file));
                let shared = shared.or_insert_with(|| SharedCalls {
                    id: id.to_string(),
                    line: place.1,
                    before: *at,
                    calls: 0,
                });
                shared.calls += 1;
                return Ok(Seen::Shared);
            }
            return Err(conflict(id, place, (*file, *at), files));
        }
        let rank = self.rank(record, content);
        let Some(slot) = self.slots.get(&key).copied() else {
            let at = self.held.len();
            let slot = Slot {
                content,
                at,
                file: place.0,
                line,
            };
            self.slots.insert(key, slot);
            self.held.push((rank, None));
            return Ok(Seen::Held(at));
        };
        if slot.content == content {
            return Ok(Seen::Repeat);
        }
        if self.on_conflict == OnConflict::Error && !another_tool(slot.file) {
            return Err(conflict(id, place, (slot.file, slot.line), files));
        }
        if self.held[slot.at].0 >= rank {
            return Ok(Seen::Beaten);
        }
        let better = Slot {
            content,
            at: slot.at,
            file: place.0,
            line,
        };
        self.slots.insert(key, better);
        self.held[slot.at].0 = rank;
        Ok(Seen::Beats(slot.at))
    }

    /// The calls that the logs of two tools share, a problem for each pair of files.
    pub fn shared(&self, files: &[LogFile]) -> Vec<Problem> {
        let problem = |((later, earlier), shared): (&(u32, u32), &SharedCalls)| {
            let (later, earlier) = (&files[*later as usize], &files[*earlier as usize]);
            let message = format!(
                "logs calls that {} logs too, with the same request ids: {}, the first of them at {}:{}",
                earlier.name, shared.calls, earlier.name, shared.before
            );
            Problem::new(&catalogue::OVERLAP, message)
                .at(Place::line(&later.name, shared.line))
                .excerpt(&shared.id)
                .help("leave one of them out, or say --on-overlap latest to count the later row of each call")
        };
        self.shared.iter().map(problem).collect()
    }

    /// Keeps what belongs to a slot.
    pub fn hold(&mut self, slot: usize, value: T) {
        self.held[slot].1 = Some(value);
    }

    /// Changes everything that is held.
    pub fn each_held(&mut self, mut change: impl FnMut(&mut T)) {
        self.held
            .iter_mut()
            .filter_map(|(_, value)| value.as_mut())
            .for_each(&mut change);
    }

    /// Hands out what was held.
    pub fn take_winners(&mut self) -> Vec<T> {
        self.held.drain(..).filter_map(|(_, value)| value).collect()
    }

    fn rank(&self, record: &UsageRecord<'_>, content: u64) -> Rank {
        let Instant(instant) = record.instant;
        let when = Exact::from(instant);
        let tokens: Exact = record
            .quantities
            .iter()
            .filter(|(meter, _)| meter.is_token())
            .map(|(_, quantity)| *quantity)
            .sum();
        // The content hash makes the choice independent of the order of rows.
        match self.on_conflict {
            OnConflict::Max => (tokens, when, content),
            _ => (when, tokens, content),
        }
    }
}

/// The record of an id that counts so far.
#[derive(Clone, Copy, Debug)]
struct Slot {
    content: u64,
    /// Its place among what is held.
    at: usize,
    file: u32,
    line: u32,
}

fn conflict(id: &str, place: (u32, u64), before: (u32, u32), files: &[LogFile]) -> Problem {
    let (file, at) = before;
    let message = format!(
        "request id was already read with different content at {}:{at}",
        files[file as usize].name
    );
    Problem::new(&catalogue::CONFLICT, message)
        .at(Place::line(&files[place.0 as usize].name, place.1))
        .excerpt(id)
        .help("say --on-conflict last (the later one) or --on-conflict max (the one with more tokens), or correct the log")
}

/// A hash of everything a record says, for records without an id.
pub fn fingerprint(record: &UsageRecord<'_>) -> u128 {
    let mut bytes = Vec::new();
    write_content(record, &mut bytes);
    xxh3_128(&bytes)
}

/// A hash of everything a record says. `bytes` is room to write it down.
fn content(record: &UsageRecord<'_>, bytes: &mut Vec<u8>) -> u64 {
    write_content(record, bytes);
    xxh3_64(bytes)
}

fn write_content(record: &UsageRecord<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    let mut text = |text: Option<&str>| match text {
        None => bytes.push(0),
        Some(text) => {
            bytes.push(1);
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
    };
    for field in [
        record.source,
        record.feature,
        record.provider,
        record.model,
        record.tier,
    ] {
        text(field.map(str::trim));
    }
    for dimension in record.dimensions {
        text(*dimension);
    }
    bytes.extend(record.instant.0.to_le_bytes());
    bytes.push(record.outcome as u8);
    bytes.extend(record.requests.to_bytes());
    for (meter, quantity) in record
        .quantities
        .iter()
        .filter(|(_, quantity)| !quantity.is_zero())
    {
        bytes.push(b'|');
        bytes.extend(meter.name().as_bytes());
        bytes.push(b'=');
        bytes.extend(quantity.to_bytes());
    }
    if let Some((amount, currency)) = record.reported_cost {
        bytes.push(b'$');
        bytes.extend(amount.to_bytes());
        bytes.extend(currency.code().as_bytes());
    }
}
