//! What the owner writes for a GA4 data stream.

use datafly_settings::Section;
use secrecy::SecretString;
use url::Url;

use super::token::API_SECRET;
use crate::keys::{self, Choices};

/// Configuration key of the data stream.
pub(super) const MEASUREMENT_ID: &str = "measurement_id";

/// Requests a second. Google states no rate; this bounds what a backlog does to it.
const REQUESTS_PER_SECOND: u32 = 500;

const WORLD: &str = "https://www.google-analytics.com/";
const EU: &str = "https://region1.google-analytics.com/";

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// `{base}mp/collect?measurement_id=…`, without the secret.
    pub(super) collect_url: Url,
    pub(super) measurement_id: String,
    pub(super) api_secret: SecretString,
    pub(super) choices: Choices,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let host = host(&mut section);
        let base_url = keys::base_url(&mut section, host.unwrap_or(WORLD));
        let measurement_id = measurement_id(&mut section);
        let api_secret = section.required_secret(API_SECRET);
        let choices = Choices::read(&mut section, Some("analytics"), REQUESTS_PER_SECOND);
        section.end();
        host?;
        let mut collect_url = base_url?.join("mp/collect").ok()?;
        let measurement_id = measurement_id?;
        collect_url.query_pairs_mut().append_pair(MEASUREMENT_ID, &measurement_id);
        Some(Self { collect_url, measurement_id, api_secret: api_secret?, choices: choices? })
    }
}

/// Google's host for the region that events are taken in.
fn host(section: &mut Section<'_>) -> Option<&'static str> {
    const KEY: &str = "region";

    let written = section.has(KEY);
    match section.optional::<String>(KEY) {
        None => (!written).then_some(WORLD),
        Some(region) if region == "eu" => Some(EU),
        Some(region) => {
            let hint = "write `eu` for Google's servers in the European Union, or remove it";
            section.refuse_value(KEY, region, hint);
            None
        }
    }
}

fn measurement_id(section: &mut Section<'_>) -> Option<String> {
    let id = section.required::<String>(MEASUREMENT_ID, "measurement_id = \"G-ABCDE12345\"")?;
    let is_id = id.strip_prefix("G-").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if is_id {
        return Some(id);
    }
    let hint = "write the web data stream's measurement id, which starts with `G-`";
    section.refuse_value(MEASUREMENT_ID, id, hint);
    None
}
