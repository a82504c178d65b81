//! tanso's own rollup: usage logs that were folded before, by `tanso rollup` or by its query in
//! another engine, as CSV, JSON lines or Parquet.
//!
//! A row is a sum: a stretch of time that crosses no midnight, a customer, feature, provider, model,
//! tier and context tier, with disjoint quantities. Repeats were dropped when it was made, so rows
//! carry no request ids. [`crate::model::rollup`] has the columns.
//!
//! The rule that must hold: a report of the rollup is the report of the log, digit by digit; what the
//! query could not count is refused here, never left out.

use crate::formats::fields::Columns;
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord, UsageSum};
use crate::model::rollup::{self as layout, METERS};
use crate::model::{ContextBand, Exact, Instant, Meter, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &[
    layout::ROLLUP,
    layout::START,
    layout::SECONDS,
    layout::CUSTOMER,
    layout::CONTEXT_OVER,
    layout::AGGREGATED,
    layout::REQUESTS,
];

/// What some engines write for no value, where they are not told otherwise.
const NULL: &str = "\\N";

/// The format `rollup`.
pub static FORMAT: Format = Format {
    name: "rollup",
    kind: Kind::Usage,
    provider: None,
    title: "tanso rollup",
    required: REQUIRED,
    page: "\
**Where.** `tanso rollup FILES -o rollup.csv`, or the result of the query that `tanso rollup --sql ENGINE`
prints, as CSV with a header, JSON lines or Parquet. `docs/scale.md` tells both.

**Columns.** `tanso_rollup` (the version of the layout, 1), `start_time` and `seconds` (the time that the row
stands for), `customer`, `feature`, `provider`, `model`, `tier`, `context_over` (the highest of the price
thresholds 128000, 200000, 272000 and 512000 that each request's input exceeds, or 0), `aggregated` (1 if
rows of the log stood for several requests), the disjoint token meters `input`, `cache_read`,
`cache_write_5m`, `cache_write_1h` and `output`, `requests`, `failed`, `gateway_cached`, `cost` and
`currency` (the log's own cost), `meter` and `quantity` (any other meter), `fault` (why the rows behind
cannot be counted). Further columns are columns of the log that were kept for `--by`.

**Units and zone.** Tokens and requests are whole numbers. Times are UTC. The time of a row lies within one
day of UTC and of the report's zone; a rollup made for another zone is refused.

**Repeats.** They were dropped when the rollup was made, within what was folded together. A request that
stands in two logs which were folded apart counts twice.

**Ids for attribution.** The customer column, in the `usage` namespace.

**Confidence.** This is tanso's own layout.
",
    detect: |sample: &Sample<'_>| sample.header.has(layout::ROLLUP),
    read: Reader::Usage(read),
};

/// Where the columns stand.
#[derive(Clone, Debug)]
struct Found {
    version: usize,
    start: usize,
    seconds: usize,
    customer: usize,
    context: usize,
    aggregated: usize,
    requests: usize,
    feature: Option<usize>,
    provider: Option<usize>,
    model: Option<usize>,
    tier: Option<usize>,
    meters: [Option<usize>; METERS.len()],
    failed: Option<usize>,
    gateway_cached: Option<usize>,
    cost: Option<usize>,
    currency: Option<usize>,
    meter: Option<usize>,
    quantity: Option<usize>,
    fault: Option<usize>,
    dimensions: Vec<Option<usize>>,
}

impl Found {
    fn find(columns: &Columns, settings: &Settings, problems: &mut Problems) -> Option<Found> {
        let [
            version,
            start,
            seconds,
            customer,
            context,
            aggregated,
            requests,
        ] = [
            layout::ROLLUP,
            layout::START,
            layout::SECONDS,
            layout::CUSTOMER,
            layout::CONTEXT_OVER,
            layout::AGGREGATED,
            layout::REQUESTS,
        ]
        .map(|name| columns.required(&[name], problems));
        let mut optional = |name: &str| columns.optional(&[name], problems);
        Some(Found {
            feature: optional(layout::FEATURE),
            provider: optional(layout::PROVIDER),
            model: optional(layout::MODEL),
            tier: optional(layout::TIER),
            meters: METERS.each_ref().map(|meter| optional(meter.name())),
            failed: optional(layout::FAILED),
            gateway_cached: optional(layout::GATEWAY_CACHED),
            cost: optional(layout::COST),
            currency: optional(layout::CURRENCY),
            meter: optional(layout::METER),
            quantity: optional(layout::QUANTITY),
            fault: optional(layout::FAULT),
            dimensions: settings
                .dimensions
                .iter()
                .map(|name| optional(name))
                .collect(),
            version: version?,
            start: start?,
            seconds: seconds?,
            customer: customer?,
            context: context?,
            aggregated: aggregated?,
            requests: requests?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let zone = settings.calendar.unwrap_or(Zone::Utc);
    let find =
        |columns: &Columns, problems: &mut Problems| Found::find(columns, settings, problems);
    let mut nobody = 0;
    let mut quantities = Vec::new();
    let mut tally = rows::each_growing(
        source,
        &mut columns,
        problems,
        find,
        |columns, found, row, tally| {
            let cells = Cells {
                columns,
                found,
                row,
            };
            cells.check()?;
            let (start, end) = cells.time(zone)?;
            cells.quantities(&mut quantities)?;
            let (texts, dimensions) = (cells.texts()?, cells.dimensions()?);
            let requests = cells.count(Some(found.requests))?;
            let failed = cells.count(found.failed)?;
            let gateway_cached = cells.count(found.gateway_cached)?;
            let all_failed = failed.is_positive() && (requests + gateway_cached).is_zero();
            let source = columns.id(row, found.customer)?;
            sink.take_sum(&UsageSum {
                record: UsageRecord {
                    instant: start,
                    source,
                    feature: texts[0],
                    provider: texts[1],
                    model: texts[2],
                    tier: texts[3],
                    quantities: &quantities,
                    requests,
                    single_request: !cells.flag(found.aggregated)?,
                    reported_cost: cells.cost()?,
                    request_id: None,
                    outcome: match all_failed {
                        true => Outcome::Failed,
                        false => Outcome::Served,
                    },
                    dimensions: &dimensions,
                    cached_open: false,
                    line: row.line(),
                },
                band: cells.band()?,
                failed,
                gateway_cached,
            })?;
            nobody += u64::from(source.is_none());
            tally.cover(start, end);
            Ok(Fate::Used)
        },
    );
    let text = "{n} rows name no customer";
    rows::remark(&mut tally, &catalogue::NO_CUSTOMER, nobody, text);
    tally
}

/// One row.
struct Cells<'a> {
    columns: &'a Columns,
    found: &'a Found,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    fn bad(&self, column: usize, message: impl Into<String>) -> Problem {
        let entry = &catalogue::BAD_VALUE;
        self.columns.problem(entry, self.row, column, message)
    }

    /// Refuses another layout and what the query could not count.
    fn check(&self) -> Result<(), Problem> {
        let version = self.row.filled(self.found.version).unwrap_or("");
        if version != layout::VERSION {
            let message = "this layout of a rollup is not known";
            return Err(self
                .bad(self.found.version, message)
                .help("make the rollup again with this version of tanso, which writes 1 here"));
        }
        if let Some(column) = self.found.fault
            && let Some(fault) = self.row.filled(column)
        {
            let message = format!("the query could not count the rows behind this one: {fault}");
            return Err(self.bad(column, message).help(
                "correct the rows of the table, or pass the log itself, which tells each row",
            ));
        }
        Ok(())
    }

    /// The time of the row, which must not cross midnight.
    fn time(&self, zone: Zone) -> Result<(Instant, Instant), Problem> {
        let start = self.columns.instant(self.row, self.found.start)?;
        let seconds = self.count(Some(self.found.seconds))?.to_u64();
        let seconds = seconds.filter(|seconds| (1..=86_400).contains(seconds));
        let Some(seconds) = seconds.and_then(|seconds| i64::try_from(seconds).ok()) else {
            let message = "seconds is not between 1 and 86400";
            return Err(self.bad(self.found.seconds, message));
        };
        let end = Instant(start.0 + seconds * 1_000_000);
        let last = Instant(end.0 - 1);
        for (zone, name) in [(Zone::Utc, "UTC"), (zone, zone.name())] {
            if zone.day(start) != zone.day(last) {
                let message = format!("the time of the row crosses midnight in {name}");
                return Err(self.bad(self.found.start, message).help(format!(
                    "make the rollup for the zone of the report: tanso rollup --tz {name}"
                )));
            }
        }
        Ok((start, end))
    }

    fn band(&self) -> Result<ContextBand, Problem> {
        let threshold = self.count(Some(self.found.context))?;
        if threshold.is_zero() {
            return Ok(ContextBand::BASE);
        }
        let band = threshold.to_u64().and_then(ContextBand::beyond);
        band.ok_or_else(|| {
            let message = "context_over is none of the price thresholds that are known";
            self.bad(self.found.context, message)
        })
    }

    fn flag(&self, column: usize) -> Result<bool, Problem> {
        match self.row.filled(column) {
            Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            _ => Err(self.bad(column, "this is neither 0 nor 1")),
        }
    }

    /// A count; a blank one is zero.
    fn count(&self, column: Option<usize>) -> Result<Exact, Problem> {
        let count = column.map(|column| self.columns.count(self.row, column));
        Ok(count.transpose()?.flatten().unwrap_or_default())
    }

    /// The quantities that are stated, disjoint. A stated zero is not the same as a blank.
    fn quantities(&self, quantities: &mut Vec<(Meter, Exact)>) -> Result<(), Problem> {
        quantities.clear();
        for (meter, column) in METERS.iter().zip(self.found.meters) {
            if let Some(column) = column
                && let Some(count) = self.columns.count(self.row, column)?
            {
                quantities.push((meter.clone(), count));
            }
        }
        let Some(column) = self.found.quantity else {
            return Ok(());
        };
        let quantity = self.columns.optional_number(self.row, column)?;
        let name = self.found.meter.map_or(Ok(None), |at| self.text(at))?;
        match (name, quantity) {
            (None, None) => Ok(()),
            (Some(_), Some(quantity)) if quantity.is_negative() => {
                let entry = &catalogue::NEGATIVE_QUANTITY;
                let message = "quantity is negative";
                Err(self.columns.problem(entry, self.row, column, message))
            }
            (Some(name), Some(quantity)) => {
                quantities.push((Meter::named(name), quantity));
                Ok(())
            }
            _ => Err(self.bad(column, "meter and quantity do not stand together")),
        }
    }

    fn cost(&self) -> Result<Option<(Exact, crate::model::Currency)>, Problem> {
        let Some(column) = self.found.cost else {
            return Ok(None);
        };
        let Some(cost) = self.columns.optional_number(self.row, column)? else {
            return Ok(None);
        };
        if cost.is_negative() {
            let entry = &catalogue::NEGATIVE_QUANTITY;
            let message = "cost is negative";
            return Err(self.columns.problem(entry, self.row, column, message));
        }
        let at = self.found.currency;
        let at = at.ok_or_else(|| self.bad(column, "there is a cost, and no column currency"))?;
        Ok(Some((cost, self.columns.currency(self.row, at)?)))
    }

    /// A text as it stands: words such as `none` are somebody's name here.
    fn text(&self, column: usize) -> Result<Option<&'a str>, Problem> {
        match self.row.filled(column) {
            Some(NULL) => Err(self
                .bad(column, "no value is written as \\N")
                .help("export the result with an empty cell for no value (NULL)")),
            text => Ok(text),
        }
    }

    /// Feature, provider, model, tier.
    fn texts(&self) -> Result<[Option<&'a str>; 4], Problem> {
        let found = self.found;
        let mut texts = [None; 4];
        let columns = [found.feature, found.provider, found.model, found.tier];
        for (text, column) in texts.iter_mut().zip(columns) {
            if let Some(column) = column {
                *text = self.text(column)?;
            }
        }
        Ok(texts)
    }

    fn dimensions(&self) -> Result<Vec<Option<&'a str>>, Problem> {
        let columns = self.found.dimensions.iter();
        columns
            .map(|column| column.map_or(Ok(None), |column| self.text(column)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::formats::testing::{read_log, table};

    const HEADER: &str = "tanso_rollup,start_time,seconds,customer,feature,context_over,aggregated,input,requests,failed,cost,currency,meter,quantity,fault\n";

    fn codes(rows: &str, zone: &str) -> Vec<(&'static str, String)> {
        let settings = Settings {
            calendar: Zone::parse(zone),
            ..Settings::default()
        };
        let text = format!("{HEADER}{rows}");
        let (_, _, problems) = read_log("rollup", table("r.csv", &text), &settings);
        let kept = problems.kept().iter();
        kept.map(|problem| (problem.entry.code, problem.message.clone()))
            .collect()
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let day = "1,2026-10-01T00:00:00Z,86400,acme,";
        for (row, code) in [
            (format!("{day}chat,0,0,5,1,,,,,,"), None),
            (format!("2{}chat,0,0,5,1,,,,,,", &day[1..]), Some("T3029")),
            (
                format!("{day}chat,0,0,5,1,,,,,,a negative count"),
                Some("T3029"),
            ),
            (format!("{day}\\N,0,0,5,1,,,,,,"), Some("T3029")),
            (format!("{day}chat,100000,0,5,1,,,,,,"), Some("T3029")),
            (format!("{day}chat,0,2,5,1,,,,,,"), Some("T3029")),
            (format!("{day}chat,0,0,5.5,1,,,,,,"), Some("T3023")),
            (format!("{day}chat,0,0,-5,1,,,,,,"), Some("T3022")),
            (format!("{day}chat,0,0,5,1,,1.5,,,,"), Some("T3029")),
            (format!("{day}chat,0,0,5,1,,-1.5,usd,,,"), Some("T3022")),
            (format!("{day}chat,0,0,5,1,,,,images,,"), Some("T3029")),
            (format!("{day}chat,0,0,5,1,,,,,3,"), Some("T3029")),
            (format!("{day}chat,0,0,5,1,,,,images,-3,"), Some("T3022")),
            (
                "1,2026-10-01T00:00:00Z,86401,acme,,0,0,5,1,,,,,,".to_string(),
                Some("T3029"),
            ),
            (
                "1,2026-10-01T00:00:01Z,86400,acme,,0,0,5,1,,,,,,".to_string(),
                Some("T3029"),
            ),
            (
                "1,2026-10-01T00:00:00Z,0,acme,,0,0,5,1,,,,,,".to_string(),
                Some("T3029"),
            ),
            ("1,,86400,acme,,0,0,5,1,,,,,,".to_string(), Some("T3024")),
        ] {
            let found = codes(&format!("{row}\n"), "UTC");
            let found: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
            assert_eq!(found, code.into_iter().collect::<Vec<_>>(), "{row}");
        }
    }

    #[test]
    fn a_rollup_for_another_zone_is_refused() {
        // Berlin is two hours ahead of UTC on that day.
        let whole = "1,2026-10-01T00:00:00Z,86400,acme,,0,0,5,1,,,,,,\n";
        let pieces = "1,2026-10-01T00:00:00Z,79200,acme,,0,0,5,1,,,,,,\n1,2026-10-01T22:00:00Z,7200,acme,,0,0,5,1,,,,,,\n";
        assert_eq!(codes(whole, "UTC"), []);
        assert_eq!(codes(pieces, "Europe/Berlin"), []);
        assert_eq!(codes(pieces, "UTC"), []);
        let (code, message) = codes(whole, "Europe/Berlin").remove(0);
        assert_eq!(code, "T3029");
        assert!(
            message.ends_with("crosses midnight in Europe/Berlin"),
            "{message}"
        );
    }

    #[test]
    fn a_stated_zero_is_not_a_blank_and_words_stand_as_they_are() {
        let rows = "1,2026-10-01T00:00:00Z,3600,acme,none,200000,0,0,0,2,0,EUR,images,1.5,\n";
        let text = format!("{HEADER}{rows}");
        let (records, tally, _) = read_log("rollup", table("r.csv", &text), &Settings::default());
        assert_eq!(
            records,
            [json!({
                "instant": "2026-10-01T00:00:00Z", "source": "acme", "feature": "none",
                "context": "beyond 200000", "quantities": {"input": "0", "images": "1.5"},
                "requests": "0", "failed": "2", "cost": "0 EUR", "outcome": "failed", "line": 2
            })]
        );
        assert_eq!((tally.used, tally.remarks.len()), (1, 0));
    }
}
