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
    let start = [command, "--no-config", "--month=2026-10"];
    let mut all: Vec<String> = start.iter().map(|word| word.to_string()).collect();
    if !arguments.iter().any(|word| word.starts_with("--format")) {
        all.push("--format=json".into());
    }
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
    assert_eq!(nobody.code, 2);
    assert!(
        nobody.err.contains("plans found: \"Pro\", \"pro\""),
        "{}",
        nobody.err
    );
}

const PRICES: &str = "\
Price ID,Product ID,Product Name,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Billing Scheme
price_pro,prod_pro,pro,pro-monthly,2025-03-19 05:57,100.00,usd,month,1,licensed,per_unit
price_team,prod_team,team,team-monthly,2025-03-19 05:57,400.00,usd,month,1,licensed,per_unit
";
const SUBSCRIPTIONS: &str = "\
id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)
sub_1,acme,price_pro,1,usd,month,100.00,active,2025-06-01 00:00,2025-06-01 00:00,2026-10-01 00:00,2026-11-01 00:00
sub_2,acme,price_team,1,usd,month,400.00,active,2025-07-01 00:00,2025-07-01 00:00,2026-10-01 00:00,2026-11-01 00:00
sub_3,umbra,price_pro,1,usd,month,100.00,active,2025-06-01 00:00,2025-06-01 00:00,2026-10-01 00:00,2026-11-01 00:00
";
const INVOICES: &str = "\
id,Amount Due,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status,Subscription
in_1,100.00,acme,2026-10-01 00:00,2026-10-01 00:05,2026-10-01 00:00,2026-11-01 00:00,usd,,100.00,100.00,paid,sub_1
in_2,320.00,acme,2026-10-01 00:00,2026-10-01 00:05,2026-10-01 00:00,2026-11-01 00:00,usd,,320.00,320.00,paid,sub_2
in_3,90.00,umbra,2026-10-01 00:00,2026-10-01 00:05,2026-10-01 00:00,2026-11-01 00:00,usd,,90.00,90.00,paid,sub_3
";
/// The same customers under plans of our own words.
const MAPPING: &str = "\
customer,source,id,plan
acme,stripe,acme,enterprise
umbra,stripe,umbra,starter
";

#[test]
fn two_subscriptions_of_one_customer_are_told_apart() {
    let files = [
        ("prices.csv", PRICES),
        ("subscriptions.csv", SUBSCRIPTIONS),
        ("invoices.csv", INVOICES),
    ];
    let after = |plan: &str| {
        let document = simulate(&files, &["--plan", plan]).json();
        let repriced = document["scenarios"][0]["rows"].as_array().unwrap();
        let repriced = repriced
            .iter()
            .filter(|row| row["repriced"] == true)
            .count();
        (revenues(&document), repriced)
    };
    // Pro from 100 to 150: acme's first invoice 150.00, its second stays; umbra pays 90 % of it.
    assert_eq!(
        after("pro=150"),
        (vec!["acme 420 470".to_string(), "umbra 90 135".into()], 2)
    );
    // Team from 400 to 500: acme pays 80 % of it.
    assert_eq!(
        after("team=500"),
        (vec!["acme 420 500".to_string(), "umbra 90 90".into()], 1)
    );
    // The nickname and the id of a price are names of the plan as well.
    assert_eq!(after("team-monthly=500").0, after("team=500").0);
    assert_eq!(after("price_team=500").0, after("team=500").0);
}

#[test]
fn the_mapping_has_the_word_where_there_is_one_subscription() {
    let files = [
        ("prices.csv", PRICES),
        ("subscriptions.csv", SUBSCRIPTIONS),
        ("invoices.csv", INVOICES),
        ("mapping.csv", MAPPING),
    ];
    // Umbra is on "starter" by its mapping, acme's two subscriptions keep their own plans.
    let starter = simulate(&files, &["--plan", "starter=+10%"]).json();
    assert_eq!(revenues(&starter), ["acme 420 420", "umbra 90 99"]);
    let pro = simulate(&files, &["--plan", "pro=+10%"]).json();
    assert_eq!(revenues(&pro), ["acme 420 430", "umbra 90 90"]);
}

#[test]
fn a_price_per_year_for_monthly_invoices_is_a_warning() {
    let revenue = table(&[("acme", "100.00", "pro"), ("umbra", "50.00", "free")]);
    let files = [("revenue.csv", revenue.as_str())];
    let run = simulate(&files, &["--plan", "pro=1490/year"]);
    let document = run.json();
    assert_eq!(revenues(&document), ["acme 100 100", "umbra 50 50"]);
    let text = warning(&document, "N4003").unwrap();
    for words in ["per year", "1 keep", "--plan pro=AMOUNT/month"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    assert!(run.err.contains("warning[N4003]"), "{}", run.err);
    let strict = simulate(&files, &["--plan", "pro=1490/year", "--strict"]);
    assert_eq!(strict.code, 1);
    let page = simulate(&files, &["--plan", "pro=1490/year", "--format=table"]);
    assert!(
        page.out.contains("Nothing changes, see warning N4003."),
        "{}",
        page.out
    );
    // A yearly invoice is touched: 1200.00 at 1,200 a year becomes 1,490.00, of which October,
    // 31 of 365 days from 1 October, is 126.55 instead of 101.92.
    let yearly = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-10-01,2027-10-01,1200.00,USD,pro,recurring
umbra,2026-10-01,2026-11-01,100.00,USD,pro,recurring
";
    let files = [
        ("revenue.csv", yearly),
        ("tanso.toml", "[plan.pro]\nprice = \"100\"\n"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<String> = files
        .iter()
        .map(|(name, content)| put(folder.path(), name, content))
        .collect();
    let document = tanso(&[
        "simulate",
        "--config",
        &paths[1],
        &paths[0],
        "--month=2026-10",
        "--format=json",
        "--plan",
        "pro=1490/year",
    ])
    .json();
    assert_eq!(revenues(&document), ["acme 101.92 126.55", "umbra 100 100"]);
    assert_eq!(warning(&document, "N4003"), None);
}

#[test]
fn a_plan_without_an_invoice_in_the_month_is_a_warning() {
    let revenue = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-09-01,2026-10-01,90.00,USD,pro,recurring
umbra,2026-10-01,2026-11-01,50.00,USD,free,recurring
";
    let document = simulate(&[("revenue.csv", revenue)], &["--plan", "pro=+10%"]).json();
    let text = warning(&document, "N4003").unwrap();
    assert!(
        text.contains("no recurring invoice of October 2026"),
        "{text}"
    );
    // A price that stays is no mistake.
    let same = simulate(&[("revenue.csv", revenue)], &["--plan", "free=+0%"]).json();
    assert_eq!(warning(&same, "N4003"), None);
}

const YEARLY: &str = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-01-01,2027-01-01,3650.00,USD,pro,recurring
umbra,2026-10-01,2026-11-01,100.00,USD,pro,recurring
";

/// 31 of the 365 days of a year for 3,650.00 are 310.00.
#[test]
fn yearly_invoices_follow_the_price_per_month_in_proportion() {
    let prices = |extra: &str| {
        let pro = "price_pro,prod_pro,pro,,2025-03-19 05:57,100.00,usd,month,1,licensed,per_unit\n";
        let head = PRICES.lines().next().unwrap();
        format!(
            "{head}\n{}{extra}",
            if extra.contains("only") { "" } else { pro }
        )
    };
    let year = |id: &str| {
        format!("{id},prod_pro,pro,,2025-03-19 05:57,1000.00,usd,year,1,licensed,per_unit\n")
    };
    let both = prices(&year("price_year"));
    let files = [("revenue.csv", YEARLY), ("prices.csv", both.as_str())];
    let then = |files: &[(&str, &str)], plans: &[&str]| {
        let options: Vec<&str> = plans.iter().flat_map(|plan| ["--plan", plan]).collect();
        let document = simulate(files, &options).json();
        assert_eq!(warning(&document, "N4003"), None);
        revenues(&document)
    };
    assert_eq!(
        then(&files, &["pro=100"]),
        ["acme 310 310", "umbra 100 100"]
    );
    assert_eq!(
        then(&files, &["pro=150"]),
        ["acme 310 465", "umbra 100 150"]
    );
    // A price per year beside it is the one for yearly invoices: 2,000 ∕ 1,000.
    let two = ["pro=150", "pro=2000/year"];
    assert_eq!(then(&files, &two), ["acme 310 620", "umbra 100 150"]);
    assert_eq!(
        then(&files, &["pro=2000/year", "pro=150"]),
        then(&files, &two)
    );
    // One of the two may have nothing to do.
    let alone: String = YEARLY
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    let alone = [
        ("revenue.csv", alone.as_str()),
        ("prices.csv", both.as_str()),
    ];
    assert_eq!(then(&alone, &two), ["acme 310 620"]);
    // Where only the yearly price is known: 12 × 150 ∕ 1,000.
    let only = prices(&year("price_only"));
    let alone = [alone[0], ("prices.csv", only.as_str())];
    assert_eq!(then(&alone, &["pro=150"]), ["acme 310 558"]);
    // Two prices for the same interval contradict each other, and so does a percentage.
    for second in ["pro=160", "pro=+10%"] {
        let run = simulate(&files, &["--plan", "pro=150", "--plan", second]);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains("given two prices"), "{}", run.err);
    }
}

const CHANGING: &str = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-10-01,2026-10-11,100.00,USD,pro,recurring
acme,2026-10-11,2026-11-01,210.00,USD,team,recurring
umbra,2026-10-01,2026-11-01,99.00,USD,pro,recurring
umbra,2026-10-01,2026-11-01,500.00,USD,team,recurring
";
/// On pro: acme on 10 October. On team: acme on the 11th, and umbra, which has both and pays more
/// for team.
const LOG: &str = "\
timestamp,customer_id,provider,model,request_id,input_tokens,output_tokens
2026-10-10T12:00:00Z,acme,openai,gpt-4o,a1,1000000,0
2026-10-11T12:00:00Z,acme,openai,gpt-4o,a2,1000000,0
2026-10-06T12:00:00Z,umbra,openai,gpt-4o,a3,1000000,0
";

/// `labels… revenue requests` of each row, in order.
fn by(files: &[(&str, &str)], by: &str, more: &[&str]) -> Vec<String> {
    let mut arguments = vec!["--by", by, "--format=csv", "--quiet"];
    arguments.extend(more);
    let run = run("report", files, &arguments);
    let mut lines = run
        .out
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let names = by.split(',').chain(["revenue", "requests"]);
    let wanted: Vec<usize> = names
        .map(|name| head.iter().position(|cell| *cell == name).unwrap())
        .collect();
    let mut rows: Vec<String> = lines
        .filter(|cells| !cells.contains(&"total"))
        .map(|cells| {
            wanted
                .iter()
                .map(|at| cells[*at])
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn each_line_of_revenue_counts_on_its_own_plan() {
    let files = [("revenue.csv", CHANGING), ("usage.csv", LOG)];
    // 100 + 99 and 210 + 500.
    assert_eq!(by(&files, "plan", &[]), ["pro 199.00 1", "team 710.00 2"]);
    assert_eq!(
        by(&files, "plan", &["--where", "plan=pro"]),
        ["pro 199.00 1"]
    );
    assert_eq!(
        by(&files, "customer,plan", &[]),
        [
            "acme pro 100.00 1",
            "acme team 210.00 1",
            "umbra pro 99.00 0",
            "umbra team 500.00 1"
        ]
    );
    let document = run("report", &files, &["--by", "plan"]).json();
    let notes = document["notes"].as_array().unwrap();
    let said = |note: &Value| {
        note["text"]
            .as_str()
            .unwrap()
            .contains("several plans at the same time: 1;")
    };
    assert_eq!(notes.iter().filter(|note| said(note)).count(), 1);
    // The simulation tells the same lines apart: 10 % of 199.
    let then = simulate(&files, &["--plan", "pro=+10%"]).json();
    assert_eq!(revenues(&then), ["acme 310 320", "umbra 599 608.9"]);
    // The mapping's word wins.
    let mapping = "customer,source,id,plan\nacme,usage,acme,gold\numbra,usage,umbra,\n";
    let files = [files[0], files[1], ("mapping.csv", mapping)];
    let rows = ["gold 310.00 2", "pro 99.00 0", "team 500.00 1"];
    assert_eq!(by(&files, "plan", &[]), rows);
}

#[test]
fn an_invoice_counts_on_the_plan_of_its_subscription() {
    let files = [
        ("prices.csv", PRICES),
        ("subscriptions.csv", SUBSCRIPTIONS),
        ("invoices.csv", INVOICES),
    ];
    // sub_1 and sub_3 are pro, 100 + 90; sub_2 is team.
    let revenue = |row: String| row.trim_end_matches([' ', '0']).to_string();
    let rows: Vec<String> = by(&files, "plan", &[]).into_iter().map(revenue).collect();
    assert_eq!(rows, ["pro 190.", "team 320."]);
}

/// Acme pays 12,000.00 a year, umbra 30.00 a month for each of two seats: 1,000.00 and 60.00 a month.
#[test]
fn recurring_revenue_follows_the_price_of_its_interval() {
    let files = [
        (
            "usage.csv",
            include_str!("../../docs/examples/mrr/usage.csv"),
        ),
        (
            "costs.csv",
            include_str!("../../docs/examples/mrr/costs.csv"),
        ),
        (
            "subscriptions.csv",
            include_str!("../../docs/examples/mrr/subscriptions.csv"),
        ),
        (
            "prices.csv",
            include_str!("../../docs/examples/mrr/prices.csv"),
        ),
    ];
    let of = |plan: &str, more: &[&str]| {
        let words = [&["--revenue=mrr", "--plan", plan], more].concat();
        let document = simulate(&files, &words).json();
        assert_eq!(document["basis"]["revenue"], "mrr");
        revenues(&document)
    };
    let rows = |acme: &str, umbra: &str| {
        let acme = format!("acme 1000 {acme}");
        [acme, "tern 0 0".into(), format!("umbra 60 {umbra}")]
    };
    // A price per month is that of each seat.
    assert_eq!(of("pro=40", &[]), rows("1000", "80"));
    assert_eq!(of("pro=+10%", &[]), rows("1000", "66"));
    // A yearly price counts a twelfth; one per month is paid twelve times a year.
    assert_eq!(of("enterprise=14400/year", &[]), rows("1200", "60"));
    assert_eq!(of("enterprise=1100", &[]), rows("1100", "60"));
    // The year ends in January, the month of umbra's begins in October.
    let renewal = ["--apply", "renewal"];
    assert_eq!(of("enterprise=14400/year", &renewal), rows("1000", "60"));
    assert_eq!(of("pro=40", &renewal), rows("1000", "80"));
}
