import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_CACHE } from '../../../src/store/build/cache-folder.ts';
import { FIXTURES, layerNames, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';
import { preparedVm } from './site.ts';
import type { PreparedVm } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
beforeAll(async () => {
  [lab, site] = await Promise.all([storeLab(BUILD_CACHE), preparedVm()]);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

describe('the php cartridge', () => {
  it('is built from packages, answers HTTP and ends on TERM', { timeout: 600_000 }, async () => {
    const { image, ms } = await lab.build(join(FIXTURES, 'php'));
    const { ms: distributeMs, sent } = await site.distribute(lab.store, image);
    const answer = await site.serve(image, 80);
    console.log(JSON.stringify({ ms, distributeMs, sent, ready: answer.readyMs, stop: answer.stopMs }));
    expect(answer.body).toMatch(/^Hello from served-1, PHP 8\.2/);
    expect(answer.log).toContain('GET / HTTP');
    expect(answer.stopMs).toBeLessThan(5000);
  });

  it('has no package lists, logs, device files or settings of the machine in it', async () => {
    const image = await lab.store.find('php:8.2');
    const names = (await Promise.all((image?.layers ?? []).map((layer) => layerNames(lab.store, layer.digest)))).flat();
    const unwanted =
      /^\.\/(var\/lib\/apt\/lists\/.|var\/cache\/apt\/archives\/.*deb|var\/log\/.*log|dev\/.|run\/.|tmp\/.|usr\/sbin\/policy-rc\.d)/;
    expect(names.length).toBeGreaterThan(1000);
    expect(names.filter((name) => unwanted.test(name) && !name.endsWith('/'))).toEqual([]);
  });
});
