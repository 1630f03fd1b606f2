//! The certificate: its end, and whose it is. That it fits its key is part of reading the configuration.

use datafly_provider::{Ailment, Check, Level};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::{CertificateDer, ServerName};
use url::Url;
use webpki::EndEntityCert;
use x509_parser::parse_x509_certificate;

use crate::config::ServerConfig;

pub(super) static CERTIFICATE_EXPIRED: Ailment = Ailment {
    code: "CERTIFICATE_EXPIRED",
    level: Level::Problem,
    cause: "The certificate was not renewed: no browser talks to this server.",
    fix: "Renew it; a renewed pair of files is served within a second, without a restart.",
};

pub(super) static CERTIFICATE_EXPIRES_SOON: Ailment = Ailment {
    code: "CERTIFICATE_EXPIRES_SOON",
    level: Level::Warning,
    cause: "The certificate ends within 14 days, and clients of ACME renew a month before.",
    fix: "Look at why it was not renewed, and renew it.",
};

pub(super) static CERTIFICATE_FOR_ANOTHER_HOST: Ailment = Ailment {
    code: "CERTIFICATE_FOR_ANOTHER_HOST",
    level: Level::Problem,
    cause: "The certificate does not name the host of `server.public_url`: browsers refuse the connection.",
    fix: "Have one issued that names the host, or correct `server.public_url`.",
};

const KEY: &str = "server.tls.certificate";

/// How long before its end a certificate is told of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(super) fn check(server: &ServerConfig, now: Timestamp) -> Vec<Check> {
    let Some(leaf) = server.certificate.as_ref().and_then(|pair| pair.cert.first()) else {
        let why = "there is no [server.tls]: whatever stands in front has the certificate";
        return vec![Check::skipped("the certificate is good", why)];
    };
    vec![validity(leaf, now), host(leaf, &server.public_url)]
}

fn validity(leaf: &CertificateDer<'_>, now: Timestamp) -> Check {
    let claim = "the certificate is good for 14 days";
    let end = parse_x509_certificate(leaf).ok();
    let end =
        end.and_then(|(_, it)| Timestamp::from_second(it.validity().not_after.timestamp()).ok());
    let Some(end) = end else { return Check::skipped(claim, "its end cannot be read") };
    let seen = format!("its end is {end}");
    if end <= now {
        Check::found(claim, &CERTIFICATE_EXPIRED, KEY, seen)
    } else if end.duration_since(now) < SOON {
        Check::found(claim, &CERTIFICATE_EXPIRES_SOON, KEY, seen)
    } else {
        Check::good(claim)
    }
}

fn host(leaf: &CertificateDer<'_>, public_url: &str) -> Check {
    let url = Url::parse(public_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    // An IPv6 address is in brackets in a URL, and in nothing else.
    let name = ServerName::try_from(host.trim_matches(['[', ']'])).ok();
    let claim = format!("the certificate names `{host}`");
    let leaf = EndEntityCert::try_from(leaf).ok();
    let fits = |(leaf, name): (EndEntityCert<'_>, ServerName<'_>)| {
        leaf.verify_is_valid_for_subject_name(&name).is_ok()
    };
    if leaf.zip(name).is_some_and(fits) {
        return Check::good(claim);
    }
    let seen = format!("it does not name `{host}`");
    Check::found(claim, &CERTIFICATE_FOR_ANOTHER_HOST, KEY, seen)
}
