//! Tags of cloud bills: JSON text in one cell, or columns of their own, as ids that may name a
//! customer.
//!
//! A tag `team: search` becomes the scope `search` in the namespace `tag:team`. Nothing of a tag
//! cell is shown in messages: tags hold names of people and projects.

use serde_json::Value;

use crate::formats::fields::{Columns, word};
use crate::model::records::Scope;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::Row;

/// Where a file keeps its tags.
#[derive(Clone, Debug, Default)]
pub struct TagColumns {
    /// Columns of JSON objects.
    json: Vec<usize>,
    /// Columns of one tag each, with the tag's key.
    single: Vec<(usize, String)>,
    /// Marks of user-made tags before the key, which are not part of it.
    marks: &'static [&'static str],
}

impl TagColumns {
    /// Finds the columns: `json` by their names, those of one tag each by the beginnings `single`.
    /// `marks` are removed from the keys.
    pub fn find(
        columns: &Columns,
        json: &[&str],
        single: &[&str],
        marks: &'static [&'static str],
        problems: &mut Problems,
    ) -> TagColumns {
        let json: Vec<usize> = json
            .iter()
            .filter_map(|name| columns.optional(&[name], problems))
            .collect();
        let names = columns.header.names().iter().enumerate();
        let single = names
            .filter(|(column, _)| !json.contains(column))
            .filter_map(|(column, name)| {
                let key = single.iter().find_map(|start| after(name, start))?;
                (!key.is_empty()).then(|| (column, unmarked(key, marks).to_string()))
            })
            .collect();
        TagColumns {
            json,
            single,
            marks,
        }
    }

    /// Adds the row's tags.
    ///
    /// # Errors
    /// A cell that is no JSON object of plain values.
    pub fn scopes(
        &self,
        columns: &Columns,
        row: &Row,
        into: &mut Vec<Scope>,
    ) -> Result<(), Problem> {
        for (column, key) in &self.single {
            if let Some(value) = word(row, Some(*column)) {
                into.push(scope(key, value));
            }
        }
        for column in &self.json {
            let Some(text) = word(row, Some(*column)) else {
                continue;
            };
            let fault = |entry, what: &str| {
                let message = format!("{} {what}", columns.header.name(*column));
                columns.problem(entry, row, *column, message).excerpt("")
            };
            let Ok(Value::Object(tags)) = serde_json::from_str(text) else {
                return Err(fault(&catalogue::BAD_JSON, "is no JSON object")
                    .help("tags are written {\"team\": \"search\"}"));
            };
            for (key, value) in &tags {
                let value = match value {
                    Value::String(text) => text.trim().to_string(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(flag) => flag.to_string(),
                    Value::Null => continue,
                    Value::Array(_) | Value::Object(_) => {
                        let what = "has a tag that is neither text nor number";
                        return Err(fault(&catalogue::BAD_VALUE, what));
                    }
                };
                if !value.is_empty() {
                    into.push(scope(unmarked(key, self.marks), &value));
                }
            }
        }
        Ok(())
    }
}

fn scope(key: &str, value: &str) -> Scope {
    Scope {
        namespace: format!("tag:{key}"),
        id: value.to_string(),
        dimension: "tag",
    }
}

fn unmarked<'k>(key: &'k str, marks: &[&str]) -> &'k str {
    marks
        .iter()
        .find_map(|mark| key.strip_prefix(mark))
        .filter(|bare| !bare.is_empty())
        .unwrap_or(key)
}

/// What follows a beginning, in any case.
fn after<'n>(name: &'n str, start: &str) -> Option<&'n str> {
    let head = name.get(..start.len())?;
    head.eq_ignore_ascii_case(start)
        .then(|| &name[start.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Settings;
    use crate::formats::testing::table;
    use crate::scan::RowSource;

    fn tags(text: &str) -> Result<Vec<String>, &'static str> {
        let mut source = table("b.csv", text);
        let columns = Columns::of(&source, &Settings::default(), None);
        let mut problems = Problems::default();
        let found = TagColumns::find(
            &columns,
            &["Tags"],
            &["resourceTags/"],
            &["user:"],
            &mut problems,
        );
        let mut row = Row::default();
        assert!(source.next_row(&mut row, &mut problems));
        let mut scopes = Vec::new();
        match found.scopes(&columns, &row, &mut scopes) {
            Ok(()) => Ok(scopes
                .iter()
                .map(|scope| format!("{}={}", scope.namespace, scope.id))
                .collect()),
            Err(problem) => Err(problem.entry.code),
        }
    }

    #[test]
    fn tags_come_from_json_and_from_columns() {
        assert_eq!(
            tags("Tags,resourceTags/user:team\n\"{\"\"env\"\":\"\"prod\"\",\"\"n\"\":7,\"\"user:x\"\":\"\" y \"\",\"\"none\"\":null,\"\"blank\"\":\"\"\"\"}\",search\n").unwrap(),
            ["tag:team=search", "tag:env=prod", "tag:n=7", "tag:x=y"]
        );
        let nothing: [&str; 0] = [];
        assert_eq!(tags("Tags\nNULL\n").unwrap(), nothing);
        assert_eq!(tags("Tags\n{}\n").unwrap(), nothing);
    }

    #[test]
    fn what_is_no_object_of_plain_values_is_refused() {
        assert_eq!(tags("Tags\nteam=search\n"), Err("T3018"));
        assert_eq!(tags("Tags\n\"[\"\"team\"\"]\"\n"), Err("T3018"));
        assert_eq!(
            tags("Tags\n\"{\"\"team\"\":{\"\"a\"\":1}}\"\n"),
            Err("T3029")
        );
    }
}
