/** Only signed images run: refused before anything of them is on a VM, and what runs goes on when trust is lost. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getPage, STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';

const run = promisify(execFile);
const SUBSCRIPTION = 'subscriptions:\n  shop: { cartridge: static, processes: 1, port: 8080 }\n';
let project: TestProject;
const path = (name: string): string => join(project.directory, name);

beforeAll(async () => {
  project = await testProject(
    `store: { requireSignature: true, allowedSigners: allowed_signers, revokedKeys: revoked_keys }\n${staticSpec({ vms: [1, 1], processesPerVm: 4, cpu: 2 })}${SUBSCRIPTION}`,
  );
  for (const name of ['release', 'stranger'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@example.org`, '-f', path(name)]);
  await writeFile(path('allowed_signers'), `release@example.org ${await readFile(path('release.pub'), 'utf8')}`);
  await writeFile(path('revoked_keys'), '');
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
}, 300_000);
afterAll(() => project.dispose());

test('an image that is not signed by an allowed signer gets to no VM', async () => {
  const digest = /sha256:[0-9a-f]{64}/.exec((await project.must('cartridge', 'show', 'static:1')).stdout)?.[0] ?? '-';
  const unsigned = await project.stratos('reconcile');
  expect(unsigned.code).toBe(5);
  expect(unsigned.stdout).toContain(
    `image static:1 (${digest}) is refused as it is not signed: stratos cartridge sign static:1`,
  );

  await project.must('cartridge', 'sign', 'static:1', '--key', path('stranger'));
  const stranger = await project.stratos('reconcile');
  expect(stranger.code).toBe(5);
  expect(stranger.stdout).toMatch(/none of its signatures counts: key SHA256:\S+ is of no allowed signer/);
  const failed = await project.stratos('cartridge', 'verify', 'static:1');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('stratos cartridge sign static:1');
  expect(await project.onVm('web-1', 'find /var/lib/stratos/blobs /var/lib/stratos/images -type f | wc -l')).toBe(
    '0\n',
  );
});

test('a signed one runs, and verify says who signed it', async () => {
  await project.must('cartridge', 'sign', 'static:1', '--key', path('release'));
  expect((await project.must('cartridge', 'verify', 'static:1')).stdout).toMatch(
    /signed by release@example.org, key SHA256:/,
  );
  await project.must('reconcile');
  const url = (await project.status()).subscriptions[0]?.urls[0] ?? '';
  expect(await getPage(url)).toBe(200);
});

test('what runs goes on when its key is revoked; nothing more of it is started, not by a saved plan either', async () => {
  await project.editSpec('processes: 1', 'processes: 2');
  await project.must('plan', '-o', path('plan.yaml'));
  await writeFile(path('revoked_keys'), await readFile(path('release.pub'), 'utf8'));
  const applied = await project.stratos('apply', path('plan.yaml'));
  expect(applied.code).toBe(1);
  expect(applied.stderr).toMatch(/Cannot apply the plan: image static:1 .* of release@example.org is revoked/);
  const revoked = await project.stratos('reconcile');
  expect(revoked.code).toBe(5);
  expect(revoked.stdout).toMatch(/shop: 1 of 2 exist and no more can be created: image static:1 /);
  const { ready, urls } = (await project.status()).subscriptions[0] ?? { ready: 0, urls: [] };
  expect({ ready, page: await getPage(urls[0] ?? '') }).toEqual({ ready: 1, page: 200 });
});
