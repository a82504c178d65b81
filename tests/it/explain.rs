//! `tanso explain`: the parts of a number, added up again here, are the report's number to the last
//! digit, and each part is its share of a line of the files.

use std::collections::BTreeMap;

use serde_json::Value;
use tanso::model::Exact;

use crate::support::{Draw, Run, put, repository, tanso};
use crate::world::{World, exact, report_on, some_plans};

fn explain_on(files: &[String], what: &str, options: &[&str]) -> Run {
    let mut arguments = vec!["explain", what, "--no-config", "--month", "2026-10"];
    arguments.extend(["--format", "json"]);
    arguments.extend(options);
    arguments.extend(files.iter().map(String::as_str));
    tanso(&arguments)
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name]
        .as_array()
        .unwrap_or_else(|| panic!("no {name}"))
}

fn sum(values: &[Value], name: &str) -> Exact {
    values.iter().map(|value| exact(&value[name])).sum()
}

/// Adds the parts up again, and compares every part with what its line says.
fn adds_up(found: &Value, lines: &BTreeMap<String, Exact>) {
    let totals = &found["totals"];
    let (revenue, cost) = (list(found, "revenue"), list(found, "cost"));
    assert_eq!(sum(cost, "amount"), exact(&totals["cost"]));
    if !totals["revenue"].is_null() {
        assert_eq!(sum(revenue, "amount"), exact(&totals["revenue"]));
    }
    for line in revenue {
        let back = sum(list(line, "taken_back"), "amount");
        let all = exact(&line["earlier"]) + exact(&line["amount"]) + exact(&line["later"]);
        assert_eq!(all, exact(&line["net"]) - back, "{line}");
        assert!(line["place"].as_str().unwrap().contains("revenue.csv:"));
    }
    let mut by_basis: BTreeMap<&str, Exact> = BTreeMap::new();
    for part in cost {
        *by_basis.entry(part["basis"].as_str().unwrap()).or_default() += exact(&part["amount"]);
        if let Some(place) = part["place"].as_str() {
            let (_, line) = place.rsplit_once("costs.csv:").unwrap();
            assert_eq!(lines[line], exact(&part["billed"]), "{part}");
        }
        let share = &part["share"];
        if share.is_null() {
            continue;
        }
        // |part × whole − of × weight| < whole × 10⁻¹²: the unit of the split.
        let (of, given) = (exact(&share["of"]), exact(&share["part"]));
        let (weight, whole) = (exact(&share["weight"]), exact(&share["whole"]));
        assert!(
            (given * whole - of * weight).abs() < whole * Exact::new(1, 12),
            "{part}"
        );
        assert!(exact(&part["amount"]).abs() <= given.abs(), "{part}");
    }
    for (basis, amount) in by_basis {
        let told = match basis {
            "unattributed" => &totals["unattributed"],
            basis => &totals["cost_by_basis"][basis],
        };
        assert_eq!(exact(told), amount, "{basis}");
    }
}

/// Line of the bill → its amount.
fn bill(world: &World) -> BTreeMap<String, Exact> {
    let cost = world.costs.column("cost");
    let rows = (2u64..).zip(&world.costs.rows);
    rows.map(|(line, row)| (line.to_string(), Exact::parse(&row[cost]).unwrap()))
        .collect()
}

#[test]
fn parts_add_up_to_every_row_of_the_report() {
    for plan in some_plans(24) {
        let world = World::of(&plan);
        let folder = tempfile::tempdir().unwrap();
        let files = world.write(folder.path());
        let lines = bill(&world);
        for by in ["customer", "feature", "model", "plan", "provider"] {
            let report = report_on(&files, &["--by", by]).json();
            let rows = list(&report, "rows").iter();
            for row in rows {
                let label = row[by].as_str().unwrap();
                let what = match by {
                    "customer" => label.to_string(),
                    by => format!("{by}={label}"),
                };
                let run = explain_on(&files, &what, &[]);
                let found = run.json();
                adds_up(&found, &lines);
                // What nobody got of a model or provider is told beside the row, as in the report.
                let told = &found["totals"];
                let cost = exact(&told["cost"]) - exact(&told["unattributed"]);
                assert_eq!(cost, exact(&row["cost"]), "{plan:?} {what}");
                let same = ["--where", &format!("{by}={label}")];
                let whole = report_on(&files, &[&["--by", by][..], &same].concat()).json();
                assert_eq!(told["cost"], whole["totals"]["cost"], "{plan:?} {what}");
                assert_eq!(found["totals"]["revenue"], row["revenue"], "{what}");
                for basis in ["direct", "metered", "allocated", "estimated"] {
                    let told = &found["totals"]["cost_by_basis"][basis];
                    assert_eq!(told, &row["cost_by_basis"][basis], "{what}");
                }
            }
            let nobody = exact(&report["totals"]["unattributed"]);
            if by == "customer" && !nobody.is_zero() {
                let found = explain_on(&files, "(unattributed)", &[]).json();
                adds_up(&found, &lines);
                assert_eq!(exact(&found["totals"]["cost"]), nobody);
                let named = list(&found, "cost").iter();
                assert!(named.clone().all(|part| part["reason"].is_string()));
            }
        }
    }
}

#[test]
fn the_order_of_rows_changes_places_alone() {
    let plain = |run: Run| {
        let mut found = run.json();
        found.as_object_mut().unwrap().remove("inputs");
        for name in ["revenue", "cost", "ids", "usage"] {
            for part in found[name].as_array_mut().unwrap() {
                let part = part.as_object_mut().unwrap();
                part.remove("place");
                part.remove("lines");
            }
            // Lines that differ in their places alone may stand in another order.
            let parts = found[name].as_array_mut().unwrap();
            parts.sort_by_key(ToString::to_string);
        }
        found.to_string()
    };
    for (at, plan) in some_plans(12).into_iter().enumerate() {
        let world = World::of(&plan);
        let mut other = world.clone();
        let mut draw = Draw::new(at as u64);
        draw.shuffle(&mut other.usage.rows);
        draw.shuffle(&mut other.costs.rows);
        draw.shuffle(&mut other.revenue.rows);
        let folder = tempfile::tempdir().unwrap();
        let (files, customer) = (world.write(folder.path()), &world.customers[0]);
        let before = explain_on(&files, customer, &[]);
        if before.code != 0 {
            // Nothing of this customer is in the period.
            assert!(before.err.contains("no row passes"), "{}", before.err);
            continue;
        }
        let again = explain_on(&files, customer, &[]);
        assert_eq!(before.out, again.out);
        let before = plain(before);
        let files = other.write(folder.path());
        assert_eq!(before, plain(explain_on(&files, customer, &[])), "{plan:?}");
    }
}

/// Umbra's October, by the story of the scenario.
fn umbra(options: &[&str]) -> Run {
    let config = repository("fixtures/scenarios/margin-drain/tanso.toml");
    let mut all = vec![
        "explain",
        "Umbra Labs",
        "--config",
        config.to_str().unwrap(),
    ];
    all.extend(options);
    tanso(&all)
}

#[test]
fn a_customer_is_walked_back_to_lines_shares_prices_and_ids() {
    let found = umbra(&["--format=json", "-q"]).json();
    assert_eq!(found["asked"], "customer=umbra");
    assert_eq!(found["totals"]["gross_profit"], "-301");
    let cost = list(&found, "cost");
    assert_eq!(cost.len(), 40);
    for part in cost {
        assert_eq!(part["by"], "quantity");
        assert_eq!(part["share"]["of"], "13.5");
        assert_eq!(part["share"]["part"], "10");
        let (weight, whole) = (&part["share"]["weight"], &part["share"]["whole"]);
        match part["meter"].as_str().unwrap() {
            "input" => assert_eq!((weight, whole), (&"4000000".into(), &"5400000".into())),
            _ => assert_eq!((weight, whole), (&"1000000".into(), &"1350000".into())),
        }
    }
    // The mapping's lines, and the log's rows, as they stand in the files.
    let text = |name: &str| {
        std::fs::read_to_string(repository("fixtures/scenarios/margin-drain").join(name)).unwrap()
    };
    let lines = |name: &str, word: &str| -> Vec<usize> {
        let text = text(name);
        let numbered = (1..).zip(text.lines());
        let with = numbered.filter(|(_, line)| line.contains(word));
        with.map(|(at, _)| at).collect()
    };
    let ids: Vec<String> = list(&found, "ids")
        .iter()
        .map(|id| {
            let place = id["place"].as_str().unwrap();
            let (_, line) = place.rsplit_once(':').unwrap();
            format!(
                "{}:{} {line}",
                id["source"].as_str().unwrap(),
                id["id"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        ids,
        [
            format!("stripe:cus_umbra {}", lines("mapping.csv", "cus_umbra")[0]),
            format!("usage:org_umbra {}", lines("mapping.csv", "org_umbra")[0]),
        ]
    );
    let rows = &list(&found, "usage")[0];
    assert_eq!(rows["rows"], 20);
    let own: Vec<String> = lines("usage.csv", "org_umbra")
        .iter()
        .map(usize::to_string)
        .collect();
    let told: Vec<&str> = list(rows, "lines")
        .iter()
        .map(|l| l.as_str().unwrap())
        .collect();
    assert_eq!(told, own);
    // 2.50 and 10.00 a million, the list prices of gpt-4o.
    let prices: Vec<(&str, &str)> = list(&found, "prices")
        .iter()
        .map(|price| {
            (
                price["meter"].as_str().unwrap(),
                price["price"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(prices, [("input", "0.0000025"), ("output", "0.00001")]);
    let line = &list(&found, "revenue")[0];
    assert_eq!(
        (&line["net"], &line["amount"], &line["earlier"]),
        (&"99".into(), &"99".into(), &"0".into())
    );
}

#[test]
fn csv_has_a_row_for_each_part_and_adds_up_as_printed() {
    let run = umbra(&["--format=csv", "-q"]);
    let mut reader = csv::Reader::from_reader(run.out.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|found| found == name).unwrap();
    let (side, amount) = (at("side"), at("amount"));
    let mut sums: BTreeMap<String, Exact> = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        *sums.entry(record[side].to_string()).or_default() +=
            Exact::parse(&record[amount]).unwrap();
    }
    assert_eq!(sums["cost"].to_string(), "400");
    assert_eq!(sums["revenue"].to_string(), "99");
}

#[test]
fn what_cannot_be_explained_says_what_can() {
    let says = |what: &str, words: &str| {
        let folder = tempfile::tempdir().unwrap();
        let usage = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n\
            2026-10-05T08:00:00Z,acme,openai,gpt-4o,1000000,0,r1\n\
            2026-10-05T08:00:00Z,umbra,openai,gpt-4o,1000000,0,r2\n";
        let mapping = "customer,source,id,name\nacme,usage,acme,Twin\numbra,usage,umbra,Twin\n";
        let usage = put(folder.path(), "usage.csv", usage);
        let mapping = put(folder.path(), "mapping.csv", mapping);
        let run = tanso(&["explain", what, "--no-config", &usage, &mapping]);
        assert_eq!(run.code, 2, "{what}: {}", run.err);
        assert!(run.err.contains(words), "{what}: {}", run.err);
        assert!(run.out.is_empty());
    };
    says("umbre", "the nearest is \"umbra\"");
    says("Twin", "say the id: acme, umbra");
    says("model=gpt-5", "no row passes the filters");
    says("colour=red", "is no dimension");
    says("customer!=acme", "must be said with =");
}

/// Three requests without a bill: 1, 2 and 3 million input tokens at 2.50 are 2.50, 5.00 and 7.50.
#[test]
fn estimates_are_quantities_times_prices() {
    let folder = tempfile::tempdir().unwrap();
    let usage = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n\
        2026-10-05T08:00:00Z,acme,openai,gpt-4o,1000000,0,r1\n\
        2026-10-06T08:00:00Z,acme,openai,gpt-4o,2000000,0,r2\n\
        2026-10-07T08:00:00Z,acme,openai,gpt-4o,3000000,0,r3\n";
    let usage = put(folder.path(), "usage.csv", usage);
    let found = explain_on(&[usage], "acme", &["-q"]).json();
    let [part] = list(&found, "cost") else {
        panic!("one estimate: {found}")
    };
    assert_eq!(part["basis"], "estimated");
    assert_eq!(part["by"], "list_price");
    assert_eq!(part["amount"], "15");
    assert_eq!(part["quantities"]["input"], "6000000");
    assert_eq!(found["prices"][0]["price"], "0.0000025");
    assert_eq!(list(&found["usage"][0], "lines"), ["2-4"]);
}

/// In another currency and over several months, each number is walked back to what the report says.
#[test]
fn converted_amounts_are_those_of_the_report() {
    let folder = repository("docs/examples/currencies");
    let names = ["usage.csv", "costs.csv", "invoices.csv", "payments.csv"];
    let path = |name: &str| folder.join(name).display().to_string();
    let files: Vec<String> = names.iter().map(|name| path(name)).collect();
    let rates = path("eurofxref-hist.csv");
    let periods = [
        &["--month=2026-10"][..],
        &["--from=2026-10-01", "--to=2026-12-01"],
    ];
    for (period, currency) in periods.iter().zip(["EUR", "USD"]) {
        let currency = format!("--currency={currency}");
        let common = ["--no-config", "-f=json", "-q", "--fx", &rates, &currency];
        let ask = |words: &[&str]| {
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            tanso(&[words, &common, period, &files].concat()).json()
        };
        for by in ["customer", "model", "plan"] {
            let report = ask(&["report", "--by", by]);
            let rows = list(&report, "rows");
            assert!(!rows.is_empty());
            for row in rows {
                let label = row[by].as_str().unwrap();
                let what = match (by, label) {
                    (_, "") => continue,
                    ("customer", label) => label.to_string(),
                    (by, label) => format!("{by}={label}"),
                };
                let found = ask(&["explain", &what]);
                let totals = &found["totals"];
                let cost = exact(&totals["cost"]) - exact(&totals["unattributed"]);
                assert_eq!(cost, exact(&row["cost"]), "{what}");
                assert_eq!(sum(list(&found, "cost"), "amount"), exact(&totals["cost"]));
                assert_eq!(totals["revenue"], row["revenue"], "{what}");
                if !row["revenue"].is_null() {
                    let earned = sum(list(&found, "revenue"), "amount");
                    assert_eq!(earned, exact(&row["revenue"]), "{what}");
                }
            }
        }
    }
}
