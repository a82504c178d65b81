//! A prediction from the month before a real change against the month after it.

use std::collections::BTreeMap;

use super::outcome::Outcome;
use crate::margin::{RowKind, Statement};
use crate::model::Exact;

/// Revenue and cost.
pub type Sides = (Exact, Exact);

/// Who a customer is in the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stay {
    /// Revenue in both months.
    Stayed,
    /// Revenue before the change only.
    Left,
    /// Revenue after the change only.
    Came,
}

impl Stay {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Stay::Stayed => "stayed",
            Stay::Left => "left",
            Stay::Came => "new",
        }
    }
}

/// One customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacktestRow {
    /// Its label.
    pub customer: String,
    /// Who it is.
    pub stay: Stay,
    /// What was predicted.
    pub predicted: Sides,
    /// What came.
    pub actual: Sides,
}

/// The comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backtest {
    /// Every customer of either month, in the order of their ids.
    pub rows: Vec<BacktestRow>,
    /// What was predicted, cost without a customer included.
    pub predicted: Sides,
    /// What came, cost without a customer included.
    pub actual: Sides,
}

impl Backtest {
    /// Compares the outcome of a scenario over the month before with the report of the month after.
    pub fn of(outcome: &Outcome, after: &Statement) -> Backtest {
        let mut sides: BTreeMap<&str, (Sides, Sides)> = BTreeMap::new();
        let mut had: BTreeMap<&str, bool> = BTreeMap::new();
        for row in &outcome.rows {
            if let Some(label) = row.then.labels.first() {
                let then = (row.then.revenue.unwrap_or_default(), row.then.cost());
                sides.entry(label).or_default().0 = then;
                had.insert(
                    label,
                    row.now.revenue.is_some_and(|revenue| !revenue.is_zero()),
                );
            }
        }
        for row in after
            .rows
            .iter()
            .filter(|row| row.kind != RowKind::Unattributed)
        {
            if let Some(label) = row.labels.first() {
                let now = (row.revenue.unwrap_or_default(), row.cost());
                sides.entry(label).or_default().1 = now;
            }
        }
        let row = |(customer, (predicted, actual)): (&str, (Sides, Sides))| BacktestRow {
            customer: customer.to_string(),
            stay: match (
                had.get(customer).copied().unwrap_or_default(),
                actual.0.is_zero(),
            ) {
                (true, true) => Stay::Left,
                (false, false) => Stay::Came,
                _ => Stay::Stayed,
            },
            predicted,
            actual,
        };
        Backtest {
            rows: sides.into_iter().map(row).collect(),
            predicted: (outcome.revenue.1, outcome.cost.1),
            actual: (after.totals.revenue.unwrap_or_default(), after.totals.cost),
        }
    }

    /// Predicted − actual: revenue and cost.
    pub fn error(&self) -> Sides {
        (
            self.predicted.0 - self.actual.0,
            self.predicted.1 - self.actual.1,
        )
    }

    /// The error of revenue and cost of those who stayed, left or came.
    pub fn error_of(&self, stay: Stay) -> Sides {
        let rows = self.rows.iter().filter(|row| row.stay == stay);
        rows.fold((Exact::ZERO, Exact::ZERO), |sum, row| {
            (
                sum.0 + row.predicted.0 - row.actual.0,
                sum.1 + row.predicted.1 - row.actual.1,
            )
        })
    }
}
