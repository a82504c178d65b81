//! The documentation is true: examples run, generated pages are fresh, schemas fit what is
//! printed, links lead somewhere.
//!
//! `TANSO_UPDATE=1` writes the generated pages anew; `TRYCMD=overwrite` does the same for the
//! output of examples. Read what has changed before you commit it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tanso::cli::messages::{exit_of, severity};
use tanso::problem::{Class, catalogue};

const TANSO: &str = env!("CARGO_BIN_EXE_tanso");
const QUICKSTART: [&str; 3] = [
    "fixtures/quickstart/usage.csv",
    "fixtures/quickstart/costs.csv",
    "fixtures/quickstart/stripe.csv",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs the program in a folder, never in a terminal.
fn run_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(TANSO)
        .args(args)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Standard output of a run that succeeds.
fn says(args: &[&str]) -> String {
    let output = run_in(root(), args);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tanso {args:?}: {err}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// README and every page of `docs`, as paths from the root.
fn pages() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("docs")).expect("docs is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut pages: Vec<String> = names
        .map(|name| format!("docs/{}", name.to_string_lossy()))
        .filter(|path| path.ends_with(".md"))
        .collect();
    pages.push("README.md".into());
    pages.sort();
    pages
}

#[test]
fn every_console_block_prints_what_it_says() {
    trycmd::TestCases::new()
        .register_bin("tanso", Path::new(TANSO))
        // Examples say the same wherever the tests run.
        .env("GITHUB_ACTIONS", "")
        .env("GITHUB_STEP_SUMMARY", "")
        .case("README.md")
        .case("docs/*.md");
}

/// Compares a generated page with the file, or writes it if asked to.
fn generated(path: &str, text: &str) {
    if std::env::var_os("TANSO_UPDATE").is_some() {
        std::fs::write(root().join(path), text).expect("the page can be written");
    }
    let now = std::fs::read_to_string(root().join(path)).unwrap_or_default();
    let differs = now.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        now == text,
        "{path} is stale (first at line {:?}); run the tests once with TANSO_UPDATE=1",
        differs.map(|at| at + 1)
    );
}

#[test]
fn the_page_of_formats_is_fresh() {
    generated("docs/formats.md", &says(&["formats", "--markdown"]));
}

#[test]
fn the_page_of_commands_is_fresh() {
    let mut page = String::from(
        "# Commands\n\nGenerated from the program's own `--help`; a test keeps it true.\n",
    );
    for command in [
        "",
        "report",
        "explain",
        "diff",
        "reconcile",
        "check",
        "simulate",
        "leaks",
        "quote",
        "map",
        "map suggest",
        "prices",
        "prices find",
        "prices diff",
        "prices reprice",
        "rollup",
        "formats",
        "init",
        "completions",
        "man",
    ] {
        let (title, help) = match command {
            "" => ("tanso".to_string(), says(&["--help"])),
            name => (format!("tanso {name}"), {
                let words = name.split(' ').chain(["--help"]);
                says(&words.collect::<Vec<_>>())
            }),
        };
        page.push_str(&format!("\n## {title}\n\n```text\n"));
        for line in help.lines() {
            page.push_str(line.trim_end());
            page.push('\n');
        }
        page.push_str("```\n");
    }
    generated("docs/cli.md", &page);
}

#[test]
fn the_page_of_errors_is_fresh() {
    let mut page = String::from(
        "# Messages\n\n\
         Generated from the catalogue of messages; a test keeps it true. `tanso --explain CODE` prints one\n\
         entry. Every message says where (file, line, column), what was found and what to do.\n\n\
         | codes | what they mean | exit code |\n|---|---|---:|\n",
    );
    let classes = [
        (
            Class::Usage,
            "T1, T2",
            "The command line, the project file or the mapping file",
        ),
        (Class::Data, "T3", "The data in your files"),
        (Class::Io, "T4", "Reading and writing"),
        (Class::Limit, "T5", "Limits"),
        (
            Class::Warning,
            "N",
            "Warnings: the numbers are right, and something needs your eye",
        ),
        (Class::Note, "N", "Notes: what was done with your files"),
    ];
    for (class, codes, title) in classes {
        page.push_str(&format!("| {codes} | {title} | {} |\n", exit_of(class)));
    }
    page.push_str("\nWarnings become exit code 1 under `--strict`.\n");
    for (class, _, title) in classes {
        page.push_str(&format!("\n## {title}\n"));
        for entry in catalogue::ALL.iter().filter(|entry| entry.class == class) {
            let exit = match exit_of(class) {
                0 => String::new(),
                code => format!(", exit {code}"),
            };
            page.push_str(&format!(
                "\n### {}: {}\n\n*{}{exit}.* {}\n",
                entry.code,
                entry.title,
                severity(class),
                entry.explanation
            ));
        }
    }
    generated("docs/errors.md", &page);
}

/// What a value breaks of a JSON Schema. Knows what our schemas use: `$ref` into `$defs`, `type`,
/// `const`, `enum`, `required`, `properties`, `additionalProperties`, `items`.
fn breaks(schema: &Value, whole: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").expect("a local reference");
        let target = &whole["$defs"][name];
        assert!(target.is_object(), "no definition {name}");
        return breaks(target, whole, value, at, faults);
    }
    let word = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::String(one) => one == word,
        Value::Array(several) => several.iter().any(|one| one == word),
        _ => schema.get("const").is_some() || schema.get("enum").is_some(),
    };
    if !allowed {
        faults.push(format!("{at}: {word} is not {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        faults.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    let listed = schema["enum"].as_array();
    if listed.is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{at}: {value} is not in {}", schema["enum"]));
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        breaks(
            &schema["items"],
            whole,
            item,
            &format!("{at}[{place}]"),
            faults,
        );
    }
    let Some(object) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !name.as_str().is_some_and(|name| object.contains_key(name)) {
            faults.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, inner) in object {
        let at = format!("{at}.{name}");
        match (
            schema["properties"].get(name),
            &schema["additionalProperties"],
        ) {
            (Some(known), _) => breaks(known, whole, inner, &at, faults),
            (None, further @ Value::Object(_)) => breaks(further, whole, inner, &at, faults),
            (None, _) => faults.push(format!("{at}: not in the schema")),
        }
    }
}

/// Every object that our schemas describe must say what else it may hold.
fn undecided(schema: &Value, at: &str, faults: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                faults.push(at.to_string());
            }
            for (name, inner) in object {
                undecided(inner, &format!("{at}.{name}"), faults);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| undecided(item, at, faults)),
        _ => {}
    }
}

fn fits(name: &str, runs: &[&[&str]]) {
    let schema: Value = serde_json::from_str(&says(&["formats", "--schema", name])).expect("JSON");
    let mut open = Vec::new();
    undecided(&schema, name, &mut open);
    assert!(
        open.is_empty(),
        "additionalProperties is not said: {open:?}"
    );
    for args in runs {
        let printed: Value = serde_json::from_str(&says(args)).expect("JSON");
        let mut faults = Vec::new();
        breaks(&schema, &schema, &printed, name, &mut faults);
        assert!(faults.is_empty(), "tanso {args:?}:\n{}", faults.join("\n"));
    }
}

/// A report's command line: the words, then the quickstart's files, as JSON.
fn quickstart<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut args = words.to_vec();
    args.extend(QUICKSTART);
    args.extend(["--format", "json", "--quiet"]);
    args
}

#[test]
fn reports_fit_their_schema() {
    let drain = [
        "report",
        "--config",
        "fixtures/scenarios/margin-drain/tanso.toml",
        "--by",
        "plan,feature,month",
        "--tolerance",
        "2%",
        "--format",
        "json",
        "--quiet",
    ];
    let identity = [
        "report",
        "docs/examples/identity/usage.csv",
        "docs/examples/identity/mapping.csv",
        "--format",
        "json",
        "--quiet",
    ];
    let prices = [
        "report",
        "docs/examples/prices/usage.csv",
        "--format",
        "json",
        "--quiet",
    ];
    let recurring = [
        "report",
        "--no-config",
        "docs/examples/mrr",
        "--month=2026-10",
        "--revenue=mrr",
        "--format=json",
        "--quiet",
    ];
    fits(
        "report",
        &[
            &recurring,
            &quickstart(&["report"]),
            &quickstart(&["report", "--precision", "minor"]),
            &quickstart(&["report", "--distribution"]),
            &quickstart(&["report", "--where", "customer=umbra"]),
            &drain,
            &identity,
            &prices,
        ],
    );
}

#[test]
fn reconciliations_fit_their_schema() {
    let run = |by: &'static str| {
        [
            "reconcile",
            "docs/examples/reconcile/usage.csv",
            "docs/examples/reconcile/costs.csv",
            "--no-config",
            "--by",
            by,
            "--format",
            "json",
            "--quiet",
        ]
    };
    fits(
        "reconciliation",
        &[&run("provider,model,meter"), &run("tier,month,day")],
    );
}

#[test]
fn explanations_fit_their_schema() {
    let drain = "fixtures/scenarios/margin-drain/tanso.toml";
    let run = |what: &'static str| {
        [
            "explain",
            what,
            "--config",
            drain,
            "--format=json",
            "--quiet",
        ]
    };
    let quick = |what: &'static str| quickstart(&["explain", what]);
    fits(
        "explanation",
        &[
            &run("umbra"),
            &run("(unattributed)"),
            &run("plan=pro"),
            &quick("umbra"),
            &quick("model=gpt-4o-mini"),
        ],
    );
}

/// The reports that `docs/diff.md` compares are those that the example's files give.
#[test]
fn saved_reports_are_fresh_and_their_difference_fits_its_schema() {
    let saved = ["2026-09", "2026-10"].map(|month| {
        let path = format!("docs/examples/diff/{month}.json");
        let config = "docs/examples/diff/tanso.toml";
        let text = says(&[
            "report", "--config", config, "--month", month, "-f", "json", "-q",
        ]);
        generated(&path, &text);
        path
    });
    fits("diff", &[&["diff", &saved[0], &saved[1], "--format=json"]]);
}

#[test]
fn checks_fit_their_schema() {
    let config = "fixtures/scenarios/margin-drain/tanso.toml";
    let run = [
        "check",
        "--config",
        config,
        "--min-margin=20%",
        "--max-gap=10%",
        "--max-missing-days=31",
        "--expect-bill=openai=606",
        "--format=json",
        "--quiet",
    ];
    fits("check", &[&run]);
}

#[test]
fn simulations_fit_their_schema() {
    let run = |scenario: &'static str, plan: &'static str| {
        [
            "simulate", "--config", scenario, "--plan", plan, "--format", "json", "--quiet",
        ]
    };
    let asked = |question: &'static str, more: &'static str| {
        let config = "fixtures/scenarios/pricing-paralysis/tanso.toml";
        [
            "simulate", "--config", config, question, more, "--format", "json", "--quiet",
        ]
    };
    let drain = "fixtures/scenarios/margin-drain/tanso.toml";
    let paralysis = "fixtures/scenarios/pricing-paralysis/tanso.toml";
    fits(
        "simulation",
        &[
            &run(drain, "pro=149"),
            &run(drain, "pro=-10%"),
            &run(paralysis, "mid=61"),
            &run(paralysis, "mid=40..60:10"),
            &asked("--cheapest=mid: margin=80%", "--usage=+1%"),
            &asked("--solve=mid: margin=1% by cap requests", "--usage=+1%"),
            &asked("--solve=mid: margin=80%", "--elasticity=-0.5"),
            &asked("--usage=plan=mid:+10%", "--elasticity=-0.5"),
        ],
    );
}

#[test]
fn quotes_fit_their_schema() {
    let run = |words: &[&'static str]| {
        let mut all = vec!["quote", "--config", "docs/examples/quote/tanso.toml"];
        all.extend(words);
        all.extend(["--format", "json", "--quiet"]);
        all
    };
    let small = run(&[
        "--like=segment=enterprise",
        "--seats=400",
        "--price=60/seat/month",
    ]);
    let whole = run(&[
        "--price=30000/year",
        "--term=24",
        "--cap=input",
        "--growth=0%",
    ]);
    let free = run(&["--price=0", "--draws=500"]);
    fits("quote", &[&small, &whole, &free]);
}

#[test]
fn maps_fit_their_schema() {
    let example = [
        "map",
        "docs/examples/map/usage.csv",
        "docs/examples/map/stripe.csv",
        "docs/examples/map/mapping.csv",
        "--format",
        "json",
        "--quiet",
    ];
    fits("map", &[&example, &quickstart(&["map"])]);
}

#[test]
fn leaks_fit_their_schema() {
    let example = [
        "leaks",
        "docs/examples/leaks",
        "--format",
        "json",
        "--quiet",
    ];
    let acked = [
        "leaks",
        "docs/examples/leaks/usage.csv",
        "docs/examples/leaks/costs.csv",
        "docs/examples/leaks/revenue.csv",
        "--ack",
        "docs/examples/acks/acks.toml",
        "--format",
        "json",
        "--quiet",
    ];
    fits("leaks", &[&example, &acked, &quickstart(&["leaks"])]);
}

#[test]
fn the_record_of_leaks_fits_its_schema() {
    let bench = ["leaks", "--bench", "--seeds", "1", "--format", "json"];
    fits("leaks-bench", &[&bench]);
}

/// Additional members of a report's row are its dimensions, nothing else.
#[test]
fn further_members_of_a_row_are_its_dimensions() {
    let schema: Value = serde_json::from_str(&read("docs/schema/report.json")).expect("JSON");
    let known = &schema["$defs"]["row"]["properties"];
    let args = quickstart(&["report", "--by", "customer,month,feature"]);
    let printed: Value = serde_json::from_str(&says(&args)).expect("JSON");
    let rows = printed["rows"].as_array().expect("rows");
    assert!(!rows.is_empty());
    for row in rows {
        let names = row.as_object().expect("an object").keys();
        for name in names.filter(|name| known.get(name).is_none()) {
            let by = printed["by"].as_array().expect("dimensions");
            assert!(by.iter().any(|dimension| dimension == name), "{name}");
        }
    }
}

/// The project files that the pages show are those that `init` writes.
#[test]
fn init_writes_what_the_pages_show() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["usage.csv", "costs.csv", "stripe.csv"];
    for (path, name) in QUICKSTART.iter().zip(names) {
        std::fs::copy(root().join(path), folder.path().join(name)).expect("a copy");
    }
    let output = run_in(folder.path(), &["init", names[0], names[1], names[2]]);
    assert_eq!(output.status.code(), Some(0));
    let written = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a file");
    let page = read("docs/mapping.md");
    assert!(page.contains(&written("tanso.toml")), "tanso.toml differs");
    let mapping = written("mapping.csv");
    let begins = mapping.lines().take(5).collect::<Vec<_>>().join("\n");
    assert!(page.contains(&begins), "mapping.csv differs");
    let report = run_in(folder.path(), &["report"]);
    assert_eq!(report.status.code(), Some(0));
}

/// Customer, cost, revenue and gross profit of the quickstart's README are those of the report.
#[test]
fn the_quickstart_is_as_its_readme_says() {
    let mut args = vec!["report"];
    args.extend(QUICKSTART);
    args.extend(["--format", "csv", "--quiet"]);
    let printed = says(&args);
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| {
        header
            .iter()
            .position(|found| found == name)
            .expect("a column")
    };
    let columns = ["customer", "cost", "revenue", "gross_profit"].map(at);
    let mut report: Vec<[String; 4]> = Vec::new();
    for record in reader.records() {
        let record = record.expect("a record");
        report.push(columns.map(|column| record[column].trim_end_matches(".00").to_string()));
    }
    let readme = read("fixtures/quickstart/README.md");
    // The rows of the table with a model: every customer, and what is nobody's.
    let rows = readme.lines().filter(|line| line.contains(" | gpt-4o"));
    let told: Vec<[String; 4]> = rows
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let cell = |at: usize| cells[at].replace('−', "-").replace(',', "");
            let revenue = if cell(6).is_empty() {
                "0".into()
            } else {
                cell(6)
            };
            [cell(1), cell(5), revenue, cell(7)]
        })
        .collect();
    assert_eq!(told.len(), 9);
    assert_eq!(told, report);
}

#[test]
fn links_lead_to_files() {
    let mut seen = 0;
    for page in pages() {
        let folder: PathBuf = root().join(&page).parent().expect("a folder").into();
        for rest in read(&page).split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or("");
            let file = target.split('#').next().unwrap_or("");
            if file.is_empty() || file.contains("://") {
                continue;
            }
            seen += 1;
            assert!(folder.join(file).exists(), "{page}: no {target}");
        }
    }
    assert!(seen > 10, "links are found at all");
}

#[test]
fn the_code_map_names_every_module() {
    let page = read("docs/ARCHITECTURE.md");
    for entry in std::fs::read_dir(root().join("src")).expect("src is there") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        let name = name.trim_end_matches(".rs");
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is not on the map"
        );
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let page = read("docs/DECISIONS.md");
    for section in ["dependencies", "dev-dependencies"] {
        let names = manifest[section].as_table().expect("a table").keys();
        for name in names {
            assert!(
                page.contains(&format!("| `{name}` |")),
                "{name} has no reason"
            );
        }
    }
}
