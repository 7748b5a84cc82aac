import { expect, it } from 'vitest';
import { networkTrouble } from '../../../src/host/network-trouble.ts';

it.each([
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'it wants a client certificate that it trusts'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'it wants a client certificate that it trusts'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'it wants a client certificate that it trusts'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted'],
])('networkTrouble reads %s', (code, words) => {
  const cause = Object.assign(new Error('of OpenSSL'), { code });
  expect(networkTrouble(new TypeError('fetch failed', { cause }))).toEqual({
    lasting: true,
    words: `${words} (${code})`,
  });
});
