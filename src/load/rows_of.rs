//! Where the rows of some usage stand: the logs are read a second time, for their lines alone.

use super::{InputSpec, Recognized, recognize};
use crate::formats::{Reader, UsageSink};
use crate::model::receipt::RowsOf;
use crate::model::records::UsageRecord;
use crate::problem::{Problem, Problems};
use crate::scan::{self, Body};

/// Says where the usage stands that `wants` takes; it is given the record with the provider who
/// bills the file's calls. The files were read before, so that nothing can be wrong with them; what
/// cannot be read twice (standard input) is left out.
pub fn rows_of(
    specs: &[InputSpec],
    dimensions: &[String],
    wants: &mut dyn FnMut(&UsageRecord<'_>) -> bool,
) -> Vec<RowsOf> {
    let mut found = Vec::new();
    for spec in specs.iter().filter(|spec| spec.path.as_os_str() != "-") {
        for opened in scan::open(&spec.path, &spec.name, &spec.how).unwrap_or_default() {
            let Recognized::Format(format) = recognize(spec.format.as_deref(), &opened) else {
                continue;
            };
            let (Reader::Usage(read), Body::Table(mut rows)) = (format.read, opened.body) else {
                continue;
            };
            let mut settings = spec.settings.clone();
            settings.dimensions = dimensions.to_vec();
            let mut sink = Lines {
                wants: &mut *wants,
                billed_by: settings.billed_by.as_deref(),
                found: RowsOf {
                    file: opened.name.clone(),
                    rows: 0,
                    lines: Vec::new(),
                },
            };
            read(
                rows.as_mut(),
                &settings,
                &mut sink,
                &mut Problems::default(),
            );
            let mut rows = sink.found;
            if rows.rows > 0 {
                rows.lines = merged(rows.lines);
                found.push(rows);
            }
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// Takes the lines of records that are wanted.
struct Lines<'w> {
    wants: &'w mut dyn FnMut(&UsageRecord<'_>) -> bool,
    billed_by: Option<&'w str>,
    found: RowsOf,
}

impl UsageSink for Lines<'_> {
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem> {
        let wanted = match self.billed_by {
            None => (self.wants)(record),
            Some(provider) => (self.wants)(&UsageRecord {
                provider: Some(provider),
                ..record.clone()
            }),
        };
        if wanted {
            self.found.rows += 1;
            match self.found.lines.last_mut() {
                Some((_, last)) if record.line == *last || record.line == *last + 1 => {
                    *last = record.line;
                }
                _ => self.found.lines.push((record.line, record.line)),
            }
        }
        Ok(())
    }

    fn settle_cached_inside(&mut self, _inside: bool) {}
}

/// Stretches in order; spans are handed on out of the order of their lines.
fn merged(mut lines: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    lines.sort_unstable();
    let mut whole: Vec<(u64, u64)> = Vec::new();
    for (first, last) in lines {
        match whole.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => whole.push((first, last)),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_merged_in_any_order() {
        assert_eq!(
            merged(vec![(9, 9), (2, 3), (4, 4), (4, 6), (8, 8)]),
            [(2, 6), (8, 9)]
        );
        assert!(merged(Vec::new()).is_empty());
    }
}
