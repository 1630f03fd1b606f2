//! Ids of profiles at vendors that name none: the question that led there, so that it can be asked again.

use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use url::form_urlencoded;

use super::ProfileId;

/// The id of what this key led to: `{key}={value}`, encoded as in a form.
pub(crate) fn id_of(key: &KeyValue) -> ProfileId {
    let mut form = form_urlencoded::Serializer::new(String::new());
    ProfileId::new(form.append_pair(&key.key, key.value.expose()).finish())
}

/// The key that the id was made of; `None` for anything else.
pub(crate) fn key_of(id: &ProfileId) -> Option<KeyValue> {
    let (key, value) = form_urlencoded::parse(id.expose().as_bytes()).next()?;
    Some(KeyValue { key: key.into(), value: Identifier::new(value).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_question() {
        for (key, value) in [("email", "vera+x@example.com"), ("a=b&c", " =&% é"), ("k", "a&b=c")]
        {
            let asked = KeyValue { key: key.into(), value: Identifier::new(value).unwrap() };
            assert_eq!(key_of(&id_of(&asked)), Some(asked));
        }
        for nothing in ["", "email", "email=", "=%00"] {
            assert_eq!(key_of(&ProfileId::new(nothing)), None, "{nothing}");
        }
    }
}
