import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { Secret } from '../../../src/model/secret.ts';
import { command, script, type Step } from '../../../src/shell/command.ts';
import { PRESENT, renderBatch } from '../../../src/shell/render-batch.ts';
import { runLocally, SHELLS, startLocally } from './run-locally.ts';

const sh = (title: string, text: string, args: readonly (string | number)[] = [], options = {}): Step =>
  script({ name: 'text', text }, title, args, options);

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stratos-shell-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe.each(SHELLS)('batch through %s', (shell) => {
  const run = (steps: readonly Step[], options = {}) => runLocally({ steps, ...options }, shell);

  test('keeps status, stdout and stderr of each step apart', async () => {
    const results = await run([
      command('true', ['true']),
      command('not there', ['/no/such/program']),
      sh('both', 'printf out; printf err >&2; exit 7'),
      sh('lines', 'echo one; echo two'),
    ]);
    expect(results.map((r) => [r.title, r.status])).toEqual([
      ['true', 0],
      ['not there', 127],
      ['both', 7],
      ['lines', 0],
    ]);
    expect(results[2]).toMatchObject({ stdout: 'out', stderr: 'err' });
    expect(results[3]).toMatchObject({ stdout: 'one\ntwo\n', stderr: '' });
  });

  test('isolates steps: exit, cd, variables and set -eu stay inside', async () => {
    const results = await run([
      command('exit', ['exit', 3]),
      sh('changes', 'set -eu; cd /; A=1; export A; false; echo not reached'),
      sh('sees', 'echo "${A-unset} $#" "$@"; [ "$PWD" != / ] || echo moved', ['a b', "c'd", '']),
    ]);
    expect(results.map((r) => r.status)).toEqual([3, 1, 0]);
    expect(results[1]?.stdout).toBe('');
    expect(results[2]?.stdout).toContain("unset 3 a b c'd ");
  });

  test('set -e holds inside a script, with and without input', async () => {
    const results = await run([
      sh('without', 'set -e\nfalse\necho reached'),
      sh('with', 'set -e\nfalse\necho reached', [], { stdin: 'x' }),
    ]);
    expect(results.map((r) => [r.status, r.stdout])).toEqual([
      [1, ''],
      [1, ''],
    ]);
  });

  test.each([
    '',
    'no newline',
    'newline\n',
    '\n\n',
    "it's $(id) `id` \\n %s %d\n",
    'nul\0nul\0',
    'ünï\u{1f600}\x81\x88',
  ])('gives stdin %j exactly', async (stdin) => {
    const [plain, secret] = await run([
      command('plain', ['od', '-An', '-v', '-tx1'], { stdin }),
      command('secret', ['od', '-An', '-v', '-tx1'], { stdin: new Secret(stdin) }),
    ]);
    const hex = Buffer.from(stdin).toString('hex');
    expect(plain?.stdout.replace(/\s/g, '')).toBe(hex);
    expect(secret?.stdout.replace(/\s/g, '')).toBe(hex);
  });

  test('gives a large stdin, also to a step that does not read it', async () => {
    const stdin = 'x'.repeat(3_000_000);
    const results = await run([
      command('count', ['wc', '-c'], { stdin }),
      command('ignore', ['true'], { stdin }),
      command('none', ['cat']),
    ]);
    expect(results.map((r) => [r.status, r.stdout.trim(), r.stderr])).toEqual([
      [0, '3000000', ''],
      [0, '', ''],
      [0, '', ''],
    ]);
  });

  test('stopOnFailure leaves the rest out', async () => {
    const mark = join(dir, 'mark');
    const results = await run([command('a', ['true']), command('b', ['false']), command('c', ['touch', mark])], {
      stopOnFailure: true,
    });
    expect(results.map((r) => r.status)).toEqual([0, 1, undefined]);
    expect(existsSync(mark)).toBe(false);
  });

  test('a step beyond its limit gets 124, and the next ones run', async () => {
    const results = await run([
      sh('slow', 'echo begun; sleep 61; echo never', [], { timeout: millis(200) }),
      command('slow too', ['sleep', 62], { timeout: millis(200) }),
      command('next', ['echo', 'ok']),
    ]);
    expect(results.map((r) => [r.status, r.stdout])).toEqual([
      [124, 'begun\n'],
      [124, ''],
      [0, 'ok\n'],
    ]);
    expect(results[0]?.ms).toBeGreaterThan(190);
  });

  test('a step that ignores TERM is killed', async () => {
    const [slow] = await run([sh('deaf', `trap '' TERM; sleep 63`, [], { timeout: millis(100) })]);
    expect(slow?.status).toBe(124);
    expect(slow?.ms).toBeLessThan(4000);
  });

  test('runs 200 steps and defines a shared script once', async () => {
    const shared = { name: 'shared', text: 'echo "$1"' };
    const steps = Array.from({ length: 200 }, (_, i) => script(shared, `n${String(i)}`, [i]));
    const results = await run(steps);
    expect(results.map((r) => r.stdout)).toEqual(steps.map((_, i) => `${String(i)}\n`));
    expect(renderBatch({ steps }, { nonce: 'abcdefgh' }).split('echo "$1"')).toHaveLength(2);
  });

  test('passes 5 MB of output', async () => {
    const [big] = await run([sh('big', 'head -c 5000000 /dev/zero | tr "\\0" x; head -c 5000 /dev/zero >&2')]);
    expect(big?.stdout).toHaveLength(5_000_000);
    expect(big?.stderr).toHaveLength(5_000);
  });

  test('the end of stdin ends everything, also what lost its parent', async () => {
    const pids = join(dir, 'pids');
    const step = sh('work', `(sleep 64 & echo $! >"$1"); sleep 65 & echo $! >>"$1"; wait`, [pids]);
    const steps = [step, command('after', ['touch', join(dir, 'after')])];
    const program = renderBatch({ steps }, { nonce: 'abcdefgh' });
    const child = startLocally(shell);
    const closed = new Promise((resolve) => child.on('exit', resolve));
    child.stdin.write(program);
    await until(() => existsSync(pids) && readFileSync(pids, 'utf8').trim().split('\n').length === 2);
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(started.map(isAlive)).toEqual([true, true]);
    child.stdin.end();
    await closed;
    await until(() => !started.some(isAlive));
    expect(existsSync(join(dir, 'after'))).toBe(false);
  });

  test('what a step leaves running survives the end of the batch', async () => {
    const pidFile = join(dir, 'pid');
    await run([sh('daemon', 'sleep 66 >/dev/null 2>&1 & echo $! >"$1"', [pidFile])]);
    await sleep(100);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    process.kill(pid);
  });

  test('a shell that waits answers, runs its program, and without one ends with its lifeline', async () => {
    const mark = join(dir, 'mark');
    for (const program of ['', renderBatch({ steps: [command('a', ['touch', mark])] }, { nonce: 'abcdefgh' })]) {
      const child = startLocally(shell);
      const closed = new Promise((resolve) => child.on('close', resolve));
      child.stdin.write('\n');
      expect(await once(child.stdout, 'data')).toEqual([Buffer.from(`${PRESENT}\n`)]);
      child.stdin.end(program);
      await closed;
      expect(existsSync(mark)).toBe(program !== '');
    }
  });

  test('a program that was cut executes nothing', async () => {
    const mark = join(dir, 'mark');
    const whole = renderBatch(
      { steps: [command('a', ['touch', mark]), command('b', ['true'])] },
      { nonce: 'abcdefgh' },
    );
    for (const at of [10, whole.indexOf('touch') + 6, whole.lastIndexOf('true'), whole.length - 2]) {
      const child = startLocally(shell);
      child.stdin.end(whole.slice(0, at));
      await new Promise((resolve) => child.on('close', resolve));
      expect(existsSync(mark)).toBe(false);
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition did not come true');
    await sleep(20);
  }
}
