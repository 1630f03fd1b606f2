// What the gate can do to a request instead of passing it on as it is.
//
// A fault takes an exchange and `{ forward, answer, cut, hold }`, see gate.js. Answers that the gate makes
// up say that the page may read them, as the server's own do: what counts is then what is in them.

/** The connection breaks. */
export const down = () => (_, { cut }) => cut();

/** No answer, ever. */
export const hang = () => (_, { hold, cut }) => hold().then(cut);

/** The server works at once; its answer, cookies included, arrives after this time or when faults end. */
export const late = (ms) => async (_, { forward, answer, hold }) => {
  const reply = await forward();
  await Promise.race([hold(), new Promise((resume) => setTimeout(resume, ms))]);
  answer(reply);
};

/** The request itself takes this long to reach the server, or until faults end. */
export const slowToArrive = (ms) => async (_, { forward, answer, hold }) => {
  await Promise.race([hold(), new Promise((resume) => setTimeout(resume, ms))]);
  answer(await forward());
};

/** The server does what it is asked, and its client is told that it could not. */
export const doneButRefused = (code) => async (exchange, ways) => {
  await ways.forward();
  status(code)(exchange, ways);
};

/** Something on the way sends it twice. */
export const sentTwice = () => async (_, { forward, answer }) => {
  await forward();
  answer(await forward());
};

/** 200 with something that is no answer. */
export const garbage = () => (exchange, { answer }) =>
  answer({ status: 200, headers: readable(exchange), bytes: Buffer.from('<html>It works!\0</html>') });

/** A status of the server, or of whatever stands before it. */
export const status = (code, headers = []) => (exchange, { answer }) =>
  answer({ status: code, headers: [...readable(exchange), ...headers], bytes: Buffer.from('{}') });

const readable = ({ headers }) =>
  headers.origin
    ? [
        'access-control-allow-origin', headers.origin,
        'access-control-allow-credentials', 'true',
        'access-control-expose-headers', 'retry-after',
        'content-type', 'application/json',
      ]
    : [];
