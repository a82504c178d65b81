//! Parquet files as rows of text. This is the only file that names polars.
//!
//! Integers and decimals are written exactly, binary floats in their shortest form that reads back
//! to the same float. Structures become dotted columns, lists and maps JSON text ([`nested`]), as
//! they are in JSON and CSV exports of the same rows. Types without a text form are left out and
//! named in [`Peek::skipped_columns`]. A row's line is its number, 1-based, because a columnar file
//! has no lines. polars' own messages are never shown.

mod nested;

use std::collections::VecDeque;
use std::fmt::Display;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use polars::prelude::{
    ChunkedArray, DataFrame, DataType, ParquetReader, PolarsNumericType, PolarsResult, SerReader,
    Series, TimeUnit,
};

use self::nested::Shape;
use super::peek::{Peek, ROWS};
use super::plain::{date, decimal, display, time};
use super::row::{Header, Row, RowSource};
use super::spool::spool;
use super::unpack::{Unpacked, damaged};
use super::{Body, How, Opened};
use crate::problem::{Place, Problem, Problems, catalogue};

/// Most rows turned to text at a time; a row group may have millions.
const ROWS_AT_A_TIME: usize = 1 << 17;

/// What the file's index says.
struct Index {
    header: Header,
    /// The columns read, by their number in the file.
    projection: Vec<usize>,
    /// What each of them holds.
    shapes: Vec<Shape>,
    /// First row and number of rows of each stretch to read.
    stretches: VecDeque<(usize, usize)>,
    float_columns: Vec<String>,
    skipped_columns: Vec<String>,
}

/// A Parquet file as a stream of rows.
struct Columnar {
    name: Arc<str>,
    file: File,
    header: Header,
    projection: Vec<usize>,
    shapes: Vec<Shape>,
    stretches: VecDeque<(usize, usize)>,
    columns: Vec<TextColumn>,
    /// The next row of `columns`, and how many there are.
    at: usize,
    height: usize,
    /// Rows given so far.
    rows: u64,
}

/// One column of a stretch as text.
#[derive(Default)]
struct TextColumn {
    text: String,
    cells: Vec<Option<(usize, usize)>>,
}

impl TextColumn {
    /// The text of a cell, `None` where it is absent.
    fn get(&self, at: usize) -> Option<&str> {
        let (start, end) = self.cells[at]?;
        Some(&self.text[start..end])
    }
}

/// Opens a Parquet file. `file` is the same bytes as a regular file, if they are one.
pub(super) fn open(
    mut stream: Unpacked,
    first: &[u8],
    file: Option<File>,
    how: &How,
) -> Result<Opened, Problem> {
    let name = stream.name().clone();
    let file = spool(&mut stream, first, file)?;
    let broken = || damaged(&name, "the Parquet file is cut off or damaged");
    let index = guard(|| index(&file)).ok_or_else(broken)?;
    if index.header.is_empty() {
        return Err(super::csv::empty(&name));
    }
    if index.header.len() > how.limits.max_columns {
        let message = format!("the file has {} columns", index.header.len());
        let problem = Problem::new(&catalogue::TOO_MANY_COLUMNS, message);
        return Err(problem.at(Place::file(&name)).help(super::MORE_COLUMNS));
    }
    let mut source = Columnar {
        name: name.clone(),
        file,
        header: index.header.clone(),
        projection: index.projection,
        shapes: index.shapes,
        stretches: VecDeque::new(),
        columns: Vec::new(),
        at: 0,
        height: 0,
        rows: 0,
    };
    source.stretches.extend(first_rows(&index.stretches));
    let mut rows = Vec::new();
    let mut row = Row::default();
    while source.next(&mut row)? {
        rows.push(row.clone());
    }
    source.stretches = index.stretches;
    source.rows = 0;
    Ok(Opened {
        name,
        body: Body::Table(Box::new(source)),
        peek: Peek {
            header: index.header,
            rows,
            text: String::new(),
            float_columns: index.float_columns,
            skipped_columns: index.skipped_columns,
        },
        receipt: stream.receipt().clone(),
    })
}

/// The beginning of the first stretch that has rows.
fn first_rows(stretches: &VecDeque<(usize, usize)>) -> Option<(usize, usize)> {
    let (start, count) = stretches.iter().find(|(_, count)| *count > 0)?;
    Some((*start, (*count).min(ROWS)))
}

/// Runs polars, which may fail or, on hostile files, panic.
fn guard<T>(run: impl FnOnce() -> PolarsResult<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()?.ok()
}

/// A reader of the file's plain Parquet schema.
fn reader(file: &File) -> PolarsResult<ParquetReader<File>> {
    let mut reader = ParquetReader::new(file.try_clone()?);
    let mut metadata = (**reader.get_metadata()?).clone();
    // Writers embed their in-memory schema here (categories, local zones); what is stored is
    // plain text and UTC, and that is what is read.
    metadata.key_value_metadata = None;
    reader.set_metadata(Arc::new(metadata));
    Ok(reader)
}

fn index(file: &File) -> PolarsResult<Index> {
    let mut reader = reader(file)?;
    let schema = reader.schema()?;
    let mut index = Index {
        header: Header::default(),
        projection: Vec::new(),
        shapes: Vec::new(),
        stretches: VecDeque::new(),
        float_columns: Vec::new(),
        skipped_columns: Vec::new(),
    };
    for (number, (name, field)) in schema.iter().enumerate() {
        let Some(shape) = Shape::of(field.dtype()) else {
            index.skipped_columns.push(name.to_string());
            continue;
        };
        shape.columns(name, &mut |name, is_float| {
            index.header.push(name);
            if is_float {
                index.float_columns.push(name.to_string());
            }
        });
        index.projection.push(number);
        index.shapes.push(shape);
    }
    let mut start = 0;
    for group in &reader.get_metadata()?.row_groups {
        let end = start + group.num_rows();
        while start < end {
            let count = (end - start).min(ROWS_AT_A_TIME);
            index.stretches.push_back((start, count));
            start += count;
        }
    }
    Ok(index)
}

impl Columnar {
    fn next(&mut self, row: &mut Row) -> Result<bool, Problem> {
        while self.at == self.height {
            let Some((start, count)) = self.stretches.pop_front() else {
                return Ok(false);
            };
            self.load(start, count)?;
        }
        self.rows += 1;
        row.clear(self.rows, 0);
        for column in &self.columns {
            match column.get(self.at) {
                Some(text) => row.push(text, 0),
                None => {
                    row.cells.push(None);
                    row.cell_bytes.push(0);
                }
            }
        }
        self.at += 1;
        Ok(true)
    }

    fn load(&mut self, start: usize, count: usize) -> Result<(), Problem> {
        let table = guard(|| read(&self.file, &self.projection, start, count))
            .filter(|table| table.height() == count && table.width() == self.shapes.len())
            .ok_or_else(|| {
                damaged(&self.name, "the Parquet file is damaged inside").at(self.place(None))
            })?;
        self.columns.clear();
        for (column, shape) in table.columns().iter().zip(&self.shapes) {
            let series = column.as_materialized_series();
            let columns = &mut self.columns;
            let whole = guard(|| nested::columns(series, shape, columns)).flatten();
            if whole.is_none() || self.columns.iter().any(|text| text.cells.len() != count) {
                return Err(self.not_text(self.columns.len()));
            }
        }
        self.at = 0;
        self.height = count;
        Ok(())
    }

    fn not_text(&self, column: usize) -> Problem {
        Problem::new(
            &catalogue::ENCODING,
            "the column holds bytes that are not text",
        )
        .at(self.place(Some(column + 1)))
        .field(self.header.name(column), self.header.len())
        .help("write the column as a string")
    }

    fn place(&self, column: Option<usize>) -> Place {
        Place {
            file: self.name.clone(),
            line: Some(self.rows + 1),
            column,
            byte: None,
        }
    }
}

fn read(file: &File, projection: &[usize], start: usize, count: usize) -> PolarsResult<DataFrame> {
    reader(file)?
        .with_projection(Some(projection.to_vec()))
        .with_slice(Some((start, count)))
        .finish()
}

impl RowSource for Columnar {
    fn file(&self) -> &Arc<str> {
        &self.name
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        match self.next(row) {
            Ok(more) => more,
            Err(problem) => {
                problems.push(problem);
                self.stretches.clear();
                self.at = self.height;
                false
            }
        }
    }

    fn blank_lines(&self) -> u64 {
        0
    }
}

/// A column as text; `None` if it has bytes that are not text.
fn render(series: &Series) -> PolarsResult<Option<TextColumn>> {
    Ok(Some(match series.dtype() {
        DataType::Null => TextColumn {
            text: String::new(),
            cells: vec![None; series.len()],
        },
        DataType::Boolean => collect(series.bool()?.iter(), display),
        DataType::Int8 => numbers(series.i8()?),
        DataType::Int16 => numbers(series.i16()?),
        DataType::Int32 => numbers(series.i32()?),
        DataType::Int64 => numbers(series.i64()?),
        DataType::UInt8 => numbers(series.u8()?),
        DataType::UInt16 => numbers(series.u16()?),
        DataType::UInt32 => numbers(series.u32()?),
        DataType::UInt64 => numbers(series.u64()?),
        DataType::Float32 => numbers(series.f32()?),
        DataType::Float64 => numbers(series.f64()?),
        DataType::Decimal(_, scale) => {
            let scale = *scale;
            collect(series.decimal()?.physical().iter(), |text, units| {
                decimal(text, units, scale)
            })
        }
        DataType::Date => collect(series.date()?.physical().iter(), date),
        DataType::Datetime(unit, zone) => {
            let zoned = zone.is_some();
            let per_second = match unit {
                TimeUnit::Nanoseconds => 1_000_000_000,
                TimeUnit::Microseconds => 1_000_000,
                TimeUnit::Milliseconds => 1_000,
            };
            collect(series.datetime()?.physical().iter(), |text, ticks| {
                time(text, ticks, per_second, zoned)
            })
        }
        DataType::String => collect(series.str()?.iter(), |text, cell| text.push_str(cell)),
        DataType::Binary => {
            let cells = series.binary()?;
            if cells
                .iter()
                .flatten()
                .any(|cell| std::str::from_utf8(cell).is_err())
            {
                return Ok(None);
            }
            collect(cells.iter(), |text, cell| {
                text.push_str(std::str::from_utf8(cell).unwrap_or(""))
            })
        }
        _ => return Ok(None),
    }))
}

fn numbers<T>(cells: &ChunkedArray<T>) -> TextColumn
where
    T: PolarsNumericType,
    T::Native: Display,
{
    collect(cells.iter(), display)
}

fn collect<T>(
    cells: impl Iterator<Item = Option<T>>,
    print: impl Fn(&mut String, T),
) -> TextColumn {
    let mut column = TextColumn::default();
    for cell in cells {
        let start = column.text.len();
        let ends = cell.map(|value| {
            print(&mut column.text, value);
            (start, column.text.len())
        });
        column.cells.push(ends);
    }
    column
}

#[cfg(test)]
mod tests {
    use polars::prelude::{
        Column, IntoSeries, NamedFrom, NewChunkedArray, ParquetWriter, Series, StringChunked,
    };

    use super::*;
    use crate::scan::{Opened, open, open_reader};

    fn parquet(columns: Vec<Column>, group: usize) -> Vec<u8> {
        let height = columns[0].len();
        let mut table = DataFrame::new(height, columns).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes)
            .with_row_group_size(Some(group))
            .finish(&mut table)
            .unwrap();
        bytes
    }

    fn read(opened: Opened) -> (Vec<String>, Vec<&'static str>) {
        let Body::Table(mut source) = opened.body else {
            panic!("not a table");
        };
        let mut problems = Problems::default();
        let mut row = Row::default();
        let mut rows = Vec::new();
        while source.next_row(&mut row, &mut problems) {
            let cells: Vec<&str> = (0..row.len())
                .map(|at| row.get(at).unwrap_or("~"))
                .collect();
            rows.push(format!("{}:{}", row.line(), cells.join("|")));
        }
        let codes = problems.kept().iter().map(|p| p.entry.code).collect();
        (rows, codes)
    }

    fn stream(bytes: Vec<u8>) -> Result<Opened, Problem> {
        let reader = Box::new(std::io::Cursor::new(bytes));
        open_reader(reader, "log.parquet", &How::default()).map(|mut all| all.remove(0))
    }

    fn every_type() -> Vec<Column> {
        let numbers = |name: &str| Series::new(name.into(), [Some(-5_i64), None, Some(i64::MAX)]);
        let text = StringChunked::from_slice_options("id".into(), &[Some("00123"), Some(""), None]);
        let money = numbers("money").cast(&DataType::Decimal(38, 0)).unwrap();
        let days = Series::new("day".into(), [Some(0_i32), Some(20_000), None]);
        let micros = Series::new("at".into(), [Some(0_i64), Some(1_500_000), None]);
        let utc = DataType::Datetime(TimeUnit::Microseconds, None);
        vec![
            text.into_series().into(),
            numbers("n").into(),
            Series::new("cost".into(), [Some(0.1_f64), Some(2e-7), None]).into(),
            Series::new("small".into(), [Some(0.3_f32), Some(1.0), None]).into(),
            Series::new("flag".into(), [Some(true), Some(false), None]).into(),
            money.into(),
            days.cast(&DataType::Date).unwrap().into(),
            micros.cast(&utc).unwrap().into(),
            Series::new("short".into(), [Some(7_u8), Some(255), None]).into(),
        ]
    }

    #[test]
    fn every_type_as_text() {
        let opened = stream(parquet(every_type(), 2)).unwrap();
        let names = [
            "id", "n", "cost", "small", "flag", "money", "day", "at", "short",
        ];
        assert_eq!(opened.peek.header.names(), names);
        assert_eq!(opened.peek.float_columns, ["cost", "small"]);
        assert!(opened.peek.skipped_columns.is_empty());
        let receipt = opened.receipt.clone();
        let (rows, codes) = read(opened);
        assert_eq!(codes, [] as [&str; 0]);
        assert_eq!(
            rows,
            [
                "1:00123|-5|0.1|0.3|true|-5|1970-01-01|1970-01-01T00:00:00|7",
                "2:|~|0.0000002|1|false|~|2024-10-04|1970-01-01T00:00:01.500|255",
                "3:~|9223372036854775807|~|~|~|9223372036854775807|~|~|~",
            ]
        );
        assert!(receipt.sha256().is_some() && receipt.content().is_some());
    }

    #[test]
    fn row_groups_follow_each_other() {
        let numbers: Vec<i64> = (0..1000).collect();
        let bytes = parquet(vec![Series::new("n".into(), numbers).into()], 64);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let opened = open(file.path(), "n.parquet", &How::default())
            .unwrap()
            .remove(0);
        assert_eq!(opened.peek.rows.len(), 50);
        let (rows, codes) = read(opened);
        assert_eq!((rows.len(), codes.len()), (1000, 0));
        assert_eq!(
            (rows[64].as_str(), rows[999].as_str()),
            ("65:64", "1000:999")
        );
    }

    #[test]
    fn zones_are_utc() {
        let zone = polars::prelude::TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap();
        let column = Series::new("at".into(), [1_790_000_000_000_i64])
            .i64()
            .unwrap()
            .clone()
            .into_datetime(TimeUnit::Milliseconds, zone)
            .into_series();
        let (rows, _) = read(stream(parquet(vec![column.into()], 10)).unwrap());
        // 1 790 000 000 s = 20 717 days and 51 200 s; day 20 717 is 2026-09-21.
        assert_eq!(rows, ["1:2026-09-21T14:13:20Z"]);
    }

    fn fixture(name: &str) -> Opened {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = path.join("fixtures/columnar").join(name);
        open(&path, name, &How::default()).unwrap().remove(0)
    }

    #[test]
    fn structures_are_dotted_columns_and_maps_and_lists_json() {
        let opened = fixture("nested.parquet");
        let names = [
            "n",
            "labels",
            "tags",
            "costs",
            "sku.id",
            "sku.price.units",
            "sku.price.tiers",
            "sku.of",
            "days",
            "flags",
        ];
        assert_eq!(opened.peek.header.names(), names);
        assert_eq!(opened.peek.float_columns, ["costs"]);
        assert!(opened.peek.skipped_columns.is_empty());
        let (rows, codes) = read(opened);
        assert_eq!(codes, [] as [&str; 0]);
        assert_eq!(
            rows,
            [
                r#"1:1|[{"key":"team","value":"search"}]|{"a \"b\"":"x\ny","c":null}|{"in":0.1,"out":0.0000002}|s1|1.50|[1,2]|{"k":7}|["2026-09-01",null]|[[true],[]]"#,
                r#"2:2|[]|{}|{"nan":"inf"}|~|~|~|{}|[]|[null]"#,
                "3:3|~|~|~|~|~|~|~|~|~",
            ]
        );
    }

    #[test]
    fn columns_without_a_text_form_are_left_out_and_named() {
        let opened = fixture("times-of-day.parquet");
        assert_eq!(opened.peek.skipped_columns, ["opened", "shifts"]);
        assert_eq!(read(opened).0, ["1:a", "2:b"]);
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        let columns = |cell: &'static [u8]| vec![Series::new("b".into(), [cell]).into()];
        assert_eq!(
            read(stream(parquet(columns(b"abc"), 10)).unwrap()).0,
            ["1:abc"]
        );
        let problem = stream(parquet(columns(b"\xFF\xFE"), 10)).err().unwrap();
        assert_eq!(problem.entry.code, "T3010");
    }

    #[test]
    fn damaged_files_are_refused_in_our_words() {
        let whole = parquet(every_type(), 2);
        for length in [12, 100, whole.len() - 1] {
            let problem = stream(whole[..length].to_vec()).err().unwrap();
            assert_eq!(problem.entry.code, "T3019", "{length}");
            assert!(problem.message.contains("Parquet"), "{}", problem.message);
        }
        // The length of the index, and the mark behind it.
        for at in whole.len() - 8..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            assert_eq!(stream(damaged).err().unwrap().entry.code, "T3019", "{at}");
        }
    }
}
