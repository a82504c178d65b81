//! What stands below a margin table: tie-outs, subtotals, notes, and what to do next.

use super::Header;
use crate::identity::Identity;
use crate::margin::{Dimension, RowKind, Statement};
use crate::model::Exact;
use crate::report::figures::grouped;
use crate::report::visible;

/// The tie-outs, the notes, and what to do next.
pub fn footer(statement: &Statement, identity: &Identity, header: &Header) -> Vec<String> {
    let places = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(places));
    let mut lines = Vec::new();
    lines.extend(bill_line(statement, &money));
    lines.extend(shared_line(statement, &money));
    lines.extend(revenue_lines(statement, &money));
    lines.extend(subtotals(statement, &money));
    if !statement.with_usage {
        let where_then = match statement.totals.usage {
            Some(_) => "; they stand in the total",
            None => "",
        };
        lines.push(format!(
            "requests and tokens have no basis, since one use may be billed on several{where_then}"
        ));
    }
    for unpriced in &statement.attribution.unpriced {
        let model = unpriced.model.as_deref().unwrap_or("(no model)");
        let tokens: Exact = unpriced.meters.values().sum();
        lines.push(format!(
            "unpriced  {model}: {} requests, {} units, neither billed nor priced",
            grouped(&unpriced.requests.to_string()),
            grouped(&tokens.to_string())
        ));
    }
    if statement.rows.iter().any(|row| !row.flags.is_empty()) {
        lines.push("* revenue may be understated, see warning N2101".into());
    }
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        lines.push(format!("{word} {}: {}", note.code, note.text));
    }
    lines.extend(losers(statement, identity, header));
    lines
}

/// Internal accounts, and customers without revenue, have their own subtotals.
fn subtotals(statement: &Statement, money: &dyn Fn(Exact) -> String) -> Vec<String> {
    let line = |what: &str, which: &dyn Fn(&crate::margin::Row) -> bool| {
        let rows: Vec<_> = statement.rows.iter().filter(|row| which(row)).collect();
        if rows.is_empty() || !statement.by.contains(&Dimension::Customer) {
            return None;
        }
        let revenue: Exact = rows.iter().filter_map(|row| row.revenue).sum();
        let cost: Exact = rows.iter().map(|row| row.cost()).sum();
        let count = rows.len();
        Some(format!(
            "{what} {count}, revenue {}, cost {}",
            money(revenue),
            money(cost)
        ))
    };
    // Without a revenue file nobody is known to pay nothing.
    let known = !statement.revenue_ties.is_empty();
    let free = |row: &crate::margin::Row| {
        known
            && row.kind == RowKind::Customer
            && row.revenue.is_some_and(|revenue| revenue.is_zero())
    };
    [
        line("internal  accounts", &|row| row.kind == RowKind::Internal),
        line("free      customers without revenue", &free),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The tie of the bills, if there is one.
pub fn bill_line(statement: &Statement, money: &dyn Fn(Exact) -> String) -> Option<String> {
    let ties = &statement.attribution.ties;
    if ties.is_empty() {
        return None;
    }
    let parts: Vec<String> = ties
        .iter()
        .map(|tie| {
            format!(
                "{} {}",
                tie.provider.as_deref().unwrap_or("(provider not stated)"),
                money(tie.billed)
            )
        })
        .collect();
    let billed: Exact = ties.iter().map(|tie| tie.billed).sum();
    let given: Exact = ties
        .iter()
        .map(|tie| tie.direct + tie.metered + tie.allocated)
        .sum();
    let sum = if ties.len() > 1 {
        format!(" = {}", money(billed))
    } else {
        String::new()
    };
    let share = Exact::ratio(given * Exact::from(100u64), billed, 1)
        .map_or(String::new(), |share| {
            format!("   attributed {} %", share.to_fixed(1))
        });
    Some(format!(
        "bill      {}{sum}{share}   difference 0",
        parts.join(" + ")
    ))
}

/// The shared costs.
pub fn shared_line(statement: &Statement, money: &dyn Fn(Exact) -> String) -> Option<String> {
    let ties = &statement.attribution.shared;
    let parts: Vec<String> = ties
        .iter()
        .map(|tie| format!("{} {}", visible(&tie.name), money(tie.amount)))
        .collect();
    let amount: Exact = ties.iter().map(|tie| tie.amount).sum();
    let allocated: Exact = ties.iter().map(|tie| tie.allocated).sum();
    let sum = match ties.len() {
        0 => return None,
        1 => String::new(),
        _ => format!(" = {}", money(amount)),
    };
    Some(format!(
        "shared    {}{sum}   allocated {}   difference 0",
        parts.join(" + "),
        money(allocated)
    ))
}

/// The ties of the revenue exports.
pub fn revenue_lines(statement: &Statement, money: &dyn Fn(Exact) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    for tie in &statement.revenue_ties {
        let revenue = tie.customers + tie.unmapped + tie.internal;
        let mut line = format!("revenue   {} {}", tie.source.word(), money(revenue));
        if revenue.is_positive() {
            let mapped = (tie.customers + tie.internal) * Exact::from(100u64);
            if let Some(share) = Exact::ratio(mapped, revenue, 1) {
                line.push_str(&format!("   mapped {} %", share.to_fixed(1)));
            }
        }
        for (what, amount) in [
            ("earlier", tie.earlier),
            ("later", tie.later),
            ("tax", tie.tax),
        ] {
            if !amount.is_zero() {
                line.push_str(&format!("   {what} {}", money(amount)));
            }
        }
        for (reason, rows) in &tie.excluded_rows {
            let amount = tie.excluded.get(reason).copied().unwrap_or_default();
            line.push_str(&format!("   {reason} {} ({rows})", money(amount)));
        }
        line.push_str(&format!("   export {}   difference 0", money(tie.export)));
        lines.push(line);
    }
    lines
}

fn losers(statement: &Statement, identity: &Identity, header: &Header) -> Option<String> {
    // Without a revenue file nobody is known to pay nothing.
    if !statement.by.contains(&Dimension::Customer) || statement.revenue_ties.is_empty() {
        return None;
    }
    let losing = |row: &&crate::margin::Row| {
        row.kind == RowKind::Customer
            && row
                .gross_profit()
                .is_some_and(|profit| profit.is_negative())
    };
    let count = statement.rows.iter().filter(losing).count();
    let worst = statement.rows.iter().find(losing)?;
    let party = identity.party(worst.party?);
    let name = party.name.as_deref().unwrap_or(&party.key);
    let verb = if count == 1 {
        "customer costs more than it pays"
    } else {
        "customers cost more than they pay"
    };
    Some(format!(
        "{count} {verb}; the worst is {name}.   next: tanso report{} --by feature,model --where {}",
        header.again,
        quoted(&format!("customer={}", party.key))
    ))
}

/// A word for a shell: as it is where it is plain, else in single quotes, within which nothing is
/// special but the quote itself.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", visible(word).replace('\'', "'\\''"))
}
