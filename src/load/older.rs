//! Request ids beyond the memory: sorted in an unnamed temporary file, each with what is known of
//! it.
//!
//! In memory stay a filter, which tells of most new ids that they are not there, and the first id
//! of each block, so that one read finds any other. The file vanishes with the process, however
//! that ends.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::seen::Mark;

/// Bytes of an id in the file: key, content, file and line.
const RECORD: usize = 32;
/// Ids that are read at a time.
const BLOCK: usize = 128;
/// Bits of the filter for each id, and how many of them an id sets in its word: of a hundred new
/// ids about one is looked up in vain.
const BITS: u64 = 12;
const SET: u32 = 6;

/// The ids in the file.
pub struct Older {
    file: File,
    count: u64,
    /// The first key of each block.
    firsts: Vec<u128>,
    filter: Filter,
}

/// Bits that are set for every key that is there, and for few that are not.
struct Filter(Vec<u64>);

impl Filter {
    fn of(count: u64) -> Filter {
        Filter(vec![0; (count * BITS).div_ceil(64).max(1) as usize])
    }

    /// The word of a key and the bits it sets there. Neither uses the bits that all keys of a part
    /// have in common.
    fn word(&self, key: u128) -> (usize, u64) {
        let word = (u128::from(key as u64) * self.0.len() as u128) >> 64;
        let high = (key >> 64) as u64 >> 6;
        let bits = (0..SET).fold(0, |bits, at| bits | 1 << (high >> (6 * at) & 63));
        (word as usize, bits)
    }

    fn add(&mut self, key: u128) {
        let (word, bits) = self.word(key);
        self.0[word] |= bits;
    }

    fn may_have(&self, key: u128) -> bool {
        let (word, bits) = self.word(key);
        self.0[word] & bits == bits
    }
}

impl Older {
    /// Writes ids in the order of their keys, together with those written before, of which none
    /// may be among them.
    ///
    /// # Errors
    /// The temporary file cannot be made, written or read.
    pub fn write(
        before: Option<Older>,
        count: u64,
        new: impl Iterator<Item = Mark>,
    ) -> io::Result<Older> {
        let count = count + before.as_ref().map_or(0, |before| before.count);
        // This frees the index of those before.
        let mut before = before.map(Reader::of).transpose()?;
        let mut writer = Writer {
            to: BufWriter::new(tempfile::tempfile()?),
            count: 0,
            firsts: Vec::with_capacity(count.div_ceil(BLOCK as u64) as usize),
            filter: Filter::of(count),
        };
        for mark in new {
            while let Some(earlier) = before.as_mut().and_then(|before| before.below(mark.key())) {
                writer.push(&earlier?)?;
            }
            writer.push(&mark)?;
        }
        while let Some(earlier) = before.as_mut().and_then(|before| before.below(u128::MAX)) {
            writer.push(&earlier?)?;
        }
        writer.finish()
    }

    /// What is known of an id, if it is here.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn find(&mut self, key: u128) -> io::Result<Option<Mark>> {
        if !self.filter.may_have(key) {
            return Ok(None);
        }
        let Some(block) = self
            .firsts
            .partition_point(|first| *first <= key)
            .checked_sub(1)
        else {
            return Ok(None);
        };
        let from = (block * BLOCK) as u64;
        let count = (self.count - from).min(BLOCK as u64) as usize;
        let mut bytes = [0; BLOCK * RECORD];
        let bytes = &mut bytes[..count * RECORD];
        self.file.seek(SeekFrom::Start(from * RECORD as u64))?;
        self.file.read_exact(bytes)?;
        let (records, _) = bytes.as_chunks::<RECORD>();
        let found = records.binary_search_by(|record| Mark::of_bytes(record).key().cmp(&key));
        Ok(found.ok().map(|at| Mark::of_bytes(&records[at])))
    }

    /// Bytes of memory that the index of these ids takes.
    pub fn memory(&self) -> usize {
        self.filter.0.len() * size_of::<u64>() + self.firsts.len() * size_of::<u128>()
    }
}

/// Writes ids in order.
struct Writer {
    to: BufWriter<File>,
    count: u64,
    firsts: Vec<u128>,
    filter: Filter,
}

impl Writer {
    fn push(&mut self, mark: &Mark) -> io::Result<()> {
        if self.count.is_multiple_of(BLOCK as u64) {
            self.firsts.push(mark.key());
        }
        self.filter.add(mark.key());
        self.count += 1;
        self.to.write_all(&mark.bytes())
    }

    fn finish(self) -> io::Result<Older> {
        Ok(Older {
            file: self
                .to
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?,
            count: self.count,
            firsts: self.firsts,
            filter: self.filter,
        })
    }
}

/// Reads ids in order.
struct Reader {
    from: BufReader<File>,
    left: u64,
    next: Option<Mark>,
}

impl Reader {
    fn of(older: Older) -> io::Result<Reader> {
        let mut from = BufReader::new(older.file);
        from.seek(SeekFrom::Start(0))?;
        Ok(Reader {
            from,
            left: older.count,
            next: None,
        })
    }

    /// The next id, if its key is not above this one.
    fn below(&mut self, key: u128) -> Option<io::Result<Mark>> {
        if self.next.is_none() {
            self.left = self.left.checked_sub(1)?;
            let mut record = [0; RECORD];
            if let Err(error) = self.from.read_exact(&mut record) {
                return Some(Err(error));
            }
            self.next = Some(Mark::of_bytes(&record));
        }
        self.next.take_if(|next| next.key() <= key).map(Ok)
    }
}
