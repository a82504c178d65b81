//! `tanso leaks`: customers and features that get worse, since when, how sure, why, and what to do.

use std::collections::BTreeMap;

use super::again::again_for;
use super::args::{LeaksArgs, OutputFormat};
use super::percent::percent;
use super::render::{finish, outputs, places, render_table};
use super::run::Run;
use super::{Console, Ended, controls, leaks_acks, leaks_bench};
use crate::attribution::{CostFact, tier_word};
use crate::identity::PartyId;
use crate::leaks::{Ground, acks, plans, rules, search};
use crate::margin::{Dimension, Filter, party};
use crate::model::{Day, Exact, Meter, Period, UsageCell};
use crate::problem::{Problem, Problems, catalogue};
use crate::reconcile::{Asked, PriceList};
use crate::report::figures;
use crate::report::leaks::table::Layout;
use crate::report::leaks::{Leaks, document, table, words};
use crate::report::margin::footer::{bill_line, revenue_lines};
use crate::report::{json, jsonl};
use crate::revenue::Basis;
use crate::simulate::renewals;

/// Renewals within so many days of the last one are told.
const NEAR: i32 = 60;

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &LeaksArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    if args.bench {
        return leaks_bench::run(args, console);
    }
    let least = amount(&args.min_money, "--min-money")?;
    let share = share(&args.false_discoveries)?;
    // Features and failed requests must be told apart from the start.
    let run = Run::prepare_apart(shared, &["feature".to_string()], true)?;
    let ack_file = leaks_acks::file(args, run.project.as_ref());
    let acks = match &ack_file {
        Some(path) => leaks_acks::read(path)?,
        None => Vec::new(),
    };
    let filters = filters(&run, &shared.filters)?;
    let statement = run.statement(&[Dimension::Customer], &[]);
    run.some_fact(&[], &statement)?;
    if !filters.is_empty() {
        run.some_row(&filters, &run.statement(&[Dimension::Customer], &filters))?;
    }
    controls::expectations(shared, &statement)?;
    let watched = watched(&run);
    let (revenue, no_revenue) = match why_no_revenue(&run, &filters) {
        None => (Some(revenue(&run, &filters, watched)), None),
        Some(why) => (None, Some(why)),
    };
    let ground = Ground {
        identity: &run.identity,
        period: watched,
        usage: &run.books.usage,
        filters: &filters,
        revenue,
        list: &|cell, meter| list_price(&run, cell, meter),
    };
    let costs = |sink: &mut dyn FnMut(&CostFact<'_>)| {
        run.costs_in_detail(sink);
    };
    let found = search(
        &ground,
        &rules(least, share, args.min_requests),
        least,
        &costs,
    );
    let id = |finding: &_| words::id(finding, &run.identity);
    let (findings, silent, idle_acks) = acks::silence(found.findings, &acks, &id);
    let leaks = Leaks {
        identity: &run.identity,
        watched,
        findings,
        silent,
        idle_acks,
        plans: plans::plans(&ground, &costs),
        renewals: near(&run),
        series: found.series,
        too_short: found.too_short,
        no_revenue,
        least,
        false_discoveries: share,
        again: &|month| again_for(shared, month),
    };
    let header = run.header(shared, &statement);
    let decimals = run.currency.decimals();
    let money = |amount: Exact| figures::grouped(&amount.to_fixed(decimals));
    let mut below: Vec<String> = bill_line(&statement, decimals).into_iter().collect();
    below.extend(revenue_lines(&statement, &money));
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => {
                let document = document::document(&leaks, &statement, &header, args.top);
                json::write(&document, &mut bytes)
            }
            OutputFormat::Jsonl => jsonl::write(document::rows(&leaks, args.top), &mut bytes),
            table_like => {
                let layout = Layout {
                    places: places(shared, format, decimals)?,
                    top: args.top,
                    blocks: to_terminal && console.width().is_some(),
                };
                let table = table::table(&leaks, &header, layout, below.clone());
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the leaks: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let mut outputs = outputs(shared, &mut render)?;
    outputs.read.extend(ack_file);
    finish(shared, &run, &header, outputs, console)
}

/// The least money, which is not negative.
fn amount(text: &str, option: &str) -> Result<Exact, Problem> {
    match Exact::parse(text.trim()) {
        Ok(amount) if !amount.is_negative() => Ok(amount),
        _ => Err(Problem::new(
            &catalogue::BAD_OPTION,
            format!("{option} is not understood"),
        )
        .excerpt(text)
        .help("write an amount per month, such as 10 or 25.50")),
    }
}

fn share(text: &str) -> Result<Exact, Problem> {
    match percent(text) {
        Some(share) if share.is_positive() && share < Exact::ONE => Ok(share),
        _ => Err(Problem::new(
            &catalogue::BAD_OPTION,
            "--false-discoveries is not understood",
        )
        .excerpt(text)
        .help("write a percentage above 0 and below 100, such as 2%")),
    }
}

/// The filters, of which those that a day of a customer can answer are taken.
fn filters(run: &Run, texts: &[String]) -> Result<Vec<Filter>, Problem> {
    let filters = run.filters(texts)?;
    let answerable =
        |filter: &&Filter| filter.dimension.is_of_party() || is_of_usage(&filter.dimension);
    match filters.iter().find(|filter| !answerable(filter)) {
        None => Ok(filters),
        Some(filter) => {
            let name = filter.dimension.name();
            let message = format!("leaks cannot be limited by {name}");
            Err(Problem::new(&catalogue::BAD_OPTION, message).help(
                "limit them by customer, plan or another attribute, feature, provider or model",
            ))
        }
    }
}

fn is_of_usage(dimension: &Dimension) -> bool {
    matches!(
        dimension,
        Dimension::Feature | Dimension::Provider | Dimension::Model
    )
}

/// The days of the period from the first to the last on which there is usage; all of them where
/// there is none.
fn watched(run: &Run) -> Period {
    let days = run.books.usage.iter().map(|cell| cell.day);
    let days = days.filter(|day| run.period.contains(*day));
    let ends = days.fold(None, |ends: Option<(Day, Day)>, day| match ends {
        Some((first, last)) => Some((first.min(day), last.max(day))),
        None => Some((day, day)),
    });
    ends.map_or(run.period, |(first, last)| Period {
        start: first,
        end: last.plus(1),
    })
}

/// Why revenue has no days, if it has none.
fn why_no_revenue(run: &Run, filters: &[Filter]) -> Option<&'static str> {
    if run.revenue.is_empty() {
        return Some("without revenue there are no margins");
    }
    if !matches!(run.revenue.basis, Basis::Recognized | Basis::Mrr) {
        return Some(
            "revenue on this basis comes on single days, so there are no margins: say --revenue recognized",
        );
    }
    let cut = filters.iter().any(|filter| is_of_usage(&filter.dimension));
    cut.then_some("revenue has no feature, provider or model, so there are no margins")
}

/// Revenue by customer and day.
fn revenue(run: &Run, filters: &[Filter], watched: Period) -> BTreeMap<(PartyId, Day), Exact> {
    let mut dimensions = vec![Dimension::Day];
    dimensions.extend(filters.iter().map(|filter| filter.dimension.clone()));
    let cuts = party::all_cuts(&run.identity, &dimensions, watched);
    let mut days: BTreeMap<(PartyId, Day), Exact> = BTreeMap::new();
    run.revenue.facts(watched, &cuts, &mut |fact| {
        *days.entry((fact.party, fact.day)).or_default() += fact.amount;
    });
    days
}

fn list_price(run: &Run, cell: &UsageCell, meter: &Meter) -> Option<Exact> {
    let tier = tier_word(cell.tier.as_deref());
    let listed = run.pricing.price(Asked {
        provider: cell.provider.as_deref(),
        model: cell.model.as_deref()?,
        meter,
        tier: &tier,
        band: cell.band,
        day: cell.utc_day,
    })?;
    Some(listed.price)
}

/// The next renewal of each customer that has one soon.
fn near(run: &Run) -> BTreeMap<PartyId, Day> {
    let end = run.period.end;
    let contracts = run.contracts();
    let next = renewals(&contracts, run.zone.start_of(end));
    let mut near: BTreeMap<PartyId, Day> = BTreeMap::new();
    for contract in contracts {
        let goes_on = contract.renews.is_some() && contract.ends.is_none();
        let day = next.get(&contract.subscription).map(|at| run.zone.day(*at));
        if let Some(day) = day.filter(|day| goes_on && *day < end.plus(NEAR)) {
            let first = near.entry(contract.party).or_insert(day);
            *first = day.min(*first);
        }
    }
    near
}
