//! Values of columnar files as plain text: exact decimals, ISO dates and times.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, TimeDelta};

/// Rust prints floats in their shortest form that reads back to the same float.
pub(super) fn display<T: Display>(text: &mut String, value: T) {
    let _ = write!(text, "{value}");
}

/// So many units of 10^-scale, with all decimals.
pub(super) fn decimal(text: &mut String, units: i128, scale: usize) {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if units < 0 {
        text.push('-');
    }
    text.push_str(whole);
    if scale > 0 {
        text.push('.');
        text.push_str(fraction);
    }
}

/// Days since 1970-01-01 as an ISO date; a day beyond all calendars stays a number.
pub(super) fn date(text: &mut String, days: i32) {
    match DateTime::UNIX_EPOCH.checked_add_signed(TimeDelta::days(i64::from(days))) {
        Some(time) => display(text, time.format("%Y-%m-%d")),
        None => display(text, days),
    }
}

/// Ticks since 1970-01-01T00:00:00 as an ISO time stamp. Times with a zone are stored in UTC.
pub(super) fn time(text: &mut String, ticks: i64, per_second: i64, zoned: bool) {
    let nanoseconds = ticks.rem_euclid(per_second) * (1_000_000_000 / per_second);
    let time = u32::try_from(nanoseconds).ok().and_then(|nanoseconds| {
        DateTime::from_timestamp(ticks.div_euclid(per_second), nanoseconds)
    });
    match time {
        Some(time) => display(text, time.format("%Y-%m-%dT%H:%M:%S%.f")),
        None => display(text, ticks),
    }
    if zoned {
        text.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(print: impl Fn(&mut String)) -> String {
        let mut text = String::new();
        print(&mut text);
        text
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(with(|t| decimal(t, 12345, 2)), "123.45");
        assert_eq!(with(|t| decimal(t, -5, 3)), "-0.005");
        assert_eq!(with(|t| decimal(t, 7, 0)), "7");
        assert_eq!(with(|t| decimal(t, 150, 2)), "1.50");
        let lowest = "-1.70141183460469231731687303715884105728";
        assert_eq!(with(|t| decimal(t, i128::MIN, 38)), lowest);
    }

    #[test]
    fn floats_are_shortest() {
        assert_eq!(with(|t| display(t, 0.1_f64)), "0.1");
        assert_eq!(with(|t| display(t, 0.1_f32)), "0.1");
        assert_eq!(with(|t| display(t, 1.5e-7_f64)), "0.00000015");
    }

    #[test]
    fn days_and_times() {
        assert_eq!(with(|t| date(t, 0)), "1970-01-01");
        assert_eq!(with(|t| date(t, -1)), "1969-12-31");
        assert_eq!(
            with(|t| time(t, 86_400_000, 1000, true)),
            "1970-01-02T00:00:00Z"
        );
        assert_eq!(
            with(|t| time(t, -1, 1_000_000, false)),
            "1969-12-31T23:59:59.999999"
        );
        assert_eq!(
            with(|t| time(t, 1_500, 1000, false)),
            "1970-01-01T00:00:01.500"
        );
    }
}
