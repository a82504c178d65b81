//! Vercel's AI Gateway report: `GET /v1/report` of the gateway, saved as JSON.
//!
//! One object per day and group, US dollars: `total_cost` is what the gateway charges, `market_cost` the
//! list price of the same. The objects may stand in an array, one per line, or below `results` as the
//! interface answers. Requests on the user's own keys (`credential_type` `byok`) are billed by their
//! providers.
//!
//! The rule that must hold: rows of own keys are named, never counted.

use crate::formats::bills::byok::OwnKeys;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Currency, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["total_cost", "market_cost", "request_count"];
const LIST: &str = "results";
const TIME: &[&str] = &["day", "hour"];

/// The ids that may name a customer, after the user.
const SCOPES: &[(&str, &str)] = &[("tag", "tag")];

/// The format `vercel-ai-gateway`.
pub static FORMAT: Format = Format {
    name: "vercel-ai-gateway",
    kind: Kind::Bill,
    provider: Some("vercel"),
    title: "Vercel AI Gateway report (JSON)",
    required: REQUIRED,
    page: "\
**Where.** `GET https://ai-gateway.vercel.sh/v1/report` with `date_part=day`, saved as it is. Grouped by
`user` it names your customers. Its objects may also stand in an array or one per line.

**Fields.** `day` or `hour`, `total_cost`, `market_cost` and `request_count`; `user`, `model`, `tag`,
`provider` and `credential_type` are used where present. Tokens are not used: the charge covers them
together.

**Units and zone.** US dollars; `total_cost` is what counts. Days are taken as UTC.

**Ids for attribution.** `user` is an id of the `usage` namespace, as in your own log: its charges are that
customer's outright. Then `vercel:` tag.

**Your own keys.** Rows with `credential_type` `byok` are billed by the providers, not by Vercel. They are
not counted; a note names their market cost. `market_cost` is not used otherwise.

**Quirks.** A request with several tags may stand in the row of each, so a report by tag may sum to more
than was billed; a warning says so. Two reports by different groups tell the same money: pass only one.

**Confidence.** The vendor's documentation and a program that reads it; no real answer was seen. The zone
of the days is not documented.
",
    detect,
    read: Reader::Bill(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    let has = |key: &&str| sample.text.contains(&format!("\"{key}\""));
    sample.has_all(REQUIRED) || (sample.has_all(&[LIST]) && REQUIRED.iter().all(has))
}

struct Positions {
    time: usize,
    cost: usize,
    market: Option<usize>,
    user: Option<usize>,
    model: Option<usize>,
    provider: Option<usize>,
    credential: Option<usize>,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let time = columns.required(TIME, problems);
        let cost = columns.required(&["total_cost"], problems);
        Some(Positions {
            market: columns.optional(&["market_cost"], problems),
            user: columns.optional(&["user"], problems),
            model: columns.optional(&["model"], problems),
            provider: columns.optional(&["provider"], problems),
            credential: columns.optional(&["credential_type"], problems),
            scopes: scopes::find(columns, SCOPES, problems),
            time: time?,
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
    rows::known_fields(&columns.file, settings, &[], problems);
    if source.header().is_empty() {
        // An answer without objects has no columns either.
        return rows::each(source, problems, |_, _, _| Ok(Fate::Skipped("blank")));
    }
    let (mut own_keys, mut tagged) = (OwnKeys::default(), 0);
    let mut tally = rows::each_growing(
        source,
        &mut columns,
        problems,
        Positions::find,
        |columns, at, row, tally| {
            let charge = charge(columns, at, row)?;
            tally.cover(charge.start, charge.end);
            if word(row, at.credential).is_some_and(|word| word.eq_ignore_ascii_case("byok")) {
                own_keys.add(match at.market {
                    Some(column) => columns.optional_number(row, column)?,
                    None => None,
                });
                return Ok(Fate::Skipped("own keys"));
            }
            tagged += u64::from(charge.scopes.iter().any(|scope| scope.dimension == "tag"));
            charges.push(charge);
            Ok(Fate::Used)
        },
    );
    own_keys.remark(&mut tally);
    let text =
        "{n} rows are grouped by tag: a request with several tags may count in the row of each";
    rows::remark(&mut tally, &catalogue::GROUPED_BY_TAG, tagged, text);
    tally
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let (start, end) = rows::day_of(columns, rows::stamp(columns, row, at.time)?);
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
    scopes.extend(scopes::read(columns, row, &at.scopes, "vercel")?);
    let model = word(row, at.model);
    let words: Vec<&str> = [model, word(row, at.provider)]
        .into_iter()
        .flatten()
        .collect();
    Ok(Charge {
        provider: Some("vercel".to_string()),
        start,
        end,
        amount: columns.number(row, at.cost)?,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: Currency::USD,
        scopes,
        model: model.map(str::to_string),
        meter: ChargeMeter::All,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: None,
        item: match words.is_empty() {
            true => "all usage of the day".to_string(),
            false => words.join(", "),
        },
        origin: rows::origin(columns, row),
    })
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

    fn object(rest: &str, total: &str, market: &str) -> String {
        format!(
            "{{\"day\":\"2026-01-15\",{rest}\"total_cost\":{total},\"market_cost\":{market},\"input_tokens\":4200,\"output_tokens\":98,\"request_count\":8}}"
        )
    }

    #[test]
    fn objects_are_read_in_any_wrapping() {
        let one = object("\"user\":\"acme\",", "12.40", "14.18");
        for text in [
            format!("{{\"results\":[{one},\n{one}]}}"),
            format!("[{one},\n{one}]"),
            format!("{one}\n{one}\n"),
        ] {
            sample("a.json", &text, |s| assert!((FORMAT.detect)(s), "{text}"));
            let (charges, tally, problems) = charges_of(&text);
            assert!(problems.is_empty(), "{text}");
            assert_eq!((tally.used, charges.len()), (2, 2));
            assert_eq!(charges[1].amount.to_string(), "12.4");
            assert_eq!(charges[1].origin.line, 2);
            let scope = &charges[0].scopes[0];
            assert_eq!(
                (scope.namespace.as_str(), scope.id.as_str()),
                ("usage", "acme")
            );
            assert!(tally.remarks.is_empty());
        }
    }

    #[test]
    fn own_keys_are_named_and_not_counted() {
        let own = object(
            "\"model\":\"openai/gpt-5\",\"credential_type\":\"byok\",",
            "0",
            "2.5",
        );
        let system = object(
            "\"model\":\"openai/gpt-5\",\"credential_type\":\"system\",",
            "1",
            "1",
        );
        let (charges, tally, problems) = charges_of(&format!("[{own},{system},{own}]"));
        assert!(problems.is_empty());
        assert_eq!((charges.len(), tally.skipped["own keys"]), (1, 2));
        assert_eq!(tally.remarks[0].entry.code, "N1041");
        assert!(tally.remarks[0].text.contains(" 5 USD"));
    }

    #[test]
    fn a_report_by_tag_is_warned_of() {
        let tagged = object("\"tag\":\"chat\",", "1", "1");
        let (charges, tally, _) = charges_of(&format!("[{tagged}]"));
        assert_eq!(charges[0].scopes[0].dimension, "tag");
        assert_eq!(
            (tally.remarks[0].entry.code, tally.remarks[0].rows),
            ("N1042", 1)
        );
    }

    #[test]
    fn an_amount_that_is_none_is_refused() {
        let (charges, _, problems) = charges_of(&format!("[{}]", object("", "null", "1")));
        assert!(charges.is_empty());
        assert_eq!(problems.kept()[0].entry.code, "T3021");
    }
}
