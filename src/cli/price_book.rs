//! The prices of a run: those that the project file states, the file of `--prices`, the built-in
//! list.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Shared;
use super::project::Project;
use crate::attribution::{Attribution, Unpriced};
use crate::load::price_list::{self, PriceList};
use crate::model::receipt::InputReceipt;
use crate::prices::{PriceBook, Prices};
use crate::problem::{Note, Problems, catalogue};
use crate::report::visible;

/// The word for the built-in list, where a file could stand.
pub const EMBEDDED: &str = "embedded";

/// The prices of a run, what is to be said about the imported list, and that list as an input.
///
/// # Errors
/// A list that cannot be read, or a discount or factor that is not understood.
pub fn prices(
    shared: &Shared,
    project: Option<&Project>,
) -> Result<(Prices, Vec<Note>, Option<InputReceipt>), Problems> {
    let mut prices = Prices::default();
    if let Some(project) = project {
        prices.rules = project.rules.clone();
        prices.discounts = project.discounts()?;
        prices.factors = project.tier_factors()?;
    }
    let Some((path, name)) = file(shared, project) else {
        return Ok((prices, Vec::new(), None));
    };
    let list = price_list::read(&path, &name)?;
    let note = note(&list, " before the built-in list");
    let receipt = list.receipt();
    prices.file = Some((list.name, Arc::new(list.book)));
    Ok((prices, vec![note], Some(receipt)))
}

/// The imported list: its path, and its name in messages.
pub fn file(shared: &Shared, project: Option<&Project>) -> Option<(PathBuf, String)> {
    let (path, written) = match (
        &shared.prices,
        project.and_then(|p| Some((p, p.prices.as_ref()?))),
    ) {
        (Some(path), _) => (path.clone(), path.to_string_lossy().into_owned()),
        (None, Some((project, written))) => (project.folder.join(written), written.clone()),
        (None, None) => return None,
    };
    Some((path, visible(&written).into_owned()))
}

/// A list that is named in an option: a file, or the built-in one, which has no name.
///
/// # Errors
/// A list that cannot be read.
pub fn named(path: &Path) -> Result<Option<PriceList>, Problems> {
    if path.as_os_str() == EMBEDDED && !path.exists() {
        return Ok(None);
    }
    let name = path.to_string_lossy();
    price_list::read(path, &visible(&name)).map(Some)
}

/// The book of a list that is named in an option.
pub fn book(list: &Option<PriceList>) -> &PriceBook {
    list.as_ref()
        .map_or_else(|| PriceBook::embedded(), |list| &list.book)
}

/// What is said about an imported list; `place` says where it stands among the others.
pub fn note(list: &PriceList, place: &str) -> Note {
    let left_out: Vec<String> = list
        .left_out
        .iter()
        .map(|(reason, count)| format!("; {reason}: {count}"))
        .collect();
    let text = format!(
        "prices of {} ({}, models: {}, rows: {}, SHA-256 {}){place}{}",
        list.name,
        list.format,
        list.book.models(),
        list.book.rows().len(),
        list.sha256,
        left_out.concat()
    );
    Note::new(&catalogue::PRICE_FILE, text)
}

/// What is said about usage that cost nothing or took another tier's price.
pub fn notes(found: &Attribution, notes: &mut Vec<Note>) {
    let name = |of: &Unpriced| {
        of.model
            .clone()
            .unwrap_or_else(|| "usage without a model".into())
    };
    for free in &found.free {
        let text = format!(
            "{}: declared free, counts as no cost; requests: {}",
            name(free),
            free.requests
        );
        notes.push(Note::new(&catalogue::FREE, text));
    }
    for zero in &found.at_zero {
        let text = format!(
            "{}: its listed price is 0, counts as no cost; requests: {}; if it is free, say so in tanso.toml: [[price]] model = {:?}, free = true",
            name(zero),
            zero.requests,
            name(zero)
        );
        notes.push(Note::new(&catalogue::PRICED_AT_ZERO, text));
    }
    for (tier, requests) in &found.unknown_tiers {
        let text = format!(
            "service tier {tier:?} is not known; standard prices are used; requests: {requests}"
        );
        notes.push(Note::new(&catalogue::UNKNOWN_TIER, text));
    }
}
