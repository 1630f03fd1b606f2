//! The credential cookie's value: which visitor, at which version, said by this server.
//!
//! `1.{key id}.{canonical id}.{version}.{day}.{mac}`: the MAC is HMAC-SHA256 over the pipeline's key and
//! everything before it, so that a visitor of one pipeline is nobody to another. The day (since 1970, UTC)
//! is when it was issued, so that it can be renewed once a day and no more often. A value that fails in any way is as good as none: the browser gets a new visitor.

use data_encoding::BASE64URL_NOPAD;
use datafly_core::id::{CanonicalId, PipelineKey};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Form of the value; another form gets another number.
const FORM: &str = "1";

/// Keeps this MAC from being good for anything else that is ever signed with the same key.
const PURPOSE: &[u8] = b"datafly credential cookie\n";

/// The same for visitors' handles: a handle is no credential, and a credential no handle.
const HANDLE_PURPOSE: &[u8] = b"datafly visitor handle\n";

/// Bytes of a handle's MAC. It only attributes events, so half a hash is plenty.
const HANDLE_MAC_BYTES: usize = 16;

/// What a credential says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// The visitor.
    pub id: CanonicalId,
    /// The version of its record that this browser has seen; 0 where there was no record.
    pub version: u64,
    /// Day of issue, in days since 1970.
    pub day: i64,
}

/// One MAC key with its name.
#[derive(Clone)]
struct Key {
    id: String,
    mac: Hmac<Sha256>,
}

/// Issues and reads credentials. The first key signs, all of them are accepted: to rotate, put a new
/// key first and drop the old one when the cookies it signed have been renewed.
#[derive(Clone)]
pub struct Credentials {
    signing: Key,
    retired: Vec<Key>,
}

/// Shortest key: 32 bytes, the output of the hash.
const MIN_KEY_BYTES: usize = 32;

/// Why keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key at all.
    #[error("no cookie key is configured: name at least one")]
    None,
    /// Not 1 to 16 letters or digits.
    #[error("the key id `{0}` must be 1 to 16 letters or digits")]
    Id(String),
    /// Two keys of one name.
    #[error("the key id `{0}` is used twice")]
    Twice(String),
    /// Too short.
    #[error("the key `{0}` is shorter than {MIN_KEY_BYTES} bytes: generate a longer one")]
    Short(String),
}

impl Credentials {
    /// Takes keys as `(id, secret)`, the signing one first.
    pub fn new(keys: impl IntoIterator<Item = (String, SecretString)>) -> Result<Self, KeyError> {
        let mut read = Vec::<Key>::new();
        for (id, secret) in keys {
            if !(1..=16).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(KeyError::Id(id));
            }
            if read.iter().any(|key| key.id == id) {
                return Err(KeyError::Twice(id));
            }
            let bytes = secret.expose_secret().as_bytes();
            if bytes.len() < MIN_KEY_BYTES {
                return Err(KeyError::Short(id));
            }
            let mac = Hmac::new_from_slice(bytes).map_err(|_| KeyError::Short(id.clone()))?;
            read.push(Key { id, mac });
        }
        let mut keys = read.into_iter();
        Ok(Self { signing: keys.next().ok_or(KeyError::None)?, retired: keys.collect() })
    }

    /// The cookie's value for a visitor now.
    pub fn issue(
        &self,
        pipeline: &PipelineKey,
        id: CanonicalId,
        version: u64,
        now: Timestamp,
    ) -> String {
        let day = day_of(now);
        let mut value = format!("{FORM}.{}.{id}.{version}.{day}", self.signing.id);
        let mac = mac_of(&self.signing, pipeline, &value).finalize().into_bytes();
        value.push('.');
        BASE64URL_NOPAD.encode_append(&mac, &mut value);
        value
    }

    /// What a cookie's value says, if this server said it.
    pub fn read(&self, pipeline: &PipelineKey, value: &str) -> Option<Credential> {
        let (body, mac) = value.rsplit_once('.')?;
        let mut parts = body.split('.');
        let (form, key_id) = (parts.next()?, parts.next()?);
        let (id, version, day) = (parts.next()?, parts.next()?, parts.next()?);
        if form != FORM || parts.next().is_some() {
            return None;
        }
        let key = self.key(key_id)?;
        // Compares in constant time.
        mac_of(key, pipeline, body).verify_slice(&read_mac(mac)?).ok()?;
        Some(Credential {
            id: id.parse().ok()?,
            version: version.parse().ok()?,
            day: day.parse().ok()?,
        })
    }

    /// A visitor's handle: `{key id}.{id and MAC}`. Whoever holds it can say that an event was this
    /// visitor's; it opens nothing.
    pub fn handle(&self, pipeline: &PipelineKey, id: CanonicalId) -> String {
        let mac = handle_mac(&self.signing, pipeline, id).finalize().into_bytes();
        let mut bytes = [0; 16 + HANDLE_MAC_BYTES];
        let (of_id, of_mac) = bytes.split_at_mut(16);
        of_id.copy_from_slice(id.as_bytes());
        of_mac.copy_from_slice(&mac[..HANDLE_MAC_BYTES]);
        let mut handle = String::with_capacity(64);
        handle.push_str(&self.signing.id);
        handle.push('.');
        BASE64URL_NOPAD.encode_append(&bytes, &mut handle);
        handle
    }

    /// The visitor a handle names, if this server made it.
    pub fn read_handle(&self, pipeline: &PipelineKey, handle: &str) -> Option<CanonicalId> {
        let (key_id, bytes) = handle.split_once('.')?;
        let bytes = BASE64URL_NOPAD.decode(bytes.as_bytes()).ok()?;
        let (id, mac) = bytes.split_first_chunk::<16>()?;
        let id = CanonicalId::from_random_bytes(*id);
        let key = self.key(key_id)?;
        let whole = mac.len() == HANDLE_MAC_BYTES;
        let fits = handle_mac(key, pipeline, id).verify_truncated_left(mac).is_ok();
        (whole && fits).then_some(id)
    }

    fn key(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.signing).chain(&self.retired).find(|key| key.id == id)
    }
}

impl Credential {
    /// Whether the cookie is due for its daily renewal, or was signed by a clock far ahead.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.day != day_of(now)
    }
}

fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 60 * 60)
}

fn mac_of(key: &Key, pipeline: &PipelineKey, body: &str) -> Hmac<Sha256> {
    mac(key, PURPOSE, pipeline).chain_update(body)
}

fn handle_mac(key: &Key, pipeline: &PipelineKey, id: CanonicalId) -> Hmac<Sha256> {
    mac(key, HANDLE_PURPOSE, pipeline).chain_update(id.as_bytes())
}

fn mac(key: &Key, purpose: &[u8], pipeline: &PipelineKey) -> Hmac<Sha256> {
    // No pipeline key holds a line break, so it cannot run into what follows.
    key.mac.clone().chain_update(purpose).chain_update(pipeline.as_str()).chain_update(b"\n")
}

/// The 32 bytes of a MAC.
fn read_mac(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let long = BASE64URL_NOPAD.decode_len(text.len()).ok()? == bytes.len();
    (long && BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn keys(ids: &[&str]) -> Credentials {
        let key = |id: &&str| ((*id).to_owned(), SecretString::from(id.repeat(MIN_KEY_BYTES)));
        Credentials::new(ids.iter().map(key)).unwrap()
    }

    fn shop() -> PipelineKey {
        "dk_test_shop".parse().unwrap()
    }

    fn id() -> CanonicalId {
        CanonicalId::from_random_bytes([5; 16])
    }

    #[test]
    fn what_was_issued_reads_back() {
        let value = keys(&["a"]).issue(&shop(), id(), 7, NOW);
        let credential = keys(&["a"]).read(&shop(), &value).unwrap();
        assert_eq!((credential.id, credential.version), (id(), 7));
        assert!(!credential.is_stale(NOW));
        assert!(credential.is_stale(Timestamp::constant(1_800_086_400, 0)));
    }

    #[test]
    fn a_retired_key_still_reads_and_a_dropped_one_does_not() {
        let value = keys(&["old"]).issue(&shop(), id(), 1, NOW);
        assert!(keys(&["new", "old"]).read(&shop(), &value).is_some());
        assert!(keys(&["new", "old"]).issue(&shop(), id(), 1, NOW).starts_with("1.new."));
        assert!(keys(&["new"]).read(&shop(), &value).is_none());
    }

    #[test]
    fn a_key_of_the_same_name_does_not_read_another_s() {
        let other = [("a".to_owned(), SecretString::from("z".repeat(MIN_KEY_BYTES)))];
        assert!(
            Credentials::new(other)
                .unwrap()
                .read(&shop(), &keys(&["a"]).issue(&shop(), id(), 1, NOW))
                .is_none()
        );
    }

    #[test]
    fn another_pipeline_s_credential_is_none() {
        let value = keys(&["a"]).issue(&shop(), id(), 1, NOW);
        assert!(keys(&["a"]).read(&"dk_test_other".parse().unwrap(), &value).is_none());
    }

    #[test]
    fn unusable_keys_are_named() {
        let of = |keys: &[(&str, usize)]| {
            let key =
                |(id, n): &(&str, usize)| ((*id).to_owned(), SecretString::from("x".repeat(*n)));
            Credentials::new(keys.iter().map(key)).err()
        };
        assert_eq!(of(&[]), Some(KeyError::None));
        assert_eq!(of(&[("a.b", 32)]), Some(KeyError::Id("a.b".to_owned())));
        assert_eq!(of(&[("a", 31)]), Some(KeyError::Short("a".to_owned())));
        assert_eq!(of(&[("a", 32), ("a", 33)]), Some(KeyError::Twice("a".to_owned())));
    }

    proptest! {
        #[test]
        fn nothing_else_reads(text in "[ -~]{0,120}", at in 0_usize..200, byte in 33_u8..127) {
            let keys = keys(&["a"]);
            prop_assert!(keys.read(&shop(), &text).is_none());
            let good = keys.issue(&shop(), id(), 3, NOW);
            let mut bad = good.clone().into_bytes();
            let at = at % bad.len();
            bad[at] = byte;
            let bad = String::from_utf8(bad).unwrap();
            prop_assert!(bad == good || keys.read(&shop(), &bad).is_none(), "{bad}");
        }
    }
}
