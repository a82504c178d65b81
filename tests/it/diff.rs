//! `tanso diff`: planted changes come back as their causes with the planted amounts, and causes add
//! up whatever the two worlds are.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Draw, Run, put, tanso};
use crate::world::{Plan, World, exact, some_plans};

/// Saves a report of a month; `plan` is the list price of the plan `pro`.
pub fn saved(month: &str, files: &[(&str, &str)], plan: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let project = format!("currency = \"USD\"\n[plan.pro]\nprice = \"{plan}\"\n");
    let project = put(folder.path(), "tanso.toml", project);
    let mut all: Vec<String> = ["report", "--config", project.as_str(), "-f=json", "-q"]
        .map(str::to_string)
        .to_vec();
    if !options.iter().any(|option| option.starts_with("--from")) {
        all.push(format!("--month={month}"));
    }
    all.extend(options.iter().map(|option| option.to_string()));
    all.extend(
        files
            .iter()
            .map(|(name, text)| put(folder.path(), name, text)),
    );
    let run = tanso(&all);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out
}

pub fn diff(old: &str, new: &str, options: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let old = put(folder.path(), "old.json", old);
    let new = put(folder.path(), "new.json", new);
    tanso(&[&["diff", old.as_str(), new.as_str()][..], options].concat())
}

/// `cause revenue cost` of the total, and of each customer behind its name.
pub fn told(old: &str, new: &str) -> Vec<String> {
    let found = diff(old, new, &["-f=json"]).json();
    adds_up(&found);
    let causes = |change: &Value, whose: &str| -> Vec<String> {
        let causes = change["causes"].as_object().unwrap().iter();
        let money = |amount: &Value, name: &str| amount[name].as_str().unwrap().to_string();
        causes
            .map(|(cause, amount)| {
                format!(
                    "{whose}{cause} {} {}",
                    money(amount, "revenue"),
                    money(amount, "cost")
                )
            })
            .collect()
    };
    let mut all = causes(&found["total"], "");
    for customer in found["customers"].as_array().unwrap() {
        let name = format!("{}: ", customer["customer"].as_str().unwrap());
        all.extend(causes(customer, &name));
    }
    all
}

/// Zero residual, of the total and of every customer; customers sum to the total.
fn adds_up(found: &Value) {
    let sides = ["revenue", "cost", "gross_profit"];
    let one = |change: &Value| {
        for side in sides {
            let causes = change["causes"].as_object().unwrap().values();
            let sum: tanso::model::Exact = causes.map(|amount| exact(&amount[side])).sum();
            assert_eq!(sum, exact(&change["difference"][side]), "{change}");
            let change = exact(&change["after"][side]) - exact(&change["before"][side]);
            assert_eq!(sum, change);
        }
    };
    one(&found["total"]);
    let customers = found["customers"].as_array().unwrap();
    customers.iter().for_each(one);
    for side in sides {
        let differences = customers.iter().map(|c| exact(&c["difference"][side]));
        let sum: tanso::model::Exact = differences.sum();
        assert_eq!(sum, exact(&found["total"]["difference"][side]));
    }
}

/// One customer, acme, in a month: requests, tokens per request, price per million, model, revenue.
struct Month<'m> {
    month: &'m str,
    requests: u32,
    tokens: u64,
    model: &'m str,
    /// Cents per million tokens.
    cents: u64,
    revenue: &'m str,
}

const PLAIN: Month<'static> = Month {
    month: "2026-09",
    requests: 10,
    tokens: 1_000_000,
    model: "gpt-4o",
    cents: 250,
    revenue: "99.00",
};

impl Month<'_> {
    fn files(&self) -> [(&'static str, String); 3] {
        let mut usage = String::from(
            "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n",
        );
        let (month, model, tokens) = (self.month, self.model, self.tokens);
        for at in 0..self.requests {
            usage.push_str(&format!(
                "{month}-05T08:00:{at:02}Z,acme,openai,{model},{tokens},0,{month}-{at}\n"
            ));
        }
        let millions = u64::from(self.requests) * tokens;
        let cost = millions * self.cents;
        assert_eq!(cost % 1_000_000, 0);
        let cost = cost / 1_000_000;
        let costs = format!(
            "date,provider,model,meter,quantity,cost,currency\n{month}-05,openai,{model},input,{millions},{}.{:02},USD\n",
            cost / 100,
            cost % 100
        );
        let next = match month {
            "2026-09" => "2026-10",
            _ => "2026-11",
        };
        let revenue = format!(
            "customer_id,period_start,period_end,amount,currency,plan,type,invoice_id,status\n\
             acme,{month}-01,{next}-01,{},USD,pro,subscription,INV-{month},paid\n",
            self.revenue
        );
        [
            ("usage.csv", usage),
            ("costs.csv", costs),
            ("revenue.csv", revenue),
        ]
    }

    fn saved(&self, plan: &str) -> String {
        let files = self.files();
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
        saved(self.month, &files, plan, &[])
    }
}

const OCTOBER: Month<'static> = Month {
    month: "2026-10",
    ..PLAIN
};

/// What acme's total says; the customer must say the same.
fn alone(new: &Month<'_>, plan: &str) -> Vec<String> {
    let all = told(&PLAIN.saved("99"), &new.saved(plan));
    let (total, customer) = all.split_at(all.len() / 2);
    let named: Vec<String> = total.iter().map(|line| format!("acme: {line}")).collect();
    assert_eq!(customer, named);
    total.to_vec()
}

/// 10 requests of a million tokens at 2.50 cost 25.00; the plan is 99.00.
#[test]
fn one_planted_cause_comes_back_alone() {
    assert!(alone(&OCTOBER, "99").is_empty());
    let with = |change: Month<'static>, plan: &str| alone(&change, plan);
    // 14 requests: 4 × 2.50.
    let more = Month {
        requests: 14,
        ..OCTOBER
    };
    assert_eq!(with(more, "99"), ["volume 0 10"]);
    // Three million tokens each: 10 × 2 × 2.50.
    let longer = Month {
        tokens: 3_000_000,
        ..OCTOBER
    };
    assert_eq!(with(longer, "99"), ["tokens_per_request 0 50"]);
    // The provider bills 2.00 instead of the list's 2.50: 10 × 0.50 less.
    let cheaper = Month {
        cents: 200,
        ..OCTOBER
    };
    assert_eq!(with(cheaper, "99"), ["provider_discount 0 -5"]);
    // Another model at its list price of 0.15 a million: 1.50 instead of 25.00.
    let other = Month {
        model: "gpt-4o-mini",
        cents: 15,
        ..OCTOBER
    };
    assert_eq!(with(other, "99"), ["mix 0 -23.5"]);
    // The plan goes from 99 to 149, and the customer pays it.
    let dearer = Month {
        revenue: "149.00",
        ..OCTOBER
    };
    assert_eq!(with(dearer, "149"), ["price 50 0"]);
    // The same list price, 20 % off: 99 → 79.20.
    let off = Month {
        revenue: "79.20",
        ..OCTOBER
    };
    assert_eq!(with(off, "99"), ["discount -19.8 0"]);
    // Price up to 149 and 10 % off it: 50 more, then 14.90 less.
    let both = Month {
        revenue: "134.10",
        ..OCTOBER
    };
    assert_eq!(with(both, "149"), ["discount -14.9 0", "price 50 0"]);
    // Two seats of the same plan.
    let seats = Month {
        revenue: "198.00",
        ..OCTOBER
    };
    assert_eq!(with(seats, "99"), ["volume 99 0"]);
    // 12 requests of two million: 2 × 2.50, then 12 × 2.50.
    let pair = Month {
        requests: 12,
        tokens: 2_000_000,
        ..OCTOBER
    };
    assert_eq!(with(pair, "99"), ["tokens_per_request 0 30", "volume 0 5"]);
}

const USAGE: &str = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n";
const REVENUE: &str =
    "customer_id,period_start,period_end,amount,currency,plan,type,invoice_id,status\n";

#[test]
fn customers_come_and_go() {
    // Kestrel is there in September alone, umbra in October alone: 1 and 2 million tokens at 2.50.
    let files = |month: &str, who: &str, tokens: u64, amount: &str| {
        let next = if month == "2026-09" {
            "2026-10"
        } else {
            "2026-11"
        };
        let usage = format!("{USAGE}{month}-05T08:00:00Z,{who},openai,gpt-4o,{tokens},0,r\n");
        let revenue = format!("{REVENUE}{who},{month}-01,{next}-01,{amount},USD,pro,,I,paid\n");
        [("usage.csv", usage), ("revenue.csv", revenue)]
    };
    let save = |month: &str, who, tokens, amount| {
        let files = files(month, who, tokens, amount);
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
        saved(month, &files, "99", &[])
    };
    let old = save("2026-09", "kestrel", 1_000_000, "99.00");
    let new = save("2026-10", "umbra", 2_000_000, "79.00");
    assert_eq!(
        told(&old, &new),
        [
            "churn -99 -2.5",
            "new 79 5",
            "kestrel: churn -99 -2.5",
            "umbra: new 79 5"
        ]
    );
}

#[test]
fn an_id_that_is_mapped_to_another_customer_moves_its_money() {
    // org_2 costs 5.00 in September and goes from acme to umbra; in October it costs 7.50.
    let usage = |month: &str, tokens: u64| {
        format!(
            "{USAGE}{month}-05T08:00:00Z,org_1,openai,gpt-4o,1000000,0,{month}1\n\
             {month}-05T08:00:01Z,org_2,openai,gpt-4o,{tokens},0,{month}2\n"
        )
    };
    let mapping = |owner: &str| {
        format!("customer,source,id\nacme,usage,org_1\n{owner},usage,org_2\numbra,usage,org_9\n")
    };
    let save = |month: &str, tokens, owner| {
        let files = [
            ("usage.csv", usage(month, tokens)),
            ("mapping.csv", mapping(owner)),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
        saved(month, &files, "99", &[])
    };
    let old = save("2026-09", 2_000_000, "acme");
    assert_eq!(
        told(&old, &save("2026-10", 3_000_000, "umbra")),
        [
            "tokens_per_request 0 2.5",
            "umbra: mapping 0 5",
            "umbra: tokens_per_request 0 2.5",
            "acme: mapping 0 -5"
        ]
    );
    // The same month again with the other mapping: nothing but the move.
    assert_eq!(
        told(&old, &save("2026-09", 2_000_000, "umbra")),
        ["acme: mapping 0 -5", "umbra: mapping 0 5"]
    );
}

#[test]
fn the_same_month_again_has_late_data_or_another_method() {
    let [usage, costs, revenue] = OCTOBER.files();
    let save = |usage: &str, costs: Option<&str>, options: &[&str]| {
        let mut files = vec![("usage.csv", usage), ("revenue.csv", revenue.1.as_str())];
        files.extend(costs.map(|costs| ("costs.csv", costs)));
        saved("2026-10", &files, "99", options)
    };
    // Without a bill a request is estimated at 2.50; one came late.
    let late = usage.1.clone() + "2026-10-06T08:00:00Z,acme,openai,gpt-4o,1000000,0,late\n";
    let old = save(&usage.1, None, &[]);
    assert_eq!(
        told(&old, &save(&late, None, &[])),
        ["late_data 0 2.5", "acme: late_data 0 2.5"]
    );
    // Of 10 billed requests the log lacks 2, 5.00: nobody's, or spread.
    let rows: Vec<&str> = usage.1.lines().take(9).collect();
    let fewer = rows.join("\n");
    let old = save(&fewer, Some(&costs.1), &[]);
    assert_eq!(
        told(&old, &save(&fewer, Some(&costs.1), &["--residual=spread"])),
        ["(unattributed): method 0 -5", "acme: method 0 5"]
    );
    assert!(told(&old, &old).is_empty());
    // Both at once cannot be told apart, and that is said.
    let run = diff(
        &old,
        &save(&late, Some(&costs.1), &["--residual=spread"]),
        &[],
    );
    assert!(run.out.contains("stands under late data"), "{}", run.out);
}

/// The files of a world, moved to another month. Their rows are shuffled, unless `order` is 0.
fn moved(plan: &Plan, month: &str, order: u64) -> String {
    let world = World::of(plan);
    let folder = tempfile::tempdir().unwrap();
    let files = world.write(folder.path());
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let next = text.replace("2026-11-", "2026-12-");
        let text = match month {
            "2026-10" => text.clone(),
            _ => next.replace("2026-10-", &format!("{month}-")),
        };
        let mut lines: Vec<&str> = text.lines().collect();
        if order > 0 {
            Draw::new(order).shuffle(&mut lines[1..]);
        }
        let text = lines.join("\n") + "\n";
        std::fs::write(path, text).unwrap();
    }
    let mut all = vec!["report", "--no-config", "--month", month, "-f=json", "-q"];
    all.extend(files.iter().map(String::as_str));
    let run = tanso(&all);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out
}

#[test]
fn nothing_is_left_over_whatever_the_worlds_are() {
    let plans = some_plans(40);
    for pair in plans.windows(2) {
        for month in ["2026-10", "2026-11"] {
            let (old, new) = (moved(&pair[0], "2026-10", 0), moved(&pair[1], month, 0));
            let found = diff(&old, &new, &["-f=json"]).json();
            adds_up(&found);
            // The numbers are those of the reports.
            for (saved, side) in [(&old, "before"), (&new, "after")] {
                let report: Value = serde_json::from_str(saved).unwrap();
                let total = &found["total"][side];
                assert_eq!(total["revenue"], report["totals"]["revenue"]);
                assert_eq!(total["cost"], report["totals"]["cost"]);
                let rows = report["rows"].as_array().unwrap().iter();
                let rows: BTreeMap<&str, &Value> = rows
                    .map(|row| (row["customer"].as_str().unwrap(), row))
                    .collect();
                for one in found["customers"].as_array().unwrap() {
                    if let Some(row) = rows.get(one["customer"].as_str().unwrap()) {
                        assert_eq!(one[side]["revenue"], row["revenue"]);
                        assert_eq!(one[side]["cost"], row["cost"]);
                    }
                }
            }
            let text = found.to_string();
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
}

/// The order of rows is in no digit of a receipt, so in none of a difference.
#[test]
fn the_order_of_rows_changes_nothing() {
    for (order, pair) in (1..).zip(some_plans(12).chunks(2)) {
        for month in ["2026-10", "2026-11"] {
            let of = |order: u64| {
                let reports = [
                    moved(&pair[0], "2026-10", order),
                    moved(&pair[1], month, order),
                ];
                let told = told(&reports[0], &reports[1]);
                let receipts = reports.map(|report| {
                    let report: Value = serde_json::from_str(&report).unwrap();
                    report["receipt"].clone()
                });
                (told, receipts)
            };
            assert!(of(0) == of(order), "{pair:?}");
        }
    }
}

#[test]
fn every_format_says_the_same() {
    let (old, new) = (
        PLAIN.saved("99"),
        Month {
            requests: 14,
            ..OCTOBER
        }
        .saved("99"),
    );
    let table = diff(&old, &new, &[]).out;
    assert!(
        table.contains("gross profit 74.00 −10.00 = 64.00   residual 0"),
        "{table}"
    );
    assert!(table.contains("volume −10.00"), "{table}");
    let markdown = diff(&old, &new, &["-f=md"]).out;
    assert!(
        markdown.contains("| acme | 74.00 | 0.00 | 10.00 | −10.00 | 64.00 | volume −10.00 |"),
        "{markdown}"
    );
    let csv = diff(&old, &new, &["-f=csv"]).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| row[header.iter().position(|found| found == name).unwrap()].to_string();
    assert_eq!(cell("volume_cost"), "10");
    assert_eq!(cell("gross_profit_change"), "-10.00");
    assert_eq!(cell("mix_cost"), "0");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let good = PLAIN.saved("99");
    let says = |new: &str, words: &str| {
        let run = diff(&good, new, &[]);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains(words), "{}", run.err);
        assert!(run.out.is_empty());
    };
    says(
        &good.replace("\"USD\"", "\"EUR\""),
        "two currencies are never added",
    );
    says(&good.replace("\"receipt\"", "\"other\""), "has no receipt");
    says(
        &good.replace("\"other\": \"0\"", "\"other\": \"1\""),
        "differ: the file was changed",
    );
    says("{}", "no saved report");
    let by_plan = {
        let files = PLAIN.files();
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
        saved("2026-09", &files, "99", &["--by=plan"])
    };
    says(&by_plan, "not by customer");
}
