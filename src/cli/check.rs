//! `tanso check`: gates of the project file and of options. Exit 1 if one tripped.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::{OutputFormat, Shared};
use super::check_args::CheckArgs;
use super::check_limits::limits;
use super::project::Project;
use super::render::{finish, outputs, places, render_table};
use super::run::Run;
use super::{Console, Ended, ci};
use crate::formats::Kind;
use crate::gate::{Before, Days, Facts, Source, judge, losing};
use crate::margin::Dimension;
use crate::model::{Day, Exact, Instant, Period};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::reconcile::{Group, grouped, reconcile};
use crate::report::check::{document, table, tripped_first};
use crate::report::margin::footer::{bill_line, revenue_lines};
use crate::report::{figures, json, jsonl};

/// Runs the command.
///
/// # Errors
/// Every problem found. A gate that trips is none.
pub fn run(args: &CheckArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    if !shared.filters.is_empty() {
        let problem = Problem::new(&catalogue::BAD_OPTION, "a check is of everything");
        return Err(problem.help("leave out --where").into());
    }
    let run = Run::prepare(shared, &[])?;
    let limits = limits(args, run.project.as_ref())?;
    let statement = run.statement(&[Dimension::Customer], &[]);
    run.some_fact(&[], &statement)?;
    let before = match limits.new_loss_makers {
        Some(_) => Some(before(args, &run)?),
        None => None,
    };
    let gaps = gaps(&run);
    let used = run.books.usage.iter();
    let used: BTreeSet<String> = used
        .filter_map(|c| c.provider.clone().map(|p| p.to_string()))
        .collect();
    let facts = Facts {
        statement: &statement,
        gaps: gaps.as_deref(),
        used: &used,
        days: &days(&run, as_of(args)?),
        before: before.as_ref(),
    };
    let outcomes = tripped_first(judge(&limits, &facts));
    let header = run.header(shared, &statement);
    let decimals = run.currency.decimals();
    let money = |amount: Exact| figures::grouped(&amount.to_fixed(decimals));
    let mut below = Vec::new();
    below.extend(bill_line(&statement, decimals));
    below.extend(revenue_lines(&statement, &money));
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(
                &document::document(&outcomes, &statement, &header),
                &mut bytes,
            ),
            OutputFormat::Jsonl => jsonl::write(document::rows(&outcomes), &mut bytes),
            table_like => {
                let places = places(shared, format, decimals)?;
                let table = table::table(&outcomes, &header, places, below.clone());
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the outcome of the gates: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let mut outputs = outputs(shared, &mut render)?;
    outputs.read.extend(against(args, &run));
    let ended = finish(shared, &run, &header, outputs, console)?;
    let summary = table::table(&outcomes, &header, Some(decimals), below);
    ci::tell(&outcomes, &summary, console)?;
    match outcomes.iter().any(|outcome| outcome.tripped()) {
        true => Ok(Ended::Finding),
        false => Ok(ended),
    }
}

/// The day of the check.
fn as_of(args: &CheckArgs) -> Result<Option<Day>, Problem> {
    let Some(text) = &args.as_of else {
        return Ok(None);
    };
    Day::parse(text).map(Some).ok_or_else(|| {
        Problem::new(&catalogue::BAD_OPTION, "--as-of is not understood")
            .excerpt(text.clone())
            .help("write a day such as 2026-10-31")
    })
}

/// Bill against log by provider; `None` without a bill or anything to compute from.
fn gaps(run: &Run) -> Option<Vec<Group>> {
    let logged = run.books.has(Kind::Usage) || run.books.has(Kind::ProviderUsage);
    if !logged || !run.books.has(Kind::Bill) {
        return None;
    }
    let found = reconcile(&run.comparison(), &run.pricing);
    Some(grouped(&found.entries, |entry| {
        vec![entry.provider.clone()]
    }))
}

/// The days that the log and every provider's bills speak for.
fn days(run: &Run, as_of: Option<Day>) -> Days {
    let mut sources = Vec::new();
    if run.books.has(Kind::Usage) || run.books.has(Kind::ProviderUsage) {
        sources.push(Source {
            name: "usage".into(),
            is_bill: false,
            days: run.books.usage.iter().map(|cell| cell.day).collect(),
            not_final: 0,
        });
    }
    let covers = &run.books.covers;
    let providers: BTreeSet<Option<&str>> = covers.iter().map(|c| c.provider.as_deref()).collect();
    for provider in providers {
        let mut days = BTreeSet::new();
        for cover in covers.iter().filter(|c| c.provider.as_deref() == provider) {
            let end = Instant(cover.end.0 - 1).utc_day();
            let mut day = cover.start.utc_day();
            while day <= end {
                days.insert(day);
                day = day.plus(1);
            }
        }
        let of = |(one, day): &(&str, Day)| Some(*one) == provider && run.period.contains(*day);
        let open = run.books.not_final.iter().filter(|(key, _)| of(key));
        sources.push(Source {
            not_final: open.map(|(_, count)| *count).sum(),
            name: format!("bill {}", provider.unwrap_or("(provider not stated)")),
            is_bill: true,
            days,
        });
    }
    Days {
        period: run.period,
        as_of,
        sources,
    }
}

/// The saved report that says who lost money before.
fn against(args: &CheckArgs, run: &Run) -> Option<PathBuf> {
    let named = |project: &Project| Some(project.folder.join(project.gate.against.as_ref()?));
    let of_project = || run.project.as_ref().and_then(named);
    args.against.clone().or_else(of_project)
}

/// Who lost money before: by a saved report, else in the period before in the same files.
fn before(args: &CheckArgs, run: &Run) -> Result<Before, Problems> {
    if let Some(path) = against(args, run) {
        return saved(&path, run);
    }
    let period = period_before(run.period);
    let shared = Shared {
        month: None,
        from: Some(period.start.to_string()),
        to: Some(period.end.to_string()),
        ..args.shared.clone()
    };
    let earlier = Run::prepare(&shared, &[])?;
    let statement = earlier.statement(&[Dimension::Customer], &[]);
    Ok(Before {
        title: period.title(),
        losing: losing(&statement).map(str::to_string).collect(),
        has_cost: !statement.totals.cost.is_zero(),
    })
}

/// A saved report, whose days end before those of the run begin.
fn saved(path: &Path, run: &Run) -> Result<Before, Problems> {
    let saved = super::diff::read(path)?;
    let shown = path.display();
    let period = super::diff::period(&saved, &shown.to_string())?;
    if period.end > run.period.start {
        let message = format!(
            "the report is of {}, which is not before {}",
            period.title(),
            run.period.title()
        );
        let problem = Problem::new(&catalogue::WRONG_KIND, message);
        return Err(problem
            .at(Place::file(&shown.to_string().into()))
            .help("compare with a report of an earlier time: --against margin-2026-09.json")
            .into());
    }
    let losing = saved
        .rows
        .iter()
        .filter(|row| row.kind == "customer" && row.verdict.as_deref() == Some("proven_loss"));
    Ok(Before {
        losing: losing.filter_map(|row| row.customer.clone()).collect(),
        title: format!("{} in {shown}", saved.title()),
        has_cost: saved.totals.has_cost(),
    })
}

/// As many months before, where the period is whole months; else as many days.
fn period_before(period: Period) -> Period {
    let (first, end) = (period.start.month(), period.end.month());
    if period.start == first.first_day() && period.end == end.first_day() {
        let months = period.months().count() as i32;
        return Period {
            start: first.plus(-months).first_day(),
            end: period.start,
        };
    }
    Period {
        start: period.start.plus(period.start.0 - period.end.0),
        end: period.start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_before_has_as_many_months_or_days() {
        let of = |start: &str, end: &str| {
            let day = |text| Day::parse(text).unwrap();
            let before = period_before(Period {
                start: day(start),
                end: day(end),
            });
            format!("{} {}", before.start, before.end)
        };
        assert_eq!(of("2026-03-01", "2026-04-01"), "2026-02-01 2026-03-01");
        assert_eq!(of("2026-01-01", "2026-04-01"), "2025-10-01 2026-01-01");
        assert_eq!(of("2026-03-05", "2026-03-12"), "2026-02-26 2026-03-05");
    }
}
