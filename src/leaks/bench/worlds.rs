//! Planted worlds: customers with habits, noise and growth, some of which begin to leak on a known
//! day by a known amount.

use rand::SeedableRng;
use rand::rand_core::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::leaks::series::{Point, Series};

/// Days of a world: eighteen weeks.
pub const DAYS: usize = 126;
/// Customers of a world.
pub const CUSTOMERS: usize = 32;
/// One in so many customers leaks.
const LEAKING: usize = 4;
/// Leaks begin between these days.
const ONSET: (usize, usize) = (63, 98);

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// Cost per request rises by a half over six weeks.
    Drift,
    /// Cost per request rises by 40 % from one day to the next.
    Step,
    /// One to three days cost four times as much.
    Spike,
    /// Requests move to a model of twice the cost within five days.
    Migration,
    /// For three to seven days failed requests are repeated and paid for.
    RetryStorm,
    /// Usage grows by 2.5 % a day on a flat price.
    Growth,
    /// Nothing: seasons, noise and growth alone.
    Nothing,
}

impl Plant {
    /// Every world.
    pub const ALL: [Plant; 7] = [
        Plant::Drift,
        Plant::Step,
        Plant::Spike,
        Plant::Migration,
        Plant::RetryStorm,
        Plant::Growth,
        Plant::Nothing,
    ];

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Plant::Drift => "drift",
            Plant::Step => "step",
            Plant::Spike => "spike",
            Plant::Migration => "model migration",
            Plant::RetryStorm => "retry storm",
            Plant::Growth => "growth on a flat price",
            Plant::Nothing => "no leak",
        }
    }
}

/// A leak as it was planted.
#[derive(Clone, Debug, PartialEq)]
pub struct Leak {
    /// Whose.
    pub customer: usize,
    /// First day.
    pub onset: usize,
    /// What it costs, by day from the first of the world.
    pub money: Vec<f64>,
}

/// A world.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// What is planted.
    pub plant: Plant,
    /// The customers.
    pub series: Vec<Series>,
    /// Who leaks.
    pub leaks: Vec<Leak>,
}

/// Seeded dice.
struct Dice(ChaCha8Rng);

impl Dice {
    /// Evenly between two values.
    fn even(&mut self, low: f64, high: f64) -> f64 {
        // 53 bits are what a binary float holds exactly; never 0 or 1.
        let share = ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        low + (high - low) * share
    }

    fn day(&mut self, (low, high): (usize, usize)) -> usize {
        self.even(low as f64, high as f64) as usize
    }

    /// Normal, mean 0 and deviation 1.
    fn normal(&mut self) -> f64 {
        let share = self.even(0.0, 1.0);
        Normal::standard().inverse_cdf(share)
    }
}

/// Noise that remembers the day before, now and then with a far value.
struct Noise {
    size: f64,
    memory: f64,
    last: f64,
}

impl Noise {
    fn next(&mut self, dice: &mut Dice) -> f64 {
        let fresh = (1.0 - self.memory * self.memory).sqrt();
        let far = if dice.even(0.0, 1.0) < 0.02 { 2.5 } else { 1.0 };
        self.last = self.memory * self.last + fresh * dice.normal();
        self.last * self.size * far
    }
}

/// The world of a seed.
pub fn world(plant: Plant, seed: u64) -> World {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed * 64 + plant as u64));
    let mut world = World {
        plant,
        series: Vec::new(),
        leaks: Vec::new(),
    };
    for customer in 0..CUSTOMERS {
        let leaks = plant != Plant::Nothing && customer % LEAKING == 0;
        let (series, leak) = one(plant, leaks, &mut dice);
        world.series.push(series);
        if let Some((onset, money)) = leak {
            world.leaks.push(Leak {
                customer,
                onset,
                money,
            });
        }
    }
    world
}

/// How a leak raises a day: cost per request, and requests, both as factors.
struct Raise {
    onset: usize,
    days: usize,
    times: f64,
}

impl Raise {
    fn of(plant: Plant, dice: &mut Dice) -> Raise {
        let onset = dice.day(ONSET);
        let (days, times) = match plant {
            Plant::Spike => (dice.day((1, 4)), 4.0),
            Plant::RetryStorm => (dice.day((3, 8)), dice.even(1.8, 2.5)),
            _ => (DAYS, 1.0),
        };
        Raise { onset, days, times }
    }

    fn factors(&self, plant: Plant, day: usize) -> (f64, f64) {
        let Some(age) = day.checked_sub(self.onset).filter(|age| *age < self.days) else {
            return (1.0, 1.0);
        };
        let age = age as f64;
        match plant {
            Plant::Drift => ((1.5f64.ln() * ((age + 1.0) / 42.0).min(1.0)).exp(), 1.0),
            Plant::Step => (1.4, 1.0),
            Plant::Spike | Plant::RetryStorm => (self.times, 1.0),
            Plant::Migration => (1.0 + ((age + 1.0) / 5.0).min(1.0), 1.0),
            Plant::Growth => (1.0, 1.025f64.powf(age + 1.0)),
            Plant::Nothing => (1.0, 1.0),
        }
    }
}

fn one(plant: Plant, leaks: bool, dice: &mut Dice) -> (Series, Option<(usize, Vec<f64>)>) {
    let requests = dice.normal().mul_add(0.8, 6.0).exp();
    let price = dice.normal().mul_add(0.7, -4.0).exp();
    let weekend = dice.even(0.3, 1.0);
    let habit = dice.even(-0.15, 0.15);
    let growth = dice.even(-0.002, 0.002);
    // What it pays for a month is a multiple of what it costs at first.
    let multiple = match leaks && plant == Plant::Growth {
        true => dice.even(1.3, 1.8),
        false => dice.even(3.0, 6.0),
    };
    let mut volume = Noise {
        size: dice.even(0.1, 0.35),
        memory: dice.even(0.0, 0.6),
        last: 0.0,
    };
    // Requests differ in size, so the mean of a few is noisier than that of many.
    let of_one = dice.even(1.0, 3.0);
    let mut unit = Noise {
        size: (dice.even(0.02, 0.08).powi(2) + of_one * of_one / requests).sqrt(),
        memory: dice.even(0.0, 0.4),
        last: 0.0,
    };
    let raise = leaks.then(|| Raise::of(plant, dice));
    let revenue = requests * price * (5.0 + 2.0 * weekend) / 7.0 * multiple;
    let mut days = Vec::with_capacity(DAYS);
    let mut money = Vec::with_capacity(DAYS);
    for day in 0..DAYS {
        let (rest, peak) = match day % 7 {
            5 | 6 => (weekend, habit),
            _ => (1.0, 0.0),
        };
        let volume = (growth * day as f64 + volume.next(dice)).exp() * rest;
        let unit = price * (peak + unit.next(dice)).exp();
        let (dearer, more) = raise.as_ref().map_or((1.0, 1.0), |r| r.factors(plant, day));
        let served = (requests * volume * more).round();
        let usual = (requests * volume).round() * unit;
        let cost = served * unit * dearer;
        money.push(cost - usual);
        days.push(Point {
            cost,
            requests: served,
            revenue,
        });
    }
    (Series { days }, raise.map(|raise| (raise.onset, money)))
}
