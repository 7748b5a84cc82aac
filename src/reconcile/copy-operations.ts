/** Files between this machine and a process. */
import { lstat, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { codeOf } from '../host/code-of.ts';
import { packTree } from '../host/pack-tree.ts';
import { unpackTree, type Unpacked } from '../host/unpack-tree.ts';
import { parsePlace, type Place } from '../lxc/copy.ts';
import { HostError, RemoteCommandError, StratosError, UsageError } from '../model/errors.ts';
import { millis } from '../model/quantity.ts';
import { CONTAINERS } from '../runtime/containers.ts';
import type { Deps } from './deps.ts';
import { failureText } from './failure-text.ts';
import { locate, type Located } from './locate.ts';
import { logged } from './logged.ts';

/** Longest time a copy may take. */
const LIMIT = millis(6 * 3_600_000);

/** What was copied. */
export interface Copied {
  readonly process: string;
  /** Where it is now: a path of this machine, or of the process. */
  readonly path: string;
  /** Only from a process: what came, and names that were left out as they are no files. */
  readonly files?: number;
  readonly bytes?: number;
  readonly skipped?: readonly string[];
}

/**
 * Copies a file or folder of a process to this machine: into `local` where that is a folder, else under that name. A file that is there is replaced when the
 * new one is whole; a folder is never merged into.
 * @throws NotFoundError, UsageError, HostError, RemoteCommandError, UnreachableError
 */
export async function processCopyOut(
  deps: Deps,
  process: string,
  path: string,
  local: string,
  signal?: AbortSignal,
): Promise<Copied> {
  const from = checkedPath(process, path);
  const target = await targetOf(local, basename(from));
  const located = await locate(deps, process, `copy files of ${process}`);
  deps.beginRun();
  return logged(deps, 'process cp', process, async () => {
    // Beside its place, so that it gets its name in one step, and nothing else of what came gets one.
    const folder = await within(target, () => mkdtemp(join(dirname(target), '.stratos-cp-')));
    try {
      const unpacked = await fetchTree(deps, located, from, folder, signal);
      await within(target, () => rename(join(folder, basename(from)), target));
      return { process, path: target, ...unpacked };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/**
 * Copies a file or folder of this machine into a process: into `path` where that is a folder there, else under that name. It belongs
 * to the user the process runs as, with the modes it has here; folders are merged, files replaced.
 * @throws NotFoundError, UsageError, HostError, RemoteCommandError, UnreachableError
 */
export async function processCopyIn(
  deps: Deps,
  process: string,
  local: string,
  path: string,
  signal?: AbortSignal,
): Promise<Copied> {
  const source = resolve(local);
  await within(source, () => lstat(source));
  const to = checkedPath(process, path, true);
  const located = await locate(deps, process, `copy files of ${process}`);
  deps.beginRun();
  return logged(deps, 'process cp', process, async () => {
    const place = await lookAt(deps, located, to, signal);
    const isFolder = place.place === 'directory';
    if (!isFolder && path.endsWith('/'))
      throw new UsageError(`Cannot copy into ${to} of ${process} as it is no folder there`);
    if (!isFolder && place.parent !== 'directory')
      throw new UsageError(
        `Cannot copy to ${to} of ${process} as the folder it would be in is not there: ${dirname(to)}`,
      );
    const name = isFolder ? basename(source) : basename(to);
    const step = CONTAINERS.copyIn(located.lineage, process, isFolder ? to : dirname(to));
    const input = packTree(source, { name, uid: place.uid, gid: place.gid });
    const result = await deps.transport.feed(located.vm, located.endpoint, { step, input, ...(signal && { signal }) });
    if (result.status !== 0) throw failure(failureText(result, located.vm), process);
    return { process, path: isFolder ? join(to, name) : to };
  });
}

/** A path of a process as it is used: absolute, without steps upwards. @throws UsageError */
function checkedPath(process: string, path: string, root = false): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.includes('\0') || parts.includes('..'))
    throw new UsageError(`Cannot copy as the path in ${process} has ".." or NUL: ${JSON.stringify(path)}`);
  if (parts.length === 0 && !root) throw new UsageError(`Cannot copy all of ${process}; name a file or folder in it`);
  return `/${parts.join('/')}`;
}

/** Where a copy goes on this machine. @throws HostError */
async function targetOf(local: string, name: string): Promise<string> {
  const path = resolve(local);
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder && local.endsWith('/')) throw new HostError(`Cannot copy into ${local} as it is no folder`);
  const target = isFolder ? join(path, name) : path;
  const there = await lstat(target).catch(() => undefined);
  if (there?.isDirectory()) throw new HostError(`Cannot copy to ${target} as a folder is there already`);
  return target;
}

async function lookAt(deps: Deps, located: Located, path: string, signal: AbortSignal | undefined): Promise<Place> {
  const { vm, endpoint, lineage, record } = located;
  const steps = [CONTAINERS.look(lineage, record.name, path)];
  const [result] = await deps.transport.run(vm, endpoint, { steps }, signal ? { signal } : {});
  const place = parsePlace(result);
  if (result?.status === 0 && place) return place;
  throw failure(result ? failureText(result, vm) : `Cannot look at ${path} of ${record.name}`, record.name);
}

/** Streams a tar of the process into a folder; no more of it is read than is written. */
async function fetchTree(
  deps: Deps,
  { vm, endpoint, lineage, record }: Located,
  path: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  const through = new PassThrough({ highWaterMark: 1 << 20 });
  const closed = new Promise<void>((done) => through.once('close', done));
  const said: Buffer[] = [];
  const batch = { steps: [CONTAINERS.copyOut(lineage, record.name, path)], timeout: LIMIT };
  const sending = deps.transport
    .run(vm, endpoint, batch, {
      ...(signal && { signal }),
      onOutput: (stream, piece) => {
        if (stream === 'stderr') said.push(piece);
        else if (!through.write(piece))
          return Promise.race([closed, new Promise<void>((done) => through.once('drain', done))]);
        return undefined;
      },
    })
    .then(
      ([result]) => {
        const stderr = Buffer.concat(said).toString();
        if (result?.status === 0) through.end();
        else if (result) through.destroy(failure(failureText({ ...result, stderr }, vm), record.name));
      },
      (error: unknown) => {
        through.destroy(error as Error);
      },
    );
  const [unpacked] = await Promise.all([unpackTree(through, folder), sending]);
  return unpacked;
}

function failure(message: string, process: string): RemoteCommandError {
  return new RemoteCommandError(message, { hint: `stratos process show ${process} --refresh` });
}

/** @throws HostError where the system refuses */
async function within<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StratosError || codeOf(error) === '') throw error;
    throw new HostError(`Cannot copy as the system refuses (${codeOf(error)}): ${path}`, { cause: error });
  }
}
