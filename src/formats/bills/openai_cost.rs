//! OpenAI's cost export: platform.openai.com/usage, Export, Cost data, CSV.
//!
//! One row per UTC day and group, dollars with up to 36 decimals. 10 columns in October 2025, 16
//! in August 2026 (quantities, user and key ids), 17 in September 2026 (`api_source`): columns are
//! found by name. `line_item`, `project_id`, `api_key_id` and `user_id` are blank unless the export
//! was grouped by them. The Unix columns are read, because the ISO ones carry an offset on empty
//! days only. `user_email` is never read.
//!
//! The rule that must hold: every row with an amount is one charge; no two rows are merged, and a
//! line item outside the known grammar stays a cost without tokens.

use crate::formats::bills::openai_items::LineItem;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::Charge;
use crate::model::{Instant, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["start_time", "end_time", "amount_value", "amount_currency"];

/// The ids that may name a customer, most specific first.
const SCOPES: &[(&str, &str)] = &[
    ("user_id", "user"),
    ("api_key_id", "api key"),
    ("project_id", "project"),
];

/// The format `openai-cost-csv`.
pub static FORMAT: Format = Format {
    name: "openai-cost-csv",
    kind: Kind::Bill,
    provider: Some("openai"),
    title: "OpenAI cost export (CSV)",
    required: REQUIRED,
    page: "\
**Where.** platform.openai.com/usage → Export → *Cost data*, interval one day, CSV; at most 60 days per
file. Choose *Group by → Line item* and *Project* (or *API key*): an ungrouped export is one sum per
day and leaves models and projects blank.

**Columns.** `start_time`, `end_time`, `amount_value` and `amount_currency` are needed. `line_item`,
`quantity`, `quantity_unit`, `project_id`, `api_key_id` and `user_id` are used where filled;
`user_email` and the names are not read.

**Units and zone.** Dollars, read with all their decimals. Unix seconds, so UTC; the ISO columns are
ignored because only empty days carry an offset there.

**Line items.** `gpt-4o-mini-2024-07-18, cached input` is split at its last comma into model and
meter. `batch | …`, `flex | …` and `priority | …` give the service tier; another prefix (`evals | …`)
does not. A word `text`, `audio` or `image` beside the meter chooses its token kind. `web search tool
calls` are web searches; `Promotional credit` is a credit. Anything else (`assistants api | file
search`, `Vector storage`) stays a cost without quantities.

**Ids for attribution.** `openai:` user, API key and project ids, in this order.

**Quirks.** Empty days are rows without amount: skipped, counted, covered. Free daily tokens and
credits make low or negative amounts. The current day lags behind the usage by hours.

**Confidence.** Headers of 10 and 16 columns come from real files, 17 and the line items from the
tests of programs that read the export.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    start: usize,
    end: usize,
    amount: usize,
    currency: usize,
    line_item: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let mut required = REQUIRED
            .iter()
            .map(|name| columns.required(&[name], problems))
            .collect::<Vec<_>>()
            .into_iter();
        let mut next = || required.next().flatten();
        let (start, end, amount, currency) = (next(), next(), next(), next());
        Some(Positions {
            line_item: columns.optional(&["line_item"], problems),
            quantity: columns.optional(&["quantity"], problems),
            unit: columns.optional(&["quantity_unit"], problems),
            scopes: scopes::find(columns, SCOPES, problems),
            start: start?,
            end: end?,
            amount: amount?,
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
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    rows::each(source, problems, |_, row, tally| {
        let start = rows::stamp(&columns, row, at.start)?;
        let range = rows::range(&columns, row, start, at.end)?;
        tally.cover(range.0, range.1);
        if is_empty_day(&at, row) {
            return Ok(Fate::Skipped("empty day"));
        }
        charges.push(charge(&columns, &at, row, range)?);
        Ok(Fate::Used)
    })
}

/// An empty day has no amount and nothing else that an amount could belong to.
fn is_empty_day(at: &Positions, row: &Row) -> bool {
    let blank = |column: Option<usize>| column.is_none_or(|c| row.filled(c).is_none());
    blank(Some(at.amount))
        && blank(Some(at.currency))
        && blank(at.line_item)
        && blank(at.quantity)
        && at.scopes.iter().all(|(column, _)| blank(Some(*column)))
}

fn charge(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    (start, end): (Instant, Instant),
) -> Result<Charge, Problem> {
    if row.filled(at.amount).is_none() {
        let name = columns.header.name(at.amount);
        let message = format!("{name} is empty, but the row names a charge");
        let problem = columns.problem(&catalogue::MISSING_VALUE, row, at.amount, message);
        return Err(problem.help("an empty amount is not zero; export the file again"));
    }
    let amount = columns.number(row, at.amount)?;
    let line_item = word(row, at.line_item);
    let item = line_item.map_or_else(LineItem::ungrouped, LineItem::parse);
    let mut quantity = rows::quantity(columns, row, at.quantity, amount)?;
    let unit = word(row, at.unit).unwrap_or("tokens");
    if !item.counts_in(unit) {
        quantity = None;
    }
    Ok(Charge {
        provider: Some("openai".to_string()),
        start,
        end,
        amount,
        written_places: written_places(row.filled(at.amount).unwrap_or("")),
        currency: columns.currency(row, at.currency)?,
        scopes: scopes::read(columns, row, &at.scopes, "openai")?,
        model: item.model,
        meter: item.meter,
        tier: item.tier,
        kind: item.kind,
        quantity,
        item: line_item.unwrap_or("all usage of the day").to_string(),
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::table;
    use crate::model::Exact;
    use crate::model::records::ChargeMeter;

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let tally = read(
            &mut table("cost.csv", text),
            &Settings::default(),
            &mut charges,
            &mut problems,
        );
        (charges, tally, problems)
    }

    const HEADER: &str = "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,user_id,api_key_id,project_id,organization_id,project_name,organization_name,user_email\n";

    #[test]
    fn the_unix_columns_decide_and_36_decimals_are_kept() {
        let text = format!(
            "{HEADER}1788134400,1788220800,broken,broken,0.003400000000000000000000000000000001,usd,,,,,,,org-1,,Acme,\n"
        );
        let (charges, tally, problems) = charges_of(&text);
        assert!(problems.is_empty());
        assert_eq!(tally.used, 1);
        assert_eq!(charges[0].start.to_string(), "2026-08-31T00:00:00Z");
        assert_eq!(
            charges[0].amount.to_string(),
            "0.003400000000000000000000000000000001"
        );
        assert_eq!(charges[0].written_places, 36);
        assert_eq!(charges[0].meter, ChargeMeter::All);
        assert_eq!(charges[0].model, None);
    }

    #[test]
    fn an_empty_day_is_skipped_but_an_empty_amount_is_refused() {
        let text = format!(
            "{HEADER}1788048000,1788134400,,,,,,,,,,,,,,\n\
             1788134400,1788220800,,,,usd,,,\"gpt-4o, input\",,,,,,,\n"
        );
        let (charges, tally, problems) = charges_of(&text);
        assert!(charges.is_empty());
        assert_eq!(tally.skipped["empty day"], 1);
        assert_eq!(tally.covers.unwrap().0.to_string(), "2026-08-30T00:00:00Z");
        assert_eq!(problems.kept()[0].entry.code, "T3027");
        assert_eq!(problems.kept()[0].place.as_ref().unwrap().line, Some(3));
    }

    #[test]
    fn quantities_count_only_in_the_units_of_the_meter() {
        let row = |quantity: &str, unit: &str, item: &str| {
            let text = format!(
                "{HEADER}1788134400,1788220800,,,0.5,usd,{quantity},{unit},\"{item}\",user-1,key_1,proj_1,,,,\n"
            );
            charges_of(&text).0.remove(0)
        };
        assert_eq!(
            row("1000", "tokens", "gpt-4o, input").quantity,
            Some(Exact::from(1000u64))
        );
        assert_eq!(
            row("1000.0", "", "gpt-4o, input").quantity,
            Some(Exact::from(1000u64))
        );
        assert_eq!(row("1", "1K tokens", "gpt-4o, input").quantity, None);
        assert_eq!(
            row("7", "calls", "web search tool calls").quantity,
            Some(Exact::from(7u64))
        );
        let scopes = row("1", "tokens", "gpt-4o, input").scopes;
        let ids: Vec<&str> = scopes.iter().map(|scope| scope.id.as_str()).collect();
        assert_eq!(ids, ["user-1", "key_1", "proj_1"]);
    }
}
