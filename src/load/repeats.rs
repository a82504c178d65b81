//! Repeated usage records: the same request id is one record.
//!
//! Ids are compared by 128-bit hashes, contents by 64-bit ones beside them: about 28 bytes per id
//! under `--on-conflict error`, as much of it in memory as `--memory` allows. The other two choices
//! keep the winning record of every id until the end. The ids are parted by their hashes, so that
//! several threads can look them up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::Choices;
use super::ordered::STEPS;
use super::overlap::OnOverlap;
use super::seen::{Mark, NoRoom, Seen};
use crate::model::records::UsageRecord;
use crate::model::{Exact, Instant, Packed};
use crate::problem::{Place, Problem, catalogue};

/// Into how many parts ids and groups are parted.
pub const PARTS: usize = 64;
/// Bytes that a held winner takes, about: its rank, group and sums, and its slot.
const WINNER: usize = 240;

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

/// What a record is among those seen, where the first of an id counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The first of its id; count it now.
    New,
    /// An exact repeat; drop it.
    Repeat,
    /// Its id came with different content, in that file at that line, if places are kept.
    Conflict(u32, u32),
}

/// What a record is among those seen, where one of each id wins.
#[derive(Debug, PartialEq, Eq)]
pub enum Won {
    /// An exact repeat; drop it.
    Repeat,
    /// The first of its id; hold it in this slot until the end.
    Held(usize),
    /// Its id came with different content from the same tool, in that file at that line.
    Conflict(u32, u32),
    /// Loses against the one held.
    Beaten,
    /// Wins against the one in this slot.
    Beats(usize),
}

/// A record's id and content, hashed, and its line.
#[derive(Clone, Copy, Debug)]
pub struct Id {
    key: u128,
    content: u64,
    line: u32,
}

/// Orders the records of one id.
#[derive(Debug)]
struct Rank(Packed, Packed, u64);

/// A log, as far as repeats concern it.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// The file.
    pub name: Arc<str>,
    /// Its format: two formats are two tools.
    pub format: &'static str,
}

/// The first of the calls that two logs share, and how many there are.
#[derive(Clone, Debug)]
pub struct SharedCalls {
    /// The request id.
    pub id: String,
    /// Its line in the later file.
    pub line: u64,
    /// Its line in the earlier one.
    pub before: u32,
    /// Calls.
    pub calls: u64,
}

impl SharedCalls {
    /// The refusal.
    pub fn refuse(&self, later: &LogFile, earlier: &LogFile) -> Problem {
        let message = format!(
            "logs calls that {} logs too, with the same request ids: {}, the first of them at {}:{}",
            earlier.name, self.calls, earlier.name, self.before
        );
        Problem::new(&catalogue::OVERLAP, message)
            .at(Place::line(&later.name, self.line))
            .excerpt(&self.id)
            .help("leave one of them out, or say --on-overlap latest to count the later row of each call")
    }
}

/// Every request id seen. `T` is what is held for the winners.
pub struct Repeats<T> {
    on_conflict: OnConflict,
    /// Whether the later of two tools' rows of one call counts.
    across: bool,
    first: Vec<Mutex<Seen>>,
    /// Whether an id came with different content.
    conflict: AtomicBool,
    /// How many winners may be held.
    most: usize,
    winners: Mutex<Winners<T>>,
}

/// The record of an id that wins so far.
#[derive(Clone, Copy, Debug)]
struct Slot {
    content: u64,
    /// Its place among what is held.
    at: usize,
    file: u32,
    line: u32,
}

struct Winners<T> {
    slots: HashMap<u128, Slot, foldhash::fast::FixedState>,
    held: Vec<(Rank, Option<T>)>,
}

impl Rank {
    fn values(&self) -> (Exact, Exact, u64) {
        (self.0.exact(), self.1.exact(), self.2)
    }
}

/// A lock that is taken also after a panic elsewhere: that panic ends the run.
pub fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Id {
    /// An id, what its record says (see [`Hand`](super::hand::Hand)), and the line.
    pub fn of(id: &str, content: &[u8], line: u64) -> Id {
        Id {
            key: xxh3_128(id.as_bytes()),
            content: xxh3_64(content),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }

    /// The part in which the id stands.
    pub fn part(&self) -> usize {
        (self.key >> 64) as usize % PARTS
    }

    /// The step of [`Ordered`](super::ordered::Ordered) at which it stands in its part.
    pub fn order(&self) -> usize {
        (self.key >> (128 - STEPS.ilog2())) as usize
    }
}

impl<T> Repeats<T> {
    /// Starts empty. The places of records are kept for the messages about conflicts, unless the
    /// run begins anew at the first one.
    pub fn new(choices: &Choices, keep_places: bool) -> Repeats<T> {
        let room = usize::try_from(choices.memory).unwrap_or(usize::MAX);
        let part = || Mutex::new(Seen::new(room / PARTS, keep_places));
        Repeats {
            on_conflict: choices.on_conflict,
            across: choices.on_overlap == OnOverlap::Latest,
            first: (0..PARTS).map(|_| part()).collect(),
            conflict: AtomicBool::new(false),
            most: room / WINNER,
            winners: Mutex::new(Winners {
                slots: HashMap::default(),
                held: Vec::new(),
            }),
        }
    }

    /// Whether the first record of an id counts; otherwise one wins at the end.
    pub fn first_counts(&self) -> bool {
        self.on_conflict == OnConflict::Error && !self.across
    }

    /// Whether an id came with different content where the first record counts.
    pub fn met_conflict(&self) -> bool {
        self.conflict.load(Ordering::Relaxed)
    }

    /// Looks up ids of one part, all of one file, and remembers them.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn see_first<'i>(
        &self,
        part: usize,
        file: u32,
        ids: impl Iterator<Item = &'i Id> + Clone,
        mut told: impl FnMut(First),
    ) -> Result<(), NoRoom> {
        let mut seen = locked(&self.first[part]);
        seen.reserve(ids.clone().count());
        // The memory of many ids is waited for at once.
        let touched = ids.clone().fold(0, |sum, id| sum ^ seen.touch(id.key));
        std::hint::black_box(touched);
        for id in ids {
            let mark = Mark::new(id.key, id.content, (file, id.line));
            told(match seen.see(&mark)? {
                None => First::New,
                Some(before) if before.content == id.content => First::Repeat,
                Some(Mark { place, .. }) => {
                    self.conflict.store(true, Ordering::Relaxed);
                    First::Conflict(place.0, place.1)
                }
            });
        }
        Ok(())
    }

    /// Looks a record of a file up where one of each id wins. `files` tell the tools apart.
    ///
    /// # Errors
    /// There is no room for another winner.
    pub fn see_all(
        &self,
        id: &Id,
        record: &UsageRecord<'_>,
        file: u32,
        files: &[LogFile],
    ) -> Result<Won, NoRoom> {
        let rank = self.rank(record, id.content);
        let mut winners = locked(&self.winners);
        let mut slot = Slot {
            content: id.content,
            at: winners.held.len(),
            file,
            line: id.line,
        };
        let Some(before) = winners.slots.get(&id.key).copied() else {
            if slot.at >= self.most {
                return Err(NoRoom::Full);
            }
            winners.slots.insert(id.key, slot);
            winners.held.push((rank, None));
            return Ok(Won::Held(slot.at));
        };
        if before.content == id.content {
            return Ok(Won::Repeat);
        }
        let same_tool = files[before.file as usize].format == files[file as usize].format;
        if self.on_conflict == OnConflict::Error && same_tool {
            return Ok(Won::Conflict(before.file, before.line));
        }
        if winners.held[before.at].0.values() >= rank.values() {
            return Ok(Won::Beaten);
        }
        slot.at = before.at;
        winners.slots.insert(id.key, slot);
        winners.held[slot.at].0 = rank;
        Ok(Won::Beats(slot.at))
    }

    /// Keeps what belongs to a slot.
    pub fn hold(&self, slot: usize, value: T) {
        locked(&self.winners).held[slot].1 = Some(value);
    }

    /// Changes everything that is held.
    pub fn each_held(&self, change: impl FnMut(&mut T)) {
        locked(&self.winners)
            .held
            .iter_mut()
            .filter_map(|(_, value)| value.as_mut())
            .for_each(change);
    }

    /// Hands out what was held.
    pub fn into_winners(self) -> Vec<T> {
        let winners = self.winners.into_inner();
        let held = winners.unwrap_or_else(PoisonError::into_inner).held;
        held.into_iter().filter_map(|(_, value)| value).collect()
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
            OnConflict::Max => Rank(tokens.into(), when.into(), content),
            _ => Rank(when.into(), tokens.into(), content),
        }
    }
}

/// The problem of an id that came with different content, in that file at that line.
pub fn conflict(
    id: &str,
    (file, line): (&Arc<str>, u64),
    (other, at): (&Arc<str>, u32),
) -> Problem {
    Problem::new(
        &catalogue::CONFLICT,
        format!("request id was already read with different content at {other}:{at}"),
    )
    .at(Place::line(file, line))
    .excerpt(id)
    .help("say --on-conflict last (the later one) or --on-conflict max (the one with more tokens), or correct the log")
}

/// The problem of too many request ids.
pub fn no_room(why: &NoRoom) -> Problem {
    let message = match why {
        NoRoom::Full => "there are more request ids than the memory for them holds".to_string(),
        NoRoom::File(error) => format!(
            "there are more request ids than the memory for them holds, and they cannot be kept in a temporary file: {error}"
        ),
    };
    Problem::new(&catalogue::MEMORY, message)
        .help("raise --memory, or report the files in smaller periods")
}
