//! What the surroundings may rely on: exit codes, what stands where, and files that are bad in one
//! known way. In processes where pipes, devices and exit codes matter.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Run, put, tanso};

const USAGE: &str = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens
2026-10-01T08:00:00Z,r1,acme,openai,gpt-4o-mini,1000,100
2026-10-02T08:00:00Z,r2,umbra,openai,gpt-4o-mini,3000,0
";
const COSTS: &str = "\
date,provider,model,meter,quantity,cost
2026-10-01,openai,gpt-4o-mini,input,1000,0.00015
2026-10-01,openai,gpt-4o-mini,output,100,0.00006
2026-10-02,openai,gpt-4o-mini,input,3000,0.00045
";
const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,tax,invoice_id
acme,2026-10-01,2026-11-01,99.00,USD,,INV-1
umbra,2026-10-01,2026-11-01,0.0001,USD,,INV-2
";

/// A folder with the three clean files.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Files {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "usage.csv", USAGE);
        put(folder.path(), "costs.csv", COSTS);
        put(folder.path(), "revenue.csv", REVENUE);
        Files { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_string()
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        put(self.folder.path(), name, content)
    }

    /// Runs `tanso report --no-config`, then these arguments; those without a dash are files here.
    fn report(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["report".to_string(), "--no-config".to_string()];
        let mut value = false;
        for argument in arguments {
            let is_file = !argument.starts_with('-') && !value && !argument.starts_with('/');
            value = argument.starts_with('-')
                && !argument.contains('=')
                && TAKES_A_VALUE.contains(argument);
            match argument.split_once(':') {
                Some((format, file)) if is_file => {
                    all.push(format!("{format}:{}", self.path(file)))
                }
                _ if is_file => all.push(self.path(argument)),
                _ => all.push((*argument).to_string()),
            }
        }
        tanso(&all)
    }

    /// The report of the clean files, as JSON without the list of files.
    fn clean(&self) -> Value {
        body(&self.report(&["--format", "json", "usage.csv", "costs.csv", "revenue.csv"]))
    }

    /// Reports with another file in the place of one of the clean ones.
    fn with(&self, place: &str, file: &str) -> Run {
        let mut names = ["usage.csv", "costs.csv", "revenue.csv"];
        let at = names.iter().position(|name| *name == place).unwrap();
        names[at] = file;
        self.report(&["--format", "json", names[0], names[1], names[2]])
    }

    fn process(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanso"));
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }
}

const TAKES_A_VALUE: &[&str] = &[
    "--format",
    "--month",
    "-o",
    "-m",
    "--by",
    "--expect-bill",
    "--expect-revenue",
    "--encoding",
    "--on-overlap",
    "--on-conflict",
    "--config",
    "--currency",
];

fn body(run: &Run) -> Value {
    let mut report = run.json();
    report.as_object_mut().unwrap().remove("inputs");
    report
}

/// The same numbers: the report without files and notes.
fn numbers(run: &Run) -> Value {
    let mut report = body(run);
    report.as_object_mut().unwrap().remove("notes");
    report
}

fn without_notes(mut report: Value) -> Value {
    report.as_object_mut().unwrap().remove("notes");
    report
}

/// Refused with this exit code and message code; nothing on standard output; all words occur.
#[track_caller]
fn refused(run: &Run, exit: u8, code: &str, words: &[&str]) {
    assert_eq!(run.code, exit, "out: {}\nerr: {}", run.out, run.err);
    assert_eq!(run.out, "", "standard output carries only the report");
    assert!(
        run.err.contains(&format!("error[{code}]")),
        "no {code} in: {}",
        run.err
    );
    for word in words {
        assert!(run.err.contains(word), "no {word:?} in: {}", run.err);
    }
    assert!(run.err.contains("nothing was written"), "{}", run.err);
}

#[track_caller]
fn same_numbers(files: &Files, run: &Run) {
    assert_eq!(numbers(run), without_notes(files.clean()));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn the_clean_files_tie() {
    let report = Files::new().clean();
    assert_eq!(report["totals"]["cost"], "0.00066");
    assert_eq!(report["totals"]["revenue"], "99.0001");
    assert_eq!(report["tie"]["bill"][0]["difference"], "0");
    let rows = report["rows"].as_array().unwrap();
    // 0.0001 - 0.00045 loses; 99 - 0.00021 does not. Worst first.
    assert_eq!(rows[0]["customer"], "umbra");
    assert_eq!(rows[0]["gross_profit"], "-0.00035");
    assert_eq!(rows[0]["verdict"], "proven_loss");
    assert_eq!(rows[1]["gross_profit"], "98.99979");
}

// Pipes, devices, exit codes.

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let files = Files::new();
    let mut usage = USAGE.to_string();
    for at in 0..5000 {
        usage += &format!("2026-10-02T00:00:00Z,x{at},customer-{at},openai,gpt-4o-mini,10,0\n");
    }
    files.put("usage.csv", usage);
    for format in ["table", "csv", "json", "jsonl", "md"] {
        let mut child = files
            .process(&[
                "report",
                "--no-config",
                "--format",
                format,
                "usage.csv",
                "costs.csv",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0u8; 1];
        let mut pipe = child.stdout.take().unwrap();
        pipe.read_exact(&mut first).unwrap();
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{format}: {}",
            text(&output.stderr)
        );
        let errors = text(&output.stderr);
        assert!(
            !errors.contains("panicked") && !errors.contains("error"),
            "{format}: {errors}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let files = Files::new();
    let inputs = ["usage.csv", "costs.csv", "revenue.csv"];
    for format in ["table", "csv", "json"] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = files
            .process(&["report", "--no-config", "--format", format])
            .args(inputs)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains("No space left on device"),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let files = Files::new();
    for name in ["-", "/dev/stdin"] {
        let mut child = files
            .process(&[
                "report",
                "--no-config",
                "--format",
                "json",
                "costs.csv",
                "revenue.csv",
                name,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(USAGE.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{name}: {}",
            text(&output.stderr)
        );
        let run = Run {
            code: 0,
            out: text(&output.stdout),
            err: String::new(),
        };
        same_numbers(&files, &run);
    }
}

#[test]
fn exit_codes_of_processes_are_those_of_the_contract() {
    let files = Files::new();
    let code = |arguments: &[&str]| {
        let output: Output = files.process(arguments).output().unwrap();
        (output.status.code().unwrap(), text(&output.stderr))
    };
    assert_eq!(
        code(&[
            "report",
            "--no-config",
            "usage.csv",
            "costs.csv",
            "revenue.csv"
        ])
        .0,
        0
    );
    assert_eq!(code(&["report", "--no-such-option"]).0, 2);
    assert_eq!(code(&["no-such-command"]).0, 2);
    assert_eq!(code(&["report", "--no-config"]).0, 2, "no input");
    assert_eq!(code(&["report", "--no-config", "absent.csv"]).0, 4);
    files.put("costs.csv", COSTS.replace("0.00006", "n/a"));
    let (exit, errors) = code(&["report", "--no-config", "usage.csv", "costs.csv"]);
    assert_eq!(exit, 3);
    assert!(
        errors.starts_with("error[T3021]: costs.csv:3:6: "),
        "{errors}"
    );
    assert!(!errors.contains('\u{1b}'), "no color in a pipe: {errors}");
    for arguments in [["--help"], ["--version"], ["formats"]] {
        assert_eq!(code(&arguments).0, 0, "{arguments:?}");
    }
}

#[test]
fn strict_fails_for_warnings_and_prints_all_the_same() {
    let files = Files::new();
    files.put(
        "revenue.csv",
        format!("{REVENUE}stranger,2026-10-01,2026-11-01,5.00,USD,,INV-3\n"),
    );
    let inputs = ["usage.csv", "costs.csv", "revenue.csv"];
    let relaxed = files.report(&["--format", "json", inputs[0], inputs[1], inputs[2]]);
    assert_eq!(relaxed.code, 0, "{}", relaxed.err);
    let strict = files.report(&[
        "--format", "json", "--strict", inputs[0], inputs[1], inputs[2],
    ]);
    assert_eq!(strict.code, 1, "{}", strict.err);
    assert_eq!(strict.out, relaxed.out);
}

// Files.

#[test]
fn files_that_cannot_be_opened() {
    let files = Files::new();
    refused(
        &files.with("costs.csv", "absent.csv"),
        4,
        "T4001",
        &["absent.csv"],
    );
    refused(
        &files.with("costs.csv", "none-*.csv"),
        4,
        "T4002",
        &["none-*.csv"],
    );
    fs::create_dir(files.folder.path().join("empty-folder")).unwrap();
    let run = files.with("costs.csv", "empty-folder");
    assert_eq!(run.code, 4, "{}{}", run.out, run.err);
    assert!(run.err.contains("empty-folder"), "{}", run.err);
}

#[test]
fn a_glob_and_a_folder_name_the_files_in_them() {
    let files = Files::new();
    let glob = files.report(&["--format", "json", "*.csv"]);
    same_numbers(&files, &glob);
    let path = files.folder.path().to_str().unwrap().to_string();
    let folder = tanso(&["report", "--no-config", "--format", "json", &path]);
    same_numbers(&files, &folder);
}

#[test]
fn files_without_rows_are_no_zero() {
    let files = Files::new();
    for (place, clean) in [
        ("usage.csv", USAGE),
        ("costs.csv", COSTS),
        ("revenue.csv", REVENUE),
    ] {
        files.put("empty.csv", "");
        refused(&files.with(place, "empty.csv"), 3, "T3001", &["empty.csv"]);
        let header = clean.lines().next().unwrap();
        files.put("header.csv", format!("{header}\n"));
        refused(
            &files.with(place, "header.csv"),
            3,
            "T3001",
            &["header.csv"],
        );
    }
}

#[test]
fn one_content_counts_once() {
    let files = Files::new();
    let inputs = ["usage.csv", "costs.csv", "revenue.csv"];
    let with = |name: &str| files.report(&[inputs[0], inputs[1], inputs[2], name]);
    files.put("copy.csv", COSTS);
    refused(&with("copy.csv"), 3, "T3032", &["copy.csv", "costs.csv"]);
    files.put("costs.csv.gz", gzip(COSTS.as_bytes()));
    refused(
        &with("costs.csv.gz"),
        3,
        "T3032",
        &["costs.csv.gz", "costs.csv"],
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(files.path("costs.csv"), files.path("link.csv")).unwrap();
        let run = with("link.csv");
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(
            run.err.contains("link.csv") && run.err.contains("costs.csv"),
            "{}",
            run.err
        );
    }
    // The same days in other bytes.
    files.put("again.csv", COSTS.replace("0.00045", "0.00046"));
    refused(&with("again.csv"), 3, "T3033", &["again.csv", "costs.csv"]);
}

#[test]
fn two_currencies_are_never_added() {
    let files = Files::new();
    files.put("euro.csv", REVENUE.replace("USD,,INV-2", "EUR,,INV-2"));
    let run = files.with("revenue.csv", "euro.csv");
    refused(&run, 2, "T1001", &["USD", "EUR", "euro.csv"]);
    let run = files.report(&["--currency=USD", "usage.csv", "costs.csv", "euro.csv"]);
    refused(&run, 3, "T3035", &["USD", "EUR", "euro.csv"]);
    let costs: String = COSTS.lines().map(|line| format!("{line},EUR\n")).collect();
    files.put("costs-eur.csv", costs.replacen(",EUR", ",currency", 1));
    let run = files.with("costs.csv", "costs-eur.csv");
    refused(
        &run,
        2,
        "T1001",
        &["USD", "EUR", "costs-eur.csv", "revenue.csv"],
    );
    let run = files.report(&[
        "--currency=USD",
        "usage.csv",
        "costs-eur.csv",
        "revenue.csv",
    ]);
    refused(&run, 3, "T3035", &["USD", "EUR", "costs-eur.csv"]);
}

#[test]
fn swapped_kinds_never_give_a_report_of_zeros() {
    let files = Files::new();
    for (format, file) in [
        ("cost-csv", "usage.csv"),
        ("cost-csv", "revenue.csv"),
        ("usage-log", "costs.csv"),
        ("usage-log", "revenue.csv"),
        ("revenue-csv", "usage.csv"),
        ("revenue-csv", "costs.csv"),
        ("stripe-payments", "costs.csv"),
        ("openai-cost-csv", "usage.csv"),
    ] {
        let run = files.report(&["--format", "json", &format!("{format}:{file}")]);
        if run.code == 0 {
            let totals = &run.json()["totals"];
            let zero = totals["cost"] == "0" && totals["revenue"] == "0";
            assert!(!zero, "{format}:{file} is a report of zeros: {}", run.out);
        } else {
            assert!([2, 3].contains(&run.code), "{format}:{file}: {}", run.err);
            assert!(run.err.contains(file), "{}", run.err);
        }
    }
}

// Outputs.

#[test]
fn an_output_never_destroys_an_input() {
    let files = Files::new();
    let inputs = ["usage.csv", "costs.csv", "revenue.csv"];
    for target in inputs {
        let out = files.path(target);
        let run = files.report(&["-o", &out, inputs[0], inputs[1], inputs[2]]);
        refused(&run, 2, "T1040", &[target]);
    }
    assert_eq!(fs::read_to_string(files.path("costs.csv")).unwrap(), COSTS);
    let folder = files.path("");
    let run = files.report(&["-o", &folder, inputs[0], inputs[1]]);
    assert_eq!(run.code, 2, "{}", run.err);
}

#[test]
fn an_old_output_stays_until_the_new_one_is_whole() {
    let files = Files::new();
    let out = files.put("report.csv", "the report of last month\n");
    files.put("bad.csv", COSTS.replace("0.00006", "?"));
    let run = files.report(&["-o", &out, "usage.csv", "bad.csv"]);
    assert_eq!(run.code, 3);
    assert_eq!(
        fs::read_to_string(&out).unwrap(),
        "the report of last month\n"
    );
    let run = files.report(&["-o", &out, "usage.csv", "costs.csv", "revenue.csv"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        fs::read_to_string(&out).unwrap().starts_with("customer,"),
        "the new report"
    );
    let left = |folder: &Path| fs::read_dir(folder).unwrap().count();
    // Three inputs, the broken bill and the report: no temporary file is left.
    assert_eq!(left(files.folder.path()), 5);
    // Of two outputs, neither appears if one cannot be written.
    let missing = files.path("no-such-folder/report.csv");
    let first = files.path("first.csv");
    let run = files.report(&["-o", &first, "-o", &missing, "usage.csv", "costs.csv"]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(
        !Path::new(&first).exists(),
        "half of the outputs was written"
    );
}

// Control totals.

#[test]
fn control_totals_are_exact() {
    let files = Files::new();
    let inputs = ["usage.csv", "costs.csv", "revenue.csv"];
    let with = |option: &str, value: &str| {
        files.report(&[
            "--format", "json", option, value, inputs[0], inputs[1], inputs[2],
        ])
    };
    assert_eq!(with("--expect-bill", "openai=0.00066").code, 0);
    assert_eq!(with("--expect-revenue", "99.0001").code, 0);
    let run = with("--expect-bill", "openai=0.000660000000000000001");
    refused(&run, 3, "T3040", &["-0.000000000000000000001"]);
    refused(&with("--expect-revenue", "99"), 3, "T3040", &["0.0001"]);
    let run = with("--expect-bill", "anthropic=1");
    assert_eq!(run.code, 3, "{}", run.err);
}

// Bad input, by the numbers of the list.

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let mark = std::iter::once(0xfeff);
    let units = mark.chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn text_in_other_clothes_is_read_exactly() {
    let files = Files::new();
    let cases: [(&str, Vec<u8>); 12] = [
        ("no line end at the end", COSTS.trim_end().into()),
        (
            "blank lines",
            COSTS.replace("2026-10-02", "\n2026-10-02").into_bytes(),
        ),
        ("a byte order mark", format!("\u{feff}{COSTS}").into()),
        ("UTF-16, little end first", utf16(COSTS, false)),
        ("UTF-16, big end first", utf16(COSTS, true)),
        ("CRLF", COSTS.replace('\n', "\r\n").into()),
        ("CR alone", COSTS.replace('\n', "\r").into()),
        (
            "CRLF here and LF there",
            COSTS.replacen('\n', "\r\n", 2).into(),
        ),
        ("gzip under a plain name", gzip(COSTS.as_bytes())),
        ("two members of gzip", {
            let (front, back) = COSTS.split_at(90);
            [gzip(front.as_bytes()), gzip(back.as_bytes())].concat()
        }),
        ("quoted cells", COSTS.replace("openai", "\"openai\"").into()),
        (
            "tabs, as pasted from a sheet",
            COSTS.replace(',', "\t").into(),
        ),
    ];
    for (what, bytes) in cases {
        files.put("other.csv", bytes);
        let run = files.with("costs.csv", "other.csv");
        assert_eq!(run.code, 0, "{what}: {}", run.err);
        same_numbers(&files, &run);
    }
    // And a plain file under a name that promises gzip.
    files.put("plain.csv.gz", COSTS);
    same_numbers(&files, &files.with("costs.csv", "plain.csv.gz"));
}

#[test]
fn a_zip_of_all_three_is_all_three() {
    let files = Files::new();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [
        ("usage.csv", USAGE),
        ("costs.csv", COSTS),
        ("revenue.csv", REVENUE),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    files.put("all.zip", zip.finish().unwrap().into_inner());
    same_numbers(&files, &files.report(&["--format", "json", "all.zip"]));
}

#[test]
fn damaged_files_are_refused_with_a_place() {
    let files = Files::new();
    let packed = gzip(COSTS.as_bytes());
    let mut broken_sum = packed.clone();
    let at = broken_sum.len() - 6;
    broken_sum[at] ^= 1;
    let latin1 = COSTS.replace("gpt-4o-mini,output", "caf\u{e9},output");
    let latin1: Vec<u8> = latin1.chars().map(|c| c as u8).collect();
    let cases: [(&str, Vec<u8>, &str); 22] = [
        ("gzip cut off", packed[..packed.len() / 2].to_vec(), "T3019"),
        (
            "gzip with other bytes behind",
            [packed.clone(), b"oops".to_vec()].concat(),
            "T3019",
        ),
        ("gzip with a wrong sum", broken_sum, "T3019"),
        ("Latin-1", latin1, "T3010"),
        (
            "NUL",
            COSTS
                .replace("openai,gpt-4o-mini,output", "op\0nai,gpt-4o-mini,output")
                .into(),
            "T3011",
        ),
        ("cut in a row", COSTS[..COSTS.len() - 12].into(), "T3015"),
        (
            "HTML",
            "<!DOCTYPE html><html><body>Log in</body></html>\n".into(),
            "T3003",
        ),
        ("PDF", "%PDF-1.7\n1 0 obj\n".into(), "T3003"),
        (
            "an error as JSON",
            "{\"error\":{\"message\":\"Unauthorized\",\"code\":401}}\n".into(),
            "T3",
        ),
        (
            "a delimiter less",
            COSTS
                .replace("gpt-4o-mini,output", "gpt-4o-minioutput")
                .into(),
            "T3014",
        ),
        (
            "a delimiter more",
            COSTS
                .replace("gpt-4o-mini,output", "gpt-4o-mini,,output")
                .into(),
            "T3014",
        ),
        ("semicolons", COSTS.replace(',', ";").into(), "T3017"),
        (
            "a quote never closed",
            COSTS
                .replace("openai,gpt-4o-mini,output", "\"openai,gpt-4o-mini,output")
                .into(),
            "T3013",
        ),
        (
            "text after a quote",
            COSTS
                .replace("2026-10-02,openai", "2026-10-02,\"open\"ai")
                .into(),
            "T3012",
        ),
        (
            "a quote inside",
            COSTS
                .replace("2026-10-02,openai", "2026-10-02,ope\"nai")
                .into(),
            "T3012",
        ),
        (
            "a total row",
            format!("{COSTS}Total,,,,4100,0.00066\n").into(),
            "T3030",
        ),
        (
            "the header again",
            format!("{COSTS}{COSTS}").into(),
            "T3031",
        ),
        (
            "no header",
            COSTS
                .lines()
                .skip(1)
                .map(|line| format!("{line}\n"))
                .collect::<String>()
                .into(),
            "T3",
        ),
        (
            "a column twice",
            COSTS.replace("date,provider", "cost,provider").into(),
            "T3016",
        ),
        (
            "Excel's hash marks",
            COSTS.replace("0.00006", "########").into(),
            "T3026",
        ),
        (
            "a day and a month that may be swapped",
            COSTS.replace("2026-10-02", "10/02/2026").into(),
            "T3024",
        ),
        (
            "the 29th of February of another year",
            COSTS.replace("2026-10-02", "2026-02-29").into(),
            "T3024",
        ),
    ];
    for (what, bytes, code) in cases {
        files.put("bad.csv", bytes);
        let run = files.report(&["cost-csv:bad.csv", "usage.csv"]);
        assert_eq!(run.code, 3, "{what}: {}{}", run.out, run.err);
        assert_eq!(run.out, "", "{what}");
        assert!(
            run.err.contains(&format!("error[{code}")),
            "{what}: no {code} in {}",
            run.err
        );
        assert!(run.err.contains("bad.csv"), "{what}: {}", run.err);
        assert!(run.err.contains("= help: "), "{what}: {}", run.err);
    }
}

#[test]
fn numbers_are_exact_or_refused() {
    let files = Files::new();
    let with = |cell: &str| {
        let quoted = if cell.contains(',') {
            format!("\"{cell}\"")
        } else {
            cell.to_string()
        };
        files.put("cell.csv", COSTS.replace("0.00006", &quoted));
        files.with("costs.csv", "cell.csv")
    };
    for cell in [
        "1,234.56",
        "1.234,56",
        "1,234",
        "$5.00",
        "5.00 USD",
        "EUR 5",
        "(5.00)",
        "5.00-",
        "5 CR",
        "\u{2212}5",
        "1\u{a0}234",
        "1'234.50",
        "\u{ff11}\u{ff12}",
        "1e400",
        "1e-400",
        "NaN",
        "inf",
        "-inf",
        "n/a",
        "-",
        "null",
        "1_000",
        "0x10",
        "1/3",
        "=1+2",
        "1.2.3",
        "--5",
        "",
        "1234567890123456789012345678901234567890",
    ] {
        let run = with(cell);
        assert_eq!(run.code, 3, "{cell:?}: {}{}", run.out, run.err);
        assert!(run.err.contains("cell.csv:3:6: "), "{cell:?}: {}", run.err);
    }
    let total = |cell: &str| with(cell).json()["totals"]["cost"].clone();
    for (cell, expected) in [
        ("1.5e-05", "0.000615"),
        ("1.0500000000000001e-05", "0.000610500000000000001"),
        (".5", "0.5006"),
        ("5.", "5.0006"),
        ("+5", "5.0006"),
        ("-0", "0.0006"),
        ("007.50", "7.5006"),
        ("1.005", "1.0056"),
        ("0.003400000000000000000000000000000000", "0.004"),
        (
            "99999999999999999999.999999",
            "100000000000000000000.000599",
        ),
    ] {
        assert_eq!(total(cell), expected, "{cell}");
    }
    let quantity = |cell: &str| {
        files.put(
            "usage-cell.csv",
            USAGE.replace(
                "r1,acme,openai,gpt-4o-mini,1000",
                &format!("r1,acme,openai,gpt-4o-mini,{cell}"),
            ),
        );
        files.with("usage.csv", "usage-cell.csv")
    };
    same_numbers(&files, &quantity("1000.0"));
    for cell in ["1000.5", "-1000", "1,000", "1k"] {
        let cell = if cell.contains(',') {
            format!("\"{cell}\"")
        } else {
            cell.to_string()
        };
        assert_eq!(quantity(&cell).code, 3, "{cell}");
    }
}

#[test]
fn ids_are_text() {
    let files = Files::new();
    let ids = [
        "00123",
        "123",
        "1E5",
        "2E5",
        "NA",
        "null",
        "None",
        "TRUE",
        "12345678901234567890",
    ];
    let mut usage = USAGE.lines().next().unwrap().to_string() + "\n";
    for (at, id) in ids.iter().enumerate() {
        usage += &format!("2026-10-01T08:00:00Z,q{at},{id},openai,gpt-4o-mini,100,0\n");
    }
    files.put("ids.csv", usage);
    let report = files.report(&["--format", "json", "ids.csv"]).json();
    let mut found: Vec<&str> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["customer"].as_str())
        .collect();
    found.sort_unstable();
    let mut expected = ids;
    expected.sort_unstable();
    assert_eq!(found, expected);
    files.put("damaged.csv", USAGE.replace("acme", "1.23457E+11"));
    refused(
        &files.with("usage.csv", "damaged.csv"),
        3,
        "T3026",
        &["damaged.csv:2:3"],
    );
}

#[test]
fn a_request_counts_once_and_a_conflict_is_said() {
    let files = Files::new();
    let row = "2026-10-01T08:00:00Z,r1,acme,openai,gpt-4o-mini,1000,100\n";
    files.put("twice.csv", format!("{USAGE}{row}"));
    let run = files.with("usage.csv", "twice.csv");
    same_numbers(&files, &run);
    assert_eq!(run.json()["inputs"][0]["rows"]["duplicate"], 1);
    let other = row.replace("1000,100", "1001,100");
    files.put("conflict.csv", format!("{USAGE}{other}"));
    refused(
        &files.with("usage.csv", "conflict.csv"),
        3,
        "T3034",
        &["conflict.csv:4", "r1"],
    );
}

// Messages.

#[test]
fn messages_hide_what_must_be_hidden() {
    let files = Files::new();
    files.put(
        "mail.csv",
        COSTS.replace("0.00006", "jane.doe@acme.example"),
    );
    let run = files.with("costs.csv", "mail.csv");
    assert_eq!(run.code, 3);
    assert!(!run.err.contains("jane.doe@acme.example"), "{}", run.err);
    files.put("escape.csv", COSTS.replace("0.00006", "\u{202e}5\u{9b}2J"));
    let run = files.with("costs.csv", "escape.csv");
    assert_eq!(run.code, 3);
    let dangerous =
        |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!run.err.contains(dangerous), "{:?}", run.err);
}

#[test]
fn many_errors_are_counted_not_all_told() {
    let files = Files::new();
    let mut rows = COSTS.to_string();
    for _ in 0..50 {
        rows += "2026-10-03,openai,gpt-4o-mini,input,10,?\n";
    }
    files.put("many.csv", rows);
    let run = files.with("costs.csv", "many.csv");
    assert_eq!(run.err.matches("error[T3021]").count(), 20, "{}", run.err);
    assert!(run.err.contains("30 more T3021 not shown"), "{}", run.err);
    assert!(run.err.contains("50 errors (T3021 x50)"), "{}", run.err);
}

#[test]
fn what_a_spreadsheet_would_run_is_disarmed() {
    let files = Files::new();
    let evil = ["=1+2", "@SUM(A1)", "+1", "-1+1", "=HYPERLINK(0)"];
    let mut usage = USAGE.lines().next().unwrap().to_string() + "\n";
    for (at, id) in evil.iter().enumerate() {
        usage += &format!("2026-10-01T08:00:00Z,q{at},{id},openai,gpt-4o-mini,1000000,0\n");
    }
    files.put("evil.csv", usage);
    let run = files.report(&["--format", "csv", "evil.csv"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for line in run.out.lines().skip(1) {
        let first = line.trim_start_matches('"').chars().next().unwrap();
        assert!(first == '\'', "{line}");
    }
    // Numbers below zero stay numbers: cost without revenue is a loss.
    assert!(run.out.contains(",-0.15,"), "{}", run.out);
}

#[test]
fn a_project_file_is_checked_key_by_key() {
    let files = Files::new();
    let with = |toml: &str| {
        let path = files.put("tanso.toml", toml);
        tanso(&["report", "--config", &path])
    };
    let inputs = "inputs = [\"usage.csv\", \"costs.csv\", \"revenue.csv\"]\n";
    assert_eq!(with(inputs).code, 0);
    refused(
        &with(&format!("{inputs}curency = \"USD\"\n")),
        2,
        "T1010",
        &["tanso.toml:2", "currency"],
    );
    refused(
        &with(&format!("{inputs}[plan.pro]\nprice = 99.5\n")),
        2,
        "T1010",
        &["tanso.toml:3", "quote it"],
    );
    refused(
        &with(&format!("{inputs}{inputs}")),
        2,
        "T1010",
        &["tanso.toml:2"],
    );
    refused(&with("inputs = [\n"), 2, "T1010", &["tanso.toml"]);
}

#[test]
fn a_mapping_names_one_customer_per_id() {
    let files = Files::new();
    files.put(
        "mapping.csv",
        "customer,source,id\nacme,usage,acme\numbra,usage,acme\n",
    );
    let run = files.report(&["-m", &files.path("mapping.csv"), "usage.csv", "costs.csv"]);
    refused(&run, 2, "T2002", &["mapping.csv:3", "2"]);
    files.put("mapping.csv", "customer,id\nacme,acme\n");
    let run = files.report(&["-m", &files.path("mapping.csv"), "usage.csv", "costs.csv"]);
    assert_eq!(run.code, 2, "{}", run.err);
}
