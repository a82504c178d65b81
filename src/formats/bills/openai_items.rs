//! OpenAI's line items: model, meter and tier of a cost, in the export and in the interface alike.
//!
//! The rule that must hold: an item outside the known grammar stays a cost without tokens.

use crate::model::Meter;
use crate::model::records::{ChargeKind, ChargeMeter};

/// A line item taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct LineItem {
    /// The model as written.
    pub model: Option<String>,
    /// What is metered.
    pub meter: ChargeMeter,
    /// `batch`, `flex` or `priority`.
    pub tier: Option<String>,
    /// Usage, or a credit.
    pub kind: ChargeKind,
}

impl LineItem {
    /// A row that was not grouped by line item covers everything of its day.
    pub fn ungrouped() -> LineItem {
        LineItem {
            model: None,
            meter: ChargeMeter::All,
            tier: None,
            kind: ChargeKind::Usage,
        }
    }

    /// Reads `[prefix | ]model[ modality], [modality ]class[, long context]`; all else is an item
    /// without tokens.
    pub fn parse(text: &str) -> LineItem {
        let (prefix, rest) = match text.split_once(" | ") {
            Some((prefix, rest)) if is_prefix(prefix) => (Some(prefix), rest),
            _ => (None, text),
        };
        let mut item = LineItem {
            model: None,
            meter: ChargeMeter::Item(text.to_string()),
            tier: prefix.filter(|p| is_tier(p)).map(str::to_lowercase),
            kind: ChargeKind::Usage,
        };
        if rest.eq_ignore_ascii_case("promotional credit") {
            item.kind = ChargeKind::Credit;
            return item;
        }
        if rest.eq_ignore_ascii_case("web search tool calls") {
            item.meter = ChargeMeter::Is(Meter::WebSearches);
            return item;
        }
        let rest = rest.strip_suffix(", long context").unwrap_or(rest);
        let Some((front, class)) = rest.rsplit_once(", ") else {
            return item;
        };
        let (model, beside_model) = split_modality(front);
        if model.contains(' ') {
            return item;
        }
        item.model = Some(model.to_string());
        let (modality, class) = match class.split_once(' ') {
            Some((first, class)) if is_modality(first) => (Some(first), class),
            _ => (beside_model, class),
        };
        if let Some(meter) = token_meter(modality, class) {
            item.meter = ChargeMeter::Is(meter);
        }
        item
    }

    /// Whether it counts tokens. The interface states no unit, so only their quantity is known.
    pub fn is_tokens(&self) -> bool {
        matches!(&self.meter, ChargeMeter::Is(meter) if meter.is_token())
    }

    /// Whether a quantity in this unit counts the item's meter.
    pub fn counts_in(&self, unit: &str) -> bool {
        match &self.meter {
            ChargeMeter::Is(meter) if meter.is_token() => {
                ["token", "tokens"].contains(&unit.to_lowercase().as_str())
            }
            ChargeMeter::All => false,
            _ => true,
        }
    }
}

/// One or more words of letters, digits and underscores.
fn is_prefix(text: &str) -> bool {
    text.split(' ')
        .all(|word| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

fn is_tier(prefix: &str) -> bool {
    ["batch", "flex", "priority"].contains(&prefix.to_lowercase().as_str())
}

fn is_modality(word: &str) -> bool {
    matches!(word, "text" | "audio" | "image")
}

fn split_modality(front: &str) -> (&str, Option<&str>) {
    match front.rsplit_once(' ') {
        Some((model, word)) if is_modality(word) => (model, Some(word)),
        _ => (front, None),
    }
}

fn token_meter(modality: Option<&str>, class: &str) -> Option<Meter> {
    Some(match (modality.unwrap_or("text"), class) {
        ("text", "input") => Meter::Input,
        ("text", "cached input") => Meter::CacheRead,
        ("text", "cache writes") => Meter::CacheWrite5m,
        ("text", "output") => Meter::Output,
        ("audio", "input") => Meter::InputAudio,
        ("audio", "cached input") => Meter::CacheReadAudio,
        ("audio", "output") => Meter::OutputAudio,
        ("image", "input") => Meter::InputImage,
        ("image", "cached input") => Meter::CacheReadImage,
        ("image", "output") => Meter::OutputImage,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<String>, ChargeMeter, Option<String>) {
        let item = LineItem::parse(text);
        (item.model, item.meter, item.tier)
    }

    #[test]
    fn line_items_follow_the_grammar() {
        for (text, model, meter, tier) in [
            (
                "gpt-4o-mini-2024-07-18, input",
                "gpt-4o-mini-2024-07-18",
                Meter::Input,
                None,
            ),
            (
                "gpt-4o-mini-2024-07-18, output",
                "gpt-4o-mini-2024-07-18",
                Meter::Output,
                None,
            ),
            (
                "gpt-4o-mini, cached input",
                "gpt-4o-mini",
                Meter::CacheRead,
                None,
            ),
            (
                "gpt-5.6-luna, cache writes",
                "gpt-5.6-luna",
                Meter::CacheWrite5m,
                None,
            ),
            (
                "priority | gpt-5.6-sol, output, long context",
                "gpt-5.6-sol",
                Meter::Output,
                Some("priority"),
            ),
            (
                "evals | gpt-4o-mini, input",
                "gpt-4o-mini",
                Meter::Input,
                None,
            ),
            (
                "gpt-image-2-2026-04-21 image, cached input",
                "gpt-image-2-2026-04-21",
                Meter::CacheReadImage,
                None,
            ),
            (
                "gpt-image-2-2026-04-21 text, input",
                "gpt-image-2-2026-04-21",
                Meter::Input,
                None,
            ),
            (
                "gpt-realtime-2.1-mini, audio input",
                "gpt-realtime-2.1-mini",
                Meter::InputAudio,
                None,
            ),
            (
                "gpt-audio-mini audio, input",
                "gpt-audio-mini",
                Meter::InputAudio,
                None,
            ),
        ] {
            let expected = (
                Some(model.to_string()),
                ChargeMeter::Is(meter),
                tier.map(str::to_string),
            );
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn other_items_stay_cost_without_tokens() {
        for (text, model) in [
            ("gpt-live-1, voice session", Some("gpt-live-1")),
            ("gpt-5-nano, input_tokens", Some("gpt-5-nano")),
            ("assistants api | file search", None),
            ("Vector storage", None),
            ("code interpreter sessions, large, input", None),
        ] {
            let item = LineItem::parse(text);
            assert_eq!(item.model.as_deref(), model, "{text}");
            assert_eq!(item.meter, ChargeMeter::Item(text.to_string()));
        }
        assert_eq!(
            LineItem::parse("web search tool calls").meter,
            ChargeMeter::Is(Meter::WebSearches)
        );
        assert_eq!(
            LineItem::parse("Promotional credit").kind,
            ChargeKind::Credit
        );
    }
}
