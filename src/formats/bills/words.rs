//! Words of a generic bill: kinds of money and meters. Lines of a bill are disjoint, so every word
//! for cached tokens means tokens that no other line counts.

use crate::model::Meter;
use crate::model::records::{ChargeKind, ChargeMeter};

/// What kind of money a word of the `type` column means; usage where it is unknown.
pub fn kind_named(word: &str) -> ChargeKind {
    match word.to_lowercase().as_str() {
        "credit" | "credits" | "refund" | "discount" | "adjustment" | "promotion" => {
            ChargeKind::Credit
        }
        "tax" | "taxes" | "vat" | "gst" | "sales tax" => ChargeKind::Tax,
        "rounding" | "rounding error" => ChargeKind::Rounding,
        "unused commitment" | "idle commitment" => ChargeKind::IdleCommitment,
        _ => ChargeKind::Usage,
    }
}

/// The meter of a word: our own names and common spellings. Another word is an item without
/// quantities that a log could have.
pub fn meter_named(word: &str) -> ChargeMeter {
    let folded = word.to_lowercase().replace([' ', '-'], "_");
    let meter = match folded.as_str() {
        "input_tokens" | "prompt_tokens" | "uncached_input_tokens" | "input_no_cache" => {
            Meter::Input
        }
        "cached_input"
        | "cached_input_tokens"
        | "cached_tokens"
        | "cache_read_tokens"
        | "cache_read_input_tokens"
        | "input_cache_read" => Meter::CacheRead,
        "cache_write"
        | "cache_writes"
        | "cache_write_tokens"
        | "cache_creation_input_tokens"
        | "input_cache_write_5m" => Meter::CacheWrite5m,
        "input_cache_write_1h" => Meter::CacheWrite1h,
        "output_tokens" | "completion_tokens" => Meter::Output,
        "web_search" => Meter::WebSearches,
        "all" => return ChargeMeter::All,
        _ => match Meter::named(&folded) {
            Meter::Other(_) => return ChargeMeter::Item(word.to_string()),
            known => known,
        },
    };
    ChargeMeter::Is(meter)
}
