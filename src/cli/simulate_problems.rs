//! What a simulation cannot work out, and what it must say besides.

use super::run::Run;
use super::simulate_file::ScenarioFile;
use super::simulate_flags::nearest;
use super::simulate_resolve::PLANS_COME_FROM;
use crate::model::Exact;
use crate::problem::{Note, Place, Problem, catalogue};
use crate::report::simulation::words;
use crate::simulate::{
    Found, NoEffect, NoSuchMeter, Outcome, Prices, Scenario, Unresolved, Unvalued,
};

/// The notes of all scenarios.
pub fn notes(outcomes: &[Outcome], scenarios: &[Vec<Scenario>], run: &Run) -> Vec<Note> {
    let period = &run.period.title();
    let mut notes: Vec<Note> = Vec::new();
    let mut say = |note: Note| {
        if !notes.iter().any(|known| known.text == note.text) {
            notes.push(note);
        }
    };
    let firsts = scenarios.iter().filter_map(|family| family.first());
    for (outcome, scenario) in outcomes.iter().zip(firsts) {
        for change in &outcome.no_effect {
            say(Note::new(
                &catalogue::NO_EFFECT,
                no_effect(change, scenario, period),
            ));
        }
        if outcome.kept + outcome.without_renewal > 0 {
            say(Note::new(
                &catalogue::GRANDFATHERED,
                kept(outcome, scenario),
            ));
        }
        if outcome.assumed_recurring > 0 {
            let text = format!(
                "invoices that do not tell recurring lines from others, re-priced whole: {}",
                outcome.assumed_recurring
            );
            say(Note::new(&catalogue::RECURRING_ASSUMED, text));
        }
        if outcome.seats_inferred > 0 {
            let text = format!(
                "invoices without a subscription that exceed the plan's price, so that they are taken as billed by the seat: {}",
                outcome.seats_inferred
            );
            say(Note::new(&catalogue::SEATS_INFERRED, text));
        }
        for answer in &outcome.solved {
            if let Found::NoneUpTo(_) = answer.found {
                let text = words::solved(answer, run.currency);
                let text = format!("{text} What is printed is without an answer to it.");
                say(Note::new(&catalogue::NOT_FOUND, text));
            }
        }
    }
    notes
}

/// How many invoices keep their price, and why.
fn kept(outcome: &Outcome, scenario: &Scenario) -> String {
    let apply = scenario.apply.word();
    let mut text = format!(
        "--apply {apply}: recurring invoices that keep their price: {}",
        outcome.kept
    );
    if outcome.without_renewal > 0 {
        text.push_str(&format!(
            ", and {} more since no subscription tells when they renew (Stripe's subscriptions.csv does)",
            outcome.without_renewal
        ));
    }
    text
}

/// Why a change touches nothing, and what to write instead.
fn no_effect(no_effect: &NoEffect, scenario: &Scenario, period: &str) -> String {
    let what = &no_effect.what;
    if no_effect.kept > 0 {
        return format!(
            "the change of {what} reaches no invoice of {period} with --apply {}: {} keep their price",
            scenario.apply.word(),
            no_effect.kept
        );
    }
    if no_effect.shorter > 0 {
        return format!(
            "the new price of {what} is per year, but no invoice of it in {period} is yearly: {} keep their price; to change those write a price per month, --plan {what}=AMOUNT/month, or a percentage, --plan {what}=+10%",
            no_effect.shorter
        );
    }
    format!(
        "no recurring invoice of {period} is on the plan {what}, so its new price changes nothing; tanso report --by plan,month shows the months that have some, choose one with --month"
    )
}

/// A problem that names what is missing.
pub fn unresolved(why: Unresolved, file: &ScenarioFile, run: &Run, prices: &Prices) -> Problem {
    match why {
        Unresolved::NoSuchPlan(plan, known) => {
            let message = format!("no customer is on the plan {plan:?}");
            file.fault(&plan, message).help(plans_found(&plan, &known))
        }
        Unresolved::OtherName(plan, known) => {
            let message = format!("no customer is on the plan {plan:?}, to which terms for usage, a cap or a minimum could apply");
            file.fault(&plan, message).help(plans_found(&plan, &known))
        }
        Unresolved::NoPrice(plan) => no_price(&plan, run, prices),
        Unresolved::NoSeats(plan, customer) => file
            .fault(&plan, format!("how many seats {customer:?} has on the plan {plan:?} is in no file"))
            .help("add a column seats to the mapping file, or pass Stripe's subscriptions.csv, whose quantity counts seats"),
        Unresolved::BadSeats(customer, text, line) => bad_seats(run, &customer, &text, line),
        Unresolved::NoSuchMeter(missing) => no_meter(file, missing),
        Unresolved::Unvalued(why) => unvalued(file, why, run),
        Unresolved::PartOfMonth => {
            let message = format!(
                "usage terms, caps and minimums are worked out for calendar months, and {} holds a part of one",
                run.period.title()
            );
            Problem::new(&catalogue::SCENARIO, message)
                .help("choose whole months with --month 2026-10, or --from and --to on first days of months")
        }
        Unresolved::MinimumNotByMonth(plan) => {
            let basis = run.revenue.basis.word();
            let message = format!(
                "a minimum of the plan {plan:?} fills up what each month earns, and not all {basis} revenue of the files says which period it is for"
            );
            file.fault(&plan, message)
                .help("add --revenue recognized, or leave out the minimum")
        }
        Unresolved::MeteredLines(plan, count, sum) => file
            .fault(&plan, format!("the plan {plan:?} is given usage charges, and usage is billed now already: lines of the period {count}, together {sum} {}", run.currency))
            .help("say metered=replace if the new charges take the place of these lines, or metered=keep if both are charged"),
        Unresolved::NoOverage(plan) => file
            .fault(&plan, format!("the scenario gives the plan {plan:?} no overage price to solve for"))
            .help(format!("say what is included and of which meter: --plan '{plan}=included=5000 requests,overage=0'")),
        Unresolved::CapWithCharges(plan) => file
            .fault(&plan, format!("a cap of the plan {plan:?} cannot be solved for while the scenario charges for usage, since a smaller cap cuts both cost and revenue"))
            .help("leave out the overage, tiers or credits, or try caps with a range: cap=1000..20000:1000 requests"),
        Unresolved::TwoModels(one, other) => file
            .fault(&one, format!("two models take the place of one: {one} and {other} meet on the same usage"))
            .help("select apart what each is for: feature, plan, customer, segment or provider"),
    }
}

/// A number of seats in the mapping that is none.
pub fn bad_seats(run: &Run, customer: &str, text: &str, line: u64) -> Problem {
    let why = match Exact::parse(text.trim()) {
        Ok(_) => "is below 0",
        Err(_) => "is no number",
    };
    let message = format!("the number of seats of {customer:?} {why}");
    let problem = Problem::new(&catalogue::MAPPING, message).excerpt(text);
    let files = run.books.receipts(run.period, run.zone);
    let mapping = files.iter().find(|file| file.format == "mapping");
    let problem = match mapping.filter(|_| line > 0) {
        Some(file) => problem.at(Place::line(&file.path.as_str().into(), line)),
        None => problem,
    };
    problem.help("write a number from 0 up into the column seats of the mapping file")
}

/// A plan without a present price that a new one could be compared with.
fn no_price(plan: &str, run: &Run, prices: &Prices) -> Problem {
    let ways = format!(
        "write [plan.{plan}] price = \"99\" into tanso.toml, pass Stripe's prices.csv, or say --plan {plan}=+10%"
    );
    let problem = |message: String| Problem::new(&catalogue::NO_PLAN_PRICE, message);
    let same = |name: &&String| name.to_lowercase() == plan.to_lowercase() && *name != plan;
    if let Some(known) = prices.get(plan) {
        let free = known
            .month
            .or(known.year)
            .is_some_and(|price| price.is_zero());
        if free {
            let message = format!(
                "the plan {plan:?} costs nothing now, and invoices of 0 cannot be multiplied up to a price"
            );
            return problem(message).help(format!(
                "write --plan '{plan}=minimum=10': each month of a customer on the plan then brings at least 10"
            ));
        }
    }
    let mut listed = run.books.records.prices.iter();
    let foreign = listed.find(|price| {
        let named = price.product_name == plan || price.nickname == plan || price.id == plan;
        named && price.currency != run.currency
    });
    let what = match prices.get(plan) {
        Some(_) => format!("what the plan {plan:?} costs a month now is in no file"),
        None => format!("what the plan {plan:?} costs now is in no file"),
    };
    if let Some(price) = foreign {
        let other = price.currency;
        return problem(format!("{what}: its listed price is in {other}")).help(format!(
            "write what it costs in {} into tanso.toml, [plan.{plan}] price = \"99\", or say --plan {plan}=+10%",
            run.currency
        ));
    }
    problem(what).help(match prices.keys().find(same) {
        Some(other) => format!("a price is known for {other:?}: names are compared letter by letter, so write both alike"),
        None => ways,
    })
}

fn plans_found(plan: &str, known: &[String]) -> String {
    let list = match known.is_empty() {
        true => "none".to_string(),
        // Names may hold commas.
        false => {
            let quoted: Vec<String> = known.iter().map(|name| format!("{name:?}")).collect();
            quoted.join(", ")
        }
    };
    let near = match known.len() > 1 {
        true => format!(
            "; the nearest is {:?}",
            nearest(plan, known.iter().map(String::as_str))
        ),
        false => String::new(),
    };
    format!("plans found: {list}{near}; names are compared letter by letter; {PLANS_COME_FROM}")
}

fn no_meter(file: &ScenarioFile, missing: NoSuchMeter) -> Problem {
    let NoSuchMeter {
        plan,
        measure,
        known,
    } = missing;
    let message =
        format!("the terms of the plan {plan:?} count {measure}, and no log has that meter");
    let help = match known.is_empty() {
        true => "pass a usage log: no usage was read".to_string(),
        false => format!(
            "meters of the logs: {}; tokens counts all tokens",
            known.join(", ")
        ),
    };
    file.fault(&measure, message).help(help)
}

fn unvalued(file: &ScenarioFile, why: Unvalued, run: &Run) -> Problem {
    match why {
        Unvalued::NoPrice {
            model,
            provider,
            day,
            meters,
        } => {
            let of = provider.map_or(String::new(), |provider| format!(" of {provider}"));
            let message = match meters.is_empty() {
                true => format!("the model {model:?}{of} has no price on {day}"),
                false => format!("the model {model:?}{of} has no price for {} on {day}", meters.join(", ")),
            };
            let near = run.nearest_models(&model);
            let near = match near.is_empty() {
                true => String::new(),
                false => format!("; nearest names: {}", near.join(", ")),
            };
            file.fault(&model, message).help(format!(
                "write a [[price]] for it into tanso.toml, pass a list with --prices, or name the seller: --model OLD=provider/NEW{near}"
            ))
        }
        Unvalued::Worthless(model) => file
            .fault(&model, format!("usage of {model:?} costs nothing by its price, so no other price can be in proportion to it"))
            .help("state what it costs: a [[price]] in tanso.toml"),
        Unvalued::NoMeter(provider) => {
            let of = provider.map_or(String::new(), |provider| format!(" of {provider}"));
            Problem::new(&catalogue::SCENARIO, format!("the bill{of} names no meter and no log says what was used, so its cost cannot be priced anew"))
                .help("pass a usage log, or a bill by model and meter")
        }
        Unvalued::NotInDollars => Problem::new(
            &catalogue::SCENARIO,
            format!("list prices are in USD and the report is in {}, so usage cannot be priced anew", run.currency),
        )
        .help("change the provider's price as a whole instead: --provider-price openai=-10%"),
    }
}
