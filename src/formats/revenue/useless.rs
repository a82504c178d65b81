//! Stripe and Lago exports that are recognized in order to be refused with advice.
//!
//! Most describe the same money as payments or invoices, so that reading them too would count it
//! twice. In the order in which they must be asked: a payout reconciliation has all columns of a
//! balance report.

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

/// Double-entry revenue recognition reports.
pub static STRIPE_REVENUE_RECOGNITION: KnownUseless = KnownUseless {
    title: "Stripe revenue recognition report",
    detect: |sample| sample.has_all(&["accounting_period", "debit", "credit", "amount"]),
    advice: "it holds the same money as the invoices, as journal entries that this version does not read; export Invoices with their line item periods from the Dashboard",
};

/// Payout reconciliation reports: balance transactions by payout.
pub static STRIPE_PAYOUT_RECONCILIATION: KnownUseless = KnownUseless {
    title: "Stripe payout reconciliation",
    detect: is_payout_reconciliation,
    advice: "it holds the same money as the payments, dated by payout; export Payments or Invoices from the Dashboard",
};

/// Itemised balance reports.
pub static STRIPE_BALANCE_CHANGE: KnownUseless = KnownUseless {
    title: "Stripe itemised balance change",
    detect: is_balance_change,
    advice: "it holds the same money as the payments, after fees and in the settlement currency; export Payments or Invoices from the Dashboard",
};

/// Balance history of the Dashboard.
pub static STRIPE_BALANCE_HISTORY: KnownUseless = KnownUseless {
    title: "Stripe balance history",
    detect: |sample| {
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
    },
    advice: "it holds the same money as the payments, after fees, in the settlement currency and without customers; export Payments or Invoices from the Dashboard",
};

/// Tables of Sigma or the Data Pipeline.
pub static STRIPE_SIGMA: KnownUseless = KnownUseless {
    title: "Stripe Sigma or Data Pipeline table",
    detect: is_sigma,
    advice: "this version does not read this table; select invoice_line_items and invoices (invoice_items are the same money before it is billed), and charges, refunds, disputes, credit_notes, subscriptions, subscription_items, prices and products where you have them",
};

/// Invoices and fees of Lago.
pub static LAGO: KnownUseless = KnownUseless {
    title: "Lago export",
    detect: |sample| {
        sample.has_all(&["lago_id", "fees_amount_cents"]) || sample.has_all(&["fee_lago_id"])
    },
    advice: "its amounts are in minor units, and this version does not read it; bring it into the generic revenue layout with amounts in major units",
};

fn is_balance_change(sample: &Sample<'_>) -> bool {
    sample.has_all(&[
        "balance_transaction_id",
        "reporting_category",
        "gross",
        "net",
    ])
}

fn is_payout_reconciliation(sample: &Sample<'_>) -> bool {
    let is_payout = |name: &String| name.to_lowercase().starts_with("payout_");
    let named_so = sample.header.has("automatic_payout_id")
        && sample.file_name.to_lowercase().contains("payout");
    is_balance_change(sample) && (named_so || sample.header.names().iter().any(is_payout))
}

/// Tables of Stripe that are neither read nor any generic layout: their amounts are in minor units.
fn is_sigma(sample: &Sample<'_>) -> bool {
    let tables: [&[&str]; 5] = [
        &["id", "duration", "percent_off", "amount_off"],
        &["price_id", "upto", "amount"],
        &["id", "amount_capturable", "capture_method", "status"],
        &["invoice_line_item_id", "discount", "amount"],
        &["balance_transaction_id", "type", "amount", "application"],
    ];
    super::sigma_lines::is_invoice_items(sample) || tables.iter().any(|names| sample.has_all(names))
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
                "accounting_period,open_accounting_period,currency,customer_id,debit,credit,amount",
                "a.csv",
                "Stripe revenue recognition report",
            ),
            (
                balance,
                "itemised_balance_change_from_activity_usd.csv",
                "Stripe itemised balance change",
            ),
            (
                balance,
                "itemised_payout_reconciliation.csv",
                "Stripe payout reconciliation",
            ),
            (
                "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Customer Facing Amount",
                "balance_history.csv",
                "Stripe balance history",
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
            (
                "lago_id,customer_external_id,fees_amount_cents,currency",
                "a.csv",
                "Lago export",
            ),
        ] {
            assert_eq!(recognized(header, file_name), Some(title), "{header}");
        }
    }
}
