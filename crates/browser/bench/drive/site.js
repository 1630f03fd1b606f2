// The names that pages, servers and Chromium share. One host serves pages, another one everything that an SDK asks for.
export const SITE = 'https://www.shop.test';
export const API = 'https://id.shop.test';

/** `[[pipelines]]` of the server that is measured. */
export const KEY = 'dk_test_bench';

/** As the stub of the peers knows it. */
export const RUDDERSTACK_KEY = '2AbCdEfGhIjKlMnOpQrStUvWxYz';
