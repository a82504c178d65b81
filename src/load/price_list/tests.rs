//! Lists in the three layouts, with rows invented in the shape of real ones.

use super::*;
use crate::model::Day;
use crate::prices::{Found, Offer, Prices, Use};

fn load(text: &str) -> Result<PriceList, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, text).unwrap();
    read(&path, "list")
}

/// What is wrong: code, line, column.
fn wrong(text: &str) -> Vec<(&'static str, u64, usize)> {
    let problems = load(text).unwrap_err();
    let place = |problem: &Problem| {
        let place = problem.place.clone().unwrap();
        assert!(problem.help.is_some(), "{}", problem.message);
        (
            problem.entry.code,
            place.line.unwrap_or(0),
            place.column.unwrap_or(0),
        )
    };
    problems.kept().iter().map(place).collect()
}

/// The prices of a list alone, USD per million units of `input cache_read output`.
fn rates(list: PriceList, of: &[(&str, &str, Option<&str>, u64, &str)]) -> Vec<String> {
    let prices = Prices {
        file: Some((list.name, Arc::new(list.book))),
        ..Prices::default()
    };
    let rate = |offer: &Offer<'_>, meter: Meter| match offer.meter(&meter) {
        Some(price) => price.price().shift(6).to_string(),
        None => "none".into(),
    };
    let all = |(provider, model, tier, input, on): &(&str, &str, Option<&str>, u64, &str)| {
        let found = prices.find(&Use {
            provider: Some(*provider),
            model,
            tier: *tier,
            band: ContextBand::of_tokens(*input),
            day: Day::parse(on).unwrap(),
        });
        match found {
            Found::Priced(offer) => [Meter::Input, Meter::CacheRead, Meter::Output]
                .map(|meter| rate(&offer, meter))
                .join(" "),
            Found::Free(_) => "free".into(),
            Found::Unpriced => "unpriced".into(),
        }
    };
    of.iter().map(all).collect()
}

const LITELLM: &str = r#"{
  "sample_spec": {"litellm_provider": "one of many", "input_cost_per_token": "a text"},
  "tern-1": {"litellm_provider": "acme", "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07,
    "cache_read_input_token_cost": 7.5e-08, "input_cost_per_token_batches": 7e-08, "mode": "chat",
    "input_cost_per_token_priority": 3e-07, "output_cost_per_token_flex": null, "max_tokens": 9,
    "search_context_cost_per_query": {"search_context_size_low": 0.03, "search_context_size_high": 0.03}},
  "acme/gull-1": {"litellm_provider": "acme", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05,
    "input_cost_per_token_above_200k_tokens": 2.5e-06, "input_cost_per_token_above_256k_tokens": 3e-06,
    "output_cost_per_second": 0.1},
  "vertex_ai/heron": {"litellm_provider": "vertex_ai-language-models", "input_cost_per_token": 1e-06},
  "gemini/heron": {"litellm_provider": "gemini", "input_cost_per_token": 2e-06},
  "1024/stork": {"litellm_provider": "acme", "output_cost_per_pixel": 1e-08},
  "nobody": {"input_cost_per_token": 1e-06},
  "zero": {"litellm_provider": "acme", "input_cost_per_token": 0.0, "output_cost_per_token": 0}
}"#;

#[test]
fn litellm_prices_are_per_token_and_exact() {
    let list = load(LITELLM).unwrap();
    assert_eq!((list.format, list.book.models()), ("LiteLLM", 5));
    let left_out: Vec<(&str, u64)> = list.left_out.clone().into_iter().collect();
    assert_eq!(
        left_out,
        [
            ("entries without litellm_provider", 1),
            ("models without a price of a known unit", 1),
            (
                "names with two different prices (the first one has the short name)",
                1
            ),
            ("prices above other context thresholds", 1),
            ("prices of other units", 2),
        ]
    );
    let on = "2026-10-01";
    let found = rates(
        list,
        &[
            ("acme", "tern-1", None, 0, on),
            ("acme", "tern-1-20260101", Some("batch"), 0, on),
            ("acme", "tern-1", Some("priority"), 0, on),
            ("acme", "gull-1", None, 200_000, on),
            ("acme", "gull-1", None, 200_001, on),
            ("google", "heron", None, 0, on),
            ("google", "gemini/heron", None, 0, on),
            ("acme", "zero", None, 0, on),
            ("acme", "tern", None, 0, on),
            ("acme", "sample_spec", None, 0, on),
        ],
    );
    assert_eq!(
        found,
        [
            "0.15 0.075 0.6",
            "0.07 0.07 none",
            "0.3 0.3 none",
            "1.25 1.25 10",
            "2.5 2.5 10",
            "1 1 none",
            "2 2 none",
            "0 0 0",
            "unpriced",
            "unpriced",
        ]
    );
}

#[test]
fn faults_of_json_have_their_place() {
    let text = "{\n \"tern\": {\"litellm_provider\": \"acme\",\n  \"input_cost_per_token\": \"1\",\n  \"output_cost_per_token\": -1},\n \"gull\": 3}";
    assert_eq!(
        wrong(text),
        [("T3021", 3, 27), ("T3029", 4, 28), ("T3029", 5, 10)]
    );
    let text = "[{\"id\": \"acme\", \"models\": [\n{\"id\": \"tern\", \"prices\": {\"input_mtok\": true}},\n{\"id\": \"gull\"}]}]";
    assert_eq!(wrong(text), [("T3021", 2, 41), ("T3029", 3, 1)]);
    assert_eq!(wrong("{\"a\": {}, \"a\": {}}")[0].0, "T3018");
    assert_eq!(wrong("{\"object\": \"page\"}")[0].0, "T3029");
}

const GENAI: &str = r#"[{"id": "acme", "name": "Acme", "models": [
  {"id": "tern-latest", "match": {"or": [{"starts_with": "tern"}, {"equals": "Tern-Chat"}, {"regex": "^tern-\\d+$"}]},
   "prices": [{"prices": {"input_mtok": 10, "cache_read_mtok": 0.5, "output_mtok": 40}},
              {"constraint": {"start_date": "2025-06-10"}, "prices": {"input_mtok": 2, "cache_read_mtok": 0.5, "output_mtok": 8}}]},
  {"id": "gull-v1", "match": {"contains": "gull"},
   "prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}, {"start": 7, "price": 9}]}, "output_mtok": 15,
              "input_video_mtok": 1}},
  {"id": "heron", "match": {"and": [{"contains": "he"}, {"contains": "ron"}]},
   "prices": [{"prices": {"input_mtok": 0.135, "output_mtok": 0.55}},
              {"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}, "prices": {"input_mtok": 0.27, "output_mtok": 1.1}}]}
]}]"#;

#[test]
fn genai_prices_have_dates_tiers_and_whole_names() {
    let list = load(GENAI).unwrap();
    assert_eq!((list.format, list.book.models()), ("genai-prices", 3));
    let left_out: Vec<(&str, u64)> = list.left_out.clone().into_iter().collect();
    assert_eq!(
        left_out,
        [
            ("match rules that are no name", 3),
            ("prices above other context thresholds", 1),
            ("prices by time of day (the dearest is kept)", 1),
            ("prices of other units", 1),
        ]
    );
    let found = rates(
        list,
        &[
            ("acme", "tern", None, 0, "2025-06-09"),
            ("acme", "tern-chat", None, 0, "2025-06-10"),
            ("acme", "tern-mini", None, 0, "2025-06-10"),
            ("acme", "gull-v1", None, 0, "2025-06-10"),
            ("acme", "gull-v1", None, 200_001, "2025-06-10"),
            ("acme", "gull-v2", None, 0, "2025-06-10"),
            ("acme", "heron", None, 0, "2025-06-10"),
        ],
    );
    assert_eq!(
        found,
        [
            "10 0.5 40",
            "2 0.5 8",
            "unpriced",
            "3 3 15",
            "6 6 15",
            "unpriced",
            "0.27 0.27 1.1"
        ]
    );
}

#[test]
fn the_last_entry_that_holds_wins() {
    let text = r#"[{"id": "acme", "models": [{"id": "tern", "match": {"equals": "tern"}, "prices": [
        {"constraint": {"start_date": "2026-03-01"}, "prices": {"input_mtok": 3}},
        {"constraint": {"start_date": "2026-02-01"}, "prices": {"input_mtok": 2}}]}]}]"#;
    let at = |on| ("acme", "tern", None, 0, on);
    let found = rates(
        load(text).unwrap(),
        &[at("2026-01-31"), at("2026-02-01"), at("2026-03-01")],
    );
    assert_eq!(found, ["unpriced", "2 2 none", "2 2 none"]);
}

#[test]
fn our_own_table_may_be_quoted_commented_and_in_any_order_of_columns() {
    let text = "# prices, \"ours\"\n# of 2026\ninput,provider,\"names\",tier,output,source\n\
                2.50,acme,tern tern-chat,,10,x\n1.25,acme,\"tern tern-chat\",Batch,,x\nfree,acme,gull,,free,\n";
    let on = "2026-10-01";
    let found = rates(
        load(text).unwrap(),
        &[
            ("acme", "tern-chat", None, 0, on),
            ("acme", "tern", Some("batch"), 0, on),
            ("acme", "gull", None, 0, on),
        ],
    );
    assert_eq!(found, ["2.5 2.5 10", "1.25 1.25 none", "free"]);
}

#[test]
fn every_fault_of_a_table_is_told() {
    let text = "provider,names,from,context_over,input\nacme,tern,,,1.x\n,gull,,,1\nacme,gull,soon,,1\n\
                acme,stork,,100000,1\nacme,heron,,,\"1,5\"\nacme,ibis,,,-1\nacme,owl,,,1\nacme,owl,,,2\n";
    assert_eq!(
        wrong(text),
        [
            ("T3021", 2, 5),
            ("T3027", 3, 1),
            ("T3024", 4, 3),
            ("T3029", 5, 2),
            ("T3021", 6, 5),
            ("T3021", 7, 5),
            ("T3029", 9, 2),
        ]
    );
    assert_eq!(
        wrong("provider,names,inptu\nacme,tern,1\n"),
        [("T3016", 1, 3)]
    );
    assert_eq!(wrong("day,amount\n2026-01-01,1\n"), [("T3016", 1, 0)]);
}
