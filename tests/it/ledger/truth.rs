//! What the ledger says was earned, by customer and month, and what is left of that where an export
//! lacks something. Whole numbers throughout; worked out from the ledger, never from an export.

use std::collections::{BTreeMap, BTreeSet};

use super::business::{Charge, CreditNote, Invoice, Ledger, Minor, Status};
use super::dates::{At, DAY, at, month_name, month_of, months_after};

/// Revenue in minor units by customer and month, without zeros.
pub type Months = BTreeMap<(String, String), Minor>;

/// What a set of exports says of refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunds {
    /// Each with its moment.
    Each,
    /// All of a payment in one sum, on the day of the last.
    OneDate,
    /// Nothing.
    No,
}

/// What a set of exports says of disputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disputes {
    /// How they ended.
    Decided,
    /// Only which money was withdrawn and has not come back.
    Withdrawn,
    /// The same, with the days on which money went and came back.
    Moves,
    /// Nothing.
    No,
}

/// Which payments without an invoice are seen as revenue of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direct {
    /// All of them.
    All,
    /// Those of customers without an invoice.
    WithoutInvoices,
    /// None.
    No,
}

/// What a set of exports knows.
#[derive(Clone, Copy, Debug)]
pub struct Knows {
    /// Every line with its own service period; else the invoice has one for all.
    pub lines: bool,
    /// The service period of an invoice; else that of its subscription stands in.
    pub periods: bool,
    /// The seconds of an invoice's moments.
    pub seconds: bool,
    /// The last second of periods that do not end with a minute.
    pub last_second: bool,
    /// Which invoices are drafts or void; else all of them count.
    pub states: bool,
    /// When invoices were voided and written off; else they were never revenue.
    pub write_offs: bool,
    /// When an invoice became final.
    pub finalized: bool,
    /// When an invoice was paid.
    pub paid_at: bool,
    /// The payments themselves.
    pub payments: bool,
    pub refunds: Refunds,
    pub disputes: Disputes,
    /// Credit notes.
    pub notes: bool,
    /// The tax inside the amounts of lines; else it counts as revenue.
    pub inclusive: bool,
    pub direct: Direct,
    /// Nothing but when money came and went.
    pub cash: bool,
}

impl Knows {
    /// Everything.
    pub const ALL: Knows = Knows {
        lines: true,
        periods: true,
        seconds: true,
        last_second: true,
        states: true,
        write_offs: true,
        finalized: true,
        paid_at: true,
        payments: true,
        refunds: Refunds::Each,
        disputes: Disputes::Decided,
        notes: true,
        inclusive: true,
        direct: Direct::All,
        cash: false,
    };

    fn cut(self, moment: At) -> At {
        if self.seconds {
            moment
        } else {
            moment - moment.rem_euclid(60)
        }
    }
}

/// The first month of the reports.
pub fn horizon() -> (At, At) {
    (at(2025, 10, 1), at(2028, 1, 1))
}

/// Rounds half to even.
fn rounded(numerator: Minor, denominator: Minor) -> Minor {
    let (n, d) = match denominator < 0 {
        true => (-numerator, -denominator),
        false => (numerator, denominator),
    };
    let (whole, rest) = (n.div_euclid(d), n.rem_euclid(d));
    match (2 * rest).cmp(&d) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
    }
}

/// A part of an invoice that is earned over some time, and what is taken back of it.
struct Part {
    id: String,
    net: Minor,
    start: At,
    end: At,
    taken: Vec<(At, Minor)>,
}

impl Part {
    fn left(&self, before: Option<At>) -> Minor {
        let taken = self.taken.iter();
        let taken = taken.filter(|(at, _)| before.is_none_or(|before| *at < before));
        self.net - taken.map(|(_, amount)| amount).sum::<Minor>()
    }

    /// What is earned before a moment.
    fn until(&self, moment: At) -> Minor {
        if moment <= self.start {
            return 0;
        }
        let left = self.left(Some(moment));
        match moment >= self.end {
            true => left,
            false => rounded(
                left * Minor::from(moment - self.start),
                Minor::from(self.end - self.start),
            ),
        }
    }
}

/// What gives an invoice's money back.
struct Back<'l> {
    at: At,
    gross: Minor,
    note: Option<&'l CreditNote>,
}

/// What is given back of a payment, as far as it is known.
fn backs(charge: &Charge, knows: Knows, paid_out: &BTreeSet<&str>) -> Vec<(At, Minor)> {
    let refunds = charge.refunds.iter().filter(|refund| !refund.failed);
    let mut backs: Vec<(At, Minor)> = match knows.refunds {
        Refunds::No => Vec::new(),
        Refunds::Each => {
            let left = refunds.filter(|refund| !paid_out.contains(refund.id.as_str()));
            left.map(|refund| (refund.at, refund.amount)).collect()
        }
        Refunds::OneDate => {
            let last = refunds.map(|refund| refund.at).max();
            let last = last.map(|last| (last, charge.refunded()));
            last.into_iter().collect()
        }
    };
    if let Some(dispute) = &charge.dispute {
        let lost = match knows.disputes {
            Disputes::Moves => {
                let won = dispute.status == "won";
                backs.extend(won.then_some((dispute.closed, -charge.amount)));
                true
            }
            Disputes::Decided => dispute.status == "lost",
            Disputes::Withdrawn => dispute.status != "won",
            Disputes::No => false,
        };
        backs.extend(lost.then_some((dispute.at, charge.amount)));
    }
    backs
}

/// Revenue by customer and month.
pub fn recognized(ledger: &Ledger, knows: Knows) -> Months {
    let mut months = Months::new();
    let notes = ledger.notes.iter().filter(|note| knows.notes && !note.void);
    let notes: Vec<&CreditNote> = notes.collect();
    let paid_out = notes.iter().filter_map(|note| note.refund.as_deref());
    let paid_out: BTreeSet<&str> = paid_out.collect();
    let mut with_invoices = BTreeSet::new();
    for invoice in ledger.invoices.iter().filter(|_| !knows.cash) {
        let Some(mut parts) = parts(ledger, invoice, knows) else {
            continue;
        };
        with_invoices.insert(invoice.customer.as_str());
        let of = |charge: &&Charge| {
            charge.arrived() && charge.invoice.as_ref() == Some(&invoice.id) && knows.payments
        };
        let charges: Vec<&Charge> = ledger.charges.iter().filter(of).collect();
        let given = charges
            .iter()
            .flat_map(|charge| backs(charge, knows, &paid_out));
        let given = given.map(|(at, gross)| Back {
            at,
            gross,
            note: None,
        });
        let credited = notes.iter().filter(|note| note.invoice == invoice.id);
        let credited = credited.map(|note| Back {
            at: note.at,
            gross: note.amount,
            note: Some(note),
        });
        take_back(invoice, &mut parts, given.chain(credited).collect());
        write_off(invoice, &mut parts, &charges, knows);
        for part in &parts {
            book(&mut months, &invoice.customer, &|moment| part.until(moment));
        }
    }
    for charge in ledger.charges.iter().filter(|charge| charge.arrived()) {
        let counts = match knows.direct {
            _ if knows.cash => true,
            _ if charge.invoice.is_some() => false,
            Direct::All => true,
            Direct::WithoutInvoices => !with_invoices.contains(charge.customer.as_str()),
            Direct::No => false,
        };
        if !counts {
            continue;
        }
        let backs = backs(charge, knows, &BTreeSet::new());
        book(&mut months, &charge.customer, &|moment| {
            let came = if charge.created < moment {
                charge.amount
            } else {
                0
            };
            let gone = backs.iter().filter(|(at, _)| *at < moment);
            came - gone.map(|(_, amount)| amount).sum::<Minor>()
        });
    }
    months.retain(|_, amount| *amount != 0);
    months
}

/// The parts of an invoice that are earned apart; `None` if it is no revenue at any time.
fn parts(ledger: &Ledger, invoice: &Invoice, knows: Knows) -> Option<Vec<Part>> {
    let never = match invoice.status {
        Status::Draft => true,
        Status::Void | Status::Uncollectible => !knows.write_offs,
        _ => false,
    };
    if never && knows.states {
        return None;
    }
    let final_at = match knows.finalized {
        true => invoice.final_at(),
        false => invoice.date,
    };
    let part = |id: &str, net, start, end| Part {
        id: id.to_string(),
        net,
        start: knows.cut(start),
        end: knows.cut(end),
        taken: Vec::new(),
    };
    if knows.lines {
        let shorter = |start: At, end: At| match knows.last_second {
            _ if start == end || end % 60 == 0 => end,
            true => end,
            false => end - 1,
        };
        let lines = invoice.lines.iter();
        let lines = lines.map(|line| {
            let inside = if knows.inclusive { 0 } else { line.inclusive };
            let end = shorter(line.start, line.end);
            // A one-off of Stripe is earned when its invoice becomes final, one of Lago on its day.
            let (start, end) = match line.start == line.end && knows.states && knows.last_second {
                true => (line.start.max(final_at), line.start.max(final_at)),
                false => (line.start, end),
            };
            part(&line.id, line.net() + inside, start, end)
        });
        return Some(lines.collect());
    }
    let (start, end) = if knows.periods {
        let starts = invoice.lines.iter().map(|line| line.start);
        let ends = invoice.lines.iter().map(|line| line.end);
        let (start, end) = (starts.min()?, ends.max()?);
        let moment = start.max(final_at);
        match start == end {
            true => (moment, moment),
            false => (start, end),
        }
    } else {
        cycle(ledger, invoice, knows)
    };
    Some(vec![part("", invoice.net(), start, end)])
}

/// The cycle of an invoice's subscription that stands in for a service period that is not known: the
/// one on which the invoice is dated, give or take a day; else the time until the next.
fn cycle(ledger: &Ledger, invoice: &Invoice, knows: Knows) -> (At, At) {
    let date = knows.cut(invoice.date);
    let of = |id: &String| ledger.subscriptions.iter().find(|s| s.id == *id);
    let Some(subscription) = invoice.subscription.as_ref().and_then(of) else {
        let once = knows.cut(if knows.finalized {
            invoice.final_at()
        } else {
            invoice.date
        });
        return (once, once);
    };
    let months = ledger.prices[subscription.price].months;
    let start = knows.cut(subscription.current.0);
    let nth = |n: i64| months_after(start, n * months);
    let before = (-40..40).rev().map(nth).find(|border| *border <= date);
    let after = (-40..40).map(nth).find(|border| *border >= date);
    let (before, after) = (before.unwrap(), after.unwrap());
    let next = |border: At| (-40..40).map(nth).find(|next| *next > border).unwrap();
    if date - before <= DAY {
        return (before, next(before));
    }
    if after - date <= DAY {
        return (after, next(after));
    }
    let same = ledger.invoices.iter().filter(|other| {
        other.subscription == invoice.subscription && other.status != Status::Draft
    });
    let later = same
        .map(|other| knows.cut(other.date))
        .filter(|other| *other > date);
    (date, later.min().map_or(after, |next| next.min(after)))
}

fn invoice_net(parts: &[Part]) -> Minor {
    parts.iter().map(|part| part.net).sum()
}

/// Each amount that goes back, in the order of time, is brought to its part without tax as a running
/// sum and shared over the parts by what is left of each. A note for a line begins anew with what it
/// leaves.
fn take_back(invoice: &Invoice, parts: &mut [Part], mut backs: Vec<Back<'_>>) {
    backs.sort_by_key(|back| (back.at, back.gross));
    let mut gross_left = invoice.total();
    let mut base = (gross_left, invoice_net(parts));
    let mut gone: (Minor, Minor) = (0, 0);
    for back in backs {
        let net_left: Minor = parts.iter().map(|part| part.left(None)).sum();
        let net = match base.0 > 0 && base.1 >= 0 {
            true => rounded((gone.0 + back.gross) * base.1, base.0) - gone.1,
            // More went back than was there: the invoice's own share of tax holds.
            false => rounded(back.gross * invoice.net(), invoice.total()),
        };
        gross_left -= back.gross;
        let line = back.note.and_then(|note| note.line.as_ref());
        let named = line.and_then(|(line, amount)| {
            let at = parts.iter().position(|part| part.id == *line)?;
            Some((at, *amount))
        });
        if let Some((at, amount)) = named {
            // The line's whole amount includes its tax; else the line is stated without it.
            let line = &invoice.lines[at];
            let gross = line.net() + line.exclusive + line.inclusive;
            let net = match amount == back.gross {
                true => rounded(amount * line.net(), gross),
                false => amount,
            };
            parts[at].taken.push((back.at, net));
            base = (gross_left, parts.iter().map(|part| part.left(None)).sum());
            gone = (0, 0);
            continue;
        }
        gone = (gone.0 + back.gross, gone.1 + net);
        let mut weights: Vec<Minor> = parts.iter().map(|part| part.left(None)).collect();
        if net_left == 0 || net > net_left {
            weights = parts.iter().map(|part| part.net).collect();
        }
        let whole: Minor = weights.iter().sum();
        let (mut weight, mut before) = (0, 0);
        let last = parts.len() - 1;
        for (at, part) in parts.iter_mut().enumerate() {
            weight += weights[at];
            let until = match at == last || whole == 0 {
                true => net,
                false => rounded(net * weight, whole),
            };
            part.taken.push((back.at, until - before));
            before = until;
        }
    }
}

/// Voids and write-offs take what is left; a write-off that is paid after all comes back.
fn write_off(invoice: &Invoice, parts: &mut [Part], charges: &[&Charge], knows: Knows) {
    if !knows.write_offs {
        return;
    }
    let lost = invoice.voided.or(invoice.uncollectible);
    let Some(lost) = lost else {
        return;
    };
    let lost = knows.cut(lost).max(knows.cut(invoice.final_at()));
    let mut back = None;
    if invoice.status == Status::Paid {
        let paid = charges.iter().map(|charge| charge.created);
        let paid = paid.filter(|paid| *paid >= lost).min();
        let stated = invoice.paid_at.map(|at| knows.cut(at));
        back = paid.or(stated.filter(|at| knows.paid_at && *at >= lost));
        if back.is_none() {
            return;
        }
    }
    for part in parts {
        let left = part.left(Some(lost));
        part.taken.push((lost, left));
        part.taken.extend(back.map(|back| (back, -left)));
    }
}

/// Adds what is earned in each month.
fn book(months: &mut Months, customer: &str, until: &dyn Fn(At) -> Minor) {
    let (first, end) = horizon();
    let mut before = until(first);
    assert_eq!(before, 0, "the horizon begins too late");
    let mut month = month_of(first);
    while month < end {
        let next = months_after(month, 1);
        let by = until(next);
        let key = (customer.to_string(), month_name(month));
        *months.entry(key).or_default() += by - before;
        (month, before) = (next, by);
    }
    assert_eq!(before, until(At::MAX / 4), "the horizon ends too early");
}
