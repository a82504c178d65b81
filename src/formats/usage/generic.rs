//! Any usage log as a table: a time, a customer, and how much was used.
//!
//! CSV, JSON lines or Parquet, one row per request or per aggregate. Columns are found by the
//! names in [`columns`](super::columns), also below `usage` in nested JSON, or named by the user.
//! Stamps without an offset need a zone; a date alone is a day. Blank quantities are none of their
//! meter and counted, except a blank input beside output, which is a hole in the log.
//!
//! The rule that must hold: no token is in two meters, and none is lost between two columns.

use std::collections::BTreeMap;

use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::usage::columns::{self, Field, Found, MEASURES};
use crate::formats::usage::provider_counts::is_openai_usage;
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{
    CachedTokens, Format, Kind, Layout, Reader, Sample, Settings, Tally, UsageSink,
};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Currency, Exact, Instant, Meter, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// The format `usage-log`.
pub static FORMAT: Format = Format {
    name: "usage-log",
    kind: Kind::Usage,
    title: "A usage log of your own",
    required: &[
        "a time",
        "a customer",
        "input_tokens, output_tokens, units, requests or cost",
    ],
    page: "\
**Where.** A table your product or warehouse writes: CSV, JSON lines or Parquet, a row per request or
per aggregate (day, customer, model …).

**Columns.** In any case and order, also below `usage` in nested JSON:

| field | names found by themselves, best first |
|---|---|
| `time` | timestamp, time, ts, created_at, date, event_time, start_time, datetime, day |
| `customer` | customer_id, customer, account_id, tenant_id, org_id, organization_id, workspace_id, user_id, account, tenant, org … |
| `feature` | feature, feature_key, feature_name, endpoint, action |
| `provider`, `model` | provider, vendor; model, model_name, model_id |
| `input` | uncached_input_tokens, input_tokens, prompt_tokens, tokens_in … |
| `cached_input` | cached_input_tokens, cached_tokens, cache_read_tokens, cache_read_input_tokens, prompt_tokens_details.cached_tokens … |
| `cache_write`, `cache_write_5m`, `cache_write_1h` | cache_creation_input_tokens, cache_write_tokens; cache_write_5m_tokens; cache_write_1h_tokens |
| `output` | output_tokens, completion_tokens, tokens_out … (reasoning tokens are part of it) |
| `requests` | requests, request_count, num_requests |
| `units`, `meter` | units, quantity; meter |
| `cost`, `currency` | cost, cost_usd …; currency |
| `request_id` | request_id, event_id, id, idempotency_key |
| `tier`, `status` | service_tier, tier; status, outcome, status_code |

A time, a customer and one quantity are needed. `columns` in tanso.toml names other columns; where
several fit, the first in this order is used and a note says so.

**Units and zone.** Tokens and requests are whole numbers, units may have decimals, none may be
negative. `cost` is in USD unless the file or tanso.toml says otherwise. A stamp needs an offset or
`tz`; a date alone is a day in UTC.

**Cached tokens.** Anthropic's names (`cache_read_input_tokens` beside `input_tokens`) mean that the
input leaves them out; OpenAI's (`cached_tokens` with `prompt_tokens`, or in `…_tokens_details`) that
it includes them. For other names say `cached_tokens = \"inside input\"` or `\"beside input\"`. Without
a word, a row with more cached tokens than input settles it for the file; else the file is refused.

**Meters.** With `meter`, `units` count what it names: one of our own meters (`images`, `seconds`,
`input` …), which are disjoint, or any word of yours. Without it they are `units`.

**Blank cells.** A blank quantity is none of that meter, and the report says how many rows leave it
blank. A blank input in a row with output is refused. A blank customer is usage of nobody.

**Status.** `failed`, `error`, `canceled`, `timeout` and the like, and HTTP codes from 400, are failed
requests: their stated quantities count, they are not part of `requests`. Other words are served.

**Ids for attribution.** The customer column, in the `usage` namespace.

**Confidence.** This is tanso's own layout.
",
    layout: Layout::Table,
    detect: |sample: &Sample<'_>| {
        sample.layout == Layout::Table && !is_openai_usage(sample) && columns::fits(sample)
    },
    read: Reader::Usage(read),
};

const FAILED: &[&str] = &[
    "failed",
    "failure",
    "fail",
    "error",
    "errored",
    "cancelled",
    "canceled",
    "timeout",
    "timed_out",
    "aborted",
    "rejected",
    "blocked",
];

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, None);
    rows::known_fields(&columns.file, settings, &columns::field_names(), problems);
    let mut log = Log::new(columns, settings);
    let mut tally = rows::each(source, problems, |header, row, tally| {
        log.take(header, row, tally, sink)
    });
    log.finish(&mut tally, sink, problems);
    tally
}

/// The state of reading one log.
struct Log<'s> {
    settings: &'s Settings,
    columns: Columns,
    found: Found,
    convention: Convention,
    /// Faults of the header as it is known so far.
    header_problems: Problems,
    /// How many rows fill each of [`MEASURES`].
    filled: [u64; MEASURES.len()],
    used: u64,
    without_customer: u64,
    /// The first row whose time column was not known yet.
    without_time: Option<u64>,
    /// The first row with output whose input column was not known yet.
    without_input: Option<Problem>,
    /// The first row that asks for a convention.
    open: Option<Problem>,
    /// Whether a row has shown that the input leaves cached tokens out.
    shown_beside: bool,
    meters: BTreeMap<String, Meter>,
    quantities: Vec<(Meter, Exact)>,
}

impl<'s> Log<'s> {
    fn new(columns: Columns, settings: &'s Settings) -> Log<'s> {
        let mut header_problems = Problems::default();
        let found = Found::find(&columns, settings, &mut header_problems);
        Log {
            convention: Convention::of(&columns, &found, settings),
            settings,
            columns,
            found,
            header_problems,
            filled: [0; MEASURES.len()],
            used: 0,
            without_customer: 0,
            without_time: None,
            without_input: None,
            open: None,
            shown_beside: false,
            meters: BTreeMap::new(),
            quantities: Vec::new(),
        }
    }

    /// Takes the columns anew when JSON lines have brought new ones.
    fn grow(&mut self, header: &Header, row: &Row) -> Result<(), Problem> {
        self.columns.header = header.clone();
        self.header_problems = Problems::default();
        let found = Found::find(&self.columns, self.settings, &mut self.header_problems);
        let before = std::mem::replace(&mut self.found, found);
        self.convention = Convention::of(&self.columns, &self.found, self.settings);
        self.found.check_unchanged(&before, &self.columns, row)
    }

    fn take(
        &mut self,
        header: &Header,
        row: &Row,
        tally: &mut Tally,
        sink: &mut dyn UsageSink,
    ) -> Result<Fate, Problem> {
        if header.len() != self.columns.header.len() {
            self.grow(header, row)?;
        }
        let Some(time) = self.found.at(Field::Time) else {
            self.without_time.get_or_insert(row.line());
            return Ok(Fate::Skipped("refused"));
        };
        let instant = rows::stamp(&self.columns, row, time)?;
        self.check_passed_over(row)?;
        let tokens = Tokens::read(&self.columns, &self.found, row)?;
        self.check_input(&tokens, row)?;
        self.quantities.clear();
        if tokens
            .disjoint(self.convention, &mut self.quantities)
            .is_none()
        {
            return Err(self.more_cached_than_input(row));
        }
        let cached_open = self.convention == Convention::Open && tokens.cached().is_positive();
        if cached_open {
            self.see_open(&tokens, row);
        }
        let requests = self.add_units(row)?;
        self.hand_on(row, instant, requests, cached_open, sink)?;
        let end = if is_date(row.filled(time).unwrap_or("")) {
            let zone = self.columns.zone.unwrap_or(Zone::Utc);
            zone.start_of(zone.day(instant).plus(1))
        } else {
            Instant(instant.0 + 1)
        };
        tally.cover(instant, end);
        self.count(row);
        Ok(Fate::Used)
    }

    fn hand_on(
        &mut self,
        row: &Row,
        instant: Instant,
        requests: Option<Exact>,
        cached_open: bool,
        sink: &mut dyn UsageSink,
    ) -> Result<(), Problem> {
        let (columns, found) = (&self.columns, &self.found);
        let id = |field| match found.at(field) {
            Some(column) => columns.id(row, column),
            None => Ok(None),
        };
        let text = |field| word(row, found.at(field));
        let source = id(Field::Customer)?;
        let request_id = id(Field::RequestId)?;
        let dimensions: Vec<Option<&str>> = found
            .dimensions
            .iter()
            .map(|column| row.filled((*column)?))
            .collect();
        // A day's sum is no request, so its size must not choose a context tier.
        let date_only = found
            .at(Field::Time)
            .and_then(|time| row.filled(time))
            .is_some_and(is_date);
        let aggregate = requests.is_some() || (date_only && request_id.is_none());
        sink.take(&UsageRecord {
            instant,
            source,
            feature: text(Field::Feature),
            provider: text(Field::Provider).or(self.settings.provider.as_deref()),
            model: text(Field::Model),
            tier: text(Field::Tier),
            quantities: &self.quantities,
            requests: requests.unwrap_or(Exact::ONE),
            single_request: !aggregate,
            reported_cost: self.cost(row)?,
            request_id,
            outcome: text(Field::Status).map_or(Outcome::Served, outcome),
            dimensions: &dimensions,
            cached_open,
            line: row.line(),
        })?;
        self.without_customer += u64::from(source.is_none());
        Ok(())
    }

    /// Where several columns could hold a quantity, the one that is read must not be blank while
    /// another is filled: the quantity would be lost.
    fn check_passed_over(&self, row: &Row) -> Result<(), Problem> {
        for field in MEASURES {
            let others = self.found.others(*field);
            let Some(chosen) = self.found.at(*field).filter(|_| !others.is_empty()) else {
                continue;
            };
            let lost = others.iter().find(|other| row.filled(**other).is_some());
            if let (None, Some(lost)) = (row.filled(chosen), lost) {
                let header = &self.columns.header;
                let message = format!(
                    "{} is filled here, but the quantity is read from {}, which is blank",
                    header.name(*lost),
                    header.name(chosen)
                );
                let problem = self
                    .columns
                    .problem(&catalogue::BAD_VALUE, row, *lost, message);
                return Err(problem.help("write both kinds of rows into files of their own"));
            }
        }
        Ok(())
    }

    /// A row with output was served, so its input cannot be nothing.
    fn check_input(&mut self, tokens: &Tokens, row: &Row) -> Result<(), Problem> {
        if tokens.input.is_some() || !tokens.output.is_some_and(|n| n.is_positive()) {
            return Ok(());
        }
        let column = self.found.at(Field::Input);
        let at = column.or(self.found.at(Field::Output)).unwrap_or(0);
        let name = column.map_or("the input count", |column| self.columns.header.name(column));
        let message = format!("{name} is empty, but the row has output");
        let problem = self
            .columns
            .problem(&catalogue::MISSING_VALUE, row, at, message)
            .help("absent is not zero; write 0 if no input was used");
        if column.is_some() {
            return Err(problem);
        }
        // A log of output alone is allowed; whether this is one is known at the end.
        self.without_input.get_or_insert(problem);
        Ok(())
    }

    fn more_cached_than_input(&self, row: &Row) -> Problem {
        let at = self.found.at(Field::Input).unwrap_or(0);
        let name = self.columns.header.name(at);
        let message =
            format!("there are more cached tokens than {name}, which should include them");
        self.columns
            .problem(&catalogue::TOKEN_CONVENTION, row, at, message)
            .help("say cached_tokens = \"beside input\" if the input count leaves cached tokens out, or correct the row")
    }

    /// Notes a row whose cached tokens may be inside or beside its input.
    fn see_open(&mut self, tokens: &Tokens, row: &Row) {
        self.shown_beside |= tokens.exceed_input();
        if self.open.is_some() {
            return;
        }
        let cached = [
            Field::CacheRead,
            Field::CacheWrite,
            Field::CacheWrite5m,
            Field::CacheWrite1h,
        ];
        let at = cached
            .into_iter()
            .filter_map(|field| self.found.at(field))
            .find(|column| row.filled(*column).is_some_and(|text| text != "0"))
            .unwrap_or(0);
        let input = self.found.at(Field::Input);
        let input = input.map_or("the input count", |column| self.columns.header.name(column));
        let name = self.columns.header.name(at);
        let message = format!("nothing says whether {input} includes {name}");
        let problem = self
            .columns
            .problem(&catalogue::TOKEN_CONVENTION, row, at, message);
        self.open = Some(problem.help(
            "say cached_tokens = \"inside input\" or \"beside input\" in its [[input]] entry of tanso.toml, or --cached-tokens",
        ));
    }

    /// Adds the units to the quantities and returns the requests of an aggregate.
    fn add_units(&mut self, row: &Row) -> Result<Option<Exact>, Problem> {
        let mut requests = match self.found.at(Field::Requests) {
            Some(column) => Some(self.columns.count(row, column)?.unwrap_or_default()),
            None => None,
        };
        let Some(column) = self.found.at(Field::Units) else {
            return Ok(requests);
        };
        let Some(units) = self.columns.optional_number(row, column)? else {
            return Ok(requests);
        };
        if units.is_negative() {
            let message = format!("{} is negative", self.columns.header.name(column));
            return Err(self
                .columns
                .problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
        }
        let meter = self.meter(row)?;
        if meter.is_token() || meter == Meter::Requests {
            self.columns.count(row, column)?;
        }
        if meter == Meter::Requests {
            requests = Some(requests.unwrap_or_default() + units);
        } else if let Some((_, sum)) = self.quantities.iter_mut().find(|(m, _)| *m == meter) {
            *sum += units;
        } else if units.is_positive() {
            self.quantities.push((meter, units));
        }
        Ok(requests)
    }

    /// The meter that the row's units count.
    fn meter(&mut self, row: &Row) -> Result<Meter, Problem> {
        let column = self.found.at(Field::Meter);
        let name = word(row, column).unwrap_or("units");
        if let Some(meter) = self.meters.get(name) {
            return Ok(meter.clone());
        }
        let folded = name.to_lowercase();
        let meter = match folded.as_str() {
            "input_tokens" | "prompt_tokens" | "uncached_input_tokens" => Meter::Input,
            "output_tokens" | "completion_tokens" => Meter::Output,
            "cache_read_input_tokens" => Meter::CacheRead,
            "cache_creation_input_tokens" => Meter::CacheWrite5m,
            "cached_input_tokens" | "cached_tokens" | "cache_read_tokens" => {
                if self.settings.cached_tokens != Some(CachedTokens::Beside) {
                    return Err(self.cached_row(row, column.unwrap_or(0)));
                }
                Meter::CacheRead
            }
            _ => match Meter::named(&folded) {
                Meter::Other(_) => Meter::Other(name.into()),
                known => known,
            },
        };
        self.meters.insert(name.to_string(), meter.clone());
        Ok(meter)
    }

    /// Cached tokens in a row of their own: what they would have to leave is in another row.
    fn cached_row(&self, row: &Row, column: usize) -> Problem {
        let message = "cached tokens stand in a row of their own, and nothing says whether the input rows include them";
        self.columns
            .problem(&catalogue::TOKEN_CONVENTION, row, column, message)
            .help("log the uncached input as meter input and the cached one as cache_read, or say cached_tokens = \"beside input\"")
    }

    /// What the log says the row cost.
    fn cost(&self, row: &Row) -> Result<Option<(Exact, Currency)>, Problem> {
        let Some(column) = self.found.at(Field::Cost) else {
            return Ok(None);
        };
        let Some(cost) = self.columns.optional_number(row, column)? else {
            return Ok(None);
        };
        if cost.is_negative() {
            let message = format!("{} is negative", self.columns.header.name(column));
            return Err(self
                .columns
                .problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
        }
        let stated = self.found.at(Field::Currency);
        let currency = match stated.filter(|column| row.filled(*column).is_some()) {
            Some(column) => self.columns.currency(row, column)?,
            None if self
                .columns
                .header
                .name(column)
                .to_lowercase()
                .contains("usd") =>
            {
                Currency::USD
            }
            None => self.settings.currency.unwrap_or(Currency::USD),
        };
        Ok(Some((cost, currency)))
    }

    fn count(&mut self, row: &Row) {
        self.used += 1;
        for (filled, field) in self.filled.iter_mut().zip(MEASURES) {
            let column = self.found.at(*field);
            *filled += u64::from(column.is_some_and(|column| row.filled(column).is_some()));
        }
    }

    /// Says what only the end of the file can tell.
    fn finish(mut self, tally: &mut Tally, sink: &mut dyn UsageSink, problems: &mut Problems) {
        let header_fine = self.header_problems.is_empty();
        problems.extend(std::mem::take(&mut self.header_problems));
        if let Some(problem) = self.found.missing(&self.columns) {
            if header_fine {
                problems.push(problem);
            }
            return;
        }
        if let Some(line) = self.without_time {
            let message = "the row lacks the time that later rows have";
            let place = Place::line(&self.columns.file, line);
            problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
        }
        if let (Some(problem), Some(_)) = (self.without_input.take(), self.found.at(Field::Input)) {
            problems.push(problem);
        }
        if let Some(problem) = self.open.take() {
            if self.shown_beside {
                sink.settle_cached_inside(false);
            } else {
                problems.push(problem);
            }
        }
        self.remarks(tally);
    }

    fn remarks(&self, tally: &mut Tally) {
        let header = &self.columns.header;
        for choice in self.found.choices(header) {
            rows::remark(tally, &catalogue::COLUMN_CHOSEN, self.used, choice);
        }
        let text = "{n} rows name no customer";
        rows::remark(tally, &catalogue::NO_CUSTOMER, self.without_customer, text);
        for (filled, field) in self.filled.iter().zip(MEASURES) {
            if let Some(column) = self.found.at(*field) {
                let text = format!("{{n}} rows leave {} blank", header.name(column));
                rows::remark(tally, &catalogue::BLANK_METER, self.used - filled, text);
            }
        }
    }
}

/// Whether the stamp is a calendar date without a time of day.
fn is_date(stamp: &str) -> bool {
    stamp.len() == 10 && stamp.as_bytes()[4] == b'-'
}

fn outcome(word: &str) -> Outcome {
    let folded = word.to_lowercase();
    let code = folded
        .parse::<u16>()
        .is_ok_and(|code| (400..600).contains(&code));
    if code || FAILED.contains(&folded.as_str()) {
        Outcome::Failed
    } else {
        Outcome::Served
    }
}

#[cfg(test)]
mod tests;
