//! What the owner writes for a listing endpoint of Ansira's.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use datafly_settings::Section;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;

use super::NAME;
use super::client::AnsiraRecords;
use super::filter::Filter;
use super::token::{ASSERTION_FILE, CLIENT_SECRET, SCOPES};
use super::wire::Shape;
use crate::keys;
use crate::profile::{Lookups, ProfileProvider, ProviderConfig, Quota};
use crate::surroundings::Surroundings;

/// Where one of Ansira's two environments is, and what it allows one address to ask of one endpoint (seed 003).
struct Environment {
    api: &'static str,
    token: &'static str,
    requests_per_second: i64,
}

/// Its API's host is the stage's by analogy; the seed names production's only.
const STAGE: Environment = Environment {
    api: "https://api-stage.sproutloud.com/",
    token: "https://auth-stage.sproutloud.com/oauth/v2/oauth-token",
    requests_per_second: 5,
};

const PRODUCTION: Environment = Environment {
    api: "https://api.sproutloud.com/",
    token: "https://auth.sproutloud.com/oauth/v2/oauth-token",
    requests_per_second: 10,
};

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// The endpoint that lists records.
    pub(super) records_url: Url,
    pub(super) token_url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) assertion_file: String,
    pub(super) scopes: Vec<String>,
    pub(super) scope_separator: String,
    pub(super) filter: Filter,
    pub(super) order_by: Option<String>,
    /// How the first page is numbered.
    pub(super) first_page: i64,
    pub(super) shape: Shape,
    requests_per_second: u32,
    lookups: Lookups,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let environment = environment(&mut section);
        let within = environment.as_ref().unwrap_or(&PRODUCTION);
        let base_url = keys::base_url(&mut section, within.api);
        let records_url = records_url(&mut section, base_url.as_ref());
        let token_url = token_url(&mut section, within.token);
        let client_id = client_id(&mut section);
        let client_secret = keys::header_secret(&mut section, CLIENT_SECRET);
        let assertion = section.file_at(ASSERTION_FILE, "assertion_file = \"/run/secrets/ansira\"");
        let scopes = scopes(&mut section);
        let filter = Filter::read(&mut section);
        let order_by =
            keys::optional_text(&mut section, "order_by", "order_by = \"updated_at desc\"");
        let first_page = section.number("first_page", 1, 0..=1, "for the first page's number");
        let shape = Shape::read(&mut section);
        let rate = section.number(
            "requests_per_second",
            within.requests_per_second,
            1..=10_000,
            "requests a second",
        );
        let lookups = Lookups::read(&mut section);
        section.end();
        environment?;
        let (scopes, scope_separator) = scopes?;
        let (assertion_file, _) = assertion?;
        Some(Self {
            records_url: records_url?,
            token_url: token_url?,
            client_id: client_id?,
            client_secret: client_secret?,
            assertion_file,
            scopes,
            scope_separator,
            filter: filter?,
            order_by: order_by?,
            first_page: first_page?,
            shape: shape?,
            requests_per_second: u32::try_from(rate?).ok()?,
            lookups: lookups?,
        })
    }

    /// Ansira counts by our address and the endpoint, whoever's token it is.
    pub(super) fn quota(&self) -> Quota {
        Quota {
            account: format!("{NAME} {}", self.records_url),
            requests_per_second: self.requests_per_second,
        }
    }

    /// The endpoint, whose records these are to see, and what of them is read.
    pub(super) fn identity(&self) -> String {
        let Self { records_url, client_id, filter, order_by, shape, .. } = self;
        let asked = format!("{}\n{order_by:?}\n{shape:?}", filter.text());
        let asked = HEXLOWER.encode(&Sha256::digest(asked.as_bytes()));
        format!("{NAME} {records_url} {client_id} {asked}")
    }
}

impl ProviderConfig for Config {
    fn name(&self) -> &str {
        NAME
    }

    fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    fn build(&self, around: &Surroundings) -> Arc<dyn ProfileProvider> {
        Arc::new(AnsiraRecords::new(around, self))
    }
}

fn environment(section: &mut Section<'_>) -> Option<Environment> {
    const KEY: &str = "environment";

    let written = keys::optional_text(section, KEY, "environment = \"production\"")?;
    match written.as_deref() {
        None | Some("production") => Some(PRODUCTION),
        Some("stage") => Some(STAGE),
        Some(other) => {
            section.refuse_value(KEY, other, "write `production` or `stage`");
            None
        }
    }
}

/// Below the API's own address, whatever is written.
fn records_url(section: &mut Section<'_>, base_url: Option<&Url>) -> Option<Url> {
    const KEY: &str = "records_path";

    let path = keys::text(section, KEY, "records_path = \"v1/contacts\"")?;
    let base_url = base_url?;
    let url = base_url.join(&format!("./{}", path.trim_start_matches('/'))).ok();
    let is_below = |url: &Url| {
        url.origin() == base_url.origin()
            && url.path().starts_with(base_url.path())
            && url.path() != base_url.path()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    // What looks like another host, or an empty step, is no path of theirs.
    let url = url.filter(|url| is_below(url) && !path.contains("//"));
    if url.is_none() {
        let hint = "write the path of the endpoint that lists records, as its specification has it, without a query";
        section.refuse_value(KEY, path, hint);
    }
    url
}

fn token_url(section: &mut Section<'_>, otherwise: &str) -> Option<Url> {
    const KEY: &str = "token_url";

    if !section.has(KEY) {
        section.know(&[KEY]);
        return Url::parse(otherwise).ok();
    }
    let url: Url = section.optional(KEY)?;
    keys::checked_url(section, KEY, url)
}

fn client_id(section: &mut Section<'_>) -> Option<String> {
    const KEY: &str = "client_id";

    let id = keys::text(section, KEY, "client_id = \"shop\"")?;
    // What comes before the first colon of a Basic credential is the user.
    if id.contains(|character: char| character == ':' || character.is_control()) {
        section.refuse_value(KEY, id, "a colon cannot be in it: copy the Client Identifier again");
        return None;
    }
    Some(id)
}

/// The scopes, and what stands between them in a request.
fn scopes(section: &mut Section<'_>) -> Option<(Vec<String>, String)> {
    const SEPARATOR: &str = "scope_separator";

    let separator = section.has(SEPARATOR).then(|| section.optional::<String>(SEPARATOR));
    if separator.is_none() {
        section.know(&[SEPARATOR]);
    }
    let example = "scopes = [\"contacts.read\"]";
    let scopes: Vec<String> = section.required(SCOPES, example)?;
    let is_one = |scope: &String| {
        !scope.is_empty()
            && !scope.contains(|c: char| c == ',' || c.is_whitespace() || c.is_control())
    };
    if scopes.is_empty() || !scopes.iter().all(is_one) {
        let hint = format!("write each scope of the API client by itself, `{example}`");
        section.refuse(SCOPES, hint);
        return None;
    }
    let separator = match separator {
        None => " ".to_owned(),
        Some(separator) => separator?,
    };
    if !matches!(&*separator, " " | ",") {
        section.refuse_value(SEPARATOR, separator, "write a space or a comma");
        return None;
    }
    Some((scopes, separator))
}
