//! Attributes with dates: a customer that changes its plan inside the report. Every number here is
//! worked out by hand.
//!
//! Acme pays 300.00 for September and 310.00 for October, both 10.00 a day, and moves from pro to
//! team on 11 October. Umbra pays 31.00 for October and stays on pro.

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{put, tanso};

const MAPPING: &str = "\
customer,source,id,valid_from,valid_to,plan
acme,,,,2026-10-11,pro
acme,,,2026-10-11,,team
acme,usage,acme,,,
acme,revenue,acme,,,
umbra,usage,umbra,,,pro
umbra,revenue,umbra,,,
";
const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,status,invoice_id
acme,2026-09-01,2026-10-01,300.00,USD,paid,INV-1
acme,2026-10-01,2026-11-01,310.00,USD,paid,INV-2
umbra,2026-10-01,2026-11-01,31.00,USD,paid,INV-3
";
/// With costs of its own, so no bill is needed.
const USAGE: &str = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens,cost
2026-09-05T08:00:00Z,r1,acme,openai,gpt-4o-mini,1000,0,5.00
2026-10-05T08:00:00Z,r2,acme,openai,gpt-4o-mini,1000,0,7.00
2026-10-20T08:00:00Z,r3,acme,openai,gpt-4o-mini,1000,0,11.00
2026-10-05T08:00:00Z,r4,umbra,openai,gpt-4o-mini,2000,0,2.00
";
/// One charge for the whole of October: 0.01 a token.
const COSTS: &str = "\
period_start,period_end,provider,model,meter,quantity,cost
2026-10-01,2026-11-01,openai,gpt-4o-mini,input,4000,40.00
";

fn run(command: &str, costs: bool, arguments: &[&str]) -> Value {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut all = vec![
        command.to_string(),
        "--no-config".into(),
        "--format=json".into(),
        "-m".into(),
        put(path, "mapping.csv", MAPPING),
        put(path, "revenue.csv", REVENUE),
        put(path, "usage.csv", USAGE),
    ];
    if costs {
        all.push(put(path, "costs.csv", COSTS));
    }
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all).json()
}

/// The rows as text: these columns of each, in order of their text.
fn rows(document: &Value, columns: &[&str]) -> Vec<String> {
    let cell = |row: &Value, column: &&str| row[column].as_str().unwrap_or("-").to_string();
    let rows = document["rows"].as_array().unwrap().iter();
    let mut rows: Vec<String> = rows
        .map(|row| {
            let cells: Vec<String> = columns.iter().map(|column| cell(row, column)).collect();
            cells.join(" ")
        })
        .collect();
    rows.sort();
    rows
}

const TWO_MONTHS: [&str; 4] = ["--from", "2026-09-01", "--to", "2026-11-01"];

#[test]
fn revenue_and_cost_take_the_plan_of_their_own_day() {
    // Ten days of October at 10.00 on pro, 21 on team; requests by their day.
    let by = |dimensions: &str| {
        run(
            "report",
            false,
            &[&["--by", dimensions], &TWO_MONTHS[..]].concat(),
        )
    };
    assert_eq!(
        rows(&by("plan"), &["plan", "revenue", "cost"]),
        ["pro 431 14", "team 210 11"]
    );
    for dimensions in ["plan,month", "month,plan"] {
        assert_eq!(
            rows(&by(dimensions), &["month", "plan", "revenue", "cost"]),
            [
                "2026-09 pro 300 5",
                "2026-10 pro 131 9",
                "2026-10 team 210 11"
            ],
            "{dimensions}"
        );
    }
}

#[test]
fn a_filter_by_plan_takes_the_days_on_that_plan() {
    let only = |plan: &str| {
        let filter = format!("plan={plan}");
        run(
            "report",
            false,
            &[&["--where", &filter], &TWO_MONTHS[..]].concat(),
        )
    };
    assert_eq!(
        rows(&only("pro"), &["customer", "revenue", "cost"]),
        ["acme 400 12", "umbra 31 2"]
    );
    assert_eq!(
        rows(&only("team"), &["customer", "revenue", "cost"]),
        ["acme 210 11"]
    );
}

#[test]
fn a_charge_for_the_month_goes_by_the_days_of_the_usage() {
    // 4,000 tokens for 40.00: acme has 1,000 on each plan, umbra 2,000 on pro.
    let by = run("report", true, &["--by", "plan", "--month", "2026-10"]);
    assert_eq!(
        rows(&by, &["plan", "revenue", "cost"]),
        ["pro 131 30", "team 210 10"]
    );
    let by = run("report", true, &["--by", "customer", "--month", "2026-10"]);
    assert_eq!(
        rows(&by, &["customer", "plan", "revenue", "cost"]),
        ["acme team 310 20", "umbra pro 31 20"]
    );
}

#[test]
fn beside_a_customer_stands_the_plan_at_the_end_of_its_row() {
    let by = run(
        "report",
        false,
        &[&["--by", "customer"], &TWO_MONTHS[..]].concat(),
    );
    assert_eq!(rows(&by, &["customer", "plan"]), ["acme team", "umbra pro"]);
    let by = run(
        "report",
        false,
        &[&["--by", "customer,month"], &TWO_MONTHS[..]].concat(),
    );
    assert_eq!(
        rows(&by, &["customer", "month", "plan", "revenue"]),
        [
            "acme 2026-09 pro 300",
            "acme 2026-10 team 310",
            "umbra 2026-10 pro 31"
        ]
    );
}

#[test]
fn an_invoice_is_repriced_with_the_plan_on_which_its_service_began() {
    let months = ["--month", "2026-10"];
    let simulate = |plan: &str, more: &[&str]| {
        let document = run(
            "simulate",
            false,
            &[&["--plan", plan], &months[..], more].concat(),
        );
        let side = |row: &Value, side: &str| row[side]["revenue"].as_str().unwrap().to_string();
        let rows = document["scenarios"][0]["rows"].as_array().unwrap().clone();
        let mut rows: Vec<String> = rows
            .iter()
            .map(|row| {
                let name = row["customer"].as_str().unwrap();
                format!("{name} {} {}", side(row, "now"), side(row, "then"))
            })
            .collect();
        rows.sort();
        rows
    };
    // Acme's October began on pro.
    assert_eq!(simulate("pro=+10%", &[]), ["acme 310 341", "umbra 31 34.1"]);
    assert_eq!(simulate("team=+10%", &[]), ["acme 310 310", "umbra 31 31"]);
    // Limited to the days on team: 21 of 31 at 10.00, then at 11.00.
    assert_eq!(
        simulate("pro=+10%", &["--where", "plan=team"]),
        ["acme 210 231"]
    );
}
