//! The symbols of texts, as one reader of a log remembers them.
//!
//! A log says few different words very often. Those of up to 16 bytes are told apart by their bytes
//! themselves, without a look at where the text is kept, and those met lately without a look into
//! the table.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::HashMap;

use super::fold::{Fixed, Fold};
use crate::model::names;
use crate::model::records::UsageRecord;

/// How many texts of each kind are found without a look into the table. Powers of two.
const RECENT: usize = 4096;
const RECENT_LONG: usize = 256;

/// The symbols that one reader has met.
pub struct Words<'f> {
    fold: &'f Fold,
    /// Short texts met lately, each in the place that its bytes tell.
    recent: Vec<(Short, u32)>,
    short: HashMap<Short, u32, Fixed>,
    /// The same for longer texts.
    recent_long: Vec<Option<(Arc<str>, u32)>>,
    long: HashMap<Arc<str>, u32, Fixed>,
    /// Symbols of the folded providers, by the symbol of their spelling in the log.
    providers: HashMap<u32, u32, Fixed>,
    /// Symbols of those who bill a model, by the model's symbol.
    sellers: HashMap<u32, u32, Fixed>,
}

/// A text of at most 16 bytes: its first and its last bytes, which overlap where it is shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Short {
    ends: [u64; 2],
    len: u32,
}

impl Short {
    /// No text: that of no bytes is never looked up.
    const NONE: Short = Short {
        ends: [0; 2],
        len: 0,
    };

    #[inline]
    fn of(text: &str) -> Option<Short> {
        let bytes = text.as_bytes();
        let ends = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            if bytes.len() > 16 {
                return None;
            }
            [u64::from_le_bytes(*first), u64::from_le_bytes(*last)]
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            [u64::from(first), u64::from(last)]
        } else {
            let all = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            [all, 0]
        };
        Some(Short {
            ends,
            len: bytes.len() as u32,
        })
    }
}

impl Hash for Short {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.ends[0]);
        state.write_u64(self.ends[1]);
    }
}

/// A place among so many for these bytes.
#[inline]
fn place(ends: [u64; 2], of: usize) -> usize {
    let bytes = ends[0] ^ ends[1].rotate_left(29);
    (bytes.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % of
}

/// The place of a text of more than 16 bytes among the longer ones met lately.
#[inline]
fn long_place(text: &str) -> usize {
    let bytes = text.as_bytes();
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let ends = [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
            place(ends, RECENT_LONG)
        }
        _ => 0,
    }
}

impl<'f> Words<'f> {
    /// Starts empty.
    pub fn new(fold: &'f Fold) -> Words<'f> {
        Words {
            fold,
            recent: vec![(Short::NONE, 0); RECENT],
            short: HashMap::default(),
            recent_long: vec![None; RECENT_LONG],
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
                let recent = &mut self.recent[place(short.ends, RECENT)];
                if recent.0 != short {
                    let new = || self.fold.symbol(text).1;
                    let symbol = *self.short.entry(short).or_insert_with(new);
                    *recent = (short, symbol);
                }
                recent.1
            }
            None => {
                let recent = &mut self.recent_long[long_place(text)];
                match recent {
                    Some((known, symbol)) if **known == *text => *symbol,
                    _ => {
                        let (text, symbol) = match self.long.get_key_value(text) {
                            Some((text, symbol)) => (text.clone(), *symbol),
                            None => {
                                let (text, symbol) = self.fold.symbol(text);
                                self.long.insert(text.clone(), symbol);
                                (text, symbol)
                            }
                        };
                        *recent = Some((text, symbol));
                        symbol
                    }
                }
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
        for len in 1..=16 {
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
        assert!(Short::of(&"a".repeat(17)).is_none());
    }
}
