//! DeepSeek's cost export: platform.deepseek.com, Usage, Export: `cost-….csv` in a zip beside
//! `amount-….csv`.
//!
//! One row per day, model and wallet, in the wallet's currency. What was paid from granted balance
//! cost nothing: its row is a cost and a credit of the same amount. Two headers: `utc_date` up to July
//! 2026, `start_time_iso` and `end_time_iso` since August.
//!
//! The rule that must hold: the sum of the charges is the money paid.

use crate::formats::bills::deepseek::TimeColumns;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::Zone;
use crate::model::records::{Charge, ChargeKind, ChargeMeter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["wallet_type", "cost", "currency", "model"];
const SCOPES: &[(&str, &str)] = &[("user_id", "account")];
/// What stands in for granted balance.
const GRANTED: &str = "granted balance";

/// The format `deepseek-cost-csv`.
pub static FORMAT: Format = Format {
    name: "deepseek-cost-csv",
    kind: Kind::Bill,
    provider: Some("deepseek"),
    title: "DeepSeek cost export (CSV)",
    required: REQUIRED,
    page: "\
**Where.** platform.deepseek.com → Usage → Export: a zip with `cost-….csv` (this format) and
`amount-….csv` (`deepseek-amount-csv`), which tells the same money with meters and keys.

**Columns.** `model`, `wallet_type`, `cost` and `currency`, with `utc_date` or, since August 2026,
`start_time_iso` and `end_time_iso`; `user_id` is used where present.

**Units and zone.** Amounts are in `currency`, CNY or USD. Days are UTC.

**Wallets.** `paid` is money. What was paid from `granted` balance cost you nothing: the row is a cost, and
a credit of the same amount follows it. Another wallet is refused.

**Ids for attribution.** `deepseek:` account.

**Confidence.** Both headers come from real files, the values from programs that read them.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    time: TimeColumns,
    model: usize,
    wallet: usize,
    cost: usize,
    currency: usize,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let time = TimeColumns::find(columns, problems);
        let model = columns.required(&["model"], problems);
        let wallet = columns.required(&["wallet_type"], problems);
        let cost = columns.required(&["cost"], problems);
        let currency = columns.required(&["currency"], problems);
        Some(Positions {
            scopes: scopes::find(columns, SCOPES, problems),
            time: time?,
            model: model?,
            wallet: wallet?,
            cost: cost?,
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
        let charge = charge(&columns, &at, row)?;
        let credit = granted(&columns, &at, row)?.then(|| Charge {
            amount: -charge.amount,
            model: None,
            meter: ChargeMeter::Item(GRANTED.to_string()),
            kind: ChargeKind::Credit,
            item: GRANTED.to_string(),
            ..charge.clone()
        });
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        charges.extend(credit);
        Ok(Fate::Used)
    })
}

/// Whether the row was paid from granted balance.
fn granted(columns: &Columns, at: &Positions, row: &Row) -> Result<bool, Problem> {
    match word(row, Some(at.wallet)).map(str::to_lowercase).as_deref() {
        Some("paid") => Ok(false),
        Some("granted") => Ok(true),
        _ => {
            let message = "wallet_type is neither paid nor granted";
            Err(columns.problem(&catalogue::BAD_VALUE, row, at.wallet, message))
        }
    }
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let (start, end) = at.time.of(columns, row)?;
    let model = word(row, Some(at.model));
    Ok(Charge {
        provider: Some("deepseek".to_string()),
        start,
        end,
        amount: columns.number(row, at.cost)?,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: columns.currency(row, at.currency)?,
        scopes: scopes::read(columns, row, &at.scopes, "deepseek")?,
        model: model.map(str::to_string),
        meter: ChargeMeter::All,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: None,
        item: model.unwrap_or("all usage of the day").to_string(),
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{sample, table};
    use crate::model::Exact;

    fn charges_of(text: &str) -> (Vec<Charge>, Tally, Problems) {
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let mut source = table("cost.csv", text);
        let tally = read(
            &mut source,
            &Settings::default(),
            &mut charges,
            &mut problems,
        );
        (charges, tally, problems)
    }

    const NEW: &str = "user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency\n";
    const TIME: &str = "a,2026-08-01T00:00:00Z,2026-08-02T00:00:00Z,deepseek-v4-pro";

    #[test]
    fn granted_balance_is_a_cost_and_its_credit() {
        let (charges, tally, problems) = charges_of(&format!(
            "{NEW}{TIME},Paid,1.2345,CNY\n{TIME},granted,0.5,CNY\n"
        ));
        assert!(problems.is_empty());
        assert_eq!((tally.used, charges.len()), (2, 3));
        let sum: Exact = charges.iter().map(|charge| charge.amount).sum();
        assert_eq!(sum.to_string(), "1.2345");
        assert_eq!(charges[2].kind, ChargeKind::Credit);
        assert_eq!(charges[2].amount.to_string(), "-0.5");
        assert_eq!(charges[0].currency.code(), "CNY");
    }

    #[test]
    fn an_unknown_wallet_is_refused() {
        let (charges, _, problems) = charges_of(&format!("{NEW}{TIME},bonus,1.2345,CNY\n"));
        assert!(charges.is_empty());
        assert_eq!(problems.kept()[0].entry.code, "T3029");
        assert_eq!(problems.kept()[0].place.as_ref().unwrap().column, Some(5));
    }

    #[test]
    fn both_generations_are_recognized() {
        for header in [NEW, "user_id,utc_date,model,wallet_type,cost,currency\n"] {
            sample("cost.csv", header, |s| assert!((FORMAT.detect)(s)));
        }
        sample("x.csv", "date,cost,currency,model", |s| {
            assert!(!(FORMAT.detect)(s))
        });
    }
}
