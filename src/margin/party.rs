//! What a party is called in the dimension of customers and in those of attributes, which may
//! change from one day to the next.
//!
//! The rule that must hold: a fact carries the attribute of its own day, so revenue is cut where
//! an attribute changes.

use std::collections::BTreeMap;

use super::dimension::{Dimension, Filter, NONE, cuts};
use super::group::Grouping;
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
    let rows = revenue_by(identity, book, period, &Dimension::Customer, filters).into_iter();
    rows.filter_map(|(label, revenue)| Some((identity.by_key(&label)?, revenue)))
        .collect()
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
