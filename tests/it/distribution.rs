//! `tanso report --distribution` on the scenario whose customers are worked out by hand.

use serde_json::Value;

use crate::support::{Run, put, repository, tanso};

fn drain(arguments: &[&str]) -> Run {
    let config = repository("fixtures/scenarios/margin-drain/tanso.toml");
    let mut all = vec![
        "report",
        "--distribution",
        "--config",
        config.to_str().unwrap(),
        "-q",
    ];
    all.extend(arguments);
    tanso(&all)
}

/// Costs 0, 6, 6, 22, 22, 24, 86 and 400; all pay 99. Of 8 customers the 50th percentile is the 4th,
/// the 90th and 99th the 8th; the dearest has 400 of the 566 that have a customer.
#[test]
fn the_drain_is_one_customer() {
    let found = drain(&["-f=json"]).json();
    let [plan] = found["distribution"]["plans"]
        .as_array()
        .unwrap()
        .as_slice()
    else {
        panic!("one plan: {found}")
    };
    let expected = [
        ("plan", "pro"),
        ("price", "99"),
        ("revenue", "792"),
        ("cost", "566"),
        ("cost_p50", "22"),
        ("cost_p90", "400"),
        ("cost_p99", "400"),
        // 400 ∕ 566.
        ("top_1_percent", "0.7067137809187279"),
        ("top_10_percent", "0.7067137809187279"),
        ("losses", "301"),
        ("profits", "527"),
    ];
    for (name, value) in expected {
        assert_eq!(plan[name], value, "{name}");
    }
    assert_eq!(
        (&plan["customers"], &plan["at_a_loss"]),
        (&8.into(), &1.into())
    );
    // 99, then 93 twice, 77 twice, 75, 13, and Umbra's −301.
    let whale = &found["distribution"]["whale"];
    let cumulated: Vec<&Value> = whale["cumulated"].as_array().unwrap().iter().collect();
    assert_eq!(
        cumulated,
        ["99", "192", "285", "362", "439", "514", "527", "226"]
    );
    assert_eq!(
        (&whale["peak"], &whale["given_back"]),
        (&"527".into(), &"301".into())
    );
    assert_eq!(whale["peak_at"], 7);
}

#[test]
fn the_table_draws_the_curve_and_other_rows_are_refused() {
    let run = drain(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    let peak = "the first 7 of 8 customers earn 527.00; the others give back 301.00";
    assert!(run.out.contains(peak), "{}", run.out);
    // 226 of 527 are 43 %: 17 of 40 cells.
    let last = format!("8     43%  {}", "#".repeat(17));
    assert!(run.out.contains(&last), "{}", run.out);
    for refused in [
        &["--by=plan"][..],
        &["--where=model=gpt-4o"],
        &["-f=journal:hledger"],
    ] {
        let run = drain(refused);
        assert_eq!(run.code, 2, "{refused:?} {}", run.err);
    }
    assert_eq!(drain(&["--top=3"]).code, 2);
}

/// Prices of the project file are in its currency, and nobody says what they are in another.
#[test]
fn prices_of_the_project_file_are_not_told_in_another_currency() {
    let folder = tempfile::tempdir().unwrap();
    let project = "currency = \"USD\"\n[plan.pro]\nprice = \"200\"\n";
    let project = put(folder.path(), "tanso.toml", project);
    let revenue = "customer_id,period_start,period_end,amount,currency,plan\n\
        acme,2026-10-01,2026-11-01,90.00,EUR,pro\n";
    let revenue = put(folder.path(), "revenue.csv", revenue);
    let rates = "date,from,to,rate\n2026-10-01,EUR,USD,2\n";
    let rates = put(folder.path(), "rates.csv", rates);
    let plan = |more: &[&str]| {
        let words = [
            "report",
            "--distribution",
            "--config",
            &project,
            &revenue,
            &rates,
        ];
        let run = tanso(&[&words, &["--month=2026-10", "-f=json", "-q"][..], more].concat());
        let plan = &run.json()["distribution"]["plans"][0];
        (plan["price"].clone(), plan["revenue"].clone())
    };
    assert_eq!(plan(&[]), ("200".into(), "180".into()));
    assert_eq!(plan(&["--currency=EUR"]), (Value::Null, "90".into()));
}
