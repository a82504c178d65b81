//! OpenTelemetry spans of calls of models, by the conventions for generative AI.
//!
//! OTLP's JSON (a root object with `resourceSpans`, one per line or one document), or rows with a
//! column per attribute. `gen_ai.usage.input_tokens` includes cached tokens by the convention. Spans
//! without usage are left out, and so are those above other spans with usage: they add them up.
//!
//! The rule that must hold: of a span and the ones below it, one counts the tokens.

use crate::formats::fields::Columns;
use crate::formats::nested::Nested;
use crate::formats::rows;
use crate::formats::usage::otel_held::Held;
use crate::formats::usage::otel_names::*;
use crate::formats::usage::otel_people::People;
use crate::formats::usage::otel_span::{self, Flat, Span, Timed, USAGE};
use crate::formats::usage::otel_tree::{Carries, Entered, Tree};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{CachedTokens, Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::Instant;
use crate::model::records::Outcome;
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const OTLP: &str = "resourceSpans";

/// The fields that `columns` may name.
const FIELDS: &[&str] = &["customer", "feature", "provider", "model", "time"];

/// The format `otel-genai-spans`.
pub static FORMAT: Format = Format {
    name: "otel-genai-spans",
    kind: Kind::Usage,
    provider: None,
    title: "OpenTelemetry spans of model calls (OTLP JSON, or a column per attribute)",
    required: &["resourceSpans|gen_ai.usage.input_tokens"],
    page: "\
**Where.** What the collector's `file` exporter writes: JSON with `resourceSpans`, one object per line or
one document. Or a table from your tracing store with a column per attribute
(`gen_ai.usage.input_tokens`, also below one such as `attributes`), as CSV, JSON or Parquet.

**Attributes.** `gen_ai.usage.input_tokens` (old `prompt_tokens`), `gen_ai.usage.output_tokens` (old
`completion_tokens`), `gen_ai.usage.cache_read.input_tokens` (also `cache_read_input_tokens`,
`input_tokens.cached`, `cache_read_tokens`), `gen_ai.usage.cache_creation.input_tokens` (also
`cache_creation_input_tokens`, `cache_write.input_tokens`, `cache_write_tokens`),
`anthropic.usage.cache_creation.ephemeral_5m_input_tokens`; `gen_ai.response.model` before
`gen_ai.request.model`; `gen_ai.provider.name` (old `gen_ai.system`). Two names of one count must agree.
Other attributes below `gen_ai.usage.` are not used, and a note names them. Messages are not read.

**Customer.** `user.id`, else `enduser.id`, else `session.id`, of the span or its resource; a span without
one has the user that another span of its trace in the file names, if all that name one agree.
`columns = { customer = \"my.attribute\" }` names another, and so for `feature`, `provider` and `model`.

**Units and zone.** Tokens. A span counts at its start, in Unix nanoseconds; in rows a time without
an offset needs `tz`. Spans carry no cost.

**Tokens.** By the convention the input includes cached tokens; `cached_tokens = \"beside input\"` is for
instruments that leave them out. A span with more cached tokens than input is refused. Reasoning tokens
are part of the output.

**Spans above spans.** An agent's span repeats the usage of the calls below it. A span with usage below
it is left out and counted, in whatever order the spans stand. Where two calls of models (operation
`chat`, `text_completion`, `generate_content`, `embeddings`, or none) stand above each other and the upper
one comes first, the file is refused: leave one kind of span out. Rows need span and parent ids
(`trace_id`, `span_id`, `parent_span_id`) for this; without them a span of another operation is refused.
All spans of a trace must be in one file: where a span with usage stands above one of another file, the run
is refused.

**Failed requests.** Status `ERROR`, or an `error.type`. Their stated tokens count, they are not part of
`requests`.

**Ids.** `gen_ai.response.id`, else trace and span id, tell repeats.

**Confidence.** The conventions, which are still in development; the other names are those that
instruments in use write. OTLP's form of numbers and times is that of its specification.
",
    detect: |sample: &Sample<'_>| {
        let usage = |name: &String| name.to_lowercase().contains(USAGE);
        sample.header.has(OTLP) || sample.header.names().iter().any(usage)
    },
    read: Reader::Usage(read),
};

struct Reading<'s> {
    settings: &'s Settings,
    sink: &'s mut dyn UsageSink,
    tally: Tally,
    tree: Tree,
    held: Vec<Option<Held>>,
    people: People<Held>,
    /// Calls that counted and turned out to stand above others.
    above: Vec<u64>,
    /// The attribute that names the customer.
    customer: Option<String>,
    nobody: u64,
    /// Attributes below `gen_ai.usage.` that are not used.
    unused: std::collections::BTreeSet<String>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let file = source.file().clone();
    rows::known_fields(&file, settings, FIELDS, problems);
    let mut columns = Columns::of(source, settings, None);
    let mut reading = Reading {
        settings,
        sink,
        tally: Tally::default(),
        tree: Tree::default(),
        held: Vec::new(),
        people: People::default(),
        above: Vec::new(),
        customer: settings.columns.get("customer").cloned(),
        nobody: 0,
        unused: Default::default(),
    };
    let wanted = |name: &str| is_wanted(settings, name);
    let time = settings.columns.get("time");
    let (mut flat, mut known) = (Flat::default(), usize::MAX);
    let mut row = Row::default();
    while source.next_row(&mut row, problems) {
        if source.header().len() != known {
            columns.header = source.header().clone();
            known = columns.header.len();
            flat = Flat::find(&columns, time, &wanted);
        }
        match Nested::named(&file, &columns.header, &row, OTLP) {
            Some(cell) => otel_span::each_otlp(cell, &wanted, &mut |span| {
                reading.span(span, problems);
            }),
            None if row.is_blank() => {
                reading.tally.read += 1;
                reading.tally.skip("blank");
            }
            None => reading.span(Ok(flat.span(&columns, &file, &row)), problems),
        }
    }
    let blank = source.blank_lines();
    if blank > 0 {
        reading.tally.read += blank;
        *reading.tally.skipped.entry("blank").or_default() += blank;
    }
    reading.finish(&columns, problems)
}

impl Reading<'_> {
    /// Takes one span and counts it.
    fn span(&mut self, span: Result<Timed<'_>, Problem>, problems: &mut Problems) {
        self.tally.read += 1;
        match span.and_then(|(span, instant)| self.take(&span, instant)) {
            Ok(()) => {}
            Err(problem) => {
                self.tally.skip("refused");
                problems.push(problem);
            }
        }
        if self.people.is_full() {
            self.release(problems);
        }
    }

    fn take(&mut self, span: &Span<'_>, instant: Result<Instant, Problem>) -> Result<(), Problem> {
        let line = span.place.line.unwrap_or_default();
        let usage = [INPUT, OUTPUT, READ, WRITE];
        let attribute = self.settings.columns.get("customer").map(String::as_str);
        let named = match attribute {
            Some(name) => span.first(&[name]),
            None => span.first(CUSTOMERS),
        };
        if let (Some(trace), Some((name, id))) = (People::<Held>::trace(span.ids.as_deref()), named)
        {
            self.people.name(trace, name, id);
        }
        let carries = match (
            usage.iter().any(|names| span.text(names).is_some()),
            span.text(OPERATION),
        ) {
            (false, _) => Carries::Nothing,
            (true, None) => Carries::Call(line),
            (true, Some(operation)) if CALLS.contains(&operation) => Carries::Call(line),
            (true, Some(_)) => Carries::Sum,
        };
        let above = &mut self.above;
        let entered = match (span.key, carries) {
            (Some(key), _) => {
                let told = &mut |line| above.push(line);
                self.tree.enter(key, span.parent, carries, told)
            }
            (None, Carries::Nothing) => Entered::Link,
            (None, Carries::Call(_)) => Entered::Counts,
            (None, Carries::Sum) => {
                let message = "the span has no ids, so nothing tells whether spans below it carry the same usage";
                let problem = span.problem(&catalogue::MISSING_VALUE, message, "");
                return Err(problem.help("export trace_id, span_id and parent_span_id too"));
            }
        };
        match entered {
            Entered::Link => self.tally.skip("no usage"),
            Entered::Aggregate => self.tally.skip("sum of spans below"),
            Entered::Counts => {
                let record = self.record(span, instant?)?;
                self.settle(record)?;
            }
            Entered::Held(at) => {
                // A place is kept for one that cannot be read, so that the numbers stay in step.
                let record = instant.and_then(|instant| self.record(span, instant));
                let (kept, problem) = match record {
                    Ok(record) => (Some(record), None),
                    Err(problem) => (None, Some(problem)),
                };
                debug_assert_eq!(at, self.held.len());
                self.held.push(kept);
                if let Some(problem) = problem {
                    return Err(problem);
                }
            }
        }
        Ok(())
    }

    /// What a span with usage says.
    fn record(&mut self, span: &Span<'_>, instant: Instant) -> Result<Held, Problem> {
        let said = |field: &str, names: &[&str]| match self.settings.columns.get(field) {
            Some(name) => span.text(&[name]).map(str::to_string),
            None => span.text(names).map(str::to_string),
        };
        let (feature, model) = (said("feature", &[]), said("model", MODELS));
        let provider = said("provider", PROVIDERS).or(self.settings.provider.clone());
        let source = self.customer(span)?;
        let mut tokens = Tokens {
            input: span.count(INPUT)?,
            read: span.count(READ)?,
            write: span.count(WRITE)?,
            write_5m: span.count(WRITE_5M)?,
            output: span.count(OUTPUT)?,
            ..Tokens::default()
        };
        if tokens.input.is_none() && tokens.output.is_some_and(|count| count.is_positive()) {
            let message = "the span has output tokens, but no gen_ai.usage.input_tokens";
            let problem = span.problem(&catalogue::MISSING_VALUE, message, "");
            return Err(problem.help("absent is not zero"));
        }
        if !tokens.split_writes() {
            let message = "there are more five-minute cache writes than cache writes";
            return Err(span.problem(&catalogue::BAD_VALUE, message, ""));
        }
        let convention = match self.settings.cached_tokens {
            Some(CachedTokens::Beside) => Convention::Beside,
            _ => Convention::Inside,
        };
        let mut quantities = Vec::new();
        if tokens.disjoint(convention, &mut quantities).is_none() {
            let message = "there are more cached tokens than gen_ai.usage.input_tokens, which should include them";
            let problem = span.problem(&catalogue::TOKEN_CONVENTION, message, "");
            return Err(problem.help(
                "say cached_tokens = \"beside input\" if the instrument leaves cached tokens out of the input",
            ));
        }
        let used = |name: &str| KNOWN.iter().any(|names| names.contains(&name));
        for (name, _) in &span.attributes {
            if name.starts_with(USAGE) && !used(name) && !self.unused.contains(name.as_ref()) {
                self.unused.insert(name.to_string());
            }
        }
        let failed = span.error || span.text(ERROR).is_some();
        let dimensions = self.settings.dimensions.iter();
        Ok(Held {
            instant,
            source,
            feature,
            provider,
            model,
            quantities,
            trace: People::<Held>::trace(span.ids.as_deref()),
            request_id: span
                .text(RESPONSE_ID)
                .map(str::to_string)
                .or(span.ids.clone()),
            outcome: if failed {
                Outcome::Failed
            } else {
                Outcome::Served
            },
            dimensions: dimensions
                .map(|name| span.text(&[name]).map(str::to_string))
                .collect(),
            line: span.place.line.unwrap_or_default(),
        })
    }

    /// The customer of a span, always from the same attribute.
    fn customer(&mut self, span: &Span<'_>) -> Result<Option<String>, Problem> {
        let Some(name) = &self.customer else {
            let Some((name, id)) = span.first(CUSTOMERS) else {
                return Ok(None);
            };
            self.customer = Some(name.to_string());
            return Ok(Some(id.to_string()));
        };
        if let Some(id) = span.text(&[name]) {
            return Ok(Some(id.to_string()));
        }
        match span.first(CUSTOMERS) {
            Some((other, _)) if !self.settings.columns.contains_key("customer") => {
                let message = format!("{other} names the customer here, and {name} did before");
                let problem = span.problem(&catalogue::HEADER, message, "");
                Err(problem.help(format!(
                    "say columns = {{ customer = {name:?} }} in its [[input]] entry of tanso.toml, or the other one"
                )))
            }
            _ => Ok(None),
        }
    }

    /// Hands a record on, or lets it wait for the user of its trace.
    fn settle(&mut self, record: Held) -> Result<(), Problem> {
        match record.trace.filter(|_| record.source.is_none()) {
            None => self.hand_on(&record),
            Some(trace) => {
                self.people.wait(trace, record);
                Ok(())
            }
        }
    }

    /// Hands on what waits for the users of traces.
    fn release(&mut self, problems: &mut Problems) {
        for (mut record, user) in self.people.release(self.customer.as_deref()) {
            record.source = user;
            if let Err(problem) = self.hand_on(&record) {
                self.tally.skip("refused");
                problems.push(problem);
            }
        }
    }

    fn hand_on(&mut self, record: &Held) -> Result<(), Problem> {
        record.hand_on(self.sink)?;
        self.tally.used += 1;
        self.nobody += u64::from(record.source.is_none());
        let instant = record.instant;
        self.tally.cover(instant, Instant(instant.0 + 1));
        Ok(())
    }

    /// Settles what was held, and says what only the whole file can tell.
    fn finish(mut self, columns: &Columns, problems: &mut Problems) -> Tally {
        for (at, record) in std::mem::take(&mut self.held).into_iter().enumerate() {
            let Some(record) = record else {
                continue;
            };
            if self.tree.is_sum(at) {
                self.tally.skip("sum of spans below");
            } else if let Err(problem) = self.settle(record) {
                self.tally.skip("refused");
                problems.push(problem);
            }
        }
        self.release(problems);
        for problem in self.sink.end_of_spans(self.tree.ends()) {
            problems.push(problem);
        }
        self.above.sort_unstable();
        for line in std::mem::take(&mut self.above) {
            let message = "the span carries usage, and so does a span below it that comes later";
            let place = Place::line(&columns.file, line);
            problems.push(Problem::new(&catalogue::TOTAL_ROW, message).at(place).help(
                "leave out the spans of one of the two instruments, or order the spans by their end, so that those above others are known",
            ));
        }
        let used = self.tally.used;
        if let Some(name) = self
            .customer
            .filter(|_| !self.settings.columns.contains_key("customer"))
            && name != CUSTOMERS[0]
        {
            let text = format!(
                "customer is read from {name}, because there is no {}",
                CUSTOMERS[0]
            );
            rows::remark(&mut self.tally, &catalogue::COLUMN_CHOSEN, used, text);
        }
        let text = "{n} spans name no customer";
        rows::remark(&mut self.tally, &catalogue::NO_CUSTOMER, self.nobody, text);
        if !self.unused.is_empty() {
            let names: Vec<&str> = self.unused.iter().map(String::as_str).collect();
            let text = format!("not used: {}", names.join(", "));
            rows::remark(&mut self.tally, &catalogue::IGNORED_COLUMNS, used, text);
        }
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::UsageRecords as Kept;
    use crate::formats::testing::{read_json, sample};
    use serde_json::{Value, json};

    fn run(text: &str, settings: &Settings) -> (Vec<Value>, Tally, Vec<(&'static str, u64)>) {
        let mut kept = Kept::default();
        let (tally, problems) = read_json("spans.jsonl", text, |source, problems| {
            read(source, settings, &mut kept, problems)
        });
        let told = problems.kept().iter().map(|problem| {
            let line = problem.place.as_ref().and_then(|place| place.line);
            (problem.entry.code, line.unwrap_or(0))
        });
        (kept.records, tally, told.collect())
    }

    /// A span with these attributes, numbers as 64-bit integers.
    fn span(id: &str, parent: &str, attributes: &[(&str, &str)]) -> String {
        let value = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => json!({ "intValue": text }),
            false => json!({ "stringValue": text }),
        };
        let list: Vec<Value> = attributes
            .iter()
            .map(|(key, text)| json!({"key": key, "value": value(text)}))
            .collect();
        json!({
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "parentSpanId": parent,
            "name": "secret words", "startTimeUnixNano": "1788256800000000123",
            "endTimeUnixNano": "1788256801000000000", "attributes": list,
        })
        .to_string()
    }

    /// One export request per span.
    fn lines(spans: &[String]) -> String {
        let line = |span: &String| {
            format!(
                "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"tenant\",\"value\":{{\"stringValue\":\"acme\"}}}}]}},\"scopeSpans\":[{{\"scope\":{{}},\"spans\":[{span}]}}]}}]}}\n"
            )
        };
        spans.iter().map(line).collect()
    }

    fn usage(
        input: &'static str,
        more: &[(&'static str, &'static str)],
    ) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![
            ("user.id", "acme"),
            ("gen_ai.usage.input_tokens", input),
            ("gen_ai.usage.output_tokens", "7"),
        ];
        all.extend(more);
        all
    }

    #[test]
    fn the_input_includes_cached_tokens() {
        let attributes = usage(
            "100",
            &[
                ("gen_ai.usage.cache_read.input_tokens", "30"),
                ("gen_ai.usage.cache_read_tokens", "30"),
                ("gen_ai.usage.cache_creation.input_tokens", "20"),
                (
                    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
                    "15",
                ),
                ("gen_ai.usage.reasoning.output_tokens", "3"),
                ("gen_ai.usage.audio_tokens", "1"),
                ("gen_ai.input.messages", "secret words"),
            ],
        );
        let text = lines(&[span("01", "", &attributes)]);
        let (records, tally, told) = run(&text, &Settings::default());
        assert_eq!(told, []);
        assert_eq!(
            records[0]["quantities"],
            json!({"input": "50", "cache_read": "30", "cache_write_5m": "15", "cache_write_1h": "5", "output": "7"})
        );
        assert_eq!(records[0]["instant"], "2026-09-01T10:00:00Z");
        assert_eq!(tally.remarks[0].text, "not used: gen_ai.usage.audio_tokens");
        assert!(!format!("{records:?}{tally:?}").contains("secret"));
        let beside = Settings {
            cached_tokens: Some(CachedTokens::Beside),
            ..Settings::default()
        };
        assert_eq!(run(&text, &beside).0[0]["quantities"]["input"], "100");
        let over = usage("9", &[("gen_ai.usage.cache_read.input_tokens", "10")]);
        let (_, _, told) = run(&lines(&[span("01", "", &over)]), &Settings::default());
        assert_eq!(told, [("T3028", 1)]);
    }

    #[test]
    fn an_agent_and_its_calls_are_not_added_up() {
        let agent = span(
            "0a",
            "",
            &usage("300", &[("gen_ai.operation.name", "invoke_agent")]),
        );
        let step = span("0b", "0a", &[]);
        let one = span(
            "0c",
            "0b",
            &usage("100", &[("gen_ai.operation.name", "chat")]),
        );
        let two = span("0d", "0a", &usage("200", &[]));
        for order in [
            [&agent, &step, &one, &two],
            [&two, &one, &step, &agent],
            [&one, &agent, &two, &step],
        ] {
            let text = lines(&order.map(String::clone));
            let (records, tally, told) = run(&text, &Settings::default());
            assert_eq!(told, []);
            let input = |record: &Value| record["quantities"]["input"].as_str().map(str::to_string);
            let mut inputs: Vec<String> = records.iter().filter_map(input).collect();
            inputs.sort();
            assert_eq!(inputs, ["100", "200"]);
            assert_eq!((tally.read, tally.used), (4, 2));
            assert_eq!(tally.skipped["sum of spans below"], 1);
            assert_eq!(tally.skipped["no usage"], 1);
        }
        let (records, tally, _) = run(&lines(&[agent, step]), &Settings::default());
        assert_eq!((records.len(), tally.used), (1, 1));
    }

    #[test]
    fn a_call_above_a_call_is_never_counted_twice() {
        let upper = span("0a", "", &usage("100", &[]));
        let lower = span("0b", "0a", &usage("100", &[]));
        let (records, tally, told) = run(
            &lines(&[lower.clone(), upper.clone()]),
            &Settings::default(),
        );
        assert_eq!((records.len(), told), (1, vec![]));
        assert_eq!(tally.skipped["sum of spans below"], 1);
        let (_, _, told) = run(&lines(&[upper, lower]), &Settings::default());
        assert_eq!(told, [("T3030", 1)]);
    }

    #[test]
    fn the_customer_comes_from_one_attribute() {
        let by = |key, id| {
            vec![
                (key, "acme"),
                ("gen_ai.usage.input_tokens", "1"),
                ("gen_ai.response.id", id),
            ]
        };
        let (_, _, told) = run(
            &lines(&[
                span("01", "", &by("user.id", "a")),
                span("02", "", &by("enduser.id", "b")),
            ]),
            &Settings::default(),
        );
        assert_eq!(told, [("T3016", 2)]);
        let said = Settings {
            columns: [("customer".to_string(), "tenant".to_string())].into(),
            ..Settings::default()
        };
        let (records, _, told) = run(&lines(&[span("01", "", &by("session.id", "a"))]), &said);
        assert_eq!(
            (records[0]["source"].clone(), told),
            (json!("acme"), vec![])
        );
        assert_eq!(records[0]["request_id"], "a");
        let text = lines(&[span("01", "", &by("session.id", "a"))]);
        let (_, tally, _) = run(&text, &Settings::default());
        assert_eq!(tally.remarks[0].entry.code, "N1008");
    }

    #[test]
    fn faults_are_located_at_the_span() {
        let good = span("01", "", &usage("1", &[]));
        for (bad, code) in [
            (good.replace("\"1\"", "\"-1\""), "T3022"),
            (good.replace("\"1\"", "\"1.5\""), "T3023"),
            (good.replace("\"1\"", "\"one\""), "T3021"),
            (good.replace("1788256800000000123", "yesterday"), "T3024"),
            (
                span("02", "", &[("gen_ai.usage.output_tokens", "5")]),
                "T3027",
            ),
            (
                span(
                    "02",
                    "",
                    &usage("1", &[("gen_ai.usage.prompt_tokens", "2")]),
                ),
                "T3029",
            ),
        ] {
            let document = format!(
                "{{\"resourceSpans\": [{{\"scopeSpans\": [{{\"spans\": [\n{good},\n{bad}]}}]}}]}}"
            );
            let (records, tally, told) = run(&document, &Settings::default());
            assert_eq!((records.len(), told), (1, vec![(code, 3)]));
            assert_eq!((tally.read, tally.skipped["refused"]), (2, 1));
        }
    }

    #[test]
    fn failed_calls_are_told() {
        let failed = span("01", "", &usage("1", &[("error.type", "timeout")]));
        let status = span("02", "", &usage("1", &[]))
            .replace("\"name\"", "\"status\":{\"code\":2},\"name\"");
        for text in [failed, status] {
            let (records, _, _) = run(&lines(&[text]), &Settings::default());
            assert_eq!(records[0]["outcome"], "failed");
            assert_eq!(records[0]["quantities"]["input"], "1");
        }
    }

    #[test]
    fn rows_with_a_column_per_attribute() {
        let text = "{\"trace_id\":\"t\",\"span_id\":\"a\",\"start_time\":\"2026-09-01T10:00:00Z\",\"attributes\":{\"gen_ai.operation.name\":\"invoke_agent\",\"user.id\":\"acme\",\"gen_ai.usage.input_tokens\":9}}\n\
            {\"trace_id\":\"t\",\"span_id\":\"b\",\"parent_span_id\":\"a\",\"start_time\":\"2026-09-01T10:00:00Z\",\"status\":{\"status_code\":\"OK\"},\"attributes\":{\"user.id\":\"acme\",\"gen_ai.usage.input_tokens\":9,\"gen_ai.usage.cache_read.input_tokens\":4}}\n";
        sample("s.jsonl", text, |s| assert!((FORMAT.detect)(s)));
        let (records, tally, told) = run(text, &Settings::default());
        assert_eq!(told, []);
        assert_eq!(
            records[0]["quantities"],
            json!({"input": "5", "cache_read": "4"})
        );
        assert_eq!((records.len(), tally.skipped["sum of spans below"]), (1, 1));
        let without = text.replace("span_id", "other_id");
        assert_eq!(run(&without, &Settings::default()).2, [("T3027", 1)]);
    }
}
