//! A simulation as JSON: schema `tanso.simulation/1`.

use serde::Serialize;

use super::backtest::BacktestOut;
use super::grid::{GridOut, WayOut};
use super::words::verdict;
use crate::identity::Identity;
use crate::margin::Row;
use crate::model::Exact;
use crate::report::figures::grouped;
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, margin, notes};
use crate::simulate::{Answer, BreakEven, Found, Group, Outcome, OutcomeRow};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    scenarios: Vec<ScenarioOut>,
    #[serde(flatten)]
    extras: Extras,
    notes: Vec<NoteOut>,
}

/// What is printed in the place of scenarios with rows.
#[derive(Default, Serialize)]
pub struct Extras {
    /// Scenarios in one line each, the present first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<Vec<GridOut>>,
    /// Levers that each reach a goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cheapest: Option<Vec<WayOut>>,
    /// A prediction against what came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestOut>,
}

#[derive(Serialize)]
struct ScenarioOut {
    name: String,
    changes: Vec<String>,
    verdict: String,
    rows: Vec<RowOut>,
    totals: Totals,
    by_plan: Vec<GroupOut>,
    by_segment: Vec<GroupOut>,
    crosses: Crosses,
    invoice_shock: Option<Shock>,
    break_even_churn: Option<Churn>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    solved: Vec<SolvedOut>,
}

#[derive(Serialize)]
struct SolvedOut {
    question: String,
    value: Option<Exact>,
    answer: &'static str,
    step: Exact,
}

#[derive(Serialize)]
struct RowOut {
    customer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    repriced: bool,
    now: Side,
    then: Side,
    difference: Difference,
    invoice_change: Exact,
}

/// A row of a list that may hold several scenarios.
#[derive(Serialize)]
struct RowOfScenario {
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<String>,
    #[serde(flatten)]
    row: RowOut,
}

#[derive(Serialize)]
struct GroupOut {
    label: String,
    now: Side,
    then: Side,
    difference: Difference,
}

#[derive(Serialize)]
struct Side {
    revenue: Exact,
    cost: Exact,
    gross_profit: Exact,
    gross_margin: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
}

#[derive(Serialize)]
struct Difference {
    revenue: Exact,
    cost: Exact,
    gross_profit: Exact,
}

#[derive(Serialize)]
struct Totals {
    unattributed: Exact,
    now: Side,
    then: Side,
    difference: Difference,
}

#[derive(Serialize)]
struct Crosses {
    into_loss: Vec<String>,
    into_profit: Vec<String>,
}

#[derive(Serialize)]
struct Shock {
    p50: Exact,
    p95: Exact,
    max: Exact,
}

#[derive(Serialize)]
struct Churn {
    revenue: Option<Exact>,
    most_profitable_first: Exact,
    proportional: Exact,
    loss_makers_first: Exact,
    elasticity: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_elasticity: Option<AtOut>,
}

#[derive(Serialize)]
struct AtOut {
    elasticity: Exact,
    share: Exact,
    gain: Exact,
}

/// The document, ready to be serialized.
pub fn document<'a>(
    outcomes: &[Outcome],
    identity: &Identity,
    header: &'a Header,
    places: Option<u8>,
    extras: Extras,
) -> impl Serialize + 'a {
    let scenario = |outcome: &Outcome| scenario(outcome, identity, header, places);
    Document {
        schema: "tanso.simulation/1",
        head: head(header),
        scenarios: outcomes.iter().map(scenario).collect(),
        extras,
        notes: notes(header),
    }
}

fn scenario(
    outcome: &Outcome,
    identity: &Identity,
    header: &Header,
    places: Option<u8>,
) -> ScenarioOut {
    let names = |rows: &[usize]| {
        rows.iter()
            .map(|at| label(&outcome.rows[*at].now))
            .collect()
    };
    let decimals = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(decimals));
    let group = |dimension: &str| {
        let groups = outcome.groups.iter().find(|(name, _)| name == dimension);
        let groups = groups
            .map(|(_, groups)| groups.as_slice())
            .unwrap_or_default();
        groups
            .iter()
            .map(|group| group_out(group, places))
            .collect()
    };
    ScenarioOut {
        name: outcome.name.clone(),
        changes: outcome.changes.clone(),
        verdict: verdict(outcome, &money),
        rows: row_list(outcome, identity, header, places),
        totals: Totals {
            unattributed: outcome.cost.0 - outcome.rows.iter().map(|row| row.now.cost()).sum(),
            now: side(outcome.revenue.0, outcome.cost.0, None, places),
            then: side(outcome.revenue.1, outcome.cost.1, None, places),
            difference: difference(outcome.revenue, outcome.cost, places),
        },
        by_plan: group("plan"),
        by_segment: group("segment"),
        crosses: Crosses {
            into_loss: names(&outcome.into_loss),
            into_profit: names(&outcome.into_profit),
        },
        invoice_shock: outcome
            .invoice_shock
            .map(|(p50, p95, max)| Shock { p50, p95, max }),
        break_even_churn: outcome.break_even.as_ref().map(|even| churn(even, outcome)),
        solved: outcome.solved.iter().map(solved).collect(),
    }
}

fn group_out(group: &Group, places: Option<u8>) -> GroupOut {
    GroupOut {
        label: group.label.clone(),
        now: side(group.now.0, group.now.1, None, places),
        then: side(group.then.0, group.then.1, None, places),
        difference: difference(
            (group.now.0, group.then.0),
            (group.now.1, group.then.1),
            places,
        ),
    }
}

/// The rows of every scenario, one object each.
pub fn rows<'a>(
    outcomes: &'a [Outcome],
    identity: &'a Identity,
    header: &'a Header,
    places: Option<u8>,
) -> Vec<impl Serialize + use<'a>> {
    let several = outcomes.len() > 1;
    let of = |outcome: &'a Outcome| {
        let scenario = several.then(|| outcome.name.clone());
        let rows = row_list(outcome, identity, header, places).into_iter();
        rows.map(move |row| RowOfScenario {
            scenario: scenario.clone(),
            row,
        })
    };
    outcomes.iter().flat_map(of).collect()
}

fn row_list(
    outcome: &Outcome,
    identity: &Identity,
    header: &Header,
    places: Option<u8>,
) -> Vec<RowOut> {
    outcome
        .rows
        .iter()
        .map(|row| row_out(row, identity, header, places))
        .collect()
}

fn label(row: &Row) -> String {
    row.labels
        .first()
        .map(|label| label.to_string())
        .unwrap_or_default()
}

fn row_out(row: &OutcomeRow, identity: &Identity, header: &Header, places: Option<u8>) -> RowOut {
    let party = row.now.party.map(|party| identity.party(party));
    let now = row.now.revenue.unwrap_or_default();
    let then = row.then.revenue.unwrap_or_default();
    let verdict = |row: &Row| row.verdict().map(|verdict| verdict.key());
    RowOut {
        customer: label(&row.now),
        name: party.and_then(|party| party.name.clone()),
        plan: party
            .and_then(|party| party.attribute("plan", header.period))
            .map(str::to_string),
        repriced: row.repriced,
        now: Side {
            gross_margin: row.now.gross_margin(16),
            ..side(now, row.now.cost(), verdict(&row.now), places)
        },
        then: Side {
            gross_margin: row.then.gross_margin(16),
            ..side(then, row.then.cost(), verdict(&row.then), places)
        },
        difference: difference((now, then), (row.now.cost(), row.then.cost()), places),
        invoice_change: row.invoice_change,
    }
}

fn side(revenue: Exact, cost: Exact, verdict: Option<&'static str>, places: Option<u8>) -> Side {
    let gross_margin = margin(Some(revenue - cost), Some(revenue));
    let round = |amount: Exact| places.map_or(amount, |places| amount.round(places));
    let (revenue, cost) = (round(revenue), round(cost));
    Side {
        revenue,
        cost,
        gross_profit: revenue - cost,
        gross_margin,
        verdict,
    }
}

fn difference(revenue: (Exact, Exact), cost: (Exact, Exact), places: Option<u8>) -> Difference {
    let between = |(now, then): (Exact, Exact)| {
        places.map_or(then - now, |places| then.round(places) - now.round(places))
    };
    let (revenue, cost) = (between(revenue), between(cost));
    Difference {
        revenue,
        cost,
        gross_profit: revenue - cost,
    }
}

fn solved(answer: &Answer) -> SolvedOut {
    SolvedOut {
        question: answer.question.text.clone(),
        value: answer.found.value(),
        answer: match answer.found {
            Found::Value(_) => "value",
            Found::NotNeeded => "not_needed",
            Found::NoneUpTo(_) => "none",
        },
        step: answer.step,
    }
}

fn churn(even: &BreakEven, outcome: &Outcome) -> Churn {
    Churn {
        revenue: even.revenue,
        most_profitable_first: even.most_profitable_first,
        proportional: even.proportional,
        loss_makers_first: even.loss_makers_first,
        elasticity: even.elasticity(),
        at_elasticity: outcome.leaving.map(|(elasticity, leaving)| AtOut {
            elasticity,
            share: leaving.share,
            gain: leaving.gain,
        }),
    }
}
