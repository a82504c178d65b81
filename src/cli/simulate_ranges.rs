//! Ranges in a scenario, `99..199:10`: one scenario for each value, all combinations of several.

use super::simulate_file::ScenarioFile;
use crate::model::Exact;
use crate::problem::Problem;

/// More scenarios than this are refused.
const MOST: usize = 10_000;

/// A scenario without ranges, and the values that stand in their places.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The scenario.
    pub file: ScenarioFile,
    /// One value per range, as it would be written.
    pub values: Vec<String>,
}

/// A range with the text around it.
struct Range {
    before: String,
    text: String,
    after: String,
    points: Vec<String>,
}

/// Every scenario that a file with ranges stands for; the file itself where it has none.
///
/// # Errors
/// A range that is not understood, and too many scenarios.
pub fn expand(file: &ScenarioFile) -> Result<Vec<Expanded>, Problem> {
    let mut open = vec![Expanded {
        file: file.clone(),
        values: Vec::new(),
    }];
    loop {
        let mut next = Vec::new();
        for one in &open {
            next.extend(step(one)?);
            if next.len() > MOST {
                let message = format!("the ranges make more than {MOST} scenarios");
                let text = file.name.clone().unwrap_or_default();
                return Err(file
                    .fault(&text, message)
                    .help("choose larger steps or fewer ranges"));
            }
        }
        let done = next.len() == open.len() && next[0].values.len() == open[0].values.len();
        open = next;
        if done {
            return Ok(open);
        }
    }
}

/// Puts the values of the first range into a scenario.
fn step(one: &Expanded) -> Result<Vec<Expanded>, Problem> {
    let mut probe = one.file.clone();
    let texts: Vec<String> = probe
        .values_mut()
        .into_iter()
        .map(|text| text.clone())
        .collect();
    let Some((at, text)) = texts
        .iter()
        .enumerate()
        .find(|(_, text)| text.contains(".."))
    else {
        return Ok(vec![one.clone()]);
    };
    let range = range(text).map_err(|why| {
        one.file
            .fault(text, format!("a range is not understood: {why}"))
            .help("write the first value, the last and the step: 99..199:10 or +10%..+30%:5%")
    })?;
    let with = |point: &String| {
        let mut file = one.file.clone();
        if let Some(value) = file.values_mut().into_iter().nth(at) {
            *value = format!("{}{point}{}", range.before, range.after);
        }
        let name = file.name.take().unwrap_or_default();
        file.name = Some(match name.contains(&range.text) {
            true => name.replacen(&range.text, point, 1),
            false => format!("{name} {point}"),
        });
        let mut values = one.values.clone();
        values.push(point.clone());
        Expanded { file, values }
    };
    Ok(range.points.iter().map(with).collect())
}

/// Takes a text apart.
fn range(text: &str) -> Result<Range, String> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | '%');
    let dots = text.find("..").unwrap_or_default();
    let start = text[..dots].rfind(|c| !is_number(c)).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let rest = &text[dots + 2..];
    let (last, tail) = rest.split_once(':').ok_or("there is no step")?;
    let end = tail.find(|c| !is_number(c)).unwrap_or(tail.len());
    let (step, after) = tail.split_at(end);
    let first = &text[start..dots];
    let percent = first.ends_with('%');
    let signed = first.starts_with(['+', '-']);
    let number = |text: &str| {
        if text.ends_with('%') != percent {
            return Err("its numbers are not all percentages".to_string());
        }
        let text = text.strip_suffix('%').unwrap_or(text);
        Exact::parse(text).map_err(|why| format!("{text:?}: {}", why.reason()))
    };
    let (from, to) = (number(first)?, number(last)?);
    let by = number(match (percent, step.ends_with('%')) {
        (true, false) => return Err("its step is no percentage".into()),
        _ => step,
    })?;
    if !by.is_positive() {
        return Err("its step is not above 0".into());
    }
    if from > to {
        return Err("its last value is below the first".into());
    }
    let mut points = Vec::new();
    let mut value = from;
    while value <= to {
        let sign = if signed && !value.is_negative() {
            "+"
        } else {
            ""
        };
        let unit = if percent { "%" } else { "" };
        points.push(format!("{sign}{value}{unit}"));
        value += by;
        if points.len() > MOST {
            return Err(format!("it has more than {MOST} values"));
        }
    }
    Ok(Range {
        before: text[..start].to_string(),
        text: format!("{first}..{last}:{step}"),
        after: after.to_string(),
        points,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::simulate_file::{PlanEntry, UsageEntry};

    fn points(text: &str) -> Vec<String> {
        let range = range(text).unwrap();
        let around = |point| format!("{}{point}{}", range.before, range.after);
        range.points.iter().map(around).collect()
    }

    #[test]
    fn values_of_a_range() {
        assert_eq!(points("99..119:10"), ["99", "109", "119"]);
        assert_eq!(points("99..118.9:10/month"), ["99/month", "109/month"]);
        assert_eq!(
            points("1000..2000:500 requests"),
            ["1000 requests", "1500 requests", "2000 requests"]
        );
        assert_eq!(points("-5%..+5%:5%"), ["-5%", "+0%", "+5%"]);
        assert_eq!(points("0.01..0.03:0.01"), ["0.01", "0.02", "0.03"]);
        for text in [
            "1..2", "1..2:0", "2..1:1", "1%..2:1", "1%..2%:1", "a..b:c", "1..2:-1",
        ] {
            assert!(range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_ranges_are_combined() {
        let file = ScenarioFile {
            name: Some("pro=10..20:10 +0%..+10%:5%".into()),
            plan: vec![PlanEntry {
                plan: "pro".into(),
                price: Some("10..20:10".into()),
                ..PlanEntry::default()
            }],
            usage: vec![UsageEntry {
                change: "+0%..+10%:5%".into(),
                ..UsageEntry::default()
            }],
            ..ScenarioFile::default()
        };
        let all = expand(&file).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[4].file.name.as_deref(), Some("pro=20 +5%"));
        assert_eq!(all[4].values, ["20", "+5%"]);
        assert_eq!(all[4].file.plan[0].price.as_deref(), Some("20"));
    }
}
