//! The notes and warnings of a run that went well.

use crate::attribution::Reason;
use crate::formats::Kind;
use crate::identity::PartyKind;
use crate::load::Books;
use crate::margin::Statement;
use crate::model::Exact;
use crate::model::receipt::InputReceipt;
use crate::problem::{Note, catalogue};
use crate::report::figures::grouped;
use crate::revenue::Basis;

use super::run::Run;

/// Everything that was skipped, scaled, inferred or is in doubt.
pub fn collect(run: &Run, statement: &Statement, inputs: &[InputReceipt]) -> Vec<Note> {
    let mut notes = run.books.notes.clone();
    identity(run, statement, &mut notes);
    cost(run, statement, &mut notes);
    revenue(run, &mut notes);
    rows(run, inputs, &mut notes);
    notes.sort();
    notes.dedup();
    notes
}

fn money(run: &Run, amount: Exact) -> String {
    format!(
        "{} {}",
        grouped(&amount.to_fixed(run.currency.decimals())),
        run.currency
    )
}

/// Provider, model and meter, as far as they are known.
fn topic(parts: [&Option<String>; 3]) -> String {
    let known = parts.into_iter().flatten().map(String::as_str);
    let known: Vec<&str> = known.collect();
    match known.is_empty() {
        true => "the log".to_string(),
        false => known.join(" "),
    }
}

fn identity(run: &Run, statement: &Statement, notes: &mut Vec<Note>) {
    let joined: Vec<String> = run
        .revenue
        .joined(run.period)
        .into_iter()
        .filter_map(|(key, (parties, amount))| {
            let key = key?;
            Some(format!(
                "{} {} (customers: {})",
                key.title(),
                money(run, amount),
                parties.len()
            ))
        })
        .collect();
    if !joined.is_empty() {
        let text = format!("revenue joined by: {}", joined.join(", "));
        notes.push(Note::new(&catalogue::JOINED_BY, text));
    }
    if !statement.unmapped.is_empty() {
        let sum = |of: fn(&crate::margin::Unmapped) -> Exact| {
            statement.unmapped.iter().map(of).sum::<Exact>()
        };
        let first: Vec<String> = statement
            .unmapped
            .iter()
            .take(3)
            .map(|u| format!("{}:{}", u.source, u.id))
            .collect();
        notes.push(Note::new(
            &catalogue::UNMAPPED,
            format!(
                "ids without a customer: {} (revenue {}, cost {}): {}{}; map them with a mapping file, -m mapping.csv",
                statement.unmapped.len(),
                money(run, sum(|u| u.revenue)),
                money(run, sum(|u| u.cost)),
                first.join(", "),
                if statement.unmapped.len() > 3 { ", …" } else { "" }
            ),
        ));
    }
    for group in &run.identity.alike {
        let text = format!("customer ids differ only in case, blanks or Unicode form: {group:?}");
        notes.push(Note::new(&catalogue::ALIKE_IDS, text));
    }
    for (id, customers) in &run.identity.ambiguous {
        let text = format!(
            "{id} fits several customers and is left unmapped: {}",
            customers.join(", ")
        );
        notes.push(Note::new(&catalogue::AMBIGUOUS_JOIN, text));
    }
}

fn cost(run: &Run, statement: &Statement, notes: &mut Vec<Note>) {
    if !run.books.has(Kind::Usage) && !run.books.has(Kind::Bill) {
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

fn revenue(run: &Run, notes: &mut Vec<Note>) {
    let book = &run.revenue;
    if book.is_empty() {
        let text = "no revenue file was read: revenue is 0 because it is unknown";
        return notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
    let mut text = match book.basis {
        Basis::Recognized => {
            "revenue is recognized over the service period, net of tax".to_string()
        }
        Basis::Billed => "revenue counts when the invoice becomes final, net of tax".to_string(),
        Basis::Cash => "revenue counts when money arrives, refunds when it goes back".to_string(),
    };
    let stripe_payments = run.books.records.payments.len();
    if book.basis == Basis::Cash && run.books.records.invoices.is_empty() && stripe_payments > 0 {
        text.push_str("; payments do not show tax, so amounts include it");
    }
    notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    if book.without_period > 0 {
        let text = format!(
            "invoices without a service period, recognized at once: {}",
            book.without_period
        );
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
    if book.orphan_payments > 0 {
        let text = format!(
            "payments of invoices that are not in the files, recognized at their own date: {}",
            book.orphan_payments
        );
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
    if book.undated_refunds > 0 {
        let text = format!(
            "refunds without a date, counted on the payment's date: {}",
            book.undated_refunds
        );
        notes.push(Note::new(&catalogue::REFUND_DATE, text));
    }
    let coverage = &run.coverage;
    if let (Some(starts), Some(needed), false) = (
        coverage.starts,
        coverage.needed,
        coverage.understated.is_empty(),
    ) {
        let text = format!(
            "invoices start on {starts} but are needed from {needed}; customers whose revenue may be understated: {}",
            coverage.understated.len()
        );
        notes.push(Note::new(&catalogue::COVERAGE, text));
    }
    let internal = run
        .identity
        .parties()
        .iter()
        .filter(|party| party.kind == PartyKind::Internal)
        .count();
    if internal > 0 {
        let text = format!("internal accounts, rows of kind internal: {internal}");
        notes.push(Note::new(&catalogue::JOINED_BY, text));
    }
}

/// Failed and cached requests are counted apart from the served ones.
fn outcomes(run: &Run, notes: &mut Vec<Note>) {
    let cells = || {
        run.books
            .usage
            .iter()
            .filter(|cell| run.period.contains(cell.day))
    };
    let failed: Exact = cells().map(|cell| cell.failed.exact()).sum();
    let cached: Exact = cells().map(|cell| cell.gateway_cached.exact()).sum();
    if !failed.is_zero() || !cached.is_zero() {
        let text = format!(
            "{failed} requests failed and {cached} were answered from a gateway's cache; they are not part of the requests"
        );
        notes.push(Note::new(&catalogue::NOT_SERVED, text));
    }
}

fn rows(run: &Run, inputs: &[InputReceipt], notes: &mut Vec<Note>) {
    outcomes(run, notes);
    let sum = |of: fn(&InputReceipt) -> u64| inputs.iter().map(of).sum::<u64>();
    let repeats = sum(|input| input.rows.duplicate);
    if repeats > 0 {
        notes.push(Note::new(
            &catalogue::REPEATS,
            format!("repeated rows, dropped: {repeats}"),
        ));
    }
    let outside = sum(|input| input.rows.out_of_period);
    if outside > 0 {
        let text = format!("rows outside {}, not used: {outside}", run.period.title());
        notes.push(Note::new(&catalogue::OUT_OF_PERIOD, text));
    }
    spans(run, &run.books, notes);
}

/// Usage and bills that cover different days of the period.
fn spans(run: &Run, books: &Books, notes: &mut Vec<Note>) {
    let span = |kind: Kind| {
        let spans = books.files.iter().filter(|file| file.kind == Some(kind));
        let spans: Vec<_> = spans.filter_map(|file| file.span(run.zone)).collect();
        let first = spans
            .iter()
            .map(|(first, _)| *first)
            .min()?
            .max(run.period.start);
        let last = spans
            .iter()
            .map(|(_, last)| *last)
            .max()?
            .min(run.period.end.plus(-1));
        (first <= last).then_some((first, last))
    };
    if let (Some(usage), Some(bill)) = (span(Kind::Usage), span(Kind::Bill))
        && usage != bill
    {
        notes.push(Note::new(
            &catalogue::GAP,
            format!(
                "usage covers {} to {}, the bills {} to {}",
                usage.0, usage.1, bill.0, bill.1
            ),
        ));
    }
}
