/** A short lock on a folder between processes; the holder's death frees it. Not for long work: nobody may hold it over a minute. */
import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { kill, pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../host/code-of.ts';
import { StoreError } from '../model/errors.ts';

/** Age in ms at which any lock counts as left behind. */
const STALE = 60_000;
/** How long a lock is waited for, in ms. */
const PATIENCE = 90_000;

interface Holder {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

/** Runs `work` while this process alone has the folder. @throws StoreError when it does not get free */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, '.lock');
  const mine: Holder = { id: randomUUID(), host: hostname(), pid };
  const deadline = Date.now() + PATIENCE;
  for (let wait = 2; !(await take(path, mine)); wait = Math.min(wait * 2, 100)) {
    if (await isLeftBehind(path)) await breakLock(path);
    else if (Date.now() > deadline) {
      throw new StoreError(`Cannot lock the folder as another process holds it: ${path}`, { hint: `cat ${path}` });
    } else await sleep(wait * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    const holder = await readHolder(path);
    if (holder?.id === mine.id) await rm(path, { force: true });
  }
}

async function take(path: string, mine: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(mine));
    await file.close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isLeftBehind(path: string): Promise<boolean> {
  const [holder, info] = await Promise.all([readHolder(path), stat(path).catch(() => undefined)]);
  if (!info) return false;
  if (Date.now() - info.mtimeMs > STALE) return true;
  return holder?.host === hostname() && !isAlive(holder.pid);
}

/** Two waiters may see the same dead holder: the breaker's own file lets one of them act, and it looks again first. */
async function breakLock(path: string): Promise<void> {
  const breaker = `${path}.break`;
  try {
    await (await open(breaker, 'wx')).close();
  } catch {
    const info = await stat(breaker).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > STALE) await rm(breaker, { force: true });
    await sleep(10);
    return;
  }
  try {
    if (await isLeftBehind(path)) await rm(path, { force: true });
  } finally {
    await rm(breaker, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Whether a process of this machine runs. */
export function isAlive(id: number): boolean {
  try {
    kill(id, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
