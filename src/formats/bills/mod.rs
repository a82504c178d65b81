//! Providers' bills, one file per export. A reader turns lines into charges; it never merges,
//! de-duplicates or prices them.

pub mod anthropic_cost;
pub mod anthropic_report;
pub mod aws_cur;
pub mod aws_lines;
pub mod azure_cost;
pub mod azure_meter;
pub mod bedrock;
pub mod byok;
pub mod cloud;
pub mod deepseek;
pub mod deepseek_amount;
pub mod deepseek_cost;
pub mod focus;
pub mod focus_meter;
pub mod gcp_cost_table;
pub mod gcp_export;
pub mod generic;
pub mod google_sku;
pub mod openai_cost;
pub mod openai_costs;
pub mod openai_empty;
pub mod openai_items;
pub mod openrouter_activity;
pub mod openrouter_daily;
pub mod openrouter_generations;
pub mod scopes;
pub mod tags;
pub mod token_units;
pub mod vercel_report;
pub mod words;
