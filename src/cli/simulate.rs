//! `tanso simulate`: what other prices, terms, models or usage would do.

use super::args::Shared;
use super::controls;
use super::render::finish;
use super::run::Run;
use super::simulate_args::SimulateArgs;
use super::simulate_file::ScenarioFile;
use super::simulate_ground::Ground;
use super::simulate_output::{Answered, print};
use super::simulate_problems::{notes, unresolved};
use super::simulate_questions::{change_day, elasticity, question};
use super::simulate_ranges::{Expanded, expand};
use super::simulate_save::saved;
use super::{Console, Ended};
use super::{simulate_flags, simulate_levers, simulate_prices, simulate_resolve};
use crate::margin::Dimension;
use crate::model::{Day, Exact};
use crate::problem::{Note, Problem, Problems, catalogue};
use crate::report::margin::Header;
use crate::report::simulation::grid::Grid;
use crate::simulate::{
    Apply, Backtest, By, Outcome, Question, Scenario, Summary, Unresolved, World, cheapest,
    simulate, solve,
};

pub use super::simulate_prices::check_prices;

/// What the options ask besides scenarios.
struct Questions {
    solve: Vec<Question>,
    cheapest: Option<Question>,
    elasticity: Option<Exact>,
    backtest: Option<Day>,
}

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &SimulateArgs, console: &mut Console) -> Result<Ended, Problems> {
    let asked = questions(args)?;
    let files = scenario_files(args, &asked)?;
    let mut families = Vec::new();
    for file in &files {
        families.push(expand(file)?);
    }
    let ranges = families.iter().any(|family| family.len() > 1);
    let alone = asked.backtest.is_some() || asked.cheapest.is_some() || !asked.solve.is_empty();
    if ranges && (alone || asked.elasticity.is_some())
        || families.len() > 1 && (asked.backtest.is_some() || asked.cheapest.is_some())
    {
        let message = "this question is asked of one scenario, and there are several";
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .help("leave out the ranges and all but one --scenario, or the question")
            .into());
    }
    let mut shared = args.shared.clone();
    if let Some(day) = asked.backtest {
        shared.month = Some(day.month().plus(-1).to_string());
    }
    let (run, scenarios) = prepare(&shared, &families)?;
    let filters = run.filters_of_parties(&shared.filters, "a simulation")?;
    let statement = run.statement(&[Dimension::Customer], &filters);
    run.some_fact(&filters, &statement)?;
    run.some_row(&filters, &statement)?;
    controls::expectations(&shared, &statement)?;
    let prices = simulate_prices::prices(&run)?;
    let mut needed = scenarios.iter().flatten();
    let by_cap = |question: &Question| matches!(question.by, By::Cap(_));
    let costs = needed.any(Scenario::changes_cost)
        || asked.cheapest.is_some()
        || asked.solve.iter().any(by_cap);
    let ground = Ground::of(
        &run,
        &statement,
        &filters,
        &prices,
        costs,
        asked.backtest.map(|day| day.month()),
    );
    let world = ground.world();
    let wrong = |(at, why): (usize, Unresolved)| unresolved(why, &files[at], &run, &prices);
    let mut header = run.header(&shared, &statement);
    let mut more = Vec::new();
    let mut answers = Vec::new();
    let result = if ranges {
        let (firsts, grid) = as_grid(world, &scenarios, &families).map_err(wrong)?;
        more.extend(notes(&firsts, &scenarios, &run));
        Answered::Grid(grid)
    } else {
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut answered = Vec::new();
        for (at, scenario) in scenarios.iter().flatten().enumerate() {
            let found = answer(world, scenario, &asked).map_err(|why| (at, why));
            let (outcome, scenario) = found.map_err(wrong)?;
            outcomes.push(outcome);
            answered.push(vec![scenario]);
        }
        more.extend(notes(&outcomes, &answered, &run));
        more.extend(nobody_leaves(&asked, &outcomes));
        answers.extend(outcomes.iter().flat_map(|outcome| outcome.solved.clone()));
        match (&asked.cheapest, asked.backtest, outcomes.as_slice()) {
            (Some(goal), _, _) => {
                let base = &scenarios[0][0];
                let ways = cheapest(world, base, &goal.plan, goal.goal);
                let ways = ways.map_err(|why| wrong((0, why)))?;
                Answered::Cheapest(goal.text.clone(), ways)
            }
            (None, Some(day), [outcome]) => {
                let before = run.period.title();
                let (after, test) = compare(args, day, outcome)?;
                header = after;
                Answered::Backtest(before, outcome.changes.clone(), test)
            }
            _ => Answered::Scenarios(outcomes, Summary::now(&statement)),
        }
    };
    header.notes.extend(more);
    let mut outputs = print(&result, &shared, &run, &header, console)?;
    if let Some(path) = &args.save {
        outputs.files.push(saved(&files, &answers, path)?);
    }
    finish(&shared, &run, &header, outputs, console)
}

/// Reads the data, and completes the scenarios of each file.
fn prepare(
    shared: &Shared,
    families: &[Vec<Expanded>],
) -> Result<(Run, Vec<Vec<Scenario>>), Problems> {
    let mut levers = Vec::new();
    for family in families {
        let own = family.iter().map(|one| simulate_levers::levers(&one.file));
        levers.push(own.collect::<Result<Vec<_>, _>>()?);
    }
    let features = levers
        .iter()
        .flatten()
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
    for (family, levers) in families.iter().zip(levers) {
        let mut own: Vec<Scenario> = Vec::with_capacity(levers.len());
        for (one, levers) in family.iter().zip(levers) {
            // Values differ within a family, names do not.
            own.push(match own.first() {
                None => simulate_resolve::resolve(&one.file, &levers, &run)?,
                Some(first) => simulate_resolve::same_names(first, levers.scenario),
            });
        }
        scenarios.push(own);
    }
    Ok((run, scenarios))
}

/// Runs a scenario with what is solved for in it.
fn answer(
    world: World<'_>,
    scenario: &Scenario,
    asked: &Questions,
) -> Result<(Outcome, Scenario), Unresolved> {
    let mut scenario = scenario.clone();
    let mut answers = Vec::new();
    for question in &asked.solve {
        let (found, with) = solve(world, &scenario, question)?;
        scenario = with;
        answers.push(found);
    }
    let mut outcome = simulate(world, &scenario)?;
    outcome.solved = answers;
    outcome.leaving = asked.elasticity.and_then(|elasticity| {
        let even = outcome.break_even.as_ref()?;
        Some((elasticity, even.at(elasticity)?))
    });
    Ok((outcome, scenario))
}

/// What an elasticity says where no price changes.
fn nobody_leaves(asked: &Questions, outcomes: &[Outcome]) -> Option<Note> {
    asked.elasticity?;
    let silent = outcomes.iter().any(|outcome| outcome.leaving.is_none());
    let text = "--elasticity: where no customer who pays is re-priced, nobody leaves";
    silent.then(|| Note::new(&catalogue::NO_EFFECT, text))
}

/// Every scenario in one line, and the first of each file in full.
fn as_grid(
    world: World<'_>,
    scenarios: &[Vec<Scenario>],
    families: &[Vec<Expanded>],
) -> Result<(Vec<Outcome>, Grid), (usize, Unresolved)> {
    let mut firsts = Vec::new();
    let mut all = Grid {
        now: Summary::now(world.statement),
        lines: Vec::new(),
        values: Vec::new(),
        words: Vec::new(),
    };
    for (at, (own, family)) in scenarios.iter().zip(families).enumerate() {
        let Some((first, others)) = own.split_first() else {
            continue;
        };
        let found = crate::simulate::grid(world, first, others);
        let (outcome, lines) = found.map_err(|why| (at, why))?;
        firsts.push(outcome);
        all.lines.extend(lines);
        let one = |expanded: &Expanded| match expanded.values.as_slice() {
            [value] => Some(value.clone()),
            _ => None,
        };
        all.values.extend(family.iter().filter_map(one));
    }
    // A chart has one axis.
    if scenarios.len() > 1 || all.values.len() != all.lines.len() {
        all.values.clear();
    }
    Ok((firsts, all))
}

/// The month after a change as it came, against the prediction.
fn compare(
    args: &SimulateArgs,
    day: Day,
    outcome: &Outcome,
) -> Result<(Header, Backtest), Problems> {
    let mut shared = args.shared.clone();
    shared.month = Some(day.month().to_string());
    let run = Run::prepare(&shared, &[])?;
    let filters = run.filters_of_parties(&shared.filters, "a simulation")?;
    let statement = run.statement(&[Dimension::Customer], &filters);
    run.some_fact(&filters, &statement)?;
    let header = run.header(&shared, &statement);
    Ok((header, Backtest::of(outcome, &statement)))
}

/// Reads the questions of the options.
fn questions(args: &SimulateArgs) -> Result<Questions, Problem> {
    let solve = args.solve.iter().map(|text| question("--solve", text));
    let solve: Vec<Question> = solve.collect::<Result<_, _>>()?;
    for (at, one) in solve.iter().enumerate() {
        let same = |other: &&Question| (&other.plan, &other.by) == (&one.plan, &one.by);
        if let Some(other) = solve[..at].iter().find(same) {
            let message = format!("--solve {:?} contradicts {:?}", one.text, other.text);
            return Err(Problem::new(&catalogue::BAD_OPTION, message)
                .help("ask for one goal of a plan at a time"));
        }
    }
    let cheapest = args
        .cheapest
        .as_ref()
        .map(|text| question("--cheapest", text));
    Ok(Questions {
        solve,
        cheapest: cheapest.transpose()?,
        elasticity: args.elasticity.as_deref().map(elasticity).transpose()?,
        backtest: args.backtest.as_deref().map(change_day).transpose()?,
    })
}

/// The scenarios of the command line: that of the options, then the files. A question needs none.
fn scenario_files(args: &SimulateArgs, asked: &Questions) -> Result<Vec<ScenarioFile>, Problems> {
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
    let questions = asked.solve.iter().chain(&asked.cheapest);
    let questions: Vec<&str> = questions.map(|question| question.text.as_str()).collect();
    if files.is_empty() && !questions.is_empty() {
        files.push(ScenarioFile {
            name: Some(questions.join("; ")),
            ..ScenarioFile::default()
        });
    }
    // The option holds for the scenarios of files too, whatever they say themselves.
    if let Some(apply) = args.apply {
        let word = Apply::from(apply).word();
        for file in &mut files {
            file.apply = Some(word.to_string());
        }
    }
    if files.is_empty() {
        let message = "nothing to simulate: no lever is given";
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .help("write --plan pro=149, --discount, --model, --provider-price, --usage or --scenario FILE; tanso simulate --help shows them")
            .into());
    }
    Ok(files)
}
