//! The same calls in two logs: they count once or the run is refused, never twice.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::support::{Run, put, tanso};

const PRICES: &str = "[[price]]\nmodel = \"m-1\"\nmeter = \"input\"\nper_million = \"1\"\n\
    [[price]]\nmodel = \"m-1\"\nmeter = \"output\"\nper_million = \"1\"\n";

/// A report on some files, at a dollar for a million tokens of m-1, in or out.
fn report(folder: &Path, files: &[&str], more: &[&str]) -> Run {
    let config = put(folder, "tanso.toml", PRICES);
    let mut arguments = vec!["report", "--config", &config, "--format", "json"];
    arguments.extend(["--month", "2026-10"]);
    arguments.extend(more);
    arguments.extend(files);
    tanso(&arguments)
}

fn cost(run: &Run) -> String {
    run.json()["totals"]["cost"].as_str().unwrap().to_string()
}

fn notes(run: &Run, code: &str) -> Vec<String> {
    let report = run.json();
    let notes = report["notes"].as_array().unwrap().iter();
    let notes = notes.filter(|note| note["code"] == code);
    notes
        .map(|note| note["text"].as_str().unwrap().to_string())
        .collect()
}

fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    for word in ["T3033"].iter().chain(words) {
        assert!(run.err.contains(word), "{word}: {}", run.err);
    }
}

/// A log of days with their input and output tokens, two calls a day, without ids.
fn app(days: &[(u32, u64, u64)]) -> String {
    let mut text = "timestamp,customer,model,input_tokens,output_tokens\n".to_string();
    for (day, input, output) in days {
        for (hour, of) in [(9, 1), (10, 0)] {
            let part = |all: u64| all / 2 + of * (all % 2);
            let (input, output) = (part(*input), part(*output));
            writeln!(
                text,
                "2026-10-{day:02}T{hour:02}:00:00Z,acme,m-1,{input},{output}"
            )
            .unwrap();
        }
    }
    text
}

/// The same as a gateway might sum it: one row a day, by another customer name and model spelling.
fn gateway(days: &[(u32, u64, u64)]) -> String {
    let mut text = "timestamp,tenant,request_model,prompt_tokens,completion_tokens\n".to_string();
    text = text
        .replace("request_model", "model")
        .replace("tenant", "customer");
    for (day, input, output) in days {
        writeln!(
            text,
            "2026-10-{day:02}T12:00:00Z,a-17,openai/m-1,{input},{output}"
        )
        .unwrap();
    }
    text
}

/// 21,000 tokens in and 2,106 out.
const DAYS: [(u32, u64, u64); 3] = [(1, 5_001, 701), (2, 7_000, 702), (3, 8_999, 703)];

#[test]
fn equal_sums_of_three_days_are_the_same_calls() {
    let folder = tempfile::tempdir().unwrap();
    let one = put(folder.path(), "app.csv", app(&DAYS));
    let mut more = DAYS.to_vec();
    more.push((4, 1_234, 321));
    let other = put(folder.path(), "gateway.csv", gateway(&more));
    // 21,000 + 2,106 tokens at a dollar for a million.
    assert_eq!(cost(&report(folder.path(), &[&one], &[])), "0.023106");
    for files in [[&one, &other], [&other, &one]] {
        let files = files.map(String::as_str);
        let run = report(folder.path(), &files, &[]);
        refused(
            &run,
            &[
                "app.csv:2",
                "gateway.csv",
                "2026-10-01 to 2026-10-03",
                "23106 tokens",
            ],
        );
        // The gateway's log reaches a day further, so it counts: 1,234 + 321 more.
        let latest = report(folder.path(), &files, &["--on-overlap", "latest"]);
        assert_eq!(cost(&latest), "0.024661");
        let told = notes(&latest, "N1017");
        assert!(
            told.len() == 1 && told[0].ends_with("left out: 6"),
            "{told:?}"
        );
        let inputs = latest.json()["inputs"].clone();
        let of = |name: &str| -> Value {
            let mut inputs = inputs.as_array().unwrap().iter();
            inputs
                .find(|i| i["path"].as_str().unwrap().ends_with(name))
                .unwrap()["rows"]
                .clone()
        };
        assert_eq!(of("app.csv")["skipped"]["superseded"], 6);
        assert_eq!(of("app.csv")["used"], 0);
        assert_eq!(of("gateway.csv")["used"], 4);
    }
}

#[test]
fn fewer_equal_sums_are_a_warning_and_both_count() {
    let folder = tempfile::tempdir().unwrap();
    let one = put(folder.path(), "app.csv", app(&DAYS[..2]));
    let other = put(folder.path(), "gateway.csv", gateway(&DAYS[..2]));
    let run = report(folder.path(), &[&one, &other], &[]);
    // Twice 12,001 + 1,403.
    assert_eq!(cost(&run), "0.026808");
    let told = notes(&run, "N1081");
    assert!(told.len() == 1 && told[0].contains("app.csv") && told[0].contains("gateway.csv"));
    assert!(
        told[0].contains("2 models and days") && told[0].contains("13404 tokens"),
        "{told:?}"
    );
    assert_eq!(
        report(folder.path(), &[&one, &other], &["--strict"]).code,
        1
    );
}

#[test]
fn a_probe_that_is_the_same_every_day_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let days: Vec<(u32, u64, u64)> = (1..=20).map(|day| (day, 4_000, 200)).collect();
    let one = put(folder.path(), "eu.csv", app(&days));
    let other = put(folder.path(), "us.csv", gateway(&days));
    let run = report(folder.path(), &[&one, &other], &[]);
    // 2 × 20 × 4,200.
    assert_eq!(cost(&run), "0.168");
    assert_eq!(notes(&run, "N1081").len(), 1);
    // Other sums are no matter of a warning.
    let days: Vec<(u32, u64, u64)> = (1..=20).map(|day| (day, 4_000, 201)).collect();
    let third = put(folder.path(), "asia.csv", gateway(&days));
    assert!(notes(&report(folder.path(), &[&one, &third], &[]), "N1081").is_empty());
}

/// Calls in the log of an application and in OpenTelemetry spans, with the same response ids.
#[test]
fn calls_with_the_same_ids_in_the_logs_of_two_tools_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let app = "timestamp,request_id,customer,model,input_tokens,output_tokens\n\
        2026-10-01T09:00:01Z,chatcmpl-1,acme,m-1,1000,100\n\
        2026-10-01T09:10:01Z,chatcmpl-2,umbra,m-1,3000,300\n";
    let spans = "trace_id,span_id,parent_span_id,start_time,gen_ai.operation.name,gen_ai.response.model,gen_ai.response.id,gen_ai.usage.input_tokens,gen_ai.usage.output_tokens,user.id\n\
        t1,s1,,2026-10-01T09:00:00Z,chat,m-1,chatcmpl-1,1000,100,acme\n\
        t2,s2,,2026-10-01T09:10:00Z,chat,m-1,chatcmpl-2,3000,300,umbra\n\
        t3,s3,,2026-10-01T09:20:00Z,chat,m-1,chatcmpl-3,5000,500,umbra\n";
    let app = put(folder.path(), "app.csv", app);
    let spans = put(folder.path(), "spans.csv", spans);
    for files in [[&app, &spans], [&spans, &app]] {
        let files = files.map(String::as_str);
        let run = report(folder.path(), &files, &[]);
        refused(
            &run,
            &["same request ids: 2", "app.csv", "spans.csv", "chatcmpl-1"],
        );
        assert!(!run.err.contains("T3034"), "{}", run.err);
        // 1,100 + 3,300 + 5,500 tokens, each call once.
        let latest = report(folder.path(), &files, &["--on-overlap", "latest"]);
        assert_eq!(cost(&latest), "0.0099");
    }
    // Two rows of one tool that contradict each other stay a conflict.
    let twice = "timestamp,request_id,customer,model,input_tokens,output_tokens\n\
        2026-10-01T09:00:01Z,chatcmpl-1,acme,m-1,1000,100\n\
        2026-10-01T09:00:01Z,chatcmpl-1,acme,m-1,1001,100\n";
    let twice = put(folder.path(), "twice.csv", twice);
    let run = report(
        folder.path(),
        &[&twice, &spans],
        &["--on-overlap", "latest"],
    );
    assert!(run.code == 3 && run.err.contains("T3034"), "{}", run.err);
}

#[test]
fn spend_logs_and_daily_sums_of_litellm_are_the_same_calls() {
    let folder = tempfile::tempdir().unwrap();
    let calls = "request_id,call_type,spend,startTime,prompt_tokens,completion_tokens,model,end_user\n\
        r1,acompletion,0.5,2026-10-01 10:00:00,1000,100,m-1,acme\n\
        r2,acompletion,0.7,2026-10-02 10:00:00,1000,100,m-1,acme\n";
    let daily = "end_user_id,date,api_key,model,custom_llm_provider,prompt_tokens,completion_tokens,spend,api_requests,successful_requests,failed_requests\n\
        acme,2026-10-02,k,m-1,openai,1000,100,0.7,1,1,0\n\
        acme,2026-10-03,k,m-1,openai,2000,200,0.9,1,1,0\n";
    let calls = put(folder.path(), "calls.csv", calls);
    let daily = put(folder.path(), "daily.csv", daily);
    let run = report(folder.path(), &[&calls, &daily], &[]);
    refused(&run, &["calls.csv:3", "daily.csv", "2026-10-02"]);
    // 0.5 + 0.7 + 0.9.
    let latest = report(
        folder.path(),
        &[&calls, &daily],
        &["--on-overlap", "latest"],
    );
    assert_eq!(cost(&latest), "2.1");
}

#[test]
fn a_log_pasted_below_itself_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let once = app(&DAYS);
    let (_, body) = once.split_once('\n').unwrap();
    let twice = put(folder.path(), "twice.csv", format!("{once}{body}"));
    let told = notes(&report(folder.path(), &[&twice], &[]), "N1082");
    assert!(
        told.len() == 1 && told[0].contains("twice.csv") && told[0].contains("12 rows"),
        "{told:?}"
    );
    let once = put(folder.path(), "once.csv", &once);
    assert!(notes(&report(folder.path(), &[&once], &[]), "N1082").is_empty());
}

#[test]
fn equal_rows_of_a_bill_count_and_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let bill = "date,provider,model,cost\n2026-10-01,openai,m-1,1.25\n2026-10-01,openai,m-1,1.25\n2026-10-02,openai,m-1,2\n";
    let bill = put(folder.path(), "bill.csv", bill);
    let run = report(folder.path(), &[&bill], &[]);
    assert_eq!(cost(&run), "4.5");
    let told = notes(&run, "N1083");
    assert!(
        told.len() == 1 && told[0].contains(": 1, together 1.25, the first in line 3"),
        "{told:?}"
    );
}

#[test]
fn a_bill_of_another_name_beside_an_estimate_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = put(
        folder.path(),
        "log.csv",
        app(&DAYS)
            .replace("m-1", "gpt-4o")
            .replace("model", "model,provider")
            .replace("gpt-4o,", "gpt-4o,openai,"),
    );
    let bill = "date,provider,model,cost\n2026-10-01,openrouter,openai/gpt-4o,1\n2026-10-02,openrouter,openai/gpt-4o,2\n2026-10-03,openrouter,openai/gpt-4o,3\n";
    let bill = put(folder.path(), "bill.csv", bill);
    let run = report(folder.path(), &[&log, &bill], &[]);
    let told = notes(&run, "N1085");
    // 21,000 × 2.50 / 1,000,000 + 2,106 × 10 / 1,000,000 = 0.0525 + 0.02106.
    assert!(
        told.len() == 1 && told[0].contains("openrouter bills 6.00 USD"),
        "{told:?}"
    );
    assert!(
        told[0].contains("estimated 0.07 USD") && told[0].contains("billed_by"),
        "{told:?}"
    );
    let config = put(
        folder.path(),
        "by.toml",
        "[[input]]\npath = \"log.csv\"\nbilled_by = \"openrouter\"\n",
    );
    let run = tanso(&[
        "report", "--config", &config, "--format", "json", "--month", "2026-10", &log, &bill,
    ]);
    assert_eq!(cost(&run), "6");
    assert!(notes(&run, "N1085").is_empty());
    // The usage is worth 0.07356 at list prices; the rest of the bill was not logged.
    assert_eq!(run.json()["totals"]["unattributed"], "5.92644");
}

#[test]
fn a_provider_spelled_otherwise_in_log_and_bill_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = put(
        folder.path(),
        "log.csv",
        app(&DAYS)
            .replace("model", "model,provider")
            .replace("m-1,", "m-1,open-ai-eu,"),
    );
    let bill = put(
        folder.path(),
        "bill.csv",
        "date,provider,cost\n2026-10-01,openai,6\n",
    );
    let told = notes(&report(folder.path(), &[&log, &bill], &[]), "N1086");
    assert!(
        told.len() == 1 && told[0].contains("open-ai-eu"),
        "{told:?}"
    );
    assert!(
        told[0].contains("openai bills 6.00 USD") && told[0].contains("0.02 USD"),
        "{told:?}"
    );
}

#[test]
fn an_entry_for_a_provider_that_is_nowhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = put(folder.path(), "log.csv", app(&DAYS));
    let config = put(
        folder.path(),
        "typo.toml",
        "[provider.anthropc]\ndiscount = \"5%\"\n[provider.openai]\ndiscount = \"5%\"\n",
    );
    let run = tanso(&[
        "report", "--config", &config, "--format", "json", "--month", "2026-10", &log,
    ]);
    let told = notes(&run, "N1087");
    assert!(
        told.len() == 1 && told[0].contains("provider.anthropc"),
        "{told:?}"
    );
    assert!(told[0].contains("nearest names: anthropic"), "{told:?}");
}

#[test]
fn a_day_that_only_the_bill_has_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = "timestamp,customer,provider,model,input_tokens,output_tokens\n".to_string();
    let mut bill = "date,provider,model,cost\n".to_string();
    for day in 1..=10 {
        writeln!(bill, "2026-10-{day:02},openai,m-1,{day}").unwrap();
        if day != 6 {
            writeln!(
                log,
                "2026-10-{day:02}T08:00:00Z,acme,openai,m-1,{day}000,100"
            )
            .unwrap();
        }
    }
    let log = put(folder.path(), "log.csv", log);
    let bill = put(folder.path(), "bill.csv", bill);
    let run = report(folder.path(), &[&log, &bill], &[]);
    let told = notes(&run, "N1084");
    assert_eq!(
        told,
        ["openai: the usage log has nothing on 2026-10-06, days that are billed"]
    );
    assert_eq!(report(folder.path(), &[&log, &bill], &["--strict"]).code, 1);
}

const SPANS: &str = "trace_id,span_id,parent_span_id,start_time,gen_ai.operation.name,gen_ai.response.model,gen_ai.usage.input_tokens,gen_ai.usage.output_tokens,user.id\n";

#[test]
fn a_trace_split_over_two_files_is_refused_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let agent = "t1,a1,,2026-10-01T09:00:00Z,invoke_agent,m-1,1000,100,acme\n";
    let call = "t1,c1,a1,2026-10-01T09:00:01Z,chat,m-1,1000,100,acme\n";
    let upper = put(folder.path(), "upper.csv", format!("{SPANS}{agent}"));
    let lower = put(folder.path(), "lower.csv", format!("{SPANS}{call}"));
    for files in [[&upper, &lower], [&lower, &upper]] {
        let run = report(folder.path(), &files.map(String::as_str), &[]);
        refused(
            &run,
            &["upper.csv", "lower.csv", "put the two files together"],
        );
    }
    let both = put(folder.path(), "both.csv", format!("{SPANS}{agent}{call}"));
    assert_eq!(cost(&report(folder.path(), &[&both], &[])), "0.0011");
    // Another trace in another file is no matter.
    let other = put(
        folder.path(),
        "other.csv",
        format!("{SPANS}{}", call.replace("t1,", "t2,")),
    );
    assert_eq!(
        cost(&report(folder.path(), &[&upper, &other], &[])),
        "0.0022"
    );
}

#[test]
fn a_span_without_a_user_has_the_one_of_its_trace() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "t1,c1,a1,2026-10-01T09:00:01Z,chat,m-1,1000,100,\n\
        t1,a1,,2026-10-01T09:00:00Z,,,,,acme\n\
        t2,c2,,2026-10-01T09:00:01Z,chat,m-1,3000,300,umbra\n\
        t3,c3,a3,2026-10-01T09:00:01Z,chat,m-1,5000,500,\n";
    let spans = put(folder.path(), "spans.csv", format!("{SPANS}{rows}"));
    let report = report(folder.path(), &[&spans], &[]).json();
    let rows = report["rows"].as_array().unwrap().iter();
    let costs: Vec<(&str, &str)> = rows
        .filter(|row| row["kind"] == "customer")
        .map(|row| {
            (
                row["customer"].as_str().unwrap(),
                row["cost"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(
        costs.contains(&("acme", "0.0011")) && costs.contains(&("umbra", "0.0033")),
        "{costs:?}"
    );
    assert_eq!(report["totals"]["unattributed"], "0.0055");
}
