//! The notes and warnings of a run that went well.

mod cost;
mod coverage;
mod providers;

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{PartyKind, alike};
use crate::margin::Statement;
use crate::model::Exact;
use crate::model::receipt::InputReceipt;
use crate::problem::{Note, catalogue};
use crate::report::figures::grouped;
use crate::revenue::{Basis, Difference};

use super::run::Run;

/// Everything that was skipped, scaled, inferred or is in doubt.
pub fn collect(run: &Run, statement: &Statement, inputs: &[InputReceipt]) -> Vec<Note> {
    let mut notes = run.books.notes.clone();
    notes.extend(run.price_notes.iter().cloned());
    identity(run, statement, &mut notes);
    cost::cost(run, statement, &mut notes);
    providers::names(run, &statement.attribution, &mut notes);
    providers::unused(run, &mut notes);
    revenue(run, &mut notes);
    rows(run, inputs, &mut notes);
    notes.sort();
    notes.dedup();
    notes
}

/// An amount in the report's currency.
pub fn money(run: &Run, amount: Exact) -> String {
    format!(
        "{} {}",
        grouped(&amount.to_fixed(run.currency.decimals())),
        run.currency
    )
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
        let text = format!("ids differ only in case, blanks or Unicode form: {group:?}");
        notes.push(Note::new(&catalogue::ALIKE_IDS, text));
    }
    let attributes = run.identity.parties().iter();
    let attributes = attributes.filter_map(|party| party.attributes.get("plan"));
    let mapped = attributes.flatten().map(|dated| &dated.value);
    let lines = run.revenue.obligations.iter();
    let plans: BTreeSet<&String> = lines
        .filter_map(|line| line.plan.as_ref())
        .chain(mapped)
        .collect();
    for group in alike(plans.into_iter().map(String::as_str)) {
        let text = format!("plans differ only in case, blanks or Unicode form: {group:?}");
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
        Basis::Mrr => "revenue is the monthly recurring revenue at the end of each month: list prices of active and past due subscriptions without trials, metered prices and tax, years as 12 months, weeks as 12/52, days as 12/365 of one; coupons count only where Stripe's own changes are given".to_string(),
    };
    let stripe_payments = run.books.records.payments.len();
    if book.basis == Basis::Cash && run.books.records.invoices.is_empty() && stripe_payments > 0 {
        text.push_str("; payments do not show tax, so amounts include it");
    }
    notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    notes.extend(rate(run));
    notes.extend(not_told(run));
    let days = run.period;
    let several = book.several_plans.iter();
    let several = several.filter(|(_, at)| at.start < days.end && days.start < at.end);
    let several: BTreeSet<_> = several.map(|(party, _)| *party).collect();
    if !several.is_empty() {
        let text = format!(
            "customers with revenue of several plans at the same time: {}; their cost goes to the plan with the most revenue on its day",
            several.len()
        );
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
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
    if book.taken_as_paid > 0 {
        let text = format!(
            "rows of a revenue file without a status, taken as paid on their first day: {}",
            book.taken_as_paid
        );
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
    let (back, times) = book.refunds_of_billed;
    if times > 0 {
        let text = format!(
            "refunds and lost disputes of billed invoices: {times}, together {}; they do not change what was billed, a credit note would",
            money(run, back)
        );
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
    for (words, (times, amount)) in &book.remarks {
        let text = match amount.is_zero() {
            true => format!("{words}: {times}"),
            false => format!("{words}: {times}, together {}", money(run, *amount)),
        };
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
    for (words, (times, amount)) in &book.doubts {
        let text = format!("{words}: {times}, together {}", money(run, *amount));
        notes.push(Note::new(&catalogue::SAME_MONEY, text));
    }
    checks(run, notes);
    differences(run, notes);
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

/// What a period of several months, or of parts of them, makes of a monthly rate.
fn rate(run: &Run) -> Option<Note> {
    let months: Vec<_> = run.period.months().collect();
    let (Basis::Mrr, Some(last)) = (run.revenue.basis, months.last()) else {
        return None;
    };
    let first = months.first()?.first_day();
    let end = last.plus(1).first_day();
    let mut words = Vec::new();
    if run.period.start != first || run.period.end != end {
        words.push(
            "the period begins or ends within a month, of which the rate counts by its days"
                .to_string(),
        );
    }
    if months.len() > 1 {
        // The obligations of the last month are the rates at its end.
        let start = run.zone.start_of(last.first_day());
        let lines = run.revenue.obligations.iter();
        let lines = lines.filter(|line| line.service.0 == start);
        let rate: Exact = lines.map(|line| line.net).sum();
        words.push(format!(
            "revenue adds up the rates at the end of {} months; at the end of {} it is {} a month",
            months.len(),
            last.title(),
            money(run, rate)
        ));
    }
    let text = words.join("; ");
    (!text.is_empty()).then(|| Note::new(&catalogue::REVENUE_BASIS, text))
}

/// What takes revenue of Stripe's invoices back and is in none of the files.
fn not_told(run: &Run) -> Option<Note> {
    if !matches!(run.revenue.basis, Basis::Recognized | Basis::Billed) {
        return None;
    }
    let mut lines = run.revenue.obligations.iter();
    lines.find(|line| line.source.is_invoiced() && line.source.namespace() == "stripe")?;
    let any = |formats: &[&str]| {
        let mut files = run.books.files.iter();
        files.any(|file| formats.contains(&file.format))
    };
    // A credit note that is paid out is a refund there, too.
    const BALANCE: [&str; 3] = [
        "stripe-balance-change",
        "stripe-balance-history",
        "sigma-balance-transactions",
    ];
    let report = any(&["stripe-revenue-recognition"]);
    let paid = ["stripe-payments", "sigma-charges", "sigma-refunds"];
    let refunds = report || any(&BALANCE) || any(&paid);
    let disputes = report || any(&BALANCE) || any(&["stripe-payments", "sigma-disputes"]);
    let notes = report || any(&["sigma-credit-notes"]);
    let recognized = run.revenue.basis == Basis::Recognized;
    let missing = [
        ("refunds", refunds || !recognized),
        ("lost disputes", disputes || !recognized),
        ("credit notes", notes),
    ];
    let missing = missing.iter().filter(|(_, told)| !told);
    let missing: Vec<&str> = missing.map(|(what, _)| *what).collect();
    let text = format!(
        "no file tells {} of these invoices: what they took back is still in the revenue",
        missing.join(", ")
    );
    (!missing.is_empty()).then(|| Note::new(&catalogue::REVENUE_BASIS, text))
}

/// What the sources that do not count say of the months of those that do.
fn checks(run: &Run, notes: &mut Vec<Note>) {
    for check in &run.revenue.checks {
        let (counts, other) = (check.counts.word(), check.checks.word());
        let (counted, told) = (money(run, check.counted), money(run, check.other));
        let result = match check.differ {
            0 => "they agree".to_string(),
            differ => format!("they differ in {differ}, together {counted} against {told}"),
        };
        let text = format!(
            "months of customers that {counts} and {other} both tell: {}; {counts} count, {result}",
            check.months
        );
        notes.push(Note::new(&catalogue::REVENUE_BASIS, text));
    }
}

/// Customers of whom two systems tell different amounts: whether one counts or both, and the largest.
fn differences(run: &Run, notes: &mut Vec<Note>) {
    let mut groups: BTreeMap<_, Vec<&Difference>> = BTreeMap::new();
    for one in &run.revenue.differences {
        let of = (one.counts, one.checks, one.both);
        groups.entry(of).or_default().push(one);
    }
    for ((counts, checks, both), mut found) in groups {
        let gap = |one: &Difference| (one.counted - one.other).abs();
        found.sort_by_key(|one| (std::cmp::Reverse(gap(one)), one.party));
        let amount = |amount| money(run, amount);
        let first = found.iter().take(3).map(|one| {
            let customer = &run.identity.party(one.party).key;
            format!(
                "{customer} {} against {}",
                amount(one.counted),
                amount(one.other)
            )
        });
        let first: Vec<String> = first.collect();
        let (counts, checks) = (counts.word(), checks.word());
        let result = match both {
            true => "one is less than half of the other, so both count".to_string(),
            false => format!("{counts} count"),
        };
        let more = if found.len() > 3 { ", …" } else { "" };
        let text = format!(
            "customers of whom {counts} and {checks} tell different amounts of the same months: {} ({}{more}); {result}",
            found.len(),
            first.join(", "),
        );
        notes.push(Note::new(&catalogue::SAME_MONEY, text));
    }
}

/// Failed and cached requests are counted apart from the served ones.
fn outcomes(run: &Run, notes: &mut Vec<Note>) {
    let cells = || {
        let cells = run.books.usage.iter().filter(|cell| cell.aside.is_some());
        cells.filter(|cell| run.period.contains(cell.day))
    };
    let failed: Exact = cells().map(|cell| cell.failed()).sum();
    let cached: Exact = cells().map(|cell| cell.gateway_cached()).sum();
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
    coverage::spans(run, &run.books, notes);
    coverage::missing_days(run, notes);
}
