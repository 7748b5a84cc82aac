/** Builds on a VM over SSH: files go there by rsync, layers come back as streams. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LAYOUT, ROOT } from '../../lxc/layout.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { RemoteCommandError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import { command, script } from '../../shell/command.ts';
import type { Step } from '../../shell/command.ts';
import { cutLines } from '../../shell/cut-lines.ts';
import type { Transport } from '../../ssh/transport.ts';
import type { NewLayer } from '../directory-store.ts';
import { hexOf } from '../reference.ts';
import openScript from '../scripts/build-open.sh';
import type { Builder, BuilderSettings, Ended, ExecOptions, Workspace } from './builder.ts';
import { BUILD_PREFIX } from './local-builder.ts';
import { printable, runTool, tailOf } from './run-tool.ts';

export interface VmBuilderOptions {
  readonly transport: Transport;
  readonly vm: string;
  readonly endpoint: Endpoint;
}

/** Longest time one step of a build may take. */
const LIMIT = millis(6 * 3_600_000);
const CACHE = LAYOUT.builds;
const BLOBS = `${LAYOUT.blobs}/sha256`;

/** A prepared VM as a builder. */
export function vmBuilder(options: VmBuilderOptions): Builder {
  const { transport, vm, endpoint } = options;

  const exec = async (step: Step, { onLine, onAnswer, signal }: ExecOptions = {}): Promise<Ended> => {
    const tail = tailOf(onLine);
    const errors = cutLines((line) => {
      tail.take(printable(line));
    });
    const answers = cutLines((line) => {
      onAnswer?.(line);
    });
    const [result] = await transport.run(
      vm,
      endpoint,
      { steps: [step], timeout: LIMIT },
      {
        ...(signal && { signal }),
        onOutput: (stream, piece) => {
          (stream === 'stdout' ? answers : errors).feed(piece);
          return undefined;
        },
      },
    );
    answers.end();
    errors.end();
    return { status: result?.status ?? 128, tail: tail.lines };
  };
  const must = async (step: Step, signal?: AbortSignal): Promise<void> => {
    const { status, tail } = await exec(step, { signal });
    if (status === 0) return;
    throw new RemoteCommandError(`Cannot ${step.title} on ${vm}: ${tail.at(-1) ?? `status ${String(status)}`}`, {
      hint: 'stratos doctor',
    });
  };
  const folderOf = (verb: string, name: string): Step =>
    script({ name: 'build_open', text: openScript }, `${verb} the folder of a build`, [verb, `${CACHE}/work`, name]);

  return {
    vm,
    cache: CACHE,
    hidden: ROOT,
    async open(signal) {
      const name = `${BUILD_PREFIX}${randomBytes(6).toString('hex')}`;
      await must(folderOf('open', name), signal);
      const local = await mkdtemp(join(tmpdir(), BUILD_PREFIX));
      return {
        name,
        folder: `${CACHE}/work/${name}`,
        local,
        async close() {
          await rm(local, { recursive: true, force: true });
          await must(folderOf('close', name));
        },
      };
    },
    exec: (title, argv, given) => exec(command(title, argv), given),
    async send(workspace, parts, signal) {
      for (const part of parts)
        await transport.copy(vm, endpoint, {
          from: [`${workspace.local}/${part}/`],
          to: `${workspace.folder}/${part}`,
          ...(signal && { signal }),
        });
    },
    read: (path, signal) => readFrom(options, path, signal),
    async bring(store, layers, signal) {
      const missing = await missingOf(options, layers, signal);
      if (missing.length > 0)
        await transport.copy(vm, endpoint, {
          from: missing.map(({ digest }) => store.blobPath(digest)),
          to: BLOBS,
          ...(signal && { signal }),
        });
      return BLOBS;
    },
    settings: (workspace, signal) => settingsOf(options, workspace, signal),
    attach: (argv) => transport.interactive(vm, endpoint, { argv, tty: true }),
  };
}

/** Layers whose blob is not on the VM, or not whole. */
async function missingOf(
  { transport, vm, endpoint }: VmBuilderOptions,
  layers: readonly NewLayer[],
  signal: AbortSignal | undefined,
): Promise<readonly NewLayer[]> {
  const text = 'cd "$1" && shift && stat -c "%n=%s" -- "$@" 2>/dev/null || :';
  const step = command('look for layers', [
    'sh',
    '-c',
    text,
    'sh',
    BLOBS,
    ...layers.map(({ digest }) => hexOf(digest)),
  ]);
  const [result] = await transport.run(vm, endpoint, { steps: [step] }, signal ? { signal } : {});
  const there = new Set(result?.stdout.split('\n'));
  return layers.filter(({ digest, size }) => !there.has(`${hexOf(digest)}=${String(size)}`));
}

/** A file of a VM; no more of it is read than the reader takes. */
async function* readFrom(
  { transport, vm, endpoint }: VmBuilderOptions,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const through = new PassThrough({ highWaterMark: 1 << 20 });
  const closed = new Promise<void>((resolve) => through.once('close', resolve));
  const step = command(`read ${path}`, ['cat', '--', path]);
  const done = transport
    .run(
      vm,
      endpoint,
      { steps: [step], timeout: LIMIT },
      {
        ...(signal && { signal }),
        onOutput: (stream, piece) => {
          if (stream === 'stderr' || through.write(piece)) return undefined;
          return Promise.race([closed, new Promise<void>((resolve) => through.once('drain', resolve))]);
        },
      },
    )
    .then(
      ([result]) => {
        if (result?.status === 0) through.end();
        else through.destroy(new RemoteCommandError(`Cannot ${step.title} on ${vm}`, { hint: 'stratos doctor' }));
      },
      (error: unknown) => {
        through.destroy(error as Error);
      },
    );
  yield* through as AsyncIterable<Uint8Array>;
  await done;
}

/** Fetches what settings of a build are made from. */
async function settingsOf(
  options: VmBuilderOptions,
  workspace: Workspace,
  signal: AbortSignal | undefined,
): Promise<BuilderSettings> {
  const root = join(workspace.local, 'root');
  const packed = join(workspace.folder, 'settings.tar');
  await mkdir(root);
  const text =
    'out=$1 && cd / && for f in etc/apt/sources.list etc/apt/sources.list.d etc/apt/keyrings etc/resolv.conf etc/hosts ' +
    'etc/ssl/certs/ca-certificates.crt usr/share/keyrings; do [ ! -e "$f" ] || set -- "$@" "$f"; done && shift && ' +
    'apt-config dump >"${out%/*}/apt-dump" 2>/dev/null || :; exec tar -chf "$out" -C "${out%/*}" apt-dump -C / "$@"';
  const pack = command('collect the settings of apt', ['sh', '-c', text, 'sh', packed]);
  const [result] = await options.transport.run(
    options.vm,
    options.endpoint,
    { steps: [pack] },
    signal ? { signal } : {},
  );
  if (result?.status !== 0)
    throw new RemoteCommandError(`Cannot ${pack.title} on ${options.vm}: ${result?.stderr.trim() ?? ''}`);
  const file = join(workspace.local, 'settings.tar');
  await pipeline(readFrom(options, packed, signal), createWriteStream(file));
  await runTool('tar', ['-xf', file, '-C', root, '--no-same-owner'], { title: 'read the settings of apt', signal });
  return { root, aptDump: await readFile(join(root, 'apt-dump'), 'utf8') };
}
