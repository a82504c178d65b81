//! The record as decimals, for printing.

use serde::Serialize;

use super::naive::Naive;
use super::{Bench, Record, Score};
use crate::model::Exact;

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The rule.
    pub rule: String,
    /// Its limit as a ratio; `None` for the detector.
    pub limit: Option<Exact>,
    /// Whether the limit was set so that there are no more false alarms than the detector has.
    pub equal_false_alarms: bool,
    /// What was planted; `all` for all worlds together.
    pub planted: &'static str,
    /// Leaks planted.
    pub leaks: u64,
    /// Share of them that was found.
    pub recall: Option<Exact>,
    /// Median days from the first day of a leak to its alarm.
    pub delay_days: Option<Exact>,
    /// False alarms per 1,000 customer-months.
    pub false_alarms: Exact,
    /// Share of the planted money that was told of before its invoice.
    pub caught: Option<Exact>,
}

/// All lines: the detector by what was planted and in all, then the rules people use.
pub fn lines(bench: &Bench) -> Vec<Line> {
    let mut lines = of("tanso leaks".into(), None, false, &bench.detector);
    for (equal, list) in [(false, &bench.usual), (true, &bench.equal)] {
        for (rule, limit, record) in list {
            let name = name(*rule, *limit);
            let limit = decimal(*limit, 2);
            let all = of(name, Some(limit), equal, record).pop();
            lines.extend(all);
        }
    }
    lines
}

fn name(rule: Naive, limit: f64) -> String {
    let percent = (limit - 1.0) * 100.0;
    format!("{} +{percent:.0}%", rule.words())
}

fn of(rule: String, limit: Option<Exact>, equal: bool, record: &Record) -> Vec<Line> {
    let line = |planted, score: &Score| Line {
        rule: rule.clone(),
        limit,
        equal_false_alarms: equal,
        planted,
        leaks: score.leaks as u64,
        recall: score.recall().map(|share| decimal(share, 2)),
        delay_days: score.delay().map(|days| decimal(days, 1)),
        false_alarms: decimal(score.false_alarms(), 1),
        caught: score.caught().map(|share| decimal(share, 2)),
    };
    let worlds = record.worlds.iter();
    let mut lines: Vec<Line> = worlds
        .map(|(plant, score)| line(plant.words(), score))
        .collect();
    lines.push(line("all", &record.all));
    lines
}

/// A copy as a decimal of few places.
fn decimal(value: f64, places: u8) -> Exact {
    let units = (value * 10f64.powi(i32::from(places))).round();
    Exact::new(units as i128, places)
}
