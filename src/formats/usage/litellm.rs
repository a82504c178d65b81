//! LiteLLM's spend logs: the table `LiteLLM_SpendLogs` of the proxy's database, as CSV or JSON
//! lines.
//!
//! One row per request. Names are snake case except `startTime` and `endTime`. Postgres writes the
//! times without an offset; they are UTC. `prompt_tokens` includes cached tokens and cache writes,
//! whose counts are in `metadata.usage_object`; `metadata` is an object in JSON lines and JSON text
//! in CSV. `spend` is a float in US dollars. `user` owns the key and is not the customer; `end_user`
//! is. `messages` and `response` hold prompts and are never read.
//!
//! The rule that must hold: a hit of the gateway's cache and a failed request carry no quantity.

use serde_json::Value;

use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::usage::litellm_metadata::{Origin, detail, parsed, said, text};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{CachedTokens, Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Currency, Exact, Instant, Meter, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["request_id", "call_type", "spend", "startTime"];

/// Columns that may name the customer, best first.
const CUSTOMERS: &[&str] = &["end_user", "team_id", "api_key"];

/// Counts in `metadata.usage_object`: two spellings of cache reads, two of cache writes.
const DETAILS: [&str; 4] = [
    "cache_read_input_tokens",
    "prompt_tokens_details.cached_tokens",
    "cache_creation_input_tokens",
    "prompt_tokens_details.cache_creation_tokens",
];

/// The format `litellm-spend-logs`.
pub static FORMAT: Format = Format {
    name: "litellm-spend-logs",
    kind: Kind::Usage,
    provider: None,
    title: "LiteLLM spend logs (CSV or JSON lines)",
    required: REQUIRED,
    page: "\
**Where.** The table `LiteLLM_SpendLogs` of the proxy's Postgres database, for example
`COPY (SELECT request_id, call_type, spend, \"startTime\", model, custom_llm_provider, prompt_tokens,
completion_tokens, metadata, cache_hit, status, end_user, team_id FROM \"LiteLLM_SpendLogs\") TO STDOUT
WITH CSV HEADER`. Leave `messages` and `response` out: they hold prompts and are not read.

**Columns.** `request_id`, `call_type`, `spend` and `startTime` are needed; `model`,
`custom_llm_provider`, `prompt_tokens`, `completion_tokens`, `metadata`, `cache_hit` and `status` are
used where present.

**Customer.** `end_user` (the `user` field of the request). Without that column `team_id`, then the
hashed `api_key`; a note says which. `columns = { customer = \"…\" }` names another: a column,
`metadata.KEY`, `request_tags` for the only tag of a request, or `request_tags.KEY` for the tag
`KEY:value`. `user` is the owner of the key, not the customer. `feature` can be named in the same way.

**Units and zone.** `spend` is US dollars and is kept as the log's own cost. Times are UTC unless `tz`
says otherwise.

**Tokens.** `prompt_tokens` includes cached tokens and cache writes; they are taken out of it by the
counts in `metadata.usage_object`. Cache writes count as five-minute ones. `cached_tokens =
\"beside input\"` is for versions of the proxy that left them out.

**Quirks.** `cache_hit` True was answered by the gateway's own cache and `status` failure was not
answered: neither has quantities, and both are counted apart. Rows disappear with the proxy's
retention setting.

**Confidence.** The table's definition in LiteLLM's source. The export of its web interface is not
verified.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Usage(read),
};

struct Positions {
    time: usize,
    request_id: usize,
    spend: usize,
    customer: Origin,
    feature: Option<Origin>,
    model: Option<usize>,
    provider: Option<usize>,
    input: Option<usize>,
    output: Option<usize>,
    cache_hit: Option<usize>,
    status: Option<usize>,
    metadata: Option<usize>,
    tags: Option<usize>,
    /// The columns of [`DETAILS`] in nested JSON.
    details: [Option<usize>; DETAILS.len()],
    dimensions: Vec<Option<usize>>,
}

impl Positions {
    fn find(columns: &Columns, settings: &Settings, problems: &mut Problems) -> Option<Positions> {
        let mut required = |name: &str| columns.required(&[name], problems);
        let time = required("startTime");
        let (request_id, spend) = (required("request_id"), required("spend"));
        let mut optional = |name: &str| columns.optional(&[name], problems);
        let (model, provider) = (optional("model"), optional("custom_llm_provider"));
        let (input, output) = (optional("prompt_tokens"), optional("completion_tokens"));
        let (cache_hit, status) = (optional("cache_hit"), optional("status"));
        let (metadata, tags) = (optional("metadata"), optional("request_tags"));
        let dimensions = settings.dimensions.iter();
        let dimensions = dimensions.map(|name| optional(name)).collect();
        let details = DETAILS.map(|path| optional(&format!("metadata.usage_object.{path}")));
        let feature = said(columns, settings, "feature", problems);
        let customer = match settings.columns.contains_key("customer") {
            true => said(columns, settings, "customer", problems),
            false => columns.required(CUSTOMERS, problems).map(Origin::Column),
        };
        Some(Positions {
            time: time?,
            request_id: request_id?,
            spend: spend?,
            customer: customer?,
            feature,
            model,
            provider,
            input,
            output,
            cache_hit,
            status,
            metadata,
            tags,
            details,
            dimensions,
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
    rows::known_fields(&columns.file, settings, &["customer", "feature"], problems);
    // JSON lines bring columns as they go, so what is missing is only certain at the end.
    let mut missing = Problems::default();
    let mut found = Positions::find(&columns, settings, &mut missing);
    let (mut unread, mut nobody) = (None, 0);
    let mut tally = rows::each(source, problems, |header, row, tally| {
        if header.len() != columns.header.len() {
            columns.header = header.clone();
            missing = Problems::default();
            let before = found.take();
            found = Positions::find(&columns, settings, &mut missing);
            same_customer(&columns, row, before.as_ref(), found.as_ref())?;
        }
        let Some(at) = &found else {
            unread.get_or_insert(row.line());
            return Ok(Fate::Skipped("refused"));
        };
        let (instant, named) = take(&columns, at, settings, row, sink)?;
        nobody += u64::from(!named);
        tally.cover(instant, Instant(instant.0 + 1));
        Ok(Fate::Used)
    });
    if let (Some(line), Some(_)) = (unread, &found) {
        let message = "the row lacks columns that later rows have";
        let place = Place::line(&columns.file, line);
        problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
    }
    problems.extend(missing);
    if let Some(Origin::Column(column)) = found.map(|at| at.customer)
        && !settings.columns.contains_key("customer")
        && !columns
            .header
            .name(column)
            .eq_ignore_ascii_case(CUSTOMERS[0])
    {
        let name = columns.header.name(column);
        let text = format!("customer is read from {name}, because there is no end_user");
        let rows = tally.used;
        rows::remark(&mut tally, &catalogue::COLUMN_CHOSEN, rows, text);
    }
    let text = "{n} rows name no customer";
    rows::remark(&mut tally, &catalogue::NO_CUSTOMER, nobody, text);
    tally
}

/// The customer must not come from one column and then from another. Nested JSON may bring the one
/// that was asked for late; the rows before it name nobody.
fn same_customer(
    columns: &Columns,
    row: &Row,
    before: Option<&Positions>,
    after: Option<&Positions>,
) -> Result<(), Problem> {
    let (Some(before), Some(after)) = (before, after) else {
        return Ok(());
    };
    match (&before.customer, &after.customer) {
        (Origin::Column(old), Origin::Column(new)) if old != new => {
            let (old, name) = (columns.header.name(*old), columns.header.name(*new));
            let message = format!("{name} appears here, after rows were read by {old}");
            let problem = columns.problem(&catalogue::HEADER, row, *new, message);
            Err(problem.help(format!(
                "say columns = {{ customer = {name:?} }} in its [[input]] entry of tanso.toml, or the other one"
            )))
        }
        _ => Ok(()),
    }
}

/// Hands one row on; returns its instant and whether it names a customer.
fn take(
    columns: &Columns,
    at: &Positions,
    settings: &Settings,
    row: &Row,
    sink: &mut dyn UsageSink,
) -> Result<(Instant, bool), Problem> {
    let instant = rows::stamp(columns, row, at.time)?;
    let metadata = parsed(columns, row, at.metadata)?;
    let customer = text(columns, at.tags, row, &metadata, Some(&at.customer))?;
    let feature = text(columns, at.tags, row, &metadata, at.feature.as_ref())?;
    let outcome = outcome(at, row);
    let mut quantities = Vec::new();
    if outcome == Outcome::Served {
        quantities = tokens(columns, at, settings, row, &metadata)?;
    }
    let spend = columns.optional_number(row, at.spend)?;
    if spend.is_some_and(|spend| spend.is_negative()) {
        let message = "spend is negative";
        return Err(columns.problem(&catalogue::NEGATIVE_QUANTITY, row, at.spend, message));
    }
    let dimensions: Vec<Option<&str>> = at
        .dimensions
        .iter()
        .map(|column| row.filled((*column)?))
        .collect();
    sink.take(&UsageRecord {
        instant,
        source: customer.as_deref(),
        feature: feature.as_deref(),
        provider: word(row, at.provider).or(settings.provider.as_deref()),
        model: word(row, at.model),
        tier: None,
        quantities: &quantities,
        requests: Exact::ONE,
        single_request: true,
        reported_cost: spend.map(|spend| (spend, Currency::USD)),
        request_id: columns.id(row, at.request_id)?,
        outcome,
        dimensions: &dimensions,
        cached_open: false,
        line: row.line(),
    })?;
    Ok((instant, customer.is_some()))
}

fn outcome(at: &Positions, row: &Row) -> Outcome {
    let is = |column, expected: &str| {
        word(row, column).is_some_and(|word| word.eq_ignore_ascii_case(expected))
    };
    if is(at.cache_hit, "true") {
        Outcome::GatewayCached
    } else if is(at.status, "failure") {
        Outcome::Failed
    } else {
        Outcome::Served
    }
}

fn tokens(
    columns: &Columns,
    at: &Positions,
    settings: &Settings,
    row: &Row,
    metadata: &Value,
) -> Result<Vec<(Meter, Exact)>, Problem> {
    let count = |column: Option<usize>| match column {
        Some(column) => columns.count(row, column),
        None => Ok(None),
    };
    let detail = |i: usize| {
        let inside = (at.metadata, metadata);
        detail(columns, at.details[i], inside, row, DETAILS[i])
    };
    // Both spellings count the same tokens; a zero means that the other one is in use.
    let either = |first: usize| -> Result<Option<Exact>, Problem> {
        let found = detail(first)?.filter(Exact::is_positive);
        Ok(found.or(detail(first + 1)?))
    };
    let tokens = Tokens {
        input: count(at.input)?,
        read: either(0)?,
        write_5m: either(2)?,
        output: count(at.output)?,
        ..Tokens::default()
    };
    let convention = match settings.cached_tokens {
        Some(CachedTokens::Beside) => Convention::Beside,
        _ => Convention::Inside,
    };
    let mut quantities = Vec::new();
    if tokens.disjoint(convention, &mut quantities).is_none() {
        let column = at.input.unwrap_or(at.request_id);
        let message = "there are more cached tokens in metadata than prompt_tokens, which should include them";
        let problem = columns.problem(&catalogue::TOKEN_CONVENTION, row, column, message);
        return Err(problem.help(
            "say cached_tokens = \"beside input\" if this version of the proxy leaves them out",
        ));
    }
    Ok(quantities)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::UsageRecords as Kept;
    use crate::formats::testing::{growing, table};
    use serde_json::json;

    fn run(mut source: impl RowSource, settings: &Settings) -> (Vec<Value>, Tally, Problems) {
        let (mut kept, mut problems) = (Kept::default(), Problems::default());
        let tally = read(&mut source, settings, &mut kept, &mut problems);
        (kept.records, tally, problems)
    }

    const HEADER: &str = "request_id,call_type,api_key,spend,prompt_tokens,completion_tokens,startTime,model,custom_llm_provider,metadata,cache_hit,request_tags,team_id,end_user,status\n";

    fn row(tokens: &str, metadata: &str, cache_hit: &str, status: &str) -> String {
        format!(
            "{HEADER}r1,acompletion,hash,1.05e-05,{tokens},2026-09-01 10:00:00.5,gpt-4o,openai,\"{}\",{cache_hit},\"[\"\"tenant:acme\"\",\"\"prod\"\"]\",team-1,eu-1,{status}\n",
            metadata.replace('"', "\"\"")
        )
    }

    fn customer(name: &str) -> Settings {
        Settings {
            columns: [("customer".to_string(), name.to_string())].into(),
            ..Settings::default()
        }
    }

    #[test]
    fn cached_tokens_leave_the_prompt() {
        let metadata = r#"{"usage_object":{"cache_read_input_tokens":0,"prompt_tokens_details":{"cached_tokens":40,"cache_creation_tokens":10},"completion_tokens_details":{"reasoning_tokens":3}}}"#;
        let text = row("100,7", metadata, "False", "success");
        let (records, _, problems) = run(table("s.csv", &text), &Settings::default());
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            records[0]["quantities"],
            json!({"input": "50", "cache_read": "40", "cache_write_5m": "10", "output": "7"})
        );
        assert_eq!(records[0]["cost"], "0.0000105 USD");
        assert_eq!(records[0]["instant"], "2026-09-01T10:00:00.500000Z");
        assert_eq!(records[0]["source"], "eu-1");
        let (_, _, problems) = run(
            table("s.csv", &row("49,7", metadata, "False", "success")),
            &Settings::default(),
        );
        assert_eq!(problems.kept()[0].entry.code, "T3028");
        let (_, _, problems) = run(
            table("s.csv", &row("49,7", "{broken", "False", "success")),
            &Settings::default(),
        );
        assert_eq!(problems.kept()[0].entry.code, "T3018");
        assert_eq!(problems.kept()[0].excerpt.as_deref(), Some(""));
    }

    #[test]
    fn hits_and_failures_have_no_quantities() {
        for (hit, status, expected) in [
            ("True", "success", "gateway cached"),
            ("None", "failure", "failed"),
        ] {
            let text = row("100,7", "{}", hit, status);
            let (records, _, _) = run(table("s.csv", &text), &Settings::default());
            assert_eq!(records[0]["outcome"], expected);
            assert_eq!(records[0]["quantities"], Value::Null);
        }
    }

    #[test]
    fn the_customer_can_be_chosen() {
        let text = row("1,1", r#"{"tenant":"m1","a":{"b":7}}"#, "", "");
        for (name, source) in [
            ("team_id", "team-1"),
            ("metadata.tenant", "m1"),
            ("metadata.a.b", "7"),
            ("request_tags.tenant", "acme"),
        ] {
            let (records, _, problems) = run(table("s.csv", &text), &customer(name));
            assert!(problems.is_empty(), "{name}: {problems:?}");
            assert_eq!(records[0]["source"], source, "{name}");
        }
        let (_, _, problems) = run(table("s.csv", &text), &customer("request_tags"));
        assert_eq!(problems.kept()[0].entry.code, "T3029");
        let (_, _, problems) = run(table("s.csv", &text), &customer("tenant"));
        assert_eq!(problems.kept()[0].entry.code, "T3016");
    }

    #[test]
    fn without_an_end_user_the_team_stands_in_and_a_note_says_so() {
        let text =
            "request_id,call_type,spend,startTime,team_id\nr,acompletion,0,2026-09-01 10:00:00,\n";
        let (records, tally, problems) = run(table("s.csv", text), &Settings::default());
        assert!(problems.is_empty());
        assert_eq!(records[0]["source"], Value::Null);
        let codes: Vec<&str> = tally.remarks.iter().map(|r| r.entry.code).collect();
        assert_eq!(codes, ["N1008", "N1013"]);
        let text = "request_id,call_type,spend,startTime\nr,acompletion,0,2026-09-01 10:00:00\n";
        let (_, _, problems) = run(table("s.csv", text), &Settings::default());
        assert_eq!(problems.kept()[0].entry.code, "T3016");
    }

    #[test]
    fn json_lines_may_name_the_customer_late() {
        let text = r#"{"request_id":"r1","call_type":"c","spend":0,"startTime":"2026-09-01T10:00:00Z","team_id":"t"}
{"request_id":"r2","call_type":"c","spend":0,"startTime":"2026-09-01T10:00:00Z","team_id":"t","end_user":"acme"}"#;
        let (_, _, problems) = run(growing("s.jsonl", text), &Settings::default());
        assert_eq!(problems.kept()[0].entry.code, "T3016");
        let (records, _, problems) = run(growing("s.jsonl", text), &customer("end_user"));
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(records[0]["source"], Value::Null);
        assert_eq!(records[1]["source"], "acme");
    }

    #[test]
    fn json_lines_nest_the_metadata() {
        let text = r#"{"request_id":"r1","call_type":"acompletion","spend":2e-06,"startTime":"2026-09-01T10:00:00Z","end_user":"acme","prompt_tokens":9,"completion_tokens":1}
{"request_id":"r2","call_type":"acompletion","spend":0,"startTime":"2026-09-01T10:00:00Z","end_user":"acme","prompt_tokens":9,"completion_tokens":1,"metadata":{"usage_object":{"cache_read_input_tokens":4}}}"#;
        let (records, _, problems) = run(growing("s.jsonl", text), &Settings::default());
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            records[0]["quantities"],
            json!({"input": "9", "output": "1"})
        );
        assert_eq!(
            records[1]["quantities"],
            json!({"input": "5", "cache_read": "4", "output": "1"})
        );
    }
}
