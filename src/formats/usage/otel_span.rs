//! One span of OpenTelemetry, from OTLP's JSON or from a row with a column per attribute.
//!
//! OTLP writes attributes as a list of `{key, value}`, 64-bit integers as text and times as Unix
//! nanoseconds. Of the attributes only those asked for are decoded: others hold prompts.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::formats::fields::{Columns, NULL_WORDS};
use crate::formats::nested::Nested;
use crate::formats::rows;
use crate::formats::usage::otel_tree::SpanKey;
use crate::model::{Exact, Instant};
use crate::problem::{Entry, Place, Problem, catalogue};
use crate::scan::Row;

/// Names and texts of attributes.
pub type Attributes<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A span, reduced to what is asked for.
#[derive(Debug)]
pub struct Span<'a> {
    /// Where it stands.
    pub place: Place,
    /// Its own key.
    pub key: Option<SpanKey>,
    /// Its parent's key.
    pub parent: Option<SpanKey>,
    /// Ids of trace and span as written, for a request id.
    pub ids: Option<String>,
    /// Whether its status is an error.
    pub error: bool,
    /// The attributes asked for, with their text; the span's own before its resource's.
    pub attributes: Attributes<'a>,
}

impl Span<'_> {
    /// The first of these attributes that is filled, with its name.
    pub fn first(&self, names: &[&str]) -> Option<(&str, &str)> {
        names.iter().find_map(|name| {
            let found = self.attributes.iter().find(|(key, _)| key == name);
            found.map(|(key, text)| (key.as_ref(), text.as_ref()))
        })
    }

    /// The text of the first of these attributes that is filled.
    pub fn text(&self, names: &[&str]) -> Option<&str> {
        self.first(names).map(|(_, text)| text)
    }

    /// A count that may have several names, which must agree. A zero means that another name is in
    /// use.
    pub fn count(&self, names: &[&str]) -> Result<Option<Exact>, Problem> {
        let mut count: Option<(&str, Exact)> = None;
        for name in names {
            let Some((name, text)) = self.first(&[name]) else {
                continue;
            };
            let other = Exact::parse(text).map_err(|why| {
                let message = format!("{name} is not a number: {}", why.reason());
                self.problem(&catalogue::NOT_A_NUMBER, message, text)
            })?;
            if other.is_negative() {
                let message = format!("{name} is negative");
                return Err(self.problem(&catalogue::NEGATIVE_QUANTITY, message, text));
            }
            if !other.is_integer() {
                let message = format!("{name} is not a whole number");
                return Err(self.problem(&catalogue::FRACTION, message, text));
            }
            match count {
                Some((first, one)) if one.is_positive() && other.is_positive() && one != other => {
                    let message = format!("{first} and {name} count the same and differ");
                    return Err(self.problem(&catalogue::BAD_VALUE, message, text));
                }
                Some((_, one)) if one.is_positive() => {}
                _ => count = Some((name, other)),
            }
        }
        Ok(count.map(|(_, count)| count))
    }

    /// A problem with the span.
    pub fn problem(
        &self,
        entry: &'static Entry,
        message: impl Into<String>,
        found: &str,
    ) -> Problem {
        Problem::new(entry, message)
            .at(self.place.clone())
            .excerpt(found)
    }
}

/// A span whose time is not read yet.
pub type Timed<'a> = (Span<'a>, Result<Instant, Problem>);

/// Which attributes are asked for.
pub type Wanted<'w> = dyn Fn(&str) -> bool + 'w;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    #[serde(borrow)]
    resource: Option<Resource<'a>>,
    #[serde(borrow, default)]
    scope_spans: Vec<ScopeSpans<'a>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default)]
    attributes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct ScopeSpans<'a> {
    #[serde(borrow, default)]
    spans: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Otlp<'a> {
    #[serde(borrow)]
    trace_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    span_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    parent_span_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    start_time_unix_nano: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<Status<'a>>,
    #[serde(borrow, default)]
    attributes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    #[serde(borrow)]
    string_value: Option<Cow<'a, str>>,
    #[serde(borrow)]
    int_value: Option<&'a RawValue>,
    #[serde(borrow)]
    double_value: Option<&'a RawValue>,
    #[serde(borrow)]
    bool_value: Option<&'a RawValue>,
}

/// Reads every span of a `resourceSpans` cell. A span that cannot be read is handed on as a
/// problem, and the others are read.
pub fn each_otlp<'a>(
    cell: Nested<'a>,
    wanted: &Wanted<'_>,
    take: &mut dyn FnMut(Result<Timed<'a>, Problem>),
) {
    let resources = match cell.elements(cell.text(), "resourceSpans") {
        Ok(resources) => resources,
        Err(problem) => return take(Err(problem)),
    };
    for (at, text) in resources.into_iter().enumerate() {
        let path = format!("resourceSpans[{at}]");
        let parsed: Result<ResourceSpans<'a>, Problem> = cell.parse(text, &path);
        let resource = match parsed {
            Ok(resource) => resource,
            Err(problem) => {
                take(Err(problem));
                continue;
            }
        };
        let common = resource.resource.map(|resource| resource.attributes);
        let common = attributes(cell, common.unwrap_or_default(), wanted);
        let spans = resource
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans);
        for span in spans {
            let read = match &common {
                Ok(common) => otlp(cell, span.get(), common, wanted),
                Err(problem) => Err(problem.clone()),
            };
            take(read);
        }
    }
}

fn otlp<'a>(
    cell: Nested<'a>,
    text: &'a str,
    common: &[(Cow<'a, str>, Cow<'a, str>)],
    wanted: &Wanted<'_>,
) -> Result<Timed<'a>, Problem> {
    let span: Otlp<'a> = cell.parse(text, "a span")?;
    let place = cell.place(text);
    let mut own = attributes(cell, span.attributes, wanted)?;
    own.extend_from_slice(common);
    let trace = span.trace_id.as_deref().unwrap_or("");
    let key = |id: Option<&str>| SpanKey::of(trace, id.unwrap_or(""));
    let code = span.status.and_then(|status| status.code);
    let code = code.map(|code| code.get().trim_matches('"'));
    let error = code.is_some_and(is_error);
    let nanos = span
        .start_time_unix_nano
        .map(|raw| raw.get().trim_matches('"'));
    let instant = nanos.and_then(nanoseconds).ok_or_else(|| {
        let message = "startTimeUnixNano is not a time in nanoseconds";
        Problem::new(&catalogue::NOT_A_TIME, message)
            .at(place.clone())
            .excerpt(nanos.unwrap_or(""))
    });
    if let Some(code) = code.filter(|code| !is_status(code)) {
        let problem = Problem::new(&catalogue::BAD_VALUE, "this is no status code of OTLP");
        return Err(problem.at(place).excerpt(code));
    }
    let read = Span {
        place,
        key: key(span.span_id.as_deref()),
        parent: key(span.parent_span_id.as_deref()),
        ids: span.span_id.map(|id| format!("{trace} {id}")),
        error,
        attributes: own,
    };
    Ok((read, instant))
}

/// The attributes asked for, as text; lists and blank ones are left out.
fn attributes<'a>(
    cell: Nested<'a>,
    list: Vec<&'a RawValue>,
    wanted: &Wanted<'_>,
) -> Result<Attributes<'a>, Problem> {
    let mut found = Vec::new();
    for raw in list {
        let attribute: Attribute<'a> = cell.parse(raw.get(), "an attribute")?;
        let Some(value) = attribute.value.filter(|_| wanted(&attribute.key)) else {
            continue;
        };
        let value: Value<'a> = cell.parse(value.get(), "the value of an attribute")?;
        let bare = |raw: &'a RawValue| Cow::Borrowed(raw.get().trim_matches('"'));
        let number = value.int_value.or(value.double_value).or(value.bool_value);
        let text = value.string_value.or(number.map(bare));
        if let Some(text) = text.filter(|text| is_filled(&attribute.key, text)) {
            found.push((attribute.key, text));
        }
    }
    Ok(found)
}

/// Whether an attribute says something. A count that is no number is not absent but wrong.
fn is_filled(name: &str, text: &str) -> bool {
    let text = text.trim();
    let is_bad_count = name.starts_with(USAGE) && text.eq_ignore_ascii_case("nan");
    is_bad_count
        || !text.is_empty()
            && !NULL_WORDS
                .iter()
                .any(|null| text.eq_ignore_ascii_case(null))
}

/// Unix nanoseconds; what is below a microsecond is cut.
fn nanoseconds(text: &str) -> Option<Instant> {
    let nanos: i64 = text.parse().ok().filter(|nanos| *nanos > 0)?;
    Some(Instant(nanos / 1000))
}

/// Whether this is a status code of OTLP.
fn is_status(code: &str) -> bool {
    let folded = code.to_lowercase();
    let name = folded.trim_start_matches("status_code_");
    matches!(
        name,
        "0" | "1" | "2" | "unset" | "ok" | "error" | "null" | ""
    )
}

/// Whether a status says that the span failed: OTLP's code 2, or its name in any spelling.
fn is_error(code: &str) -> bool {
    let folded = code.to_lowercase();
    matches!(folded.trim_start_matches("status_code_"), "2" | "error")
}

/// The columns of spans that stand in rows.
#[derive(Debug, Default)]
pub struct Flat {
    time: Vec<usize>,
    trace: Option<usize>,
    span: Option<usize>,
    parent: Option<usize>,
    status: Option<usize>,
    attributes: Vec<(usize, String)>,
}

/// What stands before the attributes of the models' usage.
pub const USAGE: &str = "gen_ai.usage.";

const TIMES: &[&str] = &[
    "startTimeUnixNano",
    "start_time_unix_nano",
    "start_time",
    "startTime",
    "timestamp",
    "time",
];
const TRACES: &[&str] = &["trace_id", "traceId", "context.trace_id"];
const SPANS: &[&str] = &["span_id", "spanId", "context.span_id"];
const PARENTS: &[&str] = &["parent_span_id", "parentSpanId", "parent_id"];
const STATUSES: &[&str] = &[
    "status.code",
    "status.status_code",
    "status_code",
    "statusCode",
];

impl Flat {
    /// Finds the columns. `time` is the one that the user names.
    pub fn find(columns: &Columns, time: Option<&String>, wanted: &Wanted<'_>) -> Flat {
        let position = |name: &str| columns.header.find(name).and_then(Result::ok);
        let first = |names: &[&str]| names.iter().find_map(|name| position(name));
        let names = columns.header.names();
        let prefix = names.iter().find_map(|name| {
            let at = name.to_lowercase().find(USAGE)?;
            name.get(..at)
        });
        let prefix = prefix.unwrap_or("");
        let own = |(at, name): (usize, &String)| {
            let bare = name.strip_prefix(prefix).unwrap_or(name);
            let found = [bare, name].into_iter().find(|name| wanted(name))?;
            Some((at, found.to_string()))
        };
        Flat {
            time: match time {
                Some(name) => position(name).into_iter().collect(),
                None => TIMES.iter().filter_map(|name| position(name)).collect(),
            },
            trace: first(TRACES),
            span: first(SPANS),
            parent: first(PARENTS),
            status: first(STATUSES),
            attributes: names.iter().enumerate().filter_map(own).collect(),
        }
    }

    /// The span of a row.
    pub fn span<'a>(&'a self, columns: &Columns, file: &Arc<str>, row: &'a Row) -> Timed<'a> {
        let text = |column: Option<usize>| row.filled(column?);
        let trace = text(self.trace).unwrap_or("");
        let key = |column| SpanKey::of(trace, text(column).unwrap_or(""));
        let own = self.attributes.iter().filter_map(|(column, name)| {
            let text = row.filled(*column).filter(|text| is_filled(name, text))?;
            Some((Cow::Borrowed(name.as_str()), Cow::Borrowed(text)))
        });
        let time = self.time.iter().copied();
        let time = time.clone().find(|column| row.filled(*column).is_some());
        let instant = match time {
            None => Err(Problem::new(&catalogue::MISSING_VALUE, "the span has no time")
                .at(Place::line(file, row.line()))
                .help(format!(
                    "it is read from {}; say columns = {{ time = \"…\" }} in its [[input]] entry of tanso.toml if it has another name",
                    TIMES.join(", ")
                ))),
            Some(column) => match row.filled(column).filter(|text| text.len() >= 18) {
                Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => nanoseconds(text)
                    .ok_or_else(|| {
                        let message = "the time is not one in nanoseconds";
                        columns.problem(&catalogue::NOT_A_TIME, row, column, message)
                    }),
                _ => rows::stamp(columns, row, column),
            },
        };
        let span = Span {
            place: Place::line(file, row.line()),
            key: key(self.span),
            parent: key(self.parent),
            ids: text(self.span).map(|id| format!("{trace} {id}")),
            error: text(self.status).is_some_and(is_error),
            attributes: own.collect(),
        };
        (span, instant)
    }
}
