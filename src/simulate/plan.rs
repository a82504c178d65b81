//! The plan-price lever: which obligations a new price touches, and by how much.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{Identity, PartyId};
use crate::model::{Exact, Period};
use crate::revenue::plans::PlanPrice;
use crate::revenue::{Obligation, RevenueBook};

use super::scenario::World;

/// A new price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPrice {
    /// An amount per month.
    Month(Exact),
    /// An amount per year; monthly subscriptions keep their price.
    Year(Exact),
    /// The present price times this factor, whatever the interval.
    Factor(Exact),
}

/// A change of one plan's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanChange {
    /// Plan name, compared byte for byte.
    pub plan: String,
    /// The new price.
    pub price: NewPrice,
}

/// A change that touches no recurring revenue of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoEffect {
    /// The change.
    pub change: PlanChange,
    /// Shorter invoices of the plan, which a price per year leaves as they are.
    pub shorter: u64,
}

/// What a list of changes makes of the revenue.
pub struct Repriced {
    /// The revenue after the changes.
    pub book: RevenueBook,
    /// The customers whose plan they re-price.
    pub touched: Vec<PartyId>,
    /// Changes that touch nothing.
    pub no_effect: Vec<NoEffect>,
}

/// A change that cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Nobody is on the plan; these plans are known.
    NoSuchPlan(String, Vec<String>),
    /// The plan's present price is not known.
    NoPrice(String),
}

/// Spans from this many days on are billed by the year.
const YEARLY_DAYS: i64 = 300;
const DAY: i64 = 86_400_000_000;

impl PlanChange {
    /// `plan pro: 99/month → 149/month, now`.
    pub fn describe(&self, prices: &BTreeMap<String, PlanPrice>) -> String {
        let known = prices.get(&self.plan).copied().unwrap_or_default();
        let (old, new) = match self.price {
            NewPrice::Month(price) => (
                known.month.map(|old| format!("{old}/month")),
                format!("{price}/month"),
            ),
            NewPrice::Year(price) => {
                let old = known
                    .year
                    .or(known.month.map(|month| month * Exact::from(12u64)));
                (
                    old.map(|old| format!("{old}/year")),
                    format!("{price}/year"),
                )
            }
            NewPrice::Factor(factor) => {
                let percent = (factor - Exact::ONE).shift(2);
                let sign = if percent.is_negative() { "" } else { "+" };
                return format!("plan {}: {sign}{percent}%, now", self.plan);
            }
        };
        match old {
            Some(old) => format!("plan {}: {old} → {new}, now", self.plan),
            None => format!("plan {}: {new}, now", self.plan),
        }
    }

    /// The factor for one obligation as a fraction, or `None` where the price does not touch it.
    /// `by_year` says that the scenario gives the plan a price per year too, which then is the one
    /// for yearly invoices. Else they follow the price per month in proportion, so that the same
    /// price changes nothing.
    fn factor(
        &self,
        obligation: &Obligation,
        known: PlanPrice,
        by_year: bool,
    ) -> Result<Option<(Exact, Exact)>, Unresolved> {
        if obligation.recurring == Some(false) {
            return Ok(None);
        }
        let twelve = Exact::from(12u64);
        let (start, end) = obligation.service;
        let yearly = end.0 - start.0 >= YEARLY_DAYS * DAY;
        let missing = || Unresolved::NoPrice(self.plan.clone());
        match self.price {
            NewPrice::Factor(factor) => Ok(Some((factor, Exact::ONE))),
            NewPrice::Year(_) if !yearly => Ok(None),
            NewPrice::Year(price) => {
                let old = known.year.or(known.month.map(|month| month * twelve));
                let old = old.filter(Exact::is_positive).ok_or_else(missing)?;
                Ok(Some((price, old)))
            }
            NewPrice::Month(_) if yearly && by_year => Ok(None),
            NewPrice::Month(price) => {
                let (price, old) = match (known.month, known.year) {
                    (None, Some(year)) if yearly => (price * twelve, Some(year)),
                    (month, _) => (price, month),
                };
                let old = old.filter(Exact::is_positive).ok_or_else(missing)?;
                Ok(Some((price, old)))
            }
        }
    }
}

/// Customers on each plan on some day of a period.
fn on_plans(identity: &Identity, period: Period) -> BTreeMap<String, Vec<PartyId>> {
    let mut plans: BTreeMap<String, Vec<PartyId>> = BTreeMap::new();
    for (at, party) in (0u32..).zip(identity.parties()) {
        let days = [period.start].into_iter();
        let days = days.chain(party.changes("plan", period));
        let mut names: Vec<String> = days
            .filter_map(|day| party.attribute_on("plan", day))
            .map(str::to_string)
            .collect();
        names.sort();
        names.dedup();
        for plan in names {
            plans.entry(plan).or_default().push(PartyId(at));
        }
    }
    plans
}

/// Which plan an obligation is on.
struct Membership<'a> {
    world: World<'a>,
    period: Period,
    /// Customers with invoices of more than one subscription.
    several: BTreeSet<PartyId>,
}

impl<'a> Membership<'a> {
    fn of(world: World<'a>) -> Membership<'a> {
        let mut subscriptions: BTreeMap<PartyId, BTreeSet<&str>> = BTreeMap::new();
        for line in &world.book.obligations {
            if let Some(id) = line.subscription.as_deref() {
                subscriptions.entry(line.party).or_default().insert(id);
            }
        }
        subscriptions.retain(|_, ids| ids.len() > 1);
        Membership {
            world,
            period: world.statement.period,
            several: subscriptions.into_keys().collect(),
        }
    }

    /// The names of the plan that a line is on. A line that names its plan is that plan's; one of a
    /// subscription is its price's, unless the mapping has a word of its own for the only
    /// subscription of the customer; others are on the plan of their customer when the service
    /// begins, as far as that lies in the period.
    fn names(&self, line: &'a Obligation) -> Vec<&'a str> {
        if let Some(plan) = line.plan.as_deref() {
            return vec![plan];
        }
        // A line of an invoice has its own price, whatever else its subscription holds.
        let price = line.price.as_deref();
        if let Some(names) = price.and_then(|id| self.world.subscriptions.get(id)) {
            return names.iter().map(String::as_str).collect();
        }
        let party = self.world.identity.party(line.party);
        let own_word = party.is_stated("plan") && !self.several.contains(&line.party);
        let id = line.subscription.as_deref().filter(|_| !own_word);
        if let Some(names) = id.and_then(|id| self.world.subscriptions.get(id)) {
            return names.iter().map(String::as_str).collect();
        }
        let first = self.world.zone.day(line.service.0).max(self.period.start);
        party.attribute_on("plan", first).into_iter().collect()
    }

    /// Whether a line is revenue at some time of the period.
    fn in_period(&self, line: &Obligation) -> bool {
        let (from, to) = line.schedule.span();
        let zone = self.world.zone;
        let (start, end) = (
            zone.start_of(self.period.start),
            zone.start_of(self.period.end),
        );
        from < end && (to > start || from >= start)
    }
}

/// Whether one of the changes is a price per year for the plan.
fn is_by_year(changes: &[PlanChange], plan: &str) -> bool {
    let mut of_plan = changes.iter().filter(|change| change.plan == plan);
    of_plan.any(|change| matches!(change.price, NewPrice::Year(_)))
}

/// Works the changes out.
///
/// # Errors
/// If a plan or its present price is not known.
pub fn reprice(world: World<'_>, changes: &[PlanChange]) -> Result<Repriced, Unresolved> {
    let World { book, prices, .. } = world;
    let membership = Membership::of(world);
    let plans = on_plans(world.identity, membership.period);
    let mut after = book.clone();
    let mut touched = Vec::new();
    let mut no_effect = Vec::new();
    for change in changes {
        let name = change.plan.as_str();
        let members = plans.get(name).cloned().unwrap_or_default();
        let known = prices.get(name).copied().unwrap_or_default();
        let mut found = !members.is_empty();
        touched.extend(members);
        let (mut changed, mut shorter) = (0, 0);
        let by_year = is_by_year(changes, name);
        for (obligation, before) in after.obligations.iter_mut().zip(&book.obligations) {
            if !membership.names(before).contains(&name) {
                continue;
            }
            found = true;
            let inside = membership.in_period(before);
            if inside {
                touched.push(before.party);
            }
            let factor = change.factor(before, known, by_year)?;
            changed += u64::from(inside && factor.is_some());
            let recurs = before.recurring != Some(false);
            shorter += u64::from(inside && factor.is_none() && recurs);
            if let Some((numerator, denominator)) = factor {
                obligation.schedule = obligation.schedule.scaled(numerator, denominator);
                let places = obligation.net.places().max(2);
                obligation.net = Exact::ratio(obligation.net * numerator, denominator, places)
                    .unwrap_or(obligation.net);
            }
        }
        if changed == 0 {
            no_effect.push(NoEffect {
                change: change.clone(),
                shorter,
            });
        }
        if !found {
            let lines = book.obligations.iter();
            let first = |line| membership.names(line).first().map(|name| name.to_string());
            let mut known: BTreeSet<String> = lines.filter_map(first).collect();
            known.extend(plans.into_keys());
            return Err(Unresolved::NoSuchPlan(
                change.plan.clone(),
                known.into_iter().collect(),
            ));
        }
    }
    // Of two prices of one plan, per month and per year, one may have nothing to do.
    let idle = |name: &str| {
        no_effect
            .iter()
            .filter(|none| none.change.plan == name)
            .count()
    };
    let given = |name: &str| changes.iter().filter(|change| change.plan == name).count();
    let in_vain = |none: &NoEffect| idle(&none.change.plan) == given(&none.change.plan);
    let no_effect = no_effect
        .iter()
        .filter(|none| in_vain(none))
        .cloned()
        .collect();
    touched.sort();
    touched.dedup();
    Ok(Repriced {
        book: after,
        touched,
        no_effect,
    })
}
