//! `tanso prices diff OLD NEW`: what changed from one price list to another.

use std::path::Path;

use super::{Console, Ended, UNITS, day, emit, newest, shared};
use crate::cli::args::PricesView;
use crate::cli::price_book;
use crate::model::{Exact, names};
use crate::prices::Change;
use crate::prices::layout::as_listed;
use crate::problem::{Note, Problems};
use crate::report::{Cell, Column, Table};

/// The name of the JSON document.
const SCHEMA: &str = "tanso.price-changes/1";

/// Runs the command.
///
/// # Errors
/// A list that cannot be read, or an option that is not understood.
pub fn run(
    old: &Path,
    new: &Path,
    view: &PricesView,
    console: &mut Console,
) -> Result<Ended, Problems> {
    let on = day("--on", view.on.as_deref())?;
    let (before, after) = (price_book::named(old)?, price_book::named(new)?);
    let lists = [&before, &after].into_iter().flatten();
    let notes: Vec<Note> = lists.map(|list| price_book::note(list, "")).collect();
    let changes =
        price_book::book(&before).changes(price_book::book(&after), on.unwrap_or_else(newest));
    let provider = view.provider.as_deref().map(names::provider);
    let of_provider =
        |change: &&Change<'_>| provider.is_none() || provider.as_deref() == Some(change.provider);
    let rows = changes.changes.iter().filter(of_provider).map(cells);
    let day = on.map(|on| format!(" on {on}")).unwrap_or_default();
    let table = Table {
        title: format!("Prices{day}: {} → {}", old.display(), new.display()),
        columns: vec![
            Column::text("provider", "Provider"),
            Column::text("model", "Model"),
            Column::text("tier", "Tier").dropped(2),
            Column::figures("context_over", "Input over").dropped(2),
            Column::text("meter", "Meter"),
            Column::figures("old", "Old"),
            Column::figures("new", "New"),
            Column::figures("change", "Change").dropped(1),
        ],
        rows: rows.collect(),
        totals: None,
        footer: vec![
            format!(
                "Models with other prices: {}; with the same: {}; only in the new list: {}; only in the old one: {}.",
                changes.changed, changes.same, changes.added, changes.removed
            ),
            UNITS.to_string(),
        ],
        places: None,
    };
    let inputs = [old.to_path_buf(), new.to_path_buf()];
    emit(
        SCHEMA,
        &|_| Ok(table.clone()),
        &notes,
        &shared(view),
        &inputs,
        console,
    )?;
    Ok(Ended::Fine)
}

fn cells(change: &Change<'_>) -> Vec<Cell> {
    let price = |price: Option<Exact>| match price {
        Some(price) => Cell::Quantity(as_listed(change.meter, price)),
        None => Cell::Empty,
    };
    let ratio = match (change.old, change.new) {
        (Some(old), Some(new)) => Exact::ratio(new - old, old, 16),
        _ => None,
    };
    vec![
        Cell::Text(change.provider.to_string()),
        Cell::Text(change.model.to_string()),
        change
            .tier
            .map_or(Cell::Empty, |tier| Cell::Text(tier.to_string())),
        change
            .context_over
            .map_or(Cell::Empty, |over| Cell::Quantity(Exact::from(over))),
        Cell::Text(change.meter.name().to_string()),
        price(change.old),
        price(change.new),
        Cell::Ratio(ratio),
    ]
}
