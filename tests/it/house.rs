//! The rules of the house as tests: who may import whom, how long a file may be, what every
//! format brings along, and what must not be linked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use tanso::formats::{FORMATS, USELESS};

use crate::support::{entries, repository, text};

/// Longest file without its tests.
const MAX_LINES: usize = 400;

/// What a part may use of libraries, beside what the table of imports says of our own: only the
/// command line parses options, and only reading knows columnar files.
const LIBRARIES: &[(&str, &[&str])] = &[("clap::", &["cli"]), ("polars", &["scan"])];

/// The parts of the source with what each may import, of ours, as docs/ARCHITECTURE.md says.
fn directions() -> BTreeMap<String, BTreeSet<String>> {
    let page = text(&repository("docs/ARCHITECTURE.md"));
    let (_, section) = page.split_once("## Import directions").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let ticked = |cell: &str| {
        let words = cell.split('`').skip(1).step_by(2);
        words.map(str::to_string).collect::<Vec<_>>()
    };
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let part = ticked(cells[1]).remove(0);
        (part, ticked(cells[2]).into_iter().collect())
    })
    .collect()
}

/// A source file: its path below `src`, and its text without the tests at its end.
struct Source {
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&repository("src"), &mut files);
    let root = repository("src");
    files
        .into_iter()
        .map(|path| Source {
            code: without_tests(&text(&path)),
            path: path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/"),
        })
        .filter(|source| !is_for_tests(&source.path))
        .collect()
}

/// Files that are compiled for tests alone.
fn is_for_tests(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.trim_end_matches(".rs");
    stem == "tests" || stem == "testing" || stem.ends_with("_tests") || path.contains("/tests/")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The text up to the module of tests.
fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .windows(2)
        .position(|two| {
            two[0] == "#[cfg(test)]" && two[1].starts_with("mod ") && two[1].ends_with('{')
        })
        .unwrap_or(lines.len());
    lines[..end].join("\n")
}

/// Lines of code that mention a word, comments left out.
fn mentions<'a>(source: &'a Source, word: &str) -> Vec<(usize, &'a str)> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let lines = source.code.lines().enumerate();
    let hits = lines.filter(|(_, line)| code(line) && line.contains(word));
    hits.map(|(at, line)| (at + 1, line.trim())).collect()
}

fn found(source: &Source, word: &str, why: &str, faults: &mut Vec<String>) {
    for (line, text) in mentions(source, word) {
        faults.push(format!("src/{}:{line}: {text}  ({why})", source.path));
    }
}

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn part_of(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap_or(path)
}

#[test]
fn imports_go_one_way() {
    let directions = directions();
    let mut faults = Vec::new();
    for source in sources() {
        let part = part_of(&source.path);
        if ["lib", "main", "cli"].contains(&part) {
            continue;
        }
        let Some(allowed) = directions.get(part) else {
            faults.push(format!("src/{part} has no row in the table of imports"));
            continue;
        };
        for (line, code) in mentions(&source, "crate::") {
            for rest in code.split("crate::").skip(1) {
                let end = |c: char| !c.is_alphanumeric() && c != '_';
                let imported = rest.split(end).next().unwrap_or("");
                if imported != part && !allowed.contains(imported) {
                    let path = &source.path;
                    faults.push(format!(
                        "src/{path}:{line}: {part} may not import {imported}"
                    ));
                }
            }
        }
        for (library, parts) in LIBRARIES {
            if !parts.contains(&part) {
                let why = format!("only {} knows it", parts.join(", "));
                found(&source, library, &why, &mut faults);
            }
        }
    }
    none(faults);
}

#[test]
fn formats_never_know_each_other() {
    let mut faults = Vec::new();
    let names: Vec<(String, String)> = sources()
        .iter()
        .filter_map(|source| {
            let mut parts = source.path.split('/');
            let (top, folder, file) = (parts.next()?, parts.next()?, parts.next()?);
            let is_format = top == "formats" && source.code.contains("pub static FORMAT: Format");
            is_format.then(|| (folder.to_string(), file.trim_end_matches(".rs").to_string()))
        })
        .collect();
    assert!(
        names.len() >= FORMATS.len(),
        "one file per format: {names:?}"
    );
    for source in sources()
        .iter()
        .filter(|source| source.path.starts_with("formats/"))
    {
        let own = source
            .path
            .split('/')
            .nth(2)
            .unwrap_or("")
            .trim_end_matches(".rs");
        for (folder, name) in names.iter().filter(|(_, name)| name != own) {
            let word = format!("{folder}::{name}::");
            let registry = source.path == "formats/mod.rs";
            if !registry && !own.is_empty() {
                found(source, &word, "formats never know each other", &mut faults);
                let sibling = format!("super::{name}::");
                found(
                    source,
                    &sibling,
                    "formats never know each other",
                    &mut faults,
                );
            }
        }
    }
    none(faults);
}

#[test]
fn some_things_stand_in_one_place() {
    let mut faults = Vec::new();
    for source in sources() {
        let path = source.path.as_str();
        if path != "scan/columnar.rs" && !path.starts_with("scan/columnar/") {
            found(
                &source,
                "polars::",
                "only scan/columnar knows polars",
                &mut faults,
            );
        }
        if !MAY_USE_CHRONO.contains(&path) {
            found(
                &source,
                "chrono",
                "only model/time knows chrono",
                &mut faults,
            );
        }
        if part_of(path) != "cli" && path != "main.rs" {
            for word in [
                "println!",
                "print!(",
                "eprint",
                "io::stdout",
                "io::stderr",
                "dbg!",
            ] {
                found(&source, word, "only cli prints", &mut faults);
            }
            for word in [
                "process::exit",
                "Instant::now",
                "SystemTime::now",
                "env::var",
            ] {
                found(&source, word, "only cli asks the world", &mut faults);
            }
        }
        for word in ["f32", "f64"] {
            for (line, code) in mentions(&source, word) {
                let words: Vec<&str> = code
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .collect();
                let statistics = STATISTICS.contains(&part_of(path));
                if words.contains(&word) && !statistics && !MAY_USE_FLOATS.contains(&path) {
                    faults.push(format!("src/{path}:{line}: {code}  (money is exact)"));
                }
            }
        }
    }
    none(faults);
}

/// Files that meet floats: those of a columnar file and of JSON, which are read as text or refused;
/// the likeness of two names; a progress bar.
const MAY_USE_FLOATS: &[&str] = &[
    "scan/columnar.rs",
    "scan/json.rs",
    "prices/lookup.rs",
    "cli/progress.rs",
];

/// Parts that are statistics on copies; what they find never flows back into a report.
const STATISTICS: &[&str] = &["leaks", "quote"];

/// Calendars: ours, and the one that prints the days of columnar files before they mean anything.
const MAY_USE_CHRONO: &[&str] = &["model/time.rs", "scan/plain.rs"];

#[test]
fn no_file_is_too_long() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.code.lines().count();
        if lines > MAX_LINES {
            faults.push(format!(
                "src/{}: {lines} lines without tests, at most {MAX_LINES}",
                source.path
            ));
        }
    }
    none(faults);
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent = sources()
        .into_iter()
        .filter(|source| !source.code.starts_with("//!"));
    none(
        silent
            .map(|source| format!("src/{} has no //! at its top", source.path))
            .collect(),
    );
}

#[test]
fn nothing_is_unsafe() {
    let mut faults = Vec::new();
    for source in sources() {
        for word in ["unsafe ", "unsafe{"] {
            found(&source, word, "no unsafe", &mut faults);
        }
    }
    none(faults);
    assert!(text(&repository("src/lib.rs")).contains("#![forbid(unsafe_code)]"));
}

#[test]
fn every_format_is_described_and_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for format in FORMATS {
        assert!(
            names.insert(format.name),
            "two formats are called {}",
            format.name
        );
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(
            format.name.chars().all(plain),
            "{} cannot be typed",
            format.name
        );
        assert!(
            !format.title.is_empty() && !format.required.is_empty(),
            "{}",
            format.name
        );
        assert!(
            format.page.len() > 200,
            "the page of {} does not tell where it comes from",
            format.name
        );
        let folder = repository("fixtures/formats").join(format.name);
        assert!(folder.is_dir(), "{} has no fixtures", format.name);
    }
    for useless in USELESS {
        assert!(
            !useless.advice.is_empty(),
            "{} is refused without advice",
            useless.title
        );
    }
}

/// An offline tool must not be able to talk to a network.
#[test]
fn no_network_client_is_linked() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string());
    let run = Command::new(cargo)
        .args([
            "tree",
            "-e",
            "normal",
            "--offline",
            "--locked",
            "--prefix",
            "none",
        ])
        .current_dir(repository(""))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success() && tree.starts_with("tanso "),
        "cargo tree failed: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    let linked: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let clients = [
        "reqwest",
        "hyper",
        "object_store",
        "ureq",
        "curl",
        "isahc",
        "rustls",
        "native-tls",
        "openssl",
        "h2",
        "quinn",
        "tungstenite",
    ];
    for client in clients {
        assert!(
            !linked.contains(client),
            "{client} is linked: see cargo tree -i {client}"
        );
    }
}

/// Our own files must not be forgotten by `main.rs`.
#[test]
fn every_file_of_these_tests_is_a_module() {
    let main = text(&repository("tests/it/main.rs"));
    for path in entries(&repository("tests/it")) {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let declared = main.lines().any(|line| line == format!("mod {stem};"));
        assert!(
            stem == "main" || declared,
            "tests/it/{stem}.rs is not in main.rs"
        );
    }
}

/// A code that two messages share would explain the wrong one.
#[test]
fn every_message_has_a_code_of_its_own() {
    let mut seen = BTreeSet::new();
    for entry in tanso::problem::catalogue::ALL {
        assert!(seen.insert(entry.code), "{} is used twice", entry.code);
    }
}
