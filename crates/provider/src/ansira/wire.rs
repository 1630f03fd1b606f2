//! Ansira's shapes: the token endpoint's, which the seed documents, and a listing's, as far as the owner says.

use std::collections::BTreeSet;

use datafly_core::attributes::Attributes;
use datafly_settings::Section;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::keys;
use crate::profile::{Profile, ProfileId, ProviderError};

/// The token endpoint's 200. `claims` is for Ansira's own use.
#[derive(Deserialize)]
pub(super) struct TokenResponse {
    access_token: String,
    /// Seconds that are left; the life counts from issue.
    pub(super) expires_in: u32,
    scope: Option<String>,
}

impl TokenResponse {
    /// The token.
    pub(super) fn secret(&self) -> SecretString {
        self.access_token.as_str().into()
    }

    /// What the token is good for; `None` where the answer does not say, which means what was asked for (RFC 6749
    /// 5.1). Ansira separates by commas, the standard by spaces.
    pub(super) fn scopes(&self) -> Option<BTreeSet<&str>> {
        let scopes = self.scope.as_ref()?.split([',', ' ']);
        Some(scopes.filter(|scope| !scope.is_empty()).collect())
    }
}

/// The token endpoint's refusal (RFC 6749, 5.2). Its description is not read: it may repeat what was sent.
#[derive(Deserialize)]
pub(super) struct TokenRefusal {
    pub(super) error: String,
}

/// Where in a listing's answer a record is, and in a record what is read of it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// JSON pointer to the list.
    records: String,
    /// The member that identifies a record, in answers and in filters.
    pub(super) id_field: String,
    /// JSON pointer from a record to its attributes.
    attributes: String,
}

impl Shape {
    /// Reads `records`, `id_field` and `attributes`.
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let records = keys::pointer(section, "records", "/data");
        let id_field = keys::optional_text(section, "id_field", "id_field = \"id\"");
        let attributes = keys::pointer(section, "attributes", "");
        Some(Self {
            records: records?,
            id_field: id_field?.unwrap_or_else(|| "id".to_owned()),
            attributes: attributes?,
        })
    }

    /// The first record of the listing, or `None` where it is empty.
    pub(super) fn first(&self, body: &[u8]) -> Result<Option<Profile>, ProviderError> {
        let bad = |reason| ProviderError::BadAnswer { reason };
        let answer: Value = serde_json::from_slice(body).map_err(|_| bad("it is not JSON"))?;
        let Some(Value::Array(records)) = answer.pointer(&self.records) else {
            return Err(bad("there is no list where `records` points"));
        };
        let Some(record) = records.first() else { return Ok(None) };
        let id = match record.get(&self.id_field) {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(bad("a record has no `id_field`")),
        };
        match record.pointer(&self.attributes) {
            Some(Value::Object(attributes)) => {
                let attributes: Attributes = attributes.clone();
                Ok(Some(Profile { id: ProfileId::new(id), attributes }))
            }
            _ => Err(bad("there is no map where `attributes` points")),
        }
    }
}
