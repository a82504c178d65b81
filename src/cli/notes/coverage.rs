//! Notes on what the files cover: days without a bill or a log, and what providers' usage exports
//! gave to the bills.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::money;
use crate::attribution::Attribution;
use crate::cli::run::Run;
use crate::formats::Kind;
use crate::load::Books;
use crate::model::records::{Charge, ChargeKind};
use crate::model::{Day, Exact, Instant};
use crate::problem::{Note, catalogue};
use crate::report::figures::grouped;

/// What providers' usage exports gave to the bills.
pub fn counts(run: &Run, found: &Attribution, notes: &mut Vec<Note>) {
    for (provider, charges) in &found.counted {
        let text = format!(
            "{provider}: the bill states no quantities; its usage export gives them, charges: {charges}"
        );
        notes.push(Note::new(&catalogue::COUNTED_QUANTITY, text));
    }
    for (provider, (charges, amount)) in &found.not_counted {
        let text = format!(
            "{provider}: the usage export does not tell the quantities of charges of {} ({charges}), which are compared in money",
            money(run, *amount)
        );
        notes.push(Note::new(&catalogue::COUNT_NOT_USED, text));
    }
    for differs in &found.count_differs {
        let words = [
            differs.model.as_deref(),
            Some(&differs.meter),
            differs.tier.as_deref(),
        ];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let text = format!(
            "{} {}, {}: the bill states {}, the usage export {}; the bill's counts",
            differs.provider,
            words.join(" "),
            differs.month.title(),
            grouped(&differs.billed.to_string()),
            grouped(&differs.counted.to_string())
        );
        notes.push(Note::new(&catalogue::COUNT_DIFFERS, text));
    }
}

/// Charges for days that the log does not reach, and usage of days that the bills do not reach.
pub fn spans(run: &Run, books: &Books, notes: &mut Vec<Note>) {
    let span = |kind: Kind| {
        let files = books.files.iter().filter(|file| file.kind == Some(kind));
        let spans: Vec<_> = files.filter_map(|file| file.span(run.zone)).collect();
        let first = spans.iter().map(|(first, _)| *first).min()?;
        let last = spans.iter().map(|(_, last)| *last).max()?;
        Some((first, last))
    };
    // Without a log, providers' own counts are the usage.
    let (kind, word) = match books.has(Kind::Usage) {
        true => (Kind::Usage, "usage log"),
        false => (Kind::ProviderUsage, "usage export"),
    };
    let (Some(usage), Some(bills)) = (span(kind), span(Kind::Bill)) else {
        return;
    };
    let covers = |(first, last): (Day, Day)| format!("{first} to {last}");
    // What a charge for a longer time covers is no question of days, and what names its customer
    // needs no log.
    let unlogged = |charge: &&Charge| {
        let first = run.zone.day(charge.start);
        let last = run.zone.day(Instant(charge.end.0 - 1)).max(first);
        let named = charge.scopes.iter().any(|scope| {
            let names_customer = scope.dimension == "customer";
            let identity = &run.identity;
            let party = identity.scope(&scope.namespace, &scope.id, names_customer, first);
            party.is_some()
        });
        let outside = last < usage.0 || first > usage.1;
        charge.kind == ChargeKind::Usage && run.period.contains(first) && outside && !named
    };
    let unlogged: Exact = books
        .charges
        .iter()
        .filter(unlogged)
        .map(|c| c.amount)
        .sum();
    if !unlogged.is_zero() {
        let text = format!(
            "{} is billed for days that the {word} does not reach: it covers {}, the bills {}",
            money(run, unlogged),
            covers(usage),
            covers(bills)
        );
        notes.push(Note::new(&catalogue::GAP, text));
    }
    let unbilled = |day: Day| run.period.contains(day) && (day < bills.0 || day > bills.1);
    if books.usage.iter().any(|cell| unbilled(cell.day)) {
        let text = format!(
            "the {word} covers {}, the bills only {}: usage of the other days has no bill",
            covers(usage),
            covers(bills)
        );
        notes.push(Note::new(&catalogue::GAP, text));
    }
}

/// A log or bill with rows on at least three of four days is one of every day.
const MOST: (usize, usize) = (3, 4);
/// Fewer days show no habit.
const LEAST_DAYS: usize = 7;

/// Days without a row between days with rows, of a provider that has rows on most days: in the log
/// while the bill has charges then, and in the bill while the log has usage then.
pub fn missing_days(run: &Run, notes: &mut Vec<Note>) {
    let mut logged: BTreeMap<&str, BTreeSet<Day>> = BTreeMap::new();
    let mut billed: BTreeMap<&str, BTreeSet<Day>> = BTreeMap::new();
    // Cells of a kind that stand together are mostly of one day.
    let mut last: BTreeMap<usize, Day> = BTreeMap::new();
    for cell in &run.books.usage {
        let kind = Arc::as_ptr(&cell.kind).addr();
        if let Some(provider) = cell.provider.as_deref()
            && last.insert(kind, cell.utc_day) != Some(cell.utc_day)
        {
            logged.entry(provider).or_default().insert(cell.utc_day);
        }
    }
    for charge in &run.books.charges {
        let one_day = charge.end.0 - charge.start.0 <= 86_400_000_000;
        if let (Some(provider), ChargeKind::Usage, true) =
            (charge.provider.as_deref(), charge.kind, one_day)
        {
            let days = billed.entry(provider).or_default();
            days.insert(charge.start.utc_day());
        }
    }
    for (mine, other, word, but) in [
        (&logged, &billed, "usage log", "billed"),
        (&billed, &logged, "bill", "logged"),
    ] {
        for (provider, days) in mine {
            let Some(others) = other.get(provider) else {
                continue;
            };
            let missing: Vec<String> = gaps(days)
                .into_iter()
                .filter(|day| run.period.contains(*day) && others.contains(day))
                .map(|day| day.to_string())
                .collect();
            if !missing.is_empty() {
                let text = format!(
                    "{provider}: the {word} has nothing on {}, days that are {but}",
                    missing.join(", ")
                );
                notes.push(Note::new(&catalogue::MISSING_DAYS, text));
            }
        }
    }
}

/// The days missing between others, where there are others on most days.
fn gaps(days: &BTreeSet<Day>) -> Vec<Day> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Vec::new();
    };
    let all = (last.0 - first.0 + 1) as usize;
    if all < LEAST_DAYS || days.len() * MOST.1 < all * MOST.0 {
        return Vec::new();
    }
    let between = (first.0..=last.0).map(Day);
    between.filter(|day| !days.contains(day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_of_what_is_there_on_most_days() {
        let of = |days: &[i32]| gaps(&days.iter().map(|day| Day(*day)).collect());
        assert_eq!(of(&[1, 2, 3, 5, 6, 7, 8]), [Day(4)]);
        // Six days, and five of eight.
        assert_eq!(of(&[1, 2, 3, 5, 6]), []);
        assert_eq!(of(&[1, 2, 4, 6, 8]), []);
    }
}
