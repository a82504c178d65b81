//! The keys of models' answers, for `answer` and `responses`: where an answer states what.
//!
//! The constants are places in [`SLOTS`]. To teach the readers another spelling, add its path there.

use crate::formats::usage::paths::{Slot, slot};
use crate::scan::Header;

/// The answer's own id.
pub(super) const ID: usize = 0;
/// Its model.
pub(super) const MODEL: usize = 1;
/// When it was made.
pub(super) const CREATED: usize = 2;
/// The service tier that answered.
pub(super) const TIER: usize = 3;
/// What became of it.
pub(super) const STATUS: usize = 4;
/// Filled in an answer that is an error.
pub(super) const ERROR: usize = 5;
/// What OpenRouter charged.
pub(super) const COST: usize = 6;
/// Whether the provider charged the caller's own key.
pub(super) const BYOK: usize = 7;
/// What the provider charged then.
pub(super) const UPSTREAM: usize = 8;

pub(super) const PROMPT: usize = 9;
pub(super) const COMPLETION: usize = 10;
pub(super) const PROMPT_READ: usize = 11;
pub(super) const PROMPT_MISS: usize = 12;
pub(super) const PROMPT_WRITE: usize = 13;
pub(super) const PROMPT_AUDIO: usize = 14;
pub(super) const COMPLETION_AUDIO: usize = 15;
pub(super) const NUM_CACHED: usize = 16;
pub(super) const INPUT: usize = 17;
pub(super) const OUTPUT: usize = 18;
pub(super) const DETAILS_READ: usize = 19;
pub(super) const DETAILS_WRITE: usize = 20;
pub(super) const REASONING: usize = 21;
pub(super) const READ: usize = 22;
pub(super) const WRITE: usize = 23;
pub(super) const WRITE_5M: usize = 24;
pub(super) const WRITE_1H: usize = 25;
pub(super) const SEARCHES: usize = 26;
pub(super) const CONVERSE_INPUT: usize = 27;
pub(super) const CONVERSE_OUTPUT: usize = 28;
pub(super) const CONVERSE_READ: usize = 29;
pub(super) const CONVERSE_WRITE: usize = 30;
pub(super) const CONVERSE_DETAILS: usize = 31;
pub(super) const GEMINI_PROMPT: usize = 32;
pub(super) const GEMINI_TOOLS: usize = 33;
pub(super) const GEMINI_CACHED: usize = 34;
pub(super) const GEMINI_ANSWER: usize = 35;
pub(super) const GEMINI_THOUGHTS: usize = 36;
pub(super) const GEMINI_PROMPT_DETAILS: usize = 37;
pub(super) const GEMINI_CACHE_DETAILS: usize = 38;
pub(super) const GEMINI_ANSWER_DETAILS: usize = 39;
/// Keys of interfaces whose tokens are of several kinds; they are not read.
pub(super) const OTHER_KINDS: usize = 40;
/// Reasoning in an answer of the chat interface, inside the output or, at xAI, beside it.
pub(super) const COMPLETION_REASONING: usize = 41;
/// All tokens of such an answer.
pub(super) const TOTAL: usize = 42;

/// The fields of an answer.
pub(super) static SLOTS: &[Slot] = &[
    slot("", &["id", "responseId"]),
    slot("", &["model", "modelVersion"]),
    slot("", &["created", "created_at", "createTime"]),
    slot(
        "",
        &[
            "service_tier",
            "usage.service_tier",
            "usageMetadata.trafficType",
        ],
    ),
    slot("", &["status"]),
    slot("", &["error", "error.message", "error.type", "error.code"]),
    slot("", &["usage.cost"]),
    slot("", &["usage.is_byok"]),
    slot("", &["usage.cost_details.upstream_inference_cost"]),
    slot("", &["usage.prompt_tokens"]),
    slot("", &["usage.completion_tokens"]),
    slot(
        "",
        &[
            "usage.prompt_tokens_details.cached_tokens",
            "usage.prompt_cache_hit_tokens",
            "usage.cache_read_input_tokens",
        ],
    ),
    slot("", &["usage.prompt_cache_miss_tokens"]),
    slot(
        "",
        &[
            "usage.prompt_tokens_details.cache_write_tokens",
            "usage.cache_creation_input_tokens",
        ],
    ),
    slot("", &["usage.prompt_tokens_details.audio_tokens"]),
    slot("", &["usage.completion_tokens_details.audio_tokens"]),
    slot("", &["usage.num_cached_tokens"]),
    slot("", &["usage.input_tokens"]),
    slot("", &["usage.output_tokens"]),
    slot("", &["usage.input_tokens_details.cached_tokens"]),
    slot("", &["usage.input_tokens_details.cache_write_tokens"]),
    slot("", &["usage.output_tokens_details.reasoning_tokens"]),
    slot("", &["usage.cache_read_input_tokens"]),
    slot("", &["usage.cache_creation_input_tokens"]),
    slot("", &["usage.cache_creation.ephemeral_5m_input_tokens"]),
    slot("", &["usage.cache_creation.ephemeral_1h_input_tokens"]),
    slot("", &["usage.server_tool_use.web_search_requests"]),
    slot("", &["usage.inputTokens"]),
    slot("", &["usage.outputTokens"]),
    slot(
        "",
        &[
            "usage.cacheReadInputTokens",
            "usage.cacheReadInputTokenCount",
        ],
    ),
    slot(
        "",
        &[
            "usage.cacheWriteInputTokens",
            "usage.cacheWriteInputTokenCount",
        ],
    ),
    slot("", &["usage.cacheDetails"]),
    slot("", &["usageMetadata.promptTokenCount"]),
    slot("", &["usageMetadata.toolUsePromptTokenCount"]),
    slot("", &["usageMetadata.cachedContentTokenCount"]),
    slot("", &["usageMetadata.candidatesTokenCount"]),
    slot("", &["usageMetadata.thoughtsTokenCount"]),
    slot("", &["usageMetadata.promptTokensDetails"]),
    slot("", &["usageMetadata.cacheTokensDetails"]),
    slot("", &["usageMetadata.candidatesTokensDetails"]),
    slot(
        "",
        &[
            "usage.input_token_details.text_tokens",
            "usage.input_token_details.audio_tokens",
            "usage.input_token_details.cached_tokens",
            "usage.input_tokens_details.text_tokens",
            "usage.input_tokens_details.image_tokens",
        ],
    ),
    slot(
        "",
        &[
            "usage.completion_tokens_details.reasoning_tokens",
            "usage.reasoning_tokens",
        ],
    ),
    slot("", &["usage.total_tokens"]),
];

/// The keys by which a usage object is known.
const KEYS: &[&str] = &[
    "usage.prompt_tokens",
    "usage.input_tokens",
    "usage.output_tokens",
    "usage.inputTokens",
    "usageMetadata.promptTokenCount",
    "usageMetadata.totalTokenCount",
];

/// What stands before the usage objects of a file: nothing, `response.`, ….
pub(super) fn prefixes(header: &Header) -> Vec<String> {
    let mut prefixes = Vec::new();
    for name in header.names() {
        let fitting = KEYS.iter().filter_map(|key| name.strip_suffix(key));
        for prefix in fitting.filter(|prefix| prefix.is_empty() || prefix.ends_with('.')) {
            if !prefixes.iter().any(|known| known == prefix) {
                prefixes.push(prefix.to_string());
            }
        }
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_places() {
        assert_eq!(SLOTS.len(), TOTAL + 1);
        for (place, path) in [
            (ID, "id"),
            (UPSTREAM, "usage.cost_details.upstream_inference_cost"),
            (NUM_CACHED, "usage.num_cached_tokens"),
            (SEARCHES, "usage.server_tool_use.web_search_requests"),
            (CONVERSE_DETAILS, "usage.cacheDetails"),
            (TOTAL, "usage.total_tokens"),
            (
                GEMINI_ANSWER_DETAILS,
                "usageMetadata.candidatesTokensDetails",
            ),
        ] {
            assert_eq!(SLOTS[place].paths[0], path);
        }
    }
}
