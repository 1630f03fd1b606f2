//! `cargo xtask test`: everything, in the order that fails soonest.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::setup::{self, run};
use crate::{bundle, certs};

/// Random requests in the long run; the short one's number is the test's own.
const LONG_FUZZ_REQUESTS: &str = "100000";

/// Visitors of the simulated day in the long run.
const LONG_DRAIN_EVENTS: &str = "100000";
const LONG_KILLS: &str = "200";
const LONG_DAY_VISITORS: &str = "100000";

/// Days through which tokens are kept alive, with ten thousand requests each.
const LONG_TOKEN_DAYS: &str = "30";
/// Requests a day, of a month, with one vendor's short-lived tokens.
const LONG_TOKEN_REQUESTS_A_DAY: &str = "10000";

/// `kill -9`s of the queue's writer, power losses, and runs of its model, in the long run.
const LONG_QUEUE: [(&str, &str); 3] = [
    ("DATAFLY_QUEUE_KILLS", "200"),
    ("DATAFLY_QUEUE_POWER_LOSSES", "600"),
    ("DATAFLY_QUEUE_MODEL_CASES", "256"),
];

/// Runs all tests; `long` with an issue's full counts.
#[expect(clippy::disallowed_methods, reason = "how long a step took is for the reader only")]
pub(crate) fn test(root: &Path, long: bool) -> Result<()> {
    let step = |name: &str, work: &mut dyn FnMut() -> Result<()>| {
        println!("\n=== {name}");
        let start = Instant::now();
        work()?;
        println!("=== {name}: {} s", start.elapsed().as_secs());
        Ok::<(), anyhow::Error>(())
    };
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.current_dir(root).args(arguments);
        command
    };
    let browser_tests = root.join("tests/browser");
    let package_tests = root.join("tests/npm");
    let certificates = root.join("target/test-certs");
    let python_packages = root.join("target/test-python");
    let (mut chromium, mut firefox) = (None, None);

    step("set-up", &mut || {
        chromium = Some(setup::chromium()?);
        firefox = Some(setup::firefox()?);
        setup::strace()?;
        setup::npm_ci(&browser_tests)?;
        setup::npm_ci(&package_tests)?;
        setup::npm_ci(&browser_tests.join("adapters"))?;
        setup::pip_install(&browser_tests.join("clients/requirements.txt"), &python_packages)?;
        certs::write(&certificates)
    })?;
    step("bundle, against its budgets", &mut || bundle::run(root))?;
    step("format", &mut || run(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("lints", &mut || {
        let lints = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        run(&mut cargo(&lints))?;
        let wasm = ["clippy", "--package", "datafly-browser", "--target", "wasm32-unknown-unknown"];
        run(cargo(&wasm).args(["--", "--deny", "warnings"]))
    })?;
    step("types of the SDK, compiled by tsc", &mut || {
        for folder in [root.join("crates/browser"), browser_tests.join("adapters")] {
            run(Command::new("npm").current_dir(folder).args(["run", "--silent", "types"]))?;
        }
        Ok(())
    })?;
    step("Rust tests", &mut || run(&mut cargo(&["test", "--workspace"])))?;
    if long {
        step("Rust tests with full counts, optimised", &mut || {
            let mut tests = cargo(&["test", "--profile", "long"]);
            tests.args(["--package", "datafly-tests", "--package", "datafly-store"]);
            tests.envs(LONG_QUEUE);
            tests.env("DATAFLY_FUZZ_REQUESTS", LONG_FUZZ_REQUESTS);
            tests.env("DATAFLY_DAY_VISITORS", LONG_DAY_VISITORS);
            tests.env("DATAFLY_DRAIN_EVENTS", LONG_DRAIN_EVENTS);
            tests.env("DATAFLY_TOKEN_REQUESTS_A_DAY", LONG_TOKEN_REQUESTS_A_DAY);
            // For the counts that some of them print.
            run(tests.args(["--", "--nocapture"]))?;
            let mut tokens = cargo(&["test", "--profile", "long", "--package", "datafly-provider"]);
            tokens.env("DATAFLY_TOKEN_DAYS", LONG_TOKEN_DAYS);
            tokens.env("DATAFLY_TOKEN_REQUESTS_A_DAY", LONG_TOKEN_REQUESTS_A_DAY);
            run(tokens.args(["--lib", "token"]))?;
            let package =
                ["test", "--profile", "long", "--package", "datafly-server", "--test", "it"];
            let mut killed = cargo(&package);
            killed.env("DATAFLY_KILLS", LONG_KILLS);
            run(killed.args(["killed", "--", "--nocapture"]))
        })?;
    }
    step("tests of what the browser benchmark counts with", &mut || {
        let drive = root.join("crates/browser/bench/drive");
        run(Command::new("node").current_dir(drive).args(["--test", "--test-reporter=spec"]))
    })?;
    let in_browsers = |tests: &Path, script: &str| {
        let mut npm = Command::new("npm");
        npm.current_dir(tests)
            .args(["run", "--silent", script])
            .env("DATAFLY_BIN", root.join("target/debug/datafly"))
            .env("DATAFLY_CERTS", &certificates)
            .env("DATAFLY_CHROMIUM", chromium.clone().unwrap_or_default())
            .env("DATAFLY_FIREFOX", firefox.clone().unwrap_or_default())
            .env("DATAFLY_PYTHON_PACKAGES", &python_packages);
        run(&mut npm)
    };
    step("browser tests in Firefox, one for each subject", &mut || {
        in_browsers(&browser_tests, "test:firefox")
    })?;
    step("the npm package in Chromium", &mut || in_browsers(&package_tests, "test"))?;
    // Last, so that this runner's own summary closes the output.
    println!("\n=== browser tests in Chromium");
    in_browsers(&browser_tests, "test")
}
