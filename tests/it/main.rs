//! The product from outside: one binary for all integration tests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

/// How many there are to be of something: `--long` raises it through the environment.
#[expect(clippy::disallowed_methods, reason = "how a count gets into a test")]
fn count(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |count| count.parse().unwrap())
}

/// A figure for whoever runs the tests.
#[expect(clippy::print_stdout, reason = "figures are for the closing note")]
fn tell(figure: &str) {
    println!("{figure}");
}

mod after_consent;
mod algonomy;
mod allowlist;
mod ansira_month;
mod assets;
mod attacks;
mod bad_input;
mod base_path;
mod bootstrap;
mod burst;
mod caching;
mod clients;
mod collect;
mod consent;
mod context;
mod day;
mod dead_letters;
mod deliver;
mod doctor;
mod drain;
mod enrich;
mod first_visit;
mod fuzz;
mod handles;
mod hostile_vendor;
mod identity;
mod lateness;
mod limits;
mod observed;
mod outage;
mod providers;
mod rates;
mod raw_vendor;
mod reload;
mod second_order;
mod tenant_rates;
mod tokens;
mod transport;
mod trust;
mod walls;
