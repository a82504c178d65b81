//! PostHog's events of model calls, `$ai_generation` and `$ai_embedding`: a batch export, or a table
//! of events with columns chosen by the user.
//!
//! The properties of an event are a JSON object in a cell, nested, or columns `properties.$ai_…`.
//! Whether input tokens include cached ones differs from event to event, and PostHog's own rule for
//! it is followed: the event's flag, else the vendor of the model. Events of other names are skipped;
//! traces and spans repeat the calls inside them. Prompts (`$ai_input`, `$ai_output_choices`) are
//! never read.

use crate::formats::fields::Columns;
use crate::formats::usage::cells::{Cells, Origin, Shape, has_object};
use crate::formats::usage::counts::{CountNames, Counts};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::usage::vendor::{self, Content, Dialect, Names, dollars, is_one_of};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::Outcome;
use crate::model::{Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

/// Events that are calls of a model.
const CALLS: &[&str] = &["$ai_generation", "$ai_embedding"];

/// The format `posthog-ai-events`.
pub static FORMAT: Format = Format {
    name: "posthog-ai-events",
    kind: Kind::Usage,
    provider: None,
    title: "PostHog events of model calls (CSV, JSON lines or Parquet)",
    required: &["event", "timestamp", "distinct_id", "properties|properties.$ai_model|$ai_model"],
    page: "\
**Where.** PostHog → Data pipelines → Batch exports, with events `$ai_generation` and `$ai_embedding`; or
a table of these events exported as CSV with the columns below. Leave `$ai_input` and
`$ai_output_choices` out: they hold prompts and are not read.

**Columns.** `event`, `timestamp`, and the properties: as one column `properties` with a JSON object, or
each as `properties.$ai_…` or `$ai_…`. Used are `$ai_model`, `$ai_provider`, `$ai_input_tokens`,
`$ai_output_tokens`, `$ai_reasoning_tokens`, `$ai_cache_read_input_tokens`,
`$ai_cache_creation_input_tokens`, `$ai_cache_creation_5m_input_tokens`,
`$ai_cache_creation_1h_input_tokens`, `$ai_web_search_count`, `$ai_total_cost_usd`, `$ai_is_error`,
`$ai_framework` and `$ai_cache_reporting_exclusive`; and `uuid` as the request's id.

**Customer.** `distinct_id`, which is a person. `columns = { customer = \"properties.$groups.company\" }`
takes a group, `properties.KEY` any property. `feature` can be named in the same way.

**Units and zone.** `$ai_total_cost_usd` is US dollars and is kept as the log's own cost. Stamps need an
offset or `tz`: a table is exported in the project's zone.

**Tokens.** For each event, as PostHog itself does: `$ai_cache_reporting_exclusive` says whether input
tokens leave cached ones out. Without it they do for Anthropic and models named claude, except where the
provider is `gateway` and the framework `vercel` and the input is large enough to include them; else
they include them. `cached_tokens` overrides this for the whole file. Output includes reasoning tokens
except for models `gemini-2.5-…`, where they are added. Image tokens are part of the input.

**Quirks.** Other events are skipped and counted; `$ai_trace` and `$ai_span` repeat the calls inside
them. `$ai_is_error` true is a failed request, whose stated quantities are kept.

**Confidence.** PostHog's documentation, and the source of its cost calculation. The layout of the
exports is not verified; no file was seen.
",
    detect: |sample: &Sample<'_>| {
        let header = sample.header;
        let Some(Ok(event)) = header.find("event") else {
            return false;
        };
        if header.has("$ai_model") || header.has("properties.$ai_model") {
            return true;
        }
        let is_call = |row: &crate::scan::Row| row.filled(event).is_some_and(|name| CALLS.contains(&name));
        has_object(header, "properties") && sample.rows.iter().any(is_call)
    },
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["timestamp"],
    request_id: &["uuid"],
    customers: &["distinct_id"],
    features: &[],
    providers: &["$ai_provider", "properties.$ai_provider"],
    models: &["$ai_model", "properties.$ai_model"],
    shape: Shape {
        objects: &["properties"],
        tags: &[],
    },
    zone: None,
    no_customer: "export the column distinct_id, or say columns = { customer = \"properties.KEY\" } in its [[input]] entry of tanso.toml",
};

const COUNTS: CountNames = CountNames {
    input: &["$ai_input_tokens", "properties.$ai_input_tokens"],
    read: &[
        "$ai_cache_read_input_tokens",
        "properties.$ai_cache_read_input_tokens",
    ],
    write: &[
        "$ai_cache_creation_input_tokens",
        "properties.$ai_cache_creation_input_tokens",
    ],
    write_5m: &[
        "$ai_cache_creation_5m_input_tokens",
        "properties.$ai_cache_creation_5m_input_tokens",
    ],
    write_1h: &[
        "$ai_cache_creation_1h_input_tokens",
        "properties.$ai_cache_creation_1h_input_tokens",
    ],
    output: &["$ai_output_tokens", "properties.$ai_output_tokens"],
};

#[derive(Default)]
struct PostHog {
    counts: Counts,
    event: Option<Origin>,
    provider: Option<Origin>,
    model: Option<Origin>,
    framework: Option<Origin>,
    exclusive: Option<Origin>,
    reasoning: Option<Origin>,
    searches: Option<Origin>,
    is_error: Option<Origin>,
    cost: Option<Origin>,
}

impl PostHog {
    /// PostHog's rule for whether the input tokens of an event include cached ones.
    fn convention(&self, cells: &mut Cells<'_>, tokens: &Tokens) -> Result<Convention, Problem> {
        let exclusive = match cells.is_true(self.exclusive.as_ref())? {
            Some(exclusive) => exclusive,
            None => {
                let mut folded = |origin: &Option<Origin>| {
                    let text = cells.word(origin.as_ref());
                    text.map(|text| text.map_or(String::new(), |text| text.to_lowercase()))
                };
                let (provider, model) = (folded(&self.provider)?, folded(&self.model)?);
                let framework = folded(&self.framework)?;
                let anthropic = provider == "anthropic"
                    || model.contains("anthropic")
                    || model.starts_with("claude");
                let inclusive = provider == "gateway" && framework == "vercel";
                anthropic && (!inclusive || tokens.exceed_input())
            }
        };
        Ok(match exclusive {
            true => Convention::Beside,
            false => Convention::Inside,
        })
    }
}

impl Dialect for PostHog {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        let shape = &NAMES.shape;
        self.counts.find(&COUNTS, shape, columns, problems);
        let event = columns.required(&["event"], problems);
        let mut property = |name: &str| {
            let names = [name, &format!("properties.{name}")];
            let found = shape.first(columns, &names, problems);
            found.map(|(_, origin)| origin)
        };
        self.provider = property("$ai_provider");
        self.model = property("$ai_model");
        self.framework = property("$ai_framework");
        self.exclusive = property("$ai_cache_reporting_exclusive");
        self.reasoning = property("$ai_reasoning_tokens");
        self.searches = property("$ai_web_search_count");
        self.is_error = property("$ai_is_error");
        self.cost = property("$ai_total_cost_usd");
        self.event = Some(Origin::Column(event?));
        Some(())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let event = cells.word(self.event.as_ref())?;
        let Some(event) = event else {
            let column = self.event.as_ref().map_or(0, |event| cells.column(event));
            let problem = cells.problem(&catalogue::MISSING_VALUE, column, "", "event is empty");
            return Err(problem.help("export the log again with the names of the events"));
        };
        if !is_one_of(Some(&event), CALLS) {
            return Ok(Content::Skipped("another event"));
        }
        let outcome = match cells.is_true(self.is_error.as_ref())? {
            Some(true) => Outcome::Failed,
            _ => Outcome::Served,
        };
        let mut tokens = self.counts.read(cells, outcome)?;
        let convention = self.convention(cells, &tokens)?;
        let reasoning = cells.count(self.reasoning.as_ref())?;
        let model = cells.word(self.model.as_ref())?;
        if model.is_some_and(|model| model.to_lowercase().starts_with("gemini-2.5-"))
            && let Some(reasoning) = reasoning
        {
            tokens.output = Some(tokens.output.unwrap_or_default() + reasoning);
        }
        self.counts.add(cells, &tokens, convention, quantities)?;
        let searches = cells.count(self.searches.as_ref())?;
        if let Some(searches) = searches.filter(Exact::is_positive) {
            quantities.push((Meter::WebSearches, searches));
        }
        Ok(Content::Used {
            outcome,
            requests: None,
            cost: dollars(cells, self.cost.as_ref())?,
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
    let mut dialect = PostHog {
        counts: Counts::new(settings),
        ..PostHog::default()
    };
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::formats::testing::{growing, read_log, sample};
    use crate::formats::{self, CachedTokens};

    fn input(properties: &str, said: Option<CachedTokens>) -> Result<String, &'static str> {
        let text = format!(
            r#"{{"event":"$ai_generation","timestamp":"2026-09-01T10:00:00Z","distinct_id":"p","properties":{{"$ai_input_tokens":100,"$ai_cache_read_input_tokens":40,"$ai_output_tokens":5,{properties}}}}}"#
        );
        let settings = Settings {
            cached_tokens: said,
            ..Settings::default()
        };
        let source = growing("p.jsonl", &text);
        let (records, _, problems) = read_log("posthog-ai-events", source, &settings);
        match problems.kept().first() {
            Some(problem) => Err(problem.entry.code),
            None => Ok(records[0]["quantities"]["input"]
                .as_str()
                .unwrap()
                .to_string()),
        }
    }

    #[test]
    fn each_event_has_its_own_convention() {
        for (properties, expected) in [
            (r#""$ai_provider":"openai","$ai_model":"gpt-4o""#, "60"),
            (r#""$ai_provider":"Anthropic","$ai_model":"x""#, "100"),
            (
                r#""$ai_provider":"vertex","$ai_model":"claude-sonnet-4-5""#,
                "100",
            ),
            (
                r#""$ai_provider":"bedrock","$ai_model":"us.anthropic.claude-sonnet-4-5""#,
                "100",
            ),
            (
                r#""$ai_provider":"anthropic","$ai_cache_reporting_exclusive":false"#,
                "60",
            ),
            (
                r#""$ai_provider":"openai","$ai_cache_reporting_exclusive":"true""#,
                "100",
            ),
            (
                r#""$ai_provider":"gateway","$ai_framework":"vercel","$ai_model":"claude-sonnet-4-5""#,
                "60",
            ),
            (
                r#""$ai_provider":"gateway","$ai_framework":"vercel","$ai_model":"claude-sonnet-4-5","$ai_cache_creation_input_tokens":61"#,
                "100",
            ),
            (
                r#""$ai_provider":"gateway","$ai_framework":"other","$ai_model":"claude-sonnet-4-5""#,
                "100",
            ),
        ] {
            assert_eq!(
                input(properties, None),
                Ok(expected.to_string()),
                "{properties}"
            );
        }
        let claude = r#""$ai_model":"claude-sonnet-4-5""#;
        let inside = Some(CachedTokens::Inside);
        assert_eq!(input(claude, inside), Ok("60".to_string()));
        let more = r#""$ai_model":"gpt-4o","$ai_cache_creation_input_tokens":61"#;
        assert_eq!(input(more, None), Err("T3028"));
        let parts = r#""$ai_cache_creation_input_tokens":9,"$ai_cache_creation_5m_input_tokens":4,"$ai_cache_creation_1h_input_tokens":6"#;
        assert_eq!(input(parts, None), Err("T3029"));
        let word = r#""$ai_cache_reporting_exclusive":"perhaps""#;
        assert_eq!(input(word, None), Err("T3029"));
    }

    #[test]
    fn only_gemini_2_5_leaves_reasoning_out_of_the_output() {
        for (model, output) in [("gemini-2.5-pro", "12"), ("gemini-3-pro", "5"), ("o3", "5")] {
            let text = format!(
                r#"{{"event":"$ai_generation","timestamp":"2026-09-01T10:00:00Z","distinct_id":"p","properties":{{"$ai_model":"{model}","$ai_input_tokens":1,"$ai_output_tokens":5,"$ai_reasoning_tokens":7}}}}"#
            );
            let source = growing("p.jsonl", &text);
            let records = read_log("posthog-ai-events", source, &Settings::default()).0;
            let expected = json!({"input": "1", "output": output});
            assert_eq!(records[0]["quantities"], expected, "{model}");
        }
    }

    #[test]
    fn only_files_with_calls_are_taken_for_it() {
        let line = |event: &str| {
            format!(
                r#"{{"uuid":"u","event":"{event}","properties":{{"a":1}},"distinct_id":"p","timestamp":"2026-09-01T10:00:00Z"}}"#
            )
        };
        for (event, expected) in [
            ("$ai_embedding", Some("posthog-ai-events")),
            ("$pageview", None),
        ] {
            sample("p.jsonl", &line(event), |sample| {
                let found = formats::detect(sample).map(|format| format.name);
                assert_eq!(found, expected);
            });
        }
    }
}
