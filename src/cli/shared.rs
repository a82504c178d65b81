//! `[[shared]]` of the project file: costs that no usage tells apart, and how they are divided.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::project::Project;
use crate::attribution::shared::{SharedCost, Source, Split, Tier};
use crate::identity::{Identity, PartyId, PartyKind};
use crate::model::{Exact, Meter, names};
use crate::problem::Problem;

/// One `[[shared]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedEntry {
    /// What it is called in every output.
    pub name: String,
    /// So much a month.
    pub amount: Option<String>,
    /// Or the charges of this provider.
    pub provider: Option<String>,
    /// Or the charges for this item.
    pub item: Option<String>,
    /// The rule for all of it.
    pub split: Option<String>,
    /// The parts of `fixed`.
    #[serde(default)]
    pub weights: BTreeMap<String, String>,
    /// Or rules for parts of it.
    #[serde(default)]
    pub tiers: Vec<TierEntry>,
}

/// One tier.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierEntry {
    /// Where it ends; the last tier has no end.
    pub up_to: Option<String>,
    /// Its rule.
    pub split: String,
    /// The parts of `fixed`.
    #[serde(default)]
    pub weights: BTreeMap<String, String>,
}

/// What is wrong, and what to write instead.
type Fault = (String, &'static str);

const RULES: &str = "rules: even, proportional, fixed with weights, driver:requests, driver:revenue, or driver: and a meter such as driver:output";

/// The shared costs of a project.
///
/// # Errors
/// The first entry that is not understood, with its line.
pub fn costs(project: &Project, identity: &Identity) -> Result<Vec<SharedCost>, Problem> {
    let mut costs: Vec<SharedCost> = Vec::new();
    for entry in &project.shared {
        let cost = cost(entry.get_ref(), identity).and_then(|cost| {
            let same = costs.iter().find(|other| other.name == cost.name);
            let twice = costs.iter().find(|other| {
                other.source == cost.source && !matches!(cost.source, Source::Monthly(_))
            });
            match (same, twice) {
                (Some(_), _) => Err(("another one has the same name".into(), "give each its own")),
                (_, Some(other)) => Err((
                    format!("{:?} takes the same charges", other.name),
                    "share each charge by one rule",
                )),
                _ => Ok(cost),
            }
        });
        costs.push(cost.map_err(|fault| problem(project, entry, fault))?);
    }
    Ok(costs)
}

fn problem(project: &Project, entry: &Spanned<SharedEntry>, (what, help): Fault) -> Problem {
    let name = &entry.get_ref().name;
    let problem = project.problem(format!("shared cost {name:?}: {what}"));
    problem.at(project.place(entry.span().start)).help(help)
}

fn cost(entry: &SharedEntry, identity: &Identity) -> Result<SharedCost, Fault> {
    if entry.name.trim().is_empty() {
        return Err(("the name is blank".into(), "write name = \"hosting\""));
    }
    let source = match (&entry.amount, &entry.provider, &entry.item) {
        (Some(amount), None, None) => Source::Monthly(money("amount", amount)?),
        (None, Some(provider), None) => Source::Provider(names::provider(provider)),
        (None, None, Some(item)) => Source::Item(item.trim().to_string()),
        _ => {
            return Err((
                "it needs one of amount, provider and item".into(),
                "write amount = \"1200\" for so much a month, or provider = \"…\" or item = \"…\" for charges of a bill",
            ));
        }
    };
    Ok(SharedCost {
        name: entry.name.trim().to_string(),
        source,
        tiers: tiers(entry, identity)?,
    })
}

fn tiers(entry: &SharedEntry, identity: &Identity) -> Result<Vec<Tier>, Fault> {
    let rule = match (&entry.split, entry.tiers.is_empty()) {
        (Some(rule), true) => rule,
        (None, false) => return several(entry, identity),
        _ => return Err(("it needs one of split and tiers".into(), RULES)),
    };
    Ok(vec![Tier {
        up_to: None,
        split: split(rule, &entry.weights, identity)?,
    }])
}

fn several(entry: &SharedEntry, identity: &Identity) -> Result<Vec<Tier>, Fault> {
    let help = "write tiers = [{ up_to = \"1000\", split = \"even\" }, { split = \"driver:requests\" }]: rising limits, and none in the last";
    if !entry.weights.is_empty() {
        return Err(("weights stand in the tier that is fixed".into(), help));
    }
    let mut tiers: Vec<Tier> = Vec::new();
    for (at, tier) in entry.tiers.iter().enumerate() {
        let up_to = match &tier.up_to {
            Some(text) => Some(money("up_to", text)?),
            None => None,
        };
        let last = at + 1 == entry.tiers.len();
        let before = tiers.last().and_then(|tier| tier.up_to).unwrap_or_default();
        if up_to.is_none() != last || up_to.is_some_and(|limit| limit <= before) {
            return Err((
                "the limits of the tiers do not rise to an open end".into(),
                help,
            ));
        }
        tiers.push(Tier {
            up_to,
            split: split(&tier.split, &tier.weights, identity)?,
        });
    }
    Ok(tiers)
}

fn split(
    rule: &str,
    weights: &BTreeMap<String, String>,
    identity: &Identity,
) -> Result<Split, Fault> {
    let rule = rule.trim();
    if rule == "fixed" {
        return fixed(weights, identity);
    }
    if !weights.is_empty() {
        let what = format!("weights belong to split = \"fixed\", not to {rule:?}");
        return Err((what, RULES));
    }
    match rule {
        "even" => Ok(Split::Even),
        "proportional" => Ok(Split::Proportional),
        "driver:requests" => Ok(Split::Requests),
        "driver:revenue" => Ok(Split::Revenue),
        _ => match rule.strip_prefix("driver:").map(str::trim) {
            Some(meter) if !meter.is_empty() => Ok(Split::Meter(Meter::named(meter))),
            _ => Err((format!("no rule is called {rule:?}"), RULES)),
        },
    }
}

fn fixed(weights: &BTreeMap<String, String>, identity: &Identity) -> Result<Split, Fault> {
    let help = "write weights = { acme = \"0.6\", kestrel = \"0.4\" }: customers by their id, parts that sum to 1";
    let mut parts: Vec<(PartyId, Exact)> = Vec::new();
    for (name, text) in weights {
        let party = identity.by_key(name);
        let customer = party.filter(|party| identity.party(*party).kind == PartyKind::Customer);
        let Some(party) = customer else {
            let why = match party {
                Some(_) => "internal accounts and ids without a customer carry no shared cost",
                None => "customers are named by their id in the mapping file, else in the log",
            };
            return Err((format!("{name:?} in weights is no customer"), why));
        };
        parts.push((party, money("a weight", text)?));
    }
    if parts.iter().map(|(_, part)| *part).sum::<Exact>() != Exact::ONE {
        return Err(("the weights do not sum to 1".into(), help));
    }
    Ok(Split::Fixed(parts))
}

/// A plain decimal that is not negative.
fn money(key: &str, text: &str) -> Result<Exact, Fault> {
    let number = Exact::parse(text.trim()).ok();
    number
        .filter(|number| !number.is_negative())
        .ok_or_else(|| {
            (
                format!("{key} is no plain decimal: {text:?}"),
                "write a quoted decimal such as \"1200\" or \"0.6\", not below zero",
            )
        })
}
