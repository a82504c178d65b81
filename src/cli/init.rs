//! `tanso init`: a project file and a mapping skeleton, made from the files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::args::{InitArgs, Shared};
use super::project::FILE_NAME;
use super::run::Run;
use super::{Console, Ended, output};
use crate::identity::PartyKind;
use crate::problem::{Problem, Problems, catalogue};
use crate::revenue::plans::listed;

const MAPPING: &str = "mapping.csv";

/// Runs the command.
///
/// # Errors
/// Every problem of the files, or if something is there already.
pub fn run(args: &InitArgs, console: &mut Console) -> Result<Ended, Problems> {
    for name in [FILE_NAME, MAPPING] {
        if PathBuf::from(name).exists() && !args.force {
            let mut problems = Problems::default();
            problems.push(
                Problem::new(
                    &catalogue::OUTPUT_IS_INPUT,
                    format!("{name} is already here"),
                )
                .help("pass --force to write it anew, or remove it"),
            );
            return Err(problems);
        }
    }
    let shared = Shared {
        files: args.files.clone(),
        no_config: true,
        quiet: true,
        ..Shared::default()
    };
    let run = Run::prepare(&shared, &[])?;
    let outputs = [
        (PathBuf::from(FILE_NAME), project(&run).into_bytes()),
        (PathBuf::from(MAPPING), mapping(&run)?),
    ];
    let inputs: Vec<PathBuf> = run.specs.iter().map(|spec| spec.path.clone()).collect();
    output::write_all(&outputs, &inputs).map_err(|problem| {
        let mut problems = Problems::default();
        problems.push(problem);
        problems
    })?;
    console.say(&format!("wrote {FILE_NAME} and {MAPPING}"));
    console.say("next: fill in the customer column of mapping.csv where it is a billing id, then run: tanso report");
    Ok(Ended::Fine)
}

/// The project file.
fn project(run: &Run) -> String {
    let mut text = String::from(
        "# tanso.toml: what `tanso report` reads in this folder. Money is quoted: a bare number would be a binary float.\n",
    );
    let quoted = |text: &str| toml::Value::String(text.to_string()).to_string();
    let inputs: Vec<String> = run
        .specs
        .iter()
        .map(|spec| quoted(&spec.path.to_string_lossy()))
        .collect();
    text.push_str(&format!("inputs = [{}]\n", inputs.join(", ")));
    text.push_str(&format!("mapping = {}\n", quoted(MAPPING)));
    text.push_str(&format!("currency = {}\n", quoted(run.currency.code())));
    let plans: BTreeSet<&str> = run
        .identity
        .parties()
        .iter()
        .filter_map(|party| party.attribute("plan", run.period))
        .collect();
    let prices = listed(&run.books.records);
    for plan in &plans {
        let price = prices.get(*plan).copied().unwrap_or_default();
        text.push_str(&format!("\n[plan.{}]\n", quoted(plan)));
        match price.month {
            Some(month) => text.push_str(&format!("price = \"{month}\"\n")),
            None => text.push_str("# price = \"99\"   # per month; needed for tanso simulate\n"),
        }
    }
    if plans.is_empty() {
        text.push_str("\n# [plan.pro]\n# price = \"99\"   # per month; needed for tanso simulate --plan pro=149\n");
    }
    text
}

/// One row per id, with the customer it joins to, if any.
fn mapping(run: &Run) -> Result<Vec<u8>, Problems> {
    let mut rows: BTreeSet<[String; 7]> = BTreeSet::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let usage: BTreeSet<&str> = run
        .books
        .usage
        .iter()
        .filter_map(|cell| cell.source.as_deref())
        .collect();
    let mut add = |party: &crate::identity::Party, source: &str, id: &str| {
        // An id that joins nothing is a customer of its own until somebody says otherwise.
        let customer = match &party.kind {
            PartyKind::Unmapped { id, .. } => id.clone(),
            _ => party.key.clone(),
        };
        let first = seen.insert(customer.clone());
        let of = |name: &str| match (first, name) {
            (false, _) => String::new(),
            (true, "name") => party.name.clone().unwrap_or_default(),
            (true, name) => party
                .attribute(name, run.period)
                .unwrap_or_default()
                .to_string(),
        };
        let [name, plan, segment] = ["name", "plan", "segment"].map(of);
        rows.insert([
            customer,
            source.into(),
            id.into(),
            String::new(),
            name,
            plan,
            segment,
        ]);
    };
    for id in usage {
        let party = run.identity.usage(id, run.period.start);
        add(run.identity.party(party), "usage", id);
    }
    let scopes = run.books.usage.iter();
    let scopes = scopes.filter_map(|cell| cell.scopes.as_deref()?.last());
    for scope in scopes.collect::<BTreeSet<_>>() {
        let of = std::slice::from_ref(scope);
        if let Some(party) = run.identity.counted(of, run.period.start) {
            add(run.identity.party(party), &scope.namespace, &scope.id);
        }
    }
    let invoices = run.books.records.invoices.iter();
    let mut billing: BTreeSet<(&str, String)> = invoices
        .filter_map(|invoice| Some((invoice.namespace, invoice.customer.clone()?)))
        .collect();
    billing.extend(
        run.books
            .records
            .payments
            .iter()
            .filter_map(|payment| Some(("stripe", payment.customer.clone()?))),
    );
    for (namespace, id) in &billing {
        let (party, _) = run.identity.billing(namespace, id, run.period.start);
        add(run.identity.party(party), namespace, id);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "customer",
        "source",
        "id",
        "valid_from",
        "valid_to",
        "name",
        "plan",
        "segment",
    ];
    let mut result = writer.write_record(header);
    for [customer, source, id, dates, name, plan, segment] in &rows {
        let record = [customer, source, id, dates, dates, name, plan, segment];
        result = result.and_then(|()| writer.write_record(record));
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string());
    match (result, bytes) {
        (Ok(()), Ok(bytes)) => Ok(bytes),
        (Err(error), _) => Err(cannot(&error.to_string())),
        (_, Err(error)) => Err(cannot(&error)),
    }
}

fn cannot(why: &str) -> Problems {
    let mut problems = Problems::default();
    problems.push(Problem::new(
        &catalogue::CANNOT_WRITE,
        format!("cannot write the mapping: {why}"),
    ));
    problems
}
