//! Which invoices a new price of a plan touches, and what is said where it touches none. Every
//! number here is worked out by hand.

use serde_json::Value;

use crate::support::{Run, put, tanso};

/// Runs `tanso simulate` in JSON for October 2026 over files given by name and content.
fn simulate(files: &[(&str, &str)], arguments: &[&str]) -> Run {
    run("simulate", files, arguments)
}

fn run(command: &str, files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let start = [command, "--no-config", "--format=json", "--month=2026-10"];
    let mut all: Vec<String> = start.iter().map(|word| word.to_string()).collect();
    for (name, content) in files {
        if *name == "mapping.csv" {
            all.push("-m".into());
        }
        all.push(put(folder.path(), name, content));
    }
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

/// `customer revenue-now revenue-then` of each row, in order.
fn revenues(document: &Value) -> Vec<String> {
    let rows = document["scenarios"][0]["rows"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                text(&row["customer"]),
                text(&row["now"]["revenue"]),
                text(&row["then"]["revenue"])
            )
        })
        .collect();
    rows.sort();
    rows
}

fn warning<'a>(document: &'a Value, code: &str) -> Option<&'a str> {
    let notes = document["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["code"] == code)?;
    assert_eq!(note["severity"], "warning");
    note["text"].as_str()
}

/// Rows of a revenue table: customer, amount, plan.
fn table(rows: &[(&str, &str, &str)]) -> String {
    let mut text = "customer_id,period_start,period_end,amount,currency,plan,type\n".to_string();
    for (customer, amount, plan) in rows {
        text.push_str(&format!(
            "{customer},2026-10-01,2026-11-01,{amount},USD,{plan},recurring\n"
        ));
    }
    text
}

#[test]
fn plans_are_told_apart_letter_by_letter() {
    let revenue = table(&[("acme", "100.00", "Pro"), ("umbra", "50.00", "pro")]);
    let files = [("revenue.csv", revenue.as_str())];
    let document = simulate(&files, &["--plan", "pro=+10%"]).json();
    assert_eq!(revenues(&document), ["acme 100 100", "umbra 50 55"]);
    assert!(
        warning(&document, "N2003")
            .unwrap()
            .contains("\"Pro\", \"pro\"")
    );
    // The report has the same two plans.
    let report = run("report", &files, &["--by", "plan"]).json();
    assert_eq!(report["rows"].as_array().unwrap().len(), 2);
    assert!(warning(&report, "N2003").is_some());
    // Two prices for two plans are no contradiction; a third spelling is nobody's.
    let both = simulate(&files, &["--plan", "pro=+10%", "--plan", "Pro=+20%"]).json();
    assert_eq!(revenues(&both), ["acme 100 120", "umbra 50 55"]);
    let nobody = simulate(&files, &["--plan", "PRO=+10%"]);
    assert_eq!(nobody.code, 3);
    assert!(
        nobody.err.contains("plans found: Pro, pro"),
        "{}",
        nobody.err
    );
}
