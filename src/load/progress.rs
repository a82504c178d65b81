//! Who is told how far reading has come.

use crate::scan::Receipt;

/// Told about the progress of reading.
pub trait Progress {
    /// A file begins; its receipt tells how far reading has come.
    fn begin(&self, name: &str, receipt: &Receipt);
    /// The file is read.
    fn end(&self);
}
