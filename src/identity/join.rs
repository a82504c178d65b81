//! Joining ids to customers by the mapping and by exact equality, in a stated order.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::alike;
use super::{JoinKey, Mapping, Party, PartyId, PartyKind, guest_id, payer_of};
use crate::model::Day;
use crate::model::records::RevenueRecords;
use hashbrown::HashMap;

/// Keys of one billing customer that may equal a customer's id.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Metadata: key and value.
    pub metadata: BTreeSet<(String, String)>,
    /// E-mails, for the join only; never printed.
    pub emails: BTreeSet<String>,
    /// Descriptions and client reference ids: what it is, and the value.
    pub references: BTreeSet<(String, String)>,
    /// Names for display; they never join.
    pub names: BTreeSet<String>,
    /// Whether the id is that of a customer, not only of a payment.
    pub is_somebody: bool,
}

/// Who is who in one run.
#[derive(Debug)]
pub struct Identity {
    mapping: Option<Mapping>,
    parties: Vec<Party>,
    /// Only looked up, never walked.
    by_key: HashMap<String, PartyId, foldhash::fast::FixedState>,
    /// Namespace → billing id → customer and key.
    joins: BTreeMap<String, BTreeMap<String, (String, JoinKey)>>,
    /// Billing ids whose keys equal two different customers: (id, the customers).
    pub ambiguous: Vec<(String, Vec<String>)>,
    /// Groups of ids that differ only in case, blanks or Unicode form: customers, ids of the log,
    /// and ids of billing customers that joined nobody.
    pub alike: Vec<Vec<String>>,
}

/// The key of a party that no rule maps.
pub(super) fn unmapped_key(namespace: &str, id: &str) -> String {
    format!("(unmapped) {namespace}:{id}")
}

impl Identity {
    /// Works out every party of the run. `usage_ids` are the customers of the logs, `bill_ids` the
    /// ids that bills state in a column of customers, `counted` the widest ids of usage that
    /// providers count, with their namespaces. Where no log was read and neither bills nor a
    /// mapping name anybody, the billing ids are the customers.
    pub fn build(
        mapping: Option<Mapping>,
        has_log: bool,
        usage_ids: &BTreeSet<&str>,
        bill_ids: &BTreeSet<&str>,
        counted: &BTreeSet<(&str, &str)>,
        revenue: &RevenueRecords,
    ) -> Identity {
        let billing = billing_keys(revenue);
        let mut customers: BTreeSet<String> = BTreeSet::new();
        match &mapping {
            Some(mapping) => customers.extend(mapping.customers().keys().cloned()),
            None => {
                customers.extend(usage_ids.iter().map(|id| id.to_string()));
                customers.extend(bill_ids.iter().map(|id| id.to_string()));
            }
        }
        let own_ids = customers.is_empty() && !has_log;
        if own_ids {
            // The id of a payment names nobody.
            let named = billing.iter().filter(|(_, keys)| keys.is_somebody);
            customers.extend(named.map(|((_, id), _)| id.clone()));
        }
        let mut joins: BTreeMap<String, BTreeMap<String, _>> = BTreeMap::new();
        let mut ambiguous = Vec::new();
        for ((namespace, id), keys) in &billing {
            if own_ids && keys.is_somebody {
                let joined = joins.entry(namespace.clone()).or_default();
                joined.insert(id.clone(), (id.clone(), JoinKey::OwnId));
                continue;
            }
            let is_customer = |value: &str| target(mapping.as_ref(), &customers, value);
            match join(id, keys, &is_customer) {
                Ok(Some((customer, key))) => {
                    let joined = joins.entry(namespace.clone()).or_default();
                    joined.insert(id.clone(), (customer, key));
                }
                Ok(None) => {}
                Err(several) => ambiguous.push((id.clone(), several)),
            }
        }
        let mut parties: BTreeMap<String, Party> = customers
            .iter()
            .map(|key| (key.clone(), customer_party(mapping.as_ref(), key)))
            .collect();
        let mut unmapped = |namespace: &str, id: &str| {
            let key = unmapped_key(namespace, id);
            parties.entry(key.clone()).or_insert_with(|| Party {
                key,
                kind: PartyKind::Unmapped {
                    namespace: namespace.to_string(),
                    id: id.to_string(),
                },
                name: None,
                attributes: BTreeMap::new(),
            });
        };
        usage_ids.iter().for_each(|id| unmapped("usage", id));
        counted.iter().for_each(|(of, id)| unmapped(of, id));
        billing
            .keys()
            .for_each(|(namespace, id)| unmapped(namespace, id));
        for ((namespace, id), keys) in &billing {
            let joined = joins
                .get(namespace)
                .and_then(|ids| ids.get(id))
                .map(|(c, _)| c.clone());
            let key = joined.unwrap_or_else(|| unmapped_key(namespace, id));
            if let Some(party) = parties.get_mut(&key)
                && party.name.is_none()
            {
                party.name = keys.names.first().cloned();
            }
        }
        let no_match = billing
            .iter()
            .filter(|((namespace, id), _)| joins.get(namespace).is_none_or(|j| !j.contains_key(id)))
            .flat_map(|((_, id), keys)| {
                let values = keys.metadata.iter().chain(&keys.references);
                std::iter::once(id.as_str()).chain(values.map(|(_, value)| value.as_str()))
            });
        let ids = customers.iter().map(String::as_str);
        let alike = alike(ids.chain(usage_ids.iter().copied()).chain(no_match));
        // Customers before ids that nothing maps: ties of a split go to customers.
        let mut parties: Vec<Party> = parties.into_values().collect();
        parties.sort_by_key(Party::is_unmapped);
        let by_key = (0u32..)
            .zip(&parties)
            .map(|(at, party)| (party.key.clone(), PartyId(at)))
            .collect();
        Identity {
            mapping,
            parties,
            by_key,
            joins,
            ambiguous,
            alike,
        }
    }

    /// Every party: customers in the order of their ids, then ids that nothing maps.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// For adding attributes that other files know (plans from subscriptions).
    pub fn parties_mut(&mut self) -> &mut [Party] {
        &mut self.parties
    }

    /// The party of an id.
    pub fn party(&self, id: PartyId) -> &Party {
        &self.parties[id.0 as usize]
    }

    /// The party of a key.
    pub fn by_key(&self, key: &str) -> Option<PartyId> {
        self.by_key.get(key).copied()
    }

    /// The mapping file, if there is one.
    pub fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    /// The owner of a usage id on a day.
    pub fn usage(&self, id: &str, day: Day) -> PartyId {
        let Some(mapping) = &self.mapping else {
            return self.known(id);
        };
        match mapping.customer("usage", id, day) {
            Some(customer) => self.known(customer),
            None if mapping.has_customer(id) && !mapping.knows("usage", id) => self.known(id),
            None => self.known(&unmapped_key("usage", id)),
        }
    }

    /// The owner of a billing id on a day, and the key that joined it.
    pub fn billing(&self, namespace: &str, id: &str, day: Day) -> (PartyId, Option<JoinKey>) {
        if let Some(mapping) = &self.mapping {
            if let Some(customer) = mapping.customer(namespace, id, day) {
                return (self.known(customer), Some(JoinKey::Mapping));
            }
            if mapping.knows(namespace, id) {
                return (self.known(&unmapped_key(namespace, id)), None);
            }
        }
        match self.joins.get(namespace).and_then(|ids| ids.get(id)) {
            Some((customer, key)) => (self.known(customer), Some(key.clone())),
            None => (self.known(&unmapped_key(namespace, id)), None),
        }
    }

    /// The customer that an id on a charge names, if the mapping says so or the id is a
    /// customer's own.
    pub fn scope(
        &self,
        namespace: &str,
        id: &str,
        names_customer: bool,
        day: Day,
    ) -> Option<PartyId> {
        if let Some(mapping) = &self.mapping {
            if let Some(customer) = mapping.customer(namespace, id, day) {
                return self.by_key(customer);
            }
            if mapping.knows(namespace, id) {
                return None;
            }
            return mapping.has_customer(id).then(|| self.by_key(id)).flatten();
        }
        names_customer.then(|| self.by_key(id)).flatten()
    }

    fn known(&self, key: &str) -> PartyId {
        self.by_key(key)
            .unwrap_or_else(|| panic!("party {key:?} was not collected before it was asked for"))
    }
}

/// The customer that a value names, if it is a customer's id or a usage id mapped to one.
fn target(mapping: Option<&Mapping>, customers: &BTreeSet<String>, value: &str) -> Option<String> {
    if customers.contains(value) {
        return Some(value.to_string());
    }
    // A usage id that the mapping gives to one customer at any time names that customer; dates
    // matter only when the id moved, and then the value is no longer a name for one.
    mapping
        .and_then(|mapping| mapping.only_customer("usage", value))
        .map(str::to_string)
}

type Joined = Result<Option<(String, JoinKey)>, Vec<String>>;

fn join(id: &str, keys: &Keys, is_customer: &dyn Fn(&str) -> Option<String>) -> Joined {
    if let Some(customer) = is_customer(id) {
        return Ok(Some((customer, JoinKey::SameId)));
    }
    let metadata = keys.metadata.iter().filter_map(|(name, value)| {
        is_customer(value).map(|customer| (customer, JoinKey::Metadata(name.clone())))
    });
    let emails = keys
        .emails
        .iter()
        .filter_map(|email| is_customer(email).map(|c| (c, JoinKey::Email)));
    let references = keys.references.iter().filter_map(|(what, value)| {
        is_customer(value).map(|customer| (customer, JoinKey::Reference(what.clone())))
    });
    for hits in [
        metadata.collect::<Vec<_>>(),
        emails.collect(),
        references.collect(),
    ] {
        let distinct: BTreeSet<&String> = hits.iter().map(|(customer, _)| customer).collect();
        match distinct.len() {
            0 => {}
            1 => return Ok(hits.into_iter().next()),
            _ => return Err(distinct.into_iter().cloned().collect()),
        }
    }
    Ok(None)
}

/// Every billing id, with its namespace, and the keys that any file gives it.
pub fn billing_keys(revenue: &RevenueRecords) -> BTreeMap<(String, String), Keys> {
    let mut found: BTreeMap<(String, String), Keys> = BTreeMap::new();
    let stripe = |id: &str| ("stripe".to_string(), id.to_string());
    for invoice in &revenue.invoices {
        let id = invoice.customer.clone().unwrap_or_default();
        let keys = found
            .entry((invoice.namespace.to_string(), id))
            .or_default();
        keys.is_somebody |= invoice.customer.is_some();
        keys.emails.extend(invoice.email.clone());
        keys.names.extend(invoice.name.clone());
        keys.add(&invoice.keys);
    }
    for payment in &revenue.payments {
        let id = match &payment.customer {
            Some(id) => id.clone(),
            None => guest_id(payment.email.as_deref(), &payment.id),
        };
        let keys = found.entry(stripe(&id)).or_default();
        keys.is_somebody |= payment.customer.is_some() || payment.email.is_some();
        keys.emails.extend(payment.email.clone());
        keys.add(&payment.keys);
    }
    for subscription in &revenue.subscriptions {
        let keys = found.entry(stripe(&subscription.customer)).or_default();
        keys.is_somebody = true;
        keys.emails.extend(subscription.email.clone());
        keys.names.extend(subscription.name.clone());
        keys.add(&subscription.keys);
    }
    // Rows that only name a billing customer, or nobody.
    let lines = revenue.lines.iter();
    let lines = lines.map(|line| (line.namespace, line.customer.as_deref().unwrap_or("")));
    let entries = revenue.recognized.iter();
    let entries = entries.map(|entry| ("stripe", entry.customer.as_deref().unwrap_or("")));
    let changes = revenue.mrr_changes.iter();
    let changes = changes.map(|change| ("stripe", change.customer.as_str()));
    for (namespace, id) in lines.chain(entries).chain(changes) {
        let keys = found
            .entry((namespace.to_string(), id.to_string()))
            .or_default();
        keys.is_somebody |= !id.is_empty();
    }
    for entry in revenue
        .balance
        .iter()
        .filter(|entry| entry.kind.is_customers())
    {
        let keys = found.entry(stripe(&payer_of(entry))).or_default();
        keys.is_somebody |= entry.customer.is_some() || entry.email.is_some();
        keys.emails.extend(entry.email.clone());
        keys.names.extend(entry.name.clone());
        keys.add(&entry.keys);
    }
    for customer in &revenue.customers {
        let keys = found.entry(stripe(&customer.id)).or_default();
        keys.is_somebody = true;
        keys.emails.extend(customer.email.clone());
        keys.names.extend(customer.name.clone());
        keys.add(&customer.keys);
    }
    found
}

impl Keys {
    fn add(&mut self, keys: &[(String, String)]) {
        for (what, value) in keys {
            let pair = (what.clone(), value.clone());
            let folded = what.to_lowercase();
            if folded.contains("description") || folded.contains("client reference") {
                self.references.insert(pair);
            } else {
                self.metadata.insert(pair);
            }
        }
    }
}

fn customer_party(mapping: Option<&Mapping>, key: &str) -> Party {
    let attributes = mapping
        .and_then(|mapping| mapping.customers().get(key))
        .cloned()
        .unwrap_or_default();
    let internal = attributes.get("kind").is_some_and(|values| {
        values
            .iter()
            .any(|dated| dated.value.eq_ignore_ascii_case("internal"))
    });
    Party {
        key: key.to_string(),
        kind: if internal {
            PartyKind::Internal
        } else {
            PartyKind::Customer
        },
        name: attributes
            .get("name")
            .and_then(|values| values.last())
            .map(|dated| dated.value.clone()),
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::records::{BillingCustomer, Origin};

    fn stripe(id: &str, email: &str, keys: &[(&str, &str)]) -> BillingCustomer {
        BillingCustomer {
            id: id.into(),
            email: Some(email.into()),
            name: None,
            keys: keys
                .iter()
                .map(|(a, b)| (a.to_string(), b.to_string()))
                .collect(),
            created: None,
            origin: Origin {
                file: "customers.csv".into(),
                line: 2,
            },
        }
    }

    fn build(usage: &[&str], customers: Vec<BillingCustomer>) -> Identity {
        let revenue = RevenueRecords {
            customers,
            ..RevenueRecords::default()
        };
        Identity::build(
            None,
            true,
            &usage.iter().copied().collect(),
            &BTreeSet::new(),
            &BTreeSet::new(),
            &revenue,
        )
    }

    fn owner(identity: &Identity, id: &str) -> (String, Option<JoinKey>) {
        let (party, key) = identity.billing("stripe", id, Day(0));
        (identity.party(party).key.clone(), key)
    }

    #[test]
    fn keys_are_tried_in_the_stated_order() {
        let identity = build(
            &["acme", "ops@kestrel.example", "cus_3", "umbra"],
            vec![
                stripe("cus_1", "ops@kestrel.example", &[("tenant_id", "acme")]),
                stripe("cus_2", "ops@kestrel.example", &[("note", "nobody")]),
                stripe("cus_3", "x@y.example", &[("tenant_id", "acme")]),
                stripe("cus_4", "x@y.example", &[("Customer Description", "umbra")]),
                stripe("cus_5", "x@y.example", &[]),
            ],
        );
        assert_eq!(
            owner(&identity, "cus_1"),
            ("acme".into(), Some(JoinKey::Metadata("tenant_id".into())))
        );
        assert_eq!(
            owner(&identity, "cus_2"),
            ("ops@kestrel.example".into(), Some(JoinKey::Email))
        );
        assert_eq!(
            owner(&identity, "cus_3"),
            ("cus_3".into(), Some(JoinKey::SameId))
        );
        assert_eq!(owner(&identity, "cus_4").0, "umbra");
        assert_eq!(
            owner(&identity, "cus_5"),
            ("(unmapped) stripe:cus_5".into(), None)
        );
    }

    #[test]
    fn two_metadata_values_for_two_customers_join_neither() {
        let identity = build(
            &["acme", "umbra"],
            vec![stripe("cus_1", "", &[("a", "acme"), ("b", "umbra")])],
        );
        assert_eq!(owner(&identity, "cus_1").1, None);
        assert_eq!(identity.ambiguous.len(), 1);
    }

    #[test]
    fn ids_that_look_alike_are_told_but_not_joined() {
        let billing = stripe("cus_1", "", &[("tenant", "UMBRA")]);
        let identity = build(&["Acme", "acme ", "umbra"], vec![billing]);
        assert_eq!(identity.alike, [["Acme", "acme "], ["UMBRA", "umbra"]]);
        assert_eq!(owner(&identity, "cus_1").1, None);
        assert_ne!(
            identity.usage("Acme", Day(0)),
            identity.usage("acme ", Day(0))
        );
    }
}
