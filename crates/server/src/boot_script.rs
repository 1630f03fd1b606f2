//! The boot script of a pipeline: the bundle's loader with the pipeline's configuration in its place. It is
//! written once per configuration; an answer adds what is its visitor's.

use std::fmt::Write;

use bytes::Bytes;
use datafly_core::v1::LoaderConfig;

use crate::bundle::LoaderTemplate;

/// A pipeline's boot script.
pub struct BootScript {
    public: Bytes,
    before: String,
    after: String,
}

impl BootScript {
    /// Writes the configuration into the loader.
    pub fn new(loader: &LoaderTemplate, config: LoaderConfig) -> Self {
        let LoaderTemplate { before, after } = loader;
        let literal = |config: &LoaderConfig| {
            // Texts, numbers and lists: writing them cannot fail.
            let json = serde_json::to_string(config).unwrap_or_else(|_| "{}".to_owned());
            script_literal(&json)
        };
        let public = literal(&LoaderConfig { credentialed: false, ..config.clone() });
        let mut credentialed = literal(&LoaderConfig { credentialed: true, ..config });
        // An object with members, to which more are added.
        credentialed.pop();
        Self {
            public: [before, public.as_str(), after].concat().into(),
            before: [before, credentialed.as_str()].concat(),
            after: after.clone(),
        }
    }

    /// The same for everybody, without anything of a visitor.
    pub fn public(&self) -> Bytes {
        self.public.clone()
    }

    /// With a visitor's profiles, as JSON, and its handle, which is of plain letters.
    pub fn with_visitor(&self, profiles: &str, handle: &str) -> String {
        let Self { before, after, .. } = self;
        let room = before.len() + after.len() + profiles.len() + handle.len() + 64;
        let mut script = String::with_capacity(room);
        script.push_str(before);
        script.push_str(r#","profiles":"#);
        push_script_literal(&mut script, profiles);
        script.push_str(r#","handle":""#);
        script.push_str(handle);
        script.push_str("\"}");
        script.push_str(after);
        script
    }
}

/// JSON as a JavaScript expression that is inert in any place a script can stand: no `<` closes a tag,
/// no line separator ends a line. In JSON these characters stand in texts only, where they may be escaped.
pub fn script_literal(json: &str) -> String {
    let mut literal = String::with_capacity(json.len() + 16);
    push_script_literal(&mut literal, json);
    literal
}

fn push_script_literal(script: &mut String, json: &str) {
    let mut rest = json;
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (inert, other) = rest.split_at(at);
        script.push_str(inert);
        let mut characters = other.chars();
        if let Some(character) = characters.next() {
            // Writing to a `String` cannot fail.
            let _ = write!(script, "\\u{:04x}", u32::from(character));
        }
        rest = characters.as_str();
    }
    script.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::script_literal;

    #[test]
    fn a_literal_cannot_leave_its_place() {
        let text = "</script>\u{2028}\u{2029}<!--&x\");alert(1);(\"";
        let literal = script_literal(&serde_json::to_string(&text).unwrap());
        for part in ["<", ">", "&", "\u{2028}", "\u{2029}", "x\")"] {
            assert!(!literal.contains(part), "{literal}");
        }
        assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
    }
}
