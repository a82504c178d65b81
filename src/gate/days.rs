//! Days for which a log or bill says nothing.

use std::collections::BTreeSet;

use crate::model::{Day, Period};

/// The days with data of one log, or of one provider's bills.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is: `usage`, `bill openai`.
    pub name: String,
    /// Whether it is a bill.
    pub is_bill: bool,
    /// The days it speaks for, whatever the period.
    pub days: BTreeSet<Day>,
    /// Charges of the period that the provider itself calls not final.
    pub not_final: u64,
}

/// All of them, and the days that they should speak for.
#[derive(Clone, Debug)]
pub struct Days {
    /// The report period.
    pub period: Period,
    /// The day on which the check is made, if it was said: days from here on are to come.
    pub as_of: Option<Day>,
    /// Logs and bills.
    pub sources: Vec<Source>,
}

impl Days {
    /// The first day that nobody can know yet: `as_of`, or the end of the period.
    pub fn end(&self) -> Day {
        let end = self.period.end;
        self.as_of.map_or(end, |day| day.min(end))
    }

    /// Whether the period is over.
    pub fn is_over(&self) -> bool {
        self.as_of.is_none_or(|day| day >= self.period.end)
    }

    /// How many days at the end a source says nothing for, and the last day that it does.
    pub fn stale(&self, source: &Source) -> (u64, Option<Day>) {
        self.silent(source, self.end())
    }

    /// How many days of the period a bill has yet to come for, those to come included.
    pub fn to_come(&self, source: &Source) -> u64 {
        let (silent, _) = self.silent(source, self.period.end);
        silent.max(between(self.end(), self.period.end))
    }

    fn silent(&self, source: &Source, end: Day) -> (u64, Option<Day>) {
        let known = source.days.range(..end).next_back().copied();
        let from = known.map_or(self.period.start, |day| day.plus(1));
        (between(from.max(self.period.start), end), known)
    }

    /// The days of the period before the last known one for which a source says nothing.
    pub fn missing(&self, source: &Source) -> Vec<Day> {
        let known = source.days.range(..self.end()).next_back().copied();
        let end = known.map_or(self.period.start, |day| day.plus(1));
        let mut day = self.period.start;
        let mut missing = Vec::new();
        while day < end {
            if !source.days.contains(&day) {
                missing.push(day);
            }
            day = day.plus(1);
        }
        missing
    }
}

fn between(from: Day, end: Day) -> u64 {
    u64::try_from(i64::from(end.0) - i64::from(from.0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Month;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn days(as_of: Option<&str>) -> Days {
        Days {
            period: Period::month(Month::parse("2026-10").unwrap()),
            as_of: as_of.map(day),
            sources: Vec::new(),
        }
    }

    fn source(days: &[&str]) -> Source {
        Source {
            name: "usage".into(),
            is_bill: false,
            days: days.iter().map(|text| day(text)).collect(),
            not_final: 0,
        }
    }

    #[test]
    fn days_to_come_are_not_missed() {
        // Known on 1, 2 and 5 October; asked on the 8th, whose own day is not over.
        let log = source(&["2026-10-01", "2026-10-02", "2026-10-05"]);
        let asked = days(Some("2026-10-08"));
        assert_eq!(asked.stale(&log), (2, Some(day("2026-10-05"))));
        assert_eq!(asked.missing(&log), [day("2026-10-03"), day("2026-10-04")]);
        assert!(!asked.is_over());
        // Without a day, the whole month is meant: 6 to 31 October.
        assert_eq!(days(None).stale(&log), (26, Some(day("2026-10-05"))));
        assert!(days(None).is_over());
    }

    #[test]
    fn a_source_without_days_in_the_period_is_stale_all_of_it() {
        let before = source(&["2026-09-30"]);
        assert_eq!(days(None).stale(&before), (31, Some(day("2026-09-30"))));
        assert!(days(None).missing(&before).is_empty());
        let none = source(&[]);
        assert_eq!(days(None).stale(&none), (31, None));
        assert!(days(None).missing(&none).is_empty());
        // What comes after the period does not make it fresh.
        let after = source(&["2026-10-30", "2026-11-03"]);
        assert_eq!(days(None).stale(&after), (1, Some(day("2026-10-30"))));
        assert_eq!(days(Some("2026-12-01")).end(), day("2026-11-01"));
        // A bill of a running month is not final, whatever days it has.
        assert_eq!(days(None).to_come(&after), 1);
        assert_eq!(days(Some("2026-10-08")).to_come(&after), 24);
        // Nothing is asked of a period that has not begun.
        assert_eq!(days(Some("2026-09-15")).stale(&none), (0, None));
    }
}
