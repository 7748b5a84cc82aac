import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { fileInventory } from '../../../src/inventory/file-inventory.ts';
import { millis } from '../../../src/model/quantity.ts';
import { tempDir } from './temp-dir.ts';

const open = (directory: string) => fileInventory(directory, { version: '1.2.3' });
const source = new URL('../../../src/inventory/file-inventory.ts', import.meta.url).href;

/** Runs a program with `store` and `ms` at hand; resolves to what it printed. */
function child(
  directory: string,
  code: string,
): { readonly output: Promise<string>; kill: () => void; ready: Promise<void> } {
  const program = `
    const { fileInventory } = await import(${JSON.stringify(source)});
    const { appendFile, readFile, writeFile } = await import('node:fs/promises');
    const store = fileInventory(${JSON.stringify(directory)}, { version: '1' });
    ${code}`;
  const running = spawn(execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let markReady = (): void => undefined;
  const ready = new Promise<void>((done) => {
    markReady = done;
  });
  running.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    markReady();
  });
  const output = new Promise<string>((done) =>
    running.once('close', () => {
      done(text);
    }),
  );
  return { output, ready, kill: () => running.kill('SIGKILL') };
}

/** A lock left behind by a process that was killed. */
async function abandoned(directory: string): Promise<string> {
  const holder = child(
    directory,
    `const lock = await store.lock('reconcile', { timeout: 0 }); process.stdout.write(lock.holder.id); setInterval(() => {}, 1000);`,
  );
  await holder.ready;
  holder.kill();
  return holder.output;
}

describe('lock', { timeout: 60_000 }, () => {
  it('is held by one, names its holder, and is free after release', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const lock = await store.lock('reconcile', { timeout: millis(0) });
    expect(lock.holder).toMatchObject({ operation: 'reconcile', version: '1.2.3' });
    expect(await store.holder()).toEqual(lock.holder);
    await expect(store.lock('plan', { timeout: millis(0) })).rejects.toMatchObject({
      code: 'LOCK_HELD',
      hint: expect.stringContaining(`stratos inventory unlock ${lock.holder.id} `) as string,
      holder: { id: lock.holder.id },
    });
    await lock.release();
    expect(await store.holder()).toBeUndefined();
    expect(await readdir(join(directory, '.stratos'))).toEqual([]);
  });

  it('is waited for until the timeout, and says so once', async () => {
    const store = open(await tempDir());
    const first = await store.lock('reconcile', { timeout: millis(0) });
    const notices: string[] = [];
    const waiting = store.lock('plan', { timeout: millis(5000), onNotice: (notice) => notices.push(notice) });
    setTimeout(() => void first.release(), 150);
    const second = await waiting;
    expect(notices).toEqual([expect.stringMatching(/^Waiting for the lock held by .* "reconcile" since /)]);
    await second.release();
  });

  it('stops waiting when interrupted', async () => {
    const store = open(await tempDir());
    await store.lock('reconcile', { timeout: millis(0) });
    await expect(
      store.lock('plan', { timeout: millis(60_000), signal: AbortSignal.timeout(50) }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('is broken by its id only, and a broken holder releases nothing of another', async () => {
    const store = open(await tempDir());
    const first = await store.lock('reconcile', { timeout: millis(0) });
    await expect(store.unlock('nope')).rejects.toThrow(
      `Cannot unlock "nope" as the lock that is held has the id ${first.holder.id}`,
    );
    expect(await store.unlock(first.holder.id)).toEqual(first.holder);
    await expect(store.unlock(first.holder.id)).rejects.toThrow('no lock is held');
    const second = await store.lock('plan', { timeout: millis(0) });
    await first.release();
    expect(await store.holder()).toEqual(second.holder);
  });

  it('of a killed process is taken over, and said so', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const id = await abandoned(directory);
    expect(await store.holder()).toMatchObject({ id });
    const notices: string[] = [];
    const lock = await store.lock('plan', { timeout: millis(0), onNotice: (notice) => notices.push(notice) });
    expect(notices).toEqual([
      expect.stringMatching(/^Took over the lock of .*"reconcile".*, which ended without releasing it$/),
    ]);
    expect((await store.holder())?.id).toBe(lock.holder.id);
  });

  it.each([
    ['another machine has it', { host: 'elsewhere', pid: 999_999_999 }],
    ['a machine of the same name has it', { machine: 'other', pid: 999_999_999 }],
    ['another container has it', { namespace: 'pid:[1]', pid: 999_999_999 }],
    ['its process runs', {}],
  ])('is not taken over when %s', async (_, change) => {
    const directory = await tempDir();
    const store = open(directory);
    await store.lock('reconcile', { timeout: millis(0) });
    const file = join(directory, '.stratos/lock');
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), ...change }));
    await expect(store.lock('plan', { timeout: millis(30) })).rejects.toMatchObject({ code: 'LOCK_HELD' });
  });

  it.each([
    ['its process id belongs to another process now', { start: '1' }],
    ['the machine was started since', { boot: 'before' }],
    ['its process is gone', { pid: 999_999_999 }],
  ])('is taken over when %s', async (_, change) => {
    const directory = await tempDir();
    const store = open(directory);
    await store.lock('reconcile', { timeout: millis(0) });
    const file = join(directory, '.stratos/lock');
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), ...change }));
    await expect(store.lock('plan', { timeout: millis(30) })).resolves.toMatchObject({ holder: { operation: 'plan' } });
  });

  it('that cannot be read is taken over when old, waited for when new, and can be broken', async () => {
    const directory = await tempDir();
    const store = open(directory);
    const file = join(directory, '.stratos/lock');
    await mkdir(join(directory, '.stratos'));
    await writeFile(file, '{"id":');
    await expect(store.lock('plan', { timeout: millis(30) })).rejects.toMatchObject({
      hint: expect.stringContaining('stratos inventory unlock unreadable ') as string,
    });
    expect(await store.unlock('unreadable')).toMatchObject({ who: 'unknown' });
    await writeFile(file, '');
    await utimes(file, 0, 0);
    await (await store.lock('plan', { timeout: millis(0) })).release();
  });

  it('lets one of many processes in at a time, an abandoned lock in between', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, 'counter'), '0');
    await abandoned(directory);
    // A lost update or a second holder would leave the counter short or the log out of order.
    const code = `
      for (let round = 0; round < 15; round += 1) {
        const lock = await store.lock('count', { timeout: 60000 });
        await appendFile(${JSON.stringify(join(directory, 'log'))}, 'in\\n');
        const n = Number(await readFile(${JSON.stringify(join(directory, 'counter'))}, 'utf8'));
        await new Promise((done) => setTimeout(done, 1));
        await writeFile(${JSON.stringify(join(directory, 'counter'))}, String(n + 1));
        await appendFile(${JSON.stringify(join(directory, 'log'))}, 'out\\n');
        await lock.release();
      }`;
    await Promise.all([1, 2, 3, 4].map(() => child(directory, code).output));
    expect(await readFile(join(directory, 'counter'), 'utf8')).toBe('60');
    expect(await readFile(join(directory, 'log'), 'utf8')).toBe('in\nout\n'.repeat(60));
    expect(await readdir(join(directory, '.stratos'))).toEqual([]);
  });
});
