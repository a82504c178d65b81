//! A simulation as a table: customers now and then, totals, and the verdict in words.

use crate::identity::Identity;
use crate::margin::dimension::UNATTRIBUTED;
use crate::margin::{Row, RowKind};
use crate::model::Exact;
use crate::problem::catalogue;
use crate::report::figures::{grouped, percent};
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};
use crate::simulate::{BreakEven, Outcome, OutcomeRow};

/// Lays the outcome out, in the report's order. For people (`fold`) everyone whom the change does
/// not touch is one row.
pub fn table(
    outcome: &Outcome,
    identity: &Identity,
    header: &Header,
    places: Option<u8>,
    fold: bool,
) -> Table {
    let columns = vec![
        Column::text("shown", "Customer").table_only(),
        {
            let mut column = Column::text("customer", "Customer id");
            column.in_table = false;
            column
        },
        Column::text("name", "Name").csv_only(),
        Column::text("plan", "Plan").dropped(6),
        Column::text("currency", "Currency").csv_only(),
        Column::figures("revenue_now", "Revenue now"),
        Column::figures("revenue_then", "then"),
        Column::figures("cost", "Cost").dropped(4),
        Column::figures("gross_profit_now", "Gross profit now"),
        Column::figures("gross_profit_then", "then"),
        Column::figures("difference", "Difference"),
        Column::figures("margin_now", "Margin now").dropped(3),
        Column::figures("margin_then", "then").dropped(3),
        Column::figures("invoice_change", "Invoice change").dropped(5),
        Column::text("verdict_now", "Verdict now").csv_only(),
        Column::text("verdict_then", "Verdict then"),
        Column::text("scenario", "Scenario").csv_only(),
        Column::text("period_start", "From").csv_only(),
        Column::text("period_end", "To").csv_only(),
    ];
    let printed = Printed::of(outcome, places);
    let touched = |row: &OutcomeRow| !fold || row.repriced || row.now.revenue != row.then.revenue;
    let (shown, others): (Vec<usize>, Vec<usize>) =
        (0..outcome.rows.len()).partition(|at| touched(&outcome.rows[*at]));
    let mut rows: Vec<Vec<Cell>> = shown
        .into_iter()
        .map(|at| {
            line(
                &outcome.rows[at],
                at,
                &printed,
                outcome,
                identity,
                header,
                !fold,
            )
        })
        .collect();
    if !others.is_empty() {
        let label = format!("({} others, unchanged)", others.len());
        rows.push(rest(label, sum_of(&others, &printed), header));
    }
    let nobody = outcome.cost - outcome.rows.iter().map(|row| row.now.cost()).sum();
    if !nobody.is_zero() {
        // What is left of the rounded total, so that the column adds up.
        let total = places.map_or(outcome.cost, |places| outcome.cost.round(places));
        let cost = total - printed.cost.iter().sum();
        rows.push(rest(UNATTRIBUTED.into(), (Exact::ZERO, cost), header));
    }
    Table {
        title: format!(
            "{} · {} · {} · {} revenue, {} cost",
            outcome.changes.join("; "),
            header.period.title(),
            header.currency,
            header.revenue_basis,
            header.cost_basis
        ),
        columns,
        rows,
        totals: Some(totals(outcome, header, &printed, places)),
        footer: footer(outcome, identity, header),
        places,
    }
}

/// Columns rounded so that they add up.
struct Printed {
    now: Vec<Exact>,
    then: Vec<Exact>,
    cost: Vec<Exact>,
}

impl Printed {
    fn of(outcome: &Outcome, places: Option<u8>) -> Printed {
        let round = |values: Vec<Exact>| match places {
            Some(places) => round_to_total(&values, values.iter().sum(), places),
            None => values,
        };
        let column =
            |of: &dyn Fn(&OutcomeRow) -> Exact| round(outcome.rows.iter().map(of).collect());
        Printed {
            now: column(&|row| row.now.revenue.unwrap_or_default()),
            then: column(&|row| row.then.revenue.unwrap_or_default()),
            cost: column(&|row| row.now.cost()),
        }
    }
}

fn line(
    row: &OutcomeRow,
    at: usize,
    printed: &Printed,
    outcome: &Outcome,
    identity: &Identity,
    header: &Header,
    csv: bool,
) -> Vec<Cell> {
    let party = row.now.party.map(|party| identity.party(party));
    let label = row
        .now
        .labels
        .first()
        .map(|label| label.to_string())
        .unwrap_or_default();
    let name = party.and_then(|party| party.name.clone());
    let plan = party
        .and_then(|party| party.attribute("plan", header.period))
        .unwrap_or_default();
    let (now, then, cost) = (printed.now[at], printed.then[at], printed.cost[at]);
    let verdict = |row: &Row, words: bool| match row.verdict() {
        None => String::new(),
        Some(verdict) if words => verdict.words().to_string(),
        Some(verdict) => verdict.key().to_string(),
    };
    vec![
        Cell::Text(name.clone().unwrap_or_else(|| label.clone())),
        Cell::Text(label),
        Cell::Text(name.unwrap_or_default()),
        Cell::Text(plan.to_string()),
        Cell::Text(header.currency.to_string()),
        Cell::Money(now),
        Cell::Money(then),
        Cell::Money(cost),
        Cell::Money(now - cost),
        Cell::Money(then - cost),
        Cell::Money(then - now),
        Cell::Ratio(row.now.gross_margin(16)),
        Cell::Ratio(row.then.gross_margin(16)),
        Cell::Money(row.invoice_change),
        Cell::Text(verdict(&row.now, false)),
        Cell::Text(verdict(&row.then, !csv)),
        Cell::Text(outcome.name.clone()),
        Cell::Date(header.period.start),
        Cell::Date(header.period.end),
    ]
}

/// Revenue and cost of several rows as printed.
fn sum_of(rows: &[usize], printed: &Printed) -> (Exact, Exact) {
    let sum = |values: &[Exact]| rows.iter().map(|at| values[*at]).sum::<Exact>();
    (sum(&printed.now), sum(&printed.cost))
}

/// One row for what the change does not touch.
fn rest(label: String, (revenue, cost): (Exact, Exact), header: &Header) -> Vec<Cell> {
    let ratio = Exact::ratio(revenue - cost, revenue, 16).filter(|_| revenue.is_positive());
    vec![
        Cell::Text(label.clone()),
        Cell::Text(label),
        Cell::Empty,
        Cell::Text(String::new()),
        Cell::Text(header.currency.to_string()),
        Cell::Money(revenue),
        Cell::Money(revenue),
        Cell::Money(cost),
        Cell::Money(revenue - cost),
        Cell::Money(revenue - cost),
        Cell::Money(Exact::ZERO),
        Cell::Ratio(ratio),
        Cell::Ratio(ratio),
        Cell::Money(Exact::ZERO),
        Cell::Empty,
        Cell::Text(String::new()),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
    ]
}

fn totals(outcome: &Outcome, header: &Header, printed: &Printed, places: Option<u8>) -> Vec<Cell> {
    let round = |amount: Exact| places.map_or(amount, |places| amount.round(places));
    let sum = |values: &[Exact]| values.iter().sum::<Exact>();
    let (now, then) = (sum(&printed.now), sum(&printed.then));
    // The unattributed cost belongs to no row but to the total.
    let cost = round(outcome.cost);
    let ratio = |revenue: Exact| {
        Exact::ratio(revenue - cost, revenue, 16).filter(|_| revenue.is_positive())
    };
    vec![
        Cell::Text("Total".into()),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::Text(header.currency.to_string()),
        Cell::Money(now),
        Cell::Money(then),
        Cell::Money(cost),
        Cell::Money(now - cost),
        Cell::Money(then - cost),
        Cell::Money(then - now),
        Cell::Ratio(ratio(now)),
        Cell::Ratio(ratio(then)),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
    ]
}

fn footer(outcome: &Outcome, identity: &Identity, header: &Header) -> Vec<String> {
    let places = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(places));
    let mut lines = Vec::new();
    lines.push(verdict(outcome, &money));
    let names = |rows: &[usize]| {
        let name = |at: &usize| {
            let row = &outcome.rows[*at].now;
            let party = row.party.map(|party| identity.party(party));
            party.map_or(String::new(), |party| {
                party.name.clone().unwrap_or_else(|| party.key.clone())
            })
        };
        rows.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    if !outcome.into_profit.is_empty() {
        lines.push(format!(
            "No longer at a loss: {}.",
            names(&outcome.into_profit)
        ));
    }
    if !outcome.into_loss.is_empty() {
        lines.push(format!("Newly at a loss: {}.", names(&outcome.into_loss)));
    }
    let losing = |row: &&OutcomeRow| {
        row.repriced
            && row.now.kind == RowKind::Customer
            && row
                .then
                .gross_profit()
                .is_some_and(|profit| profit.is_negative())
    };
    let still = outcome.rows.iter().filter(losing).count();
    if still > 0 {
        lines.push(format!("Still at a loss on the re-priced plans: {still}."));
    }
    if let Some((p50, p95, max)) = outcome.invoice_shock {
        let text = [p50, p95, max].map(money);
        lines.push(format!(
            "Invoice change: median {}, 95th percentile {}, largest {}.",
            text[0], text[1], text[2]
        ));
    }
    lines.extend(fx::lines(header.fx.as_ref()));
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        lines.push(format!("{word} {}: {}", note.code, note.text));
    }
    lines
}

/// What the change does, in one sentence.
fn verdict(outcome: &Outcome, money: &dyn Fn(Exact) -> String) -> String {
    let difference = outcome.revenue.1 - outcome.revenue.0;
    let direction = if difference.is_negative() {
        "loses"
    } else {
        "adds"
    };
    let text = format!(
        "If nobody leaves, this {direction} {} of gross profit",
        money(difference.abs())
    );
    let Some(even) = &outcome.break_even else {
        return format!("{text}.");
    };
    if difference.is_zero() {
        return match outcome.no_effect.is_empty() {
            true => "Nothing changes in total.".to_string(),
            false => format!(
                "Nothing changes, see warning {}.",
                catalogue::NO_EFFECT.code
            ),
        };
    }
    if difference.is_negative() {
        return format!("{text}; no churn can make up for it.");
    }
    format!("{text}; {}.", churn(even))
}

/// How many may leave, as the second half of a sentence. With the most profitable first every
/// number of leavers leaves the least that this number can leave, so only that order can promise
/// that it does not matter who goes.
fn churn(even: &BreakEven) -> String {
    let first = percent(&even.most_profitable_first);
    if even.most_profitable_first == Exact::ONE {
        return "whoever of the re-priced customers leaves, it would not be worse than now, since together they bring no gross profit now".into();
    }
    let mut text = if even.proportional == Exact::ONE {
        format!(
            "together the re-priced customers bring no gross profit now, so it pays however many leave evenly or those at a loss first, but stops paying if more than {first} leave and the most profitable go first"
        )
    } else {
        format!(
            "it stops paying if more than {} of the re-priced customers leave ({first} if the most profitable leave first, {} if those at a loss do)",
            percent(&even.proportional),
            percent(&even.loss_makers_first)
        )
    };
    if let Some(revenue) = &even.revenue {
        text.push_str("; counting revenue alone would say ");
        text.push_str(&percent(revenue));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_leave_only_if_every_order_says_so() {
        let of = |first: u64, proportional: u64| {
            churn(&BreakEven {
                revenue: None,
                most_profitable_first: Exact::new(first.into(), 2),
                proportional: Exact::new(proportional.into(), 2),
                loss_makers_first: Exact::ONE,
            })
        };
        assert!(of(100, 100).starts_with("whoever of the re-priced customers leaves"));
        let mixed = of(0, 100);
        assert!(
            mixed.ends_with("stops paying if more than 0% leave and the most profitable go first")
        );
        assert!(of(20, 25).starts_with("it stops paying if more than 25% of"));
    }
}
