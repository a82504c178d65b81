//! A table as a JSON document, for commands whose result is nothing but a table.
//!
//! Every figure is a string, exact; what is absent is null. Keys are those of the CSV.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::table::{Cell, Table};
use crate::problem::Note;

/// Decimals of ratios, as in every JSON output.
const RATIO_PLACES: u8 = 16;

/// One table as a document.
#[derive(Debug)]
pub struct Document<'a> {
    /// The schema's name, such as `tanso.prices/1`.
    pub schema: &'static str,
    /// The table.
    pub table: &'a Table,
    /// What was skipped, inferred or is in doubt.
    pub notes: &'a [Note],
}

/// One row of a table.
#[derive(Debug)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

/// The rows of a table, for JSON lines.
pub fn rows(table: &Table) -> impl Iterator<Item = Row<'_>> {
    table.rows.iter().map(move |cells| Row { table, cells })
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", self.schema)?;
        let version = env!("CARGO_PKG_VERSION");
        map.serialize_entry("tool", &Pair([("name", "tanso"), ("version", version)]))?;
        map.serialize_entry("title", &self.table.title)?;
        map.serialize_entry("rows", &rows(self.table).collect::<Vec<_>>())?;
        if let Some(cells) = &self.table.totals {
            let table = self.table;
            map.serialize_entry("totals", &Row { table, cells })?;
        }
        let notes = self.notes.iter();
        let notes: Vec<_> = notes
            .map(|note| Pair([("code", note.code), ("text", note.text.as_str())]))
            .collect();
        map.serialize_entry("notes", &notes)?;
        map.end()
    }
}

/// Two named texts.
struct Pair<'a>([(&'static str, &'a str); 2]);

impl Serialize for Pair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0)
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.table.columns.iter().zip(self.cells);
        let written = cells.filter(|(column, _)| column.in_csv);
        serializer.collect_map(written.map(|(column, cell)| (&column.key, text(cell))))
    }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Money(amount) | Cell::Quantity(amount) => Some(amount.to_string()),
        Cell::Ratio(ratio) => ratio.map(|ratio| ratio.round(RATIO_PLACES).to_string()),
        Cell::Date(day) => Some(day.to_string()),
        Cell::Empty => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exact;
    use crate::problem::catalogue;
    use crate::report::Column;

    #[test]
    fn figures_are_exact_strings_and_absent_is_null() {
        let amount = Exact::parse("0.000000150").unwrap();
        let table = Table {
            title: "Prices".into(),
            columns: vec![
                Column::text("model", "Model"),
                Column::text("shown", "Shown").table_only(),
                Column::figures("input", "Input"),
                Column::figures("output", "Output"),
            ],
            rows: vec![vec![
                Cell::Text("tern".into()),
                Cell::Text("for people".into()),
                Cell::Quantity(amount),
                Cell::Empty,
            ]],
            totals: None,
            footer: Vec::new(),
            places: None,
        };
        let notes = [crate::problem::Note::new(&catalogue::FREE, "one")];
        let document = Document {
            schema: "tanso.prices/1",
            table: &table,
            notes: &notes,
        };
        let found = serde_json::to_value(document).unwrap();
        let row = serde_json::json!({"model": "tern", "input": "0.00000015", "output": null});
        assert_eq!(found["rows"], serde_json::json!([row]));
        assert_eq!(found["notes"][0]["text"], "one");
        assert!(found.get("totals").is_none());
    }
}
