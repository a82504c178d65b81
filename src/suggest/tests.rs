//! Each reason by itself, worked out by hand.

use super::words::mail_domain;
use super::*;

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn months(of: &[(&str, u64)]) -> BTreeMap<Month, Exact> {
    of.iter()
        .map(|(text, amount)| (month(text), Exact::from(*amount)))
        .collect()
}

/// A customer that the log knows by one id.
fn customer(key: &str, name: &str, usage: &str) -> (String, Profile) {
    let mut profile = Profile::default();
    profile.ids.insert(("customer".into(), key.into()));
    profile.ids.insert(("usage".into(), usage.into()));
    profile.names.extend([key.to_string(), name.to_string()]);
    (key.to_string(), profile)
}

fn payer(id: &str, name: &str, email: &str, tenant: &str) -> ((String, String), Profile) {
    let key = ("stripe".to_string(), id.to_string());
    let mut profile = Profile::default();
    profile.ids.insert(key.clone());
    if !name.is_empty() {
        profile.names.insert(name.into());
    }
    profile.domains.extend(mail_domain(email));
    if !tenant.is_empty() {
        profile.values.insert(("tenant_id".into(), tenant.into()));
    }
    (key, profile)
}

fn logged(id: &str) -> ((String, String), Profile) {
    let key = ("usage".to_string(), id.to_string());
    let mut profile = Profile::default();
    profile.ids.insert(key.clone());
    (key, profile)
}

fn facts(customers: &[(String, Profile)], unmatched: &[((String, String), Profile)]) -> Facts {
    Facts {
        customers: customers.iter().cloned().collect(),
        unmatched: unmatched.iter().cloned().collect(),
        begins: (Some(month("2026-01")), Some(month("2026-01"))),
    }
}

/// `id -> customer confidence: reasons`, one line per candidate.
fn told(facts: &Facts, may_begin: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for suggestion in suggest(facts, may_begin) {
        for candidate in &suggestion.candidates {
            let reasons: Vec<String> = candidate.reasons.iter().map(Reason::words).collect();
            lines.push(format!(
                "{} -> {} {}: {}",
                suggestion.id,
                candidate.customer,
                candidate.confidence.word(),
                reasons.join("; ")
            ));
        }
    }
    lines
}

#[test]
fn a_metadata_value_that_is_an_id_is_high() {
    let customers = [customer("acme", "Acme Inc", "org_1")];
    let unmatched = [payer("cus_1", "Somebody", "", "org_1")];
    assert_eq!(
        told(&facts(&customers, &unmatched), true),
        ["cus_1 -> acme high: same value: tenant_id"]
    );
}

#[test]
fn an_id_of_the_log_in_the_metadata_of_a_payer_is_high() {
    let (key, mut acme) = customer("acme", "Acme Inc", "org_1");
    acme.values.insert(("tenant_id".into(), "org_8".into()));
    let found = facts(&[(key, acme)], &[logged("org_8"), logged("org_9")]);
    assert_eq!(
        told(&found, true),
        ["org_8 -> acme high: same value: tenant_id"]
    );
}

#[test]
fn values_that_many_payers_have_join_nobody() {
    let (key, mut acme) = customer("acme", "Acme Inc", "org_1");
    acme.values.insert(("region".into(), "europe".into()));
    let (id, mut other) = payer("cus_2", "Other", "", "");
    other.values.insert(("region".into(), "europe".into()));
    let found = facts(&[(key, acme)], &[(id, other)]);
    assert_eq!(told(&found, true), [""; 0]);
}

#[test]
fn equal_names_are_medium() {
    let customers = [
        customer("acme", "Acme Inc", "org_1"),
        customer("acme-labs", "Acme Labs", "org_2"),
    ];
    let unmatched = [payer("cus_1", "ACME, GmbH", "", "")];
    assert_eq!(
        told(&facts(&customers, &unmatched), true),
        ["cus_1 -> acme medium: same name"]
    );
}

#[test]
fn an_equal_domain_is_medium_and_with_the_name_high() {
    let (key, mut acme) = customer("acme", "Acme Inc", "org_1");
    acme.domains.insert("acme-ai.example".into());
    let unmatched = [
        payer("cus_1", "Holding Nine", "ap@acme-ai.example", ""),
        payer("cus_2", "Acme", "ap@acme-ai.example", ""),
        payer("cus_3", "Nobody", "acme@gmail.com", ""),
    ];
    assert_eq!(
        told(&facts(&[(key, acme)], &unmatched), true),
        [
            "cus_1 -> acme medium: same e-mail domain: acme-ai.example",
            "cus_2 -> acme high: same name; same e-mail domain: acme-ai.example",
        ]
    );
}

#[test]
fn a_domain_that_reads_like_an_id_is_low() {
    let customers = [customer("kestrel", "Kestrel Air", "org_3")];
    let unmatched = [payer("cus_1", "Falcon", "pay@kestrel.example", "")];
    assert_eq!(
        told(&facts(&customers, &unmatched), true),
        ["cus_1 -> kestrel low: e-mail domain like the id: kestrel.example"]
    );
}

/// Usage doubles from March to April (30 to 60), invoices too (50 to 100); both begin in March.
#[test]
fn months_alone_are_low_and_need_both_reasons() {
    let (key, mut acme) = customer("acme", "Acme Inc", "org_1");
    acme.used = months(&[("2026-03", 30), ("2026-04", 60)]);
    let (id, mut late) = payer("cus_1", "Other", "", "");
    late.invoiced = months(&[("2026-03", 50), ("2026-04", 100)]);
    let mut found = facts(&[(key, acme)], &[(id.clone(), late)]);
    let both = ["cus_1 -> acme low: same first month: 2026-03; equal step: 2026-04"];
    assert_eq!(told(&found, true), both);
    // Where the files begin everybody begins.
    found.begins.0 = Some(month("2026-03"));
    assert_eq!(told(&found, true), [""; 0]);
    found.begins.0 = Some(month("2026-01"));
    // 100 ∕ 50 is 2; 101 ∕ 50 is not.
    let invoiced = months(&[("2026-03", 50), ("2026-04", 101)]);
    found.unmatched.get_mut(&id).unwrap().invoiced = invoiced;
    assert_eq!(told(&found, true), [""; 0]);
}

#[test]
fn no_change_is_no_step() {
    let (key, mut acme) = customer("acme", "Acme Inc", "org_1");
    acme.used = months(&[("2026-03", 30), ("2026-04", 30)]);
    let (id, mut flat) = payer("cus_1", "Other", "", "");
    flat.invoiced = months(&[("2026-03", 50), ("2026-04", 50)]);
    assert_eq!(told(&facts(&[(key, acme)], &[(id, flat)]), true), [""; 0]);
}

#[test]
fn two_equally_good_candidates_are_both_low_and_neither_is_the_one() {
    let customers = [
        customer("acme-eu", "Acme", "org_1"),
        customer("acme-us", "Acme Inc", "org_2"),
    ];
    let unmatched = [payer("cus_1", "ACME", "", "")];
    let mut found = facts(&customers, &unmatched);
    assert_eq!(
        told(&found, true),
        [
            "cus_1 -> acme-eu low: same name",
            "cus_1 -> acme-us low: same name"
        ]
    );
    assert_eq!(suggest(&found, true)[0].only(), None);
    // The first month decides, and what it decides is still a hint.
    let mut us = found.customers["acme-us"].clone();
    us.used = months(&[("2026-03", 30)]);
    found.customers.insert("acme-us".into(), us);
    let key = ("stripe".to_string(), "cus_1".to_string());
    found.unmatched.get_mut(&key).unwrap().invoiced = months(&[("2026-03", 50)]);
    assert_eq!(
        told(&found, true),
        ["cus_1 -> acme-us low: same name; same first month: 2026-03"]
    );
}

/// The payer's metadata holds an id of the log that has no customer either: together they are one,
/// but only where a mapping names the customers.
#[test]
fn an_id_of_the_log_may_become_a_customer() {
    let customers = [customer("acme", "Acme Inc", "org_1")];
    let unmatched = [payer("cus_9", "Nova", "", "org_4"), logged("org_4")];
    let found = facts(&customers, &unmatched);
    assert_eq!(
        told(&found, true),
        ["cus_9 -> org_4 high: same value: tenant_id"]
    );
    assert_eq!(told(&found, false), [""; 0]);
}
