//! Amazon Bedrock's model invocation log, as delivered to S3 or CloudWatch: JSON lines.
//!
//! One object per call, told by `schemaType`. `inputTokenCount` leaves out the tokens read from and
//! written to the prompt cache, which have counts of their own beside it. Failed calls have an
//! `errorCode` and no counts. Times are UTC. `inputBodyJson` and `outputBodyJson` hold prompts and
//! are never read.
//!
//! The rule that must hold: a call that was served has an input count.

use crate::formats::fields::Columns;
use crate::formats::usage::paths::{self, Slot, Slots, Taken, slot, steady};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{CachedTokens, Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Exact, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["schemaType", "timestamp", "requestId", "modelId"];
/// What `schemaType` says.
const SCHEMA: &str = "ModelInvocationLog";
/// Who called, where no metadata says for whom.
const CALLER: &str = "identity.arn";
/// What the keys of the caller's metadata stand below.
const METADATA: &str = "requestMetadata.";

const CUSTOMER: usize = 0;
const FEATURE: usize = 1;
const TIME: usize = 2;
const REQUEST_ID: usize = 3;
const MODEL: usize = 4;
const INPUT: usize = 5;
const READ: usize = 6;
const WRITE: usize = 7;
const OUTPUT: usize = 8;
const ERROR: usize = 9;
const TYPE: usize = 10;

static SLOTS: &[Slot] = &[
    steady(
        "customer",
        &[
            "requestMetadata.customer_id",
            "requestMetadata.customerId",
            "requestMetadata.customer",
            "requestMetadata.account_id",
            "requestMetadata.tenant_id",
            "requestMetadata.tenantId",
            "requestMetadata.tenant",
            "requestMetadata.org_id",
            "requestMetadata.organization_id",
            "requestMetadata.workspace_id",
            "requestMetadata.user_id",
            "requestMetadata.userId",
            "requestMetadata.user",
            CALLER,
        ],
    ),
    steady("feature", &["requestMetadata.feature"]),
    slot("", &["timestamp"]),
    slot("", &["requestId"]),
    slot("", &["modelId"]),
    slot("", &["input.inputTokenCount"]),
    slot("", &["input.cacheReadInputTokenCount"]),
    slot("", &["input.cacheWriteInputTokenCount"]),
    slot("", &["output.outputTokenCount"]),
    slot("", &["errorCode"]),
    slot("", &["schemaType"]),
];

/// The format `bedrock-invocation-log`.
pub static FORMAT: Format = Format {
    name: "bedrock-invocation-log",
    kind: Kind::Usage,
    provider: None,
    title: "Amazon Bedrock model invocation log (JSON lines)",
    required: REQUIRED,
    page: "\
**Where.** Bedrock console, Settings, Model invocation logging, destination S3: the objects below
`AWSLogs/ACCOUNT/BedrockModelInvocationLogs/`, one JSON object per call. Pass them as they are (`.gz`
too). Log the metadata only if you can: request and response bodies are prompts and are not read.

**Keys.** `schemaType` (`ModelInvocationLog`), `timestamp`, `requestId` and `modelId` are needed;
`input.inputTokenCount`, `input.cacheReadInputTokenCount`, `input.cacheWriteInputTokenCount`,
`output.outputTokenCount`, `errorCode`, `requestMetadata` and `identity.arn` are used where present.

**Customer.** The key of `requestMetadata` that has one of the names `customer_id`, `customerId`,
`customer`, `account_id`, `tenant_id`, `tenantId`, `tenant`, `org_id`, `organization_id`,
`workspace_id`, `user_id`, `userId` or `user`. For another key say
`columns = { customer = \"requestMetadata.KEY\" }`. Where no call carries metadata, the session name of
an assumed role in `identity.arn` is taken, and a note says so. `feature` is read from
`requestMetadata.feature` or named in the same way.

**Units and zone.** Tokens; times are UTC. The log has no costs.

**Tokens.** `inputTokenCount` leaves cached tokens out: reads and writes stand beside it. Cache writes
count as five-minute ones, because the log does not tell their life.

**Model.** `modelId` is a model or an inference profile; of an ARN the part after the last `/` is kept.
The name of an application inference profile says nothing about its model, so such usage has no price.

**Quirks.** A call with an `errorCode` failed: it is counted apart and has no quantities. Calls through
the Mantle endpoint are not logged. The provider is `aws`.

**Confidence.** Seen in samples of real logs; the cache counts and `errorCode` in queries that read
them.
",
    detect,
    read: Reader::Usage(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    let column = sample.header.find(REQUIRED[0]).and_then(Result::ok);
    let says_so = |column: usize| {
        let mut rows = sample.rows.iter().filter_map(|row| row.filled(column));
        rows.next() == Some(SCHEMA)
    };
    sample.has_all(REQUIRED) && column.is_some_and(says_so)
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    let slots = Slots::new(columns, settings, SLOTS, "");
    let mut by_caller = 0;
    let mut tally = paths::each(source, slots, CUSTOMER, problems, |slots, row| {
        take(slots, settings, row, sink, &mut by_caller)
    });
    who(source, settings, by_caller, &mut tally, problems);
    tally
}

/// Tells at the end of the file where the customer came from, if that was not the metadata.
fn who(
    source: &mut dyn RowSource,
    settings: &Settings,
    by_caller: u64,
    tally: &mut Tally,
    problems: &mut Problems,
) {
    let header = source.header();
    if settings.columns.contains_key("customer") || !header.has(CALLER) {
        return;
    }
    let known = |name: &&str| header.has(name) && *name != CALLER;
    if SLOTS[CUSTOMER].paths.iter().any(known) {
        return;
    }
    let names = header.names().iter().map(String::as_str);
    let keys: Vec<&str> = names.filter(|name| name.starts_with(METADATA)).collect();
    if keys.is_empty() {
        let text = format!(
            "{{n}} rows: customer is the session name in {CALLER}, because no call has requestMetadata"
        );
        return crate::formats::rows::remark(tally, &catalogue::COLUMN_CHOSEN, by_caller, text);
    }
    let message = "no key of requestMetadata has a name that is known for the customer";
    problems.push(
        Problem::new(&catalogue::HEADER, message)
            .at(Place::line(source.file(), 1))
            .help(format!(
                "say columns = {{ customer = \"{METADATA}KEY\" }} in its [[input]] entry of tanso.toml; keys found: {}",
                keys.join(", ")
            )),
    );
}

fn take(
    slots: &Slots<'_>,
    settings: &Settings,
    row: &Row,
    sink: &mut dyn UsageSink,
    by_caller: &mut u64,
) -> Result<Taken, Problem> {
    if slots.text(row, TYPE) != Some(SCHEMA) {
        let column = slots.column(TYPE).unwrap_or(0);
        let message = format!("schemaType is not {SCHEMA}");
        return Err(slots.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    let instant = slots.instant(row, TIME)?;
    let named = slots.id(row, CUSTOMER)?;
    let caller = slots
        .column(CUSTOMER)
        .is_some_and(|column| slots.columns.header.name(column) == CALLER);
    let source = match caller && !slots.is_said(CUSTOMER) {
        true => named.and_then(session),
        false => named,
    };
    *by_caller += u64::from(caller && source.is_some());
    let outcome = match slots.text(row, ERROR) {
        Some(_) => Outcome::Failed,
        None => Outcome::Served,
    };
    let mut tokens = Tokens {
        input: slots.count(row, INPUT)?,
        read: slots.count(row, READ)?,
        write_5m: slots.count(row, WRITE)?,
        output: slots.count(row, OUTPUT)?,
        ..Tokens::default()
    };
    if outcome == Outcome::Served && tokens.input.is_none() {
        let message = "the call has neither an input count nor an error";
        return Err(slots.absent(row, INPUT, message));
    }
    if outcome == Outcome::Failed {
        tokens = Tokens::default();
    }
    let convention = match settings.cached_tokens {
        Some(CachedTokens::Inside) => Convention::Inside,
        _ => Convention::Beside,
    };
    let mut quantities = Vec::new();
    slots.disjoint(row, INPUT, &tokens, convention, &mut quantities)?;
    sink.take(&UsageRecord {
        instant,
        source,
        feature: slots.text(row, FEATURE),
        provider: Some(settings.provider.as_deref().unwrap_or("aws")),
        model: slots.text(row, MODEL).map(model),
        tier: None,
        quantities: &quantities,
        requests: Exact::ONE,
        single_request: true,
        reported_cost: None,
        request_id: slots.id(row, REQUEST_ID)?,
        outcome,
        dimensions: &slots.dimensions(row),
        cached_open: false,
        line: row.line(),
    })?;
    Ok(Taken::Record(instant, source.is_some()))
}

/// The model of an id, which may be an ARN.
fn model(id: &str) -> &str {
    match id.strip_prefix("arn:") {
        Some(rest) => rest.rsplit('/').next().unwrap_or(id),
        None => id,
    }
}

/// The session name of an assumed role: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
fn session(arn: &str) -> Option<&str> {
    let (_, role) = arn.split_once(":assumed-role/")?;
    let (_, session) = role.split_once('/')?;
    Some(session).filter(|session| !session.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::UsageRecords as Kept;
    use crate::formats::testing::growing;
    use serde_json::{Value, json};

    fn run(text: &str, settings: &Settings) -> (Vec<Value>, Tally, Vec<&'static str>) {
        let (mut kept, mut problems) = (Kept::default(), Problems::default());
        let tally = read(
            &mut growing("b.jsonl", text),
            settings,
            &mut kept,
            &mut problems,
        );
        let codes = problems.kept().iter().map(|problem| problem.entry.code);
        (kept.records, tally, codes.collect())
    }

    /// A call with more keys.
    fn call(keys: &str) -> String {
        format!(
            r#"{{"schemaType":"ModelInvocationLog","timestamp":"2026-09-01T10:00:00Z","requestId":"r1","modelId":"arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0","identity":{{"arn":"arn:aws:sts::111122223333:assumed-role/app/acme"}},{keys}}}"#
        )
    }

    #[test]
    fn cached_tokens_stand_beside_the_input() {
        let text = call(
            r#""requestMetadata":{"tenant_id":"acme"},"input":{"inputTokenCount":2,"cacheReadInputTokenCount":95500,"cacheWriteInputTokenCount":300},"output":{"outputTokenCount":7}"#,
        );
        let (records, _, codes) = run(&text, &Settings::default());
        assert_eq!(codes, [""; 0]);
        assert_eq!(
            records[0]["quantities"],
            json!({"input": "2", "cache_read": "95500", "cache_write_5m": "300", "output": "7"})
        );
        assert_eq!(records[0]["source"], "acme");
        assert_eq!(
            records[0]["model"],
            "us.anthropic.claude-haiku-4-5-20251001-v1:0"
        );
        // The other convention does not even fit these rows.
        let inside = Settings {
            cached_tokens: Some(CachedTokens::Inside),
            ..Settings::default()
        };
        assert_eq!(run(&text, &inside).2, ["T3028"]);
    }

    #[test]
    fn a_failed_call_has_no_quantities() {
        let text = call(r#""errorCode":"ThrottlingException""#);
        let (records, _, codes) = run(&text, &Settings::default());
        assert_eq!(codes, [""; 0]);
        assert_eq!(records[0]["outcome"], "failed");
        assert_eq!(records[0]["quantities"], Value::Null);
        assert_eq!(
            run(&call(r#""region":"x""#), &Settings::default()).2,
            ["T3027"]
        );
    }

    #[test]
    fn the_session_stands_in_where_no_call_has_metadata() {
        let counts = r#""input":{"inputTokenCount":1},"output":{"outputTokenCount":1}"#;
        let (records, tally, codes) = run(&call(counts), &Settings::default());
        assert_eq!(codes, [""; 0]);
        assert_eq!(records[0]["source"], "acme");
        assert_eq!(tally.remarks[0].entry.code, "N1008");
        let unknown = call(&format!(r#""requestMetadata":{{"squad":"x"}},{counts}"#));
        assert_eq!(run(&unknown, &Settings::default()).2, ["T3016"]);
        let said = Settings {
            columns: [("customer".to_string(), "requestMetadata.squad".to_string())].into(),
            ..Settings::default()
        };
        let (records, tally, codes) = run(&unknown, &said);
        assert_eq!((records[0]["source"].clone(), codes), (json!("x"), vec![]));
        assert!(tally.remarks.is_empty());
    }

    #[test]
    fn arns_are_taken_apart() {
        assert_eq!(session("arn:aws:sts::1:assumed-role/r/s"), Some("s"));
        assert_eq!(session("arn:aws:iam::1:user/u"), None);
        assert_eq!(model("amazon.nova-lite-v1:0"), "amazon.nova-lite-v1:0");
        assert_eq!(
            model("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
            "amazon.nova-lite-v1:0"
        );
    }

    #[test]
    fn another_schema_is_refused() {
        let text = call(r#""input":{"inputTokenCount":1}"#).replace("ModelInvocationLog", "Other");
        assert_eq!(run(&text, &Settings::default()).2, ["T3029"]);
    }
}
