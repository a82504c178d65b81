//! Answers of model interfaces as a logger keeps them: JSON, one answer per object, with what the
//! logger adds around it.
//!
//! OpenAI (chat completions and Responses), Anthropic, Gemini, Bedrock Converse, DeepSeek and
//! OpenRouter, mixed as they come: `answer` tells the shape of each by its keys. The answer may be
//! the whole object or stand below a key (`response`, `message`). Time and customer are what the
//! logger wrote, under the names of a generic log.
//!
//! The rule that must hold: an object without usage is an error of the interface or is refused.

use crate::formats::fields::Columns;
use crate::formats::usage::answer::{self, Shape};
use crate::formats::usage::answer_keys as keys;
use crate::formats::usage::names::{Field, KNOWN};
use crate::formats::usage::paths::{self, Slot, Slots, Taken, slot, steady};
use crate::formats::usage::units;
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Currency, Exact};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const CUSTOMER: usize = 0;
const FEATURE: usize = 1;
const TIME: usize = 2;
const PROVIDER: usize = 3;
const MODEL: usize = 4;
const COST: usize = 5;
const CURRENCY: usize = 6;
const REQUEST_ID: usize = 7;
const TIER: usize = 8;
const STATUS: usize = 9;

const fn aliases(field: Field) -> &'static [&'static str] {
    KNOWN[field as usize].aliases
}

/// What stands around the answers.
static AROUND: &[Slot] = &[
    steady("customer", aliases(Field::Customer)),
    steady("feature", aliases(Field::Feature)),
    slot("time", aliases(Field::Time)),
    slot("provider", aliases(Field::Provider)),
    slot("model", &["model", "model_name", "model_id", "modelId"]),
    steady("cost", &["cost", "cost_usd", "usd_cost", "request_cost"]),
    slot("currency", aliases(Field::Currency)),
    slot(
        "request_id",
        &[
            "request_id",
            "event_id",
            "id",
            "idempotency_key",
            "ResponseMetadata.RequestId",
        ],
    ),
    slot("tier", &["service_tier", "tier"]),
    slot("status", aliases(Field::Status)),
];

/// The format `api-responses`.
pub static FORMAT: Format = Format {
    name: "api-responses",
    kind: Kind::Usage,
    provider: None,
    title: "Answers of model APIs, kept as JSON",
    required: &[
        "a time",
        "a customer",
        "usage.prompt_tokens|usage.input_tokens|usage.inputTokens|usageMetadata.promptTokenCount",
    ],
    page: "\
**Where.** What your product logs when it keeps the answer of a model's API as it came: JSON, one object
per line or in an array. The answer may be the object itself or stand below a key such as `response`.
Answers of several vendors may be mixed.

**Keys.** The usage object tells whose answer it is:

| interface | told by | cached tokens |
|---|---|---|
| OpenAI chat completions and those that imitate it (Groq, …) | `usage.prompt_tokens` | inside `prompt_tokens` |
| OpenAI Responses | `usage.input_tokens_details` | inside `input_tokens` |
| Anthropic Messages | `usage.cache_read_input_tokens`, `usage.cache_creation_input_tokens` | beside `input_tokens` |
| Bedrock Converse | `usage.inputTokens` | beside `inputTokens` |
| Gemini | `usageMetadata` | inside `promptTokenCount` |
| DeepSeek | `usage.prompt_cache_hit_tokens` | inside `prompt_tokens` |
| OpenRouter | `usage.cost`, `usage.is_byok` | inside `prompt_tokens` |

`cached_tokens` in tanso.toml overrules this for the whole file.

**Customer and time.** No answer names your customer: the logger writes it around the answer, under one
of the names that a `usage-log` has (`customer_id`, `account_id`, `tenant_id` …) or one that `columns`
names. The same holds for `time` (else the answer's `created`, `created_at` or `createTime`), `feature`,
`provider`, `model`, `request_id`, `tier`, `status`, `cost` and `currency`.

**Tokens.** Reasoning tokens are part of the output. `completion_tokens` includes them, unless
`total_tokens` shows that they stand beside it, as in xAI's answers: then they are added. A total that
shows neither refuses the answer. Anthropic's two lives of cache writes sum to
`cache_creation_input_tokens` and are not added to it; Converse states them in `cacheDetails`. Gemini's
thoughts are added to the output and the prompts of its tools to the input; audio, and images in its
answers, are meters of their own. Anthropic's web searches count as `web_searches`.

**Own cost.** A `cost` around the answer, or OpenRouter's `usage.cost` in dollars; under a key of your own
(`is_byok`) what the provider charged is added to it.

**Failed requests.** An object with an `error`, or a `status` such as `failed`, is a failed request. An
object with neither usage nor an error is refused.

**Ids.** The answer's `id` or `responseId` tells repeats; else the logger's `request_id`.

**Quirks.** Realtime and image answers, whose tokens are of several kinds, are refused. `num_cached_tokens`
(Mistral) needs `cached_tokens`. The provider is the model's vendor unless `provider` says otherwise; it
is `openrouter` for OpenRouter, and `aws` for Converse. A log with `requests` or `units` of its own is
read as `usage-log`. Nothing but the named keys is read.

**Confidence.** The vendors' documentation and type definitions, and answers seen in the open.
",
    detect: |sample: &Sample<'_>| {
        let generic = [Field::Requests, Field::Units, Field::Meter];
        let own = |field: &Field| aliases(*field).iter().any(|name| sample.header.has(name));
        !keys::prefixes(sample.header).is_empty() && !generic.iter().any(own)
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
    let around = Slots::new(columns, settings, AROUND, "");
    let mut answers = Vec::new();
    let mut known = usize::MAX;
    paths::each(source, around, CUSTOMER, problems, |around, row| {
        if around.columns.header.len() != known {
            known = around.columns.header.len();
            answers = found(&around.columns, settings);
        }
        take(around, &answers, settings, row, sink)
    })
}

/// The fields of the answers, for each key below which answers stand.
fn found<'s>(columns: &Columns, settings: &'s Settings) -> Vec<Slots<'s>> {
    let mut prefixes = keys::prefixes(&columns.header);
    if prefixes.is_empty() {
        // A file that begins with errors: they stand where the answers will.
        prefixes.push(String::new());
    }
    let slots = |prefix: &String| Slots::new(columns.clone(), settings, keys::SLOTS, prefix);
    prefixes.iter().map(slots).collect()
}

/// The answer of a row, with its shape; without one if the row has no usage. There is one place for
/// answers at least.
fn only<'a, 's>(
    answers: &'a [Slots<'s>],
    row: &Row,
) -> Result<(&'a Slots<'s>, Option<Shape>), Problem> {
    let mut found = None;
    for slots in answers {
        if let Some(shape) = answer::shape(slots, row)? {
            if found.is_some() {
                let message = "the row has two usage objects, below different keys";
                let problem = Problem::new(&catalogue::BAD_VALUE, message);
                let place = Place::line(&slots.columns.file, row.line());
                return Err(problem.at(place).help("keep one answer per object"));
            }
            found = Some((slots, Some(shape)));
        }
    }
    let failed = |slots: &&Slots<'_>| slots.filled(row, keys::ERROR).is_some();
    let without = answers.iter().find(failed).unwrap_or(&answers[0]);
    Ok(found.unwrap_or((without, None)))
}

fn take(
    around: &Slots<'_>,
    answers: &[Slots<'_>],
    settings: &Settings,
    row: &Row,
    sink: &mut dyn UsageSink,
) -> Result<Taken, Problem> {
    let (answer, shape) = only(answers, row)?;
    let instant = match answer.filled(row, keys::CREATED) {
        Some(_) if around.filled(row, TIME).is_none() => answer.instant(row, keys::CREATED)?,
        _ => around.instant(row, TIME)?,
    };
    let outcome = outcome(around, answer, row);
    let quantities = match (shape, outcome) {
        (Some(shape), _) => answer::quantities(answer, settings, row, shape)?,
        (None, Outcome::Served) => return Err(no_usage(answer, row)),
        (None, _) => Vec::new(),
    };
    // What the user names stands before what the answer says.
    let text = |field, slot| match around.is_said(field) {
        true => around.text(row, field),
        false => answer.text(row, slot).or(around.text(row, field)),
    };
    let request_id = match answer.id(row, keys::ID)? {
        Some(id) if !around.is_said(REQUEST_ID) => Some(id),
        _ => around.id(row, REQUEST_ID)?,
    };
    let source = around.id(row, CUSTOMER)?;
    sink.take(&UsageRecord {
        instant,
        source,
        feature: around.text(row, FEATURE),
        provider: provider(around, answer, settings, row, shape),
        model: text(MODEL, keys::MODEL),
        tier: text(TIER, keys::TIER),
        quantities: &quantities,
        requests: Exact::ONE,
        single_request: true,
        reported_cost: cost(around, answer, settings, row)?,
        request_id,
        outcome,
        dimensions: &around.dimensions(row),
        cached_open: false,
        line: row.line(),
    })?;
    Ok(Taken::Record(instant, source.is_some()))
}

fn no_usage(answer: &Slots<'_>, row: &Row) -> Problem {
    let message = "the object has neither usage nor an error";
    Problem::new(&catalogue::MISSING_VALUE, message)
        .at(Place::line(&answer.columns.file, row.line()))
        .help("absent is not zero; log the answer with its usage (for streams, ask for it: stream_options include_usage), or leave the object out")
}

fn outcome(around: &Slots<'_>, answer: &Slots<'_>, row: &Row) -> Outcome {
    let error = answer.text(row, keys::ERROR);
    if error.is_some_and(|text| !matches!(text, "false" | "[]")) {
        return Outcome::Failed;
    }
    let words = [around.text(row, STATUS), answer.text(row, keys::STATUS)];
    let failed = words
        .into_iter()
        .flatten()
        .any(|word| units::outcome(word) == Outcome::Failed);
    match failed {
        true => Outcome::Failed,
        false => Outcome::Served,
    }
}

/// Who bills the request; `None` leaves it to the model's vendor.
fn provider<'r>(
    around: &Slots<'_>,
    answer: &Slots<'_>,
    settings: &'r Settings,
    row: &'r Row,
    shape: Option<Shape>,
) -> Option<&'r str> {
    let named = around.text(row, PROVIDER);
    let byok = answer.text(row, keys::BYOK);
    let gateway = byok.is_some() || answer.filled(row, keys::UPSTREAM).is_some();
    if gateway && byok != Some("true") && !around.is_said(PROVIDER) {
        return Some("openrouter");
    }
    named.or(settings.provider.as_deref()).or(match shape {
        Some(Shape::Converse) => Some("aws"),
        Some(Shape::Gemini) => Some("google"),
        _ => None,
    })
}

/// The cost that the logger states, or else the answer.
fn cost(
    around: &Slots<'_>,
    answer: &Slots<'_>,
    settings: &Settings,
    row: &Row,
) -> Result<Option<(Exact, Currency)>, Problem> {
    let stated = |slots: &Slots<'_>, slot| -> Result<Option<Exact>, Problem> {
        let Some(column) = slots.filled(row, slot) else {
            return Ok(None);
        };
        let cost = slots.columns.optional_number(row, column)?;
        if cost.is_some_and(|cost| cost.is_negative()) {
            let message = format!("{} is negative", slots.columns.header.name(column));
            return Err(slots.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
        }
        Ok(cost)
    };
    if let (Some(cost), Some(column)) = (stated(around, COST)?, around.filled(row, COST)) {
        let currency = around.filled(row, CURRENCY);
        let currency = units::currency(&around.columns, settings, row, column, currency)?;
        return Ok(Some((cost, currency)));
    }
    let Some(mut cost) = stated(answer, keys::COST)? else {
        return Ok(None);
    };
    if answer.text(row, keys::BYOK) == Some("true") {
        cost += stated(answer, keys::UPSTREAM)?.unwrap_or_default();
    }
    Ok(Some((cost, Currency::USD)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::CachedTokens;
    use crate::formats::golden::UsageRecords as Kept;
    use crate::formats::testing::{read_json, sample};
    use serde_json::{Value, json};

    fn run(text: &str, settings: &Settings) -> (Vec<Value>, Vec<(&'static str, String)>) {
        let mut kept = Kept::default();
        let (_, problems) = read_json("a.jsonl", text, |source, problems| {
            read(source, settings, &mut kept, problems)
        });
        let told = problems.kept().iter();
        let told = told.map(|problem| (problem.entry.code, problem.message.clone()));
        (kept.records, told.collect())
    }

    /// What the logger writes, around these keys.
    fn line(keys: &str) -> String {
        format!("{{\"ts\":\"2026-09-01T10:00:00Z\",\"tenant_id\":\"acme\",{keys}}}\n")
    }

    fn quantities(keys: &str) -> Value {
        let (records, told) = run(&line(keys), &Settings::default());
        assert_eq!(told, [], "{keys}");
        records[0]["quantities"].clone()
    }

    fn code(keys: &str) -> &'static str {
        let (records, told) = run(&line(keys), &Settings::default());
        assert!(records.is_empty(), "{keys}");
        told[0].0
    }

    #[test]
    fn the_total_tells_whether_reasoning_is_inside_the_output() {
        let usage = |completion: u32, reasoning: u32, total: &str| {
            format!(
                r#""usage":{{"prompt_tokens":100,"completion_tokens":{completion},"completion_tokens_details":{{"reasoning_tokens":{reasoning}}}{total}}}"#
            )
        };
        // 100 + 7 + 40: the reasoning stands beside; 100 + 47: it is inside.
        let beside = quantities(&usage(7, 40, r#","total_tokens":147"#));
        assert_eq!(beside, json!({"input": "100", "output": "47"}));
        let inside = quantities(&usage(47, 40, r#","total_tokens":147"#));
        assert_eq!(inside, beside);
        let untold = quantities(&usage(47, 40, ""));
        assert_eq!(untold, beside);
        for (usage, why) in [
            (
                usage(47, 40, r#","total_tokens":150"#),
                "a total of neither",
            ),
            (
                usage(7, 40, r#","total_tokens":107"#),
                "more than the output",
            ),
            (usage(7, 40, ""), "more than the output, without a total"),
        ] {
            assert_eq!(code(&usage), "T3028", "{why}");
        }
    }

    #[test]
    fn each_interface_has_its_own_convention() {
        for (keys, expected) in [
            // Inside: the cached tokens leave the input.
            (
                r#""usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":20},"completion_tokens_details":{"reasoning_tokens":5}}"#,
                json!({"input": "50", "cache_read": "30", "cache_write_5m": "20", "output": "7"}),
            ),
            (
                r#""usage":{"input_tokens":100,"output_tokens":7,"input_tokens_details":{"cached_tokens":30,"cache_write_tokens":20},"output_tokens_details":{"reasoning_tokens":5}}"#,
                json!({"input": "50", "cache_read": "30", "cache_write_5m": "20", "output": "7"}),
            ),
            (
                r#""usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_cache_hit_tokens":30,"prompt_cache_miss_tokens":70,"prompt_tokens_details":{"cached_tokens":30}}"#,
                json!({"input": "70", "cache_read": "30", "output": "7"}),
            ),
            (
                r#""usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":30,"candidatesTokenCount":7,"thoughtsTokenCount":5,"toolUsePromptTokenCount":4,"totalTokenCount":116}"#,
                json!({"input": "74", "cache_read": "30", "output": "12"}),
            ),
            // Beside: the input stands as it is.
            (
                r#""usage":{"input_tokens":100,"output_tokens":7,"cache_read_input_tokens":30,"cache_creation_input_tokens":20}"#,
                json!({"input": "100", "cache_read": "30", "cache_write_5m": "20", "output": "7"}),
            ),
            (
                r#""usage":{"inputTokens":100,"outputTokens":7,"totalTokens":157,"cacheReadInputTokens":30,"cacheReadInputTokenCount":30,"cacheWriteInputTokens":20,"cacheWriteInputTokenCount":20}"#,
                json!({"input": "100", "cache_read": "30", "cache_write_5m": "20", "output": "7"}),
            ),
            // No cached tokens: either reading is the same.
            (
                r#""usage":{"input_tokens":100,"output_tokens":7}"#,
                json!({"input": "100", "output": "7"}),
            ),
            (
                r#""usage":{"prompt_tokens":100,"total_tokens":100}"#,
                json!({"input": "100"}),
            ),
        ] {
            assert_eq!(quantities(keys), expected, "{keys}");
        }
    }

    #[test]
    fn the_two_lives_of_cache_writes_are_their_sum() {
        let anthropic = |short: u32| {
            format!(
                r#""usage":{{"input_tokens":3,"output_tokens":9,"cache_read_input_tokens":0,"cache_creation_input_tokens":100,"cache_creation":{{"ephemeral_5m_input_tokens":{short},"ephemeral_1h_input_tokens":60}},"server_tool_use":{{"web_search_requests":2}}}}"#
            )
        };
        assert_eq!(
            quantities(&anthropic(40)),
            json!({"input": "3", "cache_write_5m": "40", "cache_write_1h": "60", "output": "9", "web_searches": "2"})
        );
        assert_eq!(code(&anthropic(41)), "T3029");
        let converse = |ttl: &str| {
            format!(
                r#""usage":{{"inputTokens":3,"outputTokens":9,"cacheWriteInputTokens":100,"cacheDetails":[{{"ttl":"{ttl}","inputTokens":60}},{{"ttl":"5m","inputTokens":40}}]}}"#
            )
        };
        assert_eq!(
            quantities(&converse("1h")),
            json!({"input": "3", "cache_write_5m": "40", "cache_write_1h": "60", "output": "9"})
        );
        assert_eq!(code(&converse("2h")), "T3029");
    }

    #[test]
    fn other_modalities_are_meters_of_their_own() {
        assert_eq!(
            quantities(
                r#""usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":30,"candidatesTokenCount":70,"promptTokensDetails":[{"modality":"TEXT","tokenCount":60},{"modality":"AUDIO","tokenCount":40}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":10},{"modality":"TEXT","tokenCount":20}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":64}]}"#
            ),
            json!({"input": "40", "cache_read": "20", "output": "6", "input_audio": "30", "cache_read_audio": "10", "output_image": "64"})
        );
        assert_eq!(
            quantities(
                r#""usage":{"prompt_tokens":100,"completion_tokens":50,"prompt_tokens_details":{"audio_tokens":80,"cached_tokens":0},"completion_tokens_details":{"audio_tokens":45}}"#
            ),
            json!({"input": "20", "output": "5", "input_audio": "80", "output_audio": "45"})
        );
    }

    #[test]
    fn counts_that_do_not_fit_are_refused() {
        for (keys, expected) in [
            // More cached tokens than an input that includes them.
            (
                r#""usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":10}}"#,
                "T3028",
            ),
            // Nothing says whose convention holds.
            (
                r#""usage":{"input_tokens":9,"output_tokens":1,"input_tokens_details":{"cached_tokens":1},"cache_read_input_tokens":1}"#,
                "T3028",
            ),
            (
                r#""usage":{"prompt_tokens":9,"completion_tokens":1,"num_cached_tokens":3}"#,
                "T3028",
            ),
            (
                r#""usage":{"prompt_tokens":9,"completion_tokens":1,"input_tokens":9}"#,
                "T3029",
            ),
            (
                r#""usage":{"prompt_tokens":9,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":4}"#,
                "T3029",
            ),
            (
                r#""usage":{"prompt_tokens":9,"prompt_tokens_details":{"audio_tokens":4,"cached_tokens":1}}"#,
                "T3029",
            ),
            (
                r#""usage":{"input_tokens":9,"output_tokens":1,"input_token_details":{"audio_tokens":4}}"#,
                "T3029",
            ),
            (r#""usage":{"output_tokens":1}"#, "T3027"),
            (r#""usage":{"prompt_tokens":1.5}"#, "T3023"),
            (r#""usage":{"prompt_tokens":-1}"#, "T3022"),
            (
                r#""usage":{"total_tokens":5,"prompt_tokens":null}"#,
                "T3027",
            ),
        ] {
            assert_eq!(code(keys), expected, "{keys}");
        }
        let said = Settings {
            cached_tokens: Some(CachedTokens::Inside),
            ..Settings::default()
        };
        let text =
            line(r#""usage":{"prompt_tokens":9,"completion_tokens":1,"num_cached_tokens":3}"#);
        assert_eq!(
            run(&text, &said).0[0]["quantities"],
            json!({"input": "6", "cache_read": "3", "output": "1"})
        );
    }

    #[test]
    fn errors_are_failed_requests_and_other_objects_are_refused() {
        let text = line(r#""response":{"id":"r1","usage":{"prompt_tokens":1}}"#)
            + &line(r#""response":{"error":{"message":"secret words","type":"overloaded_error"}}"#)
            + &line(
                r#""response":{"id":"r3","choices":[{"delta":{"content":"secret words"}}],"usage":null}"#,
            )
            + &line(r#""status":"failed","response":{"id":"r4","usage":{"prompt_tokens":2}}"#);
        let (records, told) = run(&text, &Settings::default());
        assert_eq!(records[1]["outcome"], "failed");
        assert_eq!(records[1]["quantities"], Value::Null);
        assert_eq!(records[2]["outcome"], "failed");
        assert_eq!(records[2]["quantities"], json!({"input": "2"}));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, "T3027");
        assert!(!format!("{told:?}{records:?}").contains("secret"));
    }

    #[test]
    fn two_answers_in_one_object_are_refused() {
        let keys = r#""usage":{"input_tokens":5},"response":{"usage":{"prompt_tokens":5}}"#;
        assert_eq!(code(keys), "T3029");
    }

    #[test]
    fn openrouter_states_its_cost() {
        let cost = |byok: bool| {
            let keys = format!(
                r#""id":"gen-1","provider":"OpenAI","model":"openai/gpt-4o","usage":{{"prompt_tokens":10,"completion_tokens":1,"cost":0.00002,"is_byok":{byok},"cost_details":{{"upstream_inference_cost":0.0003}}}}"#
            );
            let (records, told) = run(&line(&keys), &Settings::default());
            assert_eq!(told, []);
            (records[0]["provider"].clone(), records[0]["cost"].clone())
        };
        assert_eq!(cost(false), (json!("openrouter"), json!("0.00002 USD")));
        assert_eq!(cost(true), (json!("OpenAI"), json!("0.00032 USD")));
    }

    #[test]
    fn a_log_with_measures_of_its_own_is_left_to_the_generic_reader() {
        let answer = line(r#""usage":{"prompt_tokens":1}"#);
        sample("a.jsonl", &answer, |s| assert!((FORMAT.detect)(s)));
        let wrapped = line(r#""message":{"usage":{"input_tokens":1}}"#);
        sample("a.jsonl", &wrapped, |s| assert!((FORMAT.detect)(s)));
        let own = line(r#""requests":3,"usage":{"prompt_tokens":1}"#);
        sample("a.jsonl", &own, |s| assert!(!(FORMAT.detect)(s)));
        sample("a.csv", "ts,tenant_id,prompt_tokens\n", |s| {
            assert!(!(FORMAT.detect)(s))
        });
    }
}
