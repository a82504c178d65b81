//! `tanso explain`: one number of the report walked back to the lines it comes from.

use std::sync::Arc;

use super::args::OutputFormat;
use super::explain_args::ExplainArgs;
use super::render::{finish, outputs, places, render_table};
use super::run::Run;
use super::{Console, Ended};
use crate::attribution::shared::{SharedCost, Split};
use crate::explain::{Explanation, Inputs};
use crate::identity::PartyId;
use crate::load;
use crate::margin::dimension::UNATTRIBUTED;
use crate::margin::{Dimension, Filter, Sieve};
use crate::model::receipt::RowsOf;
use crate::model::records::UsageRecord;
use crate::model::{CellKind, ContextBand, Exact, Packed, UsageCell, names};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::explanation::{Explained, document, parts, table};
use crate::report::margin::footer::quoted;
use crate::report::{json, jsonl, plain};

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &ExplainArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    let named = args
        .what
        .split_once('=')
        .map(|(name, _)| name.trim().to_string());
    let by: Vec<String> = named.into_iter().collect();
    let run = Run::prepare(shared, &by)?;
    let target = target(&run, &args.what)?;
    let mut filters = run.filters(&shared.filters)?;
    filters.push(target.filter.clone());
    let statement = run.statement(std::slice::from_ref(&target.filter.dimension), &filters);
    run.some_row(&filters, &statement)?;
    let inputs = Inputs {
        identity: &run.identity,
        revenue: &run.revenue,
        usage: &run.books.usage,
        pricing: &run.pricing,
        period: run.period,
        zone: run.zone,
        filters: &filters,
    };
    let explanation = Explanation::collect(&inputs, |sink| run.costs_in_detail(sink));
    let totals = &statement.totals;
    assert!(
        explanation.spent() == totals.cost
            && totals.revenue.is_none_or(|r| r == explanation.earned()),
        "the parts add up to {} and {}, the report says {:?} and {}",
        explanation.earned(),
        explanation.spent(),
        totals.revenue,
        totals.cost
    );
    let header = run.header(shared, &statement);
    let rows = match args.no_lines {
        true => Vec::new(),
        false => rows(&run, &filters),
    };
    let mapping = run.books.files.iter().find(|file| file.format == "mapping");
    let asked = shared.filters.iter().chain([&target.asked]);
    let asked = asked.map(|text| format!(" --where {}", quoted(text)));
    let explained = Explained {
        report: format!("tanso report{}{}", header.again, asked.collect::<String>()),
        asked: target.asked,
        title: target.title,
        statement: &statement,
        explanation: &explanation,
        rows: &rows,
        mapping: mapping.map(|file| file.path()),
        rules: &rules(&run.shared),
    };
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(
                &document::document(&explained, &run.identity, &header),
                &mut bytes,
            ),
            OutputFormat::Jsonl => {
                let table = parts(&explained, &run.identity, &header, places);
                jsonl::write(plain::rows(&table), &mut bytes)
            }
            OutputFormat::Csv => {
                let table = parts(&explained, &run.identity, &header, places);
                return render_table(&table, format, shared, to_terminal, console);
            }
            table_like => {
                let table = table::table(&explained, &run.identity, &header, places);
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the explanation: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let outputs = outputs(shared, &mut render)?;
    finish(shared, &run, &header, outputs, console)
}

/// What is explained.
struct Target {
    filter: Filter,
    /// As `--where` takes it.
    asked: String,
    title: String,
}

/// A customer by id, a customer by name, or any dimension with a value.
fn target(run: &Run, what: &str) -> Result<Target, Problem> {
    let text = what.trim();
    let customer = |key: &str, name: Option<&str>| Target {
        filter: Filter {
            dimension: Dimension::Customer,
            values: vec![key.to_string()],
            negated: false,
        },
        asked: format!("customer={key}"),
        title: match name {
            Some(name) if name != key => format!("{name} ({key})"),
            _ => key.to_string(),
        },
    };
    if text == UNATTRIBUTED {
        return Ok(customer(UNATTRIBUTED, None));
    }
    let party = |id: PartyId| {
        let party = run.identity.party(id);
        customer(&party.key, party.name.as_deref())
    };
    if let Some(id) = run.identity.by_key(text) {
        return Ok(party(id));
    }
    let all = (0u32..).zip(run.identity.parties());
    let called: Vec<u32> = all
        .filter(|(_, party)| party.name.as_deref() == Some(text))
        .map(|(at, _)| at)
        .collect();
    match called.as_slice() {
        [one] => return Ok(party(PartyId(*one))),
        [] => {}
        several => {
            let keys = several
                .iter()
                .map(|at| run.identity.party(PartyId(*at)).key.clone());
            let keys: Vec<String> = keys.collect();
            let problem = Problem::new(&catalogue::BAD_OPTION, "several customers have this name");
            return Err(problem
                .excerpt(text)
                .help(format!("say the id: {}", keys.join(", "))));
        }
    }
    if !text.contains('=') {
        let likeness = |key: &str| (strsim::jaro_winkler(text, key) * 1000.0) as u64;
        let nearest = run.identity.parties().iter().max_by_key(|party| {
            let name = party.name.as_deref().map_or(0, likeness);
            likeness(&party.key).max(name)
        });
        let nearest = nearest.map_or(String::new(), |party| {
            format!("the nearest is {:?}; ", party.key)
        });
        return Err(Problem::new(&catalogue::BAD_OPTION, "no customer has this id or name")
            .excerpt(text)
            .help(format!(
                "{nearest}say (unattributed), or a dimension and its value, such as feature=search"
            )));
    }
    let filters = run.filters(&[text.to_string()])?;
    let filter = filters.into_iter().next().filter(|filter| !filter.negated);
    let filter = filter.ok_or_else(|| {
        Problem::new(
            &catalogue::BAD_OPTION,
            "what is explained must be said with =",
        )
        .excerpt(text)
        .help("write feature=search; leave others out with --where")
    })?;
    Ok(Target {
        filter,
        asked: text.to_string(),
        title: text.to_string(),
    })
}

/// The rules of shared costs in words.
fn rules(shared: &[SharedCost]) -> Vec<(String, Vec<String>)> {
    let words = |split: &Split| match split {
        Split::Even => "even".to_string(),
        Split::Proportional => "proportional to direct and metered cost".to_string(),
        Split::Fixed(_) => "fixed weights".to_string(),
        Split::Requests => "driver:requests".to_string(),
        Split::Meter(meter) => format!("driver:{meter}"),
        Split::Revenue => "driver:revenue".to_string(),
    };
    let rule = |cost: &SharedCost| {
        let tiers = cost.tiers.iter().map(|tier| words(&tier.split));
        (cost.name.clone(), tiers.collect())
    };
    shared.iter().map(rule).collect()
}

/// The rows of the logs that pass, found by reading the logs again.
fn rows(run: &Run, filters: &[Filter]) -> Vec<RowsOf> {
    let sieve = Sieve {
        filters,
        identity: &run.identity,
    };
    load::rows_of(&run.specs, &run.columns, &mut |record| {
        let cell = cell(run, record);
        if !run.period.contains(cell.day) {
            return false;
        }
        let id = cell.source.as_deref();
        let party = id.map(|id| run.identity.usage(id, cell.day));
        sieve.usage(&cell, party)
    })
}

/// What filters ask of a record.
fn cell(run: &Run, record: &UsageRecord<'_>) -> UsageCell {
    let text = |text: Option<&str>| -> Option<Arc<str>> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        Some(text.into())
    };
    let provider = match record.provider {
        Some(name) => text(Some(&names::provider(name))),
        None => text(record.model.and_then(names::seller_of)),
    };
    UsageCell {
        utc_day: record.instant.utc_day(),
        day: run.zone.day(record.instant),
        source: text(record.source),
        kind: Arc::new(CellKind {
            scopes: None,
            feature: text(record.feature),
            provider,
            model: text(record.model),
            tier: text(record.tier),
            band: ContextBand::BASE,
            dimensions: record.dimensions.iter().map(|value| text(*value)).collect(),
            aggregated: false,
        }),
        quantities: std::iter::empty().collect(),
        requests: Packed::from(Exact::ZERO),
        aside: None,
    }
}
