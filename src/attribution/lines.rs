//! Charges made ready: cut at month borders, dated, and matched to the customer they name.

use std::collections::BTreeMap;

use super::shared;
use super::split::split;
use super::{Attribution, Inputs, Options};
use crate::identity::PartyId;
use crate::model::names::ModelName;
use crate::model::records::{Charge, ChargeKind, ChargeMeter};
use crate::model::{Day, Exact, Instant};

/// A charge, or the part of it that lies in one month, inside the report period.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The charge.
    pub charge: &'a Charge,
    /// Its model, taken apart.
    pub model: Option<ModelName>,
    /// The part of its amount.
    pub amount: Exact,
    /// The part of its quantity.
    pub quantity: Option<Exact>,
    /// First UTC day covered.
    pub first: Day,
    /// First UTC day not covered.
    pub end: Day,
    /// Day of the report on which it counts.
    pub day: Day,
    /// The customer that the charge names.
    pub direct: Option<PartyId>,
    /// The shared cost that it belongs to, unless it names a customer.
    pub shared: Option<usize>,
    /// Half of the last digit that the bill writes: its own rounding of this amount. A bill that
    /// trims trailing zeros (0.5 beside 0.123456) is as exact as its finest amount.
    pub rounding: Exact,
}

impl Line<'_> {
    /// Whether it is a credit, tax or rounding line.
    pub fn follows(&self) -> bool {
        let kind = self.charge.kind;
        self.shared.is_none()
            && matches!(
                kind,
                ChargeKind::Credit | ChargeKind::Tax | ChargeKind::Rounding
            )
    }

    /// Whether it bills the use of something.
    pub fn is_usage(&self) -> bool {
        self.charge.kind == ChargeKind::Usage && self.shared.is_none()
    }

    /// Whether it is a commitment that nobody used, and names no customer.
    pub fn is_idle(&self) -> bool {
        let idle = self.charge.kind == ChargeKind::IdleCommitment;
        idle && self.direct.is_none() && self.shared.is_none()
    }
}

/// Cuts, dates and filters the charges.
pub fn prepare<'a>(
    inputs: Inputs<'a>,
    options: &Options,
    result: &mut Attribution,
) -> Vec<Line<'a>> {
    let mut lines = Vec::with_capacity(inputs.charges.len());
    let finest = finest_places(inputs.charges);
    for charge in inputs.charges {
        let pieces = pieces(charge, options);
        let rule = shared::rule_of(inputs.shared, charge);
        if pieces.len() > 1 {
            result.cut += 1;
        }
        for piece in pieces {
            if let ChargeMeter::Item(item) = &charge.meter
                && charge.kind == ChargeKind::Usage
                && rule.is_none()
                && options.period.contains(piece.day)
            {
                *result.items.entry(item.clone()).or_default() += piece.amount;
            }
            let last_day = options
                .zone
                .day(Instant(options.zone.start_of(piece.end).0 - 1));
            let touches = options.period.contains(piece.day) || options.period.contains(last_day);
            let one_day = piece.end == piece.first.plus(1);
            if touches && one_day && last_day.month() != piece.day.month() {
                result.at_border += piece.amount;
            }
            if !options.period.contains(piece.day) {
                continue;
            }
            let direct = charge.scopes.iter().find_map(|scope| {
                let names_customer = scope.dimension == "customer";
                inputs
                    .identity
                    .scope(&scope.namespace, &scope.id, names_customer, piece.day)
            });
            let places = finest.get(&bill_of(charge)).copied().unwrap_or(0);
            lines.push(Line {
                direct,
                shared: rule.filter(|_| direct.is_none()),
                rounding: Exact::new(5, places.min(60) + 1),
                ..piece
            });
        }
    }
    lines
}

/// The bill that a charge is of: a file and a provider in it.
fn bill_of(charge: &Charge) -> (&str, Option<&str>) {
    (&charge.origin.file, charge.provider.as_deref())
}

/// The most decimal places that each bill writes.
fn finest_places(charges: &[Charge]) -> BTreeMap<(&str, Option<&str>), u8> {
    let mut finest = BTreeMap::new();
    for charge in charges {
        let places = finest.entry(bill_of(charge)).or_insert(0);
        *places = charge.written_places.max(*places);
    }
    finest
}

/// The parts of a charge by month of the report's zone. A charge of one UTC day stays whole in the
/// month in which it starts; a longer one is cut in proportion to its days.
fn pieces<'a>(charge: &'a Charge, options: &Options) -> Vec<Line<'a>> {
    let first = charge.start.utc_day();
    let last = Instant(charge.end.0 - 1).utc_day();
    let end = if last < first {
        first.plus(1)
    } else {
        last.plus(1)
    };
    let whole = Line {
        charge,
        model: charge.model.as_deref().map(ModelName::parse),
        amount: charge.amount,
        quantity: charge.quantity,
        first,
        end,
        day: options.zone.day(charge.start),
        direct: None,
        shared: None,
        rounding: Exact::ZERO,
    };
    let days = end.0 - first.0;
    if days <= 1 {
        return vec![whole];
    }
    // A bill of a UTC month is that month's bill in any zone: longer charges go by UTC dates.
    let mut cuts = vec![first];
    let mut month = first.month().plus(1);
    while month.first_day() < end {
        cuts.push(month.first_day());
        month = month.plus(1);
    }
    // A period that begins or ends inside the charge takes its days of it.
    for border in [options.period.start, options.period.end] {
        if first < border && border < end && !cuts.contains(&border) {
            cuts.push(border);
        }
    }
    cuts.sort();
    cuts.push(end);
    if cuts.len() == 2 {
        return vec![Line {
            day: first,
            ..whole
        }];
    }
    let weights: Vec<Exact> = cuts
        .windows(2)
        .map(|pair| Exact::from(i64::from(pair[1].0 - pair[0].0)))
        .collect();
    let amounts = split(charge.amount, &weights).unwrap_or_default();
    let quantities = charge
        .quantity
        .and_then(|quantity| split(quantity, &weights));
    cuts.windows(2)
        .enumerate()
        .map(|(at, pair)| Line {
            amount: amounts[at],
            quantity: quantities.as_ref().map(|parts| parts[at]),
            first: pair[0],
            end: pair[1],
            day: pair[0],
            ..whole.clone()
        })
        .collect()
}
