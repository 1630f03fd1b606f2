//! The profile collection: the customers, plus what events have changed since.
//!
//! Customers never change; links that moved, activity and profiles of unknown visitors lie over them.
//!
//! How an event links (the vendor's identity resolution is not documented; this is its dangerous
//! reading, so that a caller that forwards unproven identifiers is caught):
//!
//! - the profile is the one `amperity_id` names, else the first that an identifier names, strongest
//!   identifier first and known people before anonymous browsers, else a new one;
//! - every other identifier is then linked to it, except one that already belongs to another known
//!   person; a device cookie always moves;
//! - a profile made for an unknown visitor that loses its last identifier is gone: its id is 404.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::customers::Customers;
use crate::identifiers::{self, Identifier};
use crate::rng::SplitMix64;

/// When the customers' data was loaded.
const LOADED_AT: &str = "2025-06-01T00:00:00Z";
/// Names under which an event may carry the page's category.
const CATEGORY_FIELDS: [&str; 5] =
    ["page_category", "category", "pageCategory", "item_category", "product_category"];

/// What events have said about a profile.
#[derive(Debug, Clone, Default)]
struct Activity {
    events: u64,
    last_category: Option<String>,
    last_type: Option<String>,
    updated_at: Timestamp,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Profiles {
    customers: Arc<Customers>,
    /// Wins over the customers' own identifiers.
    moved: BTreeMap<Identifier, String>,
    /// `moved`, by profile.
    gained: HashMap<String, BTreeSet<Identifier>>,
    created: HashMap<String, Timestamp>,
    activity: HashMap<String, Activity>,
    ids: SplitMix64,
}

impl Profiles {
    pub(crate) fn new(customers: Arc<Customers>, seed: u64) -> Self {
        Self {
            customers,
            moved: BTreeMap::new(),
            gained: HashMap::new(),
            created: HashMap::new(),
            activity: HashMap::new(),
            ids: SplitMix64::new(seed, u64::MAX),
        }
    }

    /// The profile an identifier leads to. Exact: case and space count.
    pub(crate) fn resolve(&self, id: &Identifier) -> Option<&str> {
        let moved = self.moved.get(id).map(String::as_str);
        moved.or_else(|| self.customers.profile_of(&id.key, &id.value))
    }

    /// Makes an identifier lead to `profile_id`, and no longer to any other.
    pub(crate) fn link(&mut self, id: Identifier, profile_id: &str) {
        let before = self.resolve(&id).map(str::to_owned);
        if before.as_deref() == Some(profile_id) {
            return;
        }
        if let Some(before) = before {
            self.lose(&id, &before, profile_id);
        }
        self.gained.entry(profile_id.into()).or_default().insert(id.clone());
        self.moved.insert(id, profile_id.into());
    }

    fn lose(&mut self, id: &Identifier, before: &str, after: &str) {
        let Some(left) = self.gained.get_mut(before) else {
            return;
        };
        left.remove(id);
        if !left.is_empty() || self.created.remove(before).is_none() {
            return;
        }
        self.gained.remove(before);
        if let Some(old) = self.activity.remove(before) {
            let merged = self.activity.entry(after.into()).or_default();
            merged.events += old.events;
            merged.updated_at = merged.updated_at.max(old.updated_at);
            merged.last_category = merged.last_category.take().or(old.last_category);
            merged.last_type = merged.last_type.take().or(old.last_type);
        }
    }

    /// Takes in one routed event.
    pub(crate) fn apply(&mut self, event: &Map<String, Value>, now: Timestamp) {
        let identifiers = identifiers::of_event(event);
        let named = event.get("amperity_id").and_then(Value::as_str);
        let Some(profile_id) = self.owner(named, &identifiers, now) else {
            return;
        };
        for id in identifiers {
            let holder = self.resolve(&id);
            let taken = holder.is_some_and(|p| p != profile_id && self.is_known(p));
            if id.is_device() || !taken {
                self.link(id, &profile_id);
            }
        }
        let activity = self.activity.entry(profile_id).or_default();
        activity.events += 1;
        activity.updated_at = now;
        let text = |name: &&str| event.get(*name).and_then(Value::as_str).map(str::to_owned);
        activity.last_type = text(&"type").or(activity.last_type.take());
        activity.last_category =
            CATEGORY_FIELDS.iter().find_map(text).or(activity.last_category.take());
    }

    /// None for an event that names nobody.
    fn owner(
        &mut self,
        named: Option<&str>,
        identifiers: &[Identifier],
        now: Timestamp,
    ) -> Option<String> {
        if let Some(id) = named.filter(|id| self.exists(id)) {
            return Some(id.into());
        }
        let held: Vec<&str> = identifiers.iter().filter_map(|id| self.resolve(id)).collect();
        let known = held.iter().find(|id| self.is_known(id)).or(held.first());
        if let Some(id) = known {
            return Some((*id).into());
        }
        if identifiers.is_empty() {
            return None;
        }
        let id = self.ids.uuid();
        self.created.insert(id.clone(), now);
        Some(id)
    }

    fn exists(&self, profile_id: &str) -> bool {
        self.customers.contains(profile_id) || self.created.contains_key(profile_id)
    }

    /// True for a customer, and for a profile with more than device cookies.
    fn is_known(&self, profile_id: &str) -> bool {
        self.customers.contains(profile_id)
            || self.gained.get(profile_id).is_some_and(|ids| ids.iter().any(|id| !id.is_device()))
    }

    /// The profile as the API shows it, without the collection's id.
    pub(crate) fn read(&self, profile_id: &str, enrich: bool) -> Option<Profile> {
        if !self.exists(profile_id) {
            return None;
        }
        let mut attributes = self.customers.attributes(profile_id).unwrap_or_default();
        let activity = self.activity.get(profile_id);
        if let Some(activity) = activity {
            attributes.insert("EventCount".into(), activity.events.into());
            for (name, value) in [
                ("LastSeenCategory", &activity.last_category),
                ("LastEventType", &activity.last_type),
            ] {
                if let Some(value) = value {
                    attributes.insert(name.into(), value.clone().into());
                }
            }
        }
        if enrich {
            attributes.insert("EnrichedSegments".into(), json!(["sandbox-enriched"]));
        }
        let created = self.created.get(profile_id).map(Timestamp::to_string);
        let created_at = created.unwrap_or_else(|| LOADED_AT.into());
        let updated = activity.map(|activity| activity.updated_at.to_string());
        Some(Profile {
            id: profile_id.into(),
            attributes,
            links: self.links(profile_id),
            updated_at: updated.unwrap_or_else(|| created_at.clone()),
            created_at,
        })
    }

    /// Ids of the first profiles with an identifier that contains the text, which is in lower case: what events have
    /// changed first, then the customers.
    pub(crate) fn search(&self, text: &str, limit: usize) -> Vec<String> {
        let has = |value: &str| value.to_lowercase().contains(text);
        let moved = self.moved.iter().filter(|(id, profile)| has(&id.value) || has(profile));
        let mut found = Vec::<String>::new();
        let customers = self.customers.search(text);
        for id in moved.map(|(_, profile)| profile.clone()).chain(customers) {
            if found.len() >= limit {
                break;
            }
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    /// `{"profile_id","links"}`.
    pub(crate) fn identifiers_as_json(&self, profile_id: &str) -> Value {
        json!({ "profile_id": profile_id, "links": self.links(profile_id) })
    }

    fn links(&self, profile_id: &str) -> BTreeMap<String, Vec<String>> {
        let own = self.customers.identity(profile_id).map(|who| who.identifiers());
        let own = own.unwrap_or_default().into_iter().filter(|id| !self.moved.contains_key(id));
        let gained = self.gained.get(profile_id).into_iter().flatten().cloned();
        let mut links: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for id in own.chain(gained) {
            links.entry(id.key).or_default().push(id.value);
        }
        links
    }
}

/// One profile.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) id: String,
    pub(crate) attributes: Map<String, Value>,
    links: BTreeMap<String, Vec<String>>,
    created_at: String,
    updated_at: String,
}

impl Profile {
    /// The body of a 200. A profile without links has an empty list there, as in the documentation's
    /// example; one with links has a map.
    pub(crate) fn into_json(self, collection_id: &str) -> Value {
        let links = if self.links.is_empty() { json!([]) } else { json!(self.links) };
        json!({
            "collection_id": collection_id,
            "profile_id": self.id,
            "attributes": self.attributes,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "ticked_at": self.updated_at,
            "links": links,
        })
    }
}

#[cfg(test)]
mod tests;
