//! Google's SKU descriptions: which model and which tokens a line of a Google Cloud bill is about.
//!
//! `Generate content input token count gemini 3.7 flash text`, `Gemini 2.5 Pro Thinking Text Output -
//! Predictions`. The rule that must hold: a description is read only if every word of it is known;
//! any other is a cost without tokens and without a model, because an unknown word may make it
//! another model.

use crate::model::Meter;
use crate::model::records::ChargeMeter;

/// Words that name the size of a model; each belongs to its name.
const SIZES: &[&str] = &["pro", "flash", "lite", "nano", "ultra"];
/// Words that say nothing about model or meter. Length of context and thinking are no meters of
/// their own.
const SILENT: &[&str] = &[
    "generate",
    "content",
    "embedcontent",
    "token",
    "tokens",
    "count",
    "for",
    "predictions",
    "ga",
    "short",
    "long",
    "thinking",
    "non",
    "non-thinking",
];

/// What a line of a Google bill is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// What its description says.
    pub sku: Sku,
    /// Its own words; the service is named where they are no description of tokens.
    pub item: String,
}

impl Line {
    /// Reads service and description; `otherwise` names a line that has neither.
    pub fn of(service: Option<&str>, description: Option<&str>, otherwise: &str) -> Line {
        let mut sku = Sku::parse(description.unwrap_or_default());
        let item = match (service, description) {
            (Some(service), Some(text)) if !sku.is_tokens() => format!("{service}: {text}"),
            (_, Some(text)) => text.to_string(),
            (Some(service), None) => service.to_string(),
            (None, None) => otherwise.to_string(),
        };
        if !sku.is_tokens() {
            sku.meter = ChargeMeter::Item(item.clone());
        }
        Line { sku, item }
    }
}

/// A description taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Sku {
    /// The model as its API is called (`gemini-2.5-flash-lite`).
    pub model: Option<String>,
    /// What is metered; an item for anything but tokens.
    pub meter: ChargeMeter,
    /// `flex`, `batch` or `priority`.
    pub tier: Option<String>,
}

impl Sku {
    /// Takes a description apart.
    pub fn parse(text: &str) -> Sku {
        let text = text.trim();
        tokens(text).unwrap_or_else(|| Sku {
            model: None,
            meter: ChargeMeter::Item(text.to_string()),
            tier: None,
        })
    }

    /// Whether it counts tokens of a known kind.
    pub fn is_tokens(&self) -> bool {
        matches!(&self.meter, ChargeMeter::Is(meter) if meter.is_token())
    }
}

fn tokens(text: &str) -> Option<Sku> {
    let folded = text.to_lowercase();
    let mut words = folded
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','))
        .filter(|word| !word.is_empty() && *word != "-")
        .peekable();
    let mut model: Option<String> = None;
    let (mut input, mut output, mut cached) = (false, false, false);
    let (mut tier, mut modality) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "gemini" if model.is_none() => {
                let version = words.next().filter(|word| is_version(word))?;
                let mut name = format!("gemini-{version}");
                while let Some(size) = words.next_if(|word| is_size(word)) {
                    name = format!("{name}-{size}");
                }
                model = Some(name);
            }
            _ if word.starts_with("gemini-") && model.is_none() => model = Some(word.to_string()),
            "input" => input = true,
            "output" => output = true,
            "cached" | "caching" => cached = true,
            "flex" | "batch" | "priority" if tier.is_none_or(|known| known == word) => {
                tier = Some(word);
            }
            "text" | "image" | "audio" if modality.is_none_or(|known| known == word) => {
                modality = Some(word);
            }
            _ if SILENT.contains(&word) => {}
            _ => return None,
        }
    }
    // The first generations were billed by characters.
    let counts_tokens = folded.contains("token count");
    if model
        .as_deref()
        .is_some_and(|name| name.starts_with("gemini-1"))
        && !counts_tokens
    {
        return None;
    }
    let meter = match (input, output, cached, modality.unwrap_or("text")) {
        (true, false, false, "text") => Meter::Input,
        (true, false, false, "image") => Meter::InputImage,
        (true, false, false, "audio") => Meter::InputAudio,
        (true, false, true, "text") => Meter::CacheRead,
        (true, false, true, "image") => Meter::CacheReadImage,
        (true, false, true, "audio") => Meter::CacheReadAudio,
        (false, true, false, "text") => Meter::Output,
        (false, true, false, "image") => Meter::OutputImage,
        (false, true, false, "audio") => Meter::OutputAudio,
        _ => return None,
    };
    Some(Sku {
        model: Some(model?),
        meter: ChargeMeter::Is(meter),
        tier: tier.map(str::to_string),
    })
}

fn is_version(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// `flash`, and `flash-lite` written as one word.
fn is_size(word: &str) -> bool {
    word.split('-').all(|part| SIZES.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_follow_the_grammar() {
        for (text, model, meter, tier) in [
            (
                "Generate content input token count gemini 3.7 flash text",
                "gemini-3.7-flash",
                Meter::Input,
                None,
            ),
            (
                "Generate content output token count gemini 2.5 flash lite short output text non-thinking",
                "gemini-2.5-flash-lite",
                Meter::Output,
                None,
            ),
            (
                "Generate content cached input token count gemini 2.5 flash input image",
                "gemini-2.5-flash",
                Meter::CacheReadImage,
                None,
            ),
            (
                "Generate content input token count gemini 3.7 flash image flex caching",
                "gemini-3.7-flash",
                Meter::CacheReadImage,
                Some("flex"),
            ),
            (
                "Gemini 2.5 Pro Thinking Text Output - Predictions",
                "gemini-2.5-pro",
                Meter::Output,
                None,
            ),
            (
                " Gemini 2.5 Flash GA Input Text Caching (Long)",
                "gemini-2.5-flash",
                Meter::CacheRead,
                None,
            ),
            (
                "EmbedContent input token count for gemini-embedding-2 text",
                "gemini-embedding-2",
                Meter::Input,
                None,
            ),
        ] {
            let expected = Sku {
                model: Some(model.to_string()),
                meter: ChargeMeter::Is(meter),
                tier: tier.map(str::to_string),
            };
            assert_eq!(Sku::parse(text), expected, "{text}");
            assert!(Sku::parse(text).is_tokens());
        }
    }

    #[test]
    fn an_unknown_word_makes_a_cost_without_tokens() {
        for text in [
            "Cached content storage token hours",
            "Generate content output token count gemini 2.5 flash live audio",
            "Gemini 2.5 Flash Video Input - Predictions",
            "Gemini 1.5 Pro Text Input - Predictions",
            "Gemini 2.5 Flash Text - Predictions",
            "Claude Sonnet 4.5 Input Tokens",
            "N1 Predefined Instance Core running in Americas",
            "Gemini Code Assist",
            "",
        ] {
            let sku = Sku::parse(text);
            assert_eq!(sku.model, None, "{text}");
            assert_eq!(sku.meter, ChargeMeter::Item(text.trim().to_string()));
            assert!(!sku.is_tokens());
        }
    }
}
