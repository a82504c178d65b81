//! A long text file in pieces that can be read side by side: whoever has time takes the next one.
//!
//! A piece ends behind a line feed that stands outside quotation marks, so every row is whole in
//! one piece. Where quotation marks stand as they should, counting them tells exactly what is
//! inside: one opens, one closes, two in a row do both. So the border before the first one out of
//! place is right as well, and its piece meets it: what is wrong is never passed over. Each piece
//! knows the line and the offset at which it begins.

use std::sync::Arc;

use memchr::{memchr_iter, memrchr, memrchr2};

use super::csv::Table;
use super::jsonl::JsonLines;
use super::row::{Header, RowSource};
use super::unpack::Unpacked;
use super::window::{Window, line_ends};
use super::{Limits, Receipt};

/// How the text of a file is to be read.
pub(super) enum Form {
    /// CSV under this header.
    Csv(Table),
    /// JSON lines, of which these columns are known.
    Lines { limits: Limits, header: Header },
}

/// What all pieces of a file have in common.
struct Common {
    name: Arc<str>,
    receipt: Receipt,
    form: Form,
}

/// The rest of a file, cut into pieces as it is read.
pub struct Pieces {
    common: Arc<Common>,
    stream: Unpacked,
    /// Bytes read that belong to the next piece.
    carry: Vec<u8>,
    /// Line and offset of the next piece.
    start: (u64, u64),
    size: usize,
    /// Whether a piece was given out: a file without rows has one, so that it is read at all.
    begun: bool,
    end: bool,
}

/// One piece of a file, not yet looked at.
pub struct Piece {
    common: Arc<Common>,
    bytes: Vec<u8>,
    start: (u64, u64),
}

/// The file cannot be read in pieces to its end: it is damaged, or a row is longer than it may be.
/// Read in one go it tells what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit;

impl Pieces {
    pub(super) fn new(
        form: Form,
        stream: Unpacked,
        carry: Vec<u8>,
        start: (u64, u64),
        size: usize,
    ) -> Pieces {
        Pieces {
            common: Arc::new(Common {
                name: stream.name().clone(),
                receipt: stream.receipt().clone(),
                form,
            }),
            stream,
            carry,
            start,
            size: size.max(1),
            begun: false,
            end: false,
        }
    }

    /// About how many bytes a piece has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The next piece; `None` at the end of the file.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn next_piece(&mut self) -> Result<Option<Piece>, Unfit> {
        let (quoting, limit) = match &self.common.form {
            Form::Csv(table) => (true, table.limits.max_line),
            Form::Lines { limits, .. } => (false, limits.max_line),
        };
        let mut bytes = std::mem::take(&mut self.carry);
        let mut counted = 0;
        let mut inside = false;
        while !self.end {
            let filled = bytes.len();
            bytes.resize(filled + self.size, 0);
            let count = self.stream.fill(&mut bytes[filled..]).map_err(|_| Unfit)?;
            bytes.truncate(filled + count);
            self.end = count < self.size;
            if self.end {
                break;
            }
            if quoting {
                inside ^= memchr_iter(b'"', &bytes[counted..]).count() % 2 == 1;
                counted = bytes.len();
            }
            let border = match quoting {
                true => last_row_end(&bytes, inside),
                false => memrchr(b'\n', &bytes).map(|at| at + 1),
            };
            match border {
                Some(border) => {
                    self.carry = bytes.split_off(border);
                    break;
                }
                None if bytes.len() > limit.saturating_add(self.size) => return Err(Unfit),
                None => {}
            }
        }
        if bytes.is_empty() && self.begun {
            return Ok(None);
        }
        self.begun = true;
        let start = self.start;
        self.start.0 += line_ends(&bytes);
        self.start.1 += bytes.len() as u64;
        Ok(Some(Piece {
            common: self.common.clone(),
            bytes,
            start,
        }))
    }
}

/// Behind the last line feed outside quotation marks; `inside` says whether the text ends inside.
fn last_row_end(bytes: &[u8], mut inside: bool) -> Option<usize> {
    let mut end = bytes.len();
    loop {
        let at = memrchr2(b'\n', b'"', &bytes[..end])?;
        match bytes[at] {
            b'"' => inside = !inside,
            _ if !inside => return Some(at + 1),
            _ => {}
        }
        end = at;
    }
}

impl Piece {
    /// How many columns the file is known to have. Where reading a piece brings new ones, what its
    /// rows mean may depend on the rows before it.
    pub fn width(&self) -> usize {
        match &self.common.form {
            Form::Csv(table) => table.header.len(),
            Form::Lines { header, .. } => header.len(),
        }
    }

    /// Its rows.
    ///
    /// # Errors
    /// [`Unfit`], if the bytes are not UTF-8.
    pub fn rows(self) -> Result<Box<dyn RowSource + Send>, Unfit> {
        let common = &self.common;
        let text = String::from_utf8(self.bytes).map_err(|_| Unfit)?;
        let window = Window::of_piece(&common.name, &common.receipt, text, self.start);
        Ok(match &common.form {
            Form::Csv(table) => Box::new(table.rows(window)),
            Form::Lines { limits, header } => Box::new(JsonLines::with(window, limits, header)),
        })
    }
}
