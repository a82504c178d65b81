//! Which export a file is, and why.

use super::rate_file;
use crate::formats::{self, FORMATS, Format, Sample};
use crate::problem::{Place, Problem, catalogue};
use crate::scan::{Opened, Peek};

/// The columns of the mapping file.
pub const MAPPING_COLUMNS: &[&str] = &["customer", "source", "id"];

/// What a file was taken for.
#[derive(Debug)]
pub enum Recognized {
    /// The mapping file.
    Mapping,
    /// Dated exchange rates.
    Rates,
    /// A format that can be read.
    Format(&'static Format),
    /// None; the problem says what is near.
    Nothing(Problem),
}

/// Whether the file is a mapping file.
fn is_mapping(peek: &Peek) -> bool {
    MAPPING_COLUMNS.iter().all(|name| peek.header.has(name))
}

/// The beginning of a file as formats see it.
fn sample<'a>(opened: &'a Opened, file_name: &'a str) -> Sample<'a> {
    Sample {
        header: &opened.peek.header,
        rows: &opened.peek.rows,
        text: &opened.peek.text,
        file_name,
    }
}

/// Recognizes a file by its content, or takes the user's word for it.
pub fn recognize(forced: Option<&str>, opened: &Opened) -> Recognized {
    let place = Place::file(&opened.name);
    if forced.is_none_or(|format| format == "mapping") && is_mapping(&opened.peek) {
        return Recognized::Mapping;
    }
    if forced == Some("mapping") {
        let found = opened.peek.header.names().join(", ");
        let problem =
            Problem::new(&catalogue::MAPPING, "the mapping file lacks a column").at(place);
        let help = format!("it needs customer, source and id; columns found: {found}");
        return Recognized::Nothing(problem.help(help));
    }
    let rates = rate_file::is_rates(&opened.peek.header);
    if rates && forced.is_none_or(|format| format == rate_file::NAME) {
        return Recognized::Rates;
    }
    if forced == Some(rate_file::NAME) {
        let found = opened.peek.header.names().join(", ");
        let problem = Problem::new(&catalogue::HEADER, "this is no file of exchange rates");
        let help = format!(
            "pass the ECB's eurofxref-hist.csv, or a table date,from,to,rate; columns found: {found}"
        );
        return Recognized::Nothing(problem.at(place).help(help));
    }
    if let Some(name) = forced {
        return match formats::named(name) {
            Some(format) => Recognized::Format(format),
            None => Recognized::Nothing(
                Problem::new(
                    &catalogue::BAD_OPTION,
                    format!("there is no format {name:?}"),
                )
                .at(place)
                .help(format!("formats: {}", names().join(", "))),
            ),
        };
    }
    let lower = opened.name.to_lowercase();
    let file_name = lower.rsplit(['/', '\\', '!']).next().unwrap_or("");
    let sample = sample(opened, file_name);
    // Exports known to be useless come first: the generic readers would take some of them.
    if let Some(useless) = formats::USELESS
        .iter()
        .find(|known| (known.detect)(&sample))
    {
        let problem = Problem::new(&catalogue::WRONG_FILE, format!("this is {}", useless.title));
        return Recognized::Nothing(problem.at(place).help(useless.advice));
    }
    if let Some(format) = formats::detect(&sample) {
        return match formats::is_generic(format) && almost_an_export(&sample) {
            // A column of an export is misspelled; the general reader would take what is left.
            true => Recognized::Nothing(unknown(&sample, &opened.peek.skipped_columns).at(place)),
            false => Recognized::Format(format),
        };
    }
    if opened.peek.header.is_empty() && opened.peek.text.trim().is_empty() {
        let problem = Problem::new(&catalogue::EMPTY_FILE, "the file is empty");
        return Recognized::Nothing(problem.at(place).help("export it again"));
    }
    Recognized::Nothing(unknown(&sample, &opened.peek.skipped_columns).at(place))
}

fn names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name).collect()
}

/// The formats nearest to a file that is none.
pub fn nearest(opened: &Opened) -> Vec<(&'static Format, Vec<&'static str>)> {
    nearest_to(&sample(opened, ""))
}

/// Formats by the share of their required columns that is there, half at least, the nearest first; of equal shares
/// the one that asks for more.
fn nearest_to(sample: &Sample<'_>) -> Vec<(&'static Format, Vec<&'static str>)> {
    let mut near: Vec<(&'static Format, Vec<&'static str>)> = FORMATS
        .iter()
        .map(|format| {
            let missing = format
                .required
                .iter()
                .copied()
                .filter(|name| !has_any(sample, name));
            (*format, missing.collect())
        })
        .filter(|(format, missing): &(&Format, Vec<&str>)| {
            missing.len() * 2 <= format.required.len()
        })
        .collect();
    near.sort_by(|(a, missing_a), (b, missing_b)| {
        // missing / required of both, multiplied out.
        let share = |missing: usize, of_other: usize| missing * of_other;
        let (a, b) = (a.required.len(), b.required.len());
        let nearer = share(missing_a.len(), b).cmp(&share(missing_b.len(), a));
        nearer.then(b.cmp(&a))
    });
    near
}

/// Names that any table may have, whoever wrote it.
const COMMON: &[&str] = &[
    "amount",
    "cost",
    "created",
    "currency",
    "customer",
    "customer_id",
    "date",
    "id",
    "input_tokens",
    "invoice_id",
    "model",
    "output_tokens",
    "period_end",
    "period_start",
    "plan",
    "quantity",
    "status",
    "subscription_id",
    "tax",
    "timestamp",
    "type",
];

/// Whether all but one of the columns that make an export are there, three of which no table has
/// by chance.
fn almost_an_export(sample: &Sample<'_>) -> bool {
    let is_common = |name: &str| name.split('|').any(|name| COMMON.contains(&name.trim()));
    FORMATS.iter().any(|format| {
        let is_there = |name: &&str| has_any(sample, name);
        let found = format.required.iter().copied().filter(is_there);
        let peculiar = found.clone().filter(|name| !is_common(name));
        let count = found.clone().count();
        !formats::is_generic(format) && count + 1 == format.required.len() && peculiar.count() >= 3
    })
}

/// The columns by which a file was recognized: of alternatives (`date|period_start`) only those that
/// are there.
pub fn because(format: &Format, opened: &Opened) -> Vec<String> {
    let found = |names: &&str| {
        let all = || names.split('|').map(str::trim);
        let there: Vec<&str> = all().filter(|name| stands_in(opened, name)).collect();
        match there.is_empty() {
            // Told in words, or found in the rows.
            true => all().collect::<Vec<_>>().join(" or "),
            false => there.join(", "),
        }
    };
    format.required.iter().map(found).collect()
}

/// Whether a name is a column's, or a part of a dotted one.
fn stands_in(opened: &Opened, name: &str) -> bool {
    let dotted = |text: &str| format!(".{}.", text.to_lowercase());
    let names = opened.peek.header.names();
    names
        .iter()
        .any(|full| dotted(full).contains(&dotted(name)))
}

/// Required columns may name alternatives: `date|period_start`.
fn has_any(sample: &Sample<'_>, names: &str) -> bool {
    names.split('|').any(|name| sample.header.has(name.trim()))
}

/// The problem of a file that fits no format. `skipped` are its columns without a text form.
fn unknown(sample: &Sample<'_>, skipped: &[String]) -> Problem {
    let near = nearest_to(sample);
    let mut help = String::new();
    if let Some((format, missing)) = near.first() {
        help = match missing.is_empty() {
            true => format!(
                "it has what {0} needs and nothing that tells it apart, {0}:path reads it as that; ",
                format.name
            ),
            false => format!(
                "nearest is {}, which also needs {}; ",
                format.name,
                missing.join(", ")
            ),
        };
    }
    if !skipped.is_empty() {
        help.push_str(&format!(
            "columns of these types are not read, write them as text: {}; ",
            skipped.join(", ")
        ));
    }
    help.push_str("tanso formats FILE tells more, FORMAT:path forces one, and columns in an [[input]] entry of tanso.toml names columns of your own");
    let found = match sample.header.len() {
        0 => "it has no columns and no keys".to_string(),
        1 => {
            format!(
                "found 1 column, {:?}, which fits no known export",
                sample.header.name(0)
            )
        }
        _ => format!(
            "the columns fit no known export: {}",
            sample.header.names().join(", ")
        ),
    };
    Problem::new(&catalogue::UNKNOWN_FORMAT, found).help(help)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scan::{self, How};

    #[test]
    fn columns_that_cannot_be_read_are_named() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/columnar/times-of-day.parquet");
        let opened = scan::open(&path, "times-of-day.parquet", &How::default()).unwrap();
        let Recognized::Nothing(problem) = recognize(None, &opened[0]) else {
            panic!("it has nothing that can be read");
        };
        assert_eq!(problem.entry.code, "T3002");
        let help = problem.help.unwrap();
        assert!(help.contains("opened, shifts"), "{help}");
    }

    #[test]
    fn objects_that_begin_empty_are_recognized() {
        let row = |usage: &str| {
            format!(
                r#"{{"id":"o","type":"SPAN","provided_model_name":"m","usage_details":{usage},"cost_details":{usage}}}"#
            )
        };
        let mut rows = vec![row("{}"); 60];
        rows.push(row(r#"{"input":5}"#));
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("o.jsonl", rows.join("\n")),
            ("o.json", format!("[{}]", rows.join(",\n"))),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let opened = scan::open(&path, name, &How::default()).unwrap();
            let Recognized::Format(format) = recognize(None, &opened[0]) else {
                panic!("{name}");
            };
            assert_eq!(format.name, "langfuse-observations");
            let because = because(format, &opened[0]);
            assert!(
                because.iter().all(|name| !name.contains('|')),
                "{because:?}"
            );
        }
    }
}
