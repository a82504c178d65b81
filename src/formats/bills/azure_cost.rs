//! Azure's cost details: Cost Management, Exports or Download, for a Microsoft Customer Agreement
//! (`costInBillingCurrency`) and, as actual cost, for an Enterprise Agreement (`Cost`).
//!
//! One row per UTC day, resource and meter, all services of the subscription. Names are spelled in
//! mixed case, and differently between versions. Dates are month/day/year. Quantities are in units
//! of 1K, 1M or 10K. Tags are a JSON object that has lost its braces.
//!
//! The rule that must hold: a quantity becomes tokens only through its own unit, and never where
//! the meter's name states another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::formats::bills::azure_meter::{Named, UnknownMeters, contradicts, count_of};
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::bills::words::kind_named;
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Day, Exact, Instant, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const COST: &[&str] = &["costInBillingCurrency", "Cost"];
const CURRENCY: &[&str] = &["billingCurrency", "billingCurrencyCode"];

/// The ids that may name a customer, after the tags.
const SCOPES: &[(&str, &str)] = &[
    ("ResourceId", "resource"),
    ("resourceGroupName", "resource group"),
    ("ResourceGroup", "resource group"),
    ("SubscriptionId", "subscription"),
    ("costCenter", "cost center"),
];

/// The format `azure-cost-csv`.
pub static FORMAT: Format = Format {
    name: "azure-cost-csv",
    kind: Kind::Bill,
    provider: Some("azure"),
    title: "Azure cost details (CSV)",
    required: &[
        "date",
        "meterName",
        "unitOfMeasure",
        "costInBillingCurrency|Cost",
        "billingCurrency",
    ],
    page: "\
**Where.** Azure portal → Cost Management → Exports, *Cost and usage details (actual)*; or the answer of
the Cost Details API. Both layouts are read: a Microsoft Customer Agreement's, and an Enterprise
Agreement's actual cost.

**Columns.** `date`, `meterName`, `unitOfMeasure`, `billingCurrency` and `costInBillingCurrency` (or `Cost`)
are needed, in any case. Used where present: `quantity`, `chargeType`, `productName` or `Product`,
`meterSubCategory`, `meterCategory`, `tags`, `ResourceId`, `resourceGroupName` or `ResourceGroup`,
`SubscriptionId`, `costCenter` and the billing period's dates.

**Units and zone.** Amounts are in the billing currency. Days are UTC. Dates are month/day/year; the end
of the billing period tells if a spreadsheet has turned them round, and then the file is refused.
2026-08-31 is accepted too.

**Meters.** `gpt 4o 1120 cached Inp glbl Tokens` is cached input of gpt-4o; `Inp`, `Inpt` and `input`,
`Outp`, `Outpt`, `opt` and `output` are the words known, `Batch` is a tier. A bare version (`5.4 inp Gl 1M
Tokens`) gets its name from the product. A quantity times its unit (`1K` is 1,000) is the number of
tokens; where name and unit contradict each other, the quantity is not used and a note counts the rows.
A name of tokens with a word that is not known stays a cost without model and tokens, and a note names
the meters.
Everything else on the bill, machines and storage included, stays a cost without tokens.

**Charge types.** `Refund` and `Adjustment` are credits, `Tax` and `RoundingAdjustment` what they say, the
rest is usage.

**Ids for attribution.** Each tag is `tag:` and its key (`tag:customer`), then `azure:` resource id,
resource group, subscription and cost center.

**Quirks.** The open month is an estimate until 72 hours after it closed, and the first five days of a
month write the month before anew: export again afterwards.

**Confidence.** The Enterprise header comes from a real file, the other from a program that checked it
against the service; meter names from Azure's price list. No row of model usage was seen.
",
    detect,
    read: Reader::Bill(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&["date", "meterName", "unitOfMeasure"])
        && COST.iter().any(|name| sample.header.has(name))
        && CURRENCY.iter().any(|name| sample.header.has(name))
}

struct Positions {
    date: usize,
    cost: usize,
    currency: usize,
    meter: usize,
    unit: usize,
    quantity: Option<usize>,
    charge_type: Option<usize>,
    category: Option<usize>,
    /// Product and sub-category: they say whose model a bare version is.
    products: Vec<usize>,
    tags: Option<usize>,
    /// Dates of the billing period: only read to see that dates are month first.
    period: Vec<usize>,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let date = columns.required(&["date"], problems);
        let cost = columns.required(COST, problems);
        let currency = columns.required(CURRENCY, problems);
        let meter = columns.required(&["meterName"], problems);
        let unit = columns.required(&["unitOfMeasure"], problems);
        let mut all = |names: &[&str]| -> Vec<usize> {
            let find = |name: &&str| columns.optional(&[*name], problems);
            names.iter().filter_map(find).collect()
        };
        let products = all(&["productName", "Product", "meterSubCategory"]);
        let period = all(&["billingPeriodStartDate", "billingPeriodEndDate"]);
        Some(Positions {
            quantity: columns.optional(&["quantity"], problems),
            charge_type: columns.optional(&["chargeType"], problems),
            category: columns.optional(&["meterCategory"], problems),
            products,
            tags: columns.optional(&["tags"], problems),
            period,
            scopes: scopes::find(columns, SCOPES, problems),
            date: date?,
            cost: cost?,
            currency: currency?,
            meter: meter?,
            unit: unit?,
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
    // Azure's days are UTC, whatever zone other files are in.
    columns.zone = Some(Zone::Utc);
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    let mut unclear = 0;
    let mut unknown = UnknownMeters::default();
    let mut tally = rows::each(source, problems, |_, row, tally| {
        for column in &at.period {
            if row.filled(*column).is_some() {
                date(&columns, row, *column)?;
            }
        }
        let (charge, is_unclear) = charge(&columns, &at, row, &mut unknown)?;
        unclear += u64::from(is_unclear);
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        Ok(Fate::Used)
    });
    let text = "{n} rows of tokens have a unit that is no count or not that of their meter; their quantities are not used";
    rows::remark(&mut tally, &catalogue::UNKNOWN_ITEM, unclear, text);
    unknown.tell(&mut tally);
    rows::without(
        &mut tally,
        "chargeType",
        at.charge_type,
        "refunds and taxes count as usage",
    );
    tally
}

/// A date as Azure writes it, month first.
fn date(columns: &Columns, row: &Row, column: usize) -> Result<Day, Problem> {
    let text = row.filled(column).unwrap_or("");
    let parts: Vec<&str> = text.split('/').collect();
    let [month, day, year] = parts.as_slice() else {
        return Ok(rows::stamp(columns, row, column)?.utc_day());
    };
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| plain)
    };
    let ymd = (
        number(year, 4..=4),
        number(month, 1..=2),
        number(day, 1..=2),
    );
    let found = match ymd {
        (Some(year), Some(month), Some(day)) => Day::from_ymd(year as i32, month, day),
        _ => None,
    };
    found.ok_or_else(|| {
        let name = columns.header.name(column);
        let message = format!("{name} is not a date written month/day/year");
        let problem = columns.problem(&catalogue::NOT_A_TIME, row, column, message);
        problem.help("export the file again and do not open it in a spreadsheet on the way")
    })
}

/// The charge, and whether its tokens could not be counted.
fn charge(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    unknown: &mut UnknownMeters,
) -> Result<(Charge, bool), Problem> {
    let day = date(columns, row, at.date)?;
    let amount = columns.number(row, at.cost)?;
    let name = word(row, Some(at.meter)).unwrap_or("charge");
    let products: Vec<&str> = at
        .products
        .iter()
        .filter_map(|c| word(row, Some(*c)))
        .collect();
    let mut named = Named::parse(name, &products.join(" "));
    unknown.see(name, &named);
    let item = match word(row, at.category).filter(|_| !named.is_tokens()) {
        Some(category) => format!("{category}: {name}"),
        None => name.to_string(),
    };
    if !named.is_tokens() {
        named.meter = ChargeMeter::Item(item.clone());
    }
    let kind = word(row, at.charge_type).map_or(ChargeKind::Usage, charge_kind);
    let counted = named.is_tokens() && kind == ChargeKind::Usage;
    let stated = rows::quantity(columns, row, at.quantity.filter(|_| counted), amount)?;
    let quantity = match stated {
        Some(quantity) => tokens(columns, at, row, name, quantity)?,
        None => None,
    };
    let is_unclear = stated.is_some() && quantity.is_none();
    let mut scopes = tags(columns, at, row)?;
    scopes.extend(scopes::read(columns, row, &at.scopes, "azure")?);
    let charge = Charge {
        provider: Some("azure".to_string()),
        start: start_of(day),
        end: start_of(day.plus(1)),
        amount,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: columns.currency(row, at.currency)?,
        scopes,
        model: named.model,
        meter: named.meter,
        tier: named.tier,
        kind,
        quantity,
        item,
        origin: rows::origin(columns, row),
    };
    Ok((charge, is_unclear))
}

fn start_of(day: Day) -> Instant {
    Zone::Utc.start_of(day)
}

/// The number of tokens, `None` if unit and name do not tell it.
fn tokens(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    name: &str,
    quantity: Exact,
) -> Result<Option<Exact>, Problem> {
    let unit = row.filled(at.unit).unwrap_or("");
    let Some(each) = count_of(unit).filter(|each| !contradicts(name, each)) else {
        return Ok(None);
    };
    let tokens = quantity * each;
    if !tokens.is_integer() {
        let column = at.quantity.unwrap_or(at.unit);
        let message = format!(
            "{} in units of {unit} is no whole number of tokens",
            columns.header.name(column)
        );
        return Err(columns.problem(&catalogue::FRACTION, row, column, message));
    }
    Ok(Some(tokens))
}

fn charge_kind(name: &str) -> ChargeKind {
    match name.to_lowercase().as_str() {
        "roundingadjustment" => ChargeKind::Rounding,
        folded => kind_named(folded),
    }
}

/// The tags of a row: a JSON object, with its braces or without.
fn tags(columns: &Columns, at: &Positions, row: &Row) -> Result<Vec<Scope>, Problem> {
    let Some((column, text)) = at.tags.and_then(|c| Some((c, word(row, Some(c))?))) else {
        return Ok(Vec::new());
    };
    let whole = match text.starts_with('{') {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{{{text}}}")),
    };
    let tags: BTreeMap<String, Option<String>> = serde_json::from_str(&whole).map_err(|_| {
        let message = "the tags are no pairs of \"key\": \"value\"";
        let problem = columns.problem(&catalogue::BAD_JSON, row, column, message);
        problem.help("export the file again and do not open it in a spreadsheet on the way")
    })?;
    let pairs = tags.iter();
    Ok(pairs
        .filter_map(|(key, value)| scopes::tag(key, value.as_deref()?))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{sample, table};

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

    const HEADER: &str = "billingPeriodEndDate,date,meterName,ProductName,quantity,unitOfMeasure,costInBillingCurrency,billingCurrency,chargeType,tags\n";

    fn one(row: &str) -> (Vec<Charge>, Tally, Problems) {
        charges_of(&format!("{HEADER}{row}\n"))
    }

    #[test]
    fn a_unit_scales_the_quantity_exactly() {
        let tokens = |quantity: &str, unit: &str, name: &str| {
            let row = format!(
                "08/31/2026,08/01/2026,{name},Azure OpenAI,{quantity},{unit},1.5,USD,Usage,"
            );
            let (mut charges, tally, problems) = one(&row);
            assert!(problems.is_empty());
            (
                charges.remove(0).quantity.map(|q| q.to_string()),
                tally.remarks.len(),
            )
        };
        let name = "gpt 4o 1120 Inp glbl Tokens";
        assert_eq!(tokens("1234.567", "1K", name), (Some("1234567".into()), 0));
        assert_eq!(tokens("1.234567", "1M", name), (Some("1234567".into()), 0));
        assert_eq!(tokens("12.5", "1 Hour", name), (None, 1));
        assert_eq!(tokens("12.5", "1K", "GPT 5 Inpt Glbl 1M Tokens"), (None, 1));
        assert_eq!(tokens("12.5", "1 Hour", "D2s v5"), (None, 0));
    }

    #[test]
    fn a_fraction_of_a_token_is_refused() {
        let (charges, _, problems) = one(
            "08/31/2026,08/01/2026,gpt 4o 1120 Inp glbl Tokens,Azure OpenAI,1.23456,1K,1.5,USD,Usage,",
        );
        assert!(charges.is_empty());
        let problem = &problems.kept()[0];
        assert_eq!(problem.entry.code, "T3023");
        assert_eq!(problem.place.as_ref().unwrap().column, Some(5));
    }

    #[test]
    fn tags_with_and_without_braces_are_scopes() {
        for tags in [
            "\"\"\"env\"\": \"\"prod\"\",\"\"customer\"\": \"\"acme\"\"\"",
            "\"{\"\"env\"\": \"\"prod\"\",\"\"customer\"\": \"\"acme\"\",\"\"none\"\": \"\"\"\"}\"",
        ] {
            let (charges, _, problems) = one(&format!(
                "08/31/2026,08/01/2026,D2s v5,,1,1 Hour,1.5,USD,Usage,{tags}"
            ));
            assert!(problems.is_empty(), "{problems:?}");
            let scopes: Vec<(&str, &str)> = charges[0]
                .scopes
                .iter()
                .map(|scope| (scope.namespace.as_str(), scope.id.as_str()))
                .collect();
            assert_eq!(scopes, [("tag:customer", "acme"), ("tag:env", "prod")]);
        }
        let (_, _, problems) = one("08/31/2026,08/01/2026,D2s v5,,1,1 Hour,1.5,USD,Usage,env=prod");
        assert_eq!(problems.kept()[0].entry.code, "T3018");
    }

    #[test]
    fn dates_turned_round_are_seen_by_the_billing_period() {
        let (charges, _, _) = one("08/31/2026,08/01/2026,D2s v5,,1,1 Hour,1.5,USD,Usage,");
        assert_eq!(charges[0].start.to_string(), "2026-08-01T00:00:00Z");
        assert_eq!(charges[0].end.to_string(), "2026-08-02T00:00:00Z");
        let (charges, _, problems) = one("31/08/2026,01/08/2026,D2s v5,,1,1 Hour,1.5,USD,Usage,");
        assert!(charges.is_empty());
        let problem = &problems.kept()[0];
        assert_eq!(problem.entry.code, "T3024");
        assert_eq!(problem.place.as_ref().unwrap().column, Some(1));
        let (charges, _, _) = one(",2026-08-01,D2s v5,,1,1 Hour,1.5,USD,Usage,");
        assert_eq!(charges[0].start.to_string(), "2026-08-01T00:00:00Z");
        let (_, _, problems) = one("08/31/2026,,D2s v5,,1,1 Hour,1.5,USD,Usage,");
        assert_eq!(problems.kept()[0].entry.code, "T3024");
    }

    #[test]
    fn both_layouts_are_recognized_and_no_other() {
        for (header, fits) in [
            (
                "date,meterName,unitOfMeasure,costInBillingCurrency,billingCurrency",
                true,
            ),
            (
                "Date,MeterName,Quantity,Cost,BillingCurrency,UnitOfMeasure",
                true,
            ),
            ("date,cost,currency,provider", false),
            (
                "BilledCost,BillingCurrency,ChargePeriodStart,ServiceName,ChargeCategory",
                false,
            ),
        ] {
            sample("a.csv", header, |s| {
                assert_eq!((FORMAT.detect)(s), fits, "{header}")
            });
        }
    }
}
