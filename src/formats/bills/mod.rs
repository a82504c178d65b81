//! Providers' bills, one file per export. A reader turns lines into charges; it never merges,
//! de-duplicates or prices them.

pub mod anthropic_cost;
pub mod anthropic_report;
pub mod aws_cur;
pub mod aws_lines;
pub mod bedrock;
pub mod cloud;
pub mod focus;
pub mod generic;
pub mod openai_cost;
pub mod openai_empty;
pub mod tags;
pub mod token_units;
pub mod words;
