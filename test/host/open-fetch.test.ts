/** A certificate that is pinned, over real TLS. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkTrouble } from '../../src/host/network-trouble.ts';
import { openFetch } from '../../src/host/open-fetch.ts';

let directory: string;
let server: Server;
let url: URL;
let fingerprint: string;
let heard = 0;
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'stratos-pin-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name)) as [string, string];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-subj', '/CN=pve1', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  fingerprint = new X509Certificate(readFileSync(cert)).fingerprint256;
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
    heard += 1;
    response.end('in');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`https://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

describe('openFetch', () => {
  it('trusts the certificate of this fingerprint, again and again, and no authority is needed', async () => {
    const fetch = await openFetch({ fingerprint: fingerprint.toLowerCase() });
    for (let times = 0; times < 2; times += 1) {
      const answer = await fetch(url, { headers: { connection: 'close' } });
      expect(await answer.text()).toBe('in');
    }
  });

  it('sends nothing where the certificate is another', async () => {
    const before = heard;
    const wrong = `00${fingerprint.slice(2)}`;
    const error: unknown = await (await openFetch({ fingerprint: wrong }))(url, {}).catch((reason: unknown) => reason);
    expect(networkTrouble(error)).toEqual({
      lasting: true,
      words: 'its certificate is not trusted (ERR_TLS_CERT_FINGERPRINT)',
    });
    await expect((await openFetch({}))(url, {})).rejects.toThrow();
    expect(heard).toBe(before);
  });
});
