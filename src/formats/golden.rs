//! Records as JSON in the shape of the golden files, so that one test runner serves every format.
//!
//! `fixtures/formats/README.md` describes the shape. Every number of money or quantity is a string,
//! printed exactly. Only what is null, false or empty is left out, so that comparing whole values
//! tests every field.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CachedTokens, CountSink, Settings, Tally, UsageSink};
use crate::model::counts::ProviderCount;
use crate::model::records::{Charge, ChargeKind, ChargeMeter, CostBasis, Outcome, UsageRecord};
use crate::model::{Currency, DateOrder, Zone};
use crate::problem::{Problem, Problems};

/// Collects the records of a log in golden shape.
#[derive(Debug, Default)]
pub struct UsageRecords {
    /// The records, in the order of the file.
    pub records: Vec<Value>,
    /// What the reader settled about cached tokens at the end, if anything.
    pub settled: Option<bool>,
}

impl UsageSink for UsageRecords {
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem> {
        self.records.push(usage(record));
        Ok(())
    }

    fn settle_cached_inside(&mut self, inside: bool) {
        self.settled = Some(inside);
    }
}

/// Collects the counts of a provider's usage export in golden shape.
#[derive(Debug, Default)]
pub struct Counts {
    /// The counts, in the order of the file.
    pub counts: Vec<Value>,
}

impl CountSink for Counts {
    fn take(&mut self, count: &ProviderCount<'_>) {
        self.counts.push(provider_count(count));
    }
}

/// Leaves out what is null, false or empty.
fn compact(value: Value) -> Value {
    let Value::Object(map) = value else {
        return value;
    };
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    let fields = map.into_iter().filter(|(_, value)| says_something(value));
    Value::Object(fields.collect())
}

/// The settings that a golden file states, `None` if one of them cannot be read.
pub fn settings(value: &Value) -> Option<Settings> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let columns = value.get("columns").and_then(Value::as_object);
    let dimensions = value.get("dimensions").and_then(Value::as_array);
    let cached_tokens = match text("cached_tokens") {
        None => None,
        Some("inside input") => Some(CachedTokens::Inside),
        Some("beside input") => Some(CachedTokens::Beside),
        Some(_) => return None,
    };
    let zone = match text("zone") {
        None => None,
        Some(name) => Some(Zone::parse(name)?),
    };
    let currency = match text("currency") {
        None => None,
        Some(code) => Some(Currency::parse(code)?),
    };
    let cost_basis = match text("cost_basis") {
        None => CostBasis::default(),
        Some(word) => CostBasis::parse(word)?,
    };
    let date_order = match text("date_format") {
        None => None,
        Some(order) => Some(DateOrder::parse(order)?),
    };
    let mut named = BTreeMap::new();
    for (field, column) in columns.into_iter().flatten() {
        named.insert(field.clone(), column.as_str()?.to_string());
    }
    let dimensions = dimensions.into_iter().flatten();
    Some(Settings {
        calendar: None,
        columns: named,
        cached_tokens,
        zone,
        provider: text("provider").map(str::to_string),
        billed_by: None,
        currency,
        decimal_comma: value.get("decimal_comma").and_then(Value::as_bool),
        date_order,
        dimensions: dimensions
            .filter_map(|name| name.as_str().map(str::to_string))
            .collect(),
        cost_basis,
    })
}

/// Charges of a bill, in the order of the file.
pub fn charges(charges: &[Charge]) -> Value {
    charges.iter().map(charge).collect()
}

fn charge(charge: &Charge) -> Value {
    let meter = match &charge.meter {
        ChargeMeter::All => json!("all"),
        ChargeMeter::Is(meter) => json!(meter.name()),
        ChargeMeter::Item(item) => json!({ "item": item }),
    };
    let kind = match charge.kind {
        ChargeKind::Usage => "usage",
        ChargeKind::Credit => "credit",
        ChargeKind::Tax => "tax",
        ChargeKind::Rounding => "rounding",
        ChargeKind::IdleCommitment => "idle_commitment",
    };
    let scopes: Vec<Value> = charge
        .scopes
        .iter()
        .map(|scope| json!([scope.namespace, scope.id, scope.dimension]))
        .collect();
    compact(json!({
        "provider": charge.provider,
        "start": charge.start.to_string(),
        "end": charge.end.to_string(),
        "amount": charge.amount,
        "places": charge.written_places,
        "currency": charge.currency,
        "scopes": scopes,
        "model": charge.model,
        "meter": meter,
        "tier": charge.tier,
        "kind": kind,
        "quantity": charge.quantity,
        "item": charge.item,
        "line": charge.origin.line,
    }))
}

/// One usage record.
pub fn usage(record: &UsageRecord<'_>) -> Value {
    let quantities: serde_json::Map<String, Value> = record
        .quantities
        .iter()
        .map(|(meter, quantity)| (meter.name().to_string(), json!(quantity)))
        .collect();
    let cost = record
        .reported_cost
        .map(|(amount, currency)| format!("{amount} {currency}"));
    let outcome = match record.outcome {
        Outcome::Served => "served",
        Outcome::Failed => "failed",
        Outcome::GatewayCached => "gateway cached",
    };
    compact(json!({
        "instant": record.instant.to_string(),
        "source": record.source,
        "feature": record.feature,
        "provider": record.provider,
        "model": record.model,
        "tier": record.tier,
        "quantities": quantities,
        "requests": record.requests,
        "aggregate": !record.single_request,
        "cost": cost,
        "request_id": record.request_id,
        "outcome": outcome,
        "dimensions": record.dimensions,
        "cached_open": record.cached_open,
        "line": record.line,
    }))
}

/// One count of a provider's usage export.
pub fn provider_count(count: &ProviderCount<'_>) -> Value {
    let quantities: serde_json::Map<String, Value> = count
        .quantities
        .iter()
        .map(|(meter, quantity)| (meter.name().to_string(), json!(quantity)))
        .collect();
    let context = count.band.map(|band| match band.threshold() {
        None => "base".to_string(),
        Some(threshold) => format!("beyond {threshold}"),
    });
    compact(json!({
        "provider": count.provider,
        "report": count.report,
        "start": count.start.to_string(),
        "scopes": count.scopes,
        "model": count.model,
        "tier": count.tier,
        "context": context,
        "quantities": quantities,
        "requests": count.requests,
        "line": count.line,
    }))
}

/// What became of the rows.
pub fn tally(tally: &Tally) -> Value {
    let remarks: Vec<Value> = tally
        .remarks
        .iter()
        .map(
            |remark| json!({ "code": remark.entry.code, "text": remark.text, "rows": remark.rows }),
        )
        .collect();
    compact(json!({
        "read": tally.read,
        "used": tally.used,
        "skipped": tally.skipped,
        "covers": tally.covers.map(|(start, end)| [start.to_string(), end.to_string()]),
        "remarks": remarks,
    }))
}

/// The kept problems: code, line and field of each.
pub fn problems(problems: &Problems) -> Value {
    let one = |problem: &crate::problem::Problem| {
        let place = problem.place.as_ref();
        compact(json!({
            "code": problem.entry.code,
            "line": place.and_then(|place| place.line),
            "column": place.and_then(|place| place.column),
        }))
    };
    problems.kept().iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::formats::{self, Format, Reader, Sample};
    use crate::scan::{self, Body, How};

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The format that a file is taken for, and its content.
    fn opened(file: &Path, name: &str) -> (Option<&'static str>, Body) {
        let mut opened = scan::open(file, name, &How::default()).expect("the file is readable");
        let opened = opened.pop().expect("one table or document");
        let format = formats::detect(&Sample {
            header: &opened.peek.header,
            rows: &opened.peek.rows,
            text: &opened.peek.text,
            file_name: name,
        });
        (format.map(|format| format.name), opened.body)
    }

    /// What the reader makes of a file, in the shape of an expectation.
    fn read(format: &Format, name: &str, body: Body, said: &Settings) -> Value {
        let mut found = Problems::default();
        let mut result = json!({});
        let sums = match (format.read, body) {
            (Reader::Usage(read), Body::Table(mut source)) => {
                let mut records = UsageRecords::default();
                let sums = read(&mut *source, said, &mut records, &mut found);
                result["usage"] = Value::Array(records.records);
                if let Some(inside) = records.settled {
                    result["settled_inside"] = json!(inside);
                }
                sums
            }
            (Reader::Bill(read), Body::Table(mut source)) => {
                let mut bill = Vec::new();
                let sums = read(&mut *source, said, &mut bill, &mut found);
                result["charges"] = charges(&bill);
                sums
            }
            (Reader::ProviderUsage(read), Body::Table(mut source)) => {
                let mut kept = Counts::default();
                let sums = read(&mut *source, said, &mut kept, &mut found);
                result["counts"] = Value::Array(kept.counts);
                sums
            }
            _ => panic!("{name} is not laid out as its format"),
        };
        result["tally"] = tally(&sums);
        if !found.is_empty() {
            result["problems"] = problems(&found);
        }
        result
    }

    #[test]
    fn usage_and_bill_fixtures_are_read_as_expected() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
        let mut cases = 0;
        for format in formats::FORMATS {
            if matches!(format.read, Reader::Revenue(_)) {
                continue;
            }
            for file in files(&root.join(format.name)) {
                let name = file.file_name().and_then(|name| name.to_str()).unwrap();
                let Some((case, _)) = name.rsplit_once('.') else {
                    continue;
                };
                if case.ends_with(".expected") {
                    continue;
                }
                let (detected, body) = opened(&file, name);
                let expected = file.with_file_name(format!("{case}.expected.json"));
                let expected = std::fs::read_to_string(expected).expect("an expectation");
                let mut expected: Value = serde_json::from_str(&expected).expect("valid JSON");
                let keys = expected.as_object_mut().unwrap();
                let said = keys.remove("settings").unwrap_or_default();
                let said = settings(&said).expect("readable settings");
                if keys.remove("forced").is_none() {
                    assert_eq!(detected, Some(format.name), "{name}");
                }
                let read = read(format, name, body, &said);
                assert_eq!(
                    serde_json::to_string_pretty(&read).unwrap(),
                    serde_json::to_string_pretty(&expected).unwrap(),
                    "{}: {name}",
                    format.name
                );
                cases += 1;
            }
        }
        assert!(cases >= 30, "only {cases} cases were found");
    }
}
