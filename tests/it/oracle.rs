//! The program against a second implementation in Python that was written from the description of
//! the method and shares no code with it.
//!
//! `tests/oracle/world.py` invents companies, `tests/oracle/oracle.py` computes them with fractions.
//! Every amount must be equal to the last digit. `TANSO_SEEDS=1..5000` tries other seeds.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::{repository, tanso};

const DEFAULT_SEEDS: RangeInclusive<u64> = 1..=60;

fn seeds() -> RangeInclusive<u64> {
    let Ok(text) = std::env::var("TANSO_SEEDS") else {
        return DEFAULT_SEEDS;
    };
    let (first, last) = text.split_once("..").expect("TANSO_SEEDS is first..last");
    first.parse().unwrap()..=last.parse().unwrap()
}

/// Runs one of the scripts and returns what it prints.
fn python(script: &str, arguments: &[String]) -> String {
    let run = Command::new("python3")
        .arg(repository("tests/oracle").join(script))
        .args(arguments)
        .output()
        .unwrap_or_else(|why| panic!("the oracle needs python3 3.9 or newer: {why}"));
    assert!(
        run.status.success(),
        "{script} failed: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}

/// The oracle's answer in the shape that [`compared`] gives a report.
fn expected(oracle: &Value) -> Value {
    let tie = without_zeros(oracle["tie"]["revenue"].clone());
    json!({
        "records": oracle["records"],
        "rows": by_customer(&oracle["rows"]),
        "unattributed": unattributed(&oracle["unattributed"]),
        "totals": oracle["totals"],
        "bill": oracle["tie"]["bill"],
        "shared": oracle["tie"]["shared"],
        "unpriced": unpriced(&oracle["unpriced"]),
        "revenue": { "tie": tie },
    })
}

/// What is compared of a report.
fn compared(report: &Value) -> Value {
    let usage = report["inputs"].as_array().unwrap().iter();
    let usage = usage
        .filter(|input| input["format"] == "usage-log")
        .map(|i| &i["rows"]);
    let count = |name: &str| {
        usage
            .clone()
            .filter_map(|rows| rows[name].as_u64())
            .sum::<u64>()
    };
    let bill = report["tie"]["bill"].as_array().unwrap().iter().map(|tie| {
        let mut tie = tie.clone();
        tie.as_object_mut().unwrap().remove("currency");
        tie
    });
    let names = ["read", "used", "duplicate", "out_of_period"];
    json!({
        "records": names.map(|name| (name, count(name))).into_iter().collect::<BTreeMap<_, _>>(),
        "rows": by_customer(&report["rows"]),
        "unattributed": unattributed(&report["unattributed"]),
        "totals": {
            "revenue": report["totals"]["revenue"],
            "cost": report["totals"]["cost"],
        },
        "bill": bill.collect::<Vec<_>>(),
        "shared": report["tie"]["shared"],
        "unpriced": unpriced(&report["unpriced"]),
        "revenue": { "tie": without_zeros(revenue_tie(&report["tie"]["revenue"])) },
    })
}

/// Drops the exclusions of nothing: a draft of 0.00, an invoice voided before it was recognized.
fn without_zeros(mut tie: Value) -> Value {
    let excluded = tie["excluded"].as_object_mut().unwrap();
    excluded.retain(|_, amount| amount != "0");
    tie
}

/// The one tie of a Stripe file, without what the oracle does not tell.
fn revenue_tie(ties: &Value) -> Value {
    let ties = ties.as_array().unwrap();
    assert_eq!(ties.len(), 1, "one revenue file, one tie");
    let mut tie = ties[0].clone();
    let tie = tie.as_object_mut().unwrap();
    tie.remove("source");
    tie.remove("currency");
    tie.remove("excluded_rows");
    json!(tie)
}

/// Rows by customer; rows without any money are left out, for the two may differ in whom they list.
fn by_customer(rows: &Value) -> Value {
    let rows = rows.as_array().unwrap().iter().filter_map(|row| {
        let keep = ["revenue", "cost", "cost_by_basis"];
        let kept: BTreeMap<&str, Value> = keep
            .iter()
            .map(|name| (*name, row[*name].clone()))
            .collect();
        let money = kept["revenue"] != "0" || kept["cost"] != "0";
        let customer = row["customer"].as_str().unwrap().to_string();
        (money && customer != "(unattributed)").then_some((customer, kept))
    });
    json!(rows.collect::<BTreeMap<_, _>>())
}

fn unattributed(list: &Value) -> Value {
    let list = list.as_array().unwrap().iter().map(|part| {
        let words = [
            part["provider"].as_str().unwrap(),
            part["reason"].as_str().unwrap(),
        ];
        (words.join(": "), part["amount"].clone())
    });
    json!(list.collect::<BTreeMap<_, _>>())
}

/// Quantities without a price by provider, model and meter.
fn unpriced(list: &Value) -> Value {
    let mut quantities = BTreeMap::new();
    for part in list.as_array().unwrap() {
        let name = format!("{}/{}", part["provider"], part["model"]);
        if let Some(meter) = part["meter"].as_str() {
            quantities.insert(format!("{name}/{meter}"), part["quantity"].clone());
        }
        for (meter, quantity) in part["meters"].as_object().into_iter().flatten() {
            quantities.insert(format!("{name}/{meter}"), quantity.clone());
        }
    }
    json!(quantities)
}

/// Where the two disagree, one line per amount.
fn differences(path: &str, expected: &Value, found: &Value, lines: &mut Vec<String>) {
    if let (Value::Object(a), Value::Object(b)) = (expected, found) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (a, b) = (a.get(key), b.get(key));
            let null = Value::Null;
            differences(
                &format!("{path}.{key}"),
                a.unwrap_or(&null),
                b.unwrap_or(&null),
                lines,
            );
        }
    } else if let (Value::Array(a), Value::Array(b)) = (expected, found)
        && a.len() == b.len()
    {
        for (at, (a, b)) in a.iter().zip(b).enumerate() {
            differences(&format!("{path}[{at}]"), a, b, lines);
        }
    } else if expected != found {
        lines.push(format!("{path}: oracle {expected}, program {found}"));
    }
}

fn compare(folder: &Path, oracle: &Value) -> Vec<String> {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let mut arguments: Vec<String> = [
        "report",
        "--month",
        "2026-10",
        "--format",
        "json",
        "--allow-empty",
    ]
    .map(str::to_string)
    .to_vec();
    arguments.extend(["--config".to_string(), path("tanso.toml")]);
    if folder.join("mapping.csv").exists() {
        arguments.extend(["-m".to_string(), path("mapping.csv")]);
    }
    arguments.extend(["usage.csv", "costs.csv", "stripe.csv"].map(path));
    let counts = ["openai_usage.csv", "anthropic_tokens.csv"];
    let there = counts.iter().filter(|name| folder.join(name).exists());
    arguments.extend(there.map(|name| path(name)));
    let run = tanso(&arguments);
    if run.code != 0 {
        return vec![format!("exit {}: {}", run.code, run.err)];
    }
    let mut lines = Vec::new();
    differences("$", &expected(oracle), &compared(&run.json()), &mut lines);
    lines
}

#[test]
fn the_oracle_agrees_to_the_last_digit() {
    let seeds = seeds();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap().to_string();
    let range = format!("{}..{}", seeds.start(), seeds.end());
    python(
        "world.py",
        &["--seeds".into(), range, "--out".into(), out.clone()],
    );
    // In parts, for a command line has a longest length.
    let all: Vec<u64> = seeds.collect();
    let mut worlds = Vec::new();
    for part in all.chunks(200) {
        let mut arguments: Vec<String> = part.iter().map(|seed| format!("{out}/{seed}")).collect();
        arguments.extend(["--month".into(), "2026-10".into()]);
        let mut answer = python("oracle.py", &arguments);
        if part.len() == 1 {
            answer = answer.replace('\n', "");
        }
        let lines: Vec<&str> = answer.lines().collect();
        assert_eq!(lines.len(), part.len());
        let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        worlds.extend(part.iter().copied().zip(lines.into_iter().map(parse)));
    }
    let worlds = Mutex::new(worlds.into_iter());
    let wrong = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((seed, oracle)) = worlds.lock().unwrap().next() else {
                        return;
                    };
                    let lines = compare(&folder.path().join(seed.to_string()), &oracle);
                    if !lines.is_empty() {
                        wrong.lock().unwrap().insert(seed, lines);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let tell = |(seed, lines): (&u64, &Vec<String>)| {
        format!(
            "seed {seed}:\n  {}",
            lines[..lines.len().min(8)].join("\n  ")
        )
    };
    assert!(
        wrong.is_empty(),
        "{} of {} worlds differ\n{}",
        wrong.len(),
        all.len(),
        wrong
            .iter()
            .take(6)
            .map(tell)
            .collect::<Vec<_>>()
            .join("\n")
    );
}
