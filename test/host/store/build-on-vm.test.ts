import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/model/errors.ts';
import { millis } from '../../../src/model/quantity.ts';
import type { Builder } from '../../../src/store/build/builder.ts';
import { pruneBuilds } from '../../../src/store/build/prune-builds.ts';
import { vmBuilder } from '../../../src/store/build/vm-builder.ts';
import { FIXTURES, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';
import { preparedVm } from './site.ts';
import type { PreparedVm } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
let builder: Builder;
beforeAll(async () => {
  [lab, site] = await Promise.all([storeLab(), preparedVm()]);
  await lab.build(join(FIXTURES, 'static'));
  builder = vmBuilder({ transport: site.transport, vm: 'store-1', endpoint: site.vm.endpoint });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const WORK = '/var/lib/stratos/builds/work';

describe('a build on a VM', () => {
  it('makes the very image that this machine makes, and leaves nothing of the build there', async () => {
    const yaml = `name: remote\nversion: 1\nfrom: { cartridge: "static:1" }\ncopy: [{ from: "it's", to: "/www/a b/" }]\nrun: ["echo $SAID > /said; rm /www/index.html"]\nenv: { SAID: "it's $(x)" }\n`;
    const home = await lab.cartridge('remote', yaml, { "it's": 'copied\n' });
    const local = await lab.build(home);
    const remote = await lab.build(home, { builder, noCache: true });
    expect(remote.cached).toBe(false);
    expect(remote.image.layers.map((layer) => layer.diffId)).toEqual(local.image.layers.map((layer) => layer.diffId));
    await lab.store.verify(remote.image);
    expect(await site.vm.ssh(`ls ${WORK}`)).toBe('');
    expect(await site.vm.ssh('cat /proc/*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "stratos-buil[d]" || :')).toBe(
      '0\n',
    );
  });

  it('brings layers back into a store that has none of them', async () => {
    const yaml =
      'name: fresh\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["head -c 3000000 /dev/urandom > /big"]\n';
    const home = await lab.cartridge('fresh', yaml);
    const first = await lab.build(home, { builder });
    const top = first.image.layers.at(-1)?.digest ?? '';
    const before = await readFile(lab.store.blobPath(top));
    await rm(lab.store.blobPath(top));
    const again = await lab.build(home, { builder });
    expect(again.cached).toBe(true);
    expect(await readFile(lab.store.blobPath(top))).toEqual(before);
  });

  it('has what builds left there pruned by age, but not what the last build took over; the next makes again what it needs', async () => {
    const yaml = 'name: kept\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo kept > /kept"]\n';
    const home = await lab.cartridge('kept', yaml);
    await lab.build(home, { builder });
    const count = () => site.vm.ssh(`cd ${WORK}/.. && ls -d bases/* layers/* roots/* 2>/dev/null | wc -l`).then(Number);
    const before = await count();
    expect(before).toBeGreaterThan(1);
    expect(await pruneBuilds(builder, { unused: millis(3_600_000), dryRun: false })).toEqual({ count: 0, freed: 0 });
    await site.vm.ssh(`cd ${WORK}/.. && touch -d '2 hours ago' layers/* roots/*`);
    // Taken over from what is there: in use now.
    expect((await lab.build(home, { builder })).cached).toBe(true);
    const told = await pruneBuilds(builder, { unused: millis(3_600_000), dryRun: true });
    expect(told.count).toBe(before - 2);
    expect(await pruneBuilds(builder, { unused: millis(3_600_000), dryRun: false })).toEqual(told);
    expect(await count()).toBe(2);
    const all = await pruneBuilds(builder, { unused: millis(0), dryRun: false });
    expect(all.count).toBe(2);
    expect(all.freed).toBeGreaterThan(1_000_000);
    expect(await count()).toBe(0);
    await lab.store.verify((await lab.build(home, { builder, noCache: true })).image);
  });

  it('tells what a failing command said there', async () => {
    const yaml =
      'name: broken\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo something went wrong >&2; exit 7"]\n';
    const home = await lab.cartridge('broken', yaml);
    await expect(lab.build(home, { builder })).rejects.toThrow(/status 7[\s\S]*something went wrong/);
    expect(await site.vm.ssh(`ls ${WORK}`)).toBe('');
  });

  it('ends there too when it is interrupted', async () => {
    const abort = new AbortController();
    const yaml = 'name: long\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo started; sleep 600"]\n';
    const home = await lab.cartridge('long', yaml);
    const onOutput = (line: string): void => {
      if (line === 'started') abort.abort();
    };
    await expect(lab.build(home, { builder, signal: abort.signal, onOutput })).rejects.toThrow(InterruptedError);
    expect(await site.vm.ssh(`ls ${WORK}`)).toBe('');
    expect(await site.vm.ssh('pgrep -f "sleep 60[0]" || :')).toBe('');
  });
});
