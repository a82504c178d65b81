//! Stripe exports that are recognized in order to be refused with advice.
//!
//! They tell the same money once more, dated by payout or without customers. In the order in which
//! they must be asked: itemised payouts have the columns of a payout reconciliation.

use super::balance::is_by_payout;
use crate::formats::KnownUseless;

/// Payouts: transfers to the bank.
pub static STRIPE_PAYOUTS: KnownUseless = KnownUseless {
    title: "Stripe payouts",
    detect: |sample| {
        sample.has_all(&["arrival date (utc)"])
            || sample.has_all(&["payout_id", "effective_at_utc"])
            || sample.has_all(&["id", "amount", "arrival_date", "status"])
    },
    advice: "payouts are transfers to your bank after fees, not revenue; export Payments or Invoices from the Dashboard",
};

/// Revenue recognition reports that name no customer.
pub static STRIPE_REVENUE_RECOGNITION: KnownUseless = KnownUseless {
    title: "Stripe revenue recognition report without customers",
    detect: |sample| {
        sample.has_all(&["accounting_period", "debit", "credit", "amount"])
            && !sample.header.has("customer_id")
    },
    advice: "it tells revenue by price, product or invoice and names no customer; export the report by customer, or choose customer_id among its columns",
};

/// Payout reconciliation reports: balance transactions by payout.
pub static STRIPE_PAYOUT_RECONCILIATION: KnownUseless = KnownUseless {
    title: "Stripe payout reconciliation",
    detect: is_by_payout,
    advice: "it holds the same money as the payments, dated by payout; export the report \"Balance change from activity\" instead, or Payments or Invoices from the Dashboard",
};

#[cfg(test)]
mod tests {
    use crate::formats::revenue::testing::Rows;
    use crate::formats::{Sample, USELESS, detect};

    fn recognized(header: &str, file_name: &str) -> Option<&'static str> {
        let rows = Rows::of(&format!("{header}\n"));
        let sample = Sample {
            file_name,
            ..rows.sample()
        };
        assert_eq!(detect(&sample).map(|format| format.name), None, "{header}");
        USELESS
            .iter()
            .find(|known| (known.detect)(&sample))
            .map(|known| known.title)
    }

    #[test]
    fn the_same_money_in_other_exports_is_recognized() {
        let balance = "balance_transaction_id,created_utc,created,currency,gross,fee,net,reporting_category,automatic_payout_id,customer_id";
        for (header, file_name, title) in [
            (
                "id,Amount,Created (UTC),Currency,Livemode,Arrival Date (UTC),Status",
                "payouts.csv",
                "Stripe payouts",
            ),
            (
                "id,amount,arrival_date,automatic,created,currency,destination_id,method,status,type",
                "payouts.csv",
                "Stripe payouts",
            ),
            (
                "payout_id,effective_at_utc,effective_at,currency,gross,fee,net,reporting_category,balance_transaction_id",
                "itemised_payouts.csv",
                "Stripe payouts",
            ),
            (
                "accounting_period,open_accounting_period,currency,price_id,debit,credit,amount",
                "a.csv",
                "Stripe revenue recognition report without customers",
            ),
            (
                balance,
                "itemised_payout_reconciliation.csv",
                "Stripe payout reconciliation",
            ),
            (
                &format!("{balance},payout_id"),
                "itemised.csv",
                "Stripe payout reconciliation",
            ),
        ] {
            assert_eq!(recognized(header, file_name), Some(title), "{header}");
        }
    }
}
