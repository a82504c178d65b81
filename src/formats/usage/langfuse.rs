//! What the two observation exports of Langfuse share: which rows count, and the maps of usage and
//! cost by type.
//!
//! An export lists observations: generations, embeddings, and the spans around them, which repeat
//! or sum up what happens inside. Only generations and embeddings are usage. The buckets of a usage
//! map are disjoint by Langfuse's own convention; its price list charges every one of them and
//! takes `total` for their sum. The keys known here are those of that price list and of Langfuse's
//! conversion of OpenAI's answers.
//!
//! The rule that must hold: every key of a usage map becomes a meter, and a total that contradicts
//! the convention is refused, not averaged away.

use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::formats::usage::cells::{Cells, Entry, Map, Origin, Shape};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::usage::vendor::{Content, Dialect, is_one_of};
use crate::formats::{CachedTokens, KnownUseless, Sample, Settings, Tally};
use crate::model::records::Outcome;
use crate::model::{Currency, Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};

/// Types of observations that are calls of a model.
const CALLS: &[&str] = &["generation", "embedding"];

/// Columns with several values in a cell, in both spellings.
pub const SHAPE: Shape = Shape {
    objects: &["metadata"],
    tags: &["tags", "traceTags"],
};

/// What the page of both formats says about the maps.
macro_rules! shared_page {
    () => {
        "\
**Rows.** Observations of the types GENERATION and EMBEDDING are usage. Spans, events, tools, agents
and other types are skipped and counted: they repeat or sum up the calls inside them. Level ERROR is a
failed call; the quantities it states are kept.

**Tokens.** The buckets of the usage map are disjoint: `input` leaves out cached tokens, `output`
leaves out reasoning. Cache reads: `input_cached_tokens`, `input_cache_read`,
`cache_read_input_tokens`. Cache writes: `input_cache_creation_5m`, `input_cache_creation_1h`; those of
unstated life (`input_cache_creation`, `cache_creation_input_tokens`) count as five-minute ones.
`output_reasoning_tokens`, `output_reasoning` and the prediction tokens are output; audio and image
tokens have their own meters. Any other key is a meter of its own name, and what `total` has above its
parts is the meter `total`; the price list has neither.

Some integrations put cached tokens inside `input`. A row whose `total` is smaller than the sum of its
parts shows it and is refused; say `cached_tokens = \"inside input\"`, and cached tokens are taken out
of `input`, audio out of `input` and `output`, and reasoning is not added to `output`. An integration
that leaves the total to Langfuse cannot be told: its total is the sum of the parts.
"
    };
}
pub(super) use shared_page;

/// What one of the exports calls its columns.
#[derive(Debug)]
pub struct Keys {
    /// Usage by type.
    pub usage: &'static str,
    /// Cost by type.
    pub costs: &'static str,
    /// Cost of all types.
    pub total_cost: &'static str,
}

/// Reads the rows of one of the exports.
pub struct Langfuse {
    keys: &'static Keys,
    /// What the user said about cached tokens.
    said: Option<CachedTokens>,
    kind: Option<Origin>,
    level: Option<Origin>,
    total_cost: Option<Origin>,
    usage: Map,
    costs: Map,
    /// Calls that were served and state no usage.
    blank: u64,
}

impl Langfuse {
    /// A reader of an export with these columns.
    pub fn new(keys: &'static Keys, settings: &Settings) -> Langfuse {
        Langfuse {
            keys,
            said: settings.cached_tokens,
            kind: None,
            level: None,
            total_cost: None,
            usage: Map::default(),
            costs: Map::default(),
            blank: 0,
        }
    }

    /// What Langfuse says the call cost. A zero beside an empty map of costs is that of a model
    /// without a price, which is not a free one.
    fn cost(&self, cells: &mut Cells<'_>) -> Result<Option<(Exact, Currency)>, Problem> {
        let stated = cells.amount(self.total_cost.as_ref())?;
        if stated.is_some_and(|cost| !cost.is_zero() || !self.costs.is_there()) {
            return Ok(stated.map(|cost| (cost, Currency::USD)));
        }
        let parts = cells.map(&self.costs)?;
        let total = parts.iter().find(|part| is_total(&part.key));
        let cost = match total {
            Some(total) => Some(total.value),
            None if parts.is_empty() => None,
            None => Some(parts.iter().map(|part| part.value).sum()),
        };
        Ok(cost.map(|cost| (cost, Currency::USD)))
    }
}

impl Dialect for Langfuse {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        let kind = columns.required(&["type"], problems).map(Origin::Column);
        let mut optional = |name: &str| columns.optional(&[name], problems).map(Origin::Column);
        self.level = optional("level");
        self.total_cost = optional(self.keys.total_cost);
        self.usage = Map::find(columns, self.keys.usage, problems);
        self.costs = Map::find(columns, self.keys.costs, problems);
        self.kind = Some(kind?);
        Some(())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let kind = cells.word(self.kind.as_ref())?;
        if kind.is_none() {
            let column = self.kind.as_ref().map_or(0, |kind| cells.column(kind));
            let problem = cells.problem(&catalogue::MISSING_VALUE, column, "", "type is empty");
            return Err(problem.help(
                "only generations and embeddings are usage; export the log again with the type",
            ));
        }
        let entries = cells.map(&self.usage)?;
        if !is_one_of(kind.as_ref(), CALLS) {
            return Ok(Content::Skipped(match entries.is_empty() {
                true => "no call of a model",
                false => "no call of a model, repeats usage",
            }));
        }
        let outcome = match is_one_of(cells.word(self.level.as_ref())?.as_ref(), &["error"]) {
            true => Outcome::Failed,
            false => Outcome::Served,
        };
        self.blank += u64::from(entries.is_empty() && outcome == Outcome::Served);
        let buckets = Buckets::sort(cells, &entries)?;
        buckets.quantities(cells, self.said, quantities)?;
        Ok(Content::Used {
            outcome,
            requests: None,
            cost: self.cost(cells)?,
        })
    }

    fn finish(&mut self, tally: &mut Tally) {
        let text = format!("{{n}} calls leave {} blank", self.keys.usage);
        rows::remark(tally, &catalogue::BLANK_METER, self.blank, text);
    }
}

fn is_total(key: &str) -> bool {
    key.eq_ignore_ascii_case("total")
}

/// The buckets of one usage map. Parts have their own key beside `input` or `output`.
#[derive(Default)]
struct Buckets {
    /// `input` itself, cached tokens, and `output` itself.
    tokens: Tokens,
    /// Cache writes of unstated life beside those of a stated one.
    other_writes: Exact,
    /// Text parts of the input.
    input_parts: Exact,
    /// Reasoning, text and prediction parts of the output.
    output_parts: Exact,
    /// Audio and image parts.
    media: Vec<(Meter, Exact)>,
    /// Keys that are no token bucket known here.
    others: Vec<(Meter, Exact)>,
    total: Option<Exact>,
    /// Where the map stands.
    column: usize,
}

fn add(sum: &mut Option<Exact>, value: Exact) {
    *sum = Some(sum.unwrap_or_default() + value);
}

impl Buckets {
    fn sort(cells: &Cells<'_>, entries: &[Entry]) -> Result<Buckets, Problem> {
        let mut buckets = Buckets::default();
        for entry in entries {
            buckets.column = entry.column;
            let known = buckets.take(entry);
            if known && !entry.value.is_integer() {
                let text = entry.value.to_string();
                let message = format!("{} is not a whole number", entry.key);
                return Err(cells.problem(&catalogue::FRACTION, entry.column, &text, message));
            }
        }
        let tokens = &mut buckets.tokens;
        if tokens.write_5m.is_some() || tokens.write_1h.is_some() || !buckets.other_writes.is_zero()
        {
            add(&mut tokens.write_5m, buckets.other_writes);
            add(&mut tokens.write_1h, Exact::ZERO);
        }
        if !tokens.split_writes() {
            let message = "cache_creation_input_tokens is not the sum of the five-minute and the one-hour cache writes";
            let problem = cells.problem(&catalogue::BAD_VALUE, buckets.column, "", message);
            return Err(problem.help("the total and its two parts count the same tokens; correct the integration that wrote the row"));
        }
        Ok(buckets)
    }

    /// Puts one entry where it belongs; whether its key is known.
    fn take(&mut self, entry: &Entry) -> bool {
        let value = entry.value;
        let tokens = &mut self.tokens;
        match entry.key.to_ascii_lowercase().as_str() {
            "total" => self.total = Some(value),
            "input" | "input_tokens" => add(&mut tokens.input, value),
            "input_text" | "input_text_tokens" => self.input_parts += value,
            "input_cached_tokens" | "input_cache_read" | "cache_read_input_tokens" => {
                add(&mut tokens.read, value);
            }
            "input_cache_creation" => self.other_writes += value,
            "cache_creation_input_tokens" => add(&mut tokens.write, value),
            "input_cache_creation_5m" => add(&mut tokens.write_5m, value),
            "input_cache_creation_1h" => add(&mut tokens.write_1h, value),
            "output" | "output_tokens" => add(&mut tokens.output, value),
            "output_reasoning"
            | "output_reasoning_tokens"
            | "output_text"
            | "output_text_tokens"
            | "output_accepted_prediction_tokens"
            | "output_rejected_prediction_tokens" => self.output_parts += value,
            "input_audio_tokens" => self.media.push((Meter::InputAudio, value)),
            "input_image_tokens" => self.media.push((Meter::InputImage, value)),
            "output_audio_tokens" => self.media.push((Meter::OutputAudio, value)),
            "output_image_tokens" => self.media.push((Meter::OutputImage, value)),
            _ => {
                self.others
                    .push((Meter::Other(entry.key.as_str().into()), value));
                return false;
            }
        }
        true
    }

    /// Audio and image parts of the input, or of the output.
    fn media_of(&self, input: bool) -> Exact {
        let media = self.media.iter();
        media
            .filter(|(meter, _)| meter.is_input_token() == input)
            .map(|(_, value)| *value)
            .sum()
    }

    /// Adds the meters, disjoint.
    fn quantities(
        &self,
        cells: &Cells<'_>,
        said: Option<CachedTokens>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<(), Problem> {
        let mut tokens = self.tokens;
        let convention = match said {
            Some(CachedTokens::Inside) => {
                let less = |sum: Option<Exact>, part: Exact| match part.is_zero() {
                    true => sum,
                    false => Some(sum.unwrap_or_default() - part),
                };
                tokens.input = less(tokens.input, self.media_of(true));
                tokens.output = less(tokens.output, self.media_of(false));
                Convention::Inside
            }
            _ => {
                add(&mut tokens.input, self.input_parts);
                add(&mut tokens.output, self.output_parts);
                Convention::Beside
            }
        };
        let output = tokens.output.unwrap_or_default();
        if output.is_negative() || tokens.disjoint(convention, quantities).is_none() {
            return Err(self.overlap(cells, "there are more cached, audio or image tokens than input and output, which should include them", "leave cached_tokens out: this row keeps the buckets apart"));
        }
        let media = self.media.iter().cloned();
        quantities.extend(media.filter(|(_, value)| value.is_positive()));
        let known: Exact = quantities.iter().map(|(_, value)| *value).sum();
        let others = self.others.iter().cloned();
        quantities.extend(others.filter(|(_, value)| value.is_positive()));
        let Some(total) = self.total else {
            return Ok(());
        };
        if said.is_none() && total < known {
            return Err(self.overlap(cells, "total is smaller than the sum of its parts, so that some tokens stand in two of them", "say cached_tokens = \"inside input\" if this integration leaves cached tokens inside input, or \"beside input\" to read the parts as they stand"));
        }
        let all: Exact = quantities.iter().map(|(_, value)| *value).sum();
        if total > all {
            quantities.push((Meter::Other("total".into()), total - all));
        }
        Ok(())
    }

    fn overlap(&self, cells: &Cells<'_>, message: &str, help: &str) -> Problem {
        let total = self.total.map(|total| total.to_string());
        let excerpt = total.unwrap_or_default();
        let problem = cells.problem(&catalogue::TOKEN_CONVENTION, self.column, &excerpt, message);
        problem.help(help)
    }
}

/// The export of traces, which has ids but no usage.
pub static TRACES: KnownUseless = KnownUseless {
    title: "Langfuse's export of traces",
    detect: |sample: &Sample<'_>| {
        sample.has_all(&[
            "timestamp",
            "project_id",
            "session_id",
            "release",
            "bookmarked",
        ])
    },
    advice: "traces carry no usage by model; pass the enriched export of observations, observations_v2",
};

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::formats;
    use crate::formats::testing::{columns, growing, read_log, sample, table};

    const HEADER: &str = "id,type,start_time,level,user_id,provided_model_name,usage_details,cost_details,total_cost,trace_name,tags,metadata,input";

    fn row(kind: &str, usage: &str, costs: &str, total: &str) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        format!(
            "{HEADER}\no1,{kind},2026-09-01 10:00:00.250000,DEFAULT,acme,gpt-4o,{},{},{total},chat,\"[\"\"tenant:umbra\"\"]\",\"{{\"\"plan\"\":\"\"pro\"\"}}\",\"the secret prompt\"\n",
            quoted(usage),
            quoted(costs)
        )
    }

    fn observations(text: &str, settings: &Settings) -> (Vec<Value>, Tally, Problems) {
        read_log("langfuse-observations", table("o.csv", text), settings)
    }

    fn quantities(usage: &str, cached: Option<CachedTokens>) -> Result<Value, &'static str> {
        let settings = Settings {
            cached_tokens: cached,
            ..Settings::default()
        };
        let text = row("GENERATION", usage, "{}", "");
        let (records, _, problems) = observations(&text, &settings);
        match problems.kept().first() {
            Some(problem) => Err(problem.entry.code),
            None => Ok(records[0]["quantities"].clone()),
        }
    }

    #[test]
    fn buckets_are_disjoint_unless_the_user_says_otherwise() {
        let usage = r#"{"input":60,"input_cached_tokens":40,"output":7,"output_reasoning_tokens":3,"total":110}"#;
        let beside = json!({"input": "60", "cache_read": "40", "output": "10"});
        assert_eq!(quantities(usage, None), Ok(beside));
        let inside = json!({"input": "20", "cache_read": "40", "output": "7", "total": "43"});
        assert_eq!(quantities(usage, Some(CachedTokens::Inside)), Ok(inside));
        // The same call as an integration writes it that leaves the parts inside their sums.
        let usage = r#"{"input":100,"input_cached_tokens":40,"output":10,"output_reasoning_tokens":3,"total":110}"#;
        assert_eq!(quantities(usage, None), Err("T3028"));
        let right = json!({"input": "60", "cache_read": "40", "output": "10"});
        assert_eq!(quantities(usage, Some(CachedTokens::Inside)), Ok(right));
        let as_said = json!({"input": "100", "cache_read": "40", "output": "13"});
        assert_eq!(quantities(usage, Some(CachedTokens::Beside)), Ok(as_said));
        let usage = r#"{"input":30,"input_cached_tokens":40,"output":10}"#;
        assert_eq!(quantities(usage, Some(CachedTokens::Inside)), Err("T3028"));
    }

    #[test]
    fn cache_writes_have_two_lives() {
        let split = r#"{"input":1,"input_cache_creation":5,"input_cache_creation_5m":10,"input_cache_creation_1h":20,"cache_read_input_tokens":2}"#;
        assert_eq!(
            quantities(split, None),
            Ok(
                json!({"input": "1", "cache_read": "2", "cache_write_5m": "15", "cache_write_1h": "20"})
            )
        );
        let total = r#"{"cache_creation_input_tokens":30,"input_cache_creation_5m":10,"input_cache_creation_1h":20}"#;
        assert_eq!(
            quantities(total, None),
            Ok(json!({"cache_write_5m": "10", "cache_write_1h": "20"}))
        );
        let alone = r#"{"cache_creation_input_tokens":30}"#;
        assert_eq!(quantities(alone, None), Ok(json!({"cache_write_5m": "30"})));
        let wrong = r#"{"cache_creation_input_tokens":31,"input_cache_creation_5m":10,"input_cache_creation_1h":20}"#;
        assert_eq!(quantities(wrong, None), Err("T3029"));
    }

    #[test]
    fn no_key_is_lost() {
        let usage = r#"{"input":5,"input_audio_tokens":3,"output_image_tokens":4,"web_search_requests":2,"page_fraction":0.5,"total":20,"note":null}"#;
        assert_eq!(
            quantities(usage, None),
            Ok(
                json!({"input": "5", "input_audio": "3", "output_image": "4", "web_search_requests": "2", "page_fraction": "0.5", "total": "5.5"})
            )
        );
        assert_eq!(quantities(r#"{"input":5.5}"#, None), Err("T3023"));
        assert_eq!(quantities(r#"{"input":-5}"#, None), Err("T3022"));
        assert_eq!(quantities(r#"{"input":"many"}"#, None), Err("T3021"));
        assert_eq!(quantities(r#"{"input":{"a":1}}"#, None), Err("T3021"));
        assert_eq!(quantities(r#"{"input":1,"input":2}"#, None), Err("T3018"));
        assert_eq!(quantities(r#"{"input":1"#, None), Err("T3018"));
        assert_eq!(quantities(r#"{}"#, None), Ok(Value::Null));
    }

    #[test]
    fn only_calls_of_a_model_are_usage() {
        for (kind, usage, reason) in [
            ("SPAN", "{}", "no call of a model"),
            (
                "AGENT",
                r#"{"input":5}"#,
                "no call of a model, repeats usage",
            ),
        ] {
            let text = row(kind, usage, "{}", "");
            let (records, tally, problems) = observations(&text, &Settings::default());
            assert!(records.is_empty() && problems.is_empty(), "{problems:?}");
            assert_eq!(tally.skipped[reason], 1);
        }
        let text = row("EMBEDDING", r#"{"input":5}"#, "{}", "");
        assert_eq!(observations(&text, &Settings::default()).0.len(), 1);
        let text = row("", r#"{"input":5}"#, "{}", "");
        let problems = observations(&text, &Settings::default()).2;
        assert_eq!(problems.kept()[0].entry.code, "T3027");
        let text = row("GENERATION", "{}", "{}", "").replace("DEFAULT", "ERROR");
        let (records, tally, _) = observations(&text, &Settings::default());
        assert_eq!(records[0]["outcome"], "failed");
        assert!(tally.remarks.is_empty());
        let text = row("GENERATION", "{}", "{}", "");
        let tally = observations(&text, &Settings::default()).1;
        assert_eq!(tally.remarks[0].entry.code, "N1006");
    }

    #[test]
    fn its_own_cost_is_the_total_and_a_missing_price_is_no_cost() {
        let cost = |costs: &str, total: &str| {
            let text = row("GENERATION", r#"{"input":5}"#, costs, total);
            let (records, _, problems) = observations(&text, &Settings::default());
            assert!(problems.is_empty(), "{problems:?}");
            records[0]["cost"].clone()
        };
        assert_eq!(cost(r#"{"total":9}"#, "1.5e-05"), "0.000015 USD");
        assert_eq!(cost(r#"{"input":0.1,"total":0.3}"#, ""), "0.3 USD");
        assert_eq!(cost(r#"{"input":0.1,"output":0.2}"#, ""), "0.3 USD");
        assert_eq!(cost(r#"{"input":0,"total":0}"#, "0"), "0 USD");
        assert_eq!(cost("{}", "0"), Value::Null);
        assert_eq!(cost("{}", ""), Value::Null);
        let text = row("GENERATION", "{}", "{}", "-1");
        let problems = observations(&text, &Settings::default()).2;
        assert_eq!(problems.kept()[0].entry.code, "T3022");
    }

    #[test]
    fn the_customer_can_be_chosen_and_must_be_there() {
        let text = row("GENERATION", "{}", "{}", "");
        for (said, expected) in [("tags.tenant", "umbra"), ("metadata.plan", "pro")] {
            let settings = columns(&[("customer", said)]);
            assert_eq!(observations(&text, &settings).0[0]["source"], expected);
        }
        let text = text.replace("user_id", "someone");
        let problems = observations(&text, &Settings::default()).2;
        assert_eq!(problems.kept()[0].entry.code, "T3016");
        assert!(
            problems.kept()[0]
                .help
                .as_ref()
                .unwrap()
                .contains("observations_v2")
        );
    }

    #[test]
    fn no_prompt_is_ever_shown() {
        let broken = row("GENERATION", r#"{"input":1"#, "{}", "x");
        let bad_time = row("GENERATION", "{}", "{}", "").replace("2026-09-01 ", "first ");
        for text in [broken, bad_time] {
            let problems = observations(&text, &Settings::default()).2;
            assert!(!problems.is_empty());
            assert!(!format!("{:?}", problems.kept()).contains("secret"));
        }
    }

    #[test]
    fn the_web_export_nests_in_json() {
        let text = r#"{"id":"a","traceId":"t","type":"SPAN","startTime":"2026-09-01T10:00:00.000Z","usageDetails":{},"costDetails":{},"totalCost":null,"userId":"acme"}
{"id":"b","traceId":"t","type":"GENERATION","startTime":"2026-09-01T10:00:00.000Z","usageDetails":{"input":5,"cache_read_input_tokens":90,"output":2,"total":97},"costDetails":{"total":0.25},"totalCost":0.25,"inputUsage":95,"userId":"acme","model":"claude-sonnet-4-5"}"#;
        let source = growing("e.jsonl", text);
        let (records, tally, problems) = read_log("langfuse-export", source, &Settings::default());
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((records.len(), tally.skipped["no call of a model"]), (1, 1));
        let expected = json!({"input": "5", "cache_read": "90", "output": "2"});
        assert_eq!(records[0]["quantities"], expected);
        assert_eq!(records[0]["cost"], "0.25 USD");
    }

    #[test]
    fn exports_are_told_apart() {
        let is = |text: &str, name: Option<&str>| {
            sample("o.csv", text, |sample| {
                assert_eq!(formats::detect(sample).map(|format| format.name), name);
            });
        };
        is(HEADER, Some("langfuse-observations"));
        is(
            "id,traceId,type,startTime,usageDetails,costDetails,totalCost,userId",
            Some("langfuse-export"),
        );
        is(
            "id,timestamp,name,environment,project_id,metadata,user_id,session_id,release,version,public,bookmarked,tags,input,output",
            None,
        );
        sample(
            "t.csv",
            "id,timestamp,name,environment,project_id,metadata,user_id,session_id,release,version,public,bookmarked,tags,input,output",
            |sample| {
                assert!((TRACES.detect)(sample));
            },
        );
        sample("o.csv", HEADER, |sample| assert!(!(TRACES.detect)(sample)));
    }
}
