//! OpenAI's usage answers: `GET /v1/organization/usage/<kind>` of the Admin API, saved as JSON.
//!
//! A page has time buckets with results; `object` of a result tells the kind: completions,
//! embeddings, moderations, images, audio_speeches, audio_transcriptions, vector_stores,
//! code_interpreter_sessions, file_search_calls, web_search_calls. Fields by which the answer was
//! not grouped are null. `input_tokens` of completions include cached tokens and cache writes.
//!
//! The rule that must hold: a result whose kind is not known is refused, not passed over.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::openai_tokens::{Modalities, Tokens};
use super::{one_day, part_count, part_quantity, push, stated};
use crate::formats::pages::{self, Part};
use crate::formats::rows::{self, Fate};
use crate::formats::{CountSink, Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::counts::ProviderCount;
use crate::model::{Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

/// The format `openai-usage-json`.
pub static FORMAT: Format = Format {
    name: "openai-usage-json",
    kind: Kind::ProviderUsage,
    provider: Some("openai"),
    title: "OpenAI usage (Admin API, JSON)",
    required: &["data[].results[].object = organization.usage.….result"],
    page: "\
**Where.** `GET /v1/organization/usage/completions` (or another kind) with an Admin API key,
`bucket_width=1d`, `group_by=project_id`, `model`, `api_key_id`, `batch`, `service_tier`. Save the answer
as it is; several pages may stand in one file, as an array, one after another or one per line.

**What it is for.** As `openai-usage-csv`: quantities without customers and without money.

**Kinds and meters.** `completions`: the token meters and `requests`. `embeddings`, `moderations`: `input`
and `requests`. `images`: `images` and `requests`. `audio_speeches`: `characters` and `requests`.
`audio_transcriptions`: `seconds` and `requests`. `web_search_calls`: `web_searches` (its model requests
are counted by completions). `file_search_calls`, `code_interpreter_sessions`, `vector_stores`:
`file_searches`, `code_interpreter_sessions`, `vector_store_bytes`. A kind not listed here is refused.

**Units and zone.** Whole numbers; seconds may have decimals. Unix seconds, so UTC. Buckets of a minute,
an hour or a day.

**Tokens and tier.** As in `openai-usage-csv`: `input_tokens` includes cached tokens and cache writes. Audio
counts without the text counts beside them are refused, since the total may or may not include them.

**Ids for attribution.** `openai:` user, API key and project ids, where the answer is grouped by them.

**Quirks.** Two files of one kind that count the same day are refused; two kinds are not the same usage.
If the last page says `has_more`, counts are missing and a warning says so.

**Confidence.** The vendor's documentation, and tests of programs that read the answers.
",
    detect: |sample: &Sample<'_>| {
        sample.has_all(&["data"]) && sample.text.contains("organization.usage.")
    },
    read: Reader::ProviderUsage(read),
};

/// A result. Counts stay text until they are needed, so that no number is rounded.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    object: Cow<'a, str>,
    #[serde(borrow)]
    project_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_key_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    service_tier: Option<Cow<'a, str>>,
    batch: Option<bool>,
    #[serde(borrow)]
    num_model_requests: Option<&'a RawValue>,
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cache_write_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_uncached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_text_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_audio_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_image_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cached_text_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cached_audio_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cached_image_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_text_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_audio_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_image_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
    #[serde(borrow)]
    characters: Option<&'a RawValue>,
    #[serde(borrow)]
    seconds: Option<&'a RawValue>,
    #[serde(borrow)]
    usage_bytes: Option<&'a RawValue>,
    #[serde(borrow)]
    num_sessions: Option<&'a RawValue>,
    #[serde(borrow)]
    num_requests: Option<&'a RawValue>,
}

/// What the results of a kind count besides requests to a model.
enum Counts {
    /// Tokens of all kinds.
    Tokens,
    /// One quantity, from this field.
    One(&'static str),
}

/// Kinds by the words of the interface and of its results.
fn kind_of(object: &str) -> Option<(&'static str, Counts)> {
    let word = object.strip_prefix("organization.usage.")?;
    Some(match word.strip_suffix(".result")? {
        "completions" => ("completions", Counts::Tokens),
        "embeddings" => ("embeddings", Counts::One("input_tokens")),
        "moderations" => ("moderations", Counts::One("input_tokens")),
        "images" => ("images", Counts::One("images")),
        "audio_speeches" => ("audio_speeches", Counts::One("characters")),
        "audio_transcriptions" => ("audio_transcriptions", Counts::One("seconds")),
        "vector_stores" => ("vector_stores", Counts::One("usage_bytes")),
        "code_interpreter_sessions" => ("code_interpreter_sessions", Counts::One("num_sessions")),
        "file_searches" | "file_search_calls" => ("file_search_calls", Counts::One("num_requests")),
        "web_searches" | "web_search_calls" => ("web_search_calls", Counts::One("num_requests")),
        _ => return None,
    })
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn CountSink,
    problems: &mut Problems,
) -> Tally {
    rows::known_fields(source.file(), settings, &[], problems);
    let times = ("start_time", "end_time");
    pages::each(source, times, problems, |part, _| {
        count(part, sink)?;
        Ok(Fate::Used)
    })
}

fn count(part: &Part<'_>, sink: &mut dyn CountSink) -> Result<(), Problem> {
    one_day(part)?;
    let entry: Entry<'_> = part.parse()?;
    let Some((report, counts)) = kind_of(&entry.object) else {
        let message = "object is no kind of usage that is known".to_string();
        return Err(part.problem(&catalogue::BAD_VALUE, message, &entry.object));
    };
    let mut quantities = Vec::new();
    let mut requests = part_count(part, "num_model_requests", entry.num_model_requests)?;
    match counts {
        Counts::Tokens => {
            requests = Some(stated(part, "num_model_requests", requests)?);
            quantities = tokens(part, &entry)?;
        }
        Counts::One(field) => {
            let (meter, quantity) = one(part, &entry, field, report)?;
            push(&mut quantities, meter, Some(quantity));
            // Completions count the requests that search the web already.
            requests = requests.filter(|_| report != "web_search_calls");
        }
    }
    let ids = [
        (&entry.user_id, "user"),
        (&entry.api_key_id, "api key"),
        (&entry.project_id, "project"),
    ];
    let scopes: Vec<_> = ids
        .into_iter()
        .filter_map(|(id, what)| Some((super::filled(id)?, what)))
        .collect();
    sink.take(&ProviderCount {
        provider: "openai",
        report,
        start: part.start,
        spans: (part.start, part.end),
        scopes: &scopes,
        model: super::filled(&entry.model),
        tier: match entry.batch {
            Some(true) => Some("batch"),
            _ => super::filled(&entry.service_tier),
        },
        band: None,
        quantities: &quantities,
        requests,
        line: part.line(),
    });
    Ok(())
}

/// The one quantity of a kind that counts no tokens by class.
fn one(
    part: &Part<'_>,
    entry: &Entry<'_>,
    field: &'static str,
    report: &'static str,
) -> Result<(Meter, Exact), Problem> {
    let (meter, raw) = match field {
        "input_tokens" => (Meter::Input, entry.input_tokens),
        "images" => (Meter::Images, entry.images),
        "characters" => (Meter::Characters, entry.characters),
        "seconds" => (Meter::Seconds, entry.seconds),
        "usage_bytes" => (Meter::Other("vector_store_bytes".into()), entry.usage_bytes),
        "num_sessions" => (
            Meter::Other("code_interpreter_sessions".into()),
            entry.num_sessions,
        ),
        _ if report == "web_search_calls" => (Meter::WebSearches, entry.num_requests),
        _ => (Meter::Other("file_searches".into()), entry.num_requests),
    };
    let quantity = match meter {
        Meter::Seconds => part_quantity(part, field, raw)?,
        _ => part_count(part, field, raw)?,
    };
    Ok((meter, stated(part, field, quantity)?))
}

fn tokens(part: &Part<'_>, entry: &Entry<'_>) -> Result<Vec<(Meter, Exact)>, Problem> {
    let whole = |name, raw| stated(part, name, part_count(part, name, raw)?);
    let count = |name, raw| part_count(part, name, raw);
    let tokens = Tokens {
        input: whole("input_tokens", entry.input_tokens)?,
        output: whole("output_tokens", entry.output_tokens)?,
        cached: count("input_cached_tokens", entry.input_cached_tokens)?,
        cache_write: count("input_cache_write_tokens", entry.input_cache_write_tokens)?,
        uncached: count("input_uncached_tokens", entry.input_uncached_tokens)?,
        inputs: Modalities {
            text: count("input_text_tokens", entry.input_text_tokens)?,
            audio: count("input_audio_tokens", entry.input_audio_tokens)?,
            image: count("input_image_tokens", entry.input_image_tokens)?,
        },
        cached_inputs: Modalities {
            text: count("input_cached_text_tokens", entry.input_cached_text_tokens)?,
            audio: count("input_cached_audio_tokens", entry.input_cached_audio_tokens)?,
            image: count("input_cached_image_tokens", entry.input_cached_image_tokens)?,
        },
        outputs: Modalities {
            text: count("output_text_tokens", entry.output_text_tokens)?,
            audio: count("output_audio_tokens", entry.output_audio_tokens)?,
            image: count("output_image_tokens", entry.output_image_tokens)?,
        },
    };
    tokens.disjoint().map_err(|why| {
        let message = format!("{}: {}", why.field(), why.message());
        part.problem(&catalogue::BAD_VALUE, message, "")
            .help("fetch the answer again; the counts of this result contradict each other")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::Counts as Kept;
    use crate::formats::testing::{read_json, sample};

    fn page(results: &str) -> String {
        format!(
            "{{\"object\":\"page\",\"data\":[{{\"object\":\"bucket\",\"start_time\":1788134400,\"end_time\":1788220800,\n\"results\":[{results}]}}],\n\"has_more\":false,\"next_page\":null}}"
        )
    }

    fn counts_of(results: &str) -> (Kept, Tally, Problems) {
        let mut counts = Kept::default();
        let (tally, problems) = read_json("usage.json", &page(results), |source, problems| {
            read(source, &Settings::default(), &mut counts, problems)
        });
        (counts, tally, problems)
    }

    #[test]
    fn every_kind_has_its_meter() {
        for (kind, fields, meter, quantity, requests) in [
            (
                "embeddings",
                "\"input_tokens\":16,\"num_model_requests\":2",
                "input",
                "16",
                "2",
            ),
            (
                "moderations",
                "\"input_tokens\":17,\"num_model_requests\":3",
                "input",
                "17",
                "3",
            ),
            (
                "images",
                "\"images\":2,\"num_model_requests\":1",
                "images",
                "2",
                "1",
            ),
            (
                "audio_speeches",
                "\"characters\":45,\"num_model_requests\":1",
                "characters",
                "45",
                "1",
            ),
            (
                "audio_transcriptions",
                "\"seconds\":20.5,\"num_model_requests\":4",
                "seconds",
                "20.5",
                "4",
            ),
            (
                "vector_stores",
                "\"usage_bytes\":1024",
                "vector_store_bytes",
                "1024",
                "",
            ),
            (
                "code_interpreter_sessions",
                "\"num_sessions\":6",
                "code_interpreter_sessions",
                "6",
                "",
            ),
            (
                "file_searches",
                "\"num_requests\":7",
                "file_searches",
                "7",
                "",
            ),
            (
                "web_searches",
                "\"num_requests\":8,\"num_model_requests\":5",
                "web_searches",
                "8",
                "",
            ),
        ] {
            let text = format!("{{\"object\":\"organization.usage.{kind}.result\",{fields}}}");
            let (counts, tally, problems) = counts_of(&text);
            assert!(problems.is_empty(), "{kind}");
            assert_eq!((tally.read, tally.used), (1, 1));
            assert_eq!(counts.counts[0]["quantities"][meter], quantity, "{kind}");
            assert_eq!(
                counts.counts[0]["requests"].as_str().unwrap_or(""),
                requests,
                "{kind}"
            );
        }
    }

    #[test]
    fn cached_tokens_are_taken_out_of_the_input() {
        let (counts, _, problems) = counts_of(
            "{\"object\":\"organization.usage.completions.result\",\"input_tokens\":1000,\"output_tokens\":50,\"input_cached_tokens\":300,\"num_model_requests\":4,\"batch\":true,\"service_tier\":\"default\",\"model\":\"gpt-4o\",\"project_id\":\"proj_a\",\"user_id\":null}",
        );
        assert!(problems.is_empty());
        let count = &counts.counts[0];
        assert_eq!(count["quantities"]["input"], "700");
        assert_eq!(count["tier"], "batch");
        assert_eq!(count["line"], 2);
        assert_eq!(count["scopes"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (result, code) in [
            (
                "{\"object\":\"organization.usage.videos.result\",\"seconds\":4}",
                "T3029",
            ),
            (
                "{\"object\":\"organization.usage.images.result\",\"images\":null}",
                "T3027",
            ),
            (
                "{\"object\":\"organization.usage.images.result\",\"images\":-1}",
                "T3022",
            ),
            (
                "{\"object\":\"organization.usage.images.result\",\"images\":1.5}",
                "T3023",
            ),
            (
                "{\"object\":\"organization.usage.images.result\",\"images\":\"two\"}",
                "T3021",
            ),
            (
                "{\"object\":\"organization.usage.completions.result\",\"input_tokens\":10,\"output_tokens\":5,\"num_model_requests\":1,\"input_audio_tokens\":3}",
                "T3029",
            ),
            (
                "{\"object\":\"organization.usage.completions.result\",\"input_tokens\":10,\"output_tokens\":5,\"num_model_requests\":1,\"input_cached_tokens\":11}",
                "T3029",
            ),
        ] {
            let (counts, tally, problems) = counts_of(result);
            assert!(counts.counts.is_empty(), "{result}");
            assert_eq!(problems.kept()[0].entry.code, code, "{result}");
            assert_eq!(problems.kept()[0].place.as_ref().unwrap().line, Some(2));
            assert_eq!(tally.skipped["refused"], 1);
        }
    }

    #[test]
    fn the_cost_answer_is_another_document() {
        let usage = page("{\"object\":\"organization.usage.images.result\",\"images\":1}");
        sample("a.json", &usage, |s| assert!((FORMAT.detect)(s)));
        let costs = page("{\"object\":\"organization.costs.result\",\"line_item\":\"x\"}");
        sample("a.json", &costs, |s| assert!(!(FORMAT.detect)(s)));
    }
}
