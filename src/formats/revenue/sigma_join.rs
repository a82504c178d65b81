//! Joins that Stripe's tables leave to the reader, once all files are read: taxes to their lines,
//! lines to their credit notes, names of products to prices, metadata to their objects.
//!
//! Tables of details name no currency, so their minor units become amounts only here. The rule that
//! must hold: what is joined comes off the line to the last digit, and what finds nothing to join is
//! counted and named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::minor::{stripe_decimals, to_major};
use crate::formats::RevenueRecords;
use crate::model::Exact;
use crate::model::records::{
    BillingCustomer, CreditNote, Invoice, InvoiceLine, LineTax, MetadataOf,
};
use crate::problem::{Note, Place, Problem, Problems, catalogue};

/// Joins them; the notes say what was worked out and what was left over.
pub fn join(records: &mut RevenueRecords, problems: &mut Problems) -> Vec<Note> {
    let mut notes = Vec::new();
    name_prices(records);
    let taxes = std::mem::take(&mut records.line_taxes);
    let stated = !taxes.is_empty();
    notes.extend(join_taxes(records, taxes, problems));
    if !stated {
        notes.extend(infer_taxes(records));
    }
    notes.extend(join_credit_lines(records));
    notes.extend(join_metadata(records));
    notes
}

/// Metadata become keys of their object, by which customers are found. A customer that stands in no
/// table is known by its metadata alone.
fn join_metadata(records: &mut RevenueRecords) -> Option<Note> {
    type Pairs = BTreeMap<String, Vec<(String, String)>>;
    fn put<'r>(
        pairs: &mut Pairs,
        objects: impl Iterator<Item = (&'r String, &'r mut Vec<(String, String)>)>,
    ) -> u64 {
        let mut joined = BTreeSet::new();
        for (id, keys) in objects {
            if let Some(pairs) = pairs.get(id) {
                keys.extend(pairs.iter().cloned());
                joined.insert(id.clone());
            }
        }
        pairs.retain(|id, _| !joined.contains(id));
        pairs.values().map(|pairs| pairs.len() as u64).sum()
    }
    let mut of: BTreeMap<MetadataOf, Pairs> = BTreeMap::new();
    for pair in std::mem::take(&mut records.metadata) {
        if pair.of == MetadataOf::Customer {
            records.customers.push(BillingCustomer {
                id: pair.id,
                email: None,
                name: None,
                keys: vec![(pair.key, pair.value)],
                created: None,
                origin: pair.origin,
            });
            continue;
        }
        let pairs = of.entry(pair.of).or_default();
        pairs
            .entry(pair.id)
            .or_default()
            .push((pair.key, pair.value));
    }
    let mut left_over = 0;
    for (of, mut pairs) in of {
        left_over += match of {
            MetadataOf::Customer => 0,
            MetadataOf::Subscription => {
                let objects = records.subscriptions.iter_mut();
                put(&mut pairs, objects.map(|one| (&one.id, &mut one.keys)))
            }
            MetadataOf::Invoice => {
                let objects = records.invoices.iter_mut();
                let objects = objects.filter(|one| one.namespace == "stripe");
                put(&mut pairs, objects.map(|one| (&one.id, &mut one.keys)))
            }
            MetadataOf::Payment => {
                let objects = records.payments.iter_mut();
                put(&mut pairs, objects.map(|one| (&one.id, &mut one.keys)))
            }
        };
    }
    left(
        "metadata of objects that are in no file, not used",
        left_over,
    )
}

/// Prices that have only the id of their product take its name.
fn name_prices(records: &mut RevenueRecords) {
    let products = records.products.iter();
    let names: BTreeMap<&str, &str> = products
        .map(|product| (product.id.as_str(), product.name.as_str()))
        .collect();
    for price in &mut records.prices {
        if let (true, Some(name)) = (
            price.product_name.is_empty(),
            names.get(price.product.as_str()),
        ) {
            price.product_name = name.to_string();
        }
    }
}

/// Takes inclusive taxes off their lines. What a second file says of the same tax is a repeat.
fn join_taxes(
    records: &mut RevenueRecords,
    taxes: Vec<LineTax>,
    problems: &mut Problems,
) -> Option<Note> {
    let lines = records.lines.iter_mut();
    let mut lines: BTreeMap<String, &mut InvoiceLine> =
        lines.map(|line| (line.id.clone(), line)).collect();
    let mut seen: BTreeMap<(String, Option<String>), Arc<str>> = BTreeMap::new();
    let mut left_over: u64 = 0;
    for tax in taxes {
        let Some(line) = lines.get_mut(&tax.line) else {
            left_over += 1;
            continue;
        };
        let file = &tax.origin.file;
        let first = seen.entry((tax.line.clone(), tax.rate.clone()));
        if !tax.inclusive || first.or_insert_with(|| file.clone()) != file {
            continue;
        }
        let amount = to_major(tax.minor_units, stripe_decimals(line.currency));
        let takes = !amount.is_zero();
        if takes
            && (amount.is_negative() != line.net.is_negative() || amount.abs() > line.net.abs())
        {
            let (net, currency) = (line.net, line.currency);
            let message =
                format!("the inclusive tax {amount} {currency} is not a part of its line, {net}");
            let problem = Problem::new(&catalogue::BAD_VALUE, message);
            let problem = problem.at(Place::line(file, tax.origin.line));
            problems.push(problem.help("export both tables again, at the same time"));
            continue;
        }
        line.net -= amount;
        line.tax += amount;
    }
    let text = "taxes of invoice lines that are in no file, not used";
    left(text, left_over)
}

/// Without the table of taxes, the inclusive tax of an invoice is what its tax is more than that of
/// its lines. It is shared by net amounts, and only where the lines make the invoice's total.
fn infer_taxes(records: &mut RevenueRecords) -> Vec<Note> {
    let invoices = records.invoices.iter().filter(|i| i.namespace == "stripe");
    let invoices: BTreeMap<&str, &Invoice> = invoices.map(|i| (i.id.as_str(), i)).collect();
    let mut of_invoice: BTreeMap<&str, Vec<&mut InvoiceLine>> = BTreeMap::new();
    for line in &mut records.lines {
        let invoice = invoices.get(line.invoice.as_str());
        let same = |i: &&&Invoice| line.namespace == "stripe" && i.currency == line.currency;
        if let Some(invoice) = invoice.filter(same) {
            of_invoice.entry(&invoice.id).or_default().push(line);
        }
    }
    let (mut shared, mut open): (u64, u64) = (0, 0);
    for (id, mut lines) in of_invoice {
        let Some(invoice) = invoices.get(id) else {
            continue;
        };
        let net: Exact = lines.iter().map(|line| line.net).sum();
        let tax: Exact = lines.iter().map(|line| line.tax).sum();
        let inclusive = invoice.tax - tax;
        if inclusive.is_zero() {
            continue;
        }
        let is_part = inclusive.is_negative() == net.is_negative() && inclusive.abs() <= net.abs();
        match net + tax == invoice.total && is_part {
            true => {
                share(&mut lines, inclusive, net);
                shared += 1;
            }
            false => open += 1,
        }
    }
    let mut notes = Vec::new();
    if shared > 0 {
        let text = format!(
            "the table invoice_line_item_tax_amounts is missing: the inclusive tax of {shared} invoices is worked out from the invoices and shared by the amounts of their lines"
        );
        notes.push(Note::new(&catalogue::MISSING_COLUMN, text));
    }
    if open > 0 {
        let text = format!(
            "the table invoice_line_item_tax_amounts is missing: on {open} invoices the tax is not that of the lines, and the lines do not make the total, so an inclusive tax, if there is one, stays in the revenue of the lines"
        );
        notes.push(Note::new(&catalogue::MISSING_COLUMN, text));
    }
    notes
}

/// Shares an amount by net amounts, rounding the running sums, so that the parts sum to the whole.
fn share(lines: &mut [&mut InvoiceLine], amount: Exact, net: Exact) {
    let mut before = (Exact::ZERO, Exact::ZERO);
    for line in lines {
        let upto = before.0 + line.net;
        let places = stripe_decimals(line.currency);
        let given = Exact::ratio(amount * upto, net, places).unwrap_or(before.1);
        let part = given - before.1;
        line.net -= part;
        line.tax += part;
        before = (upto, given);
    }
}

/// Gives credit notes the lines that they take back. A row that stands in two files counts once.
fn join_credit_lines(records: &mut RevenueRecords) -> Option<Note> {
    let notes = records.credit_notes.iter_mut();
    let mut notes: BTreeMap<String, &mut CreditNote> =
        notes.map(|note| (note.id.clone(), note)).collect();
    let mut seen = BTreeSet::new();
    let mut left_over: u64 = 0;
    for row in std::mem::take(&mut records.credit_note_lines) {
        if !seen.insert(row.id.clone()) {
            continue;
        }
        let Some(note) = notes.get_mut(&row.credit_note) else {
            left_over += 1;
            continue;
        };
        if let Some(line) = row.line {
            let amount = to_major(row.minor_units, stripe_decimals(note.currency));
            note.lines.push((line, amount));
        }
    }
    left(
        "lines of credit notes that are in no file, not used",
        left_over,
    )
}

fn left(what: &str, rows: u64) -> Option<Note> {
    (rows > 0).then(|| Note::new(&catalogue::JOINED_BY, format!("{what}: {rows}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::read;
    use crate::formats::{Format, named};
    use crate::model::records::RevenueRecords;

    fn format(name: &str) -> &'static Format {
        named(name).unwrap()
    }

    const LINES: &str = "id,invoice_id,amount,currency,period_start,period_end,proration,total_discount,total_exclusive_tax";

    /// Lines of (id, invoice, amount, exclusive tax) in cents.
    fn lines(rows: &[(&str, &str, i64, i64)]) -> RevenueRecords {
        let rows = rows.iter().map(|(id, invoice, amount, tax)| {
            format!("{id},{invoice},{amount},usd,2026-02-01,2026-03-01,false,0,{tax}\n")
        });
        let csv = format!("{LINES}\n{}", rows.collect::<String>());
        read(format("sigma-invoice-line-items"), &csv).records
    }

    fn add_invoices(records: &mut RevenueRecords, rows: &[(&str, i64, i64)]) {
        let rows = rows.iter().map(|(id, total, tax)| {
            format!("{id},cus_acme,usd,2026-02-01,{total},{tax},paid,manual\n")
        });
        let header = "id,customer_id,currency,date,total,tax,status,billing_reason";
        let csv = format!("{header}\n{}", rows.collect::<String>());
        records.invoices = read(format("sigma-invoices"), &csv).records.invoices;
    }

    fn nets(records: &RevenueRecords) -> Vec<(String, String)> {
        let lines = records.lines.iter();
        lines
            .map(|l| (l.net.to_string(), l.tax.to_string()))
            .collect()
    }

    fn pairs(texts: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(net, tax): &(&str, &str)| (net.to_string(), tax.to_string());
        texts.iter().map(pair).collect()
    }

    #[test]
    fn inclusive_tax_comes_off_its_line() {
        let mut records = lines(&[("il_1", "in_1", 10000, 0), ("il_2", "in_1", 5000, 1000)]);
        let csv = "invoice_line_item_id,amount,inclusive,tax_rate\nil_1,1000,true,txr_a\nil_1,667,true,txr_b\nil_2,1000,false,txr_c\nil_9,5,true,txr_a\n";
        records.line_taxes = read(format("sigma-line-taxes"), csv).records.line_taxes;
        let mut problems = Problems::default();
        let notes = join(&mut records, &mut problems);
        assert!(problems.is_empty());
        // 100 - 10 - 6.67; the exclusive tax is in the line's own row already.
        assert_eq!(nets(&records), pairs(&[("83.33", "16.67"), ("50", "10")]));
        let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(
            texts,
            ["taxes of invoice lines that are in no file, not used: 1"]
        );
    }

    #[test]
    fn a_tax_that_two_files_have_counts_once() {
        let mut records = lines(&[("il_1", "in_1", 10000, 0)]);
        let csv = "invoice_line_item_id,amount,inclusive,tax_rate\nil_1,1000,true,txr_a\n";
        let first = read(format("sigma-line-taxes"), csv).records.line_taxes;
        let mut second = first.clone();
        for tax in &mut second {
            tax.origin.file = "again.csv".into();
        }
        records.line_taxes = [first, second].concat();
        join(&mut records, &mut Problems::default());
        assert_eq!(nets(&records), pairs(&[("90", "10")]));
    }

    #[test]
    fn a_tax_beyond_its_line_is_a_problem() {
        let mut records = lines(&[("il_1", "in_1", 100, 0)]);
        let csv = "invoice_line_item_id,amount,inclusive\nil_1,101,true\n";
        records.line_taxes = read(format("sigma-line-taxes"), csv).records.line_taxes;
        let mut problems = Problems::default();
        join(&mut records, &mut problems);
        assert_eq!(problems.kept()[0].entry.code, "T3029");
        assert_eq!(nets(&records), pairs(&[("1", "0")]));
    }

    #[test]
    fn without_the_table_the_invoice_tells_the_inclusive_tax() {
        // 30.00 with 5.00 inclusive over 10, 10, 10: running sums 1.67, 3.33, 5.00. The second
        // invoice has exclusive tax only; the third lacks a line; the fourth is a credit.
        let mut records = lines(&[
            ("il_1", "in_1", 1000, 0),
            ("il_2", "in_1", 1000, 0),
            ("il_3", "in_1", 1000, 0),
            ("il_4", "in_2", 1000, 200),
            ("il_5", "in_3", 1000, 0),
            ("il_6", "in_4", -1200, 0),
        ]);
        let rows = [
            ("in_1", 3000, 500),
            ("in_2", 1200, 200),
            ("in_3", 2000, 300),
            ("in_4", -1200, -200),
        ];
        add_invoices(&mut records, &rows);
        let notes = join(&mut records, &mut Problems::default());
        assert_eq!(
            nets(&records),
            pairs(&[
                ("8.33", "1.67"),
                ("8.34", "1.66"),
                ("8.33", "1.67"),
                ("10", "2"),
                ("10", "0"),
                ("-10", "-2"),
            ])
        );
        assert_eq!(notes.len(), 2);
        assert!(notes[0].text.contains("of 2 invoices"), "{}", notes[0].text);
        assert!(notes[1].text.contains("on 1 invoices"), "{}", notes[1].text);
    }

    #[test]
    fn credit_notes_get_their_lines_and_prices_their_names() {
        let mut records = RevenueRecords::default();
        let csv = "id,amount,currency,invoice_id,created,status,refund_id\ncn_1,4600,jpy,in_1,2026-02-01,issued,\n";
        records.credit_notes = read(format("sigma-credit-notes"), csv).records.credit_notes;
        let csv = "id,credit_note_id,amount,discount_amount,invoice_line_item\ncnli_1,cn_1,5000,500,il_1\ncnli_2,cn_1,100,0,\ncnli_3,cn_9,100,0,il_9\n";
        let rows = read(format("sigma-credit-note-lines"), csv).records;
        records.credit_note_lines = rows.credit_note_lines;
        let csv = "id,product_id,currency,unit_amount,recurring_interval,recurring_interval_count,recurring_usage_type,transform_quantity_divide_by\n\
                   price_a,prod_a,usd,1,month,1,licensed,\nprice_b,prod_b,usd,1,month,1,licensed,\n";
        records.prices = read(format("sigma-prices"), csv).records.prices;
        let csv = "id,name,unit_label\nprod_a,Pro,\n";
        records.products = read(format("sigma-products"), csv).records.products;
        let notes = join(&mut records, &mut Problems::default());
        let lines = &records.credit_notes[0].lines;
        assert_eq!(*lines, [("il_1".to_string(), Exact::new(4500, 0))]);
        assert_eq!(notes.len(), 1);
        let names: Vec<&str> = records
            .prices
            .iter()
            .map(|p| p.product_name.as_str())
            .collect();
        assert_eq!(names, ["Pro", ""]);
    }
}
