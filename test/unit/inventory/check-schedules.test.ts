import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { loadSpec } from '../../../src/inventory/load-spec.ts';

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock('croner', async (original) => {
  loaded.times += 1;
  return await original();
});

const spec = (scaling: string): string => `apiVersion: stratos/v1
iaas: { lab: { kind: local } }
partitions: { web: { placement: [{ iaas: lab }] } }
cartridges: { job: { image: job, partition: web } }
subscriptions: { nightly: { cartridge: job, scaling: ${scaling} } }
`;

it('loadSpec loads the cron library for a spec with schedules, and for no other', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stratos-cron-'));
  try {
    const load = async (scaling: string) => {
      await writeFile(join(directory, 'stratos.yaml'), spec(scaling));
      return loadSpec(directory);
    };
    await load('{ processes: 1, schedules: [] }');
    expect(loaded.times).toBe(0);
    await load('{ schedules: [{ cron: 0 9 * * *, duration: 1h, processes: 2 }] }');
    expect(loaded.times).toBe(1);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
