//! `--save`: the scenario of the options as a file, with what was solved for in it.

use std::path::Path;

use super::simulate_file::{PlanEntry, ScenarioFile};
use crate::model::Exact;
use crate::problem::{Problem, catalogue};
use crate::simulate::{Answer, By};

/// The file and its text.
///
/// # Errors
/// If there are several scenarios, or one that changes nothing.
pub fn saved(
    files: &[ScenarioFile],
    answers: &[Answer],
    path: &Path,
) -> Result<(std::path::PathBuf, Vec<u8>), Problem> {
    let bad = |message: &str, help: &str| Problem::new(&catalogue::BAD_OPTION, message).help(help);
    let [file] = files else {
        return Err(bad(
            "--save writes one scenario, and there are several",
            "leave out --scenario, or save them one by one",
        ));
    };
    let mut file = file.clone();
    for answer in answers {
        if let Some(value) = answer.found.value() {
            answered(&mut file, answer, value);
            let name = file.name.take().unwrap_or_default();
            let question = &answer.question.text;
            file.name = Some(match name.contains(question) {
                true => name,
                false => format!("{name}; {question}"),
            });
        }
    }
    if file.is_empty() {
        return Err(bad(
            "there is no scenario to save: no lever is given, and nothing was solved for",
            "leave out --save, or add a lever such as --plan pro=149",
        ));
    }
    Ok((path.to_path_buf(), file.to_toml()?.into_bytes()))
}

/// Puts an answer into a scenario, in the place of the value that was solved for.
fn answered(file: &mut ScenarioFile, answer: &Answer, value: Exact) {
    let plan = &answer.question.plan;
    let mut entries = file.plan.iter_mut().filter(|entry| entry.plan == *plan);
    let is_yearly = |price: &String| price.contains('/') && !price.contains("/mo");
    let value = value.to_string();
    let place = match &answer.question.by {
        By::Price => entries
            .filter_map(|entry| entry.price.as_mut())
            .find(|price| !is_yearly(price)),
        // The first one with a flat price: above what is included, else beyond the credits.
        By::Overage => entries.find_map(|entry| match entry.overage.is_some() {
            true => entry.overage.as_mut(),
            false => entry.credit_price.as_mut(),
        }),
        By::Cap(_) => entries.find_map(|entry| entry.cap.as_mut()),
    };
    let value = match &answer.question.by {
        By::Cap(measure) => format!("{value} {}", measure.name()),
        By::Price | By::Overage => value,
    };
    match (place, &answer.question.by) {
        (Some(place), _) => *place = value,
        // An overage price is only solved for where there is one.
        (None, By::Overage) => {}
        (None, By::Price) => file.plan.push(PlanEntry {
            plan: plan.clone(),
            price: Some(value),
            ..PlanEntry::default()
        }),
        (None, By::Cap(_)) => file.plan.push(PlanEntry {
            plan: plan.clone(),
            cap: Some(value),
            ..PlanEntry::default()
        }),
    }
}
