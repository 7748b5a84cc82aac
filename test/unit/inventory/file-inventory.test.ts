import { execFileSync, spawn } from 'node:child_process';
import { chmod, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpuUsage, execPath, getuid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileInventory } from '../../../src/inventory/file-inventory.ts';
import type { Inventory, ProcessRecord, VmRecord } from '../../../src/model/inventory.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';
import { tempDir } from './temp-dir.ts';

const VM: VmRecord = {
  name: 'web-1',
  partition: 'web',
  iaas: 'lab',
  state: 'ready',
  machine: 'm1',
  endpoint: { address: '10.0.0.1', port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA'] },
  size: { cpu: cores(1), memory: bytes(2 ** 30) },
  cordoned: false,
  draining: false,
  createdAt: '2026-01-01T00:00:00Z',
};
const process = (n: number): ProcessRecord => ({
  name: `shop-${String(n)}`,
  subscription: 'shop',
  ordinal: n,
  vm: `web-${String((n % 1000) + 1)}`,
  index: n,
  image: `sha256:${'a'.repeat(64)}`,
  fingerprint: 'f'.repeat(64),
  state: 'ready',
  createdAt: '2026-01-01T00:00:00Z',
});
const open = (directory: string) => fileInventory(directory, { version: '1.2.3' });
const isRoot = getuid?.() === 0;

describe('fileInventory', () => {
  it('begins with a new lineage and writes nothing by reading', async () => {
    const directory = await tempDir();
    const inventory = await open(directory).read();
    expect(inventory).toMatchObject({ serial: 0, vms: [], processes: [] });
    expect(await readdir(directory)).toEqual([]);
  });

  it('reads what it wrote, keeps the version before, and is readable by its owner only', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const first = await store.write({ ...(await store.read()), vms: [VM] });
    const second = await store.write({ ...first, processes: [process(1)] });
    expect(second.serial).toBe(2);
    expect(await store.read()).toEqual(second);
    expect((await stat(store.location)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${store.location}.previous`, 'utf8')).toContain('serial: 1\n');
    expect((await readdir(directory)).sort()).toEqual(['.stratos', 'inventory.yaml', 'inventory.yaml.previous']);
  });

  it('keeps the lineage where its file is lost, so that what runs is still ours', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const written = await store.write({ ...(await store.read()), vms: [VM] });
    await rm(store.location);
    const fresh = await store.read();
    expect(fresh).toEqual({ lineage: written.lineage, serial: 0, vms: [], processes: [] });
    expect(await store.write(fresh)).toMatchObject({ lineage: written.lineage, serial: 1 });
  });

  it('keeps the lineage of an inventory that was put in place of another, or made before it was kept', async () => {
    const directory = await tempDir();
    const store = open(directory);
    await store.write(await store.read());
    const other = open(await tempDir());
    const { lineage } = await other.write(await other.read());
    await writeFile(store.location, await readFile(other.location));
    await store.write(await store.read());
    await rm(store.location);
    expect((await store.read()).lineage).toBe(lineage);
  });

  it('refuses a kept lineage that is none rather than to begin another fleet', async () => {
    const directory = await tempDir();
    const store = open(directory);
    await store.write(await store.read());
    await rm(store.location);
    await writeFile(join(directory, '.stratos/lineage'), '\n');
    await expect(store.read()).rejects.toMatchObject({ code: 'PROJECT_FILE' });
  });

  it('says how to take up what runs where a damaged file has no version before', async () => {
    const store = open(await tempDir());
    await store.write(await store.read());
    await writeFile(store.location, 'hello\n');
    await expect(store.read()).rejects.toMatchObject({
      hint: `mv ${store.location} ${store.location}.damaged && stratos reconcile`,
    });
  });

  it('reads what somebody edited into another form', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const written = await store.write({ ...(await store.read()), vms: [VM], processes: [process(1)] });
    const text = await readFile(store.location, 'utf8');
    const edited = text.replace('"cordoned":false', 'cordoned: true').replace('processes:', 'processes: # all of them');
    await writeFile(store.location, edited);
    expect(await store.read()).toEqual({ ...written, vms: [{ ...VM, cordoned: true }] });
    await store.write(await store.read());
  });

  it('refuses a writer of another serial, lineage, or of a file that is gone', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const fresh = await store.read();
    const written = await store.write(fresh);
    await expect(store.write(fresh)).rejects.toMatchObject({ code: 'STALE_INVENTORY' });
    await expect(store.write({ ...written, lineage: 'other' })).rejects.toMatchObject({ code: 'STALE_INVENTORY' });
    await expect(open(await tempDir()).write(written)).rejects.toMatchObject({ code: 'STALE_INVENTORY' });
    expect(await store.read()).toEqual(written);
  });

  it('refuses what a newer stratos wrote, and does not send back to what it was before', async () => {
    const store = open(await tempDir());
    await store.write(await store.write(await store.read()));
    const text = await readFile(store.location, 'utf8');
    await writeFile(store.location, text.replace('stratos/v1', 'stratos/v2'));
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PROJECT_FILE', hint: expect.not.stringContaining('cp ') as unknown });
    expect((error as Error).message).toContain(
      'it was written by a newer stratos (apiVersion stratos/v2; this one knows stratos/v1)',
    );
  });

  it.each([
    [
      'another kind',
      (text: string) => text.replace('kind: Inventory', 'kind: Plan'),
      'its kind must be Inventory, not "Plan"',
    ],
    [
      'no serial',
      (text: string) => text.replace(/serial: .*\n/, ''),
      'its serial must be a whole number, not undefined',
    ],
    [
      'an unknown key',
      (text: string) => `${text}proceses: []\n`,
      'it has the unknown key "proceses" (did you mean processes?)',
    ],
    ['a cut file', (text: string) => text.slice(0, -30), 'it is not the YAML it should be: line 11'],
    [
      'a record of a wrong form',
      (text: string) => text.replace('"index":1', '"index":"1"'),
      'inventory.yaml:10: index must be a number',
    ],
    [
      'a record that is there twice',
      (text: string) => text.replace('shop-2', 'shop-1'),
      'inventory.yaml:11: "shop-1" is there twice',
    ],
    [
      'an unknown state',
      (text: string) => text.replace('"state":"ready"', '"state":"steady"'),
      'state must be one of creating, created, ready, deleting',
    ],
    [
      'an endpoint of a wrong form',
      (text: string) => text.replace('"hostKeys":[', '"hostKeys":[1,'),
      'endpoint is wrong: hostKeys must be a list of texts',
    ],
    ['no mapping', () => 'hello\n', 'it is not a mapping: hello'],
  ])('refuses %s and says how to go back', async (_, damage, message) => {
    const directory = await tempDir();
    const store = open(directory);
    const written = await store.write({ ...(await store.read()), vms: [VM] });
    await store.write({ ...written, processes: [process(1), process(2)] });
    await writeFile(store.location, damage(await readFile(store.location, 'utf8')));
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PROJECT_FILE', hint: `cp ${store.location}.previous ${store.location}` });
    expect((error as Error).message).toContain(message);
  });

  it('reads 50,000 processes within 300 ms of CPU time', { timeout: 30_000 }, async () => {
    const store = open(await tempDir());
    const inventory: Inventory = {
      ...(await store.read()),
      processes: Array.from({ length: 50_000 }, (_, n) => process(n)),
    };
    await store.write(inventory);
    // Time of the clock depends on what else the machine does, and processor time still does a little: the best of some counts.
    let best = Infinity;
    for (let n = 0; n < 5 && best >= 300; n++) {
      const start = cpuUsage();
      expect((await store.read()).processes).toHaveLength(50_000);
      const { user, system } = cpuUsage(start);
      best = Math.min(best, (user + system) / 1000);
    }
    expect(best).toBeLessThan(300);
  });

  it('leaves the file as it was when the directory is read-only', { skip: isRoot }, async () => {
    const directory = await tempDir();
    const store = open(directory);
    const written = await store.write(await store.read());
    await chmod(directory, 0o500);
    onTestFinished(() => chmod(directory, 0o700));
    await expect(store.write(written)).rejects.toMatchObject({ code: 'PROJECT_FILE' });
    expect(await store.read()).toEqual(written);
  });

  it(
    'leaves the file as it was when the disk is full, or its file system read-only',
    { skip: !isRoot },
    async (context) => {
      const directory = await tempDir();
      const mount = (...args: string[]): void => {
        execFileSync('mount', args);
      };
      try {
        mount('-t', 'tmpfs', '-o', 'size=64k', 'stratos-test', directory);
      } catch {
        context.skip('no right to mount here');
      }
      onTestFinished(() => {
        execFileSync('umount', [directory]);
      });
      const store = open(directory);
      const written = await store.write({ ...(await store.read()), processes: [process(1)] });
      const large = { ...written, processes: Array.from({ length: 1000 }, (_, n) => process(n)) };
      await expect(store.write(large)).rejects.toThrow(`Cannot write the file as the disk is full: ${store.location}`);
      expect(await store.read()).toEqual(written);
      expect((await readdir(directory)).sort()).toEqual(['.stratos', 'inventory.yaml']);
      mount('-o', 'remount,ro', directory);
      await expect(store.write(written)).rejects.toThrow(`as its file system is read-only: ${store.location}`);
      await expect(store.lock('test', { timeout: 0 as never })).rejects.toMatchObject({ code: 'PROJECT_FILE' });
      expect(await store.read()).toEqual(written);
    },
  );

  it('has the old or the new content after kill -9 at any moment', { timeout: 60_000 }, async () => {
    const directory = await tempDir();
    const store = open(directory);
    const source = new URL('../../../src/inventory/file-inventory.ts', import.meta.url).href;
    const code = `
      const { fileInventory } = await import(${JSON.stringify(source)});
      const store = fileInventory(${JSON.stringify(directory)}, { version: '1' });
      let inventory = await store.read();
      process.stdout.write('go');
      for (;;) {
        const n = inventory.serial + 1;
        const processes = Array.from({ length: 300 }, (_, i) => ({ ...${JSON.stringify(process(0))}, name: 'p-' + i, ordinal: n }));
        inventory = await store.write({ ...inventory, processes });
      }`;
    for (const wait of [1, 3, 7, 12, 20, 31]) {
      const child = spawn(execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = new Promise((done) => child.once('exit', done));
      await new Promise((done) => child.stdout.once('data', done));
      await sleep(wait);
      child.kill('SIGKILL');
      await exited;
      const { serial, processes } = await store.read();
      expect(processes).toHaveLength(serial === 0 ? 0 : 300);
      expect(processes.every(({ ordinal }) => ordinal === serial)).toBe(true);
    }
  });
});
