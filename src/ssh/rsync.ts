/** Copies by rsync over the system's ssh. */
import type { Endpoint } from '../model/endpoint.ts';
import { quote } from '../shell/quote.ts';
import { interrupted } from '../concurrency/interrupted.ts';
import type { KeyRing } from './key-ring.ts';
import { openSsh } from './open-ssh.ts';
import { explainRsync, isPartGone } from './rsync-failure.ts';
import { rsyncProgress } from './rsync-progress.ts';
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
  const ssh = await openSsh(name, endpoint, settings, keys);
  const { execa } = await import('execa');
  const started = performance.now();
  const progress = rsyncProgress();
  const attempt = async () => {
    const child = execa('rsync', rsyncArguments(endpoint, request, ssh.command), {
      env: ssh.env,
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
