//! `tanso report`: margins by any dimensions, in every output format.

use std::path::{Path, PathBuf};

use super::args::{MessageFormat, OutputFormat, ReportArgs, Shared};
use super::controls;
use super::journal::Made;
use super::report_extras::{keeps_receipt, may_keep_receipt, render_spread, spread, with_receipt};
use super::run::Run;
use super::{Console, Ended, output, terminal};
use crate::margin::Dimension;
use crate::problem::{Problem, Problems, catalogue};
use crate::report::margin::{Header, View, distribution, document, table};
use crate::report::table::{Cell, Table};
use crate::report::text::TextOptions;
use crate::report::{csv, fx, json, jsonl, markdown, text};

/// Columns that rows can be ordered by.
const SORTS: &[&str] = &[
    "gross_profit",
    "revenue",
    "cost",
    "gross_margin",
    "markup",
    "requests",
    "input_tokens",
    "output_tokens",
];

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &ReportArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    // Receipts tell failed requests apart from served ones.
    let mut run = Run::prepare_apart(shared, &args.by, may_keep_receipt(args))?;
    let by = run.dimensions(&args.by)?;
    let filters = run.filters(&shared.filters)?;
    let (mut statement, receipt) = match keeps_receipt(args, &by) {
        true => {
            let (statement, receipt) = with_receipt(&run, &by)?;
            (statement, Some(receipt))
        }
        false => (run.statement(&by, &filters), None),
    };
    statement.contracts = run.contracts();
    run.some_fact(&filters, &statement)?;
    run.some_row(&filters, &statement)?;
    controls::expectations(shared, &statement)?;
    let mut header = run.header(shared, &statement);
    if let Some(top) = args.top {
        header.options.insert("top".into(), top.to_string());
    }
    if args.losses {
        header.options.insert("losses".into(), "true".into());
    }
    let view = view(args, &by, shared, run.currency.decimals())?;
    let spread = spread(args, &by, &run, &statement)?;
    let again = |format: OutputFormat| format == OutputFormat::Json || format.is_journal();
    if !formats(shared)?.into_iter().any(again) {
        // Nothing asks for usage again, which may be most of the memory.
        run.books.usage = Vec::new();
    }
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let view = View {
            places,
            fold_unmapped: matches!(format, OutputFormat::Table | OutputFormat::Md),
            ..view.clone()
        };
        if let (Some(spread), true) = (&spread, format != OutputFormat::Json) {
            let format = (format, to_terminal);
            return render_spread(spread, &statement, &header, shared, format, console);
        }
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => {
                let document = {
                    let spread = spread.as_ref().map(distribution::document);
                    document::document(
                        &statement,
                        &run.identity,
                        &header,
                        &view,
                        receipt.as_ref(),
                        spread,
                    )
                };
                json::write(&document, &mut bytes)
            }
            OutputFormat::Jsonl => {
                let rows = document::rows(&statement, &run.identity, &view);
                jsonl::write(rows, &mut bytes)
            }
            journal if journal.is_journal() => {
                return match super::journal::make(args, &run, journal)? {
                    Made::Text(text) => Ok(text.into_bytes()),
                    Made::Table(table) => {
                        render_table(&table, OutputFormat::Csv, shared, to_terminal, console)
                    }
                };
            }
            OutputFormat::Csv => {
                let laid_out = table::laid_out(&statement, &run.identity, &header, &view);
                let (table, rows) = laid_out;
                return render_csv(&table, rows, shared, console);
            }
            table_like => {
                let table = table::table(&statement, &run.identity, &header, &view);
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_WRITE,
                format!("cannot write the report: {error}"),
            )
        })?;
        Ok(bytes)
    };
    let outputs = outputs(shared, &mut render)?;
    let ended = finish(shared, &run, &header, outputs, console);
    // The process ends; to give back all that a run holds, piece by piece, would take as long as a
    // good part of it.
    std::mem::forget((run, statement));
    ended
}

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
fn render_csv<R: AsRef<[Cell]>>(
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
fn formats(shared: &Shared) -> Result<Vec<OutputFormat>, Problem> {
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

fn view(
    args: &ReportArgs,
    by: &[Dimension],
    shared: &Shared,
    decimals: u8,
) -> Result<View, Problem> {
    let with_revenue = crate::report::margin::with_revenue(by);
    if args.losses && !with_revenue {
        return Err(Problem::new(&catalogue::BAD_OPTION, "--losses needs rows with revenue")
            .help("revenue belongs to customers, plans and months, not to features or models; leave those out of --by"));
    }
    let sort = match &args.sort {
        None if with_revenue => None,
        None => Some(("cost".to_string(), true)),
        Some(text) => {
            let (descending, column) = match text.strip_prefix('-') {
                Some(column) => (true, column),
                None => (false, text.as_str()),
            };
            let folded = column.to_lowercase().replace([' ', '-'], "_");
            let column = match folded.as_str() {
                "margin" => "gross_margin",
                "mark_up" => "markup",
                other => other,
            };
            if !SORTS.contains(&column) {
                return Err(
                    Problem::new(&catalogue::BAD_OPTION, "--sort names no column")
                        .excerpt(text.clone())
                        .help(format!(
                            "columns: {}; with - before it the largest first",
                            SORTS.join(", ")
                        )),
                );
            }
            Some((column.to_string(), descending))
        }
    };
    Ok(View {
        sort,
        top: args.top,
        losses: args.losses,
        places: places(shared, OutputFormat::Table, decimals)?,
        fold_unmapped: false,
    })
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
