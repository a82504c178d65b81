//! What became of each input file: carried by every output.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows of one input: `read = used + duplicate + out_of_period + rejected + Σ skipped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RowCounts {
    /// Rows read, blank lines included.
    pub read: u64,
    /// Rows that count in the report.
    pub used: u64,
    /// Repeats that were dropped.
    pub duplicate: u64,
    /// Rows outside the report period.
    pub out_of_period: u64,
    /// Rows set aside on request.
    pub rejected: u64,
    /// Rows that carry nothing, by reason.
    pub skipped: BTreeMap<String, u64>,
}

impl RowCounts {
    /// Whether every row is accounted for.
    pub fn balance(&self) -> bool {
        let skipped: u64 = self.skipped.values().sum();
        self.read == self.used + self.duplicate + self.out_of_period + self.rejected + skipped
    }
}

/// One input file.
#[derive(Clone, Debug, serde::Serialize)]
pub struct InputReceipt {
    /// As the user named it.
    pub path: String,
    /// Name of its format.
    pub format: String,
    /// SHA-256 of the file as stored.
    pub sha256: String,
    /// Size of the file as stored.
    pub bytes: u64,
    /// Its rows.
    pub rows: RowCounts,
    /// First day covered, if the rows say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers_from: Option<String>,
    /// Last day covered, if the rows say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers_to: Option<String>,
}

/// Rows of one usage log that were asked for, repeats included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOf {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// How many rows.
    pub rows: u64,
    /// Their lines, as first and last of each stretch, in order.
    pub lines: Vec<(u64, u64)>,
}
