// The server's configuration file.
import {
  ALLOWED, ALLOWED_OF_CONTEXT, ASKING, COLLECT, CONTEXT, COOKIELESS, FOLLOWING, FOREIGN, ID, OFF, READY_MS, REQUIRED, SITE,
} from './site.js';

export const COOKIE_SECRET = 'cookie-key-of-the-browser-tests-0123456789';

/** The site's own server signs with it. */
export const SERVER_KEY = 'server-key-of-the-browser-tests-0123456789';

/** @param sandbox what the sandbox's ready file says */
export const toml = ({ folder, bundle, certificates, sandbox }) => `
[server]
listen = "127.0.0.1:0"
public_url = "${ID}"
asset_url = "${COLLECT}"
data_dir = "${folder}/data"
bundle_dir = "${bundle}"
tls = { certificate = "${certificates.certificate}", key = "${certificates.key}" }
cookie_keys = [{ id = "t", secret = { env = "COOKIE_KEY" } }]

${pipeline(REQUIRED, sandbox)}
${pipeline(OFF, sandbox, { verification: 'off' })}
${pipeline(FOREIGN, sandbox, { origin: 'https://www.other.test' })}
${pipeline(ASKING, sandbox, { own: 'consent.enrich = "personalization"', browser: NECESSARY })}
${pipeline(FOLLOWING, sandbox, { browser: FOLLOWED })}
${pipeline(COOKIELESS, sandbox, { verification: 'off', own: COOKIE_AFTER_CONSENT })}
${pipeline(CONTEXT, sandbox, { allowed: [...ALLOWED, ...ALLOWED_OF_CONTEXT], integration: MAPPINGS })}
`;

const QUIET = '{ page = false, session = false }';
const NECESSARY = '{ page = false, session = false, storage = "necessary" }';
const FOLLOWED = `{ page = false, session = false, storage = "functional", collect = "analytics", sources = ["gpc", "onetrust"], mapping = { C0002 = "functional", C0003 = "analytics" } }`;

const COOKIE_AFTER_CONSENT = `
cookie = "after_consent"
consent.cookie = "functional"`;

const MAPPINGS = `
context_sensitive_personalisation = true
personalisation_context_mappings = '''[
  {"source": "properties.category", "target": "pageCategory"},
  {"source": "properties.value", "target": "cartValue"}
]'''`;

/** Values of the secrets that the file names. */
export const secrets = ({ identity, amperity }) => ({
  COOKIE_KEY: COOKIE_SECRET,
  SERVER_KEY,
  IDENTITY: identity.secret,
  INGEST: amperity.api_key,
  PROFILE: amperity.profile_api_key,
});

const pipeline = (
  key,
  { identity, amperity },
  { origin = SITE, verification = 'required', own = '', allowed = ALLOWED, integration = '', browser = QUIET } = {},
) => `
[[pipelines]]
key = "${key}"
origins = ["${origin}"]
${origin == SITE ? 'cookie_domain = "shop.test"' : ''}
ready_timeout_ms = ${READY_MS}
server_keys = [{ secret = { env = "SERVER_KEY" } }]
# Requests are what a test makes, so that they can be counted.
browser = ${browser}
${own}

[pipelines.identity]
verification = "${verification}"
keys = [{ id = "${identity.kid}", algorithm = "HS256", secret = { env = "IDENTITY" } }]

[[pipelines.integrations]]
vendor = "amperity"
tenant_subdomain = "acme"
tenant_id = "${amperity.tenant_id}"
base_url = "${amperity.base_url}"
api_key = { env = "INGEST" }
profile_api_key = { env = "PROFILE" }
profile_collection_id = "${amperity.profile_collection_id}"
event_stream_id = "${amperity.event_stream_id}"
source_value = "${amperity.source_value}"
browser_attribute_allowlist = "${allowed}"
# Look-ups are a page's here, so that they can be counted.
enrich_events = false
${integration}
linking_keys = '''[
  {"source": "email", "key": "email_sha256", "hash": "sha256"},
  {"source": "user_id", "key": "customer_id"},
  {"source": "canonical_id", "key": "device_cookie"}
]'''
`;
