//! `POST /v1/forget`: delete what is stored of this browser.
//!
//! What vendors answered of the visitor leaves the caches, and the answer takes both cookies away. Where the owner
//! switched that on, vendors are asked to forget the person as well, if the body proves who that is: it is empty, or
//! `{"token": "…"}` with an identity token as an identify has it. Nothing else counts as a proof, least of all who was
//! logged in here: a browser that somebody left behind must not erase them.
//!
//! A token that is refused changes nothing. A vendor that cannot be asked is a 503 after this server has forgotten
//! the visitor: the page sends the same request again, and its token, which this server does not keep, counts anew.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use datafly_core::event::{IdentityToken, MAX_EVENT_BYTES};
use datafly_core::visitor::{Binding, Verification};

use super::answer::accepted;
use super::asked::Asked;
use super::caller::{self, Caller};
use super::error::EdgeError;
use super::visit::Visit;
use super::{body, cookies};
use crate::erasure;

/// Forgets this browser, and has vendors forget who proves to be at it.
pub(super) async fn forget(asked: &Asked<'_>, body: Body) -> Result<Response, EdgeError> {
    if caller::of_post(asked.headers, asked.pipeline)? == Caller::Server {
        return Err(EdgeError::NoBrowser);
    }
    let mut visit = Visit::recognise(asked).await?;
    visit.work()?;
    let proof = proof(asked, body, &visit).await?;
    visit.forget().await?;
    let cookies = cookies::removal(asked);
    let Asked { app, pipeline, .. } = *asked;
    if let Some(proof) = proof
        && !erasure::forget(&pipeline.erasures, proof, &pipeline.key, &app.metrics).await
    {
        let mut failed = EdgeError::VendorsNotAsked.into_response();
        failed.headers_mut().extend(cookies);
        return Ok(failed);
    }
    Ok(accepted(cookies, None, None))
}

/// Who the body proves to be there, if it says anything. Under `off` a token that is refused proves nothing.
async fn proof(
    asked: &Asked<'_>,
    body: Body,
    visit: &Visit<'_>,
) -> Result<Option<Binding>, EdgeError> {
    let Asked { headers, pipeline, .. } = *asked;
    // A request without a body says nothing of its type either.
    if !headers.contains_key(header::CONTENT_TYPE) {
        return Ok(None);
    }
    let body = body::read(headers, body, MAX_EVENT_BYTES).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let token = IdentityToken::of_body(&body).map_err(|_| EdgeError::InvalidForget)?;
    let Some(token) = token else { return Ok(None) };
    match pipeline.verifier.verify(&token, visit.now) {
        Ok(proof) => Ok(Some(proof)),
        Err(_) if pipeline.verification == Verification::Off => Ok(None),
        Err(error) => Err(error.into()),
    }
}
