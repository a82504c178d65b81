//! `tanso formats`: what can be read, and what a file is.

use std::path::Path;

use super::args::FormatsArgs;
use super::messages::{self, MessageOptions};
use super::{Console, Ended};
use crate::formats::{FORMATS, Format, Kind};
use crate::load::{Recognized, because, nearest, recognize};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::table::{Cell, Column, Table};
use crate::report::text::TextOptions;
use crate::report::{text, visible};
use crate::scan::{self, How};

/// Runs the command.
///
/// # Errors
/// Files that cannot be read or recognized.
pub fn run(args: &FormatsArgs, console: &mut Console) -> Result<Ended, Problems> {
    if let Some(output) = &args.schema {
        return schema(output, console);
    }
    if args.markdown {
        console.out.extend(markdown().into_bytes());
        return Ok(Ended::Fine);
    }
    if let Some(name) = &args.columns {
        return about(name, console);
    }
    if args.files.is_empty() {
        list(console);
        return Ok(Ended::Fine);
    }
    let mut problems = Problems::default();
    for path in &args.files {
        file(path, console, &mut problems);
    }
    if problems.is_empty() {
        return Ok(Ended::Fine);
    }
    // What was recognized stays said.
    for problem in problems.kept() {
        // Writing to memory cannot fail.
        let _ = messages::print_one(problem, MessageOptions::default(), &mut console.err);
    }
    Ok(Ended::Failed(messages::exit_code(&problems)))
}

fn list(console: &mut Console) {
    let rows = FORMATS.iter().map(|format| {
        vec![
            Cell::Text(format.name.into()),
            Cell::Text(format.kind.word().into()),
            Cell::Text(format.title.into()),
            Cell::Text(format.required.join(", ")),
        ]
    });
    let table = Table {
        title: "Formats that can be read".into(),
        columns: vec![
            Column::text("format", "Format"),
            Column::text("kind", "Kind"),
            Column::text("title", "Export"),
            Column::text("required", "Recognized by").dropped(1),
        ],
        rows: rows.collect(),
        totals: None,
        footer: vec![
            "Any of them may be packed as .gz, .zst or .zip; tables may be CSV, JSON lines or Parquet.".into(),
            "tanso formats FILE tells what a file is; tanso formats --columns FORMAT tells all about one.".into(),
        ],
        places: None,
    };
    let options = TextOptions {
        width: console.width(),
        style: false,
    };
    console
        .out
        .extend(text::render(&table, options).into_bytes());
}

fn file(path: &Path, console: &mut Console, problems: &mut Problems) {
    let name = visible(&path.to_string_lossy()).into_owned();
    let opened = match scan::open(path, &name, &How::default()) {
        Ok(opened) => opened,
        Err(problem) => return problems.push(problem),
    };
    for one in opened {
        match recognize(None, &one) {
            Recognized::Mapping => say(console, &format!("{}: the mapping file", one.name)),
            Recognized::Rates => say(console, &format!("{}: dated exchange rates", one.name)),
            Recognized::Format(format) => {
                say(
                    console,
                    &format!("{}: {} ({})", one.name, format.name, format.title),
                );
                say(console, &format!("  kind: {}", format.kind.word()));
                say(
                    console,
                    &format!("  because it has: {}", because(format, &one).join(", ")),
                );
                if !one.peek.header.is_empty() {
                    say(
                        console,
                        &format!("  columns: {}", one.peek.header.names().join(", ")),
                    );
                }
            }
            Recognized::Nothing(problem) => {
                for (format, missing) in nearest(&one).into_iter().take(3) {
                    say(
                        console,
                        &format!(
                            "{}: not {}: {} missing",
                            one.name,
                            format.name,
                            missing.join(", ")
                        ),
                    );
                }
                problems.push(problem);
            }
        }
    }
}

fn say(console: &mut Console, line: &str) {
    console.out.extend(visible(line).as_bytes());
    console.out.push(b'\n');
}

fn about(name: &str, console: &mut Console) -> Result<Ended, Problems> {
    let format = FORMATS
        .iter()
        .find(|format| format.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
            Problems::from(
                Problem::new(
                    &catalogue::BAD_OPTION,
                    format!("there is no format {name:?}"),
                )
                .help(format!("formats: {}", names.join(", "))),
            )
        })?;
    console.out.extend(section(format).into_bytes());
    Ok(Ended::Fine)
}

fn section(format: &Format) -> String {
    format!(
        "### `{}`: {}\n\nKind: {}. Recognized by: {}.\n\n{}\n",
        format.name,
        format.title,
        format.kind.word(),
        format
            .required
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
        format.page.trim()
    )
}

/// The generated page `docs/formats.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Formats\n\nGenerated from the registry by `tanso formats --markdown`; a test keeps it true. Every table may be CSV,\nJSON lines or Parquet where its vendor writes it, and any file may be packed as `.gz`, `.zst` or `.zip`.\n`tanso formats FILE` tells what a file is; `FORMAT:path` forces a format.\n",
    );
    let kinds = [
        (Kind::Usage, "Usage logs"),
        (Kind::Bill, "Provider bills"),
        (Kind::ProviderUsage, "Provider usage exports"),
        (Kind::Revenue, "Revenue"),
        (Kind::Catalog, "Billing catalogs"),
    ];
    for (kind, title) in kinds {
        page.push_str(&format!("\n## {title}\n"));
        for format in FORMATS.iter().filter(|format| format.kind == kind) {
            page.push('\n');
            page.push_str(&section(format));
        }
    }
    page.push_str("\n## Recognized and refused with advice\n\n");
    for useless in crate::formats::USELESS {
        page.push_str(&format!("- {}: {}\n", useless.title, useless.advice));
    }
    page
}

fn schema(output: &str, console: &mut Console) -> Result<Ended, Problems> {
    let text = match output {
        "report" => include_str!("../../docs/schema/report.json"),
        "map" => include_str!("../../docs/schema/map.json"),
        "leaks" => include_str!("../../docs/schema/leaks.json"),
        "leaks-bench" => include_str!("../../docs/schema/leaks-bench.json"),
        "check" => include_str!("../../docs/schema/check.json"),
        "diff" => include_str!("../../docs/schema/diff.json"),
        "explanation" => include_str!("../../docs/schema/explanation.json"),
        "reconciliation" => include_str!("../../docs/schema/reconciliation.json"),
        "simulation" => include_str!("../../docs/schema/simulation.json"),
        "quote" => include_str!("../../docs/schema/quote.json"),
        "scenario" => include_str!("../../docs/schema/scenario.json"),
        other => {
            return Err(Problems::from(
                Problem::new(
                    &catalogue::BAD_OPTION,
                    format!("there is no schema {other:?}"),
                )
                .help("schemas: report, explanation, diff, check, reconciliation, simulation, scenario, quote, leaks, leaks-bench, map"),
            ));
        }
    };
    console.out.extend(text.as_bytes());
    Ok(Ended::Fine)
}
