//! The fold and the metered share once more, slowly: every rule as a loop over all rows, fractions
//! of big integers, no index, no sum kept. Compared with the program on random worlds whose charges
//! all have quantities and name nobody.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;

use crate::world::{MODELS, World, law, money_of};

/// Digits after the point in which a charge is split.
const SPLIT_PLACES: u32 = 12;
/// Digits after the point of the bill's amounts.
const BILL_PLACES: u32 = 8;

/// One row of the log: day, model, customer, tokens by meter.
struct Logged {
    day: String,
    model: String,
    customer: String,
    tokens: [u64; 2],
}

/// One charge: day, model, meter, quantity, amount in units of 10⁻¹².
struct Charged {
    day: String,
    model: String,
    meter: usize,
    quantity: u64,
    units: BigInt,
}

fn log(world: &World) -> Vec<Logged> {
    let column = |name: &str| world.usage.column(name);
    let customer_of = |id: &str| match &world.mapping {
        None => id.to_string(),
        Some(mapping) => mapping
            .rows
            .iter()
            .find(|row| row[1] == "usage" && row[2] == id)
            .map_or(format!("(unmapped) usage:{id}"), |row| row[0].clone()),
    };
    let rows = world.usage.rows.iter().map(|row| Logged {
        day: row[column("timestamp")][..10].to_string(),
        model: row[column("model")].clone(),
        customer: customer_of(&row[column("customer")]),
        tokens: ["input_tokens", "output_tokens"].map(|name| row[column(name)].parse().unwrap()),
    });
    rows.collect()
}

fn charges(world: &World) -> Vec<Charged> {
    let column = |name: &str| world.costs.column(name);
    let rows = world.costs.rows.iter().map(|row| {
        let digits: BigInt = row[column("cost")].replace('.', "").parse().unwrap();
        Charged {
            day: row[column("date")].clone(),
            model: row[column("model")].clone(),
            meter: usize::from(row[column("meter")] == "output"),
            quantity: row[column("quantity")].parse().unwrap(),
            units: digits * BigInt::from(10).pow(SPLIT_PLACES - BILL_PLACES),
        }
    });
    rows.collect()
}

/// Whether a bill of the model's provider spans the day.
fn covered(model: &str, day: &str, charges: &[Charged]) -> bool {
    let provider = |model: &str| MODELS.iter().find(|known| known.1 == model).unwrap().0;
    let days = || {
        charges
            .iter()
            .filter(|c| provider(&c.model) == provider(model))
            .map(|c| &c.day[..])
    };
    days().any(|first| first <= day) && days().any(|last| day <= last)
}

/// Tokens of a model and meter, of one customer and day or of all.
fn tokens(log: &[Logged], model: &str, meter: usize, keep: impl Fn(&Logged) -> bool) -> u64 {
    let rows = log.iter().filter(|row| row.model == model && keep(row));
    rows.map(|row| row.tokens[meter]).sum()
}

/// Metered cost by customer and what no log explains, in units of 10⁻¹²; charges whose day has no
/// usage at all are left to the coarser match.
fn metered(log: &[Logged], charges: &[Charged]) -> (BTreeMap<String, BigInt>, BigInt) {
    let mut given: BTreeMap<String, BigInt> = BTreeMap::new();
    let mut unlogged = BigInt::ZERO;
    let customers: BTreeSet<(bool, &str)> = log
        .iter()
        .map(|row| (row.customer.starts_with('('), &row.customer[..]))
        .collect();
    for charge in charges {
        let same = |other: &&Charged| other.model == charge.model && other.meter == charge.meter;
        let billed_month: u64 = charges.iter().filter(same).map(|c| c.quantity).sum();
        let logged_month = tokens(log, &charge.model, charge.meter, |row| {
            covered(&row.model, &row.day, charges)
        });
        // The rest is scaled away if it is at most 1 % of the month.
        let small = billed_month * 99 <= logged_month * 100;
        let of_day = charges.iter().filter(same).filter(|c| c.day == charge.day);
        let billed: u64 = of_day.map(|c| c.quantity).sum();
        let logged = tokens(log, &charge.model, charge.meter, |row| {
            row.day == charge.day
        });
        if logged == 0 {
            continue;
        }
        let rest = if small {
            0
        } else {
            billed.saturating_sub(logged)
        };
        let whole = BigInt::from(logged + rest);
        // Whole units first, then one more for the largest remainders; the rest comes last.
        let mut parts: Vec<(Option<&str>, BigInt, BigInt)> = Vec::new();
        for (_, customer) in &customers {
            let own = tokens(log, &charge.model, charge.meter, |row| {
                row.day == charge.day && row.customer == *customer
            });
            let product = &charge.units * own;
            parts.push((Some(*customer), &product / &whole, &product % &whole));
        }
        let product = &charge.units * rest;
        parts.push((None, &product / &whole, &product % &whole));
        let sum: BigInt = parts.iter().map(|(_, part, _)| part).sum();
        let mut left = &charge.units - sum;
        while left > BigInt::ZERO {
            let largest = parts
                .iter()
                .map(|(_, _, remainder)| remainder.clone())
                .max()
                .unwrap();
            let first = parts
                .iter_mut()
                .find(|(_, _, remainder)| *remainder == largest)
                .unwrap();
            first.1 += 1;
            first.2 = BigInt::from(-1);
            left -= 1;
        }
        for (customer, part, _) in parts {
            match customer {
                Some(customer) => *given.entry(customer.to_string()).or_default() += part,
                None => unlogged += part,
            }
        }
    }
    (given, unlogged)
}

#[test]
fn m25_the_fast_path_equals_the_slow_one() {
    law(
        |plan| {
            plan.quantities = true;
            plan.direct = false;
            plan.follows = false;
            plan.per_request = false;
        },
        |world| {
            let (log, charges) = (log(world), charges(world));
            let (mut expected, unlogged) = metered(&log, &charges);
            expected.retain(|_, units| *units != BigInt::ZERO);
            let money = money_of(&world.report(&[]));
            let rows = money.rows.iter().filter(|(_, row)| !row[2].is_zero());
            let found: BTreeMap<String, BigInt> = rows
                .map(|(customer, row)| (customer.clone(), row[2].units(12)))
                .collect();
            if expected != found {
                return Err(format!("metered: expected {expected:?}, found {found:?}"));
            }
            let gap = money
                .unattributed
                .iter()
                .filter(|(name, _)| name.contains("unlogged usage"));
            let gap: BigInt = gap.map(|(_, amount)| amount.units(12)).sum();
            match gap == unlogged {
                true => Ok(()),
                false => Err(format!("unlogged: expected {unlogged}, found {gap}")),
            }
        },
    );
}
