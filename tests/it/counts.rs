//! Providers' usage exports beside bills and logs: the quantities they give, the usage they stand
//! for, and what is never counted twice. Every number is worked out in the comment beside it.

use serde_json::Value;

use crate::support::{put, tanso};

const TOKENS: &str = "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed\n";
const CLAUDE_COST: &str = "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,cost_type,inference_geo,speed\n";
const LOG: &str = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n";
const MAPPING: &str = "customer,source,id\n";

/// A row of the tokens export: output tokens of a key on a day.
fn tokens(day: u32, key: &str, output: u64) -> String {
    format!(
        "2026-10-{day:02},claude-haiku-4-5-20251001,{key},Default,standard,≤ 200k,0,0,0,0,{output},0,not_available,\n"
    )
}

/// A row of the cost export: dollars for output of a key on a day.
fn cost(day: u32, key: &str, dollars: &str) -> String {
    format!(
        "2026-10-{day:02},Claude Haiku 4.5,Default,{key},message,≤ 200k,output,{dollars},token,not_available,\n"
    )
}

/// A request of the log.
fn request(day: u32, customer: &str, output: u64) -> String {
    format!(
        "2026-10-{day:02}T12:00:00Z,{customer},anthropic,claude-haiku-4-5,0,{output},{customer}-{day}\n"
    )
}

/// The report of these files.
fn report(files: &[(&str, String)]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> = ["report", "--no-config", "--format", "json"]
        .map(str::to_string)
        .to_vec();
    for (name, content) in files {
        let path = put(folder.path(), name, content);
        if *name == "mapping.csv" {
            arguments.push("-m".into());
        }
        arguments.push(path);
    }
    tanso(&arguments).json()
}

fn cost_of(report: &Value, customer: &str) -> String {
    let rows = report["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["customer"] == customer);
    let row = row.unwrap_or_else(|| panic!("{customer} has no row: {rows:?}"));
    row["cost"].as_str().unwrap().to_string()
}

/// Unattributed cost as `reason amount`.
fn nobody(report: &Value) -> Vec<String> {
    let entries = report["unattributed"].as_array().unwrap();
    let words = |entry: &Value| {
        let word = |key: &str| entry[key].as_str().unwrap().to_string();
        format!("{} {}", word("reason"), word("amount"))
    };
    entries.iter().map(words).collect()
}

fn has_note(report: &Value, code: &str) -> bool {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().any(|note| note["code"] == code)
}

/// Acme 1,200,000 and Umbra 600,000 output tokens; 10.00 dollars.
fn log_and_bill() -> Vec<(&'static str, String)> {
    let log = format!(
        "{LOG}{}{}",
        request(5, "acme", 1_200_000),
        request(5, "umbra", 600_000)
    );
    let bill = format!("{CLAUDE_COST}{}", cost(5, "chat", "10.00"));
    vec![("usage.csv", log), ("costs.csv", bill)]
}

#[test]
fn a_bill_without_quantities_is_compared_in_those_of_the_export() {
    // By the book, 5.00 a million: 6.00 and 3.00 of 10.00.
    let money = report(&log_and_bill());
    assert_eq!(cost_of(&money, "acme"), "6");
    assert_eq!(cost_of(&money, "umbra"), "3");
    assert_eq!(nobody(&money), ["unlogged usage or price 1"]);
    // Q = 2,400,000: 10 × 1.2 ∕ 2.4, 10 × 0.6 ∕ 2.4, and 600,000 tokens that nobody logged.
    let mut files = log_and_bill();
    let export = format!(
        "{TOKENS}{}{}",
        tokens(5, "chat", 2_000_000),
        tokens(5, "ops", 400_000)
    );
    files.push(("tokens.csv", export));
    let counted = report(&files);
    assert_eq!(cost_of(&counted, "acme"), "5");
    assert_eq!(cost_of(&counted, "umbra"), "2.5");
    assert_eq!(nobody(&counted), ["unlogged usage 2.5"]);
    assert!(has_note(&counted, "N1031") && !has_note(&counted, "N1033"));
    // The export is not usage beside the log: requests, meters and holders are the log's.
    assert_eq!(counted["totals"]["requests"], money["totals"]["requests"]);
    assert_eq!(counted["totals"]["meters"], money["totals"]["meters"]);
    assert_eq!(counted["rows"].as_array().unwrap().len(), 2);
    assert!(!has_note(&counted, "N1030"));
    // The order of the files does not matter.
    files.reverse();
    let turned = report(&files);
    for part in ["rows", "unattributed", "totals", "tie", "notes"] {
        assert_eq!(turned[part], counted[part], "{part}");
    }
}

#[test]
fn within_the_tolerance_a_dearer_bill_is_shared_in_full() {
    // Q = L = 1,800,000: nothing is unlogged, whatever a token costs.
    let mut files = log_and_bill();
    files.push((
        "tokens.csv",
        format!("{TOKENS}{}", tokens(5, "chat", 1_800_000)),
    ));
    let counted = report(&files);
    assert_eq!(cost_of(&counted, "acme"), "6.666666666667");
    assert_eq!(cost_of(&counted, "umbra"), "3.333333333333");
    assert!(nobody(&counted).is_empty());
}

#[test]
fn keys_that_the_mapping_knows_part_the_quantities_like_the_charges() {
    // Acme's own key: 4.00, 800,000 tokens, direct. The rest: 6.00, 2,400,000 tokens.
    // Acme logged 1,000,000, of which 200,000 are left to share in the rest; Umbra 1,000,000.
    // 6 × 0.2 ∕ 2.4 = 0.50; 6 × 1.0 ∕ 2.4 = 2.50; the other 1,200,000 tokens are unlogged: 3.00.
    let log = format!(
        "{LOG}{}{}",
        request(5, "acme", 1_000_000),
        request(5, "umbra", 1_000_000)
    );
    let bill = format!(
        "{CLAUDE_COST}{}{}",
        cost(5, "acme-key", "4.00"),
        cost(5, "shared", "6.00")
    );
    let export = format!(
        "{TOKENS}{}{}",
        tokens(5, "acme-key", 800_000),
        tokens(5, "shared", 2_400_000)
    );
    let mapping = format!("{MAPPING}acme,usage,acme\numbra,usage,umbra\nacme,anthropic,acme-key\n");
    let report = report(&[
        ("usage.csv", log),
        ("costs.csv", bill),
        ("tokens.csv", export),
        ("mapping.csv", mapping),
    ]);
    assert_eq!(cost_of(&report, "acme"), "4.5");
    assert_eq!(cost_of(&report, "umbra"), "2.5");
    assert_eq!(nobody(&report), ["unlogged usage 3"]);
}

#[test]
fn a_customer_whom_only_the_bill_can_name_leaves_the_comparison_in_money() {
    // The mapping names the key by its id, which the export does not have: whose tokens are whose
    // cannot be told, so the export changes no number.
    let bill = format!(
        "{}{}{}",
        CLAUDE_COST.replace("speed\n", "speed,api_key_id\n"),
        cost(5, "acme-key", "4.00").replace(",\n", ",,apikey_01\n"),
        cost(5, "shared", "6.00").replace(",\n", ",,apikey_02\n"),
    );
    let log = format!(
        "{LOG}{}{}",
        request(5, "acme", 1_000_000),
        request(5, "umbra", 1_000_000)
    );
    let mapping =
        format!("{MAPPING}acme,usage,acme\numbra,usage,umbra\nacme,anthropic,apikey_01\n");
    let export = format!("{TOKENS}{}", tokens(5, "acme-key", 4_000_000));
    let mut files = vec![
        ("usage.csv", log),
        ("costs.csv", bill),
        ("mapping.csv", mapping),
    ];
    let without = report(&files);
    files.push(("tokens.csv", export));
    let with = report(&files);
    assert_eq!(with["rows"], without["rows"]);
    assert_eq!(with["unattributed"], without["unattributed"]);
    assert!(has_note(&with, "N1033") && !has_note(&with, "N1031"));
}

#[test]
fn a_month_that_the_export_covers_in_part_stays_in_money() {
    let two_days = |with_export: bool| {
        let log = format!(
            "{LOG}{}{}",
            request(5, "acme", 1_000_000),
            request(6, "acme", 1_000_000)
        );
        let bill = format!(
            "{CLAUDE_COST}{}{}",
            cost(5, "chat", "10.00"),
            cost(6, "chat", "10.00")
        );
        let mut files = vec![("usage.csv", log), ("costs.csv", bill)];
        if with_export {
            files.push((
                "tokens.csv",
                format!("{TOKENS}{}", tokens(5, "chat", 4_000_000)),
            ));
        }
        report(&files)
    };
    let (with, without) = (two_days(true), two_days(false));
    // 5.00 of usage a day by the book against 10.00.
    assert_eq!(cost_of(&without, "acme"), "10");
    assert_eq!(with["rows"], without["rows"]);
    assert_eq!(with["unattributed"], without["unattributed"]);
    assert!(has_note(&with, "N1033"));
}

#[test]
fn without_a_log_the_export_is_the_usage_of_its_keys() {
    // A bill without keys: 9.00. Acme's key has 1,600,000 of 2,400,000 tokens: 6.00; the workspace
    // is nobody's: 3.00.
    let bill =
        "date,provider,model,meter,amount\n2026-10-05,anthropic,claude-haiku-4-5,output,9.00\n";
    let export = format!(
        "{TOKENS}{}{}",
        tokens(5, "acme-key", 1_600_000),
        tokens(5, "other", 800_000)
    );
    let mapping = format!("{MAPPING}acme,anthropic,acme-key\n");
    let report = report(&[
        ("costs.csv", bill.to_string()),
        ("tokens.csv", export),
        ("mapping.csv", mapping),
    ]);
    assert_eq!(cost_of(&report, "acme"), "6");
    assert_eq!(cost_of(&report, "(unmapped) anthropic:Default"), "3");
    assert!(nobody(&report).is_empty());
    assert!(has_note(&report, "N1030"));
    let acme = &report["rows"].as_array().unwrap()[0];
    assert_eq!(acme["cost_by_basis"]["metered"], "6");
    assert_eq!(acme["meters"]["output"], "1600000");
    assert_eq!(report["unmapped"][0]["source"], "anthropic");
    assert_eq!(report["unmapped"][0]["id"], "Default");
}

#[test]
fn a_month_is_the_logs_or_the_exports_never_both() {
    // The log has September, the export September and October; no bill, so prices: 5.00 a million.
    let log = format!("{LOG}2026-09-05T12:00:00Z,acme,anthropic,claude-haiku-4-5,0,1000000,r1\n");
    let september = tokens(5, "k", 3_000_000).replace("2026-10", "2026-09");
    let export = format!("{TOKENS}{september}{}", tokens(5, "k", 2_000_000));
    let report = report(&[("usage.csv", log), ("tokens.csv", export)]);
    assert_eq!(cost_of(&report, "acme"), "5");
    assert_eq!(cost_of(&report, "(unmapped) anthropic:Default"), "10");
    assert_eq!(report["totals"]["meters"]["output"], "3000000");
}

#[test]
fn exports_of_other_hours_of_one_day_stand_side_by_side() {
    // 2,000,000 and 1,000,000 output tokens at 5.00 a million: 15.00.
    let hour = |hour: &str, output| {
        let row = tokens(5, "k", output).replace("2026-10-05", &format!("2026-10-05 {hour}"));
        format!("{TOKENS}{row}")
    };
    let run = |a: &str, b: &str| {
        let folder = tempfile::tempdir().unwrap();
        let one = put(folder.path(), "a.csv", hour(a, 2_000_000));
        let two = put(folder.path(), "b.csv", hour(b, 1_000_000));
        let words = ["report", "--no-config", "--format", "json"].map(String::from);
        tanso(&words.into_iter().chain([one, two]).collect::<Vec<_>>())
    };
    let report = run("02:00", "03:00").json();
    assert_eq!(cost_of(&report, "(unmapped) anthropic:Default"), "15");
    // A quarter of an hour lies in its hour.
    for again in ["02:00", "02:15"] {
        assert_eq!(run("02:00", again).code, 3, "{again}");
    }
}

#[test]
fn a_bill_that_states_quantities_keeps_them() {
    let log = format!("{LOG}{}", request(5, "acme", 1_000));
    let bill = "date,provider,model,meter,quantity,amount\n2026-10-05,anthropic,claude-haiku-4-5,output,2000,8.00\n";
    let mut files = vec![("usage.csv", log), ("costs.csv", bill.to_string())];
    let without = report(&files);
    // Half of the billed tokens are logged.
    assert_eq!(cost_of(&without, "acme"), "4");
    files.push((
        "tokens.csv",
        format!("{TOKENS}{}", tokens(5, "chat", 2_500)),
    ));
    let with = report(&files);
    assert_eq!(with["rows"], without["rows"]);
    let notes = with["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["code"] == "N1032").unwrap();
    assert_eq!(
        note["text"],
        "anthropic claude-haiku-4-5 output, October 2026: the bill states 2,000, the usage export 2,500; the bill's counts"
    );
    files[2].1 = format!("{TOKENS}{}", tokens(5, "chat", 2_000));
    assert!(!has_note(&report(&files), "N1032"));
}

#[test]
fn display_names_and_dated_ids_of_one_model_meet() {
    // Two snapshots in the export are one display name in the bill: 1,000,000 + 1,000,000.
    let mut files = log_and_bill();
    let second = tokens(5, "chat", 1_000_000).replace("20251001", "20260701");
    let export = format!("{TOKENS}{}{second}", tokens(5, "chat", 1_000_000));
    files.push(("tokens.csv", export));
    let report = report(&files);
    // 10 × 1.2 ∕ 2.0 and 10 × 0.6 ∕ 2.0.
    assert_eq!(cost_of(&report, "acme"), "6");
    assert_eq!(cost_of(&report, "umbra"), "3");
    assert_eq!(nobody(&report), ["unlogged usage 1"]);
}

#[test]
fn two_exports_of_the_same_days_are_refused_or_the_later_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let early = put(
        folder.path(),
        "early.csv",
        format!("{TOKENS}{}{}", tokens(4, "k", 5), tokens(5, "k", 7)),
    );
    let late = put(
        folder.path(),
        "late.csv",
        format!("{TOKENS}{}{}", tokens(5, "k", 11), tokens(6, "k", 13)),
    );
    let arguments = ["report", "--no-config", "--format", "json", &early, &late];
    let refused = tanso(&arguments);
    assert_eq!(refused.code, 3);
    assert!(refused.err.contains("T3033"), "{}", refused.err);
    let mut arguments = arguments.to_vec();
    arguments.extend(["--on-overlap", "latest"]);
    let report = tanso(&arguments).json();
    // 5 + 11 + 13; the 7 of the earlier file are left out and counted.
    assert_eq!(report["totals"]["meters"]["output"], "29");
    assert_eq!(report["inputs"][0]["rows"]["skipped"]["superseded"], 1);
    assert_eq!(report["inputs"][0]["rows"]["used"], 1);
    assert_eq!(report["inputs"][1]["rows"]["used"], 2);
}

#[test]
fn cache_lines_of_the_bill_take_the_exports_cached_tokens() {
    // Input 3.00 for 3,000,000 and cache reads 0.20 for 2,000,000, of a log that separates neither:
    // 5,000,000 input tokens in all, 4,000,000 of them logged by Acme. 3.20 × 4 ∕ 5 = 2.56.
    let log = format!("{LOG}2026-10-05T12:00:00Z,acme,anthropic,claude-haiku-4-5,4000000,0,r1\n");
    let input = cost(5, "chat", "3.00").replace(",output,", ",input_no_cache,");
    let read = cost(5, "chat", "0.20").replace(",output,", ",input_cache_read,");
    let bill = format!("{CLAUDE_COST}{input}{read}");
    let row = "2026-10-05,claude-haiku-4-5-20251001,chat,Default,standard,≤ 200k,3000000,0,0,2000000,0,0,not_available,\n";
    let report = report(&[
        ("usage.csv", log),
        ("costs.csv", bill),
        ("tokens.csv", format!("{TOKENS}{row}")),
    ]);
    assert_eq!(cost_of(&report, "acme"), "2.56");
    assert_eq!(nobody(&report), ["unlogged usage 0.64"]);
}

#[test]
fn a_new_mapping_lists_the_projects_of_the_export() {
    let folder = tempfile::tempdir().unwrap();
    let export = put(
        folder.path(),
        "tokens.csv",
        format!("{TOKENS}{}", tokens(5, "k", 5)),
    );
    let out = folder.path().join("project");
    std::fs::create_dir(&out).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_tanso"))
        .args(["init", &export])
        .current_dir(&out)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let mapping = std::fs::read_to_string(out.join("mapping.csv")).unwrap();
    assert!(mapping.contains("Default,anthropic,Default"), "{mapping}");
}

#[test]
fn an_export_that_ends_before_the_bill_is_told() {
    let bill = "date,provider,model,meter,amount\n2026-10-05,anthropic,claude-haiku-4-5,output,9.00\n2026-10-06,anthropic,claude-haiku-4-5,output,1.00\n";
    let report = report(&[
        ("costs.csv", bill.to_string()),
        (
            "tokens.csv",
            format!("{TOKENS}{}", tokens(5, "k", 1_000_000)),
        ),
    ]);
    let notes = report["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["code"] == "N2102").unwrap();
    assert_eq!(
        note["text"],
        "1.00 USD is billed for days that the usage export does not reach: it covers 2026-10-05 to 2026-10-05, the bills 2026-10-05 to 2026-10-06"
    );
    assert!(has_note(&report, "N1033"));
}

#[test]
fn bill_and_export_are_compared_on_the_days_of_the_report_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bill = "date,provider,model,meter,quantity,amount\n2026-10-05,anthropic,claude-haiku-4-5,output,2000,8.00\n2026-10-06,anthropic,claude-haiku-4-5,output,3000,9.00\n";
    let bill = put(folder.path(), "costs.csv", bill);
    let export = format!("{TOKENS}{}{}", tokens(5, "k", 2_000), tokens(6, "k", 3_001));
    let export = put(folder.path(), "tokens.csv", export);
    for (to, differs) in [("2026-10-06", false), ("2026-10-07", true)] {
        let arguments = [
            "report",
            "--no-config",
            "--format",
            "json",
            "--from",
            "2026-10-05",
        ];
        let run = tanso(&[&arguments[..], &["--to", to, &bill, &export]].concat());
        assert_eq!(has_note(&run.json(), "N1032"), differs, "{to}");
    }
}
