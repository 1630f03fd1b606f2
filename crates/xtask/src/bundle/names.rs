//! Short names between the bindings and the wasm.
//!
//! wasm-bindgen names what the two call in each other by description and a hash of 16 digits. Nobody else
//! sees these names, hashes do not compress, and each stands in both files.

use anyhow::{Result, ensure};
use wasm_bindgen_cli_support::Output;

/// The module name of all imports.
const IMPORTS: &str = "./glue_bg.js";

/// Renames in the wasm; returns the JavaScript to match.
pub(crate) fn shorten(bindings: &mut Output) -> Result<String> {
    let mut js = bindings.js().to_owned();
    let module = bindings.wasm_mut();
    let mut renames = vec![(IMPORTS.to_owned(), "a".to_owned())];
    for (number, import) in module.imports.iter_mut().enumerate() {
        ensure!(import.module == IMPORTS, "unexpected import from {:?}", import.module);
        let short = format!("$i{number}");
        renames.push((std::mem::replace(&mut import.name, short.clone()), short));
        "a".clone_into(&mut import.module);
    }
    // What the bindings never mention is there for other ways of loading.
    let mut unused = Vec::new();
    for export in module.exports.iter() {
        if !js.contains(&export.name) {
            unused.push(export.id());
        }
    }
    for export in unused {
        module.exports.delete(export);
    }
    for (number, export) in module.exports.iter_mut().enumerate() {
        // The others (`memory`, `engine_new`) are words that the bindings may use otherwise.
        if export.name.contains("__") {
            let short = format!("$e{number}");
            renames.push((std::mem::replace(&mut export.name, short.clone()), short));
        }
    }
    // A name may be the beginning of another one.
    renames.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (name, short) in &renames {
        ensure!(js.contains(name.as_str()), "the bindings do not mention {name:?}");
        js = js.replace(name.as_str(), short);
    }
    Ok(js)
}
