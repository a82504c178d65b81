//! Quotes: their chances come true on planted populations, they repeat by seed, and what cannot be
//! quoted is refused with the fix.

use serde_json::Value;
use tanso::model::Exact;
use tanso::quote::{Choices, Deal, LookAlike, MonthOf, costs};

use crate::support::{Draw, Run, check_table_in, put, tanso};

/// A population: its name, and what a customer of it costs a month.
struct Population {
    name: &'static str,
    /// A customer's level.
    level: fn(&mut Draw) -> f64,
    /// A customer's growth per month.
    growth: fn(&mut Draw) -> f64,
}

/// Evenly between 0 and 1, both left out.
fn even(draw: &mut Draw) -> f64 {
    ((draw.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// Standard normal (Box and Muller).
fn normal(draw: &mut Draw) -> f64 {
    let radius = (-2.0 * even(draw).ln()).sqrt();
    radius * (std::f64::consts::TAU * even(draw)).cos()
}

const POPULATIONS: &[Population] = &[
    Population {
        name: "alike: most within half and twice the middle",
        level: |draw| (0.4 * normal(draw)).exp(),
        growth: |_| 0.02,
    },
    Population {
        name: "spread out: one in six is 2.7 times the middle",
        level: |draw| normal(draw).exp(),
        growth: |_| 0.02,
    },
    Population {
        name: "one in ten uses five times as much",
        level: |draw| {
            let heavy = if draw.chance(10) { 5.0 } else { 1.0 };
            heavy * (0.3 * normal(draw)).exp()
        },
        growth: |_| 0.0,
    },
    Population {
        name: "each grows at its own rate, −1% to 3% a month",
        level: |draw| (0.6 * normal(draw)).exp(),
        growth: |draw| -0.01 + 0.04 * even(draw),
    },
];

const HISTORY: u32 = 6;
const TERM: u32 = 12;
const WORLDS: u64 = 1000;
const COUNTS: [u64; 3] = [10, 20, 40];

/// A customer's months: its past, and what its contract will cost.
fn customer(population: &Population, draw: &mut Draw) -> (Vec<MonthOf>, f64) {
    let level = (population.level)(draw);
    let growth = (population.growth)(draw);
    let month = |at: u32, draw: &mut Draw| {
        level * (1.0 + growth).powi(at as i32) * (0.25 * normal(draw)).exp()
    };
    let past = (0..HISTORY)
        .map(|at| MonthOf {
            back: HISTORY - 1 - at,
            cost: month(at, draw),
            quantity: 0.0,
        })
        .collect();
    let future = (0..TERM).map(|at| month(HISTORY + at, draw)).sum();
    (past, future)
}

/// Chances as told, and whether what they are of happened.
#[derive(Default)]
struct Told {
    sum: f64,
    happened: u64,
    count: u64,
}

/// The borders of the classes of chances.
const CLASSES: [f64; 6] = [0.0, 0.05, 0.2, 0.5, 0.8, 1.001];

/// Quotes many planted populations, for each of which it is known what the new customer then costs.
#[test]
fn chances_come_true() {
    let mut table = String::from(
        "| population | look-alikes | cost at most p50 | at most p95 |\n|---|---:|---:|---:|\n",
    );
    let mut told: Vec<Told> = (1..CLASSES.len()).map(|_| Told::default()).collect();
    let percent = |count: f64, of: u64| format!("{:.1} %", 100.0 * count / of as f64);
    for (number, population) in (0..).zip(POPULATIONS) {
        for count in COUNTS {
            let mut draw = Draw::new(1000 * number + count);
            let (mut p50, mut p95) = (0u64, 0u64);
            for world in 0..WORLDS {
                let look_alikes: Vec<LookAlike> = (0..count)
                    .map(|at| LookAlike {
                        customer: format!("c{at:03}"),
                        months: customer(population, &mut draw).0,
                    })
                    .collect();
                let (_, actual) = customer(population, &mut draw);
                let costs = costs(&look_alikes, &deal(), &choices(world));
                // The least value that enough contracts do not exceed, of 400.
                p50 += u64::from(actual <= costs[199]);
                p95 += u64::from(actual <= costs[379]);
                // Whether a deal of this budget is missed, for budgets from tight to ample.
                let budget = f64::from(TERM) * (1.4 * normal(&mut draw) + 0.3).exp();
                let above = costs.iter().filter(|cost| **cost > budget).count();
                let chance = above as f64 / costs.len() as f64;
                let class = (1..CLASSES.len()).find(|at| chance < CLASSES[*at]).unwrap() - 1;
                told[class].sum += chance;
                told[class].count += 1;
                told[class].happened += u64::from(actual > budget);
            }
            let (low, high) = (p50 as f64 / WORLDS as f64, p95 as f64 / WORLDS as f64);
            // 1,000 worlds have standard errors of 1.6 and 0.7 points. With ten look-alikes the 95th
            // percentile lies beyond the heaviest of them.
            assert!(
                (low - 0.5).abs() < 0.05,
                "{} {count}: {low}",
                population.name
            );
            let least = if count == 10 { 0.90 } else { 0.925 };
            assert!(
                high > least && high < 0.985,
                "{} {count}: {high}",
                population.name
            );
            table.push_str(&format!(
                "| {} | {count} | {} | {} |\n",
                population.name,
                percent(p50 as f64, WORLDS),
                percent(p95 as f64, WORLDS)
            ));
        }
    }
    table.push_str(
        "\n| chance of a miss as told | quotes | told on average | missed |\n|---|---:|---:|---:|\n",
    );
    for (class, told) in told.iter().enumerate() {
        let (mean, share) = (
            told.sum / told.count as f64,
            told.happened as f64 / told.count as f64,
        );
        assert!(told.count > 300, "{class}: {}", told.count);
        assert!((mean - share).abs() < 0.03, "{class}: {mean} {share}");
        let name = match class {
            0 => "below 5 %".to_string(),
            4 => "80 % and more".to_string(),
            _ => format!(
                "{:.0} % to {:.0} %",
                100.0 * CLASSES[class],
                100.0 * CLASSES[class + 1]
            ),
        };
        table.push_str(&format!(
            "| {name} | {} | {} | {} |\n",
            told.count,
            percent(told.sum, told.count),
            percent(told.happened as f64, told.count)
        ));
    }
    check_table_in("docs/quote.md", "tests/it/quote.rs", &table);
}

fn deal() -> Deal {
    Deal {
        seats: None,
        whole_price: false,
        price: Exact::ONE,
        interval: 1,
        discount: Exact::ZERO,
        term: TERM,
    }
}

fn choices(seed: u64) -> Choices {
    Choices {
        floor: Exact::ZERO,
        confidence: Exact::new(95, 2),
        growth: None,
        draws: 400,
        seed,
        places: 2,
    }
}

const EXAMPLE: &str = "docs/examples/quote/tanso.toml";

fn quote(words: &[&str]) -> Run {
    let config = crate::support::repository(EXAMPLE);
    let mut arguments = vec!["quote", "--config", config.to_str().unwrap(), "--quiet"];
    arguments.extend(words);
    tanso(&arguments)
}

fn exact(value: &Value) -> Exact {
    Exact::parse(value.as_str().unwrap()).unwrap()
}

const ASKED: [&str; 4] = [
    "--like=segment=enterprise",
    "--seats=400",
    "--price=42/seat/month",
    "--floor=60%",
];

/// The example's quote; what is said more takes the place of what is asked otherwise.
fn document(more: &[&str]) -> Value {
    let name = |word: &str| word.split('=').next().unwrap_or_default().to_string();
    let said = |word: &&str| !more.iter().any(|other| name(other) == name(word));
    let mut words: Vec<&str> = ASKED.into_iter().filter(|word| said(word)).collect();
    words.extend(more);
    words.push("--format=json");
    quote(&words).json()
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_one_others() {
    let mut words = ASKED.to_vec();
    words.push("--format=json");
    assert_eq!(quote(&words).out, quote(&words).out);
    words.push("--seed=2");
    assert_ne!(document(&[])["cost"], quote(&words).json()["cost"]);
}

/// What is promised of price, discount and cap holds if the deal is quoted with them.
#[test]
fn the_answers_hold_when_they_are_asked_again() {
    let first = document(&[]);
    let half = Exact::new(5, 2);
    let chance = |document: &Value| exact(&document["below_floor"]["value"]);
    assert!(chance(&first) > half, "the deal is too cheap: {first}");
    assert!(first["largest_discount"].is_null());
    assert_eq!(first["safe_cap"]["state"], "at");
    let least = exact(&first["floor_price"]);
    let price = |price: Exact| document(&[&format!("--price={price}/seat/month")]);
    let at_least = price(least);
    assert!(chance(&at_least) <= half);
    assert!(!at_least["largest_discount"].is_null());
    assert_eq!(at_least["safe_cap"]["state"], "not_needed");
    let below = price(least - Exact::new(2, 2));
    assert!(below["largest_discount"].is_null());
    let dear = price(Exact::from(300u64));
    let discount = exact(&dear["largest_discount"]).shift(2);
    let with =
        |discount: Exact| document(&["--price=300/seat/month", &format!("--discount={discount}%")]);
    assert!(chance(&with(discount)) <= half);
    assert!(chance(&with(discount + Exact::new(2, 1))) > half);
    // A discount changes what the contract brings and nothing of what it costs.
    assert_eq!(
        with(discount)["cost"]["p95"]["cost"],
        dear["cost"]["p95"]["cost"]
    );
    assert_eq!(with(discount)["largest_discount"], dear["largest_discount"]);
}

#[test]
fn costs_scale_with_seats_and_longer_contracts_cost_more() {
    let of = |document: &Value, key: &str| exact(&document["cost"][key]["cost"]);
    let (one, two) = (document(&["--seats=200"]), document(&[]));
    for key in ["expected", "p50", "p95"] {
        let off = of(&one, key) * Exact::from(2u64) - of(&two, key);
        assert!(off.abs() <= Exact::new(2, 2), "{key} {off}");
    }
    // Stated growth of nothing: two years cost the heaviest exactly twice as much as one.
    let flat = |months: &str| document(&["--growth=0%", months]);
    let heaviest = |document: &Value| exact(&document["heaviest"]["cost"]);
    let (year, years) = (flat("--term=12"), flat("--term=24"));
    let off = heaviest(&year) * Exact::from(2u64) - heaviest(&years);
    assert!(off.abs() <= Exact::new(1, 2), "{off}");
    assert_eq!(year["growth"]["estimated"], false);
    assert_eq!(year["growth"]["high"], "0");
    // The example grows by 3 % a month.
    let growth = &document(&[])["growth"];
    assert!(exact(&growth["low"]) <= Exact::new(3, 2), "{growth}");
    assert!(exact(&growth["high"]) >= Exact::new(3, 2), "{growth}");
}

/// Twelve customers whose seats cost 1 to 12 a month in both months: the table can be told by head.
#[test]
fn twelve_customers_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let mut costs = String::from("date,provider,cost,customer\n");
    let mut mapping = String::from("customer,source,id,seats,segment\n");
    for at in 1..=12 {
        for month in ["2026-09", "2026-10"] {
            costs.push_str(&format!("{month}-05,openai,{},c{at:02}\n", at * 10));
        }
        mapping.push_str(&format!("c{at:02},openai,c{at:02},10,big\n"));
    }
    // Seats that nobody knows, and a customer that came in October.
    costs.push_str(
        "2026-09-05,openai,500,tern\n2026-10-05,openai,500,tern\n2026-10-20,openai,900,gull\n",
    );
    mapping.push_str("tern,openai,tern,,big\ngull,openai,gull,10,big\n");
    let files = [
        put(folder.path(), "costs.csv", costs),
        put(folder.path(), "mapping.csv", mapping),
    ];
    let run = |words: &[&str]| {
        let mut all = vec![
            "quote",
            "--no-config",
            &files[0],
            "-m",
            &files[1],
            "--quiet",
        ];
        all.extend(words);
        tanso(&all)
    };
    let asked = [
        "--like=segment=big",
        "--seats=5",
        "--price=40/seat/month",
        "--floor=70%",
    ];
    let mut words = asked.to_vec();
    words.push("--format=json");
    let document = run(&words).json();
    assert_eq!(document["look_alikes"]["count"], 12, "{document}");
    assert_eq!(document["look_alikes"]["without_seats"][0], "tern");
    assert_eq!(document["look_alikes"]["part_of_month"], 1);
    // Two months are too few for growth.
    assert_eq!(document["growth"]["estimated"], false);
    // 40 × 5 × 12 = 2,400; the heaviest: 12 × 5 × 12 = 720, a margin of 70 %.
    assert_eq!(document["deal"]["revenue"], "2400");
    assert_eq!(document["heaviest"]["cost"], "720");
    assert_eq!(document["heaviest"]["gross_margin"], "0.7");
    assert_eq!(document["heaviest"]["customer"], "c12");
    // The budget of 720 is missed only beyond the heaviest: one gap of thirteen, 7.7 %.
    let chance = exact(&document["below_floor"]["value"]);
    assert!(
        (chance - Exact::new(769, 4)).abs() < Exact::new(1, 2),
        "{chance}"
    );
    // Bill lines count nothing that could be capped.
    assert_eq!(document["safe_cap"]["state"], "unknown");
    let page = run(&asked).out;
    assert!(page.contains("N4011"), "{page}");
    assert!(page.contains("N4014") && page.contains("N4015"), "{page}");
    let capped = run(&[&asked[..], &["--cap=tokens"]].concat());
    assert_eq!(capped.code, 2, "{}", capped.err);
    // A band of seats that none has, and one that all have.
    let band = run(&[&asked[..], &["--like=seats=11..20"]].concat());
    assert_eq!(band.code, 2);
    assert!(band.err.contains("of another size: 12"), "{}", band.err);
    assert!(
        band.err.contains("segment=big alone has 12"),
        "{}",
        band.err
    );
    assert_eq!(run(&[&asked[..], &["--like=seats=1..10"]].concat()).code, 0);
}

#[test]
fn what_cannot_be_quoted_is_refused_with_the_fix() {
    let refused = |words: &[&str], part: &str| {
        let run = quote(words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.err);
        assert!(run.out.is_empty());
        assert!(run.err.contains(part), "{words:?}: {}", run.err);
        assert!(run.err.contains("help:"), "{words:?}: {}", run.err);
    };
    let price = "--price=20000/month";
    refused(&["--price=60/seat"], "needs the number of seats");
    refused(&["--price=sixty"], "--price");
    refused(&[price, "--seats=0"], "--seats");
    refused(&[price, "--seats=4.5"], "--seats");
    refused(&[price, "--discount=30"], "--discount");
    refused(&[price, "--discount=101%"], "--discount");
    refused(&[price, "--floor=100%"], "--floor");
    refused(&[price, "--confidence=100%"], "--confidence");
    refused(&[price, "--growth=900%"], "--growth");
    refused(&[price, "--draws=1"], "--draws");
    refused(&[price, "--term=0"], "--term");
    refused(&[price, "--term=61"], "--term");
    refused(&["--price=9/year", "--term=18"], "whole years");
    refused(
        &[price, "--like=model=gpt-4.1"],
        "cannot be limited by model",
    );
    refused(&[price, "--like=colour=red"], "no dimension");
    refused(&[price, "--like=seats=1..2", "--like=seats=3..4"], "twice");
    refused(&[price, "--like=seats=9..1"], "ends before");
    refused(&[price, "--like=segment=smb"], "T1061");
    refused(&[price, "--like=segment=nobody"], "all customers are");
    refused(
        &[price, "--from=2026-05-01", "--to=2026-10-15"],
        "whole months",
    );
    refused(&[price, "--cap=characters"], "characters");
    refused(
        &[price, "--like=segment=Enterprise"],
        "the nearest is \"enterprise\"",
    );
    refused(&[price, "--like=plan=pro"], "plans come from");
    refused(&[price, "--like=enterprise"], "--like is not understood");
    refused(&[price, "--like=customer=acme"], "1 look-alike is too few");
    refused(&["--price=60", "--seats=400"], "60/seat/month");
    refused(&["--price=99EUR/month"], "currency of the report");
    refused(&["--price", "-5/month"], "cannot be negative");
    refused(&[price, "--discount", "-10%"], "from 0% to 100%");
    refused(&[price, "--floor", "-10%"], "--floor");
    refused(&[price, "--seats", "-4"], "--seats");
    // Several at once are told at once.
    let many = quote(&["--price=x", "--discount=x", "--floor=x"]);
    assert_eq!(many.err.matches("T1001]").count(), 3, "{}", many.err);
}
