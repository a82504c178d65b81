//! The layout of a rollup file: the fold of usage logs as a table, which is read back as usage.
//!
//! Written by the report's renderer and by the queries for other engines, read by a format of its
//! own. Columns are found by name; further ones are the log's columns that were kept.

use super::Meter;

/// The version of the layout, which stands in every row.
pub const VERSION: &str = "1";

/// The column of [`VERSION`].
pub const ROLLUP: &str = "tanso_rollup";
/// The first moment of the time that the row stands for.
pub const START: &str = "start_time";
/// How many seconds that time lasts. It crosses midnight neither in UTC nor in the zone for which
/// the rollup was made.
pub const SECONDS: &str = "seconds";
/// The customer's id in the log.
pub const CUSTOMER: &str = "customer";
/// Product feature.
pub const FEATURE: &str = "feature";
/// Provider.
pub const PROVIDER: &str = "provider";
/// Model as written.
pub const MODEL: &str = "model";
/// Service tier as written.
pub const TIER: &str = "tier";
/// The highest price threshold, in input tokens, that each request exceeds; 0 for none.
pub const CONTEXT_OVER: &str = "context_over";
/// 1 if rows of the log stood for several requests, else 0.
pub const AGGREGATED: &str = "aggregated";
/// Served requests.
pub const REQUESTS: &str = "requests";
/// Failed requests.
pub const FAILED: &str = "failed";
/// Requests that the gateway answered from its own cache.
pub const GATEWAY_CACHED: &str = "gateway_cached";
/// The log's own cost; blank where its rows state none.
pub const COST: &str = "cost";
/// The currency of the cost.
pub const CURRENCY: &str = "currency";
/// Another meter.
pub const METER: &str = "meter";
/// The quantity of that meter.
pub const QUANTITY: &str = "quantity";
/// Why the rows behind this one cannot be counted; blank where they can.
pub const FAULT: &str = "fault";

/// Meters with a column of their own, named like them.
pub static METERS: [Meter; 5] = [
    Meter::Input,
    Meter::CacheRead,
    Meter::CacheWrite5m,
    Meter::CacheWrite1h,
    Meter::Output,
];

/// All columns, in their order.
pub fn columns() -> Vec<&'static str> {
    let mut columns = vec![
        ROLLUP,
        START,
        SECONDS,
        CUSTOMER,
        FEATURE,
        PROVIDER,
        MODEL,
        TIER,
        CONTEXT_OVER,
        AGGREGATED,
    ];
    columns.extend(METERS.iter().map(Meter::name));
    columns.extend([
        REQUESTS,
        FAILED,
        GATEWAY_CACHED,
        COST,
        CURRENCY,
        METER,
        QUANTITY,
        FAULT,
    ]);
    columns
}
