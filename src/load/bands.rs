//! The context tier of a usage record, by the size of its request.

use crate::model::records::UsageRecord;
use crate::model::{ContextBand, Exact, Meter};

/// The context band of a record, and the one it has if cached tokens stand beside the input.
pub fn bands(record: &UsageRecord<'_>) -> (ContextBand, ContextBand) {
    if !record.single_request {
        return (ContextBand::BASE, ContextBand::BASE);
    }
    if let Some((all, input)) = whole_input(record) {
        let beside = ContextBand::of_tokens(all);
        let band = match record.cached_open {
            true => ContextBand::of_tokens(input),
            false => beside,
        };
        return (band, beside);
    }
    let mut all = Exact::ZERO;
    let mut input = Exact::ZERO;
    for (meter, quantity) in record.quantities {
        if meter.is_input_token() {
            all += *quantity;
        }
        if *meter == Meter::Input {
            input = *quantity;
        }
    }
    let beside = ContextBand::of(&all);
    if record.cached_open {
        (ContextBand::of(&input), beside)
    } else {
        (beside, beside)
    }
}

/// All input tokens of a record and those of them that are not cached, where they are whole.
fn whole_input(record: &UsageRecord<'_>) -> Option<(u64, u64)> {
    let (mut all, mut input) = (0u64, 0);
    for (meter, quantity) in record.quantities {
        if meter.is_input_token() {
            let tokens = u64::try_from(quantity.whole()?).ok()?;
            all = all.checked_add(tokens)?;
            if *meter == Meter::Input {
                input = tokens;
            }
        }
    }
    Some((all, input))
}
