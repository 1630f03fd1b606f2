//! One integration of the file and nothing else of it, for the commands that ask its vendor: they need neither the
//! secrets of the others, nor that the rest of the file is good.

use std::path::Path;

use datafly_core::id::PipelineKey;
use datafly_core::secret::SecretRef;
use datafly_settings::{Reader, Section};

use super::pipeline::{self, Around};
use super::sandbox::{self, SandboxUrl};
use super::{ConfigError, Secrets, text_of};
use crate::wiring::Integration;

/// Why there is no such integration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The file, or what is read of it, is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No pipeline has it, or not the one that was named.
    #[error("{}", none(.vendor, .pipeline.as_ref()))]
    None {
        /// The vendor of the integration.
        vendor: String,
        /// The pipeline that was named.
        pipeline: Option<PipelineKey>,
    },
    /// Several have it.
    #[error("several pipelines have it: write `--pipeline` and one of {}", listed(.0))]
    Several(Vec<PipelineKey>),
}

fn none(vendor: &str, pipeline: Option<&PipelineKey>) -> String {
    match pipeline {
        Some(key) => format!("the pipeline `{key}` has no integration of the vendor `{vendor}`"),
        None => format!("no pipeline has an integration of the vendor `{vendor}`"),
    }
}

fn listed(keys: &[PipelineKey]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// The keys of all pipelines, in the file's order.
pub fn pipeline_keys(file: &Path) -> Result<Vec<PipelineKey>, ConfigError> {
    let (text, secrets) = (text_of(file)?, Secrets::new([]));
    let source = |reference: &SecretRef| secrets.get(reference);
    let reader = Reader::new(&text, &source);
    let keys = reader.root().map(|mut root| {
        let keys = root.sections("pipelines").into_iter();
        keys.filter_map(|mut pipeline| pipeline.required("key", "key = \"dk_live_shop\"")).collect()
    });
    Ok(reader.finish(keys)?)
}

/// All integrations of a pipeline, and nothing else of the file.
pub fn integrations(
    file: &Path,
    secrets: &Secrets,
    key: &PipelineKey,
) -> Result<Vec<Integration>, ConfigError> {
    let text = text_of(file)?;
    let source = |reference: &SecretRef| secrets.get(reference);
    let reader = Reader::new(&text, &source);
    let read = reader.root().map(|mut root| {
        let around = Around { host: None, sandbox: sandbox_of(&mut root) };
        let mut found = Vec::new();
        for mut section in root.sections("pipelines") {
            if section.optional::<PipelineKey>("key").as_ref() == Some(key) {
                found.extend(pipeline::integrations(&mut section, &around, Some(key)));
            }
        }
        found
    });
    Ok(reader.finish(read)?)
}

/// What `read` makes of the section of a vendor: of the pipeline that is named, or of the only one that has the
/// vendor, or has this `part` of its section.
pub fn integration<T>(
    file: &Path,
    secrets: &Secrets,
    (vendor, part): (&str, &str),
    pipeline: Option<&PipelineKey>,
    read: impl FnOnce(Section<'_>) -> Option<T>,
) -> Result<T, PartError> {
    let text = text_of(file)?;
    let source = |reference: &SecretRef| secrets.get(reference);
    let reader = Reader::new(&text, &source);
    let mut found = reader.root().map_or_else(Vec::new, |root| of_vendor(root, vendor));
    if let Some(pipeline) = pipeline {
        found.retain(|(key, _)| key == pipeline);
    } else if found.len() > 1 {
        found.retain(|(_, section)| section.has(part));
    }
    if found.len() > 1 {
        return Err(PartError::Several(found.into_iter().map(|(key, _)| key).collect()));
    }
    let Some((_, section)) = found.pop() else {
        // A file that is no TOML has none either: then that is what is wrong.
        reader.finish(Some(())).map_err(ConfigError::from)?;
        return Err(PartError::None { vendor: vendor.to_owned(), pipeline: pipeline.cloned() });
    };
    Ok(reader.finish(read(section)).map_err(ConfigError::from)?)
}

fn sandbox_of(root: &mut Section<'_>) -> Option<SandboxUrl> {
    root.section("server").and_then(|mut server| SandboxUrl::read(&mut server))
}

fn of_vendor<'r>(mut root: Section<'r>, vendor: &str) -> Vec<(PipelineKey, Section<'r>)> {
    let sandbox = sandbox_of(&mut root);
    let mut found = Vec::new();
    for mut pipeline in root.sections("pipelines") {
        let Some(key) = pipeline.required::<PipelineKey>("key", "key = \"dk_live_shop\"") else {
            continue;
        };
        for mut section in pipeline.sections("integrations") {
            if section.optional::<String>("vendor").as_deref() == Some(vendor) {
                if sandbox::is_test(&key) {
                    let addresses = Integration::emulated(vendor);
                    sandbox::stand_in(sandbox.as_ref(), addresses, &mut section);
                }
                found.push((key.clone(), section));
            }
        }
    }
    found
}
