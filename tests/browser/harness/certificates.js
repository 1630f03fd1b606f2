// The test hosts' certificate: the one `DATAFLY_CERTS` names, or one made on the spot.
import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['shop.test', '*.shop.test', 'evil.test', '*.evil.test', 'localhost'];

/** Paths and contents of `ca.pem`, `cert.pem` and `key.pem`, and the hash Chromium is told to trust. */
export const certificates = (scratch) => {
  const folder = process.env.DATAFLY_CERTS ?? make(scratch);
  const path = (name) => join(folder, name);
  const read = (name) => readFileSync(path(name));
  const leaf = new X509Certificate(read('cert.pem'));
  const spki = leaf.publicKey.export({ type: 'spki', format: 'der' });
  return {
    certificate: path('cert.pem'),
    key: path('key.pem'),
    ca: read('ca.pem'),
    caFile: path('ca.pem'),
    listener: { cert: read('cert.pem'), key: read('key.pem') },
    spki: createHash('sha256').update(spki).digest('base64'),
  };
};

const make = (folder) => {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...ec, '-days', '2', '-subj', '/CN=datafly test CA', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...ec, '-subj', '/CN=shop.test', '-keyout', 'key.pem', '-out', 'leaf.csr');
  const names = NAMES.map((name) => 'DNS:' + name).join(',');
  writeFileSync(
    join(folder, 'leaf.ext'),
    `subjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n`,
  );
  openssl('x509', '-req', '-days', '2', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key',
    '-CAcreateserial', '-extfile', 'leaf.ext', '-out', 'cert.pem');
  return folder;
};
