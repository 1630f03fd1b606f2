//! A person's way in: a one-time URL that turns into a cookie.
//!
//! A pass is made once per start, for whoever starts the server and shows it to a person at the same machine; it
//! opens one session and is void. The session lives [`LIFE`] in this process and its cookie in one browser.

use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::runtime::{EntropyError, Runtime};

/// Where a pass is shown.
pub(super) const PATH: &str = "/enter";

/// Where a person is led who has shown it: what there is to ask.
const INSIDE: &str = "/openapi.json";

/// How long a session lives: a day's work.
const LIFE: SignedDuration = SignedDuration::from_hours(12);

const COOKIE: &str = "datafly_admin";

/// Of a secret, so that the time a comparison takes says nothing of where two differ.
type Hash = [u8; 32];

/// Passes and sessions of this process.
pub struct Entrance {
    runtime: Runtime,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    pass: Option<Hash>,
    session: Option<(Hash, Timestamp)>,
}

impl Entrance {
    /// Nobody has come in, or can.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, known: Mutex::default() }
    }

    /// A path with a new pass; the one before is void.
    pub fn invite(&self) -> Result<String, EntropyError> {
        let pass = self.secret()?;
        self.known().pass = Some(hash(&pass));
        Ok(format!("{PATH}?pass={pass}"))
    }

    /// Takes a pass for a session.
    pub(super) fn enter(&self, query: Option<&str>) -> Result<Option<Response>, EntropyError> {
        let Some(pass) = query.and_then(|query| query.strip_prefix("pass=")) else {
            return Ok(None);
        };
        let session = self.secret()?;
        let mut known = self.known();
        if known.pass.is_none() || known.pass != Some(hash(pass)) {
            return Ok(None);
        }
        known.pass = None;
        known.session = Some((hash(&session), self.runtime.clock.now() + LIFE));
        drop(known);
        Ok(Some(lead_in(session)))
    }

    /// Whether a request is of a session. A page of another port of this machine is of the same site, and its
    /// includes would bring the cookie: what is not from here, or typed in, does not count.
    pub(super) fn knows(&self, headers: &HeaderMap) -> bool {
        let from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        if !matches!(from, Some(b"same-origin" | b"none")) {
            return false;
        }
        let cookies =
            headers.get_all(header::COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let sent = cookies.flat_map(Cookie::split_parse).flatten().find(|it| it.name() == COOKIE);
        let (Some(sent), Some((session, ends_at))) = (sent, self.known().session) else {
            return false;
        };
        hash(sent.value()) == session && self.runtime.clock.now() < ends_at
    }

    fn secret(&self) -> Result<String, EntropyError> {
        Ok(BASE64URL_NOPAD.encode(&self.runtime.entropy.bytes()?))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lead_in(session: String) -> Response {
    let cookie = Cookie::build((COOKIE, session))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(LIFE.as_secs()));
    let headers = [
        (header::SET_COOKIE, cookie.to_string()),
        (header::LOCATION, INSIDE.to_owned()),
        // The pass is in the URL; void as it is, it is nobody else's business.
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn hash(secret: &str) -> Hash {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

    use super::*;
    use crate::runtime::{Clock, Entropy};

    #[derive(Default)]
    struct Outside {
        second: AtomicI64,
        drawn: AtomicU8,
    }

    impl Clock for Outside {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.second.load(Ordering::Relaxed)).unwrap()
        }
    }

    impl Entropy for Outside {
        fn bytes(&self) -> Result<[u8; 16], EntropyError> {
            Ok([self.drawn.fetch_add(1, Ordering::Relaxed); 16])
        }
    }

    fn entrance() -> (Entrance, Arc<Outside>) {
        let outside = Arc::new(Outside::default());
        let runtime = Runtime { clock: outside.clone(), entropy: outside.clone() };
        (Entrance::new(runtime), outside)
    }

    /// The headers of a browser that has followed this link.
    fn follow(entrance: &Entrance, path: &str) -> Option<HeaderMap> {
        let response = entrance.enter(path.split_once('?').map(|(_, query)| query)).unwrap()?;
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = HeaderValue::from_str(cookie.split(';').next().unwrap()).unwrap();
        let fetch = HeaderValue::from_static("same-origin");
        let site = header::HeaderName::from_static("sec-fetch-site");
        Some(HeaderMap::from_iter([(header::COOKIE, cookie), (site, fetch)]))
    }

    #[test]
    fn a_session_ends_after_its_time() {
        let (entrance, outside) = entrance();
        let browser = follow(&entrance, &entrance.invite().unwrap()).unwrap();
        outside.second.store(LIFE.as_secs() - 1, Ordering::Relaxed);
        assert!(entrance.knows(&browser));
        outside.second.store(LIFE.as_secs(), Ordering::Relaxed);
        assert!(!entrance.knows(&browser));
    }

    #[test]
    fn nobody_comes_in_without_an_invitation_or_by_an_older_one() {
        let (entrance, _) = entrance();
        assert!(follow(&entrance, "/enter?pass=").is_none());
        let older = entrance.invite().unwrap();
        let newer = entrance.invite().unwrap();
        assert!(follow(&entrance, &older).is_none());
        assert!(follow(&entrance, &newer).is_some());
    }
}
