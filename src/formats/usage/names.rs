//! The fields of a generic usage log and the column names that fill them.
//!
//! To teach the reader another spelling, add it here. The order of the names decides where several
//! columns fit.

use crate::formats::Sample;
use crate::scan::Header;

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
    /// The id that makes repeats recognizable.
    RequestId,
    /// Service tier.
    Tier,
    /// Served or failed.
    Status,
}

/// What can fill a field.
pub struct Known {
    /// The field.
    pub field: Field,
    /// Names in `columns`, the first of which is printed.
    pub names: &'static [&'static str],
    /// Names of columns, best first.
    pub aliases: &'static [&'static str],
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

/// Every field, in the order of [`Field`].
pub const KNOWN: &[Known] = &[
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
    /// The names of this field that the header has, best first.
    pub fn candidates<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = String> + 'a {
        let plain = self.aliases.iter().map(|alias| alias.to_string());
        let nested = self.aliases.iter().filter(|_| self.nested);
        plain
            .chain(nested.map(|alias| format!("usage.{alias}")))
            .filter(|name| header.has(name))
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
