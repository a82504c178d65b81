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

use crate::formats::fields::Columns;
use crate::formats::usage::cells::{Cells, Origin, Shape};
use crate::formats::usage::counts::{CountNames, Counts};
use crate::formats::usage::tokens::Convention;
use crate::formats::usage::vendor::{self, Content, Dialect, Names, dollars, is_one_of};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::Outcome;
use crate::model::{Exact, Meter, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

const REQUIRED: &[&str] = &["request_id", "call_type", "spend", "startTime"];

/// Counts of cached tokens: two spellings of cache reads, two of cache writes.
const DETAILS: [&str; 4] = [
    "metadata.usage_object.cache_read_input_tokens",
    "metadata.usage_object.prompt_tokens_details.cached_tokens",
    "metadata.usage_object.cache_creation_input_tokens",
    "metadata.usage_object.prompt_tokens_details.cache_creation_tokens",
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

static NAMES: Names = Names {
    time: &["startTime"],
    request_id: &["request_id"],
    customers: &["end_user", "team_id", "api_key"],
    features: &[],
    providers: &["custom_llm_provider"],
    models: &["model"],
    shape: Shape {
        objects: &["metadata"],
        tags: &["request_tags"],
    },
    zone: Some(Zone::Utc),
    no_customer: "export end_user, or say columns = { customer = \"metadata.KEY\" } in its [[input]] entry of tanso.toml",
};

const COUNTS: CountNames = CountNames {
    input: &["prompt_tokens"],
    read: &[],
    write: &[],
    write_5m: &[],
    write_1h: &[],
    output: &["completion_tokens"],
};

#[derive(Default)]
struct SpendLogs {
    counts: Counts,
    /// The origins of [`DETAILS`].
    details: [Option<Origin>; DETAILS.len()],
    cache_hit: Option<Origin>,
    status: Option<Origin>,
    spend: Option<Origin>,
}

impl SpendLogs {
    /// Of two spellings that count the same tokens, the one in use: a zero means that it is the
    /// other.
    fn either(&self, cells: &mut Cells<'_>, first: usize) -> Result<Option<Exact>, Problem> {
        let found = cells.count(self.details[first].as_ref())?;
        match found.filter(Exact::is_positive) {
            Some(count) => Ok(Some(count)),
            None => cells.count(self.details[first + 1].as_ref()),
        }
    }
}

impl Dialect for SpendLogs {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        let shape = &NAMES.shape;
        self.counts.find(&COUNTS, shape, columns, problems);
        self.details = DETAILS.map(|path| shape.find(columns, path, problems));
        let mut optional = |name: &str| columns.optional(&[name], problems).map(Origin::Column);
        self.cache_hit = optional("cache_hit");
        self.status = optional("status");
        let id = columns.required(&["request_id"], problems);
        let spend = columns.required(&["spend"], problems);
        self.spend = Some(Origin::Column(spend?));
        id.map(|_| ())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let hit = cells.word(self.cache_hit.as_ref())?;
        let status = cells.word(self.status.as_ref())?;
        if let (Some(at), Some(word)) = (&self.cache_hit, &hit)
            && !is_one_of(hit.as_ref(), &["true", "false"])
        {
            let message = "cache_hit is neither True nor False";
            return Err(cells.problem(&catalogue::BAD_VALUE, cells.column(at), word, message));
        }
        let outcome = if is_one_of(hit.as_ref(), &["true"]) {
            Outcome::GatewayCached
        } else if is_one_of(status.as_ref(), &["failure"]) {
            Outcome::Failed
        } else {
            Outcome::Served
        };
        if outcome == Outcome::Served {
            let mut tokens = self.counts.read(cells, outcome)?;
            tokens.read = self.either(cells, 0)?;
            tokens.write_5m = self.either(cells, 2)?;
            self.counts
                .add(cells, &tokens, Convention::Inside, quantities)?;
        }
        Ok(Content::Used {
            outcome,
            requests: None,
            cost: dollars(cells, self.spend.as_ref())?,
        })
    }

    fn finish(&mut self, tally: &mut Tally) {
        self.counts.finish(tally);
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let mut dialect = SpendLogs {
        counts: Counts::new(settings),
        ..SpendLogs::default()
    };
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::CachedTokens;
    use crate::formats::testing::{columns, growing, read_log, table};
    use serde_json::{Value, json};

    fn run(source: impl RowSource, settings: &Settings) -> (Vec<Value>, Tally, Problems) {
        read_log("litellm-spend-logs", source, settings)
    }

    const HEADER: &str = "request_id,call_type,api_key,spend,prompt_tokens,completion_tokens,startTime,model,custom_llm_provider,metadata,cache_hit,request_tags,team_id,end_user,status\n";

    fn row(tokens: &str, metadata: &str, cache_hit: &str, status: &str) -> String {
        format!(
            "{HEADER}r1,acompletion,hash,1.05e-05,{tokens},2026-09-01 10:00:00.5,gpt-4o,openai,\"{}\",{cache_hit},\"[\"\"tenant:acme\"\",\"\"prod\"\"]\",team-1,eu-1,{status}\n",
            metadata.replace('"', "\"\"")
        )
    }

    fn customer(name: &str) -> Settings {
        columns(&[("customer", name)])
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
        let settings = Settings {
            cached_tokens: Some(CachedTokens::Beside),
            ..Settings::default()
        };
        let (records, _, _) = run(table("s.csv", &text), &settings);
        assert_eq!(records[0]["quantities"]["input"], "100");
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
        assert_eq!(codes, ["N1008", "N1013", "N1006"]);
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
