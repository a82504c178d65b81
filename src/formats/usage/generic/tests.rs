//! Logs with every way of naming and leaving out quantities.

use serde_json::{Value, json};

use super::*;
use crate::formats::CachedTokens;
use crate::formats::golden::UsageRecords as Kept;
use crate::formats::testing::{growing, json_lines, sample, table};
use crate::model::Zone;

fn run(mut source: impl RowSource, settings: &Settings) -> (Kept, Tally, Problems) {
    let (mut kept, mut problems) = (Kept::default(), Problems::default());
    let tally = read(&mut source, settings, &mut kept, &mut problems);
    (kept, tally, problems)
}

fn csv(text: &str) -> (Kept, Tally, Problems) {
    run(table("u.csv", text), &Settings::default())
}

fn codes(problems: &Problems) -> Vec<&'static str> {
    problems.kept().iter().map(|p| p.entry.code).collect()
}

fn set(pairs: &[(&str, &str)]) -> Settings {
    Settings {
        columns: pairs
            .iter()
            .map(|(field, name)| (field.to_string(), name.to_string()))
            .collect(),
        ..Settings::default()
    }
}

#[test]
fn a_plain_log_is_read_whole() {
    let (kept, tally, problems) = csv(
        "timestamp,request_id,customer,feature,model,input_tokens,output_tokens,region\n\
         2026-09-01T10:00:00Z,req_1,cus_0,chat,gpt-x,31422.0,29,eu\n",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let record = &kept.records[0];
    assert_eq!(record["source"], "cus_0");
    assert_eq!(
        record["quantities"],
        json!({"input": "31422", "output": "29"})
    );
    assert_eq!(record["requests"], "1");
    assert_eq!(record["aggregate"], Value::Null);
    assert_eq!((tally.read, tally.used), (1, 1));
    let (start, end) = tally.covers.unwrap();
    assert_eq!(end.0 - start.0, 1);
}

#[test]
fn names_tell_whether_cached_tokens_are_inside() {
    let quantities = |header: &str, counts: &str| {
        let text = format!("time,customer,{header}\n2026-09-01T10:00:00Z,a,{counts}\n");
        let (kept, _, problems) = csv(&text);
        assert!(problems.is_empty(), "{header}: {problems:?}");
        kept.records[0]["quantities"].clone()
    };
    assert_eq!(
        quantities(
            "input_tokens,cache_read_input_tokens,cache_creation_input_tokens",
            "3,2,1"
        ),
        json!({"input": "3", "cache_read": "2", "cache_write_5m": "1"})
    );
    assert_eq!(
        quantities("prompt_tokens,cached_tokens,completion_tokens", "10,4,1"),
        json!({"input": "6", "cache_read": "4", "output": "1"})
    );
    assert_eq!(
        quantities("uncached_input_tokens,cached_input_tokens", "10,4"),
        json!({"input": "10", "cache_read": "4"})
    );
    assert_eq!(
        quantities("input_tokens,cached_input_tokens", "10,0"),
        json!({"input": "10"})
    );
}

#[test]
fn an_unknown_convention_is_asked_for_or_shown_by_a_row() {
    let header = "time,customer,input_tokens,cached_input_tokens,output_tokens\n";
    let row = |input: u32, cached: u32| format!("2026-09-01T10:00:00Z,a,{input},{cached},1\n");
    let (kept, _, problems) = csv(&format!("{header}{}{}", row(5, 0), row(5, 3)));
    assert_eq!(codes(&problems), ["T3028"]);
    let place = problems.kept()[0].place.as_ref().unwrap();
    assert_eq!((place.line, place.column), (Some(3), Some(4)));
    assert_eq!(kept.records[0]["cached_open"], Value::Null);
    assert_eq!(kept.records[1]["cached_open"], true);
    assert_eq!(kept.settled, None);

    let (kept, _, problems) = csv(&format!("{header}{}{}", row(5, 3), row(5, 6)));
    assert!(problems.is_empty());
    assert_eq!(kept.settled, Some(false));
    assert_eq!(
        kept.records[0]["quantities"],
        json!({"input": "5", "cache_read": "3", "output": "1"})
    );

    let inside = Settings {
        cached_tokens: Some(CachedTokens::Inside),
        ..Settings::default()
    };
    let text = format!("{header}{}{}", row(5, 3), row(5, 6));
    let (kept, _, problems) = run(table("u.csv", &text), &inside);
    assert_eq!(kept.records[0]["quantities"]["input"], "2");
    assert_eq!(codes(&problems), ["T3028"]);
    assert_eq!(problems.kept()[0].place.as_ref().unwrap().line, Some(3));
}

#[test]
fn blanks_are_counted_but_a_blank_input_beside_output_is_refused() {
    let (kept, tally, problems) = csv("time,customer,input_tokens,output_tokens\n\
         2026-09-01T10:00:00Z,a,,\n2026-09-01T10:00:01Z,,3,\n2026-09-01T10:00:02Z,a,,5\n");
    assert_eq!(codes(&problems), ["T3027"]);
    assert_eq!(kept.records.len(), 2);
    assert_eq!(kept.records[1]["source"], Value::Null);
    let remarks: Vec<(&str, u64)> = tally
        .remarks
        .iter()
        .map(|remark| (remark.entry.code, remark.rows))
        .collect();
    assert_eq!(remarks, [("N1013", 1), ("N1006", 1), ("N1006", 2)]);
    assert_eq!(
        (tally.read, tally.used, tally.skipped["refused"]),
        (3, 2, 1)
    );
}

#[test]
fn tokens_are_whole_and_not_negative() {
    let refused = |counts: &str| {
        let text =
            format!("time,customer,input_tokens,units,cost\n2026-09-01T10:00:00Z,a,{counts}\n");
        codes(&csv(&text).2)
    };
    assert_eq!(refused("1.5,,"), ["T3023"]);
    assert_eq!(refused("-1,,"), ["T3022"]);
    assert_eq!(refused("1,-0.5,"), ["T3022"]);
    assert_eq!(refused("1,,-0.01"), ["T3022"]);
    assert_eq!(refused("NaN,,"), ["T3021"]);
    assert_eq!(refused("1,0.5,0.01"), [] as [&str; 0]);
}

#[test]
fn times_need_a_zone_unless_they_are_dates() {
    let header = "date,customer,requests\n";
    assert_eq!(
        codes(&csv(&format!("{header}2026-09-01 10:00,a,1\n")).2),
        ["T3025"]
    );
    let (kept, tally, problems) = csv(&format!("{header}2026-09-01,a,1200\n"));
    assert!(problems.is_empty());
    assert_eq!(kept.records[0]["requests"], "1200");
    assert_eq!(kept.records[0]["aggregate"], true);
    assert_eq!(tally.covers.unwrap().1.to_string(), "2026-09-02T00:00:00Z");
    let paris = Settings {
        zone: Zone::parse("Europe/Paris"),
        ..Settings::default()
    };
    let (kept, _, _) = run(
        table("u.csv", &format!("{header}2026-09-01 10:00,a,1\n")),
        &paris,
    );
    assert_eq!(kept.records[0]["instant"], "2026-09-01T08:00:00Z");
}

#[test]
fn the_choice_of_a_customer_column_is_told() {
    let (kept, tally, problems) =
        csv("time,user_id,tenant_id,cost\n2026-09-01T10:00:00Z,u1,t1,1\n");
    assert!(problems.is_empty());
    assert_eq!(kept.records[0]["source"], "t1");
    assert_eq!(tally.remarks[0].entry.code, "N1008");
    assert_eq!(
        tally.remarks[0].text,
        "customer is read from tenant_id, not from user_id"
    );
    let text = "time,user_id,tenant_id,cost\n2026-09-01T10:00:00Z,u1,t1,1\n";
    let (kept, tally, _) = run(table("u.csv", text), &set(&[("customer", "user_id")]));
    assert_eq!(kept.records[0]["source"], "u1");
    assert_eq!(tally.remarks.len(), 1);
    assert_eq!(tally.remarks[0].entry.code, "N3003");
    assert_eq!(tally.remarks[0].text, "not used: tenant_id");
}

#[test]
fn what_is_missing_is_said_once() {
    let text = "time,customer,total_tokens\n2026-09-01T10:00:00Z,a,5\n2026-09-01T10:00:00Z,a,5\n";
    let (_, _, problems) = csv(text);
    assert_eq!(codes(&problems), ["T3016"]);
    assert!(
        problems.kept()[0]
            .help
            .as_ref()
            .unwrap()
            .contains("cannot be priced")
    );
    assert_eq!(
        codes(&csv("time,cost\n2026-09-01T10:00:00Z,5\n").2),
        ["T3016"]
    );
    assert_eq!(
        codes(&csv("when,customer,cost\nx,a,5\ny,a,5\n").2),
        ["T3016"]
    );
    let text = "time,customer,cost,total_tokens\n2026-09-01T10:00:00Z,a,0.5,5\n";
    let (kept, _, problems) = csv(text);
    assert!(problems.is_empty());
    assert_eq!(kept.records[0]["quantities"], Value::Null);
    assert_eq!(kept.records[0]["cost"], "0.5 USD");
    let (_, _, problems) = run(table("u.csv", text), &set(&[("customer", "acct")]));
    assert_eq!(codes(&problems), ["T3016"]);
    assert!(problems.kept()[0].message.contains("customer = \"acct\""));
    let (_, _, problems) = run(table("u.csv", text), &set(&[("money", "cost")]));
    assert_eq!(codes(&problems), ["T1010"]);
}

#[test]
fn units_count_the_named_meter() {
    let text = "time,customer,meter,quantity\n\
                2026-09-01T10:00:00Z,a,images,2\n2026-09-01T10:00:00Z,a,Pages,1.5\n\
                2026-09-01T10:00:00Z,a,requests,7\n2026-09-01T10:00:00Z,a,,3\n\
                2026-09-01T10:00:00Z,a,output,1.5\n2026-09-01T10:00:00Z,a,cached_tokens,4\n";
    let (kept, _, problems) = csv(text);
    let quantities: Vec<&Value> = kept.records.iter().map(|r| &r["quantities"]).collect();
    assert_eq!(quantities[0], &json!({"images": "2"}));
    assert_eq!(quantities[1], &json!({"Pages": "1.5"}));
    assert_eq!(quantities[2], &Value::Null);
    assert_eq!(kept.records[2]["requests"], "7");
    assert_eq!(quantities[3], &json!({"units": "3"}));
    assert_eq!(codes(&problems), ["T3023", "T3028"]);
    let twice = "time,customer,meter,units,input_tokens\n2026-09-01T10:00:00Z,a,input,5,5\n";
    assert_eq!(codes(&csv(twice).2), ["T3029"]);
}

#[test]
fn failed_requests_keep_their_quantities() {
    let text = "time,customer,input_tokens,status\n\
                2026-09-01T10:00:00Z,a,1,Canceled\n2026-09-01T10:00:00Z,a,1,429\n\
                2026-09-01T10:00:00Z,a,1,200\n2026-09-01T10:00:00Z,a,1,streamed\n2026-09-01T10:00:00Z,a,1,\n";
    let (kept, _, _) = csv(text);
    let outcomes: Vec<&Value> = kept.records.iter().map(|r| &r["outcome"]).collect();
    assert_eq!(outcomes, ["failed", "failed", "served", "served", "served"]);
    assert_eq!(kept.records[0]["quantities"], json!({"input": "1"}));
}

#[test]
fn nested_json_is_found_below_usage() {
    let anthropic = r#"{"ts":"2026-09-01T10:00:00Z","customer":"a","model":"claude-x","usage":{"input_tokens":3,"cache_creation_input_tokens":12304,"cache_read_input_tokens":0,"output_tokens":550,"cache_creation":{"ephemeral_5m_input_tokens":304,"ephemeral_1h_input_tokens":12000},"service_tier":"batch"}}"#;
    let (kept, _, problems) = run(json_lines("u.jsonl", anthropic), &Settings::default());
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        kept.records[0]["quantities"],
        json!({"input": "3", "cache_write_5m": "304", "cache_write_1h": "12000", "output": "550"})
    );
    assert_eq!(kept.records[0]["tier"], "batch");
    let openai = r#"{"ts":"2026-09-01T10:00:00Z","customer":"a","usage":{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}}"#;
    let (kept, _, _) = run(json_lines("u.jsonl", openai), &Settings::default());
    assert_eq!(
        kept.records[0]["quantities"],
        json!({"input": "6", "cache_read": "4", "output": "2"})
    );
}

#[test]
fn json_lines_may_bring_columns_later_but_not_change_them() {
    let first = r#"{"ts":"2026-09-01T10:00:00Z","customer":"a","input_tokens":3}"#;
    let second = r#"{"ts":"2026-09-01T10:00:01Z","customer":"a","input_tokens":3,"output_tokens":1,"cache_read_input_tokens":7}"#;
    let (kept, tally, problems) = run(
        growing("u.jsonl", &format!("{first}\n{second}")),
        &Settings::default(),
    );
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(kept.records[1]["quantities"]["cache_read"], "7");
    assert_eq!(kept.settled, None);
    let blanks: u64 = tally.remarks.iter().map(|remark| remark.rows).sum();
    assert_eq!(blanks, 2);

    let third = r#"{"ts":"2026-09-01T10:00:01Z","customer_id":"b","input_tokens":3}"#;
    let (_, _, problems) = run(
        growing("u.jsonl", &format!("{first}\n{third}")),
        &Settings::default(),
    );
    assert_eq!(codes(&problems), ["T3016"]);
    let other = r#"{"ts":"2026-09-01T10:00:01Z","customer":"b","prompt_tokens":3}"#;
    let (_, _, problems) = run(
        growing("u.jsonl", &format!("{first}\n{other}")),
        &Settings::default(),
    );
    assert_eq!(codes(&problems), ["T3029"]);
    let early = r#"{"ts":"2026-09-01T10:00:01Z","customer":"b","output_tokens":3}"#;
    let (_, _, problems) = run(
        growing("u.jsonl", &format!("{early}\n{first}")),
        &Settings::default(),
    );
    assert_eq!(codes(&problems), ["T3027"]);
}

#[test]
fn totals_and_repeated_headers_are_refused() {
    let text = "date,customer,requests\nTotal,,12\ndate,customer,requests\n";
    assert_eq!(codes(&csv(text).2), ["T3030", "T3031"]);
}

#[test]
fn dimensions_follow_the_order_asked() {
    let settings = Settings {
        dimensions: vec![
            "region".to_string(),
            "team".to_string(),
            "tier2".to_string(),
        ],
        ..Settings::default()
    };
    let text = "date,customer,requests,team,region\n2026-09-01,a,1,,eu\n";
    let (kept, _, _) = run(table("u.csv", text), &settings);
    assert_eq!(kept.records[0]["dimensions"], json!(["eu", null, null]));
}

#[test]
fn damaged_ids_are_refused_and_odd_ones_are_kept() {
    let ids = |id: &str| csv(&format!("date,customer,requests\n2026-09-01,{id},1\n"));
    assert_eq!(codes(&ids("1.23457E+11").2), ["T3026"]);
    for id in ["NA", "null", "00123", "1E5"] {
        assert_eq!(ids(id).0.records[0]["source"], id);
    }
}

#[test]
fn logs_are_told_from_provider_exports() {
    for (header, log) in [
        (
            "timestamp,request_id,customer,feature,model,input_tokens,output_tokens,region",
            true,
        ),
        (
            "date,request_id,customer,model,input_tokens,output_tokens,cost,project",
            true,
        ),
        (
            "start_time,end_time,user_id,num_model_requests,input_tokens,output_tokens",
            false,
        ),
        ("date,amount,provider", false),
        ("customer_id,period_start,period_end,amount,currency", false),
        (
            "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID",
            false,
        ),
    ] {
        sample("x.csv", header, |s| {
            assert_eq!((FORMAT.detect)(s), log, "{header}")
        });
    }
}
