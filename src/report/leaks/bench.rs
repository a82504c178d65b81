//! The detector's record as a table and as JSON: schema `tanso.leaks-bench/1`.

use serde::Serialize;

use crate::leaks::bench::Line;
use crate::model::Exact;
use crate::report::table::{Cell, Column, Table};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    seed: u32,
    seeds: u32,
    lines: &'a [Line],
}

/// The document, ready to be serialized.
pub fn document(lines: &[Line], seed: u32, seeds: u32) -> impl Serialize + use<'_> {
    Document {
        schema: "tanso.leaks-bench/1",
        seed,
        seeds,
        lines,
    }
}

/// The record as a table.
pub fn table(lines: &[Line], seed: u32, seeds: u32) -> Table {
    let quantity = |value: Option<Exact>| value.map_or(Cell::Empty, Cell::Quantity);
    let ratio = |value: Option<Exact>| value.map_or(Cell::Empty, |value| Cell::Ratio(Some(value)));
    let row = |line: &Line| {
        let rule = match line.equal_false_alarms {
            true => format!("{}, as few false alarms", line.rule),
            false => line.rule.clone(),
        };
        vec![
            Cell::Text(rule),
            Cell::Text(line.planted.into()),
            Cell::Quantity(line.leaks.into()),
            ratio(line.recall),
            quantity(line.delay_days),
            Cell::Quantity(line.false_alarms),
            ratio(line.caught),
        ]
    };
    Table {
        title: format!(
            "Leaks on planted worlds · seeds {seed} to {}",
            seed + seeds - 1
        ),
        columns: vec![
            Column::text("rule", "Rule"),
            Column::text("planted", "Planted"),
            Column::figures("leaks", "Leaks"),
            Column::figures("recall", "Found"),
            Column::figures("delay_days", "Median delay in days"),
            Column::figures("false_alarms", "False alarms per 1,000 customer-months"),
            Column::figures("caught", "Money told before its invoice"),
        ],
        rows: lines.iter().map(row).collect(),
        totals: None,
        footer: Vec::new(),
        places: None,
    }
}
