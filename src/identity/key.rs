//! The keys that join ids of the billing system to customers.

/// The key that joined a billing id to a customer, in the order in which keys are tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JoinKey {
    /// A row of the mapping file.
    Mapping,
    /// The billing id is itself a customer's id.
    SameId,
    /// A metadata value, with the metadata key.
    Metadata(String),
    /// The e-mail.
    Email,
    /// Customer description or client reference id.
    Reference(String),
    /// No usage, mapping or bill names customers, so the billing ids are the customers.
    OwnId,
}

impl JoinKey {
    /// How the report names it.
    pub fn title(&self) -> String {
        match self {
            JoinKey::Mapping => "mapping file".into(),
            JoinKey::SameId => "same id".into(),
            JoinKey::Metadata(key) => format!("metadata {key:?}"),
            JoinKey::Email => "e-mail".into(),
            JoinKey::Reference(what) => what.clone(),
            JoinKey::OwnId => "billing id".into(),
        }
    }
}
