//! Plan prices, seats and discounts: which obligations they touch, and by how much.

use std::collections::{BTreeMap, BTreeSet};

use super::lever::{Apply, Metered, Scenario};
use super::membership::{Membership, on_plans};
use super::scenario::World;
use super::seats::{Rates, rates};
use super::served::on_plan;
use crate::identity::PartyId;
use crate::model::Exact;
use crate::revenue::{Obligation, RevenueBook};

/// A change that touches no recurring revenue of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoEffect {
    /// The plan, or the discount as written.
    pub what: String,
    /// Shorter invoices of the plan, which a price per year leaves as they are.
    pub shorter: u64,
    /// Invoices that keep their price because it does not reach them yet.
    pub kept: u64,
}

/// What a scenario makes of the recurring revenue.
pub struct Repriced {
    /// The revenue after the changes.
    pub book: RevenueBook,
    /// Whom the changes reach.
    pub found: Fractions,
}

/// A change that cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Nobody is on the plan; these plans are known.
    NoSuchPlan(String, Vec<String>),
    /// Customers are on the plan only by a second name of it; usage and minimums go by the first.
    OtherName(String, Vec<String>),
    /// The plan's present price is not known.
    NoPrice(String),
    /// Nothing says how many seats a customer has: the plan and the customer.
    NoSeats(String, String),
    /// The mapping has no number of seats for a customer: the customer, what it says, and the line.
    BadSeats(String, String, u64),
    /// A meter that no log has.
    NoSuchMeter(super::NoSuchMeter),
    /// Usage without a price.
    Unvalued(super::Unvalued),
    /// A month that the period holds in part.
    PartOfMonth,
    /// Two levers name the same usage: their words.
    TwoModels(String, String),
    /// The scenario gives a plan no overage price that could be solved for.
    NoOverage(String),
    /// A minimum where not all revenue says which months it is for: the plan.
    MinimumNotByMonth(String),
    /// Lines bill usage of a plan now, and the scenario charges for usage without saying what becomes
    /// of them: the plan, how many lines of the period, and their sum.
    MeteredLines(String, u64, Exact),
    /// A cap is solved for while usage is charged: a smaller cap then cuts revenue too.
    CapWithCharges(String),
}

/// How a change fared.
#[derive(Clone, Default)]
struct Tally {
    changed: u64,
    shorter: u64,
    kept: u64,
    /// Customers with an invoice that changes.
    reached: Vec<PartyId>,
    /// Customers with an invoice whose interval the new price is not for.
    spared: Vec<PartyId>,
}

/// Works out what a scenario makes of the recurring revenue.
///
/// # Errors
/// If a plan, its present price or its seats are not known.
pub fn reprice<'a>(
    world: World<'a>,
    membership: &Membership<'a>,
    scenario: &Scenario,
) -> Result<Repriced, Unresolved> {
    let found = fractions(world, membership, scenario)?;
    let mut after = world.book.clone();
    for (line, fraction) in after.obligations.iter_mut().zip(&found.of_lines) {
        if let Some((numerator, denominator)) = *fraction {
            line.schedule = line.schedule.scaled(numerator, denominator);
            let places = line.net.places().max(world.places);
            line.net = Exact::ratio(line.net * numerator, denominator, places).unwrap_or(line.net);
        }
    }
    Ok(Repriced { book: after, found })
}

/// By what every line is multiplied.
pub struct Fractions {
    /// New ∕ old of each line of the book, in its order; `None` where it stays.
    pub of_lines: Vec<Option<(Exact, Exact)>>,
    /// The customers whom the change of each plan reaches, by its place, in order.
    pub of_plans: Vec<Vec<PartyId>>,
    /// These and the customers whom a discount reaches, in order.
    pub touched: Vec<PartyId>,
    /// Changes that touch nothing.
    pub no_effect: Vec<NoEffect>,
    /// Recurring invoices of the period that keep their price because no renewal is known.
    pub without_renewal: u64,
    /// The same because their renewal is yet to come, or because their customer is not new.
    pub kept: u64,
    /// Invoices of the period that were taken as billed by the seat, since they exceed the price.
    pub seats_inferred: u64,
    /// Invoices of the period that do not say whether they recur and were re-priced as recurring.
    pub assumed: u64,
}

/// Works out by what a scenario multiplies each line.
///
/// # Errors
/// If a plan, its present price or its seats are not known.
pub fn fractions<'a>(
    world: World<'a>,
    membership: &Membership<'a>,
    scenario: &Scenario,
) -> Result<Fractions, Unresolved> {
    let members = on_plans(world.identity, membership.period);
    let mut walk = Walk {
        world,
        membership,
        scenario,
        touched: Vec::new(),
        found: Vec::new(),
        of_plans: vec![Tally::default(); scenario.plans.len()],
        of_discounts: vec![Tally::default(); scenario.discounts.len()],
        metered: vec![(0, Exact::ZERO); scenario.plans.len()],
        rates: Vec::new(),
        without_renewal: 0,
        kept: 0,
        seats_inferred: 0,
        assumed: 0,
    };
    for change in &scenario.plans {
        let own = members.get(&change.plan);
        walk.found.push(own.is_some());
        let lines = world.book.obligations.iter();
        walk.rates.push(match change.per_seat {
            Some(_) => rates(lines, membership, &change.plan),
            None => Rates::default(),
        });
        if own.is_none() && change.is_monthly() {
            let known = members.keys().cloned().collect();
            return Err(Unresolved::OtherName(change.plan.clone(), known));
        }
    }
    let lines = world.book.obligations.iter();
    let of_lines = lines
        .map(|line| walk.line(line))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(at) = walk.found.iter().position(|found| !found) {
        let lines = world.book.obligations.iter();
        let first = |line| membership.names(line).first().map(|name| name.to_string());
        let mut known: BTreeSet<String> = lines.filter_map(first).collect();
        known.extend(members.into_keys());
        let plan = scenario.plans[at].plan.clone();
        return Err(Unresolved::NoSuchPlan(plan, known.into_iter().collect()));
    }
    for (change, (count, sum)) in scenario.plans.iter().zip(&walk.metered) {
        if *count > 0 {
            return Err(Unresolved::MeteredLines(change.plan.clone(), *count, *sum));
        }
    }
    for at in 0..scenario.plans.len() {
        walk.customers(at, &members);
    }
    Ok(walk.finish(of_lines))
}

/// A walk over the lines.
struct Walk<'w, 'a> {
    world: World<'a>,
    membership: &'w Membership<'a>,
    scenario: &'w Scenario,
    /// Customers whom discounts reach.
    touched: Vec<PartyId>,
    /// Whether anybody is on each plan.
    found: Vec<bool>,
    of_plans: Vec<Tally>,
    of_discounts: Vec<Tally>,
    /// Lines of the period that bill usage and of which the scenario does not say what becomes.
    metered: Vec<(u64, Exact)>,
    /// What the customers of each plan with a price per seat pay.
    rates: Vec<Rates>,
    without_renewal: u64,
    kept: u64,
    seats_inferred: u64,
    assumed: u64,
}

impl<'a> Walk<'_, 'a> {
    /// By what a line is multiplied.
    fn line(&mut self, line: &'a Obligation) -> Result<Option<(Exact, Exact)>, Unresolved> {
        let names = self.membership.names_of_terms(line);
        let inside = self.membership.is_shown(line);
        let reaches = self.membership.reaches(self.scenario.apply, line);
        let mut fraction = None;
        let mut held_back = false;
        for (at, change) in self.scenario.plans.iter().enumerate() {
            if !names.contains(&change.plan.as_str()) {
                continue;
            }
            self.found[at] = true;
            if line.metered && !change.usage.is_empty() && reaches == Some(true) {
                match change.metered {
                    Some(Metered::Replace) => fraction = Some((Exact::ZERO, Exact::ONE)),
                    Some(Metered::Keep) => {}
                    None if inside => {
                        self.metered[at].0 += 1;
                        self.metered[at].1 += line.net;
                    }
                    None => {}
                }
            }
            if line.recurring == Some(false) {
                continue;
            }
            if !change.is_priced() {
                if inside && reaches == Some(true) {
                    self.of_plans[at].reached.push(line.party);
                }
                continue;
            }
            let factor = self.factor(at, line, inside)?;
            let tally = &mut self.of_plans[at];
            if factor.is_some() && reaches != Some(true) {
                tally.kept += u64::from(inside);
                held_back |= inside;
                continue;
            }
            match factor {
                Some(_) if inside => {
                    tally.changed += 1;
                    tally.reached.push(line.party);
                }
                None if inside => {
                    tally.shorter += 1;
                    tally.spared.push(line.party);
                }
                _ => {}
            }
            fraction = times(fraction, factor);
        }
        for at in 0..self.scenario.discounts.len() {
            if line.recurring == Some(false) || !self.is_discounted(at, line, &names) {
                continue;
            }
            let tally = &mut self.of_discounts[at];
            if reaches != Some(true) {
                tally.kept += u64::from(inside);
                held_back |= inside;
                continue;
            }
            tally.changed += u64::from(inside);
            if inside {
                self.touched.push(line.party);
            }
            let left = Exact::ONE - self.scenario.discounts[at].ratio;
            fraction = times(fraction, Some((left, Exact::ONE)));
        }
        match (held_back, reaches) {
            (true, None) => self.without_renewal += 1,
            (true, Some(_)) => self.kept += 1,
            (false, _) => {}
        }
        self.assumed += u64::from(inside && fraction.is_some() && line.recurring.is_none());
        let apply = self.scenario.apply;
        Ok(fraction.map(|fraction| self.membership.ahead(apply, line, fraction)))
    }

    fn factor(
        &mut self,
        at: usize,
        line: &Obligation,
        inside: bool,
    ) -> Result<Option<(Exact, Exact)>, Unresolved> {
        let change = &self.scenario.plans[at];
        let known = self.world.prices.get(&change.plan).copied();
        let known = known.unwrap_or_default();
        let yearly = self.membership.is_yearly(line);
        if change.per_seat.is_none() {
            return change.factor(yearly, known, None);
        }
        let twelfth = |year| Exact::ratio(year, Exact::from(12u64), 12);
        let price = known.month.or_else(|| known.year.and_then(twelfth));
        let rates = &self.rates[at];
        let seats = self.membership.seats(&change.plan, line, price, rates)?;
        self.seats_inferred += u64::from(inside && seats.inferred);
        change.factor(yearly, known, Some(seats))
    }

    /// Adds the customers whom a plan's change reaches without an invoice that changes: terms by the
    /// month hold for everybody on the plan in a month that they reach, and at once they hold for
    /// everybody on it who does not keep its price.
    fn customers(&mut self, at: usize, members: &BTreeMap<String, Vec<PartyId>>) {
        let change = &self.scenario.plans[at];
        let apply = self.scenario.apply;
        let tally = &mut self.of_plans[at];
        if change.is_monthly() {
            if !change.is_priced() {
                tally.reached.clear();
            }
            let on = on_plan(self.world.identity, &change.plan, self.membership.period);
            let reached = on.filter(|(party, month)| {
                let first = month.first_day();
                self.membership.reaches_month(apply, *party, first)
            });
            tally.reached.extend(reached.map(|(party, _)| party));
        } else if apply == Apply::Now {
            let own = members.get(&change.plan).into_iter().flatten();
            tally.spared.sort();
            let own = own.filter(|party| tally.spared.binary_search(party).is_err());
            tally.reached.extend(own);
        }
        tally.reached.sort();
        tally.reached.dedup();
    }

    /// Whether a discount is for a line: a line is on its own plan, which may be another than its
    /// customer's.
    fn is_discounted(&self, at: usize, line: &Obligation, names: &[&str]) -> bool {
        let mut of = self.scenario.discounts[at].of.clone();
        let day = self.membership.day(line);
        let plans = of.party.extract_if(.., |(name, _)| name == "plan");
        let on = |value: &String| names.contains(&value.as_str());
        let on_plans = plans.fold(true, |all, (_, values)| all && values.iter().any(on));
        on_plans && of.selects_party(self.world.identity, Some(line.party), day)
    }

    fn finish(mut self, of_lines: Vec<Option<(Exact, Exact)>>) -> Fractions {
        let of_plans = self.of_plans.iter_mut();
        let of_plans: Vec<_> = of_plans.map(|t| std::mem::take(&mut t.reached)).collect();
        self.touched.extend(of_plans.iter().flatten());
        let in_vain = |what: String, tally: Tally| {
            (tally.changed == 0).then_some(NoEffect {
                what,
                shorter: tally.shorter,
                kept: tally.kept,
            })
        };
        let plans = self.scenario.plans.iter().zip(self.of_plans);
        let priced = plans.filter(|(change, _)| change.is_priced());
        let mut no_effect: Vec<NoEffect> = priced
            .filter_map(|(change, tally)| in_vain(change.plan.clone(), tally))
            .collect();
        let discounts = self.scenario.discounts.iter().zip(self.of_discounts);
        no_effect.extend(discounts.filter_map(|(discount, tally)| {
            in_vain(format!("discount {}", discount.of.text), tally)
        }));
        self.touched.sort();
        self.touched.dedup();
        Fractions {
            of_lines,
            of_plans,
            touched: self.touched,
            no_effect,
            without_renewal: self.without_renewal,
            kept: self.kept,
            seats_inferred: self.seats_inferred,
            assumed: self.assumed,
        }
    }
}

/// The product of two fractions, as far as there are any.
fn times(a: Option<(Exact, Exact)>, b: Option<(Exact, Exact)>) -> Option<(Exact, Exact)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0 * b.0, a.1 * b.1)),
        (a, b) => a.or(b),
    }
}
