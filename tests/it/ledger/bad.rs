//! Spoiled exports.
