//! What was read: size, checksums and progress of one file.
//!
//! Written by the readers as the bytes pass, read by the report's list of inputs, by the search
//! for files given twice, and by the progress bar. Checksums appear only when the last byte has
//! passed, so a half-read file never has one.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// A handle on what was read of one file; clones show the same file.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    file: Arc<FileState>,
    content: Arc<OnceLock<u128>>,
    unterminated: Arc<AtomicBool>,
    rows: Arc<AtomicU64>,
}

/// The stored file, shared by all members of a zip.
#[derive(Debug, Default)]
struct FileState {
    position: AtomicU64,
    sha256: OnceLock<String>,
    failure: OnceLock<String>,
    before: Option<Stat>,
}

/// A regular file as it was when it was opened.
#[derive(Debug)]
struct Stat {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Receipt {
    /// For a regular file, whose state before reading is known.
    pub(super) fn of_file(path: PathBuf, metadata: &std::fs::Metadata) -> Receipt {
        Receipt {
            file: Arc::new(FileState {
                before: Some(Stat {
                    path,
                    bytes: metadata.len(),
                    modified: metadata.modified().ok(),
                }),
                ..FileState::default()
            }),
            ..Receipt::default()
        }
    }

    /// For another member of the same stored file.
    pub(super) fn member(&self) -> Receipt {
        Receipt {
            file: self.file.clone(),
            ..Receipt::default()
        }
    }

    /// SHA-256 of the file as it is stored, in hex; all members of a zip have the zip's.
    /// `None` until the file was read to its end.
    pub fn sha256(&self) -> Option<String> {
        self.file.sha256.get().cloned()
    }

    /// Size of the file as it is stored, in bytes. Of a pipe it is known only at its end; until
    /// then it is what was read so far.
    pub fn bytes(&self) -> u64 {
        match (&self.file.before, self.file.sha256.get()) {
            (Some(before), None) => before.bytes,
            _ => self.position(),
        }
    }

    /// XXH3-128 of the unpacked bytes, before decoding: equal for a file and its `.gz`.
    /// `None` until the content was read to its end.
    pub fn content(&self) -> Option<u128> {
        self.content.get().copied()
    }

    /// Stored bytes read so far.
    pub fn position(&self) -> u64 {
        self.file.position.load(Ordering::Relaxed)
    }

    /// Rows read so far, where they are counted on the way.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Counts more rows.
    pub fn add_rows(&self, count: u64) {
        self.rows.fetch_add(count, Ordering::Relaxed);
    }

    /// Whether the file's size or time is another than before reading, or not all of it was there
    /// to be read. Pipes never change in this sense.
    pub fn changed(&self) -> bool {
        let Some(before) = &self.file.before else {
            return false;
        };
        if self.file.sha256.get().is_some() && self.position() != before.bytes {
            return true;
        }
        match std::fs::metadata(&before.path) {
            Ok(now) => now.len() != before.bytes || now.modified().ok() != before.modified,
            Err(_) => true,
        }
    }

    /// Whether nothing shows that the last cell of the last row is whole: the row has the right
    /// width, but no line end and no closing quotation mark.
    pub fn unterminated(&self) -> bool {
        self.unterminated.load(Ordering::Relaxed)
    }

    pub(super) fn set_unterminated(&self) {
        self.unterminated.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_content(&self, hash: u128) {
        // A second reading of the same content gives the same hash, so the first one stands.
        let _ = self.content.set(hash);
    }

    /// The operating system's reason, if reading the stored file failed.
    pub(super) fn failure(&self) -> Option<&str> {
        self.file.failure.get().map(String::as_str)
    }
}

/// Passes the stored bytes on and notes them in the receipt.
pub(super) struct Tap {
    inner: Box<dyn Read + Send>,
    hash: Option<Sha256>,
    receipt: Receipt,
}

impl Tap {
    pub(super) fn new(inner: Box<dyn Read + Send>, receipt: Receipt) -> Tap {
        Tap {
            inner,
            hash: Some(Sha256::new()),
            receipt,
        }
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // After its end a growing file may have more; what comes then is not covered by the hash.
        let Some(hash) = &mut self.hash else {
            return Ok(0);
        };
        if buffer.is_empty() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(0) => {
                if let Some(hash) = self.hash.take() {
                    let _ = self.receipt.file.sha256.set(hex(&hash.finalize()));
                }
                Ok(0)
            }
            Ok(count) => {
                hash.update(&buffer[..count]);
                let position = &self.receipt.file.position;
                position.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    let _ = self.receipt.file.failure.set(reason(&error));
                }
                Err(error)
            }
        }
    }
}

/// The operating system's words for an error, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_string(),
        None => text,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_appears_at_the_end() {
        let receipt = Receipt::default();
        let mut tap = Tap::new(Box::new(&b"abc"[..]), receipt.clone());
        let mut buffer = [0; 2];
        assert_eq!(tap.read(&mut buffer).unwrap(), 2);
        assert_eq!((receipt.position(), receipt.sha256()), (2, None));
        assert_eq!(tap.read(&mut buffer).unwrap(), 1);
        assert_eq!(tap.read(&mut buffer).unwrap(), 0);
        // The published test vector of FIPS 180-4 for "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(receipt.sha256().as_deref(), Some(expected));
        assert_eq!(receipt.bytes(), 3);
        assert!(!receipt.changed());
    }

    #[test]
    fn change_of_size_is_seen() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a,b\n").unwrap();
        let metadata = std::fs::metadata(file.path()).unwrap();
        let receipt = Receipt::of_file(file.path().to_path_buf(), &metadata);
        assert!(!receipt.changed());
        assert_eq!(receipt.bytes(), 4);
        std::fs::write(file.path(), "a,b\n1,2\n").unwrap();
        assert!(receipt.changed());
    }
}
