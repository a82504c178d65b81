//! Instants, days, months, periods and zones. The only file that names `chrono`.
//!
//! Instants are UTC microseconds; periods are half-open `[start, end)`. Nothing reads the clock.

use std::fmt;

use super::stamp::{digits, parse_calendar, parse_epoch};
use chrono::{Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone};

const MICROS: i64 = 1_000_000;
const DAY_MICROS: i64 = 86_400 * MICROS;

/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// A calendar day, in days since 1970-01-01, in whichever zone its holder states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// A calendar month, counted from year 0: `year * 12 + month - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

/// A half-open range of days `[start, end)` in the report's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day inside.
    pub start: Day,
    /// First day outside.
    pub end: Day,
}

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated universal time.
    Utc,
    /// A zone of the IANA database, compiled in.
    Named(chrono_tz::Tz),
}

/// Why a text is not a time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotATime {
    /// Nothing but blanks.
    Empty,
    /// Not one of the accepted forms.
    Form,
    /// `12/25/25 20:18`: month and day cannot be told apart.
    Slashes,
    /// A day, hour or minute that does not exist.
    NoSuchTime,
    /// The stamp has no offset, and neither the format nor the user states a zone.
    NoZone,
    /// A local time that a change of clocks skips or repeats.
    ChangeOfClocks,
}

impl NotATime {
    /// What is wrong with it, as the end of "… is not a time: ".
    pub fn reason(self) -> &'static str {
        match self {
            NotATime::Empty => "it is empty",
            NotATime::Form => "it has none of the accepted forms",
            NotATime::Slashes => {
                "month and day cannot be told apart; it looks re-saved by a spreadsheet"
            }
            NotATime::NoSuchTime => "that day or time of day does not exist",
            NotATime::NoZone => "it has no offset and no zone is stated for it",
            NotATime::ChangeOfClocks => {
                "the clocks change at that moment, so it happens twice or never"
            }
        }
    }
}

impl Instant {
    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// The UTC day.
    pub fn utc_day(self) -> Day {
        Day(self.0.div_euclid(DAY_MICROS) as i32)
    }

    /// Parses a time stamp. Accepted: `2026-10-01`, `2026-10-01 9:05`, `2026-10-01T09:05:30.123Z`,
    /// offsets `Z`, `UTC`, `+02`, `+02:00`, `+0200`, and whole numbers: Unix seconds (up to 11
    /// digits), milliseconds (12–14) or microseconds (15–17). A second of 60 is folded into the
    /// next minute. `zone` reads stamps that carry no offset.
    ///
    /// # Errors
    /// [`NotATime`], which says why.
    pub fn parse(text: &str, zone: Option<Zone>) -> Result<Instant, NotATime> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotATime::Empty);
        }
        let bytes = text.as_bytes();
        if bytes.iter().all(u8::is_ascii_digit) {
            return parse_epoch(text);
        }
        if let Some(seconds) = text.strip_suffix(".0")
            && seconds.len() >= 9
            && seconds.bytes().all(|b| b.is_ascii_digit())
        {
            return parse_epoch(seconds);
        }
        if bytes.contains(&b'/') {
            return Err(NotATime::Slashes);
        }
        parse_calendar(bytes, zone)
    }
}

fn naive(micros: i64) -> NaiveDateTime {
    chrono::DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .naive_utc()
}

/// A local time in its zone; a change of clocks makes it ambiguous.
pub(super) fn resolve_local(micros: i64, zone: Zone) -> Result<Instant, NotATime> {
    match zone {
        Zone::Utc => Ok(Instant(micros)),
        Zone::Named(tz) => match tz.from_local_datetime(&naive(micros)) {
            chrono::LocalResult::Single(moment) => Ok(Instant(moment.timestamp_micros())),
            _ => Err(NotATime::ChangeOfClocks),
        },
    }
}

impl Zone {
    /// Reads `UTC` or an IANA name such as `Europe/Paris`.
    pub fn parse(text: &str) -> Option<Zone> {
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Some(Zone::Utc);
        }
        text.parse().ok().map(Zone::Named)
    }

    /// The name, as the user would write it.
    pub fn name(&self) -> &'static str {
        match self {
            Zone::Utc => "UTC",
            Zone::Named(tz) => tz.name(),
        }
    }

    /// The calendar day of an instant in this zone.
    pub fn day(&self, instant: Instant) -> Day {
        match self {
            Zone::Utc => instant.utc_day(),
            Zone::Named(tz) => {
                let offset = tz.offset_from_utc_datetime(&naive(instant.0)).fix();
                let local = instant.0 + i64::from(offset.local_minus_utc()) * MICROS;
                Instant(local).utc_day()
            }
        }
    }

    /// The first instant of a day in this zone. Where the clocks skip midnight it is the first
    /// instant after the gap.
    pub fn start_of(&self, day: Day) -> Instant {
        let midnight = i64::from(day.0) * DAY_MICROS;
        match self {
            Zone::Utc => Instant(midnight),
            Zone::Named(tz) => {
                for step in 0..=12 {
                    let local = naive(midnight + step * 15 * 60 * MICROS);
                    if let Some(moment) = tz.from_local_datetime(&local).earliest() {
                        return Instant(moment.timestamp_micros());
                    }
                }
                Instant(midnight)
            }
        }
    }
}

/// Howard Hinnant's days-from-civil, for dates that exist: this runs once per log line.
fn civil(year: i32, month: u32, day: u32) -> Day {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let month_index = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Day(era * 146_097 + day_of_era - 719_468)
}

impl Day {
    /// The day of a calendar date, if it exists.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        if !(1..=12).contains(&month) || day < 1 || !(1..=9999).contains(&year) {
            return None;
        }
        if day > 28 && NaiveDate::from_ymd_opt(year, month, day).is_none() {
            return None;
        }
        Some(civil(year, month, day))
    }

    /// Parses `2026-10-01`.
    pub fn parse(text: &str) -> Option<Day> {
        let bytes = text.trim().as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let mut at = 0;
        let year = digits(bytes, &mut at, 4, 4)?;
        at = 5;
        let month = digits(bytes, &mut at, 2, 2)?;
        at = 8;
        let day = digits(bytes, &mut at, 2, 2)?;
        Day::from_ymd(year as i32, month as u32, day as u32)
    }

    fn date(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0 + 719_163).unwrap_or_default()
    }

    /// The month it lies in.
    pub fn month(self) -> Month {
        let date = self.date();
        Month(date.year() * 12 + date.month0() as i32)
    }

    /// The Monday of its week (ISO 8601).
    pub fn week(self) -> Day {
        // 1970-01-01 was a Thursday.
        Day(self.0 - (self.0 + 3).rem_euclid(7))
    }

    /// The day `n` days later.
    pub fn plus(self, n: i32) -> Day {
        Day(self.0 + n)
    }
}

impl Month {
    /// Parses `2026-10`.
    pub fn parse(text: &str) -> Option<Month> {
        Day::parse(&format!("{}-01", text.trim())).map(Day::month)
    }

    /// Its first day.
    pub fn first_day(self) -> Day {
        Day::from_ymd(self.0.div_euclid(12), self.0.rem_euclid(12) as u32 + 1, 1).unwrap_or(Day(0))
    }

    /// The month `n` later.
    pub fn plus(self, n: i32) -> Month {
        Month(self.0 + n)
    }

    /// `October 2026`.
    pub fn title(self) -> String {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        format!(
            "{} {}",
            NAMES[self.0.rem_euclid(12) as usize],
            self.0.div_euclid(12)
        )
    }
}

impl Period {
    /// One calendar month.
    pub fn month(month: Month) -> Period {
        Period {
            start: month.first_day(),
            end: month.plus(1).first_day(),
        }
    }

    /// Whether the day lies inside.
    pub fn contains(&self, day: Day) -> bool {
        self.start <= day && day < self.end
    }

    /// The months it touches, in order.
    pub fn months(&self) -> impl Iterator<Item = Month> + use<> {
        let first = self.start.month().0;
        let last = self.end.plus(-1).month().0;
        (first..=last).map(Month)
    }

    /// `October 2026`, `July – September 2026` or the two days.
    pub fn title(&self) -> String {
        let (first, last) = (self.start.month(), self.end.plus(-1).month());
        if self.start != first.first_day() || self.end != last.plus(1).first_day() {
            return format!("{} to {}", self.start, self.end.plus(-1));
        }
        if first == last {
            return first.title();
        }
        if first.0.div_euclid(12) == last.0.div_euclid(12) {
            let month = first.title();
            let name = month.split(' ').next().unwrap_or_default();
            return format!("{name} – {}", last.title());
        }
        format!("{} – {}", first.title(), last.title())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(
            f,
            "{:04}-{:02}-{:02}",
            date.year(),
            date.month(),
            date.day()
        )
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}",
            self.0.div_euclid(12),
            self.0.rem_euclid(12) + 1
        )
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds().rem_euclid(86_400);
        write!(
            f,
            "{}T{:02}:{:02}:{:02}",
            self.utc_day(),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        let micros = self.0.rem_euclid(MICROS);
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        Instant::parse(text, Some(Zone::Utc)).unwrap().to_string()
    }

    #[test]
    fn reads_the_forms_that_exports_use() {
        for (text, printed) in [
            ("2026-10-01", "2026-10-01T00:00:00Z"),
            ("2026-02-03 9:15", "2026-02-03T09:15:00Z"),
            ("2026-02-03 10:16:05", "2026-02-03T10:16:05Z"),
            ("2026-08-30T00:00:00+00:00", "2026-08-30T00:00:00Z"),
            ("2026-10-01T01:30:00+02:00", "2026-09-30T23:30:00Z"),
            (
                "2026-10-01T01:30:00.250-0530",
                "2026-10-01T07:00:00.250000Z",
            ),
            (
                "2026-10-01 01:30:00.123456789 UTC",
                "2026-10-01T01:30:00.123456Z",
            ),
            ("1760054400", "2025-10-10T00:00:00Z"),
            ("1760054400.0", "2025-10-10T00:00:00Z"),
            ("1760054400123", "2025-10-10T00:00:00.123000Z"),
            ("1760054400123456", "2025-10-10T00:00:00.123456Z"),
            ("2026-06-30T23:59:60Z", "2026-07-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(utc(text), printed, "{text}");
        }
    }

    #[test]
    fn refuses_what_it_would_have_to_guess() {
        let why = |text| Instant::parse(text, None).unwrap_err();
        assert_eq!(why("12/25/25 20:18"), NotATime::Slashes);
        assert_eq!(why("2026-10-01 10:00:00"), NotATime::NoZone);
        assert_eq!(why("2026-02-29"), NotATime::NoSuchTime);
        assert_eq!(why("2026-01-01T24:00:00Z"), NotATime::NoSuchTime);
        assert_eq!(why("yesterday"), NotATime::Form);
        assert_eq!(why("20261001"), NotATime::Form);
        assert_eq!(why(""), NotATime::Empty);
    }

    #[test]
    fn changes_of_clocks_are_refused_in_local_time_and_right_in_days() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let local = |text| Instant::parse(text, Some(berlin));
        assert_eq!(local("2026-03-29 02:30:00"), Err(NotATime::ChangeOfClocks));
        assert_eq!(local("2026-10-25 02:30:00"), Err(NotATime::ChangeOfClocks));
        assert_eq!(
            local("2026-03-29 01:30:00").unwrap().to_string(),
            "2026-03-29T00:30:00Z"
        );
        let before = Instant::parse("2026-09-30T21:59:59Z", None).unwrap();
        let after = Instant::parse("2026-09-30T22:00:00Z", None).unwrap();
        assert_eq!(berlin.day(before).to_string(), "2026-09-30");
        assert_eq!(berlin.day(after).to_string(), "2026-10-01");
        let october = Day::parse("2026-10-01").unwrap();
        assert_eq!(berlin.start_of(october), after);
    }

    #[test]
    fn months_days_and_weeks_agree() {
        let day = Day::parse("2026-11-22").unwrap();
        assert_eq!(day.month().to_string(), "2026-11");
        assert_eq!(day.week().to_string(), "2026-11-16");
        assert_eq!(
            Month::parse("2026-12").unwrap().plus(1).to_string(),
            "2027-01"
        );
        let period = Period::month(Month::parse("2026-10").unwrap());
        assert_eq!(period.title(), "October 2026");
        assert_eq!(period.months().count(), 1);
        for n in -200_000..200_000 {
            let day = Day(n);
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
    }
}
