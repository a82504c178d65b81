//! Questions on the command line: `--solve`, `--cheapest`, `--elasticity`, `--backtest`.

use super::bad_option::bad;
use super::project::percent;
use crate::model::{Day, Exact};
use crate::problem::Problem;
use crate::simulate::{By, Goal, Measure, Question};

/// `pro: margin=70%`, `pro: gross_profit=5000`, with `by overage` or `by cap requests` behind it.
///
/// # Errors
/// A text that is not understood.
pub fn question(option: &str, text: &str) -> Result<Question, Problem> {
    let help = format!(
        "write {option} 'pro: margin=70%', 'pro: gross_profit=5000', 'pro: margin=70% by overage' or 'pro: margin=70% by cap requests'"
    );
    let bad = |why: &str| bad(option, text, why, &help);
    let (plan, rest) = text
        .rsplit_once(':')
        .ok_or_else(|| bad("no colon behind the plan"))?;
    let plan = plan.trim();
    if plan.is_empty() {
        return Err(bad("no plan before the colon"));
    }
    let (goal, by) = rest.split_once(" by ").unwrap_or((rest, "price"));
    let (name, value) = goal
        .split_once('=')
        .ok_or_else(|| bad("no goal such as margin=70%"))?;
    let value = value.trim();
    let goal = match name.trim() {
        "margin" => {
            let ratio = percent(value).filter(|_| value.ends_with('%'));
            let ratio = ratio.filter(|ratio| *ratio < Exact::ONE);
            Goal::Margin(ratio.ok_or_else(|| bad("a margin is a percentage below 100%"))?)
        }
        "gross_profit" => {
            let profit = Exact::parse(value).map_err(|why| bad(&why.reason()))?;
            Goal::Profit(profit)
        }
        other => return Err(bad(&format!("{other:?} is no goal"))),
    };
    let by = match by.trim() {
        "price" => By::Price,
        "overage" => By::Overage,
        other => match other.strip_prefix("cap ") {
            Some(meter) => By::Cap(Measure::named(meter.trim())),
            None => return Err(bad(&format!("{other:?} is no lever to solve for"))),
        },
    };
    Ok(Question {
        text: text.to_string(),
        plan: plan.to_string(),
        goal,
        by,
    })
}

/// The relative change of customers for a relative change of the price: `-0.5`.
///
/// # Errors
/// A number above zero, or no number.
pub fn elasticity(text: &str) -> Result<Exact, Problem> {
    let help =
        "write --elasticity -0.5: a price that rises by 10 % then loses 5 % of the customers";
    let bad = |why: &str| bad("--elasticity", text, why, help);
    let number = Exact::parse(text.trim()).map_err(|why| bad(&why.reason()))?;
    match number.is_positive() {
        true => Err(bad("it is above 0, so dearer plans would win customers")),
        false => Ok(number),
    }
}

/// The first day of the month in which a change came into force.
///
/// # Errors
/// Another day, or none.
pub fn change_day(text: &str) -> Result<Day, Problem> {
    let help =
        "write the first day of the month in which the new price held: --backtest 2026-10-01";
    let bad = |why: &str| bad("--backtest", text, why, help);
    let day = Day::parse(text).ok_or_else(|| bad("it is no date"))?;
    match day == day.month().first_day() {
        true => Ok(day),
        false => Err(bad(
            "it is not the first day of a month, and half months cannot be compared",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read() {
        let of = |text| question("--solve", text).unwrap();
        let margin = of("Pro: plan: margin=70%");
        assert_eq!(margin.plan, "Pro: plan");
        assert_eq!(margin.goal, Goal::Margin(Exact::new(7, 1)));
        assert_eq!(margin.by, By::Price);
        assert_eq!(of("pro: gross_profit=-5 by overage").by, By::Overage);
        let cap = of("pro: margin=5% by cap tokens");
        assert_eq!(cap.by, By::Cap(Measure::Tokens));
        for text in [
            "margin=7%",
            "pro: margin=0.7",
            "pro: margin=100%",
            "pro: profit=1",
            "pro: margin=1% by luck",
            ": margin=1%",
        ] {
            assert!(question("--solve", text).is_err(), "{text}");
        }
        assert!(elasticity("0.5").is_err());
        assert_eq!(elasticity("-0.5").unwrap(), Exact::new(-5, 1));
        assert!(change_day("2026-10-02").is_err());
    }
}
