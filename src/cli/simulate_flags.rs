//! The levers on the command line, as entries of a scenario file.

use std::collections::BTreeMap;

use super::bad_option::bad;
use super::simulate_args::SimulateArgs;
use super::simulate_file::{
    DiscountEntry, ModelEntry, PlanEntry, ProviderPriceEntry, ScenarioFile, UsageEntry,
};
use crate::model::Meter;
use crate::problem::{Problem, Problems};

/// The scenario of the options; `None` if there is no lever among them.
///
/// # Errors
/// Every option that is not understood.
pub fn scenario(args: &SimulateArgs) -> Result<Option<ScenarioFile>, Problems> {
    let mut problems = Problems::default();
    let mut file = ScenarioFile::default();
    let texts = [
        &args.plan,
        &args.discount,
        &args.model,
        &args.provider_price,
        &args.usage,
    ];
    let words: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
    file.name = Some(words.join(" "));
    take(&args.plan, plan, &mut file.plan, &mut problems);
    take(&args.discount, discount, &mut file.discount, &mut problems);
    take(&args.model, model, &mut file.model, &mut problems);
    take(
        &args.provider_price,
        provider_price,
        &mut file.provider_price,
        &mut problems,
    );
    take(&args.usage, usage, &mut file.usage, &mut problems);
    match problems.is_empty() {
        true => Ok((!file.is_empty()).then_some(file)),
        false => Err(problems),
    }
}

fn take<E>(
    texts: &[String],
    read: fn(&str) -> Result<E, Problem>,
    entries: &mut Vec<E>,
    problems: &mut Problems,
) {
    for text in texts {
        match read(text) {
            Ok(entry) => entries.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
}

const TERMS: [&str; 11] = [
    "price",
    "year",
    "per_seat",
    "included",
    "overage",
    "cap",
    "minimum",
    "credits",
    "credit_price",
    "weight",
    "metered",
];

/// `pro=149`, `pro=+10%`, `pro=99,included=5000 requests,overage=0.02`, `pro=cap=20000 requests`.
fn plan(text: &str) -> Result<PlanEntry, Problem> {
    let help = "write --plan pro=149, pro=1490/year, pro=+10% or 'pro=99,included=5000 requests,overage=0.02'; a plan with a comma or an equals sign in its name is named in a file, --scenario FILE with [[plan]] plan = \"…\"";
    let bad = |why: &str| bad("--plan", text, why, help);
    let mut pieces = text.split(',');
    let first = pieces.next().unwrap_or_default();
    let (name, rest) = first.split_once('=').ok_or_else(|| bad("no equals sign"))?;
    let mut entry = PlanEntry {
        plan: name.trim().to_string(),
        ..PlanEntry::default()
    };
    if entry.plan.is_empty() {
        return Err(bad("no plan before the equals sign"));
    }
    let first = match rest.contains('=') {
        true => rest.to_string(),
        false => format!("price={rest}"),
    };
    for piece in std::iter::once(first.as_str()).chain(pieces) {
        let (key, value) = piece
            .split_once('=')
            .ok_or_else(|| bad(&format!("no equals sign in {:?}", piece.trim())))?;
        let (key, value) = (key.trim(), value.trim().to_string());
        let place = match key {
            "price" => &mut entry.price,
            "year" => &mut entry.yearly_price,
            "per_seat" => &mut entry.per_seat,
            "included" => &mut entry.included,
            "overage" => &mut entry.overage,
            "cap" => &mut entry.cap,
            "minimum" => &mut entry.minimum,
            "credits" => &mut entry.credits,
            "credit_price" => &mut entry.credit_price,
            "metered" => &mut entry.metered,
            "weight" => {
                let (weight, meter) = value
                    .split_once(' ')
                    .ok_or_else(|| bad("a weight is a number and a meter, such as 1 requests"))?;
                let meter = meter.trim().to_string();
                if entry.weights.insert(meter, weight.to_string()).is_some() {
                    return Err(bad("a meter is given two weights"));
                }
                continue;
            }
            other => {
                let nearest = nearest(other, TERMS.iter().copied());
                return Err(bad(&format!(
                    "{other:?} is no term; the nearest is {nearest:?}"
                )));
            }
        };
        if place.replace(value).is_some() {
            return Err(bad(&format!("{key} is given twice")));
        }
    }
    Ok(entry)
}

/// The nearest of some words.
pub fn nearest<'a>(word: &str, of: impl IntoIterator<Item = &'a str>) -> String {
    let distance = |known: &&str| {
        let length = known.len().abs_diff(word.len());
        (
            strsim::damerau_levenshtein(&word.to_lowercase(), &known.to_lowercase()),
            length,
        )
    };
    let nearest = of.into_iter().min_by_key(distance);
    nearest.unwrap_or_default().to_string()
}

/// `plan=pro,segment=smb` as conditions.
fn conditions(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for piece in text.split(',') {
        let (name, value) = piece
            .split_once('=')
            .ok_or_else(|| format!("{:?} is no selector such as plan=pro", piece.trim()))?;
        let name = name.trim().to_string();
        if all.insert(name.clone(), value.trim().to_string()).is_some() {
            return Err(format!("{name} is given twice"));
        }
    }
    Ok(all)
}

/// Who or what, and how much, parted by a colon. Ids may hold colons and a range has one of its own.
fn parted(text: &str) -> (Option<&str>, &str) {
    let Some((front, _)) = text.rsplit_once(':') else {
        return (None, text);
    };
    let of = match front.rsplit_once(':') {
        Some((of, first)) if first.contains("..") && !first.contains('=') => of,
        None if front.contains("..") && !front.contains('=') => return (None, text),
        _ => front,
    };
    (Some(of), &text[of.len() + 1..])
}

/// `customer=acme:30%`.
fn discount(text: &str) -> Result<DiscountEntry, Problem> {
    let bad = |why: &str| {
        let help = "write --discount customer=acme:30% or --discount plan=pro:10%";
        bad("--discount", text, why, help)
    };
    let (of, discount) = parted(text);
    let of = of.ok_or_else(|| bad("no colon between who and how much"))?;
    Ok(DiscountEntry {
        discount: discount.trim().to_string(),
        of: conditions(of).map_err(|why| bad(&why))?,
    })
}

/// `plan=pro:+15%`, or `+15%` for all.
fn usage(text: &str) -> Result<UsageEntry, Problem> {
    let help =
        "write --usage +15%, --usage plan=pro:+15% or --usage feature=search,customer=acme:-50%";
    let bad = |why: &str| bad("--usage", text, why, help);
    let (of, change) = match parted(text) {
        (Some(of), change) => (conditions(of).map_err(|why| bad(&why))?, change),
        (None, _) if text.contains('=') => return Err(bad("no colon between what and how much")),
        (None, _) => (BTreeMap::new(), text),
    };
    Ok(UsageEntry {
        change: change.trim().to_string(),
        of,
    })
}

/// `gpt-4o=gpt-4o-mini:feature=search,tokens=1.2`.
fn model(text: &str) -> Result<ModelEntry, Problem> {
    let help = "write --model gpt-4o=gpt-4o-mini or --model gpt-4o=anthropic/claude-haiku-4-5:feature=search,tokens=1.2,cached=50%";
    let bad = |why: &str| bad("--model", text, why, help);
    let (from, rest) = text.split_once('=').ok_or_else(|| bad("no equals sign"))?;
    // Names of models may hold a colon; selectors begin behind the last one before an equals sign.
    let (to, of) = match rest.split_once('=') {
        None => (rest, None),
        Some((before, _)) => match before.rfind(':') {
            None => return Err(bad("no colon between the new model and what it is for")),
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        },
    };
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() || to.is_empty() {
        return Err(bad("two models are needed"));
    }
    let mut of = match of {
        Some(of) => conditions(of).map_err(|why| bad(&why))?,
        None => BTreeMap::new(),
    };
    Ok(ModelEntry {
        from: from.to_string(),
        to: to.to_string(),
        tokens: of.remove("tokens"),
        input_tokens: of.remove("input_tokens"),
        output_tokens: of.remove("output_tokens"),
        cached: of.remove("cached"),
        of,
    })
}

/// `openai=-10%`, `openai/gpt-4o=+20%`, `openai/gpt-4.1.output=+20%`.
fn provider_price(text: &str) -> Result<ProviderPriceEntry, Problem> {
    let help =
        "write --provider-price openai=-10%, openai/gpt-4o=+20% or openai/gpt-4o.output=+20%";
    let bad = |why: &str| bad("--provider-price", text, why, help);
    let (what, change) = text.rsplit_once('=').ok_or_else(|| bad("no equals sign"))?;
    let (provider, model) = match what.split_once('/') {
        Some((provider, model)) => (provider, Some(model.trim())),
        None => (what, None),
    };
    // Names of models have dots; the last part is a meter if it is the name of one.
    let is_meter = |name: &str| Meter::known().any(|known| known == name);
    let cut = |name: &str| {
        let (front, meter) = name.rsplit_once('.').filter(|(_, meter)| is_meter(meter))?;
        Some((front.to_string(), meter.to_string()))
    };
    let (provider, model, meter) = match model {
        Some(model) => match cut(model) {
            Some((model, meter)) => (provider.to_string(), Some(model), Some(meter)),
            None => (provider.to_string(), Some(model.to_string()), None),
        },
        None => match cut(provider) {
            Some((provider, meter)) => (provider, None, Some(meter)),
            None => (provider.to_string(), None, None),
        },
    };
    if provider.trim().is_empty() || model.as_deref() == Some("") {
        return Err(bad("a provider is needed, and a model behind a slash"));
    }
    Ok(ProviderPriceEntry {
        provider: provider.trim().to_string(),
        model,
        meter,
        change: change.trim().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_with_terms() {
        let entry = plan("pro=99,included=5000 requests, overage=0.02").unwrap();
        assert_eq!(entry.plan, "pro");
        assert_eq!(entry.price.as_deref(), Some("99"));
        assert_eq!(entry.included.as_deref(), Some("5000 requests"));
        assert_eq!(entry.overage.as_deref(), Some("0.02"));
        let entry = plan("pro=cap=20000 requests,weight=1 requests,weight=0.001 tokens").unwrap();
        assert_eq!(entry.price, None);
        assert_eq!(entry.cap.as_deref(), Some("20000 requests"));
        assert_eq!(entry.weights["tokens"], "0.001");
        for text in [
            "pro",
            "=5",
            "pro=99,includet=1 requests",
            "pro=99,cap",
            "pro=1,cap=1 a,cap=2 a",
        ] {
            assert!(plan(text).is_err(), "{text}");
        }
        let why = plan("pro=99,includet=1 requests").unwrap_err();
        assert!(
            why.message.contains("the nearest is \"included\""),
            "{}",
            why.message
        );
    }

    #[test]
    fn models_with_selectors() {
        let entry = model("a/b:free=anthropic/c.1:feature=search,tokens=1.2").unwrap();
        assert_eq!(
            (entry.from.as_str(), entry.to.as_str()),
            ("a/b:free", "anthropic/c.1")
        );
        assert_eq!(entry.tokens.as_deref(), Some("1.2"));
        assert_eq!(entry.of["feature"], "search");
        assert_eq!(model("a=b:free").unwrap().to, "b:free");
        for text in ["a", "a=", "=b", "a=b:feature", "a=b,feature=c"] {
            let wrong = model(text);
            assert!(wrong.is_err() || wrong.unwrap().to.contains(':'), "{text}");
        }
    }

    #[test]
    fn provider_prices() {
        let of = |text| {
            let entry = provider_price(text).unwrap();
            (entry.provider, entry.model, entry.meter, entry.change)
        };
        let some = |text: &str| Some(text.to_string());
        assert_eq!(
            of("openai=-10%"),
            ("openai".into(), None, None, "-10%".into())
        );
        assert_eq!(
            of("openai/gpt-4.1=+20%"),
            ("openai".into(), some("gpt-4.1"), None, "+20%".into())
        );
        assert_eq!(
            of("openai/gpt-4.1.output=+20%"),
            (
                "openai".into(),
                some("gpt-4.1"),
                some("output"),
                "+20%".into()
            )
        );
        assert_eq!(
            of("openai.cache_read=+20%"),
            ("openai".into(), None, some("cache_read"), "+20%".into())
        );
    }

    #[test]
    fn usage_and_discounts() {
        assert_eq!(usage("+15%").unwrap().of.len(), 0);
        let some = usage("plan=pro,feature=search:+10%..+30%:5%").unwrap();
        assert_eq!((some.of.len(), some.change.as_str()), (2, "+10%..+30%:5%"));
        assert!(usage("plan=pro").is_err());
        assert_eq!(
            discount("customer=acme:30%").unwrap().of["customer"],
            "acme"
        );
        assert!(discount("30%").is_err());
        let range = discount("plan=pro:10%..30%:10%").unwrap();
        assert_eq!(
            (range.of["plan"].as_str(), range.discount.as_str()),
            ("pro", "10%..30%:10%")
        );
        // Ids may hold colons.
        let range = usage("customer=org:acme:+5%..+10%:5%").unwrap();
        assert_eq!(range.of["customer"], "org:acme");
        assert_eq!(range.change, "+5%..+10%:5%");
        assert_eq!(
            discount("customer=org:acme:30%").unwrap().of["customer"],
            "org:acme"
        );
        assert_eq!(usage("+5%..+10%:5%").unwrap().change, "+5%..+10%:5%");
        assert!(discount("10%..30%:10%").is_err());
    }
}
