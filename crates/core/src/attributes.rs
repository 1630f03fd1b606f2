//! A vendor's attribute map.

use serde_json::{Map, Value};

/// Attribute name to value, as the vendor sent it. Before the allowlist this is not for browsers.
pub type Attributes = Map<String, Value>;
