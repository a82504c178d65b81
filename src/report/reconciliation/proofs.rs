//! What the gap consists of, in words: each cause with its amount, the lines and days that prove
//! it, and what to do.

use std::collections::BTreeSet;

use super::printed::Printed;
use crate::model::Exact;
use crate::reconcile::{Cause, Evidence, Group};
use crate::report::figures::{grouped, percent};

/// Most stretches of lines named in a proof for people.
const LINES: usize = 4;
/// Most days named.
const DAYS: usize = 2;

/// The causes of all groups, the largest first.
pub fn proofs(groups: &[Group], printed: &Printed, places: Option<u8>) -> Vec<String> {
    let money = |amount: Exact| amount_text(amount, places);
    let billed: Exact = printed.billed.iter().sum();
    let gap = billed - printed.computed.iter().sum();
    if groups.iter().all(|group| group.causes.is_empty()) {
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
        let with = (0..groups.len()).filter(|of| groups[*of].causes.contains_key(&cause));
        // The first of equal ones.
        let most = with.rev().max_by_key(|of| groups[*of].causes[&cause].abs());
        if let Some(of) = most {
            let amount = printed.causes[of][at];
            lines.push(format!("    {}", proof(&groups[of], cause, amount, &money)));
        }
        lines.push(format!("    {}", cause.advice()));
    }
    lines
}

/// An amount as the table prints it.
pub fn amount_text(amount: Exact, places: Option<u8>) -> String {
    grouped(&places.map_or(amount.to_string(), |places| amount.to_fixed(places)))
}

/// The group with the largest part of a cause: how much, where.
fn proof(group: &Group, cause: Cause, amount: Exact, money: &dyn Fn(Exact) -> String) -> String {
    let names: Vec<&str> = group.labels.iter().flatten().map(String::as_str).collect();
    let names = match names.is_empty() {
        true => "all".to_string(),
        false => names.join(", "),
    };
    let mut text = format!("{names}: {}", money(amount));
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
    } else if let Some((day, _)) = evidence.days.first() {
        text.push_str(&format!("; from {day}"));
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
