//! Daily series while they are gathered: each day of a customer, of its features and of its plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gather::{Ground, Subject};
use super::series::{Point, Series};
use crate::identity::PartyId;
use crate::model::Day;

/// The series while they are gathered, found by what costs and usage say.
pub struct Places<'g> {
    ground: &'g Ground<'g>,
    series: Vec<(Subject, Series)>,
    customers: BTreeMap<PartyId, usize>,
    plans: BTreeMap<&'g str, usize>,
    features: BTreeMap<PartyId, BTreeMap<Arc<str>, usize>>,
}

impl<'g> Places<'g> {
    /// Nothing yet.
    pub fn of(ground: &'g Ground<'g>) -> Places<'g> {
        Places {
            ground,
            series: Vec::new(),
            customers: BTreeMap::new(),
            plans: BTreeMap::new(),
            features: BTreeMap::new(),
        }
    }

    /// Changes a day of the customer, of its feature and of its plan.
    pub fn each(
        &mut self,
        party: PartyId,
        feature: Option<&Arc<str>>,
        day: Day,
        change: impl Fn(&mut Point),
    ) {
        let Some(number) = self.ground.number(day) else {
            return;
        };
        let Places {
            ground,
            series,
            customers,
            plans,
            features,
        } = self;
        let days = (ground.period.end.0 - ground.period.start.0).max(0) as usize;
        let mut new = |subject: Subject| {
            let days = vec![Point::default(); days];
            series.push((subject, Series { days }));
            series.len() - 1
        };
        let customer = customers
            .entry(party)
            .or_insert_with(|| new(Subject::Customer(party)));
        let customer = *customer;
        let feature = feature.map(|feature| {
            let known = features.entry(party).or_default();
            match known.get(feature) {
                Some(at) => *at,
                None => {
                    let at = new(Subject::Feature(party, feature.clone()));
                    known.insert(feature.clone(), at);
                    at
                }
            }
        });
        let plan = ground.identity.party(party).attribute_on("plan", day);
        let plan = plan.map(|plan| {
            *plans
                .entry(plan)
                .or_insert_with(|| new(Subject::Plan(plan.into())))
        });
        for at in [Some(customer), feature, plan].into_iter().flatten() {
            change(&mut series[at].1.days[number]);
        }
    }

    /// The series; a feature that is its customer's only one is left out.
    pub fn finish(self) -> Vec<(Subject, Series)> {
        let Places {
            mut series,
            features,
            ..
        } = self;
        let only = |party: &PartyId| features.get(party).is_none_or(|all| all.len() < 2);
        series.retain(|(subject, _)| !matches!(subject, Subject::Feature(party, _) if only(party)));
        series.sort_by(|a, b| a.0.cmp(&b.0));
        series
    }
}
