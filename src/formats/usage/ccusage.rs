//! ccusage's daily report (`ccusage daily --json`): what coding agents used on one machine.
//!
//! A document with `daily`, a list of days with `modelBreakdowns`. Days are those of the machine's
//! zone, which the file does not name. The input leaves cached tokens out. The cost is an estimate at
//! list prices, also where a subscription was used: it is the log's own cost, never a bill.
//!
//! The rule that must hold: the breakdown of a day adds up to the day's own counts.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::formats::nested::Nested;
use crate::formats::rows;
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Currency, Exact, Instant, Meter, Zone};
use crate::problem::{Entry, Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// The format `ccusage-daily`.
pub static FORMAT: Format = Format {
    name: "ccusage-daily",
    kind: Kind::Usage,
    provider: None,
    title: "ccusage daily report (JSON)",
    required: &["daily"],
    page: "\
**Where.** `ccusage daily --json > usage.json`. The monthly and session reports have no days and are
refused.

**Keys.** Of each entry of `daily` the `date` (newer: `period`) and, in `modelBreakdowns`, `modelName`,
`inputTokens`, `outputTokens`, `cacheCreationTokens`, `cacheReadTokens` and `cost`.

**Customer.** None: the file tells what one machine used, so all of it is usage of nobody.

**Units and zone.** Tokens; US dollars. Days are those of the machine on which ccusage ran, which the
file does not name: say `tz = \"Europe/Paris\"` or whichever it is.

**Tokens.** The input leaves cached tokens out. Cache writes count as five-minute ones. The breakdown
must add up to the day's own counts.

**Cost.** An estimate at list prices, also of use that a subscription pays for. It is kept as the log's
own cost, and it is not a bill.

**Quirks.** A day is a sum: requests are not counted and context tiers are not applied.

**Confidence.** The tool's documentation and its test snapshots.
",
    detect: |sample: &Sample<'_>| {
        let report = ["daily", "monthly", "session", "sessions"];
        report.iter().any(|key| sample.header.has(key)) && sample.text.contains("\"modelBreakdowns\"")
    },
    read: Reader::Usage(read),
};

/// A day, or one model's part of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow)]
    date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    period: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_creation_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_read_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model_breakdowns: Vec<&'a RawValue>,
}

/// One part with its place.
struct At<'a> {
    cell: Nested<'a>,
    text: &'a str,
    path: String,
}

impl<'a> At<'a> {
    fn parse(&self) -> Result<Part<'a>, Problem> {
        self.cell.parse(self.text, &self.path)
    }

    fn problem(&self, entry: &'static Entry, message: String, found: &str) -> Problem {
        Problem::new(entry, format!("{}: {message}", self.path))
            .at(self.cell.place(self.text))
            .excerpt(found)
    }

    fn number(&self, name: &str, raw: Option<&'a RawValue>) -> Result<Exact, Problem> {
        let Some(raw) = raw else {
            let message = format!("{name} is missing");
            return Err(self.problem(&catalogue::MISSING_VALUE, message, ""));
        };
        let number = Exact::parse(raw.get()).map_err(|why| {
            let message = format!("{name} is not a number: {}", why.reason());
            self.problem(&catalogue::NOT_A_NUMBER, message, raw.get())
        })?;
        if number.is_negative() {
            let message = format!("{name} is negative");
            return Err(self.problem(&catalogue::NEGATIVE_QUANTITY, message, raw.get()));
        }
        Ok(number)
    }

    fn count(&self, name: &str, raw: Option<&'a RawValue>) -> Result<Exact, Problem> {
        let count = self.number(name, raw)?;
        match count.is_integer() {
            true => Ok(count),
            false => {
                let message = format!("{name} is not a whole number");
                Err(self.problem(&catalogue::FRACTION, message, &count.to_string()))
            }
        }
    }

    /// Input, output, cache writes and cache reads.
    fn counts(&self, part: &Part<'a>) -> Result<[Exact; 4], Problem> {
        Ok([
            self.count("inputTokens", part.input_tokens)?,
            self.count("outputTokens", part.output_tokens)?,
            self.count("cacheCreationTokens", part.cache_creation_tokens)?,
            self.count("cacheReadTokens", part.cache_read_tokens)?,
        ])
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let file = source.file().clone();
    rows::known_fields(&file, settings, &[], problems);
    let mut tally = Tally::default();
    let Some(zone) = settings.zone else {
        let message = "the days are those of the machine's time zone, which the file does not name";
        problems.push(
            Problem::new(&catalogue::NO_ZONE, message)
                .at(Place::file(&file))
                .help("say tz = \"UTC\" (or the zone of the machine) in its [[input]] entry of tanso.toml, or --input-tz UTC"),
        );
        return tally;
    };
    let mut row = Row::default();
    while source.next_row(&mut row, problems) {
        let days = match Nested::named(&file, source.header(), &row, "daily") {
            Some(cell) => cell.elements(cell.text(), "daily").map(|days| (cell, days)),
            None => Err(not_daily(&file, &row)),
        };
        match days {
            Err(problem) => {
                tally.read += 1;
                tally.skip("refused");
                problems.push(problem);
            }
            Ok((cell, days)) => {
                for (at, text) in days.into_iter().enumerate() {
                    let path = format!("daily[{at}]");
                    let day = At { cell, text, path };
                    read_day(&day, zone, settings, sink, &mut tally, problems);
                }
            }
        }
    }
    let text = "{n} rows name no customer";
    let used = tally.used;
    rows::remark(&mut tally, &catalogue::NO_CUSTOMER, used, text);
    tally
}

fn not_daily(file: &Arc<str>, row: &Row) -> Problem {
    let message = "this is not the daily report: usage without days cannot be placed in a month";
    Problem::new(&catalogue::WRONG_FILE, message)
        .at(Place::line(file, row.line()))
        .help("export it with `ccusage daily --json`")
}

/// Reads the models of a day. Each is one row; a day without any is one, left out.
fn read_day(
    day: &At<'_>,
    zone: Zone,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    tally: &mut Tally,
    problems: &mut Problems,
) {
    let mut refuse = |tally: &mut Tally, problem: Problem| {
        tally.read += 1;
        tally.skip("refused");
        problems.push(problem);
    };
    let (part, start) = match day
        .parse()
        .and_then(|part| Ok((start(day, &part, zone)?, part)))
    {
        Ok((start, part)) => (part, start),
        Err(problem) => return refuse(tally, problem),
    };
    let mut sums = [Exact::ZERO; 4];
    let mut all = true;
    for (at, model) in part.model_breakdowns.iter().enumerate() {
        let model = At {
            cell: day.cell,
            text: model.get(),
            path: format!("{}.modelBreakdowns[{at}]", day.path),
        };
        match take(&model, start, settings, sink) {
            Ok(counts) => {
                tally.read += 1;
                tally.used += 1;
                tally.cover(start, zone.start_of(zone.day(start).plus(1)));
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum += count;
                }
            }
            Err(problem) => {
                all = false;
                refuse(tally, problem);
            }
        }
    }
    match day.counts(&part) {
        Err(problem) => problems.push(problem),
        Ok(counts) if all && counts != sums => {
            let message = "the models do not add up to the day's own counts".to_string();
            problems.push(day.problem(&catalogue::BAD_VALUE, message, ""));
        }
        Ok(_) if part.model_breakdowns.is_empty() => {
            tally.read += 1;
            tally.skip("empty day");
        }
        Ok(_) => {}
    }
}

fn start(day: &At<'_>, part: &Part<'_>, zone: Zone) -> Result<Instant, Problem> {
    let text = part
        .date
        .as_deref()
        .or(part.period.as_deref())
        .unwrap_or("");
    let whole = text.len() == "2026-09-01".len();
    match Instant::parse(text, Some(zone)) {
        Ok(instant) if whole => Ok(instant),
        _ => {
            let message = "date is not a day such as 2026-09-01".to_string();
            Err(day.problem(&catalogue::NOT_A_TIME, message, text))
        }
    }
}

/// Hands one model of a day on and returns its counts.
fn take(
    at: &At<'_>,
    instant: Instant,
    settings: &Settings,
    sink: &mut dyn UsageSink,
) -> Result<[Exact; 4], Problem> {
    let part = at.parse()?;
    let counts = at.counts(&part)?;
    let [input, output, writes, reads] = counts;
    let quantities = [
        (Meter::Input, input),
        (Meter::CacheRead, reads),
        (Meter::CacheWrite5m, writes),
        (Meter::Output, output),
    ];
    let quantities: Vec<(Meter, Exact)> = quantities
        .into_iter()
        .filter(|(_, count)| count.is_positive())
        .collect();
    let cost = at.number("cost", part.cost)?;
    sink.take(&UsageRecord {
        instant,
        source: None,
        feature: None,
        provider: settings.provider.as_deref(),
        model: part.model_name.as_deref(),
        tier: None,
        quantities: &quantities,
        requests: Exact::ZERO,
        single_request: false,
        reported_cost: Some((cost, Currency::USD)),
        request_id: None,
        outcome: Outcome::Served,
        dimensions: &vec![None; settings.dimensions.len()],
        cached_open: false,
        line: at.cell.line(at.text),
    })?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::UsageRecords as Kept;
    use crate::formats::testing::{read_json, sample};
    use serde_json::{Value, json};

    fn paris() -> Settings {
        Settings {
            zone: Zone::parse("Europe/Paris"),
            ..Settings::default()
        }
    }

    fn run(text: &str, settings: &Settings) -> (Vec<Value>, Tally, Vec<&'static str>) {
        let mut kept = Kept::default();
        let (tally, problems) = read_json("u.json", text, |source, problems| {
            read(source, settings, &mut kept, problems)
        });
        let codes = problems.kept().iter().map(|problem| problem.entry.code);
        (kept.records, tally, codes.collect())
    }

    const DAY: &str = r#"{"daily":[{"date":"2026-09-01","inputTokens":10,"outputTokens":20,"cacheCreationTokens":300,"cacheReadTokens":4000,"totalTokens":4330,"totalCost":0.5,"modelsUsed":["claude-opus-4"],"modelBreakdowns":[{"modelName":"claude-opus-4","inputTokens":10,"outputTokens":20,"cacheCreationTokens":300,"cacheReadTokens":4000,"cost":0.5}]}],"totals":{"totalCost":0.5}}"#;

    #[test]
    fn the_input_leaves_cached_tokens_out() {
        sample("u.json", DAY, |s| assert!((FORMAT.detect)(s)));
        let (records, tally, codes) = run(DAY, &paris());
        assert_eq!(codes, [""; 0]);
        assert_eq!(
            records[0]["quantities"],
            json!({"input": "10", "cache_read": "4000", "cache_write_5m": "300", "output": "20"})
        );
        // Midnight in Paris; the day has 24 hours.
        assert_eq!(records[0]["instant"], "2026-08-31T22:00:00Z");
        assert_eq!(records[0]["cost"], "0.5 USD");
        let covers = tally.covers.map(|(start, end)| end.0 - start.0);
        assert_eq!(covers, Some(86_400_000_000));
    }

    #[test]
    fn the_zone_must_be_said() {
        let (records, _, codes) = run(DAY, &Settings::default());
        assert_eq!((records.len(), codes), (0, vec!["T3025"]));
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for (from, to, code) in [
            (
                r#""date":"2026-09-01","inputTokens":10"#,
                r#""date":"2026-09-01","inputTokens":11"#,
                "T3029",
            ),
            ("\"cost\":0.5", "\"price\":0.5", "T3027"),
            ("\"cost\":0.5", "\"cost\":-0.5", "T3022"),
            (
                "\"cacheReadTokens\":4000,\"cost\"",
                "\"cacheReadTokens\":4000.5,\"cost\"",
                "T3023",
            ),
            ("2026-09-01", "2026-09", "T3024"),
            ("\"daily\"", "\"monthly\"", "T3004"),
        ] {
            let text = DAY.replace(from, to);
            assert_ne!(text, DAY);
            assert_eq!(run(&text, &paris()).2, [code], "{to}");
        }
    }

    #[test]
    fn an_empty_day_is_counted() {
        let text = r#"{"daily":[{"period":"2026-09-01","inputTokens":0,"outputTokens":0,"cacheCreationTokens":0,"cacheReadTokens":0,"modelBreakdowns":[]}]}"#;
        let (_, tally, codes) = run(text, &paris());
        assert_eq!((tally.skipped["empty day"], codes), (1, vec![]));
    }
}
