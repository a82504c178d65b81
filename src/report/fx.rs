//! What was converted to the currency of the report, in both currencies: as lines of text and as
//! JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::grouped;
use crate::fx::{Conversion, Part, RateSource, Used};
use crate::model::{Currency, Exact};

/// Decimals of rates in text.
const SHORT: u8 = 6;

/// `fx        stripe invoices EUR 1,000.00 at 1.0832 (stripe) = 1,083.20 USD`, one per export and
/// currency; nothing where all was in one currency.
pub fn lines(fx: Option<&Conversion>) -> Vec<String> {
    let Some(fx) = fx else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for ((export, from), part) in &fx.parts {
        let mut line = format!("fx        {export}");
        if !part.by.is_empty() {
            let (amount, converted) = part.sums();
            line.push_str(&format!(
                " {from} {} at {} = {} {}",
                money(amount, *from),
                rates(part),
                money(converted, fx.to),
                fx.to
            ));
        }
        for (reason, (rows, amount)) in &part.left_out {
            line.push_str(&format!(
                "   without a rate and no revenue: {reason} {from} {} ({rows})",
                money(*amount, *from)
            ));
        }
        lines.push(line);
    }
    if !fx.prices.by.is_empty() {
        lines.push(format!("fx        price list USD at {}", rates(&fx.prices)));
    }
    if !fx.gain_on_refunds.is_zero() {
        let word = match fx.gain_on_refunds.is_negative() {
            true => "loss",
            false => "gain",
        };
        lines.push(format!(
            "fx        currency {word} on refunds {} {}, not part of revenue",
            money(fx.gain_on_refunds.abs(), fx.to),
            fx.to
        ));
    }
    lines
}

fn money(amount: Exact, currency: Currency) -> String {
    grouped(&amount.to_fixed(currency.decimals()))
}

/// The rates of a part and whose they are: `1.08 to 1.09 (stripe 2, rates.csv 1 of 2026-10-01)`.
fn rates(part: &Part) -> String {
    let lowest = part.by.values().map(|used| used.lowest).reduce(Exact::min);
    let highest = part.by.values().map(|used| used.highest).reduce(Exact::max);
    let short = |rate: Option<Exact>| rate.unwrap_or_default().round(SHORT).to_string();
    let (lowest, highest) = (short(lowest), short(highest));
    let range = match lowest == highest {
        true => lowest,
        false => format!("{lowest} to {highest}"),
    };
    let one = part.by.len() == 1;
    let source = |(source, used): (&RateSource, &Used)| {
        let count = match one {
            true => String::new(),
            false => format!(" {}", used.rows),
        };
        let days = match (source, used.first == used.last) {
            (RateSource::Stripe, _) => String::new(),
            (_, true) => format!(" of {}", used.first),
            (_, false) => format!(" of {} to {}", used.first, used.last),
        };
        format!("{}{count}{days}", source.word())
    };
    let sources: Vec<String> = part.by.iter().map(source).collect();
    format!("{range} ({})", sources.join(", "))
}

/// All conversions in JSON. Amounts and rates are exact strings.
#[derive(Serialize)]
pub struct FxOut {
    conversions: Vec<ConversionOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prices: Vec<PriceRateOut>,
    gain_on_refunds: Exact,
}

#[derive(Serialize)]
struct ConversionOut {
    export: String,
    from: String,
    to: String,
    amount: Exact,
    converted: Exact,
    rates: Vec<RateOut>,
    without_rate: BTreeMap<&'static str, WithoutOut>,
}

#[derive(Serialize)]
struct RateOut {
    source: String,
    rows: u64,
    amount: Exact,
    converted: Exact,
    lowest: Exact,
    highest: Exact,
    first_day: String,
    last_day: String,
}

#[derive(Serialize)]
struct PriceRateOut {
    source: String,
    lowest: Exact,
    highest: Exact,
    first_day: String,
    last_day: String,
}

#[derive(Serialize)]
struct WithoutOut {
    rows: u64,
    amount: Exact,
}

/// The conversions in JSON.
pub fn document(fx: &Conversion) -> FxOut {
    let rate = |(source, used): (&RateSource, &Used)| RateOut {
        source: source.word().to_string(),
        rows: used.rows,
        amount: used.amount,
        converted: used.converted,
        lowest: used.lowest,
        highest: used.highest,
        first_day: used.first.to_string(),
        last_day: used.last.to_string(),
    };
    let price = |(source, used): (&RateSource, &Used)| PriceRateOut {
        source: source.word().to_string(),
        lowest: used.lowest,
        highest: used.highest,
        first_day: used.first.to_string(),
        last_day: used.last.to_string(),
    };
    let conversions = fx.parts.iter().map(|((export, from), part)| {
        let (amount, converted) = part.sums();
        let left_out = part.left_out.iter();
        ConversionOut {
            export: export.clone(),
            from: from.to_string(),
            to: fx.to.to_string(),
            amount,
            converted,
            rates: part.by.iter().map(rate).collect(),
            without_rate: left_out
                .map(|(reason, (rows, amount))| {
                    let (rows, amount) = (*rows, *amount);
                    (*reason, WithoutOut { rows, amount })
                })
                .collect(),
        }
    });
    FxOut {
        conversions: conversions.collect(),
        prices: fx.prices.by.iter().map(price).collect(),
        gain_on_refunds: fx.gain_on_refunds,
    }
}
