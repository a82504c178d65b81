//! The token counts of OpenAI's usage exports, made disjoint. No file is read here.
//!
//! `input_tokens` includes cached tokens and cache writes. The counts by modality
//! (`input_text_tokens`, …) leave the cached ones out in what the API answers today; their sum
//! tells, and where it fits no known reading the row is refused.

use crate::model::{Exact, Meter};

/// Token counts of one row, as written; `None` where the export leaves a count out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokens {
    /// All input, cached tokens and cache writes included.
    pub input: Exact,
    /// Read from the cache.
    pub cached: Option<Exact>,
    /// Written to the cache.
    pub cache_write: Option<Exact>,
    /// Neither read from the cache nor written to it.
    pub uncached: Option<Exact>,
    /// All output.
    pub output: Exact,
    /// Input by modality: text, audio, image.
    pub inputs: Modalities,
    /// Cached input by modality.
    pub cached_inputs: Modalities,
    /// Output by modality.
    pub outputs: Modalities,
}

/// Counts by modality.
#[derive(Clone, Copy, Debug, Default)]
pub struct Modalities {
    /// Text.
    pub text: Option<Exact>,
    /// Audio.
    pub audio: Option<Exact>,
    /// Image.
    pub image: Option<Exact>,
}

/// Why the counts of a row contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// Cached tokens and cache writes exceed the input.
    CachedExceedInput,
    /// `input_uncached_tokens` is not what the cached ones leave of the input.
    Uncached,
    /// The inputs by modality sum neither to the input nor to its uncached part.
    Inputs,
    /// The cached inputs by modality do not sum to the cached input.
    CachedInputs,
    /// The outputs by modality do not sum to the output.
    Outputs,
}

impl Contradiction {
    /// The count at fault.
    pub fn field(self) -> &'static str {
        match self {
            Contradiction::CachedExceedInput => "input_cached_tokens",
            Contradiction::Uncached => "input_uncached_tokens",
            Contradiction::Inputs => "input_tokens",
            Contradiction::CachedInputs => "input_cached_tokens",
            Contradiction::Outputs => "output_tokens",
        }
    }

    /// What is wrong with it.
    pub fn message(self) -> &'static str {
        match self {
            Contradiction::CachedExceedInput => {
                "cached tokens and cache writes exceed input_tokens, which include them"
            }
            Contradiction::Uncached => {
                "input_uncached_tokens is not input_tokens less cached tokens and cache writes"
            }
            Contradiction::Inputs => {
                "text, audio and image input sum neither to input_tokens nor to its uncached part"
            }
            Contradiction::CachedInputs => {
                "cached text, audio and image input do not sum to input_cached_tokens"
            }
            Contradiction::Outputs => "text, audio and image output do not sum to output_tokens",
        }
    }
}

impl Modalities {
    /// The three counts if the whole is split up, `None` if no count by modality says anything.
    /// A split that leaves the text out says something only where it counts audio or images.
    fn split(&self) -> Option<[Exact; 3]> {
        let [text, audio, image] =
            [self.text, self.audio, self.image].map(Option::unwrap_or_default);
        let says = self.text.is_some() || !audio.is_zero() || !image.is_zero();
        says.then_some([text, audio, image])
    }
}

impl Tokens {
    /// The disjoint quantities.
    ///
    /// # Errors
    /// If the counts contradict each other.
    pub fn disjoint(&self) -> Result<Vec<(Meter, Exact)>, Contradiction> {
        let cached = self.cached.unwrap_or_default();
        let write = self.cache_write.unwrap_or_default();
        let uncached = self.input - cached - write;
        if uncached.is_negative() {
            return Err(Contradiction::CachedExceedInput);
        }
        if self.uncached.is_some_and(|stated| stated != uncached) {
            return Err(Contradiction::Uncached);
        }
        let reads = match self.cached_inputs.split() {
            None => [cached, Exact::ZERO, Exact::ZERO],
            Some(parts) if parts.iter().sum::<Exact>() == cached => parts,
            Some(_) => return Err(Contradiction::CachedInputs),
        };
        let inputs = match self.inputs.split() {
            None => [uncached, Exact::ZERO, Exact::ZERO],
            Some(parts) => self.uncached_inputs(parts, reads, uncached, write)?,
        };
        let outputs = match self.outputs.split() {
            None => [self.output, Exact::ZERO, Exact::ZERO],
            Some(parts) if parts.iter().sum::<Exact>() == self.output => parts,
            Some(_) => return Err(Contradiction::Outputs),
        };
        let meters = [
            (Meter::Input, inputs[0]),
            (Meter::CacheRead, reads[0]),
            // How long the cache lives is not told.
            (Meter::CacheWrite5m, write),
            (Meter::Output, outputs[0]),
            (Meter::InputAudio, inputs[1]),
            (Meter::CacheReadAudio, reads[1]),
            (Meter::OutputAudio, outputs[1]),
            (Meter::InputImage, inputs[2]),
            (Meter::CacheReadImage, reads[2]),
            (Meter::OutputImage, outputs[2]),
        ];
        Ok(meters.into_iter().filter(|(_, n)| !n.is_zero()).collect())
    }

    /// The uncached inputs by modality: as they stand, or less their cached parts, whichever sums
    /// up. Cache writes are text.
    fn uncached_inputs(
        &self,
        parts: [Exact; 3],
        reads: [Exact; 3],
        uncached: Exact,
        write: Exact,
    ) -> Result<[Exact; 3], Contradiction> {
        let sum: Exact = parts.iter().sum();
        let [text, audio, image] = parts;
        let left = if sum == uncached {
            parts
        } else if sum == uncached + write {
            [text - write, audio, image]
        } else if sum == self.input {
            [text - reads[0] - write, audio - reads[1], image - reads[2]]
        } else {
            return Err(Contradiction::Inputs);
        };
        if left.iter().any(|part| part.is_negative()) {
            return Err(Contradiction::Inputs);
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(value: u64) -> Option<Exact> {
        Some(Exact::from(value))
    }

    fn modalities(text: u64, audio: u64, image: u64) -> Modalities {
        Modalities {
            text: n(text),
            audio: n(audio),
            image: n(image),
        }
    }

    fn shown(tokens: Tokens) -> Result<Vec<String>, Contradiction> {
        let show = |(meter, quantity): (Meter, Exact)| format!("{meter} {quantity}");
        Ok(tokens.disjoint()?.into_iter().map(show).collect())
    }

    /// 1,000 input tokens, of which 300 cached and 100 written to the cache; 50 output.
    fn whole() -> Tokens {
        Tokens {
            input: Exact::from(1000u64),
            cached: n(300),
            cache_write: n(100),
            output: Exact::from(50u64),
            ..Tokens::default()
        }
    }

    #[test]
    fn the_input_includes_cached_tokens_and_cache_writes() {
        let expected = [
            "input 600",
            "cache_read 300",
            "cache_write_5m 100",
            "output 50",
        ];
        assert_eq!(shown(whole()).unwrap(), expected);
        let stated = Tokens {
            uncached: n(600),
            ..whole()
        };
        assert_eq!(shown(stated).unwrap(), expected);
        let beside = Tokens {
            uncached: n(1000),
            ..whole()
        };
        assert_eq!(shown(beside), Err(Contradiction::Uncached));
    }

    #[test]
    fn modalities_are_read_by_what_they_sum_to() {
        let cached_inputs = modalities(200, 100, 0);
        let outputs = modalities(20, 30, 0);
        let expected = [
            "input 450",
            "cache_read 200",
            "cache_write_5m 100",
            "output 20",
            "input_audio 150",
            "cache_read_audio 100",
            "output_audio 30",
        ];
        // Without cached tokens (600), with cache writes (700), with both (1,000).
        for (text, audio) in [(450, 150), (550, 150), (750, 250)] {
            let tokens = Tokens {
                inputs: modalities(text, audio, 0),
                cached_inputs,
                outputs,
                ..whole()
            };
            assert_eq!(shown(tokens).unwrap(), expected, "{text} {audio}");
        }
    }

    #[test]
    fn counts_that_contradict_each_other_are_refused() {
        let more = Tokens {
            cached: n(901),
            ..whole()
        };
        assert_eq!(shown(more), Err(Contradiction::CachedExceedInput));
        let inputs = Tokens {
            inputs: modalities(500, 0, 0),
            ..whole()
        };
        assert_eq!(shown(inputs), Err(Contradiction::Inputs));
        let cached = Tokens {
            cached_inputs: modalities(100, 100, 0),
            ..whole()
        };
        assert_eq!(shown(cached), Err(Contradiction::CachedInputs));
        let outputs = Tokens {
            outputs: modalities(50, 1, 0),
            ..whole()
        };
        assert_eq!(shown(outputs), Err(Contradiction::Outputs));
        // Audio without the text beside it: whether the input includes it cannot be told.
        let audio = Tokens {
            inputs: Modalities {
                audio: n(5),
                ..Modalities::default()
            },
            ..whole()
        };
        assert_eq!(shown(audio), Err(Contradiction::Inputs));
    }
}
