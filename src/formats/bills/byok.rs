//! Cost that a gateway names but does not bill: requests that ran on keys of the user's own. The
//! provider bills them itself, so counting them here would double its bill.

use crate::formats::Tally;
use crate::formats::rows;
use crate::model::Exact;
use crate::problem::catalogue;

/// The sum of such cost in one file.
#[derive(Debug, Default)]
pub struct OwnKeys {
    rows: u64,
    amount: Exact,
}

impl OwnKeys {
    /// Adds what a row names, in dollars; nothing and zero are no such cost.
    pub fn add(&mut self, amount: Option<Exact>) {
        if let Some(amount) = amount.filter(|amount| !amount.is_zero()) {
            self.rows += 1;
            self.amount += amount;
        }
    }

    /// Names the sum in a note, if there is any.
    pub fn remark(&self, tally: &mut Tally) {
        let text = format!(
            "{{n}} rows ran on keys of your own: {} USD that the providers bill themselves are not counted",
            self.amount
        );
        rows::remark(tally, &catalogue::BILLED_ELSEWHERE, self.rows, text);
    }
}
