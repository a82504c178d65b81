//! Every format's fixtures: recognized by content, read, and compared with what was worked out by
//! hand. A file dropped into `fixtures/formats/<format>/` is a test; `fixtures/formats/README.md`
//! tells its shape.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tanso::formats::golden::{Counts, UsageRecords};
use tanso::formats::{self, FORMATS, Format, Reader, RevenueRecords, Settings};
use tanso::load::{Recognized, recognize};
use tanso::problem::Problems;
use tanso::scan::{self, Body, How};

use crate::support::{entries, file_name, repository, text};

/// What a file holds, in the shape of the expectations.
fn read(path: &Path, format: &'static Format, settings: &Settings, forced: bool) -> Value {
    let name = file_name(path);
    let mut opened = scan::open(path, &name, &How::default())
        .unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.message));
    assert_eq!(opened.len(), 1, "{}: one table per case", path.display());
    let opened = opened.remove(0);
    match recognize(None, &opened) {
        Recognized::Format(found) if !forced => {
            assert_eq!(found.name, format.name, "{} is taken for", path.display());
        }
        Recognized::Nothing(problem) if !forced => {
            panic!("{}: {}", path.display(), problem.message)
        }
        _ => {}
    }
    let mut problems = Problems::default();
    let mut found = match (format.read, opened.body) {
        (Reader::Usage(read), Body::Table(mut rows)) => {
            let mut kept = UsageRecords::default();
            let tally = read(rows.as_mut(), settings, &mut kept, &mut problems);
            let tally = formats::golden::tally(&tally);
            let mut found = json!({ "usage": kept.records, "tally": tally });
            if let Some(inside) = kept.settled {
                found["settled_inside"] = json!(inside);
            }
            found
        }
        (Reader::Bill(read), Body::Table(mut rows)) => {
            let mut charges = Vec::new();
            let tally = read(rows.as_mut(), settings, &mut charges, &mut problems);
            let (charges, tally) = (
                formats::golden::charges(&charges),
                formats::golden::tally(&tally),
            );
            json!({ "charges": charges, "tally": tally })
        }
        (Reader::ProviderUsage(read), Body::Table(mut rows)) => {
            let mut kept = Counts::default();
            let tally = read(rows.as_mut(), settings, &mut kept, &mut problems);
            let tally = formats::golden::tally(&tally);
            json!({ "counts": kept.counts, "tally": tally })
        }
        (Reader::Revenue(read), Body::Table(mut rows)) => {
            let mut records = RevenueRecords::default();
            let tally = read(rows.as_mut(), settings, &mut records, &mut problems);
            let mut found = formats::revenue::golden::render(&records);
            found["tally"] = formats::revenue::golden::render_tally(&tally);
            found
        }
        _ => panic!("{}: another layout than the format's", path.display()),
    };
    if !problems.is_empty() {
        found["problems"] = formats::golden::problems(&problems);
    }
    found
}

/// The case of a file: its name without the ending.
fn case_of(name: &str) -> &str {
    let name = name.strip_suffix(".expected.json").unwrap_or(name);
    name.rsplit_once('.')
        .map_or(name, |(case, ending)| match ending {
            "csv" | "json" | "jsonl" | "tsv" | "parquet" => case,
            _ => name,
        })
}

#[test]
fn every_fixture_reads_as_worked_out_by_hand() {
    let mut wrong = Vec::new();
    for format in FORMATS.iter().copied() {
        let folder = repository("fixtures/formats").join(format.name);
        let mut cases = BTreeMap::new();
        let mut expectations = BTreeMap::new();
        for path in entries(&folder) {
            let name = file_name(&path);
            let case = case_of(&name).to_string();
            let seen = match name.ends_with(".expected.json") {
                true => expectations.insert(case, path),
                false => cases.insert(case, path),
            };
            assert!(seen.is_none(), "{name}: two files of one case");
        }
        assert!(!cases.is_empty(), "{} has no case", format.name);
        assert_eq!(
            cases.keys().collect::<Vec<_>>(),
            expectations.keys().collect::<Vec<_>>(),
            "{}: cases and expectations",
            format.name
        );
        for (case, path) in &cases {
            let mut expected: Value = serde_json::from_str(&text(&expectations[case]))
                .unwrap_or_else(|why| panic!("{}/{case}.expected.json: {why}", format.name));
            let keys = expected.as_object_mut().unwrap();
            let said = keys.remove("settings").unwrap_or_default();
            let said = formats::golden::settings(&said).expect("settings that can be read");
            let forced = keys.remove("forced").is_some();
            let found = read(path, format, &said, forced);
            if found != expected {
                wrong.push(format!(
                    "{}/{case}: {}",
                    format.name,
                    differences(&expected, &found)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The paths at which two values differ, with both.
fn differences(expected: &Value, found: &Value) -> String {
    let mut lines = Vec::new();
    compare("$", expected, found, &mut lines);
    lines.truncate(10);
    lines.join("; ")
}

fn compare(path: &str, expected: &Value, found: &Value, lines: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key), b.get(key));
                let path = format!("{path}.{key}");
                compare(
                    &path,
                    a.unwrap_or(&Value::Null),
                    b.unwrap_or(&Value::Null),
                    lines,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{at}]"), a, b, lines);
            }
        }
        _ if expected != found => {
            lines.push(format!("{path} is {found}, not {expected}"));
        }
        _ => {}
    }
}

#[test]
fn no_folder_without_a_format() {
    for path in entries(&repository("fixtures/formats")) {
        if path.is_dir() {
            let name = file_name(&path);
            assert!(
                formats::named(&name).is_some(),
                "no format is called {name}"
            );
        }
    }
}
