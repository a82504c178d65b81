//! Bill and log side by side, matched as attribution matches them, for comparing the two.
//!
//! Nothing is shared out here. The rule that must hold: every charge of the period stands in one
//! topic, and every quantity of the log on billed days in at most one.

use std::collections::{BTreeMap, BTreeSet};

use super::counted;
use super::lines::{self, Line};
use super::shelf::Shelf;
use super::topics::{Topic, Topics, fold_tier};
use super::{Attribution, Inputs, Options};
use crate::model::records::{ChargeKind, ChargeMeter};
use crate::model::{Exact, Meter, UsageCell};

/// What was billed and what was logged about one thing.
#[derive(Debug)]
pub struct Matched<'a> {
    /// The thing.
    pub topic: Topic,
    /// Its charges, cut at the borders of months and of the period.
    pub lines: Vec<Line<'a>>,
    /// The logged quantities that the charges cover.
    pub logged: Vec<Logged<'a>>,
}

/// One quantity of the log.
#[derive(Clone, Debug)]
pub struct Logged<'a> {
    /// Where it stands.
    pub cell: &'a UsageCell,
    /// What it counts.
    pub meter: Meter,
    /// How much.
    pub quantity: Exact,
}

/// A whole period.
#[derive(Debug, Default)]
pub struct Comparison<'a> {
    /// Charges for usage with what was logged of it; a topic without charges was logged only.
    pub matched: Vec<Matched<'a>>,
    /// Credits, tax, rounding lines and idle commitments.
    pub others: Vec<Line<'a>>,
    /// Whether some usage lies on days that no bill covers: it is compared with nothing.
    pub beyond_bills: bool,
}

/// Matches the period's charges with the log.
pub fn compare<'a>(inputs: Inputs<'a>, options: &Options) -> Comparison<'a> {
    let shelf = Shelf::build(inputs, options);
    let mut aside = Attribution::default();
    let mut lines = lines::prepare(inputs, options, &mut aside);
    counted::give(inputs, options, &shelf, &mut lines, &mut aside);
    let topics = Topics::new(&shelf, &lines);
    let mut comparison = Comparison::default();
    let mut billed: BTreeMap<Topic, Vec<Line<'a>>> = BTreeMap::new();
    for line in &lines {
        match line.charge.kind != ChargeKind::Usage {
            true => comparison.others.push(line.clone()),
            false => billed
                .entry(topics.of(line))
                .or_default()
                .push(line.clone()),
        }
    }
    // A charge that says more about itself takes its usage first.
    let mut order: Vec<(Topic, Vec<Line<'a>>)> = billed.into_iter().collect();
    order.sort_by_key(|(topic, _)| {
        let all = matches!(topic.meter, ChargeMeter::All);
        (all, topic.model.is_none(), topic.tier.is_none())
    });
    let mut left: BTreeMap<usize, Vec<(Meter, Exact)>> = BTreeMap::new();
    for (at, held) in shelf.held.iter().enumerate() {
        let day = held.cell.utc_day;
        if day < options.period.start || day >= options.period.end {
            continue;
        }
        match shelf.is_billed(held.cell.provider.as_deref(), day) {
            true => drop(left.insert(at, quantities(held.cell))),
            false => comparison.beyond_bills = true,
        }
    }
    for (topic, lines) in order {
        let mut logged = Vec::new();
        for at in topic.cells(&shelf, options.period.start, options.period.end) {
            if let Some(quantities) = left.get_mut(&at) {
                take(&topic.meter, shelf.held[at].cell, quantities, &mut logged);
            }
        }
        comparison.matched.push(Matched {
            topic,
            lines,
            logged,
        });
    }
    let tiered: BTreeSet<Option<String>> = comparison
        .matched
        .iter()
        .filter(|matched| matched.topic.tier.is_some())
        .map(|matched| matched.topic.provider.clone())
        .collect();
    let mut unbilled: BTreeMap<Topic, Vec<Logged<'a>>> = BTreeMap::new();
    for (at, quantities) in left {
        let cell = shelf.held[at].cell;
        let provider = cell.provider.as_deref().map(str::to_string);
        for (meter, quantity) in quantities {
            let topic = Topic {
                model: cell.model.as_deref().map(|name| topics.model(name)),
                meter: ChargeMeter::Is(meter.clone()),
                tier: tiered
                    .contains(&provider)
                    .then(|| fold_tier(cell.tier.as_deref().unwrap_or(""))),
                provider: provider.clone(),
            };
            let logged = Logged {
                cell,
                meter,
                quantity,
            };
            unbilled.entry(topic).or_default().push(logged);
        }
    }
    let logged_only = unbilled.into_iter().map(|(topic, logged)| Matched {
        topic,
        lines: Vec::new(),
        logged,
    });
    comparison.matched.extend(logged_only);
    comparison
}

fn quantities(cell: &UsageCell) -> Vec<(Meter, Exact)> {
    let requests = (Meter::Requests, cell.requests.exact());
    let all = cell
        .quantities
        .iter()
        .map(|(meter, q)| (meter.clone(), q.exact()));
    all.chain([requests])
        .filter(|(_, q)| !q.is_zero())
        .collect()
}

/// Moves the quantities that a charge of this meter covers.
fn take<'a>(
    meter: &ChargeMeter,
    cell: &'a UsageCell,
    left: &mut Vec<(Meter, Exact)>,
    into: &mut Vec<Logged<'a>>,
) {
    left.retain(|(found, quantity)| {
        let covered = match meter {
            ChargeMeter::Is(meter) => meter == found,
            ChargeMeter::All => true,
            ChargeMeter::Item(_) => false,
        };
        if covered {
            into.push(Logged {
                cell,
                meter: found.clone(),
                quantity: *quantity,
            });
        }
        !covered
    });
}
