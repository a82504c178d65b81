//! Stripe's report "Itemised balance change from activity" (`Itemized …` in American accounts), with
//! any of its columns.
//!
//! One row per movement of the balance, payouts left out by the report. `gross`, `fee` and `net` are
//! major units of `currency`, the settlement currency, and signed. Each time stands twice if asked
//! for: `created_utc`, and `created` in the zone that the report was asked for. The default columns
//! have only the local one; its zone is the end of the file name
//! (`…_GBP_2026-02-01_to_2026-02-28_Europe-London.csv`), where a hyphen stands for the slash. Metadata
//! columns are `payment_metadata[key]`.
//!
//! The rule that must hold: a local time is never taken for UTC. Without a zone the file is refused.

use super::money::Money;
use super::{balance, rows};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::Zone;
use crate::model::records::BalanceEntry;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// Stripe's itemised balance change report.
pub static FORMAT: Format = Format {
    name: "stripe-balance-change",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe itemised balance change from activity (report)",
    required: &[
        "balance_transaction_id",
        "created_utc|created",
        "currency",
        "gross",
        "fee",
        "net",
        "reporting_category",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Reports → Balance → Balance change from activity → Download, itemised; best with all columns. It
holds the same money as the payments, in the settlement currency: a second source that gives
refunds and disputes their own dates, and revenue only where neither invoices nor payments tell it.

- Times are read from `created_utc`. If only `created` is there, it is in the zone of the report: the
  end of the file name tells it (`…_to_2026-02-28_Europe-London.csv`); of a renamed file say `tz`.
- `customer_id`, `customer_email`, `charge_id`, `invoice_id`, `invoice_number`, `subscription_id` and
  `payment_metadata[…]` join movements to customers. The default columns have none of them: then only
  the money is known, which is a warning.
- `reporting_category` says what a movement is. Refunds, their failures, disputes, their reversals and
  failed charges count with their sign; a `partial_capture_reversal` reduces its payment and is no
  refund. Fees and payouts are no revenue. Other categories are kept, counted and named, and are none.
- `gross - fee = net` is checked; differences are a warning. Decimals are points or commas, the same
  in the whole file.
- A payout reconciliation has the same columns and is dated by payout: it is refused.
";

fn detect(sample: &Sample<'_>) -> bool {
    balance::has_movements(sample) && !balance::is_by_payout(sample)
}

struct Fields {
    id: usize,
    created: usize,
    currency: usize,
    gross: usize,
    fee: usize,
    net: usize,
    category: usize,
    object: Option<usize>,
    description: Option<usize>,
    facing: (Option<usize>, Option<usize>),
    customer: Option<usize>,
    email: Option<usize>,
    name: Option<usize>,
    customer_description: Option<usize>,
    charge: Option<usize>,
    invoice: Option<usize>,
    invoice_number: Option<usize>,
    subscription: Option<usize>,
    metadata: Vec<(usize, String)>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |names: &[&str]| columns.required(names, problems);
        let (id, created) = (
            required(&["balance_transaction_id"]),
            required(&[CREATED_UTC, "created"]),
        );
        let (gross, fee, net) = (required(&["gross"]), required(&["fee"]), required(&["net"]));
        let (currency, category) = (required(&["currency"]), required(&["reporting_category"]));
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            created: created?,
            currency: currency?,
            gross: gross?,
            fee: fee?,
            net: net?,
            category: category?,
            object: find("source_id"),
            description: find("description"),
            facing: (
                find("customer_facing_amount"),
                find("customer_facing_currency"),
            ),
            customer: find("customer_id"),
            email: find("customer_email"),
            name: find("customer_name"),
            customer_description: find("customer_description"),
            charge: find("charge_id"),
            invoice: find("invoice_id"),
            invoice_number: find("invoice_number"),
            subscription: find("subscription_id"),
            metadata: metadata(&columns.header),
        })
    }

    /// Whether any column joins a movement to a customer.
    fn joins(&self) -> bool {
        let ids = [
            self.object,
            self.customer,
            self.email,
            self.charge,
            self.invoice,
        ];
        ids.iter().any(Option::is_some) || !self.metadata.is_empty()
    }
}

const CREATED_UTC: &str = "created_utc";

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut tally = Tally::default();
    let mut columns = Columns::of(source, settings, None);
    let Some(fields) = Fields::find(&columns, problems) else {
        return tally;
    };
    columns.zone = match columns.header.has(CREATED_UTC) {
        true => Some(Zone::Utc),
        false => columns.zone.or(zone_of(&columns.file)),
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
    if !fields.joins() {
        let text =
            "no column says whose the {n} movements are; ask for the report with all columns";
        let used = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, used, text);
    }
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
    let object = rows::other_id(columns, row, fields.object)?;
    let charge = rows::other_id(columns, row, fields.charge)?;
    let number = rows::text(row, fields.invoice_number);
    let description = rows::text(row, fields.description);
    let others = [("customer description", fields.customer_description)];
    Ok(BalanceEntry {
        id,
        kind: balance::kind_of_category(rows::filled(columns, row, fields.category)?),
        payment: charge
            .or_else(|| balance::payment_in(object.as_deref()))
            .or_else(|| balance::payment_in(description.as_deref())),
        object,
        gross: money.amount(columns, row, fields.gross, currency)?,
        fee: money.amount(columns, row, fields.fee, currency)?,
        currency,
        facing: balance::facing(columns, row, fields.facing, money)?,
        at: columns.instant(row, fields.created)?,
        customer: rows::other_id(columns, row, fields.customer)?,
        email: rows::text(row, fields.email),
        name: rows::text(row, fields.name),
        keys: rows::keys(row, &fields.metadata, &others),
        invoice: rows::other_id(columns, row, fields.invoice)?,
        invoice_number: number.or_else(|| balance::invoice_number(description.as_deref())),
        subscription: rows::other_id(columns, row, fields.subscription)?,
        gives_back: balance::given_back(description.as_deref()).map(str::to_string),
        description,
        origin: rows::origin(columns, row),
    })
}

/// The metadata columns of payments in the file's order, with their keys as written.
fn metadata(header: &Header) -> Vec<(usize, String)> {
    let key = |name: &String| {
        let key = name.strip_prefix("payment_metadata[")?.strip_suffix(']')?;
        Some(key.to_string())
    };
    let names = header.names().iter().enumerate();
    names
        .filter_map(|(column, name)| Some((column, key(name)?)))
        .collect()
}

/// The zone that Stripe writes at the end of the file name, after the last day of the report.
fn zone_of(file: &str) -> Option<Zone> {
    let name = file.rsplit(['/', '\\', '!']).next()?.split('.').next()?;
    let (_, rest) = name.rsplit_once("_to_")?;
    let (day, zone) = rest.split_at_checked("2026-02-28".len())?;
    crate::model::Day::parse(day)?;
    let zone = zone.strip_prefix('_')?;
    // A zone's own name may have hyphens (Port-au-Prince) and one or two slashes.
    let mut found = None;
    for slashes in 0..=2 {
        found = found.or(Zone::parse(&zone.replacen('-', "/", slashes)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, read as read_format, read_with};
    use crate::model::Instant;
    use crate::model::records::BalanceKind;

    const HEADER: &str = "balance_transaction_id,created,available_on,currency,gross,fee,net,reporting_category,description";
    const GOOD: &str = "txn_1,2026-02-03 00:30:00,2026-02-10 00:00:00,gbp,30.00,1.17,28.83,charge,Subscription update";

    fn in_paris() -> Settings {
        Settings {
            zone: Zone::parse("Europe/Paris"),
            ..Settings::default()
        }
    }

    fn read_rows(rows: &[&str]) -> Outcome {
        let csv = format!("{HEADER}\n{}\n", rows.join("\n"));
        read_with(&FORMAT, &csv, &in_paris())
    }

    #[test]
    fn a_local_time_needs_its_zone() {
        let csv = format!("{HEADER}\n{GOOD}\n");
        assert_eq!(read_format(&FORMAT, &csv).faults(), ["T3025@2:2"]);
        let outcome = read_rows(&[GOOD]);
        // Half past midnight in Paris is the day before in UTC.
        let at = Instant::parse("2026-02-02T23:30:00Z", None).unwrap();
        assert_eq!(outcome.records.balance[0].at, at);
        assert_eq!(outcome.remarks(), ["N2108×1"]);
    }

    #[test]
    fn the_utc_twin_is_utc_whatever_zone_is_stated() {
        let csv = format!(
            "{}\n{}\n",
            HEADER.replace("created,", "created_utc,created,"),
            GOOD.replace("txn_1,", "txn_1,2026-02-02 23:30:00,"),
        );
        let outcome = read_with(&FORMAT, &csv, &in_paris());
        let at = Instant::parse("2026-02-02T23:30:00Z", None).unwrap();
        assert_eq!(outcome.records.balance[0].at, at);
    }

    #[test]
    fn the_file_name_tells_the_zone() {
        let zone = |end: &str| {
            let name =
                format!("books/Itemised_balance_change_from_activity_GBP_2024-05-01_to_{end}");
            zone_of(&name).map(|zone| zone.name())
        };
        assert_eq!(zone("2025-04-30_Europe-London.csv"), Some("Europe/London"));
        assert_eq!(zone("2025-04-30_UTC.csv"), Some("UTC"));
        assert_eq!(
            zone("2025-04-30_America-New_York.csv.gz"),
            Some("America/New_York")
        );
        assert_eq!(
            zone("2025-04-30_America-Port-au-Prince.csv"),
            Some("America/Port-au-Prince")
        );
        assert_eq!(
            zone("2025-04-30_America-Argentina-Ushuaia.csv"),
            Some("America/Argentina/Ushuaia")
        );
        for end in [
            "2025-04-30.csv",
            "2025-04-30_final.csv",
            "April.csv",
            "2025-04-é",
        ] {
            assert_eq!(zone(end), None, "{end}");
        }
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        for (old, new, fault) in [
            ("txn_1", "Total", "T3030@3:1"),
            ("2026-02-03 00:30:00", "02/03/26 00:30", "T3024@3:2"),
            ("gbp", "", "T3029@3:4"),
            ("30.00", "", "T3021@3:5"),
            ("1.17", "\"1,17\"", "T3021@3:6"),
            ("28.83", "-", "T3021@3:7"),
            ("charge", "", "T3027@3:8"),
        ] {
            let bad = GOOD.replacen(old, new, 1);
            assert_ne!(bad, GOOD, "{old}");
            assert_eq!(read_rows(&[GOOD, &bad, GOOD]).faults(), [fault], "{bad}");
        }
    }

    #[test]
    fn categories_that_are_no_revenue_are_kept_and_named() {
        let advance = GOOD.replace("charge", "advance");
        let outcome = read_rows(&[&advance, &advance, GOOD]);
        let kind = &outcome.records.balance[0].kind;
        assert_eq!(kind, &BalanceKind::Other("advance".into()));
        assert_eq!(outcome.remarks(), ["N2109×2", "N2108×3"]);
    }
}
