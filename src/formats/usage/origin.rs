//! Where the values of a vendor's log stand: in a column, below a JSON object, or among tags.
//!
//! Exports as tables keep nested values as JSON text in one cell; as JSON lines the same values
//! have dotted columns of their own. No cell is read here.

use crate::formats::Settings;
use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::model::Exact;
use crate::problem::Problems;
use crate::scan::Header;

/// Columns of a format whose cells hold more than one value.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Columns that hold a JSON object, or are spread over dotted columns.
    pub objects: &'static [&'static str],
    /// Columns that hold a JSON list of tags, each a word or `KEY:value`.
    pub tags: &'static [&'static str],
}

/// Where a value of a row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a column.
    Column(usize),
    /// Below a JSON object.
    Inside {
        /// The dotted column of JSON lines.
        nested: Option<usize>,
        /// The column whose cells hold the object as text.
        cell: Option<usize>,
        /// The path below the object.
        path: String,
    },
    /// The tag `KEY:value`, or the only tag.
    Tag {
        /// The column of the list.
        column: usize,
        /// The key; `None` for the only tag.
        key: Option<String>,
    },
    /// Nowhere yet: JSON lines bring columns as they go.
    Absent,
}

impl Shape {
    /// Where a name stands: a column, `OBJECT.path`, `TAGS` or `TAGS.KEY`; `None` if the file has
    /// no such thing, or not yet.
    pub fn find(&self, columns: &Columns, name: &str, problems: &mut Problems) -> Option<Origin> {
        let nested = columns.optional(&[name], problems);
        if let Some((tags, key)) = self.split(self.tags, name) {
            let key = key.map(str::to_string);
            let column = columns.optional(&[tags], problems);
            return column.map(|column| Origin::Tag { column, key });
        }
        let Some((object, Some(path))) = self.split(self.objects, name) else {
            return nested.map(Origin::Column);
        };
        let cell = columns.optional(&[object], problems);
        let path = path.to_string();
        let known = nested.is_some() || cell.is_some() || is_spread(columns, object);
        known.then_some(Origin::Inside { nested, cell, path })
    }

    /// The first of these names that stands somewhere, and which one it is.
    pub fn first(
        &self,
        columns: &Columns,
        names: &[&str],
        problems: &mut Problems,
    ) -> Option<(usize, Origin)> {
        let mut found = names.iter().enumerate();
        found.find_map(|(at, name)| Some((at, self.find(columns, name, problems)?)))
    }

    /// What `columns` says about a field; `None` if it says nothing. A name that stands nowhere is
    /// a problem, unless it lies below an object or a list that may come later.
    pub fn said(
        &self,
        columns: &Columns,
        settings: &Settings,
        field: &str,
        problems: &mut Problems,
    ) -> Option<Origin> {
        let name = settings.columns.get(field)?;
        let before = problems.total();
        if let Some(origin) = self.find(columns, name, problems) {
            return Some(origin);
        }
        let later = self
            .split(self.objects, name)
            .or(self.split(self.tags, name));
        if later.is_none() && problems.total() == before {
            problems.push(rows::no_such_column(columns, field, name));
        }
        Some(Origin::Absent)
    }

    fn split<'n>(
        &self,
        parents: &[&'static str],
        name: &'n str,
    ) -> Option<(&'static str, Option<&'n str>)> {
        parents.iter().find_map(|parent| match below(name, parent) {
            Some("") => Some((*parent, None)),
            Some(rest) => Some((*parent, Some(rest.strip_prefix('.')?))),
            None => None,
        })
    }
}

/// What follows `parent` in `name`, whatever the case.
fn below<'n>(name: &'n str, parent: &str) -> Option<&'n str> {
    let start = name.get(..parent.len())?;
    start
        .eq_ignore_ascii_case(parent)
        .then(|| &name[parent.len()..])
}

/// Whether an object is spread over dotted columns.
fn is_spread(columns: &Columns, object: &str) -> bool {
    let names = columns.header.names();
    names
        .iter()
        .any(|name| below(name, object).is_some_and(|rest| rest.starts_with('.')))
}

/// A JSON object of numbers by name, as one cell or as dotted columns.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The column whose cells hold the object as text.
    pub(super) cell: Option<usize>,
    /// Keys and columns of the object in JSON lines.
    pub(super) nested: Vec<(String, usize)>,
}

impl Map {
    /// The object of that name.
    pub fn find(columns: &Columns, name: &str, problems: &mut Problems) -> Map {
        let header = columns.header.names().iter().enumerate();
        let nested = header.filter_map(|(column, full)| {
            let key = below(full, name)?.strip_prefix('.')?;
            Some((key.to_string(), column))
        });
        Map {
            nested: nested.collect(),
            cell: columns.optional(&[name], problems),
        }
    }

    /// Whether the file has it.
    pub fn is_there(&self) -> bool {
        self.cell.is_some() || !self.nested.is_empty()
    }
}

/// One number of a [`Map`].
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its value; not negative.
    pub value: Exact,
    /// The column it stands in.
    pub column: usize,
}

/// Whether a header has an object of that name, as one cell or as dotted columns.
pub fn has_object(header: &Header, name: &str) -> bool {
    let names = header.names();
    names
        .iter()
        .any(|full| below(full, name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
