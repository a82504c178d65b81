//! The one currency of a report: which it is, and the conversion of everything else to it.

use std::collections::{BTreeMap, BTreeSet};

use super::args::Shared;
use super::choices::stated;
use super::project::Project;
use crate::fx::{self, Clash, Conversion, MAX_AGE, Missing, RateBook};
use crate::load::Books;
use crate::model::rates::Exchanges;
use crate::model::records::{InvoiceStatus, Origin, PaymentStatus, RevenueRecords};
use crate::model::{Currency, Day, Exact, Period, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::revenue::Basis;

const PASS_RATES: &str = "pass dated rates: --fx with the ECB's eurofxref-hist.csv, or with a table date,from,to,rate; Stripe's payments export has the rates of the invoices it paid, in Converted Amount and Converted Currency";

/// The currency of the report: the one asked for, else the only one of the files.
///
/// # Errors
/// A code that is none, or several currencies and none chosen.
pub fn currency(
    shared: &Shared,
    project: Option<&Project>,
    basis: Basis,
    books: &Books,
) -> Result<Currency, Problem> {
    let wanted = shared
        .currency
        .as_deref()
        .or(project.and_then(|project| project.currency.as_deref()));
    if let Some(text) = wanted {
        return Currency::parse(text).ok_or_else(|| {
            let message = "the currency is not the code of a currency (ISO 4217)";
            let problem = match stated(&shared.currency, project) {
                Some(project) => project.fault("", "currency", text, message.into()),
                None => Problem::new(&catalogue::BAD_OPTION, message),
            };
            problem.excerpt(text).help("write a code such as USD")
        });
    }
    let seen = seen(books, basis);
    if seen.len() < 2 {
        return Ok(seen.into_keys().next().unwrap_or(Currency::USD));
    }
    let places: Vec<String> = seen
        .iter()
        .map(|(currency, (file, line))| format!("{currency} at {file}:{line}"))
        .collect();
    let codes: Vec<&str> = seen.keys().map(Currency::code).collect();
    let message = format!("the files are in several currencies: {}", places.join(", "));
    Err(Problem::new(&catalogue::BAD_OPTION, message).help(format!(
        "choose one of {}: --currency {}, or currency in tanso.toml; the others are converted at dated rates",
        codes.join(", "),
        codes.first().unwrap_or(&"USD")
    )))
}

/// The currencies of what counts, each with its first place.
fn seen(books: &Books, basis: Basis) -> BTreeMap<Currency, (String, u64)> {
    let mut seen: BTreeMap<Currency, (String, u64)> = BTreeMap::new();
    let mut see = |currency: Currency, file: &str, line: u64| {
        let place = (file.to_string(), line);
        let first = seen.entry(currency).or_insert_with(|| place.clone());
        if place < *first {
            *first = place;
        }
    };
    let records = &books.records;
    let invoices = records.invoices.iter();
    let invoices = invoices.filter(|invoice| invoice.status != InvoiceStatus::Draft);
    let payments = records.payments.iter();
    let payments = payments.filter(|payment| payment.status == PaymentStatus::Succeeded);
    let all = books
        .charges
        .iter()
        .map(|charge| (charge.currency, &charge.origin))
        .chain(invoices.map(|invoice| (invoice.currency, &invoice.origin)))
        .chain(payments.map(|payment| (payment.currency, &payment.origin)))
        .chain(
            records
                .lines
                .iter()
                .map(|line| (line.currency, &line.origin)),
        )
        .chain(
            records
                .recognized
                .iter()
                .map(|entry| (entry.currency, &entry.origin)),
        );
    for (currency, origin) in all {
        see(currency, &origin.file, origin.line);
    }
    // The balance is in the currency of the payouts: it decides only where nothing else is revenue.
    let revenue = [
        records.invoices.is_empty(),
        records.payments.is_empty(),
        records.lines.is_empty(),
        records.recognized.is_empty(),
    ];
    if revenue.iter().all(|none| *none) {
        for entry in records.balance.iter().filter(|e| e.kind.is_customers()) {
            see(entry.currency, &entry.origin.file, entry.origin.line);
        }
    }
    for (currency, origin) in contracts(records).filter(|_| basis == Basis::Mrr) {
        see(currency, &origin.file, origin.line);
    }
    for (currency, (file, line)) in &books.log_currencies {
        see(*currency, file, *line);
    }
    seen
}

/// What monthly recurring revenue is made of.
fn contracts(records: &RevenueRecords) -> impl Iterator<Item = (Currency, &Origin)> {
    let terms = records.items.iter().filter_map(|item| item.terms.as_ref());
    let prices = records.prices.iter().chain(terms);
    let prices = prices.filter(|price| price.amount.is_some());
    let subscriptions = records.subscriptions.iter();
    let subscriptions = subscriptions.filter(|subscription| subscription.amount.is_some());
    prices
        .map(|price| (price.currency, &price.origin))
        .chain(subscriptions.filter_map(|one| Some((one.currency?, &one.origin))))
        .chain(
            records
                .mrr_changes
                .iter()
                .map(|one| (one.currency, &one.origin)),
        )
}

/// What was converted, for outputs and row by row, and what a dollar is worth on each day of usage.
pub type Converted = (Conversion, Exchanges, BTreeMap<Day, Exact>);

/// Converts revenue and cost to the report's currency.
///
/// # Errors
/// What has no rate, by currency; rates that contradict each other.
pub fn convert(
    books: &mut Books,
    to: Currency,
    basis: Basis,
    (period, zone): (Period, Zone),
) -> Result<Converted, Problems> {
    let mut told = Conversion::new(to);
    let rows = std::mem::take(&mut books.rates);
    let rates = RateBook::build(&rows, &currencies(books, to)).map_err(clashing)?;
    let moments = (zone.start_of(period.start), zone.start_of(period.end));
    fx::revenue::convert(&mut books.records, &rates, moments, &mut told);
    match basis {
        Basis::Mrr => {
            let last = period.end.plus(-1);
            fx::prices::convert(&mut books.records, &rates, last, &mut told);
        }
        _ => fx::prices::forget(&mut books.records, to),
    }
    fx::cost::charges(&mut books.charges, &rates, (period, zone), &mut told);
    let per_dollar = fx::cost::per_dollar(&books.usage, &rates, &mut told);
    let mut problems = Problems::default();
    if let Some(day) = fx::cost::logged(&mut books.usage, &rates, period, &mut told) {
        problems.push(unrated_log(books, to, day));
    }
    for (from, missing) in &told.missing {
        problems.push(unrated(*from, to, missing));
    }
    if books.log_currencies.len() > 1 {
        problems.push(mixed_logs(books));
    }
    match problems.is_empty() {
        true => {
            // There may be as many as rows, and outputs copy what they tell.
            let rows = std::mem::take(&mut told.rows);
            Ok((told, rows, per_dollar))
        }
        false => Err(problems),
    }
}

/// Every currency of which a rate may be needed.
fn currencies(books: &Books, to: Currency) -> BTreeSet<Currency> {
    let records = &books.records;
    let all = books.charges.iter().map(|charge| charge.currency);
    all.chain(records.invoices.iter().map(|invoice| invoice.currency))
        .chain(records.payments.iter().map(|payment| payment.currency))
        .chain(records.lines.iter().map(|line| line.currency))
        .chain(records.credit_notes.iter().map(|note| note.currency))
        .chain(records.refunds.iter().map(|refund| refund.currency))
        .chain(records.disputes.iter().map(|dispute| dispute.currency))
        .chain(records.balance.iter().map(|entry| entry.currency))
        .chain(records.recognized.iter().map(|entry| entry.currency))
        .chain(contracts(records).map(|(currency, _)| currency))
        .chain(books.log_currencies.keys().copied())
        .chain([to, Currency::USD])
        .collect()
}

fn place(origin: &Origin) -> Place {
    Place::line(&origin.file, origin.line)
}

/// Rows without a rate.
fn unrated(from: Currency, to: Currency, missing: &Missing) -> Problem {
    let (first, last) = missing.days;
    let days = match first == last {
        true => format!("on {first}"),
        false => format!("from {first} to {last}"),
    };
    let rows = match missing.rows {
        1 => "1 row".to_string(),
        rows => format!("{rows} rows"),
    };
    let stale = missing.stale.map_or(String::new(), |day| {
        format!("; the last rate before is of {day}, more than {MAX_AGE} days older")
    });
    let message = format!(
        "no rate from {from} to {to} {days}: {} {from} in {rows}{stale}",
        missing
            .amount
            .to_fixed(from.decimals().max(missing.amount.places()))
    );
    Problem::new(&catalogue::CURRENCIES, message)
        .at(place(&missing.origin))
        .help(PASS_RATES)
}

/// Costs of a log without a rate.
fn unrated_log(books: &Books, to: Currency, day: Day) -> Problem {
    let other = books.log_currencies.iter().find(|(from, _)| **from != to);
    let (from, at) = other.map_or((to, None), |(from, at)| (*from, Some(at)));
    let message = format!("no rate from {from} to {to} on {day} for the costs that the log states");
    let place = at.map(|(file, line)| Place::line(file, *line));
    Problem::new(&catalogue::CURRENCIES, message)
        .at(place.unwrap_or_default())
        .help(PASS_RATES)
}

/// Costs of logs in several currencies, which are sums by the time they are here.
pub fn mixed_logs(books: &Books) -> Problem {
    let places = books.log_currencies.iter();
    let places: Vec<String> = places
        .clone()
        .map(|(currency, (file, line))| format!("{currency} at {file}:{line}"))
        .collect();
    let message = format!(
        "logs state costs in several currencies: {}",
        places.join(", ")
    );
    let last = books.log_currencies.values().next_back();
    let place = last.map(|(file, line)| Place::line(file, *line));
    Problem::new(&catalogue::CURRENCIES, message)
        .at(place.unwrap_or_default())
        .help("pass logs whose costs are in one currency, or leave the cost column out")
}

/// Rates that differ.
fn clashing(clashes: Vec<Clash>) -> Problems {
    let mut problems = Problems::default();
    for clash in clashes {
        let ((base, quote), day) = (clash.pair, clash.day);
        let message = format!(
            "a second, different rate from {base} to {quote} on {day}; the other is at {}:{}",
            clash.first.file, clash.first.line
        );
        problems.push(
            Problem::new(&catalogue::BAD_VALUE, message)
                .at(place(&clash.second))
                .help("keep the right one"),
        );
    }
    problems
}
