/**
 * A lock as a file. It is made with all its content at once and never rewritten. A file left by a process that has ended is
 * removed by whoever holds a second lock of the same kind on the removal, so that of two takers only one wins, and none
 * removes what the other has just made. Not the kernel's lock of `host/`: this one says who holds it, can be broken by its id, and
 * holds on a directory that machines share.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../host/code-of.ts';
import { userName } from '../host/who.ts';
import { hasEnded, ownIdentity } from '../host/process-identity.ts';
import type { ProcessIdentity } from '../host/process-identity.ts';
import { InterruptedError, LockHeldError, NotFoundError, ProjectFileError } from '../model/errors.ts';
import type { LockHolder } from '../model/errors.ts';
import { createProjectFile, writeError } from './project-file.ts';
import type { InventoryLock, LockOptions } from './inventory-store.ts';
import { shapeProblem } from './record-shape.ts';
import { showValue } from './show-value.ts';

/** What stands in a lock file. */
export interface StoredHolder extends LockHolder, ProcessIdentity {
  readonly host: string;
  readonly pid: number;
}

export interface FileLockRequest extends LockOptions {
  readonly operation: string;
  readonly version: string;
  /** Called with the holder that had ended, after its lock was removed. */
  readonly onTakeover?: (ended: StoredHolder) => Promise<void>;
}

/** Id of a lock file that cannot be read; `unlock` takes it. */
const UNREADABLE = 'unreadable';

/** A lock file that cannot be read is taken for abandoned when it is older than this: ours are never half-made for longer. */
const ABANDONED_MS = 10_000;

/**
 * Takes the lock, waiting for it up to `timeout`.
 * @throws LockHeldError when somebody else has it until then
 * @throws InterruptedError when `signal` aborts
 * @throws ProjectFileError when the file cannot be made
 */
export async function takeLock(path: string, request: FileLockRequest): Promise<InventoryLock> {
  const { operation, version, timeout, signal, onNotice, onTakeover } = request;
  const holder: StoredHolder = {
    id: randomUUID().slice(0, 8),
    operation,
    who: userName(),
    version,
    since: new Date().toISOString(),
    ...(await ownIdentity()),
  };
  const deadline = performance.now() + timeout;
  let pause = 20;
  let told = false;
  for (;;) {
    if (signal?.aborted) throw new InterruptedError('Interrupted while waiting for the lock');
    if (await createProjectFile(path, `${JSON.stringify(holder)}\n`)) return lockOf(path, holder);
    const other = await readHolder(path);
    if (!other) continue;
    if (await isAbandoned(path, other)) {
      if (await removeAbandoned(path, other, request)) {
        onNotice?.(`Took over the lock of ${describe(other)}, which ended without releasing it`);
        await onTakeover?.(other);
      }
      continue;
    }
    const left = deadline - performance.now();
    if (left <= 0) throw new LockHeldError(path, other);
    if (!told) onNotice?.(`Waiting for the lock held by ${describe(other)}`);
    told = true;
    await sleep(Math.min(pause, left), undefined, signal ? { signal } : {}).catch(() => undefined);
    pause = Math.min(pause * 1.5, 1000);
  }
}

/** Who holds a lock; undefined when nobody does. A file that cannot be read is held by somebody unknown. */
export async function readHolder(path: string): Promise<StoredHolder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new ProjectFileError(`Cannot read the lock as the system refuses it (${codeOf(cause)}): ${path}`, { cause });
  }
  try {
    const holder: unknown = JSON.parse(text);
    if (shapeProblem(holder, HOLDER) === undefined) return holder as StoredHolder;
  } catch {
    // Said below.
  }
  return {
    id: UNREADABLE,
    operation: 'unknown',
    who: 'unknown',
    host: 'unknown',
    pid: 0,
    version: 'unknown',
    since: 'unknown',
  };
}

/** Removes a lock by its id. @throws NotFoundError when no lock has this id */
export async function breakLock(path: string, id: string): Promise<StoredHolder> {
  const holder = await readHolder(path);
  if (holder?.id !== id) {
    const held = holder ? `the lock that is held has the id ${holder.id}` : 'no lock is held';
    throw new NotFoundError(`Cannot unlock ${showValue(id)} as ${held}`);
  }
  await remove(path);
  return holder;
}

const HOLDER = {
  id: 'string',
  operation: 'string',
  who: 'string',
  host: 'string',
  pid: 'number',
  version: 'string',
  since: 'string',
} as const;

function lockOf(path: string, holder: StoredHolder): InventoryLock {
  return {
    holder,
    // Somebody may have broken our lock and taken it.
    async release() {
      if ((await readHolder(path))?.id === holder.id) await remove(path);
    },
  };
}

async function isAbandoned(path: string, holder: StoredHolder): Promise<boolean> {
  if (holder.id !== UNREADABLE) return hasEnded(holder);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age > ABANDONED_MS;
}

/** Removes the lock of a process that has ended, if it is still there. True when it was this call that did. */
async function removeAbandoned(path: string, ended: StoredHolder, request: FileLockRequest): Promise<boolean> {
  const { operation, version, timeout, signal } = request;
  // The guard may itself be left behind by a killed taker: it is a lock like any other.
  const guard = await takeLock(`${path}.takeover`, { operation, version, timeout, ...(signal ? { signal } : {}) });
  try {
    const now = await readHolder(path);
    if (now?.id !== ended.id || !(await isAbandoned(path, now))) return false;
    await remove(path);
    return true;
  } finally {
    await guard.release();
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function describe(holder: StoredHolder): string {
  return holder.id === UNREADABLE
    ? 'somebody unknown (its file cannot be read)'
    : `${holder.who}@${holder.host} (pid ${String(holder.pid)}, "${holder.operation}" since ${holder.since})`;
}
