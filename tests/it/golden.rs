//! Every format's fixtures: recognized by content, read, and compared with what was worked out by
//! hand. A file dropped into `fixtures/formats/<format>/` is a test; `fixtures/formats/README.md`
//! tells its shape.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tanso::formats::golden::{Counts, UsageRecords};
use tanso::formats::{self, FORMATS, Format, Reader, RevenueRecords, Settings, Tally};
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
    let (mut found, _) = content(format, opened.body, settings, &mut problems);
    if !problems.is_empty() {
        found["problems"] = formats::golden::problems(&problems);
    }
    found
}

/// What a format's reader makes of a table, in the shape of the expectations, and its tally.
pub fn content(
    format: &Format,
    body: Body,
    settings: &Settings,
    problems: &mut Problems,
) -> (Value, Tally) {
    let Body::Table(mut rows) = body else {
        panic!("{}: a file without content", format.name);
    };
    let rows = rows.as_mut();
    match format.read {
        Reader::Usage(read) => {
            let mut kept = UsageRecords::default();
            let tally = read(rows, settings, &mut kept, problems);
            let mut found = json!({ "usage": kept.records });
            found["tally"] = formats::golden::tally(&tally);
            if let Some(inside) = kept.settled {
                found["settled_inside"] = json!(inside);
            }
            (found, tally)
        }
        Reader::Bill(read) => {
            let mut charges = Vec::new();
            let tally = read(rows, settings, &mut charges, problems);
            let mut found = json!({ "charges": formats::golden::charges(&charges) });
            found["tally"] = formats::golden::tally(&tally);
            (found, tally)
        }
        Reader::ProviderUsage(read) => {
            let mut kept = Counts::default();
            let tally = read(rows, settings, &mut kept, problems);
            let mut found = json!({ "counts": kept.counts });
            found["tally"] = formats::golden::tally(&tally);
            (found, tally)
        }
        Reader::Revenue(read) => {
            let mut records = RevenueRecords::default();
            let tally = read(rows, settings, &mut records, problems);
            let mut found = formats::revenue::golden::render(&records);
            found["tally"] = formats::revenue::golden::render_tally(&tally);
            (found, tally)
        }
    }
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

/// One fixture: the file, how it is to be read, and what must come of it.
pub struct Case {
    /// `format/case`, for messages.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What the user says about it.
    pub settings: Settings,
    /// Whether the format is forced.
    pub forced: bool,
    /// The expectation.
    expected: Value,
}

/// The fixtures of a format, by name.
pub fn cases(format: &Format) -> Vec<Case> {
    let folder = repository("fixtures/formats").join(format.name);
    let mut files = BTreeMap::new();
    let mut expectations = BTreeMap::new();
    for path in entries(&folder) {
        let name = file_name(&path);
        let case = case_of(&name).to_string();
        let seen = match name.ends_with(".expected.json") {
            true => expectations.insert(case, path),
            false => files.insert(case, path),
        };
        assert!(seen.is_none(), "{name}: two files of one case");
    }
    assert!(!files.is_empty(), "{} has no case", format.name);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        expectations.keys().collect::<Vec<_>>(),
        "{}: cases and expectations",
        format.name
    );
    let one = |(case, path): (String, PathBuf)| {
        let mut expected: Value = serde_json::from_str(&text(&expectations[&case]))
            .unwrap_or_else(|why| panic!("{}/{case}.expected.json: {why}", format.name));
        let keys = expected.as_object_mut().unwrap();
        let said = keys.remove("settings").unwrap_or_default();
        let settings = formats::golden::settings(&said).expect("settings that can be read");
        let forced = keys.remove("forced").is_some();
        let name = format!("{}/{case}", format.name);
        Case {
            name,
            path,
            settings,
            forced,
            expected,
        }
    };
    files.into_iter().map(one).collect()
}

#[test]
fn every_fixture_reads_as_worked_out_by_hand() {
    let mut wrong = Vec::new();
    for format in FORMATS.iter().copied() {
        for case in cases(format) {
            let found = read(&case.path, format, &case.settings, case.forced);
            if found != case.expected {
                let differences = differences(&case.expected, &found);
                wrong.push(format!("{}: {differences}", case.name));
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
