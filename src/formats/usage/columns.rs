//! Which column of a usage log is what: our field names, the names found by themselves, and what
//! the user's `columns` say instead.
//!
//! No cell is read here. The rule that must hold: a choice among several columns is told, and a
//! choice never changes in the middle of a file.

use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::formats::{Sample, Settings};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row};

/// A field of a usage record that a column can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// When.
    Time,
    /// Who.
    Customer,
    /// Product feature.
    Feature,
    /// Provider.
    Provider,
    /// Model.
    Model,
    /// Input tokens.
    Input,
    /// Tokens read from the cache.
    CacheRead,
    /// Tokens written to the cache, of any life.
    CacheWrite,
    /// Tokens written to the five-minute cache.
    CacheWrite5m,
    /// Tokens written to the one-hour cache.
    CacheWrite1h,
    /// Output tokens.
    Output,
    /// Requests of an aggregated log.
    Requests,
    /// Units of any meter.
    Units,
    /// The name of that meter.
    Meter,
    /// The log's own cost.
    Cost,
    /// Its currency.
    Currency,
    /// The id that makes repeats recognisable.
    RequestId,
    /// Service tier.
    Tier,
    /// Served or failed.
    Status,
}

struct Known {
    field: Field,
    /// Names in `columns`, the first of which is printed.
    names: &'static [&'static str],
    /// Names of columns, best first.
    aliases: &'static [&'static str],
    /// Whether the names may stand below `usage` in nested JSON.
    nested: bool,
}

const fn known(
    field: Field,
    names: &'static [&'static str],
    nested: bool,
    aliases: &'static [&'static str],
) -> Known {
    Known {
        field,
        names,
        aliases,
        nested,
    }
}

/// In the order of [`Field`].
const KNOWN: &[Known] = &[
    known(
        Field::Time,
        &["time"],
        false,
        &[
            "timestamp",
            "time",
            "ts",
            "created_at",
            "date",
            "event_time",
            "start_time",
            "datetime",
            "day",
        ],
    ),
    known(
        Field::Customer,
        &["customer"],
        false,
        &[
            "customer_id",
            "customer",
            "account_id",
            "tenant_id",
            "org_id",
            "organization_id",
            "workspace_id",
            "user_id",
            "account",
            "tenant",
            "org",
            "organization",
            "workspace",
            "client_id",
            "client",
            "company_id",
            "company",
            "end_user",
            "user",
        ],
    ),
    known(
        Field::Feature,
        &["feature"],
        false,
        &[
            "feature",
            "feature_key",
            "feature_name",
            "endpoint",
            "action",
        ],
    ),
    known(
        Field::Provider,
        &["provider"],
        false,
        &["provider", "vendor"],
    ),
    known(
        Field::Model,
        &["model"],
        false,
        &["model", "model_name", "model_id"],
    ),
    known(
        Field::Input,
        &["input"],
        true,
        &[
            "uncached_input_tokens",
            "input_tokens",
            "prompt_tokens",
            "tokens_in",
            "tokens_input",
            "tokens_prompt",
            "input_token_count",
            "prompt_token_count",
        ],
    ),
    known(
        Field::CacheRead,
        &["cached_input", "cache_read"],
        true,
        &[
            "cached_input_tokens",
            "cached_tokens",
            "cache_read_tokens",
            "cache_read_input_tokens",
            "input_cached_tokens",
            "tokens_cached",
            "prompt_tokens_details.cached_tokens",
            "input_tokens_details.cached_tokens",
        ],
    ),
    known(
        Field::CacheWrite,
        &["cache_write"],
        true,
        &[
            "cache_creation_input_tokens",
            "cache_write_tokens",
            "cache_write_input_tokens",
            "cache_creation_tokens",
            "prompt_tokens_details.cache_write_tokens",
            "input_tokens_details.cache_write_tokens",
        ],
    ),
    known(
        Field::CacheWrite5m,
        &["cache_write_5m"],
        true,
        &[
            "cache_write_5m_tokens",
            "cache_creation.ephemeral_5m_input_tokens",
        ],
    ),
    known(
        Field::CacheWrite1h,
        &["cache_write_1h"],
        true,
        &[
            "cache_write_1h_tokens",
            "cache_creation.ephemeral_1h_input_tokens",
        ],
    ),
    known(
        Field::Output,
        &["output"],
        true,
        &[
            "output_tokens",
            "completion_tokens",
            "tokens_out",
            "tokens_output",
            "tokens_completion",
            "output_token_count",
            "completion_token_count",
        ],
    ),
    known(
        Field::Requests,
        &["requests"],
        false,
        &["requests", "request_count", "num_requests"],
    ),
    known(Field::Units, &["units"], false, &["units", "quantity"]),
    known(Field::Meter, &["meter"], false, &["meter", "meter_name"]),
    known(
        Field::Cost,
        &["cost"],
        false,
        &["cost", "cost_usd", "usd_cost", "request_cost", "usage.cost"],
    ),
    known(Field::Currency, &["currency"], false, &["currency"]),
    known(
        Field::RequestId,
        &["request_id"],
        false,
        &["request_id", "event_id", "id", "idempotency_key"],
    ),
    known(Field::Tier, &["tier"], true, &["service_tier", "tier"]),
    known(
        Field::Status,
        &["status"],
        false,
        &["status", "outcome", "status_code", "http_status"],
    ),
];

/// The fields that say how much was used; a log needs one of them.
pub const MEASURES: &[Field] = &[
    Field::Input,
    Field::CacheRead,
    Field::CacheWrite,
    Field::CacheWrite5m,
    Field::CacheWrite1h,
    Field::Output,
    Field::Requests,
    Field::Units,
    Field::Cost,
];

/// The names that `columns` may use.
pub fn field_names() -> Vec<&'static str> {
    KNOWN
        .iter()
        .flat_map(|known| known.names)
        .copied()
        .collect()
}

impl Known {
    /// The positions of the columns that bear one of the aliases, best first.
    fn candidates<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = String> + 'a {
        let plain = self.aliases.iter().map(|alias| alias.to_string());
        let nested = self.aliases.iter().filter(|_| self.nested);
        plain
            .chain(nested.map(|alias| format!("usage.{alias}")))
            .filter(|name| header.has(name))
    }
}

/// The columns of a log.
#[derive(Clone, Debug, Default)]
pub struct Found {
    chosen: Vec<Option<usize>>,
    /// Columns that could have been chosen too.
    others: Vec<Vec<usize>>,
    /// Columns asked for as dimensions.
    pub dimensions: Vec<Option<usize>>,
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

/// Whether a sample has the columns of a usage log.
pub fn fits(sample: &Sample<'_>) -> bool {
    let has = |field: Field| {
        KNOWN[field as usize]
            .candidates(sample.header)
            .next()
            .is_some()
    };
    has(Field::Time) && has(Field::Customer) && MEASURES.iter().any(|field| has(*field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_fields() {
        for (at, known) in KNOWN.iter().enumerate() {
            assert_eq!(known.field as usize, at);
        }
    }
}
