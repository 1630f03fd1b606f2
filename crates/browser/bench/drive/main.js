// Drives Chromium for `cargo xtask bench browser`: one JSON object a line in, one answer a line out, in turn.
// The first line says where everything is; `{ done }` or `{ failed }` answers each.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sizes } from './bundle.js';
import { Loads } from './loads.js';
import { outages } from './outage/outages.js';

const options = JSON.parse(process.argv[2]);
const read = (name) => readFileSync(join(options.certificates, name));
const leaf = new X509Certificate(read('cert.pem')).publicKey.export({ type: 'spki', format: 'der' });
options.spki = createHash('sha256').update(leaf).digest('base64');
options.certificate = { cert: read('cert.pem'), key: read('key.pem') };

let loads;
const ways = {
  sizes: () => sizes(options),
  outages: (what) => outages(options, what),
  load: async (what) => (loads ??= await Loads.start(options)).load(what),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [[way, what]] = Object.entries(JSON.parse(line));
  const answer = await ways[way](what).then((done) => ({ done }), (error) => ({ failed: error.stack }));
  process.stdout.write(JSON.stringify(answer) + '\n');
}
await loads?.close();
process.exit();
