//! Stripe's table `balance_transactions`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per movement of the balance, never changed afterwards. `amount`, `fee` and `net` are
//! minor units of the settlement currency, signed as the balance moves; times are UTC. The table has
//! no customer: `source_id` is the charge, refund or dispute behind the movement. `exchange_rate` is
//! a binary float and the currency of the customer is not stated, so neither is read.
//!
//! The rule that must hold: every movement comes out, whatever it is, with its sign.

use super::{balance, rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::Exact;
use crate::model::records::{BalanceEntry, BalanceKind};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Movements of the Stripe balance.
pub static FORMAT: Format = Format {
    name: "sigma-balance-transactions",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: balance_transactions",
    required: &["id", "amount", "fee", "net", "created", "source_id", "type"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from balance_transactions`. It holds the same money as the charges, in the
settlement currency and without customers: a second source that gives refunds and disputes their own
dates, and revenue only where neither invoices nor charges tell it. Needs `id`, `amount`, `fee`, `net`,
`currency`, `created`, `source_id`, and `reporting_category` or `type`.

- Amounts are minor units of the settlement currency (1250 is 12.50 USD), signed as the balance moves.
- `reporting_category` says what a movement is where it is filled, else `type`. Fees, payouts and transfers
  are no revenue. Other words are kept, counted and named, and are none.
- `amount - fee = net` is checked; differences are a warning.
";

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    any(&["source_id", "source"])
        && any(&["type", "reporting_category"])
        && sample.has_all(&["id", "amount", "fee", "net", "currency", "created"])
}

struct Fields {
    id: usize,
    amount: usize,
    fee: usize,
    net: usize,
    money: sigma::Money,
    created: usize,
    source: usize,
    category: Option<usize>,
    kind: Option<usize>,
    description: Option<usize>,
}

impl Fields {
    fn find(table: &mut sigma::Table<'_>, problems: &mut Problems) -> Option<Fields> {
        let category = table.optional(&["reporting_category"], problems);
        let kind = match category {
            Some(_) => table.optional(&["type"], problems),
            None => Some(table.required(&["type"], problems)),
        };
        let fields = Fields {
            id: table.required(&["id"], problems),
            amount: table.required(&["amount"], problems),
            fee: table.required(&["fee"], problems),
            net: table.required(&["net"], problems),
            money: table.money(&["currency"], problems),
            created: table.required(&["created"], problems),
            source: table.required(&["source_id", "source"], problems),
            category,
            kind,
            description: table.optional(&["description"], problems),
        };
        table.is_whole(problems).then_some(fields)
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "balance_transactions");
    let Some(fields) = Fields::find(&mut table, problems) else {
        return Tally::default();
    };
    let mut doubts = balance::Doubts::default();
    let mut tally = table.each(source, problems, |columns, row, tally| {
        let entry = movement(columns, &fields, row)?;
        let net = sigma::amount(columns, row, fields.net, entry.currency)?;
        doubts.see(&entry, Some(net));
        tally.cover(entry.at, entry.at);
        records.balance.push(entry);
        Ok(())
    });
    doubts.remark(&mut tally);
    tally
}

fn movement(columns: &Columns, fields: &Fields, row: &Row) -> Result<BalanceEntry, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let gross = sigma::amount(columns, row, fields.amount, currency)?;
    let object = rows::other_id(columns, row, Some(fields.source))?;
    let description = rows::text(row, fields.description);
    let named = balance::payment_in(object.as_deref());
    Ok(BalanceEntry {
        id,
        kind: kind(columns, fields, row, object.as_deref(), gross)?,
        payment: named.or_else(|| balance::payment_in(description.as_deref())),
        object,
        gross,
        fee: sigma::amount(columns, row, fields.fee, currency)?,
        currency,
        facing: None,
        at: columns.instant(row, fields.created)?,
        customer: None,
        email: None,
        name: None,
        keys: Vec::new(),
        invoice: None,
        invoice_number: balance::invoice_number(description.as_deref()),
        subscription: None,
        gives_back: balance::given_back(description.as_deref()).map(str::to_string),
        description,
        origin: rows::origin(columns, row),
    })
}

/// What the movement is, by its reporting category, else by its type.
fn kind(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    object: Option<&str>,
    gross: Exact,
) -> Result<BalanceKind, Problem> {
    let word = |column: Option<usize>| column.and_then(|column| row.filled(column));
    if let Some(category) = word(fields.category) {
        return Ok(balance::kind_of_category(category));
    }
    if let Some(kind) = word(fields.kind) {
        return Ok(balance::kind_of_type(kind, object, gross));
    }
    let column = fields.kind.or(fields.category).unwrap_or(fields.id);
    let message = format!("{} is empty", columns.header.name(column));
    Err(columns.problem(&catalogue::MISSING_VALUE, row, column, message))
}
