import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rootLayout, vmLayout } from '../../../src/iaas/local/layout.ts';
import { readRecord, readRecords, writeRecord, type MachineRecord } from '../../../src/iaas/local/machine-record.ts';
import { containerName } from '../../../src/iaas/local/names.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';

const record: MachineRecord = {
  lineage: 'one',
  vm: 'web-1',
  partition: 'web',
  size: { cpu: cores(2), memory: bytes(2 ** 30) },
  address: '10.209.0.2',
  mac: '02:53:0a:d1:00:02',
  hostKey: 'ssh-ed25519 AAAA',
  base: '/var/cache/base/rootfs',
  phase: 'ready',
  createdAt: '2026-01-01T00:00:00.000Z',
};

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'record-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('writeRecord', () => {
  it('is read back whole', async () => {
    const file = path.join(root, 'machine.json');
    await writeRecord(file, record);
    await writeRecord(file, { ...record, phase: 'deleting' });
    expect(await readRecord(file)).toEqual({ ...record, phase: 'deleting' });
  });
});

describe('readRecord', () => {
  it('has nothing where there is none, half of one, or something else', async () => {
    const file = path.join(root, 'machine.json');
    expect(await readRecord(file)).toBeUndefined();
    for (const text of ['', '{', 'null', '[]', '{"lineage":"one"}', JSON.stringify({ ...record, address: 5 })]) {
      await writeFile(file, text);
      expect(await readRecord(file), text).toBeUndefined();
    }
  });
});

describe('readRecords', () => {
  it('finds those of one lineage and passes over everything else', async () => {
    const layout = rootLayout(root);
    expect(await readRecords(layout, 'one')).toEqual(new Map());
    const place = async (lineage: string, vm: string, as: MachineRecord): Promise<string> => {
      const id = containerName(lineage, vm);
      await mkdir(path.join(layout.vms, id), { recursive: true });
      await writeRecord(vmLayout(layout, id).record, as);
      return id;
    };
    const own = await place('one', 'web-1', record);
    await place('two', 'web-1', { ...record, lineage: 'two' });
    // The mark of lineage one, the label of another.
    await place('one', 'web-2', { ...record, lineage: 'two' });
    await mkdir(path.join(layout.vms, 'lost+found'));
    expect([...(await readRecords(layout, 'one'))]).toEqual([[own, record]]);
  });
});
