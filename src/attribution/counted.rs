//! Quantities from providers' usage exports for charges that state none, so that log and bill are
//! compared in quantities instead of money.
//!
//! The rule that must hold: a month of a topic has one measure. Either all its charges have a
//! quantity afterwards, or none was given; and a quantity is never counted for two groups of
//! charges.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::Line;
use super::shelf::Shelf;
use super::topics::{Topic, Topics, fold_tier};
use super::{Attribution, BillCover, CountDiffers, Inputs, Options};
use crate::identity::{Identity, PartyId};
use crate::model::counts::CountCell;
use crate::model::names::ModelName;
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, Month, Zone};

/// What a charge and a count have in common: provider, model, meter and tier, as far as the bill
/// tells them apart.
type Subject = (String, Option<ModelName>, Meter, Option<String>);

/// Charges that share one quantity: a subject, its days, and whom the charges name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    subject: Subject,
    first: Day,
    end: Day,
    owner: Option<PartyId>,
}

/// Gives quantities, and tells where bill and usage export differ.
pub fn give(
    inputs: Inputs<'_>,
    options: &Options,
    shelf: &Shelf<'_>,
    lines: &mut [Line<'_>],
    result: &mut Attribution,
) {
    if inputs.counts.is_empty() {
        return;
    }
    let terms = Terms::of(inputs, lines);
    let counted = Counted::of(inputs, options, &terms);
    let groups = groups(lines, &terms);
    differences(shelf, options, &counted, lines, &groups, result);
    let mut given: BTreeMap<usize, Exact> = BTreeMap::new();
    for (group, members) in &groups {
        // A quantity is the group's: its charges are never compared one by one.
        if let Some(quantity) = counted.quantity(group, members, lines, &terms) {
            let rest = members[1..].iter().map(|at| (*at, Exact::ZERO));
            given.insert(members[0], quantity);
            given.extend(rest);
        }
    }
    let whole = whole_topics(shelf, lines, &given);
    for (at, line) in lines.iter_mut().enumerate() {
        if line.quantity.is_some() || !is_metered(line) {
            continue;
        }
        let Some(provider) = line.charge.provider.clone() else {
            continue;
        };
        match given.get(&at).filter(|_| whole[at]) {
            Some(quantity) => {
                line.quantity = Some(*quantity);
                *result.counted.entry(provider).or_default() += 1;
            }
            None if counted.covers_some(&provider, line) => {
                let refused = result.not_counted.entry(provider).or_default();
                refused.0 += 1;
                refused.1 += line.amount;
            }
            None => {}
        }
    }
}

/// Whether a charge is for usage of one meter.
fn is_metered(line: &Line<'_>) -> bool {
    !line.follows() && matches!(line.charge.meter, ChargeMeter::Is(_))
}

/// For every line, whether its topic and month would have quantities throughout.
fn whole_topics(
    shelf: &Shelf<'_>,
    lines: &[Line<'_>],
    given: &BTreeMap<usize, Exact>,
) -> Vec<bool> {
    let topics = Topics::new(shelf, lines);
    let keys: Vec<(Topic, Month)> = lines
        .iter()
        .map(|line| (topics.of(line), line.day.month()))
        .collect();
    let lacking: BTreeSet<&(Topic, Month)> = keys
        .iter()
        .zip(lines)
        .enumerate()
        .filter(|(at, (_, line))| {
            !line.follows() && line.quantity.is_none() && !given.contains_key(at)
        })
        .map(|(_, (key, _))| key)
        .collect();
    keys.iter().map(|key| !lacking.contains(key)).collect()
}

/// How bill and counts are brought to the same terms, by provider.
struct Terms {
    /// Families of which every name on both sides carries a snapshot.
    dated: BTreeMap<(String, String), bool>,
    /// Providers whose bills name service tiers.
    tiered: BTreeSet<String>,
    /// Meters that the bill breaks down by model.
    by_model: BTreeSet<(String, Meter)>,
    /// Dimensions in which bill and counts have an id in common, so that they speak of the same.
    common: BTreeSet<(String, &'static str)>,
}

impl Terms {
    fn of(inputs: Inputs<'_>, lines: &[Line<'_>]) -> Terms {
        let mut terms = Terms {
            dated: BTreeMap::new(),
            tiered: BTreeSet::new(),
            by_model: BTreeSet::new(),
            common: BTreeSet::new(),
        };
        let mut billed: BTreeSet<(&str, &'static str, &str)> = BTreeSet::new();
        for line in lines {
            let Some(provider) = line.charge.provider.as_deref() else {
                continue;
            };
            let scopes = line.charge.scopes.iter();
            billed.extend(scopes.map(|scope| (provider, scope.dimension, scope.id.as_str())));
            if line.charge.tier.is_some() {
                terms.tiered.insert(provider.to_string());
            }
            if let Some(model) = line.charge.model.as_deref() {
                terms.see(provider, model);
                if let ChargeMeter::Is(meter) = &line.charge.meter {
                    let key = (provider.to_string(), meter.clone());
                    terms.by_model.insert(key);
                }
            }
        }
        for cell in inputs.counts {
            let provider = &*cell.key.provider;
            if let Some(model) = cell.key.model.as_deref() {
                terms.see(provider, model);
            }
            for scope in cell.key.scopes.iter() {
                if billed.contains(&(provider, scope.dimension, scope.id.as_str())) {
                    terms.common.insert((provider.to_string(), scope.dimension));
                }
            }
        }
        terms
    }

    fn see(&mut self, provider: &str, model: &str) {
        let model = ModelName::parse(model);
        let dated = self.dated.entry((provider.to_string(), model.family));
        *dated.or_insert(true) &= model.snapshot.is_some();
    }

    /// The model, without its snapshot where one side does not date it.
    fn model(&self, provider: &str, name: &str) -> ModelName {
        let mut model = ModelName::parse(name);
        let key = (provider.to_string(), model.family.clone());
        if self.dated.get(&key) != Some(&true) {
            model.snapshot = None;
        }
        model
    }

    fn subject(&self, line: &Line<'_>) -> Option<Subject> {
        let ChargeMeter::Is(meter) = &line.charge.meter else {
            return None;
        };
        let provider = line.charge.provider.as_deref()?;
        let model = line.charge.model.as_deref();
        let model = model.map(|name| self.model(provider, name));
        // In a bill that names tiers, a line without one is the standard tier.
        let tier = self
            .tiered
            .contains(provider)
            .then(|| fold_tier(line.charge.tier.as_deref().unwrap_or("")));
        Some((provider.to_string(), model, meter.clone(), tier))
    }

    /// Whether the counts can tell the charges of this line's customer from the others'.
    fn tell_owner(&self, line: &Line<'_>, identity: &Identity) -> bool {
        let Some(provider) = line.charge.provider.as_deref() else {
            return false;
        };
        if line.direct.is_none() {
            return true;
        }
        let naming = line.charge.scopes.iter().find(|scope| {
            let customer = scope.dimension == "customer";
            identity
                .scope(&scope.namespace, &scope.id, customer, line.day)
                .is_some()
        });
        naming.is_some_and(|scope| {
            self.common
                .contains(&(provider.to_string(), scope.dimension))
        })
    }

    /// The customer that a count names to a bill with the same ids.
    fn owner(&self, cell: &CountCell, identity: &Identity, day: Day) -> Option<PartyId> {
        let provider = &cell.key.provider;
        let scopes = cell.key.scopes.iter().filter(|scope| {
            self.common
                .contains(&(provider.to_string(), scope.dimension))
        });
        scopes
            .into_iter()
            .find_map(|scope| identity.scope(&scope.namespace, &scope.id, false, day))
    }
}

fn groups(lines: &[Line<'_>], terms: &Terms) -> BTreeMap<Group, Vec<usize>> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (at, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_metered(line))
    {
        if let Some(subject) = terms.subject(line) {
            let group = Group {
                subject,
                first: line.first,
                end: line.end,
                owner: line.direct,
            };
            groups.entry(group).or_default().push(at);
        }
    }
    groups
}

/// What the providers count, by subject, day and the customer named.
struct Counted<'a> {
    quantities: BTreeMap<Subject, BTreeMap<(Day, Option<PartyId>), Exact>>,
    covers: &'a [BillCover],
    identity: &'a Identity,
}

impl<'a> Counted<'a> {
    fn of(inputs: Inputs<'a>, options: &Options, terms: &Terms) -> Counted<'a> {
        let mut counted = Counted {
            quantities: BTreeMap::new(),
            covers: inputs.count_covers,
            identity: inputs.identity,
        };
        for cell in inputs.counts {
            let provider = cell.key.provider.to_string();
            let day = options.zone.day(Zone::Utc.start_of(cell.key.utc_day));
            let owner = terms.owner(cell, inputs.identity, day);
            let model = cell.key.model.as_deref();
            let model = model.map(|name| terms.model(&provider, name));
            // A count without a tier is of no tier that a bill names.
            let tier = terms
                .tiered
                .contains(&provider)
                .then(|| cell.key.tier.as_deref().map_or(String::new(), fold_tier));
            for (meter, quantity) in &cell.quantities {
                // A charge without a model is for all of them.
                let models = [model.clone(), None];
                let several = if model.is_some() { 2 } else { 1 };
                for model in models.into_iter().take(several) {
                    let subject = (provider.clone(), model, meter.clone(), tier.clone());
                    let days = counted.quantities.entry(subject).or_default();
                    *days.entry((cell.key.utc_day, owner)).or_default() += *quantity;
                }
            }
        }
        counted
    }

    /// The quantity of a group of charges without one; `None` if the counts cannot tell it.
    fn quantity(
        &self,
        group: &Group,
        members: &[usize],
        lines: &[Line<'_>],
        terms: &Terms,
    ) -> Option<Exact> {
        let (provider, model, meter, _) = &group.subject;
        let parted = terms.by_model.contains(&(provider.clone(), meter.clone()));
        let fits = |at: &usize| {
            lines[*at].quantity.is_none() && terms.tell_owner(&lines[*at], self.identity)
        };
        if (model.is_none() && parted) || !members.iter().all(fits) {
            return None;
        }
        if !self.cover(provider, group.first, group.end) {
            return None;
        }
        let days = self.quantities.get(&group.subject);
        let sum: Exact = days
            .into_iter()
            .flat_map(|days| days.range((group.first, None)..(group.end, None)))
            .filter(|((_, owner), _)| *owner == group.owner)
            .map(|(_, quantity)| *quantity)
            .sum();
        // Money for nothing: the export counts something else than the bill.
        let billed = members.iter().any(|at| !lines[*at].amount.is_zero());
        (!sum.is_zero() || !billed).then_some(sum)
    }

    /// Whether the exports of a provider cover UTC days `[first, end)`.
    fn cover(&self, provider: &str, first: Day, end: Day) -> bool {
        let covered = |day: Day| {
            let (start, end) = (Zone::Utc.start_of(day), Zone::Utc.start_of(day.plus(1)));
            self.covers.iter().any(|cover| {
                cover.provider.as_deref() == Some(provider)
                    && cover.start <= start
                    && end <= cover.end
            })
        };
        (first.0..end.0).all(|day| covered(Day(day)))
    }

    /// Whether the exports cover anything of the month of a line.
    fn covers_some(&self, provider: &str, line: &Line<'_>) -> bool {
        let month = line.day.month();
        let start = Zone::Utc.start_of(month.first_day());
        let end = Zone::Utc.start_of(month.plus(1).first_day());
        self.covers.iter().any(|cover| {
            let same = cover.provider.as_deref() == Some(provider);
            same && cover.start < end && start < cover.end
        })
    }
}

/// Tells where a bill that states quantities and the usage export differ, by subject and month, on
/// the days of the period that both cover.
fn differences(
    shelf: &Shelf<'_>,
    options: &Options,
    counted: &Counted<'_>,
    lines: &[Line<'_>],
    groups: &BTreeMap<Group, Vec<usize>>,
    result: &mut Attribution,
) {
    let mut billed: BTreeMap<(&Subject, Month), Option<Exact>> = BTreeMap::new();
    for (group, members) in groups {
        for line in members.iter().map(|at| &lines[*at]) {
            // A bill of which the export covers nothing states nothing to compare.
            if !counted.cover(&group.subject.0, line.first, line.end) {
                continue;
            }
            let key = (&group.subject, line.day.month());
            let sum = billed.entry(key).or_insert(Some(Exact::ZERO));
            *sum = sum.zip(line.quantity).map(|(sum, more)| sum + more);
        }
    }
    for ((subject, month), billed) in billed {
        let Some(billed) = billed else {
            continue;
        };
        let days = counted.quantities.get(subject).into_iter().flatten();
        let sum: Exact = days
            .filter(|((day, _), _)| {
                let on = options.zone.day(Zone::Utc.start_of(*day));
                let inside = options.period.contains(on) && on.month() == month;
                inside && shelf.is_billed(Some(&subject.0), *day)
            })
            .map(|(_, quantity)| *quantity)
            .sum();
        if sum != billed {
            result.count_differs.push(CountDiffers {
                provider: subject.0.clone(),
                model: subject.1.as_ref().map(|model| model.family.clone()),
                meter: subject.2.name().to_string(),
                tier: subject.3.clone(),
                month,
                billed,
                counted: sum,
            });
        }
    }
}
