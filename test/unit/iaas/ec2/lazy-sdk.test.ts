import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const PROVIDER = resolve(import.meta.dirname, '../../../../src/iaas/ec2/ec2-provider.ts');

/** What a process of its own has loaded of the SDK: before a request, and after one. */
const PROGRAM = `
import Module from 'node:module';
import { ec2Provider } from ${JSON.stringify(PROVIDER)};
const loaded = () => Object.keys(Module._cache).some((file) => file.includes('@aws-sdk'));
const secret = { kind: 'env', variable: 'KEY' };
const spec = { kind: 'ec2', name: 'aws', region: 'r', endpoint: 'http://127.0.0.1:1', accessKey: { id: secret, secret } };
const provider = ec2Provider(spec, { lineage: 'l', env: { KEY: 'k' }, onStep() {} });
const before = loaded();
const failure = await provider.list().catch((error) => error.failure);
console.log(JSON.stringify([before, failure, loaded()]));
`;

it('the SDK is loaded with the first request and not before', () => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual([false, 'unavailable', true]);
});
