//! Who may ask the control routes and the page.
//!
//! They have no log-in, so what keeps other people's pages out is where a request says it goes to and comes from. A
//! page of another site reaches a listener on this machine by a name that it has made lead here (DNS rebinding): so a
//! `Host` that is a name is refused, but for `localhost`. Or it posts across sites: so an `Origin` has to be this
//! very host's. Programs send neither, or the first one right.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::refusal::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub(super) async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).map(HeaderValue::to_str);
    let host = match text(header::HOST) {
        None => None,
        Some(Ok(host)) if is_here(host) => Some(host),
        Some(_) => return refused("the sandbox is asked by an address or as `localhost`"),
    };
    let is_own = |origin: &str| host.is_some_and(|host| origin == format!("http://{host}"));
    let from_elsewhere = text(header::ORIGIN).is_some_and(|origin| !origin.is_ok_and(is_own));
    let across_sites =
        text(SEC_FETCH_SITE).is_some_and(|site| site.is_ok_and(|site| site == "cross-site"));
    // A link from elsewhere may open the page; it changes nothing.
    let navigates = request.method().is_safe() && request.uri().path() == "/";
    if from_elsewhere || across_sites && !navigates {
        return refused("the sandbox is asked by its own page, or by a program");
    }
    next.run(request).await
}

/// Whether a `Host` is an address, or the one name that nobody else can make lead here.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

fn refused(message: &str) -> Response {
    Refusal::new(StatusCode::FORBIDDEN, "NOT_FROM_HERE", message).into_response()
}
