//! The price data of genai-prices, version 2 (`prices/new_data/v2/data_slim.json`).
//!
//! An array of providers with `id` and `models[]`; a model has `id`, `match` and `prices`. Prices are
//! USD per million tokens (`*_mtok`) or per thousand (`*_kcount`); `{base, tiers: [{start, price}]}`
//! is a price with context thresholds. `prices` may be a list of dated entries: the last one that
//! holds on a day wins. Of entries by time of day the dearest is kept, since usage is summed by day.
//!
//! The strings of the match rules are taken as whole names of the model: a rule by the beginning of
//! a name also fits models that merely begin alike and may cost something else. Rules that are no
//! name, regular expressions among them, are counted and left out; the dated snapshots that they
//! stand for are understood anyway.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Document, OTHER_UNITS, PriceList};
use crate::model::{Day, Exact, Meter};
use crate::prices::BookRow;
use crate::prices::layout::per_unit;
use crate::prices::names::Stem;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{items, members, string};

const PATTERNS: &str = "match rules that are no name";
const TIME_OF_DAY: &str = "prices by time of day (the dearest is kept)";
const CONDITIONS: &str = "prices under other conditions";
const NO_PRICE: &str = "models without a price of a known unit";

const METERS: [(&str, Meter); 13] = [
    ("input_mtok", Meter::Input),
    ("cache_read_mtok", Meter::CacheRead),
    ("cache_write_mtok", Meter::CacheWrite5m),
    ("cache_write_1h_mtok", Meter::CacheWrite1h),
    ("output_mtok", Meter::Output),
    ("input_audio_mtok", Meter::InputAudio),
    ("cache_audio_read_mtok", Meter::CacheReadAudio),
    ("output_audio_mtok", Meter::OutputAudio),
    ("input_image_mtok", Meter::InputImage),
    ("cache_image_read_mtok", Meter::CacheReadImage),
    ("output_image_mtok", Meter::OutputImage),
    ("requests_kcount", Meter::Requests),
    ("web_searches_kcount", Meter::WebSearches),
];

/// Prices by context threshold; `None` is the base.
type Prices = BTreeMap<Option<u64>, Vec<(Meter, Exact)>>;

/// One entry of a model's prices.
struct Dated {
    from: Option<Day>,
    by_time: bool,
    prices: Prices,
}

type Fields<'a> = Vec<(Cow<'a, str>, &'a str)>;

fn field<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| *value)
}

pub(super) fn read(document: &Document<'_>, list: &mut PriceList, problems: &mut Problems) {
    for raw in items(document.text).unwrap_or_default() {
        let fields = members(raw).unwrap_or_default();
        let id = field(&fields, "id").and_then(string);
        let models = field(&fields, "models").and_then(items);
        let (Some(id), Some(models)) = (id, models) else {
            problems.push(bad(document, raw, "the provider has no id or no models"));
            continue;
        };
        for raw in models {
            if let Err(problem) = model(document, &id, raw, list) {
                problems.push(problem);
            }
        }
    }
}

fn bad<'a>(document: &Document<'a>, part: &'a str, message: impl Into<String>) -> Problem {
    document.problem(&catalogue::BAD_VALUE, part, message).help(
        "genai-prices has an array of providers with id and models, each with id, match and prices",
    )
}

fn model<'a>(
    document: &Document<'a>,
    provider: &str,
    raw: &'a str,
    list: &mut PriceList,
) -> Result<(), Problem> {
    let fields = members(raw).unwrap_or_default();
    let id = field(&fields, "id").and_then(string);
    let (Some(id), Some(prices)) = (id, field(&fields, "prices")) else {
        return Err(bad(document, raw, "the model has no id or no prices"));
    };
    let mut names = Vec::new();
    // `regional.` is the source's word for Bedrock's profiles of one region.
    let id = id.strip_prefix("regional.").unwrap_or(&id);
    // Some ids are the beginning of names: `ft:gpt-3.5-turbo-`.
    let id = id
        .trim_end_matches(|last: char| !last.is_alphanumeric())
        .to_string();
    names.push(id.clone());
    if let Some(rule) = field(&fields, "match") {
        add_names(rule, &id, &mut names, list);
    }
    let entries = entries(document, prices, list)?;
    if entries.iter().all(|entry| entry.prices.is_empty()) {
        list.leave_out(NO_PRICE);
        return Ok(());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let days: BTreeSet<Option<Day>> = entries.iter().map(|entry| entry.from).collect();
    for from in days {
        let Some(prices) = in_force(&entries, from) else {
            continue;
        };
        let row = BookRow {
            provider,
            names: names.clone(),
            from,
            tier: None,
            context_over: None,
            free: false,
            prices: Vec::new(),
        };
        let prices = prices
            .iter()
            .map(|(over, prices)| ((None, *over), prices.clone()));
        list.insert(&row, &prices.collect())
            .map_err(|why| bad(document, raw, format!("{id}: {why}")))?;
    }
    Ok(())
}

/// The last entry that holds from a day on; where entries by time of day follow it, the dearest.
fn in_force(entries: &[Dated], day: Option<Day>) -> Option<&Prices> {
    let input = |entry: &Dated| {
        let base = entry.prices.get(&None).into_iter().flatten();
        base.filter(|(meter, _)| *meter == Meter::Input)
            .map(|(_, price)| *price)
            .max()
    };
    let mut best: Option<&Dated> = None;
    for entry in entries.iter().rev().filter(|entry| entry.from <= day) {
        if best.is_none_or(|best| input(entry) > input(best)) {
            best = Some(entry);
        }
        if !entry.by_time {
            break;
        }
    }
    best.map(|entry| &entry.prices)
}

/// Adds the strings of a match rule.
fn add_names(rule: &str, id: &str, names: &mut Vec<String>, list: &mut PriceList) {
    for (kind, value) in members(rule).unwrap_or_default() {
        if kind == "or" {
            for rule in items(value).unwrap_or_default() {
                add_names(rule, id, names, list);
            }
            continue;
        }
        let text = string(value).map(|text| text.to_lowercase());
        let whole = match (kind.as_ref(), text) {
            ("equals", text) => text,
            ("starts_with" | "ends_with" | "contains", Some(part)) if is_name(&part, id) => {
                Some(part)
            }
            _ => None,
        };
        match whole {
            None => list.leave_out(PATTERNS),
            Some(name) if names.contains(&name) => {}
            Some(name) => names.push(name),
        }
    }
}

/// Whether a part of a name is a name by itself: not one that ends in the middle, and not the
/// beginning of the model's id that lacks what tells it from its siblings.
fn is_name(part: &str, id: &str) -> bool {
    let id = id.to_lowercase();
    part.ends_with(|last: char| last.is_alphanumeric())
        && !(id.starts_with(part) && Stem::of(&id).text != Stem::of(part).text)
}

fn entries<'a>(
    document: &Document<'a>,
    raw: &'a str,
    list: &mut PriceList,
) -> Result<Vec<Dated>, Problem> {
    let Some(dated) = items(raw) else {
        return Ok(vec![Dated {
            from: None,
            by_time: false,
            prices: prices(document, raw, list)?,
        }]);
    };
    let mut entries = Vec::new();
    for raw in dated {
        let fields = members(raw).unwrap_or_default();
        let Some(priced) = field(&fields, "prices") else {
            return Err(bad(document, raw, "the entry has no prices"));
        };
        let mut entry = Dated {
            from: None,
            by_time: false,
            prices: prices(document, priced, list)?,
        };
        let mut known = true;
        let constraint = field(&fields, "constraint").and_then(members);
        for (kind, value) in constraint.unwrap_or_default() {
            match kind.as_ref() {
                "start_date" => {
                    let day = string(value).and_then(|text| Day::parse(&text));
                    let not_a_day = || {
                        document
                            .problem(&catalogue::NOT_A_TIME, value, "the first day is not a day")
                            .help("write a day such as \"2026-10-01\"")
                    };
                    entry.from = Some(day.ok_or_else(not_a_day)?);
                }
                "start_time" | "end_time" => entry.by_time = true,
                _ => known = false,
            }
        }
        if entry.by_time {
            list.leave_out(TIME_OF_DAY);
        }
        match known {
            true => entries.push(entry),
            false => list.leave_out(CONDITIONS),
        }
    }
    Ok(entries)
}

fn prices<'a>(
    document: &Document<'a>,
    raw: &'a str,
    list: &mut PriceList,
) -> Result<Prices, Problem> {
    let Some(fields) = members(raw) else {
        return Err(bad(document, raw, "the prices are no object"));
    };
    let mut found = Prices::new();
    for (name, value) in fields {
        let Some((_, meter)) = METERS.iter().find(|(known, _)| *known == name) else {
            list.leave_out(OTHER_UNITS);
            continue;
        };
        let mut add = |over: Option<u64>, raw: &'a str| -> Result<(), Problem> {
            if let Some(price) = document.price(raw)? {
                let price = (meter.clone(), per_unit(meter, price));
                found.entry(over).or_default().push(price);
            }
            Ok(())
        };
        let Some(tiered) = members(value) else {
            add(None, value)?;
            continue;
        };
        let no_base = || bad(document, value, "the price has no base");
        add(None, field(&tiered, "base").ok_or_else(no_base)?)?;
        let tiers = field(&tiered, "tiers").and_then(items);
        for tier in tiers.unwrap_or_default() {
            let fields = members(tier).unwrap_or_default();
            let start = field(&fields, "start").and_then(|start| start.parse().ok());
            let (Some(start), Some(price)) = (start, field(&fields, "price")) else {
                return Err(bad(document, tier, "the tier has no start or no price"));
            };
            add(Some(start), price)?;
        }
    }
    Ok(found)
}
