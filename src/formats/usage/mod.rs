//! usage formats.
