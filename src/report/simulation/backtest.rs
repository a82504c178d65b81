//! A backtest: its table, the error in words, and its part of the document.

use serde::Serialize;

use super::grid::{note_lines, rounded};
use super::table::title;
use crate::margin::dimension::UNATTRIBUTED;
use crate::model::Exact;
use crate::report::figures::{grouped, percent};
use crate::report::margin::Header;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};
use crate::simulate::{Backtest, Stay};

#[derive(Serialize)]
struct SidesOut {
    revenue: Exact,
    cost: Exact,
    gross_profit: Exact,
}

/// A backtest.
#[derive(Serialize)]
pub struct BacktestOut {
    from: String,
    predicted: SidesOut,
    actual: SidesOut,
    error: SidesOut,
    error_of_stayed: SidesOut,
    error_of_left: SidesOut,
    error_of_new: SidesOut,
    rows: Vec<BacktestRowOut>,
}

/// One customer of a backtest.
#[derive(Serialize)]
pub struct BacktestRowOut {
    customer: String,
    stay: &'static str,
    predicted: SidesOut,
    actual: SidesOut,
    error: SidesOut,
}

fn sides((revenue, cost): (Exact, Exact), places: Option<u8>) -> SidesOut {
    let (revenue, cost) = (rounded(places, revenue), rounded(places, cost));
    SidesOut {
        revenue,
        cost,
        gross_profit: revenue - cost,
    }
}

/// The customers of a backtest as objects.
pub fn backtest_rows(test: &Backtest, places: Option<u8>) -> Vec<BacktestRowOut> {
    let rows = test.rows.iter().map(|row| BacktestRowOut {
        customer: row.customer.clone(),
        stay: row.stay.word(),
        predicted: sides(row.predicted, places),
        actual: sides(row.actual, places),
        error: sides(
            (
                row.predicted.0 - row.actual.0,
                row.predicted.1 - row.actual.1,
            ),
            places,
        ),
    });
    rows.collect()
}

/// A backtest as an object; `from` is the month before the change.
pub fn backtest_out(test: &Backtest, from: &str, places: Option<u8>) -> BacktestOut {
    BacktestOut {
        from: from.to_string(),
        predicted: sides(test.predicted, places),
        actual: sides(test.actual, places),
        error: sides(test.error(), places),
        error_of_stayed: sides(test.error_of(Stay::Stayed), places),
        error_of_left: sides(test.error_of(Stay::Left), places),
        error_of_new: sides(test.error_of(Stay::Came), places),
        rows: backtest_rows(test, places),
    }
}

/// A backtest as a table of customers, with the error in words.
pub fn backtest_table(
    test: &Backtest,
    from: &str,
    changes: &[String],
    header: &Header,
    places: Option<u8>,
) -> Table {
    let columns = vec![
        Column::text("customer", "Customer"),
        Column::text("stay", "Who"),
        Column::figures("revenue_predicted", "Revenue predicted"),
        Column::figures("revenue_actual", "actual"),
        Column::figures("cost_predicted", "Cost predicted").dropped(2),
        Column::figures("cost_actual", "actual").dropped(2),
        Column::figures("gross_profit_predicted", "Gross profit predicted"),
        Column::figures("gross_profit_actual", "actual"),
        Column::figures("error", "Error"),
        Column::text("currency", "Currency").csv_only(),
        Column::text("period_start", "From").csv_only(),
        Column::text("period_end", "To").csv_only(),
    ];
    // Cost without a customer is a row of its own, so that the columns add up as printed.
    let mut lines: Vec<(String, &str, [Exact; 4])> = test
        .rows
        .iter()
        .map(|row| {
            let figures = [row.predicted.0, row.actual.0, row.predicted.1, row.actual.1];
            (row.customer.clone(), row.stay.word(), figures)
        })
        .collect();
    let whole = [
        test.predicted.0,
        test.actual.0,
        test.predicted.1,
        test.actual.1,
    ];
    let sum = |at: usize| {
        lines
            .iter()
            .map(|(_, _, figures)| figures[at])
            .sum::<Exact>()
    };
    let rest = [0, 1, 2, 3].map(|at| whole[at] - sum(at));
    if rest.iter().any(|rest| !rest.is_zero()) {
        lines.push((UNATTRIBUTED.into(), "", rest));
    }
    let column = |at: usize| -> Vec<Exact> {
        let values: Vec<Exact> = lines.iter().map(|(_, _, figures)| figures[at]).collect();
        match places {
            Some(places) => round_to_total(&values, values.iter().sum(), places),
            None => values,
        }
    };
    let printed = [0, 1, 2, 3].map(column);
    let cells = |name: &str, who: &str, figures: [Exact; 4]| {
        let [predicted, actual, cost, cost_actual] = figures;
        let profit = (predicted - cost, actual - cost_actual);
        vec![
            Cell::Text(name.to_string()),
            Cell::Text(who.to_string()),
            Cell::Money(predicted),
            Cell::Money(actual),
            Cell::Money(cost),
            Cell::Money(cost_actual),
            Cell::Money(profit.0),
            Cell::Money(profit.1),
            Cell::Money(profit.0 - profit.1),
            Cell::Text(header.currency.to_string()),
            Cell::Date(header.period.start),
            Cell::Date(header.period.end),
        ]
    };
    let row = |(at, (name, who, _)): (usize, &(String, &str, [Exact; 4]))| {
        cells(name, who, [0, 1, 2, 3].map(|of| printed[of][at]))
    };
    let rows = lines.iter().enumerate().map(row);
    let total = [0, 1, 2, 3].map(|of| printed[of].iter().sum::<Exact>());
    let mut footer = vec![error_in_words(test, header)];
    footer.extend(note_lines(header));
    Table {
        title: title(
            &format!("backtest: {}, predicted from {from}", changes.join("; ")),
            header,
        ),
        columns,
        rows: rows.collect(),
        totals: Some(cells("Total", "", total)),
        footer,
        places,
    }
}

/// How wrong the prediction was, and whose part it is.
fn error_in_words(test: &Backtest, header: &Header) -> String {
    let decimals = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(decimals));
    let profit = |(revenue, cost): (Exact, Exact)| revenue - cost;
    let (error, actual) = (profit(test.error()), profit(test.actual));
    let share = Exact::ratio(error.abs(), actual.abs(), 4);
    let share = share.map_or(String::new(), |share| {
        format!(" ({} of it)", percent(&share))
    });
    let direction = if error.is_negative() { "low" } else { "high" };
    let parts = [Stay::Stayed, Stay::Left, Stay::Came].map(|stay| profit(test.error_of(stay)));
    let rest = error - parts[0] - parts[1] - parts[2];
    format!(
        "Gross profit was predicted as {} and came to {}: {} too {direction}{share}. Of the error {} is of customers who stayed, {} of those who left, {} of new ones, {} of cost without a customer.",
        money(profit(test.predicted)),
        money(actual),
        money(error.abs()),
        money(parts[0]),
        money(parts[1]),
        money(parts[2]),
        money(rest)
    )
}
