//! The `usage` object of a model's answer, in the shapes that the vendors' interfaces write.
//!
//! The keys tell the shape, and the shape tells whether the input includes cached tokens: OpenAI's
//! two interfaces, DeepSeek, OpenRouter and Gemini include them; Anthropic's and Bedrock's leave
//! them out. Only counts are read here; what was said stays in the file.
//!
//! The rule that must hold: no token is in two meters, and a shape that is not known is refused.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::formats::nested::Nested;
use crate::formats::usage::answer_keys::*;
use crate::formats::usage::paths::Slots;
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{CachedTokens, Settings};
use crate::model::{Exact, Meter};
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// The shape of a usage object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// OpenAI's chat completions and all that imitate them.
    Chat,
    /// OpenAI's Responses, or an object with nothing but `input_tokens` and `output_tokens`.
    Responses,
    /// Anthropic's Messages.
    Messages,
    /// Bedrock's Converse.
    Converse,
    /// Gemini's `usageMetadata`.
    Gemini,
}

/// Counts of an answer.
#[derive(Debug, Default)]
struct Counts {
    tokens: Tokens,
    /// Audio inside the input (cached audio included), inside the cached tokens, inside the output.
    audio: [Exact; 3],
    /// Images inside the output.
    images: Exact,
    searches: Exact,
}

/// The shape of the row's usage object; `None` if it has none.
///
/// # Errors
/// The keys of two shapes, or of an interface that is not read.
pub fn shape(slots: &Slots<'_>, row: &Row) -> Result<Option<Shape>, Problem> {
    let filled = |all: &[usize]| all.iter().find_map(|slot| slots.filled(row, *slot));
    let gemini = filled(&[GEMINI_PROMPT, GEMINI_ANSWER]);
    let converse = filled(&[CONVERSE_INPUT, CONVERSE_OUTPUT]);
    let chat = filled(&[PROMPT, COMPLETION]);
    let plain = filled(&[INPUT, OUTPUT]);
    let found: Vec<(usize, Shape)> = [
        (gemini, Shape::Gemini),
        (converse, Shape::Converse),
        (chat, Shape::Chat),
        (plain, Shape::Responses),
    ]
    .into_iter()
    .filter_map(|(column, shape)| Some((column?, shape)))
    .collect();
    let shape = match found.as_slice() {
        [] => return Ok(None),
        [(_, shape)] => *shape,
        [_, (column, _), ..] => {
            let message = "the usage has the counts of two vendors' interfaces";
            return Err(slots.problem(&catalogue::BAD_VALUE, row, *column, message));
        }
    };
    if shape != Shape::Responses {
        return Ok(Some(shape));
    }
    if let Some(column) = filled(&[OTHER_KINDS]) {
        let message = "these are tokens of several kinds (realtime or images), which are not read";
        let problem = slots.problem(&catalogue::BAD_VALUE, row, column, message);
        return Err(problem.help("leave these answers out; their cost is on the bill"));
    }
    let details = filled(&[DETAILS_READ, DETAILS_WRITE, REASONING]);
    let beside = filled(&[READ, WRITE, WRITE_5M, WRITE_1H]);
    match (details, beside) {
        (Some(_), Some(beside)) => {
            let message = "the usage has cached tokens in OpenAI's form and in Anthropic's";
            Err(slots.problem(&catalogue::TOKEN_CONVENTION, row, beside, message))
        }
        (None, Some(_)) => Ok(Some(Shape::Messages)),
        (None, None) if slots.filled(row, SEARCHES).is_some() => Ok(Some(Shape::Messages)),
        _ => Ok(Some(Shape::Responses)),
    }
}

/// The disjoint quantities of the row's answer.
///
/// # Errors
/// A count that cannot be read, or counts that do not fit each other.
pub fn quantities(
    slots: &Slots<'_>,
    settings: &Settings,
    row: &Row,
    shape: Shape,
) -> Result<Vec<(Meter, Exact)>, Problem> {
    let (input, mut counts) = match shape {
        Shape::Chat => (PROMPT, chat(slots, settings, row)?),
        Shape::Responses => (INPUT, responses(slots, row)?),
        Shape::Messages => (INPUT, messages(slots, row)?),
        Shape::Converse => (CONVERSE_INPUT, converse(slots, row)?),
        Shape::Gemini => (GEMINI_PROMPT, gemini(slots, row)?),
    };
    let served = counts
        .tokens
        .output
        .is_some_and(|count| count.is_positive());
    if counts.tokens.input.is_none() && served {
        let message = "the answer has output, but no input count";
        return Err(slots.absent(row, input, message));
    }
    if !counts.tokens.split_writes() {
        let column = [WRITE, CONVERSE_WRITE];
        let column = column.iter().find_map(|slot| slots.filled(row, *slot));
        let message = "the cache writes are not the sum of the five-minute and the one-hour ones";
        let column = column.unwrap_or_default();
        return Err(slots.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    let convention = match (settings.cached_tokens, shape) {
        (Some(CachedTokens::Inside), _) => Convention::Inside,
        (Some(CachedTokens::Beside), _) | (None, Shape::Messages | Shape::Converse) => {
            Convention::Beside
        }
        (None, _) => Convention::Inside,
    };
    let [audio_in, audio_read, audio_out] = counts.audio;
    let tokens = &mut counts.tokens;
    let taken = [
        (&mut tokens.input, audio_in),
        (&mut tokens.read, audio_read),
        (&mut tokens.output, audio_out + counts.images),
    ];
    for (count, part) in taken {
        if part.is_zero() {
            continue;
        }
        let left = count.unwrap_or_default() - part;
        if left.is_negative() {
            let column = slots.filled(row, input).unwrap_or_default();
            let message = "there are more audio or image tokens than tokens";
            return Err(slots.problem(&catalogue::BAD_VALUE, row, column, message));
        }
        *count = Some(left);
    }
    let mut quantities = Vec::new();
    slots.disjoint(row, input, tokens, convention, &mut quantities)?;
    let others = [
        (Meter::InputAudio, audio_in - audio_read),
        (Meter::CacheReadAudio, audio_read),
        (Meter::OutputAudio, audio_out),
        (Meter::OutputImage, counts.images),
        (Meter::WebSearches, counts.searches),
    ];
    if others[0].1.is_negative() {
        let column = slots.filled(row, input).unwrap_or_default();
        let message = "there are more cached audio tokens than audio tokens";
        return Err(slots.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    quantities.extend(others.into_iter().filter(|(_, count)| count.is_positive()));
    Ok(quantities)
}

fn chat(slots: &Slots<'_>, settings: &Settings, row: &Row) -> Result<Counts, Problem> {
    let count = |slot| slots.count(row, slot);
    let mut tokens = Tokens {
        input: count(PROMPT)?,
        read: count(PROMPT_READ)?,
        write: count(PROMPT_WRITE)?,
        write_5m: count(WRITE_5M)?,
        write_1h: count(WRITE_1H)?,
        output: count(COMPLETION)?,
    };
    if let Some(miss) = count(PROMPT_MISS)?
        && miss + tokens.read.unwrap_or_default() != tokens.input.unwrap_or_default()
    {
        let column = slots.filled(row, PROMPT_MISS).unwrap_or_default();
        let message = "cache hits and misses do not add up to prompt_tokens";
        return Err(slots.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    tokens.output = output(slots, settings, row, &tokens)?;
    let numbered = count(NUM_CACHED)?.filter(Exact::is_positive);
    if let (Some(cached), false) = (numbered, tokens.cached().is_positive()) {
        if settings.cached_tokens.is_none() {
            let column = slots.filled(row, NUM_CACHED).unwrap_or_default();
            let message = "nothing says whether prompt_tokens includes num_cached_tokens";
            let problem = slots.problem(&catalogue::TOKEN_CONVENTION, row, column, message);
            return Err(problem.help("say cached_tokens = \"inside input\" or \"beside input\" in its [[input]] entry of tanso.toml, or --cached-tokens"));
        }
        tokens.read = Some(cached);
    }
    let audio_in = count(PROMPT_AUDIO)?.unwrap_or_default();
    if audio_in.is_positive() && tokens.read.is_some_and(|read| read.is_positive()) {
        let column = slots.filled(row, PROMPT_AUDIO).unwrap_or_default();
        let message = "nothing says how many of the cached tokens are audio";
        return Err(slots.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    let audio_out = count(COMPLETION_AUDIO)?.unwrap_or_default();
    Ok(Counts {
        tokens,
        audio: [audio_in, Exact::ZERO, audio_out],
        ..Counts::default()
    })
}

/// The output with its reasoning. `completion_tokens` includes `reasoning_tokens`, by the interface
/// that OpenAI defined, or leaves them out, as xAI's does: the total tells which.
fn output(
    slots: &Slots<'_>,
    settings: &Settings,
    row: &Row,
    tokens: &Tokens,
) -> Result<Option<Exact>, Problem> {
    let reasoning = slots.count(row, COMPLETION_REASONING)?.unwrap_or_default();
    let output = tokens.output.unwrap_or_default();
    if reasoning.is_zero() {
        return Ok(tokens.output);
    }
    let mut input = tokens.input.unwrap_or_default();
    if settings.cached_tokens == Some(CachedTokens::Beside) {
        input += tokens.cached() + tokens.write.unwrap_or_default();
    }
    let beside = input + output + reasoning;
    let why = match slots.count(row, TOTAL)? {
        Some(total) if total == input + output && reasoning <= output => return Ok(Some(output)),
        Some(total) if total == beside => return Ok(Some(output + reasoning)),
        None if reasoning <= output => return Ok(Some(output)),
        Some(_) => {
            "total_tokens is the sum neither with nor without reasoning_tokens, so that nothing says whether completion_tokens includes them"
        }
        None => {
            "there are more reasoning_tokens than completion_tokens, and no total_tokens that would include them"
        }
    };
    let column = slots.filled(row, COMPLETION_REASONING).unwrap_or_default();
    let problem = slots.problem(&catalogue::TOKEN_CONVENTION, row, column, why);
    Err(problem.help("export the answers again as they came, with all keys of usage"))
}

fn responses(slots: &Slots<'_>, row: &Row) -> Result<Counts, Problem> {
    let tokens = Tokens {
        input: slots.count(row, INPUT)?,
        read: slots.count(row, DETAILS_READ)?,
        write: slots.count(row, DETAILS_WRITE)?,
        output: slots.count(row, OUTPUT)?,
        ..Tokens::default()
    };
    Ok(Counts {
        tokens,
        ..Counts::default()
    })
}

fn messages(slots: &Slots<'_>, row: &Row) -> Result<Counts, Problem> {
    let tokens = Tokens {
        input: slots.count(row, INPUT)?,
        read: slots.count(row, READ)?,
        write: slots.count(row, WRITE)?,
        write_5m: slots.count(row, WRITE_5M)?,
        write_1h: slots.count(row, WRITE_1H)?,
        output: slots.count(row, OUTPUT)?,
    };
    Ok(Counts {
        tokens,
        searches: slots.count(row, SEARCHES)?.unwrap_or_default(),
        ..Counts::default()
    })
}

fn converse(slots: &Slots<'_>, row: &Row) -> Result<Counts, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Detail<'a> {
        ttl: &'a str,
        #[serde(borrow)]
        input_tokens: &'a RawValue,
    }
    let mut tokens = Tokens {
        input: slots.count(row, CONVERSE_INPUT)?,
        read: slots.count(row, CONVERSE_READ)?,
        write: slots.count(row, CONVERSE_WRITE)?,
        output: slots.count(row, CONVERSE_OUTPUT)?,
        ..Tokens::default()
    };
    for_each(slots, row, CONVERSE_DETAILS, |detail: Detail<'_>| {
        let life = match detail.ttl {
            "5m" => &mut tokens.write_5m,
            "1h" => &mut tokens.write_1h,
            _ => return Err("ttl is neither 5m nor 1h"),
        };
        *life = Some(life.unwrap_or_default() + whole(detail.input_tokens)?);
        Ok(())
    })?;
    Ok(Counts {
        tokens,
        ..Counts::default()
    })
}

fn gemini(slots: &Slots<'_>, row: &Row) -> Result<Counts, Problem> {
    let sum = |a: Option<Exact>, b: Option<Exact>| match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or_default() + b.unwrap_or_default()),
    };
    let count = |slot| slots.count(row, slot);
    let tokens = Tokens {
        // The prompts of server tools stand beside the prompt and are input too.
        input: sum(count(GEMINI_PROMPT)?, count(GEMINI_TOOLS)?),
        read: count(GEMINI_CACHED)?,
        output: sum(count(GEMINI_ANSWER)?, count(GEMINI_THOUGHTS)?),
        ..Tokens::default()
    };
    let audio = [
        modality(slots, row, GEMINI_PROMPT_DETAILS, "AUDIO")?,
        modality(slots, row, GEMINI_CACHE_DETAILS, "AUDIO")?,
        modality(slots, row, GEMINI_ANSWER_DETAILS, "AUDIO")?,
    ];
    Ok(Counts {
        tokens,
        audio,
        images: modality(slots, row, GEMINI_ANSWER_DETAILS, "IMAGE")?,
        ..Counts::default()
    })
}

/// The tokens of one modality in one of Gemini's lists.
fn modality(slots: &Slots<'_>, row: &Row, slot: usize, wanted: &str) -> Result<Exact, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Detail<'a> {
        modality: &'a str,
        #[serde(borrow)]
        token_count: Option<&'a RawValue>,
    }
    let mut total = Exact::ZERO;
    for_each(slots, row, slot, |detail: Detail<'_>| {
        if let (true, Some(count)) = (detail.modality == wanted, detail.token_count) {
            total += whole(count)?;
        }
        Ok(())
    })?;
    Ok(total)
}

/// A count in a list.
fn whole(raw: &RawValue) -> Result<Exact, &'static str> {
    let count = Exact::parse(raw.get().trim_matches('"'));
    let count = count.map_err(|_| "a count is not a number")?;
    match count.is_integer() && !count.is_negative() {
        true => Ok(count),
        false => Err("a count is not a whole number"),
    }
}

/// Reads each element of a list in a cell.
fn for_each<'r, T: Deserialize<'r>>(
    slots: &'r Slots<'_>,
    row: &'r Row,
    slot: usize,
    mut take: impl FnMut(T) -> Result<(), &'static str>,
) -> Result<(), Problem> {
    let Some(column) = slots.filled(row, slot) else {
        return Ok(());
    };
    let columns = &slots.columns;
    let Some(cell) = Nested::of(&columns.file, row, column) else {
        return Ok(());
    };
    let path = columns.header.name(column);
    for element in cell.elements(cell.text(), path)? {
        take(cell.parse(element, path)?)
            .map_err(|why| slots.problem(&catalogue::BAD_VALUE, row, column, why))?;
    }
    Ok(())
}
