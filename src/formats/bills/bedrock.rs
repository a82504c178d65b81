//! Usage types of Amazon Bedrock, as Cost and Usage Reports and AWS's FOCUS exports write them:
//! model, token meter and service tier out of one word.
//!
//! Four grammars: `USE1-Claude4.6Sonnet-cache-read-input-token-count`, the same with
//! `-cross-region-global` behind it, `USW2-anthropic.claude-opus-4-8-mantle-input-tokens-…`, and
//! AWS Marketplace's `USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units`, whose model stands in
//! the product's name only. The rule that must hold: one word outside the vocabulary, and the
//! usage type is no token usage.

use super::token_units;
use crate::model::{Exact, Meter};

/// What a usage type says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUsage {
    /// The model as written.
    pub model: String,
    /// Which tokens.
    pub meter: Meter,
    /// `batch`, `flex`, `priority`, `standard` or `latency-optimized`, if it says.
    pub tier: Option<String>,
    marketplace: bool,
}

/// What stands behind the model in the product names of AWS Marketplace.
const EDITION: &str = "(Amazon Bedrock Edition)";

/// Words that say where or how long, which decides the price and neither meter nor tier.
const BESIDE: &[&str] = &[
    "token", "tokens", "count", "million", "cross", "region", "global", "geo", "long", "context",
    "ctx",
];

const TIERS: &[&str] = &["batch", "flex", "priority", "standard"];

/// Where the class of tokens begins behind the model's name.
const CLASSES: &[&str] = &["-cache-", "-input-", "-output-"];

impl TokenUsage {
    /// Reads a usage type of Bedrock. `product` is the product's name, where the bill states it.
    /// `None` if it counts no tokens, or its model is not known.
    pub fn parse(usage_type: &str, product: Option<&str>) -> Option<TokenUsage> {
        let (region, rest) = usage_type.split_once('-')?;
        if !is_region(region) {
            return None;
        }
        let (model, class, marketplace) = match rest.strip_prefix("MP:") {
            Some(metered) => {
                let (_, class) = metered.strip_suffix("-Units")?.split_once('_')?;
                (model_of(product?)?, class, true)
            }
            None => {
                let at = CLASSES.iter().filter_map(|class| rest.find(class)).min()?;
                let model = rest[..at].strip_suffix("-mantle").unwrap_or(&rest[..at]);
                (model, &rest[at + 1..], false)
            }
        };
        let (meter, tier) = class_of(&words(class))?;
        (!model.is_empty()).then(|| TokenUsage {
            model: model.to_string(),
            meter,
            tier,
            marketplace,
        })
    }

    /// The tokens in a quantity of this unit; `None` where the unit is not known. `Units` are
    /// millions of tokens, but only in AWS Marketplace's usage types.
    pub fn tokens(&self, quantity: Exact, unit: &str) -> Option<Exact> {
        let millions = self.marketplace && unit.eq_ignore_ascii_case("units");
        let power = if millions {
            6
        } else {
            token_units::power(unit)?
        };
        Some(quantity.shift(power))
    }
}

/// The model in a product's name: `Claude Opus 4.8 (Amazon Bedrock Edition)`.
fn model_of(product: &str) -> Option<&str> {
    Some(product.trim().strip_suffix(EDITION)?.trim())
}

/// `USE1`, `EU`, `APN1`: letters, then perhaps a digit.
fn is_region(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    (2..=4).contains(&letters.len())
        && text.len() - letters.len() <= 1
        && letters.bytes().all(|b| b.is_ascii_uppercase())
}

/// The words of `CacheWrite1hInputTokenCount_Global`, `input_tokens_standard` or
/// `cache-read-input-token-count`, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for c in text.chars() {
        let parts = c == '_' || c == '-';
        let new_word = (c.is_ascii_uppercase() && !before.is_ascii_uppercase())
            || (c.is_ascii_digit() && before.is_ascii_alphabetic());
        if parts || new_word {
            words.push(String::new());
        }
        if !parts && let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Meter and tier of a class of tokens. The cache classes contain the word `input` too.
fn class_of(words: &[String]) -> Option<(Meter, Option<String>)> {
    let has = |word: &str| words.iter().any(|known| known == word);
    let mut tier = None;
    for word in words {
        let word = word.as_str();
        match word {
            "input" | "output" | "cache" | "read" | "write" | "1h" | "5m" => {}
            "latency" if has("optimized") => {}
            "optimized" if has("latency") => tier = Some("latency-optimized".to_string()),
            _ if TIERS.contains(&word) => tier = Some(word.to_string()),
            _ if BESIDE.contains(&word) => {}
            _ => return None,
        }
    }
    if !(has("token") || has("tokens")) {
        return None;
    }
    let meter = match (has("cache"), has("read"), has("write")) {
        (true, true, false) => Meter::CacheRead,
        (true, false, true) if has("1h") => Meter::CacheWrite1h,
        (true, false, true) => Meter::CacheWrite5m,
        (false, false, false) => match (has("input"), has("output")) {
            (true, false) => Meter::Input,
            (false, true) => Meter::Output,
            _ => return None,
        },
        _ => return None,
    };
    Some((meter, tier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Meter::{CacheRead, CacheWrite1h, CacheWrite5m, Input, Output};

    const OPUS: Option<&str> = Some("Claude Opus 4.8 (Amazon Bedrock Edition)");

    #[test]
    fn the_four_grammars() {
        for (usage_type, model, meter, tier) in [
            (
                "USE1-Claude3Sonnet-input-tokens",
                "Claude3Sonnet",
                Input,
                None,
            ),
            (
                "USE1-Llama4-Maverick-17B-input-tokens-batch",
                "Llama4-Maverick-17B",
                Input,
                Some("batch"),
            ),
            (
                "USE1-NovaPro-input-tokens-latency-optimized",
                "NovaPro",
                Input,
                Some("latency-optimized"),
            ),
            (
                "USE1-Nova2.0Lite-input-tokens-flex",
                "Nova2.0Lite",
                Input,
                Some("flex"),
            ),
            (
                "USE1-Claude4.6Sonnet-cache-read-input-token-count",
                "Claude4.6Sonnet",
                CacheRead,
                None,
            ),
            (
                "EUW1-Claude4.6Sonnet-cache-write-1h-input-token-count",
                "Claude4.6Sonnet",
                CacheWrite1h,
                None,
            ),
            (
                "EU-Claude4.6Sonnet-cache-write-input-token-count",
                "Claude4.6Sonnet",
                CacheWrite5m,
                None,
            ),
            (
                "USE1-Claude4Sonnet-input-tokens-cross-region-global-batch",
                "Claude4Sonnet",
                Input,
                Some("batch"),
            ),
            (
                "USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global",
                "Claude4Sonnet",
                Output,
                None,
            ),
            (
                "USW2-anthropic.claude-opus-4-8-mantle-input-tokens-global-standard",
                "anthropic.claude-opus-4-8",
                Input,
                Some("standard"),
            ),
            (
                "USE1-openai.gpt-5.6-luna-mantle-cache-write-tokens-5m-long-ctx-flex",
                "openai.gpt-5.6-luna",
                CacheWrite5m,
                Some("flex"),
            ),
            (
                "USE1-MP:USE1_InputTokenCount-Units",
                "Claude Opus 4.8",
                Input,
                None,
            ),
            (
                "USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units",
                "Claude Opus 4.8",
                CacheWrite1h,
                None,
            ),
            (
                "USE1-MP:USE1_InputTokenCount_Global_Batch-Units",
                "Claude Opus 4.8",
                Input,
                Some("batch"),
            ),
            (
                "USE1-MP:USE1_input_tokens_global_standard-Units",
                "Claude Opus 4.8",
                Input,
                Some("standard"),
            ),
            (
                "USE1-MP:USE1_cache_read_tokens_standard-Units",
                "Claude Opus 4.8",
                CacheRead,
                Some("standard"),
            ),
            (
                "USE1-MP:USE1_MillionBatchInputTokens-Units",
                "Claude Opus 4.8",
                Input,
                Some("batch"),
            ),
        ] {
            let found = TokenUsage::parse(usage_type, OPUS).expect(usage_type);
            assert_eq!(found.model, model, "{usage_type}");
            assert_eq!(found.meter, meter, "{usage_type}");
            assert_eq!(found.tier.as_deref(), tier, "{usage_type}");
        }
    }

    #[test]
    fn what_is_outside_the_vocabulary_is_no_token_usage() {
        for usage_type in [
            "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units",
            "USE1-MP:USE1_InputTokenCount",
            "USE1-NovaCanvas-T2I-1024-Standard",
            "USE1-Claude3Sonnet-input-tokens-somewhere",
            "USE1-ModelUnit-ProvisionedThroughput",
            "USE1-input-tokens",
            "us-east-1-Claude3Sonnet-input-tokens",
            "USE1-Claude3Sonnet-input-audio-tokens",
            "DataTransfer-Out-Bytes",
            "",
            "-",
            "USE1-MP:",
            "USE1-é-input-tokens-é",
        ] {
            assert_eq!(TokenUsage::parse(usage_type, OPUS), None, "{usage_type}");
        }
        // Nothing but the product's name says the model, and other sellers count tokens too.
        let units = "USE1-MP:USE1_InputTokenCount-Units";
        assert_eq!(TokenUsage::parse(units, None), None);
        assert_eq!(TokenUsage::parse(units, Some("Acme Search")), None);
    }

    #[test]
    fn units_are_millions_on_the_marketplace_only() {
        let tokens = |usage_type, quantity: &str, unit| {
            TokenUsage::parse(usage_type, OPUS)
                .unwrap()
                .tokens(Exact::parse(quantity).unwrap(), unit)
                .map(|tokens| tokens.to_string())
        };
        let (legacy, marketplace) = (
            "USE1-Claude3Sonnet-input-tokens",
            "USE1-MP:USE1_InputTokenCount-Units",
        );
        assert_eq!(tokens(legacy, "1.5", "1K tokens").as_deref(), Some("1500"));
        assert_eq!(tokens(legacy, "1.5", "Units"), None);
        assert_eq!(
            tokens(marketplace, "0.25", "Units").as_deref(),
            Some("250000")
        );
        assert_eq!(
            tokens(marketplace, "0.25", "1M tokens").as_deref(),
            Some("250000")
        );
        assert_eq!(tokens(marketplace, "0.25", "N/A"), None);
    }
}
