// What an element's attributes make of it.
//
//   data-datafly-if="expression"                  shown where it is true, `hidden` where it is not
//   data-datafly-text="expression"                its text
//   data-datafly-attr="name: expression; …"       its attributes
//
// What has no value leaves what the page was written with, or brings it back. A vendor's value is text and stays text:
// it is never markup, never in an element whose content means more than that, only in the attributes below, and an
// address only where it is one of http, https, mailto or tel. What cannot be done is said once, and nothing is thrown.
import { report } from '../install.js';
import { expression, isScalar, named } from './expression.js';
import { ATTR, IF, KINDS, TEXT } from './kinds.js';

/** Their content or their attributes are code, load what may be, or are read as markup by others. */
const REFUSED = /^(script|style|i?frame|object|embed|base|link|meta|template|no[a-z]+|xmp|plaintext)$/i;
/** As the browser would spell them. A binding that writes bindings would make a value an expression. */
const WORDS = /^(aria|data(?!-datafly))-[a-z\d_-]+$/;
const PLAIN = /^(alt|title|label|placeholder|value|lang|dir|class|width|height)$/;
const ADDRESS = /^(href|src|poster)$/;
const FLAG = /^(hidden|disabled|checked|selected|open|required|readonly)$/;

const said = new Set();
const complain = (text) => {
  if (said.has(text)) return;
  said.add(text);
  report('INVALID_BINDING', text);
};

/** What was read before: a page has few expressions and many elements. */
const known = new Map();
const reading = (read, source) => {
  if (!known.has(source)) known.set(source, read(source));
  return known.get(source);
};

const isSafe = (address) => {
  try {
    return /^(https?|mailto|tel):$/.test(new URL(address, document.baseURI).protocol);
  } catch {}
};

/** Elements as the page was written: the nodes that a text has replaced, and attributes by name. */
const originals = new WeakMap();
const originalOf = (element) => {
  if (!originals.has(element)) originals.set(element, { attributes: new Map() });
  return originals.get(element);
};

const isText = (value) => isScalar(value) && value !== '' && typeof value != 'boolean';

const setText = (element, value) => {
  const original = originalOf(element);
  if (isText(value)) {
    original.nodes ??= [...element.childNodes];
    if (element.textContent != value) element.textContent = value;
  } else if (original.nodes) {
    element.replaceChildren(...original.nodes);
    original.nodes = void 0;
  }
};

const setAttribute = (element, name, value) => {
  const { attributes } = originalOf(element);
  if (!attributes.has(name)) attributes.set(name, element.getAttribute(name));
  let text = attributes.get(name);
  if (FLAG.test(name)) {
    if (value != null) text = value ? '' : null;
  } else if (WORDS.test(name)) {
    if (isText(value) || typeof value == 'boolean') text = '' + value;
  } else if (ADDRESS.test(name)) {
    if (isText(value)) isSafe(value) ? (text = '' + value) : complain(`no address for ${name}`);
  } else if (!PLAIN.test(name)) complain(`${name} may not be set`);
  else if (isText(value)) text = '' + value;

  if (text == null) element.removeAttribute(name);
  else if (element.getAttribute(name) != text) element.setAttribute(name, text);
};

const APPLY = {
  [IF]: (element, source, profile) => element.toggleAttribute('hidden', !reading(expression, source)(profile)),
  [TEXT]: (element, source, profile) => setText(element, reading(expression, source)(profile)),
  [ATTR]: (element, source, profile) =>
    reading(named, source).map(([name, value]) => setAttribute(element, name, value(profile))),
};

/** Makes of an element what its attributes say. */
export const render = (element, profile) =>
  KINDS.map((kind) => {
    let source;
    try {
      source = element.getAttribute(kind);
      if (source == null) return;
      if (kind != IF && REFUSED.test(element.localName)) complain(`${kind} on ${element.localName}`);
      else APPLY[kind](element, source, profile);
    } catch (error) {
      complain(`${kind}="${source}": ${error.message}`);
    }
  });
