//! Refusals in the vendor's shape.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A status and a message. Its body is written by [`render`], which knows the request's number.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: StatusCode,
    message: Cow<'static, str>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a refusal its body; leaves other responses alone.
pub(super) fn render(mut response: Response, request: u64) -> Response {
    match response.extensions_mut().remove::<ApiError>() {
        None => response,
        Some(error) => {
            let body = json!({
                "status": error.status.as_u16(),
                "message": error.message,
                "request_id": format!("req-{request:08}"),
            });
            (error.status, Json(body)).into_response()
        }
    }
}

pub(super) async fn no_such_route() -> ApiError {
    ApiError::not_found("no such route")
}

pub(super) async fn method_not_allowed() -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    render(ApiError::new(status, "method not allowed").into_response(), 0)
}
