//! Cells of a vendor's log: a text or number that stands in a column of its own, inside a JSON
//! object in a cell, or as a tag in a JSON list.
//!
//! Numbers keep their spelling. Of a JSON cell only the part that was asked for is ever shown,
//! because the rest may be prompts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::formats::fields::{Columns, NULL_WORDS};
pub use crate::formats::usage::origin::{Entry, Map, Origin, Shape, has_object};
use crate::model::Exact;
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// A JSON object whose values are kept as they are written.
#[derive(Debug, Default)]
struct Object<'t>(BTreeMap<String, Cow<'t, str>>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut object = Object::default();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if object.0.insert(key, Cow::Borrowed(value.get())).is_some() {
                        return Err(M::Error::custom("a key stands twice"));
                    }
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'t> Object<'t> {
    /// Reads an object, or an object inside a JSON string. The reason of a refusal shows nothing
    /// of the text.
    fn parse(text: &'t str) -> Result<Object<'t>, String> {
        let text = text.trim();
        if text.starts_with('"') {
            let inner: String = serde_json::from_str(text).map_err(reason)?;
            let inner = inner.trim();
            if !inner.starts_with('{') {
                return Err("it is not an object".to_string());
            }
            let object: Object<'_> = serde_json::from_str(inner).map_err(reason)?;
            let owned = object.0.into_iter();
            return Ok(Object(
                owned
                    .map(|(key, value)| (key, Cow::Owned(value.into_owned())))
                    .collect(),
            ));
        }
        if text == "null" {
            return Ok(Object::default());
        }
        // Anything else would be told with its content.
        if !text.starts_with('{') {
            return Err("it is not an object".to_string());
        }
        serde_json::from_str(text).map_err(reason)
    }

    /// The raw text at a path; a key may itself have dots.
    fn get(&self, path: &str) -> Result<Option<Cow<'_, str>>, String> {
        if let Some(value) = self.0.get(path) {
            return Ok(Some(Cow::Borrowed(value)));
        }
        for (at, _) in path.match_indices('.') {
            if let Some(value) = self.0.get(&path[..at]).filter(|v| v.starts_with('{')) {
                let inner = Object::parse(value)?;
                let found = inner.get(&path[at + 1..])?;
                return Ok(found.map(|found| Cow::Owned(found.into_owned())));
            }
        }
        Ok(None)
    }
}

fn reason(why: serde_json::Error) -> String {
    let text = why.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_string()
}

/// A string's or number's text; `None` for null, truth values, lists and objects.
fn plain(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
        b'0'..=b'9' | b'-' => Some(Cow::Borrowed(raw)),
        _ => None,
    }
}

/// The cells of one row; every JSON cell is taken apart at most once.
pub struct Cells<'r> {
    columns: &'r Columns,
    row: &'r Row,
    objects: Vec<(usize, Object<'r>)>,
}

impl<'r> Cells<'r> {
    /// The cells of a row.
    pub fn of(columns: &'r Columns, row: &'r Row) -> Cells<'r> {
        Cells {
            columns,
            row,
            objects: Vec::new(),
        }
    }

    /// The columns.
    pub fn columns(&self) -> &'r Columns {
        self.columns
    }

    /// The row.
    pub fn row(&self) -> &'r Row {
        self.row
    }

    /// A problem with one cell of which only `excerpt` may be shown.
    pub fn problem(
        &self,
        entry: &'static crate::problem::Entry,
        column: usize,
        excerpt: &str,
        message: impl Into<String>,
    ) -> Problem {
        let problem = self.columns.problem(entry, self.row, column, message);
        problem.excerpt(excerpt)
    }

    fn bad_json(&self, column: usize, why: &str) -> Problem {
        let name = self.columns.header.name(column);
        let message = format!("{name} is not a JSON object: {why}");
        self.problem(&catalogue::BAD_JSON, column, "", message)
    }

    fn object(&mut self, column: usize) -> Result<Option<&Object<'r>>, Problem> {
        let Some(text) = self.row.filled(column) else {
            return Ok(None);
        };
        let known = self.objects.iter().position(|(known, _)| *known == column);
        let at = match known {
            Some(at) => at,
            None => {
                let object = Object::parse(text).map_err(|why| self.bad_json(column, &why))?;
                self.objects.push((column, object));
                self.objects.len() - 1
            }
        };
        Ok(Some(&self.objects[at].1))
    }

    /// The raw JSON below an object in a cell.
    fn raw(&mut self, column: usize, path: &str) -> Result<Option<String>, Problem> {
        let found = match self.object(column)? {
            Some(object) => object.get(path).map(|raw| raw.map(Cow::into_owned)),
            None => Ok(None),
        };
        found.map_err(|why| self.bad_json(column, &why))
    }

    /// The column in which a value is looked for, for messages.
    pub fn column(&self, origin: &Origin) -> usize {
        let filled = |column: &usize| self.row.filled(*column).is_some();
        match origin {
            Origin::Column(column) | Origin::Tag { column, .. } => *column,
            Origin::Inside { nested, cell, .. } => {
                let found = nested.filter(filled).or(*cell).or(*nested);
                found.unwrap_or(0)
            }
            Origin::Absent => 0,
        }
    }

    /// A text; `None` where it is blank, absent or a word for nothing.
    pub fn word(&mut self, origin: Option<&Origin>) -> Result<Option<Cow<'r, str>>, Problem> {
        let text = self.text(origin)?;
        Ok(text.filter(|text| {
            !NULL_WORDS
                .iter()
                .any(|null| text.eq_ignore_ascii_case(null))
        }))
    }

    /// An id or another text; `None` where it is blank or absent.
    pub fn text(&mut self, origin: Option<&Origin>) -> Result<Option<Cow<'r, str>>, Problem> {
        let (nested, cell, path) = match origin {
            None | Some(Origin::Absent) => return Ok(None),
            Some(Origin::Column(column)) => {
                return Ok(self.columns.id(self.row, *column)?.map(Cow::Borrowed));
            }
            Some(Origin::Tag { column, key }) => return self.tag(*column, key.as_deref()),
            Some(Origin::Inside { nested, cell, path }) => (*nested, *cell, path),
        };
        if let Some(column) = nested
            && let Some(id) = self.columns.id(self.row, column)?
        {
            return Ok(Some(Cow::Borrowed(id)));
        }
        let Some(cell) = cell else {
            return Ok(None);
        };
        let raw = self.raw(cell, path)?;
        let text = raw.as_deref().and_then(plain);
        let text = text.map(|text| text.trim().to_string());
        Ok(text.filter(|text| !text.is_empty()).map(Cow::Owned))
    }

    /// Whether a truth value is stated and true: `true` in any case, or 1.
    pub fn is_true(&mut self, origin: Option<&Origin>) -> Result<Option<bool>, Problem> {
        let text = match origin {
            Some(Origin::Inside { nested, cell, path }) => {
                let nested = nested.and_then(|column| self.row.filled(column));
                match (nested, cell) {
                    (None, Some(cell)) => self.raw(*cell, path)?.map(Cow::Owned),
                    (nested, _) => nested.map(Cow::Borrowed),
                }
            }
            _ => self.word(origin)?,
        };
        let Some((origin, text)) = origin.zip(text) else {
            return Ok(None);
        };
        match text.trim_matches('"').to_lowercase().as_str() {
            "true" | "1" | "t" => Ok(Some(true)),
            "false" | "0" | "f" => Ok(Some(false)),
            "" | "null" => Ok(None),
            _ => {
                let column = self.column(origin);
                let message = format!("{} is neither true nor false", self.name(column, origin));
                Err(self.problem(&catalogue::BAD_VALUE, column, &text, message))
            }
        }
    }

    /// A number; `None` where it is blank or absent.
    pub fn number(&mut self, origin: Option<&Origin>) -> Result<Option<Exact>, Problem> {
        let (nested, cell, path) = match origin {
            None | Some(Origin::Absent | Origin::Tag { .. }) => return Ok(None),
            Some(Origin::Column(column)) => {
                return self.columns.optional_number(self.row, *column);
            }
            Some(Origin::Inside { nested, cell, path }) => (*nested, *cell, path),
        };
        if let Some(column) = nested
            && let Some(number) = self.columns.optional_number(self.row, column)?
        {
            return Ok(Some(number));
        }
        let Some(cell) = cell else {
            return Ok(None);
        };
        match self.raw(cell, path)? {
            Some(raw) => self.parsed(cell, path, &raw),
            None => Ok(None),
        }
    }

    /// A number that is not negative.
    pub fn amount(&mut self, origin: Option<&Origin>) -> Result<Option<Exact>, Problem> {
        let number = self.number(origin)?;
        if let (Some(origin), Some(value)) = (origin, number.filter(Exact::is_negative)) {
            let column = self.column(origin);
            let message = format!("{} is negative", self.name(column, origin));
            let text = value.to_string();
            return Err(self.problem(&catalogue::NEGATIVE_QUANTITY, column, &text, message));
        }
        Ok(number)
    }

    /// A whole number that is not negative.
    pub fn count(&mut self, origin: Option<&Origin>) -> Result<Option<Exact>, Problem> {
        let number = self.amount(origin)?;
        if let (Some(origin), Some(value)) = (origin, number.filter(|n| !n.is_integer())) {
            let column = self.column(origin);
            let message = format!("{} is not a whole number", self.name(column, origin));
            let text = value.to_string();
            return Err(self.problem(&catalogue::FRACTION, column, &text, message));
        }
        Ok(number)
    }

    /// The numbers of a map, in the order of their keys; null is none.
    pub fn map(&mut self, map: &Map) -> Result<Vec<Entry>, Problem> {
        let mut entries = Vec::new();
        for (key, column) in &map.nested {
            if let Some(value) = self.columns.optional_number(self.row, *column)? {
                let (key, column) = (key.clone(), *column);
                entries.push(Entry { key, value, column });
            }
        }
        if let Some(column) = map.cell
            && let Some(object) = self.object(column)?
        {
            let pairs = object.0.iter();
            let pairs: Vec<(String, String)> = pairs
                .map(|(key, raw)| (key.clone(), raw.to_string()))
                .collect();
            for (key, raw) in pairs {
                if let Some(value) = self.parsed(column, &key, &raw)? {
                    entries.push(Entry { key, value, column });
                }
            }
        }
        if let Some(entry) = entries.iter().find(|entry| entry.value.is_negative()) {
            let message = format!("{} is negative", entry.key);
            let text = entry.value.to_string();
            return Err(self.problem(&catalogue::NEGATIVE_QUANTITY, entry.column, &text, message));
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// A number below an object, whose raw text may be a JSON string.
    fn parsed(&self, column: usize, path: &str, raw: &str) -> Result<Option<Exact>, Problem> {
        if raw == "null" {
            return Ok(None);
        }
        let text = plain(raw);
        let text = text.as_deref().map(str::trim);
        if text == Some("") {
            return Ok(None);
        }
        match text.map(Exact::parse) {
            Some(Ok(number)) => Ok(Some(number)),
            _ => {
                let name = self.columns.header.name(column);
                let message = format!("{path} in {name} is not a number");
                let problem = self.problem(&catalogue::NOT_A_NUMBER, column, "", message);
                Err(problem.help("export the log again; the cell must be a JSON object of numbers"))
            }
        }
    }

    /// What a value is called in messages.
    fn name(&self, column: usize, origin: &Origin) -> String {
        let name = self.columns.header.name(column);
        match origin {
            Origin::Inside { cell, path, .. } if *cell == Some(column) => format!("{name}.{path}"),
            _ => name.to_string(),
        }
    }

    /// The tag `KEY:value`, or the only tag.
    fn tag(&self, column: usize, key: Option<&str>) -> Result<Option<Cow<'r, str>>, Problem> {
        let Some(text) = self.row.filled(column) else {
            return Ok(None);
        };
        let tags: Vec<&RawValue> = match text.starts_with('[') {
            true => serde_json::from_str(text).map_err(|_| self.bad_list(column))?,
            false if text == "null" || text == "{}" => Vec::new(),
            false => return Err(self.bad_list(column)),
        };
        let texts: Vec<Cow<'_, str>> = tags.iter().filter_map(|tag| plain(tag.get())).collect();
        let mut fitting = texts.iter().filter_map(|tag| match key {
            None => Some(tag.trim()),
            Some(key) => tag.strip_prefix(key)?.strip_prefix(':').map(str::trim),
        });
        match (fitting.next(), fitting.next()) {
            (Some(_), Some(_)) => {
                let message = "several tags could name it";
                let problem = self.problem(&catalogue::BAD_VALUE, column, text, message);
                let name = self.columns.header.name(column);
                Err(problem.help(format!("say {name}.KEY for the tag KEY:value")))
            }
            (first, _) => Ok(first
                .filter(|tag| !tag.is_empty())
                .map(|tag| Cow::Owned(tag.to_string()))),
        }
    }

    fn bad_list(&self, column: usize) -> Problem {
        let name = self.columns.header.name(column);
        let message = format!("{name} is not a JSON list");
        self.problem(&catalogue::BAD_JSON, column, "", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Settings;
    use crate::formats::testing::{growing, table};
    use crate::problem::Problems;
    use crate::scan::RowSource;

    const SHAPE: Shape = Shape {
        objects: &["metadata"],
        tags: &["tags"],
    };

    /// Reads one value of the first row.
    fn first<T>(
        mut source: impl RowSource,
        name: &str,
        read: impl FnOnce(&mut Cells<'_>, &Origin) -> T,
    ) -> T {
        let (mut row, mut problems) = (Row::default(), Problems::default());
        assert!(source.next_row(&mut row, &mut problems));
        let columns = Columns::of(&source, &Settings::default(), None);
        let origin = SHAPE.find(&columns, name, &mut problems).expect(name);
        assert!(problems.is_empty(), "{problems:?}");
        read(&mut Cells::of(&columns, &row), &origin)
    }

    fn text(source: impl RowSource, name: &str) -> Result<Option<String>, (&'static str, String)> {
        first(source, name, |cells, origin| {
            let text = cells.text(Some(origin));
            text.map(|text| text.map(Cow::into_owned))
                .map_err(|why| (why.entry.code, why.excerpt.unwrap_or_default()))
        })
    }

    #[test]
    fn a_path_leads_into_json_text_and_into_dotted_columns() {
        let csv = "metadata,tags\n\"{\"\"a\"\":{\"\"b\"\":\"\" x \"\",\"\"n\"\":10.10},\"\"a.c\"\":7,\"\"l\"\":[1]}\",\"[\"\"tenant:acme\"\",\"\"prod\"\"]\"";
        let said = |name| text(table("a.csv", csv), name);
        assert_eq!(said("metadata.a.b"), Ok(Some("x".to_string())));
        assert_eq!(said("metadata.a.n"), Ok(Some("10.10".to_string())));
        assert_eq!(said("metadata.a.c"), Ok(Some("7".to_string())));
        assert_eq!(said("metadata.l"), Ok(None));
        assert_eq!(said("metadata.z"), Ok(None));
        assert_eq!(said("tags.tenant"), Ok(Some("acme".to_string())));
        assert_eq!(said("tags").unwrap_err().0, "T3029");
        let lines = r#"{"metadata":{"a":{"b":"x"}},"tags":["prod"]}"#;
        let said = |name| text(growing("a.jsonl", lines), name);
        assert_eq!(said("metadata.a.b"), Ok(Some("x".to_string())));
        assert_eq!(said("metadata.z"), Ok(None));
        assert_eq!(said("tags"), Ok(Some("prod".to_string())));
    }

    #[test]
    fn an_object_may_be_escaped_twice() {
        let csv = "metadata\n\"\"\"{\\\"\"a\\\"\":\\\"\"x\\\"\"}\"\"\"";
        assert_eq!(
            text(table("a.csv", csv), "metadata.a"),
            Ok(Some("x".to_string()))
        );
    }

    #[test]
    fn nothing_of_a_broken_json_cell_is_shown() {
        for cell in [
            "secret",
            "{\"\"a\"\":\"\"secret",
            "\"\"secret\"\"",
            "{\"\"a\"\":1,\"\"a\"\":2}",
            "[\"\"secret\"\"]",
        ] {
            let csv = format!("metadata\n\"{cell}\"");
            let (mut source, mut row) = (table("a.csv", &csv), Row::default());
            let mut problems = Problems::default();
            source.next_row(&mut row, &mut problems);
            let columns = Columns::of(&source, &Settings::default(), None);
            let origin = SHAPE.find(&columns, "metadata.a", &mut problems).unwrap();
            let why = Cells::of(&columns, &row).text(Some(&origin)).unwrap_err();
            assert_eq!(why.entry.code, "T3018", "{cell}");
            let shown = format!("{}{:?}", why.message, why.excerpt);
            assert!(!shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn numbers_keep_their_spelling_or_are_refused() {
        let csv = "metadata\n\"{\"\"a\"\":0.1234567890123456789012,\"\"s\"\":\"\"12\"\",\"\"n\"\":-1,\"\"f\"\":1.5,\"\"w\"\":\"\"x\"\",\"\"z\"\":null}\"";
        let read = |name: &str| {
            first(table("a.csv", csv), name, |cells, origin| {
                let number = cells.number(Some(origin)).map_err(|why| why.entry.code);
                let count = cells.count(Some(origin)).map_err(|why| why.entry.code);
                (number.map(|n| n.map(|n| n.to_string())), count.is_ok())
            })
        };
        let exact = "0.1234567890123456789012".to_string();
        assert_eq!(read("metadata.a"), (Ok(Some(exact)), false));
        assert_eq!(read("metadata.s"), (Ok(Some("12".to_string())), true));
        assert_eq!(read("metadata.n"), (Ok(Some("-1".to_string())), false));
        assert!(!read("metadata.f").1);
        assert_eq!(read("metadata.w"), (Err("T3021"), false));
        assert_eq!(read("metadata.z"), (Ok(None), true));
    }
}
