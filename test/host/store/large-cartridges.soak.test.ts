import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_CACHE } from '../../../src/store/build/cache-folder.ts';
import { FIXTURES, storeLab } from './lab.ts';
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

describe.each([
  ['node', /^Hello from served-\d+, Node\.js v/],
  ['tomcat', /Tomcat/],
] as const)('the %s cartridge', (name, page) => {
  it('is built from packages, answers HTTP and ends on TERM', { timeout: 900_000 }, async () => {
    const { image, ms } = await lab.build(join(FIXTURES, name));
    const { ms: distributeMs, sent } = await site.distribute(lab.store, image);
    const answer = await site.serve(image, image.run.ports[0] ?? 0);
    console.log(JSON.stringify({ name, ms, distributeMs, sent, ready: answer.readyMs, stop: answer.stopMs }));
    expect(answer.body).toMatch(page);
    expect(answer.log).not.toBe('');
    expect(answer.stopMs).toBeLessThan(10_000);
  });
});
