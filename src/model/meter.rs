//! Meters: what is counted. Token meters are disjoint: no token is in two of them.

use std::fmt;
use std::sync::Arc;

/// A kind of quantity. Reasoning tokens are part of `Output`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meter {
    /// Uncached input tokens.
    Input,
    /// Input tokens read from the provider's prompt cache.
    CacheRead,
    /// Input tokens written to a five-minute prompt cache (or one of unstated life).
    CacheWrite5m,
    /// Input tokens written to a one-hour prompt cache.
    CacheWrite1h,
    /// Output tokens, reasoning included.
    Output,
    /// Uncached audio input tokens.
    InputAudio,
    /// Cached audio input tokens.
    CacheReadAudio,
    /// Audio output tokens.
    OutputAudio,
    /// Uncached image input tokens.
    InputImage,
    /// Cached image input tokens.
    CacheReadImage,
    /// Image output tokens.
    OutputImage,
    /// Billed requests.
    Requests,
    /// Web searches by a server tool.
    WebSearches,
    /// Seconds of audio, compute or a session.
    Seconds,
    /// Images made.
    Images,
    /// Characters of text.
    Characters,
    /// Anything the user names.
    Other(Arc<str>),
}

const NAMED: &[(Meter, &str)] = &[
    (Meter::Input, "input"),
    (Meter::CacheRead, "cache_read"),
    (Meter::CacheWrite5m, "cache_write_5m"),
    (Meter::CacheWrite1h, "cache_write_1h"),
    (Meter::Output, "output"),
    (Meter::InputAudio, "input_audio"),
    (Meter::CacheReadAudio, "cache_read_audio"),
    (Meter::OutputAudio, "output_audio"),
    (Meter::InputImage, "input_image"),
    (Meter::CacheReadImage, "cache_read_image"),
    (Meter::OutputImage, "output_image"),
    (Meter::Requests, "requests"),
    (Meter::WebSearches, "web_searches"),
    (Meter::Seconds, "seconds"),
    (Meter::Images, "images"),
    (Meter::Characters, "characters"),
];

impl Meter {
    /// The commonest meters, which tables of millions keep in a short form.
    pub const COMMON: [Meter; 4] = [
        Meter::Input,
        Meter::CacheRead,
        Meter::CacheWrite5m,
        Meter::Output,
    ];

    /// The place of a meter among [`Meter::COMMON`].
    #[inline]
    pub fn common(&self) -> Option<usize> {
        match self {
            Meter::Input => Some(0),
            Meter::CacheRead => Some(1),
            Meter::CacheWrite5m => Some(2),
            Meter::Output => Some(3),
            _ => None,
        }
    }

    /// The meter of a name as the program prints it (`cache_write_5m`); unknown names become
    /// meters of the user's own.
    pub fn named(name: &str) -> Meter {
        NAMED
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(meter, _)| meter.clone())
            .unwrap_or_else(|| Meter::Other(name.into()))
    }

    /// The names of the meters that the program knows, in their order.
    pub fn known() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(_, name)| *name)
    }

    /// The name, as printed in every output.
    pub fn name(&self) -> &str {
        match self {
            Meter::Other(name) => name,
            known => NAMED
                .iter()
                .find(|(meter, _)| meter == known)
                .map_or("?", |(_, name)| name),
        }
    }

    /// Whether it counts input tokens of any kind.
    pub fn is_input_token(&self) -> bool {
        self.is_token()
            && !matches!(
                self,
                Meter::Output | Meter::OutputAudio | Meter::OutputImage
            )
    }

    /// Whether it counts cached tokens of text, read or written.
    pub fn is_cached_text(&self) -> bool {
        matches!(
            self,
            Meter::CacheRead | Meter::CacheWrite5m | Meter::CacheWrite1h
        )
    }

    /// Whether it counts tokens.
    pub fn is_token(&self) -> bool {
        !matches!(
            self,
            Meter::Requests
                | Meter::WebSearches
                | Meter::Seconds
                | Meter::Images
                | Meter::Characters
                | Meter::Other(_)
        )
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
