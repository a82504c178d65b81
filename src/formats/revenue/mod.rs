//! revenue formats.
