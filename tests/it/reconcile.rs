//! `tanso reconcile` on planted worlds: a month in which bill and log agree, with causes of a gap
//! planted alone and in pairs, each with its amount in whole trillionths of a dollar, counted here.
//!
//! Prices are those of the list in [`PRICES`], per million tokens. A million tokens at 1 USD are
//! 1,000,000 trillionths a token, so all sums are whole.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Draw, Run, put, tanso};

/// Trillionths of a dollar per token: (model, meter, price).
const PRICES: &[(&str, &str, i128)] = &[
    ("gpt-4o", "input", 2_500_000),
    ("gpt-4o", "cache_read", 1_250_000),
    ("gpt-4o", "output", 10_000_000),
    ("gemini-2.5-pro", "input", 1_250_000),
    ("gemini-2.5-pro", "output", 10_000_000),
];

/// What the long-context input of `gemini-2.5-pro` costs.
const LONG: i128 = 2_500_000;

fn price(model: &str, meter: &str) -> i128 {
    let found = PRICES.iter().find(|(m, k, _)| (*m, *k) == (model, meter));
    found.map(|(_, _, price)| *price).unwrap()
}

/// One line of the bill.
#[derive(Clone, Debug)]
struct Line {
    day: u32,
    provider: &'static str,
    model: &'static str,
    meter: &'static str,
    kind: &'static str,
    quantity: Option<i128>,
    /// Trillionths of a dollar.
    cost: i128,
}

/// One logged request.
#[derive(Clone, Debug)]
struct Call {
    day: u32,
    provider: &'static str,
    model: &'static str,
    tokens: BTreeMap<&'static str, i128>,
}

/// What was planted: cause → amount over the month.
type Planted = BTreeMap<&'static str, i128>;

#[derive(Clone, Debug, Default)]
struct World {
    bill: Vec<Line>,
    log: Vec<Call>,
    planted: Planted,
    /// Percent off the list of `openai`.
    discount: i128,
}

const MODELS: [(&str, &str, &[&str]); 2] = [
    ("openai", "gpt-4o", &["input", "cache_read", "output"]),
    ("google", "gemini-2.5-pro", &["input", "output"]),
];

impl World {
    /// Bill and log agree on every token, at list prices.
    fn of(seed: u64) -> World {
        let mut draw = Draw::new(seed);
        let mut world = World::default();
        for day in 1..=28 {
            for (provider, model, meters) in MODELS {
                let mut billed: BTreeMap<&'static str, i128> = BTreeMap::new();
                for _ in 0..draw.between(2, 4) {
                    let tokens: BTreeMap<&'static str, i128> = meters
                        .iter()
                        .map(|meter| (*meter, i128::from(draw.between(1_000, 90_000))))
                        .collect();
                    for (meter, count) in &tokens {
                        *billed.entry(*meter).or_default() += count;
                    }
                    world.log.push(Call {
                        day,
                        provider,
                        model,
                        tokens,
                    });
                }
                for (meter, quantity) in billed {
                    world.bill.push(Line {
                        day,
                        provider,
                        model,
                        meter,
                        kind: "usage",
                        quantity: Some(quantity),
                        cost: quantity * price(model, meter),
                    });
                }
            }
        }
        world
    }

    fn plant(&mut self, cause: &'static str, amount: i128) {
        *self.planted.entry(cause).or_default() += amount;
    }

    fn line(&mut self, day: u32, model: &str, meter: &str) -> &mut Line {
        let same = |line: &&mut Line| (line.day, line.model, line.meter) == (day, model, meter);
        self.bill.iter_mut().find(same).unwrap()
    }

    fn call(&mut self, day: u32, model: &str) -> &mut Call {
        let same = |call: &&mut Call| (call.day, call.model) == (day, model);
        self.log.iter_mut().find(same).unwrap()
    }

    fn list_cost(tokens: &BTreeMap<&'static str, i128>, model: &str) -> i128 {
        let cost = |(meter, count): (&&'static str, &i128)| count * price(model, meter);
        tokens.iter().map(cost).sum()
    }
}

/// A cause and the way it is planted. Each has days of its own, so that pairs do not mix.
type Plant = (&'static str, fn(&mut World));

const PLANTS: &[Plant] = &[
    ("missing_events", |world| {
        // A call of the second is not in the log.
        let at = world
            .log
            .iter()
            .position(|c| (c.day, c.model) == (2, "gpt-4o"))
            .unwrap();
        let call = world.log.remove(at);
        world.plant("missing_events", World::list_cost(&call.tokens, call.model));
    }),
    ("over_logging", |world| {
        // A call of the fourth is logged twice.
        let again = world.call(4, "gpt-4o").clone();
        world.plant(
            "over_logging",
            -World::list_cost(&again.tokens, again.model),
        );
        world.log.push(again);
    }),
    ("day_cut_off", |world| {
        // A call of the sixth is logged on the seventh. Over the month nothing is left of it.
        world.call(6, "gpt-4o").day = 7;
    }),
    ("token_class", |world| {
        // A call's cached tokens are logged as input.
        let call = world.call(9, "gpt-4o");
        let cached = call.tokens.remove("cache_read").unwrap();
        *call.tokens.get_mut("input").unwrap() += cached;
        let (input, read) = (price("gpt-4o", "input"), price("gpt-4o", "cache_read"));
        world.plant("token_class", cached * (read - input));
    }),
    ("batch_or_tier", |world| {
        // A day's output is billed at half the price.
        let line = world.line(11, "gpt-4o", "output");
        line.cost /= 2;
        let half = line.cost;
        world.plant("batch_or_tier", -half);
    }),
    ("context_tier", |world| {
        let line = world.line(13, "gemini-2.5-pro", "input");
        let quantity = line.quantity.unwrap();
        line.cost = quantity * LONG;
        world.plant(
            "context_tier",
            quantity * (LONG - price("gemini-2.5-pro", "input")),
        );
    }),
    ("rate", |world| {
        let line = world.line(15, "gemini-2.5-pro", "output");
        let more = line.cost / 10;
        line.cost += more;
        world.plant("rate", more);
    }),
    ("credit", |world| {
        world.bill.push(Line {
            day: 17,
            provider: "openai",
            model: "",
            meter: "",
            kind: "credit",
            quantity: None,
            cost: -1_234_500_000_000,
        });
        world.plant("credit", -1_234_500_000_000);
    }),
    ("tax", |world| {
        world.bill.push(Line {
            day: 19,
            provider: "google",
            model: "",
            meter: "",
            kind: "tax",
            quantity: None,
            cost: 777_700_000_000,
        });
        world.plant("tax", 777_700_000_000);
    }),
    ("non_token_items", |world| {
        world.bill.push(Line {
            day: 21,
            provider: "openai",
            model: "",
            meter: "Vector storage",
            kind: "usage",
            quantity: None,
            cost: 420_000_000_000,
        });
        world.plant("non_token_items", 420_000_000_000);
    }),
    ("unpriced", |world| {
        // Billed at 3 USD per million, in full in the log, in no list.
        world.bill.push(Line {
            day: 23,
            provider: "google",
            model: "gemini-of-tomorrow",
            meter: "input",
            kind: "usage",
            quantity: Some(50_000),
            cost: 150_000_000_000,
        });
        world.log.push(Call {
            day: 23,
            provider: "google",
            model: "gemini-of-tomorrow",
            tokens: BTreeMap::from([("input", 50_000)]),
        });
        world.plant("unpriced", 150_000_000_000);
    }),
    ("rounding", |world| {
        // A provider of its own, whose bill has cents: 1,234,567 tokens at 3 USD per million are
        // 3.703701, billed as 3.70.
        world.bill.push(Line {
            day: 25,
            provider: "anthropic",
            model: "claude-3-5-sonnet",
            meter: "input",
            kind: "usage",
            quantity: Some(1_234_567),
            cost: 3_700_000_000_000,
        });
        world.log.push(Call {
            day: 25,
            provider: "anthropic",
            model: "claude-3-5-sonnet",
            tokens: BTreeMap::from([("input", 1_234_567)]),
        });
        world.plant("rounding", -3_701_000_000);
    }),
    ("unexplained", |world| {
        // A provider whose bill has no quantities: 2 USD at list, 2.50 billed.
        world.bill.push(Line {
            day: 27,
            provider: "mistral",
            model: "magistral-medium",
            meter: "",
            kind: "usage",
            quantity: None,
            cost: 2_500_000_000_000,
        });
        world.log.push(Call {
            day: 27,
            provider: "mistral",
            model: "magistral-medium",
            tokens: BTreeMap::from([("input", 1_000_000)]),
        });
        world.plant("unexplained", 500_000_000_000);
    }),
    ("discount", |world| world.discount = 15),
];

fn dollars(trillionths: i128) -> String {
    let sign = if trillionths < 0 { "-" } else { "" };
    let (whole, rest) = (
        trillionths.abs() / 10i128.pow(12),
        trillionths.abs() % 10i128.pow(12),
    );
    let text = format!("{sign}{whole}.{rest:012}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Runs the command on a world.
fn reconciled(world: &World, by: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world.clone();
    // Whatever is billed by openai for usage is billed at the discount.
    for line in &mut world.bill {
        if line.provider == "openai" && line.quantity.is_some() {
            line.cost = line.cost * (100 - world.discount) / 100;
        }
    }
    let mut bill = String::from("date,provider,model,meter,type,quantity,cost\n");
    for line in &world.bill {
        bill.push_str(&format!(
            "2026-10-{:02},{},{},{},{},{},{}\n",
            line.day,
            line.provider,
            line.model,
            line.meter,
            line.kind,
            line.quantity.map(|q| q.to_string()).unwrap_or_default(),
            // The bill of cents writes cents.
            match line.provider {
                "anthropic" => "3.70".to_string(),
                _ => dollars(line.cost),
            }
        ));
    }
    let mut log = String::from(
        "timestamp,customer_id,provider,model,request_id,input_tokens,cache_read_input_tokens,output_tokens\n",
    );
    for (at, call) in world.log.iter().enumerate() {
        let count = |meter: &str| call.tokens.get(meter).copied().unwrap_or(0);
        log.push_str(&format!(
            "2026-10-{:02}T12:00:00Z,acme,{},{},r{at},{},{},{}\n",
            call.day,
            call.provider,
            call.model,
            count("input"),
            count("cache_read"),
            count("output"),
        ));
    }
    let config = match world.discount {
        0 => String::new(),
        percent => format!("[provider.openai]\ndiscount = \"{percent}%\"\n"),
    };
    let config = put(folder.path(), "tanso.toml", config);
    let (bill, log) = (
        put(folder.path(), "bill.csv", bill),
        put(folder.path(), "usage.csv", log),
    );
    let run: Run = tanso(&[
        "reconcile",
        "--config",
        &config,
        "--month",
        "2026-10",
        "--by",
        by,
        "--format",
        "json",
        &bill,
        &log,
    ]);
    run.json()
}

/// The totals by cause that the command found.
fn found(report: &Value) -> BTreeMap<String, String> {
    let causes = report["totals"]["causes"].as_object().unwrap();
    let text =
        |(cause, amount): (&String, &Value)| (cause.clone(), amount.as_str().unwrap().to_string());
    causes.iter().map(text).collect()
}

/// The causes planted, with the discount on what openai's usage costs at the list.
fn expected(world: &World) -> BTreeMap<String, String> {
    let mut planted = world.planted.clone();
    let openai = world.bill.iter().filter(|line| line.provider == "openai");
    let at_list: i128 = openai
        .filter(|line| line.quantity.is_some())
        .map(|line| line.cost)
        .sum();
    planted.insert("discount", -at_list * world.discount / 100);
    planted.retain(|_, amount| *amount != 0);
    let texts = planted.into_iter();
    texts
        .map(|(cause, amount)| (cause.to_string(), dollars(amount)))
        .collect()
}

#[test]
fn a_bill_that_agrees_has_no_gap() {
    let world = World::of(1);
    let report = reconciled(&world, "provider,model,meter");
    assert_eq!(found(&report), BTreeMap::new());
    assert_eq!(report["totals"]["gap"], "0");
    let billed: i128 = world.bill.iter().map(|line| line.cost).sum();
    assert_eq!(report["totals"]["billed"], dollars(billed));
}

#[test]
fn every_cause_alone_is_named_with_its_amount() {
    for (at, (cause, plant)) in PLANTS.iter().enumerate() {
        let mut world = World::of(at as u64 + 10);
        plant(&mut world);
        let report = reconciled(&world, "provider,model,meter");
        assert_eq!(found(&report), expected(&world), "{cause}");
        // Other views have the same totals.
        for by in ["provider", "day", "month,meter"] {
            assert_eq!(
                reconciled(&world, by)["totals"],
                report["totals"],
                "{cause} by {by}"
            );
        }
    }
}

#[test]
fn every_pair_of_causes_is_named_with_both_amounts() {
    for (at, (first, plant)) in PLANTS.iter().enumerate() {
        for (second, other) in &PLANTS[at + 1..] {
            let mut world = World::of(at as u64 + 100);
            plant(&mut world);
            other(&mut world);
            let report = reconciled(&world, "provider,model,meter");
            assert_eq!(found(&report), expected(&world), "{first} and {second}");
        }
    }
}

#[test]
fn a_shifted_day_is_told_by_day_and_is_nothing_over_the_month() {
    let mut world = World::of(7);
    let moved = world.call(6, "gpt-4o").clone();
    world.call(6, "gpt-4o").day = 7;
    let report = reconciled(&world, "day");
    let amount = dollars(World::list_cost(&moved.tokens, "gpt-4o"));
    for (day, sign) in [("2026-10-06", ""), ("2026-10-07", "-")] {
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["day"] == day).unwrap();
        let causes = row["causes"].as_array().unwrap();
        assert_eq!(causes.len(), 1, "{day}");
        assert_eq!(causes[0]["cause"], "day_cut_off");
        assert_eq!(causes[0]["amount"], format!("{sign}{amount}"));
    }
    assert_eq!(found(&report), BTreeMap::new());
}

#[test]
fn a_charge_for_a_month_stands_under_its_days_and_tiers_that_nobody_states_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let log = "timestamp,customer,provider,model,input_tokens,output_tokens\n\
        2026-10-12T08:00:00Z,acme,openai,gpt-4o,1000000,0\n";
    let bill = "period_start,period_end,provider,model,meter,quantity,cost\n\
        2026-10-01,2026-11-01,openai,gpt-4o,input,1000000,2.5\n";
    let log = put(folder.path(), "log.csv", log);
    let bill = put(folder.path(), "bill.csv", bill);
    let run = |by: &str, format: &str| {
        let run = tanso(&[
            "reconcile",
            "--no-config",
            "--by",
            by,
            "--format",
            format,
            &log,
            &bill,
        ]);
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    let days = run("day", "csv");
    assert!(days.contains("2026-10-01 to 2026-10-31"), "{days}");
    assert!(run("tier", "csv").contains("(not stated)"));
}
