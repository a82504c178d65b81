//! What a party is called in the dimension of customers and in those of attributes, which may
//! change from one day to the next.
//!
//! The rule that must hold: a fact carries the attribute of its own day, so revenue is cut where
//! an attribute changes.

use std::collections::BTreeMap;

use super::about::Sieve;
use super::dimension::{Dimension, Filter, NONE, cuts};
use super::group::Grouping;
use super::statement::Statement;
use crate::identity::{Identity, PartyId, PartyKind};
use crate::model::{Day, Exact, Period};
use crate::revenue::{Cuts, RevenueBook};

/// The label of a party on a day; `None` where the dimension is no matter of parties.
pub fn label(
    identity: &Identity,
    party: PartyId,
    dimension: &Dimension,
    day: Day,
) -> Option<String> {
    let party = identity.party(party);
    match dimension {
        Dimension::Customer => Some(party.key.clone()),
        Dimension::Attribute(name) if name == "kind" => Some(
            match party.kind {
                PartyKind::Customer => party.attribute_on("kind", day).unwrap_or("customer"),
                PartyKind::Internal => "internal",
                PartyKind::Unmapped { .. } => "unmapped",
            }
            .to_string(),
        ),
        Dimension::Attribute(name) => {
            Some(party.attribute_on(name, day).unwrap_or(NONE).to_string())
        }
        _ => None,
    }
}

/// The label of a party if it is the same on every day of a period.
pub fn fixed_label(
    identity: &Identity,
    party: PartyId,
    dimension: &Dimension,
    period: Period,
) -> Option<String> {
    let changes = changes(identity, party, dimension, period);
    let fixed = changes.is_empty();
    fixed.then(|| label(identity, party, dimension, period.start))?
}

fn changes(identity: &Identity, party: PartyId, dimension: &Dimension, period: Period) -> Vec<Day> {
    match dimension {
        Dimension::Attribute(name) => identity.party(party).changes(name, period),
        _ => Vec::new(),
    }
}

/// Where the dimensions cut a period: at their borders of time, and for each party where one of
/// its attributes changes.
pub fn all_cuts(identity: &Identity, dimensions: &[Dimension], period: Period) -> Cuts {
    let common = cuts(dimensions, period);
    let mut own = BTreeMap::new();
    for (at, _) in (0u32..).zip(identity.parties()) {
        let party = PartyId(at);
        let changes = dimensions
            .iter()
            .flat_map(|dimension| changes(identity, party, dimension, period));
        let mut days: Vec<Day> = changes.collect();
        if !days.is_empty() {
            days.extend(&common);
            days.sort();
            days.dedup();
            own.insert(party, days);
        }
    }
    Cuts { common, own }
}

/// Whether an attribute that is asked for changes inside the period for anybody.
pub fn some_change(identity: &Identity, dimensions: &[Dimension], period: Period) -> bool {
    !all_cuts(identity, dimensions, period).own.is_empty()
}

/// The revenue of each party that passes the filters.
pub fn revenue(
    identity: &Identity,
    book: &RevenueBook,
    period: Period,
    filters: &[Filter],
) -> BTreeMap<PartyId, Exact> {
    let asked: Vec<Dimension> = filters.iter().map(|f| f.dimension.clone()).collect();
    let sieve = Sieve { filters, identity };
    let mut sums: Vec<Option<Exact>> = vec![None; identity.parties().len()];
    book.facts(period, &all_cuts(identity, &asked, period), &mut |fact| {
        if sieve.revenue(fact) {
            *sums[fact.party.0 as usize].get_or_insert_default() += fact.amount;
        }
    });
    let parties = (0u32..).map(PartyId).zip(sums);
    parties
        .filter_map(|(party, sum)| Some((party, sum?)))
        .collect()
}

/// The cost and the usage of a report by customer as one by a dimension of parties whose labels stay
/// for the whole period; `None` where one changes. By label; labels without cost and usage are left
/// out.
pub fn regrouped(
    identity: &Identity,
    report: &Statement,
    dimension: &Dimension,
) -> Option<BTreeMap<String, Exact>> {
    let mut groups: BTreeMap<String, (Exact, bool)> = BTreeMap::new();
    for row in &report.rows {
        let label = fixed_label(identity, row.party?, dimension, report.period)?;
        let sums = &row.sums;
        let some = !sums.requests.is_zero() || !sums.meters.is_empty();
        let some = some || sums.cost.iter().any(|cost| !cost.is_zero());
        let group = groups.entry(label).or_default();
        *group = (group.0 + row.cost(), group.1 || some);
    }
    let groups = groups.into_iter().filter(|(_, (_, some))| *some);
    Some(groups.map(|(label, (cost, _))| (label, cost)).collect())
}

/// The revenue that passes the filters, by the labels of a dimension that has revenue.
pub fn revenue_by(
    identity: &Identity,
    book: &RevenueBook,
    period: Period,
    dimension: &Dimension,
    filters: &[Filter],
) -> BTreeMap<String, Exact> {
    let by = [dimension.clone()];
    let filtered = filters.iter().map(|f| f.dimension.clone());
    let asked: Vec<Dimension> = by.iter().cloned().chain(filtered).collect();
    let mut grouping = Grouping::new(&by, filters, identity, period);
    book.facts(period, &all_cuts(identity, &asked, period), &mut |fact| {
        grouping.revenue(fact);
    });
    let rows = grouping.finish().into_iter();
    rows.map(|(labels, _, sums)| (labels[0].to_string(), sums.revenue))
        .collect()
}
