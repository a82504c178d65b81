//! What a simulation says in words: the verdict in one line, and the lines below the table.

use super::grid::note_lines;
use crate::identity::Identity;
use crate::margin::RowKind;
use crate::model::{Currency, Exact};
use crate::problem::catalogue;
use crate::report::figures::{grouped, percent};
use crate::report::margin::Header;
use crate::simulate::{Answer, BreakEven, By, Found, Goal, Group, Outcome, OutcomeRow, Question};

/// More customers than this are counted, not named.
const NAMED: usize = 12;

/// The lines below the table.
pub fn footer(outcome: &Outcome, identity: &Identity, header: &Header) -> Vec<String> {
    let places = header.currency.decimals();
    let money = |amount: Exact| grouped(&amount.to_fixed(places));
    let mut lines = Vec::new();
    lines.push(verdict(outcome, &money));
    let names = |rows: &[usize]| {
        let name = |at: &usize| {
            let row = &outcome.rows[*at].now;
            let party = row.party.map(|party| identity.party(party));
            party.map_or(String::new(), |party| {
                party.name.clone().unwrap_or_else(|| party.key.clone())
            })
        };
        let mut text = rows
            .iter()
            .take(NAMED)
            .map(name)
            .collect::<Vec<_>>()
            .join(", ");
        if rows.len() > NAMED {
            text.push_str(&format!(" and {} more", rows.len() - NAMED));
        }
        text
    };
    // What was not found is told by a warning, in every format.
    let found = outcome.solved.iter();
    let found = found.filter(|answer| !matches!(answer.found, Found::NoneUpTo(_)));
    lines.extend(found.map(|answer| solved(answer, header.currency)));
    lines.extend(leaving(outcome, &money));
    if let Some(elasticity) = outcome.break_even.as_ref().and_then(BreakEven::elasticity) {
        lines.push(format!(
            "It pays as long as the elasticity is above {}.",
            grouped(&elasticity.round(2).to_string())
        ));
    }
    if !outcome.into_profit.is_empty() {
        lines.push(format!(
            "No longer at a loss: {}.",
            names(&outcome.into_profit)
        ));
    }
    if !outcome.into_loss.is_empty() {
        lines.push(format!("Newly at a loss: {}.", names(&outcome.into_loss)));
    }
    let losing = |row: &&OutcomeRow| {
        row.repriced
            && row.now.kind == RowKind::Customer
            && row
                .then
                .gross_profit()
                .is_some_and(|profit| profit.is_negative())
    };
    let still = outcome.rows.iter().filter(losing).count();
    if still > 0 {
        lines.push(format!("Still at a loss on the re-priced plans: {still}."));
    }
    if let Some((p50, p95, max)) = outcome.invoice_shock {
        let text = [p50, p95, max].map(money);
        lines.push(format!(
            "Invoice change: median {}, 95th percentile {}, largest {}.",
            text[0], text[1], text[2]
        ));
    }
    for (name, groups) in &outcome.groups {
        lines.extend(by_group(name, groups, &money));
    }
    lines.extend(note_lines(header));
    lines
}

/// What is left at the elasticity that was asked for, in one sentence.
pub fn leaving(outcome: &Outcome, money: &dyn Fn(Exact) -> String) -> Option<String> {
    let (elasticity, leaving) = outcome.leaving.as_ref()?;
    let (direction, gain) = match leaving.gain.is_negative() {
        true => ("loses", leaving.gain.abs()),
        false => ("adds", leaving.gain),
    };
    Some(format!(
        "At an elasticity of {} {} of the re-priced customers leave, and this {direction} {} of gross profit.",
        grouped(&elasticity.to_string()),
        percent(&leaving.share),
        money(gain)
    ))
}

/// What was solved for, in one sentence.
pub fn solved(answer: &Answer, currency: Currency) -> String {
    let Question { plan, goal, by, .. } = &answer.question;
    let goal = match goal {
        Goal::Margin(margin) => format!("a margin of {}%", margin.shift(2)),
        Goal::Profit(profit) => format!("a gross profit of {profit} {currency}"),
    };
    let what = match by {
        By::Price => "price per month".to_string(),
        By::Overage => "overage price".to_string(),
        By::Cap(measure) => format!("cap on {}", measure.name()),
    };
    let which = match by {
        By::Cap(_) => "largest",
        _ => "least",
    };
    match answer.found {
        Found::Value(value) => format!(
            "The {which} {what} of {plan} that reaches {goal} is {value}, in steps of {}.",
            answer.step
        ),
        Found::NotNeeded => format!("No {what} of {plan} is needed for {goal}."),
        Found::NoneUpTo(limit) => match by {
            By::Cap(_) => format!("No {what} of {plan} is enough for {goal}."),
            _ => format!("No {what} of {plan} up to {limit} reaches {goal}."),
        },
    }
}

/// The groups of a dimension that change, in one line; nothing where there is only one group.
fn by_group(name: &str, groups: &[Group], money: &dyn Fn(Exact) -> String) -> Option<String> {
    if groups.len() < 2 {
        return None;
    }
    let profit = |(revenue, cost): (Exact, Exact)| revenue - cost;
    let changed = groups.iter().filter(|group| group.now != group.then);
    let each = changed.map(|group| {
        let (now, then) = (profit(group.now), profit(group.then));
        format!("{} {} → {}", group.label, money(now), money(then))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("Gross profit by {name}: {}.", each.join(", ")))
}

/// What the change does, in one sentence.
pub fn verdict(outcome: &Outcome, money: &dyn Fn(Exact) -> String) -> String {
    let difference = (outcome.revenue.1 - outcome.cost.1) - (outcome.revenue.0 - outcome.cost.0);
    let direction = if difference.is_negative() {
        "loses"
    } else {
        "adds"
    };
    let text = format!(
        "If nobody leaves, this {direction} {} of gross profit",
        money(difference.abs())
    );
    if difference.is_zero() {
        return match outcome.no_effect.is_empty() {
            true => "Nothing changes in total.".to_string(),
            false => format!(
                "Nothing changes, see warning {}.",
                catalogue::NO_EFFECT.code
            ),
        };
    }
    let Some(even) = &outcome.break_even else {
        return format!("{}.", text.replace("If nobody leaves, this", "This"));
    };
    if difference.is_negative() {
        return match even.pays_without_losers {
            true => format!("{text}; it would pay only if re-priced customers at a loss left"),
            false => format!("{text}; no churn can make up for it"),
        } + ".";
    }
    format!("{text}; {}.", churn(even))
}

/// How many may leave, as the second half of a sentence. With the most profitable first every
/// number of leavers leaves the least that this number can leave, so only that order can promise
/// that it does not matter who goes.
fn churn(even: &BreakEven) -> String {
    let first = percent(&even.most_profitable_first);
    let (they, reason) = match even.profit.0.is_positive() {
        false => (
            "together the re-priced customers bring no gross profit now",
            "together they bring no gross profit now",
        ),
        true => (
            "the rest of the change brings as much as the re-priced customers do now",
            "the rest of the change brings as much as they do now",
        ),
    };
    if even.most_profitable_first == Exact::ONE {
        return format!(
            "whoever of the re-priced customers leaves, it would not be worse than now, since {reason}"
        );
    }
    let mut text = if even.proportional == Exact::ONE {
        format!(
            "{they}, so it pays however many leave evenly or those at a loss first, but stops paying if more than {first} leave and the most profitable go first"
        )
    } else {
        format!(
            "it stops paying if more than {} of the re-priced customers leave ({first} if the most profitable leave first, {} if those at a loss do)",
            percent(&even.proportional),
            percent(&even.loss_makers_first)
        )
    };
    if let Some(revenue) = &even.revenue {
        text.push_str("; counting revenue alone would say ");
        text.push_str(&percent(revenue));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_leave_only_if_every_order_says_so() {
        let of = |first: u64, proportional: u64| {
            churn(&BreakEven {
                revenue: None,
                most_profitable_first: Exact::new(first.into(), 2),
                proportional: Exact::new(proportional.into(), 2),
                loss_makers_first: Exact::ONE,
                dearer: Vec::new(),
                customers: (2, 2),
                profit: (Exact::ZERO, Exact::ZERO),
                others: Exact::ZERO,
                pays_without_losers: true,
            })
        };
        assert!(of(100, 100).starts_with("whoever of the re-priced customers leaves"));
        let mixed = of(0, 100);
        assert!(
            mixed.ends_with("stops paying if more than 0% leave and the most profitable go first")
        );
        assert!(of(20, 25).starts_with("it stops paying if more than 25% of"));
    }
}
