//! Sharing an amount over the lines of an invoice.

use crate::model::Exact;

/// Shares of an amount in proportion to weights of either sign, each rounded half to even at the
/// minor unit as a cumulated sum, so that they sum to the amount exactly. If the weights sum to
/// zero the first share is all of it.
pub fn shares(amount: Exact, weights: &[Exact], places: u8) -> Vec<Exact> {
    let whole: Exact = weights.iter().sum();
    let mut shares = Vec::with_capacity(weights.len());
    let (mut weight, mut before) = (Exact::ZERO, Exact::ZERO);
    for (at, one) in weights.iter().enumerate() {
        weight += *one;
        let until = match at + 1 == weights.len() || whole.is_zero() {
            true => amount,
            false => Exact::ratio(amount * weight, whole, places).unwrap_or(amount),
        };
        shares.push(until - before);
        before = until;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(amount: &str, weights: &[&str]) -> Vec<String> {
        let exact = |text: &&str| Exact::parse(text).unwrap();
        let weights: Vec<Exact> = weights.iter().map(exact).collect();
        let found = shares(exact(&amount), &weights, 2);
        assert_eq!(found.iter().sum::<Exact>(), exact(&amount));
        found.iter().map(Exact::to_string).collect()
    }

    #[test]
    fn shares_sum_to_the_amount() {
        // 10/3 = 3.333…, 20/3 = 6.666…: cumulated 3.33, 6.67, 10.
        assert_eq!(share("10", &["1", "1", "1"]), ["3.33", "3.34", "3.33"]);
        // A line that takes back carries its share with its own sign.
        assert_eq!(share("30", &["-30", "120"]), ["-10", "40"]);
        assert_eq!(share("5", &["7", "-7"]), ["5", "0"]);
        assert_eq!(share("0.001", &["1", "1"]), ["0", "0.001"]);
        assert!(shares(Exact::ONE, &[], 2).is_empty());
    }
}
