//! What the scenarios of a run stand on: the report, its views, subscriptions, costs.

use std::collections::{BTreeMap, BTreeSet};

use super::run::Run;
use crate::margin::{Dimension, Filter, Statement};
use crate::model::{Exact, Instant, Month, Period};
use crate::revenue::plans::of_subscriptions;
use crate::simulate::costs::passes;
use crate::simulate::{CostBook, Prices, View, World, renewals, starts, yearly};

/// What the scenarios of a run stand on.
pub struct Ground<'a> {
    run: &'a Run,
    statement: &'a Statement,
    filters: &'a [Filter],
    prices: &'a Prices,
    views: Vec<View>,
    subscriptions: BTreeMap<String, Vec<String>>,
    quantities: BTreeMap<String, Exact>,
    ahead: Option<(Instant, Instant)>,
    renewals: BTreeMap<String, Instant>,
    starts: BTreeMap<String, Instant>,
    yearly: BTreeSet<String>,
    costs: CostBook,
}

impl<'a> Ground<'a> {
    /// Collects it. `costs` says whether every cost is needed with the usage that carries it, `ahead`
    /// which month is predicted, if one is.
    pub fn of(
        run: &'a Run,
        statement: &'a Statement,
        filters: &'a [Filter],
        prices: &'a Prices,
        costs: bool,
        ahead: Option<Month>,
    ) -> Ground<'a> {
        let borders = |month: Month| {
            let days = Period::month(month);
            (run.zone.start_of(days.start), run.zone.start_of(days.end))
        };
        let ahead = ahead.map(borders);
        let start = ahead.map_or(run.zone.start_of(run.period.start), |(start, _)| start);
        let view = |name: &str| {
            let dimension = Dimension::Attribute(name.into());
            let state = |by: &Dimension| run.statement(std::slice::from_ref(by), filters);
            let book = &run.revenue;
            View::of(statement, &run.identity, book, dimension, filters, state)
        };
        let records = &run.books.records;
        let quantities = records.subscriptions.iter();
        let keep = |party, day| passes(&run.identity, filters, party, day);
        Ground {
            run,
            statement,
            filters,
            prices,
            views: vec![view("plan"), view("segment")],
            subscriptions: of_subscriptions(records),
            quantities: quantities
                .map(|sub| (sub.id.clone(), sub.quantity))
                .collect(),
            ahead,
            renewals: renewals(&run.contracts(), start),
            starts: starts(records),
            yearly: yearly(records),
            costs: match costs {
                true => CostBook::collect(&run.books.usage, &keep, |sink| {
                    run.costs_in_detail(sink);
                }),
                false => CostBook::default(),
            },
        }
    }

    /// The world that scenarios are run over.
    pub fn world(&'a self) -> World<'a> {
        World {
            statement: self.statement,
            views: &self.views,
            filters: self.filters,
            book: &self.run.revenue,
            identity: &self.run.identity,
            prices: self.prices,
            subscriptions: &self.subscriptions,
            quantities: &self.quantities,
            ahead: self.ahead,
            renewals: &self.renewals,
            starts: &self.starts,
            yearly: &self.yearly,
            usage: &self.run.books.usage,
            costs: &self.costs,
            pricing: &self.run.pricing,
            zone: self.run.zone,
            places: self.run.currency.decimals(),
        }
    }
}
