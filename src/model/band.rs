//! `ContextBand`: which of the known price thresholds the input of one request has passed.
//!
//! The fold of a usage log keeps the band of each request instead of its size: it is all that a
//! price can depend on. Which threshold a model has, and what it costs beyond, is the price
//! book's business.

use super::Exact;

/// Sizes of a request's whole input, in tokens, beyond which some price list charges more
/// (Gemini 1.5: 128,000; Claude and Gemini: 200,000; GPT-5.4 and later: 272,000; MiniMax and
/// Qwen: 512,000), as found in the embedded price book.
pub const THRESHOLDS: [u64; 4] = [128_000, 200_000, 272_000, 512_000];

/// How many of the [`THRESHOLDS`] the whole input of a request exceeds. Aggregated usage, whose
/// requests cannot be told apart, is in [`ContextBand::BASE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextBand(u8);

impl ContextBand {
    /// No threshold passed, or the size of the request is not known.
    pub const BASE: ContextBand = ContextBand(0);

    /// The band of a request with so many input tokens in all, cached ones included. A request of
    /// exactly a threshold has not passed it.
    pub fn of(total_input: &Exact) -> ContextBand {
        let passed = |start: &&u64| *total_input > Exact::from(**start);
        ContextBand(THRESHOLDS.iter().take_while(passed).count() as u8)
    }

    /// The same for a whole number of tokens.
    pub fn of_tokens(total_input: u64) -> ContextBand {
        ContextBand(
            THRESHOLDS
                .iter()
                .filter(|start| total_input > **start)
                .count() as u8,
        )
    }

    /// The lowest band beyond a threshold, or `None` if it is none of the [`THRESHOLDS`].
    pub fn beyond(threshold: u64) -> Option<ContextBand> {
        let index = THRESHOLDS.iter().position(|start| *start == threshold)?;
        Some(ContextBand(index as u8 + 1))
    }

    /// The highest threshold passed, in tokens.
    pub fn threshold(self) -> Option<u64> {
        THRESHOLDS.get(usize::from(self.0).checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_passed_only_by_more_tokens() {
        for (tokens, threshold) in [
            (0, None),
            (128_000, None),
            (128_001, Some(128_000)),
            (200_000, Some(128_000)),
            (200_001, Some(200_000)),
            (272_001, Some(272_000)),
            (9_000_000, Some(512_000)),
        ] {
            let band = ContextBand::of_tokens(tokens);
            assert_eq!(band.threshold(), threshold, "{tokens}");
            assert_eq!(band, ContextBand::of(&Exact::from(tokens)), "{tokens}");
        }
    }

    #[test]
    fn bands_rise_with_their_thresholds() {
        assert_eq!(
            ContextBand::beyond(200_000),
            Some(ContextBand::of_tokens(250_000))
        );
        assert!(ContextBand::beyond(128_000) < ContextBand::beyond(200_000));
        assert!(ContextBand::BASE < ContextBand::beyond(128_000).unwrap());
        assert_eq!(ContextBand::beyond(100_000), None);
    }
}
