// Answers that the gate makes up in the server's place, so that a test decides what is in them.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** JSON, as a page of ours may read it. */
export const says = (body, code = 200) => (exchange, { answer }) => answer(reply(exchange, body, code));

/** The same, held back until this returns. */
export const saysLater = (body, code = 200) => {
  let release;
  const released = new Promise((resume) => (release = resume));
  const fault = async (exchange, { answer }) => {
    await released;
    answer(reply(exchange, body, code));
  };
  return { fault, release };
};

const reply = ({ headers }, body, status) => ({
  status,
  headers: [
    'access-control-allow-origin', headers.origin ?? '*',
    'access-control-allow-credentials', 'true',
    'content-type', 'application/json',
  ],
  bytes: Buffer.from(JSON.stringify(body)),
});

/** Which requests are for the loader. */
export const LOADER = /^\/v1\/loader\.js/;

/** The server's loader without anything of its visitor, as it is where the vendor is slow. */
export const bareLoader = () => loaderWith({});

/**
 * The server's loader with these members in its configuration, which is a literal in a script. Given as
 * text, they stand there as they are.
 */
export const loaderWith = (members) => async (_, { forward, answer }) => {
  const { status, headers, bytes } = await forward();
  const pairs = [];
  let encoding;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i].toLowerCase();
    if (name == 'content-encoding') encoding = headers[i + 1];
    else if (name != 'content-length') pairs.push(headers[i], headers[i + 1]);
  }
  const decode = { br: brotliDecompressSync, gzip: gunzipSync }[encoding] ?? ((plain) => plain);
  answer({ status, headers: pairs, bytes: Buffer.from(configured(decode(bytes).toString(), members)) });
};

const configured = (script, members) => {
  const from = script.indexOf('{"pipelineKey"');
  const to = endOf(script, from);
  // What a newer server puts there by itself is not what the test is about.
  const { profiles, handle, context, consent, ...config } = JSON.parse(script.slice(from, to));
  const literal =
    typeof members == 'string'
      ? JSON.stringify(config).slice(0, -1) + ',' + members + '}'
      : JSON.stringify({ ...config, ...members });
  return script.slice(0, from) + literal + script.slice(to);
};

/** Where the object that starts there ends. */
const endOf = (script, from) => {
  const token = /"(?:[^"\\]|\\.)*"|[{}]/g;
  token.lastIndex = from;
  for (let depth = 0, met; (met = token.exec(script)); ) {
    depth += { '{': 1, '}': -1 }[met[0]] ?? 0;
    if (depth == 0) return token.lastIndex;
  }
  throw new Error('the loader holds no configuration');
};
