//! A rollup stands for the logs it was made of: every report of it is theirs, pieces add up, and the
//! queries for other engines make the same.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{put, repository, tanso, text};
use crate::world::{Plan, law, report_on, without_inputs};

/// Rolls logs up and writes the result beside them.
fn rolled(folder: &Path, name: &str, logs: &[&str], options: &[&str]) -> String {
    let path = folder.join(name);
    let path = path.to_str().unwrap();
    let mut words = vec!["rollup", "--no-config", "-q", "-o", path];
    words.extend(options);
    words.extend(logs);
    let run = tanso(&words);
    assert_eq!(run.code, 0, "{}", run.err);
    path.to_string()
}

/// The report without what tells of the files' rows: their counts, and notes on them.
fn figures(files: &[String], options: &[&str]) -> Result<Value, String> {
    let run = report_on(files, options);
    if run.code != 0 {
        return Err(run.err.lines().next().unwrap_or_default().to_string());
    }
    let mut report = without_inputs(&run);
    report.as_object_mut().unwrap().remove("notes");
    Ok(report)
}

fn logged(plan: &mut Plan) {
    plan.lost = plan.lost.min(60);
}

/// The files with the log replaced by others.
fn instead(files: &[String], rollups: &[String]) -> Vec<String> {
    let others = files.iter().filter(|file| !file.ends_with("/usage.csv"));
    others.chain(rollups).cloned().collect()
}

#[test]
fn a_report_of_the_rollup_is_the_report_of_the_log() {
    let ways: [&[&str]; 4] = [
        &[],
        &["--by", "feature,model,day"],
        &["--by", "customer,region", "--where", "feature=chat"],
        &["--by", "provider,tier,week", "--residual", "spread"],
    ];
    law(logged, |world| {
        if world.usage.rows.is_empty() {
            return Ok(());
        }
        let folder = tempfile::tempdir().unwrap();
        let files = world.write(folder.path());
        let zones = ["UTC", "America/New_York", "Asia/Kolkata"];
        let zone = zones[world.plan.seed as usize % zones.len()];
        let options = ["--keep", "region", "--tz", zone];
        let rollup = rolled(folder.path(), "rollup.csv", &[&files[0]], &options);
        let after = instead(&files, &[rollup]);
        for way in ways {
            let mut way = way.to_vec();
            way.extend(["--tz", zone]);
            let (log, sums) = (figures(&files, &way), figures(&after, &way));
            // A filter may let nothing pass, or all may lie in another month; then both say so.
            let must = zone == "UTC" && !way.contains(&"--where");
            if log != sums || must && log.is_err() {
                return Err(format!("{way:?}\n{log:?}\n{sums:?}"));
            }
        }
        Ok(())
    });
}

/// Logs may be cut anywhere: by day, by node, between a request and its neighbor.
#[test]
fn pieces_that_are_rolled_up_apart_add_up() {
    law(logged, |world| {
        if world.usage.rows.len() < 2 {
            return Ok(());
        }
        let folder = tempfile::tempdir().unwrap();
        let files = world.write(folder.path());
        let whole = rolled(folder.path(), "whole.csv", &[&files[0]], &[]);
        let mut pieces = Vec::new();
        for piece in 0..2 {
            let mut log = world.usage.clone();
            let mut at = 0;
            log.rows.retain(|_| {
                at += 1;
                at % 2 == piece
            });
            let log = put(folder.path(), &format!("log{piece}.csv"), log.csv());
            pieces.push(rolled(folder.path(), &format!("{piece}.csv"), &[&log], &[]));
        }
        let both: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let again = rolled(folder.path(), "again.csv", &both, &[]);
        if text(Path::new(&whole)) != text(Path::new(&again)) {
            return Err("the rollup of the pieces is another".into());
        }
        let (log, sums) = (instead(&files, &[whole]), instead(&files, &pieces));
        match figures(&log, &[])? == figures(&sums, &[])? {
            true => Ok(()),
            false => Err("the report of the pieces is another".into()),
        }
    });
}

/// Everything that one log may state: long contexts, cached tokens, failed requests, costs, meters,
/// repeats. The rollup was worked out by hand.
#[test]
fn everything_a_log_states_is_in_the_rollup() {
    let folder = tempfile::tempdir().unwrap();
    let log = "\
timestamp,request_id,customer,feature,provider,model,tier,status,input_tokens,cache_read_input_tokens,cache_creation_input_tokens,output_tokens,cost,units,meter,region
2026-10-01T10:00:00Z,a,acme,chat,OpenAI,gpt-4o,,ok,100,10,5,7,0.10,,,eu
2026-10-01T10:00:00Z,a,acme,chat,OpenAI,gpt-4o,,ok,100,10,5,7,0.10,,,eu
2026-10-01T23:59:59Z,b,acme,chat,openai,gpt-4o,,failed,3,,,,,,,eu
2026-10-01T11:00:00Z,c,acme,chat,openai,gpt-4o,,ok,150000,60000,,1,2.5,,,eu
2026-10-01T12:00:00Z,d,acme,chat,openai,gpt-4o,,ok,1,,,2,0.000000000000000000001,4.5,pages,eu
2026-10-01T12:00:00Z,,,,,,,ok,1,,,2,0,,,
";
    let log = put(folder.path(), "log.csv", log);
    let rollup = rolled(folder.path(), "r.csv", &[&log], &["--keep", "region"]);
    let expected = "\
tanso_rollup,start_time,seconds,customer,feature,provider,model,tier,context_over,aggregated,input,cache_read,cache_write_5m,cache_write_1h,output,requests,failed,gateway_cached,cost,currency,meter,quantity,fault,region
1,2026-10-01T00:00:00Z,86400,,,,,,0,0,1,,,,2,1,0,0,0,USD,,,,
1,2026-10-01T00:00:00Z,86400,acme,chat,openai,gpt-4o,,0,0,3,,,,,0,1,0,,,,,,eu
1,2026-10-01T00:00:00Z,86400,acme,chat,openai,gpt-4o,,0,0,101,10,5,,9,2,0,0,0.100000000000000000001,USD,pages,4.5,,eu
1,2026-10-01T00:00:00Z,86400,acme,chat,openai,gpt-4o,,200000,0,150000,60000,,,1,1,0,0,2.5,USD,,,,eu
";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&text(Path::new(&rollup))), sorted(expected));
    let again = rolled(
        folder.path(),
        "again.csv",
        &[&rollup],
        &["--keep", "region"],
    );
    assert_eq!(text(Path::new(&again)), text(Path::new(&rollup)));
}

#[test]
fn a_log_and_its_rollup_do_not_count_together() {
    let folder = tempfile::tempdir().unwrap();
    let days = (1..=4).map(|day| {
        let (input, output) = (day * 1_700, day * 190);
        format!("2026-10-0{day}T00:00:00Z,acme,gpt-4o,{input},{output}\n")
    });
    let header = "timestamp,customer,model,input_tokens,output_tokens\n".to_string();
    let log = std::iter::once(header).chain(days).collect::<String>();
    let log = put(folder.path(), "log.csv", log);
    let rollup = rolled(folder.path(), "rollup.csv", &[&log], &[]);
    let run = tanso(&["report", "--no-config", &log, &rollup]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("would count twice"), "{}", run.err);
}

#[test]
fn what_cannot_be_rolled_up_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = |name: &str| repository(&format!("fixtures/quickstart/{name}.csv"));
    let (log, bill) = (fixture("usage"), fixture("costs"));
    let (log, bill) = (log.to_str().unwrap(), bill.to_str().unwrap());
    let two = put(
        folder.path(),
        "two.csv",
        "timestamp,customer,cost,currency\n2026-10-01T00:00:00Z,a,1,USD\n2026-10-01T00:00:00Z,a,1,EUR\n",
    );
    let written = folder.path().join("r.json");
    let written = written.to_str().unwrap();
    for (words, code, says) in [
        (vec![bill], 2, "there is none"),
        (vec![log, "--keep", "model"], 2, "has its own \"model\""),
        (
            vec![log, "--keep", "no_such"],
            2,
            "names no column of the logs",
        ),
        (vec![log, "--where", "customer=acme"], 2, "without --where"),
        (vec![log, "-o", written], 2, "written as CSV"),
        (vec![log, "--month", "2020-01"], 3, "no usage of the period"),
        (vec![&two], 3, "several currencies"),
        (vec![log, "--table", "x"], 2, "--sql"),
        (vec![bill, "--sql", "duckdb"], 2, "none of the files is one"),
        (
            vec!["--sql", "duckdb", "--column", "time=ts"],
            3,
            "no column for the customer",
        ),
        (vec!["--sql", "duckdb", "--column", "tme=ts"], 2, "tme"),
        (vec!["--sql", "duckdb", "--column", "ts"], 2, "FIELD=COLUMN"),
        (
            vec![log, "--sql", "duckdb", "--on-conflict", "last"],
            2,
            "--on-conflict",
        ),
        (
            vec![
                "--sql",
                "duckdb",
                "--column",
                "time=ts",
                "--column",
                "customer=c",
                "--column",
                "input=i",
                "--column",
                "cached_input=k",
            ],
            3,
            "nothing says whether the input includes k",
        ),
    ] {
        let mut all = vec!["rollup", "--no-config"];
        all.extend(&words);
        let run = tanso(&all);
        assert_eq!(run.code, code, "{words:?}: {}", run.err);
        assert!(run.err.contains(says), "{words:?}: {}", run.err);
        assert_eq!(run.out, "", "{words:?}");
    }
}

/// Names of columns are the user's own text, and must not end a literal or a name of the query.
#[test]
fn names_are_quoted_as_each_engine_quotes_them() {
    let columns = ["time=t", "customer=it's \"me\" `now`", "input=In"];
    let columns = columns.iter().flat_map(|column| ["--column", column]);
    let columns: Vec<&str> = columns.collect();
    for (engine, name, input) in [
        ("duckdb", "line.\"it's \"\"me\"\" `now`\"", "line.\"In\""),
        ("postgres", "line.\"it's \"\"me\"\" `now`\"", "line.\"In\""),
        ("snowflake", "line.\"IT'S \"\"ME\"\" `NOW`\"", "line.\"In\""),
        ("spark", "line.`it's \"me\" ``now```", "line.`In`"),
        ("bigquery", "line.`it's \"me\" ``now```", "line.`In`"),
        ("clickhouse", "line.`it's \"me\" ``now```", "line.`In`"),
        ("trino", "line.\"it's \"\"me\"\" `now`\"", "line.\"In\""),
    ] {
        let mut words = vec!["rollup", "--no-config", "--sql", engine];
        words.extend(&columns);
        let run = tanso(&words);
        assert_eq!(run.code, 0, "{}", run.err);
        for text in [name, input] {
            assert!(run.out.contains(text), "{engine}: {text}\n{}", run.out);
        }
    }
}

/// Runs the comparison on an engine; an engine that is not there is passed over, and said.
fn engine(name: &str) {
    let run = Command::new("python3")
        .arg(repository("scripts/rollup_engines.py"))
        .args([name, "--tanso", env!("CARGO_BIN_EXE_tanso")])
        .output()
        .unwrap_or_else(|why| panic!("python3: {why}"));
    let says = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if run.status.code() == Some(77) {
        eprintln!("not compared: {}", says(&run.stdout));
        return;
    }
    assert!(
        run.status.success(),
        "{}{}",
        says(&run.stdout),
        says(&run.stderr)
    );
    assert!(says(&run.stdout).contains("faults refused"));
}

#[test]
fn duckdb_makes_the_same_rows() {
    engine("duckdb");
}

#[test]
fn postgres_makes_the_same_rows() {
    engine("postgres");
}
