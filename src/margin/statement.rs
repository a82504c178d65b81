//! The statement: rows with revenue, cost, bounds and verdicts, and what stands beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dimension::{Dimension, Filter, cuts};
use super::group::{GroupRow, Grouping, Sums};
use super::totals::{self, Totals};
use super::verdict::{Missing, Verdict};
use crate::attribution::{Attribution, BillTie, CostFact, Holder, Reason};
use crate::identity::{Identity, PartyId, PartyKind};
use crate::model::{Exact, Period, UsageCell};
use crate::revenue::{Coverage, RevenueBook, RevenueTie};

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// A customer, or a group that is not by customer.
    Customer,
    /// One of our own accounts.
    Internal,
    /// An id without a customer.
    Unmapped,
    /// Cost without a customer.
    Unattributed,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it stands for.
    pub kind: RowKind,
    /// Its labels, one per dimension.
    pub labels: Vec<Arc<str>>,
    /// Its party, where customers are a dimension.
    pub party: Option<PartyId>,
    /// The sums.
    pub sums: Sums,
    /// Revenue; `None` where a dimension has no revenue.
    pub revenue: Option<Exact>,
    /// What it cannot be judged by.
    pub missing: Missing,
    /// Flags such as `revenue_may_be_understated`.
    pub flags: Vec<&'static str>,
}

impl Row {
    /// Cost on every basis, the unattributed part included.
    pub fn cost(&self) -> Exact {
        self.sums.cost.iter().sum::<Exact>() + self.sums.unattributed
    }

    /// Revenue − cost.
    pub fn gross_profit(&self) -> Option<Exact> {
        Some(self.revenue? - self.cost())
    }

    /// Revenue − (direct + metered); never below the gross profit, which allocated credits may
    /// raise.
    pub fn best_case(&self) -> Option<Exact> {
        let certain = self.revenue? - self.sums.cost[0] - self.sums.cost[1];
        Some(certain.max(self.gross_profit()?))
    }

    /// Revenue less every cost and all residual of the pools used; never above the gross profit.
    pub fn worst_case(&self) -> Option<Exact> {
        let profit = self.gross_profit()?;
        Some((profit + self.sums.unattributed - self.sums.residual).min(profit))
    }

    /// What can be said for certain; nothing about cost without a customer.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.kind == RowKind::Unattributed {
            return None;
        }
        Some(Verdict::of(
            self.revenue?,
            self.best_case()?,
            self.worst_case()?,
            self.missing,
        ))
    }
}

/// Cost without a customer, by provider and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unattributed {
    /// Provider.
    pub provider: Option<String>,
    /// Why.
    pub reason: Reason,
    /// Amount.
    pub amount: Exact,
}

/// An id without a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Namespace.
    pub source: String,
    /// The id.
    pub id: String,
    /// Its revenue.
    pub revenue: Exact,
    /// Its cost.
    pub cost: Exact,
}

/// Everything a margin report says.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Period.
    pub period: Period,
    /// Dimensions of the rows.
    pub by: Vec<Dimension>,
    /// Whether rows carry revenue: every dimension and every filter has it.
    pub with_revenue: bool,
    /// Whether rows carry requests and quantities: no dimension and no filter is the basis, for one
    /// use may be billed on several.
    pub with_usage: bool,
    /// Rows with a customer, worst first.
    pub rows: Vec<Row>,
    /// Rows of cost without a customer: one, or one per month and the like.
    pub unattributed_rows: Vec<Row>,
    /// Cost without a customer, largest first.
    pub unattributed: Vec<Unattributed>,
    /// Ids without a customer, by money.
    pub unmapped: Vec<Unmapped>,
    /// Totals.
    pub totals: Totals,
    /// The bills' tie-out, usage without a price, and what else attribution found.
    pub attribution: Attribution,
    /// Tie-out of the revenue exports.
    pub revenue_ties: Vec<RevenueTie>,
}

/// What a statement is made of.
pub struct Inputs<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// The folded log.
    pub usage: &'a [UsageCell],
    /// Revenue.
    pub revenue: &'a RevenueBook,
    /// What the revenue export covers.
    pub coverage: &'a Coverage,
    /// Period.
    pub period: Period,
    /// Dimensions.
    pub by: &'a [Dimension],
    /// Filters; all must pass.
    pub filters: &'a [Filter],
}

/// Makes the statement. `attribute` must hand every cost fact to the function it is given and
/// return what attribution found besides.
pub fn state(
    inputs: &Inputs<'_>,
    attribute: impl FnOnce(&mut dyn FnMut(&CostFact<'_>)) -> Attribution,
) -> Statement {
    let with_revenue = inputs.by.iter().all(Dimension::has_revenue);
    let mut grouping = Grouping::new(inputs.by, inputs.filters, inputs.identity, inputs.period);
    let customer = [Dimension::Customer];
    // A table by customer is itself the one by party.
    let same = inputs.by == customer;
    let mut by_party = Grouping::new(&customer, inputs.filters, inputs.identity, inputs.period);
    let mut nobody: BTreeMap<(Option<String>, Reason), Exact> = BTreeMap::new();
    let keep_nobody = inputs.filters.is_empty();
    let by_basis = inputs.by.contains(&Dimension::Basis);
    let of_basis = |filter: &Filter| filter.dimension == Dimension::Basis;
    let usage_is_filtered = inputs.filters.iter().any(of_basis);
    let attribution = attribute(&mut |fact| {
        grouping.cost(fact);
        if !same {
            by_party.cost(fact);
        }
        if let Holder::Nobody(reason) = fact.holder
            && keep_nobody
        {
            let key = (fact.provider.map(str::to_string), reason);
            *nobody.entry(key).or_default() += fact.amount;
        }
    });
    for cell in inputs
        .usage
        .iter()
        .filter(|cell| !usage_is_filtered && inputs.period.contains(cell.day))
    {
        match by_basis {
            false => grouping.usage(cell),
            true => by_party.usage(cell),
        }
    }
    // Filters by time need revenue cut as finely as they ask.
    let asked = inputs.filters.iter().map(|filter| filter.dimension.clone());
    let asked: Vec<Dimension> = inputs.by.iter().cloned().chain(asked).collect();
    let days = cuts(&asked, inputs.period);
    let filters_have_revenue = inputs
        .filters
        .iter()
        .all(|filter| filter.dimension.has_revenue());
    if filters_have_revenue {
        inputs.revenue.facts(inputs.period, &days, &mut |fact| {
            if with_revenue {
                grouping.revenue(fact.party, fact.day, fact.amount);
            }
            if !same {
                by_party.revenue(fact.party, fact.day, fact.amount);
            }
        });
    }
    if with_revenue {
        for residual in &attribution.residuals {
            grouping.residual(residual.day, residual.amount, &residual.users);
        }
    }
    let with_revenue = with_revenue && filters_have_revenue;
    let grouped = grouping.finish();
    let others = by_party.finish();
    let parties = if same { &grouped } else { &others };
    let revenue: Exact = parties.iter().map(|(_, _, sums)| sums.revenue).sum();
    let revenue = filters_have_revenue.then_some(revenue);
    let counted = if by_basis { parties } else { &grouped };
    let usage = totals::usage(counted.iter().map(|(_, _, sums)| sums));
    let unmapped = unmapped(inputs.identity, parties);
    let mut rows = Vec::new();
    let mut unattributed_rows = Vec::new();
    let cost_is_known = reaches_customers(inputs, &attribution);
    for group in grouped {
        let mut row = row(inputs, group, with_revenue);
        row.missing.cost |= !cost_is_known;
        if row.kind == RowKind::Unattributed {
            unattributed_rows.push(row);
        } else if !is_empty(&row) {
            rows.push(row);
        }
    }
    let totals = Totals {
        revenue,
        usage: (!usage_is_filtered).then_some(usage),
        ..Totals::of(&rows, &unattributed_rows)
    };
    let revenue_ties = inputs.revenue.ties(inputs.period, inputs.identity);
    if inputs.filters.is_empty() {
        totals::check(&totals, &attribution, &revenue_ties);
    }
    // Rows by month or day read in the order of time; all others worst first.
    if !inputs.by.first().is_some_and(Dimension::is_time) {
        rows.sort_by_key(|row| {
            let cost = std::cmp::Reverse(row.cost());
            (row.gross_profit(), cost, row.labels.clone())
        });
    }
    let mut unattributed: Vec<Unattributed> = nobody
        .into_iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|((provider, reason), amount)| Unattributed {
            provider,
            reason,
            amount,
        })
        .collect();
    unattributed.sort_by_key(|entry| std::cmp::Reverse(entry.amount));
    Statement {
        period: inputs.period,
        by: inputs.by.to_vec(),
        with_revenue,
        with_usage: !by_basis && !usage_is_filtered,
        rows,
        unattributed_rows,
        unattributed,
        unmapped,
        totals,
        attribution,
        revenue_ties,
    }
}

/// Whether the statement needs cost facts with their usage cells.
pub fn needs_detail(by: &[Dimension], filters: &[Filter]) -> bool {
    let coarse = |dimension: &Dimension| {
        matches!(
            dimension,
            Dimension::Customer
                | Dimension::Month
                | Dimension::Attribute(_)
                | Dimension::Basis
                | Dimension::Provider
        )
    };
    !by.iter().all(coarse) || !filters.iter().all(|filter| coarse(&filter.dimension))
}

/// Whether anything in the period says which customers cause cost: usage, or a charge that reached
/// one other than by a shared cost's rule. Otherwise a cost of zero proves no profit.
fn reaches_customers(inputs: &Inputs<'_>, attribution: &Attribution) -> bool {
    let mut usage = inputs.usage.iter();
    let given = |tie: &BillTie| tie.direct.abs() + tie.metered.abs() + tie.allocated;
    let given: Exact = attribution.ties.iter().map(given).sum();
    let by_rule = attribution.shared.iter().filter(|tie| tie.billed);
    let by_rule: Exact = by_rule.map(|tie| tie.allocated).sum();
    usage.any(|cell| inputs.period.contains(cell.day)) || given != by_rule
}

fn row(inputs: &Inputs<'_>, (labels, nobody, sums): GroupRow, with_revenue: bool) -> Row {
    let customer = inputs.by.iter().position(|d| *d == Dimension::Customer);
    let party = customer.and_then(|at| inputs.identity.by_key(&labels[at]));
    let kind = if nobody {
        RowKind::Unattributed
    } else {
        match party.map(|party| &inputs.identity.party(party).kind) {
            Some(PartyKind::Internal) => RowKind::Internal,
            Some(PartyKind::Unmapped { .. }) => RowKind::Unmapped,
            _ => RowKind::Customer,
        }
    };
    let mut flags = Vec::new();
    if let Some(party) = party
        && inputs.coverage.understated.contains(&party)
    {
        flags.push("revenue_may_be_understated");
    }
    Row {
        kind,
        labels,
        party,
        // The other half of an id without a customer stands under another id.
        missing: Missing {
            cost: kind == RowKind::Unmapped,
            revenue: kind == RowKind::Unmapped,
        },
        revenue: with_revenue.then_some(sums.revenue),
        sums,
        flags,
    }
}

fn is_empty(row: &Row) -> bool {
    row.sums.revenue.is_zero()
        && row.cost().is_zero()
        && row.sums.cost.iter().all(Exact::is_zero)
        && row.sums.requests.is_zero()
        && row.sums.meters.is_empty()
}

fn unmapped(identity: &Identity, parties: &[GroupRow]) -> Vec<Unmapped> {
    let mut list: Vec<Unmapped> = parties
        .iter()
        .filter_map(|(labels, _, sums)| {
            let party = identity.party(identity.by_key(&labels[0])?);
            let PartyKind::Unmapped { namespace, id } = &party.kind else {
                return None;
            };
            let cost = sums.cost.iter().sum();
            Some(Unmapped {
                source: namespace.clone(),
                id: id.clone(),
                revenue: sums.revenue,
                cost,
            })
        })
        .collect();
    list.sort_by(|a, b| {
        let money = |u: &Unmapped| u.revenue.abs() + u.cost.abs();
        money(b)
            .cmp(&money(a))
            .then_with(|| (&a.source, &a.id).cmp(&(&b.source, &b.id)))
    });
    list
}
