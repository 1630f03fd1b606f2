//! The test hosts' certificate: a throw-away authority, and one leaf for the shop, the server and the
//! attackers. On localhost every port is the same site, which proves nothing about cookies, so the
//! browser tests run on https names that Chromium is told to resolve here. Programs that are no browser come to
//! `localhost`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

const HOSTS: [&str; 5] = ["shop.test", "*.shop.test", "evil.test", "*.evil.test", "localhost"];

/// Writes `ca.pem`, `cert.pem` and `key.pem`, new ones each time.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    // Named apart: a leaf with its issuer's name counts as self-signed.
    authority.distinguished_name.push(DnType::CommonName, "datafly test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut leaf = CertificateParams::new(HOSTS.map(str::to_owned).to_vec())?;
    leaf.distinguished_name.push(DnType::CommonName, "shop.test");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python asks for it.
    leaf.use_authority_key_identifier_extension = true;
    let leaf_key = KeyPair::generate()?;
    let leaf_certificate = leaf.signed_by(&leaf_key, &issuer)?;

    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, pem) in [
        ("ca.pem", authority_certificate.pem()),
        ("cert.pem", leaf_certificate.pem()),
        ("key.pem", leaf_key.serialize_pem()),
    ] {
        fs::write(folder.join(name), pem).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}
