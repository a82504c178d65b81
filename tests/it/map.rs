//! Coverage of ids and suggested mappings: a patch joins more and changes no total.

use std::path::Path;

use serde_json::Value;

use crate::support::{Draw, Run, put, repository, tanso, text};

fn example(name: &str) -> String {
    let path = repository("docs/examples/map").join(name);
    path.to_str().expect("UTF-8").to_string()
}

fn run(words: &[&str], files: &[&str]) -> Run {
    let mut args = words.to_vec();
    args.extend(files);
    args.extend(["--quiet", "--no-config"]);
    let run = tanso(&args);
    assert_eq!(run.code, 0, "{args:?}: {}", run.err);
    run
}

fn report(files: &[&str]) -> Value {
    run(&["report", "--format", "json"], files).json()
}

/// Revenue, cost and billed figures: what no mapping may change.
fn totals(report: &Value) -> [Value; 3] {
    ["revenue", "cost", "requests"].map(|name| report["totals"][name].clone())
}

/// The mapping with the rows of the patch below its own.
fn applied(folder: &Path, mapping: &str, patch: &str) -> String {
    let rows: Vec<&str> = patch.lines().skip(1).collect();
    let whole = format!("{}{}\n", mapping, rows.join("\n"));
    put(folder, "applied.csv", whole)
}

#[test]
fn the_patch_appended_to_the_mapping_joins_more_and_changes_no_total() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["usage.csv", "stripe.csv"].map(example);
    let mapping = example("mapping.csv");
    let patch = folder.path().join("patch.csv");
    let patch = patch.to_str().unwrap();
    let before = [files[0].as_str(), &files[1], &mapping];
    run(&["map", "suggest", "-o", patch], &before);
    let patch = text(Path::new(patch));
    // Worked out by hand, see the page on mapping.
    assert_eq!(
        patch,
        "customer,source,id,name,confidence,reason\n\
         acme,stripe,cus_A2,,high,same name; same e-mail domain: acme.example\n\
         kestrel,stripe,cus_K1,,low,e-mail domain like the id: kestrel.example\n\
         org_4,stripe,cus_N1,,high,same value: tenant_id\n\
         umbra,stripe,cus_U1,,medium,same name\n"
    );
    let whole = applied(folder.path(), &text(Path::new(&mapping)), &patch);
    let then = report(&[&files[0], &files[1], &whole]);
    let now = report(&before);
    assert_eq!(totals(&now), totals(&then));
    let unmapped = |report: &Value| {
        let list = report["unmapped"].as_array().unwrap().iter();
        let mut ids: Vec<String> = list
            .map(|one| one["id"].as_str().unwrap().to_string())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(
        unmapped(&now),
        ["cus_A2", "cus_K1", "cus_N1", "cus_U1", "org_4", "org_5"]
    );
    assert_eq!(unmapped(&then), ["org_5"]);
    let again = run(&["map", "suggest"], &[&files[0], &files[1], &whole]);
    assert_eq!(again.out, "customer,source,id,name,confidence,reason\n");
}

/// 500 of 1,249 revenue and 70 of 90 cost have a customer.
#[test]
fn coverage_is_told_in_ids_and_money() {
    let files = ["usage.csv", "stripe.csv", "mapping.csv"].map(example);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let map = run(&["map", "--format", "json"], &files).json();
    let of = |name: &str| {
        let all = map["namespaces"].as_array().unwrap();
        all.iter().find(|one| one["source"] == name).unwrap()
    };
    assert_eq!(of("stripe")["ids"], 5);
    assert_eq!(of("stripe")["mapped_ids"], 1);
    assert_eq!(of("stripe")["mapped"]["revenue"], "500");
    assert_eq!(of("stripe")["unmapped"]["revenue"], "749");
    assert_eq!(of("usage")["ids"], 5);
    assert_eq!(of("usage")["mapped_ids"], 3);
    assert_eq!(of("usage")["mapped"]["cost"], "70");
    assert_eq!(of("usage")["unmapped"]["cost"], "20");
    let ids: Vec<&str> = map["unmatched"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    // 300, 200, 150, 99 of revenue, then 15 and 5 of cost.
    assert_eq!(
        ids,
        ["cus_U1", "cus_A2", "cus_N1", "cus_K1", "org_4", "org_5"]
    );
}

/// A bill line counts at its project where the project is mapped, else at the logged ids that
/// share it; 40 that no usage explains stays at the project without a customer.
#[test]
fn cost_counts_at_the_id_that_brought_it_to_its_customer() {
    let folder = tempfile::tempdir().unwrap();
    let bill = put(
        folder.path(),
        "bill.csv",
        "date,provider,project,model,cost,currency\n\
         2026-10-01,openai,proj_a,gpt-4o,7.00,USD\n\
         2026-10-01,openai,proj_b,gpt-4o,3.00,USD\n\
         2026-10-01,openai,proj_b,whisper-1,40.00,USD\n",
    );
    let usage = put(
        folder.path(),
        "usage.csv",
        "date,customer_id,provider,model,input_tokens,output_tokens,requests\n\
         2026-10-01,org_1,openai,gpt-4o,1200000,0,1\n",
    );
    let mapping = put(
        folder.path(),
        "mapping.csv",
        "customer,source,id\nacme,usage,org_1\numbra,openai,proj_a\n",
    );
    let map = run(
        &["map", "--format", "csv", "--match", "exact"],
        &[&bill, &usage, &mapping],
    );
    let rows: Vec<&str> = map.out.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "openai,proj_b,,unmatched,USD,0.00,0.00,0.00,40.00",
            "openai,proj_a,,mapped,USD,0.00,0.00,7.00,0.00",
            "usage,org_1,,mapped,USD,0.00,0.00,3.00,0.00",
        ]
    );
}

#[test]
fn no_address_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let payments = put(
        folder.path(),
        "revenue.csv",
        "customer_id,customer_name,period_start,period_end,amount,currency\n\
         boss@acme.example,Acme Inc,2026-10-01,2026-11-01,50.00,USD\n",
    );
    let usage = put(
        folder.path(),
        "usage.csv",
        "timestamp,customer_id,cost_usd\n2026-10-05T09:00:00Z,acme,4.00\n",
    );
    let files = [payments.as_str(), usage.as_str()];
    for words in [
        &["map"][..],
        &["map", "--format", "csv"],
        &["map", "--format", "json"],
        &["map", "--format", "md"],
        &["map", "suggest"],
        &["map", "suggest", "--format", "table"],
        &["map", "suggest", "--format", "jsonl"],
    ] {
        let mut args = words.to_vec();
        args.extend(files);
        let run = tanso(&args);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(!run.out.contains("boss"), "{words:?}: {}", run.out);
        assert!(!run.err.contains("boss"), "{words:?}: {}", run.err);
    }
    let patch = tanso(&["map", "suggest", files[0], files[1]]);
    assert!(patch.err.contains("not in the patch"), "{}", patch.err);
}

/// Whatever the names, domains and tenants are: the patch is a mapping, it never makes more ids
/// unmatched, and no total changes.
#[test]
fn a_patch_never_changes_a_total() {
    let mut draw = Draw::new(41);
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "Acme",
        "ACME Inc",
        "Umbra Labs",
        "umbra labs GmbH",
        "Kestrel",
        "Nova",
    ];
    let domains = [
        "acme.example",
        "umbra.example",
        "gmail.com",
        "kestrel.example",
    ];
    let mut joined = 0;
    for round in 0..40 {
        let mut usage = String::from("timestamp,customer_id,cost_usd\n");
        let mut invoices = String::from(
            "id,Currency,Customer,Customer Name,Customer Email,Date (UTC),Finalized At (UTC),\
             Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Subtotal,Tax,\
             Total,Amount Due,Status\n",
        );
        let mut mapping = String::from("customer,source,id,confidence,reason\n");
        for at in 0..6 {
            let cost = draw.between(1, 900);
            usage.push_str(&format!(
                "2026-10-0{}T09:00:00Z,org_{at},{cost}.25\n",
                at + 1
            ));
            let (name, domain) = (draw.one(&names), draw.one(&domains));
            let amount = draw.between(1, 900);
            invoices.push_str(&format!(
                "in_{at},usd,cus_{at},{name},ap{at}@{domain},2026-10-01 08:00,2026-10-01 08:00,\
                 2026-10-01 00:00,2026-11-01 00:00,{amount}.10,,{amount}.10,{amount}.10,paid\n"
            ));
        }
        for (at, key) in ["acme", "umbra labs", "kestrel"].iter().enumerate() {
            mapping.push_str(&format!("{key},usage,org_{at},,\n"));
        }
        if draw.chance(50) {
            mapping.push_str("acme,stripe,cus_0,,\n");
        }
        let usage = put(folder.path(), "usage.csv", usage);
        let invoices = put(folder.path(), "stripe.csv", invoices);
        let old = put(folder.path(), "mapping.csv", &mapping);
        let before = [usage.as_str(), &invoices, &old];
        let patch = run(&["map", "suggest"], &before).out;
        let whole = applied(folder.path(), &mapping, &patch);
        let (now, then) = (report(&before), report(&[&usage, &invoices, &whole]));
        assert_eq!(totals(&now), totals(&then), "round {round}: {patch}");
        let count = |report: &Value| report["unmapped"].as_array().unwrap().len();
        let rows = patch.lines().count() - 1;
        assert_eq!(count(&then), count(&now) - rows, "round {round}: {patch}");
        joined += rows;
    }
    assert!(joined > 40, "{joined}");
}
