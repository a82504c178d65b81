//! Reports over several currencies. Every number here is worked out by hand.

use serde_json::Value;

use crate::support::{Run, put, repository, tanso, text};

const REPORT: [&str; 3] = ["report", "--no-config", "--month=2026-10"];

fn example(name: &str) -> String {
    let path = repository("docs/examples/currencies").join(name);
    path.to_str().unwrap().to_string()
}

/// A report over the example's files.
fn report(files: &[&str], arguments: &[&str]) -> Run {
    let mut all: Vec<String> = REPORT.map(str::to_string).into();
    all.extend(files.iter().map(|name| example(name)));
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

const FILES: [&str; 4] = ["usage.csv", "costs.csv", "invoices.csv", "payments.csv"];
const RATES: &str = "eurofxref-hist.csv";

fn revenue_of(document: &Value, customer: &str) -> String {
    let rows = document["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["customer"] == customer).unwrap();
    row["revenue"].as_str().unwrap().to_string()
}

fn conversion<'a>(document: &'a Value, export: &str, from: &str) -> &'a Value {
    let all = document["fx"]["conversions"].as_array().unwrap();
    let found = all
        .iter()
        .find(|one| one["export"] == export && one["from"] == from);
    found.unwrap_or_else(|| panic!("no conversion of {export} {from} in {all:?}"))
}

#[test]
fn invoices_go_by_the_rate_of_their_payment_and_others_by_the_last_rate_of_a_file() {
    let arguments = ["--currency=USD", "--format=json", "--fx", &example(RATES)];
    let document = report(&FILES, &arguments).json();
    // 1,190.00 EUR were paid out as 1,285.20 USD: 1.08. Net (1190 − 190) × 1.08 = 1080. The refund
    // of 119.00 EUR is 128.52 USD, of which 1080 ∕ 1285.20 is net: 108.
    assert_eq!(revenue_of(&document, "cus_acme"), "972");
    assert_eq!(revenue_of(&document, "cus_umbra"), "99");
    // Final on Sunday the 4th: Friday's rates, 50 × 1.25 ∕ 0.8 = 78.125, half to even.
    assert_eq!(revenue_of(&document, "cus_kestrel"), "78.12");
    assert_eq!(document["totals"]["revenue"], "1149.12");
    // Stripe paid 130.00 back, 1.48 more than the refund is worth at the payment's rate.
    assert_eq!(document["fx"]["gain_on_refunds"], "-1.48");
    let euros = conversion(&document, "stripe invoices", "EUR");
    assert_eq!(
        (&euros["amount"], &euros["converted"]),
        (&"1190".into(), &"1285.2".into())
    );
    assert_eq!(euros["rates"][0]["source"], "stripe");
    assert_eq!(euros["rates"][0]["lowest"], "1.08");
    let pounds = conversion(&document, "stripe invoices", "GBP");
    assert_eq!(pounds["rates"][0]["first_day"], "2026-10-02");
    assert_eq!(pounds["rates"][0]["highest"], "1.5625");
    // The draft in yen has no rate and needs none.
    let yen = conversion(&document, "stripe invoices", "JPY");
    assert_eq!(yen["without_rate"]["draft"]["amount"], "1000");
    assert_eq!(yen["converted"], "0");
    // Every export ties, in the report's currency: 1285.20 + 99 + 78.12.
    let tie = &document["tie"]["revenue"][0];
    assert_eq!(
        (&tie["export"], &tie["tax"]),
        (&"1462.32".into(), &"205.2".into())
    );
    assert_eq!(tie["difference"], "0");
}

#[test]
fn bills_and_prices_are_converted_by_the_day_of_the_charge() {
    let files = [&FILES[..], &[RATES]].concat();
    let document = report(&files, &["--currency=EUR", "--format=json"]).json();
    // 10.00 USD on 5 October at 1.25 dollars a euro.
    assert_eq!(document["tie"]["bill"][0]["billed"], "8");
    let bill = conversion(&document, "openai bill", "USD");
    assert_eq!(
        (&bill["amount"], &bill["converted"]),
        (&"10".into(), &"8".into())
    );
    // 99 ∕ 1.1 on 1 October; 50 ∕ 0.8 on 2 October; 1000 less a net refund of 100.
    assert_eq!(revenue_of(&document, "cus_umbra"), "90");
    assert_eq!(revenue_of(&document, "cus_kestrel"), "62.5");
    assert_eq!(revenue_of(&document, "cus_acme"), "900");
    assert_eq!(document["fx"]["gain_on_refunds"], "0");
    // The price list is in dollars: 0.15 a million tokens, 0.12 euros. 0.15 USD of usage against a
    // bill of 10.00 is the same share as 0.12 EUR against 8.00.
    let dollars = report(&files, &["--currency=USD", "--format=json"]).json();
    let cost = |document: &Value, customer: &str| {
        let rows = document["rows"].as_array().unwrap().clone();
        let row = rows
            .into_iter()
            .find(|row| row["customer"] == customer)
            .unwrap();
        row["cost"].as_str().unwrap().to_string()
    };
    assert_eq!(cost(&dollars, "cus_acme"), "0.06");
    assert_eq!(cost(&document, "cus_acme"), "0.048");
    assert_eq!(document["fx"]["prices"][0]["lowest"], "0.8");
}

#[test]
fn nothing_is_converted_without_a_rate() {
    // Nobody says which currency: the choices.
    let run = report(&FILES, &[]);
    assert_eq!(run.code, 2, "{}", run.err);
    for word in ["T1001", "EUR", "GBP", "USD", "--currency", "invoices.csv:2"] {
        assert!(run.err.contains(word), "{word}: {}", run.err);
    }
    // No rate for the open invoice.
    let run = report(&FILES, &["--currency=USD"]);
    assert_eq!(run.code, 3, "{}", run.err);
    for word in [
        "T3035",
        "from GBP to USD on 2026-10-04",
        "50.00 GBP in 1 row",
        "invoices.csv:4",
    ] {
        assert!(run.err.contains(word), "{word}: {}", run.err);
    }
    assert!(run.out.is_empty());
    // Rates older than a week are none.
    let folder = tempfile::tempdir().unwrap();
    let old = put(
        folder.path(),
        "old.csv",
        "date,from,to,rate\n2026-09-26,GBP,USD,1.5\n",
    );
    let run = report(&FILES, &["--currency=USD", "--fx", &old]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err.contains("the last rate before is of 2026-09-26"),
        "{}",
        run.err
    );
    let week = put(
        folder.path(),
        "week.csv",
        "date,from,to,rate\n2026-09-27,GBP,USD,1.5\n",
    );
    let document = report(&FILES, &["--currency=USD", "--format=json", "--fx", &week]).json();
    assert_eq!(revenue_of(&document, "cus_kestrel"), "75");
    // Two rates for one day.
    let run = report(
        &FILES,
        &[
            "--currency=USD",
            "--fx",
            &week,
            "--fx",
            &put(
                folder.path(),
                "other.csv",
                "date,from,to,rate\n2026-09-27,GBP,USD,1.6\n",
            ),
        ],
    );
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err.contains("T3029") && run.err.contains("week.csv:2"),
        "{}",
        run.err
    );
    // A file of something else.
    let run = report(&FILES, &["--currency=USD", "--fx", &example("costs.csv")]);
    assert_eq!(run.code, 3, "{}", run.err);
}

#[test]
fn yen_have_no_cents_and_dinars_three_decimals() {
    let folder = tempfile::tempdir().unwrap();
    let revenue = put(
        folder.path(),
        "revenue.csv",
        "customer_id,period_start,period_end,amount,currency,tax\n\
         acme,2026-10-01,2026-11-01,110.00,USD,10.00\n\
         umbra,2026-10-01,2026-11-01,50,JPY,0\n",
    );
    let rates = put(
        folder.path(),
        "rates.csv",
        "date,from,to,rate\n2026-10-01,USD,JPY,150.055\n2026-10-01,USD,KWD,0.30655\n\
         2026-10-01,JPY,KWD,0.00205\n",
    );
    let revenue_in = |currency: &str| {
        let arguments = [
            &REPORT[..],
            &["--format=json", "--currency", currency, &revenue, &rates],
        ];
        tanso(&arguments.concat()).json()["totals"]["revenue"].clone()
    };
    // 110 × 150.055 = 16506.05 → 16506; tax 1500.55 → 1501; net 15005; and 50 yen.
    assert_eq!(revenue_in("JPY"), "15055");
    // 110 × 0.30655 = 33.7205 → 33.720 (half to even); tax 3.0655 → 3.066 (half to even, 3.0655
    // lies between 3.065 and 3.066, of which the even one is 3.066); and 50 × 0.00205 = 0.1025 →
    // 0.102.
    assert_eq!(revenue_in("KWD"), "30.756");
}

#[test]
fn rates_come_packed_and_from_the_project_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eurofxref-hist.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    zip.start_file(RATES, zip::write::SimpleFileOptions::default())
        .unwrap();
    let history = text(&repository("docs/examples/currencies").join(RATES));
    std::io::Write::write_all(&mut zip, history.as_bytes()).unwrap();
    zip.finish().unwrap();
    let project = put(
        folder.path(),
        "tanso.toml",
        "currency = \"USD\"\nfx = [\"eurofxref-hist.zip\"]\n",
    );
    let mut all = vec![
        "report".to_string(),
        "--config".into(),
        project,
        "--format=csv".into(),
    ];
    all.extend(FILES.map(example));
    let run = tanso(&all);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out.contains("cus_kestrel") && run.out.contains(",78.12,"),
        "{}",
        run.out
    );
    // A table that cannot say it says it beside.
    assert!(
        run.err
            .contains("fx        stripe invoices GBP 50.00 at 1.5625"),
        "{}",
        run.err
    );
}

#[test]
fn costs_of_logs_in_two_currencies_are_never_added() {
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str, rows: &str| {
        let header = "timestamp,request_id,customer,provider,model,input_tokens,output_tokens,cost,currency\n";
        put(folder.path(), name, format!("{header}{rows}"))
    };
    let euros = log(
        "eur.csv",
        "2026-10-01T08:00:00Z,r1,acme,acme-ai,own-1,10,1,0.50,EUR\n",
    );
    let dollars = log(
        "usd.csv",
        "2026-10-01T08:00:00Z,r2,acme,acme-ai,own-1,10,1,0.50,USD\n",
    );
    let rates = put(
        folder.path(),
        "rates.csv",
        "date,from,to,rate\n2026-10-01,EUR,USD,1.5\n",
    );
    let run = |files: &[&str]| {
        let head = [&REPORT[..], &["--currency=USD", "--format=json", &rates]].concat();
        tanso(&[&head[..], files].concat())
    };
    let both = run(&[&euros, &dollars]);
    assert_eq!(both.code, 3, "{}", both.err);
    assert!(
        both.err.contains("several currencies: EUR at"),
        "{}",
        both.err
    );
    // Of one log alone: 0.50 EUR at 1.5.
    let one = run(&[&euros]).json();
    assert_eq!(one["totals"]["cost"], "0.75");
    assert_eq!(conversion(&one, "log costs", "EUR")["amount"], "0.5");
}

#[test]
fn recurring_revenue_goes_by_the_rate_of_the_last_day() {
    let folder = tempfile::tempdir().unwrap();
    let subscriptions = put(
        folder.path(),
        "subscriptions.csv",
        "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)\n\
         sub_1,cus_acme,price_eur,1,eur,month,100.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-10-01 00:00,2026-11-01 00:00\n\
         sub_2,cus_umbra,price_usd,1,usd,month,99.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-10-01 00:00,2026-11-01 00:00\n",
    );
    let rates = put(
        folder.path(),
        "rates.csv",
        "date,from,to,rate\n2026-10-01,EUR,USD,1.1\n2026-10-30,EUR,USD,1.2\n",
    );
    let run = |more: &[&str]| {
        let head = [
            &REPORT[..],
            &["--revenue=mrr", "--format=json", &subscriptions],
        ]
        .concat();
        tanso(&[&head[..], more].concat())
    };
    let choices = run(&[]);
    assert_eq!(choices.code, 2, "{}", choices.err);
    let none = run(&["--currency=USD"]);
    assert_eq!(none.code, 3, "{}", none.err);
    assert!(
        none.err.contains("no rate from EUR to USD on 2026-10-31"),
        "{}",
        none.err
    );
    // 100 × 1.2 of Friday the 30th, and 99.
    assert_eq!(
        run(&["--currency=USD", &rates]).json()["totals"]["revenue"],
        "219"
    );
}
