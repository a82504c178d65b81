//! Any usage log as a table: a time, a customer, and how much was used.
//!
//! CSV, JSON lines or Parquet, one row per request or per aggregate. Columns are found by the
//! names in [`names`], also below `usage` in nested JSON, or named by the user.
//! Stamps without an offset need a zone; a date alone is a day. Blank quantities are none of their
//! meter and counted, except a blank input beside output, which is a hole in the log.
//!
//! The rule that must hold: no token is in two meters, and none is lost between two columns.

use crate::formats::counts::is_openai_usage;
use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::formats::usage::log::Log;
use crate::formats::usage::names;
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::problem::Problems;
use crate::scan::RowSource;

/// The format `usage-log`.
pub static FORMAT: Format = Format {
    name: "usage-log",
    kind: Kind::Usage,
    provider: None,
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
    detect: |sample: &Sample<'_>| {
        !is_openai_usage(sample) && names::fits(sample)
    },
    read: Reader::Usage(read),
};

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, None);
    rows::known_fields(&columns.file, settings, &names::field_names(), problems);
    let mut log = Log::new(columns, settings);
    let mut tally = rows::each(source, problems, |header, row, tally| {
        log.take(header, row, tally, sink)
    });
    log.finish(&mut tally, sink, problems);
    tally
}

#[cfg(test)]
mod tests;
