//! Writes `DOCTOR.md` from the tables that the doctor finds by.

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DOCTOR.md");
    std::fs::write(path, datafly_server::doctor::reference())
}
