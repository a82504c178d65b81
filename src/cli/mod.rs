//! The command line: the only part that prints, opens outputs and asks the environment.

pub mod messages;
pub mod output;
pub mod terminal;
