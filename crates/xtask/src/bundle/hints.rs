//! What a page may say at its top, so that a browser begins with it before any script has run.

use std::fmt::{Display, Formatter, Result};

use serde::Serialize;

use super::sizes::integrity;

/// Lines of HTML, for an owner's hosts in place of `example.com`.
#[derive(Debug, Serialize)]
pub(crate) struct Hints {
    /// With the install snippet. Its files' names are the loader's to say: they change with every release.
    loader: String,
    /// With the ES module, which the page names itself.
    module: String,
}

impl Hints {
    pub(crate) fn of(module_name: &str, module: &[u8], wasm_name: &str) -> Self {
        // The visitor's host is asked with cookies and the other one without: those are different connections.
        let id = r#"<link rel="preconnect" href="https://id.example.com" crossorigin="use-credentials">"#;
        let assets = "https://collect.example.com";
        let integrity = integrity(module);
        Self {
            loader: format!("{id}\n<link rel=\"preconnect\" href=\"{assets}\" crossorigin>"),
            // A `fetch` takes no preload with an `integrity` that it does not have itself.
            module: format!(
                "{id}\n\
                 <link rel=\"modulepreload\" href=\"{assets}/v1/assets/{module_name}\" \
                 integrity=\"{integrity}\" crossorigin>\n\
                 <link rel=\"preload\" as=\"fetch\" href=\"{assets}/v1/assets/{wasm_name}\" crossorigin>"
            ),
        }
    }
}

impl Display for Hints {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let Self { loader, module } = self;
        write!(out, "\nwith the install snippet:\n{loader}\nwith the ES module:\n{module}")
    }
}
