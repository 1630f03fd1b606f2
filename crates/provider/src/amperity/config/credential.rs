//! What a side of the integration authenticates with: tokens that the owner pasted, or a section in their place
//! that says who issues them. Exactly one of the two.

use datafly_core::secret::SecretRef;
use datafly_settings::Section;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use crate::amperity::token::Side;
use crate::keys;

/// Hours that a token of an issuer lives, unless the owner says otherwise, and at most.
const LIFETIME_HOURS: i64 = 24;
const LONGEST_LIFETIME_HOURS: i64 = 365 * 24;

/// What a side authenticates with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Tokens: one, or two while they are changed.
    Pasted(Vec<SecretString>),
    /// A token of the type API Token Issuer, which issues those that are used.
    Issuer {
        /// The issuer's token.
        token: Referenced,
        /// The key whose tokens it issues.
        api_key_id: String,
        /// How long they are to live.
        life: SignedDuration,
    },
    /// A client that is given tokens for its secret.
    Client {
        /// Who it is.
        id: String,
        /// Proves it.
        secret: Referenced,
    },
}

/// A secret, and where it is: a file may be replaced.
#[derive(Debug, Clone)]
pub struct Referenced {
    /// Where it is.
    pub reference: SecretRef,
    /// What was there when the configuration was read.
    pub secret: SecretString,
}

impl Credential {
    /// The tokens that the owner pasted.
    pub(super) fn pasted(&self) -> &[SecretString] {
        match self {
            Self::Pasted(tokens) => tokens,
            Self::Issuer { .. } | Self::Client { .. } => &[],
        }
    }

    /// Reads whichever of the two the owner wrote; `None` where that is neither, or wrong.
    pub(super) fn read(section: &mut Section<'_>, side: &Side) -> Option<Self> {
        let (key, table) = (side.key, side.section);
        let issued = section.section(table).and_then(Self::issued);
        match (section.has(key), section.has(table)) {
            (true, true) => {
                let reason = format!("it is set beside `{key}`: write the one or the other");
                section.refuse(table, reason);
                section.know(&[key]);
                None
            }
            (false, true) => {
                section.know(&[key]);
                issued
            }
            _ => keys::optional_header_secrets(section, key).map(Self::Pasted),
        }
    }

    /// As [`Self::read`], and there must be one.
    pub(super) fn required(section: &mut Section<'_>, side: &Side) -> Option<Self> {
        if section.has(side.section) {
            return Self::read(section, side);
        }
        section.know(&[side.section]);
        keys::header_secrets(section, side.key).map(Self::Pasted)
    }

    fn issued(mut section: Section<'_>) -> Option<Self> {
        let is_written = |keys: [&str; 2]| keys.iter().any(|key| section.has(key));
        let (issuer, client) = (
            is_written(["issuer_token", "api_key_id"]),
            is_written(["client_id", "client_secret"]),
        );
        let read = match (issuer, client) {
            (true, false) => Self::issuer(&mut section),
            (false, true) => Self::client(&mut section),
            _ => {
                let reason = "write either `issuer_token` and `api_key_id`, or `client_id` and `client_secret`";
                section.refuse(if issuer { "client_id" } else { "issuer_token" }, reason);
                return None;
            }
        };
        section.end();
        read
    }

    fn issuer(section: &mut Section<'_>) -> Option<Self> {
        const ID: &str = "api_key_id";

        let token = Referenced::read(section, "issuer_token");
        let id = keys::text(section, ID, "api_key_id = \"…\"");
        let id = id.filter(|id| {
            let fits = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b));
            if !fits {
                let hint = "write the id of the API key whose tokens are to be issued: letters, digits and hyphens";
                section.refuse_value(ID, id, hint);
            }
            fits
        });
        let hours =
            section.number("lifetime_hours", LIFETIME_HOURS, 1..=LONGEST_LIFETIME_HOURS, "hours");
        Some(Self::Issuer {
            token: token?,
            api_key_id: id?,
            life: SignedDuration::from_hours(hours?),
        })
    }

    fn client(section: &mut Section<'_>) -> Option<Self> {
        let id = keys::text(section, "client_id", "client_id = \"…\"");
        let secret = Referenced::read(section, "client_secret");
        Some(Self::Client { id: id?, secret: secret? })
    }

    /// The configuration key that stands for it.
    pub(in crate::amperity) fn key(&self, side: &Side) -> &'static str {
        match self {
            Self::Pasted(_) => side.key,
            Self::Issuer { .. } | Self::Client { .. } => side.section,
        }
    }

    /// Whether tokens of both would be of one key of Amperity's, which has one scope.
    pub(super) fn is_of_the_key_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pasted(own), Self::Pasted(others)) => {
                let is_another_s = |this: &SecretString| {
                    others.iter().any(|it| it.expose_secret() == this.expose_secret())
                };
                own.iter().any(is_another_s)
            }
            (Self::Issuer { api_key_id: this, .. }, Self::Issuer { api_key_id: that, .. })
            | (Self::Client { id: this, .. }, Self::Client { id: that, .. }) => this == that,
            _ => false,
        }
    }
}

impl Referenced {
    fn read(section: &mut Section<'_>, key: &'static str) -> Option<Self> {
        let (reference, secret) = keys::referenced_header_secret(section, key)?;
        Some(Self { reference, secret })
    }
}
