//! What plans cost now: the project file, else the price list.

use super::project::{PlanEntry, Project};
use super::run::Run;
use crate::model::Exact;
use crate::problem::Problem;
use crate::revenue::plans::{PlanPrice, listed};
use crate::simulate::{NewPrice, Prices};

/// What plans cost now: the project file, else the price list.
///
/// # Errors
/// A price of the project file that is not understood.
pub fn prices(run: &Run) -> Result<Prices, Problem> {
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
