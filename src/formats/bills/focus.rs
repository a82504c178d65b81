//! FOCUS, the FinOps Open Cost and Usage Specification, versions 1.0 to 1.4: the cost and usage
//! dataset of any provider.
//!
//! Each row states its cost several times (billed, effective, list), a category (usage, purchase,
//! tax, credit, adjustment) and whether it corrects an earlier period. There are no columns for
//! models or tokens. The published sample data break the specification in many ways (words for
//! nothing, times without zone, columns of their own), so only what counts is held to it.
//!
//! The rule that must hold: a purchase and the usage it pays for never both count.

use super::azure_meter::UnknownMeters;
use super::cloud::{self, Bases};
use super::focus_meter::{About, MeterColumns};
use super::tags::TagColumns;
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, CostBasis, Scope};
use crate::model::{Exact, Zone, names};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

const REQUIRED: &[&str] = &[
    "BilledCost",
    "ChargePeriodStart",
    "ServiceName",
    "ChargeCategory",
];

/// The format `focus`.
pub static FORMAT: Format = Format {
    name: "focus",
    kind: Kind::Bill,
    provider: None,
    title: "FOCUS cost and usage dataset 1.0 to 1.4",
    required: REQUIRED,
    page: "\
**Where.** AWS: Billing and Cost Management → Data Exports → FOCUS. Other providers offer it beside their own
exports. Pass either that or the provider's own export of the same days, not both.

**Columns.** `BilledCost`, `ChargePeriodStart`, `ChargePeriodEnd`, `ServiceName`, `ChargeCategory` and the cost
of the basis are needed. Used where present: `BillingCurrency`, `ServiceProviderName` or `ProviderName`,
`ChargeClass`, `ChargeDescription`, `SkuMeter`, `CommitmentDiscountId`, `CommitmentDiscountStatus`,
`CapacityReservationStatus`, `ConsumedQuantity` and `PricingQuantity` with their units, `ResourceId`,
`SubAccountId`, `Tags`, `AllocatedResourceId`, `AllocatedTags`, and AWS's `x_UsageType`. The version is
told by the columns: `ServiceProviderName` without `ProviderName` is 1.4, that or an allocated column 1.3,
`InvoiceId` or `BillingAccountType` 1.2, `SkuMeter` or `ServiceSubcategory` 1.1, else 1.0.

**Costs.** `--cost-basis effective` (the default) counts `EffectiveCost`, `billed` counts `BilledCost`, `list`
counts `ListCost`. A purchase whose effective cost is 0 counts by the usage it pays for; it is left out
and counted. The notes tell the sums of both costs.

**Categories.** `Usage` and `Purchase` are usage, `Tax` is tax, `Credit` and `Adjustment` are credits.
Usage whose commitment or capacity reservation is `Unused` is an idle commitment. Another category is
refused. Rows of class `Correction` count on the days that they correct.

**Units and zone.** The currency of each row; UTC where a time has no offset. A quantity is used only
where its unit says tokens (`Tokens`, `1K tokens`, `1000000 Tokens`).

**Meters.** FOCUS has none. AWS's `x_UsageType` tells model, meter and tier of Bedrock rows, as in
[`aws-cur`](#aws-cur); a name such as `Claude Opus 4.8 (Amazon Bedrock Edition)` in `ServiceName` is the
model of AWS Marketplace rows. In rows of Azure `SkuMeter` is read as a meter of
[`azure-cost-csv`](#azure-cost-csv), `x_SkuMeterSubcategory` and `x_SkuMeterCategory` as its product; in
those of Google `SkuMeter`, or else `ChargeDescription`, as a SKU of [`gcp-cost-table`](#gcp-cost-table).
All else is cost without tokens.

**Ids for attribution.** In the provider's namespace: allocated resource, resource, account
(`SubAccountId`). `tag:team` for the tag `team`, allocated tags first.

**Quirks.** `NULL` is nothing, columns of one's own are ignored, all cells may be quoted, costs may be in
E-notation. Dates such as `5/1/25` are refused, since May and January cannot be told apart. Rows that
bill usage but state an effective cost of 0 are a warning. In Parquet, tags may be text or a map.

**Confidence.** Columns come from the specification and from tests of programs that read it, the
exceptions from the published sample data.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

/// The version of the specification that the columns tell.
fn version(header: &Header) -> &'static str {
    let has = |name: &str| header.has(name);
    let allocated = || {
        let starts = |name: &String| name.to_lowercase().starts_with("allocated");
        header.names().iter().any(starts)
    };
    if has("ServiceProviderName") && !has("ProviderName") {
        "1.4"
    } else if has("ServiceProviderName") || allocated() {
        "1.3"
    } else if has("InvoiceId") || has("BillingAccountType") {
        "1.2"
    } else if has("SkuMeter") || has("ServiceSubcategory") {
        "1.1"
    } else {
        "1.0"
    }
}

struct Positions {
    start: usize,
    end: usize,
    category: usize,
    billed: usize,
    cost: usize,
    currency: Option<usize>,
    /// Who sells, in the words of both generations.
    providers: Vec<usize>,
    class: Option<usize>,
    commitment: Option<usize>,
    /// Columns that may say `Unused`.
    status: Vec<usize>,
    meters: MeterColumns,
    resources: Vec<usize>,
    account: Option<usize>,
    tags: Vec<TagColumns>,
}

impl Positions {
    fn find(columns: &Columns, basis: CostBasis, problems: &mut Problems) -> Option<Positions> {
        let cost = match basis {
            CostBasis::Effective => "EffectiveCost",
            CostBasis::Billed => "BilledCost",
            CostBasis::List => "ListCost",
        };
        let mut required = |name| columns.required(&[name], problems);
        let (start, end) = (required("ChargePeriodStart"), required("ChargePeriodEnd"));
        let category = required("ChargeCategory");
        let (billed, cost) = (required("BilledCost"), required(cost));
        let allocated = tags(columns, "AllocatedTags", &["AllocatedTags."], problems);
        let own = tags(columns, "Tags", &["Tags."], problems);
        let meters = MeterColumns::find(columns, problems);
        let mut optional = |name: &'static str| columns.optional(&[name], problems);
        let mut all = |names: [&'static str; 2]| -> Vec<usize> {
            names.into_iter().filter_map(&mut optional).collect()
        };
        Some(Positions {
            providers: all(["ServiceProviderName", "ProviderName"]),
            status: all(["CommitmentDiscountStatus", "CapacityReservationStatus"]),
            resources: all(["AllocatedResourceId", "ResourceId"]),
            currency: optional("BillingCurrency"),
            class: optional("ChargeClass"),
            commitment: optional("CommitmentDiscountId"),
            account: optional("SubAccountId"),
            tags: vec![allocated, own],
            start: start?,
            end: end?,
            category: category?,
            meters: meters?,
            billed: billed?,
            cost: cost?,
        })
    }
}

fn tags(columns: &Columns, json: &str, single: &[&str], problems: &mut Problems) -> TagColumns {
    TagColumns::find(columns, &[json], single, &[], problems)
}

/// What is told of a file at its end.
#[derive(Default)]
struct Said {
    bases: Bases,
    corrections: u64,
    without_effective: u64,
    unknown: UnknownMeters,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let basis = settings.cost_basis;
    let mut said = Said::default();
    let mut tally = rows::each_growing(
        source,
        &mut columns,
        problems,
        |columns, problems| Positions::find(columns, basis, problems),
        |columns, at, row, tally| {
            let Some(charge) = charge(columns, at, settings, row, &mut said)? else {
                return Ok(Fate::Skipped("purchase, counted by its use"));
            };
            if is_correction(at, row) {
                said.corrections += 1;
            } else {
                tally.cover(charge.start, charge.end);
            }
            charges.push(charge);
            Ok(Fate::Used)
        },
    );
    let what = format!("{}, FOCUS {}", columns.file, version(&columns.header));
    said.bases.tell(&mut tally, &what, basis);
    let text = format!("{}: rows that correct earlier charges: {{n}}", columns.file);
    rows::remark(&mut tally, &catalogue::CORRECTIONS, said.corrections, text);
    let text = format!(
        "{}: usage rows that are billed but have an effective cost of 0: {{n}}; --cost-basis billed counts them",
        columns.file
    );
    let rows = said.without_effective;
    rows::remark(&mut tally, &catalogue::NO_EFFECTIVE_COST, rows, text);
    said.unknown.tell(&mut tally);
    tally
}

fn is_correction(at: &Positions, row: &Row) -> bool {
    word(row, at.class).is_some_and(|class| class.eq_ignore_ascii_case("correction"))
}

/// The charge of a row; `None` for a purchase that counts by its use.
fn charge(
    columns: &Columns,
    at: &Positions,
    settings: &Settings,
    row: &Row,
    said: &mut Said,
) -> Result<Option<Charge>, Problem> {
    let (start, end) = cloud::period(columns, row, at.start, at.end)?;
    let kind = kind(columns, at, row)?;
    let amount = columns.number(row, at.cost)?;
    let billed = columns.number(row, at.billed)?;
    let currency = cloud::currency(columns, settings, row, at.currency, at.billed)?;
    let is_purchase = category(at, row).eq_ignore_ascii_case("purchase");
    if is_purchase && counts_by_use(columns, at, settings.cost_basis, row, (amount, billed))? {
        said.bases.add(currency, Exact::ZERO, billed);
        return Ok(None);
    }
    let provider = at
        .providers
        .iter()
        .find_map(|column| word(row, Some(*column)))
        .or(settings.provider.as_deref())
        .map(names::provider);
    let about = About {
        provider: provider.as_deref(),
        category: category(at, row),
        is_correction: is_correction(at, row),
        amount,
    };
    let what = at.meters.what(columns, row, &about, &mut said.unknown)?;
    let scopes = scopes(columns, at, provider.as_deref(), row)?;
    said.bases.add(currency, amount, billed);
    let is_free = amount.is_zero() && billed.is_positive() && kind == ChargeKind::Usage;
    if is_free && settings.cost_basis == CostBasis::Effective {
        said.without_effective += 1;
    }
    Ok(Some(Charge {
        start,
        end,
        amount,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency,
        scopes,
        provider,
        model: what.model,
        meter: what.meter,
        tier: what.tier,
        kind,
        quantity: what.quantity,
        item: what.item,
        origin: rows::origin(columns, row),
    }))
}

fn category<'r>(at: &Positions, row: &'r Row) -> &'r str {
    word(row, Some(at.category)).unwrap_or("")
}

fn kind(columns: &Columns, at: &Positions, row: &Row) -> Result<ChargeKind, Problem> {
    let unused = at.status.iter().any(|column| {
        word(row, Some(*column)).is_some_and(|status| status.eq_ignore_ascii_case("unused"))
    });
    let category = category(at, row);
    match category.to_lowercase().as_str() {
        "usage" if unused => Ok(ChargeKind::IdleCommitment),
        "usage" | "purchase" => Ok(ChargeKind::Usage),
        "tax" => Ok(ChargeKind::Tax),
        "credit" | "adjustment" => Ok(ChargeKind::Credit),
        _ => {
            let message = match category {
                "" => "the row does not say its category".to_string(),
                _ => format!("{category} is no category of FOCUS"),
            };
            Err(columns
                .problem(&catalogue::BAD_VALUE, row, at.category, message)
                .help("categories are Usage, Purchase, Tax, Credit and Adjustment"))
        }
    }
}

/// Whether a purchase counts by the usage it pays for. `costs` are the cost that counts and the
/// billed one.
fn counts_by_use(
    columns: &Columns,
    at: &Positions,
    basis: CostBasis,
    row: &Row,
    (amount, billed): (Exact, Exact),
) -> Result<bool, Problem> {
    let of_commitment = word(row, at.commitment).is_some();
    match basis {
        CostBasis::Billed => Ok(false),
        CostBasis::List => Ok(of_commitment),
        CostBasis::Effective if of_commitment && !amount.is_zero() => {
            let message = "the purchase of a commitment has an effective cost";
            let problem = columns.problem(&catalogue::BAD_VALUE, row, at.cost, message);
            Err(problem.help(
                "it would count beside the usage it covers; --cost-basis billed counts purchases",
            ))
        }
        CostBasis::Effective => Ok(amount.is_zero() && !billed.is_zero()),
    }
}

fn scopes(
    columns: &Columns,
    at: &Positions,
    provider: Option<&str>,
    row: &Row,
) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    for column in &at.resources {
        let namespace = provider.unwrap_or("resource");
        scopes.extend(cloud::scope(columns, row, *column, namespace, "resource")?);
    }
    for tags in &at.tags {
        tags.scopes(columns, row, &mut scopes)?;
    }
    if let Some(column) = at.account {
        let namespace = provider.unwrap_or(cloud::ACCOUNT);
        scopes.extend(cloud::scope(
            columns,
            row,
            column,
            namespace,
            cloud::ACCOUNT,
        )?);
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{growing, sample};

    #[test]
    fn the_columns_tell_the_version() {
        let of = |names: &str| version(&Header::new(names.split(',').map(str::to_string)));
        assert_eq!(of("ProviderName,Tags"), "1.0");
        assert_eq!(of("ProviderName,SkuMeter"), "1.1");
        assert_eq!(of("ProviderName,SkuMeter,InvoiceId"), "1.2");
        assert_eq!(of("ProviderName,InvoiceId,ServiceProviderName"), "1.3");
        assert_eq!(of("ProviderName,InvoiceId,AllocatedTags"), "1.3");
        assert_eq!(of("InvoiceId,ServiceProviderName,AllocatedTags"), "1.4");
    }

    #[test]
    fn neighbors_are_not_taken() {
        let detects = |header: &str| {
            let mut found = None;
            sample("f.csv", header, |sample| {
                found = crate::formats::detect(sample).map(|format| format.name);
            });
            found
        };
        assert_eq!(
            detects("ChargePeriodStart,ServiceName,ChargeCategory,BilledCost,x_Acme"),
            Some("focus")
        );
        assert_eq!(
            detects("chargeperiodstart,servicename,chargecategory,billedcost"),
            Some("focus")
        );
        assert_ne!(
            detects("ChargePeriodStart,ServiceName,BilledCost"),
            Some("focus")
        );
        for names in [
            "lineItem/UsageType,lineItem/UnblendedCost",
            "line_item_usage_type,line_item_unblended_cost",
        ] {
            assert_eq!(detects(names), Some("aws-cur"));
        }
        assert_ne!(
            detects("lineItem/UsageType,line_item_unblended_cost"),
            Some("aws-cur")
        );
    }

    #[test]
    fn json_lines_may_bring_tags_late() {
        let line = |tag: &str| {
            format!(
                r#"{{"BilledCost":1.5,"EffectiveCost":"1.5","BillingCurrency":"USD","ChargePeriodStart":"2026-03-02T00:00:00Z","ChargePeriodEnd":"2026-03-03T00:00:00Z","ServiceName":"Search","ChargeCategory":"Usage"{tag}}}"#
            )
        };
        let text = format!("{}\n{}\n", line(""), line(r#","Tags":{"customer":"acme"}"#));
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let settings = Settings::default();
        let tally = read(
            &mut growing("f.jsonl", &text),
            &settings,
            &mut charges,
            &mut problems,
        );
        assert!(problems.is_empty());
        assert_eq!(tally.used, 2);
        assert!(charges[0].scopes.is_empty());
        assert_eq!(charges[1].scopes[0].namespace, "tag:customer");
        assert_eq!(charges[0].provider, None);
    }
}
