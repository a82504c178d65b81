//! Drifts and steps of the cost per request: EWMA and CUSUM against the first weeks, and the day
//! on which it began.

use super::robust::{median, memory, spread, tail};
use super::series::Dated;

/// Days with values that the first weeks must have, and at most take.
const BASELINE: (usize, usize) = (14, 28);
/// Days with values after them, at least.
const AFTER: usize = 3;
/// Days with cost and requests below which no test is made.
pub const LEAST_DAYS: usize = BASELINE.0 + AFTER;
/// Weights of the newest day in two moving averages: one is quick, one sees small rises.
const LAMBDAS: [f64; 2] = [0.25, 0.06];
/// What CUSUM forgives per day, in standard deviations.
const SLACK: f64 = 0.5;
/// A single day counts no more than this many standard deviations.
const CLIP: f64 = 8.0;
/// The same where the day is looked for on which it began: a long rise must not be cut off.
const DATING_CLIP: f64 = 25.0;
/// Noise is never taken to be smaller than this: two percent.
const LEAST_NOISE: f64 = 0.02;
/// Siegmund's correction of a walk in steps.
const OVERSHOOT: f64 = 1.166;
/// Neither part of a divided series has fewer days.
const EDGE: usize = 3;

/// A change of level that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The chance of so large a rise by noise alone, over the whole period.
    pub chance: f64,
    /// Day from which it rises, by its number.
    pub since: usize,
    /// Whether it rises slowly instead of at once.
    pub gradual: bool,
    /// Rise of the logarithm: level of the last weeks over that of the weeks before `since`.
    pub rise: f64,
}

/// Values brought to the deviations of their first weeks.
struct Scaled {
    days: Vec<usize>,
    scores: Vec<f64>,
    baseline: usize,
    memory: f64,
    began: (usize, bool),
}

fn scaled(values: &[Dated]) -> Option<Scaled> {
    let baseline = (values.len() / 2).clamp(BASELINE.0, BASELINE.1);
    if values.len() < baseline + AFTER {
        return None;
    }
    let levels: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let middle = median(&levels[..baseline])?;
    let steps: Vec<f64> = levels.windows(2).map(|two| two[1] - two[0]).collect();
    // Differences of neighbors know no drift; distances from the middle know slow noise.
    let noise = spread(&levels[..baseline])?
        .max(spread(&steps)? / std::f64::consts::SQRT_2)
        .max(LEAST_NOISE);
    let clipped = |clip: f64| -> Vec<f64> {
        let score = |value: &f64| ((value - middle) / noise).clamp(-clip, clip);
        levels.iter().map(score).collect()
    };
    let scores = clipped(CLIP);
    let began = began(&clipped(DATING_CLIP));
    Some(Scaled {
        days: values.iter().map(|(day, _)| *day).collect(),
        memory: memory(&residuals(&scores, began.0)),
        scores,
        baseline,
        began,
    })
}

impl Scaled {
    fn after(&self) -> &[f64] {
        &self.scores[self.baseline..]
    }

    /// How much noise with a memory adds up more than noise without.
    fn inflation(&self) -> f64 {
        ((1.0 + self.memory) / (1.0 - self.memory)).sqrt()
    }

    /// Standard deviation of the median of the first weeks.
    fn uncertainty(&self) -> f64 {
        1.2533 / (self.baseline as f64).sqrt()
    }

    /// The chance that a moving average gets as high as it did.
    fn ewma(&self, lambda: f64) -> f64 {
        let (mut average, mut weight, mut highest) = (0.0, 1.0, f64::NEG_INFINITY);
        for score in self.after() {
            average += lambda * (score - average);
            weight *= (1.0 - lambda) * (1.0 - lambda);
            let own = lambda / (2.0 - lambda) * (1.0 - weight);
            let deviation = (own + self.uncertainty().powi(2)).sqrt() * self.inflation();
            highest = highest.max(average / deviation);
        }
        (tail(highest, self.scores.len()) * self.after().len() as f64).min(1.0)
    }

    /// The chance that the cumulated sum of rises gets as high as it did: by the mean time until
    /// it would, after Siegmund, with the level of the first weeks taken at its lower end.
    fn cusum(&self) -> f64 {
        let error = 1.645 * self.uncertainty();
        let (mut sum, mut highest) = (0.0f64, 0.0f64);
        for score in self.after() {
            sum = (sum + score / self.inflation() - SLACK - error).max(0.0);
            highest = highest.max(sum);
        }
        let exponent = 2.0 * SLACK * (highest + OVERSHOOT);
        let time = (exponent.exp() - 1.0 - exponent) / (2.0 * SLACK * SLACK);
        1.0 - (-(self.after().len() as f64) / time).exp()
    }
}

/// The rise of a series whose weekdays are alike, whatever its chance; `None` if it is too short
/// or does not rise.
pub fn shift(values: &[Dated]) -> Option<Shift> {
    let scaled = scaled(values)?;
    let averages = LAMBDAS.map(|lambda| scaled.ewma(lambda));
    let least = averages.into_iter().fold(scaled.cusum(), f64::min);
    // Three tests, so three times the chance.
    let chance = (3.0 * least).min(1.0);
    let (at, gradual) = scaled.began;
    let before = &values[at.saturating_sub(BASELINE.1)..at];
    let after = &values[at..];
    let last = if gradual { BASELINE.0 } else { BASELINE.1 };
    let after = &after[after.len().saturating_sub(last)..];
    let level = |part: &[Dated]| median(&part.iter().map(|(_, value)| *value).collect::<Vec<_>>());
    let rise = level(after)? - level(before)?;
    Some(Shift {
        chance,
        since: scaled.days[at],
        gradual,
        rise,
    })
}

/// Where a series begins to rise, and whether it does slowly: of all steps and of all bends the
/// one that leaves the least squares.
fn began(scores: &[f64]) -> (usize, bool) {
    let count = scores.len();
    let total: f64 = scores.iter().sum();
    let (mut best, mut found) = (f64::INFINITY, (EDGE, false));
    // From a place on: the sum of the scores, and of 1, 2, … times the scores.
    let (mut right, mut product) = (0.0, 0.0);
    for at in (EDGE..count).rev() {
        right += scores[at];
        product += right;
        let (n, m) = (at as f64, (count - at) as f64);
        if at > count - EDGE {
            continue;
        }
        // Squares explained by two means; what is left is smallest where this is largest.
        let (low, high) = ((total - right) / n, right / m);
        let step = -(n * low * low + m * high * high);
        if high > low && step < best {
            (best, found) = (step, (at, false));
        }
        let (bend, slope) = bend(n + m, m, total, product);
        if slope > 0.0 && bend < best {
            (best, found) = (bend, (at, true));
        }
    }
    found
}

/// What a step at a place leaves.
fn residuals(scores: &[f64], at: usize) -> Vec<f64> {
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let (low, high) = (mean(&scores[..at]), mean(&scores[at..]));
    let rest = |(place, score): (usize, &f64)| score - if place < at { low } else { high };
    scores.iter().enumerate().map(rest).collect()
}

/// Squares explained, negative, by a level that bends upward `m` days before the end; and its
/// slope. `product` is the sum of 1, 2, … m times the scores of these days.
fn bend(count: f64, m: f64, total: f64, product: f64) -> (f64, f64) {
    let sum = m * (m + 1.0) / 2.0;
    let squares = m * (m + 1.0) * (2.0 * m + 1.0) / 6.0;
    let spread = squares - sum * sum / count;
    let covary = product - sum * total / count;
    let slope = covary / spread;
    (-(total * total / count + slope * covary), slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of one percent that has no memory, the same for all.
    fn noise(day: usize) -> f64 {
        ((day * 7919 + 13) % 101) as f64 / 5050.0 - 0.01
    }

    fn values(of: impl Fn(usize) -> f64) -> Vec<Dated> {
        (0..84).map(|day| (day, of(day) + noise(day))).collect()
    }

    #[test]
    fn a_step_is_dated_to_the_day() {
        let found = shift(&values(|day| if day >= 60 { 0.3 } else { 0.0 })).unwrap();
        assert_eq!((found.since, found.gradual), (60, false));
        assert!(
            found.chance < 1e-6 && (found.rise - 0.3).abs() < 0.02,
            "{found:?}"
        );
    }

    #[test]
    fn a_drift_is_slow() {
        let slope = |day: usize| (day as f64 - 50.0).max(0.0) * 0.01;
        let found = shift(&values(slope)).unwrap();
        assert!(found.gradual && found.since.abs_diff(50) <= 4, "{found:?}");
        assert!(found.chance < 1e-6, "{found:?}");
    }

    #[test]
    fn quiet_series_and_falls_are_no_rises() {
        assert!(shift(&values(|_| 0.0)).unwrap().chance > 0.05);
        let falls = shift(&values(|day| if day >= 60 { -0.3 } else { 0.0 })).unwrap();
        assert!(falls.chance > 0.5, "{falls:?}");
    }

    #[test]
    fn too_few_days_tell_nothing() {
        let all = values(|_| 0.0);
        assert_eq!(shift(&all[..16]), None);
        assert!(shift(&all[..17]).is_some());
        assert_eq!(shift(&[]), None);
        let flat: Vec<Dated> = (0..40).map(|day| (day, 0.0)).collect();
        let found = shift(&flat).unwrap();
        assert!(found.chance > 0.5 && found.rise == 0.0, "{found:?}");
    }
}
