//! Notes on what the files cover: days without a bill or a log, and what providers' usage exports
//! gave to the bills.

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
