//! The number that matters: how many of thousands of damaged exports give a wrong report without
//! a word. It must be none.
//!
//! Each damaged file of `corpus` is reported with the two other clean sources and an identity
//! mapping. The run refuses the file, or gives the numbers of the clean run, or is silently wrong.
//! A refusal must name the damaged line, and the damaged cell where the cells are still in place.
//! The table of `docs/reliability.md` is written here with `TANSO_UPDATE=1` and checked otherwise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;

use crate::corpus::{CATEGORIES, CUSTOMERS, Damaged, Source, bill, payments, usage};
use crate::support::{Run, check_table, put, tanso};

const SEEDS: [u64; 3] = [1, 7, 2026];
/// Parts of a report that carry its numbers; the rest is about files.
const NUMBERS: [&str; 6] = [
    "rows",
    "unattributed",
    "unmapped",
    "unpriced",
    "totals",
    "tie",
];

/// How one source is read: which file is damaged, and as what.
struct Case {
    title: &'static str,
    source: fn(u64) -> Source,
    file: &'static str,
    /// Whether the bill is left to detection, which takes a log of requests with costs for one.
    bill_as_log: bool,
}

const CASES: [Case; 4] = [
    Case {
        title: "provider bill",
        source: bill,
        file: "bill.csv",
        bill_as_log: false,
    },
    Case {
        title: "the bill read as a log",
        source: bill,
        file: "bill.csv",
        bill_as_log: true,
    },
    Case {
        title: "usage log",
        source: usage,
        file: "usage.csv",
        bill_as_log: false,
    },
    Case {
        title: "Stripe payments",
        source: payments,
        file: "payments.csv",
        bill_as_log: false,
    },
];

/// What came of a category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    refused: u64,
    same: u64,
    /// Another number, and the report says how many rows were read so.
    counted: u64,
    wrong: u64,
}

/// What came of one source.
#[derive(Debug, Default)]
struct Outcome {
    scores: BTreeMap<&'static str, Score>,
    /// Silently wrong, refused with another code than 3, or at another line.
    faults: Vec<String>,
    /// Refusals of cell damage, and those of them that name another cell.
    cells: u64,
    other_cells: u64,
}

fn report(folder: &Path, case: &Case) -> Run {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let mut arguments: Vec<String> = ["report", "--no-config", "--month", "2026-09"]
        .iter()
        .chain(&["--format", "json", "--message-format", "json", "-m"])
        .map(ToString::to_string)
        .collect();
    arguments.push(path("mapping.csv"));
    arguments.push(path("payments.csv"));
    if case.bill_as_log {
        arguments.push(path("bill.csv"));
    } else {
        arguments.push(format!("cost-csv:{}", path("bill.csv")));
        arguments.push(path("usage.csv"));
    }
    tanso(&arguments)
}

fn mapping() -> String {
    let mut text = "customer,source,id\n".to_string();
    for at in 0..CUSTOMERS {
        for source in ["usage", "stripe"] {
            writeln!(text, "cus_{at},{source},cus_{at}").unwrap();
        }
    }
    text
}

fn numbers(run: &Run) -> Value {
    let report = run.json();
    NUMBERS.iter().map(|part| report[part].clone()).collect()
}

/// The errors a run printed, one JSON object per line.
fn errors(run: &Run) -> Vec<Value> {
    let objects = run.err.lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|why| panic!("{why}: {line:?}"))
    });
    objects
        .filter(|message| message["severity"] == "error")
        .collect()
}

/// Reports every damaged copy of one source.
fn try_all(case: &Case, seed: u64) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(folder, "mapping.csv", mapping());
    put(folder, "bill.csv", bill(seed).text());
    put(folder, "usage.csv", usage(seed).text());
    put(folder, "payments.csv", payments(seed).text());
    let clean = report(folder, case);
    let right = numbers(&clean);
    assert!(right[4]["cost"] != "0", "{}: {}", case.title, clean.out);
    let mut outcome = Outcome::default();
    for copy in (case.source)(seed).damaged() {
        put(folder, case.file, &copy.text);
        judge(case, &copy, &report(folder, case), &right, &mut outcome);
    }
    outcome
}

fn judge(case: &Case, copy: &Damaged, run: &Run, right: &Value, outcome: &mut Outcome) {
    let score = outcome.scores.entry(copy.category).or_default();
    let what = || format!("{}, {}, line {}", case.title, copy.category, copy.line);
    match run.code {
        0 if numbers(run) == *right => score.same += 1,
        // A blank quantity may be read as none of that meter if the report counts such rows.
        0 if copy.category == "number_empty" && run.out.contains("N1006") => score.counted += 1,
        0 => {
            score.wrong += 1;
            outcome.faults.push(format!("silently wrong: {}", what()));
        }
        3 => {
            score.refused += 1;
            let errors = errors(run);
            let here = |error: &&Value| {
                let file = error["file"].as_str().unwrap_or("");
                file.ends_with(case.file) && error["line"] == copy.line
            };
            let located: Vec<&Value> = errors.iter().filter(here).collect();
            if located.is_empty() {
                outcome
                    .faults
                    .push(format!("not located: {}: {}", what(), run.err));
            }
            if let Some(cell) = copy.cell {
                outcome.cells += 1;
                if !located.iter().any(|error| error["column"] == cell) {
                    outcome.other_cells += 1;
                }
            }
        }
        code => outcome
            .faults
            .push(format!("exit {code}: {}: {}", what(), run.err)),
    }
}

/// All sources and seeds, on as many threads as there are processors.
fn all() -> BTreeMap<(usize, u64), Outcome> {
    let jobs = (0..CASES.len()).flat_map(|case| SEEDS.map(|seed| (case, seed)));
    let jobs = Mutex::new(jobs.collect::<Vec<_>>());
    let done = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some((case, seed)) = jobs.lock().unwrap().pop() else {
                        return;
                    };
                    let outcome = try_all(&CASES[case], seed);
                    done.lock().unwrap().insert((case, seed), outcome);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// The table of the page: per category and source, refused and same; nothing else occurs.
fn table(outcomes: &BTreeMap<(usize, u64), Outcome>) -> String {
    let mut lines = vec![String::new(), String::new()];
    lines[0] += "| damage | files each |";
    lines[1] += "|---|--:|";
    for case in &CASES {
        write!(lines[0], " {} |", case.title).unwrap();
        lines[1] += "--:|";
    }
    let mut sums = [Score::default(); CASES.len()];
    for (category, count, what) in CATEGORIES {
        let mut line = format!("| {what} | {count} |");
        for (case, sum) in sums.iter_mut().enumerate() {
            let score = outcomes[&(case, SEEDS[0])].scores[category];
            write!(line, " {} |", words(score)).unwrap();
            sum.refused += score.refused;
            sum.same += score.same;
            sum.counted += score.counted;
            sum.wrong += score.wrong;
        }
        lines.push(line);
    }
    let mut line = "| **all** | **2,000** |".to_string();
    for sum in sums {
        write!(line, " **{}** |", words(sum)).unwrap();
    }
    lines.push(line);
    lines.join("\n")
}

fn words(score: Score) -> String {
    let counted = match score.counted {
        0 => String::new(),
        n => format!(", {n} counted"),
    };
    format!(
        "{} / {} / {}{counted}",
        score.refused, score.same, score.wrong
    )
}

#[test]
fn no_damaged_export_is_silently_wrong() {
    let outcomes = all();
    for ((case, seed), outcome) in &outcomes {
        let title = CASES[*case].title;
        let faults = &outcome.faults;
        assert!(
            faults.is_empty(),
            "{title}, seed {seed}: {} faults\n{}",
            faults.len(),
            faults[..faults.len().min(12)].join("\n")
        );
        assert!(
            outcome.other_cells * 100 <= outcome.cells,
            "{title}, seed {seed}: {} of {} refusals name another cell",
            outcome.other_cells,
            outcome.cells
        );
        for (category, count, _) in CATEGORIES {
            let score = outcome.scores[category];
            assert_eq!(
                score.refused + score.same + score.counted,
                count,
                "{title}: {category}"
            );
            // The same number in another spelling is no damage.
            if category == "number_exponent" {
                assert_eq!(score.same, count, "{title}: {category}");
            }
        }
        assert_eq!(
            outcome.scores,
            outcomes[&(*case, SEEDS[0])].scores,
            "{title}: seed {seed} gives another table"
        );
    }
    check_table("tests/it/damage.rs", &table(&outcomes));
}
