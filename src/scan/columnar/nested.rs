//! Structures, maps and lists of a columnar file as the cells that JSON and CSV exports have.
//!
//! A structure becomes dotted columns, as an object of JSON does. A map becomes the text of a JSON
//! object and a list that of a JSON array, structures inside them objects. Numbers keep every
//! digit; dates and times are strings. A map that is absent is an absent cell, an empty one `{}`.

use polars::prelude::{ArrowDataType, ArrowField, DataType, PolarsResult, Series};

use super::{TextColumn, render};

/// What a column holds.
pub(super) enum Shape {
    /// One value; whether it is a binary float.
    Plain(bool),
    List(Box<Shape>),
    /// A map from text to values.
    Map(Box<Shape>),
    Structure(Vec<(String, Shape)>),
}

impl Shape {
    /// The shape of a type; `None` if any part of it has no text form.
    pub(super) fn of(kind: &ArrowDataType) -> Option<Shape> {
        match kind {
            ArrowDataType::List(item) | ArrowDataType::LargeList(item) => match is_entry(item) {
                true => Shape::map(item),
                false => Some(Shape::List(Box::new(Shape::of(item.dtype())?))),
            },
            ArrowDataType::Map(entry, _) => Shape::map(entry),
            ArrowDataType::Struct(fields) => {
                let fields = fields
                    .iter()
                    .map(|field| Some((field.name.to_string(), Shape::of(field.dtype())?)));
                Some(Shape::Structure(fields.collect::<Option<Vec<_>>>()?))
            }
            ArrowDataType::Float32 | ArrowDataType::Float64 => Some(Shape::Plain(true)),
            kind => has_text_form(kind).then_some(Shape::Plain(false)),
        }
    }

    fn map(entry: &ArrowField) -> Option<Shape> {
        match entry.dtype() {
            ArrowDataType::Struct(pair) if pair.len() == 2 && is_text(pair[0].dtype()) => {
                Some(Shape::Map(Box::new(Shape::of(pair[1].dtype())?)))
            }
            _ => None,
        }
    }

    /// Tells the columns that a column of this shape becomes, and which of them hold binary floats.
    pub(super) fn columns(&self, name: &str, tell: &mut dyn FnMut(&str, bool)) {
        match self {
            Shape::Structure(fields) => {
                for (field, shape) in fields {
                    shape.columns(&format!("{name}.{field}"), tell);
                }
            }
            _ => tell(name, self.has_floats()),
        }
    }

    fn has_floats(&self) -> bool {
        match self {
            Shape::Plain(is_float) => *is_float,
            Shape::List(inner) | Shape::Map(inner) => inner.has_floats(),
            Shape::Structure(fields) => fields.iter().any(|(_, field)| field.has_floats()),
        }
    }
}

/// Whether the item of a list is the entry of a map. Parquet keeps maps as lists of pairs and names
/// the pair `key_value`, or `map` in older files; a list of structures that happen to have a key
/// and a value names its item otherwise and stays a list.
fn is_entry(item: &ArrowField) -> bool {
    matches!(item.name.as_str(), "key_value" | "map")
        && matches!(item.dtype(), ArrowDataType::Struct(pair) if pair.len() == 2)
}

fn is_text(kind: &ArrowDataType) -> bool {
    use ArrowDataType::*;
    matches!(
        kind,
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView
    )
}

fn has_text_form(kind: &ArrowDataType) -> bool {
    use ArrowDataType::*;
    is_text(kind)
        || matches!(
            kind,
            Null | Boolean
                | Int8
                | Int16
                | Int32
                | Int64
                | UInt8
                | UInt16
                | UInt32
                | UInt64
                | Decimal(..)
                | Date32
                | Timestamp(..)
        )
}

/// Adds the text columns of a column; `None` if it has bytes that are not text.
pub(super) fn columns(
    series: &Series,
    shape: &Shape,
    into: &mut Vec<TextColumn>,
) -> PolarsResult<Option<()>> {
    match shape {
        Shape::Plain(_) => {
            let Some(text) = render(series)? else {
                return Ok(None);
            };
            into.push(text);
        }
        Shape::List(_) | Shape::Map(_) => {
            let Some(text) = json(series, shape)? else {
                return Ok(None);
            };
            into.push(text);
        }
        Shape::Structure(shapes) => {
            let first = into.len();
            let fields = series.struct_()?.fields_as_series();
            for (field, (_, shape)) in fields.iter().zip(shapes) {
                if columns(field, shape, into)?.is_none() {
                    return Ok(None);
                }
            }
            // The fields of an absent structure may hold anything.
            for (at, absent) in series.is_null().iter().enumerate() {
                if absent == Some(true) {
                    into[first..]
                        .iter_mut()
                        .for_each(|text| text.cells[at] = None);
                }
            }
        }
    }
    Ok(Some(()))
}

/// Every value of a column as JSON text.
fn json(series: &Series, shape: &Shape) -> PolarsResult<Option<TextColumn>> {
    match shape {
        Shape::Plain(_) => plain(series),
        Shape::List(item) => {
            let cells = series.list()?.rechunk();
            let Some(items) = json(&cells.get_inner(), item)? else {
                return Ok(None);
            };
            written(series, &offsets(&cells), ('[', ']'), |text, at| {
                push(text, items.get(at));
            })
        }
        Shape::Map(value) => {
            let cells = series.list()?.rechunk();
            let pairs = cells.get_inner();
            let [keys, values] = &pairs.struct_()?.fields_as_series()[..] else {
                return Ok(None);
            };
            let (Some(keys), Some(values)) = (plain(keys)?, json(values, value)?) else {
                return Ok(None);
            };
            written(series, &offsets(&cells), ('{', '}'), |text, at| {
                text.push_str(keys.get(at).unwrap_or("\"\""));
                text.push(':');
                push(text, values.get(at));
            })
        }
        Shape::Structure(shapes) => {
            let mut fields = Vec::new();
            for (field, (name, shape)) in series.struct_()?.fields_as_series().iter().zip(shapes) {
                let Some(values) = json(field, shape)? else {
                    return Ok(None);
                };
                fields.push((quoted(name), values));
            }
            let count = fields.len();
            let ends: Vec<usize> = (0..=series.len()).map(|row| row * count).collect();
            written(series, &ends, ('{', '}'), |text, at| {
                let (name, values) = &fields[at % count];
                text.push_str(name);
                text.push(':');
                push(text, values.get(at / count));
            })
        }
    }
}

/// One value per row: those numbered from `ends[row]` to `ends[row + 1]`, between brackets.
fn written(
    series: &Series,
    ends: &[usize],
    (open, close): (char, char),
    write: impl Fn(&mut String, usize),
) -> PolarsResult<Option<TextColumn>> {
    let mut column = TextColumn::default();
    for (absent, ends) in series.is_null().iter().zip(ends.windows(2)) {
        if absent == Some(true) {
            column.cells.push(None);
            continue;
        }
        let start = column.text.len();
        column.text.push(open);
        for at in ends[0]..ends[1] {
            if at > ends[0] {
                column.text.push(',');
            }
            write(&mut column.text, at);
        }
        column.text.push(close);
        column.cells.push(Some((start, column.text.len())));
    }
    Ok(Some(column))
}

/// Where the items of each row begin and end.
fn offsets(cells: &polars::prelude::ListChunked) -> Vec<usize> {
    let arrays = cells.downcast_iter();
    arrays
        .flat_map(|array| array.offsets().iter().map(|at| *at as usize))
        .collect()
}

fn push(text: &mut String, value: Option<&str>) {
    text.push_str(value.unwrap_or("null"));
}

/// Plain values as JSON: numbers and truth values bare, everything else quoted.
fn plain(series: &Series) -> PolarsResult<Option<TextColumn>> {
    let Some(values) = render(series)? else {
        return Ok(None);
    };
    let is_bare = |value: &str| match series.dtype() {
        DataType::Boolean => true,
        // Infinity is no number of JSON.
        kind if kind.is_numeric() => value.ends_with(|last: char| last.is_ascii_digit()),
        _ => false,
    };
    let mut column = TextColumn::default();
    for at in 0..values.cells.len() {
        let start = column.text.len();
        column.cells.push(values.get(at).map(|value| {
            match is_bare(value) {
                true => column.text.push_str(value),
                false => column.text.push_str(&quoted(value)),
            }
            (start, column.text.len())
        }));
    }
    Ok(Some(column))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
