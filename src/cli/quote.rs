//! `tanso quote`: what a new deal may cost, going by customers who look alike.

use std::collections::{BTreeMap, BTreeSet};

use super::args::{OutputFormat, Shared};
use super::bad_option::bad;
use super::controls;
use super::quote_args::QuoteArgs;
use super::quote_deal;
use super::quote_notes;
use super::render::{Outputs, finish, outputs, places, render_table};
use super::run::Run;
use super::simulate_flags::nearest;
use super::simulate_problems::bad_seats;
use super::simulate_resolve::{PLANS_COME_FROM, values_of};
use super::{Console, Ended};
use crate::identity::PartyId;
use crate::margin::{Dimension, Filter, Row};
use crate::model::{Exact, Meter, Month};
use crate::problem::{Problem, Problems, catalogue};
use crate::quote::{Choices, Deal, Gathered, LEAST, Seats, gather, quote};
use crate::report::margin::Header;
use crate::report::quote::{Quoted, document, table};
use crate::report::{json, jsonl};
use crate::simulate::Measure;

/// Which customers look alike.
struct Likeness {
    /// Conditions as written.
    texts: Vec<String>,
    /// The least and the most seats.
    size: Option<(Exact, Exact)>,
}

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &QuoteArgs, console: &mut Console) -> Result<Ended, Problems> {
    let (deal, choices) = quote_deal::read(args)?;
    let like = likeness(args)?;
    readable(&like)?;
    let shared = &args.shared;
    let run = Run::prepare(shared, &[])?;
    whole_months(&run)?;
    let filters = run.filters_of_parties(&shared.filters, "a quote")?;
    let statement = run.statement(&[Dimension::Customer], &filters);
    run.some_fact(&filters, &statement)?;
    run.some_row(&filters, &statement)?;
    controls::expectations(shared, &statement)?;
    let measure = Measure::named(args.cap.as_deref().unwrap_or("requests"));
    let crowd = Crowd::of(&run, filters, &deal, &measure);
    if crowd.by_seats || like.size.is_some() {
        countable_seats(&run)?;
    }
    let gathered = crowd.gather(&like)?;
    if gathered.look_alikes.len() < LEAST {
        return Err(too_few(&crowd, &like, &gathered).into());
    }
    let counted = |month: &crate::quote::MonthOf| month.quantity > 0.0;
    let mut months = gathered.look_alikes.iter().flat_map(|one| &one.months);
    if let (Some(name), false) = (&args.cap, months.any(counted)) {
        let message = format!("no look-alike has any usage of the meter {name:?} to cap");
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .help("tanso report --format json lists the meters of the log; --cap tokens counts all tokens")
            .into());
    }
    let choices = Choices {
        places: run.currency.decimals(),
        ..choices
    };
    let answer = quote(&gathered.look_alikes, &deal, &choices);
    let mut header = run.header(shared, &statement);
    let more = quote_notes::notes(&gathered, &answer, &statement, &run);
    header.notes.extend(more);
    let quoted = Quoted {
        like: &args.like,
        deal: &deal,
        choices: &choices,
        measure: measure.name(),
        gathered: &gathered,
        quote: &answer,
    };
    let outputs = print(&quoted, shared, &run, &header, console)?;
    finish(shared, &run, &header, outputs, console)
}

/// Splits `--like` into filters and the band of seats.
fn likeness(args: &QuoteArgs) -> Result<Likeness, Problem> {
    let mut like = Likeness {
        texts: Vec::new(),
        size: None,
    };
    for text in &args.like {
        let band = text.split_once('=').filter(|(name, band)| {
            name.trim().eq_ignore_ascii_case("seats") && band.contains("..")
        });
        match (band, like.size) {
            (None, _) => like.texts.push(text.clone()),
            (Some((_, band)), None) => like.size = Some(quote_deal::band(band)?),
            (Some(_), Some(_)) => {
                let message = "--like gives the number of seats twice";
                return Err(Problem::new(&catalogue::BAD_OPTION, message)
                    .help("write one band: --like seats=100..1000"));
            }
        }
    }
    Ok(like)
}

/// Refuses conditions without an equals sign, in the words of this option.
fn readable(like: &Likeness) -> Result<(), Problem> {
    let odd = like.texts.iter().find(|text| !text.contains('='));
    odd.map_or(Ok(()), |text| {
        let help =
            "write --like segment=enterprise, --like plan=pro,team or --like seats=100..1000";
        Err(bad("--like", text, "there is no equals sign in it", help))
    })
}

/// Refuses seats of the mapping that are no number of seats, as a simulation does.
fn countable_seats(run: &Run) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for party in run.identity.parties() {
        for dated in party.attributes.get("seats").into_iter().flatten() {
            let text = dated.value.trim();
            let counts = Exact::parse(text).is_ok_and(|seats| !seats.is_negative());
            if !text.is_empty() && !counts {
                problems.push(bad_seats(run, &party.key, &dated.value, dated.line));
            }
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems),
    }
}

fn whole_months(run: &Run) -> Result<(), Problem> {
    let starts = |day: crate::model::Day| day == day.month().first_day();
    if starts(run.period.start) && starts(run.period.end) {
        return Ok(());
    }
    let message = format!(
        "a quote goes by whole months, and {} holds a part of one",
        run.period.title()
    );
    Err(Problem::new(&catalogue::SCENARIO, message).help(
        "choose whole months with --month 2026-10, or --from and --to on first days of months",
    ))
}

/// The customers of a run, from whom look-alikes are taken.
struct Crowd<'a> {
    run: &'a Run,
    filters: Vec<Filter>,
    by_seats: bool,
    /// Seats by the only subscription of a customer.
    billed: BTreeMap<PartyId, Exact>,
    measure: &'a Measure,
}

impl<'a> Crowd<'a> {
    fn of(run: &'a Run, filters: Vec<Filter>, deal: &Deal, measure: &'a Measure) -> Crowd<'a> {
        Crowd {
            run,
            filters,
            by_seats: deal.seats.is_some(),
            billed: billed_seats(run),
            measure,
        }
    }

    /// The look-alikes.
    fn gather(&self, like: &Likeness) -> Result<Gathered, Problem> {
        let mut filters = self.filters.clone();
        filters.extend(self.run.filters_of_parties(&like.texts, "a quote")?);
        let by = [Dimension::Customer, Dimension::Month];
        let statement = self.run.statement(&by, &filters);
        let seats = |row: &Row, month: Month| self.seats(row, month);
        let needed = self.by_seats || like.size.is_some();
        let seats: Option<&Seats<'_>> = if needed { Some(&seats) } else { None };
        let quantity = |row: &Row| quantity(row, self.measure);
        let per_seat = self.by_seats;
        Ok(gather(&statement, seats, per_seat, like.size, &quantity))
    }

    /// The seats of a customer in a month: the attribute `seats` of the mapping on its first day, else
    /// those of its only subscription.
    fn seats(&self, row: &Row, month: Month) -> Option<Exact> {
        let party = row.party?;
        let stated = self.run.identity.party(party);
        match stated.attribute_on("seats", month.first_day()) {
            Some(text) => Exact::parse(text.trim()).ok(),
            None => self.billed.get(&party).copied(),
        }
    }
}

/// The quantity of the subscription of each customer that has one only: of several nobody says which
/// counts seats.
fn billed_seats(run: &Run) -> BTreeMap<PartyId, Exact> {
    let quantities: BTreeMap<&str, Exact> = run
        .books
        .records
        .subscriptions
        .iter()
        .map(|sub| (sub.id.as_str(), sub.quantity))
        .collect();
    let mut ids: BTreeMap<PartyId, BTreeSet<&str>> = BTreeMap::new();
    for line in &run.revenue.obligations {
        if let Some(id) = line.subscription.as_deref() {
            ids.entry(line.party).or_default().insert(id);
        }
    }
    let only = ids.into_iter().filter(|(_, ids)| ids.len() == 1);
    only.filter_map(|(party, ids)| Some((party, *quantities.get(ids.first()?)?)))
        .collect()
}

/// What a cap counts in a row.
fn quantity(row: &Row, measure: &Measure) -> Exact {
    if *measure == Measure::Of(Meter::Requests) {
        return row.sums.requests;
    }
    let meters = row.sums.meters.iter();
    let counted = meters.filter(|(meter, _)| measure.counts(meter));
    counted.map(|(_, quantity)| quantity.exact()).sum()
}

/// Too few customers look alike: how many each condition leaves, and what else to do.
fn too_few(crowd: &Crowd<'_>, like: &Likeness, found: &Gathered) -> Problem {
    let count = |like: &Likeness| crowd.gather(like).map(|found| found.look_alikes.len());
    let mut alone = Vec::new();
    for text in &like.texts {
        let one = Likeness {
            texts: vec![text.clone()],
            size: None,
        };
        if let Ok(count) = count(&one) {
            alone.push(format!("{text} alone has {count}"));
        }
    }
    let nobody = Likeness {
        texts: Vec::new(),
        size: None,
    };
    if let Ok(count) = count(&nobody) {
        alone.push(format!("all customers are {count}"));
    }
    let left = quote_notes::left_out(found);
    let message = match found.look_alikes.len() {
        1 => format!("1 look-alike is too few to quote from: at least {LEAST} are needed"),
        some => {
            format!("{some} look-alikes are too few to quote from: at least {LEAST} are needed")
        }
    };
    let why = match left {
        Some(left) => format!("; {left}"),
        None => String::new(),
    };
    Problem::new(&catalogue::LOOK_ALIKES, message).help(format!(
        "loosen --like: {}{why}{}",
        alone.join(", "),
        unknown_values(crowd.run, like)
    ))
}

/// The values of `--like` that no customer has, with the nearest of those that some have.
fn unknown_values(run: &Run, like: &Likeness) -> String {
    let mut text = String::new();
    for (name, values) in like.texts.iter().filter_map(|text| text.split_once('=')) {
        let name = name.trim();
        let known = match name {
            _ if name.ends_with('!') => continue,
            "customer" => run.customers(),
            name => values_of(run, &name.to_lowercase()),
        };
        for value in values.split(',').map(str::trim) {
            if known.contains(value) {
                continue;
            }
            let near = nearest(value, known.iter().map(String::as_str));
            text.push_str(&format!("; no {name} of the files is {value:?}"));
            if !near.is_empty() {
                text.push_str(&format!(", the nearest is {near:?}"));
            }
            if name == "plan" {
                text.push_str(&format!("; {PLANS_COME_FROM}"));
            }
        }
    }
    text
}

/// Renders the quote in every format that was asked for.
fn print(
    quoted: &Quoted<'_>,
    shared: &Shared,
    run: &Run,
    header: &Header,
    console: &mut Console,
) -> Result<Outputs, Problem> {
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        // Figures of statistics are rounded to the minor unit, whatever the precision.
        places(shared, format, run.currency.decimals())?;
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(&document::document(quoted, header), &mut bytes),
            OutputFormat::Jsonl => jsonl::write(document::rows(quoted), &mut bytes),
            table_like => {
                let table = match table_like {
                    OutputFormat::Table | OutputFormat::Md => table::table(quoted, header),
                    _ => table::list(quoted, header),
                };
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the quote: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    outputs(shared, &mut render)
}
