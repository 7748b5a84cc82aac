import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readPlan, writePlan } from '../../../src/inventory/plan-file.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { bytes, cores, instant, millis } from '../../../src/model/quantity.ts';
import { tempDir } from './temp-dir.ts';

const base = { vm: 'web-1', dependsOn: [], reason: 'it is wanted: "now"' };
const plan: Plan = {
  version: 1,
  lineage: '0e1d2c7a-0000-4000-8000-000000000000',
  serial: 7,
  specDigest: 'a'.repeat(64),
  observedAt: instant(1_700_000_000_000),
  stages: [
    {
      id: 'web/1',
      partition: 'web',
      kind: 'machines',
      actions: [
        {
          ...base,
          kind: 'vm.create',
          id: 'vm.create:web-1',
          iaas: 'lab',
          size: { cpu: cores(2), memory: bytes(2 ** 31) },
        },
      ],
    },
    {
      id: 'web/2',
      partition: 'web',
      kind: 'removals',
      actions: [
        {
          ...base,
          kind: 'process.remove',
          id: 'process.remove:a-1',
          process: 'a-1',
          drain: millis(10),
          dependsOn: ['web/1'],
        },
      ],
    },
  ],
  holds: [{ target: 'web', reason: 'no data' }],
  notices: [],
};

async function saved(change: (text: string) => string = (text) => text): Promise<string> {
  const path = join(await tempDir(), 'plan.yaml');
  await writePlan(path, plan);
  await writeFile(path, change(await readFile(path, 'utf8')));
  return path;
}

describe('plan file', () => {
  it('is read as it was written, and is YAML', async () => {
    const path = await saved();
    expect(await readPlan(path)).toEqual(plan);
    expect(parse(await readFile(path, 'utf8'))).toMatchObject({ kind: 'Plan', ...plan });
  });

  it('may be the JSON of the plan', async () => {
    const path = await saved(() => JSON.stringify(plan, undefined, 2));
    expect(await readPlan(path)).toEqual(plan);
  });

  it.each([
    ['another version', (text: string) => text.replace('version: 1', 'version: 2'), 'it is of another version'],
    [
      'an inventory',
      (text: string) => text.replace('kind: Plan', 'kind: Inventory'),
      'its kind must be Plan, not "Inventory"',
    ],
    [
      'an unknown action',
      (text: string) => text.replace('"kind":"vm.create"', '"kind":"vm.explode"'),
      'unknown kind of action: "vm.explode"',
    ],
    [
      'a missing field',
      (text: string) => text.replace('"drain":10', '"drian":10'),
      'process.remove: drain must be a number',
    ],
    ['an id twice', (text: string) => text.replace('"process.remove:a-1"', '"vm.create:web-1"'), 'is there twice'],
    [
      'a dangling dependency',
      (text: string) => text.replace('["web/1"]', '["web/9"]'),
      'depends on what is not there: "web/9"',
    ],
    ['no serial', (text: string) => text.replace('serial: 7\n', ''), 'serial must be a number'],
    ['nonsense', () => '[1, 2', 'is not the YAML it should be'],
  ])('is refused with %s', async (_, damage, message) => {
    await expect(readPlan(await saved(damage))).rejects.toThrow(message);
  });

  it('is refused when it is not there', async () => {
    await expect(readPlan('/nowhere/plan.yaml')).rejects.toThrow(
      'Cannot read the plan as there is no such file: /nowhere/plan.yaml',
    );
    await expect(writePlan('/nowhere/plan.yaml', plan)).rejects.toThrow('as its directory does not exist');
  });
});
