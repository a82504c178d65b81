//! A sliding view of the decoded text: what is read but not yet used, with its line and offset.
//!
//! It holds one block plus the unfinished row before it, never the whole file.

use std::sync::Arc;

use memchr::memchr2_iter;

use super::Receipt;
use super::decode::Decoder;
use super::unpack::Unpacked;
use crate::problem::Problem;

/// The unread text of a file.
pub(super) struct Window {
    name: Arc<str>,
    receipt: Receipt,
    /// Where more text comes from; `None` where all of it is there.
    decoder: Option<Decoder>,
    text: String,
    /// Where the unread part of `text` begins.
    at: usize,
    /// Offset of the unread part in the decoded text.
    byte: u64,
    /// Physical line of the unread part, 1-based.
    line: u64,
    end: bool,
}

impl Window {
    pub(super) fn new(name: &Arc<str>, decoder: Decoder) -> Window {
        Window {
            name: name.clone(),
            receipt: decoder.receipt().clone(),
            byte: decoder.start(),
            decoder: Some(decoder),
            text: String::new(),
            at: 0,
            line: 1,
            end: false,
        }
    }

    /// A piece of a file, all of it there, which begins at this line and offset.
    pub(super) fn of_piece(
        name: &Arc<str>,
        receipt: &Receipt,
        text: String,
        (line, byte): (u64, u64),
    ) -> Window {
        Window {
            name: name.clone(),
            receipt: receipt.clone(),
            byte,
            decoder: None,
            text,
            at: 0,
            line,
            end: true,
        }
    }

    /// What is unread, as bytes, with the stream of those that follow; the window is at its end
    /// then. `None`, and nothing changes, where the bytes of the stream are not the text's own.
    pub(super) fn take_bytes(&mut self) -> Option<(Vec<u8>, Unpacked)> {
        let decoder = match self.decoder.take()?.into_utf8() {
            Ok(parts) => parts,
            Err(decoder) => {
                self.decoder = Some(*decoder);
                return None;
            }
        };
        let mut text = std::mem::take(&mut self.text).into_bytes();
        text.drain(..self.at);
        (self.at, self.end) = (0, true);
        let (undecoded, stream) = decoder;
        text.extend(undecoded);
        Some((text, stream))
    }

    /// The file as the user named it.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The receipt of the file.
    pub(super) fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The text read but not used.
    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Whether no text comes after [`Window::rest`].
    pub(super) fn at_end(&self) -> bool {
        self.end
    }

    /// Offset of [`Window::rest`] in the decoded text.
    pub(super) fn byte(&self) -> u64 {
        self.byte
    }

    /// Physical line of [`Window::rest`].
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Reads another block. A fault is told once, with the place of the text before it; then the
    /// text is at its end.
    pub(super) fn more(&mut self) -> Result<(), Problem> {
        self.text.drain(..self.at);
        self.at = 0;
        let Some(decoder) = &mut self.decoder else {
            self.end = true;
            return Ok(());
        };
        match decoder.more(&mut self.text) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.end = true;
                Ok(())
            }
            Err(fault) => {
                self.end = true;
                let line = self.line + line_ends(self.text.as_bytes());
                let cells = column(self.text.as_bytes());
                Err(fault.problem(&self.name, line, cells))
            }
        }
    }

    /// Reads until so many bytes are unread, or the end is reached.
    pub(super) fn ensure(&mut self, bytes: usize) -> Result<(), Problem> {
        while !self.end && self.rest().len() < bytes {
            self.more()?;
        }
        Ok(())
    }

    /// Uses up text that has so many line ends.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        self.at += bytes;
        self.byte += bytes as u64;
        self.line += lines;
    }

    /// The length of the first line of [`Window::rest`] without and with its line end, reading as
    /// far as needed; `None` if the line is longer than the limit.
    pub(super) fn line_extent(
        &mut self,
        max_line: usize,
    ) -> Result<Option<(usize, usize)>, Problem> {
        loop {
            let rest = self.rest().as_bytes();
            let near = &rest[..rest.len().min(max_line + 2)];
            let stop = memchr::memchr2(b'\n', b'\r', near);
            if let Some(end) = stop
                && let Some(next) = after_line_end(rest, end, self.end)
            {
                return Ok((end <= max_line).then_some((end, next)));
            }
            if self.end {
                return Ok((rest.len() <= max_line).then_some((rest.len(), rest.len())));
            }
            if stop.is_none() && rest.len() > max_line {
                return Ok(None);
            }
            self.more()?;
        }
    }

    /// All text that is left, if it is no longer than so many bytes.
    pub(super) fn into_text(mut self, max: usize) -> Result<Option<String>, Problem> {
        while !self.end {
            if self.rest().len() > max {
                return Ok(None);
            }
            self.more()?;
        }
        self.text.drain(..self.at);
        Ok((self.text.len() <= max).then_some(self.text))
    }
}

/// Where the text goes on after the line end at `end`; `None` if more text is needed to tell a
/// carriage return from the first half of a line end.
pub(super) fn after_line_end(text: &[u8], end: usize, last: bool) -> Option<usize> {
    if text[end] == b'\n' {
        return Some(end + 1);
    }
    match text.get(end + 1) {
        Some(b'\n') => Some(end + 2),
        Some(_) => Some(end + 1),
        None if last => Some(end + 1),
        None => None,
    }
}

/// How many line ends the text has: LF, CR LF, or CR alone.
pub(super) fn line_ends(text: &[u8]) -> u64 {
    line_ends_at(text).count() as u64
}

/// The last byte of each line end.
fn line_ends_at(text: &[u8]) -> impl Iterator<Item = usize> {
    let last = |at: &usize| text[*at] == b'\n' || text.get(at + 1) != Some(&b'\n');
    memchr2_iter(b'\n', b'\r', text).filter(last)
}

/// Where each line begins: LF, CR LF, or CR alone end one.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    let after = line_ends_at(text.as_bytes()).map(|at| at + 1);
    std::iter::once(0).chain(after).collect()
}

/// The number of the field that the text ends in, counting commas and tabs outside quotes since
/// the last line end.
fn column(text: &[u8]) -> usize {
    let mut quoted = false;
    let mut column = 1;
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => column = 1,
            b',' | b'\t' if !quoted => column += 1,
            _ => {}
        }
    }
    column
}
