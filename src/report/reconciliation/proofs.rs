//! What the gap consists of, in words: each cause with its amount, the lines and days that prove
//! it, and what to do.

use std::collections::BTreeSet;

use super::printed::Printed;
use crate::model::{Currency, Exact};
use crate::reconcile::{Cause, Evidence, Group};
use crate::report::figures::{grouped, percent};

/// Most stretches of lines named in a proof for people.
const LINES: usize = 4;
/// Most days named.
const DAYS: usize = 2;

/// The causes of all groups, the largest first.
pub fn proofs(groups: &[Group], printed: &Printed, currency: Currency) -> Vec<String> {
    let places = currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(places));
    let billed: Exact = groups.iter().map(|group| group.billed).sum();
    let computed: Exact = groups.iter().filter_map(|group| group.computed).sum();
    let gap = billed - computed;
    if gap.is_zero() && printed.totals.iter().all(Exact::is_zero) {
        return vec!["Billed and computed cost are equal.".to_string()];
    }
    let share = Exact::ratio(gap, billed, 16).map(|ratio| percent(&ratio));
    let share = share.map_or(String::new(), |share| format!(" ({share} of the bill)"));
    let mut lines = vec![format!("The gap of {}{share} consists of", money(gap))];
    let mut causes: Vec<(usize, Exact)> = printed.totals.iter().copied().enumerate().collect();
    causes.retain(|(at, _)| {
        groups
            .iter()
            .any(|g| g.causes.contains_key(&Cause::ALL[*at]))
    });
    causes.sort_by(|a, b| b.1.abs().cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    for (at, amount) in causes {
        let cause = Cause::ALL[at];
        lines.push(format!("  {}  {}", money(amount), cause.words()));
        let mut of: Vec<&Group> = groups
            .iter()
            .filter(|g| g.causes.contains_key(&cause))
            .collect();
        of.sort_by_key(|group| std::cmp::Reverse(group.causes[&cause].abs()));
        if let Some(group) = of.first() {
            lines.push(format!("    {}", proof(group, cause, &money)));
        }
        lines.push(format!("    {}", cause.advice()));
    }
    lines
}

/// The group with the largest part of a cause: how much, where.
fn proof(group: &Group, cause: Cause, money: &dyn Fn(Exact) -> String) -> String {
    let names: Vec<&str> = group.labels.iter().flatten().map(String::as_str).collect();
    let mut text = format!("{}: {}", names.join(", "), money(group.causes[&cause]));
    if let (Cause::Missing | Cause::OverLogged, Some(billed), Some(logged)) =
        (cause, group.billed_quantity, group.logged_quantity)
    {
        let [billed, logged] = [billed, logged].map(|quantity| grouped(&quantity.to_string()));
        text.push_str(&format!("; billed {billed}, logged {logged}"));
    }
    let Some(evidence) = group.evidence.get(&cause) else {
        return text;
    };
    let days: Vec<String> = evidence
        .days
        .iter()
        .take(DAYS)
        .map(|(day, amount)| format!("{day} ({})", money(*amount)))
        .collect();
    if evidence.days.len() > 1 {
        text.push_str(&format!("; most on {}", days.join(" and ")));
    } else if let Some(day) = days.first() {
        text.push_str(&format!("; on {day}"));
    }
    let places = places(evidence);
    if !places.is_empty() {
        text.push_str(&format!(
            "; {}",
            places[..places.len().min(LINES)].join(", ")
        ));
        if places.len() > LINES {
            text.push_str(", …");
        }
    }
    text
}

/// `bill.csv:2-31`, one entry per stretch of lines.
pub fn places(evidence: &Evidence) -> Vec<String> {
    let files = evidence.lines.iter();
    files
        .flat_map(|(file, lines)| {
            stretches(lines)
                .into_iter()
                .map(move |(first, last)| match first == last {
                    true => format!("{file}:{first}"),
                    false => format!("{file}:{first}-{last}"),
                })
        })
        .collect()
}

fn stretches(lines: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut found: Vec<(u64, u64)> = Vec::new();
    for line in lines {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => found.push((*line, *line)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighboring_lines_are_one_stretch() {
        let mut evidence = Evidence::default();
        let lines = evidence.lines.entry("b.csv".into()).or_default();
        lines.extend([2, 3, 4, 7, 9, 10]);
        assert_eq!(places(&evidence), ["b.csv:2-4", "b.csv:7", "b.csv:9-10"]);
    }
}
