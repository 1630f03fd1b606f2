//! What the owner writes for a Meta pixel.

use datafly_settings::Section;
use secrecy::SecretString;
use url::Url;

use super::token::ACCESS_TOKEN;
use crate::keys::{self, Choices};

/// Configuration key of the pixel.
pub(super) const PIXEL_ID: &str = "pixel_id";

/// Configuration key of the Graph API's version.
pub(super) const API_VERSION: &str = "api_version";

/// The newest version that the collected documentation speaks of; Meta keeps one for two years.
const NEWEST_VERSION: &str = "v24.0";

/// Requests a second. Meta states no rate for this API; this bounds what a backlog does to it.
const REQUESTS_PER_SECOND: u32 = 500;

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// The pixel's events, `{base}v24.0/{pixel}/events`.
    pub(super) events_url: Url,
    pub(super) access_token: SecretString,
    pub(super) pixel_id: String,
    /// Shows events in the Events Manager's test tab.
    pub(super) test_event_code: Option<String>,
    pub(super) choices: Choices,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let base_url = keys::base_url(&mut section, "https://graph.facebook.com/");
        let version = api_version(&mut section);
        let pixel_id = pixel_id(&mut section);
        let access_token = keys::header_secret(&mut section, ACCESS_TOKEN);
        let test_event_code =
            keys::optional_text(&mut section, "test_event_code", "test_event_code = \"TEST123\"");
        let choices = Choices::read(&mut section, Some("marketing"), REQUESTS_PER_SECOND);
        section.end();
        let pixel_id = pixel_id?;
        Some(Self {
            events_url: base_url?.join(&format!("{}/{pixel_id}/events", version?)).ok()?,
            access_token: access_token?,
            pixel_id,
            test_event_code: test_event_code?,
            choices: choices?,
        })
    }
}

fn api_version(section: &mut Section<'_>) -> Option<String> {
    let written = section.has(API_VERSION);
    let Some(version) = section.optional::<String>(API_VERSION) else {
        return (!written).then(|| NEWEST_VERSION.to_owned());
    };
    let number = version.strip_prefix('v').and_then(|number| number.split_once('.'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if number.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
        return Some(version);
    }
    let hint = format!("write a Graph API version, `{NEWEST_VERSION}`");
    section.refuse_value(API_VERSION, version, hint);
    None
}

fn pixel_id(section: &mut Section<'_>) -> Option<String> {
    let id = section.required::<String>(PIXEL_ID, "pixel_id = \"1234567890123456\"")?;
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(id);
    }
    let hint = "write the pixel's (data set's) id from the Events Manager, which is all digits";
    section.refuse_value(PIXEL_ID, id, hint);
    None
}
