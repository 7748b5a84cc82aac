/** Signing and checking by OpenSSH's own program. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { HostError, InterruptedError } from '../../model/errors.ts';

export interface KeygenOptions {
  /** Standard input. */
  readonly input?: string;
  /** The operator's environment: where the agent is, whom to ask for a passphrase. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

export interface KeygenResult {
  readonly status: number;
  readonly stdout: string;
  /** Lines of standard error. */
  readonly complaints: readonly string[];
}

/** Longest time in ms that a check may take; what asks for a passphrase, a PIN or a touch takes as long as a person does. */
const CHECK_TIMEOUT = 10_000;

/**
 * Runs `ssh-keygen` or `ssh-add`. A status other than 0 is an answer.
 * @throws HostError when OpenSSH is not installed, InterruptedError
 */
export async function openssh(
  program: 'ssh-keygen' | 'ssh-add',
  args: readonly string[],
  options: KeygenOptions & { readonly patient?: boolean },
): Promise<KeygenResult> {
  const { input, signal, env, patient } = options;
  const result = await execa(program, args, {
    env: { ...env, LC_ALL: 'C' },
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(signal && { cancelSignal: signal }),
    ...(patient === true ? {} : { timeout: CHECK_TIMEOUT }),
    stripFinalNewline: false,
    maxBuffer: 2 ** 20,
    reject: false,
  });
  if (signal?.aborted === true) throw new InterruptedError(`Cannot wait for ${program} as the run was interrupted`);
  if (result.code === 'ENOENT')
    throw new HostError(`Cannot sign or check signatures as a program is missing on this machine: ${program}`, {
      hint: 'apt-get install openssh-client',
    });
  const complaints = result.stderr.split('\n').filter((line) => line !== '');
  return { status: result.exitCode ?? 255, stdout: result.stdout, complaints };
}

/** Lends `work` a directory that only this user can read, for the time it runs. */
export async function withPrivateFiles<T>(
  files: Readonly<Record<string, { readonly text: string; readonly mode?: number }>>,
  work: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'stratos-sign-'));
  try {
    for (const [name, { text, mode }] of Object.entries(files))
      await writeFile(join(folder, name), text, { mode: mode ?? 0o600, flag: 'wx' });
    return await work((name) => join(folder, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
