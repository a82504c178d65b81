//! The stories of `fixtures/scenarios` and the quick start: what each `story.md` works out by hand
//! is what the program prints.

use serde_json::Value;

use crate::support::{entries, file_name, repository, tanso, text};

/// The columns of the contract; later ones may be added at the end and are not the stories' matter.
const COLUMNS: usize = 26;

/// The first columns of a CSV whose cells hold no comma.
fn columns(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split(',').take(COLUMNS).map(str::to_string).collect();
    text.lines().map(cells).collect()
}

fn report(folder: &str, more: &[&str]) -> Vec<Vec<String>> {
    let config = repository(folder).join("tanso.toml");
    let config = config.to_string_lossy().into_owned();
    let mut args = vec!["report", "--config", &config, "--format", "csv"];
    args.extend(more);
    let run = tanso(&args);
    assert_eq!(run.code, 0, "{folder}: {}", run.err);
    columns(&run.out)
}

fn expected(folder: &str) -> Vec<Vec<String>> {
    columns(&text(&repository(folder).join("expected.csv")))
}

#[test]
fn invisible_margin_drain() {
    let folder = "fixtures/scenarios/margin-drain";
    assert_eq!(report(folder, &[]), expected(folder));
}

#[test]
fn pricing_paralysis() {
    let folder = "fixtures/scenarios/pricing-paralysis";
    assert_eq!(report(folder, &[]), expected(folder));
}

#[test]
fn enterprise_discount_trap() {
    let folder = "fixtures/scenarios/enterprise-discount";
    assert_eq!(report(folder, &["--month", "2026-02"]), expected(folder));
}

#[test]
fn quick_start() {
    let folder = "fixtures/quickstart";
    let path = |name: &str| repository(folder).join(name).to_string_lossy().into_owned();
    let files = ["usage.csv", "costs.csv", "stripe.csv"].map(path);
    let run = tanso(&[
        "report",
        "--no-config",
        "--format",
        "csv",
        &files[0],
        &files[1],
        &files[2],
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(columns(&run.out), expected(folder));
}

/// `story.md` of pricing-paralysis: mid from 50 to 61.
#[test]
fn a_higher_price_for_the_mid_plan() {
    let config = repository("fixtures/scenarios/pricing-paralysis/tanso.toml");
    let config = config.to_string_lossy().into_owned();
    let run = tanso(&[
        "simulate", "--config", &config, "--plan", "mid=61", "--format", "json",
    ]);
    let document: Value = run.json();
    let scenario = &document["scenarios"][0];
    // Ten mid customers pay 11 more; cost does not move.
    assert_eq!(scenario["totals"]["difference"]["gross_profit"], "110");
    assert_eq!(scenario["totals"]["difference"]["cost"], "0");
    assert_eq!(
        scenario["crosses"]["into_profit"].as_array().map(Vec::len),
        Some(0)
    );
    assert_eq!(
        scenario["crosses"]["into_loss"].as_array().map(Vec::len),
        Some(0)
    );
    let shock = &scenario["invoice_shock"];
    assert_eq!((&shock["p50"], &shock["max"]), (&"11".into(), &"11".into()));
    // 11 ∕ 61, two of ten, 110 ∕ 440, four of ten.
    let churn = &scenario["break_even_churn"];
    assert_eq!(churn["revenue"], "0.180327868852459");
    assert_eq!(churn["most_profitable_first"], "0.2");
    assert_eq!(churn["proportional"], "0.25");
    assert_eq!(churn["loss_makers_first"], "0.4");
}

/// A story without a test would not be one.
#[test]
fn every_story_is_told_here() {
    let folders = entries(&repository("fixtures/scenarios"));
    let folders: Vec<_> = folders.into_iter().filter(|path| path.is_dir()).collect();
    let names: Vec<String> = folders.iter().map(|path| file_name(path)).collect();
    assert_eq!(
        names,
        ["enterprise-discount", "margin-drain", "pricing-paralysis"]
    );
    for folder in folders {
        assert!(
            folder.join("story.md").exists(),
            "{} has no story.md",
            folder.display()
        );
    }
}
