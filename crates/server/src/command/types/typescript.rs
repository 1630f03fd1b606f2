//! Declarations that augment the npm package's `Profile`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use datafly_core::id::PipelineKey;
use serde_json::Value;

/// The attributes of one provider that pages may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, Shape>,
}

/// Names of JSON's types: what an attribute has been, and the elements of its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    types: Vec<String>,
    elements: Vec<String>,
}

/// The order in which a union is written, and what is written; a list's is made of its elements.
const WRITTEN: [(&str, &str); 5] = [
    ("string", "string"),
    ("number", "number"),
    ("boolean", "boolean"),
    ("object", "{ readonly [name: string]: unknown }"),
    ("null", "null"),
];

const LIST: &str = "array";

/// What may be anything: a page has to look before it uses it.
const UNSEEN: &str = "\
/** What no visitor has had since the server was started: look at it before you use it. */
type Unseen = string | number | boolean | readonly unknown[] | { readonly [name: string]: unknown } | null;

";

/// Of the admin route's answer.
pub(super) fn providers(answer: &Value) -> Vec<Provider> {
    let names = |list: &Value| {
        let names = list.as_array().into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let shape = |it: &Value| Shape { types: names(&it["types"]), elements: names(&it["elements"]) };
    let providers = answer["providers"].as_object().into_iter().flatten();
    let provider = |(name, attributes): (&String, &Value)| Provider {
        name: name.clone(),
        attributes: attributes
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, seen)| (name.clone(), shape(seen)))
            .collect(),
    };
    providers.map(provider).collect()
}

/// The whole file, without the last line's end. The same providers give the same text.
pub(super) fn declarations(key: &PipelineKey, providers: &[Provider]) -> String {
    let mut profile = String::new();
    let sorted: BTreeMap<_, _> = providers.iter().map(|it| (&it.name, &it.attributes)).collect();
    let mut unseen = "";
    for (name, attributes) in sorted {
        // Writing into a text cannot fail.
        let _ = writeln!(profile, "    readonly {}?: {{", member(name));
        for (name, shape) in attributes {
            if shape.types.is_empty() {
                unseen = UNSEEN;
            }
            let _ = writeln!(profile, "      readonly {}?: {};", member(name), shape.written());
        }
        if attributes.is_empty() {
            profile.push_str("      readonly [name: string]: never;\n");
        }
        profile.push_str("    };\n");
    }
    format!(
        "// Written by `datafly types` for the pipeline {key}: the attributes on its allowlists, and what they have\n\
         // been since the server was started. Write it anew when an allowlist changes.\n\
         export {{}};\n\n\
         {unseen}\
         declare module '@datafly/browser' {{\n  interface Profile {{\n{profile}  }}\n}}"
    )
}

impl Shape {
    fn written(&self) -> String {
        if self.types.is_empty() {
            return "Unseen".to_owned();
        }
        let mut parts = plain(&self.types);
        if self.types.iter().any(|name| name == LIST) {
            parts.push(self.list());
        }
        parts.join(" | ")
    }

    fn list(&self) -> String {
        let mut parts = plain(&self.elements);
        if self.elements.iter().any(|name| name == LIST) {
            parts.push("readonly unknown[]".to_owned());
        }
        match &parts[..] {
            [] => "readonly unknown[]".to_owned(),
            [one] if one.chars().all(char::is_alphabetic) => format!("readonly {one}[]"),
            several => format!("readonly ({})[]", several.join(" | ")),
        }
    }
}

/// The parts of a union that are no lists, in their order.
fn plain(names: &[String]) -> Vec<String> {
    let seen = WRITTEN.iter().filter(|(name, _)| names.iter().any(|seen| seen == name));
    seen.map(|(_, written)| (*written).to_owned()).collect()
}

/// A name as a member's, in quotes where it has to be.
fn member(name: &str) -> String {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$');
    if starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
        return name.to_owned();
    }
    // A text in JSON is one in TypeScript.
    Value::from(name).to_string()
}

#[cfg(test)]
#[path = "typescript_tests.rs"]
mod tests;
