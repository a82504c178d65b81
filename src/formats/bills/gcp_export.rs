//! Google Cloud's billing export to BigQuery, saved as CSV or JSON lines.
//!
//! One row per project, SKU, resource, labels and hour. Nested fields have dotted names
//! (`sku.description`); `labels` and `credits` are arrays, one cell of JSON text each. Credits are
//! amounts below zero beside the cost: what is billed is their sum. Times are UTC.
//!
//! The rule that must hold: every credit of a row is a charge of its own, and a file in which
//! credits were unnested, so that costs repeat, is refused.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::formats::bills::google_sku::Line;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::bills::words::kind_named;
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::nested::Nested;
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Exact, Instant, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["sku.description", "usage_start_time", "cost"];

/// The ids that may name a customer, after the labels.
const SCOPES: &[(&str, &str)] = &[
    ("resource.name", "resource"),
    ("resource.global_name", "resource"),
    ("project.id", "project"),
];

/// The arrays of labels, most specific first.
const LABELS: &[&str] = &["labels", "project.labels"];

/// The format `gcp-billing-export`.
pub static FORMAT: Format = Format {
    name: "gcp-billing-export",
    kind: Kind::Bill,
    provider: Some("google"),
    title: "Google Cloud billing export to BigQuery (CSV or JSON lines)",
    required: REQUIRED,
    page: "\
**Where.** Google Cloud console → Billing → Billing export → BigQuery export; then save the rows of the
table as newline-delimited JSON, or as CSV with nested fields under dotted names. Keep `labels` and
`credits` as they are: a query that unnests credits repeats the cost of every row with several, and
such a file is refused.

**Columns.** `sku.description`, `usage_start_time`, `cost` and `currency` are needed. Used where
present: `usage_end_time`, `service.description`, `credits`, `cost_type`, `usage.amount`, `usage.unit`,
`labels`, `project.labels`, `project.id`, `resource.name` and `resource.global_name`.

**Units and zone.** `cost` is in `currency`, before credits; each credit becomes a charge of its own, so
that the sum is what Google bills. A warning says so if there is no column `credits`. Times are UTC;
the invoice's months are said to be those of US Pacific time.

**Meters.** SKU descriptions are read as in `gcp-cost-table`. `usage.amount` is the number of tokens
where `usage.unit` is `count`, `token` or `tokens`.

**Ids for attribution.** Each label is `tag:` and its key (`tag:customer`), then `google:` resource
name and project id.

**Confidence.** Unverified: the schema is general knowledge and no real export was seen; SKU
descriptions come from the tests of programs that read them.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    sku: usize,
    start: usize,
    cost: usize,
    currency: usize,
    end: Option<usize>,
    service: Option<usize>,
    cost_type: Option<usize>,
    credits: Option<usize>,
    amount: Option<usize>,
    unit: Option<usize>,
    labels: Vec<usize>,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let sku = columns.required(&["sku.description"], problems);
        let start = columns.required(&["usage_start_time"], problems);
        let cost = columns.required(&["cost"], problems);
        let currency = columns.required(&["currency"], problems);
        let labels = LABELS
            .iter()
            .filter_map(|name| columns.optional(&[name], problems));
        let labels = labels.collect();
        Some(Positions {
            end: columns.optional(&["usage_end_time"], problems),
            service: columns.optional(&["service.description"], problems),
            cost_type: columns.optional(&["cost_type"], problems),
            credits: columns.optional(&["credits"], problems),
            amount: columns.optional(&["usage.amount"], problems),
            unit: columns.optional(&["usage.unit"], problems),
            labels,
            scopes: scopes::find(columns, SCOPES, problems),
            sku: sku?,
            start: start?,
            cost: cost?,
            currency: currency?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(mut at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    if let Some(problem) = unnested(&columns) {
        problems.push(problem);
        return Tally::default();
    }
    let mut tally = rows::each(source, problems, |header, row, tally| {
        if header.len() != columns.header.len() {
            columns.header = header.clone();
            // The needed columns keep their places; optional ones may have come.
            if let Some(found) = Positions::find(&columns, &mut Problems::default()) {
                at = found;
            }
        }
        let charge = charge(&columns, &at, row)?;
        let credits = credits(&columns, &at, row, &charge)?;
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        charges.extend(credits);
        Ok(Fate::Used)
    });
    if at.credits.is_none() {
        let text = "there is no column credits: costs stand before credits";
        let rows = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, rows, text);
    }
    rows::without(
        &mut tally,
        "cost_type",
        at.cost_type,
        "taxes and rounding count as usage",
    );
    tally
}

/// The problem of a table whose rows were multiplied by their credits.
fn unnested(columns: &Columns) -> Option<Problem> {
    let names = columns.header.names();
    let name = names.iter().find(|name| {
        let folded = name.to_lowercase();
        folded.starts_with("credits.") || folded.starts_with("credit.")
    })?;
    let message = format!(
        "the column {name} says that credits were unnested, which repeats the cost of rows with several"
    );
    Some(
        Problem::new(&catalogue::HEADER, message)
            .at(Place::line(&columns.file, 1))
            .help("export the array credits as it is, or its sum as rows of their own"),
    )
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let (start, end) = range(columns, at, row)?;
    let amount = columns.number(row, at.cost)?;
    let cost_type = word(row, at.cost_type);
    let kind = cost_type.map_or(ChargeKind::Usage, |name| {
        kind_named(&name.replace('_', " "))
    });
    let service = word(row, at.service).filter(|_| row.filled(at.sku).is_some());
    let otherwise = cost_type.or(word(row, at.service)).unwrap_or("charge");
    let line = Line::of(service, word(row, Some(at.sku)), otherwise);
    let counted = line.sku.is_tokens()
        && kind == ChargeKind::Usage
        && word(row, at.unit).is_some_and(|unit| {
            ["count", "token", "tokens"].contains(&unit.to_lowercase().as_str())
        });
    let quantity = rows::quantity(columns, row, at.amount.filter(|_| counted), amount)?;
    Ok(Charge {
        provider: Some("google".to_string()),
        start,
        end,
        amount,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: columns.currency(row, at.currency)?,
        scopes: row_scopes(columns, at, row)?,
        model: line.sku.model,
        meter: line.sku.meter,
        tier: line.sku.tier,
        kind,
        quantity,
        item: line.item,
        origin: rows::origin(columns, row),
    })
}

/// The stated hour, or the day of its start where no end is stated.
fn range(columns: &Columns, at: &Positions, row: &Row) -> Result<(Instant, Instant), Problem> {
    let start = rows::stamp(columns, row, at.start)?;
    match at.end.filter(|end| row.filled(*end).is_some()) {
        Some(end) => rows::range(columns, row, start, end),
        None => Ok(rows::day_of(columns, start)),
    }
}

#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Option<Cow<'a, str>>,
}

fn row_scopes(columns: &Columns, at: &Positions, row: &Row) -> Result<Vec<Scope>, Problem> {
    let mut found = Vec::new();
    for column in &at.labels {
        let path = columns.header.name(*column);
        let Some(nested) = Nested::of(&columns.file, row, *column) else {
            continue;
        };
        for part in nested.elements(nested.text(), path)? {
            let label: Label<'_> = nested.parse(part, path)?;
            let tag = scopes::tag(&label.key, label.value.as_deref().unwrap_or(""));
            found.extend(tag.filter(|tag| !found.contains(tag)));
        }
    }
    found.extend(scopes::read(columns, row, &at.scopes, "google")?);
    Ok(found)
}

#[derive(Deserialize)]
struct Credit<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

/// The credits of a row, as charges beside its own.
fn credits(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    charge: &Charge,
) -> Result<Vec<Charge>, Problem> {
    let Some(column) = at.credits else {
        return Ok(Vec::new());
    };
    let Some(nested) = Nested::of(&columns.file, row, column) else {
        return Ok(Vec::new());
    };
    let mut charges = Vec::new();
    for part in nested.elements(nested.text(), "credits")? {
        let credit: Credit<'_> = nested.parse(part, "credits")?;
        let text = credit.amount.get().trim_matches('"');
        let amount = Exact::parse(text).map_err(|why| {
            let message = format!("the amount of a credit is not a number: {}", why.reason());
            let problem = columns.problem(&catalogue::NOT_A_NUMBER, row, column, message);
            problem.excerpt(text)
        })?;
        let item = credit.name.as_deref().unwrap_or("credit").to_string();
        charges.push(Charge {
            amount,
            written_places: written_places(text),
            model: None,
            meter: ChargeMeter::Item(item.clone()),
            tier: None,
            kind: ChargeKind::Credit,
            quantity: None,
            item,
            ..charge.clone()
        });
    }
    Ok(charges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::read_json;

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let mut charges = Vec::new();
        let (tally, problems) = read_json("export.jsonl", text, |source, problems| {
            read(source, &Settings::default(), &mut charges, problems)
        });
        (charges, tally, problems)
    }

    const HEADER: &str = "service.description,sku.description,usage_start_time,usage_end_time,cost,currency,credits,labels\n";

    #[test]
    fn credits_are_charges_of_their_own() {
        let text = format!(
            "{HEADER}Gemini API,Generate content input token count gemini 3.7 flash text,2026-08-01 00:00:00 UTC,2026-08-01 01:00:00 UTC,0.50,USD,\"[{{\"\"name\"\":\"\"Free\"\",\"\"amount\"\":-0.125,\"\"type\"\":\"\"PROMOTION\"\"}},{{\"\"amount\"\":\"\"-1e-2\"\"}}]\",\"[{{\"\"key\"\":\"\"customer\"\",\"\"value\"\":\"\"acme\"\"}}]\"\n"
        );
        let (charges, tally, problems) = charges_of(&text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((tally.read, tally.used), (1, 1));
        let sum: Exact = charges.iter().map(|charge| charge.amount).sum();
        assert_eq!(sum.to_string(), "0.365");
        let kinds: Vec<ChargeKind> = charges.iter().map(|charge| charge.kind).collect();
        assert_eq!(
            kinds,
            [ChargeKind::Usage, ChargeKind::Credit, ChargeKind::Credit]
        );
        assert_eq!(charges[2].item, "credit");
        assert_eq!(charges[1].scopes[0].namespace, "tag:customer");
        assert!(tally.remarks.is_empty());
    }

    #[test]
    fn credits_that_cannot_be_read_are_refused_at_their_cell() {
        for cell in [
            "-0.125",
            "\"[{\"\"name\"\":\"\"Free\"\"}]\"",
            "\"[{\"\"amount\"\":\"\"x\"\"}]\"",
        ] {
            let text = format!("{HEADER}Gemini API,x,2026-08-01,,0.50,USD,{cell},\n");
            let (charges, tally, problems) = charges_of(&text);
            assert!(charges.is_empty(), "{cell}");
            assert_eq!(tally.skipped["refused"], 1);
            let place = problems.kept()[0].place.as_ref().unwrap();
            assert_eq!(place.line, Some(2), "{cell}");
        }
    }

    #[test]
    fn unnested_credits_are_refused_and_missing_ones_told() {
        let text = "sku.description,usage_start_time,cost,currency,credits.amount\nx,2026-08-01,1,USD,-1\n";
        let (charges, _, problems) = charges_of(text);
        assert!(charges.is_empty());
        assert_eq!(problems.kept()[0].entry.code, "T3016");
        let text = "sku.description,usage_start_time,cost,currency\nx,2026-08-01,1,USD\n";
        let (charges, tally, _) = charges_of(text);
        assert_eq!(charges[0].end.to_string(), "2026-08-02T00:00:00Z");
        assert_eq!(tally.remarks[0].entry.code, "N2108");
    }

    #[test]
    fn columns_that_come_later_are_used() {
        let text = "{\"sku\":{\"description\":\"x\"},\"usage_start_time\":\"2026-08-01T00:00:00Z\",\"cost\":1,\"currency\":\"USD\"}\n\
             {\"sku\":{\"description\":\"x\"},\"usage_start_time\":\"2026-08-01T01:00:00Z\",\"cost\":1,\"currency\":\"USD\",\"credits\":[{\"name\":\"c\",\"amount\":-1}]}\n";
        let (charges, tally, problems) = charges_of(text);
        assert!(problems.is_empty());
        assert_eq!((tally.used, charges.len()), (2, 3));
    }
}
