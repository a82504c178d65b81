//! The same money in two files: it counts once or the run is refused, never twice.

use std::io::Write as _;
use std::path::Path;

use crate::support::{Run, put, repository, tanso, text};

/// A day of usage and of revenue, so that a report can be made.
const USAGE: &str = "timestamp,request_id,customer,provider,model,input_tokens,output_tokens\n\
    2026-07-25T09:00:00Z,r-1,acme,deepseek,deepseek-v4-pro,1500,200\n\
    2026-08-31T09:00:00Z,r-2,acme,openai,gpt-4o-mini-2024-07-18,2805,0\n";

fn fixture(path: &str) -> String {
    let path = repository("fixtures/formats").join(path);
    path.to_str().expect("test paths are UTF-8").to_string()
}

fn report(month: &str, files: &[&str]) -> Run {
    let mut arguments = vec![
        "report",
        "--no-config",
        "--month",
        month,
        "--format",
        "json",
    ];
    arguments.extend(files);
    tanso(&arguments)
}

/// The total cost of a report that is fine.
fn cost(run: &Run) -> String {
    let report = run.json();
    report["totals"]["cost"]
        .as_str()
        .expect("a cost")
        .to_string()
}

fn refused(run: &Run, why: &str) {
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(
        run.err.contains("T3033") && run.err.contains(why),
        "{}",
        run.err
    );
}

#[test]
fn an_export_and_an_answer_of_one_provider_are_not_added() {
    let folder = tempfile::tempdir().unwrap();
    let usage = put(folder.path(), "usage.csv", USAGE);
    let csv = fixture("openai-cost-csv/2026-08-by-line-item.csv");
    let json = fixture("openai-costs/by-line-item.json");
    assert_eq!(report("2026-08", &[&usage, &csv]).code, 0);
    assert_eq!(report("2026-08", &[&usage, &json]).code, 0);
    // Grouped by other things, so that no line is in both.
    refused(&report("2026-08", &[&usage, &csv, &json]), "2026-08-31");
}

#[test]
fn generations_and_days_of_openrouter_are_not_added() {
    let folder = tempfile::tempdir().unwrap();
    let usage = put(folder.path(), "usage.csv", USAGE);
    let generations = fixture("openrouter-generations/2026-06-28.csv");
    let days = "Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens\n2026-06-28 00:00:00,openai/gpt-oss-120b,0.0128,0,2,11289\n";
    let days = put(folder.path(), "days.csv", days);
    refused(
        &report("2026-06", &[&usage, &generations, &days]),
        "2026-06-28",
    );
    let run = report("2026-06", &[&usage, &generations]);
    assert_eq!(cost(&run), "0.0128");
    assert!(
        run.out.contains("N1041") && run.out.contains("0.0225 USD"),
        "{}",
        run.out
    );
}

#[test]
fn a_gateway_and_the_provider_behind_it_are_two_bills() {
    let folder = tempfile::tempdir().unwrap();
    let usage = put(folder.path(), "usage.csv", USAGE);
    let day = "Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens\n2026-08-31 00:00:00,openai/gpt-5,1.5,7,2,11289\n";
    let day = put(folder.path(), "day.csv", day);
    let json = fixture("openai-costs/ungrouped.jsonl");
    // 12.5 of the provider, 1.5 of the gateway; the 7 are among the 12.5.
    assert_eq!(cost(&report("2026-08", &[&usage, &day, &json])), "14");
}

fn zip(folder: &Path, members: &[(&str, &str)]) {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    put(folder, "export.zip", zip.finish().unwrap().into_inner());
}

const AMOUNT: &str = "user_id,utc_date,model,api_key_name,api_key,type,price,amount\r\n\
    account,20260725,deepseek-v4-pro,acme-key,sk-m,input_cache_miss_tokens,0.003,1000\r\n\
    account,20260725,deepseek-v4-pro,acme-key,sk-m,output_tokens,0.006,200\r\n\
    account,20260725,deepseek-v4-pro,acme-key,sk-m,request_count,,1\r\n";
/// 3 + 1.2, of which 0.7 was granted.
const COST: &str = "user_id,utc_date,model,wallet_type,cost,currency\r\n\
    account,20260725,deepseek-v4-pro,paid,3.5000,CNY\r\n\
    account,20260725,deepseek-v4-pro,granted,0.7000,CNY\r\n";

fn deepseek(currency: &str, cost_file: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    zip(
        folder.path(),
        &[
            ("amount-2026-07.csv", AMOUNT),
            ("cost-2026-07.csv", cost_file),
        ],
    );
    put(folder.path(), "usage.csv", USAGE);
    let project = format!(
        "inputs = [\"usage.csv\"]\ncurrency = \"CNY\"\n\n[[input]]\npath = \"export.zip\"\n{currency}"
    );
    let project = put(folder.path(), "tanso.toml", project);
    tanso(&[
        "report", "--config", &project, "--month", "2026-07", "--format", "json",
    ])
}

#[test]
fn both_files_of_a_deepseek_zip_are_one_bill() {
    let run = deepseek("currency = \"CNY\"\n", COST);
    assert_eq!(cost(&run), "3.5", "{}", run.out);
    assert!(run.out.contains("N1017"), "{}", run.out);
    let run = deepseek("", COST);
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("T3027") && run.err.contains("CNY"),
        "{}",
        run.err
    );
    let run = deepseek("currency = \"CNY\"\n", &COST.replace("3.5000", "3.6000"));
    refused(&run, "4.3 CNY");
    let run = deepseek("currency = \"USD\"\n", COST);
    refused(&run, "4.2 USD");
}

#[test]
fn a_cost_table_is_recognized_below_its_preamble() {
    let table = fixture("gcp-cost-table/2026-08.csv");
    let told = tanso(&["formats", &table]);
    assert!(
        told.out.contains("gcp-cost-table"),
        "{}{}",
        told.out,
        told.err
    );
    let folder = tempfile::tempdir().unwrap();
    // Nothing of August, so that nothing is estimated beside the bill.
    let july: Vec<&str> = USAGE.lines().take(2).collect();
    let usage = put(folder.path(), "usage.csv", july.join("\n") + "\n");
    let run = report("2026-08", &[&usage, &table]);
    assert_eq!(cost(&run), "1090.41");
    let export = fixture("gcp-billing-export/nested.jsonl");
    refused(&report("2026-08", &[&usage, &table, &export]), "2026-08-02");
    // A row lost on the way shows in the file's own total.
    let whole = text(Path::new(&table));
    let lost: Vec<&str> = whole
        .lines()
        .filter(|line| !line.contains(",SKU4,"))
        .collect();
    let lost = put(folder.path(), "lost.csv", lost.join("\n") + "\n");
    let run = report("2026-08", &[&usage, &lost]);
    assert_eq!(cost(&run), "90.41");
    assert!(run.out.contains("N1040"), "{}", run.out);
}
