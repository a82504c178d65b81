//! Names of providers and models, as logs, bills and price books write them.
//!
//! A model has a *family* (`gpt-4o-mini`) and may have a *snapshot* (`2024-07-18`). Names are
//! folded to a family by removing decoration only: case, vendor prefixes, dates, display
//! spelling. A name never falls to its parent: `…-mini` and `…-nano` are families of their own.

/// A model name taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName {
    /// Lower case, words joined by `-`, dots written as `-`: only for comparing.
    pub family: String,
    /// The dated snapshot, digits only (`20240718`), if the name carries one.
    pub snapshot: Option<String>,
}

/// Folds the spelling of a provider: `azure_openai` and `Microsoft` → `azure`, `bedrock` and `Amazon
/// Web Services` → `aws`, `vertex_ai` and `Google Cloud` → `google`. Unknown names are only lower-cased and trimmed.
pub fn provider(name: &str) -> String {
    let folded = name.trim().to_lowercase();
    let known = match folded.as_str() {
        "azure_openai" | "azure-openai" | "azure openai" | "azure_ai" | "azure ai"
        | "microsoft" | "microsoft azure" | "azure.ai.openai" | "azure.ai.inference" => "azure",
        "bedrock"
        | "aws-bedrock"
        | "aws_bedrock"
        | "amazon"
        | "amazon-bedrock"
        | "amazon_bedrock"
        | "bedrock_converse"
        | "aws bedrock"
        | "amazon web services"
        | "amazon web services, inc."
        | "aws marketplace"
        | "aws.bedrock" => "aws",
        "vertex_ai"
        | "vertex-ai"
        | "vertexai"
        | "vertex"
        | "gemini"
        | "google-ai-studio"
        | "google_ai_studio"
        | "gcp"
        | "google-vertex"
        | "vertex_ai_beta"
        | "google cloud"
        | "google cloud platform"
        | "gcp.gemini"
        | "gcp.vertex_ai"
        | "gcp.gen_ai" => "google",
        "anthropic claude" | "claude" | "anthropic api" | "anthropic, pbc" | "anthropic pbc"
        | "anthropic.com" => "anthropic",
        "open_ai"
        | "open-ai"
        | "open ai"
        | "openai api"
        | "openai, llc"
        | "openai llc"
        | "openai, inc."
        | "openai.com"
        | "openai_chat"
        | "text-completion-openai" => "openai",
        "xai" | "x_ai" => "x-ai",
        "mistralai" | "mistral_ai" | "mistral-ai" => "mistral",
        "together_ai" | "together-ai" | "togetherai" => "together",
        "fireworks_ai" | "fireworks-ai" => "fireworks",
        "open_router" | "open-router" => "openrouter",
        "deep_seek" | "deep-seek" => "deepseek",
        "perplexity_ai" | "perplexity-ai" => "perplexity",
        "moonshot" => "moonshotai",
        "voyage" => "voyageai",
        _ => return folded,
    };
    known.to_string()
}

/// The service tier that has no name in most logs.
pub const STANDARD: &str = "standard";

/// Folds the words for a service tier; a blank one is [`STANDARD`].
pub fn service_tier(tier: &str) -> String {
    let tier = tier.trim().to_lowercase();
    match tier.as_str() {
        "" | "default" | "auto" | "standard_only" | "on_demand" | "on-demand" => STANDARD.into(),
        _ => tier,
    }
}

/// The vendor whose own model family this is, for logs that name a model but no provider.
/// Only first-party prefixes that no other vendor uses; `None` otherwise.
pub fn vendor_of(model: &str) -> Option<&'static str> {
    let family = ModelName::parse(model).family;
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| family.starts_with(prefix));
    if starts(&["claude-"]) {
        Some("anthropic")
    } else if starts(&[
        "gpt-3",
        "gpt-4",
        "gpt-5",
        "gpt-image",
        "gpt-audio",
        "gpt-realtime",
        "chatgpt-",
        "o1",
        "o3",
        "o4-mini",
        "text-embedding-3",
        "text-embedding-ada",
        "whisper-1",
        "dall-e",
        "tts-1",
        "omni-moderation",
        "davinci",
        "babbage",
        "codex-mini",
        "computer-use",
    ]) {
        Some("openai")
    } else if starts(&["gemini-"]) {
        Some("google")
    } else if starts(&["deepseek-chat", "deepseek-reasoner"]) {
        Some("deepseek")
    } else if starts(&["grok-"]) {
        Some("x-ai")
    } else {
        None
    }
}

/// Who bills a model, by its spelling alone: AWS where it is spelled as Bedrock does, else its
/// first-party vendor.
pub fn seller_of(model: &str) -> Option<&'static str> {
    match is_spelled_by_bedrock(&model.trim().to_lowercase()) {
        true => Some("aws"),
        false => vendor_of(model),
    }
}

impl ModelName {
    /// Takes a name apart. `gpt-4o-mini-2024-07-18`, `us.anthropic.claude-sonnet-4-5-20250929-v1:0`,
    /// `anthropic/claude-sonnet-4.5`, `Claude Sonnet 4.5`, `claude-sonnet-4-5@20250929` and the
    /// `Claude4.5Sonnet` of an AWS bill all come down to a family and, where dated, a snapshot.
    pub fn parse(name: &str) -> ModelName {
        let mut text: String = name
            .trim()
            .to_lowercase()
            .chars()
            .map(|c| {
                if c == ' ' || c == '_' || c == '.' {
                    if c == '.' { '.' } else { '-' }
                } else {
                    c
                }
            })
            .collect();
        if let Some(slash) = text.rfind('/') {
            text.drain(..=slash);
        }
        text = strip_bedrock(&text);
        for suffix in [
            ":free",
            ":extended",
            ":thinking",
            ":online",
            ":nitro",
            ":floor",
            ":beta",
        ] {
            if let Some(bare) = text.strip_suffix(suffix) {
                text = bare.to_string();
            }
        }
        let mut text = text.replace(['.', '@'], "-");
        let mut snapshot = take_date(&mut text);
        if let Some(bare) = text.strip_suffix("-latest") {
            text = bare.to_string();
        }
        if snapshot.is_none() {
            snapshot = take_date(&mut text);
        }
        ModelName {
            family: reorder_claude(without_build(unglued(text))),
            snapshot,
        }
    }
}

/// Regions that Bedrock writes before the vendor of a model.
const BEDROCK_REGIONS: [&str; 9] = [
    "us.", "eu.", "apac.", "ap.", "jp.", "au.", "ca.", "global.", "us-gov.",
];

/// Vendors that Bedrock writes before a model.
const BEDROCK_VENDORS: [&str; 13] = [
    "anthropic.",
    "amazon.",
    "meta.",
    "mistral.",
    "cohere.",
    "ai21.",
    "deepseek.",
    "openai.",
    "qwen.",
    "stability.",
    "writer.",
    "nvidia.",
    "google.",
];

/// What stands behind one of these beginnings, if the text has one.
fn behind<'t>(text: &'t str, beginnings: &[&str]) -> Option<&'t str> {
    let mut beginnings = beginnings.iter();
    beginnings.find_map(|beginning| text.strip_prefix(beginning))
}

/// A name in lower case without the region that Bedrock writes before its vendor.
fn without_region(name: &str) -> &str {
    behind(name, &BEDROCK_REGIONS)
        .filter(|rest| rest.contains('.'))
        .unwrap_or(name)
}

/// Whether a name in lower case is spelled as Bedrock spells them: `us.anthropic.claude-…`.
pub fn is_spelled_by_bedrock(name: &str) -> bool {
    let bare = without_region(name);
    bare.len() < name.len() || behind(bare, &BEDROCK_VENDORS).is_some()
}

/// Removes Bedrock's region prefix, vendor prefix and version suffix.
fn strip_bedrock(text: &str) -> String {
    let bare = without_region(text);
    let mut bare = behind(bare, &BEDROCK_VENDORS).unwrap_or(bare);
    if let Some((front, version)) = bare.rsplit_once("-v")
        && let Some((major, minor)) = version.split_once(':')
        // Claude 2 and 2.1 are models, not builds of one.
        && front != "claude"
        && [major, minor]
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    {
        bare = front;
    }
    bare.to_string()
}

/// Removes a trailing `-2024-07-18` or `-20240718` and returns its digits.
fn take_date(text: &mut String) -> Option<String> {
    let bytes = text.as_bytes();
    for (length, dashes) in [(11, true), (9, false)] {
        if bytes.len() <= length {
            continue;
        }
        let start = text.len() - length;
        if bytes[start] != b'-' || !text.is_char_boundary(start) {
            continue;
        }
        let tail = &text[start..];
        let digits: String = tail.chars().filter(char::is_ascii_digit).collect();
        let shaped = if dashes {
            bytes[start + 5] == b'-' && bytes[start + 8] == b'-'
        } else {
            digits.len() == 8
        };
        if shaped && digits.len() == 8 && digits.starts_with("20") {
            text.truncate(text.len() - length);
            return Some(digits);
        }
    }
    None
}

/// The names of AWS's usage types, whose words stand together: `claude4-6sonnet` and `nova2-0lite`
/// are `claude-4-6-sonnet` and `nova-2-lite`. Only whole names of known sizes are taken apart.
fn unglued(name: String) -> String {
    let sizes: [(&str, &[&str]); 2] = [
        ("claude", &["haiku", "sonnet", "opus"]),
        ("nova", &["micro", "lite", "pro", "premier"]),
    ];
    for (head, sizes) in sizes {
        let Some((version, size)) = name.strip_prefix(head).and_then(|rest| {
            let size = sizes.iter().find(|size| rest.ends_with(*size))?;
            Some((&rest[..rest.len() - size.len()], *size))
        }) else {
            continue;
        };
        let is_version = version.bytes().all(|b| b.is_ascii_digit() || b == b'-')
            && !version.starts_with('-')
            && !version.ends_with('-');
        match version.strip_suffix("-0").unwrap_or(version) {
            _ if !is_version => {}
            "" if head == "nova" => return format!("{head}-{size}"),
            "" => {}
            version => return format!("{head}-{version}-{size}"),
        }
    }
    name
}

/// Removes the `-v1` that Bedrock puts behind a Claude model without a date.
fn without_build(family: String) -> String {
    let has_version = |front: &str| front.bytes().any(|b| b.is_ascii_digit());
    match family.rsplit_once("-v") {
        Some((front, build))
            if front.starts_with("claude-")
                && has_version(front)
                && !build.is_empty()
                && build.bytes().all(|b| b.is_ascii_digit()) =>
        {
            front.to_string()
        }
        _ => family,
    }
}

/// `claude-3-5-sonnet` and `claude-sonnet-3-5` are one family; the API's order wins: version
/// first up to generation 3, name first from generation 4.
fn reorder_claude(family: String) -> String {
    let Some(rest) = family.strip_prefix("claude-") else {
        return family;
    };
    let parts: Vec<&str> = rest.split('-').collect();
    let is_number = |part: &&str| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    let tier = |part: &str| matches!(part, "haiku" | "sonnet" | "opus");
    match parts.as_slice() {
        [name, version @ ..]
            if tier(name) && version.first() == Some(&"3") && version.iter().all(is_number) =>
        {
            format!("claude-{}-{name}", version.join("-"))
        }
        [version @ .., name]
            if tier(name)
                && !version.is_empty()
                && version[0] != "3"
                && version.iter().all(is_number) =>
        {
            format!("claude-{name}-{}", version.join("-"))
        }
        _ => family,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_family_for_every_spelling() {
        for (name, family, snapshot) in [
            ("gpt-4o-mini-2024-07-18", "gpt-4o-mini", Some("20240718")),
            ("gpt-4o-mini", "gpt-4o-mini", None),
            ("openai/gpt-4o", "gpt-4o", None),
            ("gpt-5.6-luna", "gpt-5-6-luna", None),
            ("Claude Haiku 4.5", "claude-haiku-4-5", None),
            (
                "claude-haiku-4-5-20251001",
                "claude-haiku-4-5",
                Some("20251001"),
            ),
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "claude-sonnet-4-5",
                Some("20250929"),
            ),
            ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5", None),
            (
                "claude-sonnet-4-5@20250929",
                "claude-sonnet-4-5",
                Some("20250929"),
            ),
            (
                "Claude 3.5 Sonnet 2024-10-22",
                "claude-3-5-sonnet",
                Some("20241022"),
            ),
            ("Claude Sonnet 3.7", "claude-3-7-sonnet", None),
            ("claude-3-7-sonnet-latest", "claude-3-7-sonnet", None),
            ("gemini-2.5-flash-lite", "gemini-2-5-flash-lite", None),
            ("gpt-4-1106-preview", "gpt-4-1106-preview", None),
            ("us.anthropic.claude-opus-4-6-v1", "claude-opus-4-6", None),
            (
                "anthropic.claude-sonnet-4-20250514-v1:0",
                "claude-sonnet-4",
                Some("20250514"),
            ),
            ("anthropic.claude-opus-4-8", "claude-opus-4-8", None),
            ("Claude Opus 4.8", "claude-opus-4-8", None),
            ("openai.gpt-5.6-luna", "gpt-5-6-luna", None),
            ("amazon.nova-2-lite-v1:0", "nova-2-lite", None),
            ("amazon.nova-pro-v1:0", "nova-pro", None),
        ] {
            let parsed = ModelName::parse(name);
            assert_eq!(parsed.family, family, "{name}");
            assert_eq!(parsed.snapshot.as_deref(), snapshot, "{name}");
        }
    }

    #[test]
    fn names_of_usage_types_are_taken_apart() {
        for (billed, logged) in [
            ("Claude3Sonnet", "anthropic.claude-3-sonnet-20240229-v1:0"),
            ("Claude3.5Haiku", "claude-3-5-haiku-20241022"),
            (
                "Claude4Sonnet",
                "us.anthropic.claude-sonnet-4-20250514-v1:0",
            ),
            ("Claude4.6Sonnet", "global.anthropic.claude-sonnet-4-6"),
            ("NovaPro", "us.amazon.nova-pro-v1:0"),
            ("Nova2.0Lite", "amazon.nova-2-lite-v1:0"),
        ] {
            let family = |name| ModelName::parse(name).family;
            assert_eq!(family(billed), family(logged), "{billed}");
        }
        for (name, family) in [
            ("Claude3.5Sonnetv2", "claude3-5sonnetv2"),
            ("ClaudeSonnet", "claudesonnet"),
            ("NovaCanvas", "novacanvas"),
            ("Llama4-Maverick-17B", "llama4-maverick-17b"),
            ("anthropic.claude-v2:1", "claude-v2:1"),
            ("anthropic.claude-v2", "claude-v2"),
        ] {
            assert_eq!(ModelName::parse(name).family, family);
        }
    }

    #[test]
    fn a_name_never_falls_to_its_parent() {
        let family = |name| ModelName::parse(name).family;
        assert_ne!(family("gpt-4o-mini"), family("gpt-4o"));
        assert_ne!(family("gpt-5-nano"), family("gpt-5"));
        assert_ne!(family("gemini-2.5-flash-lite"), family("gemini-2.5-flash"));
    }

    #[test]
    fn providers_and_vendors() {
        assert_eq!(provider("Bedrock"), "aws");
        assert_eq!(provider("vertex_ai"), "google");
        assert_eq!(provider("Amazon Web Services"), "aws");
        assert_eq!(provider("Microsoft"), "azure");
        assert_eq!(provider("Google Cloud"), "google");
        assert_eq!(provider("aws.bedrock"), "aws");
        assert_eq!(provider("gcp.gemini"), "google");
        assert_eq!(provider("azure.ai.openai"), "azure");
        assert_eq!(provider("Acme Labs"), "acme labs");
        assert_eq!(vendor_of("claude-haiku-4-5-20251001"), Some("anthropic"));
        assert_eq!(vendor_of("gpt-4o-mini"), Some("openai"));
        assert_eq!(vendor_of("gpt-oss-120b"), None);
        assert_eq!(vendor_of("llama-3.1-70b"), None);
        assert_eq!(seller_of("claude-haiku-4-5-20251001"), Some("anthropic"));
        let bedrock = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
        assert_eq!(
            (seller_of(bedrock), vendor_of(bedrock)),
            (Some("aws"), Some("anthropic"))
        );
    }

    #[test]
    fn every_bedrock_name_of_the_price_list_is_spelled_by_bedrock() {
        let rows = include_str!("../../data/price-book/prices.csv");
        let names = rows.lines().filter_map(|row| row.strip_prefix("aws,"));
        let names = names.flat_map(|row| row.split(',').next().unwrap_or("").split(' '));
        let mut dotted = 0;
        for name in names.filter(|name| {
            name.split_once('.')
                .is_some_and(|(v, _)| !v.contains('-') || v == "us-gov")
        }) {
            dotted += 1;
            assert!(is_spelled_by_bedrock(name), "{name}");
            let bare = strip_bedrock(name);
            assert!(
                !BEDROCK_VENDORS.iter().any(|vendor| bare.contains(vendor)),
                "{name}: {bare}"
            );
        }
        assert!(dotted > 150, "{dotted}");
        assert_eq!(strip_bedrock("google.gemma-3-27b-it"), "gemma-3-27b-it");
        assert!(!is_spelled_by_bedrock("gemma-3-27b-it"));
    }

    #[test]
    fn odd_names_do_not_panic() {
        for name in [
            "",
            "-",
            "é-2024-07-18",
            "ü",
            "-20240718",
            "模型-20240718",
            "a/b/c",
        ] {
            let _ = ModelName::parse(name);
        }
    }
}
