//! Billing cycles: instants that repeat by the calendar or by a fixed time.

use super::{Instant, Zone};

const DAY: i64 = 86_400_000_000;

/// A cycle that begins anew at each of its boundaries. Months keep the day of the anchor; where a
/// month is too short its last day stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    anchor: Instant,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Months(i32),
    Micros(i64),
}

impl Cycle {
    /// The cycle of `count` intervals (`year`, `month`, `week`, `day`), one boundary of which is
    /// the anchor. `None` for other words.
    pub fn of(anchor: Instant, interval: &str, count: u32) -> Option<Cycle> {
        let count = i32::try_from(count.max(1)).ok()?;
        let step = match interval {
            "year" => Step::Months(count.checked_mul(12)?),
            "month" => Step::Months(count),
            "week" => Step::Micros(DAY * 7 * i64::from(count)),
            "day" => Step::Micros(DAY * i64::from(count)),
            _ => return None,
        };
        Some(Cycle { anchor, step })
    }

    /// The first boundary at or after an instant.
    pub fn at_or_after(&self, at: Instant) -> Instant {
        match self.step {
            // The smallest number of steps, of either sign, that reaches it.
            Step::Micros(step) => self.nth((at.0 - self.anchor.0 + step - 1).div_euclid(step)),
            Step::Months(step) => {
                let months = month(at) - month(self.anchor);
                let mut steps = i64::from(months.div_euclid(step)) - 1;
                while self.nth(steps) < at {
                    steps += 1;
                }
                self.nth(steps)
            }
        }
    }

    /// The last boundary at or before an instant.
    pub fn at_or_before(&self, at: Instant) -> Instant {
        match self.step {
            Step::Micros(step) => self.nth((at.0 - self.anchor.0).div_euclid(step)),
            Step::Months(step) => {
                let months = month(at) - month(self.anchor);
                let mut steps = i64::from(months.div_euclid(step)) + 1;
                while self.nth(steps) > at {
                    steps -= 1;
                }
                self.nth(steps)
            }
        }
    }

    fn nth(&self, steps: i64) -> Instant {
        let step = match self.step {
            Step::Micros(step) => return Instant(self.anchor.0 + steps * step),
            Step::Months(step) => step,
        };
        let day = Zone::Utc.day(self.anchor);
        let time = self.anchor.0 - Zone::Utc.start_of(day).0;
        let in_month = day.0 - day.month().first_day().0;
        let month = day.month().plus(steps as i32 * step);
        let last = month.plus(1).first_day().0 - month.first_day().0 - 1;
        let day = month.first_day().plus(in_month.min(last));
        Instant(Zone::Utc.start_of(day).0 + time)
    }
}

fn month(at: Instant) -> i32 {
    Zone::Utc.day(at).month().0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text, Some(Zone::Utc)).unwrap()
    }

    fn next(anchor: &str, interval: &str, count: u32, from: &str) -> Instant {
        let cycle = Cycle::of(at(anchor), interval, count).unwrap();
        cycle.at_or_after(at(from))
    }

    fn last(anchor: &str, interval: &str, count: u32, from: &str) -> Instant {
        let cycle = Cycle::of(at(anchor), interval, count).unwrap();
        cycle.at_or_before(at(from))
    }

    #[test]
    fn months_keep_their_day() {
        let month = |anchor, from| next(anchor, "month", 1, from);
        assert_eq!(month("2026-11-15", "2026-10-01"), at("2026-10-15"));
        assert_eq!(month("2026-11-15", "2026-10-15"), at("2026-10-15"));
        assert_eq!(month("2026-11-15", "2026-10-16"), at("2026-11-15"));
        assert_eq!(
            month("2026-11-15 12:00", "2026-12-20"),
            at("2027-01-15 12:00")
        );
        // The 31st of a month with thirty days is the 30th.
        assert_eq!(month("2026-10-31", "2026-11-01"), at("2026-11-30"));
        assert_eq!(month("2026-10-31", "2026-12-01"), at("2026-12-31"));
        assert_eq!(
            last("2026-10-31", "month", 1, "2026-03-30"),
            at("2026-02-28")
        );
        assert_eq!(
            last("2026-10-31", "month", 1, "2026-03-31"),
            at("2026-03-31")
        );
        let year = |anchor, from| next(anchor, "year", 1, from);
        assert_eq!(year("2027-03-10", "2026-10-01"), at("2027-03-10"));
        assert_eq!(year("2027-03-10", "2026-03-01"), at("2026-03-10"));
        assert_eq!(year("2027-03-10", "2027-03-11"), at("2028-03-10"));
        assert_eq!(
            last("2027-03-10", "year", 1, "2026-10-01"),
            at("2026-03-10")
        );
    }

    #[test]
    fn weeks_keep_their_weekday() {
        assert_eq!(
            next("2026-10-05", "week", 2, "2026-10-06"),
            at("2026-10-19")
        );
        assert_eq!(
            next("2026-10-05", "week", 2, "2026-09-20"),
            at("2026-09-21")
        );
        assert_eq!(
            last("2026-10-05", "week", 2, "2026-10-04"),
            at("2026-09-21")
        );
        assert_eq!(
            last("2026-10-05", "week", 2, "2026-10-05"),
            at("2026-10-05")
        );
    }
}
