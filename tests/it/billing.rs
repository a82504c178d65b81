//! What counts as revenue on each basis, and what is named instead. Every number here is worked out
//! by hand.

use serde_json::Value;

use crate::support::{Run, put, tanso};

/// Runs `tanso report` in JSON over files given by name and content.
fn report(files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec![
        "report".to_string(),
        "--no-config".into(),
        "--format=json".into(),
    ];
    all.extend(
        files
            .iter()
            .map(|(name, content)| put(folder.path(), name, content)),
    );
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

/// The tie of an export.
fn tie(document: &Value, source: &str) -> Value {
    let ties = document["tie"]["revenue"].as_array().unwrap();
    let tie = ties.iter().find(|tie| tie["source"] == source);
    tie.unwrap_or_else(|| panic!("no tie of {source}")).clone()
}

/// Whether some note or warning of the code has all these words.
fn noted(document: &Value, code: &str, words: &[&str]) -> bool {
    let notes = document["notes"].as_array().unwrap();
    notes.iter().any(|note| {
        let text = note["text"].as_str().unwrap();
        note["code"] == code && words.iter().all(|word| text.contains(word))
    })
}

/// 108.00 with 18.00 tax for January to March; half of it went back on 1 February.
const INVOICES: &str = include_str!("../../docs/examples/revenue/invoices.csv");
const PAYMENTS: &str = include_str!("../../docs/examples/revenue/payments.csv");

#[test]
fn a_refund_does_not_change_what_was_billed_but_is_named() {
    let files = [("invoices.csv", INVOICES), ("payments.csv", PAYMENTS)];
    let quarter = ["--from", "2026-01-01", "--to", "2026-04-01"];
    let billed = report(&files, &[&["--revenue", "billed"], &quarter[..]].concat()).json();
    // 108.00 less 18.00 tax was billed; 54.00 of the payment of 108.00 was given back.
    assert_eq!(billed["totals"]["revenue"], "90");
    let invoices = tie(&billed, "stripe invoices");
    assert_eq!(
        [
            &invoices["export"],
            &invoices["customers"],
            &invoices["tax"]
        ],
        ["108", "90", "18"]
    );
    let payments = tie(&billed, "stripe payments");
    assert_eq!(payments["export"], "108");
    assert_eq!(payments["excluded"]["paid invoices"], "54");
    assert_eq!(payments["excluded"]["refunds of billed invoices"], "54");
    assert_eq!(payments["difference"], "0");
    assert!(noted(&billed, "N2103", &["54.00 USD", "credit note"]));
    // Recognized revenue takes it back: 90.00 less 54.00 × 90 ∕ 108.
    let recognized = report(&files, &quarter).json();
    assert_eq!(recognized["totals"]["revenue"], "45");
    assert!(!noted(&recognized, "N2103", &["54.00 USD", "credit note"]));
}

#[test]
fn cash_is_only_what_was_paid() {
    let revenue = "\
customer_id,period_start,period_end,amount,currency,status
acme,2026-10-01,2026-11-01,100.00,USD,paid
acme,2026-10-02,2026-11-02,20.00,USD,open
acme,2026-10-03,2026-11-03,3.00,USD,draft
acme,2026-10-04,2026-11-04,0.40,USD,void
acme,2026-10-05,2026-11-05,0.05,USD,uncollectible
umbra,2026-10-06,2026-11-06,7.00,USD,
";
    let cash = ["--revenue", "cash", "--month", "2026-10"];
    let report_cash = report(&[("revenue.csv", revenue)], &cash).json();
    assert_eq!(report_cash["totals"]["revenue"], "107");
    let tie = tie(&report_cash, "revenue file");
    assert_eq!(tie["export"], "130.45");
    assert_eq!(
        tie["excluded"],
        serde_json::json!({"open": "20", "draft": "3", "void": "0.4", "uncollectible": "0.05"})
    );
    assert_eq!(tie["difference"], "0");
    assert!(noted(
        &report_cash,
        "N2103",
        &["without a status", "paid", ": 1"]
    ));
    // Billed revenue does not ask whether it was paid.
    let billed = ["--revenue", "billed", "--month", "2026-10"];
    let billed = report(&[("revenue.csv", revenue)], &billed).json();
    assert_eq!(billed["totals"]["revenue"], "127");
    assert!(!noted(&billed, "N2103", &["without a status"]));
}

/// The header and these rows.
fn lines(rows: &[&str]) -> String {
    let header = "customer_id,period_start,period_end,amount,currency,invoice_id,status";
    format!("{header}\n{}\n", rows.join("\n"))
}

const SEPTEMBER: &str = "acme,2026-09-01,2026-10-01,90.00,USD,INV-1,paid";
const OCTOBER: &str = "acme,2026-10-01,2026-11-01,99.00,USD,INV-2,open";
const OCTOBER_PAID: &str = "acme,2026-10-01,2026-11-01,99.00,USD,INV-2,paid";
const NOVEMBER: &str = "acme,2026-11-01,2026-12-01,110.00,USD,INV-3,paid";

#[test]
fn a_row_in_two_revenue_files_is_refused_or_counts_once() {
    let (early, late) = (
        lines(&[SEPTEMBER, OCTOBER]),
        lines(&[OCTOBER_PAID, NOVEMBER]),
    );
    let files = [("a.csv", early.as_str()), ("b.csv", late.as_str())];
    let both = ["--from", "2026-09-01", "--to", "2026-12-01"];
    let run = report(&files, &both);
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(run.err.contains("error[T3033]"), "{}", run.err);
    // The file that reaches less far is at fault, on its third line.
    for words in [
        "a.csv:3",
        "b.csv too",
        "99 would count twice",
        "--on-overlap latest",
    ] {
        assert!(run.err.contains(words), "no {words:?} in {}", run.err);
    }
    let latest = report(&files, &[&["--on-overlap", "latest"], &both[..]].concat()).json();
    assert_eq!(latest["totals"]["revenue"], "299");
    assert!(noted(&latest, "N1017", &["a.csv", "1 (99)"]));
    let rows = &latest["inputs"][0]["rows"];
    assert_eq!(
        [&rows["read"], &rows["used"], &rows["skipped"]["superseded"]],
        [2, 1, 1]
    );
    // The order of the files does not matter.
    let turned = report(
        &[files[1], files[0]],
        &[&["--on-overlap", "latest"], &both[..]].concat(),
    );
    assert_eq!(turned.json()["totals"], latest["totals"]);
}

#[test]
fn equal_rows_of_one_file_and_unlike_rows_of_two_all_count() {
    let month = ["--month", "2026-10"];
    let twice = lines(&[OCTOBER, OCTOBER]);
    let one_file = report(&[("a.csv", &twice)], &month).json();
    assert_eq!(one_file["totals"]["revenue"], "198");
    // Another amount, another invoice, another customer: other money.
    let others = lines(&[
        "acme,2026-10-01,2026-11-01,1.00,USD,INV-2,paid",
        "acme,2026-10-01,2026-11-01,99.00,USD,INV-9,paid",
        "umbra,2026-10-01,2026-11-01,99.00,USD,INV-2,paid",
    ]);
    let one = lines(&[OCTOBER]);
    let apart = report(&[("a.csv", one.as_str()), ("b.csv", &others)], &month).json();
    assert_eq!(apart["totals"]["revenue"], "298");
    // Without an invoice id the plan tells charges apart.
    let plan = |plan: &str| {
        let header = "customer_id,period_start,period_end,amount,currency,plan";
        format!("{header}\nacme,2026-10-01,2026-11-01,99.00,USD,{plan}\n")
    };
    let (pro, seats) = (plan("pro"), plan("seats"));
    let apart = report(&[("a.csv", &pro), ("b.csv", &seats)], &month).json();
    assert_eq!(apart["totals"]["revenue"], "198");
    let same = format!("{pro}umbra,2026-10-01,2026-11-01,5.00,USD,pro\n");
    let refused = report(&[("a.csv", &pro), ("b.csv", &same)], &month);
    assert!(refused.err.contains("error[T3033]"), "{}", refused.err);
}

#[test]
fn an_id_without_a_customer_has_no_margin_and_the_rest_is_no_customer() {
    let usage = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens,cost
2026-10-05T08:00:00Z,r1,acme,openai,gpt-4o-mini,1000,0,7.00
2026-10-05T08:00:00Z,r2,umbra,openai,gpt-4o-mini,1000,0,2.00
";
    let revenue = lines(&[
        OCTOBER,
        "umbra,2026-10-01,2026-11-01,5.00,USD,INV-4,paid",
        "nobody,2026-10-01,2026-11-01,50.00,USD,INV-5,paid",
    ]);
    let files = [("usage.csv", usage), ("revenue.csv", revenue.as_str())];
    let document = report(&files, &["--month", "2026-10"]).json();
    let rows = document["rows"].as_array().unwrap();
    let nobody = rows.iter().find(|row| row["kind"] == "unmapped").unwrap();
    assert_eq!(nobody["revenue"], "50");
    assert!(nobody["verdict"].is_null() && nobody["gross_margin"].is_null());
    // Umbra earns least; the other two are one row that is no customer.
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec![
        "report",
        "--no-config",
        "--format=csv",
        "--top=1",
        "--month=2026-10",
    ];
    let paths: Vec<String> = files
        .iter()
        .map(|(name, content)| put(folder.path(), name, content))
        .collect();
    all.extend(paths.iter().map(String::as_str));
    let csv = tanso(&all).out;
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let cells = |line: usize, column: &str| {
        let at = header.iter().position(|name| *name == column).unwrap();
        csv.lines()
            .nth(line)
            .unwrap()
            .split(',')
            .nth(at)
            .unwrap()
            .to_string()
    };
    let row =
        |line| ["customer", "kind", "revenue", "cost", "verdict"].map(|name| cells(line, name));
    assert_eq!(
        row(1),
        ["umbra", "customer", "5.00", "2.00", "proven_profit"]
    );
    assert_eq!(row(2), ["(others)", "others", "149.00", "7.00", ""]);
}

/// Umbra loses 30, kestrel 1, acme gains 40, dorado 5; 4 is billed for a provider without a log.
#[test]
fn every_format_adds_up_whatever_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let costs = put(
        folder.path(),
        "costs.csv",
        "period_start,period_end,provider,customer,cost\n\
         2026-10-01,2026-11-01,openai,umbra,40.00\n\
         2026-10-01,2026-11-01,openai,kestrel,11.00\n\
         2026-10-01,2026-11-01,openai,acme,10.00\n\
         2026-10-01,2026-11-01,openai,dorado,5.00\n\
         2026-10-01,2026-11-01,mistral,,4.00\n",
    );
    let revenue = put(
        folder.path(),
        "revenue.csv",
        "customer_id,period_start,period_end,amount,currency\n\
         umbra,2026-10-01,2026-11-01,10.00,USD\n\
         kestrel,2026-10-01,2026-11-01,10.00,USD\n\
         acme,2026-10-01,2026-11-01,50.00,USD\n\
         dorado,2026-10-01,2026-11-01,10.00,USD\n",
    );
    let report = |view: &[&str], format: &str| {
        let mut all = vec![
            "report",
            "--no-config",
            "--format",
            format,
            &costs,
            &revenue,
        ];
        all.extend(view);
        let run = tanso(&all);
        assert_eq!(run.code, 0, "{}", run.err);
        run
    };
    let two = |value: &Value| {
        let of = |name: &str| value[name].as_str().unwrap().parse::<i64>().unwrap();
        (of("revenue"), of("cost"))
    };
    // What is shown, the others' revenue and cost.
    type View<'v> = (&'v [&'v str], &'v [&'v str], Option<(i64, i64)>);
    let views: [View<'_>; 5] = [
        (&[], &["umbra", "kestrel", "dorado", "acme"], None),
        (&["--top", "1"], &["umbra"], Some((70, 26))),
        (&["--losses"], &["umbra", "kestrel"], Some((60, 15))),
        (&["--losses", "--top", "1"], &["umbra"], Some((70, 26))),
        (
            &["--top", "4"],
            &["umbra", "kestrel", "dorado", "acme"],
            None,
        ),
    ];
    for (view, shown, others) in views {
        let nobody = (0, 4);
        let document = report(view, "json").json();
        let rows = document["rows"].as_array().unwrap().clone();
        assert_eq!(two(&document["totals"]), (80, 70));
        assert_eq!(document["totals"]["unattributed"], "4");
        let given = |name: &str| document["options"][name].as_str().map(str::to_string);
        let top = view.iter().position(|word| *word == "--top");
        assert_eq!(given("top"), top.map(|at| view[at + 1].to_string()));
        assert_eq!(given("losses").is_some(), view.contains(&"--losses"));
        let lines = report(view, "jsonl").out;
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[..rows.len()], rows[..], "{view:?}");
        assert_eq!(lines.len(), rows.len() + 1);
        assert_eq!(two(&lines[rows.len()]), nobody);
        let csv = report(view, "csv").out;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header = reader.headers().unwrap().clone();
        let records: Vec<Value> = reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                let cell = |name: &str| {
                    let at = header.iter().position(|column| column == name).unwrap();
                    record[at].trim_end_matches(".00").to_string()
                };
                serde_json::json!({"customer": cell("customer"), "kind": cell("kind"),
                    "revenue": cell("revenue"), "cost": cell("cost")})
            })
            .collect();
        assert_eq!(records.len(), lines.len());
        for rows in [&lines, &records] {
            let sums = rows.iter().map(two);
            let sums = sums.fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
            assert_eq!(sums, (80, 70), "{view:?}");
            let kind = |wanted: &'static str| rows.iter().filter(move |row| row["kind"] == wanted);
            let names: Vec<_> = kind("customer")
                .map(|row| row["customer"].as_str().unwrap())
                .collect();
            assert_eq!(names, shown, "{view:?}");
            assert_eq!(kind("others").next().map(two), others, "{view:?}");
            assert!(kind("others").all(|row| row["customer"] == "(others)"));
        }
        for format in ["table", "md"] {
            let text = report(view, format).out;
            let total = text.lines().find(|line| line.contains("Total")).unwrap();
            assert!(total.contains("80.00") && total.contains("70.00"), "{text}");
            assert_eq!(text.contains("(others)"), others.is_some(), "{text}");
        }
    }
}

#[test]
fn coverage_differs_only_where_money_lies_outside() {
    let usage = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens
2026-10-05T08:00:00Z,r1,acme,openai,gpt-4o-mini,1000,0
2026-10-30T08:00:00Z,r2,acme,openai,gpt-4o-mini,1000,0
";
    let noted_with = |costs: &str| {
        let costs = format!("period_start,period_end,provider,cost\n{costs}");
        let files = [("usage.csv", usage), ("costs.csv", costs.as_str())];
        let document = report(&files, &["--month", "2026-10"]).json();
        let notes = document["notes"].as_array().unwrap();
        let gap = notes.iter().find(|note| note["code"] == "N2102");
        gap.map(|note| note["text"].as_str().unwrap().to_string())
    };
    // A charge for the month covers all days.
    assert_eq!(noted_with("2026-10-01,2026-11-01,openai,10.00\n"), None);
    let days = "2026-10-02,2026-10-03,openai,1.00\n2026-10-05,2026-10-06,openai,9.00\n2026-10-31,2026-11-01,openai,0.50\n";
    assert_eq!(
        noted_with(days).unwrap(),
        "1.50 USD is billed for days that the usage log does not reach: it covers 2026-10-05 to 2026-10-30, the bills 2026-10-02 to 2026-10-31"
    );
    assert_eq!(
        noted_with("2026-10-05,2026-10-06,openai,9.00\n").unwrap(),
        "the usage log covers 2026-10-05 to 2026-10-30, the bills only 2026-10-05 to 2026-10-05: usage of the other days has no bill"
    );
}

#[test]
fn revenue_alone_has_no_feature() {
    let revenue = "customer_id,period_start,period_end,amount,currency\nacme,2026-10-01,2026-11-01,50.00,USD\n";
    let run = report(&[("revenue.csv", revenue)], &["--by", "feature"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("T1030") && run.err.contains("no usage log or bill was read"),
        "{}",
        run.err
    );
}

#[test]
fn wrong_values_of_the_project_file_name_it() {
    let cases = [
        ("tolerance = \"x\"", 2, 2),
        ("tz = \"Mars\"", 2, 2),
        ("currency = \"dollars\"", 2, 2),
        ("cost_basis = \"x\"", 2, 2),
        ("mapping = \"nope.csv\"", 2, 4),
        ("[[input]]\npath = \"nope.csv\"", 3, 4),
        ("[[input]]\npath = \"revenue.csv\"\ndecimal = \"x\"", 4, 2),
        ("[provider.openai]\ndiscount = \"x\"", 3, 2),
        ("[plan.pro]\nprice = \"99 USD\"", 3, 2),
    ];
    for (text, line, code) in cases {
        let folder = tempfile::tempdir().unwrap();
        put(
            folder.path(),
            "revenue.csv",
            "customer_id,period_start,period_end,amount,currency\nacme,2026-10-01,2026-11-01,50.00,USD\n",
        );
        let config = put(
            folder.path(),
            "tanso.toml",
            format!("inputs = [\"revenue.csv\"]\n{text}\n"),
        );
        let run = tanso(&["report", "--config", &config]);
        assert!(
            run.err.contains(&format!("tanso.toml:{line}: ")),
            "{text}: {}",
            run.err
        );
        assert_eq!(run.code, code, "{text}: {}", run.err);
    }
}
