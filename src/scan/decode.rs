//! Bytes to text: UTF-8, UTF-16 with a byte order mark, and Windows-1252 where it is declared.
//!
//! Nothing is guessed and nothing replaced: text that is not valid is refused at its byte. The
//! text before the fault is still delivered, so that rows before it are read and counted.

use std::sync::Arc;

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::unpack::Unpacked;
use crate::problem::Problem;

/// Text is delivered in blocks of about this many bytes.
pub(super) const BLOCK: usize = 256 << 10;
/// The first block is smaller, because many files may be opened before one is read.
const FIRST_BLOCK: usize = 64 << 10;

/// Why no more text comes.
#[derive(Debug)]
pub(super) enum Fault {
    /// A byte of the unpacked file that is not text in the encoding.
    NotText {
        byte: u64,
        encoding: &'static str,
        shown: String,
    },
    /// A problem that already has its place.
    Problem(Box<Problem>),
}

enum Encoding {
    Utf8,
    Other(&'static str, encoding_rs::Decoder),
}

/// Decodes a stream of bytes block by block.
pub(super) struct Decoder {
    source: Unpacked,
    encoding: Encoding,
    /// Bytes read but not decoded: an unfinished character, or the look at the beginning.
    raw: Vec<u8>,
    /// Bytes of the file before `raw`.
    consumed: u64,
    fault: Option<Fault>,
    end: bool,
    block: usize,
}

impl Decoder {
    /// Begins to decode. `first` are the stream's first bytes, read to look at them: at least four
    /// if there are as many.
    pub(super) fn new(source: Unpacked, first: Vec<u8>, latin1: bool, block: usize) -> Decoder {
        let mut raw = first;
        let (encoding, mark) = match raw.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
            [0xFF, 0xFE, ..] => {
                let decoder = UTF_16LE.new_decoder_without_bom_handling();
                (Encoding::Other("UTF-16", decoder), 2)
            }
            [0xFE, 0xFF, ..] => {
                let decoder = UTF_16BE.new_decoder_without_bom_handling();
                (Encoding::Other("UTF-16", decoder), 2)
            }
            _ if latin1 => {
                let decoder = WINDOWS_1252.new_decoder_without_bom_handling();
                (Encoding::Other("Windows-1252", decoder), 0)
            }
            _ => (Encoding::Utf8, 0),
        };
        let fault = match raw.as_slice() {
            [a, 0, b, 0] | [a, 0, b, 0, ..] if mark == 0 && *a != 0 && *b != 0 => unmarked(),
            [0, a, 0, b] | [0, a, 0, b, ..] if mark == 0 && *a != 0 && *b != 0 => unmarked(),
            _ => None,
        };
        raw.drain(..mark);
        Decoder {
            source,
            encoding,
            raw,
            consumed: mark as u64,
            end: false,
            fault,
            block,
        }
    }

    /// The offset of the first character: 3 after a UTF-8 byte order mark, so that offsets are
    /// those of the file; 0 in encodings whose offsets differ anyway.
    pub(super) fn start(&self) -> u64 {
        match self.encoding {
            Encoding::Utf8 => self.consumed,
            Encoding::Other(..) => 0,
        }
    }

    /// The receipt of the file.
    pub(super) fn receipt(&self) -> &super::Receipt {
        self.source.receipt()
    }

    /// The bytes read but not decoded, and the stream of the others, where text is UTF-8 and no
    /// fault was met; otherwise the decoder itself.
    pub(super) fn into_utf8(self) -> Result<(Vec<u8>, Unpacked), Box<Decoder>> {
        match (&self.encoding, &self.fault) {
            (Encoding::Utf8, None) => Ok((self.raw, self.source)),
            _ => Err(Box::new(self)),
        }
    }

    /// Appends the next block of text. Returns false if there is none left.
    pub(super) fn more(&mut self, text: &mut String) -> Result<bool, Fault> {
        let before = text.len();
        while text.len() == before {
            if let Some(fault) = self.fault.take() {
                self.end = true;
                self.raw.clear();
                return Err(fault);
            }
            if self.end {
                return Ok(false);
            }
            self.read_block();
            self.decode(text);
        }
        Ok(true)
    }

    fn read_block(&mut self) {
        let kept = self.raw.len();
        let block = match self.consumed < FIRST_BLOCK as u64 {
            true => self.block.min(FIRST_BLOCK),
            false => self.block,
        };
        self.raw.resize(kept + block.max(1), 0);
        let mut filled = kept;
        while filled < self.raw.len() {
            match self.source.read(&mut self.raw[filled..]) {
                Ok(0) => {
                    self.end = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(problem) => {
                    self.fault = Some(Fault::Problem(Box::new(problem)));
                    break;
                }
            }
        }
        self.raw.truncate(filled);
    }

    fn decode(&mut self, text: &mut String) {
        let used = match &mut self.encoding {
            Encoding::Utf8 => match utf8(&self.raw, self.end, text) {
                Ok(used) => used,
                Err(used) => {
                    self.fault = Some(Fault::NotText {
                        byte: self.consumed + used as u64,
                        encoding: "UTF-8",
                        shown: shown(&self.raw[used..]),
                    });
                    used
                }
            },
            Encoding::Other(name, decoder) => {
                let room = decoder.max_utf8_buffer_length_without_replacement(self.raw.len());
                text.reserve(room.unwrap_or(self.raw.len() * 3));
                let (result, used) =
                    decoder.decode_to_string_without_replacement(&self.raw, text, self.end);
                if let DecoderResult::Malformed(length, after) = result {
                    let back = usize::from(length) + usize::from(after);
                    let byte = (self.consumed + used as u64).saturating_sub(back as u64);
                    self.fault = Some(Fault::NotText {
                        byte,
                        encoding: name,
                        shown: shown(&self.raw[used.saturating_sub(back)..]),
                    });
                }
                used
            }
        };
        self.consumed += used as u64;
        self.raw.drain(..used);
    }
}

/// Appends the valid text at the beginning of the bytes. Returns how many bytes were used, as an
/// error if the next byte is not UTF-8. A character that may go on is left, unless at the end.
fn utf8(bytes: &[u8], end: bool, text: &mut String) -> Result<usize, usize> {
    match std::str::from_utf8(bytes) {
        Ok(valid) => {
            text.push_str(valid);
            Ok(bytes.len())
        }
        Err(error) => {
            let used = error.valid_up_to();
            if let Ok(valid) = std::str::from_utf8(&bytes[..used]) {
                text.push_str(valid);
            }
            if error.error_len().is_none() && !end {
                Ok(used)
            } else {
                Err(used)
            }
        }
    }
}

fn unmarked() -> Option<Fault> {
    Some(Fault::NotText {
        byte: 0,
        encoding: "UTF-8, but UTF-16 without a byte order mark",
        shown: String::new(),
    })
}

/// The bytes in hex, for the excerpt.
fn shown(bytes: &[u8]) -> String {
    let hex: Vec<String> = bytes.iter().take(4).map(|b| format!("0x{b:02X}")).collect();
    hex.join(" ")
}

impl Fault {
    /// The problem to print, with the place of the row it is in.
    pub(super) fn problem(self, file: &Arc<str>, line: u64, column: usize) -> Problem {
        match self {
            Fault::Problem(problem) => *problem,
            Fault::NotText {
                byte,
                encoding,
                shown,
            } => Problem::new(
                &crate::problem::catalogue::ENCODING,
                format!("the text is not {encoding}"),
            )
            .at(crate::problem::Place {
                file: file.clone(),
                line: Some(line),
                column: Some(column),
                byte: Some(byte),
            })
            .excerpt(shown)
            .help(match encoding {
                "UTF-8" => {
                    "save the file as UTF-8, or pass --encoding latin1 if that is what it is"
                }
                _ => "save the file as UTF-8",
            }),
        }
    }
}
