//! Names and e-mail addresses brought to a form in which equal ones are equal.

use unicode_normalization::UnicodeNormalization;

/// Words at the end of a company's name that say what kind of company it is.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kg",
    "kk",
    "limited",
    "llc",
    "llp",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pty",
    "sa",
    "sarl",
    "sas",
    "se",
    "spa",
    "srl",
    "ug",
];

/// Providers at which anybody may have an address: the domain says nothing about the customer.
const PUBLIC_MAIL: &[&str] = &[
    "163.com",
    "aol.com",
    "fastmail.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "yandex.ru",
    "ymail.com",
];

/// Shorter names are equal by chance.
const SHORTEST: usize = 3;

/// The name without case, blanks, punctuation and legal forms at its end: `Acme, Inc.` and `ACME`
/// are both `acme`. `None` if less than three letters or digits are left.
pub fn plain_name(name: &str) -> Option<String> {
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    // Dots and apostrophes stand inside words: `S.A.`, `Domino's`.
    let inside: String = lower
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '’'))
        .collect();
    let mut words: Vec<&str> = inside
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    while words.len() > 1 && words.last().is_some_and(|w| LEGAL_FORMS.contains(w)) {
        words.pop();
    }
    let plain = words.concat();
    (plain.chars().count() >= SHORTEST).then_some(plain)
}

/// The domain of an e-mail address, lower case; `None` if the text is no address, or its domain is
/// one at which anybody may have an address.
pub fn mail_domain(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    if local.is_empty() {
        return None;
    }
    domain_of(domain)
}

/// The text as a domain, lower case; `None` if it is none, or a public mail provider's.
pub fn domain_of(text: &str) -> Option<String> {
    let domain = text.trim().to_lowercase();
    let fits =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let labels = domain.split('.').count();
    let ends_in_letters = domain
        .rsplit('.')
        .next()
        .is_some_and(|last| last.len() > 1 && last.chars().all(char::is_alphabetic));
    let is_domain = labels > 1 && ends_in_letters && domain.split('.').all(fits);
    (is_domain && !PUBLIC_MAIL.contains(&domain.as_str())).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_case_blanks_punctuation_and_legal_forms() {
        for name in [
            "Acme, Inc.",
            "ACME",
            "acme  Inc",
            "Acme GmbH & Co. KG",
            "Ａｃｍｅ Ltd",
        ] {
            assert_eq!(plain_name(name).as_deref(), Some("acme"), "{name}");
        }
        assert_eq!(plain_name("Umbra Labs S.A.").as_deref(), Some("umbralabs"));
        // A name that is nothing but a legal form keeps it.
        assert_eq!(plain_name("Corp").as_deref(), Some("corp"));
        assert_eq!(plain_name("Inc-Labs").as_deref(), Some("inclabs"));
        assert_eq!(plain_name("AB"), None);
        assert_ne!(plain_name("Acme"), plain_name("Acme Labs"));
    }

    #[test]
    fn domains_of_public_mail_providers_say_nothing() {
        assert_eq!(
            mail_domain("ap@Acme.example").as_deref(),
            Some("acme.example")
        );
        assert_eq!(mail_domain("ap@gmail.com"), None);
        assert_eq!(mail_domain("@acme.example"), None);
        assert_eq!(mail_domain("acme.example"), None);
        assert_eq!(domain_of("acme.example").as_deref(), Some("acme.example"));
        assert_eq!(domain_of("org_7"), None);
        assert_eq!(domain_of("gpt-4.1"), None);
    }
}
