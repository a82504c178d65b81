//! Prints problems on standard error, for people or, one JSON object per line, for programs; and
//! decides the exit code.
//!
//! Excerpts come from the user's data: they are cut, e-mail addresses are masked always, and
//! control characters are made visible. Paths are made visible but not masked, or nobody could
//! find the file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::problem::{Class, Note, Problem, Problems, catalogue};
use crate::report::figures::grouped;
use crate::report::visible::{masked, visible};

/// Exit code of a bug of ours: a broken invariant or a panic.
pub const EXIT_BUG: u8 = 70;
/// Exit code of a gate that tripped, warnings under `--strict` included.
pub const EXIT_FINDING: u8 = 1;

/// How many problems are told in full; the rest is counted.
const DETAILS: usize = 20;
/// Bytes of an excerpt that is a line or another piece of a file.
const LINE_EXCERPT: usize = 120;
/// Characters of an excerpt that is one cell, which may be an id or a name.
const CELL_EXCERPT: usize = 40;

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageOptions {
    /// One JSON object per line, without a last line that sums up.
    pub json: bool,
    /// Color the severity.
    pub color: bool,
}

/// The exit code of a class: 2 usage, 3 data, 4 input and output, 5 limit; 0 for warnings and
/// notes, which fail a run only under `--strict`.
pub fn exit_of(class: Class) -> u8 {
    match class {
        Class::Warning | Class::Note => 0,
        Class::Usage => 2,
        Class::Data => 3,
        Class::Io => 4,
        Class::Limit => 5,
    }
}

/// The exit code of a run: that of the first problem that is an error, since what follows is often
/// its consequence. 0 if there is none.
pub fn exit_code(problems: &Problems) -> u8 {
    problems
        .kept()
        .iter()
        .map(|problem| exit_of(problem.entry.class))
        .find(|code| *code != 0)
        .unwrap_or(0)
}

/// The word for a class: `error`, `warning` or `note`.
pub fn severity(class: Class) -> &'static str {
    match class {
        Class::Warning => "warning",
        Class::Note => "note",
        _ => "error",
    }
}

/// A note as a line: for people, or as a JSON object.
pub fn note(note: &Note, json: bool) -> String {
    let word = if note.warning { "warning" } else { "note" };
    match json {
        true => serde_json::json!({"code": note.code, "severity": word, "message": note.text})
            .to_string(),
        false => format!("{word}[{}]: {}", note.code, note.text),
    }
}

/// Prints the problems, at most 20 of them in full, then how many there are of each code.
///
/// # Errors
/// Those of the writer.
pub fn print(problems: &Problems, options: MessageOptions, out: &mut dyn Write) -> io::Result<()> {
    for problem in problems.kept().iter().take(DETAILS) {
        print_one(problem, options, out)?;
    }
    for (code, hidden) in hidden(problems) {
        if options.json {
            write_json(&Line::hidden(code, hidden), out)?;
        } else {
            writeln!(
                out,
                "  … {} more {code} not shown",
                grouped(&hidden.to_string())
            )?;
        }
    }
    if !options.json && !problems.is_empty() {
        writeln!(out, "{}", summary(problems))?;
    }
    out.flush()
}

/// Prints one problem without summing up; for warnings beside a finished report.
///
/// # Errors
/// Those of the writer.
pub fn print_one(
    problem: &Problem,
    options: MessageOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    if options.json {
        write_json(&Line::of(problem), out)
    } else {
        out.write_all(paragraph(problem, options.color).as_bytes())
    }
}

fn paragraph(problem: &Problem, color: bool) -> String {
    let word = severity(problem.entry.class);
    let (on, off) = match (color, word) {
        (false, _) => ("", ""),
        (true, "error") => ("\u{1b}[1;31m", "\u{1b}[0m"),
        (true, "warning") => ("\u{1b}[1;33m", "\u{1b}[0m"),
        (true, _) => ("\u{1b}[1;36m", "\u{1b}[0m"),
    };
    // Writing to a String cannot fail, here and below.
    let mut out = format!("{on}{word}[{}]{off}: ", problem.entry.code);
    if let Some(place) = &problem.place {
        out.push_str(&visible(&place.file));
        let column = place.column.map(|column| column as u64);
        for number in [place.line, column].into_iter().flatten() {
            let _ = write!(out, ":{number}");
        }
        out.push_str(": ");
    }
    out.push_str(&safe(&problem.message));
    if let Some(excerpt) = shown_excerpt(problem) {
        let _ = write!(out, ": \"{excerpt}\"");
    }
    out.push('\n');
    if let Some(line) = position(problem) {
        let _ = writeln!(out, "  = {line}");
    }
    if let Some(help) = help_of(problem) {
        let _ = writeln!(out, "  = help: {help}");
    }
    out
}

/// What to do. No error is without: where nothing fits this very case, the entry tells in general.
fn help_of(problem: &Problem) -> Option<String> {
    let general = || format!("tanso --explain {} tells more", problem.entry.code);
    let error = severity(problem.entry.class) == "error";
    let own = problem.help.as_deref().map(safe);
    own.or_else(|| error.then(general))
}

/// `column: cost (7 of 8), byte 431,902`, as far as it is known.
fn position(problem: &Problem) -> Option<String> {
    let place = problem.place.as_ref();
    let byte = place
        .and_then(|place| place.byte)
        .map(|byte| format!("byte {}", grouped(&byte.to_string())));
    let column = problem.field.as_ref().map(|(name, of)| {
        let name = safe(name);
        match place.and_then(|place| place.column) {
            Some(column) => format!("column: {name} ({column} of {of})"),
            None => format!("column: {name}"),
        }
    });
    match (column, byte) {
        (Some(column), Some(byte)) => Some(format!("{column}, {byte}")),
        (column, byte) => column.or(byte),
    }
}

/// The last line: `tanso: 1 file refused, 2 errors (T3021 x1, T3040 x1); nothing was written`.
fn summary(problems: &Problems) -> String {
    let files: BTreeSet<&str> = problems
        .kept()
        .iter()
        .filter(|problem| severity(problem.entry.class) == "error")
        .filter_map(|problem| problem.place.as_ref())
        .map(|place| &*place.file)
        .collect();
    let class_of = |code: &str| {
        let entry = catalogue::ALL.iter().find(|entry| entry.code == code);
        entry.map_or("error", |entry| severity(entry.class))
    };
    let mut parts = Vec::new();
    if !files.is_empty() {
        // Beyond the details kept, more files may be concerned than are known here.
        let least = if hidden(problems).is_empty() {
            ""
        } else {
            "at least "
        };
        parts.push(format!(
            "{least}{} refused",
            counted(files.len() as u64, "file")
        ));
    }
    let mut has_errors = false;
    for word in ["error", "warning", "note"] {
        let codes: Vec<(&str, u64)> = problems
            .counts()
            .iter()
            .filter(|(code, _)| class_of(code) == word)
            .map(|(code, count)| (*code, *count))
            .collect();
        if codes.is_empty() {
            continue;
        }
        has_errors |= word == "error";
        let total = codes.iter().map(|(_, count)| count).sum();
        let each: Vec<String> = codes
            .iter()
            .map(|(code, count)| format!("{code} x{count}"))
            .collect();
        parts.push(format!("{} ({})", counted(total, word), each.join(", ")));
    }
    // What could not be written may have been written in part, to a pipe or a device.
    let failed_to_write = problems.counts().contains_key(catalogue::CANNOT_WRITE.code);
    let end = if has_errors && !failed_to_write {
        "; nothing was written"
    } else {
        ""
    };
    format!("tanso: {}{end}", parts.join(", "))
}

fn counted(count: u64, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {word}{plural}", grouped(&count.to_string()))
}

/// Codes with more occurrences than are told in full, and how many more.
fn hidden(problems: &Problems) -> Vec<(&'static str, u64)> {
    let mut rest = problems.counts().clone();
    for problem in problems.kept().iter().take(DETAILS) {
        if let Some(count) = rest.get_mut(problem.entry.code) {
            *count = count.saturating_sub(1);
        }
    }
    rest.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// One line of `--message-format json`. Absent values are null.
#[derive(Default, serde::Serialize)]
struct Line {
    code: &'static str,
    severity: &'static str,
    file: Option<String>,
    line: Option<u64>,
    column: Option<usize>,
    byte: Option<u64>,
    field: Option<String>,
    value: Option<String>,
    message: String,
    help: Option<String>,
}

impl Line {
    fn of(problem: &Problem) -> Line {
        let place = problem.place.as_ref();
        Line {
            code: problem.entry.code,
            severity: severity(problem.entry.class),
            file: place.map(|place| visible(&place.file).into_owned()),
            line: place.and_then(|place| place.line),
            column: place.and_then(|place| place.column),
            byte: place.and_then(|place| place.byte),
            field: problem.field.as_ref().map(|(name, _)| safe(name)),
            value: shown_excerpt(problem),
            message: safe(&problem.message),
            help: help_of(problem),
        }
    }

    fn hidden(code: &'static str, count: u64) -> Line {
        let entry = catalogue::ALL.iter().find(|entry| entry.code == code);
        Line {
            code,
            severity: entry.map_or("error", |entry| severity(entry.class)),
            message: format!("{count} more not shown"),
            ..Line::default()
        }
    }
}

fn write_json(line: &Line, out: &mut dyn Write) -> io::Result<()> {
    crate::report::jsonl::write([line], out)
}

/// The excerpt as it may be shown: masked first, so that no cut leaves half an address, then made
/// visible, then cut.
fn shown_excerpt(problem: &Problem) -> Option<String> {
    // An empty cell has nothing to show.
    problem.excerpt.as_deref().filter(|text| !text.is_empty())?;
    let shown = safe(problem.excerpt.as_deref()?);
    let end = if problem.field.is_some() {
        shown.char_indices().nth(CELL_EXCERPT).map(|(at, _)| at)
    } else {
        (shown.len() > LINE_EXCERPT).then(|| shown.floor_char_boundary(LINE_EXCERPT))
    };
    Some(match end {
        Some(end) => format!("{}…", &shown[..end]),
        None => shown,
    })
}

fn safe(text: &str) -> String {
    visible(&masked(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Place;
    use std::sync::Arc;

    fn cell_problem(value: &str) -> Problem {
        let file: Arc<str> = "bill_2026-09.csv".into();
        Problem::new(&catalogue::NOT_A_NUMBER, "cost is not a decimal number")
            .at(Place {
                file,
                line: Some(5002),
                column: Some(7),
                byte: Some(431_902),
            })
            .excerpt(value)
            .field("cost", 8)
            .help("if this file uses a decimal comma, say decimal = \",\"")
    }

    fn all(list: Vec<Problem>) -> Problems {
        let mut problems = Problems::default();
        for problem in list {
            problems.push(problem);
        }
        problems
    }

    fn printed(problems: &Problems, json: bool) -> String {
        let mut out = Vec::new();
        print(problems, MessageOptions { json, color: false }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_shape_of_the_contract() {
        let problems = all(vec![
            cell_problem("12,34"),
            Problem::new(
                &catalogue::CONTROL_TOTAL,
                "bill total does not match --expect-bill",
            ),
        ]);
        assert_eq!(
            printed(&problems, false),
            "error[T3021]: bill_2026-09.csv:5002:7: cost is not a decimal number: \"12,34\"\n\
             \x20 = column: cost (7 of 8), byte 431,902\n\
             \x20 = help: if this file uses a decimal comma, say decimal = \",\"\n\
             error[T3040]: bill total does not match --expect-bill\n\
             \x20 = help: tanso --explain T3040 tells more\n\
             tanso: 1 file refused, 2 errors (T3021 x1, T3040 x1); nothing was written\n"
        );
    }

    #[test]
    fn json_lines_carry_the_same() {
        let problems = all(vec![cell_problem("12,34")]);
        assert_eq!(
            printed(&problems, true),
            "{\"code\":\"T3021\",\"severity\":\"error\",\"file\":\"bill_2026-09.csv\",\
             \"line\":5002,\"column\":7,\"byte\":431902,\"field\":\"cost\",\"value\":\"12,34\",\
             \"message\":\"cost is not a decimal number\",\
             \"help\":\"if this file uses a decimal comma, say decimal = \\\",\\\"\"}\n"
        );
    }

    #[test]
    fn many_problems_are_counted() {
        let problems = all((0..33).map(|_| cell_problem("x")).collect());
        let text = printed(&problems, false);
        assert_eq!(text.matches("error[T3021]").count(), 20);
        assert!(text.ends_with(
            "  … 13 more T3021 not shown\n\
             tanso: at least 1 file refused, 33 errors (T3021 x33); nothing was written\n"
        ));
        let json = printed(&problems, true);
        assert_eq!(json.lines().count(), 21);
        assert!(json.ends_with("\"message\":\"13 more not shown\",\"help\":null}\n"));
    }

    #[test]
    fn excerpts_are_cut_masked_and_escaped() {
        let value = |text: &str| shown_excerpt(&cell_problem(text)).unwrap();
        assert_eq!(value("bob.smith+x@acme.example"), "…@…");
        assert_eq!(value("<a@b.example>; c@d"), "<…@…>; …@…");
        assert_eq!(value("jürgen@münchen.example"), "…@…");
        assert_eq!(
            value("claude-sonnet-4-5@20250929"),
            "claude-sonnet-4-5@20250929"
        );
        assert_eq!(value("@handle a@ b"), "@handle a@ b");
        assert_eq!(value("a\u{1b}[2J\u{202e}"), "a\\u{1b}[2J\\u{202e}");
        assert_eq!(value(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
        // An address that the cut would have split is masked before the cut.
        let long = format!("{} bob@acme.example", "x".repeat(35));
        assert_eq!(value(&long), format!("{} …@…", "x".repeat(35)));
        let line = Problem::new(&catalogue::BAD_JSON, "m").excerpt("é".repeat(80));
        assert_eq!(
            shown_excerpt(&line).unwrap(),
            format!("{}…", "é".repeat(60))
        );
    }

    #[test]
    fn paths_and_messages_cannot_reach_the_terminal() {
        let file: Arc<str> = "a\u{1b}]0;x\u{7}\n.csv".into();
        let problem = Problem::new(&catalogue::MAPPING, "customer \u{9b}31m of x@y.example")
            .at(Place::line(&file, 3));
        let text = paragraph(&problem, false);
        assert_eq!(
            text,
            "error[T2001]: a\\u{1b}]0;x\\u{7}\\u{a}.csv:3: customer \\u{9b}31m of …@…\n\
             \x20 = help: tanso --explain T2001 tells more\n"
        );
        assert!(paragraph(&problem, true).starts_with("\u{1b}[1;31merror[T2001]\u{1b}[0m: "));
    }

    #[test]
    fn the_first_error_decides_the_exit_code() {
        let of = |entries: &[&'static crate::problem::Entry]| {
            exit_code(&all(entries
                .iter()
                .map(|entry| Problem::new(entry, "m"))
                .collect()))
        };
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[&catalogue::GAP]), 0);
        assert_eq!(of(&[&catalogue::GAP, &catalogue::MAPPING]), 2);
        assert_eq!(of(&[&catalogue::OVERLAP, &catalogue::MAPPING]), 3);
        assert_eq!(of(&[&catalogue::CANNOT_READ]), 4);
        assert_eq!(of(&[&catalogue::BOMB]), 5);
    }

    #[test]
    fn the_last_line_claims_no_more_than_is_known() {
        let warning = all(vec![Problem::new(&catalogue::GAP, "m")]);
        assert_eq!(summary(&warning), "tanso: 1 warning (N2102 x1)");
        let full = all(vec![Problem::new(&catalogue::CANNOT_WRITE, "m")]);
        assert_eq!(summary(&full), "tanso: 1 error (T4003 x1)");
    }
}
