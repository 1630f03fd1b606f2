//! What the command answers.

use super::*;

const BLUEPRINT: &str = "version: 2\nevents: {x: {mappings: [{source: properties.a, target: a}, \
                         {source: traits.email, target: email}]}}";

fn ask(question: Question, destination: Option<&str>) -> Result<bool, String> {
    let destination = destination.map(str::to_owned);
    let args = Args { question, destination, identity: Vec::new(), json: true };
    run(&args).map_err(|error| error.to_string())
}

/// A folder with a blueprint and one case of it.
fn folder(case: &str) -> (tempfile::TempDir, String, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let blueprint = folder.path().join("b.yml");
    fs::write(&blueprint, BLUEPRINT).unwrap();
    fs::write(folder.path().join("x.yaml"), case).unwrap();
    let cases = folder.path().to_owned();
    (folder, blueprint.display().to_string(), cases)
}

#[test]
fn cases_are_run_against_the_destination_s_contract() {
    let given = "event: {event: x, properties: {a: 1}, traits: {email: e}}\n";
    for (body, good) in [("{a: 1, unverified_email: e}", true), ("{a: 1, email: e}", false)] {
        let (_kept, blueprint, cases) = folder(&format!("{given}body: {body}"));
        let question = Question::Test { blueprint, cases };
        assert_eq!(ask(question, Some("amperity")), Ok(good), "{body}");
    }
    let (_kept, blueprint, cases) = folder(given);
    let said = ask(Question::Test { blueprint, cases }, Some("amperity")).unwrap_err();
    assert!(said.contains("x.yaml: line 1, column 1: `body`: it is missing"), "{said}");
}

#[test]
fn a_mapping_that_no_case_reaches_is_a_finding() {
    for (event, good) in [("{a: 1}, traits: {email: e}", true), ("{a: 1}", false)] {
        let (_kept, blueprint, cases) =
            folder(&format!("event: {{event: x, properties: {event}}}\nbody: {{}}"));
        let question = Question::Coverage { blueprint, cases };
        assert_eq!(ask(question, Some("ga4")), Ok(good), "{event}");
    }
}

#[test]
fn a_shipped_blueprint_knows_its_destination_and_any_other_must_be_told() {
    let explain = |blueprint: &str| Question::Explain {
        blueprint: blueprint.to_owned(),
        field: "email".to_owned(),
    };
    assert_eq!(ask(explain("retail"), None), Ok(true));
    assert_eq!(ask(Question::Show { blueprint: "ga4/retail".to_owned() }, None), Ok(true));
    let (_kept, blueprint, _) = folder("");
    let said = ask(explain(&blueprint), None).unwrap_err();
    assert!(said.contains("--destination"), "{said}");
    let said = ask(explain(&blueprint), Some("ga5")).unwrap_err();
    assert!(said.contains("write one of amperity, ga4"), "{said}");
    let said = ask(explain("none.yaml"), None).unwrap_err();
    assert!(said.starts_with("none.yaml: "), "{said}");
}
