//! Cost by customer where rules of their own apply, on small files. Every number is worked out in
//! the comment beside it.

use std::collections::BTreeMap;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Run, put, tanso};

/// A folder with files, reported from there.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(files: &[(&str, &str)]) -> Files {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            put(folder.path(), name, content);
        }
        Files { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_string()
    }

    /// Runs `tanso report` on all files of the folder; `tanso.toml` and `mapping.csv` are what their
    /// names say.
    fn report(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["report".to_string()];
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        if !names.iter().any(|name| name == "tanso.toml") {
            all.push("--no-config".into());
        }
        for name in names {
            match name.as_str() {
                "tanso.toml" => all.extend(["--config".into(), self.path(&name)]),
                "mapping.csv" => all.extend(["-m".into(), self.path(&name)]),
                _ => all.push(self.path(&name)),
            }
        }
        all.extend(arguments.iter().map(ToString::to_string));
        tanso(&all)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        self.report(&all).json()
    }
}

/// One figure of every row, by the row's label of a dimension.
fn column(report: &Value, by: &str, figure: &str) -> BTreeMap<String, String> {
    let rows = report["rows"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or("null").to_string();
    rows.map(|row| (text(&row[by]), text(&row[figure])))
        .collect()
}

/// Pairs as [`column`] gives them.
fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(a, b): &(&str, &str)| (a.to_string(), b.to_string());
    pairs.iter().map(own).collect()
}

/// The unattributed amounts by reason.
fn unattributed(report: &Value) -> BTreeMap<String, String> {
    let list = report["unattributed"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    list.map(|part| (text(&part["reason"]), text(&part["amount"])))
        .collect()
}

/// The texts of the notes with a code.
fn notes(report: &Value, code: &str) -> Vec<String> {
    let notes = report["notes"].as_array().unwrap().iter();
    let notes = notes.filter(|note| note["code"] == code);
    notes
        .map(|note| note["text"].as_str().unwrap().to_string())
        .collect()
}

const TWO_CUSTOMERS: &str = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens
2026-10-05T08:00:00Z,r1,acme,openai,gpt-4o,600,0
2026-10-05T09:00:00Z,r2,umbra,openai,gpt-4o,300,0
";

#[test]
fn capacity_that_nobody_used_is_a_row_of_its_own() {
    let files = Files::new(&[
        ("usage.csv", TWO_CUSTOMERS),
        (
            "costs.csv",
            "date,provider,model,meter,quantity,cost,type\n\
             2026-10-05,openai,gpt-4o,input,900,90,\n\
             2026-10-05,openai,,,,50,idle commitment\n\
             2026-10-05,openai,,,,-14,credit\n",
        ),
    ]);
    let report = files.json(&[]);
    // The credit follows 60, 30 and 50 of 140: −6, −3 and −5.
    assert_eq!(
        column(&report, "customer", "cost"),
        pairs(&[("acme", "54"), ("umbra", "27")])
    );
    assert_eq!(
        unattributed(&report),
        pairs(&[
            ("idle commitment", "50"),
            ("credits and tax of unattributed cost", "-5"),
        ])
    );
    assert_eq!(report["tie"]["bill"][0]["billed"], "126");
    assert_eq!(report["tie"]["bill"][0]["unattributed"], "45");
}

#[test]
fn by_basis_the_totals_keep_requests_and_tokens() {
    let files = Files::new(&[
        ("usage.csv", TWO_CUSTOMERS),
        (
            "costs.csv",
            "date,provider,model,meter,quantity,cost,type\n\
             2026-10-05,openai,gpt-4o,input,900,90,\n\
             2026-10-05,openai,,,,-9,credit\n",
        ),
    ]);
    let whole = files.json(&[])["totals"].clone();
    assert_eq!(whole["requests"], "2");
    assert_eq!(whole["meters"]["input"], "900");
    for by in ["basis", "customer,basis", "basis,month"] {
        let report = files.json(&["--by", by]);
        for name in ["requests", "meters", "cost", "cost_by_basis"] {
            assert_eq!(report["totals"][name], whole[name], "{by} {name}");
        }
        for row in report["rows"].as_array().unwrap() {
            assert_eq!(row["requests"], Value::Null, "absent is not zero");
            assert_eq!(row["meters"], Value::Null);
        }
    }
    // What only the requests of one basis would be, nobody knows.
    let report = files.json(&["--where", "basis=metered"]);
    assert_eq!(report["totals"]["requests"], Value::Null);
    assert_eq!(report["totals"]["cost"], "90");
    let table = files.report(&["--by", "basis"]).out;
    let total = table.lines().find(|line| line.contains("Total")).unwrap();
    let figures: Vec<&str> = total.split_whitespace().collect();
    // 90 metered, −9 allocated.
    assert_eq!(figures, ["Total", "81.00", "100%", "2", "–"]);
    assert!(
        table.contains("requests and tokens have no basis"),
        "{table}"
    );
}

/// Two days of gpt-4o at 2.50 per million input tokens, billed without quantities.
fn rounding(costs: [&str; 2]) -> Files {
    let bill = costs.map(|cost| format!("openai,gpt-4o,input,{cost}\n"));
    Files::new(&[
        (
            "usage.csv",
            "timestamp,request_id,customer,provider,model,input_tokens,output_tokens\n\
             2026-10-05T08:00:00Z,r1,acme,openai,gpt-4o,200000,0\n\
             2026-10-06T09:00:00Z,r2,umbra,openai,gpt-4o,50000,0\n",
        ),
        (
            "costs.csv",
            &format!(
                "date,provider,model,meter,cost\n2026-10-05,{}2026-10-06,{}",
                bill[0], bill[1]
            ),
        ),
    ])
}

#[test]
fn a_bill_that_trims_zeros_is_as_exact_as_its_finest_amount() {
    // Book: 200,000 × 2.5 ∕ 10⁶ = 0.5 and 50,000 × 2.5 ∕ 10⁶ = 0.125. Billed 0.64 or so: 1 % is 0.0064.
    // With 0.5 and 0.140000 the gap is 0.015, which one digit (0.05) would allow and six do not.
    let report = rounding(["0.5", "0.140000"]).json(&[]);
    assert_eq!(
        unattributed(&report),
        pairs(&[("unlogged usage or price", "0.015")])
    );
    // With one digit written everywhere, 0.05 a line: 0.5 and 0.2 may be 0.625 rounded.
    let report = rounding(["0.5", "0.2"]).json(&[]);
    assert_eq!(unattributed(&report), pairs(&[]));
    assert_eq!(report["rows"][0]["cost"], "0.5");
}

#[test]
fn one_charge_without_a_quantity_is_told() {
    let files = Files::new(&[
        ("usage.csv", TWO_CUSTOMERS),
        (
            "costs.csv",
            "date,provider,model,meter,quantity,cost\n\
             2026-10-04,openai,gpt-4o,input,100,10\n\
             2026-10-05,openai,gpt-4o,input,900,90\n\
             2026-10-06,openai,gpt-4o,input,,2.5\n\
             2026-10-06,openai,gpt-4o-mini,input,,2.5\n",
        ),
    ]);
    let report = files.json(&[]);
    // Of gpt-4o-mini no charge has a quantity: that is how the bill is.
    assert_eq!(
        notes(&report, "N1061"),
        [
            "openai gpt-4o input: charges without a quantity: 1 of 3, 2.50 USD of 102.50 USD; \
             so all of 2026-10 is compared with the log in money, not in quantities"
        ]
    );
}

#[test]
fn a_log_without_tokens_is_not_said_to_lack_prices() {
    let files = Files::new(&[
        (
            "usage.csv",
            "timestamp,request_id,customer,provider,requests\n\
             2026-10-05T08:00:00Z,r1,acme,openai,3\n\
             2026-10-05T09:00:00Z,r2,umbra,openai,1\n",
        ),
        ("costs.csv", "date,provider,cost\n2026-10-05,openai,40\n"),
    ]);
    let report = files.json(&[]);
    assert_eq!(unattributed(&report), pairs(&[("unpriced usage", "40")]));
    assert_eq!(
        notes(&report, "N1012"),
        [
            "charges of 40.00 USD cover usage of which the log has no tokens and no cost, so nothing \
             can share them out; log tokens, or a cost of each row"
        ]
    );
}

const TWO_PROVIDERS: &str = "\
date,provider,model,meter,quantity,cost
2026-10-05,openai,gpt-4o,input,1000,100
2026-10-05,anthropic,claude-haiku-4-5,input,500,7
";

/// The rows of a CSV report: cells by column.
fn csv(run: &Run) -> Vec<BTreeMap<String, String>> {
    assert_eq!(run.code, 0, "{}", run.err);
    let mut lines = run.out.lines().map(|line| line.split(','));
    let header: Vec<&str> = lines.next().unwrap().collect();
    let row = |cells: std::str::Split<'_, char>| {
        let pairs = header.iter().zip(cells);
        pairs.map(|(a, b)| (a.to_string(), b.to_string())).collect()
    };
    lines.map(row).collect()
}

#[test]
fn cost_without_a_customer_keeps_its_provider() {
    let files = Files::new(&[("usage.csv", TWO_CUSTOMERS), ("costs.csv", TWO_PROVIDERS)]);
    // Of 1,000 billed tokens 900 are logged: 10.00 of openai is nobody's, and all of anthropic.
    for (by, columns, expected) in [
        (
            "provider",
            vec!["provider"],
            [
                vec!["(unattributed) anthropic"],
                vec!["(unattributed) openai"],
            ],
        ),
        (
            "month,provider",
            vec!["month", "provider"],
            [
                vec!["2026-10", "(unattributed) anthropic"],
                vec!["2026-10", "(unattributed) openai"],
            ],
        ),
        (
            "provider,customer",
            vec!["provider", "customer"],
            [
                vec!["anthropic", "(unattributed)"],
                vec!["openai", "(unattributed)"],
            ],
        ),
    ] {
        let rows = csv(&files.report(&["--by", by, "--format", "csv"]));
        let nobody: Vec<_> = rows
            .iter()
            .filter(|row| row["kind"] == "unattributed")
            .collect();
        assert_eq!(nobody.len(), 2, "{by}");
        for ((row, labels), cost) in nobody.iter().zip(&expected).zip(["7.00", "10.00"]) {
            let found: Vec<&str> = columns.iter().map(|name| row[*name].as_str()).collect();
            assert_eq!(&found, labels, "{by}");
            assert_eq!(row["cost"], cost, "{by}");
        }
    }
}

#[test]
fn a_filter_by_model_takes_the_names_that_attribution_takes() {
    let files = Files::new(&[
        (
            "usage.csv",
            "timestamp,request_id,customer,provider,model,input_tokens,output_tokens\n\
             2026-10-05T08:00:00Z,r1,acme,openai,gpt-4o-mini,600,0\n\
             2026-10-05T09:00:00Z,r2,umbra,openai,gpt-4o-mini-2024-07-18,300,0\n\
             2026-10-05T09:00:00Z,r3,umbra,openai,gpt-4.1-2025-04-14,300,0\n",
        ),
        (
            "costs.csv",
            "date,provider,model,meter,quantity,cost\n\
             2026-10-05,openai,gpt-4o-mini-2024-07-18,input,1000,100\n\
             2026-10-05,openai,gpt-4.1-2025-04-14,input,300,5\n",
        ),
    ]);
    let cost = |filter: &str| {
        let report = files.json(&["--where", filter]);
        report["totals"]["cost"].as_str().unwrap().to_string()
    };
    // 60 + 30 and the 10 that nobody logged, whichever of its names is asked for.
    assert_eq!(cost("model=gpt-4o-mini"), "100");
    assert_eq!(cost("model=gpt-4o-mini-2024-07-18"), "100");
    assert_eq!(cost("model=gpt-4.1-2025-04-14"), "5");
    // Log and bill both date every name of gpt-4.1, so its versions are models of their own; a name
    // without a date is all of them.
    assert_eq!(cost("model=gpt-4.1"), "5");
    let none = files.report(&["--where", "model=gpt-4.1-2025-04-15"]);
    assert_eq!((none.code, none.err.contains("no row passes")), (2, true));
    assert_eq!(cost("model!=gpt-4o-mini"), "5");
    assert_eq!(cost("model=gpt-4o-mini,gpt-4.1-2025-04-14"), "105");
}

const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,invoice_id
acme,2026-10-01,2026-11-01,99.00,USD,INV-1
stranger,2026-10-01,2026-11-01,5.00,USD,INV-2
kestrel,2026-10-01,2026-11-01,-1.00,USD,INV-3
";

#[test]
fn a_cost_that_nobody_knows_proves_no_profit() {
    // Revenue alone: nothing says what acme costs. Negative revenue is a loss at any cost.
    let alone = Files::new(&[("revenue.csv", REVENUE)]).json(&[]);
    let verdicts = pairs(&[
        ("acme", "cost_unknown"),
        ("kestrel", "proven_loss"),
        ("stranger", "cost_unknown"),
    ]);
    assert_eq!(column(&alone, "customer", "verdict"), verdicts);
    // A bill that reaches nobody says no more.
    let bill = "date,provider,cost\n2026-10-05,openai,40\n";
    let billed = Files::new(&[("revenue.csv", REVENUE), ("costs.csv", bill)]).json(&[]);
    assert_eq!(column(&billed, "customer", "verdict"), verdicts);
    // With the log it reaches acme and umbra; the stranger is nobody until somebody maps it.
    let whole = Files::new(&[
        ("revenue.csv", REVENUE),
        ("costs.csv", bill),
        ("usage.csv", TWO_CUSTOMERS),
        (
            "mapping.csv",
            "customer,source,id\nacme,usage,acme\nacme,revenue,acme\nkestrel,revenue,kestrel\n",
        ),
    ]);
    let whole = whole.json(&["--residual", "spread"]);
    assert_eq!(
        column(&whole, "customer", "verdict"),
        pairs(&[
            ("(unmapped) revenue:stranger", "null"),
            ("(unmapped) usage:umbra", "null"),
            ("acme", "proven_profit"),
            ("kestrel", "proven_loss"),
        ])
    );
}

/// Acme with three requests and 600 + 200 tokens, umbra with one of 300, the own account `tests`
/// with one of 900, an id that nobody has with one of 100, and kestrel with revenue alone.
const SHARED_USAGE: &str = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens
2026-10-05T08:00:00Z,r1,acme,openai,gpt-4o,600,0
2026-10-05T08:30:00Z,r2,acme,openai,gpt-4o,100,0
2026-10-05T08:40:00Z,r3,acme,openai,gpt-4o,100,0
2026-10-05T09:00:00Z,r4,umbra,openai,gpt-4o,300,0
2026-10-05T09:00:00Z,r5,tests,openai,gpt-4o,900,0
2026-10-05T09:00:00Z,r6,org_9,openai,gpt-4o,100,0
";
const SHARED_MAPPING: &str = "\
customer,source,id,kind
acme,usage,acme,
umbra,usage,umbra,
kestrel,revenue,kestrel,
acme,revenue,acme,
tests,usage,tests,internal
";
/// 1 a token, 2,000 in all, and 90 of hosting.
const SHARED_COSTS: &str = "\
date,provider,model,meter,quantity,cost,item
2026-10-05,openai,gpt-4o,input,2000,2000,
2026-10-05,hosting,,,,30,disk
2026-10-06,hosting,,,,60,servers
";
const SHARED_REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,invoice_id
acme,2026-10-01,2026-11-01,3000.00,USD,INV-1
kestrel,2026-10-01,2026-11-01,1000.00,USD,INV-2
";

fn shared(project: &str) -> Files {
    Files::new(&[
        ("usage.csv", SHARED_USAGE),
        ("mapping.csv", SHARED_MAPPING),
        ("costs.csv", SHARED_COSTS),
        ("revenue.csv", SHARED_REVENUE),
        ("tanso.toml", project),
    ])
}

/// What everyone is allocated.
fn allocated(report: &Value) -> BTreeMap<String, String> {
    let rows = report["rows"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let pairs = rows.map(|row| {
        let part = &row["cost_by_basis"]["allocated"];
        (text(&row["customer"]), text(part))
    });
    pairs.filter(|(_, part)| part != "0").collect()
}

/// A `[[shared]]` of 120 a month with these lines.
fn of_120(rule: &str) -> String {
    format!(
        "[[shared]]\nname = \"vectors\"\namount = \"120\"\n{rule}\n[[shared]]\nname = \"h\"\nprovider = \"hosting\"\nsplit = \"fixed\"\nweights = {{ kestrel = \"1\" }}\n"
    )
}

#[test]
fn shared_costs_are_divided_by_their_rule() {
    let nobody = "(unmapped) usage:org_9";
    for (rule, acme, umbra, kestrel, org_9) in [
        // Three customers have usage or revenue.
        ("split = \"even\"", "40", "40", "130", None),
        // Direct and metered: acme 800, umbra 300, org_9 100 of 1,200; tests has no part.
        ("split = \"proportional\"", "80", "30", "90", Some("10")),
        (
            "split = \"fixed\"\nweights = { acme = \"0.75\", umbra = \"0.25\" }",
            "90",
            "30",
            "90",
            None,
        ),
        // Requests: 3, 1 and 1 of 5.
        ("split = \"driver:requests\"", "72", "24", "90", Some("24")),
        ("split = \"driver:input\"", "80", "30", "90", Some("10")),
        // 3,000 and 1,000 of 4,000.
        ("split = \"driver:revenue\"", "90", "", "120", None),
        // 30 even, then 60 by requests, then 30 by revenue:
        // acme 10 + 36 + 22.5, umbra 10 + 12, kestrel 10 + 7.5 + 90, org_9 12.
        (
            "tiers = [{ up_to = \"30\", split = \"even\" }, { up_to = \"90\", split = \"driver:requests\" }, { split = \"driver:revenue\" }]",
            "68.5",
            "22",
            "107.5",
            Some("12"),
        ),
    ] {
        let report = shared(&of_120(rule)).json(&[]);
        let mut expected = pairs(&[("acme", acme), ("kestrel", kestrel)]);
        expected.extend((!umbra.is_empty()).then(|| ("umbra".to_string(), umbra.to_string())));
        expected.extend(org_9.map(|part| (nobody.to_string(), part.to_string())));
        assert_eq!(allocated(&report), expected, "{rule}");
        let tie = &report["tie"]["shared"];
        assert_eq!(tie[0]["amount"], "120", "{rule}");
        assert_eq!(tie[0]["allocated"], "120", "{rule}");
        assert_eq!(tie[0]["difference"], "0", "{rule}");
        // The hosting is in its bill's tie too, once.
        assert_eq!(tie[1]["amount"], "90", "{rule}");
        assert_eq!(report["tie"]["bill"][0]["provider"], "hosting");
        assert_eq!(report["tie"]["bill"][0]["allocated"], "90");
        assert_eq!(report["totals"]["cost"], "2210", "{rule}");
        // Every view has the same total.
        for by in [
            "month",
            "feature",
            "provider",
            "model,basis",
            "day,customer",
        ] {
            let view = shared(&of_120(rule)).json(&["--by", by]);
            assert_eq!(view["totals"]["cost"], "2210", "{rule} by {by}");
            assert_eq!(
                view["totals"]["cost_by_basis"],
                report["totals"]["cost_by_basis"]
            );
        }
    }
}

#[test]
fn a_shared_cost_without_anybody_is_unattributed() {
    let project = "[[shared]]\nname = \"vectors\"\namount = \"120\"\nsplit = \"driver:images\"\n";
    let report = shared(project).json(&[]);
    assert_eq!(unattributed(&report)["nobody to share with"], "120");
    assert_eq!(report["tie"]["shared"][0]["allocated"], "0");
    assert_eq!(report["tie"]["shared"][0]["unattributed"], "120");
}

#[test]
fn an_item_of_a_bill_is_shared_and_the_rest_of_the_bill_is_not() {
    let project = "[[shared]]\nname = \"disks\"\nitem = \"disk\"\nsplit = \"driver:input\"\n\
                   [[shared]]\nname = \"gone\"\nprovider = \"nobody\"\nsplit = \"even\"\n";
    let report = shared(project).json(&[]);
    // 30 by 800, 300 and 100 tokens; the servers have no usage.
    assert_eq!(
        allocated(&report),
        pairs(&[
            ("acme", "20"),
            ("umbra", "7.5"),
            ("(unmapped) usage:org_9", "2.5")
        ])
    );
    assert_eq!(unattributed(&report), pairs(&[("no usage", "60")]));
    assert_eq!(
        notes(&report, "N1062"),
        ["shared cost \"gone\": no charge of the period is for it"]
    );
}

#[test]
fn months_that_the_period_has_in_part_count_by_their_days() {
    let project = "[[shared]]\nname = \"vectors\"\namount = \"310\"\nsplit = \"even\"\n";
    let files = shared(project);
    let amount = |from: &str, to: &str| {
        let report = files.json(&["--from", from, "--to", to]);
        report["tie"]["shared"][0]["amount"]
            .as_str()
            .unwrap()
            .to_string()
    };
    assert_eq!(amount("2026-10-01", "2026-10-11"), "100");
    assert_eq!(amount("2026-10-11", "2026-11-01"), "210");
    // Ten days of October are 100, fifteen of thirty in November 155.
    assert_eq!(amount("2026-10-22", "2026-11-16"), "255");
}

#[test]
fn a_shared_cost_that_is_not_understood_has_its_line() {
    let refused = |project: &str, words: &[&str]| {
        let run = shared(project).report(&[]);
        assert_eq!(run.code, 2, "{project}\n{}", run.err);
        assert!(run.err.contains("error[T1010]"), "{}", run.err);
        for word in words {
            assert!(run.err.contains(word), "{word:?} is not in {}", run.err);
        }
    };
    let head = "currency = \"USD\"\n[[shared]]\nname = \"v\"\n";
    let with = |lines: &str| format!("{head}{lines}\n");
    refused(&with("amout = \"1\""), &["tanso.toml:4:1", "\"amount\""]);
    refused(
        &with("amount = 1.5\nsplit = \"even\""),
        &["tanso.toml:4:", "quote it"],
    );
    refused(
        &with("amount = \"1\"\namount = \"2\""),
        &["tanso.toml:5:1", "duplicate key"],
    );
    refused(
        &with("amount = \"1\"\nsplit = \"evenly\""),
        &["tanso.toml:2:1", "evenly", "driver:requests"],
    );
    refused(
        &with("split = \"even\""),
        &["tanso.toml:2:1", "needs one of amount"],
    );
    refused(&with("amount = \"1\""), &["needs one of split and tiers"]);
    refused(
        &with("amount = \"1e3\"\nsplit = \"fixed\""),
        &["tanso.toml:2:1"],
    );
    refused(
        &with("amount = \"1\"\nsplit = \"fixed\"\nweights = { acme = \"0.6\", umbra = \"0.3\" }"),
        &["do not sum to 1"],
    );
    refused(
        &with("amount = \"1\"\nsplit = \"fixed\"\nweights = { acme = 0.6 }"),
        &["tanso.toml:6:", "quote it"],
    );
    refused(
        &with("amount = \"1\"\nsplit = \"fixed\"\nweights = { tests = \"1\" }"),
        &["\"tests\" in weights is no customer", "internal"],
    );
    refused(
        &with("amount = \"1\"\ntiers = [{ up_to = \"5\", split = \"even\" }]"),
        &["do not rise to an open end"],
    );
    refused(
        &with(
            "amount = \"1\"\nsplit = \"even\"\n[[shared]]\nname = \"v\"\namount = \"2\"\nsplit = \"even\"",
        ),
        &["tanso.toml:6:1", "the same name"],
    );
}

/// Two calls of gpt-4o with 1,000,000 input and 100,000 output tokens each: 2.50 + 1.00 at the list.
const TWO_CALLS: &str = "timestamp,customer_id,provider,model,request_id,input_tokens,output_tokens,status\n\
    2026-10-05T10:00:00Z,acme,openai,gpt-4o,r1,1000000,100000,success\n\
    2026-10-05T11:00:00Z,umbra,openai,gpt-4o,r2,1000000,100000,success\n";

#[test]
fn a_call_without_tokens_takes_no_bill_from_the_others() {
    let bill = "date,provider,cost\n2026-10-05,openai,7.00\n";
    for row in [
        "2026-10-05T12:00:00Z,acme,openai,gpt-4o,r3,0,0,failed\n",
        "2026-10-05T12:00:00Z,acme,openai,gpt-4o,r3,0,0,success\n",
    ] {
        let log = format!("{TWO_CALLS}{row}");
        let files = Files::new(&[("bill.csv", bill), ("usage.csv", &log)]);
        let report = files.json(&[]);
        // Both used the same.
        let cost = column(&report, "customer", "cost");
        assert_eq!(cost["acme"], "3.5", "{row}");
        assert_eq!(cost["umbra"], "3.5", "{row}");
        assert_eq!(report["unpriced"], serde_json::json!([]), "{row}");
    }
}

#[test]
fn a_meter_without_a_price_leaves_the_others_priced() {
    let call = |id: &str, who: &str, more: &str| {
        format!(
            "{{\"uuid\":\"{id}\",\"event\":\"$ai_generation\",\"timestamp\":\"2026-10-05T00:00:00Z\",\"distinct_id\":\"{who}\",\"properties\":{{\"$ai_model\":\"gpt-4o\",\"$ai_provider\":\"openai\",\"$ai_input_tokens\":1000000,\"$ai_output_tokens\":100000{more}}}}}\n"
        )
    };
    let searches = ",\"$ai_web_search_count\":3";
    let log = call("u1", "acme", searches) + &call("u2", "umbra", "");
    let files = Files::new(&[("usage.jsonl", &log)]);
    let report = files.json(&[]);
    let cost = column(&report, "customer", "cost");
    assert_eq!(
        (cost["acme"].as_str(), cost["umbra"].as_str()),
        ("3.5", "3.5")
    );
    // The three searches are told, and nothing else.
    assert_eq!(
        report["unpriced"][0]["meters"],
        serde_json::json!({"web_searches": "3"})
    );
    assert_eq!(report["unpriced"].as_array().unwrap().len(), 1);
    let told = notes(&report, "N1003");
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("web_searches 3"), "{}", told[0]);
}

/// October's bill: 100k tokens a day at 2.50 a million, one charge.
const OCTOBER: &str = "\
period_start,period_end,provider,model,meter,quantity,cost
2026-10-01,2026-11-01,openai,gpt-4o,input,3100000,7.75
";

/// 100k tokens of acme on each of these days of October.
fn a_day_each(days: std::ops::RangeInclusive<u32>) -> String {
    let mut log = String::from("timestamp,customer_id,provider,model,request_id,input_tokens\n");
    for day in days {
        log += &format!("2026-10-{day:02}T12:00:00Z,acme,openai,gpt-4o,r{day},100000\n");
    }
    log
}

#[test]
fn usage_outside_the_period_fills_no_gap_inside() {
    // Ten of 31 days: 1,000,000 tokens for 2.50. Nine days are logged, 900,000 tokens: 2.25. What
    // umbra used on the eleventh explains nothing of the tenth.
    let inside = a_day_each(1..=9);
    let outside = inside.clone() + "2026-10-11T12:00:00Z,umbra,openai,gpt-4o,u,100000\n";
    for log in [&inside, &outside] {
        let files = Files::new(&[("bill.csv", OCTOBER), ("log.csv", log)]);
        let report = files.json(&["--from", "2026-10-01", "--to", "2026-10-11"]);
        let costs = column(&report, "customer", "cost");
        assert_eq!(costs["acme"], "2.25");
        assert_eq!(report["totals"]["cost"], "2.5");
        assert!(!costs.contains_key("umbra"));
    }
}

#[test]
fn days_before_and_after_the_period_do_not_make_the_log_exceed_the_bill() {
    // Every day is logged as billed, so every part of the month agrees with its part of the bill.
    let files = Files::new(&[("bill.csv", OCTOBER), ("log.csv", &a_day_each(1..=31))]);
    for (from, to, cost) in [
        ("2026-10-01", "2026-10-02", "0.25"),
        ("2026-10-05", "2026-10-11", "1.5"),
    ] {
        let report = files.json(&["--from", from, "--to", to]);
        assert_eq!(column(&report, "customer", "cost")["acme"], cost);
        let notes = report["notes"].as_array().unwrap();
        assert!(notes.iter().all(|note| note["code"] != "N1009"), "{from}");
    }
}

#[test]
fn usage_after_midnight_counts_for_the_gap_if_it_is_of_the_period() {
    // The bill has all 200,000 tokens (0.50) on the second, the log half of them on the third, on
    // which the bill covers another model only (its 0.015 go to acme, the only customer).
    let bill = "\
date,provider,model,meter,quantity,cost
2026-10-02,openai,gpt-4o,input,200000,0.50
2026-10-03,openai,gpt-4o-mini,input,100000,0.015
";
    let log = a_day_each(2..=3) + "2026-10-03T12:00:00Z,acme,openai,gpt-4o-mini,m,100000\n";
    let files = Files::new(&[("bill.csv", bill), ("log.csv", &log)]);
    let acme = |arguments: &[&str]| {
        let report = files.json(arguments);
        let attributed = column(&report, "customer", "cost")["acme"].clone();
        let total = report["totals"]["cost"].as_str().unwrap().to_string();
        (attributed, total)
    };
    let both = ("0.515".to_string(), "0.515".to_string());
    assert_eq!(acme(&["--from", "2026-10-02", "--to", "2026-10-04"]), both);
    // Without the third, half of the second is not logged.
    assert_eq!(
        acme(&["--from", "2026-10-02", "--to", "2026-10-03"]),
        ("0.25".to_string(), "0.5".to_string())
    );
    // Seven hours behind UTC, UTC's third begins on the second at 17:00 and belongs to it whole,
    // although noon UTC is the third there too.
    let west = ["--tz", "America/Los_Angeles"];
    let days = ["--from", "2026-10-01", "--to", "2026-10-03"];
    assert_eq!(acme(&[&west[..], &days].concat()), both);
    // UTC's second belongs to the first; what was used on its third fills no gap of that.
    let days = ["--from", "2026-10-01", "--to", "2026-10-02"];
    assert_eq!(
        acme(&[&west[..], &days].concat()),
        ("0.25".to_string(), "0.5".to_string())
    );
}
