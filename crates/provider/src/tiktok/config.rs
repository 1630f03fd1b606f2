//! What the owner writes for a TikTok pixel.

use datafly_settings::Section;
use secrecy::SecretString;
use url::Url;

use super::token::ACCESS_TOKEN;
use crate::keys::{self, Choices};

/// Configuration key of the pixel.
pub(super) const PIXEL_CODE: &str = "pixel_code";

/// Requests a second. TikTok's own limit is not in the collected documentation; this bounds what a backlog does
/// to it, and 40100 slows it down.
const REQUESTS_PER_SECOND: u32 = 500;

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// `{base}open_api/v1.3/event/track/`; the trailing slash is TikTok's.
    pub(super) events_url: Url,
    pub(super) access_token: SecretString,
    pub(super) pixel_code: String,
    /// Shows events in the Events Manager's test tab.
    pub(super) test_event_code: Option<String>,
    pub(super) choices: Choices,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let base_url = keys::base_url(&mut section, "https://business-api.tiktok.com/");
        let pixel_code =
            keys::text(&mut section, PIXEL_CODE, "pixel_code = \"C4ABCDEFGHIJKLMNOPQR\"");
        let access_token = keys::header_secret(&mut section, ACCESS_TOKEN);
        let test_event_code =
            keys::optional_text(&mut section, "test_event_code", "test_event_code = \"TEST123\"");
        let choices = Choices::read(&mut section, Some("marketing"), REQUESTS_PER_SECOND);
        section.end();
        Some(Self {
            events_url: base_url?.join("open_api/v1.3/event/track/").ok()?,
            access_token: access_token?,
            pixel_code: pixel_code?,
            test_event_code: test_event_code?,
            choices: choices?,
        })
    }
}
