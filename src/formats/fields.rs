//! Reading cells as numbers, times and names, with located problems.
