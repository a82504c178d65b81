//! Gates as JSON: schema `tanso.check/1`.

use serde::Serialize;

use crate::gate::Outcome;
use crate::margin::Statement;
use crate::model::Exact;
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, notes};
use crate::report::margin::ties::{TieOut, tie};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    tripped: u64,
    gates: Vec<GateOut>,
    tie: TieOut,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct GateOut {
    gate: &'static str,
    about: Option<String>,
    result: &'static str,
    unit: &'static str,
    limit: Exact,
    found: Option<Exact>,
    by: Option<Exact>,
    detail: String,
}

/// The document, ready to be serialized.
pub fn document<'a>(
    outcomes: &[Outcome],
    statement: &Statement,
    header: &'a Header,
) -> impl Serialize + use<'a> {
    Document {
        schema: "tanso.check/1",
        head: head(header),
        tripped: outcomes.iter().filter(|outcome| outcome.tripped()).count() as u64,
        gates: gates(outcomes),
        tie: tie(statement),
        notes: notes(header),
    }
}

/// The outcomes, one object each.
pub fn rows(outcomes: &[Outcome]) -> Vec<impl Serialize + use<>> {
    gates(outcomes)
}

fn gates(outcomes: &[Outcome]) -> Vec<GateOut> {
    let gate = |outcome: &Outcome| GateOut {
        gate: outcome.gate,
        about: outcome.about.clone(),
        result: outcome.verdict.word(),
        unit: outcome.limit.unit(),
        limit: outcome.limit.value(),
        found: outcome.found.map(|figure| figure.value()),
        by: outcome.by.map(|figure| figure.value()),
        detail: outcome.detail.clone(),
    };
    outcomes.iter().map(gate).collect()
}
