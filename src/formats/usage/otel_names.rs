//! The attributes of spans that are read, under their present and their older names.

use crate::formats::Settings;
use crate::formats::usage::otel_span::USAGE;

/// Who used it, best first.
pub(super) const CUSTOMERS: &[&str] = &["user.id", "enduser.id", "session.id"];
/// The model.
pub(super) const MODELS: &[&str] = &["gen_ai.response.model", "gen_ai.request.model"];
/// The provider.
pub(super) const PROVIDERS: &[&str] = &["gen_ai.provider.name", "gen_ai.system"];
/// What kind of operation the span is.
pub(super) const OPERATION: &[&str] = &["gen_ai.operation.name"];
/// The answer's id.
pub(super) const RESPONSE_ID: &[&str] = &["gen_ai.response.id"];
/// Filled in a span that failed.
pub(super) const ERROR: &[&str] = &["error.type"];
/// Input tokens, cached ones included.
pub(super) const INPUT: &[&str] = &["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"];
/// Output tokens.
pub(super) const OUTPUT: &[&str] = &[
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
];
/// Tokens read from the cache.
pub(super) const READ: &[&str] = &[
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.cache_read_tokens",
];
/// Tokens written to the cache.
pub(super) const WRITE: &[&str] = &[
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_write_tokens",
];
/// Tokens written to the five-minute cache.
pub(super) const WRITE_5M: &[&str] = &["anthropic.usage.cache_creation.ephemeral_5m_input_tokens"];
/// Reasoning tokens, which are part of the output.
pub(super) const REASONING: &[&str] = &["gen_ai.usage.reasoning.output_tokens"];

/// Every attribute that is read.
pub(super) const KNOWN: &[&[&str]] = &[
    CUSTOMERS,
    MODELS,
    PROVIDERS,
    OPERATION,
    RESPONSE_ID,
    ERROR,
    INPUT,
    OUTPUT,
    READ,
    WRITE,
    WRITE_5M,
    REASONING,
];

/// Operations that are one call of a model. Others may add up calls below them.
pub(super) const CALLS: &[&str] = &["chat", "text_completion", "generate_content", "embeddings"];

/// Whether an attribute is read.
pub(super) fn is_wanted(settings: &Settings, name: &str) -> bool {
    name.starts_with(USAGE)
        || KNOWN.iter().any(|names| names.contains(&name))
        || settings.columns.values().any(|said| said == name)
        || settings.dimensions.iter().any(|said| said == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_not_asked_for() {
        let settings = Settings::default();
        for name in [
            "gen_ai.input.messages",
            "gen_ai.prompt",
            "gen_ai.output.messages",
        ] {
            assert!(!is_wanted(&settings, name), "{name}");
        }
        assert!(is_wanted(&settings, "gen_ai.usage.input_tokens"));
    }
}
