//! Many values at once of a lever that charges, or that divides amounts of cost.
//!
//! Such a value moves single amounts, each by itself. What they are made of is worked out once; a
//! value then costs one formula for each of them, in whole numbers and on every core. The rule that
//! must hold: every number equals that of the whole simulation at that value, to the last digit.

use std::collections::BTreeMap;

use super::break_even::{Profits, evenly};
use super::curve::Point;
use super::formula::{Formula, Whole};
use super::knob::Knob;
use super::lever::Scenario;
use super::moving::{Amount, moving};
use super::outcome::Outcome;
use super::plan::Unresolved;
use super::scenario::World;
use crate::identity::{PartyId, PartyKind};
use crate::margin::RowKind;
use crate::model::Exact;

/// Amounts of more decimals are left to the whole simulation.
const FINEST: u8 = 28;

/// Whoever has amounts that the knob moves; `None` for nobody.
#[derive(Clone, Copy, Debug)]
struct Holder {
    /// Where its amounts end; they begin where those of the holder before it end.
    end: usize,
    /// Gross profit without these amounts; `None` for those whose losses are not counted.
    rest: Option<i128>,
    /// Whether it is one of the re-priced customers.
    member: bool,
    /// Whether it is one of the knob's own plan.
    own: bool,
}

/// Sums at one value.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Revenue and cost: of all, of the re-priced customers, of the plan's own.
    sides: [(i128, i128); 3],
    losing: u64,
}

/// A scenario in which one value varies.
#[derive(Debug)]
pub struct Sheet {
    holders: Vec<Holder>,
    /// The amounts of all holders, and whether each is a cost.
    amounts: Vec<(bool, Whole)>,
    value_places: u8,
    scale: u8,
    /// What does not move.
    rest: [(Exact, Exact); 3],
    losing: u64,
    now: Profits,
    some: bool,
}

impl Sheet {
    /// The sheet of a scenario for values of up to `value_places` decimals; `None` where the knob
    /// moves more than single amounts. `base` is what the scenario itself comes to.
    ///
    /// # Errors
    /// As for the simulation.
    pub fn of(
        world: World<'_>,
        scenario: &Scenario,
        knob: Knob,
        base: &Outcome,
        value_places: u8,
    ) -> Result<Option<Sheet>, Unresolved> {
        let world = world.without_views();
        let Some(value) = knob.value(scenario) else {
            return Ok(None);
        };
        let Some(amounts) = moving(world, scenario, knob)? else {
            return Ok(None);
        };
        let most = amounts.iter().filter_map(|amount| amount.formula.most);
        let finest = most.map(|most| most.places()).max().unwrap_or_default();
        let value_places = value_places.max(finest).max(value.places());
        let plan = knob.plan();
        let mut of_party: BTreeMap<Option<PartyId>, Vec<(bool, Formula)>> = BTreeMap::new();
        for Amount {
            party,
            cost,
            formula,
        } in &amounts
        {
            of_party.entry(*party).or_default().push((*cost, *formula));
        }
        let profits = base.rows.iter().filter_map(|row| row.then.gross_profit());
        let scales = amounts
            .iter()
            .map(|amount| amount.formula.scale(value_places));
        let scale = scales.chain(profits.map(|profit| profit.places())).max();
        let scale = scale.unwrap_or_default();
        if scale > FINEST {
            return Ok(None);
        }
        let mut making = Making {
            sheet: Sheet {
                holders: Vec::new(),
                amounts: Vec::new(),
                value_places,
                scale,
                rest: [
                    (base.revenue.1, base.cost.1),
                    Default::default(),
                    Default::default(),
                ],
                losing: 0,
                now: Profits {
                    all: base.revenue.0 - base.cost.0,
                    members: Exact::ZERO,
                },
                some: false,
            },
            value,
        };
        for row in &base.rows {
            let counts = row.now.kind == RowKind::Customer;
            let member = row.repriced && counts;
            let own = plan.is_some_and(|plan| base.is_of_plan(plan, row));
            let then = (row.then.revenue.unwrap_or_default(), row.then.cost());
            for (is, at) in [(member, 1), (own, 2)] {
                if is {
                    let sides = &mut making.sheet.rest[at];
                    *sides = (sides.0 + then.0, sides.1 + then.1);
                }
            }
            if member {
                making.sheet.some = true;
                making.sheet.now.members += row.now.gross_profit().unwrap_or_default();
            }
            let profit = then.0 - then.1;
            let Some(amounts) = row
                .now
                .party
                .and_then(|party| of_party.remove(&Some(party)))
            else {
                making.sheet.losing += u64::from(counts && profit.is_negative());
                continue;
            };
            if making
                .take(&amounts, counts.then_some(profit), member, own)
                .is_none()
            {
                return Ok(None);
            }
        }
        // Customers of whom the report knows nothing are rows only where they owe something. Without
        // cost they lose nothing.
        let mut unseen = false;
        for (party, amounts) in of_party {
            let kind = party.map(|party| &world.identity.party(party).kind);
            let member = matches!(kind, Some(PartyKind::Customer)) && plan.is_some();
            unseen |= member;
            if making.take(&amounts, None, member, member).is_none() {
                return Ok(None);
            }
        }
        // Whether anybody is re-priced must not depend on who owes something.
        let sheet = making.sheet;
        Ok(Some(sheet).filter(|sheet| sheet.some || !unseen))
    }

    /// Everything at each value; `None` where a number does not fit.
    pub fn points(&self, values: &[Exact]) -> Option<Vec<Point>> {
        let units = values
            .iter()
            .map(|value| value.units_i128(self.value_places));
        let units = units.map(|units| i64::try_from(units?).ok());
        let units: Vec<i64> = units.collect::<Option<_>>()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let size = self.holders.len().div_ceil(cores).max(1);
        let starts: Vec<usize> = (0..self.holders.len()).step_by(size).collect();
        let parts = std::thread::scope(|scope| {
            let threads = starts.iter().map(|start| {
                let end = (start + size).min(self.holders.len());
                let units = &units;
                scope.spawn(move || self.sums(*start, end, units))
            });
            let threads: Vec<_> = threads.collect();
            let parts = threads.into_iter().map(|thread| thread.join());
            parts.collect::<Result<Vec<_>, _>>()
        });
        let parts = parts.unwrap_or_else(|why| std::panic::resume_unwind(why));
        let mut sums = vec![Sums::default(); values.len()];
        for part in parts {
            for (sum, own) in sums.iter_mut().zip(part?) {
                sum.join(&own)?;
            }
        }
        Some(sums.iter().map(|sums| self.point(sums)).collect())
    }

    /// The sums of some holders at each value.
    fn sums(&self, start: usize, end: usize, units: &[i64]) -> Option<Vec<Sums>> {
        let mut sums = vec![Sums::default(); units.len()];
        let mut first = match start {
            0 => 0,
            start => self.holders[start - 1].end,
        };
        for holder in &self.holders[start..end] {
            let amounts = &self.amounts[first..holder.end];
            first = holder.end;
            for (sum, value) in sums.iter_mut().zip(units) {
                let (revenue, cost) = sides(amounts, *value)?;
                for (is, sides) in [true, holder.member, holder.own].iter().zip(&mut sum.sides) {
                    if *is {
                        sides.0 = sides.0.checked_add(revenue)?;
                        sides.1 = sides.1.checked_add(cost)?;
                    }
                }
                if let Some(rest) = holder.rest {
                    let profit = rest.checked_add(revenue)?.checked_sub(cost)?;
                    sum.losing += u64::from(profit < 0);
                }
            }
        }
        Some(sums)
    }

    fn point(&self, sums: &Sums) -> Point {
        let exact = |at: usize| {
            let (revenue, cost) = sums.sides[at];
            let (fixed_revenue, fixed_cost) = self.rest[at];
            (
                fixed_revenue + Exact::new(revenue, self.scale),
                fixed_cost + Exact::new(cost, self.scale),
            )
        };
        let (all, members, own) = (exact(0), exact(1), exact(2));
        let then = Profits {
            all: all.0 - all.1,
            members: members.0 - members.1,
        };
        Point {
            revenue: all.0,
            cost: all.1,
            own_revenue: own.0,
            own_cost: own.1,
            losing: self.losing + sums.losing,
            break_even: self.some.then(|| evenly(self.now, then)),
        }
    }
}

/// Revenue and cost of some amounts.
#[inline]
fn sides(amounts: &[(bool, Whole)], value: i64) -> Option<(i128, i128)> {
    let mut sides = (0i128, 0i128);
    for (is_cost, whole) in amounts {
        let side = match is_cost {
            true => &mut sides.1,
            false => &mut sides.0,
        };
        *side = side.checked_add(whole.at(value)?)?;
    }
    Some(sides)
}

impl Sums {
    fn join(&mut self, other: &Sums) -> Option<()> {
        for (own, more) in self.sides.iter_mut().zip(&other.sides) {
            own.0 = own.0.checked_add(more.0)?;
            own.1 = own.1.checked_add(more.1)?;
        }
        self.losing += other.losing;
        Some(())
    }
}

/// A sheet in the making, and the value at which the base was worked out.
struct Making {
    sheet: Sheet,
    value: Exact,
}

impl Making {
    /// Takes a holder whose amounts are in the base; `None` where something does not fit.
    fn take(
        &mut self,
        amounts: &[(bool, Formula)],
        profit: Option<Exact>,
        member: bool,
        own: bool,
    ) -> Option<()> {
        let sheet = &mut self.sheet;
        let first = sheet.amounts.len();
        for (is_cost, formula) in amounts {
            let whole = Whole::of(formula, sheet.value_places, sheet.scale)?;
            sheet.amounts.push((*is_cost, whole));
        }
        let value = i64::try_from(self.value.units_i128(sheet.value_places)?).ok()?;
        let (revenue, cost) = sides(&sheet.amounts[first..], value)?;
        let base = (
            Exact::new(revenue, sheet.scale),
            Exact::new(cost, sheet.scale),
        );
        for (is, rest) in [true, member, own].into_iter().zip(&mut sheet.rest) {
            if is {
                *rest = (rest.0 - base.0, rest.1 - base.1);
            }
        }
        let rest = match profit {
            Some(profit) => Some(profit.units_i128(sheet.scale)? - revenue + cost),
            None => None,
        };
        sheet.holders.push(Holder {
            end: sheet.amounts.len(),
            rest,
            member,
            own,
        });
        Some(())
    }
}
