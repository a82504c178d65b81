//! Compares ids with customers, and weighs what is equal.

use std::collections::{BTreeMap, BTreeSet};

use super::words::plain_name;
use super::{Candidate, Confidence, Facts, Profile, Reason, Suggestion};
use crate::model::{Exact, Month};

/// How good a candidate is: confidence, independent good reasons, further reasons.
type Rank = (Confidence, usize, usize);

/// Suggests customers for ids without one, in order of namespace and id. An id that nothing
/// speaks for is left out.
///
/// `may_begin` says whether an id of a log may become a customer of its own: only where a mapping
/// names the customers.
pub fn suggest(facts: &Facts, may_begin: bool) -> Vec<Suggestion> {
    let customers = Targets::of(facts.customers.iter().map(|(key, one)| (key.as_str(), one)));
    let mut found: BTreeMap<&(String, String), Vec<Candidate>> = BTreeMap::new();
    for (key, profile) in &facts.unmatched {
        let candidates = customers.candidates(profile, facts);
        if !candidates.is_empty() {
            found.insert(key, candidates);
        }
    }
    if may_begin {
        // An id of the log that goes to a customer is none itself.
        let beginners = facts.unmatched.iter().filter(|(key, _)| {
            key.0 == "usage" && !found.contains_key(key) && !facts.customers.contains_key(&key.1)
        });
        let targets = Targets::of(beginners.map(|((_, id), one)| (id.as_str(), one)));
        let mut more = Vec::new();
        for (key, profile) in &facts.unmatched {
            if key.0 == "usage" || found.contains_key(key) {
                continue;
            }
            let candidates = targets.candidates(profile, facts);
            if !candidates.is_empty() {
                more.push((key, candidates));
            }
        }
        found.extend(more);
    }
    found
        .into_iter()
        .map(|((source, id), candidates)| Suggestion {
            source: source.clone(),
            id: id.clone(),
            candidates,
        })
        .collect()
}

/// Customers to choose from, found by what may be equal.
struct Targets<'f> {
    profiles: BTreeMap<&'f str, &'f Profile>,
    /// By id and by name as written.
    by_id: BTreeMap<&'f str, BTreeSet<&'f str>>,
    /// By metadata value and reference.
    by_value: BTreeMap<&'f str, BTreeSet<&'f str>>,
    by_start: BTreeMap<Month, BTreeSet<&'f str>>,
    by_name: BTreeMap<String, BTreeSet<&'f str>>,
    by_domain: BTreeMap<&'f str, BTreeSet<&'f str>>,
}

impl<'f> Targets<'f> {
    fn of(profiles: impl Iterator<Item = (&'f str, &'f Profile)>) -> Targets<'f> {
        let mut targets = Targets {
            profiles: profiles.collect(),
            by_id: BTreeMap::new(),
            by_value: BTreeMap::new(),
            by_start: BTreeMap::new(),
            by_name: BTreeMap::new(),
            by_domain: BTreeMap::new(),
        };
        for (key, profile) in &targets.profiles {
            let ids = profile.ids.iter().map(|(_, id)| id);
            for id in ids.chain(&profile.names) {
                targets.by_id.entry(id).or_default().insert(key);
            }
            for (_, value) in &profile.values {
                targets.by_value.entry(value).or_default().insert(key);
            }
            let starts = [&profile.used, &profile.invoiced];
            for month in starts.into_iter().filter_map(|months| months.keys().next()) {
                targets.by_start.entry(*month).or_default().insert(key);
            }
            for name in own_names(profile) {
                targets.by_name.entry(name).or_default().insert(key);
            }
            for domain in &profile.domains {
                targets.by_domain.entry(domain).or_default().insert(key);
            }
        }
        targets
    }

    /// The best candidates: one, or several that are equally good.
    fn candidates(&self, id: &Profile, facts: &Facts) -> Vec<Candidate> {
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        let own = id.ids.iter().chain(&id.values);
        keys.extend(
            own.filter_map(|(_, text)| self.by_id.get(text.as_str()))
                .flatten(),
        );
        let ids = id.ids.iter();
        keys.extend(
            ids.filter_map(|(_, text)| self.by_value.get(text.as_str()))
                .flatten(),
        );
        let domain_names = id.domains.iter().filter_map(|domain| domain_name(domain));
        let names = all_names(id).into_iter().chain(domain_names);
        keys.extend(names.filter_map(|name| self.by_name.get(&name)).flatten());
        let domains = id.domains.iter();
        keys.extend(
            domains
                .filter_map(|d| self.by_domain.get(d.as_str()))
                .flatten(),
        );
        // Only where nothing else speaks for anybody do months alone.
        if keys.is_empty() {
            let starts = [&id.used, &id.invoiced];
            let starts = starts.into_iter().filter_map(|months| months.keys().next());
            keys.extend(
                starts
                    .filter_map(|month| self.by_start.get(month))
                    .flatten(),
            );
        }
        let mut ranked: Vec<(Rank, Candidate)> = keys
            .into_iter()
            .filter_map(|key| {
                let reasons = reasons(id, self.profiles.get(key)?, facts);
                let rank = rank(&reasons)?;
                let candidate = Candidate {
                    customer: key.to_string(),
                    confidence: rank.0,
                    reasons,
                };
                Some((rank, candidate))
            })
            .collect();
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let Some((best, _)) = ranked.first() else {
            return Vec::new();
        };
        let best = *best;
        // Months decide between equals, but what they decide is a hint.
        let equals = |(rank, _): &&(Rank, Candidate)| (rank.0, rank.1) == (best.0, best.1);
        let contested = ranked.iter().filter(equals).count() > 1;
        let kept = ranked.into_iter().filter(|(rank, _)| *rank == best);
        kept.map(|(_, mut candidate)| {
            if contested {
                candidate.confidence = Confidence::Low;
            }
            candidate
        })
        .collect()
    }
}

/// The names, and the ids that people read as names.
fn own_names(profile: &Profile) -> BTreeSet<String> {
    let ids = profile.ids.iter().map(|(_, id)| id);
    let ids = ids.filter(|id| !id.contains('@'));
    let texts = ids.chain(&profile.names);
    texts.filter_map(|text| plain_name(text)).collect()
}

/// The names alone.
fn profile_names(profile: &Profile) -> BTreeSet<String> {
    let names = profile.names.iter();
    names.filter_map(|name| plain_name(name)).collect()
}

/// The names and ids, and metadata values and references that may hold one. Of a customer they do not
/// count: two customers with `region = eu` are not one.
fn all_names(profile: &Profile) -> BTreeSet<String> {
    let values = profile.values.iter().map(|(_, value)| value);
    let values = values.filter(|value| !value.contains('@'));
    let mut names = own_names(profile);
    names.extend(values.filter_map(|value| plain_name(value)));
    names
}

/// `acme.example` → `acme`; a longer domain has no name of its own that could be told.
fn domain_name(domain: &str) -> Option<String> {
    match domain.split('.').collect::<Vec<_>>().as_slice() {
        [name, _] => plain_name(name),
        _ => None,
    }
}

/// Everything that speaks for an id being a customer's, the strongest first.
fn reasons(id: &Profile, customer: &Profile, facts: &Facts) -> Vec<Reason> {
    let mut reasons = Vec::new();
    reasons.extend(same_value(id, customer));
    let names = own_names(customer);
    // A value that is equal letter by letter is not a second reason as a name.
    let spoken = match reasons.is_empty() {
        true => all_names(id),
        false => profile_names(id),
    };
    if spoken.iter().any(|name| names.contains(name)) {
        reasons.push(Reason::SameName);
    }
    let shared = id.domains.intersection(&customer.domains).next();
    reasons.extend(shared.map(|domain| Reason::Domain(domain.clone())));
    if shared.is_none() {
        let like = id
            .domains
            .iter()
            .find(|domain| domain_name(domain).is_some_and(|name| names.contains(&name)));
        reasons.extend(like.map(|domain| Reason::DomainName(domain.clone())));
    }
    let (used, invoiced) = sides(id, customer);
    reasons.extend(same_start(used, invoiced, facts.begins).map(Reason::SameStart));
    reasons.extend(equal_step(used, invoiced).map(Reason::EqualStep));
    reasons
}

/// A value of the one that is an id of the other, letter by letter.
fn same_value(id: &Profile, customer: &Profile) -> Option<Reason> {
    let is_of =
        |of: &BTreeSet<(String, String)>, value: &str| of.iter().any(|(_, other)| other == value);
    let known = |value: &str| is_of(&customer.ids, value) || customer.names.contains(value);
    let values = id.values.iter().filter(|(_, value)| known(value));
    let back = customer.values.iter();
    let back = back.filter(|(_, value)| is_of(&id.ids, value));
    let ids = id
        .ids
        .iter()
        .filter(|(_, value)| is_of(&customer.ids, value));
    let (what, _) = values.chain(back).chain(ids).next()?;
    Some(Reason::SameValue(what.clone()))
}

type Months = BTreeMap<Month, Exact>;

/// Usage of one side and invoices of the other.
fn sides<'p>(id: &'p Profile, customer: &'p Profile) -> (&'p Months, &'p Months) {
    if id.invoiced.is_empty() {
        (&id.used, &customer.invoiced)
    } else {
        (&customer.used, &id.invoiced)
    }
}

/// The first month of both, unless a file begins there.
fn same_start(
    used: &Months,
    invoiced: &Months,
    begins: (Option<Month>, Option<Month>),
) -> Option<Month> {
    let (use_month, invoice_month) = (used.keys().next()?, invoiced.keys().next()?);
    let after = |month: &Month, begin: Option<Month>| begin.is_some_and(|begin| begin < *month);
    let fits =
        use_month == invoice_month && after(use_month, begins.0) && after(invoice_month, begins.1);
    fits.then_some(*use_month)
}

/// The first month in which both change by exactly the same factor, which is not one.
fn equal_step(used: &Months, invoiced: &Months) -> Option<Month> {
    used.iter().find_map(|(month, now)| {
        let before = month.plus(-1);
        let (then, paid_then) = (used.get(&before)?, invoiced.get(&before)?);
        let paid = invoiced.get(month)?;
        let positive = [now, then, paid, paid_then].iter().all(|a| a.is_positive());
        // now ∕ then = paid ∕ paid_then, without a division.
        let equal = *now * *paid_then == *paid * *then;
        (positive && equal && now != then).then_some(*month)
    })
}

/// How good these reasons are; `None` if they are no reason to write anything.
fn rank(reasons: &[Reason]) -> Option<Rank> {
    let count = |of: &dyn Fn(&Reason) -> bool| reasons.iter().filter(|reason| of(reason)).count();
    let exact = count(&|reason| matches!(reason, Reason::SameValue(_)));
    let good = count(&|reason| matches!(reason, Reason::SameName | Reason::Domain(_)));
    let hints = count(&|reason| matches!(reason, Reason::DomainName(_)));
    let months = count(&|reason| matches!(reason, Reason::SameStart(_) | Reason::EqualStep(_)));
    let confidence = match (exact, good, hints, months) {
        (1.., ..) | (_, 2.., ..) => Confidence::High,
        (_, 1, ..) => Confidence::Medium,
        (_, _, 1.., _) | (_, _, _, 2..) => Confidence::Low,
        _ => return None,
    };
    Some((confidence, exact + good + hints, months))
}
