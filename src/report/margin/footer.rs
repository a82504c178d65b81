//! What stands below a margin table: tie-outs, subtotals, notes, and what to do next.

use std::collections::BTreeMap;

use super::Header;
use crate::identity::{Identity, PartyId};
use crate::margin::{Dimension, RowKind, Statement};
use crate::model::Exact;
use crate::report::figures::grouped;
use crate::report::fx;
use crate::report::rounding::round_to_total;
use crate::report::visible;

/// The tie-outs, the notes, and what to do next.
pub fn footer(statement: &Statement, identity: &Identity, header: &Header) -> Vec<String> {
    let places = header.currency.decimals();
    let money = money(places);
    let mut lines = Vec::new();
    lines.extend(bill_line(statement, places));
    lines.extend(shared_line(statement, places));
    lines.extend(revenue_lines(statement, &money));
    lines.extend(fx::lines(header.fx.as_ref()));
    let wholes = wholes(statement);
    lines.extend(subtotals(statement, &wholes, &money));
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
    lines.extend(losers(statement, &wholes, identity, header));
    lines
}

/// Everything of one party: its rows may be cut by month, plan or another dimension.
struct Whole {
    party: PartyId,
    kind: RowKind,
    /// `None` where a dimension has no revenue.
    revenue: Option<Exact>,
    cost: Exact,
}

impl Whole {
    fn gross_profit(&self) -> Option<Exact> {
        Some(self.revenue? - self.cost)
    }
}

/// The parties of the rows, in the order in which they come first; none unless customers are a
/// dimension.
fn wholes(statement: &Statement) -> Vec<Whole> {
    let mut wholes: Vec<Whole> = Vec::new();
    let mut known = BTreeMap::new();
    for row in &statement.rows {
        let Some(party) = row.party else {
            continue;
        };
        let at = *known.entry(party).or_insert(wholes.len());
        match wholes.get_mut(at) {
            Some(whole) => {
                whole.revenue = whole.revenue.zip(row.revenue).map(|(a, b)| a + b);
                whole.cost += row.cost();
            }
            None => wholes.push(Whole {
                party,
                kind: row.kind,
                revenue: row.revenue,
                cost: row.cost(),
            }),
        }
    }
    wholes
}

/// Internal accounts, and customers without revenue, have their own subtotals.
fn subtotals(
    statement: &Statement,
    wholes: &[Whole],
    money: &dyn Fn(Exact) -> String,
) -> Vec<String> {
    let line = |what: &str, which: &dyn Fn(&Whole) -> bool| {
        let these: Vec<_> = wholes.iter().filter(|whole| which(whole)).collect();
        if these.is_empty() || !statement.by.contains(&Dimension::Customer) {
            return None;
        }
        let cost: Exact = these.iter().map(|whole| whole.cost).sum();
        let count = these.len();
        // Where rows carry no revenue there is none to sum, which is not the same as zero.
        let revenue = these
            .iter()
            .map(|whole| whole.revenue)
            .sum::<Option<Exact>>()
            .map_or(String::new(), |revenue| {
                format!(", revenue {}", money(revenue))
            });
        Some(format!("{what} {count}{revenue}, cost {}", money(cost)))
    };
    // Without a revenue file nobody is known to pay nothing.
    let known = !statement.revenue_ties.is_empty();
    let free = |whole: &Whole| {
        known
            && whole.kind == RowKind::Customer
            && whole.revenue.is_some_and(|revenue| revenue.is_zero())
    };
    [
        line("internal  accounts", &|whole| {
            whole.kind == RowKind::Internal
        }),
        line("free      customers without revenue", &free),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How a footer writes money.
fn money(places: u8) -> impl Fn(Exact) -> String {
    move |amount| grouped(&amount.to_fixed(places))
}

/// `openai 16.94 + google 2.60 = 19.54`, rounded so that it adds up as printed.
fn addition(parts: &[(&str, Exact)], places: u8) -> String {
    let money = money(places);
    let amounts: Vec<Exact> = parts.iter().map(|(_, amount)| *amount).collect();
    let total: Exact = amounts.iter().sum();
    let written: Vec<String> = parts
        .iter()
        .zip(round_to_total(&amounts, total, places))
        .map(|((name, _), amount)| format!("{name} {}", money(amount)))
        .collect();
    match written.as_slice() {
        [one] => one.clone(),
        several => format!("{} = {}", several.join(" + "), money(total)),
    }
}

/// The tie of the bills, if there is one.
pub fn bill_line(statement: &Statement, places: u8) -> Option<String> {
    let ties = &statement.attribution.ties;
    if ties.is_empty() {
        return None;
    }
    let parts: Vec<(&str, Exact)> = ties
        .iter()
        .map(|tie| {
            let provider = tie.provider.as_deref().unwrap_or("(provider not stated)");
            (provider, tie.billed)
        })
        .collect();
    let billed: Exact = ties.iter().map(|tie| tie.billed).sum();
    let given: Exact = ties
        .iter()
        .map(|tie| tie.direct + tie.metered + tie.allocated)
        .sum();
    let share = Exact::ratio(given * Exact::from(100u64), billed, 1)
        .map_or(String::new(), |share| {
            format!("   attributed {} %", share.to_fixed(1))
        });
    Some(format!(
        "bill      {}{share}   difference 0",
        addition(&parts, places)
    ))
}

/// The shared costs.
pub fn shared_line(statement: &Statement, places: u8) -> Option<String> {
    let ties = &statement.attribution.shared;
    if ties.is_empty() {
        return None;
    }
    let names: Vec<_> = ties.iter().map(|tie| visible(&tie.name)).collect();
    let parts: Vec<(&str, Exact)> = names
        .iter()
        .zip(ties)
        .map(|(name, tie)| (name.as_ref(), tie.amount))
        .collect();
    let allocated: Exact = ties.iter().map(|tie| tie.allocated).sum();
    Some(format!(
        "shared    {}   allocated {}   difference 0",
        addition(&parts, places),
        money(places)(allocated)
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
    if let Some(deferred) = &statement.deferred
        && !(deferred.deferred.is_zero() && deferred.unbilled.is_zero())
    {
        let mut line = format!(
            "deferred  {} billed, not yet earned",
            money(deferred.deferred)
        );
        if !deferred.unbilled.is_zero() {
            let unbilled = money(deferred.unbilled);
            line.push_str(&format!("   {unbilled} earned, not yet billed"));
        }
        let (recognized, back) = (deferred.recognized, deferred.taken_back);
        for (what, amount) in [
            ("recognized", recognized),
            ("taken back", back),
            ("no revenue", deferred.left_out),
            ("tax", deferred.tax),
        ] {
            if !amount.is_zero() {
                line.push_str(&format!("   {what} {}", money(amount)));
            }
        }
        line.push_str(&format!(
            "   invoiced {}   difference 0",
            money(deferred.invoiced)
        ));
        lines.push(line);
    }
    lines
}

fn losers(
    statement: &Statement,
    wholes: &[Whole],
    identity: &Identity,
    header: &Header,
) -> Option<String> {
    // Without a revenue file nobody is known to pay nothing.
    if !statement.by.contains(&Dimension::Customer) || statement.revenue_ties.is_empty() {
        return None;
    }
    let losing: Vec<&Whole> = wholes
        .iter()
        .filter(|whole| whole.kind == RowKind::Customer)
        .filter(|whole| {
            let profit = whole.gross_profit();
            profit.is_some_and(|profit| profit.is_negative())
        })
        .collect();
    let count = losing.len();
    let worst = losing.iter().min_by_key(|whole| whole.gross_profit())?;
    let party = identity.party(worst.party);
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
