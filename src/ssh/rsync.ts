/** Copies by rsync over the system's ssh. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../model/endpoint.ts';
import { quote } from '../shell/quote.ts';
import { interrupted } from '../concurrency/interrupted.ts';
import type { KeyRing } from './key-ring.ts';
import { explainRsync, isPartGone } from './rsync-failure.ts';
import { rsyncProgress } from './rsync-progress.ts';
import { sshArguments } from './ssh-arguments.ts';
import type { CopyRequest, CopyResult, TransportSettings } from './transport.ts';

/**
 * Copies files; what arrives belongs to root. A part of a file that was cut stays in `.stratos-partial` beside it and is the
 * basis of the next attempt.
 * @throws UnreachableError, InterruptedError, RemoteCommandError (no space left, …), HostError (no rsync here)
 */
export async function copyByRsync(
  name: string,
  endpoint: Endpoint,
  request: CopyRequest,
  settings: TransportSettings,
  keys: KeyRing,
): Promise<CopyResult> {
  const { signal, onProgress } = request;
  if (signal?.aborted) throw interrupted(signal);
  const passphrase = await passphraseFor(endpoint, settings, keys);
  const ssh = await sshArguments({
    name,
    endpoint,
    directory: settings.directory,
    identityFile: settings.identityFile,
    connectTimeout: (settings.connectTimeout ?? 10_000) / 1000,
    passphrase: passphrase !== undefined,
  });
  const { execa } = await import('execa');
  const started = performance.now();
  const progress = rsyncProgress();
  const env = {
    ...settings.env,
    LC_ALL: 'C',
    ...(passphrase === undefined ? {} : await askpassEnvironment(settings.directory, passphrase)),
  };
  const attempt = async () => {
    const child = execa('rsync', rsyncArguments(endpoint, request, ssh), {
      env,
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      buffer: { stdout: false },
      ...(signal ? { cancelSignal: signal } : {}),
      forceKillAfterDelay: 2000,
    });
    child.stdout.on('data', (chunk: Buffer) => {
      const now = progress.feed(chunk.toString('latin1'));
      if (now) onProgress?.(now.done, now.total);
    });
    return child;
  };
  let result = await attempt();
  // Of a run that was cut, its other half may still be at work there, and finishes its part under our eyes.
  for (let more = 0; more < MORE_ATTEMPTS && isPartGone(result) && signal?.aborted !== true; more++)
    result = await attempt();
  if (signal?.aborted) throw interrupted(signal);
  if (result.failed) throw explainRsync(name, endpoint, request, result);
  const { sent, total } = progress.summary();
  onProgress?.(total, total);
  return { sent, ms: Math.round(performance.now() - started) };
}

/** A part that vanished is a matter of a moment. */
const MORE_ATTEMPTS = 2;

function rsyncArguments(endpoint: Endpoint, request: CopyRequest, ssh: readonly string[]): readonly string[] {
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return [
    '-rlptD',
    '--partial-dir=.stratos-partial',
    '--no-inc-recursive',
    '--no-human-readable',
    '--info=progress2,stats2',
    '--outbuf=L',
    ...(request.limit === undefined ? [] : [`--bwlimit=${String(Math.max(1, Math.round(request.limit / 1024)))}`]),
    `--rsync-path=${remoteRsync(endpoint, request.to)}`,
    '-e',
    ssh.map(rsyncQuote).join(' '),
    '--',
    ...request.from,
    `${endpoint.user}@${host}:./`,
  ];
}

/**
 * What runs there: the directory is made and entered by a shell that has it as an argument, as rsync, given it as a destination,
 * would expand wildcards in it. rsync's own arguments follow.
 */
function remoteRsync(endpoint: Endpoint, to: string): string {
  const enter = 'mkdir -p -- "$1" && cd -- "$1" && shift && exec rsync "$@"';
  return `${endpoint.user === 'root' ? '' : 'sudo -n -- '}sh -c ${quote(enter)} sh ${quote(to)}`;
}

/** rsync cuts its -e argument by rules of its own: quotes, and a doubled quote for one inside. No shell is involved. */
function rsyncQuote(word: string): string {
  return `'${word.replaceAll("'", "''")}'`;
}

/** The passphrase of the key that will be used, when it needs one and can be unlocked; else the agent has to help. */
async function passphraseFor(
  endpoint: Endpoint,
  settings: TransportSettings,
  keys: KeyRing,
): Promise<string | undefined> {
  for (const file of [endpoint.identityFile, endpoint.jump?.identityFile, settings.identityFile]) {
    if (file === undefined) continue;
    const loaded = await keys.load(file);
    if (loaded.status === 'ready' && loaded.passphrase !== undefined) return loaded.passphrase;
  }
  return undefined;
}

/** ssh takes a passphrase from a program alone; ours repeats a variable, which only this user can read. */
async function askpassEnvironment(directory: string, passphrase: string): Promise<Readonly<Record<string, string>>> {
  const file = join(directory, 'askpass.sh');
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(temporary, '#!/bin/sh\nprintf \'%s\\n\' "$STRATOS_SSH_PASSPHRASE"\n', { mode: 0o700, flag: 'wx' });
  await rename(temporary, file);
  return { SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0', STRATOS_SSH_PASSPHRASE: passphrase };
}
