//! The tenant at Algonomy.

use std::fmt;

/// Value of the `tenant_hash` header.
pub const ALGONOMY_TENANT_HASH: &str = "sandboxtenanthash4f1d8e2b7c6a905";
/// Value of the `oauth_key_secret` header.
pub const ALGONOMY_OAUTH_KEY_SECRET: &str = "sandbox-oauth-key-5b90";

/// One tenant.
#[derive(Clone, PartialEq, Eq)]
pub struct AlgonomyConfig {
    /// See [`ALGONOMY_TENANT_HASH`].
    pub tenant_hash: String,
    /// See [`ALGONOMY_OAUTH_KEY_SECRET`]; none where the tenant has B2B OAuth off.
    pub oauth_key_secret: Option<String>,
}

impl Default for AlgonomyConfig {
    fn default() -> Self {
        Self {
            tenant_hash: ALGONOMY_TENANT_HASH.into(),
            oauth_key_secret: Some(ALGONOMY_OAUTH_KEY_SECRET.into()),
        }
    }
}

impl fmt::Debug for AlgonomyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let oauth = self.oauth_key_secret.is_some();
        f.debug_struct("AlgonomyConfig").field("oauth", &oauth).finish_non_exhaustive()
    }
}
