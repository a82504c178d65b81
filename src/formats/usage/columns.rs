//! Which column of a usage log is what: the names found by themselves, and what the user's
//! `columns` say instead.
//!
//! No cell is read here. The rule that must hold: a choice among several columns is told, and a
//! choice never changes in the middle of a file.

use crate::formats::Settings;
use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::formats::usage::names::{Field, KNOWN, MEASURES};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row};

/// The columns of a log.
#[derive(Clone, Debug, Default)]
pub struct Found {
    chosen: Vec<Option<usize>>,
    /// Columns that could have been chosen too.
    others: Vec<Vec<usize>>,
    /// Columns asked for as dimensions.
    pub dimensions: Vec<Option<usize>>,
    /// The columns of [`MEASURES`] that are there, each with its place in that list.
    pub measures: Vec<(usize, usize)>,
    /// Columns of [`MEASURES`] with those that were passed over for them.
    pub contested: Vec<(usize, Vec<usize>)>,
}

impl Found {
    /// Resolves all fields. Columns that stand twice, and `columns` settings that name none, are
    /// problems.
    pub fn find(columns: &Columns, settings: &Settings, problems: &mut Problems) -> Found {
        let mut found = Found::default();
        for known in KNOWN {
            let said = known
                .names
                .iter()
                .find_map(|name| Some((*name, settings.columns.get(*name)?)));
            let mut positions = match said {
                Some((field, name)) => {
                    let before = problems.total();
                    let position = columns.optional(&[name], problems);
                    if position.is_none() && problems.total() == before {
                        problems.push(rows::no_such_column(columns, field, name));
                    }
                    position.into_iter().collect::<Vec<usize>>()
                }
                None => known
                    .candidates(&columns.header)
                    .filter_map(|name| columns.optional(&[&name], problems))
                    .collect(),
            };
            found.chosen.push(positions.first().copied());
            found
                .others
                .push(positions.split_off(positions.len().min(1)));
        }
        let dimensions = settings.dimensions.iter();
        found.dimensions = dimensions
            .map(|name| columns.optional(&[name], problems))
            .collect();
        for (place, field) in MEASURES.iter().enumerate() {
            let Some(column) = found.at(*field) else {
                continue;
            };
            found.measures.push((place, column));
            if !found.others(*field).is_empty() {
                let others = found.others(*field).to_vec();
                found.contested.push((column, others));
            }
        }
        found
    }

    /// The column of a field.
    pub fn at(&self, field: Field) -> Option<usize> {
        self.chosen.get(field as usize).copied().flatten()
    }

    /// The columns of a field that were passed over.
    pub fn others(&self, field: Field) -> &[usize] {
        self.others.get(field as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether a column is read or was a candidate.
    pub fn knows(&self, column: usize) -> bool {
        let chosen = self.chosen.iter().chain(&self.dimensions).flatten();
        chosen
            .chain(self.others.iter().flatten())
            .any(|known| *known == column)
    }

    /// Whether any column says how much was used.
    pub fn has_measure(&self) -> bool {
        MEASURES.iter().any(|field| self.at(*field).is_some())
    }

    /// A field read from one column must not come from another later in the file: what it meant
    /// would depend on the order of the rows.
    pub fn check_unchanged(
        &self,
        before: &Found,
        columns: &Columns,
        row: &Row,
    ) -> Result<(), Problem> {
        for known in KNOWN {
            let (Some(old), Some(new)) = (before.at(known.field), self.at(known.field)) else {
                continue;
            };
            if old != new {
                let (old, name) = (columns.header.name(old), columns.header.name(new));
                let message = format!("{name} appears here, after rows were read by {old}");
                let problem = columns.problem(&catalogue::HEADER, row, new, message);
                return Err(problem.help(format!(
                    "say columns = {{ {} = {name:?} }} in its [[input]] entry of tanso.toml, or the other one",
                    known.names[0]
                )));
            }
        }
        Ok(())
    }

    /// What is missing for the file to be a usage log, as one problem.
    pub fn missing(&self, columns: &Columns) -> Option<Problem> {
        let names = |field: Field| KNOWN[field as usize].aliases.join(", ");
        let (what, field, help) = if self.at(Field::Time).is_none() {
            ("time", "time", names(Field::Time))
        } else if self.at(Field::Customer).is_none() {
            ("customer", "customer", names(Field::Customer))
        } else if !self.has_measure() {
            let help = "input_tokens and output_tokens, units with meter, requests, or cost";
            if columns.header.has("total_tokens") || columns.header.has("usage.total_tokens") {
                let help = format!("{help}; a total of input and output cannot be priced");
                ("quantity", "input", help)
            } else {
                ("quantity", "input", help.to_string())
            }
        } else {
            return None;
        };
        let found = columns.header.names().join(", ");
        let message = format!("no column for the {what}");
        Some(
            Problem::new(&catalogue::HEADER, message)
                .at(Place::line(&columns.file, 1))
                .help(format!(
                    "say columns = {{ {field} = \"…\" }} in its [[input]] entry of tanso.toml; names found by themselves: {help}; columns found: {found}"
                )),
        )
    }

    /// One sentence for each field with several candidates.
    pub fn choices(&self, header: &Header) -> Vec<String> {
        let mut choices = Vec::new();
        for known in KNOWN {
            let others = self.others(known.field);
            if let (Some(chosen), false) = (self.at(known.field), others.is_empty()) {
                let others: Vec<&str> = others.iter().map(|o| header.name(*o)).collect();
                choices.push(format!(
                    "{} is read from {}, not from {}",
                    known.names[0],
                    header.name(chosen),
                    others.join(" or ")
                ));
            }
        }
        choices
    }
}
