//! Journals as hledger and other plain-text ledgers read them: commodity and accounts declared, so
//! that `hledger check -s` passes.

use std::collections::BTreeSet;

use super::{Accounts, Journal, Line, Side};
use crate::model::Currency;

/// The journals as text.
pub fn render(journals: &[Journal], accounts: &Accounts, currency: Currency) -> String {
    let names: BTreeSet<String> = journals
        .iter()
        .flat_map(|journal| &journal.lines)
        .map(|line| account(line, accounts))
        .collect();
    let places = currency.decimals();
    let mut text = format!("commodity 1000.{} {currency}\n", "0".repeat(places.into()));
    for name in &names {
        text.push_str(&format!("account {name}\n"));
    }
    for journal in journals {
        text.push_str(&format!("\n{} {}\n", journal.date, journal.title()));
        for line in &journal.lines {
            let note = match line.estimated {
                true => "  ; estimated: no bill",
                false => "",
            };
            let amount = line.amount.to_fixed(places);
            let account = account(line, accounts);
            text.push_str(&format!("    {account}  {amount} {currency}{note}\n"));
        }
    }
    text
}

/// The account of a line: that of its side, and below it the provider, or the customer or plan.
fn account(line: &Line, accounts: &Accounts) -> String {
    let base = accounts.of(line.side);
    match line.side {
        Side::Accrued => format!("{base}:{}", plain(&line.provider)),
        Side::Unattributed => base.to_string(),
        Side::Cost | Side::Internal => format!("{base}:{}", plain(&line.who)),
    }
}

/// A name that is one part of an account: no colons, no comments, no runs of blanks, all of which
/// mean something to a ledger.
fn plain(name: &str) -> String {
    let mark = |c: char| match c {
        ':' => '-',
        ';' => ',',
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = name.chars().map(mark).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.is_empty() {
        true => "(none)".to_string(),
        false => words.join(" "),
    }
}
