//! What DeepSeek's two exports share: the time of a row, in both generations of the files.

use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::model::{Day, Instant, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::Row;

/// Where the time of a row stands.
#[derive(Clone, Copy, Debug)]
pub enum TimeColumns {
    /// `utc_date`, a day, as 20260725 or 2026-07-25; up to July 2026.
    Day(usize),
    /// `start_time_iso` and `end_time_iso`, the end exclusive; since August 2026.
    Range(usize, usize),
}

impl TimeColumns {
    /// Finds them; a problem if there are none.
    pub fn find(columns: &Columns, problems: &mut Problems) -> Option<TimeColumns> {
        if columns.header.has("utc_date") {
            return columns
                .required(&["utc_date"], problems)
                .map(TimeColumns::Day);
        }
        let start = columns.required(&["start_time_iso", "utc_date"], problems);
        let end = columns.required(&["end_time_iso"], problems);
        Some(TimeColumns::Range(start?, end?))
    }

    /// The time of a row, half-open.
    ///
    /// # Errors
    /// It is no time, or ends before it starts.
    pub fn of(self, columns: &Columns, row: &Row) -> Result<(Instant, Instant), Problem> {
        match self {
            TimeColumns::Range(start, end) => {
                let from = rows::stamp(columns, row, start)?;
                rows::range(columns, row, from, end)
            }
            TimeColumns::Day(column) => {
                let text = row.filled(column).unwrap_or("");
                let compact = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
                let day = match compact {
                    true => {
                        let dashed = format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
                        Day::parse(&dashed).ok_or_else(|| {
                            let message = "utc_date is no day of the calendar";
                            columns.problem(&catalogue::NOT_A_TIME, row, column, message)
                        })?
                    }
                    false => rows::stamp(columns, row, column)?.utc_day(),
                };
                Ok((Zone::Utc.start_of(day), Zone::Utc.start_of(day.plus(1))))
            }
        }
    }
}
