//! JSON inside a cell: the arrays that interfaces answer with, taken apart with a place for every
//! part.
//!
//! Rows flatten objects but keep an array as one cell of raw text. A reader parses such a cell
//! here, part by part, so that a fault in one part is told with its own line and the others are
//! still read. No number passes through a binary float unless the reader asks for one; it should
//! ask for [`RawValue`] or text.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::problem::{Place, Problem, catalogue};
use crate::scan::{Header, Row};

/// The raw text of one cell, to give every part of it a line.
#[derive(Clone, Copy, Debug)]
pub struct Nested<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    /// Line and byte of the text's first character.
    line: u64,
    byte: u64,
}

impl<'a> Nested<'a> {
    /// The cell of a column; `None` if it is absent or blank.
    pub fn of(file: &'a Arc<str>, row: &'a Row, column: usize) -> Option<Nested<'a>> {
        let text = row.get(column).filter(|text| !text.trim().is_empty())?;
        let place = row.place(file, column);
        Some(Nested {
            file,
            text,
            line: place.line.unwrap_or(row.line()),
            byte: place.byte.unwrap_or(row.byte()),
        })
    }

    /// The cell of the column of that name, whatever its case.
    pub fn named(
        file: &'a Arc<str>,
        header: &Header,
        row: &'a Row,
        name: &str,
    ) -> Option<Nested<'a>> {
        let column = header.find(name)?.ok()?;
        Nested::of(file, row, column)
    }

    /// The raw text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where a part of the text begins: its line and byte.
    pub fn place(&self, part: &str) -> Place {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        Place {
            file: self.file.clone(),
            line: Some(self.line + memchr::memchr_iter(b'\n', before).count() as u64),
            column: None,
            byte: Some(self.byte + before.len() as u64),
        }
    }

    /// The physical line of a part, 1-based.
    pub fn line(&self, part: &str) -> u64 {
        self.place(part).line.unwrap_or(self.line)
    }

    /// Reads a part as `T`; `path` names it in the message. The problem's line is that of the
    /// fault inside the part.
    ///
    /// # Errors
    /// The part has another shape.
    pub fn parse<T: Deserialize<'a>>(&self, part: &'a str, path: &str) -> Result<T, Problem> {
        serde_json::from_str(part).map_err(|why| {
            let mut place = self.place(part);
            place.line = place.line.map(|line| line + why.line().max(1) as u64 - 1);
            place.byte = None;
            let words = why.to_string();
            let words = words.rfind(" at line ").map_or(&*words, |at| &words[..at]);
            Problem::new(
                &catalogue::BAD_JSON,
                format!("{path} cannot be read: {}", structural(words)),
            )
            .at(place)
            .help("save the answer as it is, page by page")
        })
    }

    /// The elements of the array that a part is.
    ///
    /// # Errors
    /// The part is no array.
    pub fn elements(&self, part: &'a str, path: &str) -> Result<Vec<&'a str>, Problem> {
        let elements: Vec<&RawValue> = self.parse(part, path)?;
        Ok(elements.into_iter().map(RawValue::get).collect())
    }
}

/// What a message says of the structure: what it quotes of the content is taken out, which may be
/// what people wrote to a model.
fn structural(words: &str) -> String {
    // `invalid type: string "…", expected u64`, and the same for values.
    let is_quoting =
        words.starts_with("invalid type: string") || words.starts_with("invalid value: string");
    if is_quoting && let (Some(open), Some(close)) = (words.find('"'), words.rfind("\", expected"))
    {
        return format!("{}{}", words[..open].trim_end(), &words[close + 1..]);
    }
    // ``unknown variant `…`, expected one of …``
    for what in ["unknown variant", "unknown field"] {
        if words.starts_with(what)
            && let Some(close) = words.rfind("`, expected")
        {
            return format!("{what}{}", &words[close + 1..]);
        }
    }
    words.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_nothing_of_the_content() {
        let cases = [
            (
                "invalid type: string \"my \\\"secret\\\", plan\", expected u64",
                "invalid type: string, expected u64",
            ),
            (
                "invalid value: string \"secret\", expected a day",
                "invalid value: string, expected a day",
            ),
            (
                "unknown variant `secret`, expected `a` or `b`",
                "unknown variant, expected `a` or `b`",
            ),
            ("missing field `usage`", "missing field `usage`"),
        ];
        for (words, told) in cases {
            assert_eq!(structural(words), told);
        }
    }

    #[test]
    fn a_fault_has_the_line_of_its_part() {
        let file: Arc<str> = "page.json".into();
        let row = Row::of_cells(7, &["x", "[{\"a\": 1},\n\n {\"a\":\n \"no\"}]"]);
        let nested = Nested::of(&file, &row, 1).unwrap();
        let parts = nested.elements(nested.text(), "data").unwrap();
        assert_eq!((nested.line(parts[0]), nested.line(parts[1])), (7, 9));
        #[derive(Deserialize)]
        struct Part {
            a: u32,
        }
        assert_eq!(nested.parse::<Part>(parts[0], "data[0]").unwrap().a, 1);
        let problem = nested.parse::<Part>(parts[1], "data[1]").err().unwrap();
        assert_eq!(problem.place.and_then(|place| place.line), Some(10));
        assert!(problem.message.starts_with("data[1] cannot be read: "));
        assert!(Nested::of(&file, &Row::of_cells(1, &[" "]), 0).is_none());
    }
}
