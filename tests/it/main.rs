//! The integration tests: one binary, because every test binary links the whole program again.
//!
//! Each module is named after what it holds the program to. Numbers here are worked out by hand or
//! by an independent program; none is copied from the program's own output.

mod bases;
mod billing;
mod cache;
mod check;
mod cloud;
mod contract;
mod corpus;
mod costs;
mod counts;
mod currencies;
mod damage;
mod damaged_formats;
mod dated;
mod diff;
mod diff_causes;
mod distribution;
mod docs;
mod double_logs;
mod double_money;
mod errors;
mod examples;
mod explain;
mod footers;
mod golden;
mod house;
mod journals;
mod leaks;
mod ledger;
mod levers;
mod map;
mod metamorphic;
mod months;
mod oracle;
mod plans;
mod prices;
mod quote;
mod reach;
mod reconcile;
mod reference;
mod rollup;
mod scenarios;
mod simulated;
mod states;
mod stripe_money;
mod support;
mod two_systems;
mod world;
