//! `datafly blueprint`: what a blueprint does, without a server.
//!
//! Exit code 0: nothing to say. 1: the file has mistakes, a case comes out otherwise, or a mapping is not reached.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use datafly_blueprint::{Blueprint, Case, Contract, Coverage, destination, shipped};
use datafly_core::visitor::Verification;
use serde_json::{Value, json};

use super::{Failure, say};

/// Arguments of `datafly blueprint`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    question: Question,
    /// The destination, where the blueprint extends none that is shipped.
    #[arg(long, global = true)]
    destination: Option<String>,
    /// One more identity field of the destination, for example a linking key.
    #[arg(long, global = true)]
    identity: Vec<String>,
    /// Write the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Question {
    /// Run the cases of a folder.
    Test {
        /// A file, or the name of a shipped blueprint.
        blueprint: String,
        /// A folder of case files, `*.yaml` and `*.json`.
        cases: PathBuf,
    },
    /// Tell which events it knows and what it maps.
    Show {
        /// A file, or the name of a shipped blueprint.
        blueprint: String,
    },
    /// Tell where a field of the body comes from.
    Explain {
        /// A file, or the name of a shipped blueprint.
        blueprint: String,
        /// The field, for example `user_data.em`.
        field: String,
    },
    /// Tell which mappings no case of a folder reaches.
    Coverage {
        /// A file, or the name of a shipped blueprint.
        blueprint: String,
        /// A folder of case files, `*.yaml` and `*.json`.
        cases: PathBuf,
    },
}

/// Whether there is nothing to mend.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    match &args.question {
        Question::Test { blueprint, cases } => {
            let mut blueprint = read(blueprint)?;
            let contract = args.contract(&blueprint)?;
            let (mut ran, mut failed) = (0, Vec::new());
            for (name, case) in read_cases(cases)? {
                ran += 1;
                if let (Err(failure), _) = case.run(&mut blueprint, &contract) {
                    failed.push((name, failure));
                }
            }
            let lines = failed.iter().map(|(name, failure)| format!("{name}:\n{failure}"));
            let counted = format!("{ran} cases, {} of them come out otherwise", failed.len());
            let told = failed
                .iter()
                .map(|(name, failure)| json!({ "case": name, "differences": failure.differences }));
            let answer = json!({ "cases": ran, "failed": told.collect::<Vec<_>>() });
            args.answer(lines.chain([counted]), &answer);
            Ok(failed.is_empty())
        }
        Question::Show { blueprint } => {
            let blueprint = read(blueprint)?;
            let writers = blueprint.writers();
            let events: Vec<_> = blueprint.events().collect();
            let lines = events.iter().map(|names| format!("event {}", names.join(", ")));
            let mappings: Vec<_> = writers.iter().map(ToString::to_string).collect();
            let answer = json!({ "events": events, "mappings": mappings });
            args.answer(lines.chain(mappings.iter().cloned()), &answer);
            Ok(true)
        }
        Question::Explain { blueprint, field } => {
            let blueprint = read(blueprint)?;
            let contract = args.contract(&blueprint)?(Verification::default());
            let explanation = blueprint.explain(field, &contract).to_string();
            let lines: Vec<_> = explanation.lines().collect();
            args.answer(lines.iter().map(ToString::to_string), &json!({ "explanation": lines }));
            Ok(true)
        }
        Question::Coverage { blueprint, cases } => {
            let mut blueprint = read(blueprint)?;
            let contract = args.contract(&blueprint)?;
            let mut coverage = Coverage::new(&blueprint);
            for (_, case) in read_cases(cases)? {
                coverage.add(&case.run(&mut blueprint, &contract).1);
            }
            let unreached: Vec<_> = coverage.unreached().map(ToString::to_string).collect();
            let counted =
                format!("{} mappings, {} of them not reached", coverage.all(), unreached.len());
            let answer = json!({ "mappings": coverage.all(), "unreached": unreached });
            args.answer(unreached.iter().cloned().chain([counted]), &answer);
            Ok(unreached.is_empty())
        }
    }
}

impl Args {
    /// What the destination demands, for any verification.
    fn contract(
        &self,
        blueprint: &Blueprint,
    ) -> Result<impl Fn(Verification) -> Contract + use<>, Failure> {
        let name = self.destination.as_deref().or(blueprint.destination());
        let known = || destination::names().collect::<Vec<_>>().join(", ");
        let name = name.ok_or_else(|| {
            format!(
                "the blueprint extends none that is shipped: name its destination by `--destination`, \
                 one of {}",
                known()
            )
        })?;
        if destination::contract(name, Verification::default()).is_none() {
            return Err(
                format!("there is no destination `{name}`: write one of {}", known()).into()
            );
        }
        let (name, identity) = (name.to_owned(), self.identity.clone());
        Ok(move |verification| {
            let contract = destination::contract(&name, verification).unwrap_or_default();
            contract.identity(identity.iter().map(String::as_str))
        })
    }

    fn answer(&self, lines: impl Iterator<Item = String>, json: &Value) {
        if self.json {
            return say(&json.to_string());
        }
        // In one piece, so that `| head` does not break it off.
        say(&lines.collect::<Vec<_>>().join("\n"));
    }
}

/// A shipped blueprint by its name, any other by its file.
fn read(blueprint: &str) -> Result<Blueprint, Failure> {
    if let Some(text) = shipped::text(blueprint) {
        return Ok(Blueprint::parse(text, blueprint)?);
    }
    Ok(Blueprint::parse(&text_of(Path::new(blueprint))?, blueprint)?)
}

/// The cases of a folder by their names, in the order of those.
fn read_cases(folder: &Path) -> Result<Vec<(String, Case)>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| at(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| at(folder, &error))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "yaml" || kind == "json"));
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let case = Case::parse(&text_of(&path)?, &name)?;
        cases.push((name, case));
    }
    Ok(cases)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &dyn Error) -> Failure {
    format!("{}: {error}", path.display()).into()
}

#[cfg(test)]
#[path = "blueprint_tests.rs"]
mod tests;
