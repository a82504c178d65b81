//! Usage logs: who used what, when. A reader hands records on one by one; it never keeps, prices
//! or de-duplicates them.

pub mod answer;
mod answer_keys;
pub mod bedrock_log;
pub mod ccusage;
pub mod cloudevents;
pub mod columns;
pub mod generic;
pub mod litellm;
pub mod litellm_metadata;
pub mod log;
pub mod names;
pub mod otel;
mod otel_names;
pub mod otel_span;
pub mod otel_tree;
pub mod paths;
pub mod provider_counts;
pub mod responses;
pub mod tokens;
pub mod units;
