//! Bytes to rows: opening, unpacking, decoding, and splitting into cells.
//!
//! Everything structural is checked here, strictly and with a place; meaning is given by
//! `formats`. No row is kept: the caller's [`Row`] is filled again and again.

pub mod row;

pub use row::{Header, Row, RowSource};
