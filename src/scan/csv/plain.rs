//! Rows that are right and have no quotation mark, which nearly all are: read in one go, without a
//! list of cells between.
//!
//! Whatever is not so is left to the careful way, which then finds everything as it was.

use memchr::memchr3;

use super::{CsvSource, is_control};
use crate::scan::Row;

impl CsvSource {
    /// Reads the next row into `row`, if it is of that kind.
    pub(super) fn plain_row(&mut self, row: &mut Row) -> bool {
        let width = self.header.len();
        // A row of one cell may be blank.
        if width < 2 {
            return false;
        }
        let rest = self.window.rest();
        let seen = rest.len().min(self.limits.max_line + 1);
        let Some(end) = memchr3(b'\n', b'\r', b'"', &rest.as_bytes()[..seen]) else {
            return false;
        };
        let next = match &rest.as_bytes()[end..] {
            [b'\n', ..] => end + 1,
            [b'\r', b'\n', ..] => end + 2,
            _ => return false,
        };
        let text = &rest[..end];
        // Without early exit, so that the compiler can look at many bytes at once.
        let control = text.bytes().fold(false, |any, byte| any | is_control(byte));
        if control {
            return false;
        }
        row.begin_windows(self.window.line(), self.window.byte(), text);
        let mut start = 0;
        each(self.delimiter, text.as_bytes(), |at| {
            row.window(start, at);
            start = at + 1;
        });
        row.window(start, end);
        if row.len() != width || self.repeats_header(row) {
            return false;
        }
        self.window.advance(next, 1);
        true
    }
}

/// Tells every place of a byte, in order.
#[inline]
fn each(byte: u8, text: &[u8], mut found: impl FnMut(usize)) {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let wanted = u64::from_le_bytes([byte; 8]);
    let (words, rest) = text.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        // The wanted bytes are zero here; their highest bits alone are set below.
        let zero = u64::from_le_bytes(*word) ^ wanted;
        let mut hits = !(((zero & LOW) + LOW) | zero | LOW);
        while hits != 0 {
            found(base + (hits.trailing_zeros() / 8) as usize);
            hits &= hits - 1;
        }
        base += 8;
    }
    for (at, other) in rest.iter().enumerate() {
        if *other == byte {
            found(base + at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_byte_is_told() {
        // Neighbours of the byte by one and by the highest bit, in all places of a word.
        let texts: [&[u8]; 5] = [
            b",",
            b",,,,,,,,,",
            b"-,+-,+-,+-,+-,+",
            b"",
            b"\xac,\x2c\xad,-",
        ];
        for text in texts {
            let plain: Vec<usize> = (0..text.len()).filter(|at| text[*at] == b',').collect();
            let mut told = Vec::new();
            each(b',', text, |at| told.push(at));
            assert_eq!(told, plain, "{text:?}");
        }
    }
}
