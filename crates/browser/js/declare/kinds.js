// The attributes of declarative personalisation; what they do is in bind.js.

export const IF = 'data-datafly-if';
export const TEXT = 'data-datafly-text';
export const ATTR = 'data-datafly-attr';

export const KINDS = [IF, TEXT, ATTR];

/** Finds the elements that have one. */
export const SELECTOR = `[${KINDS.join('],[')}]`;
