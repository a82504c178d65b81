//! Daily series, as copies in binary floating point for statistics. No amount that is printed comes
//! from here.

use super::robust::median;
use crate::model::Exact;

/// One day of one subject.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Cost; negative if more came back than was spent.
    pub cost: f64,
    /// Served requests; thousands of tokens where nobody counts requests.
    pub requests: f64,
    /// Revenue that the day earned.
    pub revenue: f64,
}

/// The days of one subject, without gaps; a day on which nothing happened is all zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// By day, from the first of the period.
    pub days: Vec<Point>,
}

/// A value of a day: its number and the value.
pub type Dated = (usize, f64);

impl Series {
    /// Whether it costs something and nobody counts its requests.
    pub fn is_uncounted(&self) -> bool {
        let costs = self.days.iter().any(|day| day.cost != 0.0);
        costs && self.days.iter().all(|day| day.requests == 0.0)
    }

    /// Takes the requests of another one.
    pub fn count_by(&mut self, other: &Series) {
        for (day, other) in self.days.iter_mut().zip(&other.days) {
            day.requests = other.requests;
        }
    }

    /// Logarithms of the cost per request, on days that have both. A day without requests is a
    /// gap, not a zero; so is one whose cost is not above zero.
    pub fn unit_costs(&self) -> Vec<Dated> {
        self.logs(|day| day.cost / day.requests)
    }

    /// Logarithms of the cost, on days that have some.
    pub fn costs(&self) -> Vec<Dated> {
        self.logs(|day| day.cost)
    }

    /// Logarithms of what is paid a day, turned round so that less is more, on days on which
    /// something is.
    pub fn revenue_less(&self) -> Vec<Dated> {
        let days = self.days.iter().enumerate();
        days.filter(|(_, day)| day.revenue > 0.0)
            .map(|(at, day)| (at, -day.revenue.ln()))
            .collect()
    }

    fn logs(&self, of: impl Fn(&Point) -> f64) -> Vec<Dated> {
        let both = |day: &Point| day.cost > 0.0 && day.requests > 0.0;
        let days = self.days.iter().enumerate();
        days.filter(|(_, day)| both(day))
            .map(|(at, day)| (at, of(day).ln()))
            .filter(|(_, value)| value.is_finite())
            .collect()
    }

    /// Served requests of a range of days.
    pub fn requests(&self, from: usize, to: usize) -> f64 {
        self.between(from, to).iter().map(|day| day.requests).sum()
    }

    /// The days of a range, as far as there are some.
    pub fn between(&self, from: usize, to: usize) -> &[Point] {
        let to = to.min(self.days.len());
        &self.days[from.min(to)..to]
    }

    /// Gross profit by week, whole weeks that end with the last day.
    pub fn weekly_profit(&self) -> Vec<f64> {
        let profit = |days: &[Point]| days.iter().map(|day| day.revenue - day.cost).sum();
        let weeks = self.days.rchunks_exact(7).map(profit);
        let mut weeks: Vec<f64> = weeks.collect();
        weeks.reverse();
        weeks
    }
}

/// Takes the habits of weekdays out: for each weekday the median distance of its days from the
/// mean of the seven around each. Steps and drifts stay. Fewer than three weeks are left as
/// they are.
pub fn without_weekdays(values: &[Dated]) -> Vec<Dated> {
    if values.len() < 21 {
        return values.to_vec();
    }
    let mut away: [Vec<f64>; 7] = Default::default();
    for (at, (day, value)) in values.iter().enumerate() {
        let near = &values[at.saturating_sub(3)..(at + 4).min(values.len())];
        let sum: f64 = near.iter().map(|(_, value)| *value).sum();
        away[day % 7].push(value - sum / near.len() as f64);
    }
    let enough = |away: &Vec<f64>| if away.len() < 3 { None } else { median(away) };
    let habits: Vec<Option<f64>> = away.iter().map(enough).collect();
    let known: Vec<f64> = habits.iter().flatten().copied().collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let habit = |day: usize| habits[day % 7].map_or(0.0, |habit| habit - mean);
    let values = values.iter();
    values
        .map(|(day, value)| (*day, value - habit(*day)))
        .collect()
}

/// A copy for statistics. Digits that binary floating point does not hold are lost here.
pub fn float(value: Exact) -> f64 {
    match value.units_i128(12) {
        Some(units) => units as f64 / 1e12,
        None => value.to_string().parse().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_taken_out_and_steps_stay() {
        let value = |day: usize| {
            let habit = if day % 7 >= 5 { -0.7 } else { 0.0 };
            let step = if day >= 30 { 1.0 } else { 0.0 };
            (day, habit + step)
        };
        let values: Vec<Dated> = (0..63).map(value).collect();
        let plain = without_weekdays(&values);
        let level = |from: usize, to: usize| {
            let part: Vec<f64> = plain[from..to].iter().map(|(_, value)| *value).collect();
            let spread = part
                .iter()
                .fold(0.0f64, |most, v| most.max((v - part[0]).abs()));
            assert!(spread < 0.05, "{part:?}");
            part[0]
        };
        assert!((level(35, 63) - level(0, 26) - 1.0).abs() < 0.05);
        // Too few days for habits.
        assert_eq!(without_weekdays(&values[..20]), values[..20]);
    }

    #[test]
    fn copies_are_close() {
        for text in [
            "0",
            "-12.5",
            "0.000001",
            "123456789.123456",
            "0.00000000000000000001",
        ] {
            let exact = Exact::parse(text).unwrap();
            let expected: f64 = text.parse().unwrap();
            assert!((float(exact) - expected).abs() <= expected.abs() * 1e-12 + 1e-30);
        }
    }

    #[test]
    fn weeks_end_with_the_last_day() {
        let days = (0..16).map(|at| Point {
            cost: f64::from(at),
            requests: 1.0,
            revenue: 0.0,
        });
        let series = Series {
            days: days.collect(),
        };
        // Days 2 to 8 and 9 to 15.
        assert_eq!(series.weekly_profit(), [-35.0, -84.0]);
    }
}
