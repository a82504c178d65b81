//! An explanation as CSV: one row per part, exact enough to be added up again.

use super::{Explained, key};
use crate::explain::{CostPart, RevenuePart};
use crate::identity::{Identity, PartyId};
use crate::model::Exact;
use crate::report::margin::Header;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};

const TEXTS: [&str; 11] = [
    "side", "customer", "source", "model", "meter", "tier", "basis", "reason", "item", "from", "to",
];

/// The parts as a table for programs. The amounts of a side add up to the report's.
pub fn parts(
    explained: &Explained<'_>,
    identity: &Identity,
    header: &Header,
    places: Option<u8>,
) -> Table {
    let mut columns: Vec<Column> = TEXTS
        .iter()
        .map(|name| Column::text(*name, *name))
        .collect();
    columns.push(Column::text("shared_by", "shared_by"));
    for name in ["of", "weight", "whole", "part", "amount"] {
        columns.push(Column::figures(name, name));
    }
    columns.extend(["currency", "file", "line"].map(|name| Column::text(name, name)));
    let found = explained.explanation;
    let printed = |amounts: Vec<Exact>| match places {
        Some(places) => round_to_total(&amounts, amounts.iter().sum(), places),
        None => amounts,
    };
    let earned = printed(found.revenue.iter().map(|part| part.amount).collect());
    let spent = printed(found.cost.iter().map(|part| part.amount).collect());
    let row = |cells: Row| cells.finish(header);
    let revenue = found.revenue.iter().zip(earned);
    let revenue = revenue.map(|(part, amount)| row(revenue_row(part, amount, identity)));
    let cost = found.cost.iter().zip(spent);
    let cost = cost.map(|(part, amount)| row(cost_row(part, amount, explained, identity)));
    Table {
        title: explained.title.clone(),
        rows: revenue.chain(cost).collect(),
        columns,
        totals: None,
        footer: Vec::new(),
        places,
    }
}

struct Row {
    texts: [String; 12],
    figures: [Option<Exact>; 4],
    amount: Exact,
    place: Option<(String, u64)>,
}

impl Row {
    fn finish(self, header: &Header) -> Vec<Cell> {
        let mut cells: Vec<Cell> = self.texts.into_iter().map(Cell::Text).collect();
        let figures = self.figures.into_iter();
        cells.extend(figures.map(|figure| figure.map_or(Cell::Empty, Cell::Quantity)));
        cells.push(Cell::Money(self.amount));
        cells.push(Cell::Text(header.currency.to_string()));
        let (file, line) = match self.place {
            Some((file, line)) => (file, line.to_string()),
            None => (String::new(), String::new()),
        };
        cells.extend([Cell::Text(file), Cell::Text(line)]);
        cells
    }
}

/// The customer's id.
pub fn customer(identity: &Identity, party: Option<PartyId>) -> String {
    party.map_or(String::new(), |party| identity.party(party).key.clone())
}

fn revenue_row(part: &RevenuePart<'_>, amount: Exact, identity: &Identity) -> Row {
    let one = part.obligation;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Row {
        texts: [
            "revenue".into(),
            customer(identity, Some(one.party)),
            one.source.word().into(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            text(&one.plan),
            one.service.0.to_string(),
            one.service.1.to_string(),
            "time".into(),
        ],
        figures: [Some(one.net), None, None, None],
        amount,
        place: Some((one.origin.file.to_string(), one.origin.line)),
    }
}

fn cost_row(part: &CostPart, amount: Exact, explained: &Explained<'_>, identity: &Identity) -> Row {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let share = part.share.as_ref();
    let by = share.map(|share| match &share.by {
        crate::explain::Shared::Rule(name, tier) => explained.rule(name, *tier),
        other => key(other).to_string(),
    });
    let time = part
        .time
        .map(|(from, to)| (from.to_string(), to.to_string()));
    let days = || (part.days.0.to_string(), part.days.1.plus(1).to_string());
    let (from, to) = time.unwrap_or_else(days);
    Row {
        texts: [
            "cost".into(),
            customer(identity, part.party),
            text(&part.provider),
            text(&part.model),
            text(&part.meter),
            text(&part.tier),
            part.basis
                .map_or("unattributed", |basis| basis.word())
                .into(),
            part.reason.map_or("", |reason| reason.words()).into(),
            part.item.clone(),
            from,
            to,
            by.unwrap_or_else(|| whole_by(part).into()),
        ],
        figures: [
            share.map(|share| share.of),
            share.map(|share| share.weight),
            share.map(|share| share.whole),
            share.map(|share| share.given),
        ],
        amount,
        place: part.origin.as_ref().map(|o| (o.file.to_string(), o.line)),
    }
}

/// How an amount came about that was not shared.
pub fn whole_by(part: &CostPart) -> &'static str {
    match (&part.origin, part.basis) {
        (None, Some(_)) if part.reported => "log",
        (None, Some(_)) => "list_price",
        (Some(_), Some(_)) => "named",
        (_, None) => "",
    }
}
