//! `tanso prices reprice`: what the period's usage costs at the prices of its own days, and what it
//! would cost at those of another day or list. Bills and the log's own costs are left aside.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Console, Ended, day, emit, newest};
use crate::attribution::{Pricing, Rates};
use crate::cli::args::{OutputFormat, RepriceArgs};
use crate::cli::price_book;
use crate::cli::render::places;
use crate::cli::run::Run;
use crate::formats::Kind;
use crate::model::{Day, Exact, UsageCell};
use crate::problem::{Note, Problem, Problems, catalogue};
use crate::report::figures::grouped;
use crate::report::rounding::round_to_total;
use crate::report::{Cell, Column, Table};

/// The name of the JSON document.
const SCHEMA: &str = "tanso.repricing/1";
/// Decimals of the ratio.
const RATIO_PLACES: u8 = 16;

/// Provider and model, and whether there is a price on the usage's own day and in the other list.
type Key<'a> = (Option<&'a str>, Option<&'a str>, bool, bool);

#[derive(Default)]
struct Sum {
    requests: Exact,
    units: Exact,
    then: Exact,
    now: Exact,
}

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &RepriceArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    let at = day("--at", args.at.as_deref())?;
    let mut run = Run::prepare(shared, &[])?;
    if !run.books.has(Kind::Usage) {
        let message = "usage is priced anew, and there is no usage log";
        return Err(Problem::new(&catalogue::WRONG_KIND, message)
            .help("pass a usage log; tanso formats FILE tells what a file is")
            .into());
    }
    if !run.pricing.in_dollars {
        let message = format!("prices are in USD, and the report is in {}", run.currency);
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .help("leave --currency out, and pass files in USD or without amounts")
            .into());
    }
    let mut prices = run.pricing.prices.clone();
    let mut notes = std::mem::take(&mut run.price_notes);
    let mut inputs: Vec<PathBuf> = run.specs.iter().map(|spec| spec.path.clone()).collect();
    inputs.extend(shared.prices.clone());
    let mut with = String::new();
    if let Some(path) = &args.with {
        with = format!(", {}", path.display());
        inputs.push(path.clone());
        prices.file = match price_book::named(path)? {
            None => None,
            Some(list) => {
                notes.push(price_book::note(&list, " for the second price"));
                Some((list.name, Arc::new(list.book)))
            }
        };
    }
    let other = Pricing {
        prices,
        in_dollars: true,
        per_dollar: Default::default(),
    };
    let sums = sums(&run, &other, at.unwrap_or_else(newest));
    notes.extend(run.books.notes.iter().cloned());
    notes.extend(unpriced(&run, &sums));
    notes.sort();
    notes.dedup();
    let of = match at {
        Some(at) => format!("prices of {at}"),
        None => "the newest prices".to_string(),
    };
    let title = format!("Usage of {} at {of}{with} · USD", run.period.title());
    let make = |format: OutputFormat| {
        let places = places(shared, format, run.currency.decimals())?;
        Ok(table(&title, &sums, places))
    };
    emit(SCHEMA, &make, &notes, shared, &inputs, console)?;
    let warnings = notes.iter().any(|note| note.warning);
    Ok(match shared.strict && warnings {
        true => Ended::Finding,
        false => Ended::Fine,
    })
}

/// The usage of the period, summed by model and by what has a price.
fn sums<'r>(run: &'r Run, other: &Pricing, at: Day) -> BTreeMap<Key<'r>, Sum> {
    let mut sums: BTreeMap<Key<'r>, Sum> = BTreeMap::new();
    let cells = run.books.usage.iter();
    for cell in cells.filter(|cell| run.period.contains(cell.day)) {
        let then = Rates::on(cell, &run.pricing, cell.utc_day).book_value(cell);
        let now = Rates::on(cell, other, at).book_value(cell);
        let (provider, model) = (cell.provider.as_deref(), cell.model.as_deref());
        let key = (provider, model, then.is_some(), now.is_some());
        let sum = sums.entry(key).or_default();
        sum.requests += cell.requests.exact();
        sum.units += units(cell);
        sum.then += then.unwrap_or_default();
        sum.now += now.unwrap_or_default();
    }
    sums
}

fn units(cell: &UsageCell) -> Exact {
    cell.quantities
        .iter()
        .map(|(_, quantity)| quantity.exact())
        .sum()
}

/// A warning for each model that has no price on one of the two sides.
fn unpriced(run: &Run, sums: &BTreeMap<Key<'_>, Sum>) -> Vec<Note> {
    let mut notes = Vec::new();
    for ((_, model, then, now), sum) in sums
        .iter()
        .filter(|((_, _, then, now), _)| !(*then && *now))
    {
        let name = model.unwrap_or("usage without a model");
        let which = match (then, now) {
            (false, false) => "on its day or in the prices asked for",
            (false, true) => "on its day",
            _ => "in the prices asked for",
        };
        let near = match model {
            Some(model) if !then && !now => run.nearest_models(model),
            _ => Vec::new(),
        };
        let near = match near.is_empty() {
            true => String::new(),
            false => format!("; nearest names in the price book: {}", near.join(", ")),
        };
        let text = format!(
            "{name}: no price {which}, left out of the totals; requests: {}, units: {}{near}",
            grouped(&sum.requests.to_string()),
            grouped(&sum.units.to_string())
        );
        notes.push(Note::new(&catalogue::UNPRICED, text));
    }
    notes
}

fn table(title: &str, sums: &BTreeMap<Key<'_>, Sum>, places: Option<u8>) -> Table {
    let mut rows: Vec<(&Key<'_>, &Sum)> = sums.iter().collect();
    // The largest difference first; what has no price on a side comes last.
    rows.sort_by_key(|((_, _, then, now), sum)| {
        (
            !(*then && *now),
            std::cmp::Reverse((sum.now - sum.then).abs()),
        )
    });
    let both: Vec<&Sum> = rows
        .iter()
        .filter(|((_, _, then, now), _)| *then && *now)
        .map(|(_, sum)| *sum)
        .collect();
    let column = |of: fn(&Sum) -> Exact| {
        let values: Vec<Exact> = both.iter().map(|sum| of(sum)).collect();
        let total: Exact = values.iter().sum();
        match places {
            None => (values, total),
            Some(places) => (round_to_total(&values, total, places), total.round(places)),
        }
    };
    let (then, then_total) = column(|sum| sum.then);
    let (now, now_total) = column(|sum| sum.now);
    let mut cells = Vec::new();
    for (at, ((provider, model, has_then, has_now), sum)) in rows.iter().enumerate() {
        let text = |text: &Option<&str>| Cell::Text(text.unwrap_or_default().to_string());
        let single = |known: bool, amount: Exact| match (known, places) {
            (false, _) => Cell::Empty,
            (true, None) => Cell::Money(amount),
            (true, Some(places)) => Cell::Money(amount.round(places)),
        };
        let mut row = vec![
            text(provider),
            text(model),
            Cell::Quantity(sum.requests),
            Cell::Quantity(sum.units),
        ];
        row.extend(match (then.get(at), now.get(at)) {
            (Some(then), Some(now)) => money(
                *then,
                *now,
                Exact::ratio(sum.now - sum.then, sum.then, RATIO_PLACES),
            ),
            _ => vec![
                single(*has_then, sum.then),
                single(*has_now, sum.now),
                Cell::Empty,
                Cell::Ratio(None),
            ],
        });
        cells.push(row);
    }
    let exact = |of: fn(&Sum) -> Exact| both.iter().map(|sum| of(sum)).sum::<Exact>();
    let (exact_then, exact_now) = (exact(|sum| sum.then), exact(|sum| sum.now));
    let mut totals = vec![
        Cell::Text("Total".into()),
        Cell::Empty,
        Cell::Quantity(exact(|sum| sum.requests)),
        Cell::Quantity(exact(|sum| sum.units)),
    ];
    let change = Exact::ratio(exact_now - exact_then, exact_then, RATIO_PLACES);
    totals.extend(money(then_total, now_total, change));
    Table {
        title: title.to_string(),
        columns: vec![
            Column::text("provider", "Provider").dropped(1),
            Column::text("model", "Model"),
            Column::figures("requests", "Requests").dropped(2),
            Column::figures("units", "Units").dropped(3),
            Column::figures("cost", "Cost"),
            Column::figures("repriced", "Repriced"),
            Column::figures("difference", "Difference"),
            Column::figures("change", "Change"),
        ],
        rows: cells,
        totals: Some(totals),
        footer: vec![
            "Cost is at the price in force on each day of usage; bills and the log's own costs are left aside.".into(),
        ],
        places,
    }
}

fn money(then: Exact, now: Exact, change: Option<Exact>) -> Vec<Cell> {
    vec![
        Cell::Money(then),
        Cell::Money(now),
        Cell::Money(now - then),
        Cell::Ratio(change),
    ]
}
