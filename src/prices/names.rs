//! Folding the name of a model for the price book.
//!
//! [`ModelName`] removes decoration that never changes what a model is. Some decoration changes
//! what it costs (Bedrock's global profiles, OpenRouter's `:free`), so it stays part of the
//! [`Stem`]. Two names with one stem are one model with one price list; nothing else makes them so.

use crate::model::names::{ModelName, is_spelled_by_bedrock};

/// Suffixes of OpenRouter that stand for another price than the bare name's.
const PRICED_SUFFIXES: [&str; 3] = [":free", ":extended", ":thinking"];

/// A name taken apart for comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stem {
    /// Family with everything that decides the price.
    pub text: String,
    /// Digits of the dated snapshot, if the name has one.
    pub snapshot: Option<String>,
    /// What stands before the last slash: `openai` of `openrouter/openai/gpt-4o`.
    pub vendor: Option<String>,
}

impl Stem {
    /// Folds a name. The stem of a blank name is empty and matches nothing.
    pub fn of(name: &str) -> Stem {
        let name = without_tuning_id(&name.trim().to_lowercase());
        let (path, bare) = match name.rsplit_once('/') {
            Some((path, bare)) => (Some(path), bare),
            None => (None, name.as_str()),
        };
        let suffix = PRICED_SUFFIXES
            .into_iter()
            .find(|suffix| bare.ends_with(suffix))
            .unwrap_or("");
        let scope = if bare.starts_with("global.") {
            "global."
        } else {
            ""
        };
        let parsed = ModelName::parse(bare);
        Stem {
            text: format!("{scope}{}{suffix}", without_version(&parsed.family)),
            snapshot: parsed.snapshot,
            vendor: path
                .and_then(|path| path.rsplit('/').next())
                .map(str::to_string),
        }
    }
}

/// A fine-tuned model costs what its base's fine-tunes cost, whoever tuned it:
/// `ft:gpt-4o-mini-2024-07-18:acme::a1b2` → `ft:gpt-4o-mini-2024-07-18`, and Azure's
/// `gpt-4o-mini-2024-07-18.ft-a1b2` → `gpt-4o-mini-2024-07-18.ft`.
fn without_tuning_id(name: &str) -> String {
    if let Some(tuned) = name.strip_prefix("ft:") {
        return format!("ft:{}", tuned.split(':').next().unwrap_or_default());
    }
    match name.split_once(".ft-") {
        Some((base, _)) => format!("{base}.ft"),
        None => name.to_string(),
    }
}

/// Removes the numbered builds of one model: Vertex's `gemini-2.0-flash-001`, and the `-v1` that
/// Bedrock puts behind Claude.
fn without_version(family: &str) -> &str {
    if family.starts_with("gemini-")
        && let Some((front, build)) = family.rsplit_once("-00")
        && build.len() == 1
        && build.bytes().all(|b| b.is_ascii_digit())
    {
        return front;
    }
    match family.strip_suffix("-v1") {
        Some(front) if front.starts_with("claude-") => front,
        _ => family,
    }
}

/// The provider that the spelling itself names, for logs that name none: Bedrock's dotted names,
/// or the first segment of `azure/gpt-4o`.
pub fn spelled_provider(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    if let Some((first, _)) = name.split_once('/') {
        return Some(crate::model::names::provider(first));
    }
    is_spelled_by_bedrock(&name).then(|| "aws".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        Stem::of(name).text
    }

    #[test]
    fn decoration_that_changes_the_price_stays() {
        assert_eq!(
            text("global.anthropic.claude-opus-5"),
            "global.claude-opus-5"
        );
        assert_eq!(text("eu.anthropic.claude-opus-5"), "claude-opus-5");
        assert_eq!(
            text("meta-llama/llama-3.3-70b-instruct:free"),
            "llama-3-3-70b-instruct:free"
        );
        assert_eq!(text("openai/gpt-4o:extended"), "gpt-4o:extended");
        assert_eq!(
            text("anthropic/claude-3.5-sonnet:beta"),
            "claude-3-5-sonnet"
        );
    }

    #[test]
    fn builds_and_tuning_ids_are_one_model() {
        assert_eq!(text("gemini-2.0-flash-001"), "gemini-2-0-flash");
        assert_eq!(text("us.anthropic.claude-opus-4-6-v1"), "claude-opus-4-6");
        assert_eq!(text("amazon.titan-embed-text-v1"), "titan-embed-text-v1");
        assert_eq!(
            text("ft:gpt-4o-mini-2024-07-18:acme::a1b2"),
            "ft:gpt-4o-mini"
        );
        assert_eq!(
            text("gpt-4o-mini-2024-07-18.ft-a1b2"),
            text("gpt-4o-mini-2024-07-18.ft")
        );
    }

    #[test]
    fn the_vendor_is_the_segment_before_the_name() {
        let vendor = |name| Stem::of(name).vendor;
        assert_eq!(
            vendor("openrouter/openai/gpt-4o").as_deref(),
            Some("openai")
        );
        assert_eq!(vendor("gpt-4o"), None);
        assert_eq!(
            spelled_provider("bedrock/us.anthropic.claude-opus-5").as_deref(),
            Some("aws")
        );
        assert_eq!(
            spelled_provider("us.anthropic.claude-opus-5").as_deref(),
            Some("aws")
        );
        assert_eq!(spelled_provider("gpt-4.1"), None);
    }

    #[test]
    fn odd_names_do_not_panic() {
        for name in [
            "",
            "/",
            ":",
            "ft:",
            ".ft-",
            "global.",
            "gemini--00é",
            "é/ü:free",
        ] {
            let _ = Stem::of(name);
            let _ = spelled_provider(name);
        }
    }
}
