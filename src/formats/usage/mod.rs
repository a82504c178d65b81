//! Usage logs: who used what, when. A reader hands records on one by one; it never keeps, prices
//! or de-duplicates them.

pub mod answer;
mod answer_keys;
pub mod bedrock_log;
pub mod ccusage;
pub mod cells;
pub mod cloudevents;
pub mod cloudflare;
pub mod columns;
pub mod counts;
pub mod generic;
pub mod helicone;
pub mod langfuse;
pub mod langfuse_export;
pub mod langfuse_observations;
pub mod litellm;
pub mod litellm_daily;
pub mod log;
pub mod names;
pub mod origin;
pub mod otel;
mod otel_held;
mod otel_names;
mod otel_people;
pub mod otel_span;
pub mod otel_tree;
pub mod paths;
pub mod portkey;
pub mod posthog;
pub mod responses;
pub mod rollup;
pub mod tokens;
pub mod units;
pub mod vendor;
