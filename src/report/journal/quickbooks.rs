//! Journals as QuickBooks Online imports them: accounts by name, a debit and a credit column, dates
//! as month/day/year.

use super::{Accounts, Journal, Side};
use crate::model::Currency;
use crate::report::table::{Cell, Table};

/// The columns of the import.
const COLUMNS: &[&str] = &[
    "Journal No.",
    "Journal Date",
    "Account Name",
    "Description",
    "Debits",
    "Credits",
    "Name",
    "Currency",
    "Location",
    "Class",
];

/// The journals as a table for CSV.
pub fn table(journals: &[Journal], accounts: &Accounts, currency: Currency) -> Table {
    let mut rows = Vec::new();
    for journal in journals {
        let date = journal.date.to_string();
        let parts: Vec<&str> = date.split('-').collect();
        let number = match journal.part {
            (_, 1) => format!("AI-{}", journal.month),
            (part, _) => format!("AI-{}-{part}", journal.month),
        };
        for line in &journal.lines {
            let base = accounts.of(line.side);
            let account = match line.side {
                Side::Accrued => format!("{base}:{}", line.provider.replace(':', "-")),
                _ => base.to_string(),
            };
            let money = |wanted: bool| match wanted {
                true => Cell::Money(line.amount.abs()),
                false => Cell::Empty,
            };
            let credit = line.amount.is_negative();
            rows.push(vec![
                Cell::Text(number.clone()),
                Cell::Text(format!("{}/{}/{}", parts[1], parts[2], parts[0])),
                Cell::Text(account),
                Cell::Text(format!("{}: {}", journal.title(), line.words())),
                money(!credit),
                money(credit),
                Cell::Empty,
                Cell::Text(currency.to_string()),
                Cell::Empty,
                Cell::Text(line.who.clone()),
            ]);
        }
    }
    super::xero::as_table(COLUMNS, rows, currency.decimals())
}
