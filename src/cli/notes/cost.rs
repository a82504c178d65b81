//! The notes and warnings about cost: estimates, gaps, what could not be shared out.

use crate::attribution::Reason;
use crate::formats::Kind;
use crate::margin::Statement;
use crate::model::Exact;
use crate::problem::{Note, catalogue};
use crate::report::figures::grouped;

use super::{coverage, money};
use crate::cli::price_book;
use crate::cli::run::Run;

/// Provider, model and meter, as far as they are known.
fn topic(parts: [&Option<String>; 3]) -> String {
    let known = parts.into_iter().flatten().map(String::as_str);
    let known: Vec<&str> = known.collect();
    match known.is_empty() {
        true => "the log".to_string(),
        false => known.join(" "),
    }
}

/// What attribution found besides the amounts.
pub fn cost(run: &Run, statement: &Statement, notes: &mut Vec<Note>) {
    let kinds = [Kind::Usage, Kind::Bill, Kind::ProviderUsage];
    if !kinds.iter().any(|kind| run.books.has(*kind)) {
        let text = "no usage log and no bill was read: cost is 0 because it is unknown";
        notes.push(Note::new(&catalogue::NO_BILL, text));
    }
    let found = &statement.attribution;
    if !found.estimated_by_book.is_zero() {
        let text = format!(
            "no bill covers usage worth {} at book prices; it is estimated and outside the tie-out",
            money(run, found.estimated_by_book)
        );
        notes.push(Note::new(&catalogue::NO_BILL, text));
    }
    if !found.estimated_by_log.is_zero() {
        let text = format!(
            "no bill covers usage that the log itself puts at {}; it is estimated and outside the tie-out",
            money(run, found.estimated_by_log)
        );
        notes.push(Note::new(&catalogue::PRICED_BY_LOG, text));
    }
    for unpriced in &found.unpriced {
        let model = unpriced.model.as_deref().unwrap_or("usage without a model");
        if unpriced.requests.is_zero() {
            // The calls are priced, but for some meters.
            let meters: Vec<String> = unpriced
                .meters
                .iter()
                .map(|(meter, quantity)| format!("{meter} {}", grouped(&quantity.to_string())))
                .collect();
            let text = format!(
                "{model}: some meters have no price and count as no cost: {}; state one in tanso.toml with [[price]]",
                meters.join(", ")
            );
            notes.push(Note::new(&catalogue::UNPRICED, text));
            continue;
        }
        let near = run.nearest_models(model);
        let near = if near.is_empty() {
            String::new()
        } else {
            format!("; nearest names in the price book: {}", near.join(", "))
        };
        let text = format!(
            "{model}: neither billed nor priced, counts as no cost; requests: {}{near}",
            unpriced.requests
        );
        notes.push(Note::new(&catalogue::UNPRICED, text));
    }
    price_book::notes(found, notes);
    for unbilled in &found.unbilled {
        let model = unbilled.model.as_deref().unwrap_or("usage without a model");
        let tokens: Exact = unbilled.meters.values().sum();
        let text = format!(
            "{model}: logged on days that a bill covers, but no charge of the month is for it; counts as no cost; requests: {}, units: {}",
            unbilled.requests,
            grouped(&tokens.to_string())
        );
        notes.push(Note::new(&catalogue::UNBILLED, text));
    }
    for tie in &found.shared {
        if tie.billed && tie.charges == 0 {
            let text = format!(
                "shared cost {:?}: no charge of the period is for it",
                tie.name
            );
            notes.push(Note::new(&catalogue::SHARED_NOTHING, text));
        }
    }
    for mixed in &found.mixed {
        let what = topic([&mixed.provider, &mixed.model, &Some(mixed.meter.clone())]);
        let text = format!(
            "{what}: charges without a quantity: {} of {}, {} of {}; so all of {} is compared with the log in money, not in quantities",
            mixed.without,
            mixed.charges,
            money(run, mixed.amount),
            money(run, mixed.whole),
            mixed.month
        );
        notes.push(Note::new(&catalogue::MIXED_MEASURE, text));
    }
    for gap in &found.gaps {
        let what = topic([&gap.provider, &gap.model, &gap.meter]);
        let (entry, text) = if gap.over_logged {
            (
                &catalogue::OVER_LOGGED,
                format!(
                    "{what}: the log exceeds the bill; billed ∕ logged = {}",
                    gap.factor
                ),
            )
        } else {
            (
                &catalogue::SCALED,
                format!(
                    "{what}: a gap within the tolerance is scaled away; billed ∕ logged = {}",
                    gap.factor
                ),
            )
        };
        notes.push(Note::new(entry, text));
    }
    coverage::counts(run, found, notes);
    if found.context_unknown {
        let text = "the log is aggregated, so prices for long requests cannot be told; base prices are used";
        notes.push(Note::new(&catalogue::CONTEXT_TIER, text));
    }
    if !found.items.is_empty() {
        let items: Vec<String> = found
            .items
            .iter()
            .map(|(item, amount)| format!("{item} {}", money(run, *amount)))
            .collect();
        let text = format!(
            "bill items without quantities, spread by cost: {}",
            items.join(", ")
        );
        notes.push(Note::new(&catalogue::UNKNOWN_ITEM, text));
    }
    if found.cut > 0 {
        let text = format!(
            "charges that cover days of several months, cut by days: {}",
            found.cut
        );
        notes.push(Note::new(&catalogue::CUT_AT_BORDER, text));
    }
    if !found.at_border.is_zero() {
        let text = format!(
            "charges of {} cover a UTC day that lies in two months of {}; they count where the day starts",
            money(run, found.at_border),
            run.zone.name()
        );
        notes.push(Note::new(&catalogue::CUT_AT_BORDER, text));
    }
    unshared(run, statement, notes);
}

/// Charges that only prices could share out, and why these are not known.
fn unshared(run: &Run, statement: &Statement, notes: &mut Vec<Note>) {
    let mut amounts = [Exact::ZERO; 2];
    for entry in &statement.unattributed {
        if entry.reason == Reason::UnpricedUsage {
            let counted = has_tokens(run, entry.provider.as_deref());
            amounts[usize::from(counted)] += entry.amount;
        }
    }
    let [without_tokens, without_price] = amounts;
    if !without_price.is_zero() {
        let text = format!(
            "charges of {} without quantities cover usage without a price, so nothing can share them out",
            money(run, without_price)
        );
        notes.push(Note::new(&catalogue::UNPRICED_BLOCKS_SPLIT, text));
    }
    if !without_tokens.is_zero() {
        let text = format!(
            "charges of {} cover usage of which the log has no tokens and no cost, so nothing can share them out; log tokens, or a cost of each row",
            money(run, without_tokens)
        );
        notes.push(Note::new(&catalogue::UNPRICED_BLOCKS_SPLIT, text));
    }
}

/// Whether the log has any quantity but requests of what a bill's provider could cover.
fn has_tokens(run: &Run, provider: Option<&str>) -> bool {
    run.books.usage.iter().any(|cell| {
        let of = cell.provider.as_deref();
        (of.is_none() || provider.is_none() || of == provider) && !cell.quantities.is_empty()
    })
}
