//! What subscriptions agree on, in JSON: a state, not revenue.

use serde::Serialize;

use crate::identity::Identity;
use crate::margin::Statement;
use crate::model::Exact;

/// One subscription, or one item of it.
#[derive(Serialize)]
pub struct ContractOut {
    customer: String,
    billing_id: String,
    subscription: String,
    plan: String,
    price: String,
    status: String,
    quantity: Exact,
    interval: String,
    interval_count: u32,
    list_price: Option<Exact>,
    metered: bool,
    discount: Option<Exact>,
    start: Option<String>,
    renewal: Option<String>,
    cancel: Option<String>,
}

/// The contracts of a statement, in the order of their subscriptions.
pub fn contracts(statement: &Statement, identity: &Identity) -> Vec<ContractOut> {
    let contracts = statement.contracts.iter();
    let out = contracts.map(|contract| ContractOut {
        customer: identity.party(contract.party).key.clone(),
        billing_id: contract.payer.clone(),
        subscription: contract.subscription.clone(),
        plan: contract.plan.clone(),
        price: contract.price.clone(),
        status: contract.status.clone(),
        quantity: contract.quantity,
        interval: contract.interval.clone(),
        interval_count: contract.interval_count,
        list_price: contract.list_price,
        metered: contract.metered,
        discount: contract.discount,
        start: contract.started.map(|at| at.to_string()),
        renewal: contract.renews.map(|at| at.to_string()),
        cancel: contract.ends.map(|at| at.to_string()),
    });
    out.collect()
}
