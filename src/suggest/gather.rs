//! Collects what the files know of customers and of ids without one.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{domain_of, mail_domain};
use super::{Facts, Profile};
use crate::identity::join::billing_keys;
use crate::identity::{Identity, PartyId, PartyKind, UsageOwners};
use crate::margin::ids::carrier;
use crate::model::records::{Charge, RevenueRecords};
use crate::model::{Month, Period, UsageCell, Zone};
use crate::revenue::RevenueBook;

/// What the files hold.
pub struct World<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// The folded log.
    pub usage: &'a [UsageCell],
    /// The bills.
    pub charges: &'a [Charge],
    /// The billing records.
    pub records: &'a RevenueRecords,
    /// Revenue over time.
    pub revenue: &'a RevenueBook,
    /// Ids without a customer: namespace and id.
    pub unmatched: &'a BTreeSet<(String, String)>,
    /// Period of the report.
    pub period: Period,
    /// Its zone.
    pub zone: Zone,
}

/// Whom something is known of.
enum Whom {
    Customer(String),
    Id(String, String),
}

impl Facts {
    fn profile(&mut self, whom: Whom) -> Option<&mut Profile> {
        match whom {
            Whom::Customer(key) => Some(self.customers.entry(key).or_default()),
            Whom::Id(source, id) => self.unmatched.get_mut(&(source, id)),
        }
    }
}

/// Collects the facts.
pub fn gather(world: &World<'_>) -> Facts {
    let mut facts = Facts::default();
    for (source, id) in world.unmatched {
        // An id that the mapping gives away on other days is the mapping's business.
        let mapping = world.identity.mapping();
        if !mapping.is_some_and(|mapping| mapping.knows(source, id)) {
            let mut profile = Profile::default();
            profile.ids.insert((source.clone(), id.clone()));
            profile.domains.extend(mail_domain(id));
            let key = (source.clone(), id.clone());
            facts.unmatched.insert(key, profile);
        }
    }
    customers(world, &mut facts);
    used(world, &mut facts);
    billed(world, &mut facts);
    let first = |months: &dyn Fn(&Profile) -> Option<Month>| {
        let all = facts.customers.values().chain(facts.unmatched.values());
        all.filter_map(months).min()
    };
    facts.begins = (
        first(&|profile| profile.used.keys().next().copied()),
        first(&|profile| profile.invoiced.keys().next().copied()),
    );
    facts
}

fn customers(world: &World<'_>, facts: &mut Facts) {
    for party in world.identity.parties() {
        if party.kind != PartyKind::Customer {
            continue;
        }
        let profile = facts.customers.entry(party.key.clone()).or_default();
        profile.ids.insert(("customer".into(), party.key.clone()));
        profile.names.insert(party.key.clone());
        let values = |name: &str| party.attributes.get(name).into_iter().flatten();
        let names = values("name").map(|dated| dated.value.clone());
        profile.names.extend(names);
        let domains = values("domain").filter_map(|dated| domain_of(&dated.value));
        profile.domains.extend(domains);
        profile.domains.extend(domain_of(&party.key));
        profile.domains.extend(mail_domain(&party.key));
    }
}

/// Whose a party's facts are, where its own id is what stands in the file.
fn whom(world: &World<'_>, party: Option<PartyId>, source: &str, id: &str) -> Option<Whom> {
    match party.map(|party| world.identity.party(party)) {
        Some(party) if party.kind == PartyKind::Customer => Some(Whom::Customer(party.key.clone())),
        // Our own accounts pay nobody.
        Some(party) if party.kind == PartyKind::Internal => None,
        _ => Some(Whom::Id(source.to_string(), id.to_string())),
    }
}

fn used(world: &World<'_>, facts: &mut Facts) {
    let mut owners = UsageOwners::new(world.identity);
    for cell in world.usage {
        let owner = owners.owner(cell);
        let (source, id) = match (&cell.scopes, &cell.source) {
            (Some(scopes), _) => match carrier(world.identity, scopes, cell.day) {
                Some((scope, _)) => (scope.namespace.as_str(), scope.id.as_str()),
                None => continue,
            },
            (None, Some(source)) => ("usage", source.as_ref()),
            (None, None) => continue,
        };
        let Some(profile) = whom(world, owner, source, id).and_then(|who| facts.profile(who))
        else {
            continue;
        };
        profile.ids.insert((source.to_string(), id.to_string()));
        let requests = cell.requests.exact();
        if !requests.is_zero() {
            *profile.used.entry(cell.day.month()).or_default() += requests;
        }
    }
    for charge in world.charges {
        let day = world.zone.day(charge.start);
        let Some((scope, owner)) = carrier(world.identity, &charge.scopes, day) else {
            continue;
        };
        let (source, id) = (scope.namespace.as_str(), scope.id.as_str());
        let Some(who) = whom(world, owner, source, id) else {
            continue;
        };
        let counts = matches!(who, Whom::Id(..));
        let Some(profile) = facts.profile(who) else {
            continue;
        };
        profile.ids.insert((source.to_string(), id.to_string()));
        // A customer's months are those of its requests; money beside them would be another unit.
        if counts && !charge.amount.is_zero() {
            *profile.used.entry(day.month()).or_default() += charge.amount;
        }
    }
}

fn billed(world: &World<'_>, facts: &mut Facts) {
    let last = world.period.end.plus(-1);
    for ((namespace, id), keys) in &billing_keys(world.records) {
        let (party, _) = world.identity.billing(namespace, id, last);
        let Some(profile) =
            whom(world, Some(party), namespace, id).and_then(|who| facts.profile(who))
        else {
            continue;
        };
        profile.ids.insert((namespace.clone(), id.clone()));
        profile.values.extend(keys.metadata.iter().cloned());
        profile.values.extend(keys.references.iter().cloned());
        profile.names.extend(keys.names.iter().cloned());
        let domains = keys.emails.iter().filter_map(|email| mail_domain(email));
        profile.domains.extend(domains);
    }
    let mut months: BTreeMap<(PartyId, &str, &str), BTreeMap<Month, _>> = BTreeMap::new();
    for obligation in &world.revenue.obligations {
        let source = obligation.source.namespace();
        let key = (obligation.party, source, obligation.payer.as_str());
        let month = world.zone.day(obligation.service.0).month();
        *months.entry(key).or_default().entry(month).or_default() += obligation.net;
    }
    for ((party, source, id), sums) in months {
        let Some(profile) = whom(world, Some(party), source, id).and_then(|who| facts.profile(who))
        else {
            continue;
        };
        for (month, amount) in sums {
            *profile.invoiced.entry(month).or_default() += amount;
        }
    }
}
