//! Prices end to end: what is unknown, free or 0 never looks the same; stated and imported prices
//! go before the built-in list; usage priced anew adds up.

use serde_json::Value;

use crate::support::{Run, put, tanso};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            put(folder.path(), name, *text);
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_string()
    }

    /// Runs a command with this folder's project file, if it has one.
    fn run(&self, words: &[&str], files: &[&str]) -> Run {
        let config = self.path("tanso.toml");
        let mut all: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        match std::path::Path::new(&config).exists() {
            true => all.extend(["--config".to_string(), config]),
            false => all.push("--no-config".to_string()),
        }
        all.extend(files.iter().map(|name| self.path(name)));
        tanso(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn report(&self) -> Value {
        self.run(&["report", "--format", "json"], &["usage.csv"])
            .json()
    }
}

fn notes<'v>(document: &'v Value, code: &str) -> Vec<&'v str> {
    let all = document["notes"].as_array().unwrap().iter();
    let of_code = all.filter(|note| note["code"] == code);
    of_code.map(|note| note["text"].as_str().unwrap()).collect()
}

const HEADER: &str =
    "timestamp,request_id,customer,provider,model,service_tier,input_tokens,output_tokens\n";

fn log(rows: &str) -> String {
    HEADER.to_string() + rows
}

#[test]
fn unknown_free_and_zero_are_told_apart() {
    let usage = log("2026-09-01T00:00:00Z,1,acme,openai,unheard-of,,1000,10\n\
                     2026-09-01T00:00:00Z,2,acme,openai,house-model,,2000,20\n\
                     2026-09-01T00:00:00Z,3,acme,openai,zero-model,,3000,30\n\
                     2026-09-01T00:00:00Z,4,acme,openai,gpt-4o-mini,,1000000,0\n");
    let project = "[[price]]\nmodel = \"house-model\"\nfree = true\n\
                   [[price]]\nmodel = \"zero-model\"\nmeter = \"input\"\nper_million = \"0\"\n\
                   [[price]]\nmodel = \"zero-model\"\nmeter = \"output\"\nper_million = \"0.00\"\n";
    let folder = Folder::new(&[("usage.csv", &usage), ("tanso.toml", project)]);
    let report = folder.report();
    // One million input tokens of gpt-4o-mini at 0.15.
    assert_eq!(report["totals"]["cost"], "0.15");
    let unpriced = report["unpriced"].as_array().unwrap();
    assert_eq!(unpriced.len(), 1);
    assert_eq!(unpriced[0]["model"], "unheard-of");
    let [unknown, free, zero] = ["N1003", "N1051", "N1052"].map(|code| notes(&report, code));
    assert!(unknown.len() == 1 && unknown[0].starts_with("unheard-of: neither billed nor priced"));
    assert_eq!(
        free,
        ["house-model: declared free, counts as no cost; requests: 1"]
    );
    assert!(zero.len() == 1 && zero[0].starts_with("zero-model: its listed price is 0"));
    let table = folder.run(&["report"], &["usage.csv"]).out;
    for words in [
        "unpriced  unheard-of",
        "N1051: house-model",
        "N1052: zero-model",
    ] {
        assert!(table.contains(words), "{words}\n{table}");
    }
}

#[test]
fn a_million_calls_of_a_thousandth_of_a_cent_cost_ten_dollars() {
    let usage = "timestamp,customer,provider,model,requests,input_tokens,output_tokens\n\
                 2026-09-01T00:00:00Z,acme,acme-ai,tern,999999,0,0\n\
                 2026-09-02T00:00:00Z,acme,acme-ai,tern,1,0,0\n";
    let project = "[[price]]\nmodel = \"tern\"\nmeter = \"requests\"\nper_unit = \"0.00001\"\n";
    let folder = Folder::new(&[("usage.csv", usage), ("tanso.toml", project)]);
    assert_eq!(folder.report()["totals"]["cost"], "10");
    // The same, one call at a time: a thousand calls of one token each.
    let rows: String = (0..1000)
        .map(|n| format!("2026-09-01T00:00:00Z,r{n},acme,acme-ai,tern,,1,0\n"))
        .collect();
    let project = "[[price]]\nmodel = \"tern\"\nmeter = \"input\"\nper_unit = \"1e-5\"\n";
    let folder = Folder::new(&[("usage.csv", &log(&rows)), ("tanso.toml", project)]);
    assert_eq!(folder.report()["totals"]["cost"], "0.01");
}

#[test]
fn tiers_discounts_and_stated_prices_reach_the_report() {
    // gpt-4o-mini: 0.15 and 0.60 per million; batch is half of it.
    let usage = log(
        "2026-09-01T00:00:00Z,1,acme,openai,gpt-4o-mini,default,1000000,0\n\
                     2026-09-01T00:00:00Z,2,acme,openai,gpt-4o-mini,batch,1000000,1000000\n\
                     2026-09-01T00:00:00Z,3,acme,openai,gpt-4o-mini,priority,1000000,0\n\
                     2026-09-01T00:00:00Z,4,acme,openai,gpt-4o-mini,gold,1000000,0\n",
    );
    let plain = Folder::new(&[("usage.csv", &usage)]);
    let report = plain.report();
    // 0.15 + 0.075 + 0.30 + 0.15; nobody knows what priority costs.
    assert_eq!(report["totals"]["cost"], "0.675");
    assert_eq!(report["unpriced"][0]["requests"], "1");
    assert_eq!(notes(&report, "N1053").len(), 1);

    let project = "[provider.openai]\ndiscount = \"10%\"\ntier = { priority = \"2\", gold = \"1\" }\n\
                   [[price]]\nprovider = \"openai\"\nmodel = \"gpt-4o-mini\"\nmeter = \"output\"\nper_million = \"0.40\"\ntier = \"batch\"\n";
    let stated = Folder::new(&[("usage.csv", &usage), ("tanso.toml", project)]);
    let report = stated.report();
    // 0.9 × (0.15 + 0.075 + 0.30 + 0.15) + 0.40; the stated price has no discount.
    assert_eq!(report["totals"]["cost"], "1.0075");
    assert_eq!(report["unpriced"].as_array().unwrap().len(), 0);
    assert!(notes(&report, "N1053").is_empty());
}

#[test]
fn an_imported_list_goes_before_the_built_in_one() {
    let usage = log(
        "2026-09-01T00:00:00Z,1,acme,openai,gpt-4o-mini,,1000000,0\n\
                     2026-09-01T00:00:00Z,2,acme,openai,gpt-4o,,1000000,0\n",
    );
    let list = r#"{"gpt-4o-mini": {"litellm_provider": "openai", "input_cost_per_token": 2.0e-07, "output_cost_per_token": 8e-07}}"#;
    let project = "prices = \"list.json\"\n";
    let files = [
        ("usage.csv", usage.as_str()),
        ("list.json", list),
        ("tanso.toml", project),
    ];
    let report = Folder::new(&files).report();
    // 0.20 from the list, 2.50 built in.
    assert_eq!(report["totals"]["cost"], "2.7");
    assert_eq!(notes(&report, "N1054").len(), 1);
    let folder = Folder::new(&files[..2]);
    let words = [
        "report",
        "--format",
        "json",
        "--prices",
        &folder.path("list.json"),
    ];
    assert_eq!(
        folder.run(&words, &["usage.csv"]).json()["totals"]["cost"],
        "2.7"
    );
}

#[test]
fn usage_is_priced_anew_at_another_day_or_list() {
    // o3: 10 and 40 per million until 2025-06-09, then 2 and 8.
    let usage = log("2025-06-09T00:00:00Z,1,acme,openai,o3,,1000000,100000\n\
                     2025-06-10T00:00:00Z,2,acme,openai,o3,,1000000,100000\n\
                     2025-06-10T00:00:00Z,3,acme,openai,unheard-of,,5,0\n");
    let list = "provider,names,input,output\nopenai,o3,1,0\nopenai,unheard-of,3,0\n";
    let folder = Folder::new(&[("usage.csv", &usage), ("list.csv", list)]);
    let reprice = |more: &[&str]| {
        let words = [&["prices", "reprice", "--format", "json"], more].concat();
        folder.run(&words, &["usage.csv"]).json()
    };
    for (more, repriced) in [
        (vec![], "5.6"),
        (vec!["--at", "2025-06-09"], "28"),
        (
            vec!["--at", "2026-01-01", "--with", &folder.path("list.csv")],
            "2",
        ),
    ] {
        let found = reprice(&more);
        let totals = &found["totals"];
        assert_eq!(
            (&totals["cost"], &totals["repriced"]),
            (&"16.8".into(), &repriced.into()),
            "{found}"
        );
        assert_eq!(notes(&found, "N1003").len(), 1);
        let rows = found["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[1]["cost"]), (2, &Value::Null));
    }
    let none = folder.run(&["prices", "reprice", "--at", "soon"], &["usage.csv"]);
    assert_eq!(none.code, 2);
}

#[test]
fn printed_prices_can_be_imported_again() {
    let folder = Folder::new(&[]);
    let all = folder.path("all.csv");
    assert_eq!(folder.run(&["prices", "-o", &all], &[]).code, 0);
    let changes = folder
        .run(&["prices", "diff", "embedded", &all, "-f", "json"], &[])
        .json();
    assert_eq!(changes["rows"].as_array().unwrap().len(), 0);
    let list =
        "provider,names,input\nopenai,gpt-4o-mini-2024-07-18 gpt-4o-mini,0.30\nacme,tern,1\n";
    let list = put(folder.0.path(), "list.csv", list);
    let changes = folder
        .run(&["prices", "diff", "embedded", &list, "-f", "jsonl"], &[])
        .out;
    let of = |model: &str, meter: &str| {
        let rows = changes
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut rows = rows.filter(|row| {
            row["model"] == model && row["meter"] == meter && row["provider"] != "azure"
        });
        rows.next().unwrap()
    };
    let mini = of("gpt-4o-mini-2024-07-18", "input");
    assert_eq!(
        (&mini["old"], &mini["new"], &mini["change"]),
        (&"0.15".into(), &"0.3".into(), &"1".into())
    );
    assert_eq!(
        (&of("tern", "input")["old"], &of("o3", "output")["new"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_name_is_found_exactly_or_not_at_all() {
    let folder = Folder::new(&[]);
    let find =
        |words: &[&str]| folder.run(&[&["prices", "find", "-f", "json"], words].concat(), &[]);
    let found = find(&[
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "--provider",
        "bedrock",
    ])
    .json();
    assert_eq!(found["rows"][0]["input"], "3.3");
    let o3 = find(&["o3", "--provider", "openai", "--on", "2025-06-09"]).json();
    assert_eq!(
        (
            &o3["rows"][0]["input"],
            o3["rows"].as_array().unwrap().len()
        ),
        (&"10".into(), 1)
    );
    let none = find(&["gpt-4o-mini-foo"]);
    assert_eq!(none.code, 1);
    assert!(
        none.err.contains("Nearest names: gpt-4o-mini,"),
        "{}",
        none.err
    );
}

#[test]
fn a_discount_is_told_beside_the_list_price() {
    let folder = Folder::new(&[
        (
            "list.csv",
            "provider,names,input,output\nkestrel-ai,tern-1,4,16\n",
        ),
        (
            "tanso.toml",
            "prices = \"list.csv\"\n[provider.kestrel-ai]\ndiscount = \"15%\"\n",
        ),
    ]);
    let found = folder.run(&["prices", "find", "tern-1", "--format", "json"], &[]);
    // 4 − 0.60 and 16 − 2.40.
    let told = notes(&found.json(), "N1088").join("\n");
    assert!(
        told.contains("15 %") && told.contains("input list 4, net 3.4"),
        "{told}"
    );
    assert!(told.contains("output list 16, net 13.6"), "{told}");
    let other = folder.run(&["prices", "find", "gpt-4o", "--format", "json"], &[]);
    assert!(notes(&other.json(), "N1088").is_empty());
}

#[test]
fn the_imported_list_is_an_input_of_every_report() {
    let list = "provider,names,input,output\nkestrel-ai,tern-1,4,16\n";
    let usage = log("2026-09-01T00:00:00Z,1,acme,kestrel-ai,tern-1,,1000000,0\n");
    let folder = Folder::new(&[
        ("list.csv", list),
        ("usage.csv", &usage),
        ("tanso.toml", "prices = \"list.csv\"\n"),
    ]);
    let report = folder.report();
    let inputs = report["inputs"].as_array().unwrap().iter();
    let mut lists = inputs.filter(|input| input["path"] == "list.csv");
    let input = lists.next().expect("the list is an input");
    assert_eq!(
        input["sha256"],
        "eb91e4e2148bcf1f8504ee06a6c817fdf3014b4863f2577636a8fd797f4bf61e"
    );
    assert_eq!(input["bytes"], list.len());
    assert_eq!(input["rows"]["used"], 1);
}
