//! Events on their way in: what each changes about its visitor, and whose it is when it goes into the outbox.
//!
//! A 200 stands for both: they are written in one step, or else the visitor first. Both are idempotent, so whoever
//! hears 503 sends everything again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use datafly_core::event::{CONTEXT, Event, EventError, EventKind, IdentityToken, Submission};
use datafly_core::id::CanonicalId;
use datafly_core::linking_key::Identifiers;
use datafly_core::visitor::{Binding, Claims, Doing, Verification, Visitor};
use datafly_store::Acceptance;
use datafly_store::queue::{MessageId, NameError, NewEvent};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::cookies;
use super::error::EdgeError;
use super::key;
use super::visit::{Subject, Visit};
use crate::app::Pipeline;
use crate::identity;
use crate::outbox::Accepted;
use crate::visitors::{MAX_RACES, News, VisitorError};

/// Global Privacy Control: the visitor's browser objects to its data being sold or shared.
const SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// The field that names an event.
const MESSAGE_ID: &str = "messageId";

/// Who sends the events of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// A page of the site, by our SDK or somebody else's.
    Page,
    /// A server, or whatever else has no browser: what it says is claimed.
    Server,
    /// The site's own server, which has signed the request: what it says is proven.
    Site,
    /// An image. It is counted for whoever is there, and changes nothing about them.
    Pixel,
}

/// The events of one request.
pub(super) struct Intake<'a> {
    asked: &'a Asked<'a>,
    sender: Sender,
    pub(super) now: Timestamp,
    visit: Option<Visit<'a>>,
    counted: bool,
    taken: Vec<NewEvent>,
    /// Events that are not accepted, and why not.
    pub(super) refused: Vec<(usize, EdgeError)>,
}

/// Whose an event is.
#[derive(Default)]
struct Whose {
    usable: Identifiers,
    proven: Identifiers,
    visitor: Arc<Visitor>,
    is_first: bool,
}

impl<'a> Intake<'a> {
    /// Of a request.
    fn new(asked: &'a Asked<'a>, sender: Sender) -> Self {
        let now = asked.app.clock.now();
        Self {
            asked,
            sender,
            now,
            visit: None,
            counted: false,
            taken: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// The browser's visitor, where one of our SDK's events has come.
    pub(super) fn visit(&self) -> Option<&Visit<'a>> {
        self.visit.as_ref()
    }

    /// Takes a request's events. What is not refused is durable, with what it changes about the visitor, when this
    /// returns. The events are read once more where another request of the same visitor came in between.
    pub(super) async fn accept<E: Iterator<Item = Result<Submission, EventError>>>(
        asked: &'a Asked<'a>,
        sender: Sender,
        events: impl Fn() -> E,
    ) -> Result<Self, EdgeError> {
        for _ in 0..MAX_RACES {
            let mut intake = Self::new(asked, sender);
            for (index, event) in events().enumerate() {
                let taken = match event {
                    Ok(event) => intake.take(event).await,
                    Err(error) => Err(error.into()),
                };
                match taken {
                    Ok(()) => {}
                    Err(error) if error.is_the_event_s() => intake.refused.push((index, error)),
                    Err(error) => return Err(error),
                }
            }
            if intake.store().await? {
                return Ok(intake);
            }
        }
        Err(VisitorError::Contended.into())
    }

    /// As [`Self::accept`], of one event: an error where it is refused.
    pub(super) async fn accept_one(
        asked: &'a Asked<'a>,
        sender: Sender,
        event: impl Fn() -> Result<Submission, EventError>,
    ) -> Result<Self, EdgeError> {
        let mut intake = Self::accept(asked, sender, || std::iter::once(event())).await?;
        match intake.refused.pop() {
            Some((_, error)) => Err(error),
            None => Ok(intake),
        }
    }

    /// Takes one event, or refuses it before it has changed anything.
    async fn take(&mut self, submission: Submission) -> Result<(), EdgeError> {
        let Submission { mut event, token, handle } = submission;
        let pipeline = self.asked.pipeline;
        // Before anything is changed: what is written of the visitor lasts once the event is stored.
        let sent_id = event.message_id.take().as_deref().map(message_id).transpose()?;
        let claims = identity::claims_of(&event);
        let consent = event.consent()?;
        let (kind, at) = (event.kind, event.occurred_at(self.now));
        let is_anothers = self.is_anothers(&event, handle.as_deref());
        let mut event = event.into_json(self.now);
        let identity = match kind {
            EventKind::Identify => Some(self.identity(claims.clone()?, token.as_ref())?),
            _ => None,
        };
        let whose = match self.sender {
            Sender::Page if !is_anothers => {
                let news = News { doing: doing(&event, at, pipeline), consent };
                self.visitors(identity, news, handle.as_deref()).await?
            }
            Sender::Pixel => self.whoever_is_there(claims).await?,
            Sender::Page | Sender::Server | Sender::Site => self.clients(claims?)?,
        };
        let Whose { usable, proven, visitor, is_first } = whose;
        self.note_request(&mut event, &visitor);
        let message_id = if let Some(id) = sent_id {
            id
        } else {
            let id = CanonicalId::from_random_bytes(self.asked.app.entropy.bytes()?);
            message_id(&id.to_string())?
        };
        event[MESSAGE_ID] = message_id.as_str().into();
        let accepted = Accepted { event, usable, proven, is_first, visitor };
        self.taken.push(NewEvent {
            pipeline: pipeline.key.clone(),
            visitor: accepted.usable.canonical_id,
            message_id,
            body: accepted.to_bytes(),
        });
        Ok(())
    }

    /// Puts what was taken into the outbox, and writes the visitor; `false` where another write of the visitor came
    /// first, and nothing was done. An event that is there already counts as put.
    async fn store(&mut self) -> Result<bool, EdgeError> {
        let taken = std::mem::take(&mut self.taken);
        if taken.is_empty() {
            return Ok(true);
        }
        let app = self.asked.app;
        let write = self.visit.as_ref().and_then(Visit::to_write);
        match (app.outbox.accept(write.clone(), taken, self.now).await?, write) {
            (Acceptance::Done(_), None) => {}
            (Acceptance::Done(_), Some(write)) => {
                self.visit.iter_mut().for_each(|visit| visit.written(write.clone()));
            }
            (Acceptance::Overtaken, write) => {
                if let Some(write) = write {
                    app.visitors.overtaken(&write).await?;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Counts the request as one piece of work.
    fn work(&mut self) -> Result<(), EdgeError> {
        if !std::mem::replace(&mut self.counted, true) {
            match (self.sender, &self.visit) {
                (_, Some(visit)) => visit.work()?,
                // Its address is a server's, which sends for many visitors, and has signed.
                (Sender::Site, None) => self.asked.work(None, None)?,
                (_, None) => self.asked.work(None, self.asked.address)?,
            }
        }
        Ok(())
    }

    /// Whether an event of a page comes from another SDK than ours: those bring an id of their own, and name the
    /// pipeline in their own ways. A cookie does not make it ours: beacons, and requests to the page's own host,
    /// take it along whoever sends them, and one client's events are not to be of two visitors.
    fn is_anothers(&self, event: &Event, handle: Option<&str>) -> bool {
        let Asked { query, headers, .. } = self.asked;
        let key_in_query = matches!(query.parameter("key"), Ok(Some(_)));
        let by_hand = || key::is_a_bearer_s(headers) && cookies::credential(self.asked).is_some();
        let ours = self.visit.is_some() || handle.is_some() || key_in_query || by_hand();
        !ours && event.anonymous_id.is_some()
    }

    /// The visitor by the cookie, changed by what the event says.
    async fn visitors(
        &mut self,
        identity: Option<Identity>,
        news: News,
        handle: Option<&str>,
    ) -> Result<Whose, EdgeError> {
        if self.visit.is_none() {
            self.visit = Some(Visit::recognise(self.asked).await?);
        }
        self.work()?;
        let Some(visit) = &mut self.visit else { return Ok(Whose::default()) };
        let is_first = visit.present.version == 0;
        match visit.subject(handle) {
            Subject::Present => visit.take(identity, news).await?,
            // It says nothing about who is here now, but for a log-in after the other one's log-out.
            Subject::Other(id) => match proof_after_log_out(self.asked, id, identity).await? {
                Some(proof) => {
                    // What the one who left had allowed went with them.
                    let news = News { consent: None, ..news };
                    visit.take(Some((Claims::default(), Some(proof))), news).await?;
                }
                None => return Ok(Whose::only(id)),
            },
            Subject::Nobody => return Ok(Whose::default()),
        }
        let whose = if visit.is_kept() { Whose::present(visit) } else { Whose::default() };
        Ok(Whose { is_first, ..whose })
    }

    /// Whoever the browser's cookie names, unchanged.
    async fn whoever_is_there(
        &mut self,
        claims: Result<Claims, EventError>,
    ) -> Result<Whose, EdgeError> {
        let visit = Visit::recognise(self.asked).await?;
        // A navigation brings the cookie along from wherever it was started.
        let is_image = super::caller::refuse_navigation(self.asked.headers).is_ok();
        if visit.present.minted || !visit.is_kept() || !is_image {
            return self.clients(claims?);
        }
        visit.work()?;
        Ok(Whose::present(&visit))
    }

    /// A client without a cookie, by what it says of itself.
    fn clients(&mut self, claims: Claims) -> Result<Whose, EdgeError> {
        self.work()?;
        let Pipeline { key, verification, .. } = self.asked.pipeline;
        let Claims { anonymous_id, user_id, email, phone } = claims;
        if anonymous_id.is_none() && user_id.is_none() && self.sender != Sender::Pixel {
            return Err(EdgeError::NoSubject);
        }
        let ids = &self.asked.configured.client_ids;
        let canonical_id = anonymous_id.as_ref().map(|client| ids.derive(key, client));
        let derived = Identifiers { canonical_id, ..Identifiers::default() };
        let claimed = Identifiers { canonical_id, anonymous_id, user_id, email, phone };
        let (usable, proven) = match (self.sender, verification) {
            (Sender::Site, _) => (claimed.clone(), claimed),
            (_, Verification::Required) => (derived.clone(), derived),
            (_, Verification::Optional | Verification::Off) => (claimed, derived),
        };
        Ok(Whose { usable, proven, ..Whose::default() })
    }

    /// What the request and the visitor's record say, which the event does not.
    fn note_request(&self, event: &mut Value, visitor: &Visitor) {
        let Asked { headers, address, .. } = self.asked;
        let Some(Value::Object(context)) = event.get_mut(CONTEXT) else { return };
        if matches!(self.sender, Sender::Page | Sender::Pixel) {
            // The page's word on these is nobody's.
            let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
            replace(context, "userAgent", agent.map(Into::into));
            replace(context, "ip", address.map(|address| address.to_string().into()));
            if headers.get(SEC_GPC).map(HeaderValue::as_bytes) == Some(b"1") {
                context.insert("gpc".to_owned(), true.into());
            }
        }
        if context.get("consent").is_none_or(Value::is_null)
            && let Some(Ok(consent)) = visitor.consent().map(serde_json::to_value)
        {
            context.insert("consent".to_owned(), consent);
        }
    }

    /// What an identify says, and what its token proves. A bad one is refused where proof matters; under `off` it
    /// proves nothing.
    fn identity(
        &self,
        claims: Claims,
        token: Option<&IdentityToken>,
    ) -> Result<Identity, EdgeError> {
        let Some(token) = token else { return Ok((claims, None)) };
        let pipeline = self.asked.pipeline;
        let proof = pipeline.verifier.verify(token, self.now).and_then(|proof| {
            identity::check_contradiction(&claims, &proof)?;
            Ok(proof)
        });
        match proof {
            Ok(proof) => Ok((claims, Some(proof))),
            Err(_) if pipeline.verification == Verification::Off => Ok((claims, None)),
            Err(error) => Err(error.into()),
        }
    }
}

/// What an identify says and proves.
pub(super) type Identity = (Claims, Option<Binding>);

impl Whose {
    fn present(visit: &Visit<'_>) -> Self {
        let mode = visit.asked.pipeline.verification;
        Self {
            usable: visit.identifiers(mode),
            proven: visit.identifiers(Verification::Required),
            visitor: Arc::clone(&visit.present.record),
            is_first: false,
        }
    }

    /// A visitor of whom nothing but the id is known any more.
    fn only(id: CanonicalId) -> Self {
        let id = Identifiers { canonical_id: Some(id), ..Identifiers::default() };
        Self { usable: id.clone(), proven: id, ..Self::default() }
    }
}

fn replace(context: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => context.insert(name.to_owned(), value),
        None => context.remove(name),
    };
}

/// What a token proves that was issued after a visitor's log-out: a tab that has not heard of the log-out yet
/// sends it with that visitor's handle.
async fn proof_after_log_out(
    asked: &Asked<'_>,
    id: CanonicalId,
    identity: Option<Identity>,
) -> Result<Option<Binding>, EdgeError> {
    let Some((_, Some(proof))) = identity else { return Ok(None) };
    let left_at = asked.app.visitors.left_at(&asked.pipeline.key, id).await?;
    Ok(left_at.is_some_and(|left_at| left_at < proof.issued_at).then_some(proof))
}

fn message_id(id: &str) -> Result<MessageId, EventError> {
    let too_long = |error: NameError| EventError::TooLong { field: MESSAGE_ID, limit: error.limit };
    id.parse().map_err(too_long)
}

/// What the visitor is doing by this event, where somebody personalises by it.
fn doing(event: &Value, at: Timestamp, pipeline: &Pipeline) -> Option<Doing> {
    pipeline.uses_context().then(|| {
        let context = pipeline.enrichments.iter().filter(|it| !it.context.is_empty());
        let context = context.map(|it| (it.name.to_string(), it.context.of_event(event)));
        Doing { at, context: context.collect::<BTreeMap<_, _>>() }
    })
}
