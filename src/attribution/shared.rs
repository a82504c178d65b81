//! Shared costs: what belongs to no usage and is divided by a stated rule.
//!
//! The rule that must hold: for every shared cost, allocated + unattributed = its amount.

use std::collections::BTreeMap;

use super::giving::{Gift, emit};
use super::ledger::Ledger;
use super::lines::Line;
use super::share::{By, Share};
use super::shelf::Shelf;
use super::split::split;
use super::{Basis, CostFact, Holder, Inputs, Options, Reason};
use crate::identity::{PartyId, PartyKind, UsageOwners};
use crate::model::records::{Charge, ChargeMeter};
use crate::model::{Day, Exact, Meter, Month, UsageCell};

/// One shared cost.
#[derive(Clone, Debug)]
pub struct SharedCost {
    /// What it is called in every output.
    pub name: String,
    /// Where its amount comes from.
    pub source: Source,
    /// How it is divided, in order; only the last tier has no limit.
    pub tiers: Vec<Tier>,
}

/// Where the amount of a shared cost comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// So much a month, in the report's currency.
    Monthly(Exact),
    /// The charges of a provider that name no customer.
    Provider(String),
    /// The charges for an item that name no customer.
    Item(String),
}

/// A part of a month's amount with its rule.
#[derive(Clone, Debug)]
pub struct Tier {
    /// Where the part ends, counted from nothing; `None` is the rest.
    pub up_to: Option<Exact>,
    /// Its rule.
    pub split: Split,
}

/// A rule that divides an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// Alike to every customer with usage or revenue in the month.
    Even,
    /// By direct and metered cost.
    Proportional,
    /// By fixed parts that sum to one.
    Fixed(Vec<(PartyId, Exact)>),
    /// By served requests.
    Requests,
    /// By the quantity of a meter.
    Meter(Meter),
    /// By revenue, as far as it is positive.
    Revenue,
}

/// The tie-out of one shared cost: `amount = allocated + unattributed`.
#[derive(Clone, Debug)]
pub struct SharedTie {
    /// Its name.
    pub name: String,
    /// Its amount in the period.
    pub amount: Exact,
    /// What reached somebody.
    pub allocated: Exact,
    /// What nobody could be found for.
    pub unattributed: Exact,
    /// Whether it is part of a bill, whose tie-out has it too.
    pub billed: bool,
    /// How many charges of bills it consists of.
    pub charges: u64,
}

/// Somebody to share with, or nobody, in the order in which ties are broken.
type Weights = BTreeMap<(bool, Option<PartyId>), Exact>;

/// Direct and metered cost by month and party.
pub type Caused = BTreeMap<(Month, PartyId), Exact>;

/// The shared cost that a charge belongs to: by its item first, then by its provider.
pub fn rule_of(rules: &[SharedCost], charge: &Charge) -> Option<usize> {
    let item = |rule: &SharedCost| match (&rule.source, &charge.meter) {
        (Source::Item(wanted), _) if *wanted == charge.item => true,
        (Source::Item(wanted), ChargeMeter::Item(item)) => wanted == item,
        _ => false,
    };
    let provider = |rule: &SharedCost| match &rule.source {
        Source::Provider(wanted) => charge.provider.as_ref() == Some(wanted),
        _ => false,
    };
    let by_item = rules.iter().position(item);
    by_item.or_else(|| rules.iter().position(provider))
}

/// Divides every shared cost of the period.
pub fn share(
    inputs: Inputs<'_>,
    shelf: &Shelf<'_>,
    lines: &[Line<'_>],
    caused: &Caused,
    options: &Options,
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) -> Vec<SharedTie> {
    let weighing = Weighing {
        inputs,
        caused,
        options,
    };
    let mut ties = Vec::new();
    for (at, rule) in inputs.shared.iter().enumerate() {
        let mut tie = SharedTie {
            name: rule.name.clone(),
            amount: Exact::ZERO,
            allocated: Exact::ZERO,
            unattributed: Exact::ZERO,
            billed: !matches!(rule.source, Source::Monthly(_)),
            charges: 0,
        };
        let mut known: BTreeMap<(Month, usize), Weights> = BTreeMap::new();
        let own: Vec<&Line<'_>> = lines.iter().filter(|l| l.shared == Some(at)).collect();
        let mut months: BTreeMap<Month, Exact> = BTreeMap::new();
        for line in &own {
            *months.entry(line.day.month()).or_default() += line.amount;
        }
        for line in own {
            let month = line.day.month();
            tie.charges += 1;
            let tiers = tier_parts(&rule.tiers, months[&month]);
            // Every charge has its part in every tier, so that their order does not matter.
            let parts = split(line.amount, &tiers).unwrap_or_else(|| first(line.amount, &tiers));
            for (tier, part) in parts.into_iter().enumerate() {
                let weights = known
                    .entry((month, tier))
                    .or_insert_with(|| weighing.weights(&rule.tiers[tier].split, month));
                let by = By::Rule {
                    name: &rule.name,
                    tier,
                };
                give(part, by, weights, &mut tie, &mut |holder, share, amount| {
                    let gift = Gift {
                        line,
                        holder,
                        share,
                    };
                    emit(shelf, gift, None, amount, ledger, sink);
                });
            }
        }
        if let Source::Monthly(amount) = rule.source {
            for (day, days) in months_of(options) {
                let month = day.month();
                for (tier, part) in tier_parts(&rule.tiers, amount).into_iter().enumerate() {
                    let part = split(part, &days).map_or(Exact::ZERO, |parts| parts[1]);
                    let weights = weighing.weights(&rule.tiers[tier].split, month);
                    let by = By::Rule {
                        name: &rule.name,
                        tier,
                    };
                    give(
                        part,
                        by,
                        &weights,
                        &mut tie,
                        &mut |holder, share, amount| {
                            sink(&CostFact {
                                holder,
                                day,
                                provider: Some(&rule.name),
                                model: None,
                                cell: None,
                                charge: None,
                                share,
                                amount,
                            });
                        },
                    );
                }
            }
        }
        assert!(
            tie.allocated + tie.unattributed == tie.amount,
            "the shared cost {:?} is {} but {} and {} were given",
            tie.name,
            tie.amount,
            tie.allocated,
            tie.unattributed
        );
        ties.push(tie);
    }
    ties
}

/// The months that the period touches: the first day of the period in each, and its days before,
/// inside and after the period.
fn months_of(options: &Options) -> Vec<(Day, [Exact; 3])> {
    let period = options.period;
    let mut months = Vec::new();
    let mut day = period.start;
    while day < period.end {
        let (first, next) = (day.month().first_day(), day.month().plus(1).first_day());
        let end = next.min(period.end);
        let days = [day.0 - first.0, end.0 - day.0, next.0 - end.0];
        months.push((day, days.map(|days| Exact::from(i64::from(days)))));
        day = end;
    }
    months
}

/// How much of a month's amount each tier takes. An amount that is not positive is the first
/// tier's.
fn tier_parts(tiers: &[Tier], amount: Exact) -> Vec<Exact> {
    let mut from = Exact::ZERO;
    let part = |tier: &Tier| {
        let to = tier.up_to.map_or(amount, |limit| limit.min(amount));
        let part = (to - from).max(Exact::ZERO);
        from = from.max(to);
        part
    };
    tiers.iter().map(part).collect()
}

/// All of it in the first place.
fn first(amount: Exact, places: &[Exact]) -> Vec<Exact> {
    let give = |(at, _)| if at == 0 { amount } else { Exact::ZERO };
    places.iter().enumerate().map(give).collect()
}

/// Gives an amount to the holders of weights, and enters it in the tie.
fn give(
    amount: Exact,
    by: By<'_>,
    weights: &Weights,
    tie: &mut SharedTie,
    out: &mut dyn FnMut(Holder, Option<&Share<'_>>, Exact),
) {
    tie.amount += amount;
    if amount.is_zero() {
        return;
    }
    let all: Vec<Exact> = weights.values().copied().collect();
    let Some(parts) = split(amount, &all) else {
        tie.unattributed += amount;
        return out(Holder::Nobody(Reason::NobodyToShare), None, amount);
    };
    let whole = all.iter().sum();
    for (((_, party), weight), part) in weights.iter().zip(parts) {
        if part.is_zero() {
            continue;
        }
        let share = Share {
            by,
            weight: *weight,
            whole,
            of: amount,
        };
        match party {
            Some(party) => {
                tie.allocated += part;
                out(Holder::Party(*party, Basis::Allocated), Some(&share), part);
            }
            None => {
                tie.unattributed += part;
                out(Holder::Nobody(Reason::NoCustomerId), Some(&share), part);
            }
        }
    }
}

/// What weights are made of.
struct Weighing<'a> {
    inputs: Inputs<'a>,
    caused: &'a Caused,
    options: &'a Options,
}

impl Weighing<'_> {
    /// The weights of a rule in a month of the report. Internal accounts have none.
    fn weights(&self, rule: &Split, month: Month) -> Weights {
        let mut weights = match rule {
            Split::Even => self.even(month),
            Split::Fixed(parts) => {
                let part = |(party, part): &(PartyId, Exact)| ((false, Some(*party)), *part);
                parts.iter().map(part).collect()
            }
            Split::Proportional => of_month(self.caused, month).collect(),
            Split::Revenue => of_month(self.inputs.revenue, month).collect(),
            Split::Requests => self.usage(month, &Meter::Requests),
            Split::Meter(meter) => self.usage(month, meter),
        };
        weights.retain(|(_, party), weight| {
            weight.is_positive() && !party.is_some_and(|party| self.is_internal(party))
        });
        weights
    }

    fn is_internal(&self, party: PartyId) -> bool {
        self.inputs.identity.party(party).kind == PartyKind::Internal
    }

    fn even(&self, month: Month) -> Weights {
        let used = self.usage_cells(month).filter_map(|(party, _)| party);
        let paid = of_month_all(self.inputs.revenue, month);
        let paid = paid.filter(|(_, amount)| !amount.is_zero());
        let all = used.chain(paid.map(|(party, _)| party));
        let customers = all.filter(|party| !self.inputs.identity.party(*party).is_unmapped());
        customers
            .map(|party| ((false, Some(party)), Exact::ONE))
            .collect()
    }

    fn usage(&self, month: Month, meter: &Meter) -> Weights {
        let mut weights = Weights::new();
        for (party, cell) in self.usage_cells(month) {
            *weights.entry((party.is_none(), party)).or_default() += cell.quantity(meter);
        }
        weights
    }

    fn usage_cells(&self, month: Month) -> impl Iterator<Item = (Option<PartyId>, &UsageCell)> {
        let period = self.options.period;
        let mut owners = UsageOwners::new(self.inputs.identity);
        let cells = self.inputs.usage.iter();
        cells
            .filter(move |cell| cell.day.month() == month && period.contains(cell.day))
            .map(move |cell| (owners.owner(cell), cell))
    }
}

fn of_month_all(amounts: &Caused, month: Month) -> impl Iterator<Item = (PartyId, Exact)> + '_ {
    amounts
        .range((month, PartyId(0))..=(month, PartyId(u32::MAX)))
        .map(|((_, party), amount)| (*party, *amount))
}

fn of_month(
    amounts: &Caused,
    month: Month,
) -> impl Iterator<Item = ((bool, Option<PartyId>), Exact)> + '_ {
    of_month_all(amounts, month).map(|(party, amount)| ((false, Some(party)), amount))
}
