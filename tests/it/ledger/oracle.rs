//! The program against `tests/oracle/revenue.py`, a second implementation that reads the exports of
//! hidden ledgers by itself: every invoice and month to the minor unit, and deferred revenue.
//!
//! `TANSO_SEEDS=1..5000` tries other seeds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::business::{Ledger, invent};
use super::tables::File;
use super::truth::horizon;
use super::{dashboard, dates, report, seeds, tables};
use crate::support::{put, repository};

/// The day of deferred revenue.
const AS_OF: &str = "2026-04-01";

/// The same ledger with every invoice and every payment without one owed by somebody of its own, so
/// that a report by customer is one by invoice.
fn apart(mut ledger: Ledger) -> Ledger {
    for invoice in &mut ledger.invoices {
        invoice.customer = format!("cus_{}", invoice.id);
    }
    for charge in &mut ledger.charges {
        let of = charge.invoice.as_ref().unwrap_or(&charge.id);
        charge.customer = format!("cus_{of}");
    }
    for note in &mut ledger.notes {
        note.customer = format!("cus_{}", note.invoice);
    }
    ledger.subscriptions.clear();
    ledger
}

fn from_dashboard(ledger: &Ledger) -> Vec<File> {
    vec![
        ("invoices.csv", dashboard::invoices(ledger, true)),
        ("payments.csv", dashboard::payments(ledger, true)),
    ]
}

/// What the program says in the shape of the oracle's answer.
fn found(folder: &Path, files: &[File]) -> Result<Value, String> {
    let (from, to) = horizon();
    let (from, to) = (dates::day_name(from), dates::day_name(to));
    let all = report(
        folder,
        files,
        &["--by=customer,month", "--from", &from, "--to", &to],
    );
    let until = report(folder, files, &["--from", &from, "--to", AS_OF]);
    if all.code != 0 || until.code != 0 {
        return Err(format!("{}{}", all.err, until.err));
    }
    let mut months: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for row in all.json()["rows"].as_array().unwrap() {
        if row["revenue"] != "0" {
            let of = months.entry(row["customer"].as_str().unwrap().to_string());
            let month = row["month"].as_str().unwrap().to_string();
            of.or_default().insert(month, row["revenue"].clone());
        }
    }
    let mut deferred = until.json()["deferred"].clone();
    let deferred_map = deferred.as_object_mut().unwrap();
    assert_eq!(deferred_map.remove("difference").unwrap(), "0");
    assert_eq!(deferred_map.remove("as_of").unwrap(), AS_OF);
    Ok(json!({ "months": months, "deferred": deferred }))
}

fn python(folders: &[String]) -> Vec<Value> {
    let (from, to) = horizon();
    let run = Command::new("python3")
        .arg(repository("tests/oracle/revenue.py"))
        .args(folders)
        .args([
            "--from",
            &dates::month_name(from),
            "--to",
            &dates::month_name(to),
        ])
        .args(["--as-of", AS_OF])
        .output()
        .unwrap_or_else(|why| panic!("the oracle needs python3 3.9 or newer: {why}"));
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let out = String::from_utf8(run.stdout).unwrap();
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn tell(path: &str, oracle: &Value, program: &Value, lines: &mut Vec<String>) {
    if let (Value::Object(a), Value::Object(b)) = (oracle, program) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            tell(&format!("{path} {key}"), &oracle[key], &program[key], lines);
        }
    } else if oracle != program {
        lines.push(format!("{path}: oracle {oracle}, program {program}"));
    }
}

/// Compares both over some ledgers; returns where they differ.
fn compare(seeds: &[u64], files: fn(&Ledger) -> Vec<File>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    let mut ours = Vec::new();
    for seed in seeds {
        let ledger = apart(invent(*seed));
        let own = folder.path().join(seed.to_string());
        std::fs::create_dir(&own).unwrap();
        let files = files(&ledger);
        for (name, text) in &files {
            put(&own, name, text);
        }
        ours.push(found(&own, &files));
        folders.push(own.to_str().unwrap().to_string());
    }
    let theirs = python(&folders);
    assert_eq!(theirs.len(), ours.len());
    let mut wrong = Vec::new();
    for ((seed, ours), theirs) in seeds.iter().zip(ours).zip(theirs) {
        let mut lines = Vec::new();
        match ours {
            Ok(ours) => tell("", &theirs, &ours, &mut lines),
            Err(why) => lines.push(why),
        }
        if !lines.is_empty() {
            lines.truncate(8);
            wrong.push(format!("seed {seed}:\n  {}", lines.join("\n  ")));
        }
    }
    wrong
}

fn agree(own: std::ops::RangeInclusive<u64>, files: fn(&Ledger) -> Vec<File>) {
    let all: Vec<u64> = seeds(own).collect();
    // In parts, for a command line has a longest length.
    let wrong: Vec<String> = all
        .chunks(100)
        .flat_map(|part| compare(part, files))
        .collect();
    let some = wrong.iter().take(5).cloned().collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} of {} differ\n{}",
        wrong.len(),
        all.len(),
        some.join("\n")
    );
}

#[test]
fn the_oracle_agrees_on_every_line_of_stripes_tables() {
    agree(1..=200, tables::all);
}

#[test]
fn the_oracle_agrees_on_every_invoice_of_the_dashboard() {
    agree(1001..=1150, from_dashboard);
}
