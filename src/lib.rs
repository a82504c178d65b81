//! tanso reads the files an AI company already has (usage logs, provider bills, Stripe exports),
//! ties them to the last digit and tells which customers make money.
//!
//! The path of the data, one way, left to right:
//! `scan` → `formats` → `load` → `fx` → `identity` → `attribution` + `revenue` → `margin` → `report`; `prices` is
//! what `attribution` values usage by.

#![forbid(unsafe_code)]

pub mod model;
pub mod problem;

pub mod scan;

pub mod formats;

pub mod load;

pub mod identity;

pub mod fx;
pub mod prices;

pub mod attribution;
pub mod revenue;

pub mod causes;
pub mod leaks;
pub mod margin;
pub mod quote;
pub mod reconcile;

pub mod diff;
pub mod explain;
pub mod gate;

pub mod simulate;
pub mod suggest;

pub mod report;
pub mod sql;

pub mod cli;
