//! The datafly binary.
fn main() {}
