//! The cost side of a scenario: usage growth, caps, other models, providers' prices.
//!
//! Every cost is kept with the usage that carries it, as the report attributed it. A lever
//! multiplies it; where that is a division, the amount is rounded half to even at twelve decimals,
//! or at its own where it has more. What no lever touches stays as it is, to the last digit.

use hashbrown::HashMap;

use super::lever::{ModelSwap, ProviderPrice, Scenario, Selector};
use super::revalue::{self, Unvalued};
use super::scenario::World;
use super::served::Served;
use crate::attribution::{Basis, CostFact, Holder};
use crate::identity::{Identity, PartyId};
use crate::margin::{Dimension, Filter, dimension::UNATTRIBUTED, party};
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, UsageCell};

/// Decimals of an amount that was divided, if it does not have more itself.
pub const PLACES: u8 = 12;

/// One amount of an entry.
#[derive(Clone, Debug)]
pub struct Part {
    /// What the bill says is metered.
    pub meter: ChargeMeter,
    /// How it reached its customer; `None` if it reached none.
    pub basis: Option<Basis>,
    /// The amount.
    pub amount: Exact,
}

/// Cost of one holder that one cell of usage carries, or that no usage does.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Index of the cell in the log, if usage carries the cost.
    pub cell: Option<usize>,
    /// Whether that usage is what was billed: not where a coarser match brought the charge of
    /// another model to it.
    pub is_billed_use: bool,
    /// Whose it is; `None` for cost without a customer.
    pub party: Option<PartyId>,
    /// Day on which it counts.
    pub day: Day,
    /// Provider.
    pub provider: Option<String>,
    /// Model of the charge as written.
    pub model: Option<String>,
    /// Service tier of the charge, where the cell does not say it.
    pub tier: Option<String>,
    /// The amounts.
    pub parts: Vec<Part>,
}

/// All cost of a period with the usage that carries it.
#[derive(Clone, Debug, Default)]
pub struct CostBook {
    /// In the order in which attribution found them.
    pub entries: Vec<Entry>,
}

/// What a lever is asked about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Whose.
    pub party: Option<PartyId>,
    /// When.
    pub day: Day,
    /// Feature.
    pub feature: Option<&'a str>,
    /// Provider.
    pub provider: Option<&'a str>,
    /// Model as written.
    pub model: Option<&'a str>,
}

impl Selector {
    /// Whether it selects something.
    pub fn selects(&self, identity: &Identity, about: About<'_>) -> bool {
        let one_of = |wanted: &Option<Vec<String>>, found: Option<&str>| {
            let is = |found: &str| wanted.iter().flatten().any(|value| value == found);
            wanted.is_none() || found.is_some_and(is)
        };
        one_of(&self.feature, about.feature)
            && one_of(&self.model, about.model)
            && one_of(&self.provider, about.provider)
            && self.selects_party(identity, about.party, about.day)
    }

    /// Whether it selects a customer on a day, whatever it says of usage.
    pub fn selects_party(&self, identity: &Identity, id: Option<PartyId>, day: Day) -> bool {
        self.party.iter().all(|(name, values)| {
            let dimension = match name.as_str() {
                "customer" => Dimension::Customer,
                name => Dimension::Attribute(name.to_string()),
            };
            let found = id.and_then(|id| party::label(identity, id, &dimension, day));
            found.is_some_and(|found| values.contains(&found))
        })
    }
}

/// Whether cost passes the filters of the report, as the report itself decides it.
pub fn passes(identity: &Identity, filters: &[Filter], id: Option<PartyId>, day: Day) -> bool {
    filters.iter().all(|filter| {
        let label = match (id, &filter.dimension) {
            (Some(id), dimension) => party::label(identity, id, dimension, day),
            (None, Dimension::Customer) => Some(UNATTRIBUTED.to_string()),
            (None, _) => None,
        };
        filter.passes(label.as_deref())
    })
}

impl CostBook {
    /// Collects every cost that passes. `usage` is the log that the facts' cells stand in; `feed`
    /// must hand every cost, with the usage that carries it, to the function it is given.
    pub fn collect(
        usage: &[UsageCell],
        keep: &dyn Fn(Option<PartyId>, Day) -> bool,
        feed: impl FnOnce(&mut dyn FnMut(&CostFact<'_>)),
    ) -> CostBook {
        type Key = (
            Option<usize>,
            Option<PartyId>,
            Day,
            Option<String>,
            Option<String>,
            Option<String>,
        );
        let mut book = CostBook::default();
        let mut places: HashMap<Key, usize, foldhash::fast::FixedState> = HashMap::default();
        feed(&mut |fact| {
            let (party, basis) = match fact.holder {
                Holder::Party(party, basis) => (Some(party), Some(basis)),
                Holder::Nobody(_) => (None, None),
            };
            if !keep(party, fact.day) {
                return;
            }
            let cell = fact.cell.and_then(|cell| position(usage, cell));
            let text = |text: Option<&str>| text.map(str::to_string);
            let tier = fact.charge.and_then(|charge| charge.tier.clone());
            let own = cell.is_some_and(|at| usage[at].model.as_deref() == fact.model);
            // A cell says itself which provider, model and tier it is of.
            let key = match own {
                true => (cell, party, fact.day, None, None, None),
                false => (
                    cell,
                    party,
                    fact.day,
                    text(fact.provider),
                    text(fact.model),
                    tier,
                ),
            };
            let next = book.entries.len();
            let at = *places.entry(key).or_insert(next);
            if at == next {
                let of = fact.cell;
                book.entries.push(Entry {
                    cell,
                    is_billed_use: own,
                    party,
                    day: fact.day,
                    provider: text(
                        fact.provider
                            .or(of.and_then(|cell| cell.provider.as_deref())),
                    ),
                    model: text(fact.model),
                    tier: fact.charge.and_then(|charge| charge.tier.clone()),
                    parts: Vec::new(),
                });
            }
            let meter = fact
                .charge
                .map_or(ChargeMeter::All, |charge| charge.meter.clone());
            let parts = &mut book.entries[at].parts;
            let same = |part: &&mut Part| part.meter == meter && part.basis == basis;
            match parts.iter_mut().find(same) {
                Some(part) => part.amount += fact.amount,
                None => parts.push(Part {
                    meter,
                    basis,
                    amount: fact.amount,
                }),
            }
        });
        book
    }
}

/// Where a cell stands in the log.
fn position(usage: &[UsageCell], cell: &UsageCell) -> Option<usize> {
    let first = std::ptr::from_ref(usage.first()?).addr();
    let offset = std::ptr::from_ref(cell).addr().checked_sub(first)?;
    let at = offset / size_of::<UsageCell>();
    usage.get(at).filter(|found| std::ptr::eq(*found, cell))?;
    Some(at)
}

/// A cost that changes.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Whose; `None` for cost without a customer.
    pub party: Option<PartyId>,
    /// Day on which it counts.
    pub day: Day,
    /// Basis; `None` for cost without a customer.
    pub basis: Option<Basis>,
    /// Then − now.
    pub amount: Exact,
}

/// One step in the making of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Times a factor; exact.
    Times(Exact),
    /// Times a numerator ∕ a denominator; rounded.
    Divided(Exact, Exact),
}

impl Step {
    /// The amount after it.
    pub fn on(self, amount: Exact) -> Exact {
        match self {
            Step::Times(factor) => amount * factor,
            Step::Divided(numerator, denominator) => divided(amount, numerator, denominator),
        }
    }
}

/// An amount in the making.
struct Making {
    amount: Exact,
    steps: Vec<Step>,
}

impl Making {
    fn take(&mut self, step: Step) {
        self.amount = step.on(self.amount);
        self.steps.push(step);
    }
}

/// Works out every cost that a scenario changes.
///
/// # Errors
/// Usage that cannot be re-priced because a price is not known.
pub fn changes(
    world: World<'_>,
    scenario: &Scenario,
    served: &Served,
) -> Result<Vec<Change>, Unvalued> {
    let mut changes = Vec::new();
    walk(world, scenario, served, &mut |entry, part, made, _| {
        if made != part.amount {
            changes.push(Change {
                party: entry.party,
                day: entry.day,
                basis: part.basis,
                amount: made - part.amount,
            });
        }
    })?;
    Ok(changes)
}

/// Is handed an amount that a lever touches: what it becomes, and by which steps.
pub type TakeMade<'t> = dyn FnMut(&Entry, &Part, Exact, &[Step]) + 't;

/// Hands every amount that a lever touches to a function: what it becomes, and by which steps.
///
/// # Errors
/// As [`changes`].
pub fn walk(
    world: World<'_>,
    scenario: &Scenario,
    served: &Served,
    take: &mut TakeMade<'_>,
) -> Result<(), Unvalued> {
    let mut values = revalue::Values::new(world.pricing);
    for entry in &world.costs.entries {
        let cell = entry.cell.map(|at| &world.usage[at]);
        let about = About {
            party: entry.party,
            day: entry.day,
            feature: cell.and_then(|cell| cell.feature.as_deref()),
            provider: entry.provider.as_deref(),
            model: entry.model.as_deref(),
        };
        let billed = cell.filter(|_| entry.is_billed_use);
        let growth: Vec<Exact> = growth(world.identity, scenario, about).collect();
        let share = entry.party.and_then(|party| served.share(party, entry.day));
        let swap = scenario
            .swaps
            .iter()
            .find(|swap| entry.party.is_some() && swap.of.selects(world.identity, about));
        let prices: Vec<&ProviderPrice> = scenario
            .provider_prices
            .iter()
            .filter(|price| price.touches(swap, about, &values))
            .collect();
        if growth.is_empty() && share.is_none() && swap.is_none() && prices.is_empty() {
            continue;
        }
        for part in &entry.parts {
            let mut making = Making {
                amount: part.amount,
                steps: Vec::new(),
            };
            if is_usage(entry, part) {
                growth
                    .iter()
                    .for_each(|factor| making.take(Step::Times(*factor)));
                if let Some((served, used)) = share {
                    making.take(Step::Divided(served, used));
                }
            }
            let swap_of = swap.filter(|_| is_of_model(&part.meter));
            if let Some(swap) = swap_of.filter(|_| !making.amount.is_zero()) {
                let (new, old) = values.swapped(entry, billed, &part.meter, swap)?;
                making.take(Step::Divided(new, old));
            }
            for price in &prices {
                let empty = making.amount.is_zero();
                let step = values.repriced(empty, entry, billed, &part.meter, swap, price)?;
                step.into_iter().for_each(|step| making.take(step));
            }
            take(entry, part, making.amount, &making.steps);
        }
    }
    Ok(())
}

/// The growth of some usage, one factor per lever.
pub fn growth<'a>(
    identity: &'a Identity,
    scenario: &'a Scenario,
    about: About<'a>,
) -> impl Iterator<Item = Exact> + 'a {
    let levers = scenario.growth.iter();
    let some = about.party.is_some();
    let touching = levers.filter(move |growth| some && growth.of.selects(identity, about));
    touching.map(|growth| growth.factor)
}

/// `amount × numerator ∕ denominator`, rounded.
pub fn divided(amount: Exact, numerator: Exact, denominator: Exact) -> Exact {
    Exact::ratio(amount * numerator, denominator, places_of(amount)).unwrap_or(amount)
}

/// The decimals at which an amount is rounded after it was divided.
pub fn places_of(amount: Exact) -> u8 {
    amount.places().max(PLACES)
}

/// Whether an amount grows with usage: shares of shared costs and of coarse matches without usage
/// of their own do not.
fn is_usage(entry: &Entry, part: &Part) -> bool {
    let spread = matches!(part.basis, None | Some(Basis::Allocated));
    entry.cell.is_some() || !spread
}

/// Whether an amount is for the model itself and not for something beside it.
pub fn is_of_model(meter: &ChargeMeter) -> bool {
    match meter {
        ChargeMeter::All => true,
        ChargeMeter::Is(meter) => !matches!(meter, Meter::WebSearches | Meter::Other(_)),
        ChargeMeter::Item(_) => false,
    }
}

impl ProviderPrice {
    /// Whether it may touch a cost. After another model was put in its place, the new one counts.
    fn touches(
        &self,
        swap: Option<&ModelSwap>,
        about: About<'_>,
        values: &revalue::Values<'_>,
    ) -> bool {
        let (provider, model) = match swap {
            Some(swap) => {
                let provider = values.seller(swap, about.provider, about.day);
                (provider, Some(swap.to.as_str()))
            }
            None => (about.provider.map(str::to_string), about.model),
        };
        let of_model =
            |models: &Vec<String>| model.is_some_and(|model| models.iter().any(|of| of == model));
        provider.is_some_and(|provider| provider == self.provider)
            && self.models.as_ref().is_none_or(of_model)
    }
}
