//! The symbols of texts, as one reader of a log remembers them.
//!
//! A log says few different words very often. Those of up to 32 bytes are told apart by their bytes
//! themselves, without a look at where the text is kept, and those met lately without a look into
//! the table.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::HashMap;

use super::fold::{Fixed, Fold};
use crate::model::names;
use crate::model::records::UsageRecord;

/// How many short texts are found without a look into the table. A power of two.
const RECENT: usize = 4096;

/// The symbols that one reader has met.
pub struct Words<'f> {
    fold: &'f Fold,
    /// Short texts met lately, each in the place that its bytes tell.
    recent: Vec<(Short, u32)>,
    short: HashMap<Short, u32, Fixed>,
    long: HashMap<Arc<str>, u32, Fixed>,
    /// Symbols of the folded providers, by the symbol of their spelling in the log.
    providers: HashMap<u32, u32, Fixed>,
    /// Symbols of those who bill a model, by the model's symbol.
    sellers: HashMap<u32, u32, Fixed>,
}

/// A text of at most 32 bytes: its first and last bytes, which overlap where it is shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Short {
    ends: [u64; 2],
    inner: [u64; 2],
    len: u32,
}

impl Short {
    /// No text: that of no bytes is never looked up.
    const NONE: Short = Short {
        ends: [0; 2],
        inner: [0; 2],
        len: 0,
    };

    /// A place among [`RECENT`].
    #[inline]
    fn place(&self) -> usize {
        let bytes = self.ends[0] ^ self.ends[1].rotate_left(29) ^ self.inner[0];
        (bytes.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % RECENT
    }

    #[inline]
    fn of(text: &str) -> Option<Short> {
        let bytes = text.as_bytes();
        let len = bytes.len();
        let mut short = Short {
            ends: [0; 2],
            inner: [0; 2],
            len: len as u32,
        };
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            short.ends = [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
            if len > 32 {
                return None;
            }
            if len > 16
                && let (Some(first), Some(last)) =
                    (bytes[8..].first_chunk(), bytes[..len - 8].last_chunk())
            {
                short.inner = [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
            }
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            short.ends = [u64::from(first), u64::from(last)];
        } else {
            short.ends[0] = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        }
        Some(short)
    }
}

impl Hash for Short {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.ends[0]);
        state.write_u64(self.ends[1]);
        if self.len > 16 {
            state.write_u64(self.inner[0]);
            state.write_u64(self.inner[1]);
        }
    }
}

impl<'f> Words<'f> {
    /// Starts empty.
    pub fn new(fold: &'f Fold) -> Words<'f> {
        Words {
            fold,
            recent: vec![(Short::NONE, 0); RECENT],
            short: HashMap::default(),
            long: HashMap::default(),
            providers: HashMap::default(),
            sellers: HashMap::default(),
        }
    }

    /// The symbol of a text, 0 for none or a blank one.
    pub fn symbol(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text.map(trimmed).filter(|text| !text.is_empty()) else {
            return 0;
        };
        match Short::of(text) {
            Some(short) => {
                let recent = &mut self.recent[short.place()];
                if recent.0 != short {
                    let new = || self.fold.symbol(text).1;
                    let symbol = *self.short.entry(short).or_insert_with(new);
                    *recent = (short, symbol);
                }
                recent.1
            }
            None => {
                if let Some(symbol) = self.long.get(text) {
                    return *symbol;
                }
                let (text, symbol) = self.fold.symbol(text);
                self.long.insert(text, symbol);
                symbol
            }
        }
    }

    /// The symbol of a record's provider: the one it names, whose spelling has the symbol `named`,
    /// else who bills its model, which has the symbol `model`.
    pub fn provider(&mut self, record: &UsageRecord<'_>, named: u32, model: u32) -> u32 {
        let (known, at) = match record.provider {
            Some(_) => (&self.providers, named),
            None => (&self.sellers, model),
        };
        if let Some(symbol) = known.get(&at) {
            return *symbol;
        }
        let symbol = match record.provider {
            Some(name) => self.symbol(Some(&names::provider(name))),
            None => self.symbol(record.model.and_then(names::seller_of)),
        };
        let known = match record.provider {
            Some(_) => &mut self.providers,
            None => &mut self.sellers,
        };
        known.insert(at, symbol);
        symbol
    }
}

/// The text without blanks around it, of which nearly all have none.
#[inline]
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] | [first @ last]
            if first.is_ascii_graphic() && last.is_ascii_graphic() =>
        {
            text
        }
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_equal_only_if_they_are_the_same() {
        let mut texts: Vec<String> = Vec::new();
        for len in 1..=32 {
            texts.push("a".repeat(len));
            for at in 0..len {
                let mut text = "a".repeat(len).into_bytes();
                text[at] = b'b';
                texts.push(String::from_utf8(text).unwrap());
            }
        }
        let mut known: HashMap<Short, &str> = HashMap::new();
        for text in &texts {
            let before = known.insert(Short::of(text).unwrap(), text);
            assert_eq!(before, None, "{text}");
        }
        assert!(Short::of(&"a".repeat(33)).is_none());
    }
}
