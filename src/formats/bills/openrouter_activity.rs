//! OpenRouter's activity as its interface tells it: `GET /api/v1/activity`, saved as JSON.
//!
//! One object per UTC day, model and endpoint, of the last 30 whole days, US dollars. The objects may
//! stand in an array, one per line, or below `data` as the interface answers.
//!
//! The rule that must hold: only `usage` is a charge; `byok_usage_inference` is the providers'.

use crate::formats::bills::byok::OwnKeys;
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Currency, Zone};
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["model_permaslug", "endpoint_id", "usage", "requests"];
const LIST: &str = "data";

/// The format `openrouter-activity`.
pub static FORMAT: Format = Format {
    name: "openrouter-activity",
    kind: Kind::Bill,
    provider: Some("openrouter"),
    title: "OpenRouter activity (API, JSON)",
    required: REQUIRED,
    page: "\
**Where.** `GET https://openrouter.ai/api/v1/activity`, saved as it is: the last 30 whole days. Its objects
may also stand in an array or one per line.

**Fields.** `date`, `model_permaslug`, `endpoint_id`, `usage` and `requests` tell it; `byok_usage_inference`,
`provider_name` and `workspace_id` are used where present. Tokens are not used: the charge covers them
together.

**Units and zone.** US dollars per UTC day, model and endpoint.

**Ids for attribution.** `openrouter:` workspace id, where present.

**Your own keys.** `byok_usage_inference` is billed by the providers, not by OpenRouter. It is not counted; a
note says how much it is.

**Confidence.** The vendor's documentation; no real answer was seen.
",
    detect,
    read: Reader::Bill(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    let has = |key: &&str| sample.text.contains(&format!("\"{key}\""));
    sample.has_all(REQUIRED) || (sample.has_all(&[LIST]) && REQUIRED.iter().all(has))
}

struct Positions {
    date: usize,
    model: usize,
    cost: usize,
    byok: Option<usize>,
    provider: Option<usize>,
    workspace: Option<usize>,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let date = columns.required(&["date"], problems);
        let model = columns.required(&["model_permaslug"], problems);
        let cost = columns.required(&["usage"], problems);
        Some(Positions {
            byok: columns.optional(&["byok_usage_inference"], problems),
            provider: columns.optional(&["provider_name"], problems),
            workspace: columns.optional(&["workspace_id"], problems),
            date: date?,
            model: model?,
            cost: cost?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    rows::of_list(source, LIST, |source| {
        read_rows(source, settings, charges, problems)
    })
}

fn read_rows(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    // The objects are days of OpenRouter's own, which are UTC.
    columns.zone = Some(Zone::Utc);
    rows::known_fields(&columns.file, settings, &[], problems);
    if source.header().is_empty() {
        // An answer without objects has no columns either.
        return rows::each(source, problems, |_, _, _| Ok(Fate::Skipped("blank")));
    }
    let mut own_keys = OwnKeys::default();
    let mut tally = rows::each_growing(
        source,
        &mut columns,
        problems,
        Positions::find,
        |columns, at, row, tally| {
            let charge = charge(columns, at, row)?;
            own_keys.add(match at.byok {
                Some(column) => columns.optional_number(row, column)?,
                None => None,
            });
            tally.cover(charge.start, charge.end);
            charges.push(charge);
            Ok(Fate::Used)
        },
    );
    own_keys.remark(&mut tally);
    tally
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let (start, end) = rows::day_of(columns, rows::stamp(columns, row, at.date)?);
    let model = word(row, Some(at.model));
    let words = [model, word(row, at.provider)];
    let workspace = word(row, at.workspace).map(|id| Scope {
        namespace: "openrouter".to_string(),
        id: id.to_string(),
        dimension: "workspace",
    });
    Ok(Charge {
        provider: Some("openrouter".to_string()),
        start,
        end,
        amount: columns.number(row, at.cost)?,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: Currency::USD,
        scopes: workspace.into_iter().collect(),
        model: model.map(str::to_string),
        meter: ChargeMeter::All,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: None,
        item: words.into_iter().flatten().collect::<Vec<_>>().join(", "),
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{read_json, sample};

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let mut charges = Vec::new();
        let (tally, problems) = read_json("activity.json", text, |source, problems| {
            read(source, &Settings::default(), &mut charges, problems)
        });
        (charges, tally, problems)
    }

    const ONE: &str = "{\"date\":\"2026-05-12\",\"model\":\"anthropic/claude-opus-4.7\",\"model_permaslug\":\"anthropic/claude-opus-4.7-20260401\",\"endpoint_id\":\"e-1\",\"provider_name\":\"Anthropic\",\"usage\":0.015,\"byok_usage_inference\":0.012,\"requests\":5,\"prompt_tokens\":50,\"completion_tokens\":125,\"reasoning_tokens\":25}";

    #[test]
    fn objects_are_read_in_any_wrapping() {
        for text in [
            format!("{{\"data\":[{ONE},\n{ONE}]}}"),
            format!("[{ONE},\n{ONE}]"),
            format!("{ONE}\n{ONE}\n"),
        ] {
            sample("a.json", &text, |s| assert!((FORMAT.detect)(s), "{text}"));
            let (charges, tally, problems) = charges_of(&text);
            assert!(problems.is_empty(), "{text}");
            assert_eq!((tally.read, tally.used, charges.len()), (2, 2, 2));
            assert_eq!(charges[1].origin.line, 2);
            assert_eq!(charges[0].amount.to_string(), "0.015");
            assert_eq!(charges[0].end.to_string(), "2026-05-13T00:00:00Z");
            assert_eq!(tally.remarks[0].rows, 2);
            assert!(tally.remarks[0].text.contains("0.024 USD"));
        }
    }

    #[test]
    fn faults_have_the_line_of_their_object() {
        let bad = ONE.replace("0.015", "\"much\"");
        let (charges, _, problems) = charges_of(&format!("{{\"data\":[{ONE},\n{bad}]}}"));
        assert_eq!(charges.len(), 1);
        assert_eq!(problems.kept()[0].entry.code, "T3021");
        assert_eq!(problems.kept()[0].place.as_ref().unwrap().line, Some(2));
        let (_, tally, problems) = charges_of("{\"data\":[]}");
        assert!(problems.is_empty());
        assert_eq!(tally.read, 0);
    }
}
