//! Movements of the Stripe balance in the currency of the report. The rule that must hold: what the
//! customer saw of one is never in another currency than the movement itself.

use std::collections::BTreeMap;

use super::{Amount, Work};
use crate::fx::stripe::by_number;
use crate::fx::{Rate, RateSource};
use crate::model::records::{BalanceEntry, BalanceKind, RevenueRecords};
use crate::model::{Currency, Exact};

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

    /// The payment that a movement names, else the one of the refund or dispute it names, else the
    /// movement's own object.
    fn payment<'a>(&'a self, entry: &'a BalanceEntry) -> Option<&'a str> {
        let object = entry.object.as_ref();
        let through = object.and_then(|object| self.payments.get(object));
        let payment = entry.payment.as_ref().or(through).or(object);
        payment.map(String::as_str)
    }
}

impl Work<'_, '_> {
    /// Movements of the balance, and what the customer saw of them: what is given back by the rate of
    /// what it gives back, else as the balance moved.
    pub(super) fn balance(&mut self, records: &mut RevenueRecords) {
        let behind = Behind::of(records);
        let pieces = self.pieces(&behind, &records.balance);
        for (entry, piece) in records.balance.iter_mut().zip(pieces) {
            let seen = entry.facing.filter(|(_, currency)| *currency != self.to);
            let seen = seen.and_then(|(_, from)| self.behind(&behind, entry, from));
            if entry.currency != self.to {
                self.movement(entry);
            }
            entry.facing = entry.facing.map(|(amount, currency)| {
                let amount = match (piece, seen) {
                    _ if currency == self.to => amount,
                    (Some(piece), _) => piece,
                    (None, Some(rate)) => rate.convert(amount, self.places),
                    (None, None) => entry.gross,
                };
                (amount, self.to)
            });
        }
    }

    /// What refunds and lost disputes of one payment become, as pieces of one sum; `None` for all
    /// else. What came back again is no piece: it and its return must be worth the same.
    fn pieces(&mut self, behind: &Behind, balance: &[BalanceEntry]) -> Vec<Option<Exact>> {
        let mut of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, entry) in balance.iter().enumerate() {
            if let Some(payment) = behind.payment(entry) {
                of.entry(payment).or_default().push(at);
            }
        }
        let mut pieces = vec![None; balance.len()];
        for (payment, mut moves) in of {
            moves.sort_by_key(|at| (balance[*at].at, &balance[*at].id));
            let returned = |entry: &BalanceEntry| {
                moves.iter().any(|at| {
                    let other = &balance[*at];
                    match entry.kind {
                        BalanceKind::Refund => {
                            other.kind == BalanceKind::RefundFailure && other.gross == -entry.gross
                        }
                        _ => other.kind == BalanceKind::DisputeReversal,
                    }
                })
            };
            for at in &moves {
                let entry = &balance[*at];
                let kind = matches!(entry.kind, BalanceKind::Refund | BalanceKind::Dispute);
                let seen = entry.facing.filter(|(_, from)| kind && *from != self.to);
                let Some((amount, from)) = seen.filter(|_| !returned(entry)) else {
                    continue;
                };
                if let Some(rate) = self.behind(behind, entry, from) {
                    let of = format!("the balance of {payment}");
                    pieces[*at] = Some(self.piece((&of, from), &rate, amount));
                }
            }
        }
        pieces
    }

    /// The rate, in a currency, of the payment or invoice that a movement belongs to.
    fn behind(&self, behind: &Behind, entry: &BalanceEntry, from: Currency) -> Option<Rate> {
        let payment = behind.payment(entry);
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
