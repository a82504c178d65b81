//! Anthropic's cost report: `GET /v1/organizations/cost_report` of the Admin API, saved as JSON.
//!
//! A page has daily buckets `[starting_at, ending_at)` with results; a file may be one page, an
//! array of pages, pages one after another or one page per line. `amount` is a decimal string in **cents**. All detail
//! fields are null unless the report was grouped by `description`; `workspace_id` is null for the
//! default workspace. Priority Tier cost is not part of the report.
//!
//! The rule that must hold: dollars are cents shifted by exactly two places, whatever their digits.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

use crate::formats::fields::written_places;
use crate::formats::pages::{self, Part};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Origin, Scope};
use crate::model::{Currency, Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

/// The format `anthropic-cost-report`.
pub static FORMAT: Format = Format {
    name: "anthropic-cost-report",
    kind: Kind::Bill,
    provider: Some("anthropic"),
    title: "Anthropic cost report (Admin API, JSON)",
    required: &["data[].starting_at", "results[].amount"],
    page: "\
**Where.** `GET /v1/organizations/cost_report` with an Admin API key, `group_by[]=description` and
`group_by[]=workspace_id`, at most 31 days per page. Save the answer as it is; several pages may stand
in one file, as an array, one after another or one per line.

**Fields.** `data[].starting_at` and `ending_at`; of each result `amount`, `currency`, `model`,
`token_type`, `cost_type`, `service_tier`, `workspace_id` and `description`.

**Units and zone.** `amount` is in cents, as text with decimals: `\"123.45\"` is 1.2345 dollars. Times
are UTC.

**Meters.** The token types are the five token meters; cost type `web_search` is web searches;
`code_execution` and `session_usage` stay costs without quantities. Without grouping every detail is
null and the amount covers all usage of the day.

**Ids for attribution.** `anthropic:` workspace id. The default workspace has none.

**Quirks.** Cost of the Priority Tier never appears. If the last page says `has_more`, charges are
missing and a warning says so.

**Confidence.** The vendor's documentation, and tests of programs that read the answers.
",
    detect: |sample: &Sample<'_>| {
        let has = |key: &str| sample.text.contains(key);
        sample.has_all(&["data"])
            && has("\"starting_at\"")
            && has("\"results\"")
            && has("\"amount\"")
            && !has("\"uncached_input_tokens\":")
    },
    read: Reader::Bill(read),
};

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    amount: Cow<'a, str>,
    #[serde(borrow)]
    currency: Option<Cow<'a, str>>,
    #[serde(borrow)]
    description: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    workspace_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cost_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    service_tier: Option<Cow<'a, str>>,
    #[serde(borrow)]
    token_type: Option<Cow<'a, str>>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    rows::known_fields(source.file(), settings, &[], problems);
    let file = source.file().clone();
    let times = ("starting_at", "ending_at");
    pages::each(source, times, problems, |part, _| {
        charges.push(charge(&file, part)?);
        Ok(Fate::Used)
    })
}

fn charge(file: &Arc<str>, part: &Part<'_>) -> Result<Charge, Problem> {
    let entry: Entry<'_> = part.parse()?;
    let cents = Exact::parse(entry.amount.trim()).map_err(|why| {
        let message = format!("amount is not a number: {}", why.reason());
        part.problem(&catalogue::NOT_A_NUMBER, message, &entry.amount)
    })?;
    let code = entry.currency.as_deref().unwrap_or("USD");
    let currency = Currency::parse(code).ok_or_else(|| {
        let message = "currency is not the code of a currency (ISO 4217)".to_string();
        part.problem(&catalogue::BAD_VALUE, message, code)
    })?;
    let workspace = filled(&entry.workspace_id).map(|id| Scope {
        namespace: "anthropic".to_string(),
        id,
        dimension: "workspace",
    });
    let description = filled(&entry.description);
    Ok(Charge {
        provider: Some("anthropic".to_string()),
        start: part.start,
        end: part.end,
        amount: cents.shift(-2),
        written_places: written_places(&entry.amount).saturating_add(2),
        currency,
        scopes: workspace.into_iter().collect(),
        model: filled(&entry.model),
        meter: meter(&entry),
        tier: filled(&entry.service_tier),
        kind: ChargeKind::Usage,
        quantity: None,
        item: description.unwrap_or_else(|| "all usage of the day".to_string()),
        origin: Origin {
            file: file.clone(),
            line: part.line(),
        },
    })
}

fn filled(text: &Option<Cow<'_, str>>) -> Option<String> {
    let text = text.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_string())
}

fn meter(entry: &Entry<'_>) -> ChargeMeter {
    if let Some(token_type) = filled(&entry.token_type) {
        return ChargeMeter::Is(match token_type.as_str() {
            "uncached_input_tokens" => Meter::Input,
            "cache_read_input_tokens" => Meter::CacheRead,
            "cache_creation.ephemeral_5m_input_tokens" => Meter::CacheWrite5m,
            "cache_creation.ephemeral_1h_input_tokens" => Meter::CacheWrite1h,
            "output_tokens" => Meter::Output,
            _ => return ChargeMeter::Item(token_type),
        });
    }
    match filled(&entry.cost_type).as_deref() {
        None | Some("tokens") => ChargeMeter::All,
        Some("web_search") => ChargeMeter::Is(Meter::WebSearches),
        Some(other) => ChargeMeter::Item(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{read_json, sample};

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let mut charges = Vec::new();
        let (tally, problems) = read_json("report.json", text, |source, problems| {
            read(source, &Settings::default(), &mut charges, problems)
        });
        (charges, tally, problems)
    }

    const UNGROUPED: &str = "{\"data\":[{\"starting_at\":\"2026-05-01T00:00:00Z\",\"ending_at\":\"2026-05-02T00:00:00Z\",\n\
        \"results\":[{\"amount\":\"1234.5678\",\"currency\":\"USD\",\"description\":null,\"model\":null,\"workspace_id\":null,\"cost_type\":null,\"context_window\":null,\"service_tier\":null,\"token_type\":null,\"inference_geo\":null}]}],\n\
        \"has_more\":false,\"next_page\":null}";

    #[test]
    fn cents_become_dollars_exactly() {
        let (charges, tally, problems) = charges_of(UNGROUPED);
        assert!(problems.is_empty());
        assert_eq!(charges[0].amount.to_string(), "12.345678");
        assert_eq!(charges[0].written_places, 6);
        assert_eq!(charges[0].meter, ChargeMeter::All);
        assert_eq!(charges[0].origin.line, 2);
        assert_eq!((tally.read, tally.used), (1, 1));
        assert!(tally.remarks.is_empty());
    }

    #[test]
    fn pages_may_follow_each_other_or_stand_in_an_array() {
        let two = format!(
            "{UNGROUPED}\n{}",
            UNGROUPED.replace("\"has_more\":false", "\"has_more\":true")
        );
        let (charges, tally, _) = charges_of(&two);
        assert_eq!(charges.len(), 2);
        assert_eq!(charges[1].origin.line, 5);
        assert_eq!(tally.remarks[0].entry.code, "N1015");
        let array = format!("[{UNGROUPED},{UNGROUPED}]");
        assert_eq!(charges_of(&array).0.len(), 2);
        let line = UNGROUPED.replace('\n', " ");
        let (charges, _, problems) = charges_of(&format!("{line}\n{line}\n"));
        assert!(problems.is_empty());
        assert_eq!((charges.len(), charges[1].origin.line), (2, 2));
    }

    #[test]
    fn every_token_type_has_its_meter() {
        for (token_type, name) in [
            ("uncached_input_tokens", "input"),
            ("cache_read_input_tokens", "cache_read"),
            ("cache_creation.ephemeral_5m_input_tokens", "cache_write_5m"),
            ("cache_creation.ephemeral_1h_input_tokens", "cache_write_1h"),
            ("output_tokens", "output"),
        ] {
            let text = UNGROUPED.replace(
                "\"token_type\":null",
                &format!("\"token_type\":\"{token_type}\""),
            );
            let meter = charges_of(&text).0.remove(0).meter;
            assert_eq!(meter, ChargeMeter::Is(Meter::named(name)));
        }
        let search = UNGROUPED.replace("\"cost_type\":null", "\"cost_type\":\"web_search\"");
        assert_eq!(
            charges_of(&search).0[0].meter,
            ChargeMeter::Is(Meter::WebSearches)
        );
    }

    #[test]
    fn faults_are_located_by_line_and_path() {
        let cut = &UNGROUPED[..UNGROUPED.len() - 20];
        assert_eq!(charges_of(cut).2.kept()[0].entry.code, "T3015");
        let number = UNGROUPED.replace("\"1234.5678\"", "1234.5678");
        let (_, _, problems) = charges_of(&number);
        let problem = &problems.kept()[0];
        assert_eq!(problem.place.as_ref().unwrap().line, Some(2));
        assert!(
            problem
                .message
                .starts_with("$.data[0].results[0] cannot be read")
        );
        let word = UNGROUPED.replace("1234.5678", "12,34");
        let (_, _, problems) = charges_of(&word);
        assert_eq!(problems.kept()[0].entry.code, "T3021");
        let twice = UNGROUPED.replace("\"amount\":", "\"amount\":\"1\",\"amount\":");
        assert_eq!(charges_of(&twice).2.kept()[0].entry.code, "T3018");
    }

    #[test]
    fn the_usage_report_is_another_document() {
        sample("a.json", UNGROUPED, |s| assert!((FORMAT.detect)(s)));
        let usage = "{\"data\":[{\"starting_at\":\"x\",\"results\":[{\"uncached_input_tokens\":1,\"amount\":2}]}]}";
        sample("a.json", usage, |s| assert!(!(FORMAT.detect)(s)));
    }
}
