//! The accounts at the vendors that only take events.

use std::fmt;

/// Id of the GA4 data stream.
pub const GA4_MEASUREMENT_ID: &str = "G-SANDBOX001";
/// Secret of its Measurement Protocol.
pub const GA4_API_SECRET: &str = "sandbox+ga4/secret=51c7e0";
/// Id of the Meta pixel.
pub const META_PIXEL_ID: &str = "1234567890123456";
/// Token that may write its events.
pub const META_ACCESS_TOKEN: &str = "sandbox-meta-token-7d19a3c2f4";
/// Code of the TikTok pixel.
pub const TIKTOK_PIXEL_CODE: &str = "CSANDBOX0PIXEL0CODE1";
/// Token that may write its events.
pub const TIKTOK_ACCESS_TOKEN: &str = "sandbox-tiktok-token-0b62e8d15a";
/// Secret that the webhook's requests are signed with.
pub const WEBHOOK_SECRET: &str = "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldC1mb3ItdGVzdHM=";

/// One account at each vendor.
#[derive(Clone, PartialEq, Eq)]
pub struct DestinationsConfig {
    /// See [`GA4_MEASUREMENT_ID`].
    pub ga4_measurement_id: String,
    /// See [`GA4_API_SECRET`].
    pub ga4_api_secret: String,
    /// See [`META_PIXEL_ID`].
    pub meta_pixel_id: String,
    /// See [`META_ACCESS_TOKEN`].
    pub meta_access_token: String,
    /// See [`TIKTOK_PIXEL_CODE`].
    pub tiktok_pixel_code: String,
    /// See [`TIKTOK_ACCESS_TOKEN`].
    pub tiktok_access_token: String,
    /// See [`WEBHOOK_SECRET`].
    pub webhook_secret: String,
}

impl Default for DestinationsConfig {
    fn default() -> Self {
        Self {
            ga4_measurement_id: GA4_MEASUREMENT_ID.into(),
            ga4_api_secret: GA4_API_SECRET.into(),
            meta_pixel_id: META_PIXEL_ID.into(),
            meta_access_token: META_ACCESS_TOKEN.into(),
            tiktok_pixel_code: TIKTOK_PIXEL_CODE.into(),
            tiktok_access_token: TIKTOK_ACCESS_TOKEN.into(),
            webhook_secret: WEBHOOK_SECRET.into(),
        }
    }
}

impl fmt::Debug for DestinationsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DestinationsConfig")
            .field("ga4_measurement_id", &self.ga4_measurement_id)
            .field("meta_pixel_id", &self.meta_pixel_id)
            .field("tiktok_pixel_code", &self.tiktok_pixel_code)
            .finish_non_exhaustive()
    }
}
