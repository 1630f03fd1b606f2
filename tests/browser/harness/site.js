// Names and numbers that the configuration, the pages and the tests share.

/** `verification = "required"`, and the audience of the shop's identity tokens. */
export const REQUIRED = 'dk_test_shop';
/** `verification = "off"`. */
export const OFF = 'dk_test_open';
/** Another site's: our pages are denied. */
export const FOREIGN = 'dk_test_other';

/** Looks nobody up who has not allowed `personalization`. */
export const ASKING = 'dk_test_asking';
/** `verification = "off"`; sets no cookie where `functional` is not allowed. */
export const COOKIELESS = 'dk_test_cookieless';
/** Stores with `functional`, collects with `analytics`, as the page's OneTrust says. */
export const FOLLOWING = 'dk_test_following';
/** Its profiles depend on the page. */
export const CONTEXT = 'dk_test_context';

export const SITE = 'https://www.shop.test';
export const ID = 'https://id.shop.test';
export const COLLECT = 'https://collect.shop.test';
export const SIBLING = 'https://evil.shop.test';
export const EVIL = 'https://evil.test';

/** `ready_timeout_ms` of every pipeline. */
export const READY_MS = 1500;
/** What the stub waits when no loader comes to tell it the pipeline's. */
export const STUB_READY_MS = 3000;
/** A timer may be late on a busy machine; it may never be late by the next longer thing that ends. */
export const SLACK_MS = 700;

export const ALLOWED = ['Persona', 'FavoriteBrand', 'LifetimeTier'];
/** What comes of the page, and is allowed where profiles depend on it. */
export const ALLOWED_OF_CONTEXT = ['RecommendedCategory', 'Offer'];
