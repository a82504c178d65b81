//! Reading time stamps: the forms that exports use, and nothing that would have to be guessed.

use super::time::{Day, Instant, NotATime, Zone, resolve_local};

const MICROS: i64 = 1_000_000;
const DAY_MICROS: i64 = 86_400 * MICROS;

/// Unix seconds, milliseconds or microseconds, told apart by the number of digits.
pub fn parse_epoch(digits: &str) -> Result<Instant, NotATime> {
    let value: i64 = digits.parse().map_err(|_| NotATime::Form)?;
    match digits.len() {
        // 2001 to 5138 in seconds; a shorter number is more likely a year, a day or an id.
        9..=11 => Ok(Instant(value * MICROS)),
        12..=14 => Ok(Instant(value * 1_000)),
        15..=17 => Ok(Instant(value)),
        _ => Err(NotATime::Form),
    }
}

/// Reads digits at the cursor; between `min` and `max` of them.
pub fn digits(bytes: &[u8], at: &mut usize, min: usize, max: usize) -> Option<i64> {
    let start = *at;
    let mut value = 0i64;
    while *at < bytes.len() && *at - start < max && bytes[*at].is_ascii_digit() {
        value = value * 10 + i64::from(bytes[*at] - b'0');
        *at += 1;
    }
    (*at - start >= min).then_some(value)
}

fn expect(bytes: &[u8], at: &mut usize, any_of: &[u8]) -> Option<u8> {
    let found = *bytes.get(*at)?;
    any_of.contains(&found).then(|| {
        *at += 1;
        found
    })
}

/// `2026-10-01` and everything that may follow it.
pub fn parse_calendar(bytes: &[u8], zone: Option<Zone>) -> Result<Instant, NotATime> {
    let form = NotATime::Form;
    let mut at = 0;
    let year = digits(bytes, &mut at, 4, 4).ok_or(form)?;
    expect(bytes, &mut at, b"-").ok_or(form)?;
    let month = digits(bytes, &mut at, 2, 2).ok_or(form)?;
    expect(bytes, &mut at, b"-").ok_or(form)?;
    let day = digits(bytes, &mut at, 2, 2).ok_or(form)?;
    let day = Day::from_ymd(year as i32, month as u32, day as u32).ok_or(NotATime::NoSuchTime)?;
    let mut micros = i64::from(day.0) * DAY_MICROS;
    let date_only = at == bytes.len();
    if !date_only {
        expect(bytes, &mut at, b"T t").ok_or(form)?;
        micros += parse_clock(bytes, &mut at)?;
    }
    let rest = bytes[at..].trim_ascii_start();
    let rest = match rest.strip_suffix(b" UTC") {
        Some(before) if !before.is_empty() => before,
        _ => rest,
    };
    match rest {
        // A date alone is a calendar day of the file's zone; UTC where none is stated.
        b"" if date_only => resolve_local(micros, zone.unwrap_or(Zone::Utc)),
        b"" => resolve_local(micros, zone.ok_or(NotATime::NoZone)?),
        b"Z" | b"z" | b"UTC" => Ok(Instant(micros)),
        _ => Ok(Instant(micros - parse_offset(rest)?)),
    }
}

fn parse_clock(bytes: &[u8], at: &mut usize) -> Result<i64, NotATime> {
    let form = NotATime::Form;
    let hour = digits(bytes, at, 1, 2).ok_or(form)?;
    expect(bytes, at, b":").ok_or(form)?;
    let minute = digits(bytes, at, 2, 2).ok_or(form)?;
    let mut second = 0;
    let mut fraction = 0;
    if expect(bytes, at, b":").is_some() {
        second = digits(bytes, at, 2, 2).ok_or(form)?;
        if expect(bytes, at, b".,").is_some() {
            let start = *at;
            fraction = digits(bytes, at, 1, 6).ok_or(form)?;
            for _ in *at - start..6 {
                fraction *= 10;
            }
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err(NotATime::NoSuchTime);
    }
    Ok(((hour * 60 + minute) * 60 + second) * MICROS + fraction)
}

fn parse_offset(rest: &[u8]) -> Result<i64, NotATime> {
    let form = NotATime::Form;
    let mut at = 0;
    let sign = match expect(rest, &mut at, b"+-").ok_or(form)? {
        b'-' => -1,
        _ => 1,
    };
    let hours = digits(rest, &mut at, 2, 2).ok_or(form)?;
    let mut minutes = 0;
    if at < rest.len() {
        let _ = expect(rest, &mut at, b":");
        minutes = digits(rest, &mut at, 2, 2).ok_or(form)?;
    }
    if at < rest.len() || hours > 14 || minutes > 59 {
        return Err(form);
    }
    Ok(sign * (hours * 60 + minutes) * 60 * MICROS)
}

/// Whether the month or the day comes first in dates with slashes, which alone do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `12/25/25` is Christmas.
    MonthFirst,
    /// `25/12/25` is.
    DayFirst,
}

impl DateOrder {
    /// Reads `m/d/y` or `d/m/y`.
    pub fn parse(text: &str) -> Option<DateOrder> {
        match text.trim().to_lowercase().as_str() {
            "m/d/y" => Some(DateOrder::MonthFirst),
            "d/m/y" => Some(DateOrder::DayFirst),
            _ => None,
        }
    }

    /// Reads a stamp whose date has slashes, as `12/25/25 20:18`. A year of two digits is of this
    /// century; the rest is as in [`Instant::parse`].
    ///
    /// # Errors
    /// [`NotATime`], which says why.
    pub fn read(self, text: &str, zone: Option<Zone>) -> Result<Instant, NotATime> {
        let text = text.trim();
        let (date, clock) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = date.split('/');
        let mut part = |longest: usize| {
            let digits = parts.next().unwrap_or("");
            let right =
                (1..=longest).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            right.then_some(digits).ok_or(NotATime::Form)
        };
        let (first, second, year) = (part(2)?, part(2)?, part(4)?);
        if parts.next().is_some() || !matches!(year.len(), 2 | 4) {
            return Err(NotATime::Form);
        }
        let (month, day) = match self {
            DateOrder::MonthFirst => (first, second),
            DateOrder::DayFirst => (second, first),
        };
        let century = if year.len() == 2 { "20" } else { "" };
        let stamp = format!("{century}{year}-{month:0>2}-{day:0>2} {clock}");
        Instant::parse(stamp.trim_end(), zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_slashes_are_read_in_the_stated_order() {
        let read = |order: DateOrder, text: &str| order.read(text, Some(Zone::Utc));
        let stamp = |text: &str| Instant::parse(text, Some(Zone::Utc));
        let christmas = stamp("2025-12-25T20:18:00Z");
        assert_eq!(read(DateOrder::MonthFirst, "12/25/25 20:18"), christmas);
        assert_eq!(read(DateOrder::DayFirst, "25/12/2025 20:18:00"), christmas);
        let day = stamp("2026-02-03");
        assert_eq!(read(DateOrder::MonthFirst, "2/3/26"), day);
        assert_eq!(read(DateOrder::DayFirst, "03/02/26"), day);
        for (text, why) in [
            ("25/12/25", NotATime::NoSuchTime),
            ("12/25", NotATime::Form),
            ("12/25/125", NotATime::Form),
            ("12/25/25/1", NotATime::Form),
            ("12/x/25", NotATime::Form),
            ("12/25/25 8:18 PM", NotATime::Form),
        ] {
            assert_eq!(read(DateOrder::MonthFirst, text), Err(why), "{text}");
        }
    }
}
