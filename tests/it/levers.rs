//! The levers of `tanso simulate` in small worlds. Every number here is worked out by hand.

use serde_json::Value;

use crate::support::{Run, put, tanso};

const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-10-01,2026-11-01,99.00,USD,pro,recurring
umbra,2026-10-01,2026-11-01,79.20,USD,pro,recurring
gull,2026-10-01,2026-11-01,300.00,USD,team,recurring
gull,2026-10-10,2026-10-10,50.00,USD,team,one_off
";
/// At list prices (gpt-4.1: 2 and 8 dollars a million): acme 20 + 8, umbra 40, gull 10.
const LOG: &str = "\
timestamp,customer_id,feature,provider,model,requests,input_tokens,output_tokens
2026-10-05T12:00:00Z,acme,search,openai,gpt-4.1,6000,10000000,1000000
2026-10-06T12:00:00Z,umbra,chat,openai,gpt-4.1,12000,20000000,0
2026-10-07T12:00:00Z,gull,chat,openai,gpt-4.1,1000,5000000,0
";
/// Ten per cent below the list, and 1.00 for something that nobody used.
const COSTS: &str = "\
date,provider,model,meter,quantity,cost
2026-10-05,openai,gpt-4.1,input,10000000,18.00
2026-10-05,openai,gpt-4.1,output,1000000,7.20
2026-10-06,openai,gpt-4.1,input,20000000,36.00
2026-10-07,openai,gpt-4.1,input,5000000,9.00
2026-10-08,anthropic,claude-haiku-4-5,input,1000000,1.00
";
const PRICES: &str = "[plan.pro]\nprice = \"99\"\n[plan.team]\nprice = \"300\"\n";
const WORLD: [(&str, &str); 4] = [
    ("revenue.csv", REVENUE),
    ("usage.csv", LOG),
    ("costs.csv", COSTS),
    ("tanso.toml", PRICES),
];

/// Runs `tanso simulate` for October 2026 over files given by name and content. Scenario files end
/// in `.scenario` and are passed as such.
pub fn run(files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all: Vec<String> = ["simulate", "--quiet"].map(str::to_string).into();
    if !arguments.iter().any(|word| word.starts_with("--from")) {
        all.push("--month=2026-10".into());
    }
    if !arguments.iter().any(|word| word.starts_with("--format")) {
        all.push("--format=json".into());
    }
    for (name, content) in files {
        let path = put(folder.path(), name, content);
        let option = match *name {
            "tanso.toml" => Some("--config"),
            "mapping.csv" => Some("-m"),
            name if name.ends_with(".scenario") => Some("--scenario"),
            _ => None,
        };
        all.extend(option.map(str::to_string));
        all.push(path);
    }
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

/// `customer revenue cost` of each row after the changes, in order.
pub fn then(document: &Value, scenario: usize) -> Vec<String> {
    let rows = document["scenarios"][scenario]["rows"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let line = |row: &Value| {
        let side = &row["then"];
        format!(
            "{} {} {}",
            text(&row["customer"]),
            text(&side["revenue"]),
            text(&side["cost"])
        )
    };
    let mut rows: Vec<String> = rows.iter().map(line).collect();
    rows.sort();
    rows
}

fn world(arguments: &[&str]) -> Vec<String> {
    then(&run(&WORLD, arguments).json(), 0)
}

#[test]
fn usage_above_what_is_included_is_charged() {
    // Acme is 1,000 above, umbra 7,000, at 2 cents. Umbra keeps its discount of 20 %.
    assert_eq!(
        world(&["--plan", "pro=109,included=5000 requests,overage=0.02"]),
        ["acme 129 25.2", "gull 350 9", "umbra 227.2 36"]
    );
    // The price may stay; tokens are all tokens: 11 and 20 million.
    assert_eq!(
        world(&["--plan", "pro=included=10000000 tokens,overage=0.000003"]),
        ["acme 102 25.2", "gull 350 9", "umbra 109.2 36"]
    );
}

#[test]
fn credits_weigh_each_meter() {
    // Acme: 6,000 + 10,000,000 × 0.0001 = 7,000, 4,000 beyond; umbra: 12,000 + 2,000, 11,000 beyond.
    let plan = "pro=99,credits=3000,credit_price=0.01,weight=1 requests,weight=0.0001 input";
    assert_eq!(
        world(&["--plan", plan]),
        ["acme 139 25.2", "gull 350 9", "umbra 189.2 36"]
    );
}

#[test]
fn a_cap_cuts_usage_and_its_cost() {
    // 25.20 × 5,000 ∕ 6,000 and 36 × 5,000 ∕ 12,000. Nobody pays overage for what is not served.
    assert_eq!(
        world(&["--plan", "pro=cap=5000 requests"]),
        ["acme 99 21", "gull 350 9", "umbra 79.2 15"]
    );
    assert_eq!(
        world(&[
            "--plan",
            "pro=cap=5000 requests,included=4000 requests,overage=0.02"
        ]),
        ["acme 119 21", "gull 350 9", "umbra 99.2 15"]
    );
}

#[test]
fn a_minimum_fills_the_month_up() {
    // With the overage of 140 umbra is above 200 by itself.
    assert_eq!(
        world(&[
            "--plan",
            "pro=99,included=5000 requests,overage=0.02,minimum=200"
        ]),
        ["acme 200 25.2", "gull 350 9", "umbra 219.2 36"]
    );
    assert_eq!(
        world(&["--plan", "pro=minimum=80"]),
        ["acme 99 25.2", "gull 350 9", "umbra 80 36"]
    );
}

#[test]
fn another_model_costs_what_the_list_says_in_proportion() {
    // gpt-4o-mini is 0.15 and 0.60 a million: acme 1.5 + 0.6 of 28, umbra 3 of 40, gull 0.75 of 10.
    assert_eq!(
        world(&["--model", "gpt-4.1=gpt-4o-mini"]),
        ["acme 99 1.89", "gull 350 0.675", "umbra 79.2 2.7"]
    );
    assert_eq!(
        world(&["--model", "gpt-4.1=gpt-4o-mini:feature=search,plan=pro"]),
        ["acme 99 1.89", "gull 350 9", "umbra 79.2 36"]
    );
    // Twice the output, and half of the input from the cache at 0.075 a million:
    // 5 × 0.15 + 5 × 0.075 + 2 × 0.6 = 2.325; 25.20 × 2.325 ∕ 28 = 2.0925.
    assert_eq!(
        world(&[
            "--model",
            "gpt-4.1=openai/gpt-4o-mini:customer=acme,output_tokens=2,cached=50%"
        ]),
        ["acme 99 2.0925", "gull 350 9", "umbra 79.2 36"]
    );
}

#[test]
fn prices_of_providers_change_as_a_whole_or_by_meter() {
    let document = run(&WORLD, &["--provider-price", "openai=-10%"]).json();
    assert_eq!(
        then(&document, 0),
        ["acme 99 22.68", "gull 350 8.1", "umbra 79.2 32.4"]
    );
    // Cost without a customer is of another provider and stays.
    let totals = &document["scenarios"][0]["totals"];
    assert_eq!(totals["then"]["cost"], "64.18");
    assert_eq!(totals["difference"]["cost"], "-7.02");
    let other = run(&WORLD, &["--provider-price", "anthropic=+50%"]).json();
    assert_eq!(other["scenarios"][0]["totals"]["then"]["cost"], "71.7");
    // 18 + 7.20 × 1.2.
    assert_eq!(
        world(&["--provider-price", "openai/gpt-4.1.output=+20%"]),
        ["acme 99 26.64", "gull 350 9", "umbra 79.2 36"]
    );
}

#[test]
fn a_bill_without_meters_is_parted_by_list_prices() {
    // One line of 25.20 for acme's day: its output is 8 of 28, so + 20 % of 7.20.
    let costs = "\
date,provider,model,cost
2026-10-05,openai,gpt-4.1,25.20
2026-10-06,openai,gpt-4.1,36.00
2026-10-07,openai,gpt-4.1,9.00
";
    let files = [WORLD[0], WORLD[1], ("costs.csv", costs), WORLD[3]];
    let document = run(
        &files,
        &[
            "--residual=spread",
            "--provider-price",
            "openai/gpt-4.1.output=+20%",
        ],
    );
    let rows = then(&document.json(), 0);
    assert_eq!(rows[0], "acme 99 26.64");
}

#[test]
fn usage_grows_for_whom_it_is_said() {
    assert_eq!(
        world(&["--usage", "plan=pro:+50%"]),
        ["acme 99 37.8", "gull 350 9", "umbra 79.2 54"]
    );
    assert_eq!(
        world(&["--usage", "-10%"]),
        ["acme 99 22.68", "gull 350 8.1", "umbra 79.2 32.4"]
    );
    // Grown usage is charged: 9,000 − 5,000 and 18,000 − 5,000.
    assert_eq!(
        world(&[
            "--usage",
            "plan=pro:+50%",
            "--plan",
            "pro=included=5000 requests,overage=0.02"
        ]),
        ["acme 179 37.8", "gull 350 9", "umbra 339.2 54"]
    );
}

#[test]
fn discounts_come_after_prices_and_spare_one_off_lines() {
    assert_eq!(
        world(&[
            "--discount",
            "customer=acme:30%",
            "--discount",
            "plan=team:10%"
        ]),
        ["acme 69.3 25.2", "gull 320 9", "umbra 79.2 36"]
    );
    // 149 × 0.7 = 104.30; umbra 119.20.
    assert_eq!(
        world(&["--plan", "pro=149", "--discount", "customer=acme:30%"]),
        ["acme 104.3 25.2", "gull 350 9", "umbra 119.2 36"]
    );
}

#[test]
fn levers_compose_in_their_order() {
    // Acme: 9,000 requests after growth, 6,000 served: 25.20 × 1.5 × 6,000 ∕ 9,000 = 25.20; with the
    // other model × 2.1 ∕ 28 = 1.89; ten per cent less 1.701. Overage 1,000 × 0.02.
    // Umbra: 18,000, 6,000 served: 54 ∕ 3 = 18; × 3 ∕ 40 = 1.35; 1.215. Overage 20 as well.
    let levers = [
        "--provider-price",
        "openai=-10%",
        "--model",
        "gpt-4.1=gpt-4o-mini:plan=pro",
        "--usage",
        "plan=pro:+50%",
        "--plan",
        "pro=149,cap=6000 requests,included=5000 requests,overage=0.02",
        "--discount",
        "customer=acme:30%",
    ];
    let expected = ["acme 124.3 1.701", "gull 350 8.1", "umbra 139.2 1.215"];
    assert_eq!(world(&levers), expected);
    // In whichever order they are written.
    let mut pairs: Vec<&[&str]> = levers.chunks(2).collect();
    pairs.reverse();
    assert_eq!(world(&pairs.concat()), expected);
}

#[test]
fn seats_are_those_of_the_mapping_or_the_subscription() {
    let mapping = "\
customer,source,id,plan,seats
acme,usage,acme,pro,4
umbra,usage,umbra,pro,10
gull,usage,gull,team,
";
    let files = [
        WORLD[0],
        WORLD[1],
        WORLD[2],
        WORLD[3],
        ("mapping.csv", mapping),
    ];
    // 19 + 4 × 20 = 99; 19 + 10 × 20 = 219, of which umbra pays 80 %.
    let document = run(&files, &["--plan", "pro=19,per_seat=20"]).json();
    assert_eq!(then(&document, 0)[2], "umbra 175.2 36");
    assert_eq!(then(&document, 0)[0], "acme 99 25.2");
    let nobody = run(&files, &["--plan", "team=per_seat=20"]);
    assert_eq!(nobody.code, 2);
    assert!(
        nobody.err.contains("how many seats \"gull\" has"),
        "{}",
        nobody.err
    );
}

#[test]
fn totals_by_plan_add_up() {
    let document = run(
        &WORLD,
        &[
            "--plan",
            "pro=149,included=5000 requests,overage=0.02",
            "--usage",
            "feature=search:+100%",
        ],
    )
    .json();
    let scenario = &document["scenarios"][0];
    // Pro: 99 + 79.20 and 25.20 + 36 now; 149 + 140 + 119.20 + 140 and 50.40 + 36 then.
    let pro = &scenario["by_plan"][0];
    assert_eq!(pro["label"], "pro");
    assert_eq!(pro["now"]["revenue"], "178.2");
    assert_eq!(pro["now"]["cost"], "61.2");
    assert_eq!(pro["then"]["revenue"], "548.2");
    assert_eq!(pro["then"]["cost"], "86.4");
    let team = &scenario["by_plan"][1];
    assert_eq!(team["then"]["revenue"], "350");
    assert_eq!(scenario["by_segment"][0]["label"], "(none)");
    assert_eq!(scenario["by_segment"][0]["then"]["revenue"], "898.2");
}

const STRIPE_PRICES: &str = "\
Price ID,Product ID,Product Name,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Billing Scheme
price_pro,prod_pro,pro,,2025-03-19 05:57,100.00,usd,month,1,licensed,per_unit
price_year,prod_pro,pro,,2025-03-19 05:57,1200.00,usd,year,1,licensed,per_unit
";
/// Acme renews on the 15th, umbra in March, and of gull nothing is known.
const SUBSCRIPTIONS: &str = "\
id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)
sub_1,acme,price_pro,1,usd,month,100.00,active,2025-06-15 00:00,2025-06-15 00:00,2026-10-15 00:00,2026-11-15 00:00
sub_2,umbra,price_year,1,usd,year,1200.00,active,2025-03-01 00:00,2025-03-01 00:00,2026-03-01 00:00,2027-03-01 00:00
";
const INVOICES: &str = "\
id,Amount Due,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status,Subscription
in_1,100.00,acme,2026-09-15 00:00,2026-09-15 00:05,2026-09-15 00:00,2026-10-15 00:00,usd,,100.00,100.00,paid,sub_1
in_2,100.00,acme,2026-10-15 00:00,2026-10-15 00:05,2026-10-15 00:00,2026-11-15 00:00,usd,,100.00,100.00,paid,sub_1
in_3,1200.00,umbra,2026-03-01 00:00,2026-03-01 00:05,2026-03-01 00:00,2027-03-01 00:00,usd,,1200.00,1200.00,paid,sub_2
in_4,100.00,kestrel,2026-10-11 00:00,2026-10-11 00:05,2026-10-11 00:00,2026-11-11 00:00,usd,,100.00,100.00,paid,
";

#[test]
fn nobody_moves_before_the_renewal() {
    let files = [
        ("prices.csv", STRIPE_PRICES),
        ("subscriptions.csv", SUBSCRIPTIONS),
        ("invoices.csv", INVOICES),
    ];
    let revenue = |apply: &str| {
        let document = run(
            &files,
            &["--no-config", "--plan", "pro=200", "--apply", apply],
        )
        .json();
        let rows = then(&document, 0);
        let notes = document["notes"].as_array().unwrap().clone();
        let note = notes.iter().find(|note| note["code"] == "N4004");
        (
            rows,
            note.map(|note| note["text"].as_str().unwrap().to_string()),
        )
    };
    // October of acme: 14 of 30 days of the first invoice, 17 of 31 of the second: 46.67 (from
    // 100 − 53.33) + 54.84 = 101.51. Umbra: 31 of 365 days of 1,200: 245 days until the end of
    // October less 214 until its beginning, 805.48 − 703.56 = 101.92. Kestrel: 21 of 31 days, 67.74.
    let (now, none) = revenue("now");
    assert_eq!(now, ["acme 203.01 0", "kestrel 67.74 0", "umbra 203.84 0"]);
    assert_eq!(none, None);
    // Only acme's second invoice: 46.67 + 109.68.
    let (renewal, note) = revenue("renewal");
    assert_eq!(
        renewal,
        ["acme 156.35 0", "kestrel 67.74 0", "umbra 101.92 0"]
    );
    assert!(note.unwrap().contains("keep their price: 2"));
    // Acme and umbra were customers before; kestrel is on no plan.
    let (new, note) = revenue("new");
    assert_eq!(new, ["acme 101.51 0", "kestrel 67.74 0", "umbra 101.92 0"]);
    assert!(note.unwrap().contains("keep their price: 3"));
}

const FILE: &str = r#"
name = "tiers"
[[plan]]
plan = "pro"
included = "1000 requests"
tiers_mode = "graduated"
tiers = [
  { up_to = "4000", unit_amount = "0.01" },
  { unit_amount = "0.005", flat_amount = "7" },
]
[[usage]]
change = "+100%"
where = { customer = "gull" }
"#;

#[test]
fn a_file_says_the_same_as_options_and_more() {
    // Acme: 5,000 above: 4,000 × 0.01 + 7 + 1,000 × 0.005 = 52. Umbra: 11,000: 40 + 7 + 35 = 82.
    let files = [WORLD[0], WORLD[1], WORLD[2], WORLD[3], ("a.scenario", FILE)];
    let document = run(&files, &[]).json();
    assert_eq!(document["scenarios"][0]["name"], "tiers");
    assert_eq!(
        then(&document, 0),
        ["acme 151 25.2", "gull 350 18", "umbra 161.2 36"]
    );
    let volume = FILE.replace("graduated", "volume");
    let files = [
        WORLD[0],
        WORLD[1],
        WORLD[2],
        WORLD[3],
        ("a.scenario", volume.as_str()),
    ];
    // 5,000 × 0.005 + 7 = 32; 11,000 × 0.005 + 7 = 62. Beside it, the options' own scenario.
    let document = run(&files, &["--plan", "pro=149"]).json();
    assert_eq!(document["scenarios"].as_array().unwrap().len(), 2);
    assert_eq!(
        then(&document, 0),
        ["acme 149 25.2", "gull 350 9", "umbra 119.2 36"]
    );
    assert_eq!(
        then(&document, 1),
        ["acme 131 25.2", "gull 350 18", "umbra 141.2 36"]
    );
    let page = run(&files, &["--plan", "pro=149", "--format=table"]);
    assert!(page.out.contains("2 scenarios"), "{}", page.out);
}

#[test]
fn options_are_saved_as_a_file_that_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.toml");
    let saved = saved.to_str().unwrap();
    let options = [
        "--plan",
        "pro=109,included=5000 requests,overage=0.02,cap=20000 requests",
        "--discount",
        "customer=acme:30%",
        "--model",
        "gpt-4.1=gpt-4o-mini:feature=search,tokens=1.1,cached=20%",
        "--provider-price",
        "openai/gpt-4.1.output=+20%",
        "--usage",
        "plan=pro:+15%",
        "--save",
        saved,
    ];
    let first = run(&WORLD, &options);
    let document = first.json();
    let again = run(&WORLD, &["--scenario", saved]).json();
    assert_eq!(document["scenarios"], again["scenarios"]);
    assert_ne!(then(&document, 0), world(&["--plan", "pro=99"]));
}

#[test]
fn what_does_not_fit_is_refused_with_advice() {
    let refused = |arguments: &[&str], words: &[&str]| {
        let run = run(&WORLD, arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        for word in words {
            assert!(run.err.contains(word), "no {word:?} in {}", run.err);
        }
    };
    refused(
        &["--plan", "prro=149"],
        &[
            "no customer is on the plan",
            "the nearest is \"pro\"",
            "plans come from",
        ],
    );
    refused(&["--plan", "pro=10%"], &["without a sign", "write +10%"]);
    refused(
        &["--plan", "pro=149 EUR"],
        &["a price is in EUR", "write the price in USD"],
    );
    refused(
        &["--plan", "pro=cap=100 images"],
        &[
            "count images",
            "no log has that meter",
            "input, output, requests",
        ],
    );
    refused(
        &["--plan", "pro=99", "--plan", "pro=+5%"],
        &["given two prices"],
    );
    refused(
        &["--plan", "pro=included=5 requests"],
        &["nothing says what more of it costs"],
    );
    refused(
        &["--model", "gpt-4.1=gpt-4.1-huge"],
        &["\"gpt-4.1-huge\"", "has no price", "nearest names"],
    );
    refused(
        &["--model", "gpt-4=gpt-4o-mini"],
        &["no model of the files is \"gpt-4\""],
    );
    refused(
        &[
            "--model",
            "gpt-4.1=gpt-4o-mini",
            "--model",
            "gpt-4.1=gpt-4o:plan=pro",
        ],
        &["two models take the place of one"],
    );
    refused(&["--usage", "plan=pro:15%"], &["without a sign"]);
    refused(
        &["--usage", "customer=acne:+15%"],
        &["no customer of the files", "the nearest is \"acme\""],
    );
    refused(
        &["--discount", "feature=search:10%"],
        &["a discount is for customers"],
    );
    refused(
        &["--provider-price", "opnai=+1%"],
        &["the nearest is \"openai\""],
    );
    refused(&[], &["nothing to simulate"]);
    refused(
        &[
            "--plan",
            "pro=cap=5 requests",
            "--from=2026-10-01",
            "--to=2026-10-15",
        ],
        &["holds a part of one", "choose whole months"],
    );
}

#[test]
fn unknown_keys_of_a_scenario_name_the_nearest() {
    let file = "[[plan]]\nplan = \"pro\"\npriec = \"149\"\n";
    let files = [WORLD[0], WORLD[1], WORLD[2], WORLD[3], ("a.scenario", file)];
    let run = run(&files, &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("a.scenario:3:1"), "{}", run.err);
    assert!(
        run.err.contains("the nearest key is \"price\""),
        "{}",
        run.err
    );
}
