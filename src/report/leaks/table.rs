//! Leaks as a table, the most money at risk first, with causes and next steps below.

use super::Leaks;
use super::printed::Printed;
use super::words::{self, digits, key_of, next, sparkline, sure, underwater, what, worst};
use crate::leaks::{Finding, LEAST_DAYS, Subject, Why};
use crate::model::{Exact, Period};
use crate::report::figures::grouped;
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::table::{Cell, Column, Table};

/// Findings of which causes and next steps are printed.
const EXPLAINED: usize = 5;

/// How a table of leaks is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Decimals of money; `None` is exact.
    pub places: Option<u8>,
    /// Show this many findings.
    pub top: Option<usize>,
    /// Whether trends are drawn in blocks.
    pub blocks: bool,
}

/// Lays the findings out in their order. `below` are the lines of the ties.
pub fn table(leaks: &Leaks<'_>, header: &Header, layout: Layout, below: Vec<String>) -> Table {
    let mut columns = vec![
        Column::text("id", "Id").csv_only(),
        Column::text("kind", "Kind").csv_only(),
        Column::text("customer", "Customer"),
        Column::text("name", "Name").csv_only(),
        Column::text("plan", "Plan").dropped(5),
        Column::text("feature", "Feature").dropped(3),
        Column::text("finding", "Finding"),
        Column::text("since", "Since"),
        Column::figures("sure", "Sure").table_only().dropped(4),
        Column::figures("margin_then", "Margin then"),
        Column::figures("margin_now", "Margin now"),
        Column::figures("at_risk_per_month", "At risk/month"),
        Column::text("largest_cause", "Largest cause"),
        Column::figures("underwater", "Under water in days").dropped(2),
        Column::text("weeks", "Weeks").table_only().dropped(1),
        Column::figures("false_discovery_rate", "False discovery rate").csv_only(),
        Column::text("currency", "Currency").csv_only(),
        Column::text("then_start", "Then from").csv_only(),
        Column::text("then_end", "Then to").csv_only(),
        Column::text("now_start", "Now from").csv_only(),
        Column::text("now_end", "Now to").csv_only(),
        Column::figures("revenue_then", "Revenue then").csv_only(),
        Column::figures("cost_then", "Cost then").csv_only(),
        Column::figures("requests_then", "Requests then").csv_only(),
        Column::figures("revenue_now", "Revenue now").csv_only(),
        Column::figures("cost_now", "Cost now").csv_only(),
        Column::figures("requests_now", "Requests now").csv_only(),
        Column::figures("gross_profit_change", "Change").csv_only(),
    ];
    columns.extend(Why::all().map(|why| Column::figures(why.key(), why.words()).csv_only()));
    columns.extend([
        Column::figures("underwater_days", "Days").csv_only(),
        Column::figures("underwater_earliest", "Earliest").csv_only(),
        Column::figures("underwater_latest", "Latest").csv_only(),
        Column::text("renews", "Renews").csv_only(),
        Column::text("trend", "Trend").csv_only(),
        Column::text("next", "Next").csv_only(),
    ]);
    let shown = layout.top.unwrap_or(usize::MAX).min(leaks.findings.len());
    let rows = leaks.findings[..shown].iter();
    let rows = rows
        .map(|finding| row(finding, leaks, header, layout))
        .collect();
    Table {
        title: format!(
            "Leaks · {} · {} · {} revenue, {} cost",
            days(leaks.watched),
            header.currency,
            header.revenue_basis,
            header.cost_basis
        ),
        columns,
        rows,
        totals: None,
        footer: footer(leaks, header, layout, shown, below),
        places: layout.places,
    }
}

fn days(period: Period) -> String {
    format!("{} to {}", period.start, period.end.plus(-1))
}

fn row(finding: &Finding, leaks: &Leaks<'_>, header: &Header, layout: Layout) -> Vec<Cell> {
    let printed = Printed::of(finding, layout.places);
    let text = |text: Option<&str>| text.map_or(Cell::Empty, |text| Cell::Text(text.into()));
    let money = |amount: Option<Exact>| amount.map_or(Cell::Empty, Cell::Money);
    let count = |count: Option<u32>| {
        count.map_or(Cell::Empty, |count| Cell::Quantity(u64::from(count).into()))
    };
    let name = leaks.party(finding);
    let name = name.and_then(|party| leaks.identity.party(party).name.as_deref());
    let cause = worst(finding).map(|(why, _)| why.words());
    let trend = match layout.blocks {
        true => sparkline(&finding.trend),
        false => digits(&finding.trend, ""),
    };
    let mut cells = vec![
        Cell::Text(words::id(finding, leaks.identity)),
        text(Some(key_of(finding.kind))),
        Cell::Text(who(finding, leaks)),
        text(name),
        text(leaks.plan(finding)),
        text(feature(finding).as_deref()),
        Cell::Text(what(finding)),
        Cell::Date(finding.since),
        Cell::Text(sure(finding.rate)),
        Cell::Ratio(finding.then.margin()),
        Cell::Ratio(finding.now.margin()),
        Cell::Money(printed.at_risk),
        text(cause),
        underwater(finding).map_or(Cell::Empty, Cell::Text),
        Cell::Text(trend),
        Cell::Quantity(finding.rate),
        Cell::Text(header.currency.to_string()),
        Cell::Date(finding.then.start),
        Cell::Date(finding.then.end),
        Cell::Date(finding.now.start),
        Cell::Date(finding.now.end),
        money(printed.revenue_then),
        Cell::Money(printed.cost_then),
        Cell::Quantity(finding.then.requests),
        money(printed.revenue_now),
        Cell::Money(printed.cost_now),
        Cell::Quantity(finding.now.requests),
        Cell::Money(printed.change),
    ];
    let amount = |why: Why| Cell::Money(printed.causes.get(&why).copied().unwrap_or_default());
    cells.extend(Why::all().map(amount));
    let water = finding.underwater;
    cells.extend([
        count(water.map(|water| water.days)),
        count(water.map(|water| water.earliest)),
        count(water.and_then(|water| water.latest)),
        leaks.renews(finding).map_or(Cell::Empty, Cell::Date),
        // Apart, lest a spreadsheet take them for one number.
        Cell::Text(digits(&finding.trend, " ")),
        Cell::Text(next(finding, leaks)),
    ]);
    cells
}

/// Whose finding it is.
fn who(finding: &Finding, leaks: &Leaks<'_>) -> String {
    match &finding.subject {
        Subject::Plan(_) => "(whole plan)".into(),
        _ => leaks.customer(finding).unwrap_or_default().into(),
    }
}

/// The feature it is about, or the features that carry it.
fn feature(finding: &Finding) -> Option<String> {
    match &finding.subject {
        Subject::Feature(_, feature) => Some(feature.to_string()),
        _ if finding.features.is_empty() => None,
        // Its numbers are those of the whole customer.
        _ => Some(format!("mostly {}", finding.features.join(", "))),
    }
}

fn footer(
    leaks: &Leaks<'_>,
    header: &Header,
    layout: Layout,
    shown: usize,
    below: Vec<String>,
) -> Vec<String> {
    let money = |amount: Exact| match layout.places {
        Some(places) => grouped(&amount.to_fixed(places)),
        None => grouped(&amount.to_string()),
    };
    let mut lines = Vec::new();
    if leaks.findings.is_empty() {
        lines.push("No leak was found.".to_string());
    }
    for (at, finding) in leaks.findings[..shown].iter().enumerate().take(EXPLAINED) {
        let printed = Printed::of(finding, layout.places);
        let mut causes: Vec<(Why, Exact)> = printed.causes.into_iter().collect();
        causes.retain(|(_, amount)| !amount.is_zero());
        causes.sort_by(|a, b| b.1.abs().cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        let word = |(why, amount): &(Why, Exact)| format!("{} {}", why.words(), money(*amount));
        let causes: Vec<String> = causes.iter().map(word).collect();
        let time = match finding.days.is_empty() {
            true => "a month",
            false => "on these days",
        };
        lines.push(format!(
            "{}. {}: {}. Gross profit {time}: {} = {}",
            at + 1,
            who(finding, leaks),
            what(finding),
            money(printed.change),
            causes.join(", ")
        ));
        lines.push(format!("   {}", next(finding, leaks)));
    }
    let left = leaks.findings.len() - shown;
    if left > 0 {
        lines.push(format!("left out by --top: {}", counted(left, "finding")));
    }
    for plan in &leaks.plans {
        lines.push(format!(
            "plan {}: {} of {} customers cost more than they pay; at the 90th percentile {} a month for {} paid; the others make up for {} of their {} gross profit",
            plan.plan,
            plan.losing,
            plan.customers,
            money(plan.high_cost),
            money(plan.high_revenue),
            money(plan.subsidy),
            money(plan.profit)
        ));
    }
    lines.push(looked(leaks, &money));
    lines.extend(below);
    lines.extend(fx::lines(header.fx.as_ref()));
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        lines.push(format!("{word} {}: {}", note.code, note.text));
    }
    lines
}

/// What was looked at, in one line.
fn looked(leaks: &Leaks<'_>, money: &dyn Fn(Exact) -> String) -> String {
    let [customers, features, plans] = leaks.series;
    let mut line = format!(
        "looked at  {}, {} of theirs and {}; told from {} a month on",
        counted(customers, "customer"),
        counted(features, "feature"),
        counted(plans, "plan"),
        money(leaks.least)
    );
    if leaks.too_short > 0 {
        line.push_str(&format!(
            "; not tested for want of {LEAST_DAYS} days with cost and requests: {}",
            counted(leaks.too_short, "customer")
        ));
    }
    if let Some(why) = leaks.no_revenue {
        line.push_str(&format!("; {why}"));
    }
    if !leaks.silent.is_empty() {
        line.push_str(&format!(
            "; silent by --ack, as no worse: {}",
            counted(leaks.silent.len(), "finding")
        ));
    }
    if leaks.idle_acks > 0 {
        line.push_str(&format!(
            "; --ack names findings that are not there: {}",
            leaks.idle_acks
        ));
    }
    line
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
