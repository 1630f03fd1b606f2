//! The server's certificate: a chain and its key, from PEM files, renewed while the server runs.
//!
//! The files belong to the configuration: a reload that finds them changed reads both. ACME clients replace one
//! after the other; in between the pair does not fit, so that reload is refused and the old pair stays until the
//! next change. Connections under way keep the certificate that they began with.

use std::fmt;
use std::sync::Arc;

use datafly_settings::Section;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto};
use secrecy::ExposeSecret;

use crate::app::App;

/// A chain and its key, which fit.
pub type Certificate = Arc<CertifiedKey>;

/// Reads `[server.tls]`.
pub fn read(mut section: Section<'_>) -> Option<Certificate> {
    let chain = section.file("certificate", "certificate = \"/etc/datafly/fullchain.pem\"");
    let key = section.file("key", "key = \"/etc/datafly/privkey.pem\"");
    let chain = chain.and_then(|pem| {
        let chain = CertificateDer::pem_slice_iter(pem.expose_secret().as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().ok().filter(|chain| !chain.is_empty());
        if chain.is_none() {
            let reason = "it is no PEM file of certificates: write the path of one, the leaf first";
            section.refuse("certificate", reason);
        }
        chain
    });
    let key = key.and_then(|pem| {
        // What the parser says could quote the key.
        let key = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).ok();
        if key.is_none() {
            section.refuse("key", "it is no PEM file of a private key: write the path of one");
        }
        key
    });
    let certified = chain.zip(key).and_then(|(chain, key)| {
        let fitting = CertifiedKey::from_der(chain, key, &crypto::ring::default_provider());
        let unfit =
            |error| format!("it is not the certificate's ({error}): write the paths of a pair");
        fitting.map_err(|error| section.refuse("key", unfit(error))).ok()
    });
    section.end();
    certified.map(Arc::new)
}

/// What a listener with TLS is opened with: each handshake gets the certificate of that moment.
pub fn tls(app: Arc<App>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Current(app)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificate of the configuration that is served now.
struct Current(Arc<App>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Certificate> {
        self.0.glance().certificate.clone()
    }
}
