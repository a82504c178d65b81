//! Zip archives: one table or document per member.
//!
//! Members are unpacked as they are read and checked against their size and checksum. Folders,
//! dot files and what macOS adds are passed over; an archive inside an archive is refused, and so
//! are workbooks and text documents, which are zip archives too.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::csv::empty;
use super::open::{not_text, open_unpacked};
use super::spool::spool;
use super::unpack::{Unpacked, damaged, unreadable};
use super::{How, Opened};
use crate::problem::{Place, Problem, catalogue};

/// More members than this are refused: all are opened before the first is read.
const MAX_MEMBERS: usize = 1000;

/// What the archive's index says of one member.
struct Entry {
    name: String,
    method: CompressionMethod,
    encrypted: bool,
    start: Option<u64>,
    stored: u64,
    size: u64,
    crc: u32,
}

/// Opens every member. `file` is the archive as a regular file, if it is one.
pub(super) fn open(
    mut stream: Unpacked,
    file: Option<File>,
    how: &How,
) -> Result<Vec<Opened>, Problem> {
    let name = stream.name().clone();
    let file = spool(&mut stream, &[], file)?;
    let entries = index(&name, &file)?;
    if let Some(what) = office(&entries) {
        return Err(not_text(&name, what).help("save the sheet as CSV UTF-8"));
    }
    let file = Arc::new(Mutex::new(file));
    let mut opened = Vec::new();
    for entry in entries.iter().filter(|entry| !is_passed_over(&entry.name)) {
        if opened.len() == MAX_MEMBERS {
            let message = format!("the archive has more than {MAX_MEMBERS} members");
            return Err(Problem::new(&catalogue::BOMB, message).at(Place::file(&name)));
        }
        let member: Arc<str> = format!("{name}!{}", entry.name).into();
        let inner = unpack(&member, entry, &file)?;
        let receipt = stream.receipt().member();
        let stream = Unpacked::member(&member, inner, entry.stored, &receipt, &how.limits);
        opened.push(open_unpacked(stream, None, true, how)?);
    }
    match opened.is_empty() {
        true => Err(empty(&name)),
        false => Ok(opened),
    }
}

/// Reads the archive's index.
fn index(name: &Arc<str>, file: &File) -> Result<Vec<Entry>, Problem> {
    let broken = |_| {
        damaged(
            name,
            "the zip archive has no readable index: it is cut off or damaged",
        )
    };
    let reader = file
        .try_clone()
        .map_err(|_| damaged(name, "the zip archive cannot be read"))?;
    let mut archive = ZipArchive::new(BufReader::new(reader)).map_err(broken)?;
    let mut entries = Vec::new();
    for number in 0..archive.len() {
        let member = archive.by_index_raw(number).map_err(broken)?;
        if member.is_dir() {
            continue;
        }
        let name = match member.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(member.name_raw()).into_owned(),
        };
        entries.push(Entry {
            name,
            method: member.compression(),
            encrypted: member.encrypted(),
            start: member.data_start(),
            stored: member.compressed_size(),
            size: member.size(),
            crc: member.crc32(),
        });
    }
    Ok(entries)
}

/// The word for a file of an office program.
fn office(entries: &[Entry]) -> Option<&'static str> {
    let any = |found: fn(&str) -> bool| entries.iter().any(|entry| found(&entry.name));
    if any(|name| name == "[Content_Types].xml") {
        return Some(match any(|name| name.starts_with("word/")) {
            true => "a Word document",
            false => "an Excel workbook",
        });
    }
    (any(|name| name == "mimetype") && any(|name| name == "content.xml"))
        .then_some("an OpenDocument file")
}

fn is_passed_over(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.is_empty() || last.starts_with('.') || name.split('/').any(|part| part == "__MACOSX")
}

fn unpack(
    name: &Arc<str>,
    entry: &Entry,
    file: &Arc<Mutex<File>>,
) -> Result<Box<dyn Read + Send>, Problem> {
    if entry.encrypted {
        return Err(unreadable(name, "it is encrypted").help("unpack it first"));
    }
    let Some(start) = entry.start else {
        return Err(damaged(
            name,
            "the zip archive does not say where this member begins",
        ));
    };
    let stored = Slice {
        file: file.clone(),
        at: start,
        left: entry.stored,
    };
    let inner: Box<dyn Read + Send> = match entry.method {
        CompressionMethod::Stored => Box::new(stored),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(BufReader::new(stored))),
        _ => {
            return Err(
                unreadable(name, "it is packed by a method that is not read")
                    .help("unpack it, or pack it again with deflate, the usual method"),
            );
        }
    };
    Ok(Box::new(Checked {
        inner,
        crc: Crc::new(),
        expected_crc: entry.crc,
        expected_size: entry.size,
    }))
}

/// A stretch of a file, read without disturbing other readers of the same file.
struct Slice {
    file: Arc<Mutex<File>>,
    at: u64,
    left: u64,
}

impl Read for Slice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.left.try_into().unwrap_or(usize::MAX));
        let mut file = self
            .file
            .lock()
            .map_err(|_| io::Error::other("a reader failed"))?;
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(&mut buffer[..room])?;
        if count == 0 && room > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Compares what a member unpacks to with what the index says.
struct Checked {
    inner: Box<dyn Read + Send>,
    crc: Crc,
    expected_crc: u32,
    expected_size: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(&buffer[..count]);
        // The sum's own count of bytes wraps at 32 bits, so both sizes are taken so.
        let whole = self.crc.amount() == self.expected_size as u32;
        let right = whole && self.crc.sum() == self.expected_crc;
        if count == 0 && !buffer.is_empty() && !right {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the member does not fit its checksum",
            ));
        }
        Ok(count)
    }
}
