// What the expressions of declarative personalisation mean. No browser is needed to know.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { expression, named } from '../../crates/browser/js/declare/expression.js';

const PROFILE = JSON.parse(`{
  "amperity": {
    "Persona": "Value Hunter", "Orders": 12, "Spent": "99.5", "Member": true, "Former": "false", "Empty": "",
    "Zero": 0, "Nothing": null, "Brands": ["Halden", "Maison Lune"], "Last Seen": "2026-03-01",
    "Home": { "City": "Köln", "it's": 1 }, "Größe": "L", "__proto__": "own"
  },
  "my-crm": { "42": "answer" }
}`);

const valueOf = (source, profile = PROFILE) => expression(source)(profile);

for (const [source, value] of [
  ["amperity.Persona == 'Value Hunter'", true],
  ['amperity.Persona == "value hunter"', false],
  ["amperity.Persona != 'Value Hunter'", false],
  ['amperity.Orders', 12],
  ['amperity["Orders"]', 12],
  ["amperity['Last Seen']", '2026-03-01'],
  ['amperity.Home.City', 'Köln'],
  ["amperity.Home['it\\'s']", 1],
  ['amperity.Größe', 'L'],
  ['my-crm.42', 'answer'],
  ['my-crm[42]', 'answer'],
  ['amperity.Brands[1]', 'Maison Lune'],
  ['amperity.Brands.0', 'Halden'],
  ['amperity.Brands.length > 1', true],
  // As vendors write them.
  ['amperity.Orders == 12', true],
  ["amperity.Orders == '12'", true],
  ['amperity.Spent > 20', true],
  ['amperity.Spent == 99.5', true],
  ['amperity.Member == true', true],
  ["amperity.Member == 'true'", true],
  ['amperity.Former == false', true],
  ["amperity['Last Seen'] < '2026-04-01'", true],
  ['-1.5 < amperity.Zero', true],
  ['amperity.Orders >= 12 && amperity.Orders <= 12', true],
  ['amperity.Orders < 12 || amperity.Orders > 12', false],
  // What reads differently is not equal, whatever JavaScript thinks.
  ['amperity.Empty == 0', false],
  ['amperity.Empty == false', false],
  ['amperity.Zero == false', false],
  ['amperity.Zero == null', false],
  ["amperity.Brands == 'Halden,Maison Lune'", false],
  ['amperity.Brands == amperity.Brands', false],
  ['amperity.Brands < 1', false],
  // What is missing.
  ['amperity.Missing', undefined],
  ['amperity.Missing.And.Below', undefined],
  ['nobody.Persona', undefined],
  ['amperity.Persona.length', undefined],
  ['amperity.Missing == null', true],
  ['amperity.Nothing == null', true],
  ['amperity.Persona == null', false],
  ['amperity.Missing == amperity.Nothing', true],
  ["amperity.Missing == 'undefined'", false],
  ['amperity.Missing < 5', false],
  ['amperity.Nothing <= 0', false],
  ['amperity.Missing >= 0', false],
  // What is not the object's own.
  ['constructor', undefined],
  ['amperity.constructor', undefined],
  ['amperity.toString', undefined],
  ['amperity.Brands.push', undefined],
  ['amperity.Home.__proto__', undefined],
  ['amperity.__proto__', 'own'],
  // How it binds.
  ['true || false && false', true],
  ['(true || false) && false', false],
  ['!false == true', true],
  ['!(amperity.Orders > 20)', true],
  ['!!amperity.Persona', true],
  ["amperity.Missing || amperity.Empty || 'you'", 'you'],
  ["amperity.Persona && 'known'", 'known'],
  ['  ( ( amperity.Orders ) ) ', 12],
  ['null', null],
  ["'it''s'.length", SyntaxError],
  // What is none.
  ['', SyntaxError],
  ['   ', SyntaxError],
  ['amperity.', SyntaxError],
  ['amperity..Persona', SyntaxError],
  ['amperity.Persona = 1', SyntaxError],
  ['amperity.Persona == ', SyntaxError],
  ['1 == 1 == 1', SyntaxError],
  ["'open", SyntaxError],
  ['(true', SyntaxError],
  ['true)', SyntaxError],
  ['amperity[Orders]', SyntaxError],
  ['alert(1)', SyntaxError],
  ['amperity.Persona; alert', SyntaxError],
  ['`${1}`', SyntaxError],
  ['amperity.Orders + 1', SyntaxError],
  ['amperity ? 1 : 2', SyntaxError],
  ['amperity.Persona.replace(/a/, 1)', SyntaxError],
]) {
  test(`${source} is ${value?.name ?? JSON.stringify(value)}`, () => {
    if (value == SyntaxError) assert.throws(() => expression(source), SyntaxError);
    else assert.equal(valueOf(source), value);
  });
}

test('an expression is read once and used often', () => {
  const persona = expression('amperity.Persona');
  assert.equal(persona(PROFILE), 'Value Hunter');
  assert.equal(persona({ amperity: { Persona: 'Style Seeker' } }), 'Style Seeker');
  for (const profile of [{}, { amperity: undefined }, { amperity: null }, { amperity: 'text' }]) {
    assert.equal(persona(profile), undefined);
  }
});

test('what every object has been given is not the profile\'s', () => {
  Object.prototype.planted = { Persona: 'planted' };
  try {
    assert.equal(valueOf('planted.Persona'), undefined);
    assert.equal(valueOf('amperity.planted'), undefined);
  } finally {
    delete Object.prototype.planted;
  }
});

test('a mistake is shown from where it begins', () => {
  assert.throws(() => expression('amperity.Persona == ?'), { message: 'not understood:  ?' });
  assert.throws(() => expression('amperity.Persona =='), { message: 'not understood: it ends too early' });
});

test('a list of names and expressions', () => {
  const pairs = (source) => named(source).map(([name, value]) => [name, value(PROFILE)]);
  assert.deepEqual(pairs("href: amperity.Url || '/a;b:c'; aria-label: amperity.Persona"), [
    ['href', '/a;b:c'],
    ['aria-label', 'Value Hunter'],
  ]);
  assert.deepEqual(pairs('title: amperity.Orders;'), [['title', 12]]);
  assert.deepEqual(pairs(' '), []);
  for (const source of ['title', 'title amperity', ': 1', 'title: ', 'a: 1 b: 2', "'a': 1", 'a: 1, b: 2']) {
    assert.throws(() => named(source), SyntaxError, source);
  }
});
