//! Simulations on other bases of revenue, and beside lines that bill usage already. Every number here
//! is worked out by hand.

use serde_json::Value;

use crate::support::{Run, put, tanso};

/// Runs `tanso simulate` for October 2026 over files given by name and content.
fn run(files: &[(&str, &str)], words: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all: Vec<String> = ["simulate", "--quiet", "--format=json", "--month=2026-10"]
        .map(str::to_string)
        .into();
    for (name, content) in files {
        let path = put(folder.path(), name, content);
        let option = match *name {
            "tanso.toml" => Some("--config"),
            "mapping.csv" => Some("-m"),
            _ => None,
        };
        all.extend(option.map(str::to_string));
        all.push(path);
    }
    all.extend(words.iter().map(ToString::to_string));
    tanso(&all)
}

/// `customer now then invoice_change` of every row, by customer.
fn revenue(run: &Run) -> Vec<String> {
    let document = run.json();
    let rows = document["scenarios"][0]["rows"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {}",
                text(&row["customer"]),
                text(&row["now"]["revenue"]),
                text(&row["then"]["revenue"]),
                text(&row["invoice_change"])
            )
        })
        .collect();
    rows.sort();
    rows
}

const PRICES: &str = "[plan.pro]\nprice = \"100\"\n";
/// Acme and kestrel pay by the year, acme in October; umbra pays by the month, from the 15th on.
const INVOICES: &str = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-10-01,2027-10-01,1200.00,USD,pro,recurring
kestrel,2026-01-01,2027-01-01,1200.00,USD,pro,recurring
umbra,2026-10-15,2026-11-15,100.00,USD,pro,recurring
umbra,2026-10-20,2026-10-20,40.00,USD,pro,one_off
";

const LOG_OF_THREE: &str = "\
timestamp,customer_id,provider,model,requests,input_tokens,output_tokens
2026-10-05T12:00:00Z,acme,openai,gpt-4.1,6000,1000,0
2026-10-06T12:00:00Z,kestrel,openai,gpt-4.1,10,1000,0
2026-10-06T12:00:00Z,umbra,openai,gpt-4.1,10,1000,0
";

#[test]
fn billed_revenue_changes_where_it_is_billed() {
    let world = [
        ("revenue.csv", INVOICES),
        ("usage.csv", LOG_OF_THREE),
        ("tanso.toml", PRICES),
    ];
    let billed = |words: &[&str]| run(&world, &[&["--revenue=billed"], words].concat());
    // A tenth more: 120 of the year, 10 of the month. Kestrel's year was billed in January, so that
    // nothing changes in October; its next invoice does. The one-off stays.
    assert_eq!(
        revenue(&billed(&["--plan=pro=110"])),
        ["acme 1200 1320 120", "kestrel 0 0 120", "umbra 140 150 10"]
    );
    assert_eq!(
        revenue(&billed(&["--plan=pro=1100/year"])),
        ["acme 1200 1100 -100", "kestrel 0 0 -100", "umbra 140 140 0"]
    );
    assert_eq!(
        revenue(&billed(&["--discount=customer=acme:25%"])),
        ["acme 1200 900 -300", "kestrel 0 0 0", "umbra 140 140 0"]
    );
    // 1,000 requests above the 5,000 at 2 cents, in the month of the usage.
    assert_eq!(
        revenue(&billed(&["--plan=pro=included=5000 requests,overage=0.02"])),
        ["acme 1200 1220 20", "kestrel 0 0 0", "umbra 140 140 0"]
    );
    // Recognized, the same invoices: 31 of 365 days of 1,200 are 101.92, of 1,320 112.11; 17 of the
    // 31 days of umbra's month are 54.84 and 60.32.
    assert_eq!(
        revenue(&run(&world, &["--plan=pro=110"])),
        [
            "acme 101.92 112.11 120",
            "kestrel 101.92 112.11 120",
            "umbra 94.84 100.32 10"
        ]
    );
}

#[test]
fn a_minimum_goes_by_the_months_that_revenue_is_for() {
    let world = [
        ("revenue.csv", INVOICES),
        ("usage.csv", LOG_OF_THREE),
        ("tanso.toml", PRICES),
    ];
    // What an invoice is for counts in each of its months, whenever it is billed or paid.
    for basis in ["--revenue=billed", "--revenue=cash"] {
        assert_eq!(
            revenue(&run(&world, &[basis, "--plan=pro=minimum=80"])),
            [
                "acme 1200 1200 0",
                "kestrel 0 0 0",
                "umbra 140 165.16 25.16"
            ]
        );
    }
    // Umbra's October has 54.84 of its subscription; the one-off does not count.
    let filled = run(&world, &["--plan=pro=minimum=80"]);
    assert_eq!(
        revenue(&filled),
        [
            "acme 101.92 101.92 0",
            "kestrel 101.92 101.92 0",
            "umbra 94.84 120 25.16"
        ]
    );
}

const PAYMENTS: &str = "\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Customer ID,Customer Description,Customer Email,Invoice ID,Transfer
ch_1,2026-10-03 10:00:00,108.00,0.00,usd,true,108.00,0.00,usd,,Subscription update,3.40,,ACME,Paid,Payment complete.,0.00,,cus_a,,,,
ch_2,2026-10-10 10:00:00,99.00,33.00,usd,true,99.00,33.00,usd,,Subscription update,3.40,2026-10-20 10:00:00,ACME,Partially Refunded,Payment complete.,0.00,,cus_u,,,,
ch_3,2026-09-10 10:00:00,99.00,0.00,usd,true,99.00,0.00,usd,,Subscription creation,3.40,,ACME,Paid,Payment complete.,0.00,,cus_u,,,,
";
const MAPPING: &str = "\
customer,source,id,plan
acme,stripe,cus_a,pro
umbra,stripe,cus_u,pro
";

#[test]
fn payments_and_their_refunds_are_multiplied() {
    let world = [
        ("unified_payments.csv", PAYMENTS),
        ("mapping.csv", MAPPING),
        ("tanso.toml", "[plan.pro]\nprice = \"99\"\n"),
    ];
    let cash = |words: &[&str]| run(&world, &[&["--revenue=cash"], words].concat());
    // Half as much again: 108 → 162; 99 − 33 = 66 → 148.50 − 49.50 = 99.
    let raised = cash(&["--plan=pro=148.5"]);
    assert_eq!(revenue(&raised), ["acme 108 162 54", "umbra 66 99 49.5"]);
    assert_eq!(
        revenue(&cash(&["--discount=customer=umbra:50%"])),
        ["acme 108 108 0", "umbra 66 33 -49.5"]
    );
    // Umbra paid in September already, acme is new.
    let new = cash(&["--plan=pro=148.5", "--apply=new"]);
    assert_eq!(revenue(&new), ["acme 108 162 54", "umbra 66 66 0"]);
    // A payment does not say which months it is for.
    let minimum = cash(&["--plan=pro=minimum=80"]);
    assert_eq!(minimum.code, 2, "{}", minimum.err);
    assert!(minimum.err.contains("T1060"), "{}", minimum.err);
    assert!(
        minimum.err.contains("--revenue recognized"),
        "{}",
        minimum.err
    );
    let without = [world[0], ("mapping.csv", MAPPING)];
    let same = run(
        &without,
        &["--no-config", "--revenue=cash", "--plan=pro=+0%"],
    );
    assert_eq!(revenue(&same), ["acme 108 108 0", "umbra 66 66 0"]);
}

const LIST: &str = "\
Price ID,Product ID,Product Name,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Billing Scheme
price_e,prod_e,enterprise,,2025-03-19 05:57,12000.00,usd,year,1,licensed,per_unit
price_p,prod_p,pro,,2025-03-19 05:57,30.00,usd,month,1,licensed,per_unit
";
/// Umbra has two units and renews on the first, gull on the 15th; tern came in October.
const SUBSCRIPTIONS: &str = "\
id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)
sub_1,acme,price_e,1,usd,year,12000.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-01-01 00:00,2027-01-01 00:00
sub_2,umbra,price_p,2,usd,month,30.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-10-01 00:00,2026-11-01 00:00
sub_3,gull,price_p,1,usd,month,30.00,active,2026-03-15 00:00,2026-03-15 00:00,2026-10-15 00:00,2026-11-15 00:00
sub_4,tern,price_p,1,usd,month,30.00,active,2026-10-20 00:00,2026-10-20 00:00,2026-10-20 00:00,2026-11-20 00:00
";

#[test]
fn rates_follow_prices_by_month_and_by_year() {
    let world = [("prices.csv", LIST), ("subscriptions.csv", SUBSCRIPTIONS)];
    let mrr = |words: &[&str]| {
        revenue(&run(
            &world,
            &[&["--no-config", "--revenue=mrr"], words].concat(),
        ))
    };
    // 12,000 a year are 1,000 a month.
    assert_eq!(
        mrr(&["--plan=pro=45"]),
        [
            "acme 1000 1000 0",
            "gull 30 45 15",
            "tern 30 45 15",
            "umbra 60 90 30"
        ]
    );
    // A price per year, and one per month, of which a year takes twelve: 14,400.
    assert_eq!(
        mrr(&["--plan=enterprise=13200/year"])[0],
        "acme 1000 1100 100"
    );
    assert_eq!(mrr(&["--plan=enterprise=1200"])[0], "acme 1000 1200 200");
    // By the end of October all but acme have renewed once; tern renews in November for the first
    // time, by the month: the first renewal in October or later is that of its beginning.
    assert_eq!(
        mrr(&["--plan=pro=45", "--plan=enterprise=1200", "--apply=renewal"]),
        [
            "acme 1000 1000 0",
            "gull 30 45 15",
            "tern 30 45 15",
            "umbra 60 90 30"
        ]
    );
    assert_eq!(
        mrr(&["--plan=pro=45", "--apply=new"]),
        [
            "acme 1000 1000 0",
            "gull 30 30 0",
            "tern 30 45 15",
            "umbra 60 60 0"
        ]
    );
}

const LOG: &str = "\
timestamp,customer_id,provider,model,requests,input_tokens,output_tokens
2026-10-05T12:00:00Z,acme,openai,gpt-4.1,6000,1000,0
2026-10-06T12:00:00Z,kestrel,openai,gpt-4.1,10,1000,0
";
/// Acme's usage is billed already: 40.00 for October.
const METERED: &str = "\
customer_id,period_start,period_end,amount,currency,plan,type
acme,2026-10-01,2026-11-01,99.00,USD,pro,recurring
acme,2026-10-01,2026-11-01,40.00,USD,pro,usage
acme,2026-10-02,2026-10-02,7.00,USD,pro,one_off
kestrel,2026-10-01,2026-11-01,99.00,USD,pro,recurring
";

#[test]
fn new_usage_charges_replace_or_join_the_metered_lines() {
    let world = [
        ("revenue.csv", METERED),
        ("usage.csv", LOG),
        ("tanso.toml", "[plan.pro]\nprice = \"99\"\n"),
    ];
    let terms = "--plan=pro=included=5000 requests,overage=0.02";
    // Nobody but the user knows which it is.
    let open = run(&world, &[terms]);
    assert_eq!(open.code, 2, "{}", open.err);
    for part in [
        "T1060",
        "lines of the period 1, together 40 USD",
        "metered=replace",
    ] {
        assert!(open.err.contains(part), "{part}: {}", open.err);
    }
    // 1,000 requests above at 2 cents: 99 + 7 + 20, and with the old line 40 more.
    let with = |more: &str| run(&world, &[&format!("{terms},{more}")]);
    let replaced = with("metered=replace");
    assert_eq!(revenue(&replaced), ["acme 146 126 -20", "kestrel 99 99 0"]);
    let kept = with("metered=keep");
    assert_eq!(revenue(&kept), ["acme 146 166 20", "kestrel 99 99 0"]);
    // Both kinds of usage charges count towards a minimum: 99 + 40 + 20, then 99 + 20.
    let kept = with("metered=keep,minimum=200");
    assert_eq!(revenue(&kept), ["acme 146 207 61", "kestrel 99 200 101"]);
    let replaced = with("metered=replace,minimum=200");
    assert_eq!(
        revenue(&replaced),
        ["acme 146 207 61", "kestrel 99 200 101"]
    );
    // Without a usage charge there is nothing to say of them, and prices leave them alone.
    let idle = run(&world, &["--plan=pro=149,metered=keep"]);
    assert_eq!(idle.code, 2, "{}", idle.err);
    assert_eq!(
        revenue(&run(&world, &["--plan=pro=198"])),
        ["acme 146 245 99", "kestrel 99 198 99"]
    );
    let wrong = with("metered=both");
    assert!(
        wrong.code == 2 && wrong.err.contains("metered"),
        "{}",
        wrong.err
    );
}

/// A metered price of a product of its own is billed to a customer on the plan.
#[test]
fn metered_lines_of_another_product_meet_the_plan_of_their_subscription() {
    const LINES: &str = "\
invoice_id,amount,currency,description,id,period_end,period_start,price_id,proration,quantity,subscription,total_discount,total_exclusive_tax
in_1,9900,usd,1 x Pro,il_1,2026-11-01 00:00:00.000,2026-10-01 00:00:00.000,price_pro,false,1,sub_1,0,0
in_1,4000,usd,400 x API calls,il_2,2026-11-01 00:00:00.000,2026-10-01 00:00:00.000,price_api,false,400,sub_1,0,0
";
    const INVOICE: &str = "\
id,amount_due,amount_paid,currency,customer_id,date,finalized_at,period_end,period_start,status,subscription_id,subtotal,tax,total
in_1,13900,13900,usd,acme,2026-10-01 00:00:00.000,2026-10-01 00:00:00.000,2026-11-01 00:00:00.000,2026-10-01 00:00:00.000,paid,sub_1,13900,0,13900
";
    const PRICES: &str = "\
Price ID,Product ID,Product Name,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Billing Scheme
price_pro,prod_p,pro,,2025-03-19 05:57,99.00,usd,month,1,licensed,per_unit
price_api,prod_a,API calls,,2025-03-19 05:57,0.10,usd,month,1,metered,per_unit
";
    const MAPPING: &str = "customer,source,id,plan\nacme,stripe,acme,pro\nacme,usage,acme,\n";
    let world = [
        ("lines.csv", LINES),
        ("invoices.csv", INVOICE),
        ("prices.csv", PRICES),
        ("mapping.csv", MAPPING),
        ("usage.csv", LOG),
    ];
    let terms = "--plan=pro=included=5000 requests,overage=0.02";
    let run = |words: &[&str]| run(&world, &[&["--no-config"], words].concat());
    let open = run(&[terms]);
    assert_eq!(open.code, 2, "{}", open.err);
    assert!(open.err.contains("together 40 USD"), "{}", open.err);
    let replaced = run(&[&format!("{terms},metered=replace")]);
    let acme = "acme 139 119 -20".to_string();
    assert!(
        revenue(&replaced).contains(&acme),
        "{:?}",
        revenue(&replaced)
    );
}
