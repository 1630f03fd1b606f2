// A signed identity for `datafly.identify(userId, traits, {token})`, made by the site's backend when it knows
// who is logged in. Node 16 or newer, no packages.
//
//     node sign.mjs <HS256|ES256> <kid> <pipeline key> <user id> <verified e-mail>  < secret-or-private-key
import { createHmac, sign as signWith } from 'node:crypto';
import { readFileSync } from 'node:fs';

export function signIdentity({ algorithm, kid, key, pipelineKey, userId, email }) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: algorithm, typ: 'JWT', kid };
  // At most an hour; the token is used at once.
  const claims = { sub: userId, aud: pipelineKey, iat: now, exp: now + 600 };
  // Only an address that your site has verified.
  if (email) Object.assign(claims, { email, email_verified: true });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${encode(header)}.${encode(claims)}`;
  const signature =
    algorithm === 'HS256'
      ? createHmac('sha256', key).update(body).digest()
      : signWith('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
  return `${body}.${signature.toString('base64url')}`;
}

const [algorithm, kid, pipelineKey, userId, email] = process.argv.slice(2);
if (algorithm) {
  const key = readFileSync(0, 'utf8').trim();
  console.log(signIdentity({ algorithm, kid, key, pipelineKey, userId, email }));
}
