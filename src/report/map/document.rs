//! Ids and suggestions as JSON: schema `tanso.map/1`.

use serde::Serialize;

use crate::margin::ids::{IdMoney, Ids, Money, Namespace};
use crate::model::Exact;
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, notes};
use crate::report::visible::masked;
use crate::suggest::Suggestion;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    namespaces: Vec<NamespaceOut>,
    unmatched: Vec<IdOut>,
    totals: Sides,
    suggestions: Vec<SuggestionOut>,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct NamespaceOut {
    source: Option<String>,
    ids: u64,
    mapped_ids: u64,
    #[serde(flatten)]
    sides: Sides,
}

#[derive(Serialize)]
struct Sides {
    mapped: MoneyOut,
    unmapped: MoneyOut,
    mapped_share: ShareOut,
}

#[derive(Serialize)]
struct MoneyOut {
    revenue: Exact,
    cost: Exact,
}

#[derive(Serialize)]
struct ShareOut {
    revenue: Option<Exact>,
    cost: Option<Exact>,
}

#[derive(Serialize)]
struct IdOut {
    source: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    revenue: Exact,
    cost: Exact,
}

#[derive(Serialize)]
struct SuggestionOut {
    source: String,
    id: String,
    ambiguous: bool,
    candidates: Vec<CandidateOut>,
}

#[derive(Serialize)]
struct CandidateOut {
    customer: String,
    confidence: &'static str,
    reasons: Vec<String>,
}

/// The part of an amount that is mapped; `None` where the sum is not above zero.
pub fn share(mapped: Exact, unmapped: Exact) -> Option<Exact> {
    let sum = mapped + unmapped;
    Exact::ratio(mapped, sum, 16).filter(|_| sum.is_positive())
}

/// The document, ready to be serialized. Amounts are rounded one by one where `places` is given.
pub fn document<'a>(
    ids: &Ids,
    suggestions: &[Suggestion],
    header: &'a Header,
    places: Option<u8>,
) -> impl Serialize + use<'a> {
    let sum = |of: fn(&Namespace) -> Money| Money {
        revenue: ids.namespaces.iter().map(|one| of(one).revenue).sum(),
        cost: ids.namespaces.iter().map(|one| of(one).cost).sum(),
    };
    let namespaces = ids.namespaces.iter().map(|one| NamespaceOut {
        source: Some(one.source.clone()).filter(|source| !source.is_empty()),
        ids: one.ids,
        mapped_ids: one.mapped_ids,
        sides: sides(one.mapped, one.unmapped, places),
    });
    let unmatched = ids.unmatched().into_iter();
    Document {
        schema: "tanso.map/1",
        head: head(header),
        namespaces: namespaces.collect(),
        unmatched: unmatched.map(|one| id_out(one, places)).collect(),
        totals: sides(sum(|one| one.mapped), sum(|one| one.unmapped), places),
        suggestions: suggestion_list(suggestions),
        notes: notes(header),
    }
}

/// The unmatched ids, one object each.
pub fn rows(ids: &Ids, places: Option<u8>) -> Vec<impl Serialize + use<>> {
    let unmatched = ids.unmatched().into_iter();
    unmatched.map(|one| id_out(one, places)).collect()
}

/// The suggestions, one object each.
pub fn suggestion_rows(suggestions: &[Suggestion]) -> Vec<impl Serialize + use<>> {
    suggestion_list(suggestions)
}

fn money(money: Money, places: Option<u8>) -> MoneyOut {
    let round = |amount: Exact| places.map_or(amount, |places| amount.round(places));
    MoneyOut {
        revenue: round(money.revenue),
        cost: round(money.cost),
    }
}

fn sides(mapped: Money, unmapped: Money, places: Option<u8>) -> Sides {
    Sides {
        mapped: money(mapped, places),
        unmapped: money(unmapped, places),
        mapped_share: ShareOut {
            revenue: share(mapped.revenue, unmapped.revenue),
            cost: share(mapped.cost, unmapped.cost),
        },
    }
}

fn id_out(one: &IdMoney, places: Option<u8>) -> IdOut {
    let MoneyOut { revenue, cost } = money(one.unmapped, places);
    IdOut {
        source: one.source.clone(),
        id: masked(&one.id),
        name: one.name.as_deref().map(masked),
        revenue,
        cost,
    }
}

fn suggestion_list(suggestions: &[Suggestion]) -> Vec<SuggestionOut> {
    let candidates = |one: &Suggestion| {
        let candidates = one.candidates.iter().map(|candidate| CandidateOut {
            customer: masked(&candidate.customer),
            confidence: candidate.confidence.word(),
            reasons: candidate
                .reasons
                .iter()
                .map(|reason| masked(&reason.words()))
                .collect(),
        });
        candidates.collect()
    };
    let suggestions = suggestions.iter().map(|one| SuggestionOut {
        source: one.source.clone(),
        id: masked(&one.id),
        ambiguous: one.only().is_none(),
        candidates: candidates(one),
    });
    suggestions.collect()
}
