//! Context bands: how long a request was, as far as any price depends on it.

use super::Exact;

/// Total input tokens above which some model costs more. A band is the number of thresholds that
/// a request's total input exceeds.
pub const CONTEXT_THRESHOLDS: [u64; 4] = [128_000, 200_000, 272_000, 512_000];

/// The context band of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextBand(u8);

impl ContextBand {
    /// Below every threshold; also used where the size of single requests is not known.
    pub const BASE: ContextBand = ContextBand(0);

    /// The band of a request with this many input tokens, cached ones included.
    pub fn of(total_input: &Exact) -> ContextBand {
        let passed = CONTEXT_THRESHOLDS
            .iter()
            .filter(|threshold| *total_input > Exact::from(**threshold))
            .count();
        ContextBand(passed as u8)
    }

    /// Whether requests of this band exceed a threshold.
    pub fn exceeds(&self, threshold: u64) -> bool {
        CONTEXT_THRESHOLDS[..usize::from(self.0)].contains(&threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_passed_only_above_it() {
        assert_eq!(ContextBand::of(&Exact::from(128_000u64)), ContextBand::BASE);
        assert!(ContextBand::of(&Exact::from(128_001u64)).exceeds(128_000));
        assert!(!ContextBand::of(&Exact::from(200_000u64)).exceeds(200_000));
        assert!(ContextBand::of(&Exact::from(600_000u64)).exceeds(512_000));
    }
}
