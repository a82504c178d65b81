//! Moments as seconds since 1970 and the calendar around them, apart from the program's own.

/// Seconds since the start of 1970, UTC.
pub type At = i64;

/// Seconds of a day.
pub const DAY: At = 86_400;

/// The day of a date, counted from the first of 1970.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| year / 4 - year / 100 + year / 400;
    let is_leap = leap(year) > leap(year - 1);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let in_year = before[month as usize - 1] + i64::from(is_leap && month > 2) + day - 1;
    (year - 1970) * 365 + leap(year - 1) - leap(1969) + in_year
}

/// The first moment of a day.
pub fn at(year: i64, month: i64, day: i64) -> At {
    days_of(year, month, day) * DAY
}

/// Year, month and day of a moment.
pub fn date(moment: At) -> (i64, i64, i64) {
    let day = moment.div_euclid(DAY);
    let mut year = 1970 + day / 366;
    while days_of(year + 1, 1, 1) <= day {
        year += 1;
    }
    let months = 1..=12;
    let month = months.rev().find(|month| days_of(year, *month, 1) <= day);
    let month = month.unwrap_or(1);
    (year, month, day - days_of(year, month, 1) + 1)
}

/// The same time of the same day so many months later; the day is at most the 28th.
pub fn months_after(moment: At, months: i64) -> At {
    let (year, month, day) = date(moment);
    let count = year * 12 + month - 1 + months;
    at(count.div_euclid(12), count.rem_euclid(12) + 1, day) + moment.rem_euclid(DAY)
}

/// The first moment of a moment's month.
pub fn month_of(moment: At) -> At {
    let (year, month, _) = date(moment);
    at(year, month, 1)
}

/// `2026-02`.
pub fn month_name(moment: At) -> String {
    let (year, month, _) = date(moment);
    format!("{year}-{month:02}")
}

/// `2026-02-03`.
pub fn day_name(moment: At) -> String {
    let (year, month, day) = date(moment);
    format!("{year}-{month:02}-{day:02}")
}

/// `2026-02-03 09:15`, as the Dashboard writes invoices: the seconds are lost.
pub fn minute(moment: At) -> String {
    let time = moment.rem_euclid(DAY);
    let (hour, minute) = (time / 3600, time / 60 % 60);
    format!("{} {hour:02}:{minute:02}", day_name(moment))
}

/// `2026-02-03 09:15:30`.
pub fn second(moment: At) -> String {
    format!("{}:{:02}", minute(moment), moment.rem_euclid(60))
}

#[test]
fn the_calendar_agrees_with_known_days() {
    // `date -u -d 2026-11-23 +%s` and the like.
    assert_eq!(at(1970, 1, 1), 0);
    assert_eq!(at(2024, 2, 29), 1_709_164_800);
    assert_eq!(at(2026, 11, 23), 1_795_392_000);
    assert_eq!(second(1_709_164_799), "2024-02-28 23:59:59");
    assert_eq!(date(at(2100, 3, 1) - 1), (2100, 2, 28));
    let late = at(2025, 10, 28) + 7_261;
    assert_eq!(second(months_after(late, 15)), "2027-01-28 02:01:01");
}
