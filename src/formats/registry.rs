//! The lists of formats: in which order they are asked, and which of them need special care.

use super::{Format, KnownUseless, Sample, bills, counts, revenue, usage};

/// Every format, in the order in which they are tried: the first match wins.
pub static FORMATS: &[&Format] = &[
    &usage::rollup::FORMAT,
    &counts::openai_usage::FORMAT,
    &counts::openai_report::FORMAT,
    &counts::anthropic_tokens::FORMAT,
    &counts::anthropic_report::FORMAT,
    &counts::fireworks_metrics::FORMAT,
    &bills::openai_empty::FORMAT,
    &bills::openai_cost::FORMAT,
    &bills::anthropic_cost::FORMAT,
    &bills::anthropic_report::FORMAT,
    &bills::openai_costs::FORMAT,
    &bills::azure_cost::FORMAT,
    &bills::gcp_cost_table::FORMAT,
    &bills::gcp_export::FORMAT,
    &bills::openrouter_generations::FORMAT,
    &bills::openrouter_daily::FORMAT,
    &bills::openrouter_activity::FORMAT,
    &bills::deepseek_amount::FORMAT,
    &bills::deepseek_cost::FORMAT,
    &bills::vercel_report::FORMAT,
    &usage::cloudflare::FORMAT,
    &bills::aws_cur::FORMAT,
    &bills::focus::FORMAT,
    &usage::litellm::FORMAT,
    &usage::litellm_daily::FORMAT,
    &usage::helicone::FORMAT,
    &usage::langfuse_observations::FORMAT,
    &usage::langfuse_export::FORMAT,
    &usage::portkey::FORMAT,
    &usage::posthog::FORMAT,
    &usage::otel::FORMAT,
    &usage::cloudevents::FORMAT,
    &usage::bedrock_log::FORMAT,
    &usage::ccusage::FORMAT,
    &usage::responses::FORMAT,
    &revenue::sigma_lines::FORMAT,
    &revenue::sigma_taxes::FORMAT,
    &revenue::sigma_invoices::FORMAT,
    &revenue::sigma_credit_notes::FORMAT,
    &revenue::sigma_credit_note_lines::FORMAT,
    &revenue::sigma_charges::FORMAT,
    &revenue::sigma_refunds::FORMAT,
    &revenue::sigma_disputes::FORMAT,
    &revenue::sigma_balance::FORMAT,
    &revenue::sigma_change_events::FORMAT,
    &revenue::sigma_subscription_items::FORMAT,
    &revenue::sigma_subscriptions::FORMAT,
    &revenue::sigma_prices::FORMAT,
    &revenue::sigma_plans::FORMAT,
    &revenue::sigma_products::FORMAT,
    &revenue::stripe_recognition::FORMAT,
    &revenue::stripe_balance_change::FORMAT,
    &revenue::stripe_balance_history::FORMAT,
    &revenue::sigma_customers::FORMAT,
    &revenue::sigma_metadata::FORMAT,
    &revenue::stripe_payments::FORMAT,
    &revenue::stripe_invoices::FORMAT,
    &revenue::stripe_subscriptions::FORMAT,
    &revenue::stripe_customers::FORMAT,
    &revenue::stripe_prices::FORMAT,
    &revenue::lago_fees::FORMAT,
    &revenue::lago_invoices::FORMAT,
    &revenue::generic::FORMAT,
    &bills::generic::FORMAT,
    &usage::generic::FORMAT,
];

/// Exports that are recognized in order to be refused with advice.
pub static USELESS: &[&KnownUseless] = &[
    &revenue::useless::STRIPE_PAYOUTS,
    &revenue::useless::STRIPE_REVENUE_RECOGNITION,
    &revenue::useless::STRIPE_PAYOUT_RECONCILIATION,
    &revenue::sigma_unread::INVOICE_ITEMS,
    &revenue::sigma_unread::PRICE_TIERS,
    &revenue::sigma_unread::COUPONS,
    &revenue::sigma_unread::DISCOUNTS,
    &revenue::sigma_unread::LINE_DISCOUNTS,
    &revenue::sigma_unread::PAYMENT_INTENTS,
    &revenue::sigma_unread::INVOICE_PAYMENTS,
    &revenue::sigma_unread::CUSTOMER_BALANCE,
    &revenue::sigma_unread::FEES,
    &revenue::sigma_unread::METADATA,
    &usage::langfuse::TRACES,
];

/// Exports of one provider that tell the same money, the coarser before the finer: where files of
/// both cover a day, the costs of the finer count.
static FINER: &[(&Format, &Format)] = &[(
    &bills::deepseek_cost::FORMAT,
    &bills::deepseek_amount::FORMAT,
)];

/// The format that tells the money of this one in more detail.
pub fn finer_of(name: &str) -> Option<&'static str> {
    let pair = FINER.iter().find(|(coarser, _)| coarser.name == name);
    pair.map(|(_, finer)| finer.name)
}

/// Exports whose rows are grouped as the user asks when exporting: the same money has many shapes.
static GROUPED_ON_REQUEST: &[&Format] = &[
    &bills::openai_cost::FORMAT,
    &bills::openai_costs::FORMAT,
    &bills::anthropic_report::FORMAT,
    &bills::vercel_report::FORMAT,
];

/// Whether the user chooses, when exporting, what the rows tell apart.
pub fn is_grouped_on_request(name: &str) -> bool {
    GROUPED_ON_REQUEST.iter().any(|format| format.name == name)
}

/// Logs of one tool that are made of the same calls: the calls, and sums of them.
static SAME_CALLS: &[(&Format, &Format)] =
    &[(&usage::litellm::FORMAT, &usage::litellm_daily::FORMAT)];

/// Whether logs of the two formats tell the same calls of the days that both have.
pub fn tell_same_calls(one: &str, other: &str) -> bool {
    let mut pairs = SAME_CALLS.iter().map(|(a, b)| (a.name, b.name));
    pairs.any(|pair| pair == (one, other) || pair == (other, one))
}

/// Usage logs of which each row can be read without the others: what a reader says at the end of a
/// file is then the sum of what it says at the ends of its pieces.
static ROW_BY_ROW: &[&Format] = &[
    &usage::generic::FORMAT,
    &usage::litellm::FORMAT,
    &usage::litellm_daily::FORMAT,
    &usage::helicone::FORMAT,
    &usage::langfuse_observations::FORMAT,
    &usage::langfuse_export::FORMAT,
    &usage::portkey::FORMAT,
    &usage::posthog::FORMAT,
    &usage::cloudflare::FORMAT,
    &usage::cloudevents::FORMAT,
    &usage::bedrock_log::FORMAT,
    &usage::responses::FORMAT,
];

/// Whether a file of this format may be read in pieces, side by side.
pub fn is_read_row_by_row(format: &Format) -> bool {
    ROW_BY_ROW.iter().any(|known| known.name == format.name)
}

/// The names of the formats that may be read so.
#[cfg(test)]
pub fn read_row_by_row() -> impl Iterator<Item = &'static str> {
    ROW_BY_ROW.iter().map(|format| format.name)
}

/// The formats of tables that nobody's export defines.
static GENERIC: &[&Format] = &[
    &revenue::generic::FORMAT,
    &bills::generic::FORMAT,
    &usage::generic::FORMAT,
];

/// Whether the format takes any table with some columns, whoever wrote it.
pub fn is_generic(format: &Format) -> bool {
    GENERIC.iter().any(|generic| generic.name == format.name)
}

/// The format of a name.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// The first format that the sample fits.
pub fn detect(sample: &Sample<'_>) -> Option<&'static Format> {
    FORMATS
        .iter()
        .copied()
        .find(|format| (format.detect)(sample))
}
