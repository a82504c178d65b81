//! Alarms against what was planted.

use std::collections::BTreeMap;

use super::worlds::{DAYS, Plant, World};
use super::{Alarms, FIRST};
use crate::leaks::robust::median;

/// Days of a month of false alarms, and between two invoices.
const MONTH: usize = 30;

/// What came of one kind of world, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Leaks planted.
    pub leaks: usize,
    /// Leaks found.
    pub found: usize,
    /// Days from the first day of each leak found to its alarm.
    pub delays: Vec<f64>,
    /// What leaks cost.
    pub money: f64,
    /// Of that, what was told of before the invoice that has it.
    pub in_time: f64,
    /// Months of a customer with an alarm and without a leak.
    pub false_months: usize,
    /// Days of customers without a leak.
    pub quiet_days: usize,
}

impl Score {
    /// Leaks found ∕ leaks planted.
    pub fn recall(&self) -> Option<f64> {
        (self.leaks > 0).then(|| self.found as f64 / self.leaks as f64)
    }

    /// The median delay in days of the leaks found.
    pub fn delay(&self) -> Option<f64> {
        median(&self.delays)
    }

    /// Share of the planted money that was told of before its invoice.
    pub fn caught(&self) -> Option<f64> {
        (self.money > 0.0).then(|| self.in_time / self.money)
    }

    /// False alarms per 1,000 customer-months.
    pub fn false_alarms(&self) -> f64 {
        let months = self.quiet_days as f64 / MONTH as f64;
        1000.0 * self.false_months as f64 / months.max(1.0)
    }

    fn add(&mut self, more: &Score) {
        self.leaks += more.leaks;
        self.found += more.found;
        self.delays.extend(&more.delays);
        self.money += more.money;
        self.in_time += more.in_time;
        self.false_months += more.false_months;
        self.quiet_days += more.quiet_days;
    }
}

/// The record of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// By what was planted.
    pub worlds: BTreeMap<Plant, Score>,
    /// All together.
    pub all: Score,
}

/// The record of the alarms of all worlds.
pub fn record(worlds: &[World], alarms: &[Alarms]) -> Record {
    let mut record = Record::default();
    for (world, alarms) in worlds.iter().zip(alarms) {
        let score = score(world, alarms);
        record.all.add(&score);
        record.worlds.entry(world.plant).or_default().add(&score);
    }
    record
}

fn score(world: &World, alarms: &Alarms) -> Score {
    let mut score = Score::default();
    for (customer, alarms) in alarms.iter().enumerate() {
        let leak = world.leaks.iter().find(|leak| leak.customer == customer);
        // On the evening of its first day a leak can be seen.
        let quiet_until = leak.map_or(DAYS, |leak| leak.onset);
        score.quiet_days += quiet_until + 1 - FIRST;
        for month in (FIRST..=quiet_until).step_by(MONTH) {
            let days = &alarms[month..(month + MONTH).min(quiet_until + 1)];
            score.false_months += usize::from(days.contains(&true));
        }
        let Some(leak) = leak else {
            continue;
        };
        score.leaks += 1;
        let first = (leak.onset + 1..=DAYS).find(|day| alarms[*day]);
        score.found += usize::from(first.is_some());
        score
            .delays
            .extend(first.map(|day| (day - leak.onset) as f64));
        for (day, money) in leak.money.iter().enumerate() {
            score.money += money;
            let invoice = (day / MONTH + 1) * MONTH;
            if first.is_some_and(|first| first <= invoice) {
                score.in_time += money;
            }
        }
    }
    score
}
