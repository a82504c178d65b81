//! The limits of `tanso check`: options first, then `[gate]` of the project file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::check_args::CheckArgs;
use super::controls;
use super::percent::percent;
use super::project::Project;
use crate::gate::Limits;
use crate::model::{Exact, names};
use crate::problem::{Problem, Problems, catalogue};

/// `[gate]` of the project file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateEntry {
    /// Least gross margin of the total.
    pub min_margin: Option<String>,
    /// Largest part of the cost without a customer.
    pub max_unattributed: Option<String>,
    /// Largest part of revenue, and of cost, at ids without a customer.
    pub max_unmapped: Option<String>,
    /// Most models without a price.
    pub max_unpriced: Option<u64>,
    /// Largest gap of every provider, or provider → gap.
    pub max_gap: Option<GapEntry>,
    /// Most new loss makers.
    pub new_loss_makers: Option<u64>,
    /// A saved report that says who lost money before, relative to the project file.
    pub against: Option<String>,
    /// Most days at the end without data.
    pub max_stale_days: Option<u64>,
    /// Most days before that without data.
    pub max_missing_days: Option<u64>,
    /// Whether bills must be final.
    #[serde(default)]
    pub require_final: bool,
    /// Provider → what its bill must be.
    #[serde(default)]
    pub expect_bill: BTreeMap<String, String>,
    /// What the revenue must be.
    pub expect_revenue: Option<String>,
}

/// `max_gap`: of every provider, or of single ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum GapEntry {
    /// Of every provider.
    All(String),
    /// Of single ones.
    Of(BTreeMap<String, String>),
}

/// Reads every limit.
///
/// # Errors
/// All that are not understood, or that there is none: a check that cannot fail is none.
pub fn limits(args: &CheckArgs, project: Option<&Project>) -> Result<Limits, Problems> {
    let none = GateEntry::default();
    let stated = project.map_or(&none, |project| &project.gate);
    let mut read = Reader {
        project,
        problems: Problems::default(),
    };
    let shared = &args.shared;
    let mut limits = Limits {
        min_margin: read.percent("min_margin", &args.min_margin, &stated.min_margin),
        max_unattributed: read.percent(
            "max_unattributed",
            &args.max_unattributed,
            &stated.max_unattributed,
        ),
        max_unmapped: read.percent("max_unmapped", &args.max_unmapped, &stated.max_unmapped),
        max_unpriced: args.max_unpriced.or(stated.max_unpriced),
        max_gap: None,
        max_gap_of: BTreeMap::new(),
        new_loss_makers: args.new_loss_makers.or(stated.new_loss_makers),
        max_stale_days: args.max_stale_days.or(stated.max_stale_days),
        max_missing_days: args.max_missing_days.or(stated.max_missing_days),
        final_bills: args.require_final || stated.require_final,
        expect_bill: BTreeMap::new(),
        expect_revenue: None,
    };
    read.gaps(&args.max_gap, &stated.max_gap, &mut limits);
    for (provider, amount) in &stated.expect_bill {
        let parsed = read.amount("expect_bill", amount);
        let of = parsed.map(|amount| (names::provider(provider), amount));
        limits.expect_bill.extend(of);
    }
    for text in &shared.expect_bill {
        match controls::bill_total(text) {
            Ok((provider, amount)) => {
                limits.expect_bill.insert(provider, amount);
            }
            Err(problem) => read.problems.push(problem),
        }
    }
    let revenue = stated.expect_revenue.as_ref();
    limits.expect_revenue = revenue.and_then(|amount| read.amount("expect_revenue", amount));
    if let Some(text) = &shared.expect_revenue {
        match controls::revenue_total(text) {
            Ok(amount) => limits.expect_revenue = Some(amount),
            Err(problem) => read.problems.push(problem),
        }
    }
    if !read.problems.is_empty() {
        return Err(read.problems);
    }
    if limits.is_empty() {
        let message = "no gate is set, so nothing could fail";
        let problem = Problem::new(&catalogue::BAD_OPTION, message);
        return Err(problem
            .help("write [gate] min_margin = \"60%\" in tanso.toml, or say --min-margin 60%; tanso check --help lists the gates")
            .into());
    }
    Ok(limits)
}

struct Reader<'p> {
    project: Option<&'p Project>,
    problems: Problems,
}

impl Reader<'_> {
    /// A percentage of an option, else of the project file.
    fn percent(
        &mut self,
        key: &str,
        option: &Option<String>,
        stated: &Option<String>,
    ) -> Option<Exact> {
        let (text, in_file) = match (option, stated) {
            (Some(text), _) => (text, false),
            (None, Some(text)) => (text, true),
            (None, None) => return None,
        };
        self.ratio(key, text, in_file)
    }

    fn ratio(&mut self, key: &str, text: &str, in_file: bool) -> Option<Exact> {
        let margin = key == "min_margin";
        let fits = |ratio: &Exact| *ratio <= Exact::ONE && (margin || !ratio.is_negative());
        let ratio = percent(text).filter(fits);
        if ratio.is_none() {
            let range = match margin {
                true => "of at most 100",
                false => "from 0 to 100",
            };
            self.bad(key, text, in_file, format!("is no percentage {range}"));
        }
        ratio
    }

    fn amount(&mut self, key: &str, text: &str) -> Option<Exact> {
        let parsed = Exact::parse(text.trim());
        if let Err(why) = &parsed {
            self.bad(
                key,
                text,
                true,
                format!("is not a number: {}", why.reason()),
            );
        }
        parsed.ok()
    }

    fn bad(&mut self, key: &str, text: &str, in_file: bool, why: String) {
        let problem = match self.project.filter(|_| in_file) {
            Some(project) => project
                .fault("[gate]", key, text, format!("{key} {why}"))
                .excerpt(text)
                .help("write it in quotes, such as \"60%\" or \"606.00\""),
            None => {
                let option = format!("--{}", key.replace('_', "-"));
                let problem = Problem::new(&catalogue::BAD_OPTION, format!("{option} {why}"));
                problem.excerpt(text).help(format!("write {option} 2%"))
            }
        };
        self.problems.push(problem);
    }

    /// Gaps of the options; of the project file if there are none.
    fn gaps(&mut self, options: &[String], stated: &Option<GapEntry>, limits: &mut Limits) {
        for text in options {
            match text.split_once('=') {
                None => limits.max_gap = self.ratio("max_gap", text, false),
                Some((provider, share)) => {
                    let limit = self.ratio("max_gap", share.trim(), false);
                    let of = limit.map(|limit| (names::provider(provider), limit));
                    limits.max_gap_of.extend(of);
                }
            }
        }
        match stated {
            Some(GapEntry::All(text)) if options.is_empty() => {
                limits.max_gap = self.ratio("max_gap", text, true);
            }
            Some(GapEntry::Of(of)) if options.is_empty() => {
                for (provider, text) in of {
                    let limit = self.ratio("max_gap", text, true);
                    let of = limit.map(|limit| (names::provider(provider), limit));
                    limits.max_gap_of.extend(of);
                }
            }
            _ => {}
        }
    }
}
