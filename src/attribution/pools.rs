//! Pools: charges of one provider, model, meter, tier and time, shared by the logged usage of the
//! same.

use std::collections::BTreeMap;

use super::giving::{Gift, Pile, emit, emit_cells, holder};
use super::ledger::Ledger;
use super::lines::Line;
use super::months::{self, MonthTotal};
use super::share::{By, Share};
use super::shelf::Shelf;
use super::split::split;
use super::topics::{Topic, Topics};
use super::weigh::{Covered, Measure, Scales, Weighed, users, weigh};
use super::{Attribution, Basis, CostFact, Holder, Options, Reason, Residual};
use crate::identity::PartyId;
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact};

/// Topic and time `[first, end)` in UTC days.
pub type PoolKey = (Topic, Day, Day);

/// The lines of a pool, those that name their customer apart.
#[derive(Debug, Default)]
pub struct Pool<'l, 'a> {
    /// Shared by usage.
    pub shared: Vec<&'l Line<'a>>,
    /// Named customers'.
    pub direct: Vec<&'l Line<'a>>,
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
    let topics = Topics::new(shelf, lines);
    let scales = Scales::new(shelf, lines, &topics, options);
    let (pools, mut rest) = pools(lines, &topics);
    for line in lines.iter().filter(|line| line.is_idle()) {
        let holder = Holder::Nobody(Reason::IdleCommitment);
        let gift = Gift::whole(line, holder);
        emit(shelf, gift, None, line.amount, ledger, sink);
    }
    let months = months::totals(&scales, &pools);
    months::note(&months, options, result);
    months::note_mixed(&pools, result);
    let mut pile = Pile::default();
    for (key, pool) in &pools {
        share_direct(shelf, key, pool, options, ledger, sink);
        let Some(first) = pool.shared.first() else {
            continue;
        };
        let Some(month) = months.get(&(key.0.clone(), first.day.month())) else {
            continue;
        };
        let sharing = Sharing::of(&scales, key, pool, month, options);
        match sharing {
            Found::Nothing => rest.extend(pool.shared.iter().copied()),
            Found::Unpriced => {
                let users = users(shelf, &key.0, (key.1, key.2));
                for line in &pool.shared {
                    let gift = Gift::whole(line, Holder::Nobody(Reason::UnpricedUsage));
                    emit(shelf, gift, None, line.amount, ledger, sink);
                    result.residuals.push(Residual {
                        day: line.day,
                        amount: line.amount,
                        users: users.clone(),
                    });
                }
            }
            Found::Sharing(sharing) => {
                for line in &pool.shared {
                    share_line(shelf, line, &sharing, &mut pile, ledger, result, sink);
                }
            }
        }
    }
    pile.give(ledger, sink);
    rest
}

/// Sorts lines into pools; items that are no meter match coarsely from the start.
fn pools<'l, 'a>(
    lines: &'l [Line<'a>],
    topics: &Topics<'_>,
) -> (BTreeMap<PoolKey, Pool<'l, 'a>>, Vec<&'l Line<'a>>) {
    let mut pools: BTreeMap<PoolKey, Pool<'l, 'a>> = BTreeMap::new();
    let mut rest = Vec::new();
    for line in lines {
        if line.direct.is_none() && !line.is_usage() {
            continue;
        }
        let key = (topics.of(line), line.first, line.end);
        match (line.direct, &line.charge.meter) {
            (Some(_), _) => pools.entry(key).or_default().direct.push(line),
            (None, ChargeMeter::Item(_)) => rest.push(line),
            (None, _) => pools.entry(key).or_default().shared.push(line),
        }
    }
    (pools, rest)
}

/// What there is to share a pool by.
enum Found<'s> {
    /// No usage.
    Nothing,
    /// Only prices could weigh it, and some usage has none.
    Unpriced,
    /// Usage.
    Sharing(Sharing<'s>),
}

/// How one pool is shared.
struct Sharing<'s> {
    measure: Measure,
    weighed: Weighed,
    /// The billed quantity or money that nothing in the log explains.
    gap: Exact,
    options: &'s Options,
}

impl<'s> Sharing<'s> {
    /// What weighs.
    fn by(&self) -> By<'static> {
        match self.measure {
            Measure::Quantity => By::Quantity,
            Measure::Money => By::Value,
            Measure::Tokens => By::Tokens,
        }
    }

    fn of(
        scales: &Scales<'_, '_>,
        (topic, first, end): &PoolKey,
        pool: &Pool<'_, '_>,
        month: &MonthTotal,
        options: &'s Options,
    ) -> Found<'s> {
        let days = (*first, *end);
        let mut measure = month.measure;
        let mut weighed = scales.weigh(topic, days, measure, &pool.direct);
        if weighed.unpriced {
            // Nothing weighs zero for want of a price.
            if !matches!(topic.meter, ChargeMeter::Is(_)) {
                return Found::Unpriced;
            }
            measure = Measure::Tokens;
            weighed = scales.weigh(topic, days, measure, &pool.direct);
        }
        if weighed.sum.is_zero() {
            return Found::Nothing;
        }
        let billed: Exact = match measure {
            Measure::Quantity => pool
                .shared
                .iter()
                .map(|line| line.quantity.unwrap_or_default())
                .sum(),
            _ => pool.shared.iter().map(|line| line.amount).sum(),
        };
        let gap = if measure == Measure::Tokens || month.is_explained(options) {
            Exact::ZERO
        } else {
            (billed - weighed.sum).max(Exact::ZERO)
        };
        Found::Sharing(Sharing {
            measure,
            weighed,
            gap,
            options,
        })
    }
}

fn share_line<'l, 'a>(
    shelf: &Shelf<'_>,
    line: &'l Line<'a>,
    sharing: &Sharing<'_>,
    pile: &mut Pile<'l, 'a>,
    ledger: &mut Ledger,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    let basis = match sharing.measure {
        Measure::Tokens => Basis::Allocated,
        _ => Basis::Metered,
    };
    // Most pools are many small whole numbers.
    let counted = sharing.weighed.counted.as_ref();
    let counted = counted.filter(|_| !sharing.options.spread_residual);
    if let Some(counted) = counted
        && let Some(shares) = counted.split(line.amount, sharing.gap)
    {
        let parts = counted.with(&shares);
        pile.add_short((line, basis, shares.places), parts, ledger, sink);
        let users = || counted.owners().filter_map(|(party, _)| party).collect();
        let left = shares.last();
        leave(shelf, (line, left, sharing), users, ledger, result, sink);
        return;
    }
    let owners = sharing.weighed.owners();
    let mut weights: Vec<Exact> = owners.iter().map(|owner| owner.weight).collect();
    weights.push(sharing.gap);
    let Some(parts) = split(line.amount, &weights) else {
        return;
    };
    let whole = weights.iter().sum();
    let share = |of: Exact, weight: Exact, whole: Exact| Share {
        by: sharing.by(),
        weight,
        whole,
        of,
    };
    let mut give = |of: Exact, whole: Exact, basis: Basis, parts: &[Exact]| {
        if !sharing.options.detail {
            let holders = owners.iter().map(|owner| owner.party);
            pile.add(
                line,
                basis,
                holders.zip(parts.iter().copied()),
                ledger,
                sink,
            );
            return;
        }
        for (owner, part) in owners.iter().zip(parts) {
            let cells = sharing.weighed.cells_of(owner);
            let gift = Gift {
                line,
                holder: holder(owner.party, basis),
                share: Some(&share(of, owner.weight, whole)),
            };
            emit_cells(shelf, gift, *part, cells, ledger, sink);
        }
    };
    give(line.amount, whole, basis, &parts);
    let left = parts[owners.len()];
    if sharing.options.spread_residual {
        if !left.is_zero()
            && let Some(spread) = split(left, &weights[..owners.len()])
        {
            give(left, sharing.weighed.sum, Basis::Allocated, &spread);
        }
        return;
    }
    let users = || owners.iter().filter_map(|owner| owner.party).collect();
    leave(shelf, (line, left, sharing), users, ledger, result, sink);
}

/// Leaves to nobody what of a line nothing in the log explains.
fn leave(
    shelf: &Shelf<'_>,
    (line, left, sharing): (&Line<'_>, Exact, &Sharing<'_>),
    users: impl FnOnce() -> Vec<PartyId>,
    ledger: &mut Ledger,
    result: &mut Attribution,
    sink: &mut dyn FnMut(&CostFact<'_>),
) {
    if left.is_zero() {
        return;
    }
    let reason = match sharing.measure {
        Measure::Quantity => Reason::UnloggedUsage,
        _ => Reason::UnloggedUsageOrPrice,
    };
    let gift = Gift {
        line,
        holder: Holder::Nobody(reason),
        share: Some(&Share {
            by: sharing.by(),
            weight: sharing.gap,
            whole: sharing.weighed.sum + sharing.gap,
            of: line.amount,
        }),
    };
    emit(shelf, gift, None, left, ledger, sink);
    result.residuals.push(Residual {
        day: line.day,
        amount: left,
        users: users(),
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
    let (topic, first, end) = key;
    let stated = pool.direct.iter().all(|line| line.quantity.is_some());
    let measure = match topic.meter {
        ChargeMeter::Is(_) if stated => Measure::Quantity,
        _ => Measure::Money,
    };
    let days = (*first, *end);
    // Who gets it is known; only what carries it is not.
    let weighed = options
        .detail
        .then(|| weigh(shelf, &Covered::default(), topic, days, measure, &[]));
    for line in &pool.direct {
        let Some(party) = line.direct else {
            continue;
        };
        let gift = Gift::whole(line, Holder::Party(party, Basis::Direct));
        let cells = weighed.as_ref().and_then(|weighed| {
            let own = weighed.of(party)?;
            Some(weighed.cells_of(own))
        });
        let cells = cells.unwrap_or_default();
        emit_cells(shelf, gift, line.amount, cells, ledger, sink);
    }
}
