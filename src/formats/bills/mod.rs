//! Providers' bills, one file per export. A reader turns lines into charges; it never merges,
//! de-duplicates or prices them.

pub mod anthropic_cost;
pub mod anthropic_report;
pub mod gcp_cost_table;
pub mod generic;
pub mod google_sku;
pub mod openai_cost;
pub mod openai_empty;
pub mod scopes;
pub mod words;
