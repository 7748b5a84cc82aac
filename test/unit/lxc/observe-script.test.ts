/** The script itself, over made-up cgroup trees: this machine has only one of the versions. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseObservation } from '../../../src/lxc/observe.ts';
import observe from '../../../src/lxc/scripts/observe.sh';

const LABEL = { lineage: 'L', subscription: 'shop', ordinal: 1, index: 1, image: 'sha256:00', fingerprint: 'f' };
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'observe-'));
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
function look() {
  const folders = ['label.json', 'processes', 'images', '.', 'cgroup', 'volumes'].map((name) => path.join(root, name));
  return parseObservation(execFileSync('sh', ['-c', observe, 'observe', 'L', ...folders], { encoding: 'utf8' }));
}

test('observe reads counters of cgroup v2', () => {
  files({
    'processes/shop-1/label.json': JSON.stringify(LABEL),
    'cgroup/cgroup.controllers': 'cpu memory pids\n',
    'cgroup/lxc.payload.shop-1/pids.current': '3\n',
    'cgroup/lxc.payload.shop-1/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
    'cgroup/lxc.payload.shop-1/memory.current': '5000000\n',
    'cgroup/lxc.payload.shop-1/memory.stat': 'anon 1\nfile 1000000\nkernel 1\n',
  });
  const seen = look();
  expect(seen.cgroup).toBe('v2');
  expect(seen.processes).toMatchObject([
    { name: 'shop-1', state: 'running', usage: { cpuSeconds: 2.5, memory: 4_000_000, pids: 3 } },
  ]);
});

test('observe reads counters of cgroup v1', () => {
  files({
    'processes/shop-1/label.json': `${JSON.stringify(LABEL)}\n`,
    'cgroup/pids/lxc.payload.shop-1/pids.current': '1\n',
    'cgroup/cpuacct/lxc.payload.shop-1/cpuacct.usage': '1500000000\n',
    'cgroup/memory/lxc.payload.shop-1/memory.usage_in_bytes': '3000000000\n',
    'cgroup/memory/lxc.payload.shop-1/memory.stat': 'cache 7\ntotal_cache 1000000000\n',
  });
  const seen = look();
  expect(seen.cgroup).toBe('v1');
  expect(seen.processes).toMatchObject([
    { state: 'running', usage: { cpuSeconds: 1.5, memory: 2_000_000_000, pids: 1 } },
  ]);
});

test('observe takes a cgroup without tasks for a stopped process', () => {
  files({
    'processes/shop-1/label.json': JSON.stringify(LABEL),
    'cgroup/cgroup.controllers': '',
    'cgroup/lxc.payload.shop-1/pids.current': '0\n',
  });
  expect(look().processes).toMatchObject([{ name: 'shop-1', state: 'stopped' }]);
});

test('observe tells complete images, and foreign names without what could disturb a reader', () => {
  files({
    'images/0123456789ab/complete': '',
    'images/0123456789ab/rootfs/x': '',
    'images/00112233445566/complete': '',
    'images/00112233445566/privileged/x': '',
    'images/ba9876543210/rootfs/x': '',
    'processes/evil\nlabel\t{}/config': '',
    "processes/$(touch x) 'q'/config": '',
    'processes/.making/shop-2/config': '',
    'cgroup/unified/x': '',
  });
  const seen = look();
  expect(seen.cgroup).toBe('hybrid');
  expect(seen.images).toEqual(['sha256:0123456789ab']);
  expect(seen.privilegedImages).toEqual(['sha256:00112233445566']);
  // This machine may have containers of its own.
  expect(seen.foreign).toEqual(expect.arrayContaining(["$(touch x) 'q'", 'evil?label?{}']));
  expect(seen.foreign.join()).not.toContain('shop-2');
  expect(seen.lineage).toBeUndefined();
});

test('observe tells once whose volumes are there, with or without a process', () => {
  files({
    'volumes/shop/1/data/x': '',
    'volumes/shop/2/data/x': '',
    'volumes/blog/1/files/x': '',
    'volumes/none/x': '',
  });
  expect(look().volumes).toEqual(['blog', 'shop']);
});

test('observe takes the limit of the VM where it is less than the memory of the machine', () => {
  files({
    'cgroup/cgroup.controllers': '',
    'cgroup/memory.max': '100000000\n',
    'cgroup/memory.current': '60000000\n',
    'cgroup/memory.stat': 'file 20000000\n',
  });
  expect(look().memory).toEqual({ total: 100_000_000, available: 60_000_000 });
});
