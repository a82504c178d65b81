//! What the exports of Stripe's balance share: the kinds of movements, the payment behind one, and
//! the doubts that a file leaves.
//!
//! A movement has `gross - fee = net` in the settlement currency, signed as the balance moves. What
//! is neither a payment nor given back is kept under its own word, so that nothing is lost and
//! nothing else is taken for revenue.

use std::collections::BTreeMap;

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::{Sample, Tally};
use crate::model::records::{BalanceEntry, BalanceKind};
use crate::model::{Currency, Exact};
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// Whether the columns are those of a report on balance movements, of whichever kind.
pub fn has_movements(sample: &Sample<'_>) -> bool {
    sample.has_all(&[
        "balance_transaction_id",
        "reporting_category",
        "gross",
        "net",
    ])
}

/// Whether it is a report by payout: a `payout_…` column tells, or the file name. All columns of the
/// balance change have `automatic_payout_id` too, so that alone does not.
pub fn is_by_payout(sample: &Sample<'_>) -> bool {
    let is_payout = |name: &String| name.to_lowercase().starts_with("payout_");
    let file_name = sample.file_name.to_lowercase();
    let named_so = sample.header.has("automatic_payout_id") && file_name.contains("payout");
    has_movements(sample) && (named_so || sample.header.names().iter().any(is_payout))
}

/// The amount as the customer saw it; `None` unless the row has both cells.
pub fn facing(
    columns: &Columns,
    row: &Row,
    (amount, currency): (Option<usize>, Option<usize>),
    money: &mut Money,
) -> Result<Option<(Exact, Currency)>, Problem> {
    let Some(currency) = currency.filter(|column| row.filled(*column).is_some()) else {
        return Ok(None);
    };
    let currency = columns.currency(row, currency)?;
    let amount = money.optional_amount(columns, row, amount, currency)?;
    Ok(amount.map(|amount| (amount, currency)))
}

/// The kind that a reporting category stands for.
pub fn kind_of_category(category: &str) -> BalanceKind {
    match category.to_lowercase().as_str() {
        "charge" => BalanceKind::Payment,
        "charge_failure" => BalanceKind::PaymentFailure,
        "partial_capture_reversal" => BalanceKind::PartialCapture,
        "refund" => BalanceKind::Refund,
        "refund_failure" => BalanceKind::RefundFailure,
        "dispute" => BalanceKind::Dispute,
        "dispute_reversal" => BalanceKind::DisputeReversal,
        "fee" => BalanceKind::Fee,
        "payout" | "payout_reversal" => BalanceKind::Payout,
        other => BalanceKind::Other(other.to_string()),
    }
}

/// The kind that a type stands for. An adjustment is what its source says: a dispute takes money
/// and, once won, gives it back; a refund that comes back has failed.
pub fn kind_of_type(word: &str, source: Option<&str>, amount: Exact) -> BalanceKind {
    let is = |prefixes: &[&str]| {
        source.is_some_and(|source| prefixes.iter().any(|prefix| source.starts_with(prefix)))
    };
    match word.to_lowercase().as_str() {
        "charge" | "payment" => BalanceKind::Payment,
        "payment_failure_refund" => BalanceKind::PaymentFailure,
        "refund" | "payment_refund" => BalanceKind::Refund,
        "refund_failure" => BalanceKind::RefundFailure,
        "adjustment" if is(&["dp_", "du_"]) && amount.is_negative() => BalanceKind::Dispute,
        "adjustment" if is(&["dp_", "du_"]) => BalanceKind::DisputeReversal,
        "adjustment" if is(&["re_", "pyr_"]) && amount.is_positive() => BalanceKind::RefundFailure,
        "stripe_fee" | "stripe_fx_fee" | "tax_fee" => BalanceKind::Fee,
        "payout" | "payout_cancel" | "payout_failure" | "transfer" => BalanceKind::Payout,
        other => BalanceKind::Other(other.to_string()),
    }
}

/// The payment that an id or words name: a whole word that begins as the ids of payments do.
pub fn payment_in(text: Option<&str>) -> Option<String> {
    let is_id = |word: &&str| word.starts_with("ch_") || word.starts_with("py_");
    let word = text?
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find(is_id);
    word.map(str::to_string)
}

/// The number in `Invoice 1A2B3C4D-0001`, as Stripe describes the payment of an invoice, or in what
/// it gives back of one.
pub fn invoice_number(description: Option<&str>) -> Option<String> {
    let words = given_back(description).or(description)?;
    let number = words.strip_prefix("Invoice ")?.trim();
    (!number.is_empty() && !number.contains(' ')).then(|| number.to_string())
}

/// The words of the payment in `REFUND FOR CHARGE (…)`.
pub fn given_back(description: Option<&str>) -> Option<&str> {
    let (_, words) = description?.strip_prefix("REFUND FOR ")?.split_once(" (")?;
    let words = words.trim_end().strip_suffix(')')?.trim();
    (!words.is_empty()).then_some(words)
}

/// What the remarks of a file will say.
#[derive(Debug, Default)]
pub struct Doubts {
    unbalanced: rows::Contradictions,
    others: BTreeMap<String, u64>,
}

impl Doubts {
    /// Looks at one movement. `net` is what the file states, if it does.
    pub fn see(&mut self, entry: &BalanceEntry, net: Option<Exact>) {
        let should = entry.gross - entry.fee;
        if let Some(net) = net.filter(|net| *net != should) {
            let words = format!(
                "{} - {} is {should}, the net is {net}",
                entry.gross, entry.fee
            );
            self.unbalanced.see(entry.origin.line, &words);
        }
        if let BalanceKind::Other(word) = &entry.kind {
            *self.others.entry(word.clone()).or_default() += 1;
        }
    }

    /// Tells.
    pub fn remark(self, tally: &mut Tally) {
        let text = "on {n} movements the net is not the amount less the fee; the amount is used";
        self.unbalanced.remark(tally, text);
        let words = self.others.iter();
        let words = words.map(|(word, rows)| format!("{word} ({rows})"));
        let words = words.collect::<Vec<_>>().join(", ");
        let text = format!("{{n}} movements are of other kinds and no revenue: {words}");
        let rows = self.others.values().sum();
        rows::remark(tally, &catalogue::NOT_REVENUE, rows, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adjustment_is_what_its_source_says() {
        let kind = |source: &str, amount: i128| {
            kind_of_type("adjustment", Some(source), Exact::new(amount, 0))
        };
        assert_eq!(kind("dp_1", -20), BalanceKind::Dispute);
        assert_eq!(kind("du_1", 20), BalanceKind::DisputeReversal);
        assert_eq!(kind("pyr_1", 20), BalanceKind::RefundFailure);
        assert_eq!(kind("re_1", -20), BalanceKind::Other("adjustment".into()));
        assert_eq!(
            kind_of_type("Adjustment", None, Exact::ONE),
            BalanceKind::Other("adjustment".into())
        );
    }

    #[test]
    fn an_invoice_number_is_one_word() {
        let number = |text| invoice_number(Some(text));
        for text in ["Invoice AB12-0001", "REFUND FOR CHARGE (Invoice AB12-0001)"] {
            assert_eq!(number(text), Some("AB12-0001".into()), "{text}");
        }
        for text in [
            "Invoice for February",
            "Invoice ",
            "Payment for Invoice",
            "invoice X",
            "REFUND FOR CHARGE",
            "REFUND FOR CHARGE (Invoice for February)",
            "REFUND FOR CHARGE (Invoice AB12-0001",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(invoice_number(None), None);
    }

    #[test]
    fn a_refund_has_the_words_of_its_payment() {
        let words = |text| given_back(Some(text));
        assert_eq!(
            words("REFUND FOR CHARGE (Seats (team) for May)"),
            Some("Seats (team) for May")
        );
        for text in ["REFUND FOR CHARGE", "REFUND FOR CHARGE ()", "Seats (May)"] {
            assert_eq!(words(text), None, "{text}");
        }
    }

    #[test]
    fn the_payment_is_found_as_a_whole_word() {
        let found = |text| payment_in(Some(text));
        assert_eq!(found("ch_1A"), Some("ch_1A".into()));
        assert_eq!(found("for py_9 (card)"), Some("py_9".into()));
        assert_eq!(found("batch_7 of lunch_3"), None);
        assert_eq!(payment_in(None), None);
    }
}
