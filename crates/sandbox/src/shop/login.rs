//! Log-in of a named customer, without a password.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::token;
use crate::customers::NamedCustomer;
use crate::refusal::{Refusal, parse};
use crate::sandbox::Sandbox;

#[derive(Deserialize)]
struct Login {
    user: String,
}

pub(super) async fn login(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let Login { user } = parse(&body)?;
    let who = NamedCustomer::find(&user).ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "UNKNOWN_USER", format!("no user is called `{user}`"))
    })?;
    let token = token::sign(&sandbox.shop(), who, sandbox.now()).ok_or_else(|| {
        let message = "the identity token could not be signed";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "NO_TOKEN", message)
    })?;
    let mut traits = Map::new();
    for (name, value) in [("email", who.email()), ("phone", who.phone())] {
        traits.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    Ok(Json(json!({"userId": who.customer_id(), "traits": traits, "token": token})))
}
