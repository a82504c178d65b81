//! Gates as a table.

use super::{figures, words};
use crate::gate::{Figure, Outcome};
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::table::{Cell, Column, Table};

/// Lays the outcomes out in their order. `below` are lines that stand under the table: the ties.
pub fn table(
    outcomes: &[Outcome],
    header: &Header,
    places: Option<u8>,
    below: Vec<String>,
) -> Table {
    let columns = vec![
        Column::text("result", "Result"),
        Column::text("gate", "Gate"),
        Column::text("about", "About"),
        Column::figures("limit_text", "Limit").table_only(),
        Column::figures("found_text", "Found").table_only(),
        Column::figures("by_text", "Off by").table_only(),
        Column::text("unit", "Unit").csv_only(),
        Column::figures("limit", "Limit").csv_only(),
        Column::figures("found", "Found").csv_only(),
        Column::figures("by", "Off by").csv_only(),
        Column::text("detail", "Detail").dropped(1),
        Column::text("period_start", "From").csv_only(),
        Column::text("period_end", "To").csv_only(),
    ];
    let rows = outcomes.iter().map(|outcome| row(outcome, header, places));
    let tripped = outcomes.iter().filter(|outcome| outcome.tripped()).count();
    let mut footer = vec![match tripped {
        0 => "no gate tripped".to_string(),
        1 => "1 gate tripped".to_string(),
        several => format!("{several} gates tripped"),
    }];
    footer.extend(below);
    footer.extend(fx::lines(header.fx.as_ref()));
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        footer.push(format!("{word} {}: {}", note.code, note.text));
    }
    Table {
        title: format!(
            "Gates · {} · {} · {} revenue, {} cost",
            header.period.title(),
            header.currency,
            header.revenue_basis,
            header.cost_basis
        ),
        columns,
        rows: rows.collect(),
        totals: None,
        footer,
        places,
    }
}

fn row(outcome: &Outcome, header: &Header, places: Option<u8>) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_string());
    let number = |figure: Option<Figure>| match figure {
        Some(figure) => Cell::Quantity(figure.value()),
        None => Cell::Empty,
    };
    let [limit, found, by] = figures(outcome, places);
    let instant = |day| Cell::Text(header.zone.start_of(day).to_string());
    vec![
        text(words(outcome.verdict)),
        text(outcome.gate),
        text(outcome.about.as_deref().unwrap_or_default()),
        Cell::Text(limit),
        Cell::Text(found),
        Cell::Text(by),
        text(outcome.limit.unit()),
        number(Some(outcome.limit)),
        number(outcome.found),
        number(outcome.by),
        text(&outcome.detail),
        instant(header.period.start),
        instant(header.period.end),
    ]
}
