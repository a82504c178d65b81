//! Bills of cloud providers beside a log: models under their names, tags that name customers,
//! commitments, and two exports of the same money. Every number is worked out in a comment.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Run, put, tanso};

const LOG: &str = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens
2026-10-05T08:00:00Z,r1,acme,bedrock,us.anthropic.claude-sonnet-4-20250514-v1:0,1500000,0
2026-10-05T09:00:00Z,r2,umbra,bedrock,us.anthropic.claude-sonnet-4-20250514-v1:0,500000,0
";

const MAPPING: &str = "\
customer,source,id
acme,usage,acme
umbra,usage,umbra
acme,tag:customer,c-acme
";

const CUR: &str = "\
line_item_usage_start_date,line_item_usage_end_date,line_item_line_item_type,line_item_product_code,line_item_usage_type,line_item_usage_amount,pricing_unit,line_item_unblended_cost,line_item_currency_code,line_item_usage_account_id,resource_tags
2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage,AmazonBedrock,USE1-Claude4Sonnet-input-tokens-cross-region-global,2000,1K tokens,6,USD,111122223333,{}
2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage,AmazonBedrock,USE1-NovaPro-input-tokens,400,1K tokens,0.32,USD,111122223333,\"{\"\"user_customer\"\":\"\"c-acme\"\"}\"
2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Tax,AmazonBedrock,,,,0.632,USD,111122223333,{}
";

const FOCUS: &str = "\
ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName,BilledCost,EffectiveCost,BillingCurrency,SubAccountId,CommitmentDiscountId,CommitmentDiscountStatus,ConsumedQuantity,ConsumedUnit,x_UsageType
2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage,Amazon Bedrock,Amazon Web Services,6,6,USD,111122223333,,,2000000,Tokens,USE1-Claude4Sonnet-input-tokens-cross-region-global
2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage,Amazon SageMaker,Amazon Web Services,0,7,USD,111122223333,plan,Used,,,
2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage,Amazon SageMaker,Amazon Web Services,0,1,USD,111122223333,plan,Unused,,,
2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Purchase,Amazon SageMaker,Amazon Web Services,8,0,USD,111122223333,plan,,,,
";

/// Reports the files; `mapping.csv` and `tanso.toml` are what their names say.
fn report(files: &[(&str, &str)], options: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut words = vec!["report".to_string()];
    let mut config = vec!["--no-config".to_string()];
    for (name, content) in files {
        let path = put(folder.path(), name, content);
        match *name {
            "mapping.csv" => words.extend(["-m".into(), path]),
            "tanso.toml" => config = vec!["--config".into(), path],
            _ => words.push(path),
        }
    }
    words.extend(config);
    if !options.contains(&"--format") {
        words.extend(["--format", "json"].map(String::from));
    }
    words.extend(options.iter().map(ToString::to_string));
    tanso(&words)
}

fn costs(report: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["customer"]), text(&row["cost"])))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(a, b): &(&str, &str)| (a.to_string(), b.to_string());
    pairs.iter().map(own).collect()
}

#[test]
fn usage_types_meet_the_model_ids_of_the_log_and_tags_name_customers() {
    let files = [
        ("usage.csv", LOG),
        ("cur.csv", CUR),
        ("mapping.csv", MAPPING),
    ];
    let report = report(&files, &[]).json();
    // 2,000 thousand tokens of Claude Sonnet 4 for 6: 1.5 M are acme's, 0.5 M umbra's. The tag
    // gives acme 0.32. Tax is a tenth of each: 4.82 + 0.482 and 1.5 + 0.15.
    assert_eq!(
        costs(&report),
        pairs(&[("acme", "5.302"), ("umbra", "1.65")])
    );
    assert_eq!(report["totals"]["cost_by_basis"]["direct"], "0.32");
    assert_eq!(report["totals"]["cost_by_basis"]["metered"], "6");
    assert_eq!(report["totals"]["cost_by_basis"]["allocated"], "0.632");
    assert_eq!(report["basis"]["cost"], "effective");
}

#[test]
fn tags_in_a_map_of_parquet_name_customers() {
    // The only row with a tag `customer` costs 4.50 net: acme's, directly.
    let folder = tempfile::tempdir().unwrap();
    let mapping = put(
        folder.path(),
        "mapping.csv",
        "customer,source,id\nacme,tag:customer,acme\n",
    );
    let bill = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/formats/aws-cur/cur-2.0-maps.parquet"
    );
    let words = ["report", bill, "-m", &mapping, "--no-config"];
    let words = words.into_iter().chain(["--format", "json"]);
    let report = tanso(&words.map(String::from).collect::<Vec<_>>()).json();
    let rows = report["rows"].as_array().unwrap();
    let acme = rows.iter().find(|row| row["customer"] == "acme").unwrap();
    assert_eq!(acme["cost_by_basis"]["direct"], "4.5");
}

#[test]
fn a_commitment_counts_by_its_use_or_by_its_purchase_never_by_both() {
    let files = [("usage.csv", LOG), ("focus.csv", FOCUS)];
    let effective = report(&files, &[]).json();
    // 6 by tokens, 3 to 1; 7 of the plan by the month's usage, 3 to 1 too; 1 was not used.
    assert_eq!(
        costs(&effective),
        pairs(&[("acme", "9.75"), ("umbra", "3.25")])
    );
    let idle = &effective["unattributed"][0];
    assert_eq!(idle["reason"], "idle commitment");
    assert_eq!(idle["amount"], "1");
    assert_eq!(effective["totals"]["cost"], "14");
    // 6 by tokens and the purchase of 8, both 3 to 1.
    let billed = report(&files, &["--cost-basis", "billed"]).json();
    assert_eq!(costs(&billed), pairs(&[("acme", "10.5"), ("umbra", "3.5")]));
    assert_eq!(billed["basis"]["cost"], "billed");
    let said = ("tanso.toml", "cost_basis = \"billed\"\n");
    let project = report(&[files[0], files[1], said], &[]).json();
    assert_eq!(costs(&project), costs(&billed));
    let table = report(&files, &["--format", "table", "--cost-basis", "billed"]);
    assert!(table.out.contains("billed cost"), "{}", table.out);
}

#[test]
fn a_cost_that_the_bill_does_not_state_is_refused() {
    let files = [("usage.csv", LOG), ("focus.csv", FOCUS)];
    let run = report(&files, &["--cost-basis", "list"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("T3016"), "{}", run.err);
    assert!(run.err.contains("ListCost"), "{}", run.err);
    let said = ("tanso.toml", "cost_basis = \"amortised\"\n");
    let run = report(&[files[0], said], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("T1010"), "{}", run.err);
}

#[test]
fn two_exports_of_one_account_are_refused_and_two_accounts_are_not() {
    let files = [("usage.csv", LOG), ("cur.csv", CUR), ("focus.csv", FOCUS)];
    let run = report(&files, &[]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("T3033"), "{}", run.err);
    let other = FOCUS.replace("111122223333", "444455556666");
    let run = report(&[files[0], files[1], ("focus.csv", &other)], &[]);
    // 6.952 of the one account and 14 of the other.
    assert_eq!(run.json()["totals"]["cost"], "20.952");
}

#[test]
fn damage_to_a_cloud_bill_is_told_at_its_place() {
    for (bill, from, to, code, line) in [
        (CUR, "1K tokens,6,", "1K tokens,6;", "T3014", 2),
        (
            CUR,
            ",Usage,AmazonBedrock,USE1-Nova",
            ",Use,AmazonBedrock,USE1-Nova",
            "T3029",
            3,
        ),
        (CUR, "0.632,USD", "0.632,", "T3027", 4),
        (CUR, "0.632,USD", "0.632,dollars", "T3029", 4),
        (CUR, "400,1K", "-400,1K", "T3022", 3),
        (CUR, "\"{\"\"user", "\"{user", "T3018", 3),
        (FOCUS, ",6,6,USD", ",6,,USD", "T3021", 2),
        (FOCUS, ",6,6,USD", ",6,\"6,0\",USD", "T3021", 2),
        (
            FOCUS,
            "Usage,Amazon Bedrock",
            "Consumption,Amazon Bedrock",
            "T3029",
            2,
        ),
        (FOCUS, ",8,0,USD", ",8,8,USD", "T3029", 5),
        (
            FOCUS,
            "plan,Used,,,\n2026-10-05T",
            "plan,Used,,,\n2026-15-05T",
            "T3024",
            4,
        ),
    ] {
        assert!(bill.contains(from), "{from}");
        let damaged = bill.replacen(from, to, 1);
        let run = report(&[("usage.csv", LOG), ("bill.csv", &damaged)], &[]);
        assert_eq!(run.code, 3, "{to}: {}", run.err);
        assert!(run.err.contains(code), "{to}: {}", run.err);
        assert!(
            run.err.contains(&format!("bill.csv:{line}")),
            "{to}: {}",
            run.err
        );
    }
    // Another unit is no damage, and no tokens either: what counts is the cost.
    let unit = CUR.replacen("2000,1K tokens", "2000,Units", 1);
    let files = [
        ("usage.csv", LOG),
        ("cur.csv", &*unit),
        ("mapping.csv", MAPPING),
    ];
    let report = report(&files, &[]).json();
    assert_eq!(report["totals"]["cost"], "6.952");
    // Two currencies are never added.
    let mixed = FOCUS.replacen(",0,7,USD", ",0,7,EUR", 1);
    let run = self::report(
        &[("usage.csv", LOG), ("focus.csv", &mixed)],
        &["--currency=USD"],
    );
    assert!(run.err.contains("T3035"), "{}", run.err);
}
