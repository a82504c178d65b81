//! The parts of a cost: one per charge and holder, with the share that gave it.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::attribution::{Basis, By, CostFact, Holder, Reason};
use crate::identity::PartyId;
use crate::model::records::{ChargeKind, ChargeMeter, Origin};
use crate::model::{Day, Exact, Instant, Meter};

/// By what an amount was shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shared {
    /// Logged quantity against billed quantity.
    Quantity,
    /// Logged usage at list prices.
    Value,
    /// Logged quantity where some usage has no price.
    Tokens,
    /// Served requests.
    Requests,
    /// The cost that it follows.
    Cost,
    /// A tier of a shared cost's rule.
    Rule(String, usize),
}

/// One holder's part of an amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartShare {
    /// What weighed.
    pub by: Shared,
    /// Numerator.
    pub weight: Exact,
    /// Denominator.
    pub whole: Exact,
    /// The amount that was shared.
    pub of: Exact,
    /// The holder's part of it, of which a filter may take less.
    pub given: Exact,
}

/// One part of a cost.
#[derive(Clone, Debug)]
pub struct CostPart {
    /// Whose it is; `None` if nobody's.
    pub party: Option<PartyId>,
    /// How it reached them.
    pub basis: Option<Basis>,
    /// Why it reached nobody.
    pub reason: Option<Reason>,
    /// Provider of the charge or usage, or the name of a shared cost.
    pub provider: Option<String>,
    /// Model of the charge, else of the usage if that is of one model.
    pub model: Option<String>,
    /// Meter or item, if the charge has one.
    pub meter: Option<String>,
    /// Service tier, if the charge or usage has one.
    pub tier: Option<String>,
    /// What kind of charge it is; `None` where there is none.
    pub kind: Option<ChargeKind>,
    /// The charge's own words.
    pub item: String,
    /// First and last day on which it counts.
    pub days: (Day, Day),
    /// The time that the charge covers.
    pub time: Option<(Instant, Instant)>,
    /// Where the charge stands; `None` where it is estimated, or so much a month.
    pub origin: Option<Origin>,
    /// What the bill charges, if there is one, whole.
    pub billed: Option<(Exact, Option<Exact>)>,
    /// The share; `None` where the whole charge is the holder's, or where it is estimated.
    pub share: Option<PartShare>,
    /// Whether an estimate is the log's own.
    pub reported: bool,
    /// Quantities of an estimate, requests included.
    pub quantities: BTreeMap<String, Exact>,
    /// What counts here.
    pub amount: Exact,
}

/// What tells estimates apart: holder, provider, model, tier, and whether the log itself says so.
type Estimate = (
    Option<PartyId>,
    Option<String>,
    Option<String>,
    Option<String>,
    bool,
);

/// Collects parts; the facts of one gift come one after the other.
#[derive(Debug, Default)]
pub struct Collecting {
    parts: Vec<CostPart>,
    open: Option<Open>,
    estimates: HashMap<Estimate, CostPart, foldhash::fast::FixedState>,
}

/// A gift whose facts are coming in.
#[derive(Debug)]
struct Open {
    charge: usize,
    holder: Holder,
    share: Option<(Shared, [Exact; 3])>,
    given: Exact,
    part: Option<CostPart>,
}

impl Collecting {
    /// Takes a fact; only what passes is kept.
    pub fn take(&mut self, fact: &CostFact<'_>, passes: bool) {
        let charge = fact
            .charge
            .map_or(0, |charge| std::ptr::from_ref(charge).addr());
        if charge == 0 && fact.share.is_none() && fact.cell.is_some() {
            if passes {
                self.estimate(fact);
            }
            return;
        }
        let share = fact.share.map(|share| {
            let numbers = [share.weight, share.whole, share.of];
            (shared(share.by), numbers)
        });
        let same = self.open.as_ref().is_some_and(|open| {
            charge != 0
                && (open.charge, open.holder) == (charge, fact.holder)
                && open.share == share
        });
        if !same {
            self.close();
            self.open = Some(Open {
                charge,
                holder: fact.holder,
                share,
                given: Exact::ZERO,
                part: None,
            });
        }
        let Some(open) = &mut self.open else {
            return;
        };
        open.given += fact.amount;
        if !passes {
            return;
        }
        match &mut open.part {
            None => open.part = Some(part(fact)),
            Some(part) => {
                part.amount += fact.amount;
                part.days = (part.days.0.min(fact.day), part.days.1.max(fact.day));
                if part.model.as_deref() != fact.model {
                    part.model = None;
                }
            }
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        if let Some(mut part) = open.part {
            part.share = open.share.map(|(by, [weight, whole, of])| PartShare {
                by,
                weight,
                whole,
                of,
                given: open.given,
            });
            self.parts.push(part);
        }
    }

    fn estimate(&mut self, fact: &CostFact<'_>) {
        let Some(cell) = fact.cell else {
            return;
        };
        let own = |text: Option<&str>| text.map(str::to_string);
        let party = match fact.holder {
            Holder::Party(party, _) => Some(party),
            Holder::Nobody(_) => None,
        };
        let reported = cell.reported().is_some();
        let key = (
            party,
            own(fact.provider),
            own(fact.model),
            own(cell.tier.as_deref()),
            reported,
        );
        let found = self.estimates.entry(key).or_insert_with(|| CostPart {
            reported,
            tier: own(cell.tier.as_deref()),
            amount: Exact::ZERO,
            ..part(fact)
        });
        found.amount += fact.amount;
        found.days = (found.days.0.min(fact.day), found.days.1.max(fact.day));
        let requests = (Meter::Requests, cell.requests.exact());
        let meters = cell.quantities.iter();
        let meters = meters.map(|(meter, quantity)| (meter.clone(), quantity.exact()));
        for (meter, quantity) in meters.chain([requests]) {
            *found
                .quantities
                .entry(meter.name().to_string())
                .or_default() += quantity;
        }
    }

    /// The parts, in an order that depends on their content alone.
    pub fn finish(mut self) -> Vec<CostPart> {
        self.close();
        self.parts.extend(self.estimates.into_values());
        self.parts.sort_by(|a, b| order(a).cmp(&order(b)));
        self.parts
    }
}

fn order(part: &CostPart) -> impl Ord + '_ {
    (
        (part.party.is_none(), part.party, part.basis, part.reason),
        (&part.provider, &part.model, &part.meter, &part.tier),
        (part.days, part.time),
        part.origin.as_ref().map(|o| (o.file.clone(), o.line)),
        (&part.item, &part.share, part.amount),
    )
}

fn shared(by: By<'_>) -> Shared {
    match by {
        By::Quantity => Shared::Quantity,
        By::Value => Shared::Value,
        By::Tokens => Shared::Tokens,
        By::Requests => Shared::Requests,
        By::Cost => Shared::Cost,
        By::Rule { name, tier } => Shared::Rule(name.to_string(), tier),
    }
}

fn part(fact: &CostFact<'_>) -> CostPart {
    let (party, basis, reason) = match fact.holder {
        Holder::Party(party, basis) => (Some(party), Some(basis), None),
        Holder::Nobody(reason) => (None, None, Some(reason)),
    };
    let charge = fact.charge;
    CostPart {
        party,
        basis,
        reason,
        provider: fact.provider.map(str::to_string),
        model: fact.model.map(str::to_string),
        meter: charge.and_then(|charge| match &charge.meter {
            ChargeMeter::All => None,
            ChargeMeter::Is(meter) => Some(meter.name().to_string()),
            ChargeMeter::Item(item) => Some(item.clone()),
        }),
        tier: charge.and_then(|charge| charge.tier.clone()),
        kind: charge.map(|charge| charge.kind),
        item: charge.map(|charge| charge.item.clone()).unwrap_or_default(),
        days: (fact.day, fact.day),
        time: charge.map(|charge| (charge.start, charge.end)),
        origin: charge.map(|charge| charge.origin.clone()),
        billed: charge.map(|charge| (charge.amount, charge.quantity)),
        share: None,
        reported: false,
        quantities: BTreeMap::new(),
        amount: fact.amount,
    }
}
