//! A JSON document as one text, for readers that take it apart themselves.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use super::decode::{BLOCK, Decoder};
use super::open::text_of;
use super::receipt::{Receipt, reason};
use super::unpack::{Packing, Unpacked, unreadable};
use super::window::Window;
use super::{Limits, documents, json};
use crate::problem::Problem;

/// How many first bytes are looked at.
const LOOK: usize = 512;

/// The text of a file, plain or packed as gzip or Zstandard, that holds one JSON document, checked;
/// `None` if it begins like anything else.
///
/// # Errors
/// The file cannot be read, or is no valid JSON; the problem names its place.
pub fn whole(path: &Path, name: &str) -> Result<Option<String>, Problem> {
    let name: Arc<str> = name.into();
    let failed = |error: std::io::Error| unreadable(&name, &reason(&error));
    let mut file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(unreadable(&name, "it is a directory").help("name a file in it"));
    }
    let mut first = Vec::new();
    let head = (&mut file).take(4).read_to_end(&mut first);
    head.map_err(failed)?;
    let packing = match first.as_slice() {
        [0x1F, 0x8B, ..] => Packing::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD] => Packing::Zstd,
        _ => Packing::Plain,
    };
    let stored = Box::new(Cursor::new(first).chain(file));
    let receipt = Receipt::default();
    let mut stream = Unpacked::new(&name, stored, packing, &receipt, &Limits::default())?;
    let mut first = vec![0; LOOK];
    let count = stream.fill(&mut first)?;
    first.truncate(count);
    let begins = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&first);
    if !begins.trim_ascii_start().starts_with(b"{") && !begins.trim_ascii_start().starts_with(b"[")
    {
        return Ok(None);
    }
    let decoder = Decoder::new(stream, first, false, BLOCK);
    let text = text_of(Window::new(&name, decoder))?;
    json::check(&text).map_err(|fault| documents::bad(&name, &text, fault))?;
    Ok(Some(text))
}
