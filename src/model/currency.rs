//! Currencies: the codes there are, and the number of decimals that Stripe uses for each.

use std::fmt;

/// An upper-case three-letter code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Stripe's zero-decimal currencies (docs.stripe.com/currencies). ISK and UGX are logically
/// without decimals too, though the API scales them by 100.
const ZERO_DECIMAL: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF", "UGX", "ISK",
];
/// Stripe's three-decimal currencies.
const THREE_DECIMAL: &[&str] = &["BHD", "JOD", "KWD", "OMR", "TND"];

/// The currencies in use by ISO 4217 (List One of SIX, the maintenance agency, January 2026): those
/// that something can be charged in, so no precious metals, no drawing rights, no codes for tests.
#[rustfmt::skip]
const IN_USE: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
    "CHE", "CHF", "CHW", "CLF", "CLP", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DJF",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR",
    "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
    "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN",
    "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH",
    "UGX", "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF",
    "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];
/// Currencies withdrawn since 1999 (its List Three) that old exports and the European Central Bank's
/// history of rates still have.
#[rustfmt::skip]
const WITHDRAWN: &[&str] = &[
    "ANG", "BGN", "BYR", "CUC", "CYP", "EEK", "HRK", "LTL", "LVL", "MRO", "MTL", "ROL", "SIT",
    "SKK", "SLL", "STD", "TRL", "VEF", "ZWL",
];

impl Currency {
    /// US dollars, the currency of every provider format that states none.
    pub const USD: Currency = Currency(*b"USD");
    /// Euros, the base of the European Central Bank's rates.
    pub const EUR: Currency = Currency(*b"EUR");

    /// Reads a code in any case; `None` if it is not that of a currency.
    pub fn parse(text: &str) -> Option<Currency> {
        let bytes: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        let currency = Currency(bytes.map(|b| b.to_ascii_uppercase()));
        let code = currency.code();
        let known = [IN_USE, WITHDRAWN].map(|codes| codes.binary_search(&code).is_ok());
        (known[0] || known[1]).then_some(currency)
    }

    /// The code, upper case.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Decimals of the minor unit: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn decimals(&self) -> u8 {
        if ZERO_DECIMAL.contains(&self.code()) {
            0
        } else if THREE_DECIMAL.contains(&self.code()) {
            3
        } else {
            2
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_stripes() {
        let decimals = |code| Currency::parse(code).unwrap().decimals();
        assert_eq!(
            (decimals("usd"), decimals("jpy"), decimals("KWD")),
            (2, 0, 3)
        );
        assert_eq!(Currency::parse("US"), None);
        assert_eq!(Currency::parse("U$D"), None);
        // Three letters are not enough.
        assert_eq!(Currency::parse("XXQ"), None);
        assert_eq!(Currency::parse("abc"), None);
        assert_eq!(Currency::parse("XTS"), None);
        assert_eq!(Currency::parse(" hrk ").unwrap().code(), "HRK");
    }

    #[test]
    fn the_lists_are_in_order_and_have_every_currency_of_stripe() {
        assert!(IN_USE.is_sorted() && WITHDRAWN.is_sorted());
        let mut stripes = ZERO_DECIMAL.iter().chain(THREE_DECIMAL);
        assert!(stripes.all(|code| IN_USE.contains(code)));
        assert!(WITHDRAWN.iter().all(|code| !IN_USE.contains(code)));
    }
}
