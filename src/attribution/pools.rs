//! Pools: charges of one provider, model, meter, tier and time, shared by the logged usage of the
//! same.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::ledger::Ledger;
use super::lines::Line;
use super::shelf::{Lacks, Shelf, is_cache, same_provider};
use super::split::split;
use super::{Attribution, Basis, CostFact, Gap, Holder, Options, Reason, Residual};
use crate::identity::PartyId;
use crate::model::names::ModelName;
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter, Month};

/// What a pool is about, without its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Topic {
    provider: Option<String>,
    /// `None` matches every model. A name without snapshot matches every snapshot.
    model: Option<ModelName>,
    meter: ChargeMeter,
    tier: Option<String>,
}

/// Topic and time `[first, end)` in UTC days.
type PoolKey = (Topic, Day, Day);

/// The lines of a pool, those that name their customer apart.
#[derive(Debug, Default)]
struct Pool<'l, 'a> {
    shared: Vec<&'l Line<'a>>,
    direct: Vec<&'l Line<'a>>,
}

/// Usage in a pool, weighed.
#[derive(Debug, Default)]
struct Weighed {
    /// Sum of the owners' weights.
    sum: Exact,
    /// Customers in order, nobody last.
    owners: Vec<Owner>,
    /// (cell, weight) of all owners, each owner's in the shelf's order.
    cells: Vec<(usize, Exact)>,
}

/// One owner's usage in a pool.
#[derive(Debug)]
struct Owner {
    party: Option<PartyId>,
    /// What is left to share in after direct charges have covered theirs.
    weight: Exact,
    /// Its part of [`Weighed::cells`].
    cells: Range<usize>,
}

impl Weighed {
    /// The cells over which a part of the owner's is spread: none, unless detail is asked for.
    fn cells_of(&self, owner: &Owner, options: &Options) -> &[(usize, Exact)] {
        match options.detail {
            true => &self.cells[owner.cells.clone()],
            false => &[],
        }
    }
}

/// How the usage of a pool is compared with its charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// Logged quantity against billed quantity.
    Quantity,
    /// Book value against billed money.
    Money,
    /// Tokens, since some usage has no price: nothing can be compared, only shared.
    Tokens,
}

/// A month of one topic: what decides whether a gap is small.
#[derive(Clone, Debug, Default)]
struct MonthTotal {
    billed: Exact,
    logged: Exact,
    rounding: Exact,
}

/// Shares the lines of all pools. Returns the lines for which the pool had no usage, or that are
/// no pool's: they match coarsely.
pub fn share<'l, 'a>(
    shelf: &Shelf<'a>,
    lines: &'l [Line<'a>],
    options: &Options,
    ledger: &mut Ledger,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) -> Vec<&'l Line<'a>> {
    let mut rest = Vec::new();
    let mut pools: BTreeMap<PoolKey, Pool<'l, 'a>> = BTreeMap::new();
    let topics = Topics::new(shelf, lines);
    for line in lines.iter() {
        if line.follows() && line.direct.is_none() {
            continue;
        }
        let key = (topics.of(line), line.first, line.end);
        match (line.direct, &line.charge.meter) {
            (Some(_), _) => pools.entry(key).or_default().direct.push(line),
            (None, ChargeMeter::Item(_)) => rest.push(line),
            (None, _) => pools.entry(key).or_default().shared.push(line),
        }
    }
    let months = month_totals(shelf, &pools);
    note_gaps(&months, options, result);
    for (key, pool) in &pools {
        share_direct(shelf, key, pool, options, ledger, sink);
        if pool.shared.is_empty() {
            continue;
        }
        let Some((measure, weighed)) = weigh(shelf, key, pool) else {
            let holder = Holder::Nobody(Reason::UnpricedUsage);
            let users = users(shelf, key);
            for line in &pool.shared {
                emit(shelf, line, holder, None, line.amount, ledger, sink);
                result.residuals.push(Residual {
                    day: line.day,
                    amount: line.amount,
                    users: users.clone(),
                });
            }
            continue;
        };
        if weighed.sum.is_zero() {
            rest.extend(pool.shared.iter().copied());
            continue;
        }
        let gap = rest_weight(key, pool, measure, &weighed, &months, options);
        let sharing = Sharing {
            measure,
            weighed: &weighed,
            gap,
            options,
        };
        for line in &pool.shared {
            share_line(shelf, line, &sharing, ledger, result, sink);
        }
    }
    rest
}

/// How one pool is shared.
struct Sharing<'s> {
    measure: Measure,
    weighed: &'s Weighed,
    /// The billed quantity or money that nothing in the log explains.
    gap: Exact,
    options: &'s Options,
}

fn share_line(
    shelf: &Shelf<'_>,
    line: &Line<'_>,
    sharing: &Sharing<'_>,
    ledger: &mut Ledger,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let owners = &sharing.weighed.owners;
    let mut weights: Vec<Exact> = owners.iter().map(|owner| owner.weight).collect();
    weights.push(sharing.gap);
    let Some(parts) = split(line.amount, &weights) else {
        return;
    };
    let basis = match sharing.measure {
        Measure::Tokens => Basis::Allocated,
        _ => Basis::Metered,
    };
    for (owner, part) in owners.iter().zip(&parts) {
        let cells = sharing.weighed.cells_of(owner, sharing.options);
        emit_cells(
            shelf,
            line,
            holder(owner.party, basis),
            *part,
            cells,
            ledger,
            sink,
        );
    }
    let left = parts[owners.len()];
    if left.is_zero() {
        return;
    }
    if sharing.options.spread_residual {
        let Some(spread) = split(left, &weights[..owners.len()]) else {
            return;
        };
        for (owner, part) in owners.iter().zip(&spread) {
            let cells = sharing.weighed.cells_of(owner, sharing.options);
            let holder = holder(owner.party, Basis::Allocated);
            emit_cells(shelf, line, holder, *part, cells, ledger, sink);
        }
        return;
    }
    let reason = match sharing.measure {
        Measure::Quantity => Reason::UnloggedUsage,
        _ => Reason::UnloggedUsageOrPrice,
    };
    emit(
        shelf,
        line,
        Holder::Nobody(reason),
        None,
        left,
        ledger,
        sink,
    );
    let users = owners.iter().filter_map(|owner| owner.party).collect();
    result.residuals.push(Residual {
        day: line.day,
        amount: left,
        users,
    });
}

/// Charges that name their customer: the whole amount is the customer's, spread over its usage.
fn share_direct(
    shelf: &Shelf<'_>,
    key: &PoolKey,
    pool: &Pool<'_, '_>,
    options: &Options,
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    if pool.direct.is_empty() {
        return;
    }
    let bare = Pool::default();
    let measure = measure_of(key, &pool.direct);
    let weighed = weigh_as(shelf, key, &bare, measure).unwrap_or_default();
    for line in &pool.direct {
        let Some(party) = line.direct else {
            continue;
        };
        let holder = Holder::Party(party, Basis::Direct);
        let own = weighed
            .owners
            .iter()
            .find(|owner| owner.party == Some(party));
        let cells = own.map_or(&[][..], |owner| weighed.cells_of(owner, options));
        emit_cells(shelf, line, holder, line.amount, cells, ledger, sink);
    }
}

fn holder(owner: Option<PartyId>, basis: Basis) -> Holder {
    match owner {
        Some(party) => Holder::Party(party, basis),
        None => Holder::Nobody(Reason::NoCustomerId),
    }
}

/// Gives a part away, over cells where there are some.
pub fn emit_cells(
    shelf: &Shelf<'_>,
    line: &Line<'_>,
    holder: Holder,
    part: Exact,
    cells: &[(usize, Exact)],
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    if part.is_zero() {
        return;
    }
    let weights: Vec<Exact> = cells.iter().map(|(_, weight)| *weight).collect();
    match split(part, &weights) {
        Some(parts) => {
            for ((cell, _), part) in cells.iter().zip(parts) {
                if !part.is_zero() {
                    emit(shelf, line, holder, Some(*cell), part, ledger, sink);
                }
            }
        }
        None => emit(shelf, line, holder, None, part, ledger, sink),
    }
}

/// Enters one fact in the ledger and hands it on.
pub fn emit(
    shelf: &Shelf<'_>,
    line: &Line<'_>,
    holder: Holder,
    cell: Option<usize>,
    amount: Exact,
    ledger: &mut Ledger,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    ledger.give(line, holder, cell, amount);
    let cell = cell.map(|at| shelf.held[at].cell);
    let model = cell.and_then(|cell| cell.model.as_deref());
    // A longer charge counts on the days of the usage that carries it.
    let day = match cell {
        Some(cell) if line.end.0 - line.first.0 > 1 => cell.utc_day,
        _ => line.day,
    };
    sink(&CostFact {
        holder,
        day,
        provider: line.charge.provider.as_deref(),
        model: model.or(line.charge.model.as_deref()),
        cell,
        amount,
    });
}

/// Decides what a line is about, merging over what the log lacks.
struct Topics<'s> {
    shelf: &'s Shelf<'s>,
    dated: BTreeSet<String>,
    lacks: BTreeMap<Option<String>, Lacks>,
    tiered: BTreeSet<Option<String>>,
}

impl<'s> Topics<'s> {
    fn new(shelf: &'s Shelf<'_>, lines: &[Line<'_>]) -> Topics<'s> {
        // A family is told apart by snapshot only where log and bill both date every name.
        let mut dated: BTreeSet<String> = shelf
            .dated_families()
            .into_iter()
            .map(str::to_string)
            .collect();
        let mut lacks = BTreeMap::new();
        let mut tiered = BTreeSet::new();
        for line in lines {
            let provider = &line.charge.provider;
            if let Some(model) = line.charge.model.as_deref().map(ModelName::parse)
                && model.snapshot.is_none()
            {
                dated.remove(&model.family);
            }
            if line.charge.tier.is_some() {
                tiered.insert(provider.clone());
            }
            lacks
                .entry(provider.clone())
                .or_insert_with(|| shelf.lacks(provider.as_deref()));
        }
        Topics {
            shelf,
            dated,
            lacks,
            tiered,
        }
    }

    fn of(&self, line: &Line<'_>) -> Topic {
        let charge = line.charge;
        let lacks = self.lacks.get(&charge.provider).copied();
        let lacks = lacks.unwrap_or_else(|| self.shelf.lacks(charge.provider.as_deref()));
        let model = charge
            .model
            .as_deref()
            .filter(|_| !lacks.model)
            .map(|name| {
                let mut model = ModelName::parse(name);
                if !self.dated.contains(&model.family) {
                    model.snapshot = None;
                }
                model
            });
        let meter = match &charge.meter {
            ChargeMeter::Is(meter) if lacks.cache && is_cache(meter) => {
                ChargeMeter::Is(Meter::Input)
            }
            other => other.clone(),
        };
        let tier = match charge.tier.as_deref() {
            _ if lacks.tier => None,
            Some(tier) => Some(fold_tier(tier)),
            // In a bill that names tiers, a line without one is the standard tier.
            None if self.tiered.contains(&charge.provider) => Some("standard".to_string()),
            None => None,
        };
        Topic {
            provider: charge.provider.clone(),
            model,
            meter,
            tier,
        }
    }
}

/// Folds the words for a service tier.
pub fn fold_tier(tier: &str) -> String {
    let tier = tier.trim().to_lowercase();
    match tier.as_str() {
        "" | "default" | "auto" | "standard_only" | "on_demand" | "on-demand" => "standard".into(),
        _ => tier,
    }
}

/// Indices of the cells that a topic covers in a span of days, in order.
fn matching(shelf: &Shelf<'_>, key: &PoolKey) -> Vec<usize> {
    let (topic, first, end) = key;
    let mut cells = match &topic.model {
        None => shelf.between(*first, *end).collect(),
        Some(billed) => {
            let same = |logged: &ModelName| {
                billed.family == logged.family
                    && (billed.snapshot.is_none() || billed.snapshot == logged.snapshot)
            };
            let models: Vec<usize> = (0..shelf.models.len())
                .filter(|at| shelf.models[*at].as_ref().is_some_and(same))
                .collect();
            shelf.of_models(*first, *end, &models)
        }
    };
    cells.retain(|at| {
        let cell = shelf.held[*at].cell;
        same_provider(cell, topic.provider.as_deref())
            && topic
                .tier
                .as_deref()
                .is_none_or(|tier| fold_tier(cell.tier.as_deref().unwrap_or("")) == tier)
    });
    cells
}

/// Everyone who has usage of what the pool covers.
fn users(shelf: &Shelf<'_>, key: &PoolKey) -> Vec<PartyId> {
    let users: BTreeSet<PartyId> = matching(shelf, key)
        .into_iter()
        .filter_map(|at| shelf.held[at].party)
        .collect();
    users.into_iter().collect()
}

fn measure_of(key: &PoolKey, lines: &[&Line<'_>]) -> Measure {
    let metered = matches!(key.0.meter, ChargeMeter::Is(_));
    if metered && lines.iter().all(|line| line.quantity.is_some()) {
        Measure::Quantity
    } else {
        Measure::Money
    }
}

/// Weighs a pool's usage; `None` if only prices could weigh it and some usage has none.
fn weigh(shelf: &Shelf<'_>, key: &PoolKey, pool: &Pool<'_, '_>) -> Option<(Measure, Weighed)> {
    let measure = measure_of(key, &pool.shared);
    if let Some(weighed) = weigh_as(shelf, key, pool, measure) {
        return Some((measure, weighed));
    }
    match key.0.meter {
        ChargeMeter::Is(_) => {
            let weighed = weigh_as(shelf, key, pool, Measure::Tokens)?;
            Some((Measure::Tokens, weighed))
        }
        _ => None,
    }
}

fn weigh_as(
    shelf: &Shelf<'_>,
    key: &PoolKey,
    pool: &Pool<'_, '_>,
    measure: Measure,
) -> Option<Weighed> {
    let mut cells = Vec::new();
    for at in matching(shelf, key) {
        let held = &shelf.held[at];
        let weight = match (&key.0.meter, measure) {
            (ChargeMeter::Is(meter), Measure::Quantity | Measure::Tokens) => {
                held.cell.quantity(meter)
            }
            (meter, _) => shelf.value(held, meter)?,
        };
        if !weight.is_zero() {
            cells.push((at, weight));
        }
    }
    let party = |cell: &(usize, Exact)| shelf.held[cell.0].party;
    // The cells of one day are in this order already.
    cells.sort_by_key(|cell| (party(cell).is_none(), party(cell)));
    let mut owners = Vec::new();
    let mut start = 0;
    for own in cells.chunk_by(|a, b| party(a) == party(b)) {
        owners.push(Owner {
            party: party(&own[0]),
            weight: own.iter().map(|(_, weight)| *weight).sum(),
            cells: start..start + own.len(),
        });
        start += own.len();
    }
    for line in &pool.direct {
        let covered = match measure {
            Measure::Money => Some(line.amount),
            _ => line.quantity,
        };
        let own = owners.binary_search_by_key(&(false, line.direct), |owner| {
            (owner.party.is_none(), owner.party)
        });
        if let Ok(at) = own {
            let covered = covered.unwrap_or_default().max(Exact::ZERO);
            owners[at].weight = (owners[at].weight - covered).max(Exact::ZERO);
        }
    }
    owners.retain(|owner| !owner.weight.is_zero());
    Some(Weighed {
        sum: owners.iter().map(|owner| owner.weight).sum(),
        owners,
        cells,
    })
}

fn billed(pool: &Pool<'_, '_>, measure: Measure) -> Exact {
    let of = |line: &&Line<'_>| match measure {
        Measure::Quantity => line.quantity.unwrap_or_default(),
        _ => line.amount,
    };
    pool.shared.iter().map(of).sum()
}

/// Sums bill and log by topic and month: the gap is judged there, so that usage on the other side
/// of midnight does not look lost.
fn month_totals(
    shelf: &Shelf<'_>,
    pools: &BTreeMap<PoolKey, Pool<'_, '_>>,
) -> BTreeMap<(Topic, Month), MonthTotal> {
    let mut months: BTreeMap<(Topic, Month), MonthTotal> = BTreeMap::new();
    for (key, pool) in pools {
        let Some(first) = pool.shared.first() else {
            continue;
        };
        let Some((measure, weighed)) = weigh(shelf, key, pool) else {
            continue;
        };
        if measure == Measure::Tokens {
            continue;
        }
        let total = months
            .entry((key.0.clone(), first.day.month()))
            .or_default();
        total.billed += billed(pool, measure);
        total.logged += weighed.sum;
        if measure == Measure::Money {
            let half_digit =
                |line: &&Line<'_>| Exact::new(5, line.charge.written_places.min(60) + 1);
            total.rounding += pool.shared.iter().map(half_digit).sum::<Exact>();
        }
    }
    months
}

/// The gap that a total may have and still be scaled away.
fn allowance(total: &MonthTotal, options: &Options) -> Exact {
    (total.billed.abs() * options.tolerance).max(total.rounding)
}

/// The billed quantity or money of a pool that the log does not explain; zero where the month's
/// gap is within the tolerance.
fn rest_weight(
    key: &PoolKey,
    pool: &Pool<'_, '_>,
    measure: Measure,
    weighed: &Weighed,
    months: &BTreeMap<(Topic, Month), MonthTotal>,
    options: &Options,
) -> Exact {
    if measure == Measure::Tokens {
        return Exact::ZERO;
    }
    let month = pool.shared[0].day.month();
    let Some(total) = months.get(&(key.0.clone(), month)) else {
        return Exact::ZERO;
    };
    if total.billed - total.logged <= allowance(total, options) {
        return Exact::ZERO;
    }
    (billed(pool, measure) - weighed.sum).max(Exact::ZERO)
}

fn note_gaps(
    months: &BTreeMap<(Topic, Month), MonthTotal>,
    options: &Options,
    result: &mut Attribution,
) {
    for ((topic, _), total) in months {
        let gap = total.billed - total.logged;
        let small = gap.abs() <= allowance(total, options);
        if gap.is_zero() || total.logged.is_zero() || (gap.is_positive() && !small) {
            continue;
        }
        result.gaps.push(Gap {
            provider: topic.provider.clone(),
            model: topic.model.as_ref().map(|model| model.family.clone()),
            meter: match &topic.meter {
                ChargeMeter::Is(meter) => Some(meter.name().to_string()),
                _ => None,
            },
            factor: Exact::ratio(total.billed, total.logged, 6).unwrap_or_default(),
            over_logged: !small,
        });
    }
}
