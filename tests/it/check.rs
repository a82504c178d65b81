//! `tanso check`: each gate trips at its limit and not before, by the amount worked out by hand.

use std::process::Command;

use serde_json::Value;

use crate::support::{Run, put, repository, tanso};

/// Revenue 792, cost 606 of which 40 have no customer, all by the story of the scenario.
fn drain(arguments: &[&str]) -> Run {
    let config = repository("fixtures/scenarios/margin-drain/tanso.toml");
    let mut all = vec!["check", "--config", config.to_str().unwrap()];
    all.extend(["--format", "json", "--quiet"]);
    all.extend(arguments);
    tanso(&all)
}

/// Files in a folder of their own; those named `*.toml` are the project file.
fn check(files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["check".to_string()];
    let has_project = files.iter().any(|(name, _)| name.ends_with(".toml"));
    if !has_project {
        all.push("--no-config".into());
    }
    for (name, content) in files {
        let path = put(folder.path(), name, content);
        match *name {
            "tanso.toml" => all.extend(["--config".to_string(), path]),
            "mapping.csv" => all.extend(["-m".to_string(), path]),
            name if name.ends_with(".json") => all.extend(["--against".to_string(), path]),
            _ => all.push(path),
        }
    }
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

/// `gate about result unit limit found by`, one line per gate.
fn lines(run: &Run, code: u8) -> Vec<String> {
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_string();
    let gates = document["gates"].as_array().unwrap();
    let line = |gate: &Value| {
        ["gate", "about", "result", "unit", "limit", "found", "by"]
            .map(|name| word(&gate[name]))
            .join(" ")
    };
    let lines: Vec<String> = gates.iter().map(line).collect();
    let tripped = lines
        .iter()
        .filter(|line| line.contains(" tripped "))
        .count();
    assert_eq!(document["tripped"], tripped);
    lines
}

#[test]
fn each_gate_says_by_how_much() {
    // 186 ∕ 792; 40 ∕ 606, and the same gap, since all of it is missing from the log; 0.6 of 792 is
    // 475.2, 2 % of 606 is 12.12, 1 % is 6.06.
    let run = drain(&[
        "--min-margin=60%",
        "--max-unattributed=2%",
        "--max-unmapped=0%",
        "--max-unpriced=0",
        "--max-gap=1%",
    ]);
    assert_eq!(
        lines(&run, 1),
        [
            "min_margin - tripped ratio 0.6 0.2348484848484848 0.3651515151515152",
            "max_unattributed - tripped ratio 0.02 0.066006600660066 0.046006600660066",
            "max_gap openai tripped ratio 0.01 0.066006600660066 0.056006600660066",
            "max_unmapped revenue passed ratio 0 0 -",
            "max_unmapped cost passed ratio 0 0 -",
            "max_unpriced - passed count 0 0 -",
        ]
    );
    let run = drain(&["--min-margin=23%", "--max-gap=openai=7%"]);
    assert_eq!(
        lines(&run, 0),
        [
            "min_margin - passed ratio 0.23 0.2348484848484848 -",
            "max_gap openai passed ratio 0.07 0.066006600660066 -",
        ]
    );
    // Who has no bill and no log cannot pass.
    let run = drain(&["--max-gap=anthropic=7%"]);
    assert_eq!(lines(&run, 1), ["max_gap anthropic tripped ratio 0.07 - -"]);
}

#[test]
fn days_without_data_are_counted() {
    // The log has the 20 working days from 5 to 30 October, the bill every day of the month.
    let ask = [
        "--max-stale-days=0",
        "--max-missing-days=10",
        "--require-final",
    ];
    assert_eq!(
        lines(&drain(&ask), 1),
        [
            "max_stale_days usage tripped days 0 1 1",
            "max_missing_days usage passed days 10 10 -",
            "max_stale_days bill openai passed days 0 0 -",
            "max_missing_days bill openai passed days 10 0 -",
            "require_final bill openai passed days 0 0 -",
        ]
    );
    // On 20 October the log is up to date: 8 of 19 days are missing, and 12 days are to come.
    let running = [&ask[..], &["--as-of=2026-10-20"]].concat();
    assert_eq!(
        lines(&drain(&running), 1),
        [
            "require_final bill openai tripped days 0 12 12",
            "max_stale_days usage passed days 0 0 -",
            "max_missing_days usage passed days 10 8 -",
            "max_stale_days bill openai passed days 0 0 -",
            "max_missing_days bill openai passed days 10 0 -",
        ]
    );
}

#[test]
fn control_totals_are_gates() {
    let run = drain(&["--expect-bill=openai=610", "--expect-revenue=792.00"]);
    assert_eq!(
        lines(&run, 1),
        [
            "expect_bill openai tripped money 610 606 -4",
            "expect_revenue - passed money 792 792 -",
        ]
    );
}

/// Charges that name their customers, and revenue: acme loses in both months, umbra in October.
const COSTS: &str = "\
date,provider,customer,cost,currency
2026-09-05,openai,acme,5.00,USD
2026-09-05,openai,umbra,3.00,USD
2026-10-05,openai,acme,7.00,USD
2026-10-05,openai,umbra,9.00,USD
2026-10-05,openai,kestrel,1.00,USD
";
const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,status,invoice_id
acme,2026-09-01,2026-10-01,4.00,USD,paid,INV-1
umbra,2026-09-01,2026-10-01,4.00,USD,paid,INV-2
acme,2026-10-01,2026-11-01,4.00,USD,paid,INV-3
umbra,2026-10-01,2026-11-01,4.00,USD,paid,INV-4
kestrel,2026-10-01,2026-11-01,12.00,USD,paid,INV-5
";
const FILES: [(&str, &str); 2] = [("costs.csv", COSTS), ("revenue.csv", REVENUE)];
const OCTOBER: [&str; 3] = ["--month=2026-10", "--format=json", "--quiet"];

fn saved(month: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["report".to_string(), "--no-config".into()];
    all.extend(FILES.map(|(name, content)| put(folder.path(), name, content)));
    all.extend([format!("--month={month}"), "-q".into(), "-f=json".into()]);
    tanso(&all).out
}

#[test]
fn new_loss_makers_are_those_that_did_not_lose_before() {
    let ask = [&OCTOBER[..], &["--new-loss-makers=0"]].concat();
    let detail = |run: &Run| {
        let document: Value = serde_json::from_str(&run.out).unwrap();
        document["gates"][0]["detail"].as_str().unwrap().to_string()
    };
    let run = check(&FILES, &ask);
    let one = "new_loss_makers - tripped count 0 1 1";
    assert_eq!(lines(&run, 1), [one]);
    assert_eq!(detail(&run), "umbra; since September 2026");
    // The same by a saved report. October itself is not before October.
    let september = saved("2026-09");
    let with = |old: &str, ask: &[&str]| check(&[FILES[0], FILES[1], ("old.json", old)], ask);
    assert_eq!(lines(&with(&september, &ask), 1), [one]);
    assert_eq!(with(&saved("2026-10"), &ask).code, 2);
    // Who lost money before is not new.
    let losing = september.replace("proven_profit", "proven_loss");
    assert_ne!(losing, september);
    assert_eq!(
        lines(&with(&losing, &ask), 0),
        ["new_loss_makers - passed count 0 0 -"]
    );
    // Without September everybody at a loss is new, the worst (−5, −3) first, and that is said.
    let october = COSTS.lines().filter(|line| !line.contains("2026-09"));
    let october = october.collect::<Vec<_>>().join("\n");
    let run = check(&[("costs.csv", &october), FILES[1]], &ask);
    assert_eq!(lines(&run, 1), ["new_loss_makers - tripped count 0 2 2"]);
    assert_eq!(
        detail(&run),
        "umbra, acme; September 2026 has no cost, so every one is new"
    );
    // Something else than a whole report is refused.
    for (old, word) in [("{}", "no saved report"), ("[1", "no saved report")] {
        let run = with(old, &ask);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains(word), "{}", run.err);
    }
}

#[test]
fn a_limit_that_is_just_kept_is_kept() {
    // October: revenue 20, cost 17: a margin of exactly 15 %.
    let margin = |limit: &str| check(&FILES, &[&OCTOBER[..], &[limit]].concat());
    assert_eq!(
        lines(&margin("--min-margin=15%"), 0),
        ["min_margin - passed ratio 0.15 0.15 -"]
    );
    let above = "--min-margin=15.00000000000000000001%";
    let run = margin(above);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("tripped"), "{}", run.out);
}

#[test]
fn what_cannot_be_measured_does_not_pass() {
    let usage = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n\
        2026-10-05T08:00:00Z,acme,openai,no-such-model,10,1,r1\n";
    let ask = [
        &OCTOBER[..],
        &[
            "--min-margin=1%",
            "--max-unattributed=1%",
            "--max-unpriced=0",
            "--max-gap=1%",
            "--require-final",
        ],
    ]
    .concat();
    assert_eq!(
        lines(&check(&[("usage.csv", usage)], &ask), 1),
        [
            "min_margin - tripped ratio 0.01 - -",
            "max_unpriced - tripped count 0 1 1",
            "max_gap - tripped ratio 0.01 - -",
            "require_final - tripped days 0 - -",
            "max_unattributed - passed ratio 0.01 0 -",
        ]
    );
}

#[test]
fn unmapped_money_is_judged_on_either_side() {
    // Umbra is in no mapping: 4 of 20 of the revenue, 9 of 17 of the cost.
    let mapping = "customer,source,id\nacme,revenue,acme\nkestrel,revenue,kestrel\n";
    let costs = "date,provider,project,cost,currency\n2026-10-05,openai,p1,17.00,USD\n";
    let usage = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n\
        2026-10-05T08:00:00Z,acme,openai,gpt-4o,700000,0,r1\n\
        2026-10-05T08:00:00Z,umbra,openai,gpt-4o,900000,0,r2\n\
        2026-10-05T08:00:00Z,kestrel,openai,gpt-4o,100000,0,r3\n";
    let files = [
        ("usage.csv", usage),
        ("costs.csv", costs),
        ("revenue.csv", REVENUE),
        ("mapping.csv", mapping),
    ];
    // The bill has no quantities: 4.25 by list price, 17 billed, so 12.75 are nobody's. Umbra
    // holds 0.9 × 2.5 = 2.25.
    let run = check(&files, &[&OCTOBER[..], &["--max-unmapped=20%"]].concat());
    assert_eq!(
        lines(&run, 0),
        [
            "max_unmapped revenue passed ratio 0.2 0.2 -",
            "max_unmapped cost passed ratio 0.2 0.1323529411764706 -",
        ]
    );
}

#[test]
fn limits_of_the_project_file_have_places() {
    let with = |gate: &str, ask: &[&str]| {
        let project = format!("currency = \"USD\"\n[gate]\n{gate}\n");
        check(&[FILES[0], FILES[1], ("tanso.toml", &project)], ask)
    };
    let run = with(
        "min_margin = \"10%\"\nexpect_bill = { openai = \"17.00\" }",
        &OCTOBER,
    );
    assert_eq!(
        lines(&run, 0),
        [
            "min_margin - passed ratio 0.1 0.15 -",
            "expect_bill openai passed money 17 17 -",
        ]
    );
    // An option goes before the file.
    let run = with(
        "min_margin = \"10%\"",
        &[&OCTOBER[..], &["--min-margin=50%"]].concat(),
    );
    assert_eq!(lines(&run, 1), ["min_margin - tripped ratio 0.5 0.15 0.35"]);
    for (gate, place) in [
        ("max_gap = { openai = \"lots\" }", "tanso.toml:3"),
        ("min_margin = \"200%\"", "tanso.toml:3"),
        ("max_unattributed = \"-1%\"", "tanso.toml:3"),
        ("max_unatributed = \"1%\"", "max_unattributed"),
        ("min_margin = 0.6", "quote it"),
        ("max_unpriced = -1", "tanso.toml:3"),
    ] {
        let run = with(gate, &OCTOBER);
        assert_eq!(run.code, 2, "{gate}: {}", run.err);
        assert!(run.err.contains(place), "{gate}: {}", run.err);
        assert!(run.out.is_empty());
    }
}

#[test]
fn a_check_without_gates_is_refused() {
    let run = check(&FILES, &OCTOBER);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no gate is set"), "{}", run.err);
    let run = check(
        &FILES,
        &[&OCTOBER[..], &["--min-margin=1%", "--where=customer=acme"]].concat(),
    );
    assert_eq!(run.code, 2);
    assert!(run.err.contains("a check is of everything"), "{}", run.err);
}

#[test]
fn the_order_of_rows_and_files_changes_nothing() {
    let ask = [
        &OCTOBER[..],
        &[
            "--min-margin=60%",
            "--new-loss-makers=0",
            "--max-missing-days=3",
        ],
    ];
    let gates = |run: Run| {
        let document: Value = serde_json::from_str(&run.out).unwrap();
        document["gates"].to_string()
    };
    let turned = |text: &str| {
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().rev().collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    let (costs, revenue) = (turned(COSTS), turned(REVENUE));
    let other = [
        ("revenue.csv", revenue.as_str()),
        ("costs.csv", costs.as_str()),
    ];
    assert_eq!(
        gates(check(&FILES, &ask.concat())),
        gates(check(&other, &ask.concat()))
    );
}

#[test]
fn a_job_gets_annotations_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let summary = put(folder.path(), "summary.md", "before\n");
    let run = |actions: &str| {
        Command::new(env!("CARGO_BIN_EXE_tanso"))
            .args([
                "check",
                "--config",
                "fixtures/scenarios/margin-drain/tanso.toml",
            ])
            .args(["--min-margin", "60%", "--max-unpriced", "0", "--quiet"])
            .current_dir(repository(""))
            .env("GITHUB_ACTIONS", actions)
            .env(
                "GITHUB_STEP_SUMMARY",
                if actions.is_empty() { "" } else { &summary },
            )
            .output()
            .unwrap()
    };
    let output = run("true");
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        err,
        "::error title=tanso check min_margin::min_margin: limit 60%25, found 23.5%25, off by 36.5%25\n"
    );
    let written = std::fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("before\n## Gates"), "{written}");
    assert!(written.contains("| tripped | min_margin |"), "{written}");
    // Elsewhere there is nothing of the kind.
    let output = run("");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty());
    assert_eq!(std::fs::read_to_string(&summary).unwrap(), written);
}

/// The commands of the page write what it says, in a folder with a project file.
#[cfg(unix)]
#[test]
fn the_nightly_job_of_the_page_works() {
    let page = std::fs::read_to_string(repository("docs/ci.md")).unwrap();
    let (_, block) = page.split_once("```sh\n").unwrap();
    let (commands, _) = block.split_once("```").unwrap();
    assert!(commands.contains("tanso report") && commands.contains("tanso check"));
    let folder = tempfile::tempdir().unwrap();
    let scenario = repository("fixtures/scenarios/margin-drain");
    for name in ["costs.csv", "invoices.csv", "mapping.csv", "usage.csv"] {
        std::fs::copy(scenario.join(name), folder.path().join(name)).unwrap();
    }
    let project = std::fs::read_to_string(scenario.join("tanso.toml")).unwrap();
    let gate = "[gate]\nmin_margin = \"60%\"\n";
    put(folder.path(), "tanso.toml", format!("{project}{gate}"));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_tanso"));
    let output = Command::new("/bin/sh")
        .args(["-c", commands])
        .current_dir(folder.path())
        .env("PATH", program.parent().unwrap())
        .env("MONTH", "2026-10")
        .env("TODAY", "2026-11-01")
        .env("GITHUB_ACTIONS", "")
        .env("GITHUB_STEP_SUMMARY", "")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    let csv = std::fs::read_to_string(folder.path().join("margin-2026-10.csv")).unwrap();
    let expected = std::fs::read_to_string(scenario.join("expected.csv")).unwrap();
    assert_eq!(csv.lines().count(), expected.lines().count());
    assert!(folder.path().join("margin-2026-10.json").exists());
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("tripped  min_margin"), "{out}");
}

/// AWS writes no invoice id to lines of a month that it has not closed.
#[test]
fn lines_of_aws_without_an_invoice_are_not_final() {
    let header = "bill/InvoiceId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UnblendedCost,lineItem/CurrencyCode";
    let row = |invoice: &str, month: &str, end: &str| {
        format!(
            "{invoice},Usage,{month}-01T00:00:00Z,{end}-01T00:00:00Z,AmazonS3,USE1-Requests,1.00,USD"
        )
    };
    let october = |invoice| row(invoice, "2026-10", "2026-11");
    let told = |rows: &[String], code: u8| {
        let bill = format!("{header}\n{}\n", rows.join("\n"));
        let options = ["--month=2026-10", "--require-final", "-f=json", "-q"];
        lines(&check(&[("cur.csv", &bill)], &options), code)
    };
    let reaches = "require_final bill aws passed days 0 0 -".to_string();
    let rows = [
        october(""),
        october("123456"),
        october(""),
        row("", "2026-09", "2026-10"),
    ];
    let open = "require_final bill aws tripped count 0 2 2".to_string();
    assert_eq!(told(&rows, 1), [open, reaches.clone()]);
    let rows = [october("123456"), row("", "2026-09", "2026-10")];
    assert_eq!(told(&rows, 0), [reaches]);
}

/// Of 2.50 with a customer and 100.00 and −100.00 without one, 200 ∕ 2.50 have none.
#[test]
fn credits_without_a_customer_do_not_hide_cost_without_one() {
    let usage = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n2026-10-05T08:00:00Z,acme,openai,gpt-4o,1000000,0,a\n";
    let costs = "date,provider,model,meter,quantity,cost\n\
        2026-10-05,openai,gpt-4o,input,1000000,2.50\n\
        2026-10-05,anthropic,,,,100.00\n\
        2026-10-05,mistral,,,,-100.00\n";
    let files = [("usage.csv", usage), ("costs.csv", costs)];
    let options = ["--month=2026-10", "--max-unattributed=1%", "-f=json", "-q"];
    let told = lines(&check(&files, &options), 1);
    assert_eq!(told, ["max_unattributed - tripped ratio 0.01 80 79.99"]);
}

/// A report that is compared with must be of an earlier time, and neither it nor the project file is
/// written over.
#[test]
fn what_was_before_is_before_and_stays_as_it_is() {
    let config = repository("fixtures/scenarios/margin-drain/tanso.toml");
    let config = config.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, period: &[&str]| {
        let path = folder.path().join(name).display().to_string();
        let words = ["report", "--config", config, "-q", "-f=json", "-o", &path];
        let run = tanso(&[&words, period].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        path
    };
    let same = save("same.json", &["--month=2026-10"]);
    let earlier = save(
        "earlier.json",
        &["--from=2026-09-25", "--to=2026-10-01", "--allow-empty"],
    );
    let against = |path: &str, more: &[&str]| {
        let words = [
            "check",
            "--config",
            config,
            "--month=2026-10",
            "--new-loss-makers=9",
        ];
        tanso(&[&words, &["--against", path][..], more].concat())
    };
    let run = against(&same, &[]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(
        run.err.contains("which is not before October 2026"),
        "{}",
        run.err
    );
    assert_eq!(against(&earlier, &[]).code, 0);
    let before = std::fs::read(&earlier).unwrap();
    let run = against(&earlier, &["-o", &earlier, "-f=json"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(std::fs::read(&earlier).unwrap(), before);
    let project = put(folder.path(), "tanso.toml", "currency = \"USD\"\n");
    let usage = repository("fixtures/scenarios/margin-drain/usage.csv");
    let run = tanso(&[
        "report",
        "--config",
        &project,
        usage.to_str().unwrap(),
        "-o",
        &project,
        "-f=csv",
    ]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(
        std::fs::read_to_string(&project).unwrap(),
        "currency = \"USD\"\n"
    );
}
