import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const PROVIDER = resolve(import.meta.dirname, '../../../../src/iaas/azure/azure-provider.ts');

/** What a process of its own has loaded of the vendor's libraries: before a request, and after one. */
const PROGRAM = `
import { registerHooks } from 'node:module';
const files = [];
registerHooks({ load: (url, context, next) => (files.push(url), next(url, context)) });
const { azureProvider } = await import(${JSON.stringify(PROVIDER)});
const loaded = () => files.some((file) => file.includes('/@azure/'));
const spec = { kind: 'azure', name: 'a', timeout: 5000, subscription: 's', resourceGroup: 'g', credentials: { tenant: 't', client: 'c', secret: { kind: 'env', variable: 'KEY' } }, endpoint: 'https://127.0.0.1:1', authority: 'https://127.0.0.1:1' };
const provider = azureProvider(spec, { lineage: 'l', env: { KEY: 'k' }, onStep() {} });
const before = loaded();
const failure = await provider.list().catch((error) => error.failure);
console.log(JSON.stringify([before, failure, loaded()]));
`;

it('the libraries are loaded with the first request and not before', () => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual([false, 'unavailable', true]);
});
