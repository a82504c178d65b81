//! OpenRouter's activity export by generation: openrouter.ai, Activity, Export, CSV
//! (`openrouter_activity_YYYY-MM-DD.csv`).
//!
//! One row per request, US dollars, times in UTC without a mark. `user` is the end user's id as the
//! product sent it, so the bill itself names the customer. `cost_total` is what OpenRouter charges;
//! `byok_usage_inference` is what a provider charges for the same request on the user's own key.
//! Canceled requests cost too.
//!
//! The rule that must hold: one generation is one charge, however often its row stands in the file.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::formats::bills::byok::OwnKeys;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Currency, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &[
    "generation_id",
    "created_at",
    "cost_total",
    "model_permaslug",
];

/// The ids that may name a customer, after the end user.
const SCOPES: &[(&str, &str)] = &[("api_key_name", "api key name"), ("app_name", "app")];

/// The format `openrouter-generations`.
pub static FORMAT: Format = Format {
    name: "openrouter-generations",
    kind: Kind::Bill,
    provider: Some("openrouter"),
    title: "OpenRouter activity by generation (CSV)",
    required: REQUIRED,
    page: "\
**Where.** openrouter.ai → Activity → Export, the rows by generation. The file is called
`openrouter_activity_2026-06-28.csv`.

**Columns.** `generation_id`, `created_at`, `cost_total` and `model_permaslug` are needed; `user`,
`api_key_name`, `app_name` and `byok_usage_inference` are used where present. The parts of the cost
(`cost_cache`, `cost_web_search`, `cost_file_processing`) are inside `cost_total` and not read.

**Units and zone.** US dollars, one row per request. Times are UTC unless `tz` says otherwise.

**Meters.** A charge covers all of its request.

**Ids for attribution.** `user` is an id of the `usage` namespace, as in your own log: its charges are that
customer's outright. Then `openrouter:` API key name and app name.

**Your own keys.** `byok_usage_inference` is billed by the provider, not by OpenRouter. It is not counted; a
note says how much it is.

**Quirks.** Canceled requests cost too. A generation that stands twice is counted once; twice with
different content is an error. The daily export and the activity interface tell the same money: files of
two of them for the same days are refused.

**Confidence.** The header comes from a real file, the values from programs that read it.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    id: usize,
    time: usize,
    cost: usize,
    model: usize,
    user: Option<usize>,
    byok: Option<usize>,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let id = columns.required(&["generation_id"], problems);
        let time = columns.required(&["created_at"], problems);
        let cost = columns.required(&["cost_total"], problems);
        let model = columns.required(&["model_permaslug"], problems);
        Some(Positions {
            user: columns.optional(&["user"], problems),
            byok: columns.optional(&["byok_usage_inference"], problems),
            scopes: scopes::find(columns, SCOPES, problems),
            id: id?,
            time: time?,
            cost: cost?,
            model: model?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    let mut own_keys = OwnKeys::default();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut tally = rows::each(source, problems, |_, row, tally| {
        let charge = charge(&columns, &at, row)?;
        let byok = match at.byok {
            Some(column) => columns.optional_number(row, column)?,
            None => None,
        };
        let content = content(row);
        match seen.insert(charge.item.clone(), content) {
            None => {}
            Some(before) if before == content => return Ok(Fate::Skipped("repeated generation")),
            Some(_) => {
                let message = "this generation stood before with other content";
                let problem = columns.problem(&catalogue::DUPLICATE_RECORD, row, at.id, message);
                return Err(problem.help("export the file again"));
            }
        }
        own_keys.add(byok);
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        Ok(Fate::Used)
    });
    own_keys.remark(&mut tally);
    tally
}

/// A number that is the same for rows that are the same.
fn content(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    for column in 0..row.len() {
        row.get(column).hash(&mut hasher);
    }
    hasher.finish()
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let (start, end) = rows::day_of(columns, rows::stamp(columns, row, at.time)?);
    let Some(id) = columns.id(row, at.id)? else {
        let message = "generation_id is empty";
        return Err(columns.problem(&catalogue::MISSING_VALUE, row, at.id, message));
    };
    let mut scopes = Vec::new();
    if let Some(column) = at.user
        && let Some(user) = columns.id(row, column)?
    {
        scopes.push(Scope {
            namespace: "usage".to_string(),
            id: user.to_string(),
            dimension: "customer",
        });
    }
    scopes.extend(scopes::read(columns, row, &at.scopes, "openrouter")?);
    Ok(Charge {
        provider: Some("openrouter".to_string()),
        start,
        end,
        amount: columns.number(row, at.cost)?,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: Currency::USD,
        scopes,
        model: word(row, Some(at.model)).map(str::to_string),
        meter: ChargeMeter::All,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: None,
        // The generation, so that only the same request counts as billed twice by two files.
        item: id.to_string(),
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{sample, table};

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let mut source = table("activity.csv", text);
        let tally = read(
            &mut source,
            &Settings::default(),
            &mut charges,
            &mut problems,
        );
        (charges, tally, problems)
    }

    const HEADER: &str =
        "generation_id,created_at,cost_total,byok_usage_inference,model_permaslug,user\n";

    #[test]
    fn what_a_provider_bills_for_an_own_key_is_named_and_not_counted() {
        let (charges, tally, problems) = charges_of(&format!(
            "{HEADER}gen-1,2026-06-28 03:46:57.713,0.0123,0,openai/gpt-oss-120b,acme\n\
             gen-2,2026-06-28 04:00:00.000,0.0005,0.0225,openai/gpt-5,\n\
             gen-3,2026-06-28 04:00:01.000,0,1.5,openai/gpt-5,umbra\n"
        ));
        assert!(problems.is_empty());
        let amounts: Vec<String> = charges.iter().map(|c| c.amount.to_string()).collect();
        assert_eq!(amounts, ["0.0123", "0.0005", "0"]);
        assert_eq!(charges[0].scopes[0].namespace, "usage");
        assert_eq!(charges[0].scopes[0].dimension, "customer");
        assert!(charges[1].scopes.is_empty());
        assert_eq!(tally.remarks[0].entry.code, "N1041");
        assert_eq!(tally.remarks[0].rows, 2);
        assert!(
            tally.remarks[0].text.contains("1.5225 USD"),
            "{}",
            tally.remarks[0].text
        );
    }

    #[test]
    fn a_generation_counts_once() {
        let row = "gen-1,2026-06-28 03:46:57.713,0.0123,0.5,openai/gpt-oss-120b,acme\n";
        let (charges, tally, problems) = charges_of(&format!("{HEADER}{row}{row}"));
        assert!(problems.is_empty());
        assert_eq!(
            (charges.len(), tally.skipped["repeated generation"]),
            (1, 1)
        );
        assert!(tally.remarks[0].text.contains(" 0.5 USD"));
        let other = row.replace("0.0123", "0.0124");
        let (_, _, problems) = charges_of(&format!("{HEADER}{row}{other}"));
        assert_eq!(problems.kept()[0].entry.code, "T3037");
        assert_eq!(problems.kept()[0].place.as_ref().unwrap().line, Some(3));
    }

    #[test]
    fn a_row_without_id_or_cost_is_refused() {
        let (_, _, problems) = charges_of(&format!(
            "{HEADER},2026-06-28 03:46:57,0.01,0,openai/gpt-5,\ngen-2,2026-06-28 03:46:57,,0,openai/gpt-5,\n"
        ));
        let codes: Vec<&str> = problems.kept().iter().map(|p| p.entry.code).collect();
        assert_eq!(codes, ["T3027", "T3021"]);
    }

    #[test]
    fn a_log_of_requests_is_not_taken() {
        sample("a.csv", "generation_id,created_at,cost,model", |s| {
            assert!(!(FORMAT.detect)(s));
        });
    }
}
