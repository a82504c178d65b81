//! What a row of a FOCUS file is about. FOCUS has neither models nor meters: they stand in the words
//! of each provider, which are taken apart as in that provider's own export.
//!
//! The rule that must hold: a quantity is one of tokens only where its unit says so.

use super::azure_meter::{Named, UnknownMeters};
use super::bedrock::TokenUsage;
use super::cloud::{self, What};
use super::google_sku::Sku;
use super::token_units;
use crate::formats::fields::{Columns, word};
use crate::formats::rows;
use crate::model::Exact;
use crate::model::records::ChargeMeter;
use crate::problem::{Problem, Problems};
use crate::scan::Row;

/// The columns that tell what a row is about.
#[derive(Debug)]
pub struct MeterColumns {
    service: usize,
    service_code: Option<usize>,
    usage_type: Option<usize>,
    sku_meter: Option<usize>,
    /// What Azure's meters belong to: they say whose model a bare version is.
    products: [Option<usize>; 2],
    description: Option<usize>,
    /// Quantities and their units, the consumed one first.
    quantities: Vec<(usize, usize)>,
}

/// What else is known of a row.
#[derive(Debug)]
pub struct About<'r> {
    /// Who sells, folded.
    pub provider: Option<&'r str>,
    /// `ChargeCategory`.
    pub category: &'r str,
    /// Whether it corrects an earlier charge.
    pub is_correction: bool,
    /// Its cost.
    pub amount: Exact,
}

impl MeterColumns {
    /// Finds the columns; a problem if there is no service.
    pub fn find(columns: &Columns, problems: &mut Problems) -> Option<MeterColumns> {
        let service = columns.required(&["ServiceName"], problems);
        let mut optional = |name: &'static str| columns.optional(&[name], problems);
        let quantities = [
            (optional("ConsumedQuantity"), optional("ConsumedUnit")),
            (optional("PricingQuantity"), optional("PricingUnit")),
        ];
        Some(MeterColumns {
            service_code: optional("x_ServiceCode"),
            usage_type: optional("x_UsageType"),
            sku_meter: optional("SkuMeter"),
            products: [
                optional("x_SkuMeterSubcategory"),
                optional("x_SkuMeterCategory"),
            ],
            description: optional("ChargeDescription"),
            quantities: quantities
                .into_iter()
                .filter_map(|(quantity, unit)| Some((quantity?, unit?)))
                .collect(),
            service: service?,
        })
    }

    /// What a row is about.
    ///
    /// # Errors
    /// A quantity that cannot be read.
    pub fn what(
        &self,
        columns: &Columns,
        row: &Row,
        about: &About<'_>,
        unknown: &mut UnknownMeters,
    ) -> Result<What, Problem> {
        let is_usage = about.category.eq_ignore_ascii_case("usage");
        let service = word(row, Some(self.service));
        let item = cloud::joined([
            about.is_correction.then_some("correction"),
            Some(about.category).filter(|_| !is_usage),
            service,
            word(row, self.sku_meter),
            word(row, self.usage_type),
            word(row, self.description),
        ]);
        let found = match is_usage {
            true => self.meter(row, about.provider, unknown),
            false => None,
        };
        Ok(match found {
            None => What::item(service.unwrap_or("no service").to_string(), item),
            Some((model, meter, tier)) => What {
                model,
                meter,
                tier,
                quantity: self.tokens(columns, row, about.amount)?,
                item,
            },
        })
    }

    /// Model, meter and tier, where the provider's words tell that the row is tokens.
    fn meter(
        &self,
        row: &Row,
        provider: Option<&str>,
        unknown: &mut UnknownMeters,
    ) -> Option<(Option<String>, ChargeMeter, Option<String>)> {
        let service = word(row, Some(self.service));
        if cloud::is_bedrock([service, word(row, self.service_code)]) {
            let found = TokenUsage::parse(word(row, self.usage_type)?, service)?;
            return Some((Some(found.model), ChargeMeter::Is(found.meter), found.tier));
        }
        match provider? {
            "azure" => {
                let name = word(row, self.sku_meter)?;
                let products = self.products.map(|column| word(row, column).unwrap_or(""));
                let named = Named::parse(name, &products.join(" "));
                unknown.see(name, &named);
                let is_tokens = named.is_tokens();
                is_tokens.then_some((named.model, named.meter, named.tier))
            }
            "google" => {
                let texts = [self.sku_meter, self.description];
                let texts = texts.into_iter().filter_map(|column| word(row, column));
                let sku = texts.map(Sku::parse).find(Sku::is_tokens)?;
                Some((sku.model, sku.meter, sku.tier))
            }
            _ => None,
        }
    }

    /// The quantity whose unit says tokens, in tokens.
    fn tokens(
        &self,
        columns: &Columns,
        row: &Row,
        amount: Exact,
    ) -> Result<Option<Exact>, Problem> {
        for (column, unit) in &self.quantities {
            let power = word(row, Some(*unit)).and_then(token_units::power);
            if let (Some(power), true) = (power, row.filled(*column).is_some()) {
                let quantity = rows::quantity(columns, row, Some(*column), amount)?;
                return Ok(quantity.map(|quantity| quantity.shift(power)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Settings;
    use crate::formats::testing::table;
    use crate::model::Meter;
    use crate::scan::RowSource;

    /// What a row of a provider is about, and how many meters were not known.
    fn what(provider: &str, cells: &str) -> (What, usize) {
        let header = "ServiceName,SkuMeter,x_SkuMeterSubcategory,ChargeDescription,ConsumedQuantity,ConsumedUnit";
        let mut source = table("focus.csv", &format!("{header}\n{cells}\n"));
        let columns = Columns::of(&source, &Settings::default(), None);
        let mut problems = Problems::default();
        let at = MeterColumns::find(&columns, &mut problems).unwrap();
        let mut row = Row::default();
        assert!(source.next_row(&mut row, &mut problems));
        let about = About {
            provider: Some(provider),
            category: "Usage",
            is_correction: false,
            amount: Exact::ONE,
        };
        let mut unknown = UnknownMeters::default();
        let what = at.what(&columns, &row, &about, &mut unknown).unwrap();
        let mut tally = crate::formats::Tally::default();
        unknown.tell(&mut tally);
        (what, tally.remarks.len())
    }

    #[test]
    fn each_provider_has_its_own_words() {
        let azure = "Azure OpenAI,5.4 inp Gl 1M Tokens,Azure OpenAI GPT5,,2.5,1M Tokens";
        let google = "Gemini API,,,Generate content output token count gemini 2.5 flash lite short output text non-thinking,900,requests";
        for (provider, cells, model, meter, quantity) in [
            ("azure", azure, "gpt-5.4", Meter::Input, Some("2500000")),
            // `requests` may be tokens, and is not counted as such.
            (
                "google",
                google,
                "gemini-2.5-flash-lite",
                Meter::Output,
                None,
            ),
        ] {
            let (found, unknown) = what(provider, cells);
            assert_eq!(found.model.as_deref(), Some(model));
            assert_eq!(found.meter, ChargeMeter::Is(meter));
            assert_eq!(found.quantity.map(|q| q.to_string()).as_deref(), quantity);
            assert_eq!(unknown, 0);
            // The words of one provider mean nothing in the rows of another.
            assert_eq!(what("oracle", cells).0.model, None);
        }
        let strange = "Azure OpenAI,gpt 9 umbra Inp glbl Tokens,,,1,1K Tokens";
        let (found, unknown) = what("azure", strange);
        assert_eq!((found.model, found.quantity, unknown), (None, None, 1));
        assert_eq!(found.meter, ChargeMeter::Item("Azure OpenAI".to_string()));
    }
}
