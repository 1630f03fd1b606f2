// The expressions of declarative personalisation: what they mean, and nothing of where they stand.
//
//   amperity.Persona == 'Value Hunter' && !(amperity.Orders < 3)
//
//   any        = all { '||' all }
//   all        = comparison { '&&' comparison }
//   comparison = one [ ('==' | '!=' | '<' | '<=' | '>' | '>=') one ]
//   one        = '!' one | '(' any ')' | text | number | 'true' | 'false' | 'null' | path
//   path       = name { '.' name | '[' text or number ']' }
//
// - A path walks own members alone, from the profile's providers on. What is not there is `undefined`.
// - Two values are equal if they read the same: vendors send numbers and truth as text. What is missing equals
//   `null` alone, and a list or an object equals nothing.
// - What is missing is neither below nor above anything. Two texts compare as texts, all else as numbers.
// - `&&` and `||` give one of their sides, so that `amperity.Name || 'you'` has a way out.
//
// Nothing is ever run as code. What is no expression throws a `SyntaxError` when it is read, never when it is used.

const NAME = '[\\p{L}_$][\\p{L}\\p{N}_$-]*';
const TEXT = `'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*"`;
const STEP = `\\d+|${NAME}`;
const TOKEN = new RegExp(
  `\\s*(?:(${TEXT})|(-?\\d+(?:\\.\\d+)?)|(${NAME}(?:\\.(?:${STEP})|\\[(?:\\d+|${TEXT})\\])*)|([=!]=|[<>]=?|&&|\\|\\||[!():;])|$)`,
  'suy',
);
const STEPS = new RegExp(`${TEXT}|${STEP}`, 'sug');
const LITERALS = new Map([['true', true], ['false', false], ['null', null]]);

const unquoted = (text) => (/['"]/.test(text[0]) ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text);

const walk = (value, step) =>
  value instanceof Object && Object.prototype.hasOwnProperty.call(value, step) ? value[step] : void 0;

/** Whether this is a text, a number or a truth. */
export const isScalar = (value) => value != null && typeof value != 'object';

const equal = (a, b) => (isScalar(a) ? isScalar(b) && '' + a === '' + b : a == null && b == null);
const below = (a, b) => isScalar(a) && isScalar(b) && a < b;
const upTo = (a, b) => isScalar(a) && isScalar(b) && a <= b;

const COMPARE = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': below,
  '<=': upTo,
  '>': (a, b) => below(b, a),
  '>=': (a, b) => upTo(b, a),
};

/** Reads from the start; each part is a function of the profile. */
const reader = (source) => {
  let from = 0;
  let to = 0;
  let text, number, path, sign;
  const fail = () => {
    throw new SyntaxError('not understood: ' + (source.slice(from) || 'it ends too early'));
  };
  const next = () => {
    from = TOKEN.lastIndex = to;
    [, text, number, path, sign] = TOKEN.exec(source) ?? fail();
    to = TOKEN.lastIndex;
  };
  const take = (wanted) => sign == wanted && (next(), true);
  const demand = (wanted) => take(wanted) || fail();

  const any = () => {
    let left = all();
    while (take('||')) {
      const [a, b] = [left, all()];
      left = (profile) => a(profile) || b(profile);
    }
    return left;
  };
  const all = () => {
    let left = comparison();
    while (take('&&')) {
      const [a, b] = [left, comparison()];
      left = (profile) => a(profile) && b(profile);
    }
    return left;
  };
  const comparison = () => {
    const left = one();
    const compare = sign && COMPARE[sign];
    if (!compare) return left;
    next();
    const right = one();
    return (profile) => compare(left(profile), right(profile));
  };
  const one = () => {
    if (take('!')) {
      const what = one();
      return (profile) => !what(profile);
    }
    if (take('(')) {
      const inner = any();
      demand(')');
      return inner;
    }
    const steps = path && path.match(STEPS).map(unquoted);
    const literal = text ? unquoted(text) : number ? +number : LITERALS.get(path);
    if (literal === void 0 && !steps) fail();
    next();
    return literal === void 0 ? (profile) => steps.reduce(walk, profile) : () => literal;
  };
  const name = () => {
    const what = path ?? fail();
    next();
    demand(':');
    return what;
  };
  const isAtEnd = () => !(text ?? number ?? path ?? sign);

  next();
  return { any, name, take, isAtEnd, fail };
};

/** A function from a profile to the value of this expression. */
export const expression = (source) => {
  const { any, isAtEnd, fail } = reader(source);
  const value = any();
  return isAtEnd() ? value : fail();
};

/** Reads `name: expression; …`: pairs of a name and such a function. */
export const named = (source) => {
  const { any, name, take, isAtEnd, fail } = reader(source);
  const pairs = [];
  do {
    if (!isAtEnd()) pairs.push([name(), any()]);
  } while (take(';'));
  return isAtEnd() ? pairs : fail();
};
