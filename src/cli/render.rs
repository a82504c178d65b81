//! What the commands share on their way out: formats by file ending, rendering a table, writing all
//! outputs of a run, and the line that says what was done.

use std::path::{Path, PathBuf};

use super::args::{MessageFormat, OutputFormat, Shared};
use super::run::Run;
use super::{Console, Ended, output, terminal};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::margin::Header;
use crate::report::table::{Cell, Table};
use crate::report::text::TextOptions;
use crate::report::{csv, fx, markdown, text};

/// A table in one of the formats for people and spreadsheets.
pub fn render_table(
    table: &Table,
    format: OutputFormat,
    shared: &Shared,
    to_terminal: bool,
    console: &mut Console,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    match format {
        OutputFormat::Csv => return render_csv(table, table.rows.iter(), shared, console),
        journal if journal.is_journal() => {
            let message = "only tanso report makes journals";
            return Err(
                Problem::new(&catalogue::BAD_OPTION, message).help("choose another --format here")
            );
        }
        OutputFormat::Md => bytes.extend(markdown::render(table).into_bytes()),
        _ => {
            let options = TextOptions {
                width: if to_terminal { console.width() } else { None },
                style: to_terminal && terminal::color_stdout(shared.color),
            };
            bytes.extend(text::render(table, options).into_bytes());
        }
    }
    Ok(bytes)
}

/// A table as CSV, with rows that need not be its own.
pub fn render_csv<R: AsRef<[Cell]>>(
    table: &Table,
    rows: impl Iterator<Item = R>,
    shared: &Shared,
    console: &mut Console,
) -> Result<Vec<u8>, Problem> {
    let options = csv::CsvOptions {
        bom: shared.bom,
        raw: shared.raw_csv,
    };
    let mut bytes = Vec::new();
    let escaped = csv::write_rows(table, rows, options, &mut bytes).map_err(|error| {
        Problem::new(
            &catalogue::CANNOT_WRITE,
            format!("cannot write the report: {error}"),
        )
    })?;
    if escaped > 0 && !shared.quiet {
        console.say(&format!(
            "note: {escaped} text cells begin like a spreadsheet formula and got a leading '; --raw-csv leaves them as they are"
        ));
    }
    Ok(bytes)
}

/// What goes where: standard output, or the files of `-o`.
pub struct Outputs {
    /// What goes to standard output.
    pub stdout: Option<(OutputFormat, Vec<u8>)>,
    /// What goes to files.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// Files that were read besides those of the run; none of them is overwritten.
    pub read: Vec<PathBuf>,
}

/// Renders every output of a run.
///
/// # Errors
/// An ending that names no format, or a rendering that fails.
pub fn outputs(
    shared: &Shared,
    render: &mut dyn FnMut(OutputFormat, bool) -> Result<Vec<u8>, Problem>,
) -> Result<Outputs, Problem> {
    let formats = formats(shared)?.into_iter();
    if shared.output.is_empty() {
        let mut stdout = None;
        for format in formats {
            stdout = Some((format, render(format, true)?));
        }
        return Ok(Outputs {
            stdout,
            files: Vec::new(),
            read: Vec::new(),
        });
    }
    let mut files = Vec::new();
    let mut stdout = None;
    for (path, format) in shared.output.iter().zip(formats) {
        if path.as_os_str() == "-" {
            stdout = Some((format, render(format, true)?));
        } else {
            files.push((path.clone(), render(format, false)?));
        }
    }
    let read = Vec::new();
    Ok(Outputs {
        stdout,
        files,
        read,
    })
}

/// The formats of the outputs of a run, one for each `-o`, or that of standard output.
pub fn formats(shared: &Shared) -> Result<Vec<OutputFormat>, Problem> {
    if shared.output.is_empty() {
        return Ok(vec![shared.format.unwrap_or_default()]);
    }
    let paths = shared.output.iter();
    paths
        .map(|path| shared.format.map_or_else(|| format_of(path), Ok))
        .collect()
}

/// The format that a file's ending asks for.
pub fn format_of(path: &Path) -> Result<OutputFormat, Problem> {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("csv") => Ok(OutputFormat::Csv),
        Some("json") => Ok(OutputFormat::Json),
        Some("jsonl" | "ndjson") => Ok(OutputFormat::Jsonl),
        Some("md" | "markdown") => Ok(OutputFormat::Md),
        Some("journal") => Ok(OutputFormat::JournalHledger),
        Some("txt") | None => Ok(OutputFormat::Table),
        Some(other) => Err(Problem::new(
            &catalogue::BAD_OPTION,
            format!("no output format has the ending .{other}"),
        )
        .help("endings: .csv .json .jsonl .md .journal .txt; or say --format")),
    }
}

/// Writes the outputs, says what was done, and decides the exit code.
///
/// # Errors
/// If something cannot be written.
pub fn finish(
    shared: &Shared,
    run: &Run,
    header: &Header,
    outputs: Outputs,
    console: &mut Console,
) -> Result<Ended, Problems> {
    let mut inputs: Vec<_> = run.specs.iter().map(|spec| spec.path.clone()).collect();
    inputs.extend(super::price_book::file(shared, run.project.as_ref()).map(|(path, _)| path));
    inputs.extend(
        run.project
            .iter()
            .map(|project| PathBuf::from(&project.shown)),
    );
    inputs.extend(outputs.read);
    output::write_all(&outputs.files, &inputs)?;
    let shows_all = matches!(
        &outputs.stdout,
        Some((OutputFormat::Table | OutputFormat::Md, _))
    );
    if let Some((_, bytes)) = outputs.stdout {
        console.out.extend(bytes);
    }
    let warnings = Run::warnings(header).count();
    // The table carries notes and tie-outs itself; other outputs leave them to standard error.
    if !shared.quiet && (!shows_all || shared.verbose) {
        let json = shared.message_format == MessageFormat::Json;
        if !json {
            for line in fx::lines(header.fx.as_ref()) {
                console.say(&line);
            }
        }
        for note in &header.notes {
            console.say(&super::messages::note(note, json));
        }
        if !json {
            console.say(&summary(header));
        }
    }
    if shared.verbose {
        for file in &run.books.files {
            console.say(&format!(
                "read {} as {}: {} rows used",
                file.path(),
                file.format,
                file.rows()
            ));
        }
    }
    if shared.strict && warnings > 0 {
        console.say(&format!(
            "tanso: --strict asks to fail on warnings, and there are some: {warnings}; the report is complete"
        ));
        return Ok(Ended::Finding);
    }
    Ok(Ended::Fine)
}

/// One line about what was read.
fn summary(header: &Header) -> String {
    let sum = |of: fn(&crate::model::receipt::RowCounts) -> u64| {
        header
            .inputs
            .iter()
            .map(|input| of(&input.rows))
            .sum::<u64>()
    };
    let mut left = std::collections::BTreeMap::<&str, u64>::new();
    for input in &header.inputs {
        for (reason, count) in &input.rows.skipped {
            *left.entry(reason).or_default() += count;
        }
    }
    let mut skipped: String = left
        .iter()
        .map(|(reason, count)| format!(", {count} skipped ({reason})"))
        .collect();
    let rejected = sum(|rows| rows.rejected);
    if rejected > 0 {
        skipped.push_str(&format!(", {rejected} set aside"));
    }
    format!(
        "tanso: {} files, {} rows read, {} used, {} repeated{skipped}, {} outside {}; every total ties, difference 0",
        header.inputs.len(),
        sum(|rows| rows.read),
        sum(|rows| rows.used),
        sum(|rows| rows.duplicate),
        sum(|rows| rows.out_of_period),
        header.period.title()
    )
}

/// Decimals of money: exact in JSON, the currency's minor unit elsewhere, unless asked for.
pub fn places(shared: &Shared, format: OutputFormat, decimals: u8) -> Result<Option<u8>, Problem> {
    match shared.precision.as_deref() {
        None if matches!(format, OutputFormat::Json | OutputFormat::Jsonl) => Ok(None),
        None | Some("minor") => Ok(Some(decimals)),
        Some("exact") => Ok(None),
        Some(text) => match text.parse::<u8>() {
            Ok(places) if places <= 18 => Ok(Some(places)),
            _ => Err(
                Problem::new(&catalogue::BAD_OPTION, "--precision is not understood")
                    .excerpt(text)
                    .help("write minor, exact, or a number of decimals up to 18"),
            ),
        },
    }
}
