//! OpenAI's costs: `GET /v1/organization/costs` of the Admin API, saved as JSON.
//!
//! Pages of daily buckets `[start_time, end_time)` in Unix seconds, with results. `amount.value` is
//! dollars, documented as a number and answered as a long decimal string: both are read exactly.
//! `line_item`, `project_id` and the other details are null unless the request grouped by them.
//! `user_email` is never read.
//!
//! The rule that must hold: it is the same money as the cost export, line by line.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::formats::bills::openai_items::LineItem;
use crate::formats::fields::written_places;
use crate::formats::pages::{self, Part};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, Origin, Scope};
use crate::model::{Currency, Exact};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

/// The format `openai-costs`.
pub static FORMAT: Format = Format {
    name: "openai-costs",
    kind: Kind::Bill,
    provider: Some("openai"),
    title: "OpenAI costs (Admin API, JSON)",
    required: &["data[].results[].object", "results[].amount"],
    page: "\
**Where.** `GET /v1/organization/costs` with an Admin API key, `bucket_width=1d`,
`group_by=line_item&group_by=project_id`, at most 180 days per page. Save the answer as it is; several
pages may stand in one file, as an array, one after another or one per line.

**Fields.** `data[].start_time` and `end_time`; of each result `amount.value`, `amount.currency`,
`line_item`, `quantity`, `project_id`, `api_key_id` and `user_id`. `user_email` and the names are not read.

**Units and zone.** Dollars, as number or text, with all their decimals. Unix seconds, so UTC.

**Meters.** Line items are read as in `openai-cost-csv`; `quantity` is the number of tokens where the item
is a token kind.

**Ids for attribution.** `openai:` user, API key and project ids, in this order, where grouped by.

**Quirks.** Days without results are covered by the bill. If the last page says `has_more`, charges are
missing and a warning says so. The CSV export tells the same money: files of both for the same days are
refused.

**Confidence.** The vendor's documentation, and tests of programs that read the answers.
",
    detect: |sample: &Sample<'_>| {
        sample.has_all(&["data"]) && sample.text.contains("\"organization.costs.result\"")
    },
    read: Reader::Bill(read),
};

#[derive(Deserialize)]
struct Amount<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow)]
    currency: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    amount: Amount<'a>,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    line_item: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_key_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    project_id: Option<Cow<'a, str>>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    rows::known_fields(source.file(), settings, &[], problems);
    let file = source.file().clone();
    let times = ("start_time", "end_time");
    pages::each(source, times, problems, |part, _| {
        charges.push(charge(&file, part)?);
        Ok(Fate::Used)
    })
}

/// A number, written as one or as text.
fn number(part: &Part<'_>, raw: &RawValue, name: &str) -> Result<Exact, Problem> {
    let text = raw.get().trim_matches('"').trim();
    Exact::parse(text).map_err(|why| {
        let message = format!("{name} is not a number: {}", why.reason());
        part.problem(&catalogue::NOT_A_NUMBER, message, text)
    })
}

fn charge(file: &Arc<str>, part: &Part<'_>) -> Result<Charge, Problem> {
    let entry: Entry<'_> = part.parse()?;
    let amount = number(part, entry.amount.value, "amount.value")?;
    let code = entry.amount.currency.as_deref().unwrap_or("usd");
    let Some(currency) = Currency::parse(code) else {
        let message = "amount.currency is not the code of a currency (ISO 4217)".to_string();
        return Err(part.problem(&catalogue::BAD_VALUE, message, code));
    };
    let line_item = filled(&entry.line_item);
    let item = line_item.map_or_else(LineItem::ungrouped, LineItem::parse);
    let stated = match entry.quantity.filter(|raw| raw.get() != "null") {
        Some(raw) => Some(number(part, raw, "quantity")?),
        None => None,
    };
    if stated.is_some_and(|q| q.is_negative()) && !amount.is_negative() {
        let message = "quantity is negative".to_string();
        let found = entry.quantity.map_or("", RawValue::get);
        return Err(part.problem(&catalogue::NEGATIVE_QUANTITY, message, found));
    }
    let ids = [
        (&entry.user_id, "user"),
        (&entry.api_key_id, "api key"),
        (&entry.project_id, "project"),
    ];
    let scope = |(id, dimension): (&Option<Cow<'_, str>>, &'static str)| {
        Some(Scope {
            namespace: "openai".to_string(),
            id: filled(id)?.to_string(),
            dimension,
        })
    };
    Ok(Charge {
        provider: Some("openai".to_string()),
        start: part.start,
        end: part.end,
        amount,
        written_places: written_places(entry.amount.value.get().trim_matches('"')),
        currency,
        scopes: ids.into_iter().filter_map(scope).collect(),
        quantity: stated.filter(|_| item.is_tokens()),
        model: item.model,
        meter: item.meter,
        tier: item.tier,
        kind: item.kind,
        item: line_item.unwrap_or("all usage of the day").to_string(),
        origin: Origin {
            file: file.clone(),
            line: part.line(),
        },
    })
}

fn filled<'t>(text: &'t Option<Cow<'_, str>>) -> Option<&'t str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{read_json, sample};
    use crate::model::Meter;
    use crate::model::records::ChargeMeter;

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let mut charges = Vec::new();
        let (tally, problems) = read_json("costs.json", text, |source, problems| {
            read(source, &Settings::default(), &mut charges, problems)
        });
        (charges, tally, problems)
    }

    fn page(results: &str) -> String {
        format!(
            "{{\"object\":\"page\",\"data\":[{{\"object\":\"bucket\",\"start_time\":1788134400,\"end_time\":1788220800,\"results\":[\n{results}\n]}}],\"has_more\":false,\"next_page\":null}}"
        )
    }

    const ONE: &str = "{\"object\":\"organization.costs.result\",\"amount\":{\"value\":\"0.000420750000000000000000000000000001\",\"currency\":\"usd\"},\"quantity\":2805.0,\"line_item\":\"gpt-4o-mini-2024-07-18, cached input\",\"project_id\":\"proj_acme\",\"organization_id\":\"org-1\",\"user_id\":null,\"api_key_id\":null,\"user_email\":null}";

    #[test]
    fn amounts_are_exact_as_text_and_as_numbers() {
        let bare = ONE.replace("\"0.000420750000000000000000000000000001\"", "6e-2");
        let (charges, tally, problems) = charges_of(&page(&format!("{ONE},\n{bare}")));
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((tally.read, tally.used), (2, 2));
        let places: Vec<u8> = charges.iter().map(|charge| charge.written_places).collect();
        assert_eq!(places, [36, 2]);
        assert_eq!(
            charges[0].amount.to_string(),
            "0.000420750000000000000000000000000001"
        );
        assert_eq!(charges[1].amount.to_string(), "0.06");
        assert_eq!(charges[0].start.to_string(), "2026-08-31T00:00:00Z");
        assert_eq!(charges[0].meter, ChargeMeter::Is(Meter::CacheRead));
        assert_eq!(charges[0].quantity, Some(Exact::from(2805u64)));
        assert_eq!(charges[0].scopes[0].id, "proj_acme");
        assert_eq!(charges[1].origin.line, 3);
    }

    #[test]
    fn an_ungrouped_result_covers_its_day() {
        let one = ONE
            .replace("\"gpt-4o-mini-2024-07-18, cached input\"", "null")
            .replace("2805.0", "null")
            .replace("\"proj_acme\"", "null");
        let (charges, _, problems) = charges_of(&page(&one));
        assert!(problems.is_empty());
        assert_eq!(charges[0].meter, ChargeMeter::All);
        assert_eq!(charges[0].item, "all usage of the day");
        assert!(charges[0].scopes.is_empty() && charges[0].quantity.is_none());
    }

    #[test]
    fn faults_are_located() {
        for (from, to, code) in [
            (
                "\"0.000420750000000000000000000000000001\"",
                "\"n/a\"",
                "T3021",
            ),
            (
                "\"0.000420750000000000000000000000000001\"",
                "null",
                "T3021",
            ),
            ("\"usd\"", "\"dollars\"", "T3029"),
            ("2805.0", "-1", "T3022"),
        ] {
            let bad = ONE.replace(from, to);
            let (charges, tally, problems) = charges_of(&page(&format!("{ONE},\n{bad}")));
            assert_eq!((charges.len(), tally.skipped["refused"]), (1, 1), "{to}");
            assert_eq!(problems.kept()[0].entry.code, code);
            assert_eq!(problems.kept()[0].place.as_ref().unwrap().line, Some(3));
        }
    }

    #[test]
    fn the_usage_answers_are_another_document() {
        sample("a.json", &page(ONE), |s| assert!((FORMAT.detect)(s)));
        let usage = page(&ONE.replace("costs.result", "usage.completions.result"));
        sample("a.json", &usage, |s| assert!(!(FORMAT.detect)(s)));
    }
}
