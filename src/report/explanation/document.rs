//! An explanation as JSON: schema `tanso.explanation/1`. Everything is exact.

use std::collections::BTreeMap;

use serde::Serialize;

use super::lines::stretches;
use super::parts::{customer, whole_by};
use super::{Explained, Shared, key};
use crate::explain::{CostPart, IdUsed, PriceUsed, RevenuePart};
use crate::identity::Identity;
use crate::model::Exact;
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, margin, notes};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    asked: String,
    customers: Vec<String>,
    totals: Totals,
    revenue: Vec<RevenueOut>,
    cost: Vec<CostOut>,
    prices: Vec<PriceOut>,
    ids: Vec<IdOut>,
    usage: Vec<RowsOut>,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct Totals {
    revenue: Option<Exact>,
    cost: Exact,
    cost_by_basis: BTreeMap<&'static str, Exact>,
    unattributed: Exact,
    gross_profit: Option<Exact>,
    gross_margin: Option<Exact>,
}

#[derive(Serialize)]
struct RevenueOut {
    customer: String,
    source: &'static str,
    plan: Option<String>,
    subscription: Option<String>,
    payer: String,
    net: Exact,
    tax: Exact,
    invoiced: String,
    service_start: String,
    service_end: String,
    taken_back: Vec<BackOut>,
    told_elsewhere: bool,
    earlier: Exact,
    amount: Exact,
    later: Exact,
    place: String,
}

#[derive(Serialize)]
struct BackOut {
    at: String,
    amount: Exact,
}

#[derive(Serialize)]
struct CostOut {
    customer: Option<String>,
    basis: &'static str,
    reason: Option<&'static str>,
    provider: Option<String>,
    model: Option<String>,
    meter: Option<String>,
    tier: Option<String>,
    item: String,
    from: String,
    to: String,
    billed: Option<Exact>,
    billed_quantity: Option<Exact>,
    by: &'static str,
    rule: Option<String>,
    share: Option<ShareOut>,
    quantities: BTreeMap<String, Exact>,
    amount: Exact,
    place: Option<String>,
}

#[derive(Serialize)]
struct ShareOut {
    of: Exact,
    weight: Exact,
    whole: Exact,
    part: Exact,
}

#[derive(Serialize)]
struct PriceOut {
    provider: Option<String>,
    model: String,
    meter: String,
    tier: Option<String>,
    price: Option<Exact>,
    list: Option<Exact>,
    factor: Option<Exact>,
    discount: Option<Exact>,
    source: Option<String>,
    row: Option<String>,
    from: Option<String>,
    context_over: Option<u64>,
    first_day: String,
    last_day: String,
}

#[derive(Serialize)]
struct IdOut {
    source: String,
    id: String,
    joined_by: Option<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    place: Option<String>,
}

#[derive(Serialize)]
struct RowsOut {
    file: String,
    rows: u64,
    lines: Vec<String>,
}

/// The document, ready to be serialized.
pub fn document<'a>(
    explained: &Explained<'_>,
    identity: &Identity,
    header: &'a Header,
) -> impl Serialize + use<'a> {
    let totals = &explained.statement.totals;
    let found = explained.explanation;
    let bases = ["direct", "metered", "allocated", "estimated"];
    let profit = explained.gross_profit();
    Document {
        schema: "tanso.explanation/1",
        head: head(header),
        asked: explained.asked.clone(),
        customers: found
            .parties
            .iter()
            .map(|p| identity.party(*p).key.clone())
            .collect(),
        totals: Totals {
            revenue: totals.revenue,
            cost: totals.cost,
            cost_by_basis: bases.into_iter().zip(totals.by_basis).collect(),
            unattributed: totals.unattributed,
            gross_profit: profit,
            gross_margin: margin(profit, totals.revenue),
        },
        revenue: found
            .revenue
            .iter()
            .map(|part| revenue(part, identity))
            .collect(),
        cost: found
            .cost
            .iter()
            .map(|part| cost(part, explained, identity))
            .collect(),
        prices: found.prices.iter().map(price).collect(),
        ids: found.ids.iter().map(|one| id(one, explained)).collect(),
        usage: explained
            .rows
            .iter()
            .map(|rows| RowsOut {
                file: rows.file.to_string(),
                rows: rows.rows,
                lines: stretches(&rows.lines),
            })
            .collect(),
        notes: notes(header),
    }
}

fn revenue(part: &RevenuePart<'_>, identity: &Identity) -> RevenueOut {
    let one = part.obligation;
    let back = one
        .schedule
        .taken_back()
        .iter()
        .map(|(at, amount)| BackOut {
            at: at.to_string(),
            amount: *amount,
        });
    RevenueOut {
        customer: customer(identity, Some(one.party)),
        source: one.source.word(),
        plan: one.plan.clone(),
        subscription: one.subscription.clone(),
        payer: one.payer.clone(),
        net: one.net,
        tax: one.tax,
        invoiced: one.invoiced.to_string(),
        service_start: one.service.0.to_string(),
        service_end: one.service.1.to_string(),
        taken_back: back.collect(),
        told_elsewhere: one.schedule.has_hidden(),
        earlier: part.earlier,
        amount: part.amount,
        later: part.later,
        place: format!("{}:{}", one.origin.file, one.origin.line),
    }
}

fn cost(part: &CostPart, explained: &Explained<'_>, identity: &Identity) -> CostOut {
    let share = part.share.as_ref();
    let time = part
        .time
        .map(|(from, to)| (from.to_string(), to.to_string()));
    let (from, to) = time.unwrap_or_else(|| {
        let (first, last) = part.days;
        (first.to_string(), last.plus(1).to_string())
    });
    CostOut {
        customer: part.party.map(|party| identity.party(party).key.clone()),
        basis: part.basis.map_or("unattributed", |basis| basis.word()),
        reason: part.reason.map(|reason| reason.words()),
        provider: part.provider.clone(),
        model: part.model.clone(),
        meter: part.meter.clone(),
        tier: part.tier.clone(),
        item: part.item.clone(),
        from,
        to,
        billed: part.billed.map(|(amount, _)| amount),
        billed_quantity: part.billed.and_then(|(_, quantity)| quantity),
        by: share.map_or_else(|| whole_by(part), |share| key(&share.by)),
        rule: share.and_then(|share| match &share.by {
            Shared::Rule(name, tier) => Some(explained.rule(name, *tier)),
            _ => None,
        }),
        share: share.map(|share| ShareOut {
            of: share.of,
            weight: share.weight,
            whole: share.whole,
            part: share.given,
        }),
        quantities: part.quantities.clone(),
        amount: part.amount,
        place: part
            .origin
            .as_ref()
            .map(|o| format!("{}:{}", o.file, o.line)),
    }
}

fn price(price: &PriceUsed) -> PriceOut {
    let row = price.row.as_ref();
    PriceOut {
        provider: price.provider.clone(),
        model: price.model.clone(),
        meter: price.meter.clone(),
        tier: price.tier.clone(),
        price: row.map(|row| row.price()),
        list: row.map(|row| row.list),
        factor: row.map(|row| row.factor),
        discount: row.map(|row| row.discount),
        source: row.map(|row| row.source.clone()),
        row: row.map(|row| row.model.clone()),
        from: row.and_then(|row| row.from).map(|day| day.to_string()),
        context_over: row.and_then(|row| row.context_over),
        first_day: price.days.0.to_string(),
        last_day: price.days.1.to_string(),
    }
}

fn id(one: &IdUsed, explained: &Explained<'_>) -> IdOut {
    let day = |day: Option<crate::model::Day>| day.map(|day| day.to_string());
    let place = one.line.zip(explained.mapping);
    IdOut {
        source: one.namespace.clone(),
        id: one.id.clone(),
        joined_by: match one.line {
            Some(_) => Some("mapping file".to_string()),
            None => one.key.clone(),
        },
        valid_from: day(one.holds.0),
        valid_to: day(one.holds.1),
        place: place.map(|(line, file)| format!("{file}:{line}")),
    }
}
