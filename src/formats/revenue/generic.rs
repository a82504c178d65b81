//! The generic revenue layout, `revenue-csv`: one row per amount that a customer owes for a period,
//! from any billing system.
//!
//! Our own definition: `customer_id,period_start,period_end,amount,currency` and optionally `tax`,
//! `plan`, `type`, `invoice_id`, `status`. `amount` is in major units with its sign (refunds and
//! credits are negative) and includes `tax` where that column is there, so net = amount − tax.
//! `period_end` is exclusive; blank or equal to the start is a one-off. Dates are days of the
//! report's zone unless the file's is stated; times of day need an offset or a stated zone.
//!
//! An invoice may have many rows, so `invoice_id` tells nothing apart and rows of one file are never
//! taken for repeats of each other. Minor units cannot be told from major ones and are not read.

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::rows::{ignored, is_total, stamp, total_row};
use crate::formats::{Format, Kind, Reader, Remark, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Invoice, InvoiceStatus, Prepaid};
use crate::model::{Currency, Exact, Instant};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Revenue of any billing system in our own layout.
pub static FORMAT: Format = Format {
    name: "revenue-csv",
    kind: Kind::Revenue,
    provider: None,
    title: "Generic revenue file",
    required: &[
        "customer_id",
        "period_start",
        "period_end",
        "amount",
        "currency",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
For every billing system without a format of its own: CSV, JSON lines or Parquet with these columns.
`columns` in an `[[input]]` entry of `tanso.toml` names other ones.

| field | columns | meaning |
|---|---|---|
| `customer` | `customer_id`, `customer`, `account_id`, `tenant_id`, `org_id`, `workspace_id`, `user_id` | the id that the mapping file has under `revenue`, or the customer itself; blank is kept and counted as unmapped |
| `period_start` | `period_start`, `start`, `date` | first moment of the service |
| `period_end` | `period_end`, `end` | first moment after it (February is 2026-02-01 to 2026-03-01); blank, missing or equal to the start is a one-off |
| `amount` | `amount`, `revenue`, `total` | major units (`12.50`, not 1250), refunds and credits negative; includes the tax if there is a tax column; yen and other currencies without a minor unit have no decimals |
| `currency` | `currency` | a code of ISO 4217; without the column say `currency` in `tanso.toml` |
| `tax` | `tax` | tax inside the amount; net revenue is amount − tax; blank is none |
| `plan` | `plan` | plan of the customer in that period |
| `type` | `type` | `recurring` or `subscription` is re-priced by a change of the plan; `usage`, `metered`, `overage`, `one-off`, `one-time`, `setup`, `refund`, `credit`, `discount`, `adjustment` are not; blank is not known |
| `invoice_id` | `invoice_id` | may repeat: several rows of one invoice |
| `status` | `status` | `paid`, `open`, `void`, `draft`, `uncollectible`. Only `--revenue cash` tells open from paid; it takes rows without a status as paid, with a note |

Dates are `2026-02-01`, days of the report (`--tz`) unless the file's own zone is stated; dates with slashes are refused, unless its `[[input]]` entry of `tanso.toml` says
`date_format = \"m/d/y\"` or `\"d/m/y\"`.

Rows of one file are never dropped as repeats of each other. A row that stands in two files, with the
same customer, invoice, period and amount, is refused; `--on-overlap latest` keeps that of the file
that reaches further. A file with a `provider` column is a cost file and one with `proration` or `amount_due` a Stripe table in minor
units; neither is taken for this layout.
";

const CUSTOMER: &[&str] = &[
    "customer_id",
    "customer",
    "account_id",
    "tenant_id",
    "org_id",
    "workspace_id",
    "user_id",
];
const START: &[&str] = &["period_start", "start", "date"];
const END: &[&str] = &["period_end", "end"];
const AMOUNT: &[&str] = &["amount", "revenue", "total"];
/// Columns of files whose amounts are costs or minor units.
const FOREIGN: &[&str] = &[
    "proration",
    "amount_due",
    "amount_paid",
    "amount_in_cents",
    "provider",
    "vendor",
    "model",
    "cost",
    "cost_usd",
    "billedcost",
];
const FIELDS: &[&str] = &[
    "customer",
    "period_start",
    "period_end",
    "amount",
    "currency",
    "tax",
    "plan",
    "type",
    "invoice_id",
    "status",
];

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    // A customer, a date and an amount could be costs as well: something must say revenue.
    let speaks_of_revenue = any(END) || any(&["revenue", "invoice_id"]);
    any(CUSTOMER) && any(START) && any(AMOUNT) && speaks_of_revenue && !any(FOREIGN)
}

struct Fields {
    customer: usize,
    start: usize,
    end: Option<usize>,
    amount: usize,
    currency: Option<usize>,
    tax: Option<usize>,
    plan: Option<usize>,
    kind: Option<usize>,
    invoice_id: Option<usize>,
    status: Option<usize>,
    /// Where several columns could have been a field: which was taken.
    choices: Vec<String>,
}

/// Finds fields by the user's own names, else by ours.
struct Finder<'a> {
    columns: &'a Columns,
    settings: &'a Settings,
    choices: Vec<String>,
}

impl Finder<'_> {
    fn optional(&mut self, field: &str, names: &[&str], problems: &mut Problems) -> Option<usize> {
        if let Some(name) = self.settings.columns.get(field) {
            return self.columns.required(&[name], problems);
        }
        let there = names.iter().filter(|name| self.columns.header.has(name));
        let there: Vec<&str> = there.copied().collect();
        if let [taken, others @ ..] = there.as_slice()
            && !others.is_empty()
        {
            self.choices.push(format!(
                "{field} is read from the column {taken}; {} could be it too",
                others.join(", ")
            ));
        }
        self.columns.optional(names, problems)
    }

    fn required(&mut self, field: &str, names: &[&str], problems: &mut Problems) -> Option<usize> {
        let before = problems.total();
        let found = self.optional(field, names, problems);
        if found.is_none() && problems.total() == before {
            return self.columns.required(names, problems);
        }
        found
    }
}

impl Fields {
    fn find(columns: &Columns, settings: &Settings, problems: &mut Problems) -> Option<Fields> {
        refuse_unknown_fields(settings, problems);
        let mut finder = Finder {
            columns,
            settings,
            choices: Vec::new(),
        };
        let customer = finder.required("customer", CUSTOMER, problems);
        let start = finder.required("period_start", START, problems);
        let amount = finder.required("amount", AMOUNT, problems);
        let currency = match settings.currency {
            Some(_) => finder.optional("currency", &["currency"], problems),
            None => Some(finder.required("currency", &["currency"], problems)?),
        };
        let mut find = |field, names| finder.optional(field, names, problems);
        Some(Fields {
            customer: customer?,
            start: start?,
            amount: amount?,
            currency,
            end: find("period_end", END),
            tax: find("tax", &["tax"]),
            plan: find("plan", &["plan"]),
            kind: find("type", &["type"]),
            invoice_id: find("invoice_id", &["invoice_id"]),
            status: find("status", &["status"]),
            choices: finder.choices,
        })
    }
}

fn refuse_unknown_fields(settings: &Settings, problems: &mut Problems) {
    for field in settings.columns.keys() {
        if !FIELDS.contains(&field.as_str()) {
            let message = format!("revenue-csv has no field {field:?}");
            let help = format!("fields: {}", FIELDS.join(", "));
            problems.push(Problem::new(&catalogue::PROJECT_FILE, message).help(help));
        }
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut tally = Tally::default();
    let mut columns = Columns::of(source, settings, None).calendar_days(settings);
    let Some(mut fields) = Fields::find(&columns, settings, problems) else {
        return tally;
    };
    let mut money = Money::of(settings);
    let mut unknown_types = 0;
    rows::each_growing(source, problems, &mut tally, &mut |header, row, tally| {
        if header.len() != columns.header.len() {
            columns.header = header.clone();
            fields = again(&columns, settings)?;
        }
        let line = line(&columns, &fields, settings, row, &mut money)?;
        let has_type = fields
            .kind
            .is_some_and(|column| row.filled(column).is_some());
        unknown_types += u64::from(has_type && line.recurring.is_none());
        let (start, end) = line.service.unwrap_or((line.date, line.date));
        tally.cover(start, end);
        records.invoices.push(line);
        Ok(())
    });
    money.finish(problems);
    let needed = [fields.customer, fields.start, fields.amount].map(Some);
    let optional = [
        fields.end,
        fields.currency,
        fields.tax,
        fields.plan,
        fields.kind,
        fields.invoice_id,
        fields.status,
    ];
    let is_used = |column| needed.iter().chain(&optional).any(|at| *at == Some(column));
    ignored(&mut tally, &columns.header, is_used);
    for text in fields.choices {
        tally.remarks.push(Remark {
            entry: &catalogue::COLUMN_CHOSEN,
            text,
            rows: tally.read,
        });
    }
    let text = "{n} rows have a type that is not known; whether they recur is taken as not stated";
    rows::remark(&mut tally, &catalogue::NOT_CHECKED, unknown_types, text);
    tally
}

/// Looks the fields up once more, when JSON lines have brought a new column.
fn again(columns: &Columns, settings: &Settings) -> Result<Fields, Problem> {
    let mut problems = Problems::default();
    let fields = Fields::find(columns, settings, &mut problems);
    let fault = problems.kept().first().cloned();
    match (fields, fault) {
        (Some(fields), None) => Ok(fields),
        (_, Some(fault)) => Err(fault),
        (None, None) => {
            Err(Problem::new(&catalogue::HEADER, "a field is missing")
                .at(Place::file(&columns.file)))
        }
    }
}

fn line(
    columns: &Columns,
    fields: &Fields,
    settings: &Settings,
    row: &Row,
    money: &mut Money,
) -> Result<Invoice, Problem> {
    // A row of totals has the dates of the others, and its amount would count twice.
    let labels = [Some(fields.customer), fields.invoice_id, fields.plan];
    let label = labels.into_iter().flatten();
    let mut label = label.filter(|column| row.filled(*column).is_some_and(is_total));
    if let Some(label) = label.next() {
        return Err(total_row(columns, row, label));
    }
    let currency = currency(columns, fields, settings, row)?;
    let total = match money.fine_amount(columns, row, Some(fields.amount), currency)? {
        Some(amount) => amount,
        None => columns.number(row, fields.amount)?,
    };
    let (start, end) = period(columns, fields, row)?;
    Ok(Invoice {
        off_lines: Exact::ZERO,
        id: rows::other_id(columns, row, fields.invoice_id)?.unwrap_or_default(),
        number: None,
        namespace: "revenue",
        customer: rows::other_id(columns, row, Some(fields.customer))?,
        name: None,
        email: None,
        keys: Vec::new(),
        total,
        tax: money
            .fine_amount(columns, row, fields.tax, currency)?
            .unwrap_or_default(),
        currency,
        date: start,
        finalized: None,
        service: Some((start, end)),
        status: status(columns, row, fields.status)?,
        voided: None,
        uncollectible: None,
        paid: None,
        prepaid: Prepaid::No,
        subscription: None,
        plan: rows::text(row, fields.plan),
        recurring: recurring(columns, row, fields.kind, fields.amount, total)?,
        metered: rows::text(row, fields.kind)
            .is_some_and(|word| METERED.contains(&plain(&word).as_str())),
        origin: rows::origin(columns, row),
    })
}

fn period(columns: &Columns, fields: &Fields, row: &Row) -> Result<(Instant, Instant), Problem> {
    let start = stamp(columns, row, fields.start)?;
    let period = rows::period(columns, row, (Some(fields.start), fields.end))?;
    Ok(period.unwrap_or((start, start)))
}

fn currency(
    columns: &Columns,
    fields: &Fields,
    settings: &Settings,
    row: &Row,
) -> Result<Currency, Problem> {
    match (fields.currency, settings.currency) {
        (Some(column), _) => columns.currency(row, column),
        (None, Some(currency)) => Ok(currency),
        (None, None) => Err(Problem::new(&catalogue::HEADER, "no currency is stated")
            .at(Place::line(&columns.file, 1))),
    }
}

fn status(columns: &Columns, row: &Row, column: Option<usize>) -> Result<InvoiceStatus, Problem> {
    let Some((column, word)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(InvoiceStatus::NotStated);
    };
    super::invoice_status(&word.to_lowercase()).ok_or_else(|| {
        rows::unknown_word(
            columns,
            row,
            column,
            "paid, open, void, draft or uncollectible",
        )
    })
}

/// Words of `type` for what bills usage.
const METERED: &[&str] = &["usage", "metered", "overage"];
/// Other words of `type` for money that a price change of the plan does not touch.
const NOT_RECURRING: &[&str] = &["one-off", "one-time", "setup", "discount", "adjustment"];
/// Words of `type` for money that goes back.
const GIVEN_BACK: &[&str] = &["refund", "credit"];

/// Whether the row recurs, by its `type`; `None` where the cell is blank or its word not known. A
/// refund above zero is a problem: its sign, or its word, is wrong.
fn recurring(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    amount_column: usize,
    amount: Exact,
) -> Result<Option<bool>, Problem> {
    let Some(word) = rows::text(row, column) else {
        return Ok(None);
    };
    let word = plain(&word);
    if GIVEN_BACK.contains(&word.as_str()) && amount.is_positive() {
        let message = format!("a {word} is above zero");
        let problem = columns.problem(&catalogue::BAD_VALUE, row, amount_column, message);
        return Err(problem.help("money given back is negative: write -30.00"));
    }
    Ok(match word.as_str() {
        "recurring" | "subscription" => Some(true),
        word if METERED.contains(&word) => Some(false),
        word if NOT_RECURRING.contains(&word) || GIVEN_BACK.contains(&word) => Some(false),
        _ => None,
    })
}

/// A word of `type` as the lists above have it.
fn plain(word: &str) -> String {
    word.to_lowercase().replace([' ', '_'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Rows, read as read_format, read_with};
    use crate::model::Zone;

    const HEADER: &str = "customer_id,period_start,period_end,amount,currency,tax,type,status";

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        let good = "acme,2026-02-01,2026-03-01,99.00,USD,9.00,recurring,paid";
        for (old, new, fault) in [
            ("99.00", "", "T3021@2:4"),
            ("99.00", "\"1,234.50\"", "T3021@2:4"),
            ("99.00", "\"1,234\"", "T3021@2:4"),
            ("9.00,recurring", "-,recurring", "T3021@2:6"),
            ("USD", "", "T3029@2:5"),
            ("2026-02-01", "", "T3024@2:2"),
            ("2026-02-01", "01/02/2026", "T3024@2:2"),
            ("2026-02-01", "2026-02-01 10:00", "T3025@2:2"),
            ("2026-03-01", "2026-01-01", "T3029@2:3"),
            ("acme", "5-Mar", "T3026@2:1"),
            ("paid", "settled", "T3029@2:8"),
            ("recurring", "refund", "T3029@2:4"),
            ("99.00,USD,9.00", "1000.50,JPY,0", "T3029@2:4"),
            ("99.00,USD,9.00", "1000.00,JPY,0.5", "T3029@2:6"),
        ] {
            let csv = format!("{HEADER}\n{}\n", good.replacen(old, new, 1));
            let faults = read_format(&FORMAT, &csv).faults();
            assert_eq!(
                faults.first().map(String::as_str),
                Some(fault),
                "{old} → {new}"
            );
        }
    }

    #[test]
    fn a_row_of_totals_is_refused_whatever_its_dates() {
        let good = "acme,2026-02-01,2026-03-01,10.00,USD,,,";
        for (total, fault) in [
            ("Total,2026-02-01,2026-03-01,10.00,USD,,,", "T3030@3:1"),
            ("sub-total:,2026-02-01,2026-03-01,10.00,USD,,,", "T3030@3:1"),
            ("Grand total,,,10.00,USD,,,", "T3030@3:1"),
            (",Total,,10.00,USD,,,", "T3030@3:2"),
        ] {
            let outcome = read_format(&FORMAT, &format!("{HEADER}\n{good}\n{total}\n"));
            assert_eq!(outcome.faults(), [fault], "{total}");
        }
        // A customer whose name only begins like it is a customer.
        let totally = format!("{HEADER}\n{}\n", good.replace("acme", "total-energy"));
        assert_eq!(
            read_format(&FORMAT, &totally).faults(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn missing_facts_come_from_the_settings_or_are_refused() {
        let csv = "customer,start,end,amount\nacme,2026-02-01 00:00,2026-03-01 00:00,99\n";
        assert_eq!(read_format(&FORMAT, csv).faults(), ["T3016@1"]);
        let settings = Settings {
            currency: Currency::parse("EUR"),
            zone: Zone::parse("Europe/Paris"),
            ..Settings::default()
        };
        let line = &read_with(&FORMAT, csv, &settings).records.invoices[0];
        assert_eq!(line.currency.code(), "EUR");
        assert_eq!(line.date.to_string(), "2026-01-31T23:00:00Z");
    }

    #[test]
    fn columns_of_the_users_own_are_read() {
        let csv = "who,from,until,value,ccy,customer_id\nacme,2026-02-01,2026-03-01,99,usd,17\n";
        let named = [
            ("customer", "who"),
            ("period_start", "from"),
            ("period_end", "until"),
            ("amount", "value"),
            ("currency", "ccy"),
        ];
        let mut settings = Settings {
            columns: named
                .map(|(field, name)| (field.into(), name.into()))
                .into(),
            ..Settings::default()
        };
        let outcome = read_with(&FORMAT, csv, &settings);
        let line = &outcome.records.invoices[0];
        assert_eq!(line.customer.as_deref(), Some("acme"));
        // The column customer_id is not used.
        assert_eq!(outcome.remarks(), ["N3003×1"]);

        settings.columns.insert("amuont".into(), "value".into());
        assert_eq!(read_with(&FORMAT, csv, &settings).faults(), ["T1010@0"]);
        settings.columns.remove("amuont");
        settings.columns.insert("tax".into(), "vat".into());
        assert_eq!(read_with(&FORMAT, csv, &settings).faults(), ["T3016@1"]);
    }

    #[test]
    fn a_choice_among_columns_is_told_and_an_unknown_type_too() {
        let csv = "customer_id,user_id,date,amount,total,currency,type\nacme,u1,2026-02-01,90,99,USD,seat\n";
        let outcome = read_format(&FORMAT, csv);
        let line = &outcome.records.invoices[0];
        assert_eq!(
            (line.customer.as_deref(), line.recurring),
            (Some("acme"), None)
        );
        assert_eq!(line.total, Exact::from(90u64));
        assert_eq!(
            outcome.remarks(),
            ["N3003×1", "N1008×1", "N1008×1", "N2106×1"]
        );
    }

    #[test]
    fn a_column_that_comes_late_is_read_from_there_on() {
        let csv = "customer,date,revenue,currency,+tax\n\
                   acme,2026-02-01,90,USD\nacme,2026-03-01,90,USD,15\n";
        let lines = read_format(&FORMAT, csv).records.invoices;
        assert_eq!(
            (lines[0].tax, lines[1].tax),
            (Exact::ZERO, Exact::from(15u64))
        );
        let payments = "id,Created (UTC),Amount,Currency,Status,+Amount Refunded\n\
                        ch_1,2026-02-01 09:00,5.00,usd,Paid\nch_2,2026-02-01 09:00,5.00,usd,Paid,5.00\n";
        let refused = read_format(&crate::formats::revenue::stripe_payments::FORMAT, payments);
        assert_eq!(refused.faults(), ["T3016@3:6"]);
    }

    #[test]
    fn costs_and_minor_units_are_not_taken_for_revenue() {
        let detected = |header: &str| detect(&Rows::of(&format!("{header}\n")).sample());
        assert!(detected(
            "customer_id,period_start,period_end,amount,currency"
        ));
        assert!(detected("Customer,Date,Revenue,Currency"));
        for header in [
            "customer_id,period_start,period_end,amount,currency,proration",
            "id,customer_id,period_start,period_end,total,currency,amount_due",
            "date,provider,cost,amount,currency,customer,revenue",
            "customer,date,amount,currency",
            "customer_id,timestamp,input_tokens",
        ] {
            assert!(!detected(header), "{header}");
        }
    }
}
