//! Cost of revenue as double entry, for accounting programs: debits by customer or plan, credits by
//! provider, one journal a month.
//!
//! The rule that must hold: every journal balances to the last minor unit, and a month's credits of
//! a provider are its cost, rounded once.

pub mod hledger;
pub mod quickbooks;
pub mod xero;

use std::collections::BTreeMap;

use crate::margin::{Row, RowKind, Statement};
use crate::model::{Day, Exact, Month};
use crate::report::rounding::round_to_total;

/// The positions of the dimensions in the statement that [`journals`] takes: customer or plan,
/// kind, provider, month, basis.
const WHO: usize = 0;
const KIND: usize = 1;
const PROVIDER: usize = 2;
const MONTH: usize = 3;
const BASIS: usize = 4;

/// The accounts of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    /// Cost of revenue.
    pub cost: String,
    /// Cost of internal accounts.
    pub internal: String,
    /// Cost without a customer.
    pub unattributed: String,
    /// What providers have billed or will bill.
    pub accrued: String,
    /// The tax rate that a manual journal of Xero names.
    pub tax_rate: String,
}

/// What a line is entered on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Cost of revenue of a customer or plan.
    Cost,
    /// Cost of an internal account.
    Internal,
    /// Cost without a customer.
    Unattributed,
    /// Owed to a provider.
    Accrued,
}

impl Accounts {
    /// The account of a side.
    pub fn of(&self, side: Side) -> &str {
        match side {
            Side::Cost => &self.cost,
            Side::Internal => &self.internal,
            Side::Unattributed => &self.unattributed,
            Side::Accrued => &self.accrued,
        }
    }
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is entered on.
    pub side: Side,
    /// The provider.
    pub provider: String,
    /// The customer or plan; empty on the side of the provider.
    pub who: String,
    /// Whether no bill covers it.
    pub estimated: bool,
    /// Amount at the minor unit: debits positive, credits negative.
    pub amount: Exact,
}

impl Line {
    /// `openai` or `openai, estimated: no bill`.
    pub fn words(&self) -> String {
        match self.estimated {
            true => format!("{}, estimated: no bill", self.provider),
            false => self.provider.clone(),
        }
    }
}

/// One journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Its month.
    pub month: Month,
    /// Which of the month's journals it is, from 1, and how many there are.
    pub part: (usize, usize),
    /// The date of its lines: the last day of the month that lies in the period.
    pub date: Day,
    /// Its lines, which sum to zero.
    pub lines: Vec<Line>,
}

impl Journal {
    /// `AI cost of October 2026`, with its part where there are several.
    pub fn title(&self) -> String {
        let title = format!("AI cost of {}", self.month.title());
        match self.part {
            (_, 1) => title,
            (part, parts) => format!("{title} ({part} of {parts})"),
        }
    }
}

/// Lines of one provider and month that balance.
type Block = Vec<Line>;

/// Makes journals of at most `limit` lines (at least two) from a statement by customer or plan,
/// kind, provider, month and basis.
///
/// # Panics
/// If a journal does not balance: a bug of ours that must never print.
pub fn journals(statement: &Statement, places: u8, limit: usize) -> Vec<Journal> {
    type Of = BTreeMap<(String, bool), BTreeMap<(Side, String), Exact>>;
    let mut months: BTreeMap<Month, Of> = BTreeMap::new();
    for row in statement.rows.iter().chain(&statement.unattributed_rows) {
        let Some(month) = Month::parse(&row.labels[MONTH]) else {
            continue;
        };
        let provider = row.labels[PROVIDER].to_string();
        let estimated = &*row.labels[BASIS] == "estimated";
        let lines = months
            .entry(month)
            .or_default()
            .entry((provider, estimated));
        *lines.or_default().entry(holder(row)).or_default() += row.cost();
    }
    let mut journals = Vec::new();
    for (month, providers) in months {
        let blocks = providers
            .into_iter()
            .flat_map(|((provider, estimated), of)| {
                blocks(&provider, estimated, &of, places, limit)
            });
        let mut parts: Vec<Block> = Vec::new();
        for block in blocks {
            match parts.last_mut() {
                Some(last) if last.len() + block.len() <= limit => last.extend(block),
                _ => parts.push(block),
            }
        }
        let count = parts.len();
        let last = month.plus(1).first_day().plus(-1);
        for (at, lines) in parts.into_iter().enumerate() {
            let sum: Exact = lines.iter().map(|line| line.amount).sum();
            assert!(
                sum.is_zero(),
                "a journal of {month} is out of balance by {sum}"
            );
            journals.push(Journal {
                month,
                part: (at + 1, count),
                date: last.min(statement.period.end.plus(-1)),
                lines,
            });
        }
    }
    journals
}

/// The side and the customer or plan of a row.
fn holder(row: &Row) -> (Side, String) {
    let who = row.labels[WHO].to_string();
    match row.kind {
        RowKind::Unattributed => (Side::Unattributed, String::new()),
        RowKind::Internal => (Side::Internal, who),
        _ if &*row.labels[KIND] == "internal" => (Side::Internal, who),
        _ => (Side::Cost, who),
    }
}

/// The lines of a provider and month, rounded so that they sum to its rounded cost, in blocks that
/// each balance.
fn blocks(
    provider: &str,
    estimated: bool,
    of: &BTreeMap<(Side, String), Exact>,
    places: u8,
    limit: usize,
) -> Vec<Block> {
    let exact: Vec<Exact> = of.values().copied().collect();
    let rounded = round_to_total(&exact, exact.iter().sum(), places);
    let line = |side, who: &str, amount| Line {
        side,
        provider: provider.to_string(),
        who: who.to_string(),
        estimated,
        amount,
    };
    let debits: Vec<Line> = of
        .keys()
        .zip(rounded)
        .filter(|(_, amount)| !amount.is_zero())
        .map(|((side, who), amount)| line(*side, who, amount))
        .collect();
    let block = |debits: &[Line]| {
        let sum: Exact = debits.iter().map(|line| line.amount).sum();
        let mut lines = debits.to_vec();
        if !sum.is_zero() {
            lines.push(line(Side::Accrued, "", -sum));
        }
        lines
    };
    debits.chunks(limit - 1).map(block).collect()
}

#[cfg(test)]
mod tests;
