//! A simulation as a table: customers now and then, totals, and the verdict in words.

use super::words::footer;
use crate::identity::Identity;
use crate::margin::Row;
use crate::margin::dimension::UNATTRIBUTED;
use crate::model::Exact;
use crate::report::margin::Header;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};
use crate::simulate::{Outcome, OutcomeRow};

/// Lays one or more outcomes out, each in the report's order. For people (`fold`) everyone whom the
/// change does not touch is one row; several outcomes are for programs.
pub fn tables(
    outcomes: &[Outcome],
    identity: &Identity,
    header: &Header,
    places: Option<u8>,
    fold: bool,
) -> Table {
    let mut tables = outcomes
        .iter()
        .map(|outcome| table(outcome, identity, header, places, fold));
    let mut first = tables.next().unwrap_or_else(|| Table {
        title: String::new(),
        columns: columns(false),
        rows: Vec::new(),
        totals: None,
        footer: Vec::new(),
        places,
    });
    for other in tables {
        first.rows.extend(other.rows);
        first.totals = None;
    }
    first
}

/// The columns; two of cost where cost changes.
fn columns(costs: bool) -> Vec<Column> {
    let mut columns = vec![
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
        Column::figures("cost", if costs { "Cost now" } else { "Cost" }).dropped(4),
    ];
    if costs {
        columns.push(
            Column::figures("cost_then_shown", "then")
                .dropped(4)
                .table_only(),
        );
    }
    columns.extend([
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
        Column::figures("cost_then", "Cost then").csv_only(),
        Column::text("segment", "Segment").csv_only(),
        Column::text("repriced", "Re-priced").csv_only(),
    ]);
    columns
}

/// Lays an outcome out.
fn table(
    outcome: &Outcome,
    identity: &Identity,
    header: &Header,
    places: Option<u8>,
    fold: bool,
) -> Table {
    // Programs have both costs in columns of their own.
    let costs = fold && outcome.cost.0 != outcome.cost.1;
    let printed = Printed::of(outcome, places);
    let sheet = Sheet {
        outcome,
        identity,
        header,
        costs,
        csv: !fold,
    };
    let touched = |row: &OutcomeRow| {
        let same = row.now.revenue == row.then.revenue && row.now.cost() == row.then.cost();
        !fold || row.repriced || !same
    };
    let (shown, others): (Vec<usize>, Vec<usize>) =
        (0..outcome.rows.len()).partition(|at| touched(&outcome.rows[*at]));
    let mut rows: Vec<Vec<Cell>> = shown
        .into_iter()
        .map(|at| sheet.line(&outcome.rows[at], printed.at(at)))
        .collect();
    if !others.is_empty() {
        let label = format!("({} others, unchanged)", others.len());
        let sum = others
            .iter()
            .fold(Sums::default(), |sum, at| sum.plus(printed.at(*at)));
        rows.push(sheet.rest(label, sum));
    }
    let total = (0..=outcome.rows.len()).fold(Sums::default(), |sum, at| sum.plus(printed.at(at)));
    let (now, then) = unattributed(outcome);
    if !now.is_zero() || !then.is_zero() {
        rows.push(sheet.rest(UNATTRIBUTED.into(), printed.at(outcome.rows.len())));
    }
    Table {
        title: title(&what(outcome), header),
        columns: columns(costs),
        rows,
        totals: Some(sheet.figures(vec!["Total".into()], total, None)),
        footer: footer(outcome, identity, header),
        places,
    }
}

/// The changes in words; the name of a scenario without any, as where nothing was found.
fn what(outcome: &Outcome) -> String {
    match outcome.changes.is_empty() {
        true => outcome.name.clone(),
        false => outcome.changes.join("; "),
    }
}

/// The line above a simulation.
pub fn title(what: &str, header: &Header) -> String {
    format!(
        "{what} · {} · {} · {} revenue, {} cost",
        header.period.title(),
        header.currency,
        header.revenue_basis,
        header.cost_basis
    )
}

/// Revenue and cost now and then.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    revenue: (Exact, Exact),
    cost: (Exact, Exact),
}

impl Sums {
    fn plus(self, other: Sums) -> Sums {
        let add = |a: (Exact, Exact), b: (Exact, Exact)| (a.0 + b.0, a.1 + b.1);
        Sums {
            revenue: add(self.revenue, other.revenue),
            cost: add(self.cost, other.cost),
        }
    }
}

/// Cost without a customer, now and then.
fn unattributed(outcome: &Outcome) -> (Exact, Exact) {
    let rows = outcome.rows.iter();
    rows.fold(outcome.cost, |(now, then), row| {
        (now - row.now.cost(), then - row.then.cost())
    })
}

/// Columns rounded so that they add up, as the report rounds its own: the last entry is cost without
/// a customer.
struct Printed {
    revenue: [Vec<Exact>; 2],
    cost: [Vec<Exact>; 2],
}

impl Printed {
    fn of(outcome: &Outcome, places: Option<u8>) -> Printed {
        let column = |of: &dyn Fn(&OutcomeRow) -> Exact, last: Exact| {
            let values: Vec<Exact> = outcome.rows.iter().map(of).chain([last]).collect();
            match places {
                Some(places) => round_to_total(&values, values.iter().sum(), places),
                None => values,
            }
        };
        let (now, then) = unattributed(outcome);
        Printed {
            revenue: [
                column(&|row| row.now.revenue.unwrap_or_default(), Exact::ZERO),
                column(&|row| row.then.revenue.unwrap_or_default(), Exact::ZERO),
            ],
            cost: [
                column(&|row| row.now.cost(), now),
                column(&|row| row.then.cost(), then),
            ],
        }
    }

    fn at(&self, at: usize) -> Sums {
        Sums {
            revenue: (self.revenue[0][at], self.revenue[1][at]),
            cost: (self.cost[0][at], self.cost[1][at]),
        }
    }
}

/// What all lines of a table share.
struct Sheet<'a> {
    outcome: &'a Outcome,
    identity: &'a Identity,
    header: &'a Header,
    /// Whether there is a second column of cost.
    costs: bool,
    csv: bool,
}

impl Sheet<'_> {
    fn line(&self, row: &OutcomeRow, sums: Sums) -> Vec<Cell> {
        let party = row.now.party.map(|party| self.identity.party(party));
        let label = row.now.labels.first();
        let label = label.map(|label| label.to_string()).unwrap_or_default();
        let name = party.and_then(|party| party.name.clone());
        let attribute = |name: &str| {
            let value = party.and_then(|party| party.attribute(name, self.header.period));
            value.unwrap_or_default().to_string()
        };
        let labels = vec![
            name.clone().unwrap_or_else(|| label.clone()),
            label,
            name.unwrap_or_default(),
            attribute("plan"),
        ];
        let verdict = |row: &Row, words: bool| match row.verdict() {
            None => String::new(),
            Some(verdict) if words => verdict.words().to_string(),
            Some(verdict) => verdict.key().to_string(),
        };
        let about = About {
            margins: (row.now.gross_margin(16), row.then.gross_margin(16)),
            invoice_change: Cell::Money(row.invoice_change),
            verdicts: (verdict(&row.now, false), verdict(&row.then, !self.csv)),
            segment: attribute("segment"),
            repriced: row.repriced,
        };
        self.figures(labels, sums, Some(about))
    }

    /// One row for what the change does not touch.
    fn rest(&self, label: String, sums: Sums) -> Vec<Cell> {
        let about = About {
            margins: (
                ratio(sums.revenue.0, sums.cost.0),
                ratio(sums.revenue.1, sums.cost.1),
            ),
            invoice_change: Cell::Money(Exact::ZERO),
            verdicts: (String::new(), String::new()),
            segment: String::new(),
            repriced: false,
        };
        self.figures(vec![label.clone(), label], sums, Some(about))
    }

    /// The cells of a row; `about` is missing in the totals.
    fn figures(&self, labels: Vec<String>, sums: Sums, about: Option<About>) -> Vec<Cell> {
        let (now, then, cost) = (sums.revenue.0, sums.revenue.1, sums.cost);
        let profit = (now - cost.0, then - cost.1);
        let mut cells: Vec<Cell> = labels.into_iter().map(Cell::Text).collect();
        cells.resize(4, Cell::Text(String::new()));
        cells.extend([
            Cell::Text(self.header.currency.to_string()),
            Cell::Money(now),
            Cell::Money(then),
            Cell::Money(cost.0),
        ]);
        if self.costs {
            cells.push(Cell::Money(cost.1));
        }
        cells.extend([
            Cell::Money(profit.0),
            Cell::Money(profit.1),
            Cell::Money(profit.1 - profit.0),
        ]);
        let Some(about) = about else {
            cells.extend([
                Cell::Ratio(ratio(now, cost.0)),
                Cell::Ratio(ratio(then, cost.1)),
            ]);
            cells.resize(columns(self.costs).len(), Cell::Empty);
            return cells;
        };
        let period = self.header.period;
        cells.extend([
            Cell::Ratio(about.margins.0),
            Cell::Ratio(about.margins.1),
            about.invoice_change,
            Cell::Text(about.verdicts.0),
            Cell::Text(about.verdicts.1),
            Cell::Text(self.outcome.name.clone()),
            Cell::Date(period.start),
            Cell::Date(period.end),
            Cell::Money(cost.1),
            Cell::Text(about.segment),
            Cell::Text(about.repriced.to_string()),
        ]);
        cells
    }
}

/// What a row says besides its sums.
struct About {
    margins: (Option<Exact>, Option<Exact>),
    invoice_change: Cell,
    verdicts: (String, String),
    segment: String,
    repriced: bool,
}

/// Gross margin, where there is revenue.
pub fn ratio(revenue: Exact, cost: Exact) -> Option<Exact> {
    Exact::ratio(revenue - cost, revenue, 16).filter(|_| revenue.is_positive())
}
