//! DeepSeek's usage export with prices: platform.deepseek.com, Usage, Export: `amount-….csv` in a zip
//! beside `cost-….csv`.
//!
//! One row per day, model, key and type; what it cost is price × amount. The file does not say in
//! which currency: the wallet's, yuan or dollars, which `cost-….csv` names. Two headers: `utc_date` up
//! to July 2026, `start_time_iso` and `end_time_iso` since August.
//!
//! The rule that must hold: only a count of requests has no price; anything else without one is an
//! error.

use crate::formats::bills::deepseek::TimeColumns;
use crate::formats::bills::scopes::{self, ScopeColumns};
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter};
use crate::model::{Currency, Instant, Meter, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["type", "price", "amount", "api_key_name", "model"];

/// The ids that may name a customer, most specific first.
const SCOPES: &[(&str, &str)] = &[
    ("api_key_name", "api key name"),
    ("api_key", "api key"),
    ("user_id", "account"),
];

/// The format `deepseek-amount-csv`.
pub static FORMAT: Format = Format {
    name: "deepseek-amount-csv",
    kind: Kind::Bill,
    provider: Some("deepseek"),
    title: "DeepSeek usage export with prices (CSV)",
    required: REQUIRED,
    page: "\
**Where.** platform.deepseek.com → Usage → Export: a zip with `amount-….csv` (this format) and `cost-….csv`
(`deepseek-cost-csv`). Pass the zip as it is.

**Columns.** `model`, `type`, `price` and `amount`, with `utc_date` or, since August 2026,
`start_time_iso` and `end_time_iso`; `api_key_name`, `api_key` and `user_id` are used where present.

**Units and zone.** A row costs price × amount, multiplied exactly. The file does not name the currency of
its prices: say `currency = \"CNY\"` or `\"USD\"` in the [[input]] entry of tanso.toml; the other file of the
zip names it. Days are UTC.

**Types.** `input_cache_hit_tokens` is cached input, `input_cache_miss_tokens` (older: `input_tokens`)
input, `output_tokens` output, each with its quantity. `request_count` has no price and is passed over.
Another type with a price stays a cost without tokens.

**Ids for attribution.** `deepseek:` API key name, masked API key, account.

**The other file.** Both files of the zip tell the same money. Where both cover a day, this one counts,
because it has meters and keys, and of the other one only the credit for what was paid from granted
balance. If the two do not agree, nothing is counted and the error says both sums.

**Confidence.** Both headers come from real files, the values from programs that read them.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    time: TimeColumns,
    model: usize,
    kind: usize,
    price: usize,
    amount: usize,
    scopes: ScopeColumns,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let time = TimeColumns::find(columns, problems);
        let model = columns.required(&["model"], problems);
        let kind = columns.required(&["type"], problems);
        let price = columns.required(&["price"], problems);
        let amount = columns.required(&["amount"], problems);
        Some(Positions {
            scopes: scopes::find(columns, SCOPES, problems),
            time: time?,
            model: model?,
            kind: kind?,
            price: price?,
            amount: amount?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let found = Positions::find(&columns, problems);
    if settings.currency.is_none() {
        let message = "the file does not say in which currency its prices are";
        let problem = Problem::new(&catalogue::MISSING_VALUE, message);
        problems.push(problem.at(Place::file(&columns.file)).help(
            "say currency = \"CNY\" or \"USD\" in its [[input]] entry of tanso.toml; the cost file of the same zip names it",
        ));
    }
    let (Some(at), Some(currency)) = (found, settings.currency) else {
        return Tally::default();
    };
    rows::each(source, problems, |_, row, tally| {
        let range = at.time.of(&columns, row)?;
        tally.cover(range.0, range.1);
        match charge(&columns, &at, row, currency, range)? {
            Some(charge) => charges.push(charge),
            None => return Ok(Fate::Skipped("request count")),
        }
        Ok(Fate::Used)
    })
}

/// The charge of a row; `None` for a count of requests, which costs nothing by itself.
fn charge(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    currency: Currency,
    (start, end): (Instant, Instant),
) -> Result<Option<Charge>, Problem> {
    let Some(name) = word(row, Some(at.kind)) else {
        let message = "type is empty";
        return Err(columns.problem(&catalogue::MISSING_VALUE, row, at.kind, message));
    };
    let price = columns.optional_number(row, at.price)?;
    let meter = match name {
        "input_cache_hit_tokens" => ChargeMeter::Is(Meter::CacheRead),
        "input_cache_miss_tokens" | "input_tokens" => ChargeMeter::Is(Meter::Input),
        "output_tokens" => ChargeMeter::Is(Meter::Output),
        "request_count" if price.is_none() => return Ok(None),
        "request_count" => ChargeMeter::Is(Meter::Requests),
        other => ChargeMeter::Item(other.to_string()),
    };
    let Some(price) = price else {
        let message = format!("price is empty beside {name}");
        let problem = columns.problem(&catalogue::MISSING_VALUE, row, at.price, message);
        return Err(problem.help("only request_count has no price; export the file again"));
    };
    let Some(amount) = columns.count(row, at.amount)? else {
        let message = format!("amount is empty beside {name}");
        return Err(columns.problem(&catalogue::MISSING_VALUE, row, at.amount, message));
    };
    let model = word(row, Some(at.model));
    let words = [model, Some(name)];
    let is_metered = matches!(meter, ChargeMeter::Is(_));
    Ok(Some(Charge {
        provider: Some("deepseek".to_string()),
        start,
        end,
        amount: price * amount,
        written_places: written_places(row.filled(at.price).unwrap_or("")),
        currency,
        scopes: scopes::read(columns, row, &at.scopes, "deepseek")?,
        model: model.map(str::to_string),
        meter,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: is_metered.then_some(amount),
        item: words.into_iter().flatten().collect::<Vec<_>>().join(", "),
        origin: rows::origin(columns, row),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{sample, table};
    use crate::model::Exact;

    fn charges_of(text: &str, currency: Option<&str>) -> (Vec<Charge>, Tally, Problems) {
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let settings = Settings {
            currency: currency.and_then(Currency::parse),
            ..Settings::default()
        };
        let mut source = table("amount.csv", text);
        let tally = read(&mut source, &settings, &mut charges, &mut problems);
        (charges, tally, problems)
    }

    const OLD: &str = "user_id,utc_date,model,api_key_name,api_key,type,price,amount\n";

    #[test]
    fn a_row_costs_price_times_amount() {
        let text = format!(
            "{OLD}a,20260725,deepseek-v4-pro,\"Team, Primary\",sk-m,input_cache_hit_tokens,0.000000025,1000\n\
             a,2026-07-25,deepseek-v4-pro,\"Team, Primary\",sk-m,output_tokens,0.000006,200\n\
             a,20260725,deepseek-v4-pro,\"Team, Primary\",sk-m,request_count,,3\n"
        );
        let (charges, tally, problems) = charges_of(&text, Some("CNY"));
        assert!(problems.is_empty());
        assert_eq!(charges[0].amount.to_string(), "0.000025");
        assert_eq!(charges[0].quantity, Some(Exact::from(1000u64)));
        assert_eq!(charges[0].scopes[0].id, "Team, Primary");
        assert_eq!(charges[1].amount.to_string(), "0.0012");
        assert_eq!(charges[0].start, charges[1].start);
        assert_eq!((tally.used, tally.skipped["request count"]), (2, 1));
    }

    #[test]
    fn nothing_is_priced_at_nothing() {
        for (row, code, column) in [
            ("a,20260725,m,k,s,output_tokens,,200", "T3027", 7),
            ("a,20260725,m,k,s,output_tokens,0.1,", "T3027", 8),
            ("a,20260725,m,k,s,output_tokens,0.1,1.5", "T3023", 8),
            ("a,20260725,m,k,s,,0.1,1", "T3027", 6),
            ("a,20261325,m,k,s,output_tokens,0.1,1", "T3024", 2),
        ] {
            let (charges, _, problems) = charges_of(&format!("{OLD}{row}\n"), Some("USD"));
            assert!(charges.is_empty());
            let place = problems.kept()[0].place.as_ref().unwrap();
            assert_eq!(
                (problems.kept()[0].entry.code, place.column),
                (code, Some(column)),
                "{row}"
            );
        }
        let (charges, _, _) = charges_of(
            &format!("{OLD}a,20260725,m,k,s,image_tokens,0.5,2\n"),
            Some("USD"),
        );
        assert_eq!(
            charges[0].meter,
            ChargeMeter::Item("image_tokens".to_string())
        );
        assert_eq!(
            (charges[0].amount.to_string(), charges[0].quantity),
            ("1".to_string(), None)
        );
    }

    #[test]
    fn the_currency_must_be_said() {
        let text = format!("{OLD}a,20260725,m,k,s,output_tokens,0.1,1\n");
        let (charges, _, problems) = charges_of(&text, None);
        assert!(charges.is_empty());
        assert_eq!(problems.kept()[0].entry.code, "T3027");
    }

    #[test]
    fn both_generations_are_recognized() {
        let new =
            "user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount\n";
        for header in [OLD, new] {
            sample("amount.csv", header, |s| assert!((FORMAT.detect)(s)));
        }
        sample("x.csv", "date,type,amount,model", |s| {
            assert!(!(FORMAT.detect)(s))
        });
    }
}
