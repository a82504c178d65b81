//! `tanso simulate`: what a new plan price would do.

use std::collections::BTreeMap;

use super::args::{OutputFormat, SimulateArgs};
use super::controls;
use super::project::{PlanEntry, Project, percent};
use super::report::{finish, outputs, places, render_table};
use super::run::Run;
use super::{Console, Ended};
use crate::margin::Dimension;
use crate::model::Exact;
use crate::problem::{Note, Problem, Problems, catalogue};
use crate::report::simulation::{document, table};
use crate::report::{json, jsonl};
use crate::revenue::plans::{PlanPrice, listed, of_subscriptions};
use crate::simulate::{NewPrice, NoEffect, PlanChange, Scenario, Unresolved, World, simulate};

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &SimulateArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    let changes: Vec<PlanChange> = args
        .plan
        .iter()
        .map(|text| change(text))
        .collect::<Result<_, _>>()?;
    // A plan may have one price per month and one per year; a percentage is both.
    let clash = |a: &PlanChange, b: &PlanChange| {
        let same = matches!(
            (a.price, b.price),
            (NewPrice::Month(_), NewPrice::Month(_)) | (NewPrice::Year(_), NewPrice::Year(_))
        );
        let factor = [a, b].map(|change| matches!(change.price, NewPrice::Factor(_)));
        a.plan == b.plan && (same || factor.contains(&true))
    };
    let mut rest = changes.as_slice();
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|other| clash(first, other)) {
            let message = format!("the plan {:?} is given two prices", first.plan);
            return Err(Problem::new(&catalogue::BAD_OPTION, message).into());
        }
        rest = others;
    }
    let run = Run::prepare(shared, &[])?;
    if run.revenue.is_empty() {
        let message = "a simulation changes the prices of invoices, and no revenue file was read";
        return Err(Problems::from(
            Problem::new(&catalogue::WRONG_KIND, message).help(
                "pass Stripe's invoices.csv or unified_payments.csv, or a revenue table with customer_id, period_start, period_end, amount and currency",
            ),
        ));
    }
    let by = [Dimension::Customer];
    let filters = run.filters(&shared.filters)?;
    // A price belongs to customers, not to days or models.
    if let Some(filter) = filters
        .iter()
        .find(|filter| !filter.dimension.is_of_party())
    {
        let message = format!(
            "a simulation cannot be limited by {}",
            filter.dimension.name()
        );
        return Err(Problems::from(
            Problem::new(&catalogue::BAD_OPTION, message)
                .help("limit it by customer, plan, segment or another attribute of the mapping"),
        ));
    }
    let statement = run.statement(&by, &filters);
    run.some_fact(&filters, &statement)?;
    run.some_row(&filters, &statement)?;
    controls::expectations(shared, &statement)?;
    let mut header = run.header(shared, &statement);
    let prices = prices(&run)?;
    let scenario = Scenario {
        name: args.plan.join(" "),
        changes,
    };
    let world = World {
        statement: &statement,
        filters: &filters,
        book: &run.revenue,
        identity: &run.identity,
        prices: &prices,
        subscriptions: &of_subscriptions(&run.books.records),
        zone: run.zone,
    };
    let outcome =
        simulate(world, &scenario).map_err(|why| Problems::from(unresolved(why, &prices)))?;
    for change in &outcome.no_effect {
        let text = no_effect(change, &run.period.title());
        header.notes.push(Note::new(&catalogue::NO_EFFECT, text));
    }
    if outcome.assumed_recurring > 0 {
        let text = format!(
            "invoices that do not tell recurring lines from others, re-priced whole: {}",
            outcome.assumed_recurring
        );
        header
            .notes
            .push(Note::new(&catalogue::RECURRING_ASSUMED, text));
    }
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(
                &document::document(&outcome, &run.identity, &header, places),
                &mut bytes,
            ),
            OutputFormat::Jsonl => jsonl::write(
                document::rows(&outcome, &run.identity, &header, places),
                &mut bytes,
            ),
            table_like => {
                let fold = matches!(table_like, OutputFormat::Table | OutputFormat::Md);
                let table = table::table(&outcome, &run.identity, &header, places, fold);
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_WRITE,
                format!("cannot write the simulation: {error}"),
            )
        })?;
        Ok(bytes)
    };
    let outputs = outputs(shared, &mut render)?;
    finish(shared, &run, &header, outputs, console)
}

/// `pro=149`, `pro=149/month`, `pro=1490/year`, `pro=+10%`.
fn change(text: &str) -> Result<PlanChange, Problem> {
    let bad = |why: &str| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("--plan is not understood: {why}"),
        )
        .excerpt(text)
        .help("write --plan pro=149, pro=1490/year or pro=+10%")
    };
    let (plan, price) = text.split_once('=').ok_or_else(|| bad("no equals sign"))?;
    let (plan, price) = (plan.trim(), price.trim());
    if plan.is_empty() {
        return Err(bad("no plan before the equals sign"));
    }
    let price = match price.strip_suffix('%') {
        Some(_) => {
            let ratio = percent(price).ok_or_else(|| bad("no percentage"))?;
            let factor = Exact::ONE + ratio;
            if factor.is_negative() {
                return Err(bad("a price cannot fall by more than 100 %"));
            }
            NewPrice::Factor(factor)
        }
        None => amount(price).map_err(|why: String| bad(why.as_str()))?,
    };
    Ok(PlanChange {
        plan: plan.to_string(),
        price,
    })
}

fn amount(text: &str) -> Result<NewPrice, String> {
    let (number, interval) = text.split_once('/').unwrap_or((text, "month"));
    let number = Exact::parse(number.trim())
        .map_err(|why| format!("the price is no number: {}", why.reason()))?;
    if number.is_negative() {
        return Err("a price cannot be negative".into());
    }
    match interval.trim() {
        "month" | "mo" => Ok(NewPrice::Month(number)),
        "year" | "yr" => Ok(NewPrice::Year(number)),
        other => Err(format!("{other:?} is neither month nor year")),
    }
}

/// What plans cost now: the project file, else the price list.
fn prices(run: &Run) -> Result<BTreeMap<String, PlanPrice>, Problem> {
    let mut prices = listed(&run.books.records);
    let Some(project) = &run.project else {
        return Ok(prices);
    };
    for (name, entry) in &project.plan {
        let price = prices.entry(name.clone()).or_default();
        stated(project, name, entry, price)?;
    }
    Ok(prices)
}

/// Refuses prices of plans that are not understood, in every command.
///
/// # Errors
/// The first such price, with its line.
pub fn check_prices(project: &Project) -> Result<(), Problem> {
    for (name, entry) in &project.plan {
        stated(project, name, entry, &mut PlanPrice::default())?;
    }
    Ok(())
}

fn stated(
    project: &Project,
    name: &str,
    entry: &PlanEntry,
    price: &mut PlanPrice,
) -> Result<(), Problem> {
    let read = |key: &str, text: &str| {
        amount(text).map_err(|why| {
            project
                .fault(
                    &format!("[plan.{name}]"),
                    key,
                    text,
                    format!("plan.{name}.{key} is not understood: {why}"),
                )
                .help("write a plain number, price = \"99\", or a price per year, price = \"990/year\"")
        })
    };
    if let Some(text) = &entry.price {
        match read("price", text)? {
            NewPrice::Year(year) => price.year = Some(year),
            NewPrice::Month(month) => price.month = Some(month),
            NewPrice::Factor(_) => {}
        }
    }
    if let Some(text) = &entry.yearly_price {
        let text = if text.contains('/') {
            text.clone()
        } else {
            format!("{text}/year")
        };
        if let NewPrice::Year(year) = read("yearly_price", &text)? {
            price.year = Some(year);
        }
    }
    Ok(())
}

/// Why a change touches nothing, and what to write instead.
fn no_effect(no_effect: &NoEffect, period: &str) -> String {
    let plan = &no_effect.change.plan;
    if no_effect.shorter > 0 {
        return format!(
            "the new price of {plan} is per year, but no invoice of it in {period} is yearly: {} keep their price; to change those write a price per month, --plan {plan}=AMOUNT/month, or a percentage, --plan {plan}=+10%",
            no_effect.shorter
        );
    }
    format!(
        "no recurring invoice of {period} is on the plan {plan}, so its new price changes nothing; tanso report --by plan,month shows the months that have some, choose one with --month"
    )
}

fn unresolved(why: Unresolved, prices: &BTreeMap<String, PlanPrice>) -> Problem {
    let folded = |name: &str| name.to_lowercase();
    match why {
        Unresolved::NoSuchPlan(plan, known) => {
            let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
            Problem::new(&catalogue::NO_SUCH_PLAN, format!("no customer is on the plan {plan:?}")).help(format!(
                "plans found: {known}; names are compared letter by letter; plans come from the plan column of the mapping or revenue file, or from Stripe's subscriptions.csv with prices.csv"
            ))
        }
        Unresolved::NoPrice(plan) => Problem::new(
            &catalogue::NO_PLAN_PRICE,
            format!("what the plan {plan:?} costs now is in no file"),
        )
        .help(match prices.keys().find(|name| folded(name) == folded(&plan)) {
            Some(other) => format!("a price is known for {other:?}: names are compared letter by letter, so write both alike"),
            None => format!("write [plan.{plan}] price = \"99\" into tanso.toml, pass Stripe's prices.csv, or say --plan {plan}=+10%"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_people_write_them() {
        let price = |text| change(text).unwrap().price;
        assert_eq!(price("pro=149"), NewPrice::Month(Exact::from(149u64)));
        assert_eq!(
            price("pro = 149/month"),
            NewPrice::Month(Exact::from(149u64))
        );
        assert_eq!(price("pro=1490/year"), NewPrice::Year(Exact::from(1490u64)));
        assert_eq!(
            price("pro=+10%"),
            NewPrice::Factor(Exact::parse("1.1").unwrap())
        );
        assert_eq!(
            price("pro=-5%"),
            NewPrice::Factor(Exact::parse("0.95").unwrap())
        );
        for text in [
            "pro",
            "=5",
            "pro=x",
            "pro=1/week",
            "pro=-5",
            "pro=-101%",
            "pro=$5",
        ] {
            assert!(change(text).is_err(), "{text}");
        }
    }
}
