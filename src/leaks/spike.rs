//! Single days on which a subject costs far more than in the weeks before.

use super::robust::{spread, tail};
use super::series::Dated;

/// Days before a day that say what it should cost: at least, and at most.
const BEFORE: (usize, usize) = (10, 21);
/// The wildest earlier day is taken to be this many deviations away.
const WILD: f64 = 2.5;
/// Noise is never taken to be smaller than this: ten percent.
const LEAST_NOISE: f64 = 0.1;

/// Days that cost too much.
#[derive(Clone, Debug, PartialEq)]
pub struct Spike {
    /// The chance of the highest of them by noise alone.
    pub chance: f64,
    /// The days, in order.
    pub days: Vec<usize>,
}

/// The spikes on or after a day, of logarithms of daily values whose weekdays are alike. A day of no
/// more than `times` what was expected is no spike.
pub fn spike(values: &[Dated], from: usize, times: f64) -> Option<Spike> {
    let mut away = Vec::new();
    // The values of the weeks before, in order of size.
    let mut before: Vec<f64> = Vec::with_capacity(BEFORE.1);
    let place = |before: &[f64], value: f64| before.partition_point(|other| *other < value);
    for (at, (day, value)) in values.iter().enumerate() {
        if at >= BEFORE.0 {
            let (low, high) = ((before.len() - 1) / 2, before.len() / 2);
            away.push((*day, value - (before[low] + before[high]) / 2.0));
        }
        if let Some(oldest) = at.checked_sub(BEFORE.1) {
            before.remove(place(&before, values[oldest].1));
        }
        before.insert(place(&before, *value), *value);
    }
    let all: Vec<f64> = away.iter().map(|(_, away)| *away).collect();
    // Some subjects have wild days: what came before is at most three deviations.
    let earlier = away.iter().filter(|(day, _)| *day < from);
    let wildest = earlier.fold(0.0f64, |wild, (_, away)| wild.max(away.abs()));
    let noise = spread(&all)?.max(wildest / WILD).max(LEAST_NOISE);
    let tested = away.iter().filter(|(day, _)| *day >= from).count() as f64;
    // A moving median of so many days has an error of its own.
    let deviation = noise * (1.0 + 1.57 / BEFORE.1 as f64).sqrt();
    let chance = |away: f64| (tail(away / deviation, all.len()) * tested).min(1.0);
    let high = |(day, away): &&Dated| *day >= from && *away > times.ln();
    let high: Vec<&Dated> = away.iter().filter(high).collect();
    let least = high.iter().map(|(_, away)| chance(*away));
    let least = least.min_by(f64::total_cmp)?;
    // A day is part of it if it would be one by itself at one in twenty.
    let days = high.iter().filter(|(_, away)| chance(*away) <= 0.05);
    let days: Vec<usize> = days.map(|(day, _)| *day).collect();
    (!days.is_empty()).then_some(Spike {
        chance: least,
        days,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(spikes: &[(usize, f64)]) -> Vec<Dated> {
        let of = |day: usize| {
            let noise = ((day * 7919 + 13) % 101) as f64 / 505.0 - 0.1;
            let spike = spikes.iter().find(|(at, _)| *at == day);
            (day, noise + spike.map_or(0.0, |(_, times)| times.ln()))
        };
        (0..60).map(of).collect()
    }

    #[test]
    fn far_days_are_spikes() {
        let found = spike(&values(&[(50, 4.0), (51, 3.0)]), 30, 1.5).unwrap();
        assert_eq!(found.days, [50, 51]);
        assert!(found.chance < 1e-4, "{found:?}");
        // Old ones are over, and small ones are none.
        assert_eq!(spike(&values(&[(20, 4.0)]), 30, 1.5), None);
        assert_eq!(spike(&values(&[(50, 1.3)]), 30, 1.5), None);
    }

    #[test]
    fn who_is_wild_often_is_not_told() {
        let wild = values(&[(14, 4.0), (25, 0.25), (50, 4.0)]);
        let found = spike(&wild, 30, 1.5);
        assert!(found.is_none_or(|found| found.chance > 0.02));
        assert_eq!(spike(&[], 0, 1.5), None);
        assert_eq!(spike(&values(&[])[..9], 0, 1.5), None);
    }
}
