//! The Profile API's shapes, of both generations.

use std::collections::BTreeMap;

use datafly_core::attributes::Attributes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::profile::{Profile, ProfileId, ProviderError};

/// What ids of indexes start with.
pub(super) const INDEX_PREFIX: &str = "ix-";

/// What v0 says where the index has nobody of that key; the other 404s are about the index.
const NO_VALUE: &str = "no value found for key";

/// Body of `POST /attribute/v0/indexes/{index}`.
pub(super) fn question<'a>(key: &'a str, value: &'a str) -> BTreeMap<&'a str, &'a str> {
    BTreeMap::from([(key, value)])
}

/// `{"attributes":{"value":{…},"key":"…"},"metadata":{…}}`.
#[derive(Deserialize)]
struct ValueResponse {
    attributes: Found,
}

#[derive(Deserialize)]
struct Found {
    value: Attributes,
}

/// The attributes of v0's answer.
pub(super) fn value(body: &[u8]) -> Result<Attributes, ProviderError> {
    let response: ValueResponse =
        read(body, "it is JSON, but not a value with `attributes.value`")?;
    Ok(response.attributes.value)
}

/// Whether v0 says that there is nobody, rather than no index.
pub(super) fn is_nobody(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_lowercase().contains(NO_VALUE)
}

/// `{"data":[{…}],"next_token":…}`.
#[derive(Deserialize)]
struct ListResponse {
    data: Vec<ProfileResponse>,
}

#[derive(Deserialize)]
struct ProfileResponse {
    id: String,
    attributes: OneOrMore,
}

/// The specification has a map; the reference pages' examples have it in a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Attributes),
    More(Vec<Attributes>),
}

impl TryFrom<ProfileResponse> for Profile {
    type Error = ProviderError;

    fn try_from(response: ProfileResponse) -> Result<Self, ProviderError> {
        // A URL drops what these hold, so that the id would be read as another one.
        let id = response.id;
        if id.is_empty() || matches!(&*id, "." | "..") || id.contains(char::is_control) {
            let reason = "`id` is empty, or nothing that a URL can carry";
            return Err(ProviderError::BadAnswer { reason });
        }
        let attributes = match response.attributes {
            OneOrMore::One(attributes) => attributes,
            OneOrMore::More(parts) => parts.into_iter().flatten().collect(),
        };
        Ok(Self { id: ProfileId::new(id), attributes })
    }
}

/// The first profile of v2's list.
pub(super) fn first(body: &[u8]) -> Result<Option<Profile>, ProviderError> {
    let response: ListResponse = read(body, "it is JSON, but not a list of profiles with `data`")?;
    response.data.into_iter().next().map(Profile::try_from).transpose()
}

/// One profile of v2.
pub(super) fn profile(body: &[u8]) -> Result<Profile, ProviderError> {
    let response: ProfileResponse =
        read(body, "it is JSON, but not a profile with `id` and `attributes`")?;
    response.try_into()
}

fn read<T: DeserializeOwned>(body: &[u8], otherwise: &'static str) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|error| {
        let reason = if error.is_data() { otherwise } else { "it is not JSON" };
        ProviderError::BadAnswer { reason }
    })
}
