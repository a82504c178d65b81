//! A quote as JSON: schema `tanso.quote/1`.

use serde::Serialize;

use super::Quoted;
use crate::model::Exact;
use crate::quote::{Cap, Figure, Trade};
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, notes};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    deal: DealOut,
    look_alikes: LookAlikesOut<'a>,
    growth: GrowthOut,
    draws: u64,
    seed: u64,
    cost: CostOut,
    draw_error: ErrorOut,
    below_floor: FigureOut,
    floor_price: Exact,
    largest_discount: Option<Exact>,
    safe_cap: CapOut<'a>,
    heaviest: HeaviestOut<'a>,
    trade: Vec<TradeOut>,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct DealOut {
    seats: Option<Exact>,
    price: Exact,
    price_unit: String,
    discount: Exact,
    term_months: u32,
    revenue: Exact,
    floor: Exact,
    confidence: Exact,
}

#[derive(Serialize)]
struct LookAlikesOut<'a> {
    like: &'a [String],
    count: u64,
    months: u64,
    without_seats: &'a [String],
    other_size: u64,
    part_of_month: u64,
    without_cost: u64,
}

#[derive(Serialize)]
struct GrowthOut {
    per_month: Exact,
    low: Exact,
    high: Exact,
    estimated: bool,
}

#[derive(Serialize)]
struct CostOut {
    expected: CostFigure,
    p50: CostFigure,
    p95: CostFigure,
}

#[derive(Serialize)]
struct CostFigure {
    cost: Exact,
    low: Exact,
    high: Exact,
    gross_margin: Option<Exact>,
}

#[derive(Serialize)]
struct FigureOut {
    value: Exact,
    low: Exact,
    high: Exact,
}

#[derive(Serialize)]
struct ErrorOut {
    p50: Exact,
    p95: Exact,
}

#[derive(Serialize)]
struct CapOut<'a> {
    state: &'static str,
    meter: &'a str,
    per_month: Option<Exact>,
}

#[derive(Serialize)]
struct HeaviestOut<'a> {
    customer: &'a str,
    cost: Exact,
    gross_margin: Option<Exact>,
}

/// A cell of the trade table.
#[derive(Serialize)]
pub struct TradeOut {
    term_months: u32,
    cap_per_month: Option<Exact>,
    largest_discount: Option<Exact>,
}

/// The document, ready to be serialized.
pub fn document<'a>(quoted: &Quoted<'a>, header: &'a Header) -> impl Serialize + 'a {
    let (deal, choices, quote) = (quoted.deal, quoted.choices, quoted.quote);
    let left = &quoted.gathered.left_out;
    let cost = |figure: Figure| CostFigure {
        cost: figure.value,
        low: figure.low,
        high: figure.high,
        gross_margin: quoted.margin(figure.value),
    };
    let (state, per_month) = match quote.cap {
        Cap::NotNeeded => ("not_needed", None),
        Cap::At(cap) => ("at", Some(cap)),
        Cap::Never => ("never", None),
        Cap::Unknown => ("unknown", None),
    };
    Document {
        schema: "tanso.quote/1",
        head: head(header),
        deal: DealOut {
            seats: deal.seats,
            price: deal.price,
            price_unit: quoted.unit(),
            discount: deal.discount,
            term_months: deal.term,
            revenue: quote.revenue,
            floor: choices.floor,
            confidence: choices.confidence,
        },
        look_alikes: LookAlikesOut {
            like: quoted.like,
            count: quoted.gathered.look_alikes.len() as u64,
            months: quoted.gathered.months as u64,
            without_seats: &left.without_seats,
            other_size: left.other_size,
            part_of_month: left.part_of_month,
            without_cost: quoted.gathered.without_cost,
        },
        growth: GrowthOut {
            per_month: quote.growth.value,
            low: quote.growth.low,
            high: quote.growth.high,
            estimated: quote.growth_is_estimated,
        },
        draws: choices.draws as u64,
        seed: choices.seed,
        cost: CostOut {
            expected: cost(quote.expected),
            p50: cost(quote.p50),
            p95: cost(quote.p95),
        },
        draw_error: ErrorOut {
            p50: quote.draw_error.0,
            p95: quote.draw_error.1,
        },
        below_floor: FigureOut {
            value: quote.below_floor.value,
            low: quote.below_floor.low,
            high: quote.below_floor.high,
        },
        floor_price: quote.floor_price,
        largest_discount: quote.largest_discount,
        safe_cap: CapOut {
            state,
            meter: quoted.measure,
            per_month,
        },
        heaviest: HeaviestOut {
            customer: &quote.heaviest.customer,
            cost: quote.heaviest.cost,
            gross_margin: quoted.margin(quote.heaviest.cost),
        },
        trade: rows(quoted),
        notes: notes(header),
    }
}

/// The trade table as objects.
pub fn rows(quoted: &Quoted<'_>) -> Vec<TradeOut> {
    let out = |one: &Trade| TradeOut {
        term_months: one.term,
        cap_per_month: one.cap,
        largest_discount: one.discount,
    };
    quoted.quote.trade.iter().map(out).collect()
}
