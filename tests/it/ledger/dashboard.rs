//! The ledger as Stripe's Dashboard exports it and as its reports do. Headers are the documented
//! ones; amounts are in major units.

use super::business::{Charge, Invoice, Ledger, Minor, Status};
use super::dates::{At, minute, second};
use super::truth::{Knows, Months, recognized};
use crate::world::Table;

/// The default columns of the invoices export.
const INVOICES: &str = "id,Amount Due,Billing,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,Subscription,Subtotal,Total Discount Amount,Applied Coupons,Tax,Tax Percent,Total,Amount Paid,Status";
/// The same with all columns.
const ALL_INVOICES: &str = "id,Amount Due,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Ending Balance,Forgiven,Number,Paid,Paid At (UTC),Marked Uncollectible At (UTC),Voided At (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Period Start (UTC),Period End (UTC),Starting Balance,Subscription,Subtotal,Total Discount Amount,Applied Coupons,Tax,Tax Percent,Total,Amount Paid,Status,Exclusive Tax Amount,Inclusive Tax Amount";
const PAYMENTS: &str = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Customer ID,Customer Description,Customer Email,Invoice ID,Transfer";
const ALL_PAYMENTS: &str = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Description,Fee,Is Link,Mode,PaymentIntent ID,Payment Source Type,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Customer ID,Customer Description,Customer Email,Disputed Amount,Dispute Date (UTC),Dispute Evidence Due (UTC),Dispute Reason,Dispute Status,Invoice ID,Invoice Number,Client Reference ID";
const SUBSCRIPTIONS: &str = "id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Customer Name";
const PRICES: &str = "Price ID,Product ID,Product Name,Product Statement Descriptor,Product Tax Code,Description,Created (UTC),Amount,Currency,Interval,Interval Count,Usage Type,Aggregate Usage,Billing Scheme,Trial Period Days,Tax Behavior";
const CUSTOMERS: &str = "id,Description,Email,Name,Created (UTC),Delinquent,Plan,Status,Total Spend,Payment Count,Refunded Volume,Dispute Losses";
const HISTORY: &str = "id,Type,Source,Amount,Fee,Destination Platform Fee,Destination Platform Fee Currency,Net,Currency,Created (UTC),Available On (UTC),Description,Customer Facing Amount,Customer Facing Currency,Transfer,Transfer Date (UTC),Transfer Group";
const CHANGE: &str = "balance_transaction_id,created_utc,created,available_on_utc,available_on,currency,gross,fee,net,reporting_category,source_id,description,customer_facing_amount,customer_facing_currency,trace_id,trace_id_status,automatic_payout_id,automatic_payout_effective_at_utc,automatic_payout_effective_at,customer_id,customer_email,customer_name,customer_description,charge_id,payment_intent_id,charge_created_utc,charge_created,invoice_id,invoice_number,subscription_id,payment_method_type,is_link,card_brand,card_funding,card_country,statement_descriptor,dispute_reason,connected_account_id";
const RECOGNITION: &str =
    "accounting_period,open_accounting_period,currency,customer_id,debit,credit,amount";
const REVENUE: &str =
    "customer_id,period_start,period_end,amount,currency,tax,plan,type,invoice_id,status";

/// A table with the columns of a header line.
pub fn table(header: &str) -> Table {
    let names: Vec<&str> = header.split(',').collect();
    Table::new(&names)
}

/// An amount in major units, with the decimals of the ledger's currency.
pub fn major(ledger: &Ledger, amount: Minor) -> String {
    let digits = format!("{:0>width$}", amount.abs(), width = ledger.places + 1);
    let (whole, part) = digits.split_at(digits.len() - ledger.places);
    // Some accounts export a decimal comma; before three decimals it would be ambiguous.
    let comma = ledger.seed.is_multiple_of(5) && ledger.places == 2;
    let mark = if comma { "," } else { "." };
    let sign = if amount < 0 { "-" } else { "" };
    match part {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}{mark}{part}"),
    }
}

fn moment(at: Option<At>) -> String {
    at.map_or(String::new(), minute)
}

/// The invoices, with the service periods of their lines if `all` columns are chosen.
pub fn invoices(ledger: &Ledger, all: bool) -> String {
    let mut out = table(if all { ALL_INVOICES } else { INVOICES });
    let money = |amount: Minor| major(ledger, amount);
    for invoice in &ledger.invoices {
        let sum = |of: &dyn Fn(&super::business::Line) -> Minor| -> Minor {
            invoice.lines.iter().map(of).sum()
        };
        let subtotal = money(sum(&|line| line.amount));
        let discount = money(sum(&|line| line.discount));
        let (exclusive, inclusive) = (sum(&|l| l.exclusive), sum(&|l| l.inclusive));
        let is_draft = invoice.status == Status::Draft;
        let paid = if invoice.status == Status::Paid {
            invoice.due
        } else {
            0
        };
        let (due, total, tax) = (
            money(invoice.due),
            money(invoice.total()),
            money(invoice.tax()),
        );
        let (date, paid) = (minute(invoice.date), money(paid));
        let mut cells = vec![
            ("id", invoice.id.as_str()),
            ("Amount Due", &due),
            ("Currency", ledger.currency),
            ("Customer", &invoice.customer),
            ("Date (UTC)", &date),
            (
                "Subscription",
                invoice.subscription.as_deref().unwrap_or(""),
            ),
            ("Subtotal", &subtotal),
            ("Total Discount Amount", &discount),
            // Stripe leaves the cell of an invoice without tax blank.
            ("Tax", if invoice.tax() == 0 { "" } else { &tax }),
            ("Total", &total),
            ("Amount Paid", &paid),
            ("Status", invoice.status.word()),
            ("Number", if is_draft { "" } else { &invoice.number }),
        ];
        let start = moment(invoice.lines.iter().map(|line| line.start).min());
        let end = moment(invoice.lines.iter().map(|line| line.end).max());
        let times = [
            invoice.paid_at,
            invoice.uncollectible,
            invoice.voided,
            invoice.finalized,
        ];
        let times = times.map(moment);
        let starting = money(invoice.starting);
        let ending = money(invoice.starting + invoice.total() - invoice.due);
        let (exclusive, inclusive) = (money(exclusive), money(inclusive));
        if all {
            cells.extend([
                ("Paid At (UTC)", times[0].as_str()),
                ("Marked Uncollectible At (UTC)", &times[1]),
                ("Voided At (UTC)", &times[2]),
                ("Finalized At (UTC)", &times[3]),
                ("Minimum Line Item Period Start (UTC)", &start),
                ("Maximum Line Item Period End (UTC)", &end),
                ("Starting Balance", &starting),
                ("Ending Balance", if is_draft { "" } else { &ending }),
                ("Exclusive Tax Amount", &exclusive),
                ("Inclusive Tax Amount", &inclusive),
            ]);
        }
        out.add(&cells);
    }
    out.csv()
}

/// The payments, with test mode and disputes if `all` columns are chosen.
pub fn payments(ledger: &Ledger, all: bool) -> String {
    let mut out = table(if all { ALL_PAYMENTS } else { PAYMENTS });
    for charge in &ledger.charges {
        if charge.test && !all {
            continue;
        }
        let (amount, back) = (major(ledger, charge.amount), charge.refunded());
        let refunded = major(ledger, back);
        let last = charge.refunds.iter().filter(|refund| !refund.failed);
        let last = last.map(|refund| refund.at).max();
        let last = last.map_or(String::new(), second);
        let created = second(charge.created);
        let status = match () {
            () if charge.failed => "Failed",
            () if back == charge.amount => "Refunded",
            () => "Paid",
        };
        let mut cells = vec![
            ("id", charge.id.as_str()),
            ("Created date (UTC)", &created),
            ("Amount", &amount),
            ("Amount Refunded", &refunded),
            ("Currency", ledger.currency),
            ("Captured", if charge.failed { "false" } else { "true" }),
            ("Refunded date (UTC)", &last),
            ("Status", status),
            ("Customer ID", &charge.customer),
            ("Invoice ID", charge.invoice.as_deref().unwrap_or("")),
        ];
        let disputed = charge.dispute.as_ref();
        let date = disputed.map_or(String::new(), |dispute| second(dispute.at));
        if all {
            cells.push(("Mode", if charge.test { "Test" } else { "Live" }));
            cells.extend(disputed.iter().flat_map(|dispute| {
                [
                    ("Disputed Amount", amount.as_str()),
                    ("Dispute Date (UTC)", &date),
                    ("Dispute Status", dispute.status),
                ]
            }));
        }
        out.add(&cells);
    }
    out.csv()
}

/// Subscriptions, prices and customers.
pub fn catalog(ledger: &Ledger) -> [String; 3] {
    let mut subscriptions = table(SUBSCRIPTIONS);
    for one in &ledger.subscriptions {
        let price = &ledger.prices[one.price];
        let (amount, quantity) = (major(ledger, price.amount), one.quantity.to_string());
        let times = [one.started, one.current.0, one.current.1].map(minute);
        subscriptions.add(&[
            ("id", &one.id),
            ("Customer ID", &one.customer),
            ("Plan", &price.id),
            ("Quantity", &quantity),
            ("Currency", ledger.currency),
            ("Interval", interval(price.months).0),
            ("Amount", &amount),
            ("Status", one.status),
            ("Start Date (UTC)", &times[0]),
            ("Current Period Start (UTC)", &times[1]),
            ("Current Period End (UTC)", &times[2]),
        ]);
    }
    let mut prices = table(PRICES);
    for price in &ledger.prices {
        let amount = major(ledger, price.amount);
        let (word, count) = interval(price.months);
        prices.add(&[
            ("Price ID", &price.id),
            ("Product ID", &price.product),
            ("Product Name", &price.name),
            ("Amount", if price.metered { "" } else { &amount }),
            ("Currency", ledger.currency),
            ("Interval", word),
            ("Interval Count", count),
            (
                "Usage Type",
                if price.metered { "metered" } else { "licensed" },
            ),
            ("Billing Scheme", "per_unit"),
        ]);
    }
    let mut customers = table(CUSTOMERS);
    for id in &ledger.customers {
        customers.add(&[("id", id), ("Name", &format!("Customer {id}"))]);
    }
    [subscriptions.csv(), prices.csv(), customers.csv()]
}

/// The billing interval of so many months, and how many of it.
pub fn interval(months: i64) -> (&'static str, &'static str) {
    match months {
        0 => ("", ""),
        12 => ("year", "1"),
        3 => ("month", "3"),
        _ => ("month", "1"),
    }
}

/// One movement of the balance.
pub struct Movement<'l> {
    pub id: String,
    pub at: At,
    pub amount: Minor,
    pub category: &'static str,
    pub kind: &'static str,
    pub source: String,
    pub charge: &'l Charge,
    pub invoice: Option<&'l Invoice>,
}

/// Everything that moved the balance, each with its own moment.
pub fn movements(ledger: &Ledger) -> Vec<Movement<'_>> {
    let mut moves = Vec::new();
    for charge in ledger.charges.iter().filter(|charge| charge.arrived()) {
        let of = charge.invoice.as_ref();
        let invoice = of.and_then(|id| ledger.invoices.iter().find(|i| i.id == *id));
        let mut add = |id: String, at, amount, category, kind, source: &str| {
            moves.push(Movement {
                id,
                at,
                amount,
                category,
                kind,
                source: source.to_string(),
                charge,
                invoice,
            });
        };
        let id = &charge.id;
        add(
            format!("txn_{id}"),
            charge.created,
            charge.amount,
            "charge",
            "charge",
            id,
        );
        for one in &charge.refunds {
            let (txn, re) = (format!("txn_{}", one.id), one.id.as_str());
            add(txn.clone(), one.at, -one.amount, "refund", "refund", re);
            if one.failed {
                let failed = "refund_failure";
                add(
                    format!("{txn}_f"),
                    one.at + 300,
                    one.amount,
                    failed,
                    failed,
                    re,
                );
            }
        }
        if let Some(one) = &charge.dispute {
            let (txn, dp) = (format!("txn_{}", one.id), one.id.as_str());
            add(
                txn.clone(),
                one.at,
                -charge.amount,
                "dispute",
                "adjustment",
                dp,
            );
            if one.status == "won" {
                let back = "dispute_reversal";
                add(
                    format!("{txn}_w"),
                    one.closed,
                    charge.amount,
                    back,
                    "adjustment",
                    dp,
                );
            }
        }
    }
    moves
}

/// The itemised balance change report with all columns.
pub fn balance_change(ledger: &Ledger) -> String {
    let mut out = table(CHANGE);
    for one in movements(ledger) {
        let (amount, at) = (major(ledger, one.amount), second(one.at));
        let invoice = one.invoice;
        out.add(&[
            ("balance_transaction_id", &one.id),
            ("created_utc", &at),
            ("created", &at),
            ("currency", ledger.currency),
            ("gross", &amount),
            ("fee", &major(ledger, 0)),
            ("net", &amount),
            ("reporting_category", one.category),
            ("source_id", &one.source),
            ("customer_id", &one.charge.customer),
            ("charge_id", &one.charge.id),
            ("invoice_id", invoice.map_or("", |invoice| &invoice.id)),
            (
                "invoice_number",
                invoice.map_or("", |invoice| &invoice.number),
            ),
        ]);
    }
    out.csv()
}

/// The balance history. What goes back names neither its payment nor its invoice.
pub fn balance_history(ledger: &Ledger) -> String {
    let mut out = table(HISTORY);
    for one in movements(ledger) {
        let (amount, at) = (major(ledger, one.amount), minute(one.at));
        let number = one.invoice.filter(|_| one.kind == "charge");
        let number = number.map_or(String::new(), |i| format!("Invoice {}", i.number));
        out.add(&[
            ("id", &one.id),
            ("Type", one.kind),
            ("Source", &one.source),
            ("Amount", &amount),
            ("Fee", &major(ledger, 0)),
            ("Net", &amount),
            ("Currency", ledger.currency),
            ("Created (UTC)", &at),
            ("Description", &number),
        ]);
    }
    out.csv()
}

/// What would have been earned if nothing had gone back, and what went back: by month.
fn earned_and_gone(ledger: &Ledger) -> (Months, Months) {
    let all = recognized(ledger, Knows::ALL);
    let mut plain = ledger.clone();
    plain.notes.clear();
    for charge in &mut plain.charges {
        charge.refunds.clear();
        charge.dispute = None;
    }
    let earned = recognized(&plain, Knows::ALL);
    let mut gone = earned.clone();
    for (key, amount) in all {
        *gone.entry(key).or_default() -= amount;
    }
    gone.retain(|_, amount| *amount != 0);
    (earned, gone)
}

/// Stripe's revenue-recognition report by customer.
pub fn recognition(ledger: &Ledger) -> String {
    let mut out = table(RECOGNITION);
    let mut add = |(customer, month): &(String, String), debit, credit, amount: Minor| {
        out.add(&[
            ("accounting_period", month),
            ("open_accounting_period", "false"),
            ("currency", ledger.currency),
            ("customer_id", customer),
            ("debit", debit),
            ("credit", credit),
            ("amount", &major(ledger, amount)),
        ]);
    };
    let (earned, gone) = earned_and_gone(ledger);
    for (key, amount) in &earned {
        add(key, "AccountsReceivable", "DeferredRevenue", *amount);
        add(key, "DeferredRevenue", "Revenue", *amount);
    }
    for (key, amount) in &gone {
        add(key, "Refunds", "Cash", *amount);
    }
    out.csv()
}

/// A generic revenue file: the lines of invoices that stand, and what else was earned or went back
/// month by month.
pub fn revenue_file(ledger: &Ledger) -> String {
    let mut out = table(REVENUE);
    let money = |amount: Minor| major(ledger, amount);
    let mut standing = ledger.clone();
    standing.charges.clear();
    standing.notes.clear();
    standing.invoices.retain(|invoice| {
        let final_ = matches!(invoice.status, Status::Paid | Status::Open);
        final_ && invoice.uncollectible.is_none()
    });
    for invoice in &standing.invoices {
        for line in &invoice.lines {
            let tax = line.exclusive + line.inclusive;
            let recurs = ledger.prices[line.price].months > 0;
            // A one-off is earned when its invoice becomes final.
            let (start, end) = match line.start == line.end {
                true => [line.start.max(invoice.final_at()); 2].into(),
                false => (line.start, line.end),
            };
            let times = [start, end].map(|at| second(at).replace(' ', "T") + "Z");
            out.add(&[
                ("customer_id", &invoice.customer),
                ("period_start", &times[0]),
                ("period_end", &times[1]),
                ("amount", &money(line.net() + tax)),
                ("currency", ledger.currency),
                ("tax", &money(tax)),
                ("plan", &ledger.prices[line.price].name),
                ("type", if recurs { "recurring" } else { "one-off" }),
                ("invoice_id", &invoice.id),
                ("status", invoice.status.word()),
            ]);
        }
    }
    let mut rest = recognized(ledger, Knows::ALL);
    for (key, amount) in recognized(&standing, Knows::ALL) {
        *rest.entry(key).or_default() -= amount;
    }
    for ((customer, month), amount) in rest.iter().filter(|(_, amount)| **amount != 0) {
        out.add(&[
            ("customer_id", customer),
            ("period_start", &format!("{month}-01")),
            ("amount", &money(*amount)),
            ("currency", ledger.currency),
            ("type", "adjustment"),
        ]);
    }
    out.csv()
}
