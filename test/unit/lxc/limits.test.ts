/** The script itself, over made-up cgroup trees: this machine has only one of the versions, and its kernel is not asked. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limitSteps, parseLimit } from '../../../src/lxc/limits.ts';
import limit from '../../../src/lxc/scripts/limit.sh';
import { bytes, cores, type BitRate } from '../../../src/model/quantity.ts';

const LABEL = {
  lineage: 'L',
  subscription: 'shop',
  ordinal: 1,
  index: 3,
  image: 'sha256:00',
  fingerprint: 'f',
  ports: [80],
};
const CONFIG = [
  'lxc.uts.name = shop-1',
  'lxc.cgroup2.memory.max = 1000',
  'lxc.cgroup2.cpu.max = 25000 100000',
  'lxc.cgroup2.pids.max = 512',
  '',
].join('\n');
const RESOURCES = { memory: bytes(3_000_000), cpu: cores(0.5), pids: 64 };
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'limit-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function files(tree: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(tree)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
}
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');

/** Runs the step with its folders below ours. */
function run(change: Partial<Parameters<typeof limitSteps>[1][number]['resources']> = {}) {
  const [step] = limitSteps('L', [{ name: 'shop-1', resources: { ...RESOURCES, ...change } }]);
  const words = step?.args.map(String) ?? [];
  const [lineage = '', , , , ...rest] = words;
  const where = ['processes', 'bin', 'cgroup'].map((name) => path.join(root, name));
  const { stdout } = spawnSync('sh', ['-c', limit, 'limit', lineage, ...where, ...rest], { encoding: 'utf8' });
  return parseLimit([{ stdout }] as never);
}

const process = {
  'processes/shop-1/label.json': `${JSON.stringify({ ...LABEL, limits: 'cpu=0.25 memory=1000 pids=512' })}\n`,
  'processes/shop-1/config': CONFIG,
};

describe('limit', () => {
  test('writes the files of cgroup v2, and keeps them for the next start', () => {
    files({
      ...process,
      'cgroup/cgroup.controllers': 'cpu memory pids\n',
      'cgroup/lxc.payload.shop-1/memory.max': '1000\n',
      'cgroup/lxc.payload.shop-1/memory.high': 'max\n',
      'cgroup/lxc.payload.shop-1/memory.current': '2000000\n',
      'cgroup/lxc.payload.shop-1/cpu.max': '25000 100000\n',
      'cgroup/lxc.payload.shop-1/pids.max': '512\n',
    });
    expect(run()).toEqual([{ name: 'shop-1', limited: true }]);
    const has = (file: string) => read(`cgroup/lxc.payload.shop-1/${file}`);
    expect(['memory.max', 'memory.high', 'cpu.max', 'pids.max'].map(has)).toEqual([
      '3000000\n',
      'max\n',
      '50000 100000\n',
      '64\n',
    ]);
    expect(read('processes/shop-1/config')).toBe(
      CONFIG.replace('1000\n', '3000000\n').replace('25000', '50000').replace('512', '64'),
    );
    expect(JSON.parse(read('processes/shop-1/label.json'))).toEqual({
      ...LABEL,
      limits: 'cpu=0.5 memory=3000000 pids=64',
    });
  });

  test('takes no memory away that is in use under cgroup v2, where the kernel would kill for it', () => {
    files({
      ...process,
      'cgroup/cgroup.controllers': 'cpu memory pids\n',
      'cgroup/lxc.payload.shop-1/memory.max': '9000000\n',
      'cgroup/lxc.payload.shop-1/memory.high': 'max\n',
      'cgroup/lxc.payload.shop-1/memory.current': '5000000\n',
    });
    expect(run()).toMatchObject([
      { limited: false, failure: 'it uses 5Mi of memory, which is not below the new limit of 2Mi' },
    ]);
    expect(read('cgroup/lxc.payload.shop-1/memory.max')).toBe('9000000\n');
    expect(read('cgroup/lxc.payload.shop-1/memory.high')).toBe('max\n');
    expect(read('processes/shop-1/config')).toBe(CONFIG);
    expect(read('processes/shop-1/label.json')).toContain('memory=1000');
  });

  test('changes what is kept of one that is stopped, its traffic too, and label and configuration only once', () => {
    files({ ...process, 'cgroup/cgroup.controllers': 'cpu memory pids\n' });
    const bandwidth = { in: 10_000_000 as BitRate };
    expect([...run({ bandwidth }), ...run({ bandwidth })]).toMatchObject([{ limited: true }, { limited: true }]);
    expect(read('processes/shop-1/bandwidth')).toBe('10000000 0\n');
    expect(read('processes/shop-1/config').match(/script\.up = /g)).toHaveLength(1);
    expect(read('processes/shop-1/label.json').match(/limits/g)).toHaveLength(1);
    expect(run()).toMatchObject([{ limited: true }]);
    expect(existsSync(path.join(root, 'processes/shop-1/bandwidth'))).toBe(false);
    expect(read('processes/shop-1/config')).not.toContain('script.up');
  });

  test('keeps where it may connect to, and has the rules made anew only where that changed', () => {
    files({ ...process, 'bin/network-up': `#!/bin/sh\necho made >>${root}/rules\n` });
    chmodSync(path.join(root, 'bin/network-up'), 0o755);
    const egress = ['10.0.0.0/8:443', '192.0.2.7/32'];
    expect([...run({ egress }), ...run({ egress, pids: 65 })]).toMatchObject([{ limited: true }, { limited: true }]);
    expect(read('processes/shop-1/egress')).toBe('10.0.0.0/8 443\n192.0.2.7/32\n');
    expect(read('processes/shop-1/config').match(/net_admin/g)).toHaveLength(1);
    expect(JSON.parse(read('processes/shop-1/label.json'))).toMatchObject({
      limits: 'cpu=0.5 memory=3000000 pids=65 egress=10.0.0.0/8:443,192.0.2.7/32',
    });
    expect(read('rules')).toBe('made\n');
    expect(run({ egress: [] })).toMatchObject([{ limited: true }]);
    expect(read('processes/shop-1/egress')).toBe('');
    expect(run()).toMatchObject([{ limited: true }]);
    expect(existsSync(path.join(root, 'processes/shop-1/egress'))).toBe(false);
    expect(read('processes/shop-1/config')).not.toContain('net_admin');
    expect(read('rules')).toBe('made\nmade\nmade\n');
  });

  test('leaves alone what carries another lineage', () => {
    files({ 'processes/shop-1/label.json': JSON.stringify({ ...LABEL, lineage: 'theirs' }) });
    expect(run()).toMatchObject([{ limited: false, failure: 'it is not on this VM, or not ours' }]);
  });
});
