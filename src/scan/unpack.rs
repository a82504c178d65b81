//! Compressed bytes to plain bytes: gzip with all its members, Zstandard with all its frames.
//!
//! A file that is cut off, fails its checksum, is followed by other bytes, or unpacks to an
//! absurd size is refused; nothing is ever quietly shortened. Zip is in `archive`.

use std::io::{BufReader, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use xxhash_rust::xxh3::Xxh3;

use super::Limits;
use super::receipt::{Receipt, reason};
use crate::problem::{Place, Problem, catalogue};

/// Unpacked bytes per stored byte that no real export reaches. Deflate cannot exceed 1032.
const MAX_RATIO: u64 = 1100;
/// The ratio counts only above this many unpacked bytes.
const RATIO_FROM: u64 = 256 << 20;
/// Bytes read from the file at a time.
const STORED_BLOCK: usize = 128 << 10;

/// How the bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// A stream of plain bytes, which checks what it unpacks and hashes what it gives.
pub(super) struct Unpacked {
    name: Arc<str>,
    inner: Box<dyn Read + Send>,
    packed: bool,
    /// Stored bytes of this stream, if known beforehand; else the receipt's position counts.
    stored: Option<u64>,
    receipt: Receipt,
    hash: Xxh3,
    bytes: u64,
    max_bytes: u64,
}

impl Unpacked {
    /// A file that is packed in one of the ways of [`Packing`].
    pub(super) fn new(
        name: &Arc<str>,
        stored: Box<dyn Read + Send>,
        packing: Packing,
        receipt: &Receipt,
        limits: &Limits,
    ) -> Result<Unpacked, Problem> {
        let inner: Box<dyn Read + Send> = match packing {
            Packing::Plain => stored,
            Packing::Gzip => {
                let stored = BufReader::with_capacity(STORED_BLOCK, stored);
                Box::new(MultiGzDecoder::new(stored))
            }
            Packing::Zstd => match zstd::stream::read::Decoder::new(stored) {
                Ok(decoder) => Box::new(decoder),
                Err(_) => return Err(damaged(name, "the compressed file cannot be unpacked")),
            },
        };
        Ok(Unpacked {
            name: name.clone(),
            inner,
            packed: packing != Packing::Plain,
            stored: None,
            receipt: receipt.clone(),
            hash: Xxh3::new(),
            bytes: 0,
            max_bytes: limits.max_unpacked,
        })
    }

    /// A member of a zip, already unpacked by `inner`, of so many stored bytes.
    pub(super) fn member(
        name: &Arc<str>,
        inner: Box<dyn Read + Send>,
        stored: u64,
        receipt: &Receipt,
        limits: &Limits,
    ) -> Unpacked {
        Unpacked {
            name: name.clone(),
            inner,
            packed: true,
            stored: Some(stored),
            receipt: receipt.clone(),
            hash: Xxh3::new(),
            bytes: 0,
            max_bytes: limits.max_unpacked,
        }
    }

    /// The file as the user named it.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The receipt that this stream completes.
    pub(super) fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Reads plain bytes; 0 at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        loop {
            match self.inner.read(buffer) {
                Ok(0) if !buffer.is_empty() => {
                    self.receipt.set_content(self.hash.digest128());
                    return Ok(0);
                }
                Ok(count) => {
                    self.hash.update(&buffer[..count]);
                    self.bytes += count as u64;
                    self.check_size()?;
                    return Ok(count);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }

    /// Reads until the buffer is full or the end is reached.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    fn check_size(&self) -> Result<(), Problem> {
        if !self.packed {
            return Ok(());
        }
        let stored = self.stored.unwrap_or_else(|| self.receipt.position());
        let absurd = self.bytes > RATIO_FROM && self.bytes / MAX_RATIO > stored.max(1);
        if self.bytes <= self.max_bytes && !absurd {
            return Ok(());
        }
        let message = if absurd {
            format!(
                "{stored} compressed bytes unpack to more than {} bytes, over {MAX_RATIO} to 1",
                self.bytes
            )
        } else {
            format!("unpacks to more than {} bytes", self.max_bytes)
        };
        let help = match absurd {
            true => "unpack it with another program, if it is what you expect",
            false => "if it is what you expect, raise --max-unpacked",
        };
        Err(Problem::new(&catalogue::BOMB, message)
            .at(Place::file(&self.name))
            .help(help))
    }

    /// Tells a file that cannot be read from one that cannot be unpacked.
    fn failed(&self, error: &std::io::Error) -> Problem {
        if let Some(reason) = self.receipt.failure() {
            return unreadable(&self.name, reason);
        }
        if !self.packed {
            return unreadable(&self.name, &reason(error));
        }
        let text = error.to_string();
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            damaged(&self.name, "the compressed file is cut off")
        } else if text.contains("checksum") {
            damaged(&self.name, "the compressed file fails its checksum")
        } else if text.contains("header") || text.contains("frame descriptor") {
            damaged(&self.name, "the compressed file is followed by other bytes")
        } else {
            damaged(&self.name, "the compressed file is damaged inside")
        }
    }
}

/// A problem with the compressed file.
pub(super) fn damaged(name: &Arc<str>, message: &str) -> Problem {
    Problem::new(&catalogue::DAMAGED_ARCHIVE, message)
        .at(Place::file(name))
        .help("download or export the file again")
}

/// A problem with reading at all.
pub(super) fn unreadable(name: &Arc<str>, reason: &str) -> Problem {
    let problem = Problem::new(&catalogue::CANNOT_READ, format!("cannot read: {reason}"))
        .at(Place::file(name));
    let before = name.split_once(':').map(|(before, _)| before);
    let word = |text: &&str| {
        text.len() > 1
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    match before.filter(word) {
        Some(before) => problem.help(format!(
            "{before:?} is no format either; tanso formats lists those that may stand before the colon"
        )),
        None => problem.help("check the path, and that you may read the file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads to the end; how many bytes came, and the problem that ended it.
    fn drain(stored: Vec<u8>) -> (u64, Option<Problem>) {
        let receipt = Receipt::default();
        let tap = super::super::receipt::Tap::new(
            Box::new(std::io::Cursor::new(stored)),
            receipt.clone(),
        );
        let name = "b.zst".into();
        let limits = Limits::default();
        let stream = Unpacked::new(&name, Box::new(tap), Packing::Zstd, &receipt, &limits);
        let mut stream = stream.unwrap();
        let mut block = vec![0; 1 << 20];
        let mut total = 0;
        loop {
            match stream.read(&mut block) {
                Ok(0) => return (total, None),
                Ok(count) => total += count as u64,
                Err(problem) => return (total, Some(problem)),
            }
        }
    }

    #[test]
    fn absurd_ratios_are_refused_above_a_size() {
        let zeros = |bytes| zstd::encode_all(std::io::repeat(0).take(bytes), 1).unwrap();
        // Zstandard packs zeros at more than 10,000 to 1.
        let (total, problem) = drain(zeros(300 << 20));
        assert_eq!(problem.unwrap().entry.code, "T5003");
        assert!(
            (RATIO_FROM - (1 << 20)..=RATIO_FROM).contains(&total),
            "{total}"
        );
        let (total, problem) = drain(zeros(16 << 20));
        assert!(problem.is_none());
        assert_eq!(total, 16 << 20);
    }
}
