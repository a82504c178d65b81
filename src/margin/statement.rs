//! The statement: rows with revenue, cost, bounds and verdicts, and what stands beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::dimension::{Dimension, Filter};
use super::group::{GroupRow, Grouping};
use super::party;
use super::row::{Row, RowKind};
use super::totals::{self, Totals};
use crate::attribution::{Attribution, Basis, BillTie, CostFact, Holder, Reason};
use crate::identity::{Identity, PartyKind};
use crate::model::{Exact, Month, Period, UsageCell};
use crate::revenue::contracts::Contract;
use crate::revenue::{Coverage, Deferred, RevenueBook, RevenueTie};

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
    /// Deferred revenue at the end of the period, where revenue is recognized.
    pub deferred: Option<Deferred>,
    /// What subscriptions agree on; empty unless asked for.
    pub contracts: Vec<Contract>,
}

impl Statement {
    /// Deferred less unbilled revenue of a row's customer at the end of the period; `None` where it
    /// is not known, or where a customer has other rows too.
    pub fn deferred_of(&self, row: &Row) -> Option<Exact> {
        let party = row.party.filter(|_| self.by == [Dimension::Customer])?;
        let of = &self.deferred.as_ref()?.by_party;
        Some(of.get(&party).copied().unwrap_or_default())
    }

    /// What a provider billed in the period, whatever the filters; bills that do not say are
    /// `unstated`.
    pub fn billed(&self, provider: &str) -> Exact {
        let ties = self.attribution.ties.iter();
        ties.filter(|tie| tie.provider.as_deref().unwrap_or("unstated") == provider)
            .map(|tie| tie.billed)
            .sum()
    }

    /// Revenue of the period in all exports, whatever the filters.
    pub fn earned(&self) -> Exact {
        let ties = self.revenue_ties.iter();
        ties.map(|tie| tie.customers + tie.unmapped + tie.internal)
            .sum()
    }
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
    let of_parties = || Grouping::new(&customer, inputs.filters, inputs.identity, inputs.period);
    let mut by_party = (!same).then(of_parties);
    let mut nobody: BTreeMap<(Option<String>, Reason), Exact> = BTreeMap::new();
    let keep_nobody = inputs.filters.is_empty();
    let by_basis = inputs.by.contains(&Dimension::Basis);
    let of_basis = |filter: &Filter| filter.dimension == Dimension::Basis;
    let usage_is_filtered = inputs.filters.iter().any(of_basis);
    let mut reached = Reached::default();
    let attribution = attribute(&mut |fact| {
        reached.take(fact);
        grouping.cost(fact);
        if let Some(by_party) = &mut by_party {
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
        match &mut by_party {
            Some(by_party) if by_basis => by_party.usage(cell),
            _ => grouping.usage(cell),
        }
    }
    // Filters need revenue cut as finely as they ask.
    let asked = asked_for(inputs.by, inputs.filters);
    let cuts = party::all_cuts(inputs.identity, &asked, inputs.period);
    let filters_have_revenue = inputs
        .filters
        .iter()
        .all(|filter| filter.dimension.has_revenue());
    if filters_have_revenue {
        inputs.revenue.facts(inputs.period, &cuts, &mut |fact| {
            if with_revenue {
                grouping.revenue(fact);
            }
            if let Some(by_party) = &mut by_party {
                by_party.revenue(fact);
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
    let others = by_party.map(Grouping::finish);
    let parties = others.as_ref().unwrap_or(&grouped);
    let revenue: Exact = parties.iter().map(|(_, _, sums)| sums.revenue).sum();
    let revenue = filters_have_revenue.then_some(revenue);
    let counted = if by_basis { parties } else { &grouped };
    let usage = totals::usage(counted.iter().map(|(_, _, sums)| sums));
    let unmapped = unmapped(inputs.identity, parties);
    let mut rows = Vec::new();
    let mut unattributed_rows = Vec::new();
    let known = reached.months(inputs, &attribution);
    for group in grouped {
        let mut row = row(inputs, group, with_revenue);
        row.cost_is_known = row.period.months().all(|month| known.contains(&month));
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
        // They are in the order of their labels, which breaks ties.
        rows.sort_by_cached_key(|row| (row.gross_profit(), std::cmp::Reverse(row.cost())));
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
        deferred: inputs.revenue.deferred(inputs.period),
        contracts: Vec::new(),
    }
}

/// The dimensions that rows or filters ask for.
fn asked_for(by: &[Dimension], filters: &[Filter]) -> Vec<Dimension> {
    let filtered = filters.iter().map(|filter| filter.dimension.clone());
    by.iter().cloned().chain(filtered).collect()
}

/// Whether the statement needs cost facts with their usage cells.
pub fn needs_detail(
    identity: &Identity,
    period: Period,
    by: &[Dimension],
    filters: &[Filter],
) -> bool {
    let asked = asked_for(by, filters);
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
    // Where an attribute changes, the day of the usage decides.
    !asked.iter().all(coarse) || party::some_change(identity, &asked, period)
}

/// The months in which cost reached a customer.
#[derive(Debug, Default)]
struct Reached {
    surely: BTreeSet<Month>,
    allocated: BTreeSet<Month>,
}

impl Reached {
    fn take(&mut self, fact: &CostFact<'_>) {
        if let Holder::Party(_, basis) = fact.holder {
            match basis {
                Basis::Allocated => self.allocated.insert(fact.day.month()),
                _ => self.surely.insert(fact.day.month()),
            };
        }
    }

    /// The months in which something says which customers cause cost: usage, or a charge that
    /// reached one other than by a shared cost's rule. Elsewhere a cost of zero proves no profit.
    fn months(self, inputs: &Inputs<'_>, attribution: &Attribution) -> BTreeSet<Month> {
        let given = |tie: &BillTie| tie.direct.abs() + tie.metered.abs() + tie.allocated;
        let given: Exact = attribution.ties.iter().map(given).sum();
        let by_rule = attribution.shared.iter().filter(|tie| tie.billed);
        let by_rule: Exact = by_rule.map(|tie| tie.allocated).sum();
        let mut months = self.surely;
        if given != by_rule {
            months.extend(self.allocated);
        }
        // Cells of a day stand together.
        let days = inputs.usage.chunk_by(|a, b| a.day == b.day);
        let days = days.map(|cells| cells[0].day);
        months.extend(
            days.filter(|day| inputs.period.contains(*day))
                .map(|day| day.month()),
        );
        months
    }
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
    let days = inputs.by.iter().zip(&labels);
    let days = days.filter_map(|(dimension, label)| dimension.days_of(label));
    let period = days.fold(inputs.period, |all, days| Period {
        start: all.start.max(days.start),
        end: all.end.min(days.end),
    });
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
        period,
        cost_is_known: true,
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
