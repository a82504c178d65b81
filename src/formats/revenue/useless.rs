//! Stripe exports that are recognized in order to be refused with advice.
//!
//! They tell the same money once more, dated by payout or without customers. In the order in which
//! they must be asked: itemised payouts have the columns of a payout reconciliation.

use super::balance::is_by_payout;
use crate::formats::{KnownUseless, Sample};

/// Payouts: transfers to the bank.
pub static STRIPE_PAYOUTS: KnownUseless = KnownUseless {
    title: "Stripe payouts",
    detect: |sample| {
        sample.has_all(&["arrival date (utc)"])
            || sample.has_all(&["payout_id", "effective_at_utc"])
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

/// Tables of Sigma or the Data Pipeline.
pub static STRIPE_SIGMA: KnownUseless = KnownUseless {
    title: "Stripe Sigma or Data Pipeline table",
    detect: is_sigma,
    advice: "this version does not read this table; select invoice_line_items and invoices (invoice_items are the same money before it is billed), and charges, refunds, disputes, credit_notes, subscriptions, subscription_items, prices and products where you have them",
};

/// Tables of Stripe that are neither read nor any generic layout: their amounts are in minor units.
fn is_sigma(sample: &Sample<'_>) -> bool {
    let tables: [&[&str]; 5] = [
        &["id", "duration", "percent_off", "amount_off"],
        &["price_id", "upto", "amount"],
        &["id", "amount_capturable", "capture_method", "status"],
        &["invoice_line_item_id", "discount", "amount"],
        &["balance_transaction_id", "type", "amount", "application"],
    ];
    super::sigma::is_invoice_items(sample) || tables.iter().any(|names| sample.has_all(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::Rows;
    use crate::formats::{USELESS, detect};

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
            (
                "id,invoice_id,amount,currency,customer_id,date,period_end,period_start,proration,unit_amount",
                "invoice_items.csv",
                "Stripe Sigma or Data Pipeline table",
            ),
            (
                "id,amount_off,percent_off,duration,duration_in_months,currency",
                "coupons.csv",
                "Stripe Sigma or Data Pipeline table",
            ),
        ] {
            assert_eq!(recognized(header, file_name), Some(title), "{header}");
        }
    }
}
