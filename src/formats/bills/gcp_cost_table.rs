//! Google Cloud's cost table: Console, Billing, Cost table, Download CSV.
//!
//! Eight lines of names and values stand above the header (invoice number, dates, `Currency`,
//! `Currency exchange rate`, total). Below it one row per project and SKU for the whole period, then
//! rows of the cost types `Rounding error`, `Tax` and `Total` without dates. Amounts are in the
//! currency of the preamble and carry no code of their own; the symbol in the names of the cost
//! columns may be that of several dollars. Usage amounts have commas between the thousands.
//!
//! The rule that must hold: the total row is compared, never counted, and no other row is lost.

use crate::formats::bills::google_sku::Line;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::bills::words::kind_named;
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind};
use crate::model::{Currency, Exact, Instant, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

const REQUIRED: &[&str] = &[
    "Billing account name",
    "Billing account ID",
    "Project name",
    "SKU description",
    "Usage start date",
    "Usage end date",
];

/// The ids that may name a customer, most specific first.
const SCOPES: &[(&str, &str)] = &[
    ("Project ID", "project"),
    ("Project name", "project name"),
    ("Project hierarchy", "project hierarchy"),
];

/// Symbols that stand for these currencies and no others of this list.
const SYMBOLS: &[(&str, &[&str])] = &[
    (
        "$",
        &["USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN"],
    ),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("¥", &["JPY", "CNY"]),
    ("₹", &["INR"]),
];

/// The format `gcp-cost-table`.
pub static FORMAT: Format = Format {
    name: "gcp-cost-table",
    kind: Kind::Bill,
    provider: Some("google"),
    title: "Google Cloud cost table (CSV)",
    required: REQUIRED,
    page: "\
**Where.** Google Cloud console → Billing → Cost table → Download CSV. The file is called
`<account>_Cost table, 2026-08-01 — 2026-08-31.csv`. Gemini API use of AI Studio is billed here too.

**Columns.** The header stands below eight lines such as `Invoice number,…` and `Currency,USD`; they are
found by themselves. The cost columns may carry any currency symbol. `Unrounded Cost` is used where it
is there, else `Cost`; `Usage amount`, `Usage unit`, `Cost type`, `Credit type`, `Service description` and
the project columns are used where present.

**Units and zone.** Amounts are in the `Currency` of the lines above the header and are not converted:
the exchange rate there is not used. A file without those lines needs `currency` in tanso.toml. Dates
are taken as they stand, the end date included; Google is said to begin its days at midnight US
Pacific, so a few hours at the ends of a month may differ from a log in UTC.

**Meters.** SKU descriptions of Gemini models are taken apart into model, token kind and tier: `Generate
content cached input token count gemini 2.5 flash input image` is cached image input of
gemini-2.5-flash. Usage in the unit `count` is then the number of tokens. A description with any word
that is not known stays a cost without tokens or model, and so does every other service of the bill.

**Cost types.** `Tax` and `Rounding error` are what they say, also without dates: they take the file's
time. A row with a `Credit type` is a credit. The `Total` row is not counted; a warning says so if the
rows do not sum to it. Another cost type is refused.

**Ids for attribution.** `google:` project id, project name, project hierarchy. Labels are not in this
export.

**Quirks.** Rows cover the whole period, so daily shares come from the log. Credits are only there if
the savings boxes were ticked.

**Confidence.** Tests of four programs that read the export; no real file was seen. How days begin is
not verified.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    start: usize,
    end: usize,
    cost: usize,
    sku: usize,
    service: Option<usize>,
    cost_type: Option<usize>,
    credit_type: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let start = columns.required(&["Usage start date"], problems);
        let end = columns.required(&["Usage end date"], problems);
        let sku = columns.required(&["SKU description"], problems);
        let cost = match cost_column(&columns.header) {
            None => columns.required(&["Unrounded Cost ($)", "Cost ($)"], problems),
            found => found,
        };
        Some(Positions {
            service: columns.optional(&["Service description"], problems),
            cost_type: columns.optional(&["Cost type"], problems),
            credit_type: columns.optional(&["Credit type"], problems),
            quantity: columns.optional(&["Usage amount"], problems),
            unit: columns.optional(&["Usage unit"], problems),
            scopes: scopes::find(columns, SCOPES, problems),
            start: start?,
            end: end?,
            cost: cost?,
            sku: sku?,
        })
    }
}

/// The column of the exact cost, else of the rounded one; the names end in a currency symbol.
fn cost_column(header: &Header) -> Option<usize> {
    ["unrounded cost", "cost"].into_iter().find_map(|wanted| {
        header.names().iter().position(|name| {
            let folded = name.to_lowercase();
            let rest = folded.strip_prefix(wanted).map(str::trim);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
        })
    })
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    // A month of dates is that month of the bill, whatever zone other files are in.
    columns.zone = Some(Zone::Utc);
    rows::known_fields(&columns.file, settings, &[], problems);
    let found = Positions::find(&columns, problems);
    let Some(at) = found else {
        return Tally::default();
    };
    let symbol = symbol_of(columns.header.name(at.cost));
    let currency = match currency(source, settings, &columns, symbol) {
        Ok(currency) => currency,
        Err(problem) => {
            problems.push(problem);
            return Tally::default();
        }
    };
    let mut sums = Sums::default();
    let mut undated = Vec::new();
    let mut tally = rows::each(source, problems, |_, row, tally| {
        let kind = kind(&columns, &at, row)?;
        let amount = amount(&columns, &at, row)?;
        let Some(kind) = kind else {
            sums.total = Some(amount);
            return Ok(Fate::Skipped("total row"));
        };
        sums.rows += amount;
        let dated = row.filled(at.start).is_some() || kind == ChargeKind::Usage;
        let range = match dated {
            true => {
                let range = range(&columns, &at, row)?;
                tally.cover(range.0, range.1);
                range
            }
            // Settled below, when the time of the file is known.
            false => (Instant(0), Instant(0)),
        };
        let made = charge(&columns, &at, row, kind, amount, currency, range)?;
        match dated {
            true => charges.push(made),
            false => undated.push(made),
        }
        Ok(Fate::Used)
    });
    date(undated, &tally, charges, problems);
    sums.compare(&mut tally, currency);
    let exact = columns.header.name(at.cost).to_lowercase();
    let exact = exact.starts_with("unrounded").then_some(at.cost);
    for (name, column, means) in [
        ("Unrounded Cost", exact, "the costs are rounded"),
        (
            "Cost type",
            at.cost_type,
            "taxes and rounding count as usage",
        ),
    ] {
        rows::without(&mut tally, name, column, means);
    }
    tally
}

/// The rows' sum and the file's own total.
#[derive(Default)]
struct Sums {
    rows: Exact,
    total: Option<Exact>,
}

impl Sums {
    /// Warns if the two differ by a minor unit or more.
    fn compare(&self, tally: &mut Tally, currency: Currency) {
        let minor = Exact::new(1, currency.decimals());
        if let Some(total) = self.total
            && (self.rows - total).abs() >= minor
        {
            let text = format!(
                "the rows sum to {} {currency}, the total row says {total} {currency}",
                self.rows
            );
            rows::remark(tally, &catalogue::OWN_TOTAL, 1, text);
        }
    }
}

/// Gives rows without dates the time of the file.
fn date(undated: Vec<Charge>, tally: &Tally, charges: &mut Vec<Charge>, problems: &mut Problems) {
    for mut charge in undated {
        let Some((start, end)) = tally.covers else {
            let message = "the row has no dates, and no row of the file has any";
            let place = Place::line(&charge.origin.file, charge.origin.line);
            problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
            continue;
        };
        (charge.start, charge.end) = (start, end);
        charges.push(charge);
    }
}

/// The currency of the amounts: that of the lines above the header, else the user's.
fn currency(
    source: &dyn RowSource,
    settings: &Settings,
    columns: &Columns,
    symbol: &str,
) -> Result<Currency, Problem> {
    let mut above = source.above().iter();
    let stated = above.find(|(name, _)| name.eq_ignore_ascii_case("currency"));
    let place = || Place::file(&columns.file);
    let Some((_, code)) = stated else {
        return settings.currency.ok_or_else(|| {
            let message = "nothing says which currency the amounts are in";
            Problem::new(&catalogue::MISSING_VALUE, message)
                .at(place())
                .help("keep the lines above the header, or say currency = \"USD\" in its [[input]] entry of tanso.toml")
        });
    };
    let Some(currency) = Currency::parse(code) else {
        let message =
            format!("Currency above the header is {code:?}, not the code of a currency (ISO 4217)");
        return Err(Problem::new(&catalogue::BAD_VALUE, message).at(place()));
    };
    let named = |(_, codes): &&(&str, &[&str])| codes.contains(&currency.code());
    let of_symbol = SYMBOLS.iter().find(|(sign, _)| symbol.ends_with(sign));
    if let Some((_, codes)) = of_symbol
        && SYMBOLS.iter().any(|known| named(&known))
        && !codes.contains(&currency.code())
    {
        let message =
            format!("the cost column is in {symbol}, but Currency above the header is {currency}");
        return Err(Problem::new(&catalogue::BAD_VALUE, message)
            .at(place())
            .help("export the file again"));
    }
    Ok(currency)
}

/// What stands in the parentheses of a column's name.
fn symbol_of(name: &str) -> &str {
    let (_, rest) = name.split_once('(').unwrap_or(("", ""));
    rest.split(')').next().unwrap_or("").trim()
}

/// What kind of money the row is; `None` for the total.
fn kind(columns: &Columns, at: &Positions, row: &Row) -> Result<Option<ChargeKind>, Problem> {
    if word(row, at.credit_type).is_some() {
        return Ok(Some(ChargeKind::Credit));
    }
    let Some((column, name)) = at.cost_type.and_then(|c| Some((c, word(row, Some(c))?))) else {
        if at.cost_type.is_some() && row.filled(at.sku).is_none() {
            let column = at.cost_type.unwrap_or(at.sku);
            let message = "the row has neither a cost type nor a SKU";
            return Err(columns.problem(&catalogue::MISSING_VALUE, row, column, message));
        }
        return Ok(Some(ChargeKind::Usage));
    };
    match name.to_lowercase().as_str() {
        "total" => Ok(None),
        "usage" => Ok(Some(ChargeKind::Usage)),
        folded => match kind_named(folded) {
            ChargeKind::Usage => {
                let message = "Cost type is none of Usage, Tax, Rounding error, Adjustment, Total";
                let problem = columns.problem(&catalogue::BAD_VALUE, row, column, message);
                Err(problem.help("if it is a subtotal, remove the row"))
            }
            kind => Ok(Some(kind)),
        },
    }
}

fn amount(columns: &Columns, at: &Positions, row: &Row) -> Result<Exact, Problem> {
    match columns.grouped_number(row, at.cost, true)? {
        Some(amount) => Ok(amount),
        // Says that it is empty.
        None => columns.number(row, at.cost),
    }
}

/// The days of a row, the last one included.
fn range(columns: &Columns, at: &Positions, row: &Row) -> Result<(Instant, Instant), Problem> {
    let start = rows::stamp(columns, row, at.start)?.utc_day();
    let last = columns.instant(row, at.end)?.utc_day();
    if last < start {
        let message = "the usage ends before it starts";
        return Err(columns.problem(&catalogue::BAD_VALUE, row, at.end, message));
    }
    Ok((Zone::Utc.start_of(start), Zone::Utc.start_of(last.plus(1))))
}

fn charge(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    kind: ChargeKind,
    amount: Exact,
    currency: Currency,
    (start, end): (Instant, Instant),
) -> Result<Charge, Problem> {
    let otherwise = word(row, at.cost_type).unwrap_or("charge");
    // Tax and rounding name themselves better than the service they stand beside.
    let service = word(row, at.service).filter(|_| row.filled(at.sku).is_some());
    let line = Line::of(service, word(row, Some(at.sku)), otherwise);
    let counted = line.sku.is_tokens()
        && kind == ChargeKind::Usage
        && word(row, at.unit).is_some_and(|unit| unit.eq_ignore_ascii_case("count"));
    let quantity = match at.quantity.filter(|_| counted) {
        Some(column) => columns.grouped_number(row, column, false)?,
        None => None,
    };
    if let Some(column) = at.quantity
        && quantity.is_some_and(|q| q.is_negative())
        && !amount.is_negative()
    {
        let message = format!("{} is negative", columns.header.name(column));
        return Err(columns.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
    }
    Ok(Charge {
        provider: Some("google".to_string()),
        start,
        end,
        amount,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency,
        scopes: scopes::read(columns, row, &at.scopes, "google")?,
        model: line.sku.model,
        meter: line.sku.meter,
        tier: line.sku.tier,
        kind,
        quantity,
        item: line.item,
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::read_json;

    const ABOVE: &str = "Invoice number,5300112233\nInvoice date,2026-08-31\nDue date,2026-09-30\nBilling ID,0000-1111-2222\nBilling account ID,0A0A0A-0B0B0B-0C0C0C\nCurrency,USD\nCurrency exchange rate,1\nTotal amount due,\"$1.00\"\n";
    const HEADER: &str = "Billing account name,Billing account ID,Project name,Project ID,Project hierarchy,Service description,Service ID,SKU description,SKU ID,Consumption model description,Credit type,Cost type,Usage start date,Usage end date,Usage amount,Usage unit,Unrounded Cost ($),Cost ($)\n";
    const ROW: &str = "Acme,0A,acme-prod,acme-prod-1,acme.example,Gemini API,S1,Generate content input token count gemini 3.7 flash text,K1,Default,,Usage,2026-08-01,2026-08-31,\"20,122,880\",count,1.085840,1.09\n";

    fn charges_of(text: &str, settings: &Settings) -> (Vec<Charge>, Tally, Problems) {
        let mut charges = Vec::new();
        let (tally, problems) = read_json("table.csv", text, |source, problems| {
            read(source, settings, &mut charges, problems)
        });
        (charges, tally, problems)
    }

    fn only_code(problems: &Problems) -> (&'static str, Option<u64>) {
        assert_eq!(problems.total(), 1);
        let problem = &problems.kept()[0];
        let line = problem.place.as_ref().and_then(|place| place.line);
        (problem.entry.code, line)
    }

    #[test]
    fn the_currency_stands_above_the_header() {
        let text = format!("{ABOVE}{HEADER}{ROW}");
        let yen = text
            .replace("Currency,USD", "Currency,JPY")
            .replace("($)", "(¥)");
        let (charges, _, problems) = charges_of(&yen, &Settings::default());
        assert!(problems.is_empty());
        assert_eq!(charges[0].currency.code(), "JPY");
        assert_eq!(charges[0].origin.line, 10);
        // The dollar sign is that of several currencies, but not of the euro.
        let taiwan = text.replace("Currency,USD", "Currency,TWD");
        assert_eq!(
            charges_of(&taiwan, &Settings::default()).0[0]
                .currency
                .code(),
            "TWD"
        );
        let euro = text.replace("Currency,USD", "Currency,EUR");
        let (charges, _, problems) = charges_of(&euro, &Settings::default());
        assert!(charges.is_empty());
        assert_eq!(only_code(&problems).0, "T3029");
    }

    #[test]
    fn a_table_without_its_preamble_needs_a_currency() {
        let text = format!("{HEADER}{ROW}");
        let (charges, _, problems) = charges_of(&text, &Settings::default());
        assert!(charges.is_empty());
        assert_eq!(only_code(&problems).0, "T3027");
        let settings = Settings {
            currency: Currency::parse("AUD"),
            ..Settings::default()
        };
        let (charges, _, problems) = charges_of(&text, &settings);
        assert!(problems.is_empty());
        assert_eq!(charges[0].currency.code(), "AUD");
    }

    #[test]
    fn a_total_is_compared_and_not_counted() {
        let total = |amount: &str| {
            let text = format!("{ABOVE}{HEADER}{ROW},,,,,,,,,,,Total,,,,,{amount},1.09\n");
            charges_of(&text, &Settings::default())
        };
        let (charges, tally, problems) = total("1.085840");
        assert!(problems.is_empty());
        assert_eq!((charges.len(), tally.skipped["total row"]), (1, 1));
        assert!(tally.remarks.is_empty());
        let (_, tally, _) = total("2.085840");
        assert_eq!(tally.remarks[0].entry.code, "N1040");
        assert_eq!(
            tally.remarks[0].text,
            "the rows sum to 1.08584 USD, the total row says 2.08584 USD"
        );
    }

    #[test]
    fn a_cost_type_that_is_not_known_is_refused() {
        let row = ROW.replace(",Usage,", ",Subtotal,");
        let (charges, _, problems) =
            charges_of(&format!("{ABOVE}{HEADER}{row}"), &Settings::default());
        assert!(charges.is_empty());
        assert_eq!(only_code(&problems), ("T3029", Some(10)));
    }

    #[test]
    fn a_row_of_usage_needs_its_dates_and_its_cost() {
        let undated = ROW.replace("2026-08-01,2026-08-31", ",");
        let (_, _, problems) =
            charges_of(&format!("{ABOVE}{HEADER}{undated}"), &Settings::default());
        assert_eq!(only_code(&problems), ("T3024", Some(10)));
        let free = ROW.replace("1.085840,1.09", ",");
        let (_, _, problems) = charges_of(&format!("{ABOVE}{HEADER}{free}"), &Settings::default());
        assert_eq!(only_code(&problems), ("T3021", Some(10)));
        // A lone tax row has no time to take.
        let tax = ",,,,,,,,,,,Tax,,,,,0.19,0.19\n";
        let (_, _, problems) = charges_of(&format!("{ABOVE}{HEADER}{tax}"), &Settings::default());
        assert_eq!(only_code(&problems), ("T3027", Some(10)));
    }

    #[test]
    fn only_counts_are_tokens() {
        let hours = ROW.replace(",count,", ",hour,");
        let (charges, _, _) = charges_of(&format!("{ABOVE}{HEADER}{hours}"), &Settings::default());
        assert_eq!(charges[0].quantity, None);
        let broken = ROW.replace("20,122,880", "20,122,88");
        let (_, _, problems) =
            charges_of(&format!("{ABOVE}{HEADER}{broken}"), &Settings::default());
        assert_eq!(only_code(&problems), ("T3021", Some(10)));
    }
}
