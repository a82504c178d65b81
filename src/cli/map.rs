//! `tanso map`: which ids have a customer and how much money stands at the others; and, with
//! `suggest`, a mapping patch for a person to review.

use std::collections::BTreeSet;

use super::args::{MapArgs, MapCommand, OutputFormat, Shared};
use super::render::{finish, outputs, places, render_table};
use super::run::Run;
use super::{Console, Ended};
use crate::identity::PartyKind;
use crate::margin::Dimension;
use crate::margin::ids::{Ids, Inputs};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::map::table::{self, Proposal};
use crate::report::map::{document, shown};
use crate::report::margin::Header;
use crate::report::visible::masked;
use crate::report::{json, jsonl};
use crate::suggest::{self, Suggestion};

/// The options that all commands share, whichever of the two is asked for.
pub fn shared(args: &MapArgs) -> &Shared {
    match &args.command {
        Some(MapCommand::Suggest(shared)) => shared,
        None => &args.shared,
    }
}

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &MapArgs, console: &mut Console) -> Result<Ended, Problems> {
    let asked = args.command.is_some();
    let shared = shared(args);
    if !shared.filters.is_empty() {
        let problem = Problem::new(
            &catalogue::BAD_OPTION,
            "map looks at all ids, without --where",
        );
        return Err(problem.help("leave --where out").into());
    }
    let run = Run::prepare(shared, &[])?;
    let statement = run.statement(&[Dimension::Customer], &[]);
    run.some_fact(&[], &statement)?;
    super::controls::expectations(shared, &statement)?;
    let ids = ids(&run);
    ids.check(&statement.totals);
    let mut header = run.header(shared, &statement);
    keep_identity(&mut header);
    let suggestions = suggestions(&run, &ids);
    let (proposals, beside) = proposals(&run, &suggestions);
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let mut bytes = Vec::new();
        let written = match (format, asked) {
            (OutputFormat::Json, _) => {
                let document = document::document(&ids, &suggestions, &header, places);
                json::write(&document, &mut bytes)
            }
            (OutputFormat::Jsonl, false) => jsonl::write(document::rows(&ids, places), &mut bytes),
            (OutputFormat::Jsonl, true) => {
                jsonl::write(document::suggestion_rows(&suggestions), &mut bytes)
            }
            (OutputFormat::Csv, true) => {
                // Ids must stay as they are, or the mapping would not find them.
                let raw = Shared {
                    raw_csv: true,
                    ..shared.clone()
                };
                let mapping = run.identity.mapping();
                let columns = mapping.map_or(&[][..], |mapping| &mapping.columns);
                let patch = table::patch(&proposals, columns);
                return render_table(&patch, format, &raw, to_terminal, console);
            }
            (_, true) => {
                let list = suggestions.iter().flat_map(table::proposals);
                let list: Vec<Proposal> = list.map(for_people).collect();
                let list = table::patch(&list, &[]);
                return render_table(&list, format, shared, to_terminal, console);
            }
            (OutputFormat::Csv, false) => {
                let table = table::every_id(&ids, &header, places);
                return render_table(&table, format, shared, to_terminal, console);
            }
            (_, false) => {
                let mut tables = vec![table::coverage(&ids, &header, places)];
                tables.extend(table::unmatched(&ids, &header, places));
                for (at, table) in tables.iter().enumerate() {
                    if at > 0 {
                        bytes.push(b'\n');
                    }
                    let text = render_table(table, format, shared, to_terminal, console)?;
                    bytes.extend(text);
                }
                Ok(())
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the ids: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let patch = Shared {
        // A patch is a mapping file: CSV unless somebody asks for something else.
        format: match (asked, shared.output.is_empty()) {
            (true, true) => shared.format.or(Some(OutputFormat::Csv)),
            _ => shared.format,
        },
        ..shared.clone()
    };
    let outputs = outputs(&patch, &mut render)?;
    if asked && !shared.quiet {
        beside.iter().for_each(|line| console.say(line));
    }
    finish(&patch, &run, &header, outputs, console)
}

/// Leaves the notes that tell about ids; those on cost and coverage are the report's.
fn keep_identity(header: &mut Header) {
    let codes = [
        catalogue::JOINED_BY.code,
        catalogue::ALIKE_IDS.code,
        catalogue::AMBIGUOUS_JOIN.code,
    ];
    header.notes.retain(|note| codes.contains(&note.code));
    for note in &mut header.notes {
        note.text = masked(&note.text);
    }
}

/// For people an address is masked; in the patch there is none.
fn for_people(line: Proposal) -> Proposal {
    Proposal {
        customer: masked(&line.customer),
        id: masked(&line.id),
        ..line
    }
}

fn ids(run: &Run) -> Ids {
    let inputs = Inputs {
        identity: &run.identity,
        usage: &run.books.usage,
        revenue: &run.revenue,
        period: run.period,
        zone: run.zone,
    };
    Ids::collect(&inputs, |sink| run.costs_in_detail(sink))
}

fn suggestions(run: &Run, ids: &Ids) -> Vec<Suggestion> {
    let unmatched = ids.unmatched().into_iter();
    let unmatched: BTreeSet<(String, String)> = unmatched
        .map(|one| (one.source.clone(), one.id.clone()))
        .collect();
    let facts = suggest::gather(&suggest::World {
        identity: &run.identity,
        usage: &run.books.usage,
        charges: &run.books.charges,
        records: &run.books.records,
        revenue: &run.revenue,
        unmatched: &unmatched,
        period: run.period,
        zone: run.zone,
    });
    suggest::suggest(&facts, run.identity.mapping().is_some())
}

/// The lines of the patch, and what stays out of it, in words.
fn proposals(run: &Run, suggestions: &[Suggestion]) -> (Vec<Proposal>, Vec<String>) {
    let mut lines = Vec::new();
    let mut beside = Vec::new();
    let mut addresses = 0;
    for suggestion in suggestions {
        let Some(only) = suggestion.only() else {
            let fits: Vec<String> = suggestion
                .candidates
                .iter()
                .map(|candidate| masked(&candidate.customer))
                .collect();
            beside.push(format!(
                "not in the patch: {} fits several customers equally well: {}",
                shown(&suggestion.source, &suggestion.id),
                fits.join(", ")
            ));
            continue;
        };
        if is_address(&suggestion.id) || is_address(&only.customer) {
            addresses += 1;
            continue;
        }
        lines.extend(table::proposals(suggestion));
    }
    if run.identity.mapping().is_none() && !lines.is_empty() {
        let present = present_customers(run, &mut addresses);
        lines.splice(0..0, present);
    }
    if addresses > 0 {
        beside.push(format!(
            "not in the patch, which shows no e-mail address: ids that are addresses: {addresses}; write their rows by hand"
        ));
    }
    (lines, beside)
}

/// Without a mapping file the ids of the log are the customers. A mapping ends that, so the patch
/// names all of them.
fn present_customers(run: &Run, addresses: &mut usize) -> Vec<Proposal> {
    let parties = run.identity.parties().iter();
    let customers = parties.filter(|party| party.kind == PartyKind::Customer);
    let mut lines = Vec::new();
    for party in customers {
        if is_address(&party.key) {
            *addresses += 1;
            continue;
        }
        lines.push(Proposal {
            customer: party.key.clone(),
            source: "usage".into(),
            id: party.key.clone(),
            confidence: suggest::Confidence::High.word(),
            reason: "customer without a mapping".into(),
        });
    }
    lines
}

fn is_address(text: &str) -> bool {
    masked(text) != text
}
