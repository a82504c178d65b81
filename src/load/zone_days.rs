//! The days of instants in a zone, one after the other: most of a log lie in the hour of the row
//! before.

use crate::model::{Day, Instant, Zone};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// The days of a zone.
#[derive(Clone, Copy, Debug)]
pub struct ZoneDays {
    zone: Zone,
    /// An hour of UTC, counted from 1970, that lies in one day of the zone, and that day.
    hour: Option<(i64, Day)>,
}

impl ZoneDays {
    /// The days of this zone.
    pub fn new(zone: Zone) -> ZoneDays {
        ZoneDays { zone, hour: None }
    }

    /// The day of an instant, as [`Zone::day`] tells it.
    pub fn day(&mut self, instant: Instant) -> Day {
        if self.zone == Zone::Utc {
            return instant.utc_day();
        }
        let hour = instant.0.div_euclid(HOUR);
        if let Some((known, day)) = self.hour
            && known == hour
        {
            return day;
        }
        let day = self.zone.day(instant);
        // Where clocks go back over midnight a day has two parts, so its ends alone do not tell.
        let (first, behind) = (hour * HOUR, (hour + 1) * HOUR);
        let whole = self.zone.start_of(day).0 <= first
            && behind <= self.zone.start_of(day.plus(1)).0
            && self.zone.day(Instant(first)) == day
            && self.zone.day(Instant(behind - 1)) == day;
        self.hour = whole.then_some((hour, day));
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        // Clocks change within these spans, at midnight and at other hours.
        for (name, first) in [
            ("Europe/Berlin", "2026-03-27"),
            ("America/Havana", "2026-10-30"),
            ("America/St_Johns", "2008-10-31"),
            ("Asia/Kathmandu", "2026-01-01"),
            ("UTC", "2026-01-01"),
        ] {
            let zone = Zone::parse(name).unwrap();
            let mut days = ZoneDays::new(zone);
            let first = Zone::Utc.start_of(Day::parse(first).unwrap());
            let minutes = 4 * 24 * 60;
            for minute in (0..minutes).chain((0..minutes).map(|at| at * 7 % minutes)) {
                let instant = Instant(first.0 + minute * 60_000_000);
                assert_eq!(days.day(instant), zone.day(instant), "{name} {minute}");
            }
        }
    }
}
