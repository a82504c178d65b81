//! What a run reports: zone, period, revenue basis, tolerance; from options, project file
//! and the files themselves, in this order.

use super::args::{CachedTokensArg, CostBasisArg, RevenueArg, Shared};
use super::inputs;
use super::project::{Project, percent};
use crate::formats::{CachedTokens, Kind};
use crate::load::Books;
use crate::model::records::CostBasis;
use crate::model::{Day, Exact, Month, Period, Zone};
use crate::problem::{Problem, catalogue};
use crate::revenue::Basis;

/// The default of `--tolerance`: one percent.
pub fn default_tolerance() -> Exact {
    Exact::new(1, 2)
}

/// The project file, where it and no option states a value.
pub(super) fn stated<'p>(
    option: &Option<String>,
    project: Option<&'p Project>,
) -> Option<&'p Project> {
    project.filter(|_| option.is_none())
}

/// The zone in which months begin.
///
/// # Errors
/// A name that is no zone.
pub fn zone(shared: &Shared, project: Option<&Project>) -> Result<Zone, Problem> {
    let name = shared
        .tz
        .as_deref()
        .or(project.and_then(|project| project.tz.as_deref()));
    match name {
        None => Ok(Zone::Utc),
        Some(name) => Zone::parse(name).ok_or_else(|| match stated(&shared.tz, project) {
            Some(project) => project
                .fault("", "tz", name, format!("tz is no time zone: {name:?}"))
                .help("write UTC or an IANA name such as Europe/Paris"),
            None => inputs::bad_zone("--tz", name),
        }),
    }
}

/// The gap between log and bill that is scaled away.
///
/// # Errors
/// A text that is no percentage from 0 to 100.
pub fn tolerance(shared: &Shared, project: Option<&Project>) -> Result<Exact, Problem> {
    let text = shared
        .tolerance
        .as_deref()
        .or(project.and_then(|project| project.tolerance.as_deref()));
    let Some(text) = text else {
        return Ok(default_tolerance());
    };
    percent(text)
        .filter(|ratio| !ratio.is_negative() && *ratio < Exact::ONE)
        .ok_or_else(|| {
            let message = "the tolerance is no percentage from 0 to 100";
            match stated(&shared.tolerance, project) {
                Some(project) => project
                    .fault("", "tolerance", text, message.into())
                    .excerpt(text)
                    .help("write tolerance = \"1%\""),
                None => Problem::new(&catalogue::BAD_OPTION, message)
                    .excerpt(text)
                    .help("write --tolerance 1%"),
            }
        })
}

impl From<CostBasisArg> for CostBasis {
    fn from(basis: CostBasisArg) -> CostBasis {
        match basis {
            CostBasisArg::Effective => CostBasis::Effective,
            CostBasisArg::Billed => CostBasis::Billed,
            CostBasisArg::List => CostBasis::List,
        }
    }
}

/// Which cost counts in bills that state several.
///
/// # Errors
/// A word in the project file that is no basis.
pub fn cost_basis(shared: &Shared, project: Option<&Project>) -> Result<CostBasis, Problem> {
    match (shared.cost_basis, project) {
        (Some(basis), _) => Ok(basis.into()),
        (None, Some(project)) => project.cost_basis(),
        (None, None) => Ok(CostBasis::default()),
    }
}

/// The report period.
///
/// # Errors
/// A month or day that is not understood, or nothing that says which period to report.
pub fn period(shared: &Shared, books: &Books, zone: Zone) -> Result<Period, Problem> {
    let bad = |option: &str, text: &str, help: &str| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("{option} is not understood"),
        )
        .excerpt(text)
        .help(help.to_string())
    };
    if let Some(text) = &shared.month {
        let month =
            Month::parse(text).ok_or_else(|| bad("--month", text, "write --month 2026-10"))?;
        return Ok(Period::month(month));
    }
    let day = |option: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => Day::parse(text)
            .map(Some)
            .ok_or_else(|| bad(option, text, "write a day such as 2026-10-01")),
    };
    let (from, to) = (day("--from", &shared.from)?, day("--to", &shared.to)?);
    let known = books.default_period(zone);
    let start = from.or(known.map(|known| known.start));
    let end = to.or(known.map(|known| known.end));
    match (start, end) {
        (Some(start), Some(end)) if start < end => Ok(Period { start, end }),
        (Some(start), Some(end)) => Err(Problem::new(
            &catalogue::BAD_OPTION,
            format!("the period ends ({end}) before it begins ({start})"),
        )
        .help("--to is the first day after the period")),
        _ => Err(Problem::new(
            &catalogue::NOTHING_IN_PERIOD,
            "the files hold no usage, bill or revenue that says which period to report",
        )
        .help("say --month 2026-10, or pass a file with rows")),
    }
}

/// What `--cached-tokens` says.
pub fn cached_tokens(shared: &Shared) -> Option<CachedTokens> {
    shared.cached_tokens.map(|how| match how {
        CachedTokensArg::Inside => CachedTokens::Inside,
        CachedTokensArg::Beside => CachedTokens::Beside,
    })
}

/// Reads a size in bytes: `500000000`, `500MB`, `2GB`, `1.5GB` or `2GiB`.
///
/// # Errors
/// What a size looks like.
pub fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("b", 1),
    ];
    let folded = text.trim().to_ascii_lowercase();
    let unit = UNITS.iter().find(|(unit, _)| folded.ends_with(unit));
    let (unit, bytes) = unit.copied().unwrap_or(("", 1));
    let number = folded.strip_suffix(unit).unwrap_or(&folded).trim_end();
    Exact::parse(number)
        .ok()
        .and_then(|number| (number * Exact::from(bytes)).to_u64())
        .ok_or_else(|| "a size is a number of bytes, or such as 500MB, 2GB or 1.5GiB".to_string())
}

/// With how many threads long files are read: all processors, unless told otherwise.
pub fn threads(shared: &Shared) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    shared.threads.unwrap_or_else(processors).max(1)
}

/// When revenue counts; payments alone are cash.
///
/// # Errors
/// A basis that the files cannot give.
pub fn basis(shared: &Shared, books: &Books) -> Result<Basis, Problem> {
    let records = &books.records;
    let invoiced = !records.invoices.is_empty() || !records.lines.is_empty();
    let paid = !records.payments.is_empty() || !records.balance.is_empty();
    let payments_only = !invoiced && records.recognized.is_empty() && paid;
    match shared.revenue {
        Some(RevenueArg::Cash) if !paid && books.has(Kind::Revenue) => {
            let lines = books
                .records
                .invoices
                .iter()
                .any(|invoice| invoice.namespace != "stripe");
            if lines {
                return Ok(Basis::Cash);
            }
            Err(Problem::new(
                &catalogue::WRONG_KIND,
                "cash revenue needs a payments export, and there is none",
            )
            .help("pass Stripe's unified_payments.csv too, or leave --revenue out"))
        }
        Some(RevenueArg::Cash) => Ok(Basis::Cash),
        Some(RevenueArg::Mrr)
            if records.subscriptions.is_empty() && records.mrr_changes.is_empty() =>
        {
            Err(Problem::new(
                &catalogue::WRONG_KIND,
                "monthly recurring revenue needs subscriptions, and there are none",
            )
            .help("pass Stripe's subscriptions.csv, with prices.csv for its prices"))
        }
        Some(RevenueArg::Mrr) => Ok(Basis::Mrr),
        Some(RevenueArg::Billed) if payments_only => Err(Problem::new(
            &catalogue::WRONG_KIND,
            "billed revenue needs an invoices export, and there are only payments",
        )
        .help("pass Stripe's invoices.csv, or leave --revenue out for cash")),
        Some(RevenueArg::Recognized) if payments_only => Err(Problem::new(
            &catalogue::WRONG_KIND,
            "recognized revenue needs an invoices export, and there are only payments",
        )
        .help("pass Stripe's invoices.csv, or leave --revenue out for cash")),
        Some(RevenueArg::Billed) if !invoiced && !records.recognized.is_empty() => {
            Err(Problem::new(
                &catalogue::WRONG_KIND,
                "billed revenue needs an invoices export, and there is only a recognition report",
            )
            .help("pass Stripe's invoices.csv, or leave --revenue out"))
        }
        Some(RevenueArg::Billed) => Ok(Basis::Billed),
        Some(RevenueArg::Recognized) => Ok(Basis::Recognized),
        None if payments_only => Ok(Basis::Cash),
        None => Ok(Basis::Recognized),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_bytes_and_units() {
        for (text, bytes) in [
            ("500000", 500_000),
            ("1KB", 1_000),
            ("1.5GB", 1_500_000_000),
            ("2 GiB", 2_147_483_648),
            ("64mib", 67_108_864),
            ("7B", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "-1MB", "0.0001KB", "1TB", "1,5GB", "many"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
