//! A whole file that can be read at any place, for formats whose index stands at their end.
//!
//! A regular file is used where it lies; a pipe or an unpacked stream goes to an unnamed temporary
//! file. Either way every byte has passed once through the checksums.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::receipt::reason;
use super::unpack::{Unpacked, unreadable};
use crate::problem::Problem;

/// Reads `stream` to its end. `first` are its first bytes, read before; `file` is the regular file
/// that it comes from, if its bytes are stored there just so.
pub(super) fn spool(
    stream: &mut Unpacked,
    first: &[u8],
    file: Option<File>,
) -> Result<File, Problem> {
    let name = stream.name().clone();
    let failed = |error: std::io::Error| {
        unreadable(&name, &format!("no temporary file: {}", reason(&error)))
    };
    let keep = file.is_none();
    let mut file = match file {
        Some(file) => file,
        None => tempfile::tempfile().map_err(failed)?,
    };
    if keep {
        file.write_all(first).map_err(failed)?;
    }
    let mut block = vec![0; 128 << 10];
    loop {
        let count = stream.read(&mut block)?;
        if count == 0 {
            break;
        }
        if keep {
            file.write_all(&block[..count]).map_err(failed)?;
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(file)
}
