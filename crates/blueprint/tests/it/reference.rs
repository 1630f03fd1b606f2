//! The checked-in reference is what the code says.

use datafly_blueprint::reference;

#[test]
fn the_page_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REFERENCE.md");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == reference::markdown(),
        "REFERENCE.md is not what the code says: run `cargo run -p datafly-blueprint --example reference`"
    );
}
