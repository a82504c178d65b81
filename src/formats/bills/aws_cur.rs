//! AWS Cost and Usage Reports: the legacy report (`lineItem/UsageType`) and CUR 2.0 of Data
//! Exports (`line_item_usage_type`).
//!
//! One row per hour or day, account, resource and usage type, or per fee, tax, credit and
//! discount. The two generations have the same columns under two spellings; tags are columns in
//! the legacy report (`resourceTags/user:team`) and maps in CUR 2.0. What a line counts for is
//! decided in [`super::aws_lines`], what Bedrock's usage types mean in [`super::bedrock`].
//!
//! The rule that must hold: every row is a charge or a named exception, and only Bedrock's
//! documented usage types count tokens.

use super::aws_lines::{Costs, Counted, LineType};
use super::bedrock::TokenUsage;
use super::cloud::{self, Bases, What};
use super::tags::TagColumns;
use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, Scope};
use crate::model::{Exact, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const START: &[&str] = &["lineItem/UsageStartDate", "line_item_usage_start_date"];
const END: &[&str] = &["lineItem/UsageEndDate", "line_item_usage_end_date"];
const LINE_TYPE: &[&str] = &["lineItem/LineItemType", "line_item_line_item_type"];
const USAGE_TYPE: &[&str] = &["lineItem/UsageType", "line_item_usage_type"];
const COST: &[&str] = &["lineItem/UnblendedCost", "line_item_unblended_cost"];
const CURRENCY: &[&str] = &["lineItem/CurrencyCode", "line_item_currency_code"];
const PRODUCT_CODE: &[&str] = &["lineItem/ProductCode", "line_item_product_code"];
const PRODUCT_NAME: &[&str] = &[
    "product/ProductName",
    "product_product_name",
    "product.product_name",
];
const PRODUCT_MAP: &[&str] = &["product"];
const OPERATION: &[&str] = &["lineItem/Operation", "line_item_operation"];
const DESCRIPTION: &[&str] = &[
    "lineItem/LineItemDescription",
    "line_item_line_item_description",
];
const QUANTITY: &[&str] = &["lineItem/UsageAmount", "line_item_usage_amount"];
const UNIT: &[&str] = &["pricing/unit", "pricing_unit"];
const RESOURCE: &[&str] = &["lineItem/ResourceId", "line_item_resource_id"];
const PRINCIPAL: &[&str] = &["line_item_iam_principal"];
const INVOICE: &[&str] = &["bill/InvoiceId", "bill_invoice_id"];
const ACCOUNT: &[&str] = &["lineItem/UsageAccountId", "line_item_usage_account_id"];

const TAG_MAPS: &[&str] = &["resource_tags", "tags"];
const TAG_COLUMNS: &[&str] = &["resourceTags/", "resource_tags_", "resource_tags.", "tags."];
/// Marks of the tags that users make.
const TAG_MARKS: &[&str] = &["user:", "user_"];

/// The format `aws-cur`.
pub static FORMAT: Format = Format {
    name: "aws-cur",
    kind: Kind::Bill,
    provider: Some("aws"),
    title: "AWS Cost and Usage Report (legacy and CUR 2.0)",
    required: &[
        "lineItem/UsageType|line_item_usage_type",
        "lineItem/UnblendedCost|line_item_unblended_cost",
    ],
    page: "\
**Where.** Billing and Cost Management → Data Exports. *Standard data export* is CUR 2.0, *Legacy CUR
export* the older report; both write files to an S3 bucket, a folder per month. Pass all files of a
month's last version, and one version only. Include resource ids; the caller's identity is an option
of CUR 2.0.

**Columns.** Legacy names (`lineItem/UsageType`) and those of CUR 2.0 (`line_item_usage_type`) are the same
columns. Needed: usage type, unblended cost, line item type, usage start and end. Used where present:
currency, product code and name, operation, description, usage amount, `pricing/unit`, resource, IAM
principal, account, tags, net and public cost, and the effective and unused costs of savings plans and
reservations.

**Files.** CSV and gzip, or Parquet. The maps of CUR 2.0 (`resource_tags`, `tags`, `product`) are JSON text in
CSV and maps in Parquet; both are read, and so are keys named as columns (`resource_tags_user_team`,
`product_product_name`). Parquet stores costs as binary floats; the shortest decimal that reads back
to the float counts.

**Units and zone.** The currency of each row; UTC. `pricing/unit` says whether usage amounts are single
tokens, thousands or millions; `Units` are millions in AWS Marketplace's usage types only. Another unit
leaves the cost without tokens.

**Costs.** `--cost-basis effective` counts usage under savings plans and reservations at its share of the
commitment, and what nobody used of a commitment as idle; prepayments and negations are left out and
counted. `billed` adds the costs of all lines, which is the invoice. `list` counts public on-demand
costs. Where the report has net costs they are used, and lines of discounts are part of them.

**Line item types.** `Usage`, `BundledDiscount`, `DiscountedUsage`, `SavingsPlanCoveredUsage`,
`SavingsPlanNegation`, `SavingsPlanRecurringFee`, `SavingsPlanUpfrontFee`, `RIFee`, `Fee`, `Tax`, `Credit`,
`Refund`, `Discount`, `EdpDiscount`, `PrivateRateDiscount`, `RiVolumeDiscount` and `SppDiscount`. Another
one is refused.

**Meters.** Bedrock's usage types: `USE1-Claude4.6Sonnet-cache-read-input-token-count`, with or without
`-cross-region-global`, `…-mantle-…`, and AWS Marketplace's `USE1-MP:USE1_InputTokenCount_Global-Units`,
whose model is the product's name, `Claude Opus 4.8 (Amazon Bedrock Edition)`. `batch`, `flex`,
`priority`, `standard` and `latency-optimized` are tiers. Everything else is cost without tokens.

**Ids for attribution.** `aws:` resource (the ARN of an application inference profile), IAM principal and
account; `tag:team` for the tag `team`. `user:` and `user_` before a tag's key are removed.

**Quirks.** AWS writes the open month anew every day; lines whose invoice id is blank are not final, which
`tanso check --require-final` tells where the report has that column. A gateway's traffic has one IAM principal. Some of
AWS's names of models leave out words (`Llama4-Maverick-17B`); they meet the log by month only. What
is unused of a savings plan is taken before private discounts.

**Confidence.** Columns and usage types come from tests of programs that read the report and from AWS's
documentation; no real file with Bedrock rows was seen.
",
    detect: |sample: &Sample<'_>| {
        sample.has_all(&[USAGE_TYPE[0], COST[0]]) || sample.has_all(&[USAGE_TYPE[1], COST[1]])
    },
    read: Reader::Bill(read),
};

struct Positions {
    start: usize,
    end: usize,
    line_type: usize,
    usage_type: usize,
    costs: Costs,
    currency: Option<usize>,
    product_code: Option<usize>,
    product_name: Option<usize>,
    product_map: Option<usize>,
    operation: Option<usize>,
    description: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
    /// Columns of ids and what they are, most specific first; tags stand before the account.
    resources: Vec<(usize, &'static str)>,
    account: Option<usize>,
    invoice: Option<usize>,
    tags: TagColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let start = columns.required(START, problems);
        let end = columns.required(END, problems);
        let line_type = columns.required(LINE_TYPE, problems);
        let usage_type = columns.required(USAGE_TYPE, problems);
        let costs = Costs::find(columns, problems);
        let tags = TagColumns::find(columns, TAG_MAPS, TAG_COLUMNS, TAG_MARKS, problems);
        let mut optional = |names| columns.optional(names, problems);
        let resources = [
            (optional(RESOURCE), "resource"),
            (optional(PRINCIPAL), "principal"),
        ];
        Some(Positions {
            currency: optional(CURRENCY),
            product_code: optional(PRODUCT_CODE),
            product_name: optional(PRODUCT_NAME),
            product_map: optional(PRODUCT_MAP),
            operation: optional(OPERATION),
            description: optional(DESCRIPTION),
            quantity: optional(QUANTITY),
            unit: optional(UNIT),
            resources: resources
                .into_iter()
                .filter_map(|(column, what)| Some((column?, what)))
                .collect(),
            account: optional(ACCOUNT),
            invoice: optional(INVOICE),
            tags,
            start: start?,
            end: end?,
            line_type: line_type?,
            usage_type: usage_type?,
            costs: costs?,
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
    let mut bases = Bases::default();
    let mut tally = rows::each_growing(
        source,
        &mut columns,
        problems,
        Positions::find,
        |columns, at, row, tally| {
            let line = line_type(columns, at, row)?;
            let range = cloud::period(columns, row, at.start, at.end)?;
            let currency = cloud::currency(columns, settings, row, at.currency, at.costs.main())?;
            let billed = match at.costs.billed(columns, row, line)? {
                Counted::Amount { amount, .. } => amount,
                Counted::Nothing(_) => Exact::ZERO,
            };
            let counted = at.costs.counted(columns, row, line, settings.cost_basis)?;
            let (kind, amount, written_places) = match counted {
                Counted::Nothing(reason) => {
                    bases.add(currency, Exact::ZERO, billed);
                    return Ok(Fate::Skipped(reason));
                }
                Counted::Amount {
                    kind,
                    amount,
                    places,
                } => (kind, amount, places),
            };
            let what = what(columns, at, row, line, amount)?;
            charges.push(Charge {
                provider: Some("aws".to_string()),
                start: range.0,
                end: range.1,
                amount,
                written_places,
                currency,
                scopes: scopes(columns, at, row)?,
                model: what.model,
                meter: what.meter,
                tier: what.tier,
                kind,
                quantity: what.quantity,
                item: what.item,
                origin: rows::origin(columns, row),
            });
            bases.add(currency, amount, billed);
            tally.cover(range.0, range.1);
            if at
                .invoice
                .is_some_and(|column| row.filled(column).is_none())
            {
                tally.not_final("aws", range.0);
            }
            Ok(Fate::Used)
        },
    );
    bases.tell(&mut tally, &columns.file, settings.cost_basis);
    tally
}

fn line_type(columns: &Columns, at: &Positions, row: &Row) -> Result<LineType, Problem> {
    let text = row.filled(at.line_type).unwrap_or("");
    LineType::parse(text).ok_or_else(|| {
        let message = match text {
            "" => "the line does not say its type".to_string(),
            _ => format!("{text} is a line item type that is not known"),
        };
        columns
            .problem(&catalogue::BAD_VALUE, row, at.line_type, message)
            .help("whether it counts beside the usage it belongs to cannot be told; remove such lines if it does not")
    })
}

/// What a line is about.
fn what(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    line: LineType,
    amount: Exact,
) -> Result<What, Problem> {
    let usage_type = word(row, Some(at.usage_type)).unwrap_or("");
    let code = word(row, at.product_code);
    let in_map = product_name(row, at.product_map);
    let name = word(row, at.product_name).or(in_map.as_deref());
    let product = name.or(code);
    let item = cloud::joined([
        word(row, Some(at.line_type)).filter(|_| !line.is_use()),
        product,
        Some(usage_type),
        word(row, at.operation),
        word(row, at.description),
    ]);
    let is_bedrock = cloud::is_bedrock([code, name]);
    let found = TokenUsage::parse(usage_type, name).filter(|_| is_bedrock);
    let Some(found) = found else {
        let product = product.unwrap_or("AWS");
        let name = match is_bedrock && line.is_use() {
            true => format!("{product}: {usage_type}"),
            false => product.to_string(),
        };
        return Ok(What::item(name, item));
    };
    let unit = word(row, at.unit).unwrap_or("");
    let quantity = rows::quantity(columns, row, at.quantity, amount)?
        .filter(|_| line.is_use())
        .and_then(|quantity| found.tokens(quantity, unit));
    Ok(What::tokens(found, quantity, item))
}

/// The product's name in the map of CUR 2.0, which is JSON text in CSV.
fn product_name(row: &Row, column: Option<usize>) -> Option<String> {
    let text = word(row, column)?;
    let map: serde_json::Value = serde_json::from_str(text).ok()?;
    map.get("product_name")?.as_str().map(str::to_string)
}

fn scopes(columns: &Columns, at: &Positions, row: &Row) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    for (column, dimension) in &at.resources {
        scopes.extend(cloud::scope(columns, row, *column, "aws", dimension)?);
    }
    at.tags.scopes(columns, row, &mut scopes)?;
    if let Some(account) = at.account {
        scopes.extend(cloud::scope(columns, row, account, "aws", cloud::ACCOUNT)?);
    }
    Ok(scopes)
}
