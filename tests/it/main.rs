//! The integration tests: one binary, because every test binary links the whole program again.
//!
//! Each module is named after what it holds the program to. Numbers here are worked out by hand or
//! by an independent program; none is copied from the program's own output.

mod corpus;
mod damage;
mod golden;
mod house;
mod oracle;
mod support;
mod world;
