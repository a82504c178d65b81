//! Leaks: planted causes come back with planted amounts, at the planted day, and what is no leak
//! stays silent; whatever the order of the rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tanso::model::{Day, Exact};

use crate::support::{Draw, Run, put, tanso};
use crate::world::without_inputs;

/// Twelve weeks from Monday 6 July 2026.
const DAYS: i32 = 84;
/// The day on which leaks begin: 31 August. Four weeks are before it that count, and four after.
const ONSET: i32 = 56;

/// Rows of a log and the bill that belongs to it.
#[derive(Clone, Default)]
struct Files {
    usage: Vec<String>,
    /// Quantity by day, model and meter.
    bill: BTreeMap<(i32, &'static str, &'static str), u64>,
    /// What the bill takes for a model in percent of the list price, from the onset on.
    dearer: BTreeMap<&'static str, u64>,
    revenue: Vec<String>,
    /// Shuffles the rows of all files, unless it is 0.
    order: u64,
}

/// What a thousand requests of a day consume, in thousands of tokens: input, cached, output.
type Tokens = (u64, u64, u64);

fn day(number: i32) -> Day {
    Day::parse("2026-07-06").unwrap().plus(number)
}

/// Dollars per million tokens.
fn price(model: &str, meter: &str) -> Exact {
    let text = match (model, meter) {
        ("gpt-4o", "input") => "2.5",
        ("gpt-4o", "cache_read") => "1.25",
        ("gpt-4o", "output") => "10",
        ("gpt-4o-mini", "input") => "0.15",
        ("gpt-4o-mini", "output") => "0.6",
        ("gpt-4.1", "input") => "2",
        ("gpt-4.1", "output") => "8",
        ("house-1", "input") => "1",
        other => panic!("no price for {other:?}"),
    };
    Exact::parse(text).unwrap()
}

impl Files {
    fn log(
        &mut self,
        number: i32,
        customer: &str,
        model: &'static str,
        status: &str,
        requests: u64,
        (input, cached, output): Tokens,
    ) {
        let of = |tokens: u64| tokens * requests;
        let (input, cached, output) = (of(input), of(cached), of(output));
        let date = day(number);
        self.usage.push(format!(
            "{date},{customer},search,openai,{model},{status},{requests},{input},{cached},{output},{date}-{customer}-{model}-{status}"
        ));
        for (meter, quantity) in [("input", input), ("cache_read", cached), ("output", output)] {
            if quantity > 0 {
                *self.bill.entry((number, model, meter)).or_default() += quantity;
            }
        }
    }

    fn pays(&mut self, customer: &str, plan: &str, amount: u64) {
        for (start, end) in [
            ("2026-07-01", "2026-08-01"),
            ("2026-08-01", "2026-09-01"),
            ("2026-09-01", "2026-10-01"),
        ] {
            let line = format!("{customer},{start},{end},{amount},USD,{plan}");
            self.revenue.push(line);
        }
    }

    fn costs(&self) -> Vec<String> {
        let line = |((number, model, meter), quantity): (&(i32, &str, &str), &u64)| {
            let percent = match *number >= ONSET {
                true => self.dearer.get(model).copied().unwrap_or(100),
                false => 100,
            };
            let list = price(model, meter) * Exact::from(*quantity);
            let cost = (list * Exact::from(percent)).shift(-8);
            format!("{},openai,{model},{meter},{quantity},{cost}", day(*number))
        };
        self.bill.iter().map(line).collect()
    }

    /// Writes the files and runs the command over them.
    fn leaks(&self, words: &[&str]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        self.leaks_in(folder.path(), words)
    }

    fn leaks_in(&self, folder: &Path, words: &[&str]) -> Run {
        let table = |header: &str, rows: &[String]| {
            let mut text = format!("{header}\n");
            let mut rows = rows.to_vec();
            if self.order > 0 {
                Draw::new(self.order).shuffle(&mut rows);
            }
            for row in rows {
                writeln!(text, "{row}").unwrap();
            }
            text
        };
        let usage = table(
            "date,customer_id,feature,provider,model,status,requests,input_tokens,cache_read_input_tokens,output_tokens,request_id",
            &self.usage,
        );
        let costs = table("date,provider,model,meter,quantity,cost", &self.costs());
        let mut arguments: Vec<String> = ["leaks", "--no-config", "--quiet"]
            .iter()
            .chain(words)
            .map(ToString::to_string)
            .collect();
        arguments.push("--prices".into());
        arguments.push(put(folder, "prices.csv", PRICES));
        arguments.push(put(folder, "usage.csv", usage));
        arguments.push(put(folder, "costs.csv", costs));
        if !self.revenue.is_empty() {
            let header = "customer_id,period_start,period_end,amount,currency,plan";
            arguments.push(put(folder, "revenue.csv", table(header, &self.revenue)));
        }
        tanso(&arguments)
    }
}

/// The price list of a model of one's own: a fifth dearer from 31 August on.
const PRICES: &str = "\
provider,names,from,input,output
openai,house-1,,1,1
openai,house-1,2026-08-31,1.2,1
";

/// One customer for each cause, and some without a leak.
fn planted() -> Files {
    let mut files = Files::default();
    files.dearer.insert("gpt-4.1", 125);
    files.dearer.insert("house-1", 120);
    for at in 0..DAYS {
        let leaks = at >= ONSET;
        // 2.50 for input and 2.00 for output a day; then 4.00 for output.
        let long = if leaks { 400 } else { 200 };
        files.log(at, "longer", "gpt-4o", "ok", 1000, (1000, 0, long));
        // 1.25 + 0.625 a day; then 2.25 + 0.125.
        let (input, cached) = if leaks { (900, 100) } else { (500, 500) };
        files.log(at, "uncached", "gpt-4o", "ok", 1000, (input, cached, 100));
        // 0.15 + 0.30 a day; then 0.18 for the small model and 1.50 + 3.00 for the large one.
        let small = if leaks { 400 } else { 1000 };
        files.log(at, "moved", "gpt-4o-mini", "ok", small, (1000, 0, 500));
        if leaks {
            files.log(at, "moved", "gpt-4o", "ok", 600, (1000, 0, 500));
        }
        // 4.50 a day; then 300 more requests that fail and are billed.
        files.log(at, "retrying", "gpt-4o", "ok", 1000, (1000, 0, 200));
        if leaks {
            files.log(at, "retrying", "gpt-4o", "failed", 300, (1000, 0, 200));
        }
        // 3.60 a day; then a quarter more for the same.
        files.log(at, "dearer", "gpt-4.1", "ok", 1000, (1000, 0, 200));
        // 3.00 a day; then 3.60, as the list says too.
        files.log(at, "repriced", "house-1", "ok", 1000, (3000, 0, 0));
        // 4.50 a day; five times that on two days.
        let times = if at == 80 || at == 81 { 5 } else { 1 };
        files.log(at, "bursting", "gpt-4o", "ok", 1000 * times, (1000, 0, 200));
        files.log(at, "steady", "gpt-4o", "ok", 1000, (1000, 0, 200));
    }
    files
}

fn exact(value: &Value) -> Exact {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("no amount: {value}"));
    Exact::parse(text).unwrap()
}

/// Id → finding.
fn findings(document: &Value) -> BTreeMap<String, Value> {
    let list = document["findings"].as_array().unwrap().iter();
    list.map(|finding| (finding["id"].as_str().unwrap().to_string(), finding.clone()))
        .collect()
}

/// Cause → effect on gross profit; they must sum to the change.
fn causes(finding: &Value) -> BTreeMap<String, String> {
    let list = finding["causes"].as_array().unwrap();
    let sum: Exact = list.iter().map(|cause| exact(&cause["gross_profit"])).sum();
    assert_eq!(sum, exact(&finding["gross_profit_change"]), "{finding}");
    let word = |cause: &Value| {
        let name = cause["cause"].as_str().unwrap().to_string();
        (name, cause["gross_profit"].as_str().unwrap().to_string())
    };
    list.iter().map(word).collect()
}

#[test]
fn planted_causes_come_back_with_planted_amounts() {
    let found = planted().leaks(&["--format", "json"]).json();
    let found = findings(&found);
    // Thirty days of each difference above.
    let expected = [
        ("unit_cost longer", "tokens_per_request", "-60"),
        ("unit_cost uncached", "cache_rate", "-15"),
        ("unit_cost moved", "model_mix", "-126.9"),
        ("unit_cost retrying", "retries", "-40.5"),
        ("unit_cost dearer", "provider_discount", "-27"),
        ("unit_cost repriced", "unit_price", "-18"),
        // Two days of 18.
        ("spike bursting 2026-09-24", "volume", "-36"),
    ];
    for (id, cause, amount) in expected {
        let finding = found.get(id).unwrap_or_else(|| panic!("{id}: {found:#?}"));
        let causes = causes(finding);
        assert_eq!(
            causes,
            [(cause.to_string(), amount.to_string())].into(),
            "{id}"
        );
        assert_eq!(
            exact(&finding["at_risk_per_month"]),
            -Exact::parse(amount).unwrap()
        );
        if !id.starts_with("spike") {
            assert_eq!(finding["since"], "2026-08-31", "{id}");
            assert_eq!(finding["gradual"], false, "{id}");
        }
        let next = finding["next"].as_str().unwrap();
        let customer = finding["customer"].as_str().unwrap();
        assert!(
            next.contains(&format!("tanso explain {customer} ")),
            "{next}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{:?}", found.keys());
    // Thirty days of 4.50 and of 6.50, for 30,000 requests.
    let longer = &found["unit_cost longer"];
    for (side, cost, unit) in [("then", "135", "0.0045"), ("now", "195", "0.0065")] {
        assert_eq!(longer[side]["cost"], cost);
        assert_eq!(longer[side]["requests"], "30000");
        assert_eq!(longer[side]["cost_per_request"], unit);
    }
}

#[test]
fn growth_on_a_flat_price_is_told_with_the_day_it_is_under_water() {
    let mut files = Files::default();
    for at in 0..DAYS {
        // By 3 % a day from the sixth week on; 4.50 a thousand requests.
        let growth = 1.03f64.powi((at - 34).max(0));
        files.log(
            at,
            "grows",
            "gpt-4o",
            "ok",
            (1000.0 * growth) as u64,
            (1000, 0, 200),
        );
        files.log(at, "stays", "gpt-4o", "ok", 1000, (1000, 0, 200));
    }
    files.pays("grows", "pro", 500);
    files.pays("stays", "pro", 500);
    let document = files.leaks(&["--format", "json"]).json();
    let found = findings(&document);
    let finding = &found["falling_profit grows"];
    assert_eq!(found.len(), 1, "{found:#?}");
    let causes = causes(finding);
    let names: Vec<&str> = causes.keys().map(String::as_str).collect();
    assert_eq!(names, ["revenue", "volume"]);
    let since = Day::parse(finding["since"].as_str().unwrap()).unwrap();
    assert!((since.0 - day(35).0).abs() <= 10, "{since}");
    // At the end 500 ∕ 30 = 16.67 a day come in and 4.5 × 1.03^49 = 19.2 go out.
    assert_eq!(finding["underwater"]["days"], 0);
    let margin = |side: &str| exact(&finding[side]["gross_margin"]);
    assert!(margin("then") > margin("now"));
}

/// Nobody counts the requests: half of a million tokens come from the cache, then a tenth. As 1.25 and
/// 0.625 a day become 2.25 and 0.125, thirty days cost 15.00 more.
#[test]
fn without_requests_the_cost_per_token_is_watched() {
    let mut files = Files::default();
    for at in 0..DAYS {
        let (input, cached) = if at >= ONSET { (900, 100) } else { (500, 500) };
        files.log(at, "uncounted", "gpt-4o", "ok", 1000, (input, cached, 100));
        files.log(at, "steady", "gpt-4o", "ok", 1000, (1000, 0, 100));
    }
    for row in &mut files.usage {
        let none = row.replacen(",ok,1000,", ",ok,0,", 1);
        assert_ne!(none, *row);
        *row = none;
    }
    let found = findings(&files.leaks(&["--format", "json"]).json());
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found["unit_cost uncounted"];
    assert_eq!(
        causes(finding),
        [("cache_rate".into(), "-15".into())].into()
    );
    assert_eq!(finding["since"], "2026-08-31");
    // Thirty days of 2.875 and of 3.375 for 1.1 million tokens.
    assert_eq!(finding["finding"], "cost per token +17%, at once");
    for (side, cost, unit) in [
        ("then", "86.25", "0.002613636364"),
        ("now", "101.25", "0.003068181818"),
    ] {
        assert_eq!(finding[side]["cost"], cost);
        assert_eq!(finding[side]["tokens"], "33000000");
        assert_eq!(finding[side]["cost_per_thousand_tokens"], unit);
        assert_eq!(finding[side]["cost_per_request"], Value::Null);
    }
}

/// 500 a month until August and 300 from September on, for the same thousand requests a day.
#[test]
fn who_pays_less_for_the_same_use_is_told_with_what_is_lost() {
    let mut files = Files::default();
    for at in 0..DAYS {
        for customer in ["downgraded", "stays"] {
            files.log(at, customer, "gpt-4o", "ok", 1000, (1000, 0, 200));
        }
        // A third of the use, for a price that falls like the other's.
        let requests = if at < ONSET { 1500 } else { 500 };
        files.log(at, "shrinks", "gpt-4o", "ok", requests, (1000, 0, 200));
    }
    files.pays("stays", "pro", 500);
    for customer in ["downgraded", "shrinks"] {
        files.pays(customer, "pro", 500);
        let last = files.revenue.last_mut().unwrap();
        *last = last.replace(",500,", ",300,");
    }
    let found = findings(&files.leaks(&["--format", "json"]).json());
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found["lower_revenue downgraded"];
    assert_eq!(finding["since"], "2026-09-01");
    // Before: 4 to 31 August, 500.00 less 48.39 until the 3rd (3 ∕ 31), as 30 days of 28. Now: 27 days
    // of September, 270.00, as 30 of 27.
    let (before, now) = ("483.867857142857", "300");
    assert_eq!(finding["then"]["revenue"], before);
    assert_eq!(finding["now"]["revenue"], now);
    let lost = exact(&finding["then"]["revenue"]) - exact(&finding["now"]["revenue"]);
    let expected = [("revenue".to_string(), (-lost).to_string())];
    assert_eq!(causes(finding), expected.into());
    assert_eq!(exact(&finding["at_risk_per_month"]), lost);
    assert_eq!(
        finding["finding"],
        "revenue −38%, at once, for the same use"
    );
}

/// A prompt that grows by twenty tokens a day. Whatever days are compared, cost and cause are those that
/// were planted on them.
#[test]
fn a_drift_is_told_with_the_money_of_its_days() {
    let mut files = Files::default();
    let tokens = |at: i32| 1000 + 20 * u64::try_from((at - 49).max(0)).unwrap();
    for at in 0..DAYS {
        files.log(at, "drifts", "gpt-4o", "ok", 1000, (tokens(at), 0, 0));
        files.log(at, "steady", "gpt-4o", "ok", 1000, (1000, 0, 0));
    }
    let found = findings(&files.leaks(&["--format", "json"]).json());
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found["unit_cost drifts"];
    assert_eq!(finding["gradual"], true);
    let number = |value: &Value| Day::parse(value.as_str().unwrap()).unwrap().0 - day(0).0;
    assert!((number(&finding["since"]) - 50).abs() <= 3, "{finding:#}");
    let month = |side: &str| {
        let (from, to) = (
            number(&finding[side]["start"]),
            number(&finding[side]["end"]),
        );
        // A thousand requests of so many tokens, 2.50 a million.
        let tokens: u64 = (from..to).map(tokens).sum();
        let cost = Exact::from(tokens) * Exact::parse("0.0025").unwrap();
        Exact::ratio(
            cost * Exact::from(30u64),
            Exact::from(i64::from(to - from)),
            12,
        )
        .unwrap()
    };
    let cost = |side: &str| exact(&finding[side]["cost"]);
    assert_eq!(cost("then"), month("then"));
    assert_eq!(cost("now"), month("now"));
    let grown = (month("then") - month("now")).to_string();
    let expected = [("tokens_per_request".to_string(), grown)];
    assert_eq!(causes(finding), expected.into());
}

/// Three requests in a quarter, a month without usage, a customer of ten days, one that left, and
/// days on which more is credited than billed.
#[test]
fn nothing_is_made_of_nothing() {
    let mut files = Files::default();
    for at in 0..DAYS {
        files.log(at, "steady", "gpt-4o", "ok", 1000, (1000, 0, 200));
        if [3, 40, 80].contains(&at) {
            files.log(at, "seldom", "gpt-4o", "ok", 1, (4_000_000, 0, 2_000_000));
        }
        if !(28..58).contains(&at) {
            files.log(at, "pauses", "gpt-4o", "ok", 500, (1000, 0, 200));
        }
        if at >= 74 {
            files.log(at, "begins", "gpt-4o", "ok", 5000, (1000, 0, 200));
        }
        if at < 50 {
            files.log(at, "leaves", "gpt-4o", "ok", 700, (1000, 0, 200));
        }
    }
    for customer in ["steady", "seldom", "pauses", "begins", "leaves"] {
        files.pays(customer, "pro", 400);
    }
    let document = files.leaks(&["--format", "json"]).json();
    assert_eq!(document["findings"], serde_json::json!([]), "{document:#}");
    assert_eq!(document["watched"]["too_short"], 2);
    let table = files.leaks(&[]);
    assert_eq!(table.code, 0);
    assert!(table.out.contains("No leak was found."), "{}", table.out);
    for word in ["NaN", "inf"] {
        assert!(!table.out.contains(word), "{}", table.out);
    }
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let mut files = planted();
    files.pays("longer", "pro", 400);
    files.pays("moved", "pro", 300);
    // The same folder, since the output names the files.
    let folder = tempfile::tempdir().unwrap();
    let table = files.leaks_in(folder.path(), &[]);
    let before = without_inputs(&files.leaks_in(folder.path(), &["--format", "json"]));
    for order in 1..5 {
        files.order = order;
        let after = files.leaks_in(folder.path(), &["--format", "json"]);
        assert!(before == without_inputs(&after), "{}", after.out);
        assert_eq!(table.out, files.leaks_in(folder.path(), &[]).out);
    }
}

#[test]
fn what_somebody_knows_of_is_silent_until_it_is_worse() {
    let files = planted();
    let folder = tempfile::tempdir().unwrap();
    let ids = |text: &str| {
        let acks = put(folder.path(), "acks.toml", text);
        let run = files.leaks(&["--format", "json", "--ack", &acks]);
        let document = run.json();
        let known = document["acknowledged"].as_array().unwrap().len();
        let told = findings(&document);
        (told.contains_key("unit_cost longer"), known)
    };
    let ack = |at_risk: &str| {
        format!(
            "[[ack]]\nfinding = \"unit_cost longer\"\nat_risk = \"{at_risk}\"\nnote = \"new prompts\"\n"
        )
    };
    // 60 a month are at risk.
    assert_eq!(ids(&ack("60")), (false, 1));
    assert_eq!(ids(&ack("55")), (false, 1));
    assert_eq!(ids(&ack("54")), (true, 0));
    assert_eq!(ids(""), (true, 0));
    // The file is read, so it is not written over.
    let acks = put(folder.path(), "acks.toml", ack("60"));
    let run = files.leaks(&["--format", "json", "--ack", &acks, "-o", &acks]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(std::fs::read_to_string(&acks).unwrap(), ack("60"));
    let bad = put(
        folder.path(),
        "bad.toml",
        "[[ack]]\nfinding = \"x\"\nat_risk = \"6O\"\n",
    );
    let run = files.leaks(&["--ack", &bad]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("bad.toml:3:"), "{}", run.err);
}

/// The words of a command line as a shell takes them apart.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => (quoted, any) = (!quoted, true),
            '\\' if !quoted => word.extend(letters.next()),
            ' ' if !quoted => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            other => word.push(other),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

/// Every command that a finding names can be run as it is printed, whatever the customer is called
/// and whatever the run was asked for.
#[test]
fn the_next_commands_run_as_they_are_printed() {
    let mut files = planted();
    for at in 0..DAYS {
        let long = if at >= ONSET { 400 } else { 200 };
        for odd in ["o'neil & sons", "-dash", "a=b"] {
            files.log(at, odd, "gpt-4o", "ok", 1000, (1000, 0, long));
        }
    }
    // The same request with other numbers.
    let twice = files.usage[0].replace(",1000,1000000,", ",1000,999999,");
    assert_ne!(twice, files.usage[0]);
    files.usage.push(twice);
    files.pays("longer", "pro", 400);
    let folder = tempfile::tempdir().unwrap();
    let asked = [
        "--on-conflict",
        "max",
        "--tolerance",
        "3%",
        "--where",
        "provider=openai",
    ];
    let document = files.leaks_in(folder.path(), &[&["--format", "json"][..], &asked].concat());
    let found = findings(&document.json());
    assert_eq!(found.len(), 10, "{:?}", found.keys());
    let example = tanso(&["leaks", "docs/examples/leaks", "--format", "json"]).json();
    for finding in found.into_values().chain(findings(&example).into_values()) {
        let next = finding["next"].as_str().unwrap();
        let (_, line) = next.split_once("next: ").unwrap();
        let line = words(line);
        assert_eq!(line[..2], ["tanso", "explain"], "{next}");
        let run = tanso(&line[1..]);
        assert_eq!(run.code, 0, "{next}: {}", run.err);
        let customer = finding["customer"].as_str().unwrap();
        assert!(run.out.contains(customer), "{}", run.out);
        let month = finding["now"]["end"].as_str().unwrap();
        assert!(
            next.contains(&format!(" --month {}", &month[..7])),
            "{next}"
        );
    }
}

/// The project file names the acknowledgements for every run; the option goes before it.
#[test]
fn the_project_file_names_what_is_known() {
    let files = planted();
    let folder = tempfile::tempdir().unwrap();
    files.leaks_in(folder.path(), &[]);
    let ack = "[[ack]]\nfinding = \"unit_cost longer\"\nat_risk = \"60\"\n";
    put(folder.path(), "known.toml", ack);
    let none = put(folder.path(), "none.toml", "");
    let project = "inputs = [\"usage.csv\", \"costs.csv\"]\nprices = \"prices.csv\"\n[leaks]\nack = \"known.toml\"\n";
    let project = put(folder.path(), "tanso.toml", project);
    let known = |more: &[&str]| {
        let words = ["leaks", "--config", &project, "-f", "json", "-q"];
        let document = tanso(&[&words, more].concat()).json();
        document["acknowledged"].as_array().unwrap().len()
    };
    assert_eq!(known(&[]), 1);
    assert_eq!(known(&["--ack", &none]), 0);
    put(
        folder.path(),
        "tanso.toml",
        "[leaks]\nack = \"nowhere.toml\"\n",
    );
    let run = files.leaks_in(folder.path(), &[]);
    assert_eq!(run.code, 0, "--no-config reads none: {}", run.err);
    let words = [
        "leaks",
        "--config",
        &project,
        &folder.path().join("usage.csv").display().to_string(),
    ]
    .map(str::to_string);
    let run = tanso(&words);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("nowhere.toml"), "{}", run.err);
}

#[test]
fn filters_limit_what_is_looked_at() {
    let files = planted();
    let told = |words: &[&str]| {
        let mut all = vec!["--format", "json"];
        all.extend(words);
        let found = findings(&files.leaks(&all).json());
        found.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(told(&["--where", "customer=longer"]), ["unit_cost longer"]);
    assert_eq!(told(&["--where", "model=gpt-4.1"]), ["unit_cost dearer"]);
    assert_eq!(told(&["--min-money", "100"]), ["unit_cost moved"]);
    assert_eq!(told(&["--top", "1"]), ["unit_cost moved"]);
    let run = files.leaks(&["--where", "month=2026-09"]);
    assert_eq!(run.code, 2, "{}", run.err);
    // A misspelled value is no clean bill of health.
    let run = files.leaks(&["--where", "customer=Longer"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("no row passes the filters"), "{}", run.err);
}

/// Same seed, same bytes; the record is that of `--bench`.
#[test]
fn the_same_seed_gives_the_same_record() {
    let run = || {
        tanso(&[
            "leaks", "--bench", "--seeds", "1", "--seed", "7", "--format", "csv",
        ])
    };
    let (one, other) = (run(), run());
    assert_eq!(one.code, 0);
    assert_eq!(one.out, other.out);
    assert_eq!(one.out.lines().count(), 1 + 8 + 4 + 4);
}
