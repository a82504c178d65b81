//! An explanation for people: revenue line by line, cost pool by pool, and below it the prices, ids
//! and rows that they rest on.

use std::collections::BTreeMap;

use super::lines::{place, places};
use super::parts::{customer, whole_by};
use super::pools::{Pool, pools};
use super::{Explained, Shared};
use crate::explain::{PriceUsed, RevenuePart};
use crate::identity::Identity;
use crate::model::Exact;
use crate::report::figures::grouped;
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};

/// More lines of revenue than this are told by source and customer.
const MOST_LINES: usize = 12;

/// One row, before its amount is rounded.
struct Row {
    what: String,
    basis: String,
    by: String,
    share: String,
    of: Option<Exact>,
    amount: Exact,
    source: String,
}

/// Lays the explanation out.
pub fn table(
    explained: &Explained<'_>,
    identity: &Identity,
    header: &Header,
    to: Option<u8>,
) -> Table {
    let found = explained.explanation;
    let pools = pools(&found.cost);
    let revenue = revenue_rows(explained, identity);
    let cost: Vec<Row> = pools.iter().map(|pool| cost_row(pool, explained)).collect();
    let printed = |rows: &[Row]| -> Vec<Exact> {
        let amounts: Vec<Exact> = rows.iter().map(|row| row.amount).collect();
        match to {
            Some(places) => round_to_total(&amounts, amounts.iter().sum(), places),
            None => amounts,
        }
    };
    let (earned, spent) = (printed(&revenue), printed(&cost));
    let total = |amounts: &[Exact]| Cell::Money(amounts.iter().sum());
    let has_revenue = explained.statement.totals.revenue.is_some();
    let mut totals = vec![Cell::Text("Total".into())];
    totals.resize(5, Cell::Empty);
    totals.push(if has_revenue {
        total(&earned)
    } else {
        Cell::Empty
    });
    totals.extend([total(&spent), Cell::Empty]);
    let cells = |row: Row, amount: Exact, is_cost: bool| {
        let of = row.of.map(|of| to.map_or(of, |places| of.round(places)));
        let (revenue, cost) = match is_cost {
            true => (Cell::Empty, Cell::Money(amount)),
            false => (Cell::Money(amount), Cell::Empty),
        };
        vec![
            Cell::Text(row.what),
            Cell::Text(row.basis),
            Cell::Text(row.by),
            Cell::Text(row.share),
            of.map_or(Cell::Empty, Cell::Money),
            revenue,
            cost,
            Cell::Text(row.source),
        ]
    };
    let revenue = revenue.into_iter().zip(earned);
    let rows = revenue.map(|(row, amount)| cells(row, amount, false));
    let cost = cost.into_iter().zip(spent);
    let rows = rows.chain(cost.map(|(row, amount)| cells(row, amount, true)));
    Table {
        title: format!(
            "{} · {} · {} · {} revenue, {} cost",
            explained.title,
            header.period.title(),
            header.currency,
            header.revenue_basis,
            header.cost_basis
        ),
        columns: vec![
            Column::text("part", "Part"),
            Column::text("basis", "Basis"),
            Column::text("shared_by", "Shared by").dropped(3),
            Column::figures("share", "Share").dropped(2),
            Column::figures("of", "Of"),
            Column::figures("revenue", "Revenue"),
            Column::figures("cost", "Cost"),
            Column::text("places", "Lines").dropped(1),
        ],
        rows: rows.collect(),
        totals: Some(totals),
        footer: footer(explained, &pools, header, to),
        places: to,
    }
}

fn revenue_rows(explained: &Explained<'_>, identity: &Identity) -> Vec<Row> {
    let parts = &explained.explanation.revenue;
    let one = |part: &RevenuePart<'_>| {
        let line = part.obligation;
        let (from, to) = line.service;
        let mut what = line.source.word().to_string();
        if let Some(plan) = &line.plan {
            what.push_str(&format!(", {plan}"));
        }
        let share = match from == to {
            true => format!("at {}", from.utc_day()),
            false => format!("{} to {}", from.utc_day(), to.utc_day().plus(-1)),
        };
        let back: Exact = line
            .schedule
            .taken_back()
            .iter()
            .map(|(_, amount)| *amount)
            .sum();
        let by = match (back.is_zero(), line.schedule.has_hidden()) {
            (true, false) => "service period".to_string(),
            (false, _) => format!(
                "service period, less {} taken back",
                grouped(&back.to_string())
            ),
            (true, true) => "service period, a part told elsewhere".to_string(),
        };
        Row {
            what,
            basis: "revenue".into(),
            by,
            share,
            of: Some(line.net),
            amount: part.amount,
            source: format!("{}:{}", line.origin.file, line.origin.line),
        }
    };
    if parts.len() <= MOST_LINES {
        return parts.iter().map(one).collect();
    }
    let mut sums: BTreeMap<(String, &str), (Exact, Exact, Vec<&RevenuePart<'_>>)> = BTreeMap::new();
    for part in parts {
        let party = customer(identity, Some(part.obligation.party));
        let sum = sums
            .entry((party, part.obligation.source.word()))
            .or_default();
        sum.0 += part.obligation.net;
        sum.1 += part.amount;
        sum.2.push(part);
    }
    let row = |((customer, source), (net, amount, parts)): (
        (String, &str),
        (Exact, Exact, Vec<&RevenuePart<'_>>),
    )| {
        let mut files: BTreeMap<_, std::collections::BTreeSet<u64>> = BTreeMap::new();
        for part in &parts {
            let origin = &part.obligation.origin;
            files
                .entry(origin.file.clone())
                .or_default()
                .insert(origin.line);
        }
        Row {
            what: format!("{source}, {customer}"),
            basis: "revenue".into(),
            by: "service periods".into(),
            share: format!("{} lines", parts.len()),
            of: Some(net),
            amount,
            source: places(&files),
        }
    };
    sums.into_iter().map(row).collect()
}

fn cost_row(pool: &Pool<'_>, explained: &Explained<'_>) -> Row {
    let Some(part) = pool.first else {
        unreachable!("a pool has a part")
    };
    let names = [&part.provider, &part.model, &part.meter, &part.tier];
    let names: Vec<&str> = names.into_iter().filter_map(Option::as_deref).collect();
    let of_it = match pool.given == pool.amount {
        true => String::new(),
        false => format!(", {} of it here", grouped(&pool.amount.to_string())),
    };
    let (by, share, of) = match &part.share {
        Some(share) => (
            explained.weighed_by(&share.by),
            format!("{} ∕ {}", short(pool.weight), short(pool.whole)),
            Some(pool.of),
        ),
        None => (words(part).to_string(), String::new(), None),
    };
    Row {
        what: match names.is_empty() {
            true => part.item.clone(),
            false => names.join(" "),
        },
        basis: match (part.basis, part.reason) {
            (Some(basis), _) => basis.word().to_string(),
            (None, Some(reason)) => reason.words().to_string(),
            (None, None) => String::new(),
        },
        by: format!("{by}{of_it}"),
        share,
        of,
        amount: pool.amount,
        source: match pool.places.is_empty() {
            true => String::new(),
            false => places(&pool.places),
        },
    }
}

fn words(part: &crate::explain::CostPart) -> &'static str {
    match whole_by(part) {
        "log" => "the log's own cost",
        "list_price" => "list price",
        "named" => "the charge names the customer",
        _ => "",
    }
}

/// A weight for people, six places at most.
fn short(weight: Exact) -> String {
    grouped(&weight.round(6).to_string())
}

fn footer(
    explained: &Explained<'_>,
    pools: &[Pool<'_>],
    header: &Header,
    to: Option<u8>,
) -> Vec<String> {
    let totals = &explained.statement.totals;
    let money = |amount: Exact| {
        grouped(&match to {
            Some(places) => amount.to_fixed(places),
            None => amount.to_string(),
        })
    };
    let mut lines = Vec::new();
    let report = &explained.report;
    lines.push(match (totals.revenue, explained.gross_profit()) {
        (Some(revenue), Some(profit)) => format!(
            "adds up   revenue {} − cost {} = gross profit {}   difference 0 to {report}",
            money(revenue),
            money(totals.cost),
            money(profit),
        ),
        _ => format!(
            "adds up   cost {}   difference 0 to {report}; revenue belongs to customers, not to this",
            money(totals.cost),
        ),
    });
    for price in &explained.explanation.prices {
        lines.push(format!("price     {}", price_line(price, pools)));
    }
    for one in &explained.explanation.ids {
        let joined = match (one.line, &one.key, explained.mapping) {
            (Some(line), _, Some(file)) => {
                let held = match one.holds {
                    (None, None) => String::new(),
                    (from, to) => {
                        let day = |day: Option<crate::model::Day>| {
                            day.map_or("…".to_string(), |day| day.to_string())
                        };
                        format!(", from {} to before {}", day(from), day(to))
                    }
                };
                format!("{file}:{line}{held}")
            }
            (_, Some(key), _) => key.clone(),
            _ => "nothing joins it".to_string(),
        };
        lines.push(format!(
            "id        {}:{} by {joined}",
            one.namespace, one.id
        ));
    }
    for rows in explained.rows {
        let place = place(&rows.file, &rows.lines, rows.rows, "rows");
        lines.push(format!("log       {place}"));
    }
    lines.extend(fx::lines(header.fx.as_ref()));
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        lines.push(format!("{word} {}: {}", note.code, note.text));
    }
    lines
}

/// `openai gpt-4o input: list 2.5 USD per million since 2024-10-01, built-in; billed 2.5`.
fn price_line(price: &PriceUsed, pools: &[Pool<'_>]) -> String {
    let mut line = String::new();
    if let Some(provider) = &price.provider {
        line.push_str(&format!("{provider} "));
    }
    line.push_str(&format!("{} {}", price.model, price.meter));
    if let Some(tier) = &price.tier {
        line.push_str(&format!(" {tier}"));
    }
    let per_million = |price: Exact| grouped(&price.shift(6).to_string());
    match &price.row {
        None => line.push_str(": no list price"),
        Some(row) => {
            line.push_str(&format!(": list {} USD per million", per_million(row.list)));
            if row.factor != Exact::ONE {
                line.push_str(&format!(" × {} for its tier", row.factor));
            }
            if !row.discount.is_zero() {
                line.push_str(&format!(" less {}%", row.discount.shift(2)));
            }
            if let Some(over) = row.context_over {
                line.push_str(&format!(
                    " above {} input tokens",
                    grouped(&over.to_string())
                ));
            }
            if let Some(from) = row.from {
                line.push_str(&format!(" since {from}"));
            }
            line.push_str(&format!(", {}", row.source));
        }
    }
    let billed = pools.iter().find(|pool| {
        pool.first.is_some_and(|part| {
            let by_quantity = part.share.as_ref().map(|share| &share.by) == Some(&Shared::Quantity);
            let same_provider = part.provider.is_none() || part.provider == price.provider;
            by_quantity
                && same_provider
                && part.model.as_deref() == Some(&*price.model)
                && part.meter.as_deref() == Some(&*price.meter)
        })
    });
    let rate = billed.and_then(|pool| Exact::ratio(pool.billed.shift(6), pool.quantity?, 6));
    if let Some(rate) = rate {
        line.push_str(&format!(
            "; billed {} per million",
            grouped(&rate.to_string())
        ));
    }
    line
}
