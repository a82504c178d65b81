//! Repeated usage records: the same request id is one record.
//!
//! Ids are compared by 128-bit hashes, contents by 64-bit ones beside them: 32 bytes per id under
//! `--on-conflict error`. The other two choices keep the winning record of every id until the end.

use std::sync::Arc;

use hashbrown::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

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
    /// The first of its id; hold it in this slot until the end.
    Held(usize),
    /// Loses against the one held.
    Beaten,
    /// Wins against the one in this slot.
    Beats(usize),
}

/// Orders the records of one id.
type Rank = (Exact, Exact, u64);

/// Every request id seen. `T` is what is held for the winners.
pub struct Repeats<T> {
    on_conflict: OnConflict,
    first: HashMap<u128, (u64, u32, u32), foldhash::fast::FixedState>,
    slots: HashMap<u128, (u64, usize), foldhash::fast::FixedState>,
    held: Vec<(Rank, Option<T>)>,
    /// Room for one record's content.
    bytes: Vec<u8>,
}

impl<T> Repeats<T> {
    /// Starts empty.
    pub fn new(on_conflict: OnConflict) -> Repeats<T> {
        Repeats {
            on_conflict,
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
        files: &[Arc<str>],
    ) -> Result<Seen, Problem> {
        let key = xxh3_128(id.as_bytes());
        let content = content(record, &mut self.bytes);
        if self.on_conflict == OnConflict::Error {
            let line = u32::try_from(place.1).unwrap_or(u32::MAX);
            let Some((before, file, at)) = self.first.get(&key) else {
                self.first.insert(key, (content, place.0, line));
                return Ok(Seen::New);
            };
            if *before == content {
                return Ok(Seen::Repeat);
            }
            return Err(Problem::new(
                &catalogue::CONFLICT,
                format!(
                    "request id was already read with different content at {}:{at}",
                    files[*file as usize]
                ),
            )
            .at(Place::line(&files[place.0 as usize], place.1))
            .excerpt(id)
            .help("say --on-conflict last (the later one) or --on-conflict max (the one with more tokens), or correct the log"));
        }
        let rank = self.rank(record, content);
        match self.slots.get(&key).copied() {
            None => {
                let slot = self.held.len();
                self.slots.insert(key, (content, slot));
                self.held.push((rank, None));
                Ok(Seen::Held(slot))
            }
            Some((before, _)) if before == content => Ok(Seen::Repeat),
            Some((_, slot)) if self.held[slot].0 >= rank => Ok(Seen::Beaten),
            Some((_, slot)) => {
                self.slots.insert(key, (content, slot));
                self.held[slot].0 = rank;
                Ok(Seen::Beats(slot))
            }
        }
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

/// A hash of everything a record says. `bytes` is room to write it down.
fn content(record: &UsageRecord<'_>, bytes: &mut Vec<u8>) -> u64 {
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
    xxh3_64(bytes)
}
