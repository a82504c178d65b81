//! The JSON columns of LiteLLM's spend logs: token details in `metadata`, and customers or features
//! named in `metadata` or `request_tags`.
//!
//! In CSV they are JSON text in one cell; in JSON lines `metadata` is nested and has columns of its
//! own. Only the named paths are read, and nothing of these cells is ever shown.

use std::borrow::Cow;

use serde_json::Value;

use crate::formats::Settings;
use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::model::Exact;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::Row;

/// Where a text of the row comes from: a column, or a path inside a JSON column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A column.
    Column(usize),
    /// A path inside `metadata`.
    Metadata(String),
    /// A column that the file does not have, or not yet: JSON lines bring columns as they go.
    Absent,
    /// The tag `KEY:value`, or the only tag.
    Tag(Option<String>),
}

/// What `columns` says about a field; `None` if it says nothing. A name without a column is a
/// problem.
pub fn said(
    columns: &Columns,
    settings: &Settings,
    field: &str,
    problems: &mut Problems,
) -> Option<Origin> {
    let name = settings.columns.get(field)?;
    if let Some(column) = columns.optional(&[name], problems)
        && name != "request_tags"
    {
        return Some(Origin::Column(column));
    }
    if let Some(path) = name.strip_prefix("metadata.") {
        return Some(Origin::Metadata(path.to_string()));
    }
    if name == "request_tags" {
        return Some(Origin::Tag(None));
    }
    if let Some(key) = name.strip_prefix("request_tags.") {
        return Some(Origin::Tag(Some(key.to_string())));
    }
    problems.push(rows::no_such_column(columns, field, name));
    Some(Origin::Absent)
}

/// A JSON column as a value; null where it is blank, or where the file is nested JSON itself.
pub fn parsed(columns: &Columns, row: &Row, column: Option<usize>) -> Result<Value, Problem> {
    let Some((column, text)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(Value::Null);
    };
    serde_json::from_str(text).map_err(|why| {
        let message = format!("{} is not valid JSON: {why}", columns.header.name(column));
        columns
            .problem(&catalogue::BAD_JSON, row, column, message)
            // The cell may hold keys and names of people: nothing of it is shown.
            .excerpt("")
    })
}

/// The text of a customer or feature; `None` where it is blank.
pub fn text<'r>(
    columns: &Columns,
    tags: Option<usize>,
    row: &'r Row,
    metadata: &Value,
    origin: Option<&Origin>,
) -> Result<Option<Cow<'r, str>>, Problem> {
    match origin {
        None | Some(Origin::Absent) => Ok(None),
        Some(Origin::Column(column)) => Ok(columns.id(row, *column)?.map(Cow::Borrowed)),
        Some(Origin::Metadata(path)) => {
            let inside = path
                .split('.')
                .try_fold(metadata, |value, key| value.get(key));
            let text = inside.and_then(|value| match value {
                Value::String(text) => Some(text.trim().to_string()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            Ok(text.filter(|text| !text.is_empty()).map(Cow::Owned))
        }
        Some(Origin::Tag(key)) => tag(columns, row, tags, key.as_deref()),
    }
}

/// The tag `KEY:value`, or the only tag.
fn tag<'r>(
    columns: &Columns,
    row: &'r Row,
    column: Option<usize>,
    key: Option<&str>,
) -> Result<Option<Cow<'r, str>>, Problem> {
    let tags = parsed(columns, row, column)?;
    let tags = tags.as_array().map_or(&[][..], Vec::as_slice);
    let mut fitting = tags
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|tag| match key {
            None => Some(tag.trim()),
            Some(key) => tag.strip_prefix(key)?.strip_prefix(':').map(str::trim),
        });
    match (fitting.next(), fitting.next(), column) {
        (Some(_), Some(_), Some(column)) => {
            let message = "several tags could name it";
            let problem = columns.problem(&catalogue::BAD_VALUE, row, column, message);
            Err(problem.help("say request_tags.KEY for the tag KEY:value"))
        }
        (first, _, _) => Ok(first.map(|tag| Cow::Owned(tag.to_string()))),
    }
}

/// A count of `metadata.usage_object`: from its own column in nested JSON, else from inside the
/// JSON text of `metadata`, given as its column and value.
pub fn detail(
    columns: &Columns,
    nested: Option<usize>,
    (column, metadata): (Option<usize>, &Value),
    row: &Row,
    path: &str,
) -> Result<Option<Exact>, Problem> {
    if let Some(nested) = nested
        && row.filled(nested).is_some()
    {
        return columns.count(row, nested);
    }
    let usage = metadata.get("usage_object");
    let value =
        usage.and_then(|usage| path.split('.').try_fold(usage, |value, key| value.get(key)));
    let Some(number) = value.and_then(Value::as_number) else {
        return Ok(None);
    };
    match Exact::parse(&number.to_string()) {
        Ok(count) if count.is_integer() && !count.is_negative() => Ok(Some(count)),
        _ => {
            let message = format!("metadata.usage_object.{path} is not a whole number");
            let problem = columns.problem(&catalogue::FRACTION, row, column.unwrap_or(0), message);
            Err(problem.excerpt(number.to_string()))
        }
    }
}
