//! Robust statistics: median, spread, trends. What `statrs` has is taken from there; these are not
//! in it.
//!
//! Every function is total: too few values give `None`, never a number that is not one.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// What the median absolute deviation is multiplied by to be a standard deviation of normal noise.
const MAD_TO_SIGMA: f64 = 1.4826;
/// What a median absolute deviation of `n` values is worth in values of a standard deviation.
const MAD_EFFICIENCY: f64 = 0.37;

/// The median; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut values = values.to_vec();
    let half = values.len() / 2;
    let (below, above, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let above = *above;
    // Of an even number the mean of the two in the middle.
    let lower = below.iter().copied().max_by(f64::total_cmp);
    match values.len() % 2 {
        0 => lower.map(|lower| (lower + above) / 2.0),
        _ => Some(above),
    }
}

/// The standard deviation of normal noise that has this median absolute deviation.
pub fn spread(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    let away: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    Some(MAD_TO_SIGMA * median(&away)?)
}

/// The chance that noise exceeds `score` standard deviations, where the deviation was estimated
/// by [`spread`] from `count` values: the tail of Student's t.
pub fn tail(score: f64, count: usize) -> f64 {
    let freedom = (MAD_EFFICIENCY * count as f64).max(3.0);
    let chance = StudentsT::new(0.0, 1.0, freedom).map(|t| t.sf(score));
    chance.unwrap_or(1.0)
}

/// The correlation of neighbors, rather too high than too low: between 0 and 0.8; 0 where it cannot
/// be told.
pub fn memory(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let square = |value: &f64| (value - mean) * (value - mean);
    let own: f64 = values.iter().map(square).sum();
    let shared: f64 = values
        .windows(2)
        .map(|two| (two[0] - mean) * (two[1] - mean))
        .sum();
    // Few values hide some of their memory; and half a standard error to be safe.
    let seen = shared / own;
    let memory = seen + (1.0 + 3.0 * seen) / count + 0.5 / count.sqrt();
    if memory.is_finite() {
        memory.clamp(0.0, 0.8)
    } else {
        0.0
    }
}

/// A straight line through points, by the median of all slopes (Theil and Sen).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Change per step.
    pub slope: f64,
    /// Ends of the interval that holds the slope in 90 of 100 cases.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Value at the last point.
    pub last: f64,
    /// The chance of so clear a fall without a trend (Mann and Kendall, one side, corrected for
    /// the memory of the noise).
    pub falls_by_chance: f64,
}

/// The line through values that stand one step apart; `None` with fewer than 6.
pub fn line(values: &[f64]) -> Option<Line> {
    let count = values.len();
    if count < 6 {
        return None;
    }
    let mut slopes = Vec::with_capacity(count * (count - 1) / 2);
    let mut order = 0.0;
    for first in 0..count {
        for second in first + 1..count {
            let rise = values[second] - values[first];
            slopes.push(rise / (second - first) as f64);
            order += if rise > 0.0 {
                1.0
            } else if rise < 0.0 {
                -1.0
            } else {
                0.0
            };
        }
    }
    slopes.sort_by(f64::total_cmp);
    let slope = median(&slopes)?;
    let level: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(at, value)| value - slope * at as f64)
        .collect();
    let start = median(&level)?;
    let rest: Vec<f64> = level.iter().map(|value| value - start).collect();
    let memory = memory(&rest);
    let n = count as f64;
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0 * (1.0 + memory) / (1.0 - memory);
    let deviation = variance.sqrt();
    let normal = Normal::standard();
    // One of the pairs is not counted: the sum moves in steps of two.
    let score = (-order - 1.0) / deviation;
    let reach = normal.inverse_cdf(0.95) * deviation;
    let pairs = slopes.len();
    let rank = |value: f64| (value.round().max(0.0) as usize).min(pairs - 1);
    let low = rank((pairs as f64 - reach) / 2.0 - 1.0);
    Some(Line {
        slope,
        low: slopes[low],
        high: slopes[pairs - 1 - low],
        last: start + slope * (n - 1.0),
        falls_by_chance: normal.sf(score),
    })
}

/// For each chance, the smallest rate of false discoveries at which it is one (Benjamini and
/// Hochberg).
pub fn false_discovery(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]).then(a.cmp(b)));
    let mut rates = vec![1.0; chances.len()];
    let mut least = 1.0f64;
    for (rank, at) in order.iter().enumerate().rev() {
        least = least.min(chances[*at] * chances.len() as f64 / (rank + 1) as f64);
        rates[*at] = least;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn medians_and_spreads() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 5.0, 2.0]), Some(3.5));
        // Distances from 5 are 4, 3, 0, 1, 95: their median is 3.
        assert_eq!(spread(&[1.0, 2.0, 5.0, 6.0, 100.0]), Some(1.4826 * 3.0));
    }

    #[test]
    fn a_line_is_the_median_of_slopes() {
        // One wild value of seven does not move it.
        let fall = line(&[10.0, 9.0, 8.0, 70.0, 6.0, 5.0, 4.0]).unwrap();
        assert!(near(fall.slope, -1.0) && near(fall.last, 4.0), "{fall:?}");
        // Six falling values: 15 pairs, variance 6·5·17∕18, score (15 − 1) ∕ 5.3229 = 2.6302.
        let fall = line(&[10.0, 9.0, 8.0, 7.0, 6.0, 5.0]).unwrap();
        assert!(near(fall.falls_by_chance, 0.004266), "{fall:?}");
        assert!(near(fall.low, -1.0) && near(fall.high, -1.0));
        let rise = line(&[5.0, 6.0, 7.0, 8.0, 9.0, 10.0]).unwrap();
        assert!(rise.falls_by_chance > 0.99);
        assert_eq!(line(&[1.0; 5]), None);
        let flat = line(&[1.0; 8]).unwrap();
        assert!(flat.slope == 0.0 && flat.falls_by_chance > 0.5, "{flat:?}");
    }

    #[test]
    fn rates_of_false_discoveries() {
        // In order 0.005, 0.01, 0.03, 0.04, times 4 ∕ rank: 0.02, 0.02, 0.04, 0.04.
        let rates = false_discovery(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.02, 0.04, 0.04, 0.02];
        assert!(
            rates.iter().zip(expected).all(|(a, b)| near(*a, b)),
            "{rates:?}"
        );
        assert!(false_discovery(&[]).is_empty());
    }

    #[test]
    fn memory_is_never_understated() {
        assert_eq!(memory(&[]), 0.0);
        assert_eq!(memory(&[2.0; 30]), 0.0);
        let slow: Vec<f64> = (0..60).map(|at| f64::from(at / 10 % 2)).collect();
        assert_eq!(memory(&slow), 0.8);
        let restless: Vec<f64> = (0..60).map(|at| f64::from(at % 2)).collect();
        assert_eq!(memory(&restless), 0.0);
    }
}
