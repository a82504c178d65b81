//! One hidden ledger, written as every export of revenue that the program reads: the same business
//! must come out of all of them, but for what an export lacks, and that is worked out here.
//!
//! `business` invents the ledger, `truth` knows what it earned, `dashboard` and `tables` write the
//! exports, `equal` compares, `oracle` holds the program to a second implementation in Python, and
//! `bad` spoils the exports.

mod bad;
mod business;
mod dashboard;
mod dates;
mod equal;
mod oracle;
mod tables;
mod truth;

use std::ops::RangeInclusive;
use std::path::Path;

use serde_json::Value;

use crate::support::{Run, put, tanso};
use tables::File;
use truth::Months;

/// The seeds of a test: its own few, or those that `TANSO_SEEDS=1..5000` names.
fn seeds(own: RangeInclusive<u64>) -> RangeInclusive<u64> {
    let Ok(text) = std::env::var("TANSO_SEEDS") else {
        return own;
    };
    let (first, last) = text.split_once("..").expect("TANSO_SEEDS is first..last");
    first.parse().unwrap()..=last.parse().unwrap()
}

/// Runs `tanso report` over files in a folder of their own.
fn report(folder: &Path, files: &[File], options: &[&str]) -> Run {
    // A ledger may have nothing but free months.
    let mut arguments = vec![
        "report".to_string(),
        "--no-config".into(),
        "--format=json".into(),
        "--allow-empty".into(),
    ];
    arguments.extend(options.iter().map(ToString::to_string));
    arguments.extend(files.iter().map(|(name, text)| put(folder, name, text)));
    tanso(&arguments)
}

/// An exact number of the program in minor units.
fn minor(text: &str, places: usize) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= places, "{text} is finer than a minor unit");
    let digits = format!("{whole}{part}{}", "0".repeat(places - part.len()));
    digits.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// The revenue of a report by customer and month, without zeros.
fn months(document: &Value, places: usize) -> Months {
    let rows = document["rows"]
        .as_array()
        .expect("a report has rows")
        .iter();
    let mut months = Months::new();
    for row in rows {
        let amount = minor(row["revenue"].as_str().unwrap(), places);
        let customer = row["customer"].as_str().unwrap();
        let customer = customer.rsplit(':').next().unwrap();
        if amount != 0 {
            let month = row["month"].as_str().unwrap();
            *months
                .entry((customer.to_string(), month.to_string()))
                .or_default() += amount;
        }
    }
    months
}

/// Where two of them differ, told with what each says.
fn differences(expected: &Months, found: &Months) -> Vec<String> {
    let keys: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let of = |months: &Months, key| months.get(key).copied().unwrap_or_default();
    let differ = keys
        .into_iter()
        .filter(|key| of(expected, key) != of(found, key));
    let tell = differ.map(|key| {
        let (expected, found) = (of(expected, key), of(found, key));
        format!("{} {}: ledger {expected}, program {found}", key.0, key.1)
    });
    tell.collect()
}

/// Every tie of a report closes.
fn ties(document: &Value) -> bool {
    let ties = document["tie"]["revenue"].as_array().unwrap();
    ties.iter().all(|tie| tie["difference"] == "0")
}
