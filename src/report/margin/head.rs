//! What every JSON output begins and ends with: the run, its files, its notes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Header;
use crate::model::receipt::InputReceipt;
use crate::report::fx::{self, FxOut};

/// What every JSON output begins with.
#[derive(Serialize)]
pub struct Head<'a> {
    tool: Tool,
    period: PeriodOut,
    currency: String,
    basis: BasisOut,
    options: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fx: Option<FxOut>,
    inputs: &'a [InputReceipt],
}

/// The program.
#[derive(Serialize)]
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct PeriodOut {
    start: String,
    end: String,
    tz: &'static str,
}

#[derive(Serialize)]
struct BasisOut {
    revenue: &'static str,
    cost: &'static str,
}

/// A note in JSON.
#[derive(Serialize)]
pub struct NoteOut {
    code: &'static str,
    severity: &'static str,
    text: String,
}

/// The program's name and version.
pub fn tool() -> Tool {
    Tool {
        name: "tanso",
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// The part that all JSON outputs share.
pub fn head(header: &Header) -> Head<'_> {
    Head {
        tool: tool(),
        period: PeriodOut {
            start: header.zone.start_of(header.period.start).to_string(),
            end: header.zone.start_of(header.period.end).to_string(),
            tz: header.zone.name(),
        },
        currency: header.currency.to_string(),
        basis: BasisOut {
            revenue: header.revenue_basis,
            cost: header.cost_basis,
        },
        options: &header.options,
        fx: header.fx.as_ref().map(fx::document),
        inputs: &header.inputs,
    }
}

/// The notes in JSON.
pub fn notes(header: &Header) -> Vec<NoteOut> {
    header
        .notes
        .iter()
        .map(|note| NoteOut {
            code: note.code,
            severity: if note.warning { "warning" } else { "note" },
            text: note.text.clone(),
        })
        .collect()
}
