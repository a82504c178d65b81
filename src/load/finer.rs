//! Two files of one provider that tell the same money, one of them in more detail: its costs count,
//! if both agree.

use std::sync::Arc;

use super::overlap::{Bill, Superseded};
use super::spans::{Spans, days_of};
use crate::formats;
use crate::model::Exact;
use crate::model::records::{Charge, ChargeKind};
use crate::problem::{Place, Problem, catalogue};

/// Whether `finer` tells the money of `bill` in more detail.
pub fn is_finer(finer: &Bill, bill: &Bill) -> bool {
    formats::finer_of(bill.export) == Some(finer.export)
}

/// Leaves out of a bill the costs of the days that another file tells in more detail. Credits, tax
/// and rounding stay: only the coarser file has them.
pub fn twice_told(
    file: &Arc<str>,
    charges: Vec<Charge>,
    finer: &Bill,
) -> (Vec<Charge>, Result<Option<Superseded>, Box<Problem>>) {
    let days = Spans::of(finer.charges.iter());
    let (out, left): (Vec<_>, Vec<_>) = charges
        .into_iter()
        .partition(|charge| charge.kind == ChargeKind::Usage && days.contains(days_of(charge)));
    (left, agree(file, &out, finer))
}

/// Says what is left out, if the finer file bills the same for the same days.
fn agree(
    file: &Arc<str>,
    out: &[Charge],
    finer: &Bill,
) -> Result<Option<Superseded>, Box<Problem>> {
    let Some(first) = out.first() else {
        return Ok(None);
    };
    let common = Spans::of(out.iter());
    let same = finer
        .charges
        .iter()
        .filter(|charge| common.hits(days_of(charge)));
    let told: Exact = same.clone().map(|charge| charge.amount).sum();
    let sum: Exact = out.iter().map(|charge| charge.amount).sum();
    // Each row of the coarser file may be rounded or cut at its last digit.
    let rounding: Exact = out
        .iter()
        .map(|charge| Exact::new(1, charge.written_places))
        .sum();
    let one_currency = same.clone().all(|charge| charge.currency == first.currency);
    if !one_currency || (sum - told).abs() > rounding {
        let of = |charge: Option<&Charge>| charge.map_or("?", |c| c.currency.code()).to_string();
        let message = format!(
            "bills {sum} {} for days for which {} bills {told} {}, though both tell the same money",
            first.currency,
            finer.file,
            of(same.clone().next())
        );
        return Err(Box::new(
            Problem::new(&catalogue::OVERLAP, message)
                .at(Place::line(file, first.origin.line))
                .help("export both again, or pass only one of them"),
        ));
    }
    Ok(Some(Superseded::of(file, out)))
}
