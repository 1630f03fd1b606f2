//! `/api/dead-letters`: what destinations refused for good.
//!
//! The list holds no personal data. What is shown of one letter does: its event, and what was sent and answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use datafly_store::queue::{Consumer, DeadLetter, Position};
use serde_json::{Value, json};

use super::Refusal;
use super::selection::{Named, Selection};
use crate::app::App;
use crate::outbox::{DryRun, Letter, LetterName};

/// Answers `{"dead_letters":[…],"next"}`; `next` is where the list goes on by `after`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    selection: Selection,
) -> Result<Json<Value>, Refusal> {
    let listed = selection.page(&app).await?;
    let letters: Vec<_> = listed.letters.iter().map(summary).collect();
    Ok(Json(json!({ "dead_letters": letters, "next": listed.next.map(LetterName::from) })))
}

/// Answers all of it.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Named(name): Named,
) -> Result<Json<Value>, Refusal> {
    let letter = find(&app, &name).await?;
    let Letter { message, trace, url, request, status, answer } =
        Letter::read(&letter.death.details);
    let mut shown = summary(&letter);
    shown["message_id"] = letter.event.message_id.as_str().into();
    shown["visitor"] = json!(letter.event.visitor);
    shown["event"] = serde_json::from_slice(&letter.event.body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&letter.event.body).into());
    shown["message"] = message.into();
    shown["trace"] = trace.into();
    shown["request"] = json!({ "url": url, "body": request });
    shown["answer"] = json!({ "status": status, "body": answer });
    Ok(Json(shown))
}

/// Maps the event by the blueprint that is served now, and sends nothing.
pub(super) async fn dry_run(
    State(app): State<Arc<App>>,
    Named(name): Named,
) -> Result<Json<DryRun>, Refusal> {
    let letter = find(&app, &name).await?;
    let configured = app.configured();
    let recipient = configured.pipelines.recipient(&name.consumer);
    let recipient = recipient.ok_or_else(|| not_configured(&name.consumer))?;
    Ok(Json(recipient.dry_run(&letter.event, app.clock.now())))
}

/// Answers `{"replayed":1}`.
pub(super) async fn replay(
    State(app): State<Arc<App>>,
    Named(name): Named,
) -> Result<Json<Value>, Refusal> {
    if app.configured().pipelines.recipient(&name.consumer).is_none() {
        return Err(not_configured(&name.consumer));
    }
    match app.outbox.replay(&name.consumer, &[name.position], app.clock.now()).await? {
        0 => Err(unknown(&name)),
        replayed => {
            tracing::info!(letter = %name, "a dead letter is delivered once more");
            Ok(Json(json!({ "replayed": replayed })))
        }
    }
}

/// Answers `{"replayed","not_configured","next"}`: a page of them, as the list has it. What a destination refused
/// that is not configured any more stays, since nobody would deliver it.
pub(super) async fn replay_many(
    State(app): State<Arc<App>>,
    selection: Selection,
) -> Result<Json<Value>, Refusal> {
    let listed = selection.chosen(&app).await?;
    let (mut replayed, mut left) = (0, 0);
    for (consumer, positions) in by_consumer(&listed.letters) {
        if app.configured().pipelines.recipient(consumer).is_none() {
            left += positions.len();
            continue;
        }
        replayed += app.outbox.replay(consumer, &positions, app.clock.now()).await?;
    }
    tracing::info!(replayed, "dead letters are delivered once more");
    let next = listed.next.map(LetterName::from);
    Ok(Json(json!({ "replayed": replayed, "not_configured": left, "next": next })))
}

/// Answers `{"purged":1}`.
pub(super) async fn purge(
    State(app): State<Arc<App>>,
    Named(name): Named,
) -> Result<Json<Value>, Refusal> {
    match app.outbox.purge(&name.consumer, &[name.position]).await? {
        0 => Err(unknown(&name)),
        purged => {
            tracing::info!(letter = %name, "a dead letter is removed");
            Ok(Json(json!({ "purged": purged })))
        }
    }
}

/// Answers `{"purged","next"}`: a page of them, as the list has it.
pub(super) async fn purge_many(
    State(app): State<Arc<App>>,
    selection: Selection,
) -> Result<Json<Value>, Refusal> {
    let listed = selection.chosen(&app).await?;
    let mut purged = 0;
    for (consumer, positions) in by_consumer(&listed.letters) {
        purged += app.outbox.purge(consumer, &positions).await?;
    }
    tracing::info!(purged, "dead letters are removed");
    Ok(Json(json!({ "purged": purged, "next": listed.next.map(LetterName::from) })))
}

/// What tells one letter from another, without what is in it.
fn summary(letter: &DeadLetter) -> Value {
    json!({
        "name": LetterName::from(letter),
        "pipeline": letter.consumer.pipeline,
        "destination": letter.consumer.destination,
        "position": letter.event.position.0,
        "reason": letter.death.reason,
        "refused_at": letter.death.at,
        "received_at": letter.event.received_at,
    })
}

async fn find(app: &App, name: &LetterName) -> Result<DeadLetter, Refusal> {
    app.outbox.dead_letter(name).await?.ok_or_else(|| unknown(name))
}

/// Lists are in the order of their consumers.
fn by_consumer(letters: &[DeadLetter]) -> impl Iterator<Item = (&Consumer, Vec<Position>)> {
    letters.chunk_by(|a, b| a.consumer == b.consumer).filter_map(|letters| {
        let positions = letters.iter().map(|letter| letter.event.position);
        Some((&letters.first()?.consumer, positions.collect()))
    })
}

fn unknown(name: &LetterName) -> Refusal {
    Refusal::not_found(format!("there is no dead letter `{name}`: ask for the list"))
}

fn not_configured(consumer: &Consumer) -> Refusal {
    let Consumer { pipeline, destination } = consumer;
    let message = format!(
        "`{destination}` is no destination of `{pipeline}` any more: configure it again, or purge the letter"
    );
    Refusal::new(StatusCode::CONFLICT, "NOT_CONFIGURED", message)
}
