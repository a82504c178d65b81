//! Which invoices are on which plan, and whether new prices reach them.

use std::collections::{BTreeMap, BTreeSet};

use super::costs::passes;
use super::lever::Apply;
use super::scenario::World;
use crate::identity::{Identity, PartyId};
use crate::model::{Day, Exact, Instant, Period};
use crate::revenue::{Basis, Obligation};

/// Spans from this many days on are billed by the year.
const YEARLY_DAYS: i64 = 300;
const DAY: i64 = 86_400_000_000;

/// Customers on each plan on some day of a period.
pub fn on_plans(identity: &Identity, period: Period) -> BTreeMap<String, Vec<PartyId>> {
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

/// Which plan an obligation is on, and since when.
pub struct Membership<'a> {
    /// What the scenario is run over.
    pub world: World<'a>,
    /// The report's period.
    pub period: Period,
    /// Customers with invoices of more than one subscription.
    pub several: BTreeSet<PartyId>,
    /// When each customer began: its first recurring invoice, or a subscription before it.
    first: BTreeMap<PartyId, Instant>,
    /// The latest of the first renewals of each customer's subscriptions.
    renewals: BTreeMap<PartyId, Instant>,
}

impl<'a> Membership<'a> {
    /// Looks at every invoice.
    pub fn of(world: World<'a>) -> Membership<'a> {
        let mut subscriptions: BTreeMap<PartyId, BTreeSet<&str>> = BTreeMap::new();
        let mut first: BTreeMap<PartyId, Instant> = BTreeMap::new();
        let mut renewals: BTreeMap<PartyId, Instant> = BTreeMap::new();
        for line in &world.book.obligations {
            if let Some(id) = line.subscription.as_deref() {
                subscriptions.entry(line.party).or_default().insert(id);
                if let Some(renewal) = world.renewals.get(id) {
                    let latest = renewals.entry(line.party).or_insert(*renewal);
                    *latest = (*latest).max(*renewal);
                }
            }
            // Recurring revenue by the month says nothing of when its subscription began.
            let dated = line.recurring != Some(false) && world.book.basis != Basis::Mrr;
            let begun = world.starts.get(&line.payer).copied();
            if let Some(begun) = dated
                .then_some(line.service.0)
                .into_iter()
                .chain(begun)
                .min()
            {
                let start = first.entry(line.party).or_insert(begun);
                *start = (*start).min(begun);
            }
        }
        subscriptions.retain(|_, ids| ids.len() > 1);
        Membership {
            world,
            period: world.statement.period,
            several: subscriptions.into_keys().collect(),
            first,
            renewals,
        }
    }

    /// The first day of a line that lies in the period.
    pub fn day(&self, line: &Obligation) -> Day {
        self.world.zone.day(line.service.0).max(self.period.start)
    }

    /// The names of the plan that a line is on. A line that names its plan is that plan's, one that
    /// names its price is that price's; one of a subscription is its price's, unless the mapping has a word of its own for the only
    /// subscription of the customer; others are on the plan of their customer when the service
    /// begins, as far as that lies in the period.
    pub fn names(&self, line: &'a Obligation) -> Vec<&'a str> {
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
        party
            .attribute_on("plan", self.day(line))
            .into_iter()
            .collect()
    }

    /// The names of the plans whose terms a line meets: a line that bills usage may be of a price, or
    /// even a product, of its own beside the plan of its subscription and customer.
    pub fn names_of_terms(&self, line: &'a Obligation) -> Vec<&'a str> {
        let mut names = self.names(line);
        if line.metered {
            let id = line.subscription.as_deref();
            let own = id.and_then(|id| self.world.subscriptions.get(id));
            names.extend(own.into_iter().flatten().map(String::as_str));
            let party = self.world.identity.party(line.party);
            names.extend(party.attribute_on("plan", self.day(line)));
        }
        names
    }

    /// Whether a line is revenue at some time of the period.
    pub fn in_period(&self, line: &Obligation) -> bool {
        let (from, to) = line.schedule.span();
        let (start, end) = self.borders();
        from < end && (to > start || from >= start)
    }

    /// Whether a line is revenue of the period and of a customer whom the report shows.
    pub fn is_shown(&self, line: &Obligation) -> bool {
        let (identity, filters) = (self.world.identity, self.world.filters);
        self.in_period(line) && passes(identity, filters, Some(line.party), self.day(line))
    }

    fn borders(&self) -> (Instant, Instant) {
        let zone = self.world.zone;
        (
            zone.start_of(self.period.start),
            zone.start_of(self.period.end),
        )
    }

    /// Whether new prices reach a line; `None` if that is not known.
    pub fn reaches(&self, apply: Apply, line: &Obligation) -> Option<bool> {
        match apply {
            Apply::Now => Some(true),
            Apply::New => Some(self.is_new(line.party)),
            Apply::Renewal if self.is_new(line.party) => Some(true),
            Apply::Renewal => {
                let renewal = self.world.renewals.get(line.subscription.as_deref()?)?;
                Some(match (self.world.ahead, self.world.book.basis) {
                    (Some((_, end)), _) => *renewal < end,
                    // The rate at the end of the month.
                    (None, Basis::Mrr) => *renewal < line.service.1,
                    (None, _) => line.service.0 >= *renewal,
                })
            }
        }
    }

    /// By what a line is multiplied if the month ahead is what counts: of a month in which its
    /// subscription renews, only the days from then on are at the new price.
    pub fn ahead(&self, apply: Apply, line: &Obligation, (n, d): (Exact, Exact)) -> (Exact, Exact) {
        let id = line.subscription.as_deref();
        let renewal = id.and_then(|id| self.world.renewals.get(id));
        let (Some((start, end)), Some(renewal), Apply::Renewal, Basis::Recognized) =
            (self.world.ahead, renewal, apply, self.world.book.basis)
        else {
            return (n, d);
        };
        let whole = Exact::from(end.0 - start.0);
        let rest = Exact::from((end.0 - renewal.0).clamp(0, end.0 - start.0));
        (n * rest + d * (whole - rest), d * whole)
    }

    /// Whether a line is billed by the year. Rates and payments have no service period to tell it
    /// by; of them the price or the subscription says so.
    pub fn is_yearly(&self, line: &Obligation) -> bool {
        let (start, end) = line.service;
        if end.0 - start.0 >= YEARLY_DAYS * DAY {
            return true;
        }
        let id = line.price.as_ref().or(line.subscription.as_ref());
        matches!(self.world.book.basis, Basis::Mrr | Basis::Cash)
            && id.is_some_and(|id| self.world.yearly.contains(id))
    }

    /// Whether a customer began in the period. Of the month ahead no customer is known that will.
    fn is_new(&self, party: PartyId) -> bool {
        if self.world.ahead.is_some() {
            return false;
        }
        let (start, end) = self.borders();
        let first = self.first.get(&party);
        first.is_some_and(|first| *first >= start && *first < end)
    }

    /// Whether the terms of a plan reach a customer in a whole month.
    pub fn reaches_month(&self, apply: Apply, party: PartyId, first_day: Day) -> bool {
        match apply {
            Apply::Now => true,
            Apply::New => self.is_new(party),
            Apply::Renewal if self.is_new(party) => true,
            Apply::Renewal => {
                let start = match self.world.ahead {
                    Some((start, _)) => start,
                    None => self.world.zone.start_of(first_day),
                };
                self.renewals
                    .get(&party)
                    .is_some_and(|renewal| *renewal <= start)
            }
        }
    }
}
