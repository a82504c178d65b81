//! `tanso prices` and `tanso prices find`: the rows of the price lists.

use std::collections::BTreeSet;

use super::{Console, Ended, UNITS, day, emit, newest, prices, shared};
use crate::cli::args::PricesView;
use crate::model::{Day, Exact, Meter, names};
use crate::prices::layout::as_listed;
use crate::prices::rules::{Rule, Stated};
use crate::prices::{Listed, Prices, Source};
use crate::problem::{Note, Problem, Problems, catalogue};
use crate::report::{Cell, Column, Table};

/// The name of the JSON document.
const SCHEMA: &str = "tanso.prices/1";
/// Meters that are always shown; the others where a row has a price for them.
const ALWAYS: [Meter; 3] = [Meter::Input, Meter::CacheRead, Meter::Output];

/// One row, from whichever layer.
struct Shown {
    source: String,
    provider: Option<String>,
    names: Vec<String>,
    from: Option<Day>,
    tier: Option<String>,
    context_over: Option<u64>,
    free: bool,
    prices: Vec<(Meter, Exact)>,
}

/// Lists the prices of models whose name has a part or fits a pattern.
///
/// # Errors
/// A price list or option that is not understood.
pub fn run(
    model: Option<&str>,
    view: &PricesView,
    console: &mut Console,
) -> Result<Ended, Problems> {
    let (prices, notes) = prices(view)?;
    let on = day("--on", view.on.as_deref())?;
    let fits = pattern(model)?;
    let provider = view.provider.as_deref().map(names::provider);
    let mut rows = all(&prices);
    rows.retain(|(shown, holds)| {
        on.is_none_or(holds)
            && shown.names.iter().any(|name| fits(name))
            && (provider.is_none() || shown.provider.is_none() || shown.provider == provider)
    });
    let rows: Vec<Shown> = rows.into_iter().map(|(shown, _)| shown).collect();
    let title = match on {
        Some(on) => format!("Prices on {on}"),
        None => "Prices".to_string(),
    };
    let mut footer = vec![UNITS.to_string()];
    footer.extend(order(&prices));
    if rows.is_empty() {
        footer.push("No price fits. tanso prices find NAME tells the nearest names.".into());
    }
    let table = table(title, &rows, footer);
    emit(
        SCHEMA,
        &|_| Ok(table.clone()),
        &notes,
        &shared(view),
        &[],
        console,
    )?;
    Ok(Ended::Fine)
}

/// Finds the prices of one model by its exact name; without any, tells the nearest names and ends
/// with a finding.
///
/// # Errors
/// A price list or option that is not understood.
pub fn find(name: &str, view: &PricesView, console: &mut Console) -> Result<Ended, Problems> {
    let (prices, mut notes) = prices(view)?;
    let on = day("--on", view.on.as_deref())?;
    let at = on.unwrap_or_else(newest);
    let provider = view.provider.as_deref();
    let folded = provider.map(names::provider);
    let mut rows = Vec::new();
    for rule in prices
        .rules
        .iter()
        .filter(|rule| rule.names(name) && rule.covers(at))
    {
        if rule.provider.is_none() || folded.is_none() || rule.provider == folded {
            rows.push(of_rule(rule));
        }
    }
    for (source, book) in sources(&prices) {
        let models: BTreeSet<(&str, &str)> = book.named(provider, name, at);
        let listed = book.rows().into_iter().filter(|row| {
            let first = row.names.first().copied().unwrap_or_default();
            row.holds_on(at) && models.contains(&(row.provider, first))
        });
        for row in listed {
            let shown = of_list(&source, &row);
            notes.extend(discounted(&prices, &shown));
            rows.push(shown);
        }
    }
    let mut footer = Vec::new();
    let found = !rows.is_empty();
    if found {
        footer.push(UNITS.to_string());
        footer.extend(order(&prices));
    } else {
        let day = on.map(|on| format!(" on {on}")).unwrap_or_default();
        let of = provider
            .map(|name| format!(" of {name}"))
            .unwrap_or_default();
        footer.push(format!(
            "{name}{of} has no price{day}. A name never takes the price of a similar one."
        ));
        let near = prices.nearest(name, 5);
        if !near.is_empty() {
            footer.push(format!("Nearest names: {}", near.join(", ")));
        }
        footer.push(format!(
            "To state its price, write into tanso.toml: [[price]] model = {name:?}, meter = \"input\", per_million = \"1.10\""
        ));
    }
    let title = match on {
        Some(on) => format!("{name} on {on}"),
        None => format!("{name}, newest prices"),
    };
    let said = footer.clone();
    let table = table(title, &rows, footer);
    let shared = shared(view);
    emit(
        SCHEMA,
        &|_| Ok(table.clone()),
        &notes,
        &shared,
        &[],
        console,
    )?;
    if found {
        return Ok(Ended::Fine);
    }
    let shows = matches!(
        shared.format,
        None | Some(super::OutputFormat::Table | super::OutputFormat::Md)
    );
    if !(shared.quiet || shows && shared.output.is_empty()) {
        said.iter().for_each(|line| console.say(line));
    }
    Ok(Ended::Finding)
}

/// What a row of a list costs after the negotiated discount of tanso.toml, if there is one.
fn discounted(prices: &Prices, row: &Shown) -> Option<Note> {
    let provider = row.provider.as_deref()?;
    let discount = *prices.discounts.get(provider)?;
    let mut known: Vec<&(Meter, Exact)> = row.prices.iter().collect();
    known.sort_by(|a, b| a.0.cmp(&b.0));
    let each = known.into_iter().map(|(meter, price)| {
        let list = as_listed(meter, *price);
        let net = list - list * discount;
        format!("{} list {list}, net {net}", meter.name())
    });
    let each: Vec<String> = each.collect();
    let tier = row.tier.as_ref().map(|tier| format!(" {tier}"));
    let over = row
        .context_over
        .map(|over| format!(" over {over} tokens of input"));
    let text = format!(
        "{provider} {}{}{}: a discount of {} % from tanso.toml is taken off in reports: {}",
        row.names.first().map_or("", String::as_str),
        tier.unwrap_or_default(),
        over.unwrap_or_default(),
        discount.shift(2),
        each.join("; ")
    );
    (!row.free && !each.is_empty()).then(|| Note::new(&catalogue::DISCOUNT, text))
}

/// A test of a name.
type Fits = Box<dyn Fn(&str) -> bool>;

/// A test of a name: a part of it, or a pattern with `*`, `?` or `[`.
fn pattern(text: Option<&str>) -> Result<Fits, Problem> {
    let Some(text) = text.map(str::to_lowercase) else {
        return Ok(Box::new(|_| true));
    };
    if !text.contains(['*', '?', '[']) {
        return Ok(Box::new(move |name| name.contains(&text)));
    }
    match glob::Pattern::new(&text) {
        Ok(pattern) => Ok(Box::new(move |name| pattern.matches(name))),
        Err(error) => Err(Problem::new(
            &catalogue::BAD_OPTION,
            format!("not a pattern: {}", error.msg),
        )
        .excerpt(text)
        .help("write a part of the name, or * for any text, such as 'gpt-4*'")),
    }
}

type Holds<'p> = Box<dyn Fn(Day) -> bool + 'p>;

/// Every row of every layer, with the test whether it holds on a day.
fn all(prices: &Prices) -> Vec<(Shown, Holds<'_>)> {
    let mut rows: Vec<(Shown, Holds<'_>)> = Vec::new();
    for rule in &prices.rules {
        rows.push((of_rule(rule), Box::new(|on| rule.covers(on))));
    }
    for (source, book) in sources(prices) {
        for row in book.rows() {
            rows.push((of_list(&source, &row), Box::new(move |on| row.holds_on(on))));
        }
    }
    rows
}

fn sources(prices: &Prices) -> Vec<(String, &crate::prices::PriceBook)> {
    let file = prices.file.as_ref();
    let file = file.map(|(name, book)| (Source::File(name).words(), book.as_ref()));
    let built_in = (Source::BuiltIn.words(), prices.built_in);
    file.into_iter().chain([built_in]).collect()
}

fn of_rule(rule: &Rule) -> Shown {
    let prices = match &rule.states {
        Stated::Free => Vec::new(),
        Stated::Price { meter, price, .. } => vec![(meter.clone(), *price)],
    };
    Shown {
        source: rule.place.clone(),
        provider: rule.provider.clone(),
        names: vec![rule.model.to_lowercase()],
        from: rule.from,
        tier: rule.tier().map(str::to_string),
        context_over: rule.band().threshold(),
        free: rule.states == Stated::Free,
        prices,
    }
}

fn of_list(source: &str, row: &Listed<'_>) -> Shown {
    let prices = row.prices.iter();
    Shown {
        source: source.to_string(),
        provider: Some(row.provider.to_string()),
        names: row.names.iter().map(|name| name.to_string()).collect(),
        from: row.from,
        tier: row.tier.map(str::to_string),
        context_over: row.context_over,
        free: row.free,
        prices: prices
            .map(|(meter, price)| ((*meter).clone(), *price))
            .collect(),
    }
}

/// Which layer goes first, where there are several.
fn order(prices: &Prices) -> Option<String> {
    let mut layers = Vec::new();
    if !prices.rules.is_empty() {
        layers.push("tanso.toml".to_string());
    }
    layers.extend(sources(prices).into_iter().map(|(source, _)| source));
    (layers.len() > 1).then(|| format!("In this order: {}.", layers.join(", ")))
}

/// The rows as a table whose CSV can be imported with `--prices`.
fn table(title: String, rows: &[Shown], footer: Vec<String>) -> Table {
    let known: Vec<Meter> = Meter::known().map(Meter::named).collect();
    let used = |meter: &Meter| {
        let has = |row: &Shown| row.prices.iter().any(|(of, _)| of == meter);
        ALWAYS.contains(meter) || rows.iter().any(has)
    };
    let meters: Vec<&Meter> = known.iter().filter(|meter| used(meter)).collect();
    // People are spared columns without a word in them.
    let where_used = |column: Column, used: bool| if used { column } else { column.csv_only() };
    let dated = rows.iter().any(|row| row.from.is_some());
    let tiered = rows.iter().any(|row| row.tier.is_some());
    let limited = rows.iter().any(|row| row.context_over.is_some());
    let over = Column::figures("context_over", "Input over").dropped(1);
    let mut columns = vec![
        Column::text("provider", "Provider"),
        Column::text("model", "Model").table_only(),
        Column::text("names", "Names").csv_only(),
        where_used(Column::text("from", "From").dropped(2), dated),
        where_used(Column::text("tier", "Tier").dropped(1), tiered),
        where_used(over, limited),
    ];
    for (at, meter) in meters.iter().enumerate() {
        let column = Column::figures(meter.name(), title_of(meter));
        columns.push(if ALWAYS.contains(meter) {
            column
        } else {
            column.dropped(4 + at as u8)
        });
    }
    columns.push(Column::text("source", "Source").dropped(3));
    let optional = |text: &Option<String>| match text {
        Some(text) => Cell::Text(text.clone()),
        None => Cell::Empty,
    };
    let cells = |row: &Shown| {
        let mut cells = vec![
            optional(&row.provider),
            Cell::Text(row.names.first().cloned().unwrap_or_default()),
            Cell::Text(row.names.join(" ")),
            row.from.map_or(Cell::Empty, Cell::Date),
            optional(&row.tier),
            row.context_over
                .map_or(Cell::Empty, |over| Cell::Quantity(Exact::from(over))),
        ];
        cells.extend(meters.iter().map(|meter| {
            let price = row.prices.iter().find(|(of, _)| of == *meter);
            match price {
                None if row.free && **meter == Meter::Input => Cell::Text("free".into()),
                None => Cell::Empty,
                Some(_) if row.free => Cell::Text("free".into()),
                Some((_, price)) => Cell::Quantity(as_listed(meter, *price)),
            }
        }));
        cells.push(Cell::Text(row.source.clone()));
        cells
    };
    Table {
        title,
        columns,
        rows: rows.iter().map(cells).collect(),
        totals: None,
        footer,
        places: None,
    }
}

/// `cache_write_5m` → `Cache write 5m`.
fn title_of(meter: &Meter) -> String {
    let words = meter.name().replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
