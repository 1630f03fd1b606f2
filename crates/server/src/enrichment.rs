//! The enrichment engine: from a visitor's usable identifiers to the attributes a browser may see.
//!
//! resolve (linking keys in the owner's order, empty sources skipped, one key per call, first match wins) →
//! attributes → personalised by context → merge → allowlist → bytes.
//!
//! **Time.** The answer comes within the asker's patience whatever the vendor does. A call that takes
//! longer goes on by itself and fills the caches for the next page.
//!
//! **Cache.** Lives are in [`Lifetimes`], a part of the configuration; keys and memory in [`caches`]. What is
//! past its life is shown while it is asked for anew, or while the vendor fails. A vendor's failure is never
//! kept as a miss, and never an error to the page: it is a stale answer, or an empty one.
//!
//! **Calls.** One in flight per key ([`flight`]), each behind the vendor's guard ([`crate::protection`]), each
//! asked of the caller's limits first. Misses are dampened ([`miss`]).
//!
//! **Why.** Every answer carries its [`Decision`].

mod caches;
mod contexts;
mod decision;
mod engine;
mod flight;
mod lifetimes;
mod miss;
mod observed;
mod refused;
mod resolve;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::allowlist::Allowlist;
use datafly_core::attributes::Attributes;
use datafly_core::context::{ContextMappings, ContextValues};
use datafly_core::linking_key::{Identifiers, LinkingKeys};
use datafly_core::visitor::Visitor;
use datafly_provider::{ProfileId, TokenStatus};
use futures_util::future::{FutureExt, poll_immediate};
use jiff::Timestamp;

use self::caches::{Answered, ShownOf};
pub use self::caches::{Caches, Filled};
use self::contexts::{Admission, Contexts};
pub use self::decision::{Decision, Personalised, Source, Step, StepOutcome};
pub use self::engine::{Engine, Vendor};
pub use self::lifetimes::Lifetimes;
pub use self::observed::{JsonTypes, Shape};
use self::refused::RefusedKeys;
use self::resolve::{Profile, Trail};
use crate::protection::{CallError, Refusal};

/// How long a page may wait for its attributes, all of a visitor's keys together.
pub const DEADLINE: Duration = Duration::from_millis(1500);

/// An answer without attributes.
const NOTHING: &str = "{}";

/// The provider side of one integration.
pub struct Enrichment {
    /// Its name on the wire and in the page.
    pub name: Arc<str>,
    linking_keys: LinkingKeys,
    allowlist: Allowlist,
    /// Tells one allowlist from another, so that filtered bytes are never shown past a reload.
    fingerprint: u64,
    /// How the visitor's newest event becomes context; empty where that is switched off.
    pub context: ContextMappings,
    contexts: Contexts,
    /// Whether events carry the attributes to the destinations.
    pub enriches_events: bool,
    refused_keys: RefusedKeys,
    vendor: Option<Vendor>,
    engine: Arc<Engine>,
}

/// What an integration is made from.
pub struct Parts {
    /// Its name on the wire and in the page.
    pub name: String,
    /// How visitors are looked up.
    pub linking_keys: LinkingKeys,
    /// What a browser may see.
    pub allowlist: Allowlist,
    /// How the visitor's newest event becomes context; empty where that is switched off.
    pub context: ContextMappings,
    /// Most different contexts a minute.
    pub contexts_per_minute: usize,
    /// Whether events carry the attributes to the destinations.
    pub enriches_events: bool,
    /// The vendor; `None` where the owner configured no profile look-ups.
    pub vendor: Option<Vendor>,
}

/// A question for a visitor's attributes.
pub struct Ask<'a> {
    /// The identifiers that may be used.
    pub who: &'a Identifiers,
    /// Those that `required` would allow, where the pipeline believes more and its owner wants to know.
    pub proven: Option<&'a Identifiers>,
    /// The visitor's record.
    pub record: &'a Visitor,
    /// Now.
    pub now: Timestamp,
    /// Whether the page asked for newer than cached.
    pub refresh: bool,
    /// Whether only the plain attributes are wanted, without those of a context.
    pub plain: bool,
    /// How long the asker waits.
    pub patience: Duration,
    /// Whether one more vendor call may be caused. Asked, and counted, before each.
    pub may_call: &'a (dyn Fn() -> bool + Sync),
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone)]
pub struct Answer {
    /// A JSON object of what a browser may see.
    pub attributes: Arc<str>,
    /// Why it is that.
    pub decision: Decision,
}

/// The whole of what is known for an [`Ask`].
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The profile, if there is one.
    pub profile: Option<WholeProfile>,
    /// Why it is that.
    pub decision: Decision,
}

/// A profile before any allowlist.
#[derive(Debug, Clone)]
pub struct WholeProfile {
    /// The vendor's id of it.
    pub id: ProfileId,
    /// Its attributes.
    pub attributes: Attributes,
    /// The second map, where there is a context and the vendor had something for it.
    pub personalised: Option<Attributes>,
}

/// A profile, and what the context puts over it.
struct Found {
    profile: Profile,
    over: Option<Arc<Answered>>,
    personalised: Personalised,
}

impl Found {
    fn plain(profile: Profile, personalised: Personalised) -> Self {
        Self { profile, over: None, personalised }
    }

    /// With the personalised attributes over it, if the vendor had any.
    fn over(profile: Profile, over: Arc<Answered>, personalised: Personalised) -> Self {
        if over.is_empty() {
            return Self::plain(profile, Personalised::Nothing);
        }
        Self { profile, over: Some(over), personalised }
    }
}

impl Enrichment {
    /// One integration's engine.
    pub fn new(parts: Parts, engine: Arc<Engine>) -> Self {
        let Parts {
            name,
            linking_keys,
            allowlist,
            context,
            contexts_per_minute,
            enriches_events,
            vendor,
        } = parts;
        let mut hasher = DefaultHasher::new();
        allowlist.hash(&mut hasher);
        Self {
            name: name.into(),
            linking_keys,
            fingerprint: hasher.finish(),
            allowlist,
            context,
            contexts: Contexts::new(contexts_per_minute),
            enriches_events,
            refused_keys: RefusedKeys::default(),
            vendor,
            engine,
        }
    }

    /// What a browser may see.
    pub fn allowlist(&self) -> &Allowlist {
        &self.allowlist
    }

    /// What the attributes that a browser may see have been, by name.
    pub fn observed(&self) -> BTreeMap<&str, Shape> {
        let of = |name| match &self.vendor {
            Some(vendor) => self.engine.observed.of(vendor.identity(), name),
            None => Shape::default(),
        };
        self.allowlist.names().map(|name| (name, of(name))).collect()
    }

    /// The credentials that look-ups use.
    pub fn tokens(&self) -> Vec<TokenStatus> {
        self.vendor.as_ref().map(Vendor::tokens).unwrap_or_default()
    }

    /// An answer that needs no question.
    pub fn without(&self, source: Source, now: Timestamp) -> Answer {
        Answer { attributes: NOTHING.into(), decision: self.decision(source, now) }
    }

    /// The attributes a browser may see of whoever the identifiers name.
    pub async fn answer(&self, ask: &Ask<'_>) -> Answer {
        // Nothing could be shown of what a look-up finds, so none is made.
        let (Some(vendor), false) = (&self.vendor, self.allowlist.is_empty()) else {
            return self.without(Source::NotConfigured, ask.now);
        };
        let (found, decision) = self.look(vendor, ask).await;
        let attributes = found.map_or_else(|| NOTHING.into(), |found| self.shown(&found));
        Answer { attributes, decision }
    }

    /// The whole profile of whoever the identifiers name, for an event of theirs. No browser sees it.
    pub async fn gather(&self, ask: &Ask<'_>) -> Gathered {
        let Some(vendor) = &self.vendor else {
            return self.nothing(Source::NotConfigured, ask.now);
        };
        let (found, decision) = self.look(vendor, ask).await;
        let profile = found.map(|Found { profile, over, .. }| WholeProfile {
            id: profile.id,
            attributes: profile.attributes.attributes(),
            personalised: over.map(|over| over.attributes()),
        });
        Gathered { profile, decision }
    }

    /// No profile, without a question.
    pub fn nothing(&self, source: Source, now: Timestamp) -> Gathered {
        Gathered { profile: None, decision: self.decision(source, now) }
    }

    /// What there is within the asker's patience, and why it is that.
    async fn look(&self, vendor: &Vendor, ask: &Ask<'_>) -> (Option<Found>, Decision) {
        let mut trail = Trail::default();
        let found = {
            let mut work = pin!(self.find(vendor, ask, &mut trail));
            // What is cached needs no timer.
            match poll_immediate(work.as_mut()).await {
                None => tokio::time::timeout(ask.patience, work).await.ok(),
                cached => cached,
            }
        };
        let found = found.unwrap_or_else(|| self.when_time_is_up(vendor, ask, &mut trail));
        let decision = match &found {
            Ok(Found { profile, personalised, .. }) => Decision {
                said_at: Some(profile.attributes.at),
                personalised: *personalised,
                ..self.decision(profile.source, ask.now)
            },
            Err(source) => self.decision(*source, ask.now),
        };
        let decision = Decision { steps: trail.steps, unproven: trail.unproven, ..decision };
        (found.ok(), decision)
    }

    /// Drops what is cached of the visitor.
    pub fn forget(&self, who: &Identifiers) {
        if let Some(vendor) = &self.vendor {
            for key in self.linking_keys.values_of(who) {
                self.engine.forget(vendor, &key);
            }
        }
    }

    async fn find(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        trail: &mut Trail,
    ) -> Result<Found, Source> {
        let profile = self.resolve(vendor, ask, trail).await?;
        self.personalised(vendor, ask, profile, trail).await
    }

    /// The profile, with the context's part to lie over it.
    async fn personalised(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        profile: Profile,
        trail: &mut Trail,
    ) -> Result<Found, Source> {
        let Some(context) = self.context_of(ask, &profile.attributes) else {
            return Ok(Found::plain(profile, Personalised::Off));
        };
        let hash = context.hash();
        let at = self.engine.caches().context_key(vendor.identity(), &profile.id, &hash);
        if let Some(cached) = self.engine.personalised(vendor, at) {
            return Ok(Found::over(profile, cached, Personalised::Cached));
        }
        let admission = self.contexts.admit(hash.as_bytes(), at[0], ask.now);
        if let Admission::TooMany { first } = admission {
            if first {
                tracing::warn!(
                    provider.name = %self.name,
                    "too many different contexts in this minute, pages get plain attributes: map fewer or \
                     coarser values"
                );
            }
            return Ok(Found::plain(profile, Personalised::TooMany));
        }
        if !(ask.may_call)() {
            return Ok(Found::plain(profile, Personalised::Failed));
        }
        // If the time runs out over this call, the plain attributes are shown.
        trail.plain = Some(profile.clone());
        let (id, plain) = (&profile.id, &profile.attributes);
        let underneath = self.shown_alone(plain).len();
        match self.engine.personalise(vendor, at, id, underneath, &context).boxed().await {
            Ok(Some(read)) => Ok(Found::over(profile, read, Personalised::Vendor)),
            Ok(None) => {
                // Whether it is gone, or only not there for this context, the plain read will tell.
                self.revalidate(vendor, ask, id, plain, ask.now);
                Ok(Found::plain(profile, Personalised::Nothing))
            }
            Err(CallError::Refused(Refusal::Forgotten)) => Err(Source::Forgotten),
            Err(error) => {
                // A refusal is our own doing, and is reported where it began.
                if let CallError::Vendor(error) = error {
                    tracing::warn!(provider.name = %self.name, %error, "failed to personalise");
                }
                Ok(Found::plain(profile, Personalised::Failed))
            }
        }
    }

    /// The context values of the visitor's newest event, unless there are none or they are not wanted.
    fn context_of(&self, ask: &Ask<'_>, plain: &Answered) -> Option<ContextValues> {
        if ask.plain || self.context.is_empty() {
            return None;
        }
        let none = ContextValues::default();
        let from_event = ask.record.context(&self.name).unwrap_or(&none);
        let context = self.context.complete(from_event, &self.name, &plain.attributes());
        (!context.is_empty()).then_some(context)
    }

    /// What a browser may see of it.
    fn shown(&self, Found { profile, over, .. }: &Found) -> Arc<str> {
        let plain = &profile.attributes;
        match over {
            None => self.shown_alone(plain),
            Some(over) => {
                let of = ShownOf { allowlist: self.fingerprint, under: Some(plain.at) };
                over.shown(of, || self.filtered(plain, Some(over)))
            }
        }
    }

    fn shown_alone(&self, plain: &Answered) -> Arc<str> {
        let of = ShownOf { allowlist: self.fingerprint, under: None };
        plain.shown(of, || self.filtered(plain, None))
    }

    fn filtered(&self, plain: &Answered, over: Option<&Answered>) -> Arc<str> {
        let mut attributes = plain.attributes();
        if let Some(over) = over {
            attributes.extend(over.attributes());
        }
        let allowed = self.allowlist.filter(&attributes);
        if let Some(vendor) = &self.vendor {
            self.engine.observed.note(vendor.identity(), &allowed);
        }
        // Writing a map of JSON values cannot fail.
        let json = serde_json::to_string(&allowed);
        json.map_or_else(|_| NOTHING.into(), Into::into)
    }

    fn when_time_is_up(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        trail: &mut Trail,
    ) -> Result<Found, Source> {
        if let Some(profile) = trail.plain.take() {
            return Ok(Found::plain(profile, Personalised::Failed));
        }
        match self.known(vendor, ask, trail) {
            Some(profile) => Ok(Found::plain(profile, Personalised::Off)),
            None => Err(Source::Deadline),
        }
    }

    fn decision(&self, source: Source, at: Timestamp) -> Decision {
        Decision {
            at,
            provider: Arc::clone(&self.name),
            source,
            said_at: None,
            steps: Vec::new(),
            personalised: Personalised::Off,
            unproven: false,
        }
    }
}
