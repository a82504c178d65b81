//! Several scenarios side by side: one row each, and the present as the first.

use super::table::{ratio, title};
use super::words::verdict;
use crate::margin::RowKind;
use crate::model::Exact;
use crate::report::figures::grouped;
use crate::report::margin::Header;
use crate::report::table::{Cell, Column, Table};
use crate::simulate::{Outcome, OutcomeRow};

/// Lays the scenarios out in the order in which they were given.
pub fn table(outcomes: &[Outcome], header: &Header, places: Option<u8>) -> Table {
    let columns = vec![
        Column::text("scenario", "Scenario"),
        Column::figures("revenue", "Revenue"),
        Column::figures("cost", "Cost").dropped(2),
        Column::figures("gross_profit", "Gross profit"),
        Column::figures("difference", "Difference"),
        Column::figures("margin", "Margin"),
        Column::figures("at_a_loss", "At a loss").dropped(3),
        Column::figures("break_even_churn", "Break-even churn"),
        Column::figures("invoice_change", "Invoice change p95").dropped(4),
    ];
    let round = |amount: Exact| places.map_or(amount, |places| amount.round(places));
    let mut rows = Vec::new();
    if let Some(first) = outcomes.first() {
        let (revenue, cost) = (round(first.revenue.0), round(first.cost.0));
        rows.push(vec![
            Cell::Text("now".into()),
            Cell::Money(revenue),
            Cell::Money(cost),
            Cell::Money(revenue - cost),
            Cell::Money(Exact::ZERO),
            Cell::Ratio(ratio(first.revenue.0, first.cost.0)),
            Cell::Quantity(losing(first, |row| &row.now)),
            Cell::Empty,
            Cell::Empty,
        ]);
    }
    for outcome in outcomes {
        let (revenue, cost) = (round(outcome.revenue.1), round(outcome.cost.1));
        let now = round(outcome.revenue.0) - round(outcome.cost.0);
        let even = outcome.break_even.as_ref();
        let shock = outcome.invoice_shock.map(|(_, p95, _)| p95);
        rows.push(vec![
            Cell::Text(outcome.name.clone()),
            Cell::Money(revenue),
            Cell::Money(cost),
            Cell::Money(revenue - cost),
            Cell::Money(revenue - cost - now),
            Cell::Ratio(ratio(outcome.revenue.1, outcome.cost.1)),
            Cell::Quantity(losing(outcome, |row| &row.then)),
            even.map_or(Cell::Empty, |even| Cell::Ratio(Some(even.proportional))),
            shock.map_or(Cell::Empty, Cell::Money),
        ]);
    }
    let decimals = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(decimals));
    let mut footer: Vec<String> = outcomes
        .iter()
        .map(|outcome| format!("{}: {}", outcome.name, verdict(outcome, &money)))
        .collect();
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        footer.push(format!("{word} {}: {}", note.code, note.text));
    }
    Table {
        title: title(&format!("{} scenarios", outcomes.len()), header),
        columns,
        rows,
        totals: None,
        footer,
        places,
    }
}

/// Customers that lose money.
fn losing(outcome: &Outcome, side: fn(&OutcomeRow) -> &crate::margin::Row) -> Exact {
    let losing = outcome.rows.iter().filter(|row| {
        let row = side(row);
        let profit = row.gross_profit();
        row.kind == RowKind::Customer && profit.is_some_and(|profit| profit.is_negative())
    });
    Exact::from(losing.count() as u64)
}
