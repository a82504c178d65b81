//! The request ids of one part, each with its content and, where it is wanted, its place.
//!
//! A table of open addressing in the order of the ids. A slot has 24 bytes, 32 with the place; since
//! the table grows by an eighth, an id takes 27 to 30 of them, or 36 to 41. What does not fit
//! into the room it may take goes to a file ([`Older`]). Whether an id was seen is always told
//! exactly and at once.
//!
//! All slots, from the first to the last, are in the order of their ids, so that looking for a new
//! one ends at the first greater id and not only at a free slot, which in a full table is far.

use std::io;

use super::older::Older;

/// Tables below this many slots double.
const SMALL: usize = 4096;
/// No table has fewer.
const LEAST: usize = 16;

/// An id that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The upper and the lower half of the id's hash; never both 0, which is a free slot.
    key: [u64; 2],
    /// The hash of the content of its first record.
    pub content: u64,
    /// File and line of its first record, where places are kept.
    pub place: (u32, u32),
}

/// What stands in a slot; places stand beside.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: [u64; 2],
    content: u64,
}

/// Why an id could not be remembered.
#[derive(Debug)]
pub enum NoRoom {
    /// The index of the ids in the file leaves too little of the room.
    Full,
    /// The temporary file cannot be written or read.
    File(io::Error),
}

impl From<io::Error> for NoRoom {
    fn from(error: io::Error) -> NoRoom {
        NoRoom::File(error)
    }
}

/// The ids of one part.
pub struct Seen {
    /// So many slots are the first choice of an id; some more follow, so that none begins anew.
    homes: usize,
    slots: Vec<Slot>,
    /// The places of the slots; empty where none are kept.
    places: Vec<(u32, u32)>,
    keep_places: bool,
    taken: usize,
    /// How many bytes it may take.
    room: usize,
    older: Option<Older>,
}

/// How many slots follow those that are a first choice.
fn behind(homes: usize) -> usize {
    (homes / 4 + 4).min(64)
}

impl Mark {
    /// An id by its hash.
    pub fn new(key: u128, content: u64, place: (u32, u32)) -> Mark {
        let key = [(key >> 64) as u64, key as u64];
        Mark {
            // The one hash that stands for a free slot is taken for its neighbour.
            key: if key == [0; 2] { [0, 1] } else { key },
            content,
            place,
        }
    }

    /// The id's hash.
    pub fn key(&self) -> u128 {
        u128::from(self.key[0]) << 64 | u128::from(self.key[1])
    }

    /// The id as it stands in a file.
    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.key[0].to_le_bytes());
        bytes[8..16].copy_from_slice(&self.key[1].to_le_bytes());
        bytes[16..24].copy_from_slice(&self.content.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.place.0.to_le_bytes());
        bytes[28..].copy_from_slice(&self.place.1.to_le_bytes());
        bytes
    }

    /// The id of these bytes.
    pub fn of_bytes(bytes: &[u8; 32]) -> Mark {
        let (words, _) = bytes.as_chunks::<8>();
        let word = |at: usize| u64::from_le_bytes(words[at]);
        Mark {
            key: [word(0), word(1)],
            content: word(2),
            place: (word(3) as u32, (word(3) >> 32) as u32),
        }
    }
}

impl Seen {
    /// Starts empty. It takes no more than `room` bytes, and as much again while it grows.
    pub fn new(room: usize, keep_places: bool) -> Seen {
        Seen {
            homes: 0,
            slots: Vec::new(),
            places: Vec::new(),
            keep_places,
            taken: 0,
            room,
            older: None,
        }
    }

    /// The id as it was seen before; `None` if it is new, and then it is remembered.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn see(&mut self, mark: &Mark) -> Result<Option<Mark>, NoRoom> {
        let mut place = match self.slot_of(mark.key) {
            Ok(at) => return Ok(Some(self.mark(at))),
            Err(place) => place,
        };
        if let Some(older) = &mut self.older
            && let Some(before) = older.find(mark.key())?
        {
            return Ok(Some(before));
        }
        while (self.taken + 1) * 9 > self.homes * 8 || !self.insert(place, mark) {
            self.make_room()?;
            place = self.slot_of(mark.key).unwrap_or_else(|place| place);
        }
        self.taken += 1;
        Ok(None)
    }

    /// Makes room for so many more ids, if it may: ids that come in order would else crowd one end of
    /// a table that is still small.
    pub fn reserve(&mut self, more: usize) {
        let wanted = (self.taken + more) * 9 / 8 + 1;
        let larger = wanted.max(self.homes + self.homes / 8).max(LEAST);
        if wanted > self.homes && larger + behind(larger) <= self.most() {
            self.grow(larger);
        }
    }

    /// Fetches the memory where an id would stand, so that looking up many of them waits once.
    pub fn touch(&self, key: u128) -> u64 {
        let home = self.home((key >> 64) as u64);
        self.slots.get(home).map_or(0, |slot| slot.content)
    }

    /// The slot that an id would have if it were the only one.
    fn home(&self, high: u64) -> usize {
        ((u128::from(high) * self.homes as u128) >> 64) as usize
    }

    /// The slot of an id, or the one before which it belongs.
    fn slot_of(&self, key: [u64; 2]) -> Result<usize, usize> {
        let home = self.home(key[0]);
        for (at, slot) in (home..).zip(self.slots.get(home..).unwrap_or_default()) {
            if slot.key == key {
                return Ok(at);
            }
            if slot.key == [0; 2] || slot.key > key {
                return Err(at);
            }
        }
        Err(self.slots.len())
    }

    /// Puts an id where it belongs, and those up to the next free slot one further. False, and
    /// nothing changes, where there is no such slot.
    fn insert(&mut self, at: usize, mark: &Mark) -> bool {
        let mut rest = self.slots.iter().skip(at);
        let Some(free) = rest.position(|slot| slot.key == [0; 2]) else {
            return false;
        };
        self.slots.copy_within(at..at + free, at + 1);
        if self.keep_places {
            self.places.copy_within(at..at + free, at + 1);
        }
        self.put(at, mark);
        true
    }

    fn mark(&self, at: usize) -> Mark {
        let Slot { key, content } = self.slots[at];
        let place = self.places.get(at).copied().unwrap_or_default();
        Mark {
            key,
            content,
            place,
        }
    }

    fn put(&mut self, at: usize, mark: &Mark) {
        self.slots[at] = Slot {
            key: mark.key,
            content: mark.content,
        };
        if self.keep_places {
            self.places[at] = mark.place;
        }
    }

    /// Makes the table larger, or where it may not become so, moves it to the file.
    fn make_room(&mut self) -> Result<(), NoRoom> {
        let count = self.homes;
        let mut larger = match count < SMALL {
            true => (count * 2).max(LEAST),
            false => count + count / 8,
        };
        while larger + behind(larger) <= self.most() {
            if self.grow(larger) {
                return Ok(());
            }
            larger += larger / 8;
        }
        if count > 0 {
            self.move_out()?;
        }
        // A part that is nearly all index would be moved again and again.
        let most = self.most();
        match most * 4 < self.most_without_index() || most < LEAST + behind(LEAST) {
            true => Err(NoRoom::Full),
            false => {
                let homes = (most - behind(most)).min(count.max(LEAST));
                self.with_slots(homes);
                self.taken = 0;
                Ok(())
            }
        }
    }

    /// Makes the table larger; false, and nothing changes, if the last ids have no place then.
    fn grow(&mut self, homes: usize) -> bool {
        let before = self.with_slots(homes);
        let taken = self.take_all(&before);
        if !taken {
            let older = self.older.take();
            *self = Seen { older, ..before };
        }
        taken
    }

    /// Takes the ids of a smaller table, which are in order, into this empty one; false if there is
    /// no slot for the last of them.
    fn take_all(&mut self, before: &Seen) -> bool {
        let mut next = 0;
        for at in before.filled() {
            let mark = before.mark(at);
            next = self.home(mark.key[0]).max(next);
            if next == self.slots.len() {
                return false;
            }
            self.put(next, &mark);
            next += 1;
        }
        true
    }

    /// Bytes of one slot.
    fn each(&self) -> usize {
        size_of::<Slot>() + usize::from(self.keep_places) * size_of::<(u32, u32)>()
    }

    fn most_without_index(&self) -> usize {
        self.room / self.each()
    }

    /// How many slots the table may have.
    fn most(&self) -> usize {
        let index = self.older.as_ref().map_or(0, Older::memory);
        self.room.saturating_sub(index) / self.each()
    }

    /// Makes all slots anew, free, and returns the table as it was.
    fn with_slots(&mut self, homes: usize) -> Seen {
        let count = homes + behind(homes);
        let places = if self.keep_places { count } else { 0 };
        let new = Seen {
            homes,
            slots: vec![Slot::default(); count],
            places: vec![(0, 0); places],
            older: self.older.take(),
            ..*self
        };
        std::mem::replace(self, new)
    }

    fn filled(&self) -> impl Iterator<Item = usize> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| slot.key != [0; 2])
            .map(|(at, _)| at)
    }

    fn move_out(&mut self) -> Result<(), NoRoom> {
        let before = self.older.take();
        let marks = self.filled().map(|at| self.mark(at));
        self.older = Some(Older::write(before, self.taken as u64, marks)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A hash that looks random, of a part of the ids as [`super::super::repeats`] parts them.
    fn key(of: u64) -> u128 {
        let hash = xxhash_rust::xxh3::xxh3_128(&of.to_le_bytes());
        hash & !(63 << 64)
    }

    /// Sees ids in an order in which many come again, near and far, and compares what is told with
    /// a plain map. Returns whether some went to the file.
    fn compare(room: usize, keep_places: bool, ids: u64) -> bool {
        let mut seen = Seen::new(room, keep_places);
        let mut plain: BTreeMap<u128, (u64, (u32, u32))> = BTreeMap::new();
        let mut new = 0u64;
        for at in 0..ids {
            let id = match at % 5 {
                3 => new * 7 % (new + 1),
                4 => new.saturating_sub(at % 3),
                _ => {
                    new += 1;
                    new
                }
            };
            let (content, place) = (id + at % 2, (1, at as u32));
            let told = seen.see(&Mark::new(key(id), content, place)).unwrap();
            let told = told.map(|mark| (mark.content, mark.place));
            let before = plain.get(&key(id)).copied();
            let before = before.map(|(content, place)| match keep_places {
                true => (content, place),
                false => (content, (0, 0)),
            });
            assert_eq!(told, before, "id {id} at {at}, room {room}");
            plain.entry(key(id)).or_insert((content, place));
        }
        seen.older.is_some()
    }

    #[test]
    fn ids_beyond_the_room_are_told_as_within() {
        for keep_places in [false, true] {
            assert!(!compare(1 << 20, keep_places, 20_000));
            for room in [4_000, 10_000, 60_000] {
                assert!(compare(room, keep_places, room as u64 * 3 / 5));
            }
        }
    }

    #[test]
    fn the_hash_of_a_free_slot_is_an_id_like_others() {
        let mut seen = Seen::new(10_000, true);
        assert!(seen.see(&Mark::new(0, 5, (1, 2))).unwrap().is_none());
        let again = seen.see(&Mark::new(0, 5, (1, 3))).unwrap().unwrap();
        assert_eq!((again.content, again.place), (5, (1, 2)));
    }

    #[test]
    fn more_ids_than_the_index_has_room_for_are_refused() {
        let mut seen = Seen::new(1_000, false);
        let end = (0..100_000).find_map(|id| seen.see(&Mark::new(key(id), 0, (0, 0))).err());
        assert!(matches!(end, Some(NoRoom::Full)));
    }

    #[test]
    fn an_id_takes_the_bytes_that_are_documented() {
        let mut seen = Seen::new(usize::MAX, false);
        let mut most = 0;
        for id in 0..100_000 {
            seen.see(&Mark::new(key(id), 0, (0, 0))).unwrap();
            if id > 10_000 {
                most = most.max(seen.slots.len() * size_of::<Slot>() / (id as usize + 1));
            }
        }
        assert!((27..=31).contains(&most), "{most}");
    }
}
