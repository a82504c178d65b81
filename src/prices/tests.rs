//! What models cost, from the embedded book and from books and rules made here.

use std::sync::{Arc, OnceLock};

use super::rules::Stated;
use super::*;
use crate::model::{ContextBand, Day, Exact, Meter};
use Meter::{CacheRead, CacheWrite1h, CacheWrite5m, Input, InputAudio, Output, Requests};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn using<'u>(provider: Option<&'u str>, model: &'u str, on: &str) -> Use<'u> {
    Use {
        provider,
        model,
        tier: None,
        band: ContextBand::BASE,
        day: day(on),
    }
}

fn built_in() -> &'static Prices {
    static PRICES: OnceLock<Prices> = OnceLock::new();
    PRICES.get_or_init(Prices::default)
}

fn row(provider: Option<&str>, model: &str, on: &str) -> Offer<'static> {
    match built_in().find(&using(provider, model, on)) {
        Found::Priced(offer) => offer,
        other => panic!("{model}: {other:?}"),
    }
}

/// USD per million tokens.
fn rate(offer: &Offer<'_>, meter: Meter) -> String {
    let price = offer.meter(&meter);
    price.map_or("none".to_string(), |price| {
        price.price().shift(6).to_string()
    })
}

fn input(provider: Option<&str>, model: &str) -> String {
    rate(&row(provider, model, "2026-10-01"), Input)
}

fn unpriced(provider: Option<&str>, model: &str) -> bool {
    let found = built_in().find(&using(provider, model, "2026-10-01"));
    matches!(found, Found::Unpriced)
}

fn cost_of(offer: &Offer<'_>, quantities: &[(Meter, u64)]) -> String {
    let value = |(meter, n): &(Meter, u64)| match offer.meter(meter) {
        Some(price) => price.price() * Exact::from(*n),
        None if *meter == Requests => Exact::ZERO,
        None => panic!("no price for {meter}"),
    };
    quantities.iter().map(value).sum::<Exact>().to_string()
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
    let from = |offer: &Offer<'_>| offer.meter(&Input).unwrap().from;
    assert_eq!(
        (from(&before), from(&after)),
        (None, Some(day("2025-06-10")))
    );
}

#[test]
fn a_price_that_begins_later_is_none_before() {
    let text = "provider,names,from,context_over,input\nacme,tern,2026-02-01,,1\n";
    let book = PriceBook::parse(text).unwrap();
    let on = |text| book.price(Some("acme"), "tern", day(text));
    assert!(matches!(on("2026-01-31"), Quote::Unpriced));
    assert!(matches!(on("2026-02-01"), Quote::Priced(_)));
}

#[test]
fn beyond_a_threshold_the_dearer_price_holds_for_every_token() {
    let at = |tokens| {
        let using = Use {
            band: ContextBand::of_tokens(tokens),
            ..using(
                Some("anthropic"),
                "claude-sonnet-4-5-20250929",
                "2026-10-01",
            )
        };
        let Found::Priced(offer) = built_in().find(&using) else {
            panic!("{tokens}")
        };
        assert!(offer.has_thresholds());
        let search = offer.meter(&Meter::WebSearches).unwrap();
        assert_eq!(search.price().to_string(), "0.01");
        let over = offer.meter(&Input).unwrap().context_over;
        let rates = [Input, CacheRead, CacheWrite1h, Output].map(|meter| rate(&offer, meter));
        (rates.join(" "), over)
    };
    assert_eq!(at(200_000), ("3 0.3 6 15".into(), None));
    assert_eq!(at(200_001), ("6 0.6 12 22.5".into(), Some(200_000)));
    assert_eq!(at(600_000), ("6 0.6 12 22.5".into(), Some(200_000)));
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
        row(Some("azure"), "gpt-4o", "2026-10-01")
            .meter(&Input)
            .unwrap()
            .provider,
        Some("openai")
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
fn free_is_declared_and_not_unpriced() {
    let text = "provider,names,from,context_over,input,output\nacme,tern:free,,,0,0\n";
    let book = PriceBook::parse(text).unwrap();
    let on = |model| book.price(Some("acme"), model, day("2026-10-01"));
    assert!(matches!(on("acme/tern:free"), Quote::Free(_)));
    assert!(matches!(on("tern"), Quote::Unpriced));
}

#[test]
fn differing_prices_under_one_name_are_not_guessed() {
    let text = "provider,names,from,context_over,input\n\
                hub,kestrel/tern-1,,,1\nhub,umbra/tern-1,,,2\nhub,gull-2026-01-01,,,3\nhub,gull-2026-02-01,,,4\n";
    let book = PriceBook::parse(text).unwrap();
    let price = |model| match book.price(Some("hub"), model, day("2026-10-01")) {
        Quote::Priced(row) => {
            let listed = row.listed(&Input, None, ContextBand::BASE).unwrap();
            listed.price.shift(6).to_string()
        }
        _ => "none".to_string(),
    };
    assert_eq!(price("tern-1"), "none");
    assert_eq!(price("Umbra/Tern_1"), "2");
    assert_eq!(price("gull"), "none");
    assert_eq!(price("gull@20260201"), "4");
}

#[test]
fn near_names_are_offered() {
    let prices = built_in();
    assert_eq!(prices.nearest("gpt-4o-mini-foo", 1), ["gpt-4o-mini"]);
    assert_eq!(prices.nearest("claude-sonet-4-5", 1), ["claude-sonnet-4-5"]);
    assert!(prices.nearest("zzzzzz", 3).is_empty());
    let stated = with(vec![rule("tern-9-ultra", Input, "1", None)]);
    assert_eq!(stated.nearest("tern-9-ultr", 1), ["tern-9-ultra"]);
}

/// A rule for acme; the price is per million.
fn rule(model: &str, meter: Meter, price: &str, tier: Option<&str>) -> Rule {
    let states = Stated::Price {
        meter,
        price: Exact::parse(price).unwrap().shift(-6),
        tier: tier.map(str::to_string),
        band: ContextBand::BASE,
    };
    Rule::new(Some("acme"), model, states, "tanso.toml:3".into())
}

/// The book of acme: tern has two dates and a batch price for input alone, gull a threshold.
fn with(rules: Vec<Rule>) -> Prices {
    let text = "provider,names,from,tier,context_over,input,cache_read,output,web_searches\n\
                acme,tern,,,,4,1,8,10\n\
                acme,tern,2026-07-01,,,2,0.5,4,10\n\
                acme,tern,2026-07-01,batch,,0.8,,,\n\
                acme,gull,,,,1,,,\n\
                acme,gull,,,200000,3,,,\n";
    Prices {
        rules,
        file: Some(("acme.csv".into(), Arc::new(PriceBook::parse(text).unwrap()))),
        ..Prices::default()
    }
}

fn priced<'a>(prices: &'a Prices, of: &Use<'_>) -> Offer<'a> {
    match prices.find(of) {
        Found::Priced(offer) => offer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_project_goes_before_the_file_and_the_file_before_the_built_in_list() {
    let tern = using(Some("acme"), "tern", "2026-08-01");
    let alone = with(Vec::new());
    let offer = priced(&alone, &tern);
    assert_eq!(
        [Input, CacheRead, Output].map(|m| rate(&offer, m)),
        ["2", "0.5", "4"]
    );
    let price = offer.meter(&Input).unwrap();
    assert_eq!(price.source, Source::File("acme.csv"));
    assert_eq!(
        (price.from, price.provider),
        (Some(day("2026-07-01")), Some("acme"))
    );

    let stated = with(vec![rule("tern", Input, "1.10", None)]);
    let offer = priced(&stated, &tern);
    assert_eq!(
        [Input, CacheRead, Output].map(|m| rate(&offer, m)),
        ["1.1", "0.5", "4"]
    );
    assert_eq!(
        offer.meter(&Input).unwrap().source,
        Source::Project("tanso.toml:3")
    );
    assert_eq!(
        offer.meter(&Output).unwrap().source,
        Source::File("acme.csv")
    );

    // The file says nothing about this model.
    let offer = priced(&stated, &using(Some("openai"), "gpt-4o-mini", "2026-08-01"));
    assert_eq!(offer.meter(&Input).unwrap().source, Source::BuiltIn);
}

#[test]
fn stated_prices_hold_from_and_to_their_days_for_their_model_alone() {
    let mut dated = rule("tern", Input, "9", None);
    dated.from = Some(day("2026-08-01"));
    dated.to = Some(day("2026-09-01"));
    let mut later = rule("tern", Input, "7", None);
    later.from = Some(day("2026-08-20"));
    let mut everywhere = rule("tern", Input, "3", None);
    everywhere.provider = None;
    let prices = with(vec![dated, later, everywhere]);
    let on = |day| rate(&priced(&prices, &using(Some("acme"), "tern", day)), Input);
    assert_eq!(
        [
            "2026-07-31",
            "2026-08-01",
            "2026-08-19",
            "2026-08-20",
            "2026-09-01"
        ]
        .map(on),
        ["3", "9", "9", "7", "7"]
    );
    // Snapshots are the model; siblings are not.
    let of = |model| prices.find(&using(Some("acme"), model, "2026-08-01"));
    assert!(matches!(of("tern-2026-05-05"), Found::Priced(_)));
    assert!(matches!(of("tern-mini"), Found::Unpriced));
}

#[test]
fn a_service_tier_costs_its_own_price_or_the_standard_one_times_its_factor() {
    let mut prices = with(Vec::new());
    let tier = |tier| Use {
        tier: Some(tier),
        ..using(Some("acme"), "tern", "2026-08-01")
    };
    // The book has a batch price for input; nobody knows acme's factor.
    let batch = priced(&prices, &tier("batch"));
    assert_eq!([Input, Output].map(|m| rate(&batch, m)), ["0.8", "none"]);
    assert_eq!(batch.meter(&Input).unwrap().tier, Some("batch"));
    assert_eq!(rate(&priced(&prices, &tier("priority")), Input), "none");
    let searches = batch.meter(&Meter::WebSearches).unwrap();
    assert_eq!(searches.price().to_string(), "0.01");
    for standard in ["default", "standard", "auto", ""] {
        assert_eq!(rate(&priced(&prices, &tier(standard)), Input), "2");
    }
    let odd = priced(&prices, &tier("gold"));
    assert_eq!(
        (rate(&odd, Input), odd.unknown_tier.as_deref()),
        ("2".into(), Some("gold"))
    );

    let half = Exact::parse("0.5").unwrap();
    let two = Exact::parse("2").unwrap();
    prices.factors.insert(("acme".into(), "batch".into()), half);
    prices.factors.insert(("acme".into(), "gold".into()), two);
    let batch = priced(&prices, &tier("Batch"));
    assert_eq!(
        [Input, CacheRead, Output].map(|m| rate(&batch, m)),
        ["0.8", "0.25", "2"]
    );
    assert_eq!(batch.meter(&Output).unwrap().factor, half);
    assert_eq!(rate(&priced(&prices, &tier("gold")), Input), "4");
    // A stated price comes first, its factor on it.
    prices.rules = vec![rule("tern", Input, "1.5", None)];
    assert_eq!(rate(&priced(&prices, &tier("batch")), Input), "0.75");
    prices.rules.push(rule("tern", Input, "0.6", Some("batch")));
    assert_eq!(rate(&priced(&prices, &tier("batch")), Input), "0.6");
    assert_eq!(rate(&priced(&prices, &tier("default")), Input), "1.5");

    let openai = |word, meter| {
        let using = Use {
            tier: Some(word),
            ..using(Some("openai"), "gpt-4o-mini", "2026-08-01")
        };
        rate(&priced(built_in(), &using), meter)
    };
    assert_eq!(openai("batch", Output), "0.3");
    assert_eq!(openai("flex", Input), "0.075");
    assert_eq!(openai("priority", Input), "none");
}

#[test]
fn a_discount_is_on_list_prices_and_never_on_stated_ones() {
    let mut prices = with(vec![rule("tern", Output, "5", None)]);
    let discount = Exact::parse("0.15").unwrap();
    prices.discounts.insert("acme".into(), discount);
    let offer = priced(&prices, &using(Some("acme"), "tern", "2026-08-01"));
    assert_eq!(
        [Input, CacheRead, Output].map(|m| rate(&offer, m)),
        ["1.7", "0.425", "5"]
    );
    let price = offer.meter(&Input).unwrap();
    assert_eq!(
        (price.list.shift(6).to_string(), price.discount),
        ("2".into(), discount)
    );
}

#[test]
fn unknown_free_and_zero_are_three_states() {
    let free = Rule::new(None, "tern", Stated::Free, "tanso.toml:9".into());
    let prices = with(vec![free, rule("heron", Input, "0", None)]);
    let of = |model| prices.find(&using(Some("acme"), model, "2026-08-01"));
    assert!(matches!(
        of("tern"),
        Found::Free(Source::Project("tanso.toml:9"))
    ));
    assert!(matches!(of("stork"), Found::Unpriced));
    match of("heron") {
        Found::Priced(offer) => assert_eq!(rate(&offer, Input), "0"),
        other => panic!("{other:?}"),
    }
    let text = "provider,names,input,output\nacme,tern,free,free\nacme,gull,0,0\n";
    let book = PriceBook::parse(text).unwrap();
    let on = |model| book.price(Some("acme"), model, day("2026-08-01"));
    assert!(matches!(on("tern"), Quote::Free(_)));
    assert!(matches!(on("gull"), Quote::Priced(_)));
}
