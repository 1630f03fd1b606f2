//! Writes `REFERENCE.md` from the tables that the parser reads by.

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REFERENCE.md");
    std::fs::write(path, datafly_blueprint::reference::markdown())
}
