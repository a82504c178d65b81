//! Azure's meter names and units: which model and which tokens a line is about, and how many one
//! unit stands for.
//!
//! Names are abbreviations: `gpt 4o 1120 cached Inp glbl Tokens`, `5.4 inp Gl 1M Tokens`. The words before
//! the class are the model, as Azure writes it; a four-digit word is the month and day of its
//! snapshot. The rules that must hold: a name with a word for audio, images or another way of use is
//! no text, and stays a cost without tokens; a name with a word that is not known does too, because
//! the word may make it another model, another meter or another price.

use std::collections::BTreeSet;

use crate::formats::{Tally, rows};
use crate::model::records::ChargeMeter;
use crate::model::{Exact, Meter};
use crate::problem::catalogue;

/// Words that make the tokens another kind than text.
const OTHER_KINDS: &[&str] = &[
    "aud",
    "audio",
    "img",
    "image",
    "rt",
    "realtime",
    "transcribe",
    "tts",
    "stt",
    "ft",
    "trng",
    "training",
    "hosting",
    "video",
    "vid",
    "mm",
];
/// Words about length of context and generation of the price that are no part of a model's name.
const SILENT: &[&str] = &["shortco", "longco"];

/// Whose models they are, and the words that tell one from another; versions come between.
const MODEL_WORDS: &[&str] = &[
    "gpt",
    "o1",
    "o3",
    "o4",
    "grok",
    "deepseek",
    "chat",
    "codex",
    "fast",
    "flash",
    "mini",
    "nano",
    "pro",
    "reasoner",
    "reasoning",
    "turbo",
];
/// Words behind the class: where the model runs.
const PLACES: &[&str] = &[
    "data", "dzone", "gl", "glbl", "global", "regional", "regnl", "zone",
];

/// A meter name taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// The model; `None` if the name has only a version and the product does not tell whose.
    pub model: Option<String>,
    /// What is metered; an item for anything but text tokens.
    pub meter: ChargeMeter,
    /// `batch`, if the name says so.
    pub tier: Option<String>,
    /// Whether the name says tokens of input or output, and has a word that is not known.
    pub is_unknown: bool,
}

impl Named {
    /// Takes a meter name apart. `product` is the product's or the meter's sub-category's name,
    /// which says whose a bare version is (`Azure OpenAI GPT5`, `Azure Deepseek Models`).
    pub fn parse(name: &str, product: &str) -> Named {
        tokens(name, product).unwrap_or_else(|| Named::item(name))
    }

    fn item(name: &str) -> Named {
        Named {
            model: None,
            meter: ChargeMeter::Item(name.trim().to_string()),
            tier: None,
            is_unknown: false,
        }
    }

    /// Whether it counts tokens.
    pub fn is_tokens(&self) -> bool {
        matches!(self.meter, ChargeMeter::Is(_))
    }
}

/// The meters of a file that are tokens by their names, with a word that is not known.
#[derive(Debug, Default)]
pub struct UnknownMeters {
    rows: u64,
    names: BTreeSet<String>,
}

impl UnknownMeters {
    /// Takes note of a row's meter.
    pub fn see(&mut self, name: &str, named: &Named) {
        if named.is_unknown {
            self.rows += 1;
            self.names.insert(name.trim().to_string());
        }
    }

    /// Counts and names them in a remark.
    pub fn tell(self, tally: &mut Tally) {
        const SHOWN: usize = 3;
        let mut names: Vec<String> = self.names.iter().take(SHOWN).cloned().collect();
        if self.names.len() > SHOWN {
            names.push(format!("{} more", self.names.len() - SHOWN));
        }
        let text = format!(
            "{{n}} rows of tokens have a meter with a word that is not known; they are costs without model and tokens: {}",
            names.join(", ")
        );
        rows::remark(tally, &catalogue::UNKNOWN_ITEM, self.rows, text);
    }
}

fn tokens(name: &str, product: &str) -> Option<Named> {
    let folded = name.trim().to_lowercase();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let class = words.iter().position(|word| class_of(word).is_some())?;
    let meter = class_of(words[class])?;
    let behind = &words[class + 1..];
    if !behind.contains(&"tokens") || words.iter().any(|word| OTHER_KINDS.contains(word)) {
        return None;
    }
    let (mut cached, mut tier, mut model) = (false, None, Vec::new());
    for word in &words[..class] {
        match *word {
            "cached" | "cchd" => cached = true,
            "batch" => tier = Some("batch".to_string()),
            word if SILENT.contains(&word) => {}
            word if !model.is_empty() && is_snapshot(word) => {}
            word => model.push(word),
        }
    }
    let is_behind = |word: &str| {
        word == "tokens" || word == "batch" || PLACES.contains(&word) || count_of(word).is_some()
    };
    let in_model = |word: &str| word.split('-').all(is_model_word);
    if !model.iter().all(|word| in_model(word)) || !behind.iter().all(|word| is_behind(word)) {
        return Some(Named {
            is_unknown: true,
            ..Named::item(name)
        });
    }
    if behind.contains(&"batch") {
        tier = Some("batch".to_string());
    }
    let meter = match (meter, cached) {
        (Meter::Input, true) => Meter::CacheRead,
        (Meter::Output, true) => return None,
        (meter, _) => meter,
    };
    Some(Named {
        model: model_name(&model, product),
        meter: ChargeMeter::Is(meter),
        tier,
        is_unknown: false,
    })
}

/// A name of models, a word that tells one from another, or a version: `4o`, `5.4`, `v4`.
fn is_model_word(word: &str) -> bool {
    let version = word.strip_prefix('v').unwrap_or(word);
    let version = version.strip_suffix('o').unwrap_or(version);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_version || MODEL_WORDS.contains(&word)
}

fn class_of(word: &str) -> Option<Meter> {
    match word {
        "inp" | "inpt" | "input" => Some(Meter::Input),
        "outp" | "outpt" | "opt" | "output" => Some(Meter::Output),
        _ => None,
    }
}

/// Month and day: `1120`, `0416`.
fn is_snapshot(word: &str) -> bool {
    word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Puts the words together; a bare version (`5.4`, `v4 pro`) needs the product to say whose it is.
fn model_name(words: &[&str], product: &str) -> Option<String> {
    let first = words.first()?;
    let digits = first.strip_prefix('v').unwrap_or(first);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(words.join("-"));
    }
    let product = product.to_lowercase();
    let whose = ["deepseek", "grok", "gpt"]
        .into_iter()
        .find(|name| product.contains(name))?;
    Some(format!("{whose}-{}", words.join("-")))
}

/// How many single units one of these is (`1K` → 1000, `1M Tokens` → 1000000); `None` for anything
/// that is no plain count.
pub fn count_of(unit: &str) -> Option<Exact> {
    let folded = unit.trim().to_lowercase();
    let count = folded.strip_suffix("tokens").unwrap_or(&folded).trim_end();
    let (digits, power) = match count.strip_suffix(['k', 'm']) {
        Some(digits) if count.ends_with('k') => (digits, 3),
        Some(digits) => (digits, 6),
        None => (count, 0),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number = Exact::parse(digits)
        .ok()
        .filter(|n| plain && n.is_positive())?;
    Some(number.shift(power))
}

/// Whether a meter's name and the unit of its quantity state different scales (`… 1M Tokens` and
/// `1K`): then nobody can tell how many tokens there are.
pub fn contradicts(name: &str, unit: &Exact) -> bool {
    let stated = name
        .split_whitespace()
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .filter(|word| word.ends_with(['k', 'K', 'm', 'M']))
        .find_map(count_of);
    stated.is_some_and(|stated| stated != *unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_abbreviations() {
        for (name, product, model, meter, tier) in [
            (
                "gpt 4o 1120 Inp glbl Tokens",
                "Azure OpenAI",
                Some("gpt-4o"),
                Meter::Input,
                None,
            ),
            (
                "gpt 4o 1120 cached Inp glbl Tokens",
                "Azure OpenAI",
                Some("gpt-4o"),
                Meter::CacheRead,
                None,
            ),
            (
                "gpt 4o 1120 Batch Inp glbl Tokens",
                "Azure OpenAI",
                Some("gpt-4o"),
                Meter::Input,
                Some("batch"),
            ),
            (
                "o4-mini 0416 Outp glbl Tokens",
                "Azure OpenAI Reasoning",
                Some("o4-mini"),
                Meter::Output,
                None,
            ),
            (
                "GPT 5 Inpt Glbl 1M Tokens",
                "Azure OpenAI GPT5",
                Some("gpt-5"),
                Meter::Input,
                None,
            ),
            (
                "5.4 inp Gl 1M Tokens",
                "Azure OpenAI GPT5",
                Some("gpt-5.4"),
                Meter::Input,
                None,
            ),
            (
                "5.5 ShortCo inp Gl 1M Tokens",
                "Azure OpenAI GPT5",
                Some("gpt-5.5"),
                Meter::Input,
                None,
            ),
            (
                "5.5 ShortCo inp Gl 1M Tokens",
                "Foundry Models",
                None,
                Meter::Input,
                None,
            ),
            (
                "V4 Pro Inp glbl Tokens",
                "Azure Deepseek Models",
                Some("deepseek-v4-pro"),
                Meter::Input,
                None,
            ),
            (
                "Grok 4.1 Inp DZone Tokens",
                "Azure Grok Models",
                Some("grok-4.1"),
                Meter::Input,
                None,
            ),
        ] {
            let expected = Named {
                model: model.map(str::to_string),
                meter: ChargeMeter::Is(meter),
                tier: tier.map(str::to_string),
                is_unknown: false,
            };
            assert_eq!(Named::parse(name, product), expected, "{name}");
        }
    }

    #[test]
    fn other_names_stay_costs_without_tokens() {
        for name in [
            "D2s v5",
            "gpt 4o aud 1217 Inp glbl Tokens",
            "gpt 4o rt Outp glbl Tokens",
            "gpt 4o cached Outp glbl Tokens",
            "Provisioned Managed Global Unit",
            "gpt 4o Inp",
            "Tokens",
            "",
        ] {
            let named = Named::parse(name, "Azure OpenAI");
            assert_eq!(named.meter, ChargeMeter::Item(name.to_string()), "{name}");
            assert_eq!(named.model, None);
            assert!(!named.is_unknown, "{name}");
        }
    }

    #[test]
    fn a_word_that_is_not_known_makes_no_new_model() {
        for name in [
            "gpt 4o turbocharged Inp glbl Tokens",
            "Umbra 7 Inp glbl Tokens",
            "gpt 4o Inp cchd glbl Tokens",
            "gpt 4o-quick 1120 Outp glbl Tokens",
            "5.4 inp Gl 1M Somewhere Tokens",
        ] {
            let named = Named::parse(name, "Azure OpenAI GPT5");
            let expected = Named {
                model: None,
                meter: ChargeMeter::Item(name.to_string()),
                tier: None,
                is_unknown: true,
            };
            assert_eq!(named, expected);
        }
    }

    #[test]
    fn units_are_counts() {
        for (unit, count) in [
            ("1", Some("1")),
            ("1K", Some("1000")),
            ("10K", Some("10000")),
            ("1M", Some("1000000")),
            ("1M Tokens", Some("1000000")),
            ("1 Hour", None),
            ("100 GB", None),
            ("K", None),
            ("0K", None),
            ("1G", None),
            ("", None),
        ] {
            assert_eq!(
                count_of(unit).map(|n| n.to_string()).as_deref(),
                count,
                "{unit}"
            );
        }
        let thousand = Exact::from(1000u64);
        assert!(contradicts("GPT 5 Inpt Glbl 1M Tokens", &thousand));
        assert!(!contradicts(
            "GPT 5 Inpt Glbl 1M Tokens",
            &thousand.shift(3)
        ));
        assert!(!contradicts("gpt 4o 1120 Inp glbl Tokens", &thousand));
    }
}
