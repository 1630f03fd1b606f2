//! Which blueprint an integration's events are mapped by: a shipped one by its name, or the owner's file.

use std::collections::BTreeMap;

use datafly_blueprint::{Blueprint, Case, Contract, shipped};
use datafly_core::visitor::Verification;
use datafly_settings::Section;
use secrecy::ExposeSecret;
use serde_json::Value;

/// The preset where nothing is said.
const DEFAULT: &str = "retail";

/// What presets have in common, and is none.
const SHARED: &str = "shared";

/// A destination without presets gets events as they are, unless its owner writes a blueprint.
const AS_IT_IS: &str = "version: 2\ndefaults: { action: pass_through }\n";

/// The blueprint of an integration, compiled.
pub(super) struct Mapping {
    pub(super) blueprint: Blueprint,
}

impl Mapping {
    /// Reads `blueprint`, or else `blueprint_file`, `blueprint_parameters` and `blueprint_cases`: a blueprint whose own
    /// cases come out otherwise is not served.
    pub(super) fn read(vendor: &str, section: &mut Section<'_>) -> Option<Self> {
        let mut blueprint = if section.has("blueprint_file") {
            if section.has("blueprint") {
                section
                    .refuse("blueprint", "there is `blueprint_file` as well: keep one of the two");
            }
            let text = section.file("blueprint_file", "blueprint_file = \"shop.yaml\"")?;
            let parsed = Blueprint::parse(text.expose_secret(), vendor);
            parsed.map_err(|mistakes| section.refuse("blueprint_file", mistakes)).ok()?
        } else {
            let preset = section.optional::<String>("blueprint");
            preset_of(vendor, preset.as_deref(), section)?
        };
        let parameters = section.optional::<BTreeMap<String, Value>>("blueprint_parameters");
        for (name, value) in parameters.unwrap_or_default() {
            if let Err(error) = blueprint.set(&name, value) {
                section.refuse("blueprint_parameters", error);
            }
        }
        for (path, text) in section.files("blueprint_cases") {
            if let Err(reason) = check_case(vendor, &mut blueprint, &path, text.expose_secret()) {
                section.refuse("blueprint_cases", reason);
            }
        }
        Some(Self { blueprint })
    }
}

fn check_case(
    vendor: &str,
    blueprint: &mut Blueprint,
    path: &str,
    text: &str,
) -> Result<(), String> {
    let case = Case::parse(text, path).map_err(|mistakes| mistakes.to_string())?;
    let contract = |verification| contract_of(vendor, verification);
    case.run(blueprint, contract)
        .0
        .map_err(|failure| format!("`{path}` comes out otherwise: {failure}"))
}

/// What a destination demands of a body, before its integration's own identity fields are added. A receiver that
/// no vendor's documents describe is the owner's: it gets what is known, and what is allowed.
pub(super) fn contract_of(vendor: &str, verification: Verification) -> Contract {
    datafly_blueprint::destination::contract(vendor, verification)
        .unwrap_or_else(|| Contract::new(verification).forwarding_consent())
}

fn preset_of(vendor: &str, preset: Option<&str>, section: &Section<'_>) -> Option<Blueprint> {
    let presets: Vec<_> =
        shipped::names().filter(|name| shipped::destination(name) == Some(vendor)).collect();
    let (name, text) = if presets.is_empty() && preset.is_none() {
        ("as_it_is", AS_IT_IS)
    } else {
        // Another destination's have its name before theirs.
        let own = |name: &&&str| last_part(name) == preset.unwrap_or(DEFAULT);
        let name = presets.iter().find(own).filter(|name| last_part(name) != SHARED);
        let Some((name, text)) = name.and_then(|name| Some((*name, shipped::text(name)?))) else {
            section.refuse_value("blueprint", preset.unwrap_or(DEFAULT), hint(&presets));
            return None;
        };
        (name, text)
    };
    Blueprint::parse(text, name).map_err(|mistakes| section.refuse("blueprint", mistakes)).ok()
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn hint(presets: &[&str]) -> String {
    let names = presets.iter().map(|name| last_part(name)).filter(|name| *name != SHARED);
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return "there is no preset: write `blueprint_file = \"…\"`".to_owned();
    }
    format!("write one of {}, or `blueprint_file = \"…\"`", names.join(", "))
}
