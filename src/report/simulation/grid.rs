//! Grids and cheapest levers: tables, and their part of the document.

use serde::Serialize;

use super::table::{ratio, title};
use crate::model::Exact;
use crate::report::chart;
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::table::{Cell, Column, Table};
use crate::simulate::{Reach, Summary, Way};

/// Scenarios in one line each.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The present.
    pub now: Summary,
    /// One line per scenario.
    pub lines: Vec<Summary>,
    /// The values of the range, if there is exactly one: the chart's axis.
    pub values: Vec<String>,
    /// Sentences below the table.
    pub words: Vec<String>,
}

/// One scenario of a grid.
#[derive(Serialize)]
pub struct GridOut {
    scenario: String,
    revenue: Exact,
    cost: Exact,
    gross_profit: Exact,
    difference: Exact,
    gross_margin: Option<Exact>,
    at_a_loss: u64,
    break_even_churn: Option<Exact>,
}

/// An amount at the printed decimals.
pub fn rounded(places: Option<u8>, amount: Exact) -> Exact {
    places.map_or(amount, |places| amount.round(places))
}

/// A grid as objects, the present first.
pub fn grid_list(grid: &Grid, places: Option<u8>) -> Vec<GridOut> {
    let now = rounded(places, grid.now.revenue) - rounded(places, grid.now.cost);
    let line = |summary: &Summary| {
        let (revenue, cost) = (
            rounded(places, summary.revenue),
            rounded(places, summary.cost),
        );
        GridOut {
            scenario: summary.name.clone(),
            revenue,
            cost,
            gross_profit: revenue - cost,
            difference: revenue - cost - now,
            gross_margin: ratio(summary.revenue, summary.cost),
            at_a_loss: summary.losing,
            break_even_churn: summary.break_even,
        }
    };
    std::iter::once(&grid.now)
        .chain(&grid.lines)
        .map(line)
        .collect()
}

/// A grid as a table: one row each, the present first; a chart below it where one value varies.
pub fn grid_table(grid: &Grid, header: &Header, places: Option<u8>, blocks: bool) -> Table {
    let shocks = grid.lines.iter().any(|line| line.shock.is_some());
    let mut columns = vec![
        Column::text("scenario", "Scenario"),
        Column::figures("revenue", "Revenue"),
        Column::figures("cost", "Cost").dropped(2),
        Column::figures("gross_profit", "Gross profit"),
        Column::figures("difference", "Difference"),
        Column::figures("gross_margin", "Margin"),
        Column::figures("at_a_loss", "At a loss").dropped(3),
        Column::figures("break_even_churn", "Break-even churn"),
    ];
    if shocks {
        columns.push(Column::figures("invoice_change_p95", "Invoice change p95").dropped(4));
    }
    columns.extend([
        Column::text("currency", "Currency").csv_only(),
        Column::text("period_start", "From").csv_only(),
        Column::text("period_end", "To").csv_only(),
    ]);
    let summaries = std::iter::once(&grid.now).chain(&grid.lines);
    let rows = grid_list(grid, places).into_iter().zip(summaries);
    let rows = rows.map(|(line, summary)| {
        let mut cells = vec![
            Cell::Text(line.scenario),
            Cell::Money(line.revenue),
            Cell::Money(line.cost),
            Cell::Money(line.gross_profit),
            Cell::Money(line.difference),
            Cell::Ratio(line.gross_margin),
            Cell::Quantity(Exact::from(line.at_a_loss)),
            line.break_even_churn
                .map_or(Cell::Empty, |share| Cell::Ratio(Some(share))),
        ];
        if shocks {
            cells.push(summary.shock.map_or(Cell::Empty, Cell::Money));
        }
        cells.extend([
            Cell::Text(header.currency.to_string()),
            Cell::Date(header.period.start),
            Cell::Date(header.period.end),
        ]);
        cells
    });
    let mut footer = Vec::new();
    if grid.values.len() == grid.lines.len() {
        let margins = grid.lines.iter().map(|line| ratio(line.revenue, line.cost));
        let points: Vec<_> = grid.values.iter().cloned().zip(margins).collect();
        let drawn = chart::lines(&points, blocks);
        if !drawn.is_empty() {
            footer.push("Margin:".into());
            footer.extend(drawn);
        }
    }
    footer.extend(grid.words.iter().cloned());
    footer.extend(note_lines(header));
    Table {
        title: title(&format!("{} scenarios", grid.lines.len()), header),
        columns,
        rows: rows.collect(),
        totals: None,
        footer,
        places,
    }
}

/// What was converted, and the notes of a report, as lines below a table.
pub fn note_lines(header: &Header) -> Vec<String> {
    let mut lines = fx::lines(header.fx.as_ref());
    let line = |note: &crate::problem::Note| {
        let word = if note.warning { "warning" } else { "note" };
        format!("{word} {}: {}", note.code, note.text)
    };
    lines.extend(header.notes.iter().map(line));
    lines
}

/// One lever that was tried.
#[derive(Serialize)]
pub struct WayOut {
    lever: &'static str,
    what: String,
    value: Option<String>,
    reach: &'static str,
    why: Option<String>,
    revenue: Option<Exact>,
    cost: Option<Exact>,
    gross_profit: Option<Exact>,
    gross_margin: Option<Exact>,
}

/// The levers as objects.
pub fn way_list(ways: &[Way], places: Option<u8>) -> Vec<WayOut> {
    let out = |way: &Way| {
        let (reach, value, then, why) = match &way.reach {
            Reach::Value(value, then) => ("value", Some(value), Some(*then), None),
            Reach::NotNeeded(then) => ("not_needed", None, Some(*then), None),
            Reach::None(tried) => ("none", None, None, Some(tried)),
            Reach::NotTried(why) => ("not_tried", None, None, Some(why)),
        };
        let sides = then.map(|(revenue, cost)| (rounded(places, revenue), rounded(places, cost)));
        WayOut {
            lever: way.lever,
            what: way.what.clone(),
            value: value.cloned(),
            reach,
            why: why.cloned(),
            revenue: sides.map(|sides| sides.0),
            cost: sides.map(|sides| sides.1),
            gross_profit: sides.map(|(revenue, cost)| revenue - cost),
            gross_margin: then.and_then(|(revenue, cost)| ratio(revenue, cost)),
        }
    };
    ways.iter().map(out).collect()
}

/// The levers as a table.
pub fn way_table(goal: &str, ways: &[Way], header: &Header, places: Option<u8>) -> Table {
    let columns = vec![
        Column::text("lever", "Lever"),
        Column::text("what", "Of"),
        Column::text("value", "Value"),
        Column::figures("revenue", "Revenue"),
        Column::figures("cost", "Cost").dropped(2),
        Column::figures("gross_profit", "Gross profit"),
        Column::figures("gross_margin", "Margin"),
        Column::text("currency", "Currency").csv_only(),
        Column::text("period_start", "From").csv_only(),
        Column::text("period_end", "To").csv_only(),
    ];
    let money = |amount: Option<Exact>| amount.map_or(Cell::Empty, Cell::Money);
    let row = |way: WayOut| {
        let why = way.why.unwrap_or_default();
        let none = match way.reach {
            "not_needed" => "not needed".to_string(),
            "not_tried" => format!("not tried: {why}"),
            _ => format!("none reaches it: {why}"),
        };
        vec![
            Cell::Text(way.lever.to_string()),
            Cell::Text(way.what),
            Cell::Text(way.value.unwrap_or(none)),
            money(way.revenue),
            money(way.cost),
            money(way.gross_profit),
            Cell::Ratio(way.gross_margin),
            Cell::Text(header.currency.to_string()),
            Cell::Date(header.period.start),
            Cell::Date(header.period.end),
        ]
    };
    let mut footer =
        vec!["Each lever by itself; revenue and cost are of the plan's customers.".to_string()];
    footer.extend(note_lines(header));
    Table {
        title: title(goal, header),
        columns,
        rows: way_list(ways, places).into_iter().map(row).collect(),
        totals: None,
        footer,
        places,
    }
}
