//! What a record says, as bytes to compare records by.
//!
//! Records that say the same have the same bytes, however their numbers are written, and others
//! have others. Texts are told by their symbols, so bytes of two runs are nothing to each other.

use super::sums::Entry;
use crate::model::records::UsageRecord;

/// The symbols of a record's texts.
pub struct Symbols<'s> {
    /// Customer, feature, provider as written, model and tier.
    pub named: [u32; 5],
    /// Extra dimensions.
    pub dimensions: &'s [u32],
}

/// Five symbols, the instant, the outcome, four counts and the requests.
const HEAD: usize = 5 * 4 + 8 + 1 + 4 * 8 + 8;

/// Writes everything that a record says, of which this entry was made.
pub fn write(record: &UsageRecord<'_>, texts: &Symbols<'_>, entry: &Entry, bytes: &mut Vec<u8>) {
    bytes.clear();
    // Most records have this form, of one length, which is written in one go.
    let mut head = [0; HEAD];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        head[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    for symbol in texts.named {
        put(&symbol.to_le_bytes());
    }
    put(&record.instant.0.to_le_bytes());
    put(&[record.outcome as u8]);
    let short = entry.short_counts();
    let (counts, requests) = short.unwrap_or_default();
    for count in counts {
        put(&count.to_le_bytes());
    }
    put(&requests.to_le_bytes());
    bytes.extend(head);
    for symbol in texts.dimensions {
        bytes.extend(symbol.to_le_bytes());
    }
    if short.is_some() {
        return;
    }
    bytes.push(b'+');
    record.requests.write_bytes(bytes);
    let quantities = record.quantities.iter();
    for (meter, quantity) in quantities.filter(|(_, quantity)| !quantity.is_zero()) {
        bytes.push(b'|');
        bytes.extend(meter.name().as_bytes());
        bytes.push(b'=');
        quantity.write_bytes(bytes);
    }
    if let Some((amount, currency)) = record.reported_cost {
        bytes.push(b'$');
        amount.write_bytes(bytes);
        bytes.extend(currency.code().as_bytes());
    }
}
