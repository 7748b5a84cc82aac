/**
 * Starts a bundle with the machine code of an earlier run. Node's own compile cache keeps what is compiled at once, this keeps
 * what a run has used too, which is most of it: functions are otherwise compiled anew, one by one, each time.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

export interface CompiledCodeSettings {
  /** The bundle, a CommonJS module. */
  readonly file: string;
  /** Names this version of the bundle: what was kept of another is never used. */
  readonly build: string;
  /** Runs of one kind share what is kept, as they use the same code. */
  readonly kind: string;
  /** The user's own folder for caches; nothing is read or kept without one. */
  readonly cache: string | undefined;
  /** The user who runs; undefined where the system has no such number. */
  readonly user: number | undefined;
  /** Calls back when the run ends. */
  readonly onExit: (listener: () => void) => void;
}

/** Runs the bundle and returns what it exports. A cache that cannot be read or written costs time and nothing else. */
export function loadCompiled(settings: CompiledCodeSettings): unknown {
  const { file, build, kind, cache, user, onExit } = settings;
  const kept = cache === undefined ? undefined : join(cache, `${kind}.${build}`);
  // Bundles are ASCII.
  const source = readFileSync(file, 'latin1');
  const cachedData = kept === undefined ? undefined : readOwn(kept, user);
  const script = new Script(wrap(source), { filename: file, ...(cachedData ? { cachedData } : {}) });
  if (kept !== undefined && (!cachedData || script.cachedDataRejected)) {
    onExit(() => {
      keep(kept, script.createCachedData());
    });
  }
  const module = { exports: {} };
  const body = script.runInThisContext() as (...args: readonly unknown[]) => void;
  body.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** Nobody but the user may have written it: it is run as it is. */
function readOwn(path: string, user: number | undefined): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    return (user === undefined || uid === user) && (mode & 0o22) === 0 ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Replaces what was kept for the same kind of run. */
function keep(path: string, data: Buffer): void {
  const folder = dirname(path);
  const [kind = ''] = basename(path).split('.');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder))
      if (name.startsWith(`${kind}.`)) rmSync(join(folder, name), { force: true });
    const temp = `${path}.${String(performance.timeOrigin)}.new`;
    writeFileSync(temp, data, { flag: 'wx', mode: 0o600 });
    renameSync(temp, path);
  } catch {
    // A home that cannot be written.
  }
}
