//! Every error that the program can print, with its full text: a folder in `fixtures/errors/` per
//! error holds the files, the command line in `cmd`, and what must stand on standard error in
//! `stderr.expected`. A folder dropped in is a test. `TANSO_UPDATE=1` writes the texts anew; read
//! what has changed before you commit it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tanso::cli::messages::exit_of;
use tanso::problem::{Class, catalogue};

use crate::support::{entries, file_name, put, repository, tanso, text};

/// Errors without a folder, each with the reason.
const EXEMPT: &[(&str, &str)] = &[
    (
        "T3036",
        "the file must change during the run; tested beside the code that watches it",
    ),
    (
        "T5004",
        "a cell holds at most 38 digits, so it takes more rows than a fixture should have",
    ),
];

/// What a folder's command prints on standard error, and its exit code. The command runs in a copy
/// of the folder, so that nothing it might write stays.
fn run(folder: &Path) -> (i32, String, String) {
    let copy = tempfile::tempdir().unwrap();
    for file in entries(folder) {
        let name = file_name(&file);
        if !["cmd", "stderr.expected"].contains(&name.as_str()) {
            fs::copy(&file, copy.path().join(name)).unwrap();
        }
    }
    let command = text(&folder.join("cmd"));
    let output = Command::new(env!("CARGO_BIN_EXE_tanso"))
        .args(command.split_whitespace())
        .current_dir(copy.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let read = |bytes: Vec<u8>| String::from_utf8(bytes).expect("messages are UTF-8");
    (
        output.status.code().unwrap(),
        read(output.stdout),
        read(output.stderr),
    )
}

#[test]
fn every_error_prints_its_text() {
    let update = std::env::var_os("TANSO_UPDATE").is_some();
    let mut wrong = Vec::new();
    for folder in entries(&repository("fixtures/errors")) {
        if !folder.is_dir() {
            continue;
        }
        let name = file_name(&folder);
        let code = name.split('-').next().unwrap();
        let entry = catalogue::ALL.iter().find(|entry| entry.code == code);
        let entry = entry.unwrap_or_else(|| panic!("{name}: no error is called {code}"));
        let (exit, out, err) = run(&folder);
        let right = exit == i32::from(exit_of(entry.class))
            && out.is_empty()
            && err.starts_with(&format!("error[{code}]: "))
            && err.contains("\n  = help: ");
        if !right {
            wrong.push(format!("{name}: exit {exit}, {out:?}\n{err}"));
            continue;
        }
        let expected = folder.join("stderr.expected");
        if update {
            fs::write(&expected, &err).unwrap();
        } else if text(&expected) != err {
            wrong.push(format!(
                "{name}\nexpected:\n{}found:\n{err}",
                text(&expected)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_error_has_a_folder() {
    let folders = entries(&repository("fixtures/errors"));
    let shown: BTreeSet<String> = folders
        .iter()
        .map(|folder| file_name(folder).split('-').next().unwrap().to_string())
        .collect();
    for entry in catalogue::ALL {
        let is_error = !matches!(entry.class, Class::Note | Class::Warning);
        let exempt = EXEMPT.iter().any(|(code, _)| *code == entry.code);
        let has = shown.contains(entry.code);
        assert!(
            !is_error || exempt || has,
            "{} ({}) has no folder",
            entry.code,
            entry.title
        );
        assert!(
            !(exempt && has),
            "{} has a folder now: take it off the list",
            entry.code
        );
    }
}

#[test]
fn a_file_of_many_columns_is_read_with_the_flag_that_its_refusal_names() {
    let folder = tempfile::tempdir().unwrap();
    let header = "timestamp,customer_id,model,input_tokens,output_tokens";
    let more: String = (0..4_100).map(|at| format!(",x{at}")).collect();
    let cells = ",".repeat(4_100);
    let log = format!("{header}{more}\n2026-10-01,acme,gpt-4o,7,5{cells}\n");
    let log = put(folder.path(), "usage.csv", log);
    let words = ["report", "--no-config", "--no-cache", &log];
    let refused = tanso(&words);
    assert_eq!(refused.code, 5, "{}", refused.err);
    let read = tanso(&[&words[..], &["--max-columns", "4105"]].concat());
    assert_eq!(read.code, 0, "{}", read.err);
}
