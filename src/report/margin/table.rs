//! A margin statement as a table: columns for people and for CSV, totals, tie-outs below.

use super::footer::footer;
use super::printed::{Kind, Printed, print, quantities};
use super::{Header, View};
use crate::identity::{Identity, Party};
use crate::margin::{Dimension, RowKind, Statement};
use crate::model::{Exact, Period};
use crate::report::table::{Cell, Column, Table};

/// Columns that follow the dimensions in every CSV, in this order for ever.
const QUANTITIES: [&str; 5] = [
    "requests",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
];
const COSTS: [&str; 5] = [
    "cost_direct",
    "cost_metered",
    "cost_allocated",
    "cost_estimated",
    "cost_unattributed",
];

/// Lays the statement out.
pub fn table(statement: &Statement, identity: &Identity, header: &Header, view: &View) -> Table {
    let (mut table, rows) = laid_out(statement, identity, header, view);
    table.rows = rows.collect();
    table
}

/// The same with the rows one by one: a table of many customers takes much memory.
pub fn laid_out<'a>(
    statement: &'a Statement,
    identity: &'a Identity,
    header: &'a Header,
    view: &View,
) -> (Table, impl Iterator<Item = Vec<Cell>> + 'a) {
    let printout = print(statement, view);
    let layout = Layout::of(statement, identity, header);
    let totals = layout.totals(&printout.rows, printout.revenue, printout.cost);
    let table = Table {
        title: title(statement, header),
        columns: layout.columns(),
        rows: Vec::new(),
        totals: Some(totals),
        footer: footer(statement, identity, header),
        places: view.places,
    };
    let rows = printout.rows.into_iter();
    (table, rows.map(move |row| layout.row(&row, header)))
}

/// `Margin by customer · October 2026 · USD · recognized revenue, effective cost`.
fn title(statement: &Statement, header: &Header) -> String {
    let by: Vec<&str> = statement.by.iter().map(Dimension::name).collect();
    let zone = match header.zone {
        crate::model::Zone::Utc => String::new(),
        zone => format!(" · {}", zone.name()),
    };
    let (what, basis) = match statement.with_revenue {
        true => ("Margin", format!(" · {} revenue,", header.revenue_basis)),
        false => ("Cost", " ·".to_string()),
    };
    let only = match header.options.get("where") {
        Some(filter) => format!(" · only {filter}"),
        None => String::new(),
    };
    format!(
        "{what} by {} · {}{zone} · {}{basis} {} cost{only}",
        by.join(", "),
        header.period.title(),
        header.currency,
        header.cost_basis,
    )
}

/// Which columns there are.
struct Layout<'a> {
    statement: &'a Statement,
    identity: &'a Identity,
    by_customer: bool,
    revenue: bool,
    /// Attributes shown beside the customer: (attribute, some row has it).
    beside: Vec<(&'static str, bool)>,
    customer_at: usize,
    currency: String,
}

impl<'a> Layout<'a> {
    fn of(statement: &'a Statement, identity: &'a Identity, header: &Header) -> Layout<'a> {
        let customer_at = statement.by.iter().position(|d| *d == Dimension::Customer);
        let beside = ["plan", "segment"]
            .into_iter()
            .filter(|name| !statement.by.iter().any(|d| d.name() == *name))
            .map(|name| {
                let parties = statement.rows.iter().filter_map(|row| row.party);
                let mut found = parties.map(|party| identity.party(party));
                (
                    name,
                    found.any(|party| party.attribute(name, statement.period).is_some()),
                )
            })
            .collect();
        Layout {
            statement,
            identity,
            by_customer: customer_at.is_some(),
            revenue: statement.with_revenue,
            beside,
            customer_at: customer_at.unwrap_or(0),
            currency: header.currency.to_string(),
        }
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for dimension in &self.statement.by {
            let title = capital(dimension.name());
            if *dimension == Dimension::Customer {
                columns.push(Column::text("shown", title).table_only());
                columns.push(Column::text("customer", "Customer id").csv_only());
                columns.push(Column::text("name", "Name").csv_only());
                for (name, some) in &self.beside {
                    let column = Column::text(*name, capital(name)).dropped(6);
                    columns.push(if *some { column } else { column.csv_only() });
                }
            } else {
                columns.push(Column::text(dimension.name(), title));
            }
        }
        columns.push(Column::text("currency", "Currency").csv_only());
        let money = |key: &str, title: &str| Column::figures(key, title);
        columns.push(if self.revenue {
            money("revenue", "Revenue")
        } else {
            money("revenue", "Revenue").csv_only()
        });
        columns.push(money("cost", "Cost"));
        columns.push(money("share", "Share").dropped(5).table_only());
        if self.revenue {
            columns.pop();
        }
        for (key, title) in [("gross_profit", "Gross profit"), ("gross_margin", "Margin")] {
            let column = money(key, title);
            columns.push(if self.revenue {
                column
            } else {
                column.csv_only()
            });
        }
        columns.push(money("markup", "Mark-up").csv_only());
        columns.extend(COSTS.iter().map(|key| money(key, key).csv_only()));
        columns.push(money("best_case", "Best case").csv_only());
        columns.push(money("worst_case", "Worst case").csv_only());
        let verdict = Column::text("verdict", "Verdict").dropped(7);
        columns.push(verdict.csv_only());
        let requests = Column::figures("requests", "Requests").dropped(4);
        columns.push(if self.revenue {
            requests.csv_only()
        } else {
            requests
        });
        columns.extend(
            QUANTITIES[1..]
                .iter()
                .map(|key| Column::figures(*key, *key).csv_only()),
        );
        columns.push(Column::text("revenue_basis", "Revenue basis").csv_only());
        columns.push(Column::text("period_start", "From").csv_only());
        columns.push(Column::text("period_end", "To").csv_only());
        columns.push(Column::text("kind", "Kind").csv_only());
        columns.push(Column::text("flags", "Flags").csv_only());
        columns.push(Column::figures("deferred_revenue", "Deferred").csv_only());
        if self.revenue {
            columns.push(Column::text("remark", "Verdict").dropped(7).table_only());
        } else {
            columns.push(
                Column::figures("per_request", "Cost per request")
                    .dropped(3)
                    .table_only(),
            );
        }
        columns
    }

    fn party(&self, row: &Printed) -> Option<(&'a Party, Period)> {
        let row = self.statement.rows.get(row.source?)?;
        let party = row.party.filter(|_| self.by_customer)?;
        Some((self.identity.party(party), row.period))
    }

    fn row(&self, row: &Printed, header: &Header) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        let party = self.party(row);
        for (at, label) in row.labels.iter().enumerate() {
            if !self.by_customer || at != self.customer_at {
                cells.push(Cell::Text(label.clone()));
                continue;
            }
            let name = party.and_then(|(party, _)| party.name.clone());
            cells.push(Cell::Text(name.clone().unwrap_or_else(|| label.clone())));
            cells.push(Cell::Text(label.clone()));
            cells.push(Cell::Text(name.unwrap_or_default()));
            for (attribute, _) in &self.beside {
                let value = party.and_then(|(party, days)| party.attribute(attribute, days));
                cells.push(Cell::Text(value.unwrap_or_default().to_string()));
            }
        }
        let nobody = row.kind == Kind::One(RowKind::Unattributed);
        cells.push(Cell::Text(self.currency.clone()));
        let money = |amount: Option<Exact>| amount.map_or(Cell::Empty, Cell::Money);
        cells.push(money(row.revenue));
        cells.push(Cell::Money(row.cost()));
        if !self.revenue {
            cells.push(Cell::Ratio(Exact::ratio(
                row.exact.1,
                self.statement.totals.cost,
                16,
            )));
        }
        cells.push(money(row.gross_profit()));
        cells.push(if self.revenue {
            Cell::Ratio(row.gross_margin(16))
        } else {
            Cell::Empty
        });
        cells.push(if self.revenue {
            Cell::Ratio(row.markup(16))
        } else {
            Cell::Empty
        });
        cells.extend(row.cost_by.iter().map(|cost| Cell::Money(*cost)));
        cells.push(money(row.bounds.map(|(best, _)| best)));
        cells.push(money(row.bounds.map(|(_, worst)| worst)));
        cells.push(
            row.verdict
                .map_or(Cell::Empty, |verdict| Cell::Text(verdict.key().into())),
        );
        cells.extend(row.quantities.iter().map(|quantity| {
            match !self.statement.with_usage || (nobody && quantity.is_zero()) {
                true => Cell::Empty,
                false => Cell::Quantity(*quantity),
            }
        }));
        cells.push(Cell::Text(header.revenue_basis.to_string()));
        cells.push(Cell::Date(header.period.start));
        cells.push(Cell::Date(header.period.end));
        cells.push(Cell::Text(row.kind.word().to_string()));
        cells.push(Cell::Text(row.flags.join(" ")));
        let of = row.source.and_then(|at| self.statement.rows.get(at));
        cells.push(money(of.and_then(|row| self.statement.deferred_of(row))));
        cells.push(if self.revenue {
            self.remark(row)
        } else {
            per_request(row)
        });
        cells
    }

    /// The last column for people: the verdict, or why a cost has no customer.
    fn remark(&self, row: &Printed) -> Cell {
        if row.kind == Kind::One(RowKind::Unattributed) {
            let reasons = self
                .statement
                .unattributed
                .iter()
                .map(|entry| entry.reason.words());
            let mut reasons: Vec<&str> = reasons.collect();
            reasons.dedup();
            return Cell::Text(reasons.join("; "));
        }
        if row.kind == Kind::One(RowKind::Unmapped) {
            return Cell::Text("not mapped".into());
        }
        let Some(verdict) = row.verdict else {
            return Cell::Empty;
        };
        let doubt = if row.flags.is_empty() { "" } else { " *" };
        Cell::Text(format!("{}{doubt}", verdict.words()))
    }

    fn totals(&self, rows: &[Printed], revenue: Option<Exact>, cost: Exact) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        for (at, dimension) in self.statement.by.iter().enumerate() {
            let label = if at == 0 { "Total" } else { "" };
            cells.push(Cell::Text(label.into()));
            if *dimension == Dimension::Customer {
                cells.extend([Cell::Empty, Cell::Empty]);
                cells.extend(self.beside.iter().map(|_| Cell::Empty));
            }
        }
        cells.push(Cell::Text(self.currency.clone()));
        cells.push(revenue.map_or(Cell::Empty, Cell::Money));
        cells.push(Cell::Money(cost));
        if !self.revenue {
            cells.push(Cell::Ratio(Exact::ratio(cost, cost, 16)));
        }
        let profit = revenue.map(|revenue| revenue - cost);
        let ratio = |of: Option<Exact>| Exact::ratio(profit?, of?, 16);
        cells.push(profit.map_or(Cell::Empty, Cell::Money));
        cells.push(Cell::Ratio(ratio(revenue.filter(Exact::is_positive))));
        cells.push(Cell::Ratio(ratio(Some(cost))));
        for at in 0..5 {
            cells.push(Cell::Money(rows.iter().map(|row| row.cost_by[at]).sum()));
        }
        cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]);
        let usage = &self.statement.totals.usage;
        for at in 0..5 {
            cells.push(match (self.statement.with_usage, usage) {
                (true, _) => Cell::Quantity(rows.iter().map(|row| row.quantities[at]).sum()),
                (false, Some((requests, meters))) => {
                    let of = |meter: &_| meters.get(meter).copied();
                    Cell::Quantity(quantities(*requests, of)[at])
                }
                (false, None) => Cell::Empty,
            });
        }
        // Basis, period, kind, flags, deferred revenue, remark.
        cells.extend(std::iter::repeat_n(Cell::Empty, 7));
        cells
    }
}

fn per_request(row: &Printed) -> Cell {
    match Exact::ratio(row.exact.1, row.quantities[0], 6) {
        Some(cost) => Cell::Text(cost.to_fixed(6)),
        None => Cell::Empty,
    }
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
