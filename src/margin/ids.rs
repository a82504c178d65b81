//! What each id of the files carries: revenue and cost, with a customer and without one.
//!
//! Every amount of a period counts at one id, the one that brought it to its customer: cost of
//! logged usage at the id in the log, cost that a bill line gives to somebody at an id of the
//! line, revenue at the billing id. So all ids, and what has none, sum to the report's totals.

use std::collections::BTreeMap;

use super::Totals;
use crate::attribution::{Attribution, Basis, CostFact, Holder};
use crate::identity::{Identity, PartyId, UsageOwners};
use crate::model::records::Scope;
use crate::model::{Day, Exact, Period, UsageCell, Zone};
use crate::revenue::RevenueBook;

/// Revenue and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Revenue of the period.
    pub revenue: Exact,
    /// Cost of the period.
    pub cost: Exact,
}

impl Money {
    fn add(&mut self, other: Money) {
        self.revenue += other.revenue;
        self.cost += other.cost;
    }

    /// How much attention it deserves: both amounts, whatever their signs.
    pub fn weight(&self) -> Exact {
        self.revenue.abs() + self.cost.abs()
    }
}

/// One id, or everything of the period that stands at no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMoney {
    /// Namespace; blank where there is no id.
    pub source: String,
    /// The id; blank where there is none.
    pub id: String,
    /// Name of the unmatched payer, where a file gives one.
    pub name: Option<String>,
    /// Whether it belonged to no customer on some day on which it appears.
    pub unmatched: bool,
    /// What went to customers and internal accounts.
    pub mapped: Money,
    /// What went to nobody.
    pub unmapped: Money,
}

impl IdMoney {
    /// Whether it is an id at all.
    pub fn is_id(&self) -> bool {
        !self.source.is_empty()
    }
}

/// The ids of one namespace together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its name; blank for what stands at no id.
    pub source: String,
    /// How many ids appear in the period.
    pub ids: u64,
    /// How many of them belong to a customer on every day on which they appear.
    pub mapped_ids: u64,
    /// What went to customers and internal accounts.
    pub mapped: Money,
    /// What went to nobody.
    pub unmapped: Money,
}

/// Where the money of a period stands.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    /// Every id of the period, in order of namespace and id; what has no id comes first.
    pub all: Vec<IdMoney>,
    /// Sums by namespace; what has no id comes last.
    pub namespaces: Vec<Namespace>,
}

/// What it is made of.
pub struct Inputs<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// The folded log.
    pub usage: &'a [UsageCell],
    /// Revenue.
    pub revenue: &'a RevenueBook,
    /// Period.
    pub period: Period,
    /// The report's zone.
    pub zone: Zone,
}

/// Of the ids on one line, the one that counts: the most specific one that is mapped, else the
/// widest; and its owner.
pub fn carrier<'a>(
    identity: &Identity,
    scopes: &'a [Scope],
    day: Day,
) -> Option<(&'a Scope, Option<PartyId>)> {
    let owner = |scope: &Scope| {
        let names_customer = scope.dimension == "customer";
        identity.scope(&scope.namespace, &scope.id, names_customer, day)
    };
    let mapped = scopes
        .iter()
        .find_map(|scope| Some((scope, Some(owner(scope)?))));
    mapped.or_else(|| Some((scopes.last()?, None)))
}

type Entries = BTreeMap<(String, String), IdMoney>;

fn entry<'e>(entries: &'e mut Entries, source: &str, id: &str) -> &'e mut IdMoney {
    let key = (source.to_string(), id.to_string());
    entries.entry(key).or_insert_with(|| IdMoney {
        source: source.to_string(),
        id: id.to_string(),
        name: None,
        unmatched: false,
        mapped: Money::default(),
        unmapped: Money::default(),
    })
}

impl Ids {
    /// Collects the ids of the period. `attribute` must hand every cost fact, with its usage cell,
    /// to the function it is given.
    pub fn collect(
        inputs: &Inputs<'_>,
        attribute: impl FnOnce(&mut dyn FnMut(&CostFact<'_>)) -> Attribution,
    ) -> Ids {
        let identity = inputs.identity;
        let mut entries = Entries::new();
        let mut owners = UsageOwners::new(identity);
        let in_period = |cell: &&UsageCell| inputs.period.contains(cell.day);
        for cell in inputs.usage.iter().filter(in_period) {
            let owner = owners.owner(cell);
            let Some((source, id)) = id_of_cell(identity, cell) else {
                continue;
            };
            entry(&mut entries, source, id).unmatched |=
                owner.is_none_or(|party| identity.party(party).is_unmapped());
        }
        attribute(&mut |fact| {
            let (source, id) = id_of(identity, fact).unwrap_or(("", ""));
            let found = entry(&mut entries, source, id);
            let side = match fact.holder {
                Holder::Party(party, _) if !identity.party(party).is_unmapped() => {
                    &mut found.mapped
                }
                _ => &mut found.unmapped,
            };
            side.cost += fact.amount;
            // Which ids a bill has, and whether they are mapped, does not depend on who paid.
            let scopes = fact.charge.map_or(&[][..], |charge| &charge.scopes);
            if let Some((scope, owner)) = carrier(identity, scopes, fact.day) {
                let found = entry(&mut entries, &scope.namespace, &scope.id);
                found.unmatched |= owner.is_none();
            }
        });
        let start = inputs.zone.start_of(inputs.period.start);
        let end = inputs.zone.start_of(inputs.period.end);
        for obligation in &inputs.revenue.obligations {
            let amount = obligation.schedule.between(start, end);
            if amount.is_zero() {
                continue;
            }
            let source = match obligation.payer.as_str() {
                "" => "",
                _ => obligation.source.namespace(),
            };
            let found = entry(&mut entries, source, &obligation.payer);
            let party = identity.party(obligation.party);
            if party.is_unmapped() {
                found.unmatched = true;
                found.name = found.name.take().or_else(|| party.name.clone());
                found.unmapped.revenue += amount;
            } else {
                found.mapped.revenue += amount;
            }
        }
        let all: Vec<IdMoney> = entries.into_values().collect();
        Ids {
            namespaces: namespaces(&all),
            all,
        }
    }

    /// Ids without a customer, those with the most money first.
    pub fn unmatched(&self) -> Vec<&IdMoney> {
        let mut list: Vec<&IdMoney> = self
            .all
            .iter()
            .filter(|one| one.is_id() && one.unmatched)
            .collect();
        list.sort_by_key(|one| std::cmp::Reverse(one.unmapped.weight()));
        list
    }

    /// Checks that nothing is missing and nothing counts twice.
    ///
    /// # Panics
    /// If the ids do not sum to the report's totals: a bug of ours that must never print.
    pub fn check(&self, totals: &Totals) {
        let mut sum = Money::default();
        for one in &self.all {
            sum.add(one.mapped);
            sum.add(one.unmapped);
        }
        assert!(
            sum.cost == totals.cost && Some(sum.revenue) == totals.revenue,
            "the ids carry revenue {} and cost {} but the report has {:?} and {}",
            sum.revenue,
            sum.cost,
            totals.revenue,
            totals.cost
        );
    }
}

fn namespaces(all: &[IdMoney]) -> Vec<Namespace> {
    let mut sums: BTreeMap<&str, Namespace> = BTreeMap::new();
    for one in all {
        let sum = sums.entry(&one.source).or_default();
        sum.source = one.source.clone();
        sum.ids += u64::from(one.is_id());
        sum.mapped_ids += u64::from(one.is_id() && !one.unmatched);
        sum.mapped.add(one.mapped);
        sum.unmapped.add(one.unmapped);
    }
    let mut list: Vec<Namespace> = sums.into_values().collect();
    list.sort_by_key(|sum| sum.source.is_empty());
    list
}

/// The id that carried a cost.
pub fn id_of<'f>(identity: &Identity, fact: &CostFact<'f>) -> Option<(&'f str, &'f str)> {
    let of_charge = || {
        let (scope, owner) = carrier(identity, &fact.charge?.scopes, fact.day)?;
        // An id without a customer did not bring a shared cost to one.
        let given = matches!(fact.holder, Holder::Party(..));
        (owner.is_some() || !given).then_some((scope.namespace.as_str(), scope.id.as_str()))
    };
    // A bill line that names its customer counts at its own id, whoever's usage it is laid over.
    if matches!(fact.holder, Holder::Party(_, Basis::Direct)) {
        return of_charge();
    }
    match fact.cell {
        Some(cell) => id_of_cell(identity, cell),
        None => of_charge(),
    }
}

/// The id that usage stands at.
pub fn id_of_cell<'c>(identity: &Identity, cell: &'c UsageCell) -> Option<(&'c str, &'c str)> {
    match &cell.scopes {
        Some(scopes) => {
            let (scope, _) = carrier(identity, scopes, cell.day)?;
            Some((scope.namespace.as_str(), scope.id.as_str()))
        }
        None => Some(("usage", cell.source.as_deref()?)),
    }
}
