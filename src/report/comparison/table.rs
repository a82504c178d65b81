//! A difference for people and spreadsheets: one row per customer, the causes of the total below.

use super::Compared;
use crate::diff::{Cause, Change, Money};
use crate::model::Exact;
use crate::report::figures::grouped;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};

/// The row of customers without a change.
const UNCHANGED: &str = "(unchanged)";
/// How many causes a row of the table names.
const CAUSES: usize = 3;

/// Lays the difference out.
pub fn table(compared: &Compared<'_>, places: Option<u8>) -> Table {
    let rest = unchanged(compared);
    let shown = || (compared.diff.customers.iter()).filter(|one| !is_dust(&one.change));
    let mut rows: Vec<(&str, &Change)> = shown()
        .map(|one| (one.customer.as_str(), &one.change))
        .collect();
    if !rest.before.is_zero() || !rest.after.is_zero() {
        rows.push((UNCHANGED, &rest));
    }
    let changes: Vec<&Change> = rows.iter().map(|(_, change)| *change).collect();
    let column = |of: &dyn Fn(&Change) -> Exact| -> Vec<Exact> {
        let amounts: Vec<Exact> = changes.iter().map(|change| of(change)).collect();
        match places {
            Some(places) => round_to_total(&amounts, amounts.iter().sum(), places),
            None => amounts,
        }
    };
    let profit = |money: Money| money.gross_profit();
    let revenue = column(&|change| change.difference().revenue);
    let cost = column(&|change| change.difference().cost);
    let before = column(&|change| profit(change.before));
    let mut columns = vec![
        Column::text("customer", "Customer"),
        Column::text("currency", "Currency").csv_only(),
        Column::figures("gross_profit_before", "Gross profit before"),
        Column::figures("revenue_change", "Revenue"),
        Column::figures("cost_change", "Cost"),
        Column::figures("gross_profit_change", "Change"),
        Column::figures("gross_profit_after", "after"),
        Column::text("causes", "Causes").table_only().dropped(1),
    ];
    for cause in Cause::ALL {
        for side in ["revenue", "cost"] {
            let name = format!("{}_{side}", cause.key());
            columns.push(Column::figures(name.clone(), name).csv_only());
        }
    }
    let rows = rows.iter().enumerate().map(|(at, (customer, one))| {
        let change = revenue[at] - cost[at];
        let mut cells = vec![
            Cell::Text(customer.to_string()),
            Cell::Text(compared.new.1.currency.clone()),
            Cell::Money(before[at]),
            Cell::Money(revenue[at]),
            Cell::Money(cost[at]),
            Cell::Money(change),
            Cell::Money(before[at] + change),
            Cell::Text(causes(one, places)),
        ];
        for cause in Cause::ALL {
            let found = one.causes.get(&cause).copied().unwrap_or_default();
            for amount in [found.revenue, found.cost] {
                cells.push(Cell::Quantity(amount));
            }
        }
        cells
    });
    let sum = |amounts: &[Exact]| amounts.iter().sum::<Exact>();
    let change = sum(&revenue) - sum(&cost);
    let mut totals = vec![
        Cell::Text("Total".into()),
        Cell::Empty,
        Cell::Money(sum(&before)),
        Cell::Money(sum(&revenue)),
        Cell::Money(sum(&cost)),
        Cell::Money(change),
        Cell::Money(sum(&before) + change),
    ];
    totals.resize(columns.len(), Cell::Empty);
    totals[7] = Cell::Text(String::new());
    Table {
        title: format!(
            "{} → {} · {} · {} revenue, {} cost",
            compared.titles[0],
            compared.titles[1],
            compared.new.1.currency,
            compared.new.1.basis.revenue,
            compared.new.1.basis.cost
        ),
        rows: rows.collect(),
        totals: Some(totals),
        columns,
        footer: footer(compared, places),
        places,
    }
}

/// Customers whose money did not change, or by less than rounding leaves, as one.
fn unchanged(compared: &Compared<'_>) -> Change {
    let mut rest = compared.diff.total.clone();
    let changed = compared.diff.customers.iter();
    for one in changed.filter(|one| !is_dust(&one.change)) {
        rest.before = rest.before.less(one.change.before);
        rest.after = rest.after.less(one.change.after);
        for (cause, amount) in &one.change.causes {
            let left = rest.causes.entry(*cause).or_default();
            *left = left.less(*amount);
        }
    }
    rest.causes.retain(|_, amount| !amount.is_zero());
    rest
}

/// Whether nothing of a change is more than rounding leaves.
fn is_dust(change: &Change) -> bool {
    change.causes.values().all(Money::is_dust)
}

/// The causes of the total, one line each, and what adds up.
fn footer(compared: &Compared<'_>, places: Option<u8>) -> Vec<String> {
    let total = &compared.diff.total;
    let money = |amount: Exact| signed(amount, places);
    let mut lines = Vec::new();
    for (cause, amount) in &total.causes {
        lines.push(format!(
            "cause     {}: revenue {}, cost {}, gross profit {}",
            cause.words(),
            money(amount.revenue),
            money(amount.cost),
            money(amount.gross_profit())
        ));
    }
    let change = total.difference();
    let plain = |amount: Exact| {
        grouped(&match places {
            Some(places) => amount.to_fixed(places),
            None => amount.to_string(),
        })
    };
    lines.push(format!(
        "adds up   gross profit {} {} = {}   residual 0",
        plain(total.before.gross_profit()),
        money(change.gross_profit()),
        plain(total.after.gross_profit())
    ));
    if compared.diff.customers.is_empty() {
        lines.push("nothing changed".to_string());
    }
    lines.extend(
        compared
            .remarks
            .iter()
            .map(|text| format!("note      {text}")),
    );
    lines
}

/// The largest causes of a change of gross profit.
fn causes(change: &Change, places: Option<u8>) -> String {
    let mut found: Vec<(Cause, Exact)> = change
        .causes
        .iter()
        .map(|(cause, amount)| (*cause, amount.gross_profit()))
        .filter(|(cause, _)| !change.causes[cause].is_dust())
        .filter(|(_, amount)| !amount.is_zero())
        .collect();
    found.sort_by_key(|(cause, amount)| (std::cmp::Reverse(amount.abs()), *cause));
    let more = found.len().saturating_sub(CAUSES);
    let shown = found.iter().take(CAUSES);
    let mut words: Vec<String> = shown
        .map(|(cause, amount)| format!("{} {}", cause.words(), signed(*amount, places)))
        .collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

/// An amount with its sign; one that is not zero is never printed as zero.
fn signed(amount: Exact, places: Option<u8>) -> String {
    let places = places.filter(|places| amount.is_zero() || !amount.round(*places).is_zero());
    let text = grouped(&match places {
        Some(places) => amount.to_fixed(places),
        None => amount.to_string(),
    });
    match amount.is_positive() {
        true => format!("+{text}"),
        false => text,
    }
}
