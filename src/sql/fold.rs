//! Which column of a table means what: found by the same names as in files, or said.

use std::collections::BTreeMap;

use crate::formats::fields::Columns;
use crate::formats::usage::columns::Found;
use crate::formats::usage::names::{self, Field, KNOWN, MEASURES};
use crate::formats::usage::tokens::Convention;
use crate::formats::{CachedTokens, Settings, rows};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::Header;

/// What the query needs to know of a table.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The column of each of [`KNOWN`].
    columns: Vec<Option<String>>,
    /// Columns of quantities, and others of the same quantity that are not read.
    pub(super) passed_over: Vec<(String, String)>,
    /// Columns that are kept.
    pub(super) kept: Vec<String>,
    /// Whether the input includes cached tokens.
    pub(super) inside: bool,
    /// Whether the user said that it leaves them out.
    pub(super) said_beside: bool,
    /// The provider of rows that name none.
    pub(super) provider: Option<String>,
    /// The currency of costs that name none.
    pub(super) currency: String,
    /// Whether the times are days: a row without a request id is then a sum.
    pub(super) days: bool,
}

impl Fold {
    /// Finds the columns of a table. `days` says whether its times are days; if that is not known,
    /// the column's name tells. `None`, with the problems, if a needed column is missing or nothing
    /// says whether the input includes cached tokens.
    pub fn of(
        columns: &Columns,
        settings: &Settings,
        days: Option<bool>,
        problems: &mut Problems,
    ) -> Option<Fold> {
        let before = problems.total();
        rows::known_fields(&columns.file, settings, &names::field_names(), problems);
        let found = Found::find(columns, settings, problems);
        if problems.total() == before
            && let Some(problem) = found.missing(columns)
        {
            problems.push(problem);
        }
        let name = |at: usize| columns.header.name(at).to_string();
        let chosen: Vec<Option<String>> = KNOWN
            .iter()
            .map(|known| found.at(known.field).map(name))
            .collect();
        let cached = [
            Field::CacheRead,
            Field::CacheWrite,
            Field::CacheWrite5m,
            Field::CacheWrite1h,
        ];
        let cached = cached.into_iter().find_map(|field| found.at(field));
        let convention = Convention::of(columns, &found, settings);
        if let (Convention::Open, Some(column)) = (convention, cached) {
            let message = format!("nothing says whether the input includes {}", name(column));
            problems.push(
                Problem::new(&catalogue::TOKEN_CONVENTION, message)
                    .at(Place::line(&columns.file, 1))
                    .help("say --cached-tokens inside or --cached-tokens beside"),
            );
        }
        for (at, dimension) in found.dimensions.iter().zip(&settings.dimensions) {
            if at.is_none() {
                let message = format!("--keep names no column of the table: {dimension:?}");
                problems.push(Problem::new(&catalogue::BAD_OPTION, message));
            }
        }
        let passed_over = MEASURES.iter().flat_map(|field| {
            let chosen = found.at(*field).map(name).unwrap_or_default();
            let others = found.others(*field).iter();
            others.map(move |other| (chosen.clone(), name(*other)))
        });
        let time = chosen[Field::Time as usize].clone().unwrap_or_default();
        let is_day = ["date", "day"].contains(&time.to_lowercase().as_str());
        let cost = chosen[Field::Cost as usize].clone().unwrap_or_default();
        let currency = match cost.to_lowercase().contains("usd") {
            true => None,
            false => settings.currency,
        };
        (problems.total() == before).then(|| Fold {
            passed_over: passed_over.collect(),
            kept: found
                .dimensions
                .iter()
                .flatten()
                .map(|at| name(*at))
                .collect(),
            inside: convention == Convention::Inside,
            said_beside: settings.cached_tokens == Some(CachedTokens::Beside),
            provider: settings.provider.clone(),
            currency: currency
                .map_or_else(|| "USD".to_string(), |currency| currency.code().to_string()),
            days: days.unwrap_or(is_day),
            columns: chosen,
        })
    }

    /// The same for a table of which nothing but some columns is known: the fields' names and their
    /// columns.
    pub fn of_names(
        said: &BTreeMap<String, String>,
        settings: &Settings,
        problems: &mut Problems,
    ) -> Option<Fold> {
        let kept = settings.dimensions.iter().cloned();
        let header = Header::new(said.values().cloned().chain(kept));
        let columns = Columns::named("--column".into(), header);
        Fold::of(&columns, settings, None, problems)
    }

    /// The column of a field.
    pub(super) fn column(&self, field: Field) -> Option<&str> {
        self.columns[field as usize].as_deref()
    }
}
