//! A reconciliation as a table, the largest gap first.

use super::printed::Printed;
use super::proofs::{amount_text, proofs};
use super::{By, rates};
use crate::model::Exact;
use crate::reconcile::{Cause, Group};
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::table::{Cell, Column, Table};

/// Lays the groups out in their order. `below` are lines that stand under the proofs: ties, and
/// what was left out.
pub fn table(
    groups: &[Group],
    by: &[By],
    header: &Header,
    places: Option<u8>,
    below: Vec<String>,
) -> Table {
    let printed = Printed::of(groups, places);
    let mut columns: Vec<Column> = by
        .iter()
        .map(|by| Column::text(by.key(), by.title()))
        .collect();
    columns.extend([
        Column::text("currency", "Currency").csv_only(),
        Column::figures("billed", "Billed"),
        Column::figures("computed", "Computed"),
        Column::figures("gap", "Gap"),
        Column::text("cause", "Largest cause")
            .table_only()
            .dropped(4),
        Column::figures("billed_quantity", "Billed quantity").dropped(6),
        Column::figures("logged_quantity", "Logged quantity").dropped(6),
        Column::figures("billed_rate_per_million", "Billed rate /M").dropped(5),
        Column::figures("list_rate_per_million", "List rate /M").dropped(5),
    ]);
    let causes = Cause::ALL.iter();
    columns.extend(causes.map(|cause| Column::figures(cause.key(), cause.words()).csv_only()));
    columns.extend([
        Column::text("period_start", "From").csv_only(),
        Column::text("period_end", "To").csv_only(),
    ]);
    let rows = (0..groups.len()).map(|at| line(&groups[at], by, at, &printed, header));
    let mut footer = proofs(groups, &printed, places);
    footer.extend(below);
    footer.extend(fx::lines(header.fx.as_ref()));
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        footer.push(format!("{word} {}: {}", note.code, note.text));
    }
    Table {
        title: format!(
            "Billed and computed cost · {} · {} · {} cost",
            header.period.title(),
            header.currency,
            header.cost_basis
        ),
        rows: rows.collect(),
        totals: Some(totals(by.len(), &printed, header, columns.len())),
        columns,
        footer,
        places,
    }
}

fn line(group: &Group, by: &[By], at: usize, printed: &Printed, header: &Header) -> Vec<Cell> {
    let text = |(by, value): (&By, &Option<String>)| match (value, by) {
        (Some(value), _) => Cell::Text(value.clone()),
        (None, By::Tier) => Cell::Text("(not stated)".into()),
        (None, _) => Cell::Empty,
    };
    let quantity = |value: Option<Exact>| value.map_or(Cell::Empty, Cell::Quantity);
    let (billed_rate, list_rate) = rates(group);
    let short = |rate: Option<Exact>| quantity(rate.map(|rate| rate.round(6)));
    let mut cells: Vec<Cell> = by.iter().zip(&group.labels).map(text).collect();
    cells.extend([
        Cell::Text(header.currency.to_string()),
        Cell::Money(printed.billed[at]),
        group
            .computed
            .map_or(Cell::Empty, |_| Cell::Money(printed.computed[at])),
        Cell::Money(printed.gap(at)),
        Cell::Text(largest(group, &printed.causes[at], printed.places)),
        quantity(group.billed_quantity),
        quantity(group.logged_quantity),
        short(billed_rate),
        short(list_rate),
    ]);
    cells.extend(printed.causes[at].iter().copied().map(Cell::Money));
    let zone = &header.zone;
    let instant = |day| Cell::Text(zone.start_of(day).to_string());
    cells.extend([instant(header.period.start), instant(header.period.end)]);
    cells
}

/// The largest cause in words; the amount too if it is not the whole gap.
fn largest(group: &Group, printed: &[Exact], places: Option<u8>) -> String {
    let causes = Cause::ALL.iter().zip(printed);
    let mut causes = causes.filter(|(cause, _)| group.causes.contains_key(cause));
    match (
        causes.clone().max_by_key(|(_, amount)| amount.abs()),
        causes.nth(1),
    ) {
        (None, _) => String::new(),
        (Some((cause, _)), None) => cause.words().to_string(),
        (Some((cause, amount)), Some(_)) => {
            format!("{} {}", cause.words(), amount_text(*amount, places))
        }
    }
}

fn totals(labels: usize, printed: &Printed, header: &Header, columns: usize) -> Vec<Cell> {
    let (billed, computed): (Exact, Exact) =
        (printed.billed.iter().sum(), printed.computed.iter().sum());
    let mut cells = vec![Cell::Text("Total".into())];
    cells.resize(labels, Cell::Empty);
    cells.extend([
        Cell::Text(header.currency.to_string()),
        Cell::Money(billed),
        Cell::Money(computed),
        Cell::Money(billed - computed),
    ]);
    cells.resize(columns, Cell::Empty);
    cells
}
