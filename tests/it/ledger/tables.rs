//! The ledger as Stripe's tables (Sigma, Data Pipeline) and as Lago exports it, in minor units.

use super::business::{Ledger, Line, Minor, Status};
use super::dashboard::{interval, movements, table};
use super::dates::{At, day_name, second};

const INVOICES: &str = "id,amount_due,amount_paid,amount_remaining,billing_reason,collection_method,currency,customer_id,date,due_date,ending_balance,livemode,number,paid,paid_out_of_band,period_start,period_end,starting_balance,status,status_transitions_finalized_at,status_transitions_marked_uncollectible_at,status_transitions_paid_at,status_transitions_voided_at,subscription_id,subtotal,tax,total";
const LINES: &str = "invoice_id,amount,currency,description,discountable,id,invoice_item_id,line_item_parent_id,line_item_parent_type,period_end,period_start,plan_id,price_id,proration,quantity,quantity_decimal,source_id,source_type,subscription,subscription_item_id,total_discount,total_exclusive_tax,batch_timestamp";
const TAXES: &str = "invoice_line_item_id,amount,inclusive,tax_rate";
const NOTES: &str = "id,amount,currency,customer_id,invoice_id,created,effective_at,reason,refund_id,out_of_band_amount,status,type,voided_at";
const NOTE_LINES: &str = "id,credit_note_id,amount,discount_amount,invoice_line_item";
const CHARGES: &str =
    "id,amount,amount_refunded,captured,created,currency,customer_id,invoice_id,livemode,status";
const REFUNDS: &str = "id,amount,balance_transaction_id,charge_id,created,currency,reason,status";
const DISPUTES: &str = "id,amount,charge_id,created,currency,is_charge_refundable,reason,status";
const MOVEMENTS: &str =
    "id,amount,available_on,created,currency,description,fee,net,reporting_category,source_id,type";
const SUBSCRIPTIONS: &str = "id,customer_id,status,created,start_date,current_period_start,current_period_end,cancel_at,cancel_at_period_end,canceled_at,ended_at,plan_id,price_id,quantity,trial_start,trial_end";
const ITEMS: &str = "id,subscription_id,plan_id,price_id,price_recurring_interval,price_recurring_interval_count,price_unit_amount,price_currency,quantity,item_current_period_start,item_current_period_end,discounts";
const PRICES: &str = "id,product_id,currency,nickname,unit_amount,recurring_interval,recurring_interval_count,recurring_usage_type,transform_quantity_divide_by";
const LAGO_INVOICES: &str = "lago_id,sequential_id,partner_billing,issuing_date,customer_lago_id,customer_external_id,customer_name,customer_email,customer_country,customer_tax_identification_number,invoice_number,invoice_type,payment_status,status,file_url,currency,fees_amount_cents,coupons_amount_cents,taxes_amount_cents,credit_notes_amount_cents,prepaid_credit_amount_cents,total_amount_cents,payment_due_date,payment_dispute_lost_at,payment_overdue";
const LAGO_FEES: &str = "invoice_lago_id,invoice_number,invoice_issuing_date,fee_lago_id,fee_item_type,fee_item_code,fee_item_name,fee_item_description,fee_item_invoice_display_name,fee_item_filter_invoice_display_name,fee_item_grouped_by,subscription_external_id,subscription_plan_code,fee_from_date_utc,fee_to_date_utc,fee_amount_currency,fee_units,fee_precise_unit_amount,fee_taxes_amount_cents,fee_total_amount_cents";

/// An amount in the units in which Stripe's tables count: crowns of Iceland in hundredths.
fn units(ledger: &Ledger, amount: Minor) -> String {
    match ledger.currency {
        "isk" => (amount * 100).to_string(),
        _ => amount.to_string(),
    }
}

fn moment(at: Option<At>) -> String {
    at.map_or(String::new(), second)
}

/// A file by its name.
pub type File = (&'static str, String);

/// The table `invoices`.
pub fn invoices(ledger: &Ledger) -> File {
    let mut out = table(INVOICES);
    let mut add = |id: &str, live: bool| {
        let found = ledger.invoices.iter().find(|invoice| invoice.id == id);
        let invoice = found.expect("the invoice is in the ledger");
        let amounts = [
            invoice.due,
            invoice.starting,
            invoice.starting + invoice.total() - invoice.due,
            invoice.tax(),
            invoice.total(),
        ];
        let amounts = amounts.map(|amount| units(ledger, amount));
        let times = [
            Some(invoice.date),
            invoice.finalized,
            invoice.uncollectible,
            invoice.paid_at,
            invoice.voided,
        ];
        let times = times.map(moment);
        let id = if live {
            id.to_string()
        } else {
            format!("{id}_test")
        };
        out.add(&[
            ("id", &id),
            ("amount_due", &amounts[0]),
            ("starting_balance", &amounts[1]),
            ("ending_balance", &amounts[2]),
            ("tax", &amounts[3]),
            ("total", &amounts[4]),
            ("currency", ledger.currency),
            ("customer_id", &invoice.customer),
            ("date", &times[0]),
            ("livemode", if live { "true" } else { "false" }),
            ("number", &invoice.number),
            // The cycle before, as Stripe has it: never the service period.
            ("period_start", "2024-01-01"),
            ("period_end", "2024-02-01"),
            ("status", invoice.status.word()),
            ("status_transitions_finalized_at", &times[1]),
            ("status_transitions_marked_uncollectible_at", &times[2]),
            ("status_transitions_paid_at", &times[3]),
            ("status_transitions_voided_at", &times[4]),
            (
                "subscription_id",
                invoice.subscription.as_deref().unwrap_or(""),
            ),
        ]);
    };
    for invoice in &ledger.invoices {
        add(&invoice.id, true);
    }
    if let Some(first) = ledger.invoices.first() {
        add(&first.id, false);
    }
    ("invoices.csv", out.csv())
}

/// The table `invoice_line_items`, with the customer of the invoice if the query selects it.
pub fn lines(ledger: &Ledger, with_customer: bool) -> File {
    let header = if with_customer {
        format!("{LINES},customer_id")
    } else {
        LINES.to_string()
    };
    let mut out = table(&header);
    for invoice in &ledger.invoices {
        for line in &invoice.lines {
            let amounts = [line.amount, line.discount, line.exclusive];
            let amounts = amounts.map(|amount| units(ledger, amount));
            let times = [line.start, line.end].map(second);
            let quantity = line.quantity.to_string();
            let mut cells = vec![
                ("invoice_id", invoice.id.as_str()),
                ("amount", &amounts[0]),
                ("total_discount", &amounts[1]),
                ("total_exclusive_tax", &amounts[2]),
                ("currency", ledger.currency),
                ("id", &line.id),
                ("period_start", &times[0]),
                ("period_end", &times[1]),
                ("price_id", &ledger.prices[line.price].id),
                ("proration", if line.proration { "true" } else { "false" }),
                ("quantity", &quantity),
                (
                    "subscription",
                    invoice.subscription.as_deref().unwrap_or(""),
                ),
            ];
            if with_customer {
                cells.push(("customer_id", &invoice.customer));
            }
            out.add(&cells);
        }
    }
    ("invoice_line_items.csv", out.csv())
}

fn taxes(ledger: &Ledger) -> File {
    let mut out = table(TAXES);
    let lines = ledger.invoices.iter().flat_map(|invoice| &invoice.lines);
    let of = |line: &Line| [(line.inclusive, "true"), (line.exclusive, "false")];
    for line in lines {
        for (amount, inclusive) in of(line).into_iter().filter(|(amount, _)| *amount != 0) {
            out.add(&[
                ("invoice_line_item_id", &line.id),
                ("amount", &units(ledger, amount)),
                ("inclusive", inclusive),
                ("tax_rate", "txr_1"),
            ]);
        }
    }
    ("taxes.csv", out.csv())
}

fn notes(ledger: &Ledger) -> [File; 2] {
    let (mut out, mut lines) = (table(NOTES), table(NOTE_LINES));
    for note in &ledger.notes {
        out.add(&[
            ("id", &note.id),
            ("amount", &units(ledger, note.amount)),
            ("currency", ledger.currency),
            ("customer_id", &note.customer),
            ("invoice_id", &note.invoice),
            ("created", &second(note.at)),
            ("refund_id", note.refund.as_deref().unwrap_or("")),
            ("status", if note.void { "void" } else { "issued" }),
        ]);
        if let Some((line, amount)) = &note.line {
            lines.add(&[
                ("id", &format!("cnli_{}", note.id)),
                ("credit_note_id", &note.id),
                ("amount", &units(ledger, *amount)),
                ("discount_amount", "0"),
                ("invoice_line_item", line),
            ]);
        }
    }
    [
        ("credit_notes.csv", out.csv()),
        ("credit_note_line_items.csv", lines.csv()),
    ]
}

/// The tables `charges`, `refunds` and `disputes`.
fn payments(ledger: &Ledger) -> [File; 3] {
    let (mut charges, mut refunds) = (table(CHARGES), table(REFUNDS));
    let mut disputes = table(DISPUTES);
    for charge in &ledger.charges {
        charges.add(&[
            ("id", &charge.id),
            ("amount", &units(ledger, charge.amount)),
            ("amount_refunded", &units(ledger, charge.refunded())),
            ("captured", if charge.failed { "false" } else { "true" }),
            ("created", &second(charge.created)),
            ("currency", ledger.currency),
            ("customer_id", &charge.customer),
            ("invoice_id", charge.invoice.as_deref().unwrap_or("")),
            ("livemode", if charge.test { "false" } else { "true" }),
            ("status", if charge.failed { "failed" } else { "succeeded" }),
        ]);
        for refund in &charge.refunds {
            refunds.add(&[
                ("id", &refund.id),
                ("amount", &units(ledger, refund.amount)),
                ("charge_id", &charge.id),
                ("created", &second(refund.at)),
                ("currency", ledger.currency),
                ("status", if refund.failed { "failed" } else { "succeeded" }),
            ]);
        }
        if let Some(dispute) = &charge.dispute {
            disputes.add(&[
                ("id", &dispute.id),
                ("amount", &units(ledger, charge.amount)),
                ("charge_id", &charge.id),
                ("created", &second(dispute.at)),
                ("currency", ledger.currency),
                ("status", dispute.status),
            ]);
        }
    }
    [
        ("charges.csv", charges.csv()),
        ("refunds.csv", refunds.csv()),
        ("disputes.csv", disputes.csv()),
    ]
}

/// The table `balance_transactions`.
pub fn balance(ledger: &Ledger) -> File {
    let mut out = table(MOVEMENTS);
    for one in movements(ledger) {
        let amount = units(ledger, one.amount);
        out.add(&[
            ("id", &one.id),
            ("amount", &amount),
            ("created", &second(one.at)),
            ("currency", ledger.currency),
            ("fee", "0"),
            ("net", &amount),
            ("reporting_category", one.category),
            ("source_id", &one.source),
            ("type", one.kind),
        ]);
    }
    ("balance_transactions.csv", out.csv())
}

fn catalog(ledger: &Ledger) -> [File; 4] {
    let (mut subscriptions, mut items) = (table(SUBSCRIPTIONS), table(ITEMS));
    for one in &ledger.subscriptions {
        let price = &ledger.prices[one.price];
        let times = [one.started, one.current.0, one.current.1].map(second);
        let trial = [
            one.trial.map(|trial| trial.0),
            one.trial.map(|trial| trial.1),
        ]
        .map(moment);
        let ended = moment(one.ended);
        let quantity = one.quantity.to_string();
        subscriptions.add(&[
            ("id", &one.id),
            ("customer_id", &one.customer),
            ("status", one.status),
            ("start_date", &times[0]),
            ("current_period_start", &times[1]),
            ("current_period_end", &times[2]),
            ("ended_at", &ended),
            ("price_id", &price.id),
            ("quantity", &quantity),
            ("trial_start", &trial[0]),
            ("trial_end", &trial[1]),
        ]);
        let (word, count) = interval(price.months);
        items.add(&[
            ("id", &format!("si_{}", one.id)),
            ("subscription_id", &one.id),
            ("price_id", &price.id),
            ("price_recurring_interval", word),
            ("price_recurring_interval_count", count),
            ("price_unit_amount", &units(ledger, price.amount)),
            ("price_currency", ledger.currency),
            ("quantity", &quantity),
            ("item_current_period_start", &times[1]),
            ("item_current_period_end", &times[2]),
        ]);
    }
    let (mut prices, mut products) = (table(PRICES), table("id,name,unit_label"));
    for price in &ledger.prices {
        let (word, count) = interval(price.months);
        let amount = units(ledger, price.amount);
        prices.add(&[
            ("id", &price.id),
            ("product_id", &price.product),
            ("currency", ledger.currency),
            ("unit_amount", if price.metered { "" } else { &amount }),
            ("recurring_interval", word),
            ("recurring_interval_count", count),
            (
                "recurring_usage_type",
                if price.metered { "metered" } else { "licensed" },
            ),
        ]);
        let known = products.rows.iter().any(|row| row[0] == price.product);
        if !known {
            products.add(&[("id", &price.product), ("name", &price.name)]);
        }
    }
    [
        ("subscriptions.csv", subscriptions.csv()),
        ("subscription_items.csv", items.csv()),
        ("prices.csv", prices.csv()),
        ("products.csv", products.csv()),
    ]
}

/// All of Stripe's tables that say something of revenue. Tables without rows are left out.
pub fn all(ledger: &Ledger) -> Vec<File> {
    let mut files = vec![invoices(ledger), lines(ledger, false), taxes(ledger)];
    files.extend(notes(ledger));
    files.extend(payments(ledger));
    files.extend(catalog(ledger));
    files.retain(|(_, text)| text.lines().count() > 1);
    files
}

/// Lago's invoices and fees. It has one currency's decimals for all, those of ISO 4217.
pub fn lago(ledger: &Ledger) -> Vec<File> {
    let (mut invoices, mut fees) = (table(LAGO_INVOICES), table(LAGO_FEES));
    for invoice in &ledger.invoices {
        let amounts = [invoice.net(), invoice.tax(), invoice.total()];
        let amounts = amounts.map(|amount| amount.to_string());
        let status = match invoice.status {
            Status::Draft => "draft",
            // Lago has neither: what is given up is voided there.
            Status::Void | Status::Uncollectible => "voided",
            Status::Open | Status::Paid => "finalized",
        };
        let paid = if invoice.status == Status::Paid {
            "succeeded"
        } else {
            "pending"
        };
        let date = day_name(invoice.date);
        invoices.add(&[
            ("lago_id", &invoice.id),
            ("partner_billing", "false"),
            ("issuing_date", &date),
            ("customer_external_id", &invoice.customer),
            ("invoice_number", &invoice.number),
            ("invoice_type", "subscription"),
            ("payment_status", paid),
            ("status", status),
            ("currency", &ledger.currency.to_uppercase()),
            ("fees_amount_cents", &amounts[0]),
            ("coupons_amount_cents", "0"),
            ("taxes_amount_cents", &amounts[1]),
            ("credit_notes_amount_cents", "0"),
            ("prepaid_credit_amount_cents", "0"),
            ("total_amount_cents", &amounts[2]),
        ]);
        for line in &invoice.lines {
            let price = &ledger.prices[line.price];
            let tax = line.exclusive + line.inclusive;
            let last = if line.end > line.start {
                line.end - 1
            } else {
                line.end
            };
            let times = [line.start, last].map(|at| second(at).replace(' ', "T") + "Z");
            let kind = match () {
                () if price.metered => "charge",
                () if price.months == 0 => "add_on",
                () => "subscription",
            };
            fees.add(&[
                ("invoice_lago_id", &invoice.id),
                ("invoice_number", &invoice.number),
                ("fee_lago_id", &line.id),
                ("fee_item_type", kind),
                (
                    "subscription_external_id",
                    invoice.subscription.as_deref().unwrap_or(""),
                ),
                (
                    "subscription_plan_code",
                    if price.months > 0 { &price.name } else { "" },
                ),
                ("fee_from_date_utc", &times[0]),
                ("fee_to_date_utc", &times[1]),
                ("fee_amount_currency", &ledger.currency.to_uppercase()),
                ("fee_units", &line.quantity.to_string()),
                ("fee_taxes_amount_cents", &tax.to_string()),
                ("fee_total_amount_cents", &(line.net() + tax).to_string()),
            ]);
        }
    }
    vec![("invoices.csv", invoices.csv()), ("fees.csv", fees.csv())]
}
