//! A quote as a table: the contract's cost, its range and margin, what follows in words below it, and
//! discount against commitment against cap. As a list it is one figure per row, for programs.

use super::Quoted;
use crate::model::Exact;
use crate::quote::{Cap, Figure, Trade};
use crate::report::figures::grouped;
use crate::report::margin::Header;
use crate::report::simulation::grid::note_lines;
use crate::report::simulation::table::title;
use crate::report::table::{Cell, Column, Table};

/// A ratio with one decimal, as discounts are told.
fn tenths(ratio: Exact) -> String {
    format!("{}%", grouped(&ratio.shift(2).to_fixed(1)))
}

/// The table for people.
pub fn table(quoted: &Quoted<'_>, header: &Header) -> Table {
    let places = header.currency.decimals();
    let (deal, quote) = (quoted.deal, quoted.quote);
    let per = match deal.seats.is_some() {
        true => "Per seat and month",
        false => "Per month",
    };
    let shares = deal.units() * Exact::from(u64::from(deal.term));
    let each =
        |amount: Exact| Exact::ratio(amount, shares, places).map_or(Cell::Empty, Cell::Money);
    let cost = |name: &str, figure: Figure| {
        vec![
            Cell::Text(name.into()),
            Cell::Money(figure.value),
            Cell::Money(figure.low),
            Cell::Money(figure.high),
            each(figure.value),
            Cell::Ratio(quoted.margin(figure.value)),
        ]
    };
    let bare = |name: String, amount: Exact, margin: Cell| {
        let amount = amount.round(places);
        let each = each(amount);
        vec![
            Cell::Text(name),
            Cell::Money(amount),
            Cell::Empty,
            Cell::Empty,
            each,
            margin,
        ]
    };
    let heaviest = &quote.heaviest;
    let margin = Cell::Ratio(quoted.margin(heaviest.cost));
    Table {
        title: title(&headline(quoted, header), header),
        columns: vec![
            Column::text("figure", ""),
            Column::figures("contract", "Contract"),
            Column::figures("low", "Low").dropped(2),
            Column::figures("high", "High").dropped(2),
            Column::figures("per_unit", per).dropped(1),
            Column::figures("gross_margin", "Margin"),
        ],
        rows: vec![
            bare("Revenue".into(), quote.revenue, Cell::Empty),
            cost("Cost, expected", quote.expected),
            cost("Cost, p50", quote.p50),
            cost("Cost, p95", quote.p95),
            bare(
                format!("Cost as the heaviest: {}", heaviest.customer),
                heaviest.cost,
                margin,
            ),
        ],
        totals: None,
        footer: footer(quoted, header),
        places: Some(places),
    }
}

/// The deal in one line.
fn headline(quoted: &Quoted<'_>, header: &Header) -> String {
    let (deal, places) = (quoted.deal, header.currency.decimals());
    // A price finer than the minor unit is told in full.
    let shown = deal.price.to_fixed(places.max(deal.price.places()));
    let mut text = match deal.seats {
        Some(seats) => format!("{} seats at ", grouped(&seats.to_string())),
        None => String::new(),
    };
    text.push_str(&format!("{}{}", grouped(&shown), quoted.unit()));
    if !deal.discount.is_zero() {
        text.push_str(&format!(" less {}%", deal.discount.shift(2)));
    }
    text.push_str(&format!(" for {} months", deal.term));
    if !quoted.like.is_empty() {
        text.push_str(&format!(", like {}", quoted.like.join(" ")));
    }
    text
}

fn footer(quoted: &Quoted<'_>, header: &Header) -> Vec<String> {
    let (choices, quote) = (quoted.choices, quoted.quote);
    let places = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(places));
    let floor = format!("{}%", choices.floor.shift(2));
    let sure = format!("{}%", choices.confidence.shift(2));
    let below = quote.below_floor;
    let mut lines = vec![
        rests_on(quoted),
        format!(
            "The chance of a margin below {floor} is {} ({} to {}).",
            tenths(below.value),
            tenths(below.low),
            tenths(below.high)
        ),
        format!(
            "At {sure} confidence the least price is {}{}, {}.",
            money(quote.floor_price),
            quoted.unit(),
            match quote.largest_discount {
                Some(discount) => format!("the largest discount {}", tenths(discount)),
                None => "so not even the list price is enough".into(),
            }
        ),
    ];
    lines.push(match quote.cap {
        Cap::NotNeeded => "No cap is needed for that.".to_string(),
        Cap::At(cap) => format!(
            "With a cap of {} {} a month the deal as asked is safe at {sure}.",
            grouped(&cap.to_string()),
            quoted.measure
        ),
        Cap::Never => format!(
            "No cap on {} makes the deal safe at {sure}.",
            quoted.measure
        ),
        Cap::Unknown => format!("No look-alike has {} to cap.", quoted.measure),
    });
    lines.extend(trade(quoted, &sure));
    lines.push(format!(
        "Low to high: nine tenths of what other samples of as many look-alikes would say. Another seed moves p50 by about {} and p95 by {} ({} draws, seed {}).",
        money(quote.draw_error.0),
        money(quote.draw_error.1),
        grouped(&choices.draws.to_string()),
        choices.seed
    ));
    lines.extend(note_lines(header));
    lines
}

/// How many look-alikes, how many months, which growth.
fn rests_on(quoted: &Quoted<'_>) -> String {
    let (gathered, quote) = (quoted.gathered, quoted.quote);
    let growth = quote.growth;
    let rate = |rate: Exact| {
        let sign = if rate.is_positive() { "+" } else { "" };
        format!("{sign}{}", tenths(rate))
    };
    let grows = match quote.growth_is_estimated {
        true => format!(
            "growing by {} a month ({} to {}) as they did",
            rate(growth.value),
            rate(growth.low),
            rate(growth.high)
        ),
        false if quote.growth_is_unknown => "without growth".into(),
        false => format!("growing by {} a month as stated", rate(growth.value)),
    };
    let months = match gathered.months {
        1 => "1 month".to_string(),
        months => format!("{months} months"),
    };
    format!(
        "Rests on {} look-alikes and {months}, {grows}.",
        gathered.look_alikes.len()
    )
}

/// The trade table, in lines of its own.
fn trade(quoted: &Quoted<'_>, sure: &str) -> Vec<String> {
    let trade = &quoted.quote.trade;
    let first = trade.first().map(|one| one.cap);
    let terms: Vec<u32> = trade
        .iter()
        .take_while(|one| Some(one.cap) == first)
        .map(|one| one.term)
        .collect();
    let label = |cap: Option<Exact>| match cap {
        None => "no cap".to_string(),
        Some(cap) => format!("{} {}", grouped(&cap.to_string()), quoted.measure),
    };
    let cell = |one: &Trade| one.discount.map_or("none".to_string(), tenths);
    let rows: Vec<(String, Vec<String>)> = trade
        .chunks(terms.len().max(1))
        .map(|row| (label(row[0].cap), row.iter().map(cell).collect()))
        .collect();
    let heads: Vec<String> = terms.iter().map(|term| format!("{term} months")).collect();
    let title = "Cap per month";
    let widest = rows.iter().map(|(label, _)| label.chars().count()).max();
    let widest = widest.unwrap_or_default().max(title.len());
    let line = |label: &str, cells: &[String]| {
        let blanks = " ".repeat(widest - label.chars().count());
        let cells = cells.iter().zip(&heads);
        let cells: Vec<String> = cells
            .map(|(cell, head)| format!("{cell:>0$}", head.len().max(6)))
            .collect();
        format!("  {label}{blanks}  {}", cells.join("  "))
    };
    let mut lines = vec![format!(
        "Largest discount at {sure}, by cap and commitment:"
    )];
    lines.push(line(title, &heads));
    lines.extend(rows.iter().map(|(label, cells)| line(label, cells)));
    lines
}

/// The quote as one figure per row.
pub fn list(quoted: &Quoted<'_>, header: &Header) -> Table {
    let quote = quoted.quote;
    let term = |term: u32| Cell::Quantity(Exact::from(u64::from(term)));
    let row = |name: &str, months: u32, cap: Option<Exact>, cells: [Cell; 3]| {
        let [value, low, high] = cells;
        vec![
            Cell::Text(name.into()),
            term(months),
            cap.map_or(Cell::Empty, Cell::Quantity),
            value,
            low,
            high,
            Cell::Text(header.currency.to_string()),
            Cell::Date(header.period.start),
            Cell::Date(header.period.end),
        ]
    };
    let own = quoted.deal.term;
    let one = |name: &str, value: Cell| row(name, own, None, [value, Cell::Empty, Cell::Empty]);
    let money = |name: &str, figure: Figure| {
        let cells = [figure.value, figure.low, figure.high].map(Cell::Money);
        row(name, own, None, cells)
    };
    let ratio = |name: &str, figure: Figure| {
        let cells = [figure.value, figure.low, figure.high].map(|value| Cell::Ratio(Some(value)));
        row(name, own, None, cells)
    };
    let margin = |name: &str, cost: Exact| one(name, Cell::Ratio(quoted.margin(cost)));
    let count = quoted.gathered.look_alikes.len() as u64;
    let cap = match quote.cap {
        Cap::At(cap) => Cell::Quantity(cap),
        _ => Cell::Empty,
    };
    let mut rows = vec![
        one("look_alikes", Cell::Quantity(Exact::from(count))),
        ratio("growth", quote.growth),
        one(
            "revenue",
            Cell::Money(quote.revenue.round(header.currency.decimals())),
        ),
        money("cost_expected", quote.expected),
        money("cost_p50", quote.p50),
        money("cost_p95", quote.p95),
        one("cost_heaviest", Cell::Money(quote.heaviest.cost)),
        margin("margin_expected", quote.expected.value),
        margin("margin_p50", quote.p50.value),
        margin("margin_p95", quote.p95.value),
        margin("margin_heaviest", quote.heaviest.cost),
        ratio("chance_below_floor", quote.below_floor),
        one("floor_price", Cell::Money(quote.floor_price)),
        one("largest_discount", Cell::Ratio(quote.largest_discount)),
        one("safe_cap", cap),
    ];
    rows.extend(quote.trade.iter().map(|one| {
        let discount = Cell::Ratio(one.discount);
        let cells = [discount, Cell::Empty, Cell::Empty];
        row("trade_discount", one.term, one.cap, cells)
    }));
    Table {
        title: title(&headline(quoted, header), header),
        columns: vec![
            Column::text("figure", "Figure"),
            Column::figures("term_months", "Months"),
            Column::figures("cap_per_month", "Cap"),
            Column::figures("value", "Value"),
            Column::figures("low", "Low"),
            Column::figures("high", "High"),
            Column::text("currency", "Currency"),
            Column::text("period_start", "From"),
            Column::text("period_end", "To"),
        ],
        rows,
        totals: None,
        footer: Vec::new(),
        places: Some(header.currency.decimals()),
    }
}
