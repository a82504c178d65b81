//! One comparison, and sums of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cause, cause_of};
use crate::attribution::{Line, Topic};
use crate::model::records::{ChargeMeter, Origin};
use crate::model::{Day, Exact};

/// Bill and log of one topic on one day, or on the days of one charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Provider; `None` where the bill does not say.
    pub provider: Option<String>,
    /// Model family; `None` where the bill covers all.
    pub model: Option<String>,
    /// Meter or item; `None` where the bill covers all meters.
    pub meter: Option<String>,
    /// Service tier, where bill and log both tell it.
    pub tier: Option<String>,
    /// First UTC day.
    pub day: Day,
    /// First UTC day after it: a charge may be for a whole month.
    pub end: Day,
    /// Billed money.
    pub billed: Exact,
    /// Logged quantity × list price, over usage that has one; `None` where nothing could be
    /// computed for want of a price, which is not zero.
    pub computed: Option<Exact>,
    /// Billed quantity, where the bill states it.
    pub billed_quantity: Option<Exact>,
    /// Logged quantity, where one meter is compared.
    pub logged_quantity: Option<Exact>,
    /// What the gap consists of; no cause with an amount of zero.
    pub causes: BTreeMap<Cause, Exact>,
    /// The charges.
    pub origins: Vec<Origin>,
}

/// The charges and days behind an amount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// File → its lines, in order.
    pub lines: BTreeMap<String, BTreeSet<u64>>,
    /// Days with their part of the cause, the largest first.
    pub days: Vec<(Day, Exact)>,
}

/// Entries that agree in the dimensions asked for.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Their values of these dimensions; `None` where the bill does not tell.
    pub labels: Vec<Option<String>>,
    /// Billed money.
    pub billed: Exact,
    /// Computed money; `None` if no part of it could be computed.
    pub computed: Option<Exact>,
    /// Billed quantity, where all of it is stated, of one meter.
    pub billed_quantity: Option<Exact>,
    /// Logged quantity of the same.
    pub logged_quantity: Option<Exact>,
    /// The causes.
    pub causes: BTreeMap<Cause, Exact>,
    /// What proves each cause.
    pub evidence: BTreeMap<Cause, Evidence>,
}

impl Entry {
    /// An entry without any amount.
    pub(super) fn of(topic: &Topic, (day, end): (Day, Day)) -> Entry {
        Entry {
            provider: topic.provider.clone(),
            model: topic.model.as_ref().map(|model| match &model.snapshot {
                Some(snapshot) => format!("{}-{snapshot}", model.family),
                None => model.family.clone(),
            }),
            meter: match &topic.meter {
                ChargeMeter::All => None,
                ChargeMeter::Is(meter) => Some(meter.name().to_string()),
                ChargeMeter::Item(item) => Some(item.clone()),
            },
            tier: topic.tier.clone(),
            day,
            end,
            billed: Exact::ZERO,
            computed: Some(Exact::ZERO),
            billed_quantity: None,
            logged_quantity: None,
            causes: BTreeMap::new(),
            origins: Vec::new(),
        }
    }

    /// Billed − computed, over what could be computed.
    pub fn gap(&self) -> Exact {
        self.billed - self.computed.unwrap_or_default()
    }

    /// Adds to a cause.
    pub(super) fn add(&mut self, cause: Cause, amount: Exact) {
        if amount.is_zero() {
            return;
        }
        let sum = self.causes.entry(cause).or_default();
        *sum += amount;
        if sum.is_zero() {
            self.causes.remove(&cause);
        }
    }

    /// Takes in a charge.
    pub(super) fn bill(&mut self, line: &Line<'_>) {
        self.billed += line.amount;
        self.origins.push(line.charge.origin.clone());
    }

    pub(super) fn key(&self) -> impl Ord + '_ {
        (
            (&self.provider, &self.model, &self.meter, &self.tier),
            self.day,
            self.origins
                .first()
                .map(|origin| (&origin.file, origin.line)),
        )
    }
}

/// The entry of a credit, tax or rounding line.
pub(super) fn other(line: &Line<'_>) -> Entry {
    let cause = cause_of(line.charge.kind, &line.charge.item);
    single(line, cause, cause.words().to_string())
}

/// The entry of an item that is no known meter.
pub(super) fn item(line: &Line<'_>) -> Entry {
    let item = match &line.charge.meter {
        ChargeMeter::Item(item) => item.clone(),
        _ => line.charge.item.clone(),
    };
    single(line, Cause::Item, item)
}

fn single(line: &Line<'_>, cause: Cause, meter: String) -> Entry {
    let topic = Topic {
        provider: line.charge.provider.clone(),
        model: line.charge.model.as_deref().map(|name| {
            let mut model = crate::model::names::ModelName::parse(name);
            model.snapshot = None;
            model
        }),
        meter: ChargeMeter::Item(meter),
        tier: None,
    };
    let mut entry = Entry::of(&topic, (line.first, line.end));
    entry.bill(line);
    entry.add(cause, line.amount);
    entry
}

/// Sums entries by the labels that `label` gives them, in the order of the labels.
pub fn grouped(entries: &[Entry], label: impl Fn(&Entry) -> Vec<Option<String>>) -> Vec<Group> {
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        groups.entry(label(entry)).or_default().push(entry);
    }
    let groups = groups.into_iter();
    groups
        .map(|(labels, entries)| group(labels, &entries))
        .collect()
}

fn group(labels: Vec<Option<String>>, entries: &[&Entry]) -> Group {
    let mut group = Group {
        labels,
        ..Group::default()
    };
    let one_meter = entries.iter().all(|entry| entry.meter == entries[0].meter);
    if one_meter {
        let sum = |of: fn(&Entry) -> Option<Exact>| -> Option<Exact> {
            entries.iter().map(|entry| of(entry)).sum()
        };
        group.billed_quantity = sum(|entry| entry.billed_quantity);
        group.logged_quantity = sum(|entry| entry.logged_quantity);
    }
    for entry in entries {
        group.billed += entry.billed;
        if let Some(computed) = entry.computed {
            *group.computed.get_or_insert(Exact::ZERO) += computed;
        }
        for (cause, amount) in &entry.causes {
            *group.causes.entry(*cause).or_default() += *amount;
            let evidence = group.evidence.entry(*cause).or_default();
            for origin in &entry.origins {
                let lines = evidence.lines.entry(origin.file.to_string()).or_default();
                lines.insert(origin.line);
            }
            match evidence.days.iter_mut().find(|(day, _)| *day == entry.day) {
                Some((_, sum)) => *sum += *amount,
                None => evidence.days.push((entry.day, *amount)),
            }
        }
    }
    // Parts that cancel out within the group are no cause of its gap.
    group.causes.retain(|_, amount| !amount.is_zero());
    let Group {
        causes, evidence, ..
    } = &mut group;
    evidence.retain(|cause, _| causes.contains_key(cause));
    for evidence in evidence.values_mut() {
        let days = &mut evidence.days;
        days.sort_by(|a, b| b.1.abs().cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    }
    group
}

impl Group {
    /// Billed − computed.
    pub fn gap(&self) -> Exact {
        self.billed - self.computed.unwrap_or_default()
    }
}
