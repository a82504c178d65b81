//! From costs and usage to daily series, and for what was found to both sides of the comparison.
//!
//! Costs are handed over twice: once for the series, once for the causes of what they show. So
//! memory grows with customers, features and days, not with the log. Shared costs are left out:
//! a rule spreads them over customers, and they say nothing of a day.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::detect::{Kind, Signal};
use super::places::Places;
use super::series::{Series, float};
use crate::attribution::split::split;
use crate::attribution::{CostFact, Holder};
use crate::causes::{Group, Part, Side};
use crate::identity::{Identity, PartyId, PartyKind, UsageOwners};
use crate::margin::{Dimension, Filter, party};
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, Packed, Period, UsageCell};

/// What a series is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A customer, or an id without one.
    Customer(PartyId),
    /// A feature of a customer that has several.
    Feature(PartyId, Arc<str>),
    /// All customers of a plan.
    Plan(Arc<str>),
}

/// What everything is gathered from.
pub struct Ground<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// The period.
    pub period: Period,
    /// The folded log, features and failed requests told apart.
    pub usage: &'a [UsageCell],
    /// Filters; all must pass. Of customers, attributes, features, providers and models.
    pub filters: &'a [Filter],
    /// Revenue by party and day; `None` where it has no days, or where a filter cuts it.
    pub revenue: Option<BTreeMap<(PartyId, Day), Exact>>,
    /// The list price of one unit of a meter, for a cell of usage.
    pub list: &'a dyn Fn(&UsageCell, &Meter) -> Option<Exact>,
}

/// Hands every cost, with the usage that carries it, to a function.
pub type Costs<'a> = &'a dyn Fn(&mut dyn FnMut(&CostFact<'_>));

/// Cost and usage before and now, as they are compared, and revenue of both.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// Before.
    pub then: Side,
    /// Now.
    pub now: Side,
    /// Revenue of both, where it is known.
    pub revenue: Option<(Exact, Exact)>,
}

impl Ground<'_> {
    /// The daily series of everything that is looked at, in the order of the subjects.
    pub fn series(&self, costs: Costs<'_>) -> Vec<(Subject, Series)> {
        let mut places = Places::of(self);
        costs(&mut |fact| {
            if let Some(party) = self.cost(fact) {
                let feature = fact.cell.and_then(|cell| cell.feature.as_ref());
                let cost = float(fact.amount);
                places.each(party, feature, fact.day, |point| point.cost += cost);
            }
        });
        self.count(&mut places, &|cell| float(cell.requests.exact()));
        for ((party, day), revenue) in self.revenue.iter().flatten() {
            if self.is_watched(*party, *day) {
                let revenue = float(*revenue);
                places.each(*party, None, *day, |point| point.revenue += revenue);
            }
        }
        let mut series = places.finish();
        if series.iter().any(|(_, one)| one.is_uncounted()) {
            let mut places = Places::of(self);
            self.count(&mut places, &|cell| float(tokens(cell)) / 1000.0);
            let tokens: BTreeMap<Subject, Series> = places.finish().into_iter().collect();
            for (subject, one) in series.iter_mut().filter(|(_, one)| one.is_uncounted()) {
                if let Some(tokens) = tokens.get(subject) {
                    one.count_by(tokens);
                }
            }
        }
        series
    }

    /// Counts the usage of every day.
    fn count(&self, places: &mut Places<'_>, of: &dyn Fn(&UsageCell) -> f64) {
        let mut owners = UsageOwners::new(self.identity);
        for cell in self.usage {
            if let Some(party) = owners.owner(cell).filter(|party| self.used(*party, cell)) {
                let count = of(cell);
                let feature = cell.feature.as_ref();
                places.each(party, feature, cell.day, |point| point.requests += count);
            }
        }
    }

    /// Both sides of the comparison of every signal; `subjects` are those of the series.
    pub fn sides(&self, subjects: &[Subject], found: &[Signal], costs: Costs<'_>) -> Vec<Sides> {
        if found.is_empty() {
            return Vec::new();
        }
        let mut by_party: BTreeMap<PartyId, Vec<(Option<&str>, usize)>> = BTreeMap::new();
        let mut by_plan: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, signal) in found.iter().enumerate() {
            match &subjects[signal.series] {
                Subject::Customer(party) => by_party.entry(*party).or_default().push((None, at)),
                Subject::Feature(party, feature) => {
                    let list = by_party.entry(*party).or_default();
                    list.push((Some(feature), at));
                }
                Subject::Plan(plan) => by_plan.entry(plan).or_default().push(at),
            }
        }
        let mut sides = vec![Sides::default(); found.len()];
        // Which sides a day of a party and feature belongs to.
        let places = |party, feature: Option<&Arc<str>>, day: Day| -> Vec<(usize, bool)> {
            let own = by_party.get(&party).into_iter().flatten();
            let own = own.filter(|(of, _)| of.is_none() || *of == feature.map(|text| &**text));
            let plan = match by_plan.is_empty() {
                true => None,
                false => self.identity.party(party).attribute_on("plan", day),
            };
            let of_plan = plan
                .and_then(|plan| by_plan.get(plan))
                .into_iter()
                .flatten();
            let Some(number) = self.number(day) else {
                return Vec::new();
            };
            let mut places = Vec::new();
            for at in own.map(|(_, at)| at).chain(of_plan) {
                let signal = &found[*at];
                if inside(number, signal.then) {
                    places.push((*at, false));
                }
                if is_now(signal, number) {
                    places.push((*at, true));
                }
            }
            places
        };
        costs(&mut |fact| {
            let Some(party) = self.cost(fact) else { return };
            let feature = fact.cell.and_then(|cell| cell.feature.as_ref());
            for (at, now) in places(party, feature, fact.day) {
                self.add_cost(sides[at].of(now), fact);
            }
        });
        let mut owners = UsageOwners::new(self.identity);
        for cell in self.usage {
            let Some(party) = owners.owner(cell).filter(|party| self.used(*party, cell)) else {
                continue;
            };
            for (at, now) in places(party, cell.feature.as_ref(), cell.day) {
                self.add_usage(sides[at].of(now), cell);
            }
        }
        if self.revenue.is_some() {
            for (side, signal) in sides.iter_mut().zip(found) {
                let of_feature = matches!(subjects[signal.series], Subject::Feature(..));
                side.revenue = (!of_feature).then_some((Exact::ZERO, Exact::ZERO));
            }
        }
        for ((party, day), revenue) in self.revenue.iter().flatten() {
            if !self.is_watched(*party, *day) {
                continue;
            }
            for (at, now) in places(*party, None, *day) {
                if let Some((then, later)) = &mut sides[at].revenue {
                    *(if now { later } else { then }) += *revenue;
                }
            }
        }
        sides
    }

    /// The number of a day of the period.
    pub(super) fn number(&self, day: Day) -> Option<usize> {
        let inside = self.period.contains(day);
        inside.then_some((day.0 - self.period.start.0) as usize)
    }

    /// Whose a cost is, if it is looked at.
    pub(super) fn cost(&self, fact: &CostFact<'_>) -> Option<PartyId> {
        let Holder::Party(party, _) = fact.holder else {
            return None;
        };
        let is_shared = fact.cell.is_none() && fact.charge.is_none();
        let passes = || {
            let cell = fact.cell;
            let provider = fact
                .provider
                .or(cell.and_then(|cell| cell.provider.as_deref()));
            self.passes(party, fact.day, cell, provider, fact.model)
        };
        (!is_shared && self.is_customer(party) && passes()).then_some(party)
    }

    fn used(&self, party: PartyId, cell: &UsageCell) -> bool {
        let (provider, model) = (cell.provider.as_deref(), cell.model.as_deref());
        self.is_customer(party) && self.passes(party, cell.day, Some(cell), provider, model)
    }

    pub(super) fn is_watched(&self, party: PartyId, day: Day) -> bool {
        self.is_customer(party) && self.passes(party, day, None, None, None)
    }

    fn is_customer(&self, party: PartyId) -> bool {
        self.identity.party(party).kind != PartyKind::Internal
    }

    fn passes(
        &self,
        party: PartyId,
        day: Day,
        cell: Option<&UsageCell>,
        provider: Option<&str>,
        model: Option<&str>,
    ) -> bool {
        self.filters.iter().all(|filter| match &filter.dimension {
            Dimension::Feature => filter.passes(cell.and_then(|cell| cell.feature.as_deref())),
            Dimension::Provider => filter.passes(provider),
            Dimension::Model => filter.passes(model),
            of_party => {
                let label = party::label(self.identity, party, of_party, day);
                filter.passes(label.as_deref())
            }
        })
    }

    fn add_cost(&self, side: &mut Side, fact: &CostFact<'_>) {
        let Some(cell) = fact.cell else {
            return side.add_other(fact.amount);
        };
        let meter = fact.charge.map(|charge| &charge.meter);
        if let Some(ChargeMeter::Is(meter)) = meter {
            return side.add_cost(&part(cell, Some(meter)), fact.amount);
        }
        // A cost of all meters is divided as list prices divide it.
        let meters = self.weights(cell);
        let weights: Vec<Exact> = meters.iter().map(|(_, value)| *value).collect();
        match split(fact.amount, &weights) {
            Some(parts) => {
                for ((meter, _), amount) in meters.into_iter().zip(parts) {
                    side.add_cost(&part(cell, Some(meter)), amount);
                }
            }
            None => side.add_cost(&part(cell, None), fact.amount),
        }
    }

    /// The meters of a cell with what they cost at list prices; empty if one of them has none.
    fn weights<'c>(&self, cell: &'c UsageCell) -> Vec<(&'c Meter, Exact)> {
        let value = |(meter, quantity): (&'c Meter, Packed)| {
            let price = (self.list)(cell, meter)?;
            Some((meter, price * quantity.exact()))
        };
        let values: Option<Vec<_>> = cell.quantities.iter().map(value).collect();
        values.unwrap_or_default()
    }

    fn add_usage(&self, side: &mut Side, cell: &UsageCell) {
        let whole = part(cell, None);
        side.add_requests(&whole.group, cell.requests.exact());
        for (meter, quantity) in &cell.quantities {
            let quantity = quantity.exact();
            let list = (self.list)(cell, meter).map(|price| price * quantity);
            side.add_quantity(&part(cell, Some(meter)), quantity, list);
        }
        if self.weights(cell).is_empty() {
            side.add_quantity(&whole, tokens(cell), None);
        }
        let requests = cell.requests.exact();
        if !requests.is_zero() {
            // Some charges are per request.
            let list = (self.list)(cell, &Meter::Requests).map(|price| price * requests);
            side.add_quantity(&part(cell, Some(&Meter::Requests)), requests, list);
        }
    }
}

impl Sides {
    fn of(&mut self, now: bool) -> &mut Side {
        if now { &mut self.now } else { &mut self.then }
    }
}

/// The tokens of a cell, of all meters.
fn tokens(cell: &UsageCell) -> Exact {
    let tokens = cell.quantities.iter().filter(|(meter, _)| meter.is_token());
    tokens.map(|(_, quantity)| quantity.exact()).sum()
}

fn inside(day: usize, (from, to): (usize, usize)) -> bool {
    from <= day && day < to
}

/// Whether a day is part of what a signal tells as now.
pub fn is_now(signal: &Signal, day: usize) -> bool {
    match signal.kind {
        Kind::Spike => signal.days.contains(&day),
        _ => inside(day, signal.now),
    }
}

/// The part of the cost that a meter of a cell is.
fn part(cell: &UsageCell, meter: Option<&Meter>) -> Part {
    // Provider and tier have prices of their own, so they are part of the model here.
    let words = [&cell.provider, &cell.model, &cell.tier];
    let known = words.into_iter().flatten().map(|word| &**word);
    let model = known.collect::<Vec<_>>().join("/");
    Part {
        group: Group {
            feature: cell.feature.clone(),
            model: (!model.is_empty()).then(|| model.into()),
        },
        failed: cell.requests.exact().is_zero() && !cell.failed().is_zero(),
        meter: meter.cloned(),
    }
}
