//! The indexes: what their owner has defined, and what of it was generated.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::config::{ALL_LINKING_KEYS, INDEX_ID, INDEX_TOKENS};

/// What an index is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexDefinition {
    /// Its id, `ix-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What customers can be found by; the first is v0's `field`.
    pub keys: Vec<String>,
    /// The attributes it has; `None` for all.
    pub attributes: Option<Vec<String>>,
}

/// An index as it was generated.
#[derive(Debug, Clone)]
pub(crate) struct Build {
    pub(super) id: String,
    pub(super) definition: IndexDefinition,
    created_at: Timestamp,
}

impl Build {
    /// Whether customers can be found by it.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.definition.keys.iter().any(|own| own == key)
    }

    /// What of a customer's attributes the index has.
    pub(super) fn show(&self, mut attributes: Map<String, Value>) -> Map<String, Value> {
        if let Some(own) = &self.definition.attributes {
            attributes.retain(|name, _| own.contains(name));
        }
        attributes
    }
}

#[derive(Debug)]
struct Index {
    definition: IndexDefinition,
    build: Option<Build>,
}

/// All of them, and the tokens that may read them.
#[derive(Debug)]
pub(crate) struct Indexes {
    by_id: BTreeMap<String, Index>,
    builds: u32,
    tokens: Vec<&'static str>,
}

impl Default for Indexes {
    /// One index of everything, generated before anybody looks.
    fn default() -> Self {
        let tokens = INDEX_TOKENS.to_vec();
        let mut indexes = Self { by_id: BTreeMap::new(), builds: 0, tokens };
        indexes.define(IndexDefinition {
            id: INDEX_ID.to_owned(),
            name: "Customers".to_owned(),
            keys: ALL_LINKING_KEYS.map(str::to_owned).into(),
            attributes: None,
        });
        indexes.generate(INDEX_ID, Timestamp::UNIX_EPOCH);
        indexes
    }
}

impl Indexes {
    pub(super) fn takes(&self, token: &str) -> bool {
        self.tokens.contains(&token)
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.tokens.retain(|known| *known != token);
    }

    pub(super) fn definitions(&self) -> Vec<IndexDefinition> {
        self.by_id.values().map(|index| index.definition.clone()).collect()
    }

    pub(super) fn define(&mut self, definition: IndexDefinition) {
        let build = self.by_id.remove(&definition.id).and_then(|index| index.build);
        self.by_id.insert(definition.id.clone(), Index { definition, build });
    }

    pub(super) fn generate(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(index) = self.by_id.get_mut(id) else { return false };
        self.builds += 1;
        index.build = Some(Build {
            id: format!("idb-{:04}", self.builds),
            definition: index.definition.clone(),
            created_at: now,
        });
        true
    }

    pub(super) fn delete(&mut self, id: &str) -> bool {
        self.by_id.remove(id).is_some()
    }

    /// What is generated under that id.
    pub(super) fn build(&self, id: &str) -> Option<Build> {
        self.by_id.get(id)?.build.clone()
    }

    /// As v0 lists them.
    pub(super) fn listed(&self) -> Vec<Value> {
        let listed = self.by_id.values().map(|Index { definition, build }| {
            let build = build.as_ref().map(|build| {
                let at = build.created_at;
                json!({"created_at": at, "updated_at": at, "build_id": build.id})
            });
            json!({
                "id": definition.id,
                "name": definition.name,
                "field": definition.keys.first(),
                "build": build,
            })
        });
        listed.collect()
    }
}
