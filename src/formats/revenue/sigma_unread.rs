//! Tables of Stripe that are recognized in order to be refused by name, each with what it is for and
//! what to select instead. Their amounts are in minor units, so no generic layout may take them.

use super::{sigma, sigma_metadata};
use crate::formats::KnownUseless;

/// Items that wait for an invoice.
pub static INVOICE_ITEMS: KnownUseless = KnownUseless {
    title: "Stripe's table invoice_items",
    detect: sigma::is_invoice_items,
    advice: "it holds charges that wait for an invoice, and once more those that are on one; select invoice_line_items and invoices",
};

/// Tiers of prices.
pub static PRICE_TIERS: KnownUseless = KnownUseless {
    title: "Stripe's table price_tiers",
    detect: |sample| sample.has_all(&["price_id", "upto", "amount"]),
    advice: "a tiered price has no single amount, and the files of this version need none: what was billed is in invoice_line_items, the names of the prices are in prices",
};

/// Coupons.
pub static COUPONS: KnownUseless = KnownUseless {
    title: "Stripe's table coupons",
    detect: |sample| sample.has_all(&["id", "duration", "percent_off", "amount_off"]),
    advice: "what coupons took off is in total_discount of invoice_line_items, and in monthly recurring revenue by subscription_item_change_events; leave this table out",
};

/// Discounts, each a coupon that is applied to something.
pub static DISCOUNTS: KnownUseless = KnownUseless {
    title: "Stripe's table discounts",
    detect: |sample| {
        let applied = ["promotion_code_id", "promotion_code", "start", "end"];
        let applied = applied.iter().any(|name| sample.header.has(name));
        sample.has_all(&["id", "coupon_id"]) && applied
    },
    advice: "what discounts took off is in total_discount of invoice_line_items; leave this table out",
};

/// Discounts line by line.
pub static LINE_DISCOUNTS: KnownUseless = KnownUseless {
    title: "Stripe's table invoice_line_item_discount_amounts",
    detect: |sample| {
        let named = ["discount", "discount_id"]
            .iter()
            .any(|name| sample.header.has(name));
        sample.has_all(&["invoice_line_item_id", "amount"]) && named
    },
    advice: "what discounts took off each line is in its total_discount; select that column of invoice_line_items and leave this table out",
};

/// Payments in the making.
pub static PAYMENT_INTENTS: KnownUseless = KnownUseless {
    title: "Stripe's table payment_intents",
    detect: |sample| {
        sample.has_all(&["id", "amount_capturable", "status"])
            || sample.has_all(&["id", "capture_method", "amount", "status"])
    },
    advice: "an intent is not a payment, and the same money is in charges; select charges",
};

/// Which payment paid which invoice.
pub static INVOICE_PAYMENTS: KnownUseless = KnownUseless {
    title: "Stripe's table invoice_payments",
    detect: |sample| {
        sample.has_all(&["invoice_id", "amount_paid", "payment_intent_id"])
            && !sample.header.has("total")
    },
    advice: "it tells the money of charges once more; select charges with invoice_id",
};

/// Credit of customers.
pub static CUSTOMER_BALANCE: KnownUseless = KnownUseless {
    title: "Stripe's table customer_balance_transactions",
    detect: |sample| {
        sample.has_all(&["customer_id", "amount", "ending_balance", "type"])
            && !sample.header.has("total")
    },
    advice: "credit of a customer pays invoices and is no revenue by itself; select invoices and credit_notes",
};

/// What fees are made of.
pub static FEES: KnownUseless = KnownUseless {
    title: "Stripe's table balance_transaction_fee_details",
    detect: |sample| sample.has_all(&["balance_transaction_id", "type", "amount"]),
    advice: "it takes the fees of balance_transactions apart, which are no revenue; select balance_transactions",
};

/// Metadata of objects that name no customer.
pub static METADATA: KnownUseless = KnownUseless {
    title: "a table of Stripe's metadata of other objects",
    detect: |sample| {
        let objects = ["customer_id", "subscription_id", "invoice_id", "charge_id"];
        let read = objects.iter().any(|name| sample.header.has(name));
        sigma_metadata::is_metadata(sample) && sample.header.len() <= 4 && !read
    },
    advice: "metadata that join customers are those of customers, subscriptions, invoices and charges; select customers_metadata",
};

#[cfg(test)]
mod tests {
    use crate::formats::revenue::testing::Rows;
    use crate::formats::{USELESS, detect};

    #[test]
    fn tables_that_are_not_read_are_refused_by_name() {
        for (header, table) in [
            (
                "id,invoice_id,amount,currency,customer_id,date,period_end,period_start,proration,unit_amount",
                "Stripe's table invoice_items",
            ),
            (
                "amount,flat_amount,price_id,upto",
                "Stripe's table price_tiers",
            ),
            (
                "id,amount_off,created,currency,duration,duration_in_months,name,percent_off,valid",
                "Stripe's table coupons",
            ),
            (
                "id,coupon_id,customer_id,end,invoice_id,promotion_code_id,start,subscription_id",
                "Stripe's table discounts",
            ),
            (
                "amount,discount_id,invoice_id,invoice_line_item_id",
                "Stripe's table invoice_line_item_discount_amounts",
            ),
            (
                "id,amount,amount_capturable,amount_received,capture_method,currency,customer_id,status",
                "Stripe's table payment_intents",
            ),
            (
                "amount_paid,charge_id,invoice_id,payment_intent_id,status",
                "Stripe's table invoice_payments",
            ),
            (
                "id,amount,created,currency,customer_id,ending_balance,invoice_id,type",
                "Stripe's table customer_balance_transactions",
            ),
            (
                "amount,application,balance_transaction_id,currency,description,type",
                "Stripe's table balance_transaction_fee_details",
            ),
            (
                "price_id,key,value",
                "a table of Stripe's metadata of other objects",
            ),
        ] {
            let rows = Rows::of(&format!("{header}\n"));
            let sample = rows.sample();
            assert_eq!(detect(&sample).map(|format| format.name), None, "{header}");
            let known = USELESS.iter().find(|known| (known.detect)(&sample));
            assert_eq!(known.map(|known| known.title), Some(table), "{header}");
        }
    }
}
