//! `--by` and `--where`: names to dimensions, and filters that nothing passes.

use std::collections::BTreeSet;

use super::args::Shared;
use super::run::Run;
use crate::formats::Kind;
use crate::margin::{Dimension, Filter, Statement};
use crate::model::rollup as layout;
use crate::problem::{Problem, catalogue};
use crate::revenue::Basis;

/// The dimensions that are ours; any other name is an attribute of the mapping or a column of the
/// log.
const OURS: &[&str] = &[
    "customer", "month", "week", "day", "plan", "segment", "kind", "feature", "provider", "model",
    "basis", "tier",
];

impl Run {
    /// The dimensions of a list of names.
    ///
    /// # Errors
    /// A name that is no dimension.
    pub fn dimensions(&self, names: &[String]) -> Result<Vec<Dimension>, Problem> {
        if names.len() > 8 {
            return Err(Problem::new(
                &catalogue::BAD_OPTION,
                "--by takes at most 8 dimensions",
            ));
        }
        let mut dimensions = Vec::new();
        for name in names {
            let dimension = self.dimension(name)?;
            if !dimensions.contains(&dimension) {
                dimensions.push(dimension);
            }
        }
        Ok(dimensions)
    }

    fn dimension(&self, name: &str) -> Result<Dimension, Problem> {
        let known = match name.trim() {
            "customer" => Dimension::Customer,
            "month" => Dimension::Month,
            "week" => Dimension::Week,
            "day" => Dimension::Day,
            "feature" => Dimension::Feature,
            "provider" => Dimension::Provider,
            "model" => Dimension::Model,
            "basis" => Dimension::Basis,
            "tier" => Dimension::Tier,
            name @ ("plan" | "segment" | "kind") => Dimension::Attribute(name.into()),
            other => {
                let attributes = self
                    .identity
                    .mapping()
                    .map(|m| m.attribute_names())
                    .unwrap_or_default();
                let folded = other.to_lowercase();
                if attributes.contains(folded.as_str()) {
                    return Ok(Dimension::Attribute(folded));
                }
                let at = self.columns.iter().position(|name| name == other);
                let seen = |at: usize| {
                    self.books
                        .usage
                        .iter()
                        .any(|cell| cell.dimensions[at].is_some())
                };
                return match at.filter(|at| seen(*at)) {
                    Some(at) => Ok(Dimension::Usage(other.into(), at)),
                    None => Err(self.no_dimension(other, &attributes)),
                };
            }
        };
        Ok(known)
    }

    fn no_dimension(&self, name: &str, attributes: &BTreeSet<&str>) -> Problem {
        let mut known = OURS.to_vec();
        known.extend(
            attributes
                .iter()
                .copied()
                .filter(|name| !OURS.contains(name)),
        );
        Problem::new(
            &catalogue::BAD_OPTION,
            format!(
                "{name:?} is no dimension: no attribute of the mapping and no column of the log"
            ),
        )
        .help(format!(
            "dimensions: {}, or any column of the usage log",
            known.join(", ")
        ))
    }

    /// The filters of `--where`.
    ///
    /// # Errors
    /// A filter that is not understood.
    pub fn filters(&self, texts: &[String]) -> Result<Vec<Filter>, Problem> {
        let parse = |text: &String| {
            let (name, values, negated) = split_filter(text)?;
            let dimension = self.dimension(name)?;
            // An id may itself hold a comma.
            let values = match self.identity.by_key(values.trim()) {
                Some(_) => vec![values.trim().to_string()],
                None => values
                    .split(',')
                    .map(|value| value.trim().to_string())
                    .collect(),
            };
            Ok(Filter {
                values: match dimension {
                    Dimension::Model => self.same_models(values),
                    _ => values,
                },
                dimension,
                negated,
            })
        };
        texts.iter().map(parse).collect()
    }

    /// Filters that tell customers apart; `what` cannot be limited to days or models.
    ///
    /// # Errors
    /// A filter that is not understood, or one of another dimension.
    pub fn filters_of_parties(&self, texts: &[String], what: &str) -> Result<Vec<Filter>, Problem> {
        let filters = self.filters(texts)?;
        match filters.iter().find(|one| !one.dimension.is_of_party()) {
            None => Ok(filters),
            Some(filter) => {
                let message = format!("{what} cannot be limited by {}", filter.dimension.name());
                Err(Problem::new(&catalogue::BAD_OPTION, message).help(
                    "limit it by customer, plan, segment or another attribute of the mapping",
                ))
            }
        }
    }

    /// Refuses a period in which nothing lies: most likely the wrong month.
    ///
    /// # Errors
    /// If there is neither cost, usage nor revenue.
    pub fn some_fact(&self, filters: &[Filter], statement: &Statement) -> Result<(), Problem> {
        let nothing = statement.rows.is_empty() && statement.unattributed_rows.is_empty();
        let costs = [Kind::Usage, Kind::Bill, Kind::ProviderUsage];
        let bare = statement.by.iter().find(|by| !by.has_revenue());
        if let Some(dimension) = bare.filter(|_| nothing && !self.revenue.is_empty())
            && !costs.iter().any(|kind| self.books.has(*kind))
        {
            let name = dimension.name();
            let message = format!(
                "revenue has no {name}, and no usage log or bill was read, which --by {name} needs"
            );
            return Err(Problem::new(&catalogue::WRONG_KIND, message).help(
                "pass a usage log or a provider's bill too, or report --by customer, plan or month",
            ));
        }
        if !nothing || !filters.is_empty() || self.some_revenue() {
            return Ok(());
        }
        let rate = self.revenue.basis == Basis::Mrr && !self.books.records.subscriptions.is_empty();
        if rate && self.revenue.obligations.is_empty() {
            let message = "no file says the price of a subscription that counts in the period";
            return Err(Problem::new(&catalogue::NOTHING_IN_PERIOD, message)
                .help("pass Stripe's prices.csv, or the tables subscription_items and prices"));
        }
        let covers: Vec<String> = self
            .books
            .files
            .iter()
            .filter_map(|file| {
                let (first, last) = file.span(self.zone)?;
                Some(format!("{} covers {first} to {last}", file.path()))
            })
            .collect();
        let message = format!("nothing lies in {}", self.period.title());
        Err(Problem::new(&catalogue::NOTHING_IN_PERIOD, message).help(covers.join("; ")))
    }

    /// Whether something of revenue lies in the period, though it may come to nothing: an invoice
    /// paid and refunded, a free month.
    fn some_revenue(&self) -> bool {
        let start = self.zone.start_of(self.period.start);
        let end = self.zone.start_of(self.period.end);
        let mut lines = self.revenue.obligations.iter();
        lines.any(|line| {
            let (first, last) = line.schedule.span();
            first < end && last >= start
        })
    }

    /// Refuses filters that nothing passes: most likely a misspelled value.
    ///
    /// # Errors
    /// If there are filters and no row.
    pub fn some_row(&self, filters: &[Filter], statement: &Statement) -> Result<(), Problem> {
        if filters.is_empty()
            || !statement.rows.is_empty()
            || !statement.unattributed_rows.is_empty()
        {
            return Ok(());
        }
        let text: Vec<String> = filters
            .iter()
            .map(|filter| {
                let sign = if filter.negated { "!=" } else { "=" };
                format!(
                    "{}{sign}{}",
                    filter.dimension.name(),
                    filter.values.join(",")
                )
            })
            .collect();
        let problem = Problem::new(&catalogue::BAD_OPTION, "no row passes the filters")
            .excerpt(text.join(" "));
        let by_customer = filters
            .iter()
            .find(|filter| filter.dimension == Dimension::Customer);
        let Some(wanted) = by_customer.and_then(|filter| filter.values.first()) else {
            return Err(
                problem.help("values are compared byte for byte; tanso report --by DIM lists them")
            );
        };
        let likeness = |key: &str| (strsim::jaro_winkler(wanted, key) * 1000.0) as u64;
        let nearest = self.identity.parties().iter().max_by_key(|party| {
            let name = party.name.as_deref().map_or(0, likeness);
            likeness(&party.key).max(name)
        });
        let nearest = nearest.map_or(String::new(), |party| {
            format!("; the nearest is {:?}", party.key)
        });
        Err(problem.help(format!(
            "customers are named by their id, not their name{nearest}"
        )))
    }
}

fn split_filter(text: &str) -> Result<(&str, &str, bool), Problem> {
    if let Some((name, values)) = text.split_once("!=") {
        return Ok((name.trim(), values, true));
    }
    if let Some((name, values)) = text.split_once('=') {
        return Ok((name.trim(), values, false));
    }
    Err(Problem::new(
        &catalogue::BAD_OPTION,
        "--where needs DIM=VALUE or DIM!=VALUE",
    )
    .excerpt(text)
    .help("write --where customer=acme, or --where plan!=free,trial"))
}

/// Names in `--by` and `--where` that may be columns of the log.
pub fn usage_dimensions(shared: &Shared, by: &[String]) -> Vec<String> {
    let mut names = asked_for(shared, by);
    names.retain(|name| !OURS.contains(&name.as_str()));
    names.into_iter().collect()
}

/// Refuses names of log columns that a rollup could not keep under their own names.
///
/// # Errors
/// The first such name.
pub fn names_to_keep(names: &[String]) -> Result<(), Problem> {
    let taken = |name: &&String| {
        let name = name.trim();
        OURS.contains(&name) || layout::columns().contains(&name)
    };
    let Some(name) = names.iter().find(taken) else {
        return Ok(());
    };
    let message = format!("--keep: every rollup or report has its own {name:?}");
    Err(Problem::new(&catalogue::BAD_OPTION, message)
        .help("leave it out, or give the column of the log another name"))
}

/// Whether rows or filters tell features apart.
pub fn needs_features(shared: &Shared, by: &[String]) -> bool {
    asked_for(shared, by).contains("feature")
}

/// The names in `--by` and `--where`.
fn asked_for(shared: &Shared, by: &[String]) -> BTreeSet<String> {
    let filters = shared
        .filters
        .iter()
        .filter_map(|text| split_filter(text).ok());
    by.iter()
        .map(|name| name.trim().to_string())
        .chain(filters.map(|(name, _, _)| name.to_string()))
        .collect()
}
