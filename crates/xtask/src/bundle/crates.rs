//! How much of the wasm each crate is: what its functions' bodies take, after the optimiser, before compression.
//! Code that was inlined counts for whom it was inlined into.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context as _, Result};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// The table that every build prints, the largest first. The wasm has its functions' names.
pub(crate) fn table(wasm: &[u8]) -> Result<String> {
    let mut rows: Vec<_> = sizes(wasm)?.into_iter().collect();
    rows.sort_by(|(a, left), (b, right)| right.cmp(left).then(a.cmp(b)));
    let mut table = format!("{:<26}{:>8}", "wasm by crate", "raw");
    for (name, size) in rows {
        // Writing to a string cannot fail.
        let _ = write!(table, "\n{name:<26}{size:>8}");
    }
    Ok(table)
}

fn sizes(wasm: &[u8]) -> Result<BTreeMap<String, usize>> {
    let mut index = 0;
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    let mut sizes = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.context("the optimised wasm cannot be read")? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    index += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => {
                bodies.push((index, body.range().len()));
                index += 1;
            }
            Payload::DataSection(data) => {
                sizes.insert("(data)".to_owned(), data.range().len());
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(all) = section.as_known() {
                    for name in all {
                        if let Name::Function(functions) = name? {
                            for function in functions {
                                let function = function?;
                                names.insert(function.index, crate_of(function.name));
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for (index, size) in bodies {
        let name = names.get(&index).copied().unwrap_or(EXPORTS);
        *sizes.entry(name.to_owned()).or_default() += size;
    }
    Ok(sizes)
}

/// What has no path in its name: what the page calls, with all that was inlined into it, and the bindings' part.
const EXPORTS: &str = "(exports)";

/// The first path in a name: `<core::option::Option<T> as x::Y>::z` is of `core`.
fn crate_of(name: &str) -> &str {
    let Some((before, _)) = name.split_once("::") else { return EXPORTS };
    // Some names have the crate's hash behind it, in brackets.
    let before =
        before.strip_suffix(']').and_then(|it| it.rsplit_once('[')).map_or(before, |(it, _)| it);
    let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    &before[start..]
}

#[cfg(test)]
mod tests {
    use super::{crate_of, sizes};

    #[test]
    fn a_name_is_of_the_first_crate_in_it() {
        for (name, of) in [
            ("datafly_browser::session::Session<T,W>::event", "datafly_browser"),
            ("<core::option::Option<T> as alloc::X>::y", "core"),
            ("<&mut rlsf::Tlsf as core::fmt::Debug>::fmt", "rlsf"),
            ("<u32 as core[c5930c85a12de822]::fmt::Display>::fmt", "core"),
            ("__wbindgen_malloc", "(exports)"),
        ] {
            assert_eq!(crate_of(name), of);
        }
    }

    /// One import, two functions of which one is named, and data.
    #[test]
    fn bodies_are_summed_by_the_crate_of_their_name() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, content: &[u8]| {
            wasm.push(id);
            wasm.push(u8::try_from(content.len()).unwrap());
            wasm.extend_from_slice(content);
        };
        section(1, b"\x01\x60\0\0");
        section(2, b"\x01\x01m\x01f\0\0");
        section(3, b"\x02\0\0");
        section(5, b"\x01\0\x01");
        section(10, b"\x02\x02\0\x0b\x03\0\x01\x0b");
        section(11, b"\x01\0\x41\0\x0b\x01x");
        section(0, b"\x04name\x01\x09\x01\x02\x06abc::d");
        let sizes = sizes(&wasm).unwrap();
        let sizes: Vec<_> = sizes.iter().map(|(name, size)| (name.as_str(), *size)).collect();
        assert_eq!(sizes, [("(data)", 7), ("(exports)", 2), ("abc", 3)]);
    }
}
