//! Numbers and texts as bytes: small numbers take one.
//!
//! Reading never panics and never trusts a length: what is not as it was written is `None`.

use crate::model::{Exact, Packed};

/// Bytes being written.
#[derive(Debug, Default)]
pub struct Out(pub Vec<u8>);

/// Bytes being read.
#[derive(Debug)]
pub struct In<'b>(pub &'b [u8]);

impl Out {
    /// A number.
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A number with a sign.
    pub fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    /// A flag.
    pub fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    /// A count or an amount: small whole ones as they are, behind a 0 all others as text.
    pub fn packed(&mut self, value: &Packed) {
        let small = value.whole().and_then(|whole| u64::try_from(whole).ok());
        match small {
            Some(whole) => self.number(whole + 1),
            None => {
                self.number(0);
                self.text(&value.exact().to_string());
            }
        }
    }
}

impl<'b> In<'b> {
    /// A number.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number that counts or places something.
    pub fn place(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// A number with a sign.
    pub fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number with a sign that must fit.
    pub fn short(&mut self) -> Option<i32> {
        i32::try_from(self.signed()?).ok()
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'b str> {
        let length = self.place()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    /// A flag.
    pub fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A count or an amount, if it is a small whole one: `Some(None)`, and it is left to be read by
    /// [`In::packed`], if it is not.
    #[inline]
    pub fn whole(&mut self) -> Option<Option<i64>> {
        let before = self.0;
        let number = self.number()?;
        let whole = number
            .checked_sub(1)
            .and_then(|whole| i64::try_from(whole).ok());
        if whole.is_none() {
            self.0 = before;
        }
        Some(whole)
    }

    /// A count or an amount.
    pub fn packed(&mut self) -> Option<Packed> {
        match self.number()? {
            0 => Some(Exact::parse(self.text()?).ok()?.into()),
            whole => Some(Exact::from(whole - 1).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut out = Out::default();
        let numbers = [0, 1, 127, 128, 300, u64::MAX];
        let signed = [0, -1, 1, i64::MIN, i64::MAX];
        let amounts = [
            "0",
            "7",
            "-7",
            "0.001",
            "9223372036854775807",
            "12345678901234567890123",
        ];
        numbers.iter().for_each(|number| out.number(*number));
        signed.iter().for_each(|number| out.signed(*number));
        for amount in amounts {
            out.packed(&Exact::parse(amount).unwrap().into());
        }
        out.text("ø\n");
        out.flag(true);
        let mut read = In(&out.0);
        for number in numbers {
            assert_eq!(read.number(), Some(number));
        }
        for number in signed {
            assert_eq!(read.signed(), Some(number));
        }
        for amount in amounts {
            assert_eq!(read.packed().unwrap().exact().to_string(), amount);
        }
        assert_eq!((read.text(), read.flag()), (Some("ø\n"), Some(true)));
        assert_eq!(read.number(), None);
        // Cut anywhere, it ends without a panic.
        for end in 0..out.0.len() {
            let mut read = In(&out.0[..end]);
            while read.packed().is_some() {}
        }
    }
}
