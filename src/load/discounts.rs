//! What invoices take off their lines: exports that state lines before it are brought to the form
//! of all others, in which the lines of an invoice sum to its net.
//!
//! The rule that must hold: what is taken off the lines is exactly what the invoice takes off.

use std::collections::BTreeMap;

use crate::formats::RevenueRecords;
use crate::model::Exact;

/// Takes the discounts off the lines, in proportion to their amounts. An invoice whose lines are in
/// no file, or sum to nothing, is left as it is.
pub fn settle(records: &mut RevenueRecords) {
    let mut lines_of: BTreeMap<(&'static str, &str), Vec<usize>> = BTreeMap::new();
    for (at, line) in records.lines.iter().enumerate() {
        let of = (line.namespace, line.invoice.as_str());
        lines_of.entry(of).or_default().push(at);
    }
    let mut reduced: Vec<(usize, Exact)> = Vec::new();
    for invoice in &mut records.invoices {
        let off = std::mem::take(&mut invoice.off_lines);
        let of = (invoice.namespace, invoice.id.as_str());
        let Some(lines) = lines_of.get(&of).filter(|_| !off.is_zero()) else {
            continue;
        };
        let whole: Exact = lines.iter().map(|at| records.lines[*at].net).sum();
        let mut so_far = Exact::ZERO;
        let mut taken = Exact::ZERO;
        for at in lines {
            let line = &records.lines[*at];
            so_far += line.net;
            let places = line.currency.decimals().max(off.places());
            // Rounded as a running sum, so that the parts sum to the whole.
            let Some(until) = Exact::ratio(off * so_far, whole, places) else {
                break;
            };
            reduced.push((*at, until - taken));
            taken = until;
        }
    }
    for (at, amount) in reduced {
        let line = &mut records.lines[at];
        line.net -= amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::records::{Invoice, InvoiceLine, InvoiceStatus, Origin, Prepaid};
    use crate::model::{Currency, Instant};

    fn line(invoice: &str, net: &str) -> InvoiceLine {
        InvoiceLine {
            id: String::new(),
            invoice: invoice.into(),
            namespace: "lago",
            customer: None,
            net: Exact::parse(net).unwrap(),
            tax: Exact::ZERO,
            currency: Currency::USD,
            service: None,
            price: None,
            plan: None,
            quantity: None,
            proration: false,
            metered: None,
            subscription: None,
            item: None,
            description: None,
            origin: Origin {
                file: "fees.csv".into(),
                line: 2,
            },
        }
    }

    fn settled(lines: &[(&str, &str)], discount: (&str, &str)) -> Vec<String> {
        let mut records = RevenueRecords {
            lines: lines.iter().map(|(of, net)| line(of, net)).collect(),
            invoices: vec![invoice(discount.0, discount.1)],
            ..RevenueRecords::default()
        };
        settle(&mut records);
        assert!(records.invoices[0].off_lines.is_zero());
        let lines = records.lines.iter();
        lines.map(|line| line.net.to_string()).collect()
    }

    fn invoice(id: &str, off: &str) -> Invoice {
        Invoice {
            id: id.into(),
            number: None,
            namespace: "lago",
            customer: None,
            name: None,
            email: None,
            keys: Vec::new(),
            total: Exact::ZERO,
            tax: Exact::ZERO,
            off_lines: Exact::parse(off).unwrap(),
            currency: Currency::USD,
            date: Instant(0),
            finalized: None,
            service: None,
            status: InvoiceStatus::Paid,
            voided: None,
            uncollectible: None,
            paid: None,
            prepaid: Prepaid::No,
            subscription: None,
            plan: None,
            recurring: None,
            metered: false,
            origin: Origin {
                file: "invoices.csv".into(),
                line: 2,
            },
        }
    }

    #[test]
    fn parts_sum_to_what_the_invoice_takes_off() {
        // 10.00 off three lines of 33.33: running sums 3.33, 6.67 and 10.00.
        let thirds = settled(
            &[("a", "33.33"), ("b", "5"), ("a", "33.33"), ("a", "33.33")],
            ("a", "10"),
        );
        assert_eq!(thirds, ["30", "5", "29.99", "30"]);
        // All of it, and a quarter of each.
        assert_eq!(
            settled(&[("a", "60"), ("a", "40")], ("a", "100")),
            ["0", "0"]
        );
        assert_eq!(
            settled(&[("a", "60"), ("a", "-20")], ("a", "10")),
            ["45", "-15"]
        );
    }

    #[test]
    fn lines_that_sum_to_nothing_stay() {
        assert_eq!(settled(&[("a", "5"), ("a", "-5")], ("a", "1")), ["5", "-5"]);
        assert_eq!(settled(&[("b", "5")], ("a", "1")), ["5"]);
    }
}
