//! The spread of cost and profit over customers: a table by plan with the whale curve below, and the
//! same in JSON.

use serde::Serialize;

use super::Header;
use super::footer::{bill_line, revenue_lines};
use crate::margin::Statement;
use crate::margin::distribution::{Distribution, PlanSpread, Whale};
use crate::model::Exact;
use crate::report::chart;
use crate::report::figures::grouped;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};

/// The table, with the whale curve in block characters or plain ones.
pub fn table(
    found: &Distribution,
    statement: &Statement,
    header: &Header,
    places: Option<u8>,
    blocks: bool,
) -> Table {
    let columns = vec![
        Column::text("plan", "Plan"),
        Column::text("currency", "Currency").csv_only(),
        Column::figures("customers", "Customers"),
        Column::figures("price", "Price"),
        Column::figures("revenue", "Revenue"),
        Column::figures("cost", "Cost"),
        Column::figures("cost_p50", "Cost p50"),
        Column::figures("cost_p90", "p90"),
        Column::figures("cost_p99", "p99"),
        Column::figures("top_1_percent", "Top 1%").dropped(2),
        Column::figures("top_10_percent", "Top 10%").dropped(1),
        Column::figures("at_a_loss", "At a loss"),
        Column::figures("losses", "Losses"),
        Column::figures("profits", "Profits").dropped(3),
        Column::figures("losses_of_profits", "Losses ∕ profits"),
    ];
    let rounded = |of: &dyn Fn(&PlanSpread) -> Exact| -> Vec<Exact> {
        let amounts: Vec<Exact> = found.plans.iter().map(of).collect();
        match places {
            Some(places) => round_to_total(&amounts, amounts.iter().sum(), places),
            None => amounts,
        }
    };
    let one = |amount: Exact| places.map_or(amount, |places| amount.round(places));
    let (revenue, cost) = (rounded(&|plan| plan.revenue), rounded(&|plan| plan.cost));
    let (losses, profits) = (rounded(&|plan| plan.losses), rounded(&|plan| plan.profits));
    let count = |count: u64| Cell::Quantity(Exact::from(count));
    let rows = found.plans.iter().enumerate().map(|(at, plan)| {
        let mut cells = vec![
            Cell::Text(plan.plan.clone()),
            Cell::Text(header.currency.to_string()),
            count(plan.customers),
            plan.price
                .map_or(Cell::Empty, |price| Cell::Money(one(price))),
            Cell::Money(revenue[at]),
            Cell::Money(cost[at]),
        ];
        cells.extend(plan.percentiles.map(|value| Cell::Money(one(value))));
        cells.extend(plan.top.map(Cell::Ratio));
        cells.extend([
            count(plan.at_a_loss),
            Cell::Money(losses[at]),
            Cell::Money(profits[at]),
            Cell::Ratio(of_profits(plan)),
        ]);
        cells
    });
    let sum = |amounts: &[Exact]| Cell::Money(amounts.iter().sum());
    let counts = |of: &dyn Fn(&PlanSpread) -> u64| count(found.plans.iter().map(of).sum());
    let mut totals = vec![Cell::Text("Total".into()), Cell::Empty];
    totals.extend([
        counts(&|plan| plan.customers),
        Cell::Empty,
        sum(&revenue),
        sum(&cost),
    ]);
    totals.resize(11, Cell::Empty);
    totals.extend([
        counts(&|plan| plan.at_a_loss),
        sum(&losses),
        sum(&profits),
        Cell::Empty,
    ]);
    Table {
        title: format!(
            "Spread over customers · {} · {} · {} revenue, {} cost",
            header.period.title(),
            header.currency,
            header.revenue_basis,
            header.cost_basis
        ),
        columns,
        rows: rows.collect(),
        totals: Some(totals),
        footer: footer(&found.whale, statement, header, places, blocks),
        places,
    }
}

fn of_profits(plan: &PlanSpread) -> Option<Exact> {
    Exact::ratio(plan.losses, plan.profits, 16).filter(|_| plan.profits.is_positive())
}

fn footer(
    whale: &Whale,
    statement: &Statement,
    header: &Header,
    places: Option<u8>,
    blocks: bool,
) -> Vec<String> {
    let money = |amount: Exact| {
        grouped(&match places {
            Some(places) => amount.to_fixed(places),
            None => amount.to_string(),
        })
    };
    let mut lines = Vec::new();
    let count = whale.cumulated.len();
    lines.push(match whale.peak_at {
        0 => "whale curve: no customer earns anything".to_string(),
        at => format!(
            "whale curve: the first {at} of {count} customers earn {}; the others give back {}",
            money(whale.peak),
            money(whale.given_back())
        ),
    });
    if whale.peak.is_positive() {
        let points = (1..).zip(&whale.cumulated);
        let point = |(at, sum): (u64, &Exact)| (at.to_string(), Exact::ratio(*sum, whale.peak, 16));
        lines.extend(chart::lines(&points.map(point).collect::<Vec<_>>(), blocks));
    }
    let decimals = header.currency.decimals();
    lines.push(
        "internal accounts, unmapped ids and cost without a customer are no part of this".into(),
    );
    lines.extend(bill_line(statement, decimals));
    lines.extend(revenue_lines(statement, &|amount| {
        grouped(&amount.to_fixed(decimals))
    }));
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        lines.push(format!("{word} {}: {}", note.code, note.text));
    }
    lines
}

/// The same in JSON, exact.
#[derive(Serialize)]
pub struct DistributionOut {
    plans: Vec<PlanOut>,
    whale: WhaleOut,
}

#[derive(Serialize)]
struct PlanOut {
    plan: String,
    customers: u64,
    price: Option<Exact>,
    revenue: Exact,
    cost: Exact,
    cost_p50: Exact,
    cost_p90: Exact,
    cost_p99: Exact,
    top_1_percent: Option<Exact>,
    top_10_percent: Option<Exact>,
    at_a_loss: u64,
    losses: Exact,
    profits: Exact,
}

#[derive(Serialize)]
struct WhaleOut {
    customers: u64,
    peak_at: u64,
    peak: Exact,
    given_back: Exact,
    cumulated: Vec<Exact>,
}

/// The member of the report's document.
pub fn document(found: &Distribution) -> DistributionOut {
    let plan = |plan: &PlanSpread| PlanOut {
        plan: plan.plan.clone(),
        customers: plan.customers,
        price: plan.price,
        revenue: plan.revenue,
        cost: plan.cost,
        cost_p50: plan.percentiles[0],
        cost_p90: plan.percentiles[1],
        cost_p99: plan.percentiles[2],
        top_1_percent: plan.top[0],
        top_10_percent: plan.top[1],
        at_a_loss: plan.at_a_loss,
        losses: plan.losses,
        profits: plan.profits,
    };
    DistributionOut {
        plans: found.plans.iter().map(plan).collect(),
        whale: WhaleOut {
            customers: found.whale.cumulated.len() as u64,
            peak_at: found.whale.peak_at,
            peak: found.whale.peak,
            given_back: found.whale.given_back(),
            cumulated: found.whale.cumulated.clone(),
        },
    }
}
