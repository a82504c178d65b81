//! `tanso rollup --sql`: the query that folds a table where it is. Columns are those of a sample of the
//! log, or those that the options name.

use std::collections::BTreeMap;

use super::args::{ConflictArg, RollupArgs};
use super::project::Project;
use super::run::project;
use super::{Console, Ended, choices, inputs};
use crate::formats::fields::Columns;
use crate::formats::usage::names::Field;
use crate::formats::usage::{columns::Found, generic};
use crate::formats::{Settings, rows};
use crate::load::{Recognized, recognize};
use crate::model::Zone;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{self, Opened};
use crate::sql::{self, Dialect, Fold};

/// What the table is called if nobody says.
const TABLE: &str = "usage_log";

/// Runs the command.
///
/// # Errors
/// Every problem found.
pub fn run(args: &RollupArgs, dialect: Dialect, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    if shared.on_conflict != ConflictArg::Error {
        let message = "the query refuses request ids that come with different numbers";
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .help("leave --on-conflict out, and choose the rows in --table '(select …)'")
            .into());
    }
    let project = project(shared)?;
    let said = said(&args.column)?;
    let mut problems = Problems::default();
    let fold = match shared.files.is_empty() && !said.is_empty() {
        true => {
            let settings = Settings {
                columns: said.clone(),
                cached_tokens: choices::cached_tokens(shared),
                dimensions: args.keep.clone(),
                ..Settings::default()
            };
            Fold::of_names(&said, &settings, &mut problems)
        }
        false => of_sample(args, project.as_ref(), &said, &mut problems)?,
    };
    let zone = choices::zone(shared, project.as_ref())?;
    let Some(fold) = fold.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    let table = args.table.as_deref().unwrap_or(TABLE);
    let text = sql::query(&fold, dialect, table, zone != Zone::Utc);
    console.out.extend(text.into_bytes());
    Ok(Ended::Fine)
}

/// The columns that `--column` names, by field.
fn said(options: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let mut said = BTreeMap::new();
    for option in options {
        let Some((field, column)) = option.split_once('=') else {
            return Err(
                Problem::new(&catalogue::BAD_OPTION, "--column needs FIELD=COLUMN")
                    .excerpt(option.clone())
                    .help("write --column time=ts"),
            );
        };
        said.insert(field.trim().to_string(), column.trim().to_string());
    }
    Ok(said)
}

/// The columns of the first usage log among the files.
fn of_sample(
    args: &RollupArgs,
    project: Option<&Project>,
    said: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> Result<Option<Fold>, Problems> {
    let mut others = Vec::new();
    for spec in inputs::resolve(&args.shared, project)? {
        for opened in scan::open(&spec.path, &spec.name, &spec.how)? {
            match recognize(spec.format.as_deref(), &opened) {
                Recognized::Format(format) if format.name == generic::FORMAT.name => {
                    let mut settings = spec.settings;
                    settings.columns.extend(said.clone());
                    settings.dimensions = args.keep.clone();
                    return Ok(of_table(&opened, &settings, problems));
                }
                Recognized::Format(format) => {
                    others.push(format!("{} is {}", opened.name, format.name));
                }
                Recognized::Nothing(problem) => return Err(problem.into()),
                Recognized::Mapping | Recognized::Rates => {}
            }
        }
    }
    let message = format!(
        "the query is made for logs in the layout of {}, and none of the files is one",
        generic::FORMAT.name
    );
    Err(Problem::new(&catalogue::WRONG_KIND, message)
        .help(format!(
            "say --column time=… --column customer=… and the quantities; {}",
            others.join("; ")
        ))
        .into())
}

fn of_table(opened: &Opened, settings: &Settings, problems: &mut Problems) -> Option<Fold> {
    let columns = Columns::named(opened.name.clone(), opened.peek.header.clone());
    // Whether times are days is seen in the first row.
    let found = Found::find(&columns, settings, &mut Problems::default());
    let first = opened.peek.rows.iter().find(|row| !row.is_blank());
    let time = found.at(Field::Time).and_then(|at| first?.filled(at));
    Fold::of(&columns, settings, time.map(rows::is_date), problems)
}
