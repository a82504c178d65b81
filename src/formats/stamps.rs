//! The time stamps of a log, one after the other: most have the date of the row before.

use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::model::Instant;
use crate::problem::Problem;
use crate::scan::Row;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Reads time stamps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamps {
    /// The date of the last stamp in UTC, as written, and its midnight.
    date: Option<([u8; 10], i64)>,
}

impl Stamps {
    /// The row's own time stamp, as [`rows::stamp`] reads it.
    ///
    /// # Errors
    /// It is no time stamp.
    pub fn read(
        &mut self,
        columns: &Columns,
        row: &Row,
        column: usize,
    ) -> Result<Instant, Problem> {
        let text = row.bytes(column).unwrap_or_default();
        if let Some((date, midnight)) = &self.date
            && let Some((known, clock)) = text.split_first_chunk()
            && known == date
            && let Some(clock) = clock_in_utc(clock)
        {
            return Ok(Instant(midnight + clock));
        }
        let instant = rows::stamp(columns, row, column)?;
        if let Some((date, clock)) = text.split_first_chunk()
            && clock_in_utc(clock).is_some()
        {
            self.date = Some((*date, instant.0.div_euclid(DAY) * DAY));
        }
        Ok(instant)
    }
}

/// Microseconds since midnight of `T12:34:56Z` or `T12:34:56.789Z`, the commonest forms by far;
/// `None` for any other, and for times that there are not.
fn clock_in_utc(text: &[u8]) -> Option<i64> {
    let (clock, rest) = text.split_first_chunk::<9>()?;
    let [b'T' | b' ', h, hour, b':', m, minute, b':', s, second] = clock else {
        return None;
    };
    let (hour, minute, second) = (two(*h, *hour)?, two(*m, *minute)?, two(*s, *second)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let whole = ((hour * 60 + minute) * 60 + second) * SECOND;
    let digits = match rest {
        b"Z" => return Some(whole),
        [b'.', digits @ .., b'Z'] => digits,
        _ => return None,
    };
    if !(1..=6).contains(&digits.len()) {
        return None;
    }
    let mut fraction = 0;
    for digit in digits.iter().chain(&b"000000"[digits.len()..]) {
        fraction = fraction * 10 + one(*digit)?;
    }
    Some(whole + fraction)
}

fn one(digit: u8) -> Option<i64> {
    digit.is_ascii_digit().then(|| i64::from(digit - b'0'))
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(one(tens)? * 10 + one(ones)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Header;

    #[test]
    fn stamps_are_read_as_any_other_time() {
        let header = Header::new(["time".to_string()]);
        let columns = Columns::named("log.csv".into(), header);
        let mut stamps = Stamps::default();
        let mut short = 0;
        for text in [
            "2026-10-01T00:00:00Z",
            "2026-10-01T23:59:59.999999Z",
            "2026-10-01T23:59:59.9999999Z",
            "2026-10-01 08:07:06.5Z",
            "2026-10-01T08:07:06",
            "2026-10-01T23:59:60Z",
            "2026-10-01T24:00:00Z",
            "2026-10-01T08:07:06+02:00",
            "2026-10-01T08:07:0xZ",
            "2026-10-01T08:07:06.Z",
            "2026-10-01T08:07:06.1x2Z",
            "2026-10-01",
            "2026-09-31T00:00:00Z",
            "2026-09-31T00:00:00Z",
            "2026-10-02T01:00:00Z",
            "2026-10-02T01:00:00.120Z",
            "",
        ] {
            let row = Row::of_cells(2, &[text]);
            let told = |read: Result<Instant, Problem>| read.map_err(|why| format!("{why:?}"));
            short += u32::from(text.len() > 10 && clock_in_utc(&text.as_bytes()[10..]).is_some());
            let plain = told(rows::stamp(&columns, &row, 0));
            assert_eq!(told(stamps.read(&columns, &row, 0)), plain, "{text}");
        }
        assert_eq!(short, 7);
    }
}
