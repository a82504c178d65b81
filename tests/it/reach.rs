//! Whom a change reaches, what it is compared with, and what its questions answer. Every number here
//! is worked out by hand.

use serde_json::Value;
use tanso::model::Exact;

use crate::levers::{run, then};

/// Plan pro at 30: acme, umbra with 20 % off, and kestrel with a year for 300, 31 days of which are
/// 25.48; plan basic at 10: dune. Acme pays 5.00 once beside it.
const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,type,invoice_id
acme,2026-10-01,2026-11-01,30.00,USD,recurring,i1
umbra,2026-10-01,2026-11-01,24.00,USD,recurring,i2
kestrel,2026-01-01,2027-01-01,300.00,USD,recurring,i3
dune,2026-10-01,2026-11-01,10.00,USD,recurring,i4
acme,2026-10-10,,5.00,USD,one-off,i5
";
/// What each costs: 23.00, 10.00, 41.00, 1.00.
const COSTS: &str = "\
date,provider,model,meter,quantity,cost
2026-10-05,openai,gpt-4o,input,9200000,23.00
2026-10-06,openai,gpt-4o,input,4000000,10.00
2026-10-07,openai,gpt-4o,input,16400000,41.00
2026-10-08,openai,gpt-4o-mini,input,4000000,1.00
";
const LOG: &str = "\
date,customer_id,provider,model,input_tokens,output_tokens,requests
2026-10-05,acme,openai,gpt-4o,9200000,0,1000
2026-10-06,umbra,openai,gpt-4o,4000000,0,1000
2026-10-07,kestrel,openai,gpt-4o,16400000,0,2000
2026-10-08,dune,openai,gpt-4o-mini,4000000,0,500
";
const MAPPING: &str = "\
customer,source,id,plan,seats
acme,usage,acme,pro,3
umbra,usage,umbra,pro,-2
kestrel,usage,kestrel,pro,two
dune,usage,dune,basic,1
";
const PRICES: &str = "[plan.pro]\nprice = \"30\"\n[plan.basic]\nprice = \"10\"\n";
const WORLD: [(&str, &str); 5] = [
    ("revenue.csv", REVENUE),
    ("costs.csv", COSTS),
    ("usage.csv", LOG),
    ("mapping.csv", MAPPING),
    ("tanso.toml", PRICES),
];
const FORTY: &str = "apply = \"now\"\n[[plan]]\nplan = \"pro\"\nprice = \"40\"\n";

fn document(arguments: &[&str]) -> Value {
    run(&WORLD, arguments).json()
}

fn page(arguments: &[&str]) -> String {
    let mut all = arguments.to_vec();
    all.push("--format=table");
    let run = run(&WORLD, &all);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out
}

fn says(page: &str, words: &str) {
    assert!(page.contains(words), "no {words:?} in {page}");
}

fn refused(files: &[(&str, &str)], arguments: &[&str], words: &str) {
    let run = run(files, arguments);
    assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
    assert!(run.err.contains(words), "no {words:?} in {}", run.err);
}

/// The customers who are re-priced, in the order of their names.
fn repriced(document: &Value) -> Vec<&str> {
    let rows = document["scenarios"][0]["rows"].as_array().unwrap();
    let rows = rows.iter().filter(|row| row["repriced"] == true);
    let mut names: Vec<&str> = rows.map(|row| row["customer"].as_str().unwrap()).collect();
    names.sort();
    names
}

fn number(value: &Value) -> Exact {
    Exact::parse(value.as_str().unwrap()).unwrap()
}

fn churn(document: &Value) -> String {
    let churn = &document["scenarios"][0]["break_even_churn"];
    number(&churn["proportional"]).round(4).to_string()
}

#[test]
fn apply_holds_for_scenario_files() {
    let files = [&WORLD[..], &[("forty.scenario", FORTY)]].concat();
    // Kestrel's invoice began in January: it keeps 25.48, and 45 + 32 + 25.48 + 10 = 112.48.
    let new = ["acme 45 23", "dune 10 1", "kestrel 25.48 41", "umbra 32 10"];
    let options = document(&["--plan", "pro=40", "--apply", "new"]);
    assert_eq!(then(&options, 0), new);
    let from_file = run(&files, &["--apply", "new"]).json();
    assert_eq!(then(&from_file, 0), new);
    assert_eq!(
        from_file["scenarios"][0]["totals"]["then"]["revenue"],
        "112.48"
    );
    let changes = &from_file["scenarios"][0]["changes"][0];
    assert_eq!(changes, "plan pro: 30/month → 40/month, new");
    // Beside options both are for new customers; without the option the file's own word holds.
    let both = run(&files, &["--plan", "basic=11", "--apply", "new"]).json();
    assert_eq!(then(&both, 1), new);
    let own = run(&files, &[]).json();
    assert_eq!(then(&own, 0)[2], "kestrel 33.97 41");
    // And what is solved for in a file is of new customers: see below.
    let solved = run(&files, &["--apply", "new", "--solve", "pro: margin=60%"]).json();
    assert_eq!(solved["scenarios"][0]["solved"][0]["value"], "43.06");
}

#[test]
fn who_keeps_its_price_is_not_repriced() {
    let new = document(&["--plan", "pro=40", "--apply", "new"]);
    assert_eq!(repriced(&new), ["acme", "umbra"]);
    // Acme and umbra earn 35 + 24 − 33 = 26, then 45 + 32 − 33 = 44: 18 ∕ 44.
    assert_eq!(churn(&new), "0.4091");
    // 5 + p + 0.8 p, of which 33.00 may be 40 %: 1.8 p = 77.50.
    let solved = document(&["--apply", "new", "--solve", "pro: margin=60%"]);
    assert_eq!(solved["scenarios"][0]["solved"][0]["value"], "43.06");
    assert_eq!(repriced(&solved), ["acme", "umbra"]);
    // A yearly price leaves those who pay by the month alone.
    let yearly = document(&["--plan", "pro=400/year"]);
    assert_eq!(repriced(&yearly), ["kestrel"]);
    // Terms by the month reach the same customers.
    let terms = document(&["--plan", "pro=minimum=50", "--apply", "new"]);
    assert_eq!(repriced(&terms), ["acme", "umbra"]);
}

#[test]
fn break_even_counts_what_changes_elsewhere() {
    // Dune brings 9 → 10. One per cent more usage of pro costs 0.74 more: a gain of 0.26 of 10.
    let levers = [
        "--plan",
        "basic=11",
        "--usage",
        "plan=pro:+1%",
        "--elasticity",
        "-0.5",
    ];
    let some = document(&levers);
    assert_eq!(churn(&some), "0.026");
    let even = &some["scenarios"][0]["break_even_churn"];
    assert_eq!(even["most_profitable_first"], "0");
    // 5 % leave: 0.26 − 0.5. It pays down to −0.026 ∕ 0.1.
    assert_eq!(even["at_elasticity"]["gain"], "-0.24");
    assert_eq!(even["elasticity"], "-0.26");
    let page_of = page(&levers);
    says(
        &page_of,
        "this adds 0.26 of gross profit; it stops paying if more than 3% of",
    );
    says(&page_of, "this loses 0.24 of gross profit");
    // 74 more: nothing that dune does makes up for it, at no elasticity.
    let twice = page(&["--plan", "basic=11", "--usage", "plan=pro:+100%"]);
    says(
        &twice,
        "this loses 73.00 of gross profit; no churn can make up for it.",
    );
    assert!(!twice.contains("elasticity"), "{twice}");
    // Pro saves more than dune brings: 0.15 of 2.5 dollars a million is left, 4.44 of 74.
    let saved = page(&[
        "--plan",
        "basic=9",
        "--model",
        "gpt-4o=gpt-4o-mini:plan=pro",
    ]);
    says(
        &saved,
        "this adds 68.56 of gross profit; whoever of the re-priced customers leaves",
    );
    says(
        &saved,
        "the rest of the change brings as much as they do now",
    );
    // A grid says the same of each of its points.
    let grid = document(&["--plan", "basic=11..12:1", "--usage", "plan=pro:+1%"]);
    let line = &grid["grid"][1];
    assert_eq!(
        number(&line["break_even_churn"]).round(4).to_string(),
        "0.026"
    );
}

#[test]
fn losing_customers_at_a_loss_can_make_up_for_a_loss() {
    // Acme 34 − 23 = 11, umbra 23.20 − 10 = 13.20, kestrel 24.64 − 41: 24.20 without it, 10.48 now.
    let cheaper = page(&["--plan", "pro=29"]);
    says(
        &cheaper,
        "it would pay only if re-priced customers at a loss left.",
    );
    let basic = page(&["--plan", "basic=9"]);
    says(&basic, "no churn can make up for it.");
}

/// The log has two models, the bill three: 11.50 of gpt-4.1 go to its usage, 10.00 and 1.50.
const OTHER_COSTS: &str = "\
date,provider,model,meter,quantity,cost
2026-10-05,openai,gpt-4o,input,4000000,10.00
2026-10-06,openai,gpt-4o-mini,input,10000000,1.50
2026-10-07,openai,gpt-4.1,input,5750000,11.50
";
const OTHER_LOG: &str = "\
date,customer_id,provider,model,feature,input_tokens,output_tokens,requests
2026-10-05,acme,openai,gpt-4o,chat,4000000,0,100
2026-10-06,umbra,openai,gpt-4o-mini,search,10000000,0,100
";

#[test]
fn a_charge_keeps_its_model_whatever_usage_carries_it() {
    let files = [
        WORLD[0],
        ("costs.csv", OTHER_COSTS),
        ("usage.csv", OTHER_LOG),
        WORLD[3],
        WORLD[4],
    ];
    let costs = |option: &str, lever: &str| {
        let document = run(&files, &[option, lever]).json();
        let totals = &document["scenarios"][0]["totals"]["difference"];
        totals["cost"].as_str().unwrap().to_string()
    };
    let price = |lever| costs("--provider-price", lever);
    assert_eq!(price("openai/gpt-4.1=+100%"), "11.5");
    assert_eq!(price("openai/gpt-4.1.input=+100%"), "11.5");
    assert_eq!(price("openai/gpt-4o=+100%"), "10");
    assert_eq!(price("openai=+100%"), "23");
    // 0.15 instead of 2.00 a million: 11.50 × 0.075 = 0.8625.
    assert_eq!(costs("--model", "gpt-4.1=gpt-4o-mini"), "-10.6375");
    // Growth of a model is growth of what was billed for it; of a feature, of what it carries.
    assert_eq!(costs("--usage", "model=gpt-4o:+100%"), "10");
    assert_eq!(costs("--usage", "model=gpt-4.1:+100%"), "11.5");
    assert_eq!(costs("--usage", "feature=search:+100%"), "3");
    // The report names the model that was billed.
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| crate::support::put(folder.path(), name, text);
    let (usage, bill) = (put("usage.csv", OTHER_LOG), put("costs.csv", OTHER_COSTS));
    let report = crate::support::tanso(&[
        "report",
        "--no-config",
        "--month=2026-10",
        "--by=model",
        "--format=json",
        usage.as_str(),
        bill.as_str(),
    ]);
    let report = report.json();
    let rows = report["rows"].as_array().unwrap();
    let line = |row: &Value| format!("{} {}", row["model"], row["cost"]).replace('"', "");
    let mut rows: Vec<String> = rows.iter().map(line).collect();
    rows.sort();
    assert_eq!(rows, ["gpt-4.1 11.5", "gpt-4o 10", "gpt-4o-mini 1.5"]);
}

const PRICE_LIST: &str = "\
Price ID,Product ID,Product Name,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Billing Scheme
price_y,prod_p,pro,,2025-03-19 05:57,300.00,usd,year,1,licensed,per_unit
price_m,prod_p,pro,,2025-03-19 05:57,30.00,usd,month,1,licensed,per_unit
";
/// Acme has two seats and renews on the 15th, umbra on the 1st, kestrel in March; tern is new.
const SUBSCRIPTIONS: &str = "\
id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)
sub_a,acme,price_m,2,usd,month,30.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-11-15 00:00,2026-12-15 00:00
sub_u,umbra,price_m,1,usd,month,30.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-11-01 00:00,2026-12-01 00:00
sub_k,kestrel,price_y,1,usd,year,300.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-03-01 00:00,2027-03-01 00:00
sub_t,tern,price_m,1,usd,month,30.00,active,2026-10-01 00:00,2026-10-01 00:00,2026-11-01 00:00,2026-12-01 00:00
";
const INVOICES: &str = "\
id,Amount Due,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status,Subscription
in_1,30.00,umbra,2026-10-01 00:00,2026-10-01 00:05,2026-10-01 00:00,2026-11-01 00:00,usd,,30.00,30.00,paid,sub_u
in_2,30.00,tern,2026-10-01 00:00,2026-10-01 00:05,2026-10-01 00:00,2026-11-01 00:00,usd,,30.00,30.00,paid,sub_t
";

#[test]
fn recurring_revenue_by_the_month_goes_by_its_subscriptions() {
    let files = [
        ("prices.csv", PRICE_LIST),
        ("subscriptions.csv", SUBSCRIPTIONS),
        ("invoices.csv", INVOICES),
    ];
    let revenue = |basis: &str, apply: &str| {
        let arguments = [
            "--no-config",
            "--plan",
            "pro=60",
            "--revenue",
            basis,
            "--apply",
            apply,
        ];
        then(&run(&files, &arguments).json(), 0)
    };
    // At the end of October acme has renewed at twice the price for two seats; kestrel has not.
    assert_eq!(
        revenue("mrr", "renewal"),
        ["acme 120 0", "kestrel 25 0", "tern 60 0", "umbra 60 0"]
    );
    // All but tern began in January.
    assert_eq!(
        revenue("mrr", "new"),
        ["acme 60 0", "kestrel 25 0", "tern 60 0", "umbra 30 0"]
    );
    // The first invoice of the files is not umbra's first.
    assert_eq!(revenue("recognized", "new"), ["tern 60 0", "umbra 30 0"]);
}

#[test]
fn seats_are_multiplied_once() {
    let seats = "pro=0,per_seat=30";
    let revenue = "\
customer_id,period_start,period_end,amount,currency,type,invoice_id
acme,2026-10-01,2026-11-01,90.00,USD,recurring,i1
umbra,2026-10-01,2026-11-01,72.00,USD,recurring,i2
kestrel,2026-10-01,2026-11-01,30.00,USD,recurring,i3
dune,2026-10-01,2026-11-01,30.00,USD,recurring,i4
dune,2026-10-01,2026-11-01,30.00,USD,recurring,i5
";
    let mapping = "\
customer,source,id,plan,seats
acme,usage,acme,pro,3
umbra,usage,umbra,pro,3
kestrel,usage,kestrel,pro,4
dune,usage,dune,pro,2
";
    let files = [("revenue.csv", revenue), ("mapping.csv", mapping), WORLD[4]];
    // Acme's 90, umbra's 72 and dune's 60 are more than one unit at 30, so they are for their
    // seats; kestrel's 30 is one price for four, which each seat now pays.
    let same = run(&files, &["--plan", seats]).json();
    assert_eq!(
        then(&same, 0),
        ["acme 90 0", "dune 60 0", "kestrel 120 0", "umbra 72 0"]
    );
    let notes = same["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["code"] == "N4005").unwrap();
    assert!(note["text"].as_str().unwrap().ends_with(": 4"), "{note}");

    // Two subscriptions of one seat are two seats, whatever the mapping sums them to.
    let invoices = INVOICES.replace(",tern,", ",umbra,");
    let subscriptions = SUBSCRIPTIONS.replace(",tern,", ",umbra,");
    let mapping = "customer,source,id,plan,seats\numbra,stripe,umbra,,2\n";
    let files = [
        ("prices.csv", PRICE_LIST),
        ("subscriptions.csv", subscriptions.as_str()),
        ("invoices.csv", invoices.as_str()),
        ("mapping.csv", mapping),
    ];
    let two = run(&files, &["--no-config", "--plan", seats]).json();
    assert_eq!(then(&two, 0), ["umbra 60 0"]);

    // What is no number of seats is refused at its line.
    let per_seat = ["--plan", "pro=per_seat=5"];
    refused(
        &WORLD,
        &per_seat,
        "mapping.csv:3: the number of seats of \"umbra\" is below 0",
    );
    let mapping = MAPPING.replace("-2", "2");
    let files = [
        WORLD[0],
        WORLD[1],
        WORLD[2],
        ("mapping.csv", &mapping),
        WORLD[4],
    ];
    refused(
        &files,
        &per_seat,
        "mapping.csv:4: the number of seats of \"kestrel\" is no number",
    );
}

#[test]
fn a_minimum_counts_the_months_of_a_year() {
    let minimum = |basis: &str, minimum: &str| {
        let plan = format!("pro=minimum={minimum}");
        let document = document(&["--plan", &plan, "--revenue", basis]);
        let rows = document["scenarios"][0]["rows"].as_array().unwrap();
        let line = |row: &Value| {
            let change = &row["difference"]["revenue"];
            assert_eq!(*change, row["invoice_change"], "{row}");
            format!("{} {}", row["customer"], change).replace('"', "")
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.sort();
        lines
    };
    // Kestrel pays 25.48 for October, whenever its year is billed: 14.52 are missing.
    let missing = ["acme 10", "dune 0", "kestrel 14.52", "umbra 16"];
    for basis in ["recognized", "billed", "cash"] {
        assert_eq!(minimum(basis, "40"), missing, "{basis}");
    }
    // 10.125, 14.645 and 16.125, half to even.
    let rounded = ["acme 10.12", "dune 0", "kestrel 14.64", "umbra 16.12"];
    assert_eq!(minimum("recognized", "40.125"), rounded);
}

#[test]
fn a_question_is_of_its_own_plan() {
    // Pro: of 5 + p + 0.8 p + kestrel's October 74.00 may be 40 %, so 185.00 are needed. At 67.94 its
    // year is 679.40: 565.86 until the end of October less 508.15 before it, and
    // 67.94 + 54.35 + 57.71 + 5 = 185.00. At 67.93 it is 67.93 + 54.34 + 57.69 + 5 = 184.96.
    let cheapest = |plan: &str| {
        let document = document(&["--plan", plan, "--cheapest", "pro: margin=60%"]);
        let price = document["cheapest"][0].clone();
        let text = |key: &str| price[key].as_str().unwrap().to_string();
        [text("value"), text("revenue"), text("cost")]
    };
    assert_eq!(cheapest("basic=11"), ["67.94/month", "185", "74"]);
    assert_eq!(cheapest("basic=500"), ["67.94/month", "185", "74"]);
    // Dune costs 1.00: at 70 % it pays 3.34 (3.33 − 1.00 is 69.97 % of 3.33), whatever pro does.
    let both = document(&["--solve", "pro: margin=50%", "--solve", "basic: margin=70%"]);
    let solved = &both["scenarios"][0]["solved"];
    assert_eq!(solved[1]["value"], "3.34");
    // Pro alone needs 148.00: at 53.97 it is 53.97 + 43.18 + (449.50 − 403.67) + 5 = 147.98, at 53.98
    // 53.98 + 43.18 + (449.59 − 403.74) + 5 = 148.01.
    assert_eq!(solved[0]["value"], "53.98");
}

#[test]
fn what_is_not_found_leaves_the_scenario_as_it_was() {
    let tenth = ["--plan", "pro=+10%"];
    let goal = |goal: &'static str| [&tenth[..], &["--solve", goal]].concat();
    let plain = then(&document(&tenth), 0);
    for far in ["pro: gross_profit=1e15", "pro: gross_profit=99999999999999"] {
        let given = document(&goal(far));
        assert_eq!(then(&given, 0), plain);
        let solved = &given["scenarios"][0]["solved"][0];
        assert_eq!(
            (&solved["value"], &solved["answer"]),
            (&Value::Null, &"none".into())
        );
        // 2⁵⁰ steps of a cent.
        says(
            &page(&goal(far)),
            "N4006: No price per month of pro up to 11258999068426.24 reaches",
        );
    }
    // A warning stands beside every format, and --strict asks for it.
    let words = [
        &goal("pro: gross_profit=1e15")[..],
        &["--format=csv", "--strict"],
    ]
    .concat();
    let strict = run(&WORLD, &words);
    assert_eq!(strict.code, 1, "{}", strict.err);
    // Dune pays 10: without any usage at all it brings no 11.
    let cap = page(&["--solve", "basic: gross_profit=11 by cap requests"]);
    says(
        &cap,
        "N4006: No cap on requests of basic is enough for a gross profit of 11 USD.",
    );
    assert!(
        cap.starts_with("basic: gross_profit=11 by cap requests · October 2026"),
        "{cap}"
    );
}

#[test]
fn what_is_not_needed_is_said() {
    // Basic has 90 %.
    let cap = ["--solve", "basic: margin=50% by cap requests"];
    says(
        &page(&cap),
        "No cap on requests of basic is needed for a margin of 50%.",
    );
    assert_eq!(
        document(&cap)["scenarios"][0]["solved"][0]["answer"],
        "not_needed"
    );
    let ways = document(&["--cheapest", "basic: margin=50%"]);
    let ways = ways["cheapest"].as_array().unwrap();
    // 2.00 for a cost of 1.00.
    assert_eq!(ways[0]["value"], "2/month");
    for way in &ways[1..] {
        assert_eq!(
            (&way["value"], &way["revenue"]),
            (&Value::Null, &"10".into()),
            "{way}"
        );
    }
    let table = page(&["--cheapest", "basic: margin=50%"]);
    assert_eq!(table.matches("not needed").count(), 3, "{table}");
    assert!(!table.contains("none reaches it"), "{table}");
}

#[test]
fn the_same_is_not_charged_or_changed_twice() {
    let twice = "[[plan]]\nplan = \"pro\"\nincluded = \"0 tokens\"\noverage = \"0.001\"\n\
                 [[plan]]\nplan = \"pro\"\nincluded = \"0 input\"\noverage = \"0.001\"\n";
    let files = [&WORLD[..], &[("twice.scenario", twice)]].concat();
    refused(
        &files,
        &[],
        "the plan \"pro\" charges for input twice: tokens counts it too",
    );
    let credits = "pro=credits=0,credit_price=0.001,weight=1 tokens,weight=1 input";
    refused(&WORLD, &["--plan", credits], "charges for input twice");
    let prices = [
        "--provider-price",
        "openai=+10%",
        "--provider-price",
        "OpenAI=+10%",
    ];
    refused(&WORLD, &prices, "provider price of OpenAI is given twice");
    let usage = [
        "--usage",
        "provider=openai:+10%",
        "--usage",
        "provider=OpenAI:+10%",
    ];
    refused(&WORLD, &usage, "usage of provider=OpenAI is given twice");
    let goals = ["--solve", "pro: margin=70%", "--solve", "pro: margin=80%"];
    refused(&WORLD, &goals, "contradicts");
    // A meter that tokens do not count may stand beside them.
    let both = "pro=credits=0,credit_price=0.001,weight=1 tokens,weight=1 requests";
    assert_eq!(run(&WORLD, &["--plan", both]).code, 0);
}

#[test]
fn a_discount_may_be_a_range() {
    let grid = document(&["--discount", "plan=pro:10%..30%:10%"]);
    let lines = grid["grid"].as_array().unwrap();
    let revenue: Vec<&str> = lines
        .iter()
        .map(|line| line["revenue"].as_str().unwrap())
        .collect();
    // Of 94.48: 10 % of 30, 24 and 25.48 (270 × 31 ∕ 365 = 22.93 and so on).
    assert_eq!(revenue, ["94.48", "86.53", "78.58", "70.63"]);
}

#[test]
fn no_option_is_dropped_in_silence() {
    refused(
        &WORLD,
        &["--plan", "pro=30..40:10", "--elasticity", "-0.5"],
        "this question is asked of one scenario",
    );
    for pair in [
        ["--elasticity=-0.5", "--plan=pro=40"],
        ["--solve=pro: margin=60%", "--plan=pro=40"],
    ] {
        let words = [&pair[..], &["--cheapest=pro: margin=60%"]].concat();
        refused(&WORLD, &words, "cannot be used with");
    }
    let backtest = [
        "--backtest=2026-10-01",
        "--elasticity=-0.5",
        "--plan=pro=40",
    ];
    refused(&WORLD, &backtest, "cannot be used with");
    // Several scenarios each say what an elasticity does: 1.00 of 10.00, less 5 %.
    let files = [&WORLD[..], &[("forty.scenario", FORTY)]].concat();
    let words = [
        "--plan",
        "basic=11",
        "--elasticity",
        "-0.5",
        "--format=table",
    ];
    let several = run(&files, &words).out;
    says(
        &several,
        "At an elasticity of −0.5 5% of the re-priced customers leave, and this adds 0.50",
    );
    assert_eq!(
        several.matches("At an elasticity of").count(),
        2,
        "{several}"
    );
    // Where no price changes, nobody leaves.
    let silent = page(&["--usage", "+5%", "--elasticity", "-0.5"]);
    says(&silent, "N4003: --elasticity");
}

#[test]
fn what_was_solved_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.toml");
    let saved = saved.to_str().unwrap();
    let overage = "pro=included=500 requests,overage=0";
    for options in [
        vec!["--solve", "pro: margin=60%"],
        vec!["--plan", "pro=+10%", "--solve", "pro: margin=60%"],
        vec![
            "--plan",
            "pro=1490/year",
            "--solve",
            "pro: margin=60%",
            "--apply",
            "new",
        ],
        vec!["--plan", overage, "--solve", "pro: margin=60% by overage"],
        vec![
            "--solve",
            "pro: margin=60% by cap requests",
            "--usage",
            "plan=basic:+5%",
        ],
        vec!["--solve", "pro: margin=50%", "--solve", "basic: margin=70%"],
    ] {
        let first = document(&[&options[..], &["--save", saved]].concat());
        let again = document(&["--scenario", saved]);
        assert_eq!(then(&first, 0), then(&again, 0), "{options:?}");
        let changes = |document: &Value| document["scenarios"][0]["changes"].clone();
        assert_eq!(changes(&first), changes(&again));
        assert_ne!(then(&first, 0), then(&document(&["--plan", "pro=30"]), 0));
    }
    let nothing = ["--solve", "pro: gross_profit=1e15", "--save", saved];
    refused(&WORLD, &nothing, "there is no scenario to save");
}

#[test]
fn a_backtest_names_its_currency_and_month() {
    let revenue = "\
customer_id,period_start,period_end,amount,currency,type,invoice_id
acme,2026-09-01,2026-10-01,30.00,USD,recurring,i1
acme,2026-10-01,2026-11-01,40.00,USD,recurring,i2
";
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| crate::support::put(folder.path(), name, text);
    let mapping = put("mapping.csv", MAPPING);
    let (revenue, config) = (put("revenue.csv", revenue), put("tanso.toml", PRICES));
    let run = crate::support::tanso(&[
        "simulate",
        "--backtest=2026-10-01",
        "--plan=pro=40",
        "--format=csv",
        "--quiet",
        "--config",
        config.as_str(),
        "-m",
        mapping.as_str(),
        revenue.as_str(),
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    let mut lines = run.out.lines();
    let header = lines.next().unwrap();
    assert!(
        header.ends_with(",error,currency,period_start,period_end"),
        "{header}"
    );
    let expected = "acme,stayed,40.00,40.00,0.00,0.00,40.00,40.00,0.00,USD,2026-10-01,2026-11-01";
    assert_eq!(lines.next(), Some(expected));
}

const LIST: &str = "\
Price ID,Product ID,Product Name,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Billing Scheme
p_month,prod_p,pro,,2025-03-19 05:57,100.00,usd,month,1,licensed,per_unit
p_year,prod_p,pro,,2025-03-19 05:57,1200.00,usd,year,1,licensed,per_unit
p_free,prod_f,Free,,2025-03-19 05:57,0.00,usd,month,1,licensed,per_unit
p_euro,prod_e,euro,,2025-03-19 05:57,50.00,eur,month,1,licensed,per_unit
p_add,prod_a,add-on,,2025-03-19 05:57,30.00,usd,month,1,licensed,per_unit
";

fn subscriptions(rows: &[&str]) -> String {
    let header = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)";
    let row = |row: &&str| {
        let cells: Vec<&str> = row.split(' ').collect();
        let [id, customer, price, interval, began, start, end] = cells[..] else {
            panic!("seven words: {row}");
        };
        format!(
            "{id},{customer},{price},1,usd,{interval},100.00,active,{began} 00:00,{began} 00:00,{start} 00:00,{end} 00:00"
        )
    };
    let rows = rows.iter().map(row);
    let all: Vec<String> = std::iter::once(header.to_string()).chain(rows).collect();
    all.join("\n") + "\n"
}

fn invoices(rows: &[&str]) -> String {
    let header = "id,Amount Due,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status,Subscription";
    let row = |(at, row): (usize, &&str)| {
        let cells: Vec<&str> = row.split(' ').collect();
        let [customer, subscription, start, end, amount] = cells[..] else {
            panic!("five words: {row}");
        };
        format!(
            "in_{at},{amount},{customer},{start} 00:00,{start} 00:05,{start} 00:00,{end} 00:00,usd,,{amount},{amount},paid,{subscription}"
        )
    };
    let rows = rows.iter().enumerate().map(row);
    let all: Vec<String> = std::iter::once(header.to_string()).chain(rows).collect();
    all.join("\n") + "\n"
}

/// That a subscription begins is no renewal of it; who is new pays the new price, as with
/// `--apply new`.
#[test]
fn a_sign_up_is_no_renewal() {
    let subscriptions = subscriptions(&[
        "sub_1 acme p_month month 2025-06-01 2026-10-01 2026-11-01",
        "sub_2 acme p_month month 2026-10-11 2026-10-11 2026-11-11",
        "sub_3 dune p_month month 2026-10-11 2026-10-11 2026-11-11",
    ]);
    let invoices = invoices(&[
        "acme sub_1 2026-10-01 2026-11-01 100.00",
        "acme sub_2 2026-10-11 2026-11-11 100.00",
        "dune sub_3 2026-10-11 2026-11-11 100.00",
    ]);
    let files = [
        ("prices.csv", LIST),
        ("subscriptions.csv", subscriptions.as_str()),
        ("invoices.csv", invoices.as_str()),
    ];
    let revenue = |apply: &str| {
        let words = ["--no-config", "--plan", "pro=200", "--apply", apply];
        then(&run(&files, &words).json(), 0)
    };
    // 21 of 31 days of 100 are 67.74, of 200 135.48. Acme's first subscription renews on the 1st.
    assert_eq!(revenue("now"), ["acme 335.48 0", "dune 135.48 0"]);
    assert_eq!(revenue("renewal"), ["acme 267.74 0", "dune 135.48 0"]);
    assert_eq!(revenue("new"), ["acme 167.74 0", "dune 135.48 0"]);
}

/// A price that held from each renewal on: the month ahead has its own renewals.
#[test]
fn a_backtest_goes_by_the_renewals_of_the_month_ahead() {
    let subscriptions = subscriptions(&[
        "s_w wren p_month month 2025-01-15 2026-10-15 2026-11-15",
        "s_y yew p_year year 2025-09-01 2026-09-01 2027-09-01",
        "s_z zinnia p_year year 2025-10-01 2026-10-01 2027-10-01",
    ]);
    let invoices = invoices(&[
        "wren s_w 2026-08-15 2026-09-15 100.00",
        "wren s_w 2026-09-15 2026-10-15 100.00",
        "wren s_w 2026-10-15 2026-11-15 150.00",
        "yew s_y 2025-09-01 2026-09-01 1200.00",
        "yew s_y 2026-09-01 2027-09-01 1200.00",
        "zinnia s_z 2025-10-01 2026-10-01 1200.00",
        "zinnia s_z 2026-10-01 2027-10-01 1800.00",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| crate::support::put(folder.path(), name, text);
    let files = [
        put("prices.csv", LIST),
        put("subscriptions.csv", &subscriptions),
        put("invoices.csv", &invoices),
    ];
    let mut words = vec![
        "simulate",
        "--no-config",
        "--quiet",
        "--format=csv",
        "--backtest=2026-10-01",
        "--plan=pro=150,year=1800",
        "--apply=renewal",
    ];
    words.extend(files.iter().map(String::as_str));
    let run = crate::support::tanso(&words);
    assert_eq!(run.code, 0, "{}", run.err);
    let lines = run.out.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{} {} {}", cells[0], cells[2], cells[3])
    });
    // September of yew: 30 of 365 days of 1,200, and it renewed in September: 98.63. Of zinnia: 1,200
    // less 335 of 365 days, 1,101.37; it renews on 1 October, so 1,800 less 1,652.05. Wren renews on
    // the 15th, 17 of October's 31 days: each invoice × (14 + 17 × 1.5) ∕ 31, 127.42; of the first
    // 127.42 − 69.88 (17 of 31 days), of the second 67.96 (16 of 30). October came as 101.92 (61 of 365
    // days less 30: 200.55 − 98.63), 152.88 (31 of 365 of 1,800) and 46.67 + 82.26.
    let lines: Vec<String> = lines.collect();
    assert_eq!(
        lines,
        [
            "wren 125.50 128.93",
            "yew 98.63 101.92",
            "zinnia 147.95 152.88"
        ]
    );
}

#[test]
fn a_plan_without_a_present_price_says_why() {
    let subscriptions = subscriptions(&[
        "s_f acme p_free month 2025-01-01 2026-10-01 2026-11-01",
        "s_e dune p_euro month 2025-01-01 2026-10-01 2026-11-01",
        "s_a acme p_add month 2025-01-01 2026-10-01 2026-11-01",
    ]);
    let invoices = invoices(&[
        "acme s_f 2026-10-01 2026-11-01 0.00",
        "dune s_e 2026-10-01 2026-11-01 50.00",
        "acme s_a 2026-10-01 2026-11-01 30.00",
    ]);
    let mapping = "customer,source,id,plan\nacme,usage,acme,Free\nacme,stripe,acme,Free\ndune,stripe,dune,euro\n";
    let files = [
        ("prices.csv", LIST),
        ("subscriptions.csv", subscriptions.as_str()),
        ("invoices.csv", invoices.as_str()),
        ("usage.csv", LOG),
        ("costs.csv", COSTS),
        ("mapping.csv", mapping),
    ];
    let plan = |plan: &str, words: &str| {
        let run = run(&files, &["--no-config", "--plan", plan]);
        assert_eq!(run.code, 3, "{plan}: {}", run.err);
        assert!(run.err.contains(words), "no {words:?} in {}", run.err);
    };
    plan("Free=10", "costs nothing now");
    plan("Free=10", "--plan 'Free=minimum=10'");
    plan("euro=60", "its listed price is in EUR");
    // The way out works: 10 for each month.
    let minimum = run(&files, &["--no-config", "--plan", "Free=minimum=10"]).json();
    assert!(then(&minimum, 0).contains(&"acme 40 23".to_string()));
    // Usage is on the customer's own plan, not on the second subscription's.
    let usage = ["--no-config", "--usage", "plan=add-on:+50%"];
    refused(&files, &usage, "no plan of the files is \"add-on\"");
    let model = ["--no-config", "--model", "gpt-4o=gpt-4o-mini:plan=add-on"];
    refused(&files, &model, "no plan of the files is \"add-on\"");
}

#[test]
fn a_price_of_the_seller_who_comes_in() {
    let words = ["--model", "gpt-4o=anthropic/claude-haiku-4-5:customer=acme"];
    let alone = document(&words);
    let dearer = document(&[&words[..], &["--provider-price", "anthropic=+50%"]].concat());
    let cost = |document: &Value| number(&document["scenarios"][0]["totals"]["then"]["cost"]);
    let now = number(&alone["scenarios"][0]["totals"]["now"]["cost"]);
    // All but acme's 23.00 stay.
    let (new, dear) = (cost(&alone) - now, cost(&dearer) - now);
    let old = Exact::from(23u64);
    assert_eq!(
        (dear + old) * Exact::from(2u64),
        (new + old) * Exact::from(3u64)
    );
    let none = ["--plan", "pro=30", "--provider-price", "anthropic=+50%"];
    refused(&WORLD, &none, "no provider of the files");
}

#[test]
fn levers_that_were_not_tried_say_why() {
    let words = [
        "--plan",
        "pro=included=500 requests,overage=0.001",
        "--cheapest",
        "pro: margin=90%",
    ];
    says(&page(&words), "not tried: usage is charged");
    let cap = &document(&words)["cheapest"][1];
    assert_eq!(cap["reach"], "not_tried");
    assert_eq!(cap["value"], Value::Null);
    // No cap above zero brings a margin of nearly all.
    let all = document(&["--cheapest", "pro: margin=99.999%"]);
    let cap = &all["cheapest"][1];
    assert_eq!(cap["reach"], "none", "{cap}");
    assert!(
        cap["why"].as_str().unwrap().starts_with("every cap"),
        "{cap}"
    );
}
