/** The script itself with commands of this machine, and what comes of each of their faults. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseProbes, probesStep, type Probe } from '../../../src/lxc/probes.ts';
import { millis } from '../../../src/model/quantity.ts';
import { probesOf } from '../../../src/reconcile/probes-of.ts';
import { anInventory, aSpec } from '../../support/builders.ts';
import { aProcess, aReachedVm, records } from '../signals/worlds.ts';

const run = promisify(execFile);
const onVm = (argv: readonly string[], change: Partial<Probe> = {}): Probe => ({
  ...{ subscription: 'shop', signal: 'depth', argv, timeout: millis(500) },
  ...change,
});
const sh = (line: string, change: Partial<Probe> = {}) => onVm(['sh', '-c', line], change);
const busy = (line: string): Probe => ({ subscription: 'shop', argv: ['sh', '-c', line], timeout: millis(500) });

async function probe(probes: readonly Probe[]) {
  const { script, args } = probesStep(probes);
  const started = performance.now();
  const { stdout } = await run('sh', ['-c', script.text, 'probes', ...args.map(String)]);
  const ms = performance.now() - started;
  return { ms, said: parseProbes({ title: '', status: 0, stdout, stderr: '', ms }, probes) };
}

test.each([
  ['a number', 'echo 12.5', { value: 12.5 }],
  ['a number without a newline, and one on standard error', 'printf " 3e2 "; echo 4 >&2', { value: 300 }],
  ['zero, which is a number', 'echo 0', { value: 0 }],
  ['text', 'echo many; echo more', { problem: 'prints text: "many\\tmore"' }],
  ['a number too many', 'echo 1 2', { problem: 'prints text: "1 2"' }],
  ['a number without end', 'echo 1e999', { problem: 'prints text: "1e999"' }],
  ['what is no number but looks like one', 'echo NaN', { problem: 'prints text: "NaN"' }],
  ['a number below zero', 'echo -1', { problem: 'prints a number below 0: "-1"' }],
  ['nothing', ':', { problem: 'printed nothing' }],
  ['a status', 'echo 5; exit 3', { problem: 'ended with 3' }],
  ['a status that it made up', 'echo 5; printf "\\n=0"; exit 3', { problem: 'ended with 3' }],
  ['a command that is not there', 'exec /none', { problem: 'cannot be run: it ended with 127' }],
  ['too much', 'yes', { problem: 'printed too much' }],
  ['too much in one line, for ever', "trap '' PIPE; while :; do printf 1; done", { problem: 'printed too much' }],
  ['nothing for too long', 'echo 5; sleep 30', { problem: 'took longer than 500ms' }],
  [
    'nothing for too long, and does not listen',
    "trap '' TERM; while :; do sleep 1; done",
    { problem: 'took longer than 500ms' },
  ],
  ['a number, and leaves somebody behind', 'sleep 30 & echo 7', { value: 7 }],
  [
    'a number, and hides somebody who holds its output',
    'setsid sleep 3 & sleep 0.2; echo 7',
    { problem: 'took longer than 500ms' },
  ],
  ['control characters', 'printf "\\033[2J\\t5\\001"', { problem: 'prints text: "[2J\\t5"' }],
])('a command that prints %s', async (_, line, expected) => {
  const { said, ms } = await probe([sh(line)]);
  expect(said).toEqual([{ subscription: 'shop', signal: 'depth', ...expected }]);
  expect(ms).toBeLessThan(2500);
});

test.each([
  ['busy while it ends with 0', 'echo whatever', { busy: true }],
  ['not busy when it ends with something else', 'exit 1', { busy: false }],
  ['not known when it cannot be run', 'exec /none', { problem: 'cannot be run: it ended with 127' }],
  ['not known when it hangs', 'sleep 9', { problem: 'took longer than 500ms' }],
])('a process is %s', async (_, line, expected) => {
  expect((await probe([busy(line)])).said).toEqual([{ subscription: 'shop', ...expected }]);
});

test('commands run side by side, and get their own words as they are', async () => {
  const words = ['a b', '$(touch x)', "it's", '', '*', '-n', 'ä'];
  const slow = Array.from({ length: 8 }, () => sh('sleep 0.4; echo 1', { timeout: millis(5000) }));
  const count = onVm(['sh', '-c', 'echo "$#.${#1}"', 'sh', ...words]);
  const { said, ms } = await probe([...slow, count, onVm(['printenv', 'HOME']), onVm(['sh', '-c', 'env | wc -l'])]);
  expect(said.slice(0, 8).every(({ value }) => value === 1)).toBe(true);
  expect(said[8]?.value).toBe(7.3);
  expect(said[9]?.problem).toBe('prints text: "/root"');
  // HOME and PATH, and PWD, which sh sets.
  expect(said[10]?.value).toBeLessThanOrEqual(3);
  expect(ms).toBeLessThan(2000);
});

test('no command runs in a sleeper, or in what is not there', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'probes-'));
  try {
    const put = (name: string, text: string) => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    };
    // In place of lxc-attach: says for whom it is called.
    put('bin/lxc-attach', '#!/bin/sh\nprintf "%s" "$*" >>"$0.log"\necho 4\n');
    execFileSync('chmod', ['755', path.join(root, 'bin/lxc-attach')]);
    for (const name of ['awake', 'v2', 'frozen', 'gone']) put(`processes/${name}/user`, '33 34 /home/x\n');
    put('cgroup/freezer/lxc.payload.awake/freezer.state', 'THAWED\n');
    put('cgroup/freezer/lxc.payload.frozen/freezer.state', 'FROZEN\n');
    put('cgroup/lxc.payload.v2/cgroup.freeze', '0\n');
    const probes = ['awake', 'v2', 'frozen', 'gone'].map((process) => onVm(['depth', 'a b'], { process }));
    const { script, args } = probesStep(probes);
    const [, , ...commands] = args.map(String);
    const folders = [path.join(root, 'processes'), path.join(root, 'cgroup')];
    const stdout = execFileSync('sh', ['-c', script.text, 'probes', ...folders, ...commands], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${path.join(root, 'bin')}:${process.env.PATH ?? ''}` },
    });
    const said = parseProbes({ title: '', status: 0, stdout, stderr: '', ms: 0 }, probes);
    expect(said.map((one) => [one.process, one.value])).toEqual([
      ['awake', 4],
      ['v2', 4],
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('parseProbes says of all of them that they did not come to their end when the step did not', () => {
  const probes = [onVm(['a']), onVm(['b'])];
  const result = { title: '', status: 124, stdout: '0\t5\t=0\n', stderr: '', ms: 0 };
  expect(parseProbes(result, probes).map(({ value, problem }) => value ?? problem)).toEqual([
    5,
    'did not come to its end',
  ]);
  expect(parseProbes(undefined, probes)).toHaveLength(2);
});

test('probesOf asks the processes that are ready and awake, each VM once, and nobody without need', () => {
  const command = ['depth'];
  const vms = {
    'web-1': aReachedVm({ processes: [aProcess('shop-1'), aProcess('shop-2'), aProcess('blog-1')] }),
    'web-2': aReachedVm({ processes: [aProcess('shop-3'), aProcess('plain-1')] }),
    'web-3': aReachedVm({ processes: [aProcess('plain-2')] }),
  };
  const own = records(vms);
  const inventory = anInventory({
    ...own,
    processes: own.processes.map((record) => (record.name === 'shop-2' ? { ...record, asleep: 'frozen' } : record)),
  });
  const spec = aSpec({
    subscriptions: {
      shop: {
        signals: {
          depth: { command, on: 'process', timeout: millis(100) },
          lag: { command, on: 'vm', timeout: millis(100) },
        },
      },
      blog: { idle: { busy: ['busy'] } },
      plain: { idle: {} },
    },
  });
  const asked = [...probesOf(spec, inventory)].map(([vm, probes]) => [
    vm,
    probes.map(({ signal = 'busy', process = 'VM' }) => `${signal} in ${process}`),
  ]);
  expect(asked).toEqual([
    ['web-1', ['depth in shop-1', 'lag in VM', 'busy in blog-1']],
    ['web-2', ['depth in shop-3', 'lag in VM']],
  ]);
  expect(probesOf(aSpec(), inventory).size).toBe(0);
});
