//! The cache of folds from the outside: the program with a folder of its own, killed at any moment.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Draw, entries, file_name, put};

/// A log above the size from which folds are kept.
fn big_log(folder: &Path) -> String {
    let mut draw = Draw::new(3);
    let mut text =
        "timestamp,request_id,customer,model,input_tokens,output_tokens,note\n".to_string();
    let note = "x".repeat(400);
    for at in 0..21_000 {
        let (day, input) = (1 + at / 1000, draw.between(1, 9000));
        let customer = draw.one(&["acme", "umbra", "kestrel"]);
        text += &format!("2026-10-{day:02}T10:00:00Z,r{at},{customer},gpt-4o,{input},7,{note}\n");
    }
    put(folder, "usage.csv", text)
}

fn command(cache: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanso"));
    command
        .args(words)
        .args(["--no-config", "--format", "json"])
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::null());
    command
}

fn report(cache: &Path, words: &[&str]) -> Value {
    let run = command(cache, words).output().expect("the program starts");
    let err = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{err}");
    serde_json::from_slice(&run.stdout).expect("JSON")
}

fn kept(cache: &Path) -> Vec<String> {
    match cache.join("tanso").exists() {
        true => entries(&cache.join("tanso"))
            .iter()
            .map(|path| file_name(path))
            .collect(),
        false => Vec::new(),
    }
}

#[test]
fn a_second_run_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let log = big_log(folder.path());
    let cache = folder.path().join("cache");
    let first = report(&cache, &["report", &log, "--no-cache"]);
    assert_eq!(kept(&cache), Vec::<String>::new());
    assert_eq!(report(&cache, &["report", &log]), first);
    let files = kept(&cache);
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(report(&cache, &["report", &log]), first);
    assert_eq!(kept(&cache), files);
    // A log that grew is another one.
    let mut text = std::fs::read_to_string(&log).unwrap();
    text += "2026-10-30T10:00:00Z,late,acme,gpt-4o,5,7,\n";
    std::fs::write(&log, text).unwrap();
    let grown = report(&cache, &["report", &log]);
    assert_eq!(grown["inputs"][0]["rows"]["used"], 21_001);
    assert_eq!(grown, report(&cache, &["report", &log, "--no-cache"]));
}

#[test]
fn runs_killed_at_any_moment_leave_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let log = big_log(folder.path());
    let cache = folder.path().join("cache");
    let plain = report(&cache, &["report", &log, "--no-cache"]);
    let mut draw = Draw::new(11);
    for _ in 0..12 {
        let mut run = command(&cache, &["report", &log])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_millis(draw.between(1, 1500)));
        // It may have ended by itself.
        let _ = run.kill();
        run.wait().unwrap();
    }
    assert_eq!(report(&cache, &["report", &log]), plain);
    assert_eq!(report(&cache, &["report", &log]), plain);
}
