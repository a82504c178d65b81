//! Reading cells as numbers, times and ids, with located problems: the part all readers share.

use std::sync::Arc;

use crate::formats::Settings;
use crate::formats::spreadsheet::looks_damaged;
use crate::model::time::NotATime;
use crate::model::{Currency, DateOrder, Day, Exact, Instant, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// Words that stand for "nothing here" in the exports of several vendors.
pub const NULL_WORDS: &[&str] = &["null", "--", "not_available", "none", "nan"];

/// The columns of one file: resolves names to positions once, and reads cells with located
/// problems afterwards.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Its header.
    pub header: Header,
    /// Whether numbers have a decimal comma.
    pub decimal_comma: bool,
    /// Zone of stamps that carry no offset; `None` refuses them.
    pub zone: Option<Zone>,
    /// Zone of days without a time of day, where it differs.
    pub days: Option<Zone>,
    /// The order of dates with slashes; `None` refuses them.
    pub date_order: Option<DateOrder>,
}

impl Columns {
    /// Takes the header of a source. `zone` is the format's documented zone, which the user's
    /// `tz` overrides.
    pub fn of(source: &dyn RowSource, settings: &Settings, zone: Option<Zone>) -> Columns {
        Columns {
            file: source.file().clone(),
            header: source.header().clone(),
            decimal_comma: settings.decimal_comma.unwrap_or(false),
            zone: settings.zone.or(zone),
            days: None,
            date_order: settings.date_order,
        }
    }

    /// A header alone, under the name that messages say.
    pub fn named(file: Arc<str>, header: Header) -> Columns {
        Columns {
            file,
            header,
            decimal_comma: false,
            zone: None,
            days: None,
            date_order: None,
        }
    }

    /// Days without a time of day are days of the report, unless the user stated the file's zone.
    pub fn calendar_days(self, settings: &Settings) -> Columns {
        Columns {
            days: settings.calendar.filter(|_| settings.zone.is_none()),
            ..self
        }
    }

    /// The column of one of these names (the first that is there). A name that stands twice is a
    /// problem.
    pub fn optional(&self, names: &[&str], problems: &mut Problems) -> Option<usize> {
        for name in names {
            match self.header.find(name) {
                None => {}
                Some(Ok(column)) => return Some(column),
                Some(Err((first, second))) => {
                    problems.push(
                        Problem::new(
                            &catalogue::HEADER,
                            format!(
                                "the column {name:?} stands twice, as field {} and field {}",
                                first + 1,
                                second + 1
                            ),
                        )
                        .at(Place::line(&self.file, 1))
                        .help("rename or remove one of them"),
                    );
                    return None;
                }
            }
        }
        None
    }

    /// The column of one of these names; a problem if none is there.
    pub fn required(&self, names: &[&str], problems: &mut Problems) -> Option<usize> {
        let before = problems.total();
        let found = self.optional(names, problems);
        if found.is_none() && problems.total() == before {
            let nearest = self
                .header
                .names()
                .iter()
                .map(|name| {
                    (
                        strsim::jaro_winkler(&name.to_lowercase(), &names[0].to_lowercase()),
                        name,
                    )
                })
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let mut help = format!("columns found: {}", self.header.names().join(", "));
            if let Some((_, name)) = nearest {
                help = format!("{name:?} is near; {help}");
            }
            problems.push(
                Problem::new(
                    &catalogue::HEADER,
                    format!("the column {} is missing", names.join(" or ")),
                )
                .at(Place::line(&self.file, 1))
                .help(help),
            );
        }
        found
    }

    /// A problem with one cell.
    pub fn problem(
        &self,
        entry: &'static crate::problem::Entry,
        row: &Row,
        column: usize,
        message: impl Into<String>,
    ) -> Problem {
        row.problem(entry, &self.file, &self.header, column, message)
    }

    /// The cell as a number. Blank and absent cells are problems.
    pub fn number(&self, row: &Row, column: usize) -> Result<Exact, Problem> {
        match self.optional_number(row, column)? {
            Some(number) => Ok(number),
            None => Err(self
                .problem(
                    &catalogue::NOT_A_NUMBER,
                    row,
                    column,
                    format!("{} is empty", self.header.name(column)),
                )
                .help("an empty amount is not zero; write 0 if that is what it is")),
        }
    }

    /// The cell as a number, or `None` where it is blank or absent.
    pub fn optional_number(&self, row: &Row, column: usize) -> Result<Option<Exact>, Problem> {
        let Some(text) = row.filled(column) else {
            return Ok(None);
        };
        let parsed = if self.decimal_comma && text.contains(',') && !text.contains('.') {
            Exact::parse(&text.replacen(',', ".", 1))
        } else {
            Exact::parse(text)
        };
        parsed.map(Some).map_err(|why| {
            let name = self.header.name(column);
            if looks_damaged(text) {
                return self
                    .problem(
                        &catalogue::SPREADSHEET_DAMAGE,
                        row,
                        column,
                        format!("{name} looks damaged by a spreadsheet"),
                    )
                    .help("export the file again and do not open it in a spreadsheet on the way");
            }
            let message = format!("{name} is not a number: {}", why.reason());
            let help = match why {
                crate::model::exact::NotANumber::Comma if !self.decimal_comma => {
                    "if this file uses a decimal comma, say decimal = \",\" in its [[input]] entry of tanso.toml"
                }
                _ => "write one plain decimal such as 1234.56",
            };
            self.problem(&catalogue::NOT_A_NUMBER, row, column, message).help(help)
        })
    }

    /// As [`Columns::optional_number`], for a column whose vendor writes commas between groups of
    /// three digits, as in `20,122,880` and `1,085.84`. Where `with_point`, commas are taken for
    /// that only if a decimal point follows: then they cannot be decimal commas.
    pub fn grouped_number(
        &self,
        row: &Row,
        column: usize,
        with_point: bool,
    ) -> Result<Option<Exact>, Problem> {
        let text = row.filled(column).unwrap_or("");
        match ungrouped(text).filter(|_| !with_point || text.contains('.')) {
            Some(plain) => Ok(Exact::parse(&plain).ok()),
            None => self.optional_number(row, column),
        }
    }

    /// The cell as a whole number of tokens, requests and the like: not negative, no fraction.
    pub fn count(&self, row: &Row, column: usize) -> Result<Option<Exact>, Problem> {
        // Nearly every count is a short run of digits, which is right in any dialect.
        if let Some(count) = row.bytes(column).and_then(short_count) {
            return Ok(Some(Exact::from(count)));
        }
        let Some(number) = self.optional_number(row, column)? else {
            return Ok(None);
        };
        let name = self.header.name(column);
        if number.is_negative() {
            let message = format!("{name} is negative");
            return Err(self.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
        }
        if !number.is_integer() {
            let message = format!("{name} is not a whole number");
            return Err(self.problem(&catalogue::FRACTION, row, column, message));
        }
        Ok(Some(number))
    }

    /// The cell as an instant; blank and absent cells are problems.
    pub fn instant(&self, row: &Row, column: usize) -> Result<Instant, Problem> {
        let text = row.filled(column).unwrap_or("");
        if let Some((zone, day)) = self.days.zip(Day::parse(text)) {
            return Ok(zone.start_of(day));
        }
        let read = match self.date_order {
            Some(order) if text.contains('/') => {
                let day = self.days.filter(|_| !text.contains(':'));
                order.read(text, day.or(self.zone))
            }
            _ => Instant::parse(text, self.zone),
        };
        read.map_err(|why| {
            let name = self.header.name(column);
            let message = format!("{name} is not a time: {}", why.reason());
            let (entry, help) = match why {
                NotATime::NoZone => (
                    &catalogue::NO_ZONE,
                    "say tz = \"UTC\" (or the zone the log is written in) in its [[input]] entry of tanso.toml, or --input-tz UTC",
                ),
                NotATime::Slashes => (
                    &catalogue::NOT_A_TIME,
                    "say date_format = \"m/d/y\" or \"d/m/y\" in its [[input]] entry of tanso.toml, or export the file again without a spreadsheet on the way",
                ),
                _ => (
                    &catalogue::NOT_A_TIME,
                    "write 2026-10-01 or 2026-10-01T09:05:00Z, or export the file again without a spreadsheet on the way",
                ),
            };
            self.problem(entry, row, column, message).help(help)
        })
    }

    /// The cell as an instant, or `None` where it is blank or absent.
    pub fn optional_instant(
        &self,
        row: &Row,
        column: Option<usize>,
    ) -> Result<Option<Instant>, Problem> {
        match column {
            Some(column) if row.filled(column).is_some() => self.instant(row, column).map(Some),
            _ => Ok(None),
        }
    }

    /// The cell as a currency code; blank and absent cells are problems.
    pub fn currency(&self, row: &Row, column: usize) -> Result<Currency, Problem> {
        let text = row.filled(column).unwrap_or("");
        Currency::parse(text).ok_or_else(|| {
            self.problem(
                &catalogue::BAD_VALUE,
                row,
                column,
                format!(
                    "{} is not the code of a currency (ISO 4217)",
                    self.header.name(column)
                ),
            )
        })
    }

    /// The cell as an id: trimmed text, `None` where blank or absent, a problem where a
    /// spreadsheet has rewritten it.
    pub fn id<'r>(&self, row: &'r Row, column: usize) -> Result<Option<&'r str>, Problem> {
        let Some(text) = row.filled(column) else {
            return Ok(None);
        };
        if looks_damaged(text) {
            return Err(self
                .problem(
                    &catalogue::SPREADSHEET_DAMAGE,
                    row,
                    column,
                    format!(
                        "{} looks damaged by a spreadsheet",
                        self.header.name(column)
                    ),
                )
                .help("export the file again and do not open it in a spreadsheet on the way"));
        }
        Ok(Some(text))
    }
}

/// The cell's text, or `None` where it is blank, absent or one of the [`NULL_WORDS`].
pub fn word(row: &Row, column: Option<usize>) -> Option<&str> {
    row.filled(column?).filter(|text| !is_null_word(text))
}

fn is_null_word(text: &str) -> bool {
    // Most words begin otherwise, which is told at once.
    matches!(text.as_bytes().first(), Some(b'n' | b'N' | b'-'))
        && NULL_WORDS
            .iter()
            .any(|null| text.eq_ignore_ascii_case(null))
}

/// The value of one to eighteen digits and nothing else.
#[inline]
fn short_count(digits: &[u8]) -> Option<u64> {
    if !(1..=18).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + u64::from(digit))
    })
}

/// The text without the commas between its groups of three digits; `None` if it has no such commas,
/// or others.
fn ungrouped(text: &str) -> Option<String> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let (first, rest) = whole.split_once(',')?;
    let right = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && digits(first)
        && rest
            .split(',')
            .all(|group| group.len() == 3 && digits(group))
        && !fraction.is_empty()
        && digits(fraction);
    right.then(|| text.replace(',', ""))
}

/// Decimal places as written, trailing zeros included; an exponent moves them, so `1.20e-3` has
/// five, as `0.00120` has.
pub fn written_places(text: &str) -> u8 {
    let (digits, exponent) = text
        .trim()
        .split_once(['e', 'E'])
        .unwrap_or((text.trim(), "0"));
    let fraction = digits
        .rsplit_once(['.', ','])
        .map_or(0, |(_, part)| part.len() as i64);
    let exponent: i64 = exponent.parse().unwrap_or(0);
    fraction
        .saturating_sub(exponent)
        .clamp(0, i64::from(u8::MAX)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_groups_of_three_are_joined() {
        assert_eq!(ungrouped("20,122,880").as_deref(), Some("20122880"));
        assert_eq!(ungrouped("-1,085.84").as_deref(), Some("-1085.84"));
        for text in [
            "1085", "1,08", "1085,840", "0,125", "1,085,8", "1,085.", "1,,085", ",085", "1.085,2",
            "",
        ] {
            assert_eq!(ungrouped(text), None, "{text}");
        }
    }

    #[test]
    fn places_count_trailing_zeros() {
        assert_eq!(written_places("0.3400"), 4);
        assert_eq!(written_places("12"), 0);
        assert_eq!(written_places("106,80"), 2);
        assert_eq!(written_places("1.20e-3"), 5);
        assert_eq!(written_places("1.25E+1"), 1);
        assert_eq!(written_places("12e3"), 0);
    }
}
