//! The deal and the question of `tanso quote`, out of its options.

use super::bad_option::bad;
use super::percent::percent;
use super::quote_args::QuoteArgs;
use crate::model::Exact;
use crate::problem::{Problem, Problems, catalogue};
use crate::quote::{Choices, Deal, LONGEST};

/// Fewer contracts tell too little of a 95th percentile, more take too much memory.
const DRAWS: std::ops::RangeInclusive<usize> = 500..=100_000;

/// Reads the deal and the question; `places` are the decimals of the currency's minor unit, which the
/// reader fills in once the currency is known.
///
/// # Errors
/// Every option that is not understood or does not go with the others.
pub fn read(args: &QuoteArgs) -> Result<(Deal, Choices), Problems> {
    let mut problems = Problems::default();
    let deal = deal(args, &mut problems);
    let choices = choices(args, &mut problems);
    match problems.is_empty() {
        true => Ok((deal, choices)),
        false => Err(problems),
    }
}

fn deal(args: &QuoteArgs, problems: &mut Problems) -> Deal {
    let price = price(&args.price).unwrap_or_else(|problem| {
        problems.push(problem);
        Price::default()
    });
    let seats = args.seats.as_ref().map(|text| {
        let number = Exact::parse(text.trim()).ok();
        let number = number.filter(|seats| seats.is_positive() && seats.is_integer());
        number.unwrap_or_else(|| {
            let help = "write how many seats the deal has: --seats 400";
            problems.push(bad("--seats", text, "it is no number above 0", help));
            Exact::ONE
        })
    });
    if price.per_seat && seats.is_none() {
        let message = "a price per seat needs the number of seats";
        problems.push(
            Problem::new(&catalogue::BAD_OPTION, message)
                .excerpt(&args.price)
                .help("add --seats 400, or quote the whole customer: --price 20000/month"),
        );
    }
    if seats.is_some() && !args.price.contains('/') {
        let message = "a price beside --seats must say what it is for";
        problems.push(
            Problem::new(&catalogue::BAD_OPTION, message)
                .excerpt(&args.price)
                .help("write --price 60/seat/month, or --price 20000/month for all seats together"),
        );
    }
    // A price for all seats together is a price per seat times their number, so it is kept as one
    // only where the deal has no seats.
    let whole = seats.filter(|_| !price.per_seat);
    let discount = args.discount.as_ref().map(|text| {
        let help = "write a percentage from 0% to 100%: --discount 30%";
        ratio("--discount", text, Exact::ZERO, Exact::ONE, help, problems)
    });
    if args.term == 0 || args.term > LONGEST {
        let help = format!("write 1 to {LONGEST} months: --term 12");
        let text = args.term.to_string();
        problems.push(bad("--term", &text, "no such number of months", &help));
    } else if !args.term.is_multiple_of(price.interval) {
        let help = "write a term of 12, 24 or 36 months, or a price per month";
        let why = "a price per year needs a term of whole years";
        problems.push(bad("--term", &args.term.to_string(), why, help));
    }
    Deal {
        seats,
        whole_price: whole.is_some(),
        price: price.amount,
        interval: price.interval,
        discount: discount.unwrap_or_default(),
        term: args.term,
    }
}

fn choices(args: &QuoteArgs, problems: &mut Problems) -> Choices {
    let hundredth = Exact::new(1, 2);
    let floor = args.floor.as_ref().map(|text| {
        let help = "write a margin below 100%: --floor 60%";
        let most = Exact::ONE - hundredth;
        ratio("--floor", text, Exact::ZERO, most, help, problems)
    });
    let confidence = args.confidence.as_ref().map(|text| {
        let help = "write a percentage from 50% to 99%: --confidence 90%";
        let (least, most) = (Exact::new(5, 1), Exact::new(99, 2));
        ratio("--confidence", text, least, most, help, problems)
    });
    let growth = args.growth.as_ref().map(|text| {
        let help = "write the growth per month, from -50% to 50%: --growth 2%";
        let half = Exact::new(5, 1);
        ratio("--growth", text, -half, half, help, problems)
    });
    if !DRAWS.contains(&args.draws) {
        let help = format!("write {} to {}: --draws 10000", DRAWS.start(), DRAWS.end());
        let text = args.draws.to_string();
        problems.push(bad("--draws", &text, "no such number of contracts", &help));
    }
    Choices {
        floor: floor.unwrap_or_default(),
        confidence: confidence.unwrap_or(Exact::new(95, 2)),
        growth,
        draws: args.draws,
        seed: args.seed,
        places: 2,
    }
}

/// A percentage between two ratios, both included.
fn ratio(
    option: &str,
    text: &str,
    least: Exact,
    most: Exact,
    help: &str,
    problems: &mut Problems,
) -> Exact {
    let found = percent(text.strip_prefix('+').unwrap_or(text));
    // A bare number could be 30 % or 30 times: both are written with their sign.
    let found = found.filter(|_| text.trim_end().ends_with('%'));
    match found.filter(|ratio| *ratio >= least && *ratio <= most) {
        Some(ratio) => ratio,
        None => {
            problems.push(bad(option, text, "it is no percentage that can be", help));
            Exact::ZERO
        }
    }
}

/// A price as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Price {
    amount: Exact,
    per_seat: bool,
    /// Months.
    interval: u32,
}

impl Default for Price {
    fn default() -> Price {
        Price {
            amount: Exact::ZERO,
            per_seat: false,
            interval: 1,
        }
    }
}

/// `60/seat/month`, `700/seat/year`, `20000/month`; the interval is a month unless said.
fn price(text: &str) -> Result<Price, Problem> {
    let help = "write --price 60/seat/month, 700/seat/year, 20000/month or 200000/year";
    let bad = |why: &str| bad("--price", text, why, help);
    let mut words = text.split('/').map(str::trim);
    let number = words.next().unwrap_or_default();
    let letters = number.chars().any(char::is_alphabetic);
    let amount = Exact::parse(number).map_err(|why| match letters {
        true => bad("it is in the currency of the report and names none"),
        false => bad(&why.reason()),
    })?;
    if amount.is_negative() {
        return Err(bad("a price cannot be negative"));
    }
    let mut price = Price {
        amount,
        ..Price::default()
    };
    let mut interval = None;
    for word in words {
        match word {
            "seat" if !price.per_seat && interval.is_none() => price.per_seat = true,
            "month" | "mo" if interval.is_none() => interval = Some(1),
            "year" | "yr" if interval.is_none() => interval = Some(12),
            other => return Err(bad(&format!("{other:?} has no place in it"))),
        }
    }
    price.interval = interval.unwrap_or(1);
    Ok(price)
}

/// A band of seats: `100..1000`, both included.
///
/// # Errors
/// A band that is not understood.
pub fn band(text: &str) -> Result<(Exact, Exact), Problem> {
    let help = "write the least and the most seats: --like seats=100..1000";
    let bad = |why: &str| bad("--like", text, why, help);
    let (least, most) = text.split_once("..").ok_or_else(|| bad("no .. in it"))?;
    let number = |text: &str| Exact::parse(text.trim()).map_err(|why| bad(&why.reason()));
    let (least, most) = (number(least)?, number(most)?);
    match least > most {
        true => Err(bad("it ends before it begins")),
        false => Ok((least, most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read() {
        let of = |text| {
            let price = price(text).unwrap();
            (price.amount.to_string(), price.per_seat, price.interval)
        };
        assert_eq!(of("60/seat/month"), ("60".into(), true, 1));
        assert_eq!(of("60.50 / seat"), ("60.5".into(), true, 1));
        assert_eq!(of("700/seat/year"), ("700".into(), true, 12));
        assert_eq!(of("20000"), ("20000".into(), false, 1));
        assert_eq!(of("1/yr"), ("1".into(), false, 12));
        for text in [
            "",
            "-1",
            "1,000",
            "1/week",
            "1/month/seat",
            "1/seat/seat",
            "1/month/year",
        ] {
            assert!(price(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bands_are_read() {
        let band = |text| band(text).ok();
        assert_eq!(band("1..20"), Some((Exact::ONE, Exact::from(20u64))));
        for text in ["", "5", "9..1", "a..b", ".."] {
            assert_eq!(band(text), None, "{text}");
        }
    }
}
