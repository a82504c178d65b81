//! The gates one by one.

use super::{Before, Facts, Figure, Limits, Outcome, Verdict};
use crate::margin::{RowKind, Statement, Verdict as Loss};
use crate::model::Exact;
use crate::reconcile::Group;

/// Places of ratios that are printed; comparisons are exact.
const RATIO: u8 = 16;
/// How many names a detail has.
const NAMES: usize = 5;

/// Judges every gate that has a limit, in the order of the project file's keys.
pub fn judge(limits: &Limits, facts: &Facts<'_>) -> Vec<Outcome> {
    let statement = facts.statement;
    let mut outcomes = Vec::new();
    outcomes.extend(limits.min_margin.map(|limit| margin(limit, statement)));
    let unattributed = limits.max_unattributed.map(|limit| {
        let totals = &statement.totals;
        let parts = statement.unattributed.iter().map(|entry| {
            let provider = entry.provider.as_deref().unwrap_or("(provider not stated)");
            format!("{provider}: {}", entry.reason.words())
        });
        let detail = some(parts.collect());
        // What nobody is billed for does not make up for what nobody is credited with.
        let amounts = statement
            .unattributed
            .iter()
            .map(|entry| entry.amount.abs());
        share(
            ("max_unattributed", None),
            limit,
            (amounts.sum(), Some(totals.cost)),
            detail,
        )
    });
    outcomes.extend(unattributed);
    if let Some(limit) = limits.max_unmapped {
        outcomes.extend(unmapped(limit, statement));
    }
    if let Some(limit) = limits.max_unpriced {
        let names = statement.attribution.unpriced.iter().map(|entry| {
            let provider = entry.provider.as_deref().unwrap_or("(no provider)");
            format!(
                "{provider}/{}",
                entry.model.as_deref().unwrap_or("(no model)")
            )
        });
        outcomes.push(at_most("max_unpriced", limit, names.collect()));
    }
    outcomes.extend(gaps(limits, facts));
    if let Some(limit) = limits.new_loss_makers {
        outcomes.push(loss_makers(limit, statement, facts.before));
    }
    outcomes.extend(days(limits, facts));
    outcomes.extend(totals(limits, statement));
    outcomes
}

fn outcome(gate: &'static str, limit: Figure, verdict: Verdict) -> Outcome {
    Outcome {
        gate,
        about: None,
        limit,
        found: None,
        by: None,
        verdict,
        detail: String::new(),
    }
}

/// The first names of a list.
fn some(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES);
    let mut text = names[..names.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// Gross margin of the total, which must not be below the limit.
fn margin(limit: Exact, statement: &Statement) -> Outcome {
    let gate = outcome("min_margin", Figure::Ratio(limit), Verdict::Tripped);
    let totals = &statement.totals;
    let Some(revenue) = totals.revenue.filter(Exact::is_positive) else {
        return Outcome {
            detail: "without revenue there is no margin".into(),
            ..gate
        };
    };
    let profit = revenue - totals.cost;
    let found = Exact::ratio(profit, revenue, RATIO);
    let short = profit < limit * revenue;
    let by = Exact::ratio(limit * revenue - profit, revenue, RATIO);
    Outcome {
        found: found.map(Figure::Ratio),
        by: by.filter(|_| short).map(Figure::Ratio),
        verdict: verdict(!short),
        ..gate
    }
}

fn verdict(passed: bool) -> Verdict {
    match passed {
        true => Verdict::Passed,
        false => Verdict::Tripped,
    }
}

/// A part of a whole, which must not be above the limit, whatever the sign of the part.
fn share(
    (gate, about): (&'static str, Option<&str>),
    limit: Exact,
    (part, whole): (Exact, Option<Exact>),
    detail: String,
) -> Outcome {
    let gate = Outcome {
        about: about.map(str::to_string),
        ..outcome(gate, Figure::Ratio(limit), Verdict::Tripped)
    };
    let part = part.abs();
    if part.is_zero() {
        return Outcome {
            found: Some(Figure::Ratio(Exact::ZERO)),
            verdict: Verdict::Passed,
            ..gate
        };
    }
    let Some(whole) = whole.filter(|whole| !whole.is_zero()) else {
        return Outcome {
            detail: format!("{part} of a total of nothing; {detail}"),
            ..gate
        };
    };
    let whole = whole.abs();
    let passed = part <= limit * whole;
    let by = Exact::ratio(part - limit * whole, whole, RATIO);
    Outcome {
        found: Exact::ratio(part, whole, RATIO).map(Figure::Ratio),
        by: by.filter(|_| !passed).map(Figure::Ratio),
        verdict: verdict(passed),
        detail,
        ..gate
    }
}

/// Money at ids without a customer: revenue and cost apart.
fn unmapped(limit: Exact, statement: &Statement) -> [Outcome; 2] {
    let list = &statement.unmapped;
    let names = |with: &dyn Fn(&crate::margin::Unmapped) -> Exact| {
        let these = list.iter().filter(|entry| !with(entry).is_zero());
        some(these.map(|e| format!("{}:{}", e.source, e.id)).collect())
    };
    let totals = &statement.totals;
    let (revenue, cost) = (
        list.iter().map(|entry| entry.revenue.abs()).sum(),
        list.iter().map(|entry| entry.cost.abs()).sum(),
    );
    [
        share(
            ("max_unmapped", Some("revenue")),
            limit,
            (revenue, totals.revenue),
            names(&|entry| entry.revenue),
        ),
        share(
            ("max_unmapped", Some("cost")),
            limit,
            (cost, Some(totals.cost)),
            names(&|entry| entry.cost),
        ),
    ]
}

/// A number of names, of which only so many are allowed.
fn at_most(gate: &'static str, limit: u64, names: Vec<String>) -> Outcome {
    let found = names.len() as u64;
    let over = found.checked_sub(limit).filter(|over| *over > 0);
    Outcome {
        found: Some(Figure::Count(found)),
        by: over.map(Figure::Count),
        detail: some(names),
        ..outcome(gate, Figure::Count(limit), verdict(over.is_none()))
    }
}

/// Billed against computed cost, provider by provider.
fn gaps(limits: &Limits, facts: &Facts<'_>) -> Vec<Outcome> {
    let group = |provider: &str| {
        let mut groups = facts.gaps.into_iter().flatten();
        groups.find(|group| name(group) == provider)
    };
    let gate = |provider: &str, limit: Exact, verdict: Verdict, detail: &str| Outcome {
        about: Some(provider.to_string()),
        detail: detail.to_string(),
        ..outcome("max_gap", Figure::Ratio(limit), verdict)
    };
    let gap = |group: &Group, limit: Exact| {
        let mut causes: Vec<_> = group.causes.iter().collect();
        causes.sort_by_key(|(cause, amount)| (std::cmp::Reverse(amount.abs()), **cause));
        let causes = causes.iter().map(|(cause, _)| cause.words().to_string());
        share(
            ("max_gap", Some(name(group))),
            limit,
            (group.gap(), Some(group.billed)),
            some(causes.collect()),
        )
    };
    let mut outcomes = Vec::new();
    for (provider, limit) in &limits.max_gap_of {
        outcomes.push(match group(provider) {
            Some(group) => gap(group, *limit),
            None => gate(
                provider,
                *limit,
                Verdict::Tripped,
                "no bill and usage to compare",
            ),
        });
    }
    let Some(limit) = limits.max_gap else {
        return outcomes;
    };
    let Some(groups) = facts.gaps else {
        let detail = "a bill and a usage log or usage export are needed";
        let nothing = outcome("max_gap", Figure::Ratio(limit), Verdict::Tripped);
        outcomes.push(Outcome {
            detail: detail.into(),
            ..nothing
        });
        return outcomes;
    };
    for group in groups {
        let provider = name(group);
        if limits.max_gap_of.contains_key(provider) {
            continue;
        }
        outcomes.push(match facts.used.contains(provider) {
            true => gap(group, limit),
            false => gate(
                provider,
                limit,
                Verdict::NotCompared,
                "no usage of this provider",
            ),
        });
    }
    outcomes
}

fn name(group: &Group) -> &str {
    let label = group.labels.first().and_then(Option::as_deref);
    label.unwrap_or("unstated")
}

/// Customers with a proven loss, those that had one before left out.
fn loss_makers(limit: u64, statement: &Statement, before: Option<&Before>) -> Outcome {
    let Some(before) = before else {
        return Outcome {
            detail: "nothing to compare with".into(),
            ..outcome("new_loss_makers", Figure::Count(limit), Verdict::Tripped)
        };
    };
    let new = losing(statement).filter(|customer| !before.losing.contains(*customer));
    let found = at_most("new_loss_makers", limit, new.map(str::to_string).collect());
    let since = match before.has_cost {
        true => format!("since {}", before.title),
        false => format!("{} has no cost, so every one is new", before.title),
    };
    Outcome {
        detail: match found.detail.as_str() {
            "" => since,
            names => format!("{names}; {since}"),
        },
        ..found
    }
}

/// The customers with a proven loss.
pub fn losing(statement: &Statement) -> impl Iterator<Item = &str> {
    let rows = statement.rows.iter();
    rows.filter(|row| row.kind == RowKind::Customer && row.verdict() == Some(Loss::ProvenLoss))
        .filter_map(|row| row.labels.first())
        .map(|label| &**label)
}

/// What logs and bills say nothing for.
fn days(limits: &Limits, facts: &Facts<'_>) -> Vec<Outcome> {
    let days = facts.days;
    let mut outcomes = Vec::new();
    let mut add = |gate: &'static str, about: &str, limit: u64, found: u64, detail: String| {
        let over = found.checked_sub(limit).filter(|over| *over > 0);
        outcomes.push(Outcome {
            about: Some(about.to_string()),
            found: Some(Figure::Days(found)),
            by: over.map(Figure::Days),
            detail,
            ..outcome(gate, Figure::Days(limit), verdict(over.is_none()))
        });
    };
    for source in &days.sources {
        let (stale, last) = days.stale(source);
        let known = last.map_or("nothing known".to_string(), |day| format!("last day {day}"));
        if let Some(limit) = limits.max_stale_days {
            add("max_stale_days", &source.name, limit, stale, known.clone());
        }
        if let Some(limit) = limits.max_missing_days {
            let missing = days.missing(source);
            let names = missing.iter().map(ToString::to_string).collect();
            let count = missing.len() as u64;
            add("max_missing_days", &source.name, limit, count, some(names));
        }
        if limits.final_bills && source.is_bill {
            let detail = match days.is_over() {
                true => known,
                false => format!("{known}; the period is not over"),
            };
            add(
                "require_final",
                &source.name,
                0,
                days.to_come(source),
                detail,
            );
        }
    }
    let open = days.sources.iter().filter(|source| source.not_final > 0);
    for source in open.filter(|_| limits.final_bills) {
        let count = source.not_final;
        outcomes.push(Outcome {
            about: Some(source.name.clone()),
            found: Some(Figure::Count(count)),
            by: Some(Figure::Count(count)),
            detail: "lines of the bill have no invoice yet".to_string(),
            ..outcome("require_final", Figure::Count(0), Verdict::Tripped)
        });
    }
    let none = |gate, limit: u64, detail: &str| Outcome {
        detail: detail.to_string(),
        ..outcome(gate, Figure::Days(limit), Verdict::Tripped)
    };
    if days.sources.is_empty() {
        let nothing = "no log and no bill";
        outcomes.extend(
            limits
                .max_stale_days
                .map(|n| none("max_stale_days", n, nothing)),
        );
        outcomes.extend(
            limits
                .max_missing_days
                .map(|n| none("max_missing_days", n, nothing)),
        );
    }
    if limits.final_bills && !days.sources.iter().any(|source| source.is_bill) {
        outcomes.push(none("require_final", 0, "no bill"));
    }
    outcomes
}

/// Control totals.
fn totals(limits: &Limits, statement: &Statement) -> Vec<Outcome> {
    let same = |gate, about: Option<&str>, expected: Exact, found: Exact| Outcome {
        about: about.map(str::to_string),
        found: Some(Figure::Money(found)),
        by: Some(found - expected)
            .filter(|difference| !difference.is_zero())
            .map(Figure::Money),
        ..outcome(gate, Figure::Money(expected), verdict(found == expected))
    };
    let bills = limits.expect_bill.iter().map(|(provider, expected)| {
        let found = statement.billed(provider);
        same("expect_bill", Some(provider), *expected, found)
    });
    let mut outcomes: Vec<Outcome> = bills.collect();
    outcomes.extend(
        limits
            .expect_revenue
            .map(|expected| same("expect_revenue", None, expected, statement.earned())),
    );
    outcomes
}
