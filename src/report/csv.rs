//! CSV for spreadsheets and scripts: RFC 4180, UTF-8, LF, snake_case header, plain decimals, one
//! fact per row, no totals row.
//!
//! Text that a spreadsheet would run as a formula gets a leading apostrophe (CWE-1236). Figures
//! never do: they are written by us and match `-?[0-9]+(\.[0-9]+)?`.

use std::borrow::Cow;
use std::io::{self, Write};

use super::figures::for_programs;
use super::table::{Cell, Table};

/// Choices of the CSV writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// Begin with a byte order mark, which old versions of Excel need to see UTF-8.
    pub bom: bool,
    /// Write text as it stands, formulas included.
    pub raw: bool,
}

/// Writes the header and the rows, columns with `in_csv` only. Returns how many text cells were
/// given an apostrophe.
///
/// # Errors
/// Those of the writer.
pub fn write(table: &Table, options: CsvOptions, out: &mut dyn Write) -> io::Result<u64> {
    write_rows(table, table.rows.iter().map(Vec::as_slice), options, out)
}

/// The same with rows that are not the table's own.
///
/// # Errors
/// Those of the writer.
pub fn write_rows<R: AsRef<[Cell]>>(
    table: &Table,
    rows: impl Iterator<Item = R>,
    options: CsvOptions,
    out: &mut dyn Write,
) -> io::Result<u64> {
    if options.bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let columns: Vec<usize> = (0..table.columns.len())
        .filter(|column| table.columns[*column].in_csv)
        .collect();
    let mut escaped = 0;
    let mut text = |text: &str| -> Option<String> {
        if options.raw || !runs_as_formula(text) {
            return None;
        }
        escaped += 1;
        Some(format!("'{text}"))
    };
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::Any(b'\n'))
        .from_writer(out);
    // A dimension's name may be the user's own, so the header is text like any other.
    writer.write_record(columns.iter().map(|column| {
        let key = &table.columns[*column].key;
        text(key)
            .map_or(Cow::Borrowed(key.as_str()), Cow::Owned)
            .into_owned()
    }))?;
    for row in rows {
        let row = row.as_ref();
        for column in &columns {
            let cell = &row[*column];
            let plain = for_programs(cell, table.places);
            match cell {
                Cell::Text(_) => match text(&plain) {
                    Some(safe) => writer.write_field(safe)?,
                    None => writer.write_field(plain.as_bytes())?,
                },
                _ => writer.write_field(plain.as_bytes())?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(escaped)
}

/// Whether a spreadsheet may take the text for a formula: after leading blanks it starts with
/// `=`, `+`, `-`, `@`, a full-width form of these, a tab, a carriage return or a NUL.
fn runs_as_formula(text: &str) -> bool {
    let first = text
        .chars()
        .find(|c| matches!(c, '\t' | '\r') || !(c.is_whitespace() || *c == '\u{feff}'));
    matches!(
        first,
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠')
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exact;
    use crate::report::table::Column;

    fn money(text: &str) -> Cell {
        Cell::Money(Exact::parse(text).unwrap())
    }

    fn names(names: &[&str]) -> Table {
        Table {
            title: "T".into(),
            columns: vec![
                Column::text("customer", "Customer"),
                Column::figures("gross_profit", "Gross profit"),
                Column::figures("hidden", "Hidden").table_only(),
            ],
            rows: names
                .iter()
                .map(|name| vec![Cell::Text(name.to_string()), money("-3.1"), Cell::Empty])
                .collect(),
            totals: Some(vec![Cell::Text("Total".into()), money("-3.1"), Cell::Empty]),
            footer: vec!["below".into()],
            places: Some(2),
        }
    }

    fn written(table: &Table, options: CsvOptions) -> (String, u64) {
        let mut out = Vec::new();
        let escaped = write(table, options, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), escaped)
    }

    #[test]
    fn header_rows_and_nothing_else() {
        let (text, escaped) = written(&names(&["acme", "Umbra, \"Labs\""]), CsvOptions::default());
        assert_eq!(
            text,
            "customer,gross_profit\nacme,-3.10\n\"Umbra, \"\"Labs\"\"\",-3.10\n"
        );
        assert_eq!(escaped, 0);
    }

    #[test]
    fn formulas_get_an_apostrophe_and_figures_do_not() {
        let payloads = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\0=1",
            "  =1",
            " \t=1",
            "\n=1",
            "\u{a0}=1",
            "\u{feff}=1",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "=HYPERLINK(\"http://x.example\",\"y\")",
        ];
        let (text, escaped) = written(&names(&payloads), CsvOptions::default());
        assert_eq!(escaped, payloads.len() as u64);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        for (record, payload) in reader.records().zip(payloads) {
            let record = record.unwrap();
            assert_eq!(&record[0], format!("'{payload}"));
            assert_eq!(&record[1], "-3.10");
        }
        let (raw, escaped) = written(
            &names(&["=1+1"]),
            CsvOptions {
                raw: true,
                bom: false,
            },
        );
        assert_eq!(raw, "customer,gross_profit\n=1+1,-3.10\n");
        assert_eq!(escaped, 0);
    }

    #[test]
    fn harmless_text_is_left_alone() {
        let harmless = [
            "acme",
            "'=1",
            "a=b",
            "(unattributed)",
            "x@y.example",
            "",
            " ",
        ];
        let (_, escaped) = written(&names(&harmless), CsvOptions::default());
        assert_eq!(escaped, 0);
    }

    #[test]
    fn a_byte_order_mark_only_when_asked() {
        let options = CsvOptions {
            bom: true,
            raw: false,
        };
        assert!(written(&names(&[]), options).0.starts_with('\u{feff}'));
        assert!(
            written(&names(&[]), CsvOptions::default())
                .0
                .starts_with("customer")
        );
    }
}
