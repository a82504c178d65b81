//! A hidden ledger: an invented business with all that happened to its invoices, in whole minor
//! units. The exports are written from it; nothing of the program is used.

use super::dates::{At, DAY, at, months_after};
use crate::support::Draw;

/// An amount in minor units of the ledger's currency.
pub type Minor = i128;

/// The exports are made on this day.
pub fn now() -> At {
    at(2026, 6, 20)
}

/// A price in the price list.
#[derive(Clone, Debug)]
pub struct Price {
    pub id: String,
    pub product: String,
    pub name: String,
    pub amount: Minor,
    /// Months of one charge; 0 for prices that are charged once.
    pub months: i64,
    pub metered: bool,
}

#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: String,
    pub customer: String,
    /// Its price at the time of the exports, by position.
    pub price: usize,
    pub quantity: Minor,
    pub started: At,
    pub current: (At, At),
    pub trial: Option<(At, At)>,
    pub ended: Option<At>,
    pub status: &'static str,
}

/// One line of an invoice.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: String,
    pub price: usize,
    pub quantity: Minor,
    /// Before discount and without exclusive tax.
    pub amount: Minor,
    pub discount: Minor,
    pub exclusive: Minor,
    pub inclusive: Minor,
    pub start: At,
    pub end: At,
    pub proration: bool,
}

impl Line {
    /// What is revenue of it.
    pub fn net(&self) -> Minor {
        self.amount - self.discount - self.inclusive
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Draft,
    Open,
    Paid,
    Void,
    Uncollectible,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Open => "open",
            Status::Paid => "paid",
            Status::Void => "void",
            Status::Uncollectible => "uncollectible",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Invoice {
    pub id: String,
    pub number: String,
    pub customer: String,
    pub subscription: Option<String>,
    pub date: At,
    pub finalized: Option<At>,
    pub status: Status,
    pub paid_at: Option<At>,
    pub voided: Option<At>,
    pub uncollectible: Option<At>,
    pub lines: Vec<Line>,
    pub starting: Minor,
    pub due: Minor,
}

impl Invoice {
    pub fn tax(&self) -> Minor {
        let taxes = self
            .lines
            .iter()
            .map(|line| line.exclusive + line.inclusive);
        taxes.sum()
    }

    pub fn net(&self) -> Minor {
        self.lines.iter().map(Line::net).sum()
    }

    pub fn total(&self) -> Minor {
        self.net() + self.tax()
    }

    /// When it became final.
    pub fn final_at(&self) -> At {
        self.finalized.unwrap_or(self.date)
    }
}

#[derive(Clone, Debug)]
pub struct Refund {
    pub id: String,
    pub at: At,
    pub amount: Minor,
    pub failed: bool,
}

#[derive(Clone, Debug)]
pub struct Dispute {
    pub id: String,
    pub at: At,
    pub closed: At,
    /// `won`, `lost` or `needs_response`.
    pub status: &'static str,
}

/// A payment attempt.
#[derive(Clone, Debug)]
pub struct Charge {
    pub id: String,
    pub customer: String,
    pub invoice: Option<String>,
    pub created: At,
    pub amount: Minor,
    pub failed: bool,
    pub test: bool,
    pub refunds: Vec<Refund>,
    pub dispute: Option<Dispute>,
}

impl Charge {
    /// Whether money arrived.
    pub fn arrived(&self) -> bool {
        !self.failed && !self.test
    }

    /// What was given back so far.
    pub fn refunded(&self) -> Minor {
        let refunds = self.refunds.iter().filter(|refund| !refund.failed);
        refunds.map(|refund| refund.amount).sum()
    }
}

#[derive(Clone, Debug)]
pub struct CreditNote {
    pub id: String,
    pub invoice: String,
    pub customer: String,
    pub at: At,
    /// Including tax.
    pub amount: Minor,
    /// The line that it takes back and how much of it, as the table of its lines has it.
    pub line: Option<(String, Minor)>,
    pub refund: Option<String>,
    pub void: bool,
}

#[derive(Clone, Debug)]
pub struct Ledger {
    pub seed: u64,
    pub currency: &'static str,
    /// Decimals of the currency in exports of major units.
    pub places: usize,
    pub customers: Vec<String>,
    pub prices: Vec<Price>,
    pub subscriptions: Vec<Subscription>,
    pub invoices: Vec<Invoice>,
    pub charges: Vec<Charge>,
    pub notes: Vec<CreditNote>,
}

#[derive(Clone, Copy)]
enum Tax {
    None,
    Exclusive,
    Inclusive,
}

/// Who is being written to the ledger, and what their next invoice brings along.
struct Customer {
    id: String,
    tax: Tax,
    balance: Minor,
}

const ONCE: usize = 0;
const METERED: usize = 1;
const LICENSED: std::ops::RangeInclusive<u64> = 2..=7;

/// The business of a seed. One that has billed nothing by the end of January 2026 is drawn anew.
pub fn invent(seed: u64) -> Ledger {
    let earns = |ledger: &Ledger| {
        let mut invoices = ledger.invoices.iter();
        invoices.any(|invoice| {
            let early = invoice.date < at(2026, 2, 1);
            early && invoice.status == Status::Paid && invoice.net() > 0
        })
    };
    let mut tries = (0..).map(|count| attempt(seed, Draw::new(seed + count * 1_000_003)));
    tries.find(earns).expect("some business earns something")
}

fn attempt(seed: u64, mut draw: Draw) -> Ledger {
    let currencies = [
        ("usd", 2),
        ("eur", 2),
        ("usd", 2),
        ("jpy", 0),
        ("kwd", 3),
        ("isk", 0),
    ];
    let (currency, places) = currencies[draw.between(0, 5) as usize];
    let mut ledger = Ledger {
        seed,
        currency,
        places,
        customers: Vec::new(),
        prices: Vec::new(),
        subscriptions: Vec::new(),
        invoices: Vec::new(),
        charges: Vec::new(),
        notes: Vec::new(),
    };
    let names = [
        "Setup", "Calls", "Starter", "Pro", "Scale", "Starter", "Pro", "Scale",
    ];
    let months = [0, 1, 1, 1, 1, 3, 12, 12];
    for (number, (name, months)) in names.into_iter().zip(months).enumerate() {
        ledger.prices.push(Price {
            id: format!("price_{number}"),
            product: format!("prod_{}", name.to_lowercase()),
            name: name.to_string(),
            amount: i128::from(draw.between(700, 40_000)) * i128::from(months.max(1)),
            months,
            metered: number == METERED,
        });
    }
    for number in 1..=draw.between(2, 4) {
        let mut customer = Customer {
            id: format!("cus_{number}"),
            tax: [Tax::None, Tax::Exclusive, Tax::Inclusive][draw.between(0, 2) as usize],
            balance: 0,
        };
        ledger.customers.push(customer.id.clone());
        for _ in 0..draw.between(0, 8).div_ceil(8) {
            subscribe(&mut ledger, &mut draw, &mut customer);
        }
        if draw.chance(35) {
            once(&mut ledger, &mut draw, &mut customer);
        }
        if draw.chance(30) {
            direct(&mut ledger, &mut draw, &customer.id);
        }
    }
    let test = charge(&mut ledger, "cus_1", None, now() - 40 * DAY, 999);
    ledger.charges[test].test = true;
    ledger
}

/// A line with its tax; the discount is a percentage of the amount.
fn line(price: usize, quantity: Minor, amount: Minor, percent: Minor, tax: Tax) -> Line {
    let discount = amount * percent / 100;
    let rest = amount - discount;
    let (exclusive, inclusive) = match tax {
        Tax::None => (0, 0),
        Tax::Exclusive => (rest * 20 / 100, 0),
        Tax::Inclusive => (0, rest * 19 / 119),
    };
    Line {
        id: String::new(),
        price,
        quantity,
        amount,
        discount,
        exclusive,
        inclusive,
        start: 0,
        end: 0,
        proration: false,
    }
}

fn over(mut line: Line, start: At, end: At) -> Line {
    (line.start, line.end) = (start, end);
    line
}

/// A subscription with all its invoices: trial, renewals, changes of plan, the end.
fn subscribe(ledger: &mut Ledger, draw: &mut Draw, customer: &mut Customer) {
    let id = format!("sub_{}", ledger.subscriptions.len() + 1);
    let mut price = draw.between(*LICENSED.start(), *LICENSED.end()) as usize;
    let mut quantity = i128::from(draw.between(1, 3));
    let time = draw.between(0, DAY as u64 - 1) as At;
    let time = if draw.chance(30) { 0 } else { time };
    let started = at(2025, 10, 1) + draw.between(0, 200) as At * DAY + time;
    // Months of all lengths, but no day that some month lacks.
    let started = match super::dates::date(started).2 {
        29.. => started - 4 * DAY,
        _ => started,
    };
    let months = ledger.prices[price].months;
    let trial = draw.chance(20).then(|| (started, started + 14 * DAY));
    let coupon: Minor = [0, 0, 0, 10, 33, 100][draw.between(0, 5) as usize];
    let coupon_for = draw.between(1, 4);
    let metered = draw.chance(25) && months == 1;
    let mut first = trial.map_or(started, |(_, end)| end);
    if super::dates::date(first).2 > 28 {
        first -= 4 * DAY;
    }
    let trial = trial.map(|(start, _)| (start, first));
    let mut pending = Vec::new();
    let mut ended = None;
    let mut current = (started, first);
    if let Some((start, end)) = trial {
        let free = over(line(price, quantity, 0, 0, customer.tax), start, end);
        invoice(ledger, draw, customer, Some(&id), start, vec![free]);
    }
    for count in 0.. {
        let start = months_after(first, count * months);
        if start >= now() || ended.is_some() {
            break;
        }
        let end = months_after(first, (count + 1) * months);
        current = (start, end);
        let percent = if (count as u64) < coupon_for {
            coupon
        } else {
            0
        };
        let amount = ledger.prices[price].amount * quantity;
        let mut lines = std::mem::take(&mut pending);
        lines.push(over(
            line(price, quantity, amount, percent, customer.tax),
            start,
            end,
        ));
        if metered && count > 0 {
            let calls = i128::from(draw.between(0, 5_000));
            let usage = line(METERED, calls, calls * 3, 0, customer.tax);
            lines.push(over(usage, months_after(first, count - 1), start));
        }
        if draw.chance(8) {
            let setup = ledger.prices[ONCE].amount;
            lines.push(over(line(ONCE, 1, setup, 0, customer.tax), start, start));
        }
        if draw.chance(15) {
            draw.shuffle(&mut lines);
        }
        invoice(ledger, draw, customer, Some(&id), start, lines);
        if draw.chance(20) {
            // An upgrade or a downgrade in the middle: the rest of the old price back, that of the
            // new one on top.
            let moment = start + (end - start) * draw.between(5, 95) as At / 100;
            let same = LICENSED.filter(|p| ledger.prices[*p as usize].months == months);
            let same: Vec<u64> = same.collect();
            let next = same[draw.between(0, same.len() as u64 - 1) as usize] as usize;
            let seats = i128::from(draw.between(1, 3));
            let part = |amount: Minor| amount * i128::from(end - moment) / i128::from(end - start);
            let old = line(price, quantity, -part(amount), percent, customer.tax);
            let fresh = part(ledger.prices[next].amount * seats);
            let fresh = line(next, seats, fresh, percent, customer.tax);
            for mut changed in [old, fresh] {
                changed.proration = true;
                pending.push(over(changed, moment, end));
            }
            (price, quantity) = (next, seats);
            if draw.chance(50) && moment < now() {
                let lines = std::mem::take(&mut pending);
                invoice(ledger, draw, customer, Some(&id), moment, lines);
            }
        }
        if draw.chance(7) {
            ended = Some(end);
        }
    }
    let over = ended.filter(|ended| *ended < now());
    ledger.subscriptions.push(Subscription {
        id,
        customer: customer.id.clone(),
        price,
        quantity,
        started,
        current,
        trial,
        ended: over,
        status: if over.is_some() { "canceled" } else { "active" },
    });
}

/// An invoice without a subscription, for a moment or for a prepaid stretch.
fn once(ledger: &mut Ledger, draw: &mut Draw, customer: &mut Customer) {
    let date = at(2025, 11, 3) + draw.between(0, 200 * DAY as u64) as At;
    let amount = ledger.prices[ONCE].amount;
    // An item may wait for its invoice, and keeps its own date.
    let mut own = draw.clone();
    let waited = i64::from(own.chance(50)) * own.between(0, 30 * DAY as u64) as At;
    let item = date - waited;
    let mut lines = vec![over(line(ONCE, 1, amount, 0, customer.tax), item, item)];
    if draw.chance(40) {
        let prepaid = line(ONCE, 2, amount * 2, 10, customer.tax);
        let end = date + draw.between(1, 400) as At * DAY + 12_345;
        lines.push(over(prepaid, date, end));
    }
    invoice(ledger, draw, customer, None, date, lines);
}

/// A payment that no invoice asked for.
fn direct(ledger: &mut Ledger, draw: &mut Draw, customer: &str) {
    let created = at(2025, 11, 1) + draw.between(0, 220 * DAY as u64) as At;
    let amount = i128::from(draw.between(100, 90_000));
    let at = charge(ledger, customer, None, created, amount);
    if draw.chance(40) {
        refund(ledger, draw, at);
    }
}

/// Writes a charge and returns its position.
fn charge(
    ledger: &mut Ledger,
    customer: &str,
    invoice: Option<&str>,
    created: At,
    amount: Minor,
) -> usize {
    let number = ledger.charges.len() + 1;
    ledger.charges.push(Charge {
        id: format!("ch_{number}"),
        customer: customer.to_string(),
        invoice: invoice.map(str::to_string),
        created,
        amount,
        failed: false,
        test: false,
        refunds: Vec::new(),
        dispute: None,
    });
    number - 1
}

/// Finishes an invoice and lets things happen to it.
fn invoice(
    ledger: &mut Ledger,
    draw: &mut Draw,
    customer: &mut Customer,
    subscription: Option<&str>,
    date: At,
    mut lines: Vec<Line>,
) {
    let number = ledger.invoices.len() + 1;
    for (at, line) in lines.iter_mut().enumerate() {
        line.id = format!("il_{number}_{at}");
    }
    let mut invoice = Invoice {
        id: format!("in_{number}"),
        number: format!("AB12-{number:04}"),
        customer: customer.id.clone(),
        subscription: subscription.map(str::to_string),
        date,
        finalized: None,
        status: Status::Draft,
        paid_at: None,
        voided: None,
        uncollectible: None,
        lines,
        starting: customer.balance,
        due: 0,
    };
    invoice.due = (invoice.total() + invoice.starting).max(0);
    if date > now() - 3 * DAY || draw.chance(4) {
        ledger.invoices.push(invoice);
        return;
    }
    let finalized = date + 3_600 + draw.between(0, 120) as At;
    invoice.finalized = Some(finalized);
    customer.balance += invoice.total() - invoice.due;
    let later = |draw: &mut Draw| finalized + draw.between(600, 100 * DAY as u64) as At;
    let fate = match invoice.due == invoice.total() && invoice.due > 0 {
        // What was paid from the balance would go back to it.
        false => draw.between(0, 79),
        true => draw.between(0, 99),
    };
    let paid = match fate {
        _ if invoice.due == 0 => Some((finalized, false)),
        0..=65 => Some((finalized + draw.between(5, 900) as At, true)),
        66..=72 => Some((later(draw), false)),
        73..=79 => None,
        80..=86 => {
            invoice.voided = Some(later(draw));
            None
        }
        87..=93 => {
            invoice.uncollectible = Some(later(draw));
            None
        }
        _ => {
            let lost = later(draw);
            invoice.uncollectible = Some(lost);
            let paid = lost + draw.between(1, 90 * DAY as u64) as At;
            Some((paid, draw.chance(60)))
        }
    };
    invoice.status = match (paid, invoice.voided, invoice.uncollectible) {
        (Some(_), ..) => Status::Paid,
        (None, Some(_), _) => Status::Void,
        (None, None, Some(_)) => Status::Uncollectible,
        _ => Status::Open,
    };
    invoice.paid_at = paid.map(|(at, _)| at);
    let (id, due) = (invoice.id.clone(), invoice.due);
    ledger.invoices.push(invoice);
    let mut of = None;
    if let Some((paid, true)) = paid {
        if draw.chance(15) {
            let attempt = charge(ledger, &customer.id, Some(&id), paid - 3, due);
            ledger.charges[attempt].failed = true;
        }
        of = Some(charge(ledger, &customer.id, Some(&id), paid, due));
    }
    match (of, draw.between(0, 99)) {
        (Some(at), 0..=14) => refund(ledger, draw, at),
        (Some(at), 15..=24) => dispute(ledger, draw, at),
        (of, 25..=39) => credit(ledger, draw, of),
        _ => {}
    }
}

fn days_after(draw: &mut Draw, moment: At, days: u64) -> At {
    moment + draw.between(60, days * DAY as u64) as At
}

/// Gives a payment back: all at once, a part, or in several goes; sometimes a go fails.
fn refund(ledger: &mut Ledger, draw: &mut Draw, charge: usize) {
    let charge = &mut ledger.charges[charge];
    let mut left = charge.amount - charge.refunded();
    let mut goes = Vec::new();
    if draw.chance(25) {
        goes.push((left, true));
    }
    let several = draw.between(0, 3);
    for _ in 0..several {
        let part = left * i128::from(draw.between(5, 60)) / 100;
        goes.push((part, false));
        left -= part;
    }
    if several == 0 || draw.chance(50) {
        goes.push((left, false));
    }
    let mut at = charge.created;
    for (amount, failed) in goes.into_iter().filter(|(amount, _)| *amount > 0) {
        at = days_after(draw, at, 60);
        let id = format!("re_{}_{}", charge.id, charge.refunds.len());
        charge.refunds.push(Refund {
            id,
            at,
            amount,
            failed,
        });
    }
}

fn dispute(ledger: &mut Ledger, draw: &mut Draw, charge: usize) {
    let charge = &mut ledger.charges[charge];
    let at = days_after(draw, charge.created, 100);
    charge.dispute = Some(Dispute {
        id: format!("dp_{}", charge.id),
        at,
        closed: days_after(draw, at, 60),
        status: draw.one(&["won", "lost", "needs_response"]),
    });
}

/// Credits a part of the last invoice: of one line or of all; some notes pay out as a refund.
fn credit(ledger: &mut Ledger, draw: &mut Draw, charge: Option<usize>) {
    let Some(invoice) = ledger.invoices.last() else {
        return;
    };
    let void = draw.chance(12);
    let gone = [invoice.voided, invoice.uncollectible];
    let at = days_after(draw, invoice.paid_at.unwrap_or(invoice.final_at()), 120);
    if invoice.total() <= 0 || gone.iter().flatten().any(|gone| at + 5 >= *gone) {
        return;
    }
    let part = |whole: Minor, percent: u64| whole * i128::from(percent) / 100;
    let percent = [20, 37, 50, 100][draw.between(0, 3) as usize];
    let of_lines = invoice.lines.iter().filter(|line| line.net() > 0);
    let of_lines: Vec<&Line> = of_lines.collect();
    let (amount, line) = match draw.chance(50) && !of_lines.is_empty() {
        false => (part(invoice.total(), percent), None),
        true => {
            let line = of_lines[draw.between(0, of_lines.len() as u64 - 1) as usize];
            let taken = part(line.amount - line.discount, percent);
            let tax = part(line.exclusive, percent);
            (taken + tax, Some((line.id.clone(), taken)))
        }
    };
    if amount == 0 || amount > invoice.total() {
        return;
    }
    let number = ledger.notes.len() + 1;
    let mut note = CreditNote {
        id: format!("cn_{number}"),
        invoice: invoice.id.clone(),
        customer: invoice.customer.clone(),
        at,
        amount,
        line,
        refund: None,
        void,
    };
    let paid_out = charge
        .filter(|charge| !void && ledger.charges[*charge].amount >= amount && draw.chance(60));
    if let Some(of) = paid_out {
        let charge = &mut ledger.charges[of];
        let id = format!("re_{}_note", charge.id);
        charge.refunds.push(Refund {
            id: id.clone(),
            at: at + 2,
            amount,
            failed: false,
        });
        note.refund = Some(id);
        if draw.chance(40) && charge.amount > amount {
            refund(ledger, draw, of);
        }
    }
    ledger.notes.push(note);
}
