//! Finding the price of a model on a day.
//!
//! Names are tried from the most exact spelling to the least: as written, without vendor segments,
//! family with snapshot, family. Nothing is matched by its beginning, so a model never gets its
//! parent's price. Whatever is not found is [`Quote::Unpriced`].

use crate::model::{ContextBand, Day, Exact, Meter, names};

use super::book::{Candidate, Catalog, Model, PriceBook, PriceList, Rate};
use super::names::{Stem, spelled_provider};

/// Providers that sell other vendors' models under their names and list only some of them: the
/// vendor's own list price holds for the rest. From the source's `fallback_model_providers`.
const RESELLERS: [(&str, &[&str]); 2] = [
    ("azure", &["openai", "anthropic"]),
    ("google", &["anthropic"]),
];

/// Gateways that pass requests on: the first-party vendor's list price holds where the gateway
/// has none of its own.
const GATEWAYS: [&str; 4] = ["openrouter", "litellm", "portkey", "helicone"];

/// Names less like the one asked for than this are not worth a hint.
const NEAR: f64 = 0.8;

/// What the book knows about a model on a day.
#[derive(Clone, Copy, Debug)]
pub enum Quote<'a> {
    /// It has prices.
    Priced(PriceRow<'a>),
    /// It is listed, and every price of it is 0.
    Free,
    /// It is not listed, or not yet on that day. That is not 0.
    Unpriced,
}

/// The prices of one model in force on a day, for requests of one context band.
#[derive(Clone, Copy, Debug)]
pub struct PriceRow<'a> {
    /// The provider whose list it is: the vendor's, where a gateway has none.
    pub provider: &'a str,
    /// The model's first name in the book.
    pub model: &'a str,
    /// First day of these prices, UTC; `None` if they are not dated.
    pub from: Option<Day>,
    band: ContextBand,
    rates: &'a [Rate],
}

impl PriceBook {
    /// The prices in force on `day` (UTC).
    ///
    /// `provider` and `model` are as written in the log or bill. Without a provider the spelling
    /// of the name (`us.anthropic.…`, `azure/gpt-4o`) or the model's first-party vendor decides; a
    /// stated provider that the book does not know leaves the model unpriced, gateways excepted.
    /// `context` is the band of one request's whole input, [`ContextBand::BASE`] where requests
    /// cannot be told apart.
    pub fn price(
        &self,
        provider: Option<&str>,
        model: &str,
        day: Day,
        context: ContextBand,
    ) -> Quote<'_> {
        for provider in self.sellers(provider, model) {
            let Some((provider, catalog)) = self.catalogs.get_key_value(&provider) else {
                continue;
            };
            let Some(found) = catalog.find(model) else {
                continue;
            };
            return match found.list_on(day) {
                None => Quote::Unpriced,
                Some(list) if list.rates.iter().all(|rate| rate.price.is_zero()) => Quote::Free,
                Some(list) => Quote::Priced(PriceRow {
                    provider,
                    model: &found.name,
                    from: list.from,
                    band: context,
                    rates: &list.rates,
                }),
            };
        }
        Quote::Unpriced
    }

    /// The providers whose lists may hold the price, in order.
    fn sellers(&self, stated: Option<&str>, model: &str) -> Vec<String> {
        let vendor = names::vendor_of(model).map(str::to_string);
        let stated = stated.map(names::provider).filter(|name| !name.is_empty());
        let Some(stated) = stated else {
            let spelled = spelled_provider(model).filter(|name| self.catalogs.contains_key(name));
            return spelled.or(vendor).into_iter().collect();
        };
        let mut order = Vec::new();
        if let Some((_, vendors)) = RESELLERS.iter().find(|(reseller, _)| *reseller == stated) {
            order.extend(vendors.iter().map(|vendor| vendor.to_string()));
        }
        if GATEWAYS.contains(&stated.as_str()) {
            order.extend(spelled_provider(model));
            order.extend(vendor);
        }
        order.insert(0, stated);
        order
    }

    /// Up to `n` names in the book that look most like `model`, the likest first, for messages.
    pub fn nearest(&self, model: &str, n: usize) -> Vec<String> {
        let asked = model.trim().to_lowercase();
        let asked = bare(&asked);
        let known: std::collections::BTreeSet<&str> = self
            .catalogs
            .values()
            .flat_map(|catalog| catalog.by_name.keys())
            .map(|name| bare(name))
            .collect();
        let mut near: Vec<(f64, &str)> = known
            .into_iter()
            .map(|name| (strsim::jaro_winkler(asked, name), name))
            .filter(|(likeness, _)| *likeness >= NEAR)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        near.into_iter()
            .take(n)
            .map(|(_, name)| name.to_string())
            .collect()
    }
}

fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Catalog {
    fn find(&self, name: &str) -> Option<&Model> {
        let written = name.trim().to_lowercase();
        let mut rest = written.as_str();
        loop {
            if let Some(model) = self.by_name.get(rest) {
                return self.models.get(*model);
            }
            match rest.split_once('/') {
                Some((_, after)) => rest = after,
                None => break,
            }
        }
        let stem = Stem::of(&written);
        let candidates = self.stems().get(&stem.text)?;
        let with = |snapshot: &Option<String>| -> Vec<&Candidate> {
            candidates
                .iter()
                .filter(|candidate| candidate.snapshot == *snapshot)
                .collect()
        };
        let same_snapshot = with(&stem.snapshot);
        let undated = with(&None);
        let chosen = if !same_snapshot.is_empty() {
            same_snapshot
        } else if !undated.is_empty() {
            undated
        } else {
            candidates.iter().collect()
        };
        self.agreed(chosen, &stem.vendor)
    }

    /// The model of the candidates, if they have one price: those of the same vendor if there are
    /// any, else those written without a vendor, else all. Where prices differ nothing is guessed.
    fn agreed(&self, candidates: Vec<&Candidate>, vendor: &Option<String>) -> Option<&Model> {
        let written = |by: &Option<String>| -> Vec<&Candidate> {
            candidates
                .iter()
                .filter(|candidate| candidate.vendor == *by)
                .copied()
                .collect()
        };
        let chosen = [written(vendor), written(&None), candidates.clone()]
            .into_iter()
            .find(|group| !group.is_empty())?;
        let first = self.models.get(chosen.first()?.model)?;
        chosen
            .iter()
            .all(|other| self.models[other.model].lists == first.lists)
            .then_some(first)
    }
}

impl Model {
    fn list_on(&self, day: Day) -> Option<&PriceList> {
        self.lists
            .iter()
            .rev()
            .find(|list| list.from.is_none_or(|from| from <= day))
    }
}

impl PriceRow<'_> {
    /// USD for one unit of the meter (one token, one request, one search), or `None` if the model
    /// has no price for it. Vendors that list no price for cached tokens bill them as input: cache
    /// reads and writes fall back to it, one-hour writes first to five-minute ones.
    pub fn meter(&self, meter: &Meter) -> Option<Exact> {
        match meter {
            Meter::CacheRead | Meter::CacheWrite5m => {
                self.listed(meter).or_else(|| self.listed(&Meter::Input))
            }
            Meter::CacheWrite1h => self
                .listed(meter)
                .or_else(|| self.meter(&Meter::CacheWrite5m)),
            _ => self.listed(meter),
        }
    }

    /// The price of the highest threshold that the request has passed.
    fn listed(&self, meter: &Meter) -> Option<Exact> {
        self.rates
            .iter()
            .filter(|rate| rate.meter == *meter && rate.band <= self.band)
            .max_by_key(|rate| rate.band)
            .map(|rate| rate.price)
    }
}

/// What the quantities cost, exactly, in USD.
///
/// # Errors
/// The meters that have a quantity but no price. Requests are not among them: most models charge
/// nothing per request, and their lists do not say so.
pub fn cost(row: &PriceRow, quantities: &[(Meter, Exact)]) -> Result<Exact, Vec<Meter>> {
    let mut sum = Exact::ZERO;
    let mut unpriced = Vec::new();
    for (meter, quantity) in quantities
        .iter()
        .filter(|(_, quantity)| !quantity.is_zero())
    {
        match row.meter(meter) {
            Some(price) => sum += price * *quantity,
            None if *meter == Meter::Requests => {}
            None => unpriced.push(meter.clone()),
        }
    }
    if unpriced.is_empty() {
        Ok(sum)
    } else {
        Err(unpriced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Meter::{CacheRead, CacheWrite1h, CacheWrite5m, Input, InputAudio, Output, Requests};

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn quote(provider: Option<&'static str>, model: &str, on: &str) -> Quote<'static> {
        PriceBook::embedded().price(provider, model, day(on), ContextBand::BASE)
    }

    fn row(provider: Option<&'static str>, model: &str, on: &str) -> PriceRow<'static> {
        match quote(provider, model, on) {
            Quote::Priced(row) => row,
            other => panic!("{model}: {other:?}"),
        }
    }

    /// USD per million tokens.
    fn rate(row: &PriceRow, meter: Meter) -> String {
        row.meter(&meter)
            .map_or("none".to_string(), |price| price.shift(6).to_string())
    }

    fn input(provider: Option<&'static str>, model: &str) -> String {
        rate(&row(provider, model, "2026-10-01"), Input)
    }

    fn unpriced(provider: Option<&'static str>, model: &str) -> bool {
        matches!(quote(provider, model, "2026-10-01"), Quote::Unpriced)
    }

    fn cost_of(row: &PriceRow, quantities: &[(Meter, u64)]) -> String {
        let exact: Vec<(Meter, Exact)> = quantities
            .iter()
            .map(|(meter, n)| (meter.clone(), Exact::from(*n)))
            .collect();
        cost(row, &exact).unwrap().to_string()
    }

    #[test]
    fn real_bills_tie_to_the_last_digit() {
        let mini = row(Some("openai"), "gpt-4o-mini-2024-07-18", "2026-07-07");
        let tokens = [
            (Input, 5_560_222),
            (CacheRead, 229_120),
            (Output, 106_885),
            (Requests, 4_228),
        ];
        assert_eq!(cost_of(&mini, &tokens), "0.9153483");
        for (on, tokens_in, tokens_out, billed) in [
            ("2025-10-11", 22_688, 33_191, "0.072054"),
            ("2025-10-10", 124_784, 154_852, "0.3409"),
            ("2025-10-07", 80_992, 274_770, "0.569788"),
        ] {
            let row = row(Some("openai"), "gpt-5-mini-2025-08-07", on);
            assert_eq!(
                cost_of(&row, &[(Input, tokens_in), (Output, tokens_out)]),
                billed,
                "{on}"
            );
        }
        let sonnet = row(Some("anthropic"), "Claude 3.7 Sonnet", "2025-04-01");
        let tokens = [
            (Input, 3),
            (CacheWrite5m, 12_304),
            (CacheRead, 0),
            (Output, 550),
        ];
        assert_eq!(cost_of(&sonnet, &tokens), "0.054399");
        let opus = row(Some("anthropic"), "claude-opus-5", "2026-07-31");
        let tokens = [(Input, 109_911), (CacheWrite5m, 2_528), (Output, 34_988)];
        assert_eq!(cost_of(&opus, &tokens), "1.440055");
        let flash = row(Some("google"), "gemini-2.5-flash", "2026-07-31");
        assert_eq!(cost_of(&flash, &[(Output, 461_280)]), "1.1532");
    }

    #[test]
    fn the_price_of_the_day_holds() {
        let before = row(Some("openai"), "o3", "2025-06-09");
        let after = row(Some("openai"), "o3-2025-04-16", "2025-06-10");
        assert_eq!(
            (rate(&before, Input), rate(&before, Output)),
            ("10".into(), "40".into())
        );
        assert_eq!(
            (rate(&after, Input), rate(&after, Output)),
            ("2".into(), "8".into())
        );
        assert_eq!((before.from, after.from), (None, Some(day("2025-06-10"))));
    }

    #[test]
    fn a_price_that_begins_later_is_none_before() {
        let text = "provider,names,from,context_over,input\nacme,tern,2026-02-01,,1\n";
        let book = PriceBook::parse(text).unwrap();
        let on = |text| book.price(Some("acme"), "tern", day(text), ContextBand::BASE);
        assert!(matches!(on("2026-01-31"), Quote::Unpriced));
        assert!(matches!(on("2026-02-01"), Quote::Priced(_)));
    }

    #[test]
    fn beyond_a_threshold_the_dearer_price_holds_for_every_token() {
        let at = |tokens| {
            let band = ContextBand::of_tokens(tokens);
            let found = PriceBook::embedded().price(
                Some("anthropic"),
                "claude-sonnet-4-5-20250929",
                day("2026-10-01"),
                band,
            );
            let Quote::Priced(row) = found else {
                panic!("{tokens}")
            };
            [Input, CacheRead, CacheWrite1h, Output].map(|meter| rate(&row, meter))
        };
        assert_eq!(at(200_000), ["3", "0.3", "6", "15"]);
        assert_eq!(at(200_001), ["6", "0.6", "12", "22.5"]);
        assert_eq!(at(600_000), ["6", "0.6", "12", "22.5"]);
        let search = Meter::WebSearches;
        let Quote::Priced(row) = PriceBook::embedded().price(
            None,
            "claude-sonnet-4-5",
            day("2026-10-01"),
            ContextBand::of_tokens(300_000),
        ) else {
            panic!()
        };
        assert_eq!(row.meter(&search).unwrap().to_string(), "0.01");
    }

    #[test]
    fn a_name_never_falls_to_its_parent() {
        for model in [
            "gpt-4o-mini-foo",
            "gpt-x",
            "gpt-4o-m",
            "gpt-5-nano-2",
            "gemini-2.5-pro-ultra",
            "claude-sonnet-4-5-lite",
            "meta-llama/llama-3.3-70b-instruct:gratis",
            "",
        ] {
            for provider in [
                None,
                Some("openai"),
                Some("google"),
                Some("anthropic"),
                Some("aws"),
            ] {
                assert!(unpriced(provider, model), "{provider:?} {model}");
            }
        }
        assert_eq!(input(Some("openai"), "gpt-4o-mini"), "0.15");
        assert_eq!(input(Some("openai"), "gpt-4o"), "2.5");
        assert!(unpriced(Some("aws"), "amazon.titan-embed-text-v2:0"));
        assert_eq!(input(Some("aws"), "amazon.titan-embed-text-v1"), "0.1");
        assert!(unpriced(Some("openrouter"), "openai/gpt-4o:free"));
    }

    #[test]
    fn dated_snapshots_with_their_own_price_come_first() {
        assert_eq!(input(Some("openrouter"), "openai/gpt-4o-2024-05-13"), "5");
        assert_eq!(input(Some("openrouter"), "openai/gpt-4o"), "2.5");
        assert_eq!(input(Some("openrouter"), "openai/gpt-4o:extended"), "6");
        assert_eq!(input(Some("openrouter"), "gpt-4o-2024-05-13"), "5");
        // A snapshot the book does not list costs what its family costs.
        assert_eq!(input(Some("openai"), "gpt-5-mini-2026-01-15"), "0.25");
        assert_eq!(
            input(Some("openai"), "ft:gpt-4o-mini-2024-07-18:acme::a1b2"),
            "0.3"
        );
    }

    #[test]
    fn every_spelling_of_a_model_has_its_price() {
        for (provider, model, price) in [
            (
                Some("bedrock"),
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "3.3",
            ),
            (
                Some("aws"),
                "anthropic.claude-sonnet-4-5-20250929-v1:0",
                "3.3",
            ),
            (
                Some("aws"),
                "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "3",
            ),
            (None, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3"),
            (
                None,
                "bedrock/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "3",
            ),
            (Some("aws"), "us.anthropic.claude-opus-4-6-v1", "5.5"),
            (
                Some("aws"),
                "anthropic.claude-3-haiku-20240307-v1:0",
                "0.25",
            ),
            (Some("anthropic"), "Claude Haiku 4.5", "1"),
            (Some("anthropic"), "claude-haiku-4-5-20251001", "1"),
            (Some("anthropic"), "Claude 3.5 Sonnet 2024-10-22", "3"),
            (Some("openrouter"), "anthropic/claude-sonnet-4.5", "3"),
            (Some("litellm"), "anthropic/claude-haiku-4-5", "1"),
            (Some("vertex_ai"), "claude-haiku-4-5@20251001", "1"),
            (Some("gemini"), "models/gemini-2.5-pro", "1.25"),
            (Some("google"), "gemini-2.0-flash-001", "0.1"),
            (Some("azure"), "gpt-4o-mini", "0.15"),
            (Some("azure_openai"), "gpt-35-turbo", "0.5"),
            (None, "openai/gpt-4.1-mini-2025-04-14", "0.4"),
            (None, "grok-4", "3"),
        ] {
            assert_eq!(input(provider, model), price, "{provider:?} {model}");
        }
    }

    #[test]
    fn a_provider_the_book_does_not_know_has_no_prices() {
        assert!(unpriced(Some("acme labs"), "gpt-4o"));
        assert!(unpriced(Some("groq"), "gpt-4o"));
        assert!(unpriced(None, "llama-3.3-70b"));
        assert_eq!(
            row(Some("azure"), "gpt-4o", "2026-10-01").provider,
            "openai"
        );
    }

    #[test]
    fn cached_tokens_without_a_price_are_billed_as_input() {
        let instruct = row(Some("openai"), "gpt-4-turbo", "2026-10-01");
        for meter in [CacheRead, CacheWrite5m, CacheWrite1h] {
            assert_eq!(rate(&instruct, meter), "10");
        }
        let haiku = row(Some("aws"), "eu.anthropic.claude-opus-5", "2026-10-01");
        assert_eq!(rate(&haiku, CacheWrite1h), "6.875");
        assert_eq!(rate(&haiku, InputAudio), "none");
    }

    #[test]
    fn meters_without_a_price_are_named_unless_their_quantity_is_zero() {
        let row = row(Some("openai"), "gpt-4o", "2026-10-01");
        let quantities = [
            (Input, Exact::from(1_000_000u64)),
            (InputAudio, Exact::from(7u64)),
            (Meter::Images, Exact::ZERO),
            (Requests, Exact::from(3u64)),
        ];
        assert_eq!(cost(&row, &quantities), Err(vec![InputAudio]));
    }

    #[test]
    fn free_is_declared_and_not_unpriced() {
        let text = "provider,names,from,context_over,input,output\nacme,tern:free,,,0,0\n";
        let book = PriceBook::parse(text).unwrap();
        let on = |model| book.price(Some("acme"), model, day("2026-10-01"), ContextBand::BASE);
        assert!(matches!(on("acme/tern:free"), Quote::Free));
        assert!(matches!(on("tern"), Quote::Unpriced));
    }

    #[test]
    fn differing_prices_under_one_name_are_not_guessed() {
        let text = "provider,names,from,context_over,input\n\
                    hub,kestrel/tern-1,,,1\nhub,umbra/tern-1,,,2\nhub,gull-2026-01-01,,,3\nhub,gull-2026-02-01,,,4\n";
        let book = PriceBook::parse(text).unwrap();
        let price =
            |model| match book.price(Some("hub"), model, day("2026-10-01"), ContextBand::BASE) {
                Quote::Priced(row) => rate(&row, Input),
                _ => "none".to_string(),
            };
        assert_eq!(price("tern-1"), "none");
        assert_eq!(price("Umbra/Tern_1"), "2");
        assert_eq!(price("gull"), "none");
        assert_eq!(price("gull@20260201"), "4");
    }

    #[test]
    fn near_names_are_offered() {
        let book = PriceBook::embedded();
        assert_eq!(book.nearest("gpt-4o-mini-foo", 1), ["gpt-4o-mini"]);
        assert_eq!(book.nearest("claude-sonet-4-5", 1), ["claude-sonnet-4-5"]);
        assert!(book.nearest("zzzzzz", 3).is_empty());
    }
}
