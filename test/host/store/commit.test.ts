import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitProcess } from '../../../src/reconcile/commit-process.ts';
import type { Committed } from '../../../src/reconcile/commit-process.ts';
import { NotFoundError } from '../../../src/model/errors.ts';
import type { Image } from '../../../src/model/image.ts';
import type { Inventory } from '../../../src/model/inventory.ts';
import { bytes, instant } from '../../../src/model/quantity.ts';
import { anInventory, someDeps, aSpec } from '../../cli/support.ts';
import { memoryInventory } from '../../cli/support.ts';
import { FIXTURES, layerNames, run, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';
import { preparedVm } from './site.ts';
import type { PreparedVm, Served } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
let image: Image;
beforeAll(async () => {
  [lab, site] = await Promise.all([storeLab(), preparedVm()]);
  await lab.build(join(FIXTURES, 'static'));
  const yaml = `name: site\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["mkdir -p /www/old/deep /www/again && echo o > /www/old/deep/file && echo b > /www/again/before && echo gone > /www/gone && chown 33:44 /www/gone"]\n`;
  ({ image } = await lab.build(await lab.cartridge('site', yaml)));
  await site.distribute(lab.store, image);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

function commit(process: string, tag?: string): Promise<Committed> {
  const { vms, processes, ...rest } = anInventory();
  const [vm] = vms;
  const [record] = processes;
  if (!vm || !record) throw new Error('the sample is empty');
  const inventory: Inventory = {
    ...rest,
    lineage: site.vm.site.lineage,
    vms: [{ ...vm, name: 'store-1', endpoint: site.vm.endpoint }],
    processes: [{ ...record, name: 'served-1', subscription: 'served', vm: 'store-1', image: image.digest }],
  };
  const deps = someDeps({
    inventory: memoryInventory(inventory),
    transport: site.transport,
    loadSpec: () => Promise.resolve(aSpec()),
    now: () => instant(Date.parse('2026-05-01T10:20:30Z')),
  });
  return commitProcess(deps, lab.store, process, tag === undefined ? {} : { tag });
}

describe('commitProcess', () => {
  it('makes an image of what a running process changed and removed, and that image runs', async () => {
    let made: Committed | undefined;
    // On a disk of its own, whose file system is no part of what changed.
    const limits = { disk: bytes(64 * 2 ** 20) };
    const change = async ({ get, exec }: Served): Promise<void> => {
      await exec('echo changed > /www/index.html; echo new > "/www/a new one"; chown 12:34 "/www/a new one"');
      await exec(
        'set -e; rm /www/gone; rm -r /www/old /www/again; mkdir /www/again; echo a > /www/again/after; ln -s index.html /www/link',
      );
      await exec('echo x > /tmp/x; echo x > /run/x; echo x > /kept/x');
      made = await commit('served', 'site:mended');
      expect(await get('/')).toBe('changed\n');
      expect(await exec('cat /tmp/x /run/x /kept/x')).toBe('x\nx\nx\n');
    };
    await site.serve(image, 80, change, limits);
    if (!made) throw new Error('not made');
    expect(made.process).toBe('served-1');
    expect(made.frozenMs).toBeLessThan(2000);
    expect(made.image.layers.slice(0, -1)).toEqual(image.layers);
    expect(made.image.labels).toMatchObject({
      'org.opencontainers.image.base.digest': image.digest,
      'io.stratos.committed-from': JSON.stringify({
        process: 'served-1',
        subscription: 'served',
        vm: 'store-1',
        image: image.digest,
      }),
    });
    const names = await layerNames(lab.store, made.image.layers.at(-1)?.digest ?? '');
    expect(names.filter((name) => !name.endsWith('/')).sort()).toEqual(
      [
        './www/.wh.gone',
        './www/.wh.old',
        './www/a new one',
        './www/again/.wh.before',
        './www/again/after',
        './www/index.html',
        './www/link',
      ].sort(),
    );
    await lab.store.verify(made.image);
    await run('skopeo', ['inspect', `oci:${lab.store.directory}:site:mended`]);

    await site.distribute(lab.store, made.image);
    const answer = await site.serve(made.image, 80, async ({ get, exec }) => {
      expect(await get('/link')).toBe('changed\n');
      expect(await get('/a%20new%20one')).toBe('new\n');
      expect(await get('/again/after')).toBe('a\n');
      expect(await exec('ls /www /www/again; stat -c %u:%g "/www/a new one"; ls /tmp /run /kept')).toBe(
        '/www:\na new one\nagain\nindex.html\nlink\n\n/www/again:\nafter\n12:34\n/kept:\n\n/run:\n\n/tmp:\n',
      );
    });
    expect(answer.body).toBe('changed\n');
    expect(await site.vm.ssh('ls /var/lib/stratos/builds/work')).toBe('');
  }, 120_000);

  it('refuses what is not there', async () => {
    await expect(commit('nobody')).rejects.toThrow(NotFoundError);
    await expect(commit('served-1')).rejects.toThrow(/Cannot take the changes of served-1 as it is not on this VM/);
    expect(await site.vm.ssh('ls /var/lib/stratos/builds/work')).toBe('');
  });
});
