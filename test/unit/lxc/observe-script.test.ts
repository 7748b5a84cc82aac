/** The script itself, over made-up cgroup trees: this machine has only one of the versions. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
function look(...options: readonly string[]) {
  const folders = ['label.json', 'processes', 'images', '.', 'cgroup', 'volumes', 'run'].map((name) =>
    path.join(root, name),
  );
  return parseObservation(
    execFileSync('sh', ['-c', observe, 'observe', 'L', ...folders, ...options], { encoding: 'utf8' }),
  );
}

test('observe reads counters of cgroup v2', () => {
  files({
    'processes/shop-1/label.json': JSON.stringify(LABEL),
    'cgroup/cgroup.controllers': 'cpu memory pids\n',
    'cgroup/lxc.payload.shop-1/pids.current': '3\n',
    'cgroup/lxc.payload.shop-1/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
    'cgroup/lxc.payload.shop-1/memory.current': '5000000\n',
    'cgroup/lxc.payload.shop-1/memory.stat': 'anon 1\nfile 1000000\nkernel 1\n',
    'cgroup/lxc.payload.shop-1/memory.events': 'low 0\nhigh 0\nmax 4\noom 3\noom_kill 2\n',
    'cgroup/lxc.payload.shop-1/cgroup.freeze': '0\n',
  });
  const seen = look();
  expect(seen.cgroup).toBe('v2');
  expect(seen.processes).toMatchObject([
    { name: 'shop-1', state: 'running', usage: { cpuSeconds: 2.5, memory: 4_000_000, pids: 3, oomKills: 2 } },
  ]);
  expect(seen.processes[0]?.asleep).toBeUndefined();
});

test('observe reads counters of cgroup v1', () => {
  files({
    'processes/shop-1/label.json': `${JSON.stringify(LABEL)}\n`,
    'cgroup/pids/lxc.payload.shop-1/pids.current': '1\n',
    'cgroup/cpuacct/lxc.payload.shop-1/cpuacct.usage': '1500000000\n',
    'cgroup/memory/lxc.payload.shop-1/memory.usage_in_bytes': '3000000000\n',
    'cgroup/memory/lxc.payload.shop-1/memory.stat': 'cache 7\ntotal_cache 1000000000\n',
    'cgroup/memory/lxc.payload.shop-1/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n',
    'cgroup/freezer/lxc.payload.shop-1/freezer.state': 'THAWED\n',
  });
  const seen = look();
  expect(seen.cgroup).toBe('v1');
  expect(seen.processes).toMatchObject([
    { state: 'running', usage: { cpuSeconds: 1.5, memory: 2_000_000_000, pids: 1, oomKills: 5 } },
  ]);
  expect(seen.processes[0]?.asleep).toBeUndefined();
});

test('observe sees that the traffic of a process is not limited as it was made', () => {
  const limits = 'cpu=0.5 in=4000000 out=4000000 egress=none';
  const qdisc = 'qdisc tbf dev vethA root rate 4Mbit burst 25000b lat 50ms';
  files({
    'processes/shop-1/label.json': JSON.stringify({ ...LABEL, limits }),
    'processes/shop-1/bandwidth': '4000000 4000000\n',
    'cgroup/cgroup.controllers': '',
    'cgroup/lxc.payload.shop-1/pids.current': '1\n',
    'cgroup/lxc.payload.shop-1/cpu.stat': 'usage_usec 1\n',
    'cgroup/lxc.payload.shop-1/memory.current': '1\n',
    'run/traffic.shop-1': `${qdisc}\nredirect dev stratos-bw1\n`,
  });
  const limitsSeen = (...lines: readonly string[]): string | undefined => {
    files({ 'bin/traffic': `#!/bin/sh\ncat <<'END'\nqdisc tbf dev other\n${lines.join('\n')}\nEND\n` });
    chmodSync(path.join(root, 'bin/traffic'), 0o755);
    return look().processes[0]?.limits;
  };
  expect(look().processes[0]?.limits).toBe(limits);
  expect(limitsSeen('redirect dev stratos-bw1', qdisc)).toBe(limits);
  expect(limitsSeen(qdisc)).toBe('cpu=0.5 egress=none');
  expect(limitsSeen('redirect dev stratos-bw1', qdisc.replace('4Mbit', '9Mbit'))).toBe('cpu=0.5 egress=none');
  rmSync(path.join(root, 'run/traffic.shop-1'));
  expect(limitsSeen('redirect dev stratos-bw1', qdisc)).toBe('cpu=0.5 egress=none');
  // What does not run has none of it.
  files({ 'cgroup/lxc.payload.shop-1/pids.current': '0\n' });
  expect(look().processes[0]?.limits).toBe(limits);
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

test('observe tells one start of a process from the next', () => {
  const start = (): string | undefined => {
    files({
      'processes/shop-1/label.json': JSON.stringify(LABEL),
      'cgroup/pids/lxc.payload.shop-1/pids.current': '1\n',
      'cgroup/cpuacct/lxc.payload.shop-1/cpuacct.usage': '1500000000\n',
      'cgroup/memory/lxc.payload.shop-1/memory.usage_in_bytes': '3000000000\n',
    });
    return look('starts').processes[0]?.usage?.start;
  };
  const first = start();
  expect(first).toMatch(/^\d+$/);
  expect(start()).toBe(first);
  // Kept under another name, so that its inode cannot be given again.
  renameSync(path.join(root, 'cgroup/pids/lxc.payload.shop-1'), path.join(root, 'cgroup/old'));
  expect(start()).not.toBe(first);
  expect(look().processes[0]?.usage).not.toHaveProperty('start');
});

test('observe says that a process runs whose counters cannot be read, and tells none of them', () => {
  files({
    'processes/shop-1/label.json': JSON.stringify(LABEL),
    'cgroup/pids/lxc.payload.shop-1/pids.current': '2\n',
    'cgroup/cpuacct/lxc.payload.shop-1/cpuacct.usage': 'what\n',
  });
  expect(look().processes).toEqual([expect.objectContaining({ name: 'shop-1', state: 'running' })]);
  expect(look().processes[0]).not.toHaveProperty('usage');
});

describe('what a preparation made', () => {
  const drift = () => look().drift?.filter((line) => line.startsWith(root));
  const installed = () => {
    const texts = { one: 'a\n\n  b', two: '', three: 'c' };
    const parts = Object.entries(texts).map(
      ([name, text]) => `file 644 ${root}/${name} ${String(text.split('\n').length)}\n${text}\n`,
    );
    files({ 'label.json': '{"lineage":"L"}\n', prepared: parts.join('') });
    files(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, `${text}\n`])));
  };

  test('is as it was', () => {
    installed();
    expect(drift()).toEqual([]);
  });

  test.each([
    ['edited', { one: 'a\n\n  c\n' }],
    ['edited', { one: 'a\n\n  b\nmore\n' }],
    ['edited', { one: 'a\n' }],
    ['edited', { one: '' }],
  ])('is %s: %j', (how, tree) => {
    installed();
    files(tree);
    expect(drift()).toEqual([`${root}/one is ${how}`]);
  });

  test('is gone, or not known', () => {
    installed();
    rmSync(path.join(root, 'two'));
    expect(drift()).toEqual([`${root}/two is gone`]);
    rmSync(path.join(root, 'prepared'));
    expect(drift()).toEqual([`${root}/prepared is gone`]);
  });

  test('is not asked for where nothing was prepared', () => {
    installed();
    rmSync(path.join(root, 'label.json'));
    expect(drift()).toBeUndefined();
  });

  test('does not start with the VM', () => {
    installed();
    files({ prepared: `file 644 ${root}/one 1\nWantedBy=multi-user.target\n`, one: 'WantedBy=multi-user.target\n' });
    expect(drift()).toEqual([`${root}/one is disabled`]);
  });
});

describe('a sleeper', () => {
  const running = { 'cgroup/cgroup.controllers': '', 'cgroup/lxc.payload.shop-1/pids.current': '2\n' };
  const label = { 'processes/shop-1/label.json': JSON.stringify(LABEL) };
  const asleep = () => look().processes[0]?.asleep;

  test.each([
    [
      'is frozen while its cgroup is',
      'frozen',
      { ...running, 'cgroup/lxc.payload.shop-1/cgroup.freeze': '1\n' },
      'frozen',
    ],
    ['is awake when its cgroup was thawed, whatever its mark says', 'frozen', running, undefined],
    ['is stopped when it was frozen and the VM came back', 'frozen', {}, 'stopped'],
    ['is stopped when it was stopped', 'stopped', {}, 'stopped'],
    ['is awake when it was stopped and runs', 'stopped', running, undefined],
  ] as const)('%s', (_, mark, tree, expected) => {
    files({ ...label, ...tree, 'processes/shop-1/asleep': `${mark}\n` });
    expect(asleep()).toBe(expected);
  });

  test('is also one that was cut between freezing and its mark', () => {
    files({ ...label, 'cgroup/pids/lxc.payload.shop-1/pids.current': '2\n' });
    files({ 'cgroup/freezer/lxc.payload.shop-1/freezer.state': 'FROZEN\n' });
    expect(asleep()).toBe('frozen');
  });

  test('is not one that is stopped without a mark', () => {
    files(label);
    expect(asleep()).toBeUndefined();
  });

  test('that could not be woken says why, on one line', () => {
    files({ ...label, 'processes/shop-1/wake-failure': `no\tmemory\x1b[2J${'x'.repeat(5000)}\nend\n` });
    const failure = look().processes[0]?.wakeFailure ?? '';
    expect(failure).toMatch(/^no\?memory\?\[2Jx+$/);
    expect(failure.length).toBe(300);
  });
});

test('observe counts sessions that are still open', async () => {
  files({ 'processes/shop-1/label.json': JSON.stringify(LABEL) });
  const session = spawn('cat', { argv0: 'lxc-attach', stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await once(session, 'spawn');
    files({ [`run/session.shop-1.${String(session.pid)}`]: '', 'run/session.shop-1.1': '', 'run/session.$(x).y': '' });
    // The name is the program's from the moment that it is run.
    await expect.poll(() => look().processes[0]?.sessions).toBe(1);
  } finally {
    session.kill();
  }
});

test('observe reads the counters of the machine it is on', () => {
  const [first, second] = [look(), look()];
  expect(first.uptime).toBeGreaterThan(0);
  expect(second.uptime).toBeGreaterThanOrEqual(first.uptime ?? 0);
  expect(first.cpuSeconds).toBeGreaterThan(0);
  expect(first.cpuSeconds).toBeLessThan((first.uptime ?? 0) * 1024);
  const pressure = existsSync('/proc/pressure/cpu') && readFileSync('/proc/pressure/cpu', 'utf8') !== '';
  if (pressure) expect(first.pressure?.cpu).toBeLessThanOrEqual(1);
  else expect(first.pressure?.cpu).toBeUndefined();
});
