//! Journals as Xero imports manual journals: accounts by code, debits positive and credits
//! negative, dates as day/month/year, at most 300 lines a journal.

use super::{Accounts, Journal};
use crate::model::Currency;
use crate::report::table::{Cell, Column, Table};

/// The most lines of one manual journal.
pub const MAX_LINES: usize = 300;

/// The columns of the import.
const COLUMNS: &[&str] = &[
    "*Narration",
    "*Date",
    "Description",
    "*AccountCode",
    "*TaxRate",
    "*Amount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
];

/// The journals as a table for CSV. `tracked` is the name of the tracking category.
pub fn table(
    journals: &[Journal],
    accounts: &Accounts,
    currency: Currency,
    tracked: &str,
) -> Table {
    let mut rows = Vec::new();
    for journal in journals {
        let date = journal.date.to_string();
        let parts: Vec<&str> = date.split('-').collect();
        for line in &journal.lines {
            let category = match line.who.is_empty() {
                true => Cell::Empty,
                false => Cell::Text(tracked.to_string()),
            };
            rows.push(vec![
                Cell::Text(journal.title()),
                Cell::Text(format!("{}/{}/{}", parts[2], parts[1], parts[0])),
                Cell::Text(line.words()),
                Cell::Text(accounts.of(line.side).to_string()),
                Cell::Text(accounts.tax_rate.clone()),
                Cell::Money(line.amount),
                category,
                Cell::Text(line.who.clone()),
                Cell::Empty,
                Cell::Empty,
            ]);
        }
    }
    as_table(COLUMNS, rows, currency.decimals())
}

/// Rows under the columns of an import.
pub(super) fn as_table(columns: &[&str], rows: Vec<Vec<Cell>>, places: u8) -> Table {
    Table {
        title: String::new(),
        columns: columns
            .iter()
            .map(|name| Column::text(*name, *name))
            .collect(),
        rows,
        totals: None,
        footer: Vec::new(),
        places: Some(places),
    }
}
