//! bills formats.
