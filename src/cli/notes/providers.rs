//! Notes on the names of providers: where bill, log and project file seem to mean the same one and
//! call it differently.

use std::collections::{BTreeMap, BTreeSet};

use super::money;
use crate::attribution::Attribution;
use crate::cli::run::Run;
use crate::model::Exact;
use crate::model::names::{self, ModelName};
use crate::model::records::ChargeKind;
use crate::problem::{Note, catalogue};

/// Likeness in thousandths from which two names may be one, for a message.
const NEAR: u64 = 850;

/// What a provider bills in the period.
#[derive(Default)]
struct Billed {
    amount: Exact,
    families: BTreeMap<String, Exact>,
}

/// Bills without logged usage, where the log names a provider without a bill.
pub fn names(run: &Run, found: &Attribution, notes: &mut Vec<Note>) {
    let mut billed: BTreeMap<&str, Billed> = BTreeMap::new();
    for charge in &run.books.charges {
        let inside = run.period.contains(run.zone.day(charge.start));
        let (Some(provider), ChargeKind::Usage, true) =
            (charge.provider.as_deref(), charge.kind, inside)
        else {
            continue;
        };
        let of = billed.entry(provider).or_default();
        of.amount += charge.amount;
        if let Some(model) = &charge.model {
            let family = ModelName::parse(model).family;
            *of.families.entry(family).or_default() += charge.amount;
        }
    }
    let mut estimated: BTreeMap<&str, Vec<(String, Exact)>> = BTreeMap::new();
    for ((provider, model), amount) in &found.estimated {
        let (Some(provider), Some(model)) = (provider, model) else {
            continue;
        };
        if !billed.contains_key(provider.as_str()) {
            let family = ModelName::parse(model).family;
            estimated
                .entry(provider)
                .or_default()
                .push((family, *amount));
        }
    }
    if estimated.is_empty() {
        return;
    }
    let cells = run.books.usage.iter();
    let cells = cells.filter(|cell| run.period.contains(cell.day));
    let logged: BTreeSet<&str> = cells.filter_map(|cell| cell.provider.as_deref()).collect();
    for (biller, bill) in billed.iter().filter(|(name, _)| !logged.contains(**name)) {
        for (provider, models) in &estimated {
            notes.extend(of_pair(run, (biller, bill), provider, models));
        }
    }
}

fn of_pair(
    run: &Run,
    (biller, bill): (&str, &Billed),
    provider: &str,
    models: &[(String, Exact)],
) -> Option<Note> {
    let both = || {
        let same = models.iter();
        same.filter(|(family, _)| bill.families.contains_key(family))
    };
    let families: BTreeSet<&str> = both().map(|(family, _)| family.as_str()).collect();
    if !families.is_empty() {
        let on_bill: Exact = families.iter().filter_map(|f| bill.families.get(*f)).sum();
        let by_estimate: Exact = both().map(|(_, amount)| *amount).sum();
        let names: Vec<&str> = families.into_iter().collect();
        let text = format!(
            "{biller} bills {} for {}, of which nothing is logged, and the log has them as {provider}'s, whom no bill covers: estimated {}; if these are the same calls they count twice: say billed_by = {biller:?} in the [[input]] entry of the log in tanso.toml, or pass the bill of {provider}",
            money(run, on_bill),
            names.join(", "),
            money(run, by_estimate)
        );
        return Some(Note::new(&catalogue::BILLED_ELSE, text));
    }
    let all: Exact = models.iter().map(|(_, amount)| *amount).sum();
    is_like(biller, provider).then(|| {
        let text = format!(
            "the log names the provider {provider}, whom no bill covers (estimated {}), and {biller} bills {} without logged usage; if they are one, say billed_by = {biller:?} in the [[input]] entry of the log in tanso.toml",
            money(run, all),
            money(run, bill.amount)
        );
        Note::new(&catalogue::PROVIDER_SPELLING, text)
    })
}

/// Whether two names may be spellings of one: alike, or one inside the other.
fn is_like(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String {
        let letters = name.to_lowercase();
        letters
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect()
    };
    let (a, b) = (plain(a), plain(b));
    let inside = a.len().min(b.len()) >= 3 && (a.contains(&b) || b.contains(&a));
    inside || (strsim::jaro_winkler(&a, &b) * 1000.0) as u64 >= NEAR
}

/// `[provider.NAME]` entries of the project file whose provider is nowhere.
pub fn unused(run: &Run, notes: &mut Vec<Note>) {
    let Some(project) = run.project.as_ref().filter(|p| !p.provider.is_empty()) else {
        return;
    };
    let charges = run.books.charges.iter();
    let cells = run.books.usage.iter();
    let listed = run.pricing.prices.books().into_iter();
    let listed = listed.flat_map(|book| book.rows());
    let known: BTreeSet<&str> = charges
        .filter_map(|charge| charge.provider.as_deref())
        .chain(cells.filter_map(|cell| cell.provider.as_deref()))
        .chain(listed.map(|row| row.provider))
        .collect();
    for written in project.provider.keys() {
        let name = names::provider(written);
        if known.contains(name.as_str()) {
            continue;
        }
        let mut near: Vec<&str> = known
            .iter()
            .copied()
            .filter(|of| is_like(of, &name))
            .collect();
        near.sort_by_key(|of| (strsim::damerau_levenshtein(of, &name), *of));
        near.truncate(3);
        let near = match near.is_empty() {
            true => String::new(),
            false => format!("; nearest names: {}", near.join(", ")),
        };
        let text = format!(
            "{}: [provider.{written}] fits no provider of the files and no price list, so it has no effect{near}",
            project.shown
        );
        notes.push(Note::new(&catalogue::UNUSED_PROVIDER, text));
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn spellings_are_alike_and_providers_are_not() {
        for (a, b) in [
            ("open-ai-eu", "openai"),
            ("anthropc", "anthropic"),
            ("open_router", "openrouter"),
        ] {
            assert!(is_like(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("openai", "anthropic"),
            ("google", "groq"),
            ("openai", "azure"),
        ] {
            assert!(!is_like(a, b), "{a} {b}");
        }
    }
}
