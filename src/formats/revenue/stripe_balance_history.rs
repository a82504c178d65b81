//! Stripe's balance history: Dashboard → Balances → All activity → Export, in older versions
//! "Balance history".
//!
//! One row per movement of the balance. `Amount`, `Fee` and `Net` are major units of `Currency`, the
//! settlement currency, and signed; `Customer Facing …` is the same amount as the customer saw it.
//! Times are UTC. No customer stands in a row: `Source` names the payment, the description of a
//! subscription's payment is `Invoice <number>`, and metadata columns follow.
//!
//! The rule that must hold: every movement comes out, whatever it is, with its sign.

use super::money::Money;
use super::{balance, rows};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::Zone;
use crate::model::records::BalanceEntry;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe's balance history.
pub static FORMAT: Format = Format {
    name: "stripe-balance-history",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe balance history (Dashboard export, \"All activity\")",
    required: &[
        "id",
        "Type",
        "Source",
        "Amount",
        "Fee",
        "Net",
        "Currency",
        "Created (UTC)",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Balances → All activity → Export. It holds the same money as the payments, in the
settlement currency and without customers: a second source that gives refunds and disputes their own
dates, and revenue only where neither invoices nor payments tell it.

- `Source` (`ch_…`, `py_…`) joins a movement to the payments export, and `Invoice <number>` in
  `Description` to the invoices. A refund names no payment: `REFUND FOR CHARGE (Invoice <number>)` joins it
  to the invoice, other words in the brackets to the one payment that they describe, with a note.
  `… (metadata)` columns join like those of other exports.
- `charge` and `payment` are payments; `refund` and `payment_refund` are refunds (Stripe writes the part
  of an authorization that was never captured as a refund too); an `adjustment` is a dispute, its
  reversal or a failed refund, by its source and sign.
- Fees, payouts and transfers are no revenue. Other types are kept, counted and named, and are none.
- `Amount - Fee = Net` is checked; differences are a warning.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&[
        "id",
        "type",
        "source",
        "amount",
        "fee",
        "net",
        "currency",
        "created (utc)",
    ])
}

struct Fields {
    id: usize,
    kind: usize,
    source: usize,
    amount: usize,
    fee: usize,
    net: usize,
    currency: usize,
    created: usize,
    description: Option<usize>,
    facing: (Option<usize>, Option<usize>),
    metadata: Vec<(usize, String)>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (id, kind, source) = (required("id"), required("Type"), required("Source"));
        let (amount, fee, net) = (required("Amount"), required("Fee"), required("Net"));
        let (currency, created) = (required("Currency"), required("Created (UTC)"));
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            kind: kind?,
            source: source?,
            amount: amount?,
            fee: fee?,
            net: net?,
            currency: currency?,
            created: created?,
            description: find("Description"),
            facing: (
                find("Customer Facing Amount"),
                find("Customer Facing Currency"),
            ),
            metadata: rows::metadata(&columns.header),
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut tally = Tally::default();
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    let Some(fields) = Fields::find(&columns, problems) else {
        return tally;
    };
    let mut money = Money::of(settings);
    let mut doubts = balance::Doubts::default();
    rows::each(source, problems, &mut tally, &mut |row, tally| {
        let entry = movement(&columns, &fields, row, &mut money)?;
        let net = money.amount(&columns, row, fields.net, entry.currency)?;
        doubts.see(&entry, Some(net));
        tally.cover(entry.at, entry.at);
        records.balance.push(entry);
        Ok(())
    });
    money.finish(problems);
    doubts.remark(&mut tally);
    tally
}

fn movement(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    money: &mut Money,
) -> Result<BalanceEntry, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = columns.currency(row, fields.currency)?;
    let gross = money.amount(columns, row, fields.amount, currency)?;
    let object = rows::other_id(columns, row, Some(fields.source))?;
    let description = rows::text(row, fields.description);
    let word = rows::filled(columns, row, fields.kind)?;
    let named = balance::payment_in(object.as_deref());
    Ok(BalanceEntry {
        id,
        kind: balance::kind_of_type(word, object.as_deref(), gross),
        payment: named.or_else(|| balance::payment_in(description.as_deref())),
        object,
        gross,
        fee: money.amount(columns, row, fields.fee, currency)?,
        currency,
        facing: balance::facing(columns, row, fields.facing, money)?,
        at: columns.instant(row, fields.created)?,
        customer: None,
        email: None,
        name: None,
        keys: rows::keys(row, &fields.metadata, &[]),
        invoice: None,
        invoice_number: balance::invoice_number(description.as_deref()),
        subscription: None,
        gives_back: balance::given_back(description.as_deref()).map(str::to_string),
        description,
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, read as read_format};
    use crate::model::records::BalanceKind;

    const HEADER: &str = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Description,Customer Facing Amount,Customer Facing Currency";
    const GOOD: &str =
        "txn_1,charge,ch_1,30.00,1.17,28.83,usd,2026-02-03 9:15,Invoice AB12-0001,30.00,usd";

    fn read_rows(rows: &[&str]) -> Outcome {
        read_format(&FORMAT, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        assert_eq!(read_rows(&[GOOD]).faults(), Vec::<String>::new());
        for (old, new, fault) in [
            ("txn_1", "", "T3027@3:1"),
            ("charge,", ",", "T3027@3:2"),
            ("ch_1", "1.23457E+11", "T3026@3:3"),
            ("30.00,1.17", ",1.17", "T3021@3:4"),
            ("1.17", "n/a", "T3021@3:5"),
            ("28.83", "28.835", "T3029@3:6"),
            ("28.83,usd", "28.83,dollar", "T3029@3:7"),
            ("2026-02-03 9:15", "2/3/26 9:15", "T3024@3:8"),
            ("30.00,usd", "\"30,00\",usd", "T3021@3:10"),
            ("30.00,usd", "30.00,us", "T3029@3:11"),
        ] {
            let bad = GOOD.replacen(old, new, 1);
            assert_ne!(bad, GOOD, "{old}");
            assert_eq!(read_rows(&[GOOD, &bad, GOOD]).faults(), [fault], "{bad}");
        }
    }

    #[test]
    fn what_is_no_revenue_is_kept_and_named() {
        let outcome = read_rows(&[
            GOOD,
            "txn_2,reserve_transaction,,5.00,0.00,5.00,usd,2026-02-03 09:15,,,",
            "txn_3,payout,po_1,-28.83,0.00,-28.83,usd,2026-02-04 09:15,STRIPE PAYOUT,,",
            "txn_4,stripe_fee,,-2.00,0.00,-2.00,usd,2026-02-04 09:15,Billing,,",
        ]);
        let kinds: Vec<_> = outcome
            .records
            .balance
            .iter()
            .map(|e| e.kind.clone())
            .collect();
        assert_eq!(
            kinds,
            [
                BalanceKind::Payment,
                BalanceKind::Other("reserve_transaction".into()),
                BalanceKind::Payout,
                BalanceKind::Fee,
            ]
        );
        assert_eq!(outcome.remarks(), ["N2109×1"]);
        let text = &outcome.tally.remarks[0].text;
        assert!(text.ends_with("reserve_transaction (1)"), "{text}");
    }

    #[test]
    fn a_net_that_is_not_amount_less_fee_is_told() {
        let odd = GOOD.replace("28.83", "28.00");
        assert_eq!(read_rows(&[GOOD, &odd]).remarks(), ["N2107×1"]);
    }
}
