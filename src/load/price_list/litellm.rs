//! LiteLLM's `model_prices_and_context_window.json`, and copies of its layout.
//!
//! One object: model key → entry. Prices are USD per **token** (`1.5e-07`), read as written. A key is
//! bare (`gpt-4o`) or begins with its provider (`gemini/gemini-2.5-pro`). The name of a price tells
//! its context threshold (`_above_200k_tokens`) and its service tier (`_batches`, `_flex`,
//! `_priority`). The first entry, `sample_spec`, explains the fields and is skipped. There are no
//! dates: these prices hold always.

use std::collections::BTreeMap;

use super::{Document, OTHER_UNITS, PriceList};
use crate::model::{Exact, Meter, names};
use crate::prices::BookRow;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{members, string};

const SAMPLE: &str = "sample_spec";
const NO_PROVIDER: &str = "entries without litellm_provider";
const NO_PRICE: &str = "models without a price of a known unit";
const TWICE: &str = "names with two different prices (the first one has the short name)";

/// A price's place among the others: service tier and context threshold.
type At = (Option<&'static str>, Option<u64>);

/// The names of prices, without tier and threshold.
const METERS: [(&str, Meter); 8] = [
    ("input_cost_per_token", Meter::Input),
    ("output_cost_per_token", Meter::Output),
    ("cache_read_input_token_cost", Meter::CacheRead),
    ("cache_creation_input_token_cost", Meter::CacheWrite5m),
    (
        "cache_creation_input_token_cost_above_1hr",
        Meter::CacheWrite1h,
    ),
    ("input_cost_per_audio_token", Meter::InputAudio),
    ("output_cost_per_audio_token", Meter::OutputAudio),
    ("output_cost_per_image", Meter::Images),
];

const TIERS: [(&str, &str); 3] = [
    ("_batches", "batch"),
    ("_flex", "flex"),
    ("_priority", "priority"),
];

pub(super) fn read(document: &Document<'_>, list: &mut PriceList, problems: &mut Problems) {
    for (key, raw) in members(document.text).unwrap_or_default() {
        if key == SAMPLE {
            continue;
        }
        if let Err(found) = entry(document, &key, raw, list) {
            problems.extend(found);
        }
    }
}

fn entry<'a>(
    document: &Document<'a>,
    key: &str,
    raw: &'a str,
    list: &mut PriceList,
) -> Result<(), Problems> {
    let bad = |part: &'a str, message: String| {
        document
            .problem(&catalogue::BAD_VALUE, part, message)
            .help("LiteLLM's list has one object of prices for each model")
    };
    let Some(fields) = members(raw) else {
        return Err(bad(raw, format!("the entry {key:?} is no object")).into());
    };
    let provider = fields.iter().find(|(name, _)| name == "litellm_provider");
    let Some(provider) = provider.and_then(|(_, value)| string(value)) else {
        list.leave_out(NO_PROVIDER);
        return Ok(());
    };
    let mut prices: BTreeMap<At, Vec<(Meter, Exact)>> = BTreeMap::new();
    let mut problems = Problems::default();
    for (name, value) in &fields {
        match price(document, name, value, list) {
            Ok(Some((meter, at, price))) => prices.entry(at).or_default().push((meter, price)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if prices.is_empty() {
        list.leave_out(NO_PRICE);
        return Ok(());
    }
    let folded = fold_provider(&provider);
    let bare = bare(key, &provider, &folded);
    let names = match list.book.has_name(&folded, bare) {
        false if bare == key => vec![bare],
        false => vec![bare, key],
        true if list.book.has_name(&folded, key) => {
            list.leave_out(TWICE);
            return Ok(());
        }
        true => {
            list.leave_out(TWICE);
            vec![key]
        }
    };
    let row = BookRow {
        provider: &folded,
        names,
        from: None,
        tier: None,
        context_over: None,
        free: false,
        prices: Vec::new(),
    };
    list.insert(&row, &prices)
        .map_err(|why| Problems::from(bad(raw, format!("{key}: {why}"))))
}

/// The price that a field holds.
fn price<'a>(
    document: &Document<'a>,
    name: &str,
    value: &'a str,
    list: &mut PriceList,
) -> Result<Option<(Meter, At, Exact)>, Problem> {
    if name == "search_context_cost_per_query" {
        return searches(document, value, list);
    }
    let Some((meter, at)) = meter_of(name) else {
        if name.contains("cost") && value != "null" {
            list.leave_out(OTHER_UNITS);
        }
        return Ok(None);
    };
    Ok(document.price(value)?.map(|price| (meter, at, price)))
}

/// Searches cost by the size of what they bring into the context; logs do not tell it, so there is
/// a price only where all sizes cost the same.
fn searches<'a>(
    document: &Document<'a>,
    value: &'a str,
    list: &mut PriceList,
) -> Result<Option<(Meter, At, Exact)>, Problem> {
    let mut prices = Vec::new();
    for (_, size) in members(value).unwrap_or_default() {
        prices.extend(document.price(size)?);
    }
    match prices.as_slice() {
        [first, rest @ ..] if rest.iter().all(|price| price == first) => {
            Ok(Some((Meter::WebSearches, (None, None), *first)))
        }
        [] => Ok(None),
        _ => {
            list.leave_out(OTHER_UNITS);
            Ok(None)
        }
    }
}

/// Meter, tier and threshold of a field's name; `None` if it is no price of a known unit.
fn meter_of(name: &str) -> Option<(Meter, At)> {
    let (name, tier) = TIERS
        .iter()
        .find_map(|(ending, tier)| Some((name.strip_suffix(ending)?, Some(*tier))))
        .unwrap_or((name, None));
    let threshold = |name: &str| -> Option<(usize, u64)> {
        let number = name.strip_suffix("k_tokens")?;
        let at = number.rfind("_above_")?;
        Some((
            at,
            number[at + "_above_".len()..].parse::<u64>().ok()? * 1000,
        ))
    };
    let (name, over) = match threshold(name) {
        Some((at, over)) => (&name[..at], Some(over)),
        None => (name, None),
    };
    let meter = METERS.iter().find(|(known, _)| *known == name);
    meter.map(|(_, meter)| (meter.clone(), (tier, over)))
}

/// `vertex_ai-language-models` and `fireworks_ai-embedding-models` are kinds of one provider's
/// models, `cohere_chat` an interface of it.
fn fold_provider(written: &str) -> String {
    let base = match written.split_once('-') {
        Some((base, _)) if base.contains('_') => base,
        _ => written,
    };
    names::provider(base.strip_suffix("_chat").unwrap_or(base))
}

/// The key without the provider before it.
fn bare<'k>(key: &'k str, provider: &str, folded: &str) -> &'k str {
    match key.split_once('/') {
        Some((first, rest))
            if !rest.is_empty() && (first == provider || fold_provider(first) == folded) =>
        {
            rest
        }
        _ => key,
    }
}
