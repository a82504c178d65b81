//! Receipts are collected: costs as attribution hands them out, then usage and revenue of the period.
//!
//! There are as many costs as cells of usage, so ids and models are told by where their texts stand
//! first, and by the texts only when a place is new.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::receipt::Receipt;
use super::sums::{Key, Sums, finish};
use crate::attribution::{CostFact, Holder, Pricing, Rates};
use crate::identity::{Identity, PartyId, UsageOwners};
use crate::margin::dimension::UNATTRIBUTED;
use crate::margin::ids::{id_of, id_of_cell};
use crate::model::rates::Exchanges;
use crate::model::records::ChargeMeter;
use crate::model::{Currency, Day, Exact, Meter, Period, UsageCell, Zone};
use crate::revenue::{Obligation, RevenueBook};

/// Places of amounts in other currencies while they are summed: there may be millions of parts.
const SUMMED_PLACES: u8 = 18;

/// What a receipt is made of.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// Revenue.
    pub revenue: &'a RevenueBook,
    /// The folded log, failed requests told apart.
    pub usage: &'a [UsageCell],
    /// Prices of models.
    pub pricing: &'a Pricing,
    /// What was in other currencies.
    pub exchanges: &'a Exchanges,
    /// Period.
    pub period: Period,
    /// The report's zone.
    pub zone: Zone,
}

/// A party, and where the texts of an id stand, with their lengths.
type Met = (Option<PartyId>, (usize, usize), (usize, usize));

/// Collects a receipt.
pub struct Collector<'a> {
    inputs: Inputs<'a>,
    entries: Vec<Sums>,
    keys: BTreeMap<Key, usize>,
    met: HashMap<Met, usize, FixedState>,
    models: BTreeMap<String, u32>,
    model_of: HashMap<usize, u32, FixedState>,
}

impl<'a> Collector<'a> {
    /// Nothing yet.
    pub fn new(inputs: Inputs<'a>) -> Collector<'a> {
        Collector {
            inputs,
            entries: Vec::new(),
            keys: BTreeMap::new(),
            met: HashMap::default(),
            models: BTreeMap::new(),
            model_of: HashMap::default(),
        }
    }

    /// Takes a cost, with the usage that carries it.
    pub fn cost(&mut self, fact: &CostFact<'_>) {
        let party = match fact.holder {
            Holder::Party(party, _) => Some(party),
            Holder::Nobody(_) => None,
        };
        let at = self.entry(party, id_of(self.inputs.identity, fact));
        let original = self.original(fact);
        let (Some(cell), Some(_)) = (fact.cell, party) else {
            let sums = &mut self.entries[at];
            sums.other += fact.amount;
            sums.other_from.add(original);
            return;
        };
        let meter = fact.charge.and_then(|charge| match &charge.meter {
            ChargeMeter::Is(Meter::Requests) => Some(Meter::Requests),
            ChargeMeter::Is(meter) => cell.quantities.of(meter).map(|_| meter.clone()),
            _ => None,
        });
        let place = (self.model(cell), is_failed(cell), meter);
        let cost = self.entries[at].cost.entry(place).or_default();
        cost.cost += fact.amount;
        cost.from.add(original);
    }

    /// What a cost was in another currency: as the bill or the log states it, else by list prices.
    fn original(&self, fact: &CostFact<'_>) -> Option<(Currency, Exact, Exact)> {
        let Inputs {
            exchanges, pricing, ..
        } = self.inputs;
        let of = |from: Currency, amount: Option<Exact>| Some((from, amount?, fact.amount));
        if let Some(charge) = fact.charge {
            let was = exchanges.of(&charge.origin)?;
            return of(was.from, was.back(fact.amount, SUMMED_PLACES));
        }
        let cell = fact.cell?;
        if cell.reported().is_some() {
            let was = exchanges.logged(cell.utc_day)?;
            return of(was.from, was.back(fact.amount, SUMMED_PLACES));
        }
        if pricing.in_dollars {
            return None;
        }
        let factor = pricing.factor(cell.utc_day)?;
        let dollars = Exact::ratio(fact.amount, factor, SUMMED_PLACES);
        of(Currency::USD, dollars)
    }

    /// The receipt, with usage and revenue of the period. `plans` are their list prices.
    pub fn finish(mut self, plans: &BTreeMap<String, Exact>) -> Receipt {
        self.usage();
        self.revenue();
        let mut models = vec![""; self.models.len()];
        for (name, at) in &self.models {
            models[*at as usize] = name;
        }
        let mut entries = self.entries.into_iter().map(Some).collect::<Vec<_>>();
        let all = self.keys.into_iter().filter_map(|(key, at)| {
            let sums = entries[at].take()?;
            Some(finish(plans, &models, key, sums))
        });
        all.filter(|entry| !entry.is_empty()).collect()
    }

    fn usage(&mut self) {
        let Inputs {
            identity,
            pricing,
            period,
            ..
        } = self.inputs;
        let mut owners = UsageOwners::new(identity);
        let mut rates: HashMap<(usize, Day), (Rates, Rates), FixedState> = HashMap::default();
        let dollars = |cell: &UsageCell, rates: &Rates| match pricing.in_dollars {
            true => rates.clone(),
            false => Rates::in_dollars(cell, pricing),
        };
        let of = |cell: &UsageCell| {
            let rates = Rates::of(cell, pricing);
            let dollars = dollars(cell, &rates);
            (rates, dollars)
        };
        let inside = |cell: &&UsageCell| period.contains(cell.day);
        for cell in self.inputs.usage.iter().filter(inside) {
            let Some(party) = owners.owner(cell) else {
                continue;
            };
            let at = self.entry(Some(party), id_of_cell(identity, cell));
            let model = self.model(cell);
            let sums = &mut self.entries[at];
            *sums.served.entry(model).or_default() += cell.requests.exact();
            let key = (Arc::as_ptr(&cell.kind).addr(), cell.utc_day);
            let known = rates.entry(key).or_insert_with(|| of(cell));
            if !known.0.are_for(cell) {
                *known = of(cell);
            }
            for (meter, quantity) in &cell.quantities {
                let quantity = quantity.exact();
                let place = (model, is_failed(cell), Some(meter.clone()));
                let cost = sums.cost.entry(place).or_default();
                cost.quantity += quantity;
                match known.0.rate(meter) {
                    Some(rate) => {
                        cost.list += rate * quantity;
                        if !pricing.in_dollars {
                            cost.list_usd += known.1.rate(meter).unwrap_or_default() * quantity;
                        }
                    }
                    None => cost.unlisted |= !quantity.is_zero(),
                }
            }
        }
        if pricing.in_dollars {
            return;
        }
        // In another currency both say the same, and the one in dollars is told besides.
        for sums in &mut self.entries {
            for cost in sums.cost.values_mut() {
                cost.unlisted |= cost.list.is_zero() != cost.list_usd.is_zero();
            }
        }
    }

    fn revenue(&mut self) {
        let Inputs {
            identity,
            exchanges,
            period,
            zone,
            ..
        } = self.inputs;
        let (start, end) = (zone.start_of(period.start), zone.start_of(period.end));
        for one in &self.inputs.revenue.obligations {
            let amount = one.schedule.between(start, end);
            if amount.is_zero() {
                continue;
            }
            let payer =
                (!one.payer.is_empty()).then(|| (one.source.namespace(), one.payer.as_str()));
            let at = self.entry(Some(one.party), payer);
            let mapped = identity.party(one.party).attribute("plan", period);
            let plan = one.counted_on.as_deref().or(mapped);
            let plan = plan.filter(|_| is_recurring(one)).map(str::to_string);
            let paid = self.entries[at].revenue.entry(plan).or_default();
            paid.amount += amount;
            let was = exchanges.of(&one.origin);
            let original =
                was.and_then(|was| Some((was.from, was.back(amount, SUMMED_PLACES)?, amount)));
            paid.from.add(original);
            let mut day = zone.day(one.service.0.max(start));
            let last = end.min(one.service.1);
            while zone.start_of(day) < last {
                paid.days.insert(day);
                day = day.plus(1);
            }
        }
    }

    /// The place of a party's id.
    fn entry(&mut self, party: Option<PartyId>, id: Option<(&str, &str)>) -> usize {
        let (source, id) = id.unwrap_or(("", ""));
        let place = |text: &str| (text.as_ptr().addr(), text.len());
        let met = (party, place(source), place(id));
        if let Some(at) = self.met.get(&met) {
            return *at;
        }
        let customer = match party {
            Some(party) => self.inputs.identity.party(party).key.as_str(),
            None => UNATTRIBUTED,
        };
        let key = (customer.to_string(), source.to_string(), id.to_string());
        let entries = &mut self.entries;
        let at = *self.keys.entry(key).or_insert_with(|| {
            entries.push(Sums::default());
            entries.len() - 1
        });
        self.met.insert(met, at);
        at
    }

    /// The number of what has prices of its own: provider, model and tier in one text.
    fn model(&mut self, cell: &UsageCell) -> u32 {
        let kind = Arc::as_ptr(&cell.kind).addr();
        if let Some(at) = self.model_of.get(&kind) {
            return *at;
        }
        let parts = [&cell.provider, &cell.model, &cell.tier].into_iter();
        let parts: Vec<&str> = parts.filter_map(|part| part.as_deref()).collect();
        let next = self.models.len() as u32;
        let at = *self.models.entry(parts.join(" ")).or_insert(next);
        self.model_of.insert(kind, at);
        at
    }
}

/// Whether a cell is of failed requests.
fn is_failed(cell: &UsageCell) -> bool {
    cell.requests.is_zero() && !cell.failed().is_zero()
}

/// Whether it pays for a time; a row that does not say does if it has a service period.
fn is_recurring(one: &Obligation) -> bool {
    one.recurring.unwrap_or(true) && one.service.0 < one.service.1
}
