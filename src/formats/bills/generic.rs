//! Any other bill as a table: a day or period, an amount, and whatever else it says.
//!
//! Written by hand or exported by a provider without a format of its own. Columns are found by the
//! names below in any case, or named by `columns`. A date is that day of the file's zone, UTC
//! unless `tz` says otherwise; `period_end` is the first moment outside. Amounts are in major
//! units, negative ones give money back.
//!
//! The rule that must hold: a row is a charge, a named total, or a located error.

use crate::formats::bills::words::{kind_named, meter_named};
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Currency, Instant, names};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const START: &[&str] = &["date", "period_start", "day", "usage_date", "start_date"];
const END: &[&str] = &["period_end", "end_date"];
const COST: &[&str] = &["cost", "amount", "cost_usd", "total_cost", "amount_usd"];
const CURRENCY: &[&str] = &["currency"];
const PROVIDER: &[&str] = &["provider", "vendor"];
const MODEL: &[&str] = &["model", "model_name", "model_id"];
const METER: &[&str] = &["meter", "token_type"];
const QUANTITY: &[&str] = &["quantity"];
const KIND: &[&str] = &["type", "category", "kind"];
const TIER: &[&str] = &["service_tier", "tier"];
const ITEM: &[&str] = &["item", "line_item", "description"];
const CUSTOMER: &[&str] = &["customer_id", "customer"];
const API_KEY: &[&str] = &["api_key_id", "api_key"];
const PROJECT: &[&str] = &["project_id", "project"];
const WORKSPACE: &[&str] = &["workspace_id", "workspace"];

/// Fields that `columns` may name, with the names that are found by themselves.
const FIELDS: &[(&str, &[&str])] = &[
    ("date", START),
    ("period_end", END),
    ("cost", COST),
    ("currency", CURRENCY),
    ("provider", PROVIDER),
    ("model", MODEL),
    ("meter", METER),
    ("quantity", QUANTITY),
    ("type", KIND),
    ("tier", TIER),
    ("item", ITEM),
    ("customer", CUSTOMER),
    ("api_key", API_KEY),
    ("project", PROJECT),
    ("workspace", WORKSPACE),
];

/// Columns that only a log of requests has.
const OF_A_LOG: &[&str] = &[
    "timestamp",
    "time",
    "ts",
    "created_at",
    "datetime",
    "event_time",
    "request_id",
    "event_id",
    "idempotency_key",
    "input_tokens",
    "prompt_tokens",
    "output_tokens",
    "completion_tokens",
    "tokens_in",
    "tokens_out",
];

/// The format `cost-csv`.
pub static FORMAT: Format = Format {
    name: "cost-csv",
    kind: Kind::Bill,
    provider: None,
    title: "Costs in a table of your own",
    required: &["date or period_start", "cost or amount"],
    page: "\
**Where.** Any CSV, JSON lines or Parquet file with a day and an amount: a provider without a format of
its own, or a bill typed in by hand.

**Columns.** `date` or `period_start` (with `period_end` for longer periods), and `cost`, `amount`,
`cost_usd` or `total_cost`. Used where present: `currency`, `provider`, `model`, `meter` or `token_type`,
`quantity`, `service_tier`, `type`, `item`, and the ids `customer`, `api_key`, `project`, `workspace`.
`columns` in tanso.toml names others; `provider` and `currency` there fill in what the file leaves
out.

**Units and zone.** Major units; negative amounts give money back. USD unless the file or tanso.toml
says otherwise. A date is that whole day, in UTC unless `tz` is given; a period ends before
`period_end`, so October is 2026-10-01 to 2026-11-01.

**Meters.** Our own names (`input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output`,
`web_searches` …) and the common spellings (`input_tokens`, `cached_input_tokens`, `output_tokens`)
are meters, taken as disjoint lines of the bill. Another word stays a cost without tokens; no word
covers everything.

**Types.** `credit`, `refund`, `discount`, `adjustment`, `tax`, `vat` and `rounding` are what they say,
and `idle commitment` or `unused commitment` is reserved capacity that nobody used. Every other word is usage.

**Ids for attribution.** `customer` is an id of the `usage` namespace. Key, project and workspace ids
are in the provider's namespace, or in `api_key`, `project` and `workspace` where no provider is named.

**Quirks.** A row labeled *Total* without a date is refused. A file that also has request ids, token
counts or clock times is taken for a usage log: write `cost-csv:FILE` to read it as a bill.
",
    detect,
    read: Reader::Bill(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    let customer = any(CUSTOMER);
    let by_customer_and_feature = customer && any(&["feature", "endpoint", "feature_key"]);
    let aggregated_log = customer && any(&["requests", "request_count", "num_requests"]);
    let says_cost = any(&["cost", "cost_usd", "total_cost"]);
    // An amount beside a customer may as well be revenue, unless a provider's words stand there.
    let ambiguous = customer && !says_cost && !(any(PROVIDER) || any(MODEL) || any(METER));
    any(START)
        && any(COST)
        && !any(OF_A_LOG)
        && !any(&["billingcurrency", "plan", "invoice_id"])
        && !(by_customer_and_feature || aggregated_log || ambiguous)
}

struct Positions {
    start: usize,
    cost: usize,
    end: Option<usize>,
    currency: Option<usize>,
    provider: Option<usize>,
    model: Option<usize>,
    meter: Option<usize>,
    quantity: Option<usize>,
    kind: Option<usize>,
    tier: Option<usize>,
    item: Option<usize>,
    /// Column, namespace without a provider, what it is; most specific first.
    scopes: Vec<(usize, &'static str, &'static str)>,
}

impl Positions {
    fn find(columns: &Columns, settings: &Settings, problems: &mut Problems) -> Option<Positions> {
        let mut find = |field: &str, required: bool| {
            let known = FIELDS.iter().find(|(name, _)| *name == field);
            let aliases = known.map_or(&[][..], |(_, aliases)| aliases);
            if let Some(name) = settings.columns.get(field) {
                let before = problems.total();
                let found = columns.optional(&[name], problems);
                if found.is_none() && problems.total() == before {
                    problems.push(rows::no_such_column(columns, field, name));
                }
                found
            } else if required {
                columns.required(aliases, problems)
            } else {
                columns.optional(aliases, problems)
            }
        };
        let (start, cost) = (find("date", true), find("cost", true));
        let scopes = [
            ("customer", "usage", "customer"),
            ("api_key", "api_key", "api key"),
            ("project", "project", "project"),
            ("workspace", "workspace", "workspace"),
        ];
        Some(Positions {
            end: find("period_end", false),
            currency: find("currency", false),
            provider: find("provider", false),
            model: find("model", false),
            meter: find("meter", false),
            quantity: find("quantity", false),
            kind: find("type", false),
            tier: find("tier", false),
            item: find("item", false),
            scopes: scopes
                .into_iter()
                .filter_map(|(field, namespace, what)| Some((find(field, false)?, namespace, what)))
                .collect(),
            start: start?,
            cost: cost?,
        })
    }
}

impl Positions {
    fn reads(&self, column: usize) -> bool {
        let one = [
            Some(self.start),
            Some(self.cost),
            self.end,
            self.currency,
            self.provider,
            self.model,
            self.meter,
            self.quantity,
            self.kind,
            self.tier,
            self.item,
        ];
        let scopes = self.scopes.iter().map(|(column, ..)| Some(*column));
        one.into_iter()
            .chain(scopes)
            .any(|known| known == Some(column))
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, None);
    let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    rows::known_fields(&columns.file, settings, &known, problems);
    // JSON lines bring columns as they go, so what is missing is only certain at the end.
    let mut missing = Problems::default();
    let mut found = Positions::find(&columns, settings, &mut missing);
    let mut unread: Option<u64> = None;
    let mut tally = rows::each(source, problems, |header, row, tally| {
        if header.len() != columns.header.len() {
            columns.header = header.clone();
            missing = Problems::default();
            let before = found.take();
            found = Positions::find(&columns, settings, &mut missing);
            same_columns(&columns, row, before.as_ref(), found.as_ref())?;
        }
        let Some(at) = &found else {
            unread.get_or_insert(row.line());
            return Ok(Fate::Skipped("refused"));
        };
        let charge = charge(&columns, at, settings, row)?;
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        Ok(Fate::Used)
    });
    if let (Some(line), Some(_)) = (unread, &found) {
        let message = "the row lacks a date or an amount that later rows have";
        let place = Place::line(&columns.file, line);
        problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
    }
    problems.extend(missing);
    if let Some(at) = found {
        rows::ignored(&mut tally, &columns.header, |column| at.reads(column));
    }
    tally
}

/// A date or amount read from one column must not come from another later in the file.
fn same_columns(
    columns: &Columns,
    row: &Row,
    before: Option<&Positions>,
    after: Option<&Positions>,
) -> Result<(), Problem> {
    let (Some(before), Some(after)) = (before, after) else {
        return Ok(());
    };
    for (old, new, field) in [
        (before.start, after.start, "date"),
        (before.cost, after.cost, "cost"),
    ] {
        if old != new {
            let (old, name) = (columns.header.name(old), columns.header.name(new));
            let message = format!("{name} appears here, after rows were read by {old}");
            let problem = columns.problem(&catalogue::HEADER, row, new, message);
            return Err(problem.help(format!("say columns = {{ {field} = \"…\" }}")));
        }
    }
    Ok(())
}

fn charge(
    columns: &Columns,
    at: &Positions,
    settings: &Settings,
    row: &Row,
) -> Result<Charge, Problem> {
    let (start, end) = period(columns, at, row)?;
    let amount = columns.number(row, at.cost)?;
    let provider = word(row, at.provider)
        .or(settings.provider.as_deref())
        .map(names::provider);
    let model = word(row, at.model);
    let meter = word(row, at.meter);
    let kind = word(row, at.kind);
    let item = word(row, at.item).map_or_else(
        || {
            [model, meter, kind]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        },
        str::to_string,
    );
    let meter = meter.map_or(ChargeMeter::All, meter_named);
    let quantity = match meter {
        // A quantity of nothing in particular cannot be compared with any log.
        ChargeMeter::All => None,
        _ => rows::quantity(columns, row, at.quantity, amount)?,
    };
    Ok(Charge {
        start,
        end,
        amount,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: currency(columns, at, settings, row)?,
        scopes: scopes(columns, at, provider.as_deref(), row)?,
        provider,
        model: model.map(str::to_string),
        meter,
        tier: word(row, at.tier).map(str::to_string),
        kind: kind.map_or(ChargeKind::Usage, kind_named),
        quantity,
        item,
        origin: rows::origin(columns, row),
    })
}

/// The day of a date, or the stated period.
fn period(columns: &Columns, at: &Positions, row: &Row) -> Result<(Instant, Instant), Problem> {
    let start = rows::stamp(columns, row, at.start)?;
    match at.end.filter(|end| row.filled(*end).is_some()) {
        Some(end) => rows::range(columns, row, start, end),
        None => Ok(rows::day_of(columns, start)),
    }
}

fn currency(
    columns: &Columns,
    at: &Positions,
    settings: &Settings,
    row: &Row,
) -> Result<Currency, Problem> {
    if let Some(column) = at.currency.filter(|column| row.filled(*column).is_some()) {
        return columns.currency(row, column);
    }
    let in_dollars = columns
        .header
        .name(at.cost)
        .to_lowercase()
        .ends_with("_usd");
    Ok(match settings.currency {
        Some(currency) if !in_dollars => currency,
        _ => Currency::USD,
    })
}

fn scopes(
    columns: &Columns,
    at: &Positions,
    provider: Option<&str>,
    row: &Row,
) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    for (column, alone, dimension) in &at.scopes {
        let Some(id) = columns.id(row, *column)? else {
            continue;
        };
        // A customer may well be called "null"; a project or key is then simply not stated.
        if *dimension != "customer" && word(row, Some(*column)).is_none() {
            continue;
        }
        let namespace = match *dimension {
            "customer" => alone,
            _ => provider.unwrap_or(alone),
        };
        scopes.push(Scope {
            namespace: namespace.to_string(),
            id: id.to_string(),
            dimension,
        });
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{growing, sample, table};
    use crate::model::{Exact, Meter};

    fn charges_of(text: &str, settings: &Settings) -> (Vec<Charge>, Tally, Problems) {
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let tally = read(
            &mut table("b.csv", text),
            settings,
            &mut charges,
            &mut problems,
        );
        (charges, tally, problems)
    }

    fn set(pairs: &[(&str, &str)]) -> Settings {
        Settings {
            columns: pairs
                .iter()
                .map(|(field, name)| (field.to_string(), name.to_string()))
                .collect(),
            ..Settings::default()
        }
    }

    #[test]
    fn a_date_is_its_utc_day_and_a_period_ends_before_its_end() {
        let (charges, _, problems) = charges_of(
            "date,period_end,amount,provider,type\n2026-10-31,,1.50,openai,\n2026-10-01,2026-11-01,-4,openai,credit\n",
            &Settings::default(),
        );
        assert!(problems.is_empty());
        assert_eq!(charges[0].start.to_string(), "2026-10-31T00:00:00Z");
        assert_eq!(charges[0].end.to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(
            (charges[0].written_places, charges[0].kind),
            (2, ChargeKind::Usage)
        );
        assert_eq!(charges[1].end.to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(
            (charges[1].amount, charges[1].kind),
            (Exact::from(-4i64), ChargeKind::Credit)
        );
    }

    #[test]
    fn ids_are_scopes_and_the_customer_comes_first() {
        let text = "date,request_id,customer,model,input_tokens,output_tokens,cost,project\n\
                    2026-09-01,req_1,cus_0,gpt-x,10,5,0.00123,prod\n";
        let (charges, _, _) = charges_of(text, &Settings::default());
        let scopes: Vec<(&str, &str)> = charges[0]
            .scopes
            .iter()
            .map(|scope| (scope.namespace.as_str(), scope.id.as_str()))
            .collect();
        assert_eq!(scopes, [("usage", "cus_0"), ("project", "prod")]);
        assert_eq!(charges[0].meter, ChargeMeter::All);
        let settings = Settings {
            provider: Some("OpenAI".to_string()),
            ..Settings::default()
        };
        let (charges, _, _) = charges_of(text, &settings);
        assert_eq!(charges[0].scopes[1].namespace, "openai");
    }

    #[test]
    fn totals_slashes_and_empty_amounts_are_refused() {
        let text = "date,model,cost\n,Total,9.99\n10/31/2026,gpt-x,1\n2026-10-31,gpt-x,\ndate,model,cost\nTotal:,,9.99\n";
        let (charges, tally, problems) = charges_of(text, &Settings::default());
        assert!(charges.is_empty());
        let codes: Vec<&str> = problems.kept().iter().map(|p| p.entry.code).collect();
        assert_eq!(codes, ["T3030", "T3024", "T3021", "T3031", "T3030"]);
        assert_eq!((tally.read, tally.skipped["refused"]), (5, 5));
    }

    #[test]
    fn currencies_come_from_the_row_then_the_name_then_the_settings() {
        let euro = Settings {
            currency: Currency::parse("EUR"),
            ..Settings::default()
        };
        let code = |text: &str| charges_of(text, &euro).0[0].currency.code().to_string();
        assert_eq!(code("date,cost,currency\n2026-10-01,1,gbp\n"), "GBP");
        assert_eq!(code("date,cost,currency\n2026-10-01,1,\n"), "EUR");
        assert_eq!(code("date,cost_usd\n2026-10-01,1\n"), "USD");
    }

    #[test]
    fn quantities_need_a_meter() {
        let text = "date,cost,meter,quantity\n2026-10-01,1,Input tokens,1000\n2026-10-01,1,GPU hours,2.5\n2026-10-01,1,,7\n2026-10-01,1,input,-1\n";
        let (charges, _, problems) = charges_of(text, &Settings::default());
        assert_eq!(charges[0].meter, ChargeMeter::Is(Meter::Input));
        assert_eq!(charges[0].quantity, Some(Exact::from(1000u64)));
        assert_eq!(charges[1].meter, ChargeMeter::Item("GPU hours".to_string()));
        assert_eq!(charges[2].quantity, None);
        assert_eq!(problems.kept()[0].entry.code, "T3022");
    }

    #[test]
    fn settings_name_columns_and_unknown_ones_are_refused() {
        let text = "Tag,Betrag\n2026-10-01,3\n";
        let settings = set(&[("date", "Tag"), ("cost", "Betrag")]);
        let (charges, _, problems) = charges_of(text, &settings);
        assert!(problems.is_empty());
        assert_eq!(charges.len(), 1);
        let (_, _, problems) = charges_of(text, &set(&[("date", "Day"), ("cost", "Betrag")]));
        assert_eq!(problems.kept()[0].entry.code, "T3016");
        let (_, _, problems) = charges_of("date,cost\n", &set(&[("price", "cost")]));
        assert_eq!(problems.kept()[0].entry.code, "T1010");
    }

    #[test]
    fn json_lines_may_bring_columns_later() {
        let text = "{\"date\":\"2026-10-01\",\"cost\":\"1\"}\n{\"date\":\"2026-10-02\",\"cost\":\"2\",\"model\":\"gpt-x\"}";
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let mut source = growing("b.jsonl", text);
        read(
            &mut source,
            &Settings::default(),
            &mut charges,
            &mut problems,
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(charges[0].model, None);
        assert_eq!(charges[1].model.as_deref(), Some("gpt-x"));
    }

    #[test]
    fn bills_are_told_from_logs_and_revenue() {
        for (header, bill) in [
            ("date,cost", true),
            ("Date,Provider,Amount", true),
            ("period_start,period_end,amount,currency,provider", true),
            ("date,customer,cost,project", true),
            (
                "date,request_id,customer,model,input_tokens,output_tokens,cost,project",
                false,
            ),
            ("timestamp,customer,cost", false),
            ("date,customer,feature,cost", false),
            ("date,customer,amount", false),
            ("customer_id,period_start,period_end,amount,currency", false),
            ("date,customer,requests,cost", false),
        ] {
            sample("x.csv", header, |s| assert_eq!(detect(s), bill, "{header}"));
        }
    }
}
