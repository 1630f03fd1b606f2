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
mod refused;
mod resolve;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::allowlist::Allowlist;
use datafly_core::context::{ContextMappings, ContextValues};
use datafly_core::linking_key::{Identifiers, LinkingKeys};
use datafly_core::visitor::Visitor;
use futures_util::future::{FutureExt, poll_immediate};
use jiff::Timestamp;

use self::caches::{Answered, ShownOf};
pub use self::caches::{Caches, Filled};
use self::contexts::{Admission, Contexts};
pub use self::decision::{Decision, Personalised, Source, Step, StepOutcome};
pub use self::engine::{Engine, Vendor};
pub use self::lifetimes::Lifetimes;
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

impl Enrichment {
    /// One integration's engine.
    pub fn new(parts: Parts, engine: Arc<Engine>) -> Self {
        let Parts { name, linking_keys, allowlist, context, contexts_per_minute, vendor } = parts;
        let mut hasher = DefaultHasher::new();
        allowlist.hash(&mut hasher);
        Self {
            name: name.into(),
            linking_keys,
            fingerprint: hasher.finish(),
            allowlist,
            context,
            contexts: Contexts::new(contexts_per_minute),
            refused_keys: RefusedKeys::default(),
            vendor,
            engine,
        }
    }

    /// What a browser may see.
    pub fn allowlist(&self) -> &Allowlist {
        &self.allowlist
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
        let mut trail = Trail::default();
        let answer = {
            let mut work = pin!(self.find(vendor, ask, &mut trail));
            // What is cached needs no timer.
            match poll_immediate(work.as_mut()).await {
                None => tokio::time::timeout(ask.patience, work).await.ok(),
                cached => cached,
            }
        };
        let answer = answer.unwrap_or_else(|| self.when_time_is_up(vendor, ask, &mut trail));
        let decision = Decision { steps: trail.steps, unproven: trail.unproven, ..answer.decision };
        Answer { decision, ..answer }
    }

    /// Drops what is cached of the visitor.
    pub fn forget(&self, who: &Identifiers) {
        if let Some(vendor) = &self.vendor {
            for key in self.linking_keys.values_of(who) {
                self.engine.forget(vendor, &key);
            }
        }
    }

    async fn find(&self, vendor: &Vendor, ask: &Ask<'_>, trail: &mut Trail) -> Answer {
        match self.resolve(vendor, ask, trail).await {
            Ok(profile) => self.personalised(vendor, ask, profile, trail).await,
            Err(source) => self.without(source, ask.now),
        }
    }

    /// The profile as a browser may see it, with the context's part over it.
    async fn personalised(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        profile: Profile,
        trail: &mut Trail,
    ) -> Answer {
        let Some(context) = self.context_of(ask, &profile.attributes) else {
            return self.show(&profile, None, Personalised::Off, ask.now);
        };
        let hash = context.hash();
        let at = self.engine.caches().context_key(vendor.identity(), &profile.id, &hash);
        if let Some(cached) = self.engine.personalised(vendor, at) {
            return self.show_over(&profile, &cached, Personalised::Cached, ask.now);
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
            return self.show(&profile, None, Personalised::TooMany, ask.now);
        }
        if !(ask.may_call)() {
            return self.show(&profile, None, Personalised::Failed, ask.now);
        }
        // If the time runs out over this call, the plain attributes are shown.
        let profile = trail.plain.insert(profile);
        let (id, plain) = (&profile.id, &profile.attributes);
        let underneath = self.shown_alone(plain).len();
        match self.engine.personalise(vendor, at, id, underneath, &context).boxed().await {
            Ok(Some(read)) => self.show_over(profile, &read, Personalised::Vendor, ask.now),
            Ok(None) => {
                // Whether it is gone, or only not there for this context, the plain read will tell.
                self.revalidate(vendor, ask, id, plain, ask.now);
                self.show(profile, None, Personalised::Nothing, ask.now)
            }
            Err(CallError::Refused(Refusal::Forgotten)) => self.without(Source::Forgotten, ask.now),
            Err(error) => {
                // A refusal is our own doing, and is reported where it began.
                if let CallError::Vendor(error) = error {
                    tracing::warn!(provider.name = %self.name, %error, "failed to personalise");
                }
                self.show(profile, None, Personalised::Failed, ask.now)
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

    /// Shows personalised attributes, if the vendor had any, over the plain ones.
    fn show_over(
        &self,
        profile: &Profile,
        over: &Arc<Answered>,
        personalised: Personalised,
        now: Timestamp,
    ) -> Answer {
        if over.is_empty() {
            return self.show(profile, None, Personalised::Nothing, now);
        }
        self.show(profile, Some(over), personalised, now)
    }

    fn show(
        &self,
        profile: &Profile,
        over: Option<&Arc<Answered>>,
        personalised: Personalised,
        now: Timestamp,
    ) -> Answer {
        let plain = &profile.attributes;
        let attributes = match over {
            None => self.shown_alone(plain),
            Some(over) => {
                let of = ShownOf { allowlist: self.fingerprint, under: Some(plain.at) };
                over.shown(of, || self.filtered(plain, Some(over)))
            }
        };
        let said_at = Some(plain.at);
        let decision = Decision { said_at, personalised, ..self.decision(profile.source, now) };
        Answer { attributes, decision }
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
        // Writing a map of JSON values cannot fail.
        let json = serde_json::to_string(&self.allowlist.filter(&attributes));
        json.map_or_else(|_| NOTHING.into(), Into::into)
    }

    fn when_time_is_up(&self, vendor: &Vendor, ask: &Ask<'_>, trail: &mut Trail) -> Answer {
        if let Some(profile) = trail.plain.take() {
            return self.show(&profile, None, Personalised::Failed, ask.now);
        }
        match self.known(vendor, ask, trail) {
            Some(profile) => self.show(&profile, None, Personalised::Off, ask.now),
            None => self.without(Source::Deadline, ask.now),
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
