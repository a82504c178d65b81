//! Journals as hledger and other plain-text ledgers read them: commodity and accounts declared, so
//! that `hledger check -s` passes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Accounts, Journal, Line, Side};
use crate::model::Currency;

/// The journals as text.
pub fn render(journals: &[Journal], accounts: &Accounts, currency: Currency) -> String {
    let lines = || journals.iter().flat_map(|journal| &journal.lines);
    let parts = Parts::of(lines().flat_map(|line| [&line.who, &line.provider]));
    let names: BTreeSet<String> = lines()
        .map(|line| account(line, accounts, &parts))
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
            let account = account(line, accounts, &parts);
            text.push_str(&format!("    {account}  {amount} {currency}{note}\n"));
        }
    }
    text
}

/// The account of a line: that of its side, and below it the provider, or the customer or plan.
fn account(line: &Line, accounts: &Accounts, parts: &Parts<'_>) -> String {
    let base = accounts.of(line.side);
    match line.side {
        Side::Accrued => format!("{base}:{}", parts.name(&line.provider)),
        Side::Unattributed => base.to_string(),
        Side::Cost | Side::Internal => format!("{base}:{}", parts.name(&line.who)),
    }
}

/// Names as parts of accounts, each its own.
struct Parts<'a>(BTreeMap<&'a str, String>);

impl<'a> Parts<'a> {
    /// Names that come out alike are numbered, except the one that is written so.
    fn of(names: impl Iterator<Item = &'a String>) -> Parts<'a> {
        let names: BTreeSet<&str> = names.map(String::as_str).collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut parts = BTreeMap::new();
        let as_written = |name: &&str| plain(name) == **name;
        let (same, changed): (Vec<&str>, Vec<&str>) = names.into_iter().partition(as_written);
        for name in same.into_iter().chain(changed) {
            let plain = plain(name);
            let numbered = (2u64..).map(|number| format!("{plain} ({number})"));
            let mut free = std::iter::once(plain.clone()).chain(numbered);
            if let Some(part) = free.find(|part| taken.insert(part.clone())) {
                parts.insert(name, part);
            }
        }
        Parts(parts)
    }

    fn name(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| plain(name))
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
