//! OpenAI's cost export of a range without charges: four columns and one row per empty day.
//!
//! Where: platform.openai.com/usage, Export, Cost data. When no day of the range has a charge, the
//! export drops every column but the four of time. The usage export of such a range is the same
//! to the byte; only its file name (`completions_usage_…`) tells. Unix seconds, UTC; the ISO
//! columns are not read, because their form differs between rows.
//!
//! The rule that must hold: no charge is made, but the days count as covered by a bill.

use crate::formats::fields::Columns;
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::Zone;
use crate::model::records::Charge;
use crate::problem::{Problems, catalogue};
use crate::scan::RowSource;

const COLUMNS: &[&str] = &["start_time", "end_time", "start_time_iso", "end_time_iso"];

/// The format `openai-empty-csv`.
pub static FORMAT: Format = Format {
    name: "openai-empty-csv",
    kind: Kind::Bill,
    provider: Some("openai"),
    title: "OpenAI cost export without charges (CSV)",
    required: COLUMNS,
    page: "\
**Where.** The same export as `openai-cost-csv`, for a range in which nothing was charged: the
dashboard then writes only the four time columns.

**What is read.** The days, from the Unix columns (UTC). They count as covered by a bill of zero, and
a warning names the file, because an empty export is more often a wrong date range or project than
a month without use.

**Quirk.** The usage export of an empty range has the same bytes. A file whose name begins with
`completions_usage` is taken for that one (`openai-usage-csv`).

**Confidence.** The header is recorded from real exports; the rows were reconstructed.
",
    detect,
    read: Reader::Bill(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(COLUMNS)
        && sample.header.len() == COLUMNS.len()
        && !sample.file_name.starts_with("completions_usage")
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    _charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let start = columns.required(&["start_time"], problems);
    let end = columns.required(&["end_time"], problems);
    let (Some(start), Some(end)) = (start, end) else {
        return Tally::default();
    };
    let mut tally = rows::each(source, problems, |_, row, tally| {
        let first = rows::stamp(&columns, row, start)?;
        let (first, last) = rows::range(&columns, row, first, end)?;
        tally.cover(first, last);
        Ok(Fate::Skipped("empty day"))
    });
    let days = tally.skipped.get("empty day").copied().unwrap_or(0);
    rows::remark(
        &mut tally,
        &catalogue::EMPTY_EXPORT,
        days,
        "all {n} days of the export are without charges",
    );
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{sample, table};

    #[test]
    fn days_are_covered_and_nothing_is_charged() {
        let text = "start_time,end_time,start_time_iso,end_time_iso\n\
                    1783814400,1783900800,2026-07-12T00:00:00+00:00,2026-07-13T00:00:00+00:00\n\
                    1783900800,1783987200,2026-07-13T00:00:00+00:00,2026-07-14T00:00:00+00:00\n";
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let tally = read(
            &mut table("cost.csv", text),
            &Settings::default(),
            &mut charges,
            &mut problems,
        );
        assert!(problems.is_empty() && charges.is_empty());
        assert_eq!((tally.read, tally.used), (2, 0));
        assert_eq!(tally.skipped["empty day"], 2);
        let (start, end) = tally.covers.unwrap();
        assert_eq!(start.to_string(), "2026-07-12T00:00:00Z");
        assert_eq!(end.to_string(), "2026-07-14T00:00:00Z");
        assert_eq!(tally.remarks[0].entry.code, "N1014");
    }

    #[test]
    fn only_the_exact_header_and_not_the_usage_export() {
        let header = "start_time,end_time,start_time_iso,end_time_iso\n";
        sample("cost_a.csv", header, |s| assert!(detect(s)));
        sample("completions_usage_a.csv", header, |s| assert!(!detect(s)));
        let wider = "start_time,end_time,start_time_iso,end_time_iso,amount_value\n";
        sample("cost_a.csv", wider, |s| assert!(!detect(s)));
    }
}
