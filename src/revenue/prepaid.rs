//! Credits that are paid for before they are used: earned as they are used.

use super::lines::Part;
use super::parts::shares;
use crate::model::{Exact, Instant};

/// The parts of an invoice that sells credits, each cut by the uses of what it sells: (when,
/// amount). They sum to the parts exactly.
pub fn earned(parts: Vec<Part>, uses: &[(Instant, Exact)], places: u8) -> Vec<Part> {
    if uses.is_empty() {
        return parts;
    }
    let weights: Vec<Exact> = uses.iter().map(|(_, amount)| *amount).collect();
    let cut = |part: Part| {
        let nets = shares(part.net, &weights, places);
        let taxes = shares(part.tax, &weights, places);
        let each = uses.iter().zip(nets.into_iter().zip(taxes));
        let each = each.map(|((at, _), (net, tax))| Part {
            net,
            tax,
            service: (*at, *at),
            recurring: Some(false),
            ..part.clone()
        });
        each.collect::<Vec<_>>()
    };
    parts.into_iter().flat_map(cut).collect()
}
