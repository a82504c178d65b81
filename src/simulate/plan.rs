//! The plan-price lever: which obligations a new price touches, and by how much.

use std::collections::BTreeMap;

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
    fn factor(
        &self,
        obligation: &Obligation,
        known: PlanPrice,
    ) -> Result<Option<(Exact, Exact)>, Unresolved> {
        if obligation.recurring == Some(false) {
            return Ok(None);
        }
        let twelve = Exact::from(12u64);
        let (start, end) = obligation.service;
        let yearly = end.0 - start.0 >= YEARLY_DAYS * DAY;
        let missing = || Unresolved::NoPrice(self.plan.clone());
        let month = known
            .month
            .or(known.year.filter(|_| yearly).map(|_| Exact::ZERO));
        match self.price {
            NewPrice::Factor(factor) => Ok(Some((factor, Exact::ONE))),
            NewPrice::Year(_) if !yearly => Ok(None),
            NewPrice::Year(price) => {
                let old = known.year.or(known.month.map(|month| month * twelve));
                let old = old.filter(Exact::is_positive).ok_or_else(missing)?;
                Ok(Some((price, old)))
            }
            NewPrice::Month(price) if yearly && known.year.is_some() => {
                let old = known.year.filter(Exact::is_positive).ok_or_else(missing)?;
                Ok(Some((price * twelve, old)))
            }
            NewPrice::Month(price) => {
                let old = month.filter(Exact::is_positive).ok_or_else(missing)?;
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

/// The revenue after the changes, and the customers whose plan they re-price.
pub fn reprice(
    world: World<'_>,
    changes: &[PlanChange],
) -> Result<(RevenueBook, Vec<PartyId>), Unresolved> {
    let World {
        book,
        identity,
        prices,
        ..
    } = world;
    let period = world.statement.period;
    let plans = on_plans(identity, period);
    let mut after = book.clone();
    let mut touched = Vec::new();
    for change in changes {
        let name = &change.plan;
        let lines = book
            .obligations
            .iter()
            .filter(|line| line.plan.as_ref() == Some(name));
        let named: Vec<PartyId> = lines.map(|line| line.party).collect();
        let none = Vec::new();
        let members = plans.get(name).unwrap_or(&none);
        if members.is_empty() && named.is_empty() {
            let known = plans.keys().cloned().collect();
            return Err(Unresolved::NoSuchPlan(change.plan.clone(), known));
        }
        touched.extend(members.iter().copied());
        touched.extend(named);
        let known = prices.get(name).copied().unwrap_or_default();
        for (obligation, before) in after.obligations.iter_mut().zip(&book.obligations) {
            // A line that names its plan is that plan's; others are the plan's that their customer
            // is on when the service begins, as far as that lies in the period.
            let first = world.zone.day(before.service.0).max(period.start);
            let party = identity.party(before.party);
            let plan = before.plan.as_deref();
            let plan = plan.or_else(|| party.attribute_on("plan", first));
            let on_plan = plan == Some(name.as_str());
            if !on_plan {
                continue;
            }
            if let Some((numerator, denominator)) = change.factor(before, known)? {
                obligation.schedule = obligation.schedule.scaled(numerator, denominator);
                let places = obligation.net.places().max(2);
                obligation.net = Exact::ratio(obligation.net * numerator, denominator, places)
                    .unwrap_or(obligation.net);
            }
        }
    }
    touched.sort();
    touched.dedup();
    Ok((after, touched))
}
