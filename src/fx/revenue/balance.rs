//! Movements of the Stripe balance in the currency of the report. The rule that must hold: what the
//! customer saw of one is never in another currency than the movement itself.

use std::collections::BTreeMap;

use super::{Amount, Work};
use crate::fx::stripe::by_number;
use crate::fx::{Rate, RateSource};
use crate::model::Currency;
use crate::model::records::{BalanceEntry, BalanceKind, RevenueRecords};

/// What movements of the balance belong to, by ids that they name.
struct Behind {
    /// The payment of each refund and dispute.
    payments: BTreeMap<String, String>,
    /// Stripe's invoices by the number printed on them.
    invoices: BTreeMap<String, String>,
}

impl Behind {
    fn of(records: &RevenueRecords) -> Behind {
        let refunds = records.refunds.iter();
        let refunds = refunds.map(|refund| (refund.id.clone(), refund.payment.clone()));
        let disputes = records.disputes.iter();
        let disputes = disputes.map(|dispute| (dispute.id.clone(), dispute.payment.clone()));
        Behind {
            payments: refunds.chain(disputes).collect(),
            invoices: by_number(records),
        }
    }
}

impl Work<'_, '_> {
    /// Movements of the balance, and what the customer saw of them: what is given back by the rate of
    /// what it gives back, else as the balance moved.
    pub(super) fn balance(&mut self, records: &mut RevenueRecords) {
        let behind = Behind::of(records);
        for entry in &mut records.balance {
            let seen = entry.facing.filter(|(_, currency)| *currency != self.to);
            let seen = seen.and_then(|(_, from)| self.behind(&behind, entry, from));
            if entry.currency != self.to {
                self.movement(entry);
            }
            entry.facing = entry.facing.map(|(amount, currency)| {
                let amount = match seen {
                    _ if currency == self.to => amount,
                    Some(rate) => rate.convert(amount, self.places),
                    None => entry.gross,
                };
                (amount, self.to)
            });
        }
    }

    /// The rate, in a currency, of the payment or invoice that a movement belongs to.
    fn behind(&self, behind: &Behind, entry: &BalanceEntry, from: Currency) -> Option<Rate> {
        let object = entry.object.as_ref();
        let through = object.and_then(|object| behind.payments.get(object));
        let payment = entry.payment.as_ref().or(through).or(object);
        let number = entry.invoice_number.as_ref();
        let invoice = entry.invoice.as_ref();
        let invoice = invoice.or_else(|| behind.invoices.get(number?));
        payment
            .and_then(|id| self.of_payment(id, from))
            .or_else(|| self.of_invoice("stripe", invoice?, from))
    }

    /// The amounts of a movement in the currency that Stripe pays out.
    fn movement(&mut self, entry: &mut BalanceEntry) {
        let day = entry.at.utc_day();
        // What the customer saw in the report's currency is the amount itself, with or without its
        // sign.
        let seen = entry.facing.filter(|(_, currency)| *currency == self.to);
        let own = seen.filter(|(amount, _)| !amount.is_zero() && !entry.gross.is_zero());
        let own = own.map(|(amount, _)| Rate {
            numerator: amount.abs(),
            denominator: entry.gross.abs(),
            day,
            source: RateSource::Stripe,
        });
        let idle = match &entry.kind {
            BalanceKind::Payout => Some("payouts"),
            BalanceKind::Fee => Some("fees"),
            BalanceKind::Other(_) => Some("other movements"),
            _ => None,
        };
        let of = Amount {
            export: "stripe balance",
            from: entry.currency,
            amount: entry.gross,
            day,
            idle,
            origin: &entry.origin,
        };
        let (rate, gross) = self.turn(&of, own);
        let rows = &mut self.told.rows;
        rows.enter(&entry.origin, entry.currency, entry.gross, gross);
        entry.fee = self.at(rate.as_ref(), entry.fee);
        entry.gross = gross;
        entry.currency = self.to;
    }
}
