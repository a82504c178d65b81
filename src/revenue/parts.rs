//! Sharing an amount over the lines of an invoice, and taking a gross amount back piece by piece.

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

/// The net parts of gross amounts that go back of one invoice or payment, one after the other: in
/// proportion to net ∕ gross of it, each rounded half to even at the minor unit as a cumulated sum,
/// so that pieces that sum to the whole gross take back the whole net.
#[derive(Clone, Debug)]
pub struct NetParts {
    net: Exact,
    gross: Exact,
    places: u8,
    /// Gross and net so far.
    taken: (Exact, Exact),
}

impl NetParts {
    /// Nothing yet of an amount `net` that is `gross` with its tax.
    pub fn of(net: Exact, gross: Exact, places: u8) -> NetParts {
        NetParts {
            net,
            gross,
            places,
            taken: (Exact::ZERO, Exact::ZERO),
        }
    }

    /// The net part of the next piece.
    pub fn take(&mut self, gross: Exact) -> Exact {
        let (before, net) = self.taken;
        let until = before + gross;
        let scaled = match self.net == self.gross {
            true => None,
            false => Exact::ratio(until * self.net, self.gross, self.places),
        };
        let scaled = scaled.unwrap_or(until);
        self.taken = (until, scaled);
        scaled - net
    }
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

    #[test]
    fn pieces_of_the_whole_gross_are_the_whole_net() {
        let exact = |text: &str| Exact::parse(text).unwrap();
        let pieces = |net, gross, pieces: [&str; 3]| {
            let mut parts = NetParts::of(exact(net), exact(gross), 2);
            pieces.map(|piece| parts.take(exact(piece)).to_string())
        };
        // 0.833 of 3.33, 6.66 and 10: 2.77389, 5.54778, 8.33.
        assert_eq!(
            pieces("8.33", "10", ["3.33", "3.33", "3.34"]),
            ["2.77", "2.78", "2.78"]
        );
        // 0.8403 of 33.33, 66.66 and 100: 28.007…, 56.014…, 84.03.
        assert_eq!(
            pieces("84.03", "100", ["33.33", "33.33", "33.34"]),
            ["28.01", "28", "28.02"]
        );
        assert_eq!(pieces("5", "5", ["1.001", "0", "2"]), ["1.001", "0", "2"]);
        assert_eq!(pieces("1", "0", ["1", "0", "2"]), ["1", "0", "2"]);
    }
}
