//! `tanso simulate`: what other prices, terms, models or usage would do.

use std::collections::BTreeMap;

use super::args::OutputFormat;
use super::controls;
use super::report::{finish, outputs, places, render_table};
use super::run::Run;
use super::simulate_args::SimulateArgs;
use super::simulate_file::ScenarioFile;
use super::simulate_problems::{notes, unresolved};
use super::{Console, Ended};
use super::{simulate_flags, simulate_levers, simulate_prices, simulate_resolve};
use crate::margin::{Dimension, Filter, Statement};
use crate::model::{Exact, Instant};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::simulation::{comparison, document, table};
use crate::report::{json, jsonl};
use crate::revenue::plans::of_subscriptions;
use crate::simulate::{CostBook, Outcome, Prices, Scenario, World, costs, renewals, simulate};

pub use super::simulate_prices::check_prices;

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &SimulateArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    let files = scenario_files(args)?;
    let levers = files.iter().map(simulate_levers::levers);
    let levers = levers.collect::<Result<Vec<_>, _>>()?;
    let features = levers
        .iter()
        .any(|levers| levers.scenario.asks_for_features());
    let by: Vec<String> = features.then(|| "feature".into()).into_iter().collect();
    let run = Run::prepare(shared, &by)?;
    if run.revenue.is_empty() {
        let message = "a simulation changes the prices of invoices, and no revenue file was read";
        return Err(Problems::from(
            Problem::new(&catalogue::WRONG_KIND, message).help(
                "pass Stripe's invoices.csv or unified_payments.csv, or a revenue table with customer_id, period_start, period_end, amount and currency",
            ),
        ));
    }
    let mut scenarios = Vec::new();
    for (file, levers) in files.iter().zip(&levers) {
        scenarios.push(simulate_resolve::resolve(file, levers, &run)?);
    }
    let filters = filters(&run, args)?;
    let statement = run.statement(&[Dimension::Customer], &filters);
    run.some_fact(&filters, &statement)?;
    run.some_row(&filters, &statement)?;
    controls::expectations(shared, &statement)?;
    let prices = simulate_prices::prices(&run)?;
    let ground = Ground::of(&run, &statement, &filters, &prices, &scenarios);
    let world = ground.world();
    let outcomes = scenarios
        .iter()
        .zip(&files)
        .map(|(scenario, file)| {
            simulate(world, scenario).map_err(|why| unresolved(why, file, &run, &prices))
        })
        .collect::<Result<Vec<Outcome>, Problem>>()?;
    let mut header = run.header(shared, &statement);
    header
        .notes
        .extend(notes(&outcomes, &scenarios, &run.period.title()));
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let places = places(shared, format, run.currency.decimals())?;
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(
                &document::document(&outcomes, &run.identity, &header, places),
                &mut bytes,
            ),
            OutputFormat::Jsonl => jsonl::write(
                document::rows(&outcomes, &run.identity, &header, places),
                &mut bytes,
            ),
            table_like => {
                let fold = matches!(table_like, OutputFormat::Table | OutputFormat::Md);
                let table = match outcomes.as_slice() {
                    [_, _, ..] if fold => comparison::table(&outcomes, &header, places),
                    _ => table::tables(&outcomes, &run.identity, &header, places, fold),
                };
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            Problem::new(
                &catalogue::CANNOT_WRITE,
                format!("cannot write the simulation: {error}"),
            )
        })?;
        Ok(bytes)
    };
    let mut outputs = outputs(shared, &mut render)?;
    if let Some(path) = &args.save {
        let [file] = files.as_slice() else {
            let message = "--save writes one scenario, and there are several";
            return Err(Problem::new(&catalogue::BAD_OPTION, message)
                .help("leave out --scenario, or save them one by one")
                .into());
        };
        outputs
            .files
            .push((path.clone(), file.to_toml()?.into_bytes()));
    }
    finish(shared, &run, &header, outputs, console)
}

/// The scenarios of the command line: that of the options, then the files.
fn scenario_files(args: &SimulateArgs) -> Result<Vec<ScenarioFile>, Problems> {
    let mut files: Vec<ScenarioFile> = simulate_flags::scenario(args)?.into_iter().collect();
    for path in &args.scenario {
        let file = ScenarioFile::read(path)?;
        if file.is_empty() {
            let message = format!("the scenario {} changes nothing", path.display());
            return Err(Problem::new(&catalogue::SCENARIO, message)
                .help("add a lever, for example [[plan]] with plan = \"pro\" and price = \"149\"")
                .into());
        }
        files.push(file);
    }
    if files.is_empty() {
        let message = "nothing to simulate: no lever is given";
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .help("write --plan pro=149, --discount, --model, --provider-price, --usage or --scenario FILE; tanso simulate --help shows them")
            .into());
    }
    Ok(files)
}

/// The filters of the run; a price belongs to customers, not to days or models.
fn filters(run: &Run, args: &SimulateArgs) -> Result<Vec<Filter>, Problem> {
    let filters = run.filters(&args.shared.filters)?;
    match filters
        .iter()
        .find(|filter| !filter.dimension.is_of_party())
    {
        None => Ok(filters),
        Some(filter) => {
            let message = format!(
                "a simulation cannot be limited by {}",
                filter.dimension.name()
            );
            Err(Problem::new(&catalogue::BAD_OPTION, message)
                .help("limit it by customer, plan, segment or another attribute of the mapping"))
        }
    }
}

/// What the scenarios of a run stand on.
struct Ground<'a> {
    run: &'a Run,
    statement: &'a Statement,
    filters: &'a [Filter],
    prices: &'a Prices,
    views: Vec<Statement>,
    subscriptions: BTreeMap<String, Vec<String>>,
    quantities: BTreeMap<String, Exact>,
    renewals: BTreeMap<String, Instant>,
    costs: CostBook,
}

impl<'a> Ground<'a> {
    fn of(
        run: &'a Run,
        statement: &'a Statement,
        filters: &'a [Filter],
        prices: &'a Prices,
        scenarios: &[Scenario],
    ) -> Ground<'a> {
        let view = |name: &str| run.statement(&[Dimension::Attribute(name.into())], filters);
        let records = &run.books.records;
        let quantities = records.subscriptions.iter();
        let keep = |party, day| costs::passes(&run.identity, filters, party, day);
        Ground {
            run,
            statement,
            filters,
            prices,
            views: vec![view("plan"), view("segment")],
            subscriptions: of_subscriptions(records),
            quantities: quantities
                .map(|sub| (sub.id.clone(), sub.quantity))
                .collect(),
            renewals: renewals(&records.subscriptions, run.zone.start_of(run.period.start)),
            costs: match scenarios.iter().any(Scenario::changes_cost) {
                true => CostBook::collect(&run.books.usage, &keep, |sink| {
                    run.costs_in_detail(sink);
                }),
                false => CostBook::default(),
            },
        }
    }

    fn world(&'a self) -> World<'a> {
        World {
            statement: self.statement,
            views: &self.views,
            filters: self.filters,
            book: &self.run.revenue,
            identity: &self.run.identity,
            prices: self.prices,
            subscriptions: &self.subscriptions,
            quantities: &self.quantities,
            renewals: &self.renewals,
            usage: &self.run.books.usage,
            costs: &self.costs,
            pricing: &self.run.pricing,
            zone: self.run.zone,
            places: self.run.currency.decimals(),
        }
    }
}
